/*
 * client.c -- see client.h.
 *
 * Two counters tell two things apart. `n` belongs to a topic and finds what was lost. `seq` belongs
 * to what a frame is about, a topic and a device, and finds what is old: two devices may speak on
 * one topic, and the repeat of the slower one is not older news of the faster one. The trap is the
 * heartbeat topic, which has no seq: it is state, and each one replaces the one before.
 *
 * A request that times out gets a fresh socket, so that a late answer to a view request is never
 * taken for the answer to the next one; replies of the operate door also carry their request id.
 */
#include "lib/client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <zmq.h>

#include "lib/json.h"
#include "lib/zsocket.h"

#define ATTEMPTS 2

static const char *const door_names[VG_DOOR_COUNT] = { "view", "operate" };

/* --- open and close ------------------------------------------------------------------------- */

static enum vg_status open_door(struct vg_client *c, enum vg_client_door door)
{
    const char *endpoint = c->options.door[door];
    if (endpoint == NULL) {
        vg_log(VG_LOG_ERROR, "client: %s: no endpoint given", door_names[door]);
        return VG_ERR_IO;
    }
    c->door[door] = vg_zsocket_connect(c->zmq, ZMQ_DEALER, endpoint);
    return c->door[door] != NULL ? VG_OK : VG_ERR_IO;
}

static void close_door(struct vg_client *c, enum vg_client_door door)
{
    if (c->door[door] != NULL) {
        (void)zmq_close(c->door[door]);
        c->door[door] = NULL;
    }
}

enum vg_status vg_client_open(struct vg_client *c, const struct vg_client_options *options)
{
    struct vg_client_options kept = *options;
    memset(c, 0, sizeof *c);
    c->options = kept;
    c->zmq = zmq_ctx_new();
    if (c->zmq == NULL) {
        vg_log(VG_LOG_ERROR, "client: no ZeroMQ context: %s", zmq_strerror(errno));
        return VG_ERR_IO;
    }
    for (unsigned d = 0; d < VG_DOOR_COUNT; d++) {
        if (kept.door[d] != NULL && open_door(c, (enum vg_client_door)d) != VG_OK) {
            goto fail;
        }
    }
    if (kept.stream != NULL) {
        c->stream = vg_zsocket_connect(c->zmq, ZMQ_SUB, kept.stream);
        if (c->stream == NULL) {
            goto fail;
        }
    }
    return VG_OK;
fail:
    vg_client_close(c);
    return VG_ERR_IO;
}

void vg_client_close(struct vg_client *c)
{
    for (unsigned d = 0; d < VG_DOOR_COUNT; d++) {
        close_door(c, (enum vg_client_door)d);
    }
    if (c->stream != NULL) {
        (void)zmq_close(c->stream);
        c->stream = NULL;
    }
    if (c->zmq != NULL) {
        (void)zmq_ctx_term(c->zmq);
        c->zmq = NULL;
    }
}

enum vg_status vg_client_subscribe(struct vg_client *c, const char *prefix)
{
    if (c->stream == NULL ||
        zmq_setsockopt(c->stream, ZMQ_SUBSCRIBE, prefix, strlen(prefix)) != 0) {
        vg_log(VG_LOG_ERROR, "client: stream: cannot subscribe to '%s': %s", prefix,
               c->stream == NULL ? "no endpoint given" : zmq_strerror(errno));
        return VG_ERR_IO;
    }
    return VG_OK;
}

/* --- counters ------------------------------------------------------------------------------- */

/* FNV-1a. Two streams with one hash would only cause a needless snapshot. */
static uint64_t hash_more(uint64_t h, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        h = (h ^ (unsigned char)s[i]) * UINT64_C(1099511628211);
    }
    return h;
}

static uint64_t hash_of(const char *topic, size_t len, const char *device)
{
    uint64_t h = hash_more(UINT64_C(14695981039346656037), topic, len);
    h = hash_more(h, "", 1); /* the NUL keeps topic and device apart */
    if (device != NULL) {
        h = hash_more(h, device, strlen(device));
    }
    return h == 0 ? 1 : h;
}

