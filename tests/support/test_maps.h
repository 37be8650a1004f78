/*
 * test_maps.h -- the two shipped register maps as C, so that tests of the register-map driver need
 * no configuration reader. They say the same as config/modbus/. Header only: fuzzers use it, too.
 */
#ifndef VIGIL_TESTS_SUPPORT_TEST_MAPS_H
#define VIGIL_TESTS_SUPPORT_TEST_MAPS_H

#include <string.h>

#include "drivers/regmap.h"
#include "vigil/compiler.h"

#define TEST_MAP_SCALE_1 1000000
#define TEST_MAP_NONE 0xffffu

static const struct vg_point test_map_vm2_points[] = {
    { .role = VG_ROLE_VITAL,
      .vital = VG_VITAL_SPO2,
      .area = VG_AREA_INPUT,
      .type = VG_RT_U16,
      .addr = 0,
      .scale_micro = TEST_MAP_SCALE_1,
      .invalid_count = 1,
      .invalid = { TEST_MAP_NONE },
      .has_range = true,
      .min_milli = 1000,
      .max_milli = 100000 },
    { .role = VG_ROLE_VITAL,
      .vital = VG_VITAL_PULSE_RATE,
      .area = VG_AREA_INPUT,
      .type = VG_RT_U16,
      .addr = 1,
      .scale_micro = TEST_MAP_SCALE_1,
      .invalid_count = 1,
      .invalid = { TEST_MAP_NONE },
      .has_range = true,
      .min_milli = 18000,
      .max_milli = 350000 },
    { .role = VG_ROLE_VITAL,
      .vital = VG_VITAL_PERFUSION_INDEX,
      .area = VG_AREA_INPUT,
      .type = VG_RT_U16,
      .addr = 2,
      .scale_micro = 10000,
      .invalid_count = 1,
      .invalid = { TEST_MAP_NONE },
      .has_range = true,
      .min_milli = 10,
      .max_milli = 30000 },
    { .role = VG_ROLE_VALID, .area = VG_AREA_INPUT, .type = VG_RT_BIT, .addr = 3, .bit = 0 },
    { .role = VG_ROLE_SIGNAL,
      .area = VG_AREA_INPUT,
      .type = VG_RT_BIT,
      .addr = 3,
      .bit = 2,
      .signal_bit = VG_SIGNAL_SENSOR_OFF },
    { .role = VG_ROLE_SIGNAL,
      .area = VG_AREA_INPUT,
      .type = VG_RT_BIT,
      .addr = 3,
      .bit = 3,
      .signal_bit = VG_SIGNAL_SENSOR_OFF },
    { .role = VG_ROLE_SIGNAL,
      .area = VG_AREA_INPUT,
      .type = VG_RT_BIT,
      .addr = 3,
      .bit = 4,
      .signal_bit = VG_SIGNAL_SEARCHING },
    { .role = VG_ROLE_SIGNAL,
      .area = VG_AREA_INPUT,
      .type = VG_RT_BIT,
      .addr = 3,
      .bit = 5,
      .signal_bit = VG_SIGNAL_LOW_PERFUSION },
    { .role = VG_ROLE_SIGNAL,
      .area = VG_AREA_INPUT,
      .type = VG_RT_BIT,
      .addr = 3,
      .bit = 6,
      .signal_bit = VG_SIGNAL_ARTIFACT },
    { .role = VG_ROLE_SIGNAL,
      .area = VG_AREA_INPUT,
      .type = VG_RT_BIT,
      .addr = 3,
      .bit = 15,
      .signal_bit = VG_SIGNAL_HW_FAULT },
    { .role = VG_ROLE_COUNTER, .area = VG_AREA_INPUT, .type = VG_RT_U32, .addr = 4 },
    { .role = VG_ROLE_AGE,
      .area = VG_AREA_INPUT,
      .type = VG_RT_U16,
      .addr = 6,
      .scale_micro = 100000,
      .invalid_count = 1,
      .invalid = { TEST_MAP_NONE } },
    { .role = VG_ROLE_NIBP_STATE, .area = VG_AREA_INPUT, .type = VG_RT_U16, .addr = 16 },
    { .role = VG_ROLE_VITAL,
      .vital = VG_VITAL_NIBP_SYS,
      .area = VG_AREA_INPUT,
      .type = VG_RT_U16,
      .addr = 17,
      .scale_micro = TEST_MAP_SCALE_1,
      .invalid_count = 1,
      .invalid = { TEST_MAP_NONE } },
    { .role = VG_ROLE_VITAL,
      .vital = VG_VITAL_NIBP_DIA,
      .area = VG_AREA_INPUT,
      .type = VG_RT_U16,
      .addr = 18,
      .scale_micro = TEST_MAP_SCALE_1,
      .invalid_count = 1,
      .invalid = { TEST_MAP_NONE } },
    { .role = VG_ROLE_VITAL,
      .vital = VG_VITAL_NIBP_MEAN,
      .area = VG_AREA_INPUT,
      .type = VG_RT_U16,
      .addr = 19,
      .scale_micro = TEST_MAP_SCALE_1,
      .invalid_count = 1,
      .invalid = { TEST_MAP_NONE } },
    { .role = VG_ROLE_VITAL,
      .vital = VG_VITAL_NIBP_PULSE_RATE,
      .area = VG_AREA_INPUT,
      .type = VG_RT_U16,
      .addr = 20,
      .scale_micro = TEST_MAP_SCALE_1,
      .invalid_count = 1,
      .invalid = { TEST_MAP_NONE } },
    { .role = VG_ROLE_VITAL,
      .vital = VG_VITAL_CUFF_PRESSURE,
      .area = VG_AREA_INPUT,
      .type = VG_RT_S16,
      .addr = 21,
      .scale_micro = TEST_MAP_SCALE_1,
      .has_range = true,
      .min_milli = -30000,
      .max_milli = 350000 },
    { .role = VG_ROLE_NIBP_AGE,
      .area = VG_AREA_INPUT,
      .type = VG_RT_U16,
      .addr = 22,
      .scale_micro = TEST_MAP_SCALE_1,
      .invalid_count = 1,
      .invalid = { TEST_MAP_NONE } },
    { .role = VG_ROLE_NIBP_ERROR, .area = VG_AREA_INPUT, .type = VG_RT_U16, .addr = 23 },
    { .role = VG_ROLE_NIBP_SEQ, .area = VG_AREA_INPUT, .type = VG_RT_U16, .addr = 24 },
    { .role = VG_ROLE_NIBP_START, .area = VG_AREA_COIL, .type = VG_RT_BIT, .addr = 0 },
    { .role = VG_ROLE_NIBP_ABORT, .area = VG_AREA_COIL, .type = VG_RT_BIT, .addr = 1 },
    { .role = VG_ROLE_ENABLE,
      .area = VG_AREA_COIL,
      .type = VG_RT_BIT,
      .addr = 3,
      .write_value = 1 },
};

