/* scenario_session.c -- see scenario_session.h. */
#include "tests/support/scenario_session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/scenario_alarm.h"
#include "vigil/compiler.h"

bool scn_add_protocol(struct vd *d, const char *name)
{
    struct vg_yaml_log log = { .out = stdout };
    struct vg_config *c = &d->config;
    char file[512];

    (void)snprintf(file, sizeof file, VG_SOURCE_DIR "/config/protocols/%s.yaml", name);
    if (vg_protocol_open(file, &log, &c->protocol_text[c->protocol_count]) != VG_OK ||
        vg_protocol_read(file, &c->protocol_text[c->protocol_count], &c->scales, &log,
                         &c->protocols[c->protocol_count]) != VG_OK) {
        return false;
    }
    c->protocol_count++;
    c->protocol_offered++;
    return true;
}

/* --- actions ---------------------------------------------------------------------------------- */

static bool is_bed(const struct vd *d, const char *word)
{
    for (uint16_t b = 0; b < d->config.bed_count; b++) {
        if (strcmp(d->config.beds[b].id, word) == 0) {
            return true;
        }
    }
    return false;
}

/* key=value as a member of JSON, behind a comma. */
static size_t put(char *out, size_t cap, const char *word)
{
    const char *is = strchr(word, '=');
    char value[256];
    size_t n = 0;

    VG_ASSERT(is != NULL);
    for (const char *s = is + 1; *s != '\0' && n + 1 < sizeof value; s++) {
        value[n++] = *s == '~' ? ' ' : *s;
    }
    value[n] = '\0';
    bool number = n > 0 && strspn(value, "-0123456789") == n && strncmp(word, "amount", 6) != 0;
    bool word_of_json = strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    const char *quote = number || word_of_json ? "" : "\"";
    return (size_t)snprintf(out, cap, ",\"%.*s\":%s%s%s", (int)(is - word), word, quote, value,
                            quote);
}

static bool do_say(struct vd *d, const struct scn_step *st)
{
    char more[700];
    size_t len = 0;
    int at = 2;
    const char *bed = d->config.beds[0].id;

    if (st->count < 2) {
        return false;
    }
    if (st->count > 2 && is_bed(d, st->words[2])) {
        bed = st->words[at++];
    }
    more[0] = '\0';
    for (; at < st->count; at++) {
        if (strchr(st->words[at], '=') == NULL) {
            return false;
        }
        len += put(more + len, sizeof more - len, st->words[at]);
    }
    scn_request(d, st->words[1], bed, "%s", more);
    return true;
}

/* correct void REASON, correct amend key=value ...: the last dose in force or not. */
static bool do_correct(struct vd *d, const struct scn_step *st)
{
    const char *bed = d->config.beds[0].id;
    const struct vg_session *s = &d->v->engine.beds[0].session;
    char more[700];
    char reason[64];

    if (st->count < 3 || s->dose_count == 0) {
        return false;
    }
    size_t len = (size_t)snprintf(more, sizeof more, ",\"target\":%" PRIu64,
                                  s->doses[s->dose_count - 1].seq);
    if (strcmp(st->words[1], "void") == 0) {
        (void)snprintf(reason, sizeof reason, "reason=%s", st->words[2]);
        (void)put(more + len, sizeof more - len, reason);
        scn_request(d, "dose_void", bed, "%s", more);
        return true;
    }
    for (int at = 2; at < st->count; at++) {
        len += put(more + len, sizeof more - len, st->words[at]);
    }
    scn_request(d, "dose_amend", bed, "%s", more);
    return true;
}

/* What the next start finds in the configuration. */
static bool do_forget(struct vd *d, const struct scn_step *st)
{
    (void)st;
    d->config.protocol_count = 0;
    d->config.protocol_offered = 0;
    return true;
}

static void facts(struct vd *d, const char *bed, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        scn_request(d, "fact", bed, ",\"fact\":\"%s\",\"answer\":\"yes\"", names[i]);
    }
}

static const char *bed_of(const struct vd *d, const struct scn_step *st)
{
    return st->count > 1 ? st->words[1] : d->config.beds[0].id;
}

static bool do_ready(struct vd *d, const struct scn_step *st)
{
    static const char *const names[] = { "identity",   "consent",           "fasting",
                                         "escort",     "contraindications", "equipment",
                                         "alarm_test", "room_air",          "rems",
                                         NULL };
    scn_request(d, "weight", bed_of(d, st), ",\"weight\":\"70 kg\"");
    facts(d, bed_of(d, st), names);
    return true;
}

