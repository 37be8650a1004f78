/*
 * test_schedule.c -- machine S, pair by pair; and a session by the protocol: what is due, what was
 * made when, who is told, and what corrections move. Nobody has a cuff here: people measure.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/schedule.h"
#include "tests/support/session_builder.h"
#include "vigil/compiler.h"

#define SCORES (1u << VG_SCALE_MOAAS | 1u << VG_SCALE_DISSOCIATION | 1u << VG_SCALE_NAUSEA)

static struct core *c;
static struct vg_protocol p;
static int64_t t0;

static void begin(void)
{
    c = session_room(&p);
    session_begin(c);
    t0 = c->now_ns;
}

static int infusion(void **state)
{
    (void)state;
    p = session_protocol();
    p.auto_cuff = false;
    begin();
    return 0;
}

/* To so much after the first dose. */
static void until(int64_t after_ns)
{
    assert_true(t0 + after_ns >= c->now_ns);
    session_pass(c, t0 + after_ns - c->now_ns);
}

static enum vg_mark_state mark_at(int32_t min)
{
    return (enum vg_mark_state)session_mark(c, 0, min)->state;
}

static enum vg_mark_state scores_at(int32_t min)
{
    return (enum vg_mark_state)session_mark(c, SCORES, min)->state;
}

static uint16_t index_of(const struct vg_mark *m)
{
    return (uint16_t)(m - session_of(c)->marks);
}

/* A reading that was made so much after the first dose. */
static void read_at(int64_t after_ns)
{
    assert_int_equal(session_by_hand(c, 120, 80, c->now_ns - t0 - after_ns)->status, VG_OK);
}

static const struct vg_slot *due(void)
{
    return core_slot(c, 0, VG_COND_VITAL_DUE, VG_VITAL_NIBP_SYS);
}

static void expect_due(const struct vg_slot *s, bool open, enum vg_priority priority)
{
    assert_int_equal(s != NULL && vg_slot_is_open(s), open);
    if (open) {
        assert_int_equal(s->priority, priority);
    }
}

#define BOLUS(mg, ...)                                                                             \
    session_dose_sure(                                                                             \
        c, (struct session_dose){                                                                  \
               .kind = VG_DOSE_BOLUS, .number = (mg), .unit = VG_UNIT_MG, __VA_ARGS__ })
#define NOW .ago_ns = 0

/* --- the machine ---------------------------------------------------------------------------- */

/* Rows: states. Columns: announce, come, late, made, made late, next, drop, moved. */
static void test_schedule__every_pair_of_state_and_input(void **state)
{
#define TO(s) VG_MS_##s
    static const uint8_t next[VG_MARK_STATE_COUNT][VG_SI_COUNT] = {
        [TO(WAITING)] = { TO(ANNOUNCED), TO(DUE), TO(LATE), TO(MET), TO(MET_LATE), TO(MISSED),
                          TO(DROPPED), TO(WAITING) },
        [TO(ANNOUNCED)] = { TO(ANNOUNCED), TO(DUE), TO(LATE), TO(MET), TO(MET_LATE), TO(MISSED),
                            TO(DROPPED), TO(WAITING) },
        [TO(DUE)] = { TO(DUE), TO(DUE), TO(LATE), TO(MET), TO(MET_LATE), TO(MISSED), TO(DROPPED),
                      TO(WAITING) },
        [TO(LATE)] = { TO(LATE), TO(LATE), TO(LATE), TO(MET), TO(MET_LATE), TO(MISSED), TO(DROPPED),
                       TO(WAITING) },
        [TO(MET)] = { TO(MET), TO(MET), TO(MET), TO(MET), TO(MET), TO(MET), TO(MET), TO(WAITING) },
        [TO(MET_LATE)] = { TO(MET_LATE), TO(MET_LATE), TO(MET_LATE), TO(MET_LATE), TO(MET_LATE),
                           TO(MET_LATE), TO(MET_LATE), TO(WAITING) },
        [TO(MISSED)] = { TO(MISSED), TO(MISSED), TO(MISSED), TO(MET), TO(MET_LATE), TO(MISSED),
                         TO(MISSED), TO(WAITING) },
        [TO(DROPPED)] = { TO(DROPPED), TO(DROPPED), TO(DROPPED), TO(DROPPED), TO(DROPPED),
                          TO(DROPPED), TO(DROPPED), TO(DROPPED) },
    };
#undef TO
    (void)state;
    for (unsigned s = 0; s < VG_MARK_STATE_COUNT; s++) {
        for (unsigned in = 0; in < VG_SI_COUNT; in++) {
            assert_int_equal(vg_mark_next((uint8_t)s, (enum vg_mark_input)in), next[s][in]);
        }
    }
}

