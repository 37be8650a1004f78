/*
 * prop_session.c -- random days at one bed with two cuffs: doses, corrections, readings, scores,
 * answers, cuffs that fail, clocks that step. After every act:
 *
 *   P16     the gate is open only if every condition holds in one evaluation and none is older than
 *           it may be, or a person overrides a soft one; a closed gate refuses nothing, and is said;
 *   plan    each mark is where the time says it is, and one reading answers one mark;
 *   cuffs   one at a time, half a minute apart, thirty in any hour;
 *   replay  what was recorded gives the same session.
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

#define RUNS 60
#define ACTS 250
#define CUFFS 2
#define BIT(item) (1u << VG_GATE_##item)

static struct core *c;
static struct vg_protocol p;
static uint64_t doses, open_gates, closed_gates, readings, starts, replays;

static const struct vg_routing one_desk = {
    .sink_count = 1,
    .sinks = { { VG_BED_NONE, VG_SINK_REMOTE } },
};

static struct core *build(unsigned which, int64_t now_ns)
{
    struct core *x = core_new(which, 1, NULL, now_ns);
    vg_engine_set_routing(x->engine, &one_desk);
    (void)core_add_oximeter(x, 0);
    for (int i = 0; i < CUFFS; i++) {
        (void)core_add_cuff(x, 0);
    }
    vg_engine_add_protocol(x->engine, &p);
    return x;
}

static const struct vg_session *session(void)
{
    return session_of(c);
}

static bool one_in(uint32_t n)
{
    return core_below(n) == 0;
}

/* --- P16: the conditions once more, one by one ---------------------------------------------- */

static bool is_live(enum vg_vital v, int32_t *milli)
{
    const struct vg_fresh *f = &c->engine->devices[SESSION_OXI].fresh[v];
    *milli = f->value_milli;
    return c->engine->beds[0].speaker[v] == SESSION_OXI && f->state == VG_FRESH_FRESH &&
           c->now_ns - f->valid_ns <= CORE_S(10);
}

static bool high_alarm(void)
{
    static struct vg_event list[512];
    size_t n = vg_engine_open_alarms(c->engine, 0, c->now_ns, list, VG_COUNT(list));
    return n > 0 && list[0].u.alarm.priority == VG_PRIO_HIGH; /* the highest stands first */
}

static uint32_t failing(void)
{
    const struct vg_session *s = session();
    const struct vg_pressure *bp = &s->pressure[0];
    bool bp_now = bp->at_ns != VG_TIME_NONE && c->now_ns - bp->at_ns <= SESSION_MIN(15);
    bool given = s->clock.first_ns != VG_TIME_NONE;
    bool cuff = false;
    int32_t spo2;
    int32_t pulse;
    bool has_spo2 = is_live(VG_VITAL_SPO2, &spo2);
    bool has_pulse = is_live(VG_VITAL_PULSE_RATE, &pulse);
    int32_t top = s->fact[VG_FACT_OVER_65] == 1 ? 150000 : 140000;
    uint32_t out = 0;

    for (uint16_t d = 1; d <= CUFFS; d++) {
        cuff = cuff || c->engine->devices[d].port == VG_PORT_ONLINE;
    }
    out |= s->fact[VG_FACT_IDENTITY] == 1 ? 0 : BIT(IDENTITY);
    out |= s->fact[VG_FACT_CONSENT] == 1 ? 0 : BIT(CONSENT);
    out |= s->weight_g > 0 && s->weight_days <= 7 ? 0 : BIT(WEIGHT);
    out |= s->base[VG_BASE_SYS] >= 0 && s->base[VG_BASE_DIA] >= 0 && s->base[VG_BASE_PR] >= 0 &&
                   s->base[VG_BASE_SPO2] >= 0 && s->base_pressures >= 3 &&
                   (given || c->now_ns - s->base_ns <= SESSION_MIN(15))
               ? 0
               : BIT(BASELINE);
    out |= has_spo2 && has_pulse ? 0 : BIT(SPO2_LIVE);
    out |= cuff || bp_now ? 0 : BIT(NIBP_READY);
    out |= s->fact[VG_FACT_ALARM_TEST] == 1 ? 0 : BIT(ALARM_TEST);
    out |= c->engine->sink_ok[0] ? 0 : BIT(SINK);
    out |= high_alarm() ? BIT(NO_HIGH_ALARM) : 0;
    out |= c->engine->clock_bad ? BIT(CLOCK) : 0;
    out |= bp_now && bp->sys_milli <= top && bp->dia_milli <= 90000 ? 0 : BIT(BP);
    out |= bp_now && ((bp->sys_milli < 160000 && bp->dia_milli < 100000) ||
                      s->fact[VG_FACT_PRESCRIBER] == 1)
               ? 0
               : BIT(BP_HOLD);
    out |= has_spo2 && spo2 >= 94000 && s->fact[VG_FACT_ROOM_AIR] == 1 ? 0 : BIT(SPO2);
    out |= has_spo2 && spo2 >= 90000 ? 0 : BIT(SPO2_HOLD);
    out |= has_pulse && pulse >= 50000 && pulse <= 110000 ? 0 : BIT(PULSE_RATE);
    out |= s->fact[VG_FACT_ESCORT] == 1 ? 0 : BIT(ESCORT);
    out |= s->fact[VG_FACT_FASTING] == 1 ? 0 : BIT(FASTING);
    out |= s->fact[VG_FACT_CONTRAINDICATIONS] == 1 ? 0 : BIT(CONTRAINDICATIONS);
    out |= s->fact[VG_FACT_EQUIPMENT] == 1 ? 0 : BIT(EQUIPMENT);
    return out;
}

