/*
 * core_builder.c -- see core_builder.h.
 */
#include "tests/support/core_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/quantity.h"

static struct vg_engine engines[CORE_ENGINES];
static struct core cores[CORE_ENGINES];
static uint64_t rng_state = 1;

/* --- building ------------------------------------------------------------------------------- */

static void clear_bed(struct vg_bed *bed)
{
    size_t slots = bed->slot_count;

    memset(bed->slots, 0, slots * sizeof bed->slots[0]);
    for (size_t i = 0; i < VG_RECEIPTS_MAX && bed->receipts[i].seq != 0; i++) {
        memset(&bed->receipts[i], 0, sizeof bed->receipts[i]);
    }
    memset(bed, 0, offsetof(struct vg_bed, slots));
}

struct core *core_new(unsigned which, uint16_t beds, const struct vg_limits *limits,
                      int64_t start_ns)
{
    struct vg_limits defaults;
    struct core *c = &cores[which];
    struct vg_engine *e = &engines[which];

    VG_ASSERT(which < CORE_ENGINES);
    for (uint16_t b = 0; b < e->bed_count; b++) {
        clear_bed(&e->beds[b]);
    }
    vg_limits_default(&defaults);
    vg_engine_init(e, beds, limits != NULL ? limits : &defaults);
    c->engine = e;
    c->now_ns = start_ns;
    c->utc_offset_ns = CORE_UTC_OFFSET_NS;
    c->fx.count = 0;
    c->alarm_count = 0;
    c->record_count = 0;
    c->record_last = 0;
    c->request_count = 0;
    return c;
}

uint16_t core_add(struct core *c, uint16_t bed, uint32_t vitals, bool is_cuff, bool test)
{
    vg_engine_add_device(c->engine, bed, vitals, is_cuff, test, c->now_ns);
    return (uint16_t)(c->engine->device_count - 1);
}

uint16_t core_add_oximeter(struct core *c, uint16_t bed)
{
    uint32_t vitals = (1u << VG_VITAL_SPO2) | (1u << VG_VITAL_PULSE_RATE) |
                      (1u << VG_VITAL_PERFUSION_INDEX) | (1u << VG_VITAL_PLETH);
    return core_add(c, bed, vitals, false, false);
}

uint16_t core_add_cuff(struct core *c, uint16_t bed)
{
    uint32_t vitals = (1u << VG_VITAL_NIBP_SYS) | (1u << VG_VITAL_NIBP_DIA) |
                      (1u << VG_VITAL_NIBP_MEAN) | (1u << VG_VITAL_NIBP_PULSE_RATE) |
                      (1u << VG_VITAL_CUFF_PRESSURE);
    return core_add(c, bed, vitals, true, false);
}

/* --- feeding -------------------------------------------------------------------------------- */

static void keep(struct core *c)
{
    /* Samples are recorded too, but no restart reads them: they would only fill the list. */
    static const uint32_t is_read_again = 1u << VG_EV_CUFF | 1u << VG_EV_SESSION |
                                          1u << VG_EV_DOSE | 1u << VG_EV_ACK |
                                          1u << VG_EV_NIBP_COMMAND | 1u << VG_EV_ALARM |
                                          1u << VG_EV_INHIBIT | 1u << VG_EV_LIMITS |
                                          1u << VG_EV_LIMIT | 1u << VG_EV_CARE | 1u << VG_EV_BIND |
                                          1u << VG_EV_NIBP | 1u << VG_EV_PLAN;
    VG_ASSERT(c->fx.count <= VG_EFFECTS_MAX);
    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_effect *fx = &c->fx.of[i];
        if (fx->ev.kind == VG_EV_ALARM) {
            VG_ASSERT(c->alarm_count < CORE_ALARMS_MAX);
            c->alarms[c->alarm_count++] = fx->ev;
        }
        if ((fx->verbs & VG_DO_RECORD) != 0 && fx->ev.seq > c->record_last) {
            c->record_last = fx->ev.seq;
        }
        if ((fx->verbs & VG_DO_RECORD) != 0 && (is_read_again & (1u << fx->ev.kind)) != 0) {
            VG_ASSERT(c->record_count < CORE_RECORD_MAX);
            c->record[c->record_count++] = fx->ev;
        }
    }
}

