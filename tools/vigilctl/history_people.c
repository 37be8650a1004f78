/*
 * history_people.c -- lines of the alarm log about what people did: who, what, why.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/history.h"

/* The person, or "nobody" for what the daemon did by itself. */
const char *history_who(const json_t *row, char out[64])
{
    const char *name = ctl_text(json_object_get(row, "data"), "operator");
    return ctl_clean(name[0] != '\0' ? name : "nobody", out, 64);
}

void history_ack(const json_t *row, const json_t *data)
{
    char name[64];
    (void)printf("%s acknowledges #%lld", history_who(row, name), ctl_int(data, "instance"));
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
        (void)printf("%s ", history_who(row, name));
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

    (void)printf("%s ", history_who(row, name));
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

void history_cuff(const json_t *row, const json_t *data)
{
    char name[64];
    (void)printf("%s:", history_who(row, name));
    history_put_after(" ", row, "dev");
    history_put_after(" ", data, "command");
}
