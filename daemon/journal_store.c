/*
 * journal_store.c -- the worker's side of the journal: transactions, and what to do when they fail.
 *
 * A failed transaction is rolled back and tried again with the next wake; the events are still in
 * the ring. On a full disk a ballast file of 4 MiB is given up first, so that the commands of the
 * next hour find room. A row that the schema refuses (which would be Vigil's own fault) is skipped
 * with a message: it must not block the rows after it, and a command in it is not confirmed.
 *
 * Trap: an open file that somebody removed still takes every row, and all are gone with the
 * process. So before each batch the path must still lead to the file that is open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal.h"
#include "daemon/journal_schema.h"
#include "daemon/journal_schema_3.h"
#include "lib/log.h"
#include "lib/wire_decode.h"
#include "vigil/compiler.h"
#include "vigil_version.h"

#define SCHEMA_VERSION 3
#define BATCH_MAX 8192
#define BALLAST_BYTES (4 * 1024 * 1024)

static const char insert_sql[] =
    "INSERT INTO event (seq, boot, mono_ns, utc_ns, clock_state, kind, flags, bed, device, session,"
    " operator, request_id, vital, value_milli, quality, payload)"
    " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)"
    " ON CONFLICT (bed, request_id) WHERE request_id IS NOT NULL DO NOTHING";

/* Version 1 knew a request id once in the whole record: one that two beds used lost the second. */
static const char from_1_sql[] =
    "DROP INDEX event_request;"
    "CREATE UNIQUE INDEX event_request ON event (bed, request_id) WHERE request_id IS NOT NULL;"
    "DROP INDEX IF EXISTS event_session;"
    "CREATE INDEX event_session ON event (session, seq) WHERE kind >= 7 AND kind <= 8;";

static enum vg_status complain(struct vg_journal *j, const char *what)
{
    char why[160];
    (void)snprintf(why, sizeof why, "%s: %s", what,
                   j->db != NULL ? sqlite3_errmsg(j->db) : "not open");
    vg_journal_complain(j, j->path, why);
    return VG_ERR_STORE;
}

