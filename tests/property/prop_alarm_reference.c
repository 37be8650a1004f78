/*
 * prop_alarm_reference.c -- the whole alarm engine beside a second one, written from the prose.
 *
 * One bed, one oximeter, four sinks; whatever can happen to them happens at random. After every step
 * both must agree on everything: state, acknowledgement, what is held, who is told, what is paused,
 * every inhibition, quiet mode, and what sinks of each role sound. VG_SEED repeats a run; VG_CASES sets
 * the number of engine steps (one million).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/core_builder.h"
#include "tests/support/ref_alarm.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)
#define STEPS 1000000
#define HISTORY 12
#define OXI 0

static const struct {
    uint8_t condition;
    uint16_t subject;
} names[REF_COUNT] = {
    [REF_SPO2_LOW] = { VG_COND_SPO2_LOW, VG_SUBJECT_NONE },
    [REF_DESAT] = { VG_COND_SPO2_DESAT, VG_SUBJECT_NONE },
    [REF_PR_LOW] = { VG_COND_PR_LOW, VG_SUBJECT_NONE },
    [REF_PR_HIGH] = { VG_COND_PR_HIGH, VG_SUBJECT_NONE },
    [REF_PR_XLOW] = { VG_COND_PR_XLOW, VG_SUBJECT_NONE },
    [REF_PR_XHIGH] = { VG_COND_PR_XHIGH, VG_SUBJECT_NONE },
    [REF_SENSOR] = { VG_COND_SENSOR_OFF, OXI },
    [REF_LOST_SPO2] = { VG_COND_DATA_LOST, VG_VITAL_SPO2 },
    [REF_LOST_PR] = { VG_COND_DATA_LOST, VG_VITAL_PULSE_RATE },
    [REF_LINK] = { VG_COND_LINK_DEVICE, OXI },
    [REF_SED] = { VG_COND_SED_DEEP, VG_SUBJECT_NONE },
    [REF_BATTERY] = { VG_COND_BATTERY, OXI },
    [REF_SINK_LOST + REF_DESK] = { VG_COND_SINK_LOST, REF_DESK },
    [REF_SINK_LOST + REF_PAGER] = { VG_COND_SINK_LOST, REF_PAGER },
    [REF_SINK_LOST + REF_SECOND] = { VG_COND_SINK_LOST, REF_SECOND },
    [REF_SINK_LOST + REF_ROOM] = { VG_COND_SINK_LOST, REF_ROOM },
    [REF_RESTARTED] = { VG_COND_RESTARTED, VG_SUBJECT_NONE },
};

static const enum vg_vital vitals[REF_VITALS] = {
    [REF_SPO2] = VG_VITAL_SPO2, [REF_PR] = VG_VITAL_PULSE_RATE
};

static const enum vg_route_state ways[] = {
    [REF_NOBODY] = VG_RS_DONE,
    [REF_STAFF_SENT] = VG_RS_SENT,
    [REF_STAFF_HAS_IT] = VG_RS_CONFIRMED,
    [REF_SECOND_TOO] = VG_RS_ESCALATED,
    [REF_EVERYWHERE] = VG_RS_LOCAL,
};

/* What somebody knows who has read every move that was recorded, and nothing else. */
static struct reader {
    uint8_t state[REF_COUNT], route[REF_COUNT], priority[REF_COUNT];
    bool ack[REF_COUNT];
    uint8_t sound, vital[VG_VITAL_COUNT]; /* enum vg_inhibit_state */
} reader;

static struct core *core;
static int32_t sat_seconds;
static unsigned which;
static struct ref_bed ref;
static uint64_t number_of[REF_COUNT];  /* the engine's number of the open instance */
static uint64_t ordinal_of[REF_COUNT]; /* the reference's */
static uint64_t last_number;
static unsigned steps, met_routes, met_audible, met_inhibited, met_restarts;
static char history[HISTORY][96];
static int64_t history_at[HISTORY];

