/*
 * bus.c -- see bus.h.
 *
 * Polls keep an absolute grid (due += period): the period of a healthy unit does not drift with
 * its answers. A poll that missed its slot is not made up for.
 */
#include "daemon/bus.h"

#include <string.h>

#include "daemon/ingest.h"
#include "daemon/vigild.h"
#include "lib/log.h"
#include "vigil/compiler.h"

#define RETRY_SILENT_NS (2 * VG_NS_PER_S)
#define RETRY_LOST_NS VG_NS_PER_S
#define MEASURING_POLL_NS (500 * VG_NS_PER_MS)
#define FAULTS_BEFORE_REST 3
#define ILLEGAL_ADDRESS 2 /* exception: some register of the block does not exist */

/* --- worker side ----------------------------------------------------------------------------- */

static void work(struct vg_worker *w, void *ctx)
{
    struct vg_bus *b = ctx;
    struct vg_bus_job job;
    struct vg_bus_done done;

    while (vg_ring_pop(&w->jobs, &job)) {
        b->run(&b->link, &job, &done);
        (void)vg_ring_push(&w->done, &done);
        vg_worker_say_done(w);
    }
    if (atomic_load(&w->stopping)) {
        vg_modbus_close(&b->link);
    }
}

/* --- connection ------------------------------------------------------------------------------ */

static void move(struct vigild *v, struct vg_unit *u, enum vg_port_state to, enum vg_status cause)
{
    struct vg_device_event dev;
    if (vg_conn_move(&u->conn, to, cause, v->reactor.now.mono_ns, 0, &dev)) {
        vg_ingest_device(v, u->device, &dev);
        vg_conn_log(&u->conn, u->cfg, to, cause, v->reactor.now.mono_ns);
    }
}

static void set_blocks(struct vg_unit *u)
{
    vg_regmap_blocks(u->map, !u->no_fill, &u->blocks);
    u->probe_len = 1;
    for (uint16_t i = 0; i < u->blocks.count; i++) {
        if (u->blocks.of[i].count == u->probe_len) {
            u->probe_len++;
            i = UINT16_MAX; /* look at all blocks again */
        }
    }
}

static void unit_failed(struct vigild *v, struct vg_unit *u, enum vg_status st)
{
    int64_t now_ns = v->reactor.now.mono_ns;
    bool silent = st == VG_ERR_TIMEOUT || st == VG_ERR_CHECKSUM;

    u->faults++;
    u->needs_probe = true;
    u->wants_enable = true;
    if (silent && u->faults == 1 && u->conn.state == VG_PORT_ONLINE) {
        /* One lost reply is no lost unit, and must not abort a determination: ask again at once. */
        u->due_ns = now_ns;
        return;
    }
    if (silent && u->faults >= FAULTS_BEFORE_REST) {
        u->due_ns = now_ns + RETRY_SILENT_NS;
    }
    if (!silent) {
        u->due_ns = now_ns + RETRY_LOST_NS;
    }
    if (u->conn.state == VG_PORT_ONLINE || u->conn.state == VG_PORT_BACKOFF || !silent) {
        move(v, u, silent ? VG_PORT_SILENT : VG_PORT_BACKOFF, st);
    }
}

static void unit_answered(struct vigild *v, struct vg_unit *u, const struct vg_bus_done *d)
{
    vg_conn_heard(&u->conn, v->reactor.now.mono_ns);
    u->faults = 0;
    u->needs_probe = false;
    if (u->conn.state != VG_PORT_ONLINE) {
        vg_ingest_mark_test(v, u->device, d->simulated || u->cfg->test);
        memset(&u->state, 0, sizeof u->state);
        move(v, u, VG_PORT_ONLINE, VG_OK);
    }
}

/* --- schedule: waking ------------------------------------------------------------------------ */

/* Never later than what is armed already: being woken for nothing costs less than being late. */
static void wake_at(struct vigild *v, int64_t when_ns)
{
    if (v->bus_timer->due_ns == VG_TIME_NONE || when_ns < v->bus_timer->due_ns) {
        vg_timer_arm(v->bus_timer, when_ns);
    }
}

/* --- completion ------------------------------------------------------------------------------ */

static void polled(struct vigild *v, struct vg_unit *u, const struct vg_bus_done *d)
{
    if (d->status != VG_OK) {
        unit_failed(v, u, (enum vg_status)d->status);
        return;
    }
    unit_answered(v, u, d);
    if (d->refused != 0 && d->exception == ILLEGAL_ADDRESS && !u->no_fill) {
        vg_log(VG_LOG_WARNING, "bus: %s: exception %u, reading without unused registers from now",
               u->cfg->id, (unsigned)d->exception);
        u->no_fill = true;
        set_blocks(u);
        return;
    }
    v->io[u->device].age_ns = v->reactor.now.mono_ns - d->sent_ns;
    vg_regmap_parse(u->map, &u->blocks, &u->state, &d->poll, &u->sink);
}

