/*
 * prop_dose.c -- amounts are exact: what doses add up to, and what a typed quantity is.
 *
 * Random days of three drugs go through the engine as commands: every kind of dose, entered in any
 * order of time, corrected, made void, repeated, wrong. Beside it stands a second calculation written
 * from the rules alone. It keeps every row that was accepted, finds the row in force by reading all
 * of them, and asks for each pair of neighbouring times which rate ran between them, in 128 bits.
 * Each answer, each total and each rate must be the same, also after a restart.
 *
 * The rules: an infusion gives its rate by whole milliseconds, floored to a microgram once. Start and
 * rate change set the rate; pause sets none and remembers it; resume takes a given rate, or the
 * remembered one when nothing runs; stop ends it and forgets. Boluses, devices and lozenges add their
 * amount. Drawn and waste stand apart; what remains is drawn less given less waste. A dose counts from
 * the time it was given. Of two at one time the one that was said first comes first. Only the row in
 * force can be corrected.
 *
 * VG_SEED repeats a run, VG_CASES sets the sequences, and a tenth of the quantities of each unit.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/core_builder.h"
#include "vigil/compiler.h"
#include "vigil/quantity.h"

#define SEQUENCES 10000
#define QUANTITIES_PER_SEQUENCE 10
#define LOG_MAX 512
#define KNOWN_MAX 512
#define DRUGS 3
#define MS_PER_H 3600000

__extension__ typedef __int128 wide;

static uint64_t seed;

/* --- one fraction, in 128 bits -------------------------------------------------------------- */

/* What one unit is: so many micrograms, or of a kilogram or a millilitre, and so often an hour. */
static const struct {
    const char *name;
    int32_t ug;
    char by; /* k: a kilogram, m: a millilitre */
    bool rate;
    bool plain;
} unit_means[VG_UNIT_COUNT] = {
    [VG_UNIT_UG] = { "ug", 1, '-', false, true },
    [VG_UNIT_MG] = { "mg", 1000, '-', false, true },
    [VG_UNIT_G] = { "g", 1000000, '-', false, true },
    [VG_UNIT_UG_KG] = { "ug/kg", 1, 'k', false, false },
    [VG_UNIT_MG_KG] = { "mg/kg", 1000, 'k', false, false },
    [VG_UNIT_ML] = { "mL", 1, 'm', false, false },
    [VG_UNIT_UG_H] = { "ug/h", 1, '-', true, true },
    [VG_UNIT_MG_H] = { "mg/h", 1000, '-', true, true },
    [VG_UNIT_UG_MIN] = { "ug/min", 60, '-', true, true },
    [VG_UNIT_MG_MIN] = { "mg/min", 60000, '-', true, true },
    [VG_UNIT_MG_KG_H] = { "mg/kg/h", 1000, 'k', true, false },
    [VG_UNIT_UG_KG_MIN] = { "ug/kg/min", 60, 'k', true, false },
    [VG_UNIT_ML_H] = { "mL/h", 1, 'm', true, false },
};

/* Micrograms = number * over / under; under is 0 when a term is missing. */
struct ratio {
    wide over, under;
};

static struct ratio ratio_of(unsigned unit, unsigned places, int32_t weight_g, int32_t conc_ug_ml)
{
    struct ratio r = { unit_means[unit].ug, 1 };
    if (unit_means[unit].by == 'k') {
        r.over *= weight_g;
        r.under = weight_g > 0 ? 1000 : 0;
    } else if (unit_means[unit].by == 'm') {
        r.over *= conc_ug_ml;
        r.under = conc_ug_ml > 0 ? 1 : 0;
    } else {
        /* a mass is a mass */
    }
    for (unsigned i = 0; i < places; i++) {
        r.under *= 10;
    }
    return r;
}

/* Half to even, by looking at twice the rest. */
static wide rounded(wide over, wide under)
{
    wide down = over / under;
    wide twice = 2 * (over - down * under);
    if (twice == under) {
        return down % 2 == 0 ? down : down + 1;
    }
    return twice > under ? down + 1 : down;
}

/* --- the second calculation ----------------------------------------------------------------- */

struct said {
    uint64_t seq;
    unsigned of; /* which dose: 0 is the first that was given */
    int64_t given_ns, ug;
    uint8_t kind, drug;
    bool is_void;
};

static struct {
    struct said log[LOG_MAX];
    unsigned log_count, dose_count;
    struct vg_dose known[KNOWN_MAX]; /* accepted requests */
    uint64_t known_seq[KNOWN_MAX];
    unsigned known_count;
    int64_t opened_ns;
    int32_t weight_g;
    bool protocol;
} m;

static const char *const drug_names[DRUGS] = { "ketamine", "midazolam", "propofol" };
static char drug_padded[DRUGS][VG_NAME_MAX];

/* The row that says it now. Range: a dose that was given. */
static const struct said *in_force(unsigned dose)
{
    const struct said *last = &m.log[0];
    for (unsigned i = 0; i < m.log_count; i++) {
        last = m.log[i].of == dose ? &m.log[i] : last;
    }
    return last;
}

