/*
 * verb_care.c -- acknowledge an alarm, start or abort a cuff.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"

bool ctl_put_row(struct ctl *c, struct vg_json *j, const char *member, const char *text)
{
    char *end = NULL;

    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0) {
        ctl_say(c, "'%.40s' is no %s lists them", text,
                strcmp(member, "target") == 0 ? "row number; 'vigilctl plan'"
                                              : "instance number; 'vigilctl alarms'");
        return false;
    }
    vg_json_int(j, member, number);
    return true;
}

int verb_ack(struct ctl *c)
{
    struct ctl_command k;
    int rc = ctl_command_begin(c, &k, "ack", c->word[0]);

    if (rc != CTL_DONE) {
        return rc;
    }
    return ctl_put_row(c, &k.j, "instance", c->word[1]) ? ctl_command_send(c, &k) : CTL_USAGE;
}

static int cuff(struct ctl *c, const char *op)
{
    struct ctl_command k;
    int rc = ctl_command_begin(c, &k, op, c->word[0]);
    if (rc != CTL_DONE) {
        return rc;
    }
    vg_json_text(&k.j, "device", c->word[1]);
    return ctl_command_send(c, &k);
}

int verb_nibp_start(struct ctl *c)
{
    return cuff(c, "nibp_start");
}

int verb_nibp_abort(struct ctl *c)
{
    return cuff(c, "nibp_abort");
}
