/*
 * wire_decode_take.h -- members of a recorded payload, one by one. For the parts of the decoder
 * (wire_decode*.c) only. Each returns false when the member is missing or not of its form.
 */
#ifndef VIGIL_LIB_WIRE_DECODE_TAKE_H
#define VIGIL_LIB_WIRE_DECODE_TAKE_H

#include <jansson.h>

#include "lib/wire.h"

bool vg_decode_text(const json_t *o, const char *key, char *out, size_t cap);
bool vg_decode_integer(const json_t *o, const char *key, int64_t *out);
bool vg_decode_milli(const json_t *o, const char *key, int32_t *out);
/* Index of a word in an enumeration that is named by name_of(0..count-1). */
bool vg_decode_word(const json_t *o, const char *key, const char *(*name_of)(unsigned),
                    unsigned count, uint8_t *out);
/* Index of a name in a list of the configuration. */
bool vg_decode_known_name(const json_t *o, const char *key, const char *const *names,
                          uint16_t count, uint8_t *out);
/* A time as vg_wire_utc writes it. */
bool vg_decode_utc(const json_t *o, const char *key, int64_t *out);

#define NAMER(fn, type, namer)                                                                     \
    static const char *fn(unsigned i)                                                              \
    {                                                                                              \
        return namer((enum type)i);                                                                \
    }

/* wire_decode_session.c */
bool vg_decode_session(const struct vg_wire_names *n, const json_t *o, struct vg_event *ev);
bool vg_decode_dose(const struct vg_wire_names *n, const json_t *o, struct vg_event *ev);
bool vg_decode_plan(const struct vg_wire_names *n, const json_t *o, struct vg_event *ev);
/* wire_decode_care.c */
bool vg_decode_care(const struct vg_wire_names *n, const json_t *o, struct vg_event *ev);

#endif
