/*
 * test_vitals.c -- readings of a bed: who speaks, what is lost, which alarm says it, and that one
 * cause makes one alarm without ever making none.
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

static int one_oximeter(void **state)
{
    (void)state;
    c = core_new(0, 1, NULL, CORE_S(1000));
    oxi = core_add_oximeter(c, 0);
    core_port(c, oxi, VG_PORT_ONLINE);
    return 0;
}

static enum vg_freshness fresh(uint16_t device, enum vg_vital v)
{
    return (enum vg_freshness)c->engine->devices[device].fresh[v].state;
}

static enum vg_cond_state data_lost(enum vg_vital v)
{
    return core_state(c, 0, VG_COND_DATA_LOST, (uint16_t)v);
}

static enum vg_cond_state spo2_low(void)
{
    return core_state(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE);
}

/* --- readings ------------------------------------------------------------------------------- */

static void test_vitals__a_reading_goes_out_with_its_freshness(void **state)
{
    (void)state;
    core_spo2(c, oxi, 97);
    const struct vg_effect *fx = core_effect(c, VG_EV_READING);
    assert_int_equal(fx->verbs, VG_DO_SEND | VG_DO_RECORD);
    assert_int_equal(fx->ev.u.reading.fresh, VG_FRESH_FRESH);
    assert_int_equal(fx->ev.u.reading.value_milli, 97000);
    fx = core_effect(c, VG_EV_FRESHNESS);
    assert_int_equal(fx->ev.u.fresh.from, VG_FRESH_NEVER);
    assert_int_equal(fx->ev.u.fresh.to, VG_FRESH_FRESH);
    assert_int_equal(fx->ev.u.fresh.vital, VG_VITAL_SPO2);
    core_spo2(c, oxi, 97);
    assert_null(core_effect(c, VG_EV_FRESHNESS));
}

static void test_vitals__getting_old(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    core_spo2(c, oxi, 97);
    core_wait(c, CORE_S(10));
    assert_int_equal(fresh(oxi, VG_VITAL_SPO2), VG_FRESH_FRESH);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(fresh(oxi, VG_VITAL_SPO2), VG_FRESH_STALE);
    const struct vg_slot *s = core_slot(c, 0, VG_COND_DATA_LOST, VG_VITAL_SPO2);
    assert_int_equal(s->state, VG_CS_ACTIVE);
    assert_int_equal(s->priority, VG_PRIO_LOW);
    core_wait(c, CORE_S(20));
    assert_int_equal(fresh(oxi, VG_VITAL_SPO2), VG_FRESH_LOST);
    assert_int_equal(s->priority, VG_PRIO_MED);
    assert_int_equal(core_count_alarms(c, VG_COND_DATA_LOST, VG_AW_WORSEN), 1);
    core_spo2(c, oxi, 97);
    core_spo2(c, oxi, 97);
    assert_int_equal(s->state, VG_CS_ACTIVE);
    core_spo2(c, oxi, 97);
    assert_int_equal(s->state, VG_CS_NORMAL);
}

/* A value that was stale when it came can neither be shown as fresh nor be compared. */
static void test_vitals__a_reading_older_than_stale_is_no_value(void **state)
{
    (void)state;
    core_aged(c, oxi, VG_VITAL_SPO2, 80000, CORE_S(10) + 1);
    const struct vg_effect *fx = core_effect(c, VG_EV_READING);
    assert_int_equal(fx->ev.u.reading.quality, VG_QUALITY_UNAVAILABLE);
    assert_int_equal(fx->ev.u.reading.fresh, VG_FRESH_NEVER);
    assert_int_equal(spo2_low(), VG_CS_DISARMED);
    core_aged(c, oxi, VG_VITAL_SPO2, 80000, CORE_S(10));
    assert_int_equal(spo2_low(), VG_CS_ACTIVE);
}

