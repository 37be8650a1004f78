/*
 * test_sink_state.c -- frames and virtual time into one voice; which receipts are due; frames as
 * the daemon writes them. No socket, no clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/sink_frame.h"
#include "lib/sink_receipt.h"
#include "lib/sink_state.h"

#define T0 (1000 * VG_NS_PER_S)

static struct vg_asink_state state;

static int all_beds(void **unused)
{
    (void)unused;
    vg_asink_state_init(&state, T0, NULL, 0);
    return 0;
}

/* Milliseconds after the start. */
static int64_t at(int64_t ms)
{
    return T0 + vg_ms(ms);
}

static struct vg_asink_frame frame_of(const char *bed, int64_t run, uint64_t instance,
                                      enum vg_priority priority)
{
    struct vg_asink_frame f = { .run = run };
    (void)snprintf(f.bed, sizeof f.bed, "%s", bed);
    if (instance != 0) {
        f.alarm.kind = VG_VOICE_ALARM;
        f.alarm.instance = instance;
        f.alarm.priority = (uint8_t)priority;
        f.alarm.category = VG_CAT_OXYGEN;
        (void)snprintf(f.alarm.bed, sizeof f.alarm.bed, "%s", bed);
    }
    return f;
}

static enum vg_status hear(const char *bed, int64_t ms, int64_t run, uint64_t instance,
                           enum vg_priority priority)
{
    struct vg_asink_frame f = frame_of(bed, run, instance, priority);
    return vg_asink_state_frame(&state, &f, at(ms));
}

static void expect(int64_t ms, enum vg_voice_kind kind, uint64_t instance)
{
    struct vg_voice v;
    vg_asink_top(&state, at(ms), &v);
    assert_int_equal(v.kind, kind);
    assert_int_equal(v.instance, instance);
}

/* --- the daemon's silence ------------------------------------------------------------------- */

static void test_sink_state__nothing_ever_heard_is_an_alarm_after_3_s(void **unused)
{
    (void)unused;
    struct vg_voice v;
    expect(0, VG_VOICE_NONE, 0);
    expect(2999, VG_VOICE_NONE, 0);
    vg_asink_top(&state, at(3000), &v);
    assert_int_equal(v.kind, VG_VOICE_LINK_LOST);
    assert_int_equal(v.priority, VG_PRIO_HIGH);
    assert_int_equal(v.category, VG_CAT_EQUIPMENT);
}

static void test_sink_state__the_lost_link_stays_until_frames_return(void **unused)
{
    (void)unused;
    assert_int_equal(hear("bed-1", 500, 1, 0, VG_PRIO_LOW), VG_OK);
    expect(3499, VG_VOICE_NONE, 0);
    for (int64_t ms = 3500; ms < 24 * 3600 * 1000; ms += 60000) {
        expect(ms, VG_VOICE_LINK_LOST, 0);
    }
    assert_int_equal(hear("bed-1", 90000000, 2, 0, VG_PRIO_LOW), VG_OK);
    expect(90000000, VG_VOICE_NONE, 0);
}

static void test_sink_state__what_was_said_before_the_silence_is_the_past(void **unused)
{
    (void)unused;
    assert_int_equal(hear("bed-1", 0, 1, 12, VG_PRIO_HIGH), VG_OK);
    expect(2999, VG_VOICE_ALARM, 12);
    expect(3000, VG_VOICE_LINK_LOST, 0);
}

static void test_sink_state__one_silent_bed_of_two(void **unused)
{
    (void)unused;
    assert_int_equal(hear("bed-1", 0, 1, 0, VG_PRIO_LOW), VG_OK);
    assert_int_equal(hear("bed-2", 3000, 1, 7, VG_PRIO_MED), VG_OK);
    expect(3000, VG_VOICE_LINK_LOST, 0); /* bed-1; high before medium */
    assert_int_equal(hear("bed-2", 3500, 1, 8, VG_PRIO_HIGH), VG_OK);
    expect(3500, VG_VOICE_ALARM, 8); /* a live one before a lost link of equal priority */
}

static void test_sink_state__named_beds_have_to_be_heard(void **unused)
{
    static const char *const beds[] = { "bed-1", "bed-2" };
    (void)unused;
    vg_asink_state_init(&state, T0, beds, 2);
    assert_int_equal(hear("bed-1", 2000, 1, 0, VG_PRIO_LOW), VG_OK);
    assert_int_equal(hear("bed-3", 2000, 1, 9, VG_PRIO_HIGH), VG_ERR_STATE);
    expect(2999, VG_VOICE_NONE, 0);
    expect(3000, VG_VOICE_LINK_LOST, 0);
    assert_int_equal(hear("bed-2", 3100, 1, 0, VG_PRIO_LOW), VG_OK);
    expect(3100, VG_VOICE_NONE, 0);
    /* Another run changes nothing: they were asked for. */
    assert_int_equal(hear("bed-1", 4000, 2, 0, VG_PRIO_LOW), VG_OK);
    expect(6100, VG_VOICE_LINK_LOST, 0);
}

