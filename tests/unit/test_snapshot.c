/*
 * test_snapshot.c -- the present state as one object: what is known, what is not, and nothing else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "tests/support/virtual_daemon.h"

static struct vd d;
static json_t *root;

static int begin(void **state)
{
    (void)state;
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    (void)vd_add_bed(&d, "bed-2");
    (void)vd_add_device(&d, "ox", "nonin", 0);
    (void)vd_add_device(&d, "cuff", "suntech", 0);
    if (vd_start(&d) != VG_OK) {
        return -1;
    }
    vd_run_until(&d, 2 * VG_NS_PER_S);
    return 0;
}

static int end(void **state)
{
    (void)state;
    json_decref(root);
    root = NULL;
    vd_fini(&d);
    return 0;
}

static const json_t *bed(const char *request, size_t i)
{
    json_error_t error;
    json_decref(root);
    root = json_loads(vd_view(&d, request), JSON_REJECT_DUPLICATES, &error);
    assert_non_null(root);
    assert_true(json_is_true(json_object_get(root, "ok")));
    return json_array_get(json_object_get(root, "beds"), i);
}

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "";
}

#define ALL "{\"op\":\"snapshot\"}"

static void test_snapshot__an_empty_room(void **state)
{
    (void)state;
    const json_t *b = bed(ALL, 1);
    assert_string_equal(text(b, "bed"), "bed-2");
    assert_true(json_is_null(json_object_get(b, "session")));
    assert_int_equal(json_array_size(json_object_get(b, "devices")), 0);
    assert_int_equal(json_array_size(json_object_get(b, "vitals")), 0);
    assert_int_equal(json_array_size(json_object_get(b, "alarms")), 0);
    assert_true(json_is_true(json_object_get(root, "storage_ok")));
    assert_string_equal(text(root, "node"), "node-1");
}

static void test_snapshot__a_session_with_everything(void **state)
{
    (void)state;
    (void)vd_ask(&d, "{\"op\":\"session_open\",\"request_id\":\"1\",\"bed\":\"bed-1\","
                     "\"operator\":\"nurse\",\"patient_ref\":\"P-7\"}");
    (void)vd_ask(&d, "{\"op\":\"dose\",\"request_id\":\"2\",\"bed\":\"bed-1\",\"operator\":"
                     "\"nurse\",\"kind\":\"bolus\",\"drug\":\"ketamine\",\"amount\":35,\"unit\":"
                     "\"mg\",\"route\":\"im\"}");
    d.devices[0].spo2 = 80;
    vg_ingest_mark_test(d.v, 0, true);
    vd_run_until(&d, 5 * VG_NS_PER_S);
    const json_t *b = bed("{\"op\":\"snapshot\",\"bed\":\"bed-1\"}", 0);
    const json_t *s = json_object_get(b, "session");
    assert_string_equal(text(s, "patient_ref"), "P-7");
    assert_int_equal(json_integer_value(json_object_get(s, "bolus_total_ug")), 35000);
    assert_int_equal(strncmp(text(s, "last_dose_at"), "2026-11-24T07:00:02", 19), 0);
    assert_int_equal(json_array_size(json_object_get(b, "alarms")), 2);
    assert_int_equal(json_integer_value(json_object_get(b, "open")), 2);
    const json_t *ox = json_array_get(json_object_get(b, "devices"), 0);
    assert_string_equal(text(ox, "state"), "online");
    assert_true(json_is_true(json_object_get(ox, "test")));
    const json_t *cuff = json_array_get(json_object_get(b, "devices"), 1);
    assert_string_equal(text(cuff, "determination"), "idle");
    const json_t *vital = json_array_get(json_object_get(b, "vitals"), 0);
    assert_string_equal(text(vital, "vital"), "spo2");
    assert_int_equal(json_integer_value(json_object_get(vital, "value")), 80);
    assert_true(json_is_true(json_object_get(vital, "speaks")));
    assert_int_equal(json_array_size(json_object_get(root, "beds")), 1);
}

static void test_snapshot__a_lost_value_is_null(void **state)
{
    (void)state;
    d.devices[0].off = true;
    vd_run_until(&d, 20 * VG_NS_PER_S);
    const json_t *b = bed(ALL, 0);
    const json_t *vital = json_array_get(json_object_get(b, "vitals"), 0);
    assert_true(json_is_null(json_object_get(vital, "value")));
    assert_string_equal(text(vital, "fresh"), "lost");
}

/* --- alarms, sinks --------------------------------------------------------------------------- */

