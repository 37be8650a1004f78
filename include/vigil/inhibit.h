/*
 * inhibit.h -- the four ways IEC 60601-1-8 knows to make an alarm be quiet, minus the one nobody
 * gets: there is no "audio off".
 *
 * Inhibition is of signals, never of conditions: machine C does not know it. Every inhibition is
 * published with its scope and remaining time, ends by itself or with a reminder, and none survives
 * a restart.
 */
#ifndef VIGIL_INHIBIT_H
#define VIGIL_INHIBIT_H

#include <stdint.h>

#include "vigil/capacity.h"

/* States of machine I; one machine for the sound of a bed, one for each vital. */
enum vg_inhibit_state {
    VG_IS_ON,
    VG_IS_AUDIO_PAUSED, /* no sound of the instances that were present */
    VG_IS_ALARM_PAUSED, /* no signal of one vital, for a time */
    VG_IS_ALARM_OFF,    /* no signal of one vital, until somebody ends it */
    VG_IS_COUNT
};

/* What a person asks for. */
enum vg_inhibit_what {
    VG_IW_AUDIO_PAUSE, /* a second one ends the first */
    VG_IW_ALARM_PAUSE,
    VG_IW_ALARM_OFF,
    VG_IW_ALARM_ON,
    VG_IW_MOVED, /* no wish: the engine reports a move */
    VG_IW_COUNT
};

struct vg_inhibit_event {
    char request_id[VG_REQUEST_ID_MAX]; /* empty on a move */
    char operator_id[VG_NAME_MAX];
    char reason[VG_REASON_MAX];
    uint8_t what;     /* enum vg_inhibit_what */
    uint8_t vital;    /* enum vg_vital; VG_VITAL_COUNT: the sound of the bed */
    uint8_t from, to; /* MOVED: enum vg_inhibit_state */
    uint8_t row;      /* MOVED: n of row In */
};

#define VG_AUDIO_PAUSE_S 120
#define VG_ALARM_PAUSE_S 120
#define VG_OFF_REMINDER_S 120

const char *vg_inhibit_state_name(enum vg_inhibit_state s);
const char *vg_inhibit_what_name(enum vg_inhibit_what w);

#endif
