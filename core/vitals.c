/*
 * vitals.c -- readings of a bed: freshness, which device speaks for a vital, and what alarms see.
 *
 * When several devices of one bed measure the same vital, the first in the order of the
 * configuration that is fresh speaks for it: its samples meet the limits. All of them are
 * published under their own device. Values that come one at a time stay fresh for a quarter of an
 * hour, so there the newest speaks: else the second cuff of a bed would raise nothing.
 * Trap: a sample that arrives while machine F is not yet fresh again may raise an alarm, never
 * clear one.
 */
#include <string.h>

#include "core/step.h"
#include "vigil/compiler.h"

/* Three good samples of the slowest continuous device that is usual take less. */
#define RETURN_NS (5 * VG_NS_PER_S)
#define SENSOR_GONE (VG_SIGNAL_SENSOR_OFF | VG_SIGNAL_SENSOR_UNPLUGGED)

static bool is_valid(uint8_t quality)
{
    return quality == VG_QUALITY_OK || quality == VG_QUALITY_QUESTIONABLE;
}

/* While something acts, losing sight of the person is worse. */
static enum vg_priority loss_priority(const struct vg_step *st)
{
    return vg_technical_priority(st, st->bed->phase.dosing ? VG_PRIO_HIGH : VG_PRIO_MED);
}

/* ... but not when only a cuff is gone: its readings come one at a time. */
static enum vg_priority device_priority(const struct vg_step *st, uint16_t d)
{
    uint32_t live = 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE;
    return (st->e->devices[d].vitals & live) != 0 ? loss_priority(st)
                                                  : vg_technical_priority(st, VG_PRIO_MED);
}

/* Of two devices with the same freshness: does the later one in the configuration speak? */
static bool is_newer(const struct vg_step *st, enum vg_vital v, uint16_t d, uint16_t who)
{
    return !vg_vital_get(v)->continuous && who != VG_DEVICE_NONE &&
           st->e->devices[d].fresh[v].valid_ns > st->e->devices[who].fresh[v].valid_ns;
}

/* The best state any device of the bed has for a vital, and who has it. NEVER counts as worst:
 * a vital nobody ever delivered is not lost. */
static enum vg_freshness best_of_bed(const struct vg_step *st, enum vg_vital v, uint16_t *who)
{
    static const uint8_t rank[VG_FRESH_COUNT] = { 0, 3, 2, 1 };
    enum vg_freshness best = VG_FRESH_NEVER;

    *who = VG_DEVICE_NONE;
    for (uint16_t d = st->bed->first; d != VG_DEVICE_NONE; d = st->e->devices[d].next) {
        const struct vg_member *m = &st->e->devices[d];
        uint8_t state = m->fresh[v].state;
        if ((m->vitals & (1u << v)) != 0 &&
            (rank[state] > rank[best] || (state == best && is_newer(st, v, d, *who)))) {
            best = (enum vg_freshness)state;
            *who = d;
        }
    }
    return best;
}

static bool is_lost(uint8_t fresh)
{
    return fresh == VG_FRESH_STALE || fresh == VG_FRESH_LOST;
}

/* Does something else already tell, or is it about to, why this device lost its vital? An open alarm
 * about its link or sensor; a link just broken, whose own alarm comes at ten seconds; or such an
 * alarm that has just ended, while the three good samples are still coming. The last two end by
 * themselves, so a device that keeps flapping is not excused for ever. */
static bool is_explained(const struct vg_step *st, uint16_t d, enum vg_vital v)
{
    const struct vg_member *m = &st->e->devices[d];
    int64_t now_ns = st->in->mono_ns;

    /* A sign of what was is no cause: it would hide for ever what is lost now. */
    if ((vg_alarm_is_active(st, VG_COND_LINK_DEVICE, d) && m->offline_ns != VG_TIME_NONE) ||
        vg_alarm_is_active(st, VG_COND_SENSOR_OFF, d) ||
        vg_alarm_is_active(st, VG_COND_IDENTITY, d)) {
        return true;
    }
    if (m->back_ns != VG_TIME_NONE && now_ns - m->back_ns < RETURN_NS) {
        return true;
    }
    int64_t age_ns = vg_fresh_age_ns(&m->fresh[v], now_ns);
    return m->offline_ns != VG_TIME_NONE && st->bed->limits.of[VG_COND_LINK_DEVICE].enabled &&
           age_ns >= 0 && age_ns <= vg_vital_get(v)->lost_ns;
}

