/*
 * test_oximeter_nonin.c -- Nonin data format 2: the published and constructed packets, loss of
 * bytes and frames, and every statement of the sensor.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "drivers/pump.h"
#include "tests/support/nonin_packets.h"
#include "tests/support/sink_log.h"
#include "vigil/compiler.h"

#define SNSD 0x40u
#define ARTF 0x20u
#define OOT 0x10u
#define SNSA 0x08u
#define RPRF 0x04u
#define GPRF 0x02u

struct bench {
    const struct vg_driver *drv;
    struct vg_pump pump;
    struct sink_log log;
    _Alignas(max_align_t) uint8_t state[VG_DRIVER_STATE_MAX];
};

static struct bench bench;

static struct bench *open_bench(uint8_t variant)
{
    const struct vg_driver_options options = { .variant = variant };

    memset(&bench, 0, sizeof(bench));
    bench.drv = vg_driver_find("nonin");
    bench.drv->init(bench.state, &options);
    vg_pump_init(&bench.pump);
    sink_log_init(&bench.log);
    return &bench;
}

static void feed(struct bench *b, const uint8_t *bytes, size_t n)
{
    vg_pump_feed(&b->pump, b->drv, b->state, bytes, n, &b->log.sink);
}

/* One frame of packet p with STATUS bits and FLOAT replaced when asked. */
static void feed_frame(struct bench *b, const uint8_t *p, size_t number, uint32_t set, int value)
{
    uint8_t f[5];
    uint32_t sum = 0;

    memcpy(f, p + 5 * (number - 1), sizeof(f));
    f[1] = (uint8_t)(f[1] | set);
    f[3] = value < 0 ? f[3] : (uint8_t)value;
    for (size_t i = 0; i < 4; i++) {
        sum += f[i];
    }
    f[4] = (uint8_t)(sum & 0xffu);
    feed(b, f, sizeof(f));
}

static void feed_packet(struct bench *b, const uint8_t *p, uint32_t set)
{
    for (size_t i = 1; i <= 25; i++) {
        feed_frame(b, p, i, set, -1);
    }
}

static void expect_reading(const struct bench *b, enum vg_vital vital, uint32_t n, int32_t milli,
                           enum vg_quality q)
{
    const struct said *s = sink_log_find(&b->log, SAID_READING, (int32_t)vital, n);

    assert_int_equal(s->kind, SAID_READING);
    assert_int_equal(s->value, milli);
    assert_int_equal(s->b, q);
}

static uint32_t readings(const struct bench *b, enum vg_vital vital)
{
    return sink_log_count(&b->log, SAID_READING, (int32_t)vital);
}

/* The signal set in force, or UINT32_MAX when none was said. */
static uint32_t signals(const struct bench *b)
{
    uint32_t n = sink_log_count(&b->log, SAID_SIGNAL, -1);

    return n == 0 ? UINT32_MAX : sink_log_find(&b->log, SAID_SIGNAL, -1, n - 1)->b;
}

static void test_oximeter_nonin__published_ipod_frames(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    feed(b, p1, sizeof(p1));
    assert_int_equal(b->pump.frames, 4);
    expect_reading(b, VG_VITAL_PULSE_RATE, 0, 61000, VG_QUALITY_OK);
    expect_reading(b, VG_VITAL_SPO2, 0, 97000, VG_QUALITY_OK);
}

static void test_oximeter_nonin__published_oem3_packet(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    feed(b, p2, sizeof(p2));
    feed(b, p2, sizeof(p2));
    assert_int_equal(readings(b, VG_VITAL_PULSE_RATE), 2);
    assert_int_equal(readings(b, VG_VITAL_SPO2), 2);
    expect_reading(b, VG_VITAL_PULSE_RATE, 1, 72000, VG_QUALITY_OK);
    expect_reading(b, VG_VITAL_SPO2, 1, 97000, VG_QUALITY_OK);
    assert_int_equal(sink_log_count(&b->log, SAID_WAVE, VG_VITAL_PLETH), 50);
    assert_int_equal(sink_log_find(&b->log, SAID_WAVE, -1, 7)->b, 75000);
    assert_int_equal(sink_log_count(&b->log, SAID_GAP, -1), 0);
    assert_int_equal(signals(b), 0);
    assert_int_equal(sink_log_count(&b->log, SAID_SIGNAL, -1), 1);
}

