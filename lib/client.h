/*
 * client.h -- a consumer of the stream: frames with their gaps found, a snapshot, requests.
 *
 * For every program that shows what a daemon says. Policy-free: it knows counters, sequence numbers
 * and time-outs, not what a value means. Everything it was told arrives through vg_client_next and
 * vg_client_snapshot as JSON objects of docs/wire.md.
 *
 * Use: open, subscribe, snapshot, then next for ever; when next sets `gap` or `restarted`, ask for
 * a snapshot again.
 */
#ifndef VIGIL_LIB_CLIENT_H
#define VIGIL_LIB_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/log.h"
#include "vigil/capacity.h"
#include "vigil/compiler.h"
#include "vigil/status.h"
#include "vigil/time.h"
#include "vigil/wire.h"

/* Streams (one topic of one device, or one topic) that are followed. A bed has at most 9 vitals and
 * 13 other topics; 256 beds and 512 devices fit with room for the hash. Past this a stream is
 * delivered but its gaps are not seen, and that is counted. */
#define VG_CLIENT_STREAMS_MAX 16384

enum vg_client_door { VG_DOOR_VIEW, VG_DOOR_OPERATE, VG_DOOR_COUNT };

/* Endpoints: NULL = not needed by this program. Retained until vg_client_close. */
struct vg_client_options {
    const char *stream;
    const char *suffix; /* topics that do not end so are thrown away unread; NULL = none are */
    const char *door[VG_DOOR_COUNT];
    int64_t timeout_ms; /* of one attempt; a request is tried twice */
    struct vg_clock clock;
};

/* What is remembered of a topic (`n`), or of a topic and a device (`seq`). */
struct vg_client_stream {
    uint64_t key; /* 0 = free */
    uint64_t last;
};

struct vg_client {
    struct vg_client_options options;
    void *zmq;
    void *stream;
    void *door[VG_DOOR_COUNT];
    int64_t run;        /* of the daemon, from .alarms and snapshots; 0 = unknown */
    uint64_t baseline;  /* seq of the last snapshot */
    uint64_t gaps;      /* frames that never came */
    uint64_t untracked; /* frames of streams that found no room */
    struct vg_log_limit bad_frames;
    uint32_t stream_count;
    struct vg_client_stream streams[VG_CLIENT_STREAMS_MAX];
};

/* One frame. */
struct vg_client_update {
    char topic[VG_TOPIC_MAX];
    const char *bed;     /* inside body; NULL when it names none */
    json_t *body;        /* the caller's: json_decref */
    int64_t received_ns; /* mono, of this machine */
    bool snapshot;       /* repeats an older state */
    bool gap;            /* frames of this topic before this one are lost: ask for a snapshot */
    bool restarted;      /* the daemon is another run than before: ask for a snapshot */
};

/*
 * vg_client_open -- connect. Zeroes nothing the caller set in options; c itself may be dirty.
 *
 * Errors: VG_ERR_IO with one log line that names the endpoint; c is then closed. A daemon that is
 * not there is no error: the first request times out.
 */
VG_NODISCARD enum vg_status vg_client_open(struct vg_client *c,
                                           const struct vg_client_options *options);
void vg_client_close(struct vg_client *c);

/* vg_client_subscribe -- everything whose topic begins with prefix. VG_ERR_IO with a log line. */
VG_NODISCARD enum vg_status vg_client_subscribe(struct vg_client *c, const char *prefix);

/*
 * vg_client_next -- the next frame that says something new.
 *
 *   out     out  body is the caller's to release; untouched unless VG_OK
 *   wait_ms      how long to wait at most; frames that repeat what is known are passed over
 *
 * Errors: VG_ERR_TIMEOUT (nothing came), VG_ERR_IO (interrupted by a signal, or no stream),
 * VG_ERR_FORMAT (a frame that is not of this wire version; one log line, it is thrown away).
 */
VG_NODISCARD enum vg_status vg_client_next(struct vg_client *c, struct vg_client_update *out,
                                           int64_t wait_ms);

/* vg_client_feed -- the part of vg_client_next after the socket: for tests and other transports.
 * VG_ERR_STATE when the frame repeats what is known. */
VG_NODISCARD enum vg_status vg_client_feed(struct vg_client *c, struct vg_client_update *out,
                                           const char *topic, size_t topic_len, const char *body,
                                           size_t body_len);

/*
 * vg_client_request -- one request and its reply, tried twice with the same bytes.
 *
 *   reply       out  the reply object whatever it says; the caller's; NULL unless VG_OK
 *   request_id       of the request, to tell its reply from a late one; NULL on the view door
 *
 * Errors: VG_ERR_TIMEOUT after both attempts (whether it was done is then not known: the same
 * request_id may be sent again later; not logged, for only the caller knows what it asked),
 * VG_ERR_FORMAT (reply not understood) and VG_ERR_IO, each with one log line.
 */
VG_NODISCARD enum vg_status vg_client_request(struct vg_client *c, enum vg_client_door door,
                                              const char *body, size_t len, const char *request_id,
                                              json_t **reply);

/* vg_client_snapshot -- the present state of one bed, or of all with NULL, and from now on only
 * frames that are newer. Errors as vg_client_request; VG_ERR_STATE when the daemon refuses (*reply
 * says why). */
VG_NODISCARD enum vg_status vg_client_snapshot(struct vg_client *c, const char *bed,
                                               json_t **reply);

/* vg_client_uuid -- a random UUID (version 4) as a request id. VG_ERR_IO when the system has no
 * randomness. */
VG_NODISCARD enum vg_status vg_client_uuid(char out[VG_REQUEST_ID_MAX]);

#endif
