/*
 * verb_status.c -- the present state of everything, as a table.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"
#include "vigil_version.h"

static void print_head(const json_t *r)
{
    char node[64];
    char version[32];
    (void)printf("node %s   vigild %s   vigilctl %s   wire %d   record %s, last number %lld\n",
                 ctl_shown(r, "node", node, sizeof node),
                 ctl_shown(r, "version", version, sizeof version), VIGIL_VERSION, VG_WIRE_VERSION,
                 ctl_true(r, "storage_ok") ? "written" : "NOT WRITTEN: look at the disk",
                 ctl_int(r, "seq"));
}

/* What a later look at the file can be compared with: vigilctl verify --head. */
static void print_record(const json_t *r)
{
    const json_t *head = json_object_get(r, "head");
    char hash[80];

    if (json_is_object(head)) {
        (void)printf("record ends with row %lld, hash %s\n", ctl_int(head, "seq"),
                     ctl_shown(head, "hash", hash, sizeof hash));
    }
}

static void print_sinks(const json_t *r)
{
    size_t i;
    json_t *s;
    char id[64];
    char role[32];
    char bed[64];

    json_array_foreach(json_object_get(r, "sinks"), i, s)
    {
        (void)printf("sink %-16s %-8s %s%s %s\n", ctl_shown(s, "sink", id, sizeof id),
                     ctl_shown(s, "role", role, sizeof role),
                     json_object_get(s, "bed") != NULL ? "for " : "",
                     json_object_get(s, "bed") != NULL ? ctl_shown(s, "bed", bed, sizeof bed)
                                                       : "for all beds",
                     ctl_true(s, "ok") ? "well" : "LOST: no alarm is heard there");
    }
}

static void print_session(const json_t *bed)
{
    const json_t *s = json_object_get(bed, "session");
    char ref[64];
    char who[64];
    char at[64];
    char last[64];

    if (!json_is_object(s)) {
        (void)printf("  session  none\n");
        return;
    }
    (void)printf("  session  %s, opened %s by %s, number %lld\n",
                 ctl_shown(s, "patient_ref", ref, sizeof ref),
                 ctl_shown(s, "opened_at", at, sizeof at),
                 ctl_shown(s, "operator", who, sizeof who), ctl_int(s, "id"));
    (void)printf("  doses    %lld recorded, bolus in all %lld ug, rate %lld ug/h, last %s\n",
                 ctl_int(s, "doses"), ctl_int(s, "bolus_total_ug"), ctl_int(s, "rate_ug_h"),
                 ctl_shown(s, "last_dose_at", last, sizeof last));
}

static void print_devices(const json_t *bed)
{
    size_t i;
    json_t *d;
    char id[64];
    char driver[64];
    char state[32];
    char cuff[32];

    json_array_foreach(json_object_get(bed, "devices"), i, d)
    {
        (void)printf("  device   %-16s %-10s %-8s %s%s%s\n", ctl_shown(d, "dev", id, sizeof id),
                     ctl_shown(d, "driver", driver, sizeof driver),
                     ctl_shown(d, "state", state, sizeof state),
                     json_object_get(d, "determination") != NULL ? "cuff " : "",
                     json_object_get(d, "determination") != NULL
                         ? ctl_shown(d, "determination", cuff, sizeof cuff)
                         : "",
                     ctl_true(d, "test") ? " TEST" : "");
    }
}

static void print_vitals(const json_t *bed)
{
    size_t i;
    json_t *v;
    char name[64];
    char device[64];
    char unit[32];
    char value[32];
    char quality[32];

    json_array_foreach(json_object_get(bed, "vitals"), i, v)
    {
        if (json_is_integer(json_object_get(v, "value"))) {
            (void)snprintf(value, sizeof value, "%lld", ctl_int(v, "value"));
        } else {
            (void)snprintf(value, sizeof value, "--");
        }
        (void)printf("  vital    %-16s %6s %-8s %s, age %lld s, from %s%s\n",
                     ctl_shown(v, "vital", name, sizeof name), value,
                     ctl_shown(v, "unit", unit, sizeof unit),
                     ctl_shown(v, "quality", quality, sizeof quality), ctl_int(v, "age_ms") / 1000,
                     ctl_shown(v, "dev", device, sizeof device),
                     ctl_true(v, "speaks") ? "" : " (another device speaks for the bed)");
    }
}

static void print_limits(const json_t *a)
{
    if (json_is_integer(json_object_get(a, "value_milli"))) {
        long long value = ctl_int(a, "value_milli");
        long long limit = ctl_int(a, "limit_milli");
        (void)printf("  value %s%lld.%03lld, limit %lld.%03lld", value < 0 ? "-" : "",
                     (value < 0 ? -value : value) / 1000, (value < 0 ? -value : value) % 1000,
                     limit / 1000, limit % 1000);
    }
}

/* Who is told, and what keeps it from being heard. */
static void print_way(const json_t *a)
{
    char inhibited[32];
    char route[64];
    (void)ctl_clean(ctl_route_text(ctl_text(a, "route")), route, sizeof route);
    (void)ctl_clean(ctl_text(a, "inhibited"), inhibited, sizeof inhibited);
    (void)printf("%s%s%s%s", route[0] != '\0' ? ", " : "", route,
                 inhibited[0] != '\0' ? ", NOT HEARD: " : "", inhibited);
}

static void print_alarms(const json_t *bed)
{
    const json_t *list = json_object_get(bed, "alarms");
    long long open = ctl_int(bed, "open");
    size_t i;
    json_t *a;
    char priority[32];
    char condition[64];
    char source[64];

    if (open == 0) {
        (void)printf("  alarms   none open\n");
    }
    json_array_foreach(list, i, a)
    {
        bool over = strcmp(ctl_text(a, "state"), "latched") == 0;
        (void)printf("  alarm    %-6s %-12s instance %lld%s%s%s",
                     ctl_shown(a, "priority", priority, sizeof priority),
                     ctl_shown(a, "condition", condition, sizeof condition), ctl_int(a, "instance"),
                     ctl_true(a, "ack") ? ", acknowledged" : ", NOT acknowledged",
                     over ? ", over" : "", ctl_true(a, "held") ? ", no value now" : "");
        print_way(a);
        print_limits(a);
        (void)printf("%s%s%s\n", json_object_get(a, "source") != NULL ? ", from " : "",
                     json_object_get(a, "source") != NULL
                         ? ctl_shown(a, "source", source, sizeof source)
                         : "",
                     ctl_true(a, "test") ? " TEST" : "");
    }
    if (open > (long long)json_array_size(list)) {
        (void)printf("  alarms   and %lld more\n", open - (long long)json_array_size(list));
    }
}

static void print_bed(const json_t *bed)
{
    char id[64];
    char name[64];
    (void)printf("\n%s  %s\n", ctl_shown(bed, "bed", id, sizeof id),
                 ctl_shown(bed, "name", name, sizeof name));
    print_session(bed);
    print_devices(bed);
    print_vitals(bed);
    ctl_show_inhibitions(bed);
    print_alarms(bed);
}

int verb_status(struct ctl *c)
{
    json_t *reply = NULL;
    json_t *bed;
    size_t i;
    int rc = ctl_look(c, c->option[OPT_BED], &reply);

    if (rc != CTL_DONE) {
        return rc;
    }
    if (c->option[OPT_JSON] != NULL) {
        ctl_print_json(reply);
    } else {
        print_head(reply);
        print_record(reply);
        print_sinks(reply);
        json_array_foreach(json_object_get(reply, "beds"), i, bed)
        {
            print_bed(bed);
        }
    }
    json_decref(reply);
    return CTL_DONE;
}
