/* test_wire_request.c -- what is accepted becomes exactly one event; all else is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/wire.h"
#include "vigil/compiler.h"
#include "vigil/quantity.h"

static const struct vg_protocol protocols[2];

static const struct vg_wire_names names = {
    .node = "n",
    .boot = "b",
    .bed_count = 2,
    .device_count = 2,
    .sink_count = 2,
    .profile_count = 2,
    .scale_count = 2,
    .protocol_count = 2,
    .protocol_offered = 1,
    .scale = { "moaas", "nausea" },
    .protocol = { "iv-40", "of-a-running-session" },
    .protocols = protocols,
    .bed = { "bed-1", "bed-2" },
    .device = { "ox-1", "cuff-1" },
    .sink = { "desk", "room-1" },
    .profile = { "adult", "frail" },
};

static char why[sizeof((struct vg_request *)0)->why];

static enum vg_status ask(const char *json, bool operate, struct vg_request *out)
{
    enum vg_status st = vg_wire_request(&names, json, strlen(json), operate, out);
    memcpy(why, out->why, sizeof why);
    return st;
}

/* --- amounts -------------------------------------------------------------------------------- */

#define WHO "\"request_id\":\"r-1\",\"bed\":\"bed-2\",\"operator\":\"anna\""
#define DOSE "{\"op\":\"dose\"," WHO ",\"drug\":\"ketamine\",\"route\":\"im\""

struct amount {
    enum vg_status status;
    int64_t ug;
    bool whole; /* nothing was rounded */
};

/* What somebody types, through the request and the conversion; terms are members of the request. */
static struct amount amount_with(const char *number, const char *unit, bool rate, const char *terms)
{
    char json[512];
    struct vg_request r;
    struct amount a = { VG_OK, 0, false };

    (void)snprintf(json, sizeof json, DOSE ",\"kind\":\"%s\",\"amount\":\"%s\",\"unit\":\"%s\"%s}",
                   rate ? "infusion_start" : "bolus", number, unit, terms);
    a.status = ask(json, true, &r);
    if (a.status == VG_OK) {
        const struct vg_dose *d = &r.ev.u.dose;
        struct vg_quantity q = { d->typed_number, d->places, d->unit };
        struct vg_quantity_terms t = { d->weight_g, d->conc_ug_ml };
        a.status = vg_quantity_to_ug(&q, &t, &a.ug);
        a.whole = a.status == VG_OK && vg_quantity_is_whole(&q, &t);
    }
    return a;
}

static struct amount amount(const char *number, const char *unit, bool rate)
{
    return amount_with(number, unit, rate, "");
}

static void test_wire_request__amounts_that_are_clear(void **state)
{
    static const struct {
        const char *number, *unit;
        bool rate;
        int64_t ug;
    } cases[] = {
        { "35", "mg", false, 35000 },
        { "0.5", "mg", false, 500 },
        { "12.5", "mg", false, 12500 },
        { "1", "ug", false, 1 },
        { "0.001", "mg", false, 1 },
        { "0.000001", "g", false, 1 },
        { "1.10", "mg", false, 1100 },
        { "1000", "g", false, VG_DOSE_MAX_UG },
        { "1000000000", "ug", false, VG_DOSE_MAX_UG },
        { "30", "mg/h", true, 30000 },
        { "0.1", "ug/min", true, 6 },
        { "1", "ug/h", true, 1 },
        { "2.5", "mg/min", true, 150000 },
        { "0.05", "ug/min", true, 3 },
    };
    struct amount a;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        a = amount(cases[i].number, cases[i].unit, cases[i].rate);
        assert_int_equal(a.status, VG_OK);
        assert_int_equal(a.ug, cases[i].ug);
        assert_true(a.whole);
    }
}

/* No whole microgram: rounded, and so to be seen by a person first (test_dose.c). */
static void test_wire_request__rounded_amounts_are_known_as_such(void **state)
{
    static const struct {
        const char *number, *unit;
        bool rate;
        int64_t ug;
    } cases[] = {
        { "0.01", "ug/min", true, 1 }, { "1.5", "ug", false, 2 },    { "2.5", "ug", false, 2 },
        { "0.0015", "mg", false, 2 },  { "0.0006", "mg", false, 1 },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct amount a = amount(cases[i].number, cases[i].unit, cases[i].rate);
        assert_int_equal(a.status, VG_OK);
        assert_int_equal(a.ug, cases[i].ug);
        assert_false(a.whole);
    }
}

#define OF_70 ",\"weight\":\"70 kg\""
#define CONC ",\"concentration\":\"50 mg/mL\""

/* What belongs to a conversion must be there, and nothing beside it. */
static void test_wire_request__weight_and_concentration(void **state)
{
    static const struct {
        const char *number, *unit;
        bool rate;
        const char *terms;
        enum vg_status st;
        int64_t ug;
    } cases[] = {
        { "0.5", "mg/kg", false, OF_70, VG_OK, 35000 },
        { "0.5", "mg/kg", false, ",\"weight\":\"70.25 kg\"", VG_OK, 35125 },
        { "0.5", "mg/kg", false, ",\"weight\":\"70250 g\"", VG_OK, 35125 },
        { "20", "ug/kg", false, OF_70, VG_OK, 1400 },
        { "1.5", "mg/kg/h", true, OF_70, VG_OK, 105000 },
        { "10", "ug/kg/min", true, OF_70, VG_OK, 42000 },
        { "0.7", "mL", false, CONC, VG_OK, 35000 },
        { "0.7", "mL", false, ",\"concentration\":\"50000 ug/mL\"", VG_OK, 35000 },
        { "2", "mL/h", true, CONC, VG_OK, 100000 },
        { "0.5", "mg/kg", false, ",\"weight\":\"155 lb\"", VG_ERR_FORMAT, 0 },
        { "0.5", "mg/kg", false, ",\"weight\":\"70\"", VG_ERR_FORMAT, 0 },
        { "0.5", "mg/kg", false, ",\"weight\":\"70,2 kg\"", VG_ERR_FORMAT, 0 },
        { "0.5", "mg/kg", false, ",\"weight\":\"0 kg\"", VG_ERR_FORMAT, 0 },
        { "0.5", "mg/kg", false, ",\"weight\":\"70.0001 kg\"", VG_ERR_FORMAT, 0 },
        { "0.5", "mg/kg", false, ",\"weight\":70", VG_ERR_ARG, 0 },
        { "35", "mg", false, OF_70, VG_ERR_ARG, 0 },
        { "0.7", "mL", false, OF_70, VG_ERR_ARG, 0 },
        { "0.7", "mL", false, "", VG_ERR_ARG, 0 },
        { "0.7", "mL", false, ",\"concentration\":\"50\"", VG_ERR_FORMAT, 0 },
        { "0.7", "mL", false, ",\"concentration\":\"5 %\"", VG_ERR_FORMAT, 0 },
        { "0.7", "mL", false, ",\"concentration\":\"50 mg\"", VG_ERR_FORMAT, 0 },
        { "35", "mg", false, CONC, VG_ERR_ARG, 0 },
        { "0.5", "mg/kg", false, OF_70 CONC, VG_ERR_ARG, 0 },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct amount a = amount_with(cases[i].number, cases[i].unit, cases[i].rate,
                                      cases[i].terms);
        if (a.status != cases[i].st || a.ug != cases[i].ug) {
            fail_msg("%s %s%s gives %s, %lld ug: %s", cases[i].number, cases[i].unit,
                     cases[i].terms, vg_status_name(a.status), (long long)a.ug, why);
        }
    }
}