struct vg_event core_event(const struct core *c, enum vg_event_kind kind, uint16_t bed,
                           uint16_t device)
{
    struct vg_event ev;
    memset(&ev, 0, sizeof ev);
    ev.kind = (uint16_t)kind;
    ev.bed = bed;
    ev.device = device;
    if (device != VG_DEVICE_NONE) {
        ev.flags = c->engine->devices[device].flags;
    }
    if (kind == VG_EV_SESSION) {
        ev.u.session_move.protocol = VG_PROTOCOL_NONE;
    }
    return ev;
}

static const struct vg_effects *step(struct core *c, struct vg_event *ev)
{
    ev->mono_ns = c->now_ns;
    ev->utc_ns = c->now_ns + c->utc_offset_ns;
    if (ev->kind == VG_EV_CARE && ev->u.care.at_utc_ns == 0) {
        ev->u.care.at_utc_ns = ev->utc_ns; /* as the daemon does when nobody says when */
    }
    c->in = *ev;
    vg_engine_step(c->engine, ev, &c->fx);
    keep(c);
    return &c->fx;
}

const struct vg_effects *core_feed(struct core *c, struct vg_event *ev)
{
    ev->seq = vg_engine_next_seq(c->engine);
    return step(c, ev);
}

void core_tick(struct core *c, uint16_t bed)
{
    struct vg_event ev = core_event(c, VG_EV_TICK, bed, VG_DEVICE_NONE);
    (void)step(c, &ev); /* a tick has no number of its own */
}

void core_jump(struct core *c, int64_t ns)
{
    c->now_ns += ns;
}

void core_wait(struct core *c, int64_t ns)
{
    int64_t until_ns = c->now_ns + ns;

    while (c->now_ns < until_ns) {
        int64_t left_ns = until_ns - c->now_ns;
        c->now_ns += left_ns < VG_TICK_NS ? left_ns : VG_TICK_NS;
        for (uint16_t b = 0; b < c->engine->bed_count; b++) {
            core_tick(c, b);
        }
    }
}

/* --- devices -------------------------------------------------------------------------------- */

static struct vg_event of_device(const struct core *c, enum vg_event_kind kind, uint16_t device)
{
    return core_event(c, kind, c->engine->devices[device].bed, device);
}

static void reading(struct core *c, uint16_t device, struct vg_reading r)
{
    struct vg_event ev = of_device(c, VG_EV_READING, device);
    ev.u.reading = r;
    (void)core_feed(c, &ev);
}

void core_reading(struct core *c, uint16_t device, enum vg_vital v, int32_t milli,
                  enum vg_quality q)
{
    reading(
        c, device,
        (struct vg_reading){ .value_milli = milli, .vital = (uint8_t)v, .quality = (uint8_t)q });
}

void core_aged(struct core *c, uint16_t device, enum vg_vital v, int32_t milli, int64_t age_ns)
{
    reading(c, device,
            (struct vg_reading){ .value_milli = milli, .vital = (uint8_t)v, .age_ns = age_ns });
}

void core_spo2(struct core *c, uint16_t device, int32_t percent)
{
    core_reading(c, device, VG_VITAL_SPO2, percent * 1000, VG_QUALITY_OK);
}

void core_pulse(struct core *c, uint16_t device, int32_t rate)
{
    core_reading(c, device, VG_VITAL_PULSE_RATE, rate * 1000, VG_QUALITY_OK);
}

void core_stream(struct core *c, uint16_t device, enum vg_vital v, int32_t milli, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        core_wait(c, CORE_S(1));
        core_reading(c, device, v, milli, VG_QUALITY_OK);
    }
}

void core_port(struct core *c, uint16_t device, enum vg_port_state to)
{
    struct vg_event ev = of_device(c, VG_EV_DEVICE, device);
    ev.u.dev.from = c->engine->devices[device].port;
    ev.u.dev.to = (uint8_t)to;
    (void)core_feed(c, &ev);
}

void core_signal(struct core *c, uint16_t device, uint32_t bits)
{
    struct vg_event ev = of_device(c, VG_EV_SIGNAL, device);
    ev.u.signal.bits = bits;
    (void)core_feed(c, &ev);
}

void core_word(struct core *c, uint16_t device, enum vg_cuff_word word)
{
    struct vg_event ev = of_device(c, VG_EV_CUFF, device);
    ev.u.cuff.word = (uint8_t)word;
    (void)core_feed(c, &ev);
}

