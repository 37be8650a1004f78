/* test_regmap_build.c -- which register maps are refused, and which blocks are read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "tests/support/regmap_bench.h"

static void test_regmap_build__shipped_maps_pass_the_check(void **state)
{
    const char *why = "";
    uint32_t line = 1;

    (void)state;
    test_map_vm2(&unit.map);
    assert_int_equal(vg_regmap_check(&unit.map, &why, &line), VG_OK);
    assert_null(why);
    assert_true(vg_regmap_is_cuff(&unit.map));
    assert_int_equal(vg_regmap_vitals(&unit.map),
                     ((1u << VG_VITAL_COUNT) - 1u) & ~(1u << VG_VITAL_PLETH));
    test_map_dfrobot(&unit.map);
    assert_int_equal(vg_regmap_check(&unit.map, &why, &line), VG_OK);
    assert_false(vg_regmap_is_cuff(&unit.map));
    assert_int_equal(vg_regmap_vitals(&unit.map),
                     (1u << VG_VITAL_SPO2) | (1u << VG_VITAL_PULSE_RATE));
}

static void expect_fault(enum vg_status st, const char *part, uint32_t line)
{
    const char *why = NULL;
    uint32_t at = 0;

    assert_int_equal(vg_regmap_check(&unit.map, &why, &at), st);
    assert_non_null(why);
    if (strstr(why, part) == NULL) {
        fail_msg("\"%s\" does not speak of \"%s\"", why, part);
    }
    assert_int_equal(at, line);
}

static void test_regmap_build__check_refuses_malformed_points(void **state)
{
    struct vg_point *p = &unit.map.points[0];

    (void)state;
    test_map_vm2(&unit.map);
    p->role = VG_ROLE_COUNT;
    expect_fault(VG_ERR_FORMAT, "unknown role", 10);
    test_map_vm2(&unit.map);
    p->area = VG_AREA_COUNT;
    expect_fault(VG_ERR_FORMAT, "unknown role, area", 10);
    test_map_vm2(&unit.map);
    p->type = VG_RT_COUNT;
    expect_fault(VG_ERR_FORMAT, "type", 10);
    test_map_vm2(&unit.map);
    p->order = VG_ORDER_COUNT;
    expect_fault(VG_ERR_FORMAT, "order", 10);
    test_map_vm2(&unit.map);
    p->order = VG_ORDER_CDAB;
    expect_fault(VG_ERR_FORMAT, "32-bit", 10);
    test_map_vm2(&unit.map);
    p->addr = 65535;
    p->type = VG_RT_F32;
    expect_fault(VG_ERR_FORMAT, "65535", 10);
    test_map_vm2(&unit.map);
    p->area = VG_AREA_DISCRETE;
    expect_fault(VG_ERR_FORMAT, "one bit", 10);
    test_map_vm2(&unit.map);
    unit.map.points[3].bit = 16;
    expect_fault(VG_ERR_FORMAT, "0 to 15", 13);
    test_map_vm2(&unit.map);
    unit.map.points[3].area = VG_AREA_COIL;
    unit.map.points[3].bit = 1;
    expect_fault(VG_ERR_FORMAT, "absent for coils", 13);
    test_map_vm2(&unit.map);
    unit.map.points[3].type = VG_RT_U16;
    expect_fault(VG_ERR_FORMAT, "one bit", 13);
    test_map_vm2(&unit.map);
    test_map_role(&unit.map, VG_ROLE_NIBP_START)->area = VG_AREA_DISCRETE;
    expect_fault(VG_ERR_FORMAT, "written", 31);
}

static void test_regmap_build__check_refuses_bad_numbers(void **state)
{
    static const int64_t scales[] = { 0, INT64_C(1000000001), -INT64_C(1000000001) };
    struct vg_point *p = &unit.map.points[0];

    (void)state;
    for (size_t i = 0; i < VG_COUNT(scales); i++) {
        test_map_vm2(&unit.map);
        p->scale_micro = scales[i];
        expect_fault(VG_ERR_RANGE, "scale", 10);
    }
    test_map_vm2(&unit.map);
    p->offset_milli = INT64_MAX;
    expect_fault(VG_ERR_RANGE, "offset", 10);
    test_map_vm2(&unit.map);
    p->offset_milli = INT64_MIN;
    expect_fault(VG_ERR_RANGE, "offset", 10);
    test_map_vm2(&unit.map);
    p->invalid_count = VG_INVALID_MAX + 1;
    expect_fault(VG_ERR_RANGE, "invalid", 10);
    test_map_vm2(&unit.map);
    p->min_milli = p->max_milli + 1;
    expect_fault(VG_ERR_RANGE, "min", 10);
    test_map_vm2(&unit.map);
    p->vital = VG_VITAL_PLETH;
    expect_fault(VG_ERR_RANGE, "waveform", 10);
    test_map_vm2(&unit.map);
    p->vital = VG_VITAL_COUNT;
    expect_fault(VG_ERR_RANGE, "vital", 10);
    test_map_vm2(&unit.map);
    unit.map.points[4].signal_bit = 0;
    expect_fault(VG_ERR_RANGE, "signal", 14);
    test_map_vm2(&unit.map);
    p[1].vital = VG_VITAL_SPO2;
    expect_fault(VG_ERR_FORMAT, "already", 11);
    test_map_vm2(&unit.map);
    test_map_role(&unit.map, VG_ROLE_NIBP_ERROR)->role = VG_ROLE_NIBP_STATE;
    expect_fault(VG_ERR_FORMAT, "already", 29);
}

static void test_regmap_build__check_refuses_bad_heads(void **state)
{
    (void)state;
    test_map_vm2(&unit.map);
    unit.map.point_count = 0;
    expect_fault(VG_ERR_RANGE, "1 to 48", 0);
    unit.map.point_count = VG_POINTS_MAX + 1;
    expect_fault(VG_ERR_RANGE, "1 to 48", 0);
    test_map_vm2(&unit.map);
    unit.map.max_regs = 0;
    expect_fault(VG_ERR_RANGE, "max_regs", 0);
    unit.map.max_regs = 126;
    expect_fault(VG_ERR_RANGE, "max_regs", 0);
    test_map_vm2(&unit.map);
    unit.map.state_count = VG_ENUM_MAX + 1;
    expect_fault(VG_ERR_RANGE, "16", 0);
    test_map_vm2(&unit.map);
    unit.map.error_count = VG_ENUM_MAX + 1;
    expect_fault(VG_ERR_RANGE, "16", 0);
    test_map_vm2(&unit.map);
    unit.map.states[1].means = VG_MNS_COUNT;
    expect_fault(VG_ERR_FORMAT, "state", 0);
    test_map_vm2(&unit.map);
    unit.map.errors[1].means = VG_NIBP_ERROR_COUNT;
    expect_fault(VG_ERR_FORMAT, "error", 0);
    test_map_vm2(&unit.map);
    unit.map.state_count = 0;
    expect_fault(VG_ERR_FORMAT, "list of states", 0);
    test_map_vm2(&unit.map);
    unit.map.error_count = 0;
    expect_fault(VG_ERR_FORMAT, "list of errors", 0);
}

static void test_regmap_build__check_refuses_a_cuff_that_cannot_be_proven(void **state)
{
    (void)state;
    test_map_vm2(&unit.map);
    test_map_remove(&unit.map, test_map_role(&unit.map, VG_ROLE_NIBP_ABORT));
    expect_fault(VG_ERR_FORMAT, "abort", 0);
    test_map_vm2(&unit.map);
    test_map_remove(&unit.map, test_map_role(&unit.map, VG_ROLE_NIBP_STATE));
    expect_fault(VG_ERR_FORMAT, "state", 0);
    test_map_vm2(&unit.map);
    test_map_remove(&unit.map, test_map_role(&unit.map, VG_ROLE_NIBP_SEQ));
    (void)open_unit(); /* the age is proof enough */
    test_map_remove(&unit.map, test_map_role(&unit.map, VG_ROLE_NIBP_AGE));
    expect_fault(VG_ERR_FORMAT, "proof", 0);
    test_map_vm2(&unit.map);
    test_map_remove(&unit.map, test_map_vital(&unit.map, VG_VITAL_NIBP_DIA));
    expect_fault(VG_ERR_FORMAT, "together", 0);
    test_map_remove(&unit.map, test_map_vital(&unit.map, VG_VITAL_NIBP_SYS));
    expect_fault(VG_ERR_FORMAT, "systolic", 0);
}

