/*
 * test_alert.c -- from open instances to people: quiet mode, sinks and their receipts, escalation,
 * and what keeps an alarm from being heard.
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
#include "vigil/compiler.h"

enum { DESK, SECOND, ROOM, DESK_2, SINKS };

static const struct vg_routing routing = {
    .second_ns = { 0, CORE_S(30), CORE_S(10) },
    .local_ns = { 0, CORE_S(60), CORE_S(15) },
    .presence_ns = CORE_S(600),
    .sink_count = SINKS,
    .sinks = { [DESK] = { VG_BED_NONE, VG_SINK_REMOTE },
               [SECOND] = { VG_BED_NONE, VG_SINK_SECOND },
               [ROOM] = { 0, VG_SINK_ROOM },
               [DESK_2] = { 1, VG_SINK_REMOTE } },
};

static struct core *c;
static uint16_t oxi;
static uint16_t cuff;

static struct core *build(unsigned which, int64_t now_ns)
{
    struct core *x = core_new(which, 2, NULL, now_ns);
    vg_engine_set_routing(x->engine, &routing);
    oxi = core_add_oximeter(x, 0);
    cuff = core_add_cuff(x, 0);
    return x;
}

/* A bed with a session, every sink well. */
static int loud_room(void **state)
{
    (void)state;
    c = build(0, CORE_S(1000));
    core_port(c, oxi, VG_PORT_ONLINE);
    core_port(c, cuff, VG_PORT_ONLINE);
    (void)core_open_session(c, 0, "p-1");
    for (uint8_t i = 0; i < SINKS; i++) {
        core_sink(c, 0, i, VG_SW_OK, 0);
        core_sink(c, 1, i, VG_SW_OK, 0);
    }
    core_spo2(c, oxi, 97);
    return 0;
}

static int quiet_room(void **state)
{
    (void)loud_room(state);
    return core_care(c, 0, VG_CW_QUIET_ON, 0, 0)->status == VG_OK ? 0 : -1;
}

static const struct vg_slot *slot(enum vg_condition cond)
{
    return core_slot(c, 0, cond, VG_SUBJECT_NONE);
}

/* SPO2_LOW, medium priority, opened now. */
static uint64_t open_spo2(void)
{
    core_spo2(c, oxi, 84);
    assert_int_equal(slot(VG_COND_SPO2_LOW)->state, VG_CS_ACTIVE);
    return slot(VG_COND_SPO2_LOW)->instance;
}

static enum vg_route_state way(void)
{
    return (enum vg_route_state)slot(VG_COND_SPO2_LOW)->route.state;
}

/* The value stays bad while time goes on. */
static void stay_bad(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        core_pulse(c, oxi, 70);
        core_stream(c, oxi, VG_VITAL_SPO2, 86000, 1);
    }
}

static bool sounds(enum vg_sink_role role)
{
    return vg_engine_audible(c->engine, 0, role) != NULL;
}

static enum vg_refusal refusal(const struct vg_effect *reply)
{
    assert_int_equal(reply->status, VG_ERR_STATE);
    return (enum vg_refusal)reply->refusal;
}

/* --- quiet mode ------------------------------------------------------------------------------ */

static void test_alert__quiet_mode_needs_a_session_and_a_remote_sink_that_is_well(void **state)
{
    (void)state;
    c = build(0, CORE_S(1000));
    assert_int_equal(refusal(core_care(c, 0, VG_CW_QUIET_ON, 0, 0)), VG_REFUSED_NO_SESSION);
    (void)core_open_session(c, 0, "p-1");
    assert_int_equal(refusal(core_care(c, 0, VG_CW_QUIET_ON, 0, 0)), VG_REFUSED_NO_SINK);
    core_sink(c, 0, ROOM, VG_SW_OK, 0);
    core_sink(c, 0, SECOND, VG_SW_OK, 0);
    core_sink(c, 0, DESK_2, VG_SW_OK, 0); /* serves the other bed */
    assert_int_equal(refusal(core_care(c, 0, VG_CW_QUIET_ON, 0, 0)), VG_REFUSED_NO_SINK);
    core_sink(c, 0, DESK, VG_SW_OK, 0);
    assert_int_equal(core_care(c, 0, VG_CW_QUIET_ON, 0, 0)->status, VG_OK);
    assert_true(c->engine->beds[0].quiet.on);
    assert_string_equal(c->engine->beds[0].quiet.operator_id, "nurse");
    assert_false(c->engine->beds[1].quiet.on);
}

