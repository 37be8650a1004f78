/*
 * phase.c -- the phase of a session: what must be live now, and whether a drug acts.
 *
 * With a protocol its rows say it, by the time since the first dose. Without one it follows from the
 * doses: something was given within the last hour, or an infusion runs.
 */
#include <string.h>

#include "core/step.h"

#define DOSING_NS (3600 * VG_NS_PER_S)
/* MOAA/S of 5 so often in a row: the person is awake. */
#define AWAKE 2

#define NIBP (1u << VG_VITAL_NIBP_SYS | 1u << VG_VITAL_NIBP_DIA | 1u << VG_VITAL_NIBP_MEAN)

static struct vg_phase by_protocol(const struct vg_step *st, const struct vg_protocol *p)
{
    const struct vg_session *s = &st->bed->session;
    bool begun = s->clock.first_ns != VG_TIME_NONE;
    int64_t at_s = begun ? (st->in->mono_ns - s->clock.first_ns) / VG_NS_PER_S : -1;
    const struct vg_phase_row *row = vg_protocol_phase(p, at_s);
    struct vg_phase out = { row->required, 0, row->dosing, (uint8_t)(row - p->phases) };

    /* What was given later than planned acts on, whatever the plan says. */
    out.dosing = out.dosing || s->clock.running_ns != VG_TIME_NONE ||
                 (s->clock.end_ns != VG_TIME_NONE &&
                  st->in->mono_ns - s->clock.end_ns < p->floor_last_s * VG_NS_PER_S);
    if (row->relaxes && s->awake >= AWAKE && !out.dosing) {
        out.required = 0;
    }
    if (out.dosing) {
        out.required |= NIBP;
        out.unpausable = out.required;
    }
    return out;
}

static struct vg_phase phase_of(const struct vg_step *st)
{
    const struct vg_session *s = &st->bed->session;
    const struct vg_protocol *protocol = vg_engine_protocol(st->e, st->in->bed);
    struct vg_phase p = { 0, 0, false, 0 };

    if (protocol != NULL) {
        return by_protocol(st, protocol);
    }
    if (s->seq == 0 || s->kind != VG_SESSION_DOSING) {
        return p;
    }
    p.dosing = s->clock.running_ns != VG_TIME_NONE ||
               (s->clock.end_ns != VG_TIME_NONE && st->in->mono_ns - s->clock.end_ns < DOSING_NS);
    p.required = 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE;
    if (p.dosing) {
        p.required |= NIBP;
        p.unpausable = p.required;
    }
    return p;
}

static void say(struct vg_step *st, uint8_t row)
{
    struct vg_effect *fx = vg_step_emit(st, VG_EV_PLAN, VG_DEVICE_NONE, VG_DO_SEND | VG_DO_RECORD);
    fx->ev.u.plan.what = VG_PW_PHASE;
    fx->ev.u.plan.index = row;
    fx->ev.u.plan.protocol = st->bed->session.protocol;
}

void vg_phase_judge(struct vg_step *st)
{
    struct vg_phase now = phase_of(st);
    struct vg_phase *p = &st->bed->phase;
    bool asks_more = now.required != p->required || now.unpausable != p->unpausable;
    bool moved = vg_engine_protocol(st->e, st->in->bed) != NULL && now.row != p->row;

    *p = now;
    if (moved) {
        say(st, now.row);
    }
    if (asks_more) {
        vg_inhibit_all(st, VG_II_PHASE);
    }
}

enum vg_priority vg_technical_priority(const struct vg_step *st, enum vg_priority p)
{
    return st->bed->session.seq != 0 ? p : VG_PRIO_LOW;
}
