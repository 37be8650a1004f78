/*
 * test_alarm_condition.c -- machine C: every row, every pair of state and input, every guard at its
 * boundary, and every short sequence of inputs beside the reference model.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/machine.h"
#include "tests/support/ref_condition.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)
#define DELAY S(10)
#define CLEAR S(5)
#define T_ACK S(120)
#define T0 S(1000)
#define BAD_VALUE 85000
#define GOOD_VALUE 97000

static const struct vg_limit visual = { 90000, 0, DELAY, CLEAR, VG_LATCH_VISUAL, true };
static const struct vg_limit unlatched = { 90000, 0, DELAY, CLEAR, VG_LATCH_NONE, true };
static const struct vg_limit full_at_once = { 90000, 0, 0, CLEAR, VG_LATCH_FULL, true };
static const struct vg_limit one_shot = { 90000, 0, 0, 0, VG_LATCH_VISUAL, true };

static int32_t value_of(enum vg_cond_input in)
{
    return in == VG_CI_BAD || in == VG_CI_RAPID ? BAD_VALUE : GOOD_VALUE;
}

/* One input into both machines, dt after the last; they must agree. */
static struct vg_cond_result feed_ack(struct ref_pair *p, enum vg_cond_input in, int64_t dt_ns,
                                      uint64_t instance)
{
    bool agree = false;
    uint8_t from = p->slot.state;
    struct vg_cond_result res = ref_pair_step(p, in, dt_ns, instance, value_of(in), &agree);
    if (!agree) {
        fail_msg("reference differs: %s in %s", vg_cond_input_name(in),
                 vg_cond_state_name((enum vg_cond_state)from));
    }
    return res;
}

static struct vg_cond_result feed(struct ref_pair *p, enum vg_cond_input in, int64_t dt_ns)
{
    return feed_ack(p, in, dt_ns, p->slot.instance);
}

/* A slot brought into a state by inputs, at T0 plus little. */
static void bring(struct ref_pair *p, enum vg_cond_state to, const struct vg_limit *limit)
{
    ref_pair_init(p, VG_CS_DISARMED, limit, T_ACK, T0);
    if (to >= VG_CS_NORMAL) {
        (void)feed(p, VG_CI_ARM, 0);
    }
    if (to == VG_CS_PENDING) {
        (void)feed(p, VG_CI_BAD, 0);
    }
    if (to >= VG_CS_ACTIVE) {
        (void)feed(p, VG_CI_RAPID, 0);
    }
    if (to == VG_CS_LATCHED) {
        (void)feed(p, VG_CI_LIMITS_OK, 0);
    }
    assert_int_equal(p->slot.state, to);
}

static void expect(struct vg_cond_result res, uint8_t row, enum vg_alarm_what what)
{
    assert_int_equal(res.row, row);
    assert_true(res.moved);
    assert_int_equal(res.what, what);
}

static void expect_quiet(struct vg_cond_result res, uint8_t row)
{
    assert_int_equal(res.row, row);
    assert_false(res.moved);
}

/* --- the pairs ------------------------------------------------------------------------------ */

struct cell {
    uint8_t row;
    uint8_t to;
};

#define ROW(n, to)                                                                                 \
    {                                                                                              \
        n, VG_CS_##to                                                                              \
    }
#define NOTHING(state)                                                                             \
    {                                                                                              \
        0, VG_CS_##state                                                                           \
    }

/* One second after the state was entered: delay 10 s, clear 5 s, latch VISUAL, not acknowledged,
 * ACK with the right instance. Every pair is named; NOTHING pairs are unlisted in the table. */
