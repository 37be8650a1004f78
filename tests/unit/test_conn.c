/*
 * test_conn.c -- the connection machine: when to try again, and which moves are news.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "daemon/conn.h"

static struct vg_device_event out;

static bool to(struct vg_conn *c, enum vg_port_state state, int64_t now_ns)
{
    return vg_conn_move(c, state, VG_ERR_LOST, now_ns, 0, &out);
}

static void test_conn__opens_at_once_at_first(void **state)
{
    struct vg_conn c;
    (void)state;
    vg_conn_init(&c, 77);
    assert_int_equal(c.state, VG_PORT_BACKOFF);
    assert_int_equal(c.due_ns, 77);
    assert_int_equal(c.heard_ns, 77);
}

static void test_conn__backs_off_to_a_second_and_forgets_it_online(void **state)
{
    static const int64_t wanted_ms[] = { 250, 500, 1000, 1000, 1000 };
    struct vg_conn c;
    (void)state;
    vg_conn_init(&c, 0);
    for (size_t i = 0; i < sizeof wanted_ms / sizeof wanted_ms[0]; i++) {
        (void)to(&c, VG_PORT_BACKOFF, 1000);
        assert_int_equal(c.due_ns - 1000, vg_ms(wanted_ms[i]));
    }
    (void)to(&c, VG_PORT_SYNCING, 2000);
    (void)to(&c, VG_PORT_ONLINE, 3000);
    (void)to(&c, VG_PORT_BACKOFF, 4000);
    assert_int_equal(c.due_ns - 4000, vg_ms(250));
}

static void test_conn__says_a_failing_port_once(void **state)
{
    struct vg_conn c;
    (void)state;
    vg_conn_init(&c, 0);
    assert_true(to(&c, VG_PORT_BACKOFF, 0));
    assert_int_equal(out.from, VG_PORT_CLOSED);
    assert_int_equal(out.to, VG_PORT_BACKOFF);
    assert_int_equal(out.cause, VG_ERR_LOST);
    assert_false(to(&c, VG_PORT_OPENING, 1));
    assert_false(to(&c, VG_PORT_BACKOFF, 2));
    assert_true(to(&c, VG_PORT_SYNCING, 3));
    assert_true(to(&c, VG_PORT_ONLINE, 4));
    assert_int_equal(out.from, VG_PORT_SYNCING);
    assert_true(to(&c, VG_PORT_BACKOFF, 5));
}

static void test_conn__does_not_say_the_retries_of_a_half_dead_device(void **state)
{
    struct vg_conn c;
    (void)state;
    vg_conn_init(&c, 0);
    (void)to(&c, VG_PORT_SYNCING, 0);
    (void)to(&c, VG_PORT_ONLINE, 1);
    assert_true(to(&c, VG_PORT_SILENT, 2));
    assert_false(to(&c, VG_PORT_OPENING, 3));
    assert_false(to(&c, VG_PORT_SYNCING, 4));
    assert_false(to(&c, VG_PORT_SILENT, 5));
    assert_true(to(&c, VG_PORT_ONLINE, 6));
    assert_int_equal(out.from, VG_PORT_SILENT);
}

static void test_conn__counts_dropped_bytes_since_the_last_news(void **state)
{
    struct vg_conn c;
    (void)state;
    vg_conn_init(&c, 0);
    assert_true(vg_conn_move(&c, VG_PORT_SYNCING, VG_OK, 0, 7, &out));
    assert_int_equal(out.dropped, 7);
    assert_true(vg_conn_move(&c, VG_PORT_ONLINE, VG_OK, 0, 10, &out));
    assert_int_equal(out.dropped, 3);
}

static void test_conn__hearing_resets_the_silence(void **state)
{
    struct vg_conn c;
    (void)state;
    vg_conn_init(&c, 0);
    vg_conn_heard(&c, 99);
    assert_int_equal(c.heard_ns, 99);
    (void)to(&c, VG_PORT_SYNCING, 120);
    assert_int_equal(c.heard_ns, 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conn__opens_at_once_at_first),
        cmocka_unit_test(test_conn__backs_off_to_a_second_and_forgets_it_online),
        cmocka_unit_test(test_conn__says_a_failing_port_once),
        cmocka_unit_test(test_conn__does_not_say_the_retries_of_a_half_dead_device),
        cmocka_unit_test(test_conn__counts_dropped_bytes_since_the_last_news),
        cmocka_unit_test(test_conn__hearing_resets_the_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
