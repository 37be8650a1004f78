/*
 * schedule.h -- machine S and the cuff that follows it. Private to core/ and its tests.
 */
#ifndef VIGIL_CORE_SCHEDULE_H
#define VIGIL_CORE_SCHEDULE_H

#include "core/step.h"

enum vg_mark_input {
    VG_SI_ANNOUNCE,
    VG_SI_COME,
    VG_SI_LATE,
    VG_SI_MADE,
    VG_SI_MADE_LATE,
    VG_SI_NEXT, /* the next of its kind begins, or the session ends */
    VG_SI_DROP,
    VG_SI_MOVED, /* its dose was corrected to another time */
    VG_SI_COUNT
};

/* A reading that a person asked for every so often is late after this. */
#define VG_DUE_WINDOW_NS (120 * VG_NS_PER_S)
/* An infusion runs on after its planned end: low, and after as long again medium. */
#define VG_OVERRUN_NS (300 * VG_NS_PER_S)
/* Starts of a cuff for one mark: the first, and one more after a failed reading. */
#define VG_CUFF_TRIES 2

/* vg_mark_next -- the state after an input; the same state when the pair changes nothing. */
uint8_t vg_mark_next(uint8_t state, enum vg_mark_input in);

/* May it still be made? */
bool vg_mark_is_open(const struct vg_mark *m);

/* vg_mark_say -- record and send mark i of the session, which was in state `from`. */
void vg_mark_say(struct vg_step *st, uint16_t i, uint8_t from);

#endif
