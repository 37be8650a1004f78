/*
 * verb_archive.c -- one closed session of a record as a file of its own.
 *
 * It holds the rows of the session whole, and of every other row between its first row and the first
 * checkpoint at or after its last one only the digest: the chain can be followed, and nothing is told
 * of other people. The chain is followed while copying, so nothing unsound is archived.
 *
 * The file is written under another name, synced, and linked to its own: what stands there is whole,
 * and what stood there before is never replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/vigilctl/ctl.h"
#include "tools/vigilctl/record.h"
#include "vigil/event.h"
#include "vigil_version.h"

/* Digests in one row of `gap`. */
#define GAP_MAX 32768

/* The tables of a record, and two of an archive. Not append-only: it is a copy. */
static const char schema[] =
    "PRAGMA user_version = 4;"
    "CREATE TABLE archive (session INTEGER NOT NULL, start_rows INTEGER NOT NULL,"
    " start_hash BLOB NOT NULL, start_boot INTEGER NOT NULL, source TEXT NOT NULL,"
    " version TEXT NOT NULL, made_utc_ns INTEGER NOT NULL) STRICT;"
    "CREATE TABLE gap (after_seq INTEGER NOT NULL, count INTEGER NOT NULL, digests BLOB NOT NULL,"
    " boot INTEGER NOT NULL) STRICT;"
    "CREATE TABLE boot (id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL,"
    " started_utc_ns INTEGER NOT NULL, version TEXT NOT NULL) STRICT;"
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, boot INTEGER NOT NULL, mono_ns INTEGER NOT NULL,"
    " utc_ns INTEGER NOT NULL, clock_state INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " flags INTEGER NOT NULL, bed TEXT, device TEXT, session INTEGER NOT NULL, operator TEXT,"
    " request_id TEXT, vital INTEGER, value_milli INTEGER, quality INTEGER, payload ANY,"
    " hash BLOB) STRICT;"
    "CREATE TABLE checkpoint (seq INTEGER PRIMARY KEY, rows INTEGER NOT NULL, hash BLOB NOT NULL,"
    " utc_ns INTEGER NOT NULL, public_key BLOB, signature BLOB) STRICT;"
    "CREATE TABLE protocol (hash TEXT PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL,"
    " first_seq INTEGER NOT NULL) STRICT;";

struct archive {
    struct rec r;
    sqlite3 *out;
    sqlite3_stmt *add; /* a row of event */
    char part[1024];   /* the name it is written under */
    long long session;
    int64_t close_seq, last_seq; /* the close, and the last row of the session */
    int64_t mark_seq;            /* the checkpoint it ends with */
    struct rec_place start;
    int64_t own_rows, gap_rows;
    int64_t gap_after; /* row before the open gap */
    size_t gap_count;
    uint8_t gap[GAP_MAX * VG_CHAIN_LINK_BYTES];
};

static bool wrong(struct archive *a, const char *what)
{
    return rec_wrong(&a->r, REC_FILE, "%s", what);
}

/* --- what is to be copied --------------------------------------------------------------------- */

/* One row of integers of a statement with ?1 and ?2; NULL counts as 0. */
static bool ask(struct archive *a, const char *sql, int64_t one, int64_t two, int64_t *out,
                int count)
{
    sqlite3_stmt *st = NULL;
    bool ok = rec_prepare(&a->r, sql, &st);
    if (ok) {
        (void)sqlite3_bind_int64(st, 1, one);
        (void)sqlite3_bind_int64(st, 2, two);
        ok = sqlite3_step(st) == SQLITE_ROW || wrong(a, sqlite3_errmsg(a->r.db));
        for (int i = 0; ok && i < count; i++) {
            out[i] = sqlite3_column_int64(st, i);
        }
    }
    (void)sqlite3_finalize(st);
    return ok;
}

static bool find_session(struct archive *a)
{
    int64_t found[3];

    if (a->r.is_archive) {
        return wrong(a, "this is an archive; it is made from a record");
    }
    if (!ask(a,
             "SELECT min(CASE WHEN seq = session THEN seq END),"
             " max(CASE WHEN payload ->> 'event' = 'close' THEN seq END)"
             " FROM event WHERE session = ?1 AND kind = 7 AND kind >= 7 AND kind <= 8 AND ?2 = 0",
             a->session, 0, found, 2) ||
        !ask(a, "SELECT max(seq) FROM event WHERE seq >= ?1 AND session = ?1 AND ?2 = 0",
             a->session, 0, found + 2, 1)) {
        return false;
    }
    if (found[0] == 0) {
        return rec_wrong(&a->r, REC_FILE,
                         "there is no session %lld; vigilctl alarms --history shows them",
                         a->session);
    }
    if (found[1] == 0) {
        return rec_wrong(&a->r, REC_FILE, "session %lld is still open; close it first", a->session);
    }
    a->close_seq = found[1];
    a->last_seq = found[2];
    return true;
}

