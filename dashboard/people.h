/*
 * people.h -- who may sign in, and as what: the accounts file.
 *
 * One JSON file, mode 0600, replaced as a whole. Secrets are kept as libsodium writes them
 * (argon2id with its parameters and salt). An account's id is the operator of the record: text of
 * at most 23 bytes that names one person for ever, so ids are never given to another person.
 */
#ifndef VIGIL_DASHBOARD_PEOPLE_H
#define VIGIL_DASHBOARD_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vigil/capacity.h"
#include "vigil/compiler.h"
#include "vigil/status.h"

#define DASH_PEOPLE_MAX 256
#define DASH_PERSON_NAME_MAX 64
/* A hash as text, including the NUL: crypto_pwhash_STRBYTES. */
#define DASH_HASH_MAX 128
/* What is typed, including the NUL. */
#define DASH_SECRET_MAX 129
#define DASH_PASSWORD_MIN 10
#define DASH_PIN_MIN 4
#define DASH_PIN_MAX 12

/* Each may do what those before it may. */
enum dash_role { DASH_VIEWER, DASH_NURSE, DASH_CLINICIAN, DASH_ADMIN, DASH_ROLE_COUNT };

struct dash_person {
    char id[VG_NAME_MAX];
    char name[DASH_PERSON_NAME_MAX]; /* for people; may be empty */
    char password[DASH_HASH_MAX];
    char pin[DASH_HASH_MAX]; /* empty: none, and nothing that asks for one */
    uint8_t role;            /* enum dash_role */
};

struct dash_people {
    uint16_t count;
    struct dash_person person[DASH_PEOPLE_MAX];
};

/*
 * dash_people_load -- read the file.
 *
 * Errors: VG_ERR_LOST (no such file: p is then empty, no log line), VG_ERR_IO, VG_ERR_FORMAT (with
 * a log line that names the place; p is then empty).
 */
VG_NODISCARD enum vg_status dash_people_load(struct dash_people *p, const char *file);

/* dash_people_save -- replace the file: written beside it, synced, renamed. The owner is that of
 * the folder. VG_ERR_IO with a log line; the old file is then as it was. */
VG_NODISCARD enum vg_status dash_people_save(const struct dash_people *p, const char *file);

/* dash_people_lock -- wait until nobody else changes the file; closing the descriptor lets go. -1
 * with a log line. */
int dash_people_lock(const char *file);

/* dash_people_find -- NULL when there is none. dash_people_add -- an empty place for a new id, or
 * NULL when full. dash_people_remove -- forget one. */
struct dash_person *dash_people_find(struct dash_people *p, const char *id);
/* dash_people_like -- one whose id or name this is, whatever case and blanks; NULL: nobody's. */
struct dash_person *dash_people_like(struct dash_people *p, const char *name);
struct dash_person *dash_people_add(struct dash_people *p, const char *id);
void dash_people_remove(struct dash_people *p, const struct dash_person *person);

/* [a-z0-9][a-z0-9._-]*, at most 23 bytes. */
bool dash_is_person_id(const char *id);
/* Digits, DASH_PIN_MIN to DASH_PIN_MAX of them, not all the same. */
bool dash_is_pin(const char *pin);

const char *dash_role_name(enum dash_role role);
bool dash_role_read(const char *word, uint8_t *role);

/* dash_hash -- of a password or PIN, about 30 ms and 12 MiB: never on the loop.
 * VG_ERR_IO when there is not enough memory. */
VG_NODISCARD enum vg_status dash_hash(char out[DASH_HASH_MAX], const char *secret);
/* dash_hash_fits -- as slow; an empty or malformed hash fits nothing and takes as long. */
bool dash_hash_fits(const char hash[DASH_HASH_MAX], const char *secret);

#endif
