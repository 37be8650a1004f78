/*
 * test_session_replay.c -- a restart in the middle of a session: doses, marks, facts, scores,
 * weight, baseline and pressures are what they were, and the day goes on.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/session_builder.h"
#include "vigil/compiler.h"

static struct core *c;
static struct vg_protocol p;

static int infusion(void **state)
{
    (void)state;
    p = session_protocol();
    p.auto_cuff = false;
    p.plan[p.plan_count++] = (struct vg_plan_row){ .at_s = 300, .window_s = 60, .further = true };
    c = session_room(&p);
    session_begin(c);
    return 0;
}

static const struct vg_session *restarted(void)
{
    return session_of(session_restarted(c, &p));
}

static void expect_back(void)
{
    session_expect_same(restarted(), session_of(c));
}

static void test_session_replay__at_every_moment_of_a_day(void **state)
{
    (void)state;
    for (int min = 0; min < 115; min++) {
        session_pass(c, SESSION_MIN(1));
        if (min % 10 == 9 && min != 29) {
            (void)session_by_hand(c, 120 + min / 10, 80, CORE_S(min % 3));
        }
        if (min == 33) {
            (void)session_by_hand(c, 119, 79, SESSION_MIN(4)); /* measured at 30, entered late */
        }
        if (min % 20 == 11) {
            (void)session_score(c, VG_SCALE_MOAAS, 4 + min / 60, CORE_S(30));
            (void)session_score(c, VG_SCALE_DISSOCIATION, 3, 0);
        }
        if (min == 25) {
            (void)session_dose_sure(
                c,
                (struct session_dose){ .kind = VG_DOSE_BOLUS, .number = 10, .unit = VG_UNIT_MG });
        }
        if (min == 41) {
            (void)session_dose(c, (struct session_dose){ .kind = VG_DOSE_STOP });
        }
        expect_back();
    }
    assert_int_equal(core_close_session(c, 0, "left")->status, VG_OK);
    assert_int_equal(restarted()->seq, 0);
}

static void test_session_replay__corrections(void **state)
{
    (void)state;
    session_pass(c, SESSION_MIN(15));
    (void)session_by_hand(c, 120, 80, SESSION_MIN(5));
    uint64_t bolus = session_dose_sure(c, (struct session_dose){ .kind = VG_DOSE_BOLUS,
                                                                 .number = 10,
                                                                 .unit = VG_UNIT_MG })
                         ->receipt;
    expect_back();
    (void)session_dose(c, (struct session_dose){ .kind = VG_DOSE_INFUSION_START,
                                                 .number = 525,
                                                 .places = 1,
                                                 .unit = VG_UNIT_MG_H,
                                                 .what = VG_DW_AMEND,
                                                 .target = session_of(c)->doses[0].seq,
                                                 .ago_ns = SESSION_MIN(12) });
    expect_back();
    session_pass(c, SESSION_MIN(2));
    expect_back();
    (void)session_dose(
        c, (struct session_dose){ .kind = VG_DOSE_BOLUS, .what = VG_DW_VOID, .target = bolus });
    expect_back();
    (void)session_dose(c, (struct session_dose){ .kind = VG_DOSE_INFUSION_START,
                                                 .what = VG_DW_VOID,
                                                 .target = session_of(c)->doses[0].seq });
    expect_back();
    assert_int_equal(session_of(c)->clock.first_ns, VG_TIME_NONE);
    session_pass(c, SESSION_MIN(1));
    (void)session_dose_sure(
        c, (struct session_dose){ .kind = VG_DOSE_BOLUS, .number = 35, .unit = VG_UNIT_MG });
    expect_back();
}

static void test_session_replay__answers_and_overrides(void **state)
{
    (void)state;
    const int32_t fasting = VG_GATE_FASTING;
    (void)session_fact(c, VG_FACT_FASTING, false);
    (void)session_care(c, VG_CW_OVERRIDE, &fasting, 1, 0);
    (void)session_weigh(c, 71000);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    uint64_t row = session_score(c, VG_SCALE_MOAAS, 5, 0)->receipt;
    (void)session_void(c, row);
    const int32_t every[] = { VG_VITAL_NIBP_SYS, 300 };
    (void)session_care(c, VG_CW_SCHEDULE, every, 2, 0);
    session_measure(c, 133, 85);
    session_pass(c, SESSION_MIN(7)); /* minute 10 is announced */
    const int32_t by_s = 100;
    assert_int_equal(session_care(c, VG_CW_DEFER, &by_s, 1, 0)->refusal, VG_REFUSED_NO_PLAN);
    session_pass(c, SESSION_MIN(2));
    assert_int_equal(session_care(c, VG_CW_DEFER, &by_s, 1, 0)->status, VG_OK);
    const int32_t pulse[VG_HAND_COUNT] = { -1, -1, -1, 70000, -1 };
    (void)session_care(c, VG_CW_READING, pulse, VG_HAND_COUNT, 0); /* no pressure in it */
    expect_back();
}

