/*
 * test_alarm_routing.c -- machine R: every pair of state and input, every row, every guard at its
 * boundary, and who is reached in which state.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/alarm_routing.h"
#include "core/machine.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)
#define T0 S(1000)

static const struct vg_routing times = {
    .second_ns = { 0, S(30), S(10) },
    .local_ns = { 0, S(60), S(15) },
};

/* Rows that some test has taken. */
static uint32_t reached;

/* One instance: medium priority, quiet mode on, a remote sink is well. */
struct bench {
    struct vg_routed r;
    struct vg_route_ctx ctx;
};

static struct vg_route_result feed(struct bench *b, enum vg_route_input in, int64_t dt_ns)
{
    b->ctx.now_ns += dt_ns;
    struct vg_route_result res = vg_route_step(&b->r, in, &b->ctx);
    reached |= 1u << res.row;
    return res;
}

/* Brought into a state by inputs, at T0. */
static void bring(struct bench *b, enum vg_route_state to)
{
    memset(b, 0, sizeof *b);
    b->ctx = (struct vg_route_ctx){ &times, T0, VG_PRIO_MED, true, true };
    if (to == VG_RS_DONE) {
        return;
    }
    (void)feed(b, VG_RI_OPEN, 0);
    if (to == VG_RS_CONFIRMED || to == VG_RS_ESCALATED) {
        (void)feed(b, VG_RI_RECEIPT, 0);
    }
    if (to == VG_RS_ESCALATED) {
        (void)feed(b, VG_RI_ROOM_LOST, 0);
    }
    if (to == VG_RS_LOCAL) {
        (void)feed(b, VG_RI_QUIET_OFF, 0);
    }
    assert_int_equal(b->r.state, to);
}

static void expect(struct vg_route_result res, uint8_t row, enum vg_route_what what)
{
    assert_int_equal(res.row, row);
    assert_true(res.moved);
    assert_int_equal(res.what, what);
}

static void expect_nothing(struct vg_route_result res)
{
    assert_int_equal(res.row, 0);
    assert_false(res.moved);
}

/* --- the pairs ------------------------------------------------------------------------------ */

struct cell {
    uint8_t row;
    uint8_t to;
};

#define ROW(n, to)                                                                                 \
    {                                                                                              \
        n, VG_RS_##to                                                                              \
    }
#define NOTHING(state)                                                                             \
    {                                                                                              \
        0, VG_RS_##state                                                                           \
    }

