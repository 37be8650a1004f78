/*
 * core_builder.h -- an engine with beds, devices and a virtual clock, for tests of the core.
 *
 * An engine is tens of megabytes of which a test touches a few kilobytes, so the engines live here
 * and core_new() clears only what the test before used. Every event enters through core_feed(),
 * which numbers and stamps it as the daemon does and keeps what came out: the effects of the last
 * step, every alarm event since core_forget(), and everything that was to be recorded.
 */
#ifndef VIGIL_TESTS_SUPPORT_CORE_BUILDER_H
#define VIGIL_TESTS_SUPPORT_CORE_BUILDER_H

#include "core/alarm_catalogue.h"
#include "core/alarm_limits.h"
#include "core/engine.h"

#define CORE_ENGINES 2
#define CORE_ALARMS_MAX 16384
#define CORE_RECORD_MAX 65536
/* Wall time minus mono time, unless a test changes utc_offset_ns. */
#define CORE_UTC_OFFSET_NS (INT64_C(1700000000) * VG_NS_PER_S)
#define CORE_S(n) ((n)*VG_NS_PER_S)

struct core {
    struct vg_engine *engine;
    int64_t now_ns;
    int64_t utc_offset_ns;
    struct vg_event in;     /* the last input */
    struct vg_effects fx;   /* of the last step */
    size_t alarm_count;     /* alarm events since core_forget() */
    size_t record_count;    /* decisions and commands to be recorded since core_new() */
    uint64_t record_last;   /* highest number that was to be recorded, samples included */
    uint32_t request_count; /* makes request ids unique */
    struct vg_event alarms[CORE_ALARMS_MAX];
    struct vg_event record[CORE_RECORD_MAX];
};

/* core_new -- engine number `which`, empty, time at start_ns. limits NULL: the defaults. */
struct core *core_new(unsigned which, uint16_t beds, const struct vg_limits *limits,
                      int64_t start_ns);
uint16_t core_add_oximeter(struct core *c, uint16_t bed);
uint16_t core_add_cuff(struct core *c, uint16_t bed);
uint16_t core_add(struct core *c, uint16_t bed, uint32_t vitals, bool is_cuff, bool test);

/* Number, stamp with the present time, step, keep what came out. */
const struct vg_effects *core_feed(struct core *c, struct vg_event *ev);
struct vg_event core_event(const struct core *c, enum vg_event_kind kind, uint16_t bed,
                           uint16_t device);

/* Time: core_wait feeds ticks to every bed on the grid; core_jump feeds nothing. */
void core_tick(struct core *c, uint16_t bed);
void core_wait(struct core *c, int64_t ns);
void core_jump(struct core *c, int64_t ns);

/* What devices say. */
void core_reading(struct core *c, uint16_t device, enum vg_vital v, int32_t milli,
                  enum vg_quality q);
void core_aged(struct core *c, uint16_t device, enum vg_vital v, int32_t milli, int64_t age_ns);
void core_spo2(struct core *c, uint16_t device, int32_t percent);
void core_pulse(struct core *c, uint16_t device, int32_t rate);
/* One good SpO2 or pulse rate a second, with ticks between, for so many seconds. */
void core_stream(struct core *c, uint16_t device, enum vg_vital v, int32_t milli, int seconds);
void core_port(struct core *c, uint16_t device, enum vg_port_state to);
void core_signal(struct core *c, uint16_t device, uint32_t bits);
void core_word(struct core *c, uint16_t device, enum vg_cuff_word word);
void core_result(struct core *c, uint16_t device, int32_t sys, int32_t dia);
void core_result_error(struct core *c, uint16_t device, enum vg_nibp_error error);
void core_clock_step(struct core *c, uint16_t bed, int64_t step_ns);
void core_daemon(struct core *c, uint16_t bed, enum vg_daemon_what what);

/* What an alarm sink says of itself, or of one instance (RECEIPT). To one bed; the daemon tells a word
 * about a sink to every bed. */
void core_sink(struct core *c, uint16_t bed, uint8_t sink, enum vg_sink_what what,
               uint64_t instance);

/* What people ask. Each makes a fresh request id and returns the answer's effect. */
const struct vg_effect *core_open_session(struct core *c, uint16_t bed, const char *patient);
const struct vg_effect *core_close_session(struct core *c, uint16_t bed, const char *reason);
const struct vg_effect *core_ack(struct core *c, uint16_t bed, uint64_t instance);
/* amount_ug as if typed in ug, or ug/h for a rate; a kind without an amount ignores it. */
const struct vg_effect *core_dose(struct core *c, uint16_t bed, enum vg_dose_kind kind,
                                  int64_t amount_ug, int64_t given_utc_ns);
const struct vg_effect *core_command(struct core *c, uint16_t bed, uint16_t device,
                                     enum vg_request_what what);
const struct vg_effect *core_inhibit(struct core *c, uint16_t bed, enum vg_inhibit_what what,
                                     enum vg_vital v);
const struct vg_effect *core_limits(struct core *c, uint16_t bed, enum vg_limits_what what,
                                    uint8_t index, int32_t limit_milli);
/* It happens now. */
const struct vg_effect *core_care(struct core *c, uint16_t bed, enum vg_care_what what,
                                  int32_t first, int32_t second);
/* One whole determination that ends with these numbers, and the cooldown after it. */
void core_measure(struct core *c, uint16_t device, int32_t sys, int32_t dia);
void core_measure_fails(struct core *c, uint16_t device, enum vg_nibp_error error);

/* What came out. The finders return NULL when there is none. */
void core_forget(struct core *c);
const struct vg_effect *core_reply(const struct core *c);
const struct vg_effect *core_effect(const struct core *c, enum vg_event_kind kind);
const struct vg_effect *core_asked(const struct core *c, enum vg_request_what what);
/* The last alarm event of a condition with that word since core_forget(). */
const struct vg_event *core_alarm(const struct core *c, enum vg_condition cond,
                                  enum vg_alarm_what what);
size_t core_count_alarms(const struct core *c, enum vg_condition cond, enum vg_alarm_what what);
const struct vg_slot *core_slot(const struct core *c, uint16_t bed, enum vg_condition cond,
                                uint16_t subject);
/* VG_CS_DISARMED when the slot does not exist. */
enum vg_cond_state core_state(const struct core *c, uint16_t bed, enum vg_condition cond,
                              uint16_t subject);

/* core_replay -- what `from` recorded, in order of sequence, into the empty engine of `to`. Its own
 * record then holds what a further restart would read of it: open sessions with all that was said in
 * them, and the last hour of cuffs. Protocols and scales are of the caller, as in the daemon. */
void core_replay(struct core *to, const struct core *from);

/* Random numbers: splitmix64 with one state. core_seed takes VG_SEED or the given seed, prints it
 * and returns it; core_cases takes VG_CASES or the given number. */
uint64_t core_seed(uint64_t unless_set);
unsigned core_cases(unsigned unless_set);
uint64_t core_random(void);
uint32_t core_below(uint32_t n);

#endif