static void test_wire_request__ambiguous_amounts_are_refused(void **state)
{
    static const struct {
        const char *number, *unit;
        bool rate;
        enum vg_status st;
    } cases[] = {
        { "", "mg", false, VG_ERR_ARG },
        { " 35", "mg", false, VG_ERR_FORMAT },
        { "35 ", "mg", false, VG_ERR_FORMAT },
        { "0,5", "mg", false, VG_ERR_FORMAT },
        { "1,000", "mg", false, VG_ERR_FORMAT },
        { "1.000,5", "mg", false, VG_ERR_FORMAT },
        { "1'000", "mg", false, VG_ERR_FORMAT },
        { ".5", "mg", false, VG_ERR_FORMAT },
        { "5.", "mg", false, VG_ERR_FORMAT },
        { "05", "mg", false, VG_ERR_FORMAT },
        { "00.5", "mg", false, VG_ERR_FORMAT },
        { "-5", "mg", false, VG_ERR_FORMAT },
        { "+5", "mg", false, VG_ERR_FORMAT },
        { "5e1", "mg", false, VG_ERR_FORMAT },
        { "5E1", "mg", false, VG_ERR_FORMAT },
        { "0x10", "mg", false, VG_ERR_FORMAT },
        { "1/2", "mg", false, VG_ERR_FORMAT },
        { "5-10", "mg", false, VG_ERR_FORMAT },
        { "~5", "mg", false, VG_ERR_FORMAT },
        { "5mg", "mg", false, VG_ERR_FORMAT },
        { "5.5.5", "mg", false, VG_ERR_FORMAT },
        { "O.5", "mg", false, VG_ERR_FORMAT },
        { "l0", "mg", false, VG_ERR_FORMAT },
        { "inf", "mg", false, VG_ERR_FORMAT },
        { "nan", "mg", false, VG_ERR_FORMAT },
        { "0.5", "ug", false, VG_ERR_RANGE },
        { "0.0005", "mg", false, VG_ERR_RANGE },
        { "0.008", "ug/min", true, VG_ERR_RANGE },
        { "0.0000001", "g", false, VG_ERR_RANGE },
        { "0", "mg", false, VG_ERR_RANGE },
        { "0.0", "mg", false, VG_ERR_RANGE },
        { "1000.000001", "g", false, VG_ERR_RANGE },
        { "1001", "g", false, VG_ERR_RANGE },
        { "2000", "g", false, VG_ERR_RANGE },
        { "99999999999999999999999", "ug", false, VG_ERR_RANGE },
        { "5", "", false, VG_ERR_ARG },
        { "5", "MG", false, VG_ERR_ARG },
        { "5", "mcg", false, VG_ERR_ARG },
        { "5", "\xc2\xb5g", false, VG_ERR_ARG },
        { "5", "ml", false, VG_ERR_ARG },
        { "5", "units", false, VG_ERR_ARG },
        { "5", "mg ", false, VG_ERR_ARG },
        { "5", "mg/kg", false, VG_ERR_ARG }, /* of whom? */
        { "5", "mL", false, VG_ERR_ARG },
        { "5", "cc", false, VG_ERR_ARG },
        { "5", "mg/ml", false, VG_ERR_ARG },
        { "5", "IU", false, VG_ERR_ARG },
        { "5", "%", false, VG_ERR_ARG },
        { "5", "mg/h", false, VG_ERR_ARG },
        { "5", "mg", true, VG_ERR_ARG },
        { "5", "g/h", true, VG_ERR_ARG },
        { "5", "ml/h", true, VG_ERR_ARG },
        { "5", "mL/h", true, VG_ERR_ARG },
        { "5", "mg/kg/h", true, VG_ERR_ARG },
        { "5", "mg/kg/min", true, VG_ERR_ARG },
        { "5", "mcg/kg/min", true, VG_ERR_ARG },
        { "5", "mg/kg", true, VG_ERR_ARG },
        { "5", "mg/kg/h", false, VG_ERR_ARG },
    };

    (void)state;
    assert_true(VG_COUNT(cases) >= 40);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        enum vg_status st = amount(cases[i].number, cases[i].unit, cases[i].rate).status;
        if (st != cases[i].st) {
            fail_msg("'%s' '%s' gives %s", cases[i].number, cases[i].unit, vg_status_name(st));
        }
    }
}

/* --- whole requests ------------------------------------------------------------------------- */

static void assert_typed(const struct vg_dose *d, int64_t number, uint8_t places,
                         enum vg_dose_unit unit)
{
    assert_int_equal(d->typed_number, number);
    assert_int_equal(d->places, places);
    assert_int_equal(d->unit, unit);
    assert_int_equal(d->amount_ug, 0); /* the core's to say */
}

static void test_wire_request__a_dose_becomes_its_event(void **state)
{
    struct vg_request r;

    (void)state;
    assert_int_equal(ask(DOSE ",\"kind\":\"bolus\",\"amount\":\"12.5\",\"unit\":\"mg\","
                              "\"given_at\":\"2026-11-24T15:02:00+01:00\"}",
                         true, &r),
                     VG_OK);
    assert_int_equal(r.op, VG_OP_DOSE);
    assert_int_equal(r.bed, 1);
    assert_int_equal(r.ev.bed, 1);
    assert_int_equal(r.ev.device, VG_DEVICE_NONE);
    assert_int_equal(r.ev.kind, VG_EV_DOSE);
    assert_int_equal(r.ev.seq, 0);
    assert_int_equal(r.ev.u.dose.kind, VG_DOSE_BOLUS);
    assert_typed(&r.ev.u.dose, 125, 1, VG_UNIT_MG);
    assert_int_equal(r.ev.u.dose.what, VG_DW_GIVEN);
    assert_int_equal(r.ev.u.dose.confirm_ug, 0);
    assert_int_equal(r.ev.u.dose.extra_sum, 0);
    assert_string_equal(r.extra, "");
    assert_int_equal(r.ev.u.dose.route, VG_ROUTE_IM);
    assert_string_equal(r.ev.u.dose.drug, "ketamine");
    assert_string_equal(r.ev.u.dose.operator_id, "anna");
    assert_string_equal(r.ev.u.dose.request_id, "r-1");
    assert_true(r.has_time);
    assert_int_equal(r.ev.u.dose.given_utc_ns, 1795528920 * VG_NS_PER_S);

    assert_int_equal(
        ask(DOSE ",\"kind\":\"rate_change\",\"amount\":30,\"unit\":\"mg/h\"}", true, &r), VG_OK);
    assert_typed(&r.ev.u.dose, 30, 0, VG_UNIT_MG_H);
    assert_false(r.has_time);
    assert_int_equal(ask(DOSE ",\"kind\":\"stop\"}", true, &r), VG_OK);
    assert_typed(&r.ev.u.dose, 0, 0, VG_UNIT_UG);
}

