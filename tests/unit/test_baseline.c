/*
 * test_baseline.c -- what a baseline is made of, and the two pressures that gate and discharge look
 * at.
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

static int one_session(void **state)
{
    (void)state;
    c = session_room(NULL);
    (void)session_open(c, VG_SESSION_DOSING, VG_PROTOCOL_NONE);
    session_pass(c, SESSION_MIN(20));
    return 0;
}

static const struct vg_session *session(void)
{
    return session_of(c);
}

static const struct vg_effect *baseline(void)
{
    return session_care(c, VG_CW_BASELINE, NULL, 0, 0);
}

static void expect_pressure(int32_t sys, int32_t dia, int32_t count)
{
    assert_int_equal(baseline()->status, VG_OK);
    assert_int_equal(session()->base[VG_BASE_SYS], sys < 0 ? -1 : sys * 1000);
    assert_int_equal(session()->base[VG_BASE_DIA], dia < 0 ? -1 : dia * 1000);
    assert_int_equal(session()->base_pressures, count);
    assert_int_equal(session()->base_ns, c->now_ns);
}

static void test_baseline__is_the_middle_of_the_last_three(void **state)
{
    (void)state;
    expect_pressure(-1, -1, 0);
    (void)session_by_hand(c, 130, 85, CORE_S(240));
    expect_pressure(130, 85, 1);
    (void)session_by_hand(c, 110, 75, CORE_S(180));
    expect_pressure(110, 75, 2); /* of two the lower one */
    (void)session_by_hand(c, 120, 80, CORE_S(120));
    expect_pressure(120, 80, 3);
    (void)session_by_hand(c, 140, 90, CORE_S(60)); /* the oldest goes */
    expect_pressure(120, 80, 3);
    (void)session_by_hand(c, 141, 91, 0);
    expect_pressure(140, 90, 3);
}

/* Whoever writes down an older reading afterwards does not make the newer ones older. */
static void test_baseline__the_order_of_entry_does_not_matter(void **state)
{
    (void)state;
    (void)session_by_hand(c, 120, 80, 0);
    (void)session_by_hand(c, 130, 85, SESSION_MIN(14));
    expect_pressure(120, 80, 2);
    session_pass(c, SESSION_MIN(2)); /* now the one of before is older than a quarter of an hour */
    expect_pressure(120, 80, 1);
    (void)session_by_hand(c, 121, 81, 0);
    (void)session_by_hand(c, 122, 82, 0);
    expect_pressure(121, 81, 3);
    (void)session_by_hand(c, 199, 99, SESSION_MIN(5)); /* older than all that are kept */
    expect_pressure(121, 81, 3);
}

static void test_baseline__is_not_older_than_a_quarter_of_an_hour(void **state)
{
    (void)state;
    (void)session_by_hand(c, 120, 80, 0);
    session_pass(c, SESSION_MIN(15));
    expect_pressure(120, 80, 1);
    session_pass(c, VG_TICK_NS);
    expect_pressure(-1, -1, 0);
}

static void test_baseline__live_values_are_the_middle_of_a_minute(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        core_jump(c, CORE_S(2));
        session_live(c, i % 4 == 0 ? 99 : 95, i < 10 ? 60 : 80);
    }
    (void)baseline();
    assert_int_equal(session()->base[VG_BASE_PR], 70000); /* five of before, five and five */
    assert_true(session()->base[VG_BASE_SPO2] >= 95000);
    core_jump(c, CORE_S(15)); /* a moment old */
    (void)baseline();
    assert_int_not_equal(session()->base[VG_BASE_PR], -1);
    core_jump(c, CORE_S(1));
    assert_int_equal(baseline()->refusal, VG_REFUSED_NO_BASELINE);
}

static void test_baseline__nothing_measured_is_no_baseline(void **state)
{
    (void)state;
    c = session_room(NULL);
    (void)session_open(c, VG_SESSION_DOSING, VG_PROTOCOL_NONE);
    assert_int_equal(baseline()->refusal, VG_REFUSED_NO_BASELINE);
    assert_int_equal(session()->base_ns, VG_TIME_NONE);
}

static void test_baseline__the_next_person_has_none_of_this_one(void **state)
{
    (void)state;
    (void)session_by_hand(c, 120, 80, 0);
    (void)core_close_session(c, 0, "");
    (void)session_open(c, VG_SESSION_DOSING, VG_PROTOCOL_NONE);
    assert_int_equal(baseline()->refusal, VG_REFUSED_NO_BASELINE);
}

/* --- the last two pressures ----------------------------------------------------------------- */

static void test_baseline__two_pressures_in_the_order_they_happened(void **state)
{
    static const struct {
        int64_t ago_s;
        int32_t sys;
        int32_t newest, before; /* then */
    } steps[] = {
        { 300, 111, 111, 0 },   { 200, 112, 112, 111 }, { 250, 113, 112, 113 },
        { 290, 114, 112, 113 }, { 200, 115, 115, 112 }, /* of the same time: the last word */
        { 200, 116, 116, 115 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(steps); i++) {
        (void)session_by_hand(c, steps[i].sys, 80, CORE_S(steps[i].ago_s));
        assert_int_equal(session()->pressure[0].sys_milli, steps[i].newest * 1000);
        assert_int_equal(session()->pressure[1].at_ns == VG_TIME_NONE, steps[i].before == 0);
        if (steps[i].before != 0) {
            assert_int_equal(session()->pressure[1].sys_milli, steps[i].before * 1000);
        }
    }
}

static void test_baseline__a_cuff_between_two_sessions_is_nobodys(void **state)
{
    (void)state;
    session_measure(c, 120, 80);
    assert_int_equal(session()->pressure[0].sys_milli, 120000);
    (void)core_close_session(c, 0, "");
    session_measure(c, 130, 85);
    (void)session_open(c, VG_SESSION_DOSING, VG_PROTOCOL_NONE);
    assert_int_equal(session()->pressure[0].at_ns, VG_TIME_NONE);
    session_pass(c, CORE_S(2));
    expect_pressure(-1, -1, 0);
}

#define ONE(test) cmocka_unit_test_setup(test, one_session)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(test_baseline__is_the_middle_of_the_last_three),
        ONE(test_baseline__the_order_of_entry_does_not_matter),
        ONE(test_baseline__is_not_older_than_a_quarter_of_an_hour),
        ONE(test_baseline__live_values_are_the_middle_of_a_minute),
        ONE(test_baseline__nothing_measured_is_no_baseline),
        ONE(test_baseline__the_next_person_has_none_of_this_one),
        ONE(test_baseline__two_pressures_in_the_order_they_happened),
        ONE(test_baseline__a_cuff_between_two_sessions_is_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
