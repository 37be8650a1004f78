/*
 * verb_dose.c -- record what was given, or correct it. The amount goes out as the text that was
 * typed: one place, the daemon, turns it into micrograms, and asks back where a person must see the
 * result first.
 */
#include <string.h>

#include "tools/vigilctl/ctl.h"

static const struct {
    uint8_t option;
    const char *member;
} members[] = {
    { OPT_DRUG, "drug" },         { OPT_ROUTE, "route" },
    { OPT_AMOUNT, "amount" },     { OPT_UNIT, "unit" },
    { OPT_GIVEN_AT, "given_at" }, { OPT_WEIGHT, "weight" },
    { OPT_CONFIRM, "confirm" },   { OPT_CONCENTRATION, "concentration" },
    { OPT_LOT, "lot" },           { OPT_CHECKED_BY, "checked_by" },
    { OPT_SITE, "site" },         { OPT_OUTCOME, "outcome" },
    { OPT_NOTE, "note" },         { OPT_REASON, "reason" },
};

static int send(struct ctl *c, const char *op, const char *kind, const char *target)
{
    struct ctl_command k;
    int rc = ctl_command_begin(c, &k, op, c->word[0]);

    if (rc != CTL_DONE) {
        return rc;
    }
    if (kind != NULL) {
        vg_json_text(&k.j, "kind", kind);
    }
    if (target != NULL && !ctl_put_row(c, &k.j, "target", target)) {
        return CTL_USAGE;
    }
    for (size_t i = 0; i < VG_COUNT(members); i++) {
        if (c->option[members[i].option] != NULL) {
            vg_json_text(&k.j, members[i].member, c->option[members[i].option]);
        }
    }
    return ctl_command_send(c, &k);
}

/* "dose rate-change" is kind rate_change. */
static int give(struct ctl *c)
{
    char kind[32];
    size_t n = 0;

    for (const char *s = c->verb + strlen("dose "); *s != '\0' && n + 1 < sizeof kind; s++) {
        kind[n++] = *s == '-' ? '_' : *s;
    }
    kind[n] = '\0';
    return send(c, "dose", kind, NULL);
}

int verb_dose(struct ctl *c)
{
    return ctl_asked_back(c, give);
}

static int amend(struct ctl *c)
{
    return send(c, "dose_amend", c->word[2], c->word[1]);
}

int verb_dose_amend(struct ctl *c)
{
    return ctl_asked_back(c, amend);
}

int verb_dose_void(struct ctl *c)
{
    return send(c, "dose_void", NULL, c->word[1]);
}
