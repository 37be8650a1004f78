/*
 * trap.h -- does an assertion end the program? Asked without ending the test.
 */
#ifndef VIGIL_TESTS_SUPPORT_TRAP_H
#define VIGIL_TESTS_SUPPORT_TRAP_H

#include <stdbool.h>

/* trap_ends -- call fn; true when it ran into an assertion that does not hold, false when it came
 * back. fn must hold nothing that has to be given back. */
bool trap_ends(void (*fn)(void));

#endif
