/*
 * test_care_session.c -- what people say in a session: scores, facts, weight, readings by hand, and
 * what they take back; each at the time it happened.
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

static struct core *c;
static struct vg_protocol p;

static int one_session(void **state)
{
    (void)state;
    p = session_protocol();
    p.auto_cuff = false;
    c = session_room(&p);
    session_pass(c, SESSION_MIN(1));
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_pass(c, SESSION_MIN(5));
    return 0;
}

static struct vg_session *session(void)
{
    return &c->engine->beds[0].session;
}

static const struct vg_effect *say(enum vg_care_what what, int32_t first, int32_t second,
                                   int32_t third)
{
    const int32_t value[] = { first, second, third };
    return session_care(c, what, value, 3, 0);
}

#define MINUTE_NS CORE_S(60)

/* --- when ----------------------------------------------------------------------------------- */

static void test_care_session__everything_happens_in_the_session(void **state)
{
    static const enum vg_care_what all[] = {
        VG_CW_SCORE,    VG_CW_FACT,         VG_CW_WEIGHT, VG_CW_READING,  VG_CW_SYMPTOM,
        VG_CW_MARKER,   VG_CW_INTERVENTION, VG_CW_NOTE,   VG_CW_HANDOVER, VG_CW_BASELINE,
        VG_CW_QUIET_ON, VG_CW_DEFER,        VG_CW_VOID,   VG_CW_OVERRIDE, VG_CW_SCHEDULE,
    };
    const int32_t value[VG_BASE_COUNT] = { 0 };
    (void)state;
    int64_t since_ns = c->now_ns - session()->opened_ns;
    for (size_t i = 0; i < VG_COUNT(all); i++) {
        assert_int_equal(session_care(c, all[i], value, VG_BASE_COUNT, -1)->refusal,
                         VG_REFUSED_FUTURE);
        assert_int_equal(
            session_care(c, all[i], value, VG_BASE_COUNT, since_ns + MINUTE_NS + 1)->refusal,
            VG_REFUSED_BEFORE_SESSION);
    }
    assert_int_equal(session_care(c, VG_CW_NOTE, value, 0, since_ns + MINUTE_NS)->status,
                     VG_OK); /* a clock on the wall is read to the minute */
    assert_int_equal(session_care(c, VG_CW_TEST, value, 1, -1)->status, VG_OK); /* a sound */
}

/* --- scores --------------------------------------------------------------------------------- */

static void test_care_session__a_score_is_one_of_its_scale(void **state)
{
    static const struct {
        int32_t scale, score;
        enum vg_refusal refusal;
    } cases[] = {
        { VG_SCALE_MOAAS, 0, VG_REFUSED_NOT },   { VG_SCALE_MOAAS, 5, VG_REFUSED_NOT },
        { VG_SCALE_MOAAS, 6, VG_REFUSED_SCORE }, { VG_SCALE_MOAAS, -1, VG_REFUSED_SCORE },
        { VG_SCALE_RASS, -5, VG_REFUSED_NOT },   { VG_SCALE_RASS, 4, VG_REFUSED_NOT },
        { VG_SCALE_RASS, -6, VG_REFUSED_SCORE }, { VG_SCALE_NAUSEA, 4, VG_REFUSED_SCORE },
        { -1, 0, VG_REFUSED_NO_SCALE },          { VG_SCALE_BUILTIN_COUNT, 0, VG_REFUSED_NO_SCALE },
        { INT32_MAX, 0, VG_REFUSED_NO_SCALE },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const struct vg_effect *fx = say(VG_CW_SCORE, cases[i].scale, cases[i].score, 0);
        assert_int_equal(fx->refusal, cases[i].refusal);
        if (cases[i].refusal == VG_REFUSED_NOT) {
            assert_int_equal(session()->score[cases[i].scale].value, cases[i].score);
            assert_int_equal(session()->score[cases[i].scale].seq, fx->receipt);
        }
    }
}

/* A clinic's own scale is as good as a built-in one. */
static void test_care_session__a_scale_of_the_clinic(void **state)
{
    struct vg_scales scales;
    (void)state;
    vg_scales_default(&scales);
    scales.of[scales.count++] = (struct vg_scale){ "drowsy", "drowsiness 1-9", 1, 9 };
    vg_engine_set_scales(c->engine, &scales);
    assert_int_equal(say(VG_CW_SCORE, VG_SCALE_BUILTIN_COUNT, 9, 0)->status, VG_OK);
    assert_int_equal(say(VG_CW_SCORE, VG_SCALE_BUILTIN_COUNT, 0, 0)->refusal, VG_REFUSED_SCORE);
}

