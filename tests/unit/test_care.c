/*
 * test_care.c -- what people do around a session: scores, baseline, intervals, test signal; and the
 * phase that follows from doses.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/core_builder.h"
#include "vigil/compiler.h"

static struct core *c;
static uint16_t oxi;
static uint16_t cuff;

static struct core *build(unsigned which)
{
    struct core *x = core_new(which, 1, NULL, which == 0 ? CORE_S(1000) : c->now_ns);
    oxi = core_add_oximeter(x, 0);
    cuff = core_add_cuff(x, 0);
    return x;
}

static int empty_room(void **state)
{
    (void)state;
    c = build(0);
    core_port(c, oxi, VG_PORT_ONLINE);
    core_port(c, cuff, VG_PORT_ONLINE);
    return 0;
}

static int one_session(void **state)
{
    (void)empty_room(state);
    (void)core_open_session(c, 0, "p-1");
    return 0;
}

static struct core *restarted(int64_t after_ns)
{
    struct core *again = build(1);
    core_replay(again, c);
    core_jump(again, after_ns);
    core_daemon(again, 0, VG_DAEMON_RESTARTED);
    return again;
}

static const struct vg_session *session(void)
{
    return &c->engine->beds[0].session;
}

/* The last care event the engine said by itself in the last step. */
static const struct vg_care *kept(const struct core *x)
{
    static const struct vg_care nothing = { .what = VG_CW_COUNT };
    const struct vg_care *last = &nothing;
    for (size_t i = 0; i < x->fx.count; i++) {
        const struct vg_effect *fx = &x->fx.of[i];
        if (fx->ev.kind == VG_EV_CARE && fx->ev.u.care.request_id[0] == '\0') {
            last = &fx->ev.u.care;
        }
    }
    return last;
}

/* --- commands -------------------------------------------------------------------------------- */

static void test_care__needs_a_session_but_a_test_signal_does_not(void **state)
{
    static const struct {
        enum vg_care_what what;
        bool needs;
    } cases[] = {
        { VG_CW_SEDATION, true }, { VG_CW_BASELINE, true },  { VG_CW_SCHEDULE, true },
        { VG_CW_QUIET_ON, true }, { VG_CW_QUIET_OFF, true }, { VG_CW_TEST, false },
        { VG_CW_SCORE, true },    { VG_CW_FACT, true },      { VG_CW_WEIGHT, true },
        { VG_CW_READING, true },  { VG_CW_SYMPTOM, true },   { VG_CW_INTERVENTION, true },
        { VG_CW_MARKER, true },   { VG_CW_NOTE, true },      { VG_CW_HANDOVER, true },
        { VG_CW_DEFER, true },    { VG_CW_OVERRIDE, true },  { VG_CW_VOID, true },
    };
    static_assert(VG_COUNT(cases) == VG_CW_COUNT, "a word is not tested");
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const struct vg_effect *reply = core_care(c, 0, cases[i].what, 0, 0);
        assert_int_equal(reply->status, cases[i].needs ? VG_ERR_STATE : VG_OK);
        assert_int_equal(reply->refusal, cases[i].needs ? VG_REFUSED_NO_SESSION : VG_REFUSED_NOT);
    }
}

static void test_care__a_repeated_request_is_done_once(void **state)
{
    (void)state;
    (void)core_care(c, 0, VG_CW_SCHEDULE, VG_VITAL_NIBP_SYS, 300);
    struct vg_event again = c->in;
    int64_t next_ns = session()->due[VG_VITAL_NIBP_SYS].next_ns;
    core_jump(c, CORE_S(10));
    (void)core_feed(c, &again);
    assert_true(core_reply(c)->duplicate);
    assert_int_equal(session()->due[VG_VITAL_NIBP_SYS].next_ns, next_ns);
    again.u.care.value[1] = 600;
    (void)core_feed(c, &again);
    assert_int_equal(core_reply(c)->refusal, VG_REFUSED_ID_REUSED);
}

static void test_care__an_unknown_command_changes_nothing(void **state)
{
    (void)state;
    for (unsigned what = VG_CW_COUNT; what < VG_CW_COUNT + 2; what++) {
        assert_int_equal(core_care(c, 0, (enum vg_care_what)what, 0, 0)->status, VG_OK);
        assert_int_equal(c->fx.count, 1);
    }
}

