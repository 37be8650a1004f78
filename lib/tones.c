/*
 * tones.c -- see tones.h. Ranges of one number stand in the tables; below them stands what concerns
 * several: that pulses do not run into each other, and that a note has enough harmonics to be found
 * by the ear.
 */
#include "lib/tones.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "vigil/time.h"

#define TABLE(rows)                                                                                \
    {                                                                                              \
        rows, VG_COUNT(rows)                                                                       \
    }
#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define MS(n) ((n)*VG_NS_PER_MS)

#define HARMONICS_LEAST 4
#define HARMONIC_HZ_MIN 300
#define HARMONIC_HZ_MAX 4000

/* clang-format off */
#define SIGNAL_ROWS(least, most, td_min, td_max, ts_min, ts_max, ib_min, ib_max) \
    { .key = "pulses", .type = VG_YAML_INT, .required = true, AT(struct tone_signal, pulses), \
      .min = (least), .max = (most), .doc = "pulses of one burst" }, \
    { .key = "pulse", .type = VG_YAML_DURATION, .required = true, \
      AT(struct tone_signal, pulse_ns), .min = MS(td_min), .max = MS(td_max), \
      .doc = "duration of a pulse, between its 90 % points" }, \
    { .key = "spacing", .type = VG_YAML_DURATION, .required = true, \
      AT(struct tone_signal, spacing_ns), .min = MS(ts_min), .max = MS(ts_max), \
      .doc = "from one pulse to the next, between their 90 % points" }, \
    { .key = "interburst", .type = VG_YAML_DURATION, .required = true, \
      AT(struct tone_signal, interburst_ns), .min = MS(ib_min), .max = MS(ib_max), \
      .doc = "from the last pulse of a burst to the first of the next" }

static const struct vg_yaml_field high_rows[] = {
    SIGNAL_ROWS(10, 10, 75, 200, 50, 125, 2500, 15000),
    { .key = "pause", .type = VG_YAML_DURATION, .required = true,
      AT(struct tone_signal, pause_ns), .min = MS(350), .max = MS(1300),
      .doc = "between the fifth and the sixth pulse" },
};
static const struct vg_yaml_field medium_rows[] = {
    SIGNAL_ROWS(3, 3, 125, 250, 125, 250, 2500, 30000),
};
static const struct vg_yaml_field low_rows[] = {
    SIGNAL_ROWS(1, 2, 125, 250, 125, 250, 15001, 60000),
};
static const struct vg_yaml_table high_table = TABLE(high_rows);
static const struct vg_yaml_table medium_table = TABLE(medium_rows);
static const struct vg_yaml_table low_table = TABLE(low_rows);

#define SIGNAL(name, prio, rows) \
    { .key = name, .type = VG_YAML_MAP, .required = true, .table = &(rows), \
      .offset = (prio) * sizeof(struct tone_signal), .doc = "bursts of this priority" }
static const struct vg_yaml_field signal_rows[] = {
    SIGNAL("low", VG_PRIO_LOW, low_table),
    SIGNAL("medium", VG_PRIO_MED, medium_table),
    SIGNAL("high", VG_PRIO_HIGH, high_table),
};
static_assert(VG_COUNT(signal_rows) == VG_PRIO_COUNT, "a priority has no signal");
static const struct vg_yaml_table signal_table = TABLE(signal_rows);

#define MELODY(name, cat) \
    { .key = name, .type = VG_YAML_INTS, .required = true, .unit = "Hz", \
      .offset = (cat) * sizeof(struct tone_melody) + offsetof(struct tone_melody, hz), \
      .size = sizeof(uint16_t), \
      .count_offset = (cat) * sizeof(struct tone_melody) + offsetof(struct tone_melody, count), \
      .items_max = TONE_NOTES, .min = 150, .max = 1000, \
      .doc = "five notes: three and two; shorter bursts take the first ones" }
static const struct vg_yaml_field melody_rows[] = {
    MELODY("general", VG_CAT_GENERAL),
    MELODY("oxygen", VG_CAT_OXYGEN),
    MELODY("cardiovascular", VG_CAT_CARDIO),
    MELODY("drug", VG_CAT_DRUG),
    MELODY("equipment", VG_CAT_EQUIPMENT),
};
static_assert(VG_COUNT(melody_rows) == VG_CAT_COUNT, "a category has no melody");
static const struct vg_yaml_table melody_table = TABLE(melody_rows);

