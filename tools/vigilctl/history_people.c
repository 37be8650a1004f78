/*
 * history_people.c -- lines of the alarm log about what people did: who, what, why.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/history.h"

/* The person, or "nobody" for what the daemon did by itself. */
static const char *who(const json_t *row, char out[64])
{
    const char *name = ctl_text(json_object_get(row, "data"), "operator");
    return ctl_clean(name[0] != '\0' ? name : "nobody", out, 64);
}

void history_ack(const json_t *row, const json_t *data)
{
    char name[64];
    (void)printf("%s acknowledges #%lld", who(row, name), ctl_int(data, "instance"));
}

void history_inhibit(const json_t *row, const json_t *data)
{
    static const struct history_word words[] = {
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
        (void)printf("%s ", who(row, name));
        HISTORY_PUT_WORD(words, ctl_text(data, "event"));
        (void)printf("%s%s", sound ? "" : " ", sound ? "" : scope);
        history_put_after(": ", data, "reason");
    }
}

void history_limits(const json_t *row, const json_t *data)
{
    char name[64];
    char what[64];
    char limit[CTL_MILLI_MAX];
    const char *event = ctl_text(data, "event");

    (void)printf("%s ", who(row, name));
    if (strcmp(event, "set") == 0) {
        (void)printf("sets %s to %s %s", ctl_shown(data, "condition", what, sizeof what),
                     ctl_milli(ctl_int(data, "limit_milli"), limit),
                     history_unit(ctl_text(data, "condition")));
    } else if (strcmp(event, "profile") == 0) {
        (void)printf("takes the limits of profile %s",
                     ctl_shown(data, "profile", what, sizeof what));
    } else {
        (void)printf("takes the limits of the %s", ctl_clean(event, what, sizeof what));
    }
    history_put_after(": ", data, "reason");
}

void history_limit(const json_t *row, const json_t *data)
{
    static const struct history_word words[] = {
        { "begin", "as the session opened" },
        { "changed", "changed" },
        { "restored", "in force again after a restart" },
        { "ended", "of the configuration again" },
    };
    char condition[64];
    char now[CTL_MILLI_MAX];
    char old[CTL_MILLI_MAX];

    (void)row;
    (void)printf("limit %s %s %s, ", ctl_shown(data, "condition", condition, sizeof condition),
                 ctl_milli(ctl_int(data, "limit_milli"), now),
                 history_unit(ctl_text(data, "condition")));
    HISTORY_PUT_WORD(words, ctl_text(data, "cause"));
    if (ctl_int(data, "old_milli") != ctl_int(data, "limit_milli")) {
        (void)printf(", was %s", ctl_milli(ctl_int(data, "old_milli"), old));
    }
    history_put_after(", by ", data, "operator");
}

static void baseline_part(const json_t *data)
{
    static const struct history_word parts[] = {
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
void history_care(const json_t *row, const json_t *data)
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

void history_session(const json_t *row, const json_t *data)
{
    char name[64];
    char text[64];
    if (strcmp(ctl_text(data, "event"), "open") == 0) {
        (void)printf("%s opens the session of %s", who(row, name),
                     ctl_shown(data, "patient_ref", text, sizeof text));
    } else {
        (void)printf("%s closes the session", who(row, name));
        history_put_after(": ", data, "reason");
    }
}

void history_dose(const json_t *row, const json_t *data)
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
    history_put_after(" ", data, "route");
    history_put_after(", given ", data, "given_at");
}

void history_cuff(const json_t *row, const json_t *data)
{
    char name[64];
    (void)printf("%s:", who(row, name));
    history_put_after(" ", row, "dev");
    history_put_after(" ", data, "command");
}
