/*
 * http.c -- connections: what a browser sends becomes a request with a whole body and a known
 * session, or is refused; replies and event streams go back.
 *
 * Order of refusal: connection limits, path, method, host, session, token against forged requests,
 * length. Only then is a body read, into a fixed place.
 *
 * Trap: a suspended connection is silent. Whoever suspends must see to it that something resumes:
 * an answer, a deadline of ask.c, new events, or the end of the session.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "dashboard/dashboard.h"

#define COOKIE "vigil"
#define IDLE_S 30
#define POOL_BYTES ((size_t)16 * 1024)

/* --- replies -------------------------------------------------------------------------------- */

void dash_add_headers(struct MHD_Response *response)
{
    static const char *const headers[][2] = {
        { "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src "
          "'self' data:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
          "frame-ancestors 'none'" },
        { "X-Content-Type-Options", "nosniff" },
        { "Referrer-Policy", "no-referrer" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "X-Frame-Options", "DENY" },
    };
    for (size_t i = 0; i < VG_COUNT(headers); i++) {
        (void)MHD_add_response_header(response, headers[i][0], headers[i][1]);
    }
}

static struct MHD_Response *json_response(const char *text, size_t len, const char *cookie)
{
    union { /* MHD copies, and asks for a pointer to what may be changed */
        const char *in;
        void *out;
    } bytes = { .in = text };
    struct MHD_Response *response = MHD_create_response_from_buffer(len, bytes.out,
                                                                    MHD_RESPMEM_MUST_COPY);
    if (response != NULL) {
        dash_add_headers(response);
        (void)MHD_add_response_header(response, "Content-Type", "application/json");
        (void)MHD_add_response_header(response, "Cache-Control", "no-store");
        if (cookie != NULL) {
            (void)MHD_add_response_header(response, "Set-Cookie", cookie);
        }
    }
    return response;
}

static size_t refusal(char *out, size_t cap, const char *error, const char *text)
{
    int n = snprintf(out, cap, "{\"ok\":false,\"error\":\"%s\",\"text\":\"%s\"}", error, text);
    return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

enum MHD_Result dash_send_json(struct MHD_Connection *c, unsigned status, const char *text,
                               size_t len)
{
    struct MHD_Response *response = json_response(text, len, NULL);
    if (response == NULL) {
        return MHD_NO;
    }
    enum MHD_Result rc = MHD_queue_response(c, status, response);
    MHD_destroy_response(response);
    return rc;
}

/* Refuse before there is a request. */
enum MHD_Result dash_refuse_now(struct MHD_Connection *c, unsigned status, const char *error,
                                const char *text)
{
    char body[512];
    return dash_send_json(c, status, body, refusal(body, sizeof body, error, text));
}

enum MHD_Result dash_send(struct MHD_Connection *c, const char *type, const void *bytes, size_t len,
                          const char *encoding, const char *etag)
{
    const char *known = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-None-Match");
    bool same = etag != NULL && known != NULL && strcmp(known, etag) == 0;
    union {
        const void *in;
        void *out;
    } data = { .in = bytes };
    struct MHD_Response *response = MHD_create_response_from_buffer(same ? 0 : len, data.out,
                                                                    MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        return MHD_NO;
    }
    dash_add_headers(response);
    (void)MHD_add_response_header(response, "Content-Type", type);
    (void)MHD_add_response_header(response, "Cache-Control",
                                  etag != NULL ? "no-cache" : "no-store");
    if (encoding != NULL && !same) {
        (void)MHD_add_response_header(response, "Content-Encoding", encoding);
    }
    if (etag != NULL) {
        (void)MHD_add_response_header(response, "ETag", etag);
    }
    enum MHD_Result rc = MHD_queue_response(c, same ? 304 : 200, response);
    MHD_destroy_response(response);
    return rc;
}

static void wake(struct dash_request *r)
{
    if (r->suspended) {
        r->suspended = false;
        MHD_resume_connection(r->connection);
        vg_timer_arm(r->d->http_timer, r->d->reactor.now.mono_ns);
    }
}

void dash_reply(struct dash_request *r, unsigned status, const char *text, size_t len,
                const char *cookie)
{
    if (r->response == NULL) {
        r->response = json_response(text, len, cookie);
        r->status = status;
    }
    wake(r);
}

void dash_refuse(struct dash_request *r, unsigned status, const char *error, const char *text)
{
    char body[512];
    dash_reply(r, status, body, refusal(body, sizeof body, error, text), NULL);
}

/* --- sessions ------------------------------------------------------------------------------- */

static struct dash_session *session_of(struct dashboard *d, struct MHD_Connection *c,
                                       struct dash_person **person)
{
    const char *token = MHD_lookup_connection_value(c, MHD_COOKIE_KIND, COOKIE);
    return dash_session_find(&d->signin, &d->people, token, d->reactor.now.mono_ns, person);
}

/* A name of this machine, when only this machine may ask: another name that leads here is a trick
 * of a page from elsewhere. */
static bool host_fits(const struct dashboard *d, struct MHD_Connection *c)
{
    static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };
    const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
    if (host == NULL) {
        return false;
    }
    if (!d->plain) {
        return true;
    }
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        size_t n = strlen(names[i]);
        if (strncasecmp(host, names[i], n) == 0 && (host[n] == ':' || host[n] == '\0')) {
            return true;
        }
    }
    return strcmp(host, d->options.address) == 0 ||
           (strncmp(host, d->options.address, strlen(d->options.address)) == 0 &&
            host[strlen(d->options.address)] == ':');
}

