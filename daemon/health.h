/*
 * health.h -- the daemon watches itself: heartbeat, watchdog, wall clock, lag.
 *
 * The watchdog datagram goes out when a tick has passed through the alarm engine of every bed, the
 * heartbeat has left the outbox lately and no worker is past its longest legal work: it proves
 * that alarms are being evaluated and told, not that a loop is spinning.
 */
#ifndef VIGIL_DAEMON_HEALTH_H
#define VIGIL_DAEMON_HEALTH_H

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/reactor.h"

struct vigild;

struct vg_health {
    struct vg_timer *timer;
    struct vg_clock_watch clock_watch;
    int64_t worst_late_ns; /* of any timer since start */
    bool clock_bad;        /* as told to the engine */
    struct vg_log_limit limit;
};

/* vg_health_start -- arm; the first heartbeat is due at once. */
void vg_health_start(struct vigild *v);
/* vg_health_ticked -- a tick has been evaluated on every bed: feed the watchdog if all is well. */
void vg_health_ticked(struct vigild *v);
/* vg_health_ready -- tell the service manager that alarms are being evaluated. */
void vg_health_ready(struct vigild *v);

#endif