struct day {
    const struct said *of[LOG_MAX];
    wide rate[LOG_MAX];       /* after it; -1: not known yet */
    wide remembered[LOG_MAX]; /* the same */
    unsigned count;
};

/* What counts of a drug at a time, by repeatedly taking the earliest that is left. */
static void day_of(struct day *d, unsigned drug, int64_t now_ns)
{
    bool taken[LOG_MAX] = { false };
    d->count = 0;
    for (;;) {
        const struct said *best = NULL;
        unsigned at = 0;
        for (unsigned i = 0; i < m.dose_count; i++) {
            const struct said *s = in_force(i);
            bool counts = !s->is_void && s->drug == drug && s->given_ns <= now_ns && !taken[i];
            if (counts && (best == NULL || s->given_ns < best->given_ns)) {
                best = s; /* doses are numbered as they were said first: no tie to look at */
                at = i;
            }
        }
        if (best == NULL) {
            break;
        }
        taken[at] = true;
        d->rate[d->count] = -1;
        d->remembered[d->count] = -1;
        d->of[d->count++] = best;
    }
}

static wide remembered_after(struct day *d, int k);

/* The rate that runs from event k on. */
static wide rate_after(struct day *d, int k)
{
    if (k < 0) {
        return 0;
    }
    if (d->rate[k] < 0) {
        const struct said *s = d->of[k];
        wide before = rate_after(d, k - 1);
        if (s->kind == VG_DOSE_INFUSION_START || s->kind == VG_DOSE_RATE_CHANGE ||
            (s->kind == VG_DOSE_RESUME && s->ug > 0)) {
            d->rate[k] = s->ug;
        } else if (s->kind == VG_DOSE_STOP || s->kind == VG_DOSE_PAUSE) {
            d->rate[k] = 0;
        } else if (s->kind == VG_DOSE_RESUME && before == 0) {
            d->rate[k] = remembered_after(d, k - 1);
        } else {
            d->rate[k] = before;
        }
    }
    return d->rate[k];
}

static wide remembered_after(struct day *d, int k)
{
    if (k < 0) {
        return 0;
    }
    if (d->remembered[k] < 0) {
        bool pauses = d->of[k]->kind == VG_DOSE_PAUSE && rate_after(d, k - 1) > 0;
        d->remembered[k] = d->of[k]->kind == VG_DOSE_STOP ? 0
                           : pauses                       ? rate_after(d, k - 1)
                                                          : remembered_after(d, k - 1);
    }
    return d->remembered[k];
}

static bool is_given_whole(uint8_t kind)
{
    return kind == VG_DOSE_BOLUS || kind == VG_DOSE_DEVICE || kind == VG_DOSE_LOZENGE;
}

static void expect_totals(const struct vg_session *s, unsigned drug, int64_t now_ns)
{
    static struct day d;
    struct vg_totals t;
    wide drawn = 0;
    wide wasted = 0;
    wide whole = 0;
    wide ug_ms_h = 0;

    day_of(&d, drug, now_ns);
    for (unsigned k = 0; k < d.count; k++) {
        int64_t from_ms = d.of[k]->given_ns / 1000000;
        int64_t to_ms = (k + 1 < d.count ? d.of[k + 1]->given_ns : now_ns) / 1000000;
        ug_ms_h += rate_after(&d, (int)k) * (to_ms - from_ms);
        drawn += d.of[k]->kind == VG_DOSE_DRAWN ? d.of[k]->ug : 0;
        wasted += d.of[k]->kind == VG_DOSE_WASTE ? d.of[k]->ug : 0;
        whole += is_given_whole(d.of[k]->kind) ? d.of[k]->ug : 0;
    }
    wide infused = ug_ms_h / MS_PER_H;
    vg_dose_totals(s, drug_padded[drug], now_ns, &t);
    assert_int_equal(t.count, d.count);
    assert_int_equal(t.drawn_ug, (int64_t)drawn);
    assert_int_equal(t.wasted_ug, (int64_t)wasted);
    assert_int_equal(t.infused_ug, (int64_t)infused);
    assert_int_equal(t.given_ug, (int64_t)(infused + whole));
    assert_int_equal(t.remaining_ug, (int64_t)(drawn - infused - whole - wasted));
    assert_int_equal(t.rate_ug_h, (int64_t)rate_after(&d, (int)d.count - 1));
}

/* Does it put drug into the person? Where nobody said that an infusion began, a rate says so. */
static bool begins(const struct said *r, bool by_rate)
{
    if (by_rate) {
        return r->ug > 0 && (r->kind == VG_DOSE_RATE_CHANGE || r->kind == VG_DOSE_RESUME);
    }
    return is_given_whole(r->kind) || r->kind == VG_DOSE_INFUSION_START;
}

