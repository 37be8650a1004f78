/*
 * alarm.c -- the alarm slots of a bed: who feeds machine C, and what its moves become.
 *
 * Slots 0..VG_COND_COUNT-1 belong to the conditions themselves; conditions about a device or a
 * vital get further slots when they are first present. Every move that machine C reports becomes
 * one alarm event, sent before it is recorded, and closes the journal's batch.
 * Traps: a questionable sample may raise but never clear; a technical condition whose priority
 * rises speaks again even if its mild form was acknowledged.
 */
#include <assert.h>
#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/step.h"
#include "vigil/compiler.h"

/* --- slots --------------------------------------------------------------------------------- */

static void slot_init(struct vg_slot *s, enum vg_condition c, uint16_t subject)
{
    memset(s, 0, sizeof *s);
    s->condition = (uint8_t)c;
    s->subject = subject;
    s->device = VG_DEVICE_NONE;
    s->priority = vg_condition_get(c)->priority;
    s->state = vg_condition_get(c)->kind == VG_ALARM_PHYS ? VG_CS_DISARMED : VG_CS_NORMAL;
    s->ok_ns = VG_TIME_NONE;
    s->value_ns = VG_TIME_NONE;
    for (size_t i = 0; i < VG_COUNT(s->viol_ns); i++) {
        s->viol_ns[i] = VG_TIME_NONE;
    }
}

/* Where the index of a further slot is kept; NULL for conditions that have one slot only. */
static uint16_t *slot_home(struct vg_engine *e, struct vg_bed *bed, enum vg_condition c,
                           uint16_t subject)
{
    static const uint8_t of_device[VG_COND_COUNT] = {
        [VG_COND_LINK_DEVICE] = VG_SLOT_LINK,  [VG_COND_SENSOR_OFF] = VG_SLOT_SENSOR,
        [VG_COND_NIBP_FAIL] = VG_SLOT_NIBP,    [VG_COND_BATTERY] = VG_SLOT_BATTERY,
        [VG_COND_IDENTITY] = VG_SLOT_IDENTITY,
    };
    const uint16_t subjects[VG_SUBJ_SINK + 1] = {
        [VG_SUBJ_NONE] = UINT16_MAX,
        [VG_SUBJ_DEVICE] = e->device_count,
        [VG_SUBJ_VITAL] = VG_VITAL_COUNT,
        [VG_SUBJ_SINK] = VG_SINKS_MAX,
    };
    uint8_t kind = vg_condition_get(c)->subject;

    if (kind == VG_SUBJ_NONE) {
        return NULL;
    }
    VG_ASSERT(subject < subjects[kind]);
    if (kind == VG_SUBJ_DEVICE) {
        return &e->devices[subject].slot[of_device[c]];
    }
    if (kind == VG_SUBJ_SINK) {
        return &bed->sink_slot[subject];
    }
    return c == VG_COND_VITAL_DUE ? &bed->due_slot[subject] : &bed->vital_slot[subject];
}

/* Every further slot there can ever be has room. */
static_assert(VG_SLOTS_MAX >= VG_COND_COUNT + 2 * VG_VITAL_COUNT + VG_SINKS_MAX +
                                  VG_MEMBER_SLOTS * VG_DEVICES_MAX,
              "a bed could run out of slots");

static struct vg_slot *slot_get(struct vg_engine *e, struct vg_bed *bed, enum vg_condition c,
                                uint16_t subject, bool make)
{
    uint16_t *home = slot_home(e, bed, c, subject);
    if (home == NULL) {
        return &bed->slots[c];
    }
    if (*home == 0) {
        if (!make) {
            return NULL;
        }
        slot_init(&bed->slots[bed->slot_count], c, subject);
        *home = ++bed->slot_count;
    }
    return &bed->slots[*home - 1];
}

void vg_alarm_init(struct vg_bed *bed)
{
    for (uint16_t c = 0; c < VG_COND_COUNT; c++) {
        slot_init(&bed->slots[c], (enum vg_condition)c, VG_SUBJECT_NONE);
    }
    bed->slot_count = VG_COND_COUNT;
}

