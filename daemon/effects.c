/*
 * effects.c -- see effects.h.
 *
 * Traps: a duplicate must not be confirmed before the first one is on disk; it therefore waits for
 * everything posted so far although it posts nothing itself. What the journal says of the disk may
 * become known while a list of effects is being carried out; the event of it would use the same
 * list, so it is made only when the list is done. And the record is a chain in the order of seq: a
 * command is posted before what it caused, and one that found no room before anything younger.
 */
#include "daemon/effects.h"

#include "daemon/control.h"
#include "daemon/vigild.h"
#include "lib/log.h"
#include "vigil/compiler.h"

#define SLOW_NS VG_NS_PER_S
/* An alarm is told first: waking the journal in the same instant would take the processor from the
 * thread that carries the frame. */
#define COMMIT_AFTER_NS (5 * VG_NS_PER_MS)

/* What is known of the disk by now; vg_effects_settle() tells it. */
static void storage(struct vigild *v, bool good)
{
    v->storage_seen_bad = !good;
}

void vg_effects_settle(struct vigild *v)
{
    if (v->effects_depth > 0 || v->storage_bad == v->storage_seen_bad) {
        return;
    }
    bool good = !v->storage_seen_bad;
    v->storage_bad = !good;
    struct vg_event ev = { .kind = VG_EV_DAEMON };
    ev.u.daemon.what = good ? VG_DAEMON_STORAGE_GOOD : VG_DAEMON_STORAGE_BAD;
    ev.u.daemon.dropped = v->journal.dropped;
    vg_log(good ? VG_LOG_INFO : VG_LOG_ERROR, "journal: record %s, waiting=%llu dropped=%u",
           good ? "is being written again" : "cannot be written in time",
           (unsigned long long)(v->journal.posted - v->journal.committed), v->journal.dropped);
    vg_ingest_daemon(v, &ev);
}

/* --- posting ---------------------------------------------------------------------------------- */

/* The oldest command that has no place in the journal, or NULL. */
static struct vg_pending *oldest_homeless(struct vigild *v)
{
    struct vg_pending *oldest = NULL;
    for (size_t i = 0; i < VG_PENDING_MAX; i++) {
        struct vg_pending *p = &v->pending[i];
        if (p->used && p->waiting && p->number == 0 &&
            (oldest == NULL || p->ev.seq < oldest->ev.seq)) {
            oldest = p;
        }
    }
    return oldest;
}

/* Posted as soon as there is room, in order of their numbers. True: none is left. */
static bool post_homeless(struct vigild *v)
{
    while (v->homeless > 0) {
        struct vg_pending *p = oldest_homeless(v);
        VG_ASSERT(p != NULL);
        p->number = vg_journal_post_with(&v->journal, &p->ev, p->extra);
        if (p->number == 0) {
            return false;
        }
        p->last = p->number;
        v->homeless--;
        vg_journal_commit(&v->journal);
    }
    return true;
}

uint64_t vg_effects_record(struct vigild *v, const struct vg_event *ev, bool command,
                           const char *extra)
{
    if (!post_homeless(v)) {
        v->journal.dropped++;
        return 0;
    }
    return extra != NULL ? vg_journal_post_with(&v->journal, ev, extra)
                         : vg_journal_post(&v->journal, ev, command);
}

/* --- one effect ------------------------------------------------------------------------------- */

static void hold(struct vigild *v, struct vg_pending *p, const struct vg_effect *fx,
                 uint64_t number)
{
    p->number = number;
    p->last = number;
    p->receipt = fx->receipt;
    p->ev = fx->ev;
    p->send = (fx->verbs & VG_DO_SEND) != 0;
    p->duplicate = fx->duplicate;
    p->since_ns = v->reactor.now.mono_ns;
    p->waiting = true;
    if (number == 0) {
        v->homeless++;
    }
}

