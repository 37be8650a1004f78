/*
 * verb_care_words.c -- what people say of a session, a row a verb: scores, facts, weight, readings by
 * hand, symptoms, notes, handover.
 *
 * Words and options become members of the request as they are; the daemon judges them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"

enum form { FORM_TEXT, FORM_INT, FORM_TRUE };

static const struct {
    uint8_t option;
    enum form form;
    const char *member;
} members[] = {
    { OPT_REASON, FORM_TEXT, "reason" },   { OPT_AT, FORM_TEXT, "at" },
    { OPT_NOTE, FORM_TEXT, "note" },       { OPT_DOCUMENT, FORM_TEXT, "document" },
    { OPT_METHOD, FORM_TEXT, "method" },   { OPT_DAYS, FORM_INT, "measured_days" },
    { OPT_CONFIRM, FORM_TEXT, "confirm" }, { OPT_SEVERITY, FORM_INT, "severity" },
    { OPT_SERIOUS, FORM_TRUE, "serious" }, { OPT_THEME, FORM_TEXT, "theme" },
    { OPT_QUOTE, FORM_TEXT, "quote" },     { OPT_POSITION, FORM_TEXT, "position" },
    { OPT_LIMB, FORM_TEXT, "limb" },       { OPT_MEAN, FORM_INT, "mean" },
    { OPT_PULSE, FORM_INT, "pulse_rate" }, { OPT_SPO2, FORM_INT, "spo2" },
};

static const struct {
    const char *verb, *op;
    struct {
        const char *member;
        enum form form;
    } words[2];
} verbs[] = {
    { "score", "score", { { "scale", FORM_TEXT }, { "score", FORM_INT } } },
    { "fact", "fact", { { "fact", FORM_TEXT }, { "answer", FORM_TEXT } } },
    { "symptom", "symptom", { { "symptom", FORM_TEXT } } },
    { "intervention", "intervention", { { "what", FORM_TEXT } } },
    { "marker", "marker", { { "tag", FORM_TEXT } } },
    { "note", "note", { { "note", FORM_TEXT } } },
    { "handover", "handover", { { "to", FORM_TEXT } } },
    { "defer", "defer", { { "seconds", FORM_INT } } },
    { "override", "override", { { "item", FORM_TEXT } } },
    { "void", "care_void", { { "target", FORM_INT } } },
};

static bool put(struct ctl *c, struct vg_json *j, const char *member, enum form form,
                const char *text)
{
    char *end = NULL;
    errno = 0;
    long long n = form == FORM_INT ? strtoll(text, &end, 10) : 0;

    if (form == FORM_INT && (end == text || *end != '\0' || errno != 0)) {
        ctl_say(c, "'%.40s' is no whole number for %s", text, member);
        return false;
    }
    if (form == FORM_INT) {
        vg_json_int(j, member, n);
    } else if (form == FORM_TRUE) {
        vg_json_bool(j, member, true);
    } else {
        vg_json_text(j, member, text);
    }
    return true;
}

bool ctl_put_options(struct ctl *c, struct vg_json *j)
{
    for (size_t i = 0; i < VG_COUNT(members); i++) {
        const char *text = c->option[members[i].option];
        if (text != NULL && !put(c, j, members[i].member, members[i].form, text)) {
            return false;
        }
    }
    return true;
}

static int begin(struct ctl *c, struct ctl_command *k, const char *op, char bed[VG_ID_MAX])
{
    int rc = ctl_choose_bed(c, bed);
    return rc == CTL_DONE ? ctl_command_begin(c, k, op, bed) : rc;
}

int verb_words(struct ctl *c)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    size_t v = 0;

    while (v + 1 < VG_COUNT(verbs) && strcmp(verbs[v].verb, c->verb) != 0) {
        v++;
    }
    int rc = begin(c, &k, verbs[v].op, bed);
    if (rc != CTL_DONE) {
        return rc;
    }
    for (size_t w = 0; w < c->word_count; w++) {
        if (!put(c, &k.j, verbs[v].words[w].member, verbs[v].words[w].form, c->word[w])) {
            return CTL_USAGE;
        }
    }
    return ctl_put_options(c, &k.j) ? ctl_command_send(c, &k) : CTL_USAGE;
}

/* 118/74 */
int verb_reading(struct ctl *c)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    char sys[8];
    const char *text = c->word_count > 0 ? c->word[0] : NULL;
    const char *dia = text != NULL ? strchr(text, '/') : NULL;

    if (text != NULL && (dia == NULL || (size_t)(dia - text) >= sizeof sys)) {
        ctl_say(c, "'%.40s' is no pressure; write it like 118/74, in mmHg", text);
        return CTL_USAGE;
    }
    int rc = begin(c, &k, "reading", bed);
    if (rc != CTL_DONE) {
        return rc;
    }
    if (text != NULL) {
        memset(sys, 0, sizeof sys);
        memcpy(sys, text, (size_t)(dia - text));
        if (!put(c, &k.j, "sys", FORM_INT, sys) || !put(c, &k.j, "dia", FORM_INT, dia + 1)) {
            return CTL_USAGE;
        }
        vg_json_text(&k.j, "unit", "mmHg");
    }
    return ctl_put_options(c, &k.j) ? ctl_command_send(c, &k) : CTL_USAGE;
}

/* 70.2 kg */
static int weight_once(struct ctl *c)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    char text[48];
    int n = snprintf(text, sizeof text, "%s %s", c->word[0], c->word[1]);
    int rc = begin(c, &k, "weight", bed);

    if (rc != CTL_DONE) {
        return rc;
    }
    vg_json_text(&k.j, "weight", n < (int)sizeof text ? text : "");
    return ctl_put_options(c, &k.j) ? ctl_command_send(c, &k) : CTL_USAGE;
}

int verb_weight(struct ctl *c)
{
    return ctl_asked_back(c, weight_once);
}
