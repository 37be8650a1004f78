/*
 * quantity.c -- conversions as one fraction: micrograms = number * over / under.
 *
 * Every unit is a row of factors; a weight is thousandths of a kilogram, so a unit per kilogram has
 * 1000 below the line. The product is formed only when it fits 63 bits: what does not fit is far more
 * than a kilogram.
 * Trap: 0.333 mg/kg of 70.7 kg is no whole microgram. The rounded value is what counts from then
 * on: it is shown, confirmed and recorded beside what was typed.
 */
#include "vigil/quantity.h"

#include <assert.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/dose.h"

/* clang-format off */
static const struct {
    struct vg_unit_row row;
    int32_t ug;       /* micrograms (or, per volume, 1) of one unit */
    int32_t per_hour; /* times an hour */
} units[] = {
    [VG_UNIT_UG] = { { "ug", false, false, false, true }, 1, 1 },
    [VG_UNIT_MG] = { { "mg", false, false, false, true }, 1000, 1 },
    [VG_UNIT_G] = { { "g", false, false, false, true }, 1000000, 1 },
    [VG_UNIT_UG_KG] = { { "ug/kg", false, true, false, false }, 1, 1 },
    [VG_UNIT_MG_KG] = { { "mg/kg", false, true, false, false }, 1000, 1 },
    [VG_UNIT_ML] = { { "mL", false, false, true, false }, 1, 1 },
    [VG_UNIT_UG_H] = { { "ug/h", true, false, false, true }, 1, 1 },
    [VG_UNIT_MG_H] = { { "mg/h", true, false, false, true }, 1000, 1 },
    [VG_UNIT_UG_MIN] = { { "ug/min", true, false, false, true }, 1, 60 },
    [VG_UNIT_MG_MIN] = { { "mg/min", true, false, false, true }, 1000, 60 },
    [VG_UNIT_MG_KG_H] = { { "mg/kg/h", true, true, false, false }, 1000, 1 },
    [VG_UNIT_UG_KG_MIN] = { { "ug/kg/min", true, true, false, false }, 1, 60 },
    [VG_UNIT_ML_H] = { { "mL/h", true, false, true, false }, 1, 1 },
};
/* clang-format on */
static_assert(VG_COUNT(units) == VG_UNIT_COUNT, "a unit has no row");

static const int64_t power[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
static_assert(VG_COUNT(power) == VG_QUANTITY_PLACES_MAX + 1, "a place has no power of ten");

const struct vg_unit_row *vg_unit_get(enum vg_dose_unit u)
{
    VG_ASSERT((unsigned)u < VG_UNIT_COUNT);
    return &units[u].row;
}

bool vg_unit_find(const char *name, enum vg_dose_unit *out)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < VG_UNIT_COUNT; i++) {
        if (strlen(units[i].row.name) == len && memcmp(units[i].row.name, name, len) == 0) {
            *out = (enum vg_dose_unit)i;
            return true;
        }
    }
    return false;
}

/* One unit in micrograms as a fraction; false when a term is not known. */
static bool fraction(enum vg_dose_unit unit, const struct vg_quantity_terms *t, int64_t *over,
                     int64_t *under)
{
    const struct vg_unit_row *row = &units[unit].row;

    *over = (int64_t)units[unit].ug * units[unit].per_hour;
    *under = 1;
    if ((row->per_kg && t->weight_g <= 0) || (row->volume && t->conc_ug_ml <= 0)) {
        return false;
    }
    if (row->per_kg) {
        *over *= t->weight_g;
        *under = 1000;
    }
    if (row->volume) {
        *over *= t->conc_ug_ml;
    }
    return true;
}

/* a * b / c, half to even; false when a * b does not fit. All are positive. */
static bool scale(int64_t a, int64_t b, int64_t c, int64_t *out)
{
    if (a > INT64_MAX / b) {
        return false;
    }
    int64_t whole = a * b / c;
    int64_t rest = a * b % c;
    if (rest > c - rest || (rest == c - rest && whole % 2 != 0)) {
        whole++;
    }
    *out = whole;
    return true;
}

enum vg_status vg_quantity_to_ug(const struct vg_quantity *q, const struct vg_quantity_terms *t,
                                 int64_t *out)
{
    int64_t over;
    int64_t under;

    *out = 0;
    VG_ASSERT(q->unit < VG_UNIT_COUNT && q->places <= VG_QUANTITY_PLACES_MAX);
    if (q->number <= 0 || q->number > VG_DOSE_MAX_UG) {
        return VG_ERR_RANGE;
    }
    if (!fraction((enum vg_dose_unit)q->unit, t, &over, &under)) {
        return VG_ERR_ARG;
    }
    if (!scale(q->number, over, under * power[q->places], out)) {
        return VG_ERR_RANGE;
    }
    return *out > 0 && *out <= VG_DOSE_MAX_UG ? VG_OK : VG_ERR_RANGE;
}

bool vg_quantity_is_whole(const struct vg_quantity *q, const struct vg_quantity_terms *t)
{
    int64_t over;
    int64_t under;

    VG_ASSERT(q->unit < VG_UNIT_COUNT && q->places <= VG_QUANTITY_PLACES_MAX);
    return fraction((enum vg_dose_unit)q->unit, t, &over, &under) &&
           q->number <= INT64_MAX / over && q->number * over % (under * power[q->places]) == 0;
}

enum vg_status vg_quantity_from_ug(int64_t ug, enum vg_dose_unit unit, uint8_t places,
                                   const struct vg_quantity_terms *t, struct vg_quantity *out)
{
    int64_t over;
    int64_t under;

    VG_ASSERT((unsigned)unit < VG_UNIT_COUNT && places <= VG_QUANTITY_PLACES_MAX);
    out->number = 0;
    out->places = places;
    out->unit = (uint8_t)unit;
    if (!fraction(unit, t, &over, &under)) {
        return VG_ERR_ARG;
    }
    if (ug < 0 || (ug > 0 && !scale(ug, under * power[places], over, &out->number))) {
        return VG_ERR_RANGE;
    }
    return VG_OK;
}

/* --- text ----------------------------------------------------------------------------------- */

static char *put_digits(char *at, int64_t n, unsigned least)
{
    char back[24];
    unsigned len = 0;
    for (; n > 0 || len < least; n /= 10) {
        back[len++] = (char)('0' + n % 10);
    }
    while (len > 0) {
        *at++ = back[--len];
    }
    return at;
}

const char *vg_quantity_text(const struct vg_quantity *q, char out[VG_QUANTITY_TEXT_MAX])
{
    int64_t unit = power[q->places];
    char *at = put_digits(out, q->number / unit, 1);
    const char *name = units[q->unit].row.name;

    if (q->places > 0) {
        *at++ = '.';
        at = put_digits(at, q->number % unit, q->places);
    }
    *at++ = ' ';
    memcpy(at, name, strlen(name) + 1);
    return out;
}

const char *vg_ug_text(int64_t ug, bool rate, char out[VG_QUANTITY_TEXT_MAX])
{
    struct vg_quantity q = { ug, 3, rate ? VG_UNIT_MG_H : VG_UNIT_MG };
    while (q.places > 0 && q.number % 10 == 0) {
        q.number /= 10;
        q.places--;
    }
    return vg_quantity_text(&q, out);
}