static void expect_clock(const struct vg_session *s)
{
    int64_t first_ns = VG_TIME_NONE;
    int64_t last_ns = VG_TIME_NONE;
    for (int by_rate = 0; by_rate < 2 && first_ns == VG_TIME_NONE; by_rate++) {
        for (unsigned i = 0; i < m.dose_count; i++) {
            const struct said *r = in_force(i);
            if (r->is_void || !begins(r, by_rate != 0)) {
                continue;
            }
            first_ns = first_ns == VG_TIME_NONE || r->given_ns < first_ns ? r->given_ns : first_ns;
            last_ns = last_ns == VG_TIME_NONE || r->given_ns > last_ns ? r->given_ns : last_ns;
        }
    }
    assert_int_equal(s->clock.first_ns, first_ns);
    assert_int_equal(s->clock.last_ns, last_ns);
    assert_false(s->uncounted);
}

static void expect_all(const struct core *c)
{
    const struct vg_session *s = &c->engine->beds[0].session;
    int64_t age_ns = c->now_ns - m.opened_ns;
    int64_t once_ns = m.opened_ns + (int64_t)(core_random() % (uint64_t)(age_ns + 1));

    for (unsigned drug = 0; drug < DRUGS; drug++) {
        expect_totals(s, drug, c->now_ns);
    }
    expect_totals(s, core_below(DRUGS), once_ns);
    expect_totals(s, core_below(DRUGS), c->now_ns + (int64_t)(core_random() % 100000) * 1000000001);
    expect_clock(s);
}

/* --- what must be answered ------------------------------------------------------------------ */

#define R(name) (UINT64_C(1) << VG_REFUSED_##name)

/* Of a protocol that says: ketamine into a vein, 5 to 100 mg, infusions for 40 min. */
static bool is_far(const struct vg_dose *d, wide ug)
{
    bool amount = is_given_whole(d->kind);
    wide whole = amount ? ug : ug * 2400 / 3600;
    if (strcmp(d->drug, drug_names[0]) != 0 || d->route != VG_ROUTE_IV) {
        return true;
    }
    return d->kind != VG_DOSE_DRAWN && d->kind != VG_DOSE_WASTE && ug > 0 &&
           (whole < 5000 || whole > 100000);
}

static unsigned drug_of(const struct vg_dose *d)
{
    unsigned i = 0;
    while (i < DRUGS && strcmp(drug_names[i], d->drug) != 0) {
        i++;
    }
    return i;
}

/* Everything that speaks against the amount; *ug is the result, and what is to be shown first. */
static uint64_t against_amount(const struct vg_dose *d, int64_t *ug, bool *shown)
{
    static const char needs[VG_DOSE_KIND_COUNT] = {
        [VG_DOSE_BOLUS] = 'y',  [VG_DOSE_INFUSION_START] = 'y', [VG_DOSE_RATE_CHANGE] = 'y',
        [VG_DOSE_DEVICE] = 'y', [VG_DOSE_LOZENGE] = 'y',        [VG_DOSE_DRAWN] = 'y',
        [VG_DOSE_WASTE] = 'y',
    };
    *ug = 0;
    *shown = false;
    if (d->typed_number == 0) {
        return needs[d->kind] == 'y' ? R(AMOUNT) : 0;
    }
    char by = unit_means[d->unit].by;
    if (by == 'k' && d->weight_g != 0 && m.weight_g != 0 && d->weight_g != m.weight_g) {
        return R(WEIGHT);
    }
    int32_t weight_g = d->weight_g != 0 ? d->weight_g : m.weight_g;
    struct ratio r = ratio_of(d->unit, d->places, weight_g, d->conc_ug_ml);
    if (r.under == 0) {
        return R(NO_WEIGHT) | R(AMOUNT);
    }
    wide exact = rounded(d->typed_number * r.over, r.under);
    if (exact < 1 || exact > 1000000000 || d->typed_number > 1000000000) {
        return R(AMOUNT);
    }
    *ug = (int64_t)exact;
    *shown = !unit_means[d->unit].plain || exact * r.under != d->typed_number * r.over ||
             (m.protocol && is_far(d, exact));
    return 0;
}

/* Of all that could be said against a request the engine says one; without any it is accepted. */
static uint64_t against(const struct core *c, const struct vg_dose *d, struct said *out)
{
    int64_t given_utc_ns = d->given_utc_ns - (d->given_utc_ns > 0 ? d->given_utc_ns % 1000000 : 0);
    int64_t ago_ns = c->now_ns + c->utc_offset_ns - given_utc_ns;
    uint64_t no = 0;
    bool shown = false;

    memset(out, 0, sizeof *out);
    out->of = m.dose_count;
    out->given_ns = c->now_ns - ago_ns;
    out->kind = d->kind;
    if (d->what != VG_DW_GIVEN) {
        const struct said *row = NULL;
        for (unsigned i = 0; i < m.log_count; i++) {
            row = m.log[i].seq == d->target ? &m.log[i] : row;
        }
        if (row == NULL) {
            no |= R(NO_DOSE);
        } else if (in_force(row->of) != row || row->is_void) {
            no |= R(CORRECTED) | R(NO_DOSE);
        } else {
            out->of = row->of;
            if (d->what == VG_DW_AMEND && d->given_utc_ns == 0) { /* when was right */
                out->given_ns = row->given_ns;
                ago_ns = c->now_ns - row->given_ns;
            }
        }
    }
    if (d->what == VG_DW_VOID) {
        out->is_void = true;
        return no;
    }
    no |= ago_ns < 0 ? R(FUTURE) : 0;
    no |= ago_ns > c->now_ns - m.opened_ns + CORE_S(60) ? R(BEFORE_SESSION) : 0;
    no |= against_amount(d, &out->ug, &shown);
    out->drug = (uint8_t)drug_of(d);
    return no == 0 && shown && d->confirm_ug != out->ug ? R(CONFIRM) : no;
}

