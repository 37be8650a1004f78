/*
 * prop_alarm_machines.c -- the four machines, walked: every pair of state and input by name, and every
 * short sequence of inputs of R and I beside a second one in plain branches.
 *
 * Bounds: all sequences of up to VG_LENGTH letters (7; 5 under sanitizers). The letters are every input
 * of the machine, with the times its guards ask for: 14 for R at high priority (one shorter at the
 * others), 13 for I. Those of C and F stand beside their unit tests (test_alarm_condition.c,
 * test_freshness.c) and are as long.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine.h"
#include "tests/support/core_builder.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)
#define STATES_MAX 8
#define INPUTS_MAX 16

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LENGTH 5
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define LENGTH 5
#endif
#endif
#ifndef LENGTH
#define LENGTH 7
#endif

static unsigned length(void)
{
    const char *text = getenv("VG_LENGTH");
    return text != NULL ? (unsigned)strtoul(text, NULL, 0) : LENGTH;
}

static uint64_t walked;

/* --- the pairs ------------------------------------------------------------------------------ */

/* Rows taken from each pair, one bit for each row number; bit 0: nothing happened. */
struct taken {
    uint32_t rows[STATES_MAX][INPUTS_MAX];
};

static void took(struct taken *t, unsigned state, unsigned input, unsigned row)
{
    t->rows[state][input] |= 1u << row;
}

/* What the table says of a pair: its rows, and whether nothing may happen. */
static uint32_t described(const struct vg_machine *m, unsigned state, unsigned input, char *text,
                          size_t size)
{
    uint32_t rows = 1;
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < m->row_count && (rows & 1u) != 0; i++) {
        struct vg_machine_row r = m->row(i);
        if ((r.from & (1u << state)) == 0 || (r.inputs & (1u << input)) == 0) {
            continue;
        }
        rows |= 1u << r.number;
        len += (size_t)snprintf(text + len, size - len, "%s%s%u%s%s", len > 0 ? ", " : "",
                                m->letter, r.number, r.guard != NULL ? " if " : "",
                                r.guard != NULL ? r.guard : "");
        if (r.guard == NULL) {
            rows &= ~1u; /* always: nothing after it, and never nothing */
        }
    }
    (void)snprintf(text + len, size - len, "%s", rows == 1 ? "unchanged" : "");
    return rows;
}

static void expect_pairs(const struct vg_machine *m, const struct taken *t)
{
    char text[256];
    for (unsigned s = 0; s < m->state_count; s++) {
        for (unsigned i = 0; i < m->input_count; i++) {
            uint32_t rows = described(m, s, i, text, sizeof text);
            (void)printf("  %s %s on %s: %s\n", m->letter, m->state_name(s), m->input_name(i),
                         text);
            if ((t->rows[s][i] & ~rows) != 0) {
                fail_msg("%s on %s took a row that is not described", m->state_name(s),
                         m->input_name(i));
            }
            if ((rows & ~1u & ~t->rows[s][i]) != 0) {
                fail_msg("%s on %s: rows 0x%x were never taken", m->state_name(s), m->input_name(i),
                         rows & ~t->rows[s][i]);
            }
            assert_int_not_equal(t->rows[s][i], 0);
        }
    }
}

/* --- C and F at random ---------------------------------------------------------------------- */

static void random_slot(struct vg_slot *s, struct vg_limit *l)
{
    static const int64_t delays[] = { 0, S(5), S(15) };
    memset(s, 0, sizeof *s);
    memset(l, 0, sizeof *l);
    s->state = VG_CS_DISARMED;
    s->ok_ns = VG_TIME_NONE;
    for (size_t k = 0; k < VG_COUNT(s->viol_ns); k++) {
        s->viol_ns[k] = VG_TIME_NONE;
    }
    l->limit_milli = 90000;
    l->delay_ns = delays[core_below(VG_COUNT(delays))];
    l->clear_ns = core_below(2) == 0 ? 0 : S(5);
    l->latch = (uint8_t)core_below(VG_LATCH_COUNT);
    l->sat_seconds = core_below(2) == 0 ? 0 : 25;
}

