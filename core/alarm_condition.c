/*
 * alarm_condition.c -- machine C as a table of rows; the first row that fits is taken.
 *
 * A row is { number, states it leaves, inputs it takes, guard, state it enters, action, word for
 * the log }. The order of rows is part of the design: C13 and C14 stand before C12 so that a
 * condition without a clear time ends with its first good sample.
 *
 * Traps: loss of data never clears (C9, C15 keep the state); an operator who moves a limit cannot
 * clear (C20 goes to LATCHED); an acknowledged instance speaks again when its time is up (C17);
 * three starts of violation within 60 s always open (C3), so a delay that good samples keep
 * resetting cannot hide a condition for ever.
 *
 * With SatSeconds (public descriptions by Nellcor and GE) each sample adds its distance beyond the
 * limit times the time since the sample before it, and takes away as much once back inside;
 * each sample inside begins the delay anew, for it is of a violation without a break.
 */
#include "core/alarm_condition.h"

#include <assert.h>
#include <stddef.h>

#include "core/machine.h"
#include "vigil/compiler.h"

#define VIOLATION_WINDOW_NS (60 * VG_NS_PER_S)

typedef bool (*guard_fn)(const struct vg_slot *s, const struct vg_cond_ctx *ctx);
typedef void (*action_fn)(struct vg_slot *s, const struct vg_cond_ctx *ctx);

/* --- guards ------------------------------------------------------------------------------- */

static bool no_delay(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    (void)s;
    return ctx->limit->delay_ns == 0;
}

/* This start and the two before it lie within the window. */
static bool third_start(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    return s->viol_ns[1] != VG_TIME_NONE && ctx->now_ns - s->viol_ns[1] <= VIOLATION_WINDOW_NS;
}

static int64_t sat_limit(const struct vg_cond_ctx *ctx)
{
    return (int64_t)ctx->limit->sat_seconds * 1000 * VG_NS_PER_S;
}

/* How far a value lies beyond the limit, negative inside. */
static int64_t beyond(const struct vg_cond_ctx *ctx)
{
    int64_t d = (int64_t)ctx->value_milli - ctx->limit->limit_milli;
    return ctx->low_side ? -d : d;
}

/* What this sample makes of the integral. */
static int64_t integrated(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    int64_t sum = s->integral;
    if (ctx->has_value) {
        sum += beyond(ctx) * ctx->since_ns;
    }
    return sum > 0 ? sum : 0;
}

static bool delay_over(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    return ctx->now_ns - s->pend_ns >= ctx->limit->delay_ns ||
           (ctx->limit->sat_seconds > 0 && integrated(s, ctx) >= sat_limit(ctx));
}

static bool sat_left(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    return ctx->limit->sat_seconds > 0 && integrated(s, ctx) > 0;
}

static bool clear_time_over(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    return ctx->limit->clear_ns == 0 ||
           (s->ok_ns != VG_TIME_NONE && ctx->now_ns - s->ok_ns >= ctx->limit->clear_ns);
}

static bool may_close(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    return clear_time_over(s, ctx) && (ctx->limit->latch == VG_LATCH_NONE || s->ack);
}

static bool ok_starts(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    (void)ctx;
    return s->ok_ns == VG_TIME_NONE;
}

static bool same_instance(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    return s->instance == ctx->instance;
}

static bool same_unacked(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    return s->instance == ctx->instance && !s->ack;
}

static bool ack_expired(const struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    return s->ack && ctx->ack_expiry_ns > 0 && ctx->now_ns - s->ack_ns >= ctx->ack_expiry_ns;
}

/* --- actions ------------------------------------------------------------------------------ */

static void track(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    s->held = false;
    s->ok_ns = VG_TIME_NONE;
    if (!ctx->has_value) {
        return;
    }
    bool worse = ctx->low_side ? ctx->value_milli < s->worst_milli
                               : ctx->value_milli > s->worst_milli;
    if (!s->has_value || worse) {
        s->worst_milli = ctx->value_milli;
        s->has_value = true;
    }
}

/* PENDING goes on. */
static void add_up(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    s->integral = integrated(s, ctx);
    track(s, ctx);
}

/* The integral remembers, the delay does not. */
static void drain(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    s->integral = integrated(s, ctx);
    s->pend_ns = ctx->now_ns;
    s->held = false;
}

static void note_start(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    s->integral = 0;
    s->integral = integrated(s, ctx);
    s->viol_ns[2] = s->viol_ns[1];
    s->viol_ns[1] = s->viol_ns[0];
    s->viol_ns[0] = ctx->now_ns;
    s->pend_ns = ctx->now_ns;
    s->has_value = false;
    track(s, ctx);
}

