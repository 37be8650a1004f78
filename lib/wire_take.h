/*
 * wire_take.h -- members of a request, one by one, each refused with its name and the cure. For the
 * parts of the decoder (wire_request*.c) only.
 */
#ifndef VIGIL_LIB_WIRE_TAKE_H
#define VIGIL_LIB_WIRE_TAKE_H

#include <jansson.h>

#include "lib/wire.h"
#include "vigil/compiler.h"

struct vg_wire_parse {
    const struct vg_wire_names *names;
    const json_t *root;
    char *why;
    size_t why_cap;
    enum vg_status status;
};

/* vg_wire_fail -- keep what is wrong, as ASCII; returns st. The first thing said stays in force only
 * if nobody says more. */
enum vg_status vg_wire_fail(struct vg_wire_parse *p, enum vg_status st, const char *fmt, ...)
    VG_PRINTF(3, 4);

/* Each returns false after vg_wire_fail.
 * text: 1..cap-1 bytes without control characters, into a zero-padded array.
 * index: the place of a name among names. uint: an integer from 0 to max.
 * who: request_id and operator. */
bool vg_wire_take_text(struct vg_wire_parse *p, const char *key, char *out, size_t cap,
                       bool required);
bool vg_wire_take_index(struct vg_wire_parse *p, const char *key, const char *const *names,
                        uint16_t count, uint16_t *out);
bool vg_wire_take_uint(struct vg_wire_parse *p, const char *key, uint64_t max, bool required,
                       uint64_t *out);
bool vg_wire_take_who(struct vg_wire_parse *p, char *request_id, char *operator_id);

/* Plain decimal text as number / scale: "0.5" is 5 / 10. No sign, no exponent, no leading zero. */
enum vg_status vg_wire_take_decimal(const char *text, int64_t max, int64_t *number, int64_t *scale);

/* wire_request_alarm.c: bodies of requests about alarms. */
bool vg_wire_take_inhibit(struct vg_wire_parse *p, struct vg_request *r);
bool vg_wire_take_limits(struct vg_wire_parse *p, struct vg_request *r);
bool vg_wire_take_care(struct vg_wire_parse *p, struct vg_request *r);
bool vg_wire_take_sink(struct vg_wire_parse *p, struct vg_request *r);

#endif
