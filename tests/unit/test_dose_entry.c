/*
 * test_dose_entry.c -- a dose as somebody enters it in a session with a protocol: when it is asked
 * back, what is attached to it, and what a correction does.
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
#include "vigil/compiler.h"

static struct core *c;
static struct vg_protocol p;

/* Everything is ready, nothing was given. */
static int ready(void **state)
{
    (void)state;
    p = session_protocol();
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_ready(c);
    assert_int_equal(session_gate(c).missing, 0);
    return 0;
}

static int ready_for_spray(void **state)
{
    (void)state;
    p = session_protocol();
    p.range = (struct vg_dose_range){ 28000, 84000, 84000, 84000, false };
    p.route = VG_ROUTE_NASAL;
    p.device_ug = 28000;
    p.dose_gap_s = 300;
    p.infusion_s = 0;
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_ready(c);
    return 0;
}

static const struct vg_effect *give(struct session_dose d)
{
    return session_dose(c, d);
}
#define GIVE(...) give((struct session_dose){ __VA_ARGS__ })
#define SURE(...) session_dose_sure(c, (struct session_dose){ __VA_ARGS__ })
#define MG(n) .number = (n), .unit = VG_UNIT_MG
#define CORRECT(w, row) .what = (w), .target = (row)

/* --- asked back ----------------------------------------------------------------------------- */

static void test_dose_entry__what_must_be_seen_is_asked_back(void **state)
{
    static const struct {
        struct session_dose d;
        int64_t ug; /* of the answer */
        bool asked;
        uint16_t deviation;
    } cases[] = {
        { { .kind = VG_DOSE_BOLUS, .number = 35, .unit = VG_UNIT_MG }, 35000, false, 0 },
        { { .kind = VG_DOSE_BOLUS, .number = 35000, .unit = VG_UNIT_UG }, 35000, false, 0 },
        { { .kind = VG_DOSE_BOLUS, .number = 5, .places = 1, .unit = VG_UNIT_MG_KG },
          35000,
          true,
          0 },
        { { .kind = VG_DOSE_BOLUS,
            .number = 7,
            .places = 1,
            .unit = VG_UNIT_ML,
            .conc_ug_ml = 50000 },
          35000,
          true,
          0 },
        /* 0.1 to 1 mg/kg of 70 kg; a factor of ten is outside by itself */
        { { .kind = VG_DOSE_BOLUS, .number = 7, .unit = VG_UNIT_MG }, 7000, false, 0 },
        { { .kind = VG_DOSE_BOLUS, .number = 6999, .unit = VG_UNIT_UG },
          6999,
          true,
          VG_DEV_SOFT_RANGE },
        { { .kind = VG_DOSE_BOLUS, .number = 70, .unit = VG_UNIT_MG }, 70000, false, 0 },
        { { .kind = VG_DOSE_BOLUS, .number = 70001, .unit = VG_UNIT_UG },
          70001,
          true,
          VG_DEV_SOFT_RANGE },
        { { .kind = VG_DOSE_BOLUS, .number = 140, .unit = VG_UNIT_MG },
          140000,
          true,
          VG_DEV_SOFT_RANGE },
        { { .kind = VG_DOSE_BOLUS, .number = 350, .unit = VG_UNIT_MG },
          350000,
          true,
          VG_DEV_SOFT_RANGE | VG_DEV_HARD_RANGE },
        { { .kind = VG_DOSE_BOLUS, .number = 35, .unit = VG_UNIT_MG, .drug = "ketamin" },
          35000,
          true,
          VG_DEV_OTHER_DRUG },
        { { .kind = VG_DOSE_BOLUS, .number = 35, .unit = VG_UNIT_MG, .route = VG_ROUTE_IM },
          35000,
          true,
          VG_DEV_OTHER_DRUG },
        /* 52.5 mg/h for 40 min are 35 mg, 525 are 350 */
        { { .kind = VG_DOSE_INFUSION_START, .number = 525, .places = 1, .unit = VG_UNIT_MG_H },
          52500,
          false,
          0 },
        { { .kind = VG_DOSE_INFUSION_START, .number = 525, .unit = VG_UNIT_MG_H },
          525000,
          true,
          VG_DEV_SOFT_RANGE | VG_DEV_HARD_RANGE },
        { { .kind = VG_DOSE_INFUSION_START,
            .number = 105,
            .places = 1,
            .unit = VG_UNIT_ML_H,
            .conc_ug_ml = 5000 },
          52500,
          true,
          0 },
        { { .kind = VG_DOSE_DRAWN, .number = 500, .unit = VG_UNIT_MG }, 500000, false, 0 },
        { { .kind = VG_DOSE_WASTE, .number = 1, .unit = VG_UNIT_MG }, 1000, false, 0 },
        { { .kind = VG_DOSE_BOLUS, .number = 350004, .places = 4, .unit = VG_UNIT_MG },
          35000,
          true, /* rounded: four tenths of a microgram are gone */
          0 },
        { { .kind = VG_DOSE_BOLUS, .number = 350000, .places = 4, .unit = VG_UNIT_MG },
          35000,
          false,
          0 },
        { { .kind = VG_DOSE_RESUME }, 0, false, VG_DEV_NOTHING_RUNS },
        { { .kind = VG_DOSE_STOP }, 0, false, VG_DEV_NOTHING_RUNS },
        { { .kind = VG_DOSE_LOZENGE_END, .unchecked = true }, 0, false, 0 },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct session_dose d = cases[i].d;
        (void)ready(state);
        const struct vg_effect *fx = give(d);
        assert_int_equal(fx->refusal, cases[i].asked ? VG_REFUSED_CONFIRM : VG_REFUSED_NOT);
        assert_int_equal(fx->ev.u.dose.amount_ug, cases[i].ug);
        assert_int_equal(fx->ev.u.dose.deviation, cases[i].deviation);
        if (!cases[i].asked) {
            continue;
        }
        assert_int_equal(fx->verbs, VG_DO_REPLY); /* nothing is recorded yet */
        assert_int_equal(session_of(c)->dose_count, 0);
        d.confirm_ug = cases[i].ug + 1;
        assert_int_equal(give(d)->refusal, VG_REFUSED_CONFIRM);
        d.confirm_ug = cases[i].ug;
        fx = give(d);
        assert_int_equal(fx->status, VG_OK);
        assert_int_equal(fx->ev.u.dose.amount_ug, cases[i].ug);
        assert_int_equal(fx->ev.u.dose.typed_number, d.number); /* both stand in the record */
        assert_int_equal(fx->ev.u.dose.deviation, cases[i].deviation);
        assert_int_equal(session_of(c)->doses[0].amount_ug, cases[i].ug);
    }
}

