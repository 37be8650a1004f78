/*
 * test_freshness.c -- machine F: rows F1 to F6, every pair of state and input, the ages at their
 * boundary, and every sequence of seven inputs beside a second writing of the table.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/freshness.h"
#include "core/machine.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)
#define T0 S(1000)

/* A vital that arrives by itself and can be lost; one that cannot; one reading at a time. */
#define CONTINUOUS VG_VITAL_SPO2
#define UNWATCHED VG_VITAL_PERFUSION_INDEX
#define EPISODIC VG_VITAL_NIBP_SYS

static struct vg_event sample(int64_t mono_ns, enum vg_quality q, int32_t milli, int64_t age_ns)
{
    struct vg_event ev;
    memset(&ev, 0, sizeof ev);
    ev.kind = VG_EV_READING;
    ev.seq = 77;
    ev.mono_ns = mono_ns;
    ev.utc_ns = mono_ns + S(1700000000);
    ev.flags = VG_FLAG_TEST;
    ev.u.reading.quality = (uint8_t)q;
    ev.u.reading.value_milli = milli;
    ev.u.reading.age_ns = age_ns;
    return ev;
}

static struct vg_fresh_result say(struct vg_fresh *f, enum vg_vital v, int64_t at_ns,
                                  enum vg_quality q)
{
    struct vg_event ev = sample(at_ns, q, 97000, 0);
    return vg_fresh_sample(f, v, &ev);
}

/* A machine in a state, its last valid sample (if any) at T0. */
static struct vg_fresh in_state(enum vg_vital v, enum vg_freshness to)
{
    struct vg_fresh f;
    vg_fresh_init(&f);
    if (to != VG_FRESH_NEVER) {
        assert_int_equal(say(&f, v, T0, VG_QUALITY_OK).row, 1);
    }
    if (to == VG_FRESH_STALE) {
        assert_int_equal(vg_fresh_tick(&f, v, T0 + vg_vital_get(v)->stale_ns + 1, 0).row, 2);
    }
    if (to == VG_FRESH_LOST) {
        assert_int_equal(vg_fresh_sensor(&f, true).row, 5);
        f.sensor_off = false;
    }
    assert_int_equal(f.state, to);
    return f;
}

/* --- rows ----------------------------------------------------------------------------------- */

static void test_freshness__f1_first_valid_sample(void **state)
{
    static const enum vg_quality all[] = { VG_QUALITY_OK, VG_QUALITY_QUESTIONABLE,
                                           VG_QUALITY_INVALID, VG_QUALITY_UNAVAILABLE };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(all); i++) {
        struct vg_fresh f = in_state(CONTINUOUS, VG_FRESH_NEVER);
        struct vg_fresh_result res = say(&f, CONTINUOUS, T0, all[i]);
        bool valid = all[i] <= VG_QUALITY_QUESTIONABLE;
        assert_int_equal(res.row, valid ? 1 : 0);
        assert_int_equal(res.from, VG_FRESH_NEVER);
        assert_int_equal(f.state, valid ? VG_FRESH_FRESH : VG_FRESH_NEVER);
        assert_int_equal(f.quality, all[i]);
        assert_int_equal(vg_fresh_age_ns(&f, T0 + 5), valid ? 5 : -1);
    }
}

static void test_freshness__f1_remembers_the_sample(void **state)
{
    struct vg_fresh f = in_state(CONTINUOUS, VG_FRESH_NEVER);
    struct vg_event ev = sample(T0, VG_QUALITY_OK, 97000, S(2));
    (void)state;
    (void)vg_fresh_sample(&f, CONTINUOUS, &ev);
    assert_int_equal(f.value_milli, 97000);
    assert_int_equal(f.valid_ns, T0 - S(2));
    assert_int_equal(f.valid_utc_ns, ev.utc_ns - S(2));
    assert_int_equal(f.seq, 77);
    assert_int_equal(f.flags, VG_FLAG_TEST);
    /* An invalid one changes the quality and nothing else. */
    ev = sample(T0 + S(1), VG_QUALITY_INVALID, 0, 0);
    ev.seq = 78;
    (void)vg_fresh_sample(&f, CONTINUOUS, &ev);
    assert_int_equal(f.value_milli, 97000);
    assert_int_equal(f.valid_ns, T0 - S(2));
    assert_int_equal(f.seq, 77);
    assert_int_equal(f.quality, VG_QUALITY_INVALID);
}

