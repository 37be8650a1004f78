/* test_client.c -- gaps, repeats and restarts of frames; requests against a ROUTER that is slow,
 * silent, late or talks nonsense. The clock is ours where no socket is involved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "lib/client.h"
#include "lib/clock.h"

static struct vg_client client;

static void read_fixed(void *state, struct vg_now *out)
{
    const int64_t *mono_ns = state;
    out->mono_ns = *mono_ns;
    out->utc_ns = 0;
}

static int64_t fixed_ns;

static int offline(void **state)
{
    struct vg_client_options o = { .timeout_ms = 100, .clock = { read_fixed, &fixed_ns } };
    (void)state;
    return vg_client_open(&client, &o) == VG_OK ? 0 : -1;
}

static int close_client(void **state)
{
    (void)state;
    vg_client_close(&client);
    return 0;
}

/* --- frames --------------------------------------------------------------------------------- */

enum { SAID = 1, GAP = 2, RESTART = 4, OLD = 8 };

static int feed(const char *topic, const char *members)
{
    struct vg_client_update u;
    char body[256];
    int n = snprintf(body, sizeof body, "{\"v\":1,%s}", members);
    enum vg_status st = vg_client_feed(&client, &u, topic, strlen(topic), body, (size_t)n);
    if (st == VG_ERR_STATE) {
        return OLD;
    }
    assert_int_equal(st, VG_OK);
    int what = SAID | (u.gap ? GAP : 0) | (u.restarted ? RESTART : 0);
    assert_int_equal(u.received_ns, fixed_ns);
    json_decref(u.body);
    return what;
}

#define SPO2 "v1.bed-1.vital.spo2"

static void test_client__counters_find_gaps(void **state)
{
    (void)state;
    fixed_ns = 5;
    assert_int_equal(feed(SPO2, "\"n\":34,\"seq\":100,\"dev\":\"ox-1\""), SAID);
    assert_int_equal(feed(SPO2, "\"n\":35,\"seq\":101,\"dev\":\"ox-1\""), SAID);
    assert_int_equal(feed("v1.bed-2.vital.spo2", "\"n\":9,\"seq\":102,\"dev\":\"ox-2\""), SAID);
    assert_int_equal(feed(SPO2, "\"n\":38,\"seq\":110,\"dev\":\"ox-1\""), SAID | GAP);
    assert_int_equal(client.gaps, 2);
    assert_int_equal(feed(SPO2, "\"n\":39,\"seq\":111,\"dev\":\"ox-1\""), SAID);
}

static void test_client__repeats_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(feed(SPO2, "\"n\":1,\"seq\":100,\"dev\":\"ox-1\""), SAID);
    assert_int_equal(feed(SPO2, "\"n\":1,\"seq\":100,\"dev\":\"ox-1\",\"snapshot\":true"), OLD);
    assert_int_equal(feed(SPO2, "\"n\":1,\"seq\":99,\"dev\":\"ox-1\",\"snapshot\":true"), OLD);
    assert_int_equal(feed(SPO2, "\"n\":2,\"seq\":103,\"dev\":\"ox-1\""), SAID);
}

/* Two oximeters on one bed share a topic: the older state of one is news beside the other. */
static void test_client__devices_on_one_topic_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(feed(SPO2, "\"n\":7,\"seq\":100,\"dev\":\"a\""), SAID);
    assert_int_equal(feed(SPO2, "\"n\":7,\"seq\":90,\"dev\":\"b\",\"snapshot\":true"), SAID);
    assert_int_equal(feed(SPO2, "\"n\":8,\"seq\":104,\"dev\":\"b\""), SAID);
    assert_int_equal(feed(SPO2, "\"n\":9,\"seq\":105,\"dev\":\"a\""), SAID);
}

/* A dose comes again with its seq when what was unsaved is on disk, perhaps after a later one. */
static void test_client__news_is_never_dropped(void **state)
{
    static const char dose[] = "v1.bed-1.dose";
    (void)state;
    assert_int_equal(feed(dose, "\"n\":1,\"seq\":10,\"unsaved\":true"), SAID);
    assert_int_equal(feed(dose, "\"n\":2,\"seq\":12,\"unsaved\":true"), SAID);
    assert_int_equal(feed(dose, "\"n\":3,\"seq\":10"), SAID);
    assert_int_equal(feed(dose, "\"n\":4,\"seq\":12"), SAID);
    client.baseline = 1000;
    assert_int_equal(feed(dose, "\"n\":5,\"seq\":13"), SAID);
    assert_int_equal(feed("v1.bed-1.session", "\"n\":1,\"seq\":14"), SAID);
    assert_int_equal(feed(SPO2, "\"n\":1,\"seq\":1000,\"dev\":\"a\""), OLD);
    assert_int_equal(feed(SPO2, "\"n\":2,\"seq\":1001,\"dev\":\"a\""), SAID);
}

