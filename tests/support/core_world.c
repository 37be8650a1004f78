/*
 * core_world.c -- see core_world.h.
 */
#include "tests/support/core_world.h"

#include "vigil/compiler.h"

static world_check_fn checking;

static void checked(const struct core *c)
{
    if (checking != NULL) {
        checking(c);
    }
}

static const struct vg_routing routing = {
    .second_ns = { [VG_PRIO_MED] = CORE_S(30), [VG_PRIO_HIGH] = CORE_S(10) },
    .local_ns = { [VG_PRIO_MED] = CORE_S(60), [VG_PRIO_HIGH] = CORE_S(15) },
    .presence_ns = CORE_S(300),
    .sink_count = WORLD_SINKS,
    .sinks = { [WORLD_DESK] = { VG_BED_NONE, VG_SINK_REMOTE },
               [WORLD_PAGER] = { 0, VG_SINK_REMOTE },
               [WORLD_SECOND] = { VG_BED_NONE, VG_SINK_SECOND },
               [WORLD_ROOM] = { 0, VG_SINK_ROOM },
               [WORLD_ROOM_OTHER] = { 1, VG_SINK_ROOM } },
};

struct core *world_build(unsigned which, int64_t start_ns)
{
    struct vg_limits other;
    struct core *c = core_new(which, WORLD_BEDS, NULL, start_ns);
    uint32_t spo2 = (1u << VG_VITAL_SPO2) | (1u << VG_VITAL_PULSE_RATE);

    vg_limits_default(&other);
    other.of[VG_COND_SPO2_LOW].limit_milli = 88000;
    other.of[VG_COND_SPO2_DESAT].limit_milli = 80000;
    other.of[VG_COND_PR_HIGH].limit_milli = 130000;
    vg_engine_add_profile(c->engine, &other);
    vg_engine_set_routing(c->engine, &routing);

    (void)core_add_oximeter(c, 0);
    (void)core_add_oximeter(c, 0);
    (void)core_add_cuff(c, 0);
    (void)core_add(c, 1, spo2, false, true);
    return c;
}

struct core *world_new(unsigned which, int64_t start_ns)
{
    struct core *c = world_build(which, start_ns);
    for (uint16_t d = 0; d < WORLD_DEVICES; d++) {
        core_port(c, d, VG_PORT_ONLINE);
    }
    for (uint8_t i = 0; i < WORLD_SINKS; i++) {
        for (uint16_t b = 0; b < WORLD_BEDS; b++) {
            core_sink(c, b, i, VG_SW_OK, 0);
        }
    }
    return c;
}

struct core *world_restart(unsigned which, const struct core *dead)
{
    struct core *c = world_build(which, dead->now_ns);
    core_replay(c, dead);
    core_jump(c, CORE_S(2));
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        if (c->engine->beds[b].replayed) {
            core_daemon(c, b, VG_DAEMON_RESTARTED);
        }
    }
    return c;
}

/* --- time ----------------------------------------------------------------------------------- */

static void time_passes(struct core *c)
{
    static const int64_t stops_ms[] = { 1, 250, 5000, 11000, 31000, 61000, 121000, 301000 };
    uint32_t ticks = 1 + core_below(12);

    if (core_below(60) == 0) { /* the loop stood still, or the computer slept */
        core_jump(c, vg_ms(stops_ms[core_below(VG_COUNT(stops_ms))]));
    }
    for (uint32_t i = 0; i < ticks; i++) {
        core_jump(c, VG_TICK_NS);
        for (uint16_t b = 0; b < WORLD_BEDS; b++) {
            core_tick(c, b);
            checked(c);
        }
    }
}

/* --- devices -------------------------------------------------------------------------------- */

static uint16_t any_oximeter(void)
{
    static const uint16_t oximeters[] = { WORLD_OXI_A, WORLD_OXI_A, WORLD_OXI_B, WORLD_OTHER };
    return oximeters[core_below(VG_COUNT(oximeters))];
}

