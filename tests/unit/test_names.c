/*
 * test_names.c -- the words of every enumeration: they stand in the record and on the wire, so they
 * are spelled out here once more and must never change.
 */
#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/event.h"
#include "vigil/protocol.h"

#define WORDS(type, fn)                                                                            \
    static const char *word_##fn(unsigned n)                                                       \
    {                                                                                              \
        return fn((type)n);                                                                        \
    }
WORDS(enum vg_quality, vg_quality_name)
WORDS(enum vg_freshness, vg_freshness_name)
WORDS(enum vg_session_move, vg_session_move_name)
WORDS(enum vg_dose_kind, vg_dose_kind_name)
WORDS(enum vg_route, vg_route_name)
WORDS(enum vg_priority, vg_priority_name)
WORDS(enum vg_cond_state, vg_cond_state_name)
WORDS(enum vg_latch, vg_latch_name)
WORDS(enum vg_alarm_what, vg_alarm_what_name)
WORDS(enum vg_event_kind, vg_event_kind_name)
WORDS(enum vg_port_state, vg_port_state_name)
WORDS(enum vg_nibp_state, vg_nibp_state_name)
WORDS(enum vg_nibp_error, vg_nibp_error_name)
WORDS(enum vg_cuff_word, vg_cuff_word_name)
WORDS(enum vg_daemon_what, vg_daemon_what_name)
WORDS(enum vg_refusal, vg_refusal_name)
WORDS(enum vg_category, vg_category_name)
WORDS(enum vg_limits_what, vg_limits_what_name)
WORDS(enum vg_limit_cause, vg_limit_cause_name)
WORDS(enum vg_inhibit_state, vg_inhibit_state_name)
WORDS(enum vg_inhibit_what, vg_inhibit_what_name)
WORDS(enum vg_sink_role, vg_sink_role_name)
WORDS(enum vg_route_state, vg_route_state_name)
WORDS(enum vg_route_what, vg_route_what_name)
WORDS(enum vg_sink_what, vg_sink_what_name)
WORDS(enum vg_care_what, vg_care_what_name)
WORDS(enum vg_dose_what, vg_dose_what_name)
WORDS(unsigned, vg_deviation_name)
WORDS(enum vg_session_kind, vg_session_kind_name)
WORDS(enum vg_fact, vg_fact_name)
WORDS(enum vg_mark_state, vg_mark_state_name)
WORDS(enum vg_plan_what, vg_plan_what_name)

static const struct {
    const char *(*word)(unsigned n);
    unsigned count;
    const char *all; /* in order, separated by spaces */
} tables[] = {
    { word_vg_quality_name, VG_QUALITY_COUNT, "ok questionable invalid unavailable" },
    { word_vg_freshness_name, VG_FRESH_COUNT, "never fresh stale lost" },
    { word_vg_session_move_name, VG_SESSION_MOVE_COUNT, "open close" },
    { word_vg_dose_kind_name, VG_DOSE_KIND_COUNT,
      "bolus infusion_start rate_change stop pause resume device lozenge lozenge_end drawn waste" },
    { word_vg_route_name, VG_ROUTE_COUNT, "iv im sc sl buccal nasal oral" },
    { word_vg_priority_name, VG_PRIO_COUNT, "low medium high" },
    { word_vg_cond_state_name, VG_CS_COUNT, "disarmed normal pending active latched" },
    { word_vg_latch_name, VG_LATCH_COUNT, "none visual full" },
    { word_vg_alarm_what_name, VG_AW_COUNT,
      "armed pending suppressed_by_delay open worsen ack ack_expired cond_end closed restored" },
    { word_vg_event_kind_name, VG_EV_KIND_COUNT,
      "none reading nibp wave device signal cuff session dose ack nibp_command alarm freshness "
      "clock daemon tick inhibit limits limit route sink care bind plan" },
    { word_vg_port_state_name, VG_PORT_STATE_COUNT,
      "closed opening syncing online silent backoff" },
    { word_vg_nibp_state_name, VG_NS_COUNT,
      "idle starting inflating measuring result aborting cooldown" },
    { word_vg_nibp_error_name, VG_NIBP_ERROR_COUNT,
      "ok weak_signal motion out_of_range meas_timeout loose_or_leak pneumatic_block overpressure "
      "safety_timeout wrong_cuff_or_mode user_abort not_ready_busy hw_fault cal_fault device_reset "
      "unknown start_failed no_result foreign comm_lost implausible" },
    { word_vg_cuff_word_name, VG_CUFF_WORD_COUNT,
      "accepted busy running completed aborted refused idle" },
    { word_vg_daemon_what_name, VG_DAEMON_WHAT_COUNT,
      "started restarted stopping storage_bad storage_good clock_bad clock_good" },
    { word_vg_refusal_name, VG_REFUSED_COUNT,
      "none no_session session_open alarms_open no_instance already_acknowledged not_a_cuff "
      "cuff_offline cuff_busy cuff_cooldown request_id_reused nothing_sounds inhibited "
      "not_inhibited required limit no_baseline no_sink bound_elsewhere session_kind "
      "in_the_future before_session no_dose already_corrected no_weight weight_differs amount "
      "confirm discharge no_scale score not_soft answer_first nothing_due already_deferred "
      "cuff_hour reading no_row weight_range baseline_given" },
    { word_vg_category_name, VG_CAT_COUNT, "general oxygen cardiovascular drug equipment" },
    { word_vg_limits_what_name, VG_LW_COUNT, "set profile formula" },
    { word_vg_limit_cause_name, VG_LC_COUNT, "begin changed restored ended" },
    { word_vg_inhibit_state_name, VG_IS_COUNT, "on audio_paused alarm_paused alarm_off" },
    { word_vg_inhibit_what_name, VG_IW_COUNT, "audio_pause alarm_pause alarm_off alarm_on moved" },
    { word_vg_sink_role_name, VG_SINK_ROLES, "remote second room" },
    { word_vg_route_state_name, VG_RS_COUNT, "done sent confirmed escalated local" },
    { word_vg_route_what_name, VG_RW_COUNT, "sent confirmed escalated local_on done" },
    { word_vg_sink_what_name, VG_SW_COUNT, "ok lost receipt" },
    { word_vg_care_what_name, VG_CW_COUNT,
      "sedation baseline schedule quiet_on quiet_off test_signal score fact weight reading symptom "
      "intervention marker note handover defer override void" },
    { word_vg_dose_what_name, VG_DW_COUNT, "given amend void" },
    { word_vg_deviation_name, VG_DEVIATION_BITS,
      "gate_closed soft_range hard_range unchecked too_soon late_entry other_drug uncounted "
      "nothing_runs" },
    { word_vg_session_kind_name, VG_SESSION_KIND_COUNT, "dosing preparation integration" },
    { word_vg_fact_name, VG_FACT_COUNT,
      "identity consent fasting escort contraindications equipment pregnancy_asked over_65 "
      "prescriber rems alarm_test room_air oriented walks advice contact line_out released" },
    { word_vg_mark_state_name, VG_MARK_STATE_COUNT,
      "waiting announced due late met met_late missed dropped" },
    { word_vg_plan_what_name, VG_PW_COUNT, "mark phase" },
};

