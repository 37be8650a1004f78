/*
 * journal.h -- the record on disk: an append-only SQLite file written by a worker thread.
 *
 * The loop posts events; the worker writes what has been posted in one transaction when it is
 * woken (once a second, and at once for alarm transitions and commands). Events stay in the ring
 * until their commit is on disk, so a full or failing disk loses nothing that fits the ring.
 */
#ifndef VIGIL_DAEMON_JOURNAL_H
#define VIGIL_DAEMON_JOURNAL_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "daemon/journal_chain.h"
#include "lib/log.h"
#include "lib/wire.h"
#include "lib/worker.h"
#include "vigil/event.h"

/* One posted event. number counts posts from 1. Members that travel beside an event go before it in
 * pieces: events of kind NONE with its number. */
struct vg_journal_job {
    uint64_t number;
    struct vg_event ev;
};

/* What the worker reports. */
struct vg_journal_done {
    uint64_t upto;      /* all posts up to this number are on disk */
    uint64_t duplicate; /* != 0: post `upto` was already recorded under this seq */
    bool refused;       /* post `upto` alone: the schema does not take it, it is not on disk */
    int64_t took_ns;    /* of the commit */
    int8_t status;      /* enum vg_status; VG_ERR_STORE: nothing moved */
    bool full;          /* the disk is full */
    uint64_t head_seq;  /* last row of the record, and its hash: after a commit that is `upto` or */
    struct vg_hash head; /* what is older; not with a duplicate or a refused row */
};

/* Told on the loop thread about each report. */
typedef void (*vg_journal_fn)(void *state, const struct vg_journal_done *done);

struct vg_journal {
    struct vg_worker worker;
    const struct vg_wire_names *names;
    vg_journal_fn on_done;
    vg_protocol_fn protocol_of; /* NULL: no row uses a protocol */
    void *state;
    uint64_t posted;                 /* number of the last post */
    uint64_t committed;              /* number of the last one on disk */
    uint32_t dropped;                /* samples refused because the ring was full */
    _Atomic bool clock_synchronised; /* set by the loop, written with each row */
    int lock_fd;                     /* only while `locked`: no second daemon on this record */
    bool locked;

    /* The worker's own: nobody else touches these after start. */
    sqlite3 *db;
    sqlite3_stmt *insert;
    sqlite3_stmt *find_request;
    struct vg_journal_chain chain;
    struct vg_journal_key key;
    char extra[VG_EXTRA_MAX]; /* of the next row */
    int64_t boot_row;
    int64_t boot_utc_ns; /* of that row */
    dev_t file_dev;      /* which file is open: somebody may remove or replace it */
    ino_t file_ino;
    struct vg_log_limit limit; /* of what a bad disk says again every second */
    char path[288];
    char ballast[288];
    char boot_id[37];

    struct vg_journal_job *jobs;      /* VG_JOURNAL_RING of them, the owner's */
    struct vg_journal_done done[512]; /* of every command that can wait, and of the batches */
};

/* Told about each recorded decision, oldest first. mono_ns is already on this boot's axis. */
typedef void (*vg_replay_fn)(void *state, const struct vg_event *ev);

/*
 * vg_journal_open -- make or check the file in state_dir, and lock it against a second daemon.
 *
 * Errors: VG_ERR_DENIED when another daemon holds the record; VG_ERR_STORE when the disk refuses:
 * monitoring must go on, the worker tries again. A file that is not a sound record is moved aside
 * as vigil.db.damaged-<time> and a new one begun; that, too, is reported as VG_ERR_STORE.
 */
enum vg_status vg_journal_open(struct vg_journal *j, const char *state_dir);

/* The same rows, read as a daemon would that started at `now` and gave `bound` as its first number:
 * j needs db, names and boot_id only. */
enum vg_status vg_journal_replay_before(struct vg_journal *j, const struct vg_now *now,
                                        uint64_t bound, vg_replay_fn fn, void *state);