/* --- comparing ------------------------------------------------------------------------------ */

static void differ(const char *what, enum ref_id id, long long engine, long long reference)
{
    (void)printf("first difference, after step %u:\n", steps);
    for (unsigned k = 0; k < HISTORY; k++) {
        unsigned at = (steps + k) % HISTORY;
        (void)printf("  %14.3f s  %s\n", (double)history_at[at] / 1e9, history[at]);
    }
    fail_msg("%s of %s %u: engine %lld, reference %lld", what,
             id < REF_COUNT ? vg_condition_name((enum vg_condition)names[id].condition) : "bed",
             id < REF_COUNT ? names[id].subject : 0, engine, reference);
}

static void equal(const char *what, enum ref_id id, int64_t engine, int64_t reference)
{
    if (engine != reference) {
        differ(what, id, (long long)engine, (long long)reference);
    }
}

static enum ref_id find_named(uint8_t condition, uint16_t subject)
{
    for (unsigned id = 0; id < REF_COUNT; id++) {
        if (names[id].condition == condition && names[id].subject == subject) {
            return (enum ref_id)id;
        }
    }
    return REF_COUNT;
}

static enum ref_id find(const struct vg_slot *s)
{
    return find_named(s->condition, s->subject);
}

/* Numbers: fixed for as long as an instance lives, and never smaller than an older one. */
static void compare_number(enum ref_id id, const struct vg_slot *s)
{
    uint64_t ordinal = ref.a[id].c.seq;

    if (ordinal != ordinal_of[id]) {
        if (s->instance <= last_number && ordinal == ref.numbers) {
            differ("number", id, (long long)s->instance, (long long)last_number);
        }
        last_number = s->instance > last_number ? s->instance : last_number;
        number_of[id] = s->instance;
        ordinal_of[id] = ordinal;
    }
    equal("number", id, (int64_t)s->instance, (int64_t)number_of[id]);
}

static void compare_slot(enum ref_id id, const struct vg_slot *s)
{
    const struct ref_alarm *a = &ref.a[id];
    bool open = vg_slot_is_open(s);

    equal("open", id, open, ref_is_open(a));
    if (id < REF_PHYS || open) {
        equal("state", id, s->state, a->c.st);
    }
    if (id < REF_PHYS) {
        equal("samples in a row", id, s->run, a->in_row);
    }
    equal("held", id, s->held, a->c.held);
    equal("ack", id, s->ack, a->c.ack);
    equal("route", id, s->route.state, ways[a->way]);
    equal("paused", id, s->paused, a->paused);
    if (open) {
        equal("priority", id, s->priority, a->priority);
        equal("told", id, s->told, a->told);
        compare_number(id, s);
        met_routes |= 1u << s->route.state;
    }
}

static void compare_bed(const struct vg_bed *b)
{
    equal("session", REF_COUNT, b->session.seq != 0, ref.session);
    equal("quiet", REF_COUNT, b->quiet.on, ref.quiet);
    equal("sound", REF_COUNT, b->audio.state, ref.sound.st);
    for (unsigned v = 0; v < REF_VITALS; v++) {
        equal("inhibition", v == 0 ? REF_SPO2_LOW : REF_PR_LOW, b->vital[vitals[v]].state,
              ref.vital[v].st);
        equal("freshness", v == 0 ? REF_SPO2_LOW : REF_PR_LOW,
              core->engine->devices[OXI].fresh[vitals[v]].state, ref.f[v].st);
        met_inhibited |= 1u << b->vital[vitals[v]].state;
    }
    met_inhibited |= 1u << b->audio.state;
}

/* --- the record ----------------------------------------------------------------------------- */

static const uint8_t route_words[VG_RS_COUNT] = {
    [VG_RS_DONE] = VG_RW_DONE,           [VG_RS_SENT] = VG_RW_SENT,
    [VG_RS_CONFIRMED] = VG_RW_CONFIRMED, [VG_RS_ESCALATED] = VG_RW_ESCALATED,
    [VG_RS_LOCAL] = VG_RW_LOCAL_ON,
};

