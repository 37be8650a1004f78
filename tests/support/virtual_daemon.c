/* virtual_daemon.c -- see virtual_daemon.h. */
#include "tests/support/virtual_daemon.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zmq.h>

#include "core/alarm_catalogue.h"
#include "core/alarm_limits.h"
#include "tests/support/faulty_vfs.h"
#include "vigil/compiler.h"

#define VIEW_BYTES (1024 * 1024 + 16)

static char view_text[VIEW_BYTES];

/* --- the environment -------------------------------------------------------------------------- */

static void read_clock(void *state, struct vg_now *out)
{
    struct vd *d = state;
    *out = d->now;
}

static void advance(struct vd *d, int64_t to_ns)
{
    if (to_ns > d->now.mono_ns) {
        d->now.utc_ns += to_ns - d->now.mono_ns;
        d->now.mono_ns = to_ns;
    }
}

static void drain_stream(struct vd *d)
{
    char topic[VG_TOPIC_MAX + 1];
    char body[VG_WIRE_ALARMS_BYTES + 1];
    for (;;) {
        int n = zmq_recv(d->sub, topic, sizeof topic - 1, ZMQ_DONTWAIT);
        if (n < 0) {
            return;
        }
        int m = zmq_recv(d->sub, body, sizeof body - 1, ZMQ_DONTWAIT);
        VG_ASSERT(n < (int)sizeof topic && m >= 0 && m < (int)sizeof body);
        topic[n] = '\0';
        body[m] = '\0';
        d->frames++;
        if (d->on_frame != NULL) {
            d->on_frame(d->frame_state, topic, body);
        }
    }
}

static void drain_replies(struct vd *d)
{
    char part[VG_WIRE_MAX + 1];
    for (;;) {
        int n = zmq_recv(d->operate, part, sizeof part - 1, ZMQ_DONTWAIT);
        if (n < 0) {
            return;
        }
        part[n < (int)sizeof part ? n : (int)sizeof part - 1] = '\0';
        VG_ASSERT(d->reply_count < VD_REPLIES_MAX);
        struct vd_reply *r = &d->replies[d->reply_count++];
        r->at_ns = vd_now(d);
        (void)snprintf(r->text, sizeof r->text, "%.500s", part);
    }
}

static void step_devices(struct vd *d)
{
    for (size_t i = 0; i < d->device_count; i++) {
        d->touched = vdev_step(&d->devices[i], d->now.mono_ns) || d->touched;
    }
}

static void say_as_sink(struct vd *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say_as_sink(struct vd *d, const char *fmt, ...)
{
    char text[160];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)zmq_send(d->sinks, text, (size_t)n, ZMQ_DONTWAIT);
    d->touched = true;
}

static void confirm(struct vd *d, size_t i)
{
    struct vd_sink *s = &d->sink[i];
    for (uint16_t b = 0; b < d->config.bed_count && b < VG_COUNT(s->confirmed); b++) {
        const struct vg_slot *slot = vg_engine_audible(
            &d->v->engine, b, (enum vg_sink_role)d->config.routing.sinks[i].role);
        uint64_t what = slot != NULL ? slot->instance << 16 | slot->telling : 0;
        if (slot != NULL && what != s->confirmed[b]) {
            s->confirmed[b] = what;
            say_as_sink(d, "{\"op\":\"receipt\",\"sink\":\"%s\",\"bed\":\"%s\",\"instance\":%llu}",
                        d->config.sink_name[i], d->config.beds[b].id,
                        (unsigned long long)slot->instance);
        }
    }
}

static void step_sinks(struct vd *d)
{
    char drop[256];
    while (zmq_recv(d->sinks, drop, sizeof drop, ZMQ_DONTWAIT) >= 0) {
    }
    for (size_t i = 0; i < d->config.routing.sink_count; i++) {
        struct vd_sink *s = &d->sink[i];
        if (!s->alive || d->now.mono_ns < s->due_ns) {
            continue;
        }
        s->due_ns = d->now.mono_ns + VG_NS_PER_S;
        say_as_sink(d, "{\"op\":\"sink_alive\",\"sink\":\"%s\"}", d->config.sink_name[i]);
        if (!s->deaf) {
            confirm(d, i);
        }
    }
}

static int64_t next_word(const struct vd *d, int64_t next_ns)
{
    for (size_t i = 0; i < d->config.routing.sink_count; i++) {
        if (d->sink[i].alive && d->sink[i].due_ns < next_ns) {
            next_ns = d->sink[i].due_ns;
        }
    }
    return next_ns;
}

static int wait_virtual(void *state, void *items, int item_count, int64_t timeout_ns)
{
    struct vd *d = state;
    drain_stream(d);
    drain_replies(d);
    step_devices(d);
    step_sinks(d);
    if (d->touched) {
        int ready = zmq_poll(items, item_count, 0);
        if (ready > 0) {
            return ready;
        }
        d->touched = false;
    }
    int64_t next_ns = d->stop_ns;
    if (timeout_ns >= 0 && d->now.mono_ns + timeout_ns < next_ns) {
        next_ns = d->now.mono_ns + timeout_ns;
    }
    for (size_t i = 0; i < d->device_count; i++) {
        if (d->devices[i].due_ns < next_ns) {
            next_ns = d->devices[i].due_ns;
        }
    }
    advance(d, next_word(d, next_ns));
    return 0;
}

