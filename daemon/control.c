/*
 * control.c -- requests of at most 4 KiB, one reply each. Works with REQ and with DEALER clients.
 *
 * A peer with a command on its way to the disk may repeat it (same request id) and gets both
 * answers; other peers are never delayed by it. When the pool of waiting commands is full of such
 * that nobody was told about yet, the request is answered "busy" and nothing of it is done.
 */
#include "daemon/control.h"

#include <string.h>
#include <zmq.h>

#include "daemon/snapshot.h"
#include "daemon/vigild.h"
#include "lib/log.h"
#include "lib/zsocket.h"

#define BURST 32
#define HIGH_WATER 256

static void on_view(void *state);
static void on_operate(void *state);

enum vg_status vg_control_open(struct vigild *v)
{
    struct vg_control *c = &v->control;
    c->view = vg_zsocket_open(v->zmq, ZMQ_ROUTER, v->config.view, HIGH_WATER);
    if (c->view == NULL) {
        return VG_ERR_IO;
    }
    c->operate = vg_zsocket_open(v->zmq, ZMQ_ROUTER, v->config.operate, HIGH_WATER);
    if (c->operate == NULL) {
        return VG_ERR_IO;
    }
    vg_zsocket_restrict(v->config.stream);
    vg_zsocket_restrict(v->config.view);
    vg_zsocket_restrict(v->config.operate);
    vg_reactor_add_zsocket(&v->reactor, c->view, on_view, v);
    vg_reactor_add_zsocket(&v->reactor, c->operate, on_operate, v);
    return VG_OK;
}

void vg_control_close(struct vigild *v)
{
    if (v->control.view != NULL) {
        (void)zmq_close(v->control.view);
    }
    if (v->control.operate != NULL) {
        (void)zmq_close(v->control.operate);
    }
}

/* --- frames --------------------------------------------------------------------------------- */

struct incoming {
    struct vg_pending from; /* peer and envelope */
    size_t len;
    bool usable;
    char body[VG_WIRE_MAX];
};

