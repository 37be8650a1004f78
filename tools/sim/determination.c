/*
 * The cuff. Rates follow what public driver code and manuals of oscillometric modules show: 4 to 8
 * s of inflation, 3 to 5 mmHg/s of deflation with a ripple of 1 to 3 mmHg, valve open within 2 s.
 */
#include "determination.h"

#define DEFLATION_MMHG_PER_S 4
#define INFLATION_NS (6 * VG_NS_PER_S)
#define ABORT_DUMP_NS (1500 * VG_NS_PER_MS)

static void find_readings(struct vg_determination *d, struct vg_fault_list *faults,
                          const struct vg_patient *patient, int64_t now_ns)
{
    struct vg_vitals *v = &d->vitals;
    int64_t arg = 0;

    vg_patient_vitals(patient, v, now_ns);
    if (vg_fault_is_active(faults, &arg, VG_FAULT_SYS, now_ns)) {
        vg_fault_consume_open(faults, VG_FAULT_SYS, now_ns);
        v->nibp_sys_mmhg = (int)arg;
        if (v->nibp_dia_mmhg + 8 > v->nibp_sys_mmhg) {
            v->nibp_dia_mmhg = v->nibp_sys_mmhg * 2 / 3;
        }
        v->nibp_mean_mmhg = vg_mean_pressure_mmhg(v->nibp_sys_mmhg, v->nibp_dia_mmhg);
    }
    if (vg_fault_is_active(faults, &arg, VG_FAULT_PR, now_ns)) {
        v->pulse_rate_bpm = (int)arg;
    }
    d->error = 0;
    if (vg_fault_consume(faults, &arg, VG_FAULT_FAIL, now_ns)) {
        d->error = (int)arg;
    }
}

void vg_determination_start(struct vg_determination *d, struct vg_fault_list *faults,
                            const struct vg_patient *patient,
                            const struct vg_determination_setup *setup, int64_t now_ns)
{
    int64_t natural_ns = 0;
    int64_t scale_ns = 0;
    int deflation_mmhg = 0;

    find_readings(d, faults, patient, now_ns);
    d->peak_mmhg = setup->initial_mmhg;
    if (d->peak_mmhg < d->vitals.nibp_sys_mmhg + 25) {
        d->peak_mmhg = d->vitals.nibp_sys_mmhg + 25;
    }
    if (d->peak_mmhg > setup->limit_mmhg) {
        d->peak_mmhg = setup->limit_mmhg;
    }
    d->floor_mmhg = d->vitals.nibp_dia_mmhg > 30 ? d->vitals.nibp_dia_mmhg - 15 : 15;
    deflation_mmhg = d->peak_mmhg > d->floor_mmhg ? d->peak_mmhg - d->floor_mmhg : 1;

    /* Zeroing 0.5 s, inflation 6 s, deflation, dump 1 s; a given length scales all four. */
    natural_ns = 1500 * VG_NS_PER_MS + INFLATION_NS +
                 deflation_mmhg * VG_NS_PER_S / DEFLATION_MMHG_PER_S;
    scale_ns = (setup->total_ns > 0 ? setup->total_ns : natural_ns) / (natural_ns / VG_NS_PER_MS);
    d->start_ns = now_ns;
    d->zeroed_ns = now_ns + 500 * scale_ns;
    d->inflated_ns = d->zeroed_ns + INFLATION_NS / VG_NS_PER_MS * scale_ns;
    d->end_ns = now_ns + (setup->total_ns > 0 ? setup->total_ns : natural_ns);
    d->measured_ns = d->end_ns - 1000 * scale_ns;
    d->state = VG_DETERMINATION_ZEROING;
}

bool vg_determination_is_busy(const struct vg_determination *d)
{
    return d->state == VG_DETERMINATION_ZEROING || d->state == VG_DETERMINATION_INFLATING ||
           d->state == VG_DETERMINATION_MEASURING;
}

