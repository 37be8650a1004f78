/*
 * test_confusions.c -- what people mistype about amounts, weights and readings never becomes a row.
 *
 * Each line goes the whole way of a request: decoded, carried out by the engine in a session under
 * the shipped protocol iv-40, and answered. It must be refused, or asked back, with a sentence that
 * says what to do; the session must then hold no dose, no other weight and no reading. The legal
 * forms after it show that this is not because everything is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/protocol.h"
#include "lib/wire.h"
#include "tests/support/core_builder.h"
#include "vigil/compiler.h"

#define WEIGHT_G 70000

static struct vg_protocol protocol;
static struct vg_wire_names names = {
    .node = "n",
    .boot = "b",
    .bed_count = 1,
    .device_count = 1,
    .bed = { "bed-1" },
    .device = { "ox-1" },
    .protocol_count = 1,
    .protocol_offered = 1,
    .protocol = { "iv-40" },
    .protocols = &protocol,
};

/* --- one request ---------------------------------------------------------------------------- */

static struct vg_request request;
static char body[VG_WIRE_MAX];

/* JSON members as a command of a nurse; the whole answer, as it is sent, is in `body`. */
static enum vg_status ask(struct core *c, const char *members)
{
    char json[1024];
    size_t len = 0;

    (void)snprintf(json, sizeof json,
                   "{\"request_id\":\"r-%u\",\"bed\":\"bed-1\",\"operator\":\"anna\",%s}",
                   ++c->request_count, members);
    enum vg_status st = vg_wire_request(&names, json, strlen(json), true, &request);
    struct vg_reply r = { .status = st, .text = request.why };
    if (st == VG_OK) {
        struct vg_event ev = request.ev;
        if (ev.kind == VG_EV_DOSE && !request.has_time) {
            ev.u.dose.given_utc_ns = c->now_ns + c->utc_offset_ns;
        }
        (void)core_feed(c, &ev);
        const struct vg_effect *fx = core_reply(c);
        assert_non_null(fx);
        st = (enum vg_status)fx->status;
        r.status = st;
        r.ev = &fx->ev;
        r.receipt = fx->receipt;
        r.error = fx->refusal != VG_REFUSED_NOT ? vg_refusal_name((enum vg_refusal)fx->refusal)
                                                : NULL;
        r.text = fx->refusal == VG_REFUSED_NOT ? NULL
                 : fx->why != NULL             ? fx->why
                                               : vg_refusal_text((enum vg_refusal)fx->refusal);
    }
    assert_int_equal(vg_wire_reply(&r, body, sizeof body - 1, &len), VG_OK);
    body[len] = '\0';
    return st;
}

static struct core *room(bool weighed)
{
    struct core *c = core_new(0, 1, NULL, CORE_S(100000));

    (void)core_add_oximeter(c, 0);
    vg_engine_add_protocol(c->engine, &protocol);
    assert_int_equal(
        ask(c, "\"op\":\"session_open\",\"patient_ref\":\"p-1\",\"protocol\":\"iv-40\""), VG_OK);
    if (weighed) {
        assert_int_equal(ask(c, "\"op\":\"weight\",\"weight\":\"70 kg\""), VG_OK);
    }
    core_jump(c, CORE_S(600));
    return c;
}

/* --- confusions ----------------------------------------------------------------------------- */

#define DOSE(kind) "\"op\":\"dose\",\"kind\":\"" kind "\",\"drug\":\"ketamine\",\"route\":\"iv\","
#define BOLUS(number, unit) DOSE("bolus") "\"amount\":" number ",\"unit\":\"" unit "\""
#define RATE(number, unit) DOSE("infusion_start") "\"amount\":" number ",\"unit\":\"" unit "\""
#define IN_ML(conc) BOLUS("\"0.7\"", "mL") ",\"concentration\":" conc
#define WEIGHT(text) "\"op\":\"weight\",\"weight\":" text
#define READING "\"op\":\"reading\","
#define MMHG ",\"unit\":\"mmHg\""

