/*
 * protocol.c -- see protocol.h. The file is read into a struct that mirrors it key by key, then
 * resolved: minutes become seconds, names become indices, milligrams micrograms.
 */
#include "lib/protocol.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chain.h"
#include "vigil/compiler.h"
#include "vigil/vital.h"

#define TIMES_MAX 16
#define LISTS_MAX 16

struct raw_phase {
    char name[VG_NAME_MAX];
    int32_t from_min;
    bool live, dosing, relaxes;
};

/* Times of one thing that is due. */
struct raw_times {
    char scale[VG_SCALE_ID_MAX];
    int32_t at_min[TIMES_MAX];
    uint16_t at_count;
    int32_t window_min;
    uint8_t after; /* 0 first, 1 further */
    bool optional;
};

struct raw_formula {
    char condition[VG_ID_MAX];
    uint8_t base;
    int32_t percent, plus, low, high;
};

struct raw_check {
    uint8_t check;
    char scale[VG_SCALE_ID_MAX];
    char fact[VG_ID_MAX];
    int32_t score;
};

struct raw_protocol {
    struct vg_protocol p; /* what needs no resolving */
    int32_t version, peak_min, infusion_min, gap_min, devices, weight_days, baseline_min;
    int32_t after_first_min, after_last_min;
    int64_t soft_low, soft_high, hard, total, device; /* thousandths of a milligram */
    uint16_t phase_count, reading_count, score_count, formula_count, check_count;
    struct raw_phase phases[VG_PHASES_MAX];
    struct raw_times readings[LISTS_MAX];
    struct raw_times scores[LISTS_MAX];
    struct raw_formula formulas[VG_FORMULAS_MAX];
    struct raw_check checks[VG_CHECKS_MAX];
};

/* --- the keys ------------------------------------------------------------------------------- */

#define TABLE(rows)                                                                                \
    {                                                                                              \
        rows, VG_COUNT(rows)                                                                       \
    }
#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

static const char *const route_words[] = {
    "iv", "im", "sc", "sl", "buccal", "nasal", "oral", NULL
};
static const char *const after_words[] = { "first", "further", NULL };
static const char *const strength_words[] = { "off", "soft", "hard", NULL };
static const char *const base_words[] = { "sys", "dia", "mean", "pr", "spo2", NULL };
static const char *const check_words[] = { "time",    "bp",       "spo2", "at_least",
                                           "at_most", "no_alarm", "fact", NULL };
static_assert(VG_COUNT(route_words) == VG_ROUTE_COUNT + 1, "a route has no word");
static_assert(VG_COUNT(strength_words) == VG_STRENGTH_COUNT + 1, "a strength has no word");
static_assert(VG_COUNT(base_words) == VG_BASE_COUNT + 1, "a baseline has no word");
static_assert(VG_COUNT(check_words) == VG_CHECK_KIND_COUNT + 1, "a check has no word");

/* clang-format off */
static const struct vg_yaml_field phase_rows[] = {
    { .key = "name", .type = VG_YAML_ID, .required = true, AT(struct raw_phase, name),
      .doc = "what people call the phase" },
    { .key = "from_min", .type = VG_YAML_INT, .required = true, AT(struct raw_phase, from_min),
      .min = -240, .max = 720, .unit = "min",
      .doc = "begin, minutes from the first dose; the first phase is what is before it" },
    { .key = "live", .type = VG_YAML_BOOL, .fallback = "yes", AT(struct raw_phase, live),
      .doc = "SpO2 and pulse rate must be live" },
    { .key = "dosing", .type = VG_YAML_BOOL, .fallback = "no", AT(struct raw_phase, dosing),
      .doc = "the drug acts: trouble with equipment is of high priority" },
    { .key = "relaxes", .type = VG_YAML_BOOL, .fallback = "no", AT(struct raw_phase, relaxes),
      .doc = "nothing must be live any more once MOAA/S was 5 twice" },
};
static const struct vg_yaml_table phase_table = TABLE(phase_rows);