static void test_oximeter_nonin__standard_values_leave_before_the_packet_ends(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    feed_frame(b, p3, 1, 0, -1);
    assert_int_equal(readings(b, VG_VITAL_PULSE_RATE), 0);
    feed_frame(b, p3, 2, 0, -1);
    expect_reading(b, VG_VITAL_PULSE_RATE, 0, 300000, VG_QUALITY_OK);
    assert_int_equal(readings(b, VG_VITAL_SPO2), 0);
    feed_frame(b, p3, 3, 0, -1);
    expect_reading(b, VG_VITAL_SPO2, 0, 88000, VG_QUALITY_OK);
    for (size_t i = 4; i <= 25; i++) {
        feed_frame(b, p3, i, 0, -1);
    }
    assert_int_equal(readings(b, VG_VITAL_PULSE_RATE), 1);
    assert_int_equal(readings(b, VG_VITAL_SPO2), 1);
}

static void test_oximeter_nonin__variants_read_their_frames(void **state)
{
    static const struct {
        uint8_t variant;
        int32_t rate, spo2;
    } rows[] = {
        { VG_VARIANT_STANDARD, 300000, 88000 },
        { VG_VARIANT_EXTENDED, 298000, 89000 },
        { VG_VARIANT_FAST, 300000, 87000 },
        { 200, 300000, 88000 }, /* no such variant: standard */
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct bench *b = open_bench(rows[i].variant);

        feed(b, p3, sizeof(p3));
        assert_int_equal(readings(b, VG_VITAL_PULSE_RATE), 1);
        assert_int_equal(readings(b, VG_VITAL_SPO2), 1);
        expect_reading(b, VG_VITAL_PULSE_RATE, 0, rows[i].rate, VG_QUALITY_OK);
        expect_reading(b, VG_VITAL_SPO2, 0, rows[i].spo2, VG_QUALITY_OK);
    }
}

static void test_oximeter_nonin__finger_removed_holds_no_number(void **state)
{
    (void)state;
    for (uint8_t variant = 0; variant < VG_VARIANT_COUNT; variant++) {
        struct bench *b = open_bench(variant);

        feed(b, p2, sizeof(p2));
        sink_log_clear(&b->log);
        feed(b, p4, 5);
        assert_int_equal(signals(b), VG_SIGNAL_SENSOR_OFF); /* at once */
        feed(b, p4 + 5, sizeof(p4) - 5);
        expect_reading(b, VG_VITAL_PULSE_RATE, 0, 0, VG_QUALITY_INVALID);
        expect_reading(b, VG_VITAL_SPO2, 0, 0, VG_QUALITY_INVALID);
        feed(b, p2, 5);
        assert_int_equal(signals(b), 0);
    }
}

static void test_oximeter_nonin__sensor_unplugged(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    feed(b, p5, sizeof(p5));
    assert_int_equal(signals(b), VG_SIGNAL_SENSOR_UNPLUGGED | VG_SIGNAL_SENSOR_OFF);
    assert_int_equal(sink_log_count(&b->log, SAID_SIGNAL, -1), 1);
    expect_reading(b, VG_VITAL_PULSE_RATE, 0, 0, VG_QUALITY_INVALID);
    expect_reading(b, VG_VITAL_SPO2, 0, 0, VG_QUALITY_INVALID);
}

