/*
 * config_table.c -- the keys of vigil.yaml, as data.
 *
 * One row per key: type, range, default, and the sentence the manual page and every message use.
 * The tables read the file, print the effective settings and list the keys; a key that is not
 * here does not exist.
 */
#include <assert.h>

#include "core/alarm_limits.h"
#include "daemon/config_internal.h"
#include "vigil/time.h"

#define TABLE(rows)                                                                                \
    {                                                                                              \
        rows, VG_COUNT(rows)                                                                       \
    }
#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define S(n) ((n)*VG_NS_PER_S)

static const char *const role_words[] = { "remote", "second", "room", NULL };
static_assert(VG_COUNT(role_words) == VG_SINK_ROLES + 1, "a role has no word");
const char *const vg_parity_words[] = { "none", "even", "odd", NULL };
static const char *const variant_words[] = { "standard", "extended", "fast", NULL };
static const char *const patient_words[] = { "adult", "paediatric", "neonate", NULL };
static const char *const latch_words[] = { "none", "visual", "full", NULL };
static_assert(VG_COUNT(variant_words) == VG_VARIANT_COUNT + 1, "a variant has no word");
static_assert(VG_COUNT(patient_words) == VG_PATIENT_COUNT + 1, "a patient mode has no word");
static_assert(VG_COUNT(latch_words) == VG_LATCH_COUNT + 1, "a latch mode has no word");

/* clang-format off */
static const struct vg_yaml_field endpoint_rows[] = {
    { .key = "stream", .type = VG_YAML_STRING, AT(struct vg_raw_config, stream),
      .fallback = "ipc:///run/vigil/view/stream.sock",
      .doc = "where the daemon publishes everything it sees, ipc:///PATH or tcp://127.0.0.1:PORT" },
    { .key = "view", .type = VG_YAML_STRING, AT(struct vg_raw_config, view),
      .fallback = "ipc:///run/vigil/view/view.sock",
      .doc = "where it answers questions, ipc:///PATH or tcp://127.0.0.1:PORT" },
    { .key = "operate", .type = VG_YAML_STRING, AT(struct vg_raw_config, operate),
      .fallback = "ipc:///run/vigil/operate/operate.sock",
      .doc = "where it takes commands, always ipc:///PATH, guarded by file permissions" },
};
/* clang-format on */
static const struct vg_yaml_table endpoint_table = TABLE(endpoint_rows);

static const struct vg_yaml_field bed_rows[] = {
    { .key = "id",
      .type = VG_YAML_ID,
      .required = true,
      AT(struct vg_bed_config, id),
      .doc = "identifier of the bed in topics and records, for example bed-1" },
    { .key = "name",
      .type = VG_YAML_STRING,
      AT(struct vg_bed_config, name),
      .doc = "what people call the bed, by default its id" },
};
static const struct vg_yaml_table bed_table = TABLE(bed_rows);

/* clang-format off */
static const struct vg_yaml_field line_rows[] = {
    { .key = "baud", .type = VG_YAML_INT, AT(struct vg_raw_line, baud), .min = 110, .max = 230400,
      .doc = "speed of the serial line, by default the driver's, 9600 for Modbus" },
    { .key = "parity", .type = VG_YAML_ENUM, AT(struct vg_raw_line, parity),
      .names = vg_parity_words, .doc = "parity bit, by default the driver's, none for Modbus" },
    { .key = "stop_bits", .type = VG_YAML_INT, AT(struct vg_raw_line, stop_bits), .min = 1,
      .max = 2, .doc = "stop bits, by default the driver's, 1 for Modbus" },
    { .key = "data_bits", .type = VG_YAML_INT, AT(struct vg_raw_line, data_bits), .min = 7,
      .max = 8, .doc = "data bits, by default the driver's, always 8 for Modbus" },
};
/* clang-format on */
static const struct vg_yaml_table line_table = TABLE(line_rows);

/* clang-format off */
static const struct vg_yaml_field option_rows[] = {
    { .key = "variant", .type = VG_YAML_ENUM, AT(struct vg_raw_device, options.variant),
      .names = variant_words, .fallback = "standard",
      .doc = "which of its formats the sensor speaks, for drivers that know several" },
    { .key = "patient", .type = VG_YAML_ENUM, AT(struct vg_raw_device, options.patient),
      .names = patient_words, .fallback = "adult",
      .doc = "patient mode asked of a cuff that has one" },
    { .key = "map", .type = VG_YAML_STRING, AT(struct vg_raw_device, map),
      .doc = "register map of a Modbus unit, a name such as vm2 or a path with a slash" },
};
/* clang-format on */
static const struct vg_yaml_table option_table = TABLE(option_rows);

