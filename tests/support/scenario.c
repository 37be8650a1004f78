/* scenario.c -- see scenario.h. */
#include "tests/support/scenario.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/time.h"

/* --- reading --------------------------------------------------------------------------------- */

bool scn_time(const char *word, int64_t *out)
{
    char *end = NULL;
    double value = strtod(word, &end);
    if (end == word) {
        return false;
    }
    double scale = 1e9;
    if (strcmp(end, "h") == 0) {
        scale = 3600e9;
    } else if (*end != '\0') {
        return false;
    }
    *out = (int64_t)(value * scale + (value < 0 ? -0.5 : 0.5));
    return true;
}

static bool is_range(const char *word, int64_t *from, int64_t *to)
{
    char left[32];
    const char *dots = strstr(word, "..");
    if (dots == NULL || (size_t)(dots - word) >= sizeof left) {
        return false;
    }
    memcpy(left, word, (size_t)(dots - word));
    left[dots - word] = '\0';
    return scn_time(left, from) && scn_time(dots + 2, to);
}

static void drop_words(struct scn_step *st, int n)
{
    for (int i = n; i < st->count; i++) {
        st->words[i - n] = st->words[i];
    }
    st->count -= n;
}

static bool read_expect(struct scn_step *st)
{
    char *end = NULL;
    drop_words(st, 1);
    st->kind = SCN_EVENTS;
    st->times = -1;
    st->from_ns = INT64_MIN;
    st->to_ns = INT64_MAX;
    st->negated = st->count > 1 && strcmp(st->words[0], "not") == 0;
    if (st->negated) {
        drop_words(st, 1);
    }
    if (st->count > 2 && strcmp(st->words[0], "at") == 0) {
        st->kind = SCN_STATE;
        bool ok = scn_time(st->words[1], &st->from_ns);
        drop_words(st, 2);
        return ok;
    }
    if (st->count > 1 && strcmp(st->words[0], "none") == 0) {
        st->times = 0;
        drop_words(st, 1);
    } else if (st->count > 2 && strcmp(st->words[1], "times") == 0) {
        st->times = (int)strtol(st->words[0], &end, 10);
        drop_words(st, 2);
    }
    if (st->count > 1 && is_range(st->words[0], &st->from_ns, &st->to_ns)) {
        drop_words(st, 1);
    }
    return st->count > 0 && !st->negated;
}

static bool read_step(struct scn *s, struct scn_step *st)
{
    if (strcmp(st->words[0], "expect") == 0) {
        return st->count > 1 && read_expect(st);
    }
    if (strcmp(st->words[0], "at") == 0) {
        st->kind = SCN_ACTION;
        bool ok = st->count > 2 && scn_time(st->words[1], &st->from_ns);
        drop_words(st, 2);
        return ok;
    }
    st->kind = SCN_SETUP;
    if (strcmp(st->words[0], "run") == 0) {
        return st->count == 2 && scn_time(st->words[1], &s->run_ns);
    }
    return true;
}

static bool load(struct scn *s, const char *file)
{
    FILE *f = fopen(file, "r");
    if (f == NULL) {
        return false;
    }
    size_t n = fread(s->text, 1, sizeof s->text - 1, f);
    (void)fclose(f);
    s->text[n] = '\0';
    return n < sizeof s->text - 1;
}

bool scn_read(struct scn *s, const char *file)
{
    int number = 0;
    char *rest = NULL;
    memset(s, 0, sizeof *s);
    s->file = file;
    if (!load(s, file)) {
        (void)printf("%s: cannot be read, or is too long\n", file);
        return false;
    }
    for (char *line = s->text; line != NULL; line = rest) {
        struct scn_step *st = &s->steps[s->step_count];
        char *save = NULL;
        char *end = strchr(line, '\n');
        rest = end != NULL ? end + 1 : NULL;
        if (end != NULL) {
            *end = '\0';
        }
        number++;
        char *comment = strchr(line, '#');
        if (comment != NULL) {
            *comment = '\0';
        }
        memset(st, 0, sizeof *st);
        st->number = number;
        for (char *w = strtok_r(line, " \t\r", &save); w != NULL && st->count < SCN_WORDS_MAX;
             w = strtok_r(NULL, " \t\r", &save)) {
            st->words[st->count++] = w;
        }
        if (st->count == 0) {
            continue;
        }
        if (!read_step(s, st) || ++s->step_count == SCN_STEPS_MAX) {
            (void)printf("%s:%d: not understood\n", file, number);
            return false;
        }
    }
    return true;
}

/* --- lines ----------------------------------------------------------------------------------- */

void scn_say(struct scn_lines *l, int64_t at_ns, const char *fmt, ...)
{
    va_list ap;
    VG_ASSERT(l->count < SCN_LINES_MAX);
    l->of[l->count].at_ns = at_ns;
    va_start(ap, fmt);
    (void)vsnprintf(l->of[l->count].text, sizeof l->of[0].text, fmt, ap);
    va_end(ap);
    l->count++;
}

static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == text || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

