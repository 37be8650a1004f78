/*
 * test_review.c -- a record played again makes the same alarms; a record that was changed does not.
 *
 * That every scenario's record passes is part of tests/scenario; here is what must not pass.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/review.h"
#include "tests/support/virtual_daemon.h"

#define S(n) ((n)*VG_NS_PER_S)

static struct vd run;

/* A desaturation, acknowledged, and a crash in the middle. */
static int record_something(void **state)
{
    (void)state;
    vd_init(&run);
    struct vdev *oxi = vd_add_device(&run, "oxi", "nonin", vd_add_bed(&run, "bed-1"));
    if (vd_start(&run) != VG_OK) {
        return -1;
    }
    vd_run_until(&run, S(5));
    (void)vd_ask(&run, "{\"op\":\"session_open\",\"request_id\":\"r1\",\"bed\":\"bed-1\","
                       "\"operator\":\"nurse\",\"patient_ref\":\"P1\"}");
    oxi->spo2 = 80;
    vd_run_until(&run, S(20));
    vd_kill(&run);
    if (vd_start(&run) != VG_OK) {
        return -1;
    }
    vd_run_until(&run, S(30));
    oxi->spo2 = 97;
    vd_run_until(&run, S(60));
    vd_stop(&run);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    vd_fini(&run);
    return 0;
}

static enum vg_status review(struct vg_review *r)
{
    char db[96];
    (void)snprintf(db, sizeof db, "%s/vigil.db", run.dir);
    return vg_review_record(&run.config, db, NULL, r);
}

/* What nobody may do to a record, done. */
static void tamper(const char *sql)
{
    char db[96];
    sqlite3 *file = NULL;
    (void)snprintf(db, sizeof db, "%s/vigil.db", run.dir);
    assert_int_equal(sqlite3_open(db, &file), SQLITE_OK);
    assert_int_equal(sqlite3_exec(file,
                                  "DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(file, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_changes(file) > 0);
    assert_int_equal(sqlite3_close(file), SQLITE_OK);
}

static void test_review__an_honest_record_is_made_again(void **state)
{
    struct vg_review r;
    (void)state;
    assert_int_equal(review(&r), VG_OK);
    assert_int_equal(r.runs, 2);
    assert_true(r.transitions >= 6);
    assert_int_equal(r.transitions, vd_record(&run, "SELECT count(*) FROM alarm"));
    assert_int_equal(r.differences, 0);
    assert_int_equal(r.unread, 0);
}

static void test_review__a_changed_value_is_seen(void **state)
{
    struct vg_review r;
    (void)state;
    tamper("UPDATE event SET value_milli = 97000 WHERE kind = 1 AND vital = 0 AND value_milli < "
           "90000");
    assert_int_equal(review(&r), VG_ERR_STATE);
    assert_true(r.differences > 0);
}

static void test_review__a_removed_alarm_is_seen(void **state)
{
    struct vg_review r;
    (void)state;
    tamper("DELETE FROM event WHERE kind = 11 AND payload ->> 'event' = 'open'"
           " AND payload ->> 'alarm' = 'SPO2_DESAT'");
    assert_int_equal(review(&r), VG_ERR_STATE);
}

static void test_review__another_configuration_is_seen(void **state)
{
    struct vg_review r;
    (void)state;
    run.config.profiles[0].of[VG_COND_SPO2_DESAT].limit_milli = 70000;
    assert_int_equal(review(&r), VG_ERR_STATE);
}

static void test_review__a_missing_record_is_an_error(void **state)
{
    struct vg_review r;
    (void)state;
    assert_int_equal(vg_review_record(&run.config, "/nowhere/vigil.db", NULL, &r), VG_ERR_STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_review__an_honest_record_is_made_again,
                                        record_something, clean),
        cmocka_unit_test_setup_teardown(test_review__a_changed_value_is_seen, record_something,
                                        clean),
        cmocka_unit_test_setup_teardown(test_review__a_removed_alarm_is_seen, record_something,
                                        clean),
        cmocka_unit_test_setup_teardown(test_review__another_configuration_is_seen,
                                        record_something, clean),
        cmocka_unit_test_setup_teardown(test_review__a_missing_record_is_an_error, record_something,
                                        clean),
    };
    return cmocka_run_group_tests_name("review", tests, NULL, NULL);
}
