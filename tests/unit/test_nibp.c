/*
 * test_nibp.c -- the determination machine: every pair of state and input, its times, and what must
 * never happen whatever a cuff says: two starts for one wish, a start nobody asked for, an inflated
 * cuff without a watchdog.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/nibp.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)
#define T0 S(1000)

static const char *const input_names[VG_NI_COUNT] = {
    "START",   "ABORT",   "ACCEPTED", "BUSY",   "RUNNING",   "FALLING", "COMPLETED",
    "ABORTED", "REFUSED", "IDLE",     "RESULT", "LINK_DOWN", "LINK_UP", "TIMEOUT",
};

/* A machine in a state, entered at T0 with the link up; started at T0. */
static struct vg_nibp_machine in_state(enum vg_nibp_state to)
{
    static const enum vg_nibp_input way[VG_NS_COUNT][4] = {
        [VG_NS_IDLE] = { VG_NI_COUNT },
        [VG_NS_STARTING] = { VG_NI_START, VG_NI_COUNT },
        [VG_NS_INFLATING] = { VG_NI_START, VG_NI_ACCEPTED, VG_NI_COUNT },
        [VG_NS_MEASURING] = { VG_NI_START, VG_NI_ACCEPTED, VG_NI_FALLING, VG_NI_COUNT },
        [VG_NS_RESULT] = { VG_NI_START, VG_NI_ACCEPTED, VG_NI_COMPLETED, VG_NI_COUNT },
        [VG_NS_ABORTING] = { VG_NI_ABORT, VG_NI_COUNT },
        [VG_NS_COOLDOWN] = { VG_NI_START, VG_NI_BUSY, VG_NI_COUNT },
    };
    struct vg_nibp_machine m;
    vg_nibp_init(&m);
    (void)vg_nibp_step(&m, VG_NI_LINK_UP, T0);
    for (size_t i = 0; i < 4 && way[to][i] != VG_NI_COUNT; i++) {
        (void)vg_nibp_step(&m, way[to][i], T0);
    }
    assert_int_equal(m.state, to);
    return m;
}

/* --- every pair ----------------------------------------------------------------------------- */

struct cell {
    bool listed;
    uint8_t to, request, error;
};

#define GO(to)                                                                                     \
    {                                                                                              \
        true, VG_NS_##to, VG_REQ_NONE, VG_NIBP_OK                                                  \
    }
#define ASK(to, what)                                                                              \
    {                                                                                              \
        true, VG_NS_##to, VG_REQ_NIBP_##what, VG_NIBP_OK                                           \
    }
#define FAIL(to, error)                                                                            \
    {                                                                                              \
        true, VG_NS_##to, VG_REQ_NONE, VG_NIBP_##error                                             \
    }
#define ABORT(error)                                                                               \
    {                                                                                              \
        true, VG_NS_ABORTING, VG_REQ_NIBP_ABORT, VG_NIBP_##error                                   \
    }
#define NOTHING                                                                                    \
    {                                                                                              \
        false, 0, VG_REQ_NONE, VG_NIBP_OK                                                          \
    }

