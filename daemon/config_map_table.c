/*
 * config_map_table.c -- the keys of a Modbus register map, as data.
 *
 * Addresses are zero-based, as on the wire: what a manual calls 30017 is input register 16.
 * Addresses and raw values may be written in hexadecimal, because manuals do.
 */
#include <assert.h>

#include "daemon/config_internal.h"
#include "vigil/time.h"

#define TABLE(rows)                                                                                \
    {                                                                                              \
        rows, VG_COUNT(rows)                                                                       \
    }
#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

static const char *const role_words[] = { "vital",    "signal",     "valid",      "counter",
                                          "age",      "nibp_state", "nibp_error", "nibp_seq",
                                          "nibp_age", "nibp_start", "nibp_abort", "enable",
                                          NULL };
static const char *const area_words[] = { "coil", "discrete", "input", "holding", NULL };
static const char *const type_words[] = { "bit", "u8h", "u8l", "u16",   "s16",
                                          "u32", "s32", "f32", "bcd16", NULL };
static const char *const order_words[] = { "ABCD", "CDAB", "BADC", "DCBA", NULL };
const char *const vg_map_vital_words[] = { "spo2",      "pulse_rate",      "perfusion_index",
                                           "pleth",     "nibp_sys",        "nibp_dia",
                                           "nibp_mean", "nibp_pulse_rate", "cuff_pressure",
                                           NULL };
static const char *const signal_words[] = { "sensor_unplugged", "sensor_off",    "artifact",
                                            "out_of_track",     "low_perfusion", "searching",
                                            "low_battery",      "hw_fault",      NULL };
static_assert(VG_COUNT(role_words) == VG_ROLE_COUNT + 1, "a role has no word");
static_assert(VG_COUNT(area_words) == VG_AREA_COUNT + 1, "an area has no word");
static_assert(VG_COUNT(type_words) == VG_RT_COUNT + 1, "a type has no word");
static_assert(VG_COUNT(order_words) == VG_ORDER_COUNT + 1, "an order has no word");
static_assert(VG_COUNT(vg_map_vital_words) == VG_VITAL_COUNT + 1, "a vital has no word");
static_assert(1u << (VG_COUNT(signal_words) - 2) == VG_SIGNAL_HW_FAULT, "a signal has no word");

/* clang-format off */
static const struct vg_yaml_field point_rows[] = {
    { .key = "role", .type = VG_YAML_ENUM, .required = true, AT(struct vg_raw_point, role),
      .names = role_words, .doc = "what the register is for" },
    { .key = "vital", .type = VG_YAML_ENUM, AT(struct vg_raw_point, vital),
      .names = vg_map_vital_words, .doc = "which vital sign, for role vital" },
    { .key = "area", .type = VG_YAML_ENUM, .required = true, AT(struct vg_raw_point, area),
      .names = area_words, .doc = "which of the four Modbus areas holds it" },
    { .key = "addr", .type = VG_YAML_INT, .required = true, .hex = true, .min = 0,
      .max = UINT16_MAX, AT(struct vg_raw_point, addr), .doc = "address, zero-based" },
    { .key = "type", .type = VG_YAML_ENUM, AT(struct vg_raw_point, type), .names = type_words,
      .doc = "form of the number, by default bit for coil and discrete, u16 for registers" },
    { .key = "order", .type = VG_YAML_ENUM, AT(struct vg_raw_point, order), .names = order_words,
      .fallback = "ABCD", .doc = "order of the four bytes of a 32-bit type on the wire" },
    { .key = "bit", .type = VG_YAML_INT, AT(struct vg_raw_point, bit), .min = 0, .max = 15,
      .fallback = "0", .doc = "which bit of the register, for type bit" },
    { .key = "scale", .type = VG_YAML_DECIMAL, .places = 6, AT(struct vg_raw_point, scale_micro),
      .min = -1000000000, .max = 1000000000, .fallback = "1",
      .doc = "the raw number times this is the value in the vital's unit, or the age in seconds" },
    { .key = "offset", .type = VG_YAML_DECIMAL, .places = 3,
      AT(struct vg_raw_point, offset_milli), .min = -1000000000, .max = 1000000000,
      .fallback = "0", .doc = "added after scaling" },
    { .key = "invalid", .type = VG_YAML_INTS, .hex = true, .min = 0, .max = UINT32_MAX,
      .offset = offsetof(struct vg_raw_point, invalid), .size = sizeof(uint32_t),
      .count_offset = offsetof(struct vg_raw_point, invalid_count), .items_max = VG_INVALID_MAX,
      .doc = "raw values that mean nothing was measured" },
    { .key = "min", .type = VG_YAML_DECIMAL, .places = 3, AT(struct vg_raw_point, min_milli),
      .min = -1000000000, .max = 1000000000, .doc = "a smaller value is invalid" },
    { .key = "max", .type = VG_YAML_DECIMAL, .places = 3, AT(struct vg_raw_point, max_milli),
      .min = -1000000000, .max = 1000000000, .doc = "a larger value is invalid" },
    { .key = "signal", .type = VG_YAML_ENUM, AT(struct vg_raw_point, signal),
      .names = signal_words, .doc = "which sensor signal the bit sets, for role signal" },
    { .key = "write", .type = VG_YAML_INT, .hex = true, AT(struct vg_raw_point, write), .min = 0,
      .max = UINT16_MAX, .fallback = "1", .doc = "what to write once, for role enable" },
};
/* clang-format on */
static const struct vg_yaml_table point_table = TABLE(point_rows);