static const struct cell pairs[VG_CS_COUNT][VG_CI_COUNT] = {
    [VG_CS_DISARMED] = {
        [VG_CI_ARM] = ROW(1, NORMAL),
        [VG_CI_BAD] = NOTHING(DISARMED),
        [VG_CI_RAPID] = NOTHING(DISARMED),
        [VG_CI_BAND] = NOTHING(DISARMED),
        [VG_CI_OK] = NOTHING(DISARMED),
        [VG_CI_WORSE] = NOTHING(DISARMED),
        [VG_CI_STALE] = NOTHING(DISARMED),
        [VG_CI_TICK] = NOTHING(DISARMED),
        [VG_CI_ACK] = NOTHING(DISARMED),
        [VG_CI_LIMITS_OK] = NOTHING(DISARMED),
        [VG_CI_LIMITS_BAD] = NOTHING(DISARMED),
        [VG_CI_DROP] = NOTHING(DISARMED),
        [VG_CI_OVERRIDE] = NOTHING(DISARMED),
        [VG_CI_RESTART] = NOTHING(DISARMED), /* C26: DISARMED stays DISARMED */
    },
    [VG_CS_NORMAL] = {
        [VG_CI_ARM] = NOTHING(NORMAL),
        [VG_CI_BAD] = ROW(4, PENDING),
        [VG_CI_RAPID] = ROW(2, ACTIVE),
        [VG_CI_BAND] = NOTHING(NORMAL),
        [VG_CI_OK] = NOTHING(NORMAL),
        [VG_CI_WORSE] = NOTHING(NORMAL),
        [VG_CI_STALE] = NOTHING(NORMAL),
        [VG_CI_TICK] = NOTHING(NORMAL),
        [VG_CI_ACK] = NOTHING(NORMAL),
        [VG_CI_LIMITS_OK] = NOTHING(NORMAL),
        [VG_CI_LIMITS_BAD] = ROW(22, PENDING),
        [VG_CI_DROP] = ROW(23, DISARMED),
        [VG_CI_OVERRIDE] = ROW(23, DISARMED),
        [VG_CI_RESTART] = ROW(26, NORMAL),
    },
    [VG_CS_PENDING] = {
        [VG_CI_ARM] = NOTHING(PENDING),
        [VG_CI_BAD] = ROW(7, PENDING),
        [VG_CI_RAPID] = ROW(5, ACTIVE),
        [VG_CI_BAND] = ROW(8, NORMAL),
        [VG_CI_OK] = ROW(8, NORMAL),
        [VG_CI_WORSE] = NOTHING(PENDING),
        [VG_CI_STALE] = ROW(9, PENDING),
        [VG_CI_TICK] = NOTHING(PENDING),
        [VG_CI_ACK] = NOTHING(PENDING),
        [VG_CI_LIMITS_OK] = ROW(21, NORMAL),
        [VG_CI_LIMITS_BAD] = ROW(7, PENDING),
        [VG_CI_DROP] = ROW(23, DISARMED),
        [VG_CI_OVERRIDE] = ROW(23, DISARMED),
        [VG_CI_RESTART] = ROW(26, NORMAL),
    },
    [VG_CS_ACTIVE] = {
        [VG_CI_ARM] = NOTHING(ACTIVE),
        [VG_CI_BAD] = ROW(10, ACTIVE),
        [VG_CI_RAPID] = ROW(10, ACTIVE),
        [VG_CI_BAND] = ROW(11, ACTIVE),
        [VG_CI_OK] = ROW(12, ACTIVE),
        [VG_CI_WORSE] = ROW(28, ACTIVE),
        [VG_CI_STALE] = ROW(15, ACTIVE),
        [VG_CI_TICK] = NOTHING(ACTIVE),
        [VG_CI_ACK] = ROW(16, ACTIVE),
        [VG_CI_LIMITS_OK] = ROW(20, LATCHED),
        [VG_CI_LIMITS_BAD] = ROW(10, ACTIVE),
        [VG_CI_DROP] = NOTHING(ACTIVE), /* C24: unchanged */
        [VG_CI_OVERRIDE] = ROW(24, DISARMED),
        [VG_CI_RESTART] = ROW(25, ACTIVE),
    },
    [VG_CS_LATCHED] = {
        [VG_CI_ARM] = NOTHING(LATCHED),
        [VG_CI_BAD] = ROW(19, ACTIVE),
        [VG_CI_RAPID] = ROW(19, ACTIVE),
        [VG_CI_BAND] = NOTHING(LATCHED),
        [VG_CI_OK] = NOTHING(LATCHED),
        [VG_CI_WORSE] = ROW(28, ACTIVE),
        [VG_CI_STALE] = NOTHING(LATCHED),
        [VG_CI_TICK] = NOTHING(LATCHED),
        [VG_CI_ACK] = ROW(18, NORMAL),
        [VG_CI_LIMITS_OK] = NOTHING(LATCHED),
        [VG_CI_LIMITS_BAD] = ROW(19, ACTIVE),
        [VG_CI_DROP] = NOTHING(LATCHED), /* C24: unchanged */
        [VG_CI_OVERRIDE] = ROW(24, DISARMED),
        [VG_CI_RESTART] = ROW(25, ACTIVE),
    },
};

static void test_alarm_condition__every_pair_of_state_and_input(void **state)
{
    (void)state;
    for (unsigned s = 0; s < VG_CS_COUNT; s++) {
        for (unsigned in = 0; in < VG_CI_COUNT; in++) {
            struct ref_pair p;
            bring(&p, (enum vg_cond_state)s, &visual);
            struct vg_cond_result res = feed(&p, (enum vg_cond_input)in, S(1));
            if (res.row != pairs[s][in].row || p.slot.state != pairs[s][in].to) {
                fail_msg("%s on %s: row C%u to %s", vg_cond_state_name((enum vg_cond_state)s),
                         vg_cond_input_name((enum vg_cond_input)in), res.row,
                         vg_cond_state_name((enum vg_cond_state)p.slot.state));
            }
        }
    }
}

/* --- the rows ------------------------------------------------------------------------------- */

static void test_alarm_condition__c1_arms_once(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_DISARMED, &visual);
    expect(feed(&p, VG_CI_ARM, 0), 1, VG_AW_ARMED);
    expect_quiet(feed(&p, VG_CI_ARM, 0), 0);
}