static bool asks_the_same(const struct vg_dose *a, const struct vg_dose *b)
{
    return a->kind == b->kind && a->what == b->what && a->target == b->target &&
           a->route == b->route && a->typed_number == b->typed_number && a->places == b->places &&
           a->unit == b->unit && a->conc_ug_ml == b->conc_ug_ml && strcmp(a->drug, b->drug) == 0;
}

static unsigned known_as(const char *request_id)
{
    unsigned i = 0;
    while (i < m.known_count && strcmp(m.known[i].request_id, request_id) != 0) {
        i++;
    }
    return i;
}

/* How often each answer came: a rule that never spoke was not tested. */
static uint64_t answers[VG_REFUSED_COUNT];
static uint64_t duplicates;

static void keep(const struct vg_dose *d, uint64_t seq, struct said *row)
{
    row->seq = seq;
    assert_true(m.log_count < LOG_MAX && m.known_count < KNOWN_MAX);
    m.log[m.log_count++] = *row;
    m.dose_count += d->what == VG_DW_GIVEN ? 1u : 0u;
    m.known[m.known_count] = *d;
    m.known_seq[m.known_count++] = seq;
}

/* One request to the engine and to the second calculation; returns the refusal. */
static unsigned ask(struct core *c, const struct vg_dose *d)
{
    struct vg_event ev = core_event(c, VG_EV_DOSE, 0, VG_DEVICE_NONE);
    unsigned known = known_as(d->request_id);
    struct said row;

    ev.u.dose = *d;
    uint64_t no = against(c, d, &row);
    (void)core_feed(c, &ev);
    const struct vg_effect *fx = core_reply(c);
    assert_non_null(fx);
    if (known < m.known_count) {
        bool same = asks_the_same(&m.known[known], d);
        assert_int_equal(fx->duplicate, same);
        assert_int_equal(fx->refusal, same ? VG_REFUSED_NOT : VG_REFUSED_ID_REUSED);
        assert_true(!same || fx->receipt == m.known_seq[known]);
        duplicates += same ? 1 : 0;
    } else if (no == 0) {
        if (fx->refusal != VG_REFUSED_NOT) {
            fail_msg("refused: %s", vg_refusal_name((enum vg_refusal)fx->refusal));
        }
        assert_false(fx->duplicate);
        assert_true(d->what == VG_DW_VOID || fx->ev.u.dose.amount_ug == row.ug);
        keep(d, ev.seq, &row);
    } else if ((no & (UINT64_C(1) << fx->refusal)) == 0) {
        fail_msg("%s of %s %s: %s, not one of %llx", vg_dose_what_name((enum vg_dose_what)d->what),
                 vg_dose_kind_name((enum vg_dose_kind)d->kind), d->drug,
                 vg_refusal_name((enum vg_refusal)fx->refusal), (unsigned long long)no);
    } else if (fx->refusal == VG_REFUSED_CONFIRM) {
        assert_int_equal(fx->ev.u.dose.amount_ug, row.ug); /* what is shown is what will count */
    } else {
        /* refused, and for a reason that is there */
    }
    answers[fx->refusal]++;
    return fx->refusal;
}

/* --- random days ---------------------------------------------------------------------------- */

static int64_t random_digits(void)
{
    static const int64_t below[] = { 10, 100, 1000, 100000, 10000000, 1000000001, 4000000000 };
    return (int64_t)(core_random() % (uint64_t)below[core_below(VG_COUNT(below))]);
}

static void random_amount(struct vg_dose *d)
{
    static const char form[VG_DOSE_KIND_COUNT] = "arr--oaa-aa";
    bool rate = form[d->kind] == 'r' || form[d->kind] == 'o';
    unsigned unit = core_below(VG_UNIT_COUNT);

    if (form[d->kind] == '-' || (form[d->kind] == 'o' && core_below(2) == 0)) {
        return;
    }
    while (unit_means[unit].rate != rate || (!unit_means[unit].plain && core_below(3) != 0)) {
        unit = core_below(VG_UNIT_COUNT);
    }
    d->unit = (uint8_t)unit;
    d->places = (uint8_t)core_below(core_below(3) == 0 ? VG_QUANTITY_PLACES_MAX + 1 : 2);
    d->typed_number = core_below(30) == 0 ? 0 : random_digits();
    if (unit_means[unit].by == 'k' && core_below(3) == 0) {
        d->weight_g = core_below(2) == 0 ? m.weight_g : 30000 + (int32_t)core_below(220000);
    }
    if (unit_means[unit].by == 'm' && core_below(10) != 0) {
        d->conc_ug_ml = 1 + (int32_t)core_below(core_below(2) == 0 ? 200000 : 100);
    }
}

