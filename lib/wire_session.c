/*
 * wire_session.c -- members of a session, its doses and its plan.
 *
 * A dose shows what counts (amount_ug, rate_ug_h) and what was typed, so that every conversion can be
 * checked by hand two years later.
 */
#include <stdio.h>

#include "lib/wire_internal.h"
#include "vigil/compiler.h"
#include "vigil/quantity.h"

static void list(struct vg_json *j, const char *key, uint32_t bits, unsigned count,
                 const char *(*name_of)(unsigned))
{
    vg_json_array(j, key);
    for (unsigned i = 0; i < count; i++) {
        if ((bits & (1u << i)) != 0) {
            vg_json_text(j, NULL, name_of(i));
        }
    }
    vg_json_array_end(j);
}

static const char *item_name(unsigned i)
{
    return vg_gate_item_name((enum vg_gate_item)i);
}

void vg_wire_gate_list(struct vg_json *j, const char *key, uint32_t bits)
{
    list(j, key, bits, VG_GATE_COUNT, item_name);
}

void vg_wire_deviation_list(struct vg_json *j, const char *key, uint32_t bits)
{
    list(j, key, bits, VG_DEVIATION_BITS, vg_deviation_name);
}

void vg_wire_scales(struct vg_json *j, const struct vg_wire_names *n, const char *key,
                    uint32_t bits)
{
    vg_json_array(j, key);
    for (unsigned i = 0; i < n->scale_count; i++) {
        if ((bits & (1u << i)) != 0) {
            vg_json_text(j, NULL, n->scale[i]);
        }
    }
    vg_json_array_end(j);
}

/* Which checks did not hold: "at_least moaas 5" as its place in the protocol, which is recorded. */
static void unmet_members(struct vg_json *j, uint32_t unmet)
{
    vg_json_array(j, "unmet");
    for (unsigned i = 0; i < VG_CHECKS_MAX; i++) {
        if ((unmet & (1u << i)) != 0) {
            vg_json_uint(j, NULL, i);
        }
    }
    vg_json_array_end(j);
}

void vg_wire_session_members(struct vg_json *j, const struct vg_wire_names *n,
                             const struct vg_event *ev)
{
    const struct vg_session_event *s = &ev->u.session_move;
    bool open = s->move == VG_SESSION_OPEN;

    vg_json_text(j, "event", vg_session_move_name((enum vg_session_move)s->move));
    vg_json_text(j, open ? "patient_ref" : "reason", s->text);
    if (open) {
        vg_json_text(j, "kind", vg_session_kind_name((enum vg_session_kind)s->kind));
        vg_json_text(j, "course", s->course);
    }
    if (open && s->protocol < n->protocol_count) {
        vg_json_text(j, "protocol", n->protocol[s->protocol]);
        vg_json_text(j, "protocol_hash", n->protocols[s->protocol].hash);
    }
    if (!open && s->unmet != 0) {
        unmet_members(j, s->unmet);
    }
    vg_json_text(j, "operator", s->operator_id);
    vg_json_text(j, "request_id", s->request_id);
}

/* "0.5" and "mg/kg", and what the conversion used. */
static void typed_members(struct vg_json *j, const struct vg_dose *d)
{
    struct vg_quantity q = { d->typed_number, d->places, d->unit };
    char text[VG_QUANTITY_TEXT_MAX];

    vg_json_text(j, "typed", vg_quantity_text(&q, text));
    vg_json_uint(j, "typed_number", (uint64_t)d->typed_number);
    vg_json_uint(j, "typed_places", d->places);
    vg_json_text(j, "typed_unit", vg_unit_get((enum vg_dose_unit)d->unit)->name);
    if (d->weight_g > 0) {
        vg_json_int(j, "weight_g", d->weight_g);
    }
    if (d->conc_ug_ml > 0) {
        vg_json_int(j, "concentration_ug_ml", d->conc_ug_ml);
    }
}

static void given_members(struct vg_json *j, const struct vg_dose *d)
{
    enum vg_dose_form form = vg_dose_form((enum vg_dose_kind)d->kind);

    vg_json_text(j, "kind", vg_dose_kind_name((enum vg_dose_kind)d->kind));
    vg_json_text(j, "drug", d->drug);
    if (form != VG_FORM_NONE && d->amount_ug > 0) {
        vg_json_int(j, form == VG_FORM_AMOUNT ? "amount_ug" : "rate_ug_h", d->amount_ug);
    }
    if (d->typed_number > 0) {
        typed_members(j, d);
    }
    vg_json_text(j, "route", vg_route_name((enum vg_route)d->route));
}

void vg_wire_dose_members(struct vg_json *j, const struct vg_dose *d, int64_t recorded_utc_ns)
{
    char utc[VG_WIRE_UTC_MAX];

    if (d->what != VG_DW_GIVEN) {
        vg_json_text(j, "event", vg_dose_what_name((enum vg_dose_what)d->what));
        vg_json_uint(j, "target", d->target);
    }
    if (d->what != VG_DW_VOID) {
        given_members(j, d);
        vg_wire_utc(d->given_utc_ns, utc);
        vg_json_text(j, "given_at", utc);
    }
    vg_wire_utc(recorded_utc_ns, utc);
    vg_json_text(j, "recorded_at", utc);
    if (d->deviation != 0) {
        vg_wire_deviation_list(j, "deviation", d->deviation);
    }
    if (d->gate != 0) {
        vg_wire_gate_list(j, "gate_missing", d->gate);
    }
    vg_json_text(j, "operator", d->operator_id);
    vg_json_text(j, "request_id", d->request_id);
}

void vg_wire_plan_members(struct vg_json *j, const struct vg_wire_names *n,
                          const struct vg_plan_event *p)
{
    char utc[VG_WIRE_UTC_MAX];

    vg_json_text(j, "event", vg_plan_what_name((enum vg_plan_what)p->what));
    vg_json_uint(j, "index", p->index);
    if (p->what == VG_PW_PHASE) {
        if (p->protocol < n->protocol_count) {
            vg_json_text(j, "phase", n->protocols[p->protocol].phases[p->index].name);
        }
        return;
    }
    vg_json_text(j, "due", p->scales == 0 ? "nibp" : "score");
    if (p->scales != 0) {
        vg_wire_scales(j, n, "scales", p->scales);
        vg_wire_scales(j, n, "missing", p->missing);
    }
    vg_json_text(j, "state", vg_mark_state_name((enum vg_mark_state)p->to));
    vg_json_text(j, "was", vg_mark_state_name((enum vg_mark_state)p->from));
    vg_wire_utc(p->due_utc_ns, utc);
    vg_json_text(j, "due_at", utc);
    if (p->to == VG_MS_MET || p->to == VG_MS_MET_LATE) {
        vg_json_int(j, "off_ms", p->off_ns / VG_NS_PER_MS);
    }
    vg_json_uint(j, "tries", p->tries);
    vg_json_bool(j, "optional", p->optional);
}
