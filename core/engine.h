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
#include "core/alarm_inhibit.h"
#include "core/freshness.h"
#include "core/nibp.h"
#include "vigil/event.h"
#include "vigil/protocol.h"
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
    const char *why; /* REPLY: a sentence more exact than the refusal's, or NULL; static */
    int8_t status;   /* enum vg_status of a REPLY */
    bool duplicate;  /* REPLY: the request id was known, nothing was done again */
};

struct vg_effects {
    size_t count;
    struct vg_effect of[VG_EFFECTS_MAX];
};

struct vg_receipt {
    uint64_t id; /* fingerprint of the request id */
    uint64_t seq;
    uint64_t content; /* fingerprint of what was asked */
};

/* Something that has to be measured every so often. interval_ns = 0: it has not. */
struct vg_due {
    int64_t interval_ns;
    int64_t next_ns;
};

/* One dose as it is known now: corrections are in it. */
struct vg_dose_entry {
    uint64_t seq;       /* row that says it now */
    uint64_t first_seq; /* row that said it first */
    int64_t given_ns;   /* mono */
    int64_t given_utc_ns;
    int64_t amount_ug;
    char drug[VG_NAME_MAX];
    uint8_t kind, route;
    bool is_void;
};

/* The clock of a session: VG_TIME_NONE when nothing was given. */
struct vg_dose_clock {
    int64_t first_ns;   /* T0 */
    int64_t last_ns;    /* the last dose */
    int64_t end_ns;     /* the last dose, or the end of an infusion; INT64_MAX while one runs */
    int64_t running_ns; /* begin of the infusion that runs, less its pauses; VG_TIME_NONE = none */
};

/* One thing that is due. */
struct vg_mark {
    int64_t due_ns;
    int64_t window_ns;
    int64_t cuff_ns; /* when a cuff is asked: due_ns, or later when deferred */
    int64_t off_ns;  /* made: after its time */
    uint64_t dose;   /* first_seq of the dose it counts from */
    uint32_t scales, missing;
    uint8_t row;   /* of the protocol's plan */
    uint8_t state; /* enum vg_mark_state */
    uint8_t tries; /* starts of a cuff for it */
    bool optional, deferred;
    bool gone; /* its dose is void: it counts for nothing */
};

/* A blood pressure of this session, by a cuff or by hand. */
struct vg_pressure {
    int64_t at_ns; /* VG_TIME_NONE: none */
    uint64_t seq;  /* row that says it */
    int32_t sys_milli, dia_milli;
};

struct vg_score {
    int64_t at_ns; /* VG_TIME_NONE: not scored yet */
    uint64_t seq;
    int32_t value;
    /* The one before, for when the last was a mistake. */
    int64_t before_ns;
    uint64_t before_seq;
    int32_t before;
};

/* A dose may be entered late: as many pressures back it can still answer for. */
#define VG_PRESSURES_MAX 16

/* What the core remembers of an open session. seq = 0: none is open. */
struct vg_session {
    uint64_t seq;
    int64_t opened_ns;
    int64_t opened_utc_ns;
    struct vg_dose_clock clock;
    int64_t rate_ug_h;           /* present infusion rate */
    int32_t base[VG_BASE_COUNT]; /* recorded baseline in thousandths, -1 = none */
    int64_t base_ns;             /* when it was recorded */
    int32_t base_pressures;      /* blood pressures in it */
    struct vg_due due[VG_VITAL_COUNT];
    struct vg_pressure pressure[VG_PRESSURES_MAX]; /* newest first */
    struct vg_score score[VG_SCALES_MAX];
    uint8_t awake;              /* MOAA/S of 5 in a row */
    int8_t fact[VG_FACT_COUNT]; /* 1 yes, 0 no, -1 not answered */
    int32_t weight_g;           /* 0 = not known */
    int32_t weight_days;
    /* Rows that said so: a later one may call them a mistake. */
    uint64_t fact_seq[VG_FACT_COUNT], override_seq[VG_GATE_COUNT], weight_seq;
    uint32_t overridden; /* bit set of enum vg_gate_item */
    uint8_t kind;        /* enum vg_session_kind */
    uint8_t protocol;    /* index, or VG_PROTOCOL_NONE */
    uint16_t dose_count;
    uint16_t mark_count;
    int64_t beyond_ns; /* the last dose that is not kept; VG_TIME_NONE = none */
    bool unplanned;    /* more marks than are kept */
    bool uncounted;    /* more doses than are kept */
    bool planned;      /* the marks of the first dose are there */
    bool test;         /* opened on a bed of simulators */
    char patient_ref[VG_NAME_MAX];
    char operator_id[VG_NAME_MAX]; /* who is responsible: handover changes it */
    char course[VG_NAME_MAX];
    struct vg_dose_entry doses[VG_DOSES_MAX];
    struct vg_mark marks[VG_MARKS_MAX];
};

/* Slots a device may own; index into vg_member.slot. */
enum vg_member_slot {
    VG_SLOT_LINK,
    VG_SLOT_SENSOR,
    VG_SLOT_NIBP,
    VG_SLOT_BATTERY,
    VG_SLOT_IDENTITY,
    VG_MEMBER_SLOTS
};

