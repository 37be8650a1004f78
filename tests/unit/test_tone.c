/*
 * test_tone.c -- the pure part of the sound: tone sets and what they refuse, one pulse, and bursts
 * that end, change and grow louder. What the ear needs is measured in tests/system.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/annunciator/sequence.h"

#define RATE 8000u
#define S(seconds) ((size_t)((seconds)*RATE))
#define SHIPPED VG_SOURCE_DIR "/config/tones/iec-60601-1-8.yaml"

static struct tone_set set;
static struct sequence sequence;
static int16_t sound[S(60)];

static int load(void **unused)
{
    (void)unused;
    return tones_load(&set, SHIPPED, stderr) == VG_OK ? 0 : -1;
}

/* --- tone sets ------------------------------------------------------------------------------ */

static void test_tone__shipped_sets_are_good(void **unused)
{
    (void)unused;
    assert_int_equal(tones_load(&set, SHIPPED, stderr), VG_OK);
    assert_int_equal(set.signal[VG_PRIO_HIGH].pulses, 10);
    assert_int_equal(set.melody[VG_CAT_OXYGEN].hz[0], 523);
    assert_int_equal(tones_load(&set, VG_SOURCE_DIR "/config/tones/soft.yaml", stderr), VG_OK);
}

static void test_tone__gaps_of_a_burst(void **unused)
{
    static const int high_ms[] = { 100, 100, 350, 100, 700, 100, 100, 350, 100 };
    (void)unused;
    for (unsigned i = 0; i < VG_COUNT(high_ms); i++) {
        assert_int_equal(tones_gap_ns(&set.signal[VG_PRIO_HIGH], i), vg_ms(high_ms[i]));
    }
    assert_int_equal(tones_gap_ns(&set.signal[VG_PRIO_MED], 0), vg_ms(200));
    assert_int_equal(tones_gap_ns(&set.signal[VG_PRIO_MED], 1), vg_ms(200));
}

/* The shipped set with one text in place of another, read again. */
static enum vg_status reread(const char *old, const char *new, char *said, size_t cap)
{
    char text[4096];
    char changed[4096];
    FILE *f = fopen(SHIPPED, "re");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    char *at = strstr(text, old);
    assert_non_null(at);
    int len = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, new,
                       at + strlen(old));
    memset(said, 0, cap);
    struct vg_yaml_log log = { .out = fmemopen(said, cap - 1, "w") };
    struct vg_yaml y;
    assert_int_equal(vg_yaml_open_text(&y, "tones.yaml", changed, (size_t)len, &log), VG_OK);
    enum vg_status st = tones_read(&set, &y);
    vg_yaml_close(&y);
    (void)fclose(log.out);
    return st;
}

static void test_tone__a_wrong_set_is_refused(void **unused)
{
    static const struct {
        const char *old, *new, *word;
    } rows[] = {
        { "version: 1", "version: 2", "version" },
        { "rise: 15", "rise: 41", "rise" },
        { "fall: 25ms", "fall: 80ms", "signals.high.spacing" },
        { "pulses: 10", "pulses: 9", "signals.high.pulses" },
        { "pulse: 150ms", "pulse: 201ms", "signals.high.pulse" },
        { "pause: 700ms, ", "", "signals.high.pause" },
        { "interburst: 8s", "interburst: 16s", "signals.high.interburst" },
        { "interburst: 30s", "interburst: 15s", "signals.low.interburst" },
        { "pulses: 3, ", "pulses: 4, ", "signals.medium.pulses" },
        { "[-3, -5, -7, -9, -11]", "[-3, -5, -7, -9, -16]", "harmonics" },
        { "[-3, -5, -7, -9, -11]", "[-3, -5, -7]", "fewer than 4 harmonics" },
        { "[523, 494, 440, 392, 349]", "[523, 494, 440]", "melodies.oxygen" },
        { "[523, 494, 440, 392, 349]", "[523, 494, 440, 392, 1001]", "melodies.oxygen" },
        { "[523, 494, 440, 392, 349]", "[990, 494, 440, 392, 349]", "melodies.oxygen[0]" },
    };
    char said[4096];
    (void)unused;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        assert_int_equal(reread(rows[i].old, rows[i].new, said, sizeof said), VG_ERR_FORMAT);
        assert_non_null(strstr(said, "tones.yaml:"));
        if (strstr(said, rows[i].word) == NULL) {
            fail_msg("'%s' is not refused with '%s' but: %s", rows[i].new, rows[i].word, said);
        }
    }
}

/* --- a pulse -------------------------------------------------------------------------------- */

static void test_tone__a_pulse_begins_and_ends_in_silence(void **unused)
{
    struct pulse p;
    double highest = 0;
    (void)unused;
    pulse_make(&p, &set, VG_PRIO_HIGH, VG_CAT_GENERAL, 0);
    assert_true(pulse_at(&p, -p.before_s) == 0);
    assert_true(pulse_at(&p, p.length_s + p.after_s) == 0);
    assert_true(fabs(pulse_at(&p, -p.before_s + 1.0 / 48000)) < 0.001);
    for (int i = 0; i < (int)(p.length_s * 48000); i++) {
        highest = fmax(highest, fabs(pulse_at(&p, i / 48000.0)));
    }
    assert_true(highest > 0.9 && highest <= 1.0);
}

