/*
 * plan.h -- what is due in a session: readings and scores at their times, and the phase it is in.
 *
 * A mark is one thing that is due at one time. It is on time within its window; after that it is
 * late, and missed when the next of its kind begins. A mark that was made early or late says by how
 * much: 30 s early counts, 12 min late is a deviation, and both are shown.
 */
#ifndef VIGIL_PLAN_H
#define VIGIL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

/* States of machine S (core/schedule.c). */
enum vg_mark_state {
    VG_MS_WAITING,
    VG_MS_ANNOUNCED, /* half a minute to go */
    VG_MS_DUE,
    VG_MS_LATE,
    VG_MS_MET,
    VG_MS_MET_LATE,
    VG_MS_MISSED,
    VG_MS_DROPPED, /* its dose was voided, or it was optional */
    VG_MARK_STATE_COUNT
};

enum vg_plan_what {
    VG_PW_MARK,  /* a mark moved */
    VG_PW_PHASE, /* the session is in another phase */
    VG_PW_COUNT
};

struct vg_plan_event {
    int64_t due_utc_ns; /* MARK: by the wall clock of the event */
    int64_t off_ns;     /* MARK, made: how much after its time (negative: before) */
    uint32_t scales;    /* MARK: bit set; 0 = a blood pressure */
    uint32_t missing;   /* MARK: scales still without a score */
    uint16_t index;     /* MARK: place in the session's plan; PHASE: row of the protocol */
    uint8_t what;       /* enum vg_plan_what */
    uint8_t from, to;   /* MARK: enum vg_mark_state */
    uint8_t protocol;   /* PHASE: whose row */
    uint8_t tries;      /* MARK: so often a cuff was asked for it */
    bool optional;
};

const char *vg_mark_state_name(enum vg_mark_state s);
const char *vg_plan_what_name(enum vg_plan_what w);

#endif