static void test_care_session__the_newest_score_counts_whenever_it_is_entered(void **state)
{
    (void)state;
    (void)session_score(c, VG_SCALE_MOAAS, 4, CORE_S(60));
    (void)session_score(c, VG_SCALE_MOAAS, 1, CORE_S(120)); /* of before, entered late */
    assert_int_equal(session()->score[VG_SCALE_MOAAS].value, 4);
    assert_int_equal(session()->score[VG_SCALE_MOAAS].at_ns, c->now_ns - CORE_S(60));
    assert_null(core_alarm(c, VG_COND_SED_DEEP, VG_AW_OPEN)); /* what is over alarms nobody */
    (void)session_score(c, VG_SCALE_MOAAS, 3, CORE_S(60));    /* of the same time: the last word */
    assert_int_equal(session()->score[VG_SCALE_MOAAS].value, 3);
    assert_non_null(core_alarm(c, VG_COND_SED_DEEP, VG_AW_OPEN));
}

static void test_care_session__awake_is_five_twice(void **state)
{
    static const struct {
        int32_t score;
        uint8_t awake;
    } steps[] = { { 4, 0 }, { 5, 1 }, { 4, 0 }, { 5, 1 }, { 5, 2 }, { 5, 2 }, { 3, 0 } };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(steps); i++) {
        session_pass(c, CORE_S(2));
        (void)session_score(c, VG_SCALE_MOAAS, steps[i].score, 0);
        assert_int_equal(session()->awake, steps[i].awake);
    }
    (void)session_score(c, VG_SCALE_ALDRETE, 9, 0); /* another scale says nothing of it */
    assert_int_equal(session()->awake, 0);
}

static void test_care_session__a_voided_score_is_not_known(void **state)
{
    (void)state;
    uint64_t only = session_score(c, VG_SCALE_MOAAS, 4, 0)->receipt;
    assert_int_equal(session_void(c, only)->status, VG_OK);
    assert_int_equal(session()->score[VG_SCALE_MOAAS].at_ns, VG_TIME_NONE);
    (void)session_score(c, VG_SCALE_PAIN, 4, 0);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    uint64_t row = session_score(c, VG_SCALE_MOAAS, 5, 0)->receipt;
    assert_int_equal(session()->awake, 2);
    assert_int_equal(session_void(c, row)->status, VG_OK);
    assert_int_equal(session()->score[VG_SCALE_MOAAS].value, 5); /* the one before */
    assert_true(session()->score[VG_SCALE_MOAAS].seq < row);
    assert_int_equal(session()->awake, 0);
    assert_int_equal(session()->score[VG_SCALE_PAIN].value, 4);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    uint64_t pain = session()->score[VG_SCALE_PAIN].seq;
    assert_int_equal(session_void(c, pain)->status, VG_OK);
    assert_int_equal(session()->awake, 1);
}

static void test_care_session__a_void_names_a_row_of_this_session(void **state)
{
    (void)state;
    uint64_t opened = session()->seq;
    const struct {
        uint64_t target;
        enum vg_refusal refusal;
    } cases[] = {
        { 0, VG_REFUSED_NO_ROW },
        { opened - 1, VG_REFUSED_NO_ROW },
        { opened, VG_REFUSED_NO_ROW },
        { opened + 1, VG_REFUSED_NOT },
        { c->engine->seq + 1000, VG_REFUSED_NO_ROW },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_int_equal(session_void(c, cases[i].target)->refusal, cases[i].refusal);
    }
}

/* --- weight --------------------------------------------------------------------------------- */

