/*
 * serve.c -- the program at work: everything opened in order, one loop, everything closed.
 */
#include <assert.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dashboard/dashboard.h"
#include "lib/json.h"
#include "lib/notify.h"
#include "lib/signals.h"
#include "lib/tones.h"

/* Frames leave together, ten times a second: an eye does not see more, and each page of sixteen
 * rooms that is made anew costs an old computer. News of alarms does not wait for it. */
#define FLUSH_NS (100 * VG_NS_PER_MS)
#define ALIVE_EVERY 2 /* seconds */

/* --- tones ---------------------------------------------------------------------------------- */

static const char *const priority_keys[] = { "low", "medium", "high" };
static_assert(VG_COUNT(priority_keys) == VG_PRIO_COUNT, "a priority has no key");

static void put_signals(struct vg_json *j, const struct tone_set *t)
{
    vg_json_object(j, "signals");
    for (size_t p = 0; p < VG_PRIO_COUNT; p++) {
        const struct tone_signal *s = &t->signal[p];
        vg_json_object(j, priority_keys[p]);
        vg_json_int(j, "pulse_ms", s->pulse_ns / VG_NS_PER_MS);
        vg_json_int(j, "rise_ms", tones_rise_ns(t, s) / VG_NS_PER_MS);
        vg_json_int(j, "interburst_ms", s->interburst_ns / VG_NS_PER_MS);
        /* One number a pulse but the last: how long it is still after it. */
        vg_json_array(j, "gaps_ms");
        for (unsigned i = 0; i + 1 < s->pulses; i++) {
            vg_json_int(j, NULL, tones_gap_ns(s, i) / VG_NS_PER_MS);
        }
        vg_json_array_end(j);
        vg_json_object_end(j);
    }
    vg_json_object_end(j);
}

static void put_melodies(struct vg_json *j, const struct tone_set *t)
{
    vg_json_object(j, "melodies");
    for (size_t c = 0; c < VG_CAT_COUNT; c++) {
        vg_json_array(j, vg_category_name((enum vg_category)c));
        for (uint16_t i = 0; i < t->melody[c].count; i++) {
            vg_json_int(j, NULL, t->melody[c].hz[i]);
        }
        vg_json_array_end(j);
    }
    vg_json_object_end(j);
}

static enum vg_status load_tones(struct dashboard *d)
{
    char path[DASH_PATH_MAX + 64];
    struct tone_set t;
    struct vg_json j;
    bool named = strchr(d->options.tones, '/') == NULL;
    (void)snprintf(path, sizeof path, "%s%s%s", named ? VG_DATADIR "/tones/" : "", d->options.tones,
                   named ? ".yaml" : "");
    if (tones_load(&t, path, stderr) != VG_OK) {
        return VG_ERR_FORMAT;
    }
    vg_json_begin(&j, d->tones, sizeof d->tones);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "name", t.name);
    vg_json_int(&j, "level_cb", t.level_cb);
    vg_json_int(&j, "fall_ms", t.fall_ns / VG_NS_PER_MS);
    vg_json_array(&j, "harmonics_db");
    for (uint16_t i = 0; i < t.harmonic_count; i++) {
        vg_json_int(&j, NULL, t.harmonic_db[i]);
    }
    vg_json_array_end(&j);
    put_signals(&j, &t);
    put_melodies(&j, &t);
    vg_json_object_end(&j);
    VG_ASSERT(!j.overflow);
    return VG_OK;
}

/* --- people --------------------------------------------------------------------------------- */

void dash_people_file(char *out, size_t cap, const struct dash_options *o)
{
    (void)snprintf(out, cap, "%s/people.json", o->state_dir);
}

/* Accounts are changed by another process, while this one runs. A file that cannot be read changes
 * nothing: screens must not go dark because of it. */
