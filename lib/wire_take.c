/*
 * wire_take.c -- see wire_take.h. "0,5" and "0.5 " are not numbers; text is never cut.
 */
#include "lib/wire_take.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum vg_status vg_wire_fail(struct vg_wire_parse *p, enum vg_status st, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(p->why, p->why_cap, fmt, ap);
    va_end(ap);
    /* What was quoted may be cut inside a character; the reply must stay UTF-8. */
    for (char *s = p->why; *s != '\0'; s++) {
        *s = (unsigned char)*s >= 0x80 ? '?' : *s;
    }
    p->status = st;
    return st;
}

enum vg_status vg_wire_take_decimal(const char *p, int64_t max, int64_t *number, int64_t *scale)
{
    *number = 0;
    *scale = 1;
    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9')) {
        return VG_ERR_FORMAT;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        *number = *number * 10 + (*p - '0');
        if (*number > max) {
            return VG_ERR_RANGE;
        }
    }
    if (*p == '.') {
        p++;
        if (*p < '0' || *p > '9') {
            return VG_ERR_FORMAT;
        }
        for (; *p >= '0' && *p <= '9'; p++) {
            *number = *number * 10 + (*p - '0');
            *scale *= 10;
            if (*scale > 1000000) {
                return VG_ERR_RANGE; /* finer than a microgram of a gram: cannot be meant */
            }
        }
    }
    return *p == '\0' ? VG_OK : VG_ERR_FORMAT;
}

bool vg_wire_take_text(struct vg_wire_parse *p, const char *key, char *out, size_t cap,
                       bool required)
{
    const json_t *v = json_object_get(p->root, key);
    memset(out, 0, cap);
    if (v == NULL) {
        if (required) {
            (void)vg_wire_fail(p, VG_ERR_ARG, "member '%s' is missing; add it", key);
        }
        return !required;
    }
    const char *s = json_string_value(v);
    size_t len = json_string_length(v);
    if (s == NULL || len == 0 || strlen(s) != len) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "member '%s' must be text that is not empty", key);
        return false;
    }
    if (len >= cap) {
        (void)vg_wire_fail(p, VG_ERR_RANGE,
                           "member '%s' has %zu bytes; at most %zu fit, shorten it", key, len,
                           cap - 1);
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f) {
            (void)vg_wire_fail(p, VG_ERR_ARG, "member '%s' holds a control character; remove it",
                               key);
            return false;
        }
    }
    memcpy(out, s, len);
    return true;
}

bool vg_wire_take_index(struct vg_wire_parse *p, const char *key, const char *const *names,
                        uint16_t count, uint16_t *out)
{
    char id[VG_ID_MAX];
    if (!vg_wire_take_text(p, key, id, sizeof id, true)) {
        return false;
    }
    for (uint16_t i = 0; i < count; i++) {
        if (strcmp(names[i], id) == 0) {
            *out = i;
            return true;
        }
    }
    (void)vg_wire_fail(p, VG_ERR_ARG, "there is no %s '%s'; 'vigilctl %s' lists them", key, id,
                       strcmp(key, "profile") == 0                                 ? "limits"
                       : strcmp(key, "sink") == 0                                  ? "sinks"
                       : strcmp(key, "scale") == 0 || strcmp(key, "protocol") == 0 ? "plan"
                                                                                   : "status");
    return false;
}

bool vg_wire_take_uint(struct vg_wire_parse *p, const char *key, uint64_t max, bool required,
                       uint64_t *out)
{
    const json_t *v = json_object_get(p->root, key);
    if (v == NULL && !required) {
        return true;
    }
    if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) > max) {
        (void)vg_wire_fail(p, VG_ERR_RANGE, "member '%s' must be an integer from 0 to %llu", key,
                           (unsigned long long)max);
        return false;
    }
    *out = (uint64_t)json_integer_value(v);
    return true;
}

