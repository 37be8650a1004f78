/*
 * alarm_inhibit.c -- machine I as a table of rows; the first row that fits is taken.
 *
 * Traps: a second press ends a pause and never extends it, so nobody can keep a room silent by
 * leaning on the button; a pause is no acknowledgement, so routing goes on beneath it; everything
 * here ends with a restart (I8), because nobody knows who is still watching.
 */
#include "core/alarm_inhibit.h"

#include <assert.h>
#include <string.h>

#include "core/machine.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)

typedef bool (*guard_fn)(const struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx);
typedef void (*action_fn)(struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx);

/* --- guards and actions ------------------------------------------------------------------- */

static bool may_pause(const struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx)
{
    (void)m;
    return ctx->may_pause;
}

static bool may_off(const struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx)
{
    (void)m;
    return ctx->may_off;
}

static bool is_required(const struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx)
{
    return !may_off(m, ctx);
}

static bool time_is_up(const struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx)
{
    return ctx->now_ns >= m->until_ns;
}

static bool remind_due(const struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx)
{
    return ctx->now_ns >= m->remind_ns;
}

static void pause_audio(struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx)
{
    m->since_ns = ctx->now_ns;
    m->until_ns = ctx->now_ns + S(VG_AUDIO_PAUSE_S);
}

static void pause_alarm(struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx)
{
    m->since_ns = ctx->now_ns;
    m->until_ns = ctx->now_ns + S(VG_ALARM_PAUSE_S);
}

static void switch_off(struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx)
{
    m->since_ns = ctx->now_ns;
    m->remind_ns = ctx->now_ns + S(VG_OFF_REMINDER_S);
}

static void remind(struct vg_inhibit *m, const struct vg_inhibit_ctx *ctx)
{
    m->remind_ns = ctx->now_ns + S(VG_OFF_REMINDER_S);
}

/* --- the table ---------------------------------------------------------------------------- */

#define IN(i) (1u << VG_II_##i)
#define FROM(s) (1u << VG_IS_##s)
#define STAY VG_IS_COUNT
#define IF(fn) fn, #fn
#define ALWAYS NULL, NULL

struct row {
    uint8_t number;
    uint8_t to;
    uint32_t from;
    uint32_t inputs;
    guard_fn guard;
    const char *guard_name;
    action_fn action;
    bool recorded;
};

/* clang-format off */
static const struct row rows[] = {
    { 8, VG_IS_ON,           FROM(AUDIO_PAUSED) | FROM(ALARM_PAUSED) | FROM(ALARM_OFF), IN(RESTART),
      ALWAYS, NULL, true },
    { 1, VG_IS_AUDIO_PAUSED, FROM(ON),           IN(AUDIO_PAUSE), ALWAYS,          pause_audio, true },
    { 2, STAY,               FROM(AUDIO_PAUSED), IN(OPENED),      ALWAYS,          NULL,        false },
    { 3, VG_IS_ON,           FROM(AUDIO_PAUSED), IN(AUDIO_PAUSE) | IN(SESSION), ALWAYS, NULL,   true },
    { 3, VG_IS_ON,           FROM(AUDIO_PAUSED), IN(TICK),        IF(time_is_up),  NULL,        true },
    { 4, VG_IS_ALARM_PAUSED, FROM(ON),           IN(ALARM_PAUSE), IF(may_pause),   pause_alarm, true },
    { 5, VG_IS_ON,           FROM(ALARM_PAUSED), IN(ALARM_ON) | IN(PHASE) | IN(SESSION), ALWAYS,
      NULL, true },
    { 5, VG_IS_ON,           FROM(ALARM_PAUSED), IN(TICK),        IF(time_is_up),  NULL,        true },
    { 6, VG_IS_ALARM_OFF,    FROM(ON),           IN(ALARM_OFF),   IF(may_off),     switch_off,  true },
    { 6, STAY,               FROM(ALARM_OFF),    IN(TICK),        IF(remind_due),  remind,      true },
    { 7, VG_IS_ON,           FROM(ALARM_OFF),    IN(ALARM_ON) | IN(SESSION), ALWAYS, NULL,      true },
    { 7, VG_IS_ON,           FROM(ALARM_OFF),    IN(PHASE),       IF(is_required), NULL,        true },
};
/* clang-format on */

static const char *const input_names[] = {
    "AUDIO_PAUSE", "ALARM_PAUSE", "ALARM_OFF", "ALARM_ON", "OPENED",
    "TICK",        "PHASE",       "SESSION",   "RESTART",
};
static_assert(VG_COUNT(input_names) == VG_II_COUNT, "an input has no name");

const char *vg_inhibit_input_name(enum vg_inhibit_input in)
{
    return (unsigned)in < VG_II_COUNT ? input_names[in] : "unknown";
}

struct vg_inhibit_result vg_inhibit_step(struct vg_inhibit *m, enum vg_inhibit_input in,
                                         const struct vg_inhibit_ctx *ctx)
{
    struct vg_inhibit_result res = { .moved = false, .from = m->state };

    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        const struct row *r = &rows[i];
        if ((r->from & (1u << m->state)) == 0 || (r->inputs & (1u << in)) == 0 ||
            (r->guard != NULL && !r->guard(m, ctx))) {
            continue;
        }
        if (r->action != NULL) {
            r->action(m, ctx);
        }
        if (r->to != STAY) {
            m->state = r->to;
        }
        res.row = r->number;
        res.moved = r->recorded;
        break;
    }
    return res;
}

/* --- the description ---------------------------------------------------------------------- */

static struct vg_machine_row describe(size_t i)
{
    const struct row *r = &rows[i];
    struct vg_machine_row out = { r->number, r->to, r->from, r->inputs, r->guard_name, NULL };
    out.what = r->recorded ? "moved" : NULL;
    return out;
}

static const char *state_name(size_t s)
{
    return vg_inhibit_state_name((enum vg_inhibit_state)s);
}

static const char *input_name(size_t i)
{
    return vg_inhibit_input_name((enum vg_inhibit_input)i);
}

const struct vg_machine vg_machine_inhibition = {
    "inhibition", "I", VG_COUNT(rows), VG_IS_COUNT, VG_II_COUNT, describe, state_name, input_name,
};
