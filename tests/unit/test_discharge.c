/*
 * test_discharge.c -- the checks before somebody may leave: each one alone, and the close they
 * refuse.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/session_builder.h"
#include "vigil/compiler.h"

/* Places in session_protocol(). */
#define TIME (1u << 0)
#define BP (1u << 1)
#define SPO2 (1u << 2)
#define MOAAS (1u << 3)
#define DISSOCIATION (1u << 4)
#define NAUSEA (1u << 5)
#define NO_ALARM (1u << 6)
#define FACTS (0x7fu << 7)

static struct core *c;
static struct vg_protocol p;

/* 101 min after a bolus: everything was scored, measured and signed. */
static int recovered(void **state)
{
    (void)state;
    p = session_protocol();
    p.plan_count = 0; /* what is due is another test's */
    p.auto_cuff = false;
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_ready(c);
    (void)session_dose(
        c, (struct session_dose){ .kind = VG_DOSE_BOLUS, .number = 35, .unit = VG_UNIT_MG });
    session_pass(c, SESSION_MIN(88));
    (void)session_by_hand(c, 128, 82, 0);
    session_pass(c, SESSION_MIN(12));
    (void)session_by_hand(c, 126, 80, 0);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    (void)session_score(c, VG_SCALE_DISSOCIATION, 0, 0);
    (void)session_score(c, VG_SCALE_NAUSEA, 1, 0);
    session_pass(c, SESSION_MIN(1));
    return 0;
}

static uint32_t unmet(void)
{
    return vg_discharge_judge(c->engine, 0, c->now_ns);
}

static struct vg_session *session(void)
{
    return &c->engine->beds[0].session;
}

static void test_discharge__all_checks_hold(void **state)
{
    (void)state;
    assert_int_equal(unmet(), 0);
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
    assert_int_equal(core_effect(c, VG_EV_SESSION)->ev.u.session_move.unmet, 0);
}

static void test_discharge__nothing_was_given_so_nothing_is_checked(void **state)
{
    (void)state;
    c = session_room(&p);
    assert_int_equal(unmet(), 0);
    assert_int_equal(vg_discharge_earliest_ns(c->engine, 0), VG_TIME_NONE);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    assert_int_equal(unmet(), 0);
    assert_int_equal(vg_discharge_earliest_ns(c->engine, 0), VG_TIME_NONE);
    assert_int_equal(core_close_session(c, 0, "")->status, VG_OK);
}

/* Not before 100 min from the first dose, and 60 from the last or the end of an infusion. */
static void test_discharge__the_observation_floor(void **state)
{
    struct vg_dose_clock *clock = &session()->clock;
    (void)state;
    const struct {
        int64_t end_after_ns, earliest_after_ns; /* from the first dose */
    } cases[] = {
        { 0, SESSION_MIN(100) },
        { SESSION_MIN(40), SESSION_MIN(100) },
        { SESSION_MIN(41), SESSION_MIN(101) },
        { SESSION_MIN(90), SESSION_MIN(150) },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        clock->end_ns = clock->first_ns + cases[i].end_after_ns;
        int64_t at_ns = vg_discharge_earliest_ns(c->engine, 0);
        assert_int_equal(at_ns, clock->first_ns + cases[i].earliest_after_ns);
        assert_int_equal(vg_discharge_judge(c->engine, 0, at_ns) & TIME, 0);
        assert_int_equal(vg_discharge_judge(c->engine, 0, at_ns - 1) & TIME, TIME);
    }
    clock->end_ns = INT64_MAX; /* an infusion runs */
    assert_int_equal(vg_discharge_earliest_ns(c->engine, 0), INT64_MAX);
    assert_int_equal(unmet(), TIME);
}

