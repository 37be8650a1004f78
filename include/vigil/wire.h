/*
 * wire.h -- what the stream, view and operate sockets speak: version, topics, request names.
 *
 * docs/wire.md is the specification for people; this header is what programs share.
 */
#ifndef VIGIL_WIRE_H
#define VIGIL_WIRE_H

#define VG_WIRE_VERSION 1
#define VG_TOPIC_PREFIX "v1."
/* v1.<bed>.vital.<vital>  v1.<bed>.wave.<vital>  v1.<bed>.alarm  v1.<bed>.alarms  v1.<bed>.session
 * v1.<bed>.dose  v1.<bed>.device.<device> */
#define VG_TOPIC_MAX 112

enum vg_op {
    VG_OP_SNAPSHOT, /* view */
    VG_OP_RANGE,    /* view */
    VG_OP_HISTORY,  /* view: the alarm log */
    VG_OP_LIMITS,   /* view: limits in force, profiles, and what the formula would make */
    VG_OP_PLAN,     /* view: what is due, the gate, doses and totals, discharge checks */
    VG_OP_NOTES,    /* operate, as all below: the rows with private text; no command */
    VG_OP_SESSION_OPEN,
    VG_OP_SESSION_CLOSE,
    VG_OP_DOSE,
    VG_OP_DOSE_AMEND,
    VG_OP_DOSE_VOID,
    VG_OP_ACK,
    VG_OP_NIBP_START,
    VG_OP_NIBP_ABORT,
    VG_OP_AUDIO_PAUSE,
    VG_OP_ALARM_PAUSE,
    VG_OP_ALARM_OFF,
    VG_OP_ALARM_ON,
    VG_OP_LIMIT_SET,
    VG_OP_LIMITS_PROFILE,
    VG_OP_LIMITS_FORMULA,
    VG_OP_SEDATION,
    VG_OP_BASELINE,
    VG_OP_SCHEDULE,
    VG_OP_QUIET_ON,
    VG_OP_QUIET_OFF,
    VG_OP_TEST_ALARM,
    VG_OP_SCORE,
    VG_OP_DEFER,
    VG_OP_FACT,
    VG_OP_WEIGHT,
    VG_OP_READING,
    VG_OP_SYMPTOM,
    VG_OP_INTERVENTION,
    VG_OP_MARKER,
    VG_OP_NOTE,
    VG_OP_HANDOVER,
    VG_OP_OVERRIDE,
    VG_OP_CARE_VOID,
    VG_OP_SINK_ALIVE, /* of sinks: no operator, no request id, no row */
    VG_OP_RECEIPT,
    VG_OP_COUNT
};

#endif