size_t scn_count(const struct scn_lines *l, int64_t from_ns, int64_t to_ns,
                 const char *const *words, int count)
{
    size_t n = 0;
    for (size_t i = 0; i < l->count; i++) {
        bool all = l->of[i].at_ns >= from_ns && l->of[i].at_ns <= to_ns;
        for (int w = 0; w < count && all; w++) {
            all = has_word(l->of[i].text, words[w]);
        }
        n += all ? 1u : 0u;
    }
    return n;
}

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a; /* at_ns comes first */
    const int64_t *y = b;
    return *x < *y ? -1 : *x > *y ? 1 : 0;
}

void scn_sort(struct scn_lines *l)
{
    qsort(l->of, l->count, sizeof l->of[0], by_time);
}

void scn_print(const struct scn_lines *l)
{
    for (size_t i = 0; i < l->count; i++) {
        (void)printf("    %9.3f  %s\n", (double)l->of[i].at_ns / 1e9, l->of[i].text);
    }
}

/* --- the record ------------------------------------------------------------------------------- */

static const char record_sql[] =
    "SELECT mono_ns, CASE kind"
    " WHEN 2 THEN 'nibp ' || (payload ->> 'error')"
    "   || coalesce(' ' || (payload ->> 'sys') || '/' || (payload ->> 'dia'), '')"
    " WHEN 4 THEN 'device ' || (payload ->> 'state') || ' ' || (payload ->> 'cause')"
    " WHEN 5 THEN 'signal ' || (payload ->> 'signals')"
    " WHEN 6 THEN 'cuff ' || (payload ->> 'state')"
    " WHEN 7 THEN 'session ' || (payload ->> 'event')"
    "   || coalesce(' ' || (payload ->> 'patient_ref'), '')"
    " WHEN 8 THEN 'dose ' || coalesce((payload ->> 'event') || ' ', '')"
    "   || coalesce((payload ->> 'kind') || ' ' || (payload ->> 'drug') || ' ', '')"
    "   || coalesce(payload ->> 'amount_ug', payload ->> 'rate_ug_h', '-')"
    "   || coalesce(' ' || replace(replace(trim(payload ->> 'deviation', '[]'), '\"', ''), ',', ' "
    "'),"
    "               '')"
    " WHEN 9 THEN 'acknowledgement'"
    " WHEN 10 THEN 'command ' || (payload ->> 'command')"
    " WHEN 11 THEN 'alarm ' || (payload ->> 'alarm') || ' ' || (payload ->> 'event') || ' '"
    "   || (payload ->> 'priority') || ' ' || coalesce((payload ->> 'vital') || ' ', '')"
    "   || coalesce((payload ->> 'sink') || ' ', '') || '#'"
    "   || (payload ->> 'instance') || ' C' || (payload ->> 'row')"
    " WHEN 12 THEN 'freshness ' || (payload ->> 'vital') || ' ' || (payload ->> 'fresh')"
    " WHEN 13 THEN 'clock ' || (payload ->> 'step_ms')"
    " WHEN 16 THEN 'inhibit ' || (payload ->> 'scope') || ' '"
    "   || coalesce(payload ->> 'state', payload ->> 'event')"
    " WHEN 17 THEN 'limits ' || (payload ->> 'event')"
    " WHEN 18 THEN 'limit ' || (payload ->> 'condition') || ' ' || (payload ->> 'cause') || ' '"
    "   || ((payload ->> 'limit_milli') / 1000)"
    " WHEN 19 THEN 'route ' || (payload ->> 'alarm') || ' ' || (payload ->> 'event')"
    "   || ' Q' || (payload ->> 'row') || coalesce(' ' || (payload ->> 'sink'), '')"
    " WHEN 20 THEN 'sink ' || (payload ->> 'sink') || ' ' || (payload ->> 'event')"
    " WHEN 21 THEN 'care ' || (payload ->> 'event')"
    "   || coalesce(' ' || (payload ->> 'scale'), '') || coalesce(' ' || (payload ->> 'score'), '')"
    "   || coalesce(' ' || (payload ->> 'fact') || ' ' || (payload ->> 'answer'), '')"
    " WHEN 22 THEN 'bind'"
    " WHEN 23 THEN 'plan ' || coalesce(payload ->> 'due', 'phase') || ' '"
    "   || coalesce(payload ->> 'state', payload ->> 'phase') || ' i' || (payload ->> 'index')"
    "   || coalesce(' off=' || ((payload ->> 'off_ms') / 1000), '')"
    " ELSE 'daemon ' || (payload ->> 'event') END"
    " || coalesce(' ' || bed, '') || coalesce(' ' || device, '')"
    " || coalesce(' by ' || operator, '') || iif(session = 0, '', ' session')"
    " FROM event WHERE kind NOT IN (1, 3) ORDER BY seq";

bool scn_add_record(struct scn_lines *l, const char *db_path, int64_t mono0_ns)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int rc = SQLITE_ERROR;

    if (sqlite3_open_v2(db_path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, record_sql, -1, &st, NULL) == SQLITE_OK) {
        for (rc = sqlite3_step(st); rc == SQLITE_ROW; rc = sqlite3_step(st)) {
            const char *text = (const char *)sqlite3_column_text(st, 1);
            scn_say(l, sqlite3_column_int64(st, 0) - mono0_ns, "%s",
                    text != NULL ? text : "a row without words");
        }
    }
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return rc == SQLITE_DONE;
}