/* A record that was damaged, or made by hand: nobody is no reason to fall over. */
static void test_care__a_command_of_nobody_is_taken(void **state)
{
    struct vg_event ev = core_event(c, VG_EV_CARE, 0, VG_DEVICE_NONE);
    (void)state;
    ev.u.care.what = VG_CW_SCORE;
    ev.u.care.value[0] = VG_SCALE_MOAAS;
    ev.u.care.value[1] = 5;
    memcpy(ev.u.care.request_id, "r-1", sizeof "r-1");
    (void)core_feed(c, &ev);
    assert_int_equal(core_reply(c)->status, VG_OK);
    struct core *again = restarted(0);
    assert_true(again->engine->beds[0].receipts[1].seq != 0);
}

/* --- sedation -------------------------------------------------------------------------------- */

static const struct vg_effect *score(int32_t moaas)
{
    return core_care(c, 0, VG_CW_SCORE, VG_SCALE_MOAAS, moaas);
}

static void test_care__a_deep_score_is_an_alarm(void **state)
{
    static const struct {
        int score;
        bool open;
        enum vg_priority priority;
    } cases[] = {
        { 5, false, VG_PRIO_LOW }, { 4, false, VG_PRIO_LOW }, { 3, true, VG_PRIO_MED },
        { 2, true, VG_PRIO_HIGH }, { 1, true, VG_PRIO_HIGH }, { 0, true, VG_PRIO_HIGH },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)one_session(state);
        assert_int_equal(score(cases[i].score)->status, VG_OK);
        const struct vg_slot *s = core_slot(c, 0, VG_COND_SED_DEEP, VG_SUBJECT_NONE);
        assert_int_equal(vg_slot_is_open(s), cases[i].open);
        if (cases[i].open) {
            assert_int_equal(s->priority, cases[i].priority);
        }
    }
}

static void test_care__a_lighter_score_ends_it_but_it_waits_to_be_seen(void **state)
{
    (void)state;
    (void)score(3);
    const struct vg_slot *s = core_slot(c, 0, VG_COND_SED_DEEP, VG_SUBJECT_NONE);
    uint64_t instance = s->instance;
    (void)score(2);
    assert_int_equal(s->priority, VG_PRIO_HIGH);
    assert_int_equal(s->instance, instance);
    (void)score(3); /* no worse: it stays as it is */
    assert_int_equal(s->priority, VG_PRIO_HIGH);
    (void)score(4);
    assert_int_equal(s->state, VG_CS_LATCHED);
    assert_non_null(vg_engine_audible(c->engine, 0, VG_SINK_ROOM)); /* sounds on */
    (void)core_ack(c, 0, instance);
    assert_int_equal(s->state, VG_CS_NORMAL);
}

/* --- baseline -------------------------------------------------------------------------------- */

static void assert_base(int32_t sys, int32_t dia, int32_t mean, int32_t pr, int32_t spo2)
{
    const int32_t want[VG_BASE_COUNT] = { sys, dia, mean, pr, spo2 };
    for (size_t i = 0; i < VG_BASE_COUNT; i++) {
        assert_int_equal(session()->base[i], want[i] < 0 ? -1 : want[i] * 1000);
    }
}

static void test_care__a_baseline_is_what_was_measured(void **state)
{
    (void)state;
    core_measure(c, cuff, 118, 74);
    core_spo2(c, oxi, 97);
    core_pulse(c, oxi, 70);
    const struct vg_effect *reply = core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_int_equal(reply->status, VG_OK);
    assert_int_equal(session()->base[VG_BASE_MEAN], (118 + 2 * 74) * 1000 / 3);
    assert_int_equal(session()->base[VG_BASE_SYS], 118000);
    assert_memory_equal(kept(c)->value, session()->base, sizeof session()->base);
    assert_int_equal(kept(c)->what, VG_CW_BASELINE);
}

static void test_care__what_is_missing_stays_missing(void **state)
{
    (void)state;
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_base(-1, -1, -1, -1, -1);
    core_spo2(c, oxi, 97);
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_base(-1, -1, -1, -1, 97);
}

static void test_care__a_baseline_is_the_middle_of_three_readings(void **state)
{
    (void)state;
    core_measure(c, cuff, 150, 90);
    core_measure(c, cuff, 118, 72);
    core_measure(c, cuff, 122, 75);
    core_measure(c, cuff, 120, 78);
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_int_equal(session()->base[VG_BASE_SYS], 120000); /* of the last three */
    assert_int_equal(session()->base[VG_BASE_DIA], 75000);
}