static void test_alarm_condition__c2_opens_without_delay(void **state)
{
    static const struct {
        const struct vg_limit *limit;
        enum vg_cond_input in;
        uint8_t row;
    } cases[] = {
        { &visual, VG_CI_RAPID, 2 },     { &full_at_once, VG_CI_RAPID, 2 },
        { &full_at_once, VG_CI_BAD, 2 }, { &full_at_once, VG_CI_LIMITS_BAD, 2 },
        { &visual, VG_CI_BAD, 4 },       { &visual, VG_CI_LIMITS_BAD, 22 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct ref_pair p;
        bring(&p, VG_CS_NORMAL, cases[i].limit);
        struct vg_cond_result res = feed(&p, cases[i].in, 0);
        expect(res, cases[i].row, cases[i].row == 2 ? VG_AW_OPEN : VG_AW_PENDING);
        assert_int_equal(p.slot.instance, cases[i].row == 2 ? p.next_seq : 0);
        if (cases[i].row == 2) {
            assert_int_equal(p.slot.open_ns, p.now_ns);
        }
    }
}

/* Two starts that good samples end, then a third one dt after the first. */
static struct vg_cond_result third_start(struct ref_pair *p, enum vg_cond_input in,
                                         int64_t first_to_third_ns)
{
    bring(p, VG_CS_NORMAL, &visual);
    expect(feed(p, VG_CI_BAD, 0), 4, VG_AW_PENDING);
    expect(feed(p, VG_CI_OK, S(1)), 8, VG_AW_SUPPRESSED_BY_DELAY);
    expect(feed(p, VG_CI_BAD, S(1)), 4, VG_AW_PENDING);
    expect(feed(p, VG_CI_BAND, S(1)), 8, VG_AW_SUPPRESSED_BY_DELAY);
    return feed(p, in, first_to_third_ns - S(3));
}

static void test_alarm_condition__c3_third_start_within_60_s_opens(void **state)
{
    struct ref_pair p;
    (void)state;
    expect(third_start(&p, VG_CI_BAD, S(4)), 3, VG_AW_OPEN);
    expect(third_start(&p, VG_CI_BAD, S(60)), 3, VG_AW_OPEN);
    expect(third_start(&p, VG_CI_BAD, S(60) + 1), 4, VG_AW_PENDING);
    /* The operator's limits may start the third violation as well. */
    expect(third_start(&p, VG_CI_LIMITS_BAD, S(60)), 3, VG_AW_OPEN);
    expect(third_start(&p, VG_CI_LIMITS_BAD, S(60) + 1), 22, VG_AW_PENDING);
}

static void test_alarm_condition__c3_counts_starts_not_samples(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_NORMAL, &visual);
    for (int i = 0; i < 5; i++) {
        (void)feed(&p, VG_CI_BAD, S(1)); /* one long violation is one start */
    }
    assert_int_equal(p.slot.state, VG_CS_PENDING);
    expect(feed(&p, VG_CI_OK, S(1)), 8, VG_AW_SUPPRESSED_BY_DELAY);
    expect(feed(&p, VG_CI_BAD, S(1)), 4, VG_AW_PENDING);
    expect_quiet(feed(&p, VG_CI_RESTART, S(1)), 26);
}

static void test_alarm_condition__c6_opens_when_the_delay_is_over(void **state)
{
    static const enum vg_cond_input inputs[] = { VG_CI_BAD, VG_CI_TICK };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(inputs); i++) {
        struct ref_pair p;
        bring(&p, VG_CS_PENDING, &visual);
        expect_quiet(feed(&p, inputs[i], DELAY - 1), inputs[i] == VG_CI_BAD ? 7 : 0);
        expect(feed(&p, inputs[i], 1), 6, VG_AW_OPEN);
        assert_false(p.slot.held);
    }
}

static void test_alarm_condition__c7_keeps_the_worst_value(void **state)
{
    struct ref_pair p;
    bool agree = false;
    (void)state;
    for (int low = 0; low < 2; low++) {
        bring(&p, VG_CS_NORMAL, &visual);
        p.low_side = low == 1;
        (void)ref_pair_step(&p, VG_CI_BAD, 0, 0, 80000, &agree);
        (void)ref_pair_step(&p, VG_CI_BAD, S(1), 0, 82000, &agree);
        (void)ref_pair_step(&p, VG_CI_BAD, S(1), 0, 81000, &agree);
        assert_true(agree);
        assert_int_equal(p.slot.worst_milli, low == 1 ? 80000 : 82000);
    }
}

static void test_alarm_condition__c8_forgets_what_the_delay_swallowed(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_PENDING, &visual);
    p.slot.run = 1;
    expect(feed(&p, VG_CI_BAND, S(9)), 8, VG_AW_SUPPRESSED_BY_DELAY);
    assert_int_equal(p.slot.instance, 0);
    assert_int_equal(p.slot.run, 0);
}

static void test_alarm_condition__c9_stale_keeps_the_timer_running(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_PENDING, &visual);
    expect_quiet(feed(&p, VG_CI_STALE, S(1)), 9);
    assert_true(p.slot.held);
    expect_quiet(feed(&p, VG_CI_TICK, DELAY - S(1) - 1), 0);
    expect(feed(&p, VG_CI_TICK, 1), 6, VG_AW_OPEN);
    assert_true(p.slot.held); /* it opened on data of the past, and says so */
    expect_quiet(feed(&p, VG_CI_BAD, S(1)), 10);
    assert_false(p.slot.held);
}

static void test_alarm_condition__c10_c11_violation_and_band_break_the_good_time(void **state)
{
    static const enum vg_cond_input breakers[] = { VG_CI_BAD, VG_CI_RAPID, VG_CI_BAND,
                                                   VG_CI_STALE };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(breakers); i++) {
        struct ref_pair p;
        bring(&p, VG_CS_ACTIVE, &unlatched);
        expect_quiet(feed(&p, VG_CI_OK, S(1)), 12);
        (void)feed(&p, breakers[i], CLEAR - 1);
        expect_quiet(feed(&p, VG_CI_OK, 1), 12);
        expect_quiet(feed(&p, VG_CI_OK, CLEAR - 1), 0);
        expect(feed(&p, VG_CI_OK, 1), 13, VG_AW_CLOSED);
    }
}

