/*
 * test_dose_total.c -- what the doses of a session add up to, in exact integers, and the clock they
 * set: first dose, last dose, and whether an infusion runs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/step.h"
#include "tests/support/core_builder.h"
#include "vigil/compiler.h"

#define MS_PER_H INT64_C(3600000)
#define MIN(n) CORE_S(60 * (n))
#define NEVER VG_TIME_NONE
#define ON INT64_MAX

static struct vg_session s;

static int empty(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    s.beyond_ns = VG_TIME_NONE;
    return 0;
}

/* The next dose of ketamine, so many minutes after the engine began. */
static struct vg_dose_entry *say(enum vg_dose_kind kind, int32_t at_min, int64_t ug)
{
    struct vg_dose_entry *e = &s.doses[s.dose_count++];
    memset(e, 0, sizeof *e);
    e->seq = s.dose_count;
    e->first_seq = s.dose_count;
    e->given_ns = MIN(at_min);
    e->amount_ug = ug;
    e->kind = (uint8_t)kind;
    memcpy(e->drug, "ketamine", sizeof "ketamine");
    return e;
}

static void other_drug(struct vg_dose_entry *e)
{
    memset(e->drug, 0, sizeof e->drug);
    memcpy(e->drug, "midazolam", sizeof "midazolam");
}

static struct vg_totals totals(int64_t now_ns)
{
    static const char ketamine[VG_NAME_MAX] = "ketamine";
    struct vg_totals t;
    vg_dose_totals(&s, ketamine, now_ns, &t);
    return t;
}

static void expect_clock(int64_t now_ns, int64_t first_ns, int64_t last_ns, int64_t end_ns,
                         int64_t running_ns)
{
    vg_dose_clock_set(&s, now_ns);
    assert_int_equal(s.clock.first_ns, first_ns);
    assert_int_equal(s.clock.last_ns, last_ns);
    assert_int_equal(s.clock.end_ns, end_ns);
    assert_int_equal(s.clock.running_ns, running_ns);
}

/* --- sums ----------------------------------------------------------------------------------- */

static void test_dose_total__nothing_is_nothing(void **state)
{
    (void)state;
    struct vg_totals t = totals(MIN(5));
    assert_int_equal(t.count, 0);
    assert_int_equal(t.given_ug | t.infused_ug | t.drawn_ug | t.wasted_ug | t.remaining_ug, 0);
    assert_int_equal(t.rate_ug_h, 0);
}

/* Of all drugs together: each by itself, or a bolus of one would end the infusion of another. */
static void test_dose_total__of_all_drugs(void **state)
{
    struct vg_totals t;
    (void)state;
    (void)say(VG_DOSE_INFUSION_START, 0, 60000);
    other_drug(say(VG_DOSE_INFUSION_START, 5, 6000));
    other_drug(say(VG_DOSE_STOP, 10, 0));
    other_drug(say(VG_DOSE_BOLUS, 12, 2000));
    (void)say(VG_DOSE_DRAWN, 0, 50000);
    vg_dose_totals(&s, NULL, MIN(20), &t);
    assert_int_equal(t.infused_ug, 20000 + 500);
    assert_int_equal(t.given_ug, 20500 + 2000);
    assert_int_equal(t.drawn_ug, 50000);
    assert_int_equal(t.rate_ug_h, 60000);
    assert_int_equal(t.count, 5);
}

/* An infusion with a change, a pause, a going on and an end: 52.5 mg/h for 10 min, 30 mg/h for 10,
 * nothing for 5, 30 mg/h for 10, 60 mg/h for 5. */