/* --- one mark ------------------------------------------------------------------------------- */

static void test_schedule__the_first_dose_brings_the_plan(void **state)
{
    (void)state;
    assert_int_equal(session_of(c)->mark_count, p.plan_count);
    assert_int_equal(session_of(c)->clock.first_ns, t0);
    for (uint16_t i = 0; i < p.plan_count; i++) {
        const struct vg_mark *m = &session_of(c)->marks[i];
        assert_int_equal(m->due_ns, t0 + CORE_S(p.plan[i].at_s));
        assert_int_equal(m->window_ns, CORE_S(p.plan[i].window_s));
        assert_int_equal(m->scales, p.plan[i].scales);
        assert_int_equal(m->missing, p.plan[i].scales);
        assert_int_equal(m->state, VG_MS_WAITING);
    }
    (void)session_dose_sure(
        c, (struct session_dose){ .kind = VG_DOSE_DRAWN, .number = 1, .unit = VG_UNIT_MG });
    assert_int_equal(session_of(c)->mark_count, p.plan_count);
}

static void test_schedule__announced_due_late_missed(void **state)
{
    static const struct {
        int64_t after_s;
        enum vg_mark_state reading, scores; /* of minute 10: windows of 2 and 5 min */
    } at[] = {
        { 569, VG_MS_WAITING, VG_MS_WAITING },
        { 570, VG_MS_ANNOUNCED, VG_MS_ANNOUNCED },
        { 599, VG_MS_ANNOUNCED, VG_MS_ANNOUNCED },
        { 600, VG_MS_DUE, VG_MS_DUE },
        { 720, VG_MS_DUE, VG_MS_DUE },
        { 721, VG_MS_LATE, VG_MS_DUE },
        { 899, VG_MS_LATE, VG_MS_DUE },
        { 900, VG_MS_LATE, VG_MS_MISSED }, /* those of minute 20 begin */
        { 1079, VG_MS_LATE, VG_MS_MISSED },
        { 1080, VG_MS_MISSED, VG_MS_MISSED },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(at); i++) {
        until(CORE_S(at[i].after_s));
        assert_int_equal(mark_at(10), at[i].reading);
        assert_int_equal(scores_at(10), at[i].scores);
    }
    assert_int_equal(session_rows_of_mark(c, 0, VG_MS_ANNOUNCED), 1); /* each move is a row, once */
    assert_int_equal(session_rows_of_mark(c, 0, VG_MS_DUE), 1);
    assert_int_equal(session_rows_of_mark(c, 0, VG_MS_LATE), 1);
    assert_int_equal(session_rows_of_mark(c, 0, VG_MS_MISSED), 1);
}

static void test_schedule__a_reading_early_on_time_late(void **state)
{
    static const struct {
        int32_t min;
        int64_t off_s;
        enum vg_mark_state to;
    } cases[] = {
        { 10, -121, VG_MS_WAITING }, /* too early to be this one */
        { 10, -120, VG_MS_MET },       { 10, -30, VG_MS_MET },      { 10, 0, VG_MS_MET },
        { 10, 120, VG_MS_MET },        { 10, 121, VG_MS_MET_LATE }, { 10, 479, VG_MS_MET_LATE },
        { 40, 720, VG_MS_MET_LATE },   /* twelve minutes, and both are shown */
        { 110, 1200, VG_MS_MET_LATE }, /* nothing comes after the last */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)infusion(state);
        until(SESSION_MIN(cases[i].min) + CORE_S(cases[i].off_s));
        read_at(SESSION_MIN(cases[i].min) + CORE_S(cases[i].off_s));
        const struct vg_mark *m = session_mark(c, 0, cases[i].min);
        assert_int_equal(m->state, cases[i].to);
        if (cases[i].to != VG_MS_WAITING) {
            assert_int_equal(m->off_ns, CORE_S(cases[i].off_s));
        }
    }
}

