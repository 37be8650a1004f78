/*
 * test_limits.c -- the limits of a session: they begin with it, people change them, they survive a
 * restart, they end with it; and what a change does to what is open.
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

enum { ADULT, FRAIL, CROSSED, POINTS };

static struct core *c;
static uint16_t oxi;
static uint16_t cuff;
static size_t with_limit; /* conditions that have one */

/* frail differs from the profile a session begins with in two limits and a SatSeconds setting. */
static void add_profiles(struct core *x)
{
    struct vg_limits l;
    vg_limits_default(&l);
    l.of[VG_COND_SPO2_LOW].limit_milli = 93000;
    l.of[VG_COND_SPO2_LOW].sat_seconds = 25;
    l.of[VG_COND_SPO2_LOW].delay_ns = 0; /* stays what it was: a profile moves no times */
    l.of[VG_COND_MAP_LOW].limit_milli = 65000;
    vg_engine_add_profile(x->engine, &l);
    l.of[VG_COND_SPO2_DESAT].limit_milli = 92000;
    vg_engine_add_profile(x->engine, &l);
    vg_limits_default(&l);
    l.of[VG_COND_SPO2_LOW].sat_seconds = 10;
    vg_engine_add_profile(x->engine, &l);
}

static struct core *build(unsigned which, const struct vg_limits *limits)
{
    struct core *x = core_new(which, 1, limits, which == 0 ? CORE_S(1000) : c->now_ns);
    add_profiles(x);
    oxi = core_add_oximeter(x, 0);
    cuff = core_add_cuff(x, 0);
    return x;
}

static int one_session(void **state)
{
    (void)state;
    c = build(0, NULL);
    core_port(c, oxi, VG_PORT_ONLINE);
    core_port(c, cuff, VG_PORT_ONLINE);
    (void)core_open_session(c, 0, "p-1");
    with_limit = 0;
    for (unsigned i = 0; i < VG_COND_COUNT; i++) {
        with_limit += vg_condition_get((enum vg_condition)i)->side != VG_SIDE_NONE ? 1u : 0u;
    }
    return 0;
}

static const struct vg_effect *set(enum vg_condition cond, int32_t value)
{
    return core_limits(c, 0, VG_LW_SET, (uint8_t)cond, value * 1000);
}

static int32_t limit(const struct core *x, enum vg_condition cond)
{
    return x->engine->beds[0].limits.of[cond].limit_milli / 1000;
}

/* Limit events of the last step with that cause; *last is the last of them. */
static size_t said(const struct core *x, enum vg_limit_cause cause,
                   const struct vg_limit_event **last)
{
    size_t n = 0;
    for (size_t i = 0; i < x->fx.count; i++) {
        const struct vg_effect *fx = &x->fx.of[i];
        if (fx->ev.kind == VG_EV_LIMIT && fx->ev.u.limit.cause == cause) {
            *last = &fx->ev.u.limit;
            assert_true((fx->verbs & VG_DO_RECORD) != 0);
            n++;
        }
    }
    return n;
}

static const struct vg_limit_event *only(enum vg_limit_cause cause)
{
    const struct vg_limit_event *l = NULL;
    assert_int_equal(said(c, cause, &l), 1);
    return l;
}

/* --- commands -------------------------------------------------------------------------------- */

static void test_limits__a_session_begins_with_all_of_them_said(void **state)
{
    const struct vg_limit_event *l = NULL;
    (void)state;
    assert_int_equal(said(c, VG_LC_BEGIN, &l), with_limit);
    assert_string_equal(l->operator_id, "");
    assert_int_equal(l->old_milli, l->new_milli);
}