static void result(struct core *c, uint16_t device, struct vg_nibp n)
{
    struct vg_event ev = of_device(c, VG_EV_NIBP, device);
    ev.u.nibp = n;
    (void)core_feed(c, &ev);
}

void core_result(struct core *c, uint16_t device, int32_t sys, int32_t dia)
{
    result(c, device,
           (struct vg_nibp){ .sys_milli = sys * 1000,
                             .dia_milli = dia * 1000,
                             .mean_milli = (sys + 2 * dia) * 1000 / 3,
                             .mean_computed = true,
                             .pulse_rate_milli = 70000 });
}

void core_result_error(struct core *c, uint16_t device, enum vg_nibp_error error)
{
    result(c, device, (struct vg_nibp){ .error = (uint8_t)error });
}

void core_clock_step(struct core *c, uint16_t bed, int64_t step_ns)
{
    struct vg_event ev = core_event(c, VG_EV_CLOCK, bed, VG_DEVICE_NONE);
    ev.u.clock.step_ns = step_ns;
    (void)core_feed(c, &ev);
}

void core_daemon(struct core *c, uint16_t bed, enum vg_daemon_what what)
{
    struct vg_event ev = core_event(c, VG_EV_DAEMON, bed, VG_DEVICE_NONE);
    ev.u.daemon.what = (uint8_t)what;
    (void)core_feed(c, &ev);
}

/* --- sinks ---------------------------------------------------------------------------------- */

void core_sink(struct core *c, uint16_t bed, uint8_t sink, enum vg_sink_what what,
               uint64_t instance)
{
    struct vg_event ev = core_event(c, VG_EV_SINK, bed, VG_DEVICE_NONE);
    ev.u.sink.sink = sink;
    ev.u.sink.what = (uint8_t)what;
    ev.u.sink.instance = instance;
    (void)core_feed(c, &ev);
}

/* --- people --------------------------------------------------------------------------------- */

static void put(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text);
}

static void request_id(struct core *c, char *to)
{
    (void)snprintf(to, VG_REQUEST_ID_MAX, "request-%u", ++c->request_count);
}

static void by_nurse(struct core *c, char *request, char *operator_id)
{
    request_id(c, request);
    put(operator_id, VG_NAME_MAX, "nurse");
}

static const struct vg_effect *ask(struct core *c, struct vg_event *ev)
{
    (void)core_feed(c, ev);
    return core_reply(c);
}

static const struct vg_effect *session(struct core *c, uint16_t bed, enum vg_session_move move,
                                       const char *text)
{
    struct vg_event ev = core_event(c, VG_EV_SESSION, bed, VG_DEVICE_NONE);
    ev.u.session_move.move = (uint8_t)move;
    by_nurse(c, ev.u.session_move.request_id, ev.u.session_move.operator_id);
    put(ev.u.session_move.text, VG_REASON_MAX, text);
    return ask(c, &ev);
}

const struct vg_effect *core_open_session(struct core *c, uint16_t bed, const char *patient)
{
    return session(c, bed, VG_SESSION_OPEN, patient);
}

const struct vg_effect *core_close_session(struct core *c, uint16_t bed, const char *reason)
{
    return session(c, bed, VG_SESSION_CLOSE, reason);
}

const struct vg_effect *core_ack(struct core *c, uint16_t bed, uint64_t instance)
{
    struct vg_event ev = core_event(c, VG_EV_ACK, bed, VG_DEVICE_NONE);
    ev.u.ack.instance = instance;
    by_nurse(c, ev.u.ack.request_id, ev.u.ack.operator_id);
    return ask(c, &ev);
}

const struct vg_effect *core_dose(struct core *c, uint16_t bed, enum vg_dose_kind kind,
                                  int64_t amount_ug, int64_t given_utc_ns)
{
    static const uint8_t unit_of[] = {
        [VG_FORM_AMOUNT] = VG_UNIT_UG,
        [VG_FORM_RATE] = VG_UNIT_UG_H,
        [VG_FORM_RATE_OR_NONE] = VG_UNIT_UG_H,
        [VG_FORM_NONE] = VG_UNIT_UG,
    };
    struct vg_event ev = core_event(c, VG_EV_DOSE, bed, VG_DEVICE_NONE);
    ev.u.dose.kind = (uint8_t)kind;
    ev.u.dose.typed_number = vg_dose_form(kind) == VG_FORM_NONE ? 0 : amount_ug;
    ev.u.dose.unit = unit_of[vg_dose_form(kind)];
    ev.u.dose.given_utc_ns = given_utc_ns;
    by_nurse(c, ev.u.dose.request_id, ev.u.dose.operator_id);
    put(ev.u.dose.drug, VG_NAME_MAX, "ketamine");
    return ask(c, &ev);
}