static void test_alert__presence_lapses(void **state)
{
    (void)state;
    core_wait(c, CORE_S(600) - VG_TICK_NS);
    assert_true(c->engine->beds[0].quiet.on);
    assert_int_equal(core_care(c, 0, VG_CW_QUIET_ON, 0, 0)->status, VG_OK); /* I am watching */
    core_wait(c, CORE_S(600) - VG_TICK_NS);
    assert_true(c->engine->beds[0].quiet.on);
    core_jump(c, VG_TICK_NS);
    core_tick(c, 0);
    assert_false(c->engine->beds[0].quiet.on);
    const struct vg_effect *fx = core_effect(c, VG_EV_CARE);
    assert_int_equal(fx->ev.u.care.what, VG_CW_QUIET_OFF);
    assert_string_equal(fx->ev.u.care.operator_id, "");
    assert_int_equal(fx->ev.u.care.value[0], 0);
}

static void test_alert__without_a_presence_time_it_stays_on(void **state)
{
    struct vg_routing for_ever = routing;
    (void)state;
    for_ever.presence_ns = 0;
    vg_engine_set_routing(c->engine, &for_ever);
    assert_int_equal(core_care(c, 0, VG_CW_QUIET_ON, 0, 0)->status, VG_OK);
    core_wait(c, CORE_S(7200));
    assert_true(c->engine->beds[0].quiet.on);
}

static void test_alert__the_end_of_quiet_mode_tells_the_room(void **state)
{
    (void)state;
    (void)open_spo2();
    assert_int_equal(way(), VG_RS_SENT);
    assert_false(sounds(VG_SINK_ROOM));
    assert_int_equal(core_care(c, 0, VG_CW_QUIET_OFF, 0, 0)->status, VG_OK);
    assert_int_equal(way(), VG_RS_LOCAL);
    assert_true(sounds(VG_SINK_ROOM));
    assert_int_equal(core_care(c, 0, VG_CW_QUIET_OFF, 0, 0)->status, VG_OK); /* off already */
    assert_null(core_effect(c, VG_EV_ROUTE));
    assert_int_equal(core_care(c, 0, VG_CW_QUIET_ON, 0, 0)->status, VG_OK);
    assert_int_equal(way(), VG_RS_LOCAL); /* what the room knows it keeps */
}

static void test_alert__quiet_mode_ends_with_the_session(void **state)
{
    (void)state;
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
    assert_false(c->engine->beds[0].quiet.on);
}

/* --- receipts -------------------------------------------------------------------------------- */

static void test_alert__a_receipt_confirms_once(void **state)
{
    uint64_t instance = open_spo2();
    (void)state;
    core_sink(c, 0, DESK, VG_SW_RECEIPT, instance + 1);
    assert_int_equal(c->fx.count, 0);
    core_sink(c, 0, DESK, VG_SW_RECEIPT, instance);
    assert_int_equal(way(), VG_RS_CONFIRMED);
    const struct vg_route_event *r = &core_effect(c, VG_EV_ROUTE)->ev.u.route;
    assert_int_equal(r->what, VG_RW_CONFIRMED);
    assert_int_equal(r->row, 3);
    assert_int_equal(r->from, VG_RS_SENT);
    assert_int_equal(r->to, VG_RS_CONFIRMED);
    assert_int_equal(r->sink, DESK);
    assert_int_equal(r->instance, instance);
    assert_int_equal(r->condition, VG_COND_SPO2_LOW);
    assert_int_equal(r->priority, VG_PRIO_MED);
    assert_int_equal(slot(VG_COND_SPO2_LOW)->told, 1u << DESK);
    core_sink(c, 0, DESK, VG_SW_RECEIPT, instance); /* every second again: no news */
    assert_int_equal(c->fx.count, 0);
    core_sink(c, 0, SECOND, VG_SW_RECEIPT, instance); /* whom nobody called yet */
    assert_int_equal(c->fx.count, 0);
    (void)core_care(c, 0, VG_CW_QUIET_OFF, 0, 0);
    core_sink(c, 0, SECOND, VG_SW_RECEIPT, instance);
    assert_int_equal(slot(VG_COND_SPO2_LOW)->told, 1u << DESK | 1u << SECOND);
}

static void test_alert__a_receipt_of_the_room_counts_when_the_room_was_told(void **state)
{
    uint64_t instance = open_spo2();
    (void)state;
    core_sink(c, 0, ROOM, VG_SW_RECEIPT, instance);
    assert_int_equal(c->fx.count, 0);
    assert_int_equal(way(), VG_RS_SENT);
    (void)core_care(c, 0, VG_CW_QUIET_OFF, 0, 0);
    core_sink(c, 0, ROOM, VG_SW_RECEIPT, instance);
    assert_int_equal(slot(VG_COND_SPO2_LOW)->told, 1u << ROOM);
    assert_int_equal(way(), VG_RS_LOCAL);
}

static void test_alert__words_of_strange_sinks_are_ignored(void **state)
{
    uint64_t instance = open_spo2();
    (void)state;
    core_sink(c, 0, DESK_2, VG_SW_RECEIPT, instance); /* of the other bed */
    assert_int_equal(c->fx.count, 0);
    core_sink(c, 0, SINKS, VG_SW_LOST, 0); /* not configured */
    assert_int_equal(c->fx.count, 0);
    core_sink(c, 1, ROOM, VG_SW_LOST, 0);
    assert_int_equal(c->fx.count, 0);
    assert_true(c->engine->beds[0].room);
}