static void test_care_session__an_odd_weight_is_asked_back(void **state)
{
    static const struct {
        int32_t known, weight, confirm;
        enum vg_refusal refusal;
    } cases[] = {
        { 0, 70000, 0, VG_REFUSED_NOT },
        { 0, 29999, 29999, VG_REFUSED_WEIGHT_RANGE },
        { 0, 30000, 0, VG_REFUSED_NOT },
        { 0, 250001, 250001, VG_REFUSED_WEIGHT_RANGE },
        { 0, 130000, 0, VG_REFUSED_NOT },
        { 0, 154000, 0, VG_REFUSED_CONFIRM }, /* pounds? */
        { 0, 154000, 153000, VG_REFUSED_CONFIRM },
        { 0, 154000, 154000, VG_REFUSED_NOT },
        { 0, 70000, 71000, VG_REFUSED_CONFIRM }, /* says two things */
        { 70000, 77000, 0, VG_REFUSED_NOT },
        { 70000, 77001, 0, VG_REFUSED_CONFIRM },
        { 70000, 63000, 0, VG_REFUSED_NOT },
        { 70000, 62999, 0, VG_REFUSED_CONFIRM },
        { 70000, 62999, 62999, VG_REFUSED_NOT },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        session()->weight_g = cases[i].known;
        assert_int_equal(say(VG_CW_WEIGHT, cases[i].weight, 2, cases[i].confirm)->refusal,
                         cases[i].refusal);
        bool taken = cases[i].refusal == VG_REFUSED_NOT;
        assert_int_equal(session()->weight_g, taken ? cases[i].weight : cases[i].known);
        assert_int_equal(session()->weight_days, taken ? 2 : session()->weight_days);
    }
}

/* --- facts ---------------------------------------------------------------------------------- */

static void test_care_session__the_last_answer_counts(void **state)
{
    (void)state;
    for (unsigned f = 0; f < VG_FACT_COUNT; f++) {
        assert_int_equal(session()->fact[f], -1);
        (void)session_fact(c, (enum vg_fact)f, true);
        assert_int_equal(session()->fact[f], 1);
        (void)session_fact(c, (enum vg_fact)f, false);
        assert_int_equal(session()->fact[f], 0);
    }
}

/* --- readings by hand ----------------------------------------------------------------------- */

static void test_care_session__a_reading_is_one_a_person_can_have(void **state)
{
    static const struct {
        int32_t value[VG_HAND_COUNT]; /* sys, dia, mean, pulse rate, SpO2; -1 none */
        bool good;
    } cases[] = {
        { { 120, 80, -1, -1, -1 }, true },  { { 120, 80, 93, 70, 97 }, true },
        { { -1, -1, -1, 70, -1 }, true },   { { -1, -1, -1, -1, 97 }, true },
        { { -1, -1, -1, -1, -1 }, false },  { { 120, -1, -1, -1, -1 }, false },
        { { -1, 80, -1, -1, -1 }, false },  { { -1, -1, 93, -1, -1 }, false },
        { { 80, 120, -1, -1, -1 }, false }, { { 80, 80, -1, -1, -1 }, false },
        { { 29, 25, -1, -1, -1 }, false },  { { 301, 80, -1, -1, -1 }, false },
        { { 120, 80, 80, -1, -1 }, false }, { { 120, 80, 120, -1, -1 }, false },
        { { -1, -1, -1, 17, -1 }, false },  { { -1, -1, -1, -1, 101 }, false },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        int32_t value[VG_HAND_COUNT];
        for (size_t h = 0; h < VG_HAND_COUNT; h++) {
            value[h] = cases[i].value[h] < 0 ? -1 : cases[i].value[h] * 1000;
        }
        const struct vg_effect *fx = session_care(c, VG_CW_READING, value, VG_HAND_COUNT, 0);
        assert_int_equal(fx->refusal, cases[i].good ? VG_REFUSED_NOT : VG_REFUSED_READING);
    }
}

/* Of now it is judged like a cuff's; what was five minutes ago is a row. */
static void test_care_session__a_reading_of_now_may_alarm(void **state)
{
    (void)state;
    (void)session_by_hand(c, 200, 110, VG_HAND_NOW_NS + 1);
    assert_null(core_alarm(c, VG_COND_SYS_XHIGH, VG_AW_OPEN));
    assert_int_equal(session()->pressure[0].sys_milli, 200000);
    (void)session_by_hand(c, 200, 110, VG_HAND_NOW_NS);
    assert_non_null(core_alarm(c, VG_COND_SYS_XHIGH, VG_AW_OPEN));
    /* What a device measures all the time, the device alone judges. */
    const int32_t low[VG_HAND_COUNT] = { -1, -1, -1, 30000, 70000 };
    (void)session_care(c, VG_CW_READING, low, VG_HAND_COUNT, 0);
    session_pass(c, CORE_S(1));
    assert_null(core_alarm(c, VG_COND_SPO2_LOW, VG_AW_OPEN));
    assert_null(core_alarm(c, VG_COND_PR_XLOW, VG_AW_OPEN));
}