/* The instance an alarm event of this step, or the slot, has that number. */
static enum ref_id numbered(uint64_t instance, uint8_t condition)
{
    for (size_t i = 0; i < core->fx.count; i++) {
        const struct vg_event *ev = &core->fx.of[i].ev;
        if (ev->kind == VG_EV_ALARM && ev->u.alarm.instance == instance &&
            ev->u.alarm.condition == condition) {
            return find_named(condition, ev->u.alarm.subject);
        }
    }
    for (unsigned id = 0; id < REF_COUNT; id++) {
        if (number_of[id] == instance && names[id].condition == condition) {
            return (enum ref_id)id;
        }
    }
    return REF_COUNT;
}

static void read_alarm(const struct vg_alarm_event *a)
{
    enum ref_id id = find_named(a->condition, a->subject);

    if (id == REF_COUNT) {
        differ("alarm of nobody", id, a->condition, a->subject);
        return;
    }
    if (reader.state[id] >= VG_CS_ACTIVE || a->from >= VG_CS_ACTIVE) {
        equal("recorded from", id, a->from, reader.state[id]);
    }
    reader.state[id] = a->to;
    reader.ack[id] = a->ack;
    reader.priority[id] = a->priority;
}

static void read_route(const struct vg_route_event *r)
{
    enum ref_id id = numbered(r->instance, r->condition);
    bool again = r->what == VG_RW_CONFIRMED && r->from == r->to; /* one more sink sounds */
    bool by_sink = r->what == VG_RW_CONFIRMED && core->in.kind == VG_EV_SINK;

    if (id == REF_COUNT) {
        differ("route of nobody", id, (long long)r->instance, 0);
        return;
    }
    equal("recorded route", id, r->from, reader.route[id]);
    equal("word of the route", id, r->what, again ? VG_RW_CONFIRMED : route_words[r->to]);
    equal("priority of the route", id, r->priority, reader.priority[id]);
    equal("sink of the route", id, r->sink, by_sink ? core->in.u.sink.sink : VG_SINK_NONE);
    if (r->row == 0) {
        differ("row of the route", id, 0, 1);
    }
    reader.route[id] = r->to;
}

static void read_inhibit(const struct vg_inhibit_event *i)
{
    uint8_t *is = i->vital < VG_VITAL_COUNT ? &reader.vital[i->vital] : &reader.sound;

    equal("recorded inhibition", REF_COUNT, i->from, *is);
    if (i->to != VG_IS_ON && (i->operator_id[0] == '\0' || i->reason[0] == '\0' || i->row == 0)) {
        differ("who inhibits, and why", REF_COUNT, i->row, i->to);
    }
    *is = i->to;
}

/* Whoever reads the record knows the state: no move is silent. */
static void compare_record(void)
{
    for (size_t i = 0; i < core->fx.count; i++) {
        const struct vg_event *ev = &core->fx.of[i].ev;
        bool recorded = (core->fx.of[i].verbs & VG_DO_RECORD) != 0;
        if (ev->kind == VG_EV_ALARM && recorded) {
            read_alarm(&ev->u.alarm);
        } else if (ev->kind == VG_EV_ROUTE && recorded) {
            read_route(&ev->u.route);
        } else if (ev->kind == VG_EV_INHIBIT && recorded && ev->u.inhibit.what == VG_IW_MOVED) {
            read_inhibit(&ev->u.inhibit);
        }
    }
    for (unsigned id = 0; id < REF_COUNT; id++) {
        const struct ref_alarm *a = &ref.a[id];
        bool open = reader.state[id] >= VG_CS_ACTIVE;
        equal("open by the record", (enum ref_id)id, open, ref_is_open(a));
        equal("priority by the record", (enum ref_id)id, open ? reader.priority[id] : 0,
              open ? a->priority : 0);
        equal("route by the record", (enum ref_id)id, reader.route[id], ways[a->way]);
        equal("ack by the record", (enum ref_id)id, open && reader.ack[id], a->c.ack);
    }
    equal("sound by the record", REF_COUNT, reader.sound, ref.sound.st);
    for (unsigned v = 0; v < REF_VITALS; v++) {
        equal("vital by the record", REF_COUNT, reader.vital[vitals[v]], ref.vital[v].st);
    }
}