static void test_alarm_condition__c13_c14_end_after_the_clear_time(void **state)
{
    static const struct {
        const struct vg_limit *limit;
        bool acked;
        uint8_t row;
        enum vg_alarm_what what;
        enum vg_cond_state to;
    } cases[] = {
        { &unlatched, false, 13, VG_AW_CLOSED, VG_CS_NORMAL },
        { &unlatched, true, 13, VG_AW_CLOSED, VG_CS_NORMAL },
        { &visual, true, 13, VG_AW_CLOSED, VG_CS_NORMAL },
        { &visual, false, 14, VG_AW_COND_END, VG_CS_LATCHED },
        { &full_at_once, true, 13, VG_AW_CLOSED, VG_CS_NORMAL },
        { &full_at_once, false, 14, VG_AW_COND_END, VG_CS_LATCHED },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct ref_pair p;
        bring(&p, VG_CS_ACTIVE, cases[i].limit);
        uint64_t instance = p.slot.instance;
        if (cases[i].acked) {
            expect(feed(&p, VG_CI_ACK, S(1)), 16, VG_AW_ACK);
        }
        expect_quiet(feed(&p, VG_CI_OK, S(1)), 12);
        expect_quiet(feed(&p, VG_CI_OK, CLEAR - 1), 0);
        expect(feed(&p, VG_CI_OK, 1), cases[i].row, cases[i].what);
        assert_int_equal(p.slot.state, cases[i].to);
        assert_int_equal(p.slot.instance, cases[i].to == VG_CS_LATCHED ? instance : 0);
        assert_false(p.slot.ack);
    }
}

static void test_alarm_condition__c14_without_clear_time_the_first_good_one_ends(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_ACTIVE, &one_shot);
    expect(feed(&p, VG_CI_OK, 0), 14, VG_AW_COND_END);
    bring(&p, VG_CS_ACTIVE, &one_shot);
    expect(feed(&p, VG_CI_ACK, 0), 16, VG_AW_ACK);
    expect(feed(&p, VG_CI_OK, 0), 13, VG_AW_CLOSED);
}

static void test_alarm_condition__c15_stale_never_clears(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_ACTIVE, &unlatched);
    p.slot.run = 2;
    expect_quiet(feed(&p, VG_CI_OK, S(1)), 12);
    for (int i = 0; i < 100; i++) {
        (void)feed(&p, VG_CI_STALE, S(60));
        (void)feed(&p, VG_CI_TICK, S(60));
        assert_int_equal(p.slot.state, VG_CS_ACTIVE);
        assert_true(p.slot.held);
        assert_int_equal(p.slot.run, 0);
    }
    /* C27: a good sample is the first of a new good time, not the last of the old one. */
    expect_quiet(feed(&p, VG_CI_OK, S(1)), 12);
    assert_false(p.slot.held);
}

static void test_alarm_condition__c16_acknowledges_only_its_own_instance_and_once(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_ACTIVE, &visual);
    expect_quiet(feed_ack(&p, VG_CI_ACK, 0, p.slot.instance + 1), 0);
    expect_quiet(feed_ack(&p, VG_CI_ACK, 0, 0), 0);
    assert_false(p.slot.ack);
    expect(feed(&p, VG_CI_ACK, S(1)), 16, VG_AW_ACK);
    expect_quiet(feed(&p, VG_CI_ACK, S(1)), 0);
    assert_int_equal(p.slot.ack_ns, p.now_ns - S(1));
}

static void test_alarm_condition__c17_acknowledgement_expires(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_ACTIVE, &visual);
    expect_quiet(feed(&p, VG_CI_TICK, T_ACK), 0);
    expect(feed(&p, VG_CI_ACK, 0), 16, VG_AW_ACK);
    expect_quiet(feed(&p, VG_CI_TICK, T_ACK - 1), 0);
    expect(feed(&p, VG_CI_TICK, 1), 17, VG_AW_ACK_EXPIRED);
    assert_false(p.slot.ack);
    /* Without a time it lasts for ever. */
    p.ack_expiry_ns = 0;
    expect(feed(&p, VG_CI_ACK, 0), 16, VG_AW_ACK);
    expect_quiet(feed(&p, VG_CI_TICK, 100 * T_ACK), 0);
    assert_true(p.slot.ack);
}

static void test_alarm_condition__c18_only_the_right_number_closes_a_latched_one(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_LATCHED, &visual);
    expect_quiet(feed_ack(&p, VG_CI_ACK, 0, p.slot.instance + 1), 0);
    assert_int_equal(p.slot.state, VG_CS_LATCHED);
    expect(feed(&p, VG_CI_ACK, 0), 18, VG_AW_CLOSED);
    assert_int_equal(p.slot.instance, 0);
}

