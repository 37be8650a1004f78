/*
 * test_protocol.c -- the floor under every protocol, rule by rule; the phase at a time; the words of
 * gate and checks; and the protocols that are shipped.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "lib/protocol.h"
#include "tests/support/session_builder.h"
#include "vigil/compiler.h"

static struct vg_protocol p;
static const char *where;
static const char *why;

static int sound(void **state)
{
    (void)state;
    p = session_protocol();
    where = NULL;
    why = NULL;
    return 0;
}

static enum vg_status check(void)
{
    return vg_protocol_check(&p, &where, &why);
}

/* Refused, with the key it is about and a sentence. */
static void expect_under(const char *key)
{
    assert_int_equal(check(), VG_ERR_RANGE);
    assert_string_equal(where, key);
    assert_true(strlen(why) > 20);
    p = session_protocol();
    assert_int_equal(check(), VG_OK);
}

static void test_protocol__what_is_usual_is_sound(void **state)
{
    (void)state;
    assert_int_equal(check(), VG_OK);
    assert_null(where);
    assert_null(why);
}

static void test_protocol__says_who_made_it(void **state)
{
    (void)state;
    p.author[0] = '\0';
    expect_under("approver");
    p.approver[0] = '\0';
    expect_under("approver");
    p.revision[0] = '\0';
    expect_under("approver");
}

static void test_protocol__phases_are_in_order(void **state)
{
    (void)state;
    p.phase_count = 0;
    expect_under("phases");
    p.phase_count = 1;
    expect_under("phases");
    p.phases[1].from_s = 60;
    expect_under("phases");
    p.phases[1].from_s = -60;
    expect_under("phases");
    p.phases[3].from_s = p.phases[2].from_s;
    expect_under("phases");
    p.phases[3].from_s = p.phases[2].from_s - 1;
    expect_under("phases");
    p.phases[0].from_s = 12345; /* the one before the first dose has no begin of its own */
    assert_int_equal(check(), VG_OK);
}

static void test_protocol__somebody_is_always_watched(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        p.phases[i].required = 1u << VG_VITAL_SPO2;
        expect_under("phases");
        p.phases[i].required = 1u << VG_VITAL_PULSE_RATE;
        expect_under("phases");
        p.phases[i].required |= ~0u;
        assert_int_equal(check(), VG_OK); /* more is never too much */
    }
}

static void test_protocol__who_and_consent_are_hard(void **state)
{
    static const enum vg_gate_item items[] = { VG_GATE_IDENTITY, VG_GATE_CONSENT, VG_GATE_BASELINE,
                                               VG_GATE_WEIGHT };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(items); i++) {
        p.gate.strength[items[i]] = VG_STRENGTH_SOFT;
        expect_under("gate");
        p.gate.strength[items[i]] = VG_STRENGTH_OFF;
        expect_under("gate");
    }
    p.range.per_kg = false; /* then nobody needs to weigh */
    p.gate.strength[VG_GATE_WEIGHT] = VG_STRENGTH_OFF;
    assert_int_equal(check(), VG_OK);
}

static void test_protocol__a_baseline_is_measured(void **state)
{
    (void)state;
    p.gate.baseline_count = 0;
    expect_under("gate.baseline_readings");
    p.gate.baseline_count = 1;
    assert_int_equal(check(), VG_OK);
}

/* Awake is 5: a protocol cannot let go of somebody who only answers a loud voice. */
static void test_protocol__awake_is_five(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < p.check_count; i++) {
        if (p.checks[i].kind == VG_CHECK_AT_LEAST) {
            p.checks[i].value = 4;
        }
    }
    expect_under("checks");
}

static void test_protocol__bounds_of_a_dose_rise(void **state)
{
    static const struct {
        int64_t low, high, hard;
        bool sound;
    } cases[] = {
        { 100, 1000, 2000, true }, { 0, 0, 1, true },  { 5, 5, 5, true },
        { 2, 1, 3, false },        { 1, 4, 3, false }, { 0, 0, 0, false },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        p.range.soft_low_ug = cases[i].low;
        p.range.soft_high_ug = cases[i].high;
        p.range.hard_ug = cases[i].hard;
        if (cases[i].sound) {
            assert_int_equal(check(), VG_OK);
        } else {
            expect_under("dose");
        }
    }
}