static void test_schedule__the_row_says_how_late(void **state)
{
    (void)state;
    until(SESSION_MIN(10) - CORE_S(30));
    read_at(SESSION_MIN(10) - CORE_S(30));
    const struct vg_effect *fx = core_effect(c, VG_EV_PLAN);
    const struct vg_plan_event *e = &fx->ev.u.plan;
    assert_int_equal(fx->verbs, VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT);
    assert_int_equal(fx->ev.session, session_of(c)->seq);
    assert_int_equal(e->what, VG_PW_MARK);
    assert_int_equal(e->index, index_of(session_mark(c, 0, 10)));
    assert_int_equal(e->from, VG_MS_ANNOUNCED);
    assert_int_equal(e->to, VG_MS_MET);
    assert_int_equal(e->off_ns, -CORE_S(30));
    assert_int_equal(e->due_utc_ns, t0 + SESSION_MIN(10) + CORE_UTC_OFFSET_NS);
    assert_int_equal(e->scales, 0);
    assert_false(e->optional);
}

static void test_schedule__one_reading_answers_one_mark(void **state)
{
    (void)state;
    until(SESSION_MIN(18)); /* two minutes before the second, eight after the first */
    read_at(SESSION_MIN(18));
    assert_int_equal(mark_at(10), VG_MS_MISSED);
    assert_int_equal(mark_at(20), VG_MS_MET);
    read_at(SESSION_MIN(18)); /* again: it is made */
    assert_int_equal(mark_at(30), VG_MS_WAITING);
    assert_int_equal(session_rows_of_mark(c, 1, VG_MS_MET), 1);
}

/* It was measured in time and entered afterwards. */
static void test_schedule__a_late_entry_makes_a_missed_mark_met(void **state)
{
    static const struct {
        int64_t at_s;
        enum vg_mark_state to;
    } cases[] = {
        { 479, VG_MS_MISSED },  { 480, VG_MS_MET },      { 600, VG_MS_MET },
        { 720, VG_MS_MET },     { 721, VG_MS_MET_LATE }, { 1079, VG_MS_MET_LATE },
        { 1080, VG_MS_MISSED }, /* that one is of minute 20 */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        (void)infusion(state);
        until(SESSION_MIN(19));
        assert_int_equal(mark_at(10), VG_MS_MISSED);
        read_at(CORE_S(cases[i].at_s));
        assert_int_equal(mark_at(10), cases[i].to);
    }
}

static void test_schedule__scores_are_due_together(void **state)
{
    (void)state;
    until(SESSION_MIN(10));
    (void)session_score(c, VG_SCALE_MOAAS, 4, 0);
    (void)session_score(c, VG_SCALE_PAIN, 2, 0); /* nobody asked */
    assert_int_equal(scores_at(10), VG_MS_DUE);
    (void)session_score(c, VG_SCALE_DISSOCIATION, 7, 0);
    assert_int_equal(session_mark(c, SCORES, 10)->missing, 1u << VG_SCALE_NAUSEA);
    until(SESSION_MIN(16));
    assert_int_equal(scores_at(10), VG_MS_MISSED);
    (void)session_score(c, VG_SCALE_NAUSEA, 0, SESSION_MIN(5)); /* noted at minute 11 */
    assert_int_equal(scores_at(10), VG_MS_MET);
    assert_int_equal(session_mark(c, SCORES, 20)->missing, SCORES);
}

/* --- who is told ---------------------------------------------------------------------------- */

static void test_schedule__somebody_is_told_until_it_is_measured(void **state)
{
    (void)state;
    until(SESSION_MIN(12));
    expect_due(due(), false, VG_PRIO_LOW);
    until(SESSION_MIN(12) + VG_TICK_NS);
    expect_due(due(), true, VG_PRIO_LOW);
    until(SESSION_MIN(15) - VG_TICK_NS);
    expect_due(due(), true, VG_PRIO_LOW);
    until(SESSION_MIN(15));
    expect_due(due(), true, VG_PRIO_MED);
    until(SESSION_MIN(18)); /* missed, and wanted all the same */
    assert_int_equal(mark_at(10), VG_MS_MISSED);
    expect_due(due(), true, VG_PRIO_MED);
    read_at(SESSION_MIN(17)); /* of the first mark: there is a pressure now */
    expect_due(due(), false, VG_PRIO_LOW);
    until(SESSION_MIN(22) + CORE_S(1));
    expect_due(due(), true, VG_PRIO_LOW);
    read_at(SESSION_MIN(22));
    expect_due(due(), false, VG_PRIO_LOW);
}

static void test_schedule__an_older_reading_is_not_what_was_wanted(void **state)
{
    (void)state;
    until(SESSION_MIN(13));
    read_at(SESSION_MIN(7));
    expect_due(due(), true, VG_PRIO_LOW);
    assert_int_equal(mark_at(10), VG_MS_LATE);
    assert_int_equal(core_slot(c, 0, VG_COND_VITAL_DUE, VG_VITAL_SPO2), NULL);
}

