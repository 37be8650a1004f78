/*
 * schedule.c -- machine S: what is due in a session, and when it was made.
 *
 * Marks come from the plan of the protocol when the first dose is given; each further dose adds its
 * own. A reading belongs to the mark whose time it falls into: from the begin of its window to the
 * begin of the next one's. So each reading answers at most one mark, whoever enters it how late.
 * All times are of the monotonic clock: neither the end of summer time nor a step of the wall clock
 * moves a mark. When a correction moves a dose its marks move with it; what was made or missed stays as
 * it was, unless its new time lies ahead.
 */
#include <assert.h>
#include <string.h>

#include "core/schedule.h"
#include "vigil/compiler.h"

#define ANNOUNCE_NS (30 * VG_NS_PER_S)
/* Late by this much after the window is worse. */
#define WORSE_NS (180 * VG_NS_PER_S)

/* --- the machine ---------------------------------------------------------------------------- */

#define TO(state) (VG_MS_##state + 1)

/* next state + 1; 0 = the pair changes nothing */
/* clang-format off */
static const uint8_t table[VG_MARK_STATE_COUNT][VG_SI_COUNT] = {
    [VG_MS_WAITING] = { [VG_SI_ANNOUNCE] = TO(ANNOUNCED), [VG_SI_COME] = TO(DUE),
                        [VG_SI_LATE] = TO(LATE), [VG_SI_MADE] = TO(MET),
                        [VG_SI_MADE_LATE] = TO(MET_LATE), [VG_SI_NEXT] = TO(MISSED),
                        [VG_SI_DROP] = TO(DROPPED) },
    [VG_MS_ANNOUNCED] = { [VG_SI_COME] = TO(DUE), [VG_SI_LATE] = TO(LATE), [VG_SI_MADE] = TO(MET),
                          [VG_SI_MADE_LATE] = TO(MET_LATE), [VG_SI_NEXT] = TO(MISSED),
                          [VG_SI_DROP] = TO(DROPPED), [VG_SI_MOVED] = TO(WAITING) },
    [VG_MS_DUE] = { [VG_SI_LATE] = TO(LATE), [VG_SI_MADE] = TO(MET),
                    [VG_SI_MADE_LATE] = TO(MET_LATE), [VG_SI_NEXT] = TO(MISSED),
                    [VG_SI_DROP] = TO(DROPPED), [VG_SI_MOVED] = TO(WAITING) },
    [VG_MS_LATE] = { [VG_SI_MADE] = TO(MET), [VG_SI_MADE_LATE] = TO(MET_LATE),
                     [VG_SI_NEXT] = TO(MISSED), [VG_SI_DROP] = TO(DROPPED),
                     [VG_SI_MOVED] = TO(WAITING) },
    /* The dose was corrected: its time is still to come. */
    [VG_MS_MET] = { [VG_SI_MOVED] = TO(WAITING) },
    [VG_MS_MET_LATE] = { [VG_SI_MOVED] = TO(WAITING) },
    /* Measured in time, entered afterwards. */
    [VG_MS_MISSED] = { [VG_SI_MADE] = TO(MET), [VG_SI_MADE_LATE] = TO(MET_LATE),
                       [VG_SI_MOVED] = TO(WAITING) },
    [VG_MS_DROPPED] = { 0 },
};
/* clang-format on */

uint8_t vg_mark_next(uint8_t state, enum vg_mark_input in)
{
    uint8_t next = table[state][in];
    return next != 0 ? (uint8_t)(next - 1) : state;
}

bool vg_mark_is_open(const struct vg_mark *m)
{
    return m->state <= VG_MS_LATE;
}