static void test_client__a_falling_counter_is_a_restart(void **state)
{
    (void)state;
    assert_int_equal(feed("v1.bed-1.alarms", "\"n\":50,\"run\":11"), SAID);
    assert_int_equal(feed("v1.bed-1.alarms", "\"n\":51,\"run\":11"), SAID);
    assert_int_equal(feed(SPO2, "\"n\":900,\"seq\":5000,\"dev\":\"a\""), SAID);
    assert_int_equal(feed("v1.bed-1.alarms", "\"n\":1,\"run\":11"), SAID | RESTART);
    assert_int_equal(feed(SPO2, "\"n\":1,\"seq\":4000,\"dev\":\"a\""), SAID);
    assert_int_equal(feed(SPO2, "\"n\":2,\"seq\":4001,\"dev\":\"a\""), SAID);
}

static void test_client__another_run_is_a_restart(void **state)
{
    (void)state;
    assert_int_equal(feed("v1.bed-1.alarms", "\"n\":5,\"run\":11"), SAID);
    assert_int_equal(feed("v1.bed-1.alarms", "\"n\":6,\"run\":12"), SAID | RESTART);
    assert_int_equal(feed("v1.bed-1.alarms", "\"n\":7,\"run\":12"), SAID);
    assert_int_equal(client.gaps, 0);
}

static void test_client__frames_that_are_not_ours_are_thrown_away(void **state)
{
    static const char *const bad[] = { "",
                                       "[]",
                                       "{}",
                                       "{\"v\":1}",
                                       "{\"v\":2,\"n\":1}",
                                       "{\"v\":1,\"n\":\"1\"}",
                                       "{\"v\":1,\"n\":1,\"n\":2}",
                                       "{" };
    struct vg_client_update u;
    char long_topic[VG_TOPIC_MAX + 1];

    (void)state;
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        assert_int_equal(vg_client_feed(&client, &u, "v1.x", 4, bad[i], strlen(bad[i])),
                         VG_ERR_FORMAT);
    }
    memset(long_topic, 'v', sizeof long_topic);
    assert_int_equal(vg_client_feed(&client, &u, long_topic, VG_TOPIC_MAX, "{\"v\":1,\"n\":1}", 13),
                     VG_ERR_FORMAT);
}

/* More streams than there is room for: delivered, counted, and no endless search. */
static void test_client__too_many_streams_are_still_delivered(void **state)
{
    char topic[VG_TOPIC_MAX];

    (void)state;
    for (int i = 0; i < VG_CLIENT_STREAMS_MAX; i++) {
        (void)snprintf(topic, sizeof topic, "v1.bed-1.device.d%d", i);
        assert_int_equal(feed(topic, "\"n\":1,\"seq\":5,\"dev\":\"a\""), SAID);
    }
    assert_true(client.untracked > 0);
    assert_true(client.stream_count < VG_CLIENT_STREAMS_MAX);
}

static void test_client__request_ids_are_version_4_uuids(void **state)
{
    char a[VG_REQUEST_ID_MAX];
    char b[VG_REQUEST_ID_MAX];

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(vg_client_uuid(a), VG_OK);
        assert_int_equal(vg_client_uuid(b), VG_OK);
        assert_int_equal(strlen(a), 36);
        assert_int_equal(a[14], '4');
        assert_non_null(strchr("89ab", a[19]));
        assert_string_not_equal(a, b);
        assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
    }
}

/* --- requests ------------------------------------------------------------------------------- */

/* What the other side does with the requests it gets, one letter each: 's' silent, 'a' answer,
 * 'o' answer another request first, 'g' garbage, 'n' a reply without a request id. */
struct server {
    void *zmq;
    void *router;
    pthread_t thread;
    const char *script;
    int seen;
    char same[256]; /* the last body */
    bool repeated;  /* every body was the same */
};

static char endpoint[64];

static void send_body(struct server *s, const char *peer, int peer_len, const char *body)
{
    (void)zmq_send(s->router, peer, (size_t)peer_len, ZMQ_SNDMORE);
    (void)zmq_send(s->router, "", 0, ZMQ_SNDMORE);
    (void)zmq_send(s->router, body, strlen(body), 0);
}

