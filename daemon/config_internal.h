/*
 * config_internal.h -- what the parts of the configuration reader (config*.c) and its tests share.
 *
 * The file is first read into a raw struct that mirrors it key by key through the field tables,
 * then resolved into struct vg_config: names become indices, link texts become links. Printing
 * goes the same way back. Nobody else includes this header.
 */
#ifndef VIGIL_DAEMON_CONFIG_INTERNAL_H
#define VIGIL_DAEMON_CONFIG_INTERNAL_H

#include <sys/stat.h>
#include <sys/types.h>

#include "daemon/config.h"
#include "lib/yaml.h"

#define VG_LINK_TEXT_MAX 288

/* `line:` as given; parity in the order of vg_parity_words. */
struct vg_raw_line {
    int64_t baud, parity, stop_bits, data_bits; /* VG_YAML_UNSET: the driver's */
};

struct vg_raw_device {
    char id[VG_ID_MAX];
    char bed[VG_ID_MAX];
    char driver[VG_ID_MAX];
    char model[VG_ID_MAX];
    char link[VG_LINK_TEXT_MAX];
    char map[VG_PATH_MAX];
    struct vg_raw_line line;
    struct vg_driver_options options;
    int64_t unit, poll_ns, timeout_ns; /* VG_YAML_UNSET when not given */
    bool test;
};

struct vg_raw_name {
    char name[VG_ID_MAX];
};

struct vg_raw_sink {
    char id[VG_ID_MAX];
    char bed[VG_ID_MAX]; /* empty: all */
    uint8_t role;        /* enum vg_sink_role */
};

struct vg_raw_config {
    int32_t version;
    uint16_t bed_count, device_count, profile_count, sink_count;
    bool require_clock_sync;
    char title[96]; /* of a profile's file */
    char profile[VG_ID_MAX];
    struct vg_raw_name profiles[VG_PROFILES_MAX];
    struct vg_raw_sink sinks[VG_SINKS_MAX];
    uint16_t scale_count, protocol_count;
    struct vg_scale scales[VG_SCALES_MAX - VG_SCALE_BUILTIN_COUNT];
    struct vg_raw_name protocols[VG_PROTOCOLS_OFFERED];
    struct vg_routing routing;
    char node[VG_ID_MAX];
    char state_dir[VG_PATH_MAX];
    char stream[VG_ENDPOINT_MAX];
    char view[VG_ENDPOINT_MAX];
    char operate[VG_ENDPOINT_MAX];
    struct vg_limits limits;
    struct vg_bed_config beds[VG_BEDS_MAX];
    struct vg_raw_device devices[VG_DEVICES_MAX];
};

struct vg_raw_point {
    int32_t addr, bit, write;
    int64_t role, area, type, order; /* enums; type UNSET: by area */
    int64_t vital, signal;           /* VG_YAML_UNSET when not given */
    int64_t min_milli, max_milli;    /* the same */
    int64_t scale_micro, offset_milli;
    uint16_t invalid_count;
    uint32_t invalid[VG_INVALID_MAX];
};

struct vg_raw_codes {
    uint16_t count;
    uint16_t raw[VG_ENUM_MAX];
};

struct vg_raw_map {
    char name[VG_ID_MAX];
    char title[64];
    uint16_t max_regs, max_fill, unproven_after, point_count;
    int64_t age_max_ns;
    struct vg_raw_codes states[VG_MNS_COUNT];
    struct vg_raw_codes errors[VG_NIBP_ERROR_COUNT];
    struct vg_raw_point points[VG_POINTS_MAX];
};

/* Which file or device node something is, whatever it is called. */
struct vg_file_id {
    dev_t dev;
    ino_t ino;
    bool known;
};

/* Everything one load needs; on the heap for the time of the load, because it is large. */
struct vg_config_reader {
    struct vg_yaml y; /* vigil.yaml */
    struct vg_yaml_log log;
    struct vg_config *out;
    struct vg_raw_config raw;
    struct vg_raw_map raw_map;
    struct vg_file_id map_ids[VG_MAPS_MAX];
    struct vg_file_id targets[VG_DEVICES_MAX];
    double bus_load[VG_DEVICES_MAX]; /* of the bus, kept at its first device */
};

/* config_table.c */
extern const struct vg_yaml_table vg_config_table;
extern const struct vg_yaml_table vg_profile_table;
extern const char *const vg_parity_words[];
const char *vg_limit_key(enum vg_condition c); /* "spo2_low" */

/* config_map_table.c */
extern const struct vg_yaml_table vg_map_table;
extern const char *const vg_map_vital_words[];

/* Write what "not given" looks like before reading. */
void vg_raw_config_init(struct vg_raw_config *raw);
void vg_raw_map_init(struct vg_raw_map *raw);

/*
 * config_link.c
 *
 * vg_link_parse -- the text of `link:` into scheme, target and port; NULL, or what is wrong and
 * the cure as a static sentence. vg_link_print -- the way back.
 * vg_endpoint_check -- the same for an endpoint; tcp = may be TCP on loopback.
 */
const char *vg_link_parse(const char *text, struct vg_link_config *out);
void vg_link_print(const struct vg_link_config *link, char *buf, size_t buf_len);
const char *vg_endpoint_check(const char *text, bool tcp);
bool vg_link_is_modbus(const struct vg_link_config *link);
bool vg_link_has_line(const struct vg_link_config *link);

/* config_device.c: raw device i -> out->devices[i]; reports its own errors. */
void vg_config_device(struct vg_config_reader *r, uint16_t i);

/* config_bus.c: rules between devices; only after every device is sound. */
void vg_config_buses(struct vg_config_reader *r);
/* Share of the time one unit keeps its serial bus busy: 0.1 is a tenth. */
double vg_bus_unit_load(const struct vg_regmap *map, const struct vg_line *line, int64_t poll_ns);

/* config_limits.c: profile and limits of raw -> out->profiles; reports its own errors. */
void vg_config_limits(struct vg_config_reader *r);
/* config_session.c: scales and protocols; reports its own errors. */
void vg_config_sessions(struct vg_config_reader *r);
/* config_sink.c: the same for sinks and the times of quiet mode. */
void vg_config_sinks(struct vg_config_reader *r);

/* vg_config_find -- the file SUBDIR/NAME.yaml beside vigil.yaml, in /etc/vigil, or installed; a name
 * with a slash is a path. FALSE when there is none. */
#define VG_CONFIG_FILE_MAX 512
bool vg_config_find(const struct vg_config_reader *r, const char *subdir, const char *name,
                    char buf[VG_CONFIG_FILE_MAX], struct stat *st);

/*
 * config_map.c
 *
 * vg_config_map -- find, read and check the map NAME a device names; its index goes to *index.
 *   path  where the name stands in vigil.yaml, for messages
 * vg_map_read -- the same from an open document; FALSE when an error was reported.
 */
bool vg_config_map(struct vg_config_reader *r, const char *name, const char *path, uint16_t *index);
bool vg_map_read(struct vg_yaml *y, struct vg_raw_map *raw, struct vg_regmap *out);

#endif