void vg_mark_say(struct vg_step *st, uint16_t i, uint8_t from)
{
    const struct vg_mark *m = &st->bed->session.marks[i];
    struct vg_effect *fx = vg_step_emit(st, VG_EV_PLAN, VG_DEVICE_NONE,
                                        VG_DO_SEND | VG_DO_RECORD | VG_DO_COMMIT);
    struct vg_plan_event *p = &fx->ev.u.plan;
    p->what = VG_PW_MARK;
    p->index = i;
    p->from = from;
    p->to = m->state;
    p->due_utc_ns = st->in->utc_ns - (st->in->mono_ns - m->due_ns);
    p->off_ns = m->off_ns;
    p->scales = m->scales;
    p->missing = m->missing;
    p->optional = m->optional;
    p->tries = m->tries;
}

static void move(struct vg_step *st, uint16_t i, enum vg_mark_input in)
{
    struct vg_mark *m = &st->bed->session.marks[i];
    uint8_t from = m->state;

    m->state = vg_mark_next(from, in);
    if (m->state != from) {
        vg_mark_say(st, i, from);
    }
}

/* --- the marks of a session ----------------------------------------------------------------- */

static bool is_alike(const struct vg_mark *a, const struct vg_mark *b)
{
    return a->scales == 0 ? b->scales == 0 : (a->scales & b->scales) != 0;
}

static int64_t edge_ns(const struct vg_mark *m)
{
    return m->due_ns - m->window_ns;
}

/* When the next of its kind begins; INT64_MAX when it is the last. */
static int64_t next_edge_ns(const struct vg_session *s, const struct vg_mark *m)
{
    int64_t next_ns = INT64_MAX;
    for (uint16_t i = 0; i < s->mark_count; i++) {
        const struct vg_mark *o = &s->marks[i];
        if (o->state != VG_MS_DROPPED && !o->gone && is_alike(m, o) && edge_ns(o) > edge_ns(m) &&
            edge_ns(o) < next_ns) {
            next_ns = edge_ns(o);
        }
    }
    return next_ns;
}

/* A reading of a further dose that falls into the window of one that is due anyway is that one. */
static bool is_there(const struct vg_session *s, const struct vg_mark *m)
{
    for (uint16_t i = 0; i < s->mark_count; i++) {
        const struct vg_mark *o = &s->marks[i];
        int64_t off_ns = o->due_ns - m->due_ns;
        if (vg_mark_is_open(o) && o->scales == m->scales && off_ns <= o->window_ns &&
            off_ns >= -o->window_ns) {
            return true;
        }
    }
    return false;
}

static void add_mark(struct vg_session *s, const struct vg_plan_row *row, uint8_t row_index,
                     uint64_t dose, int64_t from_ns)
{
    struct vg_mark m;

    memset(&m, 0, sizeof m);
    m.due_ns = from_ns + row->at_s * VG_NS_PER_S;
    m.cuff_ns = m.due_ns;
    m.window_ns = row->window_s * VG_NS_PER_S;
    m.scales = row->scales;
    m.missing = row->scales;
    m.optional = row->optional;
    m.dose = dose;
    m.row = row_index;
    m.state = VG_MS_WAITING;
    if (row->further && is_there(s, &m)) {
        return;
    }
    if (s->mark_count == VG_MARKS_MAX) {
        s->unplanned = true;
        return;
    }
    s->marks[s->mark_count++] = m;
}

static bool gives(const struct vg_dose_entry *e)
{
    return e != NULL && !e->is_void && vg_dose_gives((enum vg_dose_kind)e->kind);
}

/* The moment a mark counts from; false when there is none any more. */
static bool origin(struct vg_session *s, const struct vg_mark *m, bool further, int64_t *ns)
{
    const struct vg_dose_entry *e = further ? vg_dose_find(s, m->dose) : NULL;
    *ns = further && e != NULL ? e->given_ns : s->clock.first_ns;
    return further ? gives(e) && e->given_ns != s->clock.first_ns
                   : s->clock.first_ns != VG_TIME_NONE;
}

