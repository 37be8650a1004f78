/* test_wire.c -- every event fits its frame at its worst, says what the specification says, and the
 * recorded kinds come back as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/wire.h"
#include "lib/wire_decode.h"
#include "vigil/compiler.h"
#include "vigil/quantity.h"

/* Identifiers as long as the configuration allows. */
static const char long_id[] = "0123456789012345678901234567890";
static_assert(sizeof long_id == VG_ID_MAX, "as long as an identifier may be");

static const char long_name[] = "01234567890123456789012";
static_assert(sizeof long_name == VG_NAME_MAX, "as long as a name may be");
static const char long_scale[] = "012345678901234";
static_assert(sizeof long_scale == VG_SCALE_ID_MAX, "as long as the name of a scale may be");

#define HASH_8 "01234567"
static const struct vg_protocol protocols[] = {
    { .hash = HASH_8 HASH_8 HASH_8 HASH_8 HASH_8 HASH_8 HASH_8 HASH_8,
      .phase_count = VG_PHASES_MAX,
      .phases = { [VG_PHASES_MAX - 1] = { .name = "01234567890123456789012" } } },
    { .hash = "of a session that runs" },
};

static const struct vg_wire_names names = {
    .node = long_id,
    .boot = "bea87f6c-3293-4ccd-a5b3-edc7d82349a2",
    .bed_count = 1,
    .device_count = 1,
    .sink_count = 2,
    .profile_count = 1,
    .scale_count = VG_SCALES_MAX,
    .protocol_count = 2,
    .protocol_offered = 1,
    .scale = { long_scale, "s1",  "s2",  "s3",  "s4",  "s5",  "s6",  "s7",  "s8",  "s9",      "s10",
               "s11",      "s12", "s13", "s14", "s15", "s16", "s17", "s18", "s19", "s20",     "s21",
               "s22",      "s23", "s24", "s25", "s26", "s27", "s28", "s29", "s30", long_scale },
    .protocol = { long_id, "old" },
    .protocols = protocols,
    .bed = { long_id },
    .device = { long_id },
    .sink = { long_id, "desk" },
    .profile = { long_id },
};

/* A byte that needs six in JSON: requests refuse it, the encoder must survive it. */
static void fill(char *text, size_t cap, char c)
{
    memset(text, c, cap - 1);
    text[cap - 1] = '\0';
}

static struct vg_event base(enum vg_event_kind kind)
{
    struct vg_event ev;
    memset(&ev, 0, sizeof ev);
    ev.kind = (uint16_t)kind;
    ev.seq = UINT64_MAX;
    ev.session = UINT64_MAX;
    ev.mono_ns = INT64_MIN;
    ev.utc_ns = INT64_MIN;
    ev.flags = VG_FLAG_TEST | VG_FLAG_UNSAVED;
    return ev;
}

static void worst_strings(struct vg_event *ev, char c)
{
    switch ((enum vg_event_kind)ev->kind) {
    case VG_EV_SESSION:
        fill(ev->u.session_move.request_id, VG_REQUEST_ID_MAX, c);
        fill(ev->u.session_move.operator_id, VG_NAME_MAX, c);
        fill(ev->u.session_move.text, VG_REASON_MAX, c);
        fill(ev->u.session_move.course, VG_NAME_MAX, c);
        ev->u.session_move.kind = VG_SESSION_PREPARATION;
        ev->u.session_move.unmet = UINT32_MAX;
        break;
    case VG_EV_DOSE:
        fill(ev->u.dose.request_id, VG_REQUEST_ID_MAX, c);
        fill(ev->u.dose.operator_id, VG_NAME_MAX, c);
        fill(ev->u.dose.drug, VG_NAME_MAX, c);
        ev->u.dose.amount_ug = INT64_MAX;
        ev->u.dose.kind = VG_DOSE_INFUSION_START;
        ev->u.dose.route = VG_ROUTE_BUCCAL;
        ev->u.dose.given_utc_ns = INT64_MAX;
        ev->u.dose.what = VG_DW_AMEND;
        ev->u.dose.target = INT64_MAX;
        ev->u.dose.typed_number = INT64_MAX;
        ev->u.dose.places = VG_QUANTITY_PLACES_MAX;
        ev->u.dose.unit = VG_UNIT_UG_KG_MIN;
        ev->u.dose.weight_g = INT32_MAX;
        ev->u.dose.conc_ug_ml = INT32_MAX;
        ev->u.dose.deviation = UINT16_MAX;
        ev->u.dose.gate = UINT32_MAX;
        ev->u.dose.extra_sum = UINT32_MAX;
        break;
    case VG_EV_ACK:
        fill(ev->u.ack.request_id, VG_REQUEST_ID_MAX, c);
        fill(ev->u.ack.operator_id, VG_NAME_MAX, c);
        ev->u.ack.instance = UINT64_MAX;
        break;
    case VG_EV_NIBP_COMMAND:
        fill(ev->u.command.request_id, VG_REQUEST_ID_MAX, c);
        fill(ev->u.command.operator_id, VG_NAME_MAX, c);
        break;
    case VG_EV_ALARM:
        fill(ev->u.alarm.operator_id, VG_NAME_MAX, c);
        ev->u.alarm.instance = UINT64_MAX;
        ev->u.alarm.condition = VG_COND_DATA_LOST;
        ev->u.alarm.subject = VG_VITAL_NIBP_PULSE_RATE;
        ev->u.alarm.what = VG_AW_SUPPRESSED_BY_DELAY;
        ev->u.alarm.priority = VG_PRIO_MED;
        ev->u.alarm.has_value = true;
        ev->u.alarm.value_milli = INT32_MIN;
        ev->u.alarm.limit_milli = INT32_MIN;
        ev->u.alarm.since_ns = INT64_MIN;
        ev->u.alarm.row = UINT8_MAX;
        break;
    case VG_EV_WAVE:
        ev->u.wave.vital = VG_VITAL_NIBP_PULSE_RATE;
        ev->u.wave.width_bytes = 2;
        ev->u.wave.count = VG_WAVE_BYTES / 2;
        ev->u.wave.rate_millihz = UINT32_MAX;
        memset(ev->u.wave.data, 0xff, sizeof ev->u.wave.data);
        break;
    case VG_EV_SIGNAL:
        ev->u.signal.bits = UINT32_MAX;
        break;
    case VG_EV_READING:
        ev->u.reading.vital = VG_VITAL_NIBP_PULSE_RATE;
        ev->u.reading.value_milli = INT32_MIN / 2;
        ev->u.reading.quality = VG_QUALITY_QUESTIONABLE;
        break;
    case VG_EV_FRESHNESS:
        ev->u.fresh.vital = VG_VITAL_NIBP_PULSE_RATE;
        ev->u.fresh.to = VG_FRESH_STALE;
        ev->u.fresh.age_ns = INT64_MAX;
        break;
    case VG_EV_INHIBIT:
        fill(ev->u.inhibit.request_id, VG_REQUEST_ID_MAX, c);
        fill(ev->u.inhibit.operator_id, VG_NAME_MAX, c);
        fill(ev->u.inhibit.reason, VG_REASON_MAX, c);
        ev->u.inhibit.what = VG_IW_MOVED;
        ev->u.inhibit.vital = VG_VITAL_NIBP_PULSE_RATE;
        ev->u.inhibit.row = UINT8_MAX;
        break;
    case VG_EV_LIMITS:
        fill(ev->u.limits.request_id, VG_REQUEST_ID_MAX, c);
        fill(ev->u.limits.operator_id, VG_NAME_MAX, c);
        fill(ev->u.limits.reason, VG_REASON_MAX, c);
        ev->u.limits.limit_milli = INT32_MIN;
        break;
    case VG_EV_LIMIT:
        fill(ev->u.limit.operator_id, VG_NAME_MAX, c);
        ev->u.limit.old_milli = INT32_MIN;
        ev->u.limit.new_milli = INT32_MIN;
        break;
    case VG_EV_ROUTE:
        ev->u.route.instance = UINT64_MAX;
        ev->u.route.condition = VG_COND_LINK_DEVICE;
        break;
    case VG_EV_SINK:
        ev->u.sink.instance = UINT64_MAX;
        ev->u.sink.what = VG_SW_RECEIPT;
        break;
    case VG_EV_CARE:
        fill(ev->u.care.request_id, VG_REQUEST_ID_MAX, c);
        fill(ev->u.care.operator_id, VG_NAME_MAX, c);
        fill(ev->u.care.to, VG_NAME_MAX, c);
        ev->u.care.what = VG_CW_READING;
        ev->u.care.at_utc_ns = INT64_MAX;
        ev->u.care.target = INT64_MAX;
        ev->u.care.extra_sum = UINT32_MAX;
        for (size_t i = 0; i < VG_BASE_COUNT; i++) {
            ev->u.care.value[i] = INT32_MAX;
        }
        break;
    case VG_EV_PLAN:
        ev->u.plan.what = VG_PW_MARK;
        ev->u.plan.scales = UINT32_MAX;
        ev->u.plan.missing = UINT32_MAX;
        ev->u.plan.index = VG_MARKS_MAX - 1;
        ev->u.plan.to = VG_MS_MET_LATE;
        ev->u.plan.from = VG_MS_ANNOUNCED;
        ev->u.plan.due_utc_ns = INT64_MAX;
        ev->u.plan.off_ns = INT64_MIN;
        break;
    case VG_EV_NIBP:
    case VG_EV_DEVICE:
    case VG_EV_CUFF:
    case VG_EV_CLOCK:
    case VG_EV_DAEMON:
    case VG_EV_BIND:
    case VG_EV_NONE:
    case VG_EV_TICK:
    case VG_EV_KIND_COUNT:
        break;
    }
}

