/*
 * time.h -- time as Vigil sees it: nanoseconds in 64 signed bits, and an injected clock.
 *
 * mono is CLOCK_BOOTTIME: it never steps and counts time asleep, so an age is always true. utc is
 * the wall clock and is for the record only; no decision of the program compares wall times.
 * 2^63 ns are 292 years: no wrap has to be handled, and no narrower type may hold a time.
 */
#ifndef VIGIL_TIME_H
#define VIGIL_TIME_H

#include <stdint.h>

#define VG_NS_PER_US INT64_C(1000)
#define VG_NS_PER_MS INT64_C(1000000)
#define VG_NS_PER_S INT64_C(1000000000)
/* "no time": before any clock reading. */
#define VG_TIME_NONE INT64_MIN

struct vg_now {
    int64_t mono_ns; /* since boot, CLOCK_BOOTTIME */
    int64_t utc_ns;  /* since 1970-01-01T00:00:00Z, no leap seconds */
};

/* A clock is a function and its state, so tests and simulations bring their own. */
struct vg_clock {
    void (*read)(void *state, struct vg_now *out);
    void *state;
};

static inline int64_t vg_ms(int64_t ms)
{
    return ms * VG_NS_PER_MS;
}

#endif
