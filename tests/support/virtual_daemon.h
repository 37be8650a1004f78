/*
 * virtual_daemon.h -- the whole daemon in virtual time: a clock that jumps, workers that run at
 * once, fake links, sockets inside the process, and a real record in a folder of its own.
 *
 * Times given and got are nanoseconds since the beginning of the test. Nothing sleeps: waiting
 * means that the clock jumps to what is due next.
 */
#ifndef VIGIL_TESTS_SUPPORT_VIRTUAL_DAEMON_H
#define VIGIL_TESTS_SUPPORT_VIRTUAL_DAEMON_H

#include "daemon/vigild.h"
#include "tests/support/virtual_device.h"

#define VD_DEVICES_MAX 8
#define VD_REPLIES_MAX 256
#define VD_UTC0_NS (INT64_C(1795503600) * VG_NS_PER_S) /* 2026-11-24T07:00:00Z */
#define VD_MONO0_NS (1000 * VG_NS_PER_S)

/* A reply of the operate socket. */
struct vd_reply {
    int64_t at_ns;
    char text[512];
};

/* An alarm sink: alive once a second, and confirms what its role has to sound. */
struct vd_sink {
    bool alive; /* says that it is well */
    bool deaf;  /* confirms nothing */
    int64_t due_ns;
    uint64_t confirmed[2]; /* last instance and telling of bed 0 and 1 */
};

typedef void (*vd_frame_fn)(void *state, const char *topic, const char *body);

struct vd {
    struct vigild *v; /* fresh at each start; NULL = not running */
    struct vg_now now;
    int64_t stop_ns; /* how far the clock may jump, mono */
    bool touched;    /* something may be ready: look before jumping */
    bool running;
    char dir[64];
    void *sub, *operate, *view, *sinks; /* sinks: nobody reads the answers */
    const char *subscription;
    vd_frame_fn on_frame; /* each frame of the stream; may be NULL */
    void *frame_state;
    uint64_t frames;
    size_t device_count;
    struct vdev devices[VD_DEVICES_MAX];
    struct vd_sink sink[VG_SINKS_MAX]; /* as in config.routing */
    size_t reply_count;
    struct vd_reply replies[VD_REPLIES_MAX];
    struct vg_config config;
};

/* vd_init -- a daemon without beds, not started; makes the folder of its record. */
void vd_init(struct vd *d);
uint16_t vd_add_bed(struct vd *d, const char *id);
struct vdev *vd_add_device(struct vd *d, const char *id, const char *driver, uint16_t bed);
/* A sink; alive from the start. bed: VG_BED_NONE = all. */
void vd_add_sink(struct vd *d, const char *id, enum vg_sink_role role, uint16_t bed);
/* A Modbus unit (d->config.maps[0] is the caller's); it has no struct vdev. */
struct vg_device_config *vd_add_unit(struct vd *d, const char *id, uint8_t unit, uint16_t bed);
struct vdev *vd_device(struct vd *d, const char *id);

/* vd_start -- VG_OK, or what the daemon said. Sockets of a client are connected. */
enum vg_status vd_start(struct vd *d);
/* The hook may set what a start needs in d->v before it; then as vd_start. */
enum vg_status vd_start_with(struct vd *d, void (*prepare)(struct vigild *v));
/* Stop in order, or as if killed: what is not on disk is gone. */
void vd_stop(struct vd *d);
void vd_kill(struct vd *d);
/* Stop if running; remove the folder. */
void vd_fini(struct vd *d);

int64_t vd_now(const struct vd *d);
/* Let the daemon live until t_ns. When it is not running only the clock moves. */
void vd_run_until(struct vd *d, int64_t t_ns);
/* Let it do what can be done without time passing. */
void vd_settle(struct vd *d);
void vd_step_wall_clock(struct vd *d, int64_t by_ns);

/* Send to operate and go on; replies collect in d->replies. */
void vd_send(struct vd *d, const char *json);
/* Send to operate, settle, and return the newest reply, "" when there is none yet. */
const char *vd_ask(struct vd *d, const char *json);
/* Ask view; the text is valid until the next call. "" when there is no answer. */
const char *vd_view(struct vd *d, const char *json);

/* One number of the record: SELECT that gives one integer; INT64_MIN when it gives none. */
int64_t vd_record(struct vd *d, const char *sql);

#endif
