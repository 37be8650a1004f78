/*
 * connection.c -- connections as such: which hold a whole request, which hang.
 *
 * libmicrohttpd's own time-out counts silence; a browser that drips a byte a second never meets it.
 * Here a request has to be there as a whole in time. Past a number of idle connections the oldest
 * is closed, so that a crowd does not keep people out.
 */
#include <sys/socket.h>

#include "dashboard/dashboard.h"

/* A request has to be there as a whole so long after its first byte. */
#define SLOW_NS (10 * VG_NS_PER_S)

/* The entry of a connection, of the first free place with NULL; NULL: there is none. */
static struct dash_connection *find(struct dashboard *d, const struct MHD_Connection *c)
{
    for (size_t i = 0; i < DASH_CONNECTIONS_MAX; i++) {
        if (d->connection[i].connection == c) {
            return &d->connection[i];
        }
    }
    return NULL;
}

void dash_connection_busy(struct dashboard *d, struct MHD_Connection *c, bool busy)
{
    struct dash_connection *one = find(d, c);
    if (one != NULL) {
        one->busy = busy;
        one->since_ns = d->reactor.now.mono_ns;
    }
}

void dash_connection_shut(struct dashboard *d, const struct MHD_Connection *c)
{
    const struct dash_connection *one = find(d, c);
    if (one != NULL) {
        (void)shutdown(one->fd, SHUT_RDWR);
    }
}

static void close_oldest_idle(struct dashboard *d)
{
    struct dash_connection *oldest = NULL;
    size_t idle = 0;
    for (size_t i = 0; i < DASH_CONNECTIONS_MAX; i++) {
        struct dash_connection *one = &d->connection[i];
        if (one->connection != NULL && !one->busy && !one->closing) {
            idle++;
            oldest = oldest == NULL || one->since_ns < oldest->since_ns ? one : oldest;
        }
    }
    if (idle > DASH_CONNECTIONS_IDLE && oldest != NULL) {
        oldest->closing = true; /* else all that arrive in one turn would close the same one */
        (void)shutdown(oldest->fd, SHUT_RDWR);
    }
}

void dash_connection_note(void *cls, struct MHD_Connection *c, void **state,
                          enum MHD_ConnectionNotificationCode code)
{
    struct dashboard *d = cls;
    bool came = code == MHD_CONNECTION_NOTIFY_STARTED;
    struct dash_connection *one = find(d, came ? NULL : c);
    (void)state;
    if (one == NULL) {
        return;
    }
    *one = (struct dash_connection){ .fd = -1 };
    if (came) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(
            c, MHD_CONNECTION_INFO_CONNECTION_FD);
        one->connection = c;
        one->fd = info != NULL ? info->connect_fd : -1;
        one->since_ns = d->reactor.now.mono_ns;
        close_oldest_idle(d);
    }
}

void dash_http_sweep(struct dashboard *d)
{
    int64_t now_ns = d->reactor.now.mono_ns;
    for (size_t i = 0; i < DASH_CONNECTIONS_MAX; i++) {
        struct dash_connection *one = &d->connection[i];
        if (one->connection != NULL && !one->busy && now_ns - one->since_ns > SLOW_NS) {
            (void)shutdown(one->fd, SHUT_RDWR);
        }
    }
    for (size_t i = 0; i < DASH_STREAMS_MAX; i++) {
        struct dash_stream *s = &d->stream[i];
        if (s->connection != NULL &&
            !dash_session_lives(s->session, s->serial, &d->people, now_ns)) {
            s->reader.dead = true;
        }
    }
    dash_http_flush(d);
}
