/*
 * config.h -- vigil.yaml and its Modbus maps as typed structs.
 *
 * The file is read once at start; a running daemon never re-reads it (restarting is cheap because
 * recovery is replay). Every error is collected with file, line, column, key and cure; with one
 * error the daemon does not start.
 */
#ifndef VIGIL_DAEMON_CONFIG_H
#define VIGIL_DAEMON_CONFIG_H

#include <stdio.h>

#include "core/engine.h"
#include "drivers/regmap.h"
#include "lib/protocol.h"
#include "lib/wire.h"
#include "vigil/alarm.h"
#include "vigil/capacity.h"
#include "vigil/driver.h"
#include "vigil/routing.h"
#include "vigil/status.h"

#define VG_PATH_MAX 256
#define VG_ENDPOINT_MAX 160
/* Different register maps in use at one time. */
#define VG_MAPS_MAX 16

enum vg_link_scheme {
    VG_SCHEME_SERIAL,     /* serial:PATH   libserialport, real ports */
    VG_SCHEME_TTY,        /* tty:PATH      termios, pseudo-terminals and odd ttys */
    VG_SCHEME_TCP,        /* tcp:HOST:PORT serial-to-network server in raw mode */
    VG_SCHEME_MODBUS_RTU, /* modbus-rtu:PATH */
    VG_SCHEME_MODBUS_TCP, /* modbus-tcp:HOST:PORT */
    VG_SCHEME_COUNT
};

struct vg_link_config {
    uint8_t scheme;           /* enum vg_link_scheme */
    uint16_t port;            /* TCP */
    char target[VG_PATH_MAX]; /* path, or host */
    struct vg_line line;      /* driver's default, overridden by `line:` */
};

struct vg_bed_config {
    char id[VG_ID_MAX];
    char name[VG_ID_MAX]; /* for people; defaults to id */
};

struct vg_device_config {
    char id[VG_ID_MAX];
    char model[VG_ID_MAX]; /* empty when the driver was named directly */
    uint16_t bed;          /* index into beds */
    uint16_t map;          /* index into maps, when the driver is modbus */
    const struct vg_driver *driver;
    struct vg_link_config link;
    struct vg_driver_options options;
    uint8_t unit;       /* Modbus, 1..247 (0..255 over TCP) */
    bool test;          /* `test: yes`: mark everything as TEST */
    int64_t poll_ns;    /* Modbus poll period, default 1 s */
    int64_t timeout_ns; /* Modbus response time-out, default 300 ms */
};

struct vg_config {
    char node[VG_ID_MAX];
    char state_dir[VG_PATH_MAX];
    char stream[VG_ENDPOINT_MAX];
    char view[VG_ENDPOINT_MAX];
    char operate[VG_ENDPOINT_MAX];
    uint16_t bed_count, device_count, map_count;
    struct vg_bed_config beds[VG_BEDS_MAX];
    struct vg_device_config devices[VG_DEVICES_MAX];
    struct vg_regmap maps[VG_MAPS_MAX];
    uint8_t profile_count;
    char profile_name[VG_PROFILES_MAX][VG_ID_MAX]; /* 0: what a session begins with */
    struct vg_limits profiles[VG_PROFILES_MAX];
    bool require_clock_sync;
    struct vg_scales scales;
    uint8_t protocol_count;   /* known: those of vigil.yaml, then those of running sessions */
    uint8_t protocol_offered; /* of vigil.yaml */
    char protocol_file[VG_PROTOCOLS_OFFERED][VG_ID_MAX]; /* the names vigil.yaml gives */
    struct vg_protocol
        protocols[VG_PROTOCOLS_MAX]; /* and, after these, those of running sessions */
    struct vg_protocol_text protocol_text[VG_PROTOCOLS_OFFERED];
    char sink_name[VG_SINKS_MAX][VG_ID_MAX];
    struct vg_routing routing;
};

/*
 * vg_config_load -- read FILE and the map files it names.
 *
 *   out   filled; on failure undefined
 *   errs  every error as one line: FILE:LINE:COL: KEY.PATH: what is wrong; the cure
 * A map named `vm2` is looked for as `modbus/vm2.yaml` beside the file, then in
 * /etc/vigil/modbus, then in VG_DATADIR/modbus; a name with a slash is a path.
 * Errors: VG_ERR_FORMAT (at least one line was printed), VG_ERR_IO (cannot read).
 */
enum vg_status vg_config_load(struct vg_config *out, const char *file, FILE *errs);

/* vg_config_names -- the names behind indices; they point into c. boot is the caller's. */
void vg_config_names(const struct vg_config *c, struct vg_wire_names *out);

/* vg_config_engine -- an empty engine with the beds, devices, limits and sinks of a configuration.
 * e: zeroed storage. */
void vg_config_engine(const struct vg_config *c, struct vg_engine *e, int64_t now_ns);

/* vg_config_add_protocol -- one that a record keeps, unless it is known; not offered to sessions that
 * open. Before vg_config_engine. What cannot be read is said in the log. */
void vg_config_add_protocol(void *config, const char *id, const char *text, size_t len);

/* vg_config_print -- the effective settings as YAML that vg_config_load reads back to the same. */
void vg_config_print(const struct vg_config *c, FILE *out);

#endif