/* What the present phase of a session asks for. Without a session: nothing. */
struct vg_phase {
    uint32_t required;   /* bit set of vitals whose alarms may not be switched off */
    uint32_t unpausable; /* ... nor paused */
    bool dosing;         /* something was given: trouble with equipment is worse */
    uint8_t row;         /* of the protocol; 0 without one */
};

/* The last values of a vital, for a baseline. */
#define VG_RECENT_MAX 15
struct vg_recent {
    uint8_t count;
    int64_t at_ns[VG_RECENT_MAX]; /* newest first, as milli */
    int32_t milli[VG_RECENT_MAX];
};

/* Quiet mode of a bed: staff first. */
struct vg_quiet {
    bool on;
    int64_t until_ns; /* renewed by "I am watching"; INT64_MAX = without end */
    char operator_id[VG_NAME_MAX];
};

/* One device, as the core sees it. */
struct vg_member {
    struct vg_fresh fresh[VG_VITAL_COUNT];
    struct vg_nibp_machine nibp;
    int64_t offline_ns; /* since when it has not been online; VG_TIME_NONE = online */
    int64_t back_ns;    /* when its last link or sensor alarm ended; VG_TIME_NONE = never */
    uint32_t vitals;    /* bit set of what it can produce */
    uint32_t signal;    /* bits in force */
    uint16_t bed;
    uint16_t next;                  /* next device of the bed, VG_DEVICE_NONE at the end */
    uint16_t slot[VG_MEMBER_SLOTS]; /* index + 1, 0 = not used yet */
    uint16_t flags;                 /* VG_FLAG_TEST */
    uint8_t port;                   /* enum vg_port_state */
    uint8_t fails;                  /* failed cuff readings in a row */
    uint16_t owner; /* IDENTITY: bed whose open session it is bound to, or VG_BED_NONE */
    uint64_t owner_session;
    bool is_cuff;
    bool foreign; /* the determination that runs is of a session that has ended */
};

struct vg_bed {
    struct vg_session session;
    uint16_t first, last;                /* devices, in the order of the configuration */
    uint16_t speaker[VG_VITAL_COUNT];    /* whose value counts, VG_DEVICE_NONE = nobody's */
    uint16_t vital_slot[VG_VITAL_COUNT]; /* DATA_LOST: index + 1 */
    uint16_t due_slot[VG_VITAL_COUNT];   /* VITAL_DUE */
    uint16_t sink_slot[VG_SINKS_MAX];    /* SINK_LOST */
    uint16_t slot_count;
    struct vg_limits limits; /* in force: of the session, or the configuration's */
    struct vg_phase phase;
    struct vg_inhibit audio;
    struct vg_inhibit vital[VG_VITAL_COUNT];
    struct vg_quiet quiet;
    struct vg_recent recent[VG_BASE_COUNT];
    int64_t cuff_start_ns[VG_CUFF_STARTS_HOUR]; /* the last ones on this person; a ring */
    uint8_t cuff_start_next;
    int64_t test_until_ns; /* sinks sound a test signal so long */
    uint8_t test_priority;
    bool link, room; /* a remote sink is well; no room sink is missing */
    uint16_t receipt_next;
    bool replayed;                      /* a recorded event touched this bed */
    struct vg_slot slots[VG_SLOTS_MAX]; /* 0..VG_COND_COUNT-1: the condition itself */
    struct vg_receipt receipts[VG_RECEIPTS_MAX];
};

struct vg_engine {
    uint64_t seq;     /* last number given */
    int64_t begun_ns; /* when this run of the program began to watch */
    bool storage_bad; /* as the daemon said last */
    bool clock_bad;   /* nothing keeps the wall clock right */
    bool as_recorded; /* a record is played again: determinations are taken from it */
    uint16_t bed_count;
    uint16_t device_count;
    uint8_t profile_count;
    struct vg_limits profiles[VG_PROFILES_MAX]; /* 0: what a session begins with */
    struct vg_routing routing;
    struct vg_scales scales;
    uint8_t protocol_count;
    struct vg_protocol protocols[VG_PROTOCOLS_MAX];
    bool sink_ok[VG_SINKS_MAX];   /* well */
    bool sink_lost[VG_SINKS_MAX]; /* known to be lost; neither: not heard yet */
    struct vg_bed beds[VG_BEDS_MAX];
    struct vg_member devices[VG_DEVICES_MAX];
};

/* vg_engine_init -- empty state; the storage must be zeroed by its owner (it is large and mostly
 * never touched). limits are copied. Range: bed_count <= VG_BEDS_MAX. */
void vg_engine_init(struct vg_engine *e, uint16_t bed_count, const struct vg_limits *limits);

/* vg_engine_add_profile -- further limits a session may choose; index 1, 2 ... in order of calls. */
void vg_engine_add_profile(struct vg_engine *e, const struct vg_limits *limits);

/* vg_engine_add_protocol -- copied; its index is the number of earlier calls. */
void vg_engine_add_protocol(struct vg_engine *e, const struct vg_protocol *p);