static void test_freshness__f2_f3_ages(void **state)
{
    static const enum vg_vital vitals[] = { CONTINUOUS, UNWATCHED, EPISODIC, VG_VITAL_PULSE_RATE,
                                            VG_VITAL_PLETH };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(vitals); i++) {
        const struct vg_vital_info *info = vg_vital_get(vitals[i]);
        struct vg_fresh f = in_state(vitals[i], VG_FRESH_FRESH);
        assert_int_equal(vg_fresh_tick(&f, vitals[i], T0 + info->stale_ns, T0).row, 0);
        assert_int_equal(vg_fresh_tick(&f, vitals[i], T0 + info->stale_ns + 1, T0).row, 2);
        assert_int_equal(f.state, VG_FRESH_STALE);
        if (info->lost_ns == 0) {
            assert_int_equal(vg_fresh_tick(&f, vitals[i], T0 + S(1000000), T0).row, 0);
            continue;
        }
        assert_int_equal(vg_fresh_tick(&f, vitals[i], T0 + info->lost_ns, T0).row, 0);
        struct vg_fresh_result res = vg_fresh_tick(&f, vitals[i], T0 + info->lost_ns + 1, T0);
        assert_int_equal(res.row, 3);
        assert_int_equal(res.from, VG_FRESH_STALE);
        assert_int_equal(f.state, VG_FRESH_LOST);
        assert_int_equal(vg_fresh_tick(&f, vitals[i], T0 + S(1000000), T0).row, 0);
    }
}

static void test_freshness__f2_a_sample_old_when_it_came_ages_from_its_own_time(void **state)
{
    struct vg_fresh f = in_state(CONTINUOUS, VG_FRESH_NEVER);
    struct vg_event ev = sample(T0, VG_QUALITY_OK, 97000, S(3));
    (void)state;
    (void)vg_fresh_sample(&f, CONTINUOUS, &ev);
    assert_int_equal(vg_fresh_tick(&f, CONTINUOUS, T0 + S(7), VG_TIME_NONE).row, 0);
    assert_int_equal(vg_fresh_tick(&f, CONTINUOUS, T0 + S(7) + 1, VG_TIME_NONE).row, 2);
}

static void test_freshness__f4_three_in_a_row_or_one(void **state)
{
    static const enum vg_freshness from[] = { VG_FRESH_STALE, VG_FRESH_LOST };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(from); i++) {
        struct vg_fresh f = in_state(CONTINUOUS, from[i]);
        assert_int_equal(say(&f, CONTINUOUS, T0 + S(20), VG_QUALITY_OK).row, 0);
        assert_int_equal(say(&f, CONTINUOUS, T0 + S(21), VG_QUALITY_QUESTIONABLE).row, 0);
        assert_int_equal(say(&f, CONTINUOUS, T0 + S(22), VG_QUALITY_OK).row, 4);
        assert_int_equal(f.state, VG_FRESH_FRESH);
        f = in_state(EPISODIC, from[i]);
        assert_int_equal(say(&f, EPISODIC, T0 + S(20), VG_QUALITY_OK).row, 4);
    }
}

static void test_freshness__f4_an_invalid_sample_breaks_the_run(void **state)
{
    struct vg_fresh f = in_state(CONTINUOUS, VG_FRESH_LOST);
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(say(&f, CONTINUOUS, T0 + S(20), VG_QUALITY_OK).row, 0);
        assert_int_equal(say(&f, CONTINUOUS, T0 + S(20), VG_QUALITY_OK).row, 0);
        assert_int_equal(say(&f, CONTINUOUS, T0 + S(20), VG_QUALITY_INVALID).row, 0);
    }
    assert_int_equal(f.state, VG_FRESH_LOST);
}

static void test_freshness__f4_sensor_off_breaks_the_run(void **state)
{
    struct vg_fresh f = in_state(CONTINUOUS, VG_FRESH_LOST);
    (void)state;
    (void)say(&f, CONTINUOUS, T0 + S(20), VG_QUALITY_OK);
    (void)say(&f, CONTINUOUS, T0 + S(21), VG_QUALITY_OK);
    assert_int_equal(vg_fresh_sensor(&f, true).row, 0); /* F5 from LOST to LOST */
    assert_true(f.sensor_off);
    assert_int_equal(say(&f, CONTINUOUS, T0 + S(22), VG_QUALITY_OK).row, 0);
    assert_int_equal(say(&f, CONTINUOUS, T0 + S(23), VG_QUALITY_OK).row, 0);
    assert_int_equal(say(&f, CONTINUOUS, T0 + S(24), VG_QUALITY_OK).row, 4);
    assert_false(f.sensor_off);
}

