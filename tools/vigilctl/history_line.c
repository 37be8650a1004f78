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
#include "tools/vigilctl/ctl.h"
#include "vigil/condition.h"

struct word {
    const char *word, *text;
};

static const char *in_words(const struct word *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i].word, word) == 0) {
            return words[i].text;
        }
    }
    return word;
}

#define WORDS(table, word) in_words(table, VG_COUNT(table), word)

/* ": TEXT" of a member, nothing when it has none. */
static void put_after(const char *before, const json_t *data, const char *key)
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

/* The person, or "nobody" for what the daemon did by itself. */
static const char *who(const json_t *row, char out[64])
{
    const char *name = ctl_text(json_object_get(row, "data"), "operator");
    return ctl_clean(name[0] != '\0' ? name : "nobody", out, 64);
}

static const char *unit_of(const char *condition)
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
                 ctl_milli(ctl_int(a, "limit_milli"), limit), unit_of(ctl_text(a, "alarm")));
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
    static const struct word words[] = {
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
    put_after(" ", data, "vital");
    put_after(" ", data, "sink");
    put_after(" ", row, "dev");
    put_after(" ", data, "priority");
    (void)printf(" %s", WORDS(words, ctl_text(data, "event")));
    put_value(data);
    put_after(", by ", data, "operator");
    (void)printf("%s", ctl_true(data, "held") ? ", no value now" : "");
}