static void wrote(struct vigild *v, struct vg_unit *u, const struct vg_bus_done *d)
{
    if (d->status != VG_OK && d->exception == 0) {
        /* Nobody knows whether the write arrived: the determination machine will ask, and abort. */
        unit_failed(v, u, (enum vg_status)d->status);
        return;
    }
    if (d->what == VG_REQ_NIBP_START) {
        /* 5: accepted, takes long. 6: busy. Others: refused for good. */
        if (d->exception != 0 && d->exception != 5) {
            u->state.started = false;
        }
        u->sink.cuff(u->sink.state, d->exception == 0 || d->exception == 5 ? VG_CUFF_ACCEPTED
                                    : d->exception == 6                    ? VG_CUFF_BUSY
                                                                           : VG_CUFF_REFUSED);
    } else if (d->exception != 0) {
        vg_log(VG_LOG_WARNING, "bus: %s: write refused, exception=%u", u->cfg->id,
               (unsigned)d->exception);
    }
}

static void run_own(struct vg_bus *b);

static void collect(struct vg_worker *w, void *ctx)
{
    struct vg_bus *b = ctx;
    struct vg_bus_done d;

    while (vg_ring_pop(&w->done, &d)) {
        struct vg_unit *u = &b->v->units[d.index];
        b->busy = false;
        if (d.work == VG_BUS_POLL) {
            polled(b->v, u, &d);
        } else {
            wrote(b->v, u, &d);
        }
    }
    if (w->inline_run) {
        wake_at(b->v, b->v->reactor.now.mono_ns); /* vg_bus_run_due is still under way */
    } else {
        run_own(b);
    }
}

static void on_done_fd(void *state, uint32_t events)
{
    (void)events;
    vg_worker_collect(state);
}

/* --- schedule -------------------------------------------------------------------------------- */

static void submit(struct vg_bus *b, const struct vg_bus_job *job)
{
    b->busy = true;
    b->sent_ns = b->v->reactor.now.mono_ns;
    bool posted = vg_worker_post(&b->worker, job);
    VG_ASSERT(posted); /* one at a time: there is always room */
    vg_worker_wake(&b->worker);
}

static struct vg_bus_job job_for(const struct vg_unit *u, enum vg_bus_work work_kind)
{
    struct vg_bus_job job;
    memset(&job, 0, sizeof job);
    job.index = u->device;
    job.work = (uint8_t)work_kind;
    job.unit = u->cfg->unit;
    job.timeout_ns = u->cfg->timeout_ns;
    job.probe = u->needs_probe;
    job.probe_len = u->probe_len;
    job.blocks = u->blocks;
    return job;
}

static bool submit_write(struct vg_bus *b, struct vg_unit *u, enum vg_request_what what)
{
    enum vg_area area;
    struct vg_bus_job job = job_for(u, VG_BUS_WRITE);

    if (vg_regmap_write(u->map, &u->state, what, &area, &job.addr, &job.value) != VG_OK) {
        return false;
    }
    job.area = (uint16_t)area;
    job.what = (uint8_t)what;
    submit(b, &job);
    return true;
}

/* The first pending write of the bus, by rank. */
/* What a unit may want written, most urgent first. */
enum write_rank { ABORT, START, ENABLE, WRITE_RANKS };

/* Does the unit want it, and may it be written now? It wants it no longer then. */
static bool take_wish(struct vg_unit *u, enum write_rank rank)
{
    bool *wants[WRITE_RANKS] = { &u->wants_abort, &u->wants_start, &u->wants_enable };

    /* An enable waits until the unit is known to be there. */
    if (!*wants[rank] || (rank == ENABLE && u->conn.state != VG_PORT_ONLINE)) {
        return false;
    }
    *wants[rank] = false;
    return true;
}

static bool run_write(struct vg_bus *b)
{
    static const uint8_t what_of[WRITE_RANKS] = { VG_REQ_NIBP_ABORT, VG_REQ_NIBP_START,
                                                  VG_REQ_NONE };
    for (unsigned rank = 0; rank < WRITE_RANKS; rank++) {
        for (uint16_t i = b->first; i != VG_DEVICE_NONE; i = b->v->units[i].next) {
            struct vg_unit *u = &b->v->units[i];
            if (!take_wish(u, (enum write_rank)rank)) {
                continue;
            }
            if (submit_write(b, u, (enum vg_request_what)what_of[rank])) {
                return true;
            }
            if (rank == START) {
                u->sink.cuff(u->sink.state, VG_CUFF_BUSY); /* running, or not yet known */
            }
        }
    }
    return false;
}

static void advance(struct vigild *v, struct vg_unit *u, int64_t now_ns)
{
    int64_t period_ns = u->cfg->poll_ns;
    if (vg_nibp_is_measuring(&v->engine.devices[u->device].nibp) && period_ns > MEASURING_POLL_NS) {
        period_ns = MEASURING_POLL_NS;
    }
    u->due_ns += period_ns;
    if (u->due_ns <= now_ns) {
        u->due_ns += (now_ns - u->due_ns) / period_ns * period_ns + period_ns;
    }
}

