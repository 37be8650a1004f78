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
    struct vg_json extra; /* members that travel beside the event */
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

/* extra: an optional text beside the event, as it is. */
bool vg_wire_take_extra(struct vg_wire_parse *p, const char *key, size_t cap, bool required);
/* An integer or decimal text: digits and places, at most 1e9 and six places. why names the member. */
bool vg_wire_take_number(struct vg_wire_parse *p, const char *key, int64_t *number,
                         uint8_t *places);
/* "70.2 kg" for a member: the number before one of the units, in the unit's own micro-part.
 * Missing is no error: *out stays. */
struct vg_wire_part {
    const char *unit;
    int32_t parts; /* of the result in one unit */
};
bool vg_wire_take_parts(struct vg_wire_parse *p, const char *key, const struct vg_wire_part *units,
                        size_t count, const char *cure, int32_t *out);
/* A time, or the caller's `now` is left: *has says which. */
bool vg_wire_take_time(struct vg_wire_parse *p, const char *key, int64_t *out, bool *has);
/* The fingerprint of the extra goes into the event. */
void vg_wire_sum_extra(struct vg_event *ev, const char *extra);

/* wire_request_session.c, wire_request_dose.c */
bool vg_wire_take_session(struct vg_wire_parse *p, struct vg_request *r);
bool vg_wire_take_dose(struct vg_wire_parse *p, struct vg_request *r);

/* wire_request_care.c */
bool vg_wire_take_care(struct vg_wire_parse *p, struct vg_request *r);
bool vg_wire_take_vital(struct vg_wire_parse *p, uint8_t *out);

/* wire_request_alarm.c: bodies of requests about alarms. */
bool vg_wire_take_inhibit(struct vg_wire_parse *p, struct vg_request *r);
bool vg_wire_take_limits(struct vg_wire_parse *p, struct vg_request *r);
bool vg_wire_take_sink(struct vg_wire_parse *p, struct vg_request *r);

#endif