static void compare_all(void)
{
    const struct vg_bed *b = &core->engine->beds[0];

    for (uint16_t i = 0; i < b->slot_count; i++) {
        enum ref_id id = find(&b->slots[i]);
        if (id < REF_COUNT) {
            compare_slot(id, &b->slots[i]);
        } else if (vg_slot_is_open(&b->slots[i])) {
            differ("unexpected condition", REF_COUNT, b->slots[i].condition, 0);
        }
    }
    compare_bed(b);
    compare_record();
    for (unsigned r = 0; r < VG_SINK_ROLES; r++) {
        const struct vg_slot *s = vg_engine_audible(core->engine, 0, (enum vg_sink_role)r);
        enum ref_id id = ref_bed_audible(&ref, (enum vg_sink_role)r);
        equal("audible", id, s != NULL ? (int)find(s) : (int)REF_COUNT, (int)id);
        met_audible |= s != NULL ? 1u << r : 0;
    }
}

static void stepped(const char *format, ...) VG_PRINTF(1, 2);
static void stepped(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(history[steps % HISTORY], sizeof history[0], format, args);
    va_end(args);
    history_at[steps % HISTORY] = core->now_ns;
    steps++;
    compare_all();
    core_forget(core);
}

/* --- what can happen ------------------------------------------------------------------------ */

static void later(int64_t ns)
{
    core_jump(core, ns);
    ref.now = core->now_ns;
}

static void tick(void)
{
    core_tick(core, 0);
    ref_bed_tick(&ref);
    stepped("tick");
}

static void wait(unsigned ticks)
{
    for (unsigned i = 0; i < ticks; i++) {
        later(VG_TICK_NS);
        tick();
    }
}

static void say(enum ref_vital v, int32_t milli, enum vg_quality q, int64_t age)
{
    struct vg_event ev = core_event(core, VG_EV_READING, 0, OXI);
    ev.u.reading.vital = (uint8_t)vitals[v];
    ev.u.reading.value_milli = milli;
    ev.u.reading.quality = (uint8_t)q;
    ev.u.reading.age_ns = age;
    (void)core_feed(core, &ev);
    ref_bed_sample(&ref, v, milli, q, age);
    stepped("sample %s %d, %s, %lld s old", vg_vital_get(vitals[v])->name, milli / 1000,
            vg_quality_name(q), (long long)(age / S(1)));
}

static int32_t any_value(enum ref_vital v)
{
    static const int32_t spo2[] = {
        99, 97, 97, 97, 96, 95, 91, 90, 89, 88, 87, 86, 85, 84, 80, 79
    };
    static const int32_t pulse[] = { 70, 70, 75,  80,  53,  52,  50,  49,  48,  41,
                                     40, 39, 117, 118, 120, 121, 149, 150, 151, 160 };
    return 1000 *
           (v == REF_SPO2 ? spo2[core_below(VG_COUNT(spo2))] : pulse[core_below(VG_COUNT(pulse))]);
}

static void sample(void)
{
    static const int64_t ages[] = { 0, 0, 0, 0, 0, 0, 0, S(1), S(9), S(10), S(11) };
    uint32_t luck = core_below(16);
    enum ref_vital v = (enum ref_vital)core_below(REF_VITALS);
    enum vg_quality q = luck < 2    ? VG_QUALITY_QUESTIONABLE
                        : luck == 2 ? VG_QUALITY_INVALID
                        : luck == 3 ? VG_QUALITY_UNAVAILABLE
                                    : VG_QUALITY_OK;
    say(v, any_value(v), q, ages[core_below(VG_COUNT(ages))]);
}

