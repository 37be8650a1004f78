/*
 * test_port.c -- one byte device: opening, reading, writing, silence, loss; each call of the link
 * made to fail.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/virtual_daemon.h"

#define SEC VG_NS_PER_S

static struct vd d;
static struct vdev *dev;
static struct vg_port *port;

/* A link over the fake one whose writes are ours to cut or refuse. */
static struct vg_link_ops ops;
static ssize_t take; /* bytes a write takes; -1 = fails */

static ssize_t write_some(struct vg_link *l, const uint8_t *buf, size_t len)
{
    if (take < 0 || (size_t)take < len) {
        (void)buf;
        return take;
    }
    return vdev_link.write(l, buf, len);
}

static void use_ops(struct vigild *v)
{
    v->test_link = &ops;
}

static void begin(const char *driver, enum vg_link_scheme scheme)
{
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    dev = vd_add_device(&d, "dev", driver, 0);
    d.config.devices[0].link.scheme = (uint8_t)scheme;
    ops = vdev_link;
    ops.write = write_some;
    take = 64;
}

static void start(void)
{
    assert_int_equal(vd_start_with(&d, use_ops), VG_OK);
    port = &d.v->ports[0];
}

static int end(void **state)
{
    (void)state;
    vd_fini(&d);
    return 0;
}

static void at(double s)
{
    vd_run_until(&d, (int64_t)(s * 1e9));
}

static enum vg_port_state now_in(void)
{
    assert_int_equal(d.v->engine.devices[0].port, port->conn.reported);
    return (enum vg_port_state)port->conn.state;
}

static void test_port__goes_online_with_the_first_frame(void **state)
{
    (void)state;
    begin("nonin", VG_SCHEME_TTY);
    start();
    at(0.1);
    assert_int_equal(now_in(), VG_PORT_SYNCING);
    at(1);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
    assert_true(port->pump.frames >= 25);
}

static void test_port__tries_again_until_it_is_there(void **state)
{
    (void)state;
    begin("nonin", VG_SCHEME_TTY);
    dev->plugged = false;
    start();
    at(5);
    assert_int_equal(now_in(), VG_PORT_BACKOFF);
    vdev_replug(dev, d.now.mono_ns);
    at(7);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
    vdev_unplug(dev);
    d.touched = true;
    at(7.1);
    assert_int_equal(now_in(), VG_PORT_BACKOFF);
    assert_int_equal(port->link.fd, -1);
}

static void test_port__waits_out_silence_on_a_line(void **state)
{
    (void)state;
    begin("nonin", VG_SCHEME_TTY);
    start();
    at(1);
    dev->mute = true;
    at(60);
    assert_int_equal(port->conn.state, VG_PORT_SILENT);
    assert_true(port->link.fd >= 0);
    dev->mute = false;
    at(61);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
}

/* A connection may be half-open: after ten seconds without a frame it is made anew. */
static void test_port__opens_a_silent_connection_again(void **state)
{
    (void)state;
    begin("nonin", VG_SCHEME_TCP);
    start();
    at(1);
    dev->mute = true;
    at(9);
    assert_int_equal(port->conn.state, VG_PORT_SILENT);
    int64_t heard_ns = port->conn.heard_ns;
    at(12.5);
    assert_true(port->conn.heard_ns > heard_ns);                   /* opened again */
    assert_int_equal(d.v->engine.devices[0].port, VG_PORT_SILENT); /* which is no news */
    dev->mute = false;
    at(14);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
}

static void test_port__waits_for_a_connection_to_be_made(void **state)
{
    (void)state;
    begin("nonin", VG_SCHEME_TCP);
    dev->torn = true;
    start();
    at(1);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
    assert_false(port->link.connecting);
}

static void test_port__gives_up_a_connection_that_is_refused(void **state)
{
    (void)state;
    begin("nonin", VG_SCHEME_TCP);
    dev->torn = true;
    dev->mute = true; /* what the fake link calls refused */
    start();
    at(0.2);
    assert_int_equal(port->conn.state, VG_PORT_BACKOFF);
    dev->mute = false;
    at(2);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
}

