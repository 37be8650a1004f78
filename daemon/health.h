/*
 * health.h -- the daemon watches itself: heartbeat, watchdog, wall clock, lag.
 *
 * The watchdog datagram goes out only when, since the last one, ticks reached the alarm engine,
 * the heartbeat left the outbox and no worker is past its longest legal work: it proves that
 * alarms are being evaluated and told, not that a loop is spinning.
 */
#ifndef VIGIL_DAEMON_HEALTH_H
#define VIGIL_DAEMON_HEALTH_H

#include "lib/clock.h"
#include "lib/reactor.h"

struct vigild;

struct vg_health {
    struct vg_timer *timer;
    struct vg_clock_watch clock_watch;
    uint64_t ticks;        /* engine ticks since start */
    uint64_t ticks_seen;   /* at the last watchdog datagram */
    int64_t worst_late_ns; /* of any timer since start */
};

/* vg_health_start -- arm; the first heartbeat is due at once. */
void vg_health_start(struct vigild *v);
/* vg_health_ready -- tell the service manager that alarms are being evaluated. */
void vg_health_ready(struct vigild *v);

#endif