/* Seconds of one value each: single samples never get through a delay. */
static void stretch(void)
{
    uint32_t seconds = 1 + core_below(18);
    int32_t spo2 = core_below(2) == 0 ? 97000 : any_value(REF_SPO2);
    int32_t pulse = core_below(2) == 0 ? 70000 : any_value(REF_PR);

    for (uint32_t i = 0; i < seconds; i++) {
        wait(4);
        say(REF_SPO2, spo2, VG_QUALITY_OK, 0);
        say(REF_PR, pulse, VG_QUALITY_OK, 0);
    }
}

static void time_passes(void)
{
    static const int64_t gaps_ms[] = { 1,     250,   3000,  5000,   10000,
                                       15000, 31000, 61000, 120000, 301000 };
    if (core_below(40) == 0) { /* the loop stood still, or the computer slept */
        later(vg_ms(gaps_ms[core_below(VG_COUNT(gaps_ms))]));
    }
    wait(1 + core_below(16));
}

/* Long enough for whatever ends by itself. */
static void long_time(void)
{
    static const unsigned seconds[] = { 11, 16, 31, 61, 121, 301 };
    if (core_below(6) == 0) {
        wait(4 * seconds[core_below(VG_COUNT(seconds))]);
    }
}

static void port(void)
{
    enum vg_port_state to = core_below(3) == 0 ? VG_PORT_SILENT : VG_PORT_ONLINE;
    core_port(core, OXI, to);
    ref_bed_port(&ref, to == VG_PORT_ONLINE);
    stepped("device %s", vg_port_state_name(to));
}

static void sensor(void)
{
    uint32_t bits = core_below(2) == 0 ? 0 : core_below(1u << 8);
    bool off = (bits & (VG_SIGNAL_SENSOR_OFF | VG_SIGNAL_SENSOR_UNPLUGGED)) != 0;
    core_signal(core, OXI, bits);
    ref_bed_sensor(&ref, off, (bits & VG_SIGNAL_LOW_BATTERY) != 0);
    stepped("signal 0x%x", bits);
}

static void sink(void)
{
    enum ref_sink s = (enum ref_sink)core_below(REF_SINKS);
    bool ok = core_below(4) != 0;
    core_sink(core, 0, (uint8_t)s, ok ? VG_SW_OK : VG_SW_LOST, 0);
    ref_bed_sink(&ref, s, ok);
    stepped("sink %u %s", (unsigned)s, ok ? "ok" : "lost");
}

/* An open instance by chance; REF_COUNT: there is none. */
static enum ref_id any_open(void)
{
    uint32_t from = core_below(REF_COUNT);
    for (unsigned k = 0; k < REF_COUNT; k++) {
        enum ref_id id = (enum ref_id)((from + k) % REF_COUNT);
        if (ref_is_open(&ref.a[id])) {
            return id;
        }
    }
    return REF_COUNT;
}

static void receipt(void)
{
    enum ref_sink s = (enum ref_sink)core_below(REF_SINKS);
    enum ref_id id = any_open();
    bool right = id < REF_COUNT && core_below(8) != 0;
    core_sink(core, 0, (uint8_t)s, VG_SW_RECEIPT, right ? number_of[id] : last_number + 1000);
    ref_bed_receipt(&ref, s, right ? ordinal_of[id] : ref.numbers + 1000);
    stepped("receipt of sink %u for %s", (unsigned)s,
            right ? vg_condition_name((enum vg_condition)names[id].condition) : "nothing");
}

/* --- what people do ------------------------------------------------------------------------- */

