/*
 * ref_alarm.c -- see ref_alarm.h.
 */
#include "tests/support/ref_alarm.h"

#include <string.h>

#include "core/alarm_catalogue.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)

/* --- the constants, as prose has them ------------------------------------------------------- */

static const struct phys {
    enum ref_vital v;
    bool low;
    enum vg_priority priority;
    int64_t delay;
    int32_t limit, hysteresis;
    unsigned needed;
    enum vg_latch latch;
} phys[REF_PHYS] = {
    [REF_SPO2_LOW] = { REF_SPO2, true, VG_PRIO_MED, S(15), 90000, 1000, 1, VG_LATCH_VISUAL },
    [REF_DESAT] = { REF_SPO2, true, VG_PRIO_HIGH, 0, 85000, 1000, 3, VG_LATCH_FULL },
    [REF_PR_LOW] = { REF_PR, true, VG_PRIO_MED, S(10), 50000, 3000, 1, VG_LATCH_VISUAL },
    [REF_PR_HIGH] = { REF_PR, false, VG_PRIO_MED, S(10), 120000, 3000, 1, VG_LATCH_VISUAL },
    [REF_PR_XLOW] = { REF_PR, true, VG_PRIO_HIGH, S(5), 40000, 3000, 1, VG_LATCH_FULL },
    [REF_PR_XHIGH] = { REF_PR, false, VG_PRIO_HIGH, S(5), 150000, 3000, 1, VG_LATCH_FULL },
};

static enum vg_latch latch_of(enum ref_id id)
{
    if (id < REF_PHYS) {
        return phys[id].latch;
    }
    if (id == REF_SED) {
        return VG_LATCH_FULL;
    }
    return id == REF_RESTARTED ? VG_LATCH_VISUAL : VG_LATCH_NONE;
}

bool ref_is_open(const struct ref_alarm *a)
{
    return a->c.st == VG_CS_ACTIVE || a->c.st == VG_CS_LATCHED;
}

static bool is_urgent(const struct ref_alarm *a)
{
    return a->priority != VG_PRIO_LOW;
}

static bool staff_reachable(const struct ref_bed *b)
{
    return b->sink_ok[REF_DESK] || b->sink_ok[REF_PAGER];
}

/* --- the way to people ---------------------------------------------------------------------- */

static void goes(struct ref_bed *b, struct ref_alarm *a, enum ref_way way)
{
    a->way = way;
    a->way_since = b->now;
}

/* Staff first while it is quiet and they can be reached; what is LOW never disturbs the room. */
static void sets_out(struct ref_bed *b, struct ref_alarm *a)
{
    bool staff = b->quiet && (staff_reachable(b) || !is_urgent(a));
    goes(b, a, staff ? REF_STAFF_SENT : REF_EVERYWHERE);
}

static bool is_on_its_way(const struct ref_alarm *a)
{
    return a->way == REF_STAFF_SENT || a->way == REF_STAFF_HAS_IT || a->way == REF_SECOND_TOO;
}

static void time_on_the_way(struct ref_alarm *a, int64_t now)
{
    bool high = a->priority == VG_PRIO_HIGH;
    int64_t waited = now - a->way_since;

    if (!is_urgent(a) || !is_on_its_way(a)) {
        return;
    }
    if (a->way == REF_STAFF_SENT) {
        if (waited >= S(3)) {
            a->way = REF_EVERYWHERE;
        }
        return;
    }
    if (waited >= (high ? S(15) : S(60))) {
        a->way = REF_EVERYWHERE;
    } else if (a->way == REF_STAFF_HAS_IT && waited >= (high ? S(10) : S(30))) {
        a->way = REF_SECOND_TOO;
    }
}