static void test_wire_request__every_kind_of_dose(void **state)
{
    static const struct {
        const char *json;
        enum vg_dose_kind kind;
        int64_t number;
    } cases[] = {
        { DOSE ",\"kind\":\"pause\"}", VG_DOSE_PAUSE, 0 },
        { DOSE ",\"kind\":\"resume\"}", VG_DOSE_RESUME, 0 },
        { DOSE ",\"kind\":\"resume\",\"amount\":30,\"unit\":\"mg/h\"}", VG_DOSE_RESUME, 30 },
        { DOSE ",\"kind\":\"device\",\"amount\":28,\"unit\":\"mg\"}", VG_DOSE_DEVICE, 28 },
        { DOSE ",\"kind\":\"lozenge\",\"amount\":100,\"unit\":\"mg\"}", VG_DOSE_LOZENGE, 100 },
        { DOSE ",\"kind\":\"lozenge_end\",\"outcome\":\"spat\"}", VG_DOSE_LOZENGE_END, 0 },
        { DOSE ",\"kind\":\"drawn\",\"amount\":500,\"unit\":\"mg\"}", VG_DOSE_DRAWN, 500 },
        { DOSE ",\"kind\":\"waste\",\"amount\":\"15\",\"unit\":\"mg\"}", VG_DOSE_WASTE, 15 },
    };
    struct vg_request r;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_int_equal(ask(cases[i].json, true, &r), VG_OK);
        assert_int_equal(r.ev.u.dose.kind, cases[i].kind);
        assert_int_equal(r.ev.u.dose.typed_number, cases[i].number);
    }
}

/* What no rule reads travels beside the event, with a fingerprint in it. */
static void test_wire_request__what_travels_beside_a_dose(void **state)
{
    struct vg_request r;
    struct vg_request other;

    (void)state;
    assert_int_equal(ask(DOSE ",\"kind\":\"bolus\",\"amount\":\"0.5\",\"unit\":\"mg/kg\","
                              "\"weight\":\"70.2 kg\",\"confirm\":\"35.1 mg\","
                              "\"checked_by\":\"bert\",\"lot\":\"L1\",\"site\":\"left arm\","
                              "\"note\":\"calm\"}",
                         true, &r),
                     VG_OK);
    assert_typed(&r.ev.u.dose, 5, 1, VG_UNIT_MG_KG);
    assert_int_equal(r.ev.u.dose.weight_g, 70200);
    assert_int_equal(r.ev.u.dose.confirm_ug, 35100);
    assert_true(r.ev.u.dose.checked);
    assert_string_equal(r.extra, "\"checked_by\":\"bert\",\"lot\":\"L1\","
                                 "\"site\":\"left arm\",\"note\":\"calm\"");
    assert_int_not_equal(r.ev.u.dose.extra_sum, 0);
    assert_int_equal(ask(DOSE ",\"kind\":\"bolus\",\"amount\":\"0.5\",\"unit\":\"mg/kg\","
                              "\"weight\":\"70.2 kg\",\"checked_by\":\"bert\",\"lot\":\"L2\","
                              "\"site\":\"left arm\",\"note\":\"calm\"}",
                         true, &other),
                     VG_OK);
    assert_int_not_equal(other.ev.u.dose.extra_sum, r.ev.u.dose.extra_sum);
    assert_int_equal(ask(DOSE ",\"kind\":\"infusion_start\",\"amount\":1,\"unit\":\"mL/h\","
                              "\"concentration\":\"1 mg/mL\",\"confirm\":\"52.5 mg/h\"}",
                         true, &r),
                     VG_OK);
    assert_int_equal(r.ev.u.dose.conc_ug_ml, 1000);
    assert_int_equal(r.ev.u.dose.confirm_ug, 52500);
    assert_false(r.ev.u.dose.checked);
}

static void test_wire_request__corrections_of_doses(void **state)
{
    struct vg_request r;

    (void)state;
    assert_int_equal(ask("{\"op\":\"dose_amend\"," WHO ",\"drug\":\"ketamine\",\"route\":\"im\","
                         "\"kind\":\"bolus\",\"amount\":30,\"unit\":\"mg\",\"target\":77,"
                         "\"reason\":\"misread\"}",
                         true, &r),
                     VG_OK);
    assert_int_equal(r.op, VG_OP_DOSE_AMEND);
    assert_int_equal(r.ev.kind, VG_EV_DOSE);
    assert_int_equal(r.ev.u.dose.what, VG_DW_AMEND);
    assert_int_equal(r.ev.u.dose.target, 77);
    assert_typed(&r.ev.u.dose, 30, 0, VG_UNIT_MG);
    assert_string_equal(r.extra, "\"reason\":\"misread\"");
    assert_int_equal(
        ask("{\"op\":\"dose_void\"," WHO ",\"target\":78,\"reason\":\"not given\"}", true, &r),
        VG_OK);
    assert_int_equal(r.ev.u.dose.what, VG_DW_VOID);
    assert_int_equal(r.ev.u.dose.target, 78);
    assert_typed(&r.ev.u.dose, 0, 0, VG_UNIT_UG);
    assert_string_equal(r.extra, "\"reason\":\"not given\"");
    assert_false(r.has_time);
}

static void test_wire_request__the_other_commands(void **state)
{
    struct vg_request r;

    (void)state;
    assert_int_equal(ask("{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"P-1\"}", true, &r),
                     VG_OK);
    assert_int_equal(r.ev.u.session_move.move, VG_SESSION_OPEN);
    assert_string_equal(r.ev.u.session_move.text, "P-1");
    assert_int_equal(r.ev.u.session_move.kind, VG_SESSION_DOSING);
    assert_int_equal(r.ev.u.session_move.protocol, VG_PROTOCOL_NONE);
    assert_string_equal(r.ev.u.session_move.course, "");
    assert_int_equal(ask("{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"P-1\","
                         "\"kind\":\"dosing\",\"course\":\"C-1\",\"protocol\":\"iv-40\"}",
                         true, &r),
                     VG_OK);
    assert_int_equal(r.ev.u.session_move.protocol, 0);
    assert_string_equal(r.ev.u.session_move.course, "C-1");
    assert_int_equal(ask("{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"P-1\","
                         "\"kind\":\"integration\"}",
                         true, &r),
                     VG_OK);
    assert_int_equal(r.ev.u.session_move.kind, VG_SESSION_INTEGRATION);
    assert_int_equal(r.ev.u.session_move.protocol, VG_PROTOCOL_NONE);
    assert_int_equal(ask("{\"op\":\"session_close\"," WHO "}", true, &r), VG_OK);
    assert_int_equal(r.ev.u.session_move.move, VG_SESSION_CLOSE);
    assert_string_equal(r.ev.u.session_move.text, "");
    assert_int_equal(ask("{\"op\":\"session_close\"," WHO ",\"reason\":\"over\"}", true, &r),
                     VG_OK);
    assert_string_equal(r.ev.u.session_move.text, "over");
    assert_int_equal(ask("{\"op\":\"ack\"," WHO ",\"instance\":9223372036854775807}", true, &r),
                     VG_OK);
    assert_int_equal(r.ev.u.ack.instance, INT64_MAX);
    assert_int_equal(ask("{\"op\":\"nibp_start\"," WHO ",\"device\":\"cuff-1\"}", true, &r), VG_OK);
    assert_int_equal(r.ev.device, 1);
    assert_int_equal(r.ev.u.command.what, VG_REQ_NIBP_START);
    assert_int_equal(ask("{\"op\":\"nibp_abort\"," WHO ",\"device\":\"cuff-1\"}", true, &r), VG_OK);
    assert_int_equal(r.ev.u.command.what, VG_REQ_NIBP_ABORT);
}

