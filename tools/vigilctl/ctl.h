/*
 * ctl.h -- what the verbs of vigilctl share: options, the client, exit codes, printing.
 */
#ifndef VIGIL_TOOLS_VIGILCTL_CTL_H
#define VIGIL_TOOLS_VIGILCTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/client.h"
#include "lib/json.h"
#include "vigil/vital.h"

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
    OPT_HISTORY,
    OPT_VITAL,
    OPT_EVERY,
    OPT_YES,
    OPT_KEY,
    OPT_HEAD,
    OPT_CONFIRM,
    OPT_WEIGHT,
    OPT_CONCENTRATION,
    OPT_CHECKED_BY,
    OPT_LOT,
    OPT_SITE,
    OPT_OUTCOME,
    OPT_NOTE,
    OPT_AT,
    OPT_KIND,
    OPT_COURSE,
    OPT_PROTOCOL,
    OPT_DOCUMENT,
    OPT_METHOD,
    OPT_DAYS,
    OPT_SEVERITY,
    OPT_SERIOUS,
    OPT_THEME,
    OPT_QUOTE,
    OPT_POSITION,
    OPT_LIMB,
    OPT_MEAN,
    OPT_PULSE,
    OPT_SPO2,
    OPT_COUNT
};

/* Bit of an option in the set a verb allows. */
#define OPT(o) (UINT64_C(1) << (o))

#define CTL_WORDS_MAX 8
#define CTL_PATH_MAX 256

/* The command line, taken apart. Strings are argv's. */
struct ctl {
    const char *option[OPT_COUNT]; /* NULL = not given; switches and left-out values hold "" */
    const char *word[CTL_WORDS_MAX];
    size_t word_count;
    const char *verb;               /* as in the table, for messages */
    char endpoint[3][CTL_PATH_MAX]; /* stream, view, operate */
    long timeout_ms;
    struct vg_client client;
    char asked[64];             /* what the last refusal asks to be confirmed; empty = nothing */
    char id[VG_REQUEST_ID_MAX]; /* ... and of which request */
};

/* A verb: one or two words, then its arguments. */
struct ctl_verb {
    const char *name;      /* "session open" */
    const char *arguments; /* for the help: "BED --patient REF" */
    size_t words;          /* positional arguments that must follow */
    size_t more;           /* ... and so many that may */
    uint64_t allowed;      /* set of OPT() besides the global ones */
    uint64_t required;     /* of these, must be given */
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
/* The same for a verb that needs nothing else: connects first. */
int ctl_look(struct ctl *c, const char *bed, json_t **reply);

/* ask.c: one question of the view door, asked again while the daemon is busy with another one. The
 * refusal is printed; *reply is the caller's when CTL_DONE. Connects to nothing. */
int ctl_ask(struct ctl *c, const struct vg_json *request, json_t **reply);
/* The bed a verb is about: --bed, or the only one there is. Connects to view when it must ask. */
int ctl_choose_bed(struct ctl *c, char bed[VG_ID_MAX]);

/* command.c: one request of the operate door, from first member to exit code. */
struct ctl_command {
    struct vg_json j;
    const char *bed;
    char request_id[VG_REQUEST_ID_MAX];
    char body[VG_WIRE_MAX];
};
/* bed is retained. */
int ctl_command_begin(struct ctl *c, struct ctl_command *k, const char *op, const char *bed);
int ctl_command_send(struct ctl *c, struct ctl_command *k);
/* What is to be said of a command that was done: with --json as members of its reply, else as lines
 * after the receipt. */
typedef void ctl_then(struct ctl *c, const struct ctl_command *k, json_t *reply);
int ctl_command_send_then(struct ctl *c, struct ctl_command *k, ctl_then *then);

/* A command that may be asked back: shows the result, asks the person and sends it again as
 * confirmed. once: sends it with c->option[OPT_CONFIRM]. */
int ctl_asked_back(struct ctl *c, int (*once)(struct ctl *c));
/* verb_care_words.c: options as members. False: said what is wrong. */
bool ctl_put_options(struct ctl *c, struct vg_json *j);
/* The number of a row as a member. */
bool ctl_put_row(struct ctl *c, struct vg_json *j, const char *member, const char *text);

/* print.c */
void ctl_say(const struct ctl *c, const char *fmt, ...) VG_PRINTF(2, 3);
void ctl_print_json(const json_t *value);
const char *ctl_text(const json_t *o, const char *key); /* "" when there is none */
long long ctl_int(const json_t *o, const char *key);    /* 0 when there is none */
bool ctl_true(const json_t *o, const char *key);
/* A name from outside, shown without control characters; cut to cap. */
const char *ctl_clean(const char *text, char *out, size_t cap);
/* Text of a member that is shown; "-" when there is none. */
const char *ctl_shown(const json_t *o, const char *key, char *out, size_t cap);
#define CTL_MILLI_MAX 24
/* Thousandths as people write them: 88, 0.35. */
const char *ctl_milli(long long milli, char out[CTL_MILLI_MAX]);
/* Unit as people write it: mmHg where the wire says mm[Hg]. */
const char *ctl_unit(enum vg_vital v);
/* Time that is left: "98 s left"; "until somebody ends it" when negative. */
#define CTL_LEFT_MAX 32
const char *ctl_left(long long ms, char out[CTL_LEFT_MAX]);

/* show.c: words for routes and inhibitions, the same in every verb. */
const char *ctl_route_text(const char *route); /* "" for what is told nobody any more */
/* What keeps alarms of the bed from being heard, and quiet mode: a line each, nothing when all
 * is as usual. o: a bed of a snapshot, or a frame of .alarms. */
void ctl_show_inhibitions(const json_t *o);

/* history_line.c: one row of the alarm log as one line. */
void history_line(const json_t *row);

/* verbs.c */
extern const struct ctl_verb ctl_verbs[];
extern const size_t ctl_verb_count;

/* The verbs. */
int verb_status(struct ctl *c);
int verb_watch(struct ctl *c);
int verb_session_open(struct ctl *c);
int verb_session_close(struct ctl *c);
int verb_dose(struct ctl *c); /* every kind */
int verb_dose_amend(struct ctl *c);
int verb_dose_void(struct ctl *c);
int verb_words(struct ctl *c); /* every row of verb_care_words.c */
int verb_weight(struct ctl *c);
int verb_reading(struct ctl *c);
int verb_plan(struct ctl *c);
int verb_notes(struct ctl *c);
int verb_protocol_check(struct ctl *c);
int verb_protocol_show(struct ctl *c);
int verb_ack(struct ctl *c);
int verb_nibp_start(struct ctl *c);
int verb_nibp_abort(struct ctl *c);
int verb_export_csv(struct ctl *c);
int verb_range(struct ctl *c);
int verb_alarms(struct ctl *c);
int verb_history(struct ctl *c); /* alarms --history, --session */
int verb_limits(struct ctl *c);
int verb_limits_set(struct ctl *c);
int verb_limits_profile(struct ctl *c);
int verb_limits_formula(struct ctl *c);
int verb_pause(struct ctl *c);
int verb_off(struct ctl *c);
int verb_on(struct ctl *c);
int verb_quiet_on(struct ctl *c);
int verb_quiet_off(struct ctl *c);
int verb_sedation(struct ctl *c);
int verb_baseline(struct ctl *c);
int verb_schedule(struct ctl *c);
int verb_test_alarm(struct ctl *c);
int verb_sinks(struct ctl *c);
int verb_verify(struct ctl *c);
int verb_archive(struct ctl *c);

#endif