/* The loop stopped: the reading comes before the tick that would have noticed the gap. */
static void test_vitals__a_gap_counts_even_if_a_reading_comes_before_the_tick(void **state)
{
    (void)state;
    core_spo2(c, oxi, 84);
    core_wait(c, CORE_S(1));
    core_spo2(c, oxi, 97);
    core_jump(c, CORE_S(3600)); /* good at both ends of an hour is not good for an hour */
    core_spo2(c, oxi, 97);
    assert_int_equal(spo2_low(), VG_CS_ACTIVE);
    assert_true(core_slot(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE)->held);
    assert_int_equal(fresh(oxi, VG_VITAL_SPO2), VG_FRESH_STALE);
    assert_int_equal(core_effect(c, VG_EV_FRESHNESS)->ev.u.fresh.to, VG_FRESH_STALE);
}

static void test_vitals__samples_before_fresh_again_raise_but_never_clear(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 2);
    core_wait(c, CORE_S(11));
    assert_true(core_slot(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE)->held);
    core_spo2(c, oxi, 99);
    core_wait(c, CORE_S(6));
    core_spo2(c, oxi, 99); /* second of three: not fresh yet */
    assert_int_equal(spo2_low(), VG_CS_ACTIVE);
    assert_true(core_slot(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE)->held);
    core_spo2(c, oxi, 99);
    assert_false(core_slot(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE)->held);
    core_stream(c, oxi, VG_VITAL_SPO2, 99000, 5);
    assert_int_equal(spo2_low(), VG_CS_LATCHED);
}

static void test_vitals__a_stale_value_opens_after_its_delay_and_is_held(void **state)
{
    (void)state;
    core_spo2(c, oxi, 88);
    core_wait(c, CORE_S(15));
    assert_int_equal(spo2_low(), VG_CS_ACTIVE);
    const struct vg_event *open = core_alarm(c, VG_COND_SPO2_LOW, VG_AW_OPEN);
    assert_true(open->u.alarm.held);
    assert_int_equal(open->u.alarm.value_milli, 88000);
}

/* --- who speaks ----------------------------------------------------------------------------- */

static void test_vitals__the_first_fresh_device_speaks(void **state)
{
    (void)state;
    uint16_t second = core_add_oximeter(c, 0);
    core_port(c, second, VG_PORT_ONLINE);
    core_spo2(c, second, 97);
    assert_int_equal(c->engine->beds[0].speaker[VG_VITAL_SPO2], second);
    core_spo2(c, oxi, 97);
    assert_int_equal(c->engine->beds[0].speaker[VG_VITAL_SPO2], oxi);
    core_spo2(c, second, 80); /* published, not compared */
    assert_non_null(core_effect(c, VG_EV_READING));
    assert_int_equal(spo2_low(), VG_CS_NORMAL);
    for (int i = 0; i < 11; i++) {
        core_wait(c, CORE_S(1));
        core_spo2(c, second, 97);
    }
    assert_int_equal(fresh(oxi, VG_VITAL_SPO2), VG_FRESH_STALE);
    assert_int_equal(c->engine->beds[0].speaker[VG_VITAL_SPO2], second);
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_DISARMED); /* somebody has a value */
    core_spo2(c, second, 80);
    assert_int_equal(spo2_low(), VG_CS_ACTIVE);
}

static void test_vitals__lost_only_when_nobody_has_a_value(void **state)
{
    (void)state;
    uint16_t second = core_add_oximeter(c, 0);
    core_port(c, second, VG_PORT_ONLINE);
    core_spo2(c, oxi, 84);
    core_spo2(c, second, 84);
    core_wait(c, CORE_S(5));
    core_spo2(c, second, 84);
    core_wait(c, CORE_S(6));
    assert_false(core_slot(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE)->held);
    core_wait(c, CORE_S(5));
    assert_true(core_slot(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE)->held);
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_ACTIVE);
}

/* --- one cause, one alarm ------------------------------------------------------------------- */