/* The place before the first row, and the checkpoint it ends with. */
static bool find_ends(struct archive *a)
{
    int64_t found[4];

    if (!ask(a,
             "SELECT (SELECT count(*) FROM event WHERE seq < ?1),"
             " (SELECT max(seq) FROM event WHERE seq < ?1),"
             " (SELECT min(seq) FROM checkpoint WHERE seq >= ?2 AND signature IS NOT NULL"
             "  AND hash <> zeroblob(32)),"
             " (SELECT count(*) FROM event WHERE session = ?1 AND seq >= ?1 AND hash IS NULL)",
             a->session, a->last_seq, found, 4)) {
        return false;
    }
    if (found[3] != 0) {
        return rec_wrong(&a->r, REC_FILE,
                         "session %lld is older than the chain: nothing of it can be proven",
                         a->session);
    }
    if (found[2] == 0) {
        return wrong(a, "no signed checkpoint follows the session yet; try again in a minute");
    }
    a->start.rows = found[0];
    a->start.seq = found[1];
    a->mark_seq = found[2];
    return true;
}

/* The hash and the boot of the row before; nothing before the first row of the chain. */
static bool find_start(struct archive *a)
{
    sqlite3_stmt *st = NULL;
    bool ok = rec_prepare(&a->r, "SELECT boot, hash FROM event WHERE seq = ?1", &st);
    if (ok) {
        (void)sqlite3_bind_int64(st, 1, a->start.seq);
        if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_bytes(st, 1) == VG_HASH_BYTES) {
            a->start.boot = sqlite3_column_int64(st, 0);
            memcpy(a->start.hash.of, sqlite3_column_blob(st, 1), VG_HASH_BYTES);
        }
    }
    (void)sqlite3_finalize(st);
    a->start.mono_ns = VG_TIME_NONE;
    return ok;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool say(struct archive *a, const char *sql)
{
    return sqlite3_exec(a->out, sql, NULL, NULL, NULL) == SQLITE_OK ||
           wrong(a, sqlite3_errmsg(a->out));
}

static void bind(sqlite3_stmt *st, int at, const struct vg_cell *c)
{
    switch (c->type) {
    case VG_CELL_NULL:
        (void)sqlite3_bind_null(st, at);
        break;
    case VG_CELL_INT:
        (void)sqlite3_bind_int64(st, at, c->number);
        break;
    case VG_CELL_TEXT:
        (void)sqlite3_bind_text(st, at, c->bytes, (int)c->len, SQLITE_TRANSIENT);
        break;
    case VG_CELL_BLOB:
        (void)sqlite3_bind_blob(st, at, c->bytes, (int)c->len, SQLITE_TRANSIENT);
        break;
    }
}

static bool put_into(struct archive *a, sqlite3_stmt *st, const struct vg_cell *cells, int count)
{
    for (int i = 0; i < count; i++) {
        bind(st, i + 1, &cells[i]);
    }
    int rc = sqlite3_step(st);
    (void)sqlite3_reset(st);
    return rc == SQLITE_DONE || wrong(a, sqlite3_errmsg(a->out));
}

/* One row into a table of the archive. */
static bool put(struct archive *a, const char *sql, const struct vg_cell *cells, int count)
{
    sqlite3_stmt *st = NULL;
    bool ok = sqlite3_prepare_v2(a->out, sql, -1, &st, NULL) == SQLITE_OK
                  ? put_into(a, st, cells, count)
                  : wrong(a, sqlite3_errmsg(a->out));
    (void)sqlite3_finalize(st);
    return ok;
}

static bool end_gap(struct archive *a)
{
    const struct vg_cell cells[] = {
        vg_cell_int(a->gap_after),
        vg_cell_int((int64_t)a->gap_count),
        vg_cell_bytes(VG_CELL_BLOB, a->gap, a->gap_count * VG_CHAIN_LINK_BYTES),
        vg_cell_int(a->r.at.boot),
    };
    if (a->gap_count == 0) {
        return true;
    }
    a->gap_count = 0;
    return put(a, "INSERT INTO gap VALUES (?1,?2,?3,?4)", cells, 4);
}

