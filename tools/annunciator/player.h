/*
 * player.h -- the thread that keeps a device fed.
 *
 * A sound system may block wherever it likes: in open, in close, in a driver. It does so here, and
 * heartbeats, receipts and the watch over the daemon go on. The device plays all the time, silence
 * too: a device that is lost is noticed before the alarm that needs it.
 */
#ifndef VIGIL_ANNUNCIATOR_PLAYER_H
#define VIGIL_ANNUNCIATOR_PLAYER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/log.h"
#include "tools/annunciator/device.h"
#include "tools/annunciator/sequence.h"

struct player_status {
    bool healthy;        /* the device plays */
    uint32_t heard;      /* number of the voice that is really being heard; 0 = none */
    int64_t progress_ns; /* when the thread last came round */
};

struct player {
    const char *device_name;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct sequence_voice want;
    struct player_status status;
    bool quit;

    /* the thread's own */
    struct device device;
    struct sequence sequence;
    int64_t base; /* sequence.done when the device was opened */
    int64_t open_at_ns, backoff_ns;
    struct vg_log_limit limit;
    int16_t chunk[DEVICE_AHEAD];
};

/* player_start -- VG_ERR_IO when there is no thread. A device that cannot be opened is no error
 * here: it is tried for ever. sequence has been initialised by the caller. */
VG_NODISCARD enum vg_status player_start(struct player *p, const char *device_name);
/* player_stop -- waits for the thread; false when it hangs in the sound system. */
bool player_stop(struct player *p);
void player_want(struct player *p, const struct sequence_voice *v);
struct player_status player_status(struct player *p);

#endif