static void reload_people(struct dashboard *d)
{
    static struct dash_people fresh;
    struct stat now;
    if (stat(d->people_file, &now) != 0 || (now.st_mtim.tv_sec == d->people_changed.tv_sec &&
                                            now.st_mtim.tv_nsec == d->people_changed.tv_nsec)) {
        return;
    }
    enum vg_status st = dash_people_load(&fresh, d->people_file);
    if (st == VG_OK) {
        d->people = fresh;
        vg_log(VG_LOG_INFO, "people: %u accounts", d->people.count);
    }
    if (st == VG_OK || st == VG_ERR_FORMAT) { /* else it is read again in a second */
        d->people_changed = now.st_mtim;
    }
}

/* --- hashing -------------------------------------------------------------------------------- */

static void hash(struct vg_worker *w, void *ctx)
{
    const struct dashboard *d = ctx; /* only what never changes while it runs */
    struct dash_proof proof;
    while (vg_ring_pop(&w->jobs, &proof)) {
        if (proof.sessions != NULL) {
            dash_signin_write(proof.sessions, d->sessions_file);
            free(proof.sessions);
            proof.sessions = NULL;
        } else {
            proof.fits = dash_hash_fits(proof.hash, proof.secret);
            sodium_memzero(proof.secret, sizeof proof.secret);
        }
        bool kept = vg_ring_push(&w->done, &proof);
        VG_ASSERT(kept); /* no more are out than it holds */
        vg_worker_say_done(w);
    }
}

static void hashed(struct vg_worker *w, void *ctx)
{
    struct dash_proof proof;
    struct dashboard *d = ctx;
    while (vg_ring_pop(&w->done, &proof)) {
        d->proofs_out--;
        dash_api_proved(d, &proof);
    }
}

static void on_hashed(void *state, uint32_t events)
{
    (void)events;
    vg_worker_collect(state);
}

static enum vg_status start_hasher(struct dashboard *d)
{
    static_assert(VG_COUNT(d->proof_jobs) >= DASH_REQUESTS_MAX, "a proof finds no room");
    struct vg_worker *w = &d->hasher;
    vg_ring_init(&w->jobs, d->proof_jobs, sizeof d->proof_jobs[0], VG_COUNT(d->proof_jobs));
    vg_ring_init(&w->done, d->proof_done, sizeof d->proof_done[0], VG_COUNT(d->proof_done));
    w->work = hash;
    w->on_done = hashed;
    w->ctx = d;
    w->clock = d->reactor.env.clock;
    enum vg_status st = vg_worker_start(w, "vigil-hash");
    return st == VG_OK ? vg_reactor_add(&d->reactor, w->done_fd, on_hashed, w) : st;
}

/* --- timers and calls ----------------------------------------------------------------------- */

static void on_flush(void *state)
{
    dash_http_flush(state);
}

static void on_changed(void *state, bool urgent)
{
    struct dashboard *d = state;
    int64_t due_ns = d->reactor.now.mono_ns + (urgent ? 0 : FLUSH_NS);
    if (d->flush->due_ns == VG_TIME_NONE || due_ns < d->flush->due_ns) {
        vg_timer_arm(d->flush, due_ns);
    }
}

static void on_renew(void *state, size_t node, enum dash_feed_kind kind)
{
    struct dashboard *d = state;
    for (size_t i = 0; i < DASH_STREAMS_MAX; i++) {
        if (d->stream[i].connection != NULL) {
            dash_feed_renew(&d->feed, &d->stream[i].reader, node, kind);
        }
    }
}

static void on_second(void *state)
{
    struct dashboard *d = state;
    struct dash_event alive = { .kind = DASH_FEED_ALIVE, .data = "{}", .len = 2 };
    vg_timer_arm(d->second, d->reactor.now.mono_ns + VG_NS_PER_S);
    reload_people(d);
    dash_screen_look(d);
    /* Also finds browsers that are gone: a connection is only noticed when it is written to. */
    enum vg_status st = dash_feed_put(&d->feed, &alive);
    VG_ASSERT(st == VG_OK);
    dash_http_sweep(d);
    vg_notify("WATCHDOG=1");
}