static void test_alert__a_receipt_of_the_past_confirms_nothing(void **state)
{
    uint64_t instance = open_spo2();
    (void)state;
    assert_int_equal(core_ack(c, 0, instance)->status, VG_OK);
    assert_int_equal(way(), VG_RS_DONE);
    core_sink(c, 0, DESK, VG_SW_RECEIPT, instance);
    assert_null(core_effect(c, VG_EV_ROUTE));
}

/* A sink sounds and confirms the loudest only; what that drowns is shown with it. */
static void test_alert__staff_who_confirmed_the_louder_alarm_know_of_what_it_drowns(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 3);
    const struct vg_slot *loud = vg_engine_audible(c->engine, 0, VG_SINK_REMOTE);
    assert_ptr_equal(loud, slot(VG_COND_SPO2_DESAT));
    core_sink(c, 0, DESK, VG_SW_RECEIPT, loud->instance);
    (void)core_care(c, 0, VG_CW_SCORE, VG_SCALE_MOAAS, 3); /* medium: nobody can hear it */
    assert_ptr_equal(vg_engine_audible(c->engine, 0, VG_SINK_REMOTE), loud);
    core_jump(c, VG_TICK_NS);
    core_tick(c, 0);
    const struct vg_slot *drowned = slot(VG_COND_SED_DEEP);
    assert_int_equal(drowned->route.state, VG_RS_CONFIRMED);
    assert_int_equal(drowned->told, 1u << DESK); /* the same person knows both */
}

static void test_alert__what_another_person_confirmed_staff_do_not_know(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 3);
    struct vg_slot *loud = &c->engine->beds[0].slots[VG_COND_SPO2_DESAT];
    loud->told = 1u << SECOND;
    (void)core_care(c, 0, VG_CW_SCORE, VG_SCALE_MOAAS, 3);
    core_jump(c, VG_RECEIPT_NS);
    core_tick(c, 0);
    assert_int_equal(slot(VG_COND_SED_DEEP)->route.state, VG_RS_LOCAL);
}

/* --- escalation ------------------------------------------------------------------------------ */

static void test_alert__nobody_confirms_so_the_room_sounds(void **state)
{
    (void)state;
    (void)open_spo2();
    stay_bad(2);
    assert_int_equal(way(), VG_RS_SENT);
    stay_bad(1);
    assert_int_equal(way(), VG_RS_LOCAL);
}

static void test_alert__the_second_person_then_the_room(void **state)
{
    uint64_t instance = open_spo2();
    (void)state;
    core_sink(c, 0, DESK, VG_SW_RECEIPT, instance);
    stay_bad(29);
    assert_false(sounds(VG_SINK_SECOND));
    stay_bad(1);
    assert_int_equal(way(), VG_RS_ESCALATED);
    assert_true(sounds(VG_SINK_SECOND));
    stay_bad(29);
    assert_false(sounds(VG_SINK_ROOM));
    stay_bad(1);
    assert_int_equal(way(), VG_RS_LOCAL);
    assert_true(sounds(VG_SINK_ROOM));
}

static void test_alert__an_acknowledgement_ends_it_and_its_expiry_begins_a_new_way(void **state)
{
    uint64_t instance = open_spo2();
    (void)state;
    core_sink(c, 0, DESK, VG_SW_RECEIPT, instance);
    assert_int_equal(core_ack(c, 0, instance)->status, VG_OK);
    assert_int_equal(way(), VG_RS_DONE);
    assert_false(sounds(VG_SINK_REMOTE));
    stay_bad(300);
    assert_int_equal(way(), VG_RS_SENT);
    assert_int_equal(slot(VG_COND_SPO2_LOW)->told, 0);
    assert_int_equal(slot(VG_COND_SPO2_LOW)->instance, instance);
    stay_bad(3);
    assert_int_equal(way(), VG_RS_LOCAL);
}

static void test_alert__a_worse_alarm_is_told_anew(void **state)
{
    (void)state;
    assert_int_equal(core_care(c, 0, VG_CW_SCORE, VG_SCALE_MOAAS, 3)->status, VG_OK);
    const struct vg_slot *s = slot(VG_COND_SED_DEEP);
    core_sink(c, 0, DESK, VG_SW_RECEIPT, s->instance);
    assert_int_equal(s->route.state, VG_RS_CONFIRMED);
    core_jump(c, CORE_S(2));
    assert_int_equal(core_care(c, 0, VG_CW_SCORE, VG_SCALE_MOAAS, 2)->status, VG_OK);
    assert_int_equal(s->priority, VG_PRIO_HIGH);
    assert_int_equal(s->route.state, VG_RS_SENT);
    assert_int_equal(s->route.sent_ns, c->now_ns);
    assert_int_equal(s->told, 0);
}