static const struct vg_code test_map_vm2_states[] = {
    { 0, VG_MNS_IDLE },           { 1, VG_MNS_BUSY_INFLATING }, { 2, VG_MNS_BUSY_INFLATING },
    { 3, VG_MNS_BUSY_MEASURING }, { 4, VG_MNS_DONE },           { 5, VG_MNS_FAILED },
    { 6, VG_MNS_ABORTED },        { 7, VG_MNS_IDLE },
};

static const struct vg_code test_map_vm2_errors[] = {
    { 0, VG_NIBP_OK },
    { 1, VG_NIBP_WEAK_SIGNAL },
    { 2, VG_NIBP_MOTION },
    { 3, VG_NIBP_OUT_OF_RANGE },
    { 4, VG_NIBP_MEAS_TIMEOUT },
    { 5, VG_NIBP_LOOSE_OR_LEAK },
    { 6, VG_NIBP_LOOSE_OR_LEAK },
    { 7, VG_NIBP_PNEUMATIC_BLOCK },
    { 8, VG_NIBP_OVERPRESSURE },
    { 9, VG_NIBP_SAFETY_TIMEOUT },
    { 10, VG_NIBP_HW_FAULT },
};

static const struct vg_point test_map_dfrobot_points[] = {
    { .role = VG_ROLE_VITAL,
      .vital = VG_VITAL_SPO2,
      .area = VG_AREA_HOLDING,
      .type = VG_RT_U8H,
      .addr = 6,
      .scale_micro = TEST_MAP_SCALE_1,
      .invalid_count = 1,
      .invalid = { 0 },
      .has_range = true,
      .min_milli = 1000,
      .max_milli = 100000 },
    { .role = VG_ROLE_VITAL,
      .vital = VG_VITAL_PULSE_RATE,
      .area = VG_AREA_HOLDING,
      .type = VG_RT_U32,
      .addr = 7,
      .scale_micro = TEST_MAP_SCALE_1,
      .invalid_count = 1,
      .invalid = { 0 },
      .has_range = true,
      .min_milli = 18000,
      .max_milli = 350000 },
    { .role = VG_ROLE_ENABLE,
      .area = VG_AREA_HOLDING,
      .type = VG_RT_U16,
      .addr = 16,
      .write_value = 1 },
};