static void sample(struct core *c)
{
    static const int32_t spo2[] = { 99, 97, 97, 95, 92, 91, 90, 89, 88, 86, 85, 84, 80, 70 };
    static const int32_t pulse[] = { 70, 75, 80, 53, 52, 49, 41, 39, 117, 118, 121, 149, 151, 30 };
    static const int64_t ages_s[] = { 0, 0, 0, 0, 0, 0, 1, 3, 9, 10, 11, 60 };
    bool is_spo2 = core_below(2) == 0;
    uint32_t luck = core_below(20);
    struct vg_event ev = core_event(c, VG_EV_READING, 0, any_oximeter());

    ev.bed = c->engine->devices[ev.device].bed;
    ev.u.reading.vital = is_spo2 ? VG_VITAL_SPO2 : VG_VITAL_PULSE_RATE;
    ev.u.reading.value_milli = 1000 * (is_spo2 ? spo2[core_below(VG_COUNT(spo2))]
                                               : pulse[core_below(VG_COUNT(pulse))]);
    ev.u.reading.quality = luck < 2   ? VG_QUALITY_QUESTIONABLE
                           : luck < 4 ? VG_QUALITY_INVALID
                                      : VG_QUALITY_OK;
    ev.u.reading.age_ns = CORE_S(ages_s[core_below(VG_COUNT(ages_s))]);
    (void)core_feed(c, &ev);
    checked(c);
}

/* Some seconds of one value: random single samples never get through a delay. */
static void stretch(struct core *c)
{
    static const int32_t spo2[] = { 97, 97, 97, 88, 84, 91, 90 };
    static const int32_t pulse[] = { 70, 70, 70, 45, 35, 130, 160 };
    uint16_t device = any_oximeter();
    uint32_t seconds = 1 + core_below(20);
    uint32_t kind = core_below(VG_COUNT(spo2));

    for (uint32_t i = 0; i < seconds; i++) {
        for (uint32_t t = 0; t < 4; t++) {
            core_jump(c, VG_TICK_NS);
            for (uint16_t b = 0; b < WORLD_BEDS; b++) {
                core_tick(c, b);
                checked(c);
            }
        }
        core_spo2(c, device, spo2[kind]);
        checked(c);
        core_pulse(c, device, pulse[kind]);
        checked(c);
    }
}

static void connection(struct core *c)
{
    uint16_t device = (uint16_t)core_below(WORLD_DEVICES);
    bool up = core_below(3) != 0;
    core_port(c, device, up ? VG_PORT_ONLINE : (enum vg_port_state)core_below(VG_PORT_STATE_COUNT));
    checked(c);
}

static void sensor(struct core *c)
{
    core_signal(c, any_oximeter(), core_below(2) == 0 ? 0 : core_below(1u << 8));
    checked(c);
}

static void cuff_says(struct core *c)
{
    static const int32_t sys[] = { 120, 120, 95, 85, 75, 155, 161, 185 };
    static const int32_t dia[] = { 80, 80, 60, 50, 45, 95, 101, 115 };
    uint32_t kind = core_below(VG_COUNT(sys));

    switch (core_below(4)) {
    case 0:
        core_result(c, WORLD_CUFF, sys[kind], dia[kind]);
        break;
    case 1:
        core_result_error(c, WORLD_CUFF, (enum vg_nibp_error)(1 + core_below(20)));
        break;
    case 2:
        core_reading(c, WORLD_CUFF, VG_VITAL_CUFF_PRESSURE, (int32_t)core_below(200) * 1000,
                     VG_QUALITY_OK);
        break;
    default:
        core_word(c, WORLD_CUFF, (enum vg_cuff_word)core_below(VG_CUFF_WORD_COUNT));
        break;
    }
    checked(c);
}

/* --- people --------------------------------------------------------------------------------- */

