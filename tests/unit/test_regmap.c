/*
 * test_regmap.c -- continuous values, their proof of freshness, the signals. Whole RTU replies of
 * the VM-2 and the DFRobot board stand here as golden vectors, with their CRC.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "tests/support/regmap_bench.h"

static const uint8_t vm2_good[] = { 0x11, 0x04, 0x0e, 0x00, 0x62, 0x00, 0x48, 0x00, 0xfa, 0x00,
                                    0x03, 0x00, 0x01, 0x86, 0xa0, 0x00, 0x04, 0x05, 0x6c };
static const uint8_t vm2_no_finger[] = { 0x11, 0x04, 0x0e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00,
                                         0x08, 0x00, 0x01, 0x86, 0xa1, 0x00, 0x00, 0xd3, 0x4c };

static void test_regmap__vm2_oximeter_frames(void **state)
{
    struct unit *u = open_vm2();

    (void)state;
    set_reply(u, VG_AREA_INPUT, 0, vm2_good, sizeof(vm2_good));
    parse(u);
    /* The first poll proves nothing: the counter may have stood there for an hour. */
    assert_int_equal(readings(u, -1), 0);
    assert_int_equal(sink_log_find(&u->log, SAID_SIGNAL, -1, 0)->b, 0);
    set_in(u, 5, 0x86a1);
    parse(u);
    expect_reading(u, VG_VITAL_SPO2, 98000, VG_QUALITY_OK);
    expect_reading(u, VG_VITAL_PULSE_RATE, 72000, VG_QUALITY_OK);
    expect_reading(u, VG_VITAL_PERFUSION_INDEX, 2500, VG_QUALITY_OK);
    assert_int_equal(readings(u, -1), 3);
    sink_log_clear(&u->log);
    parse(u); /* frozen, although the age is small */
    assert_int_equal(u->log.total, 0);
}

static void test_regmap__vm2_no_finger(void **state)
{
    struct unit *u = open_vm2();

    (void)state;
    set_reply(u, VG_AREA_INPUT, 0, vm2_good, sizeof(vm2_good));
    parse(u);
    sink_log_clear(&u->log);
    set_reply(u, VG_AREA_INPUT, 0, vm2_no_finger, sizeof(vm2_no_finger));
    parse(u);
    assert_int_equal(u->log.of[0].kind, SAID_SIGNAL);
    assert_int_equal(u->log.of[0].b, VG_SIGNAL_SENSOR_OFF);
    expect_reading(u, VG_VITAL_SPO2, 0, VG_QUALITY_INVALID);
    expect_reading(u, VG_VITAL_PULSE_RATE, 0, VG_QUALITY_INVALID);
    expect_reading(u, VG_VITAL_PERFUSION_INDEX, 0, VG_QUALITY_INVALID);
}

static void test_regmap__status_bits_decide_on_quality(void **state)
{
    static const struct {
        uint16_t status;
        uint32_t signal;
        enum vg_quality q;
    } rows[] = {
        { 0x0003, 0, VG_QUALITY_OK },
        { 0x0002, 0, VG_QUALITY_INVALID }, /* not valid */
        { 0x0007, VG_SIGNAL_SENSOR_OFF, VG_QUALITY_INVALID },
        { 0x000f, VG_SIGNAL_SENSOR_OFF, VG_QUALITY_INVALID },
        { 0x8003, VG_SIGNAL_HW_FAULT, VG_QUALITY_INVALID },
        { 0x0013, VG_SIGNAL_SEARCHING, VG_QUALITY_QUESTIONABLE },
        { 0x0023, VG_SIGNAL_LOW_PERFUSION, VG_QUALITY_QUESTIONABLE },
        { 0x0043, VG_SIGNAL_ARTIFACT, VG_QUALITY_QUESTIONABLE },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct unit *u = open_vm2();

        set_reply(u, VG_AREA_INPUT, 0, vm2_good, sizeof(vm2_good));
        parse(u);
        sink_log_clear(&u->log);
        set_in(u, 3, rows[i].status);
        set_in(u, 5, 1);
        parse(u);
        expect_reading(u, VG_VITAL_SPO2, rows[i].q == VG_QUALITY_INVALID ? 0 : 98000, rows[i].q);
        assert_int_equal(sink_log_count(&u->log, SAID_SIGNAL, -1), rows[i].signal != 0 ? 1 : 0);
        assert_int_equal(u->st.signal_bits, rows[i].signal);
    }
}

