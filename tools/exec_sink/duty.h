/*
 * duty.h -- what the command has still to be run for. Pure.
 *
 * A sounder has one voice and the worst alarm takes it; a message is sent and done, so here every
 * bed counts for itself. An instance is done once, until its bed has been silent in between; one
 * that becomes worse is to be done again. A failure is tried again, later each time.
 *
 * Trap: an instance that another one displaced and that comes back has not been silent.
 */
#ifndef VIGIL_EXEC_SINK_DUTY_H
#define VIGIL_EXEC_SINK_DUTY_H

#include "lib/sink_state.h"

#define DUTY_DONE_KEPT 8
#define DUTY_FIRST_NS VG_NS_PER_S
#define DUTY_LAST_NS (30 * VG_NS_PER_S)

struct duty_done {
    uint64_t instance;
    uint16_t telling;
    uint8_t priority;
};

/* One bed; or the lost link, whose instance is 0 and bed empty. */
struct duty {
    struct vg_voice voice; /* kind NONE: nothing */
    int64_t due_ns, backoff_ns;
    struct duty_done done[DUTY_DONE_KEPT]; /* newest first */
    uint8_t done_count;
    bool seen;
};

/* Zero it before first use. */
struct duties {
    uint16_t count;
    char bed[VG_BEDS_MAX + 1][VG_ID_MAX]; /* "" is the lost link's */
    struct duty of[VG_BEDS_MAX + 1];
};

/* duties_update -- after frames and time: what every bed has to be voiced now. */
void duties_update(struct duties *d, const struct vg_asink_state *s, int64_t now_ns);
/* duties_next -- the worst that is due and not done, or NULL. */
const struct vg_voice *duties_next(const struct duties *d, int64_t now_ns);
/* duties_result -- how the command for this voice ended. */
void duties_result(struct duties *d, const struct vg_voice *v, bool ok, int64_t now_ns);
/* duties_is_done -- is the present voice of entry i done? (To be confirmed to the daemon.) */
bool duties_is_done(const struct duty *d);

#endif
