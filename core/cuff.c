/*
 * cuff.c -- commands, words and results of cuffs, brought to the determination machine.
 *
 * A result counts only when the machine waited for one. Two failed readings in a row open
 * NIBP_FAIL; a person's abort is not a failure, and a reading somebody took at the device's own
 * button is recorded as foreign and never shown as the session's.
 */
#include <string.h>

#include "core/step.h"
#include "vigil/compiler.h"

#define HOUR_NS (3600 * VG_NS_PER_S)

static void report_result(struct vg_step *st, uint16_t device, const struct vg_nibp *r)
{
    struct vg_member *m = &st->e->devices[device];
    struct vg_effect *fx = vg_step_emit(st, VG_EV_NIBP, device,
                                        VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT);
    fx->ev.u.nibp = *r;
    fx->ev.flags = m->flags;
    if (r->error == VG_NIBP_FOREIGN || m->foreign) {
        return;
    }
    if (r->error == VG_NIBP_OK) {
        m->fails = 0;
        vg_vitals_episodic(st, VG_VITAL_NIBP_SYS, r->sys_milli);
        vg_vitals_episodic(st, VG_VITAL_NIBP_DIA, r->dia_milli);
        vg_vitals_episodic(st, VG_VITAL_NIBP_MEAN, r->mean_milli);
        if (r->pulse_rate_milli > 0) {
            vg_vitals_episodic(st, VG_VITAL_NIBP_PULSE_RATE, r->pulse_rate_milli);
        }
        vg_alarm_technical(st, VG_COND_NIBP_FAIL, device, false, VG_PRIO_MED);
        vg_pressure_taken(st, r->sys_milli, r->dia_milli, st->in->mono_ns);
    } else if (r->error == VG_NIBP_USER_ABORT) {
        vg_schedule_cuff_aborted(st);
    } else {
        m->fails = m->fails < 255 ? (uint8_t)(m->fails + 1) : m->fails;
        if (m->fails >= 2) {
            vg_alarm_technical(st, VG_COND_NIBP_FAIL, device, true, VG_PRIO_MED);
        }
    }
}

static void say_state(struct vg_step *st, uint16_t device)
{
    struct vg_member *m = &st->e->devices[device];
    struct vg_effect *fx = vg_step_emit(st, VG_EV_CUFF, device,
                                        VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT);
    fx->ev.u.cuff.is_state = true;
    fx->ev.u.cuff.state = m->nibp.state;
    fx->ev.flags = m->flags;
}

/* Carry out what one step of the machine asked for. */
static void follow(struct vg_step *st, uint16_t device, struct vg_nibp_step step)
{
    if (step.request != VG_REQ_NONE) {
        struct vg_effect *fx = vg_step_emit(st, VG_EV_CUFF, device, VG_DO_REQUEST);
        fx->request = step.request;
    }
    if (step.moved) {
        say_state(st, device);
    }
    if (step.error != VG_NIBP_OK) {
        struct vg_nibp failed;
        memset(&failed, 0, sizeof failed);
        failed.error = step.error;
        report_result(st, device, &failed);
    }
}

/* One person, one arm at a time: the other cuffs of the bed count as this one does. */
enum vg_refusal vg_cuff_may_start(const struct vg_step *st, uint16_t device)
{
    const struct vg_bed *bed = st->bed;
    unsigned in_hour = 0;

    if (vg_engine_is_bound_elsewhere(st->e, device)) {
        return VG_REFUSED_BOUND;
    }
    for (uint16_t d = bed->first; d != VG_DEVICE_NONE; d = st->e->devices[d].next) {
        const struct vg_member *m = &st->e->devices[d];
        enum vg_refusal why = m->is_cuff ? vg_nibp_may_start(&m->nibp) : VG_REFUSED_NOT;
        bool away = d != device && why == VG_REFUSED_CUFF_OFFLINE; /* off the arm, once deflated */
        bool rests = m->nibp.state == VG_NS_COOLDOWN;
        if (away ? rests || vg_nibp_may_hold(&m->nibp, st->in->mono_ns) : why != VG_REFUSED_NOT) {
            return d == device ? why : VG_REFUSED_CUFF_BUSY;
        }
    }
    for (size_t i = 0; i < VG_CUFF_STARTS_HOUR; i++) {
        int64_t at_ns = bed->cuff_start_ns[i];
        in_hour += at_ns != VG_TIME_NONE && st->in->mono_ns - at_ns < HOUR_NS ? 1u : 0;
    }
    return in_hour >= VG_CUFF_STARTS_HOUR ? VG_REFUSED_CUFF_HOUR : VG_REFUSED_NOT;
}

/* It counts for the hour, also when it is read again. */
static void count_start(struct vg_bed *bed, int64_t at_ns)
{
    bed->cuff_start_ns[bed->cuff_start_next] = at_ns;
    bed->cuff_start_next = (uint8_t)((bed->cuff_start_next + 1) % VG_CUFF_STARTS_HOUR);
}

void vg_cuff_start(struct vg_step *st, uint16_t device)
{
    struct vg_member *m = &st->e->devices[device];
    m->foreign = false;
    count_start(st->bed, st->in->mono_ns);
    follow(st, device, vg_nibp_step(&m->nibp, VG_NI_START, st->in->mono_ns));
}

