/*
 * test_cuff_suntech.c -- SunTech modules: published and constructed packets, the letters in every
 * order that matters, and that no byte ever leaves without being asked for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "drivers/pump.h"
#include "tests/support/sink_log.h"
#include "vigil/compiler.h"

struct bench {
    const struct vg_driver *drv;
    struct vg_pump pump;
    struct sink_log log;
    _Alignas(max_align_t) uint8_t state[VG_DRIVER_STATE_MAX];
};

static struct bench bench;

static struct bench *open_bench(uint8_t patient)
{
    const struct vg_driver_options options = { .patient = patient };

    memset(&bench, 0, sizeof(bench));
    bench.drv = vg_driver_find("suntech");
    bench.drv->init(bench.state, &options);
    vg_pump_init(&bench.pump);
    sink_log_init(&bench.log);
    return &bench;
}

static void feed(struct bench *b, const uint8_t *bytes, size_t n)
{
    vg_pump_feed(&b->pump, b->drv, b->state, bytes, n, &b->log.sink);
}

static void feed_letter(struct bench *b, char letter)
{
    uint8_t f[4] = { 0x3e, 0x04, (uint8_t)letter, 0 };

    f[3] = (uint8_t)(0x100u - ((0x3eu + 0x04u + f[2]) & 0xffu));
    feed(b, f, sizeof(f));
}

static void feed_pressure(struct bench *b, uint16_t raw)
{
    uint8_t f[5] = { 0x3e, 0x05, (uint8_t)(raw & 0xffu), (uint8_t)(raw >> 8), 0 };

    f[4] = (uint8_t)(0x100u - ((0x3eu + 0x05u + f[2] + f[3]) & 0xffu));
    feed(b, f, sizeof(f));
}

struct result {
    uint16_t sys, dia, mean;
    uint8_t rate, error;
};

static void feed_result(struct bench *b, struct result r)
{
    uint8_t f[24] = { 0x3e, 0x18 };
    uint32_t sum = 0;

    f[2] = (uint8_t)(r.sys & 0xffu);
    f[3] = (uint8_t)(r.sys >> 8);
    f[4] = (uint8_t)(r.dia & 0xffu);
    f[5] = (uint8_t)(r.dia >> 8);
    f[16] = r.rate;
    f[18] = (uint8_t)(r.mean & 0xffu);
    f[19] = (uint8_t)(r.mean >> 8);
    f[20] = r.error;
    for (size_t i = 0; i < 23; i++) {
        sum += f[i];
    }
    f[23] = (uint8_t)((0x100u - (sum & 0xffu)) & 0xffu);
    feed(b, f, sizeof(f));
}

static size_t ask(struct bench *b, enum vg_request_what what)
{
    uint8_t buf[VG_REQUEST_BYTES_MAX];

    return b->drv->request(b->state, what, buf, sizeof(buf));
}

static uint32_t words(const struct bench *b, enum vg_cuff_word word)
{
    return sink_log_count(&b->log, SAID_CUFF, (int32_t)word);
}

static void expect_only_word(const struct bench *b, enum vg_cuff_word word)
{
    assert_int_equal(b->log.total, 1);
    assert_int_equal(words(b, word), 1);
}

static void expect_nibp(const struct bench *b, uint32_t n, enum vg_nibp_error error,
                        uint16_t native)
{
    const struct said *s = sink_log_find(&b->log, SAID_NIBP, -1, n);

    assert_int_equal(s->kind, SAID_NIBP);
    assert_int_equal(s->nibp.error, error);
    assert_int_equal(s->nibp.native_code, native);
    if (error != VG_NIBP_OK) {
        assert_int_equal(s->nibp.sys_milli, 0);
        assert_int_equal(s->nibp.dia_milli, 0);
        assert_int_equal(s->nibp.mean_milli, 0);
        assert_int_equal(s->nibp.pulse_rate_milli, 0);
    }
}

/* Start, O, K: a determination of ours that has ended. */
static struct bench *open_ended(void)
{
    struct bench *b = open_bench(VG_PATIENT_ADULT);

    assert_int_equal(ask(b, VG_REQ_NIBP_START), 3);
    feed_letter(b, 'O');
    feed_letter(b, 'K');
    assert_int_equal(words(b, VG_CUFF_ACCEPTED), 1);
    assert_int_equal(words(b, VG_CUFF_COMPLETED), 1);
    sink_log_clear(&b->log);
    return b;
}

