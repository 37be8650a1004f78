/*
 * The patient model. It draws plausible bedside numbers; it is not physiology, and nothing in it
 * may be used to judge a treatment.
 *
 * The course after a dose follows published ketamine observations: Riva-Posse et al., J Affect
 * Disord 2018 (684 infusions: mean peak +3.3/+3.2 mmHg at 30 min); a cohort of 135 patients and 741
 * infusions (peak at 30 to 40 min, mean +7.4/+6.0 mmHg, pulse +1.9/min); Szarmach et al.,
 * Neuropsychiatr Dis Treat 2020 (pressure and pulse back at the baseline within 1.5 h). Each seed
 * draws its peak between those means and the +20/+10 mmHg that clinics plan for.
 *
 * Trap: vitals must not depend on how often they are asked for. Slow variation is therefore hashed
 * from (seed, stream, segment number), not drawn from a running generator.
 */
#include "patient.h"

#include <stddef.h>

#define NS_PER_MIN (60LL * VG_NS_PER_S)
#define RESPIRATION_NS (4LL * VG_NS_PER_S) /* 15 breaths a minute */

enum noise_stream {
    STREAM_SPO2 = 1,
    STREAM_PULSE_RATE,
    STREAM_SYS,
    STREAM_DIA,
    STREAM_PERFUSION,
    STREAM_PEAK
};

struct course_point {
    int minute;
    int percent; /* of the peak */
};

static const struct course_point course[] = { { 0, 0 },    { 5, 20 },  { 15, 55 }, { 30, 100 },
                                              { 40, 100 }, { 60, 55 }, { 75, 25 }, { 90, 0 } };

/* One pulse of an infrared pleth: fast rise, dicrotic notch, slow run-off. */
static const uint8_t pulse_shape[32] = { 0,   18,  60,  120, 180, 225, 250, 255, 248, 232, 212,
                                         190, 168, 148, 132, 120, 114, 116, 122, 124, 118, 108,
                                         96,  84,  72,  60,  50,  40,  31,  23,  15,  7 };

void vg_pcg_init(struct vg_pcg *r, uint64_t seed)
{
    r->state = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    (void)vg_pcg_next(r);
}

uint32_t vg_pcg_next(struct vg_pcg *r)
{
    uint64_t old = r->state;
    uint32_t word = (uint32_t)((((old >> 18U) ^ old) >> 27U) & 0xFFFFFFFFU);
    uint32_t turn = (uint32_t)(old >> 59U);

    r->state = old * 6364136223846793005ULL + 1442695040888963407ULL;
    return (word >> turn) | (word << ((32U - turn) & 31U));
}

uint32_t vg_pcg_below(struct vg_pcg *r, uint32_t limit)
{
    if (limit == 0U) {
        return 0U;
    }
    return (uint32_t)(((uint64_t)vg_pcg_next(r) * limit) >> 32U);
}

/* splitmix64 finaliser (Steele, Lea, Flood, 2014). */
static uint64_t hash(uint64_t seed, uint64_t stream, uint64_t index)
{
    uint64_t z = seed + (stream << 48U) + (index + 1U) * 0x9E3779B97F4A7C15ULL;

    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
}

/* A value from -amplitude to +amplitude, piecewise linear between hashed points. */
static int64_t wander(const struct vg_patient *p, enum noise_stream stream, int64_t now_ns,
                      int64_t period_ns, int64_t amplitude)
{
    int64_t segment = now_ns / period_ns;
    int64_t part_ms = (now_ns % period_ns) / VG_NS_PER_MS;
    int64_t period_ms = period_ns / VG_NS_PER_MS;
    int64_t span = 2 * amplitude + 1;
    uint64_t from_hash = hash(p->setup.seed, (uint64_t)stream, (uint64_t)segment);
    uint64_t to_hash = hash(p->setup.seed, (uint64_t)stream, (uint64_t)segment + 1U);
    int64_t from = (int64_t)(from_hash % (uint64_t)span) - amplitude;
    int64_t to = (int64_t)(to_hash % (uint64_t)span) - amplitude;

    return from + (to - from) * part_ms / period_ms;
}

/* A triangle from -amplitude to +amplitude. */
static int64_t breathe(int64_t now_ns, int64_t amplitude)
{
    int64_t part = (now_ns % RESPIRATION_NS) * 4000 / RESPIRATION_NS; /* 0..3999 */
    int64_t height = part < 2000 ? part - 1000 : 3000 - part;

    return amplitude * height / 1000;
}

