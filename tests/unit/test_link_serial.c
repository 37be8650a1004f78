/*
 * test_link_serial.c -- the order in which libserialport is used, each of its calls made to fail,
 * and that nothing of it is left behind. The double opens a pseudo-terminal.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/link.h"
#include "tests/support/pty.h"

/* --- the double ------------------------------------------------------------------------------- */

static struct {
    const char *failing; /* the call that fails */
    int error;           /* errno it leaves */
    int ports, opens;    /* alive */
    int fd;
    char name[PATH_MAX];
    char done[256];       /* the calls, in order */
    pthread_mutex_t hung; /* held: the adapter does not answer */
} fake = { .hung = PTHREAD_MUTEX_INITIALIZER };

static char token; /* what stands for a port */

enum sp_return __wrap_sp_get_port_by_name(const char *name, struct sp_port **out);
enum sp_return __wrap_sp_open(struct sp_port *port, enum sp_mode flags);
enum sp_return __wrap_sp_close(struct sp_port *port);
void __wrap_sp_free_port(struct sp_port *port);
enum sp_return __wrap_sp_get_port_handle(const struct sp_port *port, void *out);
enum sp_return __wrap_sp_set_baudrate(struct sp_port *port, int baud);
enum sp_return __wrap_sp_set_bits(struct sp_port *port, int bits);
enum sp_return __wrap_sp_set_parity(struct sp_port *port, enum sp_parity parity);
enum sp_return __wrap_sp_set_stopbits(struct sp_port *port, int bits);
enum sp_return __wrap_sp_set_flowcontrol(struct sp_port *port, enum sp_flowcontrol flow);
enum sp_return __wrap_sp_flush(struct sp_port *port, enum sp_buffer buffers);

static enum sp_return call(const char *name, int value)
{
    size_t len = strlen(fake.done);
    (void)snprintf(fake.done + len, sizeof fake.done - len, "%s=%d ", name, value);
    if (fake.failing != NULL && strcmp(fake.failing, name) == 0) {
        errno = fake.error;
        return SP_ERR_FAIL;
    }
    return SP_OK;
}

enum sp_return __wrap_sp_get_port_by_name(const char *name, struct sp_port **out)
{
    enum sp_return rc = call("find", 0);
    (void)snprintf(fake.name, sizeof fake.name, "%s", name);
    if (rc == SP_OK) {
        *out = (struct sp_port *)(void *)&token;
        fake.ports++;
    }
    return rc;
}

/* The library leaves a line on which read() never says "nothing yet". */
static void leave_like_the_library(int fd)
{
    struct termios t;
    assert_int_equal(tcgetattr(fd, &t), 0);
    cfmakeraw(&t);
    t.c_cc[VMIN] = 0;
    t.c_cc[VTIME] = 0;
    assert_int_equal(tcsetattr(fd, TCSANOW, &t), 0);
}

enum sp_return __wrap_sp_open(struct sp_port *port, enum sp_mode flags)
{
    (void)pthread_mutex_lock(&fake.hung);
    (void)pthread_mutex_unlock(&fake.hung);
    enum sp_return rc = call("open", (int)flags);
    (void)port;
    if (rc == SP_OK) {
        fake.fd = open(fake.name, O_RDWR | O_NOCTTY | O_NONBLOCK);
        assert_true(fake.fd >= 0);
        leave_like_the_library(fake.fd);
        fake.opens++;
    }
    return rc;
}

enum sp_return __wrap_sp_close(struct sp_port *port)
{
    (void)port;
    (void)close(fake.fd);
    fake.opens--;
    return call("close", 0);
}

void __wrap_sp_free_port(struct sp_port *port)
{
    (void)port;
    fake.ports--;
}

enum sp_return __wrap_sp_get_port_handle(const struct sp_port *port, void *out)
{
    (void)port;
    memcpy(out, &fake.fd, sizeof fake.fd);
    return call("handle", 0);
}

enum sp_return __wrap_sp_set_baudrate(struct sp_port *port, int baud)
{
    (void)port;
    return call("baud", baud);
}