static void test_schedule__scores_are_asked_for_quietly(void **state)
{
    (void)state;
    until(SESSION_MIN(15));
    expect_due(core_slot(c, 0, VG_COND_SCORE_DUE, VG_SUBJECT_NONE), true, VG_PRIO_LOW);
    until(SESSION_MIN(24)); /* never more than low */
    expect_due(core_slot(c, 0, VG_COND_SCORE_DUE, VG_SUBJECT_NONE), true, VG_PRIO_LOW);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    (void)session_score(c, VG_SCALE_DISSOCIATION, 0, 0);
    (void)session_score(c, VG_SCALE_NAUSEA, 0, 0);
    expect_due(core_slot(c, 0, VG_COND_SCORE_DUE, VG_SUBJECT_NONE), false, VG_PRIO_LOW);
    assert_int_equal(scores_at(10), VG_MS_MISSED);
    assert_int_equal(scores_at(20), VG_MS_MET);
}

static void test_schedule__an_infusion_that_runs_on(void **state)
{
    static const struct {
        int64_t after_s;
        bool open;
        enum vg_priority priority;
    } at[] = {
        { 45 * 60 - 1, false, VG_PRIO_LOW },
        { 45 * 60, true, VG_PRIO_LOW },
        { 50 * 60 - 1, true, VG_PRIO_LOW },
        { 50 * 60, true, VG_PRIO_MED },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(at); i++) {
        until(CORE_S(at[i].after_s));
        expect_due(core_slot(c, 0, VG_COND_INFUSION_OVERRUN, VG_SUBJECT_NONE), at[i].open,
                   at[i].priority);
    }
    (void)session_dose(c, (struct session_dose){ .kind = VG_DOSE_STOP });
    core_wait(c, VG_TICK_NS);
    expect_due(core_slot(c, 0, VG_COND_INFUSION_OVERRUN, VG_SUBJECT_NONE), false, VG_PRIO_LOW);
    p.infusion_s = 0; /* nobody planned one */
    begin();
    until(SESSION_MIN(60));
    expect_due(core_slot(c, 0, VG_COND_INFUSION_OVERRUN, VG_SUBJECT_NONE), false, VG_PRIO_LOW);
}

static void test_schedule__optional_marks_call_nobody(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < p.plan_count; i++) {
        p.plan[i].optional = true;
        p.plan[i].at_s = i < 2 ? (i + 1) * 180 : 600; /* the second begins while the first is due */
        p.plan[i].scales = i < 4 ? 0 : SCORES;
    }
    begin();
    until(CORE_S(240));
    assert_int_equal(session_of(c)->marks[0].state, VG_MS_DROPPED);
    until(SESSION_MIN(30));
    for (uint16_t i = 0; i < session_of(c)->mark_count; i++) {
        assert_int_equal(session_of(c)->marks[i].state, VG_MS_DROPPED);
        assert_int_equal(session_rows_of_mark(c, i, VG_MS_LATE), 0);
    }
    assert_null(due());
    expect_due(core_slot(c, 0, VG_COND_SCORE_DUE, VG_SUBJECT_NONE), false, VG_PRIO_LOW);
}

/* An interval that somebody set, beside the plan. */
static void test_schedule__an_interval_of_a_person(void **state)
{
    const int32_t every[] = { VG_VITAL_NIBP_SYS, 180 };
    (void)state;
    (void)session_care(c, VG_CW_SCHEDULE, every, 2, 0);
    until(CORE_S(300) - VG_TICK_NS);
    expect_due(due(), false, VG_PRIO_LOW);
    until(CORE_S(300));
    expect_due(due(), true, VG_PRIO_LOW);
    until(CORE_S(480));
    expect_due(due(), true, VG_PRIO_MED);
    read_at(CORE_S(480));
    expect_due(due(), false, VG_PRIO_LOW);
    until(SESSION_MIN(13)); /* both want it: minute 8 and 3 of the interval, 10 of the plan */
    expect_due(due(), true, VG_PRIO_LOW);
}

static void test_schedule__nobody_is_asked_without_a_session(void **state)
{
    (void)state;
    (void)core_close_session(c, 0, "moved");
    session_pass(c, SESSION_MIN(30));
    expect_due(due(), false, VG_PRIO_LOW);
    c = session_room(NULL);
    (void)session_open(c, VG_SESSION_DOSING, VG_PROTOCOL_NONE);
    (void)BOLUS(35, NOW);
    session_pass(c, SESSION_MIN(30));
    assert_int_equal(session_of(c)->mark_count, 0);
    expect_due(due(), false, VG_PRIO_LOW);
}