static void small_instance(struct vg_event *ev)
{
    if (ev->kind == VG_EV_ALARM) {
        ev->u.alarm.instance = 3;
    } else if (ev->kind == VG_EV_ACK) {
        ev->u.ack.instance = 3;
    } else if (ev->kind == VG_EV_ROUTE) {
        ev->u.route.instance = 3;
    } else if (ev->kind == VG_EV_SINK) {
        ev->u.sink.instance = 3;
    } else {
        /* has none */
    }
}

static json_t *parse(const char *body, size_t len)
{
    json_error_t err;
    json_t *o = json_loadb(body, len, JSON_REJECT_DUPLICATES, &err);
    if (o == NULL) {
        fail_msg("%s in %.*s", err.text, (int)len, body);
    }
    return o;
}

static long long number(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_integer(v)) {
        fail_msg("no integer '%s'", key);
    }
    return json_integer_value(v);
}

static const char *word(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "(none)";
}

static json_t *encode(const struct vg_event *ev)
{
    char body[VG_WIRE_MAX];
    size_t len = 0;
    assert_int_equal(vg_wire_event(&names, ev, (struct vg_wire_stamp){ 1, false, NULL }, body,
                                   sizeof body, &len),
                     VG_OK);
    return parse(body, len);
}

/* --- size ----------------------------------------------------------------------------------- */

/* As much text beside an event as a request may bring. */
static const char *worst_extra(void)
{
    static const char begin[] = "\"note\":\"";
    static char extra[VG_EXTRA_MAX];
    memset(extra, 'x', sizeof extra);
    memcpy(extra, begin, sizeof begin - 1);
    extra[sizeof extra - 2] = '"';
    extra[sizeof extra - 1] = '\0';
    return extra;
}

static void test_wire__every_kind_fits_at_its_worst(void **state)
{
    static const char chars[] = { 'x', '"', '\x01' };
    const char *extra = worst_extra();
    char body[VG_WIRE_MAX];
    size_t len;

    (void)state;
    for (unsigned k = 0; k < VG_EV_KIND_COUNT; k++) {
        for (size_t i = 0; i < VG_COUNT(chars); i++) {
            struct vg_event ev = base((enum vg_event_kind)k);
            worst_strings(&ev, chars[i]);
            assert_int_equal(vg_wire_event(&names, &ev,
                                           (struct vg_wire_stamp){ UINT64_MAX / 2, true, extra },
                                           body, sizeof body, &len),
                             VG_OK);
            assert_true(len < VG_WIRE_MAX);
            ev.seq = 1; /* jansson reads no number beyond INT64_MAX */
            ev.session = 2;
            small_instance(&ev);
            assert_int_equal(vg_wire_event(&names, &ev, (struct vg_wire_stamp){ 1, true, extra },
                                           body, sizeof body, &len),
                             VG_OK);
            json_decref(parse(body, len));
        }
    }
}

/* Every word of care, every kind of dose and every correction, in a frame and in the record. */
static void fits(struct vg_event *ev, const char *extra)
{
    char body[VG_WIRE_MAX];
    size_t len;
    ev->seq = 1;
    ev->session = 2;
    assert_int_equal(vg_wire_event(&names, ev, (struct vg_wire_stamp){ 1, true, extra }, body,
                                   sizeof body, &len),
                     VG_OK);
    json_decref(parse(body, len));
    assert_int_equal(vg_wire_payload(&names, ev, extra, body, sizeof body, &len), VG_OK);
    json_decref(parse(body, len));
}

static void test_wire__every_word_fits_at_its_worst(void **state)
{
    const char *extra = worst_extra();

    (void)state;
    for (unsigned what = 0; what < VG_CW_COUNT; what++) {
        for (int small = 0; small < 2; small++) {
            struct vg_event ev = base(VG_EV_CARE);
            worst_strings(&ev, '"');
            ev.u.care.what = (uint8_t)what;
            ev.u.care.value[0] = small == 0 ? 1 : 2; /* a place in a table, for some */
            ev.u.care.request_id[0] = small == 0 ? ev.u.care.request_id[0] : '\0';
            fits(&ev, extra);
        }
    }
    for (unsigned kind = 0; kind < VG_DOSE_KIND_COUNT; kind++) {
        for (unsigned what = 0; what < VG_DW_COUNT; what++) {
            struct vg_event ev = base(VG_EV_DOSE);
            worst_strings(&ev, '"');
            ev.u.dose.kind = (uint8_t)kind;
            ev.u.dose.what = (uint8_t)what;
            fits(&ev, extra);
        }
    }
    for (unsigned what = 0; what < VG_PW_COUNT; what++) {
        struct vg_event ev = base(VG_EV_PLAN);
        worst_strings(&ev, '"');
        ev.u.plan.what = (uint8_t)what;
        ev.u.plan.index = what == VG_PW_PHASE ? VG_PHASES_MAX - 1 : ev.u.plan.index;
        fits(&ev, NULL);
    }
}

/* What is private stays in the record. */
static void test_wire__extra_members_and_what_is_private(void **state)
{
    static const char extra[] = "\"symptom\":\"nausea\",\"private\":{\"note\":\"of her mother\"}";
    static const char only[] = "\"private\":{\"note\":\"of her mother\"}";
    static const char *const both[] = { extra, only };
    char body[VG_WIRE_MAX];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(both); i++) {
        struct vg_event ev = base(VG_EV_CARE);
        ev.seq = 1;
        ev.session = 2;
        ev.u.care.what = VG_CW_SYMPTOM;
        assert_int_equal(vg_wire_event(&names, &ev, (struct vg_wire_stamp){ 1, false, both[i] },
                                       body, sizeof body, &len),
                         VG_OK);
        json_t *o = parse(body, len);
        assert_string_equal(word(o, "symptom"), i == 0 ? "nausea" : "(none)");
        assert_null(json_object_get(o, "private"));
        assert_null(memmem(body, len, "mother", 6));
        json_decref(o);
        assert_int_equal(vg_wire_payload(&names, &ev, both[i], body, sizeof body, &len), VG_OK);
        o = parse(body, len);
        assert_string_equal(word(json_object_get(o, "private"), "note"), "of her mother");
        json_decref(o);
        body[len] = '\0';
        assert_memory_equal(body + vg_wire_private_at(body), ",\"private\"",
                            strlen(",\"private\""));
    }
}

static void test_wire__a_small_buffer_is_never_half_filled(void **state)
{
    char body[VG_WIRE_MAX];
    size_t whole;
    size_t len;
    struct vg_event ev = base(VG_EV_DOSE);

    (void)state;
    worst_strings(&ev, 'x');
    assert_int_equal(vg_wire_event(&names, &ev, (struct vg_wire_stamp){ 1, false, NULL }, body,
                                   sizeof body, &whole),
                     VG_OK);
    for (size_t cap = 0; cap < whole; cap++) {
        assert_int_equal(
            vg_wire_event(&names, &ev, (struct vg_wire_stamp){ 1, false, NULL }, body, cap, &len),
            VG_ERR_FULL);
        assert_true(len <= cap);
    }
}

