/*
 * dashboard.h -- struct dashboard, which owns everything of vigil-dashboard, and how its parts meet.
 *
 *   node.c   daemons: frames and answers into the feed
 *   feed.c   the log that browsers read
 *   http.c   who asks for what, bodies, replies; connection.c, stream.c
 *   api.c    what a POST means: signing in, commands, reports of screens
 *   screen.c which screens live and sound: what the sinks tell the daemons
 *
 * One loop thread; hashing of passwords is on a worker.
 */
#ifndef VIGIL_DASHBOARD_H
#define VIGIL_DASHBOARD_H

#include <jansson.h>
#include <microhttpd.h>
#include <time.h>

#include "dashboard/node.h"
#include "dashboard/signin.h"
#include "lib/worker.h"

/* POSTs under way. A browser has at most six connections, and a person one thought at a time. */
#define DASH_REQUESTS_MAX 48
/* Of these by people who are not signed in yet. */
#define DASH_REQUESTS_STRANGERS 16
#define DASH_BODY_MAX 8192
/* Pages that are open. */
#define DASH_STREAMS_MAX 96
/* Of one session: more pages than a person can look at. */
#define DASH_STREAMS_SESSION 12
#define DASH_SCREENS_MAX 96
#define DASH_SCREEN_ID_MAX 40
/* Connections; idle ones past the second figure are closed, the oldest first. */
#define DASH_CONNECTIONS_MAX 1024
#define DASH_CONNECTIONS_IDLE 256

struct dashboard;
struct dash_request;

/* Work away from the loop: one secret to be compared, or the sessions to be kept. */
struct dash_proof {
    uint32_t request; /* index of the request that waits; DASH_REQUESTS_MAX: none does */
    bool fits;        /* the answer */
    char *sessions;   /* text to be written, by malloc; NULL: a secret is to be compared */
    char hash[DASH_HASH_MAX];
    char secret[DASH_SECRET_MAX];
};

/* A person who has to prove a PIN for a command. */
struct dash_signer {
    char id[VG_NAME_MAX];
    char pin[DASH_SECRET_MAX];
};

/* One POST, from its first byte to its reply. */
struct dash_request {
    struct dashboard *d;
    struct MHD_Connection *connection; /* NULL: free */
    bool started, suspended, too_long;
    const struct dash_route *route;
    struct dash_session *session;
    uint32_t serial; /* of the session */

    char where[64];          /* address of the browser */
    char path_id[VG_ID_MAX]; /* the last part of /api/node/ID */
    json_t *json;
    struct MHD_Response *response; /* ready to be sent */
    unsigned status;
    size_t len;
    char body[DASH_BODY_MAX + 1];
    /* Of a command: who signs, and how far that is. */
    const struct dash_op *op;
    struct dash_node *node;
    uint8_t signer_count, signed_count;
    struct dash_signer signer[2];
};

/* One page's event stream. */
struct dash_stream {
    struct dashboard *d;
    struct MHD_Connection *connection; /* NULL: free */
    bool suspended;
    struct dash_session *session;
    uint32_t serial;
    int64_t taken_ns; /* when the page last took something */
    char screen[DASH_SCREEN_ID_MAX];
    struct dash_reader reader;
};

/* One page that reports. */
struct dash_screen {
    char id[DASH_SCREEN_ID_MAX];
    uint32_t serial; /* of the session it reports from */
    int64_t heard_ns;
    uint8_t role; /* enum vg_sink_role: whose alarms it voices */
    bool can_sound;
};

struct dash_connection {
    struct MHD_Connection *connection; /* NULL: free */
    int fd;
    bool busy; /* a whole request is there */
    bool closing;
    int64_t since_ns;
};

struct dashboard {
    struct dash_options options;
    struct vg_reactor reactor;
    struct vg_timer *flush, *second, *http_timer;
    int signal_fd;
    int http_fd;
    bool plain; /* HTTP without TLS */
    bool stopping;
    struct MHD_Daemon *http;
    char people_file[DASH_PATH_MAX + 16];
    char sessions_file[DASH_PATH_MAX + 16];
    struct timespec people_changed;
    struct dash_people people;
    struct dash_signin signin;
    struct vg_worker hasher;
    struct dash_proof proof_jobs[64], proof_done[64];
    size_t proofs_out;
    struct dash_asks asks;
    struct dash_feed feed;
    size_t node_count;
    char *certificate, *key; /* PEM, while serving TLS */
    char tones[2048];        /* as JSON, for browsers */
    struct dash_request request[DASH_REQUESTS_MAX];
    struct dash_stream stream[DASH_STREAMS_MAX];
    struct dash_screen screen[DASH_SCREENS_MAX];
    struct dash_connection connection[DASH_CONNECTIONS_MAX];
    struct dash_node node[DASH_NODES_MAX];
};

