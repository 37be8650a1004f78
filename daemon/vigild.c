/*
 * vigild.c -- start, run, stop. The order of start is the order of trust: the record first, then
 * what it says was open, then the sockets, then the devices.
 */
#include "daemon/vigild.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "lib/log.h"
#include "lib/signals.h"
#include "vigil/compiler.h"

#define PORT_TICK_NS (50 * VG_NS_PER_MS)
/* What the last run sent but could not record has numbers, too, and nobody knows how many: a
 * restart leaves out as many as one bed uses in half a day without a disk, and 64 oximeters in a
 * quarter of an hour. */
#define SEQ_RESERVE 1000000u

/* --- timers ---------------------------------------------------------------------------------- */

static void on_tick(void *state)
{
    struct vigild *v = state;
    vg_ingest_tick(v);
    vg_timer_arm(v->tick_timer, v->next_tick_ns);
    vg_health_ticked(v);
}

static void on_port_tick(void *state)
{
    struct vigild *v = state;
    vg_timer_arm(v->port_timer, v->reactor.now.mono_ns + PORT_TICK_NS);
    /* The stream sends all the time: asking after each send would cost more than the sends. A new
     * subscriber whose wake-up a send took waits until here. */
    vg_reactor_ask(&v->reactor);
    for (uint16_t d = 0; d < v->names.device_count; d++) {
        if (v->config.devices[d].driver->link == VG_LINK_BYTES) {
            vg_port_tick(&v->ports[d]);
        }
    }
    vg_sinks_tick(v);
    vg_effects_tick(v);
}

static void on_bus_timer(void *state)
{
    vg_bus_run_due(state);
}

static void on_commit_timer(void *state)
{
    struct vigild *v = state;
    vg_journal_commit(&v->journal);
}

static void on_signal(void *state, uint32_t events)
{
    struct vigild *v = state;
    (void)events;
    int sig = vg_signals_take(v->signal_fd);
    if (sig != 0) {
        vg_log(VG_LOG_INFO, "vigild: stopping, signal=%d", sig);
        v->reactor.stop = true;
    }
}

static void on_journal_fd(void *state, uint32_t events)
{
    struct vigild *v = state;
    (void)events;
    vg_worker_collect(&v->journal.worker);
}

/* --- start ----------------------------------------------------------------------------------- */

static void remember_one(void *state, const struct vg_event *ev)
{
    struct vigild *v = state;
    vg_engine_remember(&v->engine, ev);
}

static void replay_one(void *state, const struct vg_event *ev)
{
    struct vigild *v = state;
    vg_engine_replay(&v->engine, ev);
}

/* What was open is open again, before anything new is heard. The start itself is posted last: if
 * its row is on disk, so are the rows of everything restored before it. */
static void restore(struct vigild *v, int64_t last_utc_ns)
{
    uint64_t first_seq = v->engine.seq + 1;
    v->outbox.run = first_seq;
    struct vg_event ev;

    for (uint16_t b = 0; b < v->engine.bed_count; b++) {
        if (!v->engine.beds[b].replayed) {
            continue;
        }
        memset(&ev, 0, sizeof ev);
        ev.kind = VG_EV_DAEMON;
        ev.bed = b;
        ev.device = VG_DEVICE_NONE;
        ev.u.daemon.what = VG_DAEMON_RESTARTED;
        ev.u.daemon.gap_ns = v->reactor.now.utc_ns - last_utc_ns;
        vg_ingest_restart(v, &ev);
    }
    memset(&ev, 0, sizeof ev);
    ev.kind = VG_EV_DAEMON;
    ev.u.daemon.what = VG_DAEMON_STARTED;
    ev.u.daemon.first_seq = first_seq;
    vg_ingest_daemon(v, &ev);
}