/* Everything that can be inhibited is, by people with long names and reasons. */
static void inhibit_everything(struct vg_wire_alarms *a, struct vg_wire_inhibition *all)
{
    static const char who[] = "01234567890123456789012";
    static const char why[] = "01234567890123456789012345678901234567890123456";
    static_assert(sizeof who == VG_NAME_MAX && sizeof why == VG_REASON_MAX, "as long as it gets");
    for (uint8_t v = 0; v <= VG_VITAL_COUNT; v++) {
        all[v] = (struct vg_wire_inhibition){ v, VG_IS_AUDIO_PAUSED, INT64_MAX, who, why };
    }
    a->inhibition = all;
    a->inhibition_count = VG_VITAL_COUNT + 1;
    a->quiet = (struct vg_wire_quiet){ true, INT64_MAX, who };
    a->test_left_ns = INT64_MAX;
    for (size_t r = 0; r < VG_SINK_ROLES; r++) {
        a->sound[r] = (struct vg_wire_sound){ INT64_MAX, UINT16_MAX, VG_PRIO_MED, VG_CAT_CARDIO };
    }
}

static void test_wire__alarm_state_with_long_names_loses_entries_only(void **state)
{
    static struct vg_event open[VG_WIRE_ALARMS_MAX];
    static struct vg_wire_alarm_more more[VG_WIRE_ALARMS_MAX];
    static struct vg_wire_inhibition all[VG_VITAL_COUNT + 1];
    struct vg_now now = { .mono_ns = INT64_MAX, .utc_ns = INT64_MAX };
    struct vg_wire_alarms a = { .count = 7,
                                .run = INT64_MAX,
                                .now = &now,
                                .open_count = 99,
                                .alarm = open,
                                .more = more,
                                .session = INT64_MAX,
                                .test = true };
    static char body[VG_WIRE_ALARMS_BYTES];
    size_t len = 0;

    (void)state;
    inhibit_everything(&a, all);
    for (size_t i = 0; i < VG_COUNT(open); i++) {
        open[i] = base(VG_EV_ALARM);
        worst_strings(&open[i], 'x');
        open[i].u.alarm.instance = INT64_MAX;
        more[i] = (struct vg_wire_alarm_more){ VG_CAT_CARDIO, VG_RS_ESCALATED, VG_IS_ALARM_PAUSED,
                                               UINT16_MAX };
    }
    a.listed = VG_COUNT(open); /* in the frame made for it, none is lost */
    assert_int_equal(vg_wire_alarms(&names, &a, body, sizeof body, &len), VG_OK);
    a.inhibition_count = 0;
    while (vg_wire_alarms(&names, &a, body, VG_WIRE_MAX, &len) != VG_OK) {
        assert_true(a.listed > 8); /* even in the frame of one event eight alarms would fit */
        a.listed--;
    }
    a.inhibition_count = VG_VITAL_COUNT + 1;
    assert_int_equal(vg_wire_alarms(&names, &a, body, sizeof body, &len), VG_OK);
    json_t *o = parse(body, len);
    assert_int_equal(number(o, "open"), 99);
    assert_int_equal(json_array_size(json_object_get(o, "instances")), a.listed);
    assert_int_equal(json_array_size(json_object_get(o, "inhibited")), VG_VITAL_COUNT + 1);
    assert_string_equal(word(o, "boot"), names.boot);
    json_decref(o);
}

/* --- topics --------------------------------------------------------------------------------- */

static void test_wire__topics(void **state)
{
    static const struct {
        enum vg_event_kind kind;
        const char *suffix; /* after the bed; NULL = not published */
    } cases[] = {
        { VG_EV_NONE, NULL },
        { VG_EV_READING, ".vital.nibp_pulse_rate" },
        { VG_EV_FRESHNESS, ".vital.nibp_pulse_rate" },
        { VG_EV_WAVE, ".wave.nibp_pulse_rate" },
        { VG_EV_ALARM, ".alarm" },
        { VG_EV_SESSION, ".session" },
        { VG_EV_DAEMON, ".session" },
        { VG_EV_DOSE, ".dose" },
        { VG_EV_DEVICE, ".device.0123456789012345678901234567890" },
        { VG_EV_SIGNAL, ".device.0123456789012345678901234567890" },
        { VG_EV_CUFF, ".device.0123456789012345678901234567890" },
        { VG_EV_NIBP, ".device.0123456789012345678901234567890" },
        { VG_EV_ACK, NULL },
        { VG_EV_NIBP_COMMAND, NULL },
        { VG_EV_CLOCK, NULL },
        { VG_EV_TICK, NULL },
        { VG_EV_INHIBIT, NULL },
        { VG_EV_LIMITS, NULL },
        { VG_EV_LIMIT, ".session" },
        { VG_EV_ROUTE, NULL },
        { VG_EV_SINK, NULL },
        { VG_EV_CARE, ".session" },
        { VG_EV_BIND, NULL },
        { VG_EV_PLAN, ".session" },
    };
    char topic[VG_TOPIC_MAX];
    char wanted[VG_TOPIC_MAX];
    size_t len = 0;

    (void)state;
    assert_int_equal(VG_COUNT(cases), VG_EV_KIND_COUNT);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_event ev = base(cases[i].kind);
        worst_strings(&ev, 'x');
        bool told = vg_wire_topic(&names, &ev, topic, &len);
        assert_int_equal(told, cases[i].suffix != NULL);
        if (told) {
            (void)snprintf(wanted, sizeof wanted, "v1.%s%s", long_id, cases[i].suffix);
            assert_int_equal(len, strlen(wanted));
            assert_memory_equal(topic, wanted, len);
        }
    }
}

/* A frame without a value right after the reading would blank it, for minutes with a cuff. */
static void test_wire__becoming_fresh_is_told_by_the_reading(void **state)
{
    struct vg_event ev = base(VG_EV_FRESHNESS);
    char topic[VG_TOPIC_MAX];
    size_t len;

    (void)state;
    for (unsigned to = 0; to < VG_FRESH_COUNT; to++) {
        ev.u.fresh.to = (uint8_t)to;
        assert_int_equal(vg_wire_topic(&names, &ev, topic, &len), to != VG_FRESH_FRESH);
    }
}

static void test_wire__no_bed_no_topic(void **state)
{
    struct vg_event ev = base(VG_EV_DOSE);
    char topic[VG_TOPIC_MAX];
    size_t len;

    (void)state;
    ev.bed = VG_BED_NONE;
    assert_false(vg_wire_topic(&names, &ev, topic, &len));
    ev.bed = 1;
    assert_false(vg_wire_topic(&names, &ev, topic, &len));
}

/* --- values --------------------------------------------------------------------------------- */

static void test_wire__values_are_rounded_in_the_wire_unit(void **state)
{
    static const struct {
        enum vg_vital vital;
        int32_t milli;
        int value;
        const char *unit;
    } cases[] = {
        { VG_VITAL_SPO2, 97000, 97, "%" },
        { VG_VITAL_SPO2, 97499, 97, "%" },
        { VG_VITAL_SPO2, 97500, 98, "%" },
        { VG_VITAL_SPO2, 89999, 90, "%" },
        { VG_VITAL_PERFUSION_INDEX, 350, 35, "0.01 %" },
        { VG_VITAL_PERFUSION_INDEX, 4, 0, "0.01 %" },
        { VG_VITAL_PERFUSION_INDEX, 5, 1, "0.01 %" },
        { VG_VITAL_CUFF_PRESSURE, -1500, -2, "mm[Hg]" },
        { VG_VITAL_CUFF_PRESSURE, -1499, -1, "mm[Hg]" },
    };

    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_event ev = base(VG_EV_READING);
        ev.seq = 1;
        ev.session = 0;
        ev.u.reading.vital = (uint8_t)cases[i].vital;
        ev.u.reading.value_milli = cases[i].milli;
        ev.u.reading.fresh = VG_FRESH_FRESH;
        json_t *o = encode(&ev);
        assert_int_equal(number(o, "value"), cases[i].value);
        assert_int_equal(number(o, "value_milli"), cases[i].milli);
        assert_string_equal(word(o, "unit"), cases[i].unit);
        assert_null(json_object_get(o, "session"));
        assert_true(json_is_true(json_object_get(o, "test")));
        assert_true(json_is_true(json_object_get(o, "unsaved")));
        json_decref(o);
    }
}

static void test_wire__no_value_is_null_never_a_number(void **state)
{
    (void)state;
    for (unsigned q = 0; q < VG_QUALITY_COUNT; q++) {
        for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
            int64_t stale_ns = vg_vital_get((enum vg_vital)v)->stale_ns;
            for (int old = 0; old < 2; old++) {
                struct vg_event ev = base(VG_EV_READING);
                ev.seq = 1;
                ev.session = 1;
                ev.u.reading.vital = (uint8_t)v;
                ev.u.reading.quality = (uint8_t)q;
                ev.u.reading.value_milli = 50000;
                ev.u.reading.age_ns = stale_ns + old;
                bool shown = q <= VG_QUALITY_QUESTIONABLE && old == 0;
                json_t *o = encode(&ev);
                assert_int_equal(json_is_integer(json_object_get(o, "value")), shown);
                assert_int_equal(json_is_null(json_object_get(o, "value")), !shown);
                assert_int_equal(json_is_null(json_object_get(o, "value_milli")), !shown);
                json_decref(o);
            }
        }
    }
}

