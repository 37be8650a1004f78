/*
 * prop_time.c -- the core at any moment since boot behaves as it does at the first.
 *
 * A scenario and random runs start at zero and at moments where a narrower type would wrap, end or
 * change its sign: 2^31 and 2^32 of microseconds, milliseconds and seconds, on and just before the
 * edge so that the run crosses it, and after centuries. Everything that comes out must be the same
 * but for the shift of its times.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/core_world.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)
#define ACTS 1500

static uint64_t seed;

static const int64_t edges[] = {
    INT64_C(1) << 31,                     /* 2^31 ns */
    INT64_C(1) << 32,                     /* 2^32 ns */
    (INT64_C(1) << 31) * VG_NS_PER_US,    /* 35 minutes */
    (INT64_C(1) << 32) * VG_NS_PER_US,    /* 71 minutes */
    (INT64_C(1) << 31) * VG_NS_PER_MS,    /* 24 days */
    (INT64_C(1) << 32) * VG_NS_PER_MS,    /* 49 days */
    INT64_C(1) << 53,                     /* no double counts further one by one: 104 days */
    (INT64_C(1) << 31) * VG_NS_PER_S,     /* 68 years */
    (INT64_C(1) << 32) * VG_NS_PER_S,     /* 136 years */
    (INT64_C(1) << 32) * VG_NS_PER_S + 1, /* off the grid of the ticks */
    INT64_C(123456789123456789),
    S(INT64_C(200) * 365 * 86400), /* 200 years */
};
/* How long before an edge a run begins, so that it crosses the edge in the middle. */
static const int64_t leads[] = { 0, S(30), S(300) };

/* --- comparing ------------------------------------------------------------------------------ */

/* Everything that left the core: events with their times made relative to the start. */
#define LOG_MAX 32768
struct log {
    size_t count;
    struct vg_event of[LOG_MAX];
};

static struct log first;
static struct log second;
static struct log *filling;
static int64_t start_ns;

static int64_t relative(int64_t ns)
{
    return ns == VG_TIME_NONE ? VG_TIME_NONE : ns - start_ns;
}

static void note(const struct core *c)
{
    for (size_t i = 0; i < c->fx.count && filling->count < LOG_MAX; i++) {
        struct vg_event *ev = &filling->of[filling->count++];
        *ev = c->fx.of[i].ev;
        ev->mono_ns = relative(ev->mono_ns);
        ev->utc_ns -= start_ns;
        if (ev->kind == VG_EV_ALARM) {
            /* "since" of a condition that never was pending is nobody's time */
            ev->u.alarm.since_ns = ev->u.alarm.since_ns != 0 ? relative(ev->u.alarm.since_ns) : 0;
        }
        if (ev->kind == VG_EV_DOSE) {
            ev->u.dose.given_utc_ns -= start_ns;
        } else if (ev->kind == VG_EV_CARE) {
            ev->u.care.at_utc_ns -= start_ns;
        } else if (ev->kind == VG_EV_PLAN) {
            ev->u.plan.due_utc_ns -= start_ns;
        } else {
            /* no other kind has a time of its own */
        }
    }
}

static void expect_equal_runs(int64_t edge_ns)
{
    assert_true(first.count > 0);
    assert_int_equal(first.count, second.count);
    for (size_t i = 0; i < first.count; i++) {
        if (memcmp(&first.of[i], &second.of[i], sizeof first.of[i]) != 0) {
            fail_msg("near %lld ns, event %zu: %s instead of %s", (long long)edge_ns, i,
                     vg_event_kind_name((enum vg_event_kind)second.of[i].kind),
                     vg_event_kind_name((enum vg_event_kind)first.of[i].kind));
        }
    }
}

static struct core *begin(struct log *log, int64_t at_ns)
{
    filling = log;
    filling->count = 0;
    at_ns -= at_ns % VG_NS_PER_MS; /* the time of a dose is of whole milliseconds */
    start_ns = at_ns;
    (void)printf("[  start   ] %lld ns\n", (long long)at_ns);
    return world_new(0, at_ns);
}

/* --- one scenario that passes every timed row ----------------------------------------------- */

static void wait(struct core *c, int64_t ns)
{
    for (int64_t left_ns = ns; left_ns > 0; left_ns -= VG_TICK_NS) {
        core_jump(c, VG_TICK_NS);
        core_tick(c, 0);
        note(c);
    }
}