static void test_sink_state__a_new_run_may_have_fewer_beds(void **unused)
{
    (void)unused;
    assert_int_equal(hear("bed-1", 0, 1, 0, VG_PRIO_LOW), VG_OK);
    assert_int_equal(hear("bed-2", 0, 1, 5, VG_PRIO_HIGH), VG_OK);
    for (int64_t ms = 1000; ms <= 10000; ms += 1000) {
        assert_int_equal(hear("bed-1", ms, 2, 0, VG_PRIO_LOW), VG_OK);
        expect(ms, VG_VOICE_NONE, 0);
    }
    assert_int_equal(state.count, 1);
}

static void test_sink_state__more_beds_than_there_is_room(void **unused)
{
    (void)unused;
    char bed[VG_ID_MAX];
    for (int i = 0; i < VG_BEDS_MAX; i++) {
        (void)snprintf(bed, sizeof bed, "bed-%d", i);
        assert_int_equal(hear(bed, 0, 1, 0, VG_PRIO_LOW), VG_OK);
    }
    assert_int_equal(hear("one-more", 0, 1, 0, VG_PRIO_LOW), VG_ERR_FULL);
}

/* --- which one ------------------------------------------------------------------------------ */

static void test_sink_state__highest_priority_then_newest(void **unused)
{
    (void)unused;
    assert_int_equal(hear("bed-1", 0, 1, 3, VG_PRIO_MED), VG_OK);
    assert_int_equal(hear("bed-2", 0, 1, 9, VG_PRIO_LOW), VG_OK);
    expect(1, VG_VOICE_ALARM, 3);
    assert_int_equal(hear("bed-3", 2, 1, 4, VG_PRIO_MED), VG_OK);
    expect(2, VG_VOICE_ALARM, 4);
    assert_int_equal(hear("bed-2", 3, 1, 1, VG_PRIO_HIGH), VG_OK);
    expect(3, VG_VOICE_ALARM, 1);
    assert_int_equal(hear("bed-2", 4, 1, 0, VG_PRIO_LOW), VG_OK);
    expect(4, VG_VOICE_ALARM, 4);
}

static void test_sink_state__a_test_signal_yields_and_ends(void **unused)
{
    (void)unused;
    struct vg_asink_frame f = frame_of("bed-1", 1, 0, VG_PRIO_LOW);
    f.test.kind = VG_VOICE_TEST;
    f.test.priority = VG_PRIO_HIGH;
    f.test_ms = 2000;
    assert_int_equal(vg_asink_state_frame(&state, &f, at(0)), VG_OK);
    expect(1999, VG_VOICE_TEST, 0);
    expect(2000, VG_VOICE_NONE, 0);
    assert_int_equal(hear("bed-2", 1000, 1, 6, VG_PRIO_LOW), VG_OK);
    expect(1000, VG_VOICE_ALARM, 6); /* low and real before high and test */
}

static void test_sink_state__what_sounds_the_same(void **unused)
{
    (void)unused;
    struct vg_voice a = frame_of("bed-1", 1, 4, VG_PRIO_LOW).alarm;
    struct vg_voice b = a;
    assert_true(vg_voice_same(&a, &b));
    b.priority = VG_PRIO_MED;
    assert_false(vg_voice_same(&a, &b));
    assert_true(vg_voice_worse(&b, &a));
    b = a;
    b.bed[4] = '2';
    assert_false(vg_voice_same(&a, &b));
}

/* --- frames as JSON ------------------------------------------------------------------------- */

static struct vg_asink_frame frame;

static enum vg_status read_as(enum vg_sink_role role, const char *text)
{
    json_t *body = json_loads(text, 0, NULL);
    assert_non_null(body);
    enum vg_status st = vg_asink_frame_read(body, role, &frame);
    json_decref(body);
    return st;
}

#define HEAD "{\"run\":3,\"bed\":\"bed-1\","
#define ENTRY                                                                                      \
    "{\"instance\":12,\"telling\":3,\"priority\":\"medium\",\"category\":\"cardiovascular\"}"

