/*
 * node.h -- one daemon whose beds are shown: its stream into the feed, and the questions that keep
 * screens complete.
 *
 * Frames are passed on as they come. What frames do not say (who is in the bed, what is due, which
 * limits hold) is asked for when a screen joins, when frames were lost, and for a bed when its
 * session or a dose changes; the answer goes to every screen that wants it.
 */
#ifndef VIGIL_DASHBOARD_NODE_H
#define VIGIL_DASHBOARD_NODE_H

#include "dashboard/ask.h"
#include "dashboard/feed.h"
#include "dashboard/options.h"
#include "lib/client.h"
#include "lib/sink.h"

/* Places that commands of people need; questions wait while there are not more. */
#define DASH_NODE_SPARE 8
/* Beds with something to ask at one time; more are asked for all together. */
#define DASH_NODE_BEDS_MAX 8

struct dash_node;

/* One kind of question: asked for all beds, or for some. */
struct dash_question {
    struct dash_node *node;
    uint8_t kind; /* enum dash_feed_kind, an answer */
    bool under_way;
    bool all;
    /* The answer about all beds is too large: these of `known` are still to be asked one by one. */
    uint16_t each;
    uint8_t bed_count;
    uint32_t about; /* under way: dash_feed_bed of the one bed, 0: all */
    uint64_t asked; /* under way: where the feed was */
    char bed[DASH_NODE_BEDS_MAX][VG_ID_MAX];
    int64_t next_ns; /* not sooner */
};

struct dash_node {
    const struct dash_node_options *options;
    size_t index;
    struct vg_reactor *reactor;
    struct dash_asks *asks;
    struct dash_feed *feed;
    struct vg_timer *timer;
    /* Called after something was put into the feed; urgent: an alarm, to be sent at once. */
    void (*changed)(void *state, bool urgent);
    /* Called when all screens are to be given the answers of this kind anew. */
    void (*renew)(void *state, size_t node, enum dash_feed_kind kind);
    void *state;
    struct vg_log_limit bad;
    struct dash_question question[DASH_FEED_ANSWERS];
    bool silent; /* the last question got no answer: one at a time until one does */
    uint16_t known_count;
    char known[VG_BEDS_MAX][VG_ID_MAX]; /* beds the stream spoke of */
    uint32_t told[VG_BEDS_MAX];         /* what their last alarm state came to */
    struct vg_client client;
    bool is_sink;
    struct vg_asink sink;
};

/* dash_node_open -- connect; options, index, reactor, asks, feed, changed, renew and state are set.
 * A daemon that is not there is no error. VG_ERR_IO with a log line. */
VG_NODISCARD enum vg_status dash_node_open(struct dash_node *n);
void dash_node_close(struct dash_node *n);

/* dash_node_ask_all -- a screen joined: everything about every bed. */
void dash_node_ask_all(struct dash_node *n);

#endif
