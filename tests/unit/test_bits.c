/* test_bits.c -- checksums against published check values; narrowing and byte order at edges. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "drivers/bits.h"

static void test_bits__sum8_wraps_at_256(void **state)
{
    static const uint8_t many[] = { 0xff, 0xff, 0x03 };

    (void)state;
    assert_int_equal(vg_sum8(many, 0), 0);
    assert_int_equal(vg_sum8(many, 1), 0xff);
    assert_int_equal(vg_sum8(many, 3), 0x01);
}

static void test_bits__crc16_matches_the_published_check_value(void **state)
{
    static const uint8_t text[] = { '1', '2', '3', '4', '5', '6', '7', '8', '9' };

    (void)state;
    assert_int_equal(vg_crc16_modbus(text, sizeof(text)), 0x4b37);
    assert_int_equal(vg_crc16_modbus(text, 0), 0xffff);
}

/* Whole RTU frames: the CRC over frame and its own CRC, low byte first, is 0. */
static void test_bits__crc16_of_a_whole_rtu_frame_is_zero(void **state)
{
    static const uint8_t read_vm2[] = { 0x11, 0x04, 0x00, 0x00, 0x00, 0x07, 0xb3, 0x58 };
    static const uint8_t read_6[] = { 0x20, 0x03, 0x00, 0x06, 0x00, 0x04, 0xa2, 0xb9 };
    static const uint8_t read_10[] = { 0x20, 0x03, 0x00, 0x0a, 0x00, 0x01, 0xa2, 0xb9 };

    (void)state;
    assert_int_equal(vg_crc16_modbus(read_vm2, sizeof(read_vm2)), 0);
    /* Two different requests with one CRC: a reply cannot be told by its request's CRC. */
    assert_int_equal(vg_crc16_modbus(read_6, sizeof(read_6)), 0);
    assert_int_equal(vg_crc16_modbus(read_10, sizeof(read_10)), 0);
}

static void test_bits__byte_order_and_sign(void **state)
{
    static const uint8_t b[] = { 0x02, 0x81 };

    (void)state;
    assert_int_equal(vg_le16(b), 0x8102);
    assert_int_equal(vg_be16(b), 0x0281);
    assert_int_equal(vg_low8(0x1ffu), 0xff);
    assert_int_equal(vg_s16(0x0000), 0);
    assert_int_equal(vg_s16(0x7fff), 32767);
    assert_int_equal(vg_s16(0x8000), -32768);
    assert_int_equal(vg_s16(0xffff), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits__sum8_wraps_at_256),
        cmocka_unit_test(test_bits__crc16_matches_the_published_check_value),
        cmocka_unit_test(test_bits__crc16_of_a_whole_rtu_frame_is_zero),
        cmocka_unit_test(test_bits__byte_order_and_sign),
    };

    return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}