/* Course in thousandths of the peak. */
static int64_t course_milli(const struct vg_patient *p, int64_t now_ns)
{
    int64_t since_ns = now_ns - p->setup.dose_ns;

    if (!p->setup.has_course || since_ns <= 0) {
        return 0;
    }
    for (size_t i = 1; i < sizeof course / sizeof course[0]; i++) {
        int64_t from_ns = course[i - 1].minute * NS_PER_MIN;
        int64_t to_ns = course[i].minute * NS_PER_MIN;

        if (since_ns < to_ns) {
            int64_t from = course[i - 1].percent;
            int64_t step = course[i].percent - from;
            int64_t part = (since_ns - from_ns) / VG_NS_PER_MS;

            return from * 10 + step * 10 * part / ((to_ns - from_ns) / VG_NS_PER_MS);
        }
    }
    return 0;
}

static int to_unit(int64_t milli)
{
    return (int)((milli + (milli >= 0 ? 500 : -500)) / 1000);
}

static int clamp(int value, int low, int high)
{
    if (value < low) {
        return low;
    }
    return value > high ? high : value;
}

int vg_mean_pressure_mmhg(int sys_mmhg, int dia_mmhg)
{
    return (sys_mmhg + 2 * dia_mmhg + 1) / 3;
}

void vg_patient_init(struct vg_patient *p, const struct vg_patient_setup *setup)
{
    *p = (struct vg_patient){ .setup = *setup };
    p->sys_peak_mmhg = 8 + (int)(hash(setup->seed, STREAM_PEAK, 0) % 13U);
    p->dia_peak_mmhg = 6 + (int)(hash(setup->seed, STREAM_PEAK, 1) % 5U);
    p->pulse_rate_peak_bpm = 2 + (int)(hash(setup->seed, STREAM_PEAK, 2) % 7U);
    vg_pcg_init(&p->pleth_noise, setup->seed);
}

void vg_patient_vitals(const struct vg_patient *p, struct vg_vitals *out, int64_t now_ns)
{
    const struct vg_patient_setup *s = &p->setup;
    int64_t now = now_ns > 0 ? now_ns : 0;
    int64_t rise = course_milli(p, now);
    int64_t spo2 = s->spo2_percent * 1000LL - rise;
    int64_t pulse_rate = s->pulse_rate_bpm * 1000LL + p->pulse_rate_peak_bpm * rise;
    int64_t sys = s->nibp_sys_mmhg * 1000LL + p->sys_peak_mmhg * rise;
    int64_t dia = s->nibp_dia_mmhg * 1000LL + p->dia_peak_mmhg * rise;

    spo2 += wander(p, STREAM_SPO2, now, 20 * VG_NS_PER_S, 800);
    pulse_rate += wander(p, STREAM_PULSE_RATE, now, 15 * VG_NS_PER_S, 1800) + breathe(now, 1200);
    sys += wander(p, STREAM_SYS, now, 60 * VG_NS_PER_S, 3000) + breathe(now, 1000);
    dia += wander(p, STREAM_DIA, now, 60 * VG_NS_PER_S, 2000);

    out->spo2_percent = clamp(to_unit(spo2), 1, 100);
    out->pulse_rate_bpm = clamp(to_unit(pulse_rate), 20, 300);
    out->perfusion_index_centi = 250 + (int)wander(p, STREAM_PERFUSION, now, 10 * VG_NS_PER_S, 60);
    out->nibp_sys_mmhg = clamp(to_unit(sys), 35, 280);
    out->nibp_dia_mmhg = clamp(to_unit(dia), 20, out->nibp_sys_mmhg - 8);
    out->nibp_mean_mmhg = vg_mean_pressure_mmhg(out->nibp_sys_mmhg, out->nibp_dia_mmhg);
}

bool vg_patient_step_pleth(struct vg_patient *p, uint8_t *sample, int pulse_rate_bpm, int amplitude)
{
    /* 2^32 / (60 s * 75 samples) = 954437: phase of one sample at one beat per minute. */
    uint32_t advance = (uint32_t)pulse_rate_bpm * 954437U;
    uint32_t before = p->pleth_phase;
    int64_t now_ns = (int64_t)(p->pleth_count * 40000000U / 3U);
    uint32_t index = 0;
    int part = 0;
    int shape = 0;
    int value = 0;

    p->pleth_phase = before + advance;
    p->pleth_count++;
    index = p->pleth_phase >> 27U;
    part = (int)((p->pleth_phase >> 19U) & 0xFFU);
    shape = pulse_shape[index] * (256 - part) + pulse_shape[(index + 1U) & 31U] * part;
    value = 24 + (shape >> 8) * amplitude / 255 + (int)breathe(now_ns, 8) +
            (int)vg_pcg_below(&p->pleth_noise, 3U) - 1;
    *sample = (uint8_t)clamp(value, 0, 255);
    return p->pleth_phase < before;
}
