/*
 * verb_limits.c -- the limits alarms are compared with: seen, set, taken from a profile or formula.
 *
 * A formula narrows or widens what people are warned of. So what it would change is shown, and a
 * person says yes; what was shown is of the baseline that is recorded, not of what is measured now.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/vigilctl/ctl.h"
#include "vigil/condition.h"

static int ask_limits(struct ctl *c, const char *bed, json_t **reply)
{
    char body[256];
    struct vg_json j;
    int rc = ctl_connect(c, false, true, false);

    vg_json_begin(&j, body, sizeof body);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "op", "limits");
    if (bed != NULL) {
        vg_json_text(&j, "bed", bed);
    }
    vg_json_object_end(&j);
    return rc == CTL_DONE ? ctl_ask(c, &j, reply) : rc;
}

/* --- the table ------------------------------------------------------------------------------ */

static const char *unit_of(const json_t *row)
{
    enum vg_vital v;
    return vg_vital_find(ctl_text(row, "vital"), &v) ? ctl_unit(v) : "";
}

static const json_t *find(const json_t *set, const char *condition)
{
    size_t i;
    json_t *row;
    json_array_foreach(set, i, row)
    {
        if (strcmp(ctl_text(row, "condition"), condition) == 0) {
            return row;
        }
    }
    return NULL;
}

static void print_row(const json_t *row, const json_t *formula)
{
    char name[64];
    char vital[64];
    char side[16];
    char priority[16];
    char limit[CTL_MILLI_MAX];
    char after[CTL_MILLI_MAX];
    const json_t *want = find(formula, ctl_text(row, "condition"));

    (void)printf(
        "  %-12s %-8s %-12s %-6s %6s %-7s %5s s", ctl_shown(row, "condition", name, sizeof name),
        ctl_shown(row, "priority", priority, sizeof priority),
        ctl_shown(row, "vital", vital, sizeof vital), ctl_shown(row, "side", side, sizeof side),
        ctl_milli(ctl_int(row, "limit_milli"), limit), unit_of(row),
        ctl_milli(ctl_int(row, "delay_ms"), after));
    if (want != NULL && ctl_int(want, "limit_milli") != ctl_int(row, "limit_milli")) {
        (void)printf("   formula %s", ctl_milli(ctl_int(want, "limit_milli"), limit));
    }
    if (ctl_int(row, "sat_seconds") > 0) {
        (void)printf("   or %lld point-seconds", ctl_int(row, "sat_seconds"));
    }
    (void)printf("%s\n", ctl_true(row, "enabled") ? "" : "   NOT WATCHED");
}

static void print_bed(const json_t *bed)
{
    const json_t *formula = json_object_get(bed, "formula");
    char id[64];
    size_t i;
    json_t *row;

    (void)printf("\n%s  limits of the %s\n", ctl_shown(bed, "bed", id, sizeof id),
                 ctl_true(bed, "session") ? "session" : "configuration; no session is open");
    (void)printf("  %-12s %-8s %-12s %-6s %6s %-7s %7s\n", "condition", "priority", "vital",
                 "alarms", "limit", "", "after");
    json_array_foreach(json_object_get(bed, "limits"), i, row)
    {
        print_row(row, formula);
    }
    if (!ctl_true(bed, "session")) {
        return;
    }
    (void)printf(json_is_array(formula)
                     ? "  a baseline is recorded; what its formula would change stands beside\n"
                     : "  no baseline is recorded, so no formula proposes anything\n");
}

static void print_limits(const json_t *reply)
{
    size_t i;
    json_t *o;
    char name[64];

    (void)printf("profiles:");
    json_array_foreach(json_object_get(reply, "profiles"), i, o)
    {
        const char *text = json_string_value(o);
        (void)printf(" %s", ctl_clean(text != NULL ? text : "", name, sizeof name));
    }
    (void)printf("\n");
    json_array_foreach(json_object_get(reply, "beds"), i, o)
    {
        print_bed(o);
    }
}

int verb_limits(struct ctl *c)
{
    json_t *reply = NULL;
    int rc = ask_limits(c, c->option[OPT_BED], &reply);

    if (rc != CTL_DONE) {
        return rc;
    }
    if (c->option[OPT_JSON] != NULL) {
        ctl_print_json(reply);
    } else {
        print_limits(reply);
    }
    json_decref(reply);
    return CTL_DONE;
}

/* --- changes -------------------------------------------------------------------------------- */

