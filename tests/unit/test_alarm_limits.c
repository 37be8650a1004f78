/*
 * test_alarm_limits.c -- what limits are legal, and the formulas on a baseline.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/alarm_limits.h"
#include "vigil/compiler.h"

#define UNIT 1000

static struct vg_limits l;
static enum vg_condition bad;
static const char *why;

static int defaults(void **state)
{
    (void)state;
    vg_limits_default(&l);
    bad = VG_COND_COUNT;
    why = NULL;
    return 0;
}

static int32_t limit(enum vg_condition c)
{
    return l.of[c].limit_milli / UNIT;
}

static void set(enum vg_condition c, int32_t value)
{
    l.of[c].limit_milli = value * UNIT;
}

static enum vg_status check(void)
{
    return vg_limits_check(&l, &bad, &why);
}

/* --- what is legal --------------------------------------------------------------------------- */

static void test_alarm_limits__the_defaults_are_legal(void **state)
{
    (void)state;
    assert_int_equal(check(), VG_OK);
    assert_null(why);
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        assert_int_equal(l.of[c].sat_seconds, 0);
        assert_true(l.of[c].enabled);
    }
}

static void test_alarm_limits__floor_and_ceiling_are_inside(void **state)
{
    (void)state;
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        const struct vg_condition_row *row = vg_condition_get((enum vg_condition)c);
        if (row->side == VG_SIDE_NONE) {
            continue;
        }
        const int32_t outside[] = { row->floor_milli - 1, row->ceiling_milli + 1 };
        const int32_t inside[] = { row->floor_milli, row->ceiling_milli };
        for (size_t i = 0; i < VG_COUNT(outside); i++) {
            (void)defaults(state);
            l.of[c].limit_milli = outside[i];
            assert_int_equal(check(), VG_ERR_RANGE);
            assert_int_equal(bad, c);
            assert_non_null(strstr(why, "outside"));
            assert_non_null(strstr(why, "; "));
            l.of[c].limit_milli = inside[i];
            if (check() != VG_OK) { /* legal by itself; a neighbour may stand in its way */
                assert_null(strstr(why, "outside"));
            }
        }
    }
}

static void test_alarm_limits__a_technical_condition_has_none(void **state)
{
    (void)state;
    l.of[VG_COND_STORAGE].limit_milli = 5;
    assert_int_equal(check(), VG_OK);
}

static void test_alarm_limits__limits_do_not_cross(void **state)
{
    static const struct {
        enum vg_condition first;
        int32_t low;
        enum vg_condition second;
        int32_t high;
        bool ok;
        const char *says;
    } cases[] = {
        { VG_COND_SPO2_DESAT, 87, VG_COND_SPO2_LOW, 90, true, NULL },
        { VG_COND_SPO2_DESAT, 88, VG_COND_SPO2_LOW, 90, false, "at least 3 below spo2_low" },
        { VG_COND_PR_LOW, 99, VG_COND_PR_HIGH, 100, true, NULL },
        { VG_COND_PR_LOW, 100, VG_COND_PR_HIGH, 100, false, "pr_low must lie below pr_high" },
        { VG_COND_PR_XLOW, 50, VG_COND_PR_LOW, 50, true, NULL },
        { VG_COND_PR_XLOW, 51, VG_COND_PR_LOW, 50, false, "pr_xlow must not lie above" },
        { VG_COND_PR_HIGH, 150, VG_COND_PR_XHIGH, 150, true, NULL },
        { VG_COND_PR_HIGH, 151, VG_COND_PR_XHIGH, 150, false, "pr_high must not lie above" },
        { VG_COND_SYS_LOW, 119, VG_COND_SYS_HIGH, 120, true, NULL },
        { VG_COND_SYS_LOW, 120, VG_COND_SYS_HIGH, 120, false, "sys_low must lie below" },
        { VG_COND_SYS_XLOW, 90, VG_COND_SYS_LOW, 90, true, NULL },
        { VG_COND_SYS_XLOW, 91, VG_COND_SYS_LOW, 90, false, "sys_xlow must not lie above" },
        { VG_COND_SYS_HIGH, 179, VG_COND_SYS_XHIGH, 179, true, NULL },
        { VG_COND_SYS_HIGH, 180, VG_COND_SYS_XHIGH, 179, false, "sys_high must not lie above" },
        { VG_COND_DIA_HIGH, 109, VG_COND_DIA_XHIGH, 109, true, NULL },
        { VG_COND_DIA_HIGH, 110, VG_COND_DIA_XHIGH, 109, false, "dia_high must not lie above" },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)defaults(state);
        set(cases[i].first, cases[i].low);
        set(cases[i].second, cases[i].high);
        assert_int_equal(check(), cases[i].ok ? VG_OK : VG_ERR_RANGE);
        if (!cases[i].ok) {
            assert_int_equal(bad, cases[i].first);
            assert_non_null(strstr(why, cases[i].says));
            assert_non_null(strstr(why, ";"));
        }
    }
}

