/*
 * signin.c -- see signin.h. Time is given; randomness and hashing are libsodium's.
 */
#include "dashboard/signin.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define WAIT_FIRST_NS (60 * VG_NS_PER_S)
#define WAIT_MAX_NS (15 * 60 * VG_NS_PER_S)
/* Failures are forgotten after so long without another. */
#define FORGET_NS (60 * 60 * VG_NS_PER_S)

static void digest(unsigned char out[32], const char *text)
{
    (void)crypto_generichash(out, 32, (const unsigned char *)text, strlen(text), NULL, 0);
}

/* --- sessions ------------------------------------------------------------------------------- */

static bool is_over(const struct dash_session *s, int64_t now_ns)
{
    return now_ns - s->since_ns > (s->shared ? DASH_SHARED_NS : DASH_SESSION_NS);
}

static struct dash_session *place(struct dash_signin *s)
{
    struct dash_session *best = &s->session[0];
    for (size_t i = 0; i < DASH_SESSIONS_MAX; i++) {
        struct dash_session *one = &s->session[i];
        if (!one->used) {
            return one;
        }
        best = one->acted_ns < best->acted_ns ? one : best;
    }
    return best;
}

struct dash_session *dash_session_begin(struct dash_signin *s, const struct dash_person *person,
                                        bool shared, int64_t now_ns, char token[DASH_TOKEN_TEXT])
{
    unsigned char secret[32];
    unsigned char csrf[16];
    struct dash_session *one = place(s);

    randombytes_buf(secret, sizeof secret);
    randombytes_buf(csrf, sizeof csrf);
    (void)sodium_bin2hex(token, DASH_TOKEN_TEXT, secret, sizeof secret);
    memset(one, 0, sizeof *one);
    one->used = true;
    one->shared = shared;
    one->serial = ++s->serial;
    one->since_ns = one->acted_ns = now_ns;
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

uint32_t dash_try_key(const char *what, const char *who, const char *where)
{
    uint32_t h = 2166136261u;
    const char *const parts[] = { what, who, where };
    for (size_t i = 0; i < VG_COUNT(parts); i++) {
        for (const char *c = parts[i]; *c != '\0'; c++) {
            h = (h ^ (unsigned char)*c) * 16777619u;
        }
        h = (h ^ '/') * 16777619u;
    }
    return h == 0 ? 1 : h;
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