static void test_wire__failed_determination_has_no_numbers(void **state)
{
    (void)state;
    for (unsigned e = 0; e < VG_NIBP_ERROR_COUNT; e++) {
        struct vg_event ev = base(VG_EV_NIBP);
        ev.seq = 1;
        ev.session = 1;
        ev.u.nibp.error = (uint8_t)e;
        ev.u.nibp.sys_milli = 122000;
        json_t *o = encode(&ev);
        assert_string_equal(word(o, "error"), vg_nibp_error_name((enum vg_nibp_error)e));
        assert_int_equal(json_object_get(o, "sys") != NULL, e == VG_NIBP_OK);
        assert_int_equal(json_object_get(o, "mean") != NULL, e == VG_NIBP_OK);
        json_decref(o);
    }
}

static void test_wire__waves_of_both_widths(void **state)
{
    struct vg_event ev = base(VG_EV_WAVE);

    (void)state;
    ev.seq = 1;
    ev.session = 1;
    ev.u.wave.vital = VG_VITAL_PLETH;
    ev.u.wave.count = 3;
    for (uint8_t width = 1; width <= 2; width++) {
        static const uint8_t one[] = { 0, 128, 255 };
        static const uint8_t two[] = { 0, 0, 0, 1, 0xff, 0xff };
        static const int wanted[2][3] = { { 0, 128, 255 }, { 0, 256, 65535 } };
        ev.u.wave.width_bytes = width;
        memcpy(ev.u.wave.data, width == 1 ? one : two, 3u * width);
        json_t *o = encode(&ev);
        const json_t *samples = json_object_get(o, "pleth");
        assert_int_equal(json_array_size(samples), 3);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(json_integer_value(json_array_get(samples, i)), wanted[width - 1][i]);
        }
        json_decref(o);
    }
}

/* --- replies -------------------------------------------------------------------------------- */

/* To be shown, and sent back as `confirm`. */
static void replies_show_what_a_dose_became(void)
{
    static const struct {
        enum vg_dose_kind kind;
        int64_t ug;
        const char *confirm, *key;
    } cases[] = {
        { VG_DOSE_BOLUS, 35125, "35.125 mg", "amount_ug" },
        { VG_DOSE_INFUSION_START, 52500, "52.5 mg/h", "rate_ug_h" },
    };
    char body[VG_WIRE_MAX];
    size_t len = 0;

    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_event ev = base(VG_EV_DOSE);
        struct vg_reply asks = {
            .status = VG_ERR_STATE, .request_id = "r", .error = "confirm", .ev = &ev
        };
        ev.u.dose.kind = (uint8_t)cases[i].kind;
        ev.u.dose.amount_ug = cases[i].ug;
        ev.u.dose.deviation = VG_DEV_HARD_RANGE;
        ev.u.dose.gate = 1u << VG_GATE_ESCORT;
        assert_int_equal(vg_wire_reply(&asks, body, sizeof body, &len), VG_OK);
        json_t *o = parse(body, len);
        assert_string_equal(word(o, "confirm"), cases[i].confirm);
        assert_int_equal(number(o, cases[i].key), cases[i].ug);
        assert_int_equal(json_array_size(json_object_get(o, "deviation")), 1);
        assert_int_equal(json_array_size(json_object_get(o, "gate_missing")), 1);
        json_decref(o);
    }
    struct vg_event ev = base(VG_EV_CARE);
    struct vg_reply asks = {
        .status = VG_ERR_STATE, .request_id = "r", .error = "confirm", .ev = &ev
    };
    ev.u.care.what = VG_CW_WEIGHT;
    ev.u.care.value[0] = 154050;
    assert_int_equal(vg_wire_reply(&asks, body, sizeof body, &len), VG_OK);
    json_t *o = parse(body, len);
    assert_string_equal(word(o, "confirm"), "154.050 kg");
    json_decref(o);
}

static void test_wire__replies(void **state)
{
    char body[VG_WIRE_MAX];
    size_t len = 0;
    struct vg_reply done = { .status = VG_OK, .request_id = "r", .receipt = 9, .recorded = true };
    struct vg_reply refused = {
        .status = VG_ERR_STATE, .request_id = "r", .error = "no_session", .text = "say \"open\""
    };
    struct vg_reply unread = { .status = VG_ERR_FORMAT, .text = "not JSON" };

    (void)state;
    assert_int_equal(vg_wire_reply(&done, body, sizeof body, &len), VG_OK);
    json_t *o = parse(body, len);
    assert_true(json_is_true(json_object_get(o, "ok")));
    assert_int_equal(number(o, "receipt"), 9);
    assert_true(json_is_true(json_object_get(o, "recorded")));
    assert_true(json_is_false(json_object_get(o, "duplicate")));
    assert_null(json_object_get(o, "error"));
    json_decref(o);

    assert_int_equal(vg_wire_reply(&refused, body, sizeof body, &len), VG_OK);
    o = parse(body, len);
    assert_true(json_is_false(json_object_get(o, "ok")));
    assert_string_equal(word(o, "status"), "STATE");
    assert_string_equal(word(o, "error"), "no_session");
    assert_string_equal(word(o, "text"), "say \"open\"");
    assert_null(json_object_get(o, "receipt"));
    assert_null(json_object_get(o, "recorded"));
    json_decref(o);

    replies_show_what_a_dose_became();
    assert_int_equal(vg_wire_reply(&unread, body, sizeof body, &len), VG_OK);
    o = parse(body, len);
    assert_string_equal(word(o, "error"), "FORMAT");
    assert_null(json_object_get(o, "request_id"));
    json_decref(o);
    assert_int_equal(vg_wire_reply(&done, body, 10, &len), VG_ERR_FULL);
}

/* --- the record ----------------------------------------------------------------------------- */

static void there_and_back(const struct vg_event *ev, struct vg_event *back)
{
    char payload[VG_WIRE_MAX];
    size_t len = 0;
    assert_int_equal(vg_wire_payload(&names, ev, NULL, payload, sizeof payload, &len), VG_OK);
    memset(back, 0, sizeof *back);
    back->kind = ev->kind;
    if (vg_wire_decode(&names, payload, len, back) != VG_OK) {
        fail_msg("does not decode: %.*s", (int)len, payload);
    }
}

static void test_wire__sessions_come_back(void **state)
{
    static const uint8_t known[] = { 0, 1, VG_PROTOCOL_NONE };
    struct vg_event back;
    (void)state;
    for (unsigned kind = 0; kind < VG_SESSION_KIND_COUNT; kind++) {
        for (size_t i = 0; i < VG_COUNT(known); i++) {
            struct vg_event ev = base(VG_EV_SESSION);
            worst_strings(&ev, '"');
            ev.u.session_move.move = VG_SESSION_OPEN;
            ev.u.session_move.kind = (uint8_t)kind;
            ev.u.session_move.protocol = known[i];
            ev.u.session_move.unmet = 0;
            there_and_back(&ev, &back);
            assert_memory_equal(&back.u.session_move, &ev.u.session_move, sizeof ev.u.session_move);
            fill(ev.u.session_move.course, 1, 'x'); /* of no course */
            there_and_back(&ev, &back);
            assert_string_equal(back.u.session_move.course, "");
        }
    }
    struct vg_event ev = base(VG_EV_SESSION);
    worst_strings(&ev, '"');
    ev.u.session_move.move = VG_SESSION_CLOSE;
    ev.u.session_move.kind = VG_SESSION_DOSING;
    ev.u.session_move.protocol = VG_PROTOCOL_NONE;
    memset(ev.u.session_move.course, 0, sizeof ev.u.session_move.course);
    for (unsigned i = 0; i <= VG_CHECKS_MAX; i++) {
        ev.u.session_move.unmet = i < VG_CHECKS_MAX ? 1u << i : (1u << VG_CHECKS_MAX) - 1;
        there_and_back(&ev, &back);
        assert_memory_equal(&back.u.session_move, &ev.u.session_move, sizeof ev.u.session_move);
    }
    ev.u.session_move.unmet = 0;
    ev.u.session_move.text[0] = '\0'; /* closed without a reason */
    there_and_back(&ev, &back);
    assert_string_equal(back.u.session_move.text, "");
}