static void test_freshness__f4_a_move_between_stale_and_lost_breaks_the_run(void **state)
{
    struct vg_fresh f = in_state(CONTINUOUS, VG_FRESH_STALE);
    struct vg_event old = sample(T0 + S(31), VG_QUALITY_OK, 97000, S(31));
    (void)state;
    (void)vg_fresh_sample(&f, CONTINUOUS, &old);
    (void)vg_fresh_sample(&f, CONTINUOUS, &old);
    assert_int_equal(vg_fresh_tick(&f, CONTINUOUS, T0 + S(31), VG_TIME_NONE).row, 3);
    assert_int_equal(say(&f, CONTINUOUS, T0 + S(32), VG_QUALITY_OK).row, 0);
}

static void test_freshness__f5_sensor_off(void **state)
{
    static const struct {
        enum vg_freshness from;
        uint8_t row;
        enum vg_freshness to;
    } cases[] = {
        { VG_FRESH_NEVER, 0, VG_FRESH_NEVER },
        { VG_FRESH_FRESH, 5, VG_FRESH_LOST },
        { VG_FRESH_STALE, 5, VG_FRESH_LOST },
        { VG_FRESH_LOST, 0, VG_FRESH_LOST },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_fresh f = in_state(CONTINUOUS, cases[i].from);
        struct vg_fresh_result res = vg_fresh_sensor(&f, true);
        assert_int_equal(res.row, cases[i].row);
        assert_int_equal(res.from, cases[i].from);
        assert_int_equal(f.state, cases[i].to);
        assert_true(f.sensor_off);
        assert_int_equal(vg_fresh_sensor(&f, false).row, 0);
        assert_int_equal(f.state, cases[i].to); /* back on the finger is not yet a value */
        assert_false(f.sensor_off);
    }
}

static void test_freshness__f6_not_monitored(void **state)
{
    struct vg_fresh f = in_state(CONTINUOUS, VG_FRESH_NEVER);
    (void)state;
    assert_int_equal(vg_fresh_tick(&f, CONTINUOUS, T0 + S(1000), VG_TIME_NONE).row, 0);
    assert_int_equal(vg_fresh_tick(&f, CONTINUOUS, T0 + S(60), T0).row, 0);
    assert_int_equal(vg_fresh_tick(&f, CONTINUOUS, T0 + S(60) + 1, T0).row, 6);
    assert_int_equal(f.state, VG_FRESH_LOST);
    assert_int_equal(vg_fresh_age_ns(&f, T0 + S(61)), -1);
    f = in_state(UNWATCHED, VG_FRESH_NEVER);
    assert_int_equal(vg_fresh_tick(&f, UNWATCHED, T0 + S(61), T0).row, 0);
    f = in_state(EPISODIC, VG_FRESH_NEVER);
    assert_int_equal(vg_fresh_tick(&f, EPISODIC, T0 + S(61), T0).row, 0);
}

static void test_freshness__age_is_never_negative(void **state)
{
    struct vg_fresh f = in_state(CONTINUOUS, VG_FRESH_FRESH);
    (void)state;
    assert_int_equal(vg_fresh_age_ns(&f, T0 - 1), 0);
    assert_int_equal(vg_fresh_age_ns(&f, T0), 0);
    assert_int_equal(vg_fresh_age_ns(&f, T0 + 1), 1);
}

static void test_freshness__seen_between_two_ticks(void **state)
{
    struct vg_fresh f = in_state(CONTINUOUS, VG_FRESH_FRESH);
    (void)state;
    assert_int_equal(vg_fresh_state(&f, CONTINUOUS, T0 + S(10)), VG_FRESH_FRESH);
    assert_int_equal(vg_fresh_state(&f, CONTINUOUS, T0 + S(10) + 1), VG_FRESH_STALE);
    assert_int_equal(f.state, VG_FRESH_FRESH); /* asking moves nothing */
    f = in_state(CONTINUOUS, VG_FRESH_LOST);
    assert_int_equal(vg_fresh_state(&f, CONTINUOUS, T0 + S(40)), VG_FRESH_LOST);
}

/* --- every pair ----------------------------------------------------------------------------- */

enum input {
    IN_VALID,
    IN_INVALID,
    IN_OFF,
    IN_ON,
    IN_TICK_SOON,
    IN_TICK_STALE,
    IN_TICK_LOST,
    IN_COUNT
};

