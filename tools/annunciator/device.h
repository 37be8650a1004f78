/*
 * device.h -- an ALSA playback device that is never waited for.
 *
 * Samples are written a short way ahead of what is heard, no more than the device takes now. Any
 * error closes it; opening again is the caller's. One channel of 16-bit samples at 48 kHz, or two
 * alike where the device has no mono; ALSA converts for devices named plughw:, default, dmix.
 *
 * Trap: a device without hardware (pcm type null) takes everything at once. Hence the clock, too,
 * limits how much is written.
 */
#ifndef VIGIL_ANNUNCIATOR_DEVICE_H
#define VIGIL_ANNUNCIATOR_DEVICE_H

#include <alsa/asoundlib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_RATE 48000u
/* How far ahead is written: longer than a busy machine lets a thread wait, shorter than is noticed
 * when an alarm ends. */
#define DEVICE_AHEAD_MS 150u
#define DEVICE_AHEAD 7200u /* samples */

struct device {
    snd_pcm_t *pcm; /* NULL = closed */
    unsigned channels;
    int64_t written;  /* samples since it was opened */
    int64_t queued;   /* of these, not yet heard */
    int64_t paced_ns; /* the clock up to which may has been given */
    int64_t moved_ns; /* when the device last took something */
    double may;       /* samples the clock allows to be written */
    int16_t frames[2 * DEVICE_AHEAD];
};

/* device_quiet_library -- ALSA's own lines away from standard error: what matters of them is said
 * by us, with the device's name. */
void device_quiet_library(void);
/* device_open -- 0, or a negative errno for snd_strerror. */
int device_open(struct device *d, const char *name, int64_t now_ns);
void device_close(struct device *d);
/* device_room -- how many samples are to be written now; negative: the device is gone. */
int64_t device_room(struct device *d, int64_t now_ns);
/* device_write -- n mono samples, n <= DEVICE_AHEAD; 0 or a negative errno. */
int device_write(struct device *d, const int16_t *mono, size_t n, int64_t now_ns);

#endif
