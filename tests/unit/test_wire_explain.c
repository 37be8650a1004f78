/*
 * test_wire_explain.c -- the line that says why an alarm is open: what, against what, since when, and
 * who was told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "lib/wire.h"
#include "vigil/compiler.h"
#include "vigil/condition.h"

#define S(n) ((n)*VG_NS_PER_S)

static const struct vg_wire_names names = {
    .device_count = 2,
    .sink_count = 3,
    .device = { "ox-1", "cuff-1" },
    .sink = { "desk", "pager", "room-1" },
};

static struct vg_event ev;
static struct vg_wire_alarm_more more;
static char line[VG_EXPLAIN_MAX];

/* SpO2 was 88 below a limit of 90, 12 s ago, told to nobody. */
static int spo2(void **state)
{
    (void)state;
    memset(&ev, 0, sizeof ev);
    memset(&more, 0, sizeof more);
    ev.kind = VG_EV_ALARM;
    ev.device = 0;
    ev.mono_ns = S(1000);
    ev.u.alarm.since_ns = S(988) - 1;
    ev.u.alarm.condition = VG_COND_SPO2_LOW;
    ev.u.alarm.subject = VG_SUBJECT_NONE;
    ev.u.alarm.to = VG_CS_ACTIVE;
    ev.u.alarm.has_value = true;
    ev.u.alarm.value_milli = 88000;
    ev.u.alarm.limit_milli = 90000;
    more.route = VG_RS_DONE;
    return 0;
}

static void about(enum vg_condition c, uint16_t subject, uint16_t device)
{
    ev.u.alarm.condition = (uint8_t)c;
    ev.u.alarm.subject = subject;
    ev.u.alarm.has_value = false;
    ev.device = device;
}

static void expect(const char *want)
{
    vg_wire_explain(&names, &ev, &more, line, sizeof line);
    assert_string_equal(line, want);
}

static void expect_begin(const char *want)
{
    vg_wire_explain(&names, &ev, &more, line, sizeof line);
    assert_int_equal(strncmp(line, want, strlen(want)), 0);
}

/* --- what ------------------------------------------------------------------------------------ */

static void test_wire_explain__a_value_against_its_limit(void **state)
{
    (void)state;
    expect("SpO2 low: worst 88, alarm below 90 %; open for 12 s; told: nobody is being told");
    ev.u.alarm.value_milli = 88500;
    expect_begin("SpO2 low: worst 88.5, alarm below 90 %;");
    about(VG_COND_SYS_HIGH, VG_SUBJECT_NONE, 1);
    ev.u.alarm.has_value = true;
    ev.u.alarm.value_milli = 171000;
    ev.u.alarm.limit_milli = 160500;
    expect_begin("systolic pressure high: worst 171, alarm above 160.5 mm[Hg];");
}

static void test_wire_explain__without_a_value_it_invents_none(void **state)
{
    (void)state;
    ev.u.alarm.has_value = false;
    expect_begin("SpO2 low: ox-1; open for 12 s;");
}

static void test_wire_explain__names_what_it_is_about(void **state)
{
    (void)state;
    about(VG_COND_DATA_LOST, VG_VITAL_PULSE_RATE, VG_DEVICE_NONE);
    expect_begin("no valid data: pulse_rate;");
    about(VG_COND_VITAL_DUE, VG_VITAL_NIBP_SYS, VG_DEVICE_NONE);
    expect_begin("reading is due: nibp_sys;");
    about(VG_COND_SINK_LOST, 1, VG_DEVICE_NONE);
    expect_begin("alarms do not arrive there: pager;");
    about(VG_COND_BATTERY, 1, 1);
    expect_begin("battery of the device is low: cuff-1;");
    about(VG_COND_STORAGE, VG_SUBJECT_NONE, VG_DEVICE_NONE);
    expect_begin("record cannot be written; open for");
}

