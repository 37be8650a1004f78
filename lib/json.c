/*
 * json.c -- see json.h. Keys are Vigil's own words and need no escaping.
 */
#include "lib/json.h"

#include <string.h>

void vg_json_begin(struct vg_json *j, char *buf, size_t cap)
{
    j->buf = buf;
    j->cap = cap;
    j->len = 0;
    j->overflow = false;
    j->comma = false;
}

/* Room for n more bytes; NULL, and the overflow is noted, when there is none. */
static char *take_room(struct vg_json *j, size_t n)
{
    if (j->overflow || n > j->cap - j->len) {
        j->overflow = true;
        return NULL;
    }
    char *at = j->buf + j->len;
    j->len += n;
    return at;
}

static void put(struct vg_json *j, const char *s, size_t n)
{
    char *at = take_room(j, n);
    if (at != NULL) {
        memcpy(at, s, n);
    }
}

/* ,"key": -- what is not needed is left out. */
static void member(struct vg_json *j, const char *key)
{
    size_t comma = j->comma ? 1 : 0;
    size_t n = key != NULL ? strlen(key) : 0;
    char *at = take_room(j, comma + (key != NULL ? n + 3 : 0));

    if (at != NULL && comma == 1) {
        *at++ = ',';
    }
    if (at != NULL && key != NULL) {
        at[0] = '"';
        memcpy(at + 1, key, n);
        at[n + 1] = '"';
        at[n + 2] = ':';
    }
    j->comma = true;
}

static void open_with(struct vg_json *j, const char *key, const char *bracket)
{
    member(j, key);
    put(j, bracket, 1);
    j->comma = false;
}

static void close_with(struct vg_json *j, const char *bracket)
{
    put(j, bracket, 1);
    j->comma = true;
}

void vg_json_object(struct vg_json *j, const char *key)
{
    open_with(j, key, "{");
}

void vg_json_object_end(struct vg_json *j)
{
    close_with(j, "}");
}

void vg_json_array(struct vg_json *j, const char *key)
{
    open_with(j, key, "[");
}

void vg_json_array_end(struct vg_json *j)
{
    close_with(j, "]");
}

void vg_json_uint(struct vg_json *j, const char *key, uint64_t v)
{
    char digits[20];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + (char)(v % 10));
        v /= 10;
    } while (v > 0);
    member(j, key);
    put(j, digits + n, sizeof digits - n);
}

void vg_json_int(struct vg_json *j, const char *key, int64_t v)
{
    if (v >= 0) {
        vg_json_uint(j, key, (uint64_t)v);
        return;
    }
    member(j, key);
    put(j, "-", 1);
    j->comma = false;
    vg_json_uint(j, NULL, (uint64_t)0 - (uint64_t)v);
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void put_escape(struct vg_json *j, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        char two[2] = { '\\', (char)c };
        put(j, two, sizeof two);
    } else {
        char six[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
        put(j, six, sizeof six);
    }
}

/* Nearly all text needs no escape: it goes in runs. */
static void put_escaped(struct vg_json *j, const char *s)
{
    const char *run = s;
    for (;; s++) {
        unsigned char c = (unsigned char)*s;
        if (is_plain(c)) {
            continue;
        }
        put(j, run, (size_t)(s - run));
        if (c == '\0') {
            return;
        }
        put_escape(j, c);
        run = s + 1;
    }
}

void vg_json_text(struct vg_json *j, const char *key, const char *v)
{
    member(j, key);
    put(j, "\"", 1);
    put_escaped(j, v);
    put(j, "\"", 1);
}

void vg_json_bool(struct vg_json *j, const char *key, bool v)
{
    member(j, key);
    put(j, v ? "true" : "false", v ? 4 : 5);
}

void vg_json_null(struct vg_json *j, const char *key)
{
    member(j, key);
    put(j, "null", 4);
}

void vg_json_raw(struct vg_json *j, const char *key, const char *json)
{
    member(j, key);
    put(j, json, strlen(json));
}

void vg_json_members(struct vg_json *j, const char *members, size_t len)
{
    if (len > 0) {
        member(j, NULL);
        put(j, members, len);
    }
}
