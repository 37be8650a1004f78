/*
 * sink.h -- an alarm sink: follows the alarm state of beds, says that it lives, confirms what it
 * voices, and notices by itself that the daemon is silent.
 *
 * For programs that make alarms heard. How they do it is theirs; what they have to voice is
 * vg_asink_top of `state`, looked at in the callback. Nothing here waits for the daemon: an alarm
 * sounds whether or not heartbeats and receipts are answered.
 *
 * Trap: time passes also while this program is stopped. What waits in the socket is read before the
 * daemon is called silent.
 */
#ifndef VIGIL_LIB_SINK_H
#define VIGIL_LIB_SINK_H

#include "lib/client.h"
#include "lib/reactor.h"
#include "lib/sink_door.h"
#include "lib/sink_frame.h"
#include "lib/sink_receipt.h"
#include "lib/sink_state.h"

#define VG_ASINK_STREAM "ipc:///run/vigil/view/stream.sock"
#define VG_ASINK_OPERATE "ipc:///run/vigil/operate/operate.sock"

/* How often it looks, with or without frames. */
#define VG_ASINK_LOOK_NS (100 * VG_NS_PER_MS)

/* Everything is retained until vg_asink_close. */
struct vg_asink_options {
    const char *id;
    const char *stream, *operate;
    const char *const *beds; /* bed_count = 0: all */
    size_t bed_count;
    enum vg_sink_role role;
    void (*look)(void *state); /* after frames, and every VG_ASINK_LOOK_NS */
    void *look_state;
};

struct vg_asink {
    struct vg_asink_options options;
    struct vg_reactor *reactor;
    struct vg_timer *look, *beat;
    struct vg_asink_door alive, receipt;
    struct vg_asink_receipt *asked; /* whose answer `receipt` waits for */
    struct vg_asink_receipts receipts;
    struct vg_log_limit bad_frame;
    bool healthy;
    bool lost;
    struct vg_asink_state state;
    struct vg_client client;
};

/* vg_asink_open -- connect and begin to listen; c may be dirty. A daemon that is not there is no
 * error. VG_ERR_IO or VG_ERR_ARG with one log line; a is then closed. */
VG_NODISCARD enum vg_status vg_asink_open(struct vg_asink *a,
                                          const struct vg_asink_options *options,
                                          struct vg_reactor *reactor);
void vg_asink_close(struct vg_asink *a);

/* vg_asink_now -- the turn's time. */
int64_t vg_asink_now(const struct vg_asink *a);

/* vg_asink_healthy -- what heartbeats say from now on: can this sink do its work? */
void vg_asink_healthy(struct vg_asink *a, bool healthy);

/* vg_asink_begun -- this voice is really being heard. Say it as often as is convenient; the daemon
 * is told once of each instance and run. Of what is no instance it is not told. */
void vg_asink_begun(struct vg_asink *a, const struct vg_voice *v);

#endif
