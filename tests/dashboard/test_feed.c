/*
 * test_feed.c -- the log of events: who reads what, and what happens to who is slow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dashboard/feed.h"

static struct dash_feed feed;
static char out[DASH_FEED_BYTES];

static void put(enum dash_feed_kind kind, uint32_t bed, uint64_t asked, const char *data)
{
    struct dash_event e = {
        .kind = kind, .bed = bed, .asked = asked, .data = data, .len = strlen(data)
    };
    assert_int_equal(dash_feed_put(&feed, &e), VG_OK);
}

static const char *take(struct dash_reader *r, size_t cap)
{
    size_t n = dash_feed_take(&feed, r, out, cap);
    out[n] = '\0';
    return out;
}

static int begin(void **state)
{
    (void)state;
    dash_feed_init(&feed);
    return 0;
}

static void test_feed__frames_go_to_everybody_who_joined_before(void **state)
{
    struct dash_reader a, b;
    (void)state;
    dash_feed_join(&feed, &a);
    put(DASH_FEED_FRAME, 1, 0, "{\"x\":1}");
    dash_feed_join(&feed, &b);
    assert_string_equal(take(&a, 1000), "event: frame\ndata: {\"x\":1}\n\n");
    assert_string_equal(take(&b, 1000), "");
    assert_false(dash_feed_has(&feed, &a));
}

static void test_feed__an_event_is_taken_in_parts(void **state)
{
    struct dash_reader r;
    char whole[64] = "";
    (void)state;
    dash_feed_join(&feed, &r);
    put(DASH_FEED_FRAME, 0, 0, "{}");
    put(DASH_FEED_ALIVE, 0, 0, "{}");
    while (dash_feed_has(&feed, &r)) {
        strcat(whole, take(&r, 3));
    }
    assert_string_equal(whole, "event: frame\ndata: {}\n\nevent: alive\ndata: {}\n\n");
}

static void test_feed__waves_go_to_who_looks_at_that_bed(void **state)
{
    struct dash_reader r;
    (void)state;
    dash_feed_join(&feed, &r);
    r.wave = dash_feed_bed(0, "bed-1");
    put(DASH_FEED_WAVE, dash_feed_bed(0, "bed-2"), 0, "{\"other\":1}");
    put(DASH_FEED_WAVE, dash_feed_bed(1, "bed-1"), 0, "{\"other\":2}");
    put(DASH_FEED_WAVE, dash_feed_bed(0, "bed-1"), 0, "{\"own\":1}");
    assert_string_equal(take(&r, 1000), "event: frame\ndata: {\"own\":1}\n\n");
}

static void test_feed__an_answer_is_for_who_wanted_it_before_it_was_asked(void **state)
{
    struct dash_reader early, late;
    (void)state;
    dash_feed_join(&feed, &early);
    uint64_t asked = feed.head;
    put(DASH_FEED_FRAME, 0, 0, "{}");
    dash_feed_join(&feed, &late);
    put(DASH_FEED_PLAN, 0, asked, "{\"old\":1}");
    assert_non_null(strstr(take(&early, 1000), "old"));
    assert_string_equal(take(&late, 1000), ""); /* what changed in between would be missing */
    put(DASH_FEED_PLAN, 0, feed.head, "{\"new\":1}");
    assert_non_null(strstr(take(&late, 1000), "new"));
    assert_string_equal(take(&early, 1000), "");
}

static void test_feed__an_answer_about_one_bed_is_for_everybody(void **state)
{
    struct dash_reader r;
    (void)state;
    dash_feed_join(&feed, &r);
    put(DASH_FEED_PLAN, 7, 0, "{\"one\":1}");
    put(DASH_FEED_PLAN, 7, 0, "{\"two\":2}");
    take(&r, 1000);
    assert_non_null(strstr(out, "one"));
    assert_non_null(strstr(out, "two"));
}

static void test_feed__renewed_while_an_older_answer_is_being_taken(void **state)
{
    struct dash_reader r;
    (void)state;
    dash_feed_join(&feed, &r);
    put(DASH_FEED_SNAPSHOT, 0, feed.head, "{\"old\":1}");
    take(&r, 4);
    dash_feed_renew(&feed, &r, 0, DASH_FEED_SNAPSHOT);
    take(&r, 1000);
    put(DASH_FEED_SNAPSHOT, 0, feed.head, "{\"new\":1}");
    assert_non_null(strstr(take(&r, 1000), "new"));
}

