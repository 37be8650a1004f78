/*
 * options.c -- the command line of vigil-exec-sink.
 *
 * Everything after --command PATH is the command's own: its arguments are never read as ours.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/exec_sink/exec_sink.h"
#include "vigil_version.h"

static const char usage_text[] =
    "usage: vigil-exec-sink --role remote|second [OPTIONS] --command PATH [ARGUMENTS...]\n"
    "\n"
    "Runs PATH once for each alarm that is its to voice, with the alarm as one JSON object on\n"
    "standard input. Exit code 0 confirms to the daemon that a person is being told.\n"
    "\n"
    "  --role ROLE          remote (told first) or second (told when nobody reacts)\n"
    "  --command PATH       the program, and all that follows are its arguments\n"
    "  --timeout SECONDS    it is killed after this time, 1 to 60 (default 5)\n"
    "  --sink ID            who this sink is to the daemon (default ROLE-1)\n"
    "  --bed ID             follow this bed; may be repeated (default all)\n"
    "  --stream ENDPOINT    (default " VG_ASINK_STREAM ")\n"
    "  --operate ENDPOINT   (default " VG_ASINK_OPERATE ")\n"
    "  --help, --version\n"
    "\n"
    "exit: 0 done, 1 a fault that was named, 2 usage\n";

static const char version_text[] =
    "vigil-exec-sink " VIGIL_VERSION "\n"
    "It passes alarms on. It is not a certified medical device and must not be the only alarm\n"
    "path: the bedside devices keep their own alarms on.\n";

/* clang-format off */
static const struct option long_options[] = {
    { "role", required_argument, NULL, 'r' },
    { "command", required_argument, NULL, 'c' },
    { "timeout", required_argument, NULL, 't' },
    { "sink", required_argument, NULL, 'i' },
    { "bed", required_argument, NULL, 'b' },
    { "stream", required_argument, NULL, 's' },
    { "operate", required_argument, NULL, 'o' },
    { "version", no_argument, NULL, 'V' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};
/* clang-format on */

static int refuse(const char *name, const char *value, const char *cure)
{
    (void)fprintf(stderr, "vigil-exec-sink: --%s '%.60s': %s\n", name, value, cure);
    return EXEC_USAGE;
}

static int take_timeout(struct exec_options *o, const char *value)
{
    char *end = NULL;
    errno = 0;
    unsigned long n = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 || n < 1 || n > 60) {
        return refuse("timeout", value, "must be a whole number of seconds from 1 to 60");
    }
    o->timeout_ns = (int64_t)n * VG_NS_PER_S;
    return EXEC_GO_ON;
}

static int take_role(struct exec_options *o, const char *value)
{
    if (!vg_sink_role_find(value, &o->sink.role) || o->sink.role == VG_SINK_ROOM) {
        return refuse("role", value, "must be remote or second");
    }
    return EXEC_GO_ON;
}

static int take_bed(struct exec_options *o, const char *value)
{
    if (o->sink.bed_count == VG_BEDS_MAX || strlen(value) >= VG_ID_MAX || *value == '\0') {
        return refuse("bed", value, "too many beds, or not 1 to 31 characters");
    }
    o->beds[o->sink.bed_count++] = value;
    return EXEC_GO_ON;
}

static int take(struct exec_options *o, int id, const char *value)
{
    switch (id) {
    case 'r':
        return take_role(o, value);
    case 't':
        return take_timeout(o, value);
    case 'b':
        return take_bed(o, value);
    case 'i':
        o->sink.id = value;
        return EXEC_GO_ON;
    case 's':
        o->sink.stream = value;
        return EXEC_GO_ON;
    case 'o':
        o->sink.operate = value;
        return EXEC_GO_ON;
    case 'V':
        (void)fputs(version_text, stdout);
        return EXEC_DONE;
    case 'h':
        (void)fputs(usage_text, stdout);
        return EXEC_DONE;
    default:
        (void)fputs(usage_text, stderr);
        return EXEC_USAGE;
    }
}

static int check(struct exec_options *o)
{
    static const char *const ids[] = { "remote-1", "second-1" };
    if (o->sink.role == VG_SINK_ROOM) {
        return refuse("role", "", "is missing; give remote or second");
    }
    if (o->command == NULL) {
        return refuse("command", "", "is missing; give the path of a program");
    }
    if (o->command[0][0] != '/' || access(o->command[0], X_OK) != 0) {
        (void)refuse("command", o->command[0],
                     "must be the absolute path of a program that may be executed");
        return EXEC_FAULT;
    }
    o->sink.id = o->sink.id != NULL ? o->sink.id : ids[o->sink.role];
    if (strlen(o->sink.id) >= VG_ID_MAX || *o->sink.id == '\0') {
        return refuse("sink", o->sink.id, "must have 1 to 31 characters");
    }
    o->sink.beds = o->beds;
    return EXEC_GO_ON;
}

int exec_options_read(struct exec_options *o, int argc, char **argv)
{
    int id;
    *o = (struct exec_options){
        .sink = { .stream = VG_ASINK_STREAM, .operate = VG_ASINK_OPERATE, .role = VG_SINK_ROOM },
        .timeout_ns = 5 * VG_NS_PER_S
    };
    while (o->command == NULL && (id = getopt_long(argc, argv, "+h", long_options, NULL)) != -1) {
        if (id == 'c') {
            o->command = argv + optind - 1;
            o->command = strcmp(*o->command, optarg) == 0 ? o->command : NULL;
            if (o->command == NULL) {
                return refuse("command", optarg, "write it with a space, not with '='");
            }
            continue;
        }
        int rc = take(o, id, optarg);
        if (rc != EXEC_GO_ON) {
            return rc;
        }
    }
    if (o->command == NULL && optind != argc) {
        return refuse("command", argv[optind], "unexpected argument before --command");
    }
    return check(o);
}
