/*
 * test_regmap_cuff.c -- whose result is it? Determinations poll by poll; frames of the VM-2 as
 * golden vectors, with their CRC.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "tests/support/regmap_bench.h"

static void test_regmap_cuff__vm2_cuff_frames(void **state)
{
    static const uint8_t idle[] = { 0x11, 0x04, 0x12, 0x00, 0x00, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0xff,
                                    0xff, 0x00, 0x00, 0x00, 0x00, 0x54, 0x4b };
    static const uint8_t negative[] = { 0x11, 0x04, 0x12, 0x00, 0x00, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd, 0xff,
                                        0xff, 0x00, 0x00, 0x00, 0x00, 0x37, 0x80 };
    static const uint8_t inflating[] = { 0x11, 0x04, 0x12, 0x00, 0x02, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x92, 0xff,
                                         0xff, 0x00, 0x00, 0x00, 0x00, 0x46, 0xe2 };
    static const uint8_t measuring[] = { 0x11, 0x04, 0x12, 0x00, 0x03, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x6e, 0xff,
                                         0xff, 0x00, 0x00, 0x00, 0x00, 0x2b, 0x7d };
    static const uint8_t done[] = { 0x11, 0x04, 0x12, 0x00, 0x04, 0x00, 0x78, 0x00,
                                    0x50, 0x00, 0x5d, 0x00, 0x47, 0x00, 0x02, 0x00,
                                    0x00, 0x00, 0x00, 0x00, 0x01, 0x60, 0x49 };
    static const uint8_t failed[] = { 0x11, 0x04, 0x12, 0x00, 0x05, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x03, 0x00,
                                      0x00, 0x00, 0x06, 0x00, 0x01, 0x55, 0xc0 };
    static const struct {
        const uint8_t *frame;
        int32_t pressure;
        enum vg_cuff_word word;
        bool starts;
    } rows[] = {
        { idle, 0, VG_CUFF_IDLE, false },
        { negative, -3000, VG_CUFF_IDLE, true },
        { inflating, 146000, VG_CUFF_RUNNING, false },
        { measuring, 110000, VG_CUFF_RUNNING, false },
        { done, 2000, VG_CUFF_IDLE, true },
        { inflating, 146000, VG_CUFF_RUNNING, false },
        { failed, 3000, VG_CUFF_IDLE, false },
    };
    struct unit *u = open_vm2();

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        sink_log_clear(&u->log);
        set_reply(u, VG_AREA_INPUT, 16, rows[i].frame, sizeof(done));
        if (rows[i].frame == inflating && i == 5) {
            set_in(u, 24, 1);
        }
        parse(u);
        expect_reading(u, VG_VITAL_CUFF_PRESSURE, rows[i].pressure, VG_QUALITY_OK);
        assert_int_equal(words(u, rows[i].word), 1);
        assert_int_equal(sink_log_count(&u->log, SAID_CUFF, -1), 1);
        if (rows[i].frame == done) {
            expect_nibp(u, VG_NIBP_OK, 0);
            assert_int_equal(sink_log_find(&u->log, SAID_NIBP, -1, 0)->nibp.pulse_rate_milli,
                             71000);
        } else if (rows[i].frame == failed) {
            expect_nibp(u, VG_NIBP_LOOSE_OR_LEAK, 6);
        } else {
            expect_no_nibp(u);
        }
        if (rows[i].starts) {
            assert_int_equal(ask(u, VG_REQ_NIBP_START), VG_OK);
        }
    }
}

static void test_regmap_cuff__writes(void **state)
{
    struct unit *u = open_vm2();
    enum vg_area area = VG_AREA_HOLDING;
    uint16_t addr = 9;
    uint16_t value = 9;

    (void)state;
    assert_int_equal(ask(u, VG_REQ_NIBP_START), VG_ERR_STATE); /* never polled: no proof later */
    poll_cuff(u, 2, 5);
    assert_int_equal(ask(u, VG_REQ_NIBP_START), VG_ERR_STATE); /* it runs */
    assert_false(u->st.started);
    poll_cuff(u, 0, 5);
    assert_int_equal(vg_regmap_write(&u->map, &u->st, VG_REQ_NIBP_START, &area, &addr, &value),
                     VG_OK);
    assert_int_equal(area, VG_AREA_COIL);
    assert_int_equal(addr, 0);
    assert_int_equal(value, 1);
    assert_true(u->st.started);
    assert_int_equal(u->st.seq_at_start, 5);
    assert_int_equal(vg_regmap_write(&u->map, &u->st, VG_REQ_NIBP_ABORT, &area, &addr, &value),
                     VG_OK);
    assert_int_equal(addr, 1);
    assert_int_equal(ask(u, VG_REQ_KEEPALIVE), VG_ERR_STATE);
    assert_int_equal(ask(u, VG_REQ_NIBP_RESULT), VG_ERR_STATE);
    assert_int_equal(vg_regmap_write(&u->map, &u->st, VG_REQ_NONE, &area, &addr, &value), VG_OK);
    assert_int_equal(area, VG_AREA_COIL);
    assert_int_equal(addr, 3);
    test_map_remove(&u->map, test_map_role(&u->map, VG_ROLE_ENABLE));
    assert_int_equal(vg_regmap_write(&u->map, &u->st, VG_REQ_NONE, &area, &addr, &value),
                     VG_ERR_STATE);
}

