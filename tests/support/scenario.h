/*
 * scenario.h -- a scenario file: devices, timed actions, and what is expected of the record.
 *
 *   bed bed-1                           beds, in order; one bed-1 if there is no such line
 *   oximeter oxi bed-1                  devices, in order
 *   cuff cuff bed-1
 *   limit SPO2_LOW delay 15             a setting of a condition: limit, delay, clear, sat,
 *   limit LINK_DEVICE latch visual      latch: none, visual, full
 *   at 5 session open P1                an action (scn_run.c has the list of them)
 *   expect 12..14 alarm SPO2_DESAT open at least one line with all these words in that time
 *   expect 2 times 0..60 alarm OPEN     exactly so many
 *   expect none 0..60 alarm SPO2_LOW    the same as 0 times
 *   expect at 45 open SENSOR_OFF        a line of the state at that instant has all these words
 *   expect not at 45 open SENSOR_OFF    none has
 *   run 90                              how long it lasts
 *   kills 20                            it runs a second time with so many kills on the way; then
 *                                       only lines of the state and of the plan are judged
 *
 * Times are seconds since the start, or hours with an h. A time range may be left out of `expect`.
 * What happened is one list of lines: the record, the replies, what cuffs were told.
 */
#ifndef VIGIL_TESTS_SUPPORT_SCENARIO_H
#define VIGIL_TESTS_SUPPORT_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCN_STEPS_MAX 160
#define SCN_WORDS_MAX 16
#define SCN_TEXT_MAX 16384
#define SCN_LINES_MAX 8192

enum scn_kind { SCN_SETUP, SCN_ACTION, SCN_STATE, SCN_EVENTS };

struct scn_step {
    enum scn_kind kind;
    int number;             /* line of the file */
    int64_t from_ns, to_ns; /* ACTION and STATE: from_ns */
    int times;              /* EVENTS: -1 = at least once */
    bool negated;           /* STATE */
    int count;
    const char *words[SCN_WORDS_MAX];
};

struct scn {
    const char *file;
    int64_t run_ns;
    size_t step_count;
    struct scn_step steps[SCN_STEPS_MAX];
    char text[SCN_TEXT_MAX];
};

/* Lines of what happened, or of a state. */
struct scn_lines {
    size_t count;
    struct {
        int64_t at_ns;
        char text[176];
    } of[SCN_LINES_MAX];
};

/* scn_read -- false after one printed line that says what is wrong with the file. */
bool scn_read(struct scn *s, const char *file);
bool scn_time(const char *word, int64_t *out);

void scn_say(struct scn_lines *l, int64_t at_ns, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Lines within [from, to] that have all the words. */
size_t scn_count(const struct scn_lines *l, int64_t from_ns, int64_t to_ns,
                 const char *const *words, int count);
void scn_sort(struct scn_lines *l);
void scn_print(const struct scn_lines *l);

/* scn_add_record -- the rows of a record as lines, without samples; times since mono0_ns. */
bool scn_add_record(struct scn_lines *l, const char *db_path, int64_t mono0_ns);

#endif
