/*
 * clock.c -- reading time from the system. The only place that does.
 */
#include "lib/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec ts;
    if (clock_gettime(id, &ts) != 0) {
        return 0;
    }
    return (int64_t)ts.tv_sec * VG_NS_PER_S + ts.tv_nsec;
}

static void read_real(void *state, struct vg_now *out)
{
    (void)state;
    out->mono_ns = read_ns(CLOCK_BOOTTIME);
    out->utc_ns = read_ns(CLOCK_REALTIME);
}

struct vg_clock vg_clock_real(void)
{
    struct vg_clock c = { .read = read_real, .state = NULL };
    return c;
}

bool vg_clock_is_synchronised(void)
{
    struct timex tx;
    memset(&tx, 0, sizeof tx);
    int state = adjtimex(&tx);
    if (state < 0) {
        /* The service's sandbox forbids the question; systemd-timesyncd leaves a mark. */
        return access("/run/systemd/timesync/synchronized", F_OK) == 0;
    }
    return state != TIME_ERROR && (tx.status & STA_UNSYNC) == 0;
}

int64_t vg_clock_watch_step(struct vg_clock_watch *w, const struct vg_now *now)
{
    int64_t offset_ns = now->utc_ns - now->mono_ns;
    int64_t moved_ns = w->has_offset ? offset_ns - w->offset_ns : 0;

    w->offset_ns = offset_ns;
    w->has_offset = true;
    return moved_ns >= VG_NS_PER_S || moved_ns <= -VG_NS_PER_S ? moved_ns : 0;
}

void vg_boot_id(char out[37])
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    size_t n = 0;
    if (f != NULL) {
        n = fread(out, 1, 36, f);
        (void)fclose(f);
    }
    out[n] = '\0';
    if (n != 36) {
        (void)snprintf(out, 37, "unknown-boot");
    }
}
