/*
 * care.c -- what people do around a session: scores, facts, weight, readings by hand, notes,
 * baseline, intervals, quiet mode, handover, test signal.
 *
 * Each command is one row of the record; what the engine keeps of it beyond that row is a row
 * without a request id. After a restart the rows of the session are read again, in order.
 */
#include <string.h>

#include "core/step.h"
#include "vigil/compiler.h"

#define RECORD (VG_DO_RECORD | VG_DO_COMMIT | VG_DO_SEND | VG_DO_STATE)
#define DEEP 3
#define VERY_DEEP 2
#define DEFER_MAX_S 180
#define WEIGHT_MIN_G 30000
#define WEIGHT_MAX_G 250000
#define WEIGHT_ODD_G 130000

/* What the engine keeps of a command, as an event without a request id: the record's own memory. */
static struct vg_care *keep(struct vg_step *st, enum vg_care_what what)
{
    struct vg_effect *fx = vg_step_emit(st, VG_EV_CARE, VG_DEVICE_NONE, RECORD);
    fx->ev.u.care.what = (uint8_t)what;
    return &fx->ev.u.care;
}

/* --- scores --------------------------------------------------------------------------------- */

/* When it happened, on the axis of the engine. */
static int64_t happened_ns(const struct vg_event *ev)
{
    return ev->mono_ns - (ev->utc_ns - ev->u.care.at_utc_ns);
}

static void keep_score(struct vg_session *s, const struct vg_event *ev)
{
    const struct vg_care *c = &ev->u.care;
    struct vg_score *score = &s->score[c->value[0]];
    int64_t at_ns = happened_ns(ev);

    if (at_ns < score->at_ns) {
        return; /* entered late: a newer one is known */
    }
    score->before_ns = score->at_ns;
    score->before_seq = score->seq;
    score->before = score->value;
    score->at_ns = at_ns;
    score->value = c->value[1];
    score->seq = ev->seq;
    if (c->value[0] == VG_SCALE_MOAAS) { /* awake after the last drug, not before it */
        bool awake = c->value[1] >= VG_MOAAS_AWAKE && at_ns > s->clock.end_ns;
        s->awake = !awake ? 0 : (uint8_t)(s->awake < 2 ? s->awake + 1 : 2);
    }
}

static void judge_sedation(struct vg_step *st, int32_t score)
{
    vg_alarm_technical(st, VG_COND_SED_DEEP, VG_SUBJECT_NONE, score <= DEEP,
                       score <= VERY_DEEP ? VG_PRIO_HIGH : VG_PRIO_MED);
}

static void scored(struct vg_step *st)
{
    struct vg_session *s = &st->bed->session;
    const struct vg_care *c = &st->in->u.care;
    int64_t at_ns = happened_ns(st->in);
    bool newest = at_ns >= s->score[c->value[0]].at_ns;

    keep_score(s, st->in);
    /* One of another hour, copied from paper, is of the record. */
    if (c->value[0] == VG_SCALE_MOAAS && newest && st->in->mono_ns - at_ns <= VG_HAND_NOW_NS) {
        judge_sedation(st, c->value[1]);
    }
    vg_schedule_made(st, 1u << c->value[0], at_ns);
    vg_schedule_judge(st);
}

/* --- readings by hand ----------------------------------------------------------------------- */

static const uint8_t vital_of_hand[VG_HAND_COUNT] = {
    [VG_HAND_SYS] = VG_VITAL_NIBP_SYS,   [VG_HAND_DIA] = VG_VITAL_NIBP_DIA,
    [VG_HAND_MEAN] = VG_VITAL_NIBP_MEAN, [VG_HAND_PR] = VG_VITAL_PULSE_RATE,
    [VG_HAND_SPO2] = VG_VITAL_SPO2,
};

/* A reading of another minute is a row of the record and answers its mark; the alarms judge only
 * what is of now. A value that a device measures all the time is judged by the device alone. */