/* Whatever moves every slot once, some of them twice, fits into one step with its answer. */
static_assert(VG_EFFECTS_MAX >=
                  2 * VG_SLOTS_MAX + 2 * VG_DEVICES_MAX + 2 * VG_COND_COUNT + VG_VITAL_COUNT + 8,
              "a step could be cut");

/* --- one step of one slot, and its record --------------------------------------------------- */

void vg_alarm_fill(struct vg_alarm_event *a, const struct vg_slot *s, int64_t now_ns)
{
    a->instance = s->instance;
    a->since_ns = vg_slot_is_open(s) ? s->open_ns : s->pend_ns;
    a->age_ns = s->value_ns != VG_TIME_NONE ? now_ns - s->value_ns : -1;
    a->has_value = s->has_value;
    a->value_milli = s->has_value ? s->worst_milli : 0;
    a->limit_milli = s->limit_milli;
    a->subject = s->subject;
    a->condition = s->condition;
    a->priority = s->priority;
    a->to = s->state;
    a->ack = s->ack;
    a->held = s->held;
}

static void say(struct vg_step *st, const struct vg_slot *s, struct vg_cond_result res,
                uint64_t instance, const char *operator_id)
{
    uint16_t device = s->device;
    if (vg_condition_get((enum vg_condition)s->condition)->subject == VG_SUBJ_DEVICE) {
        device = s->subject;
    }
    struct vg_effect *fx = vg_step_emit(st, VG_EV_ALARM, device,
                                        VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT | VG_DO_STATE);
    fx->ev.flags = s->flags;
    struct vg_alarm_event *a = &fx->ev.u.alarm;
    vg_alarm_fill(a, s, st->in->mono_ns);
    a->instance = instance; /* closing forgets it in the slot; the record must not */
    a->from = res.from;
    a->what = res.what;
    a->row = res.row;
    if (operator_id != NULL) {
        memcpy(a->operator_id, operator_id, sizeof a->operator_id);
    }
}

static void slot_step(struct vg_step *st, struct vg_slot *s, enum vg_cond_input in,
                      struct vg_cond_ctx *ctx, const char *operator_id)
{
    const struct vg_condition_row *row = vg_condition_get((enum vg_condition)s->condition);
    uint64_t before = s->instance;

    ctx->limit = &st->bed->limits.of[s->condition];
    ctx->now_ns = st->in->mono_ns;
    ctx->low_side = row->side == VG_SIDE_LOW;
    ctx->ack_expiry_ns = vg_ack_expiry_ns((enum vg_priority)s->priority);
    if (in != VG_CI_ACK) {
        ctx->instance = st->e->seq + 1; /* number of the event this step would emit */
    }
    struct vg_cond_result res = vg_cond_step(s, in, ctx);
    if (res.moved) {
        uint64_t instance = s->instance != 0 ? s->instance : before;
        say(st, s, res, instance, operator_id);
        vg_alert_moved(st, s, res, instance);
    }
}

/* A sample stands for the time since the one before it, but not for a gap. */
#define SINCE_MAX_NS (2 * VG_NS_PER_S)

static int64_t stands_for(int64_t before_ns, int64_t now_ns)
{
    if (before_ns == VG_TIME_NONE || now_ns <= before_ns) {
        return 0;
    }
    return now_ns - before_ns < SINCE_MAX_NS ? now_ns - before_ns : SINCE_MAX_NS;
}

/* --- samples -------------------------------------------------------------------------------- */

static enum vg_cond_input classify(const struct vg_condition_row *row,
                                   const struct vg_limits *limits, enum vg_condition c,
                                   int32_t value_milli)
{
    int32_t limit = limits->of[c].limit_milli;
    bool low = row->side == VG_SIDE_LOW;

    if (row->rapid != VG_COND_COUNT && value_milli < limits->of[row->rapid].limit_milli) {
        return VG_CI_RAPID;
    }
    if (low ? value_milli < limit : value_milli > limit) {
        return VG_CI_BAD;
    }
    if (low ? value_milli < limit + row->hysteresis_milli
            : value_milli > limit - row->hysteresis_milli) {
        return VG_CI_BAND;
    }
    return VG_CI_OK;
}

