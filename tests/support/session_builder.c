/*
 * session_builder.c -- see session_builder.h.
 */
#include "tests/support/session_builder.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "vigil/compiler.h"

#define MIN_S(n) ((n)*60)
#define LIVE (1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE)

static const struct vg_routing one_desk = {
    .second_ns = { [VG_PRIO_MED] = CORE_S(30), [VG_PRIO_HIGH] = CORE_S(10) },
    .local_ns = { [VG_PRIO_MED] = CORE_S(60), [VG_PRIO_HIGH] = CORE_S(15) },
    .sink_count = 1,
    .sinks = { { VG_BED_NONE, VG_SINK_REMOTE } },
};

static void put(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text);
}

/* --- the protocol --------------------------------------------------------------------------- */

static void add_plan(struct vg_protocol *p, const int32_t *at_min, size_t count, uint32_t scales,
                     int32_t window_min)
{
    for (size_t i = 0; i < count; i++) {
        p->plan[p->plan_count++] = (struct vg_plan_row){ .at_s = MIN_S(at_min[i]),
                                                         .window_s = MIN_S(window_min),
                                                         .scales = scales };
    }
}

struct vg_protocol session_protocol(void)
{
    static const int32_t readings[] = { 10, 20, 30, 40, 55, 70, 85, 100, 110 };
    static const int32_t scores[] = { 10, 20, 30, 40, 55, 70, 100 };
    static const struct vg_phase_row phases[] = {
        { "baseline", MIN_S(-60), LIVE, false, false },
        { "infusion", 0, LIVE, true, false },
        { "peak-recovery", MIN_S(40), LIVE, true, false },
        { "discharge", MIN_S(100), LIVE, false, true },
    };
    static const struct vg_check_row checks[] = {
        { VG_CHECK_TIME, 0, 0 },
        { VG_CHECK_BP, 0, 0 },
        { VG_CHECK_SPO2, 0, 0 },
        { VG_CHECK_AT_LEAST, VG_SCALE_MOAAS, 5 },
        { VG_CHECK_AT_MOST, VG_SCALE_DISSOCIATION, 1 },
        { VG_CHECK_AT_MOST, VG_SCALE_NAUSEA, 1 },
        { VG_CHECK_NO_ALARM, 0, 0 },
        { VG_CHECK_FACT, VG_FACT_ORIENTED, 0 },
        { VG_CHECK_FACT, VG_FACT_WALKS, 0 },
        { VG_CHECK_FACT, VG_FACT_ESCORT, 0 },
        { VG_CHECK_FACT, VG_FACT_ADVICE, 0 },
        { VG_CHECK_FACT, VG_FACT_CONTACT, 0 },
        { VG_CHECK_FACT, VG_FACT_LINE_OUT, 0 },
        { VG_CHECK_FACT, VG_FACT_RELEASED, 0 },
    };
    static const uint8_t soft[] = { VG_GATE_BP,       VG_GATE_SPO2,    VG_GATE_PULSE_RATE,
                                    VG_GATE_ESCORT,   VG_GATE_FASTING, VG_GATE_CONTRAINDICATIONS,
                                    VG_GATE_EQUIPMENT };
    struct vg_protocol p;

    memset(&p, 0, sizeof p);
    put(p.id, sizeof p.id, "iv-40");
    put(p.title, sizeof p.title, "ketamine IV 0.5 mg/kg over 40 min");
    put(p.revision, sizeof p.revision, "1");
    put(p.author, sizeof p.author, "Vigil");
    put(p.approver, sizeof p.approver, "not yet approved");
    put(p.drug, sizeof p.drug, "ketamine");
    p.route = VG_ROUTE_IV;
    p.auto_cuff = true;
    p.second_check = true;
    memcpy(p.phases, phases, sizeof phases);
    p.phase_count = VG_COUNT(phases);
    add_plan(&p, readings, VG_COUNT(readings), 0, 2);
    add_plan(&p, scores, VG_COUNT(scores),
             1u << VG_SCALE_MOAAS | 1u << VG_SCALE_DISSOCIATION | 1u << VG_SCALE_NAUSEA, 5);
    memset(p.gate.strength, VG_STRENGTH_HARD, sizeof p.gate.strength);
    for (size_t i = 0; i < VG_COUNT(soft); i++) {
        p.gate.strength[soft[i]] = VG_STRENGTH_SOFT;
    }
    p.gate.strength[VG_GATE_REMS] = VG_STRENGTH_OFF;
    p.gate.sys_milli = 140000;
    p.gate.dia_milli = 90000;
    p.gate.sys_65_milli = 150000;
    p.gate.hold_sys_milli = 160000;
    p.gate.hold_dia_milli = 100000;
    p.gate.spo2_milli = 94000;
    p.gate.hold_spo2_milli = 90000;
    p.gate.pr_low_milli = 50000;
    p.gate.pr_high_milli = 110000;
    p.gate.weight_days = 7;
    p.gate.baseline_count = 3;
    p.gate.baseline_age_s = MIN_S(15);
    p.range = (struct vg_dose_range){ 100, 1000, 2000, 0, true };
    p.infusion_s = MIN_S(40);
    p.peak_s = MIN_S(40);
    p.floor_first_s = MIN_S(100);
    p.floor_last_s = MIN_S(60);
    memcpy(p.checks, checks, sizeof checks);
    p.check_count = VG_COUNT(checks);
    return p;
}