/* What became of a condition decides who is told. */
static void tell(struct ref_bed *b, enum ref_id id, struct ref_result r)
{
    struct ref_alarm *a = &b->a[id];

    switch (r.what) {
    case VG_AW_OPEN:
    case VG_AW_ACK_EXPIRED:
        a->told = 0;
        a->paused = false;
        sets_out(b, a);
        break;
    case VG_AW_WORSEN:
        a->told = 0;
        a->paused = false;
        /* Violated again: only if its way had ended. Of a higher priority: also on its way, and whoever
         * was called stays called. */
        if (a->way == REF_NOBODY || (r.row == 28 && a->way != REF_EVERYWHERE)) {
            enum ref_way was = a->way;
            sets_out(b, a);
            a->way = was == REF_SECOND_TOO && a->way == REF_STAFF_SENT ? was : a->way;
        }
        break;
    case VG_AW_COND_END:
        if (latch_of(id) != VG_LATCH_FULL) {
            a->way = REF_NOBODY;
        }
        break;
    case VG_AW_ACK:
        a->way = REF_NOBODY;
        break;
    case VG_AW_CLOSED:
        a->way = REF_NOBODY;
        a->told = 0;
        a->paused = false;
        break;
    case VG_AW_RESTORED:
        if (a->way != REF_EVERYWHERE) {
            goes(b, a, b->quiet && !is_urgent(a) ? REF_STAFF_SENT : REF_EVERYWHERE);
        }
        break;
    case VG_AW_ARMED:
    case VG_AW_PENDING:
    case VG_AW_SUPPRESSED_BY_DELAY:
    case VG_AW_COUNT:
        break;
    }
}

/* --- one condition -------------------------------------------------------------------------- */

static bool has_value(enum ref_id id, enum vg_cond_input in)
{
    return id < REF_PHYS && (in == VG_CI_BAD || in == VG_CI_RAPID || in == VG_CI_BAND ||
                             in == VG_CI_OK || in == VG_CI_LIMITS_BAD || in == VG_CI_LIMITS_OK);
}

static void feed(struct ref_bed *b, enum ref_id id, enum vg_cond_input in, uint64_t number)
{
    struct ref_alarm *a = &b->a[id];
    struct ref_input i = {
        .in = in,
        .now = b->now,
        .t_delay = id < REF_PHYS ? phys[id].delay : 0,
        .t_clear = id < REF_PHYS ? S(5) : 0,
        .t_ack = a->priority == VG_PRIO_HIGH  ? S(120)
                 : a->priority == VG_PRIO_MED ? S(300)
                                              : 0,
        .latch = latch_of(id),
        .ack_seq = number,
        .new_seq = b->numbers + 1,
        .has_value = has_value(id, in),
        .value = a->last,
        .low_side = id < REF_PHYS && phys[id].low,
        .sat_seconds = id == REF_SPO2_LOW ? b->sat_seconds : 0,
        .limit = a->limit,
        .since = a->stands_for,
    };
    bool was_normal = a->c.st == VG_CS_NORMAL;
    struct ref_result r = ref_step(&a->c, &i);

    if (a->c.seq == b->numbers + 1) {
        b->numbers++;
    }
    if (!ref_is_open(a) && a->c.st != VG_CS_PENDING && r.row != 0 && r.row != 1) {
        a->in_row = 0; /* whatever ended took its samples with it */
    }
    if (in == VG_CI_STALE && r.row != 0) {
        a->in_row = 0;
    }
    if (!r.says) {
        return;
    }
    a->said = a->c.st;
    if (was_normal && (r.what == VG_AW_PENDING || r.what == VG_AW_OPEN)) {
        memmove(&a->recent[1], &a->recent[0], 2 * sizeof a->recent[0]);
        a->recent[0] = b->now;
        a->recent_count = a->recent_count < 3 ? a->recent_count + 1 : 3;
    }
    tell(b, id, r);
}

static enum vg_cond_input class_of(const struct ref_bed *b, enum ref_id id, int32_t milli)
{
    const struct phys *p = &phys[id];
    int32_t inside = p->low ? milli - b->a[id].limit : b->a[id].limit - milli;

    if (id == REF_SPO2_LOW && milli < b->a[REF_DESAT].limit) {
        return VG_CI_RAPID;
    }
    if (inside < 0) {
        return VG_CI_BAD;
    }
    return inside < p->hysteresis ? VG_CI_BAND : VG_CI_OK;
}

static bool violates(enum vg_cond_input in)
{
    return in == VG_CI_BAD || in == VG_CI_RAPID;
}

/* A sample stands for the time since the one before it, but for no gap of more than two seconds. */
static void takes_its_place(struct ref_alarm *a, int32_t milli, int64_t at)
{
    int64_t since = a->has_last ? at - a->last_at : 0;

    a->stands_for = since < 0 ? 0 : since > S(2) ? S(2) : since;
    a->has_last = true;
    a->last = milli;
    a->last_at = at;
}