/* Readings at these minutes, of an infusion of 40 min with its peak at 40 and discharge at 100. */
static void readings_at(const int32_t *at_min, size_t count)
{
    p.plan_count = 0;
    for (size_t i = 0; i < count; i++) {
        p.plan[p.plan_count++] = (struct vg_plan_row){ .at_s = at_min[i] * 60, .window_s = 120 };
    }
}
#define READINGS(...)                                                                              \
    readings_at((const int32_t[]){ __VA_ARGS__ }, VG_COUNT(((const int32_t[]){ __VA_ARGS__ })))

static void test_protocol__pressures_are_dense_to_the_peak(void **state)
{
    (void)state;
    p.plan_count = 0;
    expect_under("readings");
    READINGS(15, 30, 45, 60, 90, 100);
    assert_int_equal(check(), VG_OK);
    READINGS(100, 60, 90, 45, 15, 30); /* in whatever order they are written */
    assert_int_equal(check(), VG_OK);
    READINGS(16, 30, 45, 60, 90, 100);
    expect_under("readings");
    READINGS(15, 30, 45, 59, 75, 100); /* 59 is within 20 min of the peak */
    expect_under("readings");
    READINGS(15, 30, 45, 60, 91, 100);
    assert_int_equal(check(), VG_ERR_RANGE); /* sparse later, not more than half an hour */
    assert_non_null(strstr(why, "30 min"));
    READINGS(15, 30, 45, 60, 90);
    assert_int_equal(check(), VG_OK); /* ten minutes to the discharge */
    p.floor_first_s = 121 * 60;
    assert_int_equal(check(), VG_ERR_RANGE);
    p.floor_first_s = 10 * 60; /* the later one of both floors counts */
    p.floor_last_s = 121 * 60;
    assert_int_equal(check(), VG_ERR_RANGE);
}

static void test_protocol__by_spray_and_lozenge_twenty_minutes_are_enough(void **state)
{
    static const struct {
        enum vg_route route;
        bool slow;
    } cases[] = {
        { VG_ROUTE_IV, false },  { VG_ROUTE_IM, false },    { VG_ROUTE_SC, false },
        { VG_ROUTE_SL, true },   { VG_ROUTE_BUCCAL, true }, { VG_ROUTE_NASAL, true },
        { VG_ROUTE_ORAL, true },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)sound(NULL);
        READINGS(20, 40, 60, 90, 100);
        p.route = (uint8_t)cases[i].route;
        assert_int_equal(check(), cases[i].slow ? VG_OK : VG_ERR_RANGE);
        READINGS(21, 40, 60, 90, 100);
        assert_int_equal(check(), VG_ERR_RANGE);
    }
}

/* The infusion may run on longer than to the peak. */
static void test_protocol__dense_to_the_end_of_an_infusion(void **state)
{
    (void)state;
    READINGS(15, 30, 45, 60, 90, 100);
    p.infusion_s = 60 * 60;
    expect_under("readings");
    READINGS(15, 30, 45, 60, 75, 80, 100);
    p.infusion_s = 60 * 60;
    assert_int_equal(check(), VG_OK);
}

/* What is optional, of a further dose, or a score, is no reading that a person can rely on. */
static void test_protocol__only_planned_pressures_count(void **state)
{
    (void)state;
    p.plan[2].optional = true;
    expect_under("readings");
    p.plan[2].further = true;
    expect_under("readings");
    p.plan[2].scales = 1u << VG_SCALE_MOAAS;
    expect_under("readings");
}

static void test_protocol__an_hour_after_the_last_dose(void **state)
{
    (void)state;
    p.floor_last_s = 3599;
    expect_under("discharge.after_last_min");
    p.floor_last_s = 3600;
    assert_int_equal(check(), VG_OK);
}

