/*
 * sink.c -- see sink.h.
 */
#include "lib/sink.h"

#include <stdio.h>
#include <string.h>

#include "lib/json.h"

/* A heartbeat nobody answered is over when the next one is due; a receipt may wait for a disk. */
#define BEAT_NS VG_NS_PER_S
/* The first one waits until a sink knows whether it can do its work. */
#define FIRST_BEAT_NS (500 * VG_NS_PER_MS)
#define ALIVE_LIMIT_NS (900 * VG_NS_PER_MS)
#define RECEIPT_LIMIT_NS (1500 * VG_NS_PER_MS)
/* Frames of one turn: every bed many times over, and an end. */
#define BURST 4096

int64_t vg_asink_now(const struct vg_asink *a)
{
    return a->reactor->now.mono_ns;
}

void vg_asink_healthy(struct vg_asink *a, bool healthy)
{
    a->healthy = healthy;
}

/* --- frames --------------------------------------------------------------------------------- */

static void take_frame(struct vg_asink *a, const struct vg_client_update *u)
{
    struct vg_asink_frame f;
    enum vg_status st = vg_asink_frame_read(u->body, a->options.role, &f);
    if (st == VG_OK) {
        st = vg_asink_state_frame(&a->state, &f, u->received_ns);
    }
    if (st == VG_ERR_FORMAT) {
        vg_log_limited(&a->bad_frame, u->received_ns, VG_LOG_ERROR,
                       "sink: %s: does not say what to voice; use programs of one version",
                       u->topic);
    } else if (st == VG_ERR_FULL) {
        vg_log_limited(&a->bad_frame, u->received_ns, VG_LOG_ERROR,
                       "sink: %s: more than %d beds; follow some with --bed", u->topic,
                       VG_BEDS_MAX);
    }
}

/* Was there anything? */
static bool drain(struct vg_asink *a)
{
    struct vg_client_update u;
    enum vg_status st = VG_OK;
    bool any = false;
    for (int i = 0; i < BURST && (st == VG_OK || st == VG_ERR_FORMAT); i++) {
        st = vg_client_next(&a->client, &u, 0);
        if (st == VG_OK) {
            take_frame(a, &u);
            json_decref(u.body);
            any = true;
        }
    }
    vg_reactor_ask(a->reactor);
    return any;
}

static void note_lost(struct vg_asink *a)
{
    bool lost = vg_asink_is_lost(&a->state, vg_asink_now(a));
    if (lost && !a->lost) {
        vg_log(VG_LOG_ERROR, "sink: nothing heard of the daemon for 3 s; look at vigild");
    } else if (!lost && a->lost) {
        vg_log(VG_LOG_INFO, "sink: the daemon is heard again");
    }
    a->lost = lost;
}

/* --- receipts and heartbeats ---------------------------------------------------------------- */

void vg_asink_begun(struct vg_asink *a, const struct vg_voice *v)
{
    const struct vg_asink_bed *b = vg_asink_find(&a->state, v->bed);
    if (v->kind == VG_VOICE_ALARM && b != NULL) {
        vg_asink_receipt_begun(&a->receipts, v, b->last.run, vg_asink_now(a));
    }
}

static void send_receipt(struct vg_asink *a)
{
    int64_t now_ns = vg_asink_now(a);
    char body[256];
    struct vg_json j;

    vg_asink_door_expire(&a->receipt, RECEIPT_LIMIT_NS, now_ns);
    if (!a->receipt.busy) {
        a->asked = NULL;
    }
    struct vg_asink_receipt *e = vg_asink_receipt_next(&a->receipts, a->state.run, now_ns);
    if (e == NULL || a->receipt.busy) {
        return;
    }
    vg_json_begin(&j, body, sizeof body);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "op", "receipt");
    vg_json_text(&j, "sink", a->options.id);
    vg_json_text(&j, "bed", e->bed);
    vg_json_uint(&j, "instance", e->instance);
    if (e->telling != 0) {
        vg_json_uint(&j, "telling", e->telling);
    }
    vg_json_object_end(&j);
    VG_ASSERT(!j.overflow);
    if (vg_asink_door_send(&a->receipt, body, j.len, now_ns) == VG_OK) {
        a->asked = e;
        vg_asink_receipt_sent(e, now_ns);
    }
    vg_reactor_ask(a->reactor);
}

static void on_receipt_reply(void *state)
{
    struct vg_asink *a = state;
    enum vg_status st = vg_asink_door_take(&a->receipt, vg_asink_now(a));
    if (st != VG_ERR_TIMEOUT && a->asked != NULL) {
        vg_asink_receipt_answer(a->asked, st == VG_OK);
        a->asked = NULL;
        send_receipt(a);
    }
}