/* A browser says where a request comes from; what is not a browser says nothing. */
static bool origin_fits(struct MHD_Connection *c)
{
    const char *site = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Sec-Fetch-Site");
    const char *origin = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Origin");
    const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
    if (site != NULL && strcmp(site, "same-origin") != 0) {
        return false;
    }
    const char *at = origin != NULL ? strstr(origin, "://") : NULL;
    return origin == NULL || (at != NULL && host != NULL && strcasecmp(at + 3, host) == 0);
}

/* --- bodies --------------------------------------------------------------------------------- */

static void where_of(struct MHD_Connection *c, char out[64])
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    out[0] = '\0';
    if (info != NULL && info->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)info->client_addr;
        (void)inet_ntop(AF_INET, &four->sin_addr, out, 64);
    } else if (info != NULL && info->client_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const void *)info->client_addr;
        (void)inet_ntop(AF_INET6, &six->sin6_addr, out, 64);
    }
}

/* Who is not signed in has a few places only: bodies that never come must not keep commands out. */
static struct dash_request *take_request(struct dashboard *d, bool signed_in)
{
    struct dash_request *place = NULL;
    size_t strangers = 0;
    for (size_t i = 0; i < DASH_REQUESTS_MAX; i++) {
        struct dash_request *r = &d->request[i];
        if (r->connection == NULL) {
            place = place == NULL ? r : place;
        } else if (!r->route->signed_in) {
            strangers++;
        }
    }
    return signed_in || strangers < DASH_REQUESTS_STRANGERS ? place : NULL;
}

static enum MHD_Result begin_post(struct dashboard *d, struct MHD_Connection *c,
                                  const struct dash_route *route, const char *url,
                                  struct dash_session *session, void **state)
{
    const char *type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type");
    struct dash_request *r = take_request(d, route->signed_in);
    if (!origin_fits(c) ||
        (route->signed_in && !dash_csrf_fits(session, MHD_lookup_connection_value(
                                                          c, MHD_HEADER_KIND, "X-Vigil-Token")))) {
        return dash_refuse_now(c, 403, "token", "not sent by this page: load the page again");
    }
    if (type == NULL || strncmp(type, "application/json", 16) != 0) {
        return dash_refuse_now(c, 415, "type", "send application/json");
    }
    if (r == NULL) {
        return dash_refuse_now(c, 503, "busy", "too many requests under way: send it again");
    }
    memset(r, 0, offsetof(struct dash_request, body));
    r->d = d;
    r->connection = c;
    r->route = route;
    r->session = session;
    r->serial = session != NULL ? session->serial : 0;

