/*
 * test_vital.c -- the vital table: names, ranges, codes, and the ages freshness is judged by.
 */
#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/time.h"
#include "vigil/vital.h"

#define S(n) ((n)*VG_NS_PER_S)

static const struct {
    enum vg_vital v;
    const char *name;
    uint32_t code, unit_code;
    bool continuous;
    int stale_s, lost_s;
} table[] = {
    { VG_VITAL_SPO2, "spo2", 150456, 262688, true, 10, 30 },
    { VG_VITAL_PULSE_RATE, "pulse_rate", 149530, 264864, true, 10, 30 },
    { VG_VITAL_PERFUSION_INDEX, "perfusion_index", 150488, 262688, true, 10, 0 },
    { VG_VITAL_PLETH, "pleth", 150452, 262656, true, 10, 0 },
    { VG_VITAL_NIBP_SYS, "nibp_sys", 150021, 266016, false, 900, 0 },
    { VG_VITAL_NIBP_DIA, "nibp_dia", 150022, 266016, false, 900, 0 },
    { VG_VITAL_NIBP_MEAN, "nibp_mean", 150023, 266016, false, 900, 0 },
    { VG_VITAL_NIBP_PULSE_RATE, "nibp_pulse_rate", 149546, 264864, false, 900, 0 },
    { VG_VITAL_CUFF_PRESSURE, "cuff_pressure", 150300, 266016, true, 10, 0 },
};
static_assert(VG_COUNT(table) == VG_VITAL_COUNT, "a vital is not tested");

static void test_vital__rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(table); i++) {
        const struct vg_vital_info *info = vg_vital_get(table[i].v);
        assert_string_equal(info->name, table[i].name);
        assert_int_equal(info->code, table[i].code);
        assert_int_equal(info->unit_code, table[i].unit_code);
        assert_int_equal(info->continuous, table[i].continuous);
        assert_int_equal(info->stale_ns, S(table[i].stale_s));
        assert_int_equal(info->lost_ns, S(table[i].lost_s));
        assert_true(info->aging_ns < info->stale_ns);
        assert_true(info->lost_ns == 0 || info->stale_ns < info->lost_ns);
        assert_true(info->min_milli < info->max_milli);
        assert_true(info->wire_milli == 1000 || info->wire_milli == 10);
        assert_true(info->unit[0] != '\0');
    }
}

static void test_vital__names_find_their_row(void **state)
{
    static const char *const strangers[] = { "", "spo", "spo22", "SPO2", "nibp" };
    enum vg_vital v = VG_VITAL_COUNT;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(table); i++) {
        assert_true(vg_vital_find(table[i].name, &v));
        assert_int_equal(v, table[i].v);
    }
    for (size_t i = 0; i < VG_COUNT(strangers); i++) {
        assert_false(vg_vital_find(strangers[i], &v));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vital__rows),
        cmocka_unit_test(test_vital__names_find_their_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
