/*
 * prop_cuff_schedule.c -- cuffs that are asked by a schedule never hurt an arm, whatever fails.
 *
 * Random protocols, one to three cuffs on a bed, nurses who start, abort, put off and measure by
 * hand, doses that are corrected, cuffs that refuse, leak, hang, answer late or lose their link while
 * inflated, and a daemon that dies. What is looked at is what the cuffs are told (REQUEST effects),
 * beside a second idea of each cuff: whether it holds pressure, and whether the daemon can know that
 * it does not.
 *
 *   no start while a cuff of the bed may be inflated, nor within 30 s of the last start or end
 *   no more than 30 starts in any hour, also across restarts
 *   after a link was lost in a determination, the first word to that cuff is an abort
 *   the schedule starts a cuff at most twice for a reading, never after a person stopped it, and only
 *   in an open session that has begun
 *   where nothing fails, each reading is asked for once, at its time
 *
 * A cuff answers at least one of the aborts that are said in five seconds, or has not inflated.
 * VG_SEED repeats a run, VG_CASES sets how many schedules there are.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/core_builder.h"
#include "vigil/compiler.h"
#include "vigil/quantity.h"

#define RUNS 2400
#define CUFFS_MAX 3
#define WORDS_MAX 16
#define STARTS_MAX 1024
#define DOSES 12
#define READINGS_MAX (VG_PLAN_ROWS_MAX * (DOSES + 1))
#define REST_NS CORE_S(30)
#define LONGEST_NS CORE_S(180) /* a determination, whoever ends it */
#define HOUR_NS CORE_S(3600)
#define HOUR_STARTS 30
#define NEVER INT64_MAX

/* --- what runs ------------------------------------------------------------------------------ */

enum reply { SAYS_WORD, SAYS_RESULT, SAYS_ERROR };

struct word {
    int64_t at_ns;
    enum reply reply;
    uint8_t what; /* enum vg_cuff_word, or enum vg_nibp_error */
};

/* A cuff on an arm. */
struct cuff {
    uint16_t device;
    bool up;         /* the daemon has a link to it */
    int64_t back_ns; /* when the link comes back */
    bool inflated;   /* it holds pressure by a start of ours */
    int64_t told_ns; /* when it was told to start */
    int64_t end_ns;  /* when it lets go by itself */
    bool hangs;      /* ... and does not say so */
    bool ran;        /* told to start, and no word since that it ended */
    bool owed;       /* the link was lost meanwhile */
    unsigned aborts; /* told since the start */
    unsigned lost;   /* aborts in a row that did not reach it */
    bool mute;       /* the start did not reach it, nor does anything else until it is left alone */
    unsigned word_count;
    struct word words[WORDS_MAX];
};

struct dose {
    uint64_t row; /* in force */
    int64_t given_ns;
    bool is_void;
};

/* A reading that is due: how often the schedule started a cuff for it. */
struct reading {
    unsigned epoch, dose, row; /* dose: of a further one, else DOSES */
    unsigned starts;
    int64_t started_ns;
};

static struct {
    struct core *c;
    unsigned run, which, count;
    struct cuff cuffs[CUFFS_MAX];
    struct vg_protocol p;
    bool calm;    /* nothing fails, nobody interferes */
    bool eager;   /* a nurse who measures all the time */
    unsigned bad; /* of a hundred things that may fail */
    bool open;
    bool begun;     /* something was given that counts */
    bool corrected; /* ... and was said otherwise later */
    unsigned epoch;
    struct dose doses[DOSES];
    unsigned dose_count;
    struct reading readings[READINGS_MAX];
    unsigned reading_count;
    int64_t starts_ns[STARTS_MAX];
    unsigned start_count;
    int64_t end_ns; /* when the last one was known to be over */
    int64_t deferred_ns;
    bool by_person; /* the step is a person's start */
} w;

/* How often something happened that a property is about: zero proves nothing. */
static struct {
    uint64_t scheduled, second, manual, owed, restarts, hours, losses, refused, deferred, calm,
        given_up;
} met;

static bool chance(unsigned percent)
{
    return core_below(100) < percent;
}

static int64_t between_ns(int64_t least_ns, int64_t most_ns)
{
    return least_ns + (int64_t)(core_random() % (uint64_t)(most_ns - least_ns + 1));
}

/* --- what is due, by the plan alone --------------------------------------------------------- */

