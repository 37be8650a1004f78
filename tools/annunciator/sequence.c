/*
 * sequence.c -- see sequence.h.
 */
#include "tools/annunciator/sequence.h"

#include <math.h>
#include <string.h>

/* Between two voices: one must be heard to end. */
#define CHANGE_S 0.2

void sequence_init(struct sequence *q, const struct tone_set *set, unsigned rate, unsigned volume,
                   unsigned volume_max)
{
    memset(q, 0, sizeof *q);
    q->set = set;
    q->rate = rate;
    q->volume = volume;
    q->volume_max = volume_max;
}

void sequence_want(struct sequence *q, const struct sequence_voice *v)
{
    q->want = *v;
}

static int64_t samples(const struct sequence *q, double s)
{
    return (int64_t)ceil(s * q->rate);
}

/* The pulse at q->index, whose time zero is `zero`. */
static void place_pulse(struct sequence *q, double zero)
{
    pulse_make(&q->pulse, q->set, (enum vg_priority)q->now.priority,
               (enum vg_category)q->now.category, q->index);
    q->zero = zero;
    q->begin = (int64_t)floor(zero - q->pulse.before_s * q->rate);
    q->end = (int64_t)ceil(zero + (q->pulse.length_s + q->pulse.after_s) * q->rate);
}

static void begin_burst(struct sequence *q)
{
    unsigned step = q->bursts < SEQUENCE_BURSTS_RISING ? q->bursts : SEQUENCE_BURSTS_RISING - 1;
    unsigned percent = q->volume +
                       (q->volume_max - q->volume) * step / (SEQUENCE_BURSTS_RISING - 1);
    q->height = percent / 100.0 * pow(10, q->set->level_cb / 200.0) * INT16_MAX;
    q->index = 0;
    place_pulse(q, 0);
}

static void begin_voice(struct sequence *q)
{
    bool sounded = q->now.number != 0;
    bool goes_on = sounded && q->now.cause == q->want.cause;
    q->now = q->want;
    q->bursts = goes_on ? q->bursts : 0;
    q->heard = 0;
    if (q->now.number != 0) {
        begin_burst(q);
        q->at = q->begin - (sounded ? samples(q, CHANGE_S) : 0);
    }
}

static void end_pulse(struct sequence *q)
{
    const struct tone_signal *s = &q->set->signal[q->now.priority];
    double period_s = q->pulse.length_s;
    if (q->index + 1 < s->pulses) {
        period_s += (double)tones_gap_ns(s, q->index) * 1e-9;
        q->index++;
        place_pulse(q, q->zero + period_s * q->rate);
        return;
    }
    period_s += (double)s->interburst_ns * 1e-9;
    q->at -= (int64_t)(q->zero + period_s * q->rate);
    q->bursts++;
    begin_burst(q);
}

static int16_t next(struct sequence *q)
{
    int16_t out = 0;
    bool inside = q->now.number != 0 && q->at >= q->begin;
    if (!inside && q->now.number != q->want.number) {
        begin_voice(q);
    }
    if (q->now.number == 0) {
        return 0;
    }
    if (q->at >= q->begin) {
        double t_s = ((double)q->at - q->zero) / q->rate;
        out = (int16_t)lrint(q->height * pulse_at(&q->pulse, t_s));
        if (q->heard == 0 && t_s >= q->pulse.length_s / 2) {
            q->heard = q->done + 1;
        }
    }
    q->at++;
    if (q->at >= q->end) {
        end_pulse(q);
    }
    return out;
}

void sequence_make(struct sequence *q, int16_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = next(q);
        q->done++;
    }
}