/* One second after the state was entered. Every pair is named. */
static const struct cell pairs[VG_RS_COUNT][VG_RI_COUNT] = {
    [VG_RS_DONE] = {
        [VG_RI_OPEN] = ROW(1, SENT),
        [VG_RI_WORSE] = ROW(1, SENT),
        [VG_RI_RESTORED] = ROW(13, LOCAL),
        [VG_RI_RECEIPT] = NOTHING(DONE),
        [VG_RI_TICK] = NOTHING(DONE),
        [VG_RI_LINK_LOST] = NOTHING(DONE),
        [VG_RI_LINK_OK] = NOTHING(DONE),
        [VG_RI_ROOM_LOST] = NOTHING(DONE),
        [VG_RI_QUIET_ON] = NOTHING(DONE),
        [VG_RI_QUIET_OFF] = NOTHING(DONE),
        [VG_RI_PAST] = NOTHING(DONE),
        [VG_RI_ENDED] = NOTHING(DONE),
    },
    [VG_RS_SENT] = {
        [VG_RI_OPEN] = NOTHING(SENT),
        [VG_RI_WORSE] = ROW(15, SENT),
        [VG_RI_RESTORED] = ROW(13, LOCAL),
        [VG_RI_RECEIPT] = ROW(3, CONFIRMED),
        [VG_RI_TICK] = NOTHING(SENT),
        [VG_RI_LINK_LOST] = ROW(7, LOCAL),
        [VG_RI_LINK_OK] = NOTHING(SENT),
        [VG_RI_ROOM_LOST] = NOTHING(SENT),
        [VG_RI_QUIET_ON] = NOTHING(SENT),
        [VG_RI_QUIET_OFF] = ROW(10, LOCAL),
        [VG_RI_PAST] = ROW(12, DONE),
        [VG_RI_ENDED] = ROW(8, DONE),
    },
    [VG_RS_CONFIRMED] = {
        [VG_RI_OPEN] = NOTHING(CONFIRMED),
        [VG_RI_WORSE] = ROW(15, SENT),
        [VG_RI_RESTORED] = ROW(13, LOCAL),
        [VG_RI_RECEIPT] = ROW(3, CONFIRMED),
        [VG_RI_TICK] = NOTHING(CONFIRMED),
        [VG_RI_LINK_LOST] = ROW(7, LOCAL),
        [VG_RI_LINK_OK] = NOTHING(CONFIRMED),
        [VG_RI_ROOM_LOST] = ROW(14, ESCALATED),
        [VG_RI_QUIET_ON] = NOTHING(CONFIRMED),
        [VG_RI_QUIET_OFF] = ROW(10, LOCAL),
        [VG_RI_PAST] = ROW(12, DONE),
        [VG_RI_ENDED] = ROW(8, DONE),
    },
    [VG_RS_ESCALATED] = {
        [VG_RI_OPEN] = NOTHING(ESCALATED),
        [VG_RI_WORSE] = ROW(15, ESCALATED),
        [VG_RI_RESTORED] = ROW(13, LOCAL),
        [VG_RI_RECEIPT] = ROW(3, ESCALATED),
        [VG_RI_TICK] = NOTHING(ESCALATED),
        [VG_RI_LINK_LOST] = ROW(7, LOCAL),
        [VG_RI_LINK_OK] = NOTHING(ESCALATED),
        [VG_RI_ROOM_LOST] = NOTHING(ESCALATED),
        [VG_RI_QUIET_ON] = NOTHING(ESCALATED),
        [VG_RI_QUIET_OFF] = ROW(10, LOCAL),
        [VG_RI_PAST] = ROW(12, DONE),
        [VG_RI_ENDED] = ROW(8, DONE),
    },
    [VG_RS_LOCAL] = {
        [VG_RI_OPEN] = NOTHING(LOCAL),
        [VG_RI_WORSE] = NOTHING(LOCAL),
        [VG_RI_RESTORED] = NOTHING(LOCAL),
        [VG_RI_RECEIPT] = ROW(3, LOCAL),
        [VG_RI_TICK] = NOTHING(LOCAL),
        [VG_RI_LINK_LOST] = NOTHING(LOCAL),
        [VG_RI_LINK_OK] = ROW(9, LOCAL),
        [VG_RI_ROOM_LOST] = NOTHING(LOCAL),
        [VG_RI_QUIET_ON] = ROW(9, LOCAL),
        [VG_RI_QUIET_OFF] = NOTHING(LOCAL),
        [VG_RI_PAST] = ROW(12, DONE),
        [VG_RI_ENDED] = ROW(8, DONE),
    },
};

static void test_alarm_routing__every_pair_of_state_and_input(void **state)
{
    (void)state;
    for (unsigned s = 0; s < VG_RS_COUNT; s++) {
        for (unsigned in = 0; in < VG_RI_COUNT; in++) {
            struct bench b;
            bring(&b, (enum vg_route_state)s);
            struct vg_route_result res = feed(&b, (enum vg_route_input)in, S(1));
            assert_int_equal(res.from, s);
            if (res.row != pairs[s][in].row || b.r.state != pairs[s][in].to) {
                fail_msg("%s on %s: row Q%u to %s", vg_route_state_name((enum vg_route_state)s),
                         vg_route_input_name((enum vg_route_input)in), res.row,
                         vg_route_state_name((enum vg_route_state)b.r.state));
            }
        }
    }
}

/* --- where it begins ------------------------------------------------------------------------ */

