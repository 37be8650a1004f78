/*
 * test_schedule_cuff.c -- the cuff that follows the plan: asked at the time that is due, once more
 * after a failed reading, and never against a person.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/schedule.h"
#include "tests/support/session_builder.h"
#include "vigil/compiler.h"

#define INFLATES_NS CORE_S(20)
#define CUFFS_MAX 3

static struct core *c;
static struct vg_protocol p;
static int64_t t0;

/* Cuffs of flesh and blood: what each does when it is asked, and when it was. */
static enum vg_nibp_error answer; /* OK: 120/80 */
static bool dead;                 /* none answers at all */
static int64_t begun_ns[CUFFS_MAX];
static int64_t asked_ns[16];
static uint16_t asked_device[16];
static size_t asked;

static void begin(void)
{
    c = session_room(&p);
    session_begin(c);
    t0 = c->now_ns;
    answer = VG_NIBP_OK;
    dead = false;
    asked = 0;
    for (size_t i = 0; i < CUFFS_MAX; i++) {
        begun_ns[i] = VG_TIME_NONE;
    }
}

static int infusion(void **state)
{
    (void)state;
    p = session_protocol();
    begin();
    return 0;
}

static void cuff_ends(uint16_t device)
{
    core_word(c, device, VG_CUFF_COMPLETED);
    if (answer == VG_NIBP_OK) {
        core_result(c, device, 120, 80);
    } else {
        core_result_error(c, device, answer);
    }
    begun_ns[device] = VG_TIME_NONE;
}

static void cuff_is_asked(void)
{
    const struct vg_effect *fx = core_asked(c, VG_REQ_NIBP_START);
    if (fx == NULL) {
        return;
    }
    uint16_t device = fx->ev.device;
    assert_true(asked < VG_COUNT(asked_ns));
    asked_device[asked] = device;
    asked_ns[asked++] = c->now_ns;
    if (!dead) {
        begun_ns[device] = c->now_ns;
        core_word(c, device, VG_CUFF_ACCEPTED);
    }
}

static void until(int64_t after_ns)
{
    assert_true(t0 + after_ns >= c->now_ns);
    for (int64_t i = 1; c->now_ns < t0 + after_ns; i++) {
        core_wait(c, VG_TICK_NS);
        cuff_is_asked();
        for (uint16_t d = 0; d < CUFFS_MAX; d++) {
            if (begun_ns[d] != VG_TIME_NONE && c->now_ns - begun_ns[d] >= INFLATES_NS) {
                cuff_ends(d);
            }
        }
        if (i % 8 == 0) {
            session_live(c, 97, 70);
        }
    }
}

static enum vg_mark_state mark_at(int32_t min)
{
    return (enum vg_mark_state)session_mark(c, 0, min)->state;
}

static const struct vg_effect *defer(int32_t by_s)
{
    return session_care(c, VG_CW_DEFER, &by_s, 1, 0);
}

static void test_schedule_cuff__is_asked_once_at_its_time(void **state)
{
    (void)state;
    until(SESSION_MIN(10) - VG_TICK_NS);
    assert_int_equal(asked, 0);
    until(SESSION_MIN(19));
    assert_int_equal(asked, 1);
    assert_int_equal(asked_ns[0], t0 + SESSION_MIN(10));
    assert_int_equal(mark_at(10), VG_MS_MET);
    assert_int_equal(session_mark(c, 0, 10)->off_ns, INFLATES_NS);
    until(SESSION_MIN(20));
    assert_int_equal(asked, 2);
}

static void test_schedule_cuff__one_retry_after_a_failed_reading_then_a_person(void **state)
{
    (void)state;
    answer = VG_NIBP_MOTION;
    until(SESSION_MIN(18) - VG_TICK_NS);
    assert_int_equal(asked, 2);
    assert_int_equal(asked_ns[1], asked_ns[0] + INFLATES_NS + VG_NIBP_COOLDOWN_NS + VG_TICK_NS);
    assert_int_equal(mark_at(10), VG_MS_LATE);
    until(SESSION_MIN(19));
    assert_int_equal(asked, 2);
    until(SESSION_MIN(20)); /* the next one is asked for again */
    assert_int_equal(asked, 3);
}

static void test_schedule_cuff__the_retry_may_be_good(void **state)
{
    (void)state;
    answer = VG_NIBP_LOOSE_OR_LEAK;
    until(SESSION_MIN(10) + CORE_S(25));
    answer = VG_NIBP_OK;
    until(SESSION_MIN(18));
    assert_int_equal(asked, 2);
    assert_int_equal(mark_at(10), VG_MS_MET);
}

static void test_schedule_cuff__that_does_not_answer_is_asked_twice(void **state)
{
    (void)state;
    dead = true;
    until(SESSION_MIN(18));
    assert_int_equal(asked, 2);
}

