/*
 * self_test.c -- one burst of each priority through the device, and a sentence how it went.
 *
 * It proves that the device takes sound, not that anybody can hear it: that is for the person who
 * started it.
 */
#include <stdio.h>
#include <time.h>

#include "lib/clock.h"
#include "tools/annunciator/annunciator.h"

static int64_t mono_ns(void)
{
    struct vg_clock clock = vg_clock_real();
    struct vg_now now;
    clock.read(clock.state, &now);
    return now.mono_ns;
}

/* Until the burst is over and has left the device. */
static int play_burst(struct device *d, struct sequence *q)
{
    static const struct timespec round = { .tv_nsec = 10 * VG_NS_PER_MS };
    int16_t chunk[DEVICE_AHEAD];
    int64_t over = 0;
    for (;;) {
        int64_t room = device_room(d, mono_ns());
        if (room < 0) {
            return (int)room;
        }
        sequence_make(q, chunk, (size_t)room);
        int rc = room > 0 ? device_write(d, chunk, (size_t)room, mono_ns()) : 0;
        if (rc < 0) {
            return rc;
        }
        over = over == 0 && q->bursts > 0 ? d->written : over;
        if (over != 0 && d->written - d->queued >= over + (int64_t)DEVICE_AHEAD) {
            return 0;
        }
        (void)nanosleep(&round, NULL);
    }
}

static int play_all(struct device *d, const struct ann_options *o, const struct tone_set *set)
{
    for (unsigned p = 0; p < VG_PRIO_COUNT; p++) {
        struct sequence q;
        struct sequence_voice v = { 1, 1, (uint8_t)p, (uint8_t)o->category };
        sequence_init(&q, set, DEVICE_RATE, o->volume, o->volume_max);
        sequence_want(&q, &v);
        int rc = play_burst(d, &q);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

int ann_self_test(struct ann_options *o, const struct tone_set *set)
{
    static struct device d; /* large */
    device_quiet_library();
    int rc = device_open(&d, o->device, mono_ns());
    if (rc == 0) {
        rc = play_all(&d, o, set);
        device_close(&d);
    }
    if (rc < 0) {
        (void)fprintf(stderr,
                      "vigil-annunciator: self-test FAILED: device '%s' cannot play: %s; "
                      "'aplay -L' lists devices\n",
                      o->device, snd_strerror(rc));
        return ANN_FAULT;
    }
    (void)printf("vigil-annunciator: self-test passed: device '%s' took one burst of each "
                 "priority; did you hear three?\n",
                 o->device);
    return ANN_DONE;
}