/* --- what is over ---------------------------------------------------------------------------- */

static void test_alert__what_is_over_is_told_no_more_unless_it_sounds_on(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 84000, 3); /* SPO2_DESAT, which sounds on */
    assert_int_equal(slot(VG_COND_SPO2_DESAT)->state, VG_CS_ACTIVE);
    core_sink(c, 0, DESK, VG_SW_RECEIPT, slot(VG_COND_SPO2_LOW)->instance);
    core_stream(c, oxi, VG_VITAL_SPO2, 97000, 6);
    assert_int_equal(slot(VG_COND_SPO2_LOW)->state, VG_CS_LATCHED);
    assert_int_equal(way(), VG_RS_DONE);
    assert_int_equal(slot(VG_COND_SPO2_DESAT)->state, VG_CS_LATCHED);
    assert_int_not_equal(slot(VG_COND_SPO2_DESAT)->route.state, VG_RS_DONE);
    core_spo2(c, oxi, 84); /* the same instance again: as a new way */
    assert_int_equal(slot(VG_COND_SPO2_LOW)->state, VG_CS_ACTIVE);
    assert_int_equal(way(), VG_RS_SENT);
    assert_int_equal(slot(VG_COND_SPO2_LOW)->told, 0);
    assert_int_equal(core_alarm(c, VG_COND_SPO2_LOW, VG_AW_WORSEN)->u.alarm.row, 19);
}

static void test_alert__a_closed_alarm_is_forgotten(void **state)
{
    (void)state;
    core_signal(c, oxi, VG_SIGNAL_LOW_BATTERY);
    const struct vg_slot *s = core_slot(c, 0, VG_COND_BATTERY, oxi);
    core_sink(c, 0, DESK, VG_SW_RECEIPT, s->instance);
    assert_int_equal(s->told, 1u << DESK);
    core_signal(c, oxi, 0);
    assert_int_equal(s->state, VG_CS_NORMAL);
    assert_int_equal(s->route.state, VG_RS_DONE);
    assert_int_equal(s->told, 0);
}

/* --- sinks that are lost --------------------------------------------------------------------- */

static void test_alert__the_last_remote_sink_lost_sends_everything_to_the_room(void **state)
{
    uint64_t instance = open_spo2();
    (void)state;
    core_sink(c, 0, DESK, VG_SW_RECEIPT, instance);
    core_sink(c, 0, DESK, VG_SW_LOST, 0);
    assert_int_equal(way(), VG_RS_LOCAL);
    assert_false(c->engine->beds[0].link);
    assert_int_equal(core_state(c, 0, VG_COND_SINK_LOST, DESK), VG_CS_ACTIVE);
    assert_int_equal(core_slot(c, 0, VG_COND_SINK_LOST, DESK)->priority, VG_PRIO_MED);
    assert_int_equal(core_slot(c, 0, VG_COND_SINK_LOST, DESK)->route.state, VG_RS_LOCAL);
    core_sink(c, 0, DESK, VG_SW_OK, 0);
    assert_true(c->engine->beds[0].link);
    assert_int_equal(way(), VG_RS_LOCAL); /* never back */
    assert_int_equal(core_state(c, 0, VG_COND_SINK_LOST, DESK), VG_CS_NORMAL);
}

static void test_alert__one_remote_sink_of_two_is_enough(void **state)
{
    struct vg_routing two = routing;
    (void)state;
    two.sinks[SECOND].role = VG_SINK_REMOTE;
    vg_engine_set_routing(c->engine, &two);
    core_sink(c, 0, SECOND, VG_SW_OK, 0);
    (void)open_spo2();
    core_sink(c, 0, DESK, VG_SW_LOST, 0);
    assert_true(c->engine->beds[0].link);
    assert_int_equal(way(), VG_RS_SENT);
    core_sink(c, 0, SECOND, VG_SW_LOST, 0);
    assert_int_equal(way(), VG_RS_LOCAL);
}

/* What becomes worse is told anew: the answer to what was told before is none to that. */
static void test_alert__a_receipt_of_an_older_telling_counts_for_nothing(void **state)
{
    (void)state;
    (void)open_spo2();
    struct vg_event ev = core_event(c, VG_EV_SINK, 0, VG_DEVICE_NONE);
    ev.u.sink = (struct vg_sink_event){ .instance = slot(VG_COND_SPO2_LOW)->instance,
                                        .telling = slot(VG_COND_SPO2_LOW)->telling,
                                        .sink = DESK,
                                        .what = VG_SW_RECEIPT };
    ev.u.sink.telling++;
    (void)core_feed(c, &ev);
    assert_int_equal(way(), VG_RS_SENT);
    ev.u.sink.telling--;
    (void)core_feed(c, &ev);
    assert_int_equal(way(), VG_RS_CONFIRMED);
}

