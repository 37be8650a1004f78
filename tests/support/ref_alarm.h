/*
 * ref_alarm.h -- what a bed's alarms do, written a second time, from the prose and not from the tables.
 *
 * One bed, one oximeter, four sinks: two of the staff, a second person, the room. Machine C comes from
 * ref_condition; freshness, the way to people, inhibition, quiet mode, phase, sessions, restarts and
 * what is audible are here, as plain branches. tests/property/prop_alarm_reference.c steps it beside
 * the engine and compares everything after every step.
 *
 * It numbers instances by itself, 1, 2, 3 ...; the engine's numbers must grow in the same order.
 */
#ifndef VIGIL_TESTS_SUPPORT_REF_ALARM_H
#define VIGIL_TESTS_SUPPORT_REF_ALARM_H

#include "tests/support/ref_condition.h"
#include "vigil/event.h"

enum ref_vital { REF_SPO2, REF_PR, REF_VITALS };
enum ref_sink { REF_DESK, REF_PAGER, REF_SECOND, REF_ROOM, REF_SINKS };

/* The conditions that can occur, physiological ones first. */
enum ref_id {
    REF_SPO2_LOW,
    REF_DESAT,
    REF_PR_LOW,
    REF_PR_HIGH,
    REF_PR_XLOW,
    REF_PR_XHIGH,
    REF_PHYS,
    REF_SENSOR = REF_PHYS,
    REF_LOST_SPO2,
    REF_LOST_PR,
    REF_LINK,
    REF_SED,
    REF_BATTERY,
    REF_SINK_LOST,
    REF_RESTARTED = REF_SINK_LOST + REF_SINKS,
    REF_COUNT
};

/* Who is told of one instance. */
enum ref_way { REF_NOBODY, REF_STAFF_SENT, REF_STAFF_HAS_IT, REF_SECOND_TOO, REF_EVERYWHERE };

struct ref_alarm {
    struct ref_condition c;
    enum vg_priority priority;
    enum ref_way way;
    int64_t way_since; /* when the present way began */
    bool paused;
    unsigned told;   /* sinks that confirmed, one bit each */
    unsigned in_row; /* violating samples in a row */
    bool has_last;
    int32_t last;       /* last value compared */
    int64_t last_at;    /* when it was measured */
    int64_t stands_for; /* the sample that is compared now: time since the one before */
    int32_t limit;
    /* What the record says last; the next run of the program knows nothing else. */
    enum vg_cond_state said;
    int64_t recent[3]; /* starts of violation of this run, newest first */
    unsigned recent_count;
};

struct ref_freshness {
    enum vg_freshness st;
    bool has;
    int64_t valid_at;
    unsigned good; /* valid samples in a row while not fresh */
};

/* One thing that may be inhibited: the sound, or the signals of a vital. */
struct ref_inhibition {
    enum vg_inhibit_state st;
    int64_t until;
};

struct ref_bed {
    int64_t now;
    uint64_t numbers; /* instances so far */
    struct ref_alarm a[REF_COUNT];
    struct ref_freshness f[REF_VITALS];
    /* the device */
    bool online, battery_low, sensor_off;
    int64_t offline_since, watching_since;
    bool has_back;
    int64_t back_at; /* when the last alarm of its link or sensor ended */
    /* people */
    bool session;
    int64_t session_since;
    bool has_dose, infusion, infused; /* an infusion runs; one ran */
    int64_t dose_at;
    bool dosing; /* as it was judged last */
    bool judged_session;
    bool quiet;
    int64_t quiet_until, quiet_written; /* and as the record has it, in whole seconds */
    /* sinks */
    bool sink_ok[REF_SINKS], sink_lost[REF_SINKS]; /* neither: not heard yet */
    int32_t sat_seconds;                           /* of SPO2_LOW; 0 = none */
    struct ref_inhibition sound;
    struct ref_inhibition vital[REF_VITALS];
};

/* The bed before anything happened; limits are those of the catalogue, but for SatSeconds. */
void ref_bed_init(struct ref_bed *b, int64_t now, int32_t sat_seconds);

/* What happens, at b->now. */
void ref_bed_tick(struct ref_bed *b);
void ref_bed_sample(struct ref_bed *b, enum ref_vital v, int32_t milli, enum vg_quality q,
                    int64_t age);
void ref_bed_port(struct ref_bed *b, bool online);
void ref_bed_sensor(struct ref_bed *b, bool off, bool battery_low);
void ref_bed_sink(struct ref_bed *b, enum ref_sink s, bool ok);
void ref_bed_receipt(struct ref_bed *b, enum ref_sink s, uint64_t number);
/* The limits of a session moved. */
void ref_bed_limits(struct ref_bed *b, const int32_t limits[REF_PHYS]);
/* The program dies and another one reads the record at b->now. */
void ref_bed_restart(struct ref_bed *b);

/* What people ask; false: refused. */
bool ref_bed_open(struct ref_bed *b);
bool ref_bed_close(struct ref_bed *b, bool override);
bool ref_bed_ack(struct ref_bed *b, uint64_t number);
bool ref_bed_dose(struct ref_bed *b, enum vg_dose_kind kind, int64_t amount);
bool ref_bed_sedation(struct ref_bed *b, int score);
bool ref_bed_quiet(struct ref_bed *b, bool on);
bool ref_bed_pause_sound(struct ref_bed *b);
bool ref_bed_inhibit(struct ref_bed *b, enum vg_inhibit_what what, enum ref_vital v);

/* Which condition sinks of that role sound now; REF_COUNT: none. */
enum ref_id ref_bed_audible(const struct ref_bed *b, enum vg_sink_role role);

bool ref_is_open(const struct ref_alarm *a);

#endif