static void test_discharge__two_pressures_apart_and_near_the_baseline(void **state)
{
    static const struct {
        int32_t sys[2], dia[2]; /* newest first */
        int64_t age_s[2];
        int32_t base_sys, base_dia;
        bool good;
    } cases[] = {
        { { 126, 128 }, { 80, 82 }, { 0, 540 }, 120, 80, true },
        { { 126, 128 }, { 80, 82 }, { 0, 539 }, 120, 80, false }, /* not apart */
        { { 126, 128 }, { 80, 82 }, { 1800, 2400 }, 120, 80, true },
        { { 126, 128 }, { 80, 82 }, { 1801, 2401 }, 120, 80, false }, /* not of now */
        { { 140, 140 }, { 90, 90 }, { 0, 600 }, 100, 60, true },      /* the gate value is enough */
        { { 141, 140 }, { 90, 90 }, { 0, 600 }, 100, 60, false },
        { { 140, 141 }, { 90, 90 }, { 0, 600 }, 100, 60, false },
        { { 140, 140 }, { 91, 90 }, { 0, 600 }, 100, 60, false },
        { { 165, 160 }, { 99, 95 }, { 0, 600 }, 150, 90, true }, /* ten percent over */
        { { 166, 160 }, { 99, 95 }, { 0, 600 }, 150, 90, false },
        { { 165, 160 }, { 100, 95 }, { 0, 600 }, 150, 90, false },
        { { 141, 140 }, { 90, 90 }, { 0, 600 }, -1, -1, false }, /* near nothing */
        { { 140, 140 }, { 90, 90 }, { 0, 600 }, -1, -1, true },
    };
    struct vg_session *s = session();
    (void)state;
    s->pressure[2].at_ns = VG_TIME_NONE; /* nor was anything before */
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        s->base[VG_BASE_SYS] = cases[i].base_sys < 0 ? -1 : cases[i].base_sys * 1000;
        s->base[VG_BASE_DIA] = cases[i].base_dia < 0 ? -1 : cases[i].base_dia * 1000;
        for (size_t k = 0; k < 2; k++) {
            s->pressure[k] = (struct vg_pressure){ c->now_ns - CORE_S(cases[i].age_s[k]), 0,
                                                   cases[i].sys[k] * 1000, cases[i].dia[k] * 1000 };
        }
        assert_int_equal(unmet(), cases[i].good ? 0 : BP);
    }
    s->pressure[1].at_ns = VG_TIME_NONE;
    assert_int_equal(unmet(), BP);
    s->pressure[0].at_ns = VG_TIME_NONE;
    assert_int_equal(unmet(), BP);
}

static void test_discharge__a_voided_pressure_is_none(void **state)
{
    (void)state;
    uint64_t row = session_by_hand(c, 180, 100, 0)->receipt;
    assert_int_equal(unmet() & BP, BP);
    assert_int_equal(session_void(c, row)->status, VG_OK);
    assert_int_equal(unmet() & BP, 0);
}

/* More readings than two: those far enough apart count. */
static void test_discharge__a_reading_between_does_no_harm(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        session_pass(c, SESSION_MIN(2));
        (void)session_by_hand(c, 127, 81, 0);
        assert_int_equal(unmet() & BP, 0);
    }
}

/* As many as are kept, none of them far enough from the last; an older one finds no place. */
static void test_discharge__readings_in_a_row_are_one(void **state)
{
    (void)state;
    for (int i = 0; i < VG_PRESSURES_MAX + 1; i++) {
        session_pass(c, CORE_S(10));
        (void)session_by_hand(c, 127, 81, 0);
    }
    assert_int_equal(unmet() & BP, BP);
    (void)session_by_hand(c, 127, 81, SESSION_MIN(10));
    assert_int_equal(unmet() & BP, BP);
    session_pass(c, SESSION_MIN(9));
    (void)session_by_hand(c, 127, 81, 0);
    assert_int_equal(unmet() & BP, 0);
}

static void test_discharge__oxygen_on_room_air(void **state)
{
    static const struct {
        int32_t base, spo2;
        bool good;
    } cases[] = {
        { 97, 95, true },  { 97, 94, false }, { 93, 92, true },
        { 93, 91, false }, { -1, 92, true },  { 99, 97, true },
    };
    struct vg_session *s = session();
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        s->base[VG_BASE_SPO2] = cases[i].base < 0 ? -1 : cases[i].base * 1000;
        core_spo2(c, SESSION_OXI, cases[i].spo2);
        assert_int_equal(unmet() & ~NO_ALARM, cases[i].good ? 0 : SPO2);
    }
    (void)recovered(NULL);
    (void)session_fact(c, VG_FACT_ROOM_AIR, false);
    assert_int_equal(unmet(), SPO2);
    (void)session_fact(c, VG_FACT_ROOM_AIR, true);
    core_jump(c, CORE_S(11)); /* not live */
    assert_int_equal(unmet(), SPO2);
    session_live(c, 97, 70);
    c->engine->beds[0].speaker[VG_VITAL_SPO2] = VG_DEVICE_NONE;
    assert_int_equal(unmet() & ~NO_ALARM, SPO2);
}

