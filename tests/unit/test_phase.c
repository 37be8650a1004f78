/*
 * test_phase.c -- the phase of a session: what must be live, whether a drug acts, and when somebody
 * who is awake may be let go.
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

#define LIVE (1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE)
#define NIBP (1u << VG_VITAL_NIBP_SYS | 1u << VG_VITAL_NIBP_DIA | 1u << VG_VITAL_NIBP_MEAN)

static struct core *c;
static struct vg_protocol p;

static int room(void **state)
{
    (void)state;
    p = session_protocol();
    p.auto_cuff = false;
    c = session_room(&p);
    return 0;
}

static const struct vg_phase *phase(void)
{
    return &c->engine->beds[0].phase;
}

static void expect(uint8_t row, bool dosing, uint32_t required)
{
    assert_int_equal(phase()->row, row);
    assert_int_equal(phase()->dosing, dosing);
    assert_int_equal(phase()->required, required);
    assert_int_equal(phase()->unpausable, dosing ? required : 0);
}

static const struct vg_effect *give(enum vg_dose_kind kind, int64_t ago_ns)
{
    return session_dose_sure(
        c, (struct session_dose){ .kind = kind,
                                  .ago_ns = ago_ns,
                                  .number = kind == VG_DOSE_STOP ? 0 : 35,
                                  .unit = kind == VG_DOSE_BOLUS ? VG_UNIT_MG : VG_UNIT_MG_H });
}

static size_t rows_of_phase(uint16_t index)
{
    size_t n = 0;
    for (size_t i = 0; i < c->record_count; i++) {
        const struct vg_event *ev = &c->record[i];
        n += ev->kind == VG_EV_PLAN && ev->u.plan.what == VG_PW_PHASE && ev->u.plan.index == index
                 ? 1u
                 : 0u;
    }
    return n;
}

static void test_phase__by_the_protocol(void **state)
{
    static const struct {
        int32_t min;
        uint8_t row;
        bool dosing;
    } at[] = {
        { 0, 1, true }, { 39, 1, true }, { 40, 2, true }, { 99, 2, true }, { 100, 3, false }
    };
    (void)state;
    expect(0, false, 0);
    (void)session_open(c, VG_SESSION_DOSING, 0);
    expect(0, false, LIVE);
    session_pass(c, SESSION_MIN(30)); /* however long nobody gives anything */
    expect(0, false, LIVE);
    (void)give(VG_DOSE_BOLUS, 0);
    int64_t t0 = c->now_ns;
    for (size_t i = 0; i < VG_COUNT(at); i++) {
        session_pass(c, t0 + SESSION_MIN(at[i].min) - c->now_ns);
        expect(at[i].row, at[i].dosing, at[i].dosing ? LIVE | NIBP : LIVE);
    }
    for (uint16_t i = 1; i <= 3; i++) {
        assert_int_equal(rows_of_phase(i), 1); /* a reader can follow */
    }
    (void)core_close_session(c, 0, "left");
    expect(0, false, 0);
}

/* Whatever the plan says: while it runs it acts. */
static void test_phase__an_infusion_that_runs_on_acts(void **state)
{
    (void)state;
    (void)session_open(c, VG_SESSION_DOSING, 0);
    (void)give(VG_DOSE_INFUSION_START, 0);
    session_pass(c, SESSION_MIN(101));
    expect(3, true, LIVE | NIBP);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    expect(3, true, LIVE | NIBP); /* nobody is let go on a running drug */
    (void)give(VG_DOSE_STOP, 0);
    expect(3, true, LIVE | NIBP); /* nor right after it */
    session_pass(c, p.floor_last_s * VG_NS_PER_S);
    expect(3, false, LIVE);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0); /* the scores before its end say nothing */
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    expect(3, false, 0);
}

static void test_phase__awake_twice_relaxes_only_where_the_protocol_says(void **state)
{
    (void)state;
    (void)session_open(c, VG_SESSION_DOSING, 0);
    (void)give(VG_DOSE_BOLUS, 0);
    session_pass(c, SESSION_MIN(99));
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    expect(2, true, LIVE | NIBP);
    session_pass(c, SESSION_MIN(1));
    expect(3, false, 0);
    (void)session_score(c, VG_SCALE_MOAAS, 4, 0); /* she dozes off again */
    expect(3, false, LIVE);
    (void)session_score(c, VG_SCALE_MOAAS, 5, 0);
    expect(3, false, LIVE);
    uint64_t row = session_score(c, VG_SCALE_MOAAS, 5, 0)->receipt;
    expect(3, false, 0);
    (void)session_void(c, row); /* that was somebody else */
    expect(3, false, LIVE);
}

