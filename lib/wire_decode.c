/*
 * wire_decode.c -- the members of a recorded event back into the event, for replay at start.
 *
 * Only decisions and commands are decoded: session, dose, ack, nibp_command, alarm, cuff moves. A
 * row that does not decode is an error with a name, never a guess; the caller says which row.
 */
#include <jansson.h>
#include <string.h>

#include "lib/wire_decode.h"
#include "vigil/compiler.h"

static bool text(const json_t *o, const char *key, char *out, size_t cap)
{
    const char *s = json_string_value(json_object_get(o, key));
    memset(out, 0, cap);
    if (s == NULL || strlen(s) >= cap) {
        return false;
    }
    memcpy(out, s, strlen(s));
    return true;
}

static bool integer(const json_t *o, const char *key, int64_t *out)
{
    const json_t *v = json_object_get(o, key);
    *out = json_integer_value(v);
    return json_is_integer(v);
}

/* Index of a word in an enumeration that is named by name_of(0..count-1). */
static bool word(const json_t *o, const char *key, const char *(*name_of)(unsigned), unsigned count,
                 uint8_t *out)
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

#define NAMER(fn, type, namer)                                                                     \
    static const char *fn(unsigned i)                                                              \
    {                                                                                              \
        return namer((enum type)i);                                                                \
    }
NAMER(state_name, vg_cond_state, vg_cond_state_name)
NAMER(priority_name, vg_priority, vg_priority_name)
NAMER(what_name, vg_alarm_what, vg_alarm_what_name)
NAMER(condition_name, vg_condition, vg_condition_name)
NAMER(nibp_state_name, vg_nibp_state, vg_nibp_state_name)
NAMER(dose_kind_name, vg_dose_kind, vg_dose_kind_name)
NAMER(route_name, vg_route, vg_route_name)
NAMER(session_move_name, vg_session_move, vg_session_move_name)

/* Value and limit: both, or both null. */
static bool decode_alarm_value(const json_t *o, struct vg_alarm_event *a)
{
    int64_t value = 0;
    int64_t limit = 0;
    bool has_value = integer(o, "value_milli", &value);
    bool has_limit = integer(o, "limit_milli", &limit);

    a->has_value = has_value;
    a->value_milli = (int32_t)value;
    a->limit_milli = (int32_t)limit;
    return has_value == has_limit && a->value_milli == value && a->limit_milli == limit;
}

static bool decode_alarm(const json_t *o, struct vg_event *ev)
{
    struct vg_alarm_event *a = &ev->u.alarm;
    int64_t n = 0;
    enum vg_vital v;
    const char *vital = json_string_value(json_object_get(o, "vital"));

    if (!word(o, "alarm", condition_name, VG_COND_COUNT, &a->condition) ||
        !word(o, "state", state_name, VG_CS_COUNT, &a->to) ||
        !word(o, "was", state_name, VG_CS_COUNT, &a->from) ||
        !word(o, "priority", priority_name, VG_PRIO_COUNT, &a->priority) ||
        !word(o, "event", what_name, VG_AW_COUNT, &a->what) || !integer(o, "instance", &n) ||
        n < 0) {
        return false;
    }
    a->instance = (uint64_t)n;
    a->ack = json_is_true(json_object_get(o, "ack"));
    a->held = json_is_true(json_object_get(o, "held"));
    if (!decode_alarm_value(o, a)) {
        return false;
    }
    if (!integer(o, "since_mono_ms", &n)) {
        return false;
    }
    a->since_ns = n * VG_NS_PER_MS;
    a->subject = VG_SUBJECT_NONE;
    if (vital != NULL) {
        if (!vg_vital_find(vital, &v)) {
            return false;
        }
        a->subject = (uint16_t)v;
    }
    return true;
}

static bool decode_session(const json_t *o, struct vg_event *ev)
{
    struct vg_session_event *s = &ev->u.session_move;

    if (!word(o, "event", session_move_name, VG_SESSION_MOVE_COUNT, &s->move)) {
        return false;
    }
    return text(o, s->move == VG_SESSION_OPEN ? "patient_ref" : "reason", s->text,
                sizeof s->text) &&
           text(o, "operator", s->operator_id, sizeof s->operator_id) &&
           text(o, "request_id", s->request_id, sizeof s->request_id);
}

