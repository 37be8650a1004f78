/*
 * wire_decode_care.c -- recorded scores, facts, readings and the rest of care.h back into events.
 */
#include <string.h>

#include "lib/wire_decode_take.h"

NAMER(care_what_name, vg_care_what, vg_care_what_name)
NAMER(priority_name, vg_priority, vg_priority_name)
NAMER(fact_name, vg_fact, vg_fact_name)
NAMER(item_name, vg_gate_item, vg_gate_item_name)

static const char *const value_keys[VG_BASE_COUNT] = {
    [VG_BASE_SYS] = "sys_milli", [VG_BASE_DIA] = "dia_milli",   [VG_BASE_MEAN] = "mean_milli",
    [VG_BASE_PR] = "pr_milli",   [VG_BASE_SPO2] = "spo2_milli",
};

/* Thousandths of each vital; one that is null or absent is none. */
static bool values(const json_t *o, int32_t value[VG_BASE_COUNT])
{
    for (size_t i = 0; i < VG_BASE_COUNT; i++) {
        const json_t *v = json_object_get(o, value_keys[i]);
        if (v == NULL || json_is_null(v)) {
            value[i] = -1;
        } else if (!vg_decode_milli(o, value_keys[i], &value[i]) || value[i] < 0) {
            return false;
        } else {
            /* taken */
        }
    }
    return true;
}

static bool baseline(const json_t *o, struct vg_care *c)
{
    int64_t readings = 0;
    if (c->request_id[0] != '\0') {
        return true; /* the command; what became of it is the next row */
    }
    (void)vg_decode_integer(o, "readings", &readings);
    c->target = (uint64_t)readings;
    return values(o, c->value);
}

static bool schedule(const json_t *o, struct vg_care *c)
{
    const char *vital = json_string_value(json_object_get(o, "vital"));
    enum vg_vital v;
    if (vital == NULL || !vg_vital_find(vital, &v)) {
        return false;
    }
    c->value[0] = (int32_t)v;
    return vg_decode_milli(o, "every_s", &c->value[1]) &&
           vg_decode_milli(o, "next_s", &c->value[2]) && c->value[1] >= 0;
}

/* A row of a version before 4 has the score alone. */
static bool score(const struct vg_wire_names *n, const json_t *o, struct vg_care *c)
{
    uint8_t scale = VG_SCALE_MOAAS;
    bool ok = c->what == VG_CW_SEDATION ||
              vg_decode_known_name(o, "scale", n->scale, n->scale_count, &scale);
    c->what = VG_CW_SCORE;
    c->value[0] = scale;
    return ok && vg_decode_milli(o, "score", &c->value[1]);
}

static bool word(const json_t *o, const char *key, const char *(*name_of)(unsigned), unsigned count,
                 int32_t *out)
{
    uint8_t at = 0;
    bool ok = vg_decode_word(o, key, name_of, count, &at);
    *out = at;
    return ok;
}

static bool fact(const json_t *o, struct vg_care *c)
{
    const char *answer = json_string_value(json_object_get(o, "answer"));
    c->value[1] = answer != NULL && strcmp(answer, "yes") == 0 ? 1 : 0;
    return answer != NULL && word(o, "fact", fact_name, VG_FACT_COUNT, &c->value[0]);
}

static bool symptom(const json_t *o, struct vg_care *c)
{
    c->value[1] = json_is_true(json_object_get(o, "serious")) ? 1 : 0;
    return vg_decode_milli(o, "severity", &c->value[0]);
}

static bool target(const json_t *o, struct vg_care *c)
{
    int64_t row = 0;
    bool ok = vg_decode_integer(o, "target", &row) && row > 0;
    c->target = (uint64_t)row;
    return ok;
}

static bool numbers(const struct vg_wire_names *n, const json_t *o, struct vg_care *c)
{
    switch ((enum vg_care_what)c->what) {
    case VG_CW_SEDATION:
    case VG_CW_SCORE:
        return score(n, o, c);
    case VG_CW_BASELINE:
        return baseline(o, c);
    case VG_CW_SCHEDULE:
        return schedule(o, c);
    case VG_CW_QUIET_ON:
        return vg_decode_milli(o, "left_s", &c->value[0]);
    case VG_CW_TEST:
        return word(o, "priority", priority_name, VG_PRIO_COUNT, &c->value[0]);
    case VG_CW_FACT:
        return fact(o, c);
    case VG_CW_WEIGHT:
        (void)vg_decode_milli(o, "weight_g", &c->value[2]);
        c->value[2] = json_is_true(json_object_get(o, "confirmed")) ? c->value[2] : 0;
        return vg_decode_milli(o, "weight_g", &c->value[0]) &&
               vg_decode_milli(o, "measured_days", &c->value[1]);
    case VG_CW_READING:
        return values(o, c->value);
    case VG_CW_SYMPTOM:
        return symptom(o, c);
    case VG_CW_HANDOVER:
        return vg_decode_text(o, "to", c->to, sizeof c->to);
    case VG_CW_DEFER:
        return vg_decode_milli(o, "seconds", &c->value[0]);
    case VG_CW_OVERRIDE:
        return word(o, "item", item_name, VG_GATE_COUNT, &c->value[0]);
    case VG_CW_VOID:
        return target(o, c);
    case VG_CW_INTERVENTION:
    case VG_CW_MARKER:
    case VG_CW_NOTE:
    case VG_CW_QUIET_OFF:
    case VG_CW_COUNT:
        break;
    }
    return true;
}

bool vg_decode_care(const struct vg_wire_names *n, const json_t *o, struct vg_event *ev)
{
    struct vg_care *c = &ev->u.care;
    int64_t sum = 0;

    memset(c, 0, sizeof *c);
    if (!vg_decode_word(o, "event", care_what_name, VG_CW_COUNT, &c->what) ||
        !vg_decode_text(o, "operator", c->operator_id, sizeof c->operator_id) ||
        !vg_decode_text(o, "request_id", c->request_id, sizeof c->request_id)) {
        return false;
    }
    if (!vg_decode_utc(o, "at", &c->at_utc_ns)) {
        c->at_utc_ns = ev->utc_ns; /* of a version before 4 */
    }
    (void)vg_decode_integer(o, "extra_sum", &sum);
    c->extra_sum = (uint32_t)sum;
    return numbers(n, o, c);
}
