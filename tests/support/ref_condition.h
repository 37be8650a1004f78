/*
 * ref_condition.h -- the life of one alarm condition, written a second time.
 *
 * A reference for machine C, made from the prose of its table and not from the program's rows: one
 * paragraph of code for each state, plain seconds-and-values variables, and a list of all starts of
 * violation instead of the last three. Stepped beside vg_cond_step() by exhaustive walks and random
 * runs, it must agree after every input.
 *
 * Three things stand beside the prose: WORSE (row C28: a technical condition got a higher
 * priority), OVERRIDE (the second half of C24: a named person closes everything), and LIMITS_BAD
 * while an instance is open, which counts as a violating sample.
 */
#ifndef VIGIL_TESTS_SUPPORT_REF_CONDITION_H
#define VIGIL_TESTS_SUPPORT_REF_CONDITION_H

#include "core/alarm_condition.h"

#define REF_STARTS_MAX 64

struct ref_condition {
    enum vg_cond_state st;
    bool ack, held;
    uint64_t seq; /* instance, 0 = none */
    bool has_t_ok;
    int64_t t_pend, t_ok, t_ack;
    int64_t starts[REF_STARTS_MAX]; /* of violations, oldest first */
    unsigned start_count;
    bool has_worst;
    int32_t worst;
    int64_t area; /* SatSeconds: thousandths beyond the limit times nanoseconds */
};

/* What one input met: the constants of the condition, and the input's own facts. */
struct ref_input {
    enum vg_cond_input in;
    int64_t now;
    int64_t t_delay, t_clear, t_ack;
    enum vg_latch latch;
    uint64_t ack_seq; /* ACK: which instance */
    uint64_t new_seq; /* the number an instance gets that opens now */
    bool has_value;
    int32_t value;
    bool low_side;
    /* SatSeconds; 0: the condition has none */
    int32_t sat_seconds;
    int32_t limit;
    int64_t since; /* what the sample stands for: the time since the one before, at most 2 s */
};

struct ref_result {
    unsigned row; /* n of Cn, 0 = nothing */
    bool says;    /* is there a word for the log? */
    enum vg_alarm_what what;
};

void ref_init(struct ref_condition *c, enum vg_cond_state st);
struct ref_result ref_step(struct ref_condition *c, const struct ref_input *i);

/* Both machines side by side on one slot. */
struct ref_pair {
    struct vg_slot slot;
    struct ref_condition ref;
    struct vg_limit limit;
    int64_t now_ns;
    int64_t ack_expiry_ns;
    uint64_t next_seq;
    bool low_side;
};

void ref_pair_init(struct ref_pair *p, enum vg_cond_state st, const struct vg_limit *limit,
                   int64_t ack_expiry_ns, int64_t start_ns);
/* One input into both; ack_seq for ACK. *agree tells whether they are alike afterwards. */
struct vg_cond_result ref_pair_step(struct ref_pair *p, enum vg_cond_input in, int64_t dt_ns,
                                    uint64_t ack_seq, int32_t value, bool *agree);

#endif