static void test_wire_explain__what_has_no_name_any_more_is_left_out(void **state)
{
    (void)state;
    about(VG_COND_DATA_LOST, VG_VITAL_COUNT, VG_DEVICE_NONE);
    expect_begin("no valid data; open for");
    about(VG_COND_SINK_LOST, 3, VG_DEVICE_NONE);
    expect_begin("alarms do not arrive there; open for");
    about(VG_COND_BATTERY, 7, 7);
    expect_begin("battery of the device is low; open for");
}

static void test_wire_explain__every_condition_has_a_line(void **state)
{
    (void)state;
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        about((enum vg_condition)c, 0, 0);
        ev.u.alarm.has_value = true;
        vg_wire_explain(&names, &ev, &more, line, sizeof line);
        const char *text = vg_condition_get((enum vg_condition)c)->text;
        assert_int_equal(strncmp(line, text, strlen(text)), 0);
        assert_true(strlen(line) < VG_EXPLAIN_MAX - 1);
    }
}

/* --- how it stands --------------------------------------------------------------------------- */

static void test_wire_explain__how_it_stands(void **state)
{
    (void)state;
    ev.u.alarm.held = true;
    expect("SpO2 low: worst 88, alarm below 90 %; open for 12 s, no value now; told: nobody is "
           "being told");
    ev.u.alarm.to = VG_CS_LATCHED;
    ev.u.alarm.held = false;
    expect("SpO2 low: worst 88, alarm below 90 %; open for 12 s, over by itself, waits to be "
           "acknowledged; told: nobody is being told");
    ev.u.alarm.to = VG_CS_ACTIVE;
    ev.u.alarm.ack = true;
    expect("SpO2 low: worst 88, alarm below 90 %; open for 12 s, acknowledged; told: nobody is "
           "being told");
}

/* --- who was told ---------------------------------------------------------------------------- */

static void test_wire_explain__who_was_told(void **state)
{
    static const char *const want[VG_RS_COUNT] = {
        [VG_RS_DONE] = "; told: nobody is being told",
        [VG_RS_SENT] = "; told: sent to staff, not yet confirmed",
        [VG_RS_CONFIRMED] = "; told: staff",
        [VG_RS_ESCALATED] = "; told: staff and a second person",
        [VG_RS_LOCAL] = "; told: everybody, in the room too",
    };
    (void)state;
    for (unsigned r = 0; r < VG_RS_COUNT; r++) {
        more.route = (uint8_t)r;
        vg_wire_explain(&names, &ev, &more, line, sizeof line);
        assert_string_equal(strstr(line, "; told"), want[r]);
    }
    more.route = VG_RS_LOCAL;
    more.told = 1u << 0 | 1u << 2;
    vg_wire_explain(&names, &ev, &more, line, sizeof line);
    assert_string_equal(strstr(line, "; told"),
                        "; told: everybody, in the room too; confirmed by desk, room-1");
    more.told = 1u << 3; /* a sink that is no longer configured */
    vg_wire_explain(&names, &ev, &more, line, sizeof line);
    assert_null(strstr(line, "confirmed by"));
}

/* --- room ------------------------------------------------------------------------------------ */

static void test_wire_explain__is_cut_and_never_runs_over(void **state)
{
    char whole[VG_EXPLAIN_MAX];
    (void)state;
    more.told = 7;
    vg_wire_explain(&names, &ev, &more, whole, sizeof whole);
    for (size_t cap = 1; cap <= strlen(whole) + 1; cap++) {
        memset(line, '#', sizeof line);
        vg_wire_explain(&names, &ev, &more, line, cap);
        assert_int_equal(strlen(line), cap - 1);
        assert_memory_equal(line, whole, cap - 1);
        assert_true(cap == sizeof line || line[cap] == '#');
    }
}

#define T(f) cmocka_unit_test_setup(f, spo2)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_wire_explain__a_value_against_its_limit),
        T(test_wire_explain__without_a_value_it_invents_none),
        T(test_wire_explain__names_what_it_is_about),
        T(test_wire_explain__what_has_no_name_any_more_is_left_out),
        T(test_wire_explain__every_condition_has_a_line),
        T(test_wire_explain__how_it_stands),
        T(test_wire_explain__who_was_told),
        T(test_wire_explain__is_cut_and_never_runs_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
