/*
 * main.c -- how a command line finds the row of its verb, and the help.
 *
 * A verb is one or two words. A word that is no verb is answered with the nearest one, because the
 * person at the keyboard has a patient beside them and no time for a manual.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"
#include "vigil_version.h"

static void print_help(FILE *to)
{
    (void)fputs("usage: vigilctl [OPTIONS] VERB [ARGUMENTS]\n\n", to);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        (void)fprintf(to, "  %s %s\n        %s\n", ctl_verbs[i].name, ctl_verbs[i].arguments,
                      ctl_verbs[i].help);
    }
    (void)fputs(
        "\n"
        "Commands also take --operator NAME (default $VIGIL_OPERATOR, then the login name) and\n"
        "--request-id ID (default a new one; the same id again is the same command, done once).\n"
        "--bed may be left out where there is one bed.\n"
        "\n"
        "  --socket-dir DIR   folder of stream.sock, view.sock, operate.sock\n"
        "                     (default $VIGIL_SOCKET_DIR, then the service)\n"
        "  --stream, --view, --operate ENDPOINT   one endpoint, as in the configuration\n"
        "  --timeout SECONDS  of one attempt, tried twice (default 3)\n"
        "  --json             print what the daemon said, one JSON value a line\n"
        "  --help, --version\n"
        "\n"
        "exit: 0 done (and recorded), 1 refused, 2 usage, 3 no answer, 4 taken but not yet on "
        "disk\n"
        "\n"
        "Vigil records doses; it never proposes one.\n",
        to);
}

/* --- finding the verb ----------------------------------------------------------------------- */

/* How many single-letter edits lie between two words; good enough up to 31 letters. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[32];
    size_t n = strlen(b);
    if (n > 31) {
        return 99;
    }
    for (unsigned j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            unsigned change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            unsigned best = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < best ? change : best;
        }
    }
    return row[n];
}

static int unknown_verb(const char *said)
{
    const char *near = NULL;
    unsigned best = 4; /* further away is not a typing error */
    for (size_t i = 0; i < ctl_verb_count; i++) {
        size_t len = strlen(said);
        unsigned d = distance(said, ctl_verbs[i].name);
        if (len >= 2 && strncmp(ctl_verbs[i].name, said, len) == 0) {
            d = 0;
        }
        if (d < best) {
            best = d;
            near = ctl_verbs[i].name;
        }
    }
    (void)fprintf(stderr, "vigilctl: there is no verb '%.60s'%s%s%s\n", said,
                  near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                  near != NULL ? "'? 'vigilctl help' lists all" : "; 'vigilctl help' lists all");
    return CTL_USAGE;
}

/* The row that matches the first one or two words; they leave the list of words. */
static const struct ctl_verb *take_verb(struct ctl *c)
{
    for (size_t i = 0; i < ctl_verb_count; i++) {
        const char *name = ctl_verbs[i].name;
        size_t first = strcspn(name, " ");
        size_t used = name[first] == '\0' ? 1 : 2;
        if (c->word_count < used || strlen(c->word[0]) != first ||
            strncmp(c->word[0], name, first) != 0 ||
            (used == 2 && strcmp(c->word[1], name + first + 1) != 0)) {
            continue;
        }
        c->word_count -= used;
        memmove(c->word, c->word + used, c->word_count * sizeof c->word[0]);
        c->verb = name;
        return &ctl_verbs[i];
    }
    return NULL;
}

static int run(struct ctl *c)
{
    char said[64];
    const struct ctl_verb *v = take_verb(c);
    int rc;

    if (v == NULL) {
        (void)snprintf(said, sizeof said, "%s%s%s", c->word[0], c->word_count > 1 ? " " : "",
                       c->word_count > 1 ? c->word[1] : "");
        return unknown_verb(said);
    }
    if (c->option[OPT_HELP] != NULL) {
        (void)printf("usage: vigilctl %s %s\n  %s\n", v->name, v->arguments, v->help);
        return CTL_DONE;
    }
    rc = ctl_check(c, v);
    if (rc == CTL_USAGE) {
        (void)fprintf(stderr, "usage: vigilctl %s %s\n", v->name, v->arguments);
        return rc;
    }
    rc = ctl_endpoints(c);
    if (rc == CTL_DONE) {
        rc = v->run(c);
    }
    vg_client_close(&c->client);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        (void)fputs("vigilctl: standard output: not everything could be written\n", stderr);
        return rc == CTL_DONE ? CTL_REFUSED : rc;
    }
    return rc;
}

int main(int argc, char **argv)
{
    /* Large because of the client's counters; the program's only state. */
    static struct ctl ctl;
    int rc = ctl_parse(&ctl, argc, argv);

    if (rc != CTL_DONE) {
        return rc;
    }
    if (ctl.option[OPT_VERSION] != NULL) {
        (void)printf("vigilctl %s (wire version %d)\n", VIGIL_VERSION, VG_WIRE_VERSION);
        return CTL_DONE;
    }
    bool asked = ctl.word_count > 0 && strcmp(ctl.word[0], "help") == 0;
    if (asked || (ctl.word_count == 0 && ctl.option[OPT_HELP] != NULL)) {
        print_help(stdout);
        return CTL_DONE;
    }
    if (ctl.word_count == 0) {
        print_help(stderr);
        return CTL_USAGE;
    }
    return run(&ctl);
}
