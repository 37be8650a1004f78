/*
 * test_control.c -- requests and replies: both kinds of clients, every refusal by name, and what
 * no client should send.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "lib/zsocket.h"
#include "tests/support/virtual_daemon.h"

static struct vd d;
static char text[8192];

static int begin(void **state)
{
    (void)state;
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    (void)vd_add_bed(&d, "bed-2");
    (void)vd_add_device(&d, "ox", "nonin", 0);
    (void)vd_add_device(&d, "cuff", "suntech", 1);
    if (vd_start(&d) != VG_OK) {
        return -1;
    }
    vd_run_until(&d, 2 * VG_NS_PER_S);
    return 0;
}

static int end(void **state)
{
    (void)state;
    vd_fini(&d);
    return 0;
}

static void answers(const char *request, const char *part)
{
    const char *r = vd_ask(&d, request);
    if (strstr(r, part) == NULL) {
        fail_msg("%s\nanswered %s\nwithout %s", request, r, part);
    }
}

#define WHO "\"operator\":\"nurse\",\"bed\":\"bed-1\""

static void test_control__carries_out_and_refuses_by_name(void **state)
{
    (void)state;
    answers("{\"op\":\"session_close\",\"request_id\":\"1\"," WHO "}", "\"error\":\"no_session\"");
    answers("{\"op\":\"session_open\",\"request_id\":\"2\",\"patient_ref\":\"P\"," WHO "}",
            "\"ok\":true");
    answers("{\"op\":\"session_open\",\"request_id\":\"3\",\"patient_ref\":\"Q\"," WHO "}",
            "\"error\":\"session_open\"");
    answers("{\"op\":\"ack\",\"request_id\":\"4\",\"instance\":5," WHO "}",
            "\"error\":\"no_instance\"");
    answers("{\"op\":\"nibp_start\",\"request_id\":\"5\",\"device\":\"ox\"," WHO "}",
            "\"error\":\"not_a_cuff\"");
    answers("{\"op\":\"dose\",\"request_id\":\"6\",\"kind\":\"bolus\",\"drug\":\"k\",\"amount\":1,"
            "\"unit\":\"mg\",\"route\":\"iv\",\"given_at\":\"2020-01-01T00:00:00Z\"," WHO "}",
            "\"error\":\"before_session\"");
    answers("{\"op\":\"dose\",\"request_id\":\"6\",\"kind\":\"bolus\",\"drug\":\"k\",\"amount\":1,"
            "\"unit\":\"mg\",\"route\":\"iv\",\"given_at\":\"2036-01-01T00:00:00Z\"," WHO "}",
            "\"error\":\"in_the_future\"");
    answers("{\"op\":\"session_close\",\"request_id\":\"7\"," WHO "}", "\"request_id\":\"7\"");
}

static void test_control__refuses_what_people_do_about_alarms_by_name(void **state)
{
    (void)state;
    answers("{\"op\":\"audio_pause\",\"request_id\":\"1\"," WHO "}", "\"nothing_sounds\"");
    answers("{\"op\":\"alarm_on\",\"request_id\":\"2\",\"vital\":\"spo2\"," WHO "}",
            "\"not_inhibited\"");
    answers("{\"op\":\"quiet_on\",\"request_id\":\"3\"," WHO "}", "\"no_session\"");
    answers("{\"op\":\"limit_set\",\"request_id\":\"4\",\"condition\":\"PR_LOW\",\"limit\":45,"
            "\"reason\":\"athlete\"," WHO "}",
            "\"no_session\"");
    answers("{\"op\":\"session_open\",\"request_id\":\"5\",\"patient_ref\":\"P\"," WHO "}",
            "\"ok\":true");
    answers("{\"op\":\"quiet_on\",\"request_id\":\"6\"," WHO "}", "\"no_sink\"");
    answers("{\"op\":\"limit_set\",\"request_id\":\"7\",\"condition\":\"PR_LOW\",\"limit\":120,"
            "\"reason\":\"athlete\"," WHO "}",
            "pr_low must lie below pr_high"); /* the sentence, not only the word */
    answers("{\"op\":\"limit_set\",\"request_id\":\"8\",\"condition\":\"PR_LOW\",\"limit\":45,"
            "\"reason\":\"athlete\"," WHO "}",
            "\"recorded\":true");
    assert_int_equal(d.v->engine.beds[0].limits.of[VG_COND_PR_LOW].limit_milli, 45000);
    answers("{\"op\":\"limits_formula\",\"request_id\":\"9\",\"reason\":\"r\"," WHO "}",
            "\"no_baseline\"");
    answers("{\"op\":\"alarm_off\",\"request_id\":\"10\",\"vital\":\"spo2\",\"reason\":\"r\"," WHO
            "}",
            "\"error\":\"required\"");
    answers("{\"op\":\"alarm_pause\",\"request_id\":\"11\",\"vital\":\"spo2\",\"reason\":\"r\"," WHO
            "}",
            "\"recorded\":true");
    answers("{\"op\":\"alarm_pause\",\"request_id\":\"12\",\"vital\":\"spo2\",\"reason\":\"r\"," WHO
            "}",
            "\"error\":\"inhibited\"");
}

