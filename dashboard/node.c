/*
 * node.c -- see node.h.
 */
#include "dashboard/node.h"

#include <stdio.h>
#include <string.h>

#include "lib/json.h"

/* Frames of one turn. */
#define BURST 512
/* What changes in quick steps (limits of a new session, answers one after the other) is asked for
 * once. */
#define SETTLE_NS (60 * VG_NS_PER_MS)
#define LOOK_NS (20 * VG_NS_PER_MS)
/* After a question that failed. */
#define AGAIN_NS (2 * VG_NS_PER_S)

static const char *const ops[DASH_FEED_ANSWERS] = {
    [DASH_FEED_SNAPSHOT] = "snapshot",
    [DASH_FEED_PLAN] = "plan",
    [DASH_FEED_LIMITS] = "limits",
};

/* --- questions ------------------------------------------------------------------------------ */

static void arm(struct dash_node *n, int64_t due_ns)
{
    if (n->timer->due_ns == VG_TIME_NONE || due_ns < n->timer->due_ns) {
        vg_timer_arm(n->timer, due_ns);
    }
}

static bool is_open(const struct dash_question *q)
{
    return q->all || q->bed_count > 0 || q->each > 0;
}

static void want_all(struct dash_question *q, int64_t not_before_ns)
{
    q->all = true;
    q->bed_count = 0;
    q->each = 0;
    q->next_ns = q->next_ns > not_before_ns ? q->next_ns : not_before_ns;
    arm(q->node, q->next_ns);
}

static void want_bed(struct dash_question *q, const char *bed, int64_t not_before_ns)
{
    for (uint8_t i = 0; i < q->bed_count; i++) {
        if (strcmp(q->bed[i], bed) == 0) {
            return;
        }
    }
    if (q->all || q->bed_count == DASH_NODE_BEDS_MAX) {
        want_all(q, not_before_ns);
        return;
    }
    (void)snprintf(q->bed[q->bed_count++], VG_ID_MAX, "%s", bed);
    q->next_ns = q->next_ns > not_before_ns ? q->next_ns : not_before_ns;
    arm(q->node, q->next_ns);
}

static int64_t now_of(const struct dash_node *n)
{
    return n->reactor->now.mono_ns;
}

void dash_node_ask_all(struct dash_node *n)
{
    for (size_t k = 0; k < DASH_FEED_ANSWERS; k++) {
        want_all(&n->question[k], now_of(n));
    }
}

/* Frames were lost, or the daemon is another run: every screen is to be told anew. */
static void resync(struct dash_node *n)
{
    for (size_t k = 0; k < DASH_FEED_ANSWERS; k++) {
        n->renew(n->state, n->index, (enum dash_feed_kind)k);
    }
    dash_node_ask_all(n);
}

/* An answer that is none. What is too large for one message is asked for bed by bed, and told to
 * everybody; what failed otherwise is asked again. */
static void failed(struct dash_question *q, enum vg_status st)
{
    struct dash_node *n = q->node;
    n->silent = st == VG_ERR_TIMEOUT;
    if (st == VG_ERR_FULL && q->about == 0) {
        q->each = n->known_count;
        return;
    }
    /* A screen that waited for one bed must not miss it: everybody is told everything. */
    n->renew(n->state, n->index, (enum dash_feed_kind)q->kind);
    want_all(q, now_of(n) + AGAIN_NS);
}

static enum vg_status pass_answer(struct dash_question *q, const char *text, size_t len)
{
    static char data[DASH_FEED_BYTES / 4];
    static const char refused[] = "\"ok\":false";
    struct dash_node *n = q->node;
    bool is_refusal = len < 512 && memmem(text, len, refused, sizeof refused - 1) != NULL;
    if (is_refusal || len + VG_ID_MAX + 32 > sizeof data) {
        return VG_ERR_FULL;
    }
    int head = snprintf(data, sizeof data, "{\"node\":\"%s\",\"body\":", n->options->id);
    memcpy(data + head, text, len);
    data[(size_t)head + len] = '}';
    struct dash_event e = { .kind = (enum dash_feed_kind)q->kind,
                            .node = n->index,
                            .bed = q->about,
                            .asked = q->asked,
                            .data = data,
                            .len = (size_t)head + len + 1 };
    return dash_feed_put(n->feed, &e);
}

