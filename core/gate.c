/*
 * gate.c -- the dosing gate: one evaluation, from recorded facts, at one time.
 *
 * The gate gives no leave and no order. It says which of the things a protocol asks for are missing;
 * people decide, and a dose that was given through a closed gate is recorded with what was missing.
 * Sources of the values: 140/90 (150/90 from 65) is the rule of the esketamine trials, 160/100 a hold
 * that clinics use.
 * Trap: a value that is not there is missing, never good.
 */
#include "core/alarm_catalogue.h"
#include "core/step.h"
#include "vigil/compiler.h"

#define DAY_S 86400

static bool is_yes(const struct vg_session *s, enum vg_fact f)
{
    return s->fact[f] == 1;
}

/* The device that speaks for a vital and has a live value of it; VG_DEVICE_NONE when nobody does. */
static uint16_t live(const struct vg_engine *e, const struct vg_bed *bed, enum vg_vital v,
                     int64_t now_ns)
{
    uint16_t d = bed->speaker[v];
    bool fresh = d != VG_DEVICE_NONE &&
                 vg_fresh_state(&e->devices[d].fresh[v], v, now_ns) == VG_FRESH_FRESH;
    return fresh ? d : VG_DEVICE_NONE;
}

/* A live value between two bounds. */
static bool is_within(const struct vg_engine *e, const struct vg_bed *bed, enum vg_vital v,
                      int64_t now_ns, int32_t low_milli, int32_t high_milli)
{
    uint16_t d = live(e, bed, v, now_ns);
    if (d == VG_DEVICE_NONE) {
        return false;
    }
    int32_t milli = e->devices[d].fresh[v].value_milli;
    return milli >= low_milli && milli <= high_milli;
}

static bool has_ready_cuff(const struct vg_engine *e, const struct vg_bed *bed, int64_t now_ns,
                           int32_t age_s)
{
    for (uint16_t d = bed->first; d != VG_DEVICE_NONE; d = e->devices[d].next) {
        if (e->devices[d].is_cuff && e->devices[d].port == VG_PORT_ONLINE) {
            return true;
        }
    }
    /* A person with a cuff of her own is ready when she has just measured. */
    const struct vg_pressure *p = &bed->session.pressure[0];
    return p->at_ns != VG_TIME_NONE && now_ns - p->at_ns <= age_s * VG_NS_PER_S;
}

static bool has_baseline(const struct vg_session *s, const struct vg_gate_rules *g, int64_t now_ns)
{
    return s->base[VG_BASE_SYS] >= 0 && s->base[VG_BASE_DIA] >= 0 && s->base[VG_BASE_PR] >= 0 &&
           s->base[VG_BASE_SPO2] >= 0 && s->base_pressures >= g->baseline_count &&
           now_ns - s->base_ns <= g->baseline_age_s * VG_NS_PER_S;
}

/* The last blood pressure, not older than a baseline may be. */
static bool is_pressure_under(const struct vg_session *s, const struct vg_gate_rules *g,
                              int64_t now_ns, int32_t sys_milli, int32_t dia_milli)
{
    const struct vg_pressure *p = &s->pressure[0];
    return p->at_ns != VG_TIME_NONE && now_ns - p->at_ns <= g->baseline_age_s * VG_NS_PER_S &&
           p->sys_milli <= sys_milli && p->dia_milli <= dia_milli;
}

static bool has_weight(const struct vg_session *s, const struct vg_gate_rules *g, int64_t now_ns)
{
    int64_t days = s->weight_days + (now_ns - s->opened_ns) / VG_NS_PER_S / DAY_S;
    return s->weight_g > 0 && days <= g->weight_days;
}

