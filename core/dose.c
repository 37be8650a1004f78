/*
 * dose.c -- a reported dose joins the session; a correction changes what is known of it.
 *
 * A dose that was given is recorded whatever else is wrong: the closed gate, the range of the
 * protocol, a missing second person are attached as deviations. Refused is only what cannot be
 * recorded truly: nobody to record it for, a time that cannot be, an amount that needs a weight
 * nobody measured, a correction of something else than it names.
 *
 * An amount that had to be converted or rounded, or that is far from the protocol's range, is asked
 * back once with the result in milligrams; the answer names that result.
 * Trap: times are compared on the monotonic axis. The wall clock may have been stepped since the
 * session began; what an operator reads from it means "so long ago", counted from now.
 */
#include <string.h>

#include "core/step.h"
#include "vigil/compiler.h"
#include "vigil/quantity.h"

#define LATE_ENTRY_NS (300 * VG_NS_PER_S)
#define MINUTE_NS (60 * VG_NS_PER_S)

enum vg_dose_form vg_dose_form(enum vg_dose_kind k)
{
    static const uint8_t form[VG_DOSE_KIND_COUNT] = {
        [VG_DOSE_BOLUS] = VG_FORM_AMOUNT,     [VG_DOSE_INFUSION_START] = VG_FORM_RATE,
        [VG_DOSE_RATE_CHANGE] = VG_FORM_RATE, [VG_DOSE_STOP] = VG_FORM_NONE,
        [VG_DOSE_PAUSE] = VG_FORM_NONE,       [VG_DOSE_RESUME] = VG_FORM_RATE_OR_NONE,
        [VG_DOSE_DEVICE] = VG_FORM_AMOUNT,    [VG_DOSE_LOZENGE] = VG_FORM_AMOUNT,
        [VG_DOSE_LOZENGE_END] = VG_FORM_NONE, [VG_DOSE_DRAWN] = VG_FORM_AMOUNT,
        [VG_DOSE_WASTE] = VG_FORM_AMOUNT,
    };
    return (unsigned)k < VG_DOSE_KIND_COUNT ? (enum vg_dose_form)form[k] : VG_FORM_NONE;
}

bool vg_dose_gives(enum vg_dose_kind k)
{
    return k == VG_DOSE_BOLUS || k == VG_DOSE_INFUSION_START || k == VG_DOSE_DEVICE ||
           k == VG_DOSE_LOZENGE;
}

/* --- the list ------------------------------------------------------------------------------- */

/* The entry whose present row is `seq`, or which began with it. */
struct vg_dose_entry *vg_dose_find(struct vg_session *s, uint64_t seq)
{
    for (uint16_t i = 0; i < s->dose_count; i++) {
        if (s->doses[i].seq == seq || s->doses[i].first_seq == seq) {
            return &s->doses[i];
        }
    }
    return NULL;
}

static void fill(struct vg_dose_entry *e, const struct vg_event *ev)
{
    const struct vg_dose *d = &ev->u.dose;
    e->seq = ev->seq;
    e->given_ns = ev->mono_ns - (ev->utc_ns - d->given_utc_ns);
    e->given_utc_ns = d->given_utc_ns;
    e->amount_ug = d->amount_ug;
    e->kind = d->kind;
    e->route = d->route;
    memcpy(e->drug, d->drug, sizeof e->drug);
}

static bool has_place(const struct vg_session *s, const struct vg_dose *d)
{
    bool amount = vg_dose_form((enum vg_dose_kind)d->kind) == VG_FORM_AMOUNT;
    return s->dose_count < (amount ? VG_DOSES_MAX - VG_DOSES_SPARE : VG_DOSES_MAX);
}

/* More than can be added up: the totals say so, and the clock still knows when the last was given. */
static void go_beyond(struct vg_session *s, const struct vg_event *ev)
{
    const struct vg_dose *d = &ev->u.dose;
    int64_t given_ns = ev->mono_ns - (ev->utc_ns - d->given_utc_ns);

    s->uncounted = true;
    if (vg_dose_gives((enum vg_dose_kind)d->kind) && given_ns > s->beyond_ns) {
        s->beyond_ns = given_ns;
    }
    vg_dose_clock_set(s, ev->mono_ns);
}