static void compare(struct ref_bed *b, enum ref_id id, int32_t milli, bool may_clear)
{
    struct ref_alarm *a = &b->a[id];
    enum vg_cond_input in = class_of(b, id, milli);

    takes_its_place(a, milli, b->f[phys[id].v].valid_at);
    feed(b, id, VG_CI_ARM, 0);
    if (!violates(in)) {
        a->in_row = 0;
        if (may_clear) {
            feed(b, id, in, 0);
        }
        return;
    }
    a->in_row = a->in_row < phys[id].needed ? a->in_row + 1 : a->in_row;
    if (a->in_row >= phys[id].needed || ref_is_open(a)) {
        feed(b, id, in, 0);
    }
}

/* A technical condition is there, or not. */
static void technical(struct ref_bed *b, enum ref_id id, bool present, enum vg_priority p)
{
    struct ref_alarm *a = &b->a[id];

    if (a->c.st == VG_CS_DISARMED) {
        a->c.st = VG_CS_NORMAL;
    }
    if (!present) {
        feed(b, id, VG_CI_OK, 0);
        return;
    }
    if (ref_is_open(a) && p > a->priority) {
        a->priority = p;
        feed(b, id, VG_CI_WORSE, 0);
        return;
    }
    if (!ref_is_open(a)) {
        a->priority = p;
    }
    feed(b, id, VG_CI_BAD, 0);
}

/* --- freshness ------------------------------------------------------------------------------ */

static int64_t age_of(const struct ref_bed *b, enum ref_vital v)
{
    return b->now - b->f[v].valid_at;
}

static bool is_gone(const struct ref_freshness *f)
{
    return f->st == VG_FRESH_STALE || f->st == VG_FRESH_LOST;
}

/* Losing sight of somebody something was given to is worse; without a session it calls nobody. */
static enum vg_priority loss(const struct ref_bed *b)
{
    if (!b->session) {
        return VG_PRIO_LOW;
    }
    return b->dosing ? VG_PRIO_HIGH : VG_PRIO_MED;
}

/* Does another alarm say why there is no value, or is it about to? */
static bool is_explained(const struct ref_bed *b, enum ref_vital v)
{
    if (ref_is_open(&b->a[REF_LINK]) || ref_is_open(&b->a[REF_SENSOR])) {
        return true;
    }
    if (b->has_back && b->now - b->back_at < S(5)) {
        return true;
    }
    return !b->online && b->f[v].has && age_of(b, v) <= S(30);
}

static void judge(struct ref_bed *b, enum ref_vital v)
{
    const struct ref_freshness *f = &b->f[v];
    enum ref_id id = v == REF_SPO2 ? REF_LOST_SPO2 : REF_LOST_PR;

    if (f->st == VG_FRESH_NEVER || (is_gone(f) && is_explained(b, v))) {
        return;
    }
    technical(b, id, is_gone(f), f->st == VG_FRESH_LOST ? loss(b) : VG_PRIO_LOW);
}

static void becomes(struct ref_bed *b, enum ref_vital v, enum vg_freshness st)
{
    b->f[v].st = st;
    b->f[v].good = 0;
    for (unsigned id = 0; id < REF_PHYS && st != VG_FRESH_FRESH; id++) {
        if (phys[id].v == v) {
            feed(b, (enum ref_id)id, VG_CI_STALE, 0);
        }
    }
    judge(b, v);
}

static void grows_old(struct ref_bed *b, enum ref_vital v, bool needed, int64_t needed_since)
{
    struct ref_freshness *f = &b->f[v];

    if (f->st == VG_FRESH_NEVER) {
        if (needed && b->now - needed_since > S(60)) {
            becomes(b, v, VG_FRESH_LOST);
        }
    } else if (f->st == VG_FRESH_FRESH) {
        if (age_of(b, v) > S(10)) {
            becomes(b, v, VG_FRESH_STALE);
        }
    } else if (f->st == VG_FRESH_STALE && age_of(b, v) > S(30)) {
        becomes(b, v, VG_FRESH_LOST);
    }
}