static void test_vitals__sensor_off_groups_its_vitals(void **state)
{
    static const uint32_t words[] = { VG_SIGNAL_SENSOR_OFF, VG_SIGNAL_SENSOR_UNPLUGGED,
                                      VG_SIGNAL_SENSOR_OFF | VG_SIGNAL_SENSOR_UNPLUGGED };
    for (size_t i = 0; i < VG_COUNT(words); i++) {
        (void)one_oximeter(state);
        (void)core_open_session(c, 0, "p-1");
        core_spo2(c, oxi, 97);
        core_pulse(c, oxi, 70);
        core_signal(c, oxi, words[i]);
        assert_int_equal(core_state(c, 0, VG_COND_SENSOR_OFF, oxi), VG_CS_ACTIVE);
        assert_int_equal(core_slot(c, 0, VG_COND_SENSOR_OFF, oxi)->priority, VG_PRIO_MED);
        assert_int_equal(fresh(oxi, VG_VITAL_SPO2), VG_FRESH_LOST);
        const struct vg_effect *fx = core_effect(c, VG_EV_FRESHNESS); /* logged all the same */
        assert_true(fx->ev.u.fresh.sensor_off);
        core_wait(c, CORE_S(120));
        assert_int_equal(core_count_alarms(c, VG_COND_DATA_LOST, VG_AW_OPEN), 0);
        assert_int_equal(c->engine->beds[0].slot_count, VG_COND_COUNT + 1);
    }
}

/* The sensor is back on the finger and finds nothing: what was grouped speaks for itself now. */
static void test_vitals__the_end_of_the_cause_ungroups(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    core_spo2(c, oxi, 97);
    core_signal(c, oxi, VG_SIGNAL_SENSOR_OFF);
    core_wait(c, CORE_S(60));
    core_signal(c, oxi, VG_SIGNAL_SEARCHING);
    assert_int_equal(core_state(c, 0, VG_COND_SENSOR_OFF, oxi), VG_CS_NORMAL);
    core_wait(c, CORE_S(5) - VG_TICK_NS); /* the time to say three good samples */
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_DISARMED);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_ACTIVE);
    assert_int_equal(core_slot(c, 0, VG_COND_DATA_LOST, VG_VITAL_SPO2)->priority, VG_PRIO_MED);
    core_stream(c, oxi, VG_VITAL_SPO2, 97000, 3);
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_NORMAL);
}

static void test_vitals__a_lost_link_groups_and_its_return_ungroups(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    core_port(c, oxi, VG_PORT_SILENT); /* before the first value: nothing to lose yet */
    core_wait(c, CORE_S(10));
    assert_null(core_slot(c, 0, VG_COND_LINK_DEVICE, oxi));
    core_wait(c, VG_TICK_NS);
    assert_int_equal(core_state(c, 0, VG_COND_LINK_DEVICE, oxi), VG_CS_ACTIVE);
    core_wait(c, CORE_S(60)); /* F6: not monitored, and everybody knows why */
    assert_int_equal(fresh(oxi, VG_VITAL_SPO2), VG_FRESH_LOST);
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_DISARMED);
    core_port(c, oxi, VG_PORT_ONLINE);
    assert_int_equal(core_state(c, 0, VG_COND_LINK_DEVICE, oxi), VG_CS_NORMAL);
    core_wait(c, CORE_S(5) - VG_TICK_NS);
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_DISARMED);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_ACTIVE);
    assert_int_equal(data_lost(VG_VITAL_PULSE_RATE), VG_CS_ACTIVE);
}

/* Connected for a moment, gone for a moment, never a value: no excuse holds for ever. */
static void test_vitals__a_flapping_link_is_not_excused(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    core_spo2(c, oxi, 97);
    for (int i = 0; i < 20; i++) {
        core_port(c, oxi, VG_PORT_BACKOFF);
        core_wait(c, CORE_S(2));
        core_port(c, oxi, VG_PORT_ONLINE);
    }
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_ACTIVE);
}

/* A link that just broke tells of itself at ten seconds: one alarm, not two. */
static void test_vitals__a_broken_link_speaks_for_its_vitals(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    core_stream(c, oxi, VG_VITAL_SPO2, 97000, 3);
    core_port(c, oxi, VG_PORT_BACKOFF);
    core_wait(c, CORE_S(60));
    assert_int_equal(core_count_alarms(c, VG_COND_DATA_LOST, VG_AW_OPEN), 0);
    assert_int_equal(core_state(c, 0, VG_COND_LINK_DEVICE, oxi), VG_CS_ACTIVE);
}