static void test_dose_entry__a_confirmed_request_may_keep_its_id(void **state)
{
    (void)state;
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_BOLUS, .number = 5, .places = 1,
                                      .unit = VG_UNIT_MG_KG);
    struct vg_event ev = c->in;
    assert_int_equal(fx->refusal, VG_REFUSED_CONFIRM);
    ev.u.dose.confirm_ug = 35000;
    (void)core_feed(c, &ev);
    assert_int_equal(core_reply(c)->status, VG_OK);
    uint64_t receipt = core_reply(c)->receipt;
    (void)core_feed(c, &ev);
    assert_true(core_reply(c)->duplicate);
    assert_int_equal(core_reply(c)->receipt, receipt);
    assert_int_equal(session_of(c)->dose_count, 1);
}

static void test_dose_entry__the_weight_is_that_of_the_session(void **state)
{
    (void)state;
    const struct vg_effect *fx = SURE(.kind = VG_DOSE_BOLUS, .number = 5, .places = 1,
                                      .unit = VG_UNIT_MG_KG);
    assert_int_equal(fx->ev.u.dose.weight_g, 70000); /* a reader can follow the conversion */
    fx = SURE(.kind = VG_DOSE_BOLUS, .number = 5, .places = 1, .unit = VG_UNIT_MG_KG,
              .weight_g = 70000);
    assert_int_equal(fx->status, VG_OK);
    fx = GIVE(.kind = VG_DOSE_BOLUS, .number = 5, .places = 1, .unit = VG_UNIT_MG_KG,
              .weight_g = 71000);
    assert_int_equal(fx->refusal, VG_REFUSED_WEIGHT);
    fx = GIVE(.kind = VG_DOSE_BOLUS, MG(35), .weight_g = 71000); /* it is not used */
    assert_int_equal(fx->status, VG_OK);
}

