/*
 * session_builder.h -- one bed on which somebody is treated by a protocol: an oximeter, a cuff, a
 * desk that listens, and what people do from the opening to the discharge.
 *
 * Built on core_builder.h. The protocol is the one of config/protocols/iv-40.yaml, so that a test
 * reads like a day: 0.5 mg/kg of ketamine over 40 min, readings at 10, 20, 30, 40, 55, 70, 85, 100
 * and 110 min, scores at 10, 20, 30, 40, 55, 70 and 100 min.
 */
#ifndef VIGIL_TESTS_SUPPORT_SESSION_BUILDER_H
#define VIGIL_TESTS_SUPPORT_SESSION_BUILDER_H

#include "tests/support/core_builder.h"
#include "vigil/quantity.h"

#define SESSION_OXI 0
#define SESSION_CUFF 1
#define SESSION_MIN(n) CORE_S(60 * (n))

/* session_protocol -- what config/protocols/iv-40.yaml says. */
struct vg_protocol session_protocol(void);

/* session_room -- engine 0 with an empty bed where everything is well; p NULL: no protocol. */
struct core *session_room(const struct vg_protocol *p);
/* session_restarted -- engine 1 with the same devices, and what `dead` recorded. RESTARTED was not
 * said yet. */
struct core *session_restarted(const struct core *dead, const struct vg_protocol *p);

/* What people do. Each makes a fresh request and returns the answer. protocol: VG_PROTOCOL_NONE or
 * 0. ago_ns: so long before now it happened. */
const struct vg_effect *session_open(struct core *c, enum vg_session_kind kind, uint8_t protocol);
const struct vg_effect *session_care(struct core *c, enum vg_care_what what, const int32_t value[],
                                     size_t count, int64_t ago_ns);
const struct vg_effect *session_fact(struct core *c, enum vg_fact f, bool yes);
const struct vg_effect *session_weigh(struct core *c, int32_t weight_g);
const struct vg_effect *session_by_hand(struct core *c, int32_t sys, int32_t dia, int64_t ago_ns);
const struct vg_effect *session_score(struct core *c, enum vg_scale_builtin scale, int32_t score,
                                      int64_t ago_ns);
const struct vg_effect *session_void(struct core *c, uint64_t row);

/* One dose as it is typed. What is zero is what is usual: ketamine iv, given now, with a second
 * person; confirm_ug 0 = nothing was confirmed. */
struct session_dose {
    enum vg_dose_kind kind;
    int64_t number;
    uint8_t places;
    enum vg_dose_unit unit;
    int64_t ago_ns, confirm_ug;
    enum vg_dose_what what;
    uint64_t target;
    const char *drug;
    enum vg_route route;
    int32_t weight_g, conc_ug_ml;
    bool unchecked;
};
const struct vg_effect *session_dose(struct core *c, struct session_dose d);
/* ... and once more with the result confirmed, if it is asked back. */
const struct vg_effect *session_dose_sure(struct core *c, struct session_dose d);

/* One live SpO2 and pulse rate. */
void session_live(struct core *c, int32_t spo2, int32_t pulse);
/* Ticks on the grid; the oximeter says 97 % and 70 a minute every two seconds. */
void session_pass(struct core *c, int64_t ns);
/* One whole determination by the cuff, and its cool-down. */
void session_measure(struct core *c, int32_t sys, int32_t dia);

/* Facts all answered yes, but for prescriber and over_65; a weight of 70 kg; three pressures of
 * 120/80 and a baseline of them: the gate is open. The session must be open. */
void session_facts(struct core *c);
void session_baseline(struct core *c);
void session_ready(struct core *c);
/* A dosing session by the protocol, ready, whose infusion of 52.5 mg/h began now. */
void session_begin(struct core *c);

/* What is known now. */
const struct vg_session *session_of(const struct core *c);
const struct vg_mark *session_mark(const struct core *c, uint32_t scales, int32_t at_min);
struct vg_gate_answer session_gate(const struct core *c);
/* Recorded rows of a mark that ended in a state, since the engine was new. */
size_t session_rows_of_mark(const struct core *c, uint16_t index, enum vg_mark_state to);
/* Everything a restart must bring back is the same: doses, clock, marks, facts, scores, weight,
 * baseline, pressures. */
void session_expect_same(const struct vg_session *a, const struct vg_session *b);

#endif
