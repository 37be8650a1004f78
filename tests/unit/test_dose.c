/*
 * test_dose.c -- a dose that was given is recorded; sums, rates, repeats and the refusals.
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
#include "vigil/quantity.h"

static struct core *c;

static int session_open(void **state)
{
    (void)state;
    c = core_new(0, 1, NULL, CORE_S(1000));
    (void)core_open_session(c, 0, "p-1");
    return 0;
}

static int64_t utc(void)
{
    return c->now_ns + CORE_UTC_OFFSET_NS;
}

static const struct vg_session *session(void)
{
    return &c->engine->beds[0].session;
}

static struct vg_totals totals(void)
{
    struct vg_totals t;
    vg_dose_totals(session(), NULL, c->now_ns, &t);
    return t;
}

static int64_t boluses_ug(void)
{
    struct vg_totals t = totals();
    return t.given_ug - t.infused_ug;
}

static void test_dose__kinds_add_up(void **state)
{
    static const struct {
        enum vg_dose_kind kind;
        int64_t amount_ug, counts_ug, total_ug, rate_ug_h;
        int last_s; /* when a dose was given last */
    } steps[] = {
        { VG_DOSE_BOLUS, 35000, 35000, 35000, 0, 60 },
        { VG_DOSE_INFUSION_START, 52500, 52500, 35000, 52500, 120 },
        { VG_DOSE_RATE_CHANGE, 30000, 30000, 35000, 30000, 120 },
        { VG_DOSE_BOLUS, 1, 1, 35001, 30000, 240 },
        { VG_DOSE_STOP, 0, 0, 35001, 0, 240 },
        { VG_DOSE_KIND_COUNT, 7, 0, 35001, 0, 240 }, /* no kind: counted, adds nothing */
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(steps); i++) {
        core_jump(c, CORE_S(60));
        const struct vg_effect *fx = core_dose(c, 0, steps[i].kind, steps[i].amount_ug, utc());
        assert_int_equal(fx->status, VG_OK);
        assert_int_equal(fx->verbs, VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT | VG_DO_HOLD |
                                        VG_DO_REPLY | VG_DO_STATE);
        assert_int_equal(fx->ev.session, session()->seq);
        assert_int_equal(fx->ev.u.dose.amount_ug, steps[i].counts_ug);
        assert_int_equal(boluses_ug(), steps[i].total_ug);
        assert_int_equal(session()->rate_ug_h, steps[i].rate_ug_h);
        assert_int_equal(totals().rate_ug_h, steps[i].rate_ug_h);
        assert_int_equal(session()->dose_count, i + 1);
        assert_int_equal(session()->clock.first_ns, CORE_S(1060));
        assert_int_equal(session()->clock.last_ns - CORE_S(1000), CORE_S(steps[i].last_s));
        assert_int_equal(session()->doses[i].given_ns, c->now_ns);
        assert_int_equal(session()->doses[i].given_utc_ns, utc());
    }
}

#define KEPT (VG_DOSES_MAX - VG_DOSES_SPARE)

static void test_dose__the_largest_amounts_do_not_overflow(void **state)
{
    (void)state;
    for (int i = 0; i < KEPT; i++) {
        (void)core_dose(c, 0, VG_DOSE_BOLUS, VG_DOSE_MAX_UG, utc());
    }
    assert_int_equal(boluses_ug(), KEPT * VG_DOSE_MAX_UG);
}

/* A week at the highest rate. */
static void test_dose__the_largest_rate_does_not_overflow(void **state)
{
    (void)state;
    (void)core_dose(c, 0, VG_DOSE_INFUSION_START, VG_DOSE_MAX_UG, utc());
    core_jump(c, CORE_S(7 * 24 * 3600));
    assert_int_equal(totals().infused_ug, 7 * 24 * VG_DOSE_MAX_UG);
    assert_int_equal(boluses_ug(), 0);
}

