/*
 * test_tty.c -- a terminal opened raw: every byte passes, one user at a time, errors by cause.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/tty.h"
#include "tests/support/pty.h"

static const struct vg_line plain = { .baud = 9600, .data_bits = 8, .stop_bits = 1, .parity = 'N' };

static void test_tty__passes_every_byte(void **state)
{
    struct pty p;
    uint8_t out[256];
    uint8_t in[256];
    size_t got = 0;
    int fd = -1;
    (void)state;
    pty_open(&p);
    assert_int_equal(vg_tty_open(p.path, &plain, &fd), VG_OK);
    for (size_t i = 0; i < sizeof out; i++) {
        out[i] = (uint8_t)i; /* XON, XOFF, CR, ^C and ^D among them */
    }
    pty_say(&p, out, sizeof out);
    while (got < sizeof in) {
        ssize_t n = read(fd, in + got, sizeof in - got);
        if (n > 0) {
            got += (size_t)n;
        }
        assert_true(n > 0 || errno == EAGAIN);
    }
    assert_memory_equal(in, out, sizeof in);
    assert_int_equal(write(fd, out, sizeof out), sizeof out);
    assert_int_equal(pty_hear(&p, in, sizeof in, 1000), sizeof in);
    assert_memory_equal(in, out, sizeof in);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    (void)close(fd);
    pty_close(&p);
}

static void test_tty__sets_the_line(void **state)
{
    static const struct vg_line odd = {
        .baud = 19200, .data_bits = 7, .stop_bits = 2, .parity = 'O'
    };
    static const struct vg_line even = {
        .baud = 4800, .data_bits = 8, .stop_bits = 1, .parity = 'E'
    };
    struct pty p;
    struct termios t;
    int fd = -1;
    (void)state;
    pty_open(&p);
    assert_int_equal(vg_tty_open(p.path, &odd, &fd), VG_OK);
    assert_int_equal(tcgetattr(fd, &t), 0);
    assert_int_equal(cfgetispeed(&t), B19200);
    assert_true((t.c_cflag & CSTOPB) != 0);
    assert_int_equal(t.c_iflag & (tcflag_t)(IXON | IXOFF | ICRNL), 0);
    (void)close(fd);
    assert_int_equal(vg_tty_open(p.path, &even, &fd), VG_OK);
    assert_int_equal(tcgetattr(fd, &t), 0);
    assert_int_equal(cfgetispeed(&t), B4800);
    assert_true((t.c_cflag & CSTOPB) == 0 && (t.c_cflag & HUPCL) == 0);
    (void)close(fd);
    pty_close(&p);
}

static void test_tty__is_for_one_user_at_a_time(void **state)
{
    struct pty p;
    int first = -1;
    int second = -1;
    (void)state;
    pty_open(&p);
    assert_int_equal(vg_tty_open(p.path, &plain, &first), VG_OK);
    assert_int_equal(vg_tty_open(p.path, &plain, &second), VG_ERR_DENIED);
    assert_int_equal(second, -1);
    (void)close(first);
    assert_int_equal(vg_tty_open(p.path, &plain, &second), VG_OK);
    (void)close(second);
    pty_close(&p);
}

static void test_tty__says_why_not(void **state)
{
    static const struct vg_line strange = {
        .baud = 12345, .data_bits = 8, .stop_bits = 1, .parity = 'N'
    };
    struct pty p;
    char file[] = "/tmp/vigil-tty-XXXXXX";
    int fd = 7;
    (void)state;
    assert_int_equal(vg_tty_open("/dev/no-such-terminal", &plain, &fd), VG_ERR_LOST);
    assert_int_equal(fd, -1);
    pty_open(&p);
    assert_int_equal(vg_tty_open(p.path, &strange, &fd), VG_ERR_RANGE);
    assert_int_equal(fd, -1);
    pty_close(&p);
    int made = mkstemp(file);
    assert_true(made >= 0);
    assert_int_equal(vg_tty_open(file, &plain, &fd), VG_ERR_IO); /* no terminal at all */
    (void)close(made);
    (void)unlink(file);
    assert_int_equal(vg_tty_status(EBUSY), VG_ERR_DENIED);
    assert_int_equal(vg_tty_status(EACCES), VG_ERR_DENIED);
    assert_int_equal(vg_tty_status(ENXIO), VG_ERR_LOST);
    assert_int_equal(vg_tty_status(EIO), VG_ERR_IO);
}

static void test_tty__knows_a_pseudo_terminal(void **state)
{
    struct pty p;
    int fd = -1;
    (void)state;
    pty_open(&p);
    assert_int_equal(vg_tty_open(p.path, &plain, &fd), VG_OK);
    assert_true(vg_tty_is_pty(fd));
    (void)close(fd);
    pty_close(&p);
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_false(vg_tty_is_pty(fd));
    assert_int_equal(vg_tty_lock(fd), VG_OK); /* the ioctl it does not know is no obstacle */
    (void)close(fd);
    assert_false(vg_tty_is_pty(-1));
    assert_int_equal(vg_tty_lock(-1), VG_ERR_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tty__passes_every_byte),
        cmocka_unit_test(test_tty__sets_the_line),
        cmocka_unit_test(test_tty__is_for_one_user_at_a_time),
        cmocka_unit_test(test_tty__says_why_not),
        cmocka_unit_test(test_tty__knows_a_pseudo_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
