/*
 * protocol.h -- what a kind of session asks for, as data: phases, readings and scores with their
 * times, the dosing gate, dose ranges, limit formulas, discharge checks.
 *
 * A protocol is a file (config/protocols); its identity is the SHA-256 of the file's bytes. A session
 * keeps the one it began with. Times are seconds from the first dose unless a row says otherwise.
 * Clinicians write and approve protocols; Vigil only refuses those under its floor (vg_protocol_check).
 */
#ifndef VIGIL_PROTOCOL_H
#define VIGIL_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "vigil/alarm.h"
#include "vigil/capacity.h"
#include "vigil/care.h"
#include "vigil/dose.h"
#include "vigil/scale.h"
#include "vigil/status.h"

#define VG_PROTOCOL_HASH_MAX 65 /* SHA-256 in hex, and the NUL */
#define VG_PHASES_MAX 8
#define VG_PLAN_ROWS_MAX 48
#define VG_CHECKS_MAX 24
#define VG_FORMULAS_MAX 12

struct vg_phase_row {
    char name[VG_NAME_MAX];
    int32_t from_s;    /* the first row is what is before the first dose */
    uint32_t required; /* bit set of vitals that must be live */
    bool dosing;       /* the drug acts: trouble with equipment is worse */
    bool relaxes;      /* the person is awake (MOAA/S 5 twice): nothing is required any more */
};

/* One reading or one set of scores that is due. */
struct vg_plan_row {
    int32_t at_s;
    int32_t window_s; /* on time within so much before and after */
    uint32_t scales;  /* bit set of scales; 0 = a blood pressure */
    bool further;     /* counted from each dose after the first */
    bool optional;    /* asked for, but nobody is called and nothing is missed */
};

/* What the gate asks. The names are those of the file, of the record and of every answer. */
enum vg_gate_item {
    VG_GATE_IDENTITY,
    VG_GATE_CONSENT,
    VG_GATE_WEIGHT,
    VG_GATE_BASELINE,
    VG_GATE_SPO2_LIVE,
    VG_GATE_NIBP_READY,
    VG_GATE_ALARM_TEST,
    VG_GATE_SINK,
    VG_GATE_NO_HIGH_ALARM,
    VG_GATE_CLOCK,
    VG_GATE_BP,      /* under the gate value */
    VG_GATE_BP_HOLD, /* under the hold value, or a prescriber is present and signs */
    VG_GATE_SPO2,    /* at or over the gate value, on room air */
    VG_GATE_SPO2_HOLD,
    VG_GATE_PULSE_RATE,
    VG_GATE_ESCORT,
    VG_GATE_FASTING,
    VG_GATE_CONTRAINDICATIONS,
    VG_GATE_EQUIPMENT,
    VG_GATE_REMS,
    VG_GATE_COUNT
};

enum vg_gate_strength {
    VG_STRENGTH_OFF,
    VG_STRENGTH_SOFT, /* a person may override it with a reason */
    VG_STRENGTH_HARD,
    VG_STRENGTH_COUNT
};

struct vg_gate_rules {
    uint8_t strength[VG_GATE_COUNT];        /* enum vg_gate_strength */
    int32_t sys_milli, dia_milli;           /* BP: at most */
    int32_t sys_65_milli;                   /* the same for a person of 65 or more */
    int32_t hold_sys_milli, hold_dia_milli; /* BP_HOLD: under */
    int32_t spo2_milli, hold_spo2_milli;    /* SPO2, SPO2_HOLD: at least */
    int32_t pr_low_milli, pr_high_milli;
    int32_t weight_days;    /* WEIGHT: measured at most so many days ago */
    int32_t baseline_count; /* BASELINE: blood pressures in it */
    int32_t baseline_age_s; /* ... none older than this */
};

/* Of one dose; over a kilogram of the person when per_kg. 0 = no such bound. */
struct vg_dose_range {
    int64_t soft_low_ug, soft_high_ug, hard_ug;
    int64_t total_ug; /* of all doses of a session, never per kilogram */
    bool per_kg;
};

enum vg_check_kind {
    VG_CHECK_TIME,     /* the observation floor has passed */
    VG_CHECK_BP,       /* the last two, apart, near baseline or under the gate value */
    VG_CHECK_SPO2,     /* at least the gate value or baseline - 2, on room air */
    VG_CHECK_AT_LEAST, /* the last score of a scale */
    VG_CHECK_AT_MOST,
    VG_CHECK_NO_ALARM,
    VG_CHECK_FACT, /* somebody says so */
    VG_CHECK_KIND_COUNT
};

struct vg_check_row {
    uint8_t kind;  /* enum vg_check_kind */
    uint8_t index; /* scale, or enum vg_fact */
    int32_t value; /* score */
};

/* limit = clamp(baseline * percent / 100 + plus, low, high), in whole units. */
struct vg_formula {
    uint8_t condition; /* enum vg_condition */
    uint8_t base;      /* enum vg_baseline */
    int32_t percent, plus_milli, low_milli, high_milli;
};

struct vg_protocol {
    char id[VG_ID_MAX];
    char title[64];
    char revision[VG_NAME_MAX];
    char author[VG_NAME_MAX];
    char approver[VG_NAME_MAX];
    char hash[VG_PROTOCOL_HASH_MAX];
    char drug[VG_NAME_MAX];
    uint8_t route;     /* enum vg_route */
    bool auto_cuff;    /* cuffs that can be started are asked at their time */
    bool second_check; /* every dose asks for a second person */
    uint16_t phase_count, plan_count, check_count, formula_count;
    struct vg_phase_row phases[VG_PHASES_MAX];
    struct vg_plan_row plan[VG_PLAN_ROWS_MAX];
    struct vg_gate_rules gate;
    struct vg_dose_range range;
    int64_t device_ug;     /* of one nasal device, 0 = not used */
    int32_t device_count;  /* planned */
    int32_t dose_gap_s;    /* least between two doses, 0 = none */
    int32_t infusion_s;    /* planned length, 0 = no infusion */
    int32_t peak_s;        /* when the effect is expected to be strongest */
    int32_t floor_first_s; /* earliest discharge after the first dose */
    int32_t floor_last_s;  /* ... after the last dose, or the end of an infusion */
    struct vg_check_row checks[VG_CHECKS_MAX];
    struct vg_formula formulas[VG_FORMULAS_MAX]; /* the built-in ones hold for the rest */
};

/*
 * vg_protocol_check -- the floor under every protocol.
 *
 *   where, why  out  the key and a static sentence with the cure, when VG_ERR_RANGE
 *
 * At least one baseline reading; a blood pressure at least every 15 min (20 min by spray or lozenge)
 * until 20 min after the expected peak and every 30 min to the earliest discharge; SpO2 and pulse
 * rate live in every phase that does not relax; at least 60 min after the last dose; formulas
 * within SpO2 85-96, desaturation 80-90, pulse 35-180, systolic 70-200, diastolic 35-120; discharge
 * checks for time, BP, SpO2, MOAA/S and escort; identity, consent and baseline in the gate.
 */
enum vg_status vg_protocol_check(const struct vg_protocol *p, const char **where, const char **why);

/* vg_protocol_phase -- the phase at so many seconds after the first dose (negative: before). */
const struct vg_phase_row *vg_protocol_phase(const struct vg_protocol *p, int64_t at_s);

const char *vg_gate_item_name(enum vg_gate_item i);
/* What a nurse does about it. */
const char *vg_gate_item_cure(enum vg_gate_item i);
bool vg_gate_item_find(const char *name, enum vg_gate_item *out);

#endif
