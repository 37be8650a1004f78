/*
 * pump.h -- bytes in, frames out: the one place where resynchronisation is written.
 *
 * The pump keeps a window of at most VG_PUMP_WINDOW bytes. It asks the driver whether a frame
 * starts at the window's first byte; on VG_FRAME_BAD it drops exactly one byte, on VG_FRAME_OK it
 * hands the frame to parse(), on VG_FRAME_NEED_MORE it waits. A full window that never matched is
 * dropped byte by byte like any other garbage, so the pump cannot stall.
 */
#ifndef VIGIL_DRIVERS_PUMP_H
#define VIGIL_DRIVERS_PUMP_H

#include "vigil/driver.h"

#define VG_PUMP_WINDOW VG_FRAME_MAX

struct vg_pump {
    uint64_t frames;  /* whole frames parsed since init */
    uint64_t dropped; /* bytes thrown away since init */
    size_t len;       /* bytes in the window */
    bool in_sync;     /* the previous byte belonged to a frame */
    uint8_t window[VG_PUMP_WINDOW];
};

/* vg_pump_init -- forget everything; counters too. */
void vg_pump_init(struct vg_pump *p);

/* vg_pump_reset -- forget the window (port reopened); counters stay. */
void vg_pump_reset(struct vg_pump *p);

/*
 * vg_pump_feed -- take bytes of any number and cut, and speak every frame they complete.
 *
 * Returns the number of whole frames parsed in this call. When bytes had to be dropped, the
 * driver's resync() is called once before the next frame is parsed.
 * Cost: O(bytes_len). Errors: none; garbage is counted. Owner: caller keeps all; nothing retained.
 */
uint32_t vg_pump_feed(struct vg_pump *p, const struct vg_driver *drv, void *state,
                      const uint8_t *bytes, size_t bytes_len, const struct vg_sink *sink);

#endif