/* A mark at another time begins anew, if that time is still to come. */
static void move_mark(struct vg_step *st, uint16_t i, int64_t due_ns, bool silent)
{
    struct vg_mark *m = &st->bed->session.marks[i];
    bool ahead = due_ns - m->window_ns > st->in->mono_ns;

    if (!vg_mark_is_open(m) && !ahead) {
        return; /* it was made or missed when it was */
    }
    m->due_ns = due_ns;
    m->cuff_ns = due_ns;
    m->deferred = false;
    m->tries = 0;
    m->missing = vg_mark_is_open(m) ? m->missing : m->scales;
    if (silent) {
        m->state = vg_mark_next(m->state, VG_SI_MOVED);
    } else {
        move(st, i, VG_SI_MOVED);
    }
}

/* Marks whose dose moved or was voided follow it; silently while a record is read. */
static void follow(struct vg_step *st, const struct vg_protocol *p, bool silent)
{
    struct vg_session *s = &st->bed->session;

    for (uint16_t i = 0; i < s->mark_count; i++) {
        struct vg_mark *m = &s->marks[i];
        const struct vg_plan_row *row = &p->plan[m->row];
        int64_t from_ns;
        if (m->gone || m->state == VG_MS_DROPPED) {
            continue;
        }
        m->gone = !origin(s, m, row->further, &from_ns);
        if (m->gone && silent) {
            m->state = vg_mark_next(m->state, VG_SI_DROP);
        } else if (m->gone) {
            move(st, i, VG_SI_DROP);
        } else if (from_ns + row->at_s * VG_NS_PER_S != m->due_ns) {
            move_mark(st, i, from_ns + row->at_s * VG_NS_PER_S, silent);
        } else {
            /* where it was */
        }
    }
}

static bool has_further(const struct vg_session *s, const struct vg_protocol *p, uint64_t dose)
{
    for (uint16_t i = 0; i < s->mark_count; i++) {
        if (s->marks[i].dose == dose && p->plan[s->marks[i].row].further && !s->marks[i].gone) {
            return true;
        }
    }
    return false;
}

/* Each dose after the first has its own, however it came to be one: those that are not past. */
static void add_further(struct vg_step *st, const struct vg_protocol *p)
{
    struct vg_session *s = &st->bed->session;

    for (uint16_t d = 0; d < s->dose_count; d++) {
        const struct vg_dose_entry *e = &s->doses[d];
        if (!gives(e) || e->given_ns == s->clock.first_ns || has_further(s, p, e->first_seq)) {
            continue;
        }
        for (uint16_t i = 0; i < p->plan_count; i++) {
            const struct vg_plan_row *row = &p->plan[i];
            int64_t end_ns = e->given_ns + (row->at_s + row->window_s) * VG_NS_PER_S;
            if (row->further && end_ns > st->in->mono_ns) {
                add_mark(s, row, (uint8_t)i, e->first_seq, e->given_ns);
            }
        }
    }
}

static void plan(struct vg_step *st, uint64_t dose, bool silent)
{
    struct vg_session *s = &st->bed->session;
    const struct vg_protocol *p = vg_engine_protocol(st->e, st->in->bed);

    if (p == NULL) {
        return;
    }
    follow(st, p, silent);
    bool given = s->clock.first_ns != VG_TIME_NONE;
    /* When the only dose was void the next one begins anew, whatever was made meanwhile. */
    bool begins = given && !s->planned;
    s->planned = given;
    for (uint16_t i = 0; i < p->plan_count && begins; i++) {
        if (!p->plan[i].further) {
            add_mark(s, &p->plan[i], (uint8_t)i, dose, s->clock.first_ns);
        }
    }
    if (given) {
        add_further(st, p);
    }
}

void vg_schedule_replay(struct vg_bed *bed, const struct vg_event *ev)
{
    const struct vg_plan_event *p = &ev->u.plan;
    struct vg_session *s = &bed->session;

    if (p->what == VG_PW_MARK && s->seq == ev->session && p->index < s->mark_count) {
        s->marks[p->index].state = p->to;
        s->marks[p->index].off_ns = p->off_ns;
        s->marks[p->index].missing = p->missing;
        s->marks[p->index].tries = p->tries;
    }
}

/* --- something was made --------------------------------------------------------------------- */

