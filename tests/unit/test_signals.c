/*
 * test_signals.c -- signals arrive as bytes; SIGPIPE does not arrive at all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <signal.h>
#include <unistd.h>

#include "lib/signals.h"

static void test_signals__come_through_the_descriptor_one_by_one(void **state)
{
    int fd = -1;
    (void)state;
    assert_int_equal(vg_signals_open(&fd), VG_OK);
    assert_int_equal(vg_signals_take(fd), 0);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(raise(SIGINT), 0);
    int first = vg_signals_take(fd);
    int second = vg_signals_take(fd);
    assert_true((first == SIGTERM && second == SIGINT) || (first == SIGINT && second == SIGTERM));
    assert_int_equal(vg_signals_take(fd), 0);
    (void)close(fd);
}

static void test_signals__a_peer_that_went_away_kills_nobody(void **state)
{
    int fd = -1;
    int p[2];
    (void)state;
    assert_int_equal(vg_signals_open(&fd), VG_OK);
    assert_int_equal(pipe(p), 0);
    (void)close(p[0]);
    assert_int_equal(write(p[1], "x", 1), -1);
    (void)close(p[1]);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals__come_through_the_descriptor_one_by_one),
        cmocka_unit_test(test_signals__a_peer_that_went_away_kills_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