/* --- configuration ---------------------------------------------------------------------------- */

void vd_init(struct vd *d)
{
    memset(d, 0, sizeof *d);
    faulty_vfs_install();
    faulty_vfs.fast = true;
    d->now.mono_ns = VD_MONO0_NS;
    d->now.utc_ns = VD_UTC0_NS;
    d->subscription = "";
    (void)snprintf(d->dir, sizeof d->dir, "/tmp/vigil-test-XXXXXX");
    VG_ASSERT(mkdtemp(d->dir) != NULL);
    (void)snprintf(d->config.node, sizeof d->config.node, "node-1");
    (void)snprintf(d->config.state_dir, sizeof d->config.state_dir, "%s", d->dir);
    (void)snprintf(d->config.stream, sizeof d->config.stream, "inproc://stream");
    (void)snprintf(d->config.view, sizeof d->config.view, "inproc://view");
    (void)snprintf(d->config.operate, sizeof d->config.operate, "inproc://operate");
    vg_scales_default(&d->config.scales);
    vg_limits_default(&d->config.profiles[0]);
    (void)snprintf(d->config.profile_name[0], VG_ID_MAX, "adult");
    d->config.profile_count = 1;
    d->config.routing = (struct vg_routing){
        .second_ns = { 0, 30 * VG_NS_PER_S, 10 * VG_NS_PER_S },
        .local_ns = { 0, 60 * VG_NS_PER_S, 15 * VG_NS_PER_S },
        .presence_ns = 600 * VG_NS_PER_S,
    };
}

void vd_add_sink(struct vd *d, const char *id, enum vg_sink_role role, uint16_t bed)
{
    struct vg_routing *r = &d->config.routing;
    (void)snprintf(d->config.sink_name[r->sink_count], VG_ID_MAX, "%s", id);
    r->sinks[r->sink_count].role = (uint8_t)role;
    r->sinks[r->sink_count].bed = bed;
    d->sink[r->sink_count].alive = true;
    r->sink_count++;
}

uint16_t vd_add_bed(struct vd *d, const char *id)
{
    struct vg_bed_config *b = &d->config.beds[d->config.bed_count];
    (void)snprintf(b->id, sizeof b->id, "%s", id);
    (void)snprintf(b->name, sizeof b->name, "%s", id);
    return d->config.bed_count++;
}

static struct vg_device_config *add_config(struct vd *d, const char *id, const char *driver,
                                           uint16_t bed)
{
    struct vg_device_config *c = &d->config.devices[d->config.device_count++];
    (void)snprintf(c->id, sizeof c->id, "%s", id);
    c->bed = bed;
    c->driver = vg_driver_find(driver);
    VG_ASSERT(c->driver != NULL);
    c->link.line = c->driver->line;
    (void)snprintf(c->link.target, sizeof c->link.target, "%s", id);
    c->timeout_ns = 300 * VG_NS_PER_MS;
    c->poll_ns = VG_NS_PER_S;
    return c;
}

struct vdev *vd_add_device(struct vd *d, const char *id, const char *driver, uint16_t bed)
{
    VG_ASSERT(d->device_count < VD_DEVICES_MAX);
    struct vg_device_config *c = add_config(d, id, driver, bed);
    c->link.scheme = VG_SCHEME_TTY;
    struct vdev *dev = &d->devices[d->device_count++];
    vdev_init(dev, id, c->driver->is_cuff ? VDEV_CUFF : VDEV_OXIMETER);
    return dev;
}

struct vg_device_config *vd_add_unit(struct vd *d, const char *id, uint8_t unit, uint16_t bed)
{
    struct vg_device_config *c = add_config(d, id, "modbus", bed);
    c->link.scheme = VG_SCHEME_MODBUS_RTU;
    (void)snprintf(c->link.target, sizeof c->link.target, "bus");
    c->unit = unit;
    return c;
}

struct vdev *vd_device(struct vd *d, const char *id)
{
    for (size_t i = 0; i < d->device_count; i++) {
        if (strcmp(d->devices[i].id, id) == 0) {
            return &d->devices[i];
        }
    }
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static void *client(struct vd *d, int type, const char *endpoint)
{
    int zero = 0;
    void *s = zmq_socket(d->v->zmq, type);
    VG_ASSERT(s != NULL);
    (void)zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof zero);
    (void)zmq_setsockopt(s, ZMQ_RCVHWM, &zero, sizeof zero);
    int rc = zmq_connect(s, endpoint);
    VG_ASSERT(rc == 0);
    return s;
}