/* What was given is recorded; that the sum is not whole is said with it. */
static void test_dose__more_than_can_be_kept_are_recorded_all_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < KEPT + 40; i++) {
        const struct vg_effect *fx = core_dose(c, 0, VG_DOSE_BOLUS, 3, utc());
        bool kept = i < KEPT;
        assert_int_equal(fx->status, VG_OK);
        assert_int_equal(fx->verbs & VG_DO_RECORD, VG_DO_RECORD);
        assert_int_equal(fx->ev.u.dose.amount_ug, 3);
        assert_int_equal(fx->ev.u.dose.deviation, kept ? 0 : VG_DEV_UNCOUNTED);
        assert_int_equal(session()->uncounted, !kept);
    }
    assert_int_equal(session()->dose_count, KEPT);
    assert_int_equal(boluses_ug(), 3 * KEPT);
    core_jump(c, CORE_S(60)); /* the clock of the session knows of those that are not kept */
    (void)core_dose(c, 0, VG_DOSE_BOLUS, 3, utc());
    assert_int_equal(session()->clock.last_ns, c->now_ns);
}

/* Nothing, or more than a kilogram, is no amount. */
static void test_dose__an_amount_is_one_that_can_be_given(void **state)
{
    static const enum vg_dose_kind kinds[] = { VG_DOSE_BOLUS, VG_DOSE_INFUSION_START,
                                               VG_DOSE_RATE_CHANGE };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(kinds); i++) {
        assert_int_equal(core_dose(c, 0, kinds[i], 0, utc())->refusal, VG_REFUSED_AMOUNT);
        assert_int_equal(core_dose(c, 0, kinds[i], VG_DOSE_MAX_UG + 1, utc())->refusal,
                         VG_REFUSED_AMOUNT);
        assert_int_equal(session()->dose_count, i);
        assert_int_equal(core_dose(c, 0, kinds[i], VG_DOSE_MAX_UG, utc())->status, VG_OK);
    }
}

static const struct vg_effect *typed(int64_t number, uint8_t places, enum vg_dose_unit unit,
                                     int64_t confirm_ug)
{
    struct vg_event ev = core_event(c, VG_EV_DOSE, 0, VG_DEVICE_NONE);
    bool rate = vg_unit_get(unit)->rate;
    ev.u.dose.kind = rate ? VG_DOSE_INFUSION_START : VG_DOSE_BOLUS;
    ev.u.dose.typed_number = number;
    ev.u.dose.places = places;
    ev.u.dose.unit = (uint8_t)unit;
    ev.u.dose.confirm_ug = confirm_ug;
    ev.u.dose.given_utc_ns = utc();
    (void)snprintf(ev.u.dose.request_id, VG_REQUEST_ID_MAX, "typed-%u", ++c->request_count);
    (void)core_feed(c, &ev);
    return core_reply(c);
}

/* What is no whole microgram is rounded, and seen before it counts. */
static void test_dose__a_rounded_amount_is_asked_back(void **state)
{
    static const struct {
        int64_t number;
        uint8_t places;
        enum vg_dose_unit unit;
        int64_t ug;
        bool asks;
    } cases[] = {
        { 35, 0, VG_UNIT_MG, 35000, false }, { 1234, 3, VG_UNIT_MG, 1234, false },
        { 15, 1, VG_UNIT_UG, 2, true },      { 6, 4, VG_UNIT_MG, 1, true },
        { 1, 1, VG_UNIT_UG_MIN, 6, false },  { 1, 2, VG_UNIT_UG_MIN, 1, true },
        { 15, 6, VG_UNIT_G, 15, false },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const struct vg_effect *fx = typed(cases[i].number, cases[i].places, cases[i].unit, 0);
        assert_int_equal(fx->refusal, cases[i].asks ? VG_REFUSED_CONFIRM : VG_REFUSED_NOT);
        assert_int_equal(fx->ev.u.dose.amount_ug, cases[i].ug); /* also when it is asked back */
        if (cases[i].asks) {
            fx = typed(cases[i].number, cases[i].places, cases[i].unit, cases[i].ug + 1);
            assert_int_equal(fx->refusal, VG_REFUSED_CONFIRM);
            fx = typed(cases[i].number, cases[i].places, cases[i].unit, cases[i].ug);
            assert_int_equal(fx->status, VG_OK);
        }
        assert_int_equal(session()->doses[i].amount_ug, cases[i].ug);
    }
    assert_int_equal(session()->dose_count, VG_COUNT(cases));
}