static void test_snapshot__an_alarm_says_why_and_who_was_told(void **state)
{
    (void)state;
    d.devices[0].spo2 = 80;
    vd_run_until(&d, 5 * VG_NS_PER_S);
    const json_t *b = bed(ALL, 0);
    const json_t *low = json_array_get(json_object_get(b, "alarms"), 1);
    assert_string_equal(text(low, "condition"), "SPO2_LOW");
    assert_string_equal(text(low, "category"), "oxygen");
    assert_string_equal(text(low, "route"), "local");
    assert_int_equal(strncmp(text(low, "why"), "SpO2 low: worst 80, alarm below 90 %", 36), 0);
    assert_string_equal(text(low, "inhibited"), "");
    assert_int_equal(json_array_size(json_object_get(b, "inhibited")), 0);
    assert_true(json_is_null(json_object_get(b, "quiet")));
    (void)vd_ask(&d, "{\"op\":\"audio_pause\",\"request_id\":\"1\",\"bed\":\"bed-1\","
                     "\"operator\":\"nurse\"}");
    b = bed(ALL, 0);
    low = json_array_get(json_object_get(b, "alarms"), 1);
    assert_string_equal(text(low, "inhibited"), "audio_paused");
    const json_t *pause = json_array_get(json_object_get(b, "inhibited"), 0);
    assert_string_equal(text(pause, "scope"), "audio");
    assert_string_equal(text(pause, "operator"), "nurse");
    assert_int_equal(json_integer_value(json_object_get(pause, "left_ms")), 120000);
}

static void test_snapshot__sinks_and_whether_they_are_well(void **state)
{
    (void)state;
    vd_fini(&d);
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    (void)vd_add_device(&d, "ox", "nonin", 0);
    d.config.routing.sink_count = 2;
    d.config.routing.sinks[0] = (struct vg_sink_row){ VG_BED_NONE, VG_SINK_REMOTE };
    d.config.routing.sinks[1] = (struct vg_sink_row){ 0, VG_SINK_ROOM };
    (void)strcpy(d.config.sink_name[0], "desk");
    (void)strcpy(d.config.sink_name[1], "room");
    assert_int_equal(vd_start(&d), VG_OK);
    (void)vd_ask(&d, "{\"op\":\"sink_alive\",\"sink\":\"desk\"}");
    (void)bed(ALL, 0);
    const json_t *sinks = json_object_get(root, "sinks");
    assert_int_equal(json_array_size(sinks), 2);
    const json_t *desk = json_array_get(sinks, 0);
    assert_string_equal(text(desk, "sink"), "desk");
    assert_string_equal(text(desk, "role"), "remote");
    assert_null(json_object_get(desk, "bed"));
    assert_true(json_is_true(json_object_get(desk, "ok")));
    const json_t *room = json_array_get(sinks, 1);
    assert_string_equal(text(room, "bed"), "bed-1");
    assert_true(json_is_false(json_object_get(room, "ok")));
}

/* --- limits ---------------------------------------------------------------------------------- */

static const json_t *row(const json_t *list, const char *condition)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        if (strcmp(text(o, "condition"), condition) == 0) {
            return o;
        }
    }
    return NULL;
}

#define LIMITS "{\"op\":\"limits\"}"