const struct vg_effect *core_command(struct core *c, uint16_t bed, uint16_t device,
                                     enum vg_request_what what)
{
    struct vg_event ev = core_event(c, VG_EV_NIBP_COMMAND, bed, VG_DEVICE_NONE);
    ev.device = device;
    ev.u.command.what = (uint8_t)what;
    by_nurse(c, ev.u.command.request_id, ev.u.command.operator_id);
    return ask(c, &ev);
}

const struct vg_effect *core_inhibit(struct core *c, uint16_t bed, enum vg_inhibit_what what,
                                     enum vg_vital v)
{
    struct vg_event ev = core_event(c, VG_EV_INHIBIT, bed, VG_DEVICE_NONE);
    ev.u.inhibit.what = (uint8_t)what;
    ev.u.inhibit.vital = (uint8_t)v;
    by_nurse(c, ev.u.inhibit.request_id, ev.u.inhibit.operator_id);
    put(ev.u.inhibit.reason, VG_REASON_MAX, "seen");
    return ask(c, &ev);
}

const struct vg_effect *core_limits(struct core *c, uint16_t bed, enum vg_limits_what what,
                                    uint8_t index, int32_t limit_milli)
{
    struct vg_event ev = core_event(c, VG_EV_LIMITS, bed, VG_DEVICE_NONE);
    ev.u.limits.what = (uint8_t)what;
    ev.u.limits.index = index;
    ev.u.limits.limit_milli = limit_milli;
    by_nurse(c, ev.u.limits.request_id, ev.u.limits.operator_id);
    put(ev.u.limits.reason, VG_REASON_MAX, "seen");
    return ask(c, &ev);
}

const struct vg_effect *core_care(struct core *c, uint16_t bed, enum vg_care_what what,
                                  int32_t first, int32_t second)
{
    struct vg_event ev = core_event(c, VG_EV_CARE, bed, VG_DEVICE_NONE);
    ev.u.care.what = (uint8_t)what;
    ev.u.care.value[0] = first;
    ev.u.care.value[1] = second;
    by_nurse(c, ev.u.care.request_id, ev.u.care.operator_id);
    return ask(c, &ev);
}

static void measure_until_end(struct core *c, uint16_t device)
{
    (void)core_command(c, c->engine->devices[device].bed, device, VG_REQ_NIBP_START);
    core_word(c, device, VG_CUFF_ACCEPTED);
    core_wait(c, CORE_S(20));
    core_word(c, device, VG_CUFF_COMPLETED);
}

void core_measure(struct core *c, uint16_t device, int32_t sys, int32_t dia)
{
    measure_until_end(c, device);
    core_result(c, device, sys, dia);
    core_wait(c, VG_NIBP_COOLDOWN_NS);
}

void core_measure_fails(struct core *c, uint16_t device, enum vg_nibp_error error)
{
    measure_until_end(c, device);
    core_result_error(c, device, error);
    core_wait(c, VG_NIBP_COOLDOWN_NS);
}

/* --- finding -------------------------------------------------------------------------------- */

void core_forget(struct core *c)
{
    c->alarm_count = 0;
}

const struct vg_effect *core_reply(const struct core *c)
{
    for (size_t i = 0; i < c->fx.count; i++) {
        if ((c->fx.of[i].verbs & VG_DO_REPLY) != 0) {
            return &c->fx.of[i];
        }
    }
    return NULL;
}

const struct vg_effect *core_effect(const struct core *c, enum vg_event_kind kind)
{
    for (size_t i = 0; i < c->fx.count; i++) {
        if (c->fx.of[i].ev.kind == kind) {
            return &c->fx.of[i];
        }
    }
    return NULL;
}

const struct vg_effect *core_asked(const struct core *c, enum vg_request_what what)
{
    for (size_t i = 0; i < c->fx.count; i++) {
        if ((c->fx.of[i].verbs & VG_DO_REQUEST) != 0 && c->fx.of[i].request == what) {
            return &c->fx.of[i];
        }
    }
    return NULL;
}