/* clang-format off */
static const struct vg_yaml_field device_rows[] = {
    { .key = "id", .type = VG_YAML_ID, .required = true, AT(struct vg_raw_device, id),
      .doc = "identifier of the device in topics and records, for example ox-1" },
    { .key = "bed", .type = VG_YAML_ID, .required = true, AT(struct vg_raw_device, bed),
      .doc = "id of the bed the device belongs to" },
    { .key = "model", .type = VG_YAML_STRING, AT(struct vg_raw_device, model),
      .doc = "name on the case, which chooses the driver; give either model or driver" },
    { .key = "driver", .type = VG_YAML_STRING, AT(struct vg_raw_device, driver),
      .doc = "name of the driver; give either driver or model" },
    { .key = "link", .type = VG_YAML_STRING, .required = true, AT(struct vg_raw_device, link),
      .doc = "serial:PATH, tty:PATH, tcp:HOST:PORT, modbus-rtu:PATH or modbus-tcp:HOST:PORT" },
    { .key = "line", .type = VG_YAML_MAP, .offset = offsetof(struct vg_raw_device, line),
      .table = &line_table, .doc = "serial line settings that differ from the driver's" },
    { .key = "unit", .type = VG_YAML_INT, AT(struct vg_raw_device, unit), .min = 0, .max = 255,
      .doc = "Modbus unit address, 1 to 247, over TCP also 0 and 255" },
    { .key = "poll", .type = VG_YAML_DURATION, AT(struct vg_raw_device, poll_ns),
      .min = 200 * VG_NS_PER_MS, .max = S(60), .doc = "Modbus polling period, by default 1s" },
    { .key = "timeout", .type = VG_YAML_DURATION, AT(struct vg_raw_device, timeout_ns),
      .min = 20 * VG_NS_PER_MS, .max = S(5),
      .doc = "how long a Modbus unit may take to answer, by default 300ms" },
    { .key = "test", .type = VG_YAML_BOOL, AT(struct vg_raw_device, test), .fallback = "no",
      .doc = "marks everything the device says as TEST, for simulators and trials" },
    { .key = "options", .type = VG_YAML_MAP, .table = &option_table,
      .doc = "options of the driver" },
};
/* clang-format on */
static const struct vg_yaml_table device_table = TABLE(device_rows);

#define LIMIT_ROWS(unit_text, low, high)                                                           \
    { .key = "limit",                                                                              \
      .type = VG_YAML_DECIMAL,                                                                     \
      .places = 3,                                                                                 \
      .unit = unit_text,                                                                           \
      AT(struct vg_limit, limit_milli),                                                            \
      .min = (low)*1000,                                                                           \
      .max = (high)*1000,                                                                          \
      .doc = "the value beyond which the condition is violated" },                                 \
        TIMING_ROWS, SIGN_ROWS
#define TIMING_ROWS                                                                                \
    { .key = "delay",                                                                              \
      .type = VG_YAML_DURATION,                                                                    \
      AT(struct vg_limit, delay_ns),                                                               \
      .min = 0,                                                                                    \
      .max = S(60),                                                                                \
      .doc = "how long the violation must last before the alarm opens" },                          \
    {                                                                                              \
        .key = "clear", .type = VG_YAML_DURATION, AT(struct vg_limit, clear_ns), .min = 0,         \
        .max = S(60), .doc = "how long values must be good before the alarm ends"                  \
    }
/* A technical condition is there or not: it has no value that could hover about a limit. */
#define SIGN_ROWS                                                                                  \
    { .key = "latch",                                                                              \
      .type = VG_YAML_ENUM,                                                                        \
      AT(struct vg_limit, latch),                                                                  \
      .names = latch_words,                                                                        \
      .doc = "what stays after the end: nothing, the message, or message and sound" },             \
    {                                                                                              \
        .key = "enabled", .type = VG_YAML_BOOL, AT(struct vg_limit, enabled),                      \
        .doc = "whether the condition is watched at all"                                           \
    }

