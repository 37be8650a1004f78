/*
 * stream.c -- the event streams of pages: each reads the feed at its own pace.
 *
 * Trap: a suspended connection is silent, and its end is noticed only when it is written to.
 */
#include <stdio.h>
#include <string.h>

#include "dashboard/dashboard.h"

#define STREAM_BLOCK ((size_t)16 * 1024)

static ssize_t on_read(void *cls, uint64_t pos, char *to, size_t cap)
{
    struct dash_stream *s = cls;
    (void)pos;
    size_t n = dash_feed_take(&s->d->feed, &s->reader, to, cap);
    if (n == 0 && s->reader.dead) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (n > 0) {
        s->taken_ns = s->d->reactor.now.mono_ns;
    }
    if (n == 0) {
        s->suspended = true;
        MHD_suspend_connection(s->connection);
    }
    return (ssize_t)n;
}

static void on_stream_end(void *cls)
{
    struct dash_stream *s = cls;
    s->connection = NULL;
}

static void end_stream(struct dashboard *d, struct dash_stream *s)
{
    s->reader.dead = true;
    dash_connection_shut(d, s->connection); /* its browser may be gone for long */
    if (s->suspended) {
        s->suspended = false;
        MHD_resume_connection(s->connection);
    }
}

/* A page that dials again takes the place of its old connection, which may hang half-open. */
static struct dash_stream *take_stream(struct dashboard *d, const struct dash_session *session,
                                       const char *screen)
{
    struct dash_stream *place = NULL;
    size_t of_session = 0;
    for (size_t i = 0; i < DASH_STREAMS_MAX; i++) {
        struct dash_stream *s = &d->stream[i];
        if (s->connection == NULL) {
            place = place == NULL ? s : place;
        } else if (!s->reader.dead && s->session == session && s->serial == session->serial) {
            if (strcmp(s->screen, screen) == 0) {
                end_stream(d, s);
            } else {
                of_session++;
            }
        }
    }
    return of_session < DASH_STREAMS_SESSION ? place : NULL;
}

enum MHD_Result dash_get_stream(struct dashboard *d, struct MHD_Connection *c,
                                struct dash_session *session)
{
    const char *screen = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "screen");
    if (screen == NULL || strlen(screen) >= DASH_SCREEN_ID_MAX) {
        return dash_refuse_now(c, 400, "screen", "give the id of the screen");
    }
    struct dash_stream *s = take_stream(d, session, screen);
    if (s == NULL) {
        return dash_refuse_now(c, 429, "pages", "too many pages are open: close some");
    }
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_read, s, on_stream_end);
    if (response == NULL) {
        return MHD_NO;
    }
    *s = (struct dash_stream){ .d = d,
                               .taken_ns = d->reactor.now.mono_ns,
                               .connection = c,
                               .session = session,
                               .serial = session->serial };
    (void)snprintf(s->screen, sizeof s->screen, "%s", screen);
    dash_feed_join(&d->feed, &s->reader);
    for (size_t i = 0; i < d->node_count; i++) {
        dash_node_ask_all(&d->node[i]);
    }
    dash_add_headers(response);
    (void)MHD_add_response_header(response, "Content-Type", "text/event-stream");
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "X-Accel-Buffering", "no");
    enum MHD_Result rc = MHD_queue_response(c, 200, response);
    MHD_destroy_response(response);
    return rc;
}

void dash_http_flush(struct dashboard *d)
{
    for (size_t i = 0; i < DASH_STREAMS_MAX; i++) {
        struct dash_stream *s = &d->stream[i];
        if (s->connection != NULL && s->suspended &&
            (dash_feed_has(&d->feed, &s->reader) || s->reader.dead)) {
            s->suspended = false;
            MHD_resume_connection(s->connection);
        }
    }
    vg_timer_arm(d->http_timer, d->reactor.now.mono_ns);
}