static inline void test_map_put(struct vg_regmap *map, const struct vg_point *p, size_t count)
{
    memcpy(map->points, p, count * sizeof(*p));
    map->point_count = (uint16_t)count;
    for (size_t i = 0; i < count; i++) {
        map->points[i].line = (uint32_t)(i + 10);
    }
}

/* VM-2, the invented unit of docs/devices/vm2.md: oximeter and cuff with every proof there is. */
static inline void test_map_vm2(struct vg_regmap *map)
{
    memset(map, 0, sizeof(*map));
    memcpy(map->name, "vm2", 4);
    map->max_regs = 125;
    map->age_max_milli = 3000;
    test_map_put(map, test_map_vm2_points, VG_COUNT(test_map_vm2_points));
    memcpy(map->states, test_map_vm2_states, sizeof(test_map_vm2_states));
    map->state_count = VG_COUNT(test_map_vm2_states);
    memcpy(map->errors, test_map_vm2_errors, sizeof(test_map_vm2_errors));
    map->error_count = VG_COUNT(test_map_vm2_errors);
}

/* DFRobot SEN0344: bytes in registers, 0 for "nothing", no proof of freshness. */
static inline void test_map_dfrobot(struct vg_regmap *map)
{
    memset(map, 0, sizeof(*map));
    memcpy(map->name, "dfrobot", 8);
    map->max_regs = 125;
    test_map_put(map, test_map_dfrobot_points, VG_COUNT(test_map_dfrobot_points));
}

/* The point of a role; the test ends by trap when the map has none. */
static inline struct vg_point *test_map_role(struct vg_regmap *map, enum vg_role role)
{
    for (uint32_t i = 0; i < map->point_count; i++) {
        if (map->points[i].role == role) {
            return &map->points[i];
        }
    }
    VG_TRAP();
}

/* The point of a vital; the test ends by trap when the map has none. */
static inline struct vg_point *test_map_vital(struct vg_regmap *map, enum vg_vital vital)
{
    for (uint32_t i = 0; i < map->point_count; i++) {
        if (map->points[i].role == VG_ROLE_VITAL && map->points[i].vital == vital) {
            return &map->points[i];
        }
    }
    VG_TRAP();
}

/* Take a point out of the map. */
static inline void test_map_remove(struct vg_regmap *map, const struct vg_point *p)
{
    size_t at = (size_t)(p - map->points);

    memmove(&map->points[at], &map->points[at + 1], (map->point_count - at - 1) * sizeof(*p));
    map->point_count--;
}

#endif
