/*
 * care.c -- scores, baseline, schedule, quiet mode, test signal, and the phase of a session.
 *
 * The phase is what protocols will decide; until a session has one, it follows from the doses:
 * something was given within the last hour, or an infusion runs. Trap: a baseline is what was
 * measured, never what somebody remembers; a value that is missing stays missing.
 */
#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/step.h"
#include "vigil/compiler.h"

#define RECORD (VG_DO_RECORD | VG_DO_COMMIT | VG_DO_SEND | VG_DO_STATE)
#define DOSING_NS (3600 * VG_NS_PER_S)
/* A baseline is of the last quarter of an hour; a continuous one is the middle of a minute. */
#define BASELINE_NS (900 * VG_NS_PER_S)
#define RECENT_STEP_NS (4 * VG_NS_PER_S)
#define MINUTE_NS (60 * VG_NS_PER_S)
#define NIBP_READINGS 3
#define DUE_LOW_NS (120 * VG_NS_PER_S)
#define DUE_MED_NS (300 * VG_NS_PER_S)
#define DEEP 3
#define VERY_DEEP 2

/* --- phase ---------------------------------------------------------------------------------- */

static struct vg_phase phase_of(const struct vg_step *st)
{
    const struct vg_session *s = &st->bed->session;
    struct vg_phase p = { 0, 0, false };

    if (s->seq == 0) {
        return p;
    }
    p.dosing = s->rate_ug_h > 0 ||
               (s->last_dose_ns != VG_TIME_NONE && st->in->mono_ns - s->last_dose_ns < DOSING_NS);
    p.required = 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE;
    if (p.dosing) {
        p.required |= 1u << VG_VITAL_NIBP_SYS | 1u << VG_VITAL_NIBP_DIA | 1u << VG_VITAL_NIBP_MEAN;
        p.unpausable = p.required;
    }
    return p;
}

void vg_phase_judge(struct vg_step *st)
{
    struct vg_phase now = phase_of(st);
    struct vg_phase *p = &st->bed->phase;

    if (now.required != p->required) { /* no two phases require the same */
        *p = now;
        vg_inhibit_all(st, VG_II_PHASE);
    }
}

enum vg_priority vg_technical_priority(const struct vg_step *st, enum vg_priority p)
{
    return st->bed->session.seq != 0 ? p : VG_PRIO_LOW;
}

/* --- recent values -------------------------------------------------------------------------- */

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
        memmove(&r->milli[1], &r->milli[0], (keep - 1) * sizeof r->milli[0]);
        memmove(&r->at_ns[1], &r->at_ns[0], (keep - 1) * sizeof r->at_ns[0]);
        r->milli[0] = milli;
        r->at_ns[0] = now_ns;
        r->count = r->count < keep ? (uint8_t)(r->count + 1) : r->count;
    }
}