static void read_by_hand(struct vg_step *st)
{
    const struct vg_care *c = &st->in->u.care;
    int64_t at_ns = happened_ns(st->in);
    /* An older reading must not end an alarm of a newer one. */
    bool now = st->in->mono_ns - at_ns <= VG_HAND_NOW_NS &&
               at_ns >= st->bed->session.pressure[0].at_ns;

    for (unsigned h = 0; h < VG_HAND_COUNT; h++) {
        enum vg_vital v = (enum vg_vital)vital_of_hand[h];
        if (c->value[h] >= 0 && !vg_vital_get(v)->continuous) {
            vg_recent_add(st->bed, v, c->value[h], at_ns);
        }
        if (c->value[h] >= 0 && !vg_vital_get(v)->continuous && now) {
            vg_alarm_sample(st, v, c->value[h], false, VG_DEVICE_NONE, st->in->flags);
        }
        if (c->value[h] >= 0) {
            vg_due_measured(st, v, at_ns);
        }
    }
    if (c->value[VG_HAND_SYS] >= 0) {
        vg_pressure_taken(st, c->value[VG_HAND_SYS], c->value[VG_HAND_DIA], at_ns);
    }
}

/* --- kept ----------------------------------------------------------------------------------- */

static void keep_baseline(struct vg_step *st)
{
    const struct vg_session *s = &st->bed->session;
    struct vg_care *c = keep(st, VG_CW_BASELINE);
    memcpy(c->value, s->base, sizeof s->base);
    c->target = (uint64_t)s->base_pressures;
    c->at_utc_ns = st->in->utc_ns - (st->in->mono_ns - s->base_ns);
}

static void keep_schedule(struct vg_step *st, uint16_t v)
{
    struct vg_care *c = keep(st, VG_CW_SCHEDULE);
    c->value[0] = v;
    c->value[1] = (int32_t)(st->bed->session.due[v].interval_ns / VG_NS_PER_S);
    c->value[2] = (int32_t)((st->bed->session.due[v].next_ns - st->in->mono_ns) / VG_NS_PER_S);
}

static void set_interval(struct vg_step *st, const struct vg_care *c)
{
    uint16_t v = (uint16_t)c->value[0];
    struct vg_due *d = &st->bed->session.due[v];

    d->interval_ns = c->value[1] * VG_NS_PER_S;
    d->next_ns = st->in->mono_ns + d->interval_ns;
    vg_schedule_judge(st);
    keep_schedule(st, v);
}

/* The score before counts again; before that nothing is known. */
static void forget_score(struct vg_session *s, unsigned k)
{
    struct vg_score *score = &s->score[k];
    score->at_ns = score->before_ns;
    score->seq = score->before_seq;
    score->value = score->before;
    score->before_ns = VG_TIME_NONE;
    score->before_seq = 0;
    s->awake = k == VG_SCALE_MOAAS ? 0 : s->awake;
}

/* What a row said was a mistake: it is as if nobody had said it. */
static void forget(struct vg_session *s, uint64_t seq)
{
    for (unsigned k = 0; k < VG_SCALES_MAX; k++) {
        if (s->score[k].seq == seq) {
            forget_score(s, k);
        }
    }
    for (unsigned f = 0; f < VG_FACT_COUNT; f++) {
        s->fact[f] = s->fact_seq[f] == seq ? -1 : s->fact[f];
    }
    for (unsigned i = 0; i < VG_GATE_COUNT; i++) {
        s->overridden &= s->override_seq[i] == seq ? ~(1u << i) : ~0u;
    }
    s->weight_g = s->weight_seq == seq ? 0 : s->weight_g;
    (void)vg_pressure_forget(s, seq);
}

/* What a row of the session says is known from then on. The same for a command and for a row that
 * is read again. */
