/*
 * ask.c -- questions of the view door, and which bed is meant.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/vigilctl/ctl.h"

/* The daemon reads one range at a time; a moment later it is free again. */
#define BUSY_TRIES 10
#define BUSY_WAIT_US (200 * 1000)

int ctl_ask(struct ctl *c, const struct vg_json *request, json_t **reply)
{
    bool busy = true;
    json_t *got = NULL;

    if (request->overflow) {
        ctl_say(c, "--bed is too long; 'vigilctl status' lists the beds");
        return CTL_USAGE;
    }
    for (int i = 0; i < BUSY_TRIES && busy; i++) {
        json_decref(got);
        got = NULL;
        enum vg_status st = vg_client_request(&c->client, VG_DOOR_VIEW, request->buf, request->len,
                                              NULL, &got);
        if (st != VG_OK) {
            return ctl_no_answer(c, VG_DOOR_VIEW, st, NULL);
        }
        busy = !ctl_true(got, "ok") && strcmp(ctl_text(got, "error"), "busy") == 0;
        if (busy) {
            (void)usleep(BUSY_WAIT_US);
        }
    }
    if (!ctl_true(got, "ok")) {
        int rc = ctl_refused(c, got);
        json_decref(got);
        return rc;
    }
    *reply = got;
    return CTL_DONE;
}

static int which_bed(const struct ctl *c, const json_t *beds)
{
    char ids[256] = "";
    char id[64];
    size_t n = 0;
    size_t i;
    json_t *bed;

    json_array_foreach(beds, i, bed)
    {
        int len = snprintf(ids + n, sizeof ids - n, "%s%s", n > 0 ? ", " : "",
                           ctl_clean(ctl_text(bed, "bed"), id, sizeof id));
        if (len < 0 || (size_t)len >= sizeof ids - n) {
            break;
        }
        n += (size_t)len;
    }
    ctl_say(c, "which bed? name it with --bed: %s", ids);
    return CTL_USAGE;
}

int ctl_choose_bed(struct ctl *c, char bed[VG_ID_MAX])
{
    json_t *reply = NULL;
    const char *said = c->option[OPT_BED];

    if (said != NULL && strlen(said) >= VG_ID_MAX) {
        ctl_say(c, "--bed is too long; 'vigilctl status' lists the beds");
        return CTL_USAGE;
    }
    if (said != NULL) {
        (void)snprintf(bed, VG_ID_MAX, "%s", said);
        return CTL_DONE;
    }
    int rc = ctl_connect(c, false, true, false);
    if (rc == CTL_DONE) {
        rc = ctl_snapshot(c, NULL, &reply);
    }
    if (rc != CTL_DONE) {
        return rc;
    }
    const json_t *beds = json_object_get(reply, "beds");
    const char *only = ctl_text(json_array_get(beds, 0), "bed");
    if (json_array_size(beds) == 1 && strlen(only) < VG_ID_MAX) {
        (void)snprintf(bed, VG_ID_MAX, "%s", only);
    } else {
        rc = which_bed(c, beds);
    }
    json_decref(reply);
    return rc;
}