static void test_feed__who_is_overtaken_is_dead_and_gets_nothing_cut(void **state)
{
    struct dash_reader slow, quick;
    static char data[20001];
    (void)state;
    memset(data, 'x', sizeof data - 1);
    data[sizeof data - 1] = '\0';
    dash_feed_join(&feed, &slow);
    dash_feed_join(&feed, &quick);
    put(DASH_FEED_FRAME, 0, 0, data);
    take(&slow, 100);
    for (int i = 0; i < 1000; i++) { /* several times round */
        put(DASH_FEED_FRAME, 0, 0, data);
        assert_int_equal(strlen(take(&quick, sizeof out - 1)) % (sizeof data - 1 + 21), 0);
    }
    assert_false(dash_feed_has(&feed, &slow));
    assert_true(slow.dead);
    assert_string_equal(take(&slow, 1000), "");
    assert_false(quick.dead);
}

static void test_feed__a_line_end_would_end_the_event(void **state)
{
    struct dash_event e = { .kind = DASH_FEED_FRAME, .data = "{\n}", .len = 3 };
    (void)state;
    assert_int_equal(dash_feed_put(&feed, &e), VG_ERR_FORMAT);
    e.data = "{\r}";
    assert_int_equal(dash_feed_put(&feed, &e), VG_ERR_FORMAT);
    e.data = out;
    e.len = DASH_FEED_BYTES / 4;
    memset(out, 'x', e.len);
    assert_int_equal(dash_feed_put(&feed, &e), VG_ERR_FULL);
}

/* Any sizes and any pace: every reader sees every event whole, once, in order, until it is dead. */
static void test_feed__random_readers(void **state)
{
    struct dash_reader r[5];
    uint64_t next[5] = { 0 };
    char data[3000];
    unsigned seed = 4711;
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        dash_feed_join(&feed, &r[i]);
    }
    for (uint64_t event = 0; event < 20000; event++) {
        int len = snprintf(data, sizeof data, "{\"event\":%llu,\"pad\":\"%0*d\"}",
                           (unsigned long long)event, 1 + rand_r(&seed) % 2000, 0);
        assert_true(len < (int)sizeof data);
        put(DASH_FEED_FRAME, 0, 0, data);
        size_t who = (size_t)rand_r(&seed) % 5;
        while (!r[who].dead && r[who].done == 0 && dash_feed_has(&feed, &r[who])) {
            size_t n = dash_feed_take(&feed, &r[who], out, 1); /* the first byte, then the rest */
            uint64_t at = r[who].at;
            while (r[who].at == at && n < sizeof out && dash_feed_has(&feed, &r[who])) {
                n += dash_feed_take(&feed, &r[who], out + n, 1);
            }
            out[n] = '\0';
            unsigned long long seen = 0;
            assert_int_equal(sscanf(out, "event: frame\ndata: {\"event\":%llu", &seen), 1);
            assert_int_equal(seen, next[who]);
            next[who]++;
        }
    }
    for (size_t i = 0; i < 5; i++) {
        assert_true(next[i] > 19000 || r[i].dead);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_feed__frames_go_to_everybody_who_joined_before, begin),
        cmocka_unit_test_setup(test_feed__an_event_is_taken_in_parts, begin),
        cmocka_unit_test_setup(test_feed__waves_go_to_who_looks_at_that_bed, begin),
        cmocka_unit_test_setup(test_feed__an_answer_is_for_who_wanted_it_before_it_was_asked,
                               begin),
        cmocka_unit_test_setup(test_feed__an_answer_about_one_bed_is_for_everybody, begin),
        cmocka_unit_test_setup(test_feed__renewed_while_an_older_answer_is_being_taken, begin),
        cmocka_unit_test_setup(test_feed__who_is_overtaken_is_dead_and_gets_nothing_cut, begin),
        cmocka_unit_test_setup(test_feed__a_line_end_would_end_the_event, begin),
        cmocka_unit_test_setup(test_feed__random_readers, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
