/*
 * test_clock.c -- the system's clocks, the boot id, and what counts as a step of the wall clock.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "lib/clock.h"

static void test_clock__mono_does_not_go_back_and_utc_is_this_century(void **state)
{
    struct vg_clock c = vg_clock_real();
    struct vg_now a;
    struct vg_now b;
    (void)state;
    c.read(c.state, &a);
    c.read(c.state, &b);
    assert_true(b.mono_ns >= a.mono_ns);
    assert_true(a.mono_ns > 0);
    assert_true(a.utc_ns > INT64_C(1577836800) * VG_NS_PER_S);
}

static int64_t look(struct vg_clock_watch *w, int64_t mono_ms, int64_t utc_ms)
{
    struct vg_now now = { vg_ms(mono_ms), vg_ms(utc_ms) };
    return vg_clock_watch_step(w, &now);
}

static void test_clock__only_a_second_or_more_is_a_step(void **state)
{
    struct vg_clock_watch w = { 0, false };
    (void)state;
    assert_int_equal(look(&w, 1000, 5000000), 0); /* the first look compares with nothing */
    assert_int_equal(look(&w, 2000, 5001000), 0);
    assert_int_equal(look(&w, 3000, 5002999), 0); /* slewed by 999 ms */
    assert_int_equal(look(&w, 4000, 5003999), 0);
    assert_int_equal(look(&w, 5000, 5005999), vg_ms(1000));
    assert_int_equal(look(&w, 6000, 1406999), -vg_ms(3600000));
    assert_int_equal(look(&w, 7000, 1407999), 0); /* said once */
}

static void test_clock__boot_id_is_a_uuid_or_says_so(void **state)
{
    char id[37];
    (void)state;
    vg_boot_id(id);
    assert_true(strlen(id) == 36 || strcmp(id, "unknown-boot") == 0);
}

static void test_clock__synchronised_is_an_answer(void **state)
{
    (void)state;
    bool first = vg_clock_is_synchronised();
    assert_true(first || !vg_clock_is_synchronised());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__mono_does_not_go_back_and_utc_is_this_century),
        cmocka_unit_test(test_clock__only_a_second_or_more_is_a_step),
        cmocka_unit_test(test_clock__boot_id_is_a_uuid_or_says_so),
        cmocka_unit_test(test_clock__synchronised_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