static void test_cuff_suntech__commands_are_the_published_bytes(void **state)
{
    static const struct {
        uint8_t patient;
        enum vg_request_what what;
        uint8_t len;
        uint8_t bytes[5];
    } rows[] = {
        { VG_PATIENT_ADULT, VG_REQ_NIBP_START, 3, { 0x3a, 0x20, 0xa6 } },
        { VG_PATIENT_PAEDIATRIC, VG_REQ_NIBP_START, 3, { 0x3a, 0x87, 0x3f } },
        { VG_PATIENT_NEONATE, VG_REQ_NIBP_START, 3, { 0x3a, 0x28, 0x9e } },
        { VG_PATIENT_ADULT, VG_REQ_NIBP_ABORT, 5, { 0x3a, 0x79, 0x01, 0x00, 0x4c } },
        { VG_PATIENT_ADULT, VG_REQ_KEEPALIVE, 5, { 0x3a, 0x79, 0x05, 0x00, 0x48 } },
        { VG_PATIENT_ADULT, VG_REQ_NIBP_RESULT, 5, { 0x3a, 0x79, 0x03, 0x00, 0x4a } },
        { VG_PATIENT_ADULT, VG_REQ_NONE, 0, { 0 } },
        { VG_PATIENT_COUNT, VG_REQ_NIBP_START, 0, { 0 } }, /* no mode, no start */
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct bench *b = open_bench(rows[i].patient);
        uint8_t buf[VG_REQUEST_BYTES_MAX] = { 0 };
        size_t n = b->drv->request(b->state, rows[i].what, buf, sizeof(buf));

        assert_int_equal(n, rows[i].len);
        assert_memory_equal(buf, rows[i].bytes, sizeof(rows[i].bytes));
    }
}

static void test_cuff_suntech__half_a_command_is_never_sent(void **state)
{
    struct bench *b = open_bench(VG_PATIENT_ADULT);
    uint8_t buf[8];

    (void)state;
    assert_int_equal(b->drv->request(b->state, VG_REQ_NIBP_START, buf, 2), 0);
    assert_int_equal(b->drv->request(b->state, VG_REQ_NIBP_ABORT, buf, 4), 0);
    assert_int_equal(b->drv->request(b->state, VG_REQ_KEEPALIVE, buf, 4), 0);
    assert_int_equal(b->drv->request(b->state, VG_REQ_NIBP_RESULT, buf, 4), 0);
    feed_letter(b, 'O'); /* nothing was started */
    feed_letter(b, 'K');
    assert_int_equal(b->log.total, 0);
}

static void test_cuff_suntech__cuff_pressure(void **state)
{
    static const struct {
        uint8_t bytes[5];
        int32_t milli;
        enum vg_quality q;
    } rows[] = {
        { { 0x3e, 0x05, 0x02, 0x01, 0xba }, 258000, VG_QUALITY_OK }, /* published */
        { { 0x3e, 0x05, 0x92, 0x00, 0x2b }, 146000, VG_QUALITY_OK },
        { { 0x3e, 0x05, 0xff, 0xff, 0xbf }, 0, VG_QUALITY_INVALID },
    };
    static const struct {
        uint16_t raw;
        int32_t milli;
        enum vg_quality q;
    } edges[] = {
        { 0, 0, VG_QUALITY_OK },
        { 0xfffd, -3000, VG_QUALITY_OK },
        { (uint16_t)-30, -30000, VG_QUALITY_OK },
        { (uint16_t)-31, 0, VG_QUALITY_INVALID },
        { 350, 350000, VG_QUALITY_OK },
        { 351, 0, VG_QUALITY_INVALID },
        { 0x8000, 0, VG_QUALITY_INVALID },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct bench *b = open_bench(VG_PATIENT_ADULT);
        const struct said *s = NULL;

        feed(b, rows[i].bytes, 5);
        s = sink_log_find(&b->log, SAID_READING, VG_VITAL_CUFF_PRESSURE, 0);
        assert_int_equal(s->value, rows[i].milli);
        assert_int_equal(s->b, rows[i].q);
    }
    for (size_t i = 0; i < VG_COUNT(edges); i++) {
        struct bench *b = open_bench(VG_PATIENT_ADULT);
        const struct said *s = NULL;

        feed_pressure(b, edges[i].raw);
        s = sink_log_find(&b->log, SAID_READING, VG_VITAL_CUFF_PRESSURE, 0);
        assert_int_equal(s->kind, SAID_READING);
        assert_int_equal(s->value, edges[i].milli);
        assert_int_equal(s->b, edges[i].q);
    }
}