static void test_sink_state__a_frame_is_read_for_one_role(void **unused)
{
    static const char text[] = HEAD
        "\"sounds\":{\"remote\":" ENTRY ",\"second\":null,\"room\":null},"
        "\"test_signal\":{\"priority\":\"low\",\"category\":\"drug\",\"remaining_ms\":800},"
        "\"instances\":[{\"instance\":11},{\"instance\":12,\"condition\":\"PR_LOW\"}]}";
    (void)unused;
    assert_int_equal(read_as(VG_SINK_REMOTE, text), VG_OK);
    assert_int_equal(frame.run, 3);
    assert_string_equal(frame.bed, "bed-1");
    assert_int_equal(frame.alarm.kind, VG_VOICE_ALARM);
    assert_int_equal(frame.alarm.instance, 12);
    assert_int_equal(frame.alarm.telling, 3);
    assert_int_equal(frame.alarm.priority, VG_PRIO_MED);
    assert_int_equal(frame.alarm.category, VG_CAT_CARDIO);
    assert_string_equal(frame.detail, "{\"instance\":12,\"condition\":\"PR_LOW\"}");
    assert_int_equal(frame.test.kind, VG_VOICE_TEST);
    assert_int_equal(frame.test.category, VG_CAT_DRUG);
    assert_int_equal(frame.test_ms, 800);
    assert_int_equal(read_as(VG_SINK_ROOM, text), VG_OK);
    assert_int_equal(frame.alarm.kind, VG_VOICE_NONE);
    assert_string_equal(frame.detail, "");
}

static void test_sink_state__words_of_a_later_version_are_alarms(void **unused)
{
    (void)unused;
    assert_int_equal(read_as(VG_SINK_ROOM,
                             HEAD "\"sounds\":{\"room\":{\"instance\":1,\"priority\":\"utmost\","
                                  "\"category\":\"weather\"}}}"),
                     VG_OK);
    assert_int_equal(frame.alarm.priority, VG_PRIO_HIGH);
    assert_int_equal(frame.alarm.category, VG_CAT_GENERAL);
}

static void test_sink_state__a_frame_without_an_answer_is_refused(void **unused)
{
    static const char *const wrong[] = {
        "{\"bed\":\"bed-1\",\"sounds\":{\"room\":null}}",
        "{\"run\":1,\"sounds\":{\"room\":null}}",
        "{\"run\":1,\"bed\":\"0123456789012345678901234567890123456789\",\"sounds\":{\"room\":"
        "null}}",
        HEAD "\"instances\":[]}",
        HEAD "\"sounds\":null}",
        HEAD "\"sounds\":{\"remote\":null}}",
        HEAD "\"sounds\":{\"room\":false}}",
        HEAD "\"sounds\":{\"room\":{\"priority\":\"high\"}}}",
        HEAD "\"sounds\":{\"room\":{\"instance\":0}}}",
        HEAD "\"sounds\":{\"room\":{\"instance\":\"12\"}}}",
    };
    (void)unused;
    for (size_t i = 0; i < VG_COUNT(wrong); i++) {
        assert_int_equal(read_as(VG_SINK_ROOM, wrong[i]), VG_ERR_FORMAT);
    }
}

static void test_sink_state__a_long_instance_is_left_out_not_cut(void **unused)
{
    (void)unused;
    char text[VG_ASINK_DETAIL_MAX * 2];
    (void)snprintf(text, sizeof text,
                   HEAD "\"sounds\":{\"room\":{\"instance\":5}},\"instances\":[{\"instance\":5,"
                        "\"why\":\"%*s\"}]}",
                   VG_ASINK_DETAIL_MAX, "x");
    assert_int_equal(read_as(VG_SINK_ROOM, text), VG_OK);
    assert_int_equal(frame.alarm.instance, 5);
    assert_string_equal(frame.detail, "");
}

static void test_sink_state__words(void **unused)
{
    enum vg_sink_role role;
    (void)unused;
    for (int r = 0; r < VG_SINK_ROLES; r++) {
        assert_true(vg_sink_role_find(vg_sink_role_name((enum vg_sink_role)r), &role));
        assert_int_equal(role, r);
    }
    assert_false(vg_sink_role_find("hall", &role));
    for (int c = 0; c < VG_CAT_COUNT; c++) {
        assert_int_equal(vg_asink_category(vg_category_name((enum vg_category)c)), c);
    }
    assert_int_equal(vg_asink_priority(NULL), VG_PRIO_HIGH);
}

/* --- receipts ------------------------------------------------------------------------------- */

static struct vg_asink_receipts receipts;

static int no_receipts(void **unused)
{
    (void)unused;
    memset(&receipts, 0, sizeof receipts);
    return 0;
}

static void begun(uint64_t instance, int64_t run, int64_t ms)
{
    const struct vg_voice v = { .kind = VG_VOICE_ALARM, .instance = instance, .bed = "bed-1" };
    vg_asink_receipt_begun(&receipts, &v, run, at(ms));
}

static struct vg_asink_receipt *due(int64_t run, int64_t ms)
{
    return vg_asink_receipt_next(&receipts, run, at(ms));
}

