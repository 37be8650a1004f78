/*
 * test_gate.c -- the dosing gate: each thing that is missing is named, how long a value holds, and
 * what a person may override.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/step.h"
#include "tests/support/session_builder.h"
#include "vigil/compiler.h"

#define BIT(item) (1u << VG_GATE_##item)

static struct core *c;
static struct vg_protocol p;

/* Everything the protocol asks for is there; REMS is asked for too. */
static int open_gate(void **state)
{
    (void)state;
    p = session_protocol();
    p.gate.strength[VG_GATE_REMS] = VG_STRENGTH_SOFT;
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_ready(c);
    return 0;
}

static uint32_t missing(void)
{
    return session_gate(c).missing;
}

static const struct vg_effect * override(enum vg_gate_item item)
{
    const int32_t value = (int32_t)item;
    return session_care(c, VG_CW_OVERRIDE, &value, 1, 0);
}

/* --- nothing but one thing is missing ------------------------------------------------------- */

static void test_gate__is_open_when_everything_holds(void **state)
{
    (void)state;
    struct vg_gate_answer a = session_gate(c);
    assert_int_equal(a.missing, 0);
    assert_int_equal(a.hard, 0);
    assert_int_equal(a.deviating, 0);
}

static void test_gate__every_answer_is_named_alone(void **state)
{
    static const struct {
        enum vg_fact fact;
        uint32_t missing;
        bool hard;
    } cases[] = {
        { VG_FACT_IDENTITY, BIT(IDENTITY), true },
        { VG_FACT_CONSENT, BIT(CONSENT), true },
        { VG_FACT_ALARM_TEST, BIT(ALARM_TEST), true },
        { VG_FACT_ROOM_AIR, BIT(SPO2), false },
        { VG_FACT_ESCORT, BIT(ESCORT), false },
        { VG_FACT_FASTING, BIT(FASTING), false },
        { VG_FACT_CONTRAINDICATIONS, BIT(CONTRAINDICATIONS), false },
        { VG_FACT_EQUIPMENT, BIT(EQUIPMENT), false },
        { VG_FACT_REMS, BIT(REMS), false },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)session_fact(c, cases[i].fact, false);
        struct vg_gate_answer a = session_gate(c);
        assert_int_equal(a.missing, cases[i].missing);
        assert_int_equal(a.hard, cases[i].hard ? cases[i].missing : 0);
        assert_int_equal(a.deviating, cases[i].missing);
        (void)session_fact(c, cases[i].fact, true); /* the last answer counts */
        assert_int_equal(missing(), 0);
        c->engine->beds[0].session.fact[cases[i].fact] = -1; /* nobody answered */
        assert_int_equal(missing(), cases[i].missing);
        c->engine->beds[0].session.fact[cases[i].fact] = 1;
    }
}

static void test_gate__a_new_session_has_almost_nothing(void **state)
{
    (void)state;
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    uint32_t held = BIT(NIBP_READY) | BIT(SINK) | BIT(NO_HIGH_ALARM) | BIT(CLOCK);
    assert_int_equal(missing(), ((1u << VG_GATE_COUNT) - 1) & ~held);
}

static void test_gate__a_weight_is_not_older_than_it_says(void **state)
{
    static const struct {
        int32_t days;
        bool good;
    } cases[] = { { 0, true }, { 7, true }, { 8, false } };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const int32_t value[] = { 70000, cases[i].days };
        (void)session_care(c, VG_CW_WEIGHT, value, 2, 0);
        assert_int_equal(missing(), cases[i].good ? 0 : BIT(WEIGHT));
    }
    /* Seven days old when the session began, and the session goes on over midnight. */
    c->engine->beds[0].session.weight_days = 7;
    int64_t opened_ns = session_of(c)->opened_ns;
    assert_int_equal(vg_gate_judge(c->engine, 0, opened_ns + CORE_S(86399)).missing & BIT(WEIGHT),
                     0);
    assert_int_not_equal(
        vg_gate_judge(c->engine, 0, opened_ns + CORE_S(86400)).missing & BIT(WEIGHT), 0);
    c->engine->beds[0].session.weight_days = 0;
    c->engine->beds[0].session.weight_g = 0;
    assert_int_equal(missing(), BIT(WEIGHT));
}

