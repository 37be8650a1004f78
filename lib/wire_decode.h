/*
 * wire_decode.h -- the payload column of the record: the same members as on the stream.
 */
#ifndef VIGIL_LIB_WIRE_DECODE_H
#define VIGIL_LIB_WIRE_DECODE_H

#include "lib/wire.h"

/* vg_wire_payload -- the members of an event's kind, those that travel beside it (extra, may be
 * NULL) and the fingerprint of these, as one JSON object. VG_ERR_FULL if cut. */
enum vg_status vg_wire_payload(const struct vg_wire_names *n, const struct vg_event *ev,
                               const char *extra, char *buf, size_t cap, size_t *len);

/* vg_wire_decode -- fill ev->u from a payload; ev->kind is set. Names of sinks and profiles
 * become indices; one that is no longer configured is not understood. VG_ERR_FORMAT when a member is
 * missing or not understood; ev->u is then not to be used. */
enum vg_status vg_wire_decode(const struct vg_wire_names *n, const char *payload, size_t len,
                              struct vg_event *ev);

#endif
