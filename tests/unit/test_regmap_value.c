/* test_regmap_value.c -- one point: types, word orders, scale, rounding, what means nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "tests/support/regmap_bench.h"

/* One vital of any type at input register 0, spoken once. */
static const struct said *say_one(struct vg_point p, uint16_t r0, uint16_t r1)
{
    struct unit *u = &unit;

    memset(&u->map, 0, sizeof(u->map));
    p.role = VG_ROLE_VITAL;
    p.vital = VG_VITAL_CUFF_PRESSURE;
    p.area = VG_AREA_INPUT;
    u->map.points[0] = p;
    u->map.point_count = 1;
    u->map.max_regs = 125;
    (void)open_unit();
    u->poll.ok = 1;
    u->poll.regs[0] = r0;
    u->poll.regs[1] = r1;
    parse(u);
    assert_int_equal(readings(u, -1), 1);
    return sink_log_find(&u->log, SAID_READING, VG_VITAL_CUFF_PRESSURE, 0);
}

static void test_regmap_value__word_orders(void **state)
{
    static const struct {
        uint8_t order;
        uint16_t f0, f1; /* 36.75 */
        uint16_t u0, u1; /* 100000 */
    } rows[] = {
        { VG_ORDER_ABCD, 0x4213, 0x0000, 0x0001, 0x86a0 },
        { VG_ORDER_CDAB, 0x0000, 0x4213, 0x86a0, 0x0001 },
        { VG_ORDER_BADC, 0x1342, 0x0000, 0x0100, 0xa086 },
        { VG_ORDER_DCBA, 0x0000, 0x1342, 0xa086, 0x0100 },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_point p = { .type = VG_RT_F32, .order = rows[i].order, .scale_micro = 1000000 };
        const struct said *s = say_one(p, rows[i].f0, rows[i].f1);

        assert_int_equal(s->value, 36750);
        assert_int_equal(s->b, VG_QUALITY_OK);
        p.type = VG_RT_U32;
        s = say_one(p, rows[i].u0, rows[i].u1);
        assert_int_equal(s->value, 100000000);
        p.scale_micro = 1000; /* so that the wrong order would fit, too */
        p.has_range = true;
        p.max_milli = 1000000;
        s = say_one(p, rows[i].u1, rows[i].u0);
        assert_int_equal(s->b, VG_QUALITY_INVALID); /* the range catches a wrong order */
    }
}

static void test_regmap_value__types_scale_and_round(void **state)
{
    static const struct {
        uint8_t type;
        uint8_t bit;
        uint16_t r0, r1;
        int64_t scale, offset;
        int32_t milli;
    } rows[] = {
        { VG_RT_U16, 0, 0xffff, 0, 1000000, 0, 65535000 },
        { VG_RT_S16, 0, 0xfffd, 0, 1000000, 0, -3000 },
        { VG_RT_S16, 0, 0x8000, 0, 1000, 0, -32768 },
        { VG_RT_U8H, 0, 0x6100, 0, 1000000, 0, 97000 },
        { VG_RT_U8L, 0, 0x6148, 0, 1000000, 0, 72000 },
        { VG_RT_BIT, 3, 0x0008, 0, 1000000, 0, 1000 },
        { VG_RT_BIT, 3, 0xfff7, 0, 1000000, 0, 0 },
        { VG_RT_BCD16, 0, 0x1234, 0, 1000000, 0, 1234000 },
        { VG_RT_U32, 0, 0x0001, 0x0000, 1000, 0, 65536 },
        { VG_RT_S32, 0, 0xffff, 0xffff, 1000000, 0, -1000 },
        { VG_RT_S32, 0, 0x7fff, 0xffff, 1, 0, 2147484 },
        { VG_RT_U16, 0, 250, 0, 10000, 0, 2500 },
        { VG_RT_U16, 0, 100, 0, 1000000, -40000, 60000 },
        { VG_RT_U16, 0, 3, 0, 500, 0, 2 }, /* 1.5 away from zero */
        { VG_RT_S16, 0, 0xfffd, 0, 500, 0, -2 },
        { VG_RT_U16, 0, 16000, 0, 7501, 0, 120016 }, /* Pa to mmHg: 16 kPa */
        { VG_RT_F32, 0, 0xc040, 0x0000, 1000000, 0, -3000 },
        { VG_RT_F32, 0, 0x3b03, 0x126f, 1000000, 0, 2 }, /* 0.002 */
        { VG_RT_F32, 0, 0x3a03, 0x126f, 1000000, 0, 1 }, /* 0.0005, the half */
        { VG_RT_F32, 0, 0x0000, 0x0001, 1000000, 0, 0 }, /* subnormal */
        { VG_RT_F32, 0, 0x4a03, 0x126e, 1000000, 0, 2147483500 },
        { VG_RT_F32, 0, 0x467a, 0x0000, 7501, 0, 120016 }, /* 16000.0 */
        { VG_RT_F32, 0, 0x447a, 0x0001, 1000000, 0, 1000000 },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_point p = { .type = rows[i].type,
                              .bit = rows[i].bit,
                              .scale_micro = rows[i].scale,
                              .offset_milli = rows[i].offset };
        const struct said *s = say_one(p, rows[i].r0, rows[i].r1);

        assert_int_equal(s->b, VG_QUALITY_OK);
        assert_int_equal(s->value, rows[i].milli);
    }
}

static void test_regmap_value__raw_values_that_mean_nothing(void **state)
{
    static const struct {
        uint8_t type;
        uint16_t r0, r1;
        int64_t scale;
    } rows[] = {
        { VG_RT_F32, 0x7fc0, 0x0000, 1000000 }, /* NaN */
        { VG_RT_F32, 0x7f80, 0x0000, 1000000 }, /* infinity */
        { VG_RT_F32, 0xff80, 0x0000, 1000000 },
        { VG_RT_F32, 0x4f00, 0x0000, 1 }, /* 2^31 */
        { VG_RT_F32, 0x4b00, 0x0000, 1 }, /* 2^23: no 32 bits in thousandths */
        { VG_RT_F32, 0x4a03, 0x126f, 1 },
        { VG_RT_BCD16, 0x12a4, 0, 1000000 },
        { VG_RT_U32, 0xffff, 0xffff, 1000000 }, /* too large */
        { VG_RT_S32, 0x8000, 0x0000, 1000000 },
        { VG_RT_U16, 0x7fff, 0, 1000000 }, /* listed below */
        { VG_RT_U16, 0x0000, 0, 1000000 },
        { VG_RT_S16, 0x8001, 0, 1000000 },
        { VG_RT_U16, 301, 0, 1000000 }, /* above the range below */
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_point p = { .type = rows[i].type,
                              .scale_micro = rows[i].scale,
                              .invalid_count = 3,
                              .invalid = { 0x7fff, 0, 0x8001 },
                              .has_range = rows[i].r0 == 301,
                              .min_milli = 0,
                              .max_milli = 300000 };
        const struct said *s = say_one(p, rows[i].r0, rows[i].r1);

        assert_int_equal(s->b, VG_QUALITY_INVALID);
        assert_int_equal(s->value, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regmap_value__word_orders),
        cmocka_unit_test(test_regmap_value__types_scale_and_round),
        cmocka_unit_test(test_regmap_value__raw_values_that_mean_nothing),
    };

    return cmocka_run_group_tests_name("regmap_value", tests, NULL, NULL);
}
