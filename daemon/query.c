/*
 * query.c -- ranges of the record for the view socket, read on a worker.
 *
 * The answer carries whole rows in order of seq; `next` is where to go on, null at the end.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/snapshot.h"
#include "daemon/vigild.h"
#include "lib/wire.h"
#include "vigil/compiler.h"

/* Room kept for the end of the answer. */
#define TAIL_BYTES 128
/* One row at most: names, numbers and a payload. */
#define ROW_BYTES 4096

/* The alarm log: everything that was decided, asked or lost, without what was measured. The first two
 * terms repeat the range of an index. */
static const char story_sql[] =
    "SELECT seq, kind, bed, device, session, mono_ns, utc_ns, flags, vital, value_milli, quality,"
    " operator, payload FROM event"
    " WHERE kind > 5 AND kind <> 12 AND kind <> 6 AND kind <> 22 AND seq >= ?1"
    " AND (?2 = '' OR bed = ?2 OR bed IS NULL) AND (?4 = 0 OR session = ?4)"
    " ORDER BY seq LIMIT ?3";
static const char range_sql[] =
    "SELECT seq, kind, bed, device, session, mono_ns, utc_ns, flags, vital, value_milli, quality,"
    " operator, payload FROM event"
    " WHERE seq >= ?1 AND (?2 = '' OR bed = ?2) ORDER BY seq LIMIT ?3";

static void optional_text(struct vg_json *j, const char *key, sqlite3_stmt *st, int at)
{
    if (sqlite3_column_type(st, at) == SQLITE_TEXT) {
        vg_json_text(j, key, (const char *)sqlite3_column_text(st, at));
    }
}

static void put_data(struct vg_json *j, const char *payload, bool private)
{
    size_t at = vg_wire_private_at(payload);
    char public[ROW_BYTES];

    if (private || payload[at] == '\0' || at + 2 > sizeof public) {
        vg_json_raw(j, "data", private || payload[at] == '\0' ? payload : "{}");
        return;
    }
    memcpy(public, payload, at); /* the private part is the last member */
    memcpy(public + at, "}", 2);
    vg_json_raw(j, "data", public);
}

static void put_row(struct vg_json *j, sqlite3_stmt *st, bool private)
{
    enum vg_event_kind kind = (enum vg_event_kind)sqlite3_column_int(st, 1);

    vg_json_object(j, NULL);
    vg_json_int(j, "seq", sqlite3_column_int64(st, 0));
    vg_json_text(j, "kind", vg_event_kind_name(kind));
    optional_text(j, "bed", st, 2);
    optional_text(j, "dev", st, 3);
    vg_json_int(j, "session", sqlite3_column_int64(st, 4));
    vg_json_int(j, "mono_ms", sqlite3_column_int64(st, 5) / VG_NS_PER_MS);
    vg_json_int(j, "utc_ms", sqlite3_column_int64(st, 6) / VG_NS_PER_MS);
    if ((sqlite3_column_int(st, 7) & VG_FLAG_TEST) != 0) {
        vg_json_bool(j, "test", true);
    }
    if (kind == VG_EV_READING) {
        /* The record may be a newer program's: it is input like any other. */
        unsigned vital = (unsigned)sqlite3_column_int(st, 8);
        vg_json_text(j, "vital",
                     vital < VG_VITAL_COUNT ? vg_vital_get((enum vg_vital)vital)->name : "unknown");
        if (sqlite3_column_type(st, 9) == SQLITE_NULL) {
            vg_json_null(j, "value_milli");
        } else {
            vg_json_int(j, "value_milli", sqlite3_column_int64(st, 9));
        }
        vg_json_text(j, "quality", vg_quality_name((enum vg_quality)sqlite3_column_int(st, 10)));
    }
    optional_text(j, "operator", st, 11);
    if (kind != VG_EV_READING && sqlite3_column_type(st, 12) == SQLITE_TEXT) {
        put_data(j, (const char *)sqlite3_column_text(st, 12), private);
    }
    vg_json_object_end(j);
}

static void put_failure(struct vg_query *q, const char *why)
{
    struct vg_json j;
    vg_json_begin(&j, q->body, sizeof q->body);
    vg_json_object(&j, NULL);
    vg_json_uint(&j, "v", VG_WIRE_VERSION);
    vg_json_bool(&j, "ok", false);
    vg_json_text(&j, "status", "STORE");
    vg_json_text(&j, "error", "store");
    vg_json_text(&j, "text", why);
    vg_json_object_end(&j);
    q->body_len = j.len;
}

