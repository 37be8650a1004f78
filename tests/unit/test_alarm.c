/*
 * test_alarm.c -- the slots of a bed: how samples, technical facts, people and restarts reach
 * machine C, and what its moves become.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/step.h"
#include "tests/support/core_builder.h"
#include "tests/support/trap.h"
#include "vigil/compiler.h"

#define NOBODY VG_SUBJECT_NONE

static struct core *c;
static uint16_t oxi;
static uint16_t cuff;

static int one_bed(void **state)
{
    (void)state;
    c = core_new(0, 1, NULL, CORE_S(1000));
    oxi = core_add_oximeter(c, 0);
    cuff = core_add_cuff(c, 0);
    core_port(c, oxi, VG_PORT_ONLINE);
    core_port(c, cuff, VG_PORT_ONLINE);
    return 0;
}

static enum vg_cond_state now(enum vg_condition cond)
{
    return core_state(c, 0, cond, NOBODY);
}

static uint64_t instance_of(enum vg_condition cond)
{
    const struct vg_slot *s = core_slot(c, 0, cond, NOBODY);
    return s != NULL ? s->instance : 0;
}

/* --- classes -------------------------------------------------------------------------------- */

/* Strict comparison; the hysteresis band; RAPID of SPO2_LOW. From an armed, quiet slot for raising,
 * from an open one for clearing. */
static void test_alarm__classes_of_a_sample(void **state)
{
    static const struct {
        enum vg_vital v;
        enum vg_condition cond;
        int32_t milli;
        enum vg_cond_state raised; /* after one sample from NORMAL */
    } cases[] = {
        { VG_VITAL_SPO2, VG_COND_SPO2_LOW, 90000, VG_CS_NORMAL },
        { VG_VITAL_SPO2, VG_COND_SPO2_LOW, 89999, VG_CS_PENDING },
        { VG_VITAL_SPO2, VG_COND_SPO2_LOW, 85000, VG_CS_PENDING },
        { VG_VITAL_SPO2, VG_COND_SPO2_LOW, 84999, VG_CS_ACTIVE }, /* RAPID */
        { VG_VITAL_PULSE_RATE, VG_COND_PR_LOW, 50000, VG_CS_NORMAL },
        { VG_VITAL_PULSE_RATE, VG_COND_PR_LOW, 49999, VG_CS_PENDING },
        { VG_VITAL_PULSE_RATE, VG_COND_PR_HIGH, 120000, VG_CS_NORMAL },
        { VG_VITAL_PULSE_RATE, VG_COND_PR_HIGH, 120001, VG_CS_PENDING },
        { VG_VITAL_PULSE_RATE, VG_COND_PR_XLOW, 40000, VG_CS_NORMAL },
        { VG_VITAL_PULSE_RATE, VG_COND_PR_XLOW, 39999, VG_CS_PENDING },
        { VG_VITAL_PULSE_RATE, VG_COND_PR_XHIGH, 150000, VG_CS_NORMAL },
        { VG_VITAL_PULSE_RATE, VG_COND_PR_XHIGH, 150001, VG_CS_PENDING },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)one_bed(state);
        core_reading(c, oxi, cases[i].v, cases[i].v == VG_VITAL_SPO2 ? 97000 : 70000,
                     VG_QUALITY_OK);
        core_reading(c, oxi, cases[i].v, cases[i].milli, VG_QUALITY_OK);
        (void)printf("[   case   ] %zu\n", i);
        assert_int_equal(now(cases[i].cond), cases[i].raised);
    }
}

