/*
 * reactor.h -- the loop: descriptors, ZeroMQ sockets and timers, with clock and wait injected.
 *
 * One wait covers the ZeroMQ sockets and one epoll descriptor that contains every other descriptor.
 * The clock is read once a turn. ZeroMQ sockets are touched by the loop thread only and their
 * descriptors are never put into the epoll set: they are edge-like, and a plain watch loses
 * messages. Hence a socket is asked for its events when its descriptor wakes the loop, again after
 * it was served until it has nothing, and whenever vg_reactor_ask() says that a send may have used
 * up a wake-up.
 */
#ifndef VIGIL_LIB_REACTOR_H
#define VIGIL_LIB_REACTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "vigil/capacity.h"
#include "vigil/status.h"
#include "vigil/time.h"

struct vg_reactor;

/* events: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR bits. */
typedef void (*vg_source_fn)(void *state, uint32_t events);
typedef void (*vg_timer_fn)(void *state);
/* Called when the socket has something to receive. Handles at most a burst, returns. */
typedef void (*vg_zsocket_fn)(void *state);

struct vg_source {
    int fd;
    vg_source_fn fn;
    void *state;
};

struct vg_timer {
    int64_t due_ns; /* VG_TIME_NONE = not armed */
    vg_timer_fn fn;
    void *state;
};

/* Where time and readiness come from. wait returns how many of the items are ready. items is an
 * array of zmq_pollitem_t, in which a socket's fd is its ZMQ_FD; timeout in ns, negative = for
 * ever. */
struct vg_reactor_env {
    struct vg_clock clock;
    int (*wait)(void *state, void *items, int item_count, int64_t timeout_ns);
    void *state;
};

struct vg_reactor {
    struct vg_reactor_env env;
    struct vg_now now; /* the turn's time */
    int64_t late_ns;   /* longest a timer fired late since last asked */
    int epoll_fd;
    bool stop;
    bool ask;                /* a socket may have input without a wake-up */
    vg_timer_fn end_of_turn; /* may be NULL */
    void *end_state;
    size_t zsocket_count; /* slots in use or empty between them */
    struct vg_source sources[VG_SOURCES_MAX];
    struct vg_timer timers[VG_TIMERS_MAX];
    struct {
        void *socket;
        int fd; /* ZMQ_FD: readable = ask the socket */
        vg_zsocket_fn fn;
        void *state;
    } zsockets[VG_ZSOCKETS_MAX];
};

/* The system's clock and wait. */
struct vg_reactor_env vg_reactor_env_real(void);

/* vg_reactor_init -- VG_ERR_IO when the system gives no epoll descriptor. */
enum vg_status vg_reactor_init(struct vg_reactor *r, const struct vg_reactor_env *env);
void vg_reactor_fini(struct vg_reactor *r);

/* vg_reactor_add -- watch fd for EPOLLIN (and EPOLLHUP, EPOLLERR). VG_ERR_FULL past capacity. */
enum vg_status vg_reactor_add(struct vg_reactor *r, int fd, vg_source_fn fn, void *state);
/* vg_reactor_remove -- forget fd; call it before closing. Its callback is not called again. */
void vg_reactor_remove(struct vg_reactor *r, int fd);
/* vg_reactor_watch_write -- also (or no longer) report EPOLLOUT. */
void vg_reactor_watch_write(struct vg_reactor *r, int fd, bool on);

void vg_reactor_add_zsocket(struct vg_reactor *r, void *socket, vg_zsocket_fn fn, void *state);
/* vg_reactor_remove_zsocket -- forget a socket; call it before closing. Its callback is not called
 * again. */
void vg_reactor_remove_zsocket(struct vg_reactor *r, void *socket);
/* vg_reactor_ask -- ask every ZeroMQ socket before the next wait. To be called after sending on a
 * socket that also receives: the send may have taken the wake-up of what came meanwhile. */
void vg_reactor_ask(struct vg_reactor *r);

/* vg_reactor_add_timer -- a timer slot, not armed; it exists as long as the reactor. */
struct vg_timer *vg_reactor_add_timer(struct vg_reactor *r, vg_timer_fn fn, void *state);
/* Arm for an instant of mono time; one shot. */
void vg_timer_arm(struct vg_timer *t, int64_t due_ns);

/* vg_reactor_turn -- one turn: time, timers, wait, sockets, descriptors, end of turn. */
void vg_reactor_turn(struct vg_reactor *r);

#endif