static void act(struct server *s, char what, const char *peer, int peer_len)
{
    switch (what) {
    case 'o':
        send_body(s, peer, peer_len, "{\"v\":1,\"ok\":true,\"request_id\":\"other\"}");
        send_body(s, peer, peer_len, "{\"v\":1,\"ok\":true,\"request_id\":\"r\",\"receipt\":2}");
        break;
    case 'a':
        send_body(s, peer, peer_len, "{\"v\":1,\"ok\":true,\"request_id\":\"r\",\"receipt\":1}");
        break;
    case 'g':
        send_body(s, peer, peer_len, "garbage");
        break;
    case 'n':
        send_body(s, peer, peer_len, "{\"v\":1,\"ok\":false,\"status\":\"ARG\",\"seq\":40}");
        break;
    case 'k':
        send_body(s, peer, peer_len, "{\"v\":1,\"ok\":true,\"run\":11,\"seq\":40}");
        break;
    default:
        break; /* silent */
    }
}

static void *serve(void *state)
{
    struct server *s = state;
    for (const char *p = s->script; *p != '\0'; p++) {
        char peer[256];
        char body[256];
        int peer_len = zmq_recv(s->router, peer, sizeof peer, 0);
        (void)zmq_recv(s->router, body, sizeof body, 0); /* the empty part */
        int n = zmq_recv(s->router, body, sizeof body - 1, 0);
        if (peer_len < 0 || n < 0) {
            return NULL;
        }
        body[n] = '\0';
        s->repeated = s->seen == 0 || (s->repeated && strcmp(s->same, body) == 0);
        (void)snprintf(s->same, sizeof s->same, "%s", body);
        s->seen++;
        act(s, *p, peer, peer_len);
    }
    return NULL;
}

