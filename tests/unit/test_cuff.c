/*
 * test_cuff.c -- commands, words and results of a cuff at a bed: what is recorded, what is asked of
 * the device, and whose reading a result is.
 */
#include <assert.h>
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
static uint16_t cuff;

static int one_cuff(void **state)
{
    (void)state;
    c = core_new(0, 2, NULL, CORE_S(1000));
    cuff = core_add_cuff(c, 0);
    core_port(c, cuff, VG_PORT_ONLINE);
    (void)core_open_session(c, 0, "p-1");
    return 0;
}

static enum vg_nibp_state nibp(void)
{
    return (enum vg_nibp_state)c->engine->devices[cuff].nibp.state;
}

static enum vg_cond_state fail_state(void)
{
    return core_state(c, 0, VG_COND_NIBP_FAIL, cuff);
}

static void start(void)
{
    assert_int_equal(core_command(c, 0, cuff, VG_REQ_NIBP_START)->status, VG_OK);
    core_word(c, cuff, VG_CUFF_ACCEPTED);
    assert_int_equal(nibp(), VG_NS_INFLATING);
}

static void test_cuff__a_start_is_recorded_then_asked_once(void **state)
{
    (void)state;
    const struct vg_effect *fx = core_command(c, 0, cuff, VG_REQ_NIBP_START);
    assert_int_equal(c->fx.count, 3);
    assert_ptr_equal(fx, &c->fx.of[0]);
    assert_int_equal(fx->verbs, VG_DO_RECORD | VG_DO_COMMIT | VG_DO_HOLD | VG_DO_REPLY);
    assert_ptr_equal(core_asked(c, VG_REQ_NIBP_START), &c->fx.of[1]);
    assert_int_equal(c->fx.of[1].ev.device, cuff);
    assert_true(c->fx.of[2].ev.u.cuff.is_state);
    assert_int_equal(c->fx.of[2].ev.u.cuff.state, VG_NS_STARTING);
    assert_int_equal(c->fx.of[2].verbs, VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT);
    for (int i = 0; i < 4 * 10; i++) {
        core_wait(c, VG_TICK_NS);
        assert_null(core_asked(c, VG_REQ_NIBP_START));
    }
}

static void test_cuff__a_repeated_start_starts_nothing(void **state)
{
    struct vg_event ev;
    (void)state;
    ev = core_event(c, VG_EV_NIBP_COMMAND, 0, cuff);
    ev.u.command.what = VG_REQ_NIBP_START;
    memcpy(ev.u.command.request_id, "twice", sizeof "twice");
    (void)core_feed(c, &ev);
    uint64_t receipt = core_reply(c)->receipt;
    assert_int_equal(receipt, ev.seq);
    (void)core_feed(c, &ev);
    assert_int_equal(c->fx.count, 1);
    assert_true(c->fx.of[0].duplicate);
    assert_int_equal(c->fx.of[0].receipt, receipt);
    assert_null(core_asked(c, VG_REQ_NIBP_START));
}

static void test_cuff__a_start_is_refused_with_the_reason(void **state)
{
    (void)state;
    uint16_t oxi = core_add_oximeter(c, 0);
    uint16_t other = core_add_cuff(c, 1);
    core_port(c, other, VG_PORT_ONLINE);
    assert_int_equal(core_command(c, 0, oxi, VG_REQ_NIBP_START)->refusal, VG_REFUSED_NOT_A_CUFF);
    assert_int_equal(core_command(c, 0, VG_DEVICE_NONE, VG_REQ_NIBP_START)->refusal,
                     VG_REFUSED_NOT_A_CUFF);
    /* Another bed's cuff is on another person's arm. */
    assert_int_equal(core_command(c, 0, other, VG_REQ_NIBP_START)->refusal, VG_REFUSED_NOT_A_CUFF);
    assert_null(core_asked(c, VG_REQ_NIBP_START));
    core_port(c, cuff, VG_PORT_SILENT);
    assert_int_equal(core_command(c, 0, cuff, VG_REQ_NIBP_START)->refusal, VG_REFUSED_CUFF_OFFLINE);
    core_port(c, cuff, VG_PORT_ONLINE);
    start();
    assert_int_equal(core_command(c, 0, cuff, VG_REQ_NIBP_START)->refusal, VG_REFUSED_CUFF_BUSY);
    core_word(c, cuff, VG_CUFF_COMPLETED);
    core_result(c, cuff, 120, 80);
    const struct vg_effect *fx = core_command(c, 0, cuff, VG_REQ_NIBP_START);
    assert_int_equal(fx->refusal, VG_REFUSED_CUFF_COOLDOWN);
    assert_int_equal(fx->verbs, VG_DO_REPLY);
    core_wait(c, CORE_S(30));
    assert_int_equal(core_command(c, 0, cuff, VG_REQ_NIBP_START)->status, VG_OK);
}

