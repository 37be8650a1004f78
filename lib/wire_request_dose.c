/*
 * wire_request_dose.c -- a dose, or the correction of one, as somebody typed it.
 *
 * Nothing is converted here: digits and unit go to the core as they are, and the core asks back
 * where a result has to be seen. What is not a unit of the list is refused by name, because the
 * nearest spelling is a factor of a thousand away.
 */
#include <stdio.h>
#include <string.h>

#include "lib/wire_take.h"
#include "vigil/quantity.h"

static const struct vg_wire_part weight_units[] = { { "kg", 1000 }, { "g", 1 } };
static const struct vg_wire_part conc_units[] = { { "mg/mL", 1000 }, { "ug/mL", 1 } };

/* What people type, and what they must type instead. */
static const struct {
    const char *typed, *cure;
} confusions[] = {
    { "mcg", "write ug for micrograms" },
    { "\xc2\xb5g", "write ug for micrograms" },
    { "\xce\xbcg", "write ug for micrograms" },
    { "gamma", "write ug for micrograms" },
    { "Mg", "write mg for milligrams" },
    { "MG", "write mg for milligrams" },
    { "mgs", "write mg for milligrams" },
    { "ml", "write mL, and the concentration beside it" },
    { "cc", "write mL, and the concentration beside it" },
    { "mL/kg", "convert to mg/kg" },
    { "mg/mL", "that is a concentration; the amount is in mg or mL" },
    { "mg/ml", "that is a concentration; the amount is in mg or mL" },
    { "%", "a percentage is no amount; 1 % is 10 mg/mL" },
    { "IU", "ketamine has no units of activity; write mg" },
    { "mg/lb", "weigh in kilograms and write mg/kg" },
    { "mg/kg/min", "write ug/kg/min or mg/kg/h" },
    { "mcg/kg/min", "write ug/kg/min" },
};

static const char *cure_of(const char *unit, bool rate)
{
    for (size_t i = 0; i < VG_COUNT(confusions); i++) {
        if (strcmp(confusions[i].typed, unit) == 0) {
            return confusions[i].cure;
        }
    }
    return rate ? "take ug/h, mg/h, ug/min, mg/min, mg/kg/h, ug/kg/min or mL/h"
                : "take ug, mg, g, ug/kg, mg/kg or mL";
}

static bool take_unit(struct vg_wire_parse *p, struct vg_dose *d, bool rate)
{
    char text[16];
    enum vg_dose_unit unit;

    if (!vg_wire_take_text(p, "unit", text, sizeof text, true)) {
        return false;
    }
    if (!vg_unit_find(text, &unit)) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "unit '%s' is not known here; %s", text,
                           cure_of(text, rate));
        return false;
    }
    if (vg_unit_get(unit)->rate != rate) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "'%s' needs %s, not '%s'; %s",
                           vg_dose_kind_name((enum vg_dose_kind)d->kind),
                           rate ? "a rate" : "an amount", text, cure_of("", rate));
        return false;
    }
    d->unit = (uint8_t)unit;
    return true;
}

/* What belongs to a conversion must be there, and nothing beside it. */
static bool take_terms(struct vg_wire_parse *p, struct vg_dose *d)
{
    const struct vg_unit_row *unit = vg_unit_get((enum vg_dose_unit)d->unit);

    if (!unit->per_kg && json_object_get(p->root, "weight") != NULL) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "a weight goes with mg/kg only; leave it out");
        return false;
    }
    if (unit->volume != (json_object_get(p->root, "concentration") != NULL)) {
        (void)vg_wire_fail(p, VG_ERR_ARG,
                           unit->volume
                               ? "mL says nothing without the concentration; add it, like 50 mg/mL"
                               : "a concentration goes with mL only; leave it out");
        return false;
    }
    return vg_wire_take_parts(p, "weight", weight_units, VG_COUNT(weight_units), "70.2 kg",
                              &d->weight_g) &&
           vg_wire_take_parts(p, "concentration", conc_units, VG_COUNT(conc_units), "50 mg/mL",
                              &d->conc_ug_ml);
}

/* "35 mg": what the person was shown and accepts. */
static bool take_confirm(struct vg_wire_parse *p, struct vg_dose *d, bool rate)
{
    static const struct vg_wire_part amounts[] = { { "ug", 1 }, { "mg", 1000 }, { "g", 1000000 } };
    static const struct vg_wire_part rates[] = { { "ug/h", 1 }, { "mg/h", 1000 } };
    int32_t ug = 0;

    bool ok = rate ? vg_wire_take_parts(p, "confirm", rates, VG_COUNT(rates), "52.5 mg/h", &ug)
                   : vg_wire_take_parts(p, "confirm", amounts, VG_COUNT(amounts), "35 mg", &ug);
    d->confirm_ug = ug;
    return ok;
}

