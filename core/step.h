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
bool vg_alarm_is_open(const struct vg_step *st, enum vg_condition c, uint16_t subject);
void vg_alarm_tick(struct vg_step *st);
enum vg_refusal vg_alarm_acknowledge(struct vg_step *st, uint64_t instance,
                                     const char *operator_id);
/* The session ends. override = operator of a named override, or NULL. */
void vg_alarm_session_end(struct vg_step *st, const char *override);
size_t vg_alarm_open_count(const struct vg_bed *bed);
void vg_alarm_restart(struct vg_step *st);
void vg_alarm_replay(struct vg_engine *e, const struct vg_event *ev);

/* --- session.c, dose.c --------------------------------------------------------------------- */

void vg_session_step(struct vg_step *st);
void vg_session_replay(struct vg_bed *bed, const struct vg_event *ev);
void vg_dose_step(struct vg_step *st);
void vg_dose_replay(struct vg_bed *bed, const struct vg_event *ev);

/* --- receipts (session.c) ------------------------------------------------------------------ */

/* Answers and returns true when this request id was already carried out. */
bool vg_receipt_answer_known(struct vg_step *st, const char *request_id);
void vg_receipt_remember(struct vg_bed *bed, const struct vg_event *ev);
/* Record the input event and answer it once it is on disk. */
void vg_receipt_accept(struct vg_step *st, uint8_t more_verbs);
void vg_receipt_refuse(struct vg_step *st, enum vg_refusal why);

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
void vg_cuff_word(struct vg_step *st);
void vg_cuff_result(struct vg_step *st);
void vg_cuff_pressure(struct vg_step *st, int32_t milli);
void vg_cuff_link(struct vg_step *st, uint16_t device, bool up);
void vg_cuff_restart(struct vg_step *st, uint16_t device);
void vg_cuff_tick(struct vg_step *st, uint16_t device);

#endif