static void read_range(struct vg_query *q, const struct vg_range_job *job, sqlite3_stmt *st)
{
    struct vg_json j;
    uint64_t next = job->from_seq;
    uint32_t rows = 0;
    int rc;

    vg_json_begin(&j, q->body, sizeof q->body);
    vg_json_object(&j, NULL);
    vg_json_uint(&j, "v", VG_WIRE_VERSION);
    vg_json_bool(&j, "ok", true);
    vg_json_array(&j, "rows");
    for (rc = sqlite3_step(st); rc == SQLITE_ROW; rc = sqlite3_step(st)) {
        if (j.len + ROW_BYTES + TAIL_BYTES > sizeof q->body) {
            break;
        }
        if (sqlite3_column_int(st, 1) != VG_EV_WAVE) {
            put_row(&j, st, job->private);
        }
        next = (uint64_t)sqlite3_column_int64(st, 0) + 1;
        rows++;
    }
    vg_json_array_end(&j);
    if (rc == SQLITE_DONE && rows < job->limit) {
        vg_json_null(&j, "next");
    } else {
        vg_json_uint(&j, "next", next);
    }
    vg_json_object_end(&j);
    q->body_len = j.len;
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
        put_failure(q, "the record cannot be read now; try again");
    }
}

static void work(struct vg_worker *w, void *ctx)
{
    struct vg_query *q = ctx;
    struct vg_range_job job;
    uint8_t done = 1;

    while (vg_ring_pop(&w->jobs, &job)) {
        sqlite3 *db = NULL;
        sqlite3_stmt *st = NULL;
        if (sqlite3_open_v2(q->path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
            sqlite3_prepare_v2(db, job.story ? story_sql : range_sql, -1, &st, NULL) == SQLITE_OK) {
            (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)job.from_seq);
            (void)sqlite3_bind_text(st, 2, job.bed, -1, SQLITE_STATIC);
            (void)sqlite3_bind_int(st, 3, (int)job.limit);
            if (job.story) {
                (void)sqlite3_bind_int64(st, 4, (sqlite3_int64)job.session);
            }
            read_range(q, &job, st);
        } else {
            put_failure(q, "there is no readable record yet");
        }
        (void)sqlite3_finalize(st);
        (void)sqlite3_close(db);
        (void)vg_ring_push(&w->done, &done);
        vg_worker_say_done(w);
    }
}

static void collect(struct vg_worker *w, void *ctx)
{
    struct vg_query *q = ctx;
    uint8_t done;
    while (vg_ring_pop(&w->done, &done)) {
        q->busy = false;
        vg_query_answer(q->v, &q->asker, q->body, q->body_len);
    }
}

static void on_done_fd(void *state, uint32_t events)
{
    (void)events;
    vg_worker_collect(state);
}

enum vg_status vg_query_start(struct vg_query *q, struct vigild *v)
{
    struct vg_worker *w = &q->worker;
    q->v = v;
    memcpy(q->path, v->journal.path, sizeof q->path);
    vg_ring_init(&w->jobs, q->jobs, sizeof q->jobs[0], VG_COUNT(q->jobs));
    vg_ring_init(&w->done, q->done, sizeof q->done[0], VG_COUNT(q->done));
    w->work = work;
    w->on_done = collect;
    w->ctx = q;
    w->clock = v->reactor.env.clock;
    w->inline_run = v->inline_workers;
    enum vg_status st = vg_worker_start(w, "vigil-query");
    if (st == VG_OK && !w->inline_run) {
        st = vg_reactor_add(&v->reactor, w->done_fd, on_done_fd, w);
    }
    return st;
}

enum vg_status vg_query_range(struct vg_query *q, const struct vg_request *req,
                              const struct vg_pending *asker)
{
    struct vg_range_job job = {
        .from_seq = req->from_seq,
        .session = req->session,
        .limit = req->limit,
        .story = req->op == VG_OP_HISTORY || req->op == VG_OP_NOTES,
        .private = req->op == VG_OP_NOTES,
    };
    if (q->busy) {
        return VG_ERR_STATE;
    }
    if (req->bed != VG_BED_NONE) {
        (void)snprintf(job.bed, sizeof job.bed, "%s", q->v->names.bed[req->bed]);
    }
    q->asker = *asker;
    q->private = job.private;
    q->busy = true;
    if (!vg_worker_post(&q->worker, &job)) {
        q->busy = false;
        return VG_ERR_STATE;
    }
    vg_worker_wake(&q->worker);
    return VG_OK;
}

void vg_query_stop(struct vg_query *q)
{
    vg_worker_stop(&q->worker);
}