#define CODES_AT(index, member)                                                                    \
    ((index) * sizeof(struct vg_raw_codes) + offsetof(struct vg_raw_codes, member))
#define CODES(name, index, text)                                                                   \
    [index] = { .key = name,                                                                       \
                .type = VG_YAML_INTS,                                                              \
                .hex = true,                                                                       \
                .min = 0,                                                                          \
                .max = UINT16_MAX,                                                                 \
                .offset = CODES_AT(index, raw),                                                    \
                .count_offset = CODES_AT(index, count),                                            \
                .size = sizeof(uint16_t),                                                          \
                .items_max = VG_ENUM_MAX,                                                          \
                .doc = text }

/* clang-format off */
static const struct vg_yaml_field state_rows[] = {
    CODES("idle", VG_MNS_IDLE, "codes for: at rest"),
    CODES("inflating", VG_MNS_BUSY_INFLATING, "codes for: preparing or inflating"),
    CODES("measuring", VG_MNS_BUSY_MEASURING, "codes for: deflating and measuring"),
    CODES("done", VG_MNS_DONE, "codes for: ended with a result"),
    CODES("failed", VG_MNS_FAILED, "codes for: ended without a result"),
    CODES("aborted", VG_MNS_ABORTED, "codes for: ended by an abort"),
};
/* clang-format on */
static_assert(VG_COUNT(state_rows) == VG_MNS_COUNT, "a state has no key");
static const struct vg_yaml_table state_table = TABLE(state_rows);

