/*
 * snapshot.h -- answers of the view socket: the present state, and ranges of the record.
 */
#ifndef VIGIL_DAEMON_SNAPSHOT_H
#define VIGIL_DAEMON_SNAPSHOT_H

#include <sqlite3.h>

#include "daemon/effects.h"
#include "lib/wire.h"
#include "lib/worker.h"

struct vigild;

#define VG_SNAPSHOT_BYTES (1024 * 1024)
#define VG_RANGE_BYTES (256 * 1024)

/* vg_snapshot_make -- one bed, or all with VG_BED_NONE, as one JSON object. The text is the
 * daemon's until the next call. */
void vg_snapshot_make(struct vigild *v, uint16_t bed, const char **body, size_t *len);

/* vg_snapshot_limits -- limits in force, what else may be chosen, and what the formula proposes. */
void vg_snapshot_limits(struct vigild *v, uint16_t bed, const char **body, size_t *len);

/* A range is read by a worker with a read-only connection of its own: a slow disk delays whoever
 * asked, nobody else. One at a time. */
struct vg_range_job {
    uint64_t from_seq;
    uint64_t session; /* of one session; 0 = all */
    uint32_t limit;
    bool story;
    bool private;        /* without what was measured */
    char bed[VG_ID_MAX]; /* empty = all */
};

/* vg_snapshot_plan -- daemon/plan.c: the same of what sessions ask for. */
void vg_snapshot_plan(struct vigild *v, uint16_t bed, const char **body, size_t *len);
/* Every answer begins alike, and ends as itself or as word that it does not fit. */
void vg_snapshot_begin(struct vigild *v, struct vg_json *j);
void vg_snapshot_deliver(struct vigild *v, const struct vg_json *j, const char **body, size_t *len);

struct vg_query {
    struct vg_worker worker;
    struct vigild *v;
    struct vg_pending asker;
    bool busy;
    bool private; /* the present answer goes to the operate socket, with private texts */
    char path[288];
    struct vg_range_job jobs[1];
    uint8_t done[1];
    size_t body_len; /* the worker's until it says done */
    char body[VG_RANGE_BYTES];
};

enum vg_status vg_query_start(struct vg_query *q, struct vigild *v);
/* vg_query_range -- VG_ERR_STATE when another one is under way. */
enum vg_status vg_query_range(struct vg_query *q, const struct vg_request *req,
                              const struct vg_pending *asker);
void vg_query_stop(struct vg_query *q);

/* control.c: send the answer. */
void vg_query_answer(void *state, const struct vg_pending *to, const char *body, size_t len);

#endif