static const struct cell pairs[VG_NS_COUNT][VG_NI_COUNT] = {
    [VG_NS_IDLE] = {
        [VG_NI_START] = ASK(STARTING, START),
        [VG_NI_ABORT] = ASK(ABORTING, ABORT),
        [VG_NI_ACCEPTED] = NOTHING,
        [VG_NI_BUSY] = NOTHING,
        [VG_NI_RUNNING] = NOTHING, /* somebody pressed the device's own button */
        [VG_NI_FALLING] = NOTHING,
        [VG_NI_COMPLETED] = NOTHING,
        [VG_NI_ABORTED] = NOTHING,
        [VG_NI_REFUSED] = NOTHING,
        [VG_NI_IDLE] = NOTHING,
        [VG_NI_RESULT] = NOTHING, /* foreign */
        [VG_NI_LINK_DOWN] = NOTHING,
        [VG_NI_LINK_UP] = NOTHING, /* connecting starts nothing */
        [VG_NI_TIMEOUT] = NOTHING,
    },
    [VG_NS_STARTING] = {
        [VG_NI_START] = NOTHING,
        [VG_NI_ABORT] = ABORT(USER_ABORT),
        [VG_NI_ACCEPTED] = GO(INFLATING),
        [VG_NI_BUSY] = FAIL(COOLDOWN, NOT_READY_BUSY),
        [VG_NI_RUNNING] = GO(INFLATING),
        [VG_NI_FALLING] = NOTHING,
        [VG_NI_COMPLETED] = ASK(RESULT, RESULT),
        [VG_NI_ABORTED] = NOTHING,
        [VG_NI_REFUSED] = FAIL(COOLDOWN, START_FAILED),
        [VG_NI_IDLE] = NOTHING,
        [VG_NI_RESULT] = GO(COOLDOWN),
        [VG_NI_LINK_DOWN] = FAIL(ABORTING, COMM_LOST),
        [VG_NI_LINK_UP] = NOTHING,
        [VG_NI_TIMEOUT] = ABORT(START_FAILED),
    },
    [VG_NS_INFLATING] = {
        [VG_NI_START] = NOTHING,
        [VG_NI_ABORT] = ABORT(USER_ABORT),
        [VG_NI_ACCEPTED] = NOTHING,
        [VG_NI_BUSY] = NOTHING,
        [VG_NI_RUNNING] = NOTHING,
        [VG_NI_FALLING] = GO(MEASURING),
        [VG_NI_COMPLETED] = ASK(RESULT, RESULT),
        [VG_NI_ABORTED] = FAIL(COOLDOWN, USER_ABORT),
        [VG_NI_REFUSED] = NOTHING,
        [VG_NI_IDLE] = NOTHING,
        [VG_NI_RESULT] = GO(COOLDOWN),
        [VG_NI_LINK_DOWN] = FAIL(ABORTING, COMM_LOST),
        [VG_NI_LINK_UP] = NOTHING,
        [VG_NI_TIMEOUT] = ABORT(MEAS_TIMEOUT),
    },
    [VG_NS_MEASURING] = {
        [VG_NI_START] = NOTHING,
        [VG_NI_ABORT] = ABORT(USER_ABORT),
        [VG_NI_ACCEPTED] = NOTHING,
        [VG_NI_BUSY] = NOTHING,
        [VG_NI_RUNNING] = NOTHING,
        [VG_NI_FALLING] = NOTHING,
        [VG_NI_COMPLETED] = ASK(RESULT, RESULT),
        [VG_NI_ABORTED] = FAIL(COOLDOWN, USER_ABORT),
        [VG_NI_REFUSED] = NOTHING,
        [VG_NI_IDLE] = NOTHING,
        [VG_NI_RESULT] = GO(COOLDOWN),
        [VG_NI_LINK_DOWN] = FAIL(ABORTING, COMM_LOST),
        [VG_NI_LINK_UP] = NOTHING,
        [VG_NI_TIMEOUT] = ABORT(MEAS_TIMEOUT),
    },
    [VG_NS_RESULT] = {
        [VG_NI_START] = NOTHING,
        [VG_NI_ABORT] = ABORT(USER_ABORT),
        [VG_NI_ACCEPTED] = NOTHING,
        [VG_NI_BUSY] = NOTHING,
        [VG_NI_RUNNING] = NOTHING,
        [VG_NI_FALLING] = NOTHING,
        [VG_NI_COMPLETED] = NOTHING,
        [VG_NI_ABORTED] = NOTHING,
        [VG_NI_REFUSED] = NOTHING,
        [VG_NI_IDLE] = NOTHING,
        [VG_NI_RESULT] = GO(COOLDOWN),
        [VG_NI_LINK_DOWN] = FAIL(COOLDOWN, COMM_LOST),
        [VG_NI_LINK_UP] = NOTHING,
        [VG_NI_TIMEOUT] = FAIL(COOLDOWN, NO_RESULT),
    },
    [VG_NS_ABORTING] = {
        [VG_NI_START] = NOTHING,
        [VG_NI_ABORT] = ASK(ABORTING, ABORT),
        [VG_NI_ACCEPTED] = NOTHING,
        [VG_NI_BUSY] = NOTHING,
        [VG_NI_RUNNING] = NOTHING,
        [VG_NI_FALLING] = NOTHING,
        [VG_NI_COMPLETED] = GO(COOLDOWN),
        [VG_NI_ABORTED] = GO(COOLDOWN),
        [VG_NI_REFUSED] = NOTHING,
        [VG_NI_IDLE] = GO(COOLDOWN),
        [VG_NI_RESULT] = NOTHING, /* an aborted determination has no result */
        [VG_NI_LINK_DOWN] = NOTHING, /* the abort stays owed */
        [VG_NI_LINK_UP] = ASK(ABORTING, ABORT),
        [VG_NI_TIMEOUT] = GO(COOLDOWN),
    },
    [VG_NS_COOLDOWN] = {
        [VG_NI_START] = NOTHING,
        [VG_NI_ABORT] = ASK(ABORTING, ABORT),
        [VG_NI_ACCEPTED] = NOTHING,
        [VG_NI_BUSY] = NOTHING,
        [VG_NI_RUNNING] = NOTHING,
        [VG_NI_FALLING] = NOTHING,
        [VG_NI_COMPLETED] = NOTHING,
        [VG_NI_ABORTED] = NOTHING,
        [VG_NI_REFUSED] = NOTHING,
        [VG_NI_IDLE] = NOTHING,
        [VG_NI_RESULT] = NOTHING, /* foreign */
        [VG_NI_LINK_DOWN] = NOTHING,
        [VG_NI_LINK_UP] = NOTHING,
        [VG_NI_TIMEOUT] = GO(IDLE),
    },
};

