/*
 * player.c -- see player.h.
 */
#include "tools/annunciator/player.h"

#include <string.h>
#include <time.h>

#include "lib/clock.h"

#define ROUND_NS (15 * VG_NS_PER_MS)
#define BACKOFF_FIRST_NS (250 * VG_NS_PER_MS)
#define BACKOFF_LAST_NS (5 * VG_NS_PER_S)

static int64_t mono_ns(void)
{
    struct vg_clock clock = vg_clock_real();
    struct vg_now now;
    clock.read(clock.state, &now);
    return now.mono_ns;
}

static void gone(struct player *p, int error, int64_t now_ns)
{
    device_close(&p->device);
    p->open_at_ns = now_ns + p->backoff_ns;
    p->backoff_ns = 2 * p->backoff_ns < BACKOFF_LAST_NS ? 2 * p->backoff_ns : BACKOFF_LAST_NS;
    vg_log_limited(&p->limit, now_ns, VG_LOG_ERROR,
                   "annunciator: %s: cannot play: %s; look at the device (aplay -L), it is tried "
                   "again",
                   p->device_name, snd_strerror(error));
}

static void open_device(struct player *p, int64_t now_ns)
{
    if (now_ns < p->open_at_ns) {
        return;
    }
    int rc = device_open(&p->device, p->device_name, now_ns);
    if (rc < 0) {
        gone(p, rc, now_ns);
        return;
    }
    vg_log(VG_LOG_INFO, "annunciator: %s: playing", p->device_name);
    p->base = p->sequence.done;
}

static void feed(struct player *p, int64_t now_ns)
{
    int64_t room = device_room(&p->device, now_ns);
    int rc = room < 0 ? (int)room : 0;
    if (room > 0) {
        sequence_make(&p->sequence, p->chunk, (size_t)room);
        rc = device_write(&p->device, p->chunk, (size_t)room, now_ns);
    }
    if (rc < 0) {
        gone(p, rc, now_ns);
    } else if (p->device.written > (int64_t)DEVICE_RATE) {
        p->backoff_ns = BACKOFF_FIRST_NS; /* it has played for a second */
    }
}

/* The voice whose first pulse has left the device, as far as the device can say. */
static uint32_t heard(const struct player *p)
{
    const struct sequence *q = &p->sequence;
    int64_t left = p->base + p->device.written - p->device.queued;
    bool is = p->device.pcm != NULL && q->now.number != 0 && q->heard != 0 && left >= q->heard;
    return is ? q->now.number : 0;
}

static void wait_round(struct player *p)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ROUND_NS;
    until.tv_sec += until.tv_nsec / VG_NS_PER_S;
    until.tv_nsec %= VG_NS_PER_S;
    (void)pthread_cond_timedwait(&p->changed, &p->lock, &until);
}

static void *run(void *state)
{
    struct player *p = state;
    (void)pthread_mutex_lock(&p->lock);
    while (!p->quit) {
        struct sequence_voice want = p->want;
        (void)pthread_mutex_unlock(&p->lock);

        int64_t now_ns = mono_ns();
        sequence_want(&p->sequence, &want);
        if (p->device.pcm == NULL) {
            open_device(p, now_ns);
        }
        if (p->device.pcm != NULL) {
            feed(p, now_ns);
        }

        (void)pthread_mutex_lock(&p->lock);
        p->status.healthy = p->device.pcm != NULL;
        p->status.heard = heard(p);
        p->status.progress_ns = now_ns;
        if (!p->quit) {
            wait_round(p);
        }
    }
    (void)pthread_mutex_unlock(&p->lock);
    device_close(&p->device);
    return NULL;
}

enum vg_status player_start(struct player *p, const char *device_name)
{
    pthread_condattr_t attr;
    p->device_name = device_name;
    p->backoff_ns = BACKOFF_FIRST_NS;
    p->status.progress_ns = mono_ns();
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&p->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)pthread_mutex_init(&p->lock, NULL);
    p->started = pthread_create(&p->thread, NULL, run, p) == 0;
    if (!p->started) {
        vg_log(VG_LOG_ERROR, "annunciator: the system gives no thread; look at its limits");
    }
    return p->started ? VG_OK : VG_ERR_IO;
}

bool player_stop(struct player *p)
{
    struct timespec until;
    if (!p->started) {
        return true;
    }
    (void)pthread_mutex_lock(&p->lock);
    p->quit = true;
    (void)pthread_cond_signal(&p->changed);
    (void)pthread_mutex_unlock(&p->lock);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    p->started = pthread_timedjoin_np(p->thread, NULL, &until) != 0;
    return !p->started;
}

void player_want(struct player *p, const struct sequence_voice *v)
{
    (void)pthread_mutex_lock(&p->lock);
    p->want = *v;
    (void)pthread_cond_signal(&p->changed);
    (void)pthread_mutex_unlock(&p->lock);
}

struct player_status player_status(struct player *p)
{
    (void)pthread_mutex_lock(&p->lock);
    struct player_status s = p->status;
    (void)pthread_mutex_unlock(&p->lock);
    return s;
}