#define TIME_ROWS(window)                                                                          \
    { .key = "at_min", .type = VG_YAML_INTS, .required = true,                                     \
      .offset = offsetof(struct raw_times, at_min), .size = sizeof(int32_t),                       \
      .count_offset = offsetof(struct raw_times, at_count), .items_max = TIMES_MAX, .min = 0,      \
      .max = 720, .doc = "when, minutes from the dose" },                                          \
    { .key = "window_min", .type = VG_YAML_INT, .fallback = window,                                \
      AT(struct raw_times, window_min), .min = 1, .max = 15, .unit = "min",                        \
      .doc = "on time within so much before and after" },                                          \
    { .key = "after", .type = VG_YAML_ENUM, .names = after_words, .fallback = "first",             \
      AT(struct raw_times, after), .doc = "which dose: the first, or each further one" },          \
    { .key = "optional", .type = VG_YAML_BOOL, .fallback = "no", AT(struct raw_times, optional),   \
      .doc = "asked for, but nobody is called when it is not made" }

static const struct vg_yaml_field reading_rows[] = { TIME_ROWS("2") };
static const struct vg_yaml_table reading_table = TABLE(reading_rows);
static const struct vg_yaml_field score_rows[] = {
    { .key = "scale", .type = VG_YAML_ID, .required = true, AT(struct raw_times, scale),
      .doc = "id of the scale, such as moaas" },
    TIME_ROWS("5"),
};
static const struct vg_yaml_table score_table = TABLE(score_rows);

#define MILLIGRAMS(word, member, text)                                                             \
    { .key = word, .type = VG_YAML_DECIMAL, .places = 3, .fallback = "0",                          \
      AT(struct raw_protocol, member), .min = 0, .max = 1000000, .unit = "mg", .doc = text }
static const struct vg_yaml_field dose_rows[] = {
    { .key = "per_kg", .type = VG_YAML_BOOL, .fallback = "no",
      AT(struct raw_protocol, p.range.per_kg),
      .doc = "the three bounds are per kilogram of the person" },
    MILLIGRAMS("soft_low", soft_low, "under this it is asked back"),
    MILLIGRAMS("soft_high", soft_high, "over this it is asked back"),
    MILLIGRAMS("hard", hard, "over this it is recorded as a deviation of the hard range"),
    MILLIGRAMS("total", total, "the same for all doses of a session together"),
    MILLIGRAMS("device", device, "what one nasal device holds"),
    { .key = "devices", .type = VG_YAML_INT, .fallback = "0", AT(struct raw_protocol, devices),
      .min = 0, .max = 10, .doc = "how many nasal devices are planned" },
    { .key = "gap_min", .type = VG_YAML_INT, .fallback = "0", AT(struct raw_protocol, gap_min),
      .min = 0, .max = 240, .unit = "min", .doc = "least time between two doses" },
    { .key = "infusion_min", .type = VG_YAML_INT, .fallback = "0",
      AT(struct raw_protocol, infusion_min), .min = 0, .max = 480, .unit = "min",
      .doc = "planned length of the infusion; five minutes over it somebody is told" },
};
static const struct vg_yaml_table dose_table = TABLE(dose_rows);

#define ITEM(word, item, text)                                                                     \
    { .key = word, .type = VG_YAML_ENUM, .names = strength_words, .fallback = "off",               \
      .offset = offsetof(struct raw_protocol, p.gate.strength[item]), .size = 1, .doc = text }
#define VALUE(word, member, usual, low, high, text)                                                \
    { .key = word, .type = VG_YAML_DECIMAL, .places = 3, .fallback = usual,                        \
      AT(struct raw_protocol, p.gate.member), .min = (low) * 1000, .max = (high) * 1000,           \
      .doc = text }