static uint32_t not_overridden(uint32_t missing)
{
    uint32_t soft = 0;
    for (unsigned i = 0; i < VG_GATE_COUNT; i++) {
        soft |= p.gate.strength[i] == VG_STRENGTH_SOFT ? 1u << i : 0;
    }
    return missing & ~(session()->overridden & soft);
}

static void check_gate(void)
{
    if (session()->seq == 0 || session()->protocol == VG_PROTOCOL_NONE) {
        assert_int_equal(session_gate(c).missing, 0);
        return;
    }
    struct vg_gate_answer a = session_gate(c);
    assert_int_equal(a.missing, failing());
    assert_int_equal(a.deviating, not_overridden(failing()));
    open_gates += a.deviating == 0 ? 1u : 0u;
    closed_gates += a.deviating != 0 ? 1u : 0u;
}

/* --- the plan ------------------------------------------------------------------------------- */

static int64_t begins_ns(const struct vg_mark *m)
{
    return m->due_ns - m->window_ns;
}

/* Right after a tick a mark that was not made is where the time says it is. */
static void check_marks(void)
{
    const struct vg_session *s = session();
    for (uint16_t i = 0; i < s->mark_count; i++) {
        const struct vg_mark *m = &s->marks[i];
        int64_t late_ns = c->now_ns - m->due_ns;
        bool over = false;
        if (m->gone) {
            assert_true(m->state > VG_MS_LATE);
            continue;
        }
        for (uint16_t k = 0; k < s->mark_count; k++) {
            const struct vg_mark *o = &s->marks[k];
            over = over ||
                   (o->state != VG_MS_DROPPED && !o->gone && (o->scales == 0) == (m->scales == 0) &&
                    begins_ns(o) > begins_ns(m) && c->now_ns >= begins_ns(o));
        }
        if (m->state > VG_MS_LATE) {
            assert_true(m->state != VG_MS_MET || m->off_ns <= m->window_ns);
            assert_true(m->state != VG_MS_MET_LATE || m->off_ns > m->window_ns);
            assert_true((m->state != VG_MS_MET && m->state != VG_MS_MET_LATE) || m->missing == 0);
            continue;
        }
        assert_false(over && late_ns >= -CORE_S(30));
        assert_int_equal(m->state, c->now_ns - m->cuff_ns > m->window_ns ? VG_MS_LATE
                                   : late_ns >= 0                        ? VG_MS_DUE
                                   : late_ns >= -CORE_S(30)              ? VG_MS_ANNOUNCED
                                                                         : VG_MS_WAITING);
    }
}

