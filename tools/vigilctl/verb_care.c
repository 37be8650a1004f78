/*
 * verb_care.c -- acknowledge an alarm, start or abort a cuff.
 */
#include <errno.h>
#include <stdlib.h>

#include "tools/vigilctl/ctl.h"

int verb_ack(struct ctl *c)
{
    struct ctl_command k;
    char *end = NULL;
    const char *text = c->word[1];

    errno = 0;
    long long instance = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0) {
        ctl_say(c,
                "'%.40s' is not an instance number; 'vigilctl status' lists the open alarms "
                "with theirs",
                text);
        return CTL_USAGE;
    }
    int rc = ctl_command_begin(c, &k, "ack", c->word[0]);
    if (rc != CTL_DONE) {
        return rc;
    }
    vg_json_int(&k.j, "instance", instance);
    return ctl_command_send(c, &k);
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