static void test_nibp__every_pair_of_state_and_input(void **state)
{
    (void)state;
    for (unsigned s = 0; s < VG_NS_COUNT; s++) {
        for (unsigned in = 0; in < VG_NI_COUNT; in++) {
            const struct cell *want = &pairs[s][in];
            struct vg_nibp_machine m = in_state((enum vg_nibp_state)s);
            struct vg_nibp_step got = vg_nibp_step(&m, (enum vg_nibp_input)in, T0 + S(1));
            unsigned to = want->listed ? want->to : s;
            if (m.state != to || got.request != want->request || got.error != want->error ||
                got.moved != (to != s) || got.from != s ||
                got.accept != (want->listed && in == VG_NI_RESULT)) {
                fail_msg("%s on %s: to %s, request %u, error %s",
                         vg_nibp_state_name((enum vg_nibp_state)s), input_names[in],
                         vg_nibp_state_name((enum vg_nibp_state)m.state), got.request,
                         vg_nibp_error_name((enum vg_nibp_error)got.error));
            }
        }
    }
}

/* --- times ---------------------------------------------------------------------------------- */

static void test_nibp__start_times_out_into_an_abort(void **state)
{
    struct vg_nibp_machine m = in_state(VG_NS_STARTING);
    (void)state;
    assert_false(vg_nibp_tick(&m, T0 + S(3) - 1).moved);
    struct vg_nibp_step out = vg_nibp_tick(&m, T0 + S(3));
    assert_int_equal(m.state, VG_NS_ABORTING);
    assert_int_equal(out.request, VG_REQ_NIBP_ABORT);
    assert_int_equal(out.error, VG_NIBP_START_FAILED);
}

static void test_nibp__watchdog_counts_from_the_start(void **state)
{
    static const enum vg_nibp_state running[] = { VG_NS_INFLATING, VG_NS_MEASURING };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(running); i++) {
        struct vg_nibp_machine m = in_state(VG_NS_STARTING);
        (void)vg_nibp_step(&m, VG_NI_ACCEPTED, T0 + S(2));
        if (running[i] == VG_NS_MEASURING) {
            (void)vg_nibp_step(&m, VG_NI_FALLING, T0 + S(150)); /* entering resets nothing */
        }
        assert_int_equal(m.state, running[i]);
        assert_int_equal(vg_nibp_tick(&m, T0 + S(180) - 1).request, VG_REQ_NONE);
        struct vg_nibp_step out = vg_nibp_tick(&m, T0 + S(180));
        assert_int_equal(m.state, VG_NS_ABORTING);
        assert_int_equal(out.request, VG_REQ_NIBP_ABORT);
        assert_int_equal(out.error, VG_NIBP_MEAS_TIMEOUT);
    }
}