/* A running session keeps the protocol it began with, whatever the configuration offers today. */
static void keep_protocol(void *state, const char *id, const char *text, size_t len)
{
    struct vigild *v = state;
    uint8_t before = v->config.protocol_count;

    vg_config_add_protocol(&v->config, id, text, len);
    if (v->config.protocol_count > before) {
        vg_engine_add_protocol(&v->engine, &v->config.protocols[before]);
        v->names.protocol_count = v->config.protocol_count;
    }
}

/* On the worker's thread: what the row of a session that opens takes into the record. */
static const struct vg_protocol_row *protocol_of(void *state, const struct vg_event *ev)
{
    struct vigild *v = state;
    uint8_t i = ev->u.session_move.protocol;

    if (ev->kind != VG_EV_SESSION || ev->u.session_move.move != VG_SESSION_OPEN ||
        i >= v->config.protocol_offered) {
        return NULL; /* none, or one that is in the record already */
    }
    return &v->protocol_rows[i];
}

static enum vg_status open_record(struct vigild *v, int64_t *last_utc_ns)
{
    uint64_t last_seq = 0;
    v->journal.names = &v->names;
    v->journal.on_done = vg_effects_recorded;
    v->journal.state = v;
    v->journal.jobs = v->journal_ring;
    for (uint8_t i = 0; i < v->config.protocol_offered; i++) {
        v->protocol_rows[i] = (struct vg_protocol_row){ v->config.protocols[i].hash,
                                                        v->config.protocols[i].id,
                                                        v->config.protocol_text[i].bytes };
    }
    v->journal.protocol_of = protocol_of;
    v->journal.worker.clock = v->reactor.env.clock;
    enum vg_status st = vg_journal_open(&v->journal, v->config.state_dir);
    if (st == VG_ERR_DENIED) {
        return st;
    }
    bool bad = st != VG_OK;
    if (v->journal.db != NULL) {
        (void)vg_journal_protocols(v->journal.db, false, keep_protocol, v);
    }
    (void)vg_journal_receipts(&v->journal, &v->reactor.now, remember_one, v);
    bad = vg_journal_replay(&v->journal, &v->reactor.now, replay_one, v, &last_seq, last_utc_ns) !=
              VG_OK ||
          bad;
    if (last_seq > v->engine.seq) {
        v->engine.seq = last_seq;
    }
    if (v->engine.seq > 0) {
        v->engine.seq += SEQ_RESERVE;
    }
    /* More numbers a second than 256 oximeters use, so that the next such start is ahead of it. */
    uint64_t far_ahead = (uint64_t)(v->reactor.now.utc_ns / (100 * VG_NS_PER_US));
    if (bad && v->engine.seq < far_ahead) {
        /* Without the old record the numbers must still not collide with it later. */
        v->engine.seq = far_ahead;
    }
    v->storage_seen_bad = bad; /* STORAGE opens with the first event and stays until seen */
    st = vg_journal_start(&v->journal, &v->reactor.env.clock, v->inline_workers);
    if (st == VG_OK && !v->inline_workers) {
        st = vg_reactor_add(&v->reactor, v->journal.worker.done_fd, on_journal_fd, v);
    }
    return st;
}

static enum vg_status open_sockets(struct vigild *v)
{
    v->zmq = zmq_ctx_new();
    if (v->zmq == NULL) {
        return VG_ERR_IO;
    }
    v->outbox.names = &v->names;
    v->outbox.engine = &v->engine;
    v->outbox.now = &v->reactor.now;
    enum vg_status st = vg_outbox_open(&v->outbox, v->zmq, v->config.stream);
    if (st != VG_OK) {
        return st;
    }
    vg_reactor_add_zsocket(&v->reactor, v->outbox.socket, vg_outbox_subscriptions, &v->outbox);
    return vg_control_open(v);
}

static enum vg_status start_devices(struct vigild *v)
{
    for (uint16_t d = 0; d < v->config.device_count; d++) {
        if (v->config.devices[d].driver->link == VG_LINK_BYTES) {
            vg_port_init(&v->ports[d], v, d);
        } else {
            enum vg_status st = vg_bus_add(v, d);
            if (st != VG_OK) {
                return st;
            }
        }
    }
    return VG_OK;
}