static void test_care_session__a_reading_by_hand_answers_an_interval(void **state)
{
    (void)state;
    (void)say(VG_CW_SCHEDULE, VG_VITAL_NIBP_SYS, 300, 0);
    session_pass(c, CORE_S(200));
    (void)session_by_hand(c, 120, 80, 0);
    assert_int_equal(session()->due[VG_VITAL_NIBP_SYS].next_ns, c->now_ns + CORE_S(300));
    (void)session_by_hand(c, 121, 80, CORE_S(100)); /* entered later, and older */
    assert_int_equal(session()->due[VG_VITAL_NIBP_SYS].next_ns, c->now_ns + CORE_S(300));
}

static void test_care_session__an_override_needs_a_soft_item(void **state)
{
    (void)state;
    assert_int_equal(say(VG_CW_OVERRIDE, VG_GATE_CONSENT, 0, 0)->refusal, VG_REFUSED_NOT_SOFT);
    assert_int_equal(session()->overridden, 0);
    assert_int_equal(say(VG_CW_OVERRIDE, VG_GATE_SPO2, 0, 0)->status, VG_OK);
    assert_int_equal(session()->overridden, 1u << VG_GATE_SPO2);
}

/* --- what was a mistake --------------------------------------------------------------------- */

static void test_care_session__awake_counts_after_the_last_drug(void **state)
{
    (void)state;
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    assert_int_equal(session()->awake, 2);
    session_pass(c, CORE_S(2));
    (void)core_dose(c, 0, VG_DOSE_BOLUS, 35000, c->now_ns + CORE_UTC_OFFSET_NS);
    assert_int_equal(session()->awake, 0); /* she was, before it */
    (void)session_score(c, VG_SCALE_MOAAS, 5, CORE_S(1));
    assert_int_equal(session()->awake, 0);
    session_pass(c, CORE_S(2));
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    assert_int_equal(session()->awake, 2);
}

static void test_care_session__a_voided_word_is_as_if_unsaid(void **state)
{
    (void)state;
    uint64_t fact = session_fact(c, VG_FACT_CONSENT, true)->receipt;
    uint64_t weight = session_weigh(c, 70000)->receipt;
    uint64_t soft = say(VG_CW_OVERRIDE, VG_GATE_SPO2, 0, 0)->receipt;
    (void)session_by_hand(c, 120, 80, CORE_S(60));
    uint64_t reading = session_by_hand(c, 180, 80, 0)->receipt;
    assert_int_equal(session()->pressure[0].sys_milli, 180000);
    assert_int_equal(session_void(c, fact)->status, VG_OK);
    assert_int_equal(session_void(c, weight)->status, VG_OK);
    assert_int_equal(session_void(c, soft)->status, VG_OK);
    assert_int_equal(session_void(c, reading)->status, VG_OK);
    assert_int_equal(session()->fact[VG_FACT_CONSENT], -1);
    assert_int_equal(session()->weight_g, 0);
    assert_int_equal(session()->overridden, 0);
    assert_int_equal(session()->pressure[0].sys_milli, 120000);
    /* What was said again since stands. */
    fact = session_fact(c, VG_FACT_CONSENT, true)->receipt;
    (void)session_fact(c, VG_FACT_CONSENT, false);
    assert_int_equal(session_void(c, fact)->status, VG_OK);
    assert_int_equal(session()->fact[VG_FACT_CONSENT], 0);
    struct core *again = session_restarted(c, &p);
    session_expect_same(session_of(c), session_of(again));
}

/* She was never that deep: the alarm ends; or she was, and it comes. */
static void test_care_session__a_voided_score_is_judged_again(void **state)
{
    (void)state;
    (void)session_score(c, VG_SCALE_MOAAS, 2, 0);
    uint64_t row = session_score(c, VG_SCALE_MOAAS, 5, 0)->receipt;
    assert_int_equal(core_state(c, 0, VG_COND_SED_DEEP, VG_SUBJECT_NONE), VG_CS_LATCHED);
    assert_int_equal(session_void(c, row)->status, VG_OK);
    assert_int_equal(core_state(c, 0, VG_COND_SED_DEEP, VG_SUBJECT_NONE), VG_CS_ACTIVE);
    row = session()->score[VG_SCALE_MOAAS].seq;
    assert_int_equal(session_void(c, row)->status, VG_OK);
    assert_int_not_equal(core_state(c, 0, VG_COND_SED_DEEP, VG_SUBJECT_NONE), VG_CS_ACTIVE);
}