    where_of(c, r->where);
    if (route->prefix) {
        (void)snprintf(r->path_id, sizeof r->path_id, "%s", url + strlen(route->path));
    }
    *state = r;
    return MHD_YES;
}

static void refuse_stopping(struct dash_request *r)
{
    dash_refuse(r, 503, "stopping", "vigil-dashboard stops: send it again");
}

static void start_post(struct dash_request *r)
{
    r->started = true;
    dash_connection_busy(r->d, r->connection, true);
    r->body[r->len] = '\0';
    r->json = r->too_long ? NULL : json_loadb(r->body, r->len, JSON_REJECT_DUPLICATES, NULL);
    if (r->d->stopping) {
        refuse_stopping(r);
    } else if (r->too_long) {
        dash_refuse(r, 413, "too_large", "a request has at most 8192 bytes");
    } else if (!json_is_object(r->json)) {
        dash_refuse(r, 400, "format", "the body is not one JSON object");
    } else if (r->route->signed_in && !dash_session_lives(r->session, r->serial, &r->d->people,
                                                          r->d->reactor.now.mono_ns)) {
        /* While the body came, the session ended, and its place may be somebody else's. */
        dash_refuse(r, 401, "signed_out", "sign in first");
    } else {
        r->route->post(r);
    }
}

static enum MHD_Result go_on(struct dash_request *r, const char *data, size_t *size)
{
    if (*size > 0) {
        size_t room = DASH_BODY_MAX - r->len;
        r->too_long = r->too_long || *size > room;
        if (!r->too_long) {
            memcpy(r->body + r->len, data, *size);
            r->len += *size;
        }
        *size = 0;
        return MHD_YES;
    }
    if (!r->started) {
        start_post(r);
    }
    if (r->response != NULL) {
        return MHD_queue_response(r->connection, r->status, r->response);
    }
    r->suspended = true;
    MHD_suspend_connection(r->connection);
    return MHD_YES;
}

/* --- one request ---------------------------------------------------------------------------- */

static bool too_long_said(struct MHD_Connection *c)
{
    const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
    return length != NULL && strtoull(length, NULL, 10) > DASH_BODY_MAX;
}

static enum MHD_Result begin(struct dashboard *d, struct MHD_Connection *c, const char *url,
                             const char *method, void **state)
{
    bool known = false;
    struct dash_person *person;
    const struct dash_route *route = dash_route_find(method, url, &known);
    if (route == NULL) {
        return known ? dash_refuse_now(c, 405, "method", "this path takes another method")
                     : dash_refuse_now(c, 404, "path", "there is nothing here");
    }
    if (!host_fits(d, c)) {
        return dash_refuse_now(c, 421, "host", "use the address that vigil-dashboard listens on");
    }
    if (d->stopping) {
        return dash_refuse_now(c, 503, "stopping", "vigil-dashboard stops: send it again");
    }
    struct dash_session *session = session_of(d, c, &person);
    if (route->signed_in && session == NULL) {
        return dash_refuse_now(c, 401, "signed_out", "sign in first");
    }
    if (too_long_said(c)) {
        return dash_refuse_now(c, 413, "too_large", "a request has at most 8192 bytes");
    }
    if (route->get != NULL) {
        dash_connection_busy(d, c, true);
        return route->get(d, c, session);
    }
    return begin_post(d, c, route, url, session, state);
}

/* As libmicrohttpd calls it. NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    struct dashboard *d = cls;
    (void)version;
    if (*state == NULL && strcmp(method, "GET") == 0) {
        *state = d; /* answered at the second call: at the first one MHD would end the connection */
        return MHD_YES;
    }
    return *state == NULL || *state == d ? begin(d, c, url, method, state)
                                         : go_on(*state, data, size);
}

static void on_done(void *cls, struct MHD_Connection *c, void **state,
                    enum MHD_RequestTerminationCode code)
{
    struct dashboard *d = cls;
    struct dash_request *r = *state != d ? *state : NULL;
    (void)code;
    dash_connection_busy(d, c, false);
    *state = NULL;
    if (r != NULL) {
        if (r->response != NULL) {
            MHD_destroy_response(r->response);
        }
        json_decref(r->json);
        memset(r, 0, sizeof *r); /* PINs too */
    }
}