static void test_cuff_suntech__pressure_says_running_or_idle(void **state)
{
    struct bench *b = open_bench(VG_PATIENT_ADULT);

    (void)state;
    feed_pressure(b, 14);
    assert_int_equal(words(b, VG_CUFF_IDLE), 1);
    feed_pressure(b, 15); /* neither */
    feed_pressure(b, 90); /* inflated by somebody else */
    feed_pressure(b, 0xffff);
    assert_int_equal(sink_log_count(&b->log, SAID_CUFF, -1), 1);
    ask(b, VG_REQ_NIBP_START);
    feed_pressure(b, 3);
    assert_int_equal(sink_log_count(&b->log, SAID_CUFF, -1), 1);
    feed_pressure(b, 16); /* before O: it did start */
    assert_int_equal(words(b, VG_CUFF_RUNNING), 1);
    feed_letter(b, 'O');
    feed_pressure(b, 120);
    assert_int_equal(words(b, VG_CUFF_RUNNING), 2);
    ask(b, VG_REQ_NIBP_ABORT);
    feed_letter(b, 'A');
    feed_letter(b, 'K');
    feed_pressure(b, 40);
    assert_int_equal(words(b, VG_CUFF_RUNNING), 2);
    feed_pressure(b, 2);
    assert_int_equal(words(b, VG_CUFF_IDLE), 2);
}

static void test_cuff_suntech__published_result(void **state)
{
    static const uint8_t packet[] = { 0x3e, 0x18, 0x73, 0x00, 0x4a, 0x00, 0x1e, 0x01,
                                      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x31, 0x07,
                                      0x55, 0x00, 0x58, 0x00, 0x00, 0x00, 0x00, 0xe9 };
    struct bench *b = open_ended();
    const struct said *s = NULL;

    (void)state;
    ask(b, VG_REQ_NIBP_RESULT);
    feed(b, packet, sizeof(packet));
    expect_nibp(b, 0, VG_NIBP_OK, 0);
    s = sink_log_find(&b->log, SAID_NIBP, -1, 0);
    assert_int_equal(s->nibp.sys_milli, 115000);
    assert_int_equal(s->nibp.dia_milli, 74000);
    assert_int_equal(s->nibp.mean_milli, 88000);
    assert_int_equal(s->nibp.pulse_rate_milli, 85000);
    assert_false(s->nibp.mean_computed);
    feed(b, packet, sizeof(packet)); /* said once */
    assert_int_equal(sink_log_count(&b->log, SAID_NIBP, -1), 1);
}

static void test_cuff_suntech__constructed_results(void **state)
{
    static const uint8_t good[] = { 0x3e, 0x18, 0x80, 0x00, 0x52, 0x00, 0x1c, 0x00,
                                    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                    0x4c, 0x00, 0x61, 0x00, 0x00, 0x00, 0x00, 0x0f };
    static const uint8_t loose[] = { 0x3e, 0x18, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                     0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                     0x00, 0x00, 0x00, 0x00, 0x57, 0x00, 0x00, 0x53 };
    struct bench *b = open_ended();

    (void)state;
    ask(b, VG_REQ_NIBP_RESULT);
    feed(b, good, sizeof(good));
    expect_nibp(b, 0, VG_NIBP_OK, 0);
    assert_int_equal(sink_log_find(&b->log, SAID_NIBP, -1, 0)->nibp.mean_milli, 97000);
    ask(b, VG_REQ_NIBP_RESULT);
    feed(b, loose, sizeof(loose));
    expect_nibp(b, 1, VG_NIBP_LOOSE_OR_LEAK, 87);
}

