/*
 * verb_dose.c -- record what was given. The amount goes out as the text that was typed: one place,
 * the daemon, turns it into micrograms, and refuses what is ambiguous.
 */
#include "tools/vigilctl/ctl.h"

static int record(struct ctl *c, const char *kind)
{
    struct ctl_command k;
    int rc = ctl_command_begin(c, &k, "dose", c->word[0]);
    if (rc != CTL_DONE) {
        return rc;
    }
    vg_json_text(&k.j, "kind", kind);
    vg_json_text(&k.j, "drug", c->option[OPT_DRUG]);
    vg_json_text(&k.j, "route", c->option[OPT_ROUTE]);
    if (c->option[OPT_AMOUNT] != NULL) {
        vg_json_text(&k.j, "amount", c->option[OPT_AMOUNT]);
        vg_json_text(&k.j, "unit", c->option[OPT_UNIT]);
    }
    if (c->option[OPT_GIVEN_AT] != NULL) {
        vg_json_text(&k.j, "given_at", c->option[OPT_GIVEN_AT]);
    }
    return ctl_command_send(c, &k);
}

int verb_dose_bolus(struct ctl *c)
{
    return record(c, "bolus");
}

int verb_dose_infusion_start(struct ctl *c)
{
    return record(c, "infusion_start");
}

int verb_dose_rate_change(struct ctl *c)
{
    return record(c, "rate_change");
}

int verb_dose_stop(struct ctl *c)
{
    return record(c, "stop");
}
