/*
 * quantity.h -- what somebody typed, and what it is in micrograms: exact integer conversions.
 *
 * A quantity is decimal digits and a unit: "0.5 mg/kg" is { 5, 1, MG_KG }. Nothing here is a float.
 * A result that is no whole microgram is rounded half to even; the caller shows it before anybody
 * accepts it.
 */
#ifndef VIGIL_QUANTITY_H
#define VIGIL_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "vigil/status.h"

/* The numbers stand in the record by their names only. */
enum vg_dose_unit {
    VG_UNIT_UG,
    VG_UNIT_MG,
    VG_UNIT_G,
    VG_UNIT_UG_KG,
    VG_UNIT_MG_KG,
    VG_UNIT_ML,
    VG_UNIT_UG_H,
    VG_UNIT_MG_H,
    VG_UNIT_UG_MIN,
    VG_UNIT_MG_MIN,
    VG_UNIT_MG_KG_H,
    VG_UNIT_UG_KG_MIN,
    VG_UNIT_ML_H,
    VG_UNIT_COUNT
};

/* Digits after the point that anybody can mean: a microgram of a gram. */
#define VG_QUANTITY_PLACES_MAX 6

struct vg_quantity {
    int64_t number; /* digits without the point, 1 to 1e9 */
    uint8_t places; /* digits after the point */
    uint8_t unit;   /* enum vg_dose_unit */
};

/* What a conversion needs beside the quantity; 0 = not known. */
struct vg_quantity_terms {
    int32_t weight_g;   /* of the person */
    int32_t conc_ug_ml; /* of the drug */
};

struct vg_unit_row {
    const char *name;
    bool rate;   /* an amount an hour */
    bool per_kg; /* needs a weight */
    bool volume; /* needs a concentration */
    bool plain;  /* means what it says: nothing has to be shown first */
};

/* Range: u < VG_UNIT_COUNT. */
const struct vg_unit_row *vg_unit_get(enum vg_dose_unit u);
bool vg_unit_find(const char *name, enum vg_dose_unit *out);

/*
 * vg_quantity_to_ug -- micrograms, or micrograms an hour for a rate, of a quantity.
 *
 * Range: 1 ug to 1 kg. Errors: VG_ERR_ARG a weight or concentration is needed and 0, *out holds 0;
 * VG_ERR_RANGE the result is outside. Source: arithmetic; mg/h of mL/h = mL/h x mg/mL.
 */
enum vg_status vg_quantity_to_ug(const struct vg_quantity *q, const struct vg_quantity_terms *t,
                                 int64_t *out);

/* vg_quantity_is_whole -- is the result a whole number of micrograms, so that nothing was rounded?
 * Range: what vg_quantity_to_ug took. */
bool vg_quantity_is_whole(const struct vg_quantity *q, const struct vg_quantity_terms *t);

/*
 * vg_quantity_from_ug -- the way back, to so many places, rounded half to even.
 *
 *   out  out  number, places and unit; number may be 0 when the places are too few
 * Errors: VG_ERR_ARG as above; VG_ERR_RANGE when the digits do not fit.
 */
enum vg_status vg_quantity_from_ug(int64_t ug, enum vg_dose_unit unit, uint8_t places,
                                   const struct vg_quantity_terms *t, struct vg_quantity *out);

#define VG_QUANTITY_TEXT_MAX 40
/* vg_quantity_text -- "0.5 mg/kg"; returns out. */
const char *vg_quantity_text(const struct vg_quantity *q, char out[VG_QUANTITY_TEXT_MAX]);
/* vg_ug_text -- "35 mg" or "52.5 mg/h" of micrograms: the one form doses are shown and confirmed in. */
const char *vg_ug_text(int64_t ug, bool rate, char out[VG_QUANTITY_TEXT_MAX]);

#endif