/* --- time ----------------------------------------------------------------------------------- */

/* The end of summer time, a bad time server: the marks come when they come. */
static void test_schedule__a_step_of_the_wall_clock_moves_no_mark(void **state)
{
    static const int64_t steps[] = { -CORE_S(3600), CORE_S(3600) };
    for (size_t i = 0; i < VG_COUNT(steps); i++) {
        (void)infusion(state);
        until(SESSION_MIN(5));
        c->utc_offset_ns += steps[i];
        core_clock_step(c, 0, steps[i]);
        until(SESSION_MIN(10) - VG_TICK_NS);
        assert_int_equal(mark_at(10), VG_MS_ANNOUNCED);
        until(SESSION_MIN(10));
        assert_int_equal(mark_at(10), VG_MS_DUE);
        /* What people read from the clock now is what the row says. */
        core_forget(c);
        read_at(SESSION_MIN(10));
        assert_int_equal(core_effect(c, VG_EV_PLAN)->ev.u.plan.due_utc_ns,
                         c->now_ns + c->utc_offset_ns);
        assert_int_equal(session_mark(c, 0, 10)->off_ns, 0);
    }
}

/* --- corrections ---------------------------------------------------------------------------- */

static void test_schedule__a_correction_moves_what_is_to_come(void **state)
{
    (void)state;
    uint64_t dose = session_of(c)->doses[0].seq;
    until(SESSION_MIN(9));
    read_at(SESSION_MIN(9)); /* met */
    until(SESSION_MIN(20) - CORE_S(10));
    assert_int_equal(mark_at(20), VG_MS_ANNOUNCED);
    int64_t met_due_ns = session_mark(c, 0, 10)->due_ns;
    /* It was begun three minutes later. */
    const struct vg_effect *fx = session_dose(
        c, (struct session_dose){ .kind = VG_DOSE_INFUSION_START,
                                  .number = 525,
                                  .places = 1,
                                  .unit = VG_UNIT_MG_H,
                                  .what = VG_DW_AMEND,
                                  .target = dose,
                                  .ago_ns = c->now_ns - t0 - SESSION_MIN(3) });
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(session_of(c)->clock.first_ns, t0 + SESSION_MIN(3));
    assert_int_equal(session_of(c)->mark_count, p.plan_count); /* the same marks */
    assert_int_equal(mark_at(20), VG_MS_WAITING);
    assert_int_equal(session_rows_of_mark(c, 1, VG_MS_WAITING), 1);
    assert_int_equal(session_mark(c, 0, 20)->due_ns, t0 + SESSION_MIN(23));
    assert_int_equal(session_mark(c, 0, 110)->due_ns, t0 + SESSION_MIN(113));
    assert_int_equal(mark_at(10), VG_MS_MET); /* what was made stays as it was */
    assert_int_equal(session_mark(c, 0, 10)->due_ns, met_due_ns);
    until(SESSION_MIN(23));
    assert_int_equal(mark_at(20), VG_MS_DUE);
    /* A correction of something else moves nothing. */
    uint64_t now = session_of(c)->doses[0].seq;
    (void)session_dose(c, (struct session_dose){ .kind = VG_DOSE_INFUSION_START,
                                                 .number = 500,
                                                 .places = 1,
                                                 .unit = VG_UNIT_MG_H,
                                                 .what = VG_DW_AMEND,
                                                 .target = now,
                                                 .ago_ns = c->now_ns - t0 - SESSION_MIN(3) });
    assert_int_equal(mark_at(20), VG_MS_DUE);
}

static void test_schedule__a_void_of_the_only_dose_drops_the_plan(void **state)
{
    (void)state;
    until(SESSION_MIN(11));
    read_at(SESSION_MIN(10));
    (void)session_dose(c, (struct session_dose){ .kind = VG_DOSE_INFUSION_START,
                                                 .what = VG_DW_VOID,
                                                 .target = session_of(c)->doses[0].seq });
    for (uint16_t i = 0; i < session_of(c)->mark_count; i++) {
        assert_int_equal(session_of(c)->marks[i].state, i == 0 ? VG_MS_MET : VG_MS_DROPPED);
    }
    until(SESSION_MIN(40));
    expect_due(due(), false, VG_PRIO_LOW);
    /* What is given after all begins anew, though something was made for the other. */
    (void)BOLUS(35, NOW);
    assert_int_equal(session_of(c)->mark_count, 2 * p.plan_count);
    assert_int_equal(session_mark(c, 0, 10)->state, VG_MS_WAITING);
    assert_int_equal(session_mark(c, 0, 10)->due_ns, c->now_ns + SESSION_MIN(10));
}