/* --- formulas -------------------------------------------------------------------------------- */

/* The worked example: 118/74, mean 89, pulse 70. */
static void test_alarm_limits__the_worked_example(void **state)
{
    static const int32_t base[VG_BASE_COUNT] = { 118000, 74000, 89000, 70000, 97000 };
    struct vg_limits before = l;
    (void)state;
    vg_limits_formula(&l, base, NULL);
    assert_int_equal(limit(VG_COND_SYS_HIGH), 158);
    assert_int_equal(limit(VG_COND_DIA_HIGH), 99);
    assert_int_equal(limit(VG_COND_PR_HIGH), 110);
    assert_int_equal(limit(VG_COND_SYS_LOW), 90);
    assert_int_equal(limit(VG_COND_PR_LOW), 50);
    assert_int_equal(limit(VG_COND_SPO2_LOW), 90);
    assert_int_equal(check(), VG_OK);
    static const enum vg_condition kept[] = { VG_COND_SPO2_DESAT, VG_COND_PR_XLOW,
                                              VG_COND_PR_XHIGH,   VG_COND_SYS_XLOW,
                                              VG_COND_SYS_XHIGH,  VG_COND_DIA_XHIGH,
                                              VG_COND_MAP_LOW };
    for (size_t i = 0; i < VG_COUNT(kept); i++) {
        assert_memory_equal(&l.of[kept[i]], &before.of[kept[i]], sizeof l.of[0]);
    }
}

