/* test_wire_time.c -- ISO 8601: known instants, every day from 1970 to 2200, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/wire.h"
#include "vigil/compiler.h"

#define DAY_NS (INT64_C(86400) * VG_NS_PER_S)

static const struct {
    int64_t ns;
    const char *text;
} known[] = {
    { 0, "1970-01-01T00:00:00.000Z" },
    { 951782400 * VG_NS_PER_S, "2000-02-29T00:00:00.000Z" },
    { 951868799 * VG_NS_PER_S + 999 * VG_NS_PER_MS, "2000-02-29T23:59:59.999Z" },
    { 1234567890 * VG_NS_PER_S, "2009-02-13T23:31:30.000Z" },
    { 1709164800 * VG_NS_PER_S, "2024-02-29T00:00:00.000Z" },
    { 1795506704 * VG_NS_PER_S + 941 * VG_NS_PER_MS, "2026-11-24T07:51:44.941Z" },
    { INT64_C(2147483648) * VG_NS_PER_S, "2038-01-19T03:14:08.000Z" },
    { INT64_C(4107542400) * VG_NS_PER_S, "2100-03-01T00:00:00.000Z" },
    { INT64_C(7258118399) * VG_NS_PER_S, "2199-12-31T23:59:59.000Z" },
};

static void test_wire_time__known_instants(void **state)
{
    char text[VG_WIRE_UTC_MAX];
    int64_t ns;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(known); i++) {
        vg_wire_utc(known[i].ns, text);
        assert_string_equal(text, known[i].text);
        assert_true(vg_wire_parse_utc(known[i].text, &ns));
        assert_int_equal(ns, known[i].ns);
    }
}

/* The calendar is walked by counting, not by the arithmetic under test. */
static void test_wire_time__every_day_to_2200(void **state)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    char text[VG_WIRE_UTC_MAX];
    char wanted[VG_WIRE_UTC_MAX];
    int64_t day = 0;
    int64_t ns;

    (void)state;
    for (int y = 1970; y <= 2200; y++) {
        bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
        for (int m = 1; m <= 12; m++) {
            int length = lengths[m - 1] + (m == 2 && leap ? 1 : 0);
            for (int d = 1; d <= length; d++, day++) {
                int64_t at = day * DAY_NS + 43261 * VG_NS_PER_S + 7 * VG_NS_PER_MS;
                (void)snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT12:01:01.007Z", y, m, d);
                vg_wire_utc(at, text);
                assert_string_equal(text, wanted);
                assert_true(vg_wire_parse_utc(text, &ns));
                assert_int_equal(ns, at);
            }
        }
    }
}

static void test_wire_time__any_instant_can_be_written(void **state)
{
    static const int64_t edges[] = { INT64_MIN,    INT64_MIN + 1, -1,
                                     -VG_NS_PER_S, -DAY_NS - 1,   INT64_MAX };
    char text[VG_WIRE_UTC_MAX];

    (void)state;
    for (size_t i = 0; i < VG_COUNT(edges); i++) {
        memset(text, '#', sizeof text);
        vg_wire_utc(edges[i], text);
        assert_non_null(memchr(text, '\0', sizeof text));
    }
    vg_wire_utc(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

static void test_wire_time__offsets_and_fractions(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        { "2026-11-24T14:02:00Z", 1795528920 * VG_NS_PER_S },
        { "2026-11-24T15:02:00+01:00", 1795528920 * VG_NS_PER_S },
        { "2026-11-24T09:02:00-05:00", 1795528920 * VG_NS_PER_S },
        { "2026-11-24T19:32:00+05:30", 1795528920 * VG_NS_PER_S },
        { "2026-11-25T04:02:00+14:00", 1795528920 * VG_NS_PER_S },
        { "2026-11-24T14:02:00+00:00", 1795528920 * VG_NS_PER_S },
        { "2026-11-24T14:02:00-00:00", 1795528920 * VG_NS_PER_S },
        { "2026-11-24T14:02:00.5Z", 1795528920 * VG_NS_PER_S + 500 * VG_NS_PER_MS },
        { "2026-11-24T14:02:00.123456789Z", 1795528920 * VG_NS_PER_S + 123456789 },
        /* Finer than we can hold: cut, not refused. */
        { "2026-11-24T14:02:00.1234567899999999999999Z", 1795528920 * VG_NS_PER_S + 123456789 },
        { "2026-11-24T23:30:00-01:00", 1795566600 * VG_NS_PER_S },
    };
    int64_t ns;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_true(vg_wire_parse_utc(cases[i].text, &ns));
        assert_int_equal(ns, cases[i].ns);
    }
}

static void test_wire_time__everything_else_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "now",
        "2026",
        "2026-11-24",
        "2026-11-24T14:02",
        "2026-11-24T14:02:00",  /* whose clock? */
        "2026-11-24 14:02:00Z", /* blank */
        "2026-11-24t14:02:00Z",
        "2026-11-24T14:02:00z",
        "2026-11-24T14:02:00Z ",
        " 2026-11-24T14:02:00Z",
        "2026-11-24T14:02:00ZZ",
        "2026-11-24T14:02:00,5Z",
        "2026-11-24T14:02:00.Z",
        "2026-11-24T14:02:00.5",
        "2026-11-24T14:02:00+0100",
        "2026-11-24T14:02:00+01",
        "2026-11-24T14:02:00+15:00",
        "2026-11-24T14:02:00+01:60",
        "2026-11-24T14:02:00+1:00",
        "2026-00-24T14:02:00Z",
        "2026-13-24T14:02:00Z",
        "2026-11-00T14:02:00Z",
        "2026-11-31T14:02:00Z",
        "2026-02-29T14:02:00Z",
        "2100-02-29T14:02:00Z", /* not a leap year */
        "2026-11-24T24:00:00Z",
        "2026-11-24T14:60:00Z",
        "2026-11-24T14:02:60Z", /* no leap seconds */
        "26-11-24T14:02:00Z",
        "1969-12-31T23:59:59Z",
        "2201-01-01T00:00:00Z",
        "-2026-11-24T14:02:00Z",
        "+2026-11-24T14:02:00Z",
        "2026-1-24T14:02:00Z",
        "2026/11/24T14:02:00Z",
        "20261124T140200Z",
        "0x26-11-24T14:02:00Z",
    };
    int64_t ns;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        if (vg_wire_parse_utc(bad[i], &ns)) {
            fail_msg("accepted: '%s'", bad[i]);
        }
    }
    assert_true(vg_wire_parse_utc("2000-02-29T00:00:00Z", &ns));
    assert_true(vg_wire_parse_utc("2200-12-31T23:59:59.999Z", &ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire_time__known_instants),
        cmocka_unit_test(test_wire_time__every_day_to_2200),
        cmocka_unit_test(test_wire_time__any_instant_can_be_written),
        cmocka_unit_test(test_wire_time__offsets_and_fractions),
        cmocka_unit_test(test_wire_time__everything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