static void on_alive_reply(void *state)
{
    struct vg_asink *a = state;
    (void)vg_asink_door_take(&a->alive, vg_asink_now(a)); /* a refusal is in the log */
}

static void send_alive(void *state)
{
    struct vg_asink *a = state;
    int64_t now_ns = vg_asink_now(a);
    char body[128];
    struct vg_json j;

    vg_timer_arm(a->beat, now_ns + BEAT_NS);
    vg_asink_door_expire(&a->alive, ALIVE_LIMIT_NS, now_ns);
    vg_json_begin(&j, body, sizeof body);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "op", "sink_alive");
    vg_json_text(&j, "sink", a->options.id);
    vg_json_bool(&j, "healthy", a->healthy);
    vg_json_object_end(&j);
    VG_ASSERT(!j.overflow);
    (void)vg_asink_door_send(&a->alive, body, j.len, now_ns);
    vg_reactor_ask(a->reactor);
}

/* --- looking -------------------------------------------------------------------------------- */

static void look(struct vg_asink *a)
{
    note_lost(a);
    a->options.look(a->options.look_state);
    send_receipt(a);
}

/* Most wake-ups are of topics that are left unread. */
static void on_frames(void *state)
{
    if (drain(state)) {
        look(state);
    }
}

static void on_look(void *state)
{
    struct vg_asink *a = state;
    vg_timer_arm(a->look, vg_asink_now(a) + VG_ASINK_LOOK_NS);
    (void)drain(a);
    look(a);
}

/* --- open and close ------------------------------------------------------------------------- */

static enum vg_status subscribe(struct vg_asink *a)
{
    char topic[VG_TOPIC_MAX];
    if (a->options.bed_count == 0) {
        return vg_client_subscribe(&a->client, VG_TOPIC_PREFIX);
    }
    for (size_t i = 0; i < a->options.bed_count; i++) {
        if (strlen(a->options.beds[i]) >= VG_ID_MAX) {
            vg_log(VG_LOG_ERROR, "sink: '%.60s': a bed id has at most %d characters",
                   a->options.beds[i], VG_ID_MAX - 1);
            return VG_ERR_ARG;
        }
        (void)snprintf(topic, sizeof topic, VG_TOPIC_PREFIX "%s.alarms", a->options.beds[i]);
        enum vg_status st = vg_client_subscribe(&a->client, topic);
        if (st != VG_OK) {
            return st;
        }
    }
    return VG_OK;
}

static enum vg_status connect_all(struct vg_asink *a)
{
    struct vg_client_options c = { .stream = a->options.stream,
                                   .suffix = ".alarms",
                                   .timeout_ms = 1000,
                                   .clock = a->reactor->env.clock };
    enum vg_status st = vg_client_open(&a->client, &c);
    if (st == VG_OK) {
        st = subscribe(a);
    }
    if (st == VG_OK) {
        st = vg_asink_door_open(&a->alive, a->client.zmq, a->options.operate, "heartbeat");
    }
    if (st == VG_OK) {
        st = vg_asink_door_open(&a->receipt, a->client.zmq, a->options.operate, "receipt");
    }
    return st;
}

enum vg_status vg_asink_open(struct vg_asink *a, const struct vg_asink_options *options,
                             struct vg_reactor *reactor)
{
    memset(a, 0, sizeof *a);
    a->options = *options;
    a->reactor = reactor;
    a->healthy = true;
    if (strlen(options->id) >= VG_ID_MAX || options->bed_count > VG_BEDS_MAX) {
        vg_log(VG_LOG_ERROR, "sink: an id has at most %d characters, and beds are at most %d",
               VG_ID_MAX - 1, VG_BEDS_MAX);
        return VG_ERR_ARG;
    }
    enum vg_status st = connect_all(a);
    if (st != VG_OK) {
        vg_asink_close(a);
        return st;
    }
    vg_asink_state_init(&a->state, vg_asink_now(a), options->beds, options->bed_count);
    vg_reactor_add_zsocket(reactor, a->client.stream, on_frames, a);
    vg_reactor_add_zsocket(reactor, a->alive.socket, on_alive_reply, a);
    vg_reactor_add_zsocket(reactor, a->receipt.socket, on_receipt_reply, a);
    a->look = vg_reactor_add_timer(reactor, on_look, a);
    a->beat = vg_reactor_add_timer(reactor, send_alive, a);
    vg_timer_arm(a->look, vg_asink_now(a));
    vg_timer_arm(a->beat, vg_asink_now(a) + FIRST_BEAT_NS);
    return VG_OK;
}

void vg_asink_close(struct vg_asink *a)
{
    vg_asink_door_close(&a->alive);
    vg_asink_door_close(&a->receipt);
    vg_client_close(&a->client);
}