/* Mostly now; late, at the moment of another one, before the session, ahead of the clock. */
static int64_t random_ago_ns(const struct core *c)
{
    int64_t age_ns = c->now_ns - m.opened_ns;
    switch (core_below(12)) {
    case 0:
        return -1 - (int64_t)core_below(1000000000);
    case 1:
        return age_ns + (int64_t)core_below(120) * 1000000000 + (int64_t)core_below(1000000000);
    case 2:
    case 3:
    case 4:
        return (int64_t)(core_random() % (uint64_t)(age_ns + 1));
    case 5:
    case 6:
        if (m.log_count > 0) {
            int64_t ago_ns = c->now_ns - m.log[core_below(m.log_count)].given_ns;
            return ago_ns - (int64_t)core_below(2) * (int64_t)core_below(1000000);
        }
        return age_ns;
    default:
        return 0;
    }
}

static void random_correction(struct vg_dose *d)
{
    d->what = core_below(3) == 0 ? VG_DW_VOID : VG_DW_AMEND;
    d->target = core_below(20) == 0 ? core_below(2000) : 0;
    if (d->target == 0 && m.log_count > 0) {
        const struct said *row = &m.log[core_below(m.log_count)];
        bool late = core_below(5) == 0; /* a row that somebody else has corrected since, mostly */
        d->target = late ? row->seq : in_force(row->of)->seq;
    }
}

static struct vg_dose random_dose(struct core *c)
{
    static const uint8_t often[] = { VG_DOSE_INFUSION_START, VG_DOSE_RATE_CHANGE, VG_DOSE_PAUSE,
                                     VG_DOSE_RESUME, VG_DOSE_BOLUS };
    struct vg_dose d;

    memset(&d, 0, sizeof d);
    (void)snprintf(d.request_id, sizeof d.request_id, "r-%u", ++c->request_count);
    (void)snprintf(d.operator_id, sizeof d.operator_id, "nurse");
    unsigned drug = core_below(4) == 0 ? core_below(DRUGS) : 0;
    memcpy(d.drug, drug_padded[drug], sizeof d.drug);
    d.kind = core_below(2) == 0 ? often[core_below(VG_COUNT(often))]
                                : (uint8_t)core_below(VG_DOSE_KIND_COUNT);
    d.route = core_below(10) == 0 ? VG_ROUTE_IM : VG_ROUTE_IV;
    d.given_utc_ns = c->now_ns + c->utc_offset_ns - random_ago_ns(c);
    random_amount(&d);
    if (core_below(4) == 0) {
        random_correction(&d);
        d.given_utc_ns = d.what == VG_DW_AMEND && core_below(3) == 0 ? 0 : d.given_utc_ns;
    }
    return d;
}

/* A client that says something again, or something else under an old id. */
static struct vg_dose random_repeat(const struct core *c)
{
    struct vg_dose d = m.known[core_below(m.known_count)];
    switch (core_below(5)) {
    case 0:
        d.typed_number++;
        break;
    case 3:
        d.unit = (uint8_t)core_below(VG_UNIT_COUNT);
        break;
    case 1:
        d.kind = (uint8_t)core_below(VG_DOSE_KIND_COUNT);
        break;
    case 2:
        d.given_utc_ns = c->now_ns + c->utc_offset_ns; /* left to the daemon, twice */
        break;
    default:
        break;
    }
    return d;
}

static void weigh(struct core *c)
{
    struct vg_event ev = core_event(c, VG_EV_CARE, 0, VG_DEVICE_NONE);
    struct vg_care *care = &ev.u.care;

    care->what = VG_CW_WEIGHT;
    care->value[0] = 30000 + (int32_t)core_below(220001);
    care->value[2] = care->value[0];
    (void)snprintf(care->request_id, sizeof care->request_id, "w-%u", ++c->request_count);
    (void)snprintf(care->operator_id, sizeof care->operator_id, "nurse");
    (void)core_feed(c, &ev);
    assert_int_equal(core_reply(c)->refusal, VG_REFUSED_NOT);
    m.weight_g = care->value[0];
}

static void pass_time(struct core *c)
{
    static const uint64_t below_ns[] = { 1000, 1000000, 1000000000, UINT64_C(60000000000),
                                         UINT64_C(1200000000000) };
    if (core_below(4) != 0) {
        core_jump(c, (int64_t)(core_random() % below_ns[core_below(VG_COUNT(below_ns))]));
    }
    if (core_below(8) == 0) {
        core_tick(c, 0);
    }
    if (core_below(20) == 0) { /* somebody sets the wall clock: what was given stays where it was */
        c->utc_offset_ns += ((int64_t)core_below(7200) - 3600) * VG_NS_PER_S;
    }
    if (core_below(15) == 0) {
        weigh(c);
    }
}

static struct core *room(unsigned which, int64_t now_ns)
{
    struct core *c = core_new(which, 1, NULL, now_ns);
    struct vg_protocol p;

    memset(&p, 0, sizeof p);
    memcpy(p.drug, drug_padded[0], sizeof p.drug);
    p.route = VG_ROUTE_IV;
    p.phase_count = 1;
    p.range.soft_low_ug = 5000;
    p.range.soft_high_ug = 100000;
    p.infusion_s = 2400;
    vg_engine_add_protocol(c->engine, &p);
    return c;
}