static void answered(const struct vg_effect *fx, bool accepted, const char *what)
{
    bool by_engine = fx->status == VG_OK;
    stepped("%s: %s", what, by_engine ? "ok" : vg_refusal_name((enum vg_refusal)fx->refusal));
    equal(what, REF_COUNT, by_engine, accepted);
}

static void acknowledge(void)
{
    enum ref_id id = any_open();
    bool right = id < REF_COUNT && core_below(6) != 0;
    uint64_t number = right ? number_of[id] : core_below(100) == 0 ? 0 : last_number + 7;
    bool done = ref_bed_ack(&ref, right ? ordinal_of[id] : ref.numbers + 7);
    answered(core_ack(core, 0, number), done, "ack");
}

static void inhibit(void)
{
    enum ref_vital v = (enum ref_vital)core_below(REF_VITALS);
    enum vg_inhibit_what what = (enum vg_inhibit_what)core_below(VG_IW_MOVED);
    bool done = what == VG_IW_AUDIO_PAUSE ? ref_bed_pause_sound(&ref)
                                          : ref_bed_inhibit(&ref, what, v);
    answered(core_inhibit(core, 0, what, vitals[v]), done, vg_inhibit_what_name(what));
}

/* Legal ones only: what is legal is tested elsewhere. */
static void limits(void)
{
    static const struct {
        enum ref_id id;
        int32_t milli;
    } sets[] = { { REF_SPO2_LOW, 88000 },  { REF_SPO2_LOW, 90000 }, { REF_SPO2_LOW, 95000 },
                 { REF_DESAT, 80000 },     { REF_DESAT, 85000 },    { REF_PR_LOW, 50000 },
                 { REF_PR_LOW, 45000 },    { REF_PR_HIGH, 115000 }, { REF_PR_HIGH, 120000 },
                 { REF_PR_XLOW, 35000 },   { REF_PR_XLOW, 42000 },  { REF_PR_XHIGH, 145000 },
                 { REF_PR_XHIGH, 150000 }, { REF_PR_XHIGH, 165000 } };
    uint32_t i = core_below(VG_COUNT(sets));
    int32_t now[REF_PHYS];

    const struct vg_effect *fx = core_limits(core, 0, VG_LW_SET, names[sets[i].id].condition,
                                             sets[i].milli);
    if (ref.session) {
        for (unsigned id = 0; id < REF_PHYS; id++) {
            now[id] = ref.a[id].limit;
        }
        now[sets[i].id] = sets[i].milli;
        ref_bed_limits(&ref, now);
    }
    answered(fx, ref.session, "limit");
}

static void session(void)
{
    uint32_t luck = core_below(4);
    if (luck < 2) {
        bool done = ref_bed_open(&ref);
        answered(core_open_session(core, 0, "p-1"), done, "open");
    } else {
        bool done = ref_bed_close(&ref, luck == 2);
        answered(core_close_session(core, 0, luck == 2 ? "override" : ""), done, "close");
    }
}

static void dose(void)
{
    enum vg_dose_kind kind = (enum vg_dose_kind)core_below(VG_DOSE_KIND_COUNT);
    int64_t amount = vg_dose_form(kind) == VG_FORM_NONE ? 0 : core_below(3) * 1000;
    bool done = ref_bed_dose(&ref, kind, amount);
    answered(core_dose(core, 0, kind, amount, core->now_ns + core->utc_offset_ns), done, "dose");
}

static void sedation(void)
{
    int32_t score = (int32_t)core_below(6);
    bool done = ref_bed_sedation(&ref, score);
    answered(core_care(core, 0, VG_CW_SCORE, VG_SCALE_MOAAS, score), done, "sedation");
}

static void quiet(void)
{
    bool on = core_below(4) != 0;
    bool done = ref_bed_quiet(&ref, on);
    answered(core_care(core, 0, on ? VG_CW_QUIET_ON : VG_CW_QUIET_OFF, 0, 0), done, "quiet");
}

/* --- restarts ------------------------------------------------------------------------------- */

