/*
 * test_cuff_bed.c -- one person, one arm at a time: the cuffs of a bed wait for each other, and none
 * inflates more than thirty times in any hour, restarts included.
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
static uint16_t left, right, next_bed;

static struct core *build(unsigned which, int64_t now_ns)
{
    struct core *x = core_new(which, 2, NULL, now_ns);
    left = core_add_cuff(x, 0);
    right = core_add_cuff(x, 0);
    next_bed = core_add_cuff(x, 1);
    return x;
}

static int two_cuffs(void **state)
{
    (void)state;
    c = build(0, CORE_S(100000));
    for (uint16_t d = 0; d < c->engine->device_count; d++) {
        core_port(c, d, VG_PORT_ONLINE);
    }
    (void)core_open_session(c, 0, "p-1");
    (void)core_open_session(c, 1, "p-2");
    return 0;
}

static const struct vg_effect *start(uint16_t device)
{
    return core_command(c, c->engine->devices[device].bed, device, VG_REQ_NIBP_START);
}

static void test_cuff_bed__the_other_waits_until_the_arm_has_rested(void **state)
{
    (void)state;
    assert_int_equal(start(left)->status, VG_OK);
    assert_int_equal(start(right)->refusal, VG_REFUSED_CUFF_BUSY); /* starting */
    assert_int_equal(start(next_bed)->status, VG_OK);              /* another person */
    core_word(c, left, VG_CUFF_ACCEPTED);
    assert_int_equal(start(right)->refusal, VG_REFUSED_CUFF_BUSY); /* inflating */
    core_word(c, left, VG_CUFF_COMPLETED);
    assert_int_equal(start(right)->refusal,
                     VG_REFUSED_CUFF_BUSY); /* the numbers are on their way */
    core_result(c, left, 120, 80);
    core_wait(c, VG_NIBP_COOLDOWN_NS - VG_TICK_NS);
    assert_int_equal(start(right)->refusal, VG_REFUSED_CUFF_BUSY);
    assert_int_equal(start(left)->refusal, VG_REFUSED_CUFF_COOLDOWN);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(start(right)->status, VG_OK);
    assert_int_equal(start(left)->refusal, VG_REFUSED_CUFF_BUSY);
}

/* A cuff that is away has nothing to say, unless its arm was squeezed a moment ago. */
static void test_cuff_bed__one_that_is_away(void **state)
{
    (void)state;
    core_port(c, left, VG_PORT_SILENT);
    assert_int_equal(start(left)->refusal, VG_REFUSED_CUFF_OFFLINE);
    assert_int_equal(start(right)->status, VG_OK);
    (void)two_cuffs(NULL);
    (void)start(left);
    core_word(c, left, VG_CUFF_ACCEPTED);
    core_port(c, left, VG_PORT_SILENT); /* inflated, and nobody can tell it to let go */
    assert_int_equal(start(right)->refusal, VG_REFUSED_CUFF_BUSY);
    (void)two_cuffs(NULL);
    (void)start(left);
    core_word(c, left, VG_CUFF_ACCEPTED);
    core_word(c, left, VG_CUFF_COMPLETED);
    core_result(c, left, 120, 80);
    core_port(c, left, VG_PORT_SILENT); /* it has let go just now */
    assert_int_equal(start(right)->refusal, VG_REFUSED_CUFF_BUSY);
    core_wait(c, VG_NIBP_COOLDOWN_NS);
    assert_int_equal(start(right)->status, VG_OK);
}

static void test_cuff_bed__one_that_belongs_to_another_session(void **state)
{
    (void)state;
    c->engine->devices[left].owner = 1;
    c->engine->devices[left].owner_session = c->engine->beds[1].session.seq;
    assert_int_equal(start(left)->refusal, VG_REFUSED_BOUND);
    c->engine->devices[left].owner_session++; /* that session is over */
    assert_int_equal(start(left)->status, VG_OK);
}

static void start_thirty(int64_t apart_ns)
{
    for (unsigned i = 0; i < VG_CUFF_STARTS_HOUR; i++) {
        uint16_t device = i % 2 == 0 ? left : right;
        int64_t begun_ns = c->now_ns;
        assert_int_equal(start(device)->status, VG_OK);
        core_word(c, device, VG_CUFF_ACCEPTED);
        core_word(c, device, VG_CUFF_COMPLETED);
        core_result(c, device, 120, 80);
        core_wait(c, begun_ns + apart_ns - c->now_ns);
    }
}

static void test_cuff_bed__thirty_in_any_hour(void **state)
{
    (void)state;
    int64_t first_ns = c->now_ns;
    start_thirty(CORE_S(60));
    assert_int_equal(start(left)->refusal, VG_REFUSED_CUFF_HOUR); /* whichever it is */
    assert_int_equal(start(right)->refusal, VG_REFUSED_CUFF_HOUR);
    assert_int_equal(start(next_bed)->status, VG_OK);
    core_wait(c, first_ns + CORE_S(3600) - VG_TICK_NS - c->now_ns);
    assert_int_equal(start(left)->refusal, VG_REFUSED_CUFF_HOUR);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(start(left)->status, VG_OK); /* the first is an hour ago */
    core_word(c, left, VG_CUFF_ACCEPTED);
    core_word(c, left, VG_CUFF_COMPLETED);
    core_result(c, left, 120, 80);
    core_wait(c, VG_NIBP_COOLDOWN_NS);
    assert_int_equal(start(left)->refusal, VG_REFUSED_CUFF_HOUR);
}

/* A refused start inflates nothing, and does not count. */
static void test_cuff_bed__what_was_refused_does_not_count(void **state)
{
    (void)state;
    (void)start(left);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(start(right)->refusal, VG_REFUSED_CUFF_BUSY);
    }
    core_word(c, left, VG_CUFF_REFUSED);
    core_wait(c, VG_NIBP_COOLDOWN_NS);
    assert_int_equal(start(right)->status, VG_OK);
}

static void test_cuff_bed__the_hour_goes_on_over_a_restart(void **state)
{
    (void)state;
    int64_t first_ns = c->now_ns;
    start_thirty(CORE_S(60));
    struct core *dead = c;
    c = build(1, dead->now_ns);
    core_replay(c, dead);
    core_daemon(c, 0, VG_DAEMON_RESTARTED);
    for (uint16_t d = 0; d < c->engine->device_count; d++) {
        core_port(c, d, VG_PORT_ONLINE);
    }
    core_wait(c, CORE_S(60));
    assert_int_equal(start(left)->refusal, VG_REFUSED_CUFF_HOUR);
    assert_int_equal(start(next_bed)->status, VG_OK);
    core_wait(c, first_ns + CORE_S(3600) - c->now_ns);
    assert_int_equal(start(left)->status, VG_OK);
}

#define TWO(test) cmocka_unit_test_setup(test, two_cuffs)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWO(test_cuff_bed__the_other_waits_until_the_arm_has_rested),
        TWO(test_cuff_bed__one_that_is_away),
        TWO(test_cuff_bed__one_that_belongs_to_another_session),
        TWO(test_cuff_bed__thirty_in_any_hour),
        TWO(test_cuff_bed__what_was_refused_does_not_count),
        TWO(test_cuff_bed__the_hour_goes_on_over_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
