/*
 * prop_replay.c -- recovery is replay: whatever happened, a restart from what was recorded brings
 * back every open alarm, the sessions, the doses and the receipts, and all of it still works.
 *
 * Random runs of the clinic; the daemon dies at a random moment, up to three times in a run, and
 * the next one reads only what a journal would give it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/core_world.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)
#define RUNS 600
#define OPEN_MAX 96

static bool is_open(const struct vg_slot *s)
{
    return s->state == VG_CS_ACTIVE || s->state == VG_CS_LATCHED;
}

/* --- what must come back -------------------------------------------------------------------- */

/* CLOCK, STORAGE and RESTARTED are over when the new daemon speaks: they wait for their ack. */
static bool is_over_at_restart(const struct vg_slot *s)
{
    return s->condition == VG_COND_CLOCK || s->condition == VG_COND_STORAGE ||
           s->condition == VG_COND_RESTARTED;
}

static void expect_alarm_back(const struct core *c, uint16_t bed, const struct vg_slot *was)
{
    const struct vg_slot *s = core_slot(c, bed, (enum vg_condition)was->condition, was->subject);
    if (s == NULL) {
        fail_msg("bed %u: %s of %u is gone", bed, vg_condition_name(was->condition), was->subject);
    }
    if (was->condition == VG_COND_RESTARTED && c->engine->beds[bed].session.seq != 0) {
        assert_int_equal(s->state, VG_CS_LATCHED); /* present again, and over again */
    } else {
        assert_int_equal(s->state, is_over_at_restart(was) ? VG_CS_LATCHED : VG_CS_ACTIVE);
        assert_true(is_over_at_restart(was) || s->held);
    }
    assert_int_equal(s->instance, was->instance);
    assert_int_equal(s->priority, was->priority);
    assert_int_equal(s->open_ns, was->open_ns);
    assert_int_equal(s->has_value, was->has_value);
    assert_false(s->ack);
}

/* Now, and a day after it began. */
static void expect_totals_back(const struct vg_session *a, const struct vg_session *b)
{
    const int64_t until_ns[] = { a->clock.last_ns, b->opened_ns + CORE_S(24 * 3600) };
    struct vg_totals x;
    struct vg_totals y;
    for (size_t i = 0; i < VG_COUNT(until_ns); i++) {
        vg_dose_totals(a, NULL, until_ns[i], &x);
        vg_dose_totals(b, NULL, until_ns[i], &y);
        assert_int_equal(x.given_ug, y.given_ug);
        assert_int_equal(x.infused_ug, y.infused_ug);
        assert_int_equal(x.rate_ug_h, y.rate_ug_h);
        assert_int_equal(x.count, y.count);
    }
}

static void expect_session_back(const struct vg_session *a, const struct vg_session *b)
{
    assert_int_equal(a->seq, b->seq);
    if (a->seq == 0) {
        return;
    }
    assert_int_equal(a->opened_ns, b->opened_ns);
    assert_int_equal(a->opened_utc_ns, b->opened_utc_ns);
    assert_int_equal(a->rate_ug_h, b->rate_ug_h);
    assert_memory_equal(&a->clock, &b->clock, sizeof a->clock);
    assert_int_equal(a->uncounted, b->uncounted);
    assert_int_equal(a->dose_count, b->dose_count);
    assert_memory_equal(a->doses, b->doses, a->dose_count * sizeof a->doses[0]);
    expect_totals_back(a, b);
    assert_string_equal(a->patient_ref, b->patient_ref);
    assert_string_equal(a->operator_id, b->operator_id);
}

