/*
 * health.c -- see health.h.
 */
#include "daemon/health.h"

#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "daemon/vigild.h"
#include "lib/log.h"

#define BEAT_NS VG_NS_PER_S
/* A Modbus job with its retry and draining, at the longest legal time-out, stays below this. */
#define WORKER_LIMIT_NS (60 * VG_NS_PER_S)

static bool workers_are_alive(const struct vigild *v)
{
    int64_t now_ns = v->reactor.now.mono_ns;
    for (uint16_t i = 0; i < v->bus_count; i++) {
        int64_t since_ns = atomic_load(&v->buses[i].worker.busy_since_ns);
        if (since_ns != 0 && now_ns - since_ns > WORKER_LIMIT_NS) {
            return false;
        }
    }
    /* A journal that hangs on its disk is a STORAGE alarm, not a reason to restart: monitoring
     * goes on, and a restart would lose what only memory holds. */
    return true;
}

void vg_health_ticked(struct vigild *v)
{
    int64_t now_ns = v->reactor.now.mono_ns;
    bool told = now_ns - v->outbox.heartbeat_ns <= 2 * BEAT_NS;

    if (told && workers_are_alive(v)) {
        (void)sd_notify(0, "WATCHDOG=1");
    } else {
        vg_log_limited(&v->health.limit, now_ns, VG_LOG_ERROR,
                       "health: watchdog not fed, heartbeat_told=%d", told);
    }
}

static void look_at_clock(struct vigild *v)
{
    int64_t step_ns = vg_clock_watch_step(&v->health.clock_watch, &v->reactor.now);
    bool synchronised = vg_clock_is_synchronised();
    atomic_store(&v->journal.clock_synchronised, synchronised);
    if (v->config.require_clock_sync && synchronised == v->health.clock_bad) {
        struct vg_event ev = { .kind = VG_EV_DAEMON };
        v->health.clock_bad = !synchronised;
        ev.u.daemon.what = synchronised ? VG_DAEMON_CLOCK_GOOD : VG_DAEMON_CLOCK_BAD;
        vg_log(synchronised ? VG_LOG_INFO : VG_LOG_WARNING, "health: wall clock is %s",
               synchronised ? "synchronised" : "not synchronised; set up NTP");
        vg_ingest_daemon(v, &ev);
    }
    if (step_ns != 0) {
        struct vg_event ev = { .kind = VG_EV_CLOCK };
        ev.u.clock.step_ns = step_ns;
        vg_log(VG_LOG_WARNING, "health: wall clock stepped, step_ms=%lld",
               (long long)(step_ns / VG_NS_PER_MS));
        vg_ingest_daemon(v, &ev);
    }
}

static void beat(void *state)
{
    struct vigild *v = state;
    struct vg_health *h = &v->health;

    vg_timer_arm(h->timer, v->reactor.now.mono_ns + BEAT_NS);
    if (v->reactor.late_ns > h->worst_late_ns) {
        h->worst_late_ns = v->reactor.late_ns;
    }
    v->reactor.late_ns = 0;
    look_at_clock(v);
    for (uint16_t b = 0; b < v->names.bed_count; b++) {
        vg_outbox_alarms(&v->outbox, b);
    }
    vg_journal_commit(&v->journal);
}

void vg_health_start(struct vigild *v)
{
    v->health.timer = vg_reactor_add_timer(&v->reactor, beat, v);
    vg_timer_arm(v->health.timer, v->reactor.now.mono_ns);
    v->outbox.heartbeat_ns = v->reactor.now.mono_ns; /* the first tick may precede the first beat */
    (void)vg_clock_watch_step(&v->health.clock_watch, &v->reactor.now);
}

void vg_health_ready(struct vigild *v)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=monitoring %u beds with %u devices",
                     (unsigned)v->names.bed_count, (unsigned)v->names.device_count);
}