/* A wrong clock is put right in the middle: the record has both times. */
static void test_session_replay__over_a_step_of_the_wall_clock(void **state)
{
    (void)state;
    session_pass(c, SESSION_MIN(5));
    c->utc_offset_ns -= CORE_S(3600);
    core_clock_step(c, 0, -CORE_S(3600));
    session_pass(c, SESSION_MIN(8));
    (void)session_by_hand(c, 120, 80, SESSION_MIN(3));
    (void)session_dose_sure(
        c, (struct session_dose){
               .kind = VG_DOSE_BOLUS, .number = 10, .unit = VG_UNIT_MG, .ago_ns = SESSION_MIN(2) });
    expect_back();
}

static void test_session_replay__the_day_goes_on(void **state)
{
    (void)state;
    session_pass(c, SESSION_MIN(11));
    (void)session_by_hand(c, 120, 80, SESSION_MIN(1));
    c = session_restarted(c, &p);
    core_daemon(c, 0, VG_DAEMON_RESTARTED);
    core_port(c, SESSION_OXI, VG_PORT_ONLINE);
    core_port(c, SESSION_CUFF, VG_PORT_ONLINE);
    core_sink(c, 0, 0, VG_SW_OK, 0);
    int64_t t0 = session_of(c)->clock.first_ns;
    assert_int_equal(session_mark(c, 0, 10)->state, VG_MS_MET);
    assert_true(c->engine->beds[0].phase.dosing);
    session_pass(c, t0 + SESSION_MIN(20) - c->now_ns);
    assert_int_equal(session_mark(c, 0, 20)->state, VG_MS_DUE);
    assert_int_equal(session_gate(c).missing &
                         (1u << VG_GATE_CONSENT | 1u << VG_GATE_WEIGHT | 1u << VG_GATE_BASELINE),
                     0);
    (void)session_by_hand(c, 121, 81, 0);
    assert_int_equal(session_mark(c, 0, 20)->state, VG_MS_MET);
    assert_int_equal(session_dose(c, (struct session_dose){ .kind = VG_DOSE_STOP })->status, VG_OK);
}

/* Rows of another session, or of none, change nothing here. */
static void test_session_replay__rows_of_another_session(void **state)
{
    static struct vg_session before;
    (void)state;
    struct core *again = session_restarted(c, &p);
    before = *session_of(again);
    for (size_t i = 0; i < c->record_count; i++) {
        struct vg_event ev = c->record[i];
        bool care = ev.kind == VG_EV_CARE && ev.u.care.request_id[0] != '\0';
        if (care || ev.kind == VG_EV_DOSE || ev.kind == VG_EV_NIBP || ev.kind == VG_EV_PLAN) {
            ev.session++;
            vg_engine_replay(again->engine, &ev);
        }
    }
    session_expect_same(session_of(again), &before);
}

/* A damaged row names a scale there is none of. */
static void test_session_replay__a_score_by_no_scale(void **state)
{
    (void)state;
    (void)session_score(c, VG_SCALE_PAIN, 4, 0);
    struct vg_event ev = core_effect(c, VG_EV_CARE)->ev;
    struct core *again = session_restarted(c, &p);
    const int32_t scales[] = { -1, VG_SCALES_MAX, INT32_MAX };
    for (size_t i = 0; i < VG_COUNT(scales); i++) {
        ev.u.care.value[0] = scales[i];
        vg_engine_replay(again->engine, &ev);
    }
    assert_int_equal(session_of(again)->score[VG_SCALE_PAIN].value, 4);
}

#define RUNS(test) cmocka_unit_test_setup(test, infusion)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS(test_session_replay__at_every_moment_of_a_day),
        RUNS(test_session_replay__corrections),
        RUNS(test_session_replay__answers_and_overrides),
        RUNS(test_session_replay__over_a_step_of_the_wall_clock),
        RUNS(test_session_replay__the_day_goes_on),
        RUNS(test_session_replay__rows_of_another_session),
        RUNS(test_session_replay__a_score_by_no_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
