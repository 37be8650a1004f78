/*
 * journal_chain.h -- the chain over the rows of the record, its checkpoints, and the key they are
 * signed with. The worker's own, as is the connection: nobody else touches it after start.
 */
#ifndef VIGIL_DAEMON_JOURNAL_CHAIN_H
#define VIGIL_DAEMON_JOURNAL_CHAIN_H

#include <sqlite3.h>
#include <sys/types.h>

#include "lib/chain.h"
#include "vigil/event.h"

struct vg_journal;

/* Where the chain ends. */
struct vg_chain_head {
    int64_t seq;  /* of the last row */
    int64_t rows; /* rows of the record */
    int64_t boot; /* of the last row */
    struct vg_hash hash;
    int64_t signed_seq;     /* of the last checkpoint */
    int64_t signed_mono_ns; /* when this run wrote it; VG_TIME_NONE: it wrote none yet */
    int64_t loose_mono_ns;  /* of the first row after it; VG_TIME_NONE: there is none */
};

struct vg_journal_chain {
    struct vg_chain_head head; /* as it is on disk */
    struct vg_chain_head next; /* as the open transaction makes it */
    bool due;                  /* a row of the transaction wants a checkpoint */
    sqlite3_stmt *add;
    sqlite3_stmt *add_protocol;
    sqlite3_stmt *find_protocol;
};

/* The key of this node. */
struct vg_journal_key {
    enum {
        VG_KEY_UNKNOWN, /* not looked at yet, or the folder is not there */
        VG_KEY_GOOD,
        VG_KEY_BAD /* complained; checkpoints are not signed */
    } state;
    uint8_t secret[VG_SECRET_KEY_BYTES];
    uint8_t public_key[VG_PUBLIC_KEY_BYTES];
};

/* A session protocol that a row uses. Strings are the owner's and stay while the worker runs. */
struct vg_protocol_row {
    const char *hash; /* hexadecimal SHA-256 of text */
    const char *id;
    const char *text;
};

/* Which protocol a row uses, NULL for none; called on the worker's thread. The first row that uses
 * one takes it into the record: its digest covers the protocol, too. */
typedef const struct vg_protocol_row *(*vg_protocol_fn)(void *state, const struct vg_event *ev);

/* --- journal_chain.c: an open connection, on the worker's thread. False: look at the connection's
 * error. ---------------------------------------------------------------------------------------- */

/* vg_journal_chain_open -- statements, and where the chain of the file ends. */
bool vg_journal_chain_open(struct vg_journal *j);
void vg_journal_chain_close(struct vg_journal *j);
/* vg_journal_chain_base -- within the migration of an older record: its rows have no hash, a
 * checkpoint of zeros says where they end. */
bool vg_journal_chain_base(struct vg_journal *j);
/* vg_journal_chain_begin -- a transaction has begun. One that is rolled back needs nothing: the next
 * one begins at what is on disk. */
void vg_journal_chain_begin(struct vg_journal *j);
/* vg_journal_chain_commit -- it is on disk. */
void vg_journal_chain_commit(struct vg_journal *j);
/* vg_journal_chain_room -- before a row: a checkpoint, when the rows since the last one would span
 * too long. utc_ns is that of the batch. */
bool vg_journal_chain_room(struct vg_journal *j, const struct vg_event *ev, int64_t utc_ns);
/* vg_journal_chain_hash -- the hash a row of these cells has when it is the next one. protocol: taken
 * into the record with it, or NULL. */
struct vg_hash vg_journal_chain_hash(struct vg_journal *j,
                                     const struct vg_cell cells[VG_EVENT_CELLS],
                                     const struct vg_protocol_row *protocol);
/* vg_journal_chain_add -- the row is in. False: the protocol is not. */
bool vg_journal_chain_add(struct vg_journal *j, const struct vg_event *ev,
                          const struct vg_hash *hash, const struct vg_protocol_row *protocol);
/* vg_journal_chain_protocol -- the protocol that comes into the record with this row, or NULL. */
const struct vg_protocol_row *vg_journal_chain_protocol(struct vg_journal *j,
                                                        const struct vg_event *ev);
/* vg_journal_chain_end -- the last statement of a batch: a checkpoint, when one is due. */
bool vg_journal_chain_end(struct vg_journal *j, const struct vg_now *now);
/* vg_journal_chain_stop -- the run ends: a checkpoint over what has none. */
void vg_journal_chain_stop(struct vg_journal *j);

/* --- journal_key.c ------------------------------------------------------------------------------ */

/* vg_journal_key_load -- vigil.key of the folder, made with vigil.pub when neither is there. What is
 * damaged is complained of with the cure, and never overwritten. */
void vg_journal_key_load(struct vg_journal_key *k, const char *state_dir);
/* vg_journal_key_read_public -- what vigil.pub says, without making anything. VG_ERR_STORE: it is not
 * there or no key. */
enum vg_status vg_journal_key_read_public(const char *state_dir,
                                          uint8_t public_key[VG_PUBLIC_KEY_BYTES]);

#endif
