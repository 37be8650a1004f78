/*
 * signin.c -- see signin.h. Time is given; randomness and hashing are libsodium's.
 */
#include "dashboard/signin.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define WAIT_FIRST_NS (60 * VG_NS_PER_S)
#define WAIT_MAX_NS (15 * 60 * VG_NS_PER_S)
/* Failures are forgotten after so long without another. */
#define FORGET_NS (60 * 60 * VG_NS_PER_S)

static_assert(sizeof((struct dash_signin *)0)->key == crypto_shorthash_KEYBYTES,
              "a key has another length");

void dash_signin_init(struct dash_signin *s)
{
    memset(s, 0, sizeof *s);
    randombytes_buf(s->key, sizeof s->key);
}

static void digest(unsigned char out[32], const char *text)
{
    (void)crypto_generichash(out, 32, (const unsigned char *)text, strlen(text), NULL, 0);
}

/* --- sessions ------------------------------------------------------------------------------- */

static bool is_over(const struct dash_session *s, int64_t now_ns)
{
    return now_ns - s->since_ns > (s->shared ? DASH_SHARED_NS : DASH_SESSION_NS);
}

/* Where a new session goes: a free place; when the account has as many as it may, in place of its
 * own that was not seen for longest; when all are taken, of anybody's. A screen on a wall acts for
 * nobody, but is seen each second. */
static struct dash_session *place(struct dash_signin *s, const char *person, int64_t now_ns)
{
    struct dash_session *free_one = NULL;
    struct dash_session *own = NULL;
    struct dash_session *any = NULL;
    size_t count = 0;
    for (size_t i = 0; i < DASH_SESSIONS_MAX; i++) {
        struct dash_session *one = &s->session[i];
        if (!one->used || is_over(one, now_ns)) {
            free_one = free_one == NULL ? one : free_one;
            continue;
        }
        any = any == NULL || one->seen_ns < any->seen_ns ? one : any;
        if (strcmp(one->person, person) == 0) {
            count++;
            own = own == NULL || one->seen_ns < own->seen_ns ? one : own;
        }
    }
    if (count >= DASH_SESSIONS_PERSON) {
        return own;
    }
    return free_one != NULL ? free_one : any;
}

struct dash_session *dash_session_begin(struct dash_signin *s, const struct dash_person *person,
                                        bool shared, int64_t now_ns, char token[DASH_TOKEN_TEXT])
{
    unsigned char secret[32];
    unsigned char csrf[16];
    struct dash_session *one = place(s, person->id, now_ns);

    randombytes_buf(secret, sizeof secret);
    randombytes_buf(csrf, sizeof csrf);
    (void)sodium_bin2hex(token, DASH_TOKEN_TEXT, secret, sizeof secret);
    memset(one, 0, sizeof *one);
    one->used = true;
    one->shared = shared;
    one->serial = ++s->serial;
    one->since_ns = one->acted_ns = one->seen_ns = now_ns;
    (void)snprintf(one->person, sizeof one->person, "%s", person->id);
    (void)sodium_bin2hex(one->csrf, sizeof one->csrf, csrf, sizeof csrf);
    digest(one->token, token);
    digest(one->password, person->password);
    sodium_memzero(secret, sizeof secret);
    return one;
}

/* The account of a session that is not over; NULL: it is. */
static struct dash_person *owner(const struct dash_session *one, struct dash_people *people,
                                 int64_t now_ns)
{
    unsigned char now[32];
    struct dash_person *p = one->used && !is_over(one, now_ns)
                                ? dash_people_find(people, one->person)
                                : NULL;
    if (p != NULL) {
        digest(now, p->password);
    }
    return p != NULL && sodium_memcmp(now, one->password, sizeof now) == 0 ? p : NULL;
}

struct dash_session *dash_session_find(struct dash_signin *s, struct dash_people *people,
                                       const char *token, int64_t now_ns,
                                       struct dash_person **person)
{
    unsigned char hash[32];
    if (token == NULL || strlen(token) != DASH_TOKEN_TEXT - 1) {
        return NULL;
    }
    digest(hash, token);
    for (size_t i = 0; i < DASH_SESSIONS_MAX; i++) {
        struct dash_session *one = &s->session[i];
        if (one->used && sodium_memcmp(hash, one->token, sizeof hash) == 0) {
            *person = owner(one, people, now_ns);
            one->used = *person != NULL;
            one->seen_ns = now_ns;
            return one->used ? one : NULL;
        }
    }
    return NULL;
}

bool dash_session_lives(const struct dash_session *session, uint32_t serial,
                        struct dash_people *people, int64_t now_ns)
{
    return session->serial == serial && owner(session, people, now_ns) != NULL;
}

void dash_session_end(struct dash_session *session)
{
    memset(session, 0, sizeof *session);
}

bool dash_csrf_fits(const struct dash_session *session, const char *word)
{
    return word != NULL && strlen(word) == DASH_CSRF_TEXT - 1 &&
           sodium_memcmp(word, session->csrf, DASH_CSRF_TEXT - 1) == 0;
}

/* --- tries ---------------------------------------------------------------------------------- */

uint32_t dash_try_key(const struct dash_signin *s, const char *what, const char *who,
                      const char *where)
{
    unsigned char hash[crypto_shorthash_BYTES];
    char text[192];
    uint32_t key;
    int n = snprintf(text, sizeof text, "%s/%s/%s", what, who, where);
    VG_ASSERT(n > 0 && (size_t)n < sizeof text);
    (void)crypto_shorthash(hash, (const unsigned char *)text, (unsigned long long)n, s->key);
    memcpy(&key, hash, sizeof key);
    return key == 0 ? 1 : key;
}

/* The entry of a key; else, with `make`, the one longest without a failure. */
static struct dash_try *entry(struct dash_signin *s, uint32_t key, bool make)
{
    struct dash_try *oldest = &s->tries[0];
    for (size_t i = 0; i < DASH_TRIES_MAX; i++) {
        struct dash_try *t = &s->tries[i];
        if (t->key == key) {
            return t;
        }
        oldest = t->last_ns < oldest->last_ns ? t : oldest;
    }
    if (!make) {
        return NULL;
    }
    *oldest = (struct dash_try){ .key = key };
    return oldest;
}

int64_t dash_try_wait_s(const struct dash_signin *s, uint32_t key, int64_t now_ns)
{
    for (size_t i = 0; i < DASH_TRIES_MAX; i++) {
        const struct dash_try *t = &s->tries[i];
        if (t->key == key && t->until_ns > now_ns) {
            return (t->until_ns - now_ns + VG_NS_PER_S - 1) / VG_NS_PER_S;
        }
    }
    return 0;
}

void dash_try_failed(struct dash_signin *s, uint32_t key, int64_t now_ns)
{
    struct dash_try *t = entry(s, key, true);
    if (t->failed > 0 && now_ns - t->last_ns > FORGET_NS) {
        t->failed = 0;
    }
    t->failed++;
    t->last_ns = now_ns;
    if (t->failed >= DASH_TRIES_FREE) {
        unsigned doubled = t->failed - DASH_TRIES_FREE;
        int64_t wait_ns = doubled < 4 ? WAIT_FIRST_NS << doubled : WAIT_MAX_NS;
        t->until_ns = now_ns + (wait_ns < WAIT_MAX_NS ? wait_ns : WAIT_MAX_NS);
    }
}

void dash_try_succeeded(struct dash_signin *s, uint32_t key)
{
    struct dash_try *t = entry(s, key, false);
    if (t != NULL) {
        memset(t, 0, sizeof *t);
    }
}
