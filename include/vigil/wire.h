/*
 * wire.h -- what the stream, view and operate sockets speak: version, topics, request names.
 *
 * docs/wire.md is the specification for people; this header is what programs share.
 */
#ifndef VIGIL_WIRE_H
#define VIGIL_WIRE_H

#define VG_WIRE_VERSION 1
#define VG_TOPIC_PREFIX "v1."
/* v1.<bed>.vital.<vital>  v1.<bed>.wave.<vital>  v1.<bed>.alarm  v1.<bed>.alarms  v1.<bed>.session
 * v1.<bed>.dose  v1.<bed>.device.<device> */
#define VG_TOPIC_MAX 112

enum vg_op {
    VG_OP_SNAPSHOT,     /* view */
    VG_OP_RANGE,        /* view */
    VG_OP_SESSION_OPEN, /* operate, as all below */
    VG_OP_SESSION_CLOSE,
    VG_OP_DOSE,
    VG_OP_ACK,
    VG_OP_NIBP_START,
    VG_OP_NIBP_ABORT,
    VG_OP_COUNT
};

#endif
