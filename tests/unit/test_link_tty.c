/*
 * test_link_tty.c -- the link of pseudo-terminals and odd ttys, and which scheme has which link.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/link.h"
#include "tests/support/pty.h"

static struct vg_link_config config_of(const char *path)
{
    struct vg_link_config c;
    memset(&c, 0, sizeof c);
    c.scheme = VG_SCHEME_TTY;
    c.line = (struct vg_line){ .baud = 9600, .data_bits = 8, .stop_bits = 1, .parity = 'N' };
    (void)snprintf(c.target, sizeof c.target, "%s", path);
    return c;
}

static void test_link_tty__carries_bytes_both_ways(void **state)
{
    struct pty p;
    uint8_t buf[16];
    struct vg_link l = { .ops = &vg_link_tty, .fd = -1 };
    (void)state;
    pty_open(&p);
    struct vg_link_config c = config_of(p.path);
    assert_int_equal(l.ops->open(&l, &c), VG_OK);
    assert_true(l.fd >= 0);
    assert_false(l.connecting);
    assert_true(l.simulated);
    assert_int_equal(l.ops->connected(&l), VG_OK);
    assert_int_equal(l.ops->read(&l, buf, sizeof buf), 0); /* nothing yet is not the end */
    pty_say(&p, "\x01\x11\x13", 3);
    assert_int_equal(l.ops->read(&l, buf, sizeof buf), 3);
    assert_memory_equal(buf, "\x01\x11\x13", 3);
    assert_int_equal(l.ops->write(&l, buf, 3), 3);
    assert_int_equal(pty_hear(&p, buf, 3, 1000), 3);
    l.ops->close(&l);
    assert_int_equal(l.fd, -1);
    pty_close(&p);
}

static void test_link_tty__a_hang_up_is_the_end(void **state)
{
    struct pty p;
    uint8_t buf[16];
    struct vg_link l = { .ops = &vg_link_tty, .fd = -1 };
    (void)state;
    pty_open(&p);
    struct vg_link_config c = config_of(p.path);
    assert_int_equal(l.ops->open(&l, &c), VG_OK);
    pty_close(&p);
    assert_true(l.ops->read(&l, buf, sizeof buf) < 0);
    assert_true(l.ops->write(&l, buf, 3) < 0);
    l.ops->close(&l);
}

static void test_link_tty__a_full_line_takes_nothing(void **state)
{
    int pair[2];
    uint8_t fill[4096];
    (void)state;
    memset(fill, 0, sizeof fill);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    struct vg_link l = { .ops = &vg_link_tty, .fd = pair[0] };
    ssize_t n = 1;
    while (n > 0) {
        n = vg_link_fd_write(&l, fill, sizeof fill);
    }
    assert_int_equal(n, 0);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void test_link_tty__says_what_is_missing(void **state)
{
    struct vg_link l = { .ops = &vg_link_tty, .fd = -1 };
    struct vg_link_config c = config_of("/dev/no-such-terminal");
    (void)state;
    assert_int_equal(l.ops->open(&l, &c), VG_ERR_LOST);
    assert_int_equal(l.fd, -1);
}

static void test_link_tty__each_scheme_has_its_link(void **state)
{
    (void)state;
    assert_ptr_equal(vg_link_ops_of(VG_SCHEME_SERIAL), &vg_link_serial);
    assert_ptr_equal(vg_link_ops_of(VG_SCHEME_TTY), &vg_link_tty);
    assert_ptr_equal(vg_link_ops_of(VG_SCHEME_TCP), &vg_link_tcp);
    assert_null(vg_link_ops_of(VG_SCHEME_MODBUS_RTU));
    assert_null(vg_link_ops_of(VG_SCHEME_MODBUS_TCP));
    assert_null(vg_link_ops_of(VG_SCHEME_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_tty__carries_bytes_both_ways),
        cmocka_unit_test(test_link_tty__a_hang_up_is_the_end),
        cmocka_unit_test(test_link_tty__a_full_line_takes_nothing),
        cmocka_unit_test(test_link_tty__says_what_is_missing),
        cmocka_unit_test(test_link_tty__each_scheme_has_its_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
