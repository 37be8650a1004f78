/*
 * care.h -- what people do around a session besides dosing: scores, baseline, schedule, quiet mode.
 *
 * One kind of event for all of them: a word and up to five numbers. The engine reports with the same
 * event what it kept or ended itself; then the request id is empty.
 */
#ifndef VIGIL_CARE_H
#define VIGIL_CARE_H

#include <stdint.h>

#include "vigil/capacity.h"

enum vg_care_what {
    VG_CW_SEDATION, /* value[0]: MOAA/S score, 0 to 5 */
    VG_CW_BASELINE, /* asked: no values; kept: one each of enum vg_baseline, thousandths, -1 none */
    VG_CW_SCHEDULE, /* value[0]: vital, value[1]: every so many seconds, 0 = no longer */
    VG_CW_QUIET_ON, /* also "I am watching": renews; kept: value[0] seconds left */
    VG_CW_QUIET_OFF, /* by a person, or lapsed */
    VG_CW_TEST,      /* value[0]: priority; sinks sound a test signal for ten seconds */
    VG_CW_COUNT
};

enum vg_baseline {
    VG_BASE_SYS,
    VG_BASE_DIA,
    VG_BASE_MEAN,
    VG_BASE_PR,
    VG_BASE_SPO2,
    VG_BASE_COUNT
};

struct vg_care {
    char request_id[VG_REQUEST_ID_MAX]; /* empty: said by the engine */
    char operator_id[VG_NAME_MAX];
    int32_t value[VG_BASE_COUNT];
    uint8_t what; /* enum vg_care_what */
};

#define VG_TEST_SIGNAL_S 10

const char *vg_care_what_name(enum vg_care_what w);

#endif