static uint8_t feed(struct vg_fresh *f, enum vg_vital v, enum input in)
{
    const struct vg_vital_info *info = vg_vital_get(v);
    switch (in) {
    case IN_VALID:
        return say(f, v, T0, VG_QUALITY_OK).row;
    case IN_INVALID:
        return say(f, v, T0, VG_QUALITY_INVALID).row;
    case IN_OFF:
        return vg_fresh_sensor(f, true).row;
    case IN_ON:
        return vg_fresh_sensor(f, false).row;
    case IN_TICK_SOON:
        return vg_fresh_tick(f, v, T0 + S(1), T0).row;
    case IN_TICK_STALE:
        return vg_fresh_tick(f, v, T0 + info->stale_ns + 1, T0).row;
    case IN_TICK_LOST:
        return vg_fresh_tick(f, v, T0 + S(61), T0).row;
    case IN_COUNT:
        break;
    }
    return 0;
}

static void test_freshness__every_pair_of_state_and_input(void **state)
{
    static const uint8_t rows[VG_FRESH_COUNT][IN_COUNT] = {
        [VG_FRESH_NEVER] = { [IN_VALID] = 1, [IN_TICK_LOST] = 6 },
        [VG_FRESH_FRESH] = { [IN_OFF] = 5, [IN_TICK_STALE] = 2, [IN_TICK_LOST] = 2 },
        [VG_FRESH_STALE] = { [IN_OFF] = 5, [IN_TICK_LOST] = 3 },
        [VG_FRESH_LOST] = { [IN_VALID] = 0 }, /* the first of three: nothing yet */
    };
    (void)state;
    for (unsigned s = 0; s < VG_FRESH_COUNT; s++) {
        for (unsigned in = 0; in < IN_COUNT; in++) {
            struct vg_fresh f = in_state(CONTINUOUS, (enum vg_freshness)s);
            uint8_t row = feed(&f, CONTINUOUS, (enum input)in);
            if (row != rows[s][in]) {
                fail_msg("%s on input %u: row F%u", vg_freshness_name((enum vg_freshness)s), in,
                         row);
            }
        }
    }
}

/* --- every sequence of seven ---------------------------------------------------------------- */

/* The table once more: age in plain numbers, one paragraph an input. */
struct ref {
    enum vg_freshness st;
    bool has;
    int64_t valid_ns;
    unsigned row_of_valid;
};

static unsigned ref_sample(struct ref *r, bool continuous, int64_t now_ns, bool valid)
{
    if (!valid) {
        r->row_of_valid = 0;
        return 0;
    }
    r->has = true;
    r->valid_ns = now_ns;
    if (r->st == VG_FRESH_NEVER) {
        r->st = VG_FRESH_FRESH;
        return 1;
    }
    if (r->st == VG_FRESH_FRESH) {
        return 0;
    }
    r->row_of_valid++;
    if (continuous && r->row_of_valid < 3) {
        return 0;
    }
    r->st = VG_FRESH_FRESH;
    r->row_of_valid = 0;
    return 4;
}

static unsigned ref_off(struct ref *r)
{
    r->row_of_valid = 0;
    if (r->st == VG_FRESH_FRESH || r->st == VG_FRESH_STALE) {
        r->st = VG_FRESH_LOST;
        return 5;
    }
    return 0;
}

static unsigned ref_tick(struct ref *r, const struct vg_vital_info *info, int64_t now_ns,
                         int64_t phase_start_ns)
{
    int64_t age_ns = r->has ? now_ns - r->valid_ns : -1;
    if (r->st == VG_FRESH_NEVER && info->lost_ns != 0 && now_ns - phase_start_ns > S(60)) {
        r->st = VG_FRESH_LOST;
        r->row_of_valid = 0;
        return 6;
    }
    if (r->st == VG_FRESH_FRESH && age_ns > info->stale_ns) {
        r->st = VG_FRESH_STALE;
        r->row_of_valid = 0;
        return 2;
    }
    if (r->st == VG_FRESH_STALE && info->lost_ns != 0 && age_ns > info->lost_ns) {
        r->st = VG_FRESH_LOST;
        r->row_of_valid = 0;
        return 3;
    }
    return 0;
}

enum letter {
    L_OK,
    L_QUESTIONABLE,
    L_INVALID,
    L_OFF,
    L_ON,
    L_TICK_1,
    L_TICK_STALE,
    L_TICK_31,
    L_COUNT
};