static void test_wire_request__inhibitions(void **state)
{
    struct vg_request r;
    const struct vg_inhibit_event *i = &r.ev.u.inhibit;

    (void)state;
    assert_int_equal(ask("{\"op\":\"audio_pause\"," WHO "}", true, &r), VG_OK);
    assert_int_equal(r.ev.kind, VG_EV_INHIBIT);
    assert_int_equal(i->what, VG_IW_AUDIO_PAUSE);
    assert_int_equal(i->vital, VG_VITAL_COUNT);
    assert_string_equal(i->reason, "");
    assert_int_equal(
        ask("{\"op\":\"alarm_pause\"," WHO ",\"vital\":\"spo2\",\"reason\":\"wash\"}", true, &r),
        VG_OK);
    assert_int_equal(i->what, VG_IW_ALARM_PAUSE);
    assert_int_equal(i->vital, VG_VITAL_SPO2);
    assert_string_equal(i->reason, "wash");
    assert_int_equal(
        ask("{\"op\":\"alarm_off\"," WHO ",\"vital\":\"nibp_sys\",\"reason\":\"r\"}", true, &r),
        VG_OK);
    assert_int_equal(i->what, VG_IW_ALARM_OFF);
    assert_int_equal(ask("{\"op\":\"alarm_on\"," WHO ",\"vital\":\"nibp_sys\"}", true, &r), VG_OK);
    assert_int_equal(i->what, VG_IW_ALARM_ON);
    assert_int_equal(i->vital, VG_VITAL_NIBP_SYS);
}

static void test_wire_request__limits(void **state)
{
    static const struct {
        const char *limit;
        int32_t milli;
    } values[] = { { "88", 88000 }, { "\"92.5\"", 92500 }, { "\"90.125\"", 90125 }, { "0", 0 } };
    struct vg_request r;
    const struct vg_limits_event *l = &r.ev.u.limits;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(values); i++) {
        char json[200];
        (void)snprintf(json, sizeof json,
                       "{\"op\":\"limit_set\"," WHO
                       ",\"condition\":\"SPO2_LOW\",\"limit\":%s,\"reason\":\"COPD\"}",
                       values[i].limit);
        assert_int_equal(ask(json, true, &r), VG_OK);
        assert_int_equal(r.ev.kind, VG_EV_LIMITS);
        assert_int_equal(l->what, VG_LW_SET);
        assert_int_equal(l->index, VG_COND_SPO2_LOW);
        assert_int_equal(l->limit_milli, values[i].milli);
        assert_string_equal(l->reason, "COPD");
    }
    assert_int_equal(
        ask("{\"op\":\"limits_profile\"," WHO ",\"profile\":\"frail\",\"reason\":\"r\"}", true, &r),
        VG_OK);
    assert_int_equal(l->what, VG_LW_PROFILE);
    assert_int_equal(l->index, 1);
    assert_int_equal(ask("{\"op\":\"limits_formula\"," WHO ",\"reason\":\"r\"}", true, &r), VG_OK);
    assert_int_equal(l->what, VG_LW_FORMULA);
}

static void test_wire_request__care(void **state)
{
    static const struct {
        const char *json;
        enum vg_care_what what;
        int32_t first, second;
    } cases[] = {
        { "{\"op\":\"sedation\"," WHO ",\"score\":5}", VG_CW_SCORE, VG_SCALE_MOAAS, 5 },
        { "{\"op\":\"score\"," WHO ",\"scale\":\"moaas\",\"score\":4}", VG_CW_SCORE, VG_SCALE_MOAAS,
          4 },
        { "{\"op\":\"score\"," WHO ",\"scale\":\"nausea\",\"score\":-3}", VG_CW_SCORE, 1, -3 },
        { "{\"op\":\"defer\"," WHO ",\"seconds\":120,\"reason\":\"asleep\"}", VG_CW_DEFER, 120, 0 },
        { "{\"op\":\"fact\"," WHO ",\"fact\":\"consent\",\"answer\":\"yes\","
          "\"document\":\"D-7\"}",
          VG_CW_FACT, VG_FACT_CONSENT, 1 },
        { "{\"op\":\"fact\"," WHO ",\"fact\":\"escort\",\"answer\":\"no\"}", VG_CW_FACT,
          VG_FACT_ESCORT, 0 },
        { "{\"op\":\"weight\"," WHO ",\"weight\":\"70.2 kg\",\"measured_days\":3,"
          "\"method\":\"scales\"}",
          VG_CW_WEIGHT, 70200, 3 },
        { "{\"op\":\"reading\"," WHO ",\"sys\":120,\"dia\":80,\"unit\":\"mmHg\","
          "\"position\":\"sitting\",\"limb\":\"left arm\"}",
          VG_CW_READING, 120000, 80000 },
        { "{\"op\":\"symptom\"," WHO ",\"symptom\":\"nausea\",\"severity\":2,"
          "\"serious\":true}",
          VG_CW_SYMPTOM, 2, 1 },
        { "{\"op\":\"intervention\"," WHO ",\"what\":\"oxygen\"}", VG_CW_INTERVENTION, 0, 0 },
        { "{\"op\":\"marker\"," WHO ",\"tag\":\"grief\"}", VG_CW_MARKER, 0, 0 },
        { "{\"op\":\"note\"," WHO ",\"note\":\"calm\"}", VG_CW_NOTE, 0, 0 },
        { "{\"op\":\"handover\"," WHO ",\"to\":\"bert\"}", VG_CW_HANDOVER, 0, 0 },
        { "{\"op\":\"override\"," WHO ",\"item\":\"escort\",\"reason\":\"taxi\"}", VG_CW_OVERRIDE,
          VG_GATE_ESCORT, 0 },
        { "{\"op\":\"care_void\"," WHO ",\"target\":77,\"reason\":\"wrong bed\"}", VG_CW_VOID, 0,
          0 },
        { "{\"op\":\"baseline\"," WHO "}", VG_CW_BASELINE, 0, 0 },
        { "{\"op\":\"schedule\"," WHO ",\"vital\":\"nibp_sys\",\"every_s\":300}", VG_CW_SCHEDULE,
          VG_VITAL_NIBP_SYS, 300 },
        { "{\"op\":\"quiet_on\"," WHO "}", VG_CW_QUIET_ON, 0, 0 },
        { "{\"op\":\"quiet_off\"," WHO "}", VG_CW_QUIET_OFF, 0, 0 },
        { "{\"op\":\"test_alarm\"," WHO ",\"priority\":\"high\"}", VG_CW_TEST, VG_PRIO_HIGH, 0 },
    };
    struct vg_request r;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_int_equal(ask(cases[i].json, true, &r), VG_OK);
        assert_int_equal(r.ev.kind, VG_EV_CARE);
        assert_int_equal(r.ev.u.care.what, cases[i].what);
        assert_int_equal(r.ev.u.care.value[0], cases[i].first);
        assert_int_equal(r.ev.u.care.value[1], cases[i].second);
        assert_string_equal(r.ev.u.care.request_id, "r-1");
        assert_string_equal(r.ev.u.care.operator_id, "anna");
        assert_int_equal(r.ev.u.care.extra_sum != 0, r.extra[0] != '\0');
        assert_false(r.has_time);
    }
}