static void test_alarm_condition__c19_reopens_the_same_instance_at_once(void **state)
{
    static const enum vg_cond_input inputs[] = { VG_CI_BAD, VG_CI_RAPID, VG_CI_LIMITS_BAD };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(inputs); i++) {
        struct ref_pair p;
        bring(&p, VG_CS_LATCHED, &visual);
        uint64_t instance = p.slot.instance;
        int64_t open_ns = p.slot.open_ns;
        expect(feed(&p, inputs[i], S(1)), 19, VG_AW_WORSEN);
        assert_int_equal(p.slot.instance, instance);
        assert_int_equal(p.slot.open_ns, open_ns);
    }
}

static void test_alarm_condition__c20_moved_limits_never_close(void **state)
{
    static const struct vg_limit *const limits[] = { &visual, &unlatched, &full_at_once };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(limits); i++) {
        struct ref_pair p;
        bring(&p, VG_CS_ACTIVE, limits[i]);
        (void)feed(&p, VG_CI_ACK, 0);
        expect(feed(&p, VG_CI_LIMITS_OK, 0), 20, VG_AW_COND_END);
        assert_int_equal(p.slot.state, VG_CS_LATCHED);
        assert_true(p.slot.ack); /* silent, but it needs one word more */
        expect(feed(&p, VG_CI_ACK, 0), 18, VG_AW_CLOSED);
    }
}

static void test_alarm_condition__c23_c24_end_of_session(void **state)
{
    static const struct {
        enum vg_cond_state from;
        enum vg_cond_input in;
        uint8_t row;
        enum vg_cond_state to;
        bool says;
        enum vg_alarm_what what;
    } cases[] = {
        { VG_CS_NORMAL, VG_CI_DROP, 23, VG_CS_DISARMED, false, VG_AW_COUNT },
        { VG_CS_PENDING, VG_CI_DROP, 23, VG_CS_DISARMED, true, VG_AW_SUPPRESSED_BY_DELAY },
        { VG_CS_ACTIVE, VG_CI_DROP, 0, VG_CS_ACTIVE, false, VG_AW_COUNT },
        { VG_CS_LATCHED, VG_CI_DROP, 0, VG_CS_LATCHED, false, VG_AW_COUNT },
        { VG_CS_NORMAL, VG_CI_OVERRIDE, 23, VG_CS_DISARMED, false, VG_AW_COUNT },
        { VG_CS_PENDING, VG_CI_OVERRIDE, 23, VG_CS_DISARMED, true, VG_AW_SUPPRESSED_BY_DELAY },
        { VG_CS_ACTIVE, VG_CI_OVERRIDE, 24, VG_CS_DISARMED, true, VG_AW_CLOSED },
        { VG_CS_LATCHED, VG_CI_OVERRIDE, 24, VG_CS_DISARMED, true, VG_AW_CLOSED },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct ref_pair p;
        bring(&p, cases[i].from, &visual);
        struct vg_cond_result res = feed(&p, cases[i].in, 0);
        assert_int_equal(res.row, cases[i].row);
        assert_int_equal(res.moved, cases[i].says);
        if (cases[i].says) {
            assert_int_equal(res.what, cases[i].what);
        }
        assert_int_equal(p.slot.state, cases[i].to);
    }
}

static void test_alarm_condition__c25_restart_brings_back_active_and_unacknowledged(void **state)
{
    static const enum vg_cond_state from[] = { VG_CS_ACTIVE, VG_CS_LATCHED };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(from); i++) {
        struct ref_pair p;
        bring(&p, from[i], &visual);
        uint64_t instance = p.slot.instance;
        if (from[i] == VG_CS_ACTIVE) {
            (void)feed(&p, VG_CI_OK, 0);
            (void)feed(&p, VG_CI_ACK, 0);
        }
        expect(feed(&p, VG_CI_RESTART, S(3)), 25, VG_AW_RESTORED);
        assert_int_equal(p.slot.state, VG_CS_ACTIVE);
        assert_int_equal(p.slot.instance, instance);
        assert_false(p.slot.ack);
        assert_true(p.slot.held);
        assert_int_equal(p.slot.ok_ns, VG_TIME_NONE);
    }
}

static void test_alarm_condition__c26_restart_keeps_the_starts_of_violation(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_NORMAL, &visual);
    (void)feed(&p, VG_CI_BAD, 0);
    (void)feed(&p, VG_CI_RESTART, S(1));
    assert_int_equal(p.slot.state, VG_CS_NORMAL);
    (void)feed(&p, VG_CI_BAD, S(1));
    expect_quiet(feed(&p, VG_CI_RESTART, S(1)), 26);
    expect(feed(&p, VG_CI_BAD, S(1)), 3, VG_AW_OPEN);
}

static void test_alarm_condition__c28_a_worse_priority_speaks_again(void **state)
{
    static const enum vg_cond_state from[] = { VG_CS_ACTIVE, VG_CS_LATCHED };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(from); i++) {
        struct ref_pair p;
        bring(&p, from[i], &visual);
        if (from[i] == VG_CS_ACTIVE) {
            (void)feed(&p, VG_CI_ACK, 0);
        }
        expect(feed(&p, VG_CI_WORSE, 0), 28, VG_AW_WORSEN);
        assert_int_equal(p.slot.state, VG_CS_ACTIVE);
        assert_false(p.slot.ack);
    }
}

