/*
 * wire_kind.c -- the members of an event by its kind: what the stream shows and the record keeps.
 *
 * Values appear twice: `value` is the integer a screen shows, in the vital's wire unit, and
 * `value_milli` the exact thousandths that limits were compared with. Both are null when there
 * is no value: nothing is ever invented.
 */
#include "lib/wire_internal.h"

#include <string.h>

#include "vigil/compiler.h"

/* --- members by kind ------------------------------------------------------------------------ */

static void value_members(struct vg_json *j, enum vg_vital v, bool has, int32_t milli)
{
    const struct vg_vital_info *info = vg_vital_get(v);
    if (has) {
        int32_t half = info->wire_milli / 2;
        int32_t rounded = milli >= 0 ? (milli + half) / info->wire_milli
                                     : (milli - half) / info->wire_milli;
        vg_json_int(j, "value", rounded);
        vg_json_int(j, "value_milli", milli);
    } else {
        vg_json_null(j, "value");
        vg_json_null(j, "value_milli");
    }
    vg_json_text(j, "unit", info->unit);
}

void vg_wire_age(struct vg_json *j, int64_t age_ns)
{
    if (age_ns < 0) {
        vg_json_null(j, "age_ms");
    } else {
        vg_json_int(j, "age_ms", age_ns / VG_NS_PER_MS);
    }
}

static void reading_members(struct vg_json *j, const struct vg_reading *r)
{
    enum vg_vital v = (enum vg_vital)r->vital;
    bool valid = r->quality == VG_QUALITY_OK || r->quality == VG_QUALITY_QUESTIONABLE;
    bool too_old = r->age_ns > vg_vital_get(v)->stale_ns;

    vg_json_text(j, "vital", vg_vital_get(v)->name);
    value_members(j, v, valid && !too_old, r->value_milli);
    vg_json_text(j, "quality", vg_quality_name((enum vg_quality)r->quality));
    vg_json_text(j, "fresh", vg_freshness_name((enum vg_freshness)r->fresh));
    vg_wire_age(j, r->age_ns);
}

static void freshness_members(struct vg_json *j, const struct vg_freshness_event *f)
{
    enum vg_vital v = (enum vg_vital)f->vital;
    vg_json_text(j, "vital", vg_vital_get(v)->name);
    value_members(j, v, false, 0);
    vg_json_text(j, "quality", vg_quality_name(VG_QUALITY_UNAVAILABLE));
    vg_json_text(j, "fresh", vg_freshness_name((enum vg_freshness)f->to));
    vg_json_text(j, "was", vg_freshness_name((enum vg_freshness)f->from));
    vg_json_bool(j, "sensor_off", f->sensor_off);
    vg_wire_age(j, f->age_ns);
}

static void nibp_members(struct vg_json *j, const struct vg_nibp *r)
{
    bool ok = r->error == VG_NIBP_OK;
    vg_json_text(j, "event", "nibp");
    vg_json_text(j, "error", vg_nibp_error_name((enum vg_nibp_error)r->error));
    vg_json_uint(j, "native_code", r->native_code);
    if (ok) {
        vg_json_int(j, "sys", r->sys_milli / 1000);
        vg_json_int(j, "dia", r->dia_milli / 1000);
        vg_json_int(j, "mean", r->mean_milli / 1000);
        vg_json_bool(j, "mean_computed", r->mean_computed);
        if (r->pulse_rate_milli > 0) {
            vg_json_int(j, "pulse_rate", r->pulse_rate_milli / 1000);
        } else {
            vg_json_null(j, "pulse_rate");
        }
    }
}