static void test_alarm__pressures_alarm_at_the_first_reading(void **state)
{
    static const struct {
        int32_t sys, dia;
        enum vg_condition cond;
        bool open;
    } cases[] = {
        { 90, 60, VG_COND_SYS_LOW, false },     { 89, 60, VG_COND_SYS_LOW, true },
        { 80, 50, VG_COND_SYS_XLOW, false },    { 79, 50, VG_COND_SYS_XLOW, true },
        { 160, 90, VG_COND_SYS_HIGH, false },   { 161, 90, VG_COND_SYS_HIGH, true },
        { 179, 90, VG_COND_SYS_XHIGH, false },  { 180, 90, VG_COND_SYS_XHIGH, true },
        { 150, 100, VG_COND_DIA_HIGH, false },  { 150, 101, VG_COND_DIA_HIGH, true },
        { 150, 109, VG_COND_DIA_XHIGH, false }, { 150, 110, VG_COND_DIA_XHIGH, true },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)one_bed(state);
        core_measure(c, cuff, cases[i].sys, cases[i].dia);
        assert_int_equal(now(cases[i].cond) == VG_CS_ACTIVE, cases[i].open);
    }
}

static void test_alarm__hysteresis_band_does_not_clear(void **state)
{
    (void)state;
    core_spo2(c, oxi, 84); /* RAPID opens SPO2_LOW */
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_ACTIVE);
    for (int i = 0; i < 20; i++) {
        core_wait(c, CORE_S(1));
        core_reading(c, oxi, VG_VITAL_SPO2, 90999, VG_QUALITY_OK);
    }
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_ACTIVE);
    core_stream(c, oxi, VG_VITAL_SPO2, 91000, 5);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_ACTIVE);
    core_stream(c, oxi, VG_VITAL_SPO2, 91000, 1); /* five seconds of good time */
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_LATCHED);
}

static void test_alarm__a_pressure_clears_with_the_next_good_reading(void **state)
{
    (void)state;
    core_measure(c, cuff, 165, 80);
    assert_int_equal(now(VG_COND_SYS_HIGH), VG_CS_ACTIVE);
    core_measure(c, cuff, 156, 80); /* within 5 of the limit: band */
    assert_int_equal(now(VG_COND_SYS_HIGH), VG_CS_ACTIVE);
    core_measure(c, cuff, 155, 80);
    assert_int_equal(now(VG_COND_SYS_HIGH), VG_CS_LATCHED);
}

/* --- confirmation --------------------------------------------------------------------------- */

static void test_alarm__desaturation_needs_three_in_a_row(void **state)
{
    (void)state;
    core_spo2(c, oxi, 84);
    core_spo2(c, oxi, 84);
    assert_int_equal(now(VG_COND_SPO2_DESAT), VG_CS_NORMAL);
    core_spo2(c, oxi, 85); /* not below 85 */
    core_spo2(c, oxi, 84);
    core_spo2(c, oxi, 84);
    assert_int_equal(now(VG_COND_SPO2_DESAT), VG_CS_NORMAL);
    core_spo2(c, oxi, 84);
    assert_int_equal(now(VG_COND_SPO2_DESAT), VG_CS_ACTIVE);
    assert_int_equal(core_alarm(c, VG_COND_SPO2_DESAT, VG_AW_OPEN)->u.alarm.priority, VG_PRIO_HIGH);
}

/* Once it is open, one violating sample breaks the good time, confirmed or not. */
static void test_alarm__one_violation_keeps_an_open_desaturation_open(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 3);
    assert_int_equal(now(VG_COND_SPO2_DESAT), VG_CS_ACTIVE);
    core_stream(c, oxi, VG_VITAL_SPO2, 95000, 3);
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 1);
    core_stream(c, oxi, VG_VITAL_SPO2, 95000, 5);
    assert_int_equal(now(VG_COND_SPO2_DESAT), VG_CS_ACTIVE);
    core_stream(c, oxi, VG_VITAL_SPO2, 95000, 1);
    assert_int_equal(now(VG_COND_SPO2_DESAT), VG_CS_LATCHED);
    core_spo2(c, oxi, 84); /* C19: no delay */
    assert_int_equal(now(VG_COND_SPO2_DESAT), VG_CS_ACTIVE);
    assert_non_null(core_alarm(c, VG_COND_SPO2_DESAT, VG_AW_WORSEN));
}

