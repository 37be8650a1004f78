/*
 * test_alarm_catalogue.c -- the rows of the catalogue against the clinical table they come from,
 * and the check of configured limits.
 */
#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/alarm_limits.h"
#include "tests/support/trap.h"
#include "vigil/compiler.h"
#include "vigil/time.h"

#define S(n) ((n)*VG_NS_PER_S)

/* The table once more, as a clinician reads it. */
static const struct {
    enum vg_condition c;
    const char *name;
    enum vg_alarm_kind kind;
    enum vg_priority prio;
    enum vg_side side;
    enum vg_vital vital;
    int32_t limit_milli;
    int delay_s;
    enum vg_latch latch;
    uint8_t confirm;
} table[] = {
    { VG_COND_SPO2_LOW, "SPO2_LOW", VG_ALARM_PHYS, VG_PRIO_MED, VG_SIDE_LOW, VG_VITAL_SPO2, 90000,
      15, VG_LATCH_VISUAL, 1 },
    { VG_COND_SPO2_DESAT, "SPO2_DESAT", VG_ALARM_PHYS, VG_PRIO_HIGH, VG_SIDE_LOW, VG_VITAL_SPO2,
      85000, 0, VG_LATCH_FULL, 3 },
    { VG_COND_PR_LOW, "PR_LOW", VG_ALARM_PHYS, VG_PRIO_MED, VG_SIDE_LOW, VG_VITAL_PULSE_RATE, 50000,
      10, VG_LATCH_VISUAL, 1 },
    { VG_COND_PR_HIGH, "PR_HIGH", VG_ALARM_PHYS, VG_PRIO_MED, VG_SIDE_HIGH, VG_VITAL_PULSE_RATE,
      120000, 10, VG_LATCH_VISUAL, 1 },
    { VG_COND_PR_XLOW, "PR_XLOW", VG_ALARM_PHYS, VG_PRIO_HIGH, VG_SIDE_LOW, VG_VITAL_PULSE_RATE,
      40000, 5, VG_LATCH_FULL, 1 },
    { VG_COND_PR_XHIGH, "PR_XHIGH", VG_ALARM_PHYS, VG_PRIO_HIGH, VG_SIDE_HIGH, VG_VITAL_PULSE_RATE,
      150000, 5, VG_LATCH_FULL, 1 },
    { VG_COND_SYS_LOW, "SYS_LOW", VG_ALARM_PHYS, VG_PRIO_MED, VG_SIDE_LOW, VG_VITAL_NIBP_SYS, 90000,
      0, VG_LATCH_VISUAL, 1 },
    { VG_COND_SYS_HIGH, "SYS_HIGH", VG_ALARM_PHYS, VG_PRIO_MED, VG_SIDE_HIGH, VG_VITAL_NIBP_SYS,
      160000, 0, VG_LATCH_VISUAL, 1 },
    { VG_COND_SYS_XLOW, "SYS_XLOW", VG_ALARM_PHYS, VG_PRIO_HIGH, VG_SIDE_LOW, VG_VITAL_NIBP_SYS,
      80000, 0, VG_LATCH_FULL, 1 },
    /* >= 180 and >= 110, told by a strict comparison of whole mmHg */
    { VG_COND_SYS_XHIGH, "SYS_XHIGH", VG_ALARM_PHYS, VG_PRIO_HIGH, VG_SIDE_HIGH, VG_VITAL_NIBP_SYS,
      179000, 0, VG_LATCH_FULL, 1 },
    { VG_COND_DIA_HIGH, "DIA_HIGH", VG_ALARM_PHYS, VG_PRIO_MED, VG_SIDE_HIGH, VG_VITAL_NIBP_DIA,
      100000, 0, VG_LATCH_VISUAL, 1 },
    { VG_COND_DIA_XHIGH, "DIA_XHIGH", VG_ALARM_PHYS, VG_PRIO_HIGH, VG_SIDE_HIGH, VG_VITAL_NIBP_DIA,
      109000, 0, VG_LATCH_FULL, 1 },
    { VG_COND_SENSOR_OFF, "SENSOR_OFF", VG_ALARM_TECH, VG_PRIO_HIGH, VG_SIDE_NONE, VG_VITAL_COUNT,
      0, 0, VG_LATCH_NONE, 1 },
    { VG_COND_DATA_LOST, "DATA_LOST", VG_ALARM_TECH, VG_PRIO_HIGH, VG_SIDE_NONE, VG_VITAL_COUNT, 0,
      0, VG_LATCH_NONE, 1 },
    { VG_COND_LINK_DEVICE, "LINK_DEVICE", VG_ALARM_TECH, VG_PRIO_HIGH, VG_SIDE_NONE, VG_VITAL_COUNT,
      0, 0, VG_LATCH_NONE, 1 },
    { VG_COND_NIBP_FAIL, "NIBP_FAIL", VG_ALARM_TECH, VG_PRIO_MED, VG_SIDE_NONE, VG_VITAL_COUNT, 0,
      0, VG_LATCH_VISUAL, 1 },
    { VG_COND_STORAGE, "STORAGE", VG_ALARM_TECH, VG_PRIO_MED, VG_SIDE_NONE, VG_VITAL_COUNT, 0, 0,
      VG_LATCH_FULL, 1 },
    { VG_COND_CLOCK, "CLOCK", VG_ALARM_TECH, VG_PRIO_LOW, VG_SIDE_NONE, VG_VITAL_COUNT, 0, 0,
      VG_LATCH_VISUAL, 1 },
    { VG_COND_RESTARTED, "RESTARTED", VG_ALARM_TECH, VG_PRIO_LOW, VG_SIDE_NONE, VG_VITAL_COUNT, 0,
      0, VG_LATCH_VISUAL, 1 },
    { VG_COND_MAP_LOW, "MAP_LOW", VG_ALARM_PHYS, VG_PRIO_MED, VG_SIDE_LOW, VG_VITAL_NIBP_MEAN,
      60000, 0, VG_LATCH_VISUAL, 1 },
    { VG_COND_SED_DEEP, "SED_DEEP", VG_ALARM_TECH, VG_PRIO_HIGH, VG_SIDE_NONE, VG_VITAL_COUNT, 0, 0,
      VG_LATCH_FULL, 1 },
    { VG_COND_VITAL_DUE, "VITAL_DUE", VG_ALARM_TECH, VG_PRIO_MED, VG_SIDE_NONE, VG_VITAL_COUNT, 0,
      0, VG_LATCH_NONE, 1 },
    { VG_COND_SINK_LOST, "SINK_LOST", VG_ALARM_TECH, VG_PRIO_MED, VG_SIDE_NONE, VG_VITAL_COUNT, 0,
      0, VG_LATCH_NONE, 1 },
    { VG_COND_BATTERY, "BATTERY", VG_ALARM_TECH, VG_PRIO_MED, VG_SIDE_NONE, VG_VITAL_COUNT, 0, 0,
      VG_LATCH_NONE, 1 },
    { VG_COND_IDENTITY, "IDENTITY", VG_ALARM_TECH, VG_PRIO_HIGH, VG_SIDE_NONE, VG_VITAL_COUNT, 0, 0,
      VG_LATCH_FULL, 1 },
    { VG_COND_SCORE_DUE, "SCORE_DUE", VG_ALARM_TECH, VG_PRIO_LOW, VG_SIDE_NONE, VG_VITAL_COUNT, 0,
      0, VG_LATCH_NONE, 1 },
    { VG_COND_INFUSION_OVERRUN, "INFUSION_OVERRUN", VG_ALARM_TECH, VG_PRIO_MED, VG_SIDE_NONE,
      VG_VITAL_COUNT, 0, 0, VG_LATCH_NONE, 1 },
};
static_assert(VG_COUNT(table) == VG_COND_COUNT, "a condition is not in the clinical table");

