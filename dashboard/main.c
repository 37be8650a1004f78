/*
 * main.c -- the command line of vigil-dashboard.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "dashboard/dashboard.h"
#include "vigil_version.h"

#define DEFAULT_CONFIG "/etc/vigil/dashboard.yaml"

static const char usage_text[] =
    "usage: vigil-dashboard [--config FILE]                 serve the page\n"
    "       vigil-dashboard [--config FILE] --check         read the configuration and stop\n"
    "       vigil-dashboard [--config FILE] user VERB ...   accounts; 'user' alone says which "
    "verbs\n"
    "\n"
    "  --config FILE   (default " DEFAULT_CONFIG ")\n"
    "  --list-keys     one line for each key of the configuration\n"
    "  --help, --version\n"
    "\n"
    "exit: 0 done, 1 a fault that was named, 2 usage\n";

static const char version_text[] = "vigil-dashboard " VIGIL_VERSION "\n"
                                   "A screen for staff. It is not a certified medical device and "
                                   "must not be the only alarm path:\n"
                                   "the bedside devices keep their own alarms on.\n";

/* clang-format off */
static const struct option long_options[] = {
    { "config", required_argument, NULL, 'c' },
    { "check", no_argument, NULL, 'C' },
    { "list-keys", no_argument, NULL, 'k' },
    { "version", no_argument, NULL, 'V' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};
/* clang-format on */

struct call {
    const char *config;
    bool check;
};

#define GO_ON (-1)

static int read_call(struct call *c, int argc, char **argv)
{
    for (;;) {
        switch (getopt_long(argc, argv, "+", long_options, NULL)) {
        case -1:
            return GO_ON;
        case 'c':
            c->config = optarg;
            break;
        case 'C':
            c->check = true;
            break;
        case 'k':
            dash_options_keys();
            return 0;
        case 'V':
            (void)fputs(version_text, stdout);
            return 0;
        case 'h':
            (void)fputs(usage_text, stdout);
            return 0;
        default:
            (void)fputs(usage_text, stderr);
            return 2;
        }
    }
}

int main(int argc, char **argv)
{
    static struct dashboard d; /* large, and the program's only state */
    struct call c = { .config = DEFAULT_CONFIG };
    int rc = read_call(&c, argc, argv);
    if (rc != GO_ON) {
        return rc;
    }
    bool user = optind < argc && strcmp(argv[optind], "user") == 0;
    if (optind < argc && !user) {
        (void)fputs(usage_text, stderr);
        return 2;
    }
    if (dash_options_load(&d.options, c.config) != VG_OK) {
        return 1;
    }
    if (user) {
        char file[sizeof d.people_file];
        dash_people_file(file, sizeof file, &d.options);
        return dash_user(file, argc - optind - 1, argv + optind + 1);
    }
    return c.check ? 0 : dash_serve(&d);
}