/* --- delay ---------------------------------------------------------------------------------- */

static void test_alarm__delay_runs_on_ticks_too(void **state)
{
    (void)state;
    core_spo2(c, oxi, 88);
    core_wait(c, CORE_S(9));
    core_spo2(c, oxi, 88);
    core_wait(c, CORE_S(6) - VG_TICK_NS);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_PENDING);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_ACTIVE);
    const struct vg_event *open = core_alarm(c, VG_COND_SPO2_LOW, VG_AW_OPEN);
    assert_int_equal(open->u.alarm.row, 6);
    assert_int_equal(open->u.alarm.value_milli, 88000);
    assert_int_equal(open->u.alarm.limit_milli, 90000);
    assert_true(open->u.alarm.has_value);
    assert_int_equal(open->u.alarm.instance, open->seq);
    assert_int_equal(open->u.alarm.since_ns, open->mono_ns);
    assert_int_equal(open->device, oxi);
}

static void test_alarm__good_samples_suppress_but_three_starts_open(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        core_stream(c, oxi, VG_VITAL_SPO2, 88000, 5);
        core_stream(c, oxi, VG_VITAL_SPO2, 97000, 5);
    }
    assert_int_equal(core_count_alarms(c, VG_COND_SPO2_LOW, VG_AW_SUPPRESSED_BY_DELAY), 2);
    const struct vg_event *ev = core_alarm(c, VG_COND_SPO2_LOW, VG_AW_SUPPRESSED_BY_DELAY);
    assert_int_equal(ev->u.alarm.value_milli, 88000);
    assert_int_equal(ev->u.alarm.instance, 0);
    core_spo2(c, oxi, 88);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_ACTIVE);
    assert_int_equal(core_alarm(c, VG_COND_SPO2_LOW, VG_AW_OPEN)->u.alarm.row, 3);
}

/* --- questionable --------------------------------------------------------------------------- */

static void test_alarm__questionable_raises_but_never_clears(void **state)
{
    (void)state;
    core_reading(c, oxi, VG_VITAL_SPO2, 84000, VG_QUALITY_QUESTIONABLE);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_ACTIVE);
    for (int i = 0; i < 60; i++) {
        core_wait(c, CORE_S(1));
        core_reading(c, oxi, VG_VITAL_SPO2, 98000, VG_QUALITY_QUESTIONABLE);
    }
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_ACTIVE);
    core_stream(c, oxi, VG_VITAL_SPO2, 98000, 6);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_LATCHED);
}

static void test_alarm__questionable_does_not_stop_a_delay(void **state)
{
    (void)state;
    core_spo2(c, oxi, 88);
    for (int i = 0; i < 15; i++) {
        core_wait(c, CORE_S(1));
        core_reading(c, oxi, VG_VITAL_SPO2, 98000, VG_QUALITY_QUESTIONABLE);
    }
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_ACTIVE);
}

static void test_alarm__invalid_is_no_sample(void **state)
{
    (void)state;
    core_reading(c, oxi, VG_VITAL_SPO2, 50000, VG_QUALITY_INVALID);
    core_reading(c, oxi, VG_VITAL_SPO2, 50000, VG_QUALITY_UNAVAILABLE);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_DISARMED);
    core_spo2(c, oxi, 84);
    core_reading(c, oxi, VG_VITAL_SPO2, 98000, VG_QUALITY_INVALID);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_ACTIVE);
}

/* --- disabled ------------------------------------------------------------------------------- */

static void test_alarm__a_disabled_condition_stays_out_of_it(void **state)
{
    struct vg_limits l;
    (void)state;
    vg_limits_default(&l);
    l.of[VG_COND_SPO2_LOW].enabled = false;
    l.of[VG_COND_LINK_DEVICE].enabled = false;
    c = core_new(0, 1, &l, CORE_S(1000));
    oxi = core_add_oximeter(c, 0);
    core_stream(c, oxi, VG_VITAL_SPO2, 80000, 30);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_DISARMED);
    assert_int_equal(now(VG_COND_SPO2_DESAT), VG_CS_ACTIVE);
    assert_int_equal(core_state(c, 0, VG_COND_LINK_DEVICE, oxi), VG_CS_NORMAL);
}

