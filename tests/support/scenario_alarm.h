/*
 * scenario_alarm.h -- the actions about alarms, after `at TIME`:
 *
 *   pause [BED] | pause VITAL | off VITAL | on VITAL | quiet on [BED] | quiet off [BED]
 *   limit CONDITION N | profile NAME | formula | baseline
 *   sedation N | schedule VITAL SECONDS | test PRIORITY
 *   sink NAME alive | dead | ill | deaf | hears
 *
 * Requests go to the first bed unless one is named.
 */
#ifndef VIGIL_TESTS_SUPPORT_SCENARIO_ALARM_H
#define VIGIL_TESTS_SUPPORT_SCENARIO_ALARM_H

#include "tests/support/scenario.h"
#include "tests/support/virtual_daemon.h"

/* scn_act_alarm -- false when the step is no such action. */
bool scn_act_alarm(struct vd *d, const struct scn_step *st);

/* scn_request -- send a request of a nurse about a bed and settle (scenario_act.c). more: further
 * members, each with its comma before it. */
void scn_request(struct vd *d, const char *op, const char *bed, const char *more, ...)
    __attribute__((format(printf, 4, 5)));

#endif
