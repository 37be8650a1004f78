/*
 * outbox.c -- see outbox.h.
 *
 * A new subscription gets the present state of what it matches, flagged `snapshot`, made from the
 * engine and not from a cache of frames: an old frame cannot come back as news. All matching
 * subscribers receive it (that is how XPUB works); consumers are idempotent on seq.
 */
#include "daemon/outbox.h"

#include <errno.h>
#include <string.h>
#include <zmq.h>

#include "core/alarm_catalogue.h"
#include "lib/log.h"
#include "lib/zsocket.h"
#include "vigil/compiler.h"

#define HIGH_WATER 4096
#define BURST 64
#define HEAD_TOPIC "v1.node.head"
#define HEAD_EVERY_NS VG_NS_PER_S

enum vg_status vg_outbox_open(struct vg_outbox *o, void *zmq, const char *endpoint)
{
    int verbose = 1;
    o->socket = vg_zsocket_open(zmq, ZMQ_XPUB, endpoint, HIGH_WATER);
    if (o->socket == NULL) {
        return VG_ERR_IO;
    }
    (void)zmq_setsockopt(o->socket, ZMQ_XPUB_VERBOSE, &verbose, sizeof verbose);
    return VG_OK;
}

void vg_outbox_close(struct vg_outbox *o)
{
    if (o->socket != NULL) {
        (void)zmq_close(o->socket);
        o->socket = NULL;
    }
}

/* --- who listens ---------------------------------------------------------------------------- */

static bool is_wanted(const struct vg_outbox *o, const char *topic, size_t len)
{
    if (o->send_all) {
        return true;
    }
    for (size_t i = 0; i < o->subscription_count; i++) {
        const struct vg_subscription *s = &o->subscriptions[i];
        if (s->len <= len && memcmp(s->prefix, topic, s->len) == 0) {
            return true;
        }
    }
    return false;
}

static struct vg_subscription *find(struct vg_outbox *o, const char *prefix, size_t len)
{
    for (size_t i = 0; i < o->subscription_count; i++) {
        struct vg_subscription *s = &o->subscriptions[i];
        if (s->len == len && memcmp(s->prefix, prefix, len) == 0) {
            return s;
        }
    }
    return NULL;
}

static void remember(struct vg_outbox *o, const char *prefix, size_t len)
{
    if (find(o, prefix, len) != NULL) {
        return;
    }
    if (o->subscription_count == VG_SUBSCRIPTIONS_MAX) {
        o->send_all = true;
        return;
    }
    struct vg_subscription *s = &o->subscriptions[o->subscription_count++];
    s->len = (uint8_t)len;
    memcpy(s->prefix, prefix, len);
}

static void forget(struct vg_outbox *o, const char *prefix, size_t len)
{
    struct vg_subscription *s = find(o, prefix, len);
    if (s != NULL) {
        *s = o->subscriptions[--o->subscription_count];
    }
}

/* --- sending -------------------------------------------------------------------------------- */

