/*
 * test_effects.c -- commands on their way to the disk: nothing is confirmed early, nothing twice,
 * and a disk that refuses or is slow is said once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/faulty_vfs.h"
#include "tests/support/virtual_daemon.h"

static struct vd d;
static unsigned number;
static unsigned doses_told;
static unsigned unsaved_told;

static void on_frame(void *state, const char *topic, const char *body)
{
    (void)state;
    if (strcmp(topic, "v1.bed-1.dose") == 0) {
        doses_told++;
        unsaved_told += strstr(body, "\"unsaved\":true") != NULL ? 1u : 0u;
    }
}

static int begin(void **state)
{
    (void)state;
    number = 0;
    doses_told = 0;
    unsaved_told = 0;
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    (void)vd_add_device(&d, "cuff", "suntech", 0);
    d.on_frame = on_frame;
    if (vd_start(&d) != VG_OK) {
        return -1;
    }
    const char *r = vd_ask(&d, "{\"op\":\"session_open\",\"request_id\":\"s\",\"bed\":\"bed-1\","
                               "\"operator\":\"nurse\",\"patient_ref\":\"P1\"}");
    return strstr(r, "\"recorded\":true") != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    faulty_vfs.full = false;
    vd_fini(&d);
    return 0;
}

static const char *dose_text(unsigned id)
{
    static char text[256];
    (void)snprintf(text, sizeof text,
                   "{\"op\":\"dose\",\"request_id\":\"d-%u\",\"bed\":\"bed-1\",\"operator\":"
                   "\"nurse\",\"kind\":\"bolus\",\"drug\":\"ketamine\",\"amount\":5,\"unit\":"
                   "\"mg\",\"route\":\"iv\"}",
                   id);
    return text;
}

static void run(int64_t ms)
{
    vd_run_until(&d, vd_now(&d) + vg_ms(ms));
}

static size_t replies_with(const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < d.reply_count; i++) {
        n += strstr(d.replies[i].text, text) != NULL ? 1u : 0u;
    }
    return n;
}

static void test_effects__confirms_what_is_on_disk(void **state)
{
    (void)state;
    const char *r = vd_ask(&d, dose_text(1));
    assert_non_null(strstr(r, "\"recorded\":true"));
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM dose"), 1);
    assert_int_equal(doses_told, 1);
    assert_false(d.v->storage_bad);
}

static void test_effects__says_not_recorded_after_a_second(void **state)
{
    (void)state;
    faulty_vfs.full = true;
    assert_string_equal(vd_ask(&d, dose_text(1)), "");
    run(900);
    assert_int_equal(replies_with("d-1"), 0);
    run(200);
    assert_int_equal(replies_with("\"recorded\":false"), 1);
    assert_int_equal(unsaved_told, 1);
    assert_true(d.v->storage_bad);
    faulty_vfs.full = false;
    run(2000);
    assert_int_equal(replies_with("d-1"), 1); /* one request, one answer */
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM dose"), 1);
    assert_int_equal(doses_told, 2); /* and told again, now saved */
    assert_int_equal(unsaved_told, 1);
    assert_false(d.v->storage_bad);
}

/* The repeat waits for the first one: a duplicate is never confirmed before the original. */
static void test_effects__a_repeat_waits_for_the_disk_too(void **state)
{
    (void)state;
    run(250); /* the retries come on whole seconds */
    faulty_vfs.full = true;
    vd_send(&d, dose_text(1));
    vd_send(&d, dose_text(1));
    vd_settle(&d);
    assert_int_equal(replies_with("d-1"), 0);
    run(500);
    faulty_vfs.full = false;
    run(1000);
    assert_int_equal(replies_with("\"recorded\":true"), 3); /* session, dose, repeat */
    assert_int_equal(replies_with("\"duplicate\":true"), 1);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM dose"), 1);
}

/* Known to the record only: the receipts in memory hold fewer requests than a long day brings. */
static void test_effects__a_repeat_only_the_record_knows_gets_the_first_receipt(void **state)
{
    (void)state;
    (void)vd_ask(&d, dose_text(1));
    memset(d.v->engine.beds[0].receipts, 0, sizeof d.v->engine.beds[0].receipts);
    d.v->engine.beds[0].receipt_next = 0;
    const char *r = vd_ask(&d, dose_text(1));
    assert_non_null(strstr(r, "\"duplicate\":true"));
    char receipt[64];
    (void)snprintf(receipt, sizeof receipt, "\"receipt\":%lld",
                   (long long)vd_record(&d, "SELECT seq FROM dose"));
    assert_non_null(strstr(r, receipt));
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM dose"), 1);
    assert_int_equal(doses_told, 1);
}

static void test_effects__answers_busy_when_too_many_wait(void **state)
{
    (void)state;
    faulty_vfs.full = true;
    for (size_t i = 0; i < VG_PENDING_MAX; i++) {
        d.v->pending[i].used = true;
    }
    const char *r = vd_ask(&d, dose_text(1));
    assert_non_null(strstr(r, "\"error\":\"busy\""));
    assert_int_equal(d.v->engine.beds[0].session.dose_count, 0);
    memset(d.v->pending, 0, sizeof d.v->pending);
    faulty_vfs.full = false;
    assert_non_null(strstr(vd_ask(&d, dose_text(1)), "\"recorded\":true"));
}

