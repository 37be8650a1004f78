/*
 * verb_range.c -- rows of the record, asked from the daemon.
 */
#include <stdio.h>

#include "lib/wire.h"
#include "tools/vigilctl/ctl.h"

static void print_row(const json_t *row)
{
    char utc[VG_WIRE_UTC_MAX];
    char text[64];
    char device[64];
    const json_t *data = json_object_get(row, "data");

    vg_wire_utc(ctl_int(row, "utc_ms") * VG_NS_PER_MS, utc);
    (void)printf("%lld %s %-12s %s", ctl_int(row, "seq"), utc,
                 ctl_clean(ctl_text(row, "kind"), text, sizeof text),
                 ctl_clean(ctl_text(row, "bed"), device, sizeof device));
    (void)printf(" %s%s", ctl_clean(ctl_text(row, "dev"), device, sizeof device),
                 ctl_true(row, "test") ? " TEST" : "");
    if (json_object_get(row, "vital") != NULL) {
        (void)printf(" %s", ctl_clean(ctl_text(row, "vital"), text, sizeof text));
        if (json_is_integer(json_object_get(row, "value_milli"))) {
            (void)printf(" %lld/1000", ctl_int(row, "value_milli"));
        } else {
            (void)printf(" --");
        }
        (void)printf(" %s", ctl_clean(ctl_text(row, "quality"), text, sizeof text));
    }
    (void)fputc(' ', stdout);
    if (data != NULL) {
        (void)json_dumpf(data, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    }
    (void)fputc('\n', stdout);
}

static void print_answer(const struct ctl *c, const json_t *reply)
{
    size_t i;
    json_t *row;

    if (c->option[OPT_JSON] != NULL) {
        ctl_print_json(reply);
        return;
    }
    json_array_foreach(json_object_get(reply, "rows"), i, row)
    {
        print_row(row);
    }
    if (json_is_integer(json_object_get(reply, "next"))) {
        ctl_say(c, "there is more: --from %lld", ctl_int(reply, "next"));
    }
}

int verb_range(struct ctl *c)
{
    char body[256];
    struct vg_json j;
    long long from = 0;
    long long limit = 100;
    json_t *reply = NULL;

    if (!ctl_number(c, OPT_FROM, 0, INT64_MAX, &from) ||
        !ctl_number(c, OPT_LIMIT, 1, 500, &limit)) {
        return CTL_USAGE;
    }
    vg_json_begin(&j, body, sizeof body);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "op", "range");
    vg_json_int(&j, "from_seq", from);
    vg_json_int(&j, "limit", limit);
    if (c->option[OPT_BED] != NULL) {
        vg_json_text(&j, "bed", c->option[OPT_BED]);
    }
    vg_json_object_end(&j);
    int rc = ctl_connect(c, false, true, false);
    if (rc == CTL_DONE) {
        rc = ctl_ask(c, &j, &reply);
    }
    if (rc == CTL_DONE) {
        print_answer(c, reply);
    }
    json_decref(reply);
    return rc;
}