/* One whole multipart message: [identity][""]?[body]. */
static bool receive(void *socket, struct incoming *in)
{
    zmq_msg_t msg;
    int part = 0;
    bool more = true;

    memset(&in->from, 0, sizeof in->from);
    in->len = 0;
    in->usable = true;
    while (more) {
        (void)zmq_msg_init(&msg);
        if (zmq_msg_recv(&msg, socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(&msg);
            return false;
        }
        size_t n = zmq_msg_size(&msg);
        more = zmq_msg_more(&msg) != 0;
        if (part == 0) {
            in->usable = n <= sizeof in->from.peer;
            in->from.peer_len = (uint8_t)(in->usable ? n : 0);
            memcpy(in->from.peer, zmq_msg_data(&msg), in->from.peer_len);
        } else if (part == 1 && n == 0 && more) {
            in->from.envelope = true;
        } else if (!more && n <= sizeof in->body && in->len == 0) {
            memcpy(in->body, zmq_msg_data(&msg), n);
            in->len = n;
        } else {
            in->len = 0;
            in->usable = in->usable && !more;
        }
        (void)zmq_msg_close(&msg);
        part++;
    }
    return true;
}

static void send_reply(struct vigild *v, void *socket, const struct vg_pending *to,
                       const char *body, size_t len)
{
    vg_reactor_ask(&v->reactor);
    if (zmq_send(socket, to->peer, to->peer_len, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        return; /* the peer is gone: nobody to tell */
    }
    if (to->envelope) {
        (void)zmq_send(socket, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    }
    (void)zmq_send(socket, body, len, ZMQ_DONTWAIT);
}

static void answer(struct vigild *v, void *socket, const struct vg_pending *to,
                   const struct vg_reply *r)
{
    size_t len;
    if (vg_wire_reply(r, v->control.body, sizeof v->control.body, &len) == VG_OK) {
        send_reply(v, socket, to, v->control.body, len);
    }
}

void vg_control_confirm(struct vigild *v, const struct vg_pending *p, bool recorded)
{
    struct vg_reply r = {
        .status = VG_OK,
        .request_id = vg_event_request_id(&p->ev),
        .receipt = p->receipt,
        .recorded = recorded,
        .duplicate = p->duplicate,
        .ev = &p->ev,
        .text = recorded ? NULL
                         : "taken and in force, but NOT yet on disk; the record is being retried",
    };
    answer(v, v->control.operate, p, &r);
}

void vg_control_refuse(struct vigild *v, const struct vg_pending *p, enum vg_refusal why,
                       const char *text, const struct vg_event *ev)
{
    struct vg_reply r = {
        .status = VG_ERR_STATE,
        .request_id = vg_event_request_id(ev),
        .error = vg_refusal_name(why),
        .text = text != NULL ? text : vg_refusal_text(why),
        .ev = why == VG_REFUSED_CONFIRM ? ev : NULL,
    };
    answer(v, v->control.operate, p, &r);
}

/* --- operate -------------------------------------------------------------------------------- */

/* A free place, or that of the oldest command which was answered "not yet" and waits in the ring:
 * it will be written all the same, only nobody is told. A disk that is full for hours must not make
 * the next dose refused. */
static uint16_t take_pending(struct vigild *v, const struct vg_pending *from)
{
    uint16_t at = VG_PENDING_NONE;

    for (uint16_t i = 0; i < VG_PENDING_MAX; i++) {
        const struct vg_pending *p = &v->pending[i];
        if (!p->used) {
            at = i;
            break;
        }
        if (p->answered && p->number != 0 &&
            (at == VG_PENDING_NONE || p->number < v->pending[at].number)) {
            at = i;
        }
    }
    if (at != VG_PENDING_NONE) {
        v->pending[at] = *from;
        v->pending[at].used = true;
    }
    return at;
}

/* Words of sinks are many and change little: no row, no waiting for the disk. */
static void from_sink(struct vigild *v, const struct vg_request *req)
{
    if (req->op == VG_OP_SINK_ALIVE) {
        vg_sinks_heard(v, req->ev.u.sink.sink, req->healthy);
    } else {
        vg_ingest_receipt(v, &req->ev);
    }
}

/* A range of the record, read on a worker. */
static void ask_record(struct vigild *v, const struct vg_request *req, const struct incoming *in)
{
    enum vg_status st = vg_query_range(&v->query, req, &in->from);
    if (st != VG_OK) {
        struct vg_reply r = { .status = st,
                              .error = "busy",
                              .text = "another range is being read; ask again" };
        answer(v, req->op == VG_OP_NOTES ? v->control.operate : v->control.view, &in->from, &r);
    }
}

/* What is said without a time happens now; a correction of a dose leaves the time as it was. The
 * record has milliseconds, and what is read again must be what was done. */
static void settle_time(struct vg_request *req, int64_t now_utc_ns)
{
    bool dose = req->ev.kind == VG_EV_DOSE;
    int64_t *at_ns = dose ? &req->ev.u.dose.given_utc_ns : &req->ev.u.care.at_utc_ns;

    if (!dose && req->ev.kind != VG_EV_CARE) {
        return;
    }
    if (!req->has_time && !(dose && req->ev.u.dose.what == VG_DW_AMEND)) {
        *at_ns = now_utc_ns;
    }
    *at_ns -= *at_ns % VG_NS_PER_MS;
}

static void operate_one(struct vigild *v, const struct incoming *in)
{
    struct vg_request req;
    enum vg_status st = vg_wire_request(&v->names, in->body, in->len, true, &req);

    if (st != VG_OK) {
        struct vg_reply r = { .status = st, .error = NULL, .text = req.why };
        answer(v, v->control.operate, &in->from, &r);
        return;
    }
    if (req.op == VG_OP_NOTES) {
        ask_record(v, &req, in);
        return;
    }
    if (req.ev.kind == VG_EV_SINK) {
        struct vg_reply r = { .status = VG_OK, .plain = true };
        from_sink(v, &req);
        answer(v, v->control.operate, &in->from, &r);
        return;
    }
    uint16_t slot = take_pending(v, &in->from);
    if (slot == VG_PENDING_NONE) {
        struct vg_reply r = { .status = VG_ERR_FULL,
                              .error = "busy",
                              .request_id = vg_event_request_id(&req.ev),
                              .text = "too many commands wait for the disk; nothing was done, "
                                      "repeat it with the same request_id" };
        answer(v, v->control.operate, &in->from, &r);
        return;
    }
    settle_time(&req, v->reactor.now.utc_ns);
    memcpy(v->pending[slot].extra, req.extra, sizeof req.extra);
    if (req.op == VG_OP_NIBP_START || req.op == VG_OP_NIBP_ABORT) {
        /* The device names the bed it is on; the one in the request must agree. */
        if (v->config.devices[req.ev.device].bed != req.bed) {
            req.ev.device = VG_DEVICE_NONE;
        }
    }
    req.ev.flags = vg_engine_bed_is_test(&v->engine, req.bed) ? VG_FLAG_TEST : 0;
    vg_ingest_command(v, &req.ev, slot);
}

static void on_operate(void *state)
{
    struct vigild *v = state;
    struct incoming in;
    for (int i = 0; i < BURST && receive(v->control.operate, &in); i++) {
        if (in.usable) {
            operate_one(v, &in);
        }
    }
}

/* --- view ----------------------------------------------------------------------------------- */

static void view_one(struct vigild *v, const struct incoming *in)
{
    struct vg_request req;
    enum vg_status st = vg_wire_request(&v->names, in->body, in->len, false, &req);
    if (st != VG_OK) {
        struct vg_reply r = { .status = st, .error = NULL, .text = req.why };
        answer(v, v->control.view, &in->from, &r);
        return;
    }
    if (req.op == VG_OP_RANGE || req.op == VG_OP_HISTORY) {
        ask_record(v, &req, in);
        return;
    }
    const char *body;
    size_t len;
    if (req.op == VG_OP_LIMITS) {
        vg_snapshot_limits(v, req.bed, &body, &len);
    } else if (req.op == VG_OP_PLAN) {
        vg_snapshot_plan(v, req.bed, &body, &len);
    } else {
        vg_snapshot_make(v, req.bed, &body, &len);
    }
    send_reply(v, v->control.view, &in->from, body, len);
}

static void on_view(void *state)
{
    struct vigild *v = state;
    struct incoming in;
    for (int i = 0; i < BURST && receive(v->control.view, &in); i++) {
        if (in.usable) {
            view_one(v, &in);
        }
    }
}

void vg_query_answer(void *state, const struct vg_pending *to, const char *body, size_t len)
{
    struct vigild *v = state;
    send_reply(v, v->query.private ? v->control.operate : v->control.view, to, body, len);
}
