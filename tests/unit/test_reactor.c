/*
 * test_reactor.c -- the loop with a clock of ours and with the system's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zmq.h>

#include "lib/reactor.h"

static struct vg_reactor r;
static struct vg_now now;
static int64_t asked_ns; /* how long the loop wanted to wait */
static char order[32];
static size_t order_len;

static void read_clock(void *state, struct vg_now *out)
{
    (void)state;
    *out = now;
}

static int wait_virtual(void *state, void *items, int count, int64_t timeout_ns)
{
    (void)state;
    asked_ns = timeout_ns;
    return zmq_poll(items, count, 0);
}

static void begin(void)
{
    struct vg_reactor_env env = { .clock = { read_clock, NULL }, .wait = wait_virtual };
    memset(&now, 0, sizeof now);
    memset(order, 0, sizeof order);
    order_len = 0;
    asked_ns = 0;
    assert_int_equal(vg_reactor_init(&r, &env), VG_OK);
}

static void note(void *state)
{
    assert_true(order_len + 1 < sizeof order);
    order[order_len++] = *(const char *)state;
}

static char name_a[] = "a";
static char name_b[] = "b";
static char name_c[] = "c";

static void test_reactor__fires_the_earliest_first_and_each_once(void **state)
{
    (void)state;
    begin();
    struct vg_timer *a = vg_reactor_add_timer(&r, note, name_a);
    struct vg_timer *b = vg_reactor_add_timer(&r, note, name_b);
    struct vg_timer *c = vg_reactor_add_timer(&r, note, name_c);
    vg_timer_arm(a, 300);
    vg_timer_arm(b, 100);
    vg_timer_arm(c, 100);
    vg_reactor_turn(&r);
    assert_string_equal(order, "");
    assert_int_equal(asked_ns, 100);
    now.mono_ns = 350;
    vg_reactor_turn(&r);
    assert_string_equal(order, "bca"); /* ties by slot */
    assert_int_equal(asked_ns, -1);    /* nothing armed: for ever */
    assert_int_equal(r.late_ns, 250);
    vg_reactor_turn(&r);
    assert_string_equal(order, "bca");
    vg_reactor_fini(&r);
}

static struct vg_timer *again;

static void rearm(void *state)
{
    note(state);
    vg_timer_arm(again, 0);
}

static void test_reactor__one_that_is_always_due_fires_once_a_turn(void **state)
{
    (void)state;
    begin();
    again = vg_reactor_add_timer(&r, rearm, name_a);
    vg_timer_arm(again, 0);
    vg_reactor_turn(&r);
    assert_string_equal(order, "a"); /* it cannot hold the loop */
    assert_int_equal(asked_ns, 0);
    vg_reactor_fini(&r);
}

struct tap {
    int fd;
    uint32_t events;
    int calls;
    int remove_fd; /* removed in the callback; -1 = none */
};

static void on_tap(void *state, uint32_t events)
{
    struct tap *t = state;
    char buf[16];
    t->calls++;
    t->events |= events;
    if ((events & (uint32_t)EPOLLIN) != 0) {
        ssize_t n = read(t->fd, buf, sizeof buf);
        (void)n;
    }
    if (t->remove_fd >= 0) {
        vg_reactor_remove(&r, t->remove_fd);
    }
}

static void test_reactor__calls_readable_descriptors(void **state)
{
    int pipe_fds[2];
    (void)state;
    begin();
    assert_int_equal(pipe(pipe_fds), 0);
    struct tap t = { .fd = pipe_fds[0], .remove_fd = -1 };
    assert_int_equal(vg_reactor_add(&r, pipe_fds[0], on_tap, &t), VG_OK);
    assert_int_equal(vg_reactor_add(&r, pipe_fds[0], on_tap, &t), VG_ERR_IO); /* twice */
    vg_reactor_turn(&r);
    assert_int_equal(t.calls, 0);
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    vg_reactor_turn(&r);
    assert_int_equal(t.calls, 1);
    (void)close(pipe_fds[1]);
    vg_reactor_turn(&r);
    assert_true((t.events & (uint32_t)EPOLLHUP) != 0);
    vg_reactor_remove(&r, pipe_fds[0]);
    vg_reactor_remove(&r, pipe_fds[0]); /* forgotten already */
    vg_reactor_remove(&r, -1);
    int calls = t.calls;
    vg_reactor_turn(&r);
    assert_int_equal(t.calls, calls);
    (void)close(pipe_fds[0]);
    vg_reactor_fini(&r);
}