/* A person who stopped it does not want it now. */
static void test_schedule_cuff__an_abort_stops_the_retry(void **state)
{
    (void)state;
    until(SESSION_MIN(10) + CORE_S(5));
    (void)core_command(c, 0, SESSION_CUFF, VG_REQ_NIBP_ABORT);
    begun_ns[SESSION_CUFF] = VG_TIME_NONE;
    core_word(c, SESSION_CUFF, VG_CUFF_ABORTED);
    until(SESSION_MIN(18));
    assert_int_equal(asked, 1);
    assert_int_equal(mark_at(10), VG_MS_MISSED);
    (void)infusion(NULL);
    answer = VG_NIBP_USER_ABORT; /* the patient pressed the button of the cuff */
    until(SESSION_MIN(18));
    assert_int_equal(asked, 1);
}

static void test_schedule_cuff__an_abort_between_two_marks_stops_nothing(void **state)
{
    (void)state;
    until(SESSION_MIN(5));
    (void)core_command(c, 0, SESSION_CUFF, VG_REQ_NIBP_START);
    core_word(c, SESSION_CUFF, VG_CUFF_ACCEPTED);
    (void)core_command(c, 0, SESSION_CUFF, VG_REQ_NIBP_ABORT);
    core_word(c, SESSION_CUFF, VG_CUFF_ABORTED);
    until(SESSION_MIN(11));
    assert_int_equal(asked, 1);
    assert_int_equal(mark_at(10), VG_MS_MET);
}

static void test_schedule_cuff__somebody_measured_already(void **state)
{
    (void)state;
    until(SESSION_MIN(9));
    (void)session_by_hand(c, 120, 80, 0);
    until(SESSION_MIN(19));
    assert_int_equal(asked, 0);
}

static void test_schedule_cuff__is_not_asked_where_nobody_wants_it(void **state)
{
    (void)state;
    p.auto_cuff = false;
    begin();
    until(SESSION_MIN(15));
    assert_int_equal(asked, 0);
    p.auto_cuff = true;
    begin();
    c->engine->as_recorded = true; /* a record is played: the cuff is not on an arm */
    until(SESSION_MIN(15));
    assert_int_equal(asked, 0);
    c = session_room(NULL);
    (void)session_open(c, VG_SESSION_DOSING, VG_PROTOCOL_NONE);
    t0 = c->now_ns;
    until(SESSION_MIN(15));
    assert_int_equal(asked, 0);
}

/* --- deferred ------------------------------------------------------------------------------- */

static void test_schedule_cuff__is_deferred_once(void **state)
{
    static const struct {
        int64_t at_s; /* said */
        int32_t by_s;
        int64_t starts_s;
    } cases[] = {
        { 575, 60, 660 }, /* announced: from its time */
        { 575, 180, 780 },
        { 575, 1000, 780 }, /* never more than three minutes */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)infusion(state);
        until(CORE_S(cases[i].at_s));
        assert_int_equal(defer(cases[i].by_s)->status, VG_OK);
        assert_int_equal(defer(60)->refusal, VG_REFUSED_DEFERRED);
        until(CORE_S(cases[i].starts_s) - VG_TICK_NS);
        assert_int_equal(asked, 0);
        until(CORE_S(cases[i].starts_s));
        assert_int_equal(asked, 1);
    }
}

/* Who put it off is not called late for it. */
static void test_schedule_cuff__put_off_is_not_late(void **state)
{
    (void)state;
    dead = true;
    until(CORE_S(599));
    assert_int_equal(defer(150)->status, VG_OK);
    until(SESSION_MIN(12) + CORE_S(150));
    assert_int_equal(mark_at(10), VG_MS_DUE);
    assert_null(core_alarm(c, VG_COND_VITAL_DUE, VG_AW_OPEN));
    until(SESSION_MIN(12) + CORE_S(151));
    assert_int_equal(mark_at(10), VG_MS_LATE);
}

/* The cuff was away at its time; now it is due, and somebody wants a minute. */
static void test_schedule_cuff__is_deferred_from_now_when_it_is_due(void **state)
{
    (void)state;
    core_port(c, SESSION_CUFF, VG_PORT_SILENT);
    until(CORE_S(610));
    assert_int_equal(defer(60)->status, VG_OK);
    core_port(c, SESSION_CUFF, VG_PORT_ONLINE);
    until(CORE_S(670) - VG_TICK_NS);
    assert_int_equal(asked, 0);
    until(CORE_S(670));
    assert_int_equal(asked, 1);
}

static void test_schedule_cuff__there_is_nothing_to_defer(void **state)
{
    (void)state;
    until(CORE_S(500));
    assert_int_equal(defer(60)->refusal, VG_REFUSED_NO_PLAN); /* not announced yet */
    until(CORE_S(601));
    assert_int_equal(asked, 1);
    assert_int_equal(defer(60)->refusal, VG_REFUSED_NO_PLAN); /* it inflates */
    until(CORE_S(640));
    assert_int_equal(defer(60)->refusal, VG_REFUSED_NO_PLAN); /* it is measured */
}

