/*
 * reactor.c -- see reactor.h. Sources and timers are fixed arrays; nothing is allocated per turn.
 *
 * Trap: a callback may remove any source, its own included. Readiness is therefore looked up again
 * by descriptor before each call; an index into a snapshot would call the dead.
 */
#include "lib/reactor.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "vigil/compiler.h"

#define READY_MAX 128

static int wait_real(void *state, void *items, int item_count, int64_t timeout_ns)
{
    (void)state;
    /* Rounded up: waking a millisecond early would spin until the timer is due. */
    int64_t ms = timeout_ns < 0 ? -1 : (timeout_ns + VG_NS_PER_MS - 1) / VG_NS_PER_MS;
    return zmq_poll(items, item_count, (long)ms);
}

struct vg_reactor_env vg_reactor_env_real(void)
{
    struct vg_reactor_env env = { .clock = vg_clock_real(), .wait = wait_real, .state = NULL };
    return env;
}

enum vg_status vg_reactor_init(struct vg_reactor *r, const struct vg_reactor_env *env)
{
    memset(r, 0, sizeof *r);
    r->env = *env;
    for (size_t i = 0; i < VG_SOURCES_MAX; i++) {
        r->sources[i].fd = -1;
    }
    r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (r->epoll_fd < 0) {
        vg_log(VG_LOG_ERROR, "reactor: no epoll descriptor: %s", strerror(errno));
        return VG_ERR_IO;
    }
    r->env.clock.read(r->env.clock.state, &r->now);
    return VG_OK;
}

void vg_reactor_fini(struct vg_reactor *r)
{
    if (r->epoll_fd >= 0) {
        (void)close(r->epoll_fd);
        r->epoll_fd = -1;
    }
}

static struct vg_source *find(struct vg_reactor *r, int fd)
{
    for (size_t i = 0; i < VG_SOURCES_MAX; i++) {
        if (r->sources[i].fd == fd) {
            return &r->sources[i];
        }
    }
    return NULL;
}

enum vg_status vg_reactor_add(struct vg_reactor *r, int fd, vg_source_fn fn, void *state)
{
    struct vg_source *s = find(r, -1);
    if (s == NULL) {
        return VG_ERR_FULL;
    }
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
    if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
        return VG_ERR_IO;
    }
    s->fd = fd;
    s->fn = fn;
    s->state = state;
    return VG_OK;
}

void vg_reactor_remove(struct vg_reactor *r, int fd)
{
    struct vg_source *s = fd >= 0 ? find(r, fd) : NULL;
    if (s != NULL) {
        (void)epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        s->fd = -1;
        s->fn = NULL;
    }
}

void vg_reactor_watch_write(struct vg_reactor *r, int fd, bool on)
{
    struct vg_source *s = fd >= 0 ? find(r, fd) : NULL;
    if (s != NULL) {
        struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
        if (on) {
            ev.events |= (uint32_t)EPOLLOUT;
        }
        (void)epoll_ctl(r->epoll_fd, EPOLL_CTL_MOD, fd, &ev);
    }
}

void vg_reactor_add_zsocket(struct vg_reactor *r, void *socket, vg_zsocket_fn fn, void *state)
{
    VG_ASSERT(r->zsocket_count < VG_ZSOCKETS_MAX);
    r->zsockets[r->zsocket_count].socket = socket;
    r->zsockets[r->zsocket_count].fn = fn;
    r->zsockets[r->zsocket_count].state = state;
    r->zsocket_count++;
}

struct vg_timer *vg_reactor_add_timer(struct vg_reactor *r, vg_timer_fn fn, void *state)
{
    for (size_t i = 0; i < VG_TIMERS_MAX; i++) {
        struct vg_timer *t = &r->timers[i];
        if (t->fn == NULL) {
            t->fn = fn;
            t->state = state;
            t->due_ns = VG_TIME_NONE;
            return t;
        }
    }
    VG_ASSERT(!"more timers than VG_TIMERS_MAX");
    return NULL;
}

void vg_timer_arm(struct vg_timer *t, int64_t due_ns)
{
    t->due_ns = due_ns;
}

static struct vg_timer *earliest(struct vg_reactor *r)
{
    struct vg_timer *best = NULL;
    for (size_t i = 0; i < VG_TIMERS_MAX; i++) {
        struct vg_timer *t = &r->timers[i];
        if (t->fn != NULL && t->due_ns != VG_TIME_NONE &&
            (best == NULL || t->due_ns < best->due_ns)) {
            best = t;
        }
    }
    return best;
}

/* Earliest first, ties by slot; each at most once a turn: one that re-arms itself for the past
 * waits for the next turn. */
static void fire_timers(struct vg_reactor *r)
{
    for (size_t fired = 0; fired < VG_TIMERS_MAX; fired++) {
        struct vg_timer *t = earliest(r);
        if (t == NULL || t->due_ns > r->now.mono_ns) {
            return;
        }
        if (r->now.mono_ns - t->due_ns > r->late_ns) {
            r->late_ns = r->now.mono_ns - t->due_ns;
        }
        t->due_ns = VG_TIME_NONE;
        t->fn(t->state);
    }
}

static void call_ready_sources(struct vg_reactor *r)
{
    struct epoll_event ready[READY_MAX];
    int n;
    do {
        n = epoll_wait(r->epoll_fd, ready, READY_MAX, 0);
        for (int i = 0; i < n; i++) {
            struct vg_source *s = ready[i].data.ptr;
            if (s->fd >= 0) {
                s->fn(s->state, ready[i].events);
            }
        }
    } while (n == READY_MAX);
}

void vg_reactor_turn(struct vg_reactor *r)
{
    zmq_pollitem_t items[VG_ZSOCKETS_MAX + 1];
    int n = 0;

    r->env.clock.read(r->env.clock.state, &r->now);
    fire_timers(r);

    for (size_t i = 0; i < r->zsocket_count; i++) {
        items[n] = (zmq_pollitem_t){ .socket = r->zsockets[i].socket, .events = ZMQ_POLLIN };
        n++;
    }
    items[n] = (zmq_pollitem_t){ .fd = r->epoll_fd, .events = ZMQ_POLLIN };
    n++;

    const struct vg_timer *next = earliest(r);
    int64_t wait_ns = -1;
    if (next != NULL) {
        wait_ns = next->due_ns > r->now.mono_ns ? next->due_ns - r->now.mono_ns : 0;
    }
    if (r->env.wait(r->env.state, items, n, wait_ns) > 0) {
        r->env.clock.read(r->env.clock.state, &r->now);
        for (size_t i = 0; i < r->zsocket_count; i++) {
            if ((items[i].revents & ZMQ_POLLIN) != 0) {
                r->zsockets[i].fn(r->zsockets[i].state);
            }
        }
        if ((items[n - 1].revents & ZMQ_POLLIN) != 0) {
            call_ready_sources(r);
        }
    }
    if (r->end_of_turn != NULL) {
        r->end_of_turn(r->end_state);
    }
}