static void sample_slot(struct vg_step *st, struct vg_slot *s, int32_t value_milli,
                        int64_t since_ns, bool raise_only)
{
    enum vg_condition c = (enum vg_condition)s->condition;
    const struct vg_condition_row *row = vg_condition_get(c);
    struct vg_cond_ctx ctx = { .value_milli = value_milli, .has_value = true };
    enum vg_cond_input in = classify(row, &st->bed->limits, c, value_milli);

    ctx.since_ns = since_ns;
    s->last_milli = value_milli;
    s->limit_milli = st->bed->limits.of[c].limit_milli;
    slot_step(st, s, VG_CI_ARM, &ctx, NULL);
    if (in == VG_CI_BAD || in == VG_CI_RAPID) {
        s->run = s->run < row->confirm ? (uint8_t)(s->run + 1) : row->confirm;
        if (s->run < row->confirm && !vg_slot_is_open(s)) {
            return; /* not yet confirmed: raises nothing. What is open it keeps open, at once. */
        }
    } else {
        s->run = 0;
        if (raise_only) {
            return;
        }
    }
    slot_step(st, s, in, &ctx, NULL);
}

void vg_alarm_sample(struct vg_step *st, enum vg_vital v, int32_t value_milli, bool raise_only,
                     uint16_t device, uint16_t flags)
{
    for (uint16_t c = 0; c < VG_COND_COUNT; c++) {
        const struct vg_condition_row *row = vg_condition_get((enum vg_condition)c);
        if (row->kind != VG_ALARM_PHYS || row->vital != v || !st->bed->limits.of[c].enabled) {
            continue;
        }
        struct vg_slot *s = &st->bed->slots[c];
        int64_t before_ns = s->value_ns;
        s->device = device;
        s->flags = flags;
        s->value_ns = st->in->mono_ns;
        if (st->in->kind == VG_EV_READING) {
            s->value_ns -= st->in->u.reading.age_ns;
        }
        sample_slot(st, s, value_milli, stands_for(before_ns, s->value_ns), raise_only);
    }
}

void vg_alarm_stale(struct vg_step *st, enum vg_vital v)
{
    struct vg_cond_ctx ctx = { .has_value = false };
    for (uint16_t c = 0; c < VG_COND_COUNT; c++) {
        const struct vg_condition_row *row = vg_condition_get((enum vg_condition)c);
        if (row->kind == VG_ALARM_PHYS && row->vital == v) {
            slot_step(st, &st->bed->slots[c], VG_CI_STALE, &ctx, NULL);
        }
    }
}

/* The limit of a condition moved. The last valid value decides what is open; only one that is still
 * fresh can open anything. */
void vg_alarm_limits_moved(struct vg_step *st, enum vg_condition c, const char *operator_id)
{
    const struct vg_condition_row *row = vg_condition_get(c);
    struct vg_slot *s = &st->bed->slots[c];
    uint16_t who = st->bed->speaker[row->vital];

    if (s->value_ns == VG_TIME_NONE) {
        return;
    }
    struct vg_cond_ctx ctx = { .value_milli = s->last_milli, .has_value = true };
    enum vg_cond_input in = classify(row, &st->bed->limits, c, s->last_milli);
    bool fresh = who != VG_DEVICE_NONE &&
                 st->e->devices[who].fresh[row->vital].state == VG_FRESH_FRESH;
    s->limit_milli = st->bed->limits.of[c].limit_milli;
    if (in != VG_CI_BAD && in != VG_CI_RAPID) {
        slot_step(st, s, VG_CI_LIMITS_OK, &ctx, operator_id);
    } else if (fresh || s->state == VG_CS_PENDING || s->state == VG_CS_ACTIVE) {
        slot_step(st, s, VG_CI_LIMITS_BAD, &ctx, operator_id);
    } else {
        /* an old value opens nothing */
    }
}

/* --- technical conditions -------------------------------------------------------------------- */