/* --- open and close ------------------------------------------------------------------------- */

static void run(struct dashboard *d)
{
    MHD_UNSIGNED_LONG_LONG ms;
    (void)MHD_run(d->http);
    if (MHD_get_timeout(d->http, &ms) == MHD_YES) {
        vg_timer_arm(d->http_timer, d->reactor.now.mono_ns + (int64_t)ms * VG_NS_PER_MS);
    }
}

static void on_http(void *state, uint32_t events)
{
    (void)events;
    run(state);
}

static void on_http_timer(void *state)
{
    run(state);
}

static void on_http_log(void *cls, const char *fmt, va_list ap) VG_PRINTF(2, 0);

static void on_http_log(void *cls, const char *fmt, va_list ap)
{
    char line[256];
    (void)cls;
    (void)vsnprintf(line, sizeof line, fmt, ap);
    line[strcspn(line, "\r\n")] = '\0';
    vg_log(VG_LOG_DEBUG, "http: %s", line);
}

static struct MHD_Daemon *listen_on(struct dashboard *d, const struct sockaddr *address)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, d->certificate },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, d->key },
        { MHD_OPTION_HTTPS_PRIORITIES, 0,
          (void *)(uintptr_t) "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" },
        { MHD_OPTION_END, 0, NULL },
    };
    struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
    flags |= d->plain ? 0u : MHD_USE_TLS;
    flags |= address->sa_family == AF_INET6 ? MHD_USE_IPv6 : 0u;
    return MHD_start_daemon(
        flags, d->options.port, NULL, NULL, on_request, d, MHD_OPTION_EXTERNAL_LOGGER, on_http_log,
        d, MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_NOTIFY_COMPLETED, on_done, d,
        MHD_OPTION_NOTIFY_CONNECTION, dash_connection_note, d, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_LIMIT, (unsigned)DASH_CONNECTIONS_MAX - 8,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)DASH_CONNECTIONS_MAX,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, d->plain ? none : tls, MHD_OPTION_END);
}

enum vg_status dash_http_open(struct dashboard *d)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(d->options.port) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(d->options.port) };
    d->plain = dash_is_loopback(&d->options);
    if (!d->plain && dash_certificate_load(d) != VG_OK) {
        return VG_ERR_IO;
    }
    d->http_timer = vg_reactor_add_timer(&d->reactor, on_http_timer, d);
    bool is_four = inet_pton(AF_INET, d->options.address, &four.sin_addr) == 1;
    (void)inet_pton(AF_INET6, d->options.address, &six.sin6_addr);
    d->http = listen_on(d, is_four ? (const void *)&four : (const void *)&six);
    if (d->http == NULL) {
        vg_log(VG_LOG_ERROR,
               "http: cannot listen on %s port %u: %s; check address and port of the configuration",
               d->options.address, d->options.port, strerror(errno));
        return VG_ERR_IO;
    }
    d->http_fd = MHD_get_daemon_info(d->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    return vg_reactor_add(&d->reactor, d->http_fd, on_http, d);
}

void dash_http_close(struct dashboard *d)
{
    if (d->http == NULL) {
        return;
    }
    /* MHD aborts when something is suspended as it stops: what still comes is refused at once. */
    d->stopping = true;
    for (size_t i = 0; i < DASH_STREAMS_MAX; i++) {
        d->stream[i].reader.dead = true;
        if (d->stream[i].connection != NULL && d->stream[i].suspended) {
            d->stream[i].suspended = false;
            MHD_resume_connection(d->stream[i].connection);
        }
    }
    for (size_t i = 0; i < DASH_REQUESTS_MAX; i++) {
        if (d->request[i].connection != NULL) {
            refuse_stopping(&d->request[i]);
        }
    }
    (void)MHD_run(d->http);
    vg_reactor_remove(&d->reactor, d->http_fd);
    MHD_stop_daemon(d->http);
    d->http = NULL;
}
