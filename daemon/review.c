/*
 * review.c -- see review.h.
 *
 * Determinations are taken as recorded: what a cuff said word by word is not in the record, what came
 * of it is. A run ends where the daemon was stopped or killed; the next begins as the daemon began,
 * from what it could read. Trap: instance numbers come from the counter of all events, of which the
 * record has only some, so they are compared through a table of pairs.
 */
#include "daemon/review.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/journal.h"
#include "vigil/compiler.h"

#define QUEUE_MAX 8192
#define PAIRS_MAX 4096
#define LINES_MAX 20
#define RUNS_MAX 1000000

struct start {
    uint64_t first_seq;
    struct vg_now now;
    char boot_id[37];
};

struct pair {
    uint64_t recorded, made;
};

struct play {
    struct vg_config *config;
    struct vg_review *r;
    FILE *out;
    struct vg_journal journal; /* only to read */
    struct vg_wire_names names;
    struct vg_engine *engine;
    struct vg_effects *fx;
    int64_t next_tick_ns;
    bool begun;
    size_t start_count, next_start;
    struct start *starts;
    size_t head, count; /* of queue: transitions made and not yet found in the record */
    struct vg_event queue[QUEUE_MAX];
    size_t pair_count;
    struct pair pairs[PAIRS_MAX]; /* a ring: old instances are closed */
};

/* --- what was made -------------------------------------------------------------------------- */

static void difference(struct play *p, const char *what, const struct vg_event *ev)
{
    const struct vg_alarm_event *a = &ev->u.alarm;

    p->r->differences++;
    if (p->r->differences > LINES_MAX || p->out == NULL) {
        return;
    }
    (void)fprintf(p->out, "row %llu at %lld ms on %s: %s: %s %s %s -> %s, instance %llu\n",
                  (unsigned long long)ev->seq, (long long)(ev->mono_ns / VG_NS_PER_MS),
                  vg_wire_bed(&p->names, ev->bed), what,
                  vg_condition_name((enum vg_condition)a->condition),
                  vg_alarm_what_name((enum vg_alarm_what)a->what),
                  vg_cond_state_name((enum vg_cond_state)a->from),
                  vg_cond_state_name((enum vg_cond_state)a->to), (unsigned long long)a->instance);
}

static void keep_made(struct play *p)
{
    for (size_t i = 0; i < p->fx->count; i++) {
        if (p->fx->of[i].ev.kind != VG_EV_ALARM) {
            continue;
        }
        if (p->count == QUEUE_MAX) {
            difference(p, "more was made than the record has", &p->fx->of[i].ev);
            p->head = (p->head + 1) % QUEUE_MAX;
            p->count--;
        }
        p->queue[(p->head + p->count) % QUEUE_MAX] = p->fx->of[i].ev;
        p->count++;
    }
}

static void step(struct play *p, const struct vg_event *ev)
{
    vg_engine_step(p->engine, ev, p->fx);
    keep_made(p);
}

static void step_all_beds(struct play *p, const struct vg_event *ev)
{
    struct vg_event copy = *ev;
    copy.device = VG_DEVICE_NONE;
    for (uint16_t b = 0; b < p->engine->bed_count; b++) {
        copy.bed = b;
        step(p, &copy);
    }
}

static void tick_until(struct play *p, int64_t until_ns)
{
    struct vg_event tick;
    memset(&tick, 0, sizeof tick);
    tick.kind = VG_EV_TICK;
    if (until_ns - p->next_tick_ns > VG_LATE_TICKS_MAX * VG_TICK_NS) {
        p->next_tick_ns = until_ns / VG_TICK_NS * VG_TICK_NS;
    }
    while (p->next_tick_ns <= until_ns) {
        tick.mono_ns = p->next_tick_ns;
        p->next_tick_ns += VG_TICK_NS;
        step_all_beds(p, &tick);
    }
}

/* --- what was recorded ---------------------------------------------------------------------- */

static uint64_t made_instance(const struct play *p, uint64_t recorded)
{
    size_t n = p->pair_count < PAIRS_MAX ? p->pair_count : PAIRS_MAX;
    for (size_t i = 0; i < n; i++) {
        if (p->pairs[i].recorded == recorded) {
            return p->pairs[i].made;
        }
    }
    return recorded; /* it was read from the record when the daemon started */
}

