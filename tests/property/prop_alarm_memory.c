/*
 * prop_alarm_memory.c -- properties of alarms, by number: what was wrong is not forgotten
 * (P4, P5, P6, P7, P8, P15).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/prop_world.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)

static bool was_open(const struct ref_pair *p)
{
    return prop_is_open(&p->slot);
}

/* --- P4: data loss cannot clear ------------------------------------------------------------- */

static void check_p04(const struct ref_pair *before, const struct ref_pair *after,
                      enum vg_cond_input in, uint64_t acked, struct vg_cond_result res)
{
    (void)acked;
    (void)res;
    if (was_open(before) && !was_open(after)) {
        assert_true(in == VG_CI_OK || in == VG_CI_ACK || in == VG_CI_OVERRIDE);
    }
}

/* Time, links, sensors, sinks, doses, phases, pauses and restarts end nothing about the patient. */
static void world_p04(const struct core *c)
{
    uint16_t kind = c->in.kind;
    bool may_close = kind == VG_EV_READING || kind == VG_EV_NIBP || kind == VG_EV_ACK ||
                     kind == VG_EV_SESSION;
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        for (uint16_t i = 0; i < prop_past.slot_count[b]; i++) {
            const struct vg_slot *was = &prop_past.slots[b][i];
            if (prop_is_phys(was) && prop_is_open(was) && !prop_is_open(prop_slot(c, b, i))) {
                assert_true(may_close);
                prop_met++;
            }
        }
    }
}

static void prop_alarm__p04_data_loss_never_clears(void **state)
{
    (void)state;
    prop_run_pairs(check_p04);
    prop_run_world(world_p04);
}

/* --- P5: no alarm is lost ------------------------------------------------------------------- */

static bool is_same(const struct vg_event *a, const struct vg_event *b)
{
    return a->bed == b->bed && a->u.alarm.condition == b->u.alarm.condition &&
           a->u.alarm.subject == b->u.alarm.subject;
}

/* Over by the time a restarted daemon speaks; they wait for their acknowledgement. */
static bool is_over_at_restart(uint8_t condition)
{
    return condition == VG_COND_CLOCK || condition == VG_COND_STORAGE ||
           condition == VG_COND_RESTARTED;
}

static void expect_back(const struct core *c, const struct vg_event *last)
{
    const struct vg_alarm_event *a = &last->u.alarm;
    const struct vg_slot *s = core_slot(c, last->bed, (enum vg_condition)a->condition, a->subject);
    bool low_in_quiet = a->priority == VG_PRIO_LOW && c->engine->beds[last->bed].quiet.on;

    assert_non_null(s);
    assert_int_equal(s->instance, a->instance);
    assert_false(s->ack);
    if (is_over_at_restart(a->condition)) {
        assert_true(prop_is_open(s));
        return;
    }
    assert_int_equal(s->state, VG_CS_ACTIVE);
    assert_int_equal(s->route.state, low_in_quiet ? VG_RS_SENT : VG_RS_LOCAL);
    assert_false(s->paused);
    prop_met++;
}

/* What the record says last of each condition, whatever else was lost with the crash. */
static void expect_all_back(const struct core *c, const struct core *dead)
{
    for (size_t i = 0; i < dead->record_count; i++) {
        const struct vg_event *ev = &dead->record[i];
        bool is_last = ev->kind == VG_EV_ALARM;
        for (size_t k = i + 1; is_last && k < dead->record_count; k++) {
            is_last = dead->record[k].kind != VG_EV_ALARM || !is_same(ev, &dead->record[k]);
        }
        if (is_last && (ev->u.alarm.to == VG_CS_ACTIVE || ev->u.alarm.to == VG_CS_LATCHED)) {
            expect_back(c, ev);
        }
    }
}

static void prop_alarm__p05_restart_loses_no_alarm(void **state)
{
    unsigned runs = core_cases(PROP_ACTS) / 50;
    (void)state;
    for (unsigned run = 0; run < runs; run++) {
        struct core *c = world_new(0, S(1000));
        prop_remember(c);
        for (unsigned death = 0; death < 3; death++) {
            size_t begun = c->record_count; /* a start is on disk whole, or was none */
            for (unsigned n = core_below(120); n > 0; n--) {
                world_act(c, NULL);
            }
            core_forget(c);
            if (core_below(2) == 0) { /* the last rows never reached the disk */
                c->record_count -= core_below((uint32_t)(c->record_count - begun) + 1);
            }
            const struct core *dead = c;
            c = prop_restart(dead);
            expect_all_back(c, dead);
        }
    }
    (void)printf("[ restored ] %llu\n", (unsigned long long)prop_met);
    assert_true(prop_met > 0 || runs == 0);
}

/* --- P6: latch ------------------------------------------------------------------------------ */

static void check_p06(const struct ref_pair *before, const struct ref_pair *after,
                      enum vg_cond_input in, uint64_t acked, struct vg_cond_result res)
{
    (void)res;
    if (before->slot.state != VG_CS_LATCHED || after->slot.state == VG_CS_LATCHED) {
        return;
    }
    if (after->slot.state == VG_CS_NORMAL) {
        assert_true(in == VG_CI_ACK && acked == before->slot.instance);
        return;
    }
    if (after->slot.state == VG_CS_ACTIVE) {
        assert_true(in == VG_CI_BAD || in == VG_CI_RAPID || in == VG_CI_LIMITS_BAD ||
                    in == VG_CI_WORSE || in == VG_CI_RESTART);
        assert_int_equal(after->slot.instance, before->slot.instance);
        return;
    }
    assert_int_equal(in, VG_CI_OVERRIDE);
}