static void test_care__a_baseline_is_the_middle_of_a_minute(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 91000, 60);
    core_stream(c, oxi, VG_VITAL_SPO2, 96000, 16);
    core_stream(c, oxi, VG_VITAL_SPO2, 98000, 44);
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_int_equal(session()->base[VG_BASE_SPO2], 98000);
    core_stream(c, oxi, VG_VITAL_SPO2, 90000, 24); /* less than half of it */
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_int_equal(session()->base[VG_BASE_SPO2], 98000);
}

static void test_care__what_is_too_old_is_missing(void **state)
{
    (void)state;
    core_measure(c, cuff, 118, 74); /* it came 30 s before its cooldown ended */
    core_spo2(c, oxi, 97);
    core_jump(c, CORE_S(15));
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_int_equal(session()->base[VG_BASE_SPO2], 97000);
    core_jump(c, 1);
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_int_equal(session()->base[VG_BASE_SPO2], -1);
    core_jump(c, CORE_S(900) - CORE_S(45) - 1);
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_int_equal(session()->base[VG_BASE_SYS], 118000);
    core_jump(c, 1); /* nothing is left: refused, and what was recorded stays */
    assert_int_equal(core_care(c, 0, VG_CW_BASELINE, 0, 0)->refusal, VG_REFUSED_NO_BASELINE);
    assert_int_equal(session()->base[VG_BASE_SYS], 118000);
}

/* What lies before a gap is not mixed with what comes after it. */
static void test_care__readings_before_a_long_gap_do_not_count(void **state)
{
    (void)state;
    core_measure(c, cuff, 180, 110);
    core_measure(c, cuff, 180, 110);
    core_wait(c, CORE_S(901));
    core_measure(c, cuff, 118, 74);
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_int_equal(session()->base[VG_BASE_SYS], 118000);
}

static void test_care__doubtful_values_make_no_baseline(void **state)
{
    (void)state;
    core_reading(c, oxi, VG_VITAL_SPO2, 97000, VG_QUALITY_QUESTIONABLE);
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_base(-1, -1, -1, -1, -1);
}

/* The person before, or nobody: a baseline begins with its session. */
static void test_care__values_from_before_the_session_make_no_baseline(void **state)
{
    (void)state;
    core_measure(c, cuff, 180, 110);
    core_spo2(c, oxi, 97);
    (void)core_open_session(c, 0, "p-1");
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_base(-1, -1, -1, -1, -1);
    core_measure(c, cuff, 118, 74);
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    (void)core_close_session(c, 0, "evacuated");
    (void)core_open_session(c, 0, "p-2");
    assert_base(-1, -1, -1, -1, -1);
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    assert_base(-1, -1, -1, -1, -1);
}

static void test_care__a_baseline_comes_back_after_a_restart(void **state)
{
    (void)state;
    core_measure(c, cuff, 118, 74);
    (void)core_care(c, 0, VG_CW_BASELINE, 0, 0);
    static struct vg_session before;
    before = *session();
    struct core *again = restarted(CORE_S(3));
    const struct vg_session *now = &again->engine->beds[0].session;
    assert_memory_equal(now->base, before.base, sizeof before.base);
    assert_int_equal(now->base_ns, before.base_ns);
    assert_int_equal(now->base_pressures, 1);
    assert_int_equal(kept(again)->what, VG_CW_COUNT); /* its row is read at every start */
    size_t rows = 0;
    for (size_t i = 0; i < again->record_count; i++) {
        const struct vg_event *ev = &again->record[i];
        rows += ev->kind == VG_EV_CARE && ev->u.care.what == VG_CW_BASELINE &&
                        ev->u.care.request_id[0] == '\0'
                    ? 1u
                    : 0u;
    }
    assert_int_equal(rows, 1);
}

/* --- schedule -------------------------------------------------------------------------------- */

static const struct vg_slot *due(void)
{
    return core_slot(c, 0, VG_COND_VITAL_DUE, VG_VITAL_NIBP_SYS);
}

