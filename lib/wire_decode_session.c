/*
 * wire_decode_session.c -- recorded sessions, doses and marks back into events.
 *
 * Rows of versions before 4 have no kind of session and no typed amount: they are dosing sessions,
 * and what was typed is the microgram that was recorded.
 */
#include <string.h>

#include "lib/wire_decode_take.h"
#include "vigil/quantity.h"

NAMER(dose_kind_name, vg_dose_kind, vg_dose_kind_name)
NAMER(dose_what_name, vg_dose_what, vg_dose_what_name)
NAMER(route_name, vg_route, vg_route_name)
NAMER(session_move_name, vg_session_move, vg_session_move_name)
NAMER(session_kind_name, vg_session_kind, vg_session_kind_name)
NAMER(mark_state_name, vg_mark_state, vg_mark_state_name)
NAMER(plan_what_name, vg_plan_what, vg_plan_what_name)
NAMER(item_name, vg_gate_item, vg_gate_item_name)

/* --- parts ---------------------------------------------------------------------------------- */

bool vg_decode_text(const json_t *o, const char *key, char *out, size_t cap)
{
    const char *s = json_string_value(json_object_get(o, key));
    memset(out, 0, cap);
    if (s == NULL || strlen(s) >= cap) {
        return false;
    }
    memcpy(out, s, strlen(s));
    return true;
}

bool vg_decode_integer(const json_t *o, const char *key, int64_t *out)
{
    const json_t *v = json_object_get(o, key);
    *out = json_integer_value(v);
    return json_is_integer(v);
}

bool vg_decode_milli(const json_t *o, const char *key, int32_t *out)
{
    int64_t n = 0;
    bool ok = vg_decode_integer(o, key, &n) && n >= INT32_MIN && n <= INT32_MAX;
    *out = (int32_t)n;
    return ok;
}