void ref_bed_sample(struct ref_bed *b, enum ref_vital v, int32_t milli, enum vg_quality q,
                    int64_t age)
{
    struct ref_freshness *f = &b->f[v];
    bool valid = (q == VG_QUALITY_OK || q == VG_QUALITY_QUESTIONABLE) && age <= S(10);

    grows_old(b, v, false, 0);
    if (!valid) {
        f->good = 0;
        return;
    }
    f->has = true;
    f->valid_at = b->now - age;
    if (f->st == VG_FRESH_NEVER) {
        becomes(b, v, VG_FRESH_FRESH);
    } else if (is_gone(f) && ++f->good == 3) {
        becomes(b, v, VG_FRESH_FRESH);
    }
    for (unsigned id = 0; id < REF_PHYS; id++) {
        if (phys[id].v == v) {
            compare(b, (enum ref_id)id, milli, q == VG_QUALITY_OK && f->st == VG_FRESH_FRESH);
        }
    }
}

/* --- the device ----------------------------------------------------------------------------- */

static void cause_ends(struct ref_bed *b, enum ref_id id)
{
    if (ref_is_open(&b->a[id])) {
        b->has_back = true;
        b->back_at = b->now;
    }
    technical(b, id, false, VG_PRIO_LOW);
}

void ref_bed_port(struct ref_bed *b, bool online)
{
    if (online) {
        b->online = true;
        cause_ends(b, REF_LINK);
    } else if (b->online) {
        b->online = false;
        b->offline_since = b->now;
    }
}

void ref_bed_sensor(struct ref_bed *b, bool off, bool battery_low)
{
    bool was_off = b->sensor_off;

    b->sensor_off = off;
    b->battery_low = battery_low;
    technical(b, REF_BATTERY, battery_low, b->session ? VG_PRIO_MED : VG_PRIO_LOW);
    if (off == was_off) {
        return;
    }
    if (!off) {
        cause_ends(b, REF_SENSOR);
        return;
    }
    if (b->f[REF_SPO2].st != VG_FRESH_NEVER || b->f[REF_PR].st != VG_FRESH_NEVER) {
        technical(b, REF_SENSOR, true, loss(b));
    }
    for (unsigned v = 0; v < REF_VITALS; v++) {
        b->f[v].good = 0;
        if (b->f[v].st == VG_FRESH_FRESH || b->f[v].st == VG_FRESH_STALE) {
            becomes(b, (enum ref_vital)v, VG_FRESH_LOST);
        }
    }
}

static bool has_fresh(const struct ref_bed *b)
{
    return b->f[REF_SPO2].st == VG_FRESH_FRESH || b->f[REF_PR].st == VG_FRESH_FRESH;
}

static void device_tick(struct ref_bed *b)
{
    int64_t needed_since = b->session_since > b->watching_since ? b->session_since
                                                                : b->watching_since;
    if (!b->online && b->now - b->offline_since > S(10)) {
        technical(b, REF_LINK, true, loss(b));
    }
    if (ref_is_open(&b->a[REF_SENSOR]) || (b->sensor_off && b->dosing)) {
        if (b->sensor_off) {
            technical(b, REF_SENSOR, true, loss(b));
        } else if (has_fresh(b)) {
            cause_ends(b, REF_SENSOR);
        }
    }
    if (b->battery_low) { /* the end of a session may have closed it */
        technical(b, REF_BATTERY, true, b->session ? VG_PRIO_MED : VG_PRIO_LOW);
    } else if (ref_is_open(&b->a[REF_BATTERY]) && has_fresh(b) &&
               b->now - b->watching_since > S(10)) {
        technical(b, REF_BATTERY, false, VG_PRIO_LOW);
    }
    for (unsigned v = 0; v < REF_VITALS; v++) {
        grows_old(b, (enum ref_vital)v, b->session, needed_since);
    }
    for (unsigned v = 0; v < REF_VITALS; v++) {
        judge(b, (enum ref_vital)v);
    }
}

/* --- inhibition ----------------------------------------------------------------------------- */

/* Active, or latched so that it sounds on. */
static bool speaks(const struct ref_bed *b, enum ref_id id)
{
    return b->a[id].c.st == VG_CS_ACTIVE ||
           (b->a[id].c.st == VG_CS_LATCHED && latch_of(id) == VG_LATCH_FULL);
}

static bool may_be_off(const struct ref_bed *b)
{
    return !b->judged_session; /* both vitals are required while a session is open */
}