static void test_care__a_late_reading_is_an_alarm(void **state)
{
    (void)state;
    (void)core_care(c, 0, VG_CW_SCHEDULE, VG_VITAL_NIBP_SYS, 300);
    assert_int_equal(kept(c)->value[0], VG_VITAL_NIBP_SYS);
    assert_int_equal(kept(c)->value[1], 300);
    assert_int_equal(kept(c)->value[2], 300);
    core_wait(c, CORE_S(300 + 120) - VG_TICK_NS);
    assert_null(due());
    core_wait(c, VG_TICK_NS);
    assert_int_equal(due()->state, VG_CS_ACTIVE);
    assert_int_equal(due()->priority, VG_PRIO_LOW);
    core_wait(c, CORE_S(180) - VG_TICK_NS);
    assert_int_equal(due()->priority, VG_PRIO_LOW);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(due()->priority, VG_PRIO_MED);
    core_measure(c, cuff, 118, 74);
    assert_int_equal(due()->state, VG_CS_NORMAL);
    assert_int_equal(session()->due[VG_VITAL_NIBP_SYS].next_ns,
                     c->now_ns - VG_NIBP_COOLDOWN_NS + CORE_S(300));
}

static void test_care__a_new_schedule_begins_anew_and_none_ends_it(void **state)
{
    (void)state;
    (void)core_care(c, 0, VG_CW_SCHEDULE, VG_VITAL_NIBP_SYS, 300);
    core_wait(c, CORE_S(420));
    assert_int_equal(due()->state, VG_CS_ACTIVE);
    (void)core_care(c, 0, VG_CW_SCHEDULE, VG_VITAL_NIBP_SYS, 300);
    assert_int_equal(due()->state, VG_CS_NORMAL);
    core_wait(c, CORE_S(420));
    assert_int_equal(due()->state, VG_CS_ACTIVE);
    (void)core_care(c, 0, VG_CW_SCHEDULE, VG_VITAL_NIBP_SYS, 0);
    assert_int_equal(due()->state, VG_CS_NORMAL);
    core_wait(c, CORE_S(3600));
    assert_int_equal(due()->state, VG_CS_NORMAL);
}

static void test_care__a_schedule_ends_with_its_session(void **state)
{
    (void)state;
    (void)core_care(c, 0, VG_CW_SCHEDULE, VG_VITAL_NIBP_SYS, 300);
    (void)core_close_session(c, 0, "");
    core_wait(c, CORE_S(3600));
    assert_null(due());
}

static void test_care__a_schedule_comes_back_after_a_restart(void **state)
{
    (void)state;
    (void)core_care(c, 0, VG_CW_SCHEDULE, VG_VITAL_NIBP_SYS, 300);
    core_wait(c, CORE_S(100));
    int64_t next_ns = session()->due[VG_VITAL_NIBP_SYS].next_ns;
    struct core *again = restarted(CORE_S(50));
    const struct vg_due *d = &again->engine->beds[0].session.due[VG_VITAL_NIBP_SYS];
    assert_int_equal(d->interval_ns, CORE_S(300));
    assert_int_equal(d->next_ns, next_ns);
    assert_int_equal(kept(again)->value[2], 150);
}

/* --- test signal ----------------------------------------------------------------------------- */

static void test_care__a_test_signal_lasts_ten_seconds(void **state)
{
    (void)state;
    assert_int_equal(core_care(c, 0, VG_CW_TEST, VG_PRIO_HIGH, 0)->status, VG_OK);
    assert_int_equal(c->engine->beds[0].test_priority, VG_PRIO_HIGH);
    assert_int_equal(c->engine->beds[0].test_until_ns, c->now_ns + CORE_S(10));
    assert_null(vg_engine_audible(c->engine, 0, VG_SINK_ROOM)); /* it is no alarm */
}

/* --- phase ----------------------------------------------------------------------------------- */

static const struct vg_phase *phase(void)
{
    return &c->engine->beds[0].phase;
}

static void dose(enum vg_dose_kind kind, int64_t ug)
{
    (void)core_dose(c, 0, kind, ug, c->now_ns + c->utc_offset_ns);
}

static void test_care__an_hour_after_the_last_dose_nothing_acts(void **state)
{
    uint32_t always = 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE;
    (void)state;
    assert_int_equal(phase()->required, always);
    assert_int_equal(phase()->unpausable, 0);
    assert_false(phase()->dosing);
    dose(VG_DOSE_BOLUS, 35000);
    assert_true(phase()->dosing);
    assert_int_equal(phase()->required, always | 1u << VG_VITAL_NIBP_SYS | 1u << VG_VITAL_NIBP_DIA |
                                            1u << VG_VITAL_NIBP_MEAN);
    assert_int_equal(phase()->unpausable, phase()->required);
    core_wait(c, CORE_S(3600) - VG_TICK_NS);
    assert_true(phase()->dosing);
    core_wait(c, VG_TICK_NS);
    assert_false(phase()->dosing);
    assert_int_equal(phase()->required, always);
}