static void test_regmap__age_limits_the_sample(void **state)
{
    static const struct {
        uint16_t age;
        bool is_taken;
    } rows[] = { { 0, true }, { 30, true }, { 31, false }, { 0xfffe, false }, { 0xffff, false } };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        for (uint32_t with_counter = 0; with_counter < 2; with_counter++) {
            struct unit *u = NULL;

            test_map_vm2(&unit.map);
            if (with_counter == 0) {
                test_map_remove(&unit.map, test_map_role(&unit.map, VG_ROLE_COUNTER));
            }
            u = open_unit();
            for (uint16_t poll = 0; poll < 2; poll++) {
                set_in(u, 0, 97);
                set_in(u, 3, 1);
                if (with_counter != 0) {
                    set_in(u, 5, poll);
                }
                set_in(u, 6, rows[i].age);
                sink_log_clear(&u->log);
                parse(u);
            }
            assert_int_equal(readings(u, VG_VITAL_SPO2), rows[i].is_taken ? 1 : 0);
        }
    }
}

static void test_regmap__missing_block_says_nothing(void **state)
{
    struct unit *u = open_vm2();

    (void)state;
    set_reply(u, VG_AREA_INPUT, 0, vm2_good, sizeof(vm2_good));
    set_in(u, 3, 0x0023);
    parse(u);
    set_in(u, 5, 1);
    u->poll.ok = 0;
    sink_log_clear(&u->log);
    parse(u);
    assert_int_equal(u->log.total, 0);
    assert_int_equal(u->st.signal_bits, VG_SIGNAL_LOW_PERFUSION);
    u->poll.ok = 1;
    parse(u);
    expect_reading(u, VG_VITAL_SPO2, 98000, VG_QUALITY_QUESTIONABLE);
    assert_int_equal(sink_log_count(&u->log, SAID_SIGNAL, -1), 0);
}

/* Blocks rebuilt for fewer points than the map has: what was not read says nothing. */
static void test_regmap__points_outside_all_blocks_say_nothing(void **state)
{
    struct unit *u = open_vm2();

    (void)state;
    u->blocks.count = 0;
    u->poll.ok = UINT32_MAX;
    parse(u);
    assert_int_equal(u->log.total, 0);
}

/* Age and valid bit in other areas than the values, and one of them does not arrive. */
static void test_regmap__proof_in_a_missing_block_is_no_proof(void **state)
{
    struct unit *u = NULL;

    (void)state;
    test_map_vm2(&unit.map);
    test_map_role(&unit.map, VG_ROLE_VALID)->area = VG_AREA_DISCRETE;
    test_map_role(&unit.map, VG_ROLE_AGE)->area = VG_AREA_HOLDING;
    u = open_unit();
    for (uint16_t poll = 0; poll < 6; poll++) {
        u->poll.ok = 0;
        set_in(u, 0, 97);
        set_in(u, 5, poll);
        if (poll != 3) {
            set_reg(u, VG_AREA_HOLDING, 6, 1);
        }
        if (poll != 4) {
            set_reg(u, VG_AREA_DISCRETE, 3, poll == 5 ? 0 : 1);
        }
        sink_log_clear(&u->log);
        parse(u);
        assert_int_equal(readings(u, VG_VITAL_SPO2), poll == 0 || poll == 3 || poll == 4 ? 0 : 1);
        if (poll == 5) {
            expect_reading(u, VG_VITAL_SPO2, 0, VG_QUALITY_INVALID);
        }
    }
}

