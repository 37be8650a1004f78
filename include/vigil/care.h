/*
 * care.h -- what people do around a session besides dosing: scores, facts, readings by hand, notes,
 * baseline, schedule, quiet mode, handover.
 *
 * One kind of event for all of them: a word and up to five numbers; text that no rule reads travels
 * beside the event. The engine reports with the same event what it kept or ended itself; then the
 * request id is empty.
 */
#ifndef VIGIL_CARE_H
#define VIGIL_CARE_H

#include <stdbool.h>
#include <stdint.h>

#include "vigil/capacity.h"

enum vg_care_what {
    VG_CW_SEDATION, /* of records before version 4: value[0] is a MOAA/S score */
    VG_CW_BASELINE, /* asked: no values; kept: one each of enum vg_baseline, thousandths, -1 none */
    VG_CW_SCHEDULE, /* value[0]: vital, value[1]: every so many seconds, 0 = no longer */
    VG_CW_QUIET_ON, /* also "I am watching": renews; kept: value[0] seconds left */
    VG_CW_QUIET_OFF, /* by a person, or lapsed */
    VG_CW_TEST,      /* value[0]: priority; sinks sound a test signal for ten seconds */
    VG_CW_SCORE,     /* value[0]: scale, value[1]: score */
    VG_CW_FACT,      /* value[0]: enum vg_fact, value[1]: 1 yes, 0 no */
    VG_CW_WEIGHT,    /* value[0]: grams, value[1]: measured so many days ago */
    VG_CW_READING,   /* measured by hand: enum vg_hand, thousandths, -1 none */
    VG_CW_SYMPTOM,   /* value[0]: severity 0 to 3, value[1]: 1 = serious */
    VG_CW_INTERVENTION,
    VG_CW_MARKER,   /* of the therapist; its text is private */
    VG_CW_NOTE,     /* the same */
    VG_CW_HANDOVER, /* to another person, named in `to` */
    VG_CW_DEFER,    /* the next scheduled blood pressure, value[0] seconds, once */
    VG_CW_OVERRIDE, /* value[0]: enum vg_gate_item */
    VG_CW_VOID,     /* the care row `target` was a mistake */
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

/* A reading somebody took: what value[] of READING holds. */
enum vg_hand { VG_HAND_SYS, VG_HAND_DIA, VG_HAND_MEAN, VG_HAND_PR, VG_HAND_SPO2, VG_HAND_COUNT };

/* What somebody states; each is answered yes or no, and the last answer counts. */
enum vg_fact {
    VG_FACT_IDENTITY, /* two identifiers compared */
    VG_FACT_CONSENT,
    VG_FACT_FASTING,
    VG_FACT_ESCORT,
    VG_FACT_CONTRAINDICATIONS, /* checked, none found */
    VG_FACT_EQUIPMENT,         /* emergency equipment checked */
    VG_FACT_PREGNANCY,         /* asked */
    VG_FACT_OVER_65,
    VG_FACT_PRESCRIBER, /* present, and signs for what the gate holds */
    VG_FACT_REMS,       /* enrolment confirmed */
    VG_FACT_ALARM_TEST, /* somebody heard the test signal */
    VG_FACT_ROOM_AIR,
    VG_FACT_ORIENTED,
    VG_FACT_WALKS,
    VG_FACT_ADVICE, /* written advice given, no driving until tomorrow */
    VG_FACT_CONTACT,
    VG_FACT_LINE_OUT,
    VG_FACT_RELEASED, /* prescriber or delegate signs the discharge */
    VG_FACT_COUNT
};

struct vg_care {
    char request_id[VG_REQUEST_ID_MAX]; /* empty: said by the engine */
    char operator_id[VG_NAME_MAX];
    char to[VG_NAME_MAX]; /* HANDOVER */
    int64_t at_utc_ns;    /* when it happened, as stated */
    uint64_t target;      /* VOID: the row */
    int32_t value[VG_BASE_COUNT];
    uint32_t extra_sum; /* fingerprint of what travels beside the event, 0 = nothing */
    uint8_t what;       /* enum vg_care_what */
};

#define VG_TEST_SIGNAL_S 10

const char *vg_care_what_name(enum vg_care_what w);
const char *vg_fact_name(enum vg_fact f);
bool vg_fact_find(const char *name, enum vg_fact *out);

#endif