/* Nobody said that it began: it runs, and the session has its begin. */
static void test_dose__a_rate_without_a_start_runs(void **state)
{
    static const enum vg_dose_kind kinds[] = { VG_DOSE_RATE_CHANGE, VG_DOSE_RESUME };
    for (size_t i = 0; i < VG_COUNT(kinds); i++) {
        (void)session_open(state);
        core_jump(c, CORE_S(60));
        (void)core_dose(c, 0, kinds[i], 30000, utc());
        assert_int_equal(session()->rate_ug_h, 30000);
        assert_int_equal(session()->clock.first_ns, c->now_ns);
        assert_int_equal(session()->clock.last_ns, c->now_ns);
        assert_int_equal(session()->clock.running_ns, c->now_ns);
        assert_int_equal(session()->clock.end_ns, INT64_MAX);
        assert_true(c->engine->beds[0].phase.dosing);
        core_jump(c, CORE_S(7200));
        (void)core_dose(c, 0, VG_DOSE_STOP, 0, utc());
        assert_int_equal(session()->rate_ug_h, 0);
        assert_int_equal(session()->clock.end_ns, c->now_ns);
        assert_int_equal(totals().infused_ug, 60000);
        assert_true(c->engine->beds[0].phase.dosing);
    }
}

static void test_dose__needs_a_session(void **state)
{
    (void)state;
    (void)core_close_session(c, 0, "");
    const struct vg_effect *fx = core_dose(c, 0, VG_DOSE_BOLUS, 35000, utc());
    assert_int_equal(fx->status, VG_ERR_STATE);
    assert_int_equal(fx->refusal, VG_REFUSED_NO_SESSION);
    assert_int_equal(fx->verbs, VG_DO_REPLY);
}

/* Never ahead of now, never before the session was opened. */
static void test_dose__given_at_must_be_a_date_one_can_mean(void **state)
{
    static const struct {
        int64_t away_ns;
        enum vg_refusal refusal;
    } cases[] = {
        { 0, VG_REFUSED_NOT },
        { VG_NS_PER_MS, VG_REFUSED_FUTURE },
        { CORE_S(24 * 3600), VG_REFUSED_FUTURE },
        { CORE_S(24 * 3600) + 1, VG_REFUSED_FUTURE },
        { -VG_NS_PER_MS, VG_REFUSED_NOT },
        { -CORE_S(600), VG_REFUSED_NOT },
        { -CORE_S(660), VG_REFUSED_NOT }, /* a clock on the wall is read to the minute */
        { -CORE_S(660) - 1, VG_REFUSED_BEFORE_SESSION },
        { -CORE_S(7 * 24 * 3600), VG_REFUSED_BEFORE_SESSION },
        { -CORE_S(7 * 24 * 3600) - 1, VG_REFUSED_BEFORE_SESSION },
    };
    (void)state;
    core_jump(c, CORE_S(600));
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        bool taken = cases[i].refusal == VG_REFUSED_NOT;
        uint32_t before = session()->dose_count;
        const struct vg_effect *fx = core_dose(c, 0, VG_DOSE_BOLUS, 1, utc() + cases[i].away_ns);
        assert_int_equal(fx->refusal, cases[i].refusal);
        assert_int_equal(session()->dose_count, before + (taken ? 1u : 0u));
        if (taken) {
            assert_int_equal(session()->doses[before].given_ns, c->now_ns + cases[i].away_ns);
        }
    }
    assert_int_equal(core_dose(c, 0, VG_DOSE_BOLUS, 1, INT64_MAX)->refusal, VG_REFUSED_FUTURE);
    assert_int_equal(core_dose(c, 0, VG_DOSE_BOLUS, 1, INT64_MIN)->refusal,
                     VG_REFUSED_BEFORE_SESSION);
}

/* "Ten minutes ago" is counted from now, whatever the wall clock was when the session began. */
static void test_dose__a_stepped_wall_clock_moves_no_dose(void **state)
{
    static const int64_t steps_ns[] = { CORE_S(3600), -CORE_S(3600) };
    for (size_t i = 0; i < VG_COUNT(steps_ns); i++) {
        (void)session_open(state);
        core_jump(c, CORE_S(600));
        c->utc_offset_ns += steps_ns[i];
        int64_t now = c->now_ns + c->utc_offset_ns;
        assert_int_equal(core_dose(c, 0, VG_DOSE_BOLUS, 1, now - CORE_S(600))->status, VG_OK);
        assert_int_equal(session()->clock.first_ns, session()->opened_ns);
        assert_int_equal(core_dose(c, 0, VG_DOSE_BOLUS, 1, now - CORE_S(661))->refusal,
                         VG_REFUSED_BEFORE_SESSION);
        assert_int_equal(core_dose(c, 0, VG_DOSE_BOLUS, 1, now + VG_NS_PER_MS)->refusal,
                         VG_REFUSED_FUTURE);
    }
}

