/*
 * effects.h -- carries out what the engine decided, in its order.
 *
 * Measured events: send, then record. Commands: record, then confirm; what must wait for the disk
 * waits in a fixed pool and is released by the journal's report.
 */
#ifndef VIGIL_DAEMON_EFFECTS_H
#define VIGIL_DAEMON_EFFECTS_H

#include "core/engine.h"
#include "daemon/journal.h"

struct vigild;

#define VG_PENDING_NONE UINT16_C(0xffff)
/* The longest identity a ZeroMQ peer may give itself. */
#define VG_PEER_ID_MAX 255

/* One command on its way to the disk, and whom to answer. */
struct vg_pending {
    uint64_t number; /* journal post of the command itself; 0 = it found no room yet */
    uint64_t last;   /* ... and of the last row of its step: it waits for this */
    uint64_t receipt;
    int64_t since_ns;
    struct vg_event ev;
    char extra[VG_EXTRA_MAX]; /* members that travel beside ev; empty = none */
    uint8_t peer[VG_PEER_ID_MAX];
    uint8_t peer_len;
    bool used;
    bool waiting;  /* handed to the journal */
    bool answered; /* the requester was told "not recorded yet" */
    bool envelope; /* the request came with an empty delimiter frame (REQ socket) */
    bool send;     /* publish ev when it is on disk */
    bool duplicate;
};

/* vg_effects_run -- pending: pool index of the request that caused the step, or VG_PENDING_NONE.
 * The pool entry is freed here unless it has to wait. */
void vg_effects_run(struct vigild *v, const struct vg_effects *fx, uint16_t pending);

/* vg_effects_record -- post one event, a command with the members beside it (or NULL), to the journal; 0 when there was no room. Everything that is
 * recorded goes through here: rows are chained in the order of their numbers, so commands that found
 * no room earlier come first, and nothing passes them. command: as vg_journal_post. */
uint64_t vg_effects_record(struct vigild *v, const struct vg_event *ev, bool command,
                           const char *extra);

/* vg_effects_settle -- what became known of the disk meanwhile is told, unless a list of effects is
 * being carried out. */
void vg_effects_settle(struct vigild *v);

/* The journal reported. */
void vg_effects_recorded(void *state, const struct vg_journal_done *done);

/* Commands that wait longer than 1 s are answered "not recorded yet", and storage is called bad. */
void vg_effects_tick(struct vigild *v);

#endif