/* One cause, one alarm; the record still has every move of machine F. */
static bool is_grouped(const struct vg_step *st, enum vg_vital v)
{
    for (uint16_t d = st->bed->first; d != VG_DEVICE_NONE; d = st->e->devices[d].next) {
        const struct vg_member *m = &st->e->devices[d];
        if ((m->vitals & (1u << v)) != 0 && is_lost(m->fresh[v].state) && !is_explained(st, d, v)) {
            return false;
        }
    }
    return true;
}

/* The bed's DATA_LOST of one vital. Asked on every tick too: its cause may have been told by
 * another alarm that has ended since, and a session may have begun. */
static void judge_data(struct vg_step *st, enum vg_vital v, enum vg_freshness best)
{
    enum vg_priority prio = best == VG_FRESH_LOST ? loss_priority(st) : VG_PRIO_LOW;

    if (vg_vital_get(v)->lost_ns == 0 || best == VG_FRESH_NEVER) {
        return;
    }
    if (!is_lost((uint8_t)best) || !is_grouped(st, v)) {
        vg_alarm_technical(st, VG_COND_DATA_LOST, (uint16_t)v, is_lost((uint8_t)best), prio);
    }
}

/* Judge the bed's data conditions of one vital after machine F moved somewhere. */
static void judge_vital(struct vg_step *st, enum vg_vital v)
{
    uint16_t who;
    enum vg_freshness best = best_of_bed(st, v, &who);

    st->bed->speaker[v] = who;
    if (is_lost((uint8_t)best)) {
        vg_alarm_stale(st, v);
    }
    judge_data(st, v, best);
}

static void say_freshness(struct vg_step *st, uint16_t device, enum vg_vital v,
                          struct vg_fresh_result res)
{
    const struct vg_fresh *f = &st->e->devices[device].fresh[v];
    struct vg_effect *fx = vg_step_emit(st, VG_EV_FRESHNESS, device, VG_DO_SEND | VG_DO_RECORD);
    fx->ev.flags = f->flags;
    fx->ev.u.fresh.vital = (uint8_t)v;
    fx->ev.u.fresh.from = res.from;
    fx->ev.u.fresh.to = f->state;
    fx->ev.u.fresh.age_ns = vg_fresh_age_ns(f, st->in->mono_ns);
    fx->ev.u.fresh.sensor_off = f->sensor_off;
}

static void fresh_moved(struct vg_step *st, uint16_t device, enum vg_vital v,
                        struct vg_fresh_result res)
{
    if (res.row != 0) {
        say_freshness(st, device, v, res);
        judge_vital(st, v);
    }
}

static void classify_sample(struct vg_step *st, uint16_t device, enum vg_vital v)
{
    const struct vg_fresh *f = &st->e->devices[device].fresh[v];

    if (!vg_vital_get(v)->continuous) {
        st->bed->speaker[v] = device;
    }
    uint16_t speaker = st->bed->speaker[v];
    if (speaker != device && speaker != VG_DEVICE_NONE) {
        return;
    }
    bool raise_only = f->quality != VG_QUALITY_OK || f->state != VG_FRESH_FRESH;
    if (f->quality == VG_QUALITY_OK && f->state == VG_FRESH_FRESH) {
        vg_recent_add(st->bed, v, f->value_milli, f->valid_ns);
    }
    vg_due_measured(st, v, st->in->mono_ns);
    vg_alarm_sample(st, v, f->value_milli, raise_only, device, f->flags);
}

/* The sample into machine F, the reading out to the stream with its freshness. */
static void take_reading(struct vg_step *st, struct vg_effect *fx, bool record)
{
    struct vg_event *ev = &fx->ev;
    enum vg_vital v = (enum vg_vital)ev->u.reading.vital;
    struct vg_fresh *f = &st->e->devices[ev->device].fresh[v];

    struct vg_fresh_result res = vg_fresh_sample(f, v, ev);
    ev->u.reading.fresh = f->state;
    ev->session = st->bed->session.seq;
    fx->verbs = (uint8_t)(VG_DO_SEND | (record ? VG_DO_RECORD : 0));
    fresh_moved(st, ev->device, v, res);
    if (is_valid(ev->u.reading.quality)) {
        classify_sample(st, ev->device, v);
    }
}

