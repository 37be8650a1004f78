/*
 * dose.c -- a reported dose joins the session.
 *
 * A dose that was given is recorded whatever else is wrong; the only refusals are a bed without a
 * session (nobody to record it for) and a date that cannot be meant. Vigil does not advise doses.
 */
#include "core/step.h"

#define AHEAD_NS (24 * 3600 * VG_NS_PER_S)
#define BACK_NS (7 * AHEAD_NS)

static void add(struct vg_session *s, const struct vg_dose *d, int64_t reported_ns)
{
    switch ((enum vg_dose_kind)d->kind) {
    case VG_DOSE_BOLUS:
        s->bolus_total_ug += d->amount_ug;
        break;
    case VG_DOSE_INFUSION_START:
    case VG_DOSE_RATE_CHANGE:
        s->rate_ug_h = d->amount_ug;
        break;
    case VG_DOSE_STOP:
        s->rate_ug_h = 0;
        break;
    case VG_DOSE_KIND_COUNT:
        break;
    }
    s->dose_count++;
    s->last_dose_utc_ns = d->given_utc_ns;
    s->last_dose_ns = reported_ns;
}

void vg_dose_step(struct vg_step *st)
{
    const struct vg_dose *d = &st->in->u.dose;

    if (vg_receipt_answer_known(st, d->request_id)) {
        return;
    }
    if (st->bed->session.seq == 0) {
        vg_receipt_refuse(st, VG_REFUSED_NO_SESSION);
        return;
    }
    if (d->given_utc_ns > st->in->utc_ns + AHEAD_NS || d->given_utc_ns < st->in->utc_ns - BACK_NS) {
        vg_receipt_refuse(st, VG_REFUSED_GIVEN_AT);
        return;
    }
    add(&st->bed->session, d, st->in->mono_ns);
    vg_receipt_accept(st, VG_DO_SEND);
    vg_phase_judge(st);
}

void vg_dose_replay(struct vg_bed *bed, const struct vg_event *ev)
{
    vg_receipt_remember(bed, ev);
    if (bed->session.seq != 0 && bed->session.seq == ev->session) {
        add(&bed->session, &ev->u.dose, ev->mono_ns);
    }
}