static void test_oximeter_nonin__a_number_under_a_sensor_alarm_is_no_number(void **state)
{
    static const uint32_t bits[] = { SNSA, SNSD };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(bits); i++) {
        struct bench *b = open_bench(VG_VARIANT_STANDARD);

        feed_packet(b, p2, bits[i]);
        expect_reading(b, VG_VITAL_PULSE_RATE, 0, 0, VG_QUALITY_INVALID);
        expect_reading(b, VG_VITAL_SPO2, 0, 0, VG_QUALITY_INVALID);
    }
    {
        /* The alarm may come between the halves of a rate, or after a value that waits. */
        struct bench *b = open_bench(VG_VARIANT_STANDARD);

        feed_frame(b, p2, 1, SNSA, -1);
        feed_frame(b, p2, 2, 0, -1);
        expect_reading(b, VG_VITAL_PULSE_RATE, 0, 0, VG_QUALITY_INVALID);
    }
    {
        struct bench *b = open_bench(VG_VARIANT_EXTENDED);

        for (size_t i = 1; i <= 25; i++) {
            feed_frame(b, p2, i, i == 20 ? SNSA : 0, -1);
        }
        expect_reading(b, VG_VITAL_SPO2, 0, 0, VG_QUALITY_INVALID);
    }
}

static void test_oximeter_nonin__legal_numbers_only(void **state)
{
    static const struct {
        uint32_t raw;
        bool is_ok;
    } rates[] = { { 0, false },  { 17, false },  { 18, true },  { 127, true },
                  { 128, true }, { 129, true },  { 255, true }, { 256, true },
                  { 321, true }, { 322, false }, { 511, false } };
    static const struct {
        uint32_t raw;
        bool is_ok;
    } spo2s[] = { { 0, false }, { 1, true }, { 100, true }, { 101, false }, { 127, false } };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rates); i++) {
        struct bench *b = open_bench(VG_VARIANT_STANDARD);

        /* Undefined bits of the high byte are set, and must not count. */
        feed_frame(b, p2, 1, 0, (int)((rates[i].raw >> 7) | 0x7cu));
        feed_frame(b, p2, 2, 0, (int)(rates[i].raw & 0x7fu));
        expect_reading(b, VG_VITAL_PULSE_RATE, 0, rates[i].is_ok ? (int32_t)rates[i].raw * 1000 : 0,
                       rates[i].is_ok ? VG_QUALITY_OK : VG_QUALITY_INVALID);
    }
    for (size_t i = 0; i < VG_COUNT(spo2s); i++) {
        struct bench *b = open_bench(VG_VARIANT_STANDARD);

        feed_frame(b, p2, 1, 0, -1);
        feed_frame(b, p2, 2, 0, -1);
        feed_frame(b, p2, 3, 0, (int)spo2s[i].raw);
        expect_reading(b, VG_VITAL_SPO2, 0, spo2s[i].is_ok ? (int32_t)spo2s[i].raw * 1000 : 0,
                       spo2s[i].is_ok ? VG_QUALITY_OK : VG_QUALITY_INVALID);
    }
}

static void test_oximeter_nonin__bad_frames_are_refused(void **state)
{
    static const uint8_t bad[][5] = {
        { 0x01, 0x80, 0x01, 0x48, 0xcb }, /* sum one too high */
        { 0x01, 0x7f, 0x02, 0x00, 0x82 }, /* sum fits, STATUS bit 7 clear */
    };
    static const uint8_t stray[] = { 0x01, 0x81, 0x01, 0x81, 0x01, 0x00, 0x83 };
    struct bench *b = open_bench(VG_VARIANT_STANDARD);
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        assert_int_equal(b->drv->frame(bad[i], 5, &len), VG_FRAME_BAD);
    }
    feed(b, stray, sizeof(stray));
    assert_int_equal(b->pump.frames, 1);
    assert_int_equal(b->pump.dropped, 2);
}