static void test_limits__one_is_set(void **state)
{
    (void)state;
    const struct vg_effect *reply = set(VG_COND_SPO2_LOW, 88);
    assert_int_equal(reply->status, VG_OK);
    assert_true((reply->verbs & VG_DO_RECORD) != 0 && (reply->verbs & VG_DO_HOLD) != 0);
    const struct vg_limit_event *l = only(VG_LC_CHANGED);
    assert_int_equal(l->condition, VG_COND_SPO2_LOW);
    assert_int_equal(l->old_milli, 90000);
    assert_int_equal(l->new_milli, 88000);
    assert_string_equal(l->operator_id, "nurse");
    assert_int_equal(limit(c, VG_COND_SPO2_LOW), 88);
    assert_int_equal(set(VG_COND_SPO2_LOW, 88)->status, VG_OK); /* the same: nothing moves */
    assert_null(core_effect(c, VG_EV_LIMIT));
}

static void test_limits__a_profile_moves_limits_and_no_times(void **state)
{
    int64_t delay_ns = c->engine->beds[0].limits.of[VG_COND_SPO2_LOW].delay_ns;
    const struct vg_limit_event *l = NULL;
    (void)state;
    assert_int_equal(core_limits(c, 0, VG_LW_PROFILE, FRAIL, 0)->status, VG_OK);
    assert_int_equal(said(c, VG_LC_CHANGED, &l), 2);
    assert_int_equal(limit(c, VG_COND_SPO2_LOW), 93);
    assert_int_equal(limit(c, VG_COND_MAP_LOW), 65);
    assert_int_equal(c->engine->beds[0].limits.of[VG_COND_SPO2_LOW].sat_seconds, 25);
    assert_int_equal(c->engine->beds[0].limits.of[VG_COND_SPO2_LOW].delay_ns, delay_ns);
    assert_int_equal(core_limits(c, 0, VG_LW_PROFILE, ADULT, 0)->status, VG_OK);
    assert_int_equal(said(c, VG_LC_CHANGED, &l), 2);
    assert_int_equal(c->engine->beds[0].limits.of[VG_COND_SPO2_LOW].sat_seconds, 0);
    assert_int_equal(core_limits(c, 0, VG_LW_PROFILE, POINTS, 0)->status, VG_OK);
    l = only(VG_LC_CHANGED);
    assert_int_equal(l->condition, VG_COND_SPO2_LOW);
    assert_int_equal(l->sat_seconds, 10);
    assert_int_equal(l->old_milli, l->new_milli);
}

static void test_limits__a_formula_needs_a_baseline(void **state)
{
    (void)state;
    const struct vg_effect *reply = core_limits(c, 0, VG_LW_FORMULA, 0, 0);
    assert_int_equal(reply->status, VG_ERR_STATE);
    assert_int_equal(reply->refusal, VG_REFUSED_NO_BASELINE);
    core_measure(c, cuff, 118, 74);
    assert_int_equal(core_care(c, 0, VG_CW_BASELINE, 0, 0)->status, VG_OK);
    assert_int_equal(core_limits(c, 0, VG_LW_FORMULA, 0, 0)->status, VG_OK);
    assert_int_equal(limit(c, VG_COND_SYS_HIGH), 158);
    assert_int_equal(limit(c, VG_COND_DIA_HIGH), 99);
    assert_int_equal(limit(c, VG_COND_SYS_LOW), 90);
    assert_int_equal(limit(c, VG_COND_PR_HIGH), 120); /* no pulse in the baseline: as it was */
    assert_int_equal(limit(c, VG_COND_SPO2_LOW), 90);
}

/* The protocol of the session says how; the rest is as everywhere. */
static void test_limits__a_protocol_has_formulas_of_its_own(void **state)
{
    static struct vg_protocol p;
    (void)state;
    memset(&p, 0, sizeof p);
    p.phase_count = 1;
    p.formula_count = 1;
    p.formulas[0] = (struct vg_formula){ VG_COND_SYS_HIGH, VG_BASE_SYS, 120, 0, 130000, 150000 };
    vg_engine_add_protocol(c->engine, &p);
    core_measure(c, cuff, 118, 74);
    assert_int_equal(core_care(c, 0, VG_CW_BASELINE, 0, 0)->status, VG_OK);
    c->engine->beds[0].session.protocol = 0;
    assert_int_equal(core_limits(c, 0, VG_LW_FORMULA, 0, 0)->status, VG_OK);
    assert_int_equal(limit(c, VG_COND_SYS_HIGH), 142); /* 141.6 */
    assert_int_equal(limit(c, VG_COND_DIA_HIGH), 99);
}

