/*
 * worker.c -- a thread, two eventfds, two rings.
 *
 * Trap: the eventfd counts wake-ups, not jobs; work() must look at the ring until it is content.
 */
#include "lib/worker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/log.h"

#define STACK_BYTES (256 * 1024)

static void kick(int fd)
{
    uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof one);
    (void)n; /* a full counter wakes as well */
}

static void run(struct vg_worker *w)
{
    struct vg_now now;
    w->clock.read(w->clock.state, &now);
    atomic_store(&w->busy_since_ns, now.mono_ns > 0 ? now.mono_ns : 1);
    w->work(w, w->ctx);
    atomic_store(&w->busy_since_ns, 0);
}

static void *thread_main(void *arg)
{
    struct vg_worker *w = arg;
    uint64_t count;
    bool last = false;
    while (!last) {
        if (read(w->wake_fd, &count, sizeof count) < 0 && errno != EINTR) {
            break;
        }
        /* Asked before the work: what was posted before the stop is seen by this round. */
        last = atomic_load(&w->stopping);
        run(w);
    }
    return NULL;
}

static enum vg_status start_thread(struct vg_worker *w, const char *name)
{
    sigset_t all;
    sigset_t before;
    pthread_attr_t attr;

    (void)sigfillset(&all);
    if (pthread_attr_init(&attr) != 0) {
        return VG_ERR_IO;
    }
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    int err = pthread_create(&w->thread, &attr, thread_main, w);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attr);
    if (err != 0) {
        vg_log(VG_LOG_ERROR, "worker: %s: no thread: %s", name, strerror(err));
        return VG_ERR_IO;
    }
    (void)pthread_setname_np(w->thread, name);
    return VG_OK;
}

enum vg_status vg_worker_start(struct vg_worker *w, const char *name)
{
    atomic_init(&w->busy_since_ns, 0);
    atomic_init(&w->stopping, false);
    w->wake_fd = -1;
    w->done_fd = -1;
    if (!w->inline_run) {
        w->wake_fd = eventfd(0, EFD_CLOEXEC);
        w->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (w->wake_fd < 0 || w->done_fd < 0 || start_thread(w, name) != VG_OK) {
            goto fail;
        }
    }
    w->started = true;
    return VG_OK;
fail:
    if (w->wake_fd >= 0) {
        (void)close(w->wake_fd);
    }
    if (w->done_fd >= 0) {
        (void)close(w->done_fd);
    }
    return VG_ERR_IO;
}

bool vg_worker_post(struct vg_worker *w, const void *job)
{
    return vg_ring_push(&w->jobs, job);
}

void vg_worker_wake(struct vg_worker *w)
{
    if (!w->inline_run) {
        kick(w->wake_fd);
        return;
    }
    run(w);
    w->on_done(w, w->ctx);
}

void vg_worker_collect(struct vg_worker *w)
{
    uint64_t count;
    ssize_t n = read(w->done_fd, &count, sizeof count);
    (void)n;
    w->on_done(w, w->ctx);
}

void vg_worker_say_done(struct vg_worker *w)
{
    if (!w->inline_run) {
        kick(w->done_fd);
    }
}

void vg_worker_stop(struct vg_worker *w)
{
    if (!w->started) {
        return;
    }
    w->started = false;
    if (w->inline_run) {
        run(w);
        return;
    }
    atomic_store(&w->stopping, true);
    kick(w->wake_fd);
    (void)pthread_join(w->thread, NULL);
    (void)close(w->wake_fd);
    (void)close(w->done_fd);
}