static void test_dose_total__an_infusion_with_everything(void **state)
{
    static const struct {
        int32_t at_min;
        int64_t infused_ug, rate_ug_h;
    } at[] = {
        { 9, 0, 0 },      { 10, 0, 52500 }, { 15, 4375, 52500 },  { 20, 8750, 30000 },
        { 30, 13750, 0 }, { 34, 13750, 0 }, { 35, 13750, 30000 }, { 45, 18750, 60000 },
        { 50, 23750, 0 }, { 90, 23750, 0 },
    };
    (void)state;
    (void)say(VG_DOSE_INFUSION_START, 10, 52500);
    (void)say(VG_DOSE_RATE_CHANGE, 20, 30000);
    (void)say(VG_DOSE_PAUSE, 30, 0);
    (void)say(VG_DOSE_RESUME, 35, 0); /* the rate before the pause */
    (void)say(VG_DOSE_RATE_CHANGE, 45, 60000);
    (void)say(VG_DOSE_STOP, 50, 0);
    for (size_t i = 0; i < VG_COUNT(at); i++) {
        struct vg_totals t = totals(MIN(at[i].at_min));
        assert_int_equal(t.infused_ug, at[i].infused_ug);
        assert_int_equal(t.given_ug, at[i].infused_ug);
        assert_int_equal(t.rate_ug_h, at[i].rate_ug_h);
    }
}

static void test_dose_total__pauses_and_going_on(void **state)
{
    static const struct {
        enum vg_dose_kind kinds[4];
        int64_t ug[4];
        int64_t rate_ug_h; /* in the end */
    } cases[] = {
        { { VG_DOSE_INFUSION_START, VG_DOSE_PAUSE, VG_DOSE_PAUSE, VG_DOSE_RESUME },
          { 500, 0, 0, 0 },
          500 },
        { { VG_DOSE_INFUSION_START, VG_DOSE_PAUSE, VG_DOSE_RESUME, VG_DOSE_STOP },
          { 500, 0, 700, 0 },
          0 },
        { { VG_DOSE_INFUSION_START, VG_DOSE_PAUSE, VG_DOSE_RESUME, VG_DOSE_LOZENGE_END },
          { 500, 0, 700, 0 },
          700 },
        { { VG_DOSE_INFUSION_START, VG_DOSE_RESUME, VG_DOSE_RESUME, VG_DOSE_DRAWN },
          { 500, 0, 0, 9 },
          500 }, /* it runs already */
        { { VG_DOSE_INFUSION_START, VG_DOSE_RESUME, VG_DOSE_BOLUS, VG_DOSE_WASTE },
          { 500, 600, 1, 1 },
          600 },
        { { VG_DOSE_INFUSION_START, VG_DOSE_STOP, VG_DOSE_RESUME, VG_DOSE_KIND_COUNT },
          { 500, 0, 0, 0 },
          0 }, /* a stop forgets the rate */
        { { VG_DOSE_INFUSION_START, VG_DOSE_PAUSE, VG_DOSE_RATE_CHANGE, VG_DOSE_LOZENGE },
          { 500, 0, 900, 1 },
          900 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)empty(NULL);
        for (int32_t k = 0; k < 4; k++) {
            (void)say(cases[i].kinds[k], 10 + k, cases[i].ug[k]);
        }
        assert_int_equal(totals(MIN(20)).rate_ug_h, cases[i].rate_ug_h);
    }
}

static void test_dose_total__drawn_given_wasted(void **state)
{
    (void)state;
    (void)say(VG_DOSE_DRAWN, 1, 100000);
    (void)say(VG_DOSE_BOLUS, 2, 20000);
    (void)say(VG_DOSE_DEVICE, 3, 28000);
    (void)say(VG_DOSE_LOZENGE, 4, 1000);
    (void)say(VG_DOSE_LOZENGE_END, 5, 0);
    (void)say(VG_DOSE_INFUSION_START, 10, 60000);
    (void)say(VG_DOSE_STOP, 20, 0);
    (void)say(VG_DOSE_WASTE, 30, 30000);
    struct vg_totals t = totals(MIN(60));
    assert_int_equal(t.drawn_ug, 100000);
    assert_int_equal(t.infused_ug, 10000);
    assert_int_equal(t.given_ug, 59000);
    assert_int_equal(t.wasted_ug, 30000);
    assert_int_equal(t.remaining_ug, 11000);
    assert_int_equal(t.count, 8);
    (void)say(VG_DOSE_WASTE, 31, 20000); /* more than there was: somebody forgot a row */
    assert_int_equal(totals(MIN(60)).remaining_ug, -9000);
}