/* A protocol is known by its text, whatever it is called today. */
static void test_wire__a_protocol_is_found_by_its_text(void **state)
{
    static const struct {
        const char *more;
        uint8_t protocol;
    } cases[] = {
        { ",\"protocol\":\"renamed\",\"protocol_hash\":\"of a session that runs\"", 1 },
        { ",\"protocol\":\"old\",\"protocol_hash\":\"of yesterday\"", VG_PROTOCOL_LOST },
        { "", VG_PROTOCOL_NONE }, /* of a version before 4: a dosing session */
    };
    char payload[512];
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_event ev;
        memset(&ev, 0xff, sizeof ev);
        ev.kind = VG_EV_SESSION;
        (void)snprintf(payload, sizeof payload,
                       "{\"event\":\"open\",\"patient_ref\":\"P\",\"operator\":\"a\","
                       "\"request_id\":\"r\"%s}",
                       cases[i].more);
        assert_int_equal(vg_wire_decode(&names, payload, strlen(payload), &ev), VG_OK);
        assert_int_equal(ev.u.session_move.protocol, cases[i].protocol);
        assert_int_equal(ev.u.session_move.kind, VG_SESSION_DOSING);
        assert_string_equal(ev.u.session_move.course, "");
    }
}

/* One of each kind and route and unit, as the core leaves it. */
static struct vg_event some_dose(unsigned kind, unsigned route, unsigned unit)
{
    struct vg_event ev = base(VG_EV_DOSE);
    struct vg_dose *d = &ev.u.dose;
    worst_strings(&ev, 'x');
    ev.utc_ns = 0;
    d->kind = (uint8_t)kind;
    d->route = (uint8_t)route;
    d->what = VG_DW_GIVEN;
    d->target = 0;
    d->deviation = (1u << VG_DEVIATION_BITS) - 1;
    d->gate = (1u << VG_GATE_COUNT) - 1;
    bool none = vg_dose_form((enum vg_dose_kind)kind) == VG_FORM_NONE;
    d->amount_ug = none ? 0 : VG_DOSE_MAX_UG;
    d->typed_number = none ? 0 : VG_DOSE_MAX_UG;
    d->places = none ? 0 : (uint8_t)(unit % (VG_QUANTITY_PLACES_MAX + 1));
    d->unit = (uint8_t)(none ? VG_UNIT_UG : unit);
    d->weight_g = none ? 0 : 70250;
    d->conc_ug_ml = none ? 0 : 50000;
    d->given_utc_ns = 1795528920 * VG_NS_PER_S + 123 * VG_NS_PER_MS;
    return ev;
}

static void assert_dose_back(const struct vg_dose *back, const struct vg_dose *d)
{
    assert_int_equal(back->kind, d->kind);
    assert_int_equal(back->route, d->route);
    assert_int_equal(back->what, d->what);
    assert_int_equal(back->target, d->target);
    assert_int_equal(back->amount_ug, d->amount_ug);
    assert_int_equal(back->given_utc_ns, d->given_utc_ns);
    assert_int_equal(back->typed_number, d->typed_number);
    assert_int_equal(back->places, d->places);
    if (d->typed_number > 0) {
        assert_int_equal(back->unit, d->unit);
    }
    assert_int_equal(back->weight_g, d->weight_g);
    assert_int_equal(back->conc_ug_ml, d->conc_ug_ml);
    assert_int_equal(back->deviation, d->deviation);
    assert_int_equal(back->gate, d->gate);
    assert_int_equal(back->extra_sum, d->extra_sum);
    assert_string_equal(back->drug, d->drug);
    assert_string_equal(back->operator_id, d->operator_id);
    assert_string_equal(back->request_id, d->request_id);
}

static void test_wire__doses_come_back(void **state)
{
    struct vg_event back;
    (void)state;
    for (unsigned kind = 0; kind < VG_DOSE_KIND_COUNT; kind++) {
        for (unsigned route = 0; route < VG_ROUTE_COUNT; route++) {
            for (unsigned unit = 0; unit < VG_UNIT_COUNT; unit++) {
                struct vg_event ev = some_dose(kind, route, unit);
                there_and_back(&ev, &back);
                assert_dose_back(&back.u.dose, &ev.u.dose);
                ev.u.dose.what = VG_DW_AMEND;
                ev.u.dose.target = INT64_MAX;
                there_and_back(&ev, &back);
                assert_dose_back(&back.u.dose, &ev.u.dose);
            }
        }
    }
    /* Resumed at the rate before the pause: nothing was typed. */
    struct vg_event ev = some_dose(VG_DOSE_RESUME, VG_ROUTE_IV, VG_UNIT_UG_H);
    ev.u.dose.amount_ug = 0;
    ev.u.dose.typed_number = 0;
    ev.u.dose.places = 0;
    ev.u.dose.weight_g = 0;
    ev.u.dose.conc_ug_ml = 0;
    ev.u.dose.deviation = 0;
    ev.u.dose.gate = 0;
    ev.u.dose.extra_sum = 0;
    there_and_back(&ev, &back);
    assert_dose_back(&back.u.dose, &ev.u.dose);
}

/* What never happened has no drug and no amount, only what it takes back. */
static void test_wire__a_voided_dose_comes_back(void **state)
{
    struct vg_event ev = base(VG_EV_DOSE);
    struct vg_event back;
    (void)state;
    worst_strings(&ev, '"');
    ev.u.dose.what = VG_DW_VOID;
    ev.u.dose.target = 77;
    there_and_back(&ev, &back);
    assert_int_equal(back.u.dose.what, VG_DW_VOID);
    assert_int_equal(back.u.dose.target, 77);
    assert_int_equal(back.u.dose.amount_ug, 0);
    assert_string_equal(back.u.dose.operator_id, ev.u.dose.operator_id);
    assert_string_equal(back.u.dose.request_id, ev.u.dose.request_id);
    assert_int_equal(back.u.dose.extra_sum, UINT32_MAX);
}

/* A second person is a member beside the event; that there was one is read again. */
static void test_wire__who_checked_a_dose_is_read_again(void **state)
{
    struct vg_event ev = some_dose(VG_DOSE_BOLUS, VG_ROUTE_IV, VG_UNIT_MG);
    struct vg_event back;
    char payload[VG_WIRE_MAX];
    size_t len = 0;
    (void)state;
    for (int checked = 0; checked < 2; checked++) {
        assert_int_equal(vg_wire_payload(&names, &ev,
                                         checked == 1 ? "\"checked_by\":\"bert\"" : NULL, payload,
                                         sizeof payload, &len),
                         VG_OK);
        memset(&back, 0xff, sizeof back);
        back.kind = VG_EV_DOSE;
        assert_int_equal(vg_wire_decode(&names, payload, len, &back), VG_OK);
        assert_int_equal(back.u.dose.checked, checked == 1);
    }
}

/* Of a version before 4: what was typed is what was recorded. */
static void test_wire__doses_of_older_records_are_read(void **state)
{
    static const struct {
        const char *kind, *amount;
        int64_t ug;
        enum vg_dose_unit unit;
    } cases[] = {
        { "bolus", "\"amount_ug\":35000,", 35000, VG_UNIT_UG },
        { "infusion_start", "\"rate_ug_h\":52500,", 52500, VG_UNIT_UG_H },
        { "rate_change", "\"rate_ug_h\":30000,", 30000, VG_UNIT_UG_H },
        { "stop", "", 0, VG_UNIT_UG },
    };
    char payload[512];
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_event ev;
        memset(&ev, 0xff, sizeof ev);
        ev.kind = VG_EV_DOSE;
        (void)snprintf(payload, sizeof payload,
                       "{\"kind\":\"%s\",\"drug\":\"k\",%s\"route\":\"iv\","
                       "\"given_at\":\"2026-11-24T14:02:00Z\",\"operator\":\"a\","
                       "\"request_id\":\"r\"}",
                       cases[i].kind, cases[i].amount);
        assert_int_equal(vg_wire_decode(&names, payload, strlen(payload), &ev), VG_OK);
        assert_int_equal(ev.u.dose.what, VG_DW_GIVEN);
        assert_int_equal(ev.u.dose.amount_ug, cases[i].ug);
        assert_int_equal(ev.u.dose.typed_number, cases[i].ug);
        assert_int_equal(ev.u.dose.places, 0);
        assert_int_equal(ev.u.dose.unit, cases[i].unit);
        assert_int_equal(ev.u.dose.weight_g, 0);
        assert_false(ev.u.dose.checked);
    }
}

