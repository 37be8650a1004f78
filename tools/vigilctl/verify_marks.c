/*
 * verify_marks.c -- checkpoints: each must fit the place it names, be signed with the one key, and be
 * where the writer puts one: behind the first rows of a run, behind every move of a session, behind the
 * end of a run, and so often that no two minutes pass without.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/verify.h"
#include "vigil/event.h"

#define SPAN_NS (120 * VG_NS_PER_S)

static bool read_next(struct verify *v)
{
    int rc = sqlite3_step(v->marks);
    v->have_next = rc == SQLITE_ROW;
    return v->have_next ? rec_read_mark(&v->r, v->marks, &v->next) : rec_end(&v->r, rc);
}

bool verify_open_marks(struct verify *v)
{
    v->loose_mono_ns = VG_TIME_NONE;
    return rec_prepare(&v->r,
                       "SELECT seq, rows, hash, utc_ns, public_key, signature FROM checkpoint"
                       " ORDER BY seq",
                       &v->marks) &&
           read_next(v);
}

static bool check_key(struct verify *v, const struct vg_checkpoint *c)
{
    char hex[VG_HEX_MAX(VG_PUBLIC_KEY_BYTES)];

    if (!v->have_key) {
        memcpy(v->key, c->public_key, sizeof v->key);
        v->have_key = true;
    }
    if (memcmp(v->key, c->public_key, sizeof v->key) != 0) {
        return rec_wrong(&v->r, c->seq, "its checkpoint is signed with another key, %s",
                         vg_hex(c->public_key, sizeof c->public_key, hex));
    }
    if (!vg_checkpoint_check(c)) {
        return rec_wrong(&v->r, c->seq,
                         "the signature of its checkpoint is not that of the key over this place");
    }
    return true;
}

/* The chain reached the place, and it looks as the checkpoint says. */
static bool take(struct verify *v)
{
    const struct vg_checkpoint *c = &v->next.c;

    v->mark_count++;
    v->last_is_signed = v->next.is_signed;
    if (!v->next.is_signed) {
        v->unsigned_count++;
    } else if (!check_key(v, c)) {
        return false;
    } else {
        v->signed_rows = c->rows;
        v->signed_seq = c->seq;
    }
    if (vg_hash_is_zero(&c->hash)) {
        if (!v->next.is_signed) {
            return rec_wrong(
                &v->r, c->seq,
                "the rows up to it have no hash, and the checkpoint that says so is not"
                " signed");
        }
        v->base_seq = c->seq;
        v->base_rows = c->rows;
    }
    v->loose_mono_ns = VG_TIME_NONE;
    v->must_seq = 0;
    return read_next(v);
}

bool verify_marks(struct verify *v, bool in_gap)
{
    const struct rec_place *at = &v->r.at;

    while (v->have_next && (v->next.c.rows <= at->rows || (!in_gap && v->next.c.seq <= at->seq))) {
        const struct vg_checkpoint *c = &v->next.c;
        bool fits = in_gap ? c->seq > at->seq : c->seq == at->seq;
        if (!fits || c->rows != at->rows) {
            return rec_wrong(&v->r, c->seq,
                             "its checkpoint does not fit: it says row %lld is number %lld of the"
                             " record, and number %lld is row %lld",
                             (long long)c->seq, (long long)c->rows, (long long)at->rows,
                             (long long)at->seq);
        }
        if (!vg_hash_is(&c->hash, &at->hash)) {
            return rec_wrong(&v->r, v->signed_seq + 1,
                             "rows %lld to %lld are not what was signed: the chain was made again"
                             " after the checkpoint at %lld was written",
                             (long long)v->signed_seq + 1, (long long)c->seq, (long long)c->seq);
        }
        if (!take(v)) {
            return false;
        }
    }
    return true;
}

static bool says_stopping(const struct rec_row *row)
{
    static const char word[] = "\"stopping\"";
    const struct vg_cell *p = &row->cell[VG_ROW_PAYLOAD];
    return row->cell[VG_ROW_KIND].number == VG_EV_DAEMON && p->type == VG_CELL_TEXT &&
           memmem(p->bytes, p->len, word, sizeof word - 1) != NULL;
}

static void must(struct verify *v, int64_t seq, const char *what)
{
    if (v->must_seq == 0) {
        v->must_seq = seq;
        v->must_what = what;
    }
}

bool verify_mark_row(struct verify *v, const struct rec_row *row, bool new_boot)
{
    int64_t seq = row->cell[VG_ROW_SEQ].number;
    int64_t mono_ns = row->cell[VG_ROW_MONO].number;

    if (!row->has_hash) {
        return true;
    }
    if (new_boot) {
        v->loose_mono_ns = VG_TIME_NONE;
    }
    if (new_boot && !v->r.is_archive) {
        must(v, seq, "the first of a run");
    }
    if (row->cell[VG_ROW_KIND].number == VG_EV_SESSION) {
        must(v, seq, "a move of a session");
    } else if (says_stopping(row)) {
        must(v, seq, "the end of a run");
    }
    if (v->loose_mono_ns == VG_TIME_NONE) {
        v->loose_mono_ns = mono_ns;
    }
    if (mono_ns / 2 - v->loose_mono_ns / 2 > SPAN_NS / 2) { /* halves: it may be any number */
        return rec_wrong(&v->r, seq,
                         "there is no checkpoint in the %lld s before it: checkpoints were removed",
                         (long long)(mono_ns / VG_NS_PER_S - v->loose_mono_ns / VG_NS_PER_S));
    }
    return true;
}

bool verify_end_marks(struct verify *v)
{
    const struct rec_place *at = &v->r.at;

    if (v->have_next) {
        return rec_wrong(&v->r, v->next.c.seq,
                         "it has a checkpoint, but the rows end with %lld: the end of the record is"
                         " missing",
                         (long long)at->seq);
    }
    if (v->must_seq != 0) {
        return rec_wrong(&v->r, v->must_seq,
                         "it is %s, and no checkpoint follows it: checkpoints were removed",
                         v->must_what);
    }
    if (at->rows != v->signed_rows && !v->last_is_signed) {
        return rec_wrong(&v->r, v->signed_seq + 1,
                         "no signature covers rows %lld to %lld: the node had no usable key, or the"
                         " signatures were removed",
                         (long long)v->signed_seq + 1, (long long)at->seq);
    }
    if (at->rows > v->signed_rows) {
        verify_note(v,
                    "rows %lld to %lld (%lld) came after the last checkpoint, no signature covers"
                    " them yet",
                    (long long)v->signed_seq + 1, (long long)at->seq,
                    (long long)(at->rows - v->signed_rows));
    }
    return true;
}
