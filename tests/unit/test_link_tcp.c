/*
 * test_link_tcp.c -- a serial-to-network server on the loopback: connecting, bytes, and its death.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/link.h"

static int server;
static uint16_t server_port;

static int set_up(void **state)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t len = sizeof a;
    (void)state;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server, (const struct sockaddr *)&a, sizeof a) != 0 || listen(server, 4) != 0 ||
        getsockname(server, (struct sockaddr *)&a, &len) != 0) {
        return -1;
    }
    server_port = ntohs(a.sin_port);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return server >= 0 ? close(server) : 0;
}

static struct vg_link_config config_of(const char *host, uint16_t port)
{
    struct vg_link_config c;
    memset(&c, 0, sizeof c);
    c.scheme = VG_SCHEME_TCP;
    c.port = port;
    (void)snprintf(c.target, sizeof c.target, "%s", host);
    return c;
}

/* Open and wait until the connection is made, as the port does. */
static enum vg_status open_and_connect(struct vg_link *l, const char *host)
{
    struct vg_link_config c = config_of(host, server_port);
    enum vg_status st = l->ops->open(l, &c);
    if (st != VG_OK || !l->connecting) {
        return st;
    }
    struct pollfd p = { .fd = l->fd, .events = POLLOUT };
    assert_int_equal(poll(&p, 1, 5000), 1);
    return l->ops->connected(l);
}

static void test_link_tcp__connects_and_carries_bytes(void **state)
{
    uint8_t buf[16];
    struct vg_link l = { .ops = &vg_link_tcp, .fd = -1 };
    (void)state;
    assert_int_equal(open_and_connect(&l, "127.0.0.1"), VG_OK);
    assert_false(l.connecting);
    assert_true(l.simulated);
    int peer = accept(server, NULL, NULL);
    assert_true(peer >= 0);
    assert_int_equal(l.ops->read(&l, buf, sizeof buf), 0);
    assert_int_equal(write(peer, "abc", 3), 3);
    struct pollfd p = { .fd = l.fd, .events = POLLIN };
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(l.ops->read(&l, buf, sizeof buf), 3);
    assert_int_equal(l.ops->write(&l, buf, 3), 3);
    assert_int_equal(recv(peer, buf, 3, MSG_WAITALL), 3);
    (void)close(peer);
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_true(l.ops->read(&l, buf, sizeof buf) < 0); /* closed by the server: gone */
    l.ops->close(&l);
    assert_int_equal(l.fd, -1);
}

static void test_link_tcp__finds_a_name(void **state)
{
    struct vg_link l = { .ops = &vg_link_tcp, .fd = -1 };
    (void)state;
    enum vg_status st = open_and_connect(&l, "localhost");
    if (st == VG_OK) { /* where localhost is ::1 first, nobody listens */
        l.ops->close(&l);
    }
    assert_true(st == VG_OK || st == VG_ERR_LOST);
    if (l.fd >= 0) {
        l.ops->close(&l);
    }
}

static void test_link_tcp__reports_a_refusal(void **state)
{
    struct vg_link l = { .ops = &vg_link_tcp, .fd = -1 };
    (void)state;
    (void)close(server);
    server = -1;
    assert_int_equal(open_and_connect(&l, "127.0.0.1"), VG_ERR_LOST);
    if (l.fd >= 0) {
        l.ops->close(&l);
    }
}

static void test_link_tcp__reports_what_cannot_be_found_or_reached(void **state)
{
    struct vg_link l = { .ops = &vg_link_tcp, .fd = -1 };
    struct vg_link_config c = config_of("no such host at all", server_port);
    (void)state;
    assert_int_equal(l.ops->open(&l, &c), VG_ERR_LOST);
    assert_int_equal(l.fd, -1);
    c = config_of("255.255.255.255", server_port);
    assert_int_equal(l.ops->open(&l, &c), VG_ERR_LOST); /* refused at once */
    assert_int_equal(l.fd, -1);
}

static void test_link_tcp__knows_this_machine(void **state)
{
    (void)state;
    assert_true(vg_link_is_loopback("127.0.0.1"));
    assert_true(vg_link_is_loopback("127.9.9.9"));
    assert_true(vg_link_is_loopback("::1"));
    assert_true(vg_link_is_loopback("localhost"));
    assert_false(vg_link_is_loopback("192.168.40.12"));
    assert_false(vg_link_is_loopback("12.127.0.1"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_link_tcp__connects_and_carries_bytes),
        T(test_link_tcp__finds_a_name),
        T(test_link_tcp__reports_a_refusal),
        T(test_link_tcp__reports_what_cannot_be_found_or_reached),
        T(test_link_tcp__knows_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
