/*
 * wire_request_care.c -- sessions, and what people do around them: scores, facts, readings, notes.
 *
 * What only people read is text beside the event. What a therapist writes is private: it goes into
 * the record as the last member, "private", and never onto the stream.
 */
#include <string.h>

#include "lib/wire_take.h"
#include "vigil/protocol.h"

#define SHORT_TEXT 48
#define LONG_TEXT 400

/* --- sessions ------------------------------------------------------------------------------- */

static bool take_kind(struct vg_wire_parse *p, struct vg_session_event *s)
{
    char word[VG_ID_MAX];
    enum vg_session_kind kind = VG_SESSION_DOSING;
    if (!vg_wire_take_text(p, "kind", word, sizeof word, false)) {
        return false;
    }
    if (word[0] != '\0' && !vg_session_kind_find(word, &kind)) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "kind '%s' is not dosing, preparation or integration",
                           word);
        return false;
    }
    s->kind = (uint8_t)kind;
    return true;
}

static bool take_protocol(struct vg_wire_parse *p, struct vg_session_event *s)
{
    uint16_t at = 0;
    s->protocol = VG_PROTOCOL_NONE;
    if (json_object_get(p->root, "protocol") == NULL) {
        return true;
    }
    if (s->kind != VG_SESSION_DOSING) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "only a dosing session has a protocol; leave it out");
        return false;
    }
    bool ok = vg_wire_take_index(p, "protocol", p->names->protocol, p->names->protocol_offered,
                                 &at);
    s->protocol = (uint8_t)at;
    return ok;
}

bool vg_wire_take_session(struct vg_wire_parse *p, struct vg_request *r)
{
    struct vg_session_event *s = &r->ev.u.session_move;
    bool open = r->op == VG_OP_SESSION_OPEN;

    r->ev.kind = VG_EV_SESSION;
    s->move = open ? VG_SESSION_OPEN : VG_SESSION_CLOSE;
    s->protocol = VG_PROTOCOL_NONE;
    if (!vg_wire_take_who(p, s->request_id, s->operator_id)) {
        return false;
    }
    if (!open) {
        return vg_wire_take_text(p, "reason", s->text, sizeof s->text, false);
    }
    return vg_wire_take_text(p, "patient_ref", s->text, VG_NAME_MAX, true) &&
           vg_wire_take_text(p, "course", s->course, sizeof s->course, false) && take_kind(p, s) &&
           take_protocol(p, s);
}

/* --- numbers -------------------------------------------------------------------------------- */

static bool take_int(struct vg_wire_parse *p, const char *key, int64_t min, int64_t max,
                     int32_t *out)
{
    const json_t *v = json_object_get(p->root, key);
    if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max) {
        (void)vg_wire_fail(p, VG_ERR_RANGE, "member '%s' must be an integer from %lld to %lld", key,
                           (long long)min, (long long)max);
        return false;
    }
    *out = (int32_t)json_integer_value(v);
    return true;
}

static bool take_moaas(struct vg_wire_parse *p, struct vg_care *c)
{
    c->value[0] = VG_SCALE_MOAAS;
    return take_int(p, "score", 0, VG_MOAAS_AWAKE, &c->value[1]);
}

static bool take_score(struct vg_wire_parse *p, struct vg_care *c)
{
    uint16_t scale = 0;
    bool ok = vg_wire_take_index(p, "scale", p->names->scale, p->names->scale_count, &scale);
    c->value[0] = scale;
    return ok && take_int(p, "score", -1000, 1000, &c->value[1]);
}

static bool take_fact(struct vg_wire_parse *p, struct vg_care *c)
{
    char word[VG_ID_MAX];
    enum vg_fact fact;
    if (!vg_wire_take_text(p, "fact", word, sizeof word, true)) {
        return false;
    }
    if (!vg_fact_find(word, &fact)) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "there is no fact '%s'; 'vigilctl plan' lists them",
                           word);
        return false;
    }
    c->value[0] = (int32_t)fact;
    if (!vg_wire_take_text(p, "answer", word, sizeof word, true)) {
        return false;
    }
    if (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "answer '%s' is not yes or no", word);
        return false;
    }
    c->value[1] = word[0] == 'y' ? 1 : 0;
    return vg_wire_take_extra(p, "document", SHORT_TEXT, false);
}

