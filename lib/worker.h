/*
 * worker.h -- blocking work on a thread of its own; completions on a descriptor.
 *
 * One type, two lives: with a thread (production), or inline (tests: the work runs inside
 * vg_worker_wake() at the same virtual instant). The work function takes jobs from w->jobs and puts
 * results into w->done; it touches nothing else of the program. Workers exist for calls that block:
 * a Modbus bus, the journal's disk, a query of the record.
 */
#ifndef VIGIL_LIB_WORKER_H
#define VIGIL_LIB_WORKER_H

#include <pthread.h>

#include "lib/ring.h"
#include "vigil/status.h"
#include "vigil/time.h"

struct vg_worker;
typedef void (*vg_worker_fn)(struct vg_worker *w, void *ctx);

struct vg_worker {
    struct vg_ring jobs; /* loop -> thread */
    struct vg_ring done; /* thread -> loop */
    vg_worker_fn work;
    vg_worker_fn on_done; /* on the loop thread, when done may hold something */
    void *ctx;
    struct vg_clock clock;
    _Atomic int64_t busy_since_ns; /* mono time the present work began; 0 = idle */
    _Atomic bool stopping;
    int wake_fd; /* eventfd, loop -> thread */
    int done_fd; /* eventfd, thread -> loop: watch it for reading */
    bool inline_run;
    bool started;
    pthread_t thread;
};

/*
 * vg_worker_start -- begin. jobs and done rings, work, on_done, ctx, clock and inline_run are set.
 *
 * Errors: VG_ERR_IO when the system gives no thread or descriptor; nothing is left behind then.
 * The thread blocks all signals and has a small stack: work functions keep large storage in ctx.
 */
enum vg_status vg_worker_start(struct vg_worker *w, const char *name);

/* vg_worker_post -- queue one job without waking; false when the ring is full. */
bool vg_worker_post(struct vg_worker *w, const void *job);
/* vg_worker_wake -- run what is queued (inline: now, including on_done). */
void vg_worker_wake(struct vg_worker *w);
/* vg_worker_collect -- done_fd was readable: drain it and call on_done. */
void vg_worker_collect(struct vg_worker *w);
/* vg_worker_say_done -- from work(): tell the loop that done holds something. */
void vg_worker_say_done(struct vg_worker *w);
/* vg_worker_stop -- work() runs once more for what is queued, then the thread ends. */
void vg_worker_stop(struct vg_worker *w);

#endif