static void test_dose_entry__nothing_is_converted_by_guessing(void **state)
{
    (void)state;
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    assert_int_equal(
        GIVE(.kind = VG_DOSE_BOLUS, .number = 5, .places = 1, .unit = VG_UNIT_MG_KG)->refusal,
        VG_REFUSED_NO_WEIGHT);
    assert_int_equal(GIVE(.kind = VG_DOSE_BOLUS, .number = 7, .unit = VG_UNIT_ML)->refusal,
                     VG_REFUSED_NO_WEIGHT);
    assert_int_equal(GIVE(.kind = VG_DOSE_BOLUS, .number = 1001, .unit = VG_UNIT_G)->refusal,
                     VG_REFUSED_AMOUNT);
    const struct vg_effect *fx = SURE(.kind = VG_DOSE_BOLUS, .number = 5, .places = 1,
                                      .unit = VG_UNIT_MG_KG, .weight_g = 70000);
    assert_int_equal(fx->status, VG_OK); /* stated with the dose */
    assert_int_equal(fx->ev.u.dose.amount_ug, 35000);
    /* Without a weight nobody can say whether it is usual: the gate says that it is missing. */
    assert_int_equal(fx->ev.u.dose.deviation & VG_DEV_SOFT_RANGE, 0);
    assert_true((fx->ev.u.dose.gate & (1u << VG_GATE_WEIGHT)) != 0);
}

static void test_dose_entry__without_a_protocol_only_conversions_are_asked_back(void **state)
{
    (void)state;
    c = session_room(NULL);
    (void)session_open(c, VG_SESSION_DOSING, VG_PROTOCOL_NONE);
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_BOLUS, MG(900), .unchecked = true);
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->ev.u.dose.deviation, 0);
    fx = GIVE(.kind = VG_DOSE_BOLUS, .number = 1, .unit = VG_UNIT_ML, .conc_ug_ml = 1);
    assert_int_equal(fx->refusal, VG_REFUSED_CONFIRM);
}

static void test_dose_entry__nothing_is_no_amount(void **state)
{
    (void)state;
    for (unsigned k = 0; k < VG_DOSE_KIND_COUNT; k++) {
        enum vg_dose_form form = vg_dose_form((enum vg_dose_kind)k);
        bool has_to = form == VG_FORM_AMOUNT || form == VG_FORM_RATE;
        assert_int_equal(GIVE(.kind = (enum vg_dose_kind)k, .number = 0)->refusal,
                         has_to ? VG_REFUSED_AMOUNT : VG_REFUSED_NOT);
    }
    (void)session_by_hand(c, 120, 80, 0);
    assert_int_equal(session_of(c)->clock.first_ns, VG_TIME_NONE);
}

/* --- deviations ----------------------------------------------------------------------------- */

static void test_dose_entry__a_second_person_is_asked_for(void **state)
{
    (void)state;
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_BOLUS, MG(35), .unchecked = true);
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->ev.u.dose.deviation, VG_DEV_UNCHECKED);
    p.second_check = false;
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_ready(c);
    fx = GIVE(.kind = VG_DOSE_BOLUS, MG(35), .unchecked = true);
    assert_int_equal(fx->ev.u.dose.deviation, 0);
}

static void test_dose_entry__entered_late_is_said(void **state)
{
    (void)state;
    session_pass(c, CORE_S(301));
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_BOLUS, MG(35), .ago_ns = CORE_S(300));
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->ev.u.dose.deviation & VG_DEV_LATE_ENTRY, 0);
    fx = GIVE(.kind = VG_DOSE_BOLUS, MG(35), .ago_ns = CORE_S(300) + 1);
    assert_int_equal(fx->status, VG_OK);
    assert_true((fx->ev.u.dose.deviation & VG_DEV_LATE_ENTRY) != 0);
}

