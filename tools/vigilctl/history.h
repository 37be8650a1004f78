/*
 * history.h -- what the parts of history_*.c share: a line of the alarm log in pieces.
 */
#ifndef VIGIL_TOOLS_VIGILCTL_HISTORY_H
#define VIGIL_TOOLS_VIGILCTL_HISTORY_H

#include "tools/vigilctl/ctl.h"

/* A word of the wire and what people read; one that is not known is shown as it is. */
struct history_word {
    const char *word, *text;
};
void history_put_word(const struct history_word *words, size_t count, const char *word);
#define HISTORY_PUT_WORD(table, word) history_put_word(table, VG_COUNT(table), word)

/* The text of a member after `before`; nothing when it has none. */
void history_put_after(const char *before, const json_t *data, const char *key);
/* Unit of the limit of a condition; "" for one without. */
const char *history_unit(const char *condition);

/* The person of a row, or "nobody". */
const char *history_who(const json_t *row, char out[64]);

/* history_people.c, history_session.c: rows of what a person did, and what the daemon made of it. */
void history_ack(const json_t *row, const json_t *data);
void history_inhibit(const json_t *row, const json_t *data);
void history_limits(const json_t *row, const json_t *data);
void history_limit(const json_t *row, const json_t *data);
void history_care(const json_t *row, const json_t *data);
void history_session(const json_t *row, const json_t *data);
void history_dose(const json_t *row, const json_t *data);
void history_plan(const json_t *row, const json_t *data);
void history_cuff(const json_t *row, const json_t *data);

#endif
