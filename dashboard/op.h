/*
 * op.h -- which operations of docs/wire.md a person may do from a screen, and how sure of the person
 * one has to be.
 */
#ifndef VIGIL_DASHBOARD_OP_H
#define VIGIL_DASHBOARD_OP_H

#include <stdbool.h>
#include <stdint.h>

enum dash_sure {
    DASH_SURE_SIGNED_IN, /* a question: whoever may look */
    DASH_SURE_WARM,      /* a PIN when the person did nothing here for ten minutes */
    DASH_SURE_PIN        /* a PIN each time */
};

struct dash_op {
    const char *name;
    uint8_t role; /* enum dash_role: the least one */
    uint8_t sure; /* enum dash_sure */
    bool operate; /* which door of the daemon */
    bool command; /* it names an operator and is recorded */
};

/* dash_op_find -- NULL: not from a screen. */
const struct dash_op *dash_op_find(const char *name);

#endif
