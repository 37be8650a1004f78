/*
 * fuzz_engine.c -- any sequence of events into the engine: no trap, and the promises that hold
 * after every step. Bytes choose kind, device, value and time; contents stay in the range that
 * ingest and the wire guarantee.
 */
#include <stdint.h>
#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/alarm_limits.h"
#include "core/engine.h"
#include "vigil/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vg_engine engine;
static struct vg_effects effects;
static struct vg_event open_list[64];

static const struct vg_routing routing = {
    .second_ns = { 0, 30 * VG_NS_PER_S, 10 * VG_NS_PER_S },
    .local_ns = { 0, 60 * VG_NS_PER_S, 15 * VG_NS_PER_S },
    .presence_ns = 600 * VG_NS_PER_S,
    .sink_count = 3,
    .sinks = { { VG_BED_NONE, VG_SINK_REMOTE }, { 1, VG_SINK_SECOND }, { 0, VG_SINK_ROOM } },
};

struct cursor {
    const uint8_t *at;
    size_t left;
};

static uint32_t take(struct cursor *c, uint32_t below)
{
    uint32_t v = 0;
    for (int i = 0; i < 2 && c->left > 0; i++, c->at++, c->left--) {
        v = v << 8 | *c->at;
    }
    return v % below;
}

static void set_up(void)
{
    struct vg_limits limits;
    for (uint16_t b = 0; b < 2; b++) {
        memset(&engine.beds[b], 0, sizeof engine.beds[b]);
    }
    vg_limits_default(&limits);
    vg_engine_init(&engine, 2, &limits);
    limits.of[VG_COND_SPO2_LOW].limit_milli = 94000;
    limits.of[VG_COND_SPO2_LOW].sat_seconds = 25;
    vg_engine_add_profile(&engine, &limits);
    vg_engine_set_routing(&engine, &routing);
    uint32_t oximeter = 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE;
    uint32_t cuff = 1u << VG_VITAL_NIBP_SYS | 1u << VG_VITAL_NIBP_DIA | 1u << VG_VITAL_NIBP_MEAN |
                    1u << VG_VITAL_CUFF_PRESSURE;
    for (uint16_t d = 0; d < 6; d++) {
        vg_engine_add_device(&engine, d % 2, d % 3 == 2 ? cuff : oximeter, d % 3 == 2, true, 0);
    }
}

/* What people do about alarms, and what sinks say. */
static void fill_care(struct cursor *c, struct vg_event *ev)
{
    switch (ev->kind) {
    case VG_EV_INHIBIT:
        ev->u.inhibit.request_id[0] = (char)(1 + take(c, 255));
        ev->u.inhibit.what = (uint8_t)take(c, VG_IW_MOVED);
        ev->u.inhibit.vital = (uint8_t)take(c, VG_VITAL_COUNT);
        break;
    case VG_EV_LIMITS:
        ev->u.limits.request_id[0] = (char)(1 + take(c, 255));
        ev->u.limits.what = (uint8_t)take(c, VG_LW_COUNT);
        ev->u.limits.index = (uint8_t)(ev->u.limits.what == VG_LW_SET ? take(c, VG_COND_SENSOR_OFF)
                                                                      : take(c, 2));
        ev->u.limits.limit_milli = (int32_t)take(c, 300) * 1000;
        break;
    case VG_EV_CARE:
        ev->u.care.request_id[0] = (char)(1 + take(c, 255));
        ev->u.care.what = (uint8_t)take(c, VG_CW_COUNT);
        ev->u.care.value[0] = (int32_t)take(c, ev->u.care.what == VG_CW_TEST ? 3 : 6);
        ev->u.care.value[1] = (int32_t)take(c, 900);
        break;
    case VG_EV_SINK:
        ev->u.sink.sink = (uint8_t)take(c, 4);
        ev->u.sink.what = (uint8_t)take(c, VG_SW_COUNT);
        ev->u.sink.instance = engine.seq - take(c, 64) % (engine.seq + 1);
        break;
    default:
        break; /* time and the clock say nothing more */
    }
}