static void test_limits__without_a_session_there_is_nothing_to_change(void **state)
{
    static const enum vg_limits_what whats[] = { VG_LW_SET, VG_LW_PROFILE, VG_LW_FORMULA };
    (void)state;
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
    for (size_t i = 0; i < VG_COUNT(whats); i++) {
        const struct vg_effect *reply = core_limits(c, 0, whats[i], VG_COND_SPO2_LOW, 88000);
        assert_int_equal(reply->status, VG_ERR_STATE);
        assert_int_equal(reply->refusal, VG_REFUSED_NO_SESSION);
        assert_null(reply->why);
        assert_int_equal(c->fx.count, 1);
    }
}

static void test_limits__what_crosses_is_refused_with_the_sentence(void **state)
{
    (void)state;
    const struct vg_effect *reply = set(VG_COND_PR_LOW, 120);
    assert_int_equal(reply->refusal, VG_REFUSED_LIMIT);
    assert_non_null(strstr(reply->why, "pr_low must lie below pr_high"));
    assert_int_equal(limit(c, VG_COND_PR_LOW), 50);
    reply = set(VG_COND_SPO2_LOW, 69);
    assert_int_equal(reply->refusal, VG_REFUSED_LIMIT);
    assert_non_null(strstr(reply->why, "outside"));
    reply = core_limits(c, 0, VG_LW_PROFILE, CROSSED, 0);
    assert_int_equal(reply->refusal, VG_REFUSED_LIMIT);
    assert_non_null(strstr(reply->why, "spo2_desat"));
    assert_int_equal(c->fx.count, 1); /* all or nothing */
    assert_int_equal(limit(c, VG_COND_MAP_LOW), 60);
}

/* What names nothing known changes nothing; such a request comes from no client. */
static void test_limits__an_unknown_command_changes_nothing(void **state)
{
    struct vg_limits before = c->engine->beds[0].limits;
    (void)state;
    for (unsigned what = VG_LW_COUNT; what < VG_LW_COUNT + 2; what++) {
        (void)core_limits(c, 0, (enum vg_limits_what)what, 0, 0);
        assert_memory_equal(&before, &c->engine->beds[0].limits, sizeof before);
    }
}

static void test_limits__a_repeated_request_is_answered_and_not_done_again(void **state)
{
    (void)state;
    (void)set(VG_COND_SPO2_LOW, 88);
    struct vg_event again = c->in;
    (void)set(VG_COND_SPO2_LOW, 92);
    (void)core_feed(c, &again);
    assert_true(core_reply(c)->duplicate);
    assert_int_equal(limit(c, VG_COND_SPO2_LOW), 92);
    again.u.limits.limit_milli = 86000; /* another wish under the same name */
    (void)core_feed(c, &again);
    assert_int_equal(core_reply(c)->refusal, VG_REFUSED_ID_REUSED);
}

/* --- what a change does to what is open ------------------------------------------------------ */

static enum vg_cond_state spo2_low(void)
{
    return core_state(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE);
}

static void test_limits__an_open_alarm_is_latched_by_a_wider_limit_never_closed(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 89000, 17);
    assert_int_equal(spo2_low(), VG_CS_ACTIVE);
    (void)core_ack(c, 0, core_slot(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE)->instance);
    (void)set(VG_COND_SPO2_LOW, 88);
    assert_int_equal(spo2_low(), VG_CS_LATCHED);
    const struct vg_event *ev = core_alarm(c, VG_COND_SPO2_LOW, VG_AW_COND_END);
    assert_int_equal(ev->u.alarm.row, 20);
    assert_string_equal(ev->u.alarm.operator_id, "nurse");
    assert_true(ev->u.alarm.ack); /* and so it is silent, but somebody must take note */
    assert_int_equal(ev->u.alarm.limit_milli, 88000);
    (void)set(VG_COND_SPO2_LOW, 90); /* and violated again at once, by the same value */
    assert_int_equal(spo2_low(), VG_CS_ACTIVE);
    assert_int_equal(core_alarm(c, VG_COND_SPO2_LOW, VG_AW_WORSEN)->u.alarm.row, 19);
}