static void test_alarm_condition__a_tick_does_not_touch_the_worst_value(void **state)
{
    struct ref_pair p;
    (void)state;
    bring(&p, VG_CS_PENDING, &visual);
    expect(feed(&p, VG_CI_TICK, DELAY), 6, VG_AW_OPEN);
    assert_true(p.slot.has_value);
    assert_int_equal(p.slot.worst_milli, BAD_VALUE);
}

static void test_alarm_condition__input_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VG_CI_COUNT; i++) {
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(vg_cond_input_name((enum vg_cond_input)i),
                                    vg_cond_input_name((enum vg_cond_input)k));
        }
    }
    assert_string_equal(vg_cond_input_name(VG_CI_ARM), "ARM");
    assert_string_equal(vg_cond_input_name(VG_CI_RESTART), "RESTART");
    assert_string_equal(vg_cond_input_name(VG_CI_COUNT), "unknown");
}

/* --- SatSeconds ----------------------------------------------------------------------------- */

/* One slot, armed, a delay that never ends by itself, a sample a second. */
struct sat {
    struct vg_slot slot;
    struct vg_limit limit;
    struct vg_cond_ctx ctx;
};

static void sat_begin(struct sat *s, int32_t low, int32_t setting)
{
    memset(s, 0, sizeof *s);
    s->limit = (struct vg_limit){ low * 1000, setting, S(3600), CLEAR, VG_LATCH_VISUAL, true };
    s->ctx = (struct vg_cond_ctx){ .limit = &s->limit, .now_ns = T0, .low_side = true };
    s->slot.state = VG_CS_NORMAL;
    s->slot.ok_ns = VG_TIME_NONE;
    for (size_t i = 0; i < VG_COUNT(s->slot.viol_ns); i++) {
        s->slot.viol_ns[i] = VG_TIME_NONE;
    }
}

static struct vg_cond_result sat_sample(struct sat *s, int32_t value, int64_t since_ns)
{
    s->ctx.now_ns += since_ns;
    s->ctx.since_ns = since_ns;
    s->ctx.value_milli = value * 1000;
    s->ctx.has_value = true;
    s->ctx.instance = 7;
    return vg_cond_step(&s->slot, value < s->limit.limit_milli / 1000 ? VG_CI_BAD : VG_CI_OK,
                        &s->ctx);
}

/* Number of the sample that opens, one a second; 0 = none does. */
static size_t sat_opens(struct sat *s, const int32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sat_sample(s, values[i], S(1)).what == VG_AW_OPEN && s->slot.state == VG_CS_ACTIVE) {
            return i + 1;
        }
    }
    return 0;
}

/* Nellcor: limit 90, setting 50; 2 s at 88, 3 s at 86, 6 s at 84 are 4 + 12 + 36. */
static void test_alarm_condition__sat_seconds_of_nellcor(void **state)
{
    static const int32_t values[] = { 97, 88, 88, 86, 86, 86, 84, 84, 84, 84, 84, 84 };
    struct sat s;
    (void)state;
    sat_begin(&s, 90, 50);
    assert_int_equal(sat_opens(&s, values, VG_COUNT(values)), 12); /* the 11th that violates */
    assert_int_equal(s.slot.worst_milli, 84000);
    sat_begin(&s, 90, 53);
    assert_int_equal(sat_opens(&s, values, VG_COUNT(values)), 0);
}

/* GE: limit 90, setting 20. There a value on the limit violates; here it does not, so the same series
 * opens with a limit of 91, and is one point a second short with 90. */
static void test_alarm_condition__sat_seconds_of_ge(void **state)
{
    static const int32_t values[] = { 92, 89, 87, 87, 80 };
    struct sat s;
    (void)state;
    sat_begin(&s, 91, 20);
    assert_int_equal(sat_opens(&s, values, VG_COUNT(values)), 5);
    sat_begin(&s, 90, 20);
    assert_int_equal(sat_opens(&s, values, VG_COUNT(values)), 0);
    assert_int_equal(s.slot.integral, (1 + 3 + 3 + 10) * 1000 * S(1));
}

static void test_alarm_condition__sat_seconds_at_the_boundary(void **state)
{
    struct sat s;
    (void)state;
    sat_begin(&s, 90, 20);
    expect(sat_sample(&s, 80, S(1)), 4, VG_AW_PENDING); /* 10 */
    expect_quiet(sat_sample(&s, 80, S(1) - 1), 7);
    expect(sat_sample(&s, 89, 10), 6, VG_AW_OPEN); /* 20 to the nanosecond */
    sat_begin(&s, 90, 0);
    (void)sat_sample(&s, 10, S(1));
    expect_quiet(sat_sample(&s, 10, S(100)), 7); /* off: only the delay counts */
}

/* Good samples take away what violating ones gave; only when nothing is left it is over. */
static void test_alarm_condition__c29_good_samples_drain_sat_seconds(void **state)
{
    struct sat s;
    (void)state;
    sat_begin(&s, 90, 50);
    expect(sat_sample(&s, 85, S(2)), 4, VG_AW_PENDING); /* 10 */
    expect_quiet(sat_sample(&s, 93, S(3)), 29);         /* 1 */
    assert_int_equal(s.slot.integral, 1000 * S(1));
    assert_int_equal(s.slot.state, VG_CS_PENDING);
    expect(sat_sample(&s, 91, S(1)), 8, VG_AW_SUPPRESSED_BY_DELAY); /* 0 to the point */
    assert_int_equal(s.slot.integral, 0);
    expect(sat_sample(&s, 85, S(1)), 4, VG_AW_PENDING); /* begins with nothing of the last one */
    assert_int_equal(s.slot.integral, 5000 * S(1));
    expect(sat_sample(&s, 99, S(9)), 8, VG_AW_SUPPRESSED_BY_DELAY); /* never below nothing */
}