static void test_alert__what_only_a_lost_sink_confirmed_is_for_the_room(void **state)
{
    struct vg_routing two_desks = routing;
    (void)state;
    two_desks.sinks[DESK_2].bed = VG_BED_NONE;
    vg_engine_set_routing(c->engine, &two_desks);
    core_sink(c, 0, DESK_2, VG_SW_OK, 0);
    uint64_t instance = open_spo2();
    core_sink(c, 0, DESK, VG_SW_RECEIPT, instance);
    core_sink(c, 0, DESK_2, VG_SW_RECEIPT, instance);
    stay_bad(31);
    assert_int_equal(way(), VG_RS_ESCALATED);
    core_sink(c, 0, SECOND, VG_SW_RECEIPT, instance);
    core_sink(c, 0, SECOND, VG_SW_LOST, 0);
    core_sink(c, 0, DESK, VG_SW_LOST, 0);
    assert_int_equal(way(), VG_RS_ESCALATED); /* the other desk has it */
    core_sink(c, 0, DESK, VG_SW_OK, 0);
    core_sink(c, 0, DESK_2, VG_SW_LOST, 0);
    assert_int_equal(way(), VG_RS_LOCAL); /* the desk that is well has confirmed nothing since */
}

static void test_alert__a_lost_room_calls_the_second_person(void **state)
{
    uint64_t instance = open_spo2();
    (void)state;
    core_sink(c, 0, DESK, VG_SW_RECEIPT, instance);
    core_sink(c, 0, ROOM, VG_SW_LOST, 0);
    assert_int_equal(way(), VG_RS_ESCALATED);
    assert_int_equal(core_state(c, 0, VG_COND_SINK_LOST, ROOM), VG_CS_ACTIVE);
    core_sink(c, 0, ROOM, VG_SW_LOST, 0); /* said again: not lost again */
    assert_int_equal(way(), VG_RS_ESCALATED);
}

static void test_alert__without_a_session_a_lost_sink_is_of_low_priority(void **state)
{
    (void)state;
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
    core_sink(c, 0, DESK, VG_SW_LOST, 0);
    assert_int_equal(core_slot(c, 0, VG_COND_SINK_LOST, DESK)->priority, VG_PRIO_LOW);
}

/* --- audio pause ----------------------------------------------------------------------------- */

static void test_alert__with_nothing_open_there_is_nothing_to_pause(void **state)
{
    (void)state;
    assert_int_equal(refusal(core_inhibit(c, 0, VG_IW_AUDIO_PAUSE, VG_VITAL_COUNT)),
                     VG_REFUSED_NOTHING_SOUNDS);
    uint64_t instance = open_spo2();
    assert_int_equal(core_ack(c, 0, instance)->status, VG_OK);
    assert_int_equal(refusal(core_inhibit(c, 0, VG_IW_AUDIO_PAUSE, VG_VITAL_COUNT)),
                     VG_REFUSED_NOTHING_SOUNDS);
}

static void test_alert__a_pause_is_of_the_instances_that_are_present(void **state)
{
    (void)state;
    (void)open_spo2();
    assert_true(sounds(VG_SINK_ROOM));
    assert_int_equal(core_inhibit(c, 0, VG_IW_AUDIO_PAUSE, VG_VITAL_COUNT)->status, VG_OK);
    const struct vg_inhibit_event *i = &core_effect(c, VG_EV_INHIBIT)->ev.u.inhibit;
    assert_int_equal(i->what, VG_IW_MOVED);
    assert_int_equal(i->vital, VG_VITAL_COUNT);
    assert_int_equal(i->from, VG_IS_ON);
    assert_int_equal(i->to, VG_IS_AUDIO_PAUSED);
    assert_int_equal(i->row, 1);
    assert_string_equal(i->operator_id, "nurse");
    assert_false(sounds(VG_SINK_ROOM));
    assert_int_equal(way(), VG_RS_LOCAL); /* routing goes on beneath it */
    core_measure(c, cuff, 170, 80);       /* SYS_HIGH is new */
    const struct vg_slot *s = vg_engine_audible(c->engine, 0, VG_SINK_ROOM);
    assert_ptr_equal(s, slot(VG_COND_SYS_HIGH));
}

static void test_alert__a_second_press_ends_the_pause(void **state)
{
    (void)state;
    (void)open_spo2();
    (void)core_inhibit(c, 0, VG_IW_AUDIO_PAUSE, VG_VITAL_COUNT);
    assert_int_equal(core_inhibit(c, 0, VG_IW_AUDIO_PAUSE, VG_VITAL_COUNT)->status, VG_OK);
    assert_int_equal(c->engine->beds[0].audio.state, VG_IS_ON);
    assert_true(sounds(VG_SINK_ROOM));
}

/* Somebody who acknowledged everything meanwhile may still end the pause. */
static void test_alert__a_pause_can_be_ended_when_nothing_sounds(void **state)
{
    uint64_t instance = open_spo2();
    (void)state;
    (void)core_inhibit(c, 0, VG_IW_AUDIO_PAUSE, VG_VITAL_COUNT);
    (void)core_ack(c, 0, instance);
    assert_int_equal(core_inhibit(c, 0, VG_IW_AUDIO_PAUSE, VG_VITAL_COUNT)->status, VG_OK);
    assert_int_equal(c->engine->beds[0].audio.state, VG_IS_ON);
}