/* Rows of polls after a start from a known state and number. Number 5 is seen at the start. */
struct episode {
    const char *name;
    uint16_t before; /* state at the start */
    struct {
        uint16_t state, seq;
    } polls[8];
    uint16_t count;
    int32_t nibp_at; /* poll that speaks, -1 = none */
    enum vg_nibp_error error;
};

static const struct episode episodes[] = {
    { "result of ours", 0, { { 2, 5 }, { 3, 5 }, { 4, 6 } }, 3, 2, VG_NIBP_OK },
    { "between two polls", 0, { { 0, 5 }, { 4, 6 } }, 2, 1, VG_NIBP_OK },
    { "after an old result",
      4,
      { { 4, 5 }, { 4, 5 }, { 4, 5 }, { 4, 5 }, { 4, 5 }, { 3, 5 }, { 4, 6 } },
      7,
      6,
      VG_NIBP_OK },
    { "old failure is not ours", 5, { { 5, 5 }, { 5, 5 }, { 2, 5 }, { 4, 6 } }, 4, 3, VG_NIBP_OK },
    { "old abort is not ours", 6, { { 6, 5 }, { 2, 5 }, { 6, 5 } }, 3, 2, VG_NIBP_USER_ABORT },
    { "failed at once", 4, { { 5, 5 } }, 1, 0, VG_NIBP_UNKNOWN },
    { "no new number",
      0,
      { { 2, 5 }, { 4, 5 }, { 4, 5 }, { 4, 5 }, { 4, 5 } },
      5,
      4,
      VG_NIBP_NO_RESULT },
    { "back to idle with number", 0, { { 2, 5 }, { 0, 6 } }, 2, 1, VG_NIBP_OK },
    { "back to idle without",
      0,
      { { 2, 5 }, { 0, 5 }, { 0, 5 }, { 0, 5 }, { 0, 5 } },
      5,
      4,
      VG_NIBP_NO_RESULT },
    { "number late", 0, { { 3, 5 }, { 4, 5 }, { 4, 5 }, { 4, 6 } }, 4, 3, VG_NIBP_OK },
    { "runs on after a pause",
      0,
      { { 3, 5 }, { 4, 5 }, { 3, 5 }, { 4, 5 }, { 4, 5 }, { 4, 5 }, { 4, 6 } },
      7,
      6,
      VG_NIBP_OK },
    { "jump of two", 0, { { 2, 5 }, { 4, 7 } }, 2, 1, VG_NIBP_FOREIGN },
    { "jump unseen", 4, { { 4, 8 } }, 1, 0, VG_NIBP_FOREIGN },
    { "never begins",
      0,
      { { 0, 5 }, { 0, 5 }, { 0, 5 }, { 0, 5 }, { 0, 5 }, { 0, 5 }, { 0, 5 } },
      7,
      -1,
      VG_NIBP_OK },
    { "unknown state says nothing",
      0,
      { { 9, 5 }, { 9, 6 }, { 2, 5 }, { 4, 6 } },
      4,
      3,
      VG_NIBP_OK },
};