static void test_dose_entry__devices_of_a_spray(void **state)
{
    static const struct {
        int64_t mg, wait_s, ago_s;
        uint16_t deviation;
    } steps[] = {
        { 28, 0, 0, 0 },
        { 28, 299, 0, VG_DEV_TOO_SOON },
        { 28, 300, 400, 0 }, /* between them, entered afterwards: not after the last one */
        { 14, 300, 0, VG_DEV_SOFT_RANGE | VG_DEV_HARD_RANGE }, /* not a device, and over 84 mg */
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(steps); i++) {
        session_pass(c, CORE_S(steps[i].wait_s));
        const struct vg_effect *fx = SURE(.kind = VG_DOSE_DEVICE, MG(steps[i].mg),
                                          .route = VG_ROUTE_NASAL,
                                          .ago_ns = CORE_S(steps[i].ago_s));
        assert_int_equal(fx->status, VG_OK);
        assert_int_equal(fx->ev.u.dose.deviation & ~VG_DEV_LATE_ENTRY & ~VG_DEV_GATE_CLOSED,
                         steps[i].deviation);
    }
    assert_int_equal(session_of(c)->dose_count, 4);
}

static void test_dose_entry__bounds_that_are_not_given_bind_nobody(void **state)
{
    (void)state;
    p.range = (struct vg_dose_range){ 0, 0, 0, 0, false };
    p.device_ug = 0;
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_ready(c);
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_DEVICE, MG(900));
    assert_int_equal(fx->ev.u.dose.deviation, 0);
}

/* A dose that was given is recorded, and says what was missing. */
static void test_dose_entry__a_closed_gate_refuses_nothing(void **state)
{
    (void)state;
    (void)session_fact(c, VG_FACT_CONSENT, false);
    (void)session_fact(c, VG_FACT_ESCORT, false);
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_BOLUS, MG(35));
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->ev.u.dose.deviation, VG_DEV_GATE_CLOSED);
    assert_int_equal(fx->ev.u.dose.gate, 1u << VG_GATE_CONSENT | 1u << VG_GATE_ESCORT);
    /* What gives nothing has no gate. */
    fx = GIVE(.kind = VG_DOSE_DRAWN, MG(200));
    assert_int_equal(fx->ev.u.dose.gate, 0);
    assert_int_equal(fx->ev.u.dose.deviation, 0);
}

/* A name as long as there is room for is compared to its end. */
static void test_dose_entry__a_long_name_is_compared_whole(void **state)
{
    struct vg_event ev;
    (void)state;
    (void)GIVE(.kind = VG_DOSE_DRAWN, MG(35));
    ev = c->in;
    memset(c->engine->protocols[0].drug, 'k', VG_NAME_MAX);
    memset(ev.u.dose.drug, 'k', VG_NAME_MAX);
    for (int i = 0; i < 2; i++) {
        memcpy(ev.u.dose.request_id, i == 0 ? "long-0" : "long-1", sizeof "long-0");
        ev.u.dose.drug[VG_NAME_MAX - 1] = i == 0 ? 'k' : 'l';
        (void)core_feed(c, &ev);
        assert_int_equal(core_reply(c)->refusal, i == 0 ? VG_REFUSED_NOT : VG_REFUSED_CONFIRM);
    }
}

/* --- when ----------------------------------------------------------------------------------- */

static void test_dose_entry__nothing_happens_ahead_of_now_or_before_the_session(void **state)
{
    (void)state;
    int64_t since_ns = c->now_ns - session_of(c)->opened_ns;
    const struct {
        int64_t ago_ns;
        enum vg_refusal refusal;
    } cases[] = {
        { -VG_NS_PER_MS, VG_REFUSED_FUTURE },
        { -CORE_S(3600), VG_REFUSED_FUTURE },
        { 0, VG_REFUSED_NOT },
        { since_ns, VG_REFUSED_NOT },
        { since_ns + CORE_S(60), VG_REFUSED_NOT }, /* read from a wall */
        { since_ns + CORE_S(60) + 1, VG_REFUSED_BEFORE_SESSION },
        { c->now_ns + CORE_UTC_OFFSET_NS + 1, VG_REFUSED_BEFORE_SESSION }, /* before 1970 */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_int_equal(GIVE(.kind = VG_DOSE_DRAWN, MG(35), .ago_ns = cases[i].ago_ns)->refusal,
                         cases[i].refusal);
    }
}