#define MMHG(word, member, usual, text) VALUE(word, member, usual, 30, 260, text)
static const struct vg_yaml_field gate_rows[] = {
    ITEM("identity", VG_GATE_IDENTITY, "two identifiers were compared"),
    ITEM("consent", VG_GATE_CONSENT, "consent is recorded"),
    ITEM("weight", VG_GATE_WEIGHT, "the weight is recorded and not too old"),
    ITEM("baseline", VG_GATE_BASELINE, "a whole baseline is recorded and not too old"),
    ITEM("spo2_live", VG_GATE_SPO2_LIVE, "SpO2 and pulse rate are live"),
    ITEM("nibp_ready", VG_GATE_NIBP_READY, "a cuff is connected, or a reading was just entered"),
    ITEM("alarm_test", VG_GATE_ALARM_TEST, "somebody heard the test alarm in this session"),
    ITEM("sink", VG_GATE_SINK, "an alarm sink is well; in quiet mode somebody named watches"),
    ITEM("no_high_alarm", VG_GATE_NO_HIGH_ALARM, "no alarm of high priority is open"),
    ITEM("clock", VG_GATE_CLOCK, "the wall clock is kept right"),
    ITEM("bp", VG_GATE_BP, "the last blood pressure is at most the gate value"),
    ITEM("bp_hold", VG_GATE_BP_HOLD, "it is under the hold value, or a prescriber is present"),
    ITEM("spo2", VG_GATE_SPO2, "SpO2 is at least the gate value on room air"),
    ITEM("spo2_hold", VG_GATE_SPO2_HOLD, "SpO2 is at least the hold value"),
    ITEM("pulse_rate", VG_GATE_PULSE_RATE, "the pulse rate is within the gate values"),
    ITEM("escort", VG_GATE_ESCORT, "an escort is confirmed"),
    ITEM("fasting", VG_GATE_FASTING, "the person has fasted"),
    ITEM("contraindications", VG_GATE_CONTRAINDICATIONS, "the list was gone through"),
    ITEM("equipment", VG_GATE_EQUIPMENT, "the emergency equipment was checked"),
    ITEM("rems", VG_GATE_REMS, "the enrolment is confirmed"),
    MMHG("sys", sys_milli, "140", "gate value of the systolic pressure, mmHg"),
    MMHG("dia", dia_milli, "90", "gate value of the diastolic pressure, mmHg"),
    MMHG("sys_65", sys_65_milli, "150", "systolic gate value from 65 years, mmHg"),
    MMHG("hold_sys", hold_sys_milli, "160", "systolic hold value, mmHg"),
    MMHG("hold_dia", hold_dia_milli, "100", "diastolic hold value, mmHg"),
    VALUE("spo2_at_least", spo2_milli, "94", 80, 100, "gate value of SpO2, %"),
    VALUE("spo2_hold_at_least", hold_spo2_milli, "90", 80, 100, "hold value of SpO2, %"),
    VALUE("pulse_at_least", pr_low_milli, "50", 35, 180, "lowest pulse rate, /min"),
    VALUE("pulse_at_most", pr_high_milli, "110", 35, 180, "highest pulse rate, /min"),
    { .key = "weight_days", .type = VG_YAML_INT, .fallback = "30",
      AT(struct raw_protocol, weight_days), .min = 0, .max = 366, .unit = "days",
      .doc = "how old the weight may be" },
    { .key = "baseline_readings", .type = VG_YAML_INT, .fallback = "2",
      AT(struct raw_protocol, p.gate.baseline_count), .min = 0, .max = 3,
      .doc = "blood pressures a baseline is made of" },
    { .key = "baseline_within_min", .type = VG_YAML_INT, .fallback = "15",
      AT(struct raw_protocol, baseline_min), .min = 1, .max = 60, .unit = "min",
      .doc = "how old the baseline may be at the first dose" },
};
static const struct vg_yaml_table gate_table = TABLE(gate_rows);

static const struct vg_yaml_field formula_rows[] = {
    { .key = "condition", .type = VG_YAML_STRING, .required = true,
      AT(struct raw_formula, condition), .doc = "whose limit, such as SYS_HIGH" },
    { .key = "base", .type = VG_YAML_ENUM, .names = base_words, .required = true,
      AT(struct raw_formula, base), .doc = "which value of the baseline" },
    { .key = "percent", .type = VG_YAML_INT, .fallback = "100", AT(struct raw_formula, percent),
      .min = 1, .max = 200, .unit = "%", .doc = "of it" },
    { .key = "plus", .type = VG_YAML_INT, .fallback = "0", AT(struct raw_formula, plus),
      .min = -100, .max = 100, .doc = "and so much more" },
    { .key = "low", .type = VG_YAML_INT, .required = true, AT(struct raw_formula, low), .min = 20,
      .max = 260, .doc = "never under this" },
    { .key = "high", .type = VG_YAML_INT, .required = true, AT(struct raw_formula, high),
      .min = 20, .max = 260, .doc = "never over this" },
};
static const struct vg_yaml_table formula_table = TABLE(formula_rows);