static const struct vg_yaml_field percent_rows[] = {
    LIMIT_ROWS("%", 0, 100),
    { .key = "sat_seconds",
      .type = VG_YAML_INT,
      AT(struct vg_limit, sat_seconds),
      .min = 0,
      .max = 100,
      .doc = "points below the limit times seconds that open the alarm early; 0 is off" },
};
static const struct vg_yaml_field rate_rows[] = { LIMIT_ROWS("/min", 0, 400) };
static const struct vg_yaml_field pressure_rows[] = { LIMIT_ROWS("mmHg", 0, 400) };
static const struct vg_yaml_field technical_rows[] = { SIGN_ROWS };
static const struct vg_yaml_table percent_table = TABLE(percent_rows);
static const struct vg_yaml_table rate_table = TABLE(rate_rows);
static const struct vg_yaml_table pressure_table = TABLE(pressure_rows);
static const struct vg_yaml_table technical_table = TABLE(technical_rows);

#define CONDITION(name, cond, rows, text)                                                          \
    [cond] = { .key = name,                                                                        \
               .type = VG_YAML_MAP,                                                                \
               .table = &(rows),                                                                   \
               .offset = offsetof(struct vg_raw_config, limits) +                                  \
                         (cond) * sizeof(struct vg_limit),                                         \
               .doc = text }

/* clang-format off */
static const struct vg_yaml_field limit_rows[] = {
    CONDITION("spo2_low", VG_COND_SPO2_LOW, percent_table, "oxygen saturation is low"),
    CONDITION("spo2_desat", VG_COND_SPO2_DESAT, percent_table, "oxygen saturation is very low"),
    CONDITION("pr_low", VG_COND_PR_LOW, rate_table, "pulse rate is low"),
    CONDITION("pr_high", VG_COND_PR_HIGH, rate_table, "pulse rate is high"),
    CONDITION("pr_xlow", VG_COND_PR_XLOW, rate_table, "pulse rate is very low"),
    CONDITION("pr_xhigh", VG_COND_PR_XHIGH, rate_table, "pulse rate is very high"),
    CONDITION("sys_low", VG_COND_SYS_LOW, pressure_table, "systolic pressure is low"),
    CONDITION("sys_high", VG_COND_SYS_HIGH, pressure_table, "systolic pressure is high"),
    CONDITION("sys_xlow", VG_COND_SYS_XLOW, pressure_table, "systolic pressure is very low"),
    CONDITION("sys_xhigh", VG_COND_SYS_XHIGH, pressure_table, "systolic pressure is very high"),
    CONDITION("dia_high", VG_COND_DIA_HIGH, pressure_table, "diastolic pressure is high"),
    CONDITION("dia_xhigh", VG_COND_DIA_XHIGH, pressure_table, "diastolic pressure is very high"),
    CONDITION("sensor_off", VG_COND_SENSOR_OFF, technical_table, "the sensor is off the patient"),
    CONDITION("data_lost", VG_COND_DATA_LOST, technical_table, "no valid data for too long"),
    CONDITION("link_device", VG_COND_LINK_DEVICE, technical_table, "a device is not connected"),
    CONDITION("nibp_fail", VG_COND_NIBP_FAIL, technical_table, "pressure readings fail in a row"),
    CONDITION("storage", VG_COND_STORAGE, technical_table, "the record cannot be written"),
    CONDITION("clock", VG_COND_CLOCK, technical_table, "the wall clock was stepped"),
    CONDITION("restarted", VG_COND_RESTARTED, technical_table, "monitoring was interrupted"),
    CONDITION("map_low", VG_COND_MAP_LOW, pressure_table, "mean pressure is low"),
    CONDITION("sed_deep", VG_COND_SED_DEEP, technical_table, "the person is deeply sedated"),
    CONDITION("vital_due", VG_COND_VITAL_DUE, technical_table, "a scheduled reading is late"),
    CONDITION("sink_lost", VG_COND_SINK_LOST, technical_table, "an alarm sink does not answer"),
    CONDITION("battery", VG_COND_BATTERY, technical_table, "a device runs on its last charge"),
    CONDITION("identity", VG_COND_IDENTITY, technical_table,
              "a device belongs to another open session"),
    CONDITION("score_due", VG_COND_SCORE_DUE, technical_table, "a score of the protocol is late"),
    CONDITION("infusion_overrun", VG_COND_INFUSION_OVERRUN, technical_table,
              "an infusion runs past its planned end"),
};
/* clang-format on */
static_assert(VG_COUNT(limit_rows) == VG_COND_COUNT, "a condition has no key");
static const struct vg_yaml_table limit_table = TABLE(limit_rows);

