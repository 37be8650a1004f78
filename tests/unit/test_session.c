/*
 * test_session.c -- opening and closing a session, and the receipts of commands.
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

static int two_beds(void **state)
{
    (void)state;
    c = core_new(0, 2, NULL, CORE_S(1000));
    oxi = core_add_oximeter(c, 0);
    core_port(c, oxi, VG_PORT_ONLINE);
    return 0;
}

static const struct vg_session *session(void)
{
    return &c->engine->beds[0].session;
}

static enum vg_cond_state spo2_low(void)
{
    return core_state(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE);
}

static void test_session__open_binds_a_patient(void **state)
{
    (void)state;
    const struct vg_effect *fx = core_open_session(c, 0, "p-1");
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->verbs, VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT | VG_DO_HOLD |
                                    VG_DO_REPLY | VG_DO_STATE);
    assert_int_equal(fx->receipt, fx->ev.seq);
    assert_int_equal(fx->ev.session, fx->ev.seq); /* its own number is its name */
    assert_int_equal(session()->seq, fx->ev.seq);
    assert_string_equal(session()->patient_ref, "p-1");
    assert_string_equal(session()->operator_id, "nurse");
    assert_int_equal(session()->opened_ns, c->now_ns);
    assert_int_equal(session()->opened_utc_ns, c->now_ns + CORE_UTC_OFFSET_NS);
    assert_int_equal(session()->clock.first_ns, VG_TIME_NONE);
    assert_int_equal(session()->clock.last_ns, VG_TIME_NONE);
    assert_int_equal(session()->clock.end_ns, VG_TIME_NONE);
    assert_int_equal(c->engine->beds[1].session.seq, 0); /* beds share nothing clinical */
    core_spo2(c, oxi, 84);
    assert_int_equal(core_alarm(c, VG_COND_SPO2_LOW, VG_AW_OPEN)->session, session()->seq);
}

static void test_session__one_at_a_time(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    const struct vg_effect *fx = core_open_session(c, 0, "p-2");
    assert_int_equal(fx->status, VG_ERR_STATE);
    assert_int_equal(fx->refusal, VG_REFUSED_SESSION_OPEN);
    assert_int_equal(fx->verbs, VG_DO_REPLY);
    assert_string_equal(session()->patient_ref, "p-1");
    assert_int_equal(core_open_session(c, 1, "p-2")->status, VG_OK);
}

static void test_session__close(void **state)
{
    (void)state;
    assert_int_equal(core_close_session(c, 0, "")->refusal, VG_REFUSED_NO_SESSION);
    (void)core_open_session(c, 0, "p-1");
    uint64_t seq = session()->seq;
    const struct vg_effect *fx = core_close_session(c, 0, "");
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->ev.session, seq); /* the close still belongs to it */
    assert_int_equal(session()->seq, 0);
    assert_int_equal(core_open_session(c, 0, "p-2")->status, VG_OK);
}

static void test_session__close_disarms_and_forgets_the_values(void **state)
{
    struct vg_event ev;
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    core_stream(c, oxi, VG_VITAL_SPO2, 97000, 2);
    core_pulse(c, oxi, 45); /* PR_LOW pending */
    assert_true(vg_engine_vital(c->engine, oxi, VG_VITAL_SPO2, c->now_ns, &ev));
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
    assert_int_equal(spo2_low(), VG_CS_DISARMED);
    assert_int_equal(core_state(c, 0, VG_COND_PR_LOW, VG_SUBJECT_NONE), VG_CS_DISARMED);
    const struct vg_event *log = core_alarm(c, VG_COND_PR_LOW, VG_AW_SUPPRESSED_BY_DELAY);
    assert_int_equal(log->u.alarm.row, 23);
    assert_int_equal(log->u.alarm.value_milli, 45000);
    assert_false(vg_engine_vital(c->engine, oxi, VG_VITAL_SPO2, c->now_ns, &ev));
    assert_int_equal(c->engine->beds[0].speaker[VG_VITAL_SPO2], VG_DEVICE_NONE);
    core_spo2(c, oxi, 97); /* monitoring goes on without a session */
    assert_int_equal(spo2_low(), VG_CS_NORMAL);
}