void vg_vitals_reading(struct vg_step *st)
{
    enum vg_vital v = (enum vg_vital)st->in->u.reading.vital;
    struct vg_member *m = &st->e->devices[st->in->device];

    if (v == VG_VITAL_CUFF_PRESSURE) {
        if (is_valid(st->in->u.reading.quality)) {
            vg_cuff_pressure(st, st->in->u.reading.value_milli);
        }
        if (!vg_nibp_is_measuring(&m->nibp)) {
            return; /* an idle cuff's zero is no news */
        }
    }
    /* After a stop of the loop a reading may come before the tick: the gap counts all the same. */
    fresh_moved(st, st->in->device, v,
                vg_fresh_tick(&m->fresh[v], v, st->in->mono_ns, VG_TIME_NONE));
    VG_ASSERT(vg_step_has_room(st, 1));
    struct vg_effect *fx = &st->out->of[st->out->count++];
    memset(fx, 0, sizeof *fx);
    fx->ev = *st->in;
    if (is_valid(fx->ev.u.reading.quality) && fx->ev.u.reading.age_ns > vg_vital_get(v)->stale_ns) {
        fx->ev.u.reading.quality = VG_QUALITY_UNAVAILABLE; /* stale when it came: no value */
    }
    take_reading(st, fx, true);
}

void vg_vitals_episodic(struct vg_step *st, enum vg_vital v, int32_t value_milli)
{
    struct vg_effect *fx = vg_step_emit(st, VG_EV_READING, st->in->device, VG_DO_SEND);
    fx->ev.u.reading.vital = (uint8_t)v;
    fx->ev.u.reading.value_milli = value_milli;
    fx->ev.u.reading.quality = VG_QUALITY_OK;
    take_reading(st, fx, false);
}

void vg_vitals_cause_ends(struct vg_step *st, enum vg_condition c, uint16_t device)
{
    if (vg_alarm_is_open(st, c, device)) {
        st->e->devices[device].back_ns = st->in->mono_ns;
    }
    vg_alarm_technical(st, c, device, false, VG_PRIO_MED);
}

void vg_vitals_signal(struct vg_step *st)
{
    struct vg_member *m = &st->e->devices[st->in->device];
    bool off = (st->in->u.signal.bits & SENSOR_GONE) != 0;
    bool was_off = (m->signal & SENSOR_GONE) != 0;
    bool watched = false;

    m->signal = st->in->u.signal.bits;
    vg_alarm_technical(st, VG_COND_BATTERY, st->in->device,
                       (m->signal & VG_SIGNAL_LOW_BATTERY) != 0,
                       vg_technical_priority(st, VG_PRIO_MED));
    if (off == was_off) {
        return;
    }
    for (uint16_t v = 0; v < VG_VITAL_COUNT; v++) {
        if ((m->vitals & (1u << v)) == 0 || !vg_vital_get((enum vg_vital)v)->continuous) {
            continue;
        }
        watched = watched || m->fresh[v].state != VG_FRESH_NEVER;
    }
    /* The sensor condition first, so that the lost vitals group under it. An unused probe that
     * never delivered anything alarms nobody. */
    if (!off) {
        vg_vitals_cause_ends(st, VG_COND_SENSOR_OFF, st->in->device);
    } else if (watched) {
        vg_alarm_technical(st, VG_COND_SENSOR_OFF, st->in->device, true,
                           device_priority(st, st->in->device));
    }
    for (uint16_t v = 0; v < VG_VITAL_COUNT; v++) {
        if ((m->vitals & (1u << v)) != 0 && vg_vital_get((enum vg_vital)v)->continuous) {
            fresh_moved(st, st->in->device, (enum vg_vital)v, vg_fresh_sensor(&m->fresh[v], off));
        }
    }
}

/* Not online for this long: the cable, the power or the device needs somebody. */
#define OFFLINE_NS (10 * VG_NS_PER_S)

static bool has_fresh(const struct vg_member *m)
{
    for (uint16_t v = 0; v < VG_VITAL_COUNT; v++) {
        if (vg_vital_get((enum vg_vital)v)->continuous && m->fresh[v].state == VG_FRESH_FRESH) {
            return true;
        }
    }
    return false;
}