static bool run(struct vg_journal *j, const char *sql)
{
    return sqlite3_exec(j->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static int user_version(struct vg_journal *j)
{
    sqlite3_stmt *st = NULL;
    int v = -1;
    if (sqlite3_prepare_v2(j->db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        v = sqlite3_column_int(st, 0);
    }
    (void)sqlite3_finalize(st);
    return v;
}

static enum vg_status migrate(struct vg_journal *j)
{
    char sql[64];
    int v = user_version(j);
    bool ok;

    if (v == SCHEMA_VERSION) {
        return VG_OK;
    }
    if (v < 0) {
        return complain(j, "cannot read the schema");
    }
    if (v > SCHEMA_VERSION) {
        vg_journal_complain(j, j->path,
                            "its schema is newer than this program knows; install the "
                            "newer Vigil");
        return VG_ERR_STORE;
    }
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", SCHEMA_VERSION);
    ok = run(j, "BEGIN IMMEDIATE") && (v != 0 || run(j, vg_journal_schema)) &&
         (v != 1 || run(j, from_1_sql)) && ((v != 1 && v != 2) || run(j, vg_journal_schema_3)) &&
         run(j, sql) && run(j, "COMMIT");
    if (!ok) {
        (void)complain(j, "cannot make the tables");
        (void)run(j, "ROLLBACK");
        return VG_ERR_STORE;
    }
    return VG_OK;
}

static bool add_boot_row(struct vg_journal *j)
{
    sqlite3_stmt *st = NULL;
    struct vg_now now;
    bool ok = false;

    j->worker.clock.read(j->worker.clock.state, &now);
    if (sqlite3_prepare_v2(j->db,
                           "INSERT INTO boot (boot_id, started_utc_ns, version) VALUES (?1,?2,?3)",
                           -1, &st, NULL) == SQLITE_OK) {
        (void)sqlite3_bind_text(st, 1, j->boot_id, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int64(st, 2, now.utc_ns);
        (void)sqlite3_bind_text(st, 3, VIGIL_VERSION, -1, SQLITE_STATIC);
        ok = sqlite3_step(st) == SQLITE_DONE;
        j->boot_row = sqlite3_last_insert_rowid(j->db);
    }
    (void)sqlite3_finalize(st);
    return ok;
}

static void remember_file(struct vg_journal *j)
{
    struct stat st;
    bool known = stat(j->path, &st) == 0;
    j->file_dev = known ? st.st_dev : 0;
    j->file_ino = known ? st.st_ino : 0;
}

/* Does the path still lead to the file that is open? */
static bool is_still_there(const struct vg_journal *j)
{
    struct stat st;
    return stat(j->path, &st) == 0 && st.st_dev == j->file_dev && st.st_ino == j->file_ino;
}

enum vg_status vg_store_open(struct vg_journal *j)
{
    int rc;
    if (j->db != NULL) {
        return VG_OK;
    }
    /* No mutex: the loop leaves the connection to the worker before the worker begins. */
    if (sqlite3_open_v2(j->path, &j->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        goto fail;
    }
    (void)sqlite3_busy_timeout(j->db, 200);
    if (!run(j, "PRAGMA journal_mode = WAL") || !run(j, "PRAGMA synchronous = FULL") ||
        !run(j, "PRAGMA foreign_keys = ON") || !run(j, "PRAGMA cache_size = -1024") ||
        !run(j, "PRAGMA journal_size_limit = 4194304")) {
        goto fail;
    }
    if (migrate(j) != VG_OK) {
        goto close;
    }
    if (sqlite3_prepare_v3(j->db, insert_sql, -1, SQLITE_PREPARE_PERSISTENT, &j->insert, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v3(j->db, "SELECT seq FROM event WHERE request_id = ?1 AND bed = ?2", -1,
                           SQLITE_PREPARE_PERSISTENT, &j->find_request, NULL) != SQLITE_OK) {
        goto fail;
    }
    remember_file(j);
    return VG_OK;
fail:
    rc = sqlite3_errcode(j->db);
    (void)complain(j, "cannot open");
    vg_store_give_up(j, rc);
close:
    vg_store_close(j);
    return VG_ERR_STORE;
}

void vg_store_close(struct vg_journal *j)
{
    (void)sqlite3_finalize(j->insert);
    (void)sqlite3_finalize(j->find_request);
    (void)sqlite3_close(j->db);
    j->insert = NULL;
    j->find_request = NULL;
    j->db = NULL;
    j->boot_row = 0;
}

void vg_store_give_up(struct vg_journal *j, int rc)
{
    bool damaged = rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB;
    if (damaged || rc == SQLITE_READONLY) {
        vg_store_close(j);
    }
    if (damaged && j->locked) {
        vg_journal_move_aside(j->path);
    }
}

/* --- one row -------------------------------------------------------------------------------- */

static void bind_name(sqlite3_stmt *st, int at, const char *name)
{
    if (name != NULL && name[0] != '\0') {
        (void)sqlite3_bind_text(st, at, name, -1, SQLITE_STATIC);
    } else {
        (void)sqlite3_bind_null(st, at);
    }
}

static void bind_content(struct vg_journal *j, const struct vg_event *ev, char *buf, size_t cap)
{
    size_t len = 0;
    sqlite3_stmt *st = j->insert;

    (void)sqlite3_bind_null(st, 13);
    (void)sqlite3_bind_null(st, 14);
    (void)sqlite3_bind_null(st, 15);
    (void)sqlite3_bind_null(st, 16);
    if (ev->kind == VG_EV_READING) {
        bool valid = ev->u.reading.quality <= VG_QUALITY_QUESTIONABLE;
        (void)sqlite3_bind_int(st, 13, ev->u.reading.vital);
        if (valid) {
            (void)sqlite3_bind_int(st, 14, ev->u.reading.value_milli);
        }
        (void)sqlite3_bind_int(st, 15, ev->u.reading.quality);
        if (ev->u.reading.age_ns != 0) {
            (void)sqlite3_bind_int64(st, 16, ev->u.reading.age_ns);
        }
    } else if (ev->kind == VG_EV_WAVE) {
        const struct vg_wave *w = &ev->u.wave;
        (void)sqlite3_bind_int(st, 13, w->vital);
        (void)sqlite3_bind_int64(st, 14, w->rate_millihz);
        (void)sqlite3_bind_int(st, 15, w->width_bytes);
        (void)sqlite3_bind_blob(st, 16, w->data, w->count * w->width_bytes, SQLITE_STATIC);
    } else if (vg_wire_payload(j->names, ev, buf, cap, &len) == VG_OK) {
        (void)sqlite3_bind_text(st, 16, buf, (int)len, SQLITE_STATIC);
    }
}

static int insert_row(struct vg_journal *j, const struct vg_event *ev)
{
    char payload[1024];
    sqlite3_stmt *st = j->insert;

    (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)ev->seq);
    (void)sqlite3_bind_int64(st, 2, j->boot_row);
    (void)sqlite3_bind_int64(st, 3, ev->mono_ns);
    (void)sqlite3_bind_int64(st, 4, ev->utc_ns);
    (void)sqlite3_bind_int(st, 5, atomic_load(&j->clock_synchronised) ? 1 : 0);
    (void)sqlite3_bind_int(st, 6, ev->kind);
    (void)sqlite3_bind_int(st, 7, ev->flags & VG_FLAG_TEST);
    bind_name(st, 8, vg_wire_bed(j->names, ev->bed));
    bind_name(st, 9, vg_wire_device(j->names, ev->device));
    (void)sqlite3_bind_int64(st, 10, (sqlite3_int64)ev->session);
    bind_name(st, 11, vg_event_operator(ev));
    bind_name(st, 12, vg_event_request_id(ev));
    bind_content(j, ev, payload, sizeof payload);
    int rc = sqlite3_step(st);
    (void)sqlite3_reset(st);
    return rc;
}

static uint64_t earlier_receipt(struct vg_journal *j, const struct vg_event *ev)
{
    uint64_t seq = 0;
    bind_name(j->find_request, 1, vg_event_request_id(ev));
    bind_name(j->find_request, 2, vg_wire_bed(j->names, ev->bed));
    if (sqlite3_step(j->find_request) == SQLITE_ROW) {
        seq = (uint64_t)sqlite3_column_int64(j->find_request, 0);
    }
    (void)sqlite3_reset(j->find_request);
    return seq;
}

/* --- one transaction ------------------------------------------------------------------------ */

static void drop_ballast(struct vg_journal *j)
{
    if (unlink(j->ballast) == 0) {
        vg_log(VG_LOG_ERROR, "journal: the disk is full; gave up %s to go on", j->ballast);
    }
}

static void make_ballast(struct vg_journal *j)
{
    struct stat st;
    if (stat(j->ballast, &st) == 0) {
        return;
    }
    int fd = open(j->ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        return;
    }
    if (posix_fallocate(fd, 0, BALLAST_BYTES) != 0) {
        (void)unlink(j->ballast);
    }
    (void)close(fd);
}

static bool write_rows(struct vg_journal *j, size_t n, struct vg_journal_done *done)
{
    for (size_t i = 0; i < n; i++) {
        const struct vg_journal_job *job = vg_ring_peek(&j->worker.jobs, i);
        int rc = insert_row(j, &job->ev);
        if (rc == SQLITE_CONSTRAINT) {
            struct vg_journal_done no = { .upto = job->number, .refused = true };
            vg_log(VG_LOG_ERROR, "journal: row %llu refused, skipped: %s",
                   (unsigned long long)job->ev.seq, sqlite3_errmsg(j->db));
            if (vg_event_request_id(&job->ev) != NULL) {
                (void)vg_ring_push(&j->worker.done, &no);
            }
        } else if (rc != SQLITE_DONE) {
            done->full = rc == SQLITE_FULL;
            return false;
        } else if (sqlite3_changes(j->db) == 0 && vg_event_request_id(&job->ev) != NULL) {
            struct vg_journal_done dup = {
                .upto = job->number,
                .duplicate = earlier_receipt(j, &job->ev),
                .status = VG_OK,
            };
            (void)vg_ring_push(&j->worker.done, &dup);
        }
    }
    return true;
}

/* A record that could not be read at the start may turn up later, with numbers this run gives
 * again. (Within a step a command may follow the transitions it caused: hence the margin.) */
static bool is_behind(struct vg_journal *j)
{
    sqlite3_stmt *st = NULL;
    const struct vg_journal_job *first = vg_ring_peek(&j->worker.jobs, 0);
    bool behind = true;
    if (sqlite3_prepare_v2(j->db, "SELECT max(seq) FROM event", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        behind = (uint64_t)sqlite3_column_int64(st, 0) < first->ev.seq + VG_EFFECTS_MAX;
    }
    (void)sqlite3_finalize(st);
    if (!behind) {
        vg_journal_complain(j, j->path,
                            "it was not readable when vigild started and its numbers are ahead of "
                            "this run's; restart vigild");
        vg_store_close(j);
    }
    return behind;
}

/* The right file, open. A removed one is an error once, so that it is told; then a new one
 * begins. */
static bool have_file(struct vg_journal *j)
{
    bool was_open = j->db != NULL;

    if (was_open && !is_still_there(j)) {
        vg_journal_complain(j, j->path,
                            "was removed or replaced while in use; what it held is gone from here, "
                            "a new record begins");
        vg_store_close(j);
        return false;
    }
    return vg_journal_lock(j) == VG_OK && vg_store_open(j) == VG_OK && (was_open || is_behind(j));
}

static bool commit_batch(struct vg_journal *j, size_t n, struct vg_journal_done *done)
{
    if (!have_file(j)) {
        return false;
    }
    if (run(j, "BEGIN IMMEDIATE") && (j->boot_row != 0 || add_boot_row(j)) &&
        write_rows(j, n, done) && run(j, "COMMIT")) {
        return true;
    }
    int rc = sqlite3_errcode(j->db);
    done->full = done->full || rc == SQLITE_FULL;
    if (!sqlite3_get_autocommit(j->db)) {
        (void)run(j, "ROLLBACK");
    }
    vg_store_give_up(j, rc);
    return false;
}

void vg_store_work(struct vg_worker *w, void *ctx)
{
    struct vg_journal *j = ctx;
    size_t n = vg_ring_count(&w->jobs);

    while (n > 0) {
        struct vg_journal_done done = { .status = VG_OK };
        struct vg_now before;
        struct vg_now after;
        if (n > BATCH_MAX) {
            n = BATCH_MAX;
        }
        const struct vg_journal_job *last = vg_ring_peek(&w->jobs, n - 1);
        done.upto = last->number;
        w->clock.read(w->clock.state, &before);
        int64_t boot_row = j->boot_row;
        bool ok = commit_batch(j, n, &done);
        w->clock.read(w->clock.state, &after);
        done.took_ns = after.mono_ns - before.mono_ns;
        if (ok) {
            vg_ring_drop(&w->jobs, n);
            make_ballast(j);
        } else {
            done.status = VG_ERR_STORE;
            /* A new row of boot went with the transaction; a file given up knows none. */
            j->boot_row = j->db != NULL ? boot_row : 0;
            if (done.full) {
                drop_ballast(j);
            }
        }
        (void)vg_ring_push(&w->done, &done);
        vg_worker_say_done(w);
        if (!ok) {
            break;
        }
        n = vg_ring_count(&w->jobs) >= BATCH_MAX ? BATCH_MAX : 0;
    }
}
