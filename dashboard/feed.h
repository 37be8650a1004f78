/*
 * feed.h -- what goes to browsers: one log of server-sent events, many readers. Pure.
 *
 * An event is written once; every reader has its own place in the log. A reader that is overtaken
 * is dead: its browser connects again and is told the present state. So memory is bounded whatever
 * browsers do, and nobody waits for a slow one.
 *
 * Not everything is for everybody. Samples of a waveform go to readers that look at that bed;
 * answers (snapshot, plan, limits) to those that still want them.
 */
#ifndef VIGIL_DASHBOARD_FEED_H
#define VIGIL_DASHBOARD_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dashboard/options.h"

/* A second of sixteen beds is under 100 KB; an answer about all beds at most 1 MiB. */
#define DASH_FEED_BYTES ((size_t)4 * 1024 * 1024)

enum dash_feed_kind {
    DASH_FEED_SNAPSHOT, /* answers: kinds below DASH_FEED_ANSWERS */
    DASH_FEED_PLAN,
    DASH_FEED_LIMITS,
    DASH_FEED_ANSWERS,
    DASH_FEED_FRAME = DASH_FEED_ANSWERS,
    DASH_FEED_WAVE,
    DASH_FEED_ALIVE
};

struct dash_feed {
    uint64_t head, tail; /* where the next record goes, never less than 1; the oldest one there */
    char bytes[DASH_FEED_BYTES];
};

struct dash_reader {
    uint64_t at;   /* in the log: the record being read */
    uint32_t done; /* bytes of it already taken */
    uint32_t wave; /* dash_feed_bed of the bed whose waves are wanted; 0 */
    bool dead;     /* overtaken, or its session ended */
    /* Answers about all beds: one that was asked for not before this; 0: none. */
    uint64_t wants[DASH_NODES_MAX][DASH_FEED_ANSWERS];
};

/* dash_feed_bed -- a number for a bed of a node, never 0. Two beds with one number would only cost
 * a reader waves it does not draw. */
uint32_t dash_feed_bed(size_t node, const char *bed);

/* One event. */
struct dash_event {
    enum dash_feed_kind kind;
    size_t node;
    uint32_t bed;   /* of a wave; of an answer about one bed, which is for everybody; else 0 */
    uint64_t asked; /* of an answer about all beds: head when it was asked for */
    const char *data;
    size_t len;
};

/* dash_feed_init -- empty it. */
void dash_feed_init(struct dash_feed *f);

/*
 * dash_feed_put -- append one event; its data is one line of text.
 *
 * Errors: VG_ERR_FORMAT when data has a line end (it would end the event), VG_ERR_FULL when it is
 * longer than a quarter of the log; nothing is written then.
 */
VG_NODISCARD enum vg_status dash_feed_put(struct dash_feed *f, const struct dash_event *e);

/* dash_feed_join -- begin to read what comes from now on; everything is wanted once. */
void dash_feed_join(const struct dash_feed *f, struct dash_reader *r);

/* dash_feed_renew -- the answers of this kind are wanted again, asked for not before now. */
void dash_feed_renew(const struct dash_feed *f, struct dash_reader *r, size_t node,
                     enum dash_feed_kind kind);

/* dash_feed_has -- is there something for this reader? What is not for it is passed over. */
bool dash_feed_has(const struct dash_feed *f, struct dash_reader *r);

/* dash_feed_take -- up to cap bytes for this reader; 0 when there is nothing, or when it is dead. */
size_t dash_feed_take(const struct dash_feed *f, struct dash_reader *r, char *to, size_t cap);

#endif
