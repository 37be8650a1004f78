/*
 * test_quantity.c -- what somebody typed in micrograms: every unit, rounding, bounds, text, and the
 * way back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/core_builder.h"
#include "tests/support/trap.h"
#include "vigil/compiler.h"
#include "vigil/dose.h"
#include "vigil/quantity.h"

#define KG_70 70000
#define MG_ML_50 50000

static void test_quantity__every_unit_is_exact(void **state)
{
    static const struct {
        struct vg_quantity q;
        struct vg_quantity_terms t;
        int64_t ug;
    } cases[] = {
        { { 7, 0, VG_UNIT_UG }, { 0, 0 }, 7 },
        { { 35, 0, VG_UNIT_MG }, { 0, 0 }, 35000 },
        { { 355, 1, VG_UNIT_MG }, { 0, 0 }, 35500 },
        { { 1, 0, VG_UNIT_G }, { 0, 0 }, 1000000 },
        { { 500, 0, VG_UNIT_UG_KG }, { KG_70, 0 }, 35000 },
        { { 5, 1, VG_UNIT_MG_KG }, { KG_70, 0 }, 35000 },
        { { 5, 1, VG_UNIT_MG_KG }, { 70200, 0 }, 35100 },
        { { 7, 1, VG_UNIT_ML }, { 0, MG_ML_50 }, 35000 },
        { { 52500, 0, VG_UNIT_UG_H }, { 0, 0 }, 52500 },
        { { 525, 1, VG_UNIT_MG_H }, { 0, 0 }, 52500 },
        { { 875, 0, VG_UNIT_UG_MIN }, { 0, 0 }, 52500 },
        { { 1, 0, VG_UNIT_MG_MIN }, { 0, 0 }, 60000 },
        { { 75, 2, VG_UNIT_MG_KG_H }, { KG_70, 0 }, 52500 },
        { { 125, 1, VG_UNIT_UG_KG_MIN }, { KG_70, 0 }, 52500 },
        { { 105, 1, VG_UNIT_ML_H }, { 0, 5000 }, 52500 },
        { { 1000000000, 0, VG_UNIT_UG }, { 0, 0 }, VG_DOSE_MAX_UG },
        { { 1, 6, VG_UNIT_G }, { 0, 0 }, 1 },
    };
    bool seen[VG_UNIT_COUNT] = { false };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        int64_t ug = -1;
        assert_int_equal(vg_quantity_to_ug(&cases[i].q, &cases[i].t, &ug), VG_OK);
        assert_int_equal(ug, cases[i].ug);
        seen[cases[i].q.unit] = true;
    }
    for (size_t u = 0; u < VG_UNIT_COUNT; u++) {
        assert_true(seen[u]);
    }
}

/* What is no whole microgram goes to the nearer one, from the middle to the even one. */
static void test_quantity__rounds_half_to_even(void **state)
{
    static const struct {
        int64_t number;
        uint8_t places;
        int64_t ug;
    } cases[] = {
        { 5, 1, 0 }, /* 0.5 */
        { 6, 1, 1 },    { 14, 1, 1 },     { 15, 1, 2 },        { 16, 1, 2 },
        { 25, 1, 2 },   { 26, 1, 3 },     { 34999999, 6, 35 }, { 345, 1, 34 },
        { 355, 1, 36 }, { 499999, 6, 0 }, { 500001, 6, 1 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_quantity q = { cases[i].number, cases[i].places, VG_UNIT_UG };
        struct vg_quantity_terms none = { 0, 0 };
        int64_t ug = -1;
        enum vg_status st = vg_quantity_to_ug(&q, &none, &ug);
        assert_int_equal(ug, cases[i].ug);
        assert_int_equal(st, cases[i].ug == 0 ? VG_ERR_RANGE : VG_OK);
    }
    /* 0.333 mg/kg of 70.7 kg are 23543.1 ug. */
    struct vg_quantity q = { 333, 3, VG_UNIT_MG_KG };
    struct vg_quantity_terms t = { 70700, 0 };
    int64_t ug = -1;
    assert_int_equal(vg_quantity_to_ug(&q, &t, &ug), VG_OK);
    assert_int_equal(ug, 23543);
}

static void test_quantity__needs_what_its_unit_needs(void **state)
{
    (void)state;
    for (unsigned u = 0; u < VG_UNIT_COUNT; u++) {
        const struct vg_unit_row *row = vg_unit_get((enum vg_dose_unit)u);
        const struct {
            struct vg_quantity_terms t;
            bool enough;
        } cases[] = {
            { { 0, 0 }, !row->per_kg && !row->volume },
            { { KG_70, 0 }, !row->volume },
            { { 0, MG_ML_50 }, !row->per_kg },
            { { KG_70, MG_ML_50 }, true },
            { { -1, -1 }, !row->per_kg && !row->volume },
        };
        struct vg_quantity q = { 1, 0, (uint8_t)u };
        struct vg_quantity back;
        for (size_t i = 0; i < VG_COUNT(cases); i++) {
            enum vg_status want = cases[i].enough ? VG_OK : VG_ERR_ARG;
            int64_t ug = -1;
            assert_int_equal(vg_quantity_to_ug(&q, &cases[i].t, &ug), want);
            assert_int_equal(ug == 0, !cases[i].enough);
            assert_int_equal(vg_quantity_from_ug(1000, (enum vg_dose_unit)u, 3, &cases[i].t, &back),
                             want);
            assert_int_equal(back.unit, u);
        }
    }
}

static void test_quantity__more_than_a_kilogram_or_nothing_is_no_amount(void **state)
{
    static const struct {
        struct vg_quantity q;
        struct vg_quantity_terms t;
    } cases[] = {
        { { 0, 0, VG_UNIT_MG }, { 0, 0 } },
        { { -5, 0, VG_UNIT_MG }, { 0, 0 } },
        { { 1000000001, 3, VG_UNIT_UG }, { 0, 0 } },
        { { 1000001, 0, VG_UNIT_MG }, { 0, 0 } },
        { { 1001, 0, VG_UNIT_G }, { 0, 0 } },
        { { 4, 1, VG_UNIT_UG }, { 0, 0 } },                     /* rounds to nothing */
        { { 1000000000, 0, VG_UNIT_MG_KG }, { INT32_MAX, 0 } }, /* more than 63 bits */
        { { 1000000000, 0, VG_UNIT_ML }, { 0, INT32_MAX } },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        int64_t ug = -1;
        assert_int_equal(vg_quantity_to_ug(&cases[i].q, &cases[i].t, &ug), VG_ERR_RANGE);
    }
}

static void test_quantity__is_whole_when_nothing_was_rounded(void **state)
{
    static const struct {
        struct vg_quantity q;
        struct vg_quantity_terms t;
        bool whole;
    } cases[] = {
        { { 35, 0, VG_UNIT_MG }, { 0, 0 }, true },
        { { 350000, 4, VG_UNIT_MG }, { 0, 0 }, true },
        { { 350004, 4, VG_UNIT_MG }, { 0, 0 }, false },
        { { 5, 1, VG_UNIT_MG_KG }, { KG_70, 0 }, true },
        { { 333, 3, VG_UNIT_MG_KG }, { 70700, 0 }, false },
        { { 5, 1, VG_UNIT_MG_KG }, { 0, 0 }, false },
        { { 1000000000, 0, VG_UNIT_MG_KG }, { INT32_MAX, 0 }, false },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_int_equal(vg_quantity_is_whole(&cases[i].q, &cases[i].t), cases[i].whole);
    }
}

static void test_quantity__the_way_back(void **state)
{
    static const struct {
        int64_t ug;
        enum vg_dose_unit unit;
        uint8_t places;
        struct vg_quantity_terms t;
        enum vg_status status;
        int64_t number;
    } cases[] = {
        { 35000, VG_UNIT_MG, 0, { 0, 0 }, VG_OK, 35 },
        { 35000, VG_UNIT_MG_KG, 1, { KG_70, 0 }, VG_OK, 5 },
        { 35000, VG_UNIT_MG_KG, 3, { KG_70, 0 }, VG_OK, 500 },
        { 35000, VG_UNIT_ML, 1, { 0, MG_ML_50 }, VG_OK, 7 },
        { 52500, VG_UNIT_UG_KG_MIN, 1, { KG_70, 0 }, VG_OK, 125 },
        { 1, VG_UNIT_G, 0, { 0, 0 }, VG_OK, 0 }, /* too few places */
        { 0, VG_UNIT_MG, 3, { 0, 0 }, VG_OK, 0 },
        { 2500, VG_UNIT_MG, 0, { 0, 0 }, VG_OK, 2 },
        { 3500, VG_UNIT_MG, 0, { 0, 0 }, VG_OK, 4 },
        { -1, VG_UNIT_MG, 3, { 0, 0 }, VG_ERR_RANGE, 0 },
        { INT64_MAX, VG_UNIT_UG, 6, { 0, 0 }, VG_ERR_RANGE, 0 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_quantity q = { -1, 0, 0 };
        assert_int_equal(
            vg_quantity_from_ug(cases[i].ug, cases[i].unit, cases[i].places, &cases[i].t, &q),
            cases[i].status);
        assert_int_equal(q.number, cases[i].number);
        assert_int_equal(q.places, cases[i].places);
        assert_int_equal(q.unit, cases[i].unit);
    }
}

/* Six places of milligrams per kilogram are finer than a microgram of anybody under a tonne. */
static void test_quantity__there_and_back_is_the_same(void **state)
{
    unsigned cases = core_cases(20000);
    (void)state;
    (void)core_seed(11);
    for (unsigned i = 0; i < cases; i++) {
        struct vg_quantity_terms t = { (int32_t)(30000 + core_below(220000)),
                                       (int32_t)(1 + core_below(100000)) };
        struct vg_quantity q;
        enum vg_dose_unit unit = core_below(2) == 0 ? VG_UNIT_MG_KG : VG_UNIT_MG;
        int64_t ug = 1 + core_below(999999);
        int64_t back = 0;
        assert_int_equal(vg_quantity_from_ug(ug, unit, 6, &t, &q), VG_OK);
        assert_int_equal(vg_quantity_to_ug(&q, &t, &back), VG_OK);
        assert_int_equal(back, ug);
    }
}

/* Against long division in the grown-up way: no result is off by more than half a microgram. */
static void test_quantity__is_the_nearest_microgram(void **state)
{
    unsigned cases = core_cases(20000);
    (void)state;
    (void)core_seed(12);
    for (unsigned i = 0; i < cases; i++) {
        struct vg_quantity q = { 1 + core_below(100000), (uint8_t)core_below(7), VG_UNIT_MG_KG };
        struct vg_quantity_terms t = { (int32_t)(1 + core_below(300000)), 0 };
        long double exact = (long double)q.number * t.weight_g;
        int64_t ug = 0;
        for (uint8_t p = 0; p < q.places; p++) {
            exact /= 10;
        }
        if (vg_quantity_to_ug(&q, &t, &ug) == VG_OK) {
            long double off = exact - (long double)ug;
            assert_true(off <= 0.5001L && off >= -0.5001L);
        } else {
            assert_true(exact < 0.5001L || exact > (long double)VG_DOSE_MAX_UG);
        }
    }
}

static void test_quantity__text_is_what_was_typed(void **state)
{
    static const struct {
        struct vg_quantity q;
        const char *text;
    } cases[] = {
        { { 5, 1, VG_UNIT_MG_KG }, "0.5 mg/kg" },
        { { 35, 0, VG_UNIT_MG }, "35 mg" },
        { { 350, 1, VG_UNIT_MG }, "35.0 mg" },
        { { 5, 3, VG_UNIT_ML }, "0.005 mL" },
        { { 125, 1, VG_UNIT_UG_KG_MIN }, "12.5 ug/kg/min" },
        { { 1000000000, 6, VG_UNIT_G }, "1000.000000 g" },
        { { 0, 2, VG_UNIT_MG }, "0.00 mg" },
    };
    char text[VG_QUANTITY_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_string_equal(vg_quantity_text(&cases[i].q, text), cases[i].text);
    }
}

static void test_quantity__doses_are_shown_in_milligrams(void **state)
{
    static const struct {
        int64_t ug;
        bool rate;
        const char *text;
    } cases[] = {
        { 35000, false, "35 mg" },
        { 52500, true, "52.5 mg/h" },
        { 1, false, "0.001 mg" },
        { 35100, false, "35.1 mg" },
        { VG_DOSE_MAX_UG, false, "1000000 mg" },
        { 0, true, "0 mg/h" },
        { 10, false, "0.01 mg" },
    };
    char text[VG_QUANTITY_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_string_equal(vg_ug_text(cases[i].ug, cases[i].rate, text), cases[i].text);
    }
}

static void test_quantity__units_are_found_by_their_whole_name(void **state)
{
    static const char *const no[] = { "", "m", "mgs", "mg/", "MG", "ml", "mcg", "mg/kg/min", "g " };
    enum vg_dose_unit unit;
    (void)state;
    for (unsigned u = 0; u < VG_UNIT_COUNT; u++) {
        unit = VG_UNIT_COUNT;
        assert_true(vg_unit_find(vg_unit_get((enum vg_dose_unit)u)->name, &unit));
        assert_int_equal(unit, u);
    }
    for (size_t i = 0; i < VG_COUNT(no); i++) {
        assert_false(vg_unit_find(no[i], &unit));
    }
}

/* What is no unit never comes so far: the wire and the record refuse it. */
static struct vg_quantity odd;

static void converts(void)
{
    const struct vg_quantity_terms t = { KG_70, MG_ML_50 };
    int64_t ug;
    (void)vg_quantity_to_ug(&odd, &t, &ug);
}

static void looks(void)
{
    const struct vg_quantity_terms t = { KG_70, MG_ML_50 };
    (void)vg_quantity_is_whole(&odd, &t);
}

static void goes_back(void)
{
    const struct vg_quantity_terms t = { KG_70, MG_ML_50 };
    struct vg_quantity q;
    (void)vg_quantity_from_ug(1, (enum vg_dose_unit)odd.unit, odd.places, &t, &q);
}

static void gets(void)
{
    (void)vg_unit_get((enum vg_dose_unit)odd.unit);
}

static void test_quantity__what_is_no_unit_ends_the_program(void **state)
{
    static void (*const all[])(void) = { converts, looks, goes_back };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(all); i++) {
        odd = (struct vg_quantity){ 1, 0, VG_UNIT_COUNT };
        assert_true(trap_ends(all[i]));
        odd = (struct vg_quantity){ 1, VG_QUANTITY_PLACES_MAX + 1, VG_UNIT_MG };
        assert_true(trap_ends(all[i]));
        odd = (struct vg_quantity){ 1, VG_QUANTITY_PLACES_MAX, VG_UNIT_G };
        assert_false(trap_ends(all[i]));
    }
    odd.unit = VG_UNIT_COUNT;
    assert_true(trap_ends(gets));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantity__every_unit_is_exact),
        cmocka_unit_test(test_quantity__rounds_half_to_even),
        cmocka_unit_test(test_quantity__needs_what_its_unit_needs),
        cmocka_unit_test(test_quantity__more_than_a_kilogram_or_nothing_is_no_amount),
        cmocka_unit_test(test_quantity__is_whole_when_nothing_was_rounded),
        cmocka_unit_test(test_quantity__the_way_back),
        cmocka_unit_test(test_quantity__there_and_back_is_the_same),
        cmocka_unit_test(test_quantity__is_the_nearest_microgram),
        cmocka_unit_test(test_quantity__text_is_what_was_typed),
        cmocka_unit_test(test_quantity__doses_are_shown_in_milligrams),
        cmocka_unit_test(test_quantity__what_is_no_unit_ends_the_program),
        cmocka_unit_test(test_quantity__units_are_found_by_their_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