static void test_protocol__formulas_stay_within_bounds(void **state)
{
    static const struct {
        enum vg_condition condition;
        int32_t low, high; /* the bounds */
    } cases[] = {
        { VG_COND_SPO2_LOW, 85, 96 },  { VG_COND_SPO2_DESAT, 80, 90 },
        { VG_COND_PR_LOW, 35, 180 },   { VG_COND_PR_HIGH, 35, 180 },
        { VG_COND_PR_XLOW, 35, 180 },  { VG_COND_PR_XHIGH, 35, 180 },
        { VG_COND_SYS_LOW, 70, 200 },  { VG_COND_SYS_HIGH, 70, 200 },
        { VG_COND_SYS_XLOW, 70, 200 }, { VG_COND_SYS_XHIGH, 70, 200 },
        { VG_COND_DIA_HIGH, 35, 120 }, { VG_COND_DIA_XHIGH, 35, 120 },
        { VG_COND_MAP_LOW, 50, 125 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const struct vg_formula good = { (uint8_t)cases[i].condition, VG_BASE_SYS,         100, 0,
                                         cases[i].low * 1000,         cases[i].high * 1000 };
        p.formula_count = 1;
        p.formulas[0] = good;
        assert_int_equal(check(), VG_OK);
        p.formulas[0].low_milli--;
        expect_under("formulas");
        p.formula_count = 1;
        p.formulas[0] = good;
        p.formulas[0].high_milli++;
        expect_under("formulas");
        p.formula_count = 2; /* one bad among good ones */
        p.formulas[0] = good;
        p.formulas[0].low_milli = good.high_milli;
        p.formulas[0].high_milli = good.low_milli;
        p.formulas[1] = good;
        expect_under("formulas");
    }
    p.formula_count = 1;
    p.formulas[0] = (struct vg_formula){ VG_COND_DATA_LOST, 0, 100, 0, 0, 0 };
    expect_under("formulas");
}

static void test_protocol__nobody_leaves_unchecked(void **state)
{
    static const uint8_t needed[] = { 0, 1, 2, 3, 9 }; /* in session_protocol() */
    (void)state;
    for (size_t i = 0; i < VG_COUNT(needed); i++) {
        p.checks[needed[i]] = (struct vg_check_row){ VG_CHECK_NO_ALARM, 0, 0 };
        expect_under("checks");
    }
    p.checks[3].index = VG_SCALE_RASS; /* another scale is another question */
    expect_under("checks");
    p.checks[9].index = VG_FACT_WALKS;
    expect_under("checks");
}

/* --- phases --------------------------------------------------------------------------------- */

static void test_protocol__the_phase_at_a_time(void **state)
{
    static const struct {
        int64_t at_s;
        size_t row;
    } cases[] = {
        { INT64_MIN, 0 }, { -1, 0 },   { 0, 1 },    { 2399, 1 },
        { 2400, 2 },      { 5999, 2 }, { 6000, 3 }, { INT64_MAX, 3 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_ptr_equal(vg_protocol_phase(&p, cases[i].at_s), &p.phases[cases[i].row]);
    }
    p.phase_count = 1;
    assert_ptr_equal(vg_protocol_phase(&p, 5), &p.phases[0]);
}

/* --- words ---------------------------------------------------------------------------------- */

static void test_protocol__every_item_has_a_word_and_a_cure(void **state)
{
    static const char *const no[] = { "", "bp_", "b", "consents" };
    enum vg_gate_item item;
    (void)state;
    for (unsigned i = 0; i < VG_GATE_COUNT; i++) {
        const char *name = vg_gate_item_name((enum vg_gate_item)i);
        assert_true(vg_gate_item_find(name, &item));
        assert_int_equal(item, i);
        assert_true(strlen(vg_gate_item_cure((enum vg_gate_item)i)) > 10);
    }
    assert_string_equal(vg_gate_item_name(VG_GATE_COUNT), "unknown");
    assert_string_equal(vg_gate_item_cure(VG_GATE_COUNT), "");
    for (size_t i = 0; i < VG_COUNT(no); i++) {
        assert_false(vg_gate_item_find(no[i], &item));
    }
}

/* --- shipped -------------------------------------------------------------------------------- */

static struct vg_protocol shipped(const char *file)
{
    static struct vg_protocol_text text;
    struct vg_protocol out;
    struct vg_scales scales;
    struct vg_yaml_log log = { .out = stdout };
    char path[256];

    vg_scales_default(&scales);
    (void)snprintf(path, sizeof path, "%s/config/protocols/%s.yaml", VG_SOURCE_DIR, file);
    assert_int_equal(vg_protocol_open(path, &log, &text), VG_OK);
    assert_int_equal(vg_protocol_read(path, &text, &scales, &log, &out), VG_OK);
    assert_int_equal(log.count, 0);
    return out;
}

static void test_protocol__all_that_are_shipped_are_sound(void **state)
{
    static const char *const files[] = { "custom", "esk-56", "esk-84", "im", "iv-40", "sl" };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        p = shipped(files[i]);
        assert_string_equal(p.id, files[i]);
        assert_int_equal(check(), VG_OK);
        assert_int_equal(strlen(p.hash), 64);
    }
}

/* The tests of sessions use what is shipped, said in C: here both are compared. */
static void test_protocol__iv_40_is_what_the_tests_use(void **state)
{
    struct vg_protocol file = shipped("iv-40");
    (void)state;
    assert_string_equal(file.drug, p.drug);
    assert_string_equal(file.title, p.title);
    assert_string_equal(file.approver, p.approver);
    assert_int_equal(file.route, p.route);
    assert_int_equal(file.auto_cuff, p.auto_cuff);
    assert_int_equal(file.second_check, p.second_check);
    assert_int_equal(file.phase_count, p.phase_count);
    for (size_t i = 0; i < p.phase_count; i++) {
        assert_string_equal(file.phases[i].name, p.phases[i].name);
        assert_int_equal(file.phases[i].from_s, p.phases[i].from_s);
        assert_int_equal(file.phases[i].required, p.phases[i].required);
        assert_int_equal(file.phases[i].dosing, p.phases[i].dosing);
        assert_int_equal(file.phases[i].relaxes, p.phases[i].relaxes);
    }
    assert_int_equal(file.plan_count, p.plan_count);
    for (size_t i = 0; i < p.plan_count; i++) {
        assert_int_equal(file.plan[i].at_s, p.plan[i].at_s);
        assert_int_equal(file.plan[i].window_s, p.plan[i].window_s);
        assert_int_equal(file.plan[i].scales, p.plan[i].scales);
        assert_false(file.plan[i].further || file.plan[i].optional);
    }
    assert_memory_equal(file.gate.strength, p.gate.strength, sizeof p.gate.strength);
    assert_int_equal(file.gate.sys_milli, p.gate.sys_milli);
    assert_int_equal(file.gate.dia_milli, p.gate.dia_milli);
    assert_int_equal(file.gate.sys_65_milli, p.gate.sys_65_milli);
    assert_int_equal(file.gate.hold_sys_milli, p.gate.hold_sys_milli);
    assert_int_equal(file.gate.hold_dia_milli, p.gate.hold_dia_milli);
    assert_int_equal(file.gate.spo2_milli, p.gate.spo2_milli);
    assert_int_equal(file.gate.hold_spo2_milli, p.gate.hold_spo2_milli);
    assert_int_equal(file.gate.pr_low_milli, p.gate.pr_low_milli);
    assert_int_equal(file.gate.pr_high_milli, p.gate.pr_high_milli);
    assert_int_equal(file.gate.weight_days, p.gate.weight_days);
    assert_int_equal(file.gate.baseline_count, p.gate.baseline_count);
    assert_int_equal(file.gate.baseline_age_s, p.gate.baseline_age_s);
    assert_int_equal(file.range.soft_low_ug, p.range.soft_low_ug);
    assert_int_equal(file.range.soft_high_ug, p.range.soft_high_ug);
    assert_int_equal(file.range.hard_ug, p.range.hard_ug);
    assert_int_equal(file.range.total_ug, p.range.total_ug);
    assert_int_equal(file.range.per_kg, p.range.per_kg);
    assert_int_equal(file.infusion_s, p.infusion_s);
    assert_int_equal(file.peak_s, p.peak_s);
    assert_int_equal(file.floor_first_s, p.floor_first_s);
    assert_int_equal(file.floor_last_s, p.floor_last_s);
    assert_int_equal(file.check_count, p.check_count);
    for (size_t i = 0; i < p.check_count; i++) {
        assert_int_equal(file.checks[i].kind, p.checks[i].kind);
        assert_int_equal(file.checks[i].index, p.checks[i].index);
        assert_int_equal(file.checks[i].value, p.checks[i].value);
    }
}

#define SOUND(test) cmocka_unit_test_setup(test, sound)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOUND(test_protocol__what_is_usual_is_sound),
        SOUND(test_protocol__says_who_made_it),
        SOUND(test_protocol__phases_are_in_order),
        SOUND(test_protocol__somebody_is_always_watched),
        SOUND(test_protocol__who_and_consent_are_hard),
        SOUND(test_protocol__a_baseline_is_measured),
        SOUND(test_protocol__bounds_of_a_dose_rise),
        SOUND(test_protocol__pressures_are_dense_to_the_peak),
        SOUND(test_protocol__by_spray_and_lozenge_twenty_minutes_are_enough),
        SOUND(test_protocol__dense_to_the_end_of_an_infusion),
        SOUND(test_protocol__only_planned_pressures_count),
        SOUND(test_protocol__an_hour_after_the_last_dose),
        SOUND(test_protocol__formulas_stay_within_bounds),
        SOUND(test_protocol__nobody_leaves_unchecked),
        SOUND(test_protocol__the_phase_at_a_time),
        SOUND(test_protocol__every_item_has_a_word_and_a_cure),
        SOUND(test_protocol__all_that_are_shipped_are_sound),
        SOUND(test_protocol__iv_40_is_what_the_tests_use),
        SOUND(test_protocol__awake_is_five),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