const char *vg_limit_key(enum vg_condition c)
{
    VG_ASSERT((unsigned)c < VG_COND_COUNT);
    return limit_rows[c].key;
}

/* clang-format off */
static const struct vg_yaml_field profile_rows[] = {
    { .key = "name", .type = VG_YAML_ID, .required = true, AT(struct vg_raw_name, name),
      .doc = "limits/NAME.yaml beside this file, in /etc/vigil/limits or among the installed ones" },
};
static const struct vg_yaml_table profile_table = TABLE(profile_rows);

static const struct vg_yaml_field protocol_rows[] = {
    { .key = "name", .type = VG_YAML_ID, .required = true, AT(struct vg_raw_name, name),
      .doc = "protocols/NAME.yaml beside this file, in /etc/vigil/protocols or among the installed "
             "ones" },
};
static const struct vg_yaml_table protocol_table = TABLE(protocol_rows);

static const struct vg_yaml_field scale_rows[] = {
    { .key = "id", .type = VG_YAML_ID, .required = true, AT(struct vg_scale, id),
      .doc = "name in commands and in the record" },
    { .key = "title", .type = VG_YAML_STRING, .required = true, AT(struct vg_scale, title),
      .doc = "what people call it" },
    { .key = "min", .type = VG_YAML_INT, .required = true, AT(struct vg_scale, min), .min = -1000,
      .max = 1000, .doc = "lowest score" },
    { .key = "max", .type = VG_YAML_INT, .required = true, AT(struct vg_scale, max), .min = -1000,
      .max = 1000, .doc = "highest score" },
};
static const struct vg_yaml_table scale_table = TABLE(scale_rows);

static const struct vg_yaml_field sink_rows[] = {
    { .key = "id", .type = VG_YAML_ID, .required = true, AT(struct vg_raw_sink, id),
      .doc = "the name the sink gives when it reports, for example desk" },
    { .key = "role", .type = VG_YAML_ENUM, .required = true, AT(struct vg_raw_sink, role),
      .names = role_words,
      .doc = "remote (staff, told first), second (another person) or room" },
    { .key = "bed", .type = VG_YAML_ID, AT(struct vg_raw_sink, bed),
      .doc = "the one bed it serves, by default all" },
};
static const struct vg_yaml_table sink_table = TABLE(sink_rows);

#define WAIT(name, member, prio, standard, most, text) \
    { .key = name, .type = VG_YAML_DURATION, .fallback = standard, .min = 0, .max = S(most), \
      .offset = offsetof(struct vg_raw_config, routing.member[prio]), .size = 8, .doc = text }
static const struct vg_yaml_field quiet_rows[] = {
    WAIT("high_second", second_ns, VG_PRIO_HIGH, "10s", 30,
         "unacknowledged so long, a high priority alarm calls the second person"),
    WAIT("high_local", local_ns, VG_PRIO_HIGH, "15s", 30, "... and sounds in the room"),
    WAIT("medium_second", second_ns, VG_PRIO_MED, "30s", 120,
         "unacknowledged so long, a medium priority alarm calls the second person"),
    WAIT("medium_local", local_ns, VG_PRIO_MED, "60s", 120, "... and sounds in the room"),
    { .key = "presence", .type = VG_YAML_DURATION, AT(struct vg_raw_config, routing.presence_ns),
      .fallback = "10min", .min = 0, .max = S(3600),
      .doc = "quiet mode ends when nobody says 'I am watching' for so long; 0s is never" },
};
static const struct vg_yaml_table quiet_table = TABLE(quiet_rows);

