/*
 * ingest.h -- the one door in: numbers, stamps and checks every event, and takes it to the engine.
 */
#ifndef VIGIL_DAEMON_INGEST_H
#define VIGIL_DAEMON_INGEST_H

#include "vigil/driver.h"
#include "vigil/event.h"

struct vigild;

/* Samples of one device that are not yet a block. */
struct vg_wave_buffer {
    struct vg_wave live;    /* for the stream, up to VG_WAVE_BLOCK samples */
    struct vg_wave archive; /* for the record, up to a second */
};

/* The sink through which a device's driver speaks. */
struct vg_sink vg_ingest_sink(struct vigild *v, uint16_t device);

/* Whatever the device says from here on is a simulator's (or not). */
void vg_ingest_mark_test(struct vigild *v, uint16_t device, bool test);

/* A connection moved. */
void vg_ingest_device(struct vigild *v, uint16_t device, const struct vg_device_event *dev);

/* An operator's event: bed, device and content set. pending = whom to answer. */
void vg_ingest_command(struct vigild *v, const struct vg_event *ev, uint16_t pending);

/* An event of the daemon itself, to every bed, recorded once. */
void vg_ingest_daemon(struct vigild *v, const struct vg_event *ev);

/* After replay: one bed learns that the daemon restarted. */
void vg_ingest_restart(struct vigild *v, const struct vg_event *ev);

/* Time passed: one tick to every bed. */
/* A sink confirms that it sounds an instance of ev->bed. */
void vg_ingest_receipt(struct vigild *v, const struct vg_event *ev);
void vg_ingest_tick(struct vigild *v);

#endif