static void prop_alarm__every_pair_of_condition(void **state)
{
    static struct taken t;
    struct vg_slot s;
    struct vg_limit l;
    struct vg_cond_ctx ctx = { .limit = &l, .low_side = true, .ack_expiry_ns = S(120) };
    (void)state;
    memset(&t, 0, sizeof t);
    for (unsigned n = 0; n < 1000000; n++) {
        if (n % 50 == 0) {
            random_slot(&s, &l);
        }
        enum vg_cond_input in = (enum vg_cond_input)core_below(VG_CI_COUNT);
        uint8_t from = s.state;
        int64_t steps[] = { 0, S(1), S(5), S(30), S(121) };
        ctx.now_ns += steps[core_below(VG_COUNT(steps))];
        ctx.instance = in == VG_CI_ACK && core_below(3) != 0 ? s.instance : n + 1;
        ctx.has_value = in == VG_CI_BAD || in == VG_CI_RAPID || in == VG_CI_BAND || in == VG_CI_OK;
        ctx.value_milli = in == VG_CI_BAD || in == VG_CI_RAPID ? 80000 : 92000;
        ctx.since_ns = S(1);
        took(&t, from, in, vg_cond_step(&s, in, &ctx).row);
    }
    expect_pairs(&vg_machine_condition, &t);
}

static unsigned fresh_input(struct vg_fresh *f, enum vg_fresh_input in, enum vg_vital v,
                            int64_t now_ns)
{
    struct vg_event ev;

    if (in == VG_FI_TICK) {
        return vg_fresh_tick(f, v, now_ns, core_below(2) == 0 ? VG_TIME_NONE : 0).row;
    }
    if (in == VG_FI_SENSOR_OFF) {
        return vg_fresh_sensor(f, true).row;
    }
    memset(&ev, 0, sizeof ev);
    ev.mono_ns = now_ns;
    return vg_fresh_sample(f, v, &ev).row;
}

static void prop_alarm__every_pair_of_freshness(void **state)
{
    static const int64_t steps[] = { 0, S(1), S(2), S(11), S(31), S(61), S(901) };
    static const enum vg_vital vitals[] = { VG_VITAL_SPO2, VG_VITAL_NIBP_SYS, VG_VITAL_PLETH };
    static struct taken t;
    struct vg_fresh f;
    int64_t now_ns = 0;
    (void)state;
    memset(&t, 0, sizeof t);
    for (unsigned n = 0; n < 300000; n++) {
        if (n % 30 == 0) {
            vg_fresh_init(&f);
        }
        enum vg_fresh_input in = (enum vg_fresh_input)core_below(VG_FI_COUNT);
        uint8_t from = f.state;
        now_ns += steps[core_below(VG_COUNT(steps))];
        took(&t, from, in, fresh_input(&f, in, vitals[n / 30 % VG_COUNT(vitals)], now_ns));
    }
    expect_pairs(&vg_machine_freshness, &t);
}

/* --- R: who is told ------------------------------------------------------------------------- */

/* As prose: an instance on its way to the room. */
struct way {
    enum vg_route_state st;
    int64_t since;
};

static const struct vg_routing times = {
    .second_ns = { 0, S(30), S(10) },
    .local_ns = { 0, S(60), S(15) },
};

struct r_both {
    struct vg_routed r;
    struct vg_route_ctx ctx;
    struct way w;
};

struct r_letter {
    enum vg_route_input in;
    int64_t dt_ns;
};

static const struct r_letter r_letters[] = {
    { VG_RI_OPEN, 0 },    { VG_RI_WORSE, 0 },     { VG_RI_RESTORED, 0 }, { VG_RI_RECEIPT, 0 },
    { VG_RI_TICK, S(3) }, { VG_RI_TICK, S(5) },   { VG_RI_TICK, S(10) }, { VG_RI_LINK_LOST, 0 },
    { VG_RI_LINK_OK, 0 }, { VG_RI_ROOM_LOST, 0 }, { VG_RI_QUIET_ON, 0 }, { VG_RI_QUIET_OFF, 0 },
    { VG_RI_PAST, 0 },    { VG_RI_ENDED, 0 },
};

