/*
 * test_outbox.c -- the stream as a subscriber sees it: topics, counters without gaps, the present
 * state for whoever comes new, and nothing encoded that nobody wants.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "lib/zsocket.h"
#include "tests/support/virtual_daemon.h"

static struct vd d;
static void *sub;
static char topic[VG_TOPIC_MAX + 1];
static char body[VG_WIRE_ALARMS_BYTES + 1];

static int begin(void **state)
{
    (void)state;
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    (void)vd_add_bed(&d, "bed-10");
    (void)vd_add_device(&d, "ox-1", "nonin", 0);
    (void)vd_add_device(&d, "ox-2", "nonin", 1);
    d.subscription = "nothing";
    if (vd_start(&d) != VG_OK) {
        return -1;
    }
    vd_run_until(&d, 2 * VG_NS_PER_S);
    sub = vg_zsocket_connect(d.v->zmq, ZMQ_SUB, "inproc://stream");
    return sub != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    (void)zmq_close(sub);
    vd_fini(&d);
    return 0;
}

static void option(int what, const char *prefix)
{
    assert_int_equal(zmq_setsockopt(sub, what, prefix, strlen(prefix)), 0);
    vd_settle(&d);
}

/* The next frame, or false. */
static bool next(void)
{
    int n = zmq_recv(sub, topic, sizeof topic - 1, ZMQ_DONTWAIT);
    if (n < 0) {
        return false;
    }
    topic[n] = '\0';
    n = zmq_recv(sub, body, sizeof body - 1, ZMQ_DONTWAIT);
    assert_true(n >= 0 && n < (int)sizeof body);
    body[n] = '\0';
    return true;
}

static int frames_of(const char *prefix, const char *text)
{
    int n = 0;
    while (next()) {
        if (strncmp(topic, prefix, strlen(prefix)) == 0 && strstr(body, text) != NULL) {
            n++;
        }
    }
    return n;
}

static void run(int64_t ms)
{
    vd_run_until(&d, vd_now(&d) + vg_ms(ms));
}

static void test_outbox__a_newcomer_gets_the_present_state(void **state)
{
    (void)state;
    option(ZMQ_SUBSCRIBE, "v1.");
    bool alarms = false;
    bool device = false;
    bool vital = false;
    while (next()) {
        alarms = alarms || strcmp(topic, "v1.bed-10.alarms") == 0;
        device = device || (strcmp(topic, "v1.bed-1.device.ox-1") == 0 &&
                            strstr(body, "\"snapshot\":true") != NULL &&
                            strstr(body, "\"online\":true") != NULL);
        vital = vital ||
                (strcmp(topic, "v1.bed-1.vital.spo2") == 0 &&
                 strstr(body, "\"value\":97") != NULL && strstr(body, "\"snapshot\":true") != NULL);
    }
    assert_true(alarms && device && vital);
}

static void test_outbox__only_of_what_was_asked_for(void **state)
{
    (void)state;
    option(ZMQ_SUBSCRIBE, "v1.bed-1.vital.spo2");
    int n = 0;
    while (next()) {
        assert_string_equal(topic, "v1.bed-1.vital.spo2");
        n++;
    }
    assert_int_equal(n, 1);
    option(ZMQ_SUBSCRIBE, "v1.bed-1.alarms");
    assert_true(next());
    assert_string_equal(topic, "v1.bed-1.alarms");
    option(ZMQ_SUBSCRIBE, "v1.bed-10.");
    int other = 0;
    while (next()) {
        other += strncmp(topic, "v1.bed-10.", 10) == 0 ? 1 : 0;
    }
    assert_true(other > 3);
}

static uint64_t number(void)
{
    const char *n = strstr(body, "\"n\":");
    assert_non_null(n);
    return strtoull(n + 4, NULL, 10);
}

static void test_outbox__counters_have_no_gap_and_run_on_without_listeners(void **state)
{
    uint64_t before = 0;
    (void)state;
    option(ZMQ_SUBSCRIBE, "v1.bed-1.vital.spo2");
    assert_true(next()); /* the snapshot repeats the number */
    before = number();
    assert_true(before > 0);
    run(2000);
    int n = 0;
    while (next()) {
        assert_int_equal(number(), ++before);
        n++;
    }
    assert_true(n >= 5);
    option(ZMQ_UNSUBSCRIBE, "v1.bed-1.vital.spo2");
    run(2000);
    assert_false(next());
    option(ZMQ_SUBSCRIBE, "v1.bed-1.vital.spo2");
    assert_true(next());
    assert_true(number() > before);
}

static void test_outbox__tells_the_alarm_state_every_second_for_every_bed(void **state)
{
    (void)state;
    option(ZMQ_SUBSCRIBE, "v1.bed-1.alarms");
    (void)frames_of("", "");
    run(5000);
    int n = frames_of("v1.bed-1.alarms", "\"open\":0");
    assert_true(n >= 4 && n <= 6);
}