static bool take_amount(struct vg_wire_parse *p, struct vg_dose *d)
{
    enum vg_dose_form form = vg_dose_form((enum vg_dose_kind)d->kind);
    bool rate = form == VG_FORM_RATE || form == VG_FORM_RATE_OR_NONE;
    bool given = json_object_get(p->root, "amount") != NULL ||
                 json_object_get(p->root, "unit") != NULL;

    if (form == VG_FORM_NONE && given) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "a %s has no amount; leave amount and unit out",
                           vg_dose_kind_name((enum vg_dose_kind)d->kind));
        return false;
    }
    if (form == VG_FORM_NONE || (form == VG_FORM_RATE_OR_NONE && !given)) {
        return true;
    }
    if (!vg_wire_take_number(p, "amount", &d->typed_number, &d->places)) {
        return false;
    }
    if (d->typed_number == 0) {
        (void)vg_wire_fail(p, VG_ERR_RANGE, "amount 0 is no amount; check it");
        return false;
    }
    return take_unit(p, d, rate) && take_terms(p, d) && take_confirm(p, d, rate);
}

static bool take_kind(struct vg_wire_parse *p, struct vg_dose *d)
{
    char word[VG_ID_MAX];
    enum vg_dose_kind kind;
    enum vg_route route;

    if (!vg_wire_take_text(p, "kind", word, sizeof word, true)) {
        return false;
    }
    if (!vg_dose_kind_find(word, &kind)) {
        (void)vg_wire_fail(p, VG_ERR_ARG,
                           "kind '%s' is not bolus, infusion_start, rate_change, pause, resume, "
                           "stop, device, lozenge, lozenge_end, drawn or waste",
                           word);
        return false;
    }
    d->kind = (uint8_t)kind;
    if (!vg_wire_take_text(p, "route", word, sizeof word, true)) {
        return false;
    }
    if (!vg_route_find(word, &route)) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "route '%s' is not iv, im, sc, sl, buccal, nasal or oral",
                           word);
        return false;
    }
    d->route = (uint8_t)route;
    return true;
}

/* A second person checks, or witnesses: not the one who gives. */
static bool take_checker(struct vg_wire_parse *p, struct vg_dose *d)
{
    char who[VG_NAME_MAX];
    if (!vg_wire_take_text(p, "checked_by", who, sizeof who, false)) {
        return false;
    }
    if (strcmp(who, d->operator_id) == 0) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "checked_by is the operator; a second person must check");
        return false;
    }
    d->checked = who[0] != '\0';
    if (d->checked) {
        vg_json_text(&p->extra, "checked_by", who);
    }
    return true;
}

static bool take_outcome(struct vg_wire_parse *p, const struct vg_dose *d)
{
    char word[VG_ID_MAX];
    bool ends = d->kind == VG_DOSE_LOZENGE_END;
    if (!vg_wire_take_text(p, "outcome", word, sizeof word, ends)) {
        return false;
    }
    if (!ends && word[0] != '\0') {
        (void)vg_wire_fail(p, VG_ERR_ARG, "an outcome goes with lozenge_end only; leave it out");
        return false;
    }
    if (ends && strcmp(word, "spat") != 0 && strcmp(word, "swallowed") != 0) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "outcome '%s' is not spat or swallowed", word);
        return false;
    }
    if (ends) {
        vg_json_text(&p->extra, "outcome", word);
    }
    return true;
}

static bool take_correction(struct vg_wire_parse *p, struct vg_request *r)
{
    struct vg_dose *d = &r->ev.u.dose;
    if (r->op == VG_OP_DOSE) {
        d->what = VG_DW_GIVEN;
        return true;
    }
    d->what = r->op == VG_OP_DOSE_AMEND ? VG_DW_AMEND : VG_DW_VOID;
    return vg_wire_take_uint(p, "target", INT64_MAX, true, &d->target) &&
           vg_wire_take_extra(p, "reason", VG_EXTRA_MAX / 4, true);
}

bool vg_wire_take_dose(struct vg_wire_parse *p, struct vg_request *r)
{
    struct vg_dose *d = &r->ev.u.dose;

    r->ev.kind = VG_EV_DOSE;
    if (!vg_wire_take_who(p, d->request_id, d->operator_id) || !take_correction(p, r)) {
        return false;
    }
    if (d->what == VG_DW_VOID) {
        return true;
    }
    return vg_wire_take_text(p, "drug", d->drug, sizeof d->drug, true) && take_kind(p, d) &&
           take_amount(p, d) && take_checker(p, d) && take_outcome(p, d) &&
           vg_wire_take_extra(p, "lot", 32, false) && vg_wire_take_extra(p, "site", 32, false) &&
           vg_wire_take_extra(p, "note", VG_EXTRA_MAX / 4, false) &&
           vg_wire_take_time(p, "given_at", &d->given_utc_ns, &r->has_time);
}