/* --- the room ------------------------------------------------------------------------------- */

static struct core *build(unsigned which, const struct vg_protocol *p, int64_t start_ns)
{
    struct core *c = core_new(which, 1, NULL, start_ns);

    vg_engine_set_routing(c->engine, &one_desk);
    (void)core_add_oximeter(c, 0);
    (void)core_add_cuff(c, 0);
    if (p != NULL) {
        vg_engine_add_protocol(c->engine, p);
    }
    return c;
}

struct core *session_room(const struct vg_protocol *p)
{
    struct core *c = build(0, p, CORE_S(100000));

    core_port(c, SESSION_OXI, VG_PORT_ONLINE);
    core_port(c, SESSION_CUFF, VG_PORT_ONLINE);
    core_sink(c, 0, 0, VG_SW_OK, 0);
    return c;
}

struct core *session_restarted(const struct core *dead, const struct vg_protocol *p)
{
    struct core *c = build(1, p, dead->now_ns);

    core_replay(c, dead);
    return c;
}

/* --- people --------------------------------------------------------------------------------- */

static const struct vg_effect *ask(struct core *c, struct vg_event *ev, char *request_id,
                                   char *operator_id)
{
    (void)snprintf(request_id, VG_REQUEST_ID_MAX, "session-%u", ++c->request_count);
    put(operator_id, VG_NAME_MAX, "nurse");
    (void)core_feed(c, ev);
    return core_reply(c);
}

static int64_t utc_ns(const struct core *c)
{
    return c->now_ns + c->utc_offset_ns;
}

const struct vg_effect *session_open(struct core *c, enum vg_session_kind kind, uint8_t protocol)
{
    struct vg_event ev = core_event(c, VG_EV_SESSION, 0, VG_DEVICE_NONE);
    struct vg_session_event *s = &ev.u.session_move;

    s->move = VG_SESSION_OPEN;
    s->kind = (uint8_t)kind;
    s->protocol = protocol;
    put(s->text, sizeof s->text, "p-1");
    put(s->course, sizeof s->course, "course-1");
    return ask(c, &ev, s->request_id, s->operator_id);
}

const struct vg_effect *session_care(struct core *c, enum vg_care_what what, const int32_t value[],
                                     size_t count, int64_t ago_ns)
{
    struct vg_event ev = core_event(c, VG_EV_CARE, 0, VG_DEVICE_NONE);
    struct vg_care *care = &ev.u.care;

    care->what = (uint8_t)what;
    care->at_utc_ns = utc_ns(c) - ago_ns;
    for (size_t i = 0; i < count; i++) {
        care->value[i] = value[i];
    }
    return ask(c, &ev, care->request_id, care->operator_id);
}

const struct vg_effect *session_fact(struct core *c, enum vg_fact f, bool yes)
{
    const int32_t value[] = { (int32_t)f, yes ? 1 : 0 };
    return session_care(c, VG_CW_FACT, value, VG_COUNT(value), 0);
}

const struct vg_effect *session_weigh(struct core *c, int32_t weight_g)
{
    return session_care(c, VG_CW_WEIGHT, &weight_g, 1, 0);
}

const struct vg_effect *session_by_hand(struct core *c, int32_t sys, int32_t dia, int64_t ago_ns)
{
    const int32_t value[VG_HAND_COUNT] = { sys * 1000, dia * 1000, -1, -1, -1 };
    return session_care(c, VG_CW_READING, value, VG_COUNT(value), ago_ns);
}

const struct vg_effect *session_score(struct core *c, enum vg_scale_builtin scale, int32_t score,
                                      int64_t ago_ns)
{
    const int32_t value[] = { (int32_t)scale, score };
    return session_care(c, VG_CW_SCORE, value, VG_COUNT(value), ago_ns);
}