static void test_nibp__result_is_asked_three_times(void **state)
{
    struct vg_nibp_machine m = in_state(VG_NS_RESULT); /* asked once on the way in */
    (void)state;
    assert_int_equal(vg_nibp_tick(&m, T0 + S(1) - 1).request, VG_REQ_NONE);
    assert_int_equal(vg_nibp_tick(&m, T0 + S(1)).request, VG_REQ_NIBP_RESULT);
    assert_int_equal(vg_nibp_tick(&m, T0 + S(2) - 1).request, VG_REQ_NONE);
    assert_int_equal(vg_nibp_tick(&m, T0 + S(2)).request, VG_REQ_NIBP_RESULT);
    struct vg_nibp_step out = vg_nibp_tick(&m, T0 + S(3));
    assert_int_equal(out.request, VG_REQ_NONE);
    assert_int_equal(out.error, VG_NIBP_NO_RESULT);
    assert_int_equal(m.state, VG_NS_COOLDOWN);
}

/* Five times and no word: it is said, once, and asked on until no cuff can hold pressure any more. */
static void test_nibp__an_abort_is_repeated_until_the_arm_is_free(void **state)
{
    struct vg_nibp_machine m = in_state(VG_NS_INFLATING);
    int64_t at_ns = T0;
    unsigned asked = 1;
    unsigned said = 0;
    (void)state;
    assert_int_equal(vg_nibp_step(&m, VG_NI_ABORT, T0).request, VG_REQ_NIBP_ABORT);
    while (at_ns < T0 + S(180)) {
        assert_int_equal(m.state, VG_NS_ABORTING);
        assert_int_equal(vg_nibp_may_start(&m), VG_REFUSED_CUFF_BUSY);
        at_ns += VG_TICK_NS;
        struct vg_nibp_step out = vg_nibp_tick(&m, at_ns);
        asked += out.request == VG_REQ_NIBP_ABORT ? 1u : 0u;
        said += out.error == VG_NIBP_COMM_LOST ? 1u : 0u;
        assert_true(said == (at_ns >= T0 + S(5) ? 1u : 0u));
        assert_true(at_ns >= T0 + S(5) || asked == (unsigned)((at_ns - T0) / S(1)) + 1);
    }
    assert_int_equal(m.state, VG_NS_COOLDOWN);
    assert_int_equal(said, 1);
    assert_int_equal(asked, 5 + 17);
}

/* Somebody sees a cuff inflate that nobody asked: its own button, at the latest now. */
static void test_nibp__an_abort_at_rest_is_asked_as_long(void **state)
{
    struct vg_nibp_machine m = in_state(VG_NS_IDLE);
    (void)state;
    (void)vg_nibp_step(&m, VG_NI_ABORT, T0 + S(1000));
    for (int64_t at_ns = T0 + S(1000); at_ns < T0 + S(1180); at_ns += VG_TICK_NS) {
        (void)vg_nibp_tick(&m, at_ns);
        assert_true(vg_nibp_may_hold(&m, at_ns));
    }
    assert_int_equal(m.state, VG_NS_ABORTING);
    (void)vg_nibp_tick(&m, T0 + S(1180));
    assert_int_equal(m.state, VG_NS_COOLDOWN);
}

/* A cuff that went away inflated holds nothing any more after the longest determination. */
static void test_nibp__may_hold_has_an_end(void **state)
{
    struct vg_nibp_machine m = in_state(VG_NS_INFLATING);
    (void)state;
    (void)vg_nibp_step(&m, VG_NI_LINK_DOWN, T0 + S(1));
    assert_true(vg_nibp_may_hold(&m, T0 + S(210) - 1));
    assert_false(vg_nibp_may_hold(&m, T0 + S(210)));
    assert_int_equal(m.state, VG_NS_ABORTING); /* and yet it is told first */
    assert_int_equal(vg_nibp_step(&m, VG_NI_LINK_UP, T0 + S(900)).request, VG_REQ_NIBP_ABORT);
}

