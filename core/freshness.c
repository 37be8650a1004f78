/*
 * freshness.c -- machine F, rows F1 to F6.
 *
 * Fresh needs one valid sample at first and three in a row after a loss (one for values that come
 * one at a time): a sensor that is being fitted says one good number long before it means it.
 * Trap: a sample that arrives is not the same as a valid sample; only valid ones reset the age.
 */
#include "core/freshness.h"

#include <string.h>

#define NOT_MONITORED_NS (60 * VG_NS_PER_S)
#define RUN_NEEDED 3

void vg_fresh_init(struct vg_fresh *f)
{
    memset(f, 0, sizeof *f);
    f->state = VG_FRESH_NEVER;
    f->quality = VG_QUALITY_UNAVAILABLE;
    f->valid_ns = VG_TIME_NONE;
}

static struct vg_fresh_result move(struct vg_fresh *f, uint8_t row, enum vg_freshness to)
{
    struct vg_fresh_result res = { .row = row, .from = f->state };
    f->state = (uint8_t)to;
    f->run = 0;
    return res;
}

struct vg_fresh_result vg_fresh_sample(struct vg_fresh *f, enum vg_vital v,
                                       const struct vg_event *ev)
{
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
    if (f->state == VG_FRESH_NEVER) {
        return move(f, 1, VG_FRESH_FRESH);
    }
    if (f->state == VG_FRESH_FRESH) {
        return stay;
    }
    f->run++;
    if (f->run >= RUN_NEEDED || !vg_vital_get(v)->continuous) {
        return move(f, 4, VG_FRESH_FRESH);
    }
    return stay;
}

struct vg_fresh_result vg_fresh_sensor(struct vg_fresh *f, bool off)
{
    struct vg_fresh_result stay = { .row = 0, .from = f->state };

    f->sensor_off = off;
    if (off) {
        f->run = 0; /* F5 from LOST to LOST: the samples before it count no more */
    }
    if (off && f->state != VG_FRESH_NEVER && f->state != VG_FRESH_LOST) {
        return move(f, 5, VG_FRESH_LOST);
    }
    return stay;
}

struct vg_fresh_result vg_fresh_tick(struct vg_fresh *f, enum vg_vital v, int64_t now_ns,
                                     int64_t required_since_ns)
{
    const struct vg_vital_info *info = vg_vital_get(v);
    struct vg_fresh_result stay = { .row = 0, .from = f->state };

    if (f->state == VG_FRESH_NEVER) {
        if (info->lost_ns > 0 && required_since_ns != VG_TIME_NONE &&
            now_ns - required_since_ns > NOT_MONITORED_NS) {
            return move(f, 6, VG_FRESH_LOST);
        }
        return stay;
    }
    int64_t age_ns = vg_fresh_age_ns(f, now_ns);
    if (f->state == VG_FRESH_FRESH && age_ns > info->stale_ns) {
        return move(f, 2, VG_FRESH_STALE);
    }
    if (f->state == VG_FRESH_STALE && info->lost_ns > 0 && age_ns > info->lost_ns) {
        return move(f, 3, VG_FRESH_LOST);
    }
    return stay;
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