static void test_wire__plans_come_back(void **state)
{
    struct vg_event back;
    (void)state;
    for (unsigned to = 0; to < VG_MARK_STATE_COUNT; to++) {
        for (unsigned scored = 0; scored < 2; scored++) {
            struct vg_event ev = base(VG_EV_PLAN);
            ev.u.plan.what = VG_PW_MARK;
            ev.u.plan.index = VG_MARKS_MAX - 1;
            ev.u.plan.from = (uint8_t)((to + 1) % VG_MARK_STATE_COUNT);
            ev.u.plan.to = (uint8_t)to;
            ev.u.plan.due_utc_ns = 1795528920 * VG_NS_PER_S;
            ev.u.plan.scales = scored == 0 ? 0 : 1u << 3 | 1u << 17;
            ev.u.plan.missing = scored == 0 ? 0 : 1u << 17;
            bool made = to == VG_MS_MET || to == VG_MS_MET_LATE;
            ev.u.plan.off_ns = made ? -30 * VG_NS_PER_S : 0;
            ev.u.plan.optional = scored == 1;
            ev.u.plan.protocol = VG_PROTOCOL_NONE;
            there_and_back(&ev, &back);
            assert_memory_equal(&back.u.plan, &ev.u.plan, offsetof(struct vg_plan_event, optional));
            assert_int_equal(back.u.plan.optional, ev.u.plan.optional);
        }
    }
    struct vg_event ev = base(VG_EV_PLAN);
    ev.u.plan.what = VG_PW_PHASE;
    ev.u.plan.index = VG_PHASES_MAX - 1;
    json_t *o = NULL;
    ev.seq = 1;
    ev.session = 2;
    o = encode(&ev);
    assert_string_equal(word(o, "phase"), long_name);
    json_decref(o);
    there_and_back(&ev, &back);
    assert_int_equal(back.u.plan.what, VG_PW_PHASE);
    assert_int_equal(back.u.plan.index, VG_PHASES_MAX - 1);
}

static void test_wire__acks_and_cuff_commands_come_back(void **state)
{
    struct vg_event ev = base(VG_EV_ACK);
    struct vg_event back;

    (void)state;
    worst_strings(&ev, '\\');
    ev.u.ack.instance = INT64_MAX;
    there_and_back(&ev, &back);
    assert_int_equal(back.u.ack.instance, INT64_MAX);
    assert_string_equal(back.u.ack.operator_id, ev.u.ack.operator_id);
    assert_string_equal(back.u.ack.request_id, ev.u.ack.request_id);
    for (unsigned what = VG_REQ_NIBP_START; what <= VG_REQ_NIBP_ABORT; what++) {
        ev = base(VG_EV_NIBP_COMMAND);
        worst_strings(&ev, 'x');
        ev.u.command.what = (uint8_t)what;
        there_and_back(&ev, &back);
        assert_memory_equal(&back.u.command, &ev.u.command, sizeof ev.u.command);
    }
    for (unsigned s = 0; s < VG_NS_COUNT; s++) {
        ev = base(VG_EV_CUFF);
        ev.u.cuff.state = (uint8_t)s;
        there_and_back(&ev, &back);
        assert_int_equal(back.u.cuff.state, s);
        assert_true(back.u.cuff.is_state);
    }
}

static void alarm_case(enum vg_condition c, enum vg_cond_state to, enum vg_alarm_what what, bool on)
{
    struct vg_event ev = base(VG_EV_ALARM);
    struct vg_event back;
    struct vg_alarm_event *a = &ev.u.alarm;

    a->condition = (uint8_t)c;
    a->subject = c == VG_COND_DATA_LOST || c == VG_COND_VITAL_DUE ? (uint16_t)VG_VITAL_NIBP_SYS
                 : c == VG_COND_SINK_LOST                         ? 1
                                                                  : VG_SUBJECT_NONE;
    a->from = (uint8_t)((to + 1u) % VG_CS_COUNT);
    a->to = (uint8_t)to;
    a->what = (uint8_t)what;
    a->priority = (uint8_t)((unsigned)what % VG_PRIO_COUNT);
    a->instance = 77;
    a->ack = on;
    a->held = !on;
    a->has_value = on;
    a->value_milli = on ? -5 : 0;
    a->limit_milli = on ? INT32_MAX : 0;
    there_and_back(&ev, &back);
    const struct vg_alarm_event *b = &back.u.alarm;
    assert_int_equal(b->condition, a->condition);
    assert_int_equal(b->subject, a->subject);
    assert_int_equal(b->from, a->from);
    assert_int_equal(b->to, a->to);
    assert_int_equal(b->what, a->what);
    assert_int_equal(b->priority, a->priority);
    assert_int_equal(b->instance, a->instance);
    assert_int_equal(b->ack, a->ack);
    assert_int_equal(b->held, a->held);
    assert_int_equal(b->has_value, a->has_value);
    assert_int_equal(b->value_milli, a->value_milli);
    assert_int_equal(b->limit_milli, a->limit_milli);
}

static void test_wire__alarms_come_back(void **state)
{
    (void)state;
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        for (unsigned to = 0; to < VG_CS_COUNT; to++) {
            for (unsigned what = 0; what < VG_AW_COUNT; what++) {
                alarm_case((enum vg_condition)c, (enum vg_cond_state)to, (enum vg_alarm_what)what,
                           (c + what) % 2 == 0);
            }
        }
    }
}

static void test_wire__inhibitions_come_back(void **state)
{
    (void)state;
    for (unsigned what = 0; what < VG_IW_COUNT; what++) {
        for (unsigned v = 0; v <= VG_VITAL_COUNT; v++) {
            struct vg_event ev = base(VG_EV_INHIBIT);
            struct vg_event back;
            worst_strings(&ev, '"');
            ev.u.inhibit.what = (uint8_t)what;
            ev.u.inhibit.vital = (uint8_t)v;
            ev.u.inhibit.from = (uint8_t)(what == VG_IW_MOVED ? v % VG_IS_COUNT : 0);
            ev.u.inhibit.to = (uint8_t)(what == VG_IW_MOVED ? (v + 1) % VG_IS_COUNT : 0);
            ev.u.inhibit.row = 0; /* for people: which rule it was, replay does not ask */
            there_and_back(&ev, &back);
            assert_memory_equal(&back.u.inhibit, &ev.u.inhibit, sizeof ev.u.inhibit);
        }
    }
}

static void test_wire__limits_come_back(void **state)
{
    struct vg_event back;
    (void)state;
    for (unsigned what = 0; what < VG_LW_COUNT; what++) {
        struct vg_event ev = base(VG_EV_LIMITS);
        worst_strings(&ev, 'x');
        ev.u.limits.what = (uint8_t)what;
        ev.u.limits.index = what == VG_LW_SET ? VG_COND_MAP_LOW : 0;
        ev.u.limits.limit_milli = what == VG_LW_SET ? 65500 : 0;
        there_and_back(&ev, &back);
        assert_memory_equal(&back.u.limits, &ev.u.limits,
                            offsetof(struct vg_limits_event, index) + 1);
    }
    for (unsigned cause = 0; cause < VG_LC_COUNT; cause++) {
        struct vg_event ev = base(VG_EV_LIMIT);
        worst_strings(&ev, '\\');
        ev.u.limit.condition = VG_COND_SPO2_LOW;
        ev.u.limit.cause = (uint8_t)cause;
        ev.u.limit.new_milli = INT32_MAX;
        ev.u.limit.sat_seconds = 50;
        there_and_back(&ev, &back);
        assert_memory_equal(&back.u.limit, &ev.u.limit, offsetof(struct vg_limit_event, cause) + 1);
    }
}

static void test_wire__words_of_sinks_come_back(void **state)
{
    struct vg_event back;
    (void)state;
    for (unsigned what = 0; what < VG_SW_COUNT; what++) {
        struct vg_event ev = base(VG_EV_SINK);
        ev.u.sink.what = (uint8_t)what;
        ev.u.sink.sink = 1;
        ev.u.sink.instance = what == VG_SW_RECEIPT ? INT64_MAX : 0;
        there_and_back(&ev, &back);
        assert_int_equal(back.u.sink.what, what);
        assert_int_equal(back.u.sink.sink, 1);
        assert_int_equal(back.u.sink.instance, ev.u.sink.instance);
    }
}

static void care_case(struct vg_care care)
{
    struct vg_event ev = base(VG_EV_CARE);
    struct vg_event back;
    care.at_utc_ns = 1795528920 * VG_NS_PER_S + 123 * VG_NS_PER_MS;
    ev.u.care = care;
    there_and_back(&ev, &back);
    assert_memory_equal(&back.u.care, &ev.u.care, offsetof(struct vg_care, what) + 1);
}

/* A word of a person with its numbers. */
static void care_words(enum vg_care_what what, int32_t first, int32_t second, int32_t third)
{
    struct vg_care care = { .request_id = "r", .operator_id = "nurse" };
    care.what = (uint8_t)what;
    care.value[0] = first;
    care.value[1] = second;
    care.value[2] = third;
    care_case(care);
    care.extra_sum = UINT32_MAX;
    care_case(care);
}