/* Silently while a record is read: states stand in rows of their own, what is still missing of a
 * mark does not. */
static void made(struct vg_step *st, uint32_t scale, int64_t at_ns, bool silent)
{
    struct vg_session *s = &st->bed->session;

    for (uint16_t i = 0; i < s->mark_count; i++) {
        struct vg_mark *m = &s->marks[i];
        bool mine = scale == 0 ? m->scales == 0 : (m->missing & scale) != 0;
        if (!mine || at_ns < edge_ns(m) || at_ns >= next_edge_ns(s, m)) {
            continue;
        }
        m->missing &= ~scale;
        if (!silent && m->missing == 0 && (vg_mark_is_open(m) || m->state == VG_MS_MISSED)) {
            m->off_ns = at_ns - m->due_ns;
            move(st, i, m->off_ns > m->window_ns ? VG_SI_MADE_LATE : VG_SI_MADE);
        }
    }
}

void vg_schedule_made(struct vg_step *st, uint32_t scale, int64_t at_ns)
{
    made(st, scale, at_ns, false);
}

void vg_schedule_replay_score(struct vg_step *st, uint32_t scale, int64_t at_ns)
{
    made(st, scale, at_ns, true);
}

/* A dose may be entered late: what was measured and scored since it counts. */
static void dosed(struct vg_step *st, uint64_t dose, bool silent)
{
    struct vg_session *s = &st->bed->session;

    plan(st, dose, silent);
    for (size_t i = VG_COUNT(s->pressure); i > 0; i--) {
        if (s->pressure[i - 1].at_ns != VG_TIME_NONE) {
            made(st, 0, s->pressure[i - 1].at_ns, silent);
        }
    }
    for (unsigned k = 0; k < VG_SCALES_MAX; k++) {
        if (s->score[k].at_ns != VG_TIME_NONE) {
            made(st, 1u << k, s->score[k].at_ns, silent);
        }
    }
}

void vg_schedule_dosed(struct vg_step *st, uint64_t dose)
{
    dosed(st, dose, false);
}

void vg_schedule_replay_dose(struct vg_step *st, uint64_t dose)
{
    dosed(st, dose, true);
}

/* --- time ----------------------------------------------------------------------------------- */

static void mark_tick(struct vg_step *st, uint16_t i)
{
    struct vg_session *s = &st->bed->session;
    struct vg_mark *m = &s->marks[i];
    int64_t late_ns = st->in->mono_ns - m->due_ns;

    if (!vg_mark_is_open(m) || late_ns < -ANNOUNCE_NS) {
        return;
    }
    if (st->in->mono_ns >= next_edge_ns(s, m)) {
        move(st, i, m->optional ? VG_SI_DROP : VG_SI_NEXT);
    } else if (st->in->mono_ns - m->cuff_ns > m->window_ns) { /* put off is not late */
        move(st, i, m->optional ? VG_SI_DROP : VG_SI_LATE);
    } else if (late_ns >= 0) {
        move(st, i, VG_SI_COME);
    } else {
        move(st, i, VG_SI_ANNOUNCE);
    }
}

/* Was all that a mark misses made after its time? Then nobody is wanted for it any more. */
static bool is_overtaken(const struct vg_session *s, const struct vg_mark *m)
{
    for (unsigned k = 0; k < VG_SCALES_MAX; k++) {
        if ((m->missing & (1u << k)) != 0 && s->score[k].at_ns < edge_ns(m)) {
            return false;
        }
    }
    return m->scales != 0 || s->pressure[0].at_ns >= edge_ns(m);
}

/* How long something has been wanted beyond its window; -1 = nothing is. What was missed is wanted
 * until the next of its kind is made. */
