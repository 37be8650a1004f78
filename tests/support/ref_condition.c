/*
 * ref_condition.c -- see ref_condition.h. Row numbers are those of the table.
 */
#include "tests/support/ref_condition.h"

#include <string.h>

#include "vigil/compiler.h"

static const struct ref_result nothing = { 0, false, VG_AW_COUNT };

void ref_init(struct ref_condition *c, enum vg_cond_state st)
{
    memset(c, 0, sizeof *c);
    c->st = st;
}

static struct ref_result quietly(unsigned row)
{
    return (struct ref_result){ row, false, VG_AW_COUNT };
}

static struct ref_result log_as(unsigned row, enum vg_alarm_what what)
{
    return (struct ref_result){ row, true, what };
}

/* --- words of the table --------------------------------------------------------------------- */

static bool is_sample_violating(enum vg_cond_input in)
{
    return in == VG_CI_BAD || in == VG_CI_RAPID || in == VG_CI_LIMITS_BAD;
}

static unsigned viol60(const struct ref_condition *c, int64_t now)
{
    unsigned n = 0;
    for (unsigned k = 0; k < c->start_count; k++) {
        n += now - c->starts[k] <= 60 * VG_NS_PER_S ? 1u : 0u;
    }
    return n;
}

static void violation_starts(struct ref_condition *c, int64_t now)
{
    if (c->start_count == REF_STARTS_MAX) {
        memmove(&c->starts[0], &c->starts[1], (REF_STARTS_MAX - 1) * sizeof c->starts[0]);
        c->start_count--;
    }
    c->starts[c->start_count++] = now;
    c->t_pend = now;
    c->has_worst = false;
}

static void track_worst(struct ref_condition *c, const struct ref_input *i)
{
    if (!i->has_value) {
        return;
    }
    if (!c->has_worst || (i->low_side && i->value < c->worst) ||
        (!i->low_side && i->value > c->worst)) {
        c->worst = i->value;
    }
    c->has_worst = true;
}

/* A sample fills the area by how far it lies beyond the limit, and drains it from inside. */
static void fills(struct ref_condition *c, const struct ref_input *i)
{
    int64_t beyond = i->low_side ? (int64_t)i->limit - i->value : (int64_t)i->value - i->limit;

    if (i->has_value && i->sat_seconds > 0) {
        c->area += beyond * i->since;
    }
    c->area = c->area > 0 ? c->area : 0;
}

static bool is_full(const struct ref_condition *c, const struct ref_input *i)
{
    return i->sat_seconds > 0 && c->area >= (int64_t)i->sat_seconds * 1000 * VG_NS_PER_S;
}

static void opens(struct ref_condition *c, const struct ref_input *i)
{
    c->st = VG_CS_ACTIVE;
    c->seq = i->new_seq;
    c->ack = false;
    c->has_t_ok = false;
}

static void closes(struct ref_condition *c, enum vg_cond_state to)
{
    c->st = to;
    c->seq = 0;
    c->ack = false;
    c->held = false;
    c->has_t_ok = false;
}

static void latches(struct ref_condition *c)
{
    c->st = VG_CS_LATCHED; /* acknowledged or not: that stays */
    c->held = false;
}

static void becomes_stale(struct ref_condition *c)
{
    c->held = true;
    c->has_t_ok = false;
}

static struct ref_result restored(struct ref_condition *c)
{
    c->st = VG_CS_ACTIVE;
    c->ack = false;
    becomes_stale(c);
    return log_as(25, VG_AW_RESTORED);
}

static struct ref_result violates_again(struct ref_condition *c, const struct ref_input *i,
                                        unsigned row)
{
    c->st = VG_CS_ACTIVE;
    c->ack = false;
    c->held = false;
    c->has_t_ok = false;
    track_worst(c, i);
    return log_as(row, VG_AW_WORSEN);
}

/* --- one paragraph for each state ----------------------------------------------------------- */

static struct ref_result while_disarmed(struct ref_condition *c, const struct ref_input *i)
{
    if (i->in == VG_CI_ARM) {
        c->st = VG_CS_NORMAL;
        return log_as(1, VG_AW_ARMED);
    }
    return nothing;
}

