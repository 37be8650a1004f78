/*
 * test_ingest.c -- the door in: what is implausible has no value, samples become blocks of one
 * width without holes, every event has its number and its bed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/virtual_daemon.h"

static struct vd d;
static struct vg_sink sink;

static int begin(void **state)
{
    (void)state;
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    vd_add_device(&d, "ox", "nonin", 0)->mute = true;
    if (vd_start(&d) != VG_OK) {
        return -1;
    }
    vd_settle(&d);
    sink = vg_ingest_sink(d.v, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    vd_fini(&d);
    return 0;
}

static int64_t count(const char *what)
{
    char sql[160];
    vg_journal_commit(&d.v->journal);
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", what);
    return vd_record(&d, sql);
}

static void test_ingest__a_value_outside_its_range_is_no_value(void **state)
{
    (void)state;
    sink.reading(sink.state, VG_VITAL_SPO2, 100001, VG_QUALITY_OK);
    sink.reading(sink.state, VG_VITAL_SPO2, 999, VG_QUALITY_QUESTIONABLE);
    assert_int_equal(count("reading WHERE quality = 'invalid' AND value_milli IS NULL"), 2);
    assert_int_equal(d.v->engine.devices[0].fresh[VG_VITAL_SPO2].state, VG_FRESH_NEVER);
    sink.reading(sink.state, VG_VITAL_SPO2, 100000, VG_QUALITY_OK);
    sink.reading(sink.state, VG_VITAL_SPO2, 1000, VG_QUALITY_QUESTIONABLE);
    assert_int_equal(count("reading WHERE value_milli = 100000 AND quality = 'ok'"), 1);
    assert_int_equal(count("reading WHERE value_milli = 1000 AND quality = 'questionable'"), 1);
    sink.reading(sink.state, VG_VITAL_SPO2, 97000, VG_QUALITY_INVALID);
    assert_int_equal(count("reading WHERE value_milli = 97000"), 0);
}

static void wave(uint16_t first, int n)
{
    for (int i = 0; i < n; i++) {
        sink.wave(sink.state, VG_VITAL_PLETH, 75000, (uint16_t)(first + i));
    }
}

static void test_ingest__a_second_of_samples_is_one_row(void **state)
{
    (void)state;
    wave(0, 74);
    assert_int_equal(count("wave"), 0);
    wave(74, 1);
    assert_int_equal(count("wave WHERE length(samples) = 75 AND width_bytes = 1"), 1);
}

static void test_ingest__a_hole_ends_the_block(void **state)
{
    (void)state;
    wave(0, 10);
    sink.wave_gap(sink.state, VG_VITAL_PLETH);
    sink.wave_gap(sink.state, VG_VITAL_PLETH); /* nothing in between: no row */
    wave(100, 75);
    assert_int_equal(count("wave WHERE length(samples) = 10"), 1);
    assert_int_equal(count("wave WHERE length(samples) = 75"), 1);
    assert_int_equal(count("wave"), 2);
}

static void test_ingest__a_block_has_one_width(void **state)
{
    (void)state;
    wave(100, 5);
    wave(1000, 6);
    sink.wave_gap(sink.state, VG_VITAL_PLETH);
    assert_int_equal(count("wave WHERE width_bytes = 1 AND length(samples) = 5"), 1);
    assert_int_equal(count("wave WHERE width_bytes = 2 AND length(samples) = 12"), 1);
    wave(1000, 48); /* as many as fit */
    assert_int_equal(count("wave WHERE length(samples) = 96"), 1);
}

static uint64_t live_waves;
static char last_wave[512];

static void on_frame(void *state, const char *topic, const char *body)
{
    (void)state;
    if (strstr(topic, ".wave.") != NULL) {
        live_waves++;
        (void)snprintf(last_wave, sizeof last_wave, "%.500s", body);
    }
}