static void test_outbox__encodes_everything_when_prefixes_are_too_many(void **state)
{
    char prefix[32];
    (void)state;
    for (int i = 0; i < VG_SUBSCRIPTIONS_MAX + 3; i++) {
        (void)snprintf(prefix, sizeof prefix, "x%d", i);
        option(ZMQ_SUBSCRIBE, prefix);
    }
    assert_true(d.v->outbox.send_all);
    option(ZMQ_SUBSCRIBE, "v1.bed-1.vital.spo2");
    (void)frames_of("", "");
    run(1000);
    assert_true(frames_of("v1.bed-1.vital.spo2", "\"value\":97") >= 2);
}

static void test_outbox__strange_subscriptions_match_nothing(void **state)
{
    char longer[VG_TOPIC_MAX + 40];
    (void)state;
    memset(longer, 'v', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    size_t before = d.v->outbox.subscription_count;
    option(ZMQ_SUBSCRIBE, longer);
    assert_int_equal(d.v->outbox.subscription_count, before);
    option(ZMQ_UNSUBSCRIBE, longer);
    option(ZMQ_SUBSCRIBE, "w");
    option(ZMQ_SUBSCRIBE, "w"); /* the same again is one */
    assert_int_equal(d.v->outbox.subscription_count, before + 1);
    assert_int_equal(frames_of("", ""), 0);
    option(ZMQ_UNSUBSCRIBE, "w");
    option(ZMQ_UNSUBSCRIBE, "w");
    assert_int_equal(d.v->outbox.subscription_count, before);
}

/* Every slot open: the state must still leave, with the highest priorities and the true number. */
static void test_outbox__the_alarm_state_always_fits_a_frame(void **state)
{
    struct vg_bed *bed = &d.v->engine.beds[0];
    (void)state;
    for (uint16_t i = 0; i < 200; i++) {
        struct vg_slot *s = &bed->slots[i];
        *s = bed->slots[VG_COND_SPO2_DESAT];
        s->state = VG_CS_ACTIVE;
        s->condition = VG_COND_SPO2_DESAT;
        s->instance = UINT64_C(10000000000000000) + i;
        s->priority = i == 199 ? VG_PRIO_HIGH : VG_PRIO_LOW;
        s->has_value = true;
    }
    bed->slot_count = 200;
    option(ZMQ_SUBSCRIBE, "v1.bed-1.alarms");
    assert_true(next());
    assert_non_null(strstr(body, "\"open\":200"));
    assert_non_null(strstr(body, "10000000000000199"));
    const char *first = strstr(body, "\"priority\":\"");
    assert_non_null(first);
    assert_int_equal(strncmp(first, "\"priority\":\"high\"", 17), 0);
}

static void test_outbox__says_why_it_cannot_bind(void **state)
{
    static struct vg_outbox o;
    (void)state;
    assert_int_equal(vg_outbox_open(&o, d.v->zmq, "inproc://stream"), VG_ERR_IO);
    vg_outbox_close(&o); /* nothing open */
}

/* Where the record ends: told after commits, but not more than once a second. */
static void test_outbox__tells_where_the_record_ends(void **state)
{
    char hash[VG_HEX_MAX(VG_HASH_BYTES)];
    char wanted[128];
    (void)state;
    option(ZMQ_SUBSCRIBE, "v1.node.head");
    assert_true(next());
    assert_string_equal(topic, "v1.node.head");
    assert_non_null(strstr(body, "\"snapshot\":true"));
    uint64_t before = number();
    run(10000);
    int n = 0;
    while (next()) {
        assert_null(strstr(body, "\"snapshot\""));
        assert_int_equal(number(), ++before);
        n++;
    }
    assert_in_range(n, 8, 11);
    const struct vg_outbox_head *h = &d.v->outbox.head;
    assert_int_equal(h->seq, vd_record(&d, "SELECT max(seq) FROM event"));
    (void)snprintf(wanted, sizeof wanted, "\"head\":{\"seq\":%llu,\"hash\":\"%s\"}",
                   (unsigned long long)h->seq, vg_hex(h->hash.of, VG_HASH_BYTES, hash));
    assert_non_null(strstr(vd_view(&d, "{\"op\":\"snapshot\"}"), wanted));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(test_outbox__a_newcomer_gets_the_present_state),
        T(test_outbox__only_of_what_was_asked_for),
        T(test_outbox__counters_have_no_gap_and_run_on_without_listeners),
        T(test_outbox__tells_the_alarm_state_every_second_for_every_bed),
        T(test_outbox__encodes_everything_when_prefixes_are_too_many),
        T(test_outbox__strange_subscriptions_match_nothing),
        T(test_outbox__the_alarm_state_always_fits_a_frame),
        T(test_outbox__tells_where_the_record_ends),
        T(test_outbox__says_why_it_cannot_bind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
