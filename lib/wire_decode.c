/*
 * wire_decode.c -- the members of a recorded event back into the event, for replay at start.
 *
 * Decisions and commands are read at every start; what devices and sinks said only when somebody
 * plays a record again. A row that does not decode is an error with a name, never a guess; the
 * caller says which row.
 */
#include <jansson.h>
#include <string.h>

#include "lib/wire_decode.h"
#include "lib/wire_internal.h"
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
NAMER(alarm_state_name, vg_cond_state, vg_cond_state_name)
NAMER(priority_name, vg_priority, vg_priority_name)
NAMER(what_name, vg_alarm_what, vg_alarm_what_name)
NAMER(condition_name, vg_condition, vg_condition_name)
NAMER(nibp_state_name, vg_nibp_state, vg_nibp_state_name)
NAMER(dose_kind_name, vg_dose_kind, vg_dose_kind_name)
NAMER(route_name, vg_route, vg_route_name)
NAMER(session_move_name, vg_session_move, vg_session_move_name)
NAMER(inhibit_what_name, vg_inhibit_what, vg_inhibit_what_name)
NAMER(inhibit_state_name, vg_inhibit_state, vg_inhibit_state_name)
NAMER(limits_what_name, vg_limits_what, vg_limits_what_name)
NAMER(limit_cause_name, vg_limit_cause, vg_limit_cause_name)
NAMER(sink_what_name, vg_sink_what, vg_sink_what_name)
NAMER(care_what_name, vg_care_what, vg_care_what_name)
NAMER(port_state_name, vg_port_state, vg_port_state_name)
NAMER(nibp_error_name, vg_nibp_error, vg_nibp_error_name)
NAMER(daemon_what_name, vg_daemon_what, vg_daemon_what_name)

static bool milli(const json_t *o, const char *key, int32_t *out)
{
    int64_t n = 0;
    bool ok = integer(o, key, &n) && n >= INT32_MIN && n <= INT32_MAX;
    *out = (int32_t)n;
    return ok;
}

