/*
 * test_duty.c -- what a command is run for, when again, and when not: virtual time, no process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tools/exec_sink/duty.h"

#define T0 (1000 * VG_NS_PER_S)

static struct vg_asink_state state;
static struct duties duties;
static uint16_t telling;

static int begin(void **unused)
{
    (void)unused;
    vg_asink_state_init(&state, T0, NULL, 0);
    memset(&duties, 0, sizeof duties);
    telling = 0;
    return 0;
}

static int64_t at(int64_t ms)
{
    return T0 + vg_ms(ms);
}

static void hear_run(const char *bed, int64_t ms, int64_t run, uint64_t instance,
                     enum vg_priority priority)
{
    struct vg_asink_frame f = { .run = run };
    (void)snprintf(f.bed, sizeof f.bed, "%s", bed);
    if (instance != 0) {
        f.alarm = (struct vg_voice){ .instance = instance,
                                     .telling = telling,
                                     .kind = VG_VOICE_ALARM,
                                     .priority = (uint8_t)priority };
        (void)snprintf(f.alarm.bed, sizeof f.alarm.bed, "%s", bed);
    }
    assert_int_equal(vg_asink_state_frame(&state, &f, at(ms)), VG_OK);
    duties_update(&duties, &state, at(ms));
}

static void hear(const char *bed, int64_t ms, uint64_t instance, enum vg_priority priority)
{
    hear_run(bed, ms, 1, instance, priority);
}

/* Instance of what is due, 0 when nothing is. */
static uint64_t next(int64_t ms)
{
    const struct vg_voice *v = duties_next(&duties, at(ms));
    return v != NULL ? v->instance : 0;
}

static void run(int64_t ms, bool ok)
{
    struct vg_voice v = *duties_next(&duties, at(ms));
    duties_result(&duties, &v, ok, at(ms));
}

static void test_duty__once_for_each_instance(void **unused)
{
    (void)unused;
    hear("bed-1", 0, 12, VG_PRIO_MED);
    assert_int_equal(next(0), 12);
    run(0, true);
    hear("bed-1", 1000, 12, VG_PRIO_MED);
    assert_int_equal(next(1000), 0);
    hear("bed-1", 2000, 13, VG_PRIO_HIGH);
    assert_int_equal(next(2000), 13);
    run(2000, true);
    hear("bed-1", 3000, 12, VG_PRIO_MED); /* displaced, not silent */
    assert_int_equal(next(3000), 0);
}

static void test_duty__again_after_silence_and_when_worse(void **unused)
{
    (void)unused;
    hear("bed-1", 0, 12, VG_PRIO_MED);
    run(0, true);
    hear("bed-1", 1000, 0, VG_PRIO_LOW);
    assert_int_equal(next(1000), 0);
    hear("bed-1", 2000, 12, VG_PRIO_MED);
    assert_int_equal(next(2000), 12);
    run(2000, true);
    hear("bed-1", 3000, 12, VG_PRIO_HIGH);
    assert_int_equal(next(3000), 12);
    run(3000, true);
    hear("bed-1", 4000, 12, VG_PRIO_MED);
    assert_int_equal(next(4000), 0);
}

static void test_duty__again_when_told_anew(void **unused)
{
    (void)unused;
    hear("bed-1", 0, 12, VG_PRIO_MED);
    run(0, true);
    telling = 1;
    hear("bed-1", 1000, 12, VG_PRIO_MED);
    assert_int_equal(next(1000), 12);
    run(1000, true);
    hear("bed-1", 2000, 12, VG_PRIO_MED);
    assert_int_equal(next(2000), 0);
}

static void test_duty__a_failure_is_tried_again_later_each_time(void **unused)
{
    static const int64_t waits_s[] = { 1, 2, 4, 8, 16, 30, 30 };
    int64_t ms = 0;
    (void)unused;
    hear("bed-1", 0, 12, VG_PRIO_MED);
    for (size_t i = 0; i < VG_COUNT(waits_s); i++) {
        run(ms, false);
        assert_int_equal(next(ms + waits_s[i] * 1000 - 1), 0);
        ms += waits_s[i] * 1000;
        hear("bed-1", ms, 12, VG_PRIO_MED);
        assert_int_equal(next(ms), 12);
    }
    run(ms, true);
    assert_int_equal(next(ms + 60000), 0);
}

static void test_duty__every_bed_counts_the_worst_first(void **unused)
{
    (void)unused;
    hear("bed-1", 0, 3, VG_PRIO_LOW);
    hear("bed-2", 0, 4, VG_PRIO_HIGH);
    hear("bed-3", 0, 5, VG_PRIO_HIGH);
    assert_int_equal(next(0), 5);
    run(0, false); /* one that fails does not hold up the others */
    assert_int_equal(next(0), 4);
    run(0, true);
    assert_int_equal(next(0), 3);
    run(0, true);
    assert_int_equal(next(999), 0);
    assert_int_equal(next(1000), 5);
}

static void test_duty__a_result_that_comes_too_late(void **unused)
{
    (void)unused;
    hear("bed-1", 0, 12, VG_PRIO_MED);
    struct vg_voice v = *duties_next(&duties, at(0));
    hear("bed-1", 1000, 0, VG_PRIO_LOW);
    duties_result(&duties, &v, true, at(1000));
    hear("bed-1", 2000, 12, VG_PRIO_MED); /* it has been silent: again */
    assert_int_equal(next(2000), 12);
}

static void test_duty__the_lost_link_once_for_each_silence(void **unused)
{
    (void)unused;
    duties_update(&duties, &state, at(2999));
    assert_null(duties_next(&duties, at(2999)));
    for (int64_t ms = 3000; ms < 200000; ms += 100000) {
        duties_update(&duties, &state, at(ms));
        assert_int_equal(duties_next(&duties, at(ms))->kind, VG_VOICE_LINK_LOST);
        run(ms, true);
        duties_update(&duties, &state, at(ms + 50000));
        assert_null(duties_next(&duties, at(ms + 50000)));
        hear("bed-1", ms + 60000, 0, VG_PRIO_LOW);
    }
}

static void test_duty__an_alarm_that_outlives_the_silence_is_not_told_twice(void **unused)
{
    (void)unused;
    hear("bed-1", 0, 12, VG_PRIO_MED);
    run(0, true);
    duties_update(&duties, &state, at(5000));
    run(5000, true); /* the lost link */
    hear_run("bed-1", 6000, 2, 12, VG_PRIO_MED);
    assert_null(duties_next(&duties, at(6000)));
    assert_true(duties_is_done(&duties.of[0]));
}

static void test_duty__beds_that_are_gone_make_room(void **unused)
{
    (void)unused;
    char bed[VG_ID_MAX];
    for (int i = 0; i < 3 * VG_BEDS_MAX; i++) {
        (void)snprintf(bed, sizeof bed, "bed-%d", i);
        hear_run(bed, i, i, 12, VG_PRIO_MED);
        assert_int_equal(next(i), 12);
        run(i, true);
        assert_int_equal(duties.count, 2); /* the bed and the lost link */
    }
}

#define TEST(test) cmocka_unit_test_setup(test_duty__##test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(once_for_each_instance),
        TEST(again_after_silence_and_when_worse),
        TEST(again_when_told_anew),
        TEST(a_failure_is_tried_again_later_each_time),
        TEST(every_bed_counts_the_worst_first),
        TEST(a_result_that_comes_too_late),
        TEST(the_lost_link_once_for_each_silence),
        TEST(an_alarm_that_outlives_the_silence_is_not_told_twice),
        TEST(beds_that_are_gone_make_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