/* Both are ready in one turn; whoever comes first takes the other out. */
static void test_reactor__a_removed_source_is_not_called_in_the_same_turn(void **state)
{
    int x[2];
    int y[2];
    (void)state;
    begin();
    assert_int_equal(pipe(x), 0);
    assert_int_equal(pipe(y), 0);
    struct tap tx = { .fd = x[0], .remove_fd = y[0] };
    struct tap ty = { .fd = y[0], .remove_fd = x[0] };
    assert_int_equal(vg_reactor_add(&r, x[0], on_tap, &tx), VG_OK);
    assert_int_equal(vg_reactor_add(&r, y[0], on_tap, &ty), VG_OK);
    assert_int_equal(write(x[1], "x", 1), 1);
    assert_int_equal(write(y[1], "y", 1), 1);
    vg_reactor_turn(&r);
    assert_int_equal(tx.calls + ty.calls, 1);
    vg_reactor_fini(&r);
    for (int i = 0; i < 2; i++) {
        (void)close(x[i]);
        (void)close(y[i]);
    }
}

static void test_reactor__reports_writability_only_while_asked(void **state)
{
    int pipe_fds[2];
    (void)state;
    begin();
    assert_int_equal(pipe(pipe_fds), 0);
    struct tap t = { .fd = pipe_fds[1], .remove_fd = -1 };
    assert_int_equal(vg_reactor_add(&r, pipe_fds[1], on_tap, &t), VG_OK);
    vg_reactor_turn(&r);
    assert_int_equal(t.calls, 0);
    vg_reactor_watch_write(&r, pipe_fds[1], true);
    vg_reactor_turn(&r);
    assert_int_equal(t.calls, 1);
    assert_true((t.events & (uint32_t)EPOLLOUT) != 0);
    vg_reactor_watch_write(&r, pipe_fds[1], false);
    vg_reactor_turn(&r);
    assert_int_equal(t.calls, 1);
    vg_reactor_watch_write(&r, 9999, true); /* unknown: nothing happens */
    vg_reactor_watch_write(&r, -1, true);
    vg_reactor_fini(&r);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

static void test_reactor__says_when_it_is_full(void **state)
{
    int pipe_fds[2];
    (void)state;
    begin();
    assert_int_equal(pipe(pipe_fds), 0);
    struct tap t = { .fd = pipe_fds[0], .remove_fd = -1 };
    for (size_t i = 0; i < VG_SOURCES_MAX; i++) {
        r.sources[i].fd = 100000 + (int)i;
    }
    assert_int_equal(vg_reactor_add(&r, pipe_fds[0], on_tap, &t), VG_ERR_FULL);
    vg_reactor_fini(&r);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

struct box {
    void *socket;
    int got;
};

static void on_socket(void *state)
{
    struct box *b = state;
    char buf[8];
    while (zmq_recv(b->socket, buf, sizeof buf, ZMQ_DONTWAIT) >= 0) {
        b->got++;
    }
}

static void count_turn(void *state)
{
    ++*(int *)state;
}

static void test_reactor__serves_zeromq_sockets_and_ends_each_turn(void **state)
{
    int turns = 0;
    (void)state;
    begin();
    void *zmq = zmq_ctx_new();
    struct box b = { .socket = zmq_socket(zmq, ZMQ_PULL), .got = 0 };
    void *push = zmq_socket(zmq, ZMQ_PUSH);
    assert_int_equal(zmq_bind(b.socket, "inproc://x"), 0);
    assert_int_equal(zmq_connect(push, "inproc://x"), 0);
    vg_reactor_add_zsocket(&r, b.socket, on_socket, &b);
    r.end_of_turn = count_turn;
    r.end_state = &turns;
    vg_reactor_turn(&r);
    assert_int_equal(b.got, 0);
    assert_int_equal(zmq_send(push, "1", 1, 0), 1);
    assert_int_equal(zmq_send(push, "2", 1, 0), 1);
    vg_reactor_turn(&r);
    assert_int_equal(b.got, 2);
    assert_int_equal(turns, 2);
    (void)zmq_close(push);
    (void)zmq_close(b.socket);
    (void)zmq_ctx_term(zmq);
    vg_reactor_fini(&r);
}

/* Answers three requests a call at most: the wake-up of what remains is used up by then. */
static void answer_few(void *state)
{
    struct box *b = state;
    char peer[64];
    char body[8];
    for (int i = 0; i < 3; i++) {
        int peer_len = zmq_recv(b->socket, peer, sizeof peer, ZMQ_DONTWAIT);
        if (peer_len < 0) {
            return;
        }
        int n = zmq_recv(b->socket, body, sizeof body, ZMQ_DONTWAIT);
        assert_true(n >= 0);
        vg_reactor_ask(&r);
        assert_int_equal(zmq_send(b->socket, peer, (size_t)peer_len, ZMQ_SNDMORE), peer_len);
        assert_int_equal(zmq_send(b->socket, body, (size_t)n, 0), n);
        b->got++;
    }
}

static void test_reactor__with_the_systems_wait_no_request_is_left_behind(void **state)
{
    struct vg_reactor_env env = vg_reactor_env_real();
    char buf[8];
    int answers = 0;
    int turns = 0;
    (void)state;
    memset(order, 0, sizeof order);
    order_len = 0;
    assert_int_equal(vg_reactor_init(&r, &env), VG_OK);
    void *zmq = zmq_ctx_new();
    struct box b = { .socket = zmq_socket(zmq, ZMQ_ROUTER), .got = 0 };
    void *client = zmq_socket(zmq, ZMQ_DEALER);
    assert_int_equal(zmq_bind(b.socket, "inproc://requests"), 0);
    assert_int_equal(zmq_connect(client, "inproc://requests"), 0);
    vg_reactor_add_zsocket(&r, b.socket, answer_few, &b);
    vg_timer_arm(vg_reactor_add_timer(&r, note, name_a), r.now.mono_ns + 10 * VG_NS_PER_S);
    for (int round = 1; round <= 20; round++) {
        for (int i = 0; i < 10; i++) {
            assert_int_equal(zmq_send(client, "q", 1, 0), 1);
        }
        for (; b.got < round * 10 && order_len == 0; turns++) {
            vg_reactor_turn(&r);
        }
        while (zmq_recv(client, buf, sizeof buf, ZMQ_DONTWAIT) >= 0) {
            answers++;
        }
    }
    assert_int_equal(answers, 200);
    assert_true(turns < 400); /* it did not spin either */
    (void)zmq_close(client);
    (void)zmq_close(b.socket);
    (void)zmq_ctx_term(zmq);
    vg_reactor_fini(&r);
}

/* Always one armed: a turn with nothing due would wait for ever. */
static void beat(void *state)
{
    (void)state;
    vg_timer_arm(again, r.now.mono_ns + VG_NS_PER_MS);
}

static void test_reactor__with_the_systems_clock_a_timer_is_never_early(void **state)
{
    struct vg_reactor_env env = vg_reactor_env_real();
    (void)state;
    memset(order, 0, sizeof order);
    order_len = 0;
    assert_int_equal(vg_reactor_init(&r, &env), VG_OK);
    struct vg_timer *t = vg_reactor_add_timer(&r, note, name_a);
    again = vg_reactor_add_timer(&r, beat, NULL);
    int64_t due_ns = r.now.mono_ns + 3500 * VG_NS_PER_US;
    vg_timer_arm(t, due_ns);
    vg_timer_arm(again, due_ns);
    while (order_len == 0) {
        vg_reactor_turn(&r);
    }
    assert_true(r.now.mono_ns >= due_ns);
    vg_reactor_fini(&r);
    vg_reactor_fini(&r); /* closed already */
}

static void test_reactor__reports_that_there_is_no_descriptor(void **state)
{
    struct vg_reactor_env env = vg_reactor_env_real();
    struct rlimit before;
    struct rlimit none;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum vg_status st = vg_reactor_init(&r, &env);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(st, VG_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reactor__fires_the_earliest_first_and_each_once),
        cmocka_unit_test(test_reactor__one_that_is_always_due_fires_once_a_turn),
        cmocka_unit_test(test_reactor__calls_readable_descriptors),
        cmocka_unit_test(test_reactor__a_removed_source_is_not_called_in_the_same_turn),
        cmocka_unit_test(test_reactor__reports_writability_only_while_asked),
        cmocka_unit_test(test_reactor__says_when_it_is_full),
        cmocka_unit_test(test_reactor__serves_zeromq_sockets_and_ends_each_turn),
        cmocka_unit_test(test_reactor__with_the_systems_wait_no_request_is_left_behind),
        cmocka_unit_test(test_reactor__with_the_systems_clock_a_timer_is_never_early),
        cmocka_unit_test(test_reactor__reports_that_there_is_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
