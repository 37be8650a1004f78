/*
 * json.h -- a bounded writer of flat JSON into a caller's buffer. Reading JSON is jansson's work.
 *
 * No allocation and no float: numbers are integers, an absent value is null. After an overflow the
 * writer writes nothing more and says so; a cut frame is never sent.
 */
#ifndef VIGIL_LIB_JSON_H
#define VIGIL_LIB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vg_json {
    char *buf;
    size_t cap;
    size_t len;
    bool overflow;
    bool comma; /* the next member needs a comma before it */
};

void vg_json_begin(struct vg_json *j, char *buf, size_t cap);
/* key = NULL inside an array. Text is escaped; it must be UTF-8. */
void vg_json_object(struct vg_json *j, const char *key);
void vg_json_object_end(struct vg_json *j);
void vg_json_array(struct vg_json *j, const char *key);
void vg_json_array_end(struct vg_json *j);
void vg_json_int(struct vg_json *j, const char *key, int64_t v);
void vg_json_uint(struct vg_json *j, const char *key, uint64_t v);
void vg_json_text(struct vg_json *j, const char *key, const char *v);
void vg_json_bool(struct vg_json *j, const char *key, bool v);
/* Text that already is one JSON value. */
void vg_json_raw(struct vg_json *j, const char *key, const char *json);
/* Text that already is members, with commas between them; empty is nothing. */
void vg_json_members(struct vg_json *j, const char *members, size_t len);
void vg_json_null(struct vg_json *j, const char *key);

#endif
