/*
 * determination.h -- one non-invasive pressure determination as the cuff performs it: zeroing,
 * inflation, step-less deflation with a ripple, dump. Shared by the serial cuff and the Modbus
 * unit.
 */
#ifndef VIGIL_TOOLS_SIM_DETERMINATION_H
#define VIGIL_TOOLS_SIM_DETERMINATION_H

#include "fault.h"
#include "patient.h"

#include <stdbool.h>
#include <stdint.h>

/* The numbers are those of the VM-2 register nibp_state. */
enum vg_determination_state {
    VG_DETERMINATION_IDLE = 0,
    VG_DETERMINATION_ZEROING = 1,
    VG_DETERMINATION_INFLATING = 2,
    VG_DETERMINATION_MEASURING = 3,
    VG_DETERMINATION_DONE = 4,
    VG_DETERMINATION_FAILED = 5,
    VG_DETERMINATION_ABORTED = 6
};

struct vg_determination {
    enum vg_determination_state state;
    struct vg_vitals vitals; /* what it will find */
    int error;               /* native code; 0: it will succeed */
    int peak_mmhg;
    int floor_mmhg; /* where the deflation ends and the valve opens */
    int64_t start_ns;
    int64_t zeroed_ns;
    int64_t inflated_ns;
    int64_t measured_ns;
    int64_t end_ns; /* cuff empty; also the end of an abort or failure */
    int abort_mmhg;
};

struct vg_determination_setup {
    int64_t total_ns; /* length; 0 = as long as the pressures ask for */
    int initial_mmhg; /* initial inflation; raised when it would not reach the systolic pressure */
    int limit_mmhg;   /* the cuff never exceeds it */
};

/*
 * vg_determination_start -- begin; the readings are fixed here.
 *
 *   faults  in-out  sys and fail are looked up, and used up where they are for one reading
 */
void vg_determination_start(struct vg_determination *d, struct vg_fault_list *faults,
                            const struct vg_patient *patient,
                            const struct vg_determination_setup *setup, int64_t now_ns);

/* vg_determination_step -- move on; true exactly once, when it has become done or failed. */
bool vg_determination_step(struct vg_determination *d, int64_t now_ns);

/* vg_determination_abort -- open the valve; the cuff is empty 1.5 s later at the latest. */
void vg_determination_abort(struct vg_determination *d, int64_t now_ns);

bool vg_determination_is_busy(const struct vg_determination *d);

/* vg_determination_is_dumping -- aborted, and the cuff not empty yet. */
bool vg_determination_is_dumping(const struct vg_determination *d, int64_t now_ns);

int vg_determination_pressure_mmhg(const struct vg_determination *d, int64_t now_ns);

/* vg_determination_next_ns -- when step has something to do; INT64_MAX when idle. */
int64_t vg_determination_next_ns(const struct vg_determination *d);

#endif
