/*
 * record.c -- see record.h: opening, and what is common to every table.
 *
 * Trap: a database in WAL mode is not only read by a reader: SQLite makes -wal and -shm beside it, in a
 * folder that may not be ours. A file without a -wal was closed in order and nobody writes it; it is
 * opened as one that cannot change, and then nothing is made.
 */
#include "tools/vigilctl/record.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/vigilctl/ctl.h"

bool rec_wrong(struct rec *r, int64_t seq, const char *fmt, ...)
{
    va_list args;
    if (r->bad[0] == '\0') {
        r->bad_seq = seq;
        va_start(args, fmt);
        (void)vsnprintf(r->bad, sizeof r->bad, fmt, args);
        va_end(args);
    }
    return false;
}

bool rec_end(struct rec *r, int rc)
{
    if (rc == SQLITE_DONE) {
        return true;
    }
    return rec_wrong(r, r->at.seq, "the file cannot be read on from here: %s",
                     sqlite3_errmsg(r->db));
}

bool rec_prepare(struct rec *r, const char *sql, sqlite3_stmt **st)
{
    if (sqlite3_prepare_v2(r->db, sql, -1, st, NULL) != SQLITE_OK) {
        return rec_wrong(r, REC_FILE, "this is not a record with a chain: %s",
                         sqlite3_errmsg(r->db));
    }
    return true;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* file:PATH?immutable=1, with what would end the path escaped. */
static void make_uri(const char *path, bool still, char *out, size_t cap)
{
    size_t n = (size_t)snprintf(out, cap, "file:");
    for (; *path != '\0' && n + 4 < cap; path++) {
        bool special = *path == '%' || *path == '?' || *path == '#';
        if (special) {
            n += (size_t)snprintf(out + n, cap - n, "%%%02x", (unsigned)*path);
        } else {
            out[n++] = *path;
        }
    }
    (void)snprintf(out + n, cap - n, "%s", still ? "?immutable=1" : "");
}

static int64_t number_of(struct rec *r, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int64_t n = -1;
    if (sqlite3_prepare_v2(r->db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        n = sqlite3_column_int64(st, 0);
    }
    (void)sqlite3_finalize(st);
    return n;
}

/* The tables of one moment, however long the walk takes and whoever writes. */
static bool open_file(struct rec *r)
{
    char uri[3 * CTL_PATH_MAX * 4];
    char wal[CTL_PATH_MAX * 4];

    (void)snprintf(wal, sizeof wal, "%s-wal", r->path);
    r->live = access(wal, F_OK) == 0;
    make_uri(r->path, !r->live, uri, sizeof uri);
    if (access(r->path, R_OK) != 0) {
        return rec_wrong(r, REC_FILE, "%s", strerror(errno));
    }
    if (sqlite3_open_v2(uri, &r->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) != SQLITE_OK) {
        return rec_wrong(r, REC_FILE, "%s", sqlite3_errmsg(r->db));
    }
    (void)sqlite3_busy_timeout(r->db, 2000);
    if (sqlite3_exec(r->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
        number_of(r, "SELECT count(*) FROM sqlite_master") < 0) {
        const char *why = sqlite3_errmsg(r->db);
        return rec_wrong(r, REC_FILE, "%s%s", why,
                         r->live ? "; copy it with its -wal to a folder that can be written" : "");
    }
    return true;
}

static bool look_at_schema(struct rec *r)
{
    int64_t version = number_of(r, "PRAGMA user_version");
    if (version != REC_SCHEMA) {
        return rec_wrong(r, REC_FILE,
                         version > REC_SCHEMA
                             ? "its schema (version %lld) is newer than this program knows"
                             : "its schema (version %lld) has no chain: nothing can be proven",
                         (long long)version);
    }
    r->is_archive = number_of(r, "SELECT count(*) FROM sqlite_master WHERE name = 'archive'") > 0;
    return true;
}

/* A text that outlives the statement, the caller's to free; NULL when there is no memory. */
static char *copy_text(sqlite3_stmt *st, int at)
{
    const void *text = sqlite3_column_text(st, at);
    size_t len = (size_t)sqlite3_column_bytes(st, at);
    char *copy = malloc(len + 1);
    if (copy != NULL && len > 0) {
        memcpy(copy, text, len);
    }
    return copy;
}

static bool take_boot(struct rec *r, sqlite3_stmt *st)
{
    static const struct {
        const char *name;
        int type;
    } column[VG_BOOT_CELLS] = {
        { "id", SQLITE_INTEGER },
        { "boot_id", SQLITE_TEXT },
        { "started_utc_ns", SQLITE_INTEGER },
        { "version", SQLITE_TEXT },
    };
    struct rec_boot *more = realloc(r->boots, (r->boot_count + 1) * sizeof *more);
    if (more == NULL) {
        return rec_wrong(r, REC_FILE, "no memory");
    }
    r->boots = more;
    struct rec_boot *b = &more[r->boot_count++];
    *b = (struct rec_boot){ .used = false };
    for (int i = 0; i < VG_BOOT_CELLS; i++) {
        if (sqlite3_column_type(st, i) != column[i].type) {
            b->wrong = column[i].name;
        } else if (column[i].type == SQLITE_INTEGER) {
            b->cells[i] = vg_cell_int(sqlite3_column_int64(st, i));
        } else {
            b->text[i] = copy_text(st, i);
            b->cells[i] = vg_cell_bytes(VG_CELL_TEXT, b->text[i],
                                        (size_t)sqlite3_column_bytes(st, i));
            if (b->text[i] == NULL) {
                return rec_wrong(r, REC_FILE, "no memory");
            }
        }
    }
    return true;
}

static bool load_boots(struct rec *r)
{
    sqlite3_stmt *st = NULL;
    bool ok = rec_prepare(r, "SELECT id, boot_id, started_utc_ns, version FROM boot ORDER BY id",
                          &st);
    int rc = SQLITE_DONE;
    while (ok && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        ok = take_boot(r, st);
    }
    ok = ok && rec_end(r, rc);
    (void)sqlite3_finalize(st);
    return ok;
}

bool rec_open(struct rec *r, const char *path)
{
    memset(r, 0, sizeof *r);
    r->path = path;
    r->at.mono_ns = VG_TIME_NONE;
    return open_file(r) && look_at_schema(r) && load_boots(r);
}

void rec_close(struct rec *r)
{
    (void)sqlite3_finalize(r->protocols);
    for (size_t i = 0; i < r->boot_count; i++) {
        for (size_t k = 0; k < VG_BOOT_CELLS; k++) {
            free(r->boots[i].text[k]);
        }
    }
    free(r->boots);
    (void)sqlite3_close(r->db);
    r->db = NULL;
}

/* --- checkpoints ------------------------------------------------------------------------------ */

static bool take_bytes(sqlite3_stmt *st, int at, uint8_t *out, size_t count)
{
    if (sqlite3_column_type(st, at) != SQLITE_BLOB ||
        (size_t)sqlite3_column_bytes(st, at) != count) {
        return false;
    }
    memcpy(out, sqlite3_column_blob(st, at), count);
    return true;
}

bool rec_read_mark(struct rec *r, sqlite3_stmt *st, struct rec_mark *m)
{
    struct vg_checkpoint *c = &m->c;
    bool bare = sqlite3_column_type(st, 4) == SQLITE_NULL &&
                sqlite3_column_type(st, 5) == SQLITE_NULL;

    c->seq = sqlite3_column_int64(st, 0);
    c->rows = sqlite3_column_int64(st, 1);
    c->utc_ns = sqlite3_column_int64(st, 3);
    m->is_signed = !bare;
    if (sqlite3_column_type(st, 0) != SQLITE_INTEGER ||
        sqlite3_column_type(st, 1) != SQLITE_INTEGER ||
        sqlite3_column_type(st, 3) != SQLITE_INTEGER ||
        !take_bytes(st, 2, c->hash.of, VG_HASH_BYTES) ||
        (!bare && (!take_bytes(st, 4, c->public_key, VG_PUBLIC_KEY_BYTES) ||
                   !take_bytes(st, 5, c->signature, VG_SIGNATURE_BYTES)))) {
        return rec_wrong(r, c->seq, "its checkpoint has a cell of a wrong type or length");
    }
    return true;
}