static void test_dose__a_repeat_is_given_once(void **state)
{
    (void)state;
    uint64_t receipt = core_dose(c, 0, VG_DOSE_BOLUS, 35000, utc())->receipt;
    struct vg_event ev = c->fx.of[0].ev;
    for (int i = 0; i < 3; i++) {
        core_jump(c, CORE_S(1));
        (void)core_feed(c, &ev);
        assert_int_equal(core_reply(c)->receipt, receipt);
        assert_true(core_reply(c)->duplicate);
    }
    assert_int_equal(boluses_ug(), 35000);
    assert_int_equal(session()->dose_count, 1);
}

/* Whatever else is wrong, what was given is recorded. */
static void test_dose__alarms_do_not_refuse_it(void **state)
{
    (void)state;
    uint16_t oxi = core_add_oximeter(c, 0);
    core_stream(c, oxi, VG_VITAL_SPO2, 70000, 5);
    core_daemon(c, 0, VG_DAEMON_STORAGE_BAD);
    assert_int_equal(core_dose(c, 0, VG_DOSE_BOLUS, 35000, utc())->status, VG_OK);
}

static void test_dose__a_new_session_starts_at_nothing(void **state)
{
    (void)state;
    (void)core_dose(c, 0, VG_DOSE_BOLUS, 35000, utc());
    (void)core_close_session(c, 0, "");
    (void)core_open_session(c, 0, "p-2");
    assert_int_equal(boluses_ug(), 0);
    assert_int_equal(session()->dose_count, 0);
    assert_int_equal(session()->clock.first_ns, VG_TIME_NONE);
    assert_int_equal(session()->clock.last_ns, VG_TIME_NONE);
    assert_int_equal(session()->clock.end_ns, VG_TIME_NONE);
    assert_int_equal(session()->clock.running_ns, VG_TIME_NONE);
}

static void test_dose__replay_adds_only_to_its_own_session(void **state)
{
    struct vg_event ev;
    (void)state;
    (void)core_dose(c, 0, VG_DOSE_BOLUS, 35000, utc());
    ev = c->fx.of[0].ev;
    struct core *again = core_new(1, 1, NULL, c->now_ns);
    vg_engine_replay(again->engine, &ev); /* no session at all */
    assert_int_equal(again->engine->beds[0].session.dose_count, 0);
    core_replay(again, c);
    assert_int_equal(again->engine->beds[0].session.dose_count, 1);
    ev.session += 1;
    vg_engine_replay(again->engine, &ev);
    assert_int_equal(again->engine->beds[0].session.dose_count, 1);
}

#define IN_SESSION(test) cmocka_unit_test_setup(test, session_open)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SESSION(test_dose__kinds_add_up),
        IN_SESSION(test_dose__the_largest_amounts_do_not_overflow),
        IN_SESSION(test_dose__the_largest_rate_does_not_overflow),
        IN_SESSION(test_dose__more_than_can_be_kept_are_recorded_all_the_same),
        IN_SESSION(test_dose__an_amount_is_one_that_can_be_given),
        IN_SESSION(test_dose__a_rounded_amount_is_asked_back),
        IN_SESSION(test_dose__a_rate_without_a_start_runs),
        IN_SESSION(test_dose__needs_a_session),
        IN_SESSION(test_dose__given_at_must_be_a_date_one_can_mean),
        IN_SESSION(test_dose__a_stepped_wall_clock_moves_no_dose),
        IN_SESSION(test_dose__a_repeat_is_given_once),
        IN_SESSION(test_dose__alarms_do_not_refuse_it),
        IN_SESSION(test_dose__a_new_session_starts_at_nothing),
        IN_SESSION(test_dose__replay_adds_only_to_its_own_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
