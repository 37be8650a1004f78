/*
 * fuzz_request.c -- any bytes as a request, and as a payload of the record.
 *
 * The first byte chooses the door, or a kind of event. What is accepted must be in range, zero-
 * padded and encodable; what is refused must say why. A payload that decodes must encode to
 * something that decodes to the same again.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/wire.h"
#include "lib/wire_decode.h"
#include "vigil/compiler.h"
#include "vigil/quantity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct vg_protocol protocols[] = {
    { .hash = "hash-1", .phase_count = 1, .phases = { { .name = "before" } } },
    { .hash = "hash-2" },
};

static const struct vg_wire_names names = {
    .node = "node",
    .boot = "boot",
    .bed_count = 2,
    .device_count = 2,
    .sink_count = 1,
    .profile_count = 1,
    .scale_count = 2,
    .protocol_count = 2,
    .protocol_offered = 1,
    .bed = { "bed-1", "bed-2" },
    .device = { "ox-1", "cuff-1" },
    .sink = { "desk" },
    .profile = { "adult" },
    .scale = { "moaas", "rass" },
    .protocol = { "iv-40", "old" },
    .protocols = protocols,
};

static void must_encode(const struct vg_event *ev, const char *extra)
{
    char body[VG_WIRE_MAX];
    size_t len = 0;
    struct vg_wire_stamp stamp = { 1, false, extra };
    VG_ASSERT(vg_wire_event(&names, ev, stamp, body, sizeof body, &len) == VG_OK);
    VG_ASSERT(len > 0 && len <= sizeof body);
}

/* What is accepted must stand in the record so that a start can read it: with its extra members the
 * row is still one object. */
static void must_record(const struct vg_event *ev, const char *extra)
{
    char text[VG_WIRE_MAX];
    size_t len = 0;
    json_error_t err;
    VG_ASSERT(vg_wire_payload(&names, ev, extra, text, sizeof text, &len) == VG_OK);
    json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
    VG_ASSERT(json_is_object(o));
    json_decref(o);
}

/* Digits and unit of the form that the kind has; what they become is the core's to say. */
static void dose(const struct vg_dose *d)
{
    enum vg_dose_form form = vg_dose_form((enum vg_dose_kind)d->kind);
    struct vg_quantity q = { d->typed_number, d->places, d->unit };
    struct vg_quantity_terms terms = { d->weight_g, d->conc_ug_ml };
    int64_t ug = 0;

    VG_ASSERT(d->amount_ug == 0 && d->kind < VG_DOSE_KIND_COUNT && d->route < VG_ROUTE_COUNT);
    VG_ASSERT(d->typed_number >= 0 && d->typed_number <= VG_DOSE_MAX_UG);
    VG_ASSERT(d->places <= VG_QUANTITY_PLACES_MAX && d->unit < VG_UNIT_COUNT);
    VG_ASSERT(d->weight_g >= 0 && d->conc_ug_ml >= 0 && d->confirm_ug >= 0);
    VG_ASSERT(d->what != VG_DW_GIVEN || d->target == 0);
    if (d->what != VG_DW_VOID) {
        VG_ASSERT(form == VG_FORM_RATE_OR_NONE || (form == VG_FORM_NONE) == (d->typed_number == 0));
    }
    if (d->typed_number > 0) {
        bool rate = vg_unit_get((enum vg_dose_unit)d->unit)->rate;
        VG_ASSERT(rate == (form != VG_FORM_AMOUNT));
        if (vg_quantity_to_ug(&q, &terms, &ug) == VG_OK) {
            VG_ASSERT(ug > 0 && ug <= VG_DOSE_MAX_UG);
        }
    }
}

static void request(const char *bytes, size_t size, bool operate)
{
    struct vg_request r;
    enum vg_status st = vg_wire_request(&names, bytes, size, operate, &r);

    VG_ASSERT(memchr(r.why, '\0', sizeof r.why) != NULL);
    if (st != VG_OK) {
        struct vg_reply reply = { .status = st, .text = r.why };
        char body[VG_WIRE_MAX];
        size_t len;
        VG_ASSERT(r.why[0] != '\0');
        VG_ASSERT(vg_wire_reply(&reply, body, sizeof body, &len) == VG_OK);
        return;
    }
    VG_ASSERT((unsigned)r.op < VG_OP_COUNT);
    VG_ASSERT(r.bed == VG_BED_NONE || r.bed < names.bed_count);
    if (!operate) {
        return;
    }
    if (r.op == VG_OP_NOTES) {
        return; /* a question that only a door with a key answers */
    }
    VG_ASSERT(r.bed < names.bed_count || r.op == VG_OP_SINK_ALIVE);
    if (r.op == VG_OP_SINK_ALIVE || r.op == VG_OP_RECEIPT) {
        return; /* nobody's command */
    }
    VG_ASSERT(vg_event_request_id(&r.ev)[0] != '\0' && vg_event_operator(&r.ev)[0] != '\0');
    VG_ASSERT(memchr(r.extra, '\0', sizeof r.extra) != NULL);
    if (r.ev.kind == VG_EV_DOSE) {
        dose(&r.ev.u.dose);
    }
    must_encode(&r.ev, r.extra);
    must_record(&r.ev, r.extra);
}

static void payload(const char *bytes, size_t size, uint16_t kind)
{
    struct vg_event ev;
    struct vg_event again;
    char text[VG_WIRE_MAX];
    char twice[VG_WIRE_MAX];
    size_t len = 0;
    size_t len_twice = 0;

    memset(&ev, 0, sizeof ev);
    ev.kind = kind;
    if (vg_wire_decode(&names, bytes, size, &ev) != VG_OK) {
        return;
    }
    must_encode(&ev, NULL);
    VG_ASSERT(vg_wire_payload(&names, &ev, NULL, text, sizeof text, &len) == VG_OK);
    memset(&again, 0, sizeof again);
    again.kind = kind;
    if (vg_wire_decode(&names, text, len, &again) == VG_OK) {
        VG_ASSERT(vg_wire_payload(&names, &again, NULL, twice, sizeof twice, &len_twice) == VG_OK);
        VG_ASSERT(len == len_twice && memcmp(text, twice, len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* jansson wants its own copy to be bounded: a buffer of exactly this size finds overreads. */
    if (size == 0 || size > VG_WIRE_MAX) {
        return 0;
    }
    const char *bytes = (const char *)data + 1;
    switch (data[0] % 4) {
    case 0:
        request(bytes, size - 1, true);
        break;
    case 1:
        request(bytes, size - 1, false);
        break;
    default:
        payload(bytes, size - 1, (uint16_t)(data[0] / 4 % VG_EV_KIND_COUNT));
        break;
    }
    return 0;
}
