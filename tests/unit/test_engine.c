/*
 * test_engine.c -- dispatch, numbering, snapshots, restart, and steps in which everything happens
 * at once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/core_builder.h"
#include "vigil/compiler.h"

static struct core *c;
static uint16_t oxi;
static uint16_t cuff;

static int one_bed(void **state)
{
    (void)state;
    c = core_new(0, 2, NULL, CORE_S(1000));
    oxi = core_add_oximeter(c, 0);
    cuff = core_add_cuff(c, 0);
    core_port(c, oxi, VG_PORT_ONLINE);
    core_port(c, cuff, VG_PORT_ONLINE);
    return 0;
}

/* --- dispatch ------------------------------------------------------------------------------- */

static void test_engine__what_it_does_not_know_it_ignores(void **state)
{
    static const enum vg_event_kind kinds[] = { VG_EV_NONE,      VG_EV_ALARM, VG_EV_FRESHNESS,
                                                VG_EV_LIMIT,     VG_EV_ROUTE, VG_EV_BIND,
                                                VG_EV_KIND_COUNT };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(kinds); i++) {
        struct vg_event ev = core_event(c, kinds[i], 0, VG_DEVICE_NONE);
        assert_int_equal(core_feed(c, &ev)->count, 0);
    }
    static const enum vg_daemon_what words[] = { VG_DAEMON_STARTED, VG_DAEMON_STOPPING,
                                                 VG_DAEMON_WHAT_COUNT };
    for (size_t i = 0; i < VG_COUNT(words); i++) {
        core_daemon(c, 0, words[i]);
        assert_int_equal(c->fx.count, 0);
    }
}

static void test_engine__waves_go_to_the_stream_or_to_the_record(void **state)
{
    (void)state;
    struct vg_event ev = core_event(c, VG_EV_WAVE, 0, oxi);
    (void)core_open_session(c, 0, "p-1");
    assert_int_equal(core_feed(c, &ev)->of[0].verbs, VG_DO_SEND);
    assert_int_equal(c->fx.of[0].ev.session, c->engine->beds[0].session.seq);
    ev.flags = VG_FLAG_ARCHIVE;
    assert_int_equal(core_feed(c, &ev)->of[0].verbs, VG_DO_RECORD);
}

static void test_engine__device_moves_go_out(void **state)
{
    struct vg_event ev;
    struct vg_now now = { c->now_ns, c->now_ns + CORE_UTC_OFFSET_NS };
    (void)state;
    core_port(c, oxi, VG_PORT_SILENT);
    assert_int_equal(c->fx.of[0].verbs, VG_DO_SEND | VG_DO_RECORD);
    vg_engine_device_state(c->engine, oxi, &now, &ev);
    assert_int_equal(ev.kind, VG_EV_DEVICE);
    assert_int_equal(ev.device, oxi);
    assert_int_equal(ev.u.dev.to, VG_PORT_SILENT);
    assert_int_equal(ev.u.dev.from, VG_PORT_SILENT);
    assert_int_equal(ev.mono_ns, now.mono_ns);
    assert_int_equal(ev.utc_ns, now.utc_ns);
    assert_int_equal(ev.seq, c->engine->seq);
}

static void test_engine__derived_events_take_the_next_numbers(void **state)
{
    uint64_t last = c->engine->seq;
    (void)state;
    core_spo2(c, oxi, 84);
    assert_int_equal(c->engine->seq, last + c->fx.count); /* the reading is one of the effects */
    for (size_t i = 0; i < c->fx.count; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(c->fx.of[i].ev.seq, c->fx.of[k].ev.seq);
        }
        assert_in_range(c->fx.of[i].ev.seq, last + 1, c->engine->seq);
        assert_int_equal(c->fx.of[i].ev.mono_ns, c->now_ns);
        assert_int_equal(c->fx.of[i].ev.utc_ns, c->now_ns + CORE_UTC_OFFSET_NS);
        assert_int_equal(c->fx.of[i].ev.bed, 0);
    }
}

static void test_engine__an_instance_is_the_number_of_its_opening(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 3);
    core_measure(c, cuff, 185, 115);
    size_t opened = 0;
    for (size_t i = 0; i < c->alarm_count; i++) {
        if (c->alarms[i].u.alarm.what == VG_AW_OPEN) {
            assert_int_equal(c->alarms[i].u.alarm.instance, c->alarms[i].seq);
            opened++;
        }
    }
    assert_int_equal(opened, 7); /* the seventh: SpO2 was lost while the cuff measured */
}

