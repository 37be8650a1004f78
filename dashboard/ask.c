/*
 * ask.c -- see ask.h.
 */
#include "dashboard/ask.h"

#include <string.h>
#include <zmq.h>

#include "lib/log.h"
#include "lib/zsocket.h"

/* The daemon answers a command within 1 s also when its disk does not. */
#define ATTEMPT_NS (2 * VG_NS_PER_S)
#define ATTEMPTS 2
#define LOOK_NS (100 * VG_NS_PER_MS)

static void on_reply(void *state);

static void hang_up(struct dash_ask *q)
{
    vg_reactor_remove_zsocket(q->all->reactor, q->socket);
    (void)zmq_close(q->socket);
    q->socket = NULL;
}

static enum vg_status dial(struct dash_ask *q)
{
    q->socket = vg_zsocket_connect(q->all->zmq, ZMQ_DEALER, q->endpoint);
    if (q->socket == NULL) {
        return VG_ERR_IO;
    }
    q->attempt++;
    q->until_ns = q->all->reactor->now.mono_ns + ATTEMPT_NS;
    vg_reactor_add_zsocket(q->all->reactor, q->socket, on_reply, q);
    /* Queued until the daemon is there; when it never is, the time runs out. */
    (void)zmq_send(q->socket, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(q->socket, q->body, q->len, ZMQ_DONTWAIT);
    vg_reactor_ask(q->all->reactor);
    return VG_OK;
}

static void finish(struct dash_ask *q, enum vg_status st, const char *text, size_t len)
{
    dash_answer_fn fn = q->fn;
    void *state = q->state;
    hang_up(q);
    fn(state, st, text, len);
}

static void on_reply(void *state)
{
    struct dash_ask *q = state;
    zmq_msg_t part;
    bool more = true;
    bool got = false;

    (void)zmq_msg_init(&part);
    while (more && zmq_msg_recv(&part, q->socket, ZMQ_DONTWAIT) >= 0) {
        more = zmq_msg_more(&part) != 0;
        got = !more;
    }
    if (got) {
        finish(q, VG_OK, zmq_msg_data(&part), zmq_msg_size(&part));
    }
    (void)zmq_msg_close(&part);
}

static void look(void *state)
{
    struct dash_asks *a = state;
    int64_t now_ns = a->reactor->now.mono_ns;
    bool any = false;
    for (size_t i = 0; i < DASH_ASKS_MAX; i++) {
        struct dash_ask *q = &a->ask[i];
        if (q->socket != NULL && now_ns >= q->until_ns) {
            hang_up(q);
            if (q->attempt == ATTEMPTS || dial(q) != VG_OK) {
                q->fn(q->state, VG_ERR_TIMEOUT, NULL, 0);
            }
        }
        any = any || q->socket != NULL;
    }
    vg_timer_arm(a->timer, any ? now_ns + LOOK_NS : VG_TIME_NONE);
}

enum vg_status dash_asks_open(struct dash_asks *a, struct vg_reactor *reactor)
{
    memset(a, 0, sizeof *a);
    a->reactor = reactor;
    a->zmq = zmq_ctx_new();
    a->timer = vg_reactor_add_timer(reactor, look, a);
    for (size_t i = 0; i < DASH_ASKS_MAX; i++) {
        a->ask[i].all = a;
    }
    return a->zmq != NULL ? VG_OK : VG_ERR_IO;
}

void dash_asks_close(struct dash_asks *a)
{
    for (size_t i = 0; i < DASH_ASKS_MAX; i++) {
        if (a->ask[i].socket != NULL) {
            hang_up(&a->ask[i]);
        }
    }
    if (a->zmq != NULL) {
        (void)zmq_ctx_term(a->zmq);
        a->zmq = NULL;
    }
}

size_t dash_asks_free(const struct dash_asks *a)
{
    size_t n = 0;
    for (size_t i = 0; i < DASH_ASKS_MAX; i++) {
        n += a->ask[i].socket == NULL ? 1 : 0;
    }
    return n;
}

static struct dash_ask *find_free(struct dash_asks *a)
{
    for (size_t i = 0; i < DASH_ASKS_MAX; i++) {
        if (a->ask[i].socket == NULL) {
            return &a->ask[i];
        }
    }
    return NULL;
}

enum vg_status dash_ask(struct dash_asks *a, const char *endpoint, const char *body, size_t len,
                        dash_answer_fn fn, void *state)
{
    struct dash_ask *q = find_free(a);
    if (len > VG_WIRE_MAX) {
        return VG_ERR_RANGE;
    }
    if (q == NULL) {
        return VG_ERR_FULL;
    }
    memcpy(q->body, body, len);
    q->len = len;
    q->endpoint = endpoint;
    q->fn = fn;
    q->state = state;
    q->attempt = 0;
    enum vg_status st = dial(q);
    if (st == VG_OK && a->timer->due_ns == VG_TIME_NONE) {
        vg_timer_arm(a->timer, a->reactor->now.mono_ns + LOOK_NS);
    }
    return st;
}
