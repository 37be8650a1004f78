/*
 * alert.c -- from open instances to people: who feeds machines R and I, and sinks.
 *
 * Machine C says what is wrong; here it becomes a way to somebody. Every move is recorded, because
 * "who was told, and when" is the first question afterwards.
 * Trap: a pause or an acknowledgement belongs to the instances there are. Whatever opens later goes
 * its way as if nothing had been pressed.
 */
#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/step.h"
#include "vigil/compiler.h"

#define RECORD (VG_DO_RECORD | VG_DO_COMMIT | VG_DO_STATE)

/* --- routing -------------------------------------------------------------------------------- */

static void route(struct vg_step *st, struct vg_slot *s, enum vg_route_input in, uint64_t instance,
                  uint8_t sink)
{
    struct vg_route_ctx ctx = {
        .times = &st->e->routing,
        .now_ns = st->in->mono_ns,
        .priority = s->priority,
        .quiet = st->bed->quiet.on,
        .link = st->bed->link,
    };
    struct vg_route_result res = vg_route_step(&s->route, in, &ctx);

    if (!res.moved) {
        return;
    }
    struct vg_effect *fx = vg_step_emit(st, VG_EV_ROUTE, VG_DEVICE_NONE, RECORD);
    fx->ev.flags = s->flags;
    fx->ev.u.route.instance = instance;
    fx->ev.u.route.condition = s->condition;
    fx->ev.u.route.priority = s->priority;
    fx->ev.u.route.what = res.what;
    fx->ev.u.route.from = res.from;
    fx->ev.u.route.to = s->route.state;
    fx->ev.u.route.row = res.row;
    fx->ev.u.route.sink = sink;
}

static void route_all(struct vg_step *st, enum vg_route_input in)
{
    for (uint16_t i = 0; i < st->bed->slot_count; i++) {
        struct vg_slot *s = &st->bed->slots[i];
        if (vg_slot_is_open(s)) {
            route(st, s, in, s->instance, VG_SINK_NONE);
        }
    }
}

void vg_alert_moved(struct vg_step *st, struct vg_slot *s, struct vg_cond_result res,
                    uint64_t instance)
{
    static const uint8_t input_of[VG_AW_COUNT] = {
        [VG_AW_ARMED] = VG_RI_COUNT,
        [VG_AW_PENDING] = VG_RI_COUNT,
        [VG_AW_SUPPRESSED_BY_DELAY] = VG_RI_COUNT,
        [VG_AW_OPEN] = VG_RI_OPEN,
        [VG_AW_WORSEN] = VG_RI_WORSE,
        [VG_AW_ACK] = VG_RI_ENDED,
        [VG_AW_ACK_EXPIRED] = VG_RI_OPEN,
        [VG_AW_COND_END] = VG_RI_PAST,
        [VG_AW_CLOSED] = VG_RI_ENDED,
        [VG_AW_RESTORED] = VG_RI_RESTORED,
    };
    enum vg_route_input in = (enum vg_route_input)input_of[res.what];
    bool sounds_on = st->bed->limits.of[s->condition].latch == VG_LATCH_FULL;

    if (in == VG_RI_COUNT || (in == VG_RI_PAST && sounds_on)) {
        return;
    }
    if (in == VG_RI_WORSE && res.row == 19) {
        in = VG_RI_OPEN; /* violated again: its priority is what it was */
    }
    if (in == VG_RI_OPEN || in == VG_RI_WORSE) {
        s->told = 0;
        s->telling++;
        s->paused = false;
        struct vg_inhibit_ctx ctx = { .now_ns = st->in->mono_ns };
        (void)vg_inhibit_step(&st->bed->audio, VG_II_OPENED, &ctx);
    }
    route(st, s, in, instance, VG_SINK_NONE);
    if (res.what == VG_AW_CLOSED) {
        s->told = 0;
        s->paused = false;
    }
}

/* --- sinks ---------------------------------------------------------------------------------- */

bool vg_sink_serves(const struct vg_engine *e, uint8_t sink, uint16_t bed)
{
    return e->routing.sinks[sink].bed == VG_BED_NONE || e->routing.sinks[sink].bed == bed;
}