static struct taken r_taken;

static bool under_way(const struct way *w)
{
    return w->st == VG_RS_SENT || w->st == VG_RS_CONFIRMED || w->st == VG_RS_ESCALATED;
}

static void way_begins(struct way *w, const struct vg_route_ctx *c)
{
    bool low = c->priority == VG_PRIO_LOW;
    w->st = c->quiet && (c->link || low) ? VG_RS_SENT : VG_RS_LOCAL;
    w->since = c->now_ns;
}

static void way_ages(struct way *w, const struct vg_route_ctx *c)
{
    bool high = c->priority == VG_PRIO_HIGH;
    int64_t waited = c->now_ns - w->since;

    if (c->priority == VG_PRIO_LOW) {
        return;
    }
    if (w->st == VG_RS_SENT) {
        w->st = waited >= S(3) ? VG_RS_LOCAL : VG_RS_SENT;
    } else if (under_way(w) && waited >= (high ? S(15) : S(60))) {
        w->st = VG_RS_LOCAL;
    } else if (w->st == VG_RS_CONFIRMED && waited >= (high ? S(10) : S(30))) {
        w->st = VG_RS_ESCALATED;
    } else {
        /* nothing is due */
    }
}

static void way_meets(struct way *w, enum vg_route_input in, const struct vg_route_ctx *c)
{
    bool low = c->priority == VG_PRIO_LOW;

    if (in == VG_RI_OPEN && w->st == VG_RS_DONE) {
        way_begins(w, c);
    } else if (in == VG_RI_WORSE && w->st != VG_RS_LOCAL) {
        bool called = w->st == VG_RS_ESCALATED; /* whoever was called stays called */
        way_begins(w, c);
        w->st = called && w->st == VG_RS_SENT ? VG_RS_ESCALATED : w->st;
    } else if (in == VG_RI_RESTORED && w->st != VG_RS_LOCAL) {
        w->st = c->quiet && low ? VG_RS_SENT : VG_RS_LOCAL;
        w->since = c->now_ns;
    } else if (in == VG_RI_RECEIPT && w->st == VG_RS_SENT) {
        w->st = VG_RS_CONFIRMED;
    } else if (in == VG_RI_TICK) {
        way_ages(w, c);
    } else if ((in == VG_RI_LINK_LOST && !low && under_way(w)) ||
               (in == VG_RI_QUIET_OFF && under_way(w))) {
        w->st = VG_RS_LOCAL;
    } else if (in == VG_RI_ROOM_LOST && !low && w->st == VG_RS_CONFIRMED) {
        w->st = VG_RS_ESCALATED;
    } else if (in == VG_RI_PAST || in == VG_RI_ENDED) {
        w->st = VG_RS_DONE;
    } else {
        /* unchanged */
    }
}

static void r_step(struct r_both *b, const struct r_letter *l)
{
    uint8_t from = b->r.state;

    b->ctx.now_ns += l->dt_ns;
    b->ctx.link = l->in == VG_RI_LINK_OK || (b->ctx.link && l->in != VG_RI_LINK_LOST);
    b->ctx.quiet = l->in == VG_RI_QUIET_ON || (b->ctx.quiet && l->in != VG_RI_QUIET_OFF);
    if (l->in == VG_RI_WORSE && b->ctx.priority < VG_PRIO_HIGH) {
        b->ctx.priority++;
    }
    struct vg_route_result res = vg_route_step(&b->r, l->in, &b->ctx);
    way_meets(&b->w, l->in, &b->ctx);
    took(&r_taken, from, l->in, res.row);
    walked++;
    bool waits = under_way(&b->w);
    /* Told anew, and every further sink that sounds, are worth a record without a move. */
    bool anew = l->in == VG_RI_RECEIPT || l->in == VG_RI_WORSE || l->in == VG_RI_RESTORED;
    bool said = b->r.state != from || (anew && res.row != 0);
    if (b->r.state != (uint8_t)b->w.st || res.moved != said || res.from != from ||
        (waits && b->r.sent_ns != b->w.since) || (res.row == 0 && b->r.state != from)) {
        fail_msg("%s on %s, priority %u: %s, reference %s",
                 vg_route_state_name((enum vg_route_state)from), vg_route_input_name(l->in),
                 b->ctx.priority, vg_route_state_name((enum vg_route_state)b->r.state),
                 vg_route_state_name(b->w.st));
    }
}