static const struct vg_yaml_field root_rows[] = {
    { .key = "version", .type = VG_YAML_INT, .required = true, AT(struct vg_raw_config, version),
      .min = 1, .max = 1, .doc = "form of this file, always 1" },
    { .key = "node", .type = VG_YAML_ID, AT(struct vg_raw_config, node), .fallback = "vigil",
      .doc = "name of this machine among several" },
    { .key = "state_dir", .type = VG_YAML_STRING, AT(struct vg_raw_config, state_dir),
      .fallback = "/var/lib/vigil", .doc = "absolute path of the directory that holds the record" },
    { .key = "require_clock_sync", .type = VG_YAML_BOOL,
      AT(struct vg_raw_config, require_clock_sync), .fallback = "yes",
      .doc = "whether a wall clock that nothing keeps right is an alarm during a session" },
    { .key = "endpoints", .type = VG_YAML_MAP, .table = &endpoint_table,
      .doc = "sockets other programs connect to" },
    { .key = "beds", .type = VG_YAML_LIST, .required = true, .table = &bed_table,
      .offset = offsetof(struct vg_raw_config, beds), .size = sizeof(struct vg_bed_config),
      .count_offset = offsetof(struct vg_raw_config, bed_count), .items_max = VG_BEDS_MAX,
      .doc = "the beds this daemon watches, each with an id" },
    { .key = "devices", .type = VG_YAML_LIST, .required = true, .table = &device_table,
      .offset = offsetof(struct vg_raw_config, devices), .size = sizeof(struct vg_raw_device),
      .count_offset = offsetof(struct vg_raw_config, device_count), .items_max = VG_DEVICES_MAX,
      .doc = "the devices at the beds, each with id, bed, driver or model, and link" },
    { .key = "profile", .type = VG_YAML_ID, AT(struct vg_raw_config, profile),
      .doc = "limits a session begins with: a profile by name, by default the built-in adult ones" },
    { .key = "profiles", .type = VG_YAML_LIST, .table = &profile_table,
      .offset = offsetof(struct vg_raw_config, profiles), .size = sizeof(struct vg_raw_name),
      .count_offset = offsetof(struct vg_raw_config, profile_count),
      .items_max = VG_PROFILES_MAX - 1, .doc = "further profiles a session may change to" },
    { .key = "limits", .type = VG_YAML_MAP, .table = &limit_table,
      .doc = "alarm settings that differ from the profile, by condition" },
    { .key = "sinks", .type = VG_YAML_LIST, .table = &sink_table,
      .offset = offsetof(struct vg_raw_config, sinks), .size = sizeof(struct vg_raw_sink),
      .count_offset = offsetof(struct vg_raw_config, sink_count), .items_max = VG_SINKS_MAX,
      .doc = "programs that make alarms heard: the room, the desk, a pager" },
    { .key = "protocols", .type = VG_YAML_LIST, .table = &protocol_table,
      .offset = offsetof(struct vg_raw_config, protocols), .size = sizeof(struct vg_raw_name),
      .count_offset = offsetof(struct vg_raw_config, protocol_count),
      .items_max = VG_PROTOCOLS_OFFERED, .doc = "protocols a session may begin with" },
    { .key = "scales", .type = VG_YAML_LIST, .table = &scale_table,
      .offset = offsetof(struct vg_raw_config, scales), .size = sizeof(struct vg_scale),
      .count_offset = offsetof(struct vg_raw_config, scale_count),
      .items_max = VG_SCALES_MAX - VG_SCALE_BUILTIN_COUNT,
      .doc = "scales people score by, beside the built-in ones" },
    { .key = "quiet_room", .type = VG_YAML_MAP, .table = &quiet_table,
      .doc = "times of the quiet mode, in which staff is told first" },
};
/* clang-format on */
const struct vg_yaml_table vg_config_table = TABLE(root_rows);

/* A profile is a file with the same limits. */
static const struct vg_yaml_field profile_file_rows[] = {
    { .key = "version",
      .type = VG_YAML_INT,
      .required = true,
      AT(struct vg_raw_config, version),
      .min = 1,
      .max = 1,
      .doc = "form of this file, always 1" },
    { .key = "title",
      .type = VG_YAML_STRING,
      .required = true,
      AT(struct vg_raw_config, title),
      .doc = "what the profile is for, in a few words" },
    { .key = "limits",
      .type = VG_YAML_MAP,
      .required = true,
      .table = &limit_table,
      .doc = "alarm settings that differ from the built-in ones, by condition" },
};
const struct vg_yaml_table vg_profile_table = TABLE(profile_file_rows);

void vg_raw_config_init(struct vg_raw_config *raw)
{
    vg_limits_default(&raw->limits);
    for (size_t i = 0; i < VG_DEVICES_MAX; i++) {
        struct vg_raw_device *d = &raw->devices[i];
        d->line = (struct vg_raw_line){ VG_YAML_UNSET, VG_YAML_UNSET, VG_YAML_UNSET,
                                        VG_YAML_UNSET };
        d->unit = VG_YAML_UNSET;
        d->poll_ns = VG_YAML_UNSET;
        d->timeout_ns = VG_YAML_UNSET;
    }
}