static void test_engine__test_devices_mark_their_bed(void **state)
{
    (void)state;
    assert_false(vg_engine_bed_is_test(c->engine, 0));
    assert_false(vg_engine_bed_is_test(c->engine, 1));
    (void)core_add_oximeter(c, 1);
    (void)core_add(c, 1, 1u << VG_VITAL_SPO2, false, true);
    assert_false(vg_engine_bed_is_test(c->engine, 0));
    assert_true(vg_engine_bed_is_test(c->engine, 1));
}

/* --- snapshots ------------------------------------------------------------------------------ */

static void test_engine__latest_value(void **state)
{
    struct vg_event ev;
    (void)state;
    assert_false(vg_engine_vital(c->engine, oxi, VG_VITAL_SPO2, c->now_ns, &ev));
    core_aged(c, oxi, VG_VITAL_SPO2, 97000, CORE_S(1));
    uint64_t seq = core_effect(c, VG_EV_READING)->ev.seq;
    assert_true(vg_engine_vital(c->engine, oxi, VG_VITAL_SPO2, c->now_ns + CORE_S(2), &ev));
    assert_int_equal(ev.kind, VG_EV_READING);
    assert_int_equal(ev.seq, seq);
    assert_int_equal(ev.u.reading.value_milli, 97000);
    assert_int_equal(ev.u.reading.age_ns, CORE_S(3));
    assert_int_equal(ev.u.reading.fresh, VG_FRESH_FRESH);
    assert_int_equal(ev.mono_ns, c->now_ns - CORE_S(1));
    /* Asked before the tick that will notice: already not fresh. */
    assert_true(vg_engine_vital(c->engine, oxi, VG_VITAL_SPO2, c->now_ns + CORE_S(9) + 1, &ev));
    assert_int_equal(ev.u.reading.fresh, VG_FRESH_STALE);
}

static void test_engine__a_vital_that_was_only_invalid_is_told(void **state)
{
    struct vg_event ev;
    (void)state;
    core_reading(c, oxi, VG_VITAL_SPO2, 0, VG_QUALITY_INVALID);
    assert_true(vg_engine_vital(c->engine, oxi, VG_VITAL_SPO2, c->now_ns, &ev));
    assert_int_equal(ev.u.reading.quality, VG_QUALITY_INVALID);
    assert_int_equal(ev.u.reading.fresh, VG_FRESH_NEVER);
    assert_int_equal(ev.u.reading.age_ns, -1);
}

static size_t count_effects(enum vg_event_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < c->fx.count; i++) {
        n += c->fx.of[i].ev.kind == kind ? 1u : 0u;
    }
    return n;
}

/* --- everything at once --------------------------------------------------------------------- */

#define MANY 200

/* A bed with that many oximeters, each with its sensor off and its link gone. */
static size_t everything_fails(uint16_t devices)
{
    c = core_new(0, 1, NULL, CORE_S(1000));
    for (uint16_t d = 0; d < devices; d++) {
        (void)core_add_oximeter(c, 0);
        (void)core_add_cuff(c, 0);
    }
    (void)core_open_session(c, 0, "p-1");
    for (uint16_t d = 0; d < 2 * devices; d++) {
        core_port(c, d, VG_PORT_ONLINE);
        if (d % 2 == 0) {
            core_spo2(c, d, 84);
            core_spo2(c, d, 84);
            core_spo2(c, d, 84);
            core_pulse(c, d, 200);
        }
    }
    core_wait(c, CORE_S(6));
    for (uint16_t d = 0; d < 2 * devices; d++) {
        core_signal(c, d, VG_SIGNAL_SENSOR_OFF);
        core_port(c, d, VG_PORT_SILENT);
    }
    core_jump(c, CORE_S(3600)); /* a long stop: one tick has everything to say */
    core_tick(c, 0);
    return c->fx.count;
}

static void test_engine__sixteen_devices_fail_at_once(void **state)
{
    (void)state;
    assert_true(everything_fails(16) >= 32);
    core_wait(c, CORE_S(1));
    for (uint16_t d = 0; d < 32; d++) {
        assert_int_equal(core_state(c, 0, VG_COND_LINK_DEVICE, d), VG_CS_ACTIVE);
        assert_int_equal(core_count_alarms(c, VG_COND_LINK_DEVICE, VG_AW_OPEN), 32);
    }
    assert_int_equal(core_count_alarms(c, VG_COND_SENSOR_OFF, VG_AW_OPEN), 16);
    assert_int_equal(core_count_alarms(c, VG_COND_DATA_LOST, VG_AW_OPEN), 0); /* all grouped */
}