static void test_gate__a_baseline_is_whole_and_of_now(void **state)
{
    static const enum vg_baseline parts[] = { VG_BASE_SYS, VG_BASE_DIA, VG_BASE_PR, VG_BASE_SPO2 };
    struct vg_session *s = &c->engine->beds[0].session;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(parts); i++) {
        int32_t was = s->base[parts[i]];
        s->base[parts[i]] = -1;
        assert_int_equal(missing(), BIT(BASELINE));
        s->base[parts[i]] = was;
    }
    s->base[VG_BASE_MEAN] = -1; /* nobody needs it */
    assert_int_equal(missing(), 0);
    s->base_pressures = 2;
    assert_int_equal(missing(), BIT(BASELINE));
    s->base_pressures = 3;
    int64_t until_ns = s->base_ns + SESSION_MIN(15);
    assert_int_equal(vg_gate_judge(c->engine, 0, until_ns).missing & BIT(BASELINE), 0);
    assert_int_not_equal(vg_gate_judge(c->engine, 0, until_ns + 1).missing & BIT(BASELINE), 0);
    /* What was before the first dose is the baseline of the whole session. */
    (void)session_dose(
        c, (struct session_dose){ .kind = VG_DOSE_BOLUS, .number = 35, .unit = VG_UNIT_MG });
    assert_int_equal(vg_gate_judge(c->engine, 0, until_ns + 1).missing & BIT(BASELINE), 0);
}

/* --- devices and alarms --------------------------------------------------------------------- */

static void test_gate__live_means_now(void **state)
{
    (void)state;
    session_live(c, 97, 70);
    core_jump(c, CORE_S(10));
    assert_int_equal(missing(), 0);
    core_jump(c, 1);
    uint32_t all = BIT(SPO2_LIVE) | BIT(SPO2) | BIT(SPO2_HOLD) | BIT(PULSE_RATE);
    assert_int_equal(missing(), all);
    session_live(c, 97, 70);
    assert_int_equal(missing(), all); /* one sample after a gap is not live yet */
    session_live(c, 97, 70);
    session_live(c, 97, 70);
    assert_int_equal(missing(), 0);
    core_jump(c, CORE_S(9));
    core_spo2(c, SESSION_OXI, 97);
    core_jump(c, CORE_S(2)); /* the pulse rate alone is old */
    assert_int_equal(missing(), BIT(SPO2_LIVE) | BIT(PULSE_RATE));
}

static void test_gate__nobody_measures(void **state)
{
    (void)state;
    c->engine->beds[0].speaker[VG_VITAL_SPO2] = VG_DEVICE_NONE;
    assert_int_equal(missing(), BIT(SPO2_LIVE) | BIT(SPO2) | BIT(SPO2_HOLD));
}

static void test_gate__values_are_compared_at_their_edge(void **state)
{
    static const struct {
        int32_t spo2, pulse;
        uint32_t missing;
    } cases[] = {
        { 97, 70, 0 },
        { 94, 50, 0 },
        { 93, 70, BIT(SPO2) },
        { 90, 70, BIT(SPO2) },
        { 89, 70, BIT(SPO2) | BIT(SPO2_HOLD) },
        { 94, 110, 0 },
        { 97, 49, BIT(PULSE_RATE) },
        { 97, 111, BIT(PULSE_RATE) },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        session_live(c, cases[i].spo2, cases[i].pulse);
        assert_int_equal(missing() & ~BIT(NO_HIGH_ALARM), cases[i].missing);
    }
}

static void test_gate__a_cuff_or_a_reading_just_entered(void **state)
{
    (void)state;
    core_port(c, SESSION_CUFF, VG_PORT_SILENT);
    assert_int_equal(missing(), 0); /* the last pressure is of this minute */
    int64_t until_ns = session_of(c)->pressure[0].at_ns + SESSION_MIN(15);
    assert_int_equal(vg_gate_judge(c->engine, 0, until_ns).missing & BIT(NIBP_READY), 0);
    assert_int_not_equal(vg_gate_judge(c->engine, 0, until_ns + 1).missing & BIT(NIBP_READY), 0);
    c->engine->beds[0].session.pressure[0].at_ns = VG_TIME_NONE;
    assert_int_equal(missing(), BIT(NIBP_READY) | BIT(BP) | BIT(BP_HOLD));
    (void)session_by_hand(c, 120, 80, 0);
    assert_int_equal(missing(), 0);
}