/* The wall clock steps by an hour: what happened five minutes ago, happened five minutes ago. */
static void test_dose_entry__a_step_of_the_wall_clock_moves_nothing(void **state)
{
    static const int64_t steps[] = { CORE_S(3600), -CORE_S(3600), CORE_S(86400 * 365) };
    for (size_t i = 0; i < VG_COUNT(steps); i++) {
        (void)ready(state);
        (void)GIVE(.kind = VG_DOSE_BOLUS, MG(35));
        int64_t first_ns = session_of(c)->clock.first_ns;
        int64_t due_ns = session_mark(c, 0, 10)->due_ns;
        c->utc_offset_ns += steps[i];
        core_clock_step(c, 0, steps[i]);
        session_pass(c, CORE_S(60));
        assert_int_equal(session_of(c)->clock.first_ns, first_ns);
        assert_int_equal(session_mark(c, 0, 10)->due_ns, due_ns);
        assert_int_equal(GIVE(.kind = VG_DOSE_BOLUS, MG(35), .ago_ns = CORE_S(30))->status, VG_OK);
        assert_int_equal(session_of(c)->clock.last_ns, c->now_ns - CORE_S(30));
    }
}

/* --- corrections ---------------------------------------------------------------------------- */

static void test_dose_entry__a_correction_says_what_is_right(void **state)
{
    (void)state;
    uint64_t first = GIVE(.kind = VG_DOSE_BOLUS, MG(35))->receipt;
    session_pass(c, CORE_S(60));
    uint64_t second = GIVE(.kind = VG_DOSE_BOLUS, MG(25), .ago_ns = CORE_S(90),
                           CORRECT(VG_DW_AMEND, first))
                          ->receipt;
    const struct vg_dose_entry *e = &session_of(c)->doses[0];
    assert_int_equal(session_of(c)->dose_count, 1);
    assert_int_equal(e->amount_ug, 25000);
    assert_int_equal(e->seq, second);
    assert_int_equal(e->first_seq, first);
    assert_int_equal(e->given_ns, c->now_ns - CORE_S(90));
    assert_int_equal(session_of(c)->clock.first_ns, c->now_ns - CORE_S(90));
    /* Two people who correct the same row do not overwrite each other unseen. */
    assert_int_equal(GIVE(.kind = VG_DOSE_BOLUS, MG(20), CORRECT(VG_DW_AMEND, first))->refusal,
                     VG_REFUSED_CORRECTED);
    assert_int_equal(GIVE(.kind = VG_DOSE_BOLUS, CORRECT(VG_DW_VOID, first))->refusal,
                     VG_REFUSED_CORRECTED);
    assert_int_equal(e->amount_ug, 25000);
    uint64_t third = GIVE(.kind = VG_DOSE_BOLUS, CORRECT(VG_DW_VOID, second))->receipt;
    assert_true(e->is_void);
    assert_int_equal(e->seq, third);
    assert_int_equal(session_of(c)->clock.first_ns, VG_TIME_NONE);
    assert_int_equal(GIVE(.kind = VG_DOSE_BOLUS, MG(1), CORRECT(VG_DW_AMEND, third))->refusal,
                     VG_REFUSED_CORRECTED); /* nothing brings it back */
}

static void test_dose_entry__a_correction_names_a_dose(void **state)
{
    (void)state;
    assert_int_equal(GIVE(.kind = VG_DOSE_BOLUS, CORRECT(VG_DW_VOID, 1))->refusal,
                     VG_REFUSED_NO_DOSE);
    uint64_t first = GIVE(.kind = VG_DOSE_BOLUS, MG(35))->receipt;
    assert_int_equal(GIVE(.kind = VG_DOSE_BOLUS, MG(35), CORRECT(VG_DW_AMEND, first + 1))->refusal,
                     VG_REFUSED_NO_DOSE);
    assert_int_equal(session_of(c)->dose_count, 1);
}

/* A correction is judged like a dose: asked back, but neither late by the gate nor too soon. */
static void test_dose_entry__a_correction_is_asked_back_too(void **state)
{
    (void)state;
    uint64_t first = GIVE(.kind = VG_DOSE_BOLUS, MG(35))->receipt;
    (void)session_fact(c, VG_FACT_CONSENT, false);
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_BOLUS, MG(350), CORRECT(VG_DW_AMEND, first));
    assert_int_equal(fx->refusal, VG_REFUSED_CONFIRM);
    assert_int_equal(session_of(c)->doses[0].amount_ug, 35000);
    fx = GIVE(.kind = VG_DOSE_BOLUS, MG(30), CORRECT(VG_DW_AMEND, first));
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->ev.u.dose.deviation, 0);
    fx = GIVE(.kind = VG_DOSE_BOLUS, .number = 999, .unit = VG_UNIT_G,
              CORRECT(VG_DW_VOID, fx->receipt));
    assert_int_equal(fx->status, VG_OK); /* a void has no amount to look at */
    assert_int_equal(fx->ev.u.dose.amount_ug, 0);
}