/* A command, and what the engine keeps of it. */
static void test_wire__care_comes_back(void **state)
{
    (void)state;
    care_words(VG_CW_BASELINE, 0, 0, 0);
    care_words(VG_CW_SCHEDULE, VG_VITAL_NIBP_SYS, 300, 0);
    care_words(VG_CW_TEST, VG_PRIO_HIGH, 0, 0);
    care_words(VG_CW_QUIET_OFF, 0, 0, 0);
    care_words(VG_CW_SCORE, 1, -5, 0);
    care_words(VG_CW_SCORE, 30, 10, 0);
    for (int32_t f = 0; f < VG_FACT_COUNT; f++) {
        care_words(VG_CW_FACT, f, f % 2, 0);
    }
    for (int32_t i = 0; i < VG_GATE_COUNT; i++) {
        care_words(VG_CW_OVERRIDE, i, 0, 0);
    }
    care_words(VG_CW_WEIGHT, 70250, 3, 0);
    care_words(VG_CW_WEIGHT, 154000, 0, 154000); /* asked back, and confirmed */
    care_words(VG_CW_SYMPTOM, 3, 1, 0);
    care_words(VG_CW_SYMPTOM, 0, 0, 0);
    care_words(VG_CW_INTERVENTION, 0, 0, 0);
    care_words(VG_CW_MARKER, 0, 0, 0);
    care_words(VG_CW_NOTE, 0, 0, 0);
    care_words(VG_CW_DEFER, 180, 0, 0);
    care_case((struct vg_care){
        .request_id = "r", .operator_id = "nurse", .what = VG_CW_HANDOVER, .to = "bert" });
    care_case((struct vg_care){
        .request_id = "r", .operator_id = "nurse", .what = VG_CW_VOID, .target = INT64_MAX });
    care_case((struct vg_care){ .request_id = "r",
                                .operator_id = "nurse",
                                .what = VG_CW_READING,
                                .value = { 118000, 74000, 89000, 70000, 97000 } });
    care_case((struct vg_care){ .request_id = "r",
                                .operator_id = "nurse",
                                .what = VG_CW_READING,
                                .value = { -1, -1, -1, -1, 97000 } });
    care_case((struct vg_care){
        .what = VG_CW_BASELINE, .value = { 118000, 74000, 89000, -1, -1 }, .target = 3 });
    care_case((struct vg_care){ .what = VG_CW_SCHEDULE, .value = { VG_VITAL_NIBP_SYS, 300, -7 } });
    care_case((struct vg_care){ .operator_id = "nurse", .what = VG_CW_QUIET_ON, .value = { 600 } });
    care_case((struct vg_care){ .what = VG_CW_QUIET_OFF });
}

/* Of a version before 4: sedation was a score of one scale, and happened when it was recorded. */
static void test_wire__sedation_of_older_records_is_a_score(void **state)
{
    static const char payload[] =
        "{\"event\":\"sedation\",\"score\":3,\"operator\":\"a\",\"request_id\":\"r\"}";
    struct vg_event ev;
    (void)state;
    memset(&ev, 0, sizeof ev);
    ev.kind = VG_EV_CARE;
    ev.utc_ns = 1795528920 * VG_NS_PER_S;
    assert_int_equal(vg_wire_decode(&names, payload, sizeof payload - 1, &ev), VG_OK);
    assert_int_equal(ev.u.care.what, VG_CW_SCORE);
    assert_int_equal(ev.u.care.value[0], VG_SCALE_MOAAS);
    assert_int_equal(ev.u.care.value[1], 3);
    assert_int_equal(ev.u.care.at_utc_ns, 1795528920 * VG_NS_PER_S);
}

static void test_wire__what_devices_and_the_daemon_said_comes_back(void **state)
{
    struct vg_event ev = base(VG_EV_SIGNAL);
    struct vg_event back;
    (void)state;
    ev.u.signal.bits = 0xff;
    there_and_back(&ev, &back);
    assert_int_equal(back.u.signal.bits, 0xff);
    ev = base(VG_EV_DEVICE);
    ev.u.dev.from = VG_PORT_SILENT;
    ev.u.dev.to = VG_PORT_BACKOFF;
    there_and_back(&ev, &back);
    assert_int_equal(back.u.dev.from, VG_PORT_SILENT);
    assert_int_equal(back.u.dev.to, VG_PORT_BACKOFF);
    ev = base(VG_EV_CLOCK);
    ev.u.clock.step_ns = -7 * VG_NS_PER_S;
    there_and_back(&ev, &back);
    assert_int_equal(back.u.clock.step_ns, -7 * VG_NS_PER_S);
    ev = base(VG_EV_DAEMON);
    ev.u.daemon.what = VG_DAEMON_STARTED;
    ev.u.daemon.first_seq = 12;
    there_and_back(&ev, &back);
    assert_int_equal(back.u.daemon.what, VG_DAEMON_STARTED);
    assert_int_equal(back.u.daemon.first_seq, 12);
    for (unsigned e = 0; e < VG_NIBP_ERROR_COUNT; e++) {
        ev = base(VG_EV_NIBP);
        ev.u.nibp = (struct vg_nibp){ .sys_milli = 118000,
                                      .dia_milli = 74000,
                                      .error = (uint8_t)e };
        there_and_back(&ev, &back);
        assert_int_equal(back.u.nibp.error, e);
        assert_int_equal(back.u.nibp.sys_milli, e == VG_NIBP_OK ? 118000 : 0);
    }
    ev = base(VG_EV_BIND);
    there_and_back(&ev, &back);
}

#define TYPED(more)                                                                                \
    "{\"kind\":\"bolus\",\"drug\":\"k\",\"amount_ug\":35000,\"route\":\"iv\","                     \
    "\"given_at\":\"2026-11-24T14:02:00Z\",\"operator\":\"a\",\"request_id\":\"r\"," more "}"
#define MARK(index, state, more)                                                                   \
    "{\"event\":\"mark\",\"index\":" index ",\"state\":\"" state "\",\"was\":\"waiting\","         \
    "\"due_at\":\"2026-11-24T14:02:00Z\"" more "}"