static void test_alarm_routing__a_new_instance_goes_to_staff_or_to_the_room(void **state)
{
    static const struct {
        bool quiet, link;
        enum vg_priority priority;
        uint8_t row;
    } cases[] = {
        { false, false, VG_PRIO_LOW, 2 }, { false, false, VG_PRIO_HIGH, 2 },
        { false, true, VG_PRIO_LOW, 2 },  { false, true, VG_PRIO_MED, 2 },
        { true, true, VG_PRIO_LOW, 1 },   { true, true, VG_PRIO_MED, 1 },
        { true, true, VG_PRIO_HIGH, 1 },  { true, false, VG_PRIO_LOW, 1 }, /* never for the room */
        { true, false, VG_PRIO_MED, 2 },  { true, false, VG_PRIO_HIGH, 2 },
    };
    static const enum vg_route_input inputs[] = { VG_RI_OPEN, VG_RI_WORSE };
    (void)state;
    for (size_t i = 0; i < 2 * VG_COUNT(cases); i++) {
        struct bench b;
        bring(&b, VG_RS_DONE);
        b.ctx.quiet = cases[i / 2].quiet;
        b.ctx.link = cases[i / 2].link;
        b.ctx.priority = (uint8_t)cases[i / 2].priority;
        expect(feed(&b, inputs[i % 2], S(1)), cases[i / 2].row,
               cases[i / 2].row == 1 ? VG_RW_SENT : VG_RW_LOCAL_ON);
        assert_int_equal(b.r.sent_ns, T0 + S(1));
    }
}

static void test_alarm_routing__a_restored_instance_goes_to_the_room(void **state)
{
    static const enum vg_route_state from[] = { VG_RS_DONE, VG_RS_SENT, VG_RS_CONFIRMED,
                                                VG_RS_ESCALATED };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(from); i++) {
        struct bench b;
        bring(&b, from[i]);
        expect(feed(&b, VG_RI_RESTORED, 0), 13, VG_RW_LOCAL_ON);
        assert_int_equal(b.r.state, VG_RS_LOCAL);
        bring(&b, from[i]); /* LOW is for staff while it is quiet */
        b.ctx.priority = VG_PRIO_LOW;
        b.ctx.link = false;
        expect(feed(&b, VG_RI_RESTORED, 0), 13, VG_RW_SENT);
        bring(&b, from[i]);
        b.ctx.priority = VG_PRIO_LOW;
        b.ctx.quiet = false;
        expect(feed(&b, VG_RI_RESTORED, 0), 13, VG_RW_LOCAL_ON);
    }
}

/* --- on the way ----------------------------------------------------------------------------- */

static void test_alarm_routing__without_a_receipt_for_3_s_the_room_sounds(void **state)
{
    struct bench b;
    (void)state;
    bring(&b, VG_RS_SENT);
    expect_nothing(feed(&b, VG_RI_TICK, VG_RECEIPT_NS - 1));
    expect(feed(&b, VG_RI_TICK, 1), 4, VG_RW_LOCAL_ON);
    bring(&b, VG_RS_SENT);
    b.ctx.priority = VG_PRIO_LOW;
    expect_nothing(feed(&b, VG_RI_TICK, S(3600)));
    assert_int_equal(b.r.state, VG_RS_SENT);
}

static void
test_alarm_routing__unacknowledged_it_calls_the_second_person_then_the_room(void **state)
{
    static const enum vg_priority prios[] = { VG_PRIO_MED, VG_PRIO_HIGH };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(prios); i++) {
        struct bench b;
        int64_t second_ns = times.second_ns[prios[i]];
        bring(&b, VG_RS_CONFIRMED);
        b.ctx.priority = (uint8_t)prios[i];
        expect_nothing(feed(&b, VG_RI_TICK, second_ns - 1));
        expect(feed(&b, VG_RI_TICK, 1), 5, VG_RW_ESCALATED);
        expect_nothing(feed(&b, VG_RI_TICK, times.local_ns[prios[i]] - second_ns - 1));
        expect(feed(&b, VG_RI_TICK, 1), 6, VG_RW_LOCAL_ON);
        expect_nothing(feed(&b, VG_RI_TICK, S(3600)));
    }
}