/* Words of sinks wait for no disk and are answered with a plain word. */
static void test_control__answers_sinks(void **state)
{
    (void)state;
    answers("{\"op\":\"sink_alive\",\"sink\":\"desk\"}", "there is no sink 'desk'");
    d.v->names.sink_count = 1;
    d.v->names.sink[0] = "desk";
    d.v->engine.routing.sink_count = 1;
    d.v->engine.routing.sinks[0] = (struct vg_sink_row){ VG_BED_NONE, VG_SINK_REMOTE };
    answers("{\"op\":\"sink_alive\",\"sink\":\"desk\",\"healthy\":1}", "\"ok\":false");
    answers("{\"op\":\"sink_alive\",\"sink\":\"desk\"}", "{\"v\":1,\"ok\":true}");
    assert_true(d.v->engine.beds[0].link);
    d.devices[0].spo2 = 80;
    vd_run_until(&d, 4 * VG_NS_PER_S);
    const struct vg_slot *s = &d.v->engine.beds[0].slots[VG_COND_SPO2_LOW];
    char ask[128];
    (void)snprintf(ask, sizeof ask,
                   "{\"op\":\"receipt\",\"sink\":\"desk\",\"bed\":\"bed-1\",\"instance\":%llu}",
                   (unsigned long long)s->instance);
    answers(ask, "{\"v\":1,\"ok\":true}");
    assert_int_equal(s->told, 1);
    vg_journal_commit(&d.v->journal);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM event WHERE kind = 20 AND"
                                   " payload ->> 'event' = 'receipt'"),
                     1);
    d.v->names.sink_count = 0;
}

static void test_control__answers_limits_and_history(void **state)
{
    (void)state;
    assert_non_null(strstr(vd_view(&d, "{\"op\":\"limits\"}"), "\"condition\":\"SPO2_LOW\""));
    assert_non_null(strstr(vd_view(&d, "{\"op\":\"history\"}"), "\"rows\":["));
    answers("{\"op\":\"limits\"}", "\"status\":\"DENIED\"");
    answers("{\"op\":\"history\"}", "\"status\":\"DENIED\"");
    d.v->query.busy = true;
    assert_non_null(strstr(vd_view(&d, "{\"op\":\"history\"}"), "\"error\":\"busy\""));
    d.v->query.busy = false;
}

/* The bed in the request and the bed of the device must agree. */
static void test_control__does_not_start_the_cuff_of_another_bed(void **state)
{
    (void)state;
    answers("{\"op\":\"nibp_start\",\"request_id\":\"1\",\"device\":\"cuff\"," WHO "}",
            "\"error\":\"not_a_cuff\"");
    assert_int_equal(vdev_told(&d.devices[1], 's'), 0);
    answers("{\"op\":\"nibp_start\",\"request_id\":\"2\",\"device\":\"cuff\",\"operator\":\"n\","
            "\"bed\":\"bed-2\"}",
            "\"recorded\":true");
    assert_int_equal(vdev_told(&d.devices[1], 's'), 1);
    answers("{\"op\":\"nibp_abort\",\"request_id\":\"3\",\"device\":\"cuff\"," WHO "}",
            "\"error\":\"not_a_cuff\"");
    assert_int_equal(vdev_told(&d.devices[1], 'a'), 0);
}