/* bed: chosen already. The verb's own members follow. */
static int begin(struct ctl *c, struct ctl_command *k, const char *op, const char *bed)
{
    int rc = ctl_command_begin(c, k, op, bed);
    if (rc == CTL_DONE) {
        vg_json_text(&k->j, "reason", c->option[OPT_REASON]);
    }
    return rc;
}

int verb_limits_set(struct ctl *c)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    char name[VG_ID_MAX];
    size_t n = 0;

    /* spo2_low, as in vigil.yaml, is SPO2_LOW. */
    for (const char *s = c->word[0]; *s != '\0' && n + 1 < sizeof name; s++) {
        name[n++] = (char)toupper((unsigned char)*s);
    }
    name[n] = '\0';
    int rc = ctl_choose_bed(c, bed);
    if (rc == CTL_DONE) {
        rc = begin(c, &k, "limit_set", bed);
    }
    if (rc != CTL_DONE) {
        return rc;
    }
    vg_json_text(&k.j, "condition", name);
    vg_json_text(&k.j, "limit", c->word[1]);
    return ctl_command_send(c, &k);
}

int verb_limits_profile(struct ctl *c)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    int rc = ctl_choose_bed(c, bed);

    if (rc == CTL_DONE) {
        rc = begin(c, &k, "limits_profile", bed);
    }
    if (rc != CTL_DONE) {
        return rc;
    }
    vg_json_text(&k.j, "profile", c->word[0]);
    return ctl_command_send(c, &k);
}

/* --- the formula ---------------------------------------------------------------------------- */

/* What it would change, on `out`; how many. */
static size_t print_changes(const json_t *bed, FILE *out)
{
    size_t i;
    size_t changes = 0;
    json_t *row;
    char name[64];
    char old[CTL_MILLI_MAX];
    char new[CTL_MILLI_MAX];

    json_array_foreach(json_object_get(bed, "limits"), i, row)
    {
        const json_t *want = find(json_object_get(bed, "formula"), ctl_text(row, "condition"));
        if (want == NULL || ctl_int(want, "limit_milli") == ctl_int(row, "limit_milli")) {
            continue;
        }
        (void)fprintf(out, "  %-12s %6s -> %6s %s\n",
                      ctl_shown(row, "condition", name, sizeof name),
                      ctl_milli(ctl_int(row, "limit_milli"), old),
                      ctl_milli(ctl_int(want, "limit_milli"), new), unit_of(row));
        changes++;
    }
    return changes;
}

static int confirm(const struct ctl *c)
{
    char line[16];

    if (c->option[OPT_YES] != NULL) {
        return CTL_DONE;
    }
    if (isatty(STDIN_FILENO) == 0) {
        ctl_say(c,
                "nothing was changed: no terminal to ask on; look at it, then repeat with --yes");
        return CTL_USAGE;
    }
    (void)fputs("take these limits? yes or no: ", stderr);
    if (fgets(line, sizeof line, stdin) != NULL &&
        (strcmp(line, "yes\n") == 0 || strcmp(line, "y\n") == 0)) {
        return CTL_DONE;
    }
    ctl_say(c, "nothing was changed");
    return CTL_REFUSED;
}

static int show_formula(struct ctl *c, const char *name)
{
    json_t *reply = NULL;
    FILE *out = c->option[OPT_JSON] != NULL ? stderr : stdout;
    int rc = ask_limits(c, name, &reply);

    if (rc != CTL_DONE) {
        return rc;
    }
    const json_t *bed = json_array_get(json_object_get(reply, "beds"), 0);
    if (!json_is_array(json_object_get(bed, "formula"))) {
        ctl_say(c, "no baseline is recorded in a session of %s; measure, then 'vigilctl baseline'",
                name);
        rc = CTL_REFUSED;
    } else if (print_changes(bed, out) == 0) {
        (void)fputs("  nothing would change: the limits are those of the formula\n", out);
    } else {
        /* shown: ask */
    }
    json_decref(reply);
    (void)fflush(out);
    return rc == CTL_DONE ? confirm(c) : rc;
}

int verb_limits_formula(struct ctl *c)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    int rc = ctl_choose_bed(c, bed);

    if (rc == CTL_DONE) {
        rc = show_formula(c, bed);
    }
    if (rc == CTL_DONE) {
        rc = begin(c, &k, "limits_formula", bed);
    }
    return rc == CTL_DONE ? ctl_command_send(c, &k) : rc;
}