/* A dose that is entered late: what was measured and scored since is there already. */
static void test_schedule__what_was_made_before_the_entry_counts(void **state)
{
    (void)state;
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_ready(c);
    t0 = c->now_ns;
    session_pass(c, SESSION_MIN(10));
    (void)session_by_hand(c, 120, 80, 0);
    (void)session_score(c, VG_SCALE_MOAAS, 4, 0);
    (void)session_score(c, VG_SCALE_DISSOCIATION, 5, 0);
    (void)session_score(c, VG_SCALE_NAUSEA, 0, 0);
    session_pass(c, SESSION_MIN(10));
    (void)session_by_hand(c, 121, 81, 0);
    (void)BOLUS(35, .ago_ns = c->now_ns - t0);
    assert_int_equal(mark_at(10), VG_MS_MET);
    assert_int_equal(mark_at(20), VG_MS_MET);
    assert_int_equal(scores_at(10), VG_MS_MET);
    assert_int_equal(scores_at(20), VG_MS_WAITING);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(scores_at(20), VG_MS_DUE);
}

/* --- further doses -------------------------------------------------------------------------- */

/* A reading and a score ten minutes after each further dose. */
static void plan_further(int32_t window_s)
{
    p.plan[p.plan_count++] = (struct vg_plan_row){ .at_s = 600,
                                                   .window_s = window_s,
                                                   .further = true };
    p.plan[p.plan_count++] = (struct vg_plan_row){
        .at_s = 600, .window_s = 2 * window_s, .scales = 1u << VG_SCALE_PAIN, .further = true
    };
    begin();
}

static void test_schedule__each_further_dose_adds_its_own(void **state)
{
    (void)state;
    plan_further(120);
    uint16_t first = session_of(c)->mark_count;
    assert_int_equal(first, p.plan_count - 2); /* none of the first dose */
    until(SESSION_MIN(5));
    (void)BOLUS(10, NOW);
    assert_int_equal(session_of(c)->mark_count, first + 2);
    assert_int_equal(session_of(c)->marks[first].due_ns, t0 + SESSION_MIN(15));
    /* Within the window of one that is due anyway: that one. */
    until(SESSION_MIN(11));
    uint64_t third = BOLUS(10, NOW)->receipt;
    assert_int_equal(session_of(c)->mark_count, first + 3);
    assert_int_equal(session_of(c)->marks[first + 2].scales, 1u << VG_SCALE_PAIN);
    /* Neither what is drawn, nor a change of rate, nor a correction is a further dose. */
    (void)session_dose_sure(
        c, (struct session_dose){ .kind = VG_DOSE_DRAWN, .number = 1, .unit = VG_UNIT_MG });
    (void)session_dose_sure(
        c,
        (struct session_dose){ .kind = VG_DOSE_RATE_CHANGE, .number = 60, .unit = VG_UNIT_MG_H });
    uint64_t amended =
        BOLUS(12, .what = VG_DW_AMEND, .target = third, .ago_ns = CORE_S(60))->receipt;
    assert_int_equal(session_of(c)->mark_count, first + 3);
    assert_int_equal(session_of(c)->marks[first + 2].due_ns, t0 + SESSION_MIN(20)); /* it moved */
    (void)BOLUS(35, .what = VG_DW_VOID, .target = amended);
    assert_int_equal(session_of(c)->marks[first + 2].state, VG_MS_DROPPED);
    assert_int_equal(session_of(c)->marks[first].state, VG_MS_WAITING);
    assert_int_equal(mark_at(30), VG_MS_WAITING);
}

/* The first dose was a mistake: the second is the first now, and has no marks of a further one. */
static void test_schedule__a_further_dose_becomes_the_first(void **state)
{
    (void)state;
    plan_further(120);
    uint16_t first = session_of(c)->mark_count;
    until(SESSION_MIN(5));
    (void)BOLUS(10, NOW);
    (void)session_dose(c, (struct session_dose){ .kind = VG_DOSE_INFUSION_START,
                                                 .what = VG_DW_VOID,
                                                 .target = session_of(c)->doses[0].seq });
    assert_int_equal(session_of(c)->clock.first_ns, t0 + SESSION_MIN(5));
    assert_int_equal(session_of(c)->mark_count, first + 2);
    assert_int_equal(session_of(c)->marks[first].state, VG_MS_DROPPED);
    assert_int_equal(session_of(c)->marks[first + 1].state, VG_MS_DROPPED);
    assert_int_equal(session_of(c)->marks[0].due_ns, t0 + SESSION_MIN(15));
}