/* vg_engine_set_scales -- what scores are by; copied. Before the first event. */
void vg_engine_set_scales(struct vg_engine *e, const struct vg_scales *scales);

/* vg_engine_set_routing -- sinks and times; copied. Before the first event. */
void vg_engine_set_routing(struct vg_engine *e, const struct vg_routing *routing);

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
 * Uses decisions and commands: session, dose, ack, nibp_command, alarm, cuff moves, limits, care
 * and bindings; other kinds only advance the sequence number. After the last one the caller feeds each
 * touched bed one DAEMON event RESTARTED, which announces what was restored.
 */
void vg_engine_replay(struct vg_engine *e, const struct vg_event *ev);

/* vg_engine_remember -- a recorded command, only so that its request id is known. Before replay. */
void vg_engine_remember(struct vg_engine *e, const struct vg_event *ev);

/* vg_engine_take_back -- the record knew this command already, under an older number than the ring of
 * receipts remembers: a dose in it must not be counted twice. Other commands are what they are. */
void vg_engine_take_back(struct vg_engine *e, const struct vg_event *ev);

/* vg_engine_open_alarms -- the open instances of a bed as alarm events, highest priority first,
 * oldest first within a priority. Returns how many are open; at most cap are written. */
size_t vg_engine_open_alarms(const struct vg_engine *e, uint16_t bed, int64_t now_ns,
                             struct vg_event *out, size_t cap);

/* What one open instance is beside its alarm event. */
struct vg_alarm_more {
    const struct vg_slot *slot;
    uint8_t inhibit; /* enum vg_inhibit_state that keeps it from being heard, or ON */
};

/* vg_engine_alarm_more -- of an open instance; false when there is none with that number. */
bool vg_engine_alarm_more(const struct vg_engine *e, uint16_t bed, uint64_t instance,
                          struct vg_alarm_more *out);

/* vg_engine_audible -- the one instance that sinks of a role sound now, or NULL: a pure function of
 * the states of all machines. Highest priority first, the newest among equals. */
const struct vg_slot *vg_engine_audible(const struct vg_engine *e, uint16_t bed,
                                        enum vg_sink_role role);

/* vg_engine_vital -- the latest sample of a vital of a device as a reading event with its age;
 * false when there never was one. */
bool vg_engine_vital(const struct vg_engine *e, uint16_t device, enum vg_vital v, int64_t now_ns,
                     struct vg_event *out);

/* vg_engine_device_state -- the present connection state of a device as a device event. */
void vg_engine_device_state(const struct vg_engine *e, uint16_t device, const struct vg_now *now,
                            struct vg_event *out);

/* vg_engine_is_bound_elsewhere -- does the device belong to an open session of another bed? */
bool vg_engine_is_bound_elsewhere(const struct vg_engine *e, uint16_t device);

/* vg_engine_protocol -- of the open session of a bed, or NULL. */
const struct vg_protocol *vg_engine_protocol(const struct vg_engine *e, uint16_t bed);

/* What stands between a person and the next dose, from recorded facts alone. */
struct vg_gate_answer {
    uint32_t missing;   /* bit set of enum vg_gate_item that do not hold */
    uint32_t hard;      /* those of `missing` that nobody may override */
    uint32_t deviating; /* those of `missing` that are not overridden: the gate is open when 0 */
};
/* vg_gate_judge -- all conditions at one time. Range: a bed with an open session. Without a
 * protocol nothing is asked. */
struct vg_gate_answer vg_gate_judge(const struct vg_engine *e, uint16_t bed, int64_t now_ns);

/* vg_discharge_judge -- bit set over the checks of the protocol that do not hold now; 0 = all do. */
uint32_t vg_discharge_judge(const struct vg_engine *e, uint16_t bed, int64_t now_ns);

/* vg_discharge_earliest_ns -- when the observation floor of the protocol has passed; VG_TIME_NONE
 * before the first dose and without a protocol, INT64_MAX while an infusion runs. */
int64_t vg_discharge_earliest_ns(const struct vg_engine *e, uint16_t bed);

/* One drug of a session. remaining = drawn - given - wasted, and may be negative: then something
 * was not recorded. */
struct vg_totals {
    int64_t drawn_ug, given_ug, wasted_ug, remaining_ug;
    int64_t infused_ug; /* part of given: infusions, rate by time */
    int64_t rate_ug_h;  /* now */
    uint16_t count;     /* doses that are not void */
};
/*
 * vg_dose_totals -- what is known of a drug at a time; NULL: of all drugs together, each by itself.
 *
 * Doses after `now` do not count. An infusion adds its rates by milliseconds, exactly, and is
 * rounded down to a microgram once, at the end. Cost: O(n^2) of the session's doses.
 */
void vg_dose_totals(const struct vg_session *s, const char *drug, int64_t now_ns,
                    struct vg_totals *out);

/* vg_engine_bed_is_test -- is any device of the bed a simulator? */
bool vg_engine_bed_is_test(const struct vg_engine *e, uint16_t bed);

#endif
