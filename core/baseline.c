/*
 * baseline.c -- the last values of a bed: a baseline is taken from them, and blood pressures are
 * kept for the gate and the discharge checks.
 *
 * Trap: a baseline is what was measured, never what somebody remembers; a value that is missing
 * stays missing.
 */
#include <string.h>

#include "core/step.h"

/* A baseline is of the last quarter of an hour; a continuous one is the middle of a minute. */
#define BASELINE_NS (900 * VG_NS_PER_S)
#define RECENT_STEP_NS (4 * VG_NS_PER_S)
#define MINUTE_NS (60 * VG_NS_PER_S)
#define NIBP_READINGS 3

static const uint8_t vital_of_base[VG_BASE_COUNT] = {
    [VG_BASE_SYS] = VG_VITAL_NIBP_SYS,   [VG_BASE_DIA] = VG_VITAL_NIBP_DIA,
    [VG_BASE_MEAN] = VG_VITAL_NIBP_MEAN, [VG_BASE_PR] = VG_VITAL_PULSE_RATE,
    [VG_BASE_SPO2] = VG_VITAL_SPO2,
};

void vg_recent_add(struct vg_bed *bed, enum vg_vital v, int32_t milli, int64_t now_ns)
{
    size_t keep = vg_vital_get(v)->continuous ? VG_RECENT_MAX : NIBP_READINGS;

    for (size_t b = 0; b < VG_BASE_COUNT; b++) {
        struct vg_recent *r = &bed->recent[b];
        if (vital_of_base[b] != v) {
            continue;
        }
        if (r->count > 0 && vg_vital_get(v)->continuous && now_ns - r->at_ns[0] < RECENT_STEP_NS) {
            continue;
        }
        size_t at = 0;
        while (at < r->count && r->at_ns[at] > now_ns) {
            at++; /* entered late: newer ones stay before it */
        }
        if (at == keep) {
            continue;
        }
        memmove(&r->milli[at + 1], &r->milli[at], (keep - 1 - at) * sizeof r->milli[0]);
        memmove(&r->at_ns[at + 1], &r->at_ns[at], (keep - 1 - at) * sizeof r->at_ns[0]);
        r->milli[at] = milli;
        r->at_ns[at] = now_ns;
        r->count = r->count < keep ? (uint8_t)(r->count + 1) : r->count;
    }
}

/* How many values there are since a time. */
static size_t count_since(const struct vg_recent *r, int64_t since_ns)
{
    size_t n = 0;
    while (n < r->count && r->at_ns[n] >= since_ns) {
        n++;
    }
    return n;
}

/* The middle of the values since a time; -1 when there is none. */
static int32_t median_since(const struct vg_recent *r, int64_t since_ns)
{
    int32_t sorted[VG_RECENT_MAX];
    size_t n = count_since(r, since_ns);

    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > r->milli[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = r->milli[i];
    }
    return n > 0 ? sorted[(n - 1) / 2] : -1;
}

bool vg_baseline_find(const struct vg_step *st, int32_t base[VG_BASE_COUNT])
{
    bool any = false;

    for (size_t b = 0; b < VG_BASE_COUNT; b++) {
        const struct vg_recent *r = &st->bed->recent[b];
        bool continuous = vg_vital_get((enum vg_vital)vital_of_base[b])->continuous;
        int64_t age_ns = r->count > 0 ? st->in->mono_ns - r->at_ns[0] : INT64_MAX;
        bool usable = age_ns <= (continuous ? MINUTE_NS / 4 : BASELINE_NS);
        base[b] = usable ? median_since(r, st->in->mono_ns - (continuous ? MINUTE_NS : BASELINE_NS))
                         : -1;
        any = any || usable;
    }
    return any;
}

int32_t vg_baseline_pressures(const struct vg_step *st)
{
    return (int32_t)count_since(&st->bed->recent[VG_BASE_SYS], st->in->mono_ns - BASELINE_NS);
}

void vg_pressure_keep(struct vg_session *s, const struct vg_pressure *p)
{
    size_t at = 0;
    while (at < VG_PRESSURES_MAX && s->pressure[at].at_ns > p->at_ns) {
        at++; /* entered late */
    }
    if (at < VG_PRESSURES_MAX) {
        memmove(&s->pressure[at + 1], &s->pressure[at],
                (VG_PRESSURES_MAX - 1 - at) * sizeof s->pressure[0]);
        s->pressure[at] = *p;
    }
}

bool vg_pressure_forget(struct vg_session *s, uint64_t seq)
{
    for (size_t at = 0; at < VG_PRESSURES_MAX; at++) {
        if (s->pressure[at].at_ns != VG_TIME_NONE && s->pressure[at].seq == seq) {
            memmove(&s->pressure[at], &s->pressure[at + 1],
                    (VG_PRESSURES_MAX - 1 - at) * sizeof s->pressure[0]);
            s->pressure[VG_PRESSURES_MAX - 1].at_ns = VG_TIME_NONE;
            return true;
        }
    }
    return false;
}

void vg_pressure_taken(struct vg_step *st, int32_t sys_milli, int32_t dia_milli, int64_t at_ns)
{
    struct vg_pressure p = { at_ns, st->in->seq, sys_milli, dia_milli };

    if (st->bed->session.seq != 0) {
        vg_pressure_keep(&st->bed->session, &p);
        vg_schedule_made(st, 0, at_ns);
        vg_schedule_judge(st);
    }
}
