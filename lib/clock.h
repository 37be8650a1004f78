/*
 * clock.h -- the real clock, and the detection of steps of the wall clock.
 */
#ifndef VIGIL_LIB_CLOCK_H
#define VIGIL_LIB_CLOCK_H

#include <stdbool.h>

#include "vigil/time.h"

/* The system's clocks: CLOCK_BOOTTIME and CLOCK_REALTIME. */
struct vg_clock vg_clock_real(void);

/* True when the kernel says that the wall clock is disciplined by some time source. */
bool vg_clock_is_synchronised(void);

/* Watches wall time against mono time. Zero it before first use. */
struct vg_clock_watch {
    int64_t offset_ns; /* utc - mono at the last look */
    bool has_offset;
};

/* vg_clock_watch_step -- how far the wall clock jumped since the last look; 0 when by less than a
 * second (slewing and reading jitter). */
int64_t vg_clock_watch_step(struct vg_clock_watch *w, const struct vg_now *now);

/* vg_boot_id -- the kernel's boot id as 36 characters and NUL; "unknown-boot" where there is none. */
void vg_boot_id(char out[37]);

#endif
