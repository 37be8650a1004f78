/*
 * ask.h -- requests to daemons that nobody waits for: the answer comes as a call.
 *
 * Each request has a socket of its own, so that no late answer is taken for another's, and is sent
 * twice with the same bytes when none comes: a command is done at most once (docs/wire.md).
 */
#ifndef VIGIL_DASHBOARD_ASK_H
#define VIGIL_DASHBOARD_ASK_H

#include "lib/reactor.h"
#include "vigil/compiler.h"
#include "vigil/status.h"

/* Requests under way, of all browsers together; the next one is refused. */
#define DASH_ASKS_MAX 16

/* VG_OK with the reply's text, which is gone after the call; VG_ERR_TIMEOUT with none: whether a
 * command was done is then not known. */
typedef void (*dash_answer_fn)(void *state, enum vg_status st, const char *text, size_t len);

struct dash_ask {
    void *socket; /* NULL: free */
    struct dash_asks *all;
    const char *endpoint;
    dash_answer_fn fn;
    void *state;
    int64_t until_ns;
    unsigned attempt;
    size_t len;
    char body[VG_WIRE_MAX + 1];
};

struct dash_asks {
    struct vg_reactor *reactor;
    struct vg_timer *timer;
    void *zmq;
    struct dash_ask ask[DASH_ASKS_MAX];
};

/* dash_asks_open -- VG_ERR_IO when ZeroMQ gives no context. */
VG_NODISCARD enum vg_status dash_asks_open(struct dash_asks *a, struct vg_reactor *reactor);
void dash_asks_close(struct dash_asks *a);

/*
 * dash_ask -- send body to an endpoint and have the answer given to fn, never from within this call.
 *
 *   endpoint, state  retained until fn was called
 *
 * Errors: VG_ERR_FULL (try again later), VG_ERR_RANGE (longer than a request may be), VG_ERR_IO.
 * fn is not called then.
 */
VG_NODISCARD enum vg_status dash_ask(struct dash_asks *a, const char *endpoint, const char *body,
                                     size_t len, dash_answer_fn fn, void *state);

/* dash_asks_free -- places for further requests. */
size_t dash_asks_free(const struct dash_asks *a);

#endif