static int64_t wanted_ns(const struct vg_step *st, bool scores)
{
    const struct vg_session *s = &st->bed->session;
    int64_t worst_ns = -1;

    for (uint16_t i = 0; i < s->mark_count; i++) {
        const struct vg_mark *m = &s->marks[i];
        int64_t late_ns = st->in->mono_ns - m->cuff_ns - m->window_ns;
        if ((m->scales != 0) != scores || m->optional || m->gone ||
            (m->state != VG_MS_LATE && m->state != VG_MS_MISSED)) {
            continue;
        }
        worst_ns = late_ns > worst_ns && !is_overtaken(s, m) ? late_ns : worst_ns;
    }
    return worst_ns;
}

/* The same by an interval that a person has set (schedule). */
static int64_t interval_wanted_ns(const struct vg_step *st, enum vg_vital v)
{
    const struct vg_due *d = &st->bed->session.due[v];
    int64_t late_ns = st->in->mono_ns - d->next_ns - VG_DUE_WINDOW_NS;
    return d->interval_ns > 0 && late_ns >= 0 ? late_ns : -1;
}

void vg_due_measured(struct vg_step *st, enum vg_vital v, int64_t at_ns)
{
    struct vg_due *d = &st->bed->session.due[v];
    if (d->interval_ns > 0 && at_ns + d->interval_ns > d->next_ns) {
        d->next_ns = at_ns + d->interval_ns;
        vg_schedule_judge(st);
    }
}

static void judge_due(struct vg_step *st, enum vg_condition c, uint16_t subject, int64_t late_ns,
                      enum vg_priority worst)
{
    if (late_ns >= 0) {
        vg_alarm_technical(st, c, subject, true, late_ns >= WORSE_NS ? worst : VG_PRIO_LOW);
    } else if (vg_alarm_is_open(st, c, subject)) {
        vg_alarm_technical(st, c, subject, false, VG_PRIO_LOW);
    } else {
        /* nothing is wanted, and nobody was told that it is */
    }
}

void vg_schedule_judge(struct vg_step *st)
{
    const struct vg_protocol *p = vg_engine_protocol(st->e, st->in->bed);
    const struct vg_session *s = &st->bed->session;
    int64_t overrun_ns = -1;

    if (s->seq == 0) {
        return;
    }
    for (uint16_t v = 0; v < VG_VITAL_COUNT; v++) {
        int64_t late_ns = interval_wanted_ns(st, (enum vg_vital)v);
        int64_t planned_ns = v == VG_VITAL_NIBP_SYS ? wanted_ns(st, false) : -1;
        judge_due(st, VG_COND_VITAL_DUE, v, late_ns > planned_ns ? late_ns : planned_ns,
                  VG_PRIO_MED);
    }
    judge_due(st, VG_COND_SCORE_DUE, VG_SUBJECT_NONE, wanted_ns(st, true), VG_PRIO_LOW);
    if (p != NULL && p->infusion_s > 0 && s->clock.running_ns != VG_TIME_NONE && s->rate_ug_h > 0) {
        overrun_ns = st->in->mono_ns - s->clock.running_ns - p->infusion_s * VG_NS_PER_S -
                     VG_OVERRUN_NS;
        /* The same step again from low to medium: five minutes, not three. */
        overrun_ns = overrun_ns >= 0 && overrun_ns < VG_OVERRUN_NS ? 0 : overrun_ns;
    }
    judge_due(st, VG_COND_INFUSION_OVERRUN, VG_SUBJECT_NONE, overrun_ns, VG_PRIO_MED);
}

void vg_schedule_tick(struct vg_step *st)
{
    for (uint16_t i = 0; i < st->bed->session.mark_count; i++) {
        mark_tick(st, i);
    }
    vg_schedule_judge(st);
    vg_schedule_cuff(st);
}

/* The session ends: what is open will not be made any more. */
void vg_schedule_end(struct vg_step *st)
{
    struct vg_session *s = &st->bed->session;
    for (uint16_t i = 0; i < s->mark_count; i++) {
        if (vg_mark_is_open(&s->marks[i])) {
            bool came = st->in->mono_ns > s->marks[i].due_ns + s->marks[i].window_ns;
            move(st, i, came && !s->marks[i].optional ? VG_SI_NEXT : VG_SI_DROP);
        }
    }
}