static void test_care_session__a_dose_is_voided_as_a_dose(void **state)
{
    (void)state;
    uint64_t row = core_dose(c, 0, VG_DOSE_BOLUS, 35000, c->now_ns + CORE_UTC_OFFSET_NS)->receipt;
    assert_int_equal(session_void(c, row)->refusal, VG_REFUSED_NO_ROW);
    assert_int_equal(session()->dose_count, 1);
    (void)session_dose(c, (struct session_dose){ .kind = VG_DOSE_BOLUS,
                                                 .number = 30,
                                                 .unit = VG_UNIT_MG,
                                                 .what = VG_DW_AMEND,
                                                 .target = row });
    assert_int_equal(session()->doses[0].amount_ug, 30000);
    assert_int_equal(session_void(c, row)->refusal, VG_REFUSED_NO_ROW); /* nor what it said first */
}

static void test_care_session__a_baseline_is_from_before_the_drug(void **state)
{
    (void)state;
    session_ready(c);
    assert_int_equal(say(VG_CW_BASELINE, 0, 0, 0)->status, VG_OK); /* as often as one likes */
    (void)core_dose(c, 0, VG_DOSE_BOLUS, 35000, c->now_ns + CORE_UTC_OFFSET_NS);
    assert_int_equal(say(VG_CW_BASELINE, 0, 0, 0)->refusal, VG_REFUSED_BASELINE_GIVEN);
}

/* A reading of before the last one ends no alarm of it. */
static void test_care_session__an_older_reading_ends_no_alarm(void **state)
{
    (void)state;
    (void)session_by_hand(c, 200, 110, CORE_S(10));
    assert_int_equal(core_state(c, 0, VG_COND_SYS_XHIGH, VG_SUBJECT_NONE), VG_CS_ACTIVE);
    (void)session_by_hand(c, 120, 80, CORE_S(60));
    assert_int_equal(core_state(c, 0, VG_COND_SYS_XHIGH, VG_SUBJECT_NONE), VG_CS_ACTIVE);
}

/* Copied from paper an hour later. */
static void test_care_session__a_score_of_long_ago_alarms_nobody(void **state)
{
    (void)state;
    (void)session_score(c, VG_SCALE_MOAAS, 2, VG_HAND_NOW_NS + 1);
    assert_null(core_alarm(c, VG_COND_SED_DEEP, VG_AW_OPEN));
    assert_int_equal(session()->score[VG_SCALE_MOAAS].value, 2);
    (void)session_score(c, VG_SCALE_MOAAS, 2, VG_HAND_NOW_NS);
    assert_non_null(core_alarm(c, VG_COND_SED_DEEP, VG_AW_OPEN));
}

#define ONE(test) cmocka_unit_test_setup(test, one_session)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(test_care_session__everything_happens_in_the_session),
        ONE(test_care_session__a_score_is_one_of_its_scale),
        ONE(test_care_session__a_scale_of_the_clinic),
        ONE(test_care_session__the_newest_score_counts_whenever_it_is_entered),
        ONE(test_care_session__awake_is_five_twice),
        ONE(test_care_session__a_voided_score_is_not_known),
        ONE(test_care_session__a_void_names_a_row_of_this_session),
        ONE(test_care_session__an_odd_weight_is_asked_back),
        ONE(test_care_session__the_last_answer_counts),
        ONE(test_care_session__a_reading_is_one_a_person_can_have),
        ONE(test_care_session__a_reading_of_now_may_alarm),
        ONE(test_care_session__a_reading_by_hand_answers_an_interval),
        ONE(test_care_session__an_override_needs_a_soft_item),
        ONE(test_care_session__awake_counts_after_the_last_drug),
        ONE(test_care_session__a_voided_word_is_as_if_unsaid),
        ONE(test_care_session__a_voided_score_is_judged_again),
        ONE(test_care_session__a_dose_is_voided_as_a_dose),
        ONE(test_care_session__a_baseline_is_from_before_the_drug),
        ONE(test_care_session__an_older_reading_ends_no_alarm),
        ONE(test_care_session__a_score_of_long_ago_alarms_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