static void acknowledge(struct core *c)
{
    struct vg_event open[8];
    uint16_t bed = (uint16_t)core_below(WORLD_BEDS);
    size_t n = vg_engine_open_alarms(c->engine, bed, c->now_ns, open, VG_COUNT(open));
    uint64_t instance = core_below(1000);

    if (n > 0 && core_below(8) != 0) {
        n = n < VG_COUNT(open) ? n : VG_COUNT(open);
        instance = open[core_below((uint32_t)n)].u.alarm.instance;
    }
    (void)core_ack(c, bed, instance);
    checked(c);
}

static void session(struct core *c)
{
    uint16_t bed = (uint16_t)core_below(WORLD_BEDS);
    if (core_below(2) == 0) {
        (void)core_open_session(c, bed, "p-1");
    } else {
        (void)core_close_session(c, bed, core_below(3) == 0 ? "override" : "");
    }
    checked(c);
}

static void dose(struct core *c)
{
    uint16_t bed = (uint16_t)core_below(WORLD_BEDS);
    int64_t back_ns = CORE_S((int64_t)core_below(3600));
    const struct vg_session *s = &c->engine->beds[bed].session;
    int64_t open_ns = s->seq != 0 ? c->now_ns - s->opened_ns : back_ns;
    if (back_ns > open_ns && core_below(4) != 0) {
        back_ns %= open_ns + 1; /* else it was before the session: refused */
    }
    int64_t given_ns = c->now_ns + c->utc_offset_ns - back_ns;
    (void)core_dose(c, bed, (enum vg_dose_kind)core_below(VG_DOSE_KIND_COUNT), core_below(100000),
                    given_ns);
    checked(c);
}

static void inhibits(struct core *c)
{
    static const enum vg_inhibit_what wishes[] = { VG_IW_AUDIO_PAUSE, VG_IW_AUDIO_PAUSE,
                                                   VG_IW_ALARM_PAUSE, VG_IW_ALARM_OFF,
                                                   VG_IW_ALARM_ON };
    static const enum vg_vital vitals[] = { VG_VITAL_SPO2, VG_VITAL_SPO2, VG_VITAL_PULSE_RATE,
                                            VG_VITAL_NIBP_SYS, VG_VITAL_NIBP_DIA };
    enum vg_vital v = vitals[core_below(VG_COUNT(vitals))];
    (void)core_inhibit(c, (uint16_t)core_below(WORLD_BEDS), wishes[core_below(VG_COUNT(wishes))],
                       v);
    checked(c);
}

static void limits(struct core *c)
{
    static const struct {
        uint8_t condition;
        int32_t milli;
    } sets[] = { { VG_COND_SPO2_LOW, 88000 },   { VG_COND_SPO2_LOW, 95000 },
                 { VG_COND_SPO2_DESAT, 80000 }, { VG_COND_SPO2_DESAT, 86000 },
                 { VG_COND_PR_LOW, 42000 },     { VG_COND_PR_HIGH, 115000 },
                 { VG_COND_PR_XHIGH, 165000 },  { VG_COND_SYS_LOW, 82000 },
                 { VG_COND_SYS_XHIGH, 190000 }, { VG_COND_MAP_LOW, 999000 } };
    uint16_t bed = (uint16_t)core_below(WORLD_BEDS);
    uint32_t luck = core_below(8);

    if (luck == 0) {
        (void)core_limits(c, bed, VG_LW_PROFILE, (uint8_t)core_below(2), 0);
    } else if (luck == 1) {
        (void)core_limits(c, bed, VG_LW_FORMULA, 0, 0);
    } else {
        uint32_t i = core_below(VG_COUNT(sets));
        (void)core_limits(c, bed, VG_LW_SET, sets[i].condition, sets[i].milli);
    }
    checked(c);
}