static int64_t first_ns(void)
{
    int64_t t0_ns = NEVER;
    for (unsigned i = 0; i < w.dose_count; i++) {
        if (!w.doses[i].is_void && w.doses[i].given_ns < t0_ns) {
            t0_ns = w.doses[i].given_ns;
        }
    }
    return t0_ns;
}

static struct reading *reading_of(unsigned epoch, unsigned dose, unsigned row)
{
    for (unsigned i = 0; i < w.reading_count; i++) {
        struct reading *r = &w.readings[i];
        if (r->epoch == epoch && r->dose == dose && r->row == row) {
            return r;
        }
    }
    assert_true(w.reading_count < READINGS_MAX);
    w.readings[w.reading_count] = (struct reading){ .epoch = epoch, .dose = dose, .row = row };
    return &w.readings[w.reading_count++];
}

/* The last time before `until_ns` at which something was due; NEVER when there is none. */
static int64_t due_before(int64_t until_ns)
{
    int64_t due_ns = NEVER;

    for (unsigned row = 0; row < w.p.plan_count && first_ns() != NEVER; row++) {
        const struct vg_plan_row *plan = &w.p.plan[row];
        unsigned n = plan->further ? w.dose_count : 1;
        for (unsigned i = 0; i < n && plan->scales == 0; i++) {
            int64_t from_ns = plan->further ? w.doses[i].given_ns : first_ns();
            int64_t at_ns = from_ns + plan->at_s * VG_NS_PER_S;
            bool counts = !(plan->further && w.doses[i].is_void) && at_ns < until_ns;
            due_ns = counts && (due_ns == NEVER || at_ns > due_ns) ? at_ns : due_ns;
        }
    }
    return due_ns;
}

/* A reading due at that time that can be asked for once more. */
static struct reading *askable(int64_t due_ns)
{
    for (unsigned row = 0; row < w.p.plan_count; row++) {
        const struct vg_plan_row *plan = &w.p.plan[row];
        unsigned n = plan->further ? w.dose_count : 1;
        for (unsigned i = 0; i < n && plan->scales == 0; i++) {
            int64_t from_ns = plan->further ? w.doses[i].given_ns : first_ns();
            bool due = from_ns + plan->at_s * VG_NS_PER_S == due_ns;
            struct reading *r = due ? reading_of(w.epoch, plan->further ? i : DOSES, row) : NULL;
            if (r != NULL && r->starts < 2 && !(plan->further && w.doses[i].is_void)) {
                return r;
            }
        }
    }
    return NULL;
}

/* Whose start it is: of the last reading that has come. A correction of a dose moves what is still to
 * come and leaves behind what was made, so that then one of the last few may be meant. */
static struct reading *due_now(int64_t now_ns)
{
    struct reading *r = NULL;
    int64_t due_ns = now_ns + 1;

    for (unsigned i = 0; i < (w.corrected ? 4u : 1u) && r == NULL; i++) {
        due_ns = due_before(due_ns);
        if (due_ns == NEVER) {
            break;
        }
        r = askable(due_ns);
    }
    return r;
}

/* --- what cuffs are told -------------------------------------------------------------------- */

static void say(struct cuff *f, int64_t after_ns, enum reply reply, uint8_t what)
{
    int64_t at_ns = w.c->now_ns + after_ns;
    if (!f->up || f->word_count == WORDS_MAX) {
        return;
    }
    if (f->word_count > 0 && f->words[f->word_count - 1].at_ns > at_ns) {
        at_ns = f->words[f->word_count - 1].at_ns; /* a line does not change the order */
    }
    f->words[f->word_count++] = (struct word){ at_ns, reply, what };
}

static void fail_at(const char *what, const struct cuff *f)
{
    fail_msg("run %u, cuff %u of %u: %s", w.run, (unsigned)(f - w.cuffs), w.count, what);
}

static void check_scheduled(const struct cuff *f)
{
    met.scheduled++;
    if (!w.open || !w.begun || first_ns() == NEVER || !w.p.auto_cuff) {
        fail_at("the schedule starts it, and nothing is due", f);
    }
    struct reading *r = due_now(w.c->now_ns);
    if (r == NULL) {
        fail_at("the schedule starts it, and no reading is due, or it is the third time for it", f);
        return;
    }
    r->starts++;
    r->started_ns = w.c->now_ns;
    met.second += r->starts == 2 ? 1 : 0;
}