static void test_wire_request__more_of_care(void **state)
{
    static const int32_t by_hand[VG_HAND_COUNT] = { 120000, 80000, -1, 70000, 97000 };
    struct vg_request r;
    const struct vg_care *c = &r.ev.u.care;

    (void)state;
    assert_int_equal(ask("{\"op\":\"reading\"," WHO ",\"sys\":120,\"dia\":80,\"pulse_rate\":70,"
                         "\"spo2\":97,\"unit\":\"mmHg\",\"at\":\"2026-11-24T14:02:00Z\"}",
                         true, &r),
                     VG_OK);
    assert_memory_equal(c->value, by_hand, sizeof by_hand);
    assert_true(r.has_time);
    assert_int_equal(c->at_utc_ns, 1795528920 * VG_NS_PER_S);
    assert_int_equal(ask("{\"op\":\"reading\"," WHO ",\"pulse_rate\":70}", true, &r), VG_OK);
    assert_int_equal(ask("{\"op\":\"weight\"," WHO ",\"weight\":\"154 kg\","
                         "\"confirm\":\"154 kg\"}",
                         true, &r),
                     VG_OK);
    assert_int_equal(c->value[0], 154000);
    assert_int_equal(c->value[1], 0);
    assert_int_equal(c->value[2], 154000);
    assert_int_equal(ask("{\"op\":\"handover\"," WHO ",\"to\":\"bert\"}", true, &r), VG_OK);
    assert_string_equal(c->to, "bert");
    assert_int_equal(
        ask("{\"op\":\"care_void\"," WHO ",\"target\":77,\"reason\":\"wrong bed\"}", true, &r),
        VG_OK);
    assert_int_equal(c->target, 77);
    assert_string_equal(r.extra, "\"reason\":\"wrong bed\"");
}

/* What a therapist writes is the last of the members, so that the stream can be cut before it. */
static void test_wire_request__private_texts_come_last(void **state)
{
    static const struct {
        const char *json, *open, *secret;
    } cases[] = {
        { "{\"op\":\"note\"," WHO ",\"note\":\"calm\"}", "", "\"private\":{\"note\":\"calm\"}" },
        { "{\"op\":\"marker\"," WHO ",\"tag\":\"grief\",\"theme\":\"loss\",\"quote\":\"q\","
          "\"note\":\"n\"}",
          "", "\"private\":{\"tag\":\"grief\",\"theme\":\"loss\",\"quote\":\"q\",\"note\":\"n\"}" },
        { "{\"op\":\"symptom\"," WHO ",\"note\":\"calm\",\"symptom\":\"nausea\",\"severity\":2}",
          "\"symptom\":\"nausea\"", ",\"private\":{\"note\":\"calm\"}" },
        /* Nobody can write the cut into an open text. */
        { "{\"op\":\"symptom\"," WHO ",\"symptom\":\",\\\"private\\\":{\",\"severity\":2}",
          "\"symptom\":\",\\\"private\\\":{\"", "" },
    };
    char wanted[256];
    struct vg_request r;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_int_equal(ask(cases[i].json, true, &r), VG_OK);
        (void)snprintf(wanted, sizeof wanted, "%s%s", cases[i].open, cases[i].secret);
        assert_string_equal(r.extra, wanted);
        assert_int_equal(vg_wire_private_at(r.extra), strlen(cases[i].open));
    }
}

/* The members beside an event have a room of their own; more is refused, never cut. */
static void test_wire_request__too_much_text_is_refused(void **state)
{
    char long_text[400];
    char json[2048];
    struct vg_request r;

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    (void)snprintf(json, sizeof json, "{\"op\":\"note\"," WHO ",\"note\":\"%s\"}", long_text);
    assert_int_equal(ask(json, true, &r), VG_OK);
    (void)snprintf(json, sizeof json, "{\"op\":\"note\"," WHO ",\"note\":\"x%s\"}", long_text);
    assert_int_equal(ask(json, true, &r), VG_ERR_RANGE);
    assert_non_null(strstr(why, "note"));
    (void)snprintf(json, sizeof json,
                   "{\"op\":\"marker\"," WHO ",\"tag\":\"%s\",\"theme\":\"%s\",\"quote\":\"%s\"}",
                   long_text, long_text, long_text);
    assert_int_equal(ask(json, true, &r), VG_ERR_RANGE);
    assert_non_null(strstr(why, "too long together"));
}

static void test_wire_request__words_of_sinks(void **state)
{
    struct vg_request r;

    (void)state;
    assert_int_equal(ask("{\"op\":\"sink_alive\",\"sink\":\"room-1\"}", true, &r), VG_OK);
    assert_int_equal(r.ev.kind, VG_EV_SINK);
    assert_int_equal(r.ev.u.sink.sink, 1);
    assert_true(r.healthy);
    assert_int_equal(ask("{\"op\":\"sink_alive\",\"sink\":\"desk\",\"healthy\":false}", true, &r),
                     VG_OK);
    assert_false(r.healthy);
    assert_int_equal(
        ask("{\"op\":\"receipt\",\"sink\":\"desk\",\"bed\":\"bed-2\",\"instance\":77}", true, &r),
        VG_OK);
    assert_int_equal(r.ev.u.sink.what, VG_SW_RECEIPT);
    assert_int_equal(r.ev.u.sink.instance, 77);
    assert_int_equal(r.ev.bed, 1);
}

static void test_wire_request__questions(void **state)
{
    struct vg_request r;

    (void)state;
    assert_int_equal(ask("{\"op\":\"snapshot\"}", false, &r), VG_OK);
    assert_int_equal(r.bed, VG_BED_NONE);
    assert_int_equal(ask(" {\"op\" : \"snapshot\", \"bed\":\"bed-2\"} ", false, &r), VG_OK);
    assert_int_equal(r.bed, 1);
    assert_int_equal(ask("{\"op\":\"range\"}", false, &r), VG_OK);
    assert_int_equal(r.limit, 100);
    assert_int_equal(r.from_seq, 0);
    assert_int_equal(ask("{\"op\":\"range\",\"from_seq\":7,\"limit\":500}", false, &r), VG_OK);
    assert_int_equal(r.limit, 500);
    assert_int_equal(r.from_seq, 7);
    assert_int_equal(ask("{\"op\":\"history\",\"session\":76,\"bed\":\"bed-1\"}", false, &r),
                     VG_OK);
    assert_int_equal(r.op, VG_OP_HISTORY);
    assert_int_equal(r.session, 76);
    assert_int_equal(r.limit, 100);
    assert_int_equal(ask("{\"op\":\"limits\"}", false, &r), VG_OK);
    assert_int_equal(r.op, VG_OP_LIMITS);
    assert_int_equal(r.bed, VG_BED_NONE);
    assert_int_equal(ask("{\"op\":\"plan\",\"bed\":\"bed-2\"}", false, &r), VG_OK);
    assert_int_equal(r.op, VG_OP_PLAN);
    assert_int_equal(r.bed, 1);
    assert_int_equal(ask("{\"op\":\"notes\",\"session\":76}", true, &r), VG_OK);
    assert_int_equal(r.op, VG_OP_NOTES);
    assert_int_equal(r.bed, VG_BED_NONE);
    assert_int_equal(r.session, 76);
    assert_int_equal(r.limit, 100);
}