static void test_sink_state__a_receipt_is_sent_once(void **unused)
{
    (void)unused;
    assert_null(due(1, 0));
    begun(12, 1, 0);
    begun(12, 1, 10);
    struct vg_asink_receipt *e = due(1, 10);
    assert_non_null(e);
    assert_int_equal(e->instance, 12);
    vg_asink_receipt_sent(e, at(10));
    vg_asink_receipt_answer(e, true);
    for (int64_t ms = 20; ms < 3600000; ms += 1000) {
        begun(12, 1, ms);
        assert_null(due(1, ms));
    }
}

static void test_sink_state__a_receipt_without_an_answer_is_repeated(void **unused)
{
    (void)unused;
    begun(12, 1, 0);
    for (int i = 0; i < 100; i++) {
        struct vg_asink_receipt *e = due(1, i * 2000);
        assert_non_null(e);
        vg_asink_receipt_sent(e, at(i * 2000));
        assert_null(due(1, i * 2000 + 1999));
    }
}

static void test_sink_state__a_refused_receipt_is_given_up(void **unused)
{
    (void)unused;
    int sent = 0;
    begun(12, 1, 0);
    for (int i = 0; i < 100; i++) {
        struct vg_asink_receipt *e = due(1, i * 2000);
        if (e != NULL) {
            vg_asink_receipt_sent(e, at(i * 2000));
            vg_asink_receipt_answer(e, false);
            sent++;
        }
    }
    assert_int_equal(sent, VG_RECEIPT_REFUSALS);
}

static void test_sink_state__a_new_run_hears_of_what_still_sounds(void **unused)
{
    (void)unused;
    begun(12, 1, 0);
    begun(13, 1, 0);
    vg_asink_receipt_answer(due(1, 0), true);
    assert_null(due(2, 5000)); /* 13 of the old run is over with it */
    begun(12, 2, 5000);
    struct vg_asink_receipt *e = due(2, 5000);
    assert_non_null(e);
    assert_int_equal(e->instance, 12);
    vg_asink_receipt_answer(e, true);
    assert_null(due(2, 9000));
}

static void test_sink_state__what_is_told_anew_is_confirmed_anew(void **unused)
{
    struct vg_voice v = { .kind = VG_VOICE_ALARM, .instance = 12, .telling = 1, .bed = "bed-1" };
    (void)unused;
    vg_asink_receipt_begun(&receipts, &v, 1, at(0));
    vg_asink_receipt_answer(due(1, 0), true);
    v.telling = 2;
    vg_asink_receipt_begun(&receipts, &v, 1, at(5000));
    struct vg_asink_receipt *e = due(1, 5000);
    assert_non_null(e);
    assert_int_equal(e->telling, 2);
    vg_asink_receipt_answer(e, true);
    vg_asink_receipt_begun(&receipts, &v, 1, at(6000));
    assert_null(due(1, 6000));
}

static void test_sink_state__the_oldest_receipt_makes_room(void **unused)
{
    (void)unused;
    for (uint64_t i = 1; i <= VG_RECEIPTS_KEPT + 1; i++) {
        begun(i, 1, (int64_t)i);
    }
    struct vg_asink_receipt *e = due(1, 1000);
    assert_non_null(e);
    assert_int_equal(e->instance, 2);
    const struct vg_voice other = { .kind = VG_VOICE_ALARM, .instance = 2, .bed = "bed-2" };
    vg_asink_receipt_begun(&receipts, &other, 1, at(0)); /* another bed, another receipt */
    assert_string_equal(due(1, 1000)->bed, "bed-2");
}

#define STATE(test) cmocka_unit_test_setup(test_sink_state__##test, all_beds)
#define RECEIPT(test) cmocka_unit_test_setup(test_sink_state__##test, no_receipts)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE(nothing_ever_heard_is_an_alarm_after_3_s),
        STATE(the_lost_link_stays_until_frames_return),
        STATE(what_was_said_before_the_silence_is_the_past),
        STATE(one_silent_bed_of_two),
        STATE(named_beds_have_to_be_heard),
        STATE(a_new_run_may_have_fewer_beds),
        STATE(more_beds_than_there_is_room),
        STATE(highest_priority_then_newest),
        STATE(a_test_signal_yields_and_ends),
        STATE(what_sounds_the_same),
        STATE(a_frame_is_read_for_one_role),
        STATE(words_of_a_later_version_are_alarms),
        STATE(a_frame_without_an_answer_is_refused),
        STATE(a_long_instance_is_left_out_not_cut),
        STATE(words),
        RECEIPT(a_receipt_is_sent_once),
        RECEIPT(a_receipt_without_an_answer_is_repeated),
        RECEIPT(a_refused_receipt_is_given_up),
        RECEIPT(a_new_run_hears_of_what_still_sounds),
        RECEIPT(what_is_told_anew_is_confirmed_anew),
        RECEIPT(the_oldest_receipt_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
