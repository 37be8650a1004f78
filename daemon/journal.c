/*
 * journal.c -- the loop's side of the journal: opening, posting, reports.
 *
 * Room in the ring is given by rank: a sample is refused when less than a quarter is left, an
 * alarm transition when less than a sixteenth is; a command takes the last slot. What is refused
 * is counted and said in the STORAGE message.
 */
#include "daemon/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "vigil/compiler.h"

/* --- open ----------------------------------------------------------------------------------- */

void vg_journal_complain(struct vg_journal *j, const char *what, const char *why)
{
    struct vg_clock clock = vg_clock_real();
    struct vg_now now;
    clock.read(clock.state, &now);
    vg_log_limited(&j->limit, now.mono_ns, VG_LOG_ERROR, "journal: %s: %s", what, why);
}

enum vg_status vg_journal_lock(struct vg_journal *j)
{
    char path[288];
    if (j->locked) {
        return VG_OK;
    }
    (void)snprintf(path, sizeof path, "%.*s.lock", (int)(strlen(j->path) - strlen(".db")), j->path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        vg_journal_complain(j, path, strerror(errno));
        return VG_ERR_STORE;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        vg_journal_complain(j, path,
                            "another vigild keeps its record here; stop it, or give this "
                            "one another state_dir");
        (void)close(fd);
        return VG_ERR_DENIED;
    }
    j->lock_fd = fd; /* stays open: the lock lives as long as its descriptor */
    j->locked = true;
    return VG_OK;
}

static void unlock_dir(struct vg_journal *j)
{
    if (j->locked) {
        (void)close(j->lock_fd);
        j->locked = false;
    }
}

/* Is the file a database that can be read at all? */
static bool is_sound(const char *path)
{
    sqlite3 *db = NULL;
    struct stat st;
    bool sound = true;

    if (stat(path, &st) != 0 || st.st_size == 0) {
        return true; /* a new one */
    }
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        int rc = sqlite3_exec(db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
        sound = rc != SQLITE_NOTADB && rc != SQLITE_CORRUPT;
    }
    (void)sqlite3_close(db);
    return sound;
}

void vg_journal_move_aside(const char *path)
{
    static const char *const suffix[] = { "", "-wal", "-shm" };
    char from[320];
    char to[384];
    long long now = (long long)time(NULL);

    for (size_t i = 0; i < VG_COUNT(suffix); i++) {
        (void)snprintf(from, sizeof from, "%s%s", path, suffix[i]);
        (void)snprintf(to, sizeof to, "%s.damaged-%lld%s", path, now, suffix[i]);
        (void)rename(from, to);
    }
    vg_log(VG_LOG_ERROR, "journal: %s is damaged; kept as %s.damaged-%lld, a new record begins",
           path, path, now);
}

enum vg_status vg_journal_open(struct vg_journal *j, const char *state_dir)
{
    enum vg_status st;

    if (mkdir(state_dir, 0750) != 0 && errno != EEXIST) {
        vg_log(VG_LOG_ERROR, "journal: %s: %s; make it, or give it to this user", state_dir,
               strerror(errno));
    }
    (void)snprintf(j->path, sizeof j->path, "%s/vigil.db", state_dir);
    (void)snprintf(j->ballast, sizeof j->ballast, "%s/vigil.ballast", state_dir);
    vg_boot_id(j->boot_id);
    st = vg_journal_lock(j);
    if (st == VG_ERR_DENIED) {
        return st;
    }
    if (!is_sound(j->path)) {
        vg_journal_move_aside(j->path);
        st = VG_ERR_STORE;
    }
    if (vg_store_open(j) != VG_OK) {
        st = VG_ERR_STORE;
    }
    return st;
}

/* --- run ------------------------------------------------------------------------------------ */

static void collect(struct vg_worker *w, void *ctx)
{
    struct vg_journal *j = ctx;
    struct vg_journal_done done;
    while (vg_ring_pop(&w->done, &done)) {
        if (done.status == VG_OK && done.duplicate == 0 && !done.refused) {
            j->committed = done.upto;
        }
        j->on_done(j->state, &done);
    }
}