static void test_regmap_cuff__determinations(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(episodes); i++) {
        const struct episode *e = &episodes[i];
        struct unit *u = open_vm2();

        print_message("  %s\n", e->name);
        poll_cuff(u, e->before, 5);
        expect_no_nibp(u);
        assert_int_equal(words(u, VG_CUFF_IDLE), 1);
        assert_int_equal(ask(u, VG_REQ_NIBP_START), VG_OK);
        for (uint16_t k = 0; k < e->count; k++) {
            poll_cuff(u, e->polls[k].state, e->polls[k].seq);
            if (k == e->nibp_at) {
                expect_nibp(u, e->error, 0);
                assert_false(u->st.started);
                assert_int_equal(words(u, VG_CUFF_COMPLETED), e->error == VG_NIBP_FOREIGN);
            } else {
                expect_no_nibp(u);
                assert_true(u->st.started);
                assert_int_equal(words(u, VG_CUFF_IDLE), 0);
            }
        }
        poll_cuff(u, e->polls[e->count - 1].state, e->polls[e->count - 1].seq);
        expect_no_nibp(u); /* once */
    }
}

static void test_regmap_cuff__number_wraps(void **state)
{
    struct unit *u = open_vm2();

    (void)state;
    poll_cuff(u, 0, 0xffff);
    ask(u, VG_REQ_NIBP_START);
    poll_cuff(u, 2, 0xffff);
    poll_cuff(u, 4, 0);
    expect_nibp(u, VG_NIBP_OK, 0);
}

static void test_regmap_cuff__errors_are_mapped(void **state)
{
    static const struct {
        uint16_t raw;
        enum vg_nibp_error error;
    } rows[] = { { 1, VG_NIBP_WEAK_SIGNAL },
                 { 10, VG_NIBP_HW_FAULT },
                 { 0, VG_NIBP_UNKNOWN },
                 { 77, VG_NIBP_UNKNOWN } };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct unit *u = open_vm2();

        poll_cuff(u, 0, 5);
        ask(u, VG_REQ_NIBP_START);
        poll_cuff(u, 2, 5);
        set_in(u, 16, 5);
        set_in(u, 23, rows[i].raw);
        sink_log_clear(&u->log);
        parse(u);
        expect_nibp(u, rows[i].error, rows[i].raw);
    }
    {
        /* A map without an error point. */
        struct unit *u = NULL;

        test_map_vm2(&unit.map);
        test_map_remove(&unit.map, test_map_role(&unit.map, VG_ROLE_NIBP_ERROR));
        u = open_unit();
        u->poll.ok = 0;
        set_in(u, 16, 0);
        parse(u);
        ask(u, VG_REQ_NIBP_START);
        set_in(u, 16, 5);
        sink_log_clear(&u->log);
        parse(u);
        expect_nibp(u, VG_NIBP_UNKNOWN, 0);
    }
}