static const struct {
    const char *json;
    bool operate;
    enum vg_status st;
    const char *names;
} refusals[] = {
    { "", true, VG_ERR_FORMAT, "JSON" },
    { "nonsense", true, VG_ERR_FORMAT, "JSON" },
    { "[]", true, VG_ERR_FORMAT, "object" },
    { "{}", true, VG_ERR_ARG, "op" },
    { "{\"op\":7}", true, VG_ERR_ARG, "op" },
    { "{\"op\":\"\"}", true, VG_ERR_ARG, "op" },
    { "{\"op\":\"explode\"}", true, VG_ERR_ARG, "explode" },
    { "{\"op\":\"snapshot\"} x", false, VG_ERR_FORMAT, "JSON" },
    { "{\"op\":\"snapshot\",\"op\":\"range\"}", false, VG_ERR_FORMAT, "op" },
    { "{\"op\":\"snapshot\"}", true, VG_ERR_DENIED, "view" },
    { "{\"op\":\"ack\"," WHO ",\"instance\":1}", false, VG_ERR_DENIED, "operate" },
    { "{\"op\":\"snapshot\",\"beds\":\"bed-1\"}", false, VG_ERR_ARG, "beds" },
    { "{\"op\":\"snapshot\",\"bed\":\"bed-9\"}", false, VG_ERR_ARG, "bed-9" },
    { "{\"op\":\"snapshot\",\"bed\":null}", false, VG_ERR_ARG, "bed" },
    { "{\"op\":\"range\",\"limit\":501}", false, VG_ERR_RANGE, "limit" },
    { "{\"op\":\"range\",\"limit\":-1}", false, VG_ERR_RANGE, "limit" },
    { "{\"op\":\"range\",\"limit\":1.5}", false, VG_ERR_RANGE, "limit" },
    { "{\"op\":\"range\",\"from_seq\":\"7\"}", false, VG_ERR_RANGE, "from_seq" },
    { "{\"op\":\"range\",\"from_seq\":9223372036854775808}", false, VG_ERR_FORMAT, "JSON" },
    { "{\"op\":\"ack\"," WHO "}", true, VG_ERR_RANGE, "instance" },
    { "{\"op\":\"range\",\"session\":7}", false, VG_ERR_ARG, "session" },
    { "{\"op\":\"history\",\"session\":\"7\"}", false, VG_ERR_RANGE, "session" },
    { "{\"op\":\"alarm_pause\"," WHO ",\"vital\":\"spo2\"}", true, VG_ERR_ARG, "reason" },
    { "{\"op\":\"alarm_on\"," WHO ",\"vital\":\"smell\"}", true, VG_ERR_ARG, "smell" },
    { "{\"op\":\"audio_pause\"," WHO ",\"vital\":\"spo2\"}", true, VG_ERR_ARG, "vital" },
    { "{\"op\":\"limit_set\"," WHO ",\"condition\":\"STORAGE\",\"limit\":1,\"reason\":\"r\"}", true,
      VG_ERR_ARG, "STORAGE" },
    { "{\"op\":\"limit_set\"," WHO ",\"condition\":\"PR_LOW\",\"limit\":\"-1\",\"reason\":\"r\"}",
      true, VG_ERR_FORMAT, "limit" },
    { "{\"op\":\"limit_set\"," WHO ",\"condition\":\"PR_LOW\",\"limit\":1001,\"reason\":\"r\"}",
      true, VG_ERR_FORMAT, "limit" },
    { "{\"op\":\"limit_set\"," WHO ",\"condition\":\"PR_LOW\",\"limit\":\"45.0001\","
      "\"reason\":\"r\"}",
      true, VG_ERR_FORMAT, "limit" },
    { "{\"op\":\"limits_profile\"," WHO ",\"profile\":\"giant\",\"reason\":\"r\"}", true,
      VG_ERR_ARG, "giant" },
    { "{\"op\":\"limits_formula\"," WHO "}", true, VG_ERR_ARG, "reason" },
    { "{\"op\":\"sedation\"," WHO ",\"score\":6}", true, VG_ERR_RANGE, "score" },
    { "{\"op\":\"sedation\"," WHO "}", true, VG_ERR_RANGE, "score" },
    { "{\"op\":\"notes\"}", false, VG_ERR_DENIED, "operate" },
    { "{\"op\":\"plan\"}", true, VG_ERR_DENIED, "view" },
    { "{\"op\":\"score\"," WHO ",\"scale\":\"smell\",\"score\":5}", true, VG_ERR_ARG, "smell" },
    { "{\"op\":\"score\"," WHO ",\"score\":5}", true, VG_ERR_ARG, "scale" },
    { "{\"op\":\"score\"," WHO ",\"scale\":\"moaas\",\"score\":\"5\"}", true, VG_ERR_RANGE,
      "score" },
    { "{\"op\":\"defer\"," WHO ",\"seconds\":181}", true, VG_ERR_RANGE, "seconds" },
    { "{\"op\":\"defer\"," WHO ",\"seconds\":0}", true, VG_ERR_RANGE, "seconds" },
    { "{\"op\":\"fact\"," WHO ",\"fact\":\"hungry\",\"answer\":\"yes\"}", true, VG_ERR_ARG,
      "hungry" },
    { "{\"op\":\"fact\"," WHO ",\"fact\":\"escort\",\"answer\":\"maybe\"}", true, VG_ERR_ARG,
      "maybe" },
    { "{\"op\":\"fact\"," WHO ",\"fact\":\"escort\"}", true, VG_ERR_ARG, "answer" },
    { "{\"op\":\"weight\"," WHO "}", true, VG_ERR_ARG, "weight" },
    { "{\"op\":\"weight\"," WHO ",\"weight\":\"154 lb\"}", true, VG_ERR_FORMAT, "pounds" },
    { "{\"op\":\"weight\"," WHO ",\"weight\":70.2}", true, VG_ERR_ARG, "weight" },
    { "{\"op\":\"weight\"," WHO ",\"weight\":\"70 kg\",\"measured_days\":367}", true, VG_ERR_RANGE,
      "measured_days" },
    { "{\"op\":\"reading\"," WHO ",\"sys\":120,\"dia\":80}", true, VG_ERR_ARG, "unit" },
    { "{\"op\":\"reading\"," WHO ",\"sys\":16,\"dia\":10,\"unit\":\"kPa\"}", true, VG_ERR_ARG,
      "kPa" },
    { "{\"op\":\"reading\"," WHO ",\"sys\":401,\"dia\":80,\"unit\":\"mmHg\"}", true, VG_ERR_RANGE,
      "sys" },
    { "{\"op\":\"reading\"," WHO ",\"spo2\":101}", true, VG_ERR_RANGE, "spo2" },
    { "{\"op\":\"reading\"," WHO ",\"pulse_rate\":70.5}", true, VG_ERR_RANGE, "pulse_rate" },
    { "{\"op\":\"symptom\"," WHO ",\"symptom\":\"x\",\"severity\":4}", true, VG_ERR_RANGE,
      "severity" },
    { "{\"op\":\"symptom\"," WHO ",\"symptom\":\"x\",\"severity\":1,\"serious\":1}", true,
      VG_ERR_ARG, "serious" },
    { "{\"op\":\"symptom\"," WHO ",\"severity\":1}", true, VG_ERR_ARG, "symptom" },
    { "{\"op\":\"intervention\"," WHO "}", true, VG_ERR_ARG, "what" },
    { "{\"op\":\"marker\"," WHO "}", true, VG_ERR_ARG, "tag" },
    { "{\"op\":\"note\"," WHO "}", true, VG_ERR_ARG, "note" },
    { "{\"op\":\"note\"," WHO ",\"note\":\"x\",\"private\":\"y\"}", true, VG_ERR_ARG, "private" },
    { "{\"op\":\"handover\"," WHO "}", true, VG_ERR_ARG, "to" },
    { "{\"op\":\"override\"," WHO ",\"item\":\"escort\"}", true, VG_ERR_ARG, "reason" },
    { "{\"op\":\"override\"," WHO ",\"item\":\"luck\",\"reason\":\"r\"}", true, VG_ERR_ARG,
      "luck" },
    { "{\"op\":\"care_void\"," WHO ",\"target\":7}", true, VG_ERR_ARG, "reason" },
    { "{\"op\":\"care_void\"," WHO ",\"reason\":\"r\"}", true, VG_ERR_RANGE, "target" },
    { "{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"P\",\"kind\":\"party\"}", true,
      VG_ERR_ARG, "party" },
    { "{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"P\",\"protocol\":\"iv-99\"}", true,
      VG_ERR_ARG, "iv-99" },
    { "{\"op\":\"session_open\"," WHO
      ",\"patient_ref\":\"P\",\"protocol\":\"of-a-running-session\"}",
      true, VG_ERR_ARG, "of-a-running" },
    { "{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"P\",\"kind\":\"preparation\","
      "\"protocol\":\"iv-40\"}",
      true, VG_ERR_ARG, "protocol" },
    { "{\"op\":\"session_open\"," WHO
      ",\"patient_ref\":\"P\",\"course\":\"123456789012345678901234\"}",
      true, VG_ERR_RANGE, "course" },
    { "{\"op\":\"dose_void\"," WHO ",\"target\":7}", true, VG_ERR_ARG, "reason" },
    { "{\"op\":\"dose_void\"," WHO ",\"reason\":\"r\"}", true, VG_ERR_RANGE, "target" },
    { "{\"op\":\"dose_void\"," WHO ",\"target\":7,\"reason\":\"r\",\"amount\":5}", true, VG_ERR_ARG,
      "amount" },
    { DOSE ",\"kind\":\"stop\",\"target\":7}", true, VG_ERR_ARG, "target" },
    { DOSE ",\"kind\":\"bolus\",\"amount\":5,\"unit\":\"mcg\"}", true, VG_ERR_ARG, "write ug" },
    { DOSE ",\"kind\":\"bolus\",\"amount\":0,\"unit\":\"mg\"}", true, VG_ERR_RANGE, "amount" },
    { DOSE ",\"kind\":\"resume\",\"amount\":0,\"unit\":\"mg/h\"}", true, VG_ERR_RANGE, "amount" },
    { DOSE ",\"kind\":\"resume\",\"unit\":\"mg/h\"}", true, VG_ERR_ARG, "amount" },
    { DOSE ",\"kind\":\"pause\",\"amount\":5,\"unit\":\"mg/h\"}", true, VG_ERR_ARG, "pause" },
    { DOSE ",\"kind\":\"stop\",\"checked_by\":\"anna\"}", true, VG_ERR_ARG, "second person" },
    { DOSE ",\"kind\":\"lozenge_end\"}", true, VG_ERR_ARG, "outcome" },
    { DOSE ",\"kind\":\"lozenge_end\",\"outcome\":\"lost\"}", true, VG_ERR_ARG, "lost" },
    { DOSE ",\"kind\":\"stop\",\"outcome\":\"spat\"}", true, VG_ERR_ARG, "outcome" },
    { DOSE ",\"kind\":\"bolus\",\"amount\":5,\"unit\":\"mg\",\"confirm\":\"5\"}", true,
      VG_ERR_FORMAT, "confirm" },
    { DOSE ",\"kind\":\"bolus\",\"amount\":5,\"unit\":\"mg\",\"confirm\":\"5 mg/h\"}", true,
      VG_ERR_FORMAT, "confirm" },
    { "{\"op\":\"schedule\"," WHO ",\"vital\":\"spo2\",\"every_s\":86401}", true, VG_ERR_RANGE,
      "every_s" },
    { "{\"op\":\"test_alarm\"," WHO ",\"priority\":\"loud\"}", true, VG_ERR_ARG, "loud" },
    { "{\"op\":\"test_alarm\"," WHO "}", true, VG_ERR_ARG, "priority" },
    { "{\"op\":\"sink_alive\",\"sink\":\"lamp\"}", true, VG_ERR_ARG, "lamp" },
    { "{\"op\":\"sink_alive\",\"sink\":\"desk\",\"healthy\":\"yes\"}", true, VG_ERR_ARG,
      "healthy" },
    { "{\"op\":\"sink_alive\",\"sink\":\"desk\",\"bed\":\"bed-1\"}", true, VG_ERR_ARG, "bed" },
    { "{\"op\":\"receipt\",\"sink\":\"desk\",\"bed\":\"bed-1\"}", true, VG_ERR_RANGE, "instance" },
    { "{\"op\":\"receipt\",\"sink\":\"desk\",\"instance\":1}", true, VG_ERR_ARG, "bed" },
    { "{\"op\":\"ack\"," WHO ",\"instance\":\"1\"}", true, VG_ERR_RANGE, "instance" },
    { "{\"op\":\"ack\"," WHO ",\"instance\":1,\"note\":\"x\"}", true, VG_ERR_ARG, "note" },
    { "{\"op\":\"ack\",\"bed\":\"bed-1\",\"operator\":\"a\",\"instance\":1}", true, VG_ERR_ARG,
      "request_id" },
    { "{\"op\":\"ack\",\"bed\":\"bed-1\",\"request_id\":\"r\",\"instance\":1}", true, VG_ERR_ARG,
      "operator" },
    { "{\"op\":\"ack\",\"operator\":\"a\",\"request_id\":\"r\",\"instance\":1}", true, VG_ERR_ARG,
      "bed" },
    { "{\"op\":\"session_open\"," WHO "}", true, VG_ERR_ARG, "patient_ref" },
    { "{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"\"}", true, VG_ERR_ARG, "patient_ref" },
    { "{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"a\\nb\"}", true, VG_ERR_ARG,
      "patient_ref" },
    { "{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"a\\u0000b\"}", true, VG_ERR_FORMAT,
      "JSON" },
    { "{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"123456789012345678901234\"}", true,
      VG_ERR_RANGE, "patient_ref" },
    { "{\"op\":\"session_close\"," WHO ",\"reason\":\"\"}", true, VG_ERR_ARG, "reason" },
    { "{\"op\":\"nibp_start\"," WHO "}", true, VG_ERR_ARG, "device" },
    { "{\"op\":\"nibp_start\"," WHO ",\"device\":\"cuff-9\"}", true, VG_ERR_ARG, "cuff-9" },
    { DOSE ",\"kind\":\"bolus\"}", true, VG_ERR_ARG, "amount" },
    { DOSE ",\"kind\":\"bolus\",\"amount\":5}", true, VG_ERR_ARG, "unit" },
    { DOSE ",\"kind\":\"bolus\",\"amount\":0.5,\"unit\":\"mg\"}", true, VG_ERR_ARG, "amount" },
    { DOSE ",\"kind\":\"bolus\",\"amount\":-5,\"unit\":\"mg\"}", true, VG_ERR_FORMAT, "-5" },
    { DOSE ",\"kind\":\"bolus\",\"amount\":\"0,5\",\"unit\":\"mg\"}", true, VG_ERR_FORMAT, "0,5" },
    { DOSE ",\"kind\":\"bolus\",\"amount\":5,\"unit\":\"mg/h\"}", true, VG_ERR_ARG, "mg/h" },
    { DOSE ",\"kind\":\"infusion_start\",\"amount\":5,\"unit\":\"mg\"}", true, VG_ERR_ARG, "mg" },
    { DOSE ",\"kind\":\"bolus\",\"amount\":1000000001,\"unit\":\"ug\"}", true, VG_ERR_RANGE,
      "1000000001" },
    { DOSE ",\"kind\":\"stop\",\"amount\":5,\"unit\":\"mg\"}", true, VG_ERR_ARG, "stop" },
    { DOSE ",\"kind\":\"stop\",\"unit\":\"mg\"}", true, VG_ERR_ARG, "stop" },
    { DOSE ",\"kind\":\"Bolus\",\"amount\":5,\"unit\":\"mg\"}", true, VG_ERR_ARG, "Bolus" },
    { DOSE ",\"kind\":\"stop\",\"given_at\":\"today\"}", true, VG_ERR_FORMAT, "given_at" },
    { DOSE ",\"kind\":\"stop\",\"given_at\":17}", true, VG_ERR_FORMAT, "given_at" },
    { DOSE ",\"kind\":\"stop\",\"given_at\":\"2026-11-24T14:02:00\"}", true, VG_ERR_FORMAT,
      "given_at" },
    { "{\"op\":\"dose\"," WHO ",\"kind\":\"stop\",\"drug\":\"k\",\"route\":\"IV\"}", true,
      VG_ERR_ARG, "IV" },
};

