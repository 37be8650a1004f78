/*
 * test_alarm_view.c -- what is open and what sounds, from the states of the machines alone.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/core_builder.h"
#include "vigil/compiler.h"

static struct core *c;
static struct vg_slot *slots;

/* One bed; the slots of its conditions are set by hand. */
static int one_bed(void **state)
{
    (void)state;
    c = core_new(0, 1, NULL, CORE_S(1000));
    (void)core_add_oximeter(c, 0);
    slots = c->engine->beds[0].slots;
    return 0;
}

static struct vg_slot *put(enum vg_condition cond, enum vg_priority prio, uint64_t instance)
{
    struct vg_slot *s = &slots[cond];
    s->state = VG_CS_ACTIVE;
    s->priority = (uint8_t)prio;
    s->instance = instance;
    s->open_ns = c->now_ns - CORE_S(5);
    s->route.state = VG_RS_LOCAL;
    return s;
}

static const struct vg_slot *audible(enum vg_sink_role role)
{
    return vg_engine_audible(c->engine, 0, role);
}

/* --- what sounds ----------------------------------------------------------------------------- */

static void test_alarm_view__silence_when_nothing_is_open(void **state)
{
    (void)state;
    for (unsigned r = 0; r < VG_SINK_ROLES; r++) {
        assert_null(audible((enum vg_sink_role)r));
    }
}

static void test_alarm_view__the_highest_priority_sounds(void **state)
{
    (void)state;
    (void)put(VG_COND_CLOCK, VG_PRIO_LOW, 30);
    assert_ptr_equal(audible(VG_SINK_ROOM), &slots[VG_COND_CLOCK]);
    (void)put(VG_COND_SPO2_DESAT, VG_PRIO_HIGH, 10);
    (void)put(VG_COND_SPO2_LOW, VG_PRIO_MED, 20);
    assert_ptr_equal(audible(VG_SINK_ROOM), &slots[VG_COND_SPO2_DESAT]);
}

static void test_alarm_view__the_newest_among_equals(void **state)
{
    (void)state;
    (void)put(VG_COND_PR_HIGH, VG_PRIO_MED, 12);
    (void)put(VG_COND_SPO2_LOW, VG_PRIO_MED, 11); /* an earlier slot, an older instance */
    assert_ptr_equal(audible(VG_SINK_ROOM), &slots[VG_COND_PR_HIGH]);
    slots[VG_COND_SPO2_LOW].instance = 13;
    assert_ptr_equal(audible(VG_SINK_ROOM), &slots[VG_COND_SPO2_LOW]);
}

static void test_alarm_view__latched_full_sounds_and_latched_visual_does_not(void **state)
{
    (void)state;
    put(VG_COND_SPO2_LOW, VG_PRIO_MED, 1)->state = VG_CS_LATCHED;
    assert_null(audible(VG_SINK_ROOM));
    put(VG_COND_SPO2_DESAT, VG_PRIO_HIGH, 2)->state = VG_CS_LATCHED;
    assert_ptr_equal(audible(VG_SINK_ROOM), &slots[VG_COND_SPO2_DESAT]);
    put(VG_COND_DATA_LOST, VG_PRIO_HIGH, 3)->state = VG_CS_LATCHED; /* latch none: moved limits */
    assert_ptr_equal(audible(VG_SINK_ROOM), &slots[VG_COND_SPO2_DESAT]);
}

static void test_alarm_view__what_is_acknowledged_pending_or_normal_does_not(void **state)
{
    (void)state;
    put(VG_COND_SPO2_LOW, VG_PRIO_MED, 1)->ack = true;
    put(VG_COND_PR_LOW, VG_PRIO_MED, 2)->state = VG_CS_PENDING;
    put(VG_COND_PR_HIGH, VG_PRIO_MED, 3)->state = VG_CS_NORMAL;
    put(VG_COND_SYS_LOW, VG_PRIO_MED, 4)->state = VG_CS_DISARMED;
    assert_null(audible(VG_SINK_ROOM));
}

static void test_alarm_view__sounds_where_its_way_has_got(void **state)
{
    (void)state;
    for (unsigned w = 0; w < VG_RS_COUNT; w++) {
        for (unsigned r = 0; r < VG_SINK_ROLES; r++) {
            put(VG_COND_SPO2_LOW, VG_PRIO_MED, 1)->route.state = (uint8_t)w;
            assert_int_equal(audible((enum vg_sink_role)r) != NULL,
                             vg_route_reaches((enum vg_route_state)w, (enum vg_sink_role)r));
        }
    }
}

/* What the room does not hear yet must not hide what it does. */
static void test_alarm_view__one_that_has_not_reached_the_role_hides_nothing(void **state)
{
    (void)state;
    (void)put(VG_COND_SPO2_LOW, VG_PRIO_MED, 1);
    put(VG_COND_SPO2_DESAT, VG_PRIO_HIGH, 2)->route.state = VG_RS_SENT;
    assert_ptr_equal(audible(VG_SINK_ROOM), &slots[VG_COND_SPO2_LOW]);
    assert_ptr_equal(audible(VG_SINK_REMOTE), &slots[VG_COND_SPO2_DESAT]);
}