/* The delay is how long a violation lasts without a break, with SatSeconds as without. */
static void test_alarm_condition__c29_time_inside_the_limit_is_no_violation(void **state)
{
    struct sat s;
    (void)state;
    sat_begin(&s, 90, 50);
    s.limit.delay_ns = DELAY;
    expect(sat_sample(&s, 75, S(2)), 4, VG_AW_PENDING); /* 30 */
    for (int i = 0; i < 20; i++) {
        expect_quiet(sat_sample(&s, 91, S(1)), 29);
        s.ctx.has_value = false;
        (void)vg_cond_step(&s.slot, VG_CI_TICK, &s.ctx);
        assert_int_equal(s.slot.state, VG_CS_PENDING);
    }
    expect_quiet(sat_sample(&s, 89, DELAY - 1), 7);
    s.ctx.has_value = false;
    s.ctx.now_ns += 1;
    expect(vg_cond_step(&s.slot, VG_CI_TICK, &s.ctx), 6, VG_AW_OPEN);
}

static void test_alarm_condition__sat_seconds_above_a_high_limit(void **state)
{
    struct sat s;
    (void)state;
    sat_begin(&s, 90, 20);
    s.ctx.low_side = false;
    s.ctx.since_ns = S(2);
    s.ctx.has_value = true;
    s.ctx.value_milli = 95000;
    expect(vg_cond_step(&s.slot, VG_CI_BAD, &s.ctx), 4, VG_AW_PENDING);
    assert_int_equal(s.slot.integral, 10000 * S(1));
    expect(vg_cond_step(&s.slot, VG_CI_BAD, &s.ctx), 6, VG_AW_OPEN);
}

/* --- the description ------------------------------------------------------------------------- */

static void test_alarm_condition__is_described(void **state)
{
    const struct vg_machine *m = &vg_machine_condition;
    uint32_t numbers = 0;
    (void)state;
    assert_string_equal(m->letter, "C");
    assert_int_equal(m->state_count, VG_CS_COUNT);
    assert_int_equal(m->input_count, VG_CI_COUNT);
    for (size_t i = 0; i < m->row_count; i++) {
        struct vg_machine_row row = m->row(i);
        assert_true(row.from != 0 && row.inputs != 0);
        numbers |= 1u << row.number;
    }
    assert_int_equal(numbers, 0x37fffffe); /* 1 to 29 without 27 */
    assert_string_equal(m->row(0).what, "armed");
    assert_string_equal(m->row(2).guard, "no_delay");
    assert_null(m->row(8).what);
    assert_string_equal(m->state_name(VG_CS_LATCHED), "latched");
    assert_string_equal(m->input_name(VG_CI_WORSE), "WORSE");
}

/* --- every short sequence ------------------------------------------------------------------- */

/* A letter of an alphabet: an input and the time that passes before it. */
struct letter {
    enum vg_cond_input in;
    int64_t dt_ns;
};

struct walk {
    const struct letter *letters;
    size_t letter_count;
    size_t depth;
    uint64_t steps;
};

/* Depth-first; the pair is small enough to be copied at every node. */
static void walk_from(struct walk *w, const struct ref_pair *at, size_t left)
{
    for (size_t i = 0; i < w->letter_count; i++) {
        struct ref_pair p = *at;
        const struct letter *l = &w->letters[i];
        bool agree = false;
        (void)ref_pair_step(&p, l->in, l->dt_ns, p.slot.instance, value_of(l->in), &agree);
        w->steps++;
        if (!agree) {
            fail_msg("reference differs %zu inputs from the end: %s in %s", left,
                     vg_cond_input_name(l->in),
                     vg_cond_state_name((enum vg_cond_state)at->slot.state));
        }
        if (left > 1) {
            walk_from(w, &p, left - 1);
        }
    }
}

static void walk_all(const struct letter *letters, size_t count, size_t depth,
                     enum vg_cond_state start, const struct vg_limit *limit)
{
    struct walk w = { .letters = letters, .letter_count = count, .depth = depth };
    struct ref_pair p;
    bring(&p, start, limit);
    walk_from(&w, &p, depth);
    (void)printf("[   walk   ] %llu steps, %zu letters, length <= %zu\n",
                 (unsigned long long)w.steps, count, depth);
}

/* Samples, time, people, restart: eleven letters, sequences of up to seven, from NORMAL.
 * The full product of fourteen inputs and four times would be 56^7. */
static void test_alarm_condition__every_sequence_of_seven_of_eleven_letters(void **state)
{
    static const struct letter letters[] = {
        { VG_CI_BAD, S(1) },       { VG_CI_RAPID, S(1) },   { VG_CI_BAND, S(1) },
        { VG_CI_OK, S(1) },        { VG_CI_OK, CLEAR },     { VG_CI_STALE, S(1) },
        { VG_CI_TICK, DELAY },     { VG_CI_TICK, T_ACK },   { VG_CI_ACK, S(1) },
        { VG_CI_LIMITS_OK, S(1) }, { VG_CI_RESTART, S(1) },
    };
    (void)state;
    walk_all(letters, VG_COUNT(letters), 7, VG_CS_NORMAL, &visual);
}