static void test_limits__a_pending_alarm_is_dropped_by_a_wider_limit(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 89000, 2);
    assert_int_equal(spo2_low(), VG_CS_PENDING);
    (void)set(VG_COND_SPO2_LOW, 95); /* still violated: its time goes on */
    assert_int_equal(spo2_low(), VG_CS_PENDING);
    (void)set(VG_COND_SPO2_LOW, 89); /* not below: not violated */
    assert_int_equal(spo2_low(), VG_CS_NORMAL);
}

static void test_limits__a_tighter_limit_opens_for_a_fresh_value_only(void **state)
{
    (void)state;
    core_stream(c, oxi, VG_VITAL_SPO2, 93000, 2);
    (void)set(VG_COND_SPO2_LOW, 94);
    assert_int_equal(spo2_low(), VG_CS_PENDING); /* C22 */
    (void)set(VG_COND_SPO2_LOW, 90);
    assert_int_equal(spo2_low(), VG_CS_NORMAL);
    core_wait(c, CORE_S(11)); /* no value any more */
    (void)set(VG_COND_SPO2_LOW, 94);
    assert_int_equal(spo2_low(), VG_CS_NORMAL);
    core_measure(c, cuff, 150, 80);
    (void)set(VG_COND_SYS_HIGH, 140);
    assert_int_equal(core_state(c, 0, VG_COND_SYS_HIGH, VG_SUBJECT_NONE), VG_CS_ACTIVE); /* C2 */
}

static void test_limits__a_stale_value_keeps_open_what_is_open(void **state)
{
    (void)state;
    core_spo2(c, oxi, 84);
    core_wait(c, CORE_S(11));
    (void)set(VG_COND_SPO2_LOW, 89);
    assert_int_equal(spo2_low(), VG_CS_ACTIVE);
    core_stream(c, oxi, VG_VITAL_SPO2, 97000, 10);
    assert_int_equal(spo2_low(), VG_CS_LATCHED);
    core_wait(c, CORE_S(11));
    (void)set(VG_COND_SPO2_LOW, 98); /* what is over is not violated again by a value of the past */
    assert_int_equal(spo2_low(), VG_CS_LATCHED);
}

/* The rapid threshold counts for a moved limit as well. */
static void test_limits__a_value_below_the_rapid_threshold_violates_any_limit(void **state)
{
    (void)state;
    core_spo2(c, oxi, 84);
    assert_int_equal(spo2_low(), VG_CS_ACTIVE);
    (void)set(VG_COND_SPO2_DESAT, 80);
    (void)set(VG_COND_SPO2_LOW, 83);
    assert_int_equal(spo2_low(), VG_CS_LATCHED);
}

static void test_limits__before_the_first_value_a_change_opens_nothing(void **state)
{
    (void)state;
    (void)set(VG_COND_SPO2_LOW, 98);
    assert_int_equal(spo2_low(), VG_CS_DISARMED);
    assert_int_equal(c->alarm_count, 0);
}

/* The device that said it has left no value behind: nobody speaks for the vital. */
static void test_limits__without_a_speaker_nothing_opens(void **state)
{
    (void)state;
    core_spo2(c, oxi, 93);
    c->engine->beds[0].speaker[VG_VITAL_SPO2] = VG_DEVICE_NONE;
    (void)set(VG_COND_SPO2_LOW, 95);
    assert_int_equal(spo2_low(), VG_CS_NORMAL);
}

/* --- end and restart ------------------------------------------------------------------------- */

static void test_limits__they_end_with_the_session(void **state)
{
    (void)state;
    (void)set(VG_COND_SPO2_LOW, 88);
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
    const struct vg_limit_event *l = only(VG_LC_ENDED);
    assert_int_equal(l->condition, VG_COND_SPO2_LOW);
    assert_int_equal(l->old_milli, 88000);
    assert_int_equal(l->new_milli, 90000);
    assert_int_equal(limit(c, VG_COND_SPO2_LOW), 90);
}