static void fill(struct cursor *c, struct vg_event *ev)
{
    static const uint16_t kinds[] = { VG_EV_READING,      VG_EV_NIBP,    VG_EV_DEVICE, VG_EV_SIGNAL,
                                      VG_EV_CUFF,         VG_EV_SESSION, VG_EV_DOSE,   VG_EV_ACK,
                                      VG_EV_NIBP_COMMAND, VG_EV_CLOCK,   VG_EV_DAEMON, VG_EV_TICK,
                                      VG_EV_INHIBIT,      VG_EV_LIMITS,  VG_EV_CARE,   VG_EV_SINK };
    ev->kind = kinds[take(c, VG_COUNT(kinds))];
    ev->device = (uint16_t)take(c, 6);
    ev->bed = engine.devices[ev->device].bed;
    switch (ev->kind) {
    case VG_EV_READING:
        ev->u.reading.vital = (uint8_t)take(c, VG_VITAL_COUNT);
        ev->u.reading.quality = (uint8_t)take(c, VG_QUALITY_COUNT);
        ev->u.reading.value_milli = (int32_t)take(c, 300) * 1000;
        break;
    case VG_EV_NIBP:
        ev->u.nibp.error = (uint8_t)take(c, VG_NIBP_ERROR_COUNT);
        ev->u.nibp.sys_milli = (int32_t)take(c, 260) * 1000;
        ev->u.nibp.dia_milli = (int32_t)take(c, 160) * 1000;
        break;
    case VG_EV_DEVICE:
        ev->u.dev.to = (uint8_t)take(c, VG_PORT_STATE_COUNT);
        break;
    case VG_EV_SIGNAL:
        ev->u.signal.bits = take(c, 256);
        break;
    case VG_EV_CUFF:
        ev->u.cuff.word = (uint8_t)take(c, VG_CUFF_WORD_COUNT);
        break;
    case VG_EV_SESSION:
        ev->u.session_move.move = (uint8_t)take(c, 2);
        ev->u.session_move.request_id[0] = (char)('a' + take(c, 20));
        ev->u.session_move.text[0] = take(c, 2) != 0 ? 'x' : '\0';
        break;
    case VG_EV_DOSE:
        ev->u.dose.request_id[0] = (char)('A' + take(c, 20));
        ev->u.dose.kind = (uint8_t)take(c, VG_DOSE_KIND_COUNT);
        ev->u.dose.amount_ug = take(c, 60000);
        ev->u.dose.given_utc_ns = ev->utc_ns;
        break;
    case VG_EV_ACK:
        ev->u.ack.request_id[0] = (char)take(c, 256);
        ev->u.ack.instance = engine.seq - take(c, 64) % (engine.seq + 1);
        break;
    case VG_EV_NIBP_COMMAND:
        ev->u.command.request_id[0] = (char)take(c, 256);
        ev->u.command.what = take(c, 2) != 0 ? VG_REQ_NIBP_START : VG_REQ_NIBP_ABORT;
        break;
    case VG_EV_DAEMON:
        ev->u.daemon.what = (uint8_t)take(c, VG_DAEMON_WHAT_COUNT);
        break;
    default:
        fill_care(c, ev);
        break;
    }
}

/* What sounds is open, unacknowledged and on its way to that role; limits keep their rules; nothing
 * that a phase requires is off. */
static void check_alerts(uint16_t bed)
{
    const struct vg_bed *b = &engine.beds[bed];
    enum vg_condition bad;
    const char *why;

    for (size_t r = 0; r < VG_SINK_ROLES; r++) {
        const struct vg_slot *s = vg_engine_audible(&engine, bed, (enum vg_sink_role)r);
        VG_ASSERT(s == NULL || (vg_slot_is_open(s) && !s->ack && !s->paused));
        VG_ASSERT(s == NULL ||
                  vg_route_reaches((enum vg_route_state)s->route.state, (enum vg_sink_role)r));
    }
    VG_ASSERT(vg_limits_check(&b->limits, &bad, &why) == VG_OK);
    for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
        VG_ASSERT(b->vital[v].state != VG_IS_ALARM_OFF || (b->phase.required & (1u << v)) == 0);
    }
}

/* Effects leave in order of number; the open list is sorted and every entry is open. */
static void check(uint16_t bed, int64_t now_ns)
{
    VG_ASSERT(effects.count <= VG_EFFECTS_MAX);
    size_t open = vg_engine_open_alarms(&engine, bed, now_ns, open_list, VG_COUNT(open_list));
    for (size_t i = 0; i < open && i < VG_COUNT(open_list); i++) {
        const struct vg_alarm_event *a = &open_list[i].u.alarm;
        VG_ASSERT(a->instance != 0);
        VG_ASSERT(a->to == VG_CS_ACTIVE || a->to == VG_CS_LATCHED);
        VG_ASSERT(i == 0 || a->priority <= open_list[i - 1].u.alarm.priority);
    }
    check_alerts(bed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = { data, size };
    int64_t now_ns = 0;

    set_up();
    while (c.left > 0) {
        struct vg_event ev;
        memset(&ev, 0, sizeof ev);
        now_ns += (int64_t)take(&c, 4096) * 10 * VG_NS_PER_MS;
        ev.mono_ns = now_ns;
        ev.utc_ns = now_ns;
        fill(&c, &ev);
        ev.seq = vg_engine_next_seq(&engine);
        vg_engine_step(&engine, &ev, &effects);
        check(ev.bed, now_ns);
    }
    return 0;
}
