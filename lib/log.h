/*
 * log.h -- one line to standard error, with the priority prefix the service manager understands.
 *
 * Form: "<P>module: device: what, key=value". error = someone must act; warning = degraded, going
 * on; info = life cycle, a few an hour; debug = per frame, off. No patient or operator names at any
 * level. The log is for engineers; the record is the journal.
 */
#ifndef VIGIL_LIB_LOG_H
#define VIGIL_LIB_LOG_H

#include <stdint.h>

#include "vigil/compiler.h"

enum vg_log_level { VG_LOG_ERROR = 3, VG_LOG_WARNING = 4, VG_LOG_INFO = 6, VG_LOG_DEBUG = 7 };

/* A place that may repeat itself: at most one line in period_ns, with the count of what was left
 * out. Zero it before first use; one per place or device. */
struct vg_log_limit {
    int64_t last_ns;
    uint32_t held;
    uint8_t used;
};

/* vg_log -- one line. Never fails, never blocks longer than standard error does. */
void vg_log(enum vg_log_level level, const char *fmt, ...) VG_PRINTF(2, 3);

/* vg_log_limited -- the same, at most once in 10 s of now_ns; the count of repeats is appended. */
void vg_log_limited(struct vg_log_limit *lim, int64_t now_ns, enum vg_log_level level,
                    const char *fmt, ...) VG_PRINTF(4, 5);

#endif