/* What the sentence must say at least. */
#define NUMBER "is not a plain decimal number like 35 or 0.5"
#define AMOUNTS "take ug, mg, g, ug/kg, mg/kg or mL"
#define RATES "take ug/h, mg/h, ug/min, mg/min, mg/kg/h, ug/kg/min or mL/h"
#define ADD_CONC "add it, like 50 mg/mL"
#define CONC "concentration must be a number and a unit, like 50 mg/mL"
#define KILOGRAMS "like 70.2 kg; pounds and stones are not taken"
#define CONFIRM "send it again with confirm"
#define CHECK "check what was typed"

/* error: NULL where the request is not even understood, else the engine's word. */
static const struct {
    const char *members, *error, *cure;
    bool unweighed;
} confusions[] = {
    /* micrograms, milligrams, millilitres: a factor of a thousand */
    { BOLUS("\"35\"", "mcg"), NULL, "write ug for micrograms", false },
    { BOLUS("\"35\"", "\xc2\xb5g"), NULL, "write ug for micrograms", false },
    { BOLUS("\"35\"", "\xce\xbcg"), NULL, "write ug for micrograms", false },
    { BOLUS("\"35\"", "\\u00b5g"), NULL, "write ug for micrograms", false },
    { BOLUS("\"35\"", "gamma"), NULL, "write ug for micrograms", false },
    { BOLUS("\"35\"", "Mg"), NULL, "write mg for milligrams", false },
    { BOLUS("\"35\"", "MG"), NULL, "write mg for milligrams", false },
    { BOLUS("\"35\"", "mgs"), NULL, "write mg for milligrams", false },
    { BOLUS("\"35\"", "mg "), NULL, AMOUNTS, false },
    { BOLUS("\"35\"", " mg"), NULL, AMOUNTS, false },
    { BOLUS("\"35\"", "ng"), NULL, AMOUNTS, false },
    { BOLUS("\"35\"", "kg"), NULL, AMOUNTS, false },
    { BOLUS("\"35\"", "m"), NULL, AMOUNTS, false },
    { BOLUS("\"0.7\"", "ml") ",\"concentration\":\"50 mg/mL\"", NULL, "write mL", false },
    { BOLUS("\"0.7\"", "cc") ",\"concentration\":\"50 mg/mL\"", NULL, "write mL", false },
    { BOLUS("\"0.7\"", "ML") ",\"concentration\":\"50 mg/mL\"", NULL, AMOUNTS, false },
    /* what is no amount */
    { BOLUS("\"1\"", "%"), NULL, "1 % is 10 mg/mL", false },
    { BOLUS("\"35\"", "IU"), NULL, "write mg", false },
    { BOLUS("\"35\"", "units"), NULL, AMOUNTS, false },
    { BOLUS("\"35\"", "drops"), NULL, AMOUNTS, false },
    { BOLUS("\"35\"", "gtt"), NULL, AMOUNTS, false },
    { BOLUS("\"50\"", "mg/mL"), NULL, "that is a concentration", false },
    { BOLUS("\"50\"", "mg/ml"), NULL, "that is a concentration", false },
    { BOLUS("\"50 mg/mL\"", "mL"), NULL, NUMBER, false },
    { DOSE("bolus") "\"amount\":\"35\"", NULL, "'unit' is missing; add it", false },
    { DOSE("bolus") "\"unit\":\"mg\"", NULL, "'amount' is missing; add it", false },
    { DOSE("bolus") "\"amount\":\"35\",\"unit\":null", NULL, "'unit' must be text", false },
    { DOSE("bolus") "\"amount\":\"35\",\"unit\":\"\"", NULL, "'unit' must be text", false },
    { DOSE("bolus") "\"amount\":\"35\",\"units\":\"mg\"", NULL, "no member 'units'; remove it",
      false },
    /* numbers */
    { BOLUS("\"0,5\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\".5\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"5.\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"0.50 \"", "mg"), NULL, NUMBER, false },
    { BOLUS("\" 35\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"1e3\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"+5\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"-5\"", "mg"), NULL, NUMBER, false },
    { BOLUS("-35", "mg"), NULL, NUMBER, false },
    { BOLUS("\"1 000\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"1.000,0\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"1,000\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"1'000\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"1.000.000\"", "ug"), NULL, NUMBER, false },
    { BOLUS("\"35mg\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"35 mg\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"1/2\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"\xc2\xbd\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"5-10\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"~35\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"2x35\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"O.5\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"3O\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"l0\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"035\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"0x23\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"NaN\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"inf\"", "mg"), NULL, NUMBER, false },
    { BOLUS("\"0\"", "mg"), NULL, "is no amount; check it", false },
    { BOLUS("\"0.000\"", "mg"), NULL, "is no amount; check it", false },
    { BOLUS("\"0.0000001\"", "g"), NULL, "too many digits; check it", false },
    { BOLUS("\"35000000000\"", "ug"), NULL, "too many digits; check it", false },
    { BOLUS("\"\"", "mg"), NULL, "'amount' must be text", false },
    { BOLUS("0.5", "mg"), NULL, "'amount' must be text", false },
    { BOLUS("35.0", "mg"), NULL, "'amount' must be text", false },
    { BOLUS("1e3", "mg"), NULL, "'amount' must be text", false },
    { BOLUS("null", "mg"), NULL, "'amount' must be text", false },
    { BOLUS("true", "mg"), NULL, "'amount' must be text", false },
    { BOLUS("[35]", "mg"), NULL, "'amount' must be text", false },
    { BOLUS("NaN", "mg"), NULL, "not a JSON object", false },
    { BOLUS("35,5", "mg"), NULL, "not a JSON object", false },
    { BOLUS("035", "mg"), NULL, "not a JSON object", false },
    { BOLUS("\"35\"", "mg") ",\"amount\":\"350\"", NULL, "not a JSON object", false },
    { BOLUS("\"0.4\"", "ug"), "amount", "check number and unit", false },
    { BOLUS("\"1001\"", "g"), "amount", "check number and unit", false },
    /* amounts and rates */
    { BOLUS("\"52.5\"", "mg/h"), NULL, "needs an amount, not 'mg/h'; " AMOUNTS, false },
    { RATE("\"35\"", "mg"), NULL, "needs a rate, not 'mg'; " RATES, false },
    { RATE("\"0.5\"", "mg/kg"), NULL, "needs a rate, not 'mg/kg'; " RATES, false },
    { RATE("\"0.0125\"", "mg/kg/min"), NULL, "write ug/kg/min or mg/kg/h", false },
    { RATE("\"12.5\"", "mcg/kg/min"), NULL, "write ug/kg/min", false },
    { RATE("\"52.5\"", "mg/hr"), NULL, RATES, false },
    { RATE("\"1.05\"", "ml/h"), NULL, RATES, false },
    { RATE("\"1.05\"", "mL/h"), NULL, ADD_CONC, false },
    { DOSE("stop") "\"amount\":\"35\",\"unit\":\"mg\"", NULL, "leave amount and unit out", false },
    { DOSE("infusion") "\"amount\":\"35\",\"unit\":\"mg/h\"", NULL, "infusion_start", false },
    /* weights and concentrations in a dose */
    { BOLUS("\"0.5\"", "mg/kg"), "no_weight", "needs the weight", true },
    { BOLUS("\"0.5\"", "mg/kg") ",\"weight\":\"80 kg\"", "weight_differs",
      "record the right one first", false },
    { BOLUS("\"0.5\"", "mg/kg") ",\"weight\":\"154 lb\"", NULL, "like 70.2 kg", false },
    { BOLUS("\"0.5\"", "mg/kg") ",\"weight\":\"70\"", NULL, "like 70.2 kg", false },
    { BOLUS("\"0.5\"", "mg/lb"), NULL, "weigh in kilograms", false },
    { BOLUS("\"0.01\"", "mL/kg"), NULL, "convert to mg/kg", false },
    { BOLUS("\"35\"", "mg") ",\"weight\":\"70 kg\"", NULL, "leave it out", false },
    { BOLUS("\"0.7\"", "mL"), NULL, ADD_CONC, false },
    { BOLUS("\"35\"", "mg") ",\"concentration\":\"50 mg/mL\"", NULL, "leave it out", false },
    { IN_ML("\"50\""), NULL, CONC, false },
    { IN_ML("\"50 mg\""), NULL, CONC, false },
    { IN_ML("\"50 mg/ml\""), NULL, CONC, false },
    { IN_ML("\"50mg/mL\""), NULL, CONC, false },
    { IN_ML("\"5 %\""), NULL, CONC, false },
    { IN_ML("\"0 mg/mL\""), NULL, CONC, false },
    { IN_ML("\"1:1000\""), NULL, CONC, false },
    { IN_ML("50"), NULL, "'concentration' must be text", false },
    /* ten times and a hundred times, up and down: asked back */
    { BOLUS("\"350\"", "mg"), "confirm", CONFIRM, false },
    { BOLUS("\"3500\"", "mg"), "confirm", CONFIRM, false },
    { BOLUS("\"3.5\"", "mg"), "confirm", CONFIRM, false },
    { BOLUS("\"35\"", "ug"), "confirm", CONFIRM, false },
    { BOLUS("\"35\"", "g"), "confirm", CONFIRM, false },
    { RATE("\"525\"", "mg/h"), "confirm", CONFIRM, false },
    { RATE("\"5250\"", "mg/h"), "confirm", CONFIRM, false },
    { RATE("\"52.5\"", "mg/min"), "confirm", CONFIRM, false },
    { RATE("\"52.5\"", "ug/h"), "confirm", CONFIRM, false },
    { BOLUS("\"5\"", "mg/kg"), "confirm", CONFIRM, false },
    { BOLUS("\"35\"", "mg/kg") ",\"confirm\":\"35 mg\"", "confirm", CONFIRM, false },
    { BOLUS("\"350\"", "mg") ",\"confirm\":\"35 mg\"", "confirm", CONFIRM, false },
    { BOLUS("\"350\"", "mg") ",\"confirm\":\"yes\"", NULL, "like 35 mg", false },
    { BOLUS("\"350\"", "mg") ",\"confirm\":\"350\"", NULL, "like 35 mg", false },
    { BOLUS("\"350\"", "mg") ",\"confirm\":true", NULL, "'confirm' must be text", false },
    /* another drug or route than the protocol's */
    { "\"op\":\"dose\",\"kind\":\"bolus\",\"drug\":\"esketamine\",\"route\":\"iv\","
      "\"amount\":\"35\",\"unit\":\"mg\"",
      "confirm", CONFIRM, false },
    { "\"op\":\"dose\",\"kind\":\"bolus\",\"drug\":\"Ketamine\",\"route\":\"iv\","
      "\"amount\":\"35\",\"unit\":\"mg\"",
      "confirm", CONFIRM, false },
    { "\"op\":\"dose\",\"kind\":\"bolus\",\"drug\":\"ketamine\",\"route\":\"im\","
      "\"amount\":\"35\",\"unit\":\"mg\"",
      "confirm", CONFIRM, false },
    { "\"op\":\"dose\",\"kind\":\"bolus\",\"drug\":\"ketamine\",\"route\":\"IV\","
      "\"amount\":\"35\",\"unit\":\"mg\"",
      NULL, "is not iv, im", false },
    /* times */
    { BOLUS("\"35\"", "mg") ",\"given_at\":\"14:02\"", NULL, "must look like", false },
    { BOLUS("\"35\"", "mg") ",\"given_at\":\"2023-11-14T14:02:00\"", NULL, "must look like",
      false },
    { BOLUS("\"35\"", "mg") ",\"given_at\":\"2031-01-01T00:00:00Z\"", "in_the_future",
      "check the clock", false },
    { BOLUS("\"35\"", "mg") ",\"given_at\":\"2013-11-14T14:02:00Z\"", "before_session",
      "check the time", false },
    /* the weight of a person */
    { WEIGHT("\"154 lb\""), NULL, KILOGRAMS, false },
    { WEIGHT("\"154 lbs\""), NULL, KILOGRAMS, false },
    { WEIGHT("\"11 st\""), NULL, KILOGRAMS, false },
    { WEIGHT("\"154\""), NULL, KILOGRAMS, false },
    { WEIGHT("\"70,2 kg\""), NULL, KILOGRAMS, false },
    { WEIGHT("\"70kg\""), NULL, KILOGRAMS, false },
    { WEIGHT("\"70 KG\""), NULL, KILOGRAMS, false },
    { WEIGHT("\"70  kg\""), NULL, KILOGRAMS, false },
    { WEIGHT("154"), NULL, "'weight' must be text", false },
    { "\"op\":\"weight\"", NULL, "add it, like 70.2 kg", true },
    { WEIGHT("\"154 kg\""), "confirm", CONFIRM, true },
    { WEIGHT("\"154 kg\""), "confirm", CONFIRM, false },
    { WEIGHT("\"154 kg\",\"confirm\":\"70 kg\""), "confirm", CONFIRM, true },
    { WEIGHT("\"50 kg\""), "confirm", CONFIRM, false },
    { WEIGHT("\"7 kg\""), "weight_range", "30 to 250 kg; check number and unit", true },
    { WEIGHT("\"700 kg\""), "weight_range", "30 to 250 kg; check number and unit", true },
    { WEIGHT("\"70 g\""), "weight_range", "30 to 250 kg; check number and unit", true },
    { WEIGHT("\"7 kg\",\"confirm\":\"7 kg\""), "weight_range", "check number and unit", true },
    /* readings */
    { READING "\"sys\":16,\"dia\":11,\"unit\":\"kPa\"", NULL, "read the cuff in mmHg", false },
    { READING "\"sys\":16.0,\"dia\":10.6,\"unit\":\"kPa\"", NULL, "must be an integer", false },
    { READING "\"sys\":16,\"dia\":11" MMHG, "reading", CHECK, false },
    { READING "\"sys\":120,\"dia\":80", NULL, "'unit' is missing; add it", false },
    { READING "\"sys\":120,\"dia\":80,\"unit\":\"mmhg\"", NULL, "is not mmHg", false },
    { READING "\"sys\":80,\"dia\":120" MMHG, "reading", CHECK, false },
    { READING "\"sys\":120,\"dia\":120" MMHG, "reading", CHECK, false },
    { READING "\"sys\":120" MMHG, "reading", CHECK, false },
    { READING "\"dia\":80" MMHG, "reading", CHECK, false },
    { READING "\"mean\":93" MMHG, "reading", CHECK, false },
    { READING "\"sys\":120,\"dia\":80,\"mean\":130" MMHG, "reading", CHECK, false },
    { READING "\"sys\":1200,\"dia\":80" MMHG, NULL, "an integer from 1 to 400", false },
    { READING "\"sys\":\"120/80\"" MMHG, NULL, "an integer from 1 to 400", false },
    { READING "\"sys\":12,\"dia\":8" MMHG, "reading", CHECK, false },
    { READING "\"spo2\":127", NULL, "an integer from 1 to 100", false },
    { READING "\"spo2\":0.97", NULL, "an integer from 1 to 100", false },
    { READING "\"spo2\":\"97 %\"", NULL, "an integer from 1 to 100", false },
    { READING "\"spo2\":5.5", NULL, "an integer from 1 to 100", false },
    { READING "\"pulse_rate\":7", "reading", CHECK, false },
    { READING "\"pulse_rate\":720", NULL, "an integer from 1 to 400", false },
    { READING "\"glucose\":5", NULL, "no member 'glucose'; remove it", false },
    { READING "\"unit\":\"mmHg\"", "reading", CHECK, false },
};

static void expect_nothing(const struct core *c, const char *members, bool weighed, size_t rows)
{
    const struct vg_bed *bed = &c->engine->beds[0];
    bool nothing = bed->session.dose_count == 0 && c->record_count == rows &&
                   bed->session.weight_g == (weighed ? WEIGHT_G : 0) &&
                   bed->session.pressure[0].at_ns == VG_TIME_NONE &&
                   bed->recent[VG_BASE_SPO2].count == 0 && bed->recent[VG_BASE_PR].count == 0;
    if (!nothing) {
        fail_msg("recorded: %s", members);
    }
}

static void test_confusions__each_is_refused_or_asked_back(void **state)
{
    (void)state;
    assert_true(VG_COUNT(confusions) >= 60);
    for (size_t i = 0; i < VG_COUNT(confusions); i++) {
        const char *members = confusions[i].members;
        struct core *c = room(!confusions[i].unweighed);
        size_t rows = c->record_count;
        char error[64];

        if (ask(c, members) == VG_OK) {
            fail_msg("taken: %s", members);
        }
        const char *word = confusions[i].error;
        (void)snprintf(error, sizeof error, "\"error\":\"%s\"", word != NULL ? word : "");
        error[word != NULL ? strlen(error) : strlen("\"error\":\"")] = '\0';
        if (strstr(body, error) == NULL || strstr(body, confusions[i].cure) == NULL) {
            fail_msg("%s: expected %s and \"%s\" in %s", members, error, confusions[i].cure, body);
        }
        /* What was not understood must not have reached the engine: its words are small. */
        const char *said = strstr(body, "\"error\":\"") + strlen("\"error\":\"");
        assert_int_equal(word == NULL, *said >= 'A' && *said <= 'Z');
        expect_nothing(c, members, !confusions[i].unweighed, rows);
    }
    (void)printf("[ confusion] %zu\n", VG_COUNT(confusions));
}

/* --- legal forms ---------------------------------------------------------------------------- */

/* shown: what is asked back, and sent back; NULL = taken at once. ug: of the dose, or ug/h. */
static const struct {
    const char *members, *shown;
    int64_t ug;
} doses[] = {
    { BOLUS("\"35\"", "mg"), NULL, 35000 },
    { BOLUS("35", "mg"), NULL, 35000 },
    { BOLUS("\"35.0\"", "mg"), NULL, 35000 },
    { BOLUS("\"35000\"", "ug"), NULL, 35000 },
    { BOLUS("\"0.035\"", "g"), NULL, 35000 },
    { BOLUS("\"0.5\"", "mg/kg"), "35 mg", 35000 },
    { BOLUS("\"0.5\"", "mg/kg") ",\"weight\":\"70.0 kg\"", "35 mg", 35000 },
    { BOLUS("\"500\"", "ug/kg"), "35 mg", 35000 },
    { BOLUS("\"0.3333333\"", "mg/kg"), NULL, -1 }, /* finer than a microgram of a gram */
    { BOLUS("\"0.333333\"", "mg/kg"), "23.333 mg", 23333 },
    { IN_ML("\"50 mg/mL\""), "35 mg", 35000 },
    { IN_ML("\"50000 ug/mL\""), "35 mg", 35000 },
    { RATE("\"52.5\"", "mg/h"), NULL, 52500 },
    { RATE("\"0.875\"", "mg/min"), NULL, 52500 },
    { RATE("\"875\"", "ug/min"), NULL, 52500 },
    { RATE("\"0.75\"", "mg/kg/h"), "52.5 mg/h", 52500 },
    { RATE("\"12.5\"", "ug/kg/min"), "52.5 mg/h", 52500 },
    { RATE("\"1.05\"", "mL/h") ",\"concentration\":\"50 mg/mL\"", "52.5 mg/h", 52500 },
    { BOLUS("\"350\"", "mg"), "350 mg", 350000 },
    { BOLUS("\"1234.567\"", "mg"), "1234.567 mg", 1234567 },
    { BOLUS("\"3.5\"", "mg"), "3.5 mg", 3500 },
    { BOLUS("\"1000\"", "g"), "1000000 mg", 1000000000 },
    { "\"op\":\"dose\",\"kind\":\"bolus\",\"drug\":\"esketamine\",\"route\":\"nasal\","
      "\"amount\":\"28\",\"unit\":\"mg\"",
      "28 mg", 28000 },
    { "\"op\":\"dose\",\"kind\":\"stop\",\"drug\":\"ketamine\",\"route\":\"iv\"", NULL, 0 },
    { "\"op\":\"dose\",\"kind\":\"resume\",\"drug\":\"ketamine\",\"route\":\"iv\"", NULL, 0 },
    { "\"op\":\"dose\",\"kind\":\"drawn\",\"drug\":\"ketamine\",\"route\":\"iv\","
      "\"amount\":\"200\",\"unit\":\"mg\"",
      NULL, 200000 },
};

/* As a client does: what was shown goes back with the same members. */
static void confirm(struct core *c, const char *members, const char *shown)
{
    char expected[96];
    char again[512];

    (void)snprintf(expected, sizeof expected, "\"confirm\":\"%s\"", shown);
    if (strstr(body, "\"error\":\"confirm\"") == NULL || strstr(body, expected) == NULL) {
        fail_msg("%s: expected %s in %s", members, expected, body);
    }
    (void)snprintf(again, sizeof again, "%s,%s", members, expected);
    (void)ask(c, again);
}

static void test_confusions__legal_doses_are_taken(void **state)
{
    (void)state;
    assert_true(VG_COUNT(doses) >= 15);
    for (size_t i = 0; i < VG_COUNT(doses); i++) {
        struct core *c = room(true);
        const struct vg_session *s = &c->engine->beds[0].session;
        bool ok = ask(c, doses[i].members) == VG_OK;
        if (doses[i].ug < 0) {
            assert_false(ok);
            continue;
        }
        if (doses[i].shown != NULL) {
            assert_int_equal(s->dose_count, 0);
            confirm(c, doses[i].members, doses[i].shown);
        }
        if (s->dose_count != 1 || s->doses[0].amount_ug != doses[i].ug) {
            fail_msg("%s: not taken, %s", doses[i].members, body);
        }
        assert_non_null(strstr(body, "\"ok\":true"));
    }
}

static void test_confusions__legal_weights_are_taken(void **state)
{
    static const struct {
        const char *members, *shown;
        int32_t g;
    } weights[] = {
        { WEIGHT("\"70.2 kg\""), NULL, 70200 },
        { WEIGHT("\"70200 g\""), NULL, 70200 },
        { WEIGHT("\"30 kg\""), NULL, 30000 },
        { WEIGHT("\"154 kg\""), "154.000 kg", 154000 },
        { WEIGHT("\"249.999 kg\""), "249.999 kg", 249999 },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(weights); i++) {
        struct core *c = room(false);
        (void)ask(c, weights[i].members);
        if (weights[i].shown != NULL) {
            confirm(c, weights[i].members, weights[i].shown);
        }
        if (c->engine->beds[0].session.weight_g != weights[i].g) {
            fail_msg("%s: not taken, %s", weights[i].members, body);
        }
    }
}

static void test_confusions__legal_readings_are_taken(void **state)
{
    static const char *const readings[] = {
        READING "\"sys\":120,\"dia\":80" MMHG,
        READING "\"sys\":120,\"dia\":80,\"mean\":93,\"pulse_rate\":70" MMHG,
        READING "\"sys\":210,\"dia\":115" MMHG,
        READING "\"spo2\":97",
        READING "\"pulse_rate\":38",
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(readings); i++) {
        struct core *c = room(true);
        const struct vg_session *s = &c->engine->beds[0].session;
        if (ask(c, readings[i]) != VG_OK) {
            fail_msg("%s: not taken, %s", readings[i], body);
        }
        bool pressure = strstr(readings[i], "sys") != NULL;
        assert_int_equal(s->pressure[0].at_ns != VG_TIME_NONE, pressure);
        assert_non_null(core_effect(c, VG_EV_CARE));
    }
}

static int read_protocol(void **state)
{
    static struct vg_protocol_text text;
    static struct vg_scales scales;
    const char *file = VG_SOURCE_DIR "/config/protocols/iv-40.yaml";
    struct vg_yaml_log log = { .out = stderr };

    (void)state;
    vg_scales_default(&scales);
    names.scale_count = scales.count;
    for (uint16_t i = 0; i < scales.count; i++) {
        names.scale[i] = scales.of[i].id;
    }
    return vg_protocol_open(file, &log, &text) == VG_OK &&
                   vg_protocol_read(file, &text, &scales, &log, &protocol) == VG_OK
               ? 0
               : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confusions__each_is_refused_or_asked_back),
        cmocka_unit_test(test_confusions__legal_doses_are_taken),
        cmocka_unit_test(test_confusions__legal_weights_are_taken),
        cmocka_unit_test(test_confusions__legal_readings_are_taken),
    };
    return cmocka_run_group_tests(tests, read_protocol, NULL);
}
