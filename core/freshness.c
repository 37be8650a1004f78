/*
 * freshness.c -- machine F as a table of rows F1 to F6; the first row that fits is taken.
 *
 * Fresh needs one valid sample at first and three in a row after a loss (one for values that come
 * one at a time): a sensor that is being fitted says one good number long before it means it.
 * Trap: a sample that arrives is not the same as a valid sample; only valid ones reset the age.
 */
#include "core/freshness.h"

#include <assert.h>
#include <string.h>

#include "core/machine.h"
#include "vigil/compiler.h"

#define NOT_MONITORED_NS (60 * VG_NS_PER_S)
#define RUN_NEEDED 3

/* --- the table ------------------------------------------------------------------------------ */

struct ctx {
    const struct vg_vital_info *info;
    int64_t now_ns;
    int64_t required_ns; /* since when somebody needs this vital */
};

typedef bool (*guard_fn)(const struct vg_fresh *f, const struct ctx *c);

static bool is_too_old(const struct vg_fresh *f, const struct ctx *c)
{
    return vg_fresh_age_ns(f, c->now_ns) > c->info->stale_ns;
}

static bool is_lost(const struct vg_fresh *f, const struct ctx *c)
{
    return c->info->lost_ns > 0 && vg_fresh_age_ns(f, c->now_ns) > c->info->lost_ns;
}

static bool enough_in_a_row(const struct vg_fresh *f, const struct ctx *c)
{
    return f->run >= RUN_NEEDED || !c->info->continuous;
}

static bool is_missed(const struct vg_fresh *f, const struct ctx *c)
{
    (void)f;
    return c->info->lost_ns > 0 && c->required_ns != VG_TIME_NONE &&
           c->now_ns - c->required_ns > NOT_MONITORED_NS;
}

#define IN(i) (1u << VG_FI_##i)
#define FROM(s) (1u << VG_FRESH_##s)
#define IF(fn) fn, #fn
#define ALWAYS NULL, NULL

static const struct row {
    uint8_t number;
    uint8_t to;
    uint32_t from;
    uint32_t inputs;
    guard_fn guard;
    const char *guard_name;
} rows[] = {
    { 1, VG_FRESH_FRESH, FROM(NEVER), IN(VALID), ALWAYS },
    { 2, VG_FRESH_STALE, FROM(FRESH), IN(TICK), IF(is_too_old) },
    { 3, VG_FRESH_LOST, FROM(STALE), IN(TICK), IF(is_lost) },
    { 4, VG_FRESH_FRESH, FROM(STALE) | FROM(LOST), IN(VALID), IF(enough_in_a_row) },
    { 5, VG_FRESH_LOST, FROM(FRESH) | FROM(STALE), IN(SENSOR_OFF), ALWAYS },
    { 6, VG_FRESH_LOST, FROM(NEVER), IN(TICK), IF(is_missed) },
};

static const char *const input_names[] = { "VALID", "TICK", "SENSOR_OFF" };
static_assert(VG_COUNT(input_names) == VG_FI_COUNT, "an input has no name");

static struct vg_fresh_result step(struct vg_fresh *f, enum vg_fresh_input in, const struct ctx *c)
{
    struct vg_fresh_result res = { .row = 0, .from = f->state };

    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        const struct row *r = &rows[i];
        if ((r->from & (1u << f->state)) == 0 || (r->inputs & (1u << in)) == 0 ||
            (r->guard != NULL && !r->guard(f, c))) {
            continue;
        }
        res.row = r->number;
        f->state = r->to;
        f->run = 0;
        break;
    }
    return res;
}

/* --- inputs --------------------------------------------------------------------------------- */

void vg_fresh_init(struct vg_fresh *f)
{
    memset(f, 0, sizeof *f);
    f->state = VG_FRESH_NEVER;
    f->quality = VG_QUALITY_UNAVAILABLE;
    f->valid_ns = VG_TIME_NONE;
}

struct vg_fresh_result vg_fresh_sample(struct vg_fresh *f, enum vg_vital v,
                                       const struct vg_event *ev)
{
    struct ctx c = { .info = vg_vital_get(v), .now_ns = ev->mono_ns, .required_ns = VG_TIME_NONE };
    struct vg_fresh_result stay = { .row = 0, .from = f->state };

    f->quality = ev->u.reading.quality;
    f->flags = ev->flags;
    if (f->quality != VG_QUALITY_OK && f->quality != VG_QUALITY_QUESTIONABLE) {
        f->run = 0;
        return stay;
    }
    f->value_milli = ev->u.reading.value_milli;
    f->valid_ns = ev->mono_ns - ev->u.reading.age_ns;
    f->valid_utc_ns = ev->utc_ns - ev->u.reading.age_ns;
    f->seq = ev->seq;
    f->sensor_off = false;
    if (f->state == VG_FRESH_STALE || f->state == VG_FRESH_LOST) {
        f->run++;
    }
    return step(f, VG_FI_VALID, &c);
}

struct vg_fresh_result vg_fresh_sensor(struct vg_fresh *f, bool off)
{
    struct vg_fresh_result stay = { .row = 0, .from = f->state };

    f->sensor_off = off;
    if (!off) {
        return stay;
    }
    f->run = 0; /* also from LOST to LOST: the samples before it count no more */
    return step(f, VG_FI_SENSOR_OFF, NULL);
}

struct vg_fresh_result vg_fresh_tick(struct vg_fresh *f, enum vg_vital v, int64_t now_ns,
                                     int64_t required_since_ns)
{
    struct ctx c = { .info = vg_vital_get(v), .now_ns = now_ns, .required_ns = required_since_ns };
    return step(f, VG_FI_TICK, &c);
}

enum vg_freshness vg_fresh_state(const struct vg_fresh *f, enum vg_vital v, int64_t now_ns)
{
    if (f->state == VG_FRESH_FRESH && vg_fresh_age_ns(f, now_ns) > vg_vital_get(v)->stale_ns) {
        return VG_FRESH_STALE;
    }
    return (enum vg_freshness)f->state;
}

int64_t vg_fresh_age_ns(const struct vg_fresh *f, int64_t now_ns)
{
    if (f->valid_ns == VG_TIME_NONE) {
        return -1;
    }
    return now_ns > f->valid_ns ? now_ns - f->valid_ns : 0;
}

/* --- the description ------------------------------------------------------------------------ */

static struct vg_machine_row describe(size_t i)
{
    const struct row *r = &rows[i];
    struct vg_machine_row out = { r->number, r->to, r->from, r->inputs, r->guard_name, NULL };
    out.what = vg_freshness_name((enum vg_freshness)r->to);
    return out;
}

static const char *state_name(size_t s)
{
    return vg_freshness_name((enum vg_freshness)s);
}

const char *vg_fresh_input_name(enum vg_fresh_input in)
{
    return (unsigned)in < VG_FI_COUNT ? input_names[in] : "unknown";
}

static const char *input_name(size_t i)
{
    return vg_fresh_input_name((enum vg_fresh_input)i);
}

const struct vg_machine vg_machine_freshness = {
    "freshness", "F", VG_COUNT(rows), VG_FRESH_COUNT, VG_FI_COUNT, describe, state_name, input_name,
};
