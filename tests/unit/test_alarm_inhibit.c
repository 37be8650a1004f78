/*
 * test_alarm_inhibit.c -- machine I: every pair of state and input, every row, every guard at its
 * boundary. Nothing here stays silent for ever.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/alarm_inhibit.h"
#include "core/machine.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)
#define T0 S(1000)

/* Rows that some test has taken. */
static uint32_t reached;

struct bench {
    struct vg_inhibit m;
    struct vg_inhibit_ctx ctx;
};

static struct vg_inhibit_result feed(struct bench *b, enum vg_inhibit_input in, int64_t dt_ns)
{
    b->ctx.now_ns += dt_ns;
    struct vg_inhibit_result res = vg_inhibit_step(&b->m, in, &b->ctx);
    reached |= 1u << res.row;
    return res;
}

/* Brought into a state at T0, in a phase that allows everything. */
static void bring(struct bench *b, enum vg_inhibit_state to)
{
    static const enum vg_inhibit_input by[VG_IS_COUNT] = {
        [VG_IS_AUDIO_PAUSED] = VG_II_AUDIO_PAUSE,
        [VG_IS_ALARM_PAUSED] = VG_II_ALARM_PAUSE,
        [VG_IS_ALARM_OFF] = VG_II_ALARM_OFF,
    };
    memset(b, 0, sizeof *b);
    b->ctx = (struct vg_inhibit_ctx){ .now_ns = T0, .may_pause = true, .may_off = true };
    if (to != VG_IS_ON) {
        assert_true(feed(b, by[to], 0).moved);
    }
    assert_int_equal(b->m.state, to);
}

static void expect(struct vg_inhibit_result res, uint8_t row)
{
    assert_int_equal(res.row, row);
    assert_true(res.moved);
}

static void expect_nothing(struct vg_inhibit_result res)
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
        n, VG_IS_##to                                                                              \
    }
#define NOTHING(state)                                                                             \
    {                                                                                              \
        0, VG_IS_##state                                                                           \
    }

/* One second after the state was entered, in a phase that allows everything. Every pair is named. */
static const struct cell pairs[VG_IS_COUNT][VG_II_COUNT] = {
    [VG_IS_ON] = {
        [VG_II_AUDIO_PAUSE] = ROW(1, AUDIO_PAUSED),
        [VG_II_ALARM_PAUSE] = ROW(4, ALARM_PAUSED),
        [VG_II_ALARM_OFF] = ROW(6, ALARM_OFF),
        [VG_II_ALARM_ON] = NOTHING(ON),
        [VG_II_OPENED] = NOTHING(ON),
        [VG_II_TICK] = NOTHING(ON),
        [VG_II_PHASE] = NOTHING(ON),
        [VG_II_SESSION] = NOTHING(ON),
        [VG_II_RESTART] = NOTHING(ON),
    },
    [VG_IS_AUDIO_PAUSED] = {
        [VG_II_AUDIO_PAUSE] = ROW(3, ON),
        [VG_II_ALARM_PAUSE] = NOTHING(AUDIO_PAUSED),
        [VG_II_ALARM_OFF] = NOTHING(AUDIO_PAUSED),
        [VG_II_ALARM_ON] = NOTHING(AUDIO_PAUSED),
        [VG_II_OPENED] = ROW(2, AUDIO_PAUSED),
        [VG_II_TICK] = NOTHING(AUDIO_PAUSED),
        [VG_II_PHASE] = NOTHING(AUDIO_PAUSED),
        [VG_II_SESSION] = ROW(3, ON),
        [VG_II_RESTART] = ROW(8, ON),
    },
    [VG_IS_ALARM_PAUSED] = {
        [VG_II_AUDIO_PAUSE] = NOTHING(ALARM_PAUSED),
        [VG_II_ALARM_PAUSE] = NOTHING(ALARM_PAUSED), /* never extended */
        [VG_II_ALARM_OFF] = NOTHING(ALARM_PAUSED),
        [VG_II_ALARM_ON] = ROW(5, ON),
        [VG_II_OPENED] = NOTHING(ALARM_PAUSED),
        [VG_II_TICK] = NOTHING(ALARM_PAUSED),
        [VG_II_PHASE] = ROW(5, ON),
        [VG_II_SESSION] = ROW(5, ON),
        [VG_II_RESTART] = ROW(8, ON),
    },
    [VG_IS_ALARM_OFF] = {
        [VG_II_AUDIO_PAUSE] = NOTHING(ALARM_OFF),
        [VG_II_ALARM_PAUSE] = NOTHING(ALARM_OFF),
        [VG_II_ALARM_OFF] = NOTHING(ALARM_OFF),
        [VG_II_ALARM_ON] = ROW(7, ON),
        [VG_II_OPENED] = NOTHING(ALARM_OFF),
        [VG_II_TICK] = NOTHING(ALARM_OFF),
        [VG_II_PHASE] = NOTHING(ALARM_OFF),
        [VG_II_SESSION] = ROW(7, ON),
        [VG_II_RESTART] = ROW(8, ON),
    },
};

