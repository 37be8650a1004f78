/*
 * fuzz_request.c -- any bytes as a request, and as a payload of the record.
 *
 * The first byte chooses the door, or a kind of event. What is accepted must be in range, zero-
 * padded and encodable; what is refused must say why. A payload that decodes must encode to
 * something that decodes to the same again.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/wire.h"
#include "lib/wire_decode.h"
#include "vigil/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct vg_wire_names names = {
    .node = "node",
    .boot = "boot",
    .bed_count = 2,
    .device_count = 2,
    .bed = { "bed-1", "bed-2" },
    .device = { "ox-1", "cuff-1" },
};

static void must_encode(const struct vg_event *ev)
{
    char body[VG_WIRE_MAX];
    size_t len = 0;
    VG_ASSERT(vg_wire_event(&names, ev, (struct vg_wire_stamp){ 1, false }, body, sizeof body,
                            &len) == VG_OK);
    VG_ASSERT(len > 0 && len <= sizeof body);
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
    VG_ASSERT(r.bed < names.bed_count);
    VG_ASSERT(vg_event_request_id(&r.ev)[0] != '\0' && vg_event_operator(&r.ev)[0] != '\0');
    if (r.op == VG_OP_DOSE) {
        VG_ASSERT(r.ev.u.dose.amount_ug >= 0 && r.ev.u.dose.amount_ug <= VG_DOSE_MAX_UG);
        VG_ASSERT((r.ev.u.dose.kind == VG_DOSE_STOP) == (r.ev.u.dose.amount_ug == 0));
    }
    must_encode(&r.ev);
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
    must_encode(&ev);
    VG_ASSERT(vg_wire_payload(&names, &ev, text, sizeof text, &len) == VG_OK);
    memset(&again, 0, sizeof again);
    again.kind = kind;
    if (vg_wire_decode(&names, text, len, &again) == VG_OK) {
        VG_ASSERT(vg_wire_payload(&names, &again, twice, sizeof twice, &len_twice) == VG_OK);
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