static void test_schedule__a_mark_of_no_dose_is_dropped(void **state)
{
    (void)state;
    plan_further(120);
    uint16_t first = session_of(c)->mark_count;
    until(SESSION_MIN(5));
    (void)BOLUS(10, NOW);
    c->engine->beds[0].session.marks[first].dose = UINT64_MAX;
    (void)BOLUS(10, NOW);
    assert_int_equal(session_of(c)->marks[first].state, VG_MS_DROPPED);
}

static void test_schedule__more_marks_than_there_is_room_for(void **state)
{
    (void)state;
    plan_further(1);
    for (int i = 0; i < 120; i++) {
        session_pass(c, CORE_S(20));
        (void)BOLUS(10, NOW);
    }
    assert_int_equal(session_of(c)->mark_count, VG_MARKS_MAX);
    while (session_of(c)->dose_count < VG_DOSES_MAX - VG_DOSES_SPARE) {
        (void)BOLUS(10, NOW);
    }
    (void)BOLUS(10, NOW); /* not even kept */
    assert_int_equal(session_of(c)->mark_count, VG_MARKS_MAX);
}

static const struct vg_effect *begun_at(uint64_t dose, int64_t after_ns)
{
    return session_dose_sure(c, (struct session_dose){ .kind = VG_DOSE_INFUSION_START,
                                                       .number = 525,
                                                       .places = 1,
                                                       .unit = VG_UNIT_MG_H,
                                                       .what = VG_DW_AMEND,
                                                       .target = dose,
                                                       .ago_ns = c->now_ns - t0 - after_ns });
}

/* What was made or missed at a wrong time is asked for at the right one, if that is still to come. */
static void test_schedule__a_mark_opens_again_when_its_time_lies_ahead(void **state)
{
    (void)state;
    until(SESSION_MIN(10));
    read_at(SESSION_MIN(10));
    until(SESSION_MIN(29));
    assert_int_equal(mark_at(10), VG_MS_MET);
    assert_int_equal(mark_at(20), VG_MS_MISSED);
    assert_int_equal(scores_at(20), VG_MS_MISSED);
    (void)begun_at(session_of(c)->doses[0].seq, SESSION_MIN(21)); /* 31, 41 min from the old one */
    assert_int_equal(mark_at(10), VG_MS_MET); /* its window has begun: what was made stays */
    assert_int_equal(mark_at(20), VG_MS_WAITING);
    assert_int_equal(scores_at(20), VG_MS_WAITING);
    assert_int_equal(session_mark(c, SCORES, 20)->missing, SCORES);
    until(SESSION_MIN(41));
    assert_int_equal(mark_at(20), VG_MS_DUE);
    session_expect_same(session_of(session_restarted(c, &p)), session_of(c));
}

/* A dose that was entered as the first, and was not, has marks of its own after all. */
static void test_schedule__what_becomes_a_further_dose_gets_its_marks(void **state)
{
    (void)state;
    plan_further(120);
    uint16_t first = session_of(c)->mark_count;
    until(SESSION_MIN(5));
    (void)BOLUS(10, .ago_ns = SESSION_MIN(8)); /* three minutes before what was the first */
    assert_int_equal(session_of(c)->clock.first_ns, t0 - SESSION_MIN(3));
    assert_int_equal(session_of(c)->mark_count, first + 2);
    assert_int_equal(session_of(c)->marks[first].dose, session_of(c)->doses[0].first_seq);
    assert_int_equal(session_of(c)->marks[first].due_ns, t0 + SESSION_MIN(10));
    session_expect_same(session_of(session_restarted(c, &p)), session_of(c));
}

/* One score of three made since does not answer for the others. */
static void test_schedule__every_score_that_is_missing_is_wanted(void **state)
{
    (void)state;
    until(SESSION_MIN(16));
    assert_int_equal(scores_at(10), VG_MS_MISSED);
    (void)session_score(c, VG_SCALE_MOAAS, 4, 0);
    (void)session_score(c, VG_SCALE_DISSOCIATION, 4, 0);
    core_wait(c, VG_TICK_NS);
    const struct vg_slot *s = core_slot(c, 0, VG_COND_SCORE_DUE, VG_SUBJECT_NONE);
    assert_true(s != NULL && vg_slot_is_open(s));
    (void)session_score(c, VG_SCALE_NAUSEA, 0, 0);
    core_wait(c, VG_TICK_NS);
    assert_int_equal(core_state(c, 0, VG_COND_SCORE_DUE, VG_SUBJECT_NONE), VG_CS_NORMAL);
}