static void expect_everything_back(const struct core *c, const struct core *dead)
{
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        const struct vg_bed *was = &dead->engine->beds[b];
        const struct vg_bed *now = &c->engine->beds[b];
        expect_session_back(&now->session, &was->session);
        size_t open = 0;
        for (uint16_t i = 0; i < was->slot_count; i++) {
            if (is_open(&was->slots[i])) {
                expect_alarm_back(c, b, &was->slots[i]);
                open++;
            }
        }
        /* Nothing else is open but RESTARTED, which says that this happened. */
        bool had = is_open(&was->slots[VG_COND_RESTARTED]);
        size_t more = was->session.seq != 0 && !had ? 1 : 0;
        assert_int_equal(vg_engine_open_alarms(c->engine, b, c->now_ns, NULL, 0), open + more);
    }
}

/* Numbers are never used again, whatever was lost between the last record and the crash. */
static void expect_new_numbers(const struct core *c, const struct core *dead)
{
    for (size_t i = 0; i < c->alarm_count; i++) {
        assert_true(c->alarms[i].seq > dead->record_last);
    }
}

/* What the engine itself keeps of a command has no request id. */
static bool is_command(const struct vg_event *ev)
{
    const char *id = vg_event_request_id(ev);
    return id != NULL && id[0] != '\0';
}

/* A client repeats a command it had sent before the crash: same receipt, nothing done again. */
static void expect_receipts_back(struct core *c, const struct core *dead)
{
    size_t commands = 0;
    for (size_t i = dead->record_count; i > 0 && commands < 20; i--) {
        struct vg_event ev = dead->record[i - 1];
        if (!is_command(&ev)) {
            continue;
        }
        uint64_t receipt = ev.seq;
        (void)core_feed(c, &ev);
        assert_int_equal(c->fx.count, 1);
        assert_true(core_reply(c)->duplicate);
        assert_int_equal(core_reply(c)->receipt, receipt);
        commands++;
    }
}

/* A cuff that may be inflated is told to stop by the first word after its link is back. */
static void expect_cuff_safe(struct core *c, const struct core *dead)
{
    bool inflated = vg_nibp_is_measuring(&dead->engine->devices[WORLD_CUFF].nibp);
    core_port(c, WORLD_CUFF, VG_PORT_ONLINE);
    assert_int_equal(core_asked(c, VG_REQ_NIBP_ABORT) != NULL, inflated);
    assert_null(core_asked(c, VG_REQ_NIBP_START));
}

/* --- and still work ------------------------------------------------------------------------- */

static void expect_acks_work(struct core *c)
{
    static struct vg_event open[OPEN_MAX];
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        size_t n = vg_engine_open_alarms(c->engine, b, c->now_ns, open, OPEN_MAX);
        assert_true(n <= OPEN_MAX);
        for (size_t i = 0; i < n; i++) {
            if (open[i].u.alarm.ack) {
                continue; /* by a round before: a battery stays low */
            }
            assert_int_equal(core_ack(c, b, open[i].u.alarm.instance)->status, VG_OK);
        }
        n = vg_engine_open_alarms(c->engine, b, c->now_ns, open, OPEN_MAX);
        for (size_t i = 0; i < n; i++) {
            assert_true(open[i].u.alarm.ack);
        }
    }
}

static void good_minute(struct core *c)
{
    static const uint16_t oximeters[] = { WORLD_OXI_A, WORLD_OXI_B, WORLD_OTHER };
    for (uint16_t d = 0; d < WORLD_DEVICES; d++) {
        core_port(c, d, VG_PORT_ONLINE);
    }
    for (int s = 0; s < 60; s++) {
        core_wait(c, S(1));
        for (size_t i = 0; i < VG_COUNT(oximeters); i++) {
            core_spo2(c, oximeters[i], 97);
            core_pulse(c, oximeters[i], 70);
        }
    }
    core_measure(c, WORLD_CUFF, 120, 80);
}

static void expect_closing_works(struct core *c)
{
    good_minute(c);
    expect_acks_work(c); /* what had latched since */
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        bool had_session = c->engine->beds[b].session.seq != 0;
        size_t open = vg_engine_open_alarms(c->engine, b, c->now_ns, NULL, 0);
        if (had_session) {
            const struct vg_effect *fx = core_close_session(c, b, open > 0 ? "end" : "");
            assert_int_equal(fx->status, VG_OK);
            assert_int_equal(vg_engine_open_alarms(c->engine, b, c->now_ns, NULL, 0), 0);
        }
    }
}