static void test_regmap_cuff__numbers_of_a_result(void **state)
{
    static const struct {
        uint16_t sys, dia, mean, rate;
        bool has_mean;
        enum vg_nibp_error error;
        int32_t mean_milli, rate_milli;
    } rows[] = {
        { 120, 80, 93, 71, true, VG_NIBP_OK, 93000, 71000 },
        { 120, 80, 93, 0xffff, true, VG_NIBP_OK, 93000, 0 }, /* no pulse rate */
        { 121, 80, 0, 71, false, VG_NIBP_OK, 93667, 71000 }, /* computed */
        { 120, 93, 80, 71, true, VG_NIBP_IMPLAUSIBLE, 0, 0 },
        { 120, 80, 0xffff, 71, true, VG_NIBP_NO_RESULT, 0, 0 },
        { 0xffff, 80, 93, 71, true, VG_NIBP_NO_RESULT, 0, 0 },
        { 120, 0xffff, 93, 71, true, VG_NIBP_NO_RESULT, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct unit *u = NULL;
        const struct said *s = NULL;

        test_map_vm2(&unit.map);
        if (!rows[i].has_mean) {
            test_map_remove(&unit.map, test_map_vital(&unit.map, VG_VITAL_NIBP_MEAN));
        }
        u = open_unit();
        poll_cuff(u, 0, 5);
        ask(u, VG_REQ_NIBP_START);
        poll_cuff(u, 3, 5);
        set_in(u, 16, 4);
        set_in(u, 17, rows[i].sys);
        set_in(u, 18, rows[i].dia);
        set_in(u, 19, rows[i].mean);
        set_in(u, 20, rows[i].rate);
        set_in(u, 24, 6);
        for (uint32_t poll = 0; poll < 4; poll++) {
            parse(u);
        }
        s = sink_log_find(&u->log, SAID_NIBP, -1, 0);
        assert_int_equal(sink_log_count(&u->log, SAID_NIBP, -1), 1);
        assert_int_equal(s->nibp.error, rows[i].error);
        assert_int_equal(s->nibp.mean_milli, rows[i].mean_milli);
        assert_int_equal(s->nibp.pulse_rate_milli, rows[i].rate_milli);
        assert_int_equal(s->nibp.mean_computed, !rows[i].has_mean);
    }
}

static void test_regmap_cuff__abort_ends_with_a_word_not_with_a_result(void **state)
{
    static const uint16_t rests[] = { 0, 4, 5, 6 };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(rests); i++) {
        for (uint32_t ran = 0; ran < 2; ran++) {
            struct unit *u = open_vm2();

            poll_cuff(u, rests[i], 5);
            ask(u, VG_REQ_NIBP_START);
            if (ran != 0) {
                poll_cuff(u, 2, 5);
            }
            assert_int_equal(ask(u, VG_REQ_NIBP_ABORT), VG_OK);
            poll_cuff(u, 3, 5); /* still deflating */
            assert_int_equal(words(u, VG_CUFF_RUNNING), 1);
            assert_int_equal(words(u, VG_CUFF_ABORTED), 0);
            poll_cuff(u, rests[i], 5);
            expect_no_nibp(u);
            assert_int_equal(words(u, VG_CUFF_ABORTED), 1);
            assert_int_equal(words(u, VG_CUFF_IDLE), 1);
            poll_cuff(u, rests[i], 5);
            assert_int_equal(words(u, VG_CUFF_ABORTED), 0);
        }
    }
}

static void test_regmap_cuff__first_poll_never_reports(void **state)
{
    struct unit *u = open_vm2();

    (void)state;
    poll_cuff(u, 4, 17); /* a result is there: perhaps another patient's */
    expect_no_nibp(u);
    poll_cuff(u, 4, 17);
    expect_no_nibp(u);
}

static void test_regmap_cuff__front_panel_measurement_is_foreign(void **state)
{
    struct unit *u = open_vm2();

    (void)state;
    poll_cuff(u, 4, 17);
    poll_cuff(u, 2, 17);
    assert_int_equal(words(u, VG_CUFF_RUNNING), 1);
    poll_cuff(u, 4, 18);
    expect_nibp(u, VG_NIBP_FOREIGN, 0);
    poll_cuff(u, 4, 18);
    expect_no_nibp(u);
    poll_cuff(u, 4, 0); /* switched off and on */
    expect_no_nibp(u);
}