static void test_schedule_cuff__a_deferred_one_is_deferred_after_a_restart(void **state)
{
    (void)state;
    until(CORE_S(575));
    (void)defer(120);
    c = session_restarted(c, &p);
    core_daemon(c, 0, VG_DAEMON_RESTARTED);
    core_port(c, SESSION_OXI, VG_PORT_ONLINE);
    core_port(c, SESSION_CUFF, VG_PORT_ONLINE);
    until(CORE_S(720) - VG_TICK_NS);
    assert_int_equal(asked, 0);
    until(CORE_S(720));
    assert_int_equal(asked, 1);
}

/* A restart forgets neither the tries nor that somebody did not want it. */
static void test_schedule_cuff__a_restart_begins_no_new_tries(void **state)
{
    static const enum vg_nibp_error answers[] = { VG_NIBP_MOTION, VG_NIBP_USER_ABORT };
    static const size_t tries[] = { 2, 1 };
    for (size_t i = 0; i < VG_COUNT(answers); i++) {
        (void)infusion(state);
        answer = answers[i];
        until(SESSION_MIN(11) + CORE_S(30));
        assert_int_equal(asked, tries[i]);
        struct core *before = c;
        c = session_restarted(c, &p);
        session_expect_same(session_of(c), session_of(before));
        core_daemon(c, 0, VG_DAEMON_RESTARTED);
        core_port(c, SESSION_OXI, VG_PORT_ONLINE);
        core_port(c, SESSION_CUFF, VG_PORT_ONLINE);
        until(SESSION_MIN(19));
        assert_int_equal(asked, tries[i]);
    }
}

/* --- several cuffs -------------------------------------------------------------------------- */

static void test_schedule_cuff__the_other_one_serves_when_the_first_is_away(void **state)
{
    (void)state;
    uint16_t other = core_add_cuff(c, 0);
    core_port(c, other, VG_PORT_ONLINE);
    core_port(c, SESSION_CUFF, VG_PORT_SILENT);
    until(SESSION_MIN(10));
    assert_int_equal(asked, 1);
    assert_int_equal(asked_device[0], other);
    until(SESSION_MIN(11));
    assert_int_equal(mark_at(10), VG_MS_MET);
}

static void test_schedule_cuff__two_never_measure_at_once(void **state)
{
    (void)state;
    uint16_t other = core_add_cuff(c, 0);
    core_port(c, other, VG_PORT_ONLINE);
    answer = VG_NIBP_WEAK_SIGNAL;
    until(SESSION_MIN(18));
    assert_int_equal(asked, 2);
    assert_true(asked_ns[1] - asked_ns[0] > INFLATES_NS + VG_NIBP_COOLDOWN_NS);
}

/* Somebody measured thirty times in this hour: a person decides, no plan. */
static void test_schedule_cuff__thirty_an_hour_are_enough(void **state)
{
    struct vg_bed *bed = &c->engine->beds[0];
    (void)state;
    for (size_t i = 0; i < VG_CUFF_STARTS_HOUR; i++) {
        bed->cuff_start_ns[i] = t0 + CORE_S((int64_t)i);
    }
    until(SESSION_MIN(59));
    assert_int_equal(asked, 0);
    until(SESSION_MIN(61)); /* the first of them is an hour ago; minute 55 is late */
    assert_int_equal(asked, 1);
    assert_int_equal(asked_ns[0], t0 + SESSION_MIN(60));
    assert_int_equal(mark_at(55), VG_MS_MET_LATE);
}

#define RUNS(test) cmocka_unit_test_setup(test, infusion)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS(test_schedule_cuff__is_asked_once_at_its_time),
        RUNS(test_schedule_cuff__one_retry_after_a_failed_reading_then_a_person),
        RUNS(test_schedule_cuff__the_retry_may_be_good),
        RUNS(test_schedule_cuff__that_does_not_answer_is_asked_twice),
        RUNS(test_schedule_cuff__an_abort_stops_the_retry),
        RUNS(test_schedule_cuff__an_abort_between_two_marks_stops_nothing),
        RUNS(test_schedule_cuff__somebody_measured_already),
        RUNS(test_schedule_cuff__is_not_asked_where_nobody_wants_it),
        RUNS(test_schedule_cuff__is_deferred_once),
        RUNS(test_schedule_cuff__is_deferred_from_now_when_it_is_due),
        RUNS(test_schedule_cuff__there_is_nothing_to_defer),
        RUNS(test_schedule_cuff__a_deferred_one_is_deferred_after_a_restart),
        RUNS(test_schedule_cuff__a_restart_begins_no_new_tries),
        RUNS(test_schedule_cuff__the_other_one_serves_when_the_first_is_away),
        RUNS(test_schedule_cuff__two_never_measure_at_once),
        RUNS(test_schedule_cuff__thirty_an_hour_are_enough),
        RUNS(test_schedule_cuff__put_off_is_not_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
