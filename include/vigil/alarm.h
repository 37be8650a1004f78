/*
 * alarm.h -- alarm conditions, priorities, limits and the transition record, as shared words.
 *
 * Terms follow IEC 60601-1-8. A condition is a row of the catalogue (core/alarm_catalogue.c); an
 * instance is one occurrence of it and has a number that is never reused.
 */
#ifndef VIGIL_ALARM_H
#define VIGIL_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "vigil/capacity.h"

enum vg_condition {
    VG_COND_SPO2_LOW,
    VG_COND_SPO2_DESAT,
    VG_COND_PR_LOW,
    VG_COND_PR_HIGH,
    VG_COND_PR_XLOW,
    VG_COND_PR_XHIGH,
    VG_COND_SYS_LOW,
    VG_COND_SYS_HIGH,
    VG_COND_SYS_XLOW,
    VG_COND_SYS_XHIGH,
    VG_COND_DIA_HIGH,
    VG_COND_DIA_XHIGH,
    VG_COND_SENSOR_OFF,
    VG_COND_DATA_LOST,
    VG_COND_LINK_DEVICE,
    VG_COND_NIBP_FAIL,
    VG_COND_STORAGE,
    VG_COND_CLOCK,
    VG_COND_RESTARTED,
    VG_COND_MAP_LOW,
    VG_COND_SED_DEEP,
    VG_COND_VITAL_DUE,
    VG_COND_SINK_LOST,
    VG_COND_BATTERY,
    VG_COND_IDENTITY,
    VG_COND_SCORE_DUE,
    VG_COND_INFUSION_OVERRUN,
    VG_COND_COUNT
};

enum vg_priority { VG_PRIO_LOW, VG_PRIO_MED, VG_PRIO_HIGH, VG_PRIO_COUNT };

/* What an alarm is about, for the ear: each category has its melody. */
enum vg_category {
    VG_CAT_GENERAL,
    VG_CAT_OXYGEN,
    VG_CAT_CARDIO,
    VG_CAT_DRUG,
    VG_CAT_EQUIPMENT,
    VG_CAT_COUNT
};

/* States of machine C. */
enum vg_cond_state {
    VG_CS_DISARMED,
    VG_CS_NORMAL,
    VG_CS_PENDING,
    VG_CS_ACTIVE,
    VG_CS_LATCHED,
    VG_CS_COUNT
};

enum vg_latch { VG_LATCH_NONE, VG_LATCH_VISUAL, VG_LATCH_FULL, VG_LATCH_COUNT };

/* What a transition was, in the words of the alarm log. */
enum vg_alarm_what {
    VG_AW_ARMED,
    VG_AW_PENDING,
    VG_AW_SUPPRESSED_BY_DELAY,
    VG_AW_OPEN,
    VG_AW_WORSEN, /* a latched instance is violated again, or its priority rose */
    VG_AW_ACK,
    VG_AW_ACK_EXPIRED,
    VG_AW_COND_END,
    VG_AW_CLOSED,
    VG_AW_RESTORED,
    VG_AW_COUNT
};

/* What an instance is about besides its condition. */
#define VG_SUBJECT_NONE UINT16_C(0xffff)

/* One transition of one condition slot: an effect of the engine, a row of the record, and on
 * restart the input that restores the slot. */
struct vg_alarm_event {
    uint64_t instance;   /* 0 when no instance is open */
    int64_t since_ns;    /* mono: when the instance opened, or the pending time began */
    int64_t age_ns;      /* age of the value that decided; -1 when none */
    int32_t value_milli; /* deciding value, or worst value when it ends */
    int32_t limit_milli; /* limit it was compared with */
    uint16_t subject;    /* device index, vital, or VG_SUBJECT_NONE: see the catalogue row */
    uint8_t condition;   /* enum vg_condition */
    uint8_t what;        /* enum vg_alarm_what */
    uint8_t from, to;    /* enum vg_cond_state */
    uint8_t priority;    /* enum vg_priority */
    uint8_t row;         /* number n of row Cn of machine C */
    bool ack;            /* acknowledged after this transition */
    bool held;           /* the source has no value now: what is shown is the past */
    bool has_value;      /* value_milli and limit_milli mean something */
    char operator_id[VG_NAME_MAX]; /* who, when a person caused it; else empty */
};

/* Acknowledge one instance. */
struct vg_ack {
    uint64_t instance;
    char request_id[VG_REQUEST_ID_MAX];
    char operator_id[VG_NAME_MAX];
};

/* The settings of one condition that configuration may change. Comparison is strict: a low
 * limit is violated by value < limit, a high limit by value > limit. */
struct vg_limit {
    int32_t limit_milli;
    int32_t sat_seconds; /* points below the limit times seconds that open it early; 0 = off */
    int64_t delay_ns;    /* T_delay */
    int64_t clear_ns;    /* T_clear */
    uint8_t latch;       /* enum vg_latch */
    bool enabled;
};

struct vg_limits {
    struct vg_limit of[VG_COND_COUNT];
};

/* A person changes the limits of a session. */
enum vg_limits_what {
    VG_LW_SET,     /* one condition to limit_milli */
    VG_LW_PROFILE, /* all conditions to profile `index` of the configuration */
    VG_LW_FORMULA, /* from the recorded baseline; `index` is unused */
    VG_LW_COUNT
};

struct vg_limits_event {
    char request_id[VG_REQUEST_ID_MAX];
    char operator_id[VG_NAME_MAX];
    char reason[VG_REASON_MAX];
    int32_t limit_milli; /* SET */
    uint8_t what;        /* enum vg_limits_what */
    uint8_t index;       /* SET: enum vg_condition; PROFILE: which */
};

/* The limit of one condition in a session moved; a row of the record for each. */
enum vg_limit_cause {
    VG_LC_BEGIN,    /* in force when the session opened */
    VG_LC_CHANGED,  /* by a person */
    VG_LC_RESTORED, /* after a restart; still in force */
    VG_LC_ENDED,    /* with the session: back to the configuration */
    VG_LC_COUNT
};

struct vg_limit_event {
    char operator_id[VG_NAME_MAX]; /* who, when a person caused it; else empty */
    int32_t old_milli, new_milli;
    int32_t sat_seconds;
    uint8_t condition; /* enum vg_condition */
    uint8_t cause;     /* enum vg_limit_cause */
};

const char *vg_category_name(enum vg_category c);
bool vg_category_find(const char *name, enum vg_category *out);
const char *vg_limits_what_name(enum vg_limits_what w);
const char *vg_limit_cause_name(enum vg_limit_cause c);
const char *vg_condition_name(enum vg_condition c);
bool vg_condition_find(const char *name, enum vg_condition *out);
const char *vg_priority_name(enum vg_priority p);
bool vg_priority_find(const char *name, enum vg_priority *out);
const char *vg_cond_state_name(enum vg_cond_state s);
const char *vg_latch_name(enum vg_latch l);
bool vg_latch_find(const char *name, enum vg_latch *out);
const char *vg_alarm_what_name(enum vg_alarm_what w);

#endif
