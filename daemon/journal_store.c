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
#include "daemon/journal_schema_4.h"
#include "lib/log.h"
#include "vigil/compiler.h"
#include "vigil_version.h"

#define SCHEMA_VERSION 4
#define BATCH_MAX 8192
#define BALLAST_BYTES (4 * 1024 * 1024)

static const char insert_sql[] =
    "INSERT INTO event (seq, boot, mono_ns, utc_ns, clock_state, kind, flags, bed, device, session,"
    " operator, request_id, vital, value_milli, quality, payload, hash)"
    " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)"
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

/* Forward only, a version at a time. */
static bool bring_up(struct vg_journal *j, int v)
{
    if (v == 0) {
        return run(j, vg_journal_schema);
    }
    return (v > 1 || run(j, from_1_sql)) && (v > 2 || run(j, vg_journal_schema_3)) &&
           run(j, vg_journal_schema_4) && vg_journal_chain_base(j);
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
    ok = run(j, "BEGIN IMMEDIATE") && bring_up(j, v) && run(j, sql) && run(j, "COMMIT");
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
        j->boot_utc_ns = now.utc_ns;
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

/* The folder of the record holds its key. */
static void load_key(struct vg_journal *j)
{
    char dir[sizeof j->path];
    (void)snprintf(dir, sizeof dir, "%.*s", (int)(strlen(j->path) - strlen("/vigil.db")), j->path);
    vg_journal_key_load(&j->key, dir);
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
    load_key(j);
    if (migrate(j) != VG_OK) {
        goto close;
    }
    if (sqlite3_prepare_v3(j->db, insert_sql, -1, SQLITE_PREPARE_PERSISTENT, &j->insert, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v3(j->db, "SELECT seq FROM event WHERE request_id = ?1 AND bed = ?2", -1,
                           SQLITE_PREPARE_PERSISTENT, &j->find_request, NULL) != SQLITE_OK ||
        !vg_journal_chain_open(j)) {
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
    vg_journal_chain_close(j);
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

/* SQLITE_DONE also for a request that is recorded already: then nothing was added. */
static int insert_row(struct vg_journal *j, const struct vg_event *ev)
{
    char payload[VG_WIRE_MAX];
    struct vg_cell cells[VG_EVENT_CELLS];
    const struct vg_protocol_row *protocol = vg_journal_chain_protocol(j, ev);

    vg_journal_row_cells(j, ev, cells, payload, sizeof payload);
    struct vg_hash hash = vg_journal_chain_hash(j, cells, protocol);
    for (int i = 0; i < VG_EVENT_CELLS; i++) {
        vg_journal_row_bind(j->insert, i + 1, &cells[i]);
    }
    (void)sqlite3_bind_blob(j->insert, VG_EVENT_CELLS + 1, hash.of, VG_HASH_BYTES, SQLITE_STATIC);
    int rc = sqlite3_step(j->insert);
    (void)sqlite3_reset(j->insert);
    if (rc == SQLITE_DONE && sqlite3_changes(j->db) != 0 &&
        !vg_journal_chain_add(j, ev, &hash, protocol)) {
        return SQLITE_ERROR; /* the batch is tried again: a row must not be without its protocol */
    }
    return rc;
}

static uint64_t earlier_receipt(struct vg_journal *j, const struct vg_event *ev)
{
    uint64_t seq = 0;
    (void)sqlite3_bind_text(j->find_request, 1, vg_event_request_id(ev), -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(j->find_request, 2, vg_wire_bed(j->names, ev->bed), -1, SQLITE_STATIC);
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

/* A row that does not come in: the rows after it are not held up, and a command is not confirmed. */
static void refuse(struct vg_journal *j, const struct vg_journal_job *job, const char *why)
{
    struct vg_journal_done no = { .upto = job->number, .refused = true };
    vg_log(VG_LOG_ERROR, "journal: row %llu refused, skipped: %s", (unsigned long long)job->ev.seq,
           why);
    if (vg_event_request_id(&job->ev) != NULL) {
        (void)vg_ring_push(&j->worker.done, &no);
    }
}

static int write_row(struct vg_journal *j, const struct vg_journal_job *job)
{
    int64_t rows = j->chain.next.rows;

    if ((int64_t)job->ev.seq <= j->chain.next.seq) {
        refuse(j, job, "its number is not above the last one, it would break the chain");
        return SQLITE_DONE;
    }
    int rc = insert_row(j, &job->ev);
    if (rc == SQLITE_CONSTRAINT) {
        refuse(j, job, sqlite3_errmsg(j->db));
        return SQLITE_DONE;
    }
    if (rc == SQLITE_DONE && j->chain.next.rows == rows && vg_event_request_id(&job->ev) != NULL) {
        struct vg_journal_done dup = {
            .upto = job->number,
            .duplicate = earlier_receipt(j, &job->ev),
            .status = VG_OK,
        };
        (void)vg_ring_push(&j->worker.done, &dup);
    }
    return rc;
}

/* Part of what travels beside the row that follows. */
static void take_piece(struct vg_journal *j, const struct vg_journal_job *job)
{
    size_t len = strlen(j->extra);
    size_t n = strnlen(job->ev.u.text, sizeof job->ev.u.text);
    VG_ASSERT(len + n < sizeof j->extra);
    memcpy(j->extra + len, job->ev.u.text, n);
    j->extra[len + n] = '\0';
}

static bool write_rows(struct vg_journal *j, size_t n, const struct vg_now *now,
                       struct vg_journal_done *done)
{
    vg_journal_chain_begin(j);
    j->extra[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const struct vg_journal_job *job = vg_ring_peek(&j->worker.jobs, i);
        if (job->ev.kind == VG_EV_NONE) {
            take_piece(j, job);
            continue;
        }
        if (!vg_journal_chain_room(j, &job->ev, now->utc_ns)) {
            return false;
        }
        int rc = write_row(j, job);
        j->extra[0] = '\0';
        if (rc != SQLITE_DONE) {
            done->full = rc == SQLITE_FULL;
            return false;
        }
    }
    return vg_journal_chain_end(j, now);
}

/* A record that could not be read at the start may turn up later, with numbers this run gives
 * again. (Part of this batch may be there, written by a commit that did not say so: hence the
 * margin. What is there twice is then refused row by row.) */
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

static bool commit_batch(struct vg_journal *j, size_t n, const struct vg_now *now,
                         struct vg_journal_done *done)
{
    if (!have_file(j)) {
        return false;
    }
    if (run(j, "BEGIN IMMEDIATE") && (j->boot_row != 0 || add_boot_row(j)) &&
        write_rows(j, n, now, done) && run(j, "COMMIT")) {
        vg_journal_chain_commit(j);
        done->head_seq = (uint64_t)j->chain.head.seq;
        done->head = j->chain.head.hash;
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

/* At most a batch, and no piece without the row it belongs to. */
static size_t whole_rows(struct vg_worker *w, size_t n)
{
    n = n < BATCH_MAX ? n : BATCH_MAX;
    while (n > 0) {
        const struct vg_journal_job *job = vg_ring_peek(&w->jobs, n - 1);
        if (job->ev.kind != VG_EV_NONE) {
            break;
        }
        n--;
    }
    return n;
}

void vg_store_work(struct vg_worker *w, void *ctx)
{
    struct vg_journal *j = ctx;
    size_t n = whole_rows(w, vg_ring_count(&w->jobs));

    while (n > 0) {
        struct vg_journal_done done = { .status = VG_OK };
        struct vg_now before;
        struct vg_now after;
        const struct vg_journal_job *last = vg_ring_peek(&w->jobs, n - 1);
        done.upto = last->number;
        w->clock.read(w->clock.state, &before);
        int64_t boot_row = j->boot_row;
        bool ok = commit_batch(j, n, &before, &done);
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
        n = vg_ring_count(&w->jobs);
        n = n >= BATCH_MAX ? whole_rows(w, n) : 0;
    }
}
