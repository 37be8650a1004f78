/*
 * dose.h -- one dosing event as somebody reported it. Vigil records doses; it never advises them.
 *
 * Amounts are integers: micrograms, or micrograms an hour for rates. What was typed travels beside
 * what it became (quantity.h), so that a reader can follow every conversion. A mistake is corrected
 * by a later row that names the earlier one; nothing is ever edited.
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
    VG_DOSE_PAUSE,          /* no amount */
    VG_DOSE_RESUME,         /* a rate, or none: the one before the pause */
    VG_DOSE_DEVICE,         /* one nasal spray device */
    VG_DOSE_LOZENGE,        /* placed in the mouth */
    VG_DOSE_LOZENGE_END,    /* spat out or swallowed; no amount */
    VG_DOSE_DRAWN,          /* taken from the stock */
    VG_DOSE_WASTE,          /* thrown away before a witness */
    VG_DOSE_KIND_COUNT
};

/* What the amount of a kind is. */
enum vg_dose_form { VG_FORM_AMOUNT, VG_FORM_RATE, VG_FORM_RATE_OR_NONE, VG_FORM_NONE };
enum vg_dose_form vg_dose_form(enum vg_dose_kind k);
/* Does it put drug into the person? The first of them is T0. */
bool vg_dose_gives(enum vg_dose_kind k);

/* Whether a row reports a dose or corrects one. */
enum vg_dose_what {
    VG_DW_GIVEN,
    VG_DW_AMEND, /* what `target` says is wrong: this row says it right */
    VG_DW_VOID,  /* what `target` says never happened */
    VG_DW_COUNT
};

/* Why a reader should look twice at a recorded dose; a set of bits. */
enum vg_deviation {
    VG_DEV_GATE_CLOSED = 1u << 0, /* dose.gate names what was missing */
    VG_DEV_SOFT_RANGE = 1u << 1,  /* outside the usual range of the protocol */
    VG_DEV_HARD_RANGE = 1u << 2,  /* over what the protocol allows */
    VG_DEV_UNCHECKED = 1u << 3,   /* no second person */
    VG_DEV_TOO_SOON = 1u << 4,    /* nearer to the dose before than the protocol says */
    VG_DEV_LATE_ENTRY = 1u << 5,  /* entered more than five minutes after it happened */
    VG_DEV_OTHER_DRUG = 1u << 6,  /* not the drug or route of the protocol */
    VG_DEV_UNCOUNTED = 1u << 7,   /* more doses than Vigil can add up: totals are incomplete */
    VG_DEV_NOTHING_RUNS = 1u << 8 /* no infusion of that drug runs that could stop or change */
};
#define VG_DEVIATION_BITS 9

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
    int64_t amount_ug;    /* what counts; computed by the core from what was typed */
    int64_t given_utc_ns; /* the operator's statement; recorded-at is the event's own time */
    int64_t typed_number; /* digits as typed; 0 when the kind has no amount */
    int64_t confirm_ug;   /* what the person was shown and accepted; 0 = nothing */
    uint64_t target;      /* AMEND, VOID: the row that is corrected */
    char request_id[VG_REQUEST_ID_MAX];
    char operator_id[VG_NAME_MAX];
    char drug[VG_NAME_MAX];
    int32_t weight_g;   /* used in the conversion, 0 = none */
    int32_t conc_ug_ml; /* the same */
    uint32_t extra_sum; /* fingerprint of what travels beside the event, 0 = nothing */
    uint32_t gate;      /* bit set of enum vg_gate_item that were missing */
    uint8_t kind;       /* enum vg_dose_kind */
    uint8_t route;      /* enum vg_route */
    uint8_t what;       /* enum vg_dose_what */
    uint8_t unit;       /* enum vg_dose_unit, of typed_number */
    uint8_t places;     /* of typed_number */
    bool checked;       /* a second person, not the operator, is named beside the event */
    uint16_t deviation; /* bit set of enum vg_deviation */
};

const char *vg_dose_kind_name(enum vg_dose_kind k);
const char *vg_route_name(enum vg_route r);
bool vg_dose_kind_find(const char *name, enum vg_dose_kind *out);
bool vg_route_find(const char *name, enum vg_route *out);
const char *vg_dose_what_name(enum vg_dose_what w);
/* i < VG_DEVIATION_BITS: the name of bit i. */
const char *vg_deviation_name(unsigned i);

#endif