static void test_engine__an_override_closes_any_number(void **state)
{
    (void)state;
    (void)everything_fails(MANY);
    core_wait(c, CORE_S(1));
    size_t open = vg_engine_open_alarms(c->engine, 0, c->now_ns, NULL, 0);
    assert_true(open > 2 * MANY);
    assert_int_equal(core_close_session(c, 0, "evacuated")->status, VG_OK);
    assert_int_equal(c->fx.count, 2 * open + 1); /* each alarm, its way to people, the answer */
    assert_int_equal(count_effects(VG_EV_ALARM), open);
    assert_int_equal(count_effects(VG_EV_ROUTE), open);
    assert_int_equal(vg_engine_open_alarms(c->engine, 0, c->now_ns, NULL, 0), 0);
}

static void test_engine__a_restart_brings_any_number_back(void **state)
{
    (void)state;
    (void)everything_fails(MANY);
    core_wait(c, CORE_S(1));
    size_t open = vg_engine_open_alarms(c->engine, 0, c->now_ns, NULL, 0);
    struct core *again = core_new(1, 1, NULL, c->now_ns);
    for (uint16_t d = 0; d < MANY; d++) {
        (void)core_add_oximeter(again, 0);
        (void)core_add_cuff(again, 0);
    }
    core_replay(again, c);
    core_daemon(again, 0, VG_DAEMON_RESTARTED);
    assert_int_equal(again->fx.of[again->fx.count - 1].ev.kind, VG_EV_DAEMON); /* not cut */
    /* Every one, and RESTARTED itself. */
    assert_int_equal(vg_engine_open_alarms(again->engine, 0, again->now_ns, NULL, 0), open + 1);
    size_t restored = 0;
    for (size_t i = 0; i < again->alarm_count; i++) {
        restored += again->alarms[i].u.alarm.what == VG_AW_RESTORED ? 1u : 0u;
    }
    assert_int_equal(restored, open);
}

/* --- restart -------------------------------------------------------------------------------- */

static struct core *restarted(void)
{
    struct core *again = core_new(1, 2, NULL, c->now_ns + CORE_S(3));
    (void)core_add_oximeter(again, 0);
    (void)core_add_cuff(again, 0);
    core_replay(again, c);
    core_jump(again, CORE_S(3));
    core_daemon(again, 0, VG_DAEMON_RESTARTED);
    return again;
}

static void test_engine__restart_says_so_when_a_session_is_open(void **state)
{
    (void)state;
    struct core *again = restarted();
    assert_int_equal(again->fx.count, 1);
    assert_int_equal(again->fx.of[0].verbs, VG_DO_SEND | VG_DO_STATE);
    (void)core_open_session(c, 0, "p-1");
    again = restarted();
    assert_int_equal(core_state(again, 0, VG_COND_RESTARTED, VG_SUBJECT_NONE), VG_CS_LATCHED);
    assert_int_equal(core_slot(again, 0, VG_COND_RESTARTED, VG_SUBJECT_NONE)->priority,
                     VG_PRIO_LOW);
    assert_string_equal(again->engine->beds[0].session.patient_ref, "p-1");
    assert_true(again->engine->beds[0].replayed);
    assert_false(again->engine->beds[1].replayed);
}

/* The facts behind these ended with the old run; they stay visible until a person has seen them. */
static void test_engine__restart_ends_clock_storage_and_restarted(void **state)
{
    static const enum vg_condition conds[] = { VG_COND_CLOCK, VG_COND_STORAGE, VG_COND_RESTARTED };
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    core_clock_step(c, 0, CORE_S(2));
    core_daemon(c, 0, VG_DAEMON_STORAGE_BAD);
    (void)core_ack(c, 0, core_slot(c, 0, VG_COND_STORAGE, VG_SUBJECT_NONE)->instance);
    core_daemon(c, 0, VG_DAEMON_RESTARTED); /* one restart before the one that is tested */
    uint64_t before[VG_COUNT(conds)];
    for (size_t i = 0; i < VG_COUNT(conds); i++) {
        before[i] = core_slot(c, 0, conds[i], VG_SUBJECT_NONE)->instance;
        assert_int_not_equal(before[i], 0);
    }
    struct core *again = restarted();
    for (size_t i = 0; i < VG_COUNT(conds); i++) {
        const struct vg_slot *s = core_slot(again, 0, conds[i], VG_SUBJECT_NONE);
        assert_int_equal(s->state, VG_CS_LATCHED);
        assert_int_equal(s->instance, before[i]);
        assert_false(s->ack);
        assert_non_null(core_alarm(again, conds[i], VG_AW_RESTORED));
        (void)core_ack(again, 0, s->instance);
        assert_int_equal(s->state, VG_CS_NORMAL);
    }
}