static void check_one_answer(void)
{
    unsigned met = 0;
    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_event *ev = &c->fx.of[i].ev;
        bool mark = ev->kind == VG_EV_PLAN && ev->u.plan.what == VG_PW_MARK &&
                    ev->u.plan.scales == 0;
        met += mark && (ev->u.plan.to == VG_MS_MET || ev->u.plan.to == VG_MS_MET_LATE) ? 1u : 0u;
    }
    assert_true(met <= 1);
    readings++;
}

/* --- cuffs ---------------------------------------------------------------------------------- */

static int64_t squeezed_ns; /* an arm was in a cuff last */
static int64_t begun_ns[CUFFS + 1];
static int64_t started_ns[VG_CUFF_STARTS_HOUR];
static size_t started;

static void check_start(void)
{
    const struct vg_effect *fx = core_asked(c, VG_REQ_NIBP_START);
    if (fx == NULL) {
        return;
    }
    assert_true(squeezed_ns == VG_TIME_NONE || c->now_ns - squeezed_ns >= VG_NIBP_COOLDOWN_NS);
    size_t at = started++ % VG_CUFF_STARTS_HOUR; /* the one thirty starts ago */
    assert_true(started <= VG_CUFF_STARTS_HOUR || c->now_ns - started_ns[at] >= CORE_S(3600));
    started_ns[at] = c->now_ns;
    squeezed_ns = c->now_ns;
    starts++;
    uint16_t device = fx->ev.device;
    begun_ns[device] = c->now_ns;
    if (!one_in(8)) {
        core_word(c, device, VG_CUFF_ACCEPTED);
    }
}

static void cuffs_go_on(void)
{
    unsigned busy = 0;
    for (uint16_t d = 1; d <= CUFFS; d++) {
        uint8_t state = c->engine->devices[d].nibp.state;
        bool tight = state == VG_NS_STARTING || state == VG_NS_INFLATING ||
                     state == VG_NS_MEASURING || state == VG_NS_RESULT;
        busy += tight ? 1u : 0u;
        squeezed_ns = tight ? c->now_ns : squeezed_ns;
        if (state == VG_NS_INFLATING && c->now_ns - begun_ns[d] > CORE_S(20)) {
            core_word(c, d, VG_CUFF_COMPLETED);
            if (one_in(3)) {
                static const uint8_t errors[] = { VG_NIBP_MOTION, VG_NIBP_USER_ABORT,
                                                  VG_NIBP_LOOSE_OR_LEAK };
                core_result_error(c, d, (enum vg_nibp_error)errors[core_below(3)]);
            } else {
                core_result(c, d, (int32_t)(105 + core_below(65)), (int32_t)(65 + core_below(40)));
                check_one_answer();
            }
        }
        if (state == VG_NS_ABORTING && one_in(4)) {
            core_word(c, d, VG_CUFF_ABORTED);
        }
    }
    assert_true(busy <= 1);
}

/* --- acts ----------------------------------------------------------------------------------- */

static void pass(int64_t ns)
{
    int64_t until_ns = c->now_ns + ns;
    for (unsigned i = 0; c->now_ns < until_ns; i++) {
        core_wait(c, VG_TICK_NS);
        check_start();
        check_marks();
        cuffs_go_on();
        if (i % 8 == 0 && !one_in(20)) {
            session_live(c, one_in(40) ? 91 : 97, one_in(40) ? 45 : 70);
        }
    }
}

static int64_t some_time_ago(void)
{
    return one_in(2) ? 0 : (int64_t)core_below(900) * VG_NS_PER_S;
}

