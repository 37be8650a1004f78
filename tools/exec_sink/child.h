/*
 * child.h -- one program at a time: started with a text on its standard input, ended in time.
 *
 * No shell, no inherited descriptors but the three standard ones, a process group of its own that
 * is killed whole when time is up, and always reaped. Never waits: the end comes through a
 * descriptor of the reactor.
 *
 * Trap: the program may never read its input. The text is small enough for the pipe to take it
 * whole, so that writing it does not wait either.
 */
#ifndef VIGIL_EXEC_SINK_CHILD_H
#define VIGIL_EXEC_SINK_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/reactor.h"
#include "vigil/compiler.h"

/* A pipe holds at least 4096 bytes. */
#define CHILD_INPUT_MAX 4000

enum child_end { CHILD_EXITED, CHILD_SIGNALLED, CHILD_TIMED_OUT };

struct child {
    struct vg_reactor *reactor;
    struct vg_timer *limit;
    pid_t pid; /* 0 = none */
    int pidfd;
    bool timed_out;
    void (*ended)(void *state, enum child_end how, int code); /* exit code or signal */
    void (*hangs)(void *state); /* told to die after its time; it may not obey at once */
    void *state;
};

void child_init(struct child *c, struct vg_reactor *r,
                void (*ended)(void *state, enum child_end how, int code), void *state);
/* child_start -- run argv[0] with argv; len <= CHILD_INPUT_MAX. Only when none runs. VG_ERR_IO when
 * the system refuses; a program that cannot be executed ends with code 127. */
VG_NODISCARD enum vg_status child_start(struct child *c, char *const *argv, const char *input,
                                        size_t len, int64_t timeout_ns);
/* child_stop -- kill and reap what runs; its end is not reported. */
void child_stop(struct child *c);

#endif