static void told_start(struct cuff *f)
{
    int64_t now_ns = w.c->now_ns;
    unsigned hour = 1;

    for (unsigned i = 0; i < w.count; i++) {
        const struct cuff *o = &w.cuffs[i];
        if (o->inflated || (o->ran && now_ns - o->told_ns < LONGEST_NS + REST_NS)) {
            fail_at("it is started while one of the bed may be inflated", f);
        }
    }
    for (unsigned i = 0; i < w.start_count; i++) {
        hour += now_ns - w.starts_ns[i] < HOUR_NS ? 1u : 0u;
    }
    if (w.start_count > 0 && now_ns - w.starts_ns[w.start_count - 1] < REST_NS) {
        fail_at("it is started within 30 s of the last start", f);
    }
    if (now_ns - w.end_ns < REST_NS) {
        fail_at("it is started within 30 s of the last end", f);
    }
    if (hour > HOUR_STARTS) {
        fail_at("it is the 31st start of an hour", f);
    }
    met.hours += hour == HOUR_STARTS ? 1 : 0;
    assert_true(w.start_count < STARTS_MAX);
    w.starts_ns[w.start_count++] = now_ns;
    if (w.by_person) {
        met.manual++;
    } else {
        check_scheduled(f);
    }
    f->ran = true;
    f->told_ns = now_ns;
    f->aborts = 0;
    f->lost = 0;
    f->mute = false;
    bool fails = chance(w.bad);
    unsigned how = fails ? core_below(6) : 6;
    if (how == 0) {
        say(f, between_ns(0, CORE_S(2)), SAYS_WORD, VG_CUFF_REFUSED);
    } else if (how == 1) {
        say(f, between_ns(0, CORE_S(2)), SAYS_WORD, VG_CUFF_BUSY);
    } else if (how == 2) {
        f->mute = true;
    } else {
        f->inflated = true;
        f->hangs = how == 3;
        f->end_ns = now_ns + (f->hangs ? LONGEST_NS
                                       : between_ns(CORE_S(5), w.calm ? CORE_S(15) : CORE_S(45)));
        /* 4: in time or not; 5: it inflates and does not say so */
        int64_t late_ns = how == 4 ? CORE_S(8) : CORE_S(2);
        if (how != 5) {
            say(f, between_ns(0, late_ns), SAYS_WORD,
                chance(90) ? VG_CUFF_ACCEPTED : VG_CUFF_RUNNING);
        }
    }
}

/* A person stopped it: the reading that is due is left to people. */
static void given_up(void)
{
    int64_t due_ns = due_before(w.c->now_ns + 1);
    if (!w.open || !w.begun || w.corrected || due_ns == NEVER ||
        w.c->now_ns - w.deferred_ns < CORE_S(200)) {
        return;
    }
    for (struct reading *r = askable(due_ns); r != NULL; r = askable(due_ns)) {
        r->starts = 2;
        met.given_up++;
    }
}

static void told_abort(struct cuff *f)
{
    if (w.by_person && f->ran && f->aborts == 0 && !f->owed) {
        given_up();
    }
    f->owed = false;
    f->aborts++;
    if (f->mute) {
        /* Nobody knows, until the longest determination is over. */
        w.end_ns = w.c->now_ns - f->told_ns < LONGEST_NS ? w.c->now_ns : w.end_ns;
        return;
    }
    if (chance(w.bad) && f->lost < 2) {
        f->lost++;
        return;
    }
    f->lost = 0;
    f->inflated = false;
    f->end_ns = NEVER;
    for (unsigned i = 0; i < f->word_count;
         i++) { /* what it has to say yet it says first, and now */
        f->words[i].at_ns = w.c->now_ns;
    }
    say(f, between_ns(0, CORE_S(1)), SAYS_WORD, chance(80) ? VG_CUFF_ABORTED : VG_CUFF_IDLE);
}

static void told_result(struct cuff *f)
{
    if (!chance(w.bad)) {
        say(f, between_ns(0, CORE_S(1) / 2), SAYS_RESULT, 0);
    } else if (chance(70)) {
        static const uint8_t errors[] = { VG_NIBP_LOOSE_OR_LEAK, VG_NIBP_MOTION,
                                          VG_NIBP_WEAK_SIGNAL, VG_NIBP_OVERPRESSURE };
        say(f, between_ns(0, CORE_S(2)), SAYS_ERROR, errors[core_below(VG_COUNT(errors))]);
    } else {
        /* it never says */
    }
}