static void test_engine__restart_keeps_the_age_of_an_alarm(void **state)
{
    (void)state;
    core_spo2(c, oxi, 84);
    int64_t opened_ns = core_slot(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE)->open_ns;
    core_wait(c, CORE_S(100));
    struct core *again = restarted();
    assert_int_equal(core_slot(again, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE)->open_ns, opened_ns);
    assert_int_equal(core_alarm(again, VG_COND_SPO2_LOW, VG_AW_RESTORED)->u.alarm.since_ns,
                     opened_ns);
    assert_int_equal(core_alarm(again, VG_COND_SPO2_LOW, VG_AW_RESTORED)->u.alarm.value_milli,
                     84000);
}

static void test_engine__a_restored_sensor_off_ends_when_values_are_back(void **state)
{
    (void)state;
    core_spo2(c, oxi, 97);
    core_signal(c, oxi, VG_SIGNAL_SENSOR_OFF);
    struct core *again = restarted();
    core_port(again, oxi, VG_PORT_ONLINE);
    assert_int_equal(core_state(again, 0, VG_COND_SENSOR_OFF, oxi), VG_CS_ACTIVE);
    core_wait(again, CORE_S(5));
    assert_int_equal(core_state(again, 0, VG_COND_SENSOR_OFF, oxi), VG_CS_ACTIVE);
    core_spo2(again, oxi, 97); /* the sensor says nothing: nothing changed since it was started */
    core_wait(again, VG_TICK_NS);
    assert_int_equal(core_state(again, 0, VG_COND_SENSOR_OFF, oxi), VG_CS_NORMAL);
}

static void test_engine__restart_aborts_a_running_determination(void **state)
{
    (void)state;
    (void)core_command(c, 0, cuff, VG_REQ_NIBP_START);
    core_word(c, cuff, VG_CUFF_ACCEPTED);
    struct core *again = restarted();
    assert_int_equal(again->engine->devices[cuff].nibp.state, VG_NS_ABORTING);
    core_port(again, cuff, VG_PORT_ONLINE);
    assert_non_null(core_asked(again, VG_REQ_NIBP_ABORT));
    assert_null(core_asked(again, VG_REQ_NIBP_START));
}

/* A crash loop with the cuff inflated and the cable out: the abort is owed through all of them. */
static void test_engine__a_second_crash_does_not_forget_the_inflated_cuff(void **state)
{
    (void)state;
    (void)core_command(c, 0, cuff, VG_REQ_NIBP_START);
    core_word(c, cuff, VG_CUFF_ACCEPTED);
    struct core *again = restarted();
    const struct vg_effect *fx = core_effect(again, VG_EV_CUFF);
    assert_true(fx->ev.u.cuff.is_state);
    assert_int_equal(fx->ev.u.cuff.state, VG_NS_ABORTING);
    assert_int_equal(fx->verbs, VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT);
    struct core *third = core_new(0, 2, NULL, again->now_ns);
    (void)core_add_oximeter(third, 0);
    (void)core_add_cuff(third, 0);
    core_replay(third, again);
    core_daemon(third, 0, VG_DAEMON_RESTARTED);
    core_port(third, cuff, VG_PORT_ONLINE);
    assert_non_null(core_asked(third, VG_REQ_NIBP_ABORT));
}

/* --- replay of what no longer fits ---------------------------------------------------------- */

static void test_engine__replay_skips_what_is_no_longer_configured(void **state)
{
    (void)state;
    core_port(c, cuff, VG_PORT_SILENT);
    core_spo2(c, oxi, 97);
    core_signal(c, oxi, VG_SIGNAL_SENSOR_OFF);
    core_wait(c, CORE_S(11));
    /* The same record; the oximeter stands at the other bed now and the cuff is gone. */
    struct core *again = core_new(1, 2, NULL, c->now_ns);
    (void)core_add_oximeter(again, 1);
    core_replay(again, c);
    core_daemon(again, 0, VG_DAEMON_RESTARTED);
    core_daemon(again, 1, VG_DAEMON_RESTARTED);
    assert_null(core_slot(again, 0, VG_COND_SENSOR_OFF, oxi));
    assert_null(core_slot(again, 1, VG_COND_SENSOR_OFF, oxi));
    assert_null(core_slot(again, 0, VG_COND_LINK_DEVICE, cuff));
    core_wait(again, CORE_S(11));
    assert_int_equal(core_state(again, 1, VG_COND_LINK_DEVICE, 0), VG_CS_ACTIVE);
}

