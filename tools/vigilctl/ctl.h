/*
 * ctl.h -- what the verbs of vigilctl share: options, the client, exit codes, printing.
 */
#ifndef VIGIL_TOOLS_VIGILCTL_CTL_H
#define VIGIL_TOOLS_VIGILCTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/client.h"
#include "lib/json.h"

/* Documented in vigilctl(1); scripts depend on them. */
enum ctl_exit {
    CTL_DONE = 0,      /* done, and recorded where it is a command */
    CTL_REFUSED = 1,   /* the daemon, or the record, says no */
    CTL_USAGE = 2,     /* the command line cannot be meant */
    CTL_NO_ANSWER = 3, /* no daemon, no link, no answer in time */
    CTL_UNSAVED = 4    /* taken and in force, but not yet on disk */
};

enum ctl_option {
    OPT_STREAM,
    OPT_VIEW,
    OPT_OPERATE,
    OPT_SOCKET_DIR,
    OPT_TIMEOUT,
    OPT_JSON,
    OPT_HELP,
    OPT_VERSION,
    OPT_SECONDS,
    OPT_BED,
    OPT_PLAIN,
    OPT_OPERATOR,
    OPT_PATIENT,
    OPT_REASON,
    OPT_DRUG,
    OPT_AMOUNT,
    OPT_UNIT,
    OPT_ROUTE,
    OPT_GIVEN_AT,
    OPT_REQUEST_ID,
    OPT_FROM,
    OPT_LIMIT,
    OPT_DB,
    OPT_SESSION,
    OPT_COUNT
};

/* Bit of an option in the set a verb allows. */
#define OPT(o) (1u << (o))

#define CTL_WORDS_MAX 8
#define CTL_PATH_MAX 256

/* The command line, taken apart. Strings are argv's. */
struct ctl {
    const char *option[OPT_COUNT]; /* NULL = not given; switches hold "" */
    const char *word[CTL_WORDS_MAX];
    size_t word_count;
    const char *verb;               /* as in the table, for messages */
    char endpoint[3][CTL_PATH_MAX]; /* stream, view, operate */
    long timeout_ms;
    struct vg_client client;
};

/* A verb: one or two words, then its arguments. */
struct ctl_verb {
    const char *name;      /* "session open" */
    const char *arguments; /* for the help: "BED --patient REF" */
    size_t words;          /* positional arguments, exactly */
    unsigned allowed;      /* set of OPT() besides the global ones */
    unsigned required;     /* of these, must be given */
    int (*run)(struct ctl *c);
    const char *help;
};

/* arguments.c */
int ctl_parse(struct ctl *c, int argc, char **argv);
int ctl_check(const struct ctl *c, const struct ctl_verb *v);
bool ctl_number(const struct ctl *c, enum ctl_option o, long long min, long long max,
                long long *out);
const char *ctl_option_name(enum ctl_option o);

/* connect.c */
int ctl_endpoints(struct ctl *c);
int ctl_connect(struct ctl *c, bool stream, bool view, bool operate);
/* Says what a failed request means, with the place and the cure. */
int ctl_no_answer(struct ctl *c, enum vg_client_door door, enum vg_status st,
                  const char *request_id);
int ctl_refused(const struct ctl *c, const json_t *reply);
/* vg_client_snapshot with its message; *reply is the caller's when CTL_DONE. */
int ctl_snapshot(struct ctl *c, const char *bed, json_t **reply);

/* command.c: one request of the operate door, from first member to exit code. */
struct ctl_command {
    struct vg_json j;
    char request_id[VG_REQUEST_ID_MAX];
    char body[VG_WIRE_MAX];
};
int ctl_command_begin(struct ctl *c, struct ctl_command *k, const char *op);
int ctl_command_send(struct ctl *c, struct ctl_command *k);

/* print.c */
void ctl_say(const struct ctl *c, const char *fmt, ...) VG_PRINTF(2, 3);
void ctl_print_json(const json_t *value);
const char *ctl_text(const json_t *o, const char *key); /* "" when there is none */
long long ctl_int(const json_t *o, const char *key);    /* 0 when there is none */
bool ctl_true(const json_t *o, const char *key);
/* A name from outside, shown without control characters; cut to cap. */
const char *ctl_clean(const char *text, char *out, size_t cap);

/* The verbs. */
int verb_status(struct ctl *c);
int verb_watch(struct ctl *c);
int verb_session_open(struct ctl *c);
int verb_session_close(struct ctl *c);
int verb_dose_bolus(struct ctl *c);
int verb_dose_infusion_start(struct ctl *c);
int verb_dose_rate_change(struct ctl *c);
int verb_dose_stop(struct ctl *c);
int verb_ack(struct ctl *c);
int verb_nibp_start(struct ctl *c);
int verb_nibp_abort(struct ctl *c);
int verb_export_csv(struct ctl *c);
int verb_range(struct ctl *c);

#endif