/* Everything the cuffs are told by the last step. */
static void look(void)
{
    const struct vg_effects *fx = &w.c->fx;
    for (size_t i = 0; i < fx->count; i++) {
        if ((fx->of[i].verbs & VG_DO_REQUEST) == 0) {
            continue;
        }
        assert_true(fx->of[i].ev.device >= 1 && fx->of[i].ev.device <= w.count);
        struct cuff *f = &w.cuffs[fx->of[i].ev.device - 1];
        uint8_t what = fx->of[i].request;
        if (!f->up) {
            fail_at("it is told something and has no link", f);
        }
        if (f->owed && what != VG_REQ_NIBP_ABORT) {
            fail_at("the first word after the link is back is no abort", f);
        }
        met.owed += f->owed ? 1 : 0;
        if (what == VG_REQ_NIBP_START) {
            told_start(f);
        } else if (what == VG_REQ_NIBP_ABORT) {
            told_abort(f);
        } else if (what == VG_REQ_NIBP_RESULT) {
            told_result(f);
        } else {
            fail_at("it is told something else", f);
        }
    }
    core_forget(w.c);
}

/* --- what cuffs do -------------------------------------------------------------------------- */

static void over(struct cuff *f)
{
    w.end_ns = f->ran ? w.c->now_ns : w.end_ns;
    f->ran = false;
}

static void speak(struct cuff *f)
{
    struct word said = f->words[0];
    memmove(&f->words[0], &f->words[1], --f->word_count * sizeof f->words[0]);
    if (said.reply == SAYS_WORD) {
        bool ends = said.what != VG_CUFF_ACCEPTED && said.what != VG_CUFF_RUNNING;
        /* Idle is what a cuff without pressure says; before it was aborted it may be about to begin. */
        if (ends && (said.what != VG_CUFF_IDLE || f->aborts > 0)) {
            over(f);
        }
        core_word(w.c, f->device, (enum vg_cuff_word)said.what);
    } else if (said.reply == SAYS_RESULT) {
        core_result(w.c, f->device, 110 + (int32_t)core_below(30), 70 + (int32_t)core_below(15));
    } else {
        core_result_error(w.c, f->device, (enum vg_nibp_error)said.what);
    }
    look();
}

static void lose_link(struct cuff *f, bool daemon_died)
{
    met.losses += f->ran ? 1 : 0;
    f->owed = f->owed || (f->ran && w.c->now_ns - f->told_ns < LONGEST_NS);
    f->up = false;
    f->word_count = 0; /* what was on its way is lost */
    f->back_ns = w.c->now_ns + between_ns(CORE_S(1), chance(90) ? CORE_S(60) : CORE_S(900));
    if (!daemon_died) {
        core_port(w.c, f->device, chance(50) ? VG_PORT_SILENT : VG_PORT_BACKOFF);
        look();
    }
}

static void live(struct cuff *f)
{
    if (f->inflated && w.c->now_ns >= f->end_ns) {
        f->inflated = false;
        f->end_ns = NEVER;
        if (!f->hangs) {
            say(f, between_ns(0, chance(w.bad) ? CORE_S(6) : CORE_S(1)), SAYS_WORD,
                VG_CUFF_COMPLETED);
        }
    }
    while (f->word_count > 0 && f->words[0].at_ns <= w.c->now_ns) {
        speak(f);
    }
    if (!f->up && w.c->now_ns >= f->back_ns) {
        f->up = true;
        core_port(w.c, f->device, VG_PORT_ONLINE);
        look();
    } else if (f->up && core_below(20000) < w.bad * (f->ran ? 8 : 1)) {
        lose_link(f, false);
    } else {
        /* as it was */
    }
}

/* --- people --------------------------------------------------------------------------------- */

static const struct vg_effect *command(struct vg_event *ev, char *request_id, char *operator_id)
{
    (void)snprintf(request_id, VG_REQUEST_ID_MAX, "r-%u", ++w.c->request_count);
    (void)snprintf(operator_id, VG_NAME_MAX, "nurse");
    w.by_person = ev->kind == VG_EV_NIBP_COMMAND;
    (void)core_feed(w.c, ev);
    const struct vg_effect *fx = core_reply(w.c);
    assert_non_null(fx);
    met.refused += fx->refusal == VG_REFUSED_CUFF_HOUR ? 1 : 0;
    look();
    w.by_person = false;
    return fx;
}