/* No default: a new item without a case does not compile. */
bool vg_gate_holds(const struct vg_engine *e, const struct vg_bed *bed,
                   const struct vg_gate_rules *g, enum vg_gate_item item, int64_t now_ns)
{
    const struct vg_session *s = &bed->session;

    switch (item) {
    case VG_GATE_IDENTITY:
        return is_yes(s, VG_FACT_IDENTITY);
    case VG_GATE_CONSENT:
        return is_yes(s, VG_FACT_CONSENT);
    case VG_GATE_WEIGHT:
        return has_weight(s, g, now_ns);
    case VG_GATE_BASELINE:
        /* Before the first dose it must be of now; later it is what it was. */
        return has_baseline(s, g, s->clock.first_ns != VG_TIME_NONE ? s->base_ns : now_ns);
    case VG_GATE_SPO2_LIVE:
        return live(e, bed, VG_VITAL_SPO2, now_ns) != VG_DEVICE_NONE &&
               live(e, bed, VG_VITAL_PULSE_RATE, now_ns) != VG_DEVICE_NONE;
    case VG_GATE_NIBP_READY:
        return has_ready_cuff(e, bed, now_ns, g->baseline_age_s);
    case VG_GATE_ALARM_TEST:
        return is_yes(s, VG_FACT_ALARM_TEST);
    case VG_GATE_SINK:
        return bed->link && (!bed->quiet.on || bed->quiet.operator_id[0] != '\0');
    case VG_GATE_NO_HIGH_ALARM:
        return !vg_alarm_is_high_open(bed);
    case VG_GATE_CLOCK:
        return !e->clock_bad;
    case VG_GATE_BP:
        return is_pressure_under(s, g, now_ns,
                                 is_yes(s, VG_FACT_OVER_65) ? g->sys_65_milli : g->sys_milli,
                                 g->dia_milli);
    case VG_GATE_BP_HOLD:
        return is_pressure_under(s, g, now_ns, g->hold_sys_milli - 1, g->hold_dia_milli - 1) ||
               (is_yes(s, VG_FACT_PRESCRIBER) &&
                is_pressure_under(s, g, now_ns, INT32_MAX, INT32_MAX));
    case VG_GATE_SPO2:
        return is_yes(s, VG_FACT_ROOM_AIR) &&
               is_within(e, bed, VG_VITAL_SPO2, now_ns, g->spo2_milli, INT32_MAX);
    case VG_GATE_SPO2_HOLD:
        return is_within(e, bed, VG_VITAL_SPO2, now_ns, g->hold_spo2_milli, INT32_MAX);
    case VG_GATE_PULSE_RATE:
        return is_within(e, bed, VG_VITAL_PULSE_RATE, now_ns, g->pr_low_milli, g->pr_high_milli);
    case VG_GATE_ESCORT:
        return is_yes(s, VG_FACT_ESCORT);
    case VG_GATE_FASTING:
        return is_yes(s, VG_FACT_FASTING);
    case VG_GATE_CONTRAINDICATIONS:
        return is_yes(s, VG_FACT_CONTRAINDICATIONS);
    case VG_GATE_EQUIPMENT:
        return is_yes(s, VG_FACT_EQUIPMENT);
    case VG_GATE_REMS:
        return is_yes(s, VG_FACT_REMS);
    case VG_GATE_COUNT:
        break;
    }
    return false;
}

const struct vg_protocol *vg_engine_protocol(const struct vg_engine *e, uint16_t bed)
{
    const struct vg_session *s = &e->beds[bed].session;
    return s->seq != 0 && s->protocol < e->protocol_count ? &e->protocols[s->protocol] : NULL;
}

struct vg_gate_answer vg_gate_judge(const struct vg_engine *e, uint16_t bed, int64_t now_ns)
{
    const struct vg_protocol *p = vg_engine_protocol(e, bed);
    struct vg_gate_answer out = { 0, 0, 0 };

    if (e->beds[bed].session.protocol == VG_PROTOCOL_LOST) { /* nobody knows what it asked */
        out.missing = out.hard = out.deviating = (1u << VG_GATE_COUNT) - 1;
        return out;
    }

    for (unsigned i = 0; p != NULL && i < VG_GATE_COUNT; i++) {
        if (p->gate.strength[i] != VG_STRENGTH_OFF &&
            !vg_gate_holds(e, &e->beds[bed], &p->gate, (enum vg_gate_item)i, now_ns)) {
            out.missing |= 1u << i;
            out.hard |= p->gate.strength[i] == VG_STRENGTH_HARD ? 1u << i : 0;
        }
    }
    out.deviating = out.missing & ~(e->beds[bed].session.overridden & ~out.hard);
    return out;
}

/* --- what is unusual about a dose ----------------------------------------------------------- */

/* What an infusion at this rate gives in its planned time; other doses are what they are. */
static int64_t whole_ug(const struct vg_protocol *p, const struct vg_dose *d)
{
    bool rate = vg_dose_form((enum vg_dose_kind)d->kind) != VG_FORM_AMOUNT;
    return rate ? d->amount_ug * p->infusion_s / 3600 : d->amount_ug;
}