static void dose(void)
{
    static const enum vg_dose_unit amounts[] = { VG_UNIT_MG, VG_UNIT_UG, VG_UNIT_MG_KG,
                                                 VG_UNIT_ML };
    static const enum vg_dose_unit rates[] = { VG_UNIT_MG_H, VG_UNIT_ML_H, VG_UNIT_UG_KG_MIN };
    struct session_dose d = { .kind = (enum vg_dose_kind)core_below(VG_DOSE_KIND_COUNT) };
    enum vg_dose_form form = vg_dose_form(d.kind);
    bool rate = form == VG_FORM_RATE || (form == VG_FORM_RATE_OR_NONE && one_in(2));

    if (rate || form == VG_FORM_AMOUNT) {
        d.unit = rate ? rates[core_below(3)] : amounts[core_below(4)];
        d.number = 1 + core_below(600);
        d.places = (uint8_t)core_below(3);
        d.conc_ug_ml = d.unit == VG_UNIT_ML || d.unit == VG_UNIT_ML_H ? 10000 : 0;
    }
    d.ago_ns = some_time_ago();
    if (session()->dose_count > 0 && one_in(3)) {
        const struct vg_dose_entry *e = &session()->doses[core_below(session()->dose_count)];
        d.what = one_in(2) ? VG_DW_AMEND : VG_DW_VOID;
        d.target = e->seq;
    }
    uint32_t closed = session()->seq != 0 && session()->protocol == 0 ? not_overridden(failing())
                                                                      : 0;
    const struct vg_effect *fx = session_dose_sure(c, d);
    if (fx->status != VG_OK) { /* never because of the gate */
        static const uint8_t may[] = { VG_REFUSED_NO_SESSION, VG_REFUSED_SESSION_KIND,
                                       VG_REFUSED_FUTURE,     VG_REFUSED_BEFORE_SESSION,
                                       VG_REFUSED_NO_WEIGHT,  VG_REFUSED_AMOUNT,
                                       VG_REFUSED_CORRECTED };
        bool found = false;
        for (size_t i = 0; i < VG_COUNT(may); i++) {
            found = found || fx->refusal == may[i];
        }
        assert_true(found);
        return;
    }
    bool gives = vg_dose_gives(d.kind) && d.what == VG_DW_GIVEN;
    assert_int_equal(fx->ev.u.dose.gate, gives ? closed : 0);
    assert_int_equal((fx->ev.u.dose.deviation & VG_DEV_GATE_CLOSED) != 0, gives && closed != 0);
    doses++;
}

static void open_or_close(void)
{
    if (session()->seq == 0) {
        bool dosing = !one_in(5);
        (void)session_open(c, dosing ? VG_SESSION_DOSING : VG_SESSION_PREPARATION,
                           dosing && !one_in(8) ? 0 : VG_PROTOCOL_NONE);
        if (one_in(2)) {
            session_facts(c);
            (void)session_weigh(c, (int32_t)(60000 + core_below(5000)));
        }
    } else if (one_in(6)) {
        uint32_t unmet = vg_discharge_judge(c->engine, 0, c->now_ns);
        size_t open = vg_engine_open_alarms(c->engine, 0, c->now_ns, NULL, 0);
        const struct vg_effect *fx = core_close_session(c, 0, "");
        assert_int_equal(fx->status == VG_OK, unmet == 0 && open == 0);
        if (fx->status != VG_OK) {
            fx = core_close_session(c, 0, "left");
            assert_int_equal(fx->ev.u.session_move.unmet, unmet);
        }
    }
}

static void some_care(void)
{
    int32_t value[2] = { 0, 0 };
    switch (core_below(5)) {
    case 0:
        value[0] = (int32_t)core_below(240);
        (void)session_care(c, VG_CW_DEFER, value, 1, 0);
        break;
    case 1:
        value[0] = (int32_t)core_below(VG_GATE_COUNT);
        (void)session_care(c, VG_CW_OVERRIDE, value, 1, 0);
        break;
    case 2:
        (void)session_care(c, VG_CW_BASELINE, NULL, 0, 0);
        break;
    case 3:
        value[1] = (int32_t)core_below(5);
        (void)session_score(c, (enum vg_scale_builtin)core_below(VG_SCALE_BUILTIN_COUNT), value[1],
                            some_time_ago());
        if (one_in(6) && session()->seq != 0) {
            (void)session_void(c, session()->score[core_below(VG_SCALE_BUILTIN_COUNT)].seq);
        }
        break;
    default:
        (void)session_fact(c, (enum vg_fact)core_below(VG_FACT_COUNT), !one_in(6));
        break;
    }
}