static void start_or_abort(enum vg_request_what what)
{
    uint16_t device = w.cuffs[core_below(w.count)].device;
    struct vg_event ev = core_event(w.c, VG_EV_NIBP_COMMAND, 0, device);
    ev.u.command.what = (uint8_t)what;
    (void)command(&ev, ev.u.command.request_id, ev.u.command.operator_id);
}

static void defer(void)
{
    struct vg_event ev = core_event(w.c, VG_EV_CARE, 0, VG_DEVICE_NONE);
    ev.u.care.what = VG_CW_DEFER;
    ev.u.care.value[0] = 1 + (int32_t)core_below(180);
    const struct vg_effect *fx = command(&ev, ev.u.care.request_id, ev.u.care.operator_id);
    if (fx->refusal == VG_REFUSED_NOT) {
        met.deferred++;
        w.deferred_ns = w.c->now_ns;
    }
}

static void by_hand(void)
{
    struct vg_event ev = core_event(w.c, VG_EV_CARE, 0, VG_DEVICE_NONE);
    ev.u.care.what = VG_CW_READING;
    ev.u.care.at_utc_ns = w.c->now_ns + w.c->utc_offset_ns - between_ns(0, CORE_S(600));
    ev.u.care.value[VG_HAND_SYS] = 125000;
    ev.u.care.value[VG_HAND_DIA] = 80000;
    for (unsigned h = VG_HAND_MEAN; h < VG_HAND_COUNT; h++) {
        ev.u.care.value[h] = -1;
    }
    (void)command(&ev, ev.u.care.request_id, ev.u.care.operator_id);
}

/* What is given belongs to a plan: it begins with the first that counts, and anew when none did. */
static void follow(void)
{
    bool begun = first_ns() != NEVER;
    w.epoch += begun && !w.begun ? 1u : 0u;
    w.begun = begun;
}

/* A reading whose time has moved begins anew. */
static void move_readings(int64_t first_was_ns, unsigned of, int64_t was_ns)
{
    for (unsigned i = 0; i < w.reading_count; i++) {
        struct reading *r = &w.readings[i];
        bool moved = r->dose == DOSES ? first_ns() != first_was_ns
                                      : r->dose == of && w.doses[of].given_ns != was_ns;
        r->starts = r->epoch == w.epoch && moved ? 0 : r->starts;
    }
}

static void give(enum vg_dose_what what, int64_t ago_ns)
{
    struct vg_event ev = core_event(w.c, VG_EV_DOSE, 0, VG_DEVICE_NONE);
    struct vg_dose *d = &ev.u.dose;
    unsigned of = what == VG_DW_GIVEN ? w.dose_count : core_below(w.dose_count);
    int64_t given_utc_ns = w.c->now_ns - ago_ns + w.c->utc_offset_ns;
    given_utc_ns -= given_utc_ns % VG_NS_PER_MS; /* as the record has it */
    struct dose now = { 0, given_utc_ns - w.c->utc_offset_ns, what == VG_DW_VOID };

    d->kind = VG_DOSE_BOLUS;
    d->what = (uint8_t)what;
    d->target = what == VG_DW_GIVEN ? 0 : w.doses[of].row;
    d->typed_number = 10;
    d->unit = VG_UNIT_MG;
    d->given_utc_ns = given_utc_ns;
    memcpy(d->drug, w.p.drug, sizeof d->drug);
    /* The plan of before still counts while the engine does what is due at once. */
    static struct reading kept[READINGS_MAX];
    struct dose was = w.doses[of];
    int64_t first_was_ns = first_ns();
    memcpy(kept, w.readings, sizeof kept);
    w.doses[of] = now;
    w.dose_count += what == VG_DW_GIVEN ? 1u : 0u;
    move_readings(first_was_ns, of, was.given_ns);
    const struct vg_effect *fx = command(&ev, d->request_id, d->operator_id);
    if (fx->refusal != VG_REFUSED_NOT) {
        w.doses[of] = was;
        w.dose_count -= what == VG_DW_GIVEN ? 1u : 0u;
        memcpy(w.readings, kept, sizeof kept);
    } else {
        w.doses[of].row = ev.seq;
    }
    w.corrected = w.corrected || (w.begun && what != VG_DW_GIVEN) || ago_ns > 0;
    follow();
}

