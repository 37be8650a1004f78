/*
 * pulse.h -- one pulse of an alarm signal: a fundamental with harmonics, under a smooth envelope.
 *
 * Pure. Ramps are halves of a cosine: no click, and between 10 % and 90 % lies 59 % of each. Time
 * zero is the 90 % point of the rise, the pulse's begin as IEC 60601-1-8 counts it.
 */
#ifndef VIGIL_ANNUNCIATOR_PULSE_H
#define VIGIL_ANNUNCIATOR_PULSE_H

#include "lib/tones.h"

struct pulse {
    const struct tone_set *set;
    double hz;
    double length_s;                       /* between the 90 % points */
    double rise_s, fall_s;                 /* the whole ramps */
    double before_s, after_s;              /* what sounds before time zero, and after length_s */
    double weight[TONE_HARMONICS_MAX + 1]; /* of the fundamental and each harmonic */
};

/* pulse_make -- the pulse of note `index` of a burst. */
void pulse_make(struct pulse *p, const struct tone_set *set, enum vg_priority prio,
                enum vg_category cat, unsigned index);
/* pulse_at -- its value at a time, within -1 and 1; 0 outside. */
double pulse_at(const struct pulse *p, double t_s);

#endif
