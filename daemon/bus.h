/*
 * bus.h -- Modbus buses on the loop's side: which unit is asked what, and when.
 *
 * One worker per bus (serial line, or host and port). One request is under way at a time; order:
 * aborts, starts, enable writes, then the poll that is due longest. A unit that does not answer is
 * asked again every 2 s only, so that it costs its own bus at most one time-out and the draining
 * (0.4 s with the default 300 ms at 9600 baud) in 2 s, and other buses nothing.
 */
#ifndef VIGIL_DAEMON_BUS_H
#define VIGIL_DAEMON_BUS_H

#include "daemon/conn.h"
#include "daemon/link_modbus.h"
#include "lib/worker.h"
#include "vigil/driver.h"

struct vigild;

struct vg_unit {
    const struct vg_device_config *cfg;
    const struct vg_regmap *map;
    struct vg_conn conn;
    struct vg_blocks blocks;
    struct vg_regmap_state state;
    struct vg_sink sink;
    int64_t due_ns;  /* next poll */
    uint32_t faults; /* in a row */
    uint16_t device;
    uint16_t next; /* next unit of the same bus, VG_DEVICE_NONE at the end */
    uint16_t probe_len;
    bool wants_start, wants_abort, wants_enable;
    bool needs_probe;
    bool no_fill; /* a block with unused registers was refused once */
};

/* vg_modbus_run, or a test's stand-in. */
typedef void (*vg_modbus_fn)(struct vg_modbus_link *l, const struct vg_bus_job *job,
                             struct vg_bus_done *done);

struct vg_bus {
    struct vigild *v;
    vg_modbus_fn run;
    struct vg_worker worker;
    struct vg_modbus_link link; /* the worker's */
    uint16_t first;             /* unit = device index */
    bool busy;
    int64_t sent_ns;
    struct vg_bus_job jobs[2];
    struct vg_bus_done done[2];
};

/* vg_bus_add -- bind a device to its bus; the bus is made with its first unit. */
enum vg_status vg_bus_add(struct vigild *v, uint16_t device);
/* vg_bus_run_due -- start what is due on every idle bus, and arm the bus timer for the next. */
void vg_bus_run_due(struct vigild *v);
/* vg_bus_request -- START or ABORT for a unit; carried out ahead of polls. */
enum vg_status vg_bus_request(struct vigild *v, uint16_t device, enum vg_request_what what);
void vg_bus_stop_all(struct vigild *v);

#endif