static void open_session(void)
{
    struct vg_event ev = core_event(w.c, VG_EV_SESSION, 0, VG_DEVICE_NONE);
    ev.u.session_move.move = VG_SESSION_OPEN;
    ev.u.session_move.protocol = 0;
    (void)snprintf(ev.u.session_move.text, VG_REASON_MAX, "p-1");
    w.open = true;
    w.corrected = false;
    w.dose_count = 0;
    follow();
    assert_int_equal(
        command(&ev, ev.u.session_move.request_id, ev.u.session_move.operator_id)->refusal,
        VG_REFUSED_NOT);
}

static void close_session(void)
{
    struct vg_event ev = core_event(w.c, VG_EV_SESSION, 0, VG_DEVICE_NONE);
    ev.u.session_move.move = VG_SESSION_CLOSE;
    (void)snprintf(ev.u.session_move.text, VG_REASON_MAX, "end");
    assert_int_equal(
        command(&ev, ev.u.session_move.request_id, ev.u.session_move.operator_id)->refusal,
        VG_REFUSED_NOT);
    w.open = false;
    w.dose_count = 0;
    follow();
}

static void somebody(void)
{
    unsigned what = core_below(1500);
    if (!w.open) {
        if (what < 10) {
            open_session();
        }
    } else if (what < 4 && w.dose_count < DOSES) {
        int64_t most_ns = w.dose_count > 0 && chance(30) ? CORE_S(400) : 0;
        give(VG_DW_GIVEN, between_ns(0, most_ns));
    } else if (what < 6 && w.dose_count > 0) {
        give(chance(20) ? VG_DW_VOID : VG_DW_AMEND, between_ns(0, CORE_S(1200)));
    } else if (what < 14) {
        start_or_abort(VG_REQ_NIBP_ABORT);
    } else if (what < 22 || (w.eager && what < 500)) {
        start_or_abort(VG_REQ_NIBP_START);
    } else if (what > 1490) {
        defer();
    } else if (what > 1486) {
        by_hand();
    } else if (what == 1486 && chance(20)) {
        close_session();
    } else {
        /* nobody does anything */
    }
}

/* --- the daemon ----------------------------------------------------------------------------- */

static struct core *build(unsigned which, int64_t now_ns)
{
    struct core *c = core_new(which, 1, NULL, now_ns);
    (void)core_add_oximeter(c, 0);
    for (unsigned i = 0; i < w.count; i++) {
        w.cuffs[i].device = core_add_cuff(c, 0);
    }
    vg_engine_add_protocol(c->engine, &w.p);
    return c;
}

static void restart(void)
{
    int64_t down_ns = chance(80) ? between_ns(0, CORE_S(10)) : between_ns(0, CORE_S(600));
    struct core *dead = w.c;

    met.restarts++;
    for (unsigned i = 0; i < w.count; i++) {
        lose_link(&w.cuffs[i], true);
    }
    w.which = 1 - w.which;
    w.c = build(w.which, dead->now_ns);
    core_replay(w.c, dead);
    core_jump(w.c, down_ns);
    core_daemon(w.c, 0, VG_DAEMON_RESTARTED);
    look();
}

/* --- one run -------------------------------------------------------------------------------- */

static void random_protocol(void)
{
    struct vg_protocol *p = &w.p;
    unsigned readings = 4 + core_below(12);
    int32_t gap_s = 60 * (1 + (int32_t)core_below(15));
    bool even = chance(60);
    int32_t at_s = 0;

    memset(p, 0, sizeof *p);
    (void)snprintf(p->drug, sizeof p->drug, "ketamine");
    p->auto_cuff = w.calm || chance(92);
    p->phase_count = 2;
    p->phases[0].from_s = -3600;
    p->phases[1].dosing = true;
    for (unsigned i = 0; i < readings; i++) {
        int32_t step_s = even ? gap_s : 60 * (1 + (int32_t)core_below(15));
        at_s += step_s;
        p->plan[p->plan_count++] = (struct vg_plan_row){
            .at_s = at_s,
            .window_s = w.calm || chance(80) ? 25 : 5 + (int32_t)core_below(300),
            .optional = !w.calm && chance(5),
        };
    }
    unsigned further = w.calm ? 0 : core_below(4);
    for (unsigned i = 0; i < further; i++) {
        p->plan[p->plan_count++] = (struct vg_plan_row){ .at_s = 60 * (1 + (int32_t)core_below(15)),
                                                         .window_s = 25,
                                                         .further = true };
    }
    p->plan[p->plan_count++] = (struct vg_plan_row){ .at_s = 60 * (1 + (int32_t)core_below(30)),
                                                     .window_s = 60,
                                                     .scales = 1 };
}