void vg_cuff_command(struct vg_step *st)
{
    const struct vg_nibp_command *cmd = &st->in->u.command;
    uint16_t device = st->in->device;
    struct vg_member *m = device < st->e->device_count ? &st->e->devices[device] : NULL;

    if (vg_receipt_answer_known(st, cmd->request_id)) {
        return;
    }
    if (m == NULL || !m->is_cuff || m->bed != st->in->bed) {
        vg_receipt_refuse(st, VG_REFUSED_NOT_A_CUFF);
        return;
    }
    enum vg_refusal why = VG_REFUSED_NOT;
    if (cmd->what == VG_REQ_NIBP_START && !st->e->as_recorded) {
        why = vg_cuff_may_start(st, device);
    }
    if (why != VG_REFUSED_NOT) {
        vg_receipt_refuse(st, why);
        return;
    }
    vg_receipt_accept(st, 0);
    if (st->e->as_recorded) {
        m->foreign = m->foreign && cmd->what != VG_REQ_NIBP_START;
    } else if (cmd->what == VG_REQ_NIBP_START) {
        vg_cuff_start(st, device);
    } else {
        follow(st, device, vg_nibp_step(&m->nibp, VG_NI_ABORT, st->in->mono_ns));
    }
}

void vg_cuff_word(struct vg_step *st)
{
    static const uint8_t input_of[VG_CUFF_WORD_COUNT] = {
        [VG_CUFF_ACCEPTED] = VG_NI_ACCEPTED, [VG_CUFF_BUSY] = VG_NI_BUSY,
        [VG_CUFF_RUNNING] = VG_NI_RUNNING,   [VG_CUFF_COMPLETED] = VG_NI_COMPLETED,
        [VG_CUFF_ABORTED] = VG_NI_ABORTED,   [VG_CUFF_REFUSED] = VG_NI_REFUSED,
        [VG_CUFF_IDLE] = VG_NI_IDLE,
    };
    struct vg_member *m = &st->e->devices[st->in->device];
    if (st->e->as_recorded) {
        m->nibp.state = st->in->u.cuff.state;
        return;
    }
    VG_ASSERT(st->in->u.cuff.word < VG_CUFF_WORD_COUNT);
    follow(
        st, st->in->device,
        vg_nibp_step(&m->nibp, (enum vg_nibp_input)input_of[st->in->u.cuff.word], st->in->mono_ns));
}

void vg_cuff_result(struct vg_step *st)
{
    struct vg_member *m = &st->e->devices[st->in->device];
    struct vg_nibp result = st->in->u.nibp;
    if (st->e->as_recorded) {
        report_result(st, st->in->device, &result);
        return;
    }
    struct vg_nibp_step step = vg_nibp_step(&m->nibp, VG_NI_RESULT, st->in->mono_ns);

    if (!step.accept || m->foreign) {
        result.error = VG_NIBP_FOREIGN; /* nobody asked: not a reading of this session */
    }
    report_result(st, st->in->device, &result);
    follow(st, st->in->device, step);
}

void vg_cuff_pressure(struct vg_step *st, int32_t milli)
{
    struct vg_member *m = &st->e->devices[st->in->device];
    if (st->e->as_recorded) {
        return;
    }
    follow(st, st->in->device, vg_nibp_pressure(&m->nibp, milli, st->in->mono_ns));
}

void vg_cuff_link(struct vg_step *st, uint16_t device, bool up)
{
    struct vg_member *m = &st->e->devices[device];
    if (m->is_cuff && m->nibp.link_up != up && !st->e->as_recorded) {
        follow(st, device,
               vg_nibp_step(&m->nibp, up ? VG_NI_LINK_UP : VG_NI_LINK_DOWN, st->in->mono_ns));
    }
}

/* The record is read from the last start on: an abort that is owed is said again at each, or a
 * second crash would forget the inflated cuff. */
void vg_cuff_restart(struct vg_step *st, uint16_t device)
{
    struct vg_nibp_machine *m = &st->e->devices[device].nibp;
    vg_nibp_restore(m, (enum vg_nibp_state)m->state, st->in->mono_ns);
    if (m->state != VG_NS_IDLE) {
        say_state(st, device);
    }
}

void vg_cuff_tick(struct vg_step *st, uint16_t device)
{
    if (!st->e->as_recorded) {
        follow(st, device, vg_nibp_tick(&st->e->devices[device].nibp, st->in->mono_ns));
    }
}

/* --- rows read again ------------------------------------------------------------------------ */

void vg_cuff_replay_result(struct vg_step *st)
{
    const struct vg_nibp *r = &st->in->u.nibp;
    struct vg_session *s = &st->bed->session;

    if (s->seq != 0 && s->seq == st->in->session && r->error == VG_NIBP_OK) {
        struct vg_pressure p = { st->in->mono_ns, st->in->seq, r->sys_milli, r->dia_milli };
        vg_pressure_keep(s, &p);
    }
}

void vg_cuff_replay_state(struct vg_step *st)
{
    const struct vg_event *ev = st->in;
    struct vg_member *m = ev->device < st->e->device_count ? &st->e->devices[ev->device] : NULL;

    if (m == NULL || !m->is_cuff || !ev->u.cuff.is_state) {
        return;
    }
    m->nibp.state = ev->u.cuff.state; /* wherever it is now: it may be inflated */
    if (ev->u.cuff.state == VG_NS_STARTING) {
        count_start(&st->e->beds[m->bed], ev->mono_ns);
    }
    st->e->beds[m->bed].replayed = true;
}
