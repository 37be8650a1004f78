/*
 * pulse.c -- see pulse.h.
 */
#include "tools/annunciator/pulse.h"

#include <math.h>

#define PI 3.14159265358979323846
/* Where half a cosine passes 10 % and 90 % of its height, as parts of its length. */
#define AT_10 0.20483276469913345
#define AT_90 0.79516723530086655

static const double ns = 1e-9;

static double tone_at(const struct pulse *p, double phase)
{
    double tone = 0;
    for (unsigned i = 0; i <= p->set->harmonic_count; i++) {
        tone += p->weight[i] * sin(phase * (i + 1));
    }
    return tone;
}

/* Weights so that the highest point of a period is nearly 1. */
static void weigh(struct pulse *p)
{
    double peak = 0;
    p->weight[0] = 1;
    for (unsigned i = 0; i < p->set->harmonic_count; i++) {
        p->weight[i + 1] = pow(10, p->set->harmonic_db[i] / 20.0);
    }
    for (int i = 0; i < 128; i++) {
        peak = fmax(peak, fabs(tone_at(p, PI * i / 128)));
    }
    for (unsigned i = 0; i <= p->set->harmonic_count; i++) {
        p->weight[i] /= peak * 1.02;
    }
}

void pulse_make(struct pulse *p, const struct tone_set *set, enum vg_priority prio,
                enum vg_category cat, unsigned index)
{
    const struct tone_signal *s = &set->signal[prio];
    double part = AT_90 - AT_10;

    p->set = set;
    p->hz = set->melody[cat].hz[index % TONE_NOTES];
    p->length_s = (double)s->pulse_ns * ns;
    p->rise_s = (double)tones_rise_ns(set, s) * ns / part;
    p->fall_s = (double)set->fall_ns * ns / part;
    p->before_s = p->rise_s * AT_90;
    p->after_s = p->fall_s * AT_90;
    weigh(p);
}

static double ramp(double part)
{
    return part <= 0 ? 0 : part >= 1 ? 1 : (1 - cos(PI * part)) / 2;
}

double pulse_at(const struct pulse *p, double t_s)
{
    double t = t_s + p->before_s;
    double left = p->length_s + p->after_s - t_s;

    if (t <= 0 || left <= 0) {
        return 0;
    }
    return tone_at(p, 2 * PI * p->hz * t) * ramp(t / p->rise_s) * ramp(left / p->fall_s);
}
