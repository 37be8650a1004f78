/*
 * test_query.c -- ranges of the record for whoever asks: whole rows, in order, with a place to go
 * on; one at a time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <poll.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/virtual_daemon.h"

static struct vd d;

static int begin(void **state)
{
    (void)state;
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    (void)vd_add_bed(&d, "bed-2");
    (void)vd_add_device(&d, "ox-1", "nonin", 0);
    (void)vd_add_device(&d, "ox-2", "nonin", 1);
    if (vd_start(&d) != VG_OK) {
        return -1;
    }
    (void)vd_ask(&d, "{\"op\":\"session_open\",\"request_id\":\"s\",\"bed\":\"bed-1\","
                     "\"operator\":\"nurse\",\"patient_ref\":\"P1\"}");
    d.devices[0].off = true;
    vd_run_until(&d, 10 * VG_NS_PER_S);
    vg_journal_commit(&d.v->journal);
    return 0;
}

static int end(void **state)
{
    (void)state;
    vd_fini(&d);
    return 0;
}

/* Ask, and count the rows; *next is 0 at the end of the record. */
static size_t range(uint64_t from, unsigned limit, const char *bed, uint64_t *next)
{
    char ask[160];
    json_error_t error;
    (void)snprintf(ask, sizeof ask, "{\"op\":\"range\",\"from_seq\":%llu,\"limit\":%u%s%s%s}",
                   (unsigned long long)from, limit, bed != NULL ? ",\"bed\":\"" : "",
                   bed != NULL ? bed : "", bed != NULL ? "\"" : "");
    json_t *root = json_loads(vd_view(&d, ask), JSON_REJECT_DUPLICATES, &error);
    assert_non_null(root);
    assert_true(json_is_true(json_object_get(root, "ok")));
    const json_t *rows = json_object_get(root, "rows");
    const json_t *go_on = json_object_get(root, "next");
    size_t n = json_array_size(rows);
    json_int_t last = (json_int_t)from - 1;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        assert_true(json_integer_value(json_object_get(row, "seq")) > last);
        last = json_integer_value(json_object_get(row, "seq"));
        if (bed != NULL) {
            assert_string_equal(json_string_value(json_object_get(row, "bed")), bed);
        }
    }
    *next = json_is_integer(go_on) ? (uint64_t)json_integer_value(go_on) : 0;
    json_decref(root);
    return n;
}

static size_t all_of(const char *bed, unsigned limit)
{
    uint64_t next = 1;
    size_t n = 0;
    int rounds = 0;
    while (next != 0) {
        n += range(next, limit, bed, &next);
        assert_true(++rounds < 1000);
    }
    return n;
}

static void test_query__pages_give_every_row_but_samples_of_waves_once(void **state)
{
    (void)state;
    size_t in_record = (size_t)vd_record(&d, "SELECT count(*) FROM event WHERE kind <> 3");
    assert_true(in_record > 100);
    assert_int_equal(all_of(NULL, 7), in_record);
    assert_int_equal(all_of(NULL, 500), in_record);
}

static void test_query__one_bed_alone(void **state)
{
    (void)state;
    size_t bed_2 = (size_t)vd_record(&d, "SELECT count(*) FROM event WHERE kind <> 3 AND "
                                         "bed = 'bed-2'");
    assert_int_equal(all_of("bed-2", 50), bed_2);
}

static void test_query__rows_say_what_happened(void **state)
{
    (void)state;
    const char *text = vd_view(&d, "{\"op\":\"range\",\"from_seq\":0,\"limit\":500}");
    assert_non_null(strstr(text, "\"kind\":\"session\""));
    assert_non_null(strstr(text, "\"operator\":\"nurse\""));
    assert_non_null(strstr(text, "\"vital\":\"spo2\",\"value_milli\":97000,\"quality\":\"ok\""));
    assert_non_null(strstr(text, "\"value_milli\":null,\"quality\":\"invalid\""));
    assert_non_null(strstr(text, "\"data\":{\"event\":\"started\""));
}

/* --- the alarm log --------------------------------------------------------------------------- */