/* A unit without sequence number: the age of the result must fall. */
static void test_regmap_cuff__age_proves_a_result(void **state)
{
    static const struct {
        uint16_t state, age;
        bool speaks;
    } rows[] = {
        { 4, 100, false },    { 4, 101, false }, { 2, 0xffff, false }, { 3, 0xffff, false },
        { 4, 0xffff, false }, { 4, 0, true },    { 4, 1, false },
    };
    struct unit *u = NULL;

    (void)state;
    test_map_vm2(&unit.map);
    test_map_remove(&unit.map, test_map_role(&unit.map, VG_ROLE_NIBP_SEQ));
    u = open_unit();
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        u->poll.ok = 0;
        set_in(u, 16, rows[i].state);
        set_in(u, 17, 120);
        set_in(u, 18, 80);
        set_in(u, 19, 93);
        set_in(u, 20, 71);
        set_in(u, 22, rows[i].age);
        sink_log_clear(&u->log);
        parse(u);
        if (rows[i].speaks) {
            expect_nibp(u, VG_NIBP_OK, 0);
        } else {
            expect_no_nibp(u);
        }
        if (i == 0) {
            assert_int_equal(ask(u, VG_REQ_NIBP_START), VG_OK);
        }
    }
    set_in(u, 22, 0); /* younger again, and nobody asked */
    sink_log_clear(&u->log);
    parse(u);
    expect_nibp(u, VG_NIBP_FOREIGN, 0);
}

static void test_regmap_cuff__cuff_points_in_missing_blocks(void **state)
{
    struct unit *u = NULL;

    (void)state;
    test_map_vm2(&unit.map);
    test_map_role(&unit.map, VG_ROLE_NIBP_SEQ)->area = VG_AREA_HOLDING;
    test_map_role(&unit.map, VG_ROLE_NIBP_AGE)->area = VG_AREA_HOLDING;
    u = open_unit();
    set_in(u, 16, 0);
    parse(u); /* state without number */
    assert_int_equal(words(u, VG_CUFF_IDLE), 0);
    assert_int_equal(ask(u, VG_REQ_NIBP_START), VG_ERR_STATE);
    set_reg(u, VG_AREA_HOLDING, 24, 5);
    parse(u);
    assert_int_equal(words(u, VG_CUFF_IDLE), 1);
    test_map_role(&u->map, VG_ROLE_NIBP_SEQ)->area = VG_AREA_INPUT;
    u = open_unit();
    set_in(u, 16, 0);
    parse(u); /* number, but the age is elsewhere */
    assert_int_equal(words(u, VG_CUFF_IDLE), 0);
}

/* A cuff that can only be listened to: no start, no state. */
static void test_regmap_cuff__listening_to_a_cuff(void **state)
{
    struct unit *u = NULL;

    (void)state;
    test_map_vm2(&unit.map);
    test_map_remove(&unit.map, test_map_role(&unit.map, VG_ROLE_NIBP_START));
    test_map_remove(&unit.map, test_map_role(&unit.map, VG_ROLE_NIBP_STATE));
    u = open_unit();
    set_in(u, 24, 5);
    parse(u);
    expect_no_nibp(u);
    set_in(u, 24, 6);
    parse(u);
    expect_nibp(u, VG_NIBP_FOREIGN, 0);
    assert_int_equal(sink_log_count(&u->log, SAID_CUFF, -1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regmap_cuff__vm2_cuff_frames),
        cmocka_unit_test(test_regmap_cuff__writes),
        cmocka_unit_test(test_regmap_cuff__determinations),
        cmocka_unit_test(test_regmap_cuff__number_wraps),
        cmocka_unit_test(test_regmap_cuff__errors_are_mapped),
        cmocka_unit_test(test_regmap_cuff__numbers_of_a_result),
        cmocka_unit_test(test_regmap_cuff__abort_ends_with_a_word_not_with_a_result),
        cmocka_unit_test(test_regmap_cuff__first_poll_never_reports),
        cmocka_unit_test(test_regmap_cuff__front_panel_measurement_is_foreign),
        cmocka_unit_test(test_regmap_cuff__age_proves_a_result),
        cmocka_unit_test(test_regmap_cuff__cuff_points_in_missing_blocks),
        cmocka_unit_test(test_regmap_cuff__listening_to_a_cuff),
    };

    return cmocka_run_group_tests_name("regmap_cuff", tests, NULL, NULL);
}