static void wave_members(struct vg_json *j, const struct vg_wave *w)
{
    const char *name = vg_vital_get((enum vg_vital)w->vital)->name;
    vg_json_text(j, "vital", name);
    vg_json_uint(j, "rate_millihz", w->rate_millihz);
    vg_json_int(j, "first_mono_us", w->first_mono_ns / VG_NS_PER_US);
    vg_json_array(j, name);
    for (size_t i = 0; i < w->count; i++) {
        const uint8_t *at = &w->data[i * w->width_bytes];
        uint32_t sample = w->width_bytes == 2 ? (uint32_t)at[0] | ((uint32_t)at[1] << 8) : at[0];
        vg_json_uint(j, NULL, sample);
    }
    vg_json_array_end(j);
}

static const struct {
    uint32_t bit;
    const char *name;
} signal_names[] = {
    { VG_SIGNAL_SENSOR_UNPLUGGED, "sensor_unplugged" },
    { VG_SIGNAL_SENSOR_OFF, "sensor_off" },
    { VG_SIGNAL_ARTIFACT, "artifact" },
    { VG_SIGNAL_OUT_OF_TRACK, "out_of_track" },
    { VG_SIGNAL_LOW_PERFUSION, "low_perfusion" },
    { VG_SIGNAL_SEARCHING, "searching" },
    { VG_SIGNAL_LOW_BATTERY, "low_battery" },
    { VG_SIGNAL_HW_FAULT, "hw_fault" },
};

uint32_t vg_wire_signal_bit(const char *name)
{
    for (size_t i = 0; name != NULL && i < VG_COUNT(signal_names); i++) {
        if (strcmp(signal_names[i].name, name) == 0) {
            return signal_names[i].bit;
        }
    }
    return 0;
}

static void signal_members(struct vg_json *j, uint32_t bits)
{
    vg_json_text(j, "event", "signal");
    vg_json_array(j, "signals");
    for (size_t i = 0; i < VG_COUNT(signal_names); i++) {
        if ((bits & signal_names[i].bit) != 0) {
            vg_json_text(j, NULL, signal_names[i].name);
        }
    }
    vg_json_array_end(j);
}

static void device_members(struct vg_json *j, const struct vg_device_event *d)
{
    vg_json_text(j, "event", "state");
    vg_json_text(j, "state", vg_port_state_name((enum vg_port_state)d->to));
    vg_json_text(j, "was", vg_port_state_name((enum vg_port_state)d->from));
    vg_json_bool(j, "online", d->to == VG_PORT_ONLINE);
    vg_json_text(j, "cause", vg_status_name((enum vg_status)d->cause));
    vg_json_uint(j, "dropped", d->dropped);
}

static void daemon_members(struct vg_json *j, const struct vg_daemon_event *d)
{
    vg_json_text(j, "event", vg_daemon_what_name((enum vg_daemon_what)d->what));
    if (d->what == VG_DAEMON_RESTARTED) {
        vg_json_int(j, "gap_ms", d->gap_ns / VG_NS_PER_MS);
        vg_json_uint(j, "limits_restored", d->limits);
    }
    if (d->what == VG_DAEMON_STARTED) {
        vg_json_uint(j, "first_seq", d->first_seq);
    }
    if (d->dropped > 0) {
        vg_json_uint(j, "dropped", d->dropped);
    }
}

typedef void (*members_fn)(struct vg_json *j, const struct vg_wire_names *n,
                           const struct vg_event *ev);

#define MEMBERS(fn, call)                                                                          \
    static void fn(struct vg_json *j, const struct vg_wire_names *n, const struct vg_event *ev)    \
    {                                                                                              \
        (void)n;                                                                                   \
        call;                                                                                      \
    }