static bool take_weight(struct vg_wire_parse *p, struct vg_care *c)
{
    static const struct vg_wire_part units[] = { { "kg", 1000 }, { "g", 1 } };
    uint64_t days = 0;

    if (json_object_get(p->root, "weight") == NULL) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "member 'weight' is missing; add it, like 70.2 kg");
        return false;
    }
    if (!vg_wire_take_parts(p, "weight", units, VG_COUNT(units),
                            "70.2 kg; pounds and stones are not taken", &c->value[0]) ||
        !vg_wire_take_parts(p, "confirm", units, VG_COUNT(units), "154 kg", &c->value[2]) ||
        !vg_wire_take_uint(p, "measured_days", 366, false, &days)) {
        return false;
    }
    c->value[1] = (int32_t)days;
    return vg_wire_take_extra(p, "method", SHORT_TEXT, false);
}

/* Whole numbers as a cuff shows them. */
static bool take_reading(struct vg_wire_parse *p, struct vg_care *c)
{
    static const struct {
        const char *key;
        int64_t max;
        bool pressure;
    } of[VG_HAND_COUNT] = {
        [VG_HAND_SYS] = { "sys", 400, true },    [VG_HAND_DIA] = { "dia", 400, true },
        [VG_HAND_MEAN] = { "mean", 400, true },  [VG_HAND_PR] = { "pulse_rate", 400, false },
        [VG_HAND_SPO2] = { "spo2", 100, false },
    };
    char unit[VG_ID_MAX];
    bool pressure = false;

    for (size_t h = 0; h < VG_HAND_COUNT; h++) {
        c->value[h] = -1;
        if (json_object_get(p->root, of[h].key) != NULL) {
            if (!take_int(p, of[h].key, 1, of[h].max, &c->value[h])) {
                return false;
            }
            c->value[h] *= 1000;
            pressure = pressure || of[h].pressure;
        }
    }
    if (!vg_wire_take_text(p, "unit", unit, sizeof unit, pressure)) {
        return false;
    }
    if (unit[0] != '\0' && strcmp(unit, "mmHg") != 0) {
        (void)vg_wire_fail(p, VG_ERR_ARG,
                           "unit '%s' is not mmHg; read the cuff in mmHg (16.0 kPa is 120 mmHg)",
                           unit);
        return false;
    }
    return vg_wire_take_extra(p, "position", SHORT_TEXT, false) &&
           vg_wire_take_extra(p, "limb", SHORT_TEXT, false);
}

static bool take_schedule(struct vg_wire_parse *p, struct vg_care *c)
{
    uint64_t every = 0;
    uint8_t v = 0;
    bool ok = vg_wire_take_vital(p, &v) && vg_wire_take_uint(p, "every_s", 86400, true, &every);
    c->value[0] = v;
    c->value[1] = (int32_t)every;
    return ok;
}

static bool take_defer(struct vg_wire_parse *p, struct vg_care *c)
{
    return take_int(p, "seconds", 1, 180, &c->value[0]) &&
           vg_wire_take_extra(p, "reason", SHORT_TEXT, false);
}

static bool take_priority(struct vg_wire_parse *p, struct vg_care *c)
{
    char word[VG_ID_MAX];
    enum vg_priority prio;
    if (!vg_wire_take_text(p, "priority", word, sizeof word, true)) {
        return false;
    }
    if (!vg_priority_find(word, &prio)) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "priority '%s' is not low, medium or high", word);
        return false;
    }
    c->value[0] = (int32_t)prio;
    return true;
}

/* --- texts ---------------------------------------------------------------------------------- */

static bool take_symptom(struct vg_wire_parse *p, struct vg_care *c)
{
    const json_t *serious = json_object_get(p->root, "serious");
    if (!take_int(p, "severity", 0, 3, &c->value[0])) {
        return false;
    }
    if (serious != NULL && !json_is_boolean(serious)) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "member 'serious' must be true or false");
        return false;
    }
    c->value[1] = json_is_true(serious) ? 1 : 0;
    return vg_wire_take_extra(p, "symptom", SHORT_TEXT, true);
}

static bool take_intervention(struct vg_wire_parse *p, struct vg_care *c)
{
    (void)c;
    return vg_wire_take_extra(p, "what", LONG_TEXT, true);
}

static bool take_handover(struct vg_wire_parse *p, struct vg_care *c)
{
    return vg_wire_take_text(p, "to", c->to, sizeof c->to, true);
}