/* --- acknowledging -------------------------------------------------------------------------- */

static void test_alarm__acknowledge_names_one_instance(void **state)
{
    (void)state;
    core_measure(c, cuff, 185, 95); /* SYS_HIGH and SYS_XHIGH: two instances */
    uint64_t mild = instance_of(VG_COND_SYS_HIGH);
    uint64_t severe = instance_of(VG_COND_SYS_XHIGH);
    assert_true(mild != severe && mild != 0 && severe != 0);
    const struct vg_effect *fx = core_ack(c, 0, mild);
    assert_int_equal(fx->status, VG_OK);
    assert_true(core_slot(c, 0, VG_COND_SYS_HIGH, NOBODY)->ack);
    assert_false(core_slot(c, 0, VG_COND_SYS_XHIGH, NOBODY)->ack);
    const struct vg_event *ev = core_alarm(c, VG_COND_SYS_HIGH, VG_AW_ACK);
    assert_string_equal(ev->u.alarm.operator_id, "nurse");
    assert_true(ev->u.alarm.ack);
}

static void test_alarm__acknowledge_is_refused_with_the_reason(void **state)
{
    (void)state;
    assert_int_equal(core_ack(c, 0, 0)->refusal, VG_REFUSED_NO_INSTANCE);
    core_spo2(c, oxi, 84);
    uint64_t instance = instance_of(VG_COND_SPO2_LOW);
    assert_int_equal(core_ack(c, 0, instance + 1)->refusal, VG_REFUSED_NO_INSTANCE);
    assert_int_equal(core_ack(c, 0, instance)->status, VG_OK);
    const struct vg_effect *fx = core_ack(c, 0, instance);
    assert_int_equal(fx->refusal, VG_REFUSED_ACKED);
    assert_int_equal(fx->status, VG_ERR_STATE);
    assert_int_equal(fx->verbs & VG_DO_RECORD, 0);
}

static void test_alarm__acknowledgement_expires_by_priority(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 3);
    (void)core_ack(c, 0, instance_of(VG_COND_SPO2_LOW));
    (void)core_ack(c, 0, instance_of(VG_COND_SPO2_DESAT));
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 119);
    assert_true(core_slot(c, 0, VG_COND_SPO2_DESAT, NOBODY)->ack);
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 1);
    assert_false(core_slot(c, 0, VG_COND_SPO2_DESAT, NOBODY)->ack);
    assert_non_null(core_alarm(c, VG_COND_SPO2_DESAT, VG_AW_ACK_EXPIRED));
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 179);
    assert_true(core_slot(c, 0, VG_COND_SPO2_LOW, NOBODY)->ack);
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 1);
    assert_false(core_slot(c, 0, VG_COND_SPO2_LOW, NOBODY)->ack);
}

static void test_alarm__low_priority_stays_acknowledged(void **state)
{
    (void)state;
    core_port(c, oxi, VG_PORT_SILENT); /* no session: LOW */
    core_wait(c, CORE_S(11));
    (void)core_ack(c, 0, core_slot(c, 0, VG_COND_LINK_DEVICE, oxi)->instance);
    core_wait(c, CORE_S(3600));
    assert_true(core_slot(c, 0, VG_COND_LINK_DEVICE, oxi)->ack);
}

