/*
 * verb_alarms.c -- what is open now, and why: each instance with the daemon's own sentence.
 */
#include <stdio.h>
#include <string.h>

#include "lib/wire.h"
#include "tools/vigilctl/ctl.h"

/* When it opened, on the wall clock of this machine. `since` is the daemon's monotonic clock. */
static void print_since(const json_t *reply, const json_t *a)
{
    char utc[VG_WIRE_UTC_MAX];
    char age[CTL_MILLI_MAX];
    long long ms = ctl_int(reply, "mono_ms") - ctl_int(a, "since_mono_ms");
    vg_wire_utc((ctl_int(reply, "utc_ms") - ms) * VG_NS_PER_MS, utc);
    (void)printf("since %.19sZ (%s s)", utc, ctl_milli(ms / 1000 * 1000, age));
}

static void print_alarm(const json_t *reply, const json_t *a)
{
    char condition[64];
    char priority[32];
    char inhibited[32];
    char why[256];
    const char *route = ctl_route_text(ctl_text(a, "route"));

    (void)printf("  #%lld %-6s %-12s %s, ", ctl_int(a, "instance"),
                 ctl_shown(a, "priority", priority, sizeof priority),
                 ctl_shown(a, "condition", condition, sizeof condition),
                 ctl_true(a, "ack") ? "acknowledged" : "NOT acknowledged");
    print_since(reply, a);
    (void)printf("%s%s", route[0] != '\0' ? ", " : "", ctl_clean(route, why, sizeof why));
    (void)ctl_clean(ctl_text(a, "inhibited"), inhibited, sizeof inhibited);
    (void)printf("%s%s%s\n     %s\n", inhibited[0] != '\0' ? ", NOT HEARD: " : "", inhibited,
                 ctl_true(a, "test") ? ", TEST" : "", ctl_shown(a, "why", why, sizeof why));
}

static void print_bed(const json_t *reply, const json_t *bed)
{
    const json_t *list = json_object_get(bed, "alarms");
    long long open = ctl_int(bed, "open");
    long long listed = (long long)json_array_size(list);
    char id[64];
    size_t i;
    json_t *a;

    (void)printf("%s  %lld open\n", ctl_shown(bed, "bed", id, sizeof id), open);
    ctl_show_inhibitions(bed);
    json_array_foreach(list, i, a)
    {
        print_alarm(reply, a);
    }
    if (open > listed) {
        (void)printf("  and %lld more\n", open - listed);
    }
}

/* One value for each bed. */
static void print_json(const json_t *bed)
{
    static const char *const keys[] = { "bed", "open", "alarms", "inhibited", "quiet" };
    json_t *o = json_object();
    for (size_t i = 0; i < VG_COUNT(keys); i++) {
        json_t *value = json_object_get(bed, keys[i]);
        if (value != NULL) {
            (void)json_object_set(o, keys[i], value);
        }
    }
    ctl_print_json(o);
    json_decref(o);
}

static int print_open(struct ctl *c)
{
    json_t *reply = NULL;
    json_t *bed;
    size_t i;
    int rc = ctl_look(c, c->option[OPT_BED], &reply);

    if (rc != CTL_DONE) {
        return rc;
    }
    json_array_foreach(json_object_get(reply, "beds"), i, bed)
    {
        if (c->option[OPT_JSON] != NULL) {
            print_json(bed);
        } else {
            print_bed(reply, bed);
        }
    }
    json_decref(reply);
    return CTL_DONE;
}

int verb_alarms(struct ctl *c)
{
    if (c->option[OPT_HISTORY] != NULL || c->option[OPT_SESSION] != NULL) {
        return verb_history(c);
    }
    if (c->option[OPT_FROM] != NULL) {
        ctl_say(c, "--from is where the log begins; add --history");
        return CTL_USAGE;
    }
    return print_open(c);
}