static void r_walk(const struct r_both *at, unsigned left)
{
    for (size_t l = 0; l < VG_COUNT(r_letters); l++) {
        struct r_both b = *at;
        r_step(&b, &r_letters[l]);
        if (left > 1) {
            r_walk(&b, left - 1);
        }
    }
}

static void prop_alarm__every_sequence_of_routing(void **state)
{
    (void)state;
    walked = 0;
    memset(&r_taken, 0, sizeof r_taken);
    for (unsigned p = VG_PRIO_LOW; p < VG_PRIO_COUNT; p++) {
        struct r_both b = { .ctx = { .times = &times,
                                     .now_ns = S(1000),
                                     .priority = (uint8_t)p,
                                     .quiet = true,
                                     .link = true } };
        r_walk(&b, p == VG_PRIO_HIGH ? length() : length() - 1);
    }
    (void)printf("[   walk   ] %llu steps, %u letters, length <= %u\n", (unsigned long long)walked,
                 (unsigned)VG_COUNT(r_letters), length());
}

static void prop_alarm__every_pair_of_routing(void **state)
{
    (void)state;
    expect_pairs(&vg_machine_routing, &r_taken);
}

/* --- I: what is inhibited ------------------------------------------------------------------- */

struct off {
    enum vg_inhibit_state st;
    int64_t until, remind;
};

struct i_both {
    struct vg_inhibit m;
    struct vg_inhibit_ctx ctx;
    struct off o;
};

/* FREE: nothing is required; NEEDED: not to be switched off; DOSING: nor paused. */
enum i_phase { SAME, FREE, NEEDED, DOSING };

struct i_letter {
    enum vg_inhibit_input in;
    int64_t dt_ns;
    enum i_phase phase;
};

static const struct i_letter i_letters[] = {
    { VG_II_AUDIO_PAUSE, 0, SAME }, { VG_II_ALARM_PAUSE, 0, SAME }, { VG_II_ALARM_OFF, 0, SAME },
    { VG_II_ALARM_ON, 0, SAME },    { VG_II_OPENED, 0, SAME },      { VG_II_TICK, 1, SAME },
    { VG_II_TICK, S(60), SAME },    { VG_II_TICK, S(120), SAME },   { VG_II_PHASE, 0, FREE },
    { VG_II_PHASE, 0, NEEDED },     { VG_II_PHASE, 0, DOSING },     { VG_II_SESSION, 0, FREE },
    { VG_II_RESTART, 0, SAME },
};

static struct taken i_taken;

static void off_ages(struct off *o, int64_t now)
{
    bool pause = o->st == VG_IS_AUDIO_PAUSED || o->st == VG_IS_ALARM_PAUSED;

    if (pause && now >= o->until) {
        o->st = VG_IS_ON;
    }
    if (o->st == VG_IS_ALARM_OFF && now >= o->remind) {
        o->remind = now + S(120);
    }
}