static void test_nibp__cooldown(void **state)
{
    struct vg_nibp_machine m = in_state(VG_NS_COOLDOWN);
    (void)state;
    assert_int_equal(vg_nibp_may_start(&m), VG_REFUSED_CUFF_COOLDOWN);
    assert_false(vg_nibp_tick(&m, T0 + VG_NIBP_COOLDOWN_NS - 1).moved);
    assert_true(vg_nibp_tick(&m, T0 + VG_NIBP_COOLDOWN_NS).moved);
    assert_int_equal(m.state, VG_NS_IDLE);
    assert_int_equal(vg_nibp_may_start(&m), VG_REFUSED_NOT);
    assert_false(vg_nibp_tick(&m, T0 + S(100000)).moved);
}

/* --- link ----------------------------------------------------------------------------------- */

static void test_nibp__lost_link_is_reported_at_once_and_the_abort_owed(void **state)
{
    static const enum vg_nibp_state inflated[] = { VG_NS_STARTING, VG_NS_INFLATING,
                                                   VG_NS_MEASURING };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(inflated); i++) {
        struct vg_nibp_machine m = in_state(inflated[i]);
        struct vg_nibp_step out = vg_nibp_step(&m, VG_NI_LINK_DOWN, T0 + S(1));
        assert_int_equal(out.error, VG_NIBP_COMM_LOST);
        assert_int_equal(out.request, VG_REQ_NONE); /* nobody to tell */
        for (int t = 1; t < 1000; t++) {
            out = vg_nibp_tick(&m, T0 + S(t)); /* an outage does not use the tries up */
            assert_int_equal(out.request, VG_REQ_NONE);
        }
        assert_int_equal(m.state, VG_NS_ABORTING);
        assert_int_equal(vg_nibp_may_start(&m), VG_REFUSED_CUFF_OFFLINE);
        out = vg_nibp_step(&m, VG_NI_LINK_UP, T0 + S(1000));
        assert_int_equal(out.request, VG_REQ_NIBP_ABORT);
        assert_int_equal(vg_nibp_may_start(&m), VG_REFUSED_CUFF_BUSY);
        (void)vg_nibp_step(&m, VG_NI_ABORTED, T0 + S(1001));
        assert_int_equal(m.state, VG_NS_COOLDOWN);
    }
}

static void test_nibp__an_abort_without_link_stays_owed(void **state)
{
    struct vg_nibp_machine m = in_state(VG_NS_IDLE);
    (void)state;
    (void)vg_nibp_step(&m, VG_NI_LINK_DOWN, T0);
    assert_int_equal(vg_nibp_step(&m, VG_NI_ABORT, T0).request, VG_REQ_NONE);
    assert_int_equal(vg_nibp_step(&m, VG_NI_LINK_UP, T0 + S(1)).request, VG_REQ_NIBP_ABORT);
}

/* "Idle" heard with the link half broken: the cuff may be about to inflate, so the abort stays. */
static void test_nibp__an_owed_abort_is_not_cancelled_by_idle(void **state)
{
    struct vg_nibp_machine m = in_state(VG_NS_STARTING);
    (void)state;
    (void)vg_nibp_step(&m, VG_NI_LINK_DOWN, T0);
    assert_false(vg_nibp_step(&m, VG_NI_IDLE, T0 + S(1)).moved);
    assert_int_equal(m.state, VG_NS_ABORTING);
    assert_int_equal(vg_nibp_step(&m, VG_NI_LINK_UP, T0 + S(2)).request, VG_REQ_NIBP_ABORT);
    assert_true(vg_nibp_step(&m, VG_NI_IDLE, T0 + S(3)).moved);
    assert_int_equal(m.state, VG_NS_COOLDOWN);
}

