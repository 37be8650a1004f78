/*
 * test_session_kind.c -- what kind of session is open: which of them holds doses, what it begins
 * with, and what its rows say.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/step.h"
#include "tests/support/session_builder.h"
#include "tests/support/trap.h"
#include "vigil/compiler.h"

static struct core *c;
static struct vg_protocol p;

static int room(void **state)
{
    (void)state;
    p = session_protocol();
    c = session_room(&p);
    return 0;
}

static const struct vg_effect *bolus(void)
{
    return session_dose(
        c, (struct session_dose){ .kind = VG_DOSE_BOLUS, .number = 35, .unit = VG_UNIT_MG });
}

static void test_session_kind__only_dosing_holds_doses(void **state)
{
    static const struct {
        enum vg_session_kind kind;
        enum vg_refusal refusal;
    } cases[] = {
        { VG_SESSION_DOSING, VG_REFUSED_NOT },
        { VG_SESSION_PREPARATION, VG_REFUSED_SESSION_KIND },
        { VG_SESSION_INTEGRATION, VG_REFUSED_SESSION_KIND },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)room(state);
        assert_int_equal(bolus()->refusal, VG_REFUSED_NO_SESSION);
        (void)session_open(c, cases[i].kind, VG_PROTOCOL_NONE);
        assert_int_equal(bolus()->refusal, cases[i].refusal);
        assert_int_equal(session_of(c)->dose_count, cases[i].refusal == VG_REFUSED_NOT ? 1 : 0);
        /* What else people do is the same. */
        assert_int_equal(session_score(c, VG_SCALE_ANXIETY, 3, 0)->status, VG_OK);
        assert_int_equal(session_by_hand(c, 120, 80, 0)->status, VG_OK);
        assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
    }
}

static void test_session_kind__begins_with_nothing_known(void **state)
{
    (void)state;
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_ready(c);
    (void)bolus();
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    const int32_t fasting = VG_GATE_FASTING;
    (void)session_care(c, VG_CW_OVERRIDE, &fasting, 1, 0);
    assert_int_equal(core_close_session(c, 0, "left")->status, VG_OK);
    (void)session_open(c, VG_SESSION_PREPARATION, VG_PROTOCOL_NONE);
    const struct vg_session *s = session_of(c);
    assert_int_equal(s->kind, VG_SESSION_PREPARATION);
    assert_int_equal(s->protocol, VG_PROTOCOL_NONE);
    assert_string_equal(s->course, "course-1");
    assert_string_equal(s->operator_id, "nurse");
    assert_int_equal(s->weight_g, 0);
    assert_int_equal(s->overridden, 0);
    assert_int_equal(s->dose_count, 0);
    assert_int_equal(s->mark_count, 0);
    assert_int_equal(s->awake, 0);
    assert_int_equal(s->clock.first_ns, VG_TIME_NONE);
    assert_int_equal(s->clock.last_ns, VG_TIME_NONE);
    assert_int_equal(s->clock.end_ns, VG_TIME_NONE);
    assert_int_equal(s->clock.running_ns, VG_TIME_NONE);
    assert_int_equal(s->pressure[0].at_ns, VG_TIME_NONE);
    assert_int_equal(s->pressure[1].at_ns, VG_TIME_NONE);
    for (size_t i = 0; i < VG_BASE_COUNT; i++) {
        assert_int_equal(s->base[i], -1);
    }
    for (size_t i = 0; i < VG_SCALES_MAX; i++) {
        assert_int_equal(s->score[i].at_ns, VG_TIME_NONE);
    }
    for (size_t i = 0; i < VG_FACT_COUNT; i++) {
        assert_int_equal(s->fact[i], -1); /* not answered is neither yes nor no */
    }
}