/* What was measured for this dose is measured again for the next. */
static void end_overrides(struct vg_session *s, const struct vg_dose *d)
{
    if (d->what == VG_DW_GIVEN && vg_dose_gives((enum vg_dose_kind)d->kind)) {
        s->overridden &= ~(1u << VG_GATE_BP | 1u << VG_GATE_SPO2 | 1u << VG_GATE_PULSE_RATE);
    }
}

/* What the row says becomes what is known; the first_seq of its dose, 0 when it is not kept. */
static uint64_t apply(struct vg_session *s, const struct vg_event *ev)
{
    const struct vg_dose *d = &ev->u.dose;
    struct vg_dose_entry *e = d->what == VG_DW_GIVEN ? NULL : vg_dose_find(s, d->target);

    end_overrides(s, d);
    if (d->what == VG_DW_GIVEN && !has_place(s, d)) {
        go_beyond(s, ev);
        return 0;
    }
    if (d->what == VG_DW_GIVEN) {
        e = &s->doses[s->dose_count++];
        memset(e, 0, sizeof *e);
        e->first_seq = ev->seq;
        fill(e, ev);
    } else if (e == NULL) {
        return 0; /* of a dose that was too many to keep */
    } else if (d->what == VG_DW_VOID) {
        e->seq = ev->seq;
        e->is_void = true;
    } else {
        fill(e, ev);
    }
    vg_dose_clock_set(s, ev->mono_ns);
    return e->first_seq;
}

void vg_dose_take_back(struct vg_session *s, const struct vg_event *ev)
{
    struct vg_dose_entry *e = ev->u.dose.what == VG_DW_GIVEN ? vg_dose_find(s, ev->seq) : NULL;
    if (e == NULL) {
        return;
    }
    int64_t first_ns = s->clock.first_ns;
    e->is_void = true;
    vg_dose_clock_set(s, ev->mono_ns);
    s->planned = s->planned && s->clock.first_ns == first_ns;
    for (uint16_t i = 0; i < s->mark_count; i++) {
        if (s->marks[i].dose == ev->seq) {
            s->marks[i].state = VG_MS_DROPPED; /* nobody heard of them yet */
        }
    }
}

/* --- judging -------------------------------------------------------------------------------- */

/* When it happened: never ahead of now, never before the session. */
enum vg_refusal vg_happened_check(const struct vg_step *st, int64_t at_utc_ns)
{
    if (at_utc_ns > st->in->utc_ns) {
        return VG_REFUSED_FUTURE;
    }
    /* A clock on the wall is read to the minute. */
    if (at_utc_ns < 0 ||
        st->in->utc_ns - at_utc_ns > st->in->mono_ns - st->bed->session.opened_ns + MINUTE_NS) {
        return VG_REFUSED_BEFORE_SESSION;
    }
    return VG_REFUSED_NOT;
}

static enum vg_refusal check_target(const struct vg_step *st, const struct vg_dose *d)
{
    const struct vg_dose_entry *e;

    if (d->what == VG_DW_GIVEN) {
        return VG_REFUSED_NOT;
    }
    e = vg_dose_find(&st->bed->session, d->target);
    if (e == NULL) {
        return VG_REFUSED_NO_DOSE;
    }
    /* Two people who correct the same row must not overwrite each other unseen. */
    return e->is_void || e->seq != d->target ? VG_REFUSED_CORRECTED : VG_REFUSED_NOT;
}

/* The amount from what was typed, with the weight of the session unless another is stated. */
static enum vg_refusal convert(const struct vg_session *s, struct vg_dose *d)
{
    struct vg_quantity q = { d->typed_number, d->places, d->unit };
    enum vg_dose_form form = vg_dose_form((enum vg_dose_kind)d->kind);
    const struct vg_unit_row *unit;

    d->amount_ug = 0;
    if (d->what == VG_DW_VOID) {
        return VG_REFUSED_NOT;
    }
    if (d->typed_number == 0) { /* nothing is no amount */
        bool has_to = form == VG_FORM_AMOUNT || form == VG_FORM_RATE;
        return has_to ? VG_REFUSED_AMOUNT : VG_REFUSED_NOT;
    }
    unit = vg_unit_get((enum vg_dose_unit)d->unit);
    if (unit->per_kg && d->weight_g != 0 && s->weight_g != 0 && d->weight_g != s->weight_g) {
        return VG_REFUSED_WEIGHT;
    }
    if (unit->per_kg && d->weight_g == 0) {
        d->weight_g = s->weight_g;
    }
    struct vg_quantity_terms terms = { d->weight_g, d->conc_ug_ml };
    enum vg_status status = vg_quantity_to_ug(&q, &terms, &d->amount_ug);
    if (status == VG_OK) {
        return VG_REFUSED_NOT;
    }
    return status == VG_ERR_ARG ? VG_REFUSED_NO_WEIGHT : VG_REFUSED_AMOUNT;
}

