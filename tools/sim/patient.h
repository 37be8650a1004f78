/*
 * patient.h -- a deterministic patient for the simulators.
 *
 * The same seed gives the same patient on every machine: integers only, and every vital is a pure
 * function of the seed and of the time since the start. Only the pleth carries state (its phase),
 * and that advances once per frame, never per wall-clock second.
 */
#ifndef VIGIL_TOOLS_SIM_PATIENT_H
#define VIGIL_TOOLS_SIM_PATIENT_H

#include <stdbool.h>
#include <stdint.h>

#define VG_NS_PER_S 1000000000LL
#define VG_NS_PER_MS 1000000LL
#define VG_PLETH_PER_S 75

/* PCG32 random generator (M. E. O'Neill, pcg-random.org, 2014). */
struct vg_pcg {
    uint64_t state;
};

struct vg_patient_setup {
    uint64_t seed;
    int spo2_percent;
    int pulse_rate_bpm;
    int nibp_sys_mmhg;
    int nibp_dia_mmhg;
    bool has_course; /* false: stays at the baseline for ever */
    int64_t dose_ns; /* moment of the dose, counted from the start; may be negative */
};

struct vg_patient {
    struct vg_patient_setup setup;
    int sys_peak_mmhg; /* rise at the peak of the course, drawn from the seed */
    int dia_peak_mmhg;
    int pulse_rate_peak_bpm;
    uint32_t pleth_phase; /* 2^32 is one beat */
    uint64_t pleth_count;
    struct vg_pcg pleth_noise;
};

struct vg_vitals {
    int spo2_percent;
    int pulse_rate_bpm;
    int perfusion_index_centi; /* hundredths of a percent */
    int nibp_sys_mmhg;
    int nibp_dia_mmhg;
    int nibp_mean_mmhg;
};

void vg_pcg_init(struct vg_pcg *r, uint64_t seed);
uint32_t vg_pcg_next(struct vg_pcg *r);

/* vg_pcg_below -- a number from 0 to limit-1; limit 0 gives 0. */
uint32_t vg_pcg_below(struct vg_pcg *r, uint32_t limit);

void vg_patient_init(struct vg_patient *p, const struct vg_patient_setup *setup);

/*
 * vg_patient_vitals -- the vitals at one moment.
 *
 *   p       in   the patient
 *   out     out  all fields set
 *   now_ns  in   time since the start
 *
 * Range:  spo2 1..100, pulse rate 20..300, dia < mean < sys.
 * Errors: none.
 */
void vg_patient_vitals(const struct vg_patient *p, struct vg_vitals *out, int64_t now_ns);

/*
 * vg_patient_step_pleth -- advance the pleth by one sample (1/75 s).
 *
 *   p               in/out
 *   sample          out  0..255
 *   pulse_rate_bpm  in   rate of this sample, 1..400
 *   amplitude       in   0..210, height of the pulse wave
 *
 * Returns true when a beat begins with this sample.
 */
bool vg_patient_step_pleth(struct vg_patient *p, uint8_t *sample, int pulse_rate_bpm,
                           int amplitude);

/* vg_mean_pressure_mmhg -- one third of the way from dia to sys, to the nearest mmHg. */
int vg_mean_pressure_mmhg(int sys_mmhg, int dia_mmhg);

#endif
