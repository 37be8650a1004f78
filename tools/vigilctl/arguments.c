/*
 * arguments.c -- the command line to options and words; what does not fit is refused by name.
 *
 * Options may stand before or after the verb, as "--name value" or "--name=value". The value of some
 * may be left out when another option or nothing follows. An option that a verb does not use is an
 * error: "--unit" on the wrong verb must not be silently ignored.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"

enum value { VALUE_NONE, VALUE_NEEDED, VALUE_MAY };

static const struct {
    const char *name;
    enum value value;
} options[] = {
    [OPT_STREAM] = { "stream", VALUE_NEEDED },
    [OPT_VIEW] = { "view", VALUE_NEEDED },
    [OPT_OPERATE] = { "operate", VALUE_NEEDED },
    [OPT_SOCKET_DIR] = { "socket-dir", VALUE_NEEDED },
    [OPT_TIMEOUT] = { "timeout", VALUE_NEEDED },
    [OPT_JSON] = { "json", VALUE_NONE },
    [OPT_HELP] = { "help", VALUE_NONE },
    [OPT_VERSION] = { "version", VALUE_NONE },
    [OPT_SECONDS] = { "seconds", VALUE_NEEDED },
    [OPT_BED] = { "bed", VALUE_NEEDED },
    [OPT_PLAIN] = { "plain", VALUE_NONE },
    [OPT_OPERATOR] = { "operator", VALUE_NEEDED },
    [OPT_PATIENT] = { "patient", VALUE_NEEDED },
    [OPT_REASON] = { "reason", VALUE_NEEDED },
    [OPT_DRUG] = { "drug", VALUE_NEEDED },
    [OPT_AMOUNT] = { "amount", VALUE_NEEDED },
    [OPT_UNIT] = { "unit", VALUE_NEEDED },
    [OPT_ROUTE] = { "route", VALUE_NEEDED },
    [OPT_GIVEN_AT] = { "given-at", VALUE_NEEDED },
    [OPT_REQUEST_ID] = { "request-id", VALUE_NEEDED },
    [OPT_FROM] = { "from", VALUE_NEEDED },
    [OPT_LIMIT] = { "limit", VALUE_NEEDED },
    [OPT_DB] = { "db", VALUE_NEEDED },
    [OPT_SESSION] = { "session", VALUE_MAY },
    [OPT_HISTORY] = { "history", VALUE_NONE },
    [OPT_VITAL] = { "vital", VALUE_NEEDED },
    [OPT_EVERY] = { "every", VALUE_NEEDED },
    [OPT_YES] = { "yes", VALUE_NONE },
    [OPT_KEY] = { "key", VALUE_NEEDED },
    [OPT_HEAD] = { "head", VALUE_NEEDED },
    [OPT_CONFIRM] = { "confirm", VALUE_NEEDED },
    [OPT_WEIGHT] = { "weight", VALUE_NEEDED },
    [OPT_CONCENTRATION] = { "concentration", VALUE_NEEDED },
    [OPT_CHECKED_BY] = { "checked-by", VALUE_NEEDED },
    [OPT_LOT] = { "lot", VALUE_NEEDED },
    [OPT_SITE] = { "site", VALUE_NEEDED },
    [OPT_OUTCOME] = { "outcome", VALUE_NEEDED },
    [OPT_NOTE] = { "note", VALUE_NEEDED },
    [OPT_AT] = { "at", VALUE_NEEDED },
    [OPT_KIND] = { "kind", VALUE_NEEDED },
    [OPT_COURSE] = { "course", VALUE_NEEDED },
    [OPT_PROTOCOL] = { "protocol", VALUE_NEEDED },
    [OPT_DOCUMENT] = { "document", VALUE_NEEDED },
    [OPT_METHOD] = { "method", VALUE_NEEDED },
    [OPT_DAYS] = { "days", VALUE_NEEDED },
    [OPT_SEVERITY] = { "severity", VALUE_NEEDED },
    [OPT_SERIOUS] = { "serious", VALUE_NONE },
    [OPT_THEME] = { "theme", VALUE_NEEDED },
    [OPT_QUOTE] = { "quote", VALUE_NEEDED },
    [OPT_POSITION] = { "position", VALUE_NEEDED },
    [OPT_LIMB] = { "limb", VALUE_NEEDED },
    [OPT_MEAN] = { "mean", VALUE_NEEDED },
    [OPT_PULSE] = { "pulse", VALUE_NEEDED },
    [OPT_SPO2] = { "spo2", VALUE_NEEDED },
};
_Static_assert(VG_COUNT(options) == OPT_COUNT, "an option has no name");

/* Allowed with every verb. */
#define GLOBAL                                                                                     \
    (OPT(OPT_STREAM) | OPT(OPT_VIEW) | OPT(OPT_OPERATE) | OPT(OPT_SOCKET_DIR) | OPT(OPT_TIMEOUT) | \
     OPT(OPT_JSON) | OPT(OPT_HELP) | OPT(OPT_VERSION))