/* r->at is still the place before the row: a gap ends with the boot of its last row. */
static bool put_row(struct archive *a, const struct rec_row *row)
{
    bool own = row->cell[VG_ROW_SESSION].number == a->session;
    if (own || a->gap_count == GAP_MAX) {
        if (!end_gap(a)) {
            return false;
        }
    }
    if (own) {
        a->own_rows++;
        a->gap_after = row->cell[VG_ROW_SEQ].number;
        return put_into(a, a->add, row->cell, REC_COLUMNS);
    }
    a->gap_rows++;
    memcpy(a->gap + a->gap_count++ * VG_CHAIN_LINK_BYTES, row->link, VG_CHAIN_LINK_BYTES);
    return true;
}

static bool copy_rows(struct archive *a)
{
    sqlite3_stmt *st = NULL;
    struct rec_row row;
    int rc = SQLITE_DONE;
    bool ok = rec_prepare(&a->r,
                          "SELECT " REC_EVENT_COLUMNS " FROM event WHERE seq >= ?1 AND seq <= ?2"
                          " ORDER BY seq",
                          &st);
    if (ok) {
        (void)sqlite3_bind_int64(st, 1, a->session);
        (void)sqlite3_bind_int64(st, 2, a->mark_seq);
    }
    ok = ok && (sqlite3_prepare_v2(a->out,
                                   "INSERT INTO event VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,"
                                   "?12,?13,?14,?15,?16,?17)",
                                   -1, &a->add, NULL) == SQLITE_OK ||
                wrong(a, sqlite3_errmsg(a->out)));
    a->r.at = a->start;
    while (ok && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        ok = rec_read_row(&a->r, st, &row) && put_row(a, &row) && rec_step(&a->r, &row);
    }
    ok = ok && rec_end(&a->r, rc) && end_gap(a);
    (void)sqlite3_finalize(a->add);
    (void)sqlite3_finalize(st);
    return ok;
}

static bool copy_marks(struct archive *a)
{
    sqlite3_stmt *st = NULL;
    struct rec_mark m;
    int rc = SQLITE_DONE;
    bool ok = rec_prepare(&a->r,
                          "SELECT seq, rows, hash, utc_ns, public_key, signature FROM checkpoint"
                          " WHERE seq >= ?1 AND seq <= ?2 ORDER BY seq",
                          &st);
    if (ok) {
        (void)sqlite3_bind_int64(st, 1, a->session);
        (void)sqlite3_bind_int64(st, 2, a->mark_seq);
    }
    while (ok && (rc = sqlite3_step(st)) == SQLITE_ROW && (ok = rec_read_mark(&a->r, st, &m))) {
        const struct vg_cell cells[] = {
            vg_cell_int(m.c.seq),
            vg_cell_int(m.c.rows),
            vg_cell_bytes(VG_CELL_BLOB, m.c.hash.of, VG_HASH_BYTES),
            vg_cell_int(m.c.utc_ns),
            m.is_signed ? vg_cell_bytes(VG_CELL_BLOB, m.c.public_key, VG_PUBLIC_KEY_BYTES)
                        : vg_cell_null(),
            m.is_signed ? vg_cell_bytes(VG_CELL_BLOB, m.c.signature, VG_SIGNATURE_BYTES)
                        : vg_cell_null(),
        };
        ok = put(a, "INSERT INTO checkpoint VALUES (?1,?2,?3,?4,?5,?6)", cells, 6);
    }
    ok = ok && rec_end(&a->r, rc);
    (void)sqlite3_finalize(st);
    return ok;
}

static bool copy_boots(struct archive *a)
{
    bool ok = true;
    for (size_t i = 0; ok && i < a->r.boot_count; i++) {
        if (a->r.boots[i].used) {
            ok = put(a, "INSERT INTO boot VALUES (?1,?2,?3,?4)", a->r.boots[i].cells,
                     VG_BOOT_CELLS);
        }
    }
    /* Rows of others made their boots known, too. */
    return ok && say(a, "DELETE FROM boot WHERE id NOT IN (SELECT boot FROM event)");
}

