/*
 * prop_alarm_detect.c -- properties of alarms, by number: what is wrong is noticed (P2, P3).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/prop_world.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)

static int32_t limit_of(const struct core *c, enum vg_condition cond)
{
    return c->engine->beds[0].limits.of[cond].limit_milli;
}

/* Whoever speaks for the vital says it. */
static void both_say(struct core *c, enum vg_vital v, int32_t milli)
{
    core_reading(c, WORLD_OXI_A, v, milli, VG_QUALITY_OK);
    core_reading(c, WORLD_OXI_B, v, milli, VG_QUALITY_OK);
}

/* A clinic with some history of its own. */
static struct core *with_history(struct core *c, unsigned n)
{
    if (n % 50 == 49) {
        c = world_new(0, c->now_ns);
    }
    core_forget(c);
    for (unsigned k = 0; k < 10; k++) {
        world_act(c, NULL);
    }
    return c;
}

/* --- P2: detection -------------------------------------------------------------------------- */

static void prop_alarm__p02_detection(void **state)
{
    static const struct {
        enum vg_condition cond;
        enum vg_vital v;
        int32_t beyond;
        int seconds; /* T_delay + 2 s */
    } cases[] = {
        { VG_COND_SPO2_LOW, VG_VITAL_SPO2, -1000, 17 },
        { VG_COND_SPO2_DESAT, VG_VITAL_SPO2, -1000, 2 },
        { VG_COND_PR_LOW, VG_VITAL_PULSE_RATE, -1000, 12 },
        { VG_COND_PR_HIGH, VG_VITAL_PULSE_RATE, 1000, 12 },
        { VG_COND_PR_XLOW, VG_VITAL_PULSE_RATE, -1000, 7 },
        { VG_COND_PR_XHIGH, VG_VITAL_PULSE_RATE, 1000, 7 },
    };
    unsigned runs = core_cases(PROP_ACTS) / 20;
    struct core *c = world_new(0, S(1000));
    (void)state;
    for (unsigned n = 0; n < runs; n++) {
        c = with_history(c, n);
        size_t i = core_below(VG_COUNT(cases));
        int32_t milli = limit_of(c, cases[i].cond) + cases[i].beyond;
        int64_t begun_ns = c->now_ns;
        both_say(c, cases[i].v, milli); /* from the first sample on, time counts */
        while (c->now_ns - begun_ns < S(cases[i].seconds)) {
            core_wait(c, S(1));
            both_say(c, cases[i].v, milli);
        }
        assert_int_equal(core_state(c, 0, cases[i].cond, VG_SUBJECT_NONE), VG_CS_ACTIVE);
    }
}

/* --- P3: no delay starvation ---------------------------------------------------------------- */

static int64_t starts[3]; /* the last three, newest first */

static void check_p03(const struct ref_pair *before, const struct ref_pair *after,
                      enum vg_cond_input in, uint64_t acked, struct vg_cond_result res)
{
    (void)acked;
    (void)res;
    if (before->next_seq == 0) {
        starts[0] = starts[1] = starts[2] = INT64_MIN / 2; /* a new condition */
    }
    bool starts_now = before->slot.state == VG_CS_NORMAL &&
                      (in == VG_CI_BAD || in == VG_CI_RAPID || in == VG_CI_LIMITS_BAD);
    if (!starts_now) {
        return;
    }
    starts[2] = starts[1];
    starts[1] = starts[0];
    starts[0] = after->now_ns;
    if (starts[0] - starts[2] <= S(60)) {
        assert_int_equal(after->slot.state, VG_CS_ACTIVE);
    }
}

static void prop_alarm__p03_three_starts_in_a_minute_open(void **state)
{
    (void)state;
    prop_run_pairs(check_p03);
    /* And in the clinic, from any history: bad and good in turn. */
    struct core *c = world_new(0, S(1000));
    for (unsigned n = 0; n < core_cases(PROP_ACTS) / 50; n++) {
        c = with_history(c, n);
        int32_t bad = limit_of(c, VG_COND_SPO2_LOW) - 1000;
        for (unsigned k = 0; k < 3; k++) { /* both fresh, so that good samples count */
            core_wait(c, S(1));
            both_say(c, VG_VITAL_SPO2, 97000);
        }
        bool opened = false;
        for (unsigned k = 0; k < 3; k++) {
            core_wait(c, S(1));
            both_say(c, VG_VITAL_SPO2, bad);
            opened = opened || core_state(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE) == VG_CS_ACTIVE;
            core_wait(c, S(1));
            both_say(c, VG_VITAL_SPO2, 97000);
        }
        assert_true(opened);
    }
}

/* The starts of the run before count, too: one restart between them hides nothing. */
static void prop_alarm__p03_one_restart_forgets_no_start(void **state)
{
    (void)state;
    struct core *c = world_new(0, S(1000));
    for (unsigned k = 0; k < 2; k++) {
        both_say(c, VG_VITAL_SPO2, 97000);
        core_wait(c, S(1));
        both_say(c, VG_VITAL_SPO2, 89000);
        core_wait(c, S(1));
    }
    assert_int_equal(core_state(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE), VG_CS_PENDING);
    c = prop_restart(c);
    both_say(c, VG_VITAL_SPO2, 89000);
    assert_int_equal(core_state(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE), VG_CS_ACTIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROP_TEST(prop_alarm__p02_detection),
        PROP_TEST(prop_alarm__p03_three_starts_in_a_minute_open),
        PROP_TEST(prop_alarm__p03_one_restart_forgets_no_start),
    };
    prop_begin(UINT64_C(20260110));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