/* When was right; what and how much were not. */
static void test_dose_entry__a_correction_without_a_time_keeps_it(void **state)
{
    (void)state;
    session_pass(c, SESSION_MIN(1));
    int64_t given_ns = c->now_ns - CORE_S(30);
    uint64_t row = GIVE(.kind = VG_DOSE_BOLUS, MG(35), .ago_ns = CORE_S(30))->receipt;
    session_pass(c, SESSION_MIN(6)); /* and the wall clock is set meanwhile */
    c->utc_offset_ns += CORE_S(3600);
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_BOLUS, MG(30), CORRECT(VG_DW_AMEND, row),
                                      .ago_ns = c->now_ns + c->utc_offset_ns);
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(session_of(c)->doses[0].given_ns, given_ns);
    assert_int_equal(session_of(c)->doses[0].amount_ug, 30000);
    assert_int_equal(fx->ev.u.dose.deviation, 0); /* a correction is not a late entry */
    session_expect_same(session_of(c), session_of(session_restarted(c, &p)));
}

static void test_dose_entry__a_correction_is_not_counted_twice(void **state)
{
    (void)state;
    p.range.total_ug = 60000;
    (void)session_open(c, VG_SESSION_DOSING, 0);
    c = session_room(&p);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_ready(c);
    uint64_t row = GIVE(.kind = VG_DOSE_BOLUS, MG(35))->receipt;
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_BOLUS, MG(40), CORRECT(VG_DW_AMEND, row));
    assert_int_equal(fx->ev.u.dose.deviation, 0);
    row = fx->receipt;
    fx = SURE(.kind = VG_DOSE_BOLUS, MG(21));
    assert_int_equal(fx->ev.u.dose.deviation, VG_DEV_HARD_RANGE);
    fx = SURE(.kind = VG_DOSE_BOLUS, MG(39), CORRECT(VG_DW_AMEND, row));
    assert_int_equal(fx->ev.u.dose.deviation, 0); /* 60 with the other */
}

static void test_dose_entry__what_ends_something_needs_something_that_runs(void **state)
{
    static const enum vg_dose_kind kinds[] = { VG_DOSE_PAUSE, VG_DOSE_RESUME, VG_DOSE_STOP };
    (void)state;
    (void)SURE(.kind = VG_DOSE_INFUSION_START, .number = 525, .places = 1, .unit = VG_UNIT_MG_H);
    for (size_t i = 0; i < VG_COUNT(kinds); i++) {
        assert_int_equal(GIVE(.kind = kinds[i])->ev.u.dose.deviation, 0);
    }
    assert_int_equal(GIVE(.kind = VG_DOSE_STOP)->ev.u.dose.deviation, VG_DEV_NOTHING_RUNS);
    assert_int_equal(GIVE(.kind = VG_DOSE_PAUSE, .drug = "midazolam")->ev.u.dose.deviation,
                     VG_DEV_NOTHING_RUNS | VG_DEV_OTHER_DRUG);
}

/* Where a protocol knows no infusion every rate is looked at twice. */
static void test_dose_entry__a_rate_where_none_is_planned(void **state)
{
    (void)state;
    (void)ready_for_spray(state);
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_INFUSION_START, .number = 30,
                                      .unit = VG_UNIT_MG_H, .route = VG_ROUTE_NASAL);
    assert_int_equal(fx->refusal, VG_REFUSED_CONFIRM);
    assert_int_equal(fx->ev.u.dose.deviation, VG_DEV_SOFT_RANGE);
}