static void test_dose_total__only_what_counts(void **state)
{
    struct vg_totals all;
    (void)state;
    (void)say(VG_DOSE_BOLUS, 1, 10);
    say(VG_DOSE_BOLUS, 2, 100)->is_void = true;
    other_drug(say(VG_DOSE_BOLUS, 3, 1000));
    (void)say(VG_DOSE_BOLUS, 9, 10000);
    assert_int_equal(totals(MIN(8)).given_ug, 10);
    assert_int_equal(totals(MIN(8)).count, 1);
    assert_int_equal(totals(MIN(9)).given_ug, 10010);
    vg_dose_totals(&s, NULL, MIN(8), &all); /* every drug */
    assert_int_equal(all.given_ug, 1010);
}

/* Milliseconds of a rate are summed, and the rest is cut once: not once for each change. */
static void test_dose_total__is_rounded_down_once(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 60; i++) {
        struct vg_dose_entry *e = say(i == 0 ? VG_DOSE_INFUSION_START : VG_DOSE_RATE_CHANGE, 0, 1);
        e->given_ns = CORE_S(60 * i);
    }
    assert_int_equal(totals(CORE_S(3599)).infused_ug, 0);
    assert_int_equal(totals(CORE_S(3600) - VG_NS_PER_MS).infused_ug, 0);
    assert_int_equal(totals(CORE_S(3600)).infused_ug, 1);
}

static void test_dose_total__the_highest_rate_for_a_week(void **state)
{
    (void)state;
    (void)say(VG_DOSE_INFUSION_START, 0, VG_DOSE_MAX_UG);
    assert_int_equal(totals(CORE_S(7 * 24 * 3600)).infused_ug, VG_DOSE_MAX_UG * 7 * 24);
}

/* Whatever order the rows came in, and of two at one time the one that was said first. */
static void test_dose_total__the_order_of_entry_does_not_matter(void **state)
{
    static const struct {
        enum vg_dose_kind kind;
        int32_t at_min;
        int64_t ug;
    } rows[] = {
        { VG_DOSE_INFUSION_START, 10, 60000 },
        { VG_DOSE_RATE_CHANGE, 20, 30000 },
        { VG_DOSE_BOLUS, 25, 5000 },
        { VG_DOSE_STOP, 40, 0 },
    };
    (void)state;
    for (unsigned perm = 0; perm < 4 * 4 * 4 * 4; perm++) {
        unsigned used = 0;
        (void)empty(NULL);
        for (unsigned k = 0, left = perm; k < 4; k++, left /= 4) {
            unsigned i = left % 4;
            if ((used & (1u << i)) == 0) {
                used |= 1u << i;
                (void)say(rows[i].kind, rows[i].at_min, rows[i].ug);
            }
        }
        if (used == 0xf) {
            assert_int_equal(totals(MIN(60)).given_ug, 10000 + 10000 + 5000);
        }
    }
    (void)empty(NULL);
    (void)say(VG_DOSE_INFUSION_START, 10, 60000);
    (void)say(VG_DOSE_RATE_CHANGE, 10, 30000);
    assert_int_equal(totals(MIN(11)).rate_ug_h, 30000);
    s.doses[0].first_seq = 7; /* now it was said after the change */
    assert_int_equal(totals(MIN(11)).rate_ug_h, 60000);
}