/* The starts of violation: five letters with times around the window, length seven. */
static void test_alarm_condition__every_sequence_of_seven_around_the_window(void **state)
{
    static const struct letter letters[] = {
        { VG_CI_BAD, S(1) },       { VG_CI_BAD, S(30) }, { VG_CI_OK, S(1) },
        { VG_CI_OK, S(28) },       { VG_CI_OK, S(30) },  { VG_CI_LIMITS_BAD, S(1) },
        { VG_CI_LIMITS_OK, S(1) },
    };
    (void)state;
    walk_all(letters, VG_COUNT(letters), 7, VG_CS_NORMAL, &visual);
}

/* All fourteen inputs, at once and after each time a guard asks for, sequences of up to three from
 * every state; and all fourteen one second apart, sequences of up to six from DISARMED. */
static void test_alarm_condition__every_sequence_of_all_inputs(void **state)
{
    static const int64_t times[] = { 0, CLEAR, DELAY, S(61), T_ACK };
    static const struct vg_limit *const limits[] = { &visual, &unlatched, &full_at_once,
                                                     &one_shot };
    struct letter letters[VG_CI_COUNT * VG_COUNT(times)];
    size_t n = 0;
    (void)state;
    for (size_t t = 0; t < VG_COUNT(times); t++) {
        for (unsigned in = 0; in < VG_CI_COUNT; in++) {
            letters[n++] = (struct letter){ (enum vg_cond_input)in, times[t] };
        }
    }
    for (unsigned s = 0; s < VG_CS_COUNT; s++) {
        for (size_t l = 0; l < VG_COUNT(limits); l++) {
            if (s != VG_CS_PENDING || limits[l]->delay_ns != 0) {
                walk_all(letters, n, 3, (enum vg_cond_state)s, limits[l]);
            }
        }
    }
    for (unsigned in = 0; in < VG_CI_COUNT; in++) {
        letters[in].dt_ns = S(1);
    }
    walk_all(letters, VG_CI_COUNT, 6, VG_CS_DISARMED, &visual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alarm_condition__every_pair_of_state_and_input),
        cmocka_unit_test(test_alarm_condition__c1_arms_once),
        cmocka_unit_test(test_alarm_condition__c2_opens_without_delay),
        cmocka_unit_test(test_alarm_condition__c3_third_start_within_60_s_opens),
        cmocka_unit_test(test_alarm_condition__c3_counts_starts_not_samples),
        cmocka_unit_test(test_alarm_condition__c6_opens_when_the_delay_is_over),
        cmocka_unit_test(test_alarm_condition__c7_keeps_the_worst_value),
        cmocka_unit_test(test_alarm_condition__c8_forgets_what_the_delay_swallowed),
        cmocka_unit_test(test_alarm_condition__c9_stale_keeps_the_timer_running),
        cmocka_unit_test(test_alarm_condition__c10_c11_violation_and_band_break_the_good_time),
        cmocka_unit_test(test_alarm_condition__c13_c14_end_after_the_clear_time),
        cmocka_unit_test(test_alarm_condition__c14_without_clear_time_the_first_good_one_ends),
        cmocka_unit_test(test_alarm_condition__c15_stale_never_clears),
        cmocka_unit_test(test_alarm_condition__c16_acknowledges_only_its_own_instance_and_once),
        cmocka_unit_test(test_alarm_condition__c17_acknowledgement_expires),
        cmocka_unit_test(test_alarm_condition__c18_only_the_right_number_closes_a_latched_one),
        cmocka_unit_test(test_alarm_condition__c19_reopens_the_same_instance_at_once),
        cmocka_unit_test(test_alarm_condition__c20_moved_limits_never_close),
        cmocka_unit_test(test_alarm_condition__c23_c24_end_of_session),
        cmocka_unit_test(test_alarm_condition__c25_restart_brings_back_active_and_unacknowledged),
        cmocka_unit_test(test_alarm_condition__c26_restart_keeps_the_starts_of_violation),
        cmocka_unit_test(test_alarm_condition__c28_a_worse_priority_speaks_again),
        cmocka_unit_test(test_alarm_condition__a_tick_does_not_touch_the_worst_value),
        cmocka_unit_test(test_alarm_condition__input_names),
        cmocka_unit_test(test_alarm_condition__sat_seconds_of_nellcor),
        cmocka_unit_test(test_alarm_condition__sat_seconds_of_ge),
        cmocka_unit_test(test_alarm_condition__sat_seconds_at_the_boundary),
        cmocka_unit_test(test_alarm_condition__c29_good_samples_drain_sat_seconds),
        cmocka_unit_test(test_alarm_condition__c29_time_inside_the_limit_is_no_violation),
        cmocka_unit_test(test_alarm_condition__sat_seconds_above_a_high_limit),
        cmocka_unit_test(test_alarm_condition__is_described),
        cmocka_unit_test(test_alarm_condition__every_sequence_of_seven_of_eleven_letters),
        cmocka_unit_test(test_alarm_condition__every_sequence_of_seven_around_the_window),
        cmocka_unit_test(test_alarm_condition__every_sequence_of_all_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
