/*
 * prop_alarm.c -- the safety properties of alarms by their numbers, over random runs.
 *
 * Each property is looked at twice where it can be: on one condition beside the reference model,
 * and on a whole clinic (core_world.h), after every single step. VG_SEED repeats a run; VG_CASES
 * sets how many random acts each property gets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/core_world.h"
#include "tests/support/ref_condition.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)
#define ACTS 10000
#define INPUTS 150000
#define SLOTS_KEPT 64

static uint64_t seed;

/* --- one condition beside its reference ----------------------------------------------------- */

typedef void (*pair_check_fn)(const struct ref_pair *before, const struct ref_pair *after,
                              enum vg_cond_input in, uint64_t acked, struct vg_cond_result res);

static void random_limit(struct vg_limit *l)
{
    static const int64_t delays[] = { 0, S(1), S(5), S(15) };
    static const int64_t clears[] = { 0, S(1), S(5) };
    l->limit_milli = 90000;
    l->delay_ns = delays[core_below(VG_COUNT(delays))];
    l->clear_ns = clears[core_below(VG_COUNT(clears))];
    l->latch = (uint8_t)core_below(VG_LATCH_COUNT);
    l->enabled = true;
}

static enum vg_cond_input random_input(void)
{
    /* Samples and ticks mostly, else few conditions would live long enough. */
    static const enum vg_cond_input often[] = { VG_CI_BAD,  VG_CI_BAD,  VG_CI_OK, VG_CI_OK,
                                                VG_CI_TICK, VG_CI_BAND, VG_CI_ACK };
    if (core_below(3) != 0) {
        return often[core_below(VG_COUNT(often))];
    }
    return (enum vg_cond_input)core_below(VG_CI_COUNT);
}

static void run_pairs(pair_check_fn check)
{
    static const int64_t steps[] = { 0, 1, S(1), S(1), S(1), S(2), S(5), S(20), S(59), S(121) };
    static const int64_t expiries[] = { 0, S(120), S(300) };
    unsigned inputs = core_cases(INPUTS);
    struct vg_limit limit;
    struct ref_pair p;

    memset(&p, 0, sizeof p);
    for (unsigned n = 0; n < inputs; n++) {
        bool agree = false;
        if (n % 200 == 0) {
            random_limit(&limit);
            ref_pair_init(&p, VG_CS_DISARMED, &limit, expiries[core_below(VG_COUNT(expiries))],
                          S((int64_t)core_below(1000000)));
            p.low_side = core_below(2) == 0;
        }
        struct ref_pair before = p;
        enum vg_cond_input in = random_input();
        uint64_t acked = core_below(4) == 0 ? core_below(20) : p.slot.instance;
        struct vg_cond_result res = ref_pair_step(&p, in, steps[core_below(VG_COUNT(steps))], acked,
                                                  80000 + (int32_t)core_below(20000), &agree);
        if (!agree) {
            fail_msg("input %u: %s in %s differs from the reference", n, vg_cond_input_name(in),
                     vg_cond_state_name((enum vg_cond_state)before.slot.state));
        }
        check(&before, &p, in, acked, res);
    }
}

static bool is_open(uint8_t st)
{
    return st == VG_CS_ACTIVE || st == VG_CS_LATCHED;
}

/* --- the clinic ----------------------------------------------------------------------------- */

/* What a check remembers of the step before. */
static struct {
    uint16_t slot_count[WORLD_BEDS];
    uint64_t session[WORLD_BEDS];
    struct vg_slot slots[WORLD_BEDS][SLOTS_KEPT];
} past;

static uint64_t steps_run;

static void remember(const struct core *c)
{
    steps_run++;
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        const struct vg_bed *bed = &c->engine->beds[b];
        assert_true(bed->slot_count <= SLOTS_KEPT);
        past.slot_count[b] = bed->slot_count;
        past.session[b] = bed->session.seq;
        memcpy(past.slots[b], bed->slots, bed->slot_count * sizeof bed->slots[0]);
    }
}

static const struct vg_slot *slot_now(const struct core *c, uint16_t bed, uint16_t i)
{
    return &c->engine->beds[bed].slots[i];
}

static bool is_phys(const struct vg_slot *s)
{
    return vg_condition_get((enum vg_condition)s->condition)->kind == VG_ALARM_PHYS;
}

static void run_world(world_check_fn check)
{
    unsigned acts = core_cases(ACTS);
    struct core *c = world_new(0, S(1000));

    remember(c);
    for (unsigned n = 0; n < acts; n++) {
        if (n % 1000 == 999) { /* a fresh clinic now and then: the record has an end */
            c = world_new(0, c->now_ns);
            remember(c);
        }
        core_forget(c);
        world_act(c, check);
    }
    (void)printf("[   steps  ] %llu\n", (unsigned long long)steps_run);
}

