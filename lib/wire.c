/*
 * wire.c -- events to frames. What is common to all of them: topics, heads, replies.
 *
 * Values appear twice: `value` is the integer a screen shows, in the vital's wire unit, and
 * `value_milli` the exact thousandths that limits were compared with. Both are null when there
 * is no value: nothing is ever invented.
 */
#include "lib/wire_internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "vigil/compiler.h"
#include "vigil/quantity.h"

const char *vg_wire_bed(const struct vg_wire_names *n, uint16_t bed)
{
    return bed < n->bed_count ? n->bed[bed] : NULL;
}

const char *vg_wire_device(const struct vg_wire_names *n, uint16_t device)
{
    return device < n->device_count ? n->device[device] : NULL;
}

/* --- topics --------------------------------------------------------------------------------- */

/* v1.<bed>.<group>[.<leaf>], without printf: it is made for every event. */
static bool join_topic(const char *bed, const char *group, const char *leaf,
                       char topic[VG_TOPIC_MAX], size_t *topic_len)
{
    const char *parts[] = { VG_TOPIC_PREFIX, bed, ".", group, leaf != NULL ? "." : NULL, leaf };
    size_t len = 0;

    for (size_t i = 0; i < VG_COUNT(parts) && parts[i] != NULL; i++) {
        size_t n = strlen(parts[i]);
        if (len + n >= VG_TOPIC_MAX) {
            return false;
        }
        memcpy(topic + len, parts[i], n);
        len += n;
    }
    topic[len] = '\0';
    *topic_len = len;
    return true;
}

bool vg_wire_topic(const struct vg_wire_names *n, const struct vg_event *ev,
                   char topic[VG_TOPIC_MAX], size_t *topic_len)
{
    const char *bed = vg_wire_bed(n, ev->bed);
    const char *group = NULL;
    const char *leaf = NULL;

    switch ((enum vg_event_kind)ev->kind) {
    case VG_EV_READING:
        group = "vital";
        leaf = vg_vital_get((enum vg_vital)ev->u.reading.vital)->name;
        break;
    case VG_EV_FRESHNESS:
        if (ev->u.fresh.to == VG_FRESH_FRESH) {
            break; /* its reading says so; a frame without a value would blank that reading */
        }
        group = "vital";
        leaf = vg_vital_get((enum vg_vital)ev->u.fresh.vital)->name;
        break;
    case VG_EV_WAVE:
        group = "wave";
        leaf = vg_vital_get((enum vg_vital)ev->u.wave.vital)->name;
        break;
    case VG_EV_ALARM:
        group = "alarm";
        break;
    case VG_EV_SESSION:
    case VG_EV_DAEMON:
    case VG_EV_LIMIT:
    case VG_EV_CARE:
    case VG_EV_PLAN:
        group = "session";
        break;
    case VG_EV_DOSE:
        group = "dose";
        break;
    case VG_EV_DEVICE:
    case VG_EV_SIGNAL:
    case VG_EV_CUFF:
    case VG_EV_NIBP:
        group = "device";
        leaf = vg_wire_device(n, ev->device);
        break;
    case VG_EV_NONE:
    case VG_EV_ACK:
    case VG_EV_NIBP_COMMAND:
    case VG_EV_CLOCK:
    case VG_EV_TICK:
    case VG_EV_INHIBIT:
    case VG_EV_LIMITS:
    case VG_EV_ROUTE:
    case VG_EV_SINK:
    case VG_EV_BIND:
    case VG_EV_KIND_COUNT:
        break;
    }
    if (bed == NULL || group == NULL) {
        return false;
    }
    return join_topic(bed, group, leaf, topic, topic_len);
}

bool vg_wire_alarms_topic(const struct vg_wire_names *n, uint16_t bed, char topic[VG_TOPIC_MAX],
                          size_t *topic_len)
{
    return join_topic(n->bed[bed], "alarms", NULL, topic, topic_len);
}

size_t vg_wire_private_at(const char *text)
{
    static const char member[] = "\"private\":{";
    /* Inside a text the quotes would be escaped: this is the member and nothing else. */
    const char *at = strstr(text, member);
    if (at == NULL) {
        return strlen(text);
    }
    return (size_t)(at - text) - (at > text && at[-1] == ',' ? 1u : 0u);
}

/* --- bodies --------------------------------------------------------------------------------- */