static struct core *begin(void)
{
    struct core *c = room(0, CORE_S(1000) + (int64_t)core_below(1000000000));
    struct vg_event ev = core_event(c, VG_EV_SESSION, 0, VG_DEVICE_NONE);

    m.log_count = 0;
    m.dose_count = 0;
    m.known_count = 0;
    m.weight_g = 0;
    m.opened_ns = c->now_ns;
    m.protocol = core_below(3) == 0;
    ev.u.session_move.protocol = m.protocol ? 0 : VG_PROTOCOL_NONE;
    (void)snprintf(ev.u.session_move.request_id, VG_REQUEST_ID_MAX, "open");
    (void)snprintf(ev.u.session_move.text, VG_REASON_MAX, "p-1");
    (void)core_feed(c, &ev);
    assert_int_equal(core_reply(c)->refusal, VG_REFUSED_NOT);
    return c;
}

/* The daemon dies; the next one has nothing but the record. */
static struct core *restart(struct core *dead, unsigned which)
{
    struct core *c = room(which, dead->now_ns);
    core_replay(c, dead);
    expect_all(c);
    core_daemon(c, 0, VG_DAEMON_RESTARTED);
    return c;
}

static void one_step(struct core *c)
{
    struct vg_dose d = m.known_count > 0 && core_below(12) == 0 ? random_repeat(c) : random_dose(c);
    if (ask(c, &d) == VG_REFUSED_CONFIRM && core_below(6) != 0) {
        int64_t ug = core_reply(c)->ev.u.dose.amount_ug;
        d.confirm_ug = core_below(8) == 0 ? ug + (int64_t)core_below(3) - 1 : ug;
        (void)ask(c, &d);
    }
}

static void prop_dose__totals_and_answers_are_those_of_the_rules(void **state)
{
    unsigned sequences = core_cases(SEQUENCES);
    unsigned restarts = 0;

    (void)state;
    for (unsigned n = 0; n < sequences; n++) {
        /* Some days have more doses than are kept. */
        unsigned steps = n % 1000 == 999 ? 700 : 5 + core_below(30);
        struct core *c = begin();
        unsigned which = 0;
        for (unsigned i = 0; i < steps && m.log_count < LOG_MAX - 2; i++) {
            pass_time(c);
            one_step(c);
            core_forget(c);
            if (steps < 100 || i % 50 == 49) {
                expect_all(c);
            }
            if (core_below(40) == 0) {
                which = 1 - which;
                c = restart(c, which);
                restarts++;
            }
        }
        (void)restart(c, 1 - which);
    }
    (void)printf("[ sequences] %u, %u restarts, %llu accepted, %llu repeated, %llu asked back\n",
                 sequences, restarts, (unsigned long long)answers[VG_REFUSED_NOT],
                 (unsigned long long)duplicates, (unsigned long long)answers[VG_REFUSED_CONFIRM]);
    static const uint8_t must[] = { VG_REFUSED_FUTURE,    VG_REFUSED_BEFORE_SESSION,
                                    VG_REFUSED_NO_DOSE,   VG_REFUSED_CORRECTED,
                                    VG_REFUSED_NO_WEIGHT, VG_REFUSED_WEIGHT,
                                    VG_REFUSED_AMOUNT,    VG_REFUSED_CONFIRM,
                                    VG_REFUSED_ID_REUSED, VG_REFUSED_NOT };
    for (size_t i = 0; i < VG_COUNT(must) && sequences >= SEQUENCES; i++) {
        if (answers[must[i]] == 0) {
            fail_msg("nobody was told %s", vg_refusal_name((enum vg_refusal)must[i]));
        }
    }
}

/* --- quantities ----------------------------------------------------------------------------- */

/* Written apart from the code under test: digits, point, unit. */
static void expect_text(const struct vg_quantity *q)
{
    char text[VG_QUANTITY_TEXT_MAX];
    char *end = text;
    int64_t number = 0;
    unsigned places = 0;
    bool point = false;

    (void)vg_quantity_text(q, text);
    assert_true(strlen(text) < sizeof text && isdigit((unsigned char)text[0]));
    for (; *end != ' ' && *end != '\0'; end++) {
        if (*end == '.') {
            point = true;
        } else {
            number = number * 10 + (*end - '0');
            places += point ? 1u : 0u;
        }
    }
    assert_int_equal(number, q->number);
    assert_int_equal(places, q->places);
    assert_string_equal(end + 1, unit_means[q->unit].name);
}

static struct vg_quantity_terms random_terms(void)
{
    static const uint32_t weights[] = { 250000, 250000, 1000, 2000000000 };
    static const uint32_t concs[] = { 200000, 100, 1000000, 2000000000 };
    struct vg_quantity_terms t = {
        (int32_t)core_below(weights[core_below(VG_COUNT(weights))]) - 1,
        (int32_t)core_below(concs[core_below(VG_COUNT(concs))]) - 1,
    };
    return t;
}

