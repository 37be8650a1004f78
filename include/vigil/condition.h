/*
 * condition.h -- what is known of each alarm condition, as a row: for whoever shows, records or
 * judges it. The rows are in core/alarm_catalogue.c.
 */
#ifndef VIGIL_CONDITION_H
#define VIGIL_CONDITION_H

#include "vigil/alarm.h"
#include "vigil/vital.h"

enum vg_alarm_kind { VG_ALARM_PHYS, VG_ALARM_TECH };
enum vg_side { VG_SIDE_NONE, VG_SIDE_LOW, VG_SIDE_HIGH }; /* which limit the row compares with */
enum vg_subject_kind { VG_SUBJ_NONE, VG_SUBJ_DEVICE, VG_SUBJ_VITAL, VG_SUBJ_SINK };

struct vg_condition_row {
    const char *name;
    const char *text; /* for people; no synonyms */
    uint8_t kind;     /* enum vg_alarm_kind */
    uint8_t priority; /* enum vg_priority: the highest the row can reach */
    uint8_t side;     /* enum vg_side */
    uint8_t subject;  /* enum vg_subject_kind: what the slot is about */
    uint8_t vital;    /* enum vg_vital for PHYS rows */
    uint8_t category; /* enum vg_category: its melody */
    uint8_t rapid;    /* condition whose limit is this row's RAPID threshold, or COUNT */
    uint8_t confirm;  /* consecutive violating samples needed, >= 1 */
    int32_t hysteresis_milli;
    struct vg_limit defaults;           /* limit (adult), delay, clear time, latch */
    int32_t floor_milli, ceiling_milli; /* what configuration may set the limit to */
};

const struct vg_condition_row *vg_condition_get(enum vg_condition c);

#endif