static void on_answer(void *state, enum vg_status st, const char *text, size_t len)
{
    struct dash_question *q = state;
    struct dash_node *n = q->node;
    q->under_way = false;
    if (st == VG_OK) {
        n->silent = false;
        st = pass_answer(q, text, len);
    }
    if (st == VG_OK) {
        n->changed(n->state, true);
    } else {
        vg_log_limited(&n->bad, now_of(n), VG_LOG_WARNING, "node: %s: '%s': %s", n->options->id,
                       ops[q->kind], vg_status_text(st));
        failed(q, st);
    }
    if (is_open(q)) {
        arm(n, q->next_ns > now_of(n) ? q->next_ns : now_of(n));
    }
}

/* What is asked next: all beds (NULL), one of those that wait, or one of each. */
static const char *next_bed(const struct dash_question *q)
{
    if (q->all) {
        return NULL;
    }
    return q->bed_count > 0 ? q->bed[0] : q->node->known[q->each - 1];
}

static void asked(struct dash_question *q, const char *bed)
{
    q->under_way = true;
    q->asked = q->node->feed->head;
    q->about = bed == NULL ? 0 : dash_feed_bed(q->node->index, bed);
    if (q->all) {
        q->all = false;
    } else if (q->bed_count > 0) {
        q->bed_count--;
        memmove(q->bed[0], q->bed[1], q->bed_count * sizeof q->bed[0]);
    } else {
        q->each--;
    }
}

static bool may_ask(const struct dash_node *n)
{
    bool under_way = false;
    for (size_t k = 0; k < DASH_FEED_ANSWERS; k++) {
        under_way = under_way || n->question[k].under_way;
    }
    return dash_asks_free(n->asks) > DASH_NODE_SPARE && !(n->silent && under_way);
}

static void send(struct dash_node *n, struct dash_question *q)
{
    char body[VG_ID_MAX * 6 + 64];
    struct vg_json j;
    const char *bed = next_bed(q);

    vg_json_begin(&j, body, sizeof body);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "op", ops[q->kind]);
    if (bed != NULL) {
        vg_json_text(&j, "bed", bed);
    }
    vg_json_object_end(&j);
    VG_ASSERT(!j.overflow);
    if (may_ask(n) && dash_ask(n->asks, n->options->view, body, j.len, on_answer, q) == VG_OK) {
        asked(q, bed);
    } else {
        q->next_ns = now_of(n) + SETTLE_NS;
    }
}

static void look(void *state)
{
    struct dash_node *n = state;
    int64_t now_ns = now_of(n);
    for (size_t k = 0; k < DASH_FEED_ANSWERS; k++) {
        struct dash_question *q = &n->question[k];
        if (q->under_way || !is_open(q)) {
            continue;
        }
        if (q->next_ns <= now_ns) {
            send(n, q);
        }
        if (is_open(q) && !q->under_way) {
            arm(n, q->next_ns > now_ns ? q->next_ns : now_ns + LOOK_NS);
        }
    }
}

/* --- frames --------------------------------------------------------------------------------- */

static bool ends_with(const char *topic, const char *end)
{
    size_t n = strlen(topic);
    size_t m = strlen(end);
    return n >= m && strcmp(topic + n - m, end) == 0;
}

/* What the frame changes that frames do not say. */
static void ask_about(struct dash_node *n, const struct vg_client_update *u)
{
    if (u->gap || u->restarted) {
        resync(n);
    }
    if (u->bed != NULL && (ends_with(u->topic, ".session") || ends_with(u->topic, ".dose"))) {
        for (size_t k = 0; k < DASH_FEED_ANSWERS; k++) {
            want_bed(&n->question[k], u->bed, now_of(n) + SETTLE_NS);
        }
    }
}

/* Most alarm states only say that the daemon lives. One that says something else goes out at once. */
static bool is_news(struct dash_node *n, const struct vg_client_update *u)
{
    char text[512];
    if (u->bed == NULL || !ends_with(u->topic, ".alarms")) {
        return false;
    }
    size_t len = json_dumpb(json_object_get(u->body, "sounds"), text, sizeof text - 32,
                            JSON_COMPACT);
    len = len < sizeof text - 32 ? len : 0;
    (void)snprintf(text + len, sizeof text - len, "%lld",
                   (long long)json_integer_value(json_object_get(u->body, "open")));
    uint32_t now = dash_feed_bed(0, text);
    for (uint16_t i = 0; i < n->known_count; i++) {
        if (strcmp(n->known[i], u->bed) == 0) {
            bool news = n->told[i] != now;
            n->told[i] = now;
            return news;
        }
    }
    return true;
}