const char *ctl_option_name(enum ctl_option o)
{
    return options[o].name;
}

static bool find_option(const char *name, size_t len, enum ctl_option *out)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0) {
            *out = (enum ctl_option)i;
            return true;
        }
    }
    return false;
}

/* One option at argv[*i]; moves *i over its value. */
static int take_option(struct ctl *c, int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    enum ctl_option o = OPT_HELP;

    if (!find_option(name, len, &o)) {
        (void)fprintf(stderr, "vigilctl: there is no option '%.60s'; 'vigilctl help' lists all\n",
                      argv[*i]);
        return CTL_USAGE;
    }
    if (options[o].value == VALUE_NONE) {
        if (value != NULL) {
            (void)fprintf(stderr, "vigilctl: --%s takes no value; leave it out\n", options[o].name);
            return CTL_USAGE;
        }
        c->option[o] = "";
        return CTL_DONE;
    }
    if (c->option[o] != NULL) {
        (void)fprintf(stderr, "vigilctl: --%s is given twice; which one is meant?\n",
                      options[o].name);
        return CTL_USAGE;
    }
    bool may = options[o].value == VALUE_MAY;
    if (value == NULL && *i + 1 < argc && (!may || strncmp(argv[*i + 1], "--", 2) != 0)) {
        value = argv[++*i];
    }
    if (value == NULL && may) {
        c->option[o] = "";
        return CTL_DONE;
    }
    if (value == NULL || *value == '\0') {
        (void)fprintf(stderr, "vigilctl: --%s needs a value after it\n", options[o].name);
        return CTL_USAGE;
    }
    c->option[o] = value;
    return CTL_DONE;
}

int ctl_parse(struct ctl *c, int argc, char **argv)
{
    bool only_words = false;
    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && strcmp(argv[i], "-h") == 0) {
            c->option[OPT_HELP] = "";
        } else if (!only_words && strncmp(argv[i], "--", 2) == 0) {
            int rc = take_option(c, argc, argv, &i);
            if (rc != CTL_DONE) {
                return rc;
            }
        } else if (c->word_count < CTL_WORDS_MAX) {
            c->word[c->word_count++] = argv[i];
        } else {
            (void)fprintf(stderr,
                          "vigilctl: '%.60s' is too much; 'vigilctl help' shows the forms\n",
                          argv[i]);
            return CTL_USAGE;
        }
    }
    return CTL_DONE;
}

int ctl_check(const struct ctl *c, const struct ctl_verb *v)
{
    for (unsigned o = 0; o < OPT_COUNT; o++) {
        if (c->option[o] != NULL && ((GLOBAL | v->allowed) & OPT(o)) == 0) {
            (void)fprintf(stderr, "vigilctl: '%s' has no --%s; leave it out\n", v->name,
                          options[o].name);
            return CTL_USAGE;
        }
        if (c->option[o] == NULL && (v->required & OPT(o)) != 0) {
            (void)fprintf(stderr, "vigilctl: '%s' needs --%s; add it\n", v->name, options[o].name);
            return CTL_USAGE;
        }
    }
    if (c->word_count > v->words + v->more) {
        (void)fprintf(stderr,
                      "vigilctl: '%.60s' is too much for '%s'; is an option missing its "
                      "'--', or a text its quotes?\n",
                      c->word[v->words + v->more], v->name);
        return CTL_USAGE;
    }
    if (c->word_count < v->words) {
        (void)fprintf(stderr, "vigilctl: '%s' needs %zu word%s after it\n", v->name, v->words,
                      v->words == 1 ? "" : "s");
        return CTL_USAGE;
    }
    return CTL_DONE;
}

bool ctl_number(const struct ctl *c, enum ctl_option o, long long min, long long max,
                long long *out)
{
    char *end = NULL;
    const char *text = c->option[o];
    if (text == NULL) {
        return true;
    }
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || n < min || n > max) {
        (void)fprintf(stderr, "vigilctl: --%s '%.40s': must be a whole number from %lld to %lld\n",
                      options[o].name, text, min, max);
        return false;
    }
    *out = n;
    return true;
}