static struct ref_result while_normal(struct ref_condition *c, const struct ref_input *i)
{
    if (is_sample_violating(i->in)) {
        violation_starts(c, i->now);
        track_worst(c, i);
        c->area = 0;
        fills(c, i);
        c->held = false;
        c->has_t_ok = false;
        if (i->in == VG_CI_RAPID || i->t_delay == 0) {
            opens(c, i);
            return log_as(2, VG_AW_OPEN);
        }
        if (viol60(c, i->now) >= 3) {
            opens(c, i);
            return log_as(3, VG_AW_OPEN);
        }
        c->st = VG_CS_PENDING;
        return log_as(i->in == VG_CI_BAD ? 4 : 22, VG_AW_PENDING);
    }
    if (i->in == VG_CI_DROP || i->in == VG_CI_OVERRIDE) {
        closes(c, VG_CS_DISARMED);
        return quietly(23);
    }
    if (i->in == VG_CI_RESTART) {
        closes(c, VG_CS_NORMAL);
        return quietly(26);
    }
    return nothing;
}

static struct ref_result while_pending(struct ref_condition *c, const struct ref_input *i)
{
    bool inside = i->in == VG_CI_OK || i->in == VG_CI_BAND;
    bool counts = inside || i->in == VG_CI_BAD || i->in == VG_CI_LIMITS_BAD;

    if (counts) {
        fills(c, i);
    }
    bool delay_over = i->now - c->t_pend >= i->t_delay || is_full(c, i);

    if (i->in == VG_CI_RAPID || (i->in == VG_CI_BAD && delay_over)) {
        track_worst(c, i);
        c->held = false;
        opens(c, i);
        return log_as(i->in == VG_CI_RAPID ? 5 : 6, VG_AW_OPEN);
    }
    if (i->in == VG_CI_TICK && delay_over) {
        opens(c, i); /* C9: without new data; what is shown stays held */
        return log_as(6, VG_AW_OPEN);
    }
    if (i->in == VG_CI_BAD || i->in == VG_CI_LIMITS_BAD) {
        track_worst(c, i);
        c->held = false;
        return quietly(7);
    }
    if (inside && c->area > 0) {
        c->t_pend = i->now; /* the area remembers, the delay does not */
        c->held = false;
        return quietly(29);
    }
    if (inside || i->in == VG_CI_LIMITS_OK) {
        closes(c, VG_CS_NORMAL);
        return log_as(i->in == VG_CI_LIMITS_OK ? 21 : 8, VG_AW_SUPPRESSED_BY_DELAY);
    }
    if (i->in == VG_CI_STALE) {
        becomes_stale(c);
        return quietly(9);
    }
    if (i->in == VG_CI_DROP || i->in == VG_CI_OVERRIDE) {
        closes(c, VG_CS_DISARMED);
        return log_as(23, VG_AW_SUPPRESSED_BY_DELAY);
    }
    if (i->in == VG_CI_RESTART) {
        closes(c, VG_CS_NORMAL);
        return quietly(26);
    }
    return nothing;
}

static struct ref_result good_sample_while_active(struct ref_condition *c,
                                                  const struct ref_input *i)
{
    bool long_enough = c->has_t_ok && i->now - c->t_ok >= i->t_clear;

    c->held = false;
    if (long_enough || i->t_clear == 0) {
        if (i->latch == VG_LATCH_NONE || c->ack) {
            closes(c, VG_CS_NORMAL);
            return log_as(13, VG_AW_CLOSED);
        }
        latches(c);
        return log_as(14, VG_AW_COND_END);
    }
    if (!c->has_t_ok) {
        c->has_t_ok = true;
        c->t_ok = i->now;
        return quietly(12);
    }
    return nothing;
}

static struct ref_result while_active(struct ref_condition *c, const struct ref_input *i)
{
    switch (i->in) {
    case VG_CI_BAD:
    case VG_CI_RAPID:
    case VG_CI_LIMITS_BAD:
        c->held = false;
        c->has_t_ok = false;
        track_worst(c, i);
        return quietly(10);
    case VG_CI_BAND:
        c->held = false;
        c->has_t_ok = false;
        return quietly(11);
    case VG_CI_OK:
        return good_sample_while_active(c, i);
    case VG_CI_STALE:
        becomes_stale(c);
        return quietly(15);
    case VG_CI_ACK:
        if (c->ack || c->seq != i->ack_seq) {
            return nothing;
        }
        c->ack = true;
        c->t_ack = i->now;
        return log_as(16, VG_AW_ACK);
    case VG_CI_TICK:
        if (!c->ack || i->t_ack == 0 || i->now - c->t_ack < i->t_ack) {
            return nothing;
        }
        c->ack = false;
        return log_as(17, VG_AW_ACK_EXPIRED);
    case VG_CI_LIMITS_OK:
        latches(c);
        return log_as(20, VG_AW_COND_END);
    case VG_CI_WORSE:
        return violates_again(c, i, 28);
    case VG_CI_OVERRIDE:
        closes(c, VG_CS_DISARMED);
        return log_as(24, VG_AW_CLOSED);
    case VG_CI_RESTART:
        return restored(c);
    case VG_CI_ARM:
    case VG_CI_DROP: /* C24: refused, so nothing happens here */
    case VG_CI_COUNT:
        break;
    }
    return nothing;
}

