/*
 * alarm_inhibit.h -- machine I: what keeps an alarm from being heard or shown, and for how long.
 *
 * One machine for the sound of a bed (scope: the instances present when somebody pressed), one for
 * each vital (scope: all signals of that vital). Conditions go on beneath it.
 */
#ifndef VIGIL_CORE_ALARM_INHIBIT_H
#define VIGIL_CORE_ALARM_INHIBIT_H

#include <stdbool.h>

#include "vigil/inhibit.h"
#include "vigil/time.h"

enum vg_inhibit_input {
    VG_II_AUDIO_PAUSE,
    VG_II_ALARM_PAUSE,
    VG_II_ALARM_OFF,
    VG_II_ALARM_ON, /* a person ends it */
    VG_II_OPENED,   /* a new instance opened */
    VG_II_TICK,
    VG_II_PHASE,   /* the phase of the session changed */
    VG_II_SESSION, /* a session opened or ended */
    VG_II_RESTART,
    VG_II_COUNT
};

struct vg_inhibit {
    int64_t since_ns;
    int64_t until_ns;  /* pauses: when they end */
    int64_t remind_ns; /* off: next reminder */
    uint8_t state;     /* enum vg_inhibit_state */
    char operator_id[VG_NAME_MAX];
    char reason[VG_REASON_MAX];
};

/* What one input meets. */
struct vg_inhibit_ctx {
    int64_t now_ns;
    bool may_pause; /* the phase allows to pause the signals of this vital */
    bool may_off;   /* ... to switch them off: the phase does not require it */
};

struct vg_inhibit_result {
    bool moved;
    uint8_t row; /* n of row In; 0 = no row: the wish is refused */
    uint8_t from;
};

/* vg_inhibit_step -- one input to one scope. Errors: none; a pair without a row changes nothing.
 * Source: rows I1 to I8 of docs/alarm-states.md. */
struct vg_inhibit_result vg_inhibit_step(struct vg_inhibit *m, enum vg_inhibit_input in,
                                         const struct vg_inhibit_ctx *ctx);

const char *vg_inhibit_input_name(enum vg_inhibit_input in);

#endif
