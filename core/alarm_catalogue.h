/*
 * alarm_catalogue.h -- the alarm conditions of Vigil, as data.
 *
 * A new condition is one row here and one scenario. Clinical owners change rows, not code.
 */
#ifndef VIGIL_CORE_ALARM_CATALOGUE_H
#define VIGIL_CORE_ALARM_CATALOGUE_H

#include "vigil/alarm.h"
#include "vigil/status.h"
#include "vigil/vital.h"

enum vg_alarm_kind { VG_ALARM_PHYS, VG_ALARM_TECH };
enum vg_side { VG_SIDE_NONE, VG_SIDE_LOW, VG_SIDE_HIGH }; /* which limit the row compares with */
enum vg_subject_kind { VG_SUBJ_NONE, VG_SUBJ_DEVICE, VG_SUBJ_VITAL };

struct vg_condition_row {
    const char *name;
    const char *text; /* for people; no synonyms */
    uint8_t kind;     /* enum vg_alarm_kind */
    uint8_t priority; /* enum vg_priority: the highest the row can reach */
    uint8_t side;     /* enum vg_side */
    uint8_t subject;  /* enum vg_subject_kind: what the slot is about */
    uint8_t vital;    /* enum vg_vital for PHYS rows */
    uint8_t rapid;    /* condition whose limit is this row's RAPID threshold, or COUNT */
    uint8_t confirm;  /* consecutive violating samples needed, >= 1 */
    int32_t hysteresis_milli;
    struct vg_limit defaults;           /* limit (adult), delay, clear time, latch */
    int32_t floor_milli, ceiling_milli; /* what configuration may set the limit to */
};

const struct vg_condition_row *vg_condition_get(enum vg_condition c);

/* vg_limits_default -- every condition's defaults. */
void vg_limits_default(struct vg_limits *out);

/* vg_limits_check -- low below high, within floor and ceiling, desat below low.
 * VG_OK, or VG_ERR_RANGE with the offending condition and a static sentence with the cure. */
enum vg_status vg_limits_check(const struct vg_limits *l, enum vg_condition *bad, const char **why);

/* T_ack: how long an acknowledgement silences, by priority; 0 = without end. */
int64_t vg_ack_expiry_ns(enum vg_priority p);

#endif
