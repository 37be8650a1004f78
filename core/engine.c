/*
 * engine.c -- dispatch: one event to the part of the core that knows it.
 */
#include "core/engine.h"

#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/step.h"
#include "vigil/compiler.h"

void vg_engine_init(struct vg_engine *e, uint16_t bed_count, const struct vg_limits *limits)
{
    VG_ASSERT(bed_count <= VG_BEDS_MAX);
    e->seq = 0;
    e->begun_ns = VG_TIME_NONE;
    e->storage_bad = false;
    e->clock_bad = false;
    e->as_recorded = false;
    e->bed_count = bed_count;
    e->device_count = 0;
    e->profile_count = 1;
    e->profiles[0] = *limits;
    e->protocol_count = 0;
    vg_scales_default(&e->scales);
    memset(&e->routing, 0, sizeof e->routing);
    memset(e->sink_ok, 0, sizeof e->sink_ok);
    memset(e->sink_lost, 0, sizeof e->sink_lost);
    for (uint16_t b = 0; b < bed_count; b++) {
        struct vg_bed *bed = &e->beds[b];
        bed->first = VG_DEVICE_NONE;
        bed->last = VG_DEVICE_NONE;
        bed->limits = *limits;
        for (size_t i = 0; i < VG_CUFF_STARTS_HOUR; i++) {
            bed->cuff_start_ns[i] = VG_TIME_NONE;
        }
        for (size_t v = 0; v < VG_VITAL_COUNT; v++) {
            bed->speaker[v] = VG_DEVICE_NONE;
        }
        vg_alarm_init(bed);
    }
}

void vg_engine_add_profile(struct vg_engine *e, const struct vg_limits *limits)
{
    VG_ASSERT(e->profile_count < VG_PROFILES_MAX);
    e->profiles[e->profile_count++] = *limits;
}

void vg_engine_add_protocol(struct vg_engine *e, const struct vg_protocol *p)
{
    VG_ASSERT(e->protocol_count < VG_PROTOCOLS_MAX);
    e->protocols[e->protocol_count++] = *p;
}

void vg_engine_set_scales(struct vg_engine *e, const struct vg_scales *scales)
{
    VG_ASSERT(scales->count <= VG_SCALES_MAX);
    e->scales = *scales;
}

void vg_engine_set_routing(struct vg_engine *e, const struct vg_routing *routing)
{
    VG_ASSERT(routing->sink_count <= VG_SINKS_MAX);
    e->routing = *routing;
}

bool vg_engine_is_bound_elsewhere(const struct vg_engine *e, uint16_t device)
{
    const struct vg_member *m = &e->devices[device];
    return m->owner != VG_BED_NONE && e->beds[m->owner].session.seq == m->owner_session;
}

void vg_engine_add_device(struct vg_engine *e, uint16_t bed, uint32_t vitals, bool is_cuff,
                          bool test, int64_t now_ns)
{
    VG_ASSERT(bed < e->bed_count && e->device_count < VG_DEVICES_MAX);
    uint16_t d = e->device_count++;
    struct vg_member *m = &e->devices[d];

    memset(m, 0, sizeof *m);
    m->bed = bed;
    m->next = VG_DEVICE_NONE;
    m->vitals = vitals;
    m->is_cuff = is_cuff;
    m->flags = test ? VG_FLAG_TEST : 0;
    m->offline_ns = now_ns;
    m->back_ns = VG_TIME_NONE;
    m->owner = VG_BED_NONE;
    e->begun_ns = now_ns;
    vg_nibp_init(&m->nibp);
    for (size_t v = 0; v < VG_VITAL_COUNT; v++) {
        vg_fresh_init(&m->fresh[v]);
    }
    if (e->beds[bed].first == VG_DEVICE_NONE) {
        e->beds[bed].first = d;
    } else {
        e->devices[e->beds[bed].last].next = d;
    }
    e->beds[bed].last = d;
}

uint64_t vg_engine_next_seq(struct vg_engine *e)
{
    return ++e->seq;
}

bool vg_step_has_room(const struct vg_step *st, size_t n)
{
    return st->out->count + n <= VG_EFFECTS_MAX;
}

