/*
 * test_vigild.c -- starting and stopping: in order, on request, and when something is in the way.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/pty.h"
#include "tests/support/test_maps.h"
#include "tests/support/virtual_daemon.h"

static struct vd d;

static int begin(void **state)
{
    (void)state;
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    (void)vd_add_device(&d, "ox", "nonin", 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    vd_fini(&d);
    return 0;
}

static int descriptors(void)
{
    int n = 0;
    DIR *list = opendir("/proc/self/fd");
    while (readdir(list) != NULL) {
        n++;
    }
    (void)closedir(list);
    return n;
}

static void test_vigild__starts_and_stops_without_leaving_anything(void **state)
{
    (void)state;
    assert_int_equal(vd_start(&d), VG_OK);
    vd_run_until(&d, VG_NS_PER_S);
    vd_stop(&d);
    int before = descriptors();
    for (int i = 0; i < 5; i++) {
        assert_int_equal(vd_start(&d), VG_OK);
        vd_run_until(&d, vd_now(&d) + VG_NS_PER_S);
        vd_stop(&d);
    }
    assert_int_equal(descriptors(), before);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM event WHERE kind = 14 AND "
                                   "payload ->> 'event' = 'stopping'"),
                     6);
}

static void test_vigild__does_not_share_a_record(void **state)
{
    static struct vg_journal holder;
    (void)state;
    memset(&holder, 0, sizeof holder);
    assert_int_equal(vg_journal_open(&holder, d.dir), VG_OK);
    int before = descriptors();
    assert_int_equal(vd_start(&d), VG_ERR_DENIED);
    assert_int_equal(descriptors(), before);
    vg_store_close(&holder);
    (void)close(holder.lock_fd);
    assert_int_equal(vd_start(&d), VG_OK);
}

static void test_vigild__does_not_start_without_its_sockets(void **state)
{
    char *const endpoints[] = { d.config.stream, d.config.view, d.config.operate };
    char kept[VG_ENDPOINT_MAX];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        memcpy(kept, endpoints[i], sizeof kept);
        (void)snprintf(endpoints[i], VG_ENDPOINT_MAX, "ipc:///no/such/folder/s");
        int before = descriptors();
        assert_int_equal(vd_start(&d), VG_ERR_IO);
        assert_int_equal(descriptors(), before);
        memcpy(endpoints[i], kept, sizeof kept);
    }
    assert_int_equal(vd_start(&d), VG_OK);
}

/* The disk refuses from the beginning: monitoring goes on, and numbers do not collide later. */
static void test_vigild__monitors_without_a_record(void **state)
{
    char kept[VG_PATH_MAX];
    (void)state;
    memcpy(kept, d.config.state_dir, sizeof kept);
    (void)snprintf(d.config.state_dir, sizeof d.config.state_dir, "/proc/no-such-folder");
    assert_int_equal(vd_start(&d), VG_OK);
    vd_run_until(&d, 5 * VG_NS_PER_S);
    assert_true(d.v->storage_bad);
    assert_int_equal(d.v->engine.devices[0].fresh[VG_VITAL_SPO2].state, VG_FRESH_FRESH);
    assert_true(d.v->engine.seq > UINT64_C(1000000000));
    memcpy(d.config.state_dir, kept, sizeof kept);
}

static void test_vigild__a_session_survives_and_the_gap_is_said(void **state)
{
    (void)state;
    assert_int_equal(vd_start(&d), VG_OK);
    (void)vd_ask(&d, "{\"op\":\"session_open\",\"request_id\":\"1\",\"bed\":\"bed-1\","
                     "\"operator\":\"nurse\",\"patient_ref\":\"P1\"}");
    vd_run_until(&d, 3 * VG_NS_PER_S);
    uint64_t seq = d.v->engine.seq;
    vd_kill(&d);
    vd_run_until(&d, 63 * VG_NS_PER_S);
    assert_int_equal(vd_start(&d), VG_OK);
    assert_string_equal(d.v->engine.beds[0].session.patient_ref, "P1");
    assert_true(d.v->engine.seq > 0 && d.v->engine.seq + 200 > seq);
    vd_run_until(&d, 65 * VG_NS_PER_S);
    assert_int_equal(vd_record(&d, "SELECT count(*) - count(DISTINCT seq) FROM event"), 0);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM alarm WHERE condition = 'RESTARTED' AND "
                                   "event = 'open'"),
                     1);
}

/* The real clock, real threads, a real terminal; a signal ends it in order. */
static void run_for_real(int sig)
{
    struct vg_reactor_env env = vg_reactor_env_real();
    static struct vigild v;
    struct pty p;

    memset(&v, 0, sizeof v);
    pty_open(&p);
    (void)snprintf(d.config.devices[0].link.target, sizeof d.config.devices[0].link.target, "%s",
                   p.path);
    (void)snprintf(d.config.stream, sizeof d.config.stream, "ipc://%s/stream", d.dir);
    (void)snprintf(d.config.view, sizeof d.config.view, "ipc://%s/view", d.dir);
    (void)snprintf(d.config.operate, sizeof d.config.operate, "ipc://%s/operate", d.dir);
    v.config = d.config;
    assert_int_equal(vg_vigild_start(&v, &env), VG_OK);
    while (v.ports[0].conn.state != VG_PORT_SYNCING) {
        vg_reactor_turn(&v.reactor);
    }
    assert_true((v.engine.devices[0].flags & VG_FLAG_TEST) != 0);
    assert_int_equal(raise(sig), 0);
    vg_vigild_run(&v);
    vg_vigild_stop(&v);
    pty_close(&p);
}

static void test_vigild__ends_on_a_signal(void **state)
{
    (void)state;
    test_map_vm2(&d.config.maps[0]);
    d.config.map_count = 1;
    struct vg_device_config *unit = vd_add_unit(&d, "vm", 1, 0);
    unit->link.scheme = VG_SCHEME_MODBUS_TCP; /* nobody listens there */
    unit->link.port = 1;
    (void)snprintf(unit->link.target, sizeof unit->link.target, "127.0.0.1");
    run_for_real(SIGTERM);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM event WHERE kind = 14 AND "
                                   "payload ->> 'event' = 'stopping'"),
                     1);
    run_for_real(SIGINT);
}

static void test_vigild__does_not_start_without_descriptors(void **state)
{
    struct vg_reactor_env env = vg_reactor_env_real();
    static struct vigild v;
    struct rlimit before;
    struct rlimit few;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int first = dup(0);
    (void)close(first);
    /* Loop, signals, lock: with fewer than these libraries cannot say no in an orderly way. */
    for (rlim_t n = (rlim_t)first; n < (rlim_t)first + 2; n++) {
        memset(&v, 0, sizeof v);
        v.config = d.config;
        few = before;
        few.rlim_cur = n;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        enum vg_status st = vg_vigild_start(&v, &env);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        if (st == VG_OK) {
            vg_vigild_stop(&v);
            break;
        }
        int again = dup(0);
        (void)close(again);
        assert_int_equal(again, first); /* nothing is left open */
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(test_vigild__starts_and_stops_without_leaving_anything),
        T(test_vigild__does_not_share_a_record),
        T(test_vigild__does_not_start_without_its_sockets),
        T(test_vigild__monitors_without_a_record),
        T(test_vigild__a_session_survives_and_the_gap_is_said),
        T(test_vigild__ends_on_a_signal),
        T(test_vigild__does_not_start_without_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