static void test_alert__a_pause_ends_after_two_minutes(void **state)
{
    (void)state;
    (void)open_spo2();
    (void)core_inhibit(c, 0, VG_IW_AUDIO_PAUSE, VG_VITAL_COUNT);
    stay_bad(VG_AUDIO_PAUSE_S - 1);
    assert_false(sounds(VG_SINK_ROOM));
    stay_bad(1);
    assert_true(sounds(VG_SINK_ROOM));
}

static void test_alert__an_expired_acknowledgement_sounds_through_a_pause(void **state)
{
    uint64_t instance = open_spo2();
    (void)state;
    (void)core_ack(c, 0, instance);
    stay_bad(200);
    core_measure(c, cuff, 170, 80);
    (void)core_inhibit(c, 0, VG_IW_AUDIO_PAUSE, VG_VITAL_COUNT);
    assert_false(sounds(VG_SINK_ROOM));
    stay_bad(60);
    assert_ptr_equal(vg_engine_audible(c->engine, 0, VG_SINK_ROOM), slot(VG_COND_SPO2_LOW));
}

/* --- alarm pause and off --------------------------------------------------------------------- */

static void test_alert__one_vital_can_be_paused_in_a_phase_that_allows_it(void **state)
{
    (void)state;
    (void)open_spo2();
    assert_int_equal(refusal(core_inhibit(c, 0, VG_IW_ALARM_ON, VG_VITAL_SPO2)),
                     VG_REFUSED_NOT_INHIBITED);
    assert_int_equal(core_inhibit(c, 0, VG_IW_ALARM_PAUSE, VG_VITAL_SPO2)->status, VG_OK);
    assert_false(sounds(VG_SINK_ROOM));
    assert_int_equal(slot(VG_COND_SPO2_LOW)->state, VG_CS_ACTIVE); /* the condition goes on */
    assert_int_equal(refusal(core_inhibit(c, 0, VG_IW_ALARM_PAUSE, VG_VITAL_SPO2)),
                     VG_REFUSED_INHIBITED);
    assert_string_equal(c->engine->beds[0].vital[VG_VITAL_SPO2].reason, "seen");
    assert_int_equal(core_inhibit(c, 0, VG_IW_ALARM_ON, VG_VITAL_SPO2)->status, VG_OK);
    assert_true(sounds(VG_SINK_ROOM));
    (void)core_inhibit(c, 0, VG_IW_ALARM_PAUSE, VG_VITAL_SPO2);
    stay_bad(VG_ALARM_PAUSE_S);
    assert_true(sounds(VG_SINK_ROOM));
}

static void test_alert__what_the_phase_needs_stays_on(void **state)
{
    (void)state;
    assert_int_equal(refusal(core_inhibit(c, 0, VG_IW_ALARM_OFF, VG_VITAL_SPO2)),
                     VG_REFUSED_REQUIRED);
    assert_int_equal(core_inhibit(c, 0, VG_IW_ALARM_OFF, VG_VITAL_NIBP_SYS)->status, VG_OK);
    (void)core_inhibit(c, 0, VG_IW_ALARM_PAUSE, VG_VITAL_PULSE_RATE);
    (void)core_dose(c, 0, VG_DOSE_BOLUS, 1000, c->now_ns + c->utc_offset_ns);
    /* Something acts now: both are on again, and none of them can be silenced. */
    assert_int_equal(c->engine->beds[0].vital[VG_VITAL_NIBP_SYS].state, VG_IS_ON);
    assert_int_equal(c->engine->beds[0].vital[VG_VITAL_PULSE_RATE].state, VG_IS_ON);
    static const enum vg_vital needed[] = { VG_VITAL_SPO2, VG_VITAL_PULSE_RATE, VG_VITAL_NIBP_SYS };
    for (size_t i = 0; i < VG_COUNT(needed); i++) {
        assert_int_equal(refusal(core_inhibit(c, 0, VG_IW_ALARM_PAUSE, needed[i])),
                         VG_REFUSED_REQUIRED);
        assert_int_equal(refusal(core_inhibit(c, 0, VG_IW_ALARM_OFF, needed[i])),
                         VG_REFUSED_REQUIRED);
    }
    assert_int_equal(core_inhibit(c, 0, VG_IW_ALARM_OFF, VG_VITAL_PERFUSION_INDEX)->status, VG_OK);
}