static const struct vg_yaml_field set_rows[] = {
    { .key = "version", .type = VG_YAML_INT, .required = true, AT(struct tone_set, version),
      .min = 1, .max = 1, .doc = "form of this file, always 1" },
    { .key = "name", .type = VG_YAML_STRING, .required = true, AT(struct tone_set, name),
      .doc = "what the set is called" },
    { .key = "level", .type = VG_YAML_DECIMAL, .places = 1, .unit = "dB",
      AT(struct tone_set, level_cb), .min = -120, .max = 0, .fallback = "0",
      .doc = "height at volume 100, against full scale" },
    { .key = "rise", .type = VG_YAML_INT, .required = true, .unit = "%",
      AT(struct tone_set, rise_percent), .min = 10, .max = 40,
      .doc = "rise time of a pulse from 10 % to 90 %, in percent of the pulse" },
    { .key = "fall", .type = VG_YAML_DURATION, .required = true, AT(struct tone_set, fall_ns),
      .min = MS(5), .max = MS(240), .doc = "fall time of a pulse from 90 % to 10 %" },
    { .key = "harmonics", .type = VG_YAML_INTS, .required = true, .unit = "dB",
      .offset = offsetof(struct tone_set, harmonic_db), .size = sizeof(int8_t),
      .count_offset = offsetof(struct tone_set, harmonic_count),
      .items_max = TONE_HARMONICS_MAX, .min = -15, .max = 15,
      .doc = "the second, third ... harmonic against the fundamental" },
    { .key = "signals", .type = VG_YAML_MAP, .required = true, .table = &signal_table,
      .offset = offsetof(struct tone_set, signal), .doc = "bursts by priority" },
    { .key = "melodies", .type = VG_YAML_MAP, .required = true, .table = &melody_table,
      .offset = offsetof(struct tone_set, melody), .doc = "notes by category" },
};
/* clang-format on */
static const struct vg_yaml_table set_table = TABLE(set_rows);

int64_t tones_rise_ns(const struct tone_set *t, const struct tone_signal *s)
{
    return s->pulse_ns * t->rise_percent / 100;
}

int64_t tones_gap_ns(const struct tone_signal *s, unsigned after)
{
    if (s->pulses != 2 * TONE_NOTES) {
        return s->spacing_ns;
    }
    if (after == TONE_NOTES - 1) {
        return s->pause_ns;
    }
    return after % TONE_NOTES == 2 ? 2 * s->spacing_ns + s->pulse_ns : s->spacing_ns;
}

/* --- what concerns several numbers ---------------------------------------------------------- */

static void check_signals(const struct tone_set *t, struct vg_yaml *y)
{
    char path[64];
    for (size_t p = 0; p < VG_PRIO_COUNT; p++) {
        const struct tone_signal *s = &t->signal[p];
        int64_t ramps_ns = tones_rise_ns(t, s) + t->fall_ns;
        /* The feet below 10 % need room, too: the whole of a ramp is 1.35 times its part above. */
        if (ramps_ns * 135 / 100 > s->spacing_ns) {
            (void)snprintf(path, sizeof path, "signals.%s.spacing", signal_rows[p].key);
            vg_yaml_error(y, path,
                          "pulses would run into each other; rise and fall take %lld ms, shorten "
                          "them or give a longer spacing",
                          (long long)(ramps_ns * 135 / 100 / VG_NS_PER_MS));
        }
    }
}

static int harmonics_heard(const struct tone_set *t, unsigned hz)
{
    int heard = 0;
    for (unsigned i = 0; i < t->harmonic_count; i++) {
        unsigned at = hz * (i + 2);
        heard += at >= HARMONIC_HZ_MIN && at <= HARMONIC_HZ_MAX ? 1 : 0;
    }
    return heard;
}

static void check_melodies(const struct tone_set *t, struct vg_yaml *y)
{
    char path[64];
    for (size_t c = 0; c < VG_CAT_COUNT; c++) {
        const struct tone_melody *m = &t->melody[c];
        if (m->count != TONE_NOTES) {
            (void)snprintf(path, sizeof path, "melodies.%s", melody_rows[c].key);
            vg_yaml_error(y, path, "has %u notes; give %d", m->count, TONE_NOTES);
        }
        for (unsigned i = 0; i < m->count; i++) {
            if (harmonics_heard(t, m->hz[i]) < HARMONICS_LEAST) {
                (void)snprintf(path, sizeof path, "melodies.%s[%u]", melody_rows[c].key, i);
                vg_yaml_error(y, path,
                              "fewer than %d harmonics between %d and %d Hz; give more harmonics "
                              "or another note",
                              HARMONICS_LEAST, HARMONIC_HZ_MIN, HARMONIC_HZ_MAX);
            }
        }
    }
}

enum vg_status tones_read(struct tone_set *t, struct vg_yaml *y)
{
    memset(t, 0, sizeof *t);
    uint32_t before = y->log->count;
    enum vg_status st = vg_yaml_read(y, &set_table, t);
    if (st == VG_OK) {
        check_signals(t, y);
        check_melodies(t, y);
    }
    return y->log->count == before ? st : VG_ERR_FORMAT;
}

enum vg_status tones_load(struct tone_set *t, const char *file, FILE *log)
{
    struct vg_yaml_log errors = { .out = log };
    struct vg_yaml y;
    enum vg_status st = vg_yaml_open(&y, file, &errors);
    if (st == VG_OK) {
        st = tones_read(t, &y);
    }
    vg_yaml_close(&y);
    return st;
}
