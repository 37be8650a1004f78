/*
 * verb_sinks.c -- the programs that make alarms heard: are they well, do they sound?
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"

static void print_sinks(const json_t *list)
{
    size_t i;
    json_t *s;
    char id[64];
    char role[32];
    char bed[64];

    if (json_array_size(list) == 0) {
        (void)printf(
            "no sinks: no program makes alarms heard. Name some in 'sinks' of vigil.yaml\n");
        return;
    }
    (void)printf("%-16s %-8s %-16s state\n", "sink", "role", "bed");
    json_array_foreach(list, i, s)
    {
        (void)printf("%-16s %-8s %-16s %s\n", ctl_shown(s, "sink", id, sizeof id),
                     ctl_shown(s, "role", role, sizeof role),
                     json_object_get(s, "bed") != NULL ? ctl_shown(s, "bed", bed, sizeof bed)
                                                       : "all",
                     ctl_true(s, "ok") ? "well"
                                       : "LOST: no alarm is heard there; look at its "
                                         "program, its sound device and its link");
    }
}

int verb_sinks(struct ctl *c)
{
    json_t *reply = NULL;
    int rc = ctl_look(c, NULL, &reply);

    if (rc != CTL_DONE) {
        return rc;
    }
    json_t *list = json_object_get(reply, "sinks");
    if (c->option[OPT_JSON] != NULL) {
        ctl_print_json(list);
    } else {
        print_sinks(list);
    }
    json_decref(reply);
    return CTL_DONE;
}

int verb_test_alarm(struct ctl *c)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    const char *priority = c->word_count > 0 ? c->word[0] : "medium";

    if (strcmp(priority, "low") != 0 && strcmp(priority, "medium") != 0 &&
        strcmp(priority, "high") != 0) {
        ctl_say(c, "'%.40s' is no priority; take low, medium or high", priority);
        return CTL_USAGE;
    }
    int rc = ctl_choose_bed(c, bed);
    if (rc == CTL_DONE) {
        rc = ctl_command_begin(c, &k, "test_alarm", bed);
    }
    if (rc != CTL_DONE) {
        return rc;
    }
    vg_json_text(&k.j, "priority", priority);
    return ctl_command_send(c, &k);
}
