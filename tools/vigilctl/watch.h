/*
 * watch.h -- what the live view knows of each bed, and how old it is by this machine's own clock.
 */
#ifndef VIGIL_TOOLS_VIGILCTL_WATCH_H
#define VIGIL_TOOLS_VIGILCTL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/client.h"
#include "vigil/event.h"

/* Devices of one bed that are shown; a bed has two or three. */
#define WATCH_DEVICES_MAX 8
/* The heartbeat comes every second; three missed in a row are a lost link. */
#define WATCH_LOST_NS (3 * VG_NS_PER_S)

enum watch_look { LOOK_NONE, LOOK_OLD, LOOK_CURRENT }; /* no value; dimmed; as it is */

struct watch_reading {
    bool known; /* some frame was seen */
    bool has_value;
    bool questionable;
    bool test;
    int32_t value;       /* in the wire unit */
    int64_t age_ms;      /* as the frame said */
    int64_t received_ns; /* when it was received, our clock */
    int64_t daemon_ms;   /* when it was sent, the daemon's clock */
    int64_t utc_ms;      /* of the sample */
    char device[VG_ID_MAX];
};

struct watch_device {
    char id[VG_ID_MAX];
    char state[16];
    char determination[16]; /* empty when not a cuff */
    char signals[64];       /* what the sensor says of itself */
    bool online;
};

struct watch_alarm {
    uint64_t instance;
    uint8_t priority; /* enum vg_priority */
    bool ack, held, has_value, test;
    bool over; /* latched: no longer violated, kept until somebody acknowledges it */
    int32_t value_milli, limit_milli;
    char condition[24];
    char about[VG_ID_MAX]; /* device, vital or sink */
    char route[16];        /* word of the wire */
    char inhibited[16];    /* why it is not heard; empty when it is */
};

/* Something that keeps alarms from being heard. */
struct watch_inhibition {
    char scope[VG_ID_MAX]; /* a vital, or "audio" */
    char state[16];
    char operator_id[VG_NAME_MAX];
    char reason[VG_REASON_MAX];
    int64_t left_ms; /* when it was received; -1 = until somebody ends it */
};

#define WATCH_INHIBITIONS_MAX (VG_VITAL_COUNT + 1)

/* What a bed says of itself besides alarms, in one .alarms frame or snapshot. */
struct watch_signals {
    int64_t received_ns;
    bool quiet;
    int64_t quiet_left_ms;
    int64_t test_left_ms; /* a test signal sounds */
    char watcher[VG_NAME_MAX];
    size_t count, sinks_lost;
    struct watch_inhibition of[WATCH_INHIBITIONS_MAX];
    char sink_lost[VG_SINKS_MAX][VG_ID_MAX];
};

struct watch_bed {
    char id[VG_ID_MAX];
    char name[64];
    char patient[VG_NAME_MAX];
    char nibp_error[24];
    int64_t nibp_error_utc_ms;
    int64_t heartbeat_ns; /* when the last .alarms frame was received */
    bool gone;            /* no longer in the daemon's configuration */
    bool session, test, unsaved;
    size_t device_count;
    size_t open, listed;
    struct watch_reading vital[VG_VITAL_COUNT];
    struct watch_device device[WATCH_DEVICES_MAX];
    struct watch_alarm alarm[VG_WIRE_ALARMS_MAX];
    struct watch_signals signals;
};

struct watch {
    struct vg_client *client;
    const char *only; /* one bed, or NULL */
    size_t bed_count;
    bool ask; /* a snapshot is due */
    bool storage_bad;
    int64_t asked_ns;
    int64_t now_ns; /* of this turn */
    int64_t utc_ns;
    int64_t heard_ns;  /* last frame of anything */
    int64_t daemon_ms; /* newest time of the daemon's clock that was seen */
    struct watch_bed bed[VG_BEDS_MAX];
};

/* watch_model.c */
void watch_snapshot(struct watch *w, const json_t *reply);
void watch_apply(struct watch *w, const struct vg_client_update *u);

/* watch_alarm.c: the list replaces what is known. Storage is bad while a bed says so. */
void watch_take_alarms(struct watch_bed *b, const json_t *list, size_t open);
bool watch_is_storage_bad(const json_t *list);

/* watch_signals.c: what keeps alarms from being heard. o: a bed of a snapshot, or .alarms. */
void watch_take_signals(struct watch_bed *b, const json_t *o, int64_t received_ns);
/* A duration that was said, now; -1 stays -1. */
int64_t watch_left_ms(const struct watch *w, const struct watch_bed *b, int64_t left_ms);
/* Line i of what must stay visible: quiet mode, pauses, lost sinks, a test signal; false past the
 * last one. */
#define WATCH_SIGNAL_LINE_MAX 160
bool watch_signal_line(const struct watch *w, const struct watch_bed *b, size_t i,
                       char out[WATCH_SIGNAL_LINE_MAX]);

/* watch_age.c */
bool watch_is_lost(const struct watch *w, const struct watch_bed *b);
int64_t watch_age_ms(const struct watch *w, const struct watch_reading *r);
enum watch_look watch_look(const struct watch *w, const struct watch_bed *b, enum vg_vital v);
/* The device whose cuff is at work; NULL when none is. */
const struct watch_device *watch_cuff(const struct watch_bed *b);
const char *watch_age_text(int64_t age_ms, char out[16]);
/* "88 < 90", empty when the alarm has no value. */
const char *watch_limit_text(const struct watch_alarm *a, char out[40]);

/* watch_screen.c, watch_plain.c */
void watch_screen(const struct watch *w, bool first);
void watch_screen_end(void);
void watch_plain(const struct watch *w);
void watch_json(const struct watch *w);

#endif