static void test_alert__off_is_remembered(void **state)
{
    (void)state;
    (void)core_inhibit(c, 0, VG_IW_ALARM_OFF, VG_VITAL_NIBP_SYS);
    core_wait(c, CORE_S(VG_OFF_REMINDER_S) - VG_TICK_NS);
    core_tick(c, 0);
    assert_null(core_effect(c, VG_EV_INHIBIT));
    core_jump(c, VG_TICK_NS);
    core_tick(c, 0);
    const struct vg_inhibit_event *i = &core_effect(c, VG_EV_INHIBIT)->ev.u.inhibit;
    assert_int_equal(i->row, 6);
    assert_int_equal(i->to, VG_IS_ALARM_OFF);
    assert_string_equal(i->operator_id, "nurse");
    assert_string_equal(i->reason, "seen");
}

static void silence_what_can_be(void)
{
    (void)open_spo2();
    (void)core_inhibit(c, 0, VG_IW_AUDIO_PAUSE, VG_VITAL_COUNT);
    (void)core_inhibit(c, 0, VG_IW_ALARM_PAUSE, VG_VITAL_SPO2);
    (void)core_inhibit(c, 0, VG_IW_ALARM_OFF, VG_VITAL_NIBP_SYS);
    assert_int_equal(c->engine->beds[0].vital[VG_VITAL_NIBP_SYS].state, VG_IS_ALARM_OFF);
}

static void assert_all_on(const struct core *x)
{
    const struct vg_bed *b = &x->engine->beds[0];
    assert_int_equal(b->audio.state, VG_IS_ON);
    for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
        assert_int_equal(b->vital[v].state, VG_IS_ON);
    }
}

static void test_alert__nothing_stays_silent_beyond_its_session(void **state)
{
    (void)state;
    silence_what_can_be();
    assert_int_equal(core_close_session(c, 0, "evacuated")->status, VG_OK);
    assert_all_on(c);
    (void)core_inhibit(c, 0, VG_IW_ALARM_OFF, VG_VITAL_SPO2); /* an empty room */
    assert_int_equal(c->engine->beds[0].vital[VG_VITAL_SPO2].state, VG_IS_ALARM_OFF);
    (void)core_open_session(c, 0, "p-2");
    assert_all_on(c);
}

/* --- restart --------------------------------------------------------------------------------- */

static struct core *restarted(int64_t after_ns)
{
    struct core *again = build(1, c->now_ns);
    core_replay(again, c);
    core_jump(again, after_ns);
    core_daemon(again, 0, VG_DAEMON_RESTARTED);
    return again;
}

static void test_alert__nothing_stays_silent_beyond_a_restart(void **state)
{
    (void)state;
    silence_what_can_be();
    core_daemon(c, 0, VG_DAEMON_RESTARTED); /* even if the engine were the same */
    assert_all_on(c);
    silence_what_can_be();
    struct core *again = restarted(CORE_S(3));
    assert_all_on(again);
    assert_non_null(vg_engine_audible(again->engine, 0, VG_SINK_ROOM));
}

static void test_alert__what_was_open_is_in_the_room_after_a_restart(void **state)
{
    (void)state;
    (void)open_spo2();
    struct core *again = restarted(CORE_S(3));
    const struct vg_slot *s = core_slot(again, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE);
    assert_int_equal(s->route.state, VG_RS_LOCAL);
    assert_true(again->engine->beds[0].quiet.on);
    assert_false(again->engine->beds[0].link); /* no sink was heard yet */
    core_port(again, cuff, VG_PORT_ONLINE);
    core_measure(again, cuff, 170, 80); /* what opens before one is goes to the room */
    assert_int_equal(core_slot(again, 0, VG_COND_SYS_HIGH, VG_SUBJECT_NONE)->route.state,
                     VG_RS_LOCAL);
}

static void test_alert__quiet_mode_is_restored_with_the_time_it_had_left(void **state)
{
    (void)state;
    core_wait(c, CORE_S(100));
    struct core *again = restarted(CORE_S(20));
    assert_true(again->engine->beds[0].quiet.on);
    assert_int_equal(again->engine->beds[0].quiet.until_ns, again->now_ns + CORE_S(480));
    const struct vg_care *said = &core_effect(again, VG_EV_CARE)->ev.u.care;
    assert_int_equal(said->what, VG_CW_QUIET_ON);
    assert_int_equal(said->value[0], 480);
    assert_string_equal(said->operator_id, "nurse");
    core_wait(again, CORE_S(480));
    assert_false(again->engine->beds[0].quiet.on);
}

/* It ended while nobody was there to see it: it ends now, and never becomes one without end. */
static void test_alert__quiet_mode_that_ended_meanwhile_ends_on_the_first_tick(void **state)
{
    (void)state;
    core_wait(c, CORE_S(599));
    struct core *again = restarted(CORE_S(30));
    assert_int_equal(core_effect(again, VG_EV_CARE)->ev.u.care.value[0], 1);
    core_wait(again, VG_TICK_NS);
    assert_false(again->engine->beds[0].quiet.on);
}