/* --- bursts --------------------------------------------------------------------------------- */

static void begin(unsigned volume, unsigned volume_max)
{
    sequence_init(&sequence, &set, RATE, volume, volume_max);
}

static void want(uint32_t number, enum vg_priority p)
{
    struct sequence_voice v = { number, number, (uint8_t)p, VG_CAT_GENERAL };
    sequence_want(&sequence, &v);
}

/* The next n samples; the highest of them. */
static int make(size_t n)
{
    int highest = 0;
    sequence_make(&sequence, sound, n);
    for (size_t i = 0; i < n; i++) {
        highest = abs(sound[i]) > highest ? abs(sound[i]) : highest;
    }
    return highest;
}

static void test_tone__nothing_wanted_nothing_heard(void **unused)
{
    (void)unused;
    begin(60, 100);
    assert_int_equal(make(S(10)), 0);
    assert_int_equal(sequence.heard, 0);
}

static void test_tone__begins_at_once_and_says_when_it_is_heard(void **unused)
{
    (void)unused;
    begin(60, 100);
    want(1, VG_PRIO_HIGH);
    assert_int_equal(sequence.heard, 0);
    assert_true(make(S(0.2)) > 1000);
    assert_true(sequence.heard > 0 && sequence.heard <= (int64_t)S(0.15));
}

static void test_tone__silence_after_the_pulse_that_has_begun(void **unused)
{
    (void)unused;
    begin(60, 100);
    want(1, VG_PRIO_HIGH);
    (void)make(S(0.05));
    want(0, VG_PRIO_LOW);
    assert_true(make(S(0.1)) > 1000); /* its rest */
    (void)make(S(0.1));
    assert_int_equal(make(S(30)), 0);
}

static void test_tone__a_higher_one_interrupts(void **unused)
{
    (void)unused;
    begin(60, 100);
    want(1, VG_PRIO_MED);
    (void)make(S(0.1));
    want(2, VG_PRIO_HIGH);
    (void)make(S(0.7));
    assert_int_equal(sequence.now.number, 2);
    assert_true(sequence.heard > 0 && sequence.heard < (int64_t)S(0.8));
}

static void test_tone__the_volume_rises_over_three_bursts(void **unused)
{
    int height[5];
    (void)unused;
    begin(20, 80);
    want(1, VG_PRIO_HIGH);
    for (size_t i = 0; i < VG_COUNT(height); i++) {
        height[i] = make(S(5));
        assert_true(make(S(4)) == 0); /* between bursts */
        while (sequence.bursts == i + 1 && sequence.at < sequence.begin) {
            (void)make(1);
        }
    }
    assert_in_range(100 * height[1] / height[0], 245, 255);
    assert_in_range(100 * height[2] / height[0], 395, 405);
    assert_in_range(100 * height[4] / height[0], 395, 405);
    want(2, VG_PRIO_HIGH); /* another instance begins low again */
    (void)make(S(0.3));
    assert_in_range(100 * make(S(1)) / height[0], 95, 105);
}

static void test_tone__what_becomes_worse_does_not_become_softer(void **unused)
{
    struct sequence_voice v = { 1, 1, VG_PRIO_MED, VG_CAT_GENERAL };
    (void)unused;
    begin(20, 80);
    sequence_want(&sequence, &v);
    int first = make(S(2));
    (void)make(S(45));
    v.number = 2;
    v.priority = VG_PRIO_HIGH;
    sequence_want(&sequence, &v);
    assert_in_range(100 * make(S(2)) / first, 395, 405);
}

static void test_tone__bursts_go_on_for_hours(void **unused)
{
    (void)unused;
    begin(60, 100);
    want(1, VG_PRIO_HIGH);
    for (int minute = 0; minute < 60; minute++) {
        assert_true(make(S(20)) > 1000); /* never longer than an interburst interval */
        assert_true(make(S(40)) > 1000);
    }
    assert_in_range(sequence.bursts, 60 * 60 / 15, 60 * 60 / 8);
}

#define TEST(test) cmocka_unit_test_setup(test_tone__##test, load)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shipped_sets_are_good),
        TEST(gaps_of_a_burst),
        TEST(a_wrong_set_is_refused),
        TEST(a_pulse_begins_and_ends_in_silence),
        TEST(nothing_wanted_nothing_heard),
        TEST(begins_at_once_and_says_when_it_is_heard),
        TEST(silence_after_the_pulse_that_has_begun),
        TEST(a_higher_one_interrupts),
        TEST(the_volume_rises_over_three_bursts),
        TEST(what_becomes_worse_does_not_become_softer),
        TEST(bursts_go_on_for_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
