/*
 * record.h -- a record or an archive, walked from its first row to its last with the chain beside it.
 *
 * Opened read-only. Everything a row says is input from outside: types are checked before anything is
 * believed. The walk stops at the first thing that is wrong and keeps its row and what it is.
 */
#ifndef VIGIL_TOOLS_VIGILCTL_RECORD_H
#define VIGIL_TOOLS_VIGILCTL_RECORD_H

#include <sqlite3.h>
#include <stdbool.h>

#include "lib/chain.h"
#include "vigil/compiler.h"
#include "vigil/time.h"

#define REC_SCHEMA 4
/* Cells of a row with its hash. */
#define REC_COLUMNS (VG_EVENT_CELLS + 1)
/* The columns of `event` in their order: what is selected is what is hashed. */
#define REC_EVENT_COLUMNS                                                                          \
    "seq, boot, mono_ns, utc_ns, clock_state, kind, flags, bed, device, session, operator,"        \
    " request_id, vital, value_milli, quality, payload, hash"

/* In place of a row: it is the file that is wrong. */
#define REC_FILE INT64_MIN

/* A row of `boot`; text is the record's. */
struct rec_boot {
    struct vg_cell cells[VG_BOOT_CELLS];
    char *text[VG_BOOT_CELLS]; /* what cells of text point to */
    const char *wrong; /* name of a column of a wrong type: said with the first row of this boot */
    bool used;         /* a row names it */
    bool covered;      /* a digest that was seen covers it */
};

/* A row as it stands in the file; cells live until the next one is read. */
struct rec_row {
    struct vg_cell cell[REC_COLUMNS];
    uint8_t link[VG_CHAIN_LINK_BYTES];
    bool has_hash; /* false: older than the chain */
};

/* A checkpoint that comes next. */
struct rec_mark {
    struct vg_checkpoint c;
    bool is_signed;
};

/* Where the walk is. */
struct rec_place {
    int64_t seq, rows, boot;
    int64_t mono_ns; /* of the last row of this boot; VG_TIME_NONE at its beginning */
    struct vg_hash hash;
};

struct rec {
    sqlite3 *db;
    const char *path;
    bool live;       /* somebody may be writing it */
    bool is_archive; /* one session, the rest as digests */
    int64_t session; /* of an archive, with where it begins */
    struct rec_boot *boots;
    size_t boot_count;
    struct rec_boot *boot; /* of the last row */
    sqlite3_stmt *protocols;
    bool have_protocol;
    struct rec_place at;
    int64_t bad_seq; /* the row, or REC_FILE */
    char bad[512];   /* what is wrong; empty: nothing */
};

/* rec_open -- open `path` and look at its tables. False: r->bad says why, the message is complete. No
 * file is made beside it unless somebody writes it now, or did and was killed. rec_close always. */
bool rec_open(struct rec *r, const char *path);
void rec_close(struct rec *r);

/* rec_wrong -- the row that is wrong, and what; only the first one is kept. Always false. */
bool rec_wrong(struct rec *r, int64_t seq, const char *fmt, ...) VG_PRINTF(3, 4);

/* rec_read_row -- the present row of `st`, whose columns are REC_EVENT_COLUMNS: types, order, boot,
 * monotonic time, protocol; its digest as the one after r->at. */
bool rec_read_row(struct rec *r, sqlite3_stmt *st, struct rec_row *row);
/* rec_step -- follow the chain over that row. False: its hash is not the one that follows. */
bool rec_step(struct rec *r, const struct rec_row *row);
/* rec_step_link -- follow it over a row of others, of which there is only what stands in for it. False:
 * it is of the session itself. */
bool rec_step_link(struct rec *r, const uint8_t link[VG_CHAIN_LINK_BYTES]);

/* rec_open_protocols, rec_end_protocols -- protocols join the row that they came with; at the end none
 * may be left over. */
bool rec_open_protocols(struct rec *r, int64_t from_seq);
bool rec_end_protocols(struct rec *r);

/* rec_read_mark -- a checkpoint from a statement of all its columns in order. */
bool rec_read_mark(struct rec *r, sqlite3_stmt *st, struct rec_mark *m);

/* rec_prepare -- a statement; false with a message when the tables are not those of a record. */
bool rec_prepare(struct rec *r, const char *sql, sqlite3_stmt **st);
/* rec_end -- what sqlite3_step() gave last: false with a message unless it was the end. */
bool rec_end(struct rec *r, int rc);

#endif
