/*
 * alarm_condition.h -- machine C: the life of one alarm condition, as a table.
 *
 * The machine knows no vital, no limit source and no sound. It is fed classes of samples, time,
 * people's acts and restarts, and says what became of the condition. Inhibition never reaches it.
 */
#ifndef VIGIL_CORE_ALARM_CONDITION_H
#define VIGIL_CORE_ALARM_CONDITION_H

#include "core/alarm_routing.h"
#include "vigil/alarm.h"
#include "vigil/time.h"

enum vg_cond_input {
    VG_CI_ARM,        /* first valid sample, or the condition needs none */
    VG_CI_BAD,        /* violates */
    VG_CI_RAPID,      /* violates the rapid threshold */
    VG_CI_BAND,       /* inside the limit by less than the hysteresis */
    VG_CI_OK,         /* inside by at least the hysteresis */
    VG_CI_WORSE,      /* a technical condition got a higher priority */
    VG_CI_STALE,      /* the source has no value any more */
    VG_CI_TICK,       /* time passed */
    VG_CI_ACK,        /* a person acknowledged instance ctx->instance */
    VG_CI_LIMITS_OK,  /* limits changed; the last valid value does not violate the new ones */
    VG_CI_LIMITS_BAD, /* limits changed; the last fresh value violates the new ones */
    VG_CI_DROP,       /* session ended, or the phase does not need this vital */
    VG_CI_OVERRIDE,   /* a named person ends the session with the alarm open */
    VG_CI_RESTART,    /* the daemon restarted; the slot holds the last recorded state */
    VG_CI_COUNT
};

struct vg_slot {
    uint64_t instance; /* number of the open instance, 0 = none; never reused */
    int64_t pend_ns;   /* when PENDING began */
    int64_t open_ns;   /* when the instance opened */
    int64_t ok_ns;     /* since when OK without a break; VG_TIME_NONE = not */
    int64_t ack_ns;
    int64_t value_ns;    /* mono time of the last value classed; VG_TIME_NONE = none */
    int64_t integral;    /* PENDING: thousandths beyond the limit times nanoseconds */
    int64_t viol_ns[3];  /* starts of the last three violations, newest first */
    int32_t worst_milli; /* worst value of this pending time or instance */
    int32_t last_milli;  /* last value classed */
    int32_t limit_milli; /* limit it was compared with */
    uint16_t subject;
    uint16_t flags;   /* enum vg_event_flag of the last sample */
    uint16_t device;  /* device whose sample decided, or VG_DEVICE_NONE */
    uint16_t told;    /* sinks that confirmed this instance, one bit each */
    uint16_t telling; /* how often it was told anew; a receipt is of one telling */
    struct vg_routed route;
    uint8_t condition;
    uint8_t state; /* enum vg_cond_state */
    uint8_t priority;
    uint8_t run; /* consecutive violating samples, up to the row's confirm */
    bool ack;
    bool held; /* the source is stale: what is shown is the past */
    bool has_value;
    bool paused; /* present when somebody paused the sound */
};

static inline bool vg_slot_is_open(const struct vg_slot *s)
{
    return s->state == VG_CS_ACTIVE || s->state == VG_CS_LATCHED;
}

/* Open, not acknowledged, and of a kind that has a sound. latch: of the limits in force. */
static inline bool vg_slot_wants_sound(const struct vg_slot *s, uint8_t latch)
{
    return !s->ack &&
           (s->state == VG_CS_ACTIVE || (s->state == VG_CS_LATCHED && latch == VG_LATCH_FULL));
}

/* What one input meets. */
struct vg_cond_ctx {
    const struct vg_limit *limit;
    int64_t now_ns;
    int64_t ack_expiry_ns; /* 0 = never */
    uint64_t instance;     /* ACK: which; OPEN: the number a new instance gets */
    int64_t since_ns;      /* BAD, RAPID, BAND, OK: time since the sample before, at most 2 s */
    int32_t value_milli;   /* BAD, RAPID, BAND, OK */
    bool has_value;
    bool low_side; /* worse means smaller */
};

/* What an input did. moved = false: no row applied, or nothing worth a record happened. */
struct vg_cond_result {
    bool moved;
    uint8_t row;  /* n of row Cn */
    uint8_t what; /* enum vg_alarm_what */
    uint8_t from;
};

/*
 * vg_cond_step -- feed one input to one slot.
 *
 * Units: thousandths; nanoseconds of mono time. Errors: none; a pair without a row changes nothing.
 * Source: rows C1 to C29 of docs/alarm-states.md.
 */
struct vg_cond_result vg_cond_step(struct vg_slot *s, enum vg_cond_input in,
                                   const struct vg_cond_ctx *ctx);

/* For tests and the generated document: the row that an input would take; 0 = none. */
const char *vg_cond_input_name(enum vg_cond_input in);

#endif