void vg_wire_event_members(struct vg_json *j, const struct vg_wire_names *n,
                           const struct vg_event *ev)
{
    const char *bed = vg_wire_bed(n, ev->bed);
    const char *device = vg_wire_device(n, ev->device);

    vg_json_uint(j, "seq", ev->seq);
    if (bed != NULL) {
        vg_json_text(j, "bed", bed);
    }
    if (device != NULL) {
        vg_json_text(j, "dev", device);
    }
    vg_wire_kind_members(j, n, ev);
    vg_json_int(j, "mono_ms", ev->mono_ns / VG_NS_PER_MS);
    vg_json_int(j, "utc_ms", ev->utc_ns / VG_NS_PER_MS);
    if (ev->session != 0) {
        vg_json_uint(j, "session", ev->session);
    }
    if ((ev->flags & VG_FLAG_TEST) != 0) {
        vg_json_bool(j, "test", true);
    }
    if ((ev->flags & VG_FLAG_UNSAVED) != 0) {
        vg_json_bool(j, "unsaved", true);
    }
}

enum vg_status vg_wire_event(const struct vg_wire_names *n, const struct vg_event *ev,
                             struct vg_wire_stamp stamp, char *body, size_t cap, size_t *len)
{
    struct vg_json j;
    vg_json_begin(&j, body, cap);
    vg_json_object(&j, NULL);
    vg_json_uint(&j, "v", VG_WIRE_VERSION);
    vg_json_uint(&j, "n", stamp.count);
    vg_wire_event_members(&j, n, ev);
    if (stamp.snapshot) {
        vg_json_bool(&j, "snapshot", true);
    }
    if (stamp.extra != NULL) { /* what is private stays in the record */
        vg_json_members(&j, stamp.extra, vg_wire_private_at(stamp.extra));
    }
    vg_json_object_end(&j);
    *len = j.len;
    return j.overflow ? VG_ERR_FULL : VG_OK;
}

/* What a dose or a weight became: to be shown, and sent back as `confirm`. */
static void became_members(struct vg_json *j, const struct vg_event *ev)
{
    char text[VG_QUANTITY_TEXT_MAX];

    if (ev->kind == VG_EV_CARE && ev->u.care.what == VG_CW_WEIGHT) {
        char kg[VG_QUANTITY_TEXT_MAX];
        (void)snprintf(kg, sizeof kg, "%d.%03d kg", ev->u.care.value[0] / 1000,
                       ev->u.care.value[0] % 1000);
        vg_json_text(j, "confirm", kg);
    }
    if (ev->kind != VG_EV_DOSE) {
        return;
    }
    const struct vg_dose *d = &ev->u.dose;
    if (d->amount_ug > 0) {
        bool rate = vg_dose_form((enum vg_dose_kind)d->kind) != VG_FORM_AMOUNT;
        vg_json_int(j, rate ? "rate_ug_h" : "amount_ug", d->amount_ug);
        vg_json_text(j, "confirm", vg_ug_text(d->amount_ug, rate, text));
    }
    if (d->deviation != 0) {
        vg_wire_deviation_list(j, "deviation", d->deviation);
    }
    if (d->gate != 0) {
        vg_wire_gate_list(j, "gate_missing", d->gate);
    }
}

enum vg_status vg_wire_reply(const struct vg_reply *r, char *body, size_t cap, size_t *len)
{
    struct vg_json j;
    vg_json_begin(&j, body, cap);
    vg_json_object(&j, NULL);
    vg_json_uint(&j, "v", VG_WIRE_VERSION);
    vg_json_bool(&j, "ok", r->status == VG_OK);
    if (r->request_id != NULL && r->request_id[0] != '\0') {
        vg_json_text(&j, "request_id", r->request_id);
    }
    if (r->status == VG_OK && r->plain) {
        /* "ok" is all there is to say */
    } else if (r->status == VG_OK) {
        vg_json_uint(&j, "receipt", r->receipt);
        vg_json_bool(&j, "recorded", r->recorded);
        vg_json_bool(&j, "duplicate", r->duplicate);
    } else {
        vg_json_text(&j, "status", vg_status_name(r->status));
        vg_json_text(&j, "error", r->error != NULL ? r->error : vg_status_name(r->status));
    }
    if (r->ev != NULL) {
        became_members(&j, r->ev);
    }
    if (r->text != NULL) {
        vg_json_text(&j, "text", r->text);
    }
    vg_json_object_end(&j);
    *len = j.len;
    return j.overflow ? VG_ERR_FULL : VG_OK;
}