/* The protocol may ask for pressures all the time: then only the pauses are gone. */
static void test_phase__dosing_takes_the_pauses(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        c->engine->protocols[0].phases[i].required = LIVE | NIBP;
    }
    (void)session_open(c, VG_SESSION_DOSING, 0);
    expect(0, false, LIVE | NIBP);
    assert_int_equal(core_inhibit(c, 0, VG_IW_ALARM_PAUSE, VG_VITAL_SPO2)->status, VG_OK);
    (void)give(VG_DOSE_BOLUS, 0);
    expect(1, true, LIVE | NIBP);
    assert_int_equal(c->engine->beds[0].vital[VG_VITAL_SPO2].state, VG_IS_ON);
    assert_int_equal(core_inhibit(c, 0, VG_IW_ALARM_PAUSE, VG_VITAL_SPO2)->refusal,
                     VG_REFUSED_REQUIRED);
}

static void test_phase__a_correction_moves_it(void **state)
{
    (void)state;
    (void)session_open(c, VG_SESSION_DOSING, 0);
    session_pass(c, SESSION_MIN(60));
    uint64_t row = give(VG_DOSE_BOLUS, SESSION_MIN(50))->receipt;
    expect(2, true, LIVE | NIBP);
    (void)session_dose(
        c, (struct session_dose){ .kind = VG_DOSE_BOLUS, .what = VG_DW_VOID, .target = row });
    expect(0, false, LIVE);
    assert_int_equal(rows_of_phase(0), 1);
}

static void test_phase__without_a_protocol_an_hour_from_the_last_dose(void **state)
{
    (void)state;
    (void)session_open(c, VG_SESSION_DOSING, VG_PROTOCOL_NONE);
    expect(0, false, LIVE);
    (void)give(VG_DOSE_BOLUS, 0);
    expect(0, true, LIVE | NIBP);
    session_pass(c, SESSION_MIN(60) - VG_TICK_NS);
    expect(0, true, LIVE | NIBP);
    session_pass(c, VG_TICK_NS);
    expect(0, false, LIVE);
    (void)give(VG_DOSE_INFUSION_START, 0);
    session_pass(c, SESSION_MIN(70)); /* it runs: no hour counts */
    expect(0, true, LIVE | NIBP);
    assert_int_equal(rows_of_phase(0), 0); /* a phase is of a protocol */
}

/* Without a session equipment calls nobody loudly. */
static void test_phase__trouble_with_equipment_is_worse_while_a_drug_acts(void **state)
{
    static const enum vg_priority want[] = { VG_PRIO_LOW, VG_PRIO_MED, VG_PRIO_HIGH };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(want); i++) {
        (void)room(NULL);
        if (i > 0) {
            (void)session_open(c, VG_SESSION_DOSING, 0);
        }
        if (i > 1) {
            (void)give(VG_DOSE_BOLUS, 0);
        }
        session_pass(c, CORE_S(10));
        core_port(c, SESSION_OXI, VG_PORT_SILENT);
        core_wait(c, CORE_S(11));
        const struct vg_slot *s = core_slot(c, 0, VG_COND_LINK_DEVICE, SESSION_OXI);
        assert_int_equal(s->priority, want[i]);
    }
}

#define ROOM(test) cmocka_unit_test_setup(test, room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM(test_phase__by_the_protocol),
        ROOM(test_phase__an_infusion_that_runs_on_acts),
        ROOM(test_phase__awake_twice_relaxes_only_where_the_protocol_says),
        ROOM(test_phase__dosing_takes_the_pauses),
        ROOM(test_phase__a_correction_moves_it),
        ROOM(test_phase__without_a_protocol_an_hour_from_the_last_dose),
        ROOM(test_phase__trouble_with_equipment_is_worse_while_a_drug_acts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