static void care(struct core *c)
{
    uint16_t bed = (uint16_t)core_below(WORLD_BEDS);

    switch (core_below(8)) {
    case 0:
    case 1:
        (void)core_care(c, bed, VG_CW_SCORE, VG_SCALE_MOAAS, (int32_t)core_below(6));
        break;
    case 2:
        (void)core_care(c, bed, VG_CW_BASELINE, 0, 0);
        break;
    case 3:
        (void)core_care(c, bed, VG_CW_SCHEDULE, VG_VITAL_NIBP_SYS, (int32_t)core_below(3) * 60);
        break;
    case 4:
        (void)core_care(c, bed, VG_CW_QUIET_OFF, 0, 0);
        break;
    case 5:
        (void)core_care(c, bed, VG_CW_TEST, (int32_t)core_below(VG_PRIO_COUNT), 0);
        break;
    default:
        (void)core_care(c, bed, VG_CW_QUIET_ON, 0, 0);
        break;
    }
    checked(c);
}

/* --- sinks ---------------------------------------------------------------------------------- */

static void sink_life(struct core *c)
{
    uint8_t sink = (uint8_t)core_below(WORLD_SINKS);
    enum vg_sink_what what = core_below(3) != 0 ? VG_SW_OK : VG_SW_LOST;

    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        core_sink(c, b, sink, what, 0);
        checked(c);
    }
}

/* Mostly what a sink would really say: that it sounds what it is to sound. */
static void receipt(struct core *c)
{
    uint16_t bed = (uint16_t)core_below(WORLD_BEDS);
    uint8_t sink = (uint8_t)core_below(WORLD_SINKS);
    const struct vg_slot *s = vg_engine_audible(c->engine, bed,
                                                (enum vg_sink_role)routing.sinks[sink].role);

    core_sink(c, bed, sink, VG_SW_RECEIPT,
              s != NULL && core_below(8) != 0 ? s->instance : core_below(1000));
    checked(c);
}

static void command(struct core *c)
{
    enum vg_request_what what = core_below(4) == 0 ? VG_REQ_NIBP_ABORT : VG_REQ_NIBP_START;
    (void)core_command(c, 0, (uint16_t)core_below(WORLD_DEVICES), what);
    checked(c);
}

/* A determination as it should be: random words alone seldom make one. */
static void measure(struct core *c)
{
    (void)core_command(c, 0, WORLD_CUFF, VG_REQ_NIBP_START);
    checked(c);
    core_word(c, WORLD_CUFF, VG_CUFF_ACCEPTED);
    checked(c);
    time_passes(c);
    core_word(c, WORLD_CUFF, VG_CUFF_COMPLETED);
    checked(c);
    cuff_says(c);
}

/* --- the machine ---------------------------------------------------------------------------- */

static void daemon_or_disk(struct core *c)
{
    static const enum vg_daemon_what words[] = { VG_DAEMON_STORAGE_BAD, VG_DAEMON_STORAGE_GOOD,
                                                 VG_DAEMON_STORAGE_GOOD, VG_DAEMON_RESTARTED,
                                                 VG_DAEMON_STARTED };
    uint16_t bed = (uint16_t)core_below(WORLD_BEDS);

    if (core_below(3) == 0) {
        core_clock_step(c, bed, CORE_S(2));
    } else {
        core_daemon(c, bed, words[core_below(VG_COUNT(words))]);
    }
    checked(c);
}

void world_act(struct core *c, world_check_fn check)
{
    static void (*const acts[])(struct core *) = {
        time_passes, time_passes, time_passes, time_passes,    sample,      sample,  sample,
        sample,      sample,      sample,      stretch,        stretch,     sensor,  connection,
        measure,     cuff_says,   acknowledge, acknowledge,    acknowledge, session, dose,
        command,     inhibits,    inhibits,    limits,         care,        care,    sink_life,
        receipt,     receipt,     receipt,     daemon_or_disk,
    };
    checking = check;
    acts[core_below(VG_COUNT(acts))](c);
    checking = NULL;
}