static void test_wire_request__refusals_name_the_member(void **state)
{
    struct vg_request r;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(refusals); i++) {
        enum vg_status st = ask(refusals[i].json, refusals[i].operate, &r);
        if (st != refusals[i].st || strstr(why, refusals[i].names) == NULL) {
            fail_msg("%s gives %s: %s", refusals[i].json, vg_status_name(st), why);
        }
    }
}

/* Text of exactly the capacity is taken whole, zero-padded; one byte more is refused. */
static void test_wire_request__text_is_whole_or_refused(void **state)
{
    char json[512];
    char text[64];
    struct vg_request r;

    (void)state;
    for (int len = 1; len <= 30; len++) {
        memset(text, 'x', sizeof text);
        text[len] = '\0';
        (void)snprintf(json, sizeof json,
                       "{\"op\":\"session_open\",\"request_id\":\"r\",\"bed\":\"bed-1\","
                       "\"operator\":\"%s\",\"patient_ref\":\"P\"}",
                       text);
        enum vg_status st = ask(json, true, &r);
        assert_int_equal(st, len < VG_NAME_MAX ? VG_OK : VG_ERR_RANGE);
        if (st == VG_OK) {
            assert_string_equal(r.ev.u.session_move.operator_id, text);
            for (size_t i = (size_t)len; i < VG_NAME_MAX; i++) {
                assert_int_equal(r.ev.u.session_move.operator_id[i], 0);
            }
        }
    }
}