static void world_p06(const struct core *c)
{
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        for (uint16_t i = 0; i < prop_past.slot_count[b]; i++) {
            const struct vg_slot *was = &prop_past.slots[b][i];
            if (was->state != VG_CS_LATCHED || prop_is_open(prop_slot(c, b, i))) {
                continue;
            }
            bool by_ack = c->in.kind == VG_EV_ACK && c->in.u.ack.instance == was->instance;
            bool by_override = c->in.kind == VG_EV_SESSION && c->in.u.session_move.text[0] != '\0';
            assert_true(by_ack || by_override);
            prop_met++;
        }
    }
}

static void prop_alarm__p06_latched_waits_for_a_person(void **state)
{
    (void)state;
    prop_run_pairs(check_p06);
    prop_run_world(world_p06);
}

/* --- P7: specific ack ----------------------------------------------------------------------- */

static void expect_only_named(const struct core *c)
{
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        for (uint16_t i = 0; i < prop_past.slot_count[b]; i++) {
            const struct vg_slot *was = &prop_past.slots[b][i];
            bool named = b == c->in.bed && prop_is_open(was) &&
                         was->instance == c->in.u.ack.instance;
            if (!named) {
                assert_memory_equal(was, prop_slot(c, b, i), sizeof *was);
                continue;
            }
            prop_met++;
            if (was->state == VG_CS_LATCHED) {
                assert_int_equal(prop_slot(c, b, i)->state, VG_CS_NORMAL);
            } else {
                assert_true(prop_slot(c, b, i)->ack);
            }
        }
    }
}

static void world_p07(const struct core *c)
{
    if (c->in.kind == VG_EV_ACK) {
        expect_only_named(c);
        return;
    }
    /* Nothing else acknowledges, and what opens is not acknowledged. */
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        for (uint16_t i = 0; i < c->engine->beds[b].slot_count; i++) {
            if (prop_slot(c, b, i)->ack) {
                assert_true(i < prop_past.slot_count[b] && prop_past.slots[b][i].ack);
                assert_int_equal(prop_past.slots[b][i].instance, prop_slot(c, b, i)->instance);
            }
        }
    }
}

static void prop_alarm__p07_an_ack_is_for_one_instance(void **state)
{
    (void)state;
    prop_run_world(world_p07);
}

/* --- P8: acknowledgement is bounded --------------------------------------------------------- */

static void check_p08(const struct ref_pair *before, const struct ref_pair *after,
                      enum vg_cond_input in, uint64_t acked, struct vg_cond_result res)
{
    (void)before;
    (void)acked;
    (void)res;
    if (in == VG_CI_TICK && after->slot.state == VG_CS_ACTIVE && after->slot.ack &&
        after->ack_expiry_ns > 0) {
        assert_true(after->now_ns - after->slot.ack_ns < after->ack_expiry_ns);
    }
}

static void world_p08(const struct core *c)
{
    for (uint16_t i = 0; c->in.kind == VG_EV_TICK && i < c->engine->beds[c->in.bed].slot_count;
         i++) {
        const struct vg_slot *s = prop_slot(c, c->in.bed, i);
        if (s->state != VG_CS_ACTIVE) {
            continue; /* over: nobody is to be told again of what was acknowledged */
        }
        if (s->ack && s->priority == VG_PRIO_HIGH) {
            assert_true(c->now_ns - s->ack_ns < S(120));
            prop_met++;
        }
        if (s->ack && s->priority == VG_PRIO_MED) {
            assert_true(c->now_ns - s->ack_ns < S(300));
        }
    }
}

static void prop_alarm__p08_an_ack_ends_in_time(void **state)
{
    (void)state;
    prop_run_pairs(check_p08);
    prop_run_world(world_p08);
}

/* --- P15: limits ---------------------------------------------------------------------------- */

static void check_p15(const struct ref_pair *before, const struct ref_pair *after,
                      enum vg_cond_input in, uint64_t acked, struct vg_cond_result res)
{
    (void)acked;
    (void)res;
    if ((in == VG_CI_LIMITS_OK || in == VG_CI_LIMITS_BAD) && was_open(before)) {
        assert_true(was_open(after));
        assert_int_equal(after->slot.instance, before->slot.instance);
    }
}

static void world_p15(const struct core *c)
{
    if (c->in.kind != VG_EV_LIMITS) {
        return;
    }
    for (uint16_t i = 0; i < prop_past.slot_count[c->in.bed]; i++) {
        const struct vg_slot *was = &prop_past.slots[c->in.bed][i];
        if (prop_is_open(was)) {
            assert_true(prop_is_open(prop_slot(c, c->in.bed, i)));
            assert_int_equal(prop_slot(c, c->in.bed, i)->instance, was->instance);
            prop_met += memcmp(was, prop_slot(c, c->in.bed, i), sizeof *was) != 0 ? 1u : 0u;
        }
    }
}

static void prop_alarm__p15_moved_limits_never_close(void **state)
{
    (void)state;
    prop_run_pairs(check_p15);
    prop_run_world(world_p15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROP_TEST(prop_alarm__p04_data_loss_never_clears),
        PROP_TEST(prop_alarm__p05_restart_loses_no_alarm),
        PROP_TEST(prop_alarm__p06_latched_waits_for_a_person),
        PROP_TEST(prop_alarm__p07_an_ack_is_for_one_instance),
        PROP_TEST(prop_alarm__p08_an_ack_ends_in_time),
        PROP_TEST(prop_alarm__p15_moved_limits_never_close),
    };
    prop_begin(UINT64_C(20260111));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