static void test_gate__somebody_outside_must_hear_it(void **state)
{
    (void)state;
    core_sink(c, 0, 0, VG_SW_LOST, 0);
    assert_int_not_equal(missing() & BIT(SINK), 0);
    core_sink(c, 0, 0, VG_SW_OK, 0);
    assert_int_equal(missing(), 0);
    (void)session_care(c, VG_CW_QUIET_ON, NULL, 0, 0);
    assert_int_equal(missing(), 0); /* the nurse watches */
    memset(c->engine->beds[0].quiet.operator_id, 0, VG_NAME_MAX);
    assert_int_equal(missing(), BIT(SINK));
}

static void test_gate__no_high_alarm(void **state)
{
    (void)state;
    core_stream(c, SESSION_OXI, VG_VITAL_SPO2, 75000, 12);
    assert_int_not_equal(missing() & BIT(NO_HIGH_ALARM), 0);
    for (int i = 0; i < 10; i++) {
        session_pass(c, CORE_S(2));
    }
    const struct vg_slot *s = core_slot(c, 0, VG_COND_SPO2_DESAT, VG_SUBJECT_NONE);
    assert_int_not_equal(missing() & BIT(NO_HIGH_ALARM), 0); /* latched is open */
    (void)core_ack(c, 0, s->instance);
    assert_int_equal(missing() & BIT(NO_HIGH_ALARM), 0);
}

static void test_gate__the_clock_is_kept_right(void **state)
{
    (void)state;
    core_daemon(c, 0, VG_DAEMON_CLOCK_BAD);
    assert_int_equal(missing(), BIT(CLOCK));
    core_daemon(c, 0, VG_DAEMON_CLOCK_GOOD);
    assert_int_equal(missing(), 0);
}

/* --- blood pressure ------------------------------------------------------------------------- */

static void test_gate__pressure_at_the_gate_and_at_the_hold(void **state)
{
    static const struct {
        int32_t sys, dia;
        bool over_65, prescriber;
        uint32_t missing;
    } cases[] = {
        { 140, 90, false, false, 0 },
        { 141, 90, false, false, BIT(BP) },
        { 140, 91, false, false, BIT(BP) },
        { 150, 90, true, false, 0 },
        { 151, 90, true, false, BIT(BP) },
        { 150, 91, true, false, BIT(BP) },
        { 159, 99, false, false, BIT(BP) },
        { 160, 90, false, false, BIT(BP) | BIT(BP_HOLD) },
        { 150, 100, true, false, BIT(BP) | BIT(BP_HOLD) },
        { 160, 100, false, true, BIT(BP) }, /* she is there and signs */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)open_gate(state);
        (void)session_fact(c, VG_FACT_OVER_65, cases[i].over_65);
        (void)session_fact(c, VG_FACT_PRESCRIBER, cases[i].prescriber);
        core_jump(c, 1);
        (void)session_by_hand(c, cases[i].sys, cases[i].dia, 0);
        assert_int_equal(missing() & (BIT(BP) | BIT(BP_HOLD)), cases[i].missing);
    }
}

/* A signature is for a pressure that somebody has read, not for none. */
static void test_gate__an_old_pressure_is_none(void **state)
{
    struct vg_session *s = &c->engine->beds[0].session;
    (void)state;
    (void)session_fact(c, VG_FACT_PRESCRIBER, true);
    int64_t until_ns = s->pressure[0].at_ns + SESSION_MIN(15);
    uint32_t both = BIT(BP) | BIT(BP_HOLD);
    assert_int_equal(vg_gate_judge(c->engine, 0, until_ns).missing & both, 0);
    assert_int_equal(vg_gate_judge(c->engine, 0, until_ns + 1).missing & both, both);
    s->pressure[0].at_ns = VG_TIME_NONE;
    assert_int_equal(missing() & both, both);
}

/* --- people --------------------------------------------------------------------------------- */