static void test_oximeter_nonin__needs_two_frames_or_sync_to_lock(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);
    const uint8_t noise = 0x00;

    (void)state;
    feed_frame(b, p3, 10, 0, -1);
    assert_int_equal(b->log.total, 0); /* one match can be chance */
    feed(b, &noise, 1);
    feed_frame(b, p3, 11, 0, -1);
    assert_int_equal(b->log.total, 0); /* not adjacent */
    feed_frame(b, p3, 12, 0, -1);
    assert_int_equal(sink_log_count(&b->log, SAID_WAVE, -1), 1);
    assert_int_equal(signals(b), 0);
    feed_frame(b, p3, 13, 0, -1);
    assert_int_equal(sink_log_count(&b->log, SAID_WAVE, -1), 2);
    assert_int_equal(sink_log_count(&b->log, SAID_READING, -1), 0); /* position not known */
    feed(b, &noise, 1);
    feed_frame(b, p3, 1, 0, -1);
    assert_int_equal(sink_log_count(&b->log, SAID_WAVE, -1), 3); /* SYNC locks alone */
    assert_int_equal(sink_log_count(&b->log, SAID_GAP, -1), 1);
}

static void test_oximeter_nonin__tail_of_a_packet_gives_no_value(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    feed_frame(b, p3, 24, 0, -1);
    feed_frame(b, p3, 25, 0, -1);
    feed(b, p2, sizeof(p2));
    assert_int_equal(readings(b, VG_VITAL_PULSE_RATE), 1);
    expect_reading(b, VG_VITAL_PULSE_RATE, 0, 72000, VG_QUALITY_OK);
    expect_reading(b, VG_VITAL_SPO2, 0, 97000, VG_QUALITY_OK);
}

/* A whole frame can vanish without a bad byte: whatever frame it is, a value that waits never
 * leaves with the wrong meaning. */
static void test_oximeter_nonin__lost_frame_discards_the_packet(void **state)
{
    (void)state;
    for (size_t lost = 2; lost <= 25; lost++) {
        struct bench *b = open_bench(VG_VARIANT_EXTENDED);

        for (size_t i = 1; i <= 25; i++) {
            if (i != lost) {
                feed_frame(b, p3, i, 0, -1);
            }
        }
        feed(b, p2, sizeof(p2));
        assert_int_equal(readings(b, VG_VITAL_PULSE_RATE), 1);
        expect_reading(b, VG_VITAL_PULSE_RATE, 0, 72000, VG_QUALITY_OK);
        expect_reading(b, VG_VITAL_SPO2, 0, 97000, VG_QUALITY_OK);
        assert_int_equal(sink_log_count(&b->log, SAID_GAP, -1), 1);
    }
}

static void test_oximeter_nonin__lost_sync_discards_until_the_next(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    feed(b, p2, sizeof(p2));
    feed(b, p3 + 5, sizeof(p3) - 5); /* frame 26 has no SYNC */
    feed(b, p2, sizeof(p2));
    assert_int_equal(readings(b, VG_VITAL_PULSE_RATE), 2);
    expect_reading(b, VG_VITAL_PULSE_RATE, 1, 72000, VG_QUALITY_OK);
    assert_int_equal(sink_log_count(&b->log, SAID_GAP, -1), 1);
    assert_int_equal(sink_log_count(&b->log, SAID_WAVE, -1), 74);
}

static void test_oximeter_nonin__lost_byte_relocks_without_values(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_EXTENDED);

    (void)state;
    feed(b, p3, 5 * 6 + 2);                          /* to the middle of frame 7 */
    feed(b, p3 + 5 * 6 + 3, sizeof(p3) - 5 * 6 - 3); /* one byte lost */
    feed(b, p2, sizeof(p2));
    assert_int_equal(readings(b, VG_VITAL_PULSE_RATE), 1);
    expect_reading(b, VG_VITAL_PULSE_RATE, 0, 72000, VG_QUALITY_OK);
    assert_int_equal(sink_log_count(&b->log, SAID_GAP, -1), 1);
    assert_true(b->pump.dropped >= 4);
}

