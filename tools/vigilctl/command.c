/*
 * command.c -- one command: its request id, its operator, its receipt, its exit code.
 *
 * A command is sent again once with the same request id when nothing comes back; the daemon does
 * it at most once whatever happens. "recorded" is not assumed: without it the exit code is 4.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/vigilctl/ctl.h"

/* The person who is responsible for a command. Never a made-up name. */
static const char *operator_name(const struct ctl *c)
{
    const char *name = c->option[OPT_OPERATOR];
    if (name == NULL) {
        name = getenv("VIGIL_OPERATOR");
    }
    if (name == NULL || *name == '\0') {
        name = getlogin();
    }
    if (name == NULL) {
        const struct passwd *pw = getpwuid(getuid());
        name = pw != NULL ? pw->pw_name : NULL;
    }
    return name;
}

int ctl_command_begin(struct ctl *c, struct ctl_command *k, const char *op, const char *bed)
{
    const char *id = c->option[OPT_REQUEST_ID];
    const char *who = operator_name(c);

    if (who == NULL) {
        ctl_say(c, "who gives this command? name the person with --operator");
        return CTL_USAGE;
    }
    if (id != NULL && strlen(id) >= sizeof k->request_id) {
        ctl_say(c, "--request-id has more than %d characters; use a UUID", VG_REQUEST_ID_MAX - 1);
        return CTL_USAGE;
    }
    if (id != NULL) {
        (void)snprintf(k->request_id, sizeof k->request_id, "%s", id);
    } else if (vg_client_uuid(k->request_id) != VG_OK) {
        return CTL_NO_ANSWER;
    }
    k->bed = bed;
    vg_json_begin(&k->j, k->body, sizeof k->body);
    vg_json_object(&k->j, NULL);
    vg_json_text(&k->j, "op", op);
    vg_json_text(&k->j, "request_id", k->request_id);
    vg_json_text(&k->j, "bed", bed);
    vg_json_text(&k->j, "operator", who);
    return CTL_DONE;
}

/* Recorded all the same: whoever gave it must see what it departs from. */
static void print_words(const json_t *reply, const char *key, const char *what)
{
    size_t i;
    json_t *word;
    const json_t *words = json_object_get(reply, key);

    json_array_foreach(words, i, word)
    {
        (void)printf("%s%s", i == 0 ? what : " ", json_string_value(word));
    }
    if (json_array_size(words) > 0) {
        (void)printf("\n");
    }
}

static int report(struct ctl *c, const struct ctl_command *k, json_t *reply, ctl_then *then)
{
    bool recorded = ctl_true(reply, "recorded");
    bool json = c->option[OPT_JSON] != NULL;

    if (!ctl_true(reply, "ok")) {
        if (strcmp(ctl_text(reply, "error"), "confirm") == 0) {
            (void)ctl_shown(reply, "confirm", c->asked, sizeof c->asked);
            memcpy(c->id, k->request_id, sizeof c->id);
        }
        if (json) {
            ctl_print_json(reply);
        }
        return ctl_refused(c, reply);
    }
    if (!json) {
        (void)printf("%s: %s, receipt %lld%s, request %s\n", c->verb,
                     recorded ? "recorded" : "TAKEN BUT NOT YET ON DISK", ctl_int(reply, "receipt"),
                     ctl_true(reply, "duplicate") ? " (was done before; nothing was repeated)" : "",
                     k->request_id);
        print_words(reply, "deviation", "DEVIATION: ");
        print_words(reply, "gate_missing", "the gate was missing: ");
    }
    if (then != NULL) {
        then(c, k, reply);
    }
    if (json) {
        ctl_print_json(reply);
    }
    if (!recorded) {
        ctl_say(c,
                "the daemon cannot write its record; it is in force and is being retried. Look "
                "at the disk of state_dir, and repeat with --request-id %s to learn whether it "
                "is recorded",
                k->request_id);
    }
    return recorded ? CTL_DONE : CTL_UNSAVED;
}

/* What a request became, in words; then whether the person means it. */
static bool is_meant(const struct ctl *c)
{
    char line[16];

    if (isatty(STDIN_FILENO) == 0) {
        ctl_say(c, "look at it, then repeat with --confirm '%s' if it is meant", c->asked);
        return false;
    }
    (void)fprintf(stderr, "%s: this is %s. Is it meant? yes or no: ", c->verb, c->asked);
    return fgets(line, sizeof line, stdin) != NULL &&
           (strcmp(line, "yes\n") == 0 || strcmp(line, "y\n") == 0);
}

int ctl_asked_back(struct ctl *c, int (*once)(struct ctl *c))
{
    c->asked[0] = '\0';
    int rc = once(c);
    if (rc != CTL_REFUSED || c->asked[0] == '\0' || !is_meant(c)) {
        return rc;
    }
    c->option[OPT_CONFIRM] = c->asked;
    c->option[OPT_REQUEST_ID] = c->id;
    return once(c);
}

int ctl_command_send(struct ctl *c, struct ctl_command *k)
{
    return ctl_command_send_then(c, k, NULL);
}

int ctl_command_send_then(struct ctl *c, struct ctl_command *k, ctl_then *then)
{
    json_t *reply = NULL;

    vg_json_object_end(&k->j);
    if (k->j.overflow) {
        ctl_say(c, "the command is longer than %d bytes; shorten its texts", VG_WIRE_MAX);
        return CTL_USAGE;
    }
    int rc = ctl_connect(c, false, false, true);
    if (rc != CTL_DONE) {
        return rc;
    }
    enum vg_status st = vg_client_request(&c->client, VG_DOOR_OPERATE, k->body, k->j.len,
                                          k->request_id, &reply);
    if (st != VG_OK) {
        return ctl_no_answer(c, VG_DOOR_OPERATE, st, k->request_id);
    }
    rc = report(c, k, reply, then);
    json_decref(reply);
    return rc;
}
