/*
 * people.c -- see people.h.
 *
 * Trap: the file is read while it may be replaced. It is replaced by rename, so a reader sees the
 * old one or the new one, never half of either. Whoever changes it holds a lock from reading to
 * replacing, or one change would undo another.
 */
#include "dashboard/people.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "dashboard/file.h"
#include "lib/log.h"

#define FILE_VERSION 1
/* OWASP's figures for argon2id where memory is scarce: 12 MiB, three passes. */
#define HASH_PASSES 3
#define HASH_BYTES ((size_t)12 * 1024 * 1024)

static_assert(DASH_HASH_MAX == crypto_pwhash_STRBYTES, "a hash has another length");

static const char *const role_names[] = {
    [DASH_VIEWER] = "viewer",
    [DASH_NURSE] = "nurse",
    [DASH_CLINICIAN] = "clinician",
    [DASH_ADMIN] = "admin",
};
static_assert(VG_COUNT(role_names) == DASH_ROLE_COUNT, "a role has no name");

const char *dash_role_name(enum dash_role role)
{
    return (unsigned)role < DASH_ROLE_COUNT ? role_names[role] : "?";
}

bool dash_role_read(const char *word, uint8_t *role)
{
    for (uint8_t i = 0; i < DASH_ROLE_COUNT; i++) {
        if (strcmp(word, role_names[i]) == 0) {
            *role = i;
            return true;
        }
    }
    return false;
}

bool dash_is_person_id(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    return n > 0 && n < VG_NAME_MAX && id[n] == '\0' && strchr("._-", id[0]) == NULL;
}

bool dash_is_pin(const char *pin)
{
    size_t n = strspn(pin, "0123456789");
    bool all_same = true;
    for (size_t i = 1; i < n; i++) {
        all_same = all_same && pin[i] == pin[0];
    }
    return pin[n] == '\0' && n >= DASH_PIN_MIN && n <= DASH_PIN_MAX && !all_same;
}

struct dash_person *dash_people_find(struct dash_people *p, const char *id)
{
    for (uint16_t i = 0; i < p->count; i++) {
        if (strcmp(p->person[i].id, id) == 0) {
            return &p->person[i];
        }
    }
    return NULL;
}

/* Letters and digits only, without regard to case: "Dr. Carl " is like "dr carl". Text beyond ASCII
 * is compared as it is. */
static void squeeze(char out[DASH_PERSON_NAME_MAX], const char *text)
{
    size_t n = 0;
    for (; *text != '\0' && n < DASH_PERSON_NAME_MAX - 1; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 128 || isalnum(c) != 0) {
            out[n++] = (char)tolower(c);
        }
    }
    out[n] = '\0';
}

static bool is_like(const char *a, const char *b)
{
    char first[DASH_PERSON_NAME_MAX];
    char second[DASH_PERSON_NAME_MAX];
    squeeze(first, a);
    squeeze(second, b);
    return strcmp(first, second) == 0;
}

struct dash_person *dash_people_like(struct dash_people *p, const char *name)
{
    struct dash_person *found = dash_people_find(p, name);
    for (uint16_t i = 0; i < p->count && found == NULL; i++) {
        struct dash_person *one = &p->person[i];
        if (is_like(one->id, name) || (one->name[0] != '\0' && is_like(one->name, name))) {
            found = one;
        }
    }
    return found;
}

struct dash_person *dash_people_add(struct dash_people *p, const char *id)
{
    if (p->count == DASH_PEOPLE_MAX) {
        return NULL;
    }
    struct dash_person *person = &p->person[p->count++];
    memset(person, 0, sizeof *person);
    (void)snprintf(person->id, sizeof person->id, "%s", id);
    return person;
}

void dash_people_remove(struct dash_people *p, const struct dash_person *person)
{
    size_t at = (size_t)(person - p->person);
    p->count--;
    memmove(&p->person[at], &p->person[at + 1], (p->count - at) * sizeof p->person[0]);
}

/* --- hashes --------------------------------------------------------------------------------- */

enum vg_status dash_hash(char out[DASH_HASH_MAX], const char *secret)
{
    return crypto_pwhash_str(out, secret, strlen(secret), HASH_PASSES, HASH_BYTES) == 0 ? VG_OK
                                                                                        : VG_ERR_IO;
}