static void test_alarm_catalogue__rows_are_the_clinical_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(table); i++) {
        const struct vg_condition_row *row = vg_condition_get(table[i].c);
        (void)printf("[   row    ] %s\n", table[i].name);
        assert_string_equal(row->name, table[i].name);
        assert_string_equal(vg_condition_name(table[i].c), table[i].name);
        assert_int_equal(row->kind, table[i].kind);
        assert_int_equal(row->priority, table[i].prio);
        assert_int_equal(row->side, table[i].side);
        assert_int_equal(row->vital, table[i].vital);
        assert_int_equal(row->defaults.limit_milli, table[i].limit_milli);
        assert_int_equal(row->defaults.delay_ns, S(table[i].delay_s));
        assert_int_equal(row->defaults.latch, table[i].latch);
        assert_int_equal(row->confirm, table[i].confirm);
        assert_true(row->defaults.enabled);
    }
}

static void test_alarm_catalogue__clear_time_and_hysteresis_follow_the_vital(void **state)
{
    (void)state;
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        const struct vg_condition_row *row = vg_condition_get((enum vg_condition)c);
        if (row->kind == VG_ALARM_TECH) {
            assert_int_equal(row->defaults.clear_ns, 0);
            assert_int_equal(row->hysteresis_milli, 0);
            continue;
        }
        bool continuous = vg_vital_get((enum vg_vital)row->vital)->continuous;
        assert_int_equal(row->defaults.clear_ns, continuous ? S(5) : 0);
        assert_int_equal(row->hysteresis_milli, row->vital == VG_VITAL_SPO2         ? 1000
                                                : row->vital == VG_VITAL_PULSE_RATE ? 3000
                                                                                    : 5000);
        assert_true(row->floor_milli < row->ceiling_milli);
        assert_in_range(row->defaults.limit_milli, row->floor_milli, row->ceiling_milli);
        assert_true(row->text[0] != '\0');
    }
}