static void route_line(const json_t *row, const json_t *data)
{
    static const struct word words[] = {
        { "sent", "told staff" },
        { "confirmed", "confirmed" },
        { "escalated", "told a second person" },
        { "local_on", "sounds in the room" },
        { "done", "is told nobody any more" },
    };
    (void)row;
    put_instance(data);
    (void)printf(" %s", WORDS(words, ctl_text(data, "event")));
    put_after(" by ", data, "sink");
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

/* --- people --------------------------------------------------------------------------------- */

static void ack_line(const json_t *row, const json_t *data)
{
    char name[64];
    (void)printf("%s acknowledges #%lld", who(row, name), ctl_int(data, "instance"));
}

static void inhibit_line(const json_t *row, const json_t *data)
{
    static const struct word words[] = {
        { "audio_pause", "presses audio pause" },
        { "alarm_pause", "pauses the alarms of" },
        { "alarm_off", "switches off the alarms of" },
        { "alarm_on", "switches on the alarms of" },
    };
    char name[64];
    char state[32];
    char was[32];
    char scope[64];
    bool sound = strcmp(ctl_text(data, "scope"), "audio") == 0;

    (void)ctl_shown(data, "scope", scope, sizeof scope);
    if (strcmp(ctl_text(data, "event"), "moved") == 0) {
        (void)printf("%s: %s, was %s", sound ? "sound of the bed" : scope,
                     ctl_shown(data, "state", state, sizeof state),
                     ctl_shown(data, "was", was, sizeof was));
    } else {
        (void)printf("%s %s%s%s", who(row, name), WORDS(words, ctl_text(data, "event")),
                     sound ? "" : " ", sound ? "" : scope);
        put_after(": ", data, "reason");
    }
}

static void limits_line(const json_t *row, const json_t *data)
{
    char name[64];
    char what[64];
    char limit[CTL_MILLI_MAX];
    const char *event = ctl_text(data, "event");

    (void)printf("%s ", who(row, name));
    if (strcmp(event, "set") == 0) {
        (void)printf("sets %s to %s %s", ctl_shown(data, "condition", what, sizeof what),
                     ctl_milli(ctl_int(data, "limit_milli"), limit),
                     unit_of(ctl_text(data, "condition")));
    } else if (strcmp(event, "profile") == 0) {
        (void)printf("takes the limits of profile %s",
                     ctl_shown(data, "profile", what, sizeof what));
    } else {
        (void)printf("takes the limits of the %s", ctl_clean(event, what, sizeof what));
    }
    put_after(": ", data, "reason");
}

static void limit_line(const json_t *row, const json_t *data)
{
    static const struct word words[] = {
        { "begin", "as the session opened" },
        { "changed", "changed" },
        { "restored", "in force again after a restart" },
        { "ended", "of the configuration again" },
    };
    char condition[64];
    char now[CTL_MILLI_MAX];
    char old[CTL_MILLI_MAX];

    (void)row;
    (void)printf("limit %s %s %s, %s", ctl_shown(data, "condition", condition, sizeof condition),
                 ctl_milli(ctl_int(data, "limit_milli"), now), unit_of(ctl_text(data, "condition")),
                 WORDS(words, ctl_text(data, "cause")));
    if (ctl_int(data, "old_milli") != ctl_int(data, "limit_milli")) {
        (void)printf(", was %s", ctl_milli(ctl_int(data, "old_milli"), old));
    }
    put_after(", by ", data, "operator");
}

static void baseline_part(const json_t *data)
{
    static const struct word parts[] = {
        { "sys_milli", "systolic" },  { "dia_milli", "diastolic" }, { "mean_milli", "mean" },
        { "pr_milli", "pulse rate" }, { "spo2_milli", "SpO2" },
    };
    char value[CTL_MILLI_MAX];
    for (size_t i = 0; i < VG_COUNT(parts); i++) {
        const json_t *v = json_object_get(data, parts[i].word);
        if (v != NULL) {
            (void)printf("%s %s %s", i > 0 ? "," : ":", parts[i].text,
                         json_is_integer(v) ? ctl_milli(json_integer_value(v), value) : "--");
        }
    }
}

static void schedule_part(const json_t *data)
{
    char vital[64];
    (void)printf("schedule of %s", ctl_shown(data, "vital", vital, sizeof vital));
    if (ctl_int(data, "every_s") > 0) {
        (void)printf(": every %lld s", ctl_int(data, "every_s"));
    } else {
        (void)printf(" ends");
    }
}

/* A row with a request id is what a person asked for; the one without, what came of it. */
static void care_line(const json_t *row, const json_t *data)
{
    char name[64];
    char text[32];
    const char *event = ctl_text(data, "event");
    bool asked = ctl_text(data, "request_id")[0] != '\0';

    if (asked) {
        (void)printf("%s: ", who(row, name));
    }
    if (strcmp(event, "sedation") == 0) {
        (void)printf("sedation score %lld", ctl_int(data, "score"));
    } else if (strcmp(event, "baseline") == 0) {
        (void)printf("baseline");
        baseline_part(data);
    } else if (strcmp(event, "schedule") == 0) {
        schedule_part(data);
    } else if (strcmp(event, "quiet_on") == 0 && asked) {
        (void)printf("quiet mode, is watching");
    } else if (strcmp(event, "quiet_on") == 0) {
        (void)printf("quiet mode is on, %s watches", who(row, name));
    } else if (strcmp(event, "quiet_off") == 0) {
        (void)printf(asked ? "ends quiet mode" : "quiet mode is off");
    } else if (strcmp(event, "test_signal") == 0) {
        (void)printf("test signal, %s", ctl_shown(data, "priority", text, sizeof text));
    } else {
        (void)printf("%s", ctl_clean(event, text, sizeof text));
    }
}

static void session_line(const json_t *row, const json_t *data)
{
    char name[64];
    char text[64];
    if (strcmp(ctl_text(data, "event"), "open") == 0) {
        (void)printf("%s opens the session of %s", who(row, name),
                     ctl_shown(data, "patient_ref", text, sizeof text));
    } else {
        (void)printf("%s closes the session", who(row, name));
        put_after(": ", data, "reason");
    }
}

static void dose_line(const json_t *row, const json_t *data)
{
    char name[64];
    char kind[32];
    char drug[64];
    bool rate = json_object_get(data, "rate_ug_h") != NULL;

    (void)printf("%s: %s %s", who(row, name), ctl_shown(data, "kind", kind, sizeof kind),
                 ctl_shown(data, "drug", drug, sizeof drug));
    if (rate || json_object_get(data, "amount_ug") != NULL) {
        (void)printf(" %lld %s", ctl_int(data, rate ? "rate_ug_h" : "amount_ug"),
                     rate ? "ug/h" : "ug");
    }
    put_after(" ", data, "route");
    put_after(", given ", data, "given_at");
}

static void cuff_line(const json_t *row, const json_t *data)
{
    char name[64];
    (void)printf("%s:", who(row, name));
    put_after(" ", row, "dev");
    put_after(" ", data, "command");
}

/* --- the daemon ----------------------------------------------------------------------------- */

static void daemon_line(const json_t *row, const json_t *data)
{
    static const struct word words[] = {
        { "started", "the daemon started" },
        { "restarted", "monitoring was INTERRUPTED" },
        { "stopping", "the daemon stops" },
        { "storage_bad", "the record cannot be written" },
        { "storage_good", "the record is written again" },
    };
    char text[CTL_MILLI_MAX];

    (void)row;
    (void)printf("%s", WORDS(words, ctl_text(data, "event")));
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
    { "alarm", alarm_line }, { "route", route_line },       { "sink", sink_line },
    { "ack", ack_line },     { "inhibit", inhibit_line },   { "limits", limits_line },
    { "limit", limit_line }, { "care", care_line },         { "session", session_line },
    { "dose", dose_line },   { "nibp_command", cuff_line }, { "daemon", daemon_line },
    { "clock", clock_line },
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