static void *fresh_memory(void)
{
    void *p = mmap(NULL, sizeof(struct vigild), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    VG_ASSERT(p != MAP_FAILED);
    return p;
}

enum vg_status vd_start_with(struct vd *d, void (*prepare)(struct vigild *v))
{
    struct vg_reactor_env env = { .clock = { read_clock, d }, .wait = wait_virtual, .state = d };
    d->v = fresh_memory();
    d->v->config = d->config;
    d->v->inline_workers = true;
    d->v->test_link = &vdev_link;
    vdev_set_world(d->devices, d->device_count, &d->now.mono_ns);
    if (prepare != NULL) {
        prepare(d->v);
    }
    enum vg_status st = vg_vigild_start(d->v, &env);
    if (st != VG_OK) {
        (void)munmap(d->v, sizeof(struct vigild));
        d->v = NULL;
        return st;
    }
    d->running = true;
    d->sub = client(d, ZMQ_SUB, d->config.stream);
    d->operate = client(d, ZMQ_DEALER, d->config.operate);
    d->view = client(d, ZMQ_DEALER, d->config.view);
    d->sinks = client(d, ZMQ_DEALER, d->config.operate);
    for (size_t i = 0; i < VG_SINKS_MAX; i++) {
        d->sink[i].due_ns = d->now.mono_ns;
        memset(d->sink[i].confirmed, 0, sizeof d->sink[i].confirmed);
    }
    (void)zmq_setsockopt(d->sub, ZMQ_SUBSCRIBE, d->subscription, strlen(d->subscription));
    d->touched = true;
    return VG_OK;
}

enum vg_status vd_start(struct vd *d)
{
    return vd_start_with(d, NULL);
}

void vd_stop(struct vd *d)
{
    if (!d->running) {
        return;
    }
    vd_settle(d);
    drain_stream(d);
    (void)zmq_close(d->sub);
    (void)zmq_close(d->operate);
    (void)zmq_close(d->view);
    (void)zmq_close(d->sinks);
    d->running = false;
    vg_vigild_stop(d->v);
    (void)munmap(d->v, sizeof(struct vigild));
    d->v = NULL;
}

void vd_kill(struct vd *d)
{
    struct vg_worker *w = &d->v->journal.worker;
    drain_stream(d);
    vg_ring_drop(&w->jobs, vg_ring_count(&w->jobs));
    w->started = false; /* neither a last word nor a last round */
    vd_stop(d);
}

static void remove_dir(const char *dir)
{
    DIR *list = opendir(dir);
    char path[512];
    if (list == NULL) {
        return;
    }
    for (const struct dirent *e = readdir(list); e != NULL; e = readdir(list)) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
            (void)unlink(path);
        }
    }
    (void)closedir(list);
    (void)rmdir(dir);
}

void vd_fini(struct vd *d)
{
    faulty_vfs.full = false;
    vd_stop(d);
    for (size_t i = 0; i < d->device_count; i++) {
        vdev_unplug(&d->devices[i]);
    }
    remove_dir(d->dir);
}

/* --- time ------------------------------------------------------------------------------------- */

int64_t vd_now(const struct vd *d)
{
    return d->now.mono_ns - VD_MONO0_NS;
}

void vd_run_until(struct vd *d, int64_t t_ns)
{
    d->stop_ns = VD_MONO0_NS + t_ns;
    if (!d->running) {
        advance(d, d->stop_ns);
        return;
    }
    while (d->now.mono_ns < d->stop_ns && !d->v->reactor.stop) {
        vg_reactor_turn(&d->v->reactor);
    }
    vd_settle(d);
}

void vd_settle(struct vd *d)
{
    if (!d->running) {
        return;
    }
    d->stop_ns = d->now.mono_ns;
    for (int quiet = 0; quiet < 3;) { /* a turn that found nothing may still have sent something */
        d->touched = true;
        vg_reactor_turn(&d->v->reactor);
        quiet = d->touched ? 0 : quiet + 1;
    }
    drain_stream(d);
}

void vd_step_wall_clock(struct vd *d, int64_t by_ns)
{
    d->now.utc_ns += by_ns;
}

/* --- requests --------------------------------------------------------------------------------- */

void vd_send(struct vd *d, const char *json)
{
    int n = zmq_send(d->operate, json, strlen(json), ZMQ_DONTWAIT);
    VG_ASSERT(n >= 0);
    d->touched = true;
}

const char *vd_ask(struct vd *d, const char *json)
{
    size_t before = d->reply_count;
    vd_send(d, json);
    vd_settle(d);
    return d->reply_count > before ? d->replies[d->reply_count - 1].text : "";
}

const char *vd_view(struct vd *d, const char *json)
{
    int n = zmq_send(d->view, json, strlen(json), ZMQ_DONTWAIT);
    VG_ASSERT(n >= 0);
    vd_settle(d);
    n = zmq_recv(d->view, view_text, sizeof view_text - 1, ZMQ_DONTWAIT);
    view_text[n > 0 ? n : 0] = '\0';
    return view_text;
}

int64_t vd_record(struct vd *d, const char *sql)
{
    char path[128];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int64_t value = INT64_MIN;

    (void)snprintf(path, sizeof path, "%s/vigil.db", d->dir);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW &&
        sqlite3_column_type(st, 0) != SQLITE_NULL) {
        value = sqlite3_column_int64(st, 0);
    }
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return value;
}