static void test_cuff_suntech__error_codes_are_decimal(void **state)
{
    static const struct {
        uint8_t native;
        enum vg_nibp_error error;
    } rows[] = {
        { 1, VG_NIBP_WEAK_SIGNAL },      { 2, VG_NIBP_MOTION },
        { 3, VG_NIBP_OUT_OF_RANGE },     { 4, VG_NIBP_MEAS_TIMEOUT },
        { 85, VG_NIBP_PNEUMATIC_BLOCK }, { 86, VG_NIBP_USER_ABORT },
        { 87, VG_NIBP_LOOSE_OR_LEAK },   { 88, VG_NIBP_SAFETY_TIMEOUT },
        { 89, VG_NIBP_OVERPRESSURE },    { 90, VG_NIBP_HW_FAULT },
        { 91, VG_NIBP_HW_FAULT },        { 97, VG_NIBP_HW_FAULT },
        { 99, VG_NIBP_CAL_FAULT },       { 5, VG_NIBP_UNKNOWN },
        { 0x85, VG_NIBP_UNKNOWN },       { 0x87, VG_NIBP_UNKNOWN },
        { 0xff, VG_NIBP_UNKNOWN },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        /* Numbers beside an error are not a result. */
        const struct result r = { 120, 80, 93, 70, rows[i].native };
        struct bench *b = open_ended();

        ask(b, VG_REQ_NIBP_RESULT);
        feed_result(b, r);
        expect_nibp(b, 0, rows[i].error, rows[i].native);
    }
}

static void test_cuff_suntech__implausible_numbers_are_no_result(void **state)
{
    static const struct {
        struct result r;
        enum vg_nibp_error error;
    } rows[] = {
        { { 120, 80, 93, 70, 0 }, VG_NIBP_OK },
        { { 120, 80, 93, 0, 0 }, VG_NIBP_OK }, /* no pulse rate */
        { { 300, 20, 100, 20, 0 }, VG_NIBP_OK },
        { { 25, 20, 22, 20, 0 }, VG_NIBP_OK },
        { { 120, 93, 80, 70, 0 }, VG_NIBP_IMPLAUSIBLE }, /* fields exchanged */
        { { 120, 80, 80, 70, 0 }, VG_NIBP_IMPLAUSIBLE },
        { { 120, 80, 120, 70, 0 }, VG_NIBP_IMPLAUSIBLE },
        { { 84, 80, 82, 70, 0 }, VG_NIBP_IMPLAUSIBLE }, /* pulse pressure below 5 */
        { { 120, 19, 60, 70, 0 }, VG_NIBP_IMPLAUSIBLE },
        { { 301, 80, 120, 70, 0 }, VG_NIBP_IMPLAUSIBLE },
        { { 120, 80, 93, 19, 0 }, VG_NIBP_IMPLAUSIBLE },
        { { 0, 0, 0, 0, 0 }, VG_NIBP_IMPLAUSIBLE },
        { { 0xffff, 0xffff, 0xffff, 0xff, 0 }, VG_NIBP_IMPLAUSIBLE },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct bench *b = open_ended();

        ask(b, VG_REQ_NIBP_RESULT);
        feed_result(b, rows[i].r);
        expect_nibp(b, 0, rows[i].error, 0);
    }
}

static void test_cuff_suntech__a_stored_result_is_never_spoken(void **state)
{
    const struct result r = { 120, 80, 93, 70, 0 };
    struct bench *b = open_bench(VG_PATIENT_ADULT);

    (void)state;
    feed_result(b, r); /* nobody asked */
    assert_int_equal(b->log.total, 0);
    ask(b, VG_REQ_NIBP_RESULT);
    ask(b, VG_REQ_NIBP_START); /* what comes now is older than the start */
    feed_result(b, r);
    assert_int_equal(b->log.total, 0);
}

static void test_cuff_suntech__start_until_completed(void **state)
{
    static const uint8_t accepted[] = { 0x3e, 0x04, 0x4f, 0x6f };
    static const uint8_t completed[] = { 0x3e, 0x04, 0x4b, 0x73 };
    struct bench *b = open_bench(VG_PATIENT_ADULT);

    (void)state;
    ask(b, VG_REQ_NIBP_START);
    feed(b, accepted, sizeof(accepted));
    expect_only_word(b, VG_CUFF_ACCEPTED);
    sink_log_clear(&b->log);
    feed(b, completed, sizeof(completed));
    expect_only_word(b, VG_CUFF_COMPLETED);
    sink_log_clear(&b->log);
    feed(b, completed, sizeof(completed)); /* once */
    assert_int_equal(b->log.total, 0);
}