/* Somebody looked at the value and let it pass: for this dose, not for the next. */
static void test_dose_entry__what_was_measured_is_overridden_once(void **state)
{
    const int32_t escort = VG_GATE_ESCORT;
    const int32_t bp = VG_GATE_BP;
    (void)state;
    (void)session_fact(c, VG_FACT_ESCORT, false);
    (void)session_by_hand(c, 145, 92, 0);
    (void)session_care(c, VG_CW_OVERRIDE, &escort, 1, 0);
    (void)session_care(c, VG_CW_OVERRIDE, &bp, 1, 0);
    assert_int_equal(session_gate(c).deviating, 0);
    (void)GIVE(.kind = VG_DOSE_DRAWN, MG(35));
    assert_int_equal(GIVE(.kind = VG_DOSE_BOLUS, MG(20))->ev.u.dose.gate, 0);
    assert_int_equal(session_gate(c).deviating, 1u << VG_GATE_BP);
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_BOLUS, MG(20));
    assert_int_equal(fx->ev.u.dose.deviation, VG_DEV_GATE_CLOSED);
    session_expect_same(session_of(c), session_of(session_restarted(c, &p)));
}

/* Its text is not there any more: nobody knows what it asked, so nothing it asks holds. */
static void test_dose_entry__a_lost_protocol_lets_nothing_pass(void **state)
{
    const uint32_t all = (1u << VG_GATE_COUNT) - 1;
    (void)state;
    c->engine->beds[0].session.protocol = VG_PROTOCOL_LOST;
    struct vg_gate_answer a = session_gate(c);
    assert_int_equal(a.missing, all);
    assert_int_equal(a.hard, all);
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_BOLUS, MG(35));
    assert_int_equal(fx->status, VG_OK); /* what was given is recorded */
    assert_int_equal(fx->ev.u.dose.gate, all);
    assert_int_equal(fx->ev.u.dose.deviation, VG_DEV_GATE_CLOSED);
    assert_int_not_equal(vg_discharge_judge(c->engine, 0, c->now_ns), 0);
}

/* --- how many ------------------------------------------------------------------------------- */

/* The last places are for what has no amount: that an infusion was stopped is always known. */
static void test_dose_entry__too_many_are_recorded_and_said(void **state)
{
    (void)state;
    for (int i = 0; i < VG_DOSES_MAX - VG_DOSES_SPARE; i++) {
        assert_int_equal(GIVE(.kind = VG_DOSE_DRAWN, MG(1))->ev.u.dose.deviation, 0);
    }
    assert_false(session_of(c)->uncounted);
    const struct vg_effect *fx = GIVE(.kind = VG_DOSE_DRAWN, MG(1));
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->ev.u.dose.deviation, VG_DEV_UNCOUNTED);
    assert_true(session_of(c)->uncounted);
    for (int i = 0; i < VG_DOSES_SPARE; i++) {
        fx = GIVE(.kind = VG_DOSE_STOP);
        assert_int_equal(fx->ev.u.dose.deviation, VG_DEV_NOTHING_RUNS);
    }
    assert_int_equal(session_of(c)->dose_count, VG_DOSES_MAX);
    fx = GIVE(.kind = VG_DOSE_STOP);
    assert_int_equal(fx->ev.u.dose.deviation, VG_DEV_NOTHING_RUNS | VG_DEV_UNCOUNTED);
    /* Those that are kept can be corrected still. */
    fx = GIVE(.kind = VG_DOSE_DRAWN, CORRECT(VG_DW_VOID, session_of(c)->doses[7].seq));
    assert_int_equal(fx->status, VG_OK);
    assert_int_equal(fx->ev.u.dose.deviation, 0);
    struct core *again = session_restarted(c, &p);
    assert_true(session_of(again)->uncounted);
}

static void test_dose_entry__replay_of_a_correction_of_nothing_does_no_harm(void **state)
{
    (void)state;
    (void)GIVE(.kind = VG_DOSE_BOLUS, MG(35));
    struct vg_event ev = c->fx.of[0].ev;
    struct core *again = session_restarted(c, &p);
    ev.u.dose.what = VG_DW_AMEND;
    ev.u.dose.target = 1;
    ev.u.dose.amount_ug = 1;
    vg_engine_replay(again->engine, &ev);
    assert_int_equal(session_of(again)->dose_count, 1);
    assert_int_equal(session_of(again)->doses[0].amount_ug, 35000);
    again = core_new(1, 1, NULL, c->now_ns); /* no session at all */
    vg_engine_replay(again->engine, &ev);
    assert_int_equal(session_of(again)->dose_count, 0);
}