static void test_session__close_is_refused_while_alarms_are_open(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    core_spo2(c, oxi, 84);
    const struct vg_effect *fx = core_close_session(c, 0, "");
    assert_int_equal(fx->refusal, VG_REFUSED_ALARMS_OPEN);
    assert_int_equal(spo2_low(), VG_CS_ACTIVE);
    assert_string_equal(session()->patient_ref, "p-1");
    core_stream(c, oxi, VG_VITAL_SPO2, 97000, 6);
    assert_int_equal(spo2_low(), VG_CS_LATCHED); /* latched is open */
    assert_int_equal(core_close_session(c, 0, "")->refusal, VG_REFUSED_ALARMS_OPEN);
    (void)core_ack(c, 0, core_slot(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE)->instance);
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
}

static void test_session__a_named_override_closes_everything(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    core_spo2(c, oxi, 84);
    core_daemon(c, 0, VG_DAEMON_STORAGE_BAD);
    core_port(c, oxi, VG_PORT_SILENT);
    core_wait(c, CORE_S(31));
    assert_true(vg_engine_open_alarms(c->engine, 0, c->now_ns, NULL, 0) >= 3);
    core_forget(c);
    const struct vg_effect *fx = core_close_session(c, 0, "patient left");
    assert_int_equal(fx->status, VG_OK);
    assert_string_equal(fx->ev.u.session_move.text, "patient left");
    assert_int_equal(vg_engine_open_alarms(c->engine, 0, c->now_ns, NULL, 0), 0);
    const struct vg_event *ev = core_alarm(c, VG_COND_SPO2_LOW, VG_AW_CLOSED);
    assert_string_equal(ev->u.alarm.operator_id, "nurse");
    assert_int_equal(ev->u.alarm.row, 24);
    assert_int_not_equal(ev->u.alarm.instance, 0);
    assert_int_not_equal(ev->session, 0); /* closed inside the session it was opened in */
    assert_non_null(core_alarm(c, VG_COND_LINK_DEVICE, VG_AW_CLOSED));
    /* The device is still away: the empty room is told so, quietly. */
    core_wait(c, VG_TICK_NS);
    const struct vg_slot *s = core_slot(c, 0, VG_COND_LINK_DEVICE, oxi);
    assert_int_equal(s->state, VG_CS_ACTIVE);
    assert_int_equal(s->priority, VG_PRIO_LOW);
}

static void test_session__a_reason_without_need_does_no_harm(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    assert_int_equal(core_close_session(c, 0, "because")->status, VG_OK);
}

/* --- receipts ------------------------------------------------------------------------------- */

static struct vg_event opening(const char *request)
{
    struct vg_event ev = core_event(c, VG_EV_SESSION, 0, VG_DEVICE_NONE);
    ev.u.session_move.move = VG_SESSION_OPEN;
    (void)snprintf(ev.u.session_move.request_id, VG_REQUEST_ID_MAX, "%s", request);
    return ev;
}

static void test_session__the_same_request_gets_the_same_receipt(void **state)
{
    (void)state;
    struct vg_event ev = opening("once");
    (void)core_feed(c, &ev);
    uint64_t receipt = core_reply(c)->receipt;
    (void)core_feed(c, &ev);
    const struct vg_effect *fx = core_reply(c);
    assert_int_equal(c->fx.count, 1);
    assert_true(fx->duplicate);
    assert_int_equal(fx->receipt, receipt);
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->verbs, VG_DO_HOLD | VG_DO_REPLY); /* not before the first is on disk */
    assert_int_equal(session()->seq, receipt);
}

static void test_session__a_refused_request_may_be_tried_again(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    struct vg_event ev = opening("later");
    (void)core_feed(c, &ev);
    assert_int_equal(core_reply(c)->refusal, VG_REFUSED_SESSION_OPEN);
    (void)core_close_session(c, 0, "");
    (void)core_feed(c, &ev);
    assert_int_equal(core_reply(c)->status, VG_OK);
    assert_false(core_reply(c)->duplicate);
}