static int with_seed(void **state)
{
    (void)state;
    steps_run = 0;
    (void)core_seed(seed);
    return 0;
}

/* --- P2: detection -------------------------------------------------------------------------- */

static void prop_P02__continuous_violation_is_detected_in_time(void **state)
{
    static const struct {
        enum vg_condition cond;
        enum vg_vital v;
        int32_t milli;
        int seconds; /* T_delay + 2 s */
    } cases[] = {
        { VG_COND_SPO2_LOW, VG_VITAL_SPO2, 89000, 17 },
        { VG_COND_SPO2_DESAT, VG_VITAL_SPO2, 84000, 2 },
        { VG_COND_PR_LOW, VG_VITAL_PULSE_RATE, 49000, 12 },
        { VG_COND_PR_HIGH, VG_VITAL_PULSE_RATE, 121000, 12 },
        { VG_COND_PR_XLOW, VG_VITAL_PULSE_RATE, 39000, 7 },
        { VG_COND_PR_XHIGH, VG_VITAL_PULSE_RATE, 151000, 7 },
    };
    unsigned runs = core_cases(ACTS) / 20;
    struct core *c = world_new(0, S(1000));
    (void)state;
    for (unsigned n = 0; n < runs; n++) {
        if (n % 50 == 49) {
            c = world_new(0, c->now_ns);
        }
        core_forget(c);
        for (unsigned k = 0; k < 10; k++) {
            world_act(c, NULL);
        }
        size_t i = core_below(VG_COUNT(cases));
        int64_t begun_ns = c->now_ns;
        /* Whoever speaks for the vital says it; from the first sample on, time counts. */
        while (c->now_ns - begun_ns <= S(cases[i].seconds)) {
            core_reading(c, WORLD_OXI_A, cases[i].v, cases[i].milli, VG_QUALITY_OK);
            core_reading(c, WORLD_OXI_B, cases[i].v, cases[i].milli, VG_QUALITY_OK);
            if (c->now_ns - begun_ns < S(cases[i].seconds)) {
                core_wait(c, S(1));
            } else {
                break;
            }
        }
        assert_int_equal(core_state(c, 0, cases[i].cond, VG_SUBJECT_NONE), VG_CS_ACTIVE);
    }
}

/* --- P3: no delay starvation ---------------------------------------------------------------- */

static int64_t starts[3]; /* the last three, newest first */

static void check_P03(const struct ref_pair *before, const struct ref_pair *after,
                      enum vg_cond_input in, uint64_t acked, struct vg_cond_result res)
{
    (void)acked;
    (void)res;
    if (before->next_seq == 0) {
        starts[0] = starts[1] = starts[2] = INT64_MIN / 2; /* a new condition */
    }
    bool starts_now = before->slot.state == VG_CS_NORMAL &&
                      (in == VG_CI_BAD || in == VG_CI_RAPID || in == VG_CI_LIMITS_BAD);
    if (!starts_now) {
        return;
    }
    starts[2] = starts[1];
    starts[1] = starts[0];
    starts[0] = after->now_ns;
    if (starts[0] - starts[2] <= S(60)) {
        assert_int_equal(after->slot.state, VG_CS_ACTIVE);
    }
}

static void prop_P03__three_starts_in_a_minute_always_open(void **state)
{
    (void)state;
    run_pairs(check_P03);
    /* And in the clinic, from any history: bad and good in turn. */
    struct core *c = world_new(0, S(1000));
    for (unsigned n = 0; n < core_cases(ACTS) / 50; n++) {
        if (n % 50 == 49) {
            c = world_new(0, c->now_ns);
        }
        core_forget(c);
        for (unsigned k = 0; k < 10; k++) {
            world_act(c, NULL);
        }
        for (unsigned k = 0; k < 3; k++) { /* both fresh, so that good samples count */
            core_wait(c, S(1));
            core_spo2(c, WORLD_OXI_A, 97);
            core_spo2(c, WORLD_OXI_B, 97);
        }
        bool opened = false;
        for (unsigned k = 0; k < 3; k++) {
            core_wait(c, S(1));
            core_spo2(c, WORLD_OXI_A, 89);
            core_spo2(c, WORLD_OXI_B, 89);
            opened = opened || core_state(c, 0, VG_COND_SPO2_LOW, VG_SUBJECT_NONE) == VG_CS_ACTIVE;
            core_wait(c, S(1));
            core_spo2(c, WORLD_OXI_A, 97);
            core_spo2(c, WORLD_OXI_B, 97);
        }
        assert_true(opened);
    }
}

