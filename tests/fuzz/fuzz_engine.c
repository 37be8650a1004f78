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
#include "vigil/quantity.h"

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

/* Everything a protocol can ask for, with short times. */
static const struct vg_protocol protocol = {
    .id = "fuzz",
    .drug = "k",
    .route = VG_ROUTE_IV,
    .auto_cuff = true,
    .second_check = true,
    .phase_count = 3,
    .phases = { { "before", -60, 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE, false, false },
                { "acts", 0, 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE, true, false },
                { "after", 600, 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE, false, true } },
    .plan_count = 5,
    .plan = { { 60, 30, 0, false, false },
              { 120, 30, 0, false, true },
              { 90, 30, 1u << VG_SCALE_MOAAS | 1u << VG_SCALE_NAUSEA, false, false },
              { 300, 30, 0, false, false },
              { 60, 30, 0, true, false } },
    .check_count = 6,
    .checks = { { VG_CHECK_TIME, 0, 0 },
                { VG_CHECK_BP, 0, 0 },
                { VG_CHECK_SPO2, 0, 0 },
                { VG_CHECK_AT_LEAST, VG_SCALE_MOAAS, 5 },
                { VG_CHECK_NO_ALARM, 0, 0 },
                { VG_CHECK_FACT, VG_FACT_ESCORT, 0 } },
    .gate = { .strength = { [VG_GATE_IDENTITY] = VG_STRENGTH_HARD,
                            [VG_GATE_BASELINE] = VG_STRENGTH_HARD,
                            [VG_GATE_BP] = VG_STRENGTH_SOFT,
                            [VG_GATE_BP_HOLD] = VG_STRENGTH_HARD,
                            [VG_GATE_ESCORT] = VG_STRENGTH_SOFT,
                            [VG_GATE_WEIGHT] = VG_STRENGTH_HARD },
              .sys_milli = 140000,
              .dia_milli = 90000,
              .sys_65_milli = 150000,
              .hold_sys_milli = 160000,
              .hold_dia_milli = 100000,
              .weight_days = 7,
              .baseline_count = 1,
              .baseline_age_s = 900 },
    .range = { 1000, 40000, 60000, 200000, true },
    .dose_gap_s = 300,
    .infusion_s = 600,
    .peak_s = 300,
    .floor_first_s = 1200,
    .floor_last_s = 600,
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
    vg_engine_add_protocol(&engine, &protocol);
    uint32_t oximeter = 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE;
    uint32_t cuff = 1u << VG_VITAL_NIBP_SYS | 1u << VG_VITAL_NIBP_DIA | 1u << VG_VITAL_NIBP_MEAN |
                    1u << VG_VITAL_CUFF_PRESSURE;
    for (uint16_t d = 0; d < 6; d++) {
        vg_engine_add_device(&engine, d % 2, d % 3 == 2 ? cuff : oximeter, d % 3 == 2, true, 0);
    }
}

/* A place, a word or a number, as the word has it; -1 is "none" of a reading. */
static void fill_numbers(struct cursor *c, struct vg_event *ev)
{
    static const uint32_t first[VG_CW_COUNT] = {
        [VG_CW_SCHEDULE] = VG_VITAL_COUNT,
        [VG_CW_TEST] = VG_PRIO_COUNT,
        [VG_CW_SCORE] = VG_SCALES_MAX,
        [VG_CW_FACT] = VG_FACT_COUNT,
        [VG_CW_WEIGHT] = 60000,
        [VG_CW_READING] = 300,
        [VG_CW_SYMPTOM] = 4,
        [VG_CW_DEFER] = 181,
        [VG_CW_OVERRIDE] = VG_GATE_COUNT,
    };
    struct vg_care *care = &ev->u.care;

    if (first[care->what] > 0) {
        care->value[0] = (int32_t)take(c, first[care->what]);
        care->value[1] = (int32_t)take(c, care->what == VG_CW_FACT ? 2 : 900);
    }
    if (care->what == VG_CW_WEIGHT) {
        care->value[0] *= 5; /* to 300 kg */
        care->value[2] = take(c, 2) != 0 ? care->value[0] : 0;
    }
    for (size_t h = 0; care->what == VG_CW_READING && h < VG_HAND_COUNT; h++) {
        care->value[h] = take(c, 2) != 0 ? (int32_t)take(c, 300) * 1000 : -1;
    }
    if (care->what == VG_CW_VOID) {
        care->target = engine.seq - take(c, 64) % (engine.seq + 1);
    }
    care->at_utc_ns = ev->utc_ns - (int64_t)take(c, 1200) * VG_NS_PER_S + VG_NS_PER_S;
}