static void start(struct server *s, const char *script)
{
    int wait_ms = 3000;
    int linger_ms = 200;
    memset(s, 0, sizeof *s);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://@vigil-test-client-%d", (int)getpid());
    s->script = script;
    s->zmq = zmq_ctx_new();
    s->router = zmq_socket(s->zmq, ZMQ_ROUTER);
    (void)zmq_setsockopt(s->router, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    (void)zmq_setsockopt(s->router, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    assert_int_equal(zmq_bind(s->router, endpoint), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    struct vg_client_options o = { .door = { endpoint, endpoint },
                                   .timeout_ms = 300,
                                   .clock = vg_clock_real() };
    assert_int_equal(vg_client_open(&client, &o), VG_OK);
}

static void stop(struct server *s)
{
    (void)pthread_join(s->thread, NULL);
    vg_client_close(&client);
    (void)zmq_close(s->router);
    (void)zmq_ctx_term(s->zmq);
}

static enum vg_status request(json_t **reply)
{
    static const char body[] = "{\"op\":\"ack\",\"request_id\":\"r\"}";
    return vg_client_request(&client, VG_DOOR_OPERATE, body, sizeof body - 1, "r", reply);
}

static void test_client__an_answer(void **state)
{
    struct server s;
    json_t *reply;
    (void)state;
    start(&s, "a");
    assert_int_equal(request(&reply), VG_OK);
    assert_int_equal(json_integer_value(json_object_get(reply, "receipt")), 1);
    json_decref(reply);
    stop(&s);
}

static void test_client__silence_is_asked_again_with_the_same_bytes(void **state)
{
    struct server s;
    json_t *reply;
    (void)state;
    start(&s, "sa");
    assert_int_equal(request(&reply), VG_OK);
    json_decref(reply);
    stop(&s);
    assert_int_equal(s.seen, 2);
    assert_true(s.repeated);
}

static void test_client__two_silences_are_a_time_out(void **state)
{
    struct server s;
    json_t *reply;
    (void)state;
    start(&s, "ssa");
    assert_int_equal(request(&reply), VG_ERR_TIMEOUT);
    assert_null(reply);
    assert_int_equal(request(&reply), VG_OK); /* and the next one works */
    json_decref(reply);
    stop(&s);
    assert_int_equal(s.seen, 3);
}

static void test_client__another_ones_reply_is_passed_over(void **state)
{
    struct server s;
    json_t *reply;
    (void)state;
    start(&s, "on");
    assert_int_equal(request(&reply), VG_OK);
    assert_int_equal(json_integer_value(json_object_get(reply, "receipt")), 2);
    json_decref(reply);
    assert_int_equal(request(&reply), VG_OK); /* a refusal of form has no request id */
    assert_true(json_is_false(json_object_get(reply, "ok")));
    json_decref(reply);
    stop(&s);
}

static void test_client__garbage_is_a_format_error(void **state)
{
    struct server s;
    json_t *reply;
    (void)state;
    start(&s, "g");
    assert_int_equal(request(&reply), VG_ERR_FORMAT);
    assert_null(reply);
    stop(&s);
}

static void test_client__snapshot_sets_what_is_old(void **state)
{
    struct server s;
    json_t *reply;
    (void)state;
    start(&s, "knn");
    assert_int_equal(vg_client_snapshot(&client, "bed-1", &reply), VG_OK);
    json_decref(reply);
    assert_int_equal(client.baseline, 40);
    assert_int_equal(client.run, 11);
    assert_int_equal(vg_client_snapshot(&client, NULL, &reply), VG_ERR_STATE);
    assert_non_null(reply);
    json_decref(reply);
    assert_int_equal(vg_client_snapshot(&client, NULL, &reply), VG_ERR_STATE);
    json_decref(reply);
    stop(&s);
}

static void test_client__bad_endpoints_are_an_error_at_once(void **state)
{
    struct vg_client_options o = { .stream = "nonsense",
                                   .timeout_ms = 100,
                                   .clock = vg_clock_real() };
    struct vg_client_update u;
    json_t *reply;

    (void)state;
    assert_int_equal(vg_client_open(&client, &o), VG_ERR_IO);
    o.stream = NULL;
    assert_int_equal(vg_client_open(&client, &o), VG_OK);
    assert_int_equal(vg_client_subscribe(&client, "v1."), VG_ERR_IO);
    assert_int_equal(vg_client_next(&client, &u, 0), VG_ERR_IO);
    assert_int_equal(request(&reply), VG_ERR_IO);
    vg_client_close(&client);
}

static void test_client__next_waits_reads_and_times_out(void **state)
{
    struct vg_client_update u;
    void *zmq = zmq_ctx_new();
    void *pub = zmq_socket(zmq, ZMQ_XPUB);
    char subscription[64];

    (void)state;
    (void)snprintf(endpoint, sizeof endpoint, "ipc://@vigil-test-client-%d", (int)getpid());
    assert_int_equal(zmq_bind(pub, endpoint), 0);
    struct vg_client_options o = { .stream = endpoint,
                                   .timeout_ms = 100,
                                   .clock = vg_clock_real() };
    assert_int_equal(vg_client_open(&client, &o), VG_OK);
    assert_int_equal(vg_client_subscribe(&client, "v1."), VG_OK);
    assert_int_equal(zmq_recv(pub, subscription, sizeof subscription, 0), 4);
    assert_int_equal(vg_client_next(&client, &u, 20), VG_ERR_TIMEOUT);
    (void)zmq_send(pub, "v1.one-part", 11, 0);
    (void)zmq_send(pub, "v1.bed-1.dose", 13, ZMQ_SNDMORE);
    (void)zmq_send(pub, "{\"v\":1,\"n\":1,\"bed\":\"bed-1\"}", 27, 0);
    assert_int_equal(vg_client_next(&client, &u, 2000), VG_ERR_FORMAT);
    assert_int_equal(vg_client_next(&client, &u, 2000), VG_OK);
    assert_string_equal(u.topic, "v1.bed-1.dose");
    assert_string_equal(u.bed, "bed-1");
    json_decref(u.body);
    vg_client_close(&client);
    (void)zmq_close(pub);
    (void)zmq_ctx_term(zmq);
}

#define OFFLINE(test) cmocka_unit_test_setup_teardown(test, offline, close_client)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OFFLINE(test_client__counters_find_gaps),
        OFFLINE(test_client__repeats_are_passed_over),
        OFFLINE(test_client__devices_on_one_topic_are_told_apart),
        OFFLINE(test_client__news_is_never_dropped),
        OFFLINE(test_client__a_falling_counter_is_a_restart),
        OFFLINE(test_client__another_run_is_a_restart),
        OFFLINE(test_client__frames_that_are_not_ours_are_thrown_away),
        OFFLINE(test_client__too_many_streams_are_still_delivered),
        cmocka_unit_test(test_client__request_ids_are_version_4_uuids),
        cmocka_unit_test(test_client__an_answer),
        cmocka_unit_test(test_client__silence_is_asked_again_with_the_same_bytes),
        cmocka_unit_test(test_client__two_silences_are_a_time_out),
        cmocka_unit_test(test_client__another_ones_reply_is_passed_over),
        cmocka_unit_test(test_client__garbage_is_a_format_error),
        cmocka_unit_test(test_client__snapshot_sets_what_is_old),
        cmocka_unit_test(test_client__bad_endpoints_are_an_error_at_once),
        cmocka_unit_test(test_client__next_waits_reads_and_times_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