/* A second device that lost the vital for a reason of its own is not explained by the first. */
static void test_vitals__one_lost_link_does_not_explain_another_device(void **state)
{
    (void)state;
    uint16_t second = core_add_oximeter(c, 0);
    core_port(c, second, VG_PORT_ONLINE);
    (void)core_open_session(c, 0, "p-1");
    core_spo2(c, oxi, 97);
    core_spo2(c, second, 97);
    core_signal(c, oxi, VG_SIGNAL_SENSOR_OFF);
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_DISARMED);
    core_wait(c, CORE_S(31)); /* online, and silent about SpO2 */
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_ACTIVE);
}

static void test_vitals__data_lost_rises_with_the_session(void **state)
{
    (void)state;
    core_spo2(c, oxi, 97);
    core_wait(c, CORE_S(40));
    const struct vg_slot *s = core_slot(c, 0, VG_COND_DATA_LOST, VG_VITAL_SPO2);
    assert_int_equal(s->priority, VG_PRIO_LOW); /* an empty room calls nobody */
    (void)core_open_session(c, 0, "p-1");
    core_wait(c, VG_TICK_NS);
    assert_int_equal(s->priority, VG_PRIO_MED);
}

static void test_vitals__not_monitored_after_a_minute_of_session(void **state)
{
    (void)state;
    core_wait(c, CORE_S(600));
    assert_int_equal(fresh(oxi, VG_VITAL_SPO2), VG_FRESH_NEVER);
    (void)core_open_session(c, 0, "p-1");
    core_wait(c, CORE_S(60));
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_DISARMED);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(data_lost(VG_VITAL_SPO2), VG_CS_ACTIVE);
    assert_int_equal(data_lost(VG_VITAL_PULSE_RATE), VG_CS_ACTIVE);
    assert_int_equal(data_lost(VG_VITAL_PERFUSION_INDEX), VG_CS_DISARMED);
    assert_int_equal(core_effect(c, VG_EV_FRESHNESS)->ev.u.fresh.age_ns, -1);
}

/* --- signals -------------------------------------------------------------------------------- */

static void test_vitals__an_unused_probe_alarms_nobody(void **state)
{
    (void)state;
    core_signal(c, oxi, VG_SIGNAL_SENSOR_OFF);
    assert_non_null(core_effect(c, VG_EV_SIGNAL));
    core_wait(c, CORE_S(100));
    assert_null(core_slot(c, 0, VG_COND_SENSOR_OFF, oxi));
    core_signal(c, oxi, 0);
    assert_null(core_slot(c, 0, VG_COND_SENSOR_OFF, oxi));
}

static void test_vitals__other_signals_are_passed_on_and_change_nothing(void **state)
{
    (void)state;
    core_spo2(c, oxi, 97);
    core_signal(c, oxi, VG_SIGNAL_ARTIFACT | VG_SIGNAL_LOW_PERFUSION);
    assert_int_equal(c->fx.count, 1);
    assert_int_equal(c->fx.of[0].verbs, VG_DO_SEND | VG_DO_RECORD);
    assert_int_equal(fresh(oxi, VG_VITAL_SPO2), VG_FRESH_FRESH);
    core_signal(c, oxi, VG_SIGNAL_SENSOR_OFF);
    core_signal(c, oxi, VG_SIGNAL_SENSOR_OFF | VG_SIGNAL_SEARCHING); /* still off */
    assert_int_equal(c->fx.count, 1);
}

static void test_vitals__a_low_battery_is_an_alarm_of_its_own(void **state)
{
    (void)state;
    core_spo2(c, oxi, 97);
    core_signal(c, oxi, VG_SIGNAL_LOW_BATTERY);
    assert_int_equal(c->fx.count, 3); /* the signal, the alarm, its way to people */
    assert_non_null(core_effect(c, VG_EV_SIGNAL));
    assert_non_null(core_alarm(c, VG_COND_BATTERY, VG_AW_OPEN));
    assert_non_null(core_effect(c, VG_EV_ROUTE));
    assert_int_equal(core_state(c, 0, VG_COND_BATTERY, oxi), VG_CS_ACTIVE);
    assert_int_equal(fresh(oxi, VG_VITAL_SPO2), VG_FRESH_FRESH);
    core_signal(c, oxi, VG_SIGNAL_LOW_BATTERY | VG_SIGNAL_ARTIFACT);
    assert_int_equal(c->fx.count, 1); /* still low */
    core_wait(c, CORE_S(60));
    assert_int_equal(core_state(c, 0, VG_COND_BATTERY, oxi), VG_CS_ACTIVE);
    core_signal(c, oxi, 0);
    assert_int_equal(core_state(c, 0, VG_COND_BATTERY, oxi), VG_CS_NORMAL);
}