/* The form that other languages write by themselves, with microseconds and an offset. */
static void test_wire_request__given_at_of_python(void **state)
{
    struct vg_request r;

    (void)state;
    assert_int_equal(ask(DOSE ",\"kind\":\"stop\","
                              "\"given_at\":\"2026-11-24T14:02:00.123456+00:00\"}",
                         true, &r),
                     VG_OK);
    assert_int_equal(r.ev.u.dose.given_utc_ns, 1795528920 * VG_NS_PER_S + 123456000);
}

#define UMLAUTS "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
#define EUROS "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"

/* The sentence quotes what was wrong and is cut; the reply must still be JSON. */
static void test_wire_request__the_sentence_stays_utf8(void **state)
{
    static const char *const cases[] = {
        "{\"op\":\"snapshot\",\"x" UMLAUTS UMLAUTS UMLAUTS UMLAUTS UMLAUTS "\":1}",
        "{\"op\":\"snapshot\",\"bed\":\"\xe2\x82\xac\"}",
        EUROS EUROS EUROS "\xe2\x82",
    };
    struct vg_request r;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_int_not_equal(ask(cases[i], false, &r), VG_OK);
        assert_int_not_equal(why[0], '\0');
        for (const char *s = why; *s != '\0'; s++) {
            assert_true((unsigned char)*s < 0x80);
        }
    }
}

/* A cut request is never half a command. */
static void test_wire_request__every_prefix_is_refused(void **state)
{
    static const char whole[] = DOSE ",\"kind\":\"bolus\",\"amount\":35,\"unit\":\"mg\"}";
    struct vg_request r;

    (void)state;
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        assert_int_equal(vg_wire_request(&names, whole, n, true, &r), VG_ERR_FORMAT);
        assert_int_not_equal(r.why[0], '\0');
    }
    assert_int_equal(ask(whole, true, &r), VG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire_request__amounts_that_are_clear),
        cmocka_unit_test(test_wire_request__rounded_amounts_are_known_as_such),
        cmocka_unit_test(test_wire_request__weight_and_concentration),
        cmocka_unit_test(test_wire_request__ambiguous_amounts_are_refused),
        cmocka_unit_test(test_wire_request__a_dose_becomes_its_event),
        cmocka_unit_test(test_wire_request__every_kind_of_dose),
        cmocka_unit_test(test_wire_request__what_travels_beside_a_dose),
        cmocka_unit_test(test_wire_request__corrections_of_doses),
        cmocka_unit_test(test_wire_request__the_other_commands),
        cmocka_unit_test(test_wire_request__inhibitions),
        cmocka_unit_test(test_wire_request__limits),
        cmocka_unit_test(test_wire_request__care),
        cmocka_unit_test(test_wire_request__more_of_care),
        cmocka_unit_test(test_wire_request__private_texts_come_last),
        cmocka_unit_test(test_wire_request__too_much_text_is_refused),
        cmocka_unit_test(test_wire_request__words_of_sinks),
        cmocka_unit_test(test_wire_request__questions),
        cmocka_unit_test(test_wire_request__refusals_name_the_member),
        cmocka_unit_test(test_wire_request__text_is_whole_or_refused),
        cmocka_unit_test(test_wire_request__given_at_of_python),
        cmocka_unit_test(test_wire_request__the_sentence_stays_utf8),
        cmocka_unit_test(test_wire_request__every_prefix_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