static void sound_comes_back(struct ref_bed *b)
{
    b->sound.st = VG_IS_ON;
    for (unsigned id = 0; id < REF_COUNT; id++) {
        b->a[id].paused = false;
    }
}

bool ref_bed_pause_sound(struct ref_bed *b)
{
    bool something = false;

    if (b->sound.st == VG_IS_AUDIO_PAUSED) {
        sound_comes_back(b);
        return true;
    }
    for (unsigned id = 0; id < REF_COUNT; id++) {
        something = something || (speaks(b, (enum ref_id)id) && !b->a[id].c.ack);
    }
    if (!something) {
        return false;
    }
    b->sound = (struct ref_inhibition){ VG_IS_AUDIO_PAUSED, b->now + S(120) };
    for (unsigned id = 0; id < REF_COUNT; id++) {
        b->a[id].paused = ref_is_open(&b->a[id]) && !b->a[id].c.ack;
    }
    return true;
}

bool ref_bed_inhibit(struct ref_bed *b, enum vg_inhibit_what what, enum ref_vital v)
{
    struct ref_inhibition *i = &b->vital[v];

    if (what == VG_IW_ALARM_ON) {
        bool was = i->st != VG_IS_ON;
        i->st = VG_IS_ON;
        return was;
    }
    if (i->st != VG_IS_ON) {
        return false;
    }
    if (what == VG_IW_ALARM_PAUSE && !b->dosing) {
        *i = (struct ref_inhibition){ VG_IS_ALARM_PAUSED, b->now + S(120) };
        return true;
    }
    if (what == VG_IW_ALARM_OFF && may_be_off(b)) {
        i->st = VG_IS_ALARM_OFF;
        return true;
    }
    return false;
}

static void nothing_inhibited(struct ref_bed *b)
{
    sound_comes_back(b);
    for (unsigned v = 0; v < REF_VITALS; v++) {
        b->vital[v].st = VG_IS_ON;
    }
}

/* Judge the phase; when it moved, pauses of vitals end, and what is now required is on. */
static void judge_phase(struct ref_bed *b)
{
    bool dosing = b->session && (b->infusion || (b->has_dose && b->now - b->dose_at < S(3600)));

    if (dosing == b->dosing && b->session == b->judged_session) {
        return;
    }
    b->dosing = dosing;
    b->judged_session = b->session;
    for (unsigned v = 0; v < REF_VITALS; v++) {
        if (b->vital[v].st == VG_IS_ALARM_PAUSED || !may_be_off(b)) {
            b->vital[v].st = VG_IS_ON;
        }
    }
}

static void inhibition_tick(struct ref_bed *b)
{
    if (b->sound.st == VG_IS_AUDIO_PAUSED && b->now >= b->sound.until) {
        sound_comes_back(b);
    }
    for (unsigned v = 0; v < REF_VITALS; v++) {
        if (b->vital[v].st == VG_IS_ALARM_PAUSED && b->now >= b->vital[v].until) {
            b->vital[v].st = VG_IS_ON;
        }
    }
}

/* --- sinks and quiet mode ------------------------------------------------------------------- */

/* What a lost sink had confirmed is no longer confirmed by it; if by nobody else of the staff, the
 * room has to know. */
static void takes_back(struct ref_bed *b, enum ref_sink s)
{
    const unsigned staff = 1u << REF_DESK | 1u << REF_PAGER;

    for (unsigned id = 0; id < REF_COUNT; id++) {
        struct ref_alarm *a = &b->a[id];
        bool had = (a->told & 1u << s) != 0;
        a->told &= ~(1u << s);
        if (had && (1u << s & staff) != 0 && (a->told & staff) == 0 && ref_is_open(a) &&
            is_urgent(a) && (a->way == REF_STAFF_HAS_IT || a->way == REF_SECOND_TOO)) {
            a->way = REF_EVERYWHERE;
        }
    }
}