static void expect_back(const struct vg_quantity *q, const struct vg_quantity_terms *t, int64_t ug,
                        struct ratio r)
{
    unsigned places = core_below(2) == 0 ? q->places : core_below(VG_QUANTITY_PLACES_MAX + 1);
    struct ratio other = ratio_of(q->unit, places, t->weight_g, t->conc_ug_ml);
    struct vg_quantity back;

    assert_int_equal(vg_quantity_from_ug(ug, (enum vg_dose_unit)q->unit, q->places, t, &back),
                     VG_OK);
    assert_int_equal(back.unit, q->unit);
    assert_int_equal(back.places, q->places);
    assert_int_equal(back.number, (int64_t)rounded(ug * r.under, r.over));
    if (r.over >= r.under) { /* a microgram is not coarser than the last digit */
        assert_int_equal(back.number, q->number);
    }
    assert_int_equal(vg_quantity_from_ug(ug, (enum vg_dose_unit)q->unit, (uint8_t)places, t, &back),
                     VG_OK);
    assert_int_equal(back.number, (int64_t)rounded(ug * other.under, other.over));
}

static void expect_monotone(const struct vg_quantity *q, const struct vg_quantity_terms *t,
                            int64_t ug)
{
    struct vg_quantity more = *q;
    struct vg_quantity_terms heavier = { t->weight_g + 1, t->conc_ug_ml + 1 };
    int64_t other;

    more.number += 1 + (int64_t)core_below(1000);
    if (vg_quantity_to_ug(&more, t, &other) == VG_OK) {
        assert_true(other >= ug);
    }
    if (vg_quantity_to_ug(q, &heavier, &other) == VG_OK) {
        assert_true(other >= ug);
    }
}

static uint64_t taken;

static void one_quantity(unsigned unit)
{
    struct vg_quantity q = { random_digits(), (uint8_t)core_below(VG_QUANTITY_PLACES_MAX + 1),
                             (uint8_t)unit };
    struct vg_quantity_terms t = random_terms();
    struct ratio r = ratio_of(unit, q.places, t.weight_g, t.conc_ug_ml);
    int64_t ug = -1;
    enum vg_status st = vg_quantity_to_ug(&q, &t, &ug);

    if (q.number < 1 || q.number > 1000000000) {
        assert_int_equal(st, VG_ERR_RANGE);
        return;
    }
    if (r.under == 0) {
        assert_int_equal(st, VG_ERR_ARG);
        assert_int_equal(ug, 0);
        assert_false(vg_quantity_is_whole(&q, &t));
        return;
    }
    wide exact = rounded(q.number * r.over, r.under);
    if (exact < 1 || exact > 1000000000) {
        assert_int_equal(st, VG_ERR_RANGE);
        return;
    }
    taken++;
    assert_int_equal(st, VG_OK);
    assert_int_equal(ug, (int64_t)exact);
    assert_int_equal(vg_quantity_is_whole(&q, &t), exact * r.under == q.number * r.over);
    expect_back(&q, &t, ug, r);
    expect_monotone(&q, &t, ug);
    expect_text(&q);
}

static void prop_dose__a_quantity_is_its_fraction_and_comes_back(void **state)
{
    unsigned each = core_cases(SEQUENCES) * QUANTITIES_PER_SEQUENCE;

    (void)state;
    (void)core_seed(seed);
    for (unsigned unit = 0; unit < VG_UNIT_COUNT; unit++) {
        enum vg_dose_unit found = VG_UNIT_COUNT;
        assert_true(vg_unit_find(unit_means[unit].name, &found) && found == unit);
        assert_int_equal(vg_unit_get(found)->rate, unit_means[unit].rate);
        assert_int_equal(vg_unit_get(found)->plain, unit_means[unit].plain);
        taken = 0;
        for (unsigned n = 0; n < each; n++) {
            one_quantity(unit);
        }
        assert_true(taken >= each / 10);
    }
    (void)printf("[ quantity ] %u of each of %d units\n", each, VG_UNIT_COUNT);
}

/* "35 mg" is what a person reads and sends back: no digit of it may be lost. */
static void prop_dose__what_is_shown_is_the_whole_amount(void **state)
{
    (void)state;
    for (unsigned n = 0; n < core_cases(SEQUENCES); n++) {
        char text[VG_QUANTITY_TEXT_MAX];
        int64_t ug = 1 + (int64_t)(core_random() % 1000000000);
        bool rate = core_below(2) == 0;
        int64_t parts = 0;
        int64_t unit = 1000;
        ug = core_below(2) == 0 ? 1 + ug % 100000 : ug;
        char *at = text;
        (void)vg_ug_text(ug, rate, text);
        for (; isdigit((unsigned char)*at); at++) {
            parts = parts * 10 + (*at - '0');
        }
        for (at += *at == '.' ? 1 : 0; isdigit((unsigned char)*at); at++) {
            parts = parts * 10 + (*at - '0');
            unit /= 10;
        }
        assert_true(unit >= 1);
        assert_int_equal(parts * unit, ug);
        assert_string_equal(at, rate ? " mg/h" : " mg");
    }
}

/* --- no float ------------------------------------------------------------------------------- */