/* The entry of a key, made when it is new; NULL when there is no room. */
static struct vg_client_stream *entry_of(struct vg_client *c, uint64_t key)
{
    size_t mask = VG_CLIENT_STREAMS_MAX - 1;
    size_t at = (size_t)key & mask;
    static_assert((VG_CLIENT_STREAMS_MAX & (VG_CLIENT_STREAMS_MAX - 1)) == 0, "a power of two");

    while (c->streams[at].key != 0 && c->streams[at].key != key) {
        at = (at + 1) & mask;
    }
    if (c->streams[at].key == 0) {
        if (c->stream_count >= VG_CLIENT_STREAMS_MAX / 4 * 3) {
            c->untracked++;
            return NULL;
        }
        c->streams[at].key = key;
        c->streams[at].last = 0;
        c->stream_count++;
    }
    return &c->streams[at];
}

/* Another run of the daemon counts from the beginning: nothing known is comparable any more. */
static bool is_new_run(struct vg_client *c, const json_t *body)
{
    const json_t *run = json_object_get(body, "run");
    if (!json_is_integer(run) || json_integer_value(run) == c->run) {
        return false;
    }
    bool known = c->run != 0;
    c->run = json_integer_value(run);
    return known;
}

static void forget_counters(struct vg_client *c)
{
    memset(c->streams, 0, sizeof c->streams);
    c->stream_count = 0;
    c->baseline = 0;
}

static void check_count(struct vg_client *c, struct vg_client_update *u, uint64_t n)
{
    struct vg_client_stream *s = entry_of(c, hash_of(u->topic, strlen(u->topic), NULL));
    if (s == NULL) {
        return;
    }
    if (n < s->last) {
        u->restarted = true; /* the run number follows with the next heartbeat */
    } else if (s->last != 0 && n > s->last + 1) {
        u->gap = true;
        c->gaps += n - s->last - 1;
    }
    s->last = n;
}

/* Topics that a snapshot repeats. Doses, session moves and alarm transitions are news: each frame
 * of them is sent once, and again with the same seq when what was unsaved is on disk. */
static bool is_state(const char *topic)
{
    return strstr(topic, ".vital.") != NULL || strstr(topic, ".device.") != NULL;
}

static bool is_old(struct vg_client *c, const struct vg_client_update *u)
{
    const json_t *seq = json_object_get(u->body, "seq");
    const char *device = json_string_value(json_object_get(u->body, "dev"));
    if (!json_is_integer(seq) || !is_state(u->topic)) {
        return false;
    }
    uint64_t now = (uint64_t)json_integer_value(seq);
    if (now <= c->baseline) {
        return true;
    }
    struct vg_client_stream *s = entry_of(
        c, hash_of(u->topic, strlen(u->topic), device != NULL ? device : "-"));
    if (s == NULL) {
        return false;
    }
    bool old = now <= s->last;
    s->last = old ? s->last : now;
    return old;
}

/* --- frames --------------------------------------------------------------------------------- */

static bool is_ours(const json_t *body)
{
    return json_is_object(body) &&
           json_integer_value(json_object_get(body, "v")) == VG_WIRE_VERSION &&
           json_is_integer(json_object_get(body, "n"));
}

enum vg_status vg_client_feed(struct vg_client *c, struct vg_client_update *out, const char *topic,
                              size_t topic_len, const char *body, size_t body_len)
{
    struct vg_client_update u = { .body = NULL };
    struct vg_now now;

    c->options.clock.read(c->options.clock.state, &now);
    if (topic_len >= sizeof u.topic) {
        vg_log_limited(&c->bad_frames, now.mono_ns, VG_LOG_WARNING,
                       "client: stream: a topic of %zu bytes; frame thrown away", topic_len);
        return VG_ERR_FORMAT;
    }
    memcpy(u.topic, topic, topic_len);
    u.body = json_loadb(body, body_len, JSON_REJECT_DUPLICATES, NULL);
    if (!is_ours(u.body)) {
        json_decref(u.body);
        vg_log_limited(
            &c->bad_frames, now.mono_ns, VG_LOG_WARNING,
            "client: stream: %s: not a frame of wire version %d; use programs of one version",
            u.topic, VG_WIRE_VERSION);
        return VG_ERR_FORMAT;
    }
    u.received_ns = now.mono_ns;
    u.bed = json_string_value(json_object_get(u.body, "bed"));
    u.snapshot = json_is_true(json_object_get(u.body, "snapshot"));
    uint64_t n = (uint64_t)json_integer_value(json_object_get(u.body, "n"));
    if (is_new_run(c, u.body)) {
        forget_counters(c);
        u.restarted = true;
    }
    check_count(c, &u, n);
    if (u.restarted) {
        forget_counters(c);
        check_count(c, &u, n);
    }
    if (is_old(c, &u) && !u.gap && !u.restarted) {
        json_decref(u.body);
        return VG_ERR_STATE;
    }
    *out = u;
    return VG_OK;
}