static bool decode_dose(const json_t *o, struct vg_event *ev)
{
    struct vg_dose *d = &ev->u.dose;
    char given[VG_WIRE_UTC_MAX];

    if (!word(o, "kind", dose_kind_name, VG_DOSE_KIND_COUNT, &d->kind) ||
        !word(o, "route", route_name, VG_ROUTE_COUNT, &d->route) ||
        !text(o, "drug", d->drug, sizeof d->drug) ||
        !text(o, "operator", d->operator_id, sizeof d->operator_id) ||
        !text(o, "request_id", d->request_id, sizeof d->request_id) ||
        !text(o, "given_at", given, sizeof given) || !vg_wire_parse_utc(given, &d->given_utc_ns)) {
        return false;
    }
    if (d->kind == VG_DOSE_STOP) {
        return true;
    }
    return integer(o, d->kind == VG_DOSE_BOLUS ? "amount_ug" : "rate_ug_h", &d->amount_ug);
}

static bool decode_ack(const json_t *o, struct vg_event *ev)
{
    int64_t n = 0;
    bool ok = integer(o, "instance", &n) && n >= 0 &&
              text(o, "operator", ev->u.ack.operator_id, sizeof ev->u.ack.operator_id) &&
              text(o, "request_id", ev->u.ack.request_id, sizeof ev->u.ack.request_id);
    ev->u.ack.instance = (uint64_t)n;
    return ok;
}

static bool decode_command(const json_t *o, struct vg_event *ev)
{
    struct vg_nibp_command *c = &ev->u.command;
    const char *what = json_string_value(json_object_get(o, "command"));
    bool start = what != NULL && strcmp(what, "start") == 0;
    bool abort = what != NULL && strcmp(what, "abort") == 0;
    c->what = start ? VG_REQ_NIBP_START : VG_REQ_NIBP_ABORT;
    return (start || abort) && text(o, "operator", c->operator_id, sizeof c->operator_id) &&
           text(o, "request_id", c->request_id, sizeof c->request_id);
}

static bool decode(const json_t *o, struct vg_event *ev)
{
    switch ((enum vg_event_kind)ev->kind) {
    case VG_EV_SESSION:
        return decode_session(o, ev);
    case VG_EV_DOSE:
        return decode_dose(o, ev);
    case VG_EV_ACK:
        return decode_ack(o, ev);
    case VG_EV_NIBP_COMMAND:
        return decode_command(o, ev);
    case VG_EV_ALARM:
        return decode_alarm(o, ev);
    case VG_EV_CUFF:
        ev->u.cuff.is_state = true;
        return word(o, "state", nibp_state_name, VG_NS_COUNT, &ev->u.cuff.state);
    case VG_EV_NONE:
    case VG_EV_READING:
    case VG_EV_NIBP:
    case VG_EV_WAVE:
    case VG_EV_DEVICE:
    case VG_EV_SIGNAL:
    case VG_EV_FRESHNESS:
    case VG_EV_CLOCK:
    case VG_EV_DAEMON:
    case VG_EV_TICK:
    case VG_EV_KIND_COUNT:
        break;
    }
    return false;
}

enum vg_status vg_wire_decode(const char *payload, size_t len, struct vg_event *ev)
{
    json_t *o = json_loadb(payload, len, JSON_REJECT_DUPLICATES, NULL);
    bool ok = json_is_object(o) && decode(o, ev);
    json_decref(o);
    return ok ? VG_OK : VG_ERR_FORMAT;
}

enum vg_status vg_wire_payload(const struct vg_wire_names *n, const struct vg_event *ev, char *buf,
                               size_t cap, size_t *len)
{
    struct vg_json j;
    vg_json_begin(&j, buf, cap);
    vg_json_object(&j, NULL);
    vg_wire_kind_members(&j, n, ev);
    vg_json_object_end(&j);
    *len = j.len;
    return j.overflow ? VG_ERR_FULL : VG_OK;
}