static void test_control__answers_what_is_malformed(void **state)
{
    (void)state;
    answers("nonsense", "\"status\":\"FORMAT\"");
    answers("{\"op\":\"dance\"}", "\"ok\":false");
    answers("{\"op\":\"snapshot\"}", "\"status\":\"DENIED\""); /* belongs to view */
    assert_non_null(strstr(vd_view(&d, "{\"op\":\"ack\"}"), "\"status\":\"DENIED\""));
    assert_non_null(strstr(vd_view(&d, ""), "\"ok\":false"));
    assert_int_equal(d.v->engine.beds[0].session.seq, 0);
}

static void test_control__works_with_request_sockets(void **state)
{
    (void)state;
    void *req = vg_zsocket_connect(d.v->zmq, ZMQ_REQ, "inproc://operate");
    const char *ask = "{\"op\":\"session_open\",\"request_id\":\"1\",\"patient_ref\":\"P\"," WHO
                      "}";
    assert_true(zmq_send(req, ask, strlen(ask), 0) > 0);
    vd_settle(&d);
    int n = zmq_recv(req, text, sizeof text - 1, ZMQ_DONTWAIT);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "\"ok\":true"));
    (void)zmq_close(req);
}

static void send_parts(int count, size_t len)
{
    memset(text, 'x', sizeof text);
    for (int i = 0; i < count; i++) {
        int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
        assert_true(zmq_send(d.operate, text, len, flags) >= 0);
        assert_true(zmq_send(d.view, text, len, flags) >= 0);
    }
    vd_settle(&d);
}

/* Nothing of them may reach a decoder, stop the daemon or mix with the next request. */
static void test_control__survives_what_no_client_sends(void **state)
{
    (void)state;
    send_parts(1, 0);
    send_parts(3, 10);
    send_parts(2, 0);
    send_parts(1, VG_WIRE_MAX + 1);
    send_parts(5, VG_WIRE_MAX + 1);
    send_parts(1, VG_WIRE_MAX);
    answers("{\"op\":\"session_open\",\"request_id\":\"2\",\"patient_ref\":\"P\"," WHO "}",
            "\"ok\":true");
    assert_non_null(strstr(vd_view(&d, "{\"op\":\"snapshot\"}"), "\"ok\":"));
}

static void test_control__a_peer_with_a_huge_name_is_heard(void **state)
{
    char name[255]; /* the longest there is */
    const char *ask = "{\"op\":\"session_open\",\"request_id\":\"1\",\"patient_ref\":\"P\"," WHO
                      "}";
    (void)state;
    memset(name, 'n', sizeof name);
    void *s = zmq_socket(d.v->zmq, ZMQ_DEALER);
    assert_int_equal(zmq_setsockopt(s, ZMQ_ROUTING_ID, name, sizeof name), 0);
    assert_int_equal(zmq_connect(s, "inproc://operate"), 0);
    assert_true(zmq_send(s, ask, strlen(ask), ZMQ_DONTWAIT) > 0);
    vd_settle(&d);
    bool is_open = d.v->engine.beds[0].session.seq != 0;
    int reply = zmq_recv(s, name, sizeof name, ZMQ_DONTWAIT);
    (void)zmq_close(s);
    assert_true(is_open);
    assert_true(reply > 0);
}

static void test_control__a_peer_that_left_is_no_trouble(void **state)
{
    int zero = 0;
    const char *ask = "{\"op\":\"session_open\",\"request_id\":\"1\",\"patient_ref\":\"P\"," WHO
                      "}";
    (void)state;
    void *s = zmq_socket(d.v->zmq, ZMQ_DEALER);
    (void)zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof zero);
    assert_int_equal(zmq_connect(s, "inproc://operate"), 0);
    assert_true(zmq_send(s, ask, strlen(ask), ZMQ_DONTWAIT) > 0);
    (void)zmq_close(s);
    vd_settle(&d);
    answers("{\"op\":\"session_close\",\"request_id\":\"2\"," WHO "}", "\"request_id\":\"2\"");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(test_control__carries_out_and_refuses_by_name),
        T(test_control__refuses_what_people_do_about_alarms_by_name),
        T(test_control__answers_sinks),
        T(test_control__answers_limits_and_history),
        T(test_control__does_not_start_the_cuff_of_another_bed),
        T(test_control__answers_what_is_malformed),
        T(test_control__works_with_request_sockets),
        T(test_control__survives_what_no_client_sends),
        T(test_control__a_peer_with_a_huge_name_is_heard),
        T(test_control__a_peer_that_left_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