/* What a URL stands for. */
struct dash_route {
    const char *method;
    const char *path;
    bool prefix; /* path is followed by an id */
    bool signed_in;
    /* POST: the body is there as d->json; GET: queue the response. */
    void (*post)(struct dash_request *r);
    enum MHD_Result (*get)(struct dashboard *d, struct MHD_Connection *c,
                           struct dash_session *session);
};

/* --- http.c --- */

/* dash_http_open -- listen. VG_ERR_IO with a log line that names the address. */
VG_NODISCARD enum vg_status dash_http_open(struct dashboard *d);
void dash_http_close(struct dashboard *d);
/* dash_add_headers -- those that every answer has. dash_refuse_now -- refuse before there is a
 * request. */
void dash_add_headers(struct MHD_Response *response);
enum MHD_Result dash_refuse_now(struct MHD_Connection *c, unsigned status, const char *error,
                                const char *text);
/* dash_send -- a GET's answer from memory that stays. etag may be NULL. */
enum MHD_Result dash_send(struct MHD_Connection *c, const char *type, const void *bytes, size_t len,
                          const char *encoding, const char *etag);
/* dash_send_json -- a GET's answer, copied. */
enum MHD_Result dash_send_json(struct MHD_Connection *c, unsigned status, const char *text,
                               size_t len);
/* dash_reply -- the answer to a POST, as JSON text. cookie: to set, or NULL. */
void dash_reply(struct dash_request *r, unsigned status, const char *text, size_t len,
                const char *cookie);
/* dash_refuse -- {"ok":false,"error":...,"text":...} */
void dash_refuse(struct dash_request *r, unsigned status, const char *error, const char *text);

/* --- stream.c --- */

/* dash_get_stream -- GET /api/stream: a page begins to read. */
enum MHD_Result dash_get_stream(struct dashboard *d, struct MHD_Connection *c,
                                struct dash_session *session);
/* dash_http_flush -- give readers what is in the feed for them. */
void dash_http_flush(struct dashboard *d);

/* --- connection.c --- */

/* dash_http_sweep -- once a second: slow and idle connections, sessions that ended. */
void dash_http_sweep(struct dashboard *d);
/* dash_connection_busy -- a whole request is there, or was answered. */
void dash_connection_busy(struct dashboard *d, struct MHD_Connection *c, bool busy);
/* dash_connection_shut -- end it, also when its browser does not answer any more. */
void dash_connection_shut(struct dashboard *d, const struct MHD_Connection *c);
/* dash_connection_note -- libmicrohttpd says that one came or went. */
void dash_connection_note(void *cls, struct MHD_Connection *c, void **state,
                          enum MHD_ConnectionNotificationCode code);

/* --- route.c --- */

/* dash_route_find -- NULL when there is none; *known_path: another method would have found one. */
const struct dash_route *dash_route_find(const char *method, const char *path, bool *known_path);

/* --- api.c --- */

void dash_api_sign_in(struct dash_request *r);
void dash_api_sign_out(struct dash_request *r);
void dash_api_screen(struct dash_request *r);
void dash_api_node(struct dash_request *r);
/* dash_get_me -- GET /api/me: who is signed in here, and the token that POSTs need. */
enum MHD_Result dash_get_me(struct dashboard *d, struct MHD_Connection *c,
                            struct dash_session *session);
/* dash_api_proved -- the hasher has an answer for a request. */
void dash_api_proved(struct dashboard *d, const struct dash_proof *proof);
/* dash_keep_sessions -- write them, and then call dash_api_proved for the request (NULL: nobody). */
void dash_keep_sessions(struct dashboard *d, const struct dash_request *r);
/* dash_prove -- have a secret compared; false when too many wait. */
bool dash_prove(struct dash_request *r, const char *hash, const char *secret);

/* --- screen.c --- */

/* dash_screen_report -- what a page says each second. VG_ERR_FORMAT. */
VG_NODISCARD enum vg_status dash_screen_report(struct dashboard *d, uint32_t serial,
                                               const json_t *report);
/* dash_screen_look -- tell the daemons whether their alarms are heard. */
void dash_screen_look(struct dashboard *d);

/* --- certificate.c --- */

/* dash_certificate_load -- read certificate and key into d, make them first when none are given and
 * none are there; the fingerprint goes to the log. VG_ERR_IO with a log line. */
VG_NODISCARD enum vg_status dash_certificate_load(struct dashboard *d);

/* --- serve.c, user.c --- */

/* Exit codes: 0 done, 1 a fault that was named. */
int dash_serve(struct dashboard *d);
/* dash_user -- vigil-dashboard user VERB ...; argv begins with the verb. 2: usage. */
int dash_user(const char *people_file, int argc, char **argv);
void dash_people_file(char *out, size_t cap, const struct dash_options *o);

#endif