/* Is any sink of that role well? */
static bool any_ok(const struct vg_step *st, enum vg_sink_role role)
{
    const struct vg_engine *e = st->e;
    for (uint8_t i = 0; i < e->routing.sink_count; i++) {
        if (e->routing.sinks[i].role == role && e->sink_ok[i] &&
            vg_sink_serves(e, i, st->in->bed)) {
            return true;
        }
    }
    return false;
}

/* A sink can only confirm what it was told: a late word, or one of another role, is not one. */
static void receipt(struct vg_step *st, const struct vg_sink_event *r)
{
    uint16_t bit = (uint16_t)(1u << r->sink);
    enum vg_sink_role role = (enum vg_sink_role)st->e->routing.sinks[r->sink].role;

    for (uint16_t i = 0; i < st->bed->slot_count; i++) {
        struct vg_slot *s = &st->bed->slots[i];
        if (!vg_slot_is_open(s) || s->instance != r->instance || (s->told & bit) != 0 ||
            (r->telling != 0 && r->telling != s->telling) ||
            !vg_route_reaches((enum vg_route_state)s->route.state, role)) {
            continue;
        }
        s->told |= bit;
        route(st, s, VG_RI_RECEIPT, s->instance, r->sink);
    }
}

/* What only this sink had confirmed is confirmed by nobody any more: a bit is set only while an
 * instance is open and its telling confirmed. */
static void take_back(struct vg_step *st, uint8_t sink)
{
    uint16_t remote = 0;
    for (uint8_t i = 0; i < st->e->routing.sink_count; i++) {
        remote |= st->e->routing.sinks[i].role == VG_SINK_REMOTE ? (uint16_t)(1u << i) : 0;
    }
    for (uint16_t i = 0; i < st->bed->slot_count; i++) {
        struct vg_slot *s = &st->bed->slots[i];
        bool had = (s->told & (1u << sink)) != 0;
        s->told &= (uint16_t) ~(1u << sink);
        if (had && (remote & (1u << sink)) != 0 && (s->told & remote) == 0) {
            route(st, s, VG_RI_LINK_LOST, s->instance, VG_SINK_NONE);
        }
    }
}

void vg_sink_step(struct vg_step *st)
{
    const struct vg_sink_event *in = &st->in->u.sink;
    struct vg_bed *bed = st->bed;

    if (in->sink >= st->e->routing.sink_count || !vg_sink_serves(st->e, in->sink, st->in->bed)) {
        return;
    }
    if (in->what == VG_SW_RECEIPT) {
        receipt(st, in);
        return;
    }
    st->e->sink_ok[in->sink] = in->what == VG_SW_OK;
    st->e->sink_lost[in->sink] = in->what == VG_SW_LOST;
    bool had_link = bed->link;
    bool had_room = bed->room;
    bed->link = any_ok(st, VG_SINK_REMOTE);
    bed->room = any_ok(st, VG_SINK_ROOM);
    if (in->what == VG_SW_LOST) {
        take_back(st, in->sink);
    }
    if (had_link != bed->link) {
        route_all(st, bed->link ? VG_RI_LINK_OK : VG_RI_LINK_LOST);
    }
    if (had_room && !bed->room) {
        route_all(st, VG_RI_ROOM_LOST);
    }
    vg_alarm_technical(st, VG_COND_SINK_LOST, in->sink, in->what == VG_SW_LOST,
                       vg_technical_priority(st, VG_PRIO_MED));
}

/* --- quiet mode ----------------------------------------------------------------------------- */

/* Seconds left, rounded up: 0 means without end, and a restart must never make an end into none. */
static int32_t seconds_left(const struct vg_quiet *q, int64_t now_ns)
{
    if (!q->on || q->until_ns == INT64_MAX) {
        return 0;
    }
    int64_t left_s = (q->until_ns - now_ns + VG_NS_PER_S - 1) / VG_NS_PER_S;
    return left_s > 1 ? (int32_t)left_s : 1;
}

static void say_quiet(struct vg_step *st, const char *operator_id)
{
    const struct vg_quiet *q = &st->bed->quiet;
    struct vg_effect *fx = vg_step_emit(st, VG_EV_CARE, VG_DEVICE_NONE, RECORD | VG_DO_SEND);
    struct vg_care *c = &fx->ev.u.care;

    c->what = q->on ? VG_CW_QUIET_ON : VG_CW_QUIET_OFF;
    c->value[0] = seconds_left(q, st->in->mono_ns);
    memcpy(c->operator_id, operator_id, sizeof c->operator_id);
}