static void test_regmap_build__check_refuses_what_cannot_be_read(void **state)
{
    (void)state;
    test_map_vm2(&unit.map);
    unit.map.max_regs = 8; /* the cuff's nine registers belong together */
    expect_fault(VG_ERR_RANGE, "max_regs", 0);
    test_map_dfrobot(&unit.map);
    unit.map.points[0] = unit.map.points[2];
    unit.map.point_count = 1;
    expect_fault(VG_ERR_FORMAT, "nothing to read", 0);
    test_map_dfrobot(&unit.map);
    for (uint16_t i = 0; i <= VG_BLOCKS_MAX; i++) {
        struct vg_point *p = &unit.map.points[3 + i];

        memset(p, 0, sizeof(*p));
        p->role = VG_ROLE_SIGNAL;
        p->area = VG_AREA_INPUT;
        p->type = VG_RT_BIT;
        p->addr = (uint16_t)(100 + 10 * i);
        p->signal_bit = VG_SIGNAL_SEARCHING;
    }
    unit.map.point_count = 3 + VG_BLOCKS_MAX + 1;
    expect_fault(VG_ERR_FULL, "too many blocks", 0);
    unit.map.max_fill = 9; /* fits with filler, but must be readable without */
    expect_fault(VG_ERR_FULL, "too many blocks", 0);
}