static void test_names__are_what_the_record_holds(void **state)
{
    (void)state;
    for (size_t t = 0; t < VG_COUNT(tables); t++) {
        const char *at = tables[t].all;
        for (unsigned n = 0; n < tables[t].count; n++) {
            size_t len = strcspn(at, " ");
            const char *word = tables[t].word(n);
            assert_int_equal(strlen(word), len);
            assert_memory_equal(word, at, len);
            at += len + (at[len] == ' ' ? 1 : 0);
        }
        assert_string_equal(at, "");
        assert_string_equal(tables[t].word(tables[t].count), "unknown");
        assert_string_equal(tables[t].word(200), "unknown");
    }
}

static void test_names__every_refusal_names_its_cure(void **state)
{
    (void)state;
    assert_string_equal(vg_refusal_text(VG_REFUSED_NOT), "");
    for (unsigned r = 1; r < VG_REFUSED_COUNT; r++) {
        assert_true(strlen(vg_refusal_text((enum vg_refusal)r)) > 20);
    }
    assert_string_equal(vg_refusal_text(VG_REFUSED_COUNT), "unknown");
}

static void find_words_of_sessions(void)
{
    enum vg_session_kind session = VG_SESSION_KIND_COUNT;
    enum vg_fact fact = VG_FACT_COUNT;
    for (unsigned i = 0; i < VG_SESSION_KIND_COUNT; i++) {
        assert_true(vg_session_kind_find(vg_session_kind_name((enum vg_session_kind)i), &session));
        assert_int_equal(session, i);
    }
    for (unsigned i = 0; i < VG_FACT_COUNT; i++) {
        assert_true(vg_fact_find(vg_fact_name((enum vg_fact)i), &fact));
        assert_int_equal(fact, i);
    }
}