static void test_cuff_suntech__abort_until_released(void **state)
{
    static const uint8_t aborted[] = { 0x3e, 0x04, 0x41, 0x7d };
    struct bench *b = open_bench(VG_PATIENT_ADULT);

    (void)state;
    ask(b, VG_REQ_NIBP_START);
    feed_letter(b, 'O');
    ask(b, VG_REQ_NIBP_ABORT);
    sink_log_clear(&b->log);
    feed(b, aborted, sizeof(aborted));
    expect_only_word(b, VG_CUFF_ABORTED);
    feed_letter(b, 'K');
    assert_int_equal(words(b, VG_CUFF_ABORTED), 2);
    assert_int_equal(words(b, VG_CUFF_COMPLETED), 0);
    feed_letter(b, 'K');
    assert_int_equal(b->log.total, 2);
}

static void test_cuff_suntech__lost_abort_acknowledgement(void **state)
{
    struct bench *b = open_bench(VG_PATIENT_ADULT);

    (void)state;
    ask(b, VG_REQ_NIBP_START);
    feed_letter(b, 'O');
    ask(b, VG_REQ_NIBP_ABORT);
    sink_log_clear(&b->log);
    feed_letter(b, 'K');
    expect_only_word(b, VG_CUFF_ABORTED);
}

static void test_cuff_suntech__abort_by_the_module_itself(void **state)
{
    struct bench *b = open_bench(VG_PATIENT_ADULT);

    (void)state;
    ask(b, VG_REQ_NIBP_START);
    feed_letter(b, 'O');
    sink_log_clear(&b->log);
    feed_letter(b, 'A');
    feed_letter(b, 'K');
    assert_int_equal(words(b, VG_CUFF_ABORTED), 2);
    assert_int_equal(b->log.total, 2);
}

static void test_cuff_suntech__k_of_something_older_ends_nothing(void **state)
{
    struct bench *b = open_bench(VG_PATIENT_ADULT);

    (void)state;
    feed_letter(b, 'K');
    feed_letter(b, 'O');
    assert_int_equal(b->log.total, 0);
    ask(b, VG_REQ_NIBP_START);
    feed_letter(b, 'K'); /* of an abort, or of a set pressure: O has not come */
    assert_int_equal(b->log.total, 0);
    feed_letter(b, 'O');
    feed_letter(b, 'K');
    assert_int_equal(words(b, VG_CUFF_COMPLETED), 1);
}

static void test_cuff_suntech__busy_and_refusals(void **state)
{
    static const struct {
        char letter;
        enum vg_cuff_word word;
    } rows[] = {
        { 'B', VG_CUFF_BUSY },    { 'E', VG_CUFF_REFUSED }, { 'N', VG_CUFF_REFUSED },
        { 'D', VG_CUFF_REFUSED }, { 'S', VG_CUFF_REFUSED }, { 'T', VG_CUFF_REFUSED },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct bench *b = open_bench(VG_PATIENT_ADULT);

        ask(b, VG_REQ_NIBP_START);
        feed_letter(b, rows[i].letter);
        expect_only_word(b, rows[i].word);
        feed_letter(b, 'O'); /* no start is open any more */
        feed_letter(b, 'K');
        assert_int_equal(b->log.total, 1);
    }
}

static void test_cuff_suntech__refused_question_is_not_a_refused_start(void **state)
{
    struct bench *b = open_bench(VG_PATIENT_ADULT);

    (void)state;
    ask(b, VG_REQ_NIBP_START);
    ask(b, VG_REQ_KEEPALIVE);
    feed_letter(b, 'D');
    assert_int_equal(b->log.total, 0);
    feed_letter(b, 'O');
    expect_only_word(b, VG_CUFF_ACCEPTED);
    ask(b, VG_REQ_NIBP_RESULT);
    feed_letter(b, 'N');
    feed_letter(b, 'K');
    assert_int_equal(words(b, VG_CUFF_COMPLETED), 1);
    assert_int_equal(words(b, VG_CUFF_REFUSED), 0);
    feed_letter(b, 'x'); /* nobody published it */
    assert_int_equal(b->log.total, 2);
}

