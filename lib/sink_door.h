/*
 * sink_door.h -- one request at a time to the operate socket, without ever waiting for it.
 *
 * vg_client_request waits; a sink must not: it has an alarm to sound. A door sends, is busy until
 * the reply comes, and begins anew with another connection when none came in time, so that a late
 * reply is never taken for the next one. The socket itself stays the same: a reactor holds it.
 */
#ifndef VIGIL_LIB_SINK_DOOR_H
#define VIGIL_LIB_SINK_DOOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/log.h"
#include "vigil/compiler.h"
#include "vigil/status.h"

struct vg_asink_door {
    void *socket;
    const char *endpoint;
    const char *what; /* "heartbeat", "receipt": for the log */
    int64_t sent_ns;
    bool busy;
    bool refused; /* the last reply was a refusal */
    struct vg_log_limit limit;
};

/* vg_asink_door_open -- VG_ERR_IO with one log line. what and endpoint are retained. */
VG_NODISCARD enum vg_status vg_asink_door_open(struct vg_asink_door *d, void *zmq,
                                               const char *endpoint, const char *what);
void vg_asink_door_close(struct vg_asink_door *d);

/* vg_asink_door_send -- VG_ERR_STATE while busy, VG_ERR_IO when the socket takes nothing. */
enum vg_status vg_asink_door_send(struct vg_asink_door *d, const char *body, size_t len,
                                  int64_t now_ns);

/* vg_asink_door_expire -- a reply that did not come within limit_ns is not waited for any more. */
void vg_asink_door_expire(struct vg_asink_door *d, int64_t limit_ns, int64_t now_ns);

/* vg_asink_door_take -- the reply: VG_OK (ok), VG_ERR_DENIED (refused: logged when it begins, then
 * rarely), VG_ERR_TIMEOUT (none there). */
enum vg_status vg_asink_door_take(struct vg_asink_door *d, int64_t now_ns);

#endif
