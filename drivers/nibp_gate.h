/*
 * nibp_gate.h -- the last look at the numbers of a determination, the same for every cuff.
 *
 * A checksum proves that numbers arrived as sent, not that they are a blood pressure: devices
 * differ in field order, and registers may hold rubbish. dia < mean < sys catches exchanged
 * fields. A result that fails has no value at all.
 */
#ifndef VIGIL_DRIVERS_NIBP_GATE_H
#define VIGIL_DRIVERS_NIBP_GATE_H

#include "vigil/event.h"

#define VG_NIBP_PULSE_PRESSURE_MIN_MILLI 5000
#define VG_NIBP_DIA_MIN_MILLI 20000
#define VG_NIBP_SYS_MAX_MILLI 300000
#define VG_NIBP_RATE_MIN_MILLI 20000
#define VG_NIBP_RATE_MAX_MILLI 300000

/* A rate of 0 means that the cuff gave none, and is not a fault. */
static inline bool vg_nibp_is_plausible(const struct vg_nibp *n)
{
    bool rate_ok = n->pulse_rate_milli == 0 || (n->pulse_rate_milli >= VG_NIBP_RATE_MIN_MILLI &&
                                                n->pulse_rate_milli <= VG_NIBP_RATE_MAX_MILLI);

    return rate_ok && n->dia_milli >= VG_NIBP_DIA_MIN_MILLI &&
           n->sys_milli <= VG_NIBP_SYS_MAX_MILLI && n->dia_milli < n->mean_milli &&
           n->mean_milli < n->sys_milli &&
           n->sys_milli - n->dia_milli >= VG_NIBP_PULSE_PRESSURE_MIN_MILLI;
}

/* A result without numbers. */
static inline struct vg_nibp vg_nibp_failed(enum vg_nibp_error error, uint16_t native_code)
{
    struct vg_nibp n = { .native_code = native_code, .error = (uint8_t)error };

    return n;
}

#endif