static bool is_same(const struct play *p, const struct vg_event *rec, const struct vg_event *made)
{
    const struct vg_alarm_event *a = &rec->u.alarm;
    const struct vg_alarm_event *b = &made->u.alarm;
    bool numbered = a->what == VG_AW_OPEN || a->instance == 0 ||
                    made_instance(p, a->instance) == b->instance;

    return numbered && rec->bed == made->bed && rec->mono_ns == made->mono_ns &&
           a->condition == b->condition && a->what == b->what && a->from == b->from &&
           a->to == b->to && a->priority == b->priority && a->ack == b->ack && a->held == b->held &&
           a->has_value == b->has_value &&
           (!a->has_value ||
            (a->value_milli == b->value_milli && a->limit_milli == b->limit_milli));
}

static void compare(struct play *p, const struct vg_event *rec)
{
    const struct vg_event *made = &p->queue[p->head];

    if (p->count == 0) {
        difference(p, "recorded, not made again", rec);
        return;
    }
    if (!is_same(p, rec, made)) {
        difference(p, "recorded", rec);
        difference(p, "made instead", made);
    } else {
        p->r->transitions++;
    }
    if (rec->u.alarm.what == VG_AW_OPEN) {
        p->pairs[p->pair_count++ % PAIRS_MAX] = (struct pair){ rec->u.alarm.instance,
                                                               made->u.alarm.instance };
    }
    p->head = (p->head + 1) % QUEUE_MAX;
    p->count--;
}

/* --- runs ----------------------------------------------------------------------------------- */

static void replay_one(void *state, const struct vg_event *ev)
{
    struct play *p = state;
    vg_engine_replay(p->engine, ev);
}

static void end_run(struct play *p)
{
    p->r->cut += p->count;
    p->head = 0;
    p->count = 0;
}

static enum vg_status begin_run(struct play *p)
{
    const struct start *s = &p->starts[p->next_start++];
    struct vg_event ev;

    end_run(p);
    memset(p->engine, 0, sizeof *p->engine);
    vg_config_engine(p->config, p->engine, s->now.mono_ns);
    p->engine->as_recorded = true;
    p->pair_count = 0;
    p->next_tick_ns = (s->now.mono_ns / VG_TICK_NS + 1) * VG_TICK_NS;
    p->begun = true;
    p->r->runs++;
    memcpy(p->journal.boot_id, s->boot_id, sizeof s->boot_id);
    enum vg_status st = vg_journal_replay_before(&p->journal, &s->now, s->first_seq, replay_one, p);
    p->engine->seq = s->first_seq - 1;
    memset(&ev, 0, sizeof ev);
    ev.kind = VG_EV_DAEMON;
    ev.device = VG_DEVICE_NONE;
    ev.mono_ns = s->now.mono_ns;
    ev.utc_ns = s->now.utc_ns;
    ev.u.daemon.what = VG_DAEMON_RESTARTED;
    for (uint16_t b = 0; b < p->engine->bed_count; b++) {
        ev.bed = b;
        if (p->engine->beds[b].replayed) {
            step(p, &ev);
        }
    }
    return st;
}

/* Does the row stand for something that entered the engine? */
static bool is_input(const struct vg_event *ev)
{
    const char *request_id = vg_event_request_id(ev);

    switch (ev->kind) {
    case VG_EV_INHIBIT:
    case VG_EV_CARE:
        return request_id[0] != '\0';
    case VG_EV_READING:
    case VG_EV_NIBP:
    case VG_EV_DEVICE:
    case VG_EV_SIGNAL:
    case VG_EV_CUFF:
    case VG_EV_SESSION:
    case VG_EV_DOSE:
    case VG_EV_ACK:
    case VG_EV_NIBP_COMMAND:
    case VG_EV_LIMITS:
    case VG_EV_CLOCK:
    case VG_EV_DAEMON:
    case VG_EV_SINK:
        return true;
    default:
        return false;
    }
}

