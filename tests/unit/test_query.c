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
        T(test_query__past_the_end_is_empty),
        T(test_query__marks_what_a_simulator_said),
        T(test_query__says_that_there_is_no_record),
        T(test_query__says_that_the_record_is_damaged),
        T(test_query__serves_one_at_a_time),
        T(test_query__answers_from_its_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
