/*
 * verb_watch.c -- the live view: follow the stream, repair what was lost, show it on time.
 *
 * A silent daemon must not stop the picture: while nothing is heard no question is asked, and a
 * question that is asked waits half a second, so that MONITOR LINK LOST appears when it is due.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/signals.h"
#include "tools/vigilctl/ctl.h"
#include "tools/vigilctl/watch.h"

#define SCREEN_PERIOD_NS (500 * VG_NS_PER_MS)
#define LINE_PERIOD_NS VG_NS_PER_S
#define ASK_PERIOD_NS VG_NS_PER_S
#define ASK_TIMEOUT_MS 250
/* So that a signal is noticed soon. */
#define WAIT_MS 50
#define BURST 256

static void read_clock(struct watch *w)
{
    struct vg_clock clock = vg_clock_real();
    struct vg_now now;
    clock.read(clock.state, &now);
    w->now_ns = now.mono_ns;
    w->utc_ns = now.utc_ns;
}

/* Everything that is shown of a bed, and no waveforms. */
static int subscribe_bed(struct ctl *c, const char *id)
{
    static const char *const groups[] = { "vital.", "alarms", "session", "dose", "device." };
    for (size_t i = 0; i < VG_COUNT(groups); i++) {
        char topic[VG_TOPIC_MAX];
        (void)snprintf(topic, sizeof topic, VG_TOPIC_PREFIX "%s.%s", id, groups[i]);
        if (vg_client_subscribe(&c->client, topic) != VG_OK) {
            return CTL_NO_ANSWER;
        }
    }
    return CTL_DONE;
}

/* Subscribe to beds that are new, then take the state: in this order nothing falls between. */
static int begin(struct ctl *c, struct watch *w)
{
    json_t *reply = NULL;
    int rc = ctl_snapshot(c, w->only, &reply);
    if (rc != CTL_DONE) {
        return rc;
    }
    read_clock(w);
    watch_snapshot(w, reply);
    json_decref(reply);
    for (size_t i = 0; i < w->bed_count && rc == CTL_DONE; i++) {
        rc = subscribe_bed(c, w->bed[i].id);
    }
    w->ask = true;
    return rc;
}

static void repair(struct ctl *c, struct watch *w)
{
    json_t *reply = NULL;
    size_t known = w->bed_count;

    w->asked_ns = w->now_ns;
    if (vg_client_snapshot(&c->client, w->only, &reply) == VG_OK) {
        read_clock(w);
        watch_snapshot(w, reply);
        for (size_t i = known; i < w->bed_count; i++) {
            (void)subscribe_bed(c, w->bed[i].id);
            w->ask = true;
        }
    }
    json_decref(reply);
}

static void show(struct ctl *c, const struct watch *w, bool screen, bool first)
{
    if (c->option[OPT_JSON] != NULL) {
        watch_json(w);
    } else if (screen) {
        watch_screen(w, first);
    } else {
        watch_plain(w);
    }
    (void)fflush(stdout);
}

static void listen_once(struct ctl *c, struct watch *w)
{
    struct vg_client_update u;
    int64_t wait_ms = WAIT_MS;

    for (int i = 0; i < BURST; i++) {
        if (vg_client_next(&c->client, &u, wait_ms) != VG_OK) {
            break;
        }
        wait_ms = 0;
        read_clock(w);
        watch_apply(w, &u);
        json_decref(u.body);
    }
    read_clock(w);
}

static int follow(struct ctl *c, struct watch *w, int signals, long long seconds)
{
    bool screen = isatty(STDOUT_FILENO) != 0 && c->option[OPT_PLAIN] == NULL &&
                  c->option[OPT_JSON] == NULL;
    int64_t period_ns = screen ? SCREEN_PERIOD_NS : LINE_PERIOD_NS;
    int64_t end_ns = w->now_ns + seconds * VG_NS_PER_S;
    int64_t due_ns = w->now_ns;
    bool first = true;

    while (vg_signals_take(signals) == 0 && ferror(stdout) == 0) {
        listen_once(c, w);
        if (w->ask && w->now_ns - w->asked_ns > ASK_PERIOD_NS &&
            w->now_ns - w->heard_ns < WATCH_LOST_NS) {
            repair(c, w);
        }
        if (w->now_ns >= due_ns) {
            show(c, w, screen, first);
            first = false;
            due_ns += period_ns;
            due_ns = due_ns < w->now_ns ? w->now_ns + period_ns : due_ns;
        }
        if (seconds > 0 && w->now_ns >= end_ns) {
            break;
        }
    }
    if (screen) {
        watch_screen_end();
    }
    return CTL_DONE;
}

int verb_watch(struct ctl *c)
{
    /* Every bed with everything about it: too large for a stack. */
    static struct watch w;
    long long seconds = 0;
    int signals = -1;

    if (!ctl_number(c, OPT_SECONDS, 1, 1000000, &seconds)) {
        return CTL_USAGE;
    }
    int rc = ctl_connect(c, true, true, false);
    if (rc != CTL_DONE) {
        return rc;
    }
    w.client = &c->client;
    w.only = c->option[OPT_BED];
    rc = begin(c, &w);
    if (rc != CTL_DONE) {
        return rc;
    }
    if (vg_signals_open(&signals) != VG_OK) {
        ctl_say(c, "signals cannot be received; stop it with SIGKILL");
        return CTL_REFUSED;
    }
    c->client.options.timeout_ms = ASK_TIMEOUT_MS;
    w.heard_ns = w.now_ns;
    rc = follow(c, &w, signals, seconds);
    (void)close(signals);
    return rc;
}
