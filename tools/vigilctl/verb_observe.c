/*
 * verb_observe.c -- what a person adds to what is measured: a score, the baseline, a schedule.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/vigilctl/ctl.h"

/* How often, and how long apart, the record is asked for what a command became. */
#define TRIES 20
#define TRY_WAIT_US (100 * 1000)

static int begin(struct ctl *c, struct ctl_command *k, const char *op, char bed[VG_ID_MAX])
{
    int rc = ctl_choose_bed(c, bed);
    return rc == CTL_DONE ? ctl_command_begin(c, k, op, bed) : rc;
}

/* --- sedation ------------------------------------------------------------------------------- */

int verb_sedation(struct ctl *c)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    const char *score = c->word[0];

    if (score[0] < '0' || score[0] > '5' || score[1] != '\0') {
        ctl_say(
            c,
            "'%.40s' is no score; 5 answers to the name, 4 slowly, 3 when called loudly, 2 when "
            "shaken, 1 to pain, 0 not at all",
            score);
        return CTL_USAGE;
    }
    int rc = begin(c, &k, "sedation", bed);
    if (rc != CTL_DONE) {
        return rc;
    }
    vg_json_int(&k.j, "score", score[0] - '0');
    return ctl_command_send(c, &k);
}

/* --- baseline ------------------------------------------------------------------------------- */

static const struct {
    const char *key, *name, *unit;
} bases[] = {
    { "sys_milli", "systolic", "mmHg" }, { "dia_milli", "diastolic", "mmHg" },
    { "mean_milli", "mean", "mmHg" },    { "pr_milli", "pulse rate", "/min" },
    { "spo2_milli", "SpO2", "%" },
};

static void say_baseline(const struct ctl *c, const json_t *data)
{
    char value[CTL_MILLI_MAX];
    bool any = false;

    for (size_t i = 0; i < VG_COUNT(bases); i++) {
        const json_t *v = json_object_get(data, bases[i].key);
        bool known = json_is_integer(v);
        any = any || known;
        (void)printf("  %-10s %6s %s\n", bases[i].name,
                     known ? ctl_milli(json_integer_value(v), value) : "--", bases[i].unit);
    }
    if (!any) {
        ctl_say(c,
                "nothing is measured now, so nothing is in the baseline; measure, then repeat it");
    }
}

/* Rows of the log after the command's own. NULL: they cannot be asked; said. */
static json_t *rows_after(struct ctl *c, const struct ctl_command *k, long long receipt)
{
    char body[256];
    struct vg_json j;
    json_t *page = NULL;

    vg_json_begin(&j, body, sizeof body);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "op", "history");
    vg_json_text(&j, "bed", k->bed);
    vg_json_int(&j, "from_seq", receipt + 1);
    vg_json_int(&j, "limit", 50);
    vg_json_object_end(&j);
    return ctl_ask(c, &j, &page) == CTL_DONE ? page : NULL;
}

static json_t *find_baseline(const json_t *page)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(page, "rows"), i, row)
    {
        json_t *data = json_object_get(row, "data");
        if (strcmp(ctl_text(data, "event"), "baseline") == 0) {
            return data;
        }
    }
    return NULL;
}

/* The record says what the daemon took: a row that follows the command's, maybe one commit later. */
static void baseline_after(struct ctl *c, const struct ctl_command *k, json_t *reply)
{
    json_t *data = NULL;
    json_t *page = NULL;

    if (ctl_connect(c, false, true, false) == CTL_DONE) {
        for (int i = 0; i < TRIES && data == NULL; i++) {
            json_decref(page);
            page = rows_after(c, k, ctl_int(reply, "receipt"));
            data = find_baseline(page);
            if (page == NULL) {
                break;
            }
            if (data == NULL) {
                (void)usleep(TRY_WAIT_US);
            }
        }
    }
    if (data == NULL) {
        ctl_say(c,
                "done, but what was taken cannot be asked; 'vigilctl limits' shows what follows");
    } else if (c->option[OPT_JSON] != NULL) {
        (void)json_object_set(reply, "baseline", data);
    } else {
        say_baseline(c, data);
    }
    json_decref(page);
}

int verb_baseline(struct ctl *c)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    int rc = begin(c, &k, "baseline", bed);
    return rc == CTL_DONE ? ctl_command_send_then(c, &k, baseline_after) : rc;
}

/* --- schedule ------------------------------------------------------------------------------- */

/* "5min", "90s", "1h", "off": seconds, or -1. */
static long long interval(const char *text)
{
    static const struct {
        const char *unit;
        long long s;
    } units[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 } };
    char *end = NULL;

    if (strcmp(text, "off") == 0) {
        return 0;
    }
    errno = 0;
    long long n = strtoll(text, &end, 10);
    for (size_t i = 0; i < VG_COUNT(units); i++) {
        if (*text >= '1' && *text <= '9' && errno == 0 && strcmp(end, units[i].unit) == 0) {
            return n <= 86400 / units[i].s ? n * units[i].s : -1;
        }
    }
    return -1;
}

int verb_schedule(struct ctl *c)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    long long every_s = interval(c->option[OPT_EVERY]);

    if (every_s < 0) {
        ctl_say(c, "--every '%.40s': write it like 90s, 5min or 1h, at most 24h, or off",
                c->option[OPT_EVERY]);
        return CTL_USAGE;
    }
    int rc = begin(c, &k, "schedule", bed);
    if (rc != CTL_DONE) {
        return rc;
    }
    vg_json_text(&k.j, "vital", c->option[OPT_VITAL]);
    vg_json_int(&k.j, "every_s", every_s);
    return ctl_command_send(c, &k);
}