void ref_bed_sink(struct ref_bed *b, enum ref_sink s, bool ok)
{
    bool had_staff = staff_reachable(b);
    bool had_room = b->sink_ok[REF_ROOM];

    b->sink_ok[s] = ok;
    b->sink_lost[s] = !ok;
    if (!ok) {
        takes_back(b, s);
    }
    for (unsigned id = 0; id < REF_COUNT; id++) {
        struct ref_alarm *a = &b->a[id];
        if (!ref_is_open(a) || !is_urgent(a)) {
            continue;
        }
        if (had_staff && !staff_reachable(b) && is_on_its_way(a)) {
            a->way = REF_EVERYWHERE;
        }
        if (had_room && !b->sink_ok[REF_ROOM] && a->way == REF_STAFF_HAS_IT) {
            a->way = REF_SECOND_TOO;
        }
    }
    technical(b, (enum ref_id)(REF_SINK_LOST + (unsigned)s), !ok,
              b->session ? VG_PRIO_MED : VG_PRIO_LOW);
}

static bool reaches(const struct ref_alarm *a, enum vg_sink_role role)
{
    switch (a->way) {
    case REF_STAFF_SENT:
    case REF_STAFF_HAS_IT:
        return role == VG_SINK_REMOTE;
    case REF_SECOND_TOO:
        return role != VG_SINK_ROOM;
    case REF_EVERYWHERE:
        return true;
    case REF_NOBODY:
        break;
    }
    return false;
}

/* A sink can only confirm what it was told. */
void ref_bed_receipt(struct ref_bed *b, enum ref_sink s, uint64_t number)
{
    enum vg_sink_role role = s == REF_ROOM     ? VG_SINK_ROOM
                             : s == REF_SECOND ? VG_SINK_SECOND
                                               : VG_SINK_REMOTE;
    for (unsigned id = 0; id < REF_COUNT; id++) {
        struct ref_alarm *a = &b->a[id];
        if (!ref_is_open(a) || a->c.seq != number || !reaches(a, role)) {
            continue;
        }
        a->told |= 1u << s;
        if (a->way == REF_STAFF_SENT) {
            a->way = REF_STAFF_HAS_IT;
        }
    }
}

static void quiet_ends(struct ref_bed *b)
{
    b->quiet = false;
    for (unsigned id = 0; id < REF_COUNT; id++) {
        if (ref_is_open(&b->a[id]) && is_on_its_way(&b->a[id])) {
            b->a[id].way = REF_EVERYWHERE;
        }
    }
}

bool ref_bed_quiet(struct ref_bed *b, bool on)
{
    if (!b->session || (on && !staff_reachable(b))) {
        return false;
    }
    if (on) {
        b->quiet = true;
        b->quiet_until = b->now + S(300);
        b->quiet_written = b->quiet_until;
    } else {
        quiet_ends(b);
    }
    return true;
}

enum ref_id ref_bed_audible(const struct ref_bed *b, enum vg_sink_role role)
{
    enum ref_id best = REF_COUNT;

    for (unsigned id = 0; id < REF_COUNT; id++) {
        const struct ref_alarm *a = &b->a[id];
        bool spo2 = id == REF_LOST_SPO2 || (id < REF_PHYS && phys[id].v == REF_SPO2);
        bool pr = id == REF_LOST_PR || (id < REF_PHYS && phys[id].v == REF_PR);

        if (!speaks(b, (enum ref_id)id) || a->c.ack || a->paused || !reaches(a, role) ||
            (spo2 && b->vital[REF_SPO2].st != VG_IS_ON) ||
            (pr && b->vital[REF_PR].st != VG_IS_ON)) {
            continue;
        }
        if (best == REF_COUNT || a->priority > b->a[best].priority ||
            (a->priority == b->a[best].priority && a->c.seq > b->a[best].c.seq)) {
            best = (enum ref_id)id;
        }
    }
    return best;
}

/* --- people --------------------------------------------------------------------------------- */

static void limits_of_the_catalogue(struct ref_bed *b)
{
    for (unsigned id = 0; id < REF_PHYS; id++) {
        b->a[id].limit = phys[id].limit;
    }
}

bool ref_bed_open(struct ref_bed *b)
{
    if (b->session) {
        return false;
    }
    b->session = true;
    b->session_since = b->now;
    b->has_dose = false;
    b->infusion = false;
    b->infused = false;
    nothing_inhibited(b);
    limits_of_the_catalogue(b);
    judge_phase(b);
    return true;
}