static void test_alarm__acknowledging_a_latched_one_closes_it(void **state)
{
    (void)state;
    core_measure(c, cuff, 165, 80);
    core_measure(c, cuff, 120, 80);
    uint64_t instance = instance_of(VG_COND_SYS_HIGH);
    (void)core_ack(c, 0, instance);
    assert_int_equal(now(VG_COND_SYS_HIGH), VG_CS_NORMAL);
    const struct vg_event *ev = core_alarm(c, VG_COND_SYS_HIGH, VG_AW_CLOSED);
    assert_int_equal(ev->u.alarm.instance, instance); /* the record keeps what the slot forgets */
    assert_int_equal(ev->u.alarm.from, VG_CS_LATCHED);
}

/* --- technical ------------------------------------------------------------------------------ */

static void test_alarm__storage_latches_until_acknowledged(void **state)
{
    (void)state;
    core_daemon(c, 0, VG_DAEMON_STORAGE_GOOD);
    assert_int_equal(c->fx.count, 0);
    core_daemon(c, 0, VG_DAEMON_STORAGE_BAD);
    assert_int_equal(now(VG_COND_STORAGE), VG_CS_ACTIVE);
    core_daemon(c, 0, VG_DAEMON_STORAGE_BAD);
    assert_int_equal(core_count_alarms(c, VG_COND_STORAGE, VG_AW_OPEN), 1);
    core_daemon(c, 0, VG_DAEMON_STORAGE_GOOD);
    assert_int_equal(now(VG_COND_STORAGE), VG_CS_LATCHED);
    core_daemon(c, 0, VG_DAEMON_STORAGE_BAD);
    assert_int_equal(now(VG_COND_STORAGE), VG_CS_ACTIVE);
    assert_int_equal(core_count_alarms(c, VG_COND_STORAGE, VG_AW_WORSEN), 1);
    (void)core_ack(c, 0, instance_of(VG_COND_STORAGE));
    core_daemon(c, 0, VG_DAEMON_STORAGE_GOOD);
    assert_int_equal(now(VG_COND_STORAGE), VG_CS_NORMAL);
}

static void test_alarm__a_clock_step_stays_visible(void **state)
{
    (void)state;
    core_clock_step(c, 0, CORE_S(2));
    assert_int_equal(now(VG_COND_CLOCK), VG_CS_LATCHED);
    uint64_t instance = instance_of(VG_COND_CLOCK);
    core_clock_step(c, 0, CORE_S(2));
    assert_int_equal(instance_of(VG_COND_CLOCK), instance);
    assert_int_equal(core_count_alarms(c, VG_COND_CLOCK, VG_AW_WORSEN), 1);
    (void)core_ack(c, 0, instance);
    assert_int_equal(now(VG_COND_CLOCK), VG_CS_NORMAL);
}

static void test_alarm__priority_rises_with_the_session_and_speaks_again(void **state)
{
    (void)state;
    core_port(c, oxi, VG_PORT_SILENT);
    core_wait(c, CORE_S(11));
    const struct vg_slot *s = core_slot(c, 0, VG_COND_LINK_DEVICE, oxi);
    assert_int_equal(s->priority, VG_PRIO_LOW);
    (void)core_ack(c, 0, s->instance);
    (void)core_open_session(c, 0, "p-1");
    core_wait(c, VG_TICK_NS);
    assert_int_equal(s->priority, VG_PRIO_MED);
    assert_false(s->ack);
    assert_int_equal(core_count_alarms(c, VG_COND_LINK_DEVICE, VG_AW_WORSEN), 1);
    core_wait(c, CORE_S(5));
    assert_int_equal(core_count_alarms(c, VG_COND_LINK_DEVICE, VG_AW_WORSEN), 1);
}

