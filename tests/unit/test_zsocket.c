/*
 * test_zsocket.c -- sockets bound and connected the one way, and who may use their files.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "lib/zsocket.h"

static void *zmq;
static char dir[] = "/tmp/vigil-zsocket-XXXXXX";
static char endpoint[96];
static const char *path = endpoint + 6;

static int set_up(void **state)
{
    (void)state;
    zmq = zmq_ctx_new();
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/s.sock", dir);
    return zmq != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    (void)zmq_ctx_term(zmq);
    (void)unlink(path);
    return rmdir(dir);
}

static void test_zsocket__binds_and_connects_without_linger(void **state)
{
    int linger = -1;
    int water = 0;
    size_t len = sizeof linger;
    char buf[8];
    (void)state;
    void *server = vg_zsocket_open(zmq, ZMQ_ROUTER, endpoint, 77);
    assert_non_null(server);
    assert_int_equal(zmq_getsockopt(server, ZMQ_LINGER, &linger, &len), 0);
    assert_int_equal(linger, 0);
    len = sizeof water;
    assert_int_equal(zmq_getsockopt(server, ZMQ_SNDHWM, &water, &len), 0);
    assert_int_equal(water, 77);
    void *client = vg_zsocket_connect(zmq, ZMQ_DEALER, endpoint);
    assert_non_null(client);
    assert_int_equal(zmq_send(client, "hi", 2, 0), 2);
    assert_true(zmq_recv(server, buf, sizeof buf, 0) > 0);
    assert_int_equal(zmq_recv(server, buf, sizeof buf, 0), 2);
    (void)zmq_close(client);
    (void)zmq_close(server);
}

static void test_zsocket__returns_null_when_it_cannot(void **state)
{
    (void)state;
    assert_null(vg_zsocket_open(zmq, ZMQ_PUB, "ipc:///no/such/folder/s", 10));
    assert_null(vg_zsocket_open(zmq, ZMQ_PUB, "nonsense", 10));
    assert_null(vg_zsocket_open(zmq, 4711, endpoint, 10));
    assert_null(vg_zsocket_connect(zmq, ZMQ_SUB, "nonsense"));
}

static unsigned mode(void)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777u;
}

static void test_zsocket__gives_the_file_to_owner_and_group_only(void **state)
{
    (void)state;
    void *s = vg_zsocket_open(zmq, ZMQ_PUB, endpoint, 10);
    assert_non_null(s);
    vg_zsocket_restrict(endpoint);
    assert_int_equal(mode(), 0660);
    (void)zmq_close(s);
}

static void test_zsocket__leaves_other_endpoints_and_missing_files_alone(void **state)
{
    (void)state;
    vg_zsocket_restrict("tcp://127.0.0.1:5555");
    vg_zsocket_restrict("ipc:///tmp/vigil-there-is-no-such-socket");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zsocket__binds_and_connects_without_linger),
        cmocka_unit_test(test_zsocket__returns_null_when_it_cannot),
        cmocka_unit_test(test_zsocket__gives_the_file_to_owner_and_group_only),
        cmocka_unit_test(test_zsocket__leaves_other_endpoints_and_missing_files_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
