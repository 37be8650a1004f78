/*
 * plausible.h -- what no driver may ever call good: the ranges of the vitals once more, written
 * down independently of the program's own table.
 */
#ifndef VIGIL_TESTS_SUPPORT_PLAUSIBLE_H
#define VIGIL_TESTS_SUPPORT_PLAUSIBLE_H

#include "vigil/event.h"

static inline bool is_plausible_reading(enum vg_vital vital, int32_t milli, enum vg_quality q)
{
    static const struct {
        int32_t min, max;
    } of[VG_VITAL_COUNT] = {
        [VG_VITAL_SPO2] = { 1000, 100000 },
        [VG_VITAL_PULSE_RATE] = { 18000, 350000 },
        [VG_VITAL_PERFUSION_INDEX] = { 10, 30000 },
        [VG_VITAL_PLETH] = { 0, 65535000 },
        [VG_VITAL_NIBP_SYS] = { 30000, 300000 },
        [VG_VITAL_NIBP_DIA] = { 20000, 280000 },
        [VG_VITAL_NIBP_MEAN] = { 20000, 290000 },
        [VG_VITAL_NIBP_PULSE_RATE] = { 20000, 300000 },
        [VG_VITAL_CUFF_PRESSURE] = { -30000, 350000 },
    };

    if (q == VG_QUALITY_OK || q == VG_QUALITY_QUESTIONABLE) {
        return milli >= of[vital].min && milli <= of[vital].max;
    }
    return q == VG_QUALITY_INVALID && milli == 0;
}

/* A good result is a blood pressure; a bad one has no numbers. */
static inline bool is_plausible_nibp(const struct vg_nibp *n)
{
    if (n->error >= VG_NIBP_ERROR_COUNT) {
        return false;
    }
    if (n->error != VG_NIBP_OK) {
        return n->sys_milli == 0 && n->dia_milli == 0 && n->mean_milli == 0 &&
               n->pulse_rate_milli == 0;
    }
    return n->dia_milli >= 20000 && n->dia_milli < n->mean_milli && n->mean_milli < n->sys_milli &&
           n->sys_milli <= 300000 && n->sys_milli - n->dia_milli >= 5000 &&
           (n->pulse_rate_milli == 0 ||
            (n->pulse_rate_milli >= 20000 && n->pulse_rate_milli <= 300000));
}

#endif