/* A latched technical condition that comes back worse takes the worse priority. */
static void test_alarm__a_latched_one_comes_back_with_its_new_priority(void **state)
{
    struct vg_limits l;
    (void)state;
    vg_limits_default(&l);
    l.of[VG_COND_LINK_DEVICE].latch = VG_LATCH_VISUAL;
    c = core_new(0, 1, &l, CORE_S(1000));
    oxi = core_add_oximeter(c, 0);
    core_wait(c, CORE_S(11));
    core_port(c, oxi, VG_PORT_ONLINE);
    const struct vg_slot *s = core_slot(c, 0, VG_COND_LINK_DEVICE, oxi);
    assert_int_equal(s->state, VG_CS_LATCHED);
    (void)core_open_session(c, 0, "p-1");
    core_port(c, oxi, VG_PORT_SILENT);
    core_wait(c, CORE_S(11));
    assert_int_equal(s->state, VG_CS_ACTIVE);
    assert_int_equal(s->priority, VG_PRIO_MED);
    assert_int_equal(core_count_alarms(c, VG_COND_LINK_DEVICE, VG_AW_WORSEN), 1);
}

static void test_alarm__a_simulators_trouble_is_marked_test(void **state)
{
    (void)state;
    c = core_new(0, 1, NULL, CORE_S(1000));
    oxi = core_add(c, 0, 1u << VG_VITAL_SPO2, false, true);
    core_port(c, oxi, VG_PORT_ONLINE);
    core_spo2(c, oxi, 97);
    core_wait(c, CORE_S(31));
    assert_int_equal(core_alarm(c, VG_COND_DATA_LOST, VG_AW_OPEN)->flags, VG_FLAG_TEST);
    core_port(c, oxi, VG_PORT_SILENT);
    core_wait(c, CORE_S(11));
    assert_int_equal(core_alarm(c, VG_COND_LINK_DEVICE, VG_AW_OPEN)->flags, VG_FLAG_TEST);
}

/* --- what a move becomes -------------------------------------------------------------------- */

static void test_alarm__every_move_is_sent_recorded_and_closes_the_batch(void **state)
{
    (void)state;
    core_spo2(c, oxi, 84);
    for (size_t i = 0; i < c->fx.count; i++) {
        if (c->fx.of[i].ev.kind == VG_EV_ALARM) {
            assert_int_equal(c->fx.of[i].verbs,
                             VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT | VG_DO_STATE);
        }
    }
    assert_non_null(core_alarm(c, VG_COND_SPO2_LOW, VG_AW_OPEN));
}

static void test_alarm__open_list_is_by_priority_then_age(void **state)
{
    struct vg_event list[16];
    (void)state;
    core_measure(c, cuff, 165, 101);              /* SYS_HIGH, DIA_HIGH: medium */
    core_clock_step(c, 0, CORE_S(2));             /* CLOCK: low */
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 3); /* SPO2_LOW medium, SPO2_DESAT high */
    static const enum vg_condition order[] = { VG_COND_SPO2_DESAT, VG_COND_SYS_HIGH,
                                               VG_COND_DIA_HIGH, VG_COND_SPO2_LOW, VG_COND_CLOCK };
    size_t n = vg_engine_open_alarms(c->engine, 0, c->now_ns, list, VG_COUNT(list));
    assert_int_equal(n, VG_COUNT(order));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(list[i].u.alarm.condition, order[i]);
        assert_int_equal(list[i].kind, VG_EV_ALARM);
        assert_int_equal(list[i].mono_ns, c->now_ns);
        assert_int_equal(list[i].u.alarm.from, list[i].u.alarm.to);
    }
    assert_int_equal(list[1].device, cuff);
    /* With less room the most important ones are written and all are counted. */
    n = vg_engine_open_alarms(c->engine, 0, c->now_ns, list, 1);
    assert_int_equal(n, VG_COUNT(order));
    assert_int_equal(list[0].u.alarm.condition, VG_COND_SPO2_DESAT);
    assert_int_equal(vg_engine_open_alarms(c->engine, 0, c->now_ns, NULL, 0), VG_COUNT(order));
}

