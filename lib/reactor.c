/*
 * reactor.c -- see reactor.h. Sources and timers are fixed arrays; nothing is allocated per turn.
 *
 * Trap: a callback may remove any source, its own included. Readiness is therefore looked up again
 * by descriptor before each call; an index into a snapshot would call the dead.
 */
#include "lib/reactor.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "vigil/compiler.h"

#define READY_MAX 128

static bool has_input(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

/* zmq_poll asks every socket twice a turn, by system calls; here a socket is asked when its
 * descriptor ended the wait. What no descriptor tells, vg_reactor_ask() covers. */
static int wait_real(void *state, void *items_of, int item_count, int64_t timeout_ns)
{
    zmq_pollitem_t *items = items_of;
    struct pollfd fds[VG_ZSOCKETS_MAX + 1];
    /* Rounded up: waking a millisecond early would spin until the timer is due. */
    int64_t ms = timeout_ns < 0 ? -1 : (timeout_ns + VG_NS_PER_MS - 1) / VG_NS_PER_MS;
    int ready = 0;

    (void)state;
    VG_ASSERT(item_count <= VG_ZSOCKETS_MAX + 1);
    for (int i = 0; i < item_count; i++) {
        fds[i] = (struct pollfd){ .fd = items[i].fd, .events = POLLIN };
    }
    (void)poll(fds, (nfds_t)item_count, ms > INT_MAX ? INT_MAX : (int)ms);
    for (int i = 0; i < item_count; i++) {
        if (fds[i].revents != 0 && (items[i].socket == NULL || has_input(items[i].socket))) {
            items[i].revents = ZMQ_POLLIN;
            ready++;
        }
    }
    return ready;
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

/* The slot of a socket, of the first free one with NULL; VG_ZSOCKETS_MAX when there is none. */
static size_t find_zsocket(const struct vg_reactor *r, const void *socket)
{
    size_t i = 0;
    while (i < r->zsocket_count && r->zsockets[i].socket != socket) {
        i++;
    }
    return i < r->zsocket_count || socket == NULL ? i : VG_ZSOCKETS_MAX;
}

void vg_reactor_add_zsocket(struct vg_reactor *r, void *socket, vg_zsocket_fn fn, void *state)
{
    size_t i = find_zsocket(r, NULL);
    VG_ASSERT(i < VG_ZSOCKETS_MAX);
    size_t size = sizeof r->zsockets[i].fd;
    int rc = zmq_getsockopt(socket, ZMQ_FD, &r->zsockets[i].fd, &size);
    VG_ASSERT(rc == 0); /* every open socket has one */
    r->zsockets[i].socket = socket;
    r->zsockets[i].fn = fn;
    r->zsockets[i].state = state;
    r->zsocket_count = i < r->zsocket_count ? r->zsocket_count : i + 1;
    r->ask = true;
}

void vg_reactor_remove_zsocket(struct vg_reactor *r, void *socket)
{
    size_t i = find_zsocket(r, socket);
    if (i < r->zsocket_count) {
        r->zsockets[i].socket = NULL;
        r->zsockets[i].fd = -1; /* poll passes over it */
    }
}

void vg_reactor_ask(struct vg_reactor *r)
{
    r->ask = true;
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
    VG_TRAP(); /* VG_TIMERS_MAX is too small for this program */
}

void vg_timer_arm(struct vg_timer *t, int64_t due_ns)
{
    t->due_ns = due_ns;
}

/* without: bit set of slots not to look at. */
static struct vg_timer *earliest(struct vg_reactor *r, uint32_t without)
{
    static_assert(VG_TIMERS_MAX <= 32, "one bit for each timer");
    struct vg_timer *best = NULL;
    for (size_t i = 0; i < VG_TIMERS_MAX; i++) {
        struct vg_timer *t = &r->timers[i];
        if (t->fn != NULL && t->due_ns != VG_TIME_NONE && (without & (1u << i)) == 0 &&
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
    uint32_t fired = 0;
    for (;;) {
        struct vg_timer *t = earliest(r, fired);
        if (t == NULL || t->due_ns > r->now.mono_ns) {
            return;
        }
        if (r->now.mono_ns - t->due_ns > r->late_ns) {
            r->late_ns = r->now.mono_ns - t->due_ns;
        }
        t->due_ns = VG_TIME_NONE;
        fired |= 1u << (size_t)(t - r->timers);
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

/* A slot may be empty, and may have been filled anew by a callback before: fn then finds nothing. */
static void serve(struct vg_reactor *r, size_t i)
{
    if (r->zsockets[i].socket == NULL) {
        return;
    }
    r->ask = true; /* there may be more than one burst, and its wake-up is used up */
    r->zsockets[i].fn(r->zsockets[i].state);
}

/* Serve what is there without a wake-up; true when something was. */
static bool serve_unannounced(struct vg_reactor *r)
{
    if (!r->ask) {
        return false;
    }
    r->ask = false;
    for (size_t i = 0; i < r->zsocket_count; i++) {
        if (r->zsockets[i].socket != NULL && has_input(r->zsockets[i].socket)) {
            serve(r, i);
        }
    }
    return r->ask;
}

void vg_reactor_turn(struct vg_reactor *r)
{
    zmq_pollitem_t items[VG_ZSOCKETS_MAX + 1];
    int n = 0;

    r->env.clock.read(r->env.clock.state, &r->now);
    fire_timers(r);
    bool busy = serve_unannounced(r);

    const size_t count = r->zsocket_count; /* callbacks may add to it */
    for (size_t i = 0; i < count; i++) {
        items[n] = (zmq_pollitem_t){ .socket = r->zsockets[i].socket,
                                     .fd = r->zsockets[i].fd,
                                     .events = ZMQ_POLLIN };
        n++;
    }
    items[n] = (zmq_pollitem_t){ .fd = r->epoll_fd, .events = ZMQ_POLLIN };
    n++;

    const struct vg_timer *next = earliest(r, 0);
    int64_t wait_ns = busy ? 0 : -1;
    if (next != NULL && !busy) {
        wait_ns = next->due_ns > r->now.mono_ns ? next->due_ns - r->now.mono_ns : 0;
    }
    if (r->env.wait(r->env.state, items, n, wait_ns) > 0) {
        r->env.clock.read(r->env.clock.state, &r->now);
        for (size_t i = 0; i < count; i++) {
            if ((items[i].revents & ZMQ_POLLIN) != 0) {
                serve(r, i);
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
