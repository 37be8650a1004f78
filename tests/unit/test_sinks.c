/*
 * test_sinks.c -- which alarm sinks are well: three seconds without a word, their own word that they
 * cannot be heard, and that the engine is told of changes only. The whole daemon in virtual time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/virtual_daemon.h"

enum { DESK, ROOM };

static struct vd d;

static void add_sink(const char *id, enum vg_sink_role role, uint16_t bed)
{
    struct vg_routing *r = &d.config.routing;
    (void)snprintf(d.config.sink_name[r->sink_count], VG_ID_MAX, "%s", id);
    r->sinks[r->sink_count++] = (struct vg_sink_row){ bed, (uint8_t)role };
}

static int begin(void **state)
{
    (void)state;
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    (void)vd_add_bed(&d, "bed-2");
    (void)vd_add_device(&d, "ox", "nonin", 0);
    add_sink("desk", VG_SINK_REMOTE, VG_BED_NONE);
    add_sink("room-1", VG_SINK_ROOM, 0);
    return vd_start(&d) == VG_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    vd_fini(&d);
    return 0;
}

static void alive(const char *sink, bool healthy)
{
    char ask[96];
    (void)snprintf(ask, sizeof ask, "{\"op\":\"sink_alive\",\"sink\":\"%s\",\"healthy\":%s}", sink,
                   healthy ? "true" : "false");
    assert_non_null(strstr(vd_ask(&d, ask), "\"ok\":true"));
}

static enum vg_cond_state lost(uint16_t bed, uint16_t sink)
{
    const struct vg_bed *b = &d.v->engine.beds[bed];
    uint16_t at = b->sink_slot[sink];
    return at != 0 ? (enum vg_cond_state)b->slots[at - 1].state : VG_CS_DISARMED;
}

static int64_t rows(const char *event)
{
    char sql[160];
    vg_journal_commit(&d.v->journal);
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM event WHERE kind = 20 AND payload ->> 'event' = '%s'",
                   event);
    return vd_record(&d, sql);
}

static void test_sinks__one_that_never_came_is_lost_after_three_seconds(void **state)
{
    (void)state;
    vd_run_until(&d, 3 * VG_NS_PER_S - VG_TICK_NS);
    assert_int_equal(lost(0, DESK), VG_CS_DISARMED);
    vd_run_until(&d, 3 * VG_NS_PER_S + VG_TICK_NS);
    assert_int_equal(lost(0, DESK), VG_CS_ACTIVE);
    assert_int_equal(lost(1, DESK), VG_CS_ACTIVE); /* it serves all beds */
    assert_int_equal(lost(0, ROOM), VG_CS_ACTIVE);
    assert_int_equal(lost(1, ROOM), VG_CS_DISARMED); /* of the other bed */
}

static void test_sinks__one_that_reports_is_well(void **state)
{
    (void)state;
    for (int64_t s = 0; s < 20; s++) {
        vd_run_until(&d, s * VG_NS_PER_S);
        alive("desk", true);
        alive("room-1", true);
    }
    assert_true(d.v->engine.beds[0].link);
    assert_true(d.v->engine.beds[1].link);
    assert_true(d.v->engine.beds[0].room);
    assert_int_equal(lost(0, DESK), VG_CS_DISARMED);
    /* The engine heard of it once: a word a second is no row a second. */
    assert_int_equal(rows("ok"), 2);
}

static void test_sinks__silence_is_a_loss_and_a_word_its_end(void **state)
{
    (void)state;
    alive("desk", true);
    vd_run_until(&d, 3 * VG_NS_PER_S - VG_TICK_NS);
    assert_true(d.v->engine.beds[0].link);
    vd_run_until(&d, 3 * VG_NS_PER_S + VG_TICK_NS);
    assert_false(d.v->engine.beds[0].link);
    assert_int_equal(lost(0, DESK), VG_CS_ACTIVE);
    vd_run_until(&d, 60 * VG_NS_PER_S); /* said once, not every tick */
    assert_int_equal(rows("lost"), 2);  /* the desk, and the room that never came */
    alive("desk", true);
    assert_true(d.v->engine.beds[0].link);
    assert_int_equal(lost(0, DESK), VG_CS_NORMAL);
}

static void test_sinks__one_that_cannot_be_heard_is_lost_at_once(void **state)
{
    (void)state;
    alive("desk", true);
    alive("desk", false);
    assert_false(d.v->engine.beds[0].link);
    assert_int_equal(lost(0, DESK), VG_CS_ACTIVE);
    for (int64_t s = 1; s < 10; s++) { /* it goes on to say so: nothing new */
        vd_run_until(&d, s * VG_NS_PER_S);
        alive("desk", false);
    }
    assert_int_equal(lost(0, DESK), VG_CS_ACTIVE);
    alive("desk", true);
    assert_int_equal(lost(0, DESK), VG_CS_NORMAL);
}

static void test_sinks__the_first_word_may_be_a_bad_one(void **state)
{
    (void)state;
    alive("desk", false);
    assert_int_equal(lost(0, DESK), VG_CS_ACTIVE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_sinks__one_that_never_came_is_lost_after_three_seconds),
        T(test_sinks__one_that_reports_is_well),
        T(test_sinks__silence_is_a_loss_and_a_word_its_end),
        T(test_sinks__one_that_cannot_be_heard_is_lost_at_once),
        T(test_sinks__the_first_word_may_be_a_bad_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
