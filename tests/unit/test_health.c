/*
 * test_health.c -- what the service manager hears: ready once, and the watchdog only while alarms
 * are evaluated and told and no worker hangs; steps of the wall clock.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/virtual_daemon.h"

static struct vd d;
static int manager;
static char path[64];

static int begin(void **state)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/vigil-notify-%ld", (long)getpid());
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    (void)unlink(path);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(manager, (const struct sockaddr *)&a, sizeof a) != 0) {
        return -1;
    }
    (void)setenv("NOTIFY_SOCKET", path, 1);
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    (void)vd_add_device(&d, "ox", "nonin", 0);
    return vd_start(&d) == VG_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    vd_fini(&d);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)close(manager);
    return unlink(path);
}

/* How many datagrams with this text came. */
static int heard(const char *text)
{
    char buf[256];
    int n = 0;
    for (;;) {
        ssize_t len = recv(manager, buf, sizeof buf - 1, 0);
        if (len < 0) {
            return n;
        }
        buf[len] = '\0';
        n += strstr(buf, text) != NULL ? 1 : 0;
    }
}

/* Watchdog datagrams of the last run(). The queue of the socket is short: read as they come. */
static int fed;

static void run(double s)
{
    int64_t end_ns = vd_now(&d) + (int64_t)(s * 1e9);
    fed = 0;
    while (vd_now(&d) < end_ns) {
        int64_t next_ns = vd_now(&d) + VG_NS_PER_S;
        vd_run_until(&d, next_ns < end_ns ? next_ns : end_ns);
        fed += heard("WATCHDOG=1");
    }
}

static void test_health__is_ready_when_alarms_are_evaluated(void **state)
{
    (void)state;
    assert_int_equal(heard("READY=1\nSTATUS=monitoring 1 beds with 1 devices"), 1);
}

static void test_health__feeds_the_watchdog_with_every_tick(void **state)
{
    (void)state;
    run(0.5);
    run(10);
    assert_true(fed >= 39 && fed <= 41);
}

static void test_health__does_not_feed_it_without_ticks(void **state)
{
    (void)state;
    run(0.5);
    d.v->tick_timer->fn = NULL; /* as if the engine's grid had stopped */
    run(1.1);
    run(10);
    assert_int_equal(fed, 0);
}

static void test_health__does_not_feed_it_while_a_bus_hangs(void **state)
{
    (void)state;
    run(0.5);
    d.v->bus_count = 1;
    atomic_store(&d.v->buses[0].worker.busy_since_ns, d.now.mono_ns);
    run(30);
    assert_true(fed >= 119); /* long, but legal */
    run(31.1);
    run(5);
    assert_int_equal(fed, 0);
    atomic_store(&d.v->buses[0].worker.busy_since_ns, 0);
    run(5);
    assert_true(fed >= 19);
    d.v->bus_count = 0;
}

/* A disk that hangs is an alarm, not a reason to be killed. */
static void test_health__feeds_it_while_the_disk_hangs(void **state)
{
    (void)state;
    run(0.5);
    atomic_store(&d.v->journal.worker.busy_since_ns, d.now.mono_ns);
    run(0.6);
    assert_true(fed >= 1);
}

static void test_health__says_each_step_of_the_wall_clock(void **state)
{
    (void)state;
    run(5);
    vd_step_wall_clock(&d, 500 * VG_NS_PER_MS);
    run(2);
    vd_step_wall_clock(&d, 7200 * VG_NS_PER_S);
    run(2);
    vd_step_wall_clock(&d, -7200 * VG_NS_PER_S);
    run(2);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM clock_step"), 2);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM clock_step WHERE step_ms = 7200000"), 1);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM clock_step WHERE step_ms = -7200000"), 1);
}

static void test_health__remembers_the_worst_lateness(void **state)
{
    (void)state;
    run(1.5);
    d.now.mono_ns += 400 * VG_NS_PER_MS; /* the loop was held up */
    run(2);
    assert_true(d.v->health.worst_late_ns >= 150 * VG_NS_PER_MS);
    assert_true(d.v->reactor.late_ns < 150 * VG_NS_PER_MS);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(test_health__is_ready_when_alarms_are_evaluated),
        T(test_health__feeds_the_watchdog_with_every_tick),
        T(test_health__does_not_feed_it_without_ticks),
        T(test_health__does_not_feed_it_while_a_bus_hangs),
        T(test_health__feeds_it_while_the_disk_hangs),
        T(test_health__says_each_step_of_the_wall_clock),
        T(test_health__remembers_the_worst_lateness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