static void pass_on(struct dash_node *n, const struct vg_client_update *u)
{
    static char data[2 * VG_WIRE_ALARMS_BYTES];
    int head = snprintf(data, sizeof data,
                        "{\"node\":\"%s\",\"topic\":\"%s\",\"body\":", n->options->id, u->topic);
    size_t room = sizeof data - (size_t)head - 1;
    size_t len = json_dumpb(u->body, data + head, room, JSON_COMPACT);
    bool wave = strstr(u->topic, ".wave.") != NULL;
    bool plain = strpbrk(u->topic, "\"\\\r\n") == NULL;
    enum vg_status st = VG_ERR_FORMAT;

    if (plain && len > 0 && len <= room) {
        data[(size_t)head + len] = '}';
        struct dash_event e = { .kind = wave ? DASH_FEED_WAVE : DASH_FEED_FRAME,
                                .node = n->index,
                                .bed = u->bed != NULL ? dash_feed_bed(n->index, u->bed) : 0,
                                .data = data,
                                .len = (size_t)head + len + 1 };
        st = dash_feed_put(n->feed, &e);
    }
    if (st != VG_OK) {
        vg_log_limited(&n->bad, u->received_ns, VG_LOG_WARNING,
                       "node: %s: a frame that cannot be passed on, bytes=%zu", n->options->id,
                       len);
        return;
    }
    n->changed(n->state, is_news(n, u));
}

static void note_bed(struct dash_node *n, const char *bed)
{
    for (uint16_t i = 0; i < n->known_count; i++) {
        if (strcmp(n->known[i], bed) == 0) {
            return;
        }
    }
    if (n->known_count < VG_BEDS_MAX && strlen(bed) < VG_ID_MAX) {
        (void)snprintf(n->known[n->known_count++], VG_ID_MAX, "%s", bed);
    }
}

static void on_frames(void *state)
{
    struct dash_node *n = state;
    struct vg_client_update u;
    enum vg_status st = VG_OK;
    for (int i = 0; i < BURST && (st == VG_OK || st == VG_ERR_FORMAT); i++) {
        st = vg_client_next(&n->client, &u, 0);
        if (st == VG_OK) {
            if (u.bed != NULL && ends_with(u.topic, ".alarms")) {
                note_bed(n, u.bed);
            }
            pass_on(n, &u);
            ask_about(n, &u);
            json_decref(u.body);
        }
    }
    vg_reactor_ask(n->reactor);
}

/* --- open and close ------------------------------------------------------------------------- */

/* Voicing is the screens' work; what they voice arrives through their reports. */
static void look_at_nothing(void *state)
{
    (void)state;
}

static enum vg_status open_sink(struct dash_node *n)
{
    if (n->options->sink[0] == '\0') {
        return VG_OK;
    }
    struct vg_asink_options o = { .id = n->options->sink,
                                  .stream = n->options->stream,
                                  .operate = n->options->operate,
                                  .role = (enum vg_sink_role)n->options->role,
                                  .look = look_at_nothing };
    enum vg_status st = vg_asink_open(&n->sink, &o, n->reactor);
    n->is_sink = st == VG_OK;
    if (n->is_sink) {
        vg_asink_healthy(&n->sink, false); /* until a screen says that it can sound */
    }
    return st;
}

enum vg_status dash_node_open(struct dash_node *n)
{
    struct vg_client_options o = { .stream = n->options->stream,
                                   .timeout_ms = 1000,
                                   .clock = n->reactor->env.clock };
    for (size_t k = 0; k < DASH_FEED_ANSWERS; k++) {
        n->question[k] = (struct dash_question){ .node = n, .kind = (uint8_t)k };
    }
    n->timer = vg_reactor_add_timer(n->reactor, look, n);
    enum vg_status st = vg_client_open(&n->client, &o);
    if (st == VG_OK) {
        st = vg_client_subscribe(&n->client, VG_TOPIC_PREFIX);
    }
    if (st == VG_OK) {
        vg_reactor_add_zsocket(n->reactor, n->client.stream, on_frames, n);
        st = open_sink(n);
    }
    return st;
}

void dash_node_close(struct dash_node *n)
{
    if (n->is_sink) {
        vg_asink_close(&n->sink);
    }
    vg_client_close(&n->client);
}