static void test_regmap__dfrobot_frames(void **state)
{
    static const uint8_t good[] = { 0x20, 0x03, 0x08, 0x61, 0x00, 0x00, 0x00,
                                    0x00, 0x49, 0x00, 0x00, 0x2c, 0xd9 };
    static const uint8_t no_finger[] = { 0x20, 0x03, 0x08, 0x00, 0x00, 0x00, 0x00,
                                         0x00, 0x00, 0x00, 0x00, 0x3a, 0xeb };
    struct unit *u = NULL;
    enum vg_area area = VG_AREA_COIL;
    uint16_t addr = 0;
    uint16_t value = 0;

    (void)state;
    test_map_dfrobot(&unit.map);
    u = open_unit();
    assert_int_equal(vg_crc16_modbus(good, sizeof(good)), 0);
    assert_int_equal(vg_crc16_modbus(no_finger, sizeof(no_finger)), 0);
    assert_int_equal(u->blocks.of[0].addr, 6);
    assert_int_equal(u->blocks.of[0].count, 3);
    for (uint16_t i = 0; i < 3; i++) {
        set_reg(u, VG_AREA_HOLDING, (uint16_t)(6 + i), vg_be16(good + 3 + 2 * i));
    }
    parse(u);
    /* Nothing proves freshness, so the map lets no value be better than questionable. */
    expect_reading(u, VG_VITAL_SPO2, 97000, VG_QUALITY_QUESTIONABLE);
    expect_reading(u, VG_VITAL_PULSE_RATE, 73000, VG_QUALITY_QUESTIONABLE);
    sink_log_clear(&u->log);
    for (uint16_t i = 0; i < 3; i++) {
        set_reg(u, VG_AREA_HOLDING, (uint16_t)(6 + i), vg_be16(no_finger + 3 + 2 * i));
    }
    parse(u);
    expect_reading(u, VG_VITAL_SPO2, 0, VG_QUALITY_INVALID);
    expect_reading(u, VG_VITAL_PULSE_RATE, 0, VG_QUALITY_INVALID);
    assert_int_equal(vg_regmap_write(&u->map, &u->st, VG_REQ_NONE, &area, &addr, &value), VG_OK);
    assert_int_equal(area, VG_AREA_HOLDING);
    assert_int_equal(addr, 16);
    assert_int_equal(value, 1);
    assert_int_equal(ask(u, VG_REQ_NIBP_START), VG_ERR_STATE);
    assert_int_equal(ask(u, VG_REQ_NIBP_ABORT), VG_ERR_STATE);
    assert_int_equal(words(u, VG_CUFF_IDLE), 0);
}

static void test_regmap__unchanged_values_become_questionable(void **state)
{
    struct unit *u = NULL;

    (void)state;
    test_map_dfrobot(&unit.map);
    unit.map.unproven_polls = 3;
    u = open_unit();
    set_reg(u, VG_AREA_HOLDING, 6, 0x6100);
    set_reg(u, VG_AREA_HOLDING, 8, 72);
    for (uint32_t poll = 0; poll < 6; poll++) {
        sink_log_clear(&u->log);
        parse(u);
        expect_reading(u, VG_VITAL_SPO2, 97000,
                       poll >= 3 ? VG_QUALITY_QUESTIONABLE : VG_QUALITY_OK);
    }
    set_reg(u, VG_AREA_HOLDING, 8, 73); /* the rate moved: the board lives */
    sink_log_clear(&u->log);
    parse(u);
    expect_reading(u, VG_VITAL_SPO2, 97000, VG_QUALITY_OK);
    u->st.unchanged_polls = UINT16_MAX;
    sink_log_clear(&u->log);
    parse(u);
    assert_int_equal(u->st.unchanged_polls, UINT16_MAX);
    expect_reading(u, VG_VITAL_SPO2, 97000, VG_QUALITY_QUESTIONABLE);
    u->poll.ok = 0;
    sink_log_clear(&u->log);
    parse(u);
    assert_int_equal(u->log.total, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regmap__vm2_oximeter_frames),
        cmocka_unit_test(test_regmap__vm2_no_finger),
        cmocka_unit_test(test_regmap__status_bits_decide_on_quality),
        cmocka_unit_test(test_regmap__age_limits_the_sample),
        cmocka_unit_test(test_regmap__missing_block_says_nothing),
        cmocka_unit_test(test_regmap__points_outside_all_blocks_say_nothing),
        cmocka_unit_test(test_regmap__proof_in_a_missing_block_is_no_proof),
        cmocka_unit_test(test_regmap__dfrobot_frames),
        cmocka_unit_test(test_regmap__unchanged_values_become_questionable),
    };

    return cmocka_run_group_tests_name("regmap", tests, NULL, NULL);
}