static const struct vg_yaml_field discharge_rows[] = {
    { .key = "after_first_min", .type = VG_YAML_INT, .required = true,
      AT(struct raw_protocol, after_first_min), .min = 0, .max = 720, .unit = "min",
      .doc = "earliest end, minutes after the first dose" },
    { .key = "after_last_min", .type = VG_YAML_INT, .required = true,
      AT(struct raw_protocol, after_last_min), .min = 0, .max = 720, .unit = "min",
      .doc = "earliest end, minutes after the last dose or the end of the infusion" },
};
static const struct vg_yaml_table discharge_table = TABLE(discharge_rows);

static const struct vg_yaml_field check_rows[] = {
    { .key = "check", .type = VG_YAML_ENUM, .names = check_words, .required = true,
      AT(struct raw_check, check), .doc = "what must hold before the session closes" },
    { .key = "scale", .type = VG_YAML_STRING, AT(struct raw_check, scale),
      .doc = "of at_least and at_most: the scale" },
    { .key = "score", .type = VG_YAML_INT, .fallback = "0", AT(struct raw_check, score),
      .min = -100, .max = 100, .doc = "of at_least and at_most: the score" },
    { .key = "fact", .type = VG_YAML_STRING, AT(struct raw_check, fact),
      .doc = "of fact: what somebody says yes to" },
};
static const struct vg_yaml_table check_table = TABLE(check_rows);

#define LIST(word, member, counter, rows_max, rows, text)                                          \
    { .key = word, .type = VG_YAML_LIST, .offset = offsetof(struct raw_protocol, member),          \
      .size = sizeof(((struct raw_protocol *)NULL)->member[0]),                                    \
      .count_offset = offsetof(struct raw_protocol, counter), .items_max = rows_max,               \
      .table = &rows, .doc = text }
static const struct vg_yaml_field protocol_rows[] = {
    { .key = "version", .type = VG_YAML_INT, .required = true, AT(struct raw_protocol, version),
      .min = 1, .max = 1, .doc = "of this form of file, always 1" },
    { .key = "id", .type = VG_YAML_ID, .required = true, AT(struct raw_protocol, p.id),
      .doc = "name by which a session asks for it" },
    { .key = "title", .type = VG_YAML_STRING, .required = true, AT(struct raw_protocol, p.title),
      .doc = "one line for people" },
    { .key = "revision", .type = VG_YAML_STRING, AT(struct raw_protocol, p.revision),
      .doc = "which revision of the clinic's text this is" },
    { .key = "author", .type = VG_YAML_STRING, AT(struct raw_protocol, p.author),
      .doc = "who wrote it" },
    { .key = "approver", .type = VG_YAML_STRING, AT(struct raw_protocol, p.approver),
      .doc = "the clinician who approved it" },
    { .key = "drug", .type = VG_YAML_STRING, .required = true, AT(struct raw_protocol, p.drug),
      .doc = "its drug; another one is a deviation" },
    { .key = "route", .type = VG_YAML_ENUM, .names = route_words, .required = true,
      AT(struct raw_protocol, p.route), .doc = "its route; another one is a deviation" },
    { .key = "peak_min", .type = VG_YAML_INT, .required = true, AT(struct raw_protocol, peak_min),
      .min = 0, .max = 240, .unit = "min", .doc = "when the effect is expected to be strongest" },
    { .key = "auto_cuff", .type = VG_YAML_BOOL, .fallback = "yes",
      AT(struct raw_protocol, p.auto_cuff),
      .doc = "cuffs that can be started are asked at their time" },
    { .key = "second_check", .type = VG_YAML_BOOL, .fallback = "yes",
      AT(struct raw_protocol, p.second_check), .doc = "each dose asks for a second person" },
    LIST("phases", phases, phase_count, VG_PHASES_MAX, phase_table, "phases in order of time"),
    LIST("readings", readings, reading_count, LISTS_MAX, reading_table, "blood pressures"),
    LIST("scores", scores, score_count, LISTS_MAX, score_table, "scores"),
    { .key = "dose", .type = VG_YAML_MAP, .table = &dose_table, .doc = "usual doses" },
    { .key = "gate", .type = VG_YAML_MAP, .table = &gate_table,
      .doc = "what is asked before a dose: off, soft (may be overridden) or hard" },
    LIST("formulas", formulas, formula_count, VG_FORMULAS_MAX, formula_table,
         "limits from the baseline; the built-in ones hold for conditions that are not here"),
    { .key = "discharge", .type = VG_YAML_MAP, .table = &discharge_table,
      .doc = "the observation floor" },
    LIST("checks", checks, check_count, VG_CHECKS_MAX, check_table, "discharge checks"),
};
/* clang-format on */
static const struct vg_yaml_table protocol_table = TABLE(protocol_rows);

