/*
 * core_world.h -- a small clinic in which anything may happen, for random runs of the whole core.
 *
 * Bed 0 has two oximeters and a cuff, bed 1 one simulated oximeter; a desk and a second person serve
 * both, a pager bed 0, and each has a sounder in its room. world_act() does one random thing: time
 * passes, a device or a sink says something, a person asks for something, the daemon or the disk
 * fails. What it does depends on core_random() and on the state of the core alone, so equal seeds
 * give equal runs whatever the clocks say.
 */
#ifndef VIGIL_TESTS_SUPPORT_CORE_WORLD_H
#define VIGIL_TESTS_SUPPORT_CORE_WORLD_H

#include "tests/support/core_builder.h"

#define WORLD_BEDS 2

enum { WORLD_OXI_A, WORLD_OXI_B, WORLD_CUFF, WORLD_OTHER, WORLD_DEVICES };
enum { WORLD_DESK, WORLD_PAGER, WORLD_SECOND, WORLD_ROOM, WORLD_ROOM_OTHER, WORLD_SINKS };

/* An empty clinic, everything connected. world_build only builds; nothing is connected. */
struct core *world_new(unsigned which, int64_t start_ns);
struct core *world_build(unsigned which, int64_t start_ns);
/* The next daemon: same configuration, nothing in memory, the record of the one before. */
struct core *world_restart(unsigned which, const struct core *dead);

/* Called after every single step of the core, so that a property can look at each. */
typedef void (*world_check_fn)(const struct core *c);

/* One random thing; check may be NULL. */
void world_act(struct core *c, world_check_fn check);

#endif