static void test_nibp__may_start_says_why_not(void **state)
{
    static const struct {
        enum vg_nibp_state in;
        enum vg_refusal why;
    } cases[] = {
        { VG_NS_IDLE, VG_REFUSED_NOT },
        { VG_NS_STARTING, VG_REFUSED_CUFF_BUSY },
        { VG_NS_INFLATING, VG_REFUSED_CUFF_BUSY },
        { VG_NS_MEASURING, VG_REFUSED_CUFF_BUSY },
        { VG_NS_RESULT, VG_REFUSED_CUFF_BUSY },
        { VG_NS_ABORTING, VG_REFUSED_CUFF_BUSY },
        { VG_NS_COOLDOWN, VG_REFUSED_CUFF_COOLDOWN },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_nibp_machine m = in_state(cases[i].in);
        assert_int_equal(vg_nibp_may_start(&m), cases[i].why);
        bool measuring = cases[i].in == VG_NS_STARTING || cases[i].in == VG_NS_INFLATING ||
                         cases[i].in == VG_NS_MEASURING || cases[i].in == VG_NS_ABORTING;
        assert_int_equal(vg_nibp_is_measuring(&m), measuring);
        m.link_up = false;
        assert_int_equal(vg_nibp_may_start(&m), VG_REFUSED_CUFF_OFFLINE);
    }
}

/* --- pressure ------------------------------------------------------------------------------- */

static void test_nibp__falling_pressure_means_measuring(void **state)
{
    struct vg_nibp_machine m = in_state(VG_NS_INFLATING);
    (void)state;
    assert_false(vg_nibp_pressure(&m, 50000, T0).moved);
    assert_false(vg_nibp_pressure(&m, 160000, T0).moved);
    assert_false(vg_nibp_pressure(&m, 150000, T0).moved); /* 10 below the peak: still pumping */
    struct vg_nibp_step out = vg_nibp_pressure(&m, 149999, T0);
    assert_true(out.moved);
    assert_int_equal(m.state, VG_NS_MEASURING);
    assert_false(vg_nibp_pressure(&m, 10000, T0).moved);
}

static void test_nibp__a_new_determination_has_a_new_peak(void **state)
{
    struct vg_nibp_machine m = in_state(VG_NS_IDLE);
    (void)state;
    (void)vg_nibp_pressure(&m, 200000, T0); /* somebody else's inflation */
    (void)vg_nibp_step(&m, VG_NI_START, T0);
    (void)vg_nibp_step(&m, VG_NI_ACCEPTED, T0);
    assert_false(vg_nibp_pressure(&m, 20000, T0).moved);
    assert_int_equal(m.state, VG_NS_INFLATING);
}

/* --- restart -------------------------------------------------------------------------------- */

static void test_nibp__restart_aborts_what_may_be_inflated(void **state)
{
    static const struct {
        enum vg_nibp_state last;
        enum vg_nibp_state to;
        uint8_t first_word;
    } cases[] = {
        { VG_NS_IDLE, VG_NS_IDLE, VG_REQ_NONE },
        { VG_NS_STARTING, VG_NS_ABORTING, VG_REQ_NIBP_ABORT },
        { VG_NS_INFLATING, VG_NS_ABORTING, VG_REQ_NIBP_ABORT },
        { VG_NS_MEASURING, VG_NS_ABORTING, VG_REQ_NIBP_ABORT },
        { VG_NS_ABORTING, VG_NS_ABORTING, VG_REQ_NIBP_ABORT },
        { VG_NS_RESULT, VG_NS_COOLDOWN, VG_REQ_NONE },
        { VG_NS_COOLDOWN, VG_NS_COOLDOWN, VG_REQ_NONE },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_nibp_machine m;
        vg_nibp_init(&m);
        vg_nibp_restore(&m, cases[i].last, T0);
        assert_int_equal(m.state, cases[i].to);
        assert_int_equal(m.since_ns, T0);
        assert_int_equal(vg_nibp_tick(&m, T0 + S(20)).request, VG_REQ_NONE);
        assert_int_equal(vg_nibp_step(&m, VG_NI_LINK_UP, T0 + S(21)).request, cases[i].first_word);
    }
}