struct vg_effect *vg_step_emit(struct vg_step *st, enum vg_event_kind kind, uint16_t device,
                               uint8_t verbs)
{
    VG_ASSERT(vg_step_has_room(st, 1));
    struct vg_effect *fx = &st->out->of[st->out->count++];
    memset(fx, 0, sizeof *fx);
    fx->verbs = verbs;
    fx->ev.seq = vg_engine_next_seq(st->e);
    fx->ev.session = st->bed->session.seq;
    fx->ev.mono_ns = st->in->mono_ns;
    fx->ev.utc_ns = st->in->utc_ns;
    fx->ev.kind = (uint16_t)kind;
    fx->ev.bed = st->in->bed;
    fx->ev.device = device;
    fx->ev.flags = (uint16_t)(st->in->flags | (st->bed->session.test ? VG_FLAG_TEST : 0));
    if (kind == VG_EV_CARE) {
        fx->ev.u.care.at_utc_ns = st->in->utc_ns; /* what nobody stated happens now */
    }
    return fx;
}

/* The input itself goes out as it came, with the session it fell into. */
static void pass(struct vg_step *st, uint8_t verbs)
{
    VG_ASSERT(vg_step_has_room(st, 1));
    struct vg_effect *fx = &st->out->of[st->out->count++];
    memset(fx, 0, sizeof *fx);
    fx->ev = *st->in;
    fx->ev.session = st->bed->session.seq;
    fx->verbs = verbs;
}

static void device_moved(struct vg_step *st)
{
    struct vg_member *m = &st->e->devices[st->in->device];
    bool online = st->in->u.dev.to == VG_PORT_ONLINE;

    m->port = st->in->u.dev.to;
    pass(st, VG_DO_SEND | VG_DO_RECORD);
    if (online) {
        m->offline_ns = VG_TIME_NONE;
        vg_vitals_cause_ends(st, VG_COND_LINK_DEVICE, st->in->device);
    } else if (m->offline_ns == VG_TIME_NONE) {
        m->offline_ns = st->in->mono_ns;
    }
    vg_cuff_link(st, st->in->device, online);
}

static void acknowledge(struct vg_step *st)
{
    const struct vg_ack *ack = &st->in->u.ack;

    if (vg_receipt_answer_known(st, ack->request_id)) {
        return;
    }
    enum vg_refusal why = vg_alarm_acknowledge(st, ack->instance, ack->operator_id);
    if (why == VG_REFUSED_NOT) {
        vg_receipt_accept(st, 0);
    } else {
        vg_receipt_refuse(st, why);
    }
}

/* The order of trust: who must act, what it is compared with, then what went on meanwhile. */
static void restarted(struct vg_step *st)
{
    uint8_t limits = 0;

    vg_inhibit_all(st, VG_II_RESTART);
    vg_alarm_restart(st);
    for (uint16_t d = st->bed->first; d != VG_DEVICE_NONE; d = st->e->devices[d].next) {
        vg_cuff_restart(st, d);
    }
    if (st->bed->session.seq != 0) {
        limits = vg_limits_restore(st);
        vg_care_restore(st);
        vg_session_bind(st);
        vg_phase_judge(st);
        vg_alarm_technical(st, VG_COND_RESTARTED, VG_SUBJECT_NONE, true, VG_PRIO_LOW);
        vg_alarm_technical(st, VG_COND_RESTARTED, VG_SUBJECT_NONE, false, VG_PRIO_LOW);
    }
    pass(st, VG_DO_SEND | VG_DO_STATE);
    st->out->of[st->out->count - 1].ev.u.daemon.limits = limits;
}

static void daemon_event(struct vg_step *st)
{
    switch ((enum vg_daemon_what)st->in->u.daemon.what) {
    case VG_DAEMON_RESTARTED:
        restarted(st);
        break;
    case VG_DAEMON_STORAGE_BAD:
        st->e->storage_bad = true;
        vg_alarm_technical(st, VG_COND_STORAGE, VG_SUBJECT_NONE, true, VG_PRIO_MED);
        break;
    case VG_DAEMON_STORAGE_GOOD:
        st->e->storage_bad = false;
        vg_alarm_technical(st, VG_COND_STORAGE, VG_SUBJECT_NONE, false, VG_PRIO_MED);
        break;
    case VG_DAEMON_CLOCK_BAD:
        st->e->clock_bad = true; /* told on the next tick, if a session is open */
        break;
    case VG_DAEMON_CLOCK_GOOD:
        st->e->clock_bad = false;
        vg_alarm_technical(st, VG_COND_CLOCK, VG_SUBJECT_NONE, false, VG_PRIO_LOW);
        break;
    case VG_DAEMON_STARTED:
    case VG_DAEMON_STOPPING:
    case VG_DAEMON_WHAT_COUNT:
        break;
    }
}