/* Protocols that a row of the session names by their hash, and those that came with one of its rows. */
static bool copy_protocols(struct archive *a)
{
    sqlite3_stmt *st = NULL;
    int rc = SQLITE_DONE;
    bool ok = rec_prepare(&a->r,
                          "SELECT p.hash, p.id, p.text, p.first_seq FROM protocol p WHERE EXISTS"
                          " (SELECT 1 FROM event e WHERE e.session = ?1 AND (e.seq = p.first_seq"
                          "  OR (e.kind = 7 AND e.payload ->> 'protocol_hash' = p.hash)))",
                          &st);
    if (ok) {
        (void)sqlite3_bind_int64(st, 1, a->session);
    }
    while (ok && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct vg_cell cells[VG_PROTOCOL_CELLS];
        for (int i = 0; i < 3; i++) {
            const void *text = sqlite3_column_text(st, i);
            cells[i] = vg_cell_bytes(VG_CELL_TEXT, text, (size_t)sqlite3_column_bytes(st, i));
        }
        cells[3] = vg_cell_int(sqlite3_column_int64(st, 3));
        ok = put(a, "INSERT INTO protocol VALUES (?1,?2,?3,?4)", cells, VG_PROTOCOL_CELLS);
    }
    ok = ok && rec_end(&a->r, rc);
    (void)sqlite3_finalize(st);
    return ok;
}

static bool put_meta(struct archive *a)
{
    const struct vg_cell cells[] = {
        vg_cell_int(a->session),
        vg_cell_int(a->start.rows),
        vg_cell_bytes(VG_CELL_BLOB, a->start.hash.of, VG_HASH_BYTES),
        vg_cell_int(a->start.boot),
        vg_cell_bytes(VG_CELL_TEXT, a->r.path, strlen(a->r.path)),
        vg_cell_bytes(VG_CELL_TEXT, VIGIL_VERSION, strlen(VIGIL_VERSION)),
        vg_cell_int((int64_t)time(NULL) * VG_NS_PER_S),
    };
    return put(a, "INSERT INTO archive VALUES (?1,?2,?3,?4,?5,?6,?7)", cells, 7);
}

/* --- the file --------------------------------------------------------------------------------- */

static bool open_out(struct archive *a, const char *path)
{
    if (access(path, F_OK) == 0) {
        return rec_wrong(&a->r, REC_FILE, "%s is there already; it is not replaced", path);
    }
    (void)snprintf(a->part, sizeof a->part, "%s.%ld.part", path, (long)getpid());
    int fd = open(a->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0) {
        return rec_wrong(&a->r, REC_FILE, "%s: %s", a->part, strerror(errno));
    }
    (void)close(fd);
    return (sqlite3_open_v2(a->part, &a->out, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK ||
            wrong(a, "the archive cannot be opened")) &&
           say(a, "PRAGMA journal_mode = OFF") && say(a, "PRAGMA synchronous = OFF") &&
           say(a, schema) && say(a, "BEGIN");
}

/* Whole on disk under its own name, or not there. */
static bool finish(struct archive *a, const char *path)
{
    char folder[1024];
    const char *slash = strrchr(path, '/');

    if (sqlite3_close(a->out) != SQLITE_OK) {
        return wrong(a, "the archive cannot be closed");
    }
    a->out = NULL;
    int fd = open(a->part, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0 && link(a->part, path) == 0;
    int error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (!ok) {
        return rec_wrong(&a->r, REC_FILE, "%s: %s", path, strerror(error));
    }
    (void)snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1,
                   slash != NULL ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    return true;
}

static bool make(struct archive *a, const char *from, const char *to)
{
    return rec_open(&a->r, from) && find_session(a) && find_ends(a) && find_start(a) &&
           open_out(a, to) && rec_open_protocols(&a->r, a->session) && copy_rows(a) &&
           copy_marks(a) && copy_boots(a) && copy_protocols(a) && put_meta(a) && say(a, "COMMIT") &&
           finish(a, to);
}

int verb_archive(struct ctl *c)
{
    static struct archive a;
    long long session = 0;

    if (!ctl_number(c, OPT_SESSION, 1, INT64_MAX, &session)) {
        return CTL_USAGE;
    }
    a.session = session;
    bool ok = make(&a, c->word[0], c->word[1]);
    if (!ok && a.r.bad_seq != REC_FILE) {
        (void)fprintf(stderr, "vigilctl: archive: %s: NOT SOUND. row %lld: %s\n", c->word[0],
                      (long long)a.r.bad_seq, a.r.bad);
    } else if (!ok) {
        (void)fprintf(stderr, "vigilctl: archive: %s: %s\n", c->word[0], a.r.bad);
    } else {
        (void)printf("session %lld: %lld rows, %lld of others as digests, in %s\n", a.session,
                     (long long)a.own_rows, (long long)a.gap_rows, c->word[1]);
    }
    (void)sqlite3_close(a.out);
    if (a.part[0] != '\0') {
        (void)unlink(a.part);
    }
    rec_close(&a.r);
    return ok ? CTL_DONE : CTL_REFUSED;
}