static void seconds_of(struct core *c, int32_t percent, int n)
{
    for (int i = 0; i < n; i++) {
        wait(c, S(1));
        core_spo2(c, WORLD_OXI_A, percent);
        note(c);
    }
}

static const struct vg_slot *low(const struct core *c)
{
    return core_slot(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE);
}

static void scenario(struct core *c)
{
    (void)core_open_session(c, 0, "p-1");
    note(c);
    seconds_of(c, 97, 5);
    seconds_of(c, 88, 10);
    assert_int_equal(low(c)->state, VG_CS_PENDING);
    seconds_of(c, 88, 6); /* C6 */
    assert_int_equal(low(c)->state, VG_CS_ACTIVE);
    (void)core_ack(c, 0, low(c)->instance);
    note(c);
    seconds_of(c, 88, 299);
    assert_true(low(c)->ack);
    seconds_of(c, 88, 2); /* C17 */
    assert_false(low(c)->ack);
    seconds_of(c, 97, 5);
    assert_int_equal(low(c)->state, VG_CS_ACTIVE);
    seconds_of(c, 97, 1); /* C14 */
    assert_int_equal(low(c)->state, VG_CS_LATCHED);
    wait(c, S(31)); /* F2, F3 */
    assert_int_equal(core_state(c, 0, VG_COND_DATA_LOST, VG_VITAL_SPO2), VG_CS_ACTIVE);
    seconds_of(c, 97, 3); /* F4 */
    assert_int_equal(core_state(c, 0, VG_COND_DATA_LOST, VG_VITAL_SPO2), VG_CS_NORMAL);
    core_port(c, WORLD_OXI_A, VG_PORT_SILENT);
    wait(c, S(11));
    assert_int_equal(core_state(c, 0, VG_COND_LINK_DEVICE, WORLD_OXI_A), VG_CS_ACTIVE);
    (void)core_command(c, 0, WORLD_CUFF, VG_REQ_NIBP_START);
    note(c);
    wait(c, S(3)); /* STARTING times out */
    assert_int_equal(c->engine->devices[WORLD_CUFF].nibp.state, VG_NS_ABORTING);
    wait(c, S(175)); /* no abort is answered: nobody knows whether it holds pressure */
    assert_int_equal(c->engine->devices[WORLD_CUFF].nibp.state, VG_NS_ABORTING);
    wait(c, S(5) + S(30)); /* by now it does not */
    assert_int_equal(c->engine->devices[WORLD_CUFF].nibp.state, VG_NS_IDLE);
    (void)core_command(c, 0, WORLD_CUFF, VG_REQ_NIBP_START);
    note(c);
    core_word(c, WORLD_CUFF, VG_CUFF_ACCEPTED);
    note(c);
    wait(c, S(181)); /* watchdog */
    assert_int_equal(c->engine->devices[WORLD_CUFF].nibp.state, VG_NS_ABORTING);
    (void)core_dose(c, 0, VG_DOSE_BOLUS, 35000, c->now_ns + c->utc_offset_ns);
    note(c);
    (void)core_close_session(c, 0, "done");
    note(c);
    assert_int_equal(c->engine->beds[0].session.seq, 0);
}

static void prop_time__every_timed_row_works_at_any_time_since_boot(void **state)
{
    (void)state;
    scenario(begin(&first, 0));
    for (size_t e = 0; e < VG_COUNT(edges); e++) {
        for (size_t l = 0; l < VG_COUNT(leads); l++) {
            scenario(begin(&second, edges[e] - leads[l]));
            expect_equal_runs(edges[e]);
        }
    }
}

static void prop_time__random_runs_are_the_same_at_any_time_since_boot(void **state)
{
    unsigned acts = core_cases(ACTS);
    (void)state;
    for (size_t e = 0; e < VG_COUNT(edges); e++) {
        uint64_t this_seed = seed + e;
        for (int run = 0; run < 2; run++) {
            struct core *c = begin(run == 0 ? &first : &second,
                                   run == 0 ? 0 : edges[e] - leads[e % VG_COUNT(leads)]);
            (void)core_seed(this_seed);
            for (unsigned n = 0; n < acts; n++) {
                world_act(c, note);
                core_forget(c);
            }
        }
        expect_equal_runs(edges[e]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_time__every_timed_row_works_at_any_time_since_boot),
        cmocka_unit_test(prop_time__random_runs_are_the_same_at_any_time_since_boot),
    };
    seed = core_seed(UINT64_C(20260102));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
