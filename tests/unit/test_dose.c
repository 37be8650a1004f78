/*
 * test_dose.c -- a dose that was given is recorded; sums, rates, repeats and the two refusals.
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

static void test_dose__kinds_add_up(void **state)
{
    static const struct {
        enum vg_dose_kind kind;
        int64_t amount_ug, total_ug, rate_ug_h;
    } steps[] = {
        { VG_DOSE_BOLUS, 35000, 35000, 0 },
        { VG_DOSE_INFUSION_START, 52500, 35000, 52500 },
        { VG_DOSE_RATE_CHANGE, 30000, 35000, 30000 },
        { VG_DOSE_BOLUS, 1, 35001, 30000 },
        { VG_DOSE_STOP, 0, 35001, 0 },
        { VG_DOSE_KIND_COUNT, 7, 35001, 0 }, /* no kind: counted, adds nothing */
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(steps); i++) {
        core_jump(c, CORE_S(60));
        const struct vg_effect *fx = core_dose(c, 0, steps[i].kind, steps[i].amount_ug, utc());
        assert_int_equal(fx->status, VG_OK);
        assert_int_equal(fx->verbs,
                         VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT | VG_DO_HOLD | VG_DO_REPLY);
        assert_int_equal(fx->ev.session, session()->seq);
        assert_int_equal(session()->bolus_total_ug, steps[i].total_ug);
        assert_int_equal(session()->rate_ug_h, steps[i].rate_ug_h);
        assert_int_equal(session()->dose_count, i + 1);
        assert_int_equal(session()->last_dose_utc_ns, utc());
    }
}

static void test_dose__the_largest_amounts_do_not_overflow(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        (void)core_dose(c, 0, VG_DOSE_BOLUS, VG_DOSE_MAX_UG, utc());
    }
    assert_int_equal(session()->bolus_total_ug, 1000 * VG_DOSE_MAX_UG);
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

static void test_dose__given_at_must_be_a_date_one_can_mean(void **state)
{
    static const struct {
        int64_t away_ns;
        bool taken;
    } cases[] = {
        { 0, true },
        { CORE_S(24 * 3600), true },
        { CORE_S(24 * 3600) + 1, false },
        { -CORE_S(7 * 24 * 3600), true },
        { -CORE_S(7 * 24 * 3600) - 1, false },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        uint32_t before = session()->dose_count;
        const struct vg_effect *fx = core_dose(c, 0, VG_DOSE_BOLUS, 1, utc() + cases[i].away_ns);
        assert_int_equal(fx->refusal, cases[i].taken ? VG_REFUSED_NOT : VG_REFUSED_GIVEN_AT);
        assert_int_equal(session()->dose_count, before + (cases[i].taken ? 1u : 0u));
    }
    assert_int_equal(core_dose(c, 0, VG_DOSE_BOLUS, 1, INT64_MAX)->refusal, VG_REFUSED_GIVEN_AT);
    assert_int_equal(core_dose(c, 0, VG_DOSE_BOLUS, 1, INT64_MIN)->refusal, VG_REFUSED_GIVEN_AT);
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
    assert_int_equal(session()->bolus_total_ug, 35000);
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
    assert_int_equal(session()->bolus_total_ug, 0);
    assert_int_equal(session()->dose_count, 0);
    assert_int_equal(session()->last_dose_utc_ns, VG_TIME_NONE);
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
        IN_SESSION(test_dose__needs_a_session),
        IN_SESSION(test_dose__given_at_must_be_a_date_one_can_mean),
        IN_SESSION(test_dose__a_repeat_is_given_once),
        IN_SESSION(test_dose__alarms_do_not_refuse_it),
        IN_SESSION(test_dose__a_new_session_starts_at_nothing),
        IN_SESSION(test_dose__replay_adds_only_to_its_own_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