/* Beside an integration by hand, millisecond by millisecond. */
static void test_dose_total__is_the_sum_over_every_millisecond(void **state)
{
    unsigned cases = core_cases(300);
    (void)state;
    (void)core_seed(21);
    for (unsigned i = 0; i < cases; i++) {
        unsigned n = 1 + core_below(12);
        int64_t ug_h_ms = 0;
        int64_t rate = 0;
        int64_t before = 0;
        (void)empty(NULL);
        for (unsigned k = 0; k < n; k++) {
            static const uint8_t kinds[] = { VG_DOSE_INFUSION_START, VG_DOSE_RATE_CHANGE,
                                             VG_DOSE_PAUSE, VG_DOSE_RESUME, VG_DOSE_STOP };
            enum vg_dose_kind kind = (enum vg_dose_kind)kinds[core_below(VG_COUNT(kinds))];
            bool rated = vg_dose_form(kind) != VG_FORM_NONE;
            struct vg_dose_entry *e = say(kind, 0, rated ? core_below(4) * 40000 : 0);
            e->given_ns = core_below(2000) * VG_NS_PER_MS;
        }
        for (int64_t ms = 0; ms < 2000; ms++) {
            for (uint16_t k = 0; k < s.dose_count; k++) {
                const struct vg_dose_entry *e = &s.doses[k];
                if (e->given_ns != ms * VG_NS_PER_MS) {
                    continue;
                }
                if (e->kind == VG_DOSE_PAUSE || e->kind == VG_DOSE_STOP) {
                    before = e->kind == VG_DOSE_STOP ? 0 : rate > 0 ? rate : before;
                    rate = 0;
                } else if (e->kind != VG_DOSE_RESUME || e->amount_ug > 0) {
                    rate = e->amount_ug;
                } else {
                    rate = rate == 0 ? before : rate;
                }
            }
            ug_h_ms += rate;
        }
        struct vg_totals t = totals(2000 * VG_NS_PER_MS);
        assert_int_equal(t.infused_ug, ug_h_ms / MS_PER_H);
        assert_int_equal(t.rate_ug_h, rate);
    }
}

/* --- the clock ------------------------------------------------------------------------------ */

static void test_dose_total__the_first_dose_is_t0(void **state)
{
    (void)state;
    expect_clock(MIN(99), NEVER, NEVER, NEVER, NEVER);
    (void)say(VG_DOSE_DRAWN, 1, 100); /* nobody got anything yet */
    (void)say(VG_DOSE_WASTE, 2, 100);
    expect_clock(MIN(99), NEVER, NEVER, NEVER, NEVER);
    (void)say(VG_DOSE_BOLUS, 20, 100);
    expect_clock(MIN(99), MIN(20), MIN(20), MIN(20), NEVER);
    (void)say(VG_DOSE_DEVICE, 10, 100); /* entered late */
    expect_clock(MIN(99), MIN(10), MIN(20), MIN(20), NEVER);
    (void)say(VG_DOSE_LOZENGE, 30, 100);
    (void)say(VG_DOSE_LOZENGE_END, 45, 0);
    expect_clock(MIN(99), MIN(10), MIN(30), MIN(30), NEVER);
    s.doses[3].is_void = true;
    expect_clock(MIN(99), MIN(20), MIN(30), MIN(30), NEVER);
    s.doses[2].is_void = true;
    s.doses[4].is_void = true;
    expect_clock(MIN(99), NEVER, NEVER, NEVER, NEVER);
    assert_int_equal(s.rate_ug_h, 0);
}