/* --- P4: data loss cannot clear ------------------------------------------------------------- */

static void check_P04(const struct ref_pair *before, const struct ref_pair *after,
                      enum vg_cond_input in, uint64_t acked, struct vg_cond_result res)
{
    (void)acked;
    (void)res;
    if (is_open(before->slot.state) && !is_open(after->slot.state)) {
        assert_true(in == VG_CI_OK || in == VG_CI_ACK || in == VG_CI_OVERRIDE);
    }
}

static void world_P04(const struct core *c)
{
    uint16_t kind = c->in.kind;
    bool may_close = kind == VG_EV_READING || kind == VG_EV_NIBP || kind == VG_EV_ACK ||
                     kind == VG_EV_SESSION;
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        for (uint16_t i = 0; i < past.slot_count[b]; i++) {
            const struct vg_slot *was = &past.slots[b][i];
            if (is_phys(was) && is_open(was->state) && !is_open(slot_now(c, b, i)->state)) {
                assert_true(may_close);
            }
        }
    }
    remember(c);
}

static void prop_P04__loss_of_data_never_clears(void **state)
{
    (void)state;
    run_pairs(check_P04);
    run_world(world_P04);
}

/* --- P6: latch ------------------------------------------------------------------------------ */

static void check_P06(const struct ref_pair *before, const struct ref_pair *after,
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

static void prop_P06__latched_is_left_only_by_ack_or_violation(void **state)
{
    (void)state;
    run_pairs(check_P06);
}

/* --- P7: specific ack ----------------------------------------------------------------------- */

static void world_P07(const struct core *c)
{
    if (c->in.kind == VG_EV_ACK) {
        for (uint16_t b = 0; b < WORLD_BEDS; b++) {
            for (uint16_t i = 0; i < past.slot_count[b]; i++) {
                const struct vg_slot *was = &past.slots[b][i];
                bool named = b == c->in.bed && is_open(was->state) &&
                             was->instance == c->in.u.ack.instance;
                if (!named) {
                    assert_memory_equal(was, slot_now(c, b, i), sizeof *was);
                } else if (was->state == VG_CS_LATCHED) {
                    assert_int_equal(slot_now(c, b, i)->state, VG_CS_NORMAL);
                } else {
                    assert_true(slot_now(c, b, i)->ack);
                }
            }
        }
    } else {
        /* Nothing else acknowledges, and what opens is not acknowledged. */
        for (uint16_t b = 0; b < WORLD_BEDS; b++) {
            for (uint16_t i = 0; i < c->engine->beds[b].slot_count; i++) {
                if (slot_now(c, b, i)->ack) {
                    assert_true(i < past.slot_count[b] && past.slots[b][i].ack);
                    assert_int_equal(past.slots[b][i].instance, slot_now(c, b, i)->instance);
                }
            }
        }
    }
    remember(c);
}

static void prop_P07__an_ack_changes_only_its_instance(void **state)
{
    (void)state;
    run_world(world_P07);
}

/* --- P8: acknowledgement is bounded --------------------------------------------------------- */

static void check_P08(const struct ref_pair *before, const struct ref_pair *after,
                      enum vg_cond_input in, uint64_t acked, struct vg_cond_result res)
{
    (void)before;
    (void)acked;
    (void)res;
    if (in == VG_CI_TICK && after->slot.ack && after->ack_expiry_ns > 0) {
        assert_true(after->now_ns - after->slot.ack_ns < after->ack_expiry_ns);
    }
}

static void world_P08(const struct core *c)
{
    for (uint16_t i = 0; c->in.kind == VG_EV_TICK && i < c->engine->beds[c->in.bed].slot_count;
         i++) {
        const struct vg_slot *s = slot_now(c, c->in.bed, i);
        if (s->ack && s->priority == VG_PRIO_HIGH) {
            assert_true(c->now_ns - s->ack_ns < S(120));
        }
        if (s->ack && s->priority == VG_PRIO_MED) {
            assert_true(c->now_ns - s->ack_ns < S(300));
        }
    }
    remember(c);
}

static void prop_P08__an_acknowledgement_ends_in_time(void **state)
{
    (void)state;
    run_pairs(check_P08);
    run_world(world_P08);
}

/* --- P12: stale is never live --------------------------------------------------------------- */

static void world_P12(const struct core *c)
{
    struct vg_event ev;

    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_event *out = &c->fx.of[i].ev;
        if (out->kind == VG_EV_READING && out->u.reading.fresh == VG_FRESH_FRESH &&
            out->u.reading.quality <= VG_QUALITY_QUESTIONABLE) {
            assert_true(out->u.reading.age_ns <=
                        vg_vital_get((enum vg_vital)out->u.reading.vital)->stale_ns);
        }
    }
    for (uint16_t d = 0; d < WORLD_DEVICES; d++) {
        for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
            /* As somebody would see it who asks a moment before the next tick. */
            int64_t at_ns = c->now_ns + VG_TICK_NS - 1;
            if (vg_engine_vital(c->engine, d, (enum vg_vital)v, at_ns, &ev) &&
                ev.u.reading.fresh == VG_FRESH_FRESH) {
                assert_true(ev.u.reading.age_ns <= vg_vital_get((enum vg_vital)v)->stale_ns);
            }
        }
    }
    /* A reading that was too old when it came moved no condition about the patient. */
    if (c->in.kind == VG_EV_READING &&
        c->in.u.reading.age_ns > vg_vital_get((enum vg_vital)c->in.u.reading.vital)->stale_ns) {
        for (size_t i = 0; i < c->fx.count; i++) {
            const struct vg_event *out = &c->fx.of[i].ev;
            assert_false(out->kind == VG_EV_ALARM &&
                         vg_condition_get((enum vg_condition)out->u.alarm.condition)->kind ==
                             VG_ALARM_PHYS);
        }
    }
    remember(c);
}