static enum vg_status connect_elsewhere(struct vg_link *l)
{
    int fd = fcntl(l->fd, F_DUPFD_CLOEXEC, l->fd + 1);
    (void)close(l->fd);
    l->fd = fd;
    return vdev_link.connected(l);
}

/* A serial port is opened by a thread; what said so is not what carries the bytes. */
static void test_port__reads_the_descriptor_that_opening_gave(void **state)
{
    (void)state;
    begin("nonin", VG_SCHEME_SERIAL);
    ops.connected = connect_elsewhere;
    dev->torn = true;
    start();
    at(1);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
}

static enum vg_status open_never(struct vg_link *l, const struct vg_link_config *cfg)
{
    enum vg_status st = vdev_link.open(l, cfg);
    uint8_t fill[4096];
    memset(fill, 0, sizeof fill);
    l->connecting = true;
    while (vg_link_fd_write(l, fill, sizeof fill) > 0) {
        /* no room left: never writable */
    }
    return st;
}

static void test_port__gives_up_a_connection_that_takes_too_long(void **state)
{
    (void)state;
    begin("nonin", VG_SCHEME_TCP);
    ops.open = open_never;
    dev->mute = true;
    start();
    at(2.9);
    assert_int_equal(port->conn.state, VG_PORT_OPENING);
    assert_int_equal(vg_port_request(port, VG_REQ_KEEPALIVE), VG_ERR_LOST);
    at(3.1);
    assert_int_equal(port->conn.state, VG_PORT_BACKOFF);
}

static void test_port__asks_by_itself_what_the_driver_wants_asked(void **state)
{
    (void)state;
    begin("suntech", VG_SCHEME_TTY);
    start();
    at(2);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
    assert_int_equal(vg_port_request(port, VG_REQ_NIBP_START), VG_OK);
    assert_int_equal(vdev_told(dev, 's'), 1);
}

static void test_port__keeps_what_the_link_does_not_take(void **state)
{
    (void)state;
    begin("suntech", VG_SCHEME_TTY);
    start();
    at(2);
    take = 0;
    assert_int_equal(vg_port_request(port, VG_REQ_NIBP_START), VG_OK);
    assert_int_equal(vdev_told(dev, 's'), 0);
    assert_int_equal(port->out_len, 3);
    take = 64;
    vd_settle(&d); /* writable: the rest goes */
    assert_int_equal(port->out_len, 0);
    assert_int_equal(vdev_told(dev, 's'), 1);
}

static void test_port__refuses_what_it_cannot_say(void **state)
{
    (void)state;
    begin("suntech", VG_SCHEME_TTY);
    start();
    at(2);
    assert_int_equal(vg_port_request(port, VG_REQ_NONE), VG_ERR_STATE);
    take = 0;
    enum vg_status st = VG_OK;
    for (int i = 0; i < 200 && st == VG_OK; i++) {
        st = vg_port_request(port, VG_REQ_NIBP_ABORT);
    }
    assert_int_equal(st, VG_ERR_STATE); /* full */
    vdev_unplug(dev);
    d.touched = true;
    at(2.1);
    assert_int_equal(vg_port_request(port, VG_REQ_NIBP_ABORT), VG_ERR_LOST);
}

static void test_port__a_write_that_fails_is_a_lost_link(void **state)
{
    (void)state;
    begin("suntech", VG_SCHEME_TTY);
    start();
    at(2);
    take = -1;
    assert_int_equal(vg_port_request(port, VG_REQ_NIBP_START), VG_ERR_LOST);
    assert_int_equal(vg_port_request(port, VG_REQ_NIBP_ABORT), VG_ERR_LOST);
    at(2.1);
    assert_int_equal(port->conn.state, VG_PORT_BACKOFF);
    assert_int_equal(port->out_len, 0);
    take = 64;
    at(4);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
    assert_int_equal(vdev_told(dev, 's'), 0); /* what was lost is not said later */
}

