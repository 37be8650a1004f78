/*
 * trap.c -- see trap.h. The trap of an assertion is a signal of the processor.
 */
#include "tests/support/trap.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

static sigjmp_buf back;

static void on_trap(int number)
{
    siglongjmp(back, number);
}

bool trap_ends(void (*fn)(void))
{
    struct sigaction ours;
    struct sigaction ill;
    struct sigaction trap;
    volatile bool ended = true;

    memset(&ours, 0, sizeof ours);
    ours.sa_handler = on_trap;
    (void)sigaction(SIGILL, &ours, &ill);
    (void)sigaction(SIGTRAP, &ours, &trap);
    if (sigsetjmp(back, 1) == 0) {
        fn();
        ended = false;
    }
    (void)sigaction(SIGILL, &ill, NULL);
    (void)sigaction(SIGTRAP, &trap, NULL);
    return ended;
}