/* SENSOR_OFF is open. A restarted daemon has not heard the sensor's word, which comes only when it
 * changes: a value that is fresh again is word enough. */
static void tick_sensor(struct vg_step *st, uint16_t d)
{
    const struct vg_member *m = &st->e->devices[d];

    if ((m->signal & SENSOR_GONE) != 0) {
        vg_alarm_technical(st, VG_COND_SENSOR_OFF, d, true, device_priority(st, d));
        return;
    }
    if (has_fresh(m)) {
        vg_vitals_cause_ends(st, VG_COND_SENSOR_OFF, d);
    }
}

/* BATTERY is open or should be: the end of a session may have closed it. A device says it is low, and says nothing when it is not: after a restart, some
 * seconds of values without that word are word enough. */
static void tick_battery(struct vg_step *st, uint16_t d)
{
    const struct vg_member *m = &st->e->devices[d];
    bool low = (m->signal & VG_SIGNAL_LOW_BATTERY) != 0;

    if (low) {
        vg_alarm_technical(st, VG_COND_BATTERY, d, true, vg_technical_priority(st, VG_PRIO_MED));
    } else if (has_fresh(m) && st->in->mono_ns - st->e->begun_ns > OFFLINE_NS) {
        vg_alarm_technical(st, VG_COND_BATTERY, d, false, VG_PRIO_LOW);
    }
}

/* The device was moved here by configuration while the session it belongs to is open elsewhere. */
static void tick_identity(struct vg_step *st, uint16_t d)
{
    struct vg_member *m = &st->e->devices[d];
    bool bound = vg_engine_is_bound_elsewhere(st->e, d);

    vg_alarm_technical(st, VG_COND_IDENTITY, d, bound, VG_PRIO_HIGH);
    if (!bound) {
        m->owner = VG_BED_NONE;
    }
}

static void tick_device(struct vg_step *st, uint16_t d)
{
    struct vg_member *m = &st->e->devices[d];
    int64_t now_ns = st->in->mono_ns;
    int64_t required_ns = VG_TIME_NONE;

    if (st->bed->session.seq != 0) {
        /* After a restart the devices get the same time to be heard as after an opening. */
        required_ns = st->bed->session.opened_ns > st->e->begun_ns ? st->bed->session.opened_ns
                                                                   : st->e->begun_ns;
    }
    if (m->owner != VG_BED_NONE) {
        tick_identity(st, d);
    }
    if (m->offline_ns != VG_TIME_NONE && now_ns - m->offline_ns > OFFLINE_NS) {
        vg_alarm_technical(st, VG_COND_LINK_DEVICE, d, true, device_priority(st, d));
    }
    /* The end of a session may have closed it; while something acts nobody waits for the minute. */
    if (vg_alarm_is_open(st, VG_COND_SENSOR_OFF, d) ||
        ((m->signal & SENSOR_GONE) != 0 && st->bed->phase.dosing)) {
        tick_sensor(st, d);
    }
    if (vg_alarm_is_open(st, VG_COND_BATTERY, d) || (m->signal & VG_SIGNAL_LOW_BATTERY) != 0) {
        tick_battery(st, d);
    }
    for (uint16_t v = 0; v < VG_VITAL_COUNT; v++) {
        if ((m->vitals & (1u << v)) != 0) {
            fresh_moved(st, d, (enum vg_vital)v,
                        vg_fresh_tick(&m->fresh[v], (enum vg_vital)v, now_ns, required_ns));
        }
    }
    if (m->is_cuff) {
        vg_cuff_tick(st, d);
    }
}

/* What one device can have to say on one tick: identity, link, sensor, two for each vital, four of a
 * cuff; and of every alarm its way. */
#define TICK_EFFECTS (2 * (4 + 2 * VG_VITAL_COUNT + 4))

void vg_vitals_tick(struct vg_step *st)
{
    for (uint16_t d = st->bed->first;
         d != VG_DEVICE_NONE && vg_step_has_room(st, TICK_EFFECTS + VG_VITAL_COUNT);
         d = st->e->devices[d].next) {
        tick_device(st, d);
    }
    for (uint16_t v = 0; v < VG_VITAL_COUNT; v++) {
        uint16_t who;
        judge_data(st, (enum vg_vital)v, best_of_bed(st, (enum vg_vital)v, &who));
    }
}