static void on_signal(void *state, uint32_t events)
{
    struct dashboard *d = state;
    int number = vg_signals_take(d->signal_fd);
    (void)events;
    if (number == SIGTERM || number == SIGINT) {
        d->reactor.stop = true;
    }
}

/* --- start and stop ------------------------------------------------------------------------- */

static void raise_descriptors(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max < 8192 ? r.rlim_max : 8192;
        (void)setrlimit(RLIMIT_NOFILE, &r);
    }
}

static enum vg_status open_loop(struct dashboard *d)
{
    struct vg_reactor_env env = vg_reactor_env_real();
    if (vg_signals_open(&d->signal_fd) != VG_OK || vg_reactor_init(&d->reactor, &env) != VG_OK ||
        vg_reactor_add(&d->reactor, d->signal_fd, on_signal, d) != VG_OK) {
        vg_log(VG_LOG_ERROR, "dashboard: the system gives no descriptors; look at its limits");
        return VG_ERR_IO;
    }
    d->flush = vg_reactor_add_timer(&d->reactor, on_flush, d);
    d->second = vg_reactor_add_timer(&d->reactor, on_second, d);
    vg_timer_arm(d->second, d->reactor.now.mono_ns + VG_NS_PER_S);
    dash_feed_init(&d->feed);
    return dash_asks_open(&d->asks, &d->reactor);
}

static enum vg_status open_nodes(struct dashboard *d)
{
    for (size_t i = 0; i < d->options.node_count; i++) {
        struct dash_node *n = &d->node[i];
        *n = (struct dash_node){ .options = &d->options.node[i],
                                 .index = i,
                                 .reactor = &d->reactor,
                                 .asks = &d->asks,
                                 .feed = &d->feed,
                                 .changed = on_changed,
                                 .renew = on_renew,
                                 .state = d };
        enum vg_status st = dash_node_open(n);
        if (st != VG_OK) {
            return st;
        }
        d->node_count++;
    }
    return VG_OK;
}

static enum vg_status open_all(struct dashboard *d)
{
    if (sodium_init() < 0) {
        vg_log(VG_LOG_ERROR, "dashboard: no random numbers from the system");
        return VG_ERR_IO;
    }
    dash_signin_init(&d->signin);
    raise_descriptors();
    dash_people_file(d->people_file, sizeof d->people_file, &d->options);
    enum vg_status st = load_tones(d);
    st = st == VG_OK ? open_loop(d) : st;
    st = st == VG_OK ? start_hasher(d) : st;
    st = st == VG_OK ? open_nodes(d) : st;
    st = st == VG_OK ? dash_http_open(d) : st;
    (void)snprintf(d->sessions_file, sizeof d->sessions_file, "%s/sessions.json",
                   d->options.state_dir);
    dash_signin_load(&d->signin, d->sessions_file, &d->reactor.now);
    reload_people(d);
    return st;
}

static void close_all(struct dashboard *d)
{
    dash_http_close(d);
    vg_worker_stop(&d->hasher);
    for (size_t i = 0; i < d->node_count; i++) {
        dash_node_close(&d->node[i]);
    }
    dash_asks_close(&d->asks);
    vg_reactor_fini(&d->reactor);
    free(d->certificate);
    free(d->key);
}

int dash_serve(struct dashboard *d)
{
    if (open_all(d) != VG_OK) {
        return 1;
    }
    vg_log(VG_LOG_INFO, "dashboard: %s://%s:%u/", d->plain ? "http" : "https", d->options.address,
           d->options.port);
    if (d->people.count == 0) {
        vg_log(VG_LOG_WARNING, "dashboard: nobody can sign in yet: vigil-dashboard user add NAME "
                               "--role clinician");
    }
    vg_notify("READY=1\nSTATUS=serving");
    while (!d->reactor.stop) {
        vg_reactor_turn(&d->reactor);
    }
    vg_notify("STOPPING=1");
    close_all(d);
    return 0;
}