/* What a device says that belongs to somebody else's session: nobody's here (IDENTITY). */
static bool is_blocked(const struct vg_engine *e, const struct vg_event *ev)
{
    const uint32_t measured = 1u << VG_EV_READING | 1u << VG_EV_NIBP | 1u << VG_EV_WAVE |
                              1u << VG_EV_SIGNAL | 1u << VG_EV_CUFF;
    return (measured & (1u << ev->kind)) != 0 && ev->device < e->device_count &&
           vg_engine_is_bound_elsewhere(e, ev->device);
}

static void wave(struct vg_step *st)
{
    pass(st, (st->in->flags & VG_FLAG_ARCHIVE) != 0 ? VG_DO_RECORD : VG_DO_SEND);
}

static void signal(struct vg_step *st)
{
    pass(st, VG_DO_SEND | VG_DO_RECORD);
    vg_vitals_signal(st);
}

/* A step is over as soon as it is said: what latches is the message. */
static void clock_stepped(struct vg_step *st)
{
    vg_alarm_technical(st, VG_COND_CLOCK, VG_SUBJECT_NONE, true, VG_PRIO_LOW);
    if (!st->e->clock_bad) {
        vg_alarm_technical(st, VG_COND_CLOCK, VG_SUBJECT_NONE, false, VG_PRIO_LOW);
    }
}

static void tick(struct vg_step *st)
{
    vg_alarm_tick(st);
    vg_alert_tick(st);
    vg_schedule_tick(st);
    vg_phase_judge(st);
    if (st->e->storage_bad) {
        /* The end of a session closed it; the disk is as bad as before. */
        vg_alarm_technical(st, VG_COND_STORAGE, VG_SUBJECT_NONE, true, VG_PRIO_MED);
    }
    if (st->e->clock_bad && st->bed->session.seq != 0) {
        vg_alarm_technical(st, VG_COND_CLOCK, VG_SUBJECT_NONE, true, VG_PRIO_LOW);
    }
    vg_vitals_tick(st);
}

/* Who handles which input. Kinds that only the engine makes have nobody. */
static void (*const handlers[VG_EV_KIND_COUNT])(struct vg_step *st) = {
    [VG_EV_READING] = vg_vitals_reading,
    [VG_EV_NIBP] = vg_cuff_result,
    [VG_EV_WAVE] = wave,
    [VG_EV_DEVICE] = device_moved,
    [VG_EV_SIGNAL] = signal,
    [VG_EV_CUFF] = vg_cuff_word,
    [VG_EV_SESSION] = vg_session_step,
    [VG_EV_DOSE] = vg_dose_step,
    [VG_EV_ACK] = acknowledge,
    [VG_EV_NIBP_COMMAND] = vg_cuff_command,
    [VG_EV_CLOCK] = clock_stepped,
    [VG_EV_DAEMON] = daemon_event,
    [VG_EV_INHIBIT] = vg_inhibit_command,
    [VG_EV_LIMITS] = vg_limits_command,
    [VG_EV_CARE] = vg_care_command,
    [VG_EV_SINK] = vg_sink_step,
    [VG_EV_TICK] = tick,
};

void vg_engine_step(struct vg_engine *e, const struct vg_event *ev, struct vg_effects *out)
{
    VG_ASSERT(ev->bed < e->bed_count);
    struct vg_step st = { .e = e, .bed = &e->beds[ev->bed], .in = ev, .out = out };
    out->count = 0;

    if (ev->kind < VG_EV_KIND_COUNT && handlers[ev->kind] != NULL && !is_blocked(e, ev)) {
        handlers[ev->kind](&st);
    }
}

void vg_engine_remember(struct vg_engine *e, const struct vg_event *ev)
{
    if (ev->bed < e->bed_count && vg_event_request_id(ev) != NULL) {
        vg_receipt_remember(&e->beds[ev->bed], ev);
    }
}