enum vg_status vg_vigild_start(struct vigild *v, const struct vg_reactor_env *env)
{
    int64_t last_utc_ns = VG_TIME_NONE;
    enum vg_status st;

    (void)umask(0027);
    v->signal_fd = -1;
    st = vg_reactor_init(&v->reactor, env);
    if (st != VG_OK) {
        return st;
    }
    vg_config_names(&v->config, &v->names);
    v->names.boot = v->journal.boot_id;
    vg_config_engine(&v->config, &v->engine, v->reactor.now.mono_ns);
    if (!v->inline_workers) {
        st = vg_signals_open(&v->signal_fd);
        st = st == VG_OK ? vg_reactor_add(&v->reactor, v->signal_fd, on_signal, v) : st;
    }
    if (st == VG_OK) {
        st = open_record(v, &last_utc_ns);
    }
    if (st == VG_OK) {
        st = open_sockets(v);
    }
    if (st == VG_OK) {
        st = vg_query_start(&v->query, v);
    }
    if (st != VG_OK) {
        vg_vigild_stop(v);
        return st;
    }
    v->tick_timer = vg_reactor_add_timer(&v->reactor, on_tick, v);
    v->port_timer = vg_reactor_add_timer(&v->reactor, on_port_tick, v);
    v->bus_timer = vg_reactor_add_timer(&v->reactor, on_bus_timer, v);
    v->commit_timer = vg_reactor_add_timer(&v->reactor, on_commit_timer, v);
    v->next_tick_ns = (v->reactor.now.mono_ns / VG_TICK_NS + 1) * VG_TICK_NS;
    vg_sinks_start(v);
    restore(v, last_utc_ns);
    st = start_devices(v);
    if (st != VG_OK) {
        vg_vigild_stop(v);
        return st;
    }
    vg_timer_arm(v->tick_timer, v->next_tick_ns);
    vg_timer_arm(v->port_timer, v->reactor.now.mono_ns);
    vg_timer_arm(v->bus_timer, v->reactor.now.mono_ns);
    vg_health_start(v);
    vg_health_ready(v);
    vg_log(VG_LOG_INFO, "vigild: monitoring, beds=%u devices=%u", (unsigned)v->names.bed_count,
           (unsigned)v->names.device_count);
    return VG_OK;
}

void vg_vigild_run(struct vigild *v)
{
    while (!v->reactor.stop) {
        vg_reactor_turn(&v->reactor);
    }
}

void vg_vigild_stop(struct vigild *v)
{
    if (v->journal.worker.started) {
        struct vg_event ev = { .kind = VG_EV_DAEMON };
        ev.u.daemon.what = VG_DAEMON_STOPPING;
        if (v->outbox.socket != NULL) {
            vg_ingest_daemon(v, &ev);
        }
    }
    for (uint16_t d = 0; d < v->names.device_count; d++) {
        if (v->ports[d].v != NULL) {
            vg_port_close(&v->ports[d]);
        }
    }
    vg_bus_stop_all(v);
    vg_query_stop(&v->query);
    vg_journal_stop(&v->journal);
    vg_control_close(v);
    vg_outbox_close(&v->outbox);
    if (v->zmq != NULL) {
        (void)zmq_ctx_term(v->zmq);
        v->zmq = NULL;
    }
    if (v->signal_fd >= 0) {
        (void)close(v->signal_fd);
    }
    vg_reactor_fini(&v->reactor);
}

enum vg_status vg_vigild_request(struct vigild *v, uint16_t device, enum vg_request_what what)
{
    if (v->config.devices[device].driver->link == VG_LINK_MODBUS) {
        return vg_bus_request(v, device, what);
    }
    return vg_port_request(&v->ports[device], what);
}