static void learn(struct vg_session *s, const struct vg_event *ev)
{
    const struct vg_care *c = &ev->u.care;

    switch ((enum vg_care_what)c->what) {
    case VG_CW_FACT:
        s->fact[c->value[0]] = (int8_t)c->value[1];
        s->fact_seq[c->value[0]] = ev->seq;
        break;
    case VG_CW_WEIGHT:
        s->weight_g = c->value[0];
        s->weight_days = c->value[1];
        s->weight_seq = ev->seq;
        break;
    case VG_CW_OVERRIDE:
        s->overridden |= 1u << c->value[0];
        s->override_seq[c->value[0]] = ev->seq;
        break;
    case VG_CW_HANDOVER:
        memcpy(s->operator_id, c->to, sizeof s->operator_id);
        break;
    case VG_CW_VOID:
        forget(s, c->target);
        break;
    case VG_CW_SEDATION:
    case VG_CW_BASELINE:
    case VG_CW_SCHEDULE:
    case VG_CW_QUIET_ON:
    case VG_CW_QUIET_OFF:
    case VG_CW_TEST:
    case VG_CW_SCORE:
    case VG_CW_READING:
    case VG_CW_SYMPTOM:
    case VG_CW_INTERVENTION:
    case VG_CW_MARKER:
    case VG_CW_NOTE:
    case VG_CW_DEFER:
    case VG_CW_COUNT:
        break;
    }
}

static void carry_out(struct vg_step *st, const struct vg_care *c)
{
    bool was_sedation = st->bed->session.score[VG_SCALE_MOAAS].seq == c->target;

    learn(&st->bed->session, st->in);
    switch ((enum vg_care_what)c->what) {
    case VG_CW_SCORE:
        scored(st);
        break;
    case VG_CW_READING:
        read_by_hand(st);
        break;
    case VG_CW_BASELINE:
        (void)vg_baseline_find(st, st->bed->session.base);
        st->bed->session.base_ns = st->in->mono_ns;
        st->bed->session.base_pressures = vg_baseline_pressures(st);
        keep_baseline(st);
        break;
    case VG_CW_SCHEDULE:
        set_interval(st, c);
        break;
    case VG_CW_QUIET_ON:
        vg_quiet_set(st, true, c->operator_id);
        break;
    case VG_CW_QUIET_OFF:
        vg_quiet_set(st, false, c->operator_id);
        break;
    case VG_CW_TEST:
        st->bed->test_priority = (uint8_t)c->value[0];
        st->bed->test_until_ns = st->in->mono_ns + VG_TEST_SIGNAL_S * VG_NS_PER_S;
        break;
    case VG_CW_VOID:
        if (was_sedation) { /* what is known of the person now decides */
            const struct vg_score *score = &st->bed->session.score[VG_SCALE_MOAAS];
            judge_sedation(st, score->at_ns != VG_TIME_NONE ? score->value : VG_MOAAS_AWAKE);
        }
        vg_schedule_judge(st);
        break;
    case VG_CW_SEDATION:
    case VG_CW_FACT:
    case VG_CW_WEIGHT:
    case VG_CW_SYMPTOM:
    case VG_CW_INTERVENTION:
    case VG_CW_MARKER:
    case VG_CW_NOTE:
    case VG_CW_HANDOVER:
    case VG_CW_DEFER: /* was done when it was judged */
    case VG_CW_OVERRIDE:
    case VG_CW_COUNT:
        break;
    }
}

/* --- commands ------------------------------------------------------------------------------- */

static enum vg_refusal judge_score(const struct vg_step *st, const struct vg_care *c)
{
    const struct vg_scales *all = &st->e->scales;
    if (c->value[0] < 0 || c->value[0] >= all->count) {
        return VG_REFUSED_NO_SCALE;
    }
    const struct vg_scale *scale = &all->of[c->value[0]];
    return c->value[1] < scale->min || c->value[1] > scale->max ? VG_REFUSED_SCORE : VG_REFUSED_NOT;
}

static enum vg_refusal judge_override(const struct vg_step *st, const struct vg_care *c)
{
    static const int8_t fact_of[VG_GATE_COUNT] = {
        [VG_GATE_ESCORT] = VG_FACT_ESCORT,
        [VG_GATE_FASTING] = VG_FACT_FASTING,
        [VG_GATE_CONTRAINDICATIONS] = VG_FACT_CONTRAINDICATIONS,
        [VG_GATE_EQUIPMENT] = VG_FACT_EQUIPMENT,
        [VG_GATE_REMS] = VG_FACT_REMS,
        [VG_GATE_ALARM_TEST] = VG_FACT_ALARM_TEST,
    };
    const struct vg_protocol *p = vg_engine_protocol(st->e, st->in->bed);
    int8_t fact = fact_of[c->value[0]];

