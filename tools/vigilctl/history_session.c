/*
 * history_session.c -- lines of the alarm log about a session: its doses with every conversion and
 * deviation, scores, facts, readings by hand, and what was due.
 *
 * Private texts are not here: `vigilctl notes` asks for them.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/history.h"

static void put_list(const char *before, const json_t *data, const char *key)
{
    const json_t *list = json_object_get(data, key);
    size_t i;
    json_t *o;
    char text[64];

    json_array_foreach(list, i, o)
    {
        const char *word = json_string_value(o);
        (void)printf("%s%s", i == 0 ? before : ", ",
                     ctl_clean(word != NULL ? word : "?", text, sizeof text));
    }
}

/* --- sessions and doses ----------------------------------------------------------------------- */

void history_session(const json_t *row, const json_t *data)
{
    char name[64];
    char text[64];
    if (strcmp(ctl_text(data, "event"), "open") == 0) {
        (void)printf("%s opens the session of %s", history_who(row, name),
                     ctl_shown(data, "patient_ref", text, sizeof text));
        history_put_after(", ", data, "kind");
        history_put_after(", course ", data, "course");
        history_put_after(", protocol ", data, "protocol");
        history_put_after(" ", data, "protocol_hash");
    } else {
        (void)printf("%s closes the session", history_who(row, name));
        history_put_after(": ", data, "reason");
        if (json_array_size(json_object_get(data, "unmet")) > 0) {
            (void)printf(", WITH %zu DISCHARGE CHECKS UNMET",
                         json_array_size(json_object_get(data, "unmet")));
        }
    }
}

static void put_amount(const json_t *data)
{
    char number[CTL_MILLI_MAX];
    bool rate = json_object_get(data, "rate_ug_h") != NULL;

    if (rate || json_object_get(data, "amount_ug") != NULL) {
        (void)printf(" %s %s", ctl_milli(ctl_int(data, rate ? "rate_ug_h" : "amount_ug"), number),
                     rate ? "mg/h" : "mg");
    }
    history_put_after(", typed ", data, "typed");
    if (ctl_int(data, "weight_g") > 0) {
        (void)printf(" for %s kg", ctl_milli(ctl_int(data, "weight_g"), number));
    }
    if (ctl_int(data, "concentration_ug_ml") > 0) {
        (void)printf(" of %s mg/mL", ctl_milli(ctl_int(data, "concentration_ug_ml"), number));
    }
}

void history_dose(const json_t *row, const json_t *data)
{
    char name[64];
    char text[64];
    const char *event = ctl_text(data, "event");

    (void)printf("%s: ", history_who(row, name));
    if (event[0] != '\0') {
        (void)printf("%s dose of row %lld, ", ctl_clean(event, text, sizeof text),
                     ctl_int(data, "target"));
    }
    if (json_object_get(data, "kind") != NULL) {
        (void)printf("%s ", ctl_shown(data, "kind", text, sizeof text));
        (void)printf("%s", ctl_shown(data, "drug", text, sizeof text));
        put_amount(data);
    }
    history_put_after(" ", data, "route");
    history_put_after(", given ", data, "given_at");
    history_put_after(", checked by ", data, "checked_by");
    history_put_after(", lot ", data, "lot");
    history_put_after(", site ", data, "site");
    history_put_after(", ", data, "outcome");
    history_put_after(", because ", data, "reason");
    history_put_after(", note: ", data, "note");
    put_list("; DEVIATION ", data, "deviation");
    put_list("; missing ", data, "gate_missing");
}

void history_plan(const json_t *row, const json_t *data)
{
    char text[64];

    (void)row;
    if (strcmp(ctl_text(data, "event"), "phase") == 0) {
        (void)printf("phase %s", ctl_shown(data, "phase", text, sizeof text));
        return;
    }
    (void)printf("%s due %s",
                 strcmp(ctl_text(data, "due"), "nibp") == 0 ? "blood pressure" : "score",
                 ctl_shown(data, "due_at", text, sizeof text));
    put_list(" ", data, "scales");
    (void)printf(": %s", ctl_shown(data, "state", text, sizeof text));
    if (json_is_integer(json_object_get(data, "off_ms"))) {
        (void)printf(", %lld s after its time", ctl_int(data, "off_ms") / 1000);
    }
    if (strcmp(ctl_text(data, "state"), ctl_text(data, "was")) == 0) {
        (void)printf(", cuff asked %lld times", ctl_int(data, "tries"));
    }
}