/* The end of a determination asks for the result from inside a frame. The line breaks at that very
 * write, and more frames wait behind: the list of effects is carried out to its end, and the port
 * is opened again. */
static void test_port__a_write_that_fails_inside_a_frame(void **state)
{
    static const uint8_t end_and_idle[] = { 0x3e, 0x04, 0x4b, 0x73, 0x3e, 0x05, 0x00, 0x00, 0xbd };
    (void)state;
    begin("suntech", VG_SCHEME_TTY);
    dev->duration_ns = 100 * SEC;
    start();
    at(2);
    (void)vd_ask(&d, "{\"op\":\"nibp_start\",\"request_id\":\"r1\",\"operator\":\"n\",\"bed\":"
                     "\"bed-1\",\"device\":\"dev\"}");
    at(4);
    assert_int_equal(d.v->engine.devices[0].nibp.state, VG_NS_INFLATING);
    take = -1;
    vdev_say(dev, end_and_idle, sizeof end_and_idle);
    vd_settle(&d);
    assert_int_equal(d.v->engine.devices[0].nibp.state, VG_NS_RESULT);
    at(4.1);
    assert_int_equal(now_in(), VG_PORT_BACKOFF);
    take = 64;
    at(8);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM event WHERE kind = 6 AND payload ->> "
                                   "'state' = 'result'"),
                     1);
}

static void test_port__reads_more_than_its_buffer_in_one_go(void **state)
{
    uint8_t flood[8192];
    (void)state;
    begin("nonin", VG_SCHEME_TTY);
    start();
    at(1);
    memset(flood, 0x55, sizeof flood);
    uint64_t before = port->pump.dropped;
    vdev_say(dev, flood, sizeof flood);
    vd_settle(&d);
    assert_int_equal(port->pump.dropped - before, sizeof flood);
    at(2);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
}

static void test_port__waits_when_the_reactor_is_full(void **state)
{
    struct vg_source saved[VG_SOURCES_MAX];
    (void)state;
    begin("nonin", VG_SCHEME_TTY);
    dev->plugged = false;
    start();
    at(1);
    memcpy(saved, d.v->reactor.sources, sizeof saved);
    for (size_t i = 0; i < VG_SOURCES_MAX; i++) {
        d.v->reactor.sources[i].fd = 100000;
    }
    vdev_replug(dev, d.now.mono_ns);
    at(3);
    assert_int_equal(port->conn.state, VG_PORT_BACKOFF);
    assert_int_equal(port->link.fd, -1);
    memcpy(d.v->reactor.sources, saved, sizeof saved);
    at(6);
    assert_int_equal(now_in(), VG_PORT_ONLINE);
}

static void test_port__closed_does_nothing_any_more(void **state)
{
    (void)state;
    begin("nonin", VG_SCHEME_TTY);
    start();
    at(1);
    vg_port_close(port);
    vg_port_close(port);
    vg_port_tick(port);
    assert_int_equal(port->conn.state, VG_PORT_CLOSED);
    assert_int_equal(dev->fd, -1);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, end)
    const struct CMUnitTest tests[] = {
        T(test_port__goes_online_with_the_first_frame),
        T(test_port__tries_again_until_it_is_there),
        T(test_port__waits_out_silence_on_a_line),
        T(test_port__opens_a_silent_connection_again),
        T(test_port__waits_for_a_connection_to_be_made),
        T(test_port__gives_up_a_connection_that_is_refused),
        T(test_port__reads_the_descriptor_that_opening_gave),
        T(test_port__gives_up_a_connection_that_takes_too_long),
        T(test_port__asks_by_itself_what_the_driver_wants_asked),
        T(test_port__keeps_what_the_link_does_not_take),
        T(test_port__refuses_what_it_cannot_say),
        T(test_port__a_write_that_fails_is_a_lost_link),
        T(test_port__a_write_that_fails_inside_a_frame),
        T(test_port__reads_more_than_its_buffer_in_one_go),
        T(test_port__waits_when_the_reactor_is_full),
        T(test_port__closed_does_nothing_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
