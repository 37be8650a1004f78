/*
 * verify.h -- what a walk over a record checks beside the chain, and what it has seen.
 */
#ifndef VIGIL_TOOLS_VIGILCTL_VERIFY_H
#define VIGIL_TOOLS_VIGILCTL_VERIFY_H

#include "tools/vigilctl/record.h"

#define VERIFY_NOTES_MAX 8
#define VERIFY_NOTE_BYTES 200

/* What is worth a look and makes the record no worse. */
struct verify_notes {
    char text[VERIFY_NOTES_MAX][VERIFY_NOTE_BYTES];
    size_t count; /* also those that found no room */
};

/* The wall clock against the monotonic one. */
struct verify_clock {
    int64_t offset_ns; /* utc - mono of the last row of this boot; VG_TIME_NONE at its beginning */
    int64_t jump_ns;   /* moved since, and no row said it */
    int64_t jump_seq;  /* where it began */
    int64_t steps;     /* rows that say a step */
};

struct verify {
    struct rec r;
    struct verify_notes notes;
    struct verify_clock clock;

    /* The key. */
    bool have_key;
    uint8_t key[VG_PUBLIC_KEY_BYTES];

    /* Checkpoints. */
    sqlite3_stmt *marks;
    struct rec_mark next;
    bool have_next;
    int64_t mark_count, unsigned_count;
    int64_t base_seq; /* the rows up to this one are older than the chain */
    int64_t base_rows;
    int64_t signed_rows; /* rows up to the last signed checkpoint */
    int64_t signed_seq;
    bool last_is_signed;
    int64_t loose_mono_ns; /* of the first row after the last checkpoint; VG_TIME_NONE: none yet */
    int64_t must_seq;      /* a row that must have a checkpoint behind it; 0 = none */
    const char *must_what;

    /* Of the whole. */
    bool have_head; /* somebody knows a hash */
    struct vg_hash head;
    int64_t head_rows, head_seq; /* where it was found; 0 = not */
    int64_t first_utc_ns, last_utc_ns, first_seq;
    int64_t boots;  /* that rows belong to */
    int64_t others; /* archive: rows that are only digests */
};

/* verify_note -- keep one. */
void verify_note(struct verify *v, const char *fmt, ...) VG_PRINTF(2, 3);

/* verify_walk -- all of it, from a record that is open. False: v->r says what is wrong. */
bool verify_walk(struct verify *v);

/* verify_marks.c: checkpoints of a place that was just reached. in_gap: the place is a row of others,
 * and its number is not known but lies above v->r.at.seq. */
bool verify_open_marks(struct verify *v);
bool verify_marks(struct verify *v, bool in_gap);
bool verify_end_marks(struct verify *v);
/* ... and what a row asks of them. new_boot: it is the first of its boot. */
bool verify_mark_row(struct verify *v, const struct rec_row *row, bool new_boot);

/* verify_clock.c */
void verify_clock_row(struct verify *v, const struct rec_row *row, bool new_boot);
void verify_clock_end(struct verify *v);

#endif