static int64_t per_person(int64_t ug, bool per_kg, int32_t weight_g)
{
    return per_kg ? ug * weight_g / 1000 : ug;
}

/* Everything given so far under the protocol's drug, and this. */
static int64_t with_this(const struct vg_step *st, const struct vg_dose *d, int64_t ug)
{
    struct vg_totals t;
    const struct vg_dose_entry *e = d->what == VG_DW_AMEND
                                        ? vg_dose_find(&st->bed->session, d->target)
                                        : NULL;
    uint64_t except = e != NULL ? e->first_seq : 0; /* it takes the place of that one */

    vg_dose_totals_but(&st->bed->session, d->drug, except, st->in->mono_ns, &t);
    return t.given_ug + ug;
}

static uint16_t range_of(const struct vg_step *st, const struct vg_protocol *p,
                         const struct vg_dose *d)
{
    const struct vg_dose_range *r = &p->range;
    int32_t weight_g = st->bed->session.weight_g;
    int64_t ug = whole_ug(p, d);
    uint16_t out = 0;

    if (d->kind == VG_DOSE_DRAWN || d->kind == VG_DOSE_WASTE || d->amount_ug == 0) {
        return 0;
    }
    if (vg_dose_form((enum vg_dose_kind)d->kind) != VG_FORM_AMOUNT && p->infusion_s == 0) {
        return VG_DEV_SOFT_RANGE; /* the protocol knows no infusion */
    }
    if (r->total_ug > 0 && with_this(st, d, ug) > r->total_ug) {
        out |= VG_DEV_HARD_RANGE;
    }
    if (r->per_kg && weight_g == 0) {
        return out; /* the gate says that the weight is missing */
    }
    if ((r->soft_low_ug > 0 && ug < per_person(r->soft_low_ug, r->per_kg, weight_g)) ||
        (r->soft_high_ug > 0 && ug > per_person(r->soft_high_ug, r->per_kg, weight_g))) {
        out |= VG_DEV_SOFT_RANGE;
    }
    if (r->hard_ug > 0 && ug > per_person(r->hard_ug, r->per_kg, weight_g)) {
        out |= VG_DEV_HARD_RANGE;
    }
    if (d->kind == VG_DOSE_DEVICE && p->device_ug > 0 && d->amount_ug != p->device_ug) {
        out |= VG_DEV_SOFT_RANGE;
    }
    return out;
}

static bool is_same_drug(const struct vg_protocol *p, const struct vg_dose *d)
{
    for (size_t i = 0; i < sizeof p->drug; i++) {
        if (p->drug[i] != d->drug[i]) {
            return false;
        }
        if (p->drug[i] == '\0') {
            break;
        }
    }
    return p->route == d->route;
}

static bool is_too_soon(const struct vg_step *st, const struct vg_protocol *p,
                        const struct vg_dose *d)
{
    const struct vg_dose_clock *c = &st->bed->session.clock;
    int64_t given_ns = st->in->mono_ns - (st->in->utc_ns - d->given_utc_ns);
    return p->dose_gap_s > 0 && c->last_ns != VG_TIME_NONE && given_ns >= c->last_ns &&
           given_ns - c->last_ns < p->dose_gap_s * VG_NS_PER_S;
}

void vg_deviation_judge(const struct vg_step *st, struct vg_dose *d)
{
    const struct vg_protocol *p = vg_engine_protocol(st->e, st->in->bed);

    d->gate = 0;
    d->deviation = 0;
    if (d->what == VG_DW_VOID) {
        return;
    }
    if (vg_dose_gives((enum vg_dose_kind)d->kind) && d->what == VG_DW_GIVEN) {
        d->gate = vg_gate_judge(st->e, st->in->bed, st->in->mono_ns).deviating;
        d->deviation |= d->gate != 0 ? VG_DEV_GATE_CLOSED : 0;
        d->deviation |= p != NULL && is_too_soon(st, p, d) ? VG_DEV_TOO_SOON : 0;
    }
    if (p == NULL) {
        return;
    }
    d->deviation |= is_same_drug(p, d) ? 0 : VG_DEV_OTHER_DRUG;
    if (is_same_drug(p, d)) {
        d->deviation |= range_of(st, p, d);
    }
    if (p->second_check && !d->checked && d->kind != VG_DOSE_LOZENGE_END) {
        d->deviation |= VG_DEV_UNCHECKED;
    }
}