/* A loop that stood still does not call one person after the other. */
static void test_alarm_routing__after_a_gap_the_room_comes_first(void **state)
{
    struct bench b;
    (void)state;
    bring(&b, VG_RS_CONFIRMED);
    expect(feed(&b, VG_RI_TICK, times.local_ns[VG_PRIO_MED]), 6, VG_RW_LOCAL_ON);
}

static void test_alarm_routing__low_never_escalates(void **state)
{
    static const enum vg_route_input inputs[] = { VG_RI_TICK, VG_RI_LINK_LOST, VG_RI_ROOM_LOST };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(inputs); i++) {
        for (unsigned s = VG_RS_SENT; s <= VG_RS_ESCALATED; s++) {
            struct bench b;
            bring(&b, (enum vg_route_state)s);
            b.ctx.priority = VG_PRIO_LOW;
            expect_nothing(feed(&b, inputs[i], S(3600)));
        }
    }
}

static void test_alarm_routing__a_receipt_does_not_begin_the_time_anew(void **state)
{
    struct bench b;
    (void)state;
    bring(&b, VG_RS_SENT);
    expect(feed(&b, VG_RI_RECEIPT, VG_RECEIPT_NS - 1), 3, VG_RW_CONFIRMED);
    expect(feed(&b, VG_RI_RECEIPT, S(1)), 3, VG_RW_CONFIRMED); /* of another sink */
    assert_int_equal(b.r.sent_ns, T0);
    expect(feed(&b, VG_RI_TICK, T0 + times.second_ns[VG_PRIO_MED] - b.ctx.now_ns), 5,
           VG_RW_ESCALATED);
}

static void test_alarm_routing__a_worse_one_is_told_anew(void **state)
{
    static const enum vg_route_state from[] = { VG_RS_SENT, VG_RS_CONFIRMED };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(from); i++) {
        struct bench b;
        bring(&b, from[i]);
        expect(feed(&b, VG_RI_WORSE, S(9)), 15, VG_RW_SENT);
        assert_int_equal(b.r.sent_ns, T0 + S(9));
        expect_nothing(feed(&b, VG_RI_TICK, VG_RECEIPT_NS - 1));
        expect(feed(&b, VG_RI_TICK, 1), 4, VG_RW_LOCAL_ON);
        bring(&b, from[i]);
        b.ctx.link = false; /* nobody outside would hear it */
        expect(feed(&b, VG_RI_WORSE, S(9)), 15, VG_RW_LOCAL_ON);
    }
}

/* A second person who is told already stays told; the time to the room begins anew. */
static void test_alarm_routing__a_second_person_stays_told_when_it_gets_worse(void **state)
{
    struct bench b;
    (void)state;
    bring(&b, VG_RS_ESCALATED);
    expect(feed(&b, VG_RI_WORSE, S(9)), 15, VG_RW_ESCALATED);
    assert_int_equal(b.r.sent_ns, T0 + S(9));
    assert_int_equal(b.r.state, VG_RS_ESCALATED);
    b.ctx.link = false;
    expect(feed(&b, VG_RI_WORSE, S(1)), 15, VG_RW_LOCAL_ON);
}

/* --- the room and the end -------------------------------------------------------------------- */

static void test_alarm_routing__what_has_reached_the_room_never_goes_back(void **state)
{
    struct bench b;
    (void)state;
    bring(&b, VG_RS_LOCAL);
    for (unsigned in = 0; in < VG_RI_COUNT; in++) {
        if (in != VG_RI_PAST && in != VG_RI_ENDED) {
            (void)feed(&b, (enum vg_route_input)in, S(100));
            assert_int_equal(b.r.state, VG_RS_LOCAL);
        }
    }
    struct vg_route_result res = feed(&b, VG_RI_QUIET_ON, 0);
    assert_int_equal(res.row, 9);
    assert_false(res.moved); /* not worth a record */
}