/* --- resolving ------------------------------------------------------------------------------ */

struct reader {
    struct vg_yaml y;
    struct raw_protocol raw;
    const struct vg_scales *scales;
    struct vg_protocol *out;
};

static void complain(struct reader *r, const char *list, uint16_t i, const char *key,
                     const char *what, const char *word)
{
    char path[VG_YAML_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s[%u].%s", list, (unsigned)i, key);
    vg_yaml_error(&r->y, path, "there is no %s '%s'; check its name", what, word);
}

static void take_phases(struct reader *r)
{
    for (uint16_t i = 0; i < r->raw.phase_count; i++) {
        const struct raw_phase *in = &r->raw.phases[i];
        struct vg_phase_row *row = &r->out->phases[i];
        memcpy(row->name, in->name, sizeof row->name);
        row->from_s = in->from_min * 60;
        row->required = in->live ? 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE : 0;
        row->dosing = in->dosing;
        row->relaxes = in->relaxes;
    }
    r->out->phase_count = r->raw.phase_count;
}

/* A score at the same time as another one is due together with it. */
static struct vg_plan_row *row_for(struct vg_protocol *p, const struct vg_plan_row *want)
{
    for (uint16_t i = 0; i < p->plan_count && want->scales != 0; i++) {
        struct vg_plan_row *row = &p->plan[i];
        if (row->scales != 0 && row->at_s == want->at_s && row->further == want->further &&
            row->window_s == want->window_s && row->optional == want->optional) {
            return row;
        }
    }
    if (p->plan_count == VG_PLAN_ROWS_MAX) {
        return NULL;
    }
    p->plan[p->plan_count] = *want;
    p->plan[p->plan_count].scales = 0;
    return &p->plan[p->plan_count++];
}

static void take_times(struct reader *r, const char *list, uint16_t i, const struct raw_times *in)
{
    size_t scale = 0;
    bool score = list[0] == 's';

    if (score) {
        scale = vg_scale_find(r->scales, in->scale);
        if (scale == VG_SCALES_MAX) {
            complain(r, list, i, "scale", "scale", in->scale);
            return;
        }
    }
    for (uint16_t t = 0; t < in->at_count; t++) {
        struct vg_plan_row want = {
            .at_s = in->at_min[t] * 60,
            .window_s = in->window_min * 60,
            .scales = score ? 1u << scale : 0,
            .further = in->after != 0,
            .optional = in->optional,
        };
        struct vg_plan_row *row = row_for(r->out, &want);
        if (row == NULL) {
            vg_yaml_error(&r->y, list, "more than %d readings and scores; leave some out",
                          VG_PLAN_ROWS_MAX);
            return;
        }
        row->scales |= want.scales;
    }
}

static void take_formulas(struct reader *r)
{
    for (uint16_t i = 0; i < r->raw.formula_count; i++) {
        const struct raw_formula *in = &r->raw.formulas[i];
        enum vg_condition c;
        if (!vg_condition_find(in->condition, &c)) {
            complain(r, "formulas", i, "condition", "condition", in->condition);
            continue;
        }
        r->out->formulas[i] = (struct vg_formula){
            (uint8_t)c, in->base, in->percent, in->plus * 1000, in->low * 1000, in->high * 1000,
        };
    }
    r->out->formula_count = r->raw.formula_count;
}

static void take_checks(struct reader *r)
{
    for (uint16_t i = 0; i < r->raw.check_count; i++) {
        const struct raw_check *in = &r->raw.checks[i];
        struct vg_check_row *row = &r->out->checks[i];
        enum vg_fact fact = VG_FACT_COUNT;

        row->kind = in->check; /* member by member: what is between them stays zero */
        row->value = in->score;
        if (in->check == VG_CHECK_AT_LEAST || in->check == VG_CHECK_AT_MOST) {
            size_t scale = vg_scale_find(r->scales, in->scale);
            if (scale == VG_SCALES_MAX) {
                complain(r, "checks", i, "scale", "scale", in->scale);
            }
            row->index = (uint8_t)scale;
        } else if (in->check == VG_CHECK_FACT) {
            if (!vg_fact_find(in->fact, &fact)) {
                complain(r, "checks", i, "fact", "fact", in->fact);
            }
            row->index = (uint8_t)fact;
        } else {
            row->value = 0;
        }
    }
    r->out->check_count = r->raw.check_count;
}

static void resolve(struct reader *r)
{
    const struct raw_protocol *raw = &r->raw;
    struct vg_protocol *p = r->out;

    *p = raw->p;
    take_phases(r);
    for (uint16_t i = 0; i < raw->reading_count; i++) {
        take_times(r, "readings", i, &raw->readings[i]);
    }
    for (uint16_t i = 0; i < raw->score_count; i++) {
        take_times(r, "scores", i, &raw->scores[i]);
    }
    take_formulas(r);
    take_checks(r);
    p->peak_s = raw->peak_min * 60;
    p->infusion_s = raw->infusion_min * 60;
    p->dose_gap_s = raw->gap_min * 60;
    p->device_count = raw->devices;
    p->device_ug = raw->device;
    p->range.soft_low_ug = raw->soft_low;
    p->range.soft_high_ug = raw->soft_high;
    p->range.hard_ug = raw->hard;
    p->range.total_ug = raw->total;
    p->gate.weight_days = raw->weight_days;
    p->gate.baseline_age_s = raw->baseline_min * 60;
    p->floor_first_s = raw->after_first_min * 60;
    p->floor_last_s = raw->after_last_min * 60;
}

static void hash(const struct vg_protocol_text *text, char out[VG_PROTOCOL_HASH_MAX])
{
    static_assert(VG_PROTOCOL_HASH_MAX == VG_HEX_MAX(VG_HASH_BYTES), "a hash does not fit");
    struct vg_hash digest = vg_chain_sha256(text->bytes, text->len);
    (void)vg_hex(digest.of, VG_HASH_BYTES, out);
}

enum vg_status vg_protocol_read(const char *file, const struct vg_protocol_text *text,
                                const struct vg_scales *scales, struct vg_yaml_log *log,
                                struct vg_protocol *out)
{
    struct reader *r = calloc(1, sizeof *r);
    uint32_t before = log->count;
    const char *where = NULL;
    const char *why = NULL;

    memset(out, 0, sizeof *out);
    if (r == NULL) {
        return VG_ERR_FULL;
    }
    r->scales = scales;
    r->out = out;
    if (vg_yaml_open_text(&r->y, file, text->bytes, text->len, log) == VG_OK &&
        vg_yaml_read(&r->y, &protocol_table, &r->raw) == VG_OK) {
        resolve(r);
        hash(text, out->hash);
        if (log->count == before && vg_protocol_check(out, &where, &why) != VG_OK) {
            vg_yaml_error(&r->y, where, "%s", why);
        }
    }
    vg_yaml_close(&r->y);
    free(r);
    return log->count == before ? VG_OK : VG_ERR_FORMAT;
}

enum vg_status vg_protocol_open(const char *file, struct vg_yaml_log *log,
                                struct vg_protocol_text *out)
{
    FILE *f = fopen(file, "rbe");
    enum vg_status st = VG_OK;

    out->len = 0;
    if (f == NULL) {
        (void)fprintf(log->out, "%s: error: cannot be read: %s; check the path\n", file,
                      strerror(errno));
        log->count++;
        return VG_ERR_IO;
    }
    out->len = fread(out->bytes, 1, sizeof out->bytes, f);
    if (out->len == sizeof out->bytes) {
        (void)fprintf(log->out, "%s: error: longer than %zu bytes; shorten its comments\n", file,
                      sizeof out->bytes - 1);
        log->count++;
        st = VG_ERR_RANGE;
    }
    (void)fclose(f);
    return st;
}
