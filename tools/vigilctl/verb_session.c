/*
 * verb_session.c -- session open, session close.
 */
#include "tools/vigilctl/ctl.h"

int verb_session_open(struct ctl *c)
{
    struct ctl_command k;
    int rc = ctl_command_begin(c, &k, "session_open", c->word[0]);
    if (rc != CTL_DONE) {
        return rc;
    }
    vg_json_text(&k.j, "patient_ref", c->option[OPT_PATIENT]);
    if (c->option[OPT_KIND] != NULL) {
        vg_json_text(&k.j, "kind", c->option[OPT_KIND]);
    }
    if (c->option[OPT_COURSE] != NULL) {
        vg_json_text(&k.j, "course", c->option[OPT_COURSE]);
    }
    if (c->option[OPT_PROTOCOL] != NULL) {
        vg_json_text(&k.j, "protocol", c->option[OPT_PROTOCOL]);
    }
    return ctl_command_send(c, &k);
}

int verb_session_close(struct ctl *c)
{
    struct ctl_command k;
    int rc = ctl_command_begin(c, &k, "session_close", c->word[0]);
    if (rc != CTL_DONE) {
        return rc;
    }
    if (c->option[OPT_REASON] != NULL) {
        vg_json_text(&k.j, "reason", c->option[OPT_REASON]);
    }
    return ctl_command_send(c, &k);
}