static void test_cuff__words_drive_the_machine(void **state)
{
    static const struct {
        enum vg_cuff_word word;
        enum vg_nibp_state to; /* from STARTING */
        uint8_t asked;
    } cases[] = {
        { VG_CUFF_ACCEPTED, VG_NS_INFLATING, VG_REQ_NONE },
        { VG_CUFF_BUSY, VG_NS_COOLDOWN, VG_REQ_NONE },
        { VG_CUFF_RUNNING, VG_NS_INFLATING, VG_REQ_NONE },
        { VG_CUFF_COMPLETED, VG_NS_RESULT, VG_REQ_NIBP_RESULT },
        { VG_CUFF_ABORTED, VG_NS_STARTING, VG_REQ_NONE },
        { VG_CUFF_REFUSED, VG_NS_COOLDOWN, VG_REQ_NONE },
        { VG_CUFF_IDLE, VG_NS_STARTING, VG_REQ_NONE },
    };
    static_assert(VG_COUNT(cases) == VG_CUFF_WORD_COUNT, "a word is not tested");
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)one_cuff(state);
        (void)core_command(c, 0, cuff, VG_REQ_NIBP_START);
        core_word(c, cuff, cases[i].word);
        assert_int_equal(nibp(), cases[i].to);
        assert_int_equal(core_asked(c, VG_REQ_NIBP_RESULT) != NULL,
                         cases[i].asked == VG_REQ_NIBP_RESULT);
    }
}

static void test_cuff__a_result_becomes_readings(void **state)
{
    (void)state;
    start();
    core_word(c, cuff, VG_CUFF_COMPLETED);
    core_result(c, cuff, 120, 81);
    assert_int_equal(c->fx.of[0].ev.kind, VG_EV_NIBP);
    assert_int_equal(c->fx.of[0].ev.u.nibp.error, VG_NIBP_OK);
    static const struct {
        enum vg_vital v;
        int32_t milli;
    } want[] = { { VG_VITAL_NIBP_SYS, 120000 },
                 { VG_VITAL_NIBP_DIA, 81000 },
                 { VG_VITAL_NIBP_MEAN, 94000 },
                 { VG_VITAL_NIBP_PULSE_RATE, 70000 } };
    size_t found = 0;
    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_effect *fx = &c->fx.of[i];
        if (fx->ev.kind == VG_EV_READING) {
            assert_true(found < VG_COUNT(want));
            assert_int_equal(fx->ev.u.reading.vital, want[found].v);
            assert_int_equal(fx->ev.u.reading.value_milli, want[found].milli);
            assert_int_equal(fx->ev.u.reading.fresh, VG_FRESH_FRESH);
            assert_int_equal(fx->verbs, VG_DO_SEND); /* the NIBP row has the numbers */
            found++;
        }
    }
    assert_int_equal(found, VG_COUNT(want));
    assert_int_equal(nibp(), VG_NS_COOLDOWN);
}

static void test_cuff__without_a_pulse_there_is_no_pulse(void **state)
{
    struct vg_event ev;
    (void)state;
    start();
    core_word(c, cuff, VG_CUFF_COMPLETED);
    ev = core_event(c, VG_EV_NIBP, 0, cuff);
    ev.u.nibp.sys_milli = 120000;
    ev.u.nibp.dia_milli = 80000;
    ev.u.nibp.mean_milli = 93000;
    (void)core_feed(c, &ev);
    assert_int_equal(c->engine->devices[cuff].fresh[VG_VITAL_NIBP_PULSE_RATE].state,
                     VG_FRESH_NEVER);
    assert_int_equal(c->engine->devices[cuff].fresh[VG_VITAL_NIBP_SYS].state, VG_FRESH_FRESH);
}