static void ask_device(struct vigild *v, const struct vg_effect *fx)
{
    enum vg_status st = vg_vigild_request(v, fx->ev.device, (enum vg_request_what)fx->request);
    if (st != VG_OK) {
        vg_log(VG_LOG_WARNING, "port: %s: request not sent, what=%u cause=%s",
               v->config.devices[fx->ev.device].id, (unsigned)fx->request, vg_status_name(st));
    }
}

static void release(struct vigild *v, struct vg_pending *p)
{
    if (p->send) {
        vg_outbox_publish_with(&v->outbox, &p->ev, p->extra);
    }
    if (!p->answered) {
        vg_control_confirm(v, p, true);
    }
    p->used = false;
    p->waiting = false;
}

/* A command: record, then confirm. Without a requester (replayed tests) it is only recorded. */
static void confirm_later(struct vigild *v, const struct vg_effect *fx, struct vg_pending *p)
{
    uint64_t number = v->journal.posted;
    if ((fx->verbs & VG_DO_RECORD) != 0) {
        number = vg_effects_record(v, &fx->ev, true, p != NULL ? p->extra : NULL);
    }
    if (p != NULL) {
        hold(v, p, fx, number);
    }
    if (number == 0) {
        /* The ring is full of commands: it stays in memory and on screen, marked unsaved. */
        struct vg_event ev = fx->ev;
        ev.flags |= VG_FLAG_UNSAVED;
        vg_outbox_publish_with(&v->outbox, &ev, p != NULL ? p->extra : "");
        storage(v, false);
    }
}

/* The whole step is posted. The command is confirmed when its last row is on disk: what it did must
 * be there, too, or a crash would forget an alarm or an inflated cuff that somebody was told of. */
static void end_hold(struct vigild *v, struct vg_pending *p, bool cut)
{
    if (p != NULL && p->waiting && p->number != 0) {
        p->last = cut ? UINT64_MAX : v->journal.posted;
        if (p->last <= v->journal.committed) {
            release(v, p); /* a repeat of something that is on disk already */
            return;
        }
    }
    vg_journal_commit(&v->journal);
}

/* The input of a step has its lowest number, wherever it stands in the list: the row that is posted
 * first. list->count when the step records nothing. */
static size_t first_row(const struct vg_effects *list)
{
    size_t first = list->count;
    for (size_t i = 0; i < list->count; i++) {
        if ((list->of[i].verbs & (VG_DO_RECORD | VG_DO_HOLD)) != 0 &&
            (first == list->count || list->of[i].ev.seq < list->of[first].ev.seq)) {
            first = i;
        }
    }
    return first;
}

/* False when the record had no room for it. command: the step is one that somebody waits for. */
static bool run_first(struct vigild *v, const struct vg_effect *fx, struct vg_pending *p,
                      bool command)
{
    if ((fx->verbs & VG_DO_HOLD) != 0) {
        confirm_later(v, fx, p);
        return true;
    }
    return vg_effects_record(v, &fx->ev, command, NULL) != 0;
}

/* The same. first: its row is posted already. */
static bool run_one(struct vigild *v, const struct vg_effect *fx, struct vg_pending *p,
                    bool command, bool first)
{
    bool kept = true;

    if ((fx->verbs & VG_DO_HOLD) != 0) {
        return true;
    }
    if ((fx->verbs & VG_DO_SEND) != 0) {
        vg_outbox_publish(&v->outbox, &fx->ev);
    }
    if ((fx->verbs & VG_DO_RECORD) != 0 && !first) {
        kept = vg_effects_record(v, &fx->ev, command, NULL) != 0;
    }
    if ((fx->verbs & VG_DO_REPLY) != 0 && p != NULL) {
        vg_control_refuse(v, p, (enum vg_refusal)fx->refusal, fx->why, &fx->ev);
    }
    if ((fx->verbs & VG_DO_REQUEST) != 0) {
        ask_device(v, fx);
    }
    return kept;
}