static void test_alarm_view__inhibited_ones_are_not_heard(void **state)
{
    struct vg_bed *b = &c->engine->beds[0];
    struct vg_alarm_more more;
    (void)state;
    (void)put(VG_COND_SPO2_LOW, VG_PRIO_MED, 1);
    (void)put(VG_COND_CLOCK, VG_PRIO_LOW, 2); /* of no vital */
    b->vital[VG_VITAL_SPO2].state = VG_IS_ALARM_PAUSED;
    assert_ptr_equal(audible(VG_SINK_ROOM), &slots[VG_COND_CLOCK]);
    assert_true(vg_engine_alarm_more(c->engine, 0, 1, &more));
    assert_int_equal(more.inhibit, VG_IS_ALARM_PAUSED);
    assert_ptr_equal(more.slot, &slots[VG_COND_SPO2_LOW]);
    b->vital[VG_VITAL_SPO2].state = VG_IS_ON;
    slots[VG_COND_SPO2_LOW].paused = true;
    assert_ptr_equal(audible(VG_SINK_ROOM), &slots[VG_COND_CLOCK]);
    assert_true(vg_engine_alarm_more(c->engine, 0, 1, &more));
    assert_int_equal(more.inhibit, VG_IS_AUDIO_PAUSED);
    slots[VG_COND_SPO2_LOW].paused = false;
    assert_true(vg_engine_alarm_more(c->engine, 0, 1, &more));
    assert_int_equal(more.inhibit, VG_IS_ON);
}

/* DATA_LOST and VITAL_DUE are about a vital; SINK_LOST is about a sink whose index looks like one. */
static void test_alarm_view__a_technical_alarm_of_a_vital_goes_with_it(void **state)
{
    struct vg_bed *b = &c->engine->beds[0];
    (void)state;
    put(VG_COND_DATA_LOST, VG_PRIO_MED, 1)->subject = VG_VITAL_SPO2;
    b->vital[VG_VITAL_SPO2].state = VG_IS_ALARM_OFF;
    assert_null(audible(VG_SINK_ROOM));
    put(VG_COND_SINK_LOST, VG_PRIO_MED, 2)->subject = VG_VITAL_SPO2;
    assert_ptr_equal(audible(VG_SINK_ROOM), &slots[VG_COND_SINK_LOST]);
}

/* --- one instance ---------------------------------------------------------------------------- */

static void test_alarm_view__only_open_instances_are_found(void **state)
{
    struct vg_alarm_more more;
    (void)state;
    assert_false(vg_engine_alarm_more(c->engine, 0, 0, &more));
    (void)put(VG_COND_SPO2_LOW, VG_PRIO_MED, 1);
    assert_false(vg_engine_alarm_more(c->engine, 0, 2, &more));
    slots[VG_COND_SPO2_LOW].state = VG_CS_NORMAL;
    assert_false(vg_engine_alarm_more(c->engine, 0, 1, &more));
}

/* --- the list -------------------------------------------------------------------------------- */

static void test_alarm_view__the_list_is_by_priority_then_age(void **state)
{
    struct vg_event list[5];
    (void)state;
    (void)put(VG_COND_SPO2_LOW, VG_PRIO_MED, 9);
    (void)put(VG_COND_PR_LOW, VG_PRIO_MED, 4);
    (void)put(VG_COND_CLOCK, VG_PRIO_LOW, 1);
    (void)put(VG_COND_SPO2_DESAT, VG_PRIO_HIGH, 7);
    put(VG_COND_LINK_DEVICE, VG_PRIO_HIGH, 7)->subject =
        0; /* a number given twice: both are shown */
    assert_int_equal(vg_engine_open_alarms(c->engine, 0, c->now_ns, list, VG_COUNT(list)), 5);
    static const enum vg_condition want[] = { VG_COND_SPO2_DESAT, VG_COND_LINK_DEVICE,
                                              VG_COND_PR_LOW, VG_COND_SPO2_LOW, VG_COND_CLOCK };
    for (size_t i = 0; i < VG_COUNT(want); i++) {
        assert_int_equal(list[i].u.alarm.condition, want[i]);
        assert_int_equal(list[i].u.alarm.since_ns, c->now_ns - CORE_S(5));
    }
    assert_int_equal(list[1].device, 0);
    assert_int_equal(list[2].device, VG_DEVICE_NONE);
    memset(list, 0, sizeof list);
    assert_int_equal(vg_engine_open_alarms(c->engine, 0, c->now_ns, list, 2), 5);
    assert_int_equal(list[1].u.alarm.condition, VG_COND_LINK_DEVICE);
    assert_int_equal(list[2].kind, VG_EV_NONE); /* not written */
    assert_int_equal(vg_engine_open_alarms(c->engine, 0, c->now_ns, NULL, 0), 5);
}

#define T(f) cmocka_unit_test_setup(f, one_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_alarm_view__silence_when_nothing_is_open),
        T(test_alarm_view__the_highest_priority_sounds),
        T(test_alarm_view__the_newest_among_equals),
        T(test_alarm_view__latched_full_sounds_and_latched_visual_does_not),
        T(test_alarm_view__what_is_acknowledged_pending_or_normal_does_not),
        T(test_alarm_view__sounds_where_its_way_has_got),
        T(test_alarm_view__one_that_has_not_reached_the_role_hides_nothing),
        T(test_alarm_view__inhibited_ones_are_not_heard),
        T(test_alarm_view__a_technical_alarm_of_a_vital_goes_with_it),
        T(test_alarm_view__only_open_instances_are_found),
        T(test_alarm_view__the_list_is_by_priority_then_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
