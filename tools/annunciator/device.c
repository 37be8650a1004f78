/*
 * device.c -- see device.h.
 */
#include "tools/annunciator/device.h"

#include <errno.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/time.h"

_Static_assert(DEVICE_AHEAD == DEVICE_RATE / 1000 * DEVICE_AHEAD_MS, "samples and time");
#define LATENCY_US (2 * DEVICE_AHEAD_MS * 1000)
/* The clock runs a little ahead of any sound card's: the card's own pace is what counts then. */
#define PACE 1.01
/* A device that takes nothing for so long hangs. */
#define STUCK_NS (2 * VG_NS_PER_S)

static void quiet(const char *file, int line, const char *function, int err, const char *fmt, ...)
{
    (void)file;
    (void)line;
    (void)function;
    (void)err;
    (void)fmt;
}

void device_quiet_library(void)
{
    (void)snd_lib_error_set_handler(quiet);
}

static int set_up(struct device *d)
{
    int rc = -EINVAL;
    for (d->channels = 1; d->channels <= 2; d->channels++) {
        rc = snd_pcm_set_params(d->pcm, SND_PCM_FORMAT_S16, SND_PCM_ACCESS_RW_INTERLEAVED,
                                d->channels, DEVICE_RATE, 1, LATENCY_US);
        if (rc == 0) {
            return 0;
        }
    }
    return rc;
}

int device_open(struct device *d, const char *name, int64_t now_ns)
{
    memset(d, 0, sizeof *d);
    (void)snd_config_update_free_global(); /* a card may have come, or its settings changed */
    int rc = snd_pcm_open(&d->pcm, name, SND_PCM_STREAM_PLAYBACK, SND_PCM_NONBLOCK);
    if (rc < 0) {
        d->pcm = NULL;
        return rc;
    }
    rc = set_up(d);
    if (rc < 0) {
        device_close(d);
        return rc;
    }
    d->may = DEVICE_AHEAD;
    d->paced_ns = now_ns;
    d->moved_ns = now_ns;
    return 0;
}

void device_close(struct device *d)
{
    if (d->pcm != NULL) {
        (void)snd_pcm_drop(d->pcm);
        (void)snd_pcm_close(d->pcm);
        d->pcm = NULL;
    }
}

/* What fits into the device; an underrun begins anew. */
static snd_pcm_sframes_t available(struct device *d)
{
    snd_pcm_sframes_t n = snd_pcm_avail_update(d->pcm);
    if (n < 0) {
        int rc = snd_pcm_recover(d->pcm, (int)n, 1);
        n = rc < 0 ? rc : snd_pcm_avail_update(d->pcm);
    }
    return n;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t device_room(struct device *d, int64_t now_ns)
{
    snd_pcm_uframes_t buffer = 0;
    snd_pcm_uframes_t period = 0;
    snd_pcm_sframes_t room = available(d);

    if (room < 0 || snd_pcm_get_params(d->pcm, &buffer, &period) < 0) {
        return room < 0 ? room : -EIO;
    }
    if (now_ns - d->moved_ns > STUCK_NS) {
        return -ETIMEDOUT;
    }
    d->may += (double)(now_ns - d->paced_ns) * PACE * DEVICE_RATE / (double)VG_NS_PER_S;
    d->may = d->may > DEVICE_AHEAD ? DEVICE_AHEAD : d->may;
    d->paced_ns = now_ns;
    d->queued = (int64_t)buffer > room ? (int64_t)buffer - room : 0;
    int64_t wanted = least((int64_t)d->may, (int64_t)DEVICE_AHEAD - d->queued);
    return wanted > 0 ? least(wanted, room) : 0;
}

int device_write(struct device *d, const int16_t *mono, size_t n, int64_t now_ns)
{
    VG_ASSERT(n <= DEVICE_AHEAD);
    for (size_t i = 0; i < n; i++) {
        for (unsigned c = 0; c < d->channels; c++) {
            d->frames[i * d->channels + c] = mono[i];
        }
    }
    snd_pcm_sframes_t rc = snd_pcm_writei(d->pcm, d->frames, n);
    if (rc < 0) {
        return snd_pcm_recover(d->pcm, (int)rc, 1);
    }
    d->may -= (double)rc;
    d->written += rc;
    d->moved_ns = rc > 0 ? now_ns : d->moved_ns;
    if (snd_pcm_state(d->pcm) == SND_PCM_STATE_PREPARED) {
        return snd_pcm_start(d->pcm);
    }
    return 0;
}