/* A tick knows no device: whether the trouble is a simulator's is the device's to say. */
static uint16_t technical_flags(const struct vg_step *st, enum vg_condition c, uint16_t subject)
{
    uint8_t kind = vg_condition_get(c)->subject;
    uint16_t device = VG_DEVICE_NONE;

    if (kind == VG_SUBJ_DEVICE) {
        device = subject;
    } else if (kind == VG_SUBJ_VITAL) {
        device = st->bed->speaker[subject];
    } else {
        /* about the whole bed */
    }
    return device != VG_DEVICE_NONE ? st->e->devices[device].flags : st->in->flags;
}

void vg_alarm_technical(struct vg_step *st, enum vg_condition c, uint16_t subject, bool present,
                        enum vg_priority prio)
{
    struct vg_slot *s = slot_get(st->e, st->bed, c, subject, present);
    struct vg_cond_ctx ctx = { .has_value = false };

    if (s == NULL || !st->bed->limits.of[c].enabled) {
        return;
    }
    if (s->state == VG_CS_DISARMED) {
        s->state = VG_CS_NORMAL; /* a technical condition needs no first sample */
    }
    if (!present) {
        slot_step(st, s, VG_CI_OK, &ctx, NULL);
        return;
    }
    bool rises = vg_slot_is_open(s) && prio > s->priority;
    s->flags = technical_flags(st, c, subject);
    if (!vg_slot_is_open(s) || rises) {
        s->priority = (uint8_t)prio;
    }
    slot_step(st, s, rises ? VG_CI_WORSE : VG_CI_BAD, &ctx, NULL);
}

bool vg_alarm_is_open(const struct vg_step *st, enum vg_condition c, uint16_t subject)
{
    const struct vg_slot *s = slot_get(st->e, st->bed, c, subject, false);
    return s != NULL && vg_slot_is_open(s);
}

bool vg_alarm_is_active(const struct vg_step *st, enum vg_condition c, uint16_t subject)
{
    const struct vg_slot *s = slot_get(st->e, st->bed, c, subject, false);
    return s != NULL && s->state == VG_CS_ACTIVE;
}

/* --- time, people, restarts ------------------------------------------------------------------ */

void vg_alarm_tick(struct vg_step *st)
{
    struct vg_cond_ctx ctx = { .has_value = false };
    for (uint16_t i = 0; i < st->bed->slot_count && vg_step_has_room(st, 16); i++) {
        struct vg_slot *s = &st->bed->slots[i];
        if (s->state == VG_CS_PENDING || s->state == VG_CS_ACTIVE) {
            slot_step(st, s, VG_CI_TICK, &ctx, NULL);
        }
    }
}

enum vg_refusal vg_alarm_acknowledge(struct vg_step *st, uint64_t instance, const char *operator_id)
{
    for (uint16_t i = 0; i < st->bed->slot_count; i++) {
        struct vg_slot *s = &st->bed->slots[i];
        if (!vg_slot_is_open(s) || s->instance != instance) {
            continue;
        }
        if (s->ack && s->state == VG_CS_ACTIVE) {
            return VG_REFUSED_ACKED;
        }
        struct vg_cond_ctx ctx = { .instance = instance };
        slot_step(st, s, VG_CI_ACK, &ctx, operator_id);
        return VG_REFUSED_NOT;
    }
    return VG_REFUSED_NO_INSTANCE;
}

size_t vg_alarm_open_count(const struct vg_bed *bed)
{
    size_t n = 0;
    for (uint16_t i = 0; i < bed->slot_count; i++) {
        n += vg_slot_is_open(&bed->slots[i]) ? 1u : 0u;
    }
    return n;
}

bool vg_alarm_is_high_open(const struct vg_bed *bed)
{
    for (uint16_t i = 0; i < bed->slot_count; i++) {
        if (vg_slot_is_open(&bed->slots[i]) && bed->slots[i].priority == VG_PRIO_HIGH) {
            return true;
        }
    }
    return false;
}