static void test_discharge__scores_of_the_last_half_hour(void **state)
{
    static const struct {
        enum vg_scale_builtin scale;
        int32_t good, bad;
        uint32_t bit;
    } cases[] = {
        { VG_SCALE_MOAAS, 5, 4, MOAAS },
        { VG_SCALE_DISSOCIATION, 1, 2, DISSOCIATION },
        { VG_SCALE_NAUSEA, 1, 2, NAUSEA },
    };
    struct vg_session *s = session();
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_score *score = &s->score[cases[i].scale];
        score->value = cases[i].bad;
        assert_int_equal(unmet(), cases[i].bit);
        score->value = cases[i].good;
        score->at_ns = c->now_ns - SESSION_MIN(30);
        assert_int_equal(unmet(), 0);
        score->at_ns--;
        assert_int_equal(unmet(), cases[i].bit);
        score->at_ns = VG_TIME_NONE;
        assert_int_equal(unmet(), cases[i].bit);
        score->at_ns = c->now_ns;
    }
}

static void test_discharge__what_people_sign(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < p.check_count; i++) {
        if (p.checks[i].kind == VG_CHECK_FACT) {
            (void)session_fact(c, (enum vg_fact)p.checks[i].index, false);
            assert_int_equal(unmet(), 1u << i);
            session()->fact[p.checks[i].index] = -1;
            assert_int_equal(unmet(), 1u << i);
            session()->fact[p.checks[i].index] = 1;
        }
    }
    for (unsigned f = 0; f < VG_FACT_COUNT; f++) {
        session()->fact[f] = f == VG_FACT_ROOM_AIR ? 1 : 0;
    }
    assert_int_equal(unmet(), FACTS);
}

static void test_discharge__no_alarm_is_open(void **state)
{
    (void)state;
    core_daemon(c, 0, VG_DAEMON_STORAGE_BAD);
    assert_int_equal(unmet(), NO_ALARM);
}

static void test_discharge__a_check_nobody_knows_never_holds(void **state)
{
    (void)state;
    c->engine->protocols[0].checks[0].kind = VG_CHECK_KIND_COUNT;
    c->engine->protocols[0].checks[6].kind = VG_CHECK_KIND_COUNT + 1;
    assert_int_equal(unmet(), TIME | NO_ALARM);
}

/* --- the close ------------------------------------------------------------------------------ */

static void test_discharge__unmet_refuses_a_close_without_a_reason(void **state)
{
    (void)state;
    (void)session_fact(c, VG_FACT_ESCORT, false);
    (void)session_fact(c, VG_FACT_RELEASED, false);
    uint32_t bits = unmet();
    const struct vg_effect *fx = core_close_session(c, 0, "");
    assert_int_equal(fx->status, VG_ERR_STATE);
    assert_int_equal(fx->refusal, VG_REFUSED_DISCHARGE);
    assert_int_equal(fx->verbs, VG_DO_REPLY);
    assert_int_not_equal(session_of(c)->seq, 0);
    fx = core_close_session(c, 0, "left against advice");
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->ev.u.session_move.unmet, bits); /* the row says what did not hold */
    assert_int_not_equal(bits, 0);
    assert_string_equal(fx->ev.u.session_move.text, "left against advice");
    assert_int_equal(session_of(c)->seq, 0);
}

static void test_discharge__open_alarms_are_said_first(void **state)
{
    (void)state;
    (void)session_fact(c, VG_FACT_ESCORT, false);
    core_daemon(c, 0, VG_DAEMON_STORAGE_BAD);
    assert_int_equal(core_close_session(c, 0, "")->refusal, VG_REFUSED_ALARMS_OPEN);
    const struct vg_effect *fx = core_close_session(c, 0, "fire");
    assert_int_equal(fx->status, VG_OK);
    const struct vg_effect *row = core_effect(c, VG_EV_SESSION);
    assert_int_equal(row->ev.u.session_move.unmet, 1u << 9 | NO_ALARM);
}

#define RECOVERED(test) cmocka_unit_test_setup(test, recovered)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECOVERED(test_discharge__all_checks_hold),
        RECOVERED(test_discharge__nothing_was_given_so_nothing_is_checked),
        RECOVERED(test_discharge__the_observation_floor),
        RECOVERED(test_discharge__two_pressures_apart_and_near_the_baseline),
        RECOVERED(test_discharge__oxygen_on_room_air),
        RECOVERED(test_discharge__scores_of_the_last_half_hour),
        RECOVERED(test_discharge__what_people_sign),
        RECOVERED(test_discharge__no_alarm_is_open),
        RECOVERED(test_discharge__a_check_nobody_knows_never_holds),
        RECOVERED(test_discharge__unmet_refuses_a_close_without_a_reason),
        RECOVERED(test_discharge__open_alarms_are_said_first),
        RECOVERED(test_discharge__a_voided_pressure_is_none),
        RECOVERED(test_discharge__a_reading_between_does_no_harm),
        RECOVERED(test_discharge__readings_in_a_row_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