void vg_quiet_set(struct vg_step *st, bool on, const char *operator_id)
{
    static const char nobody[VG_NAME_MAX];
    struct vg_quiet *q = &st->bed->quiet;
    int64_t presence_ns = st->e->routing.presence_ns;

    if (!on && !q->on) {
        return;
    }
    q->on = on;
    q->until_ns = presence_ns == 0 ? INT64_MAX : st->in->mono_ns + presence_ns;
    memcpy(q->operator_id, operator_id != NULL ? operator_id : nobody, sizeof q->operator_id);
    say_quiet(st, q->operator_id);
    route_all(st, on ? VG_RI_QUIET_ON : VG_RI_QUIET_OFF);
}

void vg_quiet_restore(struct vg_step *st)
{
    if (st->bed->quiet.on) {
        say_quiet(st, st->bed->quiet.operator_id);
    }
}

/* --- inhibition ----------------------------------------------------------------------------- */

/* What is paused is not heard; what is no longer, is. */
static void mark_paused(struct vg_bed *bed)
{
    for (uint16_t i = 0; i < bed->slot_count; i++) {
        struct vg_slot *s = &bed->slots[i];
        s->paused = bed->audio.state == VG_IS_AUDIO_PAUSED && vg_slot_is_open(s) && !s->ack;
    }
}

static uint8_t inhibit(struct vg_step *st, uint8_t scope, enum vg_inhibit_input in,
                       const struct vg_inhibit_event *wish)
{
    struct vg_bed *bed = st->bed;
    bool sound = scope == VG_VITAL_COUNT;
    struct vg_inhibit *m = sound ? &bed->audio : &bed->vital[scope];
    struct vg_inhibit_ctx ctx = {
        .now_ns = st->in->mono_ns,
        .may_pause = sound || (bed->phase.unpausable & (1u << scope)) == 0,
        .may_off = sound || (bed->phase.required & (1u << scope)) == 0,
    };
    struct vg_inhibit_result res = vg_inhibit_step(m, in, &ctx);

    if (!res.moved) {
        return res.row;
    }
    if (wish != NULL) {
        memcpy(m->operator_id, wish->operator_id, sizeof m->operator_id);
        memcpy(m->reason, wish->reason, sizeof m->reason);
    }
    if (sound) {
        mark_paused(bed);
    }
    struct vg_effect *fx = vg_step_emit(st, VG_EV_INHIBIT, VG_DEVICE_NONE, RECORD);
    struct vg_inhibit_event *out = &fx->ev.u.inhibit;
    out->what = VG_IW_MOVED;
    out->vital = scope;
    out->from = res.from;
    out->to = m->state;
    out->row = res.row;
    memcpy(out->operator_id, m->operator_id, sizeof out->operator_id);
    memcpy(out->reason, m->reason, sizeof out->reason);
    return res.row;
}

void vg_inhibit_all(struct vg_step *st, enum vg_inhibit_input in)
{
    for (uint8_t scope = 0; scope <= VG_VITAL_COUNT; scope++) {
        (void)inhibit(st, scope, in, NULL);
    }
}

static enum vg_refusal may_inhibit(const struct vg_step *st, const struct vg_inhibit_event *wish)
{
    const struct vg_bed *bed = st->bed;

    if (wish->what == VG_IW_AUDIO_PAUSE) {
        for (uint16_t i = 0; i < bed->slot_count; i++) {
            const struct vg_slot *s = &bed->slots[i];
            if (vg_slot_wants_sound(s, bed->limits.of[s->condition].latch)) {
                return VG_REFUSED_NOT;
            }
        }
        return bed->audio.state == VG_IS_ON ? VG_REFUSED_NOTHING_SOUNDS : VG_REFUSED_NOT;
    }
    uint32_t bit = 1u << wish->vital;
    bool on = bed->vital[wish->vital].state == VG_IS_ON;
    if (wish->what == VG_IW_ALARM_ON) {
        return on ? VG_REFUSED_NOT_INHIBITED : VG_REFUSED_NOT;
    }
    if (!on) {
        return VG_REFUSED_INHIBITED;
    }
    uint32_t kept = wish->what == VG_IW_ALARM_OFF ? bed->phase.required : bed->phase.unpausable;
    return (kept & bit) != 0 ? VG_REFUSED_REQUIRED : VG_REFUSED_NOT;
}

