/*
 * signin.h -- who is signed in, and who tried too often.
 *
 * A session is a random token in a cookie; here only its hash is kept, so that what leaks from this
 * memory signs nobody in. A session ends when the account is removed or its password changes.
 *
 * Two kinds: a person's own, and a shared screen, which shows and sounds for everybody and acts for
 * nobody: each command from it names a person and proves it with a PIN.
 */
#ifndef VIGIL_DASHBOARD_SIGNIN_H
#define VIGIL_DASHBOARD_SIGNIN_H

#include "dashboard/people.h"
#include "vigil/time.h"

#define DASH_SESSIONS_MAX 256
/* Of one account: a few screens and a few pockets. */
#define DASH_SESSIONS_PERSON 16
#define DASH_TOKEN_TEXT 65 /* 32 bytes as hexadecimal digits, and NUL */
#define DASH_CSRF_TEXT 33
/* A person's own session ends after a long shift, a shared screen's after a month. */
#define DASH_SESSION_NS (12 * 3600 * VG_NS_PER_S)
#define DASH_SHARED_NS (30 * INT64_C(86400) * VG_NS_PER_S)
/* So long after the last thing a person did, who acts at this screen is asked again. */
#define DASH_WARM_NS (10 * 60 * VG_NS_PER_S)
/* Names and addresses that are watched for tries. */
#define DASH_TRIES_MAX 1024
#define DASH_TRIES_FREE 5

struct dash_session {
    bool used;
    bool shared;
    uint32_t serial;                     /* grows: a place in the table may be taken anew */
    int64_t since_ns, acted_ns, seen_ns; /* signed in; did something; asked for anything */
    char person[VG_NAME_MAX];
    char csrf[DASH_CSRF_TEXT];
    unsigned char token[32];    /* hash of the token */
    unsigned char password[32]; /* hash of the account's password hash at sign-in */
};

struct dash_try {
    uint32_t key;
    uint16_t failed;
    int64_t last_ns, until_ns;
};

struct dash_signin {
    uint32_t serial;
    unsigned char key[16]; /* of the hash that tries are found by */
    struct dash_session session[DASH_SESSIONS_MAX];
    struct dash_try tries[DASH_TRIES_MAX];
};

/* dash_signin_init -- nobody is signed in, and nothing was tried. */
void dash_signin_init(struct dash_signin *s);

/* dash_session_begin -- a new session and its token, which nobody else knows. When the table is
 * full, one that is over makes room; else the one that did nothing for longest ends. */
struct dash_session *dash_session_begin(struct dash_signin *s, const struct dash_person *person,
                                        bool shared, int64_t now_ns, char token[DASH_TOKEN_TEXT]);

/* dash_session_find -- by the token of a cookie; NULL when it is none, or over. person: who. */
struct dash_session *dash_session_find(struct dash_signin *s, struct dash_people *people,
                                       const char *token, int64_t now_ns,
                                       struct dash_person **person);

/* dash_session_lives -- is it still the session of that serial, and not over? */
bool dash_session_lives(const struct dash_session *session, uint32_t serial,
                        struct dash_people *people, int64_t now_ns);

/* dash_signin_text -- the sessions as they are kept, so that they survive this program; by malloc,
 * the caller's; NULL without memory. dash_signin_write -- into a file, which takes as long as the
 * disk takes: not on the loop. When it cannot be written, there is none: a session that ended never
 * comes back. dash_signin_load -- from it; what is not readable is left out. */
char *dash_signin_text(const struct dash_signin *s, const struct vg_now *now);
void dash_signin_write(const char *text, const char *file);
void dash_signin_load(struct dash_signin *s, const char *file, const struct vg_now *now);

void dash_session_end(struct dash_session *session);

/* dash_csrf_fits -- compared in constant time. NULL fits never. */
bool dash_csrf_fits(const struct dash_session *session, const char *word);

/*
 * Tries, by what is tried (a name at an address; a PIN by an account that is signed in). Five are
 * free; then there is a wait that doubles from a minute to a quarter of an hour.
 *
 * dash_try_key -- nobody outside can choose names that share a key, and so lock somebody else.
 * dash_try_wait_s -- seconds until another try may be made; 0: now.
 */
uint32_t dash_try_key(const struct dash_signin *s, const char *what, const char *who,
                      const char *where);
int64_t dash_try_wait_s(const struct dash_signin *s, uint32_t key, int64_t now_ns);
void dash_try_failed(struct dash_signin *s, uint32_t key, int64_t now_ns);
void dash_try_succeeded(struct dash_signin *s, uint32_t key);

#endif
