/*
 * alarm_catalogue.h -- the alarm conditions of Vigil, as data.
 *
 * A new condition is one row here and one scenario. Clinical owners change rows, not code.
 */
#ifndef VIGIL_CORE_ALARM_CATALOGUE_H
#define VIGIL_CORE_ALARM_CATALOGUE_H

#include "vigil/condition.h"

/* T_ack: how long an acknowledgement silences, by priority; 0 = without end. */
int64_t vg_ack_expiry_ns(enum vg_priority p);

#endif
