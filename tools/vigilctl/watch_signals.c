/*
 * watch_signals.c -- quiet mode, pauses, lost sinks, a test signal: why a room may be silent.
 *
 * Times that are left are counted down by our own clock from the moment they were received, so that
 * they do not stand still between two frames.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"
#include "tools/vigilctl/watch.h"

static void copy(const json_t *o, const char *key, char *out, size_t cap)
{
    (void)ctl_clean(ctl_text(o, key), out, cap);
}

static int64_t left_of(const json_t *o)
{
    return json_is_integer(json_object_get(o, "left_ms")) ? ctl_int(o, "left_ms") : -1;
}

static void take_inhibitions(struct watch_signals *s, const json_t *list)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
    {
        if (s->count == WATCH_INHIBITIONS_MAX) {
            break;
        }
        struct watch_inhibition *x = &s->of[s->count++];
        copy(o, "scope", x->scope, sizeof x->scope);
        copy(o, "state", x->state, sizeof x->state);
        copy(o, "operator", x->operator_id, sizeof x->operator_id);
        copy(o, "reason", x->reason, sizeof x->reason);
        x->left_ms = left_of(o);
    }
}

/* The open instances say it; they were taken just before. */
static void take_lost_sinks(struct watch_signals *s, const struct watch_bed *b)
{
    for (size_t i = 0; i < b->listed && s->sinks_lost < VG_SINKS_MAX; i++) {
        const struct watch_alarm *a = &b->alarm[i];
        if (strcmp(a->condition, vg_condition_name(VG_COND_SINK_LOST)) == 0 && !a->over) {
            memcpy(s->sink_lost[s->sinks_lost++], a->about, sizeof a->about);
        }
    }
}

void watch_take_signals(struct watch_bed *b, const json_t *o, int64_t received_ns)
{
    struct watch_signals *s = &b->signals;
    const json_t *quiet = json_object_get(o, "quiet");

    memset(s, 0, sizeof *s);
    s->received_ns = received_ns;
    s->quiet = json_is_object(quiet);
    if (s->quiet) {
        s->quiet_left_ms = left_of(quiet);
        copy(quiet, "operator", s->watcher, sizeof s->watcher);
    }
    s->test_left_ms = ctl_int(json_object_get(o, "test_signal"), "remaining_ms");
    take_inhibitions(s, json_object_get(o, "inhibited"));
    take_lost_sinks(s, b);
}

int64_t watch_left_ms(const struct watch *w, const struct watch_bed *b, int64_t left_ms)
{
    int64_t since_ms = (w->now_ns - b->signals.received_ns) / VG_NS_PER_MS;
    if (left_ms < 0) {
        return -1;
    }
    return left_ms > since_ms ? left_ms - since_ms : 0;
}

/* --- lines ---------------------------------------------------------------------------------- */

static void inhibition_line(const struct watch *w, const struct watch_bed *b,
                            const struct watch_inhibition *x, char out[WATCH_SIGNAL_LINE_MAX])
{
    char left[CTL_LEFT_MAX];
    bool sound = strcmp(x->scope, "audio") == 0;
    bool off = strcmp(x->state, vg_inhibit_state_name(VG_IS_ALARM_OFF)) == 0;

    (void)snprintf(out, WATCH_SIGNAL_LINE_MAX, "%s: %s%s, %s, %s%s%s",
                   off ? "ALARMS OFF" : "PAUSED", sound ? "sound of the bed" : "alarms of ",
                   sound ? "" : x->scope, ctl_left(watch_left_ms(w, b, x->left_ms), left),
                   x->operator_id, x->reason[0] != '\0' ? ": " : "", x->reason);
}

bool watch_signal_line(const struct watch *w, const struct watch_bed *b, size_t i,
                       char out[WATCH_SIGNAL_LINE_MAX])
{
    const struct watch_signals *s = &b->signals;
    char left[CTL_LEFT_MAX];

    if (s->quiet && i-- == 0) {
        (void)snprintf(out, WATCH_SIGNAL_LINE_MAX, "QUIET: staff is told first; %s watches, %s",
                       s->watcher, ctl_left(watch_left_ms(w, b, s->quiet_left_ms), left));
        return true;
    }
    if (i < s->count) {
        inhibition_line(w, b, &s->of[i], out);
        return true;
    }
    i -= s->count;
    if (i < s->sinks_lost) {
        (void)snprintf(out, WATCH_SIGNAL_LINE_MAX, "SINK LOST: no alarm is heard at %s",
                       s->sink_lost[i]);
        return true;
    }
    i -= s->sinks_lost;
    if (i == 0 && watch_left_ms(w, b, s->test_left_ms) > 0) {
        (void)snprintf(out, WATCH_SIGNAL_LINE_MAX, "test signal of the sinks, %s",
                       ctl_left(watch_left_ms(w, b, s->test_left_ms), left));
        return true;
    }
    return false;
}
