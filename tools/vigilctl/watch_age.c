/*
 * watch_age.c -- how old is what we show, and may it still be shown?
 *
 * The age is counted by this machine's own clock from the moment of receipt. When frames pile up
 * unread (a stopped terminal), receipt is late; therefore the newest time of the daemon's clock
 * that any frame carried also counts, and the larger of the two wins.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"
#include "tools/vigilctl/watch.h"

bool watch_is_lost(const struct watch *w, const struct watch_bed *b)
{
    return w->now_ns - b->heartbeat_ns > WATCH_LOST_NS;
}

int64_t watch_age_ms(const struct watch *w, const struct watch_reading *r)
{
    int64_t here = (w->now_ns - r->received_ns) / VG_NS_PER_MS;
    int64_t there = w->daemon_ms - r->daemon_ms;
    return r->age_ms + (here > there ? here : there);
}

enum watch_look watch_look(const struct watch *w, const struct watch_bed *b, enum vg_vital v)
{
    const struct watch_reading *r = &b->vital[v];
    const struct vg_vital_info *info = vg_vital_get(v);
    int64_t age_ns;

    if (!r->known || !r->has_value) {
        return LOOK_NONE;
    }
    age_ns = watch_age_ms(w, r) * VG_NS_PER_MS;
    if (age_ns > info->stale_ns) {
        return LOOK_NONE;
    }
    return age_ns > info->aging_ns ? LOOK_OLD : LOOK_CURRENT;
}

const struct watch_device *watch_cuff(const struct watch_bed *b)
{
    for (size_t i = 0; i < b->device_count; i++) {
        const char *s = b->device[i].determination;
        if (*s != '\0' && strcmp(s, "idle") != 0 && strcmp(s, "cooldown") != 0) {
            return &b->device[i];
        }
    }
    return NULL;
}

const char *watch_age_text(int64_t age_ms, char out[16])
{
    int64_t s = age_ms / 1000;
    unsigned whole = s < 0 ? 0 : s > 999999999 ? 999999999 : (unsigned)s;
    if (whole < 120) {
        (void)snprintf(out, 16, "%us", whole);
    } else if (whole < 7200) {
        (void)snprintf(out, 16, "%umin", whole / 60);
    } else {
        (void)snprintf(out, 16, "%uh", whole / 3600);
    }
    return out;
}

const char *watch_limit_text(const struct watch_alarm *a, char out[40])
{
    char value[CTL_MILLI_MAX];
    char limit[CTL_MILLI_MAX];
    const char *is = " vs ";

    out[0] = '\0';
    if (!a->has_value) {
        return out;
    }
    if (a->value_milli < a->limit_milli) {
        is = "<";
    } else if (a->value_milli > a->limit_milli) {
        is = ">";
    }
    (void)snprintf(out, 40, "%.16s%s%.16s", ctl_milli(a->value_milli, value), is,
                   ctl_milli(a->limit_milli, limit));
    return out;
}
