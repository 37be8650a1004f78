/*
 * step.h -- what the parts of the core share while one event is handled. Private to core/.
 */
#ifndef VIGIL_CORE_STEP_H
#define VIGIL_CORE_STEP_H

#include "core/engine.h"

struct vg_step {
    struct vg_engine *e;
    struct vg_bed *bed;
    const struct vg_event *in;
    struct vg_effects *out;
};

/* An event derived from the input: numbered, stamped, on the same bed and session. The effect is
 * the last of out until the next call. */
struct vg_effect *vg_step_emit(struct vg_step *st, enum vg_event_kind kind, uint16_t device,
                               uint8_t verbs);

/* Room for at least n more effects? */
bool vg_step_has_room(const struct vg_step *st, size_t n);

/* --- alarm.c ------------------------------------------------------------------------------- */

void vg_alarm_init(struct vg_bed *bed);
/* A valid sample of a vital: arm, class, step every condition of that vital. raise_only: may
 * raise a condition but not clear one. */
void vg_alarm_sample(struct vg_step *st, enum vg_vital v, int32_t value_milli, bool raise_only,
                     uint16_t device, uint16_t flags);
/* Nobody has a value of this vital any more. */
void vg_alarm_stale(struct vg_step *st, enum vg_vital v);
/* A technical condition is (not) present. subject: device index, vital or VG_SUBJECT_NONE. */
void vg_alarm_technical(struct vg_step *st, enum vg_condition c, uint16_t subject, bool present,
                        enum vg_priority prio);
/* Is an instance of high priority open, whatever became of it? */
bool vg_alarm_is_high_open(const struct vg_bed *bed);
bool vg_alarm_is_open(const struct vg_step *st, enum vg_condition c, uint16_t subject);
/* ... and present now, not only a sign of it. */
bool vg_alarm_is_active(const struct vg_step *st, enum vg_condition c, uint16_t subject);
void vg_alarm_tick(struct vg_step *st);
enum vg_refusal vg_alarm_acknowledge(struct vg_step *st, uint64_t instance,
                                     const char *operator_id);
/* The session ends. override = operator of a named override, or NULL. */
void vg_alarm_session_end(struct vg_step *st, const char *override);
size_t vg_alarm_open_count(const struct vg_bed *bed);
/* The limit of a physiological condition moved, by a person. */
void vg_alarm_limits_moved(struct vg_step *st, enum vg_condition c, const char *operator_id);
void vg_alarm_fill(struct vg_alarm_event *a, const struct vg_slot *s, int64_t now_ns);
void vg_alarm_restart(struct vg_step *st);
void vg_alarm_replay(struct vg_engine *e, const struct vg_event *ev);

/* --- session.c ----------------------------------------------------------------------------- */

void vg_session_step(struct vg_step *st);
void vg_session_replay(struct vg_engine *e, struct vg_bed *bed, const struct vg_event *ev);
/* Which devices the open session of the bed has; one event each. */
void vg_session_bind(struct vg_step *st);

/* --- dose.c, dose_total.c, gate.c ---------------------------------------------------------- */

void vg_dose_step(struct vg_step *st);
void vg_dose_replay(struct vg_step *st);
/* The dose of which a row is the first or the last word; NULL: of none. */
struct vg_dose_entry *vg_dose_find(struct vg_session *s, uint64_t seq);
void vg_dose_take_back(struct vg_session *s, const struct vg_event *ev);
/* VG_REFUSED_NOT, or why something cannot have happened then. */
enum vg_refusal vg_happened_check(const struct vg_step *st, int64_t at_utc_ns);
/* Clock and rate of a session from its doses. */
void vg_dose_clock_set(struct vg_session *s, int64_t now_ns);
/* One condition of the gate; what is no item never holds. */
bool vg_gate_holds(const struct vg_engine *e, const struct vg_bed *bed,
                   const struct vg_gate_rules *g, enum vg_gate_item item, int64_t now_ns);
/* Does it need an infusion of its drug that runs, and is there one? True when it needs none. */
bool vg_dose_has_infusion(const struct vg_session *s, const struct vg_dose *d);
/* What is known of the drug without the dose that began with row `except` (0: with all). */
void vg_dose_totals_but(const struct vg_session *s, const char *drug, uint64_t except,
                        int64_t now_ns, struct vg_totals *out);
/* d->deviation and d->gate, from the protocol of the session. */
void vg_deviation_judge(const struct vg_step *st, struct vg_dose *d);

/* --- schedule.c ---------------------------------------------------------------------------- */

/* A dose was given or corrected: `dose` is the row that reported it first. */
void vg_schedule_dosed(struct vg_step *st, uint64_t dose);
void vg_schedule_replay_dose(struct vg_step *st, uint64_t dose);
void vg_schedule_replay_score(struct vg_step *st, uint32_t scale, int64_t at_ns);
void vg_schedule_replay(struct vg_bed *bed, const struct vg_event *ev);
/* A blood pressure (scale 0) or the score of one scale (its bit) was made. */
void vg_schedule_made(struct vg_step *st, uint32_t scale, int64_t at_ns);
/* Who has to be told that something is late. */
void vg_schedule_judge(struct vg_step *st);
void vg_schedule_tick(struct vg_step *st);
void vg_schedule_end(struct vg_step *st);
/* Ask a cuff, if one may be asked for what is due. */
void vg_schedule_cuff(struct vg_step *st);
void vg_schedule_cuff_aborted(struct vg_step *st);
enum vg_refusal vg_schedule_defer(struct vg_step *st, int32_t by_s);

