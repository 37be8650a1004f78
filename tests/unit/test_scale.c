/*
 * test_scale.c -- the built-in scales: their ends are clinical facts, so they are spelled out once
 * more.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/scale.h"

static void test_scale__the_built_in_ones(void **state)
{
    static const struct {
        enum vg_scale_builtin scale;
        const char *id;
        int32_t min, max;
    } cases[] = {
        { VG_SCALE_MOAAS, "moaas", 0, 5 },
        { VG_SCALE_RASS, "rass", -5, 4 },
        { VG_SCALE_DISSOCIATION, "dissociation", 0, 10 },
        { VG_SCALE_NAUSEA, "nausea", 0, 3 },
        { VG_SCALE_ANXIETY, "anxiety", 0, 10 },
        { VG_SCALE_PAIN, "pain", 0, 10 },
        { VG_SCALE_ALDRETE, "aldrete", 0, 10 },
    };
    struct vg_scales s;
    (void)state;
    memset(&s, 0xff, sizeof s);
    vg_scales_default(&s);
    assert_int_equal(s.count, VG_COUNT(cases));
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const struct vg_scale *scale = &s.of[cases[i].scale];
        assert_string_equal(scale->id, cases[i].id);
        assert_int_equal(scale->min, cases[i].min);
        assert_int_equal(scale->max, cases[i].max);
        assert_true(scale->title[0] != '\0');
        assert_int_equal(vg_scale_find(&s, cases[i].id), cases[i].scale);
    }
    assert_int_equal(s.of[s.count].id[0], '\0'); /* nothing of what stood there before */
}

static void test_scale__is_found_by_its_whole_id(void **state)
{
    static const char *const no[] = { "", "moaa", "moaas ", "MOAAS", "sleep" };
    struct vg_scales s;
    (void)state;
    vg_scales_default(&s);
    for (size_t i = 0; i < VG_COUNT(no); i++) {
        assert_int_equal(vg_scale_find(&s, no[i]), VG_SCALES_MAX);
    }
    memcpy(s.of[s.count].id, "sleep", sizeof "sleep"); /* one that a clinic adds */
    s.count++;
    assert_int_equal(vg_scale_find(&s, "sleep"), VG_SCALE_BUILTIN_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale__the_built_in_ones),
        cmocka_unit_test(test_scale__is_found_by_its_whole_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