MEMBERS(reading, reading_members(j, &ev->u.reading))
MEMBERS(freshness, freshness_members(j, &ev->u.fresh))
MEMBERS(nibp, nibp_members(j, &ev->u.nibp))
MEMBERS(wave, wave_members(j, &ev->u.wave))
MEMBERS(device, device_members(j, &ev->u.dev))
MEMBERS(signals, signal_members(j, ev->u.signal.bits))
MEMBERS(session, vg_wire_session_members(j, n, ev))
MEMBERS(dose, vg_wire_dose_members(j, &ev->u.dose, ev->utc_ns))
MEMBERS(plan, vg_wire_plan_members(j, n, &ev->u.plan))
MEMBERS(clock_step, vg_json_int(j, "step_ms", ev->u.clock.step_ns / VG_NS_PER_MS))
MEMBERS(of_daemon, daemon_members(j, &ev->u.daemon))
MEMBERS(inhibit, vg_wire_inhibit_members(j, &ev->u.inhibit))
MEMBERS(limits, vg_wire_limits_members(j, n, &ev->u.limits))
MEMBERS(limit, vg_wire_limit_members(j, &ev->u.limit))
MEMBERS(route, vg_wire_route_members(j, n, &ev->u.route))
MEMBERS(sink, vg_wire_sink_members(j, n, &ev->u.sink))
MEMBERS(care, vg_wire_care_members(j, n, &ev->u.care))

static void cuff(struct vg_json *j, const struct vg_wire_names *n, const struct vg_event *ev)
{
    (void)n;
    vg_json_text(j, "event", "determination");
    vg_json_text(j, "state", vg_nibp_state_name((enum vg_nibp_state)ev->u.cuff.state));
}

static void ack(struct vg_json *j, const struct vg_wire_names *n, const struct vg_event *ev)
{
    (void)n;
    vg_json_uint(j, "instance", ev->u.ack.instance);
    vg_json_text(j, "operator", ev->u.ack.operator_id);
    vg_json_text(j, "request_id", ev->u.ack.request_id);
}

static void command(struct vg_json *j, const struct vg_wire_names *n, const struct vg_event *ev)
{
    (void)n;
    vg_json_text(j, "command", ev->u.command.what == VG_REQ_NIBP_START ? "start" : "abort");
    vg_json_text(j, "operator", ev->u.command.operator_id);
    vg_json_text(j, "request_id", ev->u.command.request_id);
}

static void alarm(struct vg_json *j, const struct vg_wire_names *n, const struct vg_event *ev)
{
    vg_wire_alarm_members(j, n, &ev->u.alarm, "alarm");
    vg_json_text(j, "event", vg_alarm_what_name((enum vg_alarm_what)ev->u.alarm.what));
    vg_json_text(j, "was", vg_cond_state_name((enum vg_cond_state)ev->u.alarm.from));
    vg_json_uint(j, "row", ev->u.alarm.row);
    if (ev->u.alarm.operator_id[0] != '\0') {
        vg_json_text(j, "operator", ev->u.alarm.operator_id);
    }
}

/* A kind without members says all in its columns (bind), or is never told. */
static const members_fn members[VG_EV_KIND_COUNT] = {
    [VG_EV_READING] = reading,
    [VG_EV_FRESHNESS] = freshness,
    [VG_EV_NIBP] = nibp,
    [VG_EV_WAVE] = wave,
    [VG_EV_DEVICE] = device,
    [VG_EV_SIGNAL] = signals,
    [VG_EV_CUFF] = cuff,
    [VG_EV_SESSION] = session,
    [VG_EV_DOSE] = dose,
    [VG_EV_ACK] = ack,
    [VG_EV_NIBP_COMMAND] = command,
    [VG_EV_ALARM] = alarm,
    [VG_EV_CLOCK] = clock_step,
    [VG_EV_DAEMON] = of_daemon,
    [VG_EV_INHIBIT] = inhibit,
    [VG_EV_LIMITS] = limits,
    [VG_EV_LIMIT] = limit,
    [VG_EV_ROUTE] = route,
    [VG_EV_SINK] = sink,
    [VG_EV_CARE] = care,
    [VG_EV_PLAN] = plan,
};

void vg_wire_kind_members(struct vg_json *j, const struct vg_wire_names *n,
                          const struct vg_event *ev)
{
    if (ev->kind < VG_EV_KIND_COUNT && members[ev->kind] != NULL) {
        members[ev->kind](j, n, ev);
    }
}