static void test_session_kind__the_row_says_kind_course_and_protocol(void **state)
{
    (void)state;
    const struct vg_effect *fx = session_open(c, VG_SESSION_INTEGRATION, VG_PROTOCOL_NONE);
    assert_int_equal(fx->ev.u.session_move.kind, VG_SESSION_INTEGRATION);
    assert_string_equal(fx->ev.u.session_move.course, "course-1");
    assert_int_equal(fx->ev.u.session_move.protocol, VG_PROTOCOL_NONE);
    (void)core_close_session(c, 0, "");
    fx = session_open(c, VG_SESSION_DOSING, 0);
    assert_int_equal(fx->ev.u.session_move.protocol, 0);
    assert_ptr_equal(vg_engine_protocol(c->engine, 0), &c->engine->protocols[0]);
}

/* The same id with another protocol, course or kind is another request. */
static void test_session_kind__a_repeat_is_the_same_in_everything(void **state)
{
    static const uint8_t changes = 4;
    (void)state;
    (void)session_open(c, VG_SESSION_DOSING, 0);
    const struct vg_event first = c->in;
    for (uint8_t i = 0; i < changes; i++) {
        struct vg_event ev = first;
        ev.u.session_move.kind = i == 1 ? VG_SESSION_INTEGRATION : first.u.session_move.kind;
        ev.u.session_move.course[0] = i == 2 ? 'x' : first.u.session_move.course[0];
        ev.u.session_move.protocol = i == 3 ? VG_PROTOCOL_NONE : 0;
        (void)core_feed(c, &ev);
        assert_int_equal(core_reply(c)->duplicate, i == 0);
        assert_int_equal(core_reply(c)->refusal, i == 0 ? VG_REFUSED_NOT : VG_REFUSED_ID_REUSED);
    }
}

static void test_session_kind__the_phase_of_preparation_asks_for_nothing(void **state)
{
    static const struct {
        enum vg_session_kind kind;
        uint32_t required;
    } cases[] = {
        { VG_SESSION_PREPARATION, 0 },
        { VG_SESSION_INTEGRATION, 0 },
        { VG_SESSION_DOSING, 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)room(state);
        (void)session_open(c, cases[i].kind, VG_PROTOCOL_NONE);
        assert_int_equal(c->engine->beds[0].phase.required, cases[i].required);
    }
}

static void test_session_kind__handover_changes_who_is_responsible(void **state)
{
    struct vg_event ev = core_event(c, VG_EV_CARE, 0, VG_DEVICE_NONE);
    (void)state;
    (void)session_open(c, VG_SESSION_DOSING, 0);
    ev.u.care.what = VG_CW_HANDOVER;
    memcpy(ev.u.care.request_id, "handover", sizeof "handover");
    memcpy(ev.u.care.operator_id, "nurse", sizeof "nurse");
    memcpy(ev.u.care.to, "night", sizeof "night");
    (void)core_feed(c, &ev);
    assert_int_equal(core_reply(c)->status, VG_OK);
    assert_string_equal(session_of(c)->operator_id, "night");
}

/* An answer that finds no room would be lost: that must not go on. */
static void answers(void)
{
    struct vg_step st = { c->engine, &c->engine->beds[0], &c->in, &c->fx };
    c->fx.count = VG_EFFECTS_MAX;
    vg_receipt_refuse(&st, VG_REFUSED_LIMIT);
}

static void test_session_kind__an_answer_is_never_lost(void **state)
{
    (void)state;
    (void)session_open(c, VG_SESSION_DOSING, 0);
    assert_true(trap_ends(answers));
    c->fx.count = 0;
}

#define ROOM(test) cmocka_unit_test_setup(test, room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM(test_session_kind__only_dosing_holds_doses),
        ROOM(test_session_kind__begins_with_nothing_known),
        ROOM(test_session_kind__the_row_says_kind_course_and_protocol),
        ROOM(test_session_kind__a_repeat_is_the_same_in_everything),
        ROOM(test_session_kind__the_phase_of_preparation_asks_for_nothing),
        ROOM(test_session_kind__an_answer_is_never_lost),
        ROOM(test_session_kind__handover_changes_who_is_responsible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