static void run_bus(struct vg_bus *b, int64_t *next_ns)
{
    struct vigild *v = b->v;
    int64_t now_ns = v->reactor.now.mono_ns;
    struct vg_unit *best = NULL;

    if (b->busy || run_write(b)) {
        return;
    }
    for (uint16_t i = b->first; i != VG_DEVICE_NONE; i = v->units[i].next) {
        if (best == NULL || v->units[i].due_ns < best->due_ns) {
            best = &v->units[i];
        }
    }
    if (best == NULL) {
        return;
    }
    if (best->due_ns > now_ns) {
        *next_ns = best->due_ns < *next_ns ? best->due_ns : *next_ns;
        return;
    }
    struct vg_bus_job job = job_for(best, VG_BUS_POLL);
    advance(v, best, now_ns);
    submit(b, &job);
}

/* After an answer only its own bus has something to do. With a bus for every unit, looking at all of
 * them each time would grow with the square of their number. */
static void run_own(struct vg_bus *b)
{
    int64_t next_ns = INT64_MAX;
    run_bus(b, &next_ns);
    if (next_ns != INT64_MAX) {
        wake_at(b->v, next_ns);
    }
}

void vg_bus_run_due(struct vigild *v)
{
    int64_t next_ns = INT64_MAX;
    for (uint16_t i = 0; i < v->bus_count; i++) {
        run_bus(&v->buses[i], &next_ns);
    }
    if (next_ns != INT64_MAX) {
        wake_at(v, next_ns);
    }
}

enum vg_status vg_bus_request(struct vigild *v, uint16_t device, enum vg_request_what what)
{
    struct vg_unit *u = &v->units[device];
    if (what == VG_REQ_NIBP_START) {
        u->wants_start = true;
    } else if (what == VG_REQ_NIBP_ABORT) {
        u->wants_start = false; /* a start that did not leave yet is taken back */
        u->wants_abort = true;
    } else {
        return VG_OK; /* results come with the polls */
    }
    /* Not from here: the engine's step is still under way. The next turn runs it. */
    wake_at(v, v->reactor.now.mono_ns);
    return VG_OK;
}

/* --- life ------------------------------------------------------------------------------------ */

static struct vg_bus *find_bus(struct vigild *v, const struct vg_link_config *link)
{
    for (uint16_t i = 0; i < v->bus_count; i++) {
        const struct vg_link_config *l = &v->buses[i].link.cfg;
        if (l->scheme == link->scheme && l->port == link->port &&
            strcmp(l->target, link->target) == 0) {
            return &v->buses[i];
        }
    }
    return NULL;
}

static enum vg_status start_bus(struct vigild *v, struct vg_bus *b,
                                const struct vg_link_config *link)
{
    struct vg_worker *w = &b->worker;
    b->v = v;
    b->first = VG_DEVICE_NONE;
    b->run = v->test_modbus != NULL ? v->test_modbus : vg_modbus_run;
    b->link.cfg = *link;
    vg_ring_init(&w->jobs, b->jobs, sizeof b->jobs[0], VG_COUNT(b->jobs));
    vg_ring_init(&w->done, b->done, sizeof b->done[0], VG_COUNT(b->done));
    w->work = work;
    w->on_done = collect;
    w->ctx = b;
    w->clock = v->reactor.env.clock;
    w->inline_run = v->inline_workers;
    enum vg_status st = vg_worker_start(w, "vigil-bus");
    if (st == VG_OK && !w->inline_run) {
        st = vg_reactor_add(&v->reactor, w->done_fd, on_done_fd, w);
    }
    return st;
}

enum vg_status vg_bus_add(struct vigild *v, uint16_t device)
{
    const struct vg_device_config *cfg = &v->config.devices[device];
    struct vg_bus *b = find_bus(v, &cfg->link);
    struct vg_unit *u = &v->units[device];

    if (b == NULL) {
        b = &v->buses[v->bus_count];
        enum vg_status st = start_bus(v, b, &cfg->link);
        if (st != VG_OK) {
            return st;
        }
        v->bus_count++;
    }
    memset(u, 0, sizeof *u);
    u->cfg = cfg;
    u->map = &v->config.maps[cfg->map];
    u->device = device;
    u->sink = vg_ingest_sink(v, device);
    u->wants_enable = true;
    u->next = b->first;
    b->first = device;
    vg_conn_init(&u->conn, v->reactor.now.mono_ns);
    set_blocks(u);
    /* Spread over the period, so that many units do not ask in the same millisecond. */
    u->due_ns = v->reactor.now.mono_ns + cfg->poll_ns * (device % 64) / 64;
    return VG_OK;
}

void vg_bus_stop_all(struct vigild *v)
{
    for (uint16_t i = 0; i < v->bus_count; i++) {
        if (!v->buses[i].worker.started) {
            continue;
        }
        vg_reactor_remove(&v->reactor, v->buses[i].worker.done_fd); /* inline: -1, ignored */
        vg_worker_stop(&v->buses[i].worker);
    }
}