static bool take_override(struct vg_wire_parse *p, struct vg_care *c)
{
    char word[VG_ID_MAX];
    enum vg_gate_item item;
    if (!vg_wire_take_text(p, "item", word, sizeof word, true)) {
        return false;
    }
    if (!vg_gate_item_find(word, &item)) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "the gate has no '%s'; 'vigilctl plan' lists its facts",
                           word);
        return false;
    }
    c->value[0] = (int32_t)item;
    return vg_wire_take_extra(p, "reason", LONG_TEXT, true);
}

static bool take_void(struct vg_wire_parse *p, struct vg_care *c)
{
    return vg_wire_take_uint(p, "target", INT64_MAX, true, &c->target) &&
           vg_wire_take_extra(p, "reason", LONG_TEXT, true);
}

/* The last member, so that whoever tells the stream can cut there (vg_wire_private_at). */
static bool take_private(struct vg_wire_parse *p, const char *const *keys, bool first_required)
{
    bool any = first_required;
    for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
        any = any || json_object_get(p->root, keys[i]) != NULL;
    }
    if (!any) {
        return true;
    }
    vg_json_object(&p->extra, "private");
    for (size_t i = 0; keys[i] != NULL; i++) {
        if (!vg_wire_take_extra(p, keys[i], LONG_TEXT, i == 0 && first_required)) {
            return false;
        }
    }
    vg_json_object_end(&p->extra);
    return true;
}

static const char *const marker_texts[] = { "tag", "theme", "quote", "note", NULL };
static const char *const note_texts[] = { "note", NULL };

/* --- all ------------------------------------------------------------------------------------ */

bool vg_wire_take_care(struct vg_wire_parse *p, struct vg_request *r)
{
    static const struct {
        uint8_t what;
        bool (*take)(struct vg_wire_parse *p, struct vg_care *c);
        const char *const *texts; /* private */
        bool needs_text;
    } of[VG_OP_COUNT] = {
        [VG_OP_SEDATION] = { VG_CW_SCORE, take_moaas, note_texts, false },
        [VG_OP_SCORE] = { VG_CW_SCORE, take_score, note_texts, false },
        [VG_OP_BASELINE] = { VG_CW_BASELINE, NULL, note_texts, false },
        [VG_OP_SCHEDULE] = { VG_CW_SCHEDULE, take_schedule, note_texts, false },
        [VG_OP_DEFER] = { VG_CW_DEFER, take_defer, note_texts, false },
        [VG_OP_FACT] = { VG_CW_FACT, take_fact, note_texts, false },
        [VG_OP_WEIGHT] = { VG_CW_WEIGHT, take_weight, note_texts, false },
        [VG_OP_READING] = { VG_CW_READING, take_reading, note_texts, false },
        [VG_OP_SYMPTOM] = { VG_CW_SYMPTOM, take_symptom, note_texts, false },
        [VG_OP_INTERVENTION] = { VG_CW_INTERVENTION, take_intervention, note_texts, false },
        [VG_OP_MARKER] = { VG_CW_MARKER, NULL, marker_texts, true },
        [VG_OP_NOTE] = { VG_CW_NOTE, NULL, note_texts, true },
        [VG_OP_HANDOVER] = { VG_CW_HANDOVER, take_handover, note_texts, false },
        [VG_OP_OVERRIDE] = { VG_CW_OVERRIDE, take_override, note_texts, false },
        [VG_OP_CARE_VOID] = { VG_CW_VOID, take_void, note_texts, false },
        [VG_OP_QUIET_ON] = { VG_CW_QUIET_ON, NULL, note_texts, false },
        [VG_OP_QUIET_OFF] = { VG_CW_QUIET_OFF, NULL, note_texts, false },
        [VG_OP_TEST_ALARM] = { VG_CW_TEST, take_priority, note_texts, false },
    };
    struct vg_care *c = &r->ev.u.care;

    r->ev.kind = VG_EV_CARE;
    c->what = of[r->op].what;
    return vg_wire_take_who(p, c->request_id, c->operator_id) &&
           (of[r->op].take == NULL || of[r->op].take(p, c)) &&
           vg_wire_take_time(p, "at", &c->at_utc_ns, &r->has_time) &&
           take_private(p, of[r->op].texts, of[r->op].needs_text);
}