static void test_alarm_limits__formulas_stay_within_their_bounds(void **state)
{
    static const struct {
        enum vg_baseline base;
        int32_t milli;
        enum vg_condition c;
        int32_t want;
    } cases[] = {
        { VG_BASE_SYS, 99000, VG_COND_SYS_HIGH, 140 },
        { VG_BASE_SYS, 100000, VG_COND_SYS_HIGH, 140 },
        { VG_BASE_SYS, 101000, VG_COND_SYS_HIGH, 141 },
        { VG_BASE_SYS, 120000, VG_COND_SYS_HIGH, 160 },
        { VG_BASE_SYS, 121000, VG_COND_SYS_HIGH, 160 },
        { VG_BASE_SYS, 119000, VG_COND_SYS_LOW, 90 },
        { VG_BASE_SYS, 122000, VG_COND_SYS_LOW, 92 }, /* 91.5 in whole units */
        { VG_BASE_SYS, 133000, VG_COND_SYS_LOW, 100 },
        { VG_BASE_SYS, 200000, VG_COND_SYS_LOW, 100 },
        { VG_BASE_DIA, 64000, VG_COND_DIA_HIGH, 90 },
        { VG_BASE_DIA, 66000, VG_COND_DIA_HIGH, 91 },
        { VG_BASE_DIA, 76000, VG_COND_DIA_HIGH, 100 },
        { VG_BASE_PR, 69000, VG_COND_PR_HIGH, 110 },
        { VG_BASE_PR, 71000, VG_COND_PR_HIGH, 111 },
        { VG_BASE_PR, 91000, VG_COND_PR_HIGH, 130 },
        { VG_BASE_PR, 54999, VG_COND_PR_LOW, 45 },
        { VG_BASE_PR, 55000, VG_COND_PR_LOW, 50 },
        { VG_BASE_SPO2, 94000, VG_COND_SPO2_LOW, 90 },
        { VG_BASE_SPO2, 93000, VG_COND_SPO2_LOW, 89 },
        { VG_BASE_SPO2, 92000, VG_COND_SPO2_LOW, 88 },
        { VG_BASE_SPO2, 80000, VG_COND_SPO2_LOW, 88 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        int32_t base[VG_BASE_COUNT] = { -1, -1, -1, -1, -1 };
        (void)defaults(state);
        base[cases[i].base] = cases[i].milli;
        vg_limits_formula(&l, base, NULL);
        assert_int_equal(limit(cases[i].c), cases[i].want);
        assert_int_equal(l.of[cases[i].c].limit_milli % UNIT, 0);
        assert_int_equal(check(), VG_OK);
    }
}

static void test_alarm_limits__what_is_missing_decides_nothing(void **state)
{
    static const int32_t none[VG_BASE_COUNT] = { -1, -1, -1, -1, -1 };
    static const uint8_t moves[VG_COND_COUNT] = {
        [VG_COND_SYS_HIGH] = 1u << VG_BASE_SYS, [VG_COND_SYS_LOW] = 1u << VG_BASE_SYS,
        [VG_COND_DIA_HIGH] = 1u << VG_BASE_DIA, [VG_COND_PR_HIGH] = 1u << VG_BASE_PR,
        [VG_COND_PR_LOW] = 1u << VG_BASE_PR,    [VG_COND_SPO2_LOW] = 1u << VG_BASE_SPO2,
    };
    struct vg_limits before = l;
    (void)state;
    vg_limits_formula(&l, none, NULL);
    assert_memory_equal(&l, &before, sizeof l);
    for (unsigned b = 0; b < VG_BASE_COUNT; b++) {
        int32_t base[VG_BASE_COUNT] = { -1, -1, -1, -1, -1 };
        for (unsigned c = 0; c < VG_COND_COUNT; c++) {
            l.of[c].limit_milli = 77000; /* of nobody */
        }
        base[b] = 60000;
        vg_limits_formula(&l, base, NULL);
        for (unsigned c = 0; c < VG_COND_COUNT; c++) {
            assert_int_equal(l.of[c].limit_milli != 77000, (moves[c] & (1u << b)) != 0);
        }
    }
}

/* No baseline a sensor can measure makes limits that cross those of an adult. */
static void test_alarm_limits__every_baseline_gives_legal_limits(void **state)
{
    (void)state;
    for (int32_t v = 20; v <= 300; v++) {
        int32_t base[VG_BASE_COUNT] = { v * UNIT, v * UNIT, v * UNIT, v * UNIT,
                                        (v <= 100 ? v : 100) * UNIT };
        (void)defaults(state);
        vg_limits_formula(&l, base, NULL);
        assert_int_equal(check(), VG_OK);
    }
}

#define T(f) cmocka_unit_test_setup(f, defaults)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_alarm_limits__the_defaults_are_legal),
        T(test_alarm_limits__floor_and_ceiling_are_inside),
        T(test_alarm_limits__a_technical_condition_has_none),
        T(test_alarm_limits__limits_do_not_cross),
        T(test_alarm_limits__the_worked_example),
        T(test_alarm_limits__formulas_stay_within_their_bounds),
        T(test_alarm_limits__what_is_missing_decides_nothing),
        T(test_alarm_limits__every_baseline_gives_legal_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