/* --- the runs ------------------------------------------------------------------------------- */

static void prop_replay__a_restart_brings_everything_back(void **state)
{
    unsigned runs = core_cases(RUNS);
    uint64_t restored = 0;
    (void)state;
    for (unsigned run = 0; run < runs; run++) {
        unsigned which = 0;
        struct core *c = world_new(which, S(1000));
        unsigned deaths = 1 + core_below(3);
        for (unsigned d = 0; d < deaths; d++) {
            unsigned acts = core_below(150);
            for (unsigned n = 0; n < acts; n++) {
                world_act(c, NULL);
            }
            const struct core *dead = c;
            which = 1 - which;
            c = world_restart(which, dead);
            expect_everything_back(c, dead);
            expect_new_numbers(c, dead);
            expect_receipts_back(c, dead);
            expect_cuff_safe(c, dead);
            restored += vg_engine_open_alarms(c->engine, 0, c->now_ns, NULL, 0);
        }
        expect_acks_work(c);
        expect_closing_works(c);
    }
    (void)printf("[ restored ] %llu alarms in %u runs\n", (unsigned long long)restored, runs);
    assert_true(restored > 0 || runs == 0);
}

/* A restored alarm that nobody touches stays open for ever; data that come back decide anew. */
static void prop_replay__a_restored_alarm_waits_for_data_and_people(void **state)
{
    struct core *c = world_new(0, S(1000));
    (void)state;
    core_stream(c, WORLD_OXI_A, VG_VITAL_SPO2, 84000, 3);
    (void)core_ack(c, 0, core_slot(c, 0, VG_COND_SPO2_DESAT, VG_SUBJECT_NONE)->instance);
    c = world_restart(1, c);
    const struct vg_slot *s = core_slot(c, 0, VG_COND_SPO2_DESAT, VG_SUBJECT_NONE);
    core_wait(c, S(3600));
    assert_int_equal(s->state, VG_CS_ACTIVE);
    assert_false(s->ack);
    core_port(c, WORLD_OXI_A, VG_PORT_ONLINE);
    core_stream(c, WORLD_OXI_A, VG_VITAL_SPO2, 97000, 1);
    assert_false(s->held);
    core_stream(c, WORLD_OXI_A, VG_VITAL_SPO2, 97000, 5);
    assert_int_equal(s->state, VG_CS_LATCHED);
}

/* The same record read twice gives the same state: nothing depends on the reader. */
static void prop_replay__reading_twice_gives_the_same(void **state)
{
    (void)state;
    for (unsigned run = 0; run < core_cases(RUNS) / 10; run++) {
        static struct vg_slot slots[OPEN_MAX];
        struct core *c = world_new(0, S(1000));
        for (unsigned n = 0; n < 200; n++) {
            world_act(c, NULL);
        }
        const struct core *again = world_restart(1, c);
        uint16_t count = again->engine->beds[0].slot_count;
        assert_true(count <= OPEN_MAX);
        memcpy(slots, again->engine->beds[0].slots, count * sizeof slots[0]);
        uint64_t seq = again->engine->seq;
        again = world_restart(1, c);
        assert_int_equal(again->engine->beds[0].slot_count, count);
        assert_int_equal(again->engine->seq, seq);
        assert_memory_equal(slots, again->engine->beds[0].slots, count * sizeof slots[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_replay__a_restart_brings_everything_back),
        cmocka_unit_test(prop_replay__a_restored_alarm_waits_for_data_and_people),
        cmocka_unit_test(prop_replay__reading_twice_gives_the_same),
    };
    (void)core_seed(UINT64_C(20260103));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