static void test_alarm__a_device_condition_names_its_device(void **state)
{
    struct vg_event list[4];
    (void)state;
    core_port(c, cuff, VG_PORT_BACKOFF);
    core_wait(c, CORE_S(11));
    assert_int_equal(vg_engine_open_alarms(c->engine, 0, c->now_ns, list, 4), 1);
    assert_int_equal(list[0].device, cuff);
    assert_int_equal(list[0].u.alarm.subject, cuff);
    assert_int_equal(core_alarm(c, VG_COND_LINK_DEVICE, VG_AW_OPEN)->device, cuff);
}

#define ON_A_BED(test) cmocka_unit_test_setup(test, one_bed)

/* --- limits of a step ------------------------------------------------------------------------ */

/* What does not fit into the effects of one tick is said on the next. */
static void test_alarm__a_full_tick_leaves_the_rest_for_the_next(void **state)
{
    static struct vg_effects out;
    struct vg_event tick = core_event(c, VG_EV_TICK, 0, VG_DEVICE_NONE);
    struct vg_step st = { c->engine, &c->engine->beds[0], &tick, &out };
    (void)state;
    core_spo2(c, oxi, 88);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_PENDING);
    tick.mono_ns = c->now_ns + CORE_S(15);
    out.count = VG_EFFECTS_MAX - 15;
    vg_alarm_tick(&st);
    assert_int_equal(out.count, VG_EFFECTS_MAX - 15);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_PENDING);
    out.count = VG_EFFECTS_MAX - 16;
    vg_alarm_tick(&st);
    assert_int_equal(now(VG_COND_SPO2_LOW), VG_CS_ACTIVE);
}

static void ask_about_a_device_that_is_none(void)
{
    static struct vg_effects out;
    struct vg_event tick = core_event(c, VG_EV_TICK, 0, VG_DEVICE_NONE);
    struct vg_step st = { c->engine, &c->engine->beds[0], &tick, &out };
    (void)vg_alarm_is_open(&st, VG_COND_BATTERY, c->engine->device_count);
}

static void test_alarm__a_subject_that_is_none_ends_the_program(void **state)
{
    (void)state;
    assert_true(trap_ends(ask_about_a_device_that_is_none));
}

/* --- replay ---------------------------------------------------------------------------------- */

/* Replay a row that says that this is open; is it now? */
static bool is_restored(enum vg_condition cond, uint16_t subject, uint16_t device)
{
    struct vg_event ev = core_event(c, VG_EV_ALARM, 0, VG_DEVICE_NONE);
    ev.device = device;
    ev.u.alarm.condition = (uint8_t)cond;
    ev.u.alarm.subject = subject;
    ev.u.alarm.from = VG_CS_NORMAL;
    ev.u.alarm.to = VG_CS_ACTIVE;
    ev.u.alarm.what = VG_AW_OPEN;
    ev.u.alarm.instance = 7;
    vg_engine_replay(c->engine, &ev);
    const struct vg_slot *s = core_slot(c, 0, cond, device != VG_DEVICE_NONE ? device : subject);
    return s != NULL && vg_slot_is_open(s);
}

/* What nobody watches could never close again. */
static void test_alarm__only_what_is_watched_is_restored(void **state)
{
    static const struct vg_routing routing = {
        .sink_count = 2, .sinks = { { VG_BED_NONE, VG_SINK_ROOM }, { 1, VG_SINK_ROOM } }
    };
    (void)state;
    vg_engine_set_routing(c->engine, &routing);
    assert_true(is_restored(VG_COND_SINK_LOST, 0, VG_DEVICE_NONE));
    assert_false(is_restored(VG_COND_SINK_LOST, 1, VG_DEVICE_NONE)); /* of another bed */
    assert_false(is_restored(VG_COND_SINK_LOST, 2, VG_DEVICE_NONE)); /* configured no more */
    assert_true(is_restored(VG_COND_NIBP_FAIL, NOBODY, cuff));
    assert_false(is_restored(VG_COND_NIBP_FAIL, NOBODY, oxi));
    assert_false(is_restored(VG_COND_BATTERY, NOBODY, 2)); /* no such device */
    assert_true(is_restored(VG_COND_DATA_LOST, VG_VITAL_SPO2, VG_DEVICE_NONE));
    assert_false(is_restored(VG_COND_DATA_LOST, NOBODY, VG_DEVICE_NONE));
    assert_true(is_restored(VG_COND_VITAL_DUE, VG_VITAL_SPO2, VG_DEVICE_NONE));
    assert_false(is_restored(VG_COND_VITAL_DUE, NOBODY, VG_DEVICE_NONE));
    assert_true(is_restored(VG_COND_STORAGE, NOBODY, VG_DEVICE_NONE));
    assert_true(is_restored(VG_COND_SPO2_LOW, NOBODY, VG_DEVICE_NONE));
    c->engine->beds[0].limits.of[VG_COND_SPO2_DESAT].enabled = false;
    assert_false(is_restored(VG_COND_SPO2_DESAT, NOBODY, VG_DEVICE_NONE));
}