/* Must a person see the result before it counts? */
static bool asks_back(const struct vg_dose *d)
{
    const uint16_t far = VG_DEV_SOFT_RANGE | VG_DEV_HARD_RANGE | VG_DEV_OTHER_DRUG;
    struct vg_quantity q = { d->typed_number, d->places, d->unit };
    struct vg_quantity_terms terms = { d->weight_g, d->conc_ug_ml };
    return d->typed_number != 0 && (!vg_unit_get((enum vg_dose_unit)d->unit)->plain ||
                                    !vg_quantity_is_whole(&q, &terms) || (d->deviation & far) != 0);
}

/* A correction that says no time leaves it as it was. The record has milliseconds: what is computed
 * from a row must be what was computed from the command. */
static void settle_time(struct vg_step *st, struct vg_dose *d)
{
    const struct vg_dose_entry *e = d->what == VG_DW_AMEND && d->given_utc_ns == 0
                                        ? vg_dose_find(&st->bed->session, d->target)
                                        : NULL;
    if (e != NULL) {
        d->given_utc_ns = st->in->utc_ns - (st->in->mono_ns - e->given_ns);
    }
    if (d->given_utc_ns > 0) {
        d->given_utc_ns -= d->given_utc_ns % VG_NS_PER_MS;
    }
}

static enum vg_refusal judge(const struct vg_step *st, struct vg_dose *d)
{
    const struct vg_session *s = &st->bed->session;
    enum vg_refusal why = VG_REFUSED_NOT;

    if (s->seq == 0) {
        return VG_REFUSED_NO_SESSION;
    }
    if (s->kind != VG_SESSION_DOSING) {
        return VG_REFUSED_SESSION_KIND;
    }
    why = d->what == VG_DW_VOID ? VG_REFUSED_NOT : vg_happened_check(st, d->given_utc_ns);
    why = why == VG_REFUSED_NOT ? check_target(st, d) : why;
    why = why == VG_REFUSED_NOT ? convert(s, d) : why;
    if (why != VG_REFUSED_NOT) {
        return why;
    }
    vg_deviation_judge(st, d);
    if (d->what == VG_DW_GIVEN && st->in->utc_ns - d->given_utc_ns > LATE_ENTRY_NS) {
        d->deviation |= VG_DEV_LATE_ENTRY;
    }
    if (d->what == VG_DW_GIVEN && !has_place(s, d)) {
        d->deviation |= VG_DEV_UNCOUNTED;
    }
    if (d->what != VG_DW_VOID && !vg_dose_has_infusion(s, d)) {
        d->deviation |= VG_DEV_NOTHING_RUNS;
    }
    return asks_back(d) && d->confirm_ug != d->amount_ug ? VG_REFUSED_CONFIRM : VG_REFUSED_NOT;
}

void vg_dose_step(struct vg_step *st)
{
    struct vg_event ev = *st->in;
    struct vg_step as_judged = *st; /* what is recorded and answered has the computed members */

    if (vg_receipt_answer_known(st, ev.u.dose.request_id)) {
        return;
    }
    settle_time(st, &ev.u.dose);
    enum vg_refusal why = judge(st, &ev.u.dose);
    as_judged.in = &ev;
    if (why != VG_REFUSED_NOT) {
        vg_receipt_refuse(&as_judged, why);
        return;
    }
    uint64_t dose = apply(&st->bed->session, &ev);
    vg_receipt_accept(&as_judged, VG_DO_SEND | VG_DO_STATE);
    vg_schedule_dosed(st, dose);
    vg_phase_judge(st);
}

void vg_dose_replay(struct vg_step *st)
{
    struct vg_bed *bed = st->bed;

    vg_receipt_remember(bed, st->in);
    if (bed->session.seq != 0 && bed->session.seq == st->in->session) {
        vg_schedule_replay_dose(st, apply(&bed->session, st->in));
    }
}