/* --- the end -------------------------------------------------------------------------------- */

static void test_schedule__the_end_leaves_nothing_open(void **state)
{
    (void)state;
    p.plan[2].optional = true;
    begin();
    until(SESSION_MIN(10));
    read_at(SESSION_MIN(10));
    until(SESSION_MIN(22) + CORE_S(1));                            /* late; scores of 20 are due */
    c->engine->beds[0].session.marks[2].due_ns -= SESSION_MIN(10); /* optional, late in a moment */
    size_t rows = c->record_count;
    (void)core_close_session(c, 0, "moved");
    size_t missed = 0;
    size_t dropped = 0;
    for (; rows < c->record_count; rows++) {
        if (c->record[rows].kind == VG_EV_PLAN && c->record[rows].u.plan.what == VG_PW_MARK) {
            missed += c->record[rows].u.plan.to == VG_MS_MISSED ? 1u : 0;
            dropped += c->record[rows].u.plan.to == VG_MS_DROPPED ? 1u : 0;
        }
    }
    assert_int_equal(missed, 1);
    assert_int_equal(dropped, p.plan_count - 1u - 2u); /* but for one met and scores missed */
}

/* --- replay --------------------------------------------------------------------------------- */

static void test_schedule__replay_believes_only_rows_of_this_session(void **state)
{
    struct vg_event ev = core_event(c, VG_EV_PLAN, 0, VG_DEVICE_NONE);
    (void)state;
    ev.u.plan.what = VG_PW_MARK;
    ev.u.plan.to = VG_MS_MET;
    ev.seq = 1;
    ev.session = session_of(c)->seq + 1;
    vg_engine_replay(c->engine, &ev);
    ev.session = session_of(c)->seq;
    ev.u.plan.index = session_of(c)->mark_count;
    vg_engine_replay(c->engine, &ev);
    ev.u.plan.index = 0;
    ev.u.plan.what = VG_PW_PHASE;
    vg_engine_replay(c->engine, &ev);
    assert_int_equal(session_of(c)->marks[0].state, VG_MS_WAITING);
    ev.u.plan.what = VG_PW_MARK;
    ev.u.plan.off_ns = 5;
    vg_engine_replay(c->engine, &ev);
    assert_int_equal(session_of(c)->marks[0].state, VG_MS_MET);
    assert_int_equal(session_of(c)->marks[0].off_ns, 5);
}

#define RUNS(test) cmocka_unit_test_setup(test, infusion)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule__every_pair_of_state_and_input),
        RUNS(test_schedule__the_first_dose_brings_the_plan),
        RUNS(test_schedule__announced_due_late_missed),
        RUNS(test_schedule__a_reading_early_on_time_late),
        RUNS(test_schedule__the_row_says_how_late),
        RUNS(test_schedule__one_reading_answers_one_mark),
        RUNS(test_schedule__a_late_entry_makes_a_missed_mark_met),
        RUNS(test_schedule__scores_are_due_together),
        RUNS(test_schedule__somebody_is_told_until_it_is_measured),
        RUNS(test_schedule__an_older_reading_is_not_what_was_wanted),
        RUNS(test_schedule__scores_are_asked_for_quietly),
        RUNS(test_schedule__an_infusion_that_runs_on),
        RUNS(test_schedule__optional_marks_call_nobody),
        RUNS(test_schedule__an_interval_of_a_person),
        RUNS(test_schedule__nobody_is_asked_without_a_session),
        RUNS(test_schedule__a_step_of_the_wall_clock_moves_no_mark),
        RUNS(test_schedule__a_correction_moves_what_is_to_come),
        RUNS(test_schedule__a_void_of_the_only_dose_drops_the_plan),
        RUNS(test_schedule__what_was_made_before_the_entry_counts),
        RUNS(test_schedule__each_further_dose_adds_its_own),
        RUNS(test_schedule__a_further_dose_becomes_the_first),
        RUNS(test_schedule__a_mark_of_no_dose_is_dropped),
        RUNS(test_schedule__more_marks_than_there_is_room_for),
        RUNS(test_schedule__the_end_leaves_nothing_open),
        RUNS(test_schedule__replay_believes_only_rows_of_this_session),
        RUNS(test_schedule__a_mark_opens_again_when_its_time_lies_ahead),
        RUNS(test_schedule__what_becomes_a_further_dose_gets_its_marks),
        RUNS(test_schedule__every_score_that_is_missing_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