enum sp_return __wrap_sp_set_bits(struct sp_port *port, int bits)
{
    (void)port;
    return call("bits", bits);
}

enum sp_return __wrap_sp_set_parity(struct sp_port *port, enum sp_parity parity)
{
    (void)port;
    return call("parity", (int)parity);
}

enum sp_return __wrap_sp_set_stopbits(struct sp_port *port, int bits)
{
    (void)port;
    return call("stop", bits);
}

enum sp_return __wrap_sp_set_flowcontrol(struct sp_port *port, enum sp_flowcontrol flow)
{
    (void)port;
    return call("flow", (int)flow);
}

enum sp_return __wrap_sp_flush(struct sp_port *port, enum sp_buffer buffers)
{
    (void)port;
    return call("flush", (int)buffers);
}

/* --- tests ------------------------------------------------------------------------------------ */

static struct pty pty;
static struct vg_link_config config;

static int set_up(void **state)
{
    (void)state;
    fake.failing = NULL;
    fake.ports = fake.opens = 0;
    fake.done[0] = '\0';
    memset(&config, 0, sizeof config);
    pty_open(&pty);
    config.scheme = VG_SCHEME_SERIAL;
    config.line = (struct vg_line){ .baud = 9600, .data_bits = 8, .stop_bits = 1, .parity = 'E' };
    (void)snprintf(config.target, sizeof config.target, "%s", pty.path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pty_close(&pty);
    return 0;
}

/* Open and wait, as a port does. */
static enum vg_status open_now(struct vg_link *l)
{
    enum vg_status st = l->ops->open(l, &config);
    if (st != VG_OK) {
        return st;
    }
    struct pollfd w = { .fd = l->fd, .events = POLLIN };
    assert_true(l->connecting);
    assert_int_equal(poll(&w, 1, 10000), 1);
    return l->ops->connected(l);
}

static void test_link_serial__configures_before_it_speaks(void **state)
{
    char want[160];
    struct vg_link l = { .ops = &vg_link_serial, .fd = -1 };
    (void)state;
    assert_int_equal(open_now(&l), VG_OK);
    (void)snprintf(want, sizeof want,
                   "find=0 open=%d handle=0 baud=9600 bits=8 parity=%d stop=1 flow=%d flush=%d ",
                   (int)SP_MODE_READ_WRITE, (int)SP_PARITY_EVEN, (int)SP_FLOWCONTROL_NONE,
                   (int)SP_BUF_BOTH);
    assert_string_equal(fake.done, want);
    assert_int_equal(l.fd, fake.fd);
    assert_false(l.connecting);
    assert_true((fcntl(l.fd, F_GETFD) & FD_CLOEXEC) != 0);
    l.ops->close(&l);
    assert_int_equal(l.fd, -1);
    assert_int_equal(fake.ports, 0);
    assert_int_equal(fake.opens, 0);
}

static void test_link_serial__knows_each_parity(void **state)
{
    static const struct {
        char letter;
        enum sp_parity parity;
    } rows[] = { { 'N', SP_PARITY_NONE }, { 'E', SP_PARITY_EVEN }, { 'O', SP_PARITY_ODD } };
    char want[32];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct vg_link l = { .ops = &vg_link_serial, .fd = -1 };
        fake.done[0] = '\0';
        config.line.parity = rows[i].letter;
        assert_int_equal(open_now(&l), VG_OK);
        (void)snprintf(want, sizeof want, "parity=%d ", (int)rows[i].parity);
        assert_non_null(strstr(fake.done, want));
        l.ops->close(&l);
    }
}

/* A stable name below by-id is looked up anew at each opening. */
static void test_link_serial__follows_the_stable_name(void **state)
{
    char link[] = "/tmp/vigil-serial-XXXXXX";
    struct vg_link l = { .ops = &vg_link_serial, .fd = -1 };
    (void)state;
    int fd = mkstemp(link);
    assert_true(fd >= 0);
    (void)close(fd);
    (void)unlink(link);
    assert_int_equal(symlink(pty.path, link), 0);
    (void)snprintf(config.target, sizeof config.target, "%s", link);
    assert_int_equal(open_now(&l), VG_OK);
    assert_string_equal(fake.name, pty.path);
    l.ops->close(&l);
    (void)unlink(link);
    assert_int_equal(open_now(&l), VG_ERR_LOST);
}