static struct ref_result while_latched(struct ref_condition *c, const struct ref_input *i)
{
    if (i->in == VG_CI_ACK && c->seq == i->ack_seq) {
        closes(c, VG_CS_NORMAL);
        return log_as(18, VG_AW_CLOSED);
    }
    if (is_sample_violating(i->in)) {
        return violates_again(c, i, 19);
    }
    if (i->in == VG_CI_WORSE) {
        return violates_again(c, i, 28);
    }
    if (i->in == VG_CI_OVERRIDE) {
        closes(c, VG_CS_DISARMED);
        return log_as(24, VG_AW_CLOSED);
    }
    if (i->in == VG_CI_RESTART) {
        return restored(c);
    }
    return nothing;
}

struct ref_result ref_step(struct ref_condition *c, const struct ref_input *i)
{
    switch (c->st) {
    case VG_CS_DISARMED:
        return while_disarmed(c, i);
    case VG_CS_NORMAL:
        return while_normal(c, i);
    case VG_CS_PENDING:
        return while_pending(c, i);
    case VG_CS_ACTIVE:
        return while_active(c, i);
    case VG_CS_LATCHED:
        return while_latched(c, i);
    case VG_CS_COUNT:
        break;
    }
    return nothing;
}

/* --- side by side --------------------------------------------------------------------------- */

void ref_pair_init(struct ref_pair *p, enum vg_cond_state st, const struct vg_limit *limit,
                   int64_t ack_expiry_ns, int64_t start_ns)
{
    memset(p, 0, sizeof *p);
    p->slot.state = (uint8_t)st;
    p->slot.ok_ns = VG_TIME_NONE;
    for (size_t k = 0; k < VG_COUNT(p->slot.viol_ns); k++) {
        p->slot.viol_ns[k] = VG_TIME_NONE;
    }
    ref_init(&p->ref, st);
    p->limit = *limit;
    p->ack_expiry_ns = ack_expiry_ns;
    p->now_ns = start_ns;
    p->low_side = true;
}

static bool alike(const struct ref_pair *p, const struct vg_cond_result *a,
                  const struct ref_result *b)
{
    const struct vg_slot *s = &p->slot;
    const struct ref_condition *r = &p->ref;
    bool watched = r->st != VG_CS_DISARMED && r->st != VG_CS_NORMAL;

    return s->state == (uint8_t)r->st && s->instance == r->seq && s->ack == r->ack &&
           s->held == r->held && a->row == b->row && a->moved == b->says &&
           (!b->says || a->what == b->what) &&
           (r->st != VG_CS_PENDING || s->pend_ns == r->t_pend) &&
           (r->st != VG_CS_ACTIVE || (s->ok_ns != VG_TIME_NONE) == r->has_t_ok) &&
           (r->st != VG_CS_ACTIVE || !r->has_t_ok || s->ok_ns == r->t_ok) &&
           (!r->ack || s->ack_ns == r->t_ack) &&
           (!watched ||
            (s->has_value == r->has_worst && (!r->has_worst || s->worst_milli == r->worst)));
}

struct vg_cond_result ref_pair_step(struct ref_pair *p, enum vg_cond_input in, int64_t dt_ns,
                                    uint64_t ack_seq, int32_t value, bool *agree)
{
    bool has_value = in == VG_CI_BAD || in == VG_CI_RAPID || in == VG_CI_BAND || in == VG_CI_OK;
    uint8_t before = p->slot.state;

    p->now_ns += dt_ns;
    p->next_seq++;
    struct vg_cond_ctx ctx = {
        .limit = &p->limit,
        .now_ns = p->now_ns,
        .ack_expiry_ns = p->ack_expiry_ns,
        .instance = in == VG_CI_ACK ? ack_seq : p->next_seq,
        .value_milli = value,
        .has_value = has_value,
        .low_side = p->low_side,
    };
    struct ref_input i = {
        .in = in,
        .now = p->now_ns,
        .t_delay = p->limit.delay_ns,
        .t_clear = p->limit.clear_ns,
        .t_ack = p->ack_expiry_ns,
        .latch = (enum vg_latch)p->limit.latch,
        .ack_seq = ack_seq,
        .new_seq = p->next_seq,
        .has_value = has_value,
        .value = value,
        .low_side = p->low_side,
    };
    struct vg_cond_result a = vg_cond_step(&p->slot, in, &ctx);
    struct ref_result b = ref_step(&p->ref, &i);
    *agree = alike(p, &a, &b) && a.from == before;
    return a;
}