    if (p == NULL || p->gate.strength[c->value[0]] != VG_STRENGTH_SOFT) {
        return VG_REFUSED_NOT_SOFT;
    }
    return fact != 0 && st->bed->session.fact[fact] < 0 ? VG_REFUSED_ANSWER_FIRST : VG_REFUSED_NOT;
}

/* A systolic pressure comes with its diastolic, below it; numbers a person can have. */
static enum vg_refusal judge_reading(const struct vg_care *c)
{
    bool sys = c->value[VG_HAND_SYS] >= 0;
    bool any = false;

    if (sys != (c->value[VG_HAND_DIA] >= 0) || (c->value[VG_HAND_MEAN] >= 0 && !sys)) {
        return VG_REFUSED_READING;
    }
    for (unsigned h = 0; h < VG_HAND_COUNT; h++) {
        const struct vg_vital_info *info = vg_vital_get((enum vg_vital)vital_of_hand[h]);
        any = any || c->value[h] >= 0;
        if (c->value[h] >= 0 && (c->value[h] < info->min_milli || c->value[h] > info->max_milli)) {
            return VG_REFUSED_READING;
        }
    }
    if (sys && c->value[VG_HAND_DIA] >= c->value[VG_HAND_SYS]) {
        return VG_REFUSED_READING;
    }
    if (c->value[VG_HAND_MEAN] >= 0 && (c->value[VG_HAND_MEAN] <= c->value[VG_HAND_DIA] ||
                                        c->value[VG_HAND_MEAN] >= c->value[VG_HAND_SYS])) {
        return VG_REFUSED_READING;
    }
    return any ? VG_REFUSED_NOT : VG_REFUSED_READING;
}

/* A weight that is more likely in pounds, or not that of a moment ago, is asked back. */
static enum vg_refusal judge_weight(const struct vg_session *s, const struct vg_care *c)
{
    int32_t known_g = s->weight_g;
    int32_t off_g = c->value[0] > known_g ? c->value[0] - known_g : known_g - c->value[0];

    if (c->value[0] < WEIGHT_MIN_G || c->value[0] > WEIGHT_MAX_G) {
        return VG_REFUSED_WEIGHT_RANGE;
    }
    bool odd = c->value[0] > WEIGHT_ODD_G || (known_g > 0 && off_g > known_g / 10);
    bool confirmed = c->value[2] == c->value[0];
    return confirmed || (!odd && c->value[2] == 0) ? VG_REFUSED_NOT : VG_REFUSED_CONFIRM;
}

static enum vg_refusal judge(struct vg_step *st, const struct vg_care *c)
{
    int32_t base[VG_BASE_COUNT];

    if (c->what == VG_CW_TEST) {
        return VG_REFUSED_NOT;
    }
    if (st->bed->session.seq == 0) {
        return VG_REFUSED_NO_SESSION;
    }
    enum vg_refusal why = vg_happened_check(st, c->at_utc_ns);
    if (why != VG_REFUSED_NOT) {
        return why;
    }
    switch ((enum vg_care_what)c->what) {
    case VG_CW_BASELINE:
        if (st->bed->session.base_ns != VG_TIME_NONE &&
            st->bed->session.clock.first_ns != VG_TIME_NONE) {
            return VG_REFUSED_BASELINE_GIVEN;
        }
        return vg_baseline_find(st, base) ? VG_REFUSED_NOT : VG_REFUSED_NO_BASELINE;
    case VG_CW_QUIET_ON:
        return st->bed->link ? VG_REFUSED_NOT : VG_REFUSED_NO_SINK;
    case VG_CW_SCORE:
        return judge_score(st, c);
    case VG_CW_WEIGHT:
        return judge_weight(&st->bed->session, c);
    case VG_CW_READING:
        return judge_reading(c);
    case VG_CW_OVERRIDE:
        return judge_override(st, c);
    case VG_CW_DEFER:
        return vg_schedule_defer(st, c->value[0] < DEFER_MAX_S ? c->value[0] : DEFER_MAX_S);
    case VG_CW_VOID:
        return c->target > st->bed->session.seq && c->target < st->in->seq &&
                       vg_dose_find(&st->bed->session, c->target) == NULL
                   ? VG_REFUSED_NOT
                   : VG_REFUSED_NO_ROW;
    case VG_CW_SEDATION:
    case VG_CW_SCHEDULE:
    case VG_CW_QUIET_OFF:
    case VG_CW_TEST:
    case VG_CW_FACT:
    case VG_CW_SYMPTOM:
    case VG_CW_INTERVENTION:
    case VG_CW_MARKER:
    case VG_CW_NOTE:
    case VG_CW_HANDOVER:
    case VG_CW_COUNT:
        break;
    }
    return VG_REFUSED_NOT;
}

