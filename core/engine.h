/*
 * engine.h -- the pure core: one event in, effects out.
 *
 * The engine owns every clinical state of every bed: sessions, doses, latest values, alarm slots,
 * determinations. The same events give the same effects, always: there is no clock, no heap, no
 * I/O in here. The caller (daemon/ingest.c) numbers and stamps inputs; events the engine derives
 * take their numbers from the same counter.
 */
#ifndef VIGIL_CORE_ENGINE_H
#define VIGIL_CORE_ENGINE_H

#include <stddef.h>

#include "core/alarm_condition.h"
#include "core/freshness.h"
#include "core/nibp.h"
#include "vigil/event.h"
#include "vigil/status.h"

/* What is to be done with an effect's event. Order within a step is the order to do it in. */
enum vg_verb {
    VG_DO_SEND = 1u << 0,    /* publish */
    VG_DO_RECORD = 1u << 1,  /* write to the record, in the batch */
    VG_DO_COMMIT = 1u << 2,  /* ... and close the batch now */
    VG_DO_HOLD = 1u << 3,    /* send and reply only after everything so far is on disk */
    VG_DO_REPLY = 1u << 4,   /* answer whoever asked */
    VG_DO_REQUEST = 1u << 5, /* ask ev.device for `request` */
    VG_DO_STATE = 1u << 6    /* the bed's alarm state changed: publish it whole */
};

struct vg_effect {
    struct vg_event ev;
    uint64_t receipt; /* REPLY: sequence number under which the command is recorded */
    uint8_t verbs;
    uint8_t request; /* enum vg_request_what */
    uint8_t refusal; /* enum vg_refusal */
    int8_t status;   /* enum vg_status of a REPLY */
    bool duplicate;  /* REPLY: the request id was known, nothing was done again */
};

struct vg_effects {
    size_t count;
    struct vg_effect of[VG_EFFECTS_MAX];
};

struct vg_receipt {
    char request_id[VG_REQUEST_ID_MAX];
    uint64_t seq;
    uint64_t content; /* fingerprint of what was asked */
};

/* What the core remembers of an open session. seq = 0: none is open. */
struct vg_session {
    uint64_t seq;
    int64_t opened_ns;
    int64_t opened_utc_ns;
    int64_t bolus_total_ug;
    int64_t rate_ug_h;        /* present infusion rate */
    int64_t last_dose_utc_ns; /* given-at of the last dose; VG_TIME_NONE = none */
    uint32_t dose_count;
    char patient_ref[VG_NAME_MAX];
    char operator_id[VG_NAME_MAX];
};

/* Slots a device may own; index into vg_member.slot. */
enum vg_member_slot { VG_MS_LINK, VG_MS_SENSOR, VG_MS_NIBP, VG_MS_COUNT };

/* One device, as the core sees it. */
struct vg_member {
    struct vg_fresh fresh[VG_VITAL_COUNT];
    struct vg_nibp_machine nibp;
    int64_t offline_ns; /* since when it has not been online; VG_TIME_NONE = online */
    int64_t back_ns;    /* when its last link or sensor alarm ended; VG_TIME_NONE = never */
    uint32_t vitals;    /* bit set of what it can produce */
    uint32_t signal;    /* bits in force */
    uint16_t bed;
    uint16_t next;              /* next device of the bed, VG_DEVICE_NONE at the end */
    uint16_t slot[VG_MS_COUNT]; /* index + 1, 0 = not used yet */
    uint16_t flags;             /* VG_FLAG_TEST */
    uint8_t port;               /* enum vg_port_state */
    uint8_t fails;              /* failed cuff readings in a row */
    bool is_cuff;
    bool foreign; /* the determination that runs is of a session that has ended */
};

struct vg_bed {
    struct vg_session session;
    uint16_t first, last;                /* devices, in the order of the configuration */
    uint16_t speaker[VG_VITAL_COUNT];    /* whose value counts, VG_DEVICE_NONE = nobody's */
    uint16_t vital_slot[VG_VITAL_COUNT]; /* DATA_LOST: index + 1 */
    uint16_t slot_count;
    uint16_t receipt_next;
    bool replayed;                      /* a recorded event touched this bed */
    struct vg_slot slots[VG_SLOTS_MAX]; /* 0..VG_COND_COUNT-1: the condition itself */
    struct vg_receipt receipts[VG_RECEIPTS_MAX];
};

struct vg_engine {
    uint64_t seq;     /* last number given */
    int64_t begun_ns; /* when this run of the program began to watch */
    bool storage_bad; /* as the daemon said last */
    uint16_t bed_count;
    uint16_t device_count;
    struct vg_limits limits;
    struct vg_bed beds[VG_BEDS_MAX];
    struct vg_member devices[VG_DEVICES_MAX];
};

/* vg_engine_init -- empty state; the storage must be zeroed by its owner (it is large and mostly
 * never touched). limits are copied. Range: bed_count <= VG_BEDS_MAX. */
void vg_engine_init(struct vg_engine *e, uint16_t bed_count, const struct vg_limits *limits);

/* vg_engine_add_device -- the next device, index = number of earlier calls. */
void vg_engine_add_device(struct vg_engine *e, uint16_t bed, uint32_t vitals, bool is_cuff,
                          bool test, int64_t now_ns);

/* vg_engine_next_seq -- the number for the next event. */
uint64_t vg_engine_next_seq(struct vg_engine *e);

/*
 * vg_engine_step -- one event on one bed.
 *
 *   out  out  effects, in the order to carry them out; out->count <= VG_EFFECTS_MAX
 *   ev   in   seq, times and bed set; bed < bed_count
 *
 * Cost: O(devices + slots of the bed). Errors: none; refusals are effects. A tick that has more to
 * say than fits says the rest on the next tick.
 */
void vg_engine_step(struct vg_engine *e, const struct vg_event *ev, struct vg_effects *out);

/*
 * vg_engine_replay -- one recorded event, in order of sequence, at start. No effects.
 *
 * Uses decisions and commands: session, dose, ack, nibp_command, alarm, cuff moves and cuff
 * results; other kinds only advance the sequence number. After the last one the caller feeds each
 * touched bed one DAEMON event RESTARTED, which announces what was restored.
 */
void vg_engine_replay(struct vg_engine *e, const struct vg_event *ev);

/* vg_engine_open_alarms -- the open instances of a bed as alarm events, highest priority first,
 * oldest first within a priority. Returns how many are open; at most cap are written. */
size_t vg_engine_open_alarms(const struct vg_engine *e, uint16_t bed, int64_t now_ns,
                             struct vg_event *out, size_t cap);

/* vg_engine_vital -- the latest sample of a vital of a device as a reading event with its age;
 * false when there never was one. */
bool vg_engine_vital(const struct vg_engine *e, uint16_t device, enum vg_vital v, int64_t now_ns,
                     struct vg_event *out);

/* vg_engine_device_state -- the present connection state of a device as a device event. */
void vg_engine_device_state(const struct vg_engine *e, uint16_t device, const struct vg_now *now,
                            struct vg_event *out);

/* vg_engine_bed_is_test -- is any device of the bed a simulator? */
bool vg_engine_bed_is_test(const struct vg_engine *e, uint16_t bed);

#endif