/* Never high and low bits of two packets: SYNC of P3 (high bits 2), then P2 from frame 2. */
static void test_oximeter_nonin__halves_of_two_packets_are_not_joined(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);
    const uint8_t noise = 0xff;

    (void)state;
    feed_frame(b, p3, 1, 0, -1);
    feed(b, &noise, 1);
    feed(b, p2 + 5, sizeof(p2) - 5);
    assert_int_equal(sink_log_count(&b->log, SAID_READING, -1), 0);
    feed_frame(b, p3, 1, 0, -1);
    feed_frame(b, p2, 1, 0, -1); /* early SYNC */
    feed_frame(b, p2, 2, 0, -1);
    expect_reading(b, VG_VITAL_PULSE_RATE, 0, 72000, VG_QUALITY_OK);
}

static void test_oximeter_nonin__doubt_makes_questionable(void **state)
{
    static const struct {
        uint32_t status;
        uint32_t signal;
        enum vg_quality q;
    } rows[] = {
        { 0, 0, VG_QUALITY_OK },
        { GPRF, 0, VG_QUALITY_OK },
        { RPRF | GPRF, 0, VG_QUALITY_OK }, /* marginal, but a pulse */
        { RPRF, VG_SIGNAL_LOW_PERFUSION, VG_QUALITY_QUESTIONABLE },
        { ARTF, VG_SIGNAL_ARTIFACT, VG_QUALITY_QUESTIONABLE },
        { OOT, VG_SIGNAL_OUT_OF_TRACK, VG_QUALITY_QUESTIONABLE },
        { OOT | ARTF | RPRF, VG_SIGNAL_OUT_OF_TRACK | VG_SIGNAL_ARTIFACT | VG_SIGNAL_LOW_PERFUSION,
          VG_QUALITY_QUESTIONABLE },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct bench *b = open_bench(VG_VARIANT_STANDARD);

        feed_packet(b, p2, rows[i].status);
        expect_reading(b, VG_VITAL_PULSE_RATE, 0, 72000, rows[i].q);
        expect_reading(b, VG_VITAL_SPO2, 0, 97000, rows[i].q);
        assert_int_equal(signals(b), rows[i].signal);
    }
}

static void test_oximeter_nonin__artefact_counts_only_in_its_own_frames(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    for (size_t i = 1; i <= 25; i++) {
        feed_frame(b, p2, i, i == 3 ? ARTF : 0, -1);
    }
    expect_reading(b, VG_VITAL_PULSE_RATE, 0, 72000, VG_QUALITY_OK);
    expect_reading(b, VG_VITAL_SPO2, 0, 97000, VG_QUALITY_QUESTIONABLE);
    assert_int_equal(signals(b), VG_SIGNAL_ARTIFACT);
    feed(b, p2, sizeof(p2));
    assert_int_equal(signals(b), 0);
}

/* Perfusion is said for 160 ms at each beat: between beats the last beat counts. */
static void test_oximeter_nonin__perfusion_holds_until_the_next_beat(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    for (size_t i = 1; i <= 25; i++) {
        feed_frame(b, p2, i, i >= 5 && i <= 16 ? RPRF : 0, -1);
    }
    expect_reading(b, VG_VITAL_SPO2, 0, 97000, VG_QUALITY_OK); /* read before the beat */
    assert_int_equal(signals(b), VG_SIGNAL_LOW_PERFUSION);
    feed(b, p2, sizeof(p2));
    expect_reading(b, VG_VITAL_SPO2, 1, 97000, VG_QUALITY_QUESTIONABLE);
    assert_int_equal(signals(b), VG_SIGNAL_LOW_PERFUSION);
    assert_int_equal(sink_log_count(&b->log, SAID_SIGNAL, -1), 2);
    feed(b, p3, sizeof(p3)); /* a green beat from frame 3 on */
    feed(b, p2, sizeof(p2));
    expect_reading(b, VG_VITAL_SPO2, 3, 97000, VG_QUALITY_OK);
    assert_int_equal(signals(b) & VG_SIGNAL_LOW_PERFUSION, 0);
}