static void test_ingest__eight_samples_go_out_at_a_time(void **state)
{
    (void)state;
    live_waves = 0;
    d.on_frame = on_frame;
    wave(0, 17);
    vd_settle(&d);
    assert_int_equal(live_waves, 2);
    assert_non_null(strstr(last_wave, "\"pleth\":[8,9,10,11,12,13,14,15]"));
    wave(1000, 8);
    vd_settle(&d);
    assert_int_equal(live_waves, 4); /* the odd one alone, since the width changed */
    assert_non_null(strstr(last_wave, "[1000,1001,1002,1003,1004,1005,1006,1007]"));
}

static void test_ingest__a_lost_device_leaves_no_half_block(void **state)
{
    (void)state;
    wave(0, 10);
    struct vg_device_event lost = { .from = VG_PORT_ONLINE,
                                    .to = VG_PORT_BACKOFF,
                                    .cause = VG_ERR_LOST };
    vg_ingest_device(d.v, 0, &lost);
    assert_int_equal(count("wave WHERE length(samples) = 10"), 1);
}

static void test_ingest__what_a_simulator_says_is_marked(void **state)
{
    (void)state;
    vg_ingest_mark_test(d.v, 0, true);
    sink.reading(sink.state, VG_VITAL_SPO2, 97000, VG_QUALITY_OK);
    vg_ingest_mark_test(d.v, 0, false);
    sink.reading(sink.state, VG_VITAL_SPO2, 98000, VG_QUALITY_OK);
    assert_int_equal(count("reading WHERE test = 1 AND value_milli = 97000"), 1);
    assert_int_equal(count("reading WHERE test = 0 AND value_milli = 98000"), 1);
}

static void test_ingest__numbers_grow_and_the_bed_is_the_devices(void **state)
{
    (void)state;
    uint64_t before = d.v->engine.seq;
    sink.signal(sink.state, VG_SIGNAL_LOW_BATTERY);
    assert_true(d.v->engine.seq > before);
    assert_int_equal(count("event WHERE kind = 5 AND bed = 'bed-1' AND device = 'ox'"), 1);
    sink.cuff(sink.state, VG_CUFF_IDLE); /* nobody measures: no move, no row */
    assert_int_equal(count("event WHERE kind = 6"), 0);
}

/* A result nobody asked for is somebody else's. */
static void test_ingest__a_result_out_of_the_blue_is_foreign(void **state)
{
    struct vg_nibp n = { .sys_milli = 120000, .dia_milli = 80000, .mean_milli = 93000 };
    (void)state;
    sink.nibp(sink.state, &n);
    assert_int_equal(count("nibp WHERE error = 'foreign'"), 1);
    assert_int_equal(count("reading WHERE vital = 'nibp_sys'"), 0);
}

static void test_ingest__an_event_of_the_daemon_is_one_row_for_all_beds(void **state)
{
    struct vg_event ev;
    (void)state;
    memset(&ev, 0, sizeof ev);
    ev.kind = VG_EV_CLOCK;
    ev.u.clock.step_ns = 5 * VG_NS_PER_S;
    vg_ingest_daemon(d.v, &ev);
    assert_int_equal(count("clock_step WHERE step_ms = 5000"), 1);
    assert_int_equal(count("alarm WHERE condition = 'CLOCK' AND event = 'open'"), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(test_ingest__a_value_outside_its_range_is_no_value),
        T(test_ingest__a_second_of_samples_is_one_row),
        T(test_ingest__a_hole_ends_the_block),
        T(test_ingest__a_block_has_one_width),
        T(test_ingest__eight_samples_go_out_at_a_time),
        T(test_ingest__a_lost_device_leaves_no_half_block),
        T(test_ingest__what_a_simulator_says_is_marked),
        T(test_ingest__numbers_grow_and_the_bed_is_the_devices),
        T(test_ingest__a_result_out_of_the_blue_is_foreign),
        T(test_ingest__an_event_of_the_daemon_is_one_row_for_all_beds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