static void test_vitals__sensor_off_rises_with_the_session(void **state)
{
    (void)state;
    core_spo2(c, oxi, 97);
    core_signal(c, oxi, VG_SIGNAL_SENSOR_OFF);
    const struct vg_slot *s = core_slot(c, 0, VG_COND_SENSOR_OFF, oxi);
    assert_int_equal(s->priority, VG_PRIO_LOW);
    (void)core_open_session(c, 0, "p-1");
    core_wait(c, VG_TICK_NS);
    assert_int_equal(s->priority, VG_PRIO_MED);
    assert_int_equal(s->state, VG_CS_ACTIVE);
}

/* --- link ----------------------------------------------------------------------------------- */

static void test_vitals__a_link_that_comes_and_goes_within_ten_seconds_is_no_alarm(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        core_port(c, oxi, VG_PORT_SILENT);
        core_port(c, oxi, VG_PORT_BACKOFF); /* still the same outage */
        core_wait(c, CORE_S(10));
        core_port(c, oxi, VG_PORT_ONLINE);
        core_wait(c, CORE_S(1));
    }
    assert_null(core_slot(c, 0, VG_COND_LINK_DEVICE, oxi));
}

static void test_vitals__a_device_that_never_came_is_missed(void **state)
{
    (void)state;
    uint16_t never = core_add_oximeter(c, 0);
    core_wait(c, CORE_S(10));
    assert_null(core_slot(c, 0, VG_COND_LINK_DEVICE, never));
    core_wait(c, VG_TICK_NS);
    assert_int_equal(core_state(c, 0, VG_COND_LINK_DEVICE, never), VG_CS_ACTIVE);
}

#define WITH_ONE(test) cmocka_unit_test_setup(test, one_oximeter)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ONE(test_vitals__a_reading_goes_out_with_its_freshness),
        WITH_ONE(test_vitals__getting_old),
        WITH_ONE(test_vitals__a_reading_older_than_stale_is_no_value),
        WITH_ONE(test_vitals__a_gap_counts_even_if_a_reading_comes_before_the_tick),
        WITH_ONE(test_vitals__samples_before_fresh_again_raise_but_never_clear),
        WITH_ONE(test_vitals__a_stale_value_opens_after_its_delay_and_is_held),
        WITH_ONE(test_vitals__the_first_fresh_device_speaks),
        WITH_ONE(test_vitals__lost_only_when_nobody_has_a_value),
        WITH_ONE(test_vitals__sensor_off_groups_its_vitals),
        WITH_ONE(test_vitals__the_end_of_the_cause_ungroups),
        WITH_ONE(test_vitals__a_lost_link_groups_and_its_return_ungroups),
        WITH_ONE(test_vitals__a_flapping_link_is_not_excused),
        WITH_ONE(test_vitals__a_broken_link_speaks_for_its_vitals),
        WITH_ONE(test_vitals__one_lost_link_does_not_explain_another_device),
        WITH_ONE(test_vitals__data_lost_rises_with_the_session),
        WITH_ONE(test_vitals__not_monitored_after_a_minute_of_session),
        WITH_ONE(test_vitals__an_unused_probe_alarms_nobody),
        WITH_ONE(test_vitals__other_signals_are_passed_on_and_change_nothing),
        WITH_ONE(test_vitals__a_low_battery_is_an_alarm_of_its_own),
        WITH_ONE(test_vitals__sensor_off_rises_with_the_session),
        WITH_ONE(test_vitals__a_link_that_comes_and_goes_within_ten_seconds_is_no_alarm),
        WITH_ONE(test_vitals__a_device_that_never_came_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