static void test_oximeter_nonin__battery_is_believed_twice(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    feed(b, p3, sizeof(p3));
    assert_int_equal(signals(b), 0);
    feed(b, p3, sizeof(p3));
    assert_int_equal(signals(b), VG_SIGNAL_LOW_BATTERY);
    feed(b, p2, sizeof(p2));
    assert_int_equal(signals(b), VG_SIGNAL_LOW_BATTERY);
    feed(b, p2, sizeof(p2));
    assert_int_equal(signals(b), 0);
}

static void test_oximeter_nonin__reserved_frame_8_is_not_a_battery(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    for (uint32_t packet = 0; packet < 4; packet++) {
        for (size_t i = 1; i <= 25; i++) {
            feed_frame(b, p2, i, 0, i == 8 ? 0x81 : -1);
        }
    }
    assert_int_equal(signals(b), 0);
}

static void test_oximeter_nonin__control_bytes_between_packets_cost_no_packet(void **state)
{
    static const uint8_t ack_nak[] = { 0x06, 0x15 };
    struct bench *b = open_bench(VG_VARIANT_STANDARD);

    (void)state;
    feed(b, p2, sizeof(p2));
    feed(b, ack_nak, sizeof(ack_nak));
    feed(b, p2, sizeof(p2));
    assert_int_equal(b->pump.dropped, 2);
    assert_int_equal(b->pump.frames, 50);
    assert_int_equal(readings(b, VG_VITAL_SPO2), 2);
}

static void test_oximeter_nonin__is_never_asked(void **state)
{
    struct bench *b = open_bench(VG_VARIANT_STANDARD);
    uint8_t buf[VG_REQUEST_BYTES_MAX];

    (void)state;
    for (uint32_t what = 0; what < VG_REQ_COUNT; what++) {
        assert_int_equal(b->drv->request(b->state, (enum vg_request_what)what, buf, sizeof(buf)),
                         0);
    }
    assert_int_equal(b->drv->keepalive_ns, 0);
    assert_true(b->drv->silent_after_ns == 1500 * VG_NS_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oximeter_nonin__published_ipod_frames),
        cmocka_unit_test(test_oximeter_nonin__published_oem3_packet),
        cmocka_unit_test(test_oximeter_nonin__standard_values_leave_before_the_packet_ends),
        cmocka_unit_test(test_oximeter_nonin__variants_read_their_frames),
        cmocka_unit_test(test_oximeter_nonin__finger_removed_holds_no_number),
        cmocka_unit_test(test_oximeter_nonin__sensor_unplugged),
        cmocka_unit_test(test_oximeter_nonin__a_number_under_a_sensor_alarm_is_no_number),
        cmocka_unit_test(test_oximeter_nonin__legal_numbers_only),
        cmocka_unit_test(test_oximeter_nonin__bad_frames_are_refused),
        cmocka_unit_test(test_oximeter_nonin__needs_two_frames_or_sync_to_lock),
        cmocka_unit_test(test_oximeter_nonin__tail_of_a_packet_gives_no_value),
        cmocka_unit_test(test_oximeter_nonin__lost_frame_discards_the_packet),
        cmocka_unit_test(test_oximeter_nonin__lost_sync_discards_until_the_next),
        cmocka_unit_test(test_oximeter_nonin__lost_byte_relocks_without_values),
        cmocka_unit_test(test_oximeter_nonin__halves_of_two_packets_are_not_joined),
        cmocka_unit_test(test_oximeter_nonin__doubt_makes_questionable),
        cmocka_unit_test(test_oximeter_nonin__artefact_counts_only_in_its_own_frames),
        cmocka_unit_test(test_oximeter_nonin__perfusion_holds_until_the_next_beat),
        cmocka_unit_test(test_oximeter_nonin__battery_is_believed_twice),
        cmocka_unit_test(test_oximeter_nonin__reserved_frame_8_is_not_a_battery),
        cmocka_unit_test(test_oximeter_nonin__control_bytes_between_packets_cost_no_packet),
        cmocka_unit_test(test_oximeter_nonin__is_never_asked),
    };

    return cmocka_run_group_tests_name("oximeter_nonin", tests, NULL, NULL);
}