static struct core *restarted(const struct vg_limits *limits)
{
    struct core *again = build(1, limits);
    core_replay(again, c);
    core_jump(again, CORE_S(3));
    core_daemon(again, 0, VG_DAEMON_RESTARTED);
    return again;
}

static void test_limits__they_come_back_after_a_restart(void **state)
{
    const struct vg_limit_event *l = NULL;
    (void)state;
    (void)core_limits(c, 0, VG_LW_PROFILE, FRAIL, 0);
    struct core *again = restarted(NULL);
    assert_int_equal(limit(again, VG_COND_SPO2_LOW), 93);
    assert_int_equal(again->engine->beds[0].limits.of[VG_COND_SPO2_LOW].sat_seconds, 25);
    assert_int_equal(said(again, VG_LC_RESTORED, &l), with_limit);
    assert_int_equal(core_effect(again, VG_EV_DAEMON)->ev.u.daemon.limits, 2);
    again = restarted(NULL);
    assert_int_equal(core_effect(again, VG_EV_DAEMON)->ev.u.daemon.limits, 2);
}

/* A configuration of another day does not reach into a session that is open. */
static void test_limits__a_changed_configuration_does_not_move_an_open_session(void **state)
{
    struct vg_limits other;
    (void)state;
    vg_limits_default(&other);
    other.of[VG_COND_PR_HIGH].limit_milli = 140000;
    struct core *again = restarted(&other);
    assert_int_equal(limit(again, VG_COND_PR_HIGH), 120);
    assert_int_equal(core_effect(again, VG_EV_DAEMON)->ev.u.daemon.limits, 1);
    (void)core_close_session(again, 0, "evacuated");
    assert_int_equal(limit(again, VG_COND_PR_HIGH), 140);
}

/* ... and limits of a session that has ended do not reach into the configuration. */
static void test_limits__without_a_session_the_configuration_of_today_counts(void **state)
{
    struct vg_limits other;
    (void)state;
    (void)set(VG_COND_PR_HIGH, 110);
    (void)core_close_session(c, 0, "");
    vg_limits_default(&other);
    other.of[VG_COND_PR_HIGH].limit_milli = 140000;
    struct core *again = restarted(&other);
    assert_int_equal(limit(again, VG_COND_PR_HIGH), 140);
}

static void test_limits__the_command_is_known_after_a_restart(void **state)
{
    (void)state;
    (void)set(VG_COND_SPO2_LOW, 88);
    struct vg_event again = c->in;
    struct core *x = restarted(NULL);
    (void)core_feed(x, &again);
    assert_true(core_reply(x)->duplicate);
}

#define T(f) cmocka_unit_test_setup(f, one_session)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_limits__a_session_begins_with_all_of_them_said),
        T(test_limits__one_is_set),
        T(test_limits__a_profile_moves_limits_and_no_times),
        T(test_limits__a_formula_needs_a_baseline),
        T(test_limits__without_a_session_there_is_nothing_to_change),
        T(test_limits__what_crosses_is_refused_with_the_sentence),
        T(test_limits__an_unknown_command_changes_nothing),
        T(test_limits__a_repeated_request_is_answered_and_not_done_again),
        T(test_limits__an_open_alarm_is_latched_by_a_wider_limit_never_closed),
        T(test_limits__a_pending_alarm_is_dropped_by_a_wider_limit),
        T(test_limits__a_tighter_limit_opens_for_a_fresh_value_only),
        T(test_limits__a_stale_value_keeps_open_what_is_open),
        T(test_limits__a_value_below_the_rapid_threshold_violates_any_limit),
        T(test_limits__before_the_first_value_a_change_opens_nothing),
        T(test_limits__without_a_speaker_nothing_opens),
        T(test_limits__they_end_with_the_session),
        T(test_limits__they_come_back_after_a_restart),
        T(test_limits__a_changed_configuration_does_not_move_an_open_session),
        T(test_limits__without_a_session_the_configuration_of_today_counts),
        T(test_limits__the_command_is_known_after_a_restart),
        T(test_limits__a_protocol_has_formulas_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