static void open_instance(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    if (ctx->has_value) {
        track(s, ctx); /* a tick brings no value: a source that is stale stays held */
    }
    s->instance = ctx->instance;
    s->open_ns = ctx->now_ns;
    s->ack = false;
}

static void start_and_open(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    note_start(s, ctx);
    open_instance(s, ctx);
}

static void reopen(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    track(s, ctx);
    s->ack = false;
}

static void hold(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    (void)ctx;
    s->held = true;
    s->ok_ns = VG_TIME_NONE;
    s->run = 0;
}

static void in_band(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    (void)ctx;
    s->held = false;
    s->ok_ns = VG_TIME_NONE;
}

static void ok_since(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    s->held = false;
    s->ok_ns = ctx->now_ns;
}

static void acknowledge(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    s->ack = true;
    s->ack_ns = ctx->now_ns;
}

static void unacknowledge(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    (void)ctx;
    s->ack = false;
}

static void forget(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    (void)ctx;
    s->instance = 0;
    s->integral = 0;
    s->ack = false;
    s->held = false;
    s->ok_ns = VG_TIME_NONE;
    s->run = 0;
}

/* What was acknowledged stays so, and is silent; the message waits for one more word (C18). */
static void latch(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    (void)ctx;
    s->held = false;
}

static void restore(struct vg_slot *s, const struct vg_cond_ctx *ctx)
{
    hold(s, ctx);
    s->ack = false;
}

/* --- the table ---------------------------------------------------------------------------- */

#define IN(i) (1u << VG_CI_##i)
#define FROM(s) (1u << VG_CS_##s)
#define QUIET VG_AW_COUNT /* the move is not worth a record */
#define STAY VG_CS_COUNT
#define IF(fn) fn, #fn
#define ALWAYS NULL, NULL

struct row {
    uint8_t number;
    uint8_t to;
    uint8_t what;
    uint32_t from;
    uint32_t inputs;
    guard_fn guard;
    const char *guard_name;
    action_fn action;
};

/* clang-format off */
static const struct row rows[] = {
    { 1,  VG_CS_NORMAL,   VG_AW_ARMED,       FROM(DISARMED),                IN(ARM),
      ALWAYS,              NULL },
    { 2,  VG_CS_ACTIVE,   VG_AW_OPEN,        FROM(NORMAL),                  IN(RAPID),
      ALWAYS,              start_and_open },
    { 2,  VG_CS_ACTIVE,   VG_AW_OPEN,        FROM(NORMAL),                  IN(BAD) | IN(LIMITS_BAD),
      IF(no_delay),        start_and_open },
    { 3,  VG_CS_ACTIVE,   VG_AW_OPEN,        FROM(NORMAL),                  IN(BAD) | IN(LIMITS_BAD),
      IF(third_start),     start_and_open },
    { 4,  VG_CS_PENDING,  VG_AW_PENDING,     FROM(NORMAL),                  IN(BAD),
      ALWAYS,              note_start },
    { 22, VG_CS_PENDING,  VG_AW_PENDING,     FROM(NORMAL),                  IN(LIMITS_BAD),
      ALWAYS,              note_start },
    { 5,  VG_CS_ACTIVE,   VG_AW_OPEN,        FROM(PENDING),                 IN(RAPID),
      ALWAYS,              open_instance },
    { 6,  VG_CS_ACTIVE,   VG_AW_OPEN,        FROM(PENDING),                 IN(BAD) | IN(TICK),
      IF(delay_over),      open_instance },
    { 7,  STAY,           QUIET,             FROM(PENDING),                 IN(BAD) | IN(LIMITS_BAD),
      ALWAYS,              add_up },
    { 29, STAY,           QUIET,             FROM(PENDING),                 IN(OK) | IN(BAND),
      IF(sat_left),        drain },
    { 8,  VG_CS_NORMAL,   VG_AW_SUPPRESSED_BY_DELAY, FROM(PENDING),         IN(OK) | IN(BAND),
      ALWAYS,              forget },
    { 9,  STAY,           QUIET,             FROM(PENDING),                 IN(STALE),
      ALWAYS,              hold },
    { 10, STAY,           QUIET,             FROM(ACTIVE),
      IN(BAD) | IN(RAPID) | IN(LIMITS_BAD),  ALWAYS,                        track },
    { 28, VG_CS_ACTIVE,   VG_AW_WORSEN,      FROM(ACTIVE) | FROM(LATCHED),  IN(WORSE),
      ALWAYS,              reopen },
    { 11, STAY,           QUIET,             FROM(ACTIVE),                  IN(BAND),
      ALWAYS,              in_band },
    { 13, VG_CS_NORMAL,   VG_AW_CLOSED,      FROM(ACTIVE),                  IN(OK),
      IF(may_close),       forget },
    { 14, VG_CS_LATCHED,  VG_AW_COND_END,    FROM(ACTIVE),                  IN(OK),
      IF(clear_time_over), latch },
    { 12, STAY,           QUIET,             FROM(ACTIVE),                  IN(OK),
      IF(ok_starts),       ok_since },
    { 15, STAY,           QUIET,             FROM(ACTIVE),                  IN(STALE),
      ALWAYS,              hold },
    { 16, VG_CS_ACTIVE,   VG_AW_ACK,         FROM(ACTIVE),                  IN(ACK),
      IF(same_unacked),    acknowledge },
    { 17, VG_CS_ACTIVE,   VG_AW_ACK_EXPIRED, FROM(ACTIVE),                  IN(TICK),
      IF(ack_expired),     unacknowledge },
    { 18, VG_CS_NORMAL,   VG_AW_CLOSED,      FROM(LATCHED),                 IN(ACK),
      IF(same_instance),    forget },
    { 19, VG_CS_ACTIVE,   VG_AW_WORSEN,      FROM(LATCHED),
      IN(BAD) | IN(RAPID) | IN(LIMITS_BAD),  ALWAYS,                        reopen },
    { 20, VG_CS_LATCHED,  VG_AW_COND_END,    FROM(ACTIVE),                  IN(LIMITS_OK),
      ALWAYS,              latch },
    { 21, VG_CS_NORMAL,   VG_AW_SUPPRESSED_BY_DELAY, FROM(PENDING),         IN(LIMITS_OK),
      ALWAYS,              forget },
    { 23, VG_CS_DISARMED, QUIET,             FROM(NORMAL),                  IN(DROP) | IN(OVERRIDE),
      ALWAYS,              forget },
    { 23, VG_CS_DISARMED, VG_AW_SUPPRESSED_BY_DELAY, FROM(PENDING),         IN(DROP) | IN(OVERRIDE),
      ALWAYS,              forget },
    { 24, VG_CS_DISARMED, VG_AW_CLOSED,      FROM(ACTIVE) | FROM(LATCHED),  IN(OVERRIDE),
      ALWAYS,              forget },
    { 25, VG_CS_ACTIVE,   VG_AW_RESTORED,    FROM(ACTIVE) | FROM(LATCHED),  IN(RESTART),
      ALWAYS,              restore },
    { 26, VG_CS_NORMAL,   QUIET,             FROM(NORMAL) | FROM(PENDING),  IN(RESTART),
      ALWAYS,              forget },
};
/* clang-format on */

