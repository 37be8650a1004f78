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

/* Identifiers as long as the configuration allows. */
static const char long_id[] = "0123456789012345678901234567890";
static_assert(sizeof long_id == VG_ID_MAX, "as long as an identifier may be");

static const struct vg_wire_names names = {
    .node = long_id,
    .boot = "bea87f6c-3293-4ccd-a5b3-edc7d82349a2",
    .bed_count = 1,
    .device_count = 1,
    .sink_count = 2,
    .profile_count = 1,
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
        break;
    case VG_EV_DOSE:
        fill(ev->u.dose.request_id, VG_REQUEST_ID_MAX, c);
        fill(ev->u.dose.operator_id, VG_NAME_MAX, c);
        fill(ev->u.dose.drug, VG_NAME_MAX, c);
        ev->u.dose.amount_ug = INT64_MAX;
        ev->u.dose.kind = VG_DOSE_INFUSION_START;
        ev->u.dose.route = VG_ROUTE_BUCCAL;
        ev->u.dose.given_utc_ns = INT64_MAX;
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
        ev->u.care.what = VG_CW_BASELINE;
        for (size_t i = 0; i < VG_BASE_COUNT; i++) {
            ev->u.care.value[i] = INT32_MAX;
        }
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
    assert_int_equal(
        vg_wire_event(&names, ev, (struct vg_wire_stamp){ 1, false }, body, sizeof body, &len),
        VG_OK);
    return parse(body, len);
}

/* --- size ----------------------------------------------------------------------------------- */

static void test_wire__every_kind_fits_at_its_worst(void **state)
{
    static const char chars[] = { 'x', '"', '\x01' };
    char body[VG_WIRE_MAX];
    size_t len;

    (void)state;
    for (unsigned k = 0; k < VG_EV_KIND_COUNT; k++) {
        for (size_t i = 0; i < VG_COUNT(chars); i++) {
            struct vg_event ev = base((enum vg_event_kind)k);
            worst_strings(&ev, chars[i]);
            assert_int_equal(vg_wire_event(&names, &ev,
                                           (struct vg_wire_stamp){ UINT64_MAX / 2, true }, body,
                                           sizeof body, &len),
                             VG_OK);
            assert_true(len < VG_WIRE_MAX);
            ev.seq = 1; /* jansson reads no number beyond INT64_MAX */
            ev.session = 2;
            small_instance(&ev);
            assert_int_equal(vg_wire_event(&names, &ev, (struct vg_wire_stamp){ 1, true }, body,
                                           sizeof body, &len),
                             VG_OK);
            json_decref(parse(body, len));
        }
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
    assert_int_equal(
        vg_wire_event(&names, &ev, (struct vg_wire_stamp){ 1, false }, body, sizeof body, &whole),
        VG_OK);
    for (size_t cap = 0; cap < whole; cap++) {
        assert_int_equal(
            vg_wire_event(&names, &ev, (struct vg_wire_stamp){ 1, false }, body, cap, &len),
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
    assert_int_equal(vg_wire_payload(&names, ev, payload, sizeof payload, &len), VG_OK);
    memset(back, 0, sizeof *back);
    back->kind = ev->kind;
    if (vg_wire_decode(&names, payload, len, back) != VG_OK) {
        fail_msg("does not decode: %.*s", (int)len, payload);
    }
}

static void test_wire__sessions_come_back(void **state)
{
    (void)state;
    for (unsigned move = 0; move < VG_SESSION_MOVE_COUNT; move++) {
        struct vg_event ev = base(VG_EV_SESSION);
        struct vg_event back;
        worst_strings(&ev, '"');
        ev.u.session_move.move = (uint8_t)move;
        there_and_back(&ev, &back);
        assert_memory_equal(&back.u.session_move, &ev.u.session_move, sizeof ev.u.session_move);
        ev.u.session_move.text[0] = '\0'; /* closed without a reason */
        there_and_back(&ev, &back);
        assert_string_equal(back.u.session_move.text, "");
    }
}

static void test_wire__doses_come_back(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < VG_DOSE_KIND_COUNT; kind++) {
        for (unsigned route = 0; route < VG_ROUTE_COUNT; route++) {
            struct vg_event ev = base(VG_EV_DOSE);
            struct vg_event back;
            worst_strings(&ev, 'x');
            ev.utc_ns = 0;
            ev.u.dose.kind = (uint8_t)kind;
            ev.u.dose.route = (uint8_t)route;
            ev.u.dose.amount_ug = kind == VG_DOSE_STOP ? 0 : VG_DOSE_MAX_UG;
            ev.u.dose.given_utc_ns = 1795528920 * VG_NS_PER_S + 123 * VG_NS_PER_MS;
            there_and_back(&ev, &back);
            assert_int_equal(back.u.dose.kind, kind);
            assert_int_equal(back.u.dose.route, route);
            assert_int_equal(back.u.dose.amount_ug, ev.u.dose.amount_ug);
            assert_int_equal(back.u.dose.given_utc_ns, ev.u.dose.given_utc_ns);
            assert_string_equal(back.u.dose.drug, ev.u.dose.drug);
            assert_string_equal(back.u.dose.operator_id, ev.u.dose.operator_id);
            assert_string_equal(back.u.dose.request_id, ev.u.dose.request_id);
        }
    }
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
    ev.u.care = care;
    there_and_back(&ev, &back);
    assert_memory_equal(&back.u.care, &ev.u.care, offsetof(struct vg_care, what) + 1);
}

/* A command, and what the engine keeps of it. */
static void test_wire__care_comes_back(void **state)
{
    (void)state;
    care_case((struct vg_care){ "r", "nurse", { 5 }, VG_CW_SEDATION });
    care_case((struct vg_care){ "r", "nurse", { 0 }, VG_CW_BASELINE });
    care_case((struct vg_care){ "", "", { 118000, 74000, 89000, -1, -1 }, VG_CW_BASELINE });
    care_case((struct vg_care){ "r", "nurse", { VG_VITAL_NIBP_SYS, 300, 0 }, VG_CW_SCHEDULE });
    care_case((struct vg_care){ "", "", { VG_VITAL_NIBP_SYS, 300, -7 }, VG_CW_SCHEDULE });
    care_case((struct vg_care){ "", "nurse", { 600 }, VG_CW_QUIET_ON });
    care_case((struct vg_care){ "", "", { 0 }, VG_CW_QUIET_OFF });
    care_case((struct vg_care){ "r", "nurse", { VG_PRIO_HIGH }, VG_CW_TEST });
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
        cmocka_unit_test(test_wire__doses_come_back),
        cmocka_unit_test(test_wire__acks_and_cuff_commands_come_back),
        cmocka_unit_test(test_wire__alarms_come_back),
        cmocka_unit_test(test_wire__inhibitions_come_back),
        cmocka_unit_test(test_wire__limits_come_back),
        cmocka_unit_test(test_wire__words_of_sinks_come_back),
        cmocka_unit_test(test_wire__care_comes_back),
        cmocka_unit_test(test_wire__what_devices_and_the_daemon_said_comes_back),
        cmocka_unit_test(test_wire__damaged_payloads_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
