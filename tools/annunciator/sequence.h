/*
 * sequence.h -- bursts in time: what is to be voiced, into samples.
 *
 * Pure: samples are its only clock. A pulse that has begun is finished, then what is wanted by then
 * goes on: silence, the next pulse, or another alarm from its beginning. The volume rises over the
 * first three bursts of a voice.
 *
 * Trap: a burst is not finished for its own sake. Who has acknowledged must not hear nine more
 * pulses.
 */
#ifndef VIGIL_ANNUNCIATOR_SEQUENCE_H
#define VIGIL_ANNUNCIATOR_SEQUENCE_H

#include <stddef.h>

#include "tools/annunciator/pulse.h"

#define SEQUENCE_BURSTS_RISING 3

/* What to sound. Another number is another voice: it begins anew. 0: silence. Voices of one cause
 * (an instance that became worse) go on as loud as they had become. */
struct sequence_voice {
    uint32_t number;
    uint32_t cause;
    uint8_t priority; /* enum vg_priority */
    uint8_t category; /* enum vg_category */
};

struct sequence {
    const struct tone_set *set;
    unsigned rate;
    unsigned volume, volume_max; /* percent, of the first burst and of the third */
    struct sequence_voice want, now;
    int64_t done;       /* samples made in all */
    int64_t at;         /* samples since the burst began; negative: still silent */
    int64_t begin, end; /* of the next or present pulse, samples of the burst */
    double zero;        /* its time zero, samples of the burst */
    double height;
    unsigned index;  /* of that pulse */
    unsigned bursts; /* finished ones of this cause */
    int64_t heard;   /* `done` when the first pulse of this voice was half over; 0 = not yet */
    struct pulse pulse;
};

void sequence_init(struct sequence *q, const struct tone_set *set, unsigned rate, unsigned volume,
                   unsigned volume_max);
void sequence_want(struct sequence *q, const struct sequence_voice *v);
/* sequence_make -- the next n samples. */
void sequence_make(struct sequence *q, int16_t *out, size_t n);

#endif
