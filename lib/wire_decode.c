/*
 * wire_decode.c -- the members of a recorded event back into the event, for replay at start.
 *
 * Decisions and commands are read at every start; what devices and sinks said only when somebody
 * plays a record again. A row that does not decode is an error with a name, never a guess; the
 * caller says which row.
 */
#include <string.h>

#include "lib/wire_decode.h"
#include "lib/wire_decode_take.h"
#include "lib/wire_internal.h"
#include "vigil/compiler.h"

NAMER(alarm_state_name, vg_cond_state, vg_cond_state_name)
NAMER(priority_name, vg_priority, vg_priority_name)
NAMER(what_name, vg_alarm_what, vg_alarm_what_name)
NAMER(condition_name, vg_condition, vg_condition_name)
NAMER(nibp_state_name, vg_nibp_state, vg_nibp_state_name)
NAMER(inhibit_what_name, vg_inhibit_what, vg_inhibit_what_name)
NAMER(inhibit_state_name, vg_inhibit_state, vg_inhibit_state_name)
NAMER(limits_what_name, vg_limits_what, vg_limits_what_name)
NAMER(limit_cause_name, vg_limit_cause, vg_limit_cause_name)
NAMER(sink_what_name, vg_sink_what, vg_sink_what_name)
NAMER(port_state_name, vg_port_state, vg_port_state_name)
NAMER(nibp_error_name, vg_nibp_error, vg_nibp_error_name)
NAMER(daemon_what_name, vg_daemon_what, vg_daemon_what_name)

/* Value and limit: both, or both null. */
static bool decode_alarm_value(const json_t *o, struct vg_alarm_event *a)
{
    int64_t value = 0;
    int64_t limit = 0;
    bool has_value = vg_decode_integer(o, "value_milli", &value);
    bool has_limit = vg_decode_integer(o, "limit_milli", &limit);

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

    if (!vg_decode_word(o, "alarm", condition_name, VG_COND_COUNT, &a->condition) ||
        !vg_decode_word(o, "state", alarm_state_name, VG_CS_COUNT, &a->to) ||
        !vg_decode_word(o, "was", alarm_state_name, VG_CS_COUNT, &a->from) ||
        !vg_decode_word(o, "priority", priority_name, VG_PRIO_COUNT, &a->priority) ||
        !vg_decode_word(o, "event", what_name, VG_AW_COUNT, &a->what) ||
        !vg_decode_integer(o, "instance", &n) || n < 0) {
        return false;
    }
    a->instance = (uint64_t)n;
    a->ack = json_is_true(json_object_get(o, "ack"));
    a->held = json_is_true(json_object_get(o, "held"));
    if (!decode_alarm_value(o, a)) {
        return false;
    }
    if (!vg_decode_integer(o, "since_mono_ms", &n)) {
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
        if (!vg_decode_known_name(o, "sink", names->sink, names->sink_count, &sink)) {
            return false;
        }
        a->subject = sink;
    }
    return true;
}

static bool decode_ack(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    (void)names;
    int64_t n = 0;
    bool ok = vg_decode_integer(o, "instance", &n) && n >= 0 &&
              vg_decode_text(o, "operator", ev->u.ack.operator_id, sizeof ev->u.ack.operator_id) &&
              vg_decode_text(o, "request_id", ev->u.ack.request_id, sizeof ev->u.ack.request_id);
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
    return (start || abort) &&
           vg_decode_text(o, "operator", c->operator_id, sizeof c->operator_id) &&
           vg_decode_text(o, "request_id", c->request_id, sizeof c->request_id);
}

static bool decode_cuff(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    (void)names;
    ev->u.cuff.is_state = true;
    return vg_decode_word(o, "state", nibp_state_name, VG_NS_COUNT, &ev->u.cuff.state);
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
    return vg_decode_word(o, "event", inhibit_what_name, VG_IW_COUNT, &i->what) &&
           decode_scope(o, &i->vital) && vg_decode_text(o, "reason", i->reason, sizeof i->reason) &&
           vg_decode_text(o, "operator", i->operator_id, sizeof i->operator_id) &&
           vg_decode_text(o, "request_id", i->request_id, sizeof i->request_id) &&
           (i->what != VG_IW_MOVED ||
            (vg_decode_word(o, "state", inhibit_state_name, VG_IS_COUNT, &i->to) &&
             vg_decode_word(o, "was", inhibit_state_name, VG_IS_COUNT, &i->from)));
}

static bool decode_limits(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    struct vg_limits_event *l = &ev->u.limits;

    if (!vg_decode_word(o, "event", limits_what_name, VG_LW_COUNT, &l->what) ||
        !vg_decode_text(o, "reason", l->reason, sizeof l->reason) ||
        !vg_decode_text(o, "operator", l->operator_id, sizeof l->operator_id) ||
        !vg_decode_text(o, "request_id", l->request_id, sizeof l->request_id)) {
        return false;
    }
    if (l->what == VG_LW_SET) {
        return vg_decode_word(o, "condition", condition_name, VG_COND_COUNT, &l->index) &&
               vg_decode_milli(o, "limit_milli", &l->limit_milli);
    }
    return l->what == VG_LW_FORMULA ||
           vg_decode_known_name(o, "profile", names->profile, names->profile_count, &l->index);
}

