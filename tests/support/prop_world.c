/*
 * prop_world.c -- see prop_world.h.
 */
#include "tests/support/prop_world.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)

struct prop_past prop_past;
uint64_t prop_met;

static uint64_t seed;
static uint64_t steps_run;
static unsigned which;
static world_check_fn checking;

/* --- one condition beside its reference ----------------------------------------------------- */

static void random_limit(struct vg_limit *l)
{
    static const int64_t delays[] = { 0, S(1), S(5), S(15) };
    static const int64_t clears[] = { 0, S(1), S(5) };
    memset(l, 0, sizeof *l);
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

void prop_run_pairs(prop_pair_fn check)
{
    static const int64_t steps[] = { 0, 1, S(1), S(1), S(1), S(2), S(5), S(20), S(59), S(121) };
    static const int64_t expiries[] = { 0, S(120), S(300) };
    unsigned inputs = core_cases(PROP_INPUTS);
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

/* --- the clinic ----------------------------------------------------------------------------- */

bool prop_is_open(const struct vg_slot *s)
{
    return s->state == VG_CS_ACTIVE || s->state == VG_CS_LATCHED;
}

bool prop_is_phys(const struct vg_slot *s)
{
    return vg_condition_get((enum vg_condition)s->condition)->kind == VG_ALARM_PHYS;
}

const struct vg_slot *prop_slot(const struct core *c, uint16_t bed, uint16_t i)
{
    return &c->engine->beds[bed].slots[i];
}

void prop_remember(const struct core *c)
{
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        const struct vg_bed *bed = &c->engine->beds[b];
        assert_true(bed->slot_count <= PROP_SLOTS);
        prop_past.slot_count[b] = bed->slot_count;
        prop_past.session[b] = bed->session.seq;
        prop_past.audio[b] = bed->audio.state;
        for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
            prop_past.vital[b][v] = bed->vital[v].state;
        }
        memcpy(prop_past.slots[b], bed->slots, bed->slot_count * sizeof bed->slots[0]);
    }
}

static void after_step(const struct core *c)
{
    steps_run++;
    checking(c);
    prop_remember(c);
}

struct core *prop_restart(const struct core *dead)
{
    which = 1 - which;
    return world_restart(which, dead);
}

static struct core *new_clinic(int64_t now_ns)
{
    which = 0;
    return world_new(0, now_ns);
}

void prop_run_world(world_check_fn check)
{
    unsigned acts = core_cases(PROP_ACTS);
    struct core *c = new_clinic(S(1000));

    checking = check;
    prop_remember(c);
    for (unsigned n = 0; n < acts; n++) {
        if (n % 1000 == 999) { /* a fresh clinic now and then: the record has an end */
            c = new_clinic(c->now_ns);
            prop_remember(c);
        } else if (core_below(150) == 0) {
            c = prop_restart(c);
            prop_remember(c);
        }
        core_forget(c);
        world_act(c, after_step);
    }
    (void)printf("[   steps  ] %llu, %llu looked at\n", (unsigned long long)steps_run,
                 (unsigned long long)prop_met);
    assert_true(prop_met > 0 || acts < PROP_ACTS);
}

int prop_with_seed(void **state)
{
    (void)state;
    steps_run = 0;
    prop_met = 0;
    which = 0;
    (void)core_seed(seed);
    return 0;
}

void prop_begin(uint64_t unless_set)
{
    seed = core_seed(unless_set);
}
