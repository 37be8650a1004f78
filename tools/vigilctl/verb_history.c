/*
 * verb_history.c -- the alarm log, asked page by page to its end.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"

#define PAGE_ROWS 500

struct log {
    long long from, session;
    char bed[VG_ID_MAX]; /* empty: all */
};

static int ask_page(struct ctl *c, const struct log *l, json_t **page)
{
    char body[256];
    struct vg_json j;

    vg_json_begin(&j, body, sizeof body);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "op", "history");
    vg_json_int(&j, "from_seq", l->from);
    vg_json_int(&j, "limit", PAGE_ROWS);
    if (l->session != 0) {
        vg_json_int(&j, "session", l->session);
    }
    if (l->bed[0] != '\0') {
        vg_json_text(&j, "bed", l->bed);
    }
    vg_json_object_end(&j);
    return ctl_ask(c, &j, page);
}

static void print_page(const struct ctl *c, const json_t *page)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(page, "rows"), i, row)
    {
        if (c->option[OPT_JSON] != NULL) {
            ctl_print_json(row);
        } else {
            history_line(row);
        }
    }
}

/* The open session of the bed that is meant. */
static int current_session(struct ctl *c, struct log *l)
{
    json_t *reply = NULL;
    int rc = ctl_choose_bed(c, l->bed);

    if (rc == CTL_DONE) {
        rc = ctl_look(c, l->bed, &reply);
    }
    if (rc != CTL_DONE) {
        return rc;
    }
    const json_t *bed = json_array_get(json_object_get(reply, "beds"), 0);
    l->session = ctl_int(json_object_get(bed, "session"), "id");
    json_decref(reply);
    if (l->session == 0) {
        ctl_say(c, "no session is open on %s; name an earlier one by its number, or take --history",
                l->bed);
        return CTL_REFUSED;
    }
    return CTL_DONE;
}

static int which_session(struct ctl *c, struct log *l)
{
    const char *said = c->option[OPT_SESSION];

    if (said == NULL) {
        return CTL_DONE;
    }
    if (*said == '\0' || strcmp(said, "current") == 0) {
        return current_session(c, l);
    }
    if (*said < '0' || *said > '9') {
        ctl_say(c,
                "--session '%.40s' is neither a number nor 'current'; 'vigilctl status' shows it",
                said);
        return CTL_USAGE;
    }
    return ctl_number(c, OPT_SESSION, 1, INT64_MAX, &l->session) ? CTL_DONE : CTL_USAGE;
}

int verb_history(struct ctl *c)
{
    struct log l = { .from = 0 };
    json_t *page = NULL;
    bool more = true;

    if (!ctl_number(c, OPT_FROM, 0, INT64_MAX, &l.from)) {
        return CTL_USAGE;
    }
    if (c->option[OPT_BED] != NULL) {
        int rc = ctl_choose_bed(c, l.bed);
        if (rc != CTL_DONE) {
            return rc;
        }
    }
    int rc = which_session(c, &l);
    if (rc == CTL_DONE) {
        rc = ctl_connect(c, false, true, false);
    }
    while (rc == CTL_DONE && more) {
        rc = ask_page(c, &l, &page);
        if (rc != CTL_DONE) {
            break;
        }
        print_page(c, page);
        more = json_is_integer(json_object_get(page, "next")) && ferror(stdout) == 0;
        l.from = more ? ctl_int(page, "next") : l.from;
        json_decref(page);
        page = NULL;
    }
    return rc;
}