/* --- never ---------------------------------------------------------------------------------- */

/* Every sequence of six inputs, a second apart, with a tick after each: a start leaves the machine
 * only on a person's START in IDLE with the link up, at most one for each, and never while the
 * machine does not know that the cuff is at rest. */
static uint64_t walked;

static void walk(const struct vg_nibp_machine *at, int64_t now_ns, unsigned left)
{
    for (unsigned in = 0; in < VG_NI_COUNT; in++) {
        struct vg_nibp_machine m = *at;
        bool may = vg_nibp_may_start(&m) == VG_REFUSED_NOT;
        if (in == VG_NI_START && m.state == VG_NS_IDLE && !may) {
            continue; /* the caller has checked */
        }
        struct vg_nibp_step out = vg_nibp_step(&m, (enum vg_nibp_input)in, now_ns);
        struct vg_nibp_step later = vg_nibp_tick(&m, now_ns + S(1));
        walked++;
        if ((out.request == VG_REQ_NIBP_START) != (in == VG_NI_START && may) ||
            later.request == VG_REQ_NIBP_START ||
            (!m.link_up && (out.request != VG_REQ_NONE || later.request != VG_REQ_NONE)) ||
            (in == VG_NI_LINK_DOWN && vg_nibp_is_measuring(at) && m.state != VG_NS_ABORTING)) {
            fail_msg("%s in %s", input_names[in],
                     vg_nibp_state_name((enum vg_nibp_state)at->state));
        }
        if (left > 1) {
            walk(&m, now_ns + S(1), left - 1);
        }
    }
}

static void test_nibp__never_a_start_nobody_asked_for(void **state)
{
    struct vg_nibp_machine m;
    (void)state;
    vg_nibp_init(&m);
    walk(&m, T0, 6);
    (void)vg_nibp_step(&m, VG_NI_LINK_UP, T0);
    walk(&m, T0, 6);
    (void)printf("[   walk   ] %llu steps, %d inputs, length <= 6\n", (unsigned long long)walked,
                 (int)VG_NI_COUNT);
}

/* Whatever the cuff says or does not say, with a link the machine is at rest again in time. */
static void test_nibp__always_back_to_idle(void **state)
{
    (void)state;
    for (unsigned s = 0; s < VG_NS_COUNT; s++) {
        struct vg_nibp_machine m = in_state((enum vg_nibp_state)s);
        int64_t at_ns = T0;
        while (m.state != VG_NS_IDLE && at_ns < T0 + S(1000)) {
            at_ns += VG_TICK_NS;
            (void)vg_nibp_tick(&m, at_ns);
        }
        assert_int_equal(m.state, VG_NS_IDLE);
        assert_true(at_ns <= T0 + S(180 + 6 + 30));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nibp__every_pair_of_state_and_input),
        cmocka_unit_test(test_nibp__start_times_out_into_an_abort),
        cmocka_unit_test(test_nibp__watchdog_counts_from_the_start),
        cmocka_unit_test(test_nibp__result_is_asked_three_times),
        cmocka_unit_test(test_nibp__an_abort_is_repeated_until_the_arm_is_free),
        cmocka_unit_test(test_nibp__an_abort_at_rest_is_asked_as_long),
        cmocka_unit_test(test_nibp__may_hold_has_an_end),
        cmocka_unit_test(test_nibp__cooldown),
        cmocka_unit_test(test_nibp__lost_link_is_reported_at_once_and_the_abort_owed),
        cmocka_unit_test(test_nibp__an_abort_without_link_stays_owed),
        cmocka_unit_test(test_nibp__an_owed_abort_is_not_cancelled_by_idle),
        cmocka_unit_test(test_nibp__may_start_says_why_not),
        cmocka_unit_test(test_nibp__falling_pressure_means_measuring),
        cmocka_unit_test(test_nibp__a_new_determination_has_a_new_peak),
        cmocka_unit_test(test_nibp__restart_aborts_what_may_be_inflated),
        cmocka_unit_test(test_nibp__never_a_start_nobody_asked_for),
        cmocka_unit_test(test_nibp__always_back_to_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