static bool do_signed(struct vd *d, const struct scn_step *st)
{
    static const char *const names[] = { "oriented", "walks",    "advice", "contact",
                                         "line_out", "released", NULL };
    facts(d, bed_of(d, st), names);
    return true;
}

static bool do_awake(struct vd *d, const struct scn_step *st)
{
    const char *bed = bed_of(d, st);
    scn_request(d, "score", bed, ",\"scale\":\"moaas\",\"score\":5");
    scn_request(d, "score", bed, ",\"scale\":\"dissociation\",\"score\":0");
    scn_request(d, "score", bed, ",\"scale\":\"nausea\",\"score\":0");
    return true;
}

bool scn_act_session(struct vd *d, const struct scn_step *st)
{
    static const struct {
        const char *word;
        bool (*act)(struct vd *d, const struct scn_step *st);
    } acts[] = {
        { "say", do_say },     { "correct", do_correct }, { "forget", do_forget },
        { "ready", do_ready }, { "signed", do_signed },   { "awake", do_awake },
    };
    for (size_t i = 0; i < VG_COUNT(acts); i++) {
        if (strcmp(acts[i].word, st->words[0]) == 0) {
            return acts[i].act(d, st);
        }
    }
    return false;
}

/* --- state ------------------------------------------------------------------------------------ */

static void show_marks(struct scn_lines *state, const struct vg_session *s, const char *bed)
{
    for (uint16_t i = 0; i < s->mark_count; i++) {
        const struct vg_mark *m = &s->marks[i];
        bool begun = s->clock.first_ns != VG_TIME_NONE;
        int64_t min = begun ? (m->due_ns - s->clock.first_ns) / VG_NS_PER_S / 60 : 0;
        bool made = m->state == VG_MS_MET || m->state == VG_MS_MET_LATE;
        char off[32] = "";
        if (made) {
            (void)snprintf(off, sizeof off, " off=%" PRId64, m->off_ns / VG_NS_PER_S);
        }
        scn_say(state, 0, "mark %s +%" PRId64 " %s%s %s", m->scales == 0 ? "nibp" : "score", min,
                vg_mark_state_name((enum vg_mark_state)m->state), off, bed);
    }
}

static void show_totals(struct scn_lines *state, const struct vigild *v, uint16_t b)
{
    const struct vg_session *s = &v->engine.beds[b].session;
    for (uint16_t i = 0; i < s->dose_count; i++) {
        struct vg_totals t;
        vg_dose_totals(s, s->doses[i].drug, v->reactor.now.mono_ns, &t);
        scn_say(state, 0, "total %s given=%" PRId64 " infused=%" PRId64 " remaining=%" PRId64 " %s",
                s->doses[i].drug, t.given_ug, t.infused_ug, t.remaining_ug, v->names.bed[b]);
    }
}

void scn_show_plan(struct scn_lines *state, const struct vigild *v, uint16_t bed)
{
    const struct vg_session *s = &v->engine.beds[bed].session;
    const struct vg_protocol *p = vg_engine_protocol(&v->engine, bed);
    const char *name = v->names.bed[bed];
    struct vg_gate_answer g = vg_gate_judge(&v->engine, bed, v->reactor.now.mono_ns);
    char missing[256] = "";

    if (s->seq == 0 || p == NULL) {
        return;
    }
    for (unsigned i = 0; i < VG_GATE_COUNT; i++) {
        if ((g.deviating & (1u << i)) != 0) {
            size_t len = strlen(missing);
            (void)snprintf(missing + len, sizeof missing - len, " %s",
                           vg_gate_item_name((enum vg_gate_item)i));
        }
    }
    scn_say(state, 0, "gate %s%s %s", g.deviating == 0 ? "open" : "closed", missing, name);
    scn_say(state, 0, "phase %s %s", p->phases[v->engine.beds[bed].phase.row].name, name);
    scn_say(state, 0, "responsible %s %s", s->operator_id, name);
    scn_say(state, 0, "discharge %s %s",
            vg_discharge_judge(&v->engine, bed, v->reactor.now.mono_ns) == 0 ? "ready" : "not",
            name);
    show_marks(state, s, name);
    show_totals(state, v, bed);
}
