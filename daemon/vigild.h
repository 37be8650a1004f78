/*
 * vigild.h -- struct vigild owns everything; the order of start and stop.
 */
#ifndef VIGIL_DAEMON_VIGILD_H
#define VIGIL_DAEMON_VIGILD_H

#include "core/engine.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/effects.h"
#include "daemon/health.h"
#include "daemon/ingest.h"
#include "daemon/journal.h"
#include "daemon/outbox.h"
#include "daemon/port.h"
#include "daemon/sinks.h"
#include "daemon/snapshot.h"
#include "lib/reactor.h"

/* What a device's sink needs beside the port. */
struct vg_device_io {
    struct vigild *v;
    uint16_t device;
    int64_t age_ns; /* of the values being said: a Modbus answer is as old as its question */
    struct vg_wave_buffer wave;
};

struct vigild {
    struct vg_config config;
    struct vg_wire_names names;
    struct vg_reactor reactor;
    struct vg_engine engine;
    struct vg_effects effects;
    struct vg_journal journal;
    struct vg_outbox outbox;
    struct vg_control control;
    struct vg_query query;
    struct vg_health health;
    struct vg_sinks sinks;
    int64_t next_tick_ns; /* the engine's grid */
    struct vg_timer *tick_timer;
    struct vg_timer *port_timer;
    struct vg_timer *bus_timer;
    struct vg_timer *commit_timer; /* an alarm transition goes to disk */
    void *zmq;
    int signal_fd;
    bool inline_workers;                 /* tests: workers run at once, no signals are taken */
    const struct vg_link_ops *test_link; /* tests: instead of the scheme's; NULL otherwise */
    vg_modbus_fn test_modbus;            /* tests: instead of vg_modbus_run; NULL otherwise */
    bool storage_bad;                    /* as told to everybody */
    bool storage_seen_bad;               /* as the journal said last */
    uint8_t effects_depth;               /* > 0: a list of effects is being carried out */
    uint16_t homeless;                   /* pending commands that found no room in the journal */
    int64_t worst_commit_ns;
    uint16_t bus_count;
    struct vg_device_io io[VG_DEVICES_MAX];
    struct vg_port ports[VG_DEVICES_MAX]; /* index = device; unused for Modbus */
    struct vg_unit units[VG_DEVICES_MAX]; /* index = device; unused for byte devices */
    struct vg_bus buses[VG_DEVICES_MAX];
    struct vg_pending pending[VG_PENDING_MAX];
    struct vg_protocol_row protocol_rows[VG_PROTOCOLS_OFFERED];
    struct vg_journal_job journal_ring[VG_JOURNAL_RING];
    char snapshot[VG_SNAPSHOT_BYTES];
};

/* vg_vigild_start -- config is loaded; env is the reactor's. Opens the record, replays it, binds
 * the sockets, begins to open devices. Errors leave nothing running; each was logged. */
enum vg_status vg_vigild_start(struct vigild *v, const struct vg_reactor_env *env);
/* vg_vigild_run -- turn until told to stop. */
void vg_vigild_run(struct vigild *v);
/* vg_vigild_stop -- what is in the ring goes to disk; sockets and devices close. */
void vg_vigild_stop(struct vigild *v);

/* vg_vigild_request -- ask a device, whatever its link. */
enum vg_status vg_vigild_request(struct vigild *v, uint16_t device, enum vg_request_what what);

#endif
