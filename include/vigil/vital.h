/*
 * vital.h -- the vital signs Vigil knows: identity, unit, resolution, plausible range, codes.
 *
 * A value is an int32_t in thousandths of the vital's unit everywhere inside Vigil
 * (97 % is 97000). On the wire it also appears as an integer in the wire unit (vg_vital_info).
 * Codes are the context-free codes of ISO/IEEE 11073-10101.
 */
#ifndef VIGIL_VITAL_H
#define VIGIL_VITAL_H

#include <stdbool.h>
#include <stdint.h>

enum vg_vital {
    VG_VITAL_SPO2,
    VG_VITAL_PULSE_RATE,      /* from the pleth */
    VG_VITAL_PERFUSION_INDEX, /* % */
    VG_VITAL_PLETH,           /* waveform, dimensionless */
    VG_VITAL_NIBP_SYS,
    VG_VITAL_NIBP_DIA,
    VG_VITAL_NIBP_MEAN,
    VG_VITAL_NIBP_PULSE_RATE, /* from the cuff: another channel than pulse_rate, never mixed */
    VG_VITAL_CUFF_PRESSURE,   /* instantaneous, while measuring */
    VG_VITAL_COUNT
};

/* How far a value may be trusted. Order matters: larger is worse. */
enum vg_quality {
    VG_QUALITY_OK,
    VG_QUALITY_QUESTIONABLE, /* low perfusion, motion, unproven freshness: may raise, never clears */
    VG_QUALITY_INVALID,      /* sensor off, implausible, the protocol's missing marker */
    VG_QUALITY_UNAVAILABLE,  /* nothing known */
    VG_QUALITY_COUNT
};

/* Freshness of a vital as machine F holds it, and the display word for "getting old". */
enum vg_freshness {
    VG_FRESH_NEVER, /* no valid sample yet */
    VG_FRESH_FRESH,
    VG_FRESH_STALE,
    VG_FRESH_LOST,
    VG_FRESH_COUNT
};

struct vg_vital_info {
    const char *name;   /* as in topics and records: "spo2" */
    const char *unit;   /* UCUM text of the wire unit: "%" */
    int32_t wire_milli; /* thousandths in one wire unit: 1000, or 10 for 0.01 % */
    int32_t min_milli;  /* plausible range; a value outside is marked invalid at ingest */
    int32_t max_milli;
    uint32_t code; /* ISO/IEEE 11073-10101 */
    uint32_t unit_code;
    int64_t aging_ns; /* older than this: dimmed */
    int64_t stale_ns; /* older than this: no longer a value (machine F) */
    int64_t lost_ns;  /* older than this: lost; 0 = never (episodic values) */
    bool continuous;  /* arrives by itself; else one reading at a time */
};

/*
 * vg_vital_get -- the row of a vital.   Range: v < VG_VITAL_COUNT.   Owner: static.
 * vg_vital_find -- the vital with that name; false when there is none.
 */
const struct vg_vital_info *vg_vital_get(enum vg_vital v);
bool vg_vital_find(const char *name, enum vg_vital *out);
const char *vg_quality_name(enum vg_quality q);
const char *vg_freshness_name(enum vg_freshness f);

#endif
