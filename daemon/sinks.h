/*
 * sinks.h -- which alarm sinks are well: the shell's side of routing.
 *
 * A sink says once a second that it is alive and can make itself heard. Three seconds without a word
 * is a loss, as is its own word that it cannot. The engine is told of changes only.
 */
#ifndef VIGIL_DAEMON_SINKS_H
#define VIGIL_DAEMON_SINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "vigil/capacity.h"

struct vigild;

#define VG_SINK_SILENCE_S 3

struct vg_sink_life {
    int64_t heard_ns;
    bool ok;
    bool told; /* the engine knows the present state */
};

struct vg_sinks {
    int64_t ticked_ns;
    struct vg_sink_life of[VG_SINKS_MAX];
};

/* vg_sinks_start -- nobody has been heard; the time to be heard begins now. */
void vg_sinks_start(struct vigild *v);
/* vg_sinks_heard -- a word from a sink. healthy: it can make itself heard. */
void vg_sinks_heard(struct vigild *v, uint8_t sink, bool healthy);
/* vg_sinks_tick -- time passed. */
void vg_sinks_tick(struct vigild *v);

#endif