static bool is_wanted(const struct vg_client *c, zmq_msg_t *topic)
{
    size_t len = c->options.suffix != NULL ? strlen(c->options.suffix) : 0;
    size_t n = zmq_msg_size(topic);
    return len == 0 || (n >= len && memcmp((const char *)zmq_msg_data(topic) + n - len,
                                           c->options.suffix, len) == 0);
}

/* Both parts of one frame, or nothing; other shapes are read away. VG_ERR_STATE: nothing there. */
static enum vg_status take_frame(struct vg_client *c, struct vg_client_update *out)
{
    zmq_msg_t part[2];
    size_t parts = 0;
    bool more = true;
    enum vg_status st = VG_ERR_FORMAT;

    (void)zmq_msg_init(&part[0]);
    (void)zmq_msg_init(&part[1]);
    while (more) {
        zmq_msg_t *m = &part[parts < 2 ? parts : 1];
        if (zmq_msg_recv(m, c->stream, ZMQ_DONTWAIT) < 0) {
            st = errno == EAGAIN ? VG_ERR_TIMEOUT : VG_ERR_IO;
            goto done;
        }
        more = zmq_msg_more(m) != 0;
        parts++;
    }
    if (parts == 2 && !is_wanted(c, &part[0])) {
        st = VG_ERR_STATE;
    } else if (parts == 2) {
        st = vg_client_feed(c, out, zmq_msg_data(&part[0]), zmq_msg_size(&part[0]),
                            zmq_msg_data(&part[1]), zmq_msg_size(&part[1]));
    }
done:
    (void)zmq_msg_close(&part[0]);
    (void)zmq_msg_close(&part[1]);
    return st;
}

static int64_t mono_ms(const struct vg_client *c)
{
    struct vg_now now;
    c->options.clock.read(c->options.clock.state, &now);
    return now.mono_ns / VG_NS_PER_MS;
}

/* Frames of no interest that one call passes over beyond its time. */
#define PASSED_MAX 4096

enum vg_status vg_client_next(struct vg_client *c, struct vg_client_update *out, int64_t wait_ms)
{
    int64_t until = mono_ms(c) + wait_ms;
    unsigned passed = 0;
    if (c->stream == NULL) {
        return VG_ERR_IO;
    }
    for (;;) {
        enum vg_status st = take_frame(c, out);
        if (st != VG_ERR_TIMEOUT && st != VG_ERR_STATE) {
            return st;
        }
        int64_t left = until - mono_ms(c);
        if (st == VG_ERR_STATE && (left >= 0 || passed++ < PASSED_MAX)) {
            continue; /* what is there is taken even when there is no time to wait */
        }
        zmq_pollitem_t item = { .socket = c->stream, .events = ZMQ_POLLIN };
        int rc = left > 0 ? zmq_poll(&item, 1, (long)left) : 0;
        if (rc <= 0) {
            return rc < 0 ? VG_ERR_IO : VG_ERR_TIMEOUT;
        }
    }
}

/* --- requests ------------------------------------------------------------------------------- */

/* A reply: [""][body]. Anything else is not for us. */
static enum vg_status take_reply(void *socket, const char *request_id, json_t **reply)
{
    zmq_msg_t msg;
    bool more = true;
    enum vg_status st = VG_ERR_STATE;