static void send_frame(struct vg_outbox *o, const char *body, size_t len)
{
    struct vg_wire_frame *f = &o->frame;
    if (zmq_send(o->socket, f->topic, f->topic_len, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0) {
        (void)zmq_send(o->socket, body, len, ZMQ_DONTWAIT);
    }
}

static uint64_t *counter_of(struct vg_outbox *o, const struct vg_event *ev)
{
    struct vg_topic_counts *bed = &o->bed[ev->bed];
    switch ((enum vg_event_kind)ev->kind) {
    case VG_EV_READING:
        return &bed->vital[ev->u.reading.vital];
    case VG_EV_FRESHNESS:
        return &bed->vital[ev->u.fresh.vital];
    case VG_EV_WAVE:
        return &bed->wave[ev->u.wave.vital];
    case VG_EV_ALARM:
        return &bed->alarm;
    case VG_EV_SESSION:
    case VG_EV_DAEMON:
    case VG_EV_LIMIT:
    case VG_EV_CARE:
    case VG_EV_PLAN:
        return &bed->session;
    case VG_EV_DOSE:
        return &bed->dose;
    case VG_EV_DEVICE:
    case VG_EV_SIGNAL:
    case VG_EV_CUFF:
    case VG_EV_NIBP:
        return &o->device[ev->device];
    case VG_EV_NONE:
    case VG_EV_ACK:
    case VG_EV_NIBP_COMMAND:
    case VG_EV_CLOCK:
    case VG_EV_TICK:
    case VG_EV_INHIBIT:
    case VG_EV_LIMITS:
    case VG_EV_ROUTE:
    case VG_EV_SINK:
    case VG_EV_BIND:
    case VG_EV_KIND_COUNT:
        break;
    }
    return NULL;
}

static void emit(struct vg_outbox *o, const struct vg_event *ev, bool snapshot, const char *extra)
{
    struct vg_wire_frame *f = &o->frame;
    if (!vg_wire_topic(o->names, ev, f->topic, &f->topic_len)) {
        return;
    }
    uint64_t *count = counter_of(o, ev);
    if (!snapshot) {
        ++*count; /* a snapshot repeats: it does not move the counter */
    }
    if (!is_wanted(o, f->topic, f->topic_len)) {
        return;
    }
    struct vg_wire_stamp stamp = { .count = *count, .snapshot = snapshot, .extra = extra };
    enum vg_status st = vg_wire_event(o->names, ev, stamp, f->body, sizeof f->body, &f->body_len);
    VG_ASSERT(st == VG_OK);
    send_frame(o, f->body, f->body_len);
}

void vg_outbox_publish(struct vg_outbox *o, const struct vg_event *ev)
{
    emit(o, ev, false, NULL);
}

void vg_outbox_publish_with(struct vg_outbox *o, const struct vg_event *ev, const char *extra)
{
    emit(o, ev, false, extra);
}

static int64_t left(int64_t until_ns, int64_t now_ns)
{
    return until_ns > now_ns ? until_ns - now_ns : 0;
}

static void add_inhibition(struct vg_alarm_state *s, uint8_t vital, const struct vg_inhibit *m,
                           int64_t now_ns)
{
    if (m->state == VG_IS_ON) {
        return;
    }
    s->inhibition[s->a.inhibition_count++] = (struct vg_wire_inhibition){
        .vital = vital,
        .state = m->state,
        .left_ns = m->state == VG_IS_ALARM_OFF ? -1 : left(m->until_ns, now_ns),
        .operator_id = m->operator_id,
        .reason = m->reason,
    };
}

static void add_sounds(struct vg_alarm_state *s, const struct vg_engine *e, uint16_t bed)
{
    for (size_t r = 0; r < VG_SINK_ROLES; r++) {
        const struct vg_slot *slot = vg_engine_audible(e, bed, (enum vg_sink_role)r);
        struct vg_wire_sound *sound = &s->a.sound[r];
        memset(sound, 0, sizeof *sound);
        if (slot != NULL) {
            sound->instance = slot->instance;
            sound->telling = slot->telling;
            sound->priority = slot->priority;
            sound->category = vg_condition_get((enum vg_condition)slot->condition)->category;
        }
    }
}

void vg_alarm_state_fill(struct vg_alarm_state *s, const struct vg_engine *e, uint16_t bed,
                         const struct vg_now *now)
{
    const struct vg_bed *b = &e->beds[bed];
    struct vg_wire_alarms *a = &s->a;

    memset(a, 0, sizeof *a);
    a->bed = bed;
    a->session = b->session.seq;
    a->now = now;
    a->alarm = s->alarm;
    a->more = s->more;
    a->inhibition = s->inhibition;
    a->open_count = vg_engine_open_alarms(e, bed, now->mono_ns, s->alarm, VG_WIRE_ALARMS_MAX);
    a->listed = a->open_count < VG_WIRE_ALARMS_MAX ? a->open_count : VG_WIRE_ALARMS_MAX;
    for (size_t i = 0; i < a->listed; i++) {
        struct vg_alarm_more more;
        bool found = vg_engine_alarm_more(e, bed, s->alarm[i].u.alarm.instance, &more);
        VG_ASSERT(found);
        s->more[i].category = vg_condition_get((enum vg_condition)more.slot->condition)->category;
        s->more[i].route = more.slot->route.state;
        s->more[i].inhibit = more.inhibit;
        s->more[i].told = more.slot->told;
    }
    add_sounds(s, e, bed);
    add_inhibition(s, VG_VITAL_COUNT, &b->audio, now->mono_ns);
    for (uint8_t v = 0; v < VG_VITAL_COUNT; v++) {
        add_inhibition(s, v, &b->vital[v], now->mono_ns);
    }
    a->quiet.on = b->quiet.on;
    a->quiet.operator_id = b->quiet.operator_id;
    a->quiet.left_ns = b->quiet.until_ns == INT64_MAX ? -1 : left(b->quiet.until_ns, now->mono_ns);
    a->test_left_ns = left(b->test_until_ns, now->mono_ns);
    a->test_priority = b->test_priority;
    a->test = vg_engine_bed_is_test(e, bed);
}

void vg_outbox_alarms(struct vg_outbox *o, uint16_t bed)
{
    struct vg_wire_frame *f = &o->frame;
    struct vg_wire_alarms *a = &o->state.a;
    uint64_t count = ++o->bed[bed].alarms;

    o->heartbeat_ns = o->now->mono_ns;
    if (!vg_wire_alarms_topic(o->names, bed, f->topic, &f->topic_len) ||
        !is_wanted(o, f->topic, f->topic_len)) {
        return;
    }
    vg_alarm_state_fill(&o->state, o->engine, bed, o->now);
    a->count = count;
    a->run = o->run;
    size_t len;
    /* What does not fit leaves the list, lowest priority first; `open` still counts it. */
    while (vg_wire_alarms(o->names, a, o->alarms_body, sizeof o->alarms_body, &len) != VG_OK) {
        VG_ASSERT(a->listed > 0);
        a->listed--;
    }
    send_frame(o, o->alarms_body, len);
}

/* --- where the record ends -------------------------------------------------------------------- */

static void send_head(struct vg_outbox *o, bool snapshot)
{
    struct vg_wire_frame *f = &o->frame;
    struct vg_json j;
    char hex[VG_HEX_MAX(VG_HASH_BYTES)];

    if (o->head.seq == 0 || !is_wanted(o, HEAD_TOPIC, sizeof HEAD_TOPIC - 1)) {
        return;
    }
    memcpy(f->topic, HEAD_TOPIC, sizeof HEAD_TOPIC - 1);
    f->topic_len = sizeof HEAD_TOPIC - 1;
    vg_json_begin(&j, f->body, sizeof f->body);
    vg_json_object(&j, NULL);
    vg_json_uint(&j, "v", VG_WIRE_VERSION);
    vg_json_uint(&j, "n", o->head.count);
    vg_json_uint(&j, "seq", o->head.seq);
    vg_json_text(&j, "hash", vg_hex(o->head.hash.of, VG_HASH_BYTES, hex));
    vg_json_int(&j, "mono_ms", o->now->mono_ns / VG_NS_PER_MS);
    vg_json_int(&j, "utc_ms", o->now->utc_ns / VG_NS_PER_MS);
    if (snapshot) {
        vg_json_bool(&j, "snapshot", true);
    }
    vg_json_object_end(&j);
    VG_ASSERT(!j.overflow);
    send_frame(o, f->body, j.len);
}

void vg_outbox_tick(struct vg_outbox *o)
{
    struct vg_outbox_head *h = &o->head;
    if (!h->due || o->socket == NULL ||
        (h->told_ns != 0 && o->now->mono_ns - h->told_ns < HEAD_EVERY_NS)) {
        return;
    }
    h->due = false;
    h->told_ns = o->now->mono_ns;
    h->count++;
    send_head(o, false);
}

void vg_outbox_head_moved(struct vg_outbox *o, uint64_t seq, const struct vg_hash *hash)
{
    o->head.due = o->head.due || seq != o->head.seq;
    o->head.seq = seq;
    o->head.hash = *hash;
    vg_outbox_tick(o);
}

/* --- snapshots ------------------------------------------------------------------------------ */

static bool overlaps(const char *prefix, size_t prefix_len, const char *topic, size_t topic_len)
{
    size_t n = prefix_len < topic_len ? prefix_len : topic_len;
    return memcmp(prefix, topic, n) == 0;
}

static void show_device(struct vg_outbox *o, uint16_t d, const char *prefix, size_t len)
{
    struct vg_event ev;
    char topic[VG_TOPIC_MAX];
    size_t topic_len;

    vg_engine_device_state(o->engine, d, o->now, &ev);
    if (vg_wire_topic(o->names, &ev, topic, &topic_len) && len <= topic_len &&
        overlaps(prefix, len, topic, topic_len)) {
        emit(o, &ev, true, NULL);
    }
    for (uint16_t v = 0; v < VG_VITAL_COUNT; v++) {
        if (vg_engine_vital(o->engine, d, (enum vg_vital)v, o->now->mono_ns, &ev) &&
            vg_wire_topic(o->names, &ev, topic, &topic_len) && len <= topic_len &&
            overlaps(prefix, len, topic, topic_len)) {
            emit(o, &ev, true, NULL);
        }
    }
}

static void show_state(struct vg_outbox *o, const char *prefix, size_t len)
{
    if (len <= sizeof HEAD_TOPIC - 1 && memcmp(prefix, HEAD_TOPIC, len) == 0) {
        send_head(o, true);
    }
    for (uint16_t b = 0; b < o->names->bed_count; b++) {
        char topic[VG_TOPIC_MAX];
        size_t topic_len;
        if (!vg_wire_alarms_topic(o->names, b, topic, &topic_len) ||
            !overlaps(prefix, len, topic, topic_len - (sizeof "alarms" - 1))) {
            continue;
        }
        if (len <= topic_len && overlaps(prefix, len, topic, topic_len)) {
            vg_outbox_alarms(o, b);
        }
        for (uint16_t d = o->engine->beds[b].first; d != VG_DEVICE_NONE;
             d = o->engine->devices[d].next) {
            show_device(o, d, prefix, len);
        }
    }
}

void vg_outbox_subscriptions(void *state)
{
    struct vg_outbox *o = state;
    char msg[VG_TOPIC_MAX + 1];

    for (int i = 0; i < BURST; i++) {
        int n = zmq_recv(o->socket, msg, sizeof msg, ZMQ_DONTWAIT);
        if (n < 0) {
            return;
        }
        if (n == 0 || n > (int)sizeof msg || (msg[0] != 0 && msg[0] != 1)) {
            continue; /* not a subscription, or longer than any topic: matches nothing */
        }
        size_t len = (size_t)n - 1;
        if (msg[0] == 0) {
            forget(o, msg + 1, len);
        } else {
            remember(o, msg + 1, len);
            show_state(o, msg + 1, len);
        }
    }
}