static void test_regmap_build__blocks_of_the_worked_example(void **state)
{
    /* Points at 0-6, 16-24 and two signals at 26 and 27. */
    static const struct {
        uint16_t max_fill, max_regs, count;
        struct {
            uint16_t addr, count;
            bool has_fill;
        } of[3];
    } rows[] = {
        { 0, 125, 3, { { 0, 7, false }, { 16, 9, false }, { 26, 2, false } } },
        { 1, 125, 2, { { 0, 7, false }, { 16, 12, true }, { 0, 0, false } } },
        { 9, 125, 1, { { 0, 28, true }, { 0, 0, false }, { 0, 0, false } } },
        { 9, 9, 3, { { 0, 7, false }, { 16, 9, false }, { 26, 2, false } } },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct unit *u = NULL;
        uint16_t at = 0;

        test_map_vm2(&unit.map);
        for (uint16_t k = 0; k < 2; k++) {
            struct vg_point *p = &unit.map.points[unit.map.point_count];

            *p = unit.map.points[4];
            p->addr = (uint16_t)(27 - k);
            unit.map.point_count++;
        }
        unit.map.max_fill = rows[i].max_fill;
        unit.map.max_regs = rows[i].max_regs;
        u = open_unit();
        assert_int_equal(u->blocks.count, rows[i].count);
        for (uint16_t k = 0; k < rows[i].count; k++) {
            assert_int_equal(u->blocks.of[k].area, VG_AREA_INPUT);
            assert_int_equal(u->blocks.of[k].addr, rows[i].of[k].addr);
            assert_int_equal(u->blocks.of[k].count, rows[i].of[k].count);
            assert_int_equal(u->blocks.of[k].has_fill, rows[i].of[k].has_fill);
            assert_int_equal(u->blocks.of[k].at, at);
            at = (uint16_t)(at + u->blocks.of[k].count);
        }
        assert_int_equal(u->blocks.total, at);
        vg_regmap_blocks(&u->map, false, &u->blocks);
        assert_int_equal(u->blocks.count, 3);
        assert_false(u->blocks.of[0].has_fill || u->blocks.of[1].has_fill);
    }
}

static void test_regmap_build__blocks_are_ordered_by_area_and_merge_overlaps(void **state)
{
    struct unit *u = NULL;

    (void)state;
    test_map_dfrobot(&unit.map);
    unit.map.points[2] = (struct vg_point){ .role = VG_ROLE_SIGNAL,
                                            .area = VG_AREA_DISCRETE,
                                            .type = VG_RT_BIT,
                                            .addr = 40,
                                            .signal_bit = VG_SIGNAL_SEARCHING };
    unit.map.points[3] = unit.map.points[2];
    unit.map.points[3].area = VG_AREA_HOLDING; /* inside the group 6..8 */
    unit.map.points[3].addr = 8;
    unit.map.points[4] = unit.map.points[3]; /* the same register again */
    unit.map.points[4].bit = 3;
    unit.map.point_count = 5;
    u = open_unit();
    assert_int_equal(u->blocks.count, 2);
    assert_int_equal(u->blocks.of[0].area, VG_AREA_DISCRETE);
    assert_int_equal(u->blocks.of[0].count, 1);
    assert_int_equal(u->blocks.of[1].area, VG_AREA_HOLDING);
    assert_int_equal(u->blocks.of[1].addr, 6);
    assert_int_equal(u->blocks.of[1].count, 3);
    assert_int_equal(u->blocks.of[1].at, 1);
}

static void test_regmap_build__a_group_is_never_split_by_a_hole(void **state)
{
    struct unit *u = NULL;

    (void)state;
    test_map_dfrobot(&unit.map);
    unit.map.points[1].addr = 20;
    u = open_unit();
    vg_regmap_blocks(&u->map, false, &u->blocks);
    assert_int_equal(u->blocks.count, 1);
    assert_int_equal(u->blocks.of[0].count, 16);
    assert_true(u->blocks.of[0].has_fill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regmap_build__shipped_maps_pass_the_check),
        cmocka_unit_test(test_regmap_build__check_refuses_malformed_points),
        cmocka_unit_test(test_regmap_build__check_refuses_bad_numbers),
        cmocka_unit_test(test_regmap_build__check_refuses_bad_heads),
        cmocka_unit_test(test_regmap_build__check_refuses_a_cuff_that_cannot_be_proven),
        cmocka_unit_test(test_regmap_build__check_refuses_what_cannot_be_read),
        cmocka_unit_test(test_regmap_build__blocks_of_the_worked_example),
        cmocka_unit_test(test_regmap_build__blocks_are_ordered_by_area_and_merge_overlaps),
        cmocka_unit_test(test_regmap_build__a_group_is_never_split_by_a_hole),
    };

    return cmocka_run_group_tests_name("regmap_build", tests, NULL, NULL);
}