static void test_dose_total__an_infusion_ends_with_its_stop(void **state)
{
    (void)state;
    (void)say(VG_DOSE_INFUSION_START, 10, 52500);
    expect_clock(MIN(12), MIN(10), MIN(10), ON, MIN(10));
    assert_int_equal(s.rate_ug_h, 52500);
    (void)say(VG_DOSE_PAUSE, 20, 0);
    expect_clock(MIN(21), MIN(10), MIN(10), ON, MIN(10)); /* it has not ended */
    assert_int_equal(s.rate_ug_h, 0);
    (void)say(VG_DOSE_RESUME, 25, 0);
    (void)say(VG_DOSE_STOP, 50, 0);
    expect_clock(MIN(51), MIN(10), MIN(10), MIN(50), NEVER);
    assert_int_equal(s.rate_ug_h, 0);
    (void)say(VG_DOSE_BOLUS, 55, 1000);
    expect_clock(MIN(56), MIN(10), MIN(55), MIN(55), NEVER);
    (void)say(VG_DOSE_INFUSION_START, 60, 1000); /* a second one */
    expect_clock(MIN(61), MIN(10), MIN(60), ON, MIN(60));
    (void)say(VG_DOSE_INFUSION_START, 62, 2000); /* said again: it runs since the first */
    expect_clock(MIN(63), MIN(10), MIN(62), ON, MIN(60));
}

/* Somebody goes on after a stop, or changes the rate of what nobody said had begun: it runs. */
static void test_dose_total__going_on_after_a_stop_is_running(void **state)
{
    static const struct {
        enum vg_dose_kind kind;
        int64_t ug;
        bool runs;
    } cases[] = {
        { VG_DOSE_RESUME, 30000, true },      { VG_DOSE_RESUME, 0, false }, /* no rate is known */
        { VG_DOSE_RATE_CHANGE, 30000, true }, { VG_DOSE_RATE_CHANGE, 0, false },
        { VG_DOSE_PAUSE, 0, false },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)empty(NULL);
        (void)say(VG_DOSE_INFUSION_START, 10, 52500);
        (void)say(VG_DOSE_STOP, 20, 0);
        (void)say(cases[i].kind, 25, cases[i].ug);
        expect_clock(MIN(30), MIN(10), MIN(10), cases[i].runs ? ON : MIN(20),
                     cases[i].runs ? MIN(25) : NEVER);
        assert_int_equal(s.rate_ug_h, cases[i].runs ? 30000 : 0);
    }
    (void)empty(NULL);
    (void)say(VG_DOSE_BOLUS, 10, 1000);
    (void)say(VG_DOSE_RATE_CHANGE, 12, 30000);
    expect_clock(MIN(30), MIN(10), MIN(10), ON, MIN(12));
    assert_int_equal(s.rate_ug_h, 30000);
}