static void test_snapshot__limits_of_every_bed_and_their_profiles(void **state)
{
    (void)state;
    const json_t *b = bed(LIMITS, 1);
    assert_string_equal(text(b, "bed"), "bed-2");
    assert_true(json_is_false(json_object_get(b, "session")));
    assert_true(json_is_null(json_object_get(b, "formula")));
    assert_int_equal(json_array_size(json_object_get(root, "profiles")), d.v->names.profile_count);
    const json_t *low = row(json_object_get(b, "limits"), "SPO2_LOW");
    assert_string_equal(text(low, "vital"), "spo2");
    assert_string_equal(text(low, "side"), "below");
    assert_string_equal(text(low, "priority"), "medium");
    assert_int_equal(json_integer_value(json_object_get(low, "limit_milli")), 90000);
    assert_int_equal(json_integer_value(json_object_get(low, "delay_ms")), 15000);
    assert_int_equal(json_integer_value(json_object_get(low, "sat_seconds")), 0);
    assert_true(json_is_true(json_object_get(low, "enabled")));
    assert_string_equal(text(row(json_object_get(b, "limits"), "SYS_HIGH"), "side"), "above");
    assert_null(row(json_object_get(b, "limits"), "STORAGE"));
    (void)bed("{\"op\":\"limits\",\"bed\":\"bed-2\"}", 0);
    assert_int_equal(json_array_size(json_object_get(root, "beds")), 1);
}

/* What the formula would make is shown before it counts, and changes nothing. */
static void test_snapshot__limits_show_what_the_formula_would_make(void **state)
{
    struct vg_session *s = &d.v->engine.beds[0].session;
    (void)state;
    s->base[VG_BASE_SYS] = 118000; /* without a session it is nobody's */
    assert_true(json_is_null(json_object_get(bed(LIMITS, 0), "formula")));
    (void)vd_ask(&d, "{\"op\":\"session_open\",\"request_id\":\"1\",\"bed\":\"bed-1\","
                     "\"operator\":\"nurse\",\"patient_ref\":\"P-7\"}");
    assert_true(json_is_null(json_object_get(bed(LIMITS, 0), "formula")));
    s->base[VG_BASE_SYS] = 118000;
    const json_t *b = bed(LIMITS, 0);
    assert_true(json_is_true(json_object_get(b, "session")));
    const json_t *high = row(json_object_get(b, "formula"), "SYS_HIGH");
    assert_int_equal(json_integer_value(json_object_get(high, "limit_milli")), 158000);
    high = row(json_object_get(b, "limits"), "SYS_HIGH");
    assert_int_equal(json_integer_value(json_object_get(high, "limit_milli")), 160000);
}

static void test_snapshot__what_does_not_fit_is_not_cut(void **state)
{
    struct vg_bed *b = &d.v->engine.beds[0];
    (void)state;
    for (uint16_t i = 0; i < 100; i++) {
        b->slots[i] = b->slots[VG_COND_STORAGE];
        b->slots[i].state = VG_CS_ACTIVE;
        b->slots[i].instance = UINT64_C(10000000000000000) + i;
        b->slots[i].has_value = true;
        b->slots[i].worst_milli = -1000000000;
        b->slots[i].limit_milli = -1000000000;
    }
    b->slot_count = 100;
    d.v->names.bed_count = VG_BEDS_MAX;
    for (uint16_t i = 1; i < VG_BEDS_MAX; i++) {
        d.v->names.bed[i] = "another-bed-with-a-long-name-12";
        memcpy(d.v->engine.beds[i].slots, b->slots, 100 * sizeof b->slots[0]);
        d.v->engine.beds[i].slot_count = 100;
        d.v->engine.beds[i].first = VG_DEVICE_NONE;
    }
    const char *body = NULL;
    size_t len = 0;
    vg_snapshot_make(d.v, VG_BED_NONE, &body, &len);
    assert_non_null(strstr(body, "\"error\":\"too_large\""));
    assert_int_equal(strlen(body), len);
    vg_snapshot_make(d.v, 0, &body, &len);
    assert_non_null(strstr(body, "\"open\":100"));
    d.v->names.bed_count = 2;
    for (uint16_t i = 0; i < 2; i++) {
        d.v->engine.beds[i].slot_count = 0;
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(test_snapshot__an_empty_room),
        T(test_snapshot__a_session_with_everything),
        T(test_snapshot__a_lost_value_is_null),
        T(test_snapshot__an_alarm_says_why_and_who_was_told),
        T(test_snapshot__sinks_and_whether_they_are_well),
        T(test_snapshot__limits_of_every_bed_and_their_profiles),
        T(test_snapshot__limits_show_what_the_formula_would_make),
        T(test_snapshot__what_does_not_fit_is_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