static void prop_P12__an_old_value_is_never_fresh_nor_compared(void **state)
{
    (void)state;
    run_world(world_P12);
}

/* --- P14: order ----------------------------------------------------------------------------- */

static void world_P14(const struct core *c)
{
    struct vg_event list[SLOTS_KEPT];
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        size_t n = vg_engine_open_alarms(c->engine, b, c->now_ns, list, VG_COUNT(list));
        size_t open = 0;
        for (uint16_t i = 0; i < c->engine->beds[b].slot_count; i++) {
            open += is_open(slot_now(c, b, i)->state) ? 1u : 0u;
        }
        assert_int_equal(n, open);
        for (size_t i = 1; i < n; i++) {
            const struct vg_alarm_event *x = &list[i - 1].u.alarm;
            const struct vg_alarm_event *y = &list[i].u.alarm;
            assert_true(x->priority > y->priority ||
                        (x->priority == y->priority && x->instance < y->instance));
        }
    }
    remember(c);
}

static void prop_P14__the_open_list_is_by_priority_then_age(void **state)
{
    (void)state;
    run_world(world_P14);
}

/* --- P15: limits ---------------------------------------------------------------------------- */

static void check_P15(const struct ref_pair *before, const struct ref_pair *after,
                      enum vg_cond_input in, uint64_t acked, struct vg_cond_result res)
{
    (void)acked;
    (void)res;
    if ((in == VG_CI_LIMITS_OK || in == VG_CI_LIMITS_BAD) && is_open(before->slot.state)) {
        assert_true(is_open(after->slot.state));
        assert_int_equal(after->slot.instance, before->slot.instance);
    }
}

static void prop_P15__moved_limits_never_close(void **state)
{
    (void)state;
    run_pairs(check_P15);
}

/* --- P17, P18: sessions --------------------------------------------------------------------- */

static void world_P17(const struct core *c)
{
    const struct vg_session_event *move = &c->in.u.session_move;
    uint16_t b = c->in.bed;

    if (c->in.kind == VG_EV_SESSION && move->move == VG_SESSION_CLOSE && past.session[b] != 0) {
        size_t open = 0;
        for (uint16_t i = 0; i < past.slot_count[b]; i++) {
            open += is_open(past.slots[b][i].state) ? 1u : 0u;
        }
        bool closed = c->engine->beds[b].session.seq == 0;
        assert_int_equal(closed, open == 0 || move->text[0] != '\0');
        size_t named = 0;
        for (size_t i = 0; i < c->fx.count; i++) {
            const struct vg_event *out = &c->fx.of[i].ev;
            if (out->kind == VG_EV_ALARM && out->u.alarm.what == VG_AW_CLOSED) {
                assert_string_equal(out->u.alarm.operator_id, "nurse");
                assert_true((c->fx.of[i].verbs & VG_DO_RECORD) != 0);
                named++;
            }
        }
        assert_int_equal(named, closed ? open : 0);
    } else {
        assert_true(past.session[b] == 0 || c->engine->beds[b].session.seq == past.session[b]);
    }
    remember(c);
}

static void prop_P17__no_session_ends_silently(void **state)
{
    (void)state;
    run_world(world_P17);
}