bool dash_hash_fits(const char hash[DASH_HASH_MAX], const char *secret)
{
    char ignored[DASH_HASH_MAX];
    if (hash[0] != '$') {
        enum vg_status st = dash_hash(ignored, secret); /* for the time it takes */
        (void)st;
        return false;
    }
    return crypto_pwhash_str_verify(hash, secret, strlen(secret)) == 0;
}

/* --- reading -------------------------------------------------------------------------------- */

static bool take_text(const json_t *from, const char *key, char *to, size_t cap)
{
    const char *text = json_string_value(json_object_get(from, key));
    if (text == NULL || strlen(text) >= cap) {
        return false;
    }
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static bool take_person(struct dash_people *p, const json_t *from)
{
    const char *id = json_string_value(json_object_get(from, "id"));
    const char *role = json_string_value(json_object_get(from, "role"));
    if (id == NULL || !dash_is_person_id(id) || dash_people_find(p, id) != NULL || role == NULL) {
        return false;
    }
    struct dash_person *person = dash_people_add(p, id);
    return person != NULL && dash_role_read(role, &person->role) &&
           take_text(from, "name", person->name, sizeof person->name) &&
           take_text(from, "password", person->password, sizeof person->password) &&
           take_text(from, "pin", person->pin, sizeof person->pin);
}

static enum vg_status take_all(struct dash_people *p, const json_t *root, const char *file)
{
    const json_t *list = json_object_get(root, "people");
    size_t i;
    json_t *one;
    if (json_integer_value(json_object_get(root, "version")) != FILE_VERSION ||
        !json_is_array(list)) {
        vg_log(VG_LOG_ERROR, "people: %s: not an accounts file of version %d", file, FILE_VERSION);
        return VG_ERR_FORMAT;
    }
    json_array_foreach(list, i, one)
    {
        if (!take_person(p, one)) {
            vg_log(VG_LOG_ERROR,
                   "people: %s: person %zu is not readable or there twice; no "
                   "change counts until it is mended",
                   file, i + 1);
            return VG_ERR_FORMAT;
        }
    }
    return VG_OK;
}

enum vg_status dash_people_load(struct dash_people *p, const char *file)
{
    json_error_t error;
    memset(p, 0, sizeof *p);
    FILE *in = fopen(file, "re");
    if (in == NULL && errno == ENOENT) {
        return VG_ERR_LOST;
    }
    if (in == NULL) {
        vg_log(VG_LOG_ERROR, "people: %s: %s", file, strerror(errno));
        return VG_ERR_IO;
    }
    json_t *root = json_loadf(in, JSON_REJECT_DUPLICATES, &error);
    (void)fclose(in);
    if (root == NULL) {
        vg_log(VG_LOG_ERROR, "people: %s:%d: %s", file, error.line, error.text);
        return VG_ERR_FORMAT;
    }
    enum vg_status st = take_all(p, root, file);
    json_decref(root);
    if (st != VG_OK) {
        memset(p, 0, sizeof *p);
    }
    return st;
}

/* --- writing -------------------------------------------------------------------------------- */

/* NULL when a text is not UTF-8: nothing is left out without a word. */
static json_t *as_json(const struct dash_people *p)
{
    json_t *list = json_array();
    bool ok = true;
    for (uint16_t i = 0; i < p->count; i++) {
        const struct dash_person *one = &p->person[i];
        json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", one->id, "name", one->name, "role",
                              dash_role_name((enum dash_role)one->role), "password", one->password,
                              "pin", one->pin);
        ok = json_array_append_new(list, o) == 0 && ok;
    }
    json_t *root = json_pack("{s:i, s:o}", "version", FILE_VERSION, "people", list);
    if (!ok) {
        errno = EILSEQ;
        json_decref(root);
    }
    return ok ? root : NULL;
}

enum vg_status dash_people_save(const struct dash_people *p, const char *file)
{
    json_t *root = as_json(p);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(1)) : NULL;
    enum vg_status st = text != NULL ? dash_file_replace(file, text, strlen(text), 0600)
                                     : VG_ERR_IO;
    if (st != VG_OK) {
        vg_log(VG_LOG_ERROR, "people: %s: %s; nothing was changed", file, strerror(errno));
    }
    free(text);
    json_decref(root);
    return st;
}

/* --- the lock ------------------------------------------------------------------------------- */

int dash_people_lock(const char *file)
{
    char path[520];
    (void)snprintf(path, sizeof path, "%s.lock", file);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        vg_log(VG_LOG_ERROR, "people: %s: %s", path, strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    return fd;
}