bool ref_bed_close(struct ref_bed *b, bool override)
{
    bool any = false;

    for (unsigned id = 0; id < REF_COUNT; id++) {
        any = any || ref_is_open(&b->a[id]);
    }
    if (!b->session || (any && !override)) {
        return false;
    }
    for (unsigned id = 0; id < REF_COUNT; id++) {
        if (id < REF_PHYS || ref_is_open(&b->a[id])) {
            feed(b, (enum ref_id)id, override ? VG_CI_OVERRIDE : VG_CI_DROP, 0);
        }
    }
    limits_of_the_catalogue(b);
    nothing_inhibited(b);
    b->quiet = false;
    for (unsigned v = 0; v < REF_VITALS; v++) {
        b->f[v] = (struct ref_freshness){ .st = VG_FRESH_NEVER };
    }
    b->session = false;
    judge_phase(b);
    return true;
}

bool ref_bed_ack(struct ref_bed *b, uint64_t number)
{
    for (unsigned id = 0; id < REF_COUNT; id++) {
        if (ref_is_open(&b->a[id]) && b->a[id].c.seq == number) {
            bool fresh = !b->a[id].c.ack || b->a[id].c.st == VG_CS_LATCHED;
            feed(b, (enum ref_id)id, VG_CI_ACK, number);
            return fresh;
        }
    }
    return false;
}

/* What puts drug into the person acts for an hour; what runs, until an hour after its end. */
bool ref_bed_dose(struct ref_bed *b, enum vg_dose_kind kind, int64_t amount)
{
    bool at_once = kind == VG_DOSE_BOLUS || kind == VG_DOSE_DEVICE || kind == VG_DOSE_LOZENGE;
    bool stock = kind == VG_DOSE_DRAWN || kind == VG_DOSE_WASTE;
    bool rate = kind == VG_DOSE_INFUSION_START || kind == VG_DOSE_RATE_CHANGE;

    if (!b->session || ((at_once || stock || rate) && amount == 0)) {
        return false; /* nothing is no dose */
    }
    if (at_once || (kind == VG_DOSE_STOP && b->infused)) {
        b->has_dose = true;
        b->dose_at = b->now;
    }
    if (rate || (kind == VG_DOSE_RESUME && amount > 0)) {
        b->infusion = true;
        b->infused = true;
    } else if (kind == VG_DOSE_STOP) {
        b->infusion = false;
    } else {
        /* a pause is not the end of it */
    }
    judge_phase(b);
    return true;
}

bool ref_bed_sedation(struct ref_bed *b, int score)
{
    if (b->session) {
        technical(b, REF_SED, score <= 3, score <= 2 ? VG_PRIO_HIGH : VG_PRIO_MED);
    }
    return b->session;
}

void ref_bed_limits(struct ref_bed *b, const int32_t limits[REF_PHYS])
{
    bool moved[REF_PHYS];

    for (unsigned id = 0; id < REF_PHYS; id++) {
        moved[id] = limits[id] != b->a[id].limit;
        b->a[id].limit = limits[id];
    }
    for (unsigned id = 0; id < REF_PHYS; id++) {
        struct ref_alarm *a = &b->a[id];
        if (!moved[id] || !a->has_last) {
            continue;
        }
        a->stands_for = 0; /* nothing was measured */
        if (!violates(class_of(b, (enum ref_id)id, a->last))) {
            feed(b, (enum ref_id)id, VG_CI_LIMITS_OK, 0);
        } else if (b->f[phys[id].v].st == VG_FRESH_FRESH || a->c.st == VG_CS_PENDING ||
                   a->c.st == VG_CS_ACTIVE) {
            feed(b, (enum ref_id)id, VG_CI_LIMITS_BAD, 0);
        }
    }
}

/* Sinks sound the worst one only, the newest of equals. What it drowns is shown with it: staff who have
 * confirmed the worst one have it, too. */
static void told_with_the_worst(struct ref_bed *b)
{
    enum ref_id worst = ref_bed_audible(b, VG_SINK_REMOTE);
    unsigned told = worst < REF_COUNT ? b->a[worst].told : 0;
    unsigned staff = (b->sink_ok[REF_DESK] ? told & 1u << REF_DESK : 0) |
                     (b->sink_ok[REF_PAGER] ? told & 1u << REF_PAGER : 0);

    for (unsigned id = 0; id < REF_COUNT && staff != 0; id++) {
        struct ref_alarm *a = &b->a[id];
        bool louder = b->a[worst].priority > a->priority ||
                      (b->a[worst].priority == a->priority && b->a[worst].c.seq > a->c.seq);
        if (a->way == REF_STAFF_SENT && louder) {
            a->way = REF_STAFF_HAS_IT;
            a->told |= staff;
        }
    }
}