static void test_gate__soft_ones_may_be_overridden_when_answered(void **state)
{
    static const enum vg_fact facts[] = { VG_FACT_ESCORT, VG_FACT_FASTING,
                                          VG_FACT_CONTRAINDICATIONS, VG_FACT_EQUIPMENT };
    static const enum vg_gate_item items[] = { VG_GATE_ESCORT, VG_GATE_FASTING,
                                               VG_GATE_CONTRAINDICATIONS, VG_GATE_EQUIPMENT };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(items); i++) {
        c->engine->beds[0].session.fact[facts[i]] = -1;
        assert_int_equal(override(items[i])->refusal, VG_REFUSED_ANSWER_FIRST);
        (void)session_fact(c, facts[i], false);
        assert_int_equal(session_gate(c).deviating, 1u << items[i]);
        assert_int_equal(override(items[i])->status, VG_OK);
        struct vg_gate_answer a = session_gate(c);
        assert_int_equal(a.missing, (1u << items[i]) | (i > 0 ? session_gate(c).missing : 0));
        assert_int_equal(a.deviating, 0); /* it is still missing, and somebody answers for it */
    }
    assert_int_equal(override(VG_GATE_BP)->status, VG_OK); /* nothing to answer: a value */
}

static void test_gate__hard_ones_may_not(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VG_GATE_COUNT; i++) {
        bool soft = p.gate.strength[i] == VG_STRENGTH_SOFT;
        assert_int_equal(override((enum vg_gate_item)i)->refusal,
                         soft ? VG_REFUSED_NOT : VG_REFUSED_NOT_SOFT);
    }
    (void)session_fact(c, VG_FACT_CONSENT, false);
    c->engine->beds[0].session.overridden = ~0u; /* whatever a record says */
    assert_int_equal(session_gate(c).deviating, BIT(CONSENT));
    assert_int_equal(session_gate(c).hard, BIT(CONSENT));
}

static void test_gate__nothing_is_asked_without_a_protocol(void **state)
{
    (void)state;
    c = session_room(&p);
    assert_int_equal(missing(), 0); /* no session */
    assert_null(vg_engine_protocol(c->engine, 0));
    (void)session_open(c, VG_SESSION_DOSING, VG_PROTOCOL_NONE);
    assert_int_equal(missing(), 0);
    assert_null(vg_engine_protocol(c->engine, 0));
    assert_int_equal(override(VG_GATE_ESCORT)->refusal, VG_REFUSED_NOT_SOFT);
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    assert_non_null(vg_engine_protocol(c->engine, 0));
}

static void test_gate__what_is_off_is_not_asked(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VG_GATE_COUNT; i++) {
        p.gate.strength[i] = VG_STRENGTH_OFF;
    }
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    assert_int_equal(missing(), 0);
}

/* An item of a later version is never said to hold. */
static void test_gate__what_is_no_item_never_holds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VG_GATE_COUNT + 2; i++) {
        assert_int_equal(
            vg_gate_holds(c->engine, &c->engine->beds[0], &p.gate, (enum vg_gate_item)i, c->now_ns),
            i < VG_GATE_COUNT);
    }
}

#define OPEN(test) cmocka_unit_test_setup(test, open_gate)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_gate__is_open_when_everything_holds),
        OPEN(test_gate__every_answer_is_named_alone),
        OPEN(test_gate__a_new_session_has_almost_nothing),
        OPEN(test_gate__a_weight_is_not_older_than_it_says),
        OPEN(test_gate__a_baseline_is_whole_and_of_now),
        OPEN(test_gate__live_means_now),
        OPEN(test_gate__nobody_measures),
        OPEN(test_gate__values_are_compared_at_their_edge),
        OPEN(test_gate__a_cuff_or_a_reading_just_entered),
        OPEN(test_gate__somebody_outside_must_hear_it),
        OPEN(test_gate__no_high_alarm),
        OPEN(test_gate__the_clock_is_kept_right),
        OPEN(test_gate__pressure_at_the_gate_and_at_the_hold),
        OPEN(test_gate__an_old_pressure_is_none),
        OPEN(test_gate__soft_ones_may_be_overridden_when_answered),
        OPEN(test_gate__hard_ones_may_not),
        OPEN(test_gate__nothing_is_asked_without_a_protocol),
        OPEN(test_gate__what_is_off_is_not_asked),
        OPEN(test_gate__what_is_no_item_never_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