static bool is_name(char ch)
{
    return isalnum((unsigned char)ch) || ch == '_';
}

static char *past_text(char *p)
{
    char quote = *p++;
    while (*p != quote && *p != '\0') {
        p += p[0] == '\\' && p[1] != '\0' ? 2 : 1;
    }
    return *p != '\0' ? p + 1 : p;
}

static char *past_comment(char *p)
{
    char *end = p[1] == '*' ? strstr(p, "*/") : strchr(p, '\n');
    return end == NULL ? p + strlen(p) : end + (p[1] == '*' ? 2 : 1);
}

/* Is a number or a word one that is no integer? `len` of it at p. */
static bool is_float(const char *p, size_t len)
{
    static const char *const words[] = { "float",
                                         "double",
                                         "_Float16",
                                         "_Float32",
                                         "_Float64",
                                         "_Float128",
                                         "json_real",
                                         "json_real_value",
                                         "json_number_value",
                                         "strtod",
                                         "strtof",
                                         "strtold",
                                         "sqlite3_column_double",
                                         "sqlite3_bind_double" };
    for (size_t i = 0; i < VG_COUNT(words); i++) {
        if (strlen(words[i]) == len && memcmp(words[i], p, len) == 0) {
            return true;
        }
    }
    bool number = isdigit((unsigned char)p[0]) || p[0] == '.';
    bool hex = len > 1 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    for (size_t i = 0; number && i < len; i++) {
        if (p[i] == '.' || (!hex && (p[i] == 'e' || p[i] == 'E')) || p[i] == 'p' || p[i] == 'P') {
            return true;
        }
    }
    return false;
}

/* The first place in C text where something is no integer, or NULL. Comments and texts are free. */
static char *find_float(char *p)
{
    while (*p != '\0') {
        if (*p == '"' || *p == '\'') {
            p = past_text(p);
        } else if (p[0] == '/' && (p[1] == '*' || p[1] == '/')) {
            p = past_comment(p);
        } else if (is_name(*p) || (*p == '.' && isdigit((unsigned char)p[1]))) {
            bool number = !isalpha((unsigned char)*p) && *p != '_';
            size_t len = 1;
            while (is_name(p[len]) || (number && p[len] == '.')) {
                len++;
            }
            if (is_float(p, len)) {
                return p;
            }
            p += len;
        } else {
            p++;
        }
    }
    return NULL;
}

static void read_text(const char *path, char *out, size_t cap)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(out, 1, cap - 1, f);
    assert_true(n < cap - 1);
    out[n] = '\0';
    (void)fclose(f);
}

static unsigned expect_no_float(const char *pattern)
{
    static char text[512 * 1024];
    char where[512];
    glob_t found;
    unsigned n = 0;

    (void)snprintf(where, sizeof where, "%s/%s", VG_SOURCE_DIR, pattern);
    assert_int_equal(glob(where, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++, n++) {
        if (strstr(found.gl_pathv[i], "wire_explain.c") != NULL) {
            continue; /* the line that explains an alarm to people: vitals and limits, no dose */
        }
        read_text(found.gl_pathv[i], text, sizeof text);
        char *at = find_float(text);
        if (at != NULL) {
            fail_msg("%s: '%.30s' is no integer", found.gl_pathv[i], at);
        }
    }
    globfree(&found);
    return n;
}

static void prop_dose__nothing_counts_in_floats(void **state)
{
    static const struct {
        const char *text;
        bool found;
    } samples[] = {
        { "int x; /* a double dose, 0.5 mg */ // float\n", false },
        { "char *s = \"double 0.5 \\\" float\"; char c = '\\'';", false },
        { "int x = 0xE5, y = 0x1e, z = 100; a.b = c->d; x = double_check;", false },
        { "int x; double y;", true },
        { "(float)x", true },
        { "x = 5 * .5;", true },
        { "x = 1e3;", true },
        { "x = 2.;", true },
        { "x = 0x1p3;", true },
        { "x = json_number_value(v);", true },
    };
    static const char *const of[] = { "core/*.c",    "core/*.h",    "include/vigil/*.h",
                                      "lib/wire*.c", "lib/wire*.h", "daemon/journal*.c" };
    unsigned files = 0;

    (void)state;
    for (size_t i = 0; i < VG_COUNT(samples); i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "%s", samples[i].text);
        assert_int_equal(find_float(text) != NULL, samples[i].found);
    }
    for (size_t i = 0; i < VG_COUNT(of); i++) {
        files += expect_no_float(of[i]);
    }
    (void)printf("[   files  ] %u\n", files);
    assert_true(files > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_dose__totals_and_answers_are_those_of_the_rules),
        cmocka_unit_test(prop_dose__a_quantity_is_its_fraction_and_comes_back),
        cmocka_unit_test(prop_dose__what_is_shown_is_the_whole_amount),
        cmocka_unit_test(prop_dose__nothing_counts_in_floats),
    };
    for (unsigned i = 0; i < DRUGS; i++) {
        (void)snprintf(drug_padded[i], VG_NAME_MAX, "%s", drug_names[i]);
    }
    seed = core_seed(UINT64_C(20260611));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
