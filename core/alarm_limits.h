/*
 * alarm_limits.h -- limits: what is legal, where they come from, and the formulas on a baseline.
 *
 * "Violates" has one meaning in all of Vigil: a low limit is violated by value < limit, a high limit
 * by value > limit, compared raw in thousandths. Limits belong to a session: they begin with a
 * profile of the configuration, people change them with a reason, they survive every restart and
 * end with the session.
 */
#ifndef VIGIL_CORE_ALARM_LIMITS_H
#define VIGIL_CORE_ALARM_LIMITS_H

#include "vigil/alarm.h"
#include "vigil/care.h"
#include "vigil/protocol.h"
#include "vigil/status.h"

/* vg_limits_default -- every condition's defaults. */
void vg_limits_default(struct vg_limits *out);

/* vg_limits_check -- low below high, within floor and ceiling, desat below low.
 * VG_OK, or VG_ERR_RANGE with the offending condition and a static sentence with the cure. */
enum vg_status vg_limits_check(const struct vg_limits *l, enum vg_condition *bad, const char **why);

/*
 * vg_limits_formula -- limits from a baseline; what a missing baseline value would decide stays.
 *
 *   l     in-out  the limits in force become the proposed ones
 *   base  values of enum vg_baseline in thousandths, -1 = none
 *   p     protocol whose formulas stand instead of the built-in ones of the same condition, or NULL
 *
 * Results are whole units. Nothing is in force until a person accepts it.
 */
void vg_limits_formula(struct vg_limits *l, const int32_t base[VG_BASE_COUNT],
                       const struct vg_protocol *p);

#endif