bool vg_determination_step(struct vg_determination *d, int64_t now_ns)
{
    if (!vg_determination_is_busy(d)) {
        return false;
    }
    if (now_ns >= d->end_ns) {
        d->state = d->error == 0 ? VG_DETERMINATION_DONE : VG_DETERMINATION_FAILED;
        return true;
    }
    if (now_ns >= d->inflated_ns) {
        d->state = VG_DETERMINATION_MEASURING;
    } else if (now_ns >= d->zeroed_ns) {
        d->state = VG_DETERMINATION_INFLATING;
    }
    return false;
}

void vg_determination_abort(struct vg_determination *d, int64_t now_ns)
{
    d->abort_mmhg = vg_determination_pressure_mmhg(d, now_ns);
    d->state = VG_DETERMINATION_ABORTED;
    d->start_ns = now_ns;
    d->end_ns = now_ns + ABORT_DUMP_NS;
}

bool vg_determination_is_dumping(const struct vg_determination *d, int64_t now_ns)
{
    return d->state == VG_DETERMINATION_ABORTED && now_ns < d->end_ns;
}

/* Value on the straight line from (from_ns, from) to (to_ns, to). */
static int ramp(int64_t now_ns, int64_t from_ns, int64_t to_ns, int from, int to)
{
    int64_t span_us = (to_ns - from_ns) / 1000;

    if (now_ns >= to_ns || span_us <= 0) {
        return to;
    }
    return from + (int)((to - from) * ((now_ns - from_ns) / 1000) / span_us);
}

/* The arterial pulse moves the cuff most near the mean pressure. */
static int ripple_mmhg(const struct vg_determination *d, int64_t now_ns, int cuff_mmhg)
{
    int64_t beat_ns = 60 * VG_NS_PER_S /
                      (d->vitals.pulse_rate_bpm > 0 ? d->vitals.pulse_rate_bpm : 60);
    int distance = cuff_mmhg - d->vitals.nibp_mean_mmhg;
    int height = distance > -15 && distance < 15 ? 3 : 1;

    return now_ns % beat_ns < beat_ns / 4 ? height : 0;
}

int vg_determination_pressure_mmhg(const struct vg_determination *d, int64_t now_ns)
{
    int cuff = 0;

    switch (d->state) {
    case VG_DETERMINATION_IDLE:
    case VG_DETERMINATION_ZEROING:
        return 0;
    case VG_DETERMINATION_INFLATING:
        return ramp(now_ns, d->zeroed_ns, d->inflated_ns, 0, d->peak_mmhg);
    case VG_DETERMINATION_MEASURING:
        if (now_ns >= d->measured_ns) {
            return ramp(now_ns, d->measured_ns, d->end_ns, d->floor_mmhg, 2);
        }
        cuff = ramp(now_ns, d->inflated_ns, d->measured_ns, d->peak_mmhg, d->floor_mmhg);
        return cuff + ripple_mmhg(d, now_ns, cuff);
    case VG_DETERMINATION_DONE:
    case VG_DETERMINATION_FAILED:
        return ramp(now_ns, d->end_ns, d->end_ns + 5 * VG_NS_PER_S, 2, 0);
    case VG_DETERMINATION_ABORTED:
        return ramp(now_ns, d->start_ns, d->end_ns, d->abort_mmhg, 0);
    }
    return 0;
}

int64_t vg_determination_next_ns(const struct vg_determination *d)
{
    switch (d->state) {
    case VG_DETERMINATION_IDLE:
    case VG_DETERMINATION_DONE:
    case VG_DETERMINATION_FAILED:
        return INT64_MAX;
    case VG_DETERMINATION_ZEROING:
        return d->zeroed_ns;
    case VG_DETERMINATION_INFLATING:
        return d->inflated_ns;
    case VG_DETERMINATION_MEASURING:
    case VG_DETERMINATION_ABORTED:
        return d->end_ns;
    }
    return INT64_MAX;
}