/* The record knew the request under an older number: it must not count twice. */
static void test_dose_entry__what_is_taken_back_does_not_count(void **state)
{
    (void)state;
    (void)GIVE(.kind = VG_DOSE_BOLUS, MG(35));
    struct vg_event first = c->fx.of[0].ev;
    vg_engine_take_back(c->engine, &first);
    assert_int_equal(session_of(c)->clock.first_ns, VG_TIME_NONE);
    for (uint16_t i = 0; i < session_of(c)->mark_count; i++) {
        assert_int_equal(session_of(c)->marks[i].state, VG_MS_DROPPED);
    }
    (void)GIVE(.kind = VG_DOSE_BOLUS, MG(30));
    assert_int_equal(session_mark(c, 0, 10)->state, VG_MS_WAITING); /* it is the first now */
    struct vg_event amend = c->fx.of[0].ev;
    amend.u.dose.what = VG_DW_AMEND; /* corrections are what they are */
    vg_engine_take_back(c->engine, &amend);
    amend.u.dose.what = VG_DW_GIVEN;
    amend.seq = 1; /* of nothing that is kept */
    vg_engine_take_back(c->engine, &amend);
    assert_int_not_equal(session_of(c)->clock.first_ns, VG_TIME_NONE);
    session_pass(c, CORE_S(60));
    (void)GIVE(.kind = VG_DOSE_BOLUS, MG(20)); /* a further one leaves the plan as it is */
    struct vg_event further = c->fx.of[0].ev;
    uint16_t marks = session_of(c)->mark_count;
    vg_engine_take_back(c->engine, &further);
    (void)GIVE(.kind = VG_DOSE_BOLUS, MG(21));
    assert_int_equal(session_of(c)->mark_count, marks);
    assert_int_equal(session_mark(c, 0, 10)->state, VG_MS_WAITING);
    c = session_room(NULL); /* and without a plan there is nothing to leave */
    (void)session_open(c, VG_SESSION_DOSING, VG_PROTOCOL_NONE);
    (void)GIVE(.kind = VG_DOSE_BOLUS, MG(20));
    further = c->fx.of[0].ev;
    vg_engine_take_back(c->engine, &further);
    assert_int_equal(session_of(c)->clock.first_ns, VG_TIME_NONE);
}

#define READY(test) cmocka_unit_test_setup(test, ready)

int main(void)
{
    const struct CMUnitTest tests[] = {
        READY(test_dose_entry__what_must_be_seen_is_asked_back),
        READY(test_dose_entry__a_confirmed_request_may_keep_its_id),
        READY(test_dose_entry__the_weight_is_that_of_the_session),
        READY(test_dose_entry__nothing_is_converted_by_guessing),
        READY(test_dose_entry__without_a_protocol_only_conversions_are_asked_back),
        READY(test_dose_entry__nothing_is_no_amount),
        READY(test_dose_entry__a_second_person_is_asked_for),
        READY(test_dose_entry__entered_late_is_said),
        cmocka_unit_test_setup(test_dose_entry__devices_of_a_spray, ready_for_spray),
        READY(test_dose_entry__bounds_that_are_not_given_bind_nobody),
        READY(test_dose_entry__a_closed_gate_refuses_nothing),
        READY(test_dose_entry__a_long_name_is_compared_whole),
        READY(test_dose_entry__nothing_happens_ahead_of_now_or_before_the_session),
        READY(test_dose_entry__a_step_of_the_wall_clock_moves_nothing),
        READY(test_dose_entry__a_correction_says_what_is_right),
        READY(test_dose_entry__a_correction_names_a_dose),
        READY(test_dose_entry__a_correction_is_asked_back_too),
        READY(test_dose_entry__too_many_are_recorded_and_said),
        READY(test_dose_entry__replay_of_a_correction_of_nothing_does_no_harm),
        READY(test_dose_entry__what_is_taken_back_does_not_count),
        READY(test_dose_entry__a_correction_without_a_time_keeps_it),
        READY(test_dose_entry__a_correction_is_not_counted_twice),
        READY(test_dose_entry__what_ends_something_needs_something_that_runs),
        READY(test_dose_entry__a_rate_where_none_is_planned),
        READY(test_dose_entry__what_was_measured_is_overridden_once),
        READY(test_dose_entry__a_lost_protocol_lets_nothing_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