void vg_alarm_session_end(struct vg_step *st, const char *override)
{
    struct vg_cond_ctx ctx = { .has_value = false };
    for (uint16_t i = 0; i < st->bed->slot_count; i++) {
        struct vg_slot *s = &st->bed->slots[i];
        bool phys = vg_condition_get((enum vg_condition)s->condition)->kind == VG_ALARM_PHYS;
        if (!phys && !vg_slot_is_open(s)) {
            continue; /* equipment is watched with or without a session */
        }
        slot_step(st, s, override != NULL ? VG_CI_OVERRIDE : VG_CI_DROP, &ctx, override);
    }
}

/* Conditions that are over by the time a restarted daemon speaks, unless told again. */
static bool ends_with_restart(enum vg_condition c)
{
    return c == VG_COND_STORAGE || c == VG_COND_CLOCK || c == VG_COND_RESTARTED;
}

void vg_alarm_restart(struct vg_step *st)
{
    struct vg_cond_ctx ctx = { .has_value = false };
    for (uint16_t i = 0; i < st->bed->slot_count; i++) {
        struct vg_slot *s = &st->bed->slots[i];
        slot_step(st, s, VG_CI_RESTART, &ctx, NULL);
        if (ends_with_restart((enum vg_condition)s->condition) && vg_slot_is_open(s)) {
            slot_step(st, s, VG_CI_OK, &ctx, NULL);
        }
    }
}

/* With a changed configuration there may be nothing left to watch, and so nothing that could ever
 * close: the device left the bed or became another kind, nobody measures the vital any more, the
 * condition was switched off. A record that names no subject is not believed either. */
static bool is_watched(const struct vg_engine *e, uint16_t bed, enum vg_condition c,
                       uint16_t subject)
{
    uint8_t kind = vg_condition_get(c)->subject;
    bool found = kind == VG_SUBJ_NONE;

    if (!e->beds[bed].limits.of[c].enabled) {
        return false;
    }
    if (c == VG_COND_VITAL_DUE) { /* of a schedule: a person may measure it without a device */
        return subject < VG_VITAL_COUNT;
    }
    if (kind == VG_SUBJ_SINK) {
        return subject < e->routing.sink_count && vg_sink_serves(e, (uint8_t)subject, bed);
    }
    if (kind == VG_SUBJ_DEVICE) {
        found = subject < e->device_count && e->devices[subject].bed == bed &&
                (c != VG_COND_NIBP_FAIL || e->devices[subject].is_cuff);
    }
    for (uint16_t d = e->beds[bed].first; kind == VG_SUBJ_VITAL && d != VG_DEVICE_NONE;
         d = e->devices[d].next) {
        found = found ||
                (subject < VG_VITAL_COUNT && (e->devices[d].vitals & (1u << subject)) != 0);
    }
    return found;
}

void vg_alarm_replay(struct vg_engine *e, const struct vg_event *ev)
{
    const struct vg_alarm_event *a = &ev->u.alarm;
    enum vg_condition c = (enum vg_condition)a->condition;
    uint16_t subject = vg_condition_get(c)->subject == VG_SUBJ_DEVICE ? ev->device : a->subject;

    if (!is_watched(e, ev->bed, c, subject)) {
        return;
    }
    struct vg_slot *s = slot_get(e, &e->beds[ev->bed], c, subject, true);
    s->state = a->to;
    s->priority = a->priority;
    s->ack = a->ack;
    s->ack_ns = ev->mono_ns;
    s->flags = ev->flags & VG_FLAG_TEST;
    s->device = ev->device;
    s->limit_milli = a->limit_milli;
    s->worst_milli = a->value_milli;
    s->has_value = a->has_value;
    s->instance = vg_slot_is_open(s) ? a->instance : 0;
    if (vg_slot_is_open(s)) {
        s->open_ns = a->since_ns; /* says since when, over any number of restarts */
    }
    if (a->what == VG_AW_PENDING || (a->what == VG_AW_OPEN && a->from == VG_CS_NORMAL)) {
        s->viol_ns[2] = s->viol_ns[1];
        s->viol_ns[1] = s->viol_ns[0];
        s->viol_ns[0] = ev->mono_ns;
        s->pend_ns = ev->mono_ns;
    }
}