static void begin(unsigned run)
{
    memset(&w, 0, sizeof w);
    w.run = run;
    w.calm = run % 6 == 5;
    w.eager = !w.calm && run % 8 == 0;
    w.bad = w.calm ? 0 : w.eager ? core_below(8) : core_below(40);
    w.count = 1 + core_below(CUFFS_MAX);
    w.end_ns = INT64_MIN / 2;
    random_protocol();
    w.c = build(0, CORE_S(10000) + between_ns(0, VG_NS_PER_S));
    for (unsigned i = 0; i < w.count; i++) {
        w.cuffs[i].end_ns = NEVER;
        w.cuffs[i].up = w.calm || chance(80);
        w.cuffs[i].back_ns = w.c->now_ns + CORE_S(60);
        if (w.cuffs[i].up) {
            core_port(w.c, w.cuffs[i].device, VG_PORT_ONLINE);
            look();
        }
    }
    open_session();
    if (w.calm || chance(90)) {
        give(VG_DW_GIVEN, 0);
    }
}

static bool is_busy(void)
{
    for (unsigned i = 0; i < w.count; i++) {
        if (w.cuffs[i].ran || w.cuffs[i].word_count > 0) {
            return true;
        }
    }
    return w.c->now_ns - w.end_ns < REST_NS + CORE_S(5);
}

/* Where nothing failed every reading that came was asked for once, and at once. */
static void expect_each_once(void)
{
    for (unsigned row = 0; row < w.p.plan_count; row++) {
        const struct vg_plan_row *plan = &w.p.plan[row];
        int64_t due_ns = first_ns() + plan->at_s * VG_NS_PER_S;
        if (plan->scales != 0 || plan->further || due_ns > w.c->now_ns - CORE_S(10)) {
            continue;
        }
        const struct reading *r = reading_of(w.epoch, DOSES, row);
        assert_int_equal(r->starts, 1);
        assert_true(r->started_ns - due_ns < CORE_S(10));
        met.calm++;
    }
}

static void one_run(unsigned run)
{
    begin(run);
    int64_t until_ns = w.c->now_ns + between_ns(CORE_S(3600), CORE_S(9000));
    while (w.c->now_ns < until_ns) {
        bool slow = !is_busy();
        core_jump(w.c, slow ? between_ns(CORE_S(1), CORE_S(8)) : between_ns(VG_TICK_NS, CORE_S(2)));
        for (unsigned i = 0; i < w.count; i++) {
            live(&w.cuffs[i]);
        }
        core_tick(w.c, 0);
        look();
        if (!w.calm) {
            somebody();
        }
        if (!w.calm && core_below(3000) < 1 + w.bad / 8) {
            restart();
        }
    }
    if (w.calm) {
        expect_each_once();
    }
}

static void prop_cuff_schedule__no_arm_is_hurt(void **state)
{
    unsigned runs = core_cases(RUNS);

    (void)state;
    for (unsigned run = 0; run < runs; run++) {
        one_run(run);
    }
    (void)printf("[  starts  ] %llu scheduled, %llu of them again, %llu by people; %llu on time\n",
                 (unsigned long long)met.scheduled, (unsigned long long)met.second,
                 (unsigned long long)met.manual, (unsigned long long)met.calm);
    (void)printf("[  faults  ] %llu links lost while inflated, %llu aborts owed, %llu restarts, "
                 "%llu put off, %llu full hours, %llu refused by them\n",
                 (unsigned long long)met.losses, (unsigned long long)met.owed,
                 (unsigned long long)met.restarts, (unsigned long long)met.deferred,
                 (unsigned long long)met.hours, (unsigned long long)met.refused);
    if (runs >= RUNS) {
        assert_true(met.scheduled > 0 && met.second > 0 && met.manual > 0 && met.calm > 0);
        assert_true(met.losses > 0 && met.owed > 0 && met.restarts > 0 && met.deferred > 0);
        assert_true(met.hours > 0 && met.refused > 0 && met.given_up > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_cuff_schedule__no_arm_is_hurt),
    };
    (void)core_seed(UINT64_C(20260612));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