const struct vg_event *core_alarm(const struct core *c, enum vg_condition cond,
                                  enum vg_alarm_what what)
{
    for (size_t i = c->alarm_count; i > 0; i--) {
        const struct vg_event *ev = &c->alarms[i - 1];
        if (ev->u.alarm.condition == cond && ev->u.alarm.what == what) {
            return ev;
        }
    }
    return NULL;
}

size_t core_count_alarms(const struct core *c, enum vg_condition cond, enum vg_alarm_what what)
{
    size_t n = 0;
    for (size_t i = 0; i < c->alarm_count; i++) {
        const struct vg_alarm_event *a = &c->alarms[i].u.alarm;
        n += a->condition == cond && a->what == what ? 1u : 0u;
    }
    return n;
}

const struct vg_slot *core_slot(const struct core *c, uint16_t bed, enum vg_condition cond,
                                uint16_t subject)
{
    const struct vg_bed *b = &c->engine->beds[bed];
    for (uint16_t i = 0; i < b->slot_count; i++) {
        if (b->slots[i].condition == cond && b->slots[i].subject == subject) {
            return &b->slots[i];
        }
    }
    return NULL;
}

enum vg_cond_state core_state(const struct core *c, uint16_t bed, enum vg_condition cond,
                              uint16_t subject)
{
    const struct vg_slot *s = core_slot(c, bed, cond, subject);
    return s != NULL ? (enum vg_cond_state)s->state : VG_CS_DISARMED;
}

/* --- restart -------------------------------------------------------------------------------- */

static int by_seq(const void *a, const void *b)
{
    uint64_t x = ((const struct vg_event *)a)->seq;
    uint64_t y = ((const struct vg_event *)b)->seq;
    return (x > y) - (x < y);
}

/* What a restart reads of runs before the last one: of open sessions all that was decided, said and
 * measured by cuffs, and of cuffs the starts of the last hour. */
static bool is_read_once_more(const struct core *c, const struct vg_event *ev)
{
    static const uint32_t of_session = 1u << VG_EV_SESSION | 1u << VG_EV_DOSE | 1u << VG_EV_CARE |
                                       1u << VG_EV_BIND | 1u << VG_EV_PLAN | 1u << VG_EV_NIBP;
    if (ev->kind == VG_EV_CUFF) {
        return ev->mono_ns > c->now_ns - CORE_S(3600);
    }
    return (of_session & (1u << ev->kind)) != 0 && ev->bed < c->engine->bed_count &&
           ev->session != 0 && ev->session == c->engine->beds[ev->bed].session.seq;
}

void core_replay(struct core *to, const struct core *from)
{
    static struct vg_event sorted[CORE_RECORD_MAX];

    memcpy(sorted, from->record, from->record_count * sizeof sorted[0]);
    qsort(sorted, from->record_count, sizeof sorted[0], by_seq);
    for (size_t i = 0; i < from->record_count; i++) {
        sorted[i].flags |= VG_FLAG_REPLAY;
        vg_engine_replay(to->engine, &sorted[i]);
    }
    to->engine->seq = from->record_last; /* the daemon reads the last number by itself */
    to->record_last = from->record_last;
    to->now_ns = from->now_ns;
    to->utc_offset_ns = from->utc_offset_ns;
    to->request_count = from->request_count;
    for (size_t i = 0; i < from->record_count; i++) {
        if (is_read_once_more(to, &sorted[i])) {
            to->record[to->record_count++] = sorted[i];
        }
    }
}

/* --- random numbers ------------------------------------------------------------------------- */

uint64_t core_seed(uint64_t unless_set)
{
    const char *text = getenv("VG_SEED");
    rng_state = text != NULL ? strtoull(text, NULL, 0) : unless_set;
    (void)printf("VG_SEED=%llu\n", (unsigned long long)rng_state);
    return rng_state;
}

unsigned core_cases(unsigned unless_set)
{
    const char *text = getenv("VG_CASES");
    return text != NULL ? (unsigned)strtoul(text, NULL, 0) : unless_set;
}

uint64_t core_random(void)
{
    rng_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = rng_state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t core_below(uint32_t n)
{
    return (uint32_t)(core_random() % n);
}