/* The oximeter stands at another bed now; what its vital lost here has nobody to find it. */
static void test_alarm__a_vital_nobody_measures_any_more_is_not_restored(void **state)
{
    (void)state;
    assert_false(is_restored(VG_COND_DATA_LOST, VG_VITAL_NIBP_PULSE_RATE + 100, VG_DEVICE_NONE));
    c->engine->devices[oxi].vitals = 0;
    assert_false(is_restored(VG_COND_DATA_LOST, VG_VITAL_SPO2, VG_DEVICE_NONE));
    c->engine->devices[oxi].bed = 1;
    assert_false(is_restored(VG_COND_BATTERY, NOBODY, oxi));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_BED(test_alarm__classes_of_a_sample),
        ON_A_BED(test_alarm__pressures_alarm_at_the_first_reading),
        ON_A_BED(test_alarm__hysteresis_band_does_not_clear),
        ON_A_BED(test_alarm__a_pressure_clears_with_the_next_good_reading),
        ON_A_BED(test_alarm__desaturation_needs_three_in_a_row),
        ON_A_BED(test_alarm__one_violation_keeps_an_open_desaturation_open),
        ON_A_BED(test_alarm__delay_runs_on_ticks_too),
        ON_A_BED(test_alarm__good_samples_suppress_but_three_starts_open),
        ON_A_BED(test_alarm__questionable_raises_but_never_clears),
        ON_A_BED(test_alarm__questionable_does_not_stop_a_delay),
        ON_A_BED(test_alarm__invalid_is_no_sample),
        ON_A_BED(test_alarm__a_disabled_condition_stays_out_of_it),
        ON_A_BED(test_alarm__acknowledge_names_one_instance),
        ON_A_BED(test_alarm__acknowledge_is_refused_with_the_reason),
        ON_A_BED(test_alarm__acknowledgement_expires_by_priority),
        ON_A_BED(test_alarm__low_priority_stays_acknowledged),
        ON_A_BED(test_alarm__acknowledging_a_latched_one_closes_it),
        ON_A_BED(test_alarm__storage_latches_until_acknowledged),
        ON_A_BED(test_alarm__a_clock_step_stays_visible),
        ON_A_BED(test_alarm__priority_rises_with_the_session_and_speaks_again),
        ON_A_BED(test_alarm__a_latched_one_comes_back_with_its_new_priority),
        ON_A_BED(test_alarm__a_simulators_trouble_is_marked_test),
        ON_A_BED(test_alarm__every_move_is_sent_recorded_and_closes_the_batch),
        ON_A_BED(test_alarm__open_list_is_by_priority_then_age),
        ON_A_BED(test_alarm__a_device_condition_names_its_device),
        ON_A_BED(test_alarm__a_full_tick_leaves_the_rest_for_the_next),
        ON_A_BED(test_alarm__a_subject_that_is_none_ends_the_program),
        ON_A_BED(test_alarm__only_what_is_watched_is_restored),
        ON_A_BED(test_alarm__a_vital_nobody_measures_any_more_is_not_restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