/* --- care --------------------------------------------------------------------------------- */

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

static void plain(const json_t *data, const char *before, const char *key)
{
    (void)printf("%s", before);
    history_put_after("", data, key);
}

static void put_score(const json_t *data)
{
    char text[64];
    (void)printf("score %s %lld", ctl_shown(data, "scale", text, sizeof text),
                 ctl_int(data, "score"));
}

static void put_fact(const json_t *data)
{
    plain(data, "states ", "fact");
    history_put_after(": ", data, "answer");
    history_put_after(", document ", data, "document");
}

static void put_weight(const json_t *data)
{
    char number[CTL_MILLI_MAX];
    (void)printf("weight %s kg, measured %lld days ago",
                 ctl_milli(ctl_int(data, "weight_g"), number), ctl_int(data, "measured_days"));
}

static void put_reading(const json_t *data)
{
    (void)printf("reading by hand");
    baseline_part(data);
    history_put_after(", ", data, "limb");
    history_put_after(", ", data, "position");
}

static void put_symptom(const json_t *data)
{
    plain(data, "symptom ", "symptom");
    (void)printf(", severity %lld%s", ctl_int(data, "severity"),
                 ctl_true(data, "serious") ? ", SERIOUS" : "");
}

static void put_test(const json_t *data)
{
    plain(data, "test signal, ", "priority");
}

static void put_intervention(const json_t *data)
{
    plain(data, "intervention: ", "what");
}

static void put_private(const json_t *data)
{
    plain(data, "", "event");
    (void)printf(" (its text is private)");
}

static void put_handover(const json_t *data)
{
    plain(data, "hands over to ", "to");
}

static void put_defer(const json_t *data)
{
    (void)printf("puts the next blood pressure off by %lld s", ctl_int(data, "seconds"));
    history_put_after(": ", data, "reason");
}

static void put_override(const json_t *data)
{
    plain(data, "overrides the gate, ", "item");
    history_put_after(": ", data, "reason");
}

static void put_void(const json_t *data)
{
    (void)printf("row %lld was a mistake", ctl_int(data, "target"));
    history_put_after(": ", data, "reason");
}

static void put_baseline(const json_t *data)
{
    (void)printf("baseline");
    baseline_part(data);
}

static const struct {
    const char *event;
    void (*put)(const json_t *data);
} cares[] = {
    { "score", put_score },       { "fact", put_fact },
    { "weight", put_weight },     { "reading", put_reading },
    { "symptom", put_symptom },   { "intervention", put_intervention },
    { "marker", put_private },    { "note", put_private },
    { "handover", put_handover }, { "defer", put_defer },
    { "override", put_override }, { "void", put_void },
    { "baseline", put_baseline }, { "schedule", schedule_part },
    { "test_signal", put_test },
};

static void quiet(const json_t *row, const json_t *data, bool asked)
{
    char name[64];
    bool on = strcmp(ctl_text(data, "event"), "quiet_on") == 0;

    if (on && !asked) {
        (void)printf("quiet mode is on, %s watches", history_who(row, name));
    } else if (on) {
        (void)printf("quiet mode, is watching");
    } else {
        (void)printf(asked ? "ends quiet mode" : "quiet mode is off");
    }
}

/* A row with a request id is what a person asked for; the one without, what came of it. */
void history_care(const json_t *row, const json_t *data)
{
    char name[64];
    char text[32];
    const char *event = ctl_text(data, "event");
    bool asked = ctl_text(data, "request_id")[0] != '\0';
    size_t i = 0;

    if (asked) {
        (void)printf("%s: ", history_who(row, name));
    }
    while (i < VG_COUNT(cares) && strcmp(cares[i].event, event) != 0) {
        i++;
    }
    if (i < VG_COUNT(cares)) {
        cares[i].put(data);
    } else if (strncmp(event, "quiet_", strlen("quiet_")) == 0) {
        quiet(row, data, asked);
    } else if (strcmp(event, "sedation") == 0) { /* of records before version 4 */
        (void)printf("sedation score %lld", ctl_int(data, "score"));
    } else {
        (void)printf("%s", ctl_clean(event, text, sizeof text));
    }
}