/* Even the ring is full: the dose is in force and on screen, and posted when there is room. */
static void test_effects__a_dose_outlives_a_full_ring(void **state)
{
    struct vg_event filler;
    (void)state;
    faulty_vfs.full = true;
    memset(&filler, 0, sizeof filler);
    filler.kind = VG_EV_DOSE;
    filler.device = VG_DEVICE_NONE;
    do {
        filler.seq = vg_engine_next_seq(&d.v->engine);
    } while (vg_journal_post(&d.v->journal, &filler, false) != 0);
    assert_string_equal(vd_ask(&d, dose_text(1)), "");
    assert_int_equal(d.v->engine.beds[0].session.dose_count, 1);
    assert_int_equal(unsaved_told, 1);
    assert_true(d.v->storage_bad);
    run(1200);
    assert_int_equal(replies_with("\"recorded\":false"), 1);
    faulty_vfs.full = false;
    run(5000);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM event WHERE request_id = 'd-1'"), 1);
    assert_false(d.v->storage_bad);
    assert_int_equal(d.v->pending[0].used, false);
}

/* The record is a chain in the order of seq: what a step makes is posted in that order, the command
 * before what it caused, and a dose that found no room before all that came after it. */
static void test_effects__posts_rows_in_the_order_of_their_numbers(void **state)
{
    static const char *const asks[] = {
        "{\"op\":\"sedation\",\"request_id\":\"o-1\",\"bed\":\"bed-1\",\"operator\":\"nurse\","
        "\"score\":2}",
        "{\"op\":\"nibp_start\",\"request_id\":\"o-2\",\"bed\":\"bed-1\",\"operator\":\"nurse\","
        "\"device\":\"cuff\"}",
        "{\"op\":\"session_close\",\"request_id\":\"o-3\",\"bed\":\"bed-1\",\"operator\":\"nurse\","
        "\"reason\":\"done\"}",
    };
    struct vg_ring *ring = &d.v->journal.worker.jobs;
    uint64_t last = 0;
    (void)state;
    run(2000);
    faulty_vfs.full = true;
    for (size_t i = 0; i < VG_COUNT(asks); i++) {
        vd_send(&d, asks[i]);
        run(3000); /* with whatever the cuff says meanwhile */
    }
    size_t n = vg_ring_count(ring);
    assert_true(n > 10);
    for (size_t i = 0; i < n; i++) {
        const struct vg_journal_job *job = vg_ring_peek(ring, i);
        assert_true(job->ev.seq > last);
        last = job->ev.seq;
    }
    faulty_vfs.full = false;
    run(3000);
    assert_int_equal(replies_with("o-"), 3);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM alarm WHERE condition = 'SED_DEEP' AND"
                                   " event = 'open'"),
                     1);
}

static void test_effects__a_slow_disk_is_bad_storage(void **state)
{
    (void)state;
    static const char said[] = "SELECT count(*) FROM event WHERE kind = 14 AND "
                               "payload ->> 'event' = 'storage_bad'";
    atomic_store(&d.v->journal.worker.busy_since_ns, d.now.mono_ns);
    vg_effects_tick(d.v);
    assert_int_equal(vd_record(&d, said), 0);
    d.v->reactor.now.mono_ns += 1001 * VG_NS_PER_MS;
    vg_effects_tick(d.v);
    assert_int_equal(vd_record(&d, said), 1); /* and here the next commit, at once, is good */
    atomic_store(&d.v->journal.worker.busy_since_ns, 0);
    d.v->storage_bad = true;
    d.v->storage_seen_bad = true;
    struct vg_journal_done slow = { .upto = d.v->journal.posted, .took_ns = 1500 * VG_NS_PER_MS };
    vg_effects_recorded(d.v, &slow);
    assert_true(d.v->storage_bad); /* it came, but too late to call the disk good */
    assert_int_equal(d.v->worst_commit_ns, 1500 * VG_NS_PER_MS);
    run(2000);
    assert_false(d.v->storage_bad);
}

/* The alarm of the storage trouble is made once, whoever notices first. */
static void test_effects__storage_trouble_opens_one_alarm(void **state)
{
    (void)state;
    faulty_vfs.full = true;
    for (unsigned i = 1; i < 6; i++) {
        vd_send(&d, dose_text(i));
    }
    run(5000);
    faulty_vfs.full = false;
    run(3000);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM alarm WHERE condition = 'STORAGE' AND "
                                   "event = 'open'"),
                     1);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM dose"), 5);
    assert_int_equal(vd_record(&d, "SELECT count(*) - count(DISTINCT seq) FROM event"), 0);
}

static void test_effects__goes_on_when_a_device_cannot_be_asked(void **state)
{
    (void)state;
    run(2000);
    d.v->ports[0].out_len = sizeof d.v->ports[0].out; /* as if nothing had left for long */
    const char *r = vd_ask(&d, "{\"op\":\"nibp_start\",\"request_id\":\"n\",\"bed\":\"bed-1\","
                               "\"operator\":\"nurse\",\"device\":\"cuff\"}");
    assert_non_null(strstr(r, "\"recorded\":true"));
    assert_int_equal(vdev_told(&d.devices[0], 's'), 0);
    d.v->ports[0].out_len = 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(test_effects__confirms_what_is_on_disk),
        T(test_effects__says_not_recorded_after_a_second),
        T(test_effects__a_repeat_waits_for_the_disk_too),
        T(test_effects__a_repeat_only_the_record_knows_gets_the_first_receipt),
        T(test_effects__answers_busy_when_too_many_wait),
        T(test_effects__a_dose_outlives_a_full_ring),
        T(test_effects__posts_rows_in_the_order_of_their_numbers),
        T(test_effects__a_slow_disk_is_bad_storage),
        T(test_effects__storage_trouble_opens_one_alarm),
        T(test_effects__goes_on_when_a_device_cannot_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