const struct vg_effect *session_void(struct core *c, uint64_t row)
{
    struct vg_event ev = core_event(c, VG_EV_CARE, 0, VG_DEVICE_NONE);
    struct vg_care *care = &ev.u.care;

    care->what = VG_CW_VOID;
    care->at_utc_ns = utc_ns(c);
    care->target = row;
    return ask(c, &ev, care->request_id, care->operator_id);
}

const struct vg_effect *session_dose(struct core *c, struct session_dose d)
{
    struct vg_event ev = core_event(c, VG_EV_DOSE, 0, VG_DEVICE_NONE);
    struct vg_dose *dose = &ev.u.dose;

    dose->kind = (uint8_t)d.kind;
    dose->typed_number = d.number;
    dose->places = d.places;
    dose->unit = (uint8_t)d.unit;
    dose->given_utc_ns = utc_ns(c) - d.ago_ns;
    dose->confirm_ug = d.confirm_ug;
    dose->what = (uint8_t)d.what;
    dose->target = d.target;
    dose->route = (uint8_t)d.route;
    dose->weight_g = d.weight_g;
    dose->conc_ug_ml = d.conc_ug_ml;
    dose->checked = !d.unchecked;
    put(dose->drug, sizeof dose->drug, d.drug != NULL ? d.drug : "ketamine");
    return ask(c, &ev, dose->request_id, dose->operator_id);
}

const struct vg_effect *session_dose_sure(struct core *c, struct session_dose d)
{
    const struct vg_effect *fx = session_dose(c, d);

    if (fx->refusal == VG_REFUSED_CONFIRM) {
        d.confirm_ug = fx->ev.u.dose.amount_ug;
        fx = session_dose(c, d);
    }
    return fx;
}

/* --- time ----------------------------------------------------------------------------------- */

void session_live(struct core *c, int32_t spo2, int32_t pulse)
{
    core_spo2(c, SESSION_OXI, spo2);
    core_pulse(c, SESSION_OXI, pulse);
}

void session_pass(struct core *c, int64_t ns)
{
    int64_t until_ns = c->now_ns + ns;

    while (c->now_ns < until_ns) {
        int64_t left_ns = until_ns - c->now_ns;
        core_wait(c, left_ns < CORE_S(2) ? left_ns : CORE_S(2));
        session_live(c, 97, 70);
    }
}

void session_measure(struct core *c, int32_t sys, int32_t dia)
{
    (void)core_command(c, 0, SESSION_CUFF, VG_REQ_NIBP_START);
    core_word(c, SESSION_CUFF, VG_CUFF_ACCEPTED);
    session_pass(c, CORE_S(20));
    core_word(c, SESSION_CUFF, VG_CUFF_COMPLETED);
    core_result(c, SESSION_CUFF, sys, dia);
    session_pass(c, VG_NIBP_COOLDOWN_NS);
}

/* --- a whole preparation -------------------------------------------------------------------- */

void session_facts(struct core *c)
{
    for (unsigned f = 0; f < VG_FACT_COUNT; f++) {
        bool yes = f != VG_FACT_PRESCRIBER && f != VG_FACT_OVER_65;
        (void)session_fact(c, (enum vg_fact)f, yes);
    }
}

void session_baseline(struct core *c)
{
    for (int i = 0; i < 3; i++) {
        session_measure(c, 120, 80);
    }
    (void)session_care(c, VG_CW_BASELINE, NULL, 0, 0);
}

void session_ready(struct core *c)
{
    session_facts(c);
    (void)session_weigh(c, 70000);
    session_baseline(c);
}

void session_begin(struct core *c)
{
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_ready(c);
    (void)session_dose(
        c, (struct session_dose){
               .kind = VG_DOSE_INFUSION_START, .number = 525, .places = 1, .unit = VG_UNIT_MG_H });
}

/* --- finding -------------------------------------------------------------------------------- */

const struct vg_session *session_of(const struct core *c)
{
    return &c->engine->beds[0].session;
}

/* The last one of that time: marks of a plan that was dropped stand before it. */
const struct vg_mark *session_mark(const struct core *c, uint32_t scales, int32_t at_min)
{
    const struct vg_session *s = session_of(c);
    const struct vg_protocol *p = vg_engine_protocol(c->engine, 0);

    for (uint16_t i = s->mark_count; i > 0; i--) {
        const struct vg_mark *m = &s->marks[i - 1];
        if (p->plan[m->row].at_s == MIN_S(at_min) &&
            (scales == 0 ? m->scales == 0 : (m->scales & scales) != 0)) {
            return m;
        }
    }
    return NULL;
}

struct vg_gate_answer session_gate(const struct core *c)
{
    return vg_gate_judge(c->engine, 0, c->now_ns);
}