/* As typed, or as the correction of a row that may be a dose. */
static void fill_dose(struct cursor *c, struct vg_event *ev)
{
    struct vg_dose *d = &ev->u.dose;
    enum vg_dose_form form;

    d->request_id[0] = (char)('A' + take(c, 20));
    d->kind = (uint8_t)take(c, VG_DOSE_KIND_COUNT);
    d->what = (uint8_t)(take(c, 4) == 0 ? take(c, VG_DW_COUNT) : VG_DW_GIVEN);
    d->drug[0] = (char)('j' + take(c, 2));
    d->route = (uint8_t)take(c, VG_ROUTE_COUNT);
    form = vg_dose_form((enum vg_dose_kind)d->kind);
    if (form != VG_FORM_NONE && d->what != VG_DW_VOID) {
        d->typed_number = take(c, 60000);
        d->places = (uint8_t)take(c, VG_QUANTITY_PLACES_MAX + 1);
        d->unit = (uint8_t)(form == VG_FORM_AMOUNT
                                ? take(c, VG_UNIT_UG_H)
                                : VG_UNIT_UG_H + take(c, VG_UNIT_COUNT - VG_UNIT_UG_H));
        d->conc_ug_ml = vg_unit_get((enum vg_dose_unit)d->unit)->volume ? 50000 : 0;
    }
    if (d->what != VG_DW_GIVEN) {
        d->target = engine.seq - take(c, 64) % (engine.seq + 1);
    }
    d->confirm_ug = (int64_t)take(c, 2) * d->typed_number * 1000;
    d->given_utc_ns = ev->utc_ns - (int64_t)take(c, 1200) * VG_NS_PER_S + VG_NS_PER_S;
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
        fill_numbers(c, ev);
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
        ev->u.session_move.kind = (uint8_t)(take(c, 8) == 0 ? take(c, VG_SESSION_KIND_COUNT) : 0);
        ev->u.session_move.protocol = ev->u.session_move.kind == VG_SESSION_DOSING &&
                                              take(c, 2) != 0
                                          ? 0
                                          : VG_PROTOCOL_NONE;
        break;
    case VG_EV_DOSE:
        fill_dose(c, ev);
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

/* The clock of a session and what is given follow from its doses; a mark is in one state; what the
 * gate and the discharge ask is of the protocol. */
static void check_session(uint16_t bed, int64_t now_ns)
{
    const struct vg_session *s = &engine.beds[bed].session;
    struct vg_totals t;

    if (s->seq == 0) {
        return;
    }
    VG_ASSERT(s->dose_count <= VG_DOSES_MAX && s->mark_count <= VG_MARKS_MAX);
    vg_dose_totals(s, NULL, now_ns, &t);
    VG_ASSERT(t.given_ug >= t.infused_ug && t.infused_ug >= 0 && t.rate_ug_h >= 0);
    VG_ASSERT(t.remaining_ug == t.drawn_ug - t.given_ug - t.wasted_ug);
    VG_ASSERT(s->clock.first_ns <= s->clock.last_ns && s->clock.last_ns <= s->clock.end_ns);
    VG_ASSERT(s->clock.first_ns <= now_ns && s->clock.last_ns <= now_ns);
    VG_ASSERT(s->clock.running_ns == VG_TIME_NONE || s->clock.end_ns == INT64_MAX);
    for (uint16_t i = 0; i < s->mark_count; i++) {
        const struct vg_mark *m = &s->marks[i];
        VG_ASSERT(m->state < VG_MARK_STATE_COUNT && (m->missing & ~m->scales) == 0);
        VG_ASSERT(m->scales == 0 || m->missing == 0 ||
                  (m->state != VG_MS_MET && m->state != VG_MS_MET_LATE));
    }
    struct vg_gate_answer gate = vg_gate_judge(&engine, bed, now_ns);
    VG_ASSERT((gate.hard & ~gate.missing) == 0 && (gate.deviating & ~gate.missing) == 0);
    VG_ASSERT((gate.hard & ~gate.deviating) == 0); /* nobody may override those */
    VG_ASSERT(vg_discharge_judge(&engine, bed, now_ns) < 1u << protocol.check_count);
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
    check_session(bed, now_ns);
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