static void test_alarm_routing__the_end_ends_it_everywhere(void **state)
{
    (void)state;
    for (unsigned s = VG_RS_SENT; s < VG_RS_COUNT; s++) {
        struct bench b;
        bring(&b, (enum vg_route_state)s);
        expect(feed(&b, VG_RI_ENDED, 0), 8, VG_RW_DONE);
        expect_nothing(feed(&b, VG_RI_TICK, S(3600)));
        expect(feed(&b, VG_RI_OPEN, 0), 1, VG_RW_SENT); /* an expired acknowledgement: a new way */
        assert_int_equal(b.r.sent_ns, b.ctx.now_ns);
        bring(&b, (enum vg_route_state)s);
        expect(feed(&b, VG_RI_PAST, 0), 12, VG_RW_DONE);
    }
}

static void test_alarm_routing__who_is_reached(void **state)
{
    static const bool reaches[VG_RS_COUNT][VG_SINK_ROLES] = {
        [VG_RS_DONE] = { false, false, false },     [VG_RS_SENT] = { true, false, false },
        [VG_RS_CONFIRMED] = { true, false, false }, [VG_RS_ESCALATED] = { true, true, false },
        [VG_RS_LOCAL] = { true, true, true },
    };
    (void)state;
    for (unsigned s = 0; s < VG_RS_COUNT; s++) {
        for (unsigned r = 0; r < VG_SINK_ROLES; r++) {
            assert_int_equal(vg_route_reaches((enum vg_route_state)s, (enum vg_sink_role)r),
                             reaches[s][r]);
        }
    }
}

/* --- the description ------------------------------------------------------------------------- */

static void test_alarm_routing__every_row_is_described_and_was_taken(void **state)
{
    const struct vg_machine *m = &vg_machine_routing;
    (void)state;
    assert_string_equal(m->letter, "Q");
    assert_int_equal(m->state_count, VG_RS_COUNT);
    assert_int_equal(m->input_count, VG_RI_COUNT);
    for (size_t i = 0; i < m->row_count; i++) {
        struct vg_machine_row row = m->row(i);
        if ((reached & (1u << row.number)) == 0) {
            fail_msg("no test takes row Q%u", row.number);
        }
        assert_true(row.from != 0 && row.inputs != 0);
        assert_true(row.number == 9 ? row.what == NULL : row.what != NULL);
    }
    assert_string_equal(m->row(0).guard, "staff_only");
    assert_null(m->row(1).guard);
    assert_string_equal(m->state_name(VG_RS_LOCAL), "local");
    assert_string_equal(m->input_name(VG_RI_ROOM_LOST), "ROOM_LOST");
    assert_string_equal(m->input_name(VG_RI_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alarm_routing__every_pair_of_state_and_input),
        cmocka_unit_test(test_alarm_routing__a_new_instance_goes_to_staff_or_to_the_room),
        cmocka_unit_test(test_alarm_routing__a_restored_instance_goes_to_the_room),
        cmocka_unit_test(test_alarm_routing__without_a_receipt_for_3_s_the_room_sounds),
        cmocka_unit_test(
            test_alarm_routing__unacknowledged_it_calls_the_second_person_then_the_room),
        cmocka_unit_test(test_alarm_routing__after_a_gap_the_room_comes_first),
        cmocka_unit_test(test_alarm_routing__low_never_escalates),
        cmocka_unit_test(test_alarm_routing__a_receipt_does_not_begin_the_time_anew),
        cmocka_unit_test(test_alarm_routing__a_worse_one_is_told_anew),
        cmocka_unit_test(test_alarm_routing__a_second_person_stays_told_when_it_gets_worse),
        cmocka_unit_test(test_alarm_routing__what_has_reached_the_room_never_goes_back),
        cmocka_unit_test(test_alarm_routing__the_end_ends_it_everywhere),
        cmocka_unit_test(test_alarm_routing__who_is_reached),
        cmocka_unit_test(test_alarm_routing__every_row_is_described_and_was_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
