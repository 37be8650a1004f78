/*
 * zsocket.c -- see zsocket.h.
 */
#include "lib/zsocket.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

#include "lib/log.h"
#include "vigil/capacity.h"

static const char *ipc_path(const char *endpoint)
{
    return strncmp(endpoint, "ipc://", 6) == 0 ? endpoint + 6 : NULL;
}

static void *make(void *zmq, int type, int high_water)
{
    int zero = 0;
    int interval_ms = 1000;
    int timeout_ms = 3000;
    void *s = zmq_socket(zmq, type);
    if (s == NULL) {
        return NULL;
    }
    (void)zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof zero);
    (void)zmq_setsockopt(s, ZMQ_SNDHWM, &high_water, sizeof high_water);
    (void)zmq_setsockopt(s, ZMQ_RCVHWM, &high_water, sizeof high_water);
    (void)zmq_setsockopt(s, ZMQ_HEARTBEAT_IVL, &interval_ms, sizeof interval_ms);
    (void)zmq_setsockopt(s, ZMQ_HEARTBEAT_TIMEOUT, &timeout_ms, sizeof timeout_ms);
    return s;
}

static void *fail(void *s, const char *endpoint)
{
    vg_log(VG_LOG_ERROR, "stream: %s: %s; check that the folder exists and no other daemon uses it",
           endpoint, zmq_strerror(errno));
    if (s != NULL) {
        (void)zmq_close(s);
    }
    return NULL;
}

void *vg_zsocket_open(void *zmq, int type, const char *endpoint, int high_water)
{
    /* A request has at most VG_WIRE_MAX bytes. A little more is answered with an error; who sends
     * megabytes is disconnected, before they fill the memory. */
    int64_t longest = 16 * VG_WIRE_MAX;
    void *s = make(zmq, type, high_water);
    if (s != NULL) {
        (void)zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &longest, sizeof longest);
    }
    if (s == NULL || zmq_bind(s, endpoint) != 0) {
        return fail(s, endpoint);
    }
    return s;
}

void *vg_zsocket_connect(void *zmq, int type, const char *endpoint)
{
    void *s = make(zmq, type, 1000);
    if (s == NULL || zmq_connect(s, endpoint) != 0) {
        return fail(s, endpoint);
    }
    return s;
}

void vg_zsocket_restrict(const char *endpoint)
{
    const char *path = ipc_path(endpoint);
    if (path != NULL && chmod(path, 0660) != 0) {
        vg_log(VG_LOG_WARNING, "stream: %s: %s", path, strerror(errno));
    }
}