static void test_link_serial__leaves_nothing_behind_whatever_fails(void **state)
{
    static const struct {
        const char *call;
        int error;
        enum vg_status status;
    } rows[] = {
        { "find", 0, VG_ERR_LOST },      { "open", EACCES, VG_ERR_DENIED },
        { "open", ENOENT, VG_ERR_LOST }, { "open", EIO, VG_ERR_IO },
        { "handle", 0, VG_ERR_IO },      { "baud", 0, VG_ERR_RANGE },
        { "bits", 0, VG_ERR_RANGE },     { "parity", 0, VG_ERR_RANGE },
        { "stop", 0, VG_ERR_RANGE },     { "flow", 0, VG_ERR_RANGE },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vg_link l = { .ops = &vg_link_serial, .fd = -1 };
        fake.done[0] = '\0';
        fake.failing = rows[i].call;
        fake.error = rows[i].error;
        assert_int_equal(open_now(&l), rows[i].status);
        assert_int_equal(l.fd, -1);
        assert_int_equal(fake.ports, 0);
        assert_int_equal(fake.opens, 0);
    }
}

static void test_link_serial__does_not_share_the_port(void **state)
{
    struct vg_link l = { .ops = &vg_link_serial, .fd = -1 };
    (void)state;
    int other = open(pty.path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(open_now(&l), VG_ERR_DENIED);
    assert_int_equal(fake.opens, 0);
    (void)close(other);
    assert_int_equal(open_now(&l), VG_OK);
    l.ops->close(&l);
}

static void test_link_serial__does_not_drop_its_lines_on_close(void **state)
{
    struct termios t;
    struct vg_link l = { .ops = &vg_link_serial, .fd = -1 };
    (void)state;
    assert_int_equal(open_now(&l), VG_OK);
    assert_int_equal(tcgetattr(l.fd, &t), 0);
    assert_int_equal(t.c_cflag & (tcflag_t)HUPCL, 0);
    l.ops->close(&l);
}

/* An empty line is not a line that is gone. */
static void test_link_serial__tells_nothing_from_gone(void **state)
{
    uint8_t byte;
    struct vg_link l = { .ops = &vg_link_serial, .fd = -1 };
    (void)state;
    assert_int_equal(open_now(&l), VG_OK);
    assert_int_equal(l.ops->read(&l, &byte, 1), 0);
    pty_close(&pty);
    assert_int_equal(l.ops->read(&l, &byte, 1), -1);
    l.ops->close(&l);
}

/* The loop goes on, and the next opening waits for the same answer. */
static void test_link_serial__leaves_a_hung_adapter_to_its_thread(void **state)
{
    struct vg_link l = { .ops = &vg_link_serial, .fd = -1 };
    (void)state;
    (void)pthread_mutex_lock(&fake.hung);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(l.ops->open(&l, &config), VG_OK);
        assert_true(l.connecting);
        struct pollfd w = { .fd = l.fd, .events = POLLIN };
        assert_int_equal(poll(&w, 1, 0), 0);
        l.ops->close(&l);
        assert_int_equal(l.fd, -1);
    }
    (void)pthread_mutex_unlock(&fake.hung);
    assert_int_equal(open_now(&l), VG_OK);
    assert_int_equal(fake.ports, 1);
    assert_int_equal(fake.opens, 1);
    l.ops->close(&l);
    assert_int_equal(fake.ports, 0);
    assert_int_equal(fake.opens, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_link_serial__configures_before_it_speaks),
        T(test_link_serial__knows_each_parity),
        T(test_link_serial__follows_the_stable_name),
        T(test_link_serial__leaves_nothing_behind_whatever_fails),
        T(test_link_serial__does_not_share_the_port),
        T(test_link_serial__does_not_drop_its_lines_on_close),
        T(test_link_serial__tells_nothing_from_gone),
        T(test_link_serial__leaves_a_hung_adapter_to_its_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