static bool decode_limit(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    struct vg_limit_event *l = &ev->u.limit;
    (void)names;
    return vg_decode_word(o, "condition", condition_name, VG_COND_COUNT, &l->condition) &&
           vg_decode_word(o, "cause", limit_cause_name, VG_LC_COUNT, &l->cause) &&
           vg_decode_milli(o, "old_milli", &l->old_milli) &&
           vg_decode_milli(o, "limit_milli", &l->new_milli) &&
           vg_decode_milli(o, "sat_seconds", &l->sat_seconds) &&
           vg_decode_text(o, "operator", l->operator_id, sizeof l->operator_id);
}

static bool decode_sink(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    struct vg_sink_event *s = &ev->u.sink;
    int64_t n = 0;

    if (!vg_decode_word(o, "event", sink_what_name, VG_SW_COUNT, &s->what) ||
        !vg_decode_known_name(o, "sink", names->sink, names->sink_count, &s->sink)) {
        return false;
    }
    int64_t telling = 0;
    bool ok = s->what != VG_SW_RECEIPT || (vg_decode_integer(o, "instance", &n) && n >= 0);
    (void)vg_decode_integer(o, "telling", &telling); /* rows of an older version have none */
    s->telling = (uint16_t)telling;
    s->instance = (uint64_t)n;
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
    if (!vg_decode_word(o, "error", nibp_error_name, VG_NIBP_ERROR_COUNT, &r->error)) {
        return false;
    }
    bool ok = r->error != VG_NIBP_OK ||
              (vg_decode_integer(o, "sys", &sys) && vg_decode_integer(o, "dia", &dia) &&
               vg_decode_integer(o, "mean", &mean));
    (void)vg_decode_integer(o, "pulse_rate", &rate);
    r->sys_milli = (int32_t)(sys * 1000);
    r->dia_milli = (int32_t)(dia * 1000);
    r->mean_milli = (int32_t)(mean * 1000);
    r->pulse_rate_milli = (int32_t)(rate * 1000);
    return ok;
}

static bool decode_device(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    (void)names;
    return vg_decode_word(o, "state", port_state_name, VG_PORT_STATE_COUNT, &ev->u.dev.to) &&
           vg_decode_word(o, "was", port_state_name, VG_PORT_STATE_COUNT, &ev->u.dev.from);
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
    bool ok = vg_decode_integer(o, "step_ms", &ms);
    (void)names;
    ev->u.clock.step_ns = ms * VG_NS_PER_MS;
    return ok;
}

static bool decode_daemon(const struct vg_wire_names *names, const json_t *o, struct vg_event *ev)
{
    int64_t first = 0;
    (void)names;
    if (!vg_decode_word(o, "event", daemon_what_name, VG_DAEMON_WHAT_COUNT, &ev->u.daemon.what)) {
        return false;
    }
    bool ok = ev->u.daemon.what != VG_DAEMON_STARTED ||
              (vg_decode_integer(o, "first_seq", &first) && first > 0);
    ev->u.daemon.first_seq = (uint64_t)first;
    return ok;
}

typedef bool (*decode_fn)(const struct vg_wire_names *n, const json_t *o, struct vg_event *ev);

static const decode_fn decoders[VG_EV_KIND_COUNT] = {
    [VG_EV_SESSION] = vg_decode_session,
    [VG_EV_DOSE] = vg_decode_dose,
    [VG_EV_ACK] = decode_ack,
    [VG_EV_NIBP_COMMAND] = decode_command,
    [VG_EV_ALARM] = decode_alarm,
    [VG_EV_CUFF] = decode_cuff,
    [VG_EV_INHIBIT] = decode_inhibit,
    [VG_EV_LIMITS] = decode_limits,
    [VG_EV_LIMIT] = decode_limit,
    [VG_EV_SINK] = decode_sink,
    [VG_EV_CARE] = vg_decode_care,
    [VG_EV_BIND] = decode_bind,
    [VG_EV_NIBP] = decode_nibp,
    [VG_EV_DEVICE] = decode_device,
    [VG_EV_SIGNAL] = decode_signal,
    [VG_EV_CLOCK] = decode_clock,
    [VG_EV_DAEMON] = decode_daemon,
    [VG_EV_PLAN] = vg_decode_plan,
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

static uint32_t extra_sum(const struct vg_event *ev)
{
    return ev->kind == VG_EV_DOSE   ? ev->u.dose.extra_sum
           : ev->kind == VG_EV_CARE ? ev->u.care.extra_sum
                                    : 0;
}

enum vg_status vg_wire_payload(const struct vg_wire_names *n, const struct vg_event *ev,
                               const char *extra, char *buf, size_t cap, size_t *len)
{
    struct vg_json j;
    vg_json_begin(&j, buf, cap);
    vg_json_object(&j, NULL);
    vg_wire_kind_members(&j, n, ev);
    if (extra != NULL) {
        vg_json_members(&j, extra, strlen(extra));
    }
    if (extra_sum(ev) != 0) { /* after what is private: a short text could be guessed from it */
        vg_json_uint(&j, "extra_sum", extra_sum(ev));
    }
    vg_json_object_end(&j);
    *len = j.len;
    return j.overflow ? VG_ERR_FULL : VG_OK;
}