void vg_inhibit_command(struct vg_step *st)
{
    static const uint8_t input_of[] = {
        [VG_IW_AUDIO_PAUSE] = VG_II_AUDIO_PAUSE,
        [VG_IW_ALARM_PAUSE] = VG_II_ALARM_PAUSE,
        [VG_IW_ALARM_OFF] = VG_II_ALARM_OFF,
        [VG_IW_ALARM_ON] = VG_II_ALARM_ON,
    };
    const struct vg_inhibit_event *wish = &st->in->u.inhibit;

    if (vg_receipt_answer_known(st, wish->request_id)) {
        return;
    }
    enum vg_refusal why = may_inhibit(st, wish);
    if (why != VG_REFUSED_NOT) {
        vg_receipt_refuse(st, why);
        return;
    }
    uint8_t scope = wish->what == VG_IW_AUDIO_PAUSE ? VG_VITAL_COUNT : wish->vital;
    (void)inhibit(st, scope, (enum vg_inhibit_input)input_of[wish->what], wish);
    vg_receipt_accept(st, VG_DO_STATE);
}

/* As sinks choose: the higher priority, the newest among equals. */
static bool is_louder(const struct vg_slot *a, const struct vg_slot *b)
{
    return a->priority > b->priority || (a->priority == b->priority && a->instance > b->instance);
}

/* Does this sink sound something else, as loud or louder, that it has confirmed? */
static bool drowns(const struct vg_step *st, uint8_t sink, const struct vg_slot *s)
{
    for (uint16_t b = 0; b < st->e->bed_count; b++) {
        const struct vg_slot *loud = vg_sink_serves(st->e, sink, b)
                                         ? vg_engine_audible(st->e, b, VG_SINK_REMOTE)
                                         : NULL;
        if (loud != NULL && is_louder(loud, s) && (loud->told & (1u << sink)) != 0) {
            return true;
        }
    }
    return false;
}

/* Sinks sound one instance, the loudest, and confirm that one. What it drowns is shown with it:
 * staff who confirmed the louder one are told of both. */
static uint16_t told_with(const struct vg_step *st, const struct vg_slot *s)
{
    const struct vg_routing *r = &st->e->routing;
    uint16_t by = 0;

    for (uint8_t i = 0; i < r->sink_count; i++) {
        if (r->sinks[i].role == VG_SINK_REMOTE && st->e->sink_ok[i] &&
            vg_sink_serves(st->e, i, st->in->bed) && drowns(st, i, s)) {
            by |= (uint16_t)(1u << i);
        }
    }
    return by;
}

/* --- time ----------------------------------------------------------------------------------- */

/* Asked on every tick: a session may have begun, or ended with a reason, since the sink was lost. */
static void tick_sinks(struct vg_step *st)
{
    for (uint8_t i = 0; i < st->e->routing.sink_count && vg_step_has_room(st, 16); i++) {
        if (st->e->sink_lost[i] && vg_sink_serves(st->e, i, st->in->bed)) {
            vg_alarm_technical(st, VG_COND_SINK_LOST, i, true,
                               vg_technical_priority(st, VG_PRIO_MED));
        }
    }
}

void vg_alert_tick(struct vg_step *st)
{
    struct vg_bed *bed = st->bed;

    tick_sinks(st);
    vg_inhibit_all(st, VG_II_TICK);
    /* Its end moves every open instance at once: it waits for a tick with room for that. */
    if (bed->quiet.on && st->in->mono_ns >= bed->quiet.until_ns &&
        vg_step_has_room(st, bed->slot_count + 16u)) {
        vg_quiet_set(st, false, NULL);
    }
    for (uint16_t i = 0; i < bed->slot_count && vg_step_has_room(st, 16); i++) {
        struct vg_slot *s = &bed->slots[i];
        uint16_t by = s->route.state == VG_RS_SENT ? told_with(st, s) : 0;
        if (by != 0) {
            s->told |= by;
            route(st, s, VG_RI_RECEIPT, s->instance, VG_SINK_NONE);
        }
        if (s->route.state != VG_RS_DONE && s->route.state != VG_RS_LOCAL) {
            route(st, s, VG_RI_TICK, s->instance, VG_SINK_NONE);
        }
    }
}