bool vg_wire_take_who(struct vg_wire_parse *p, char *request_id, char *operator_id)
{
    return vg_wire_take_text(p, "request_id", request_id, VG_REQUEST_ID_MAX, true) &&
           vg_wire_take_text(p, "operator", operator_id, VG_NAME_MAX, true);
}

bool vg_wire_take_extra(struct vg_wire_parse *p, const char *key, size_t cap, bool required)
{
    char text[VG_EXTRA_MAX];
    if (!vg_wire_take_text(p, key, text, cap < sizeof text ? cap : sizeof text, required)) {
        return false;
    }
    if (text[0] != '\0') {
        vg_json_text(&p->extra, key, text);
    }
    return true;
}

bool vg_wire_take_number(struct vg_wire_parse *p, const char *key, int64_t *number, uint8_t *places)
{
    char text[24];
    int64_t scale = 1;
    const json_t *v = json_object_get(p->root, key);

    if (json_is_integer(v)) {
        (void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
    } else if (!vg_wire_take_text(p, key, text, sizeof text, true)) {
        return false;
    }
    enum vg_status st = vg_wire_take_decimal(text, VG_DOSE_MAX_UG, number, &scale);
    st = st == VG_OK && *number > VG_DOSE_MAX_UG ? VG_ERR_RANGE : st; /* with its decimals */
    if (st == VG_ERR_RANGE) {
        (void)vg_wire_fail(p, st, "%s '%s' has too many digits; check it", key, text);
    } else if (st != VG_OK) {
        (void)vg_wire_fail(p, st, "%s '%s' is not a plain decimal number like 35 or 0.5", key,
                           text);
    }
    for (*places = 0; scale > 1; scale /= 10) {
        ++*places;
    }
    return st == VG_OK;
}

bool vg_wire_take_parts(struct vg_wire_parse *p, const char *key, const struct vg_wire_part *units,
                        size_t count, const char *cure, int32_t *out)
{
    char text[32];
    int64_t number = 0;
    int64_t scale = 1;

    if (json_object_get(p->root, key) == NULL) {
        return true;
    }
    if (!vg_wire_take_text(p, key, text, sizeof text, true)) {
        return false;
    }
    char *space = strchr(text, ' ');
    const char *unit = space != NULL ? space + 1 : "";
    size_t u = 0;
    while (u < count && strcmp(units[u].unit, unit) != 0) {
        u++;
    }
    if (space != NULL) {
        *space = '\0';
    }
    if (u == count || vg_wire_take_decimal(text, 1000000, &number, &scale) != VG_OK ||
        number * units[u].parts % scale != 0 || number * units[u].parts / scale <= 0 ||
        number * units[u].parts / scale > INT32_MAX) {
        (void)vg_wire_fail(p, VG_ERR_FORMAT, "%s must be a number and a unit, like %s", key, cure);
        return false;
    }
    *out = (int32_t)(number * units[u].parts / scale);
    return true;
}

bool vg_wire_take_time(struct vg_wire_parse *p, const char *key, int64_t *out, bool *has)
{
    char text[VG_WIRE_UTC_MAX]; /* with all the decimals somebody may send */

    *has = json_object_get(p->root, key) != NULL;
    if (*has &&
        (!vg_wire_take_text(p, key, text, sizeof text, true) || !vg_wire_parse_utc(text, out))) {
        (void)vg_wire_fail(p, VG_ERR_FORMAT,
                           "%s must look like 2026-11-24T14:02:00Z or with an offset +01:00", key);
        return false;
    }
    return true;
}

void vg_wire_sum_extra(struct vg_event *ev, const char *extra)
{
    uint32_t sum = 0;
    if (extra[0] != '\0') {
        sum = 2166136261u; /* FNV-1a */
        for (const char *c = extra; *c != '\0'; c++) {
            sum = (sum ^ (unsigned char)*c) * 16777619u;
        }
    }
    if (ev->kind == VG_EV_DOSE) {
        ev->u.dose.extra_sum = sum;
    } else if (ev->kind == VG_EV_CARE) {
        ev->u.care.extra_sum = sum;
    } else {
        /* no other command has texts beside it */
    }
}
