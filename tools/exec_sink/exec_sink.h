/*
 * exec_sink.h -- the parts of vigil-exec-sink.
 */
#ifndef VIGIL_EXEC_SINK_EXEC_SINK_H
#define VIGIL_EXEC_SINK_EXEC_SINK_H

#include "lib/sink.h"
#include "tools/exec_sink/child.h"
#include "tools/exec_sink/duty.h"

enum { EXEC_DONE, EXEC_FAULT, EXEC_USAGE, EXEC_GO_ON = -1 };

struct exec_options {
    struct vg_asink_options sink;
    const char *beds[VG_BEDS_MAX];
    char *const *command; /* path and arguments, ended by NULL */
    int64_t timeout_ns;
};

/* exec_options_read -- EXEC_GO_ON, or the exit code after a line for the person. */
int exec_options_read(struct exec_options *o, int argc, char **argv);

/* exec_message -- what the command is told of a voice: one JSON object and a line end. Its length,
 * at most cap. */
size_t exec_message(const struct vg_asink *a, const struct vg_voice *v, char *out, size_t cap);

#endif