/* The errors a device can report; those Vigil finds itself have no code in any register. */
/* clang-format off */
static const struct vg_yaml_field error_rows[] = {
    CODES("ok", VG_NIBP_OK, "codes for: no error"),
    CODES("weak_signal", VG_NIBP_WEAK_SIGNAL, "codes for: pulses too weak"),
    CODES("motion", VG_NIBP_MOTION, "codes for: disturbed by motion"),
    CODES("out_of_range", VG_NIBP_OUT_OF_RANGE, "codes for: pressure out of range"),
    CODES("meas_timeout", VG_NIBP_MEAS_TIMEOUT, "codes for: measurement took too long"),
    CODES("loose_or_leak", VG_NIBP_LOOSE_OR_LEAK, "codes for: cuff loose or leaking"),
    CODES("pneumatic_block", VG_NIBP_PNEUMATIC_BLOCK, "codes for: hose blocked"),
    CODES("overpressure", VG_NIBP_OVERPRESSURE, "codes for: pressure too high"),
    CODES("safety_timeout", VG_NIBP_SAFETY_TIMEOUT, "codes for: safety time ran out"),
    CODES("wrong_cuff_or_mode", VG_NIBP_WRONG_CUFF_OR_MODE, "codes for: wrong cuff"),
    CODES("user_abort", VG_NIBP_USER_ABORT, "codes for: aborted at the device"),
    CODES("not_ready_busy", VG_NIBP_NOT_READY_BUSY, "codes for: not ready"),
    CODES("hw_fault", VG_NIBP_HW_FAULT, "codes for: hardware fault"),
    CODES("cal_fault", VG_NIBP_CAL_FAULT, "codes for: calibration fault"),
    CODES("device_reset", VG_NIBP_DEVICE_RESET, "codes for: the device restarted"),
    CODES("unknown", VG_NIBP_UNKNOWN, "codes for: failed without a known reason"),
};
/* clang-format on */
static_assert(VG_COUNT(error_rows) == VG_NIBP_START_FAILED, "an error has no key");
static const struct vg_yaml_table error_table = TABLE(error_rows);

/* clang-format off */
static const struct vg_yaml_field map_rows[] = {
    { .key = "name", .type = VG_YAML_ID, .required = true, AT(struct vg_raw_map, name),
      .doc = "name of the map, the same as the name of its file without .yaml" },
    { .key = "title", .type = VG_YAML_STRING, .required = true, AT(struct vg_raw_map, title),
      .doc = "what kind of unit the map describes, for people" },
    { .key = "max_regs", .type = VG_YAML_INT, AT(struct vg_raw_map, max_regs), .min = 1,
      .max = VG_REGS_MAX, .fallback = "125", .doc = "registers the unit gives in one request" },
    { .key = "max_fill", .type = VG_YAML_INT, AT(struct vg_raw_map, max_fill), .min = 0,
      .max = VG_REGS_MAX - 1, .fallback = "0",
      .doc = "unused registers one request may run over" },
    { .key = "age_max", .type = VG_YAML_DURATION, AT(struct vg_raw_map, age_max_ns),
      .min = 100 * VG_NS_PER_MS, .max = 60 * VG_NS_PER_S, .fallback = "3s",
      .doc = "a sample older than this by the unit's own age is not taken" },
    { .key = "unproven_after", .type = VG_YAML_INT, AT(struct vg_raw_map, unproven_after),
      .unit = "polls", .min = 1, .max = 1000, .fallback = "15",
      .doc = "without counter and age: unchanged for so many polls makes a value questionable" },
    { .key = "points", .type = VG_YAML_LIST, .required = true, .table = &point_table,
      .offset = offsetof(struct vg_raw_map, points), .size = sizeof(struct vg_raw_point),
      .count_offset = offsetof(struct vg_raw_map, point_count), .items_max = VG_POINTS_MAX,
      .doc = "the registers, each with role, area and addr" },
    { .key = "nibp_states", .type = VG_YAML_MAP, .table = &state_table,
      .offset = offsetof(struct vg_raw_map, states),
      .doc = "what the codes of the nibp_state register mean" },
    { .key = "nibp_errors", .type = VG_YAML_MAP, .table = &error_table,
      .offset = offsetof(struct vg_raw_map, errors),
      .doc = "what the codes of the nibp_error register mean" },
};
/* clang-format on */
const struct vg_yaml_table vg_map_table = TABLE(map_rows);

void vg_raw_map_init(struct vg_raw_map *raw)
{
    for (size_t i = 0; i < VG_POINTS_MAX; i++) {
        struct vg_raw_point *p = &raw->points[i];
        p->type = VG_YAML_UNSET;
        p->vital = VG_YAML_UNSET;
        p->signal = VG_YAML_UNSET;
        p->min_milli = VG_YAML_UNSET;
        p->max_milli = VG_YAML_UNSET;
    }
}