static void test_alarm_inhibit__every_pair_of_state_and_input(void **state)
{
    (void)state;
    for (unsigned s = 0; s < VG_IS_COUNT; s++) {
        for (unsigned in = 0; in < VG_II_COUNT; in++) {
            struct bench b;
            bring(&b, (enum vg_inhibit_state)s);
            struct vg_inhibit_result res = feed(&b, (enum vg_inhibit_input)in, S(1));
            assert_int_equal(res.from, s);
            if (res.row != pairs[s][in].row || b.m.state != pairs[s][in].to) {
                fail_msg("%s on %s: row I%u to %s", vg_inhibit_state_name((enum vg_inhibit_state)s),
                         vg_inhibit_input_name((enum vg_inhibit_input)in), res.row,
                         vg_inhibit_state_name((enum vg_inhibit_state)b.m.state));
            }
        }
    }
}

/* --- the rows -------------------------------------------------------------------------------- */

static void test_alarm_inhibit__pauses_end_by_themselves(void **state)
{
    static const struct {
        enum vg_inhibit_state from;
        int64_t lasts_ns;
        uint8_t row;
    } cases[] = {
        { VG_IS_AUDIO_PAUSED, S(VG_AUDIO_PAUSE_S), 3 },
        { VG_IS_ALARM_PAUSED, S(VG_ALARM_PAUSE_S), 5 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct bench b;
        bring(&b, cases[i].from);
        assert_int_equal(b.m.since_ns, T0);
        assert_int_equal(b.m.until_ns, T0 + cases[i].lasts_ns);
        expect_nothing(feed(&b, VG_II_TICK, cases[i].lasts_ns - 1));
        expect(feed(&b, VG_II_TICK, 1), cases[i].row);
        assert_int_equal(b.m.state, VG_IS_ON);
    }
}

/* Nobody keeps a room silent by leaning on the button. */
static void test_alarm_inhibit__a_second_press_ends_and_never_extends(void **state)
{
    struct bench b;
    (void)state;
    bring(&b, VG_IS_AUDIO_PAUSED);
    expect(feed(&b, VG_II_AUDIO_PAUSE, S(60)), 3);
    assert_int_equal(b.m.state, VG_IS_ON);
    bring(&b, VG_IS_ALARM_PAUSED);
    expect_nothing(feed(&b, VG_II_ALARM_PAUSE, S(60)));
    assert_int_equal(b.m.until_ns, T0 + S(VG_ALARM_PAUSE_S));
}

static void test_alarm_inhibit__a_new_instance_leaves_the_pause_of_the_old_ones(void **state)
{
    struct bench b;
    (void)state;
    bring(&b, VG_IS_AUDIO_PAUSED);
    struct vg_inhibit_result res = feed(&b, VG_II_OPENED, S(1));
    assert_int_equal(res.row, 2);
    assert_false(res.moved);
    assert_int_equal(b.m.until_ns, T0 + S(VG_AUDIO_PAUSE_S));
}

static void test_alarm_inhibit__the_phase_decides_what_may_be_silenced(void **state)
{
    (void)state;
    for (int pause = 0; pause < 2; pause++) {
        for (int off = 0; off < 2; off++) {
            struct bench b;
            bring(&b, VG_IS_ON);
            b.ctx.may_pause = pause == 1;
            b.ctx.may_off = off == 1;
            assert_int_equal(feed(&b, VG_II_ALARM_PAUSE, 0).row, pause == 1 ? 4 : 0);
            bring(&b, VG_IS_ON);
            b.ctx.may_pause = pause == 1;
            b.ctx.may_off = off == 1;
            assert_int_equal(feed(&b, VG_II_ALARM_OFF, 0).row, off == 1 ? 6 : 0);
        }
    }
}

static void test_alarm_inhibit__a_phase_that_needs_the_vital_switches_it_on(void **state)
{
    struct bench b;
    (void)state;
    bring(&b, VG_IS_ALARM_OFF);
    expect_nothing(feed(&b, VG_II_PHASE, S(1)));
    b.ctx.may_off = false;
    expect(feed(&b, VG_II_PHASE, 0), 7);
    assert_int_equal(b.m.state, VG_IS_ON);
}

static void test_alarm_inhibit__off_is_remembered_every_two_minutes(void **state)
{
    struct bench b;
    (void)state;
    bring(&b, VG_IS_ALARM_OFF);
    for (int i = 0; i < 5; i++) {
        expect_nothing(feed(&b, VG_II_TICK, S(VG_OFF_REMINDER_S) - 1));
        expect(feed(&b, VG_II_TICK, 1), 6);
        assert_int_equal(b.m.state, VG_IS_ALARM_OFF);
        assert_int_equal(b.m.since_ns, T0);
    }
}

/* --- the description ------------------------------------------------------------------------- */

static void test_alarm_inhibit__every_row_is_described_and_was_taken(void **state)
{
    const struct vg_machine *m = &vg_machine_inhibition;
    (void)state;
    assert_string_equal(m->letter, "I");
    assert_int_equal(m->state_count, VG_IS_COUNT);
    assert_int_equal(m->input_count, VG_II_COUNT);
    for (size_t i = 0; i < m->row_count; i++) {
        struct vg_machine_row row = m->row(i);
        if ((reached & (1u << row.number)) == 0) {
            fail_msg("no test takes row I%u", row.number);
        }
        assert_true(row.from != 0 && row.inputs != 0);
        assert_true(row.number == 2 ? row.what == NULL : strcmp(row.what, "moved") == 0);
    }
    assert_string_equal(m->row(5).guard, "may_pause");
    assert_string_equal(m->state_name(VG_IS_ALARM_OFF), "alarm_off");
    assert_string_equal(m->input_name(VG_II_PHASE), "PHASE");
    assert_string_equal(m->input_name(VG_II_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alarm_inhibit__every_pair_of_state_and_input),
        cmocka_unit_test(test_alarm_inhibit__pauses_end_by_themselves),
        cmocka_unit_test(test_alarm_inhibit__a_second_press_ends_and_never_extends),
        cmocka_unit_test(test_alarm_inhibit__a_new_instance_leaves_the_pause_of_the_old_ones),
        cmocka_unit_test(test_alarm_inhibit__the_phase_decides_what_may_be_silenced),
        cmocka_unit_test(test_alarm_inhibit__a_phase_that_needs_the_vital_switches_it_on),
        cmocka_unit_test(test_alarm_inhibit__off_is_remembered_every_two_minutes),
        cmocka_unit_test(test_alarm_inhibit__every_row_is_described_and_was_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
