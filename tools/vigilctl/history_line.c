/*
 * history_line.c -- a row of the alarm log as a line: when, where, what, against what, who, why, and
 * who was told.
 *
 * Words that are not known are shown as they are, and rows of an unknown kind as their members: a log
 * that leaves something out is no log.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/wire.h"
#include "tools/vigilctl/history.h"
#include "vigil/condition.h"

void history_put_word(const struct history_word *words, size_t count, const char *word)
{
    char text[64];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i].word, word) == 0) {
            (void)printf("%s", words[i].text);
            return;
        }
    }
    (void)printf("%s", ctl_clean(word, text, sizeof text));
}

void history_put_after(const char *before, const json_t *data, const char *key)
{
    char text[256];
    (void)ctl_clean(ctl_text(data, key), text, sizeof text);
    if (text[0] != '\0') {
        (void)printf("%s%s", before, text);
    }
}

/* Both times: UTC, and what the clock on the wall said, with its offset. */
static void put_time(long long utc_ms)
{
    char utc[VG_WIRE_UTC_MAX];
    char local[32] = "";
    time_t t = (time_t)(utc_ms / 1000);
    struct tm tm;

    vg_wire_utc(utc_ms * VG_NS_PER_MS, utc);
    if (localtime_r(&t, &tm) != NULL) {
        (void)strftime(local, sizeof local, "%H:%M:%S %z", &tm);
    }
    (void)printf("%s (%s)", utc, local);
}

const char *history_unit(const char *condition)
{
    enum vg_condition c;
    if (!vg_condition_find(condition, &c) || vg_condition_get(c)->side == VG_SIDE_NONE) {
        return "";
    }
    return ctl_unit((enum vg_vital)vg_condition_get(c)->vital);
}

/* --- alarms --------------------------------------------------------------------------------- */

static void put_value(const json_t *a)
{
    enum vg_condition c;
    char value[CTL_MILLI_MAX];
    char limit[CTL_MILLI_MAX];
    const char *side = "alarm at";

    if (!json_is_integer(json_object_get(a, "value_milli"))) {
        return;
    }
    if (vg_condition_find(ctl_text(a, "alarm"), &c)) {
        side = vg_condition_get(c)->side == VG_SIDE_LOW ? "alarm below" : "alarm above";
    }
    (void)printf(": %s, %s %s %s", ctl_milli(ctl_int(a, "value_milli"), value), side,
                 ctl_milli(ctl_int(a, "limit_milli"), limit), history_unit(ctl_text(a, "alarm")));
}

static void put_instance(const json_t *data)
{
    char text[64];
    if (ctl_int(data, "instance") > 0) {
        (void)printf("#%lld ", ctl_int(data, "instance"));
    }
    (void)printf("%s", ctl_shown(data, "alarm", text, sizeof text));
}

static void alarm_line(const json_t *row, const json_t *data)
{
    static const struct history_word words[] = {
        { "armed", "is watched from now on" },
        { "pending", "is violated, its delay runs" },
        { "suppressed_by_delay", "ended within its delay, no alarm" },
        { "open", "OPENED" },
        { "worsen", "is WORSE" },
        { "ack", "acknowledged" },
        { "ack_expired", "acknowledgement ran out, it sounds again" },
        { "cond_end", "is over by itself, waits to be acknowledged" },
        { "closed", "closed" },
        { "restored", "is open again after a restart" },
    };
    put_instance(data);
    history_put_after(" ", data, "vital");
    history_put_after(" ", data, "sink");
    history_put_after(" ", row, "dev");
    history_put_after(" ", data, "priority");
    (void)printf(" ");
    HISTORY_PUT_WORD(words, ctl_text(data, "event"));
    put_value(data);
    history_put_after(", by ", data, "operator");
    (void)printf("%s", ctl_true(data, "held") ? ", no value now" : "");
}

static void route_line(const json_t *row, const json_t *data)
{
    static const struct history_word words[] = {
        { "sent", "told staff" },
        { "confirmed", "confirmed" },
        { "escalated", "told a second person" },
        { "local_on", "sounds in the room" },
        { "done", "is told nobody any more" },
    };
    (void)row;
    put_instance(data);
    (void)printf(" ");
    HISTORY_PUT_WORD(words, ctl_text(data, "event"));
    history_put_after(" by ", data, "sink");
}

static void sink_line(const json_t *row, const json_t *data)
{
    char sink[64];
    const char *event = ctl_text(data, "event");

    (void)row;
    (void)printf("sink %s ", ctl_shown(data, "sink", sink, sizeof sink));
    if (strcmp(event, "receipt") == 0) {
        (void)printf("confirms #%lld", ctl_int(data, "instance"));
    } else {
        (void)printf("%s", strcmp(event, "lost") == 0 ? "is LOST" : "is well");
    }
}

/* --- the daemon ----------------------------------------------------------------------------- */

static void daemon_line(const json_t *row, const json_t *data)
{
    static const struct history_word words[] = {
        { "started", "the daemon started" },
        { "restarted", "monitoring was INTERRUPTED" },
        { "stopping", "the daemon stops" },
        { "storage_bad", "the record cannot be written" },
        { "storage_good", "the record is written again" },
        { "clock_bad", "nothing keeps the wall clock right" },
        { "clock_good", "the wall clock is kept right again" },
    };
    char text[CTL_MILLI_MAX];

    (void)row;
    HISTORY_PUT_WORD(words, ctl_text(data, "event"));
    if (json_object_get(data, "gap_ms") != NULL) {
        (void)printf(" for %s s, limits restored that are not those of the configuration: %lld",
                     ctl_milli(ctl_int(data, "gap_ms"), text), ctl_int(data, "limits_restored"));
    }
    if (ctl_int(data, "dropped") > 0) {
        (void)printf(", %lld samples are not in the record", ctl_int(data, "dropped"));
    }
}

static void clock_line(const json_t *row, const json_t *data)
{
    char text[CTL_MILLI_MAX];
    (void)row;
    (void)printf("the wall clock was stepped by %s s", ctl_milli(ctl_int(data, "step_ms"), text));
}

/* --- a row ---------------------------------------------------------------------------------- */

static const struct {
    const char *kind;
    void (*put)(const json_t *row, const json_t *data);
} kinds[] = {
    { "alarm", alarm_line },    { "route", route_line },          { "sink", sink_line },
    { "ack", history_ack },     { "inhibit", history_inhibit },   { "limits", history_limits },
    { "limit", history_limit }, { "care", history_care },         { "session", history_session },
    { "dose", history_dose },   { "nibp_command", history_cuff }, { "daemon", daemon_line },
    { "clock", clock_line },    { "plan", history_plan },
};

void history_line(const json_t *row)
{
    const json_t *data = json_object_get(row, "data");
    char bed[64];
    char kind[32];
    size_t i = 0;

    put_time(ctl_int(row, "utc_ms"));
    (void)printf(" %s%s ", ctl_shown(row, "bed", bed, sizeof bed),
                 ctl_true(row, "test") ? " TEST" : "");
    while (i < VG_COUNT(kinds) && strcmp(kinds[i].kind, ctl_text(row, "kind")) != 0) {
        i++;
    }
    if (i < VG_COUNT(kinds) && json_is_object(data)) {
        kinds[i].put(row, data);
    } else {
        (void)printf("%s ", ctl_shown(row, "kind", kind, sizeof kind));
        (void)json_dumpf(data, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    }
    (void)fputc('\n', stdout);
}
