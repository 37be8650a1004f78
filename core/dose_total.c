/*
 * dose_total.c -- what the doses of a session add up to, and the clock they set.
 *
 * Everything is computed anew from the list, so a correction of the first rate change an hour later
 * is as good as if it had been right at once. Infusions are integrated in (ug/h) x ms: both are
 * integers, and the sum of a week at the highest rate fits 63 bits. One division, at the end.
 */
#include <string.h>

#include "core/step.h"

#define MS_PER_H INT64_C(3600000)

/* Which doses are looked at. */
struct scope {
    const char *drug;
    uint64_t except; /* first_seq of one that is left out, 0 = none */
    int64_t now_ns;
};

static bool counts(const struct vg_dose_entry *e, const struct scope *scope)
{
    return !e->is_void && e->given_ns <= scope->now_ns && e->first_seq != scope->except &&
           memcmp(e->drug, scope->drug, sizeof e->drug) == 0;
}

/* The order things happened in; of two at one time the one that was said first. */
static bool is_before(const struct vg_dose_entry *a, const struct vg_dose_entry *b)
{
    return a->given_ns < b->given_ns || (a->given_ns == b->given_ns && a->first_seq < b->first_seq);
}

/* Indices of what counts, in the order it happened. */
static size_t in_order(const struct vg_session *s, const struct scope *scope,
                       uint16_t of[VG_DOSES_MAX])
{
    size_t n = 0;
    for (uint16_t i = 0; i < s->dose_count; i++) {
        size_t at = n;
        if (!counts(&s->doses[i], scope)) {
            continue;
        }
        for (; at > 0 && is_before(&s->doses[i], &s->doses[of[at - 1]]); at--) {
            of[at] = of[at - 1];
        }
        of[at] = i;
        n++;
    }
    return n;
}

/* An infusion on its way: the rate now, the one before a pause, and what ran so far. */
struct infusion {
    int64_t since_ms, rate_ug_h, before_ug_h;
    int64_t ug_h_ms;
};

static void run_until(struct infusion *i, int64_t at_ms)
{
    i->ug_h_ms += i->rate_ug_h * (at_ms - i->since_ms);
    i->since_ms = at_ms;
}

static void infuse(struct infusion *i, const struct vg_dose_entry *e)
{
    run_until(i, e->given_ns / VG_NS_PER_MS);
    switch ((enum vg_dose_kind)e->kind) {
    case VG_DOSE_INFUSION_START:
    case VG_DOSE_RATE_CHANGE:
        i->rate_ug_h = e->amount_ug;
        break;
    case VG_DOSE_PAUSE:
        i->before_ug_h = i->rate_ug_h > 0 ? i->rate_ug_h : i->before_ug_h;
        i->rate_ug_h = 0;
        break;
    case VG_DOSE_RESUME:
        if (e->amount_ug > 0) {
            i->rate_ug_h = e->amount_ug;
        } else if (i->rate_ug_h == 0) {
            i->rate_ug_h = i->before_ug_h;
        } else {
            /* it runs: to resume it changes nothing */
        }
        break;
    case VG_DOSE_STOP:
        i->rate_ug_h = 0;
        i->before_ug_h = 0;
        break;
    case VG_DOSE_BOLUS:
    case VG_DOSE_DEVICE:
    case VG_DOSE_LOZENGE:
    case VG_DOSE_LOZENGE_END:
    case VG_DOSE_DRAWN:
    case VG_DOSE_WASTE:
    case VG_DOSE_KIND_COUNT:
        break;
    }
}

void vg_dose_totals_but(const struct vg_session *s, const char *drug, uint64_t except,
                        int64_t now_ns, struct vg_totals *out)
{
    uint16_t order[VG_DOSES_MAX];
    struct infusion i = { 0, 0, 0, 0 };
    struct scope scope = { drug, except, now_ns };
    size_t n = in_order(s, &scope, order);

    memset(out, 0, sizeof *out);
    out->count = (uint16_t)n;
    for (size_t k = 0; k < n; k++) {
        const struct vg_dose_entry *e = &s->doses[order[k]];
        bool amount = vg_dose_form((enum vg_dose_kind)e->kind) == VG_FORM_AMOUNT;
        infuse(&i, e);
        if (e->kind == VG_DOSE_DRAWN) {
            out->drawn_ug += e->amount_ug;
        } else if (e->kind == VG_DOSE_WASTE) {
            out->wasted_ug += e->amount_ug;
        } else if (amount) {
            out->given_ug += e->amount_ug;
        } else {
            /* a rate: the infusion has it */
        }
    }
    run_until(&i, now_ns / VG_NS_PER_MS);
    out->rate_ug_h = i.rate_ug_h;
    out->infused_ug = i.ug_h_ms / MS_PER_H;
    out->given_ug += out->infused_ug;
    out->remaining_ug = out->drawn_ug - out->given_ug - out->wasted_ug;
}

/* Is it the first of its drug in the list? */
static bool is_new_drug(const struct vg_session *s, uint16_t i)
{
    for (uint16_t k = 0; k < i; k++) {
        if (memcmp(s->doses[k].drug, s->doses[i].drug, sizeof s->doses[k].drug) == 0) {
            return false;
        }
    }
    return true;
}

void vg_dose_totals(const struct vg_session *s, const char *drug, int64_t now_ns,
                    struct vg_totals *out)
{
    if (drug != NULL) {
        vg_dose_totals_but(s, drug, 0, now_ns, out);
        return;
    }
    memset(out, 0, sizeof *out);
    for (uint16_t i = 0; i < s->dose_count; i++) {
        struct vg_totals one;
        if (!is_new_drug(s, i)) {
            continue;
        }
        vg_dose_totals_but(s, s->doses[i].drug, 0, now_ns, &one);
        out->drawn_ug += one.drawn_ug;
        out->given_ug += one.given_ug;
        out->wasted_ug += one.wasted_ug;
        out->remaining_ug += one.remaining_ug;
        out->infused_ug += one.infused_ug;
        out->rate_ug_h += one.rate_ug_h;
        out->count = (uint16_t)(out->count + one.count);
    }
}