/* Index of a name in a list of the configuration. */
static bool known_name(const json_t *o, const char *key, const char *const *names, uint8_t count,
                       uint8_t *out)
{
    const char *s = json_string_value(json_object_get(o, key));
    for (uint8_t i = 0; s != NULL && i < count; i++) {
        if (strcmp(names[i], s) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

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

static bool decode_alarm(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    struct vg_alarm_event *a = &ev->u.alarm;
    int64_t n = 0;
    enum vg_vital v;
    const char *vital = json_string_value(json_object_get(o, "vital"));

    if (!word(o, "alarm", condition_name, VG_COND_COUNT, &a->condition) ||
        !word(o, "state", alarm_state_name, VG_CS_COUNT, &a->to) ||
        !word(o, "was", alarm_state_name, VG_CS_COUNT, &a->from) ||
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
    if (a->condition == VG_COND_SINK_LOST) {
        uint8_t sink = 0;
        if (!known_name(o, "sink", names->sink, names->sink_count, &sink)) {
            return false;
        }
        a->subject = sink;
    }
    return true;
}

static bool decode_session(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    (void)names;
    struct vg_session_event *s = &ev->u.session_move;

    if (!word(o, "event", session_move_name, VG_SESSION_MOVE_COUNT, &s->move)) {
        return false;
    }
    return text(o, s->move == VG_SESSION_OPEN ? "patient_ref" : "reason", s->text,
                sizeof s->text) &&
           text(o, "operator", s->operator_id, sizeof s->operator_id) &&
           text(o, "request_id", s->request_id, sizeof s->request_id);
}

static bool decode_dose(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    (void)names;
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

static bool decode_ack(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    (void)names;
    int64_t n = 0;
    bool ok = integer(o, "instance", &n) && n >= 0 &&
              text(o, "operator", ev->u.ack.operator_id, sizeof ev->u.ack.operator_id) &&
              text(o, "request_id", ev->u.ack.request_id, sizeof ev->u.ack.request_id);
    ev->u.ack.instance = (uint64_t)n;
    return ok;
}

static bool decode_command(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    (void)names;
    struct vg_nibp_command *c = &ev->u.command;
    const char *what = json_string_value(json_object_get(o, "command"));
    bool start = what != NULL && strcmp(what, "start") == 0;
    bool abort = what != NULL && strcmp(what, "abort") == 0;
    c->what = start ? VG_REQ_NIBP_START : VG_REQ_NIBP_ABORT;
    return (start || abort) && text(o, "operator", c->operator_id, sizeof c->operator_id) &&
           text(o, "request_id", c->request_id, sizeof c->request_id);
}

static bool decode_cuff(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    (void)names;
    ev->u.cuff.is_state = true;
    return word(o, "state", nibp_state_name, VG_NS_COUNT, &ev->u.cuff.state);
}

static bool decode_scope(const json_t *o, uint8_t *out)
{
    const char *s = json_string_value(json_object_get(o, "scope"));
    enum vg_vital v = VG_VITAL_COUNT;
    if (s == NULL || (strcmp(s, "audio") != 0 && !vg_vital_find(s, &v))) {
        return false;
    }
    *out = (uint8_t)v;
    return true;
}

static bool decode_inhibit(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    struct vg_inhibit_event *i = &ev->u.inhibit;
    (void)names;
    return word(o, "event", inhibit_what_name, VG_IW_COUNT, &i->what) &&
           decode_scope(o, &i->vital) && text(o, "reason", i->reason, sizeof i->reason) &&
           text(o, "operator", i->operator_id, sizeof i->operator_id) &&
           text(o, "request_id", i->request_id, sizeof i->request_id) &&
           (i->what != VG_IW_MOVED || (word(o, "state", inhibit_state_name, VG_IS_COUNT, &i->to) &&
                                       word(o, "was", inhibit_state_name, VG_IS_COUNT, &i->from)));
}

static bool decode_limits(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    struct vg_limits_event *l = &ev->u.limits;

    if (!word(o, "event", limits_what_name, VG_LW_COUNT, &l->what) ||
        !text(o, "reason", l->reason, sizeof l->reason) ||
        !text(o, "operator", l->operator_id, sizeof l->operator_id) ||
        !text(o, "request_id", l->request_id, sizeof l->request_id)) {
        return false;
    }
    if (l->what == VG_LW_SET) {
        return word(o, "condition", condition_name, VG_COND_COUNT, &l->index) &&
               milli(o, "limit_milli", &l->limit_milli);
    }
    return l->what == VG_LW_FORMULA ||
           known_name(o, "profile", names->profile, names->profile_count, &l->index);
}

static bool decode_limit(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    struct vg_limit_event *l = &ev->u.limit;
    (void)names;
    return word(o, "condition", condition_name, VG_COND_COUNT, &l->condition) &&
           word(o, "cause", limit_cause_name, VG_LC_COUNT, &l->cause) &&
           milli(o, "old_milli", &l->old_milli) && milli(o, "limit_milli", &l->new_milli) &&
           milli(o, "sat_seconds", &l->sat_seconds) &&
           text(o, "operator", l->operator_id, sizeof l->operator_id);
}

static bool decode_sink(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    struct vg_sink_event *s = &ev->u.sink;
    int64_t n = 0;

    if (!word(o, "event", sink_what_name, VG_SW_COUNT, &s->what) ||
        !known_name(o, "sink", names->sink, names->sink_count, &s->sink)) {
        return false;
    }
    int64_t telling = 0;
    bool ok = s->what != VG_SW_RECEIPT || (integer(o, "instance", &n) && n >= 0);
    (void)integer(o, "telling", &telling); /* rows of an older version have none */
    s->telling = (uint16_t)telling;
    s->instance = (uint64_t)n;
    return ok;
}

static bool decode_baseline(const json_t *o, int32_t value[VG_BASE_COUNT])
{
    static const char *const keys[VG_BASE_COUNT] = {
        [VG_BASE_SYS] = "sys_milli", [VG_BASE_DIA] = "dia_milli",   [VG_BASE_MEAN] = "mean_milli",
        [VG_BASE_PR] = "pr_milli",   [VG_BASE_SPO2] = "spo2_milli",
    };
    for (size_t i = 0; i < VG_BASE_COUNT; i++) {
        const json_t *v = json_object_get(o, keys[i]);
        if (json_is_null(v)) {
            value[i] = -1;
        } else if (!milli(o, keys[i], &value[i]) || value[i] < 0) {
            return false;
        } else {
            /* taken */
        }
    }
    return true;
}

static bool decode_schedule(const json_t *o, struct vg_care *c)
{
    const char *vital = json_string_value(json_object_get(o, "vital"));
    enum vg_vital v;
    if (vital == NULL || !vg_vital_find(vital, &v)) {
        return false;
    }
    c->value[0] = (int32_t)v;
    return milli(o, "every_s", &c->value[1]) && milli(o, "next_s", &c->value[2]) &&
           c->value[1] >= 0;
}

static bool decode_care(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    struct vg_care *c = &ev->u.care;
    uint8_t priority = 0;
    bool ok = true;

    (void)names;
    if (!word(o, "event", care_what_name, VG_CW_COUNT, &c->what) ||
        !text(o, "operator", c->operator_id, sizeof c->operator_id) ||
        !text(o, "request_id", c->request_id, sizeof c->request_id)) {
        return false;
    }
    switch ((enum vg_care_what)c->what) {
    case VG_CW_SEDATION:
        ok = milli(o, "score", &c->value[0]);
        break;
    case VG_CW_BASELINE:
        ok = c->request_id[0] != '\0' || decode_baseline(o, c->value);
        break;
    case VG_CW_SCHEDULE:
        ok = decode_schedule(o, c);
        break;
    case VG_CW_QUIET_ON:
        ok = milli(o, "left_s", &c->value[0]);
        break;
    case VG_CW_TEST:
        ok = word(o, "priority", priority_name, VG_PRIO_COUNT, &priority);
        c->value[0] = priority;
        break;
    case VG_CW_QUIET_OFF:
    case VG_CW_COUNT:
        break;
    }
    return ok;
}

static bool decode_bind(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    (void)names;
    (void)o;
    (void)ev;
    return true; /* its columns say it all */
}

/* --- what devices and the daemon said ------------------------------------------------------- */

static bool decode_nibp(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    struct vg_nibp *r = &ev->u.nibp;
    int64_t sys = 0;
    int64_t dia = 0;
    int64_t mean = 0;
    int64_t rate = 0;

    (void)names;
    if (!word(o, "error", nibp_error_name, VG_NIBP_ERROR_COUNT, &r->error)) {
        return false;
    }
    bool ok = r->error != VG_NIBP_OK ||
              (integer(o, "sys", &sys) && integer(o, "dia", &dia) && integer(o, "mean", &mean));
    (void)integer(o, "pulse_rate", &rate);
    r->sys_milli = (int32_t)(sys * 1000);
    r->dia_milli = (int32_t)(dia * 1000);
    r->mean_milli = (int32_t)(mean * 1000);
    r->pulse_rate_milli = (int32_t)(rate * 1000);
    return ok;
}

static bool decode_device(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    (void)names;
    return word(o, "state", port_state_name, VG_PORT_STATE_COUNT, &ev->u.dev.to) &&
           word(o, "was", port_state_name, VG_PORT_STATE_COUNT, &ev->u.dev.from);
}

static bool decode_signal(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    const json_t *list = json_object_get(o, "signals");
    (void)names;
    ev->u.signal.bits = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        uint32_t bit = vg_wire_signal_bit(json_string_value(json_array_get(list, i)));
        if (bit == 0) {
            return false;
        }
        ev->u.signal.bits |= bit;
    }
    return json_is_array(list);
}

static bool decode_clock(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    int64_t ms = 0;
    bool ok = integer(o, "step_ms", &ms);
    (void)names;
    ev->u.clock.step_ns = ms * VG_NS_PER_MS;
    return ok;
}

static bool decode_daemon(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    int64_t first = 0;
    (void)names;
    if (!word(o, "event", daemon_what_name, VG_DAEMON_WHAT_COUNT, &ev->u.daemon.what)) {
        return false;
    }
    bool ok = ev->u.daemon.what != VG_DAEMON_STARTED ||
              (integer(o, "first_seq", &first) && first > 0);
    ev->u.daemon.first_seq = (uint64_t)first;
    return ok;
}

typedef bool (*decode_fn)(const struct vg_wire_names *n, const json_t *o, struct vg_event *ev);

static const decode_fn decoders[VG_EV_KIND_COUNT] = {
    [VG_EV_SESSION] = decode_session, [VG_EV_DOSE] = decode_dose,
    [VG_EV_ACK] = decode_ack,         [VG_EV_NIBP_COMMAND] = decode_command,
    [VG_EV_ALARM] = decode_alarm,     [VG_EV_CUFF] = decode_cuff,
    [VG_EV_INHIBIT] = decode_inhibit, [VG_EV_LIMITS] = decode_limits,
    [VG_EV_LIMIT] = decode_limit,     [VG_EV_SINK] = decode_sink,
    [VG_EV_CARE] = decode_care,       [VG_EV_BIND] = decode_bind,
    [VG_EV_NIBP] = decode_nibp,       [VG_EV_DEVICE] = decode_device,
    [VG_EV_SIGNAL] = decode_signal,   [VG_EV_CLOCK] = decode_clock,
    [VG_EV_DAEMON] = decode_daemon,
};

enum vg_status vg_wire_decode(const struct vg_wire_names *n, const char *payload, size_t len,
                              struct vg_event *ev)
{
    json_t *o = json_loadb(payload, len, JSON_REJECT_DUPLICATES, NULL);
    decode_fn fn = ev->kind < VG_EV_KIND_COUNT ? decoders[ev->kind] : NULL;
    bool ok = json_is_object(o) && fn != NULL && fn(n, o, ev);
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