/* vg_journal_receipts -- the last commands of the record, oldest first, only to remember their
 * request ids: a client may repeat one that is older than the last start. */
enum vg_status vg_journal_receipts(struct vg_journal *j, const struct vg_now *now, vg_replay_fn fn,
                                   void *state);

/* vg_journal_replay -- every decision since the last start, and every open session with its doses.
 * last_seq gets the highest number in use, last_utc_ns the time of the last row (VG_TIME_NONE if
 * none). VG_ERR_STORE when it cannot be read. */
enum vg_status vg_journal_replay(struct vg_journal *j, const struct vg_now *now, vg_replay_fn fn,
                                 void *state, uint64_t *last_seq, int64_t *last_utc_ns);

/*
 * vg_journal_each -- every recorded row in order, samples included, without shifting times: for
 * playing a record again. fn returns false to stop.
 *
 *   db  an open record; ev->flags has VG_FLAG_REPLAY; rows that cannot be understood are passed over
 *       and counted in *unread
 */
typedef bool (*vg_each_fn)(void *state, const struct vg_event *ev);
enum vg_status vg_journal_each(sqlite3 *db, const struct vg_wire_names *names, vg_each_fn fn,
                               void *state, uint64_t *unread);

/* vg_journal_protocols -- the bytes of every protocol that an open session keeps, or of all. */
typedef void (*vg_protocol_text_fn)(void *state, const char *id, const char *text, size_t len);
enum vg_status vg_journal_protocols(sqlite3 *db, bool all, vg_protocol_text_fn fn, void *state);

/* vg_journal_start -- begin writing. */
enum vg_status vg_journal_start(struct vg_journal *j, const struct vg_clock *clock,
                                bool inline_run);

/* vg_journal_post -- queue one event; its number, or 0 when there was no room (samples give way
 * first, then transitions; commands last). command: it belongs to a command, whatever its kind. */
uint64_t vg_journal_post(struct vg_journal *j, const struct vg_event *ev, bool command);
/* vg_journal_post_with -- a command with the members that travel beside it (empty: none). */
uint64_t vg_journal_post_with(struct vg_journal *j, const struct vg_event *ev, const char *extra);
void vg_journal_commit(struct vg_journal *j);
/* vg_journal_stop -- write what is left and close. */
void vg_journal_stop(struct vg_journal *j);

/* vg_journal_lock -- hold the folder against a second daemon, if this one does not yet.
 * VG_ERR_DENIED: another one does; VG_ERR_STORE: the disk refuses, ask again before writing. */
enum vg_status vg_journal_lock(struct vg_journal *j);
/* vg_journal_complain -- one line of the log, at most once in 10 s. */
void vg_journal_complain(struct vg_journal *j, const char *what, const char *why);
/* vg_journal_move_aside -- keep a damaged file, which must be closed, under another name. */
void vg_journal_move_aside(const char *path);

/* daemon/journal_row.c: an event as the cells of its row, in the order of the columns. Text points into
 * ev, j->names and payload, which the caller provides. */
void vg_journal_row_cells(const struct vg_journal *j, const struct vg_event *ev,
                          struct vg_cell cells[VG_EVENT_CELLS], char *payload, size_t cap);
/* ... and one of them into a statement; its bytes must live until the statement is reset. */
void vg_journal_row_bind(sqlite3_stmt *st, int at, const struct vg_cell *c);

/* daemon/journal_store.c: the worker's side. */
enum vg_status vg_store_open(struct vg_journal *j);
void vg_store_close(struct vg_journal *j);
/* vg_store_give_up -- after SQLite failed with rc: a file it cannot use is closed, so that the next
 * batch opens it again, and moved aside when it is damaged. */
void vg_store_give_up(struct vg_journal *j, int rc);
void vg_store_work(struct vg_worker *w, void *ctx);

#endif
