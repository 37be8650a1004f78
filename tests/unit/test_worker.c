/*
 * test_worker.c -- both lives of a worker: a thread with its completions on a descriptor, and
 * inline, where everything has happened when vg_worker_wake() returns.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/worker.h"

#define CAP 16

struct bench {
    struct vg_worker w;
    uint32_t jobs[CAP];
    uint32_t done[CAP];
    uint32_t got[CAP];
    uint32_t got_count;
    uint32_t done_calls;
    _Atomic int rounds;
    _Atomic bool hold;   /* work() waits while this is set ... */
    bool until_stopping; /* ... or until it is told to stop */
    int64_t busy_ns;     /* busy_since_ns as work() saw it */
};

static void read_clock(void *state, struct vg_now *out)
{
    (void)state;
    out->mono_ns = 4711;
    out->utc_ns = 0;
}

/* One job a round, so that what is left for the next round shows. */
static void work(struct vg_worker *w, void *ctx)
{
    struct bench *b = ctx;
    uint32_t job = 0;
    bool has = vg_ring_pop(&w->jobs, &job);

    b->busy_ns = atomic_load(&w->busy_since_ns);
    while (atomic_load(&b->hold) && !(b->until_stopping && atomic_load(&w->stopping))) {
        (void)sched_yield();
    }
    while (has) {
        uint32_t result = job * 2;
        assert_true(vg_ring_push(&w->done, &result));
        vg_worker_say_done(w);
        has = !b->until_stopping && vg_ring_pop(&w->jobs, &job);
    }
    (void)atomic_fetch_add(&b->rounds, 1);
}

static void on_done(struct vg_worker *w, void *ctx)
{
    struct bench *b = ctx;
    b->done_calls++;
    while (b->got_count < CAP && vg_ring_pop(&w->done, &b->got[b->got_count])) {
        b->got_count++;
    }
}

static void begin(struct bench *b, bool inline_run)
{
    memset(b, 0, sizeof *b);
    vg_ring_init(&b->w.jobs, b->jobs, sizeof b->jobs[0], CAP);
    vg_ring_init(&b->w.done, b->done, sizeof b->done[0], CAP);
    b->w.work = work;
    b->w.on_done = on_done;
    b->w.ctx = b;
    b->w.clock.read = read_clock;
    b->w.inline_run = inline_run;
}

static void post(struct bench *b, uint32_t job)
{
    assert_true(vg_worker_post(&b->w, &job));
}

static void collect_until(struct bench *b, uint32_t count)
{
    while (b->got_count < count) {
        struct pollfd p = { .fd = b->w.done_fd, .events = POLLIN };
        assert_true(poll(&p, 1, 10000) > 0);
        vg_worker_collect(&b->w);
    }
}

static void test_worker__thread_answers_on_its_descriptor(void **state)
{
    static struct bench b;
    (void)state;
    begin(&b, false);
    assert_int_equal(vg_worker_start(&b.w, "vigil-test"), VG_OK);
    for (uint32_t i = 1; i <= 5; i++) {
        post(&b, i);
    }
    vg_worker_wake(&b.w);
    collect_until(&b, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(b.got[i], 2 * (i + 1));
    }
    vg_worker_stop(&b.w);
    vg_worker_stop(&b.w); /* twice is once */
    assert_int_equal(b.busy_ns, 4711);
    assert_int_equal(atomic_load(&b.w.busy_since_ns), 0);
}

static void test_worker__says_since_when_it_is_busy(void **state)
{
    static struct bench b;
    (void)state;
    begin(&b, false);
    atomic_store(&b.hold, true);
    assert_int_equal(vg_worker_start(&b.w, "vigil-test"), VG_OK);
    post(&b, 1);
    vg_worker_wake(&b.w);
    while (atomic_load(&b.w.busy_since_ns) == 0) {
        (void)sched_yield();
    }
    assert_int_equal(atomic_load(&b.w.busy_since_ns), 4711);
    atomic_store(&b.hold, false);
    collect_until(&b, 1);
    vg_worker_stop(&b.w);
}

/* The job is posted while the thread is at work, and the stop comes before it looks again. */
static void test_worker__stop_works_off_what_is_queued(void **state)
{
    static struct bench b;
    (void)state;
    begin(&b, false);
    b.until_stopping = true;
    atomic_store(&b.hold, true);
    assert_int_equal(vg_worker_start(&b.w, "vigil-test"), VG_OK);
    post(&b, 1);
    vg_worker_wake(&b.w);
    while (atomic_load(&b.w.busy_since_ns) == 0) {
        (void)sched_yield();
    }
    post(&b, 2);
    vg_worker_stop(&b.w);
    on_done(&b.w, &b);
    assert_int_equal(b.got_count, 2);
    assert_int_equal(b.got[1], 4);
}

static void test_worker__inline_is_done_when_wake_returns(void **state)
{
    static struct bench b;
    (void)state;
    begin(&b, true);
    assert_int_equal(vg_worker_start(&b.w, "vigil-test"), VG_OK);
    assert_int_equal(b.w.done_fd, -1);
    post(&b, 21);
    assert_int_equal(b.got_count, 0);
    vg_worker_wake(&b.w);
    assert_int_equal(b.got_count, 1);
    assert_int_equal(b.got[0], 42);
    post(&b, 4);
    vg_worker_stop(&b.w);
    on_done(&b.w, &b);
    assert_int_equal(b.got_count, 2);
    assert_int_equal(atomic_load(&b.rounds), 2);
}

static void test_worker__refuses_more_jobs_than_fit(void **state)
{
    static struct bench b;
    uint32_t job = 1;
    (void)state;
    begin(&b, true);
    for (uint32_t i = 0; i < CAP; i++) {
        post(&b, i);
    }
    assert_false(vg_worker_post(&b.w, &job));
}

/* Without a free descriptor there is no worker, and nothing is left behind. */
static void test_worker__reports_what_the_system_refuses(void **state)
{
    static struct bench b;
    struct rlimit before;
    struct rlimit none;
    (void)state;
    begin(&b, false);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum vg_status st = vg_worker_start(&b.w, "vigil-test");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(st, VG_ERR_IO);
    assert_false(b.w.started);
    vg_worker_stop(&b.w); /* nothing to stop */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker__thread_answers_on_its_descriptor),
        cmocka_unit_test(test_worker__says_since_when_it_is_busy),
        cmocka_unit_test(test_worker__stop_works_off_what_is_queued),
        cmocka_unit_test(test_worker__inline_is_done_when_wake_returns),
        cmocka_unit_test(test_worker__refuses_more_jobs_than_fit),
        cmocka_unit_test(test_worker__reports_what_the_system_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
