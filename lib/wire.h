/*
 * wire.h -- events as frames, requests as events: the one place that knows both forms.
 *
 * docs/wire.md is the specification. Encoders write into the caller's buffer and never allocate;
 * the decoder of requests uses jansson and refuses whatever it does not know.
 */
#ifndef VIGIL_LIB_WIRE_H
#define VIGIL_LIB_WIRE_H

#include <stddef.h>

#include "lib/json.h"
#include "vigil/event.h"
#include "vigil/protocol.h"
#include "vigil/status.h"
#include "vigil/wire.h"

/* Names behind the indices of events. Retained by whoever encodes; strings are the owner's. */
struct vg_wire_names {
    const char *node;
    const char *boot;
    uint16_t bed_count;
    uint16_t device_count;
    uint8_t sink_count;
    uint8_t profile_count;
    const char *bed[VG_BEDS_MAX];
    const char *device[VG_DEVICES_MAX];
    const char *sink[VG_SINKS_MAX];
    const char *profile[VG_PROFILES_MAX];
    uint16_t scale_count;
    uint8_t protocol_count;   /* known: offered ones first, then those of running sessions */
    uint8_t protocol_offered; /* to a session that opens */
    const char *scale[VG_SCALES_MAX];
    const char *protocol[VG_PROTOCOLS_MAX];
    const struct vg_protocol *protocols; /* protocol_count of them: hash, checks, phases */
};

struct vg_wire_frame {
    size_t topic_len;
    size_t body_len;
    char topic[VG_TOPIC_MAX];
    char body[VG_WIRE_MAX];
};

const char *vg_wire_bed(const struct vg_wire_names *n, uint16_t bed);
const char *vg_wire_device(const struct vg_wire_names *n, uint16_t device);

/* vg_wire_topic -- topic of an event that is published; false for kinds that are not. */
bool vg_wire_topic(const struct vg_wire_names *n, const struct vg_event *ev,
                   char topic[VG_TOPIC_MAX], size_t *topic_len);

/* vg_wire_alarms_topic -- topic of a bed's alarm state, which is no event. Range: a known bed. */
bool vg_wire_alarms_topic(const struct vg_wire_names *n, uint16_t bed, char topic[VG_TOPIC_MAX],
                          size_t *topic_len);

/* What a frame carries beside its event. */
struct vg_wire_stamp {
    uint64_t count;    /* per-topic counter: a gap means that a frame was lost */
    bool snapshot;     /* the frame repeats an older state */
    const char *extra; /* members that travel beside the event; NULL = none */
};

/* vg_wire_private_at -- where the private part of extra members, or of a recorded object, begins
 * (with its comma); the length when there is none. */
size_t vg_wire_private_at(const char *text);

/* vg_wire_scales -- the scales of a set of bits, as an array of ids. */
void vg_wire_scales(struct vg_json *j, const struct vg_wire_names *n, const char *key,
                    uint32_t bits);

/*
 * vg_wire_event -- the body of an event.
 *
 * VG_ERR_FULL when it does not fit (cannot happen with VG_WIRE_MAX; tested).
 */
enum vg_status vg_wire_event(const struct vg_wire_names *n, const struct vg_event *ev,
                             struct vg_wire_stamp stamp, char *body, size_t cap, size_t *len);

/* vg_wire_event_members -- the members of an event into an object that is open in j. */
void vg_wire_event_members(struct vg_json *j, const struct vg_wire_names *n,
                           const struct vg_event *ev);

/* ... and only those of its kind: what the record keeps beside its columns. */
void vg_wire_kind_members(struct vg_json *j, const struct vg_wire_names *n,
                          const struct vg_event *ev);

/* What an open instance is beside its event. */
struct vg_wire_alarm_more {
    uint8_t category; /* enum vg_category */
    uint8_t route;    /* enum vg_route_state */
    uint8_t inhibit;  /* enum vg_inhibit_state */
    uint16_t told;    /* sinks that confirmed */
};

/* One open instance as an object of a list. explain: with the line for people. */
void vg_wire_alarm_entry(struct vg_json *j, const struct vg_wire_names *n,
                         const struct vg_event *ev, const struct vg_wire_alarm_more *more,
                         bool explain);

#define VG_EXPLAIN_MAX 256
/* lib/wire_explain.c: one line that says why an instance is open: what value against what limit,
 * since when, who was told. ASCII but for units; cut to cap. */
