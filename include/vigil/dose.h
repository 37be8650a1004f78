/*
 * dose.h -- one dosing event as somebody reported it. Vigil records doses; it never advises them.
 *
 * Amounts are integers: micrograms, or micrograms an hour for rates. Conversion from what was
 * typed happens once, in lib/wire_request.c, and refuses what is ambiguous.
 */
#ifndef VIGIL_DOSE_H
#define VIGIL_DOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "vigil/capacity.h"

enum vg_dose_kind {
    VG_DOSE_BOLUS,          /* amount_ug is an amount */
    VG_DOSE_INFUSION_START, /* amount_ug is a rate in ug/h */
    VG_DOSE_RATE_CHANGE,    /* amount_ug is the new rate in ug/h */
    VG_DOSE_STOP,           /* no amount: amount_ug is 0 */
    VG_DOSE_KIND_COUNT
};

enum vg_route {
    VG_ROUTE_IV,
    VG_ROUTE_IM,
    VG_ROUTE_SC,
    VG_ROUTE_SL,
    VG_ROUTE_BUCCAL,
    VG_ROUTE_NASAL,
    VG_ROUTE_ORAL,
    VG_ROUTE_COUNT
};

/* 1 kg in micrograms: more than any dose of any drug used here, and far from overflow. */
#define VG_DOSE_MAX_UG INT64_C(1000000000)

struct vg_dose {
    int64_t amount_ug;
    int64_t given_utc_ns; /* the operator's statement; recorded-at is the event's own time */
    char request_id[VG_REQUEST_ID_MAX];
    char operator_id[VG_NAME_MAX];
    char drug[VG_NAME_MAX];
    uint8_t kind;  /* enum vg_dose_kind */
    uint8_t route; /* enum vg_route */
};

const char *vg_dose_kind_name(enum vg_dose_kind k);
const char *vg_route_name(enum vg_route r);
bool vg_dose_kind_find(const char *name, enum vg_dose_kind *out);
bool vg_route_find(const char *name, enum vg_route *out);

#endif