/* The middle of the values since a time; -1 when there is none. */
static int32_t median_since(const struct vg_recent *r, int64_t since_ns)
{
    int32_t sorted[VG_RECENT_MAX];
    size_t n = 0;

    for (; n < r->count && r->at_ns[n] >= since_ns; n++) {
        size_t at = n;
        for (; at > 0 && sorted[at - 1] > r->milli[n]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = r->milli[n];
    }
    return n > 0 ? sorted[(n - 1) / 2] : -1;
}

/* The present baseline, -1 for what is missing; false when everything is. */
static bool find_baseline(const struct vg_step *st, int32_t base[VG_BASE_COUNT])
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

/* --- schedule ------------------------------------------------------------------------------- */

void vg_due_measured(struct vg_step *st, enum vg_vital v)
{
    struct vg_due *d = &st->bed->session.due[v];
    if (d->interval_ns > 0) {
        d->next_ns = st->in->mono_ns + d->interval_ns;
        vg_alarm_technical(st, VG_COND_VITAL_DUE, (uint16_t)v, false, VG_PRIO_LOW);
    }
}

static void schedule(struct vg_step *st, const struct vg_care *c)
{
    uint16_t v = (uint16_t)c->value[0];
    struct vg_due *d = &st->bed->session.due[v];

    d->interval_ns = c->value[1] * VG_NS_PER_S;
    d->next_ns = st->in->mono_ns + d->interval_ns;
    if (vg_alarm_is_open(st, VG_COND_VITAL_DUE, v)) {
        vg_alarm_technical(st, VG_COND_VITAL_DUE, v, false, VG_PRIO_LOW);
    }
}

void vg_care_tick(struct vg_step *st)
{
    for (uint16_t v = 0; v < VG_VITAL_COUNT; v++) {
        const struct vg_due *d = &st->bed->session.due[v];
        int64_t late_ns = st->in->mono_ns - d->next_ns;
        if (st->bed->session.seq != 0 && d->interval_ns > 0 && late_ns >= DUE_LOW_NS) {
            vg_alarm_technical(st, VG_COND_VITAL_DUE, v, true,
                               late_ns >= DUE_MED_NS ? VG_PRIO_MED : VG_PRIO_LOW);
        }
    }
    vg_phase_judge(st);
}

/* --- commands ------------------------------------------------------------------------------- */

/* What the engine keeps of a command, as an event without a request id: the record's own memory. */
static struct vg_care *keep(struct vg_step *st, enum vg_care_what what)
{
    struct vg_effect *fx = vg_step_emit(st, VG_EV_CARE, VG_DEVICE_NONE, RECORD);
    fx->ev.u.care.what = (uint8_t)what;
    return &fx->ev.u.care;
}

static void keep_baseline(struct vg_step *st)
{
    memcpy(keep(st, VG_CW_BASELINE)->value, st->bed->session.base, sizeof st->bed->session.base);
}

static void keep_schedule(struct vg_step *st, uint16_t v)
{
    struct vg_care *c = keep(st, VG_CW_SCHEDULE);
    c->value[0] = v;
    c->value[1] = (int32_t)(st->bed->session.due[v].interval_ns / VG_NS_PER_S);
    c->value[2] = (int32_t)((st->bed->session.due[v].next_ns - st->in->mono_ns) / VG_NS_PER_S);
}

static void carry_out(struct vg_step *st, const struct vg_care *c)
{
    switch ((enum vg_care_what)c->what) {
    case VG_CW_SEDATION:
        vg_alarm_technical(st, VG_COND_SED_DEEP, VG_SUBJECT_NONE, c->value[0] <= DEEP,
                           c->value[0] <= VERY_DEEP ? VG_PRIO_HIGH : VG_PRIO_MED);
        break;
    case VG_CW_BASELINE:
        (void)find_baseline(st, st->bed->session.base);
        keep_baseline(st);
        break;
    case VG_CW_SCHEDULE:
        schedule(st, c);
        keep_schedule(st, (uint16_t)c->value[0]);
        break;
    case VG_CW_QUIET_ON:
        vg_quiet_set(st, true, c->operator_id);
        break;
    case VG_CW_QUIET_OFF:
        vg_quiet_set(st, false, c->operator_id);
        break;
    case VG_CW_TEST:
        st->bed->test_priority = (uint8_t)c->value[0];
        st->bed->test_until_ns = st->in->mono_ns + VG_TEST_SIGNAL_S * VG_NS_PER_S;
        break;
    case VG_CW_COUNT:
        break;
    }
}

void vg_care_command(struct vg_step *st)
{
    const struct vg_care *c = &st->in->u.care;

    if (vg_receipt_answer_known(st, c->request_id)) {
        return;
    }
    if (c->what != VG_CW_TEST && st->bed->session.seq == 0) {
        vg_receipt_refuse(st, VG_REFUSED_NO_SESSION);
        return;
    }
    int32_t base[VG_BASE_COUNT];
    if (c->what == VG_CW_BASELINE && !find_baseline(st, base)) {
        vg_receipt_refuse(st, VG_REFUSED_NO_BASELINE);
        return;
    }
    if (c->what == VG_CW_QUIET_ON && !st->bed->link) {
        vg_receipt_refuse(st, VG_REFUSED_NO_SINK);
        return;
    }
    vg_receipt_accept(st, VG_DO_SEND | VG_DO_STATE);
    carry_out(st, c);
}

/* --- sessions and restarts ------------------------------------------------------------------ */

void vg_care_end(struct vg_step *st)
{
    vg_quiet_set(st, false, NULL);
}

void vg_care_restore(struct vg_step *st)
{
    vg_quiet_restore(st);
    for (size_t b = 0; b < VG_BASE_COUNT; b++) {
        if (st->bed->session.base[b] >= 0) {
            keep_baseline(st);
            break;
        }
    }
    for (uint16_t v = 0; v < VG_VITAL_COUNT; v++) {
        if (st->bed->session.due[v].interval_ns > 0) {
            keep_schedule(st, v);
        }
    }
}

void vg_care_replay(struct vg_bed *bed, const struct vg_event *ev)
{
    const struct vg_care *c = &ev->u.care;

    if (c->request_id[0] != '\0') {
        vg_receipt_remember(bed, ev);
        return; /* what it became stands in the rows after it */
    }
    if (c->what == VG_CW_BASELINE) {
        memcpy(bed->session.base, c->value, sizeof bed->session.base);
    } else if (c->what == VG_CW_SCHEDULE && (uint32_t)c->value[0] < VG_VITAL_COUNT) {
        struct vg_due *d = &bed->session.due[c->value[0]];
        d->interval_ns = c->value[1] * VG_NS_PER_S;
        d->next_ns = ev->mono_ns + c->value[2] * VG_NS_PER_S;
    } else if (c->what == VG_CW_QUIET_ON) {
        bed->quiet.on = true;
        bed->quiet.until_ns = c->value[0] > 0 ? ev->mono_ns + c->value[0] * VG_NS_PER_S : INT64_MAX;
        memcpy(bed->quiet.operator_id, c->operator_id, sizeof bed->quiet.operator_id);
    } else if (c->what == VG_CW_QUIET_OFF) {
        bed->quiet.on = false;
    } else {
        /* a score and a test signal leave nothing but their alarm */
    }
}