static void test_alarm_catalogue__rapid_of_spo2_low_is_desat(void **state)
{
    (void)state;
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        assert_int_equal(vg_condition_get((enum vg_condition)c)->rapid,
                         c == VG_COND_SPO2_LOW ? VG_COND_SPO2_DESAT : VG_COND_COUNT);
    }
}

static void test_alarm_catalogue__names_find_their_row(void **state)
{
    static const char *const strangers[] = { "", "SPO2", "SPO2_LOWER", "spo2_low", "SPO2_LO" };
    enum vg_condition c = VG_COND_COUNT;
    (void)state;
    for (unsigned i = 0; i < VG_COND_COUNT; i++) {
        assert_true(vg_condition_find(vg_condition_name((enum vg_condition)i), &c));
        assert_int_equal(c, i);
    }
    for (size_t i = 0; i < VG_COUNT(strangers); i++) {
        assert_false(vg_condition_find(strangers[i], &c));
    }
    assert_string_equal(vg_condition_name(VG_COND_COUNT), "unknown");
}

static void test_alarm_catalogue__defaults_pass_the_check(void **state)
{
    struct vg_limits l;
    enum vg_condition bad = VG_COND_COUNT;
    const char *why = NULL;
    (void)state;
    vg_limits_default(&l);
    assert_int_equal(vg_limits_check(&l, &bad, &why), VG_OK);
    assert_null(why);
}

static void test_alarm_catalogue__floor_and_ceiling(void **state)
{
    (void)state;
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        const struct vg_condition_row *row = vg_condition_get((enum vg_condition)c);
        const int32_t outside[] = { row->floor_milli - 1, row->ceiling_milli + 1 };
        for (size_t i = 0; i < VG_COUNT(outside) && row->side != VG_SIDE_NONE; i++) {
            struct vg_limits l;
            enum vg_condition bad = VG_COND_COUNT;
            const char *why = NULL;
            vg_limits_default(&l);
            l.of[c].limit_milli = outside[i];
            assert_int_equal(vg_limits_check(&l, &bad, &why), VG_ERR_RANGE);
            assert_int_equal(bad, c);
            assert_non_null(why);
        }
    }
}