void vg_care_command(struct vg_step *st)
{
    const struct vg_care *c = &st->in->u.care;

    if (vg_receipt_answer_known(st, c->request_id)) {
        return;
    }
    enum vg_refusal why = judge(st, c);
    if (why != VG_REFUSED_NOT) {
        vg_receipt_refuse(st, why);
        return;
    }
    vg_receipt_accept(st, VG_DO_SEND | VG_DO_STATE);
    carry_out(st, c);
    vg_phase_judge(st);
}

/* --- sessions and restarts ------------------------------------------------------------------ */

void vg_care_end(struct vg_step *st)
{
    vg_quiet_set(st, false, NULL);
}

void vg_care_restore(struct vg_step *st)
{
    vg_quiet_restore(st);
    for (uint16_t v = 0; v < VG_VITAL_COUNT; v++) {
        if (st->bed->session.due[v].interval_ns > 0) {
            keep_schedule(st, v);
        }
    }
}

/* What the engine kept by itself. */
static void replay_kept(struct vg_bed *bed, const struct vg_event *ev)
{
    const struct vg_care *c = &ev->u.care;

    if (c->what == VG_CW_BASELINE) {
        memcpy(bed->session.base, c->value, sizeof bed->session.base);
        bed->session.base_ns = happened_ns(ev);
        bed->session.base_pressures = (int32_t)c->target;
    } else if (c->what == VG_CW_SCHEDULE && (uint32_t)c->value[0] < VG_VITAL_COUNT) {
        struct vg_due *d = &bed->session.due[c->value[0]];
        d->interval_ns = c->value[1] * VG_NS_PER_S;
        d->next_ns = ev->mono_ns + c->value[2] * VG_NS_PER_S;
    } else if (c->what == VG_CW_QUIET_ON) {
        bed->quiet.on = true;
        bed->quiet.until_ns = c->value[0] > 0 ? ev->mono_ns + c->value[0] * VG_NS_PER_S : INT64_MAX;
        memcpy(bed->quiet.operator_id, c->operator_id, sizeof bed->quiet.operator_id);
    } else if (c->what == VG_CW_QUIET_OFF) {
        bed->quiet.on = false;
    } else {
        /* nothing else is kept so */
    }
}

void vg_care_replay(struct vg_step *st)
{
    const struct vg_care *c = &st->in->u.care;
    struct vg_session *s = &st->bed->session;

    if (c->request_id[0] == '\0') {
        replay_kept(st->bed, st->in);
        return;
    }
    vg_receipt_remember(st->bed, st->in);
    if (s->seq == 0 || s->seq != st->in->session) {
        return;
    }
    learn(s, st->in);
    if (c->what == VG_CW_SCORE && (uint32_t)c->value[0] < VG_SCALES_MAX) {
        keep_score(s, st->in);
        vg_schedule_replay_score(st, 1u << c->value[0], happened_ns(st->in));
    } else if (c->what == VG_CW_READING && c->value[VG_HAND_SYS] >= 0) {
        struct vg_pressure p = { happened_ns(st->in), st->in->seq, c->value[VG_HAND_SYS],
                                 c->value[VG_HAND_DIA] };
        vg_pressure_keep(s, &p);
    } else if (c->what == VG_CW_DEFER) {
        (void)vg_schedule_defer(st, c->value[0] < DEFER_MAX_S ? c->value[0] : DEFER_MAX_S);
    } else {
        /* its other consequences stand in the rows after it */
    }
}