static void test_names__are_found_again(void **state)
{
    enum vg_dose_kind kind = VG_DOSE_KIND_COUNT;
    enum vg_route route = VG_ROUTE_COUNT;
    enum vg_latch latch = VG_LATCH_COUNT;
    enum vg_sink_role role = VG_SINK_ROLES;
    enum vg_priority prio = VG_PRIO_COUNT;
    enum vg_session_kind session;
    enum vg_fact fact;
    (void)state;
    for (unsigned i = 0; i < VG_DOSE_KIND_COUNT; i++) {
        assert_true(vg_dose_kind_find(vg_dose_kind_name((enum vg_dose_kind)i), &kind));
        assert_int_equal(kind, i);
    }
    for (unsigned i = 0; i < VG_ROUTE_COUNT; i++) {
        assert_true(vg_route_find(vg_route_name((enum vg_route)i), &route));
        assert_int_equal(route, i);
    }
    for (unsigned i = 0; i < VG_LATCH_COUNT; i++) {
        assert_true(vg_latch_find(vg_latch_name((enum vg_latch)i), &latch));
        assert_int_equal(latch, i);
    }
    for (unsigned i = 0; i < VG_SINK_ROLES; i++) {
        assert_true(vg_sink_role_find(vg_sink_role_name((enum vg_sink_role)i), &role));
        assert_int_equal(role, i);
    }
    for (unsigned i = 0; i < VG_PRIO_COUNT; i++) {
        assert_true(vg_priority_find(vg_priority_name((enum vg_priority)i), &prio));
        assert_int_equal(prio, i);
    }
    find_words_of_sessions();
    static const char *const strangers[] = { "", "unknown", "IV", "bolu", "boluss", "nones" };
    for (size_t i = 0; i < VG_COUNT(strangers); i++) {
        assert_false(vg_dose_kind_find(strangers[i], &kind));
        assert_false(vg_route_find(strangers[i], &route));
        assert_false(vg_latch_find(strangers[i], &latch));
        assert_false(vg_sink_role_find(strangers[i], &role));
        assert_false(vg_priority_find(strangers[i], &prio));
        assert_false(vg_session_kind_find(strangers[i], &session));
        assert_false(vg_fact_find(strangers[i], &fact));
    }
}

/* Where the operator stands in what the engine also says by itself; NULL for other kinds. */
static char *operator_of(struct vg_event *ev)
{
    switch (ev->kind) {
    case VG_EV_ALARM:
        return ev->u.alarm.operator_id;
    case VG_EV_INHIBIT:
        return ev->u.inhibit.operator_id;
    case VG_EV_LIMIT:
        return ev->u.limit.operator_id;
    case VG_EV_CARE:
        return ev->u.care.operator_id;
    default:
        return NULL;
    }
}

static void test_names__request_and_operator_of_an_event(void **state)
{
    static const struct {
        enum vg_event_kind kind;
        bool has_request, has_operator;
    } cases[] = {
        { VG_EV_SESSION, true, true },      { VG_EV_DOSE, true, true },
        { VG_EV_ACK, true, true },          { VG_EV_NIBP_COMMAND, true, true },
        { VG_EV_ALARM, false, true },       { VG_EV_NONE, false, false },
        { VG_EV_READING, false, false },    { VG_EV_NIBP, false, false },
        { VG_EV_WAVE, false, false },       { VG_EV_DEVICE, false, false },
        { VG_EV_SIGNAL, false, false },     { VG_EV_CUFF, false, false },
        { VG_EV_FRESHNESS, false, false },  { VG_EV_CLOCK, false, false },
        { VG_EV_DAEMON, false, false },     { VG_EV_TICK, false, false },
        { VG_EV_INHIBIT, true, true },      { VG_EV_LIMITS, true, true },
        { VG_EV_LIMIT, false, true },       { VG_EV_ROUTE, false, false },
        { VG_EV_SINK, false, false },       { VG_EV_CARE, true, true },
        { VG_EV_BIND, false, false },       { VG_EV_PLAN, false, false },
        { VG_EV_KIND_COUNT, false, false },
    };
    static_assert(VG_COUNT(cases) == VG_EV_KIND_COUNT + 1, "a kind is not tested");
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_event ev;
        memset(&ev, 0, sizeof ev);
        ev.kind = (uint16_t)cases[i].kind;
        assert_int_equal(vg_event_request_id(&ev) != NULL, cases[i].has_request);
        /* What nobody caused has no operator; a person's command always has one. */
        char *by = operator_of(&ev);
        assert_int_equal(vg_event_operator(&ev) != NULL, cases[i].has_operator && by == NULL);
        if (by != NULL) {
            memcpy(by, "nurse", sizeof "nurse");
            assert_string_equal(vg_event_operator(&ev), "nurse");
        }
    }
}

static void test_names__of_a_dose(void **state)
{
    struct vg_event ev;
    (void)state;
    memset(&ev, 0, sizeof ev);
    ev.kind = VG_EV_DOSE;
    memcpy(ev.u.dose.request_id, "r-1", sizeof "r-1");
    memcpy(ev.u.dose.operator_id, "doctor", sizeof "doctor");
    assert_string_equal(vg_event_request_id(&ev), "r-1");
    assert_string_equal(vg_event_operator(&ev), "doctor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names__are_what_the_record_holds),
        cmocka_unit_test(test_names__every_refusal_names_its_cure),
        cmocka_unit_test(test_names__are_found_again),
        cmocka_unit_test(test_names__request_and_operator_of_an_event),
        cmocka_unit_test(test_names__of_a_dose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
