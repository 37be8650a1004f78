/*
 * review.h -- play a record again and compare: does the program still decide what it decided?
 *
 * The record holds everything that entered the engine but the ticks, which lie on a known grid. So
 * the same configuration must make the same alarm transitions, in the same order, at the same times.
 */
#ifndef VIGIL_DAEMON_REVIEW_H
#define VIGIL_DAEMON_REVIEW_H

#include <stdio.h>

#include "daemon/config.h"

struct vg_review {
    uint64_t runs;        /* starts of the daemon */
    uint64_t inputs;      /* rows fed to the engine */
    uint64_t transitions; /* recorded and made again alike */
    uint64_t differences; /* recorded and not made again, or the other way round */
    uint64_t cut;         /* made again, but not recorded any more when the daemon was killed */
    uint64_t unread;      /* rows that name nothing of this configuration */
};

/*
 * vg_review_record -- the record in DB against a configuration.
 *
 *   out  one line for each of the first differences: where, what was recorded, what was made
 *   r    filled also on failure, as far as it got
 *
 * Errors: VG_ERR_STORE (cannot be read), VG_ERR_STATE (there are differences).
 */
enum vg_status vg_review_record(struct vg_config *config, const char *db, FILE *out,
                                struct vg_review *r);

#endif
