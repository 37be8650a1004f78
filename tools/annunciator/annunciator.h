/*
 * annunciator.h -- the parts of vigil-annunciator: what the command line says, and what it does.
 */
#ifndef VIGIL_ANNUNCIATOR_ANNUNCIATOR_H
#define VIGIL_ANNUNCIATOR_ANNUNCIATOR_H

#include "lib/sink.h"
#include "tools/annunciator/player.h"

enum { ANN_DONE, ANN_FAULT, ANN_USAGE, ANN_GO_ON = -1 };

enum ann_mode { ANN_SERVE, ANN_WAV, ANN_SELF_TEST };

struct ann_options {
    enum ann_mode mode;
    struct vg_asink_options sink;
    const char *beds[VG_BEDS_MAX];
    const char *device;
    const char *tones; /* name of a shipped set, or a path with a slash */
    const char *wav;
    enum vg_priority priority;
    enum vg_category category;
    unsigned seconds;
    unsigned volume, volume_max;
};

/* ann_options_read -- ANN_GO_ON, or the exit code after a line for the person. */
int ann_options_read(struct ann_options *o, int argc, char **argv);

/* ann_serve -- until SIGTERM. ann_wav, ann_self_test -- and end. Exit codes. */
int ann_serve(struct ann_options *o, const struct tone_set *set);
int ann_wav(struct ann_options *o, const struct tone_set *set);
int ann_self_test(struct ann_options *o, const struct tone_set *set);

#endif