/* Its planned end moves by as long as it stood still. */
static void test_dose_total__a_pause_makes_an_infusion_longer(void **state)
{
    static const struct {
        enum vg_dose_kind kind;
        int32_t at_min;
        int64_t ug;
        int32_t running_min; /* then */
    } steps[] = {
        { VG_DOSE_INFUSION_START, 10, 52500, 10 },
        { VG_DOSE_RESUME, 15, 0, 10 }, /* it runs */
        { VG_DOSE_PAUSE, 20, 0, 10 },
        { VG_DOSE_PAUSE, 22, 0, 10 }, /* twice */
        { VG_DOSE_RESUME, 25, 0, 15 },
        { VG_DOSE_PAUSE, 30, 0, 15 },
        { VG_DOSE_RATE_CHANGE, 31, 0, 15 },     /* to nothing: no going on */
        { VG_DOSE_RATE_CHANGE, 32, 30000, 17 }, /* a rate goes on, too */
        { VG_DOSE_RESUME, 36, 0, 17 },
        { VG_DOSE_PAUSE, 40, 0, 17 },
        { VG_DOSE_INFUSION_START, 45, 30000, 22 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(steps); i++) {
        (void)say(steps[i].kind, steps[i].at_min, steps[i].ug);
        vg_dose_clock_set(&s, MIN(steps[i].at_min));
        assert_int_equal(s.clock.running_ns, MIN(steps[i].running_min));
        assert_int_equal(s.clock.first_ns, MIN(10));
    }
    (void)say(VG_DOSE_STOP, 50, 0);
    (void)say(VG_DOSE_PAUSE, 51, 0);
    (void)say(VG_DOSE_RESUME, 53, 0); /* nothing is there to go on */
    expect_clock(MIN(54), MIN(10), MIN(45), MIN(50), NEVER);
    (void)say(VG_DOSE_INFUSION_START, 60, 30000);
    expect_clock(MIN(61), MIN(10), MIN(60), ON, MIN(60));
}

/* Nobody said that it began: it acts from the first rate on. */
static void test_dose_total__a_rate_alone_is_a_beginning(void **state)
{
    (void)state;
    (void)say(VG_DOSE_RATE_CHANGE, 12, 30000);
    expect_clock(MIN(13), MIN(12), MIN(12), ON, MIN(12));
    assert_int_equal(s.rate_ug_h, 30000);
    (void)say(VG_DOSE_INFUSION_START, 10, 20000); /* entered afterwards */
    expect_clock(MIN(13), MIN(10), MIN(10), ON, MIN(10));
}

static void test_dose_total__a_kind_nobody_knows_adds_nothing(void **state)
{
    (void)state;
    (void)say(VG_DOSE_INFUSION_START, 10, 60000);
    say(VG_DOSE_PAUSE, 12, 77)->kind = VG_DOSE_KIND_COUNT;
    say(VG_DOSE_PAUSE, 13, 77)->kind = VG_DOSE_KIND_COUNT + 1;
    assert_int_equal(totals(MIN(20)).given_ug, 10000);
}

static void test_dose_total__two_drugs_run_side_by_side(void **state)
{
    (void)state;
    other_drug(say(VG_DOSE_INFUSION_START, 10, 9000));
    (void)say(VG_DOSE_INFUSION_START, 20, 52500);
    expect_clock(MIN(30), MIN(10), MIN(20), ON, MIN(10));
    assert_int_equal(s.rate_ug_h, 52500); /* the higher one is shown */
    other_drug(say(VG_DOSE_STOP, 40, 0));
    expect_clock(MIN(50), MIN(10), MIN(20), ON, MIN(20));
    (void)say(VG_DOSE_STOP, 35, 0);
    expect_clock(MIN(50), MIN(10), MIN(20), MIN(40), NEVER); /* the later end */
    (void)empty(NULL);
    (void)say(VG_DOSE_INFUSION_START, 20, 52500);
    other_drug(say(VG_DOSE_INFUSION_START, 10, 9000)); /* the list is not in order of time */
    expect_clock(MIN(30), MIN(10), MIN(20), ON, MIN(10));
    assert_int_equal(s.rate_ug_h, 52500);
}

#define EMPTY(test) cmocka_unit_test_setup(test, empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EMPTY(test_dose_total__nothing_is_nothing),
        EMPTY(test_dose_total__an_infusion_with_everything),
        EMPTY(test_dose_total__pauses_and_going_on),
        EMPTY(test_dose_total__drawn_given_wasted),
        EMPTY(test_dose_total__only_what_counts),
        EMPTY(test_dose_total__is_rounded_down_once),
        EMPTY(test_dose_total__the_highest_rate_for_a_week),
        EMPTY(test_dose_total__the_order_of_entry_does_not_matter),
        EMPTY(test_dose_total__is_the_sum_over_every_millisecond),
        EMPTY(test_dose_total__the_first_dose_is_t0),
        EMPTY(test_dose_total__an_infusion_ends_with_its_stop),
        EMPTY(test_dose_total__going_on_after_a_stop_is_running),
        EMPTY(test_dose_total__a_pause_makes_an_infusion_longer),
        EMPTY(test_dose_total__a_rate_alone_is_a_beginning),
        EMPTY(test_dose_total__a_kind_nobody_knows_adds_nothing),
        EMPTY(test_dose_total__two_drugs_run_side_by_side),
        EMPTY(test_dose_total__of_all_drugs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