struct both {
    struct vg_fresh f;
    struct ref r;
    int64_t now_ns;
};

static uint64_t walked;

static void step_both(struct both *b, enum vg_vital v, enum letter l)
{
    const struct vg_vital_info *info = vg_vital_get(v);
    unsigned mine = 0;
    unsigned theirs = 0;

    b->now_ns += l == L_TICK_STALE ? info->stale_ns : l == L_TICK_31 ? S(31) : S(1);
    if (l == L_OFF || l == L_ON) {
        theirs = vg_fresh_sensor(&b->f, l == L_OFF).row;
        mine = l == L_OFF ? ref_off(&b->r) : 0;
    } else if (l == L_TICK_1 || l == L_TICK_STALE || l == L_TICK_31) {
        theirs = vg_fresh_tick(&b->f, v, b->now_ns, T0).row;
        mine = ref_tick(&b->r, info, b->now_ns, T0);
    } else {
        enum vg_quality q = l == L_OK             ? VG_QUALITY_OK
                            : l == L_QUESTIONABLE ? VG_QUALITY_QUESTIONABLE
                                                  : VG_QUALITY_INVALID;
        theirs = say(&b->f, v, b->now_ns, q).row;
        mine = ref_sample(&b->r, info->continuous, b->now_ns, l != L_INVALID);
    }
    walked++;
    if (mine != theirs || b->f.state != (uint8_t)b->r.st ||
        (b->r.has && b->f.valid_ns != b->r.valid_ns)) {
        fail_msg("vital %u, letter %u: row F%u, reference F%u", (unsigned)v, (unsigned)l, theirs,
                 mine);
    }
}

static void walk(const struct both *at, enum vg_vital v, unsigned left)
{
    for (unsigned l = 0; l < L_COUNT; l++) {
        struct both b = *at;
        step_both(&b, v, (enum letter)l);
        if (left > 1) {
            walk(&b, v, left - 1);
        }
    }
}

static void test_freshness__every_sequence_of_seven(void **state)
{
    static const enum vg_vital vitals[] = { CONTINUOUS, UNWATCHED, EPISODIC };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(vitals); i++) {
        struct both b = { .now_ns = T0 };
        vg_fresh_init(&b.f);
        walk(&b, vitals[i], 7);
    }
    (void)printf("[   walk   ] %llu steps, %d letters, length <= 7\n", (unsigned long long)walked,
                 (int)L_COUNT);
}

static void test_freshness__is_described(void **state)
{
    const struct vg_machine *m = &vg_machine_freshness;
    (void)state;
    assert_string_equal(m->letter, "F");
    assert_int_equal(m->row_count, 6);
    assert_int_equal(m->state_count, VG_FRESH_COUNT);
    assert_int_equal(m->input_count, VG_FI_COUNT);
    for (size_t i = 0; i < m->row_count; i++) {
        struct vg_machine_row row = m->row(i);
        assert_int_equal(row.number, i + 1);
        assert_string_equal(row.what, m->state_name(row.to));
        assert_int_equal(row.guard == NULL, i == 0 || i == 4);
    }
    assert_string_equal(m->row(3).guard, "enough_in_a_row");
    assert_string_equal(m->input_name(VG_FI_SENSOR_OFF), "SENSOR_OFF");
    assert_string_equal(m->input_name(VG_FI_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_freshness__f1_first_valid_sample),
        cmocka_unit_test(test_freshness__f1_remembers_the_sample),
        cmocka_unit_test(test_freshness__f2_f3_ages),
        cmocka_unit_test(test_freshness__f2_a_sample_old_when_it_came_ages_from_its_own_time),
        cmocka_unit_test(test_freshness__f4_three_in_a_row_or_one),
        cmocka_unit_test(test_freshness__f4_an_invalid_sample_breaks_the_run),
        cmocka_unit_test(test_freshness__f4_sensor_off_breaks_the_run),
        cmocka_unit_test(test_freshness__f4_a_move_between_stale_and_lost_breaks_the_run),
        cmocka_unit_test(test_freshness__f5_sensor_off),
        cmocka_unit_test(test_freshness__f6_not_monitored),
        cmocka_unit_test(test_freshness__age_is_never_negative),
        cmocka_unit_test(test_freshness__seen_between_two_ticks),
        cmocka_unit_test(test_freshness__every_pair_of_state_and_input),
        cmocka_unit_test(test_freshness__is_described),
        cmocka_unit_test(test_freshness__every_sequence_of_seven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
