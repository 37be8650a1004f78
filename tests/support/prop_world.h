/*
 * prop_world.h -- what the safety properties of alarms have in common: runs and what was before.
 *
 * Each property is looked at twice where it can be: on one condition beside the reference model
 * (ref_condition.h), and on a whole clinic (core_world.h), after every single step. VG_SEED repeats a
 * run; VG_CASES sets how many random acts each property gets.
 */
#ifndef VIGIL_TESTS_SUPPORT_PROP_WORLD_H
#define VIGIL_TESTS_SUPPORT_PROP_WORLD_H

#include "tests/support/core_world.h"
#include "tests/support/ref_condition.h"

#define PROP_ACTS 10000
#define PROP_INPUTS 150000
#define PROP_SLOTS 96

/* --- one condition beside its reference ----------------------------------------------------- */

typedef void (*prop_pair_fn)(const struct ref_pair *before, const struct ref_pair *after,
                             enum vg_cond_input in, uint64_t acked, struct vg_cond_result res);

void prop_run_pairs(prop_pair_fn check);

/* --- the clinic ----------------------------------------------------------------------------- */

/* What a check remembers of the step before. */
struct prop_past {
    uint16_t slot_count[WORLD_BEDS];
    uint64_t session[WORLD_BEDS];
    uint8_t audio[WORLD_BEDS]; /* enum vg_inhibit_state */
    uint8_t vital[WORLD_BEDS][VG_VITAL_COUNT];
    struct vg_slot slots[WORLD_BEDS][PROP_SLOTS];
};

extern struct prop_past prop_past;
/* How often a property had something to look at: zero proves nothing. */
extern uint64_t prop_met;

/* Random acts, with restarts from the record; check is called after every step and sees prop_past. */
void prop_run_world(world_check_fn check);
/* Forget what was before: this is. */
void prop_remember(const struct core *c);
/* The daemon dies; the next one reads the record. Only this core is to be used from then on. */
struct core *prop_restart(const struct core *dead);

bool prop_is_open(const struct vg_slot *s);
bool prop_is_phys(const struct vg_slot *s);
const struct vg_slot *prop_slot(const struct core *c, uint16_t bed, uint16_t i);

/* Setup of a test: begins at the printed seed. prop_begin() takes it from the environment. */
int prop_with_seed(void **state);
void prop_begin(uint64_t unless_set);
#define PROP_TEST(test) cmocka_unit_test_setup(test, prop_with_seed)

#endif