static void something_breaks(void)
{
    uint16_t device = (uint16_t)core_below(CUFFS + 1);
    switch (core_below(5)) {
    case 0:
        core_port(c, device, one_in(2) ? VG_PORT_SILENT : VG_PORT_ONLINE);
        break;
    case 1:
        core_daemon(c, 0, one_in(2) ? VG_DAEMON_CLOCK_BAD : VG_DAEMON_CLOCK_GOOD);
        break;
    case 2:
        core_sink(c, 0, 0, one_in(3) ? VG_SW_LOST : VG_SW_OK, 0);
        break;
    case 3: {
        int64_t step_ns = ((int64_t)core_below(7200) - 3600) * VG_NS_PER_S;
        c->utc_offset_ns += step_ns;
        core_clock_step(c, 0, step_ns);
        break;
    }
    default:
        for (uint16_t d = 0; d <= CUFFS; d++) {
            core_port(c, d, VG_PORT_ONLINE);
        }
        break;
    }
}

static void act(void)
{
    switch (core_below(10)) {
    case 0:
    case 1:
        pass((int64_t)(1 + core_below(240)) * VG_NS_PER_S);
        break;
    case 2:
        (void)session_by_hand(c, (int32_t)(100 + core_below(80)), (int32_t)(60 + core_below(38)),
                              some_time_ago());
        check_one_answer();
        break;
    case 3:
        dose();
        break;
    case 4:
        open_or_close();
        break;
    case 5: {
        uint16_t device = (uint16_t)(1 + core_below(CUFFS));
        (void)core_command(c, 0, device, one_in(6) ? VG_REQ_NIBP_ABORT : VG_REQ_NIBP_START);
        check_start();
        break;
    }
    case 6:
        something_breaks();
        break;
    default:
        some_care();
        break;
    }
}

static void check_replay(void)
{
    struct core *again = build(1, c->now_ns);
    core_replay(again, c);
    session_expect_same(session_of(again), session());
    assert_memory_equal(again->engine->beds[0].cuff_start_ns, c->engine->beds[0].cuff_start_ns,
                        sizeof again->engine->beds[0].cuff_start_ns);
    replays++;
}

static void new_day(void)
{
    p = session_protocol();
    p.plan[p.plan_count++] = (struct vg_plan_row){ .at_s = 300, .window_s = 60, .further = true };
    c = build(0, CORE_S(100000));
    squeezed_ns = VG_TIME_NONE;
    started = 0;
    memset(begun_ns, 0, sizeof begun_ns);
    for (uint16_t d = 0; d <= CUFFS; d++) {
        core_port(c, d, VG_PORT_ONLINE);
    }
    core_sink(c, 0, 0, VG_SW_OK, 0);
    if (!one_in(4)) { /* a day that begins well: the gate is open */
        (void)session_open(c, VG_SESSION_DOSING, 0);
        session_ready(c);
        squeezed_ns = c->now_ns - VG_NIBP_COOLDOWN_NS;
        for (; started < 3; started++) {
            started_ns[started] = c->now_ns - SESSION_MIN(3);
        }
    }
}

static void prop_session__p16_plan_cuffs_and_replay(void **state)
{
    unsigned runs = core_cases(RUNS);
    (void)state;
    (void)core_seed(41);
    for (unsigned r = 0; r < runs; r++) {
        new_day();
        for (unsigned i = 0; i < ACTS; i++) {
            act();
            check_gate();
            if (i % 25 == 24) {
                check_replay();
            }
        }
    }
    /* Zero proves nothing. */
    (void)printf("doses %llu, gates %llu open %llu closed, readings %llu, starts %llu\n",
                 (unsigned long long)doses, (unsigned long long)open_gates,
                 (unsigned long long)closed_gates, (unsigned long long)readings,
                 (unsigned long long)starts);
    assert_true(doses > 100 && open_gates > 100 && closed_gates > 100 && readings > 100 &&
                starts > 100 && replays > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_session__p16_plan_cuffs_and_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