static void off_meets(struct off *o, enum vg_inhibit_input in, const struct vg_inhibit_ctx *c)
{
    if (in == VG_II_RESTART || in == VG_II_SESSION) {
        o->st = VG_IS_ON;
    } else if (in == VG_II_TICK) {
        off_ages(o, c->now_ns);
    } else if (in == VG_II_AUDIO_PAUSE && o->st == VG_IS_AUDIO_PAUSED) {
        o->st = VG_IS_ON;
    } else if (in == VG_II_AUDIO_PAUSE && o->st == VG_IS_ON) {
        *o = (struct off){ VG_IS_AUDIO_PAUSED, c->now_ns + S(120), 0 };
    } else if (in == VG_II_ALARM_PAUSE && o->st == VG_IS_ON && c->may_pause) {
        *o = (struct off){ VG_IS_ALARM_PAUSED, c->now_ns + S(120), 0 };
    } else if (in == VG_II_ALARM_OFF && o->st == VG_IS_ON && c->may_off) {
        *o = (struct off){ VG_IS_ALARM_OFF, 0, c->now_ns + S(120) };
    } else if (in == VG_II_ALARM_ON && o->st != VG_IS_AUDIO_PAUSED) {
        o->st = VG_IS_ON;
    } else if (in == VG_II_PHASE &&
               (o->st == VG_IS_ALARM_PAUSED || (o->st == VG_IS_ALARM_OFF && !c->may_off))) {
        o->st = VG_IS_ON;
    } else {
        /* unchanged: a new instance ends no pause, it only is not covered */
    }
}

static void i_step(struct i_both *b, const struct i_letter *l)
{
    uint8_t from = b->m.state;

    b->ctx.now_ns += l->dt_ns;
    if (l->phase != SAME) {
        b->ctx.may_off = l->phase == FREE;
        b->ctx.may_pause = l->phase != DOSING;
    }
    int64_t remind_ns = b->o.remind;
    struct vg_inhibit_result res = vg_inhibit_step(&b->m, l->in, &b->ctx);
    off_meets(&b->o, l->in, &b->ctx);
    took(&i_taken, from, l->in, res.row);
    walked++;
    bool pause = b->o.st == VG_IS_AUDIO_PAUSED || b->o.st == VG_IS_ALARM_PAUSED;
    bool said = b->m.state != from || b->o.remind != remind_ns; /* a reminder is said, too */
    if (b->m.state != (uint8_t)b->o.st || res.moved != said || res.from != from ||
        (pause && b->m.until_ns != b->o.until) ||
        (b->o.st == VG_IS_ALARM_OFF && b->m.remind_ns != b->o.remind) ||
        (res.row == 0 && b->m.state != from)) {
        fail_msg("%s on %s: %s, reference %s", vg_inhibit_state_name((enum vg_inhibit_state)from),
                 vg_inhibit_input_name(l->in),
                 vg_inhibit_state_name((enum vg_inhibit_state)b->m.state),
                 vg_inhibit_state_name(b->o.st));
    }
}

static void i_walk(const struct i_both *at, unsigned left)
{
    for (size_t l = 0; l < VG_COUNT(i_letters); l++) {
        struct i_both b = *at;
        i_step(&b, &i_letters[l]);
        if (left > 1) {
            i_walk(&b, left - 1);
        }
    }
}

static void prop_alarm__every_sequence_of_inhibition(void **state)
{
    struct i_both b = { .ctx = { .now_ns = S(1000), .may_pause = true, .may_off = true } };
    (void)state;
    walked = 0;
    memset(&i_taken, 0, sizeof i_taken);
    i_walk(&b, length());
    (void)printf("[   walk   ] %llu steps, %u letters, length <= %u\n", (unsigned long long)walked,
                 (unsigned)VG_COUNT(i_letters), length());
}

static void prop_alarm__every_pair_of_inhibition(void **state)
{
    (void)state;
    expect_pairs(&vg_machine_inhibition, &i_taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_alarm__every_pair_of_condition),
        cmocka_unit_test(prop_alarm__every_pair_of_freshness),
        cmocka_unit_test(prop_alarm__every_sequence_of_routing),
        cmocka_unit_test(prop_alarm__every_pair_of_routing), /* of the walk before */
        cmocka_unit_test(prop_alarm__every_sequence_of_inhibition),
        cmocka_unit_test(prop_alarm__every_pair_of_inhibition),
    };
    (void)core_seed(UINT64_C(20260114));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