/* Does the drug run from here on, if it did not? After a stop somebody may go on with a rate. */
static bool runs(const struct vg_dose_entry *e)
{
    bool goes_on = e->kind == VG_DOSE_RATE_CHANGE || e->kind == VG_DOSE_RESUME;
    return e->kind == VG_DOSE_INFUSION_START || (goes_on && e->amount_ug > 0);
}

/* Of one drug: is an infusion under way at its end, and since when? */
static void clock_of_drug(struct vg_session *s, const char *drug, int64_t now_ns)
{
    uint16_t order[VG_DOSES_MAX];
    struct vg_dose_clock *c = &s->clock;
    int64_t running_ns = VG_TIME_NONE;
    int64_t paused_ns = VG_TIME_NONE;
    struct scope scope = { drug, 0, now_ns };
    size_t n = in_order(s, &scope, order);

    for (size_t k = 0; k < n; k++) {
        const struct vg_dose_entry *e = &s->doses[order[k]];
        if (runs(e) && running_ns == VG_TIME_NONE) {
            running_ns = e->given_ns;
            paused_ns = VG_TIME_NONE;
        } else if (e->kind == VG_DOSE_PAUSE && paused_ns == VG_TIME_NONE) {
            paused_ns = e->given_ns;
        } else if ((e->kind == VG_DOSE_RESUME || runs(e)) && running_ns != VG_TIME_NONE &&
                   paused_ns != VG_TIME_NONE) {
            running_ns += e->given_ns - paused_ns; /* as if it had begun so much later */
            paused_ns = VG_TIME_NONE;
        } else if (e->kind == VG_DOSE_STOP) {
            running_ns = VG_TIME_NONE;
            c->end_ns = c->end_ns < e->given_ns ? e->given_ns : c->end_ns;
        } else {
            /* neither begin nor end */
        }
    }
    if (running_ns != VG_TIME_NONE &&
        (c->running_ns == VG_TIME_NONE || running_ns < c->running_ns)) {
        c->running_ns = running_ns;
    }
}

/* Is entry i the first in the list by which its drug runs? */
static bool begins_drug(const struct vg_session *s, uint16_t i)
{
    if (!runs(&s->doses[i])) {
        return false;
    }
    for (uint16_t k = 0; k < i; k++) {
        if (runs(&s->doses[k]) &&
            memcmp(s->doses[k].drug, s->doses[i].drug, sizeof s->doses[k].drug) == 0) {
            return false;
        }
    }
    return true;
}

static bool gives(const struct vg_dose_entry *e)
{
    return vg_dose_gives((enum vg_dose_kind)e->kind);
}

static void set_first_and_last(struct vg_session *s, bool (*is_dose)(const struct vg_dose_entry *e))
{
    struct vg_dose_clock *c = &s->clock;

    for (uint16_t i = 0; i < s->dose_count; i++) {
        const struct vg_dose_entry *e = &s->doses[i];
        if (e->is_void || !is_dose(e)) {
            continue;
        }
        if (c->first_ns == VG_TIME_NONE || e->given_ns < c->first_ns) {
            c->first_ns = e->given_ns;
        }
        if (c->last_ns == VG_TIME_NONE || e->given_ns > c->last_ns) {
            c->last_ns = e->given_ns;
        }
    }
}

void vg_dose_clock_set(struct vg_session *s, int64_t now_ns)
{
    struct vg_dose_clock *c = &s->clock;
    struct vg_totals t;

    c->first_ns = VG_TIME_NONE;
    c->last_ns = VG_TIME_NONE;
    c->running_ns = VG_TIME_NONE;
    set_first_and_last(s, gives);
    if (c->first_ns == VG_TIME_NONE) {
        set_first_and_last(s, runs); /* nobody said that it began: it runs all the same */
    }
    c->last_ns = s->beyond_ns > c->last_ns ? s->beyond_ns : c->last_ns;
    c->end_ns = c->last_ns;
    s->rate_ug_h = 0;
    for (uint16_t i = 0; i < s->dose_count && c->first_ns != VG_TIME_NONE; i++) {
        if (begins_drug(s, i)) {
            clock_of_drug(s, s->doses[i].drug, now_ns);
            vg_dose_totals(s, s->doses[i].drug, now_ns, &t);
            s->rate_ug_h = t.rate_ug_h > s->rate_ug_h ? t.rate_ug_h : s->rate_ug_h;
        }
    }
    if (c->running_ns != VG_TIME_NONE) {
        c->end_ns = INT64_MAX;
    }
    if (c->end_ns > s->score[VG_SCALE_MOAAS].at_ns) {
        s->awake = 0; /* who was awake before the drug may not be after it */
    }
}

bool vg_dose_has_infusion(const struct vg_session *s, const struct vg_dose *d)
{
    uint16_t order[VG_DOSES_MAX];
    struct scope scope = { d->drug, 0, INT64_MAX };
    bool running = false;

    if (d->kind != VG_DOSE_STOP && d->kind != VG_DOSE_PAUSE && d->kind != VG_DOSE_RESUME &&
        d->kind != VG_DOSE_RATE_CHANGE) {
        return true;
    }
    size_t n = in_order(s, &scope, order);
    for (size_t k = 0; k < n; k++) {
        const struct vg_dose_entry *e = &s->doses[order[k]];
        running = e->kind == VG_DOSE_STOP ? false : running || runs(e);
    }
    return running;
}