static void feed(struct play *p, const struct vg_event *row)
{
    struct vg_event ev = *row;

    p->r->inputs++;
    if (ev.kind == VG_EV_ACK) {
        ev.u.ack.instance = made_instance(p, ev.u.ack.instance);
    } else if (ev.kind == VG_EV_SINK && ev.u.sink.what == VG_SW_RECEIPT) {
        ev.u.sink.instance = made_instance(p, ev.u.sink.instance);
    } else {
        /* as it is */
    }
    if (ev.bed == VG_BED_NONE) {
        step_all_beds(p, &ev);
    } else {
        step(p, &ev);
    }
}

static bool on_row(void *state, const struct vg_event *row)
{
    struct play *p = state;

    while (p->next_start < p->start_count && row->seq >= p->starts[p->next_start].first_seq) {
        if (begin_run(p) != VG_OK) {
            return false;
        }
    }
    if (!p->begun) {
        return true;
    }
    tick_until(p, row->mono_ns);
    if (row->kind == VG_EV_ALARM) {
        compare(p, row);
    } else if (is_input(row)) {
        feed(p, row);
    } else {
        /* follows from what was fed */
    }
    return true;
}

/* --- the whole ------------------------------------------------------------------------------ */

static const char starts_sql[] =
    "SELECT e.payload ->> 'first_seq', e.mono_ns, e.utc_ns, b.boot_id FROM event e"
    " JOIN boot b ON b.id = e.boot"
    " WHERE e.kind = 14 AND e.payload ->> 'event' = 'started' ORDER BY e.seq";

static enum vg_status read_starts(struct play *p)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(p->journal.db, starts_sql, -1, &st, NULL);

    rc = rc == SQLITE_OK ? sqlite3_step(st) : rc;
    while (rc == SQLITE_ROW && p->start_count < RUNS_MAX) {
        struct start *s = &p->starts[p->start_count++];
        s->first_seq = (uint64_t)sqlite3_column_int64(st, 0);
        s->now.mono_ns = sqlite3_column_int64(st, 1);
        s->now.utc_ns = sqlite3_column_int64(st, 2);
        (void)snprintf(s->boot_id, sizeof s->boot_id, "%s",
                       (const char *)sqlite3_column_text(st, 3));
        rc = sqlite3_step(st);
    }
    (void)sqlite3_finalize(st);
    return rc == SQLITE_DONE ? VG_OK : VG_ERR_STORE;
}

static enum vg_status play_all(struct play *p, const char *db)
{
    enum vg_status st = VG_ERR_STORE;

    p->journal.names = &p->names;
    if (sqlite3_open_v2(db, &p->journal.db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
        /* A record of a version before 4 keeps no protocols. */
        (void)vg_journal_protocols(p->journal.db, true, vg_config_add_protocol, p->config);
        vg_config_names(p->config, &p->names);
        st = read_starts(p);
        if (st == VG_OK) {
            st = vg_journal_each(p->journal.db, &p->names, on_row, p, &p->r->unread);
        }
        end_run(p);
    }
    if (st != VG_OK && p->out != NULL) {
        (void)fprintf(p->out, "%s: %s\n", db, sqlite3_errmsg(p->journal.db));
    }
    (void)sqlite3_close(p->journal.db);
    return st;
}

enum vg_status vg_review_record(struct vg_config *config, const char *db, FILE *out,
                                struct vg_review *r)
{
    /* Large, for a time, mostly never touched. */
    struct play *p = calloc(1, sizeof *p);
    enum vg_status st = VG_ERR_FULL;

    memset(r, 0, sizeof *r);
    if (p != NULL) {
        p->config = config;
        p->out = out;
        p->r = r;
        p->engine = calloc(1, sizeof *p->engine);
        p->fx = calloc(1, sizeof *p->fx);
        p->starts = calloc(RUNS_MAX, sizeof *p->starts);
        if (p->engine != NULL && p->fx != NULL && p->starts != NULL) {
            st = play_all(p, db);
        }
        free(p->engine);
        free(p->fx);
        free(p->starts);
        free(p);
    }
    return st == VG_OK && r->differences > 0 ? VG_ERR_STATE : st;
}
