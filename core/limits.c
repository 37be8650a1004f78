/*
 * limits.c -- the limits of a session: they begin with it, people change them, they end with it.
 *
 * Every move of every limit is a row of its own in the record, so that any later reader knows what
 * an alarm was compared with, without the configuration of that day.
 * Trap: after a restart nothing tells people that the limits are not those of the configuration;
 * so each one that is in force again is said again.
 */
#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/alarm_limits.h"
#include "core/step.h"

static bool has_limit(enum vg_condition c)
{
    return vg_condition_get(c)->side != VG_SIDE_NONE;
}

static void say(struct vg_step *st, enum vg_condition c, enum vg_limit_cause cause,
                const struct vg_limit *old, const char *operator_id)
{
    const struct vg_limit *now = &st->bed->limits.of[c];
    struct vg_effect *fx = vg_step_emit(st, VG_EV_LIMIT, VG_DEVICE_NONE,
                                        VG_DO_RECORD | VG_DO_COMMIT | VG_DO_SEND);
    struct vg_limit_event *l = &fx->ev.u.limit;
    l->condition = (uint8_t)c;
    l->cause = (uint8_t)cause;
    l->old_milli = old->limit_milli;
    l->new_milli = now->limit_milli;
    l->sat_seconds = now->sat_seconds;
    if (operator_id != NULL) {
        memcpy(l->operator_id, operator_id, sizeof l->operator_id);
    }
}

static bool differs(const struct vg_limit *a, const struct vg_limit *b)
{
    return a->limit_milli != b->limit_milli || a->sat_seconds != b->sat_seconds;
}

void vg_limits_begin(struct vg_step *st)
{
    st->bed->limits = st->e->profiles[0];
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        if (has_limit((enum vg_condition)c)) {
            say(st, (enum vg_condition)c, VG_LC_BEGIN, &st->bed->limits.of[c], NULL);
        }
    }
}

uint8_t vg_limits_restore(struct vg_step *st)
{
    uint8_t moved = 0;
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        if (has_limit((enum vg_condition)c)) {
            say(st, (enum vg_condition)c, VG_LC_RESTORED, &st->bed->limits.of[c], NULL);
            moved = (uint8_t)(moved +
                              (differs(&st->bed->limits.of[c], &st->e->profiles[0].of[c]) ? 1 : 0));
        }
    }
    return moved;
}

void vg_limits_end(struct vg_step *st)
{
    struct vg_limits old = st->bed->limits;
    st->bed->limits = st->e->profiles[0];
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        if (has_limit((enum vg_condition)c) && differs(&old.of[c], &st->bed->limits.of[c])) {
            say(st, (enum vg_condition)c, VG_LC_ENDED, &old.of[c], NULL);
        }
    }
}

void vg_limits_replay(struct vg_bed *bed, const struct vg_event *ev)
{
    const struct vg_limit_event *l = &ev->u.limit;
    if (l->cause == VG_LC_ENDED) {
        return; /* back to the configuration: to that of today, whatever it was then */
    }
    bed->limits.of[l->condition].limit_milli = l->new_milli;
    bed->limits.of[l->condition].sat_seconds = l->sat_seconds;
}

/* --- a person's change ---------------------------------------------------------------------- */

static bool has_baseline(const struct vg_session *s)
{
    for (size_t i = 0; i < VG_BASE_COUNT; i++) {
        if (s->base[i] >= 0) {
            return true;
        }
    }
    return false;
}

/* What was asked for, as whole limits. */
static enum vg_refusal propose(const struct vg_step *st, struct vg_limits *out)
{
    const struct vg_limits_event *in = &st->in->u.limits;

    if (st->bed->session.seq == 0) {
        return VG_REFUSED_NO_SESSION;
    }
    *out = st->bed->limits;
    switch ((enum vg_limits_what)in->what) {
    case VG_LW_SET:
        out->of[in->index].limit_milli = in->limit_milli;
        break;
    case VG_LW_PROFILE:
        for (unsigned c = 0; c < VG_COND_COUNT; c++) {
            out->of[c].limit_milli = st->e->profiles[in->index].of[c].limit_milli;
            out->of[c].sat_seconds = st->e->profiles[in->index].of[c].sat_seconds;
        }
        break;
    case VG_LW_FORMULA:
        if (!has_baseline(&st->bed->session)) {
            return VG_REFUSED_NO_BASELINE;
        }
        vg_limits_formula(out, st->bed->session.base, vg_engine_protocol(st->e, st->in->bed));
        break;
    case VG_LW_COUNT:
        break;
    }
    return VG_REFUSED_NOT;
}

void vg_limits_command(struct vg_step *st)
{
    const struct vg_limits_event *in = &st->in->u.limits;
    struct vg_limits want;
    struct vg_limits old = st->bed->limits;
    enum vg_condition bad;
    const char *why = NULL;

    if (vg_receipt_answer_known(st, in->request_id)) {
        return;
    }
    enum vg_refusal no = propose(st, &want);
    if (no == VG_REFUSED_NOT && vg_limits_check(&want, &bad, &why) != VG_OK) {
        no = VG_REFUSED_LIMIT;
    }
    if (no != VG_REFUSED_NOT) {
        vg_receipt_refuse_why(st, no, why);
        return;
    }
    st->bed->limits = want;
    vg_receipt_accept(st, VG_DO_STATE);
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        if (differs(&old.of[c], &want.of[c])) {
            say(st, (enum vg_condition)c, VG_LC_CHANGED, &old.of[c], in->operator_id);
            vg_alarm_limits_moved(st, (enum vg_condition)c, in->operator_id);
        }
    }
}
