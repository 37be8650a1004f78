/*
 * tones.h -- a tone set: everything the sound of an alarm consists of, read from a file.
 *
 * The ranges are those of IEC 60601-1-8 (auditory alarm signals: pulses, bursts, melodies, as its
 * tables 3 and 4 are quoted in public literature). The reader refuses a set outside of them; that
 * and the tests are all that is claimed.
 */
#ifndef VIGIL_LIB_TONES_H
#define VIGIL_LIB_TONES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/sink_state.h"
#include "lib/yaml.h"

#define TONE_NOTES 5
#define TONE_HARMONICS_MAX 12

/* Times are between the points where a pulse reaches 90 % of its height. */
struct tone_signal {
    int64_t pulse_ns;
    int64_t spacing_ns;
    int64_t pause_ns; /* between the two halves of a burst of ten */
    int64_t interburst_ns;
    uint8_t pulses;
};

struct tone_melody {
    uint16_t count;
    uint16_t hz[TONE_NOTES];
};

struct tone_set {
    char name[40];
    int64_t fall_ns;  /* 90 % to 10 % */
    int32_t level_cb; /* of a full volume, in tenths of dB below full scale */
    uint8_t version;
    uint8_t rise_percent; /* of the pulse, 10 % to 90 % */
    uint16_t harmonic_count;
    int8_t harmonic_db[TONE_HARMONICS_MAX]; /* of the 2nd, 3rd ... against the fundamental */
    struct tone_signal signal[VG_PRIO_COUNT];
    struct tone_melody melody[VG_CAT_COUNT];
};

/* tones_load -- read and check FILE; every error is a line in log. */
VG_NODISCARD enum vg_status tones_load(struct tone_set *t, const char *file, FILE *log);
/* tones_read -- the same from an open document. */
VG_NODISCARD enum vg_status tones_read(struct tone_set *t, struct vg_yaml *y);

/* tones_gap_ns -- from the end of pulse `after` (counted from 0) to the begin of the next one. */
int64_t tones_gap_ns(const struct tone_signal *s, unsigned after);
/* tones_rise_ns -- 10 % to 90 %. */
int64_t tones_rise_ns(const struct tone_set *t, const struct tone_signal *s);

#endif