    while (more) {
        (void)zmq_msg_init(&msg);
        if (zmq_msg_recv(&msg, socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(&msg);
            return VG_ERR_TIMEOUT;
        }
        more = zmq_msg_more(&msg) != 0;
        if (!more) {
            *reply = json_loadb(zmq_msg_data(&msg), zmq_msg_size(&msg), JSON_REJECT_DUPLICATES,
                                NULL);
        }
        (void)zmq_msg_close(&msg);
    }
    const char *id = json_string_value(json_object_get(*reply, "request_id"));
    if (request_id == NULL || id == NULL || strcmp(id, request_id) == 0) {
        st = json_integer_value(json_object_get(*reply, "v")) == VG_WIRE_VERSION ? VG_OK
                                                                                 : VG_ERR_FORMAT;
    }
    if (st != VG_OK) {
        json_decref(*reply);
        *reply = NULL;
    }
    return st;
}

static enum vg_status attempt(struct vg_client *c, void *socket, const char *body, size_t len,
                              const char *request_id, json_t **reply)
{
    int64_t until = mono_ms(c) + c->options.timeout_ms;

    if (zmq_send(socket, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 ||
        zmq_send(socket, body, len, ZMQ_DONTWAIT) < 0) {
        return VG_ERR_TIMEOUT;
    }
    for (;;) {
        enum vg_status st = take_reply(socket, request_id, reply);
        if (st == VG_OK || st == VG_ERR_FORMAT) {
            return st;
        }
        int64_t left = until - mono_ms(c);
        zmq_pollitem_t item = { .socket = socket, .events = ZMQ_POLLIN };
        int rc = left > 0 ? zmq_poll(&item, 1, (long)left) : 0;
        if (rc <= 0) {
            return rc < 0 ? VG_ERR_IO : VG_ERR_TIMEOUT;
        }
    }
}

enum vg_status vg_client_request(struct vg_client *c, enum vg_client_door door, const char *body,
                                 size_t len, const char *request_id, json_t **reply)
{
    enum vg_status st = VG_ERR_TIMEOUT;

    *reply = NULL;
    for (int i = 0; i < ATTEMPTS && st == VG_ERR_TIMEOUT; i++) {
        if (c->door[door] == NULL && open_door(c, door) != VG_OK) {
            return VG_ERR_IO;
        }
        st = attempt(c, c->door[door], body, len, request_id, reply);
        if (st != VG_OK) {
            close_door(c, door);
        }
    }
    if (st != VG_OK && st != VG_ERR_TIMEOUT) {
        vg_log(VG_LOG_ERROR, "client: %s: %s: %s", door_names[door], c->options.door[door],
               vg_status_text(st));
    }
    return st;
}

enum vg_status vg_client_snapshot(struct vg_client *c, const char *bed, json_t **reply)
{
    char body[VG_ID_MAX * 6 + 64];
    struct vg_json j;

    *reply = NULL;
    vg_json_begin(&j, body, sizeof body);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "op", "snapshot");
    if (bed != NULL) {
        vg_json_text(&j, "bed", bed);
    }
    vg_json_object_end(&j);
    if (j.overflow) {
        vg_log(VG_LOG_ERROR, "client: a bed id has at most %d characters", VG_ID_MAX - 1);
        return VG_ERR_ARG;
    }
    enum vg_status st = vg_client_request(c, VG_DOOR_VIEW, body, j.len, NULL, reply);
    if (st != VG_OK) {
        return st;
    }
    if (!json_is_true(json_object_get(*reply, "ok"))) {
        return VG_ERR_STATE;
    }
    if (is_new_run(c, *reply)) {
        forget_counters(c);
    }
    c->baseline = (uint64_t)json_integer_value(json_object_get(*reply, "seq"));
    return VG_OK;
}

/* --- request ids ---------------------------------------------------------------------------- */

enum vg_status vg_client_uuid(char out[VG_REQUEST_ID_MAX])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char b[16];
    size_t at = 0;

    if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b) {
        vg_log(VG_LOG_ERROR, "client: no random numbers from the system: %s", strerror(errno));
        return VG_ERR_IO;
    }
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80); /* variant of RFC 4122 */
    for (size_t i = 0; i < sizeof b; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out[at++] = '-';
        }
        out[at++] = hex[b[i] >> 4];
        out[at++] = hex[b[i] & 15];
    }
    out[at] = '\0';
    return VG_OK;
}
