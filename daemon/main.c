/*
 * main.c -- arguments, configuration, exit codes.
 *
 * Exit codes: 0 stopped as asked; 1 the configuration has errors; 2 wrong usage; 3 could not
 * start (record in use, sockets not available).
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "daemon/review.h"
#include "daemon/vigild.h"
#include "vigil_version.h"

#define DEFAULT_CONFIG "/etc/vigil/vigil.yaml"

/* All state of the daemon. Large, static, mostly never touched. */
static struct vigild daemon_state;

static const char usage_text[] =
    "usage: vigild [--config FILE]\n"
    "       vigild --check FILE         print every error of FILE, exit 1 if there is one\n"
    "       vigild --print-config FILE  print the effective settings\n"
    "       vigild --review FILE        play the record of that configuration again, and say\n"
    "                                   whether every alarm follows from it, exit 1 if not\n"
    "       vigild --public-key [--config FILE]\n"
    "                                   print the key that this node signs its record with\n"
    "       vigild --version | --help\n"
    "\n"
    "Bedside session vital-sign monitor daemon. FILE defaults to " DEFAULT_CONFIG ".\n";

static const char version_text[] =
    "vigild " VIGIL_VERSION "\n"
    "Vigil records and announces; it gives no dosing advice and drives no pump. It is not a\n"
    "certified medical device and must not be the only alarm path.\n";

static int load(const char *file)
{
    return vg_config_load(&daemon_state.config, file, stderr) == VG_OK ? 0 : 1;
}

static int run(const char *file)
{
    struct vg_reactor_env env = vg_reactor_env_real();
    int rc = load(file);
    if (rc != 0) {
        return rc;
    }
    if (vg_vigild_start(&daemon_state, &env) != VG_OK) {
        return 3;
    }
    vg_vigild_run(&daemon_state);
    vg_vigild_stop(&daemon_state);
    return 0;
}

/* Does every recorded alarm follow from what was recorded before it? */
static int review(void)
{
    char path[VG_PATH_MAX + 16];
    struct vg_review r;

    (void)snprintf(path, sizeof path, "%s/vigil.db", daemon_state.config.state_dir);
    enum vg_status st = vg_review_record(&daemon_state.config, path, stdout, &r);
    (void)printf("%s: %llu runs, %llu inputs, %llu alarm transitions made again, %llu differences,"
                 " %llu cut off by a kill, %llu rows not understood\n",
                 path, (unsigned long long)r.runs, (unsigned long long)r.inputs,
                 (unsigned long long)r.transitions, (unsigned long long)r.differences,
                 (unsigned long long)r.cut, (unsigned long long)r.unread);
    return st == VG_OK ? 0 : 1;
}

static int public_key(void)
{
    const char *dir = daemon_state.config.state_dir;
    uint8_t key[VG_PUBLIC_KEY_BYTES];
    char hex[VG_HEX_MAX(VG_PUBLIC_KEY_BYTES)];

    if (vg_journal_key_read_public(dir, key) != VG_OK) {
        (void)fprintf(
            stderr, "vigild: there is no key in %s/vigil.pub; vigild makes it at its first start\n",
            dir);
        return 1;
    }
    (void)printf("%s\n", vg_hex(key, sizeof key, hex));
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "check", required_argument, NULL, 'k' },
        { "print-config", required_argument, NULL, 'p' },
        { "review", required_argument, NULL, 'r' },
        { "public-key", no_argument, NULL, 'u' },
        { "version", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *file = DEFAULT_CONFIG;
    int mode = 'c';
    int o;

    while ((o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (o) {
        case 'v':
            (void)fputs(version_text, stdout);
            return 0;
        case 'h':
            (void)fputs(usage_text, stdout);
            return 0;
        case 'u':
            mode = o;
            break;
        case 'c':
            file = optarg;
            break;
        case 'k':
        case 'p':
        case 'r':
            file = optarg;
            mode = o;
            break;
        default:
            (void)fputs(usage_text, stderr);
            return 2;
        }
    }
    if (optind != argc) {
        (void)fprintf(stderr, "vigild: unexpected argument '%s'\n%s", argv[optind], usage_text);
        return 2;
    }
    if (mode == 'c') {
        return run(file);
    }
    int rc = load(file);
    if (rc == 0 && mode == 'r') {
        return review();
    }
    if (rc == 0 && mode == 'u') {
        return public_key();
    }
    if (rc == 0 && mode == 'p') {
        vg_config_print(&daemon_state.config, stdout);
    } else if (rc == 0) {
        (void)printf("%s: no error\n", file);
    }
    return rc;
}
