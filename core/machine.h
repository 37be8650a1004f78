/*
 * machine.h -- how a state machine is written down here: a table of rows, first fit wins.
 *
 * The four machines of the alarm system (C condition, F freshness, R routing, I inhibition) keep
 * their rows in their own files. This is their common description, for the generated document
 * (docs/alarm-states.md), for the check against the model (tests/model) and for tests that walk all
 * pairs of state and input.
 */
#ifndef VIGIL_CORE_MACHINE_H
#define VIGIL_CORE_MACHINE_H

#include <stddef.h>
#include <stdint.h>

struct vg_machine_row {
    uint8_t number;    /* n of row Cn, Fn, Qn, In */
    uint8_t to;        /* state it enters; the number of states = it stays */
    uint32_t from;     /* bit set of states */
    uint32_t inputs;   /* bit set of inputs */
    const char *guard; /* name of the condition, or NULL */
    const char *what;  /* how it stands in the record, or NULL: not recorded */
};

struct vg_machine {
    const char *name;   /* "condition" */
    const char *letter; /* before the row numbers */
    size_t row_count, state_count, input_count;
    struct vg_machine_row (*row)(size_t i);
    const char *(*state_name)(size_t s);
    const char *(*input_name)(size_t i);
};

extern const struct vg_machine vg_machine_condition;
extern const struct vg_machine vg_machine_freshness;
extern const struct vg_machine vg_machine_routing;
extern const struct vg_machine vg_machine_inhibition;

#endif
