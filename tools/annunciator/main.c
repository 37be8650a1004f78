/*
 * main.c -- finds the tone set, then serves, renders or tests.
 */
#include <stdio.h>
#include <string.h>

#include "tools/annunciator/annunciator.h"

static int load(struct tone_set *set, const char *name)
{
    char path[512];
    int n = strchr(name, '/') != NULL
                ? snprintf(path, sizeof path, "%s", name)
                : snprintf(path, sizeof path, "%s/tones/%s.yaml", VG_DATADIR, name);
    if (n < 0 || (size_t)n >= sizeof path) {
        (void)fprintf(stderr, "vigil-annunciator: --tones '%.60s...': too long\n", name);
        return ANN_USAGE;
    }
    return tones_load(set, path, stderr) == VG_OK ? ANN_GO_ON : ANN_FAULT;
}

int main(int argc, char **argv)
{
    static int (*const modes[])(struct ann_options *, const struct tone_set *) = {
        [ANN_SERVE] = ann_serve,
        [ANN_WAV] = ann_wav,
        [ANN_SELF_TEST] = ann_self_test,
    };
    struct ann_options options;
    struct tone_set set;
    int rc = ann_options_read(&options, argc, argv);
    if (rc == ANN_GO_ON) {
        rc = load(&set, options.tones);
    }
    return rc == ANN_GO_ON ? modes[options.mode](&options, &set) : rc;
}
