/*
 * freshness.h -- machine F: is this value still a value?  Latest sample of one vital of one device.
 *
 * The question is asked here and nowhere else. Age is judged on ticks, against the event's time.
 */
#ifndef VIGIL_CORE_FRESHNESS_H
#define VIGIL_CORE_FRESHNESS_H

#include "vigil/event.h"

enum vg_fresh_input {
    VG_FI_VALID, /* a sample that is ok or questionable */
    VG_FI_TICK,
    VG_FI_SENSOR_OFF,
    VG_FI_COUNT
};

struct vg_fresh {
    uint64_t seq;     /* event of the last valid sample */
    int64_t valid_ns; /* mono time of the last valid sample; VG_TIME_NONE = never */
    int64_t valid_utc_ns;
    int32_t value_milli; /* last valid value */
    uint16_t flags;
    uint8_t state;   /* enum vg_freshness */
    uint8_t quality; /* of the last sample, valid or not */
    uint8_t run;     /* consecutive valid samples while not FRESH */
    bool sensor_off;
};

/* How one input moved the machine; row = n of row Fn, 0 = it did not move. */
struct vg_fresh_result {
    uint8_t row;
    uint8_t from;
};

void vg_fresh_init(struct vg_fresh *f);

/* vg_fresh_sample -- one reading arrived. Valid means ok or questionable; others only set
 * the quality and break the run of valid samples. */
struct vg_fresh_result vg_fresh_sample(struct vg_fresh *f, enum vg_vital v,
                                       const struct vg_event *ev);

/* vg_fresh_sensor -- the sensor says it is off the patient (or back on). */
struct vg_fresh_result vg_fresh_sensor(struct vg_fresh *f, bool off);

/* vg_fresh_tick -- time passed. required_since_ns: since when somebody needs this vital
 * (VG_TIME_NONE = nobody does). */
struct vg_fresh_result vg_fresh_tick(struct vg_fresh *f, enum vg_vital v, int64_t now_ns,
                                     int64_t required_since_ns);

/* vg_fresh_state -- the state as people may see it between two ticks: never FRESH past its age. */
enum vg_freshness vg_fresh_state(const struct vg_fresh *f, enum vg_vital v, int64_t now_ns);

const char *vg_fresh_input_name(enum vg_fresh_input in);

/* Age of the last valid value, or -1 when there never was one. */
int64_t vg_fresh_age_ns(const struct vg_fresh *f, int64_t now_ns);

#endif