static void test_engine__replay_keeps_the_numbers_going(void **state)
{
    struct vg_event ev;
    (void)state;
    memset(&ev, 0, sizeof ev);
    ev.kind = VG_EV_READING; /* any kind moves the counter, none moves it back */
    ev.seq = 5000;
    vg_engine_replay(c->engine, &ev);
    assert_int_equal(vg_engine_next_seq(c->engine), 5001);
    ev.seq = 10;
    ev.bed = 77; /* a bed that is no longer configured */
    vg_engine_replay(c->engine, &ev);
    assert_int_equal(vg_engine_next_seq(c->engine), 5002);
}

static void test_engine__a_cuff_word_in_the_record_is_not_a_state(void **state)
{
    struct vg_event ev = core_event(c, VG_EV_CUFF, 0, cuff);
    (void)state;
    ev.u.cuff.word = VG_CUFF_ACCEPTED;
    vg_engine_replay(c->engine, &ev);
    assert_int_equal(c->engine->devices[cuff].nibp.state, VG_NS_IDLE);
    ev.u.cuff.is_state = true;
    ev.u.cuff.state = VG_NS_MEASURING;
    ev.bed = 1; /* recorded where the cuff was then; it may be inflated wherever it is now */
    vg_engine_replay(c->engine, &ev);
    assert_int_equal(c->engine->devices[cuff].nibp.state, VG_NS_MEASURING);
    assert_true(c->engine->beds[0].replayed);
}

#define ON_A_BED(test) cmocka_unit_test_setup(test, one_bed)

/* A wall clock that nothing keeps right is told in a session only, and ends when something does. */
static void test_engine__an_unsynchronised_clock_is_told_in_a_session(void **state)
{
    (void)state;
    c = core_new(0, 1, NULL, CORE_S(100));
    (void)core_add_oximeter(c, 0);
    core_daemon(c, 0, VG_DAEMON_CLOCK_BAD);
    core_wait(c, CORE_S(1));
    assert_int_equal(core_state(c, 0, VG_COND_CLOCK, VG_SUBJECT_NONE), VG_CS_NORMAL);
    (void)core_open_session(c, 0, "P1");
    core_wait(c, CORE_S(1));
    assert_int_equal(core_state(c, 0, VG_COND_CLOCK, VG_SUBJECT_NONE), VG_CS_ACTIVE);
    core_clock_step(c, 0, CORE_S(2));
    assert_int_equal(core_state(c, 0, VG_COND_CLOCK, VG_SUBJECT_NONE), VG_CS_ACTIVE);
    core_daemon(c, 0, VG_DAEMON_CLOCK_GOOD);
    assert_int_equal(core_state(c, 0, VG_COND_CLOCK, VG_SUBJECT_NONE), VG_CS_LATCHED);
    core_clock_step(c, 0, CORE_S(2));
    core_wait(c, CORE_S(1));
    assert_int_equal(core_state(c, 0, VG_COND_CLOCK, VG_SUBJECT_NONE), VG_CS_LATCHED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine__an_unsynchronised_clock_is_told_in_a_session),
        ON_A_BED(test_engine__what_it_does_not_know_it_ignores),
        ON_A_BED(test_engine__waves_go_to_the_stream_or_to_the_record),
        ON_A_BED(test_engine__device_moves_go_out),
        ON_A_BED(test_engine__derived_events_take_the_next_numbers),
        ON_A_BED(test_engine__an_instance_is_the_number_of_its_opening),
        ON_A_BED(test_engine__test_devices_mark_their_bed),
        ON_A_BED(test_engine__latest_value),
        ON_A_BED(test_engine__a_vital_that_was_only_invalid_is_told),
        ON_A_BED(test_engine__sixteen_devices_fail_at_once),
        ON_A_BED(test_engine__an_override_closes_any_number),
        ON_A_BED(test_engine__a_restart_brings_any_number_back),
        ON_A_BED(test_engine__restart_says_so_when_a_session_is_open),
        ON_A_BED(test_engine__restart_ends_clock_storage_and_restarted),
        ON_A_BED(test_engine__restart_keeps_the_age_of_an_alarm),
        ON_A_BED(test_engine__a_restored_sensor_off_ends_when_values_are_back),
        ON_A_BED(test_engine__restart_aborts_a_running_determination),
        ON_A_BED(test_engine__a_second_crash_does_not_forget_the_inflated_cuff),
        ON_A_BED(test_engine__replay_skips_what_is_no_longer_configured),
        ON_A_BED(test_engine__replay_keeps_the_numbers_going),
        ON_A_BED(test_engine__a_cuff_word_in_the_record_is_not_a_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