static void world_P18(const struct core *c)
{
    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_event *out = &c->fx.of[i].ev;
        uint64_t now = c->engine->beds[c->in.bed].session.seq;
        assert_int_equal(out->bed, c->in.bed);
        if (out->kind != VG_EV_READING || out->session != 0) { /* a sample passes as it came */
            assert_true(out->session == now || out->session == past.session[c->in.bed]);
        }
        if (out->device != VG_DEVICE_NONE && out->kind != VG_EV_NIBP_COMMAND) {
            assert_int_equal(c->engine->devices[out->device].bed, out->bed);
        }
    }
    remember(c);
}

static void prop_P18__every_effect_belongs_to_its_bed_and_session(void **state)
{
    (void)state;
    run_world(world_P18);
}

/* --- P20: time independence ----------------------------------------------------------------- */

static const char *const core_files[] = {
    "alarm.c",  "alarm_catalogue.c", "alarm_condition.c", "cuff.c", "dose.c",
    "engine.c", "freshness.c",       "names.c",           "nibp.c", "session.c",
    "status.c", "vital.c",           "vitals.c",
};

static char text[131072];

static const char *read_core_file(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/core/%s", VG_SOURCE_DIR, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    assert_true(n > 0 && n < sizeof text - 1);
    (void)fclose(f);
    text[n] = '\0';
    return text;
}

static void prop_P20__the_core_has_no_clock(void **state)
{
    static const char *const words[] = { "<time.h>", "<sys/time.h>", "clock_gettime",
                                         "gettimeofday", "vg_clock " };
    /* The machines: what they decide may not even know the wall time. */
    static const char *const machines[] = { "alarm_condition.c", "alarm.c", "nibp.c", "cuff.c",
                                            "vitals.c" };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(core_files); i++) {
        const char *t = read_core_file(core_files[i]);
        for (size_t w = 0; w < VG_COUNT(words); w++) {
            assert_null(strstr(t, words[w]));
        }
    }
    for (size_t i = 0; i < VG_COUNT(machines); i++) {
        assert_null(strstr(read_core_file(machines[i]), "utc"));
    }
}

/* The same run with a wall clock that jumps about: the same transitions at the same moments. */
static struct vg_event first_run[CORE_ALARMS_MAX];

static size_t run_with_wall_clock(bool jumping, struct vg_event *out, size_t cap)
{
    struct core *c = NULL;
    (void)core_seed(seed);
    c = world_new(0, S(1000));
    for (unsigned n = 0; n < 3000; n++) {
        if (jumping) {
            c->utc_offset_ns = S(1700000000) + (n % 7) * S(86400) - (n % 3) * S(3600);
        }
        world_act(c, NULL);
    }
    size_t count = c->alarm_count < cap ? c->alarm_count : cap;
    memcpy(out, c->alarms, count * sizeof out[0]);
    return count;
}

static void prop_P20__the_wall_clock_moves_nothing(void **state)
{
    static struct vg_event second_run[CORE_ALARMS_MAX];
    (void)state;
    size_t n = run_with_wall_clock(false, first_run, VG_COUNT(first_run));
    assert_true(n > 500);
    assert_int_equal(run_with_wall_clock(true, second_run, VG_COUNT(second_run)), n);
    for (size_t i = 0; i < n; i++) {
        first_run[i].utc_ns = 0;
        second_run[i].utc_ns = 0;
        assert_memory_equal(&first_run[i], &second_run[i], sizeof first_run[i]);
    }
}

#define SEEDED(test) cmocka_unit_test_setup(test, with_seed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEEDED(prop_P02__continuous_violation_is_detected_in_time),
        SEEDED(prop_P03__three_starts_in_a_minute_always_open),
        SEEDED(prop_P04__loss_of_data_never_clears),
        SEEDED(prop_P06__latched_is_left_only_by_ack_or_violation),
        SEEDED(prop_P07__an_ack_changes_only_its_instance),
        SEEDED(prop_P08__an_acknowledgement_ends_in_time),
        SEEDED(prop_P12__an_old_value_is_never_fresh_nor_compared),
        SEEDED(prop_P14__the_open_list_is_by_priority_then_age),
        SEEDED(prop_P15__moved_limits_never_close),
        SEEDED(prop_P17__no_session_ends_silently),
        SEEDED(prop_P18__every_effect_belongs_to_its_bed_and_session),
        SEEDED(prop_P20__the_core_has_no_clock),
        SEEDED(prop_P20__the_wall_clock_moves_nothing),
    };
    seed = core_seed(UINT64_C(20260101));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