static void test_alert__quiet_mode_without_end_is_restored_so(void **state)
{
    struct vg_routing for_ever = routing;
    (void)state;
    for_ever.presence_ns = 0;
    vg_engine_set_routing(c->engine, &for_ever);
    (void)core_care(c, 0, VG_CW_QUIET_ON, 0, 0);
    struct core *again = restarted(CORE_S(20));
    assert_true(again->engine->beds[0].quiet.on);
    assert_int_equal(again->engine->beds[0].quiet.until_ns, INT64_MAX);
    (void)core_care(c, 0, VG_CW_QUIET_OFF, 0, 0);
    again = restarted(CORE_S(20));
    assert_false(again->engine->beds[0].quiet.on);
}

/* --- a full step ----------------------------------------------------------------------------- */

/* What does not fit into the effects of one tick is said on the next. */
static void test_alert__a_full_tick_leaves_the_rest_for_the_next(void **state)
{
    static struct vg_effects out;
    struct vg_event tick = core_event(c, VG_EV_TICK, 0, VG_DEVICE_NONE);
    struct vg_step st = { c->engine, &c->engine->beds[0], &tick, &out };
    (void)state;
    (void)open_spo2();
    tick.mono_ns = c->now_ns + CORE_S(700); /* the receipt is late, and quiet mode has lapsed */
    out.count = VG_EFFECTS_MAX - 15;
    vg_alert_tick(&st);
    assert_int_equal(out.count, VG_EFFECTS_MAX - 15);
    assert_int_equal(way(), VG_RS_SENT);
    assert_true(c->engine->beds[0].quiet.on);
    out.count = 0;
    vg_alert_tick(&st);
    assert_int_equal(way(), VG_RS_LOCAL);
    assert_false(c->engine->beds[0].quiet.on);
}

#define LOUD(f) cmocka_unit_test_setup(f, loud_room)
#define QUIET(f) cmocka_unit_test_setup(f, quiet_room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOUD(test_alert__quiet_mode_needs_a_session_and_a_remote_sink_that_is_well),
        QUIET(test_alert__presence_lapses),
        LOUD(test_alert__without_a_presence_time_it_stays_on),
        QUIET(test_alert__the_end_of_quiet_mode_tells_the_room),
        QUIET(test_alert__quiet_mode_ends_with_the_session),
        QUIET(test_alert__a_receipt_confirms_once),
        QUIET(test_alert__a_receipt_of_the_room_counts_when_the_room_was_told),
        QUIET(test_alert__words_of_strange_sinks_are_ignored),
        QUIET(test_alert__a_receipt_of_the_past_confirms_nothing),
        QUIET(test_alert__staff_who_confirmed_the_louder_alarm_know_of_what_it_drowns),
        QUIET(test_alert__what_another_person_confirmed_staff_do_not_know),
        QUIET(test_alert__nobody_confirms_so_the_room_sounds),
        QUIET(test_alert__the_second_person_then_the_room),
        QUIET(test_alert__an_acknowledgement_ends_it_and_its_expiry_begins_a_new_way),
        QUIET(test_alert__a_worse_alarm_is_told_anew),
        QUIET(test_alert__what_is_over_is_told_no_more_unless_it_sounds_on),
        QUIET(test_alert__a_closed_alarm_is_forgotten),
        QUIET(test_alert__the_last_remote_sink_lost_sends_everything_to_the_room),
        QUIET(test_alert__one_remote_sink_of_two_is_enough),
        QUIET(test_alert__a_receipt_of_an_older_telling_counts_for_nothing),
        QUIET(test_alert__what_only_a_lost_sink_confirmed_is_for_the_room),
        QUIET(test_alert__a_lost_room_calls_the_second_person),
        QUIET(test_alert__without_a_session_a_lost_sink_is_of_low_priority),
        LOUD(test_alert__with_nothing_open_there_is_nothing_to_pause),
        LOUD(test_alert__a_pause_is_of_the_instances_that_are_present),
        LOUD(test_alert__a_second_press_ends_the_pause),
        LOUD(test_alert__a_pause_can_be_ended_when_nothing_sounds),
        LOUD(test_alert__a_pause_ends_after_two_minutes),
        LOUD(test_alert__an_expired_acknowledgement_sounds_through_a_pause),
        LOUD(test_alert__one_vital_can_be_paused_in_a_phase_that_allows_it),
        LOUD(test_alert__what_the_phase_needs_stays_on),
        LOUD(test_alert__off_is_remembered),
        LOUD(test_alert__nothing_stays_silent_beyond_its_session),
        LOUD(test_alert__nothing_stays_silent_beyond_a_restart),
        QUIET(test_alert__what_was_open_is_in_the_room_after_a_restart),
        QUIET(test_alert__quiet_mode_is_restored_with_the_time_it_had_left),
        QUIET(test_alert__quiet_mode_that_ended_meanwhile_ends_on_the_first_tick),
        LOUD(test_alert__quiet_mode_without_end_is_restored_so),
        QUIET(test_alert__a_full_tick_leaves_the_rest_for_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