static void test_care__an_infusion_acts_until_an_hour_after_its_end(void **state)
{
    (void)state;
    dose(VG_DOSE_INFUSION_START, 30000);
    core_wait(c, CORE_S(7200));
    assert_true(phase()->dosing);
    dose(VG_DOSE_STOP, 0);
    assert_true(phase()->dosing);
    core_wait(c, CORE_S(3600));
    assert_false(phase()->dosing);
}

static void test_care__a_phase_ends_with_its_session_and_survives_a_restart(void **state)
{
    (void)state;
    dose(VG_DOSE_BOLUS, 35000);
    core_wait(c, CORE_S(100));
    struct core *again = restarted(CORE_S(3));
    assert_true(again->engine->beds[0].phase.dosing);
    (void)core_close_session(c, 0, "evacuated");
    assert_false(phase()->dosing);
    assert_int_equal(phase()->required, 0);
}

/* While something acts, losing sight of the person is worse. */
static void test_care__trouble_with_equipment_is_worse_while_something_acts(void **state)
{
    (void)state;
    core_spo2(c, oxi, 97);
    core_signal(c, oxi, VG_SIGNAL_SENSOR_OFF);
    const struct vg_slot *s = core_slot(c, 0, VG_COND_SENSOR_OFF, oxi);
    assert_int_equal(s->priority, VG_PRIO_MED);
    dose(VG_DOSE_BOLUS, 35000);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(s->priority, VG_PRIO_HIGH);
}

/* --- replay ---------------------------------------------------------------------------------- */

static void test_care__a_strange_row_restores_nothing(void **state)
{
    struct vg_event ev = core_event(c, VG_EV_CARE, 0, VG_DEVICE_NONE);
    static struct vg_session before;
    static const struct vg_care strange[] = {
        { .what = VG_CW_SCHEDULE, .value = { VG_VITAL_COUNT, 300, 10 } },
        { .what = VG_CW_SCHEDULE, .value = { -1, 300, 10 } },
        { .what = VG_CW_SEDATION, .value = { 1 } },
        { .what = VG_CW_TEST },
        { .what = VG_CW_COUNT },
    };
    (void)state;
    before = *session();
    for (size_t i = 0; i < VG_COUNT(strange); i++) {
        ev.u.care = strange[i];
        vg_engine_replay(c->engine, &ev);
        assert_memory_equal(session(), &before, sizeof before);
    }
}

#define EMPTY(f) cmocka_unit_test_setup(f, empty_room)
#define T(f) cmocka_unit_test_setup(f, one_session)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EMPTY(test_care__needs_a_session_but_a_test_signal_does_not),
        T(test_care__a_repeated_request_is_done_once),
        T(test_care__an_unknown_command_changes_nothing),
        T(test_care__a_command_of_nobody_is_taken),
        T(test_care__a_deep_score_is_an_alarm),
        T(test_care__a_lighter_score_ends_it_but_it_waits_to_be_seen),
        T(test_care__a_baseline_is_what_was_measured),
        T(test_care__what_is_missing_stays_missing),
        T(test_care__a_baseline_is_the_middle_of_three_readings),
        T(test_care__a_baseline_is_the_middle_of_a_minute),
        T(test_care__what_is_too_old_is_missing),
        T(test_care__readings_before_a_long_gap_do_not_count),
        T(test_care__doubtful_values_make_no_baseline),
        EMPTY(test_care__values_from_before_the_session_make_no_baseline),
        T(test_care__a_baseline_comes_back_after_a_restart),
        T(test_care__a_late_reading_is_an_alarm),
        T(test_care__a_new_schedule_begins_anew_and_none_ends_it),
        T(test_care__a_schedule_ends_with_its_session),
        T(test_care__a_schedule_comes_back_after_a_restart),
        EMPTY(test_care__a_test_signal_lasts_ten_seconds),
        T(test_care__an_hour_after_the_last_dose_nothing_acts),
        T(test_care__an_infusion_acts_until_an_hour_after_its_end),
        T(test_care__a_phase_ends_with_its_session_and_survives_a_restart),
        T(test_care__trouble_with_equipment_is_worse_while_something_acts),
        T(test_care__a_strange_row_restores_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