/* --- receipts (session.c) ------------------------------------------------------------------ */

/* Answers and returns true when this request id was already carried out. */
bool vg_receipt_answer_known(struct vg_step *st, const char *request_id);
void vg_receipt_remember(struct vg_bed *bed, const struct vg_event *ev);
/* Record the input event and answer it once it is on disk. */
void vg_receipt_accept(struct vg_step *st, uint8_t more_verbs);
void vg_receipt_refuse(struct vg_step *st, enum vg_refusal why);
/* text: static, or NULL for the refusal's own. */
void vg_receipt_refuse_why(struct vg_step *st, enum vg_refusal why, const char *text);

/* --- alert.c: routing, inhibition, sinks, quiet mode --------------------------------------- */

/* Machine C moved an instance: its way to people follows. */
void vg_alert_moved(struct vg_step *st, struct vg_slot *s, struct vg_cond_result res,
                    uint64_t instance);
void vg_alert_tick(struct vg_step *st);
void vg_inhibit_command(struct vg_step *st);
/* PHASE, SESSION, RESTART to every scope of the bed. */
void vg_inhibit_all(struct vg_step *st, enum vg_inhibit_input in);
void vg_sink_step(struct vg_step *st);
bool vg_sink_serves(const struct vg_engine *e, uint8_t sink, uint16_t bed);
/* operator_id: NULL when nobody did it. */
void vg_quiet_set(struct vg_step *st, bool on, const char *operator_id);
void vg_quiet_restore(struct vg_step *st);

/* --- limits.c ------------------------------------------------------------------------------ */

void vg_limits_begin(struct vg_step *st);
void vg_limits_end(struct vg_step *st);
/* Returns how many are not those of the configuration. */
uint8_t vg_limits_restore(struct vg_step *st);
void vg_limits_command(struct vg_step *st);
void vg_limits_replay(struct vg_bed *bed, const struct vg_event *ev);

/* --- care.c, baseline.c, phase.c ------------------------------------------------------------ */

/* A reading entered by hand is of now when it is not older than this. */
#define VG_HAND_NOW_NS (120 * VG_NS_PER_S)

void vg_care_command(struct vg_step *st);
void vg_care_end(struct vg_step *st);
void vg_care_restore(struct vg_step *st);
void vg_care_replay(struct vg_step *st);
/* A vital of an interval was measured. */
void vg_due_measured(struct vg_step *st, enum vg_vital v, int64_t at_ns);
void vg_phase_judge(struct vg_step *st);
/* Without a session equipment calls nobody: LOW. */
enum vg_priority vg_technical_priority(const struct vg_step *st, enum vg_priority p);
void vg_recent_add(struct vg_bed *bed, enum vg_vital v, int32_t milli, int64_t now_ns);
/* The present baseline, -1 for what is missing; false when everything is. */
bool vg_baseline_find(const struct vg_step *st, int32_t base[VG_BASE_COUNT]);
/* Blood pressures it is made of. */
int32_t vg_baseline_pressures(const struct vg_step *st);
void vg_pressure_taken(struct vg_step *st, int32_t sys_milli, int32_t dia_milli, int64_t at_ns);
void vg_pressure_keep(struct vg_session *s, const struct vg_pressure *p);
/* The row that said it was a mistake. */
bool vg_pressure_forget(struct vg_session *s, uint64_t seq);

/* --- vitals.c ------------------------------------------------------------------------------ */

void vg_vitals_reading(struct vg_step *st);
void vg_vitals_signal(struct vg_step *st);
void vg_vitals_tick(struct vg_step *st);
/* The link or the sensor of a device is well again: its alarm ends, if it was open. */
void vg_vitals_cause_ends(struct vg_step *st, enum vg_condition c, uint16_t device);
/* One reading of a cuff's result, with the freshness it brings. */
void vg_vitals_episodic(struct vg_step *st, enum vg_vital v, int32_t value_milli);

/* --- cuff.c -------------------------------------------------------------------------------- */

void vg_cuff_command(struct vg_step *st);
/* VG_REFUSED_NOT, or why this cuff may not inflate on this person now. */
enum vg_refusal vg_cuff_may_start(const struct vg_step *st, uint16_t device);
void vg_cuff_start(struct vg_step *st, uint16_t device);
void vg_cuff_word(struct vg_step *st);
void vg_cuff_result(struct vg_step *st);
void vg_cuff_pressure(struct vg_step *st, int32_t milli);
void vg_cuff_link(struct vg_step *st, uint16_t device, bool up);
void vg_cuff_restart(struct vg_step *st, uint16_t device);
void vg_cuff_replay_result(struct vg_step *st);
void vg_cuff_replay_state(struct vg_step *st);
void vg_cuff_tick(struct vg_step *st, uint16_t device);

#endif