static void test_cuff_suntech__lost_answers_are_asked_again(void **state)
{
    struct bench *b = open_ended();
    const struct result r = { 120, 80, 93, 70, 0 };

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(ask(b, VG_REQ_KEEPALIVE), 5);
        assert_int_equal(ask(b, VG_REQ_NIBP_RESULT), 5);
    }
    feed_result(b, r);
    feed_result(b, r);
    assert_int_equal(sink_log_count(&b->log, SAID_NIBP, -1), 1);
}

static void test_cuff_suntech__corrupted_length_hides_nothing(void **state)
{
    /* The length of a K became that of a text, of a return code, of nothing. */
    static const uint8_t lens[] = { 0x43, 0x06, 0x00, 0x03, 0xff };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(lens); i++) {
        struct bench *b = open_bench(VG_PATIENT_ADULT);
        const uint8_t f[] = { 0x3e, lens[i], 0x4b, 0x73 };

        ask(b, VG_REQ_NIBP_START);
        feed(b, f, sizeof(f));
        feed_letter(b, 'O');
        expect_only_word(b, VG_CUFF_ACCEPTED);
    }
}

static void test_cuff_suntech__frame_waits_and_refuses(void **state)
{
    static const uint8_t k[] = { 0x3e, 0x04, 0x4b, 0x73 };
    static const uint8_t bad[] = { 0x3e, 0x04, 0x4b, 0x74 };
    /* 3E 05 BE 00 FF, 190 mmHg, with one bit of the length wrong: the sum still fits. */
    static const uint8_t flipped[] = { 0x3e, 0x04, 0xbe, 0x00, 0xff };
    struct bench *b = open_bench(VG_PATIENT_ADULT);
    size_t len = 0;

    (void)state;
    assert_int_equal(b->drv->frame(k, 1, &len), VG_FRAME_NEED_MORE);
    assert_int_equal(b->drv->frame(k, 3, &len), VG_FRAME_NEED_MORE);
    assert_int_equal(b->drv->frame(k, 4, &len), VG_FRAME_OK);
    assert_int_equal(len, 4);
    assert_int_equal(b->drv->frame(bad, 4, &len), VG_FRAME_BAD);
    assert_int_equal(b->drv->frame(flipped, 4, &len), VG_FRAME_BAD);
    assert_int_equal(b->drv->frame(flipped, 3, &len), VG_FRAME_BAD);
    assert_int_equal(b->drv->frame(k + 1, 1, &len), VG_FRAME_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuff_suntech__commands_are_the_published_bytes),
        cmocka_unit_test(test_cuff_suntech__half_a_command_is_never_sent),
        cmocka_unit_test(test_cuff_suntech__cuff_pressure),
        cmocka_unit_test(test_cuff_suntech__pressure_says_running_or_idle),
        cmocka_unit_test(test_cuff_suntech__published_result),
        cmocka_unit_test(test_cuff_suntech__constructed_results),
        cmocka_unit_test(test_cuff_suntech__error_codes_are_decimal),
        cmocka_unit_test(test_cuff_suntech__implausible_numbers_are_no_result),
        cmocka_unit_test(test_cuff_suntech__a_stored_result_is_never_spoken),
        cmocka_unit_test(test_cuff_suntech__start_until_completed),
        cmocka_unit_test(test_cuff_suntech__abort_until_released),
        cmocka_unit_test(test_cuff_suntech__lost_abort_acknowledgement),
        cmocka_unit_test(test_cuff_suntech__abort_by_the_module_itself),
        cmocka_unit_test(test_cuff_suntech__k_of_something_older_ends_nothing),
        cmocka_unit_test(test_cuff_suntech__busy_and_refusals),
        cmocka_unit_test(test_cuff_suntech__refused_question_is_not_a_refused_start),
        cmocka_unit_test(test_cuff_suntech__lost_answers_are_asked_again),
        cmocka_unit_test(test_cuff_suntech__corrupted_length_hides_nothing),
        cmocka_unit_test(test_cuff_suntech__frame_waits_and_refuses),
    };

    return cmocka_run_group_tests_name("cuff_suntech", tests, NULL, NULL);
}