bool vg_decode_word(const json_t *o, const char *key, const char *(*name_of)(unsigned),
                    unsigned count, uint8_t *out)
{
    const char *s = json_string_value(json_object_get(o, key));
    for (unsigned i = 0; s != NULL && i < count; i++) {
        if (strcmp(name_of(i), s) == 0) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}

bool vg_decode_known_name(const json_t *o, const char *key, const char *const *names,
                          uint16_t count, uint8_t *out)
{
    const char *s = json_string_value(json_object_get(o, key));
    for (uint16_t i = 0; s != NULL && i < count; i++) {
        if (strcmp(names[i], s) == 0) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}

bool vg_decode_utc(const json_t *o, const char *key, int64_t *out)
{
    char text[VG_WIRE_UTC_MAX];
    return vg_decode_text(o, key, text, sizeof text) && vg_wire_parse_utc(text, out);
}

/* The bits of a list of names. An absent list is empty. */
static bool bits(const json_t *o, const char *key, const char *(*name_of)(unsigned), unsigned count,
                 uint32_t *out)
{
    const json_t *names = json_object_get(o, key);
    *out = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        unsigned k = 0;
        while (name != NULL && k < count && strcmp(name_of(k), name) != 0) {
            k++;
        }
        if (name == NULL || k == count) {
            return false;
        }
        *out |= 1u << k;
    }
    return true;
}

/* --- sessions ------------------------------------------------------------------------------- */

/* The protocol by the hash of its text: its name may mean another one today. Of a session that has
 * ended it may not be known any more. */
static uint8_t find_protocol(const struct vg_wire_names *n, const json_t *o)
{
    const char *hash = json_string_value(json_object_get(o, "protocol_hash"));
    for (uint8_t i = 0; hash != NULL && i < n->protocol_count; i++) {
        if (strcmp(n->protocols[i].hash, hash) == 0) {
            return i;
        }
    }
    return hash != NULL ? VG_PROTOCOL_LOST : VG_PROTOCOL_NONE;
}

static bool decode_open(const struct vg_wire_names *n, const json_t *o, struct vg_session_event *s)
{
    bool kind = json_object_get(o, "kind") == NULL ||
                vg_decode_word(o, "kind", session_kind_name, VG_SESSION_KIND_COUNT, &s->kind);
    (void)vg_decode_text(o, "course", s->course, sizeof s->course);
    s->protocol = find_protocol(n, o);
    return kind && vg_decode_text(o, "patient_ref", s->text, sizeof s->text);
}

bool vg_decode_session(const struct vg_wire_names *n, const json_t *o, struct vg_event *ev)
{
    struct vg_session_event *s = &ev->u.session_move;
    const json_t *unmet = json_object_get(o, "unmet");

    s->kind = VG_SESSION_DOSING;
    s->protocol = VG_PROTOCOL_NONE;
    s->unmet = 0;
    memset(s->course, 0, sizeof s->course);
    if (!vg_decode_word(o, "event", session_move_name, VG_SESSION_MOVE_COUNT, &s->move)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(unmet); i++) {
        json_int_t at = json_integer_value(json_array_get(unmet, i));
        s->unmet |= at >= 0 && at < VG_CHECKS_MAX ? 1u << at : 0;
    }
    bool ok = s->move == VG_SESSION_OPEN ? decode_open(n, o, s)
                                         : vg_decode_text(o, "reason", s->text, sizeof s->text);
    return ok && vg_decode_text(o, "operator", s->operator_id, sizeof s->operator_id) &&
           vg_decode_text(o, "request_id", s->request_id, sizeof s->request_id);
}

/* --- doses ---------------------------------------------------------------------------------- */

static bool decode_typed(const json_t *o, struct vg_dose *d, bool rate)
{
    char name[16];
    int64_t n = 0;
    int64_t digits = 0;
    enum vg_dose_unit unit = rate ? VG_UNIT_UG_H : VG_UNIT_UG;

    if (d->amount_ug == 0) {
        return true; /* a kind without an amount */
    }
    d->typed_number = d->amount_ug;
    d->places = 0;
    if (vg_decode_integer(o, "typed_number", &digits)) {
        d->typed_number = digits;
        if (!vg_decode_integer(o, "typed_places", &n) || n < 0 || n > VG_QUANTITY_PLACES_MAX ||
            !vg_decode_text(o, "typed_unit", name, sizeof name) || !vg_unit_find(name, &unit)) {
            return false;
        }
        d->places = (uint8_t)n;
    }
    d->unit = (uint8_t)unit;
    (void)vg_decode_milli(o, "weight_g", &d->weight_g);
    (void)vg_decode_milli(o, "concentration_ug_ml", &d->conc_ug_ml);
    return true;
}

static bool decode_given(const json_t *o, struct vg_dose *d)
{
    uint32_t deviation = 0;

    if (!vg_decode_word(o, "kind", dose_kind_name, VG_DOSE_KIND_COUNT, &d->kind) ||
        !vg_decode_word(o, "route", route_name, VG_ROUTE_COUNT, &d->route) ||
        !vg_decode_text(o, "drug", d->drug, sizeof d->drug) ||
        !vg_decode_utc(o, "given_at", &d->given_utc_ns) ||
        !bits(o, "gate_missing", item_name, VG_GATE_COUNT, &d->gate) ||
        !bits(o, "deviation", vg_deviation_name, VG_DEVIATION_BITS, &deviation)) {
        return false;
    }
    enum vg_dose_form form = vg_dose_form((enum vg_dose_kind)d->kind);
    bool amount = vg_decode_integer(o, form == VG_FORM_AMOUNT ? "amount_ug" : "rate_ug_h",
                                    &d->amount_ug);
    bool has_to = form == VG_FORM_AMOUNT || form == VG_FORM_RATE;
    d->confirm_ug = d->amount_ug; /* recorded is accepted: nobody is asked again */
    d->deviation = (uint16_t)deviation;
    d->checked = json_is_string(json_object_get(o, "checked_by"));
    return (amount || !has_to) && decode_typed(o, d, form != VG_FORM_AMOUNT);
}

bool vg_decode_dose(const struct vg_wire_names *n, const json_t *o, struct vg_event *ev)
{
    struct vg_dose *d = &ev->u.dose;
    int64_t number = 0;

    (void)n;
    memset(d, 0, sizeof *d);
    if (json_object_get(o, "event") != NULL &&
        (!vg_decode_word(o, "event", dose_what_name, VG_DW_COUNT, &d->what) ||
         !vg_decode_integer(o, "target", &number) || number <= 0)) {
        return false;
    }
    d->target = (uint64_t)number;
    if (vg_decode_integer(o, "extra_sum", &number)) {
        d->extra_sum = (uint32_t)number;
    }
    return (d->what == VG_DW_VOID || decode_given(o, d)) &&
           vg_decode_text(o, "operator", d->operator_id, sizeof d->operator_id) &&
           vg_decode_text(o, "request_id", d->request_id, sizeof d->request_id);
}

/* --- marks ---------------------------------------------------------------------------------- */

static bool scales(const struct vg_wire_names *n, const json_t *o, const char *key, uint32_t *out)
{
    const json_t *names = json_object_get(o, key);
    *out = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        uint16_t k = 0;
        while (name != NULL && k < n->scale_count && strcmp(n->scale[k], name) != 0) {
            k++;
        }
        if (name == NULL || k == n->scale_count) {
            return false;
        }
        *out |= 1u << k;
    }
    return true;
}

bool vg_decode_plan(const struct vg_wire_names *n, const json_t *o, struct vg_event *ev)
{
    struct vg_plan_event *p = &ev->u.plan;
    int64_t index = 0;
    int64_t off_ms = 0;

    memset(p, 0, sizeof *p);
    p->protocol = VG_PROTOCOL_NONE; /* a phase is told, and known again from the doses */
    if (!vg_decode_word(o, "event", plan_what_name, VG_PW_COUNT, &p->what) ||
        !vg_decode_integer(o, "index", &index) || index < 0 || index >= VG_MARKS_MAX) {
        return false;
    }
    p->index = (uint16_t)index;
    (void)vg_decode_integer(o, "off_ms", &off_ms);
    p->off_ns = off_ms * VG_NS_PER_MS;
    (void)vg_decode_integer(o, "tries", &off_ms);
    p->tries = (uint8_t)off_ms;
    p->optional = json_is_true(json_object_get(o, "optional"));
    return p->what == VG_PW_PHASE ||
           (vg_decode_word(o, "state", mark_state_name, VG_MARK_STATE_COUNT, &p->to) &&
            vg_decode_word(o, "was", mark_state_name, VG_MARK_STATE_COUNT, &p->from) &&
            vg_decode_utc(o, "due_at", &p->due_utc_ns) && scales(n, o, "scales", &p->scales) &&
            scales(n, o, "missing", &p->missing));
}