static void test_session__receipts_of_another_bed_are_not_mixed_up(void **state)
{
    (void)state;
    struct vg_event ev = opening("shared");
    (void)core_feed(c, &ev);
    ev.bed = 1;
    (void)core_feed(c, &ev);
    assert_false(core_reply(c)->duplicate);
    assert_int_equal(core_reply(c)->status, VG_OK);
}

static void test_session__the_ring_of_receipts_forgets_the_oldest(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1"); /* request-1 */
    for (int i = 0; i < VG_RECEIPTS_MAX - 1; i++) {
        (void)core_dose(c, 0, VG_DOSE_BOLUS, 1, c->now_ns + CORE_UTC_OFFSET_NS);
    }
    struct vg_event ev = opening("request-1");
    (void)snprintf(ev.u.session_move.text, sizeof ev.u.session_move.text, "p-1");
    (void)snprintf(ev.u.session_move.operator_id, VG_NAME_MAX, "nurse");
    (void)core_feed(c, &ev);
    assert_true(core_reply(c)->duplicate);
    c->request_count = VG_RECEIPTS_MAX; /* the doses had request-2 and on */
    (void)core_dose(c, 0, VG_DOSE_BOLUS, 1, c->now_ns + CORE_UTC_OFFSET_NS);
    (void)core_feed(c, &ev);
    assert_false(core_reply(c)->duplicate); /* the record's unique index catches it */
    ev = opening("request-2");
    (void)core_feed(c, &ev);
    assert_int_equal(core_reply(c)->refusal, VG_REFUSED_ID_REUSED); /* still known: a dose */
}

/* A client that counts its requests from 1 again. To confirm the first dose for the second would
 * lose it. */
static void test_session__an_id_used_again_for_something_else_is_refused(void **state)
{
    (void)state;
    (void)core_open_session(c, 0, "p-1");
    uint64_t first = core_dose(c, 0, VG_DOSE_BOLUS, 10000, c->now_ns + CORE_UTC_OFFSET_NS)->receipt;
    c->request_count--;
    const struct vg_effect *fx = core_dose(c, 0, VG_DOSE_BOLUS, 20000,
                                           c->now_ns + CORE_UTC_OFFSET_NS);
    assert_int_equal(fx->status, VG_ERR_STATE);
    assert_int_equal(fx->refusal, VG_REFUSED_ID_REUSED);
    struct vg_totals t;
    vg_dose_totals(session(), NULL, c->now_ns, &t);
    assert_int_equal(t.given_ug, 10000);
    assert_int_equal(t.infused_ug, 0);
    c->request_count--;
    /* The same dose again is a repeat, whenever it is said to have been given. */
    fx = core_dose(c, 0, VG_DOSE_BOLUS, 10000, c->now_ns + CORE_UTC_OFFSET_NS + VG_NS_PER_S);
    assert_true(fx->duplicate);
    assert_int_equal(fx->receipt, first);
}

#define WITH_BEDS(test) cmocka_unit_test_setup(test, two_beds)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BEDS(test_session__open_binds_a_patient),
        WITH_BEDS(test_session__one_at_a_time),
        WITH_BEDS(test_session__close),
        WITH_BEDS(test_session__close_disarms_and_forgets_the_values),
        WITH_BEDS(test_session__close_is_refused_while_alarms_are_open),
        WITH_BEDS(test_session__a_named_override_closes_everything),
        WITH_BEDS(test_session__a_reason_without_need_does_no_harm),
        WITH_BEDS(test_session__the_same_request_gets_the_same_receipt),
        WITH_BEDS(test_session__a_refused_request_may_be_tried_again),
        WITH_BEDS(test_session__receipts_of_another_bed_are_not_mixed_up),
        WITH_BEDS(test_session__the_ring_of_receipts_forgets_the_oldest),
        WITH_BEDS(test_session__an_id_used_again_for_something_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