enum vg_status vg_journal_start(struct vg_journal *j, const struct vg_clock *clock, bool inline_run)
{
    struct vg_worker *w = &j->worker;
    vg_ring_init(&w->jobs, j->jobs, sizeof j->jobs[0], VG_JOURNAL_RING);
    vg_ring_init(&w->done, j->done, sizeof j->done[0], VG_COUNT(j->done));
    w->work = vg_store_work;
    w->on_done = collect;
    w->ctx = j;
    w->clock = *clock;
    w->inline_run = inline_run;
    return vg_worker_start(w, "vigil-journal");
}

/* Slots that must stay free for events of a higher rank. */
static size_t reserve_for(const struct vg_event *ev)
{
    if (ev->kind == VG_EV_CARE && ev->u.care.request_id[0] != '\0') {
        return 0;
    }
    switch ((enum vg_event_kind)ev->kind) {
    case VG_EV_SESSION:
    case VG_EV_DOSE:
    case VG_EV_ACK:
    case VG_EV_NIBP_COMMAND:
    case VG_EV_LIMITS:
        return 0;
    case VG_EV_ALARM:
    case VG_EV_NIBP:
    case VG_EV_CUFF:
    case VG_EV_CLOCK:
    case VG_EV_DAEMON:
    case VG_EV_INHIBIT:
    case VG_EV_LIMIT:
    case VG_EV_ROUTE:
    case VG_EV_SINK:
    case VG_EV_CARE:
    case VG_EV_BIND:
    case VG_EV_PLAN:
        return VG_JOURNAL_RING / 16;
    case VG_EV_NONE:
    case VG_EV_READING:
    case VG_EV_WAVE:
    case VG_EV_DEVICE:
    case VG_EV_SIGNAL:
    case VG_EV_FRESHNESS:
    case VG_EV_TICK:
    case VG_EV_KIND_COUNT:
        break;
    }
    return VG_JOURNAL_RING / 4;
}

uint64_t vg_journal_post(struct vg_journal *j, const struct vg_event *ev, bool command)
{
    struct vg_journal_job job = { .number = j->posted + 1, .ev = *ev };
    size_t used = vg_ring_count(&j->worker.jobs);

    if (used + (command ? 0 : reserve_for(ev)) >= VG_JOURNAL_RING ||
        !vg_worker_post(&j->worker, &job)) {
        j->dropped++;
        return 0;
    }
    return ++j->posted;
}

uint64_t vg_journal_post_with(struct vg_journal *j, const struct vg_event *ev, const char *extra)
{
    struct vg_journal_job piece = { .number = j->posted + 1 };
    size_t len = strlen(extra);
    size_t pieces = (len + sizeof piece.ev.u.text - 1) / sizeof piece.ev.u.text;

    if (vg_ring_count(&j->worker.jobs) + pieces >= VG_JOURNAL_RING) {
        j->dropped++;
        return 0;
    }
    for (size_t at = 0; at < len; at += sizeof piece.ev.u.text) {
        size_t n = len - at < sizeof piece.ev.u.text ? len - at : sizeof piece.ev.u.text;
        memset(&piece.ev, 0, sizeof piece.ev);
        piece.ev.seq = ev->seq; /* what is not written yet begins here */
        memcpy(piece.ev.u.text, extra + at, n);
        (void)vg_worker_post(&j->worker, &piece); /* there is room: nobody else posts */
    }
    return vg_journal_post(j, ev, true);
}

void vg_journal_commit(struct vg_journal *j)
{
    vg_worker_wake(&j->worker);
}

void vg_journal_stop(struct vg_journal *j)
{
    vg_worker_stop(&j->worker);
    collect(&j->worker, j);
    vg_journal_chain_stop(j);
    vg_store_close(j);
    vg_key_forget(j->key.secret);
    j->key.state = VG_KEY_UNKNOWN;
    unlock_dir(j);
}
