/*
 * verify.c -- the walk: rows in order, checkpoints where they belong, and of an archive the digests of
 * other people's rows between them.
 */
#include "tools/vigilctl/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void verify_note(struct verify *v, const char *fmt, ...)
{
    va_list args;
    if (v->notes.count++ < VERIFY_NOTES_MAX) {
        va_start(args, fmt);
        (void)vsnprintf(v->notes.text[v->notes.count - 1], VERIFY_NOTE_BYTES, fmt, args);
        va_end(args);
    }
}

static void compare_head(struct verify *v)
{
    if (v->have_head && vg_hash_is(&v->head, &v->r.at.hash)) {
        v->head_rows = v->r.at.rows;
        v->head_seq = v->r.at.seq;
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

/* Rows without a hash stand before the chain, and a signed checkpoint says where they end. */
static bool check_base(struct verify *v, const struct rec_row *row)
{
    int64_t seq = row->cell[VG_ROW_SEQ].number;

    if (!row->has_hash) {
        bool began = !vg_hash_is_zero(&v->r.at.hash) || v->base_seq != 0;
        return !began ||
               rec_wrong(&v->r, seq, "it has no hash, but the rows before it are chained");
    }
    if (vg_hash_is_zero(&v->r.at.hash) && v->r.at.rows != v->base_rows && !v->r.is_archive) {
        return rec_wrong(
            &v->r, v->first_seq,
            "rows %lld to %lld have no hash, and no checkpoint says that they are older"
            " than the chain",
            (long long)v->first_seq, (long long)v->r.at.seq);
    }
    return true;
}

static bool take_row(struct verify *v, sqlite3_stmt *st)
{
    struct rec_row row;
    const struct rec_boot *before = v->r.boot;

    if (!rec_read_row(&v->r, st, &row)) {
        return false;
    }
    if (v->r.is_archive && row.cell[VG_ROW_SESSION].number != v->r.session) {
        return rec_wrong(&v->r, row.cell[VG_ROW_SEQ].number,
                         "it is of session %lld, not of this one",
                         (long long)row.cell[VG_ROW_SESSION].number);
    }
    bool new_boot = v->r.boot != before;
    if (v->first_seq == 0) {
        v->first_seq = row.cell[VG_ROW_SEQ].number;
        v->first_utc_ns = row.cell[VG_ROW_UTC].number;
    }
    v->last_utc_ns = row.cell[VG_ROW_UTC].number;
    v->boots += new_boot ? 1 : 0;
    if (!check_base(v, &row) || !rec_step(&v->r, &row) || !verify_mark_row(v, &row, new_boot)) {
        return false;
    }
    if (!v->r.is_archive) {
        verify_clock_row(v, &row, new_boot);
    }
    compare_head(v);
    return verify_marks(v, false);
}

/* --- gaps of an archive ----------------------------------------------------------------------- */

struct gaps {
    sqlite3_stmt *st;
    bool have;
    int64_t after_seq;
};

static bool next_gap(struct verify *v, struct gaps *g)
{
    int rc = sqlite3_step(g->st);
    g->have = rc == SQLITE_ROW;
    if (!g->have) {
        return rec_end(&v->r, rc);
    }
    g->after_seq = sqlite3_column_int64(g->st, 0);
    int bytes = sqlite3_column_bytes(g->st, 2);
    if (sqlite3_column_type(g->st, 2) != SQLITE_BLOB || bytes % VG_CHAIN_LINK_BYTES != 0 ||
        sqlite3_column_int64(g->st, 1) != bytes / VG_CHAIN_LINK_BYTES) {
        return rec_wrong(&v->r, g->after_seq, "the digests that follow it are not as many as said");
    }
    return true;
}

static bool take_gap(struct verify *v, struct gaps *g)
{
    const uint8_t *link = sqlite3_column_blob(g->st, 2);
    int64_t count = sqlite3_column_int64(g->st, 1);

    if (g->after_seq != v->r.at.seq) {
        return rec_wrong(&v->r, g->after_seq,
                         "digests follow it, but it is not the row before them, %lld",
                         (long long)v->r.at.seq);
    }
    for (int64_t i = 0; i < count; i++) {
        if (!rec_step_link(&v->r, link + i * VG_CHAIN_LINK_BYTES)) {
            return false;
        }
        compare_head(v);
        if (!verify_marks(v, true)) {
            return false;
        }
    }
    v->others += count;
    v->r.at.boot = sqlite3_column_int64(g->st, 3);
    return next_gap(v, g);
}

static bool take_gaps(struct verify *v, struct gaps *g)
{
    while (g->have && g->after_seq <= v->r.at.seq) {
        if (!take_gap(v, g)) {
            return false;
        }
    }
    return true;
}

/* Where an archive begins: a place in a record that is elsewhere. */
static bool open_archive(struct verify *v, struct gaps *g)
{
    sqlite3_stmt *st = NULL;
    bool ok = rec_prepare(&v->r, "SELECT session, start_rows, start_hash, start_boot FROM archive",
                          &st);
    ok = ok && (sqlite3_step(st) == SQLITE_ROW ||
                rec_wrong(&v->r, REC_FILE, "the archive does not say where it begins"));
    if (ok) {
        v->r.session = sqlite3_column_int64(st, 0);
        v->r.at.rows = sqlite3_column_int64(st, 1);
        v->r.at.boot = sqlite3_column_int64(st, 3);
        v->signed_rows = v->r.at.rows;
        ok = sqlite3_column_type(st, 2) == SQLITE_BLOB &&
             sqlite3_column_bytes(st, 2) == VG_HASH_BYTES;
        if (ok) {
            memcpy(v->r.at.hash.of, sqlite3_column_blob(st, 2), VG_HASH_BYTES);
        } else {
            (void)rec_wrong(&v->r, REC_FILE, "the hash that the archive begins with is none");
        }
    }
    (void)sqlite3_finalize(st);
    return ok &&
           rec_prepare(&v->r, "SELECT after_seq, count, digests, boot FROM gap ORDER BY rowid",
                       &g->st) &&
           next_gap(v, g);
}

/* An archive must end with a signed checkpoint, and hold one session only. */
static bool end_archive(struct verify *v, const struct gaps *g)
{
    if (g->have) {
        return rec_wrong(&v->r, g->after_seq, "digests follow it, and there is no such row");
    }
    if (v->r.at.rows != v->signed_rows || v->mark_count == 0) {
        return rec_wrong(&v->r, v->r.at.seq, "the archive does not end with a signed checkpoint");
    }
    for (size_t i = 0; i < v->r.boot_count; i++) {
        const struct rec_boot *b = &v->r.boots[i];
        if (b->used && !b->covered) {
            verify_note(v, "boot %lld began before the archive: its row of boot is not covered",
                        (long long)b->cells[0].number);
        }
    }
    return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool walk(struct verify *v, sqlite3_stmt *st, struct gaps *g)
{
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        if (!take_row(v, st) || !take_gaps(v, g)) {
            return false;
        }
    }
    return rec_end(&v->r, rc) && rec_end_protocols(&v->r) && verify_end_marks(v);
}

bool verify_walk(struct verify *v)
{
    struct gaps g = { .st = NULL };
    sqlite3_stmt *st = NULL;

    bool ok = (!v->r.is_archive || open_archive(v, &g)) && rec_open_protocols(&v->r, INT64_MIN) &&
              verify_open_marks(v) &&
              rec_prepare(&v->r, "SELECT " REC_EVENT_COLUMNS " FROM event ORDER BY seq", &st) &&
              walk(v, st, &g) && (!v->r.is_archive || end_archive(v, &g));
    verify_clock_end(v);
    (void)sqlite3_finalize(st);
    (void)sqlite3_finalize(g.st);
    (void)sqlite3_finalize(v->marks);
    v->marks = NULL;
    return ok;
}
