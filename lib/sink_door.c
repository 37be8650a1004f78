/*
 * sink_door.c -- see sink_door.h.
 */
#include "lib/sink_door.h"

#include <string.h>
#include <zmq.h>

#include "lib/zsocket.h"
#include "vigil/wire.h"

enum vg_status vg_asink_door_open(struct vg_asink_door *d, void *zmq, const char *endpoint,
                                  const char *what)
{
    memset(d, 0, sizeof *d);
    d->endpoint = endpoint;
    d->what = what;
    d->socket = vg_zsocket_connect(zmq, ZMQ_DEALER, endpoint);
    return d->socket != NULL ? VG_OK : VG_ERR_IO;
}

void vg_asink_door_close(struct vg_asink_door *d)
{
    if (d->socket != NULL) {
        (void)zmq_close(d->socket);
        d->socket = NULL;
    }
}

enum vg_status vg_asink_door_send(struct vg_asink_door *d, const char *body, size_t len,
                                  int64_t now_ns)
{
    if (d->busy) {
        return VG_ERR_STATE;
    }
    if (zmq_send(d->socket, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 ||
        zmq_send(d->socket, body, len, ZMQ_DONTWAIT) < 0) {
        return VG_ERR_IO;
    }
    d->busy = true;
    d->sent_ns = now_ns;
    return VG_OK;
}

/* One message of any number of parts; the last is the body. false when there is none. */
static bool receive(struct vg_asink_door *d, json_t **out)
{
    bool more = true;
    *out = NULL;
    while (more) {
        zmq_msg_t part;
        (void)zmq_msg_init(&part);
        if (zmq_msg_recv(&part, d->socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(&part);
            return false;
        }
        more = zmq_msg_more(&part) != 0;
        if (!more) {
            *out = json_loadb(zmq_msg_data(&part), zmq_msg_size(&part), JSON_REJECT_DUPLICATES,
                              NULL);
        }
        (void)zmq_msg_close(&part);
    }
    return true;
}

void vg_asink_door_expire(struct vg_asink_door *d, int64_t limit_ns, int64_t now_ns)
{
    json_t *late;
    if (!d->busy || now_ns - d->sent_ns < limit_ns) {
        return;
    }
    d->busy = false;
    (void)zmq_disconnect(d->socket, d->endpoint);
    while (receive(d, &late)) {
        json_decref(late);
    }
    if (zmq_connect(d->socket, d->endpoint) != 0) {
        vg_log_limited(&d->limit, now_ns, VG_LOG_ERROR, "sink: %s: %s: %s", d->what, d->endpoint,
                       zmq_strerror(zmq_errno()));
    }
}

static void log_answer(struct vg_asink_door *d, const json_t *reply, bool ok, int64_t now_ns)
{
    const char *text = json_string_value(json_object_get(reply, "text"));
    if (ok && d->refused) {
        vg_log(VG_LOG_INFO, "sink: %s: accepted again", d->what);
    } else if (!ok) {
        vg_log_limited(&d->limit, now_ns, VG_LOG_WARNING, "sink: %s: refused by the daemon: %.200s",
                       d->what,
                       text != NULL ? text : "no reason given; use programs of one version");
    }
    d->refused = !ok;
}

enum vg_status vg_asink_door_take(struct vg_asink_door *d, int64_t now_ns)
{
    json_t *reply;
    if (!receive(d, &reply)) {
        return VG_ERR_TIMEOUT;
    }
    bool ok = json_integer_value(json_object_get(reply, "v")) == VG_WIRE_VERSION &&
              json_is_true(json_object_get(reply, "ok"));
    log_answer(d, reply, ok, now_ns);
    json_decref(reply);
    d->busy = false;
    return ok ? VG_OK : VG_ERR_DENIED;
}