/* One page of history as an object, which the caller gives back. */
static json_t *history(uint64_t from, unsigned limit, const char *more)
{
    char ask[200];
    json_error_t error;
    (void)snprintf(ask, sizeof ask, "{\"op\":\"history\",\"from_seq\":%llu,\"limit\":%u%s}",
                   (unsigned long long)from, limit, more);
    json_t *root = json_loads(vd_view(&d, ask), JSON_REJECT_DUPLICATES, &error);
    assert_non_null(root);
    assert_true(json_is_true(json_object_get(root, "ok")));
    return root;
}

/* Every row of all pages; *kinds is the set of kinds seen. */
static size_t whole_history(const char *more, unsigned limit, uint32_t *kinds)
{
    uint64_t from = 0;
    size_t n = 0;
    *kinds = 0;
    do {
        json_t *root = history(from, limit, more);
        const json_t *rows = json_object_get(root, "rows");
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const char *kind = json_string_value(json_object_get(json_array_get(rows, i), "kind"));
            for (unsigned k = 0; k < VG_EV_KIND_COUNT; k++) {
                *kinds |= strcmp(kind, vg_event_kind_name((enum vg_event_kind)k)) == 0 ? 1u << k
                                                                                       : 0;
            }
        }
        n += json_array_size(rows);
        from = (uint64_t)json_integer_value(json_object_get(root, "next")); /* null: 0 */
        json_decref(root);
    } while (from != 0);
    return n;
}

static void an_alarm_opens(void)
{
    d.devices[1].spo2 = 80;
    vd_run_until(&d, 12 * VG_NS_PER_S);
    vg_journal_commit(&d.v->journal);
}

#define MEASURED "1, 2, 3, 4, 5, 6, 12, 22"

static void test_query__history_is_what_was_decided_and_asked_for(void **state)
{
    uint32_t kinds = 0;
    (void)state;
    an_alarm_opens();
    size_t n = (size_t)vd_record(&d, "SELECT count(*) FROM event WHERE kind NOT IN (" MEASURED ")");
    assert_true(n > 10);
    assert_int_equal(whole_history("", 500, &kinds), n);
    assert_int_equal(whole_history("", 3, &kinds), n);
    assert_int_equal(kinds & (1u << VG_EV_READING | 1u << VG_EV_FRESHNESS | 1u << VG_EV_BIND |
                              1u << VG_EV_CUFF | 1u << VG_EV_DEVICE | 1u << VG_EV_SIGNAL),
                     0);
    uint32_t told = 1u << VG_EV_ALARM | 1u << VG_EV_ROUTE | 1u << VG_EV_SESSION |
                    1u << VG_EV_LIMIT | 1u << VG_EV_DAEMON;
    assert_int_equal(kinds & told, told);
}

static void test_query__history_of_one_session(void **state)
{
    char more[64];
    char sql[128];
    uint32_t kinds = 0;
    unsigned long long id = (unsigned long long)d.v->engine.beds[0].session.seq;
    (void)state;
    (void)snprintf(more, sizeof more, ",\"session\":%llu", id);
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM event WHERE kind NOT IN (" MEASURED ") AND session = %llu",
                   id);
    assert_int_equal(whole_history(more, 500, &kinds), vd_record(&d, sql));
    assert_int_equal(kinds & (1u << VG_EV_DAEMON), 0);
    assert_int_equal(kinds & (1u << VG_EV_SESSION), 1u << VG_EV_SESSION);
    assert_int_equal(whole_history(",\"session\":999999", 500, &kinds), 0);
}

/* A restart is part of the story of every bed. */
static void test_query__history_of_a_bed_has_what_is_about_no_bed(void **state)
{
    uint32_t kinds = 0;
    (void)state;
    size_t n = (size_t)vd_record(&d, "SELECT count(*) FROM event WHERE kind NOT IN (" MEASURED
                                     ") AND (bed = 'bed-2' OR bed IS NULL)");
    assert_int_equal(whole_history(",\"bed\":\"bed-2\"", 500, &kinds), n);
    assert_int_equal(kinds & (1u << VG_EV_DAEMON), 1u << VG_EV_DAEMON);
    assert_int_equal(kinds & (1u << VG_EV_SESSION), 0); /* of bed-1 */
}