static const char *const input_names[] = {
    "ARM",  "BAD", "RAPID",     "BAND",       "OK",   "WORSE",    "STALE",
    "TICK", "ACK", "LIMITS_OK", "LIMITS_BAD", "DROP", "OVERRIDE", "RESTART",
};
static_assert(VG_COUNT(input_names) == VG_CI_COUNT, "an input has no name");

const char *vg_cond_input_name(enum vg_cond_input in)
{
    return (unsigned)in < VG_CI_COUNT ? input_names[in] : "unknown";
}

struct vg_cond_result vg_cond_step(struct vg_slot *s, enum vg_cond_input in,
                                   const struct vg_cond_ctx *ctx)
{
    struct vg_cond_result res = { .moved = false, .from = s->state };

    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        const struct row *r = &rows[i];
        if ((r->from & (1u << s->state)) == 0 || (r->inputs & (1u << in)) == 0) {
            continue;
        }
        if (r->guard != NULL && !r->guard(s, ctx)) {
            continue;
        }
        if (r->action != NULL) {
            r->action(s, ctx);
        }
        if (r->to != STAY) {
            s->state = r->to;
        }
        res.row = r->number;
        res.what = r->what;
        res.moved = r->what != QUIET;
        break;
    }
    return res;
}

/* --- the description ---------------------------------------------------------------------- */

static struct vg_machine_row describe(size_t i)
{
    const struct row *r = &rows[i];
    struct vg_machine_row out = { r->number, r->to, r->from, r->inputs, r->guard_name, NULL };
    out.what = r->what != QUIET ? vg_alarm_what_name((enum vg_alarm_what)r->what) : NULL;
    return out;
}

static const char *state_name(size_t s)
{
    return vg_cond_state_name((enum vg_cond_state)s);
}

static const char *input_name(size_t i)
{
    return vg_cond_input_name((enum vg_cond_input)i);
}

const struct vg_machine vg_machine_condition = {
    "condition", "C", VG_COUNT(rows), VG_CS_COUNT, VG_CI_COUNT, describe, state_name, input_name,
};