static void build(int64_t now_ns)
{
    static const struct vg_routing routing = {
        .second_ns = { [VG_PRIO_MED] = S(30), [VG_PRIO_HIGH] = S(10) },
        .local_ns = { [VG_PRIO_MED] = S(60), [VG_PRIO_HIGH] = S(15) },
        .presence_ns = S(300),
        .sink_count = REF_SINKS,
        .sinks = { [REF_DESK] = { VG_BED_NONE, VG_SINK_REMOTE },
                   [REF_PAGER] = { 0, VG_SINK_REMOTE },
                   [REF_SECOND] = { VG_BED_NONE, VG_SINK_SECOND },
                   [REF_ROOM] = { 0, VG_SINK_ROOM } },
    };
    struct vg_limits limits;
    vg_limits_default(&limits);
    limits.of[VG_COND_SPO2_LOW].sat_seconds = sat_seconds;
    core = core_new(which, 1, &limits, now_ns);
    vg_engine_set_routing(core->engine, &routing);
    (void)core_add(core, 0, 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE, false, false);
}

/* The program dies; the next one has the record, and two seconds are gone. */
static void restart(void)
{
    const struct core *dead = core;

    later(S(2));
    which = 1 - which;
    build(dead->now_ns);
    core_replay(core, dead);
    if (core->engine->beds[0].replayed) {
        core_daemon(core, 0, VG_DAEMON_RESTARTED);
    }
    ref_bed_restart(&ref);
    memset(reader.route, 0, sizeof reader.route); /* routes and inhibitions begin anew with a run */
    memset(reader.vital, 0, sizeof reader.vital);
    reader.sound = VG_IS_ON;
    met_restarts++;
    stepped("restart");
}

static void seldom_restart(void)
{
    if (core_below(8) == 0 || core->record_count > CORE_RECORD_MAX / 2) {
        restart();
        while (core_below(3) == 0) {
            restart(); /* again at once */
        }
        if (core_below(8) != 0) {
            port();
        }
    }
}

/* --- the run -------------------------------------------------------------------------------- */

/* Half of it with SatSeconds. */
static void begin(int32_t with_sat_seconds)
{
    sat_seconds = with_sat_seconds;
    build(S(1000));
    ref_bed_init(&ref, core->now_ns, sat_seconds);
    memset(number_of, 0, sizeof number_of);
    memset(ordinal_of, 0, sizeof ordinal_of);
    memset(history, 0, sizeof history);
    memset(&reader, 0, sizeof reader);
    last_number = 0;
}

static void prop_alarm__engine_agrees_with_the_reference(void **state)
{
    static void (*const acts[])(void) = {
        time_passes, time_passes, time_passes, long_time, sample,         sample,
        sample,      sample,      stretch,     stretch,   port,           sensor,
        sink,        sink,        receipt,     receipt,   receipt,        receipt,
        acknowledge, acknowledge, inhibit,     inhibit,   limits,         session,
        dose,        sedation,    quiet,       quiet,     seldom_restart,
    };
    unsigned wanted = core_cases(STEPS);
    (void)state;
    for (unsigned half = 1; half <= 2; half++) {
        begin(half == 1 ? 0 : 25);
        while (steps < wanted / 2 * half) {
            acts[core_below(VG_COUNT(acts))]();
        }
        (void)printf("[   steps  ] %u, %llu instances, %u restarts\n", steps,
                     (unsigned long long)ref.numbers, met_restarts);
    }
    if (wanted >= STEPS) { /* a run of that length has been everywhere */
        assert_int_equal(met_routes, (1u << VG_RS_COUNT) - 1);
        assert_int_equal(met_audible, (1u << VG_SINK_ROLES) - 1);
        assert_int_equal(met_inhibited, (1u << VG_IS_COUNT) - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_alarm__engine_agrees_with_the_reference),
    };
    (void)core_seed(UINT64_C(20260104));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