static const struct {
    enum vg_event_kind kind;
    const char *payload;
} damaged[] = {
    { VG_EV_SESSION, "" },
    { VG_EV_SESSION, "[]" },
    { VG_EV_SESSION, "{}" },
    { VG_EV_SESSION, "{\"event\":\"open\",\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_SESSION, "{\"event\":\"begin\",\"reason\":\"\",\"operator\":\"a\","
                     "\"request_id\":\"r\"}" },
    { VG_EV_DOSE, "{\"kind\":\"bolus\"}" },
    { VG_EV_DOSE, "{\"kind\":\"bolus\",\"drug\":\"k\",\"amount_ug\":\"5\",\"route\":\"iv\","
                  "\"given_at\":\"2026-11-24T14:02:00Z\",\"operator\":\"a\","
                  "\"request_id\":\"r\"}" },
    { VG_EV_DOSE, "{\"kind\":\"bolus\",\"drug\":\"k\",\"amount_ug\":5,\"route\":\"iv\","
                  "\"given_at\":\"yesterday\",\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_ACK, "{\"instance\":1.5,\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_NIBP_COMMAND, "{\"command\":\"inflate\",\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_CUFF, "{\"state\":\"inflated\"}" },
    { VG_EV_ALARM, "{\"alarm\":\"SPO2_LOW\"}" },
    { VG_EV_ALARM, "{\"alarm\":\"SPO2_LOW\",\"state\":\"active\",\"was\":\"normal\","
                   "\"priority\":\"high\",\"event\":\"open\",\"instance\":1,"
                   "\"value_milli\":88000,\"limit_milli\":null}" },
    { VG_EV_ALARM, "{\"alarm\":\"SPO2_LOW\",\"state\":\"active\",\"was\":\"normal\","
                   "\"priority\":\"high\",\"event\":\"open\",\"instance\":1,"
                   "\"value_milli\":88000000000,\"limit_milli\":1}" },
    { VG_EV_ALARM, "{\"alarm\":\"SINK_LOST\",\"state\":\"active\",\"was\":\"normal\","
                   "\"priority\":\"high\",\"event\":\"open\",\"instance\":1,"
                   "\"value_milli\":null,\"limit_milli\":null,\"since_mono_ms\":0,"
                   "\"sink\":\"of-yesterday\"}" },
    { VG_EV_INHIBIT, "{\"event\":\"alarm_off\",\"scope\":\"smell\",\"reason\":\"\","
                     "\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_INHIBIT, "{\"event\":\"moved\",\"scope\":\"audio\",\"reason\":\"\","
                     "\"operator\":\"a\",\"request_id\":\"\",\"state\":\"on\"}" },
    { VG_EV_LIMITS, "{\"event\":\"set\",\"condition\":\"SPO2_LOW\",\"reason\":\"w\","
                    "\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_LIMITS, "{\"event\":\"profile\",\"profile\":\"of-yesterday\",\"reason\":\"w\","
                    "\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_LIMIT, "{\"condition\":\"SPO2_LOW\",\"cause\":\"changed\",\"old_milli\":1,"
                   "\"limit_milli\":88000000000,\"sat_seconds\":0,\"operator\":\"\"}" },
    { VG_EV_SINK, "{\"event\":\"receipt\",\"sink\":\"desk\",\"instance\":-1}" },
    { VG_EV_SINK, "{\"event\":\"ok\",\"sink\":\"of-yesterday\"}" },
    { VG_EV_CARE, "{\"event\":\"sedation\",\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_CARE, "{\"event\":\"baseline\",\"operator\":\"a\",\"request_id\":\"\","
                  "\"sys_milli\":-5}" },
    { VG_EV_CARE, "{\"event\":\"schedule\",\"operator\":\"a\",\"request_id\":\"r\","
                  "\"vital\":\"spo2\",\"every_s\":-1,\"next_s\":0}" },
    { VG_EV_CARE, "{\"event\":\"test_signal\",\"operator\":\"a\",\"request_id\":\"r\","
                  "\"priority\":\"loud\"}" },
    { VG_EV_CARE, "{\"event\":\"score\",\"scale\":\"of-yesterday\",\"score\":3,"
                  "\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_CARE, "{\"event\":\"score\",\"scale\":\"s1\",\"score\":\"3\","
                  "\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_CARE, "{\"event\":\"fact\",\"fact\":\"hungry\",\"answer\":\"yes\","
                  "\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_CARE, "{\"event\":\"fact\",\"fact\":\"escort\",\"operator\":\"a\","
                  "\"request_id\":\"r\"}" },
    { VG_EV_CARE, "{\"event\":\"weight\",\"weight_g\":70200,\"operator\":\"a\","
                  "\"request_id\":\"r\"}" },
    { VG_EV_CARE, "{\"event\":\"reading\",\"sys_milli\":-5,\"operator\":\"a\","
                  "\"request_id\":\"r\"}" },
    { VG_EV_CARE, "{\"event\":\"handover\",\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_CARE, "{\"event\":\"override\",\"item\":\"luck\",\"operator\":\"a\","
                  "\"request_id\":\"r\"}" },
    { VG_EV_CARE, "{\"event\":\"void\",\"target\":0,\"operator\":\"a\","
                  "\"request_id\":\"r\"}" },
    { VG_EV_SESSION, "{\"event\":\"open\",\"patient_ref\":\"P\",\"kind\":\"party\","
                     "\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_DOSE, "{\"event\":\"void\",\"operator\":\"a\",\"request_id\":\"r\"}" },
    { VG_EV_DOSE, "{\"event\":\"undo\",\"target\":7,\"operator\":\"a\","
                  "\"request_id\":\"r\"}" },
    { VG_EV_DOSE, TYPED("\"typed_number\":35,\"typed_places\":0,\"typed_unit\":\"mcg\"") },
    { VG_EV_DOSE, TYPED("\"typed_number\":35,\"typed_places\":7,\"typed_unit\":\"mg\"") },
    { VG_EV_DOSE, TYPED("\"typed_number\":35,\"typed_unit\":\"mg\"") },
    { VG_EV_DOSE, TYPED("\"deviation\":[\"rude\"]") },
    { VG_EV_DOSE, TYPED("\"gate_missing\":[\"luck\"]") },
    { VG_EV_PLAN, "{\"event\":\"mark\"}" },
    { VG_EV_PLAN, MARK("128", "due", "") },
    { VG_EV_PLAN, MARK("-1", "due", "") },
    { VG_EV_PLAN, MARK("1", "forgotten", "") },
    { VG_EV_PLAN, MARK("1", "due", ",\"scales\":[\"of-yesterday\"]") },
    { VG_EV_PLAN, MARK("1", "due", ",\"scales\":[7]") },
    { VG_EV_NIBP, "{\"error\":\"ok\",\"sys\":118,\"dia\":74}" },
    { VG_EV_DEVICE, "{\"state\":\"online\"}" },
    { VG_EV_SIGNAL, "{\"signals\":[\"sensor_off\",\"tickling\"]}" },
    { VG_EV_SIGNAL, "{}" },
    { VG_EV_CLOCK, "{\"step_ms\":\"5\"}" },
    { VG_EV_DAEMON, "{\"event\":\"started\"}" },
    { VG_EV_READING, "{\"vital\":\"spo2\"}" },
    { VG_EV_ROUTE, "{}" },
    { VG_EV_KIND_COUNT, "{}" },
    { VG_EV_TICK, "{}" },
};

/* The frames of the table above are refused for what is wrong in them, not for their frame. */
static void test_wire__payloads_are_whole_without_the_damage(void **state)
{
    static const struct {
        enum vg_event_kind kind;
        const char *payload;
    } whole[] = {
        { VG_EV_DOSE, TYPED("\"typed_number\":35,\"typed_places\":0,\"typed_unit\":\"mg\"") },
        { VG_EV_DOSE, TYPED("\"deviation\":[\"too_soon\"],\"gate_missing\":[\"escort\"]") },
        { VG_EV_PLAN, MARK("127", "due", "") },
        { VG_EV_PLAN, MARK("1", "due", ",\"scales\":[\"s1\"]") },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(whole); i++) {
        struct vg_event ev;
        memset(&ev, 0, sizeof ev);
        ev.kind = (uint16_t)whole[i].kind;
        assert_int_equal(vg_wire_decode(&names, whole[i].payload, strlen(whole[i].payload), &ev),
                         VG_OK);
    }
}

/* A member less, another type, a word too many: an error, never a guess. */
static void test_wire__damaged_payloads_are_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(damaged); i++) {
        struct vg_event ev;
        memset(&ev, 0, sizeof ev);
        ev.kind = (uint16_t)damaged[i].kind;
        if (vg_wire_decode(&names, damaged[i].payload, strlen(damaged[i].payload), &ev) !=
            VG_ERR_FORMAT) {
            fail_msg("decoded: %s", damaged[i].payload);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire__every_kind_fits_at_its_worst),
        cmocka_unit_test(test_wire__every_word_fits_at_its_worst),
        cmocka_unit_test(test_wire__extra_members_and_what_is_private),
        cmocka_unit_test(test_wire__a_small_buffer_is_never_half_filled),
        cmocka_unit_test(test_wire__alarm_state_with_long_names_loses_entries_only),
        cmocka_unit_test(test_wire__topics),
        cmocka_unit_test(test_wire__becoming_fresh_is_told_by_the_reading),
        cmocka_unit_test(test_wire__no_bed_no_topic),
        cmocka_unit_test(test_wire__values_are_rounded_in_the_wire_unit),
        cmocka_unit_test(test_wire__no_value_is_null_never_a_number),
        cmocka_unit_test(test_wire__failed_determination_has_no_numbers),
        cmocka_unit_test(test_wire__waves_of_both_widths),
        cmocka_unit_test(test_wire__replies),
        cmocka_unit_test(test_wire__sessions_come_back),
        cmocka_unit_test(test_wire__a_protocol_is_found_by_its_text),
        cmocka_unit_test(test_wire__doses_come_back),
        cmocka_unit_test(test_wire__a_voided_dose_comes_back),
        cmocka_unit_test(test_wire__who_checked_a_dose_is_read_again),
        cmocka_unit_test(test_wire__doses_of_older_records_are_read),
        cmocka_unit_test(test_wire__plans_come_back),
        cmocka_unit_test(test_wire__acks_and_cuff_commands_come_back),
        cmocka_unit_test(test_wire__alarms_come_back),
        cmocka_unit_test(test_wire__inhibitions_come_back),
        cmocka_unit_test(test_wire__limits_come_back),
        cmocka_unit_test(test_wire__words_of_sinks_come_back),
        cmocka_unit_test(test_wire__care_comes_back),
        cmocka_unit_test(test_wire__sedation_of_older_records_is_a_score),
        cmocka_unit_test(test_wire__what_devices_and_the_daemon_said_comes_back),
        cmocka_unit_test(test_wire__payloads_are_whole_without_the_damage),
        cmocka_unit_test(test_wire__damaged_payloads_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