void vg_wire_explain(const struct vg_wire_names *n, const struct vg_event *ev,
                     const struct vg_wire_alarm_more *more, char *out, size_t cap);

/* What sinks of one role sound now; instance 0 = nothing. */
struct vg_wire_sound {
    uint64_t instance;
    uint16_t telling;
    uint8_t priority, category;
};

/* One inhibition in force. */
struct vg_wire_inhibition {
    uint8_t vital;   /* VG_VITAL_COUNT: the sound of the bed */
    uint8_t state;   /* enum vg_inhibit_state */
    int64_t left_ns; /* until it ends; -1 = a person must end it */
    const char *operator_id;
    const char *reason;
};

struct vg_wire_quiet {
    bool on;
    int64_t left_ns; /* -1 = without end */
    const char *operator_id;
};

/* What the whole alarm state of one bed is made of. */
struct vg_wire_alarms {
    uint16_t bed;
    uint64_t session;
    uint64_t count; /* gapless counter of this topic */
    uint64_t run;   /* changes with every start of the daemon; counters begin anew then */
    const struct vg_now *now;
    size_t open_count; /* open instances in all */
    size_t listed;     /* entries of alarm[] */
    const struct vg_event *alarm;
    const struct vg_wire_alarm_more *more; /* one for each of alarm[] */
    struct vg_wire_sound sound[VG_SINK_ROLES];
    size_t inhibition_count;
    const struct vg_wire_inhibition *inhibition;
    struct vg_wire_quiet quiet;
    int64_t test_left_ns; /* a test signal is asked for so long; 0 = not */
    uint8_t test_priority;
    bool test; /* any device of the bed is a simulator */
};

/* The members "inhibited" and "quiet" into an object that is open in j. */
void vg_wire_inhibitions(struct vg_json *j, const struct vg_wire_alarms *a);

/* vg_wire_alarms -- body of v1.<bed>.alarms: state, and the daemon's heartbeat. */
enum vg_status vg_wire_alarms(const struct vg_wire_names *n, const struct vg_wire_alarms *a,
                              char *body, size_t cap, size_t *len);

/* A request from view or operate. */
struct vg_request {
    enum vg_op op;
    struct vg_event ev;       /* operate: the event to feed (no seq, no time but given-at) */
    bool has_time;            /* given_at or at was stated; else the caller puts its now */
    char extra[VG_EXTRA_MAX]; /* members that travel beside the event, private ones last */
    uint16_t bed;             /* RANGE, HISTORY, SNAPSHOT, LIMITS: bed filter or VG_BED_NONE */
    uint64_t from_seq;        /* RANGE, HISTORY */
    uint64_t session;         /* HISTORY: of one session, 0 = all */
    uint32_t limit;           /* RANGE, HISTORY: rows, 1..500 */
    bool healthy;             /* SINK_ALIVE */
    char why[160];            /* what is wrong and what to do; ASCII */
};

/*
 * vg_wire_request -- bytes of a request to a typed request.
 *
 *   out  on failure out->why is one sentence that names the member and the cure
 * Errors: VG_ERR_FORMAT (not JSON), VG_ERR_ARG (member missing, unknown, of a wrong type),
 * VG_ERR_RANGE (number or text outside its range). Nothing is guessed: an amount is decimal text
 * or an integer with a unit of quantity.h.
 */
enum vg_status vg_wire_request(const struct vg_wire_names *n, const char *bytes, size_t len,
                               bool operate, struct vg_request *out);

/* A reply. */
struct vg_reply {
    enum vg_status status;
    const char *error;      /* NULL when ok: name of the refusal or status, for scripts */
    const char *text;       /* for people */
    const char *request_id; /* may be NULL */
    uint64_t receipt;       /* 0 = none */
    bool recorded;          /* it is on disk */
    bool duplicate;
    bool plain;                /* nothing to be recorded: only ok */
    const struct vg_event *ev; /* a dose or weight: what it became; NULL = none */
};
enum vg_status vg_wire_reply(const struct vg_reply *r, char *body, size_t cap, size_t *len);

#define VG_WIRE_UTC_MAX 48
/* vg_wire_utc -- ISO 8601 text with milliseconds: "2026-11-24T07:31:43.120Z". */
void vg_wire_utc(int64_t utc_ns, char out[VG_WIRE_UTC_MAX]);
/* vg_wire_parse_utc -- the same form (fraction optional, Z or +hh:mm) back; false if malformed. */
bool vg_wire_parse_utc(const char *text, int64_t *utc_ns);

#endif