/* A technical condition has no limit: whatever stands there is not looked at. */
static void test_alarm_catalogue__technical_rows_have_no_limit(void **state)
{
    struct vg_limits l;
    enum vg_condition bad = VG_COND_COUNT;
    const char *why = NULL;
    (void)state;
    vg_limits_default(&l);
    l.of[VG_COND_CLOCK].limit_milli = INT32_MAX;
    assert_int_equal(vg_limits_check(&l, &bad, &why), VG_OK);
}

static void test_alarm_catalogue__order_of_limits(void **state)
{
    static const struct {
        enum vg_condition change;
        int32_t legal, illegal; /* both within floor and ceiling */
        enum vg_condition blamed;
    } cases[] = {
        /* desat always at least 3 below the low limit */
        { VG_COND_SPO2_DESAT, 87000, 87001, VG_COND_SPO2_DESAT },
        { VG_COND_SPO2_LOW, 88000, 87999, VG_COND_SPO2_DESAT },
        /* low strictly below high */
        { VG_COND_PR_LOW, 119999, 120000, VG_COND_PR_LOW },
        { VG_COND_PR_HIGH, 60000, 59999, VG_COND_PR_HIGH }, /* its own floor */
        { VG_COND_SYS_LOW, 159000, 160000, VG_COND_SYS_LOW },
        { VG_COND_SYS_HIGH, 90001, 90000, VG_COND_SYS_LOW },
        /* a limit may equal its severe twin, and not pass it */
        { VG_COND_PR_XLOW, 50000, 50001, VG_COND_PR_XLOW },
        { VG_COND_PR_XHIGH, 120000, 119999, VG_COND_PR_HIGH },
        { VG_COND_SYS_XLOW, 90000, 90001, VG_COND_SYS_XLOW },
        { VG_COND_SYS_XHIGH, 160000, 159999, VG_COND_SYS_HIGH },
        { VG_COND_DIA_XHIGH, 100000, 99999, VG_COND_DIA_HIGH },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_limits l;
        enum vg_condition bad = VG_COND_COUNT;
        const char *why = NULL;
        vg_limits_default(&l);
        l.of[cases[i].change].limit_milli = cases[i].legal;
        (void)printf("[   case   ] %zu\n", i);
        assert_int_equal(vg_limits_check(&l, &bad, &why), VG_OK);
        l.of[cases[i].change].limit_milli = cases[i].illegal;
        assert_int_equal(vg_limits_check(&l, &bad, &why), VG_ERR_RANGE);
        assert_int_equal(bad, cases[i].blamed);
        assert_non_null(why);
    }
}

static void test_alarm_catalogue__acknowledgement_times(void **state)
{
    (void)state;
    assert_int_equal(vg_ack_expiry_ns(VG_PRIO_HIGH), S(120));
    assert_int_equal(vg_ack_expiry_ns(VG_PRIO_MED), S(300));
    assert_int_equal(vg_ack_expiry_ns(VG_PRIO_LOW), 0);
    assert_int_equal(vg_ack_expiry_ns(VG_PRIO_COUNT), 0);
}

static void ask_for_a_condition_that_is_none(void)
{
    (void)vg_condition_get(VG_COND_COUNT);
}

static void test_alarm_catalogue__a_condition_that_is_none_ends_the_program(void **state)
{
    (void)state;
    assert_true(trap_ends(ask_for_a_condition_that_is_none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alarm_catalogue__rows_are_the_clinical_table),
        cmocka_unit_test(test_alarm_catalogue__clear_time_and_hysteresis_follow_the_vital),
        cmocka_unit_test(test_alarm_catalogue__rapid_of_spo2_low_is_desat),
        cmocka_unit_test(test_alarm_catalogue__names_find_their_row),
        cmocka_unit_test(test_alarm_catalogue__defaults_pass_the_check),
        cmocka_unit_test(test_alarm_catalogue__floor_and_ceiling),
        cmocka_unit_test(test_alarm_catalogue__technical_rows_have_no_limit),
        cmocka_unit_test(test_alarm_catalogue__order_of_limits),
        cmocka_unit_test(test_alarm_catalogue__acknowledgement_times),
        cmocka_unit_test(test_alarm_catalogue__a_condition_that_is_none_ends_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
