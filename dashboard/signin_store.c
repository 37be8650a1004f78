/*
 * signin_store.c -- sessions survive a restart of this program: a screen that hangs on a wall comes
 * back by itself after a crash, without anybody to sign it in.
 *
 * The file holds hashes of tokens, never tokens; who reads it signs in nowhere. Times stand in it by
 * the wall clock; a person's warmth does not: after a restart the next action asks for the PIN.
 *
 * Trap: a session that was ended must not come back. The file is therefore replaced, and synced,
 * before the answer to a sign-out leaves; where it cannot be written it is removed.
 */
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dashboard/file.h"
#include "dashboard/signin.h"
#include "lib/log.h"

#define FILE_VERSION 1

static json_t *hex_of(const unsigned char bytes[32])
{
    char text[65];
    (void)sodium_bin2hex(text, sizeof text, bytes, 32);
    return json_string(text);
}

static bool take_hex(const json_t *from, const char *key, unsigned char bytes[32])
{
    const char *text = json_string_value(json_object_get(from, key));
    size_t n = 0;
    return text != NULL && strlen(text) == 64 &&
           sodium_hex2bin(bytes, 32, text, 64, NULL, &n, NULL) == 0 && n == 32;
}

static json_t *as_json(const struct dash_signin *s, const struct vg_now *now)
{
    json_t *list = json_array();
    for (size_t i = 0; i < DASH_SESSIONS_MAX; i++) {
        const struct dash_session *one = &s->session[i];
        if (one->used) {
            int64_t since_s = (now->utc_ns - (now->mono_ns - one->since_ns)) / VG_NS_PER_S;
            (void)json_array_append_new(
                list, json_pack("{s:s, s:s, s:b, s:I, s:o, s:o}", "person", one->person, "csrf",
                                one->csrf, "shared", one->shared, "since", (json_int_t)since_s,
                                "token", hex_of(one->token), "password", hex_of(one->password)));
        }
    }
    return json_pack("{s:i, s:o}", "version", FILE_VERSION, "sessions", list);
}

char *dash_signin_text(const struct dash_signin *s, const struct vg_now *now)
{
    json_t *root = as_json(s, now);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

void dash_signin_write(const char *text, const char *file)
{
    if (dash_file_replace(file, text, strlen(text), 0600) != VG_OK) {
        vg_log(VG_LOG_WARNING, "sessions: %s: %s; after a restart everybody signs in again", file,
               strerror(errno));
        (void)unlink(file);
    }
}

static bool take(struct dash_session *one, const json_t *from, const struct vg_now *now)
{
    const char *person = json_string_value(json_object_get(from, "person"));
    const char *csrf = json_string_value(json_object_get(from, "csrf"));
    int64_t age_ns = now->utc_ns - json_integer_value(json_object_get(from, "since")) * VG_NS_PER_S;
    if (person == NULL || strlen(person) >= sizeof one->person || csrf == NULL ||
        strlen(csrf) != DASH_CSRF_TEXT - 1 || age_ns < -60 * VG_NS_PER_S ||
        age_ns > DASH_SHARED_NS) {
        return false;
    }
    memcpy(one->person, person, strlen(person) + 1);
    memcpy(one->csrf, csrf, DASH_CSRF_TEXT);
    one->shared = json_is_true(json_object_get(from, "shared"));
    one->since_ns = now->mono_ns - age_ns;
    one->acted_ns = now->mono_ns - DASH_WARM_NS - 1;
    one->seen_ns = now->mono_ns;
    return take_hex(from, "token", one->token) && take_hex(from, "password", one->password);
}

void dash_signin_load(struct dash_signin *s, const char *file, const struct vg_now *now)
{
    json_t *root = json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_object_get(root, "sessions");
    size_t i;
    json_t *from;
    size_t kept = 0;
    if (json_integer_value(json_object_get(root, "version")) == FILE_VERSION) {
        json_array_foreach(list, i, from)
        {
            struct dash_session one = { .used = false };
            if (kept < DASH_SESSIONS_MAX && take(&one, from, now)) {
                one.used = true;
                one.serial = ++s->serial;
                s->session[kept++] = one;
            }
        }
    }
    json_decref(root);
}
