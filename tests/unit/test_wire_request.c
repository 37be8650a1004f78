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

static const struct vg_wire_names names = {
    .node = "n",
    .boot = "b",
    .bed_count = 2,
    .device_count = 2,
    .sink_count = 2,
    .profile_count = 2,
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
    int64_t ug;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_int_equal(vg_wire_amount(cases[i].number, cases[i].unit, cases[i].rate, &ug), VG_OK);
        assert_int_equal(ug, cases[i].ug);
    }
}

static void test_wire_request__ambiguous_amounts_are_refused(void **state)
{
    static const struct {
        const char *number, *unit;
        bool rate;
        enum vg_status st;
    } cases[] = {
        { "", "mg", false, VG_ERR_FORMAT },
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
        { "0.5", "ug", false, VG_ERR_FORMAT },
        { "0.0005", "mg", false, VG_ERR_FORMAT },
        { "0.01", "ug/min", true, VG_ERR_FORMAT },
        { "0.0000001", "g", false, VG_ERR_RANGE },
        { "0", "mg", false, VG_ERR_RANGE },
        { "0.0", "mg", false, VG_ERR_RANGE },
        { "1000.000001", "g", false, VG_ERR_RANGE },
        { "1001", "g", false, VG_ERR_RANGE },
        { "99999999999999999999999", "ug", false, VG_ERR_RANGE },
        { "5", "", false, VG_ERR_ARG },
        { "5", "MG", false, VG_ERR_ARG },
        { "5", "mcg", false, VG_ERR_ARG },
        { "5", "\xc2\xb5g", false, VG_ERR_ARG },
        { "5", "ml", false, VG_ERR_ARG },
        { "5", "units", false, VG_ERR_ARG },
        { "5", "mg ", false, VG_ERR_ARG },
        { "5", "mg/kg", false, VG_ERR_ARG },
        { "5", "mg/h", false, VG_ERR_ARG },
        { "5", "mg", true, VG_ERR_ARG },
        { "5", "g/h", true, VG_ERR_ARG },
        { "5", "ml/h", true, VG_ERR_ARG },
    };
    int64_t ug;

    (void)state;
    assert_true(VG_COUNT(cases) >= 40);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        enum vg_status st = vg_wire_amount(cases[i].number, cases[i].unit, cases[i].rate, &ug);
        if (st != cases[i].st) {
            fail_msg("'%s' '%s' gives %s", cases[i].number, cases[i].unit, vg_status_name(st));
        }
    }
}

/* --- whole requests ------------------------------------------------------------------------- */

#define WHO "\"request_id\":\"r-1\",\"bed\":\"bed-2\",\"operator\":\"anna\""
#define DOSE "{\"op\":\"dose\"," WHO ",\"drug\":\"ketamine\",\"route\":\"im\""

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
    assert_int_equal(r.ev.u.dose.amount_ug, 12500);
    assert_int_equal(r.ev.u.dose.route, VG_ROUTE_IM);
    assert_string_equal(r.ev.u.dose.drug, "ketamine");
    assert_string_equal(r.ev.u.dose.operator_id, "anna");
    assert_string_equal(r.ev.u.dose.request_id, "r-1");
    assert_true(r.has_given_at);
    assert_int_equal(r.ev.u.dose.given_utc_ns, 1795528920 * VG_NS_PER_S);

    assert_int_equal(
        ask(DOSE ",\"kind\":\"rate_change\",\"amount\":30,\"unit\":\"mg/h\"}", true, &r), VG_OK);
    assert_int_equal(r.ev.u.dose.amount_ug, 30000);
    assert_false(r.has_given_at);
    assert_int_equal(ask(DOSE ",\"kind\":\"stop\"}", true, &r), VG_OK);
    assert_int_equal(r.ev.u.dose.amount_ug, 0);
}

static void test_wire_request__the_other_commands(void **state)
{
    struct vg_request r;

    (void)state;
    assert_int_equal(ask("{\"op\":\"session_open\"," WHO ",\"patient_ref\":\"P-1\"}", true, &r),
                     VG_OK);
    assert_int_equal(r.ev.u.session_move.move, VG_SESSION_OPEN);
    assert_string_equal(r.ev.u.session_move.text, "P-1");
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
        { "{\"op\":\"sedation\"," WHO ",\"score\":5}", VG_CW_SEDATION, 5, 0 },
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
    }
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
    { DOSE ",\"kind\":\"bolus\",\"amount\":2000,\"unit\":\"g\"}", true, VG_ERR_RANGE, "2000" },
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
        cmocka_unit_test(test_wire_request__ambiguous_amounts_are_refused),
        cmocka_unit_test(test_wire_request__a_dose_becomes_its_event),
        cmocka_unit_test(test_wire_request__the_other_commands),
        cmocka_unit_test(test_wire_request__inhibitions),
        cmocka_unit_test(test_wire_request__limits),
        cmocka_unit_test(test_wire_request__care),
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