/* --- time and restarts ---------------------------------------------------------------------- */

void ref_bed_tick(struct ref_bed *b)
{
    for (unsigned id = 0; id < REF_COUNT; id++) {
        feed(b, (enum ref_id)id, VG_CI_TICK, 0);
    }
    for (unsigned k = 0; k < REF_SINKS; k++) {
        if (b->sink_lost[k]) {
            technical(b, (enum ref_id)(REF_SINK_LOST + k), true,
                      b->session ? VG_PRIO_MED : VG_PRIO_LOW);
        }
    }
    inhibition_tick(b);
    if (b->quiet && b->now >= b->quiet_until) {
        quiet_ends(b);
    }
    told_with_the_worst(b);
    for (unsigned id = 0; id < REF_COUNT; id++) {
        time_on_the_way(&b->a[id], b->now);
    }
    judge_phase(b);
    device_tick(b);
}

static void new_run(struct ref_bed *b)
{
    b->online = false;
    b->offline_since = b->now;
    b->watching_since = b->now;
    b->has_back = false;
    b->sensor_off = false;
    b->battery_low = false;
    b->sound.st = VG_IS_ON;
    for (unsigned v = 0; v < REF_VITALS; v++) {
        b->f[v] = (struct ref_freshness){ .st = VG_FRESH_NEVER };
        b->vital[v].st = VG_IS_ON;
    }
    memset(b->sink_ok, 0, sizeof b->sink_ok);
    memset(b->sink_lost, 0, sizeof b->sink_lost);
}

void ref_bed_init(struct ref_bed *b, int64_t now, int32_t sat_seconds)
{
    memset(b, 0, sizeof *b);
    b->now = now;
    b->sat_seconds = sat_seconds;
    for (unsigned id = 0; id < REF_COUNT; id++) {
        ref_init(&b->a[id].c, id < REF_PHYS ? VG_CS_DISARMED : VG_CS_NORMAL);
        b->a[id].said = b->a[id].c.st;
        b->a[id].priority = id < REF_PHYS ? phys[id].priority : VG_PRIO_LOW;
    }
    limits_of_the_catalogue(b);
    new_run(b);
}

/* What a new run knows of one condition: what was said of it, and its starts of violation. */
static void read_back(struct ref_alarm *a, enum vg_cond_state at_first)
{
    struct ref_condition was = a->c;

    ref_init(&a->c, a->said);
    a->c.seq = ref_is_open(a) ? was.seq : 0;
    for (unsigned k = a->recent_count; k > 0; k--) {
        a->c.starts[a->c.start_count++] = a->recent[k - 1];
    }
    a->said = at_first;
    a->recent_count = 0;
    a->way = REF_NOBODY;
    a->told = 0;
    a->paused = false;
    a->in_row = 0;
    a->has_last = false;
}

/* Quiet mode goes on to its end; the record has it in whole seconds, at least one. */
static void quiet_is_read_back(struct ref_bed *b)
{
    b->quiet = b->quiet && b->session;
    b->quiet_until = b->quiet_written;
    int64_t left = (b->quiet_until - b->now + S(1) - 1) / S(1);
    b->quiet_written = b->now + S(left > 1 ? left : 1);
}

/* Everything open is active, unacknowledged, of the past, and everywhere; what was pending is not. */
void ref_bed_restart(struct ref_bed *b)
{
    new_run(b);
    quiet_is_read_back(b);
    for (unsigned id = 0; id < REF_COUNT; id++) {
        read_back(&b->a[id], id < REF_PHYS ? VG_CS_DISARMED : VG_CS_NORMAL);
        feed(b, (enum ref_id)id, VG_CI_RESTART, 0);
    }
    if (ref_is_open(&b->a[REF_RESTARTED])) {
        technical(b, REF_RESTARTED, false, VG_PRIO_LOW);
    }
    b->dosing = false;
    b->judged_session = false;
    judge_phase(b);
    if (b->session) {
        technical(b, REF_RESTARTED, true, VG_PRIO_LOW);
        technical(b, REF_RESTARTED, false, VG_PRIO_LOW);
    }
}