static void test_cuff__a_result_nobody_waited_for_is_foreign(void **state)
{
    (void)state;
    core_result(c, cuff, 200, 120);
    assert_int_equal(c->fx.count, 1);
    assert_int_equal(c->fx.of[0].ev.u.nibp.error, VG_NIBP_FOREIGN);
    assert_int_equal(c->fx.of[0].verbs, VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT);
    assert_int_equal(core_state(c, 0, VG_COND_SYS_XHIGH, VG_SUBJECT_NONE), VG_CS_DISARMED);
    /* After an abort, too. */
    start();
    (void)core_command(c, 0, cuff, VG_REQ_NIBP_ABORT);
    assert_non_null(core_asked(c, VG_REQ_NIBP_ABORT));
    core_result(c, cuff, 200, 120);
    assert_int_equal(c->fx.of[0].ev.u.nibp.error, VG_NIBP_FOREIGN);
    assert_int_equal(nibp(), VG_NS_ABORTING);
}

static void test_cuff__a_foreign_word_of_the_driver_stays_foreign(void **state)
{
    (void)state;
    start();
    core_word(c, cuff, VG_CUFF_COMPLETED);
    core_result_error(c, cuff, VG_NIBP_FOREIGN);
    assert_int_equal(core_effect(c, VG_EV_NIBP)->ev.u.nibp.error, VG_NIBP_FOREIGN);
    assert_null(core_effect(c, VG_EV_READING));
    assert_int_equal(nibp(), VG_NS_COOLDOWN);
}

/* The session ends while the cuff measures: what comes out is not the next patient's. */
static void test_cuff__a_determination_does_not_outlive_its_session(void **state)
{
    (void)state;
    start();
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
    (void)core_open_session(c, 0, "p-2");
    core_word(c, cuff, VG_CUFF_COMPLETED);
    core_result(c, cuff, 200, 120);
    assert_int_equal(core_effect(c, VG_EV_NIBP)->ev.u.nibp.error, VG_NIBP_FOREIGN);
    assert_null(core_effect(c, VG_EV_READING));
    assert_int_equal(core_state(c, 0, VG_COND_SYS_XHIGH, VG_SUBJECT_NONE), VG_CS_DISARMED);
    assert_int_equal(nibp(), VG_NS_COOLDOWN); /* watched to its end all the same */
    core_wait(c, CORE_S(30));
    core_measure(c, cuff, 120, 80); /* and the next one counts */
    assert_int_equal(c->engine->devices[cuff].fresh[VG_VITAL_NIBP_SYS].value_milli, 120000);
}

static void test_cuff__failures_of_the_last_patient_do_not_count(void **state)
{
    (void)state;
    core_measure_fails(c, cuff, VG_NIBP_MOTION);
    start();
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
    (void)core_open_session(c, 0, "p-2");
    core_port(c, cuff, VG_PORT_SILENT); /* ends the old determination with COMM_LOST */
    assert_int_equal(core_effect(c, VG_EV_NIBP)->ev.u.nibp.error, VG_NIBP_COMM_LOST);
    assert_int_equal(c->engine->devices[cuff].fails, 0);
}

static void test_cuff__two_failures_in_a_row_alarm(void **state)
{
    (void)state;
    core_measure_fails(c, cuff, VG_NIBP_MOTION);
    assert_int_equal(fail_state(), VG_CS_DISARMED);
    core_measure(c, cuff, 120, 80);
    core_measure_fails(c, cuff, VG_NIBP_WEAK_SIGNAL);
    assert_int_equal(fail_state(), VG_CS_DISARMED);
    core_measure_fails(c, cuff, VG_NIBP_LOOSE_OR_LEAK);
    assert_int_equal(fail_state(), VG_CS_ACTIVE);
    assert_int_equal(core_slot(c, 0, VG_COND_NIBP_FAIL, cuff)->priority, VG_PRIO_MED);
    core_measure_fails(c, cuff, VG_NIBP_MOTION);
    assert_int_equal(core_count_alarms(c, VG_COND_NIBP_FAIL, VG_AW_OPEN), 1);
    core_measure(c, cuff, 120, 80);
    assert_int_equal(fail_state(), VG_CS_LATCHED);
    (void)core_ack(c, 0, core_slot(c, 0, VG_COND_NIBP_FAIL, cuff)->instance);
    assert_int_equal(fail_state(), VG_CS_NORMAL);
}