void vg_engine_take_back(struct vg_engine *e, const struct vg_event *ev)
{
    if (ev->kind == VG_EV_DOSE && ev->bed < e->bed_count) {
        vg_dose_take_back(&e->beds[ev->bed].session, ev);
    }
}

void vg_engine_replay(struct vg_engine *e, const struct vg_event *ev)
{
    if (ev->seq > e->seq) {
        e->seq = ev->seq;
    }
    if (ev->bed >= e->bed_count) {
        return;
    }
    struct vg_bed *bed = &e->beds[ev->bed];
    struct vg_member *m = ev->device < e->device_count ? &e->devices[ev->device] : NULL;
    struct vg_step st = { .e = e, .bed = bed, .in = ev, .out = NULL }; /* nothing is emitted */
    bed->replayed = true;
    switch (ev->kind) {
    case VG_EV_SESSION:
        vg_session_replay(e, bed, ev);
        break;
    case VG_EV_DOSE:
        vg_dose_replay(&st);
        break;
    case VG_EV_ALARM:
        vg_alarm_replay(e, ev);
        break;
    case VG_EV_LIMIT:
        vg_limits_replay(bed, ev);
        break;
    case VG_EV_CARE:
        vg_care_replay(&st);
        break;
    case VG_EV_PLAN:
        vg_schedule_replay(bed, ev);
        break;
    case VG_EV_NIBP:
        vg_cuff_replay_result(&st);
        break;
    case VG_EV_ACK:
    case VG_EV_NIBP_COMMAND:
    case VG_EV_LIMITS:
        vg_receipt_remember(bed, ev);
        break;
    case VG_EV_INHIBIT:
        if (ev->u.inhibit.request_id[0] != '\0') {
            vg_receipt_remember(bed, ev); /* what it inhibited ended with the run */
        }
        break;
    case VG_EV_BIND:
        if (m != NULL) {
            m->owner = m->bed != ev->bed ? ev->bed : VG_BED_NONE;
            m->owner_session = ev->session;
        }
        break;
    case VG_EV_CUFF:
        vg_cuff_replay_state(&st);
        break;
    default:
        break; /* measured, or already decided: stands in other rows */
    }
}

bool vg_engine_vital(const struct vg_engine *e, uint16_t device, enum vg_vital v, int64_t now_ns,
                     struct vg_event *out)
{
    const struct vg_member *m = &e->devices[device];
    const struct vg_fresh *f = &m->fresh[v];

    if (f->valid_ns == VG_TIME_NONE && f->quality == VG_QUALITY_UNAVAILABLE) {
        return false;
    }
    memset(out, 0, sizeof *out);
    out->kind = VG_EV_READING;
    out->seq = f->seq;
    out->bed = m->bed;
    out->device = device;
    out->session = e->beds[m->bed].session.seq;
    out->mono_ns = f->valid_ns;
    out->utc_ns = f->valid_utc_ns;
    out->flags = f->flags;
    out->u.reading.vital = (uint8_t)v;
    out->u.reading.value_milli = f->value_milli;
    out->u.reading.quality = f->quality;
    out->u.reading.fresh = (uint8_t)vg_fresh_state(f, v, now_ns);
    out->u.reading.age_ns = vg_fresh_age_ns(f, now_ns);
    return true;
}

void vg_engine_device_state(const struct vg_engine *e, uint16_t device, const struct vg_now *now,
                            struct vg_event *out)
{
    const struct vg_member *m = &e->devices[device];
    memset(out, 0, sizeof *out);
    out->kind = VG_EV_DEVICE;
    out->seq = e->seq;
    out->bed = m->bed;
    out->device = device;
    out->session = e->beds[m->bed].session.seq;
    out->mono_ns = now->mono_ns;
    out->utc_ns = now->utc_ns;
    out->flags = m->flags;
    out->u.dev.from = m->port;
    out->u.dev.to = m->port;
}

bool vg_engine_bed_is_test(const struct vg_engine *e, uint16_t bed)
{
    for (uint16_t d = e->beds[bed].first; d != VG_DEVICE_NONE; d = e->devices[d].next) {
        if ((e->devices[d].flags & VG_FLAG_TEST) != 0) {
            return true;
        }
    }
    return false;
}