static void test_query__history_says_who_was_told(void **state)
{
    (void)state;
    an_alarm_opens();
    const char *text = vd_view(&d, "{\"op\":\"history\",\"limit\":500}");
    assert_non_null(strstr(text, "\"kind\":\"route\""));
    assert_non_null(strstr(text, "\"event\":\"local_on\""));
    assert_non_null(strstr(text, "\"cause\":\"begin\""));
}

static void test_query__past_the_end_is_empty(void **state)
{
    uint64_t next = 1;
    (void)state;
    assert_int_equal(range(1000000, 10, NULL, &next), 0);
    assert_int_equal(next, 0);
}

static void test_query__marks_what_a_simulator_said(void **state)
{
    (void)state;
    vg_ingest_mark_test(d.v, 1, true);
    vd_run_until(&d, 12 * VG_NS_PER_S);
    const char *text = vd_view(&d, "{\"op\":\"range\",\"from_seq\":0,\"limit\":500,"
                                   "\"bed\":\"bed-2\"}");
    assert_non_null(strstr(text, "\"test\":true"));
}

static void test_query__says_that_there_is_no_record(void **state)
{
    (void)state;
    (void)snprintf(d.v->query.path, sizeof d.v->query.path, "/tmp/vigil-no-such-record.db");
    const char *text = vd_view(&d, "{\"op\":\"range\"}");
    assert_non_null(strstr(text, "\"status\":\"STORE\""));
}

static void test_query__says_that_the_record_is_damaged(void **state)
{
    char path[96];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/broken.db", d.dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    (void)fputs("no database, but longer than the header of one: "
                "................................................................",
                f);
    (void)fclose(f);
    (void)snprintf(d.v->query.path, sizeof d.v->query.path, "%s", path);
    assert_non_null(strstr(vd_view(&d, "{\"op\":\"range\"}"), "\"ok\":false"));
}

static void test_query__serves_one_at_a_time(void **state)
{
    (void)state;
    d.v->query.busy = true;
    assert_non_null(strstr(vd_view(&d, "{\"op\":\"range\"}"), "\"error\":\"busy\""));
    d.v->query.busy = false;
    assert_non_null(strstr(vd_view(&d, "{\"op\":\"range\"}"), "\"ok\":true"));
}

/* With its thread: the loop is told through the descriptor. */
static void test_query__answers_from_its_thread(void **state)
{
    static struct vg_query q;
    struct vg_request req = { .op = VG_OP_RANGE, .bed = 0, .limit = 10 };
    struct vg_pending asker = { .peer_len = 1 };
    (void)state;
    memset(&q, 0, sizeof q);
    d.v->inline_workers = false;
    assert_int_equal(vg_query_start(&q, d.v), VG_OK);
    assert_int_equal(vg_query_range(&q, &req, &asker), VG_OK);
    assert_int_equal(vg_query_range(&q, &req, &asker), VG_ERR_STATE);
    struct pollfd p = { .fd = q.worker.done_fd, .events = POLLIN };
    assert_int_equal(poll(&p, 1, 10000), 1);
    vd_settle(&d); /* the peer is unknown: the answer goes nowhere */
    assert_false(q.busy);
    assert_non_null(strstr(q.body, "\"rows\":["));
    vg_reactor_remove(&d.v->reactor, q.worker.done_fd);
    vg_query_stop(&q);
    d.v->inline_workers = true;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(test_query__pages_give_every_row_but_samples_of_waves_once),
        T(test_query__one_bed_alone),
        T(test_query__rows_say_what_happened),
        T(test_query__history_is_what_was_decided_and_asked_for),
        T(test_query__history_of_one_session),
        T(test_query__history_of_a_bed_has_what_is_about_no_bed),
        T(test_query__history_says_who_was_told),
        T(test_query__past_the_end_is_empty),
        T(test_query__marks_what_a_simulator_said),
        T(test_query__says_that_there_is_no_record),
        T(test_query__says_that_the_record_is_damaged),
        T(test_query__serves_one_at_a_time),
        T(test_query__answers_from_its_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