size_t session_rows_of_mark(const struct core *c, uint16_t index, enum vg_mark_state to)
{
    size_t n = 0;
    for (size_t i = 0; i < c->record_count; i++) {
        const struct vg_event *ev = &c->record[i];
        n += ev->kind == VG_EV_PLAN && ev->u.plan.what == VG_PW_MARK && ev->u.plan.index == index &&
                     ev->u.plan.to == to
                 ? 1u
                 : 0u;
    }
    return n;
}

/* --- the same ------------------------------------------------------------------------------- */

static void expect_same_dose(const struct vg_dose_entry *a, const struct vg_dose_entry *b)
{
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->first_seq, b->first_seq);
    assert_int_equal(a->given_ns, b->given_ns);
    assert_int_equal(a->given_utc_ns, b->given_utc_ns);
    assert_int_equal(a->amount_ug, b->amount_ug);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->route, b->route);
    assert_int_equal(a->is_void, b->is_void);
    assert_string_equal(a->drug, b->drug);
}

static void expect_same_mark(const struct vg_mark *a, const struct vg_mark *b)
{
    assert_int_equal(a->due_ns, b->due_ns);
    assert_int_equal(a->window_ns, b->window_ns);
    assert_int_equal(a->cuff_ns, b->cuff_ns);
    assert_int_equal(a->off_ns, b->off_ns);
    assert_int_equal(a->dose, b->dose);
    assert_int_equal(a->scales, b->scales);
    assert_int_equal(a->missing, b->missing);
    assert_int_equal(a->row, b->row);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->tries, b->tries);
    assert_int_equal(a->optional, b->optional);
    assert_int_equal(a->deferred, b->deferred);
}

static void expect_same_values(const struct vg_session *a, const struct vg_session *b)
{
    assert_memory_equal(a->base, b->base, sizeof a->base);
    assert_int_equal(a->base_ns, b->base_ns);
    assert_int_equal(a->base_pressures, b->base_pressures);
    for (size_t v = 0; v < VG_VITAL_COUNT; v++) {
        assert_int_equal(a->due[v].interval_ns, b->due[v].interval_ns);
    }
    for (size_t i = 0; i < VG_COUNT(a->pressure); i++) {
        assert_int_equal(a->pressure[i].at_ns, b->pressure[i].at_ns);
        assert_int_equal(a->pressure[i].sys_milli, b->pressure[i].sys_milli);
        assert_int_equal(a->pressure[i].dia_milli, b->pressure[i].dia_milli);
    }
    for (size_t i = 0; i < VG_SCALES_MAX; i++) {
        assert_int_equal(a->score[i].at_ns, b->score[i].at_ns);
        assert_int_equal(a->score[i].seq, b->score[i].seq);
        assert_int_equal(a->score[i].value, b->score[i].value);
    }
    assert_int_equal(a->awake, b->awake);
    assert_memory_equal(a->fact, b->fact, sizeof a->fact);
    assert_int_equal(a->weight_g, b->weight_g);
    assert_int_equal(a->weight_days, b->weight_days);
    assert_int_equal(a->overridden, b->overridden);
}

void session_expect_same(const struct vg_session *a, const struct vg_session *b)
{
    assert_int_equal(a->seq, b->seq);
    if (a->seq == 0) {
        return;
    }
    assert_int_equal(a->opened_ns, b->opened_ns);
    assert_int_equal(a->opened_utc_ns, b->opened_utc_ns);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->protocol, b->protocol);
    assert_string_equal(a->patient_ref, b->patient_ref);
    assert_string_equal(a->operator_id, b->operator_id);
    assert_string_equal(a->course, b->course);
    assert_int_equal(a->test, b->test);
    assert_int_equal(a->clock.first_ns, b->clock.first_ns);
    assert_int_equal(a->clock.last_ns, b->clock.last_ns);
    assert_int_equal(a->clock.end_ns, b->clock.end_ns);
    assert_int_equal(a->clock.running_ns, b->clock.running_ns);
    assert_int_equal(a->rate_ug_h, b->rate_ug_h);
    assert_int_equal(a->uncounted, b->uncounted);
    assert_int_equal(a->planned, b->planned);
    assert_int_equal(a->dose_count, b->dose_count);
    for (uint16_t i = 0; i < a->dose_count; i++) {
        expect_same_dose(&a->doses[i], &b->doses[i]);
    }
    assert_int_equal(a->mark_count, b->mark_count);
    for (uint16_t i = 0; i < a->mark_count; i++) {
        expect_same_mark(&a->marks[i], &b->marks[i]);
    }
    expect_same_values(a, b);
}