static void test_cuff__a_persons_abort_is_no_failure(void **state)
{
    (void)state;
    core_measure_fails(c, cuff, VG_NIBP_MOTION);
    start();
    (void)core_command(c, 0, cuff, VG_REQ_NIBP_ABORT);
    assert_int_equal(core_effect(c, VG_EV_NIBP)->ev.u.nibp.error, VG_NIBP_USER_ABORT);
    core_word(c, cuff, VG_CUFF_ABORTED);
    core_wait(c, CORE_S(30));
    assert_int_equal(fail_state(), VG_CS_DISARMED);
    core_measure_fails(c, cuff, VG_NIBP_MOTION); /* nor does it wipe the failure before it out */
    assert_int_equal(fail_state(), VG_CS_ACTIVE);
}

static void test_cuff__counting_failures_never_wraps(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        core_measure_fails(c, cuff, VG_NIBP_MOTION);
        core_jump(c, CORE_S(120)); /* one person is not measured more often than that for long */
    }
    assert_int_equal(c->engine->devices[cuff].fails, 255);
    assert_int_equal(fail_state(), VG_CS_ACTIVE);
}

static void test_cuff__a_lost_link_is_told_and_the_abort_comes_first(void **state)
{
    (void)state;
    start();
    core_port(c, cuff, VG_PORT_SILENT);
    assert_int_equal(core_effect(c, VG_EV_NIBP)->ev.u.nibp.error, VG_NIBP_COMM_LOST);
    assert_null(core_asked(c, VG_REQ_NIBP_ABORT));
    core_wait(c, CORE_S(60));
    core_port(c, cuff, VG_PORT_BACKOFF); /* still down: nothing new */
    assert_null(core_effect(c, VG_EV_NIBP));
    core_port(c, cuff, VG_PORT_ONLINE);
    assert_non_null(core_asked(c, VG_REQ_NIBP_ABORT));
}

static void test_cuff__the_watchdog_aborts(void **state)
{
    (void)state;
    start();
    core_wait(c, CORE_S(180) - VG_TICK_NS);
    assert_int_equal(nibp(), VG_NS_INFLATING);
    c->now_ns += VG_TICK_NS;
    core_tick(c, 0);
    assert_non_null(core_asked(c, VG_REQ_NIBP_ABORT));
    assert_int_equal(core_effect(c, VG_EV_NIBP)->ev.u.nibp.error, VG_NIBP_MEAS_TIMEOUT);
}

static void test_cuff__pressure_is_shown_only_while_measuring(void **state)
{
    (void)state;
    core_reading(c, cuff, VG_VITAL_CUFF_PRESSURE, 0, VG_QUALITY_OK);
    assert_int_equal(c->fx.count, 0);
    start();
    core_reading(c, cuff, VG_VITAL_CUFF_PRESSURE, 160000, VG_QUALITY_OK);
    assert_int_equal(core_effect(c, VG_EV_READING)->ev.u.reading.value_milli, 160000);
    core_reading(c, cuff, VG_VITAL_CUFF_PRESSURE, 100000, VG_QUALITY_INVALID);
    assert_int_equal(nibp(), VG_NS_INFLATING); /* no word of a broken sensor */
    core_reading(c, cuff, VG_VITAL_CUFF_PRESSURE, 140000, VG_QUALITY_OK);
    assert_int_equal(nibp(), VG_NS_MEASURING);
}

#define WITH_ONE(test) cmocka_unit_test_setup(test, one_cuff)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ONE(test_cuff__a_start_is_recorded_then_asked_once),
        WITH_ONE(test_cuff__a_repeated_start_starts_nothing),
        WITH_ONE(test_cuff__a_start_is_refused_with_the_reason),
        WITH_ONE(test_cuff__words_drive_the_machine),
        WITH_ONE(test_cuff__a_result_becomes_readings),
        WITH_ONE(test_cuff__without_a_pulse_there_is_no_pulse),
        WITH_ONE(test_cuff__a_result_nobody_waited_for_is_foreign),
        WITH_ONE(test_cuff__a_foreign_word_of_the_driver_stays_foreign),
        WITH_ONE(test_cuff__a_determination_does_not_outlive_its_session),
        WITH_ONE(test_cuff__failures_of_the_last_patient_do_not_count),
        WITH_ONE(test_cuff__two_failures_in_a_row_alarm),
        WITH_ONE(test_cuff__a_persons_abort_is_no_failure),
        WITH_ONE(test_cuff__counting_failures_never_wraps),
        WITH_ONE(test_cuff__a_lost_link_is_told_and_the_abort_comes_first),
        WITH_ONE(test_cuff__the_watchdog_aborts),
        WITH_ONE(test_cuff__pressure_is_shown_only_while_measuring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