void vg_effects_run(struct vigild *v, const struct vg_effects *list, uint16_t pending)
{
    struct vg_pending *p = pending != VG_PENDING_NONE ? &v->pending[pending] : NULL;
    uint8_t all = 0;
    bool cut = false;

    for (size_t i = 0; i < list->count; i++) {
        all |= list->of[i].verbs;
    }
    bool command = (all & VG_DO_HOLD) != 0;
    v->effects_depth++;
    size_t first = first_row(list);
    if (first < list->count) {
        cut = !run_first(v, &list->of[first], p, command);
    }
    for (size_t i = 0; i < list->count; i++) {
        cut = !run_one(v, &list->of[i], p, command, i == first) || cut;
    }
    if (command) {
        end_hold(v, p, cut);
    }
    if ((all & VG_DO_STATE) != 0) {
        vg_outbox_alarms(&v->outbox, list->of[0].ev.bed);
    }
    if ((all & VG_DO_COMMIT) != 0 && (all & VG_DO_HOLD) == 0 &&
        v->commit_timer->due_ns == VG_TIME_NONE) {
        vg_timer_arm(v->commit_timer, v->reactor.now.mono_ns + COMMIT_AFTER_NS);
    }
    if (p != NULL && !p->waiting) {
        p->used = false;
    }
    v->effects_depth--;
    vg_effects_settle(v);
}

/* --- the disk's answer ---------------------------------------------------------------------- */

/* The record does not take this one command, now or later: nobody must believe that it has it. */
static void refused(struct vigild *v, uint64_t number)
{
    for (size_t i = 0; i < VG_PENDING_MAX; i++) {
        struct vg_pending *p = &v->pending[i];
        if (p->used && p->waiting && number >= p->number && number <= p->last) {
            if (!p->answered) {
                vg_control_confirm(v, p, false);
            }
            p->used = false;
            p->waiting = false;
        }
    }
    storage(v, false);
    vg_effects_settle(v);
}

void vg_effects_recorded(void *state, const struct vg_journal_done *done)
{
    struct vigild *v = state;

    if (done->refused) {
        refused(v, done->upto);
        return;
    }
    if (done->status != VG_OK) {
        storage(v, false);
        vg_effects_settle(v);
        return;
    }
    for (size_t i = 0; i < VG_PENDING_MAX; i++) {
        struct vg_pending *p = &v->pending[i];
        if (!p->used || !p->waiting || p->number == 0) {
            continue;
        }
        if (done->duplicate != 0) {
            if (p->number == done->upto) {
                p->receipt = done->duplicate;
                p->duplicate = true;
                p->send = false; /* it was told when it was recorded */
                vg_engine_take_back(&v->engine, &p->ev);
            }
        } else if (p->last <= done->upto) {
            release(v, p);
        }
    }
    if (done->head_seq != 0) {
        vg_outbox_head_moved(&v->outbox, done->head_seq, &done->head);
    }
    if (done->duplicate == 0 && done->took_ns > v->worst_commit_ns) {
        v->worst_commit_ns = done->took_ns;
    }
    if (done->took_ns < SLOW_NS && done->duplicate == 0) {
        storage(v, true);
    }
    vg_effects_settle(v);
}

void vg_effects_tick(struct vigild *v)
{
    int64_t now_ns = v->reactor.now.mono_ns;
    int64_t busy_since_ns = atomic_load(&v->journal.worker.busy_since_ns);

    if (busy_since_ns != 0 && now_ns - busy_since_ns > SLOW_NS) {
        storage(v, false);
    }
    for (size_t i = 0; i < VG_PENDING_MAX; i++) {
        struct vg_pending *p = &v->pending[i];
        if (!p->used || !p->waiting || now_ns - p->since_ns < SLOW_NS) {
            continue;
        }
        if (!p->answered) {
            p->answered = true;
            vg_control_confirm(v, p, false);
            storage(v, false);
            if (p->send) {
                struct vg_event ev = p->ev;
                ev.flags |= VG_FLAG_UNSAVED;
                vg_outbox_publish_with(&v->outbox, &ev, p->extra);
            }
        }
    }
    (void)post_homeless(v);
    vg_outbox_tick(&v->outbox);
    vg_effects_settle(v);
}
