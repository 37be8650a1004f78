/*
 * outbox.h -- the one door out: the XPUB stream.
 *
 * A frame is [topic][json]. Every topic has a counter `n`, so a reader sees a gap. The high-water
 * mark is finite and the daemon never waits: a reader that does not drain loses frames and asks
 * for a snapshot. What nobody subscribed to is counted but not encoded.
 */
#ifndef VIGIL_DAEMON_OUTBOX_H
#define VIGIL_DAEMON_OUTBOX_H

#include "core/engine.h"
#include "lib/chain.h"
#include "lib/wire.h"

#define VG_SUBSCRIPTIONS_MAX 512

struct vg_subscription {
    uint8_t len;
    char prefix[VG_TOPIC_MAX];
};

/* Counters of one bed's topics. */
struct vg_topic_counts {
    uint64_t vital[VG_VITAL_COUNT];
    uint64_t wave[VG_VITAL_COUNT];
    uint64_t alarm, alarms, session, dose;
};

/* The alarm state of one bed with everything it points to. */
struct vg_alarm_state {
    struct vg_wire_alarms a;
    struct vg_event alarm[VG_WIRE_ALARMS_MAX];
    struct vg_wire_alarm_more more[VG_WIRE_ALARMS_MAX];
    struct vg_wire_inhibition inhibition[VG_VITAL_COUNT + 1];
};

/* Where the record ends, as it is on disk. seq 0: nothing was written yet. */
struct vg_outbox_head {
    uint64_t seq;
    struct vg_hash hash;
    uint64_t count;
    int64_t told_ns; /* 0: never */
    bool due;        /* it moved since it was told */
};

struct vg_outbox {
    void *socket; /* XPUB */
    const struct vg_wire_names *names;
    const struct vg_engine *engine;
    const struct vg_now *now;
    uint64_t run; /* first sequence number of this run of the daemon */
    size_t subscription_count;
    bool send_all;        /* more prefixes than can be kept: encode everything */
    int64_t heartbeat_ns; /* when the last alarm state left for any bed */
    struct vg_subscription subscriptions[VG_SUBSCRIPTIONS_MAX];
    struct vg_topic_counts bed[VG_BEDS_MAX];
    uint64_t device[VG_DEVICES_MAX];
    struct vg_outbox_head head;
    struct vg_alarm_state state;
    struct vg_wire_frame frame;
    char alarms_body[VG_WIRE_ALARMS_BYTES];
};

/* vg_outbox_open -- bind the socket. VG_ERR_IO with a message when the endpoint is not usable. */
enum vg_status vg_outbox_open(struct vg_outbox *o, void *zmq, const char *endpoint);
void vg_outbox_close(struct vg_outbox *o);

/* vg_outbox_publish -- one event; kinds that have no topic are ignored. */
void vg_outbox_publish(struct vg_outbox *o, const struct vg_event *ev);
/* The same with the members that travel beside the event; what is private stays back. */
void vg_outbox_publish_with(struct vg_outbox *o, const struct vg_event *ev, const char *extra);
/* vg_outbox_alarms -- the whole alarm state of one bed: on change and as heartbeat. */
void vg_outbox_alarms(struct vg_outbox *o, uint16_t bed);
/* vg_alarm_state_fill -- what is open, sounds and is inhibited on a bed now. */
void vg_alarm_state_fill(struct vg_alarm_state *s, const struct vg_engine *e, uint16_t bed,
                         const struct vg_now *now);
/* vg_outbox_head_moved -- the record ends there now. Told at once, but at most once a second; then by
 * vg_outbox_tick. */
void vg_outbox_head_moved(struct vg_outbox *o, uint64_t seq, const struct vg_hash *hash);
void vg_outbox_tick(struct vg_outbox *o);
/* vg_outbox_subscriptions -- take subscription messages; new ones get the state they match. */
void vg_outbox_subscriptions(void *state);

#endif
