/*
 * snapshot.c -- the present state as one object, from the engine alone.
 */
#include "daemon/snapshot.h"

#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/alarm_limits.h"
#include "daemon/vigild.h"
#include "vigil/compiler.h"
#include "vigil_version.h"

void vg_snapshot_begin(struct vigild *v, struct vg_json *j)
{
    vg_json_begin(j, v->snapshot, sizeof v->snapshot);
    vg_json_object(j, NULL);
    vg_json_uint(j, "v", VG_WIRE_VERSION);
    vg_json_bool(j, "ok", true);
}

void vg_snapshot_deliver(struct vigild *v, const struct vg_json *j, const char **body, size_t *len)
{
    static const char too_big[] =
        "{\"v\":1,\"ok\":false,\"status\":\"FULL\",\"error\":\"too_large\","
        "\"text\":\"ask for one bed at a time\"}";
    *body = j->overflow ? too_big : v->snapshot;
    *len = j->overflow ? sizeof too_big - 1 : j->len;
}

/* All drugs together: `plan` has each by itself. */
static void show_session(struct vg_json *j, const struct vg_session *s, const struct vg_now *now)
{
    char utc[VG_WIRE_UTC_MAX];
    struct vg_totals t;
    if (s->seq == 0) {
        vg_json_null(j, "session");
        return;
    }
    vg_dose_totals(s, NULL, now->mono_ns, &t);
    vg_json_object(j, "session");
    vg_json_uint(j, "id", s->seq);
    vg_json_text(j, "patient_ref", s->patient_ref);
    vg_json_text(j, "kind", vg_session_kind_name((enum vg_session_kind)s->kind));
    vg_json_text(j, "operator", s->operator_id);
    vg_wire_utc(s->opened_utc_ns, utc);
    vg_json_text(j, "opened_at", utc);
    vg_json_uint(j, "doses", t.count);
    vg_json_int(j, "bolus_total_ug", t.given_ug - t.infused_ug);
    vg_json_int(j, "infused_ug", t.infused_ug);
    vg_json_int(j, "rate_ug_h", s->rate_ug_h);
    if (s->clock.last_ns != VG_TIME_NONE) {
        vg_wire_utc(now->utc_ns - (now->mono_ns - s->clock.last_ns), utc);
        vg_json_text(j, "last_dose_at", utc);
    }
    vg_json_object_end(j);
}

static void show_devices(struct vg_json *j, struct vigild *v, uint16_t bed)
{
    struct vg_event ev;
    vg_json_array(j, "devices");
    for (uint16_t d = v->engine.beds[bed].first; d != VG_DEVICE_NONE;
         d = v->engine.devices[d].next) {
        const struct vg_member *m = &v->engine.devices[d];
        vg_engine_device_state(&v->engine, d, &v->reactor.now, &ev);
        vg_json_object(j, NULL);
        vg_json_text(j, "dev", v->names.device[d]);
        vg_json_text(j, "driver", v->config.devices[d].driver->name);
        vg_json_text(j, "state", vg_port_state_name((enum vg_port_state)m->port));
        vg_json_bool(j, "online", m->port == VG_PORT_ONLINE);
        if (m->is_cuff) {
            vg_json_text(j, "determination", vg_nibp_state_name((enum vg_nibp_state)m->nibp.state));
        }
        if ((m->flags & VG_FLAG_TEST) != 0) {
            vg_json_bool(j, "test", true);
        }
        vg_json_object_end(j);
    }
    vg_json_array_end(j);
}

static void show_vitals(struct vg_json *j, struct vigild *v, uint16_t bed)
{
    struct vg_event ev;
    vg_json_array(j, "vitals");
    for (uint16_t d = v->engine.beds[bed].first; d != VG_DEVICE_NONE;
         d = v->engine.devices[d].next) {
        for (uint16_t i = 0; i < VG_VITAL_COUNT; i++) {
            if (!vg_engine_vital(&v->engine, d, (enum vg_vital)i, v->reactor.now.mono_ns, &ev)) {
                continue;
            }
            vg_json_object(j, NULL);
            vg_wire_event_members(j, &v->names, &ev);
            vg_json_bool(j, "speaks", v->engine.beds[bed].speaker[i] == d);
            vg_json_object_end(j);
        }
    }
    vg_json_array_end(j);
}

static void show_alarms(struct vg_json *j, struct vigild *v, uint16_t bed)
{
    struct vg_alarm_state *s = &v->outbox.state;
    vg_alarm_state_fill(s, &v->engine, bed, &v->reactor.now);
    vg_json_uint(j, "open", s->a.open_count);
    vg_json_array(j, "alarms");
    for (size_t i = 0; i < s->a.listed; i++) {
        vg_wire_alarm_entry(j, &v->names, &s->alarm[i], &s->more[i], true);
    }
    vg_json_array_end(j);
    vg_wire_inhibitions(j, &s->a);
}

static void show_bed(struct vg_json *j, struct vigild *v, uint16_t bed)
{
    vg_json_object(j, NULL);
    vg_json_text(j, "bed", v->names.bed[bed]);
    vg_json_text(j, "name", v->config.beds[bed].name);
    show_session(j, &v->engine.beds[bed].session, &v->reactor.now);
    vg_json_bool(j, "dosing", v->engine.beds[bed].phase.dosing);
    show_devices(j, v, bed);
    show_vitals(j, v, bed);
    show_alarms(j, v, bed);
    vg_json_object_end(j);
}

static void show_sinks(struct vg_json *j, struct vigild *v)
{
    vg_json_array(j, "sinks");
    for (uint8_t i = 0; i < v->names.sink_count; i++) {
        const struct vg_sink_row *row = &v->config.routing.sinks[i];
        vg_json_object(j, NULL);
        vg_json_text(j, "sink", v->names.sink[i]);
        vg_json_text(j, "role", vg_sink_role_name((enum vg_sink_role)row->role));
        if (row->bed != VG_BED_NONE) {
            vg_json_text(j, "bed", v->names.bed[row->bed]);
        }
        vg_json_bool(j, "ok", v->sinks.of[i].ok);
        vg_json_object_end(j);
    }
    vg_json_array_end(j);
}

/* --- limits --------------------------------------------------------------------------------- */

/* Limits as an array of { condition, limit_milli, ... }. */
static void show_set(struct vg_json *j, const char *key, const struct vg_limits *l)
{
    vg_json_array(j, key);
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        const struct vg_condition_row *row = vg_condition_get((enum vg_condition)c);
        if (row->side == VG_SIDE_NONE) {
            continue;
        }
        vg_json_object(j, NULL);
        vg_json_text(j, "condition", row->name);
        vg_json_text(j, "vital", vg_vital_get((enum vg_vital)row->vital)->name);
        vg_json_text(j, "side", row->side == VG_SIDE_LOW ? "below" : "above");
        vg_json_int(j, "limit_milli", l->of[c].limit_milli);
        vg_json_text(j, "priority", vg_priority_name((enum vg_priority)row->priority));
        vg_json_int(j, "delay_ms", l->of[c].delay_ns / VG_NS_PER_MS);
        vg_json_int(j, "sat_seconds", l->of[c].sat_seconds);
        vg_json_bool(j, "enabled", l->of[c].enabled);
        vg_json_object_end(j);
    }
    vg_json_array_end(j);
}

/* What the formula would make of the recorded baseline; a person looks at it before it counts. */
static void show_proposal(struct vg_json *j, const struct vg_engine *e, uint16_t bed)
{
    const struct vg_bed *b = &e->beds[bed];
    struct vg_limits want = b->limits;
    bool any = false;

    for (size_t i = 0; i < VG_BASE_COUNT; i++) {
        any = any || (b->session.seq != 0 && b->session.base[i] >= 0);
    }
    if (!any) {
        vg_json_null(j, "formula");
        return;
    }
    vg_limits_formula(&want, b->session.base, vg_engine_protocol(e, bed));
    show_set(j, "formula", &want);
}

static void show_bed_limits(struct vg_json *j, struct vigild *v, uint16_t bed)
{
    const struct vg_bed *b = &v->engine.beds[bed];
    vg_json_object(j, NULL);
    vg_json_text(j, "bed", v->names.bed[bed]);
    vg_json_bool(j, "session", b->session.seq != 0);
    show_set(j, "limits", &b->limits);
    show_proposal(j, &v->engine, bed);
    vg_json_object_end(j);
}

void vg_snapshot_limits(struct vigild *v, uint16_t bed, const char **body, size_t *len)
{
    struct vg_json j;
    vg_snapshot_begin(v, &j);
    vg_json_array(&j, "profiles");
    for (uint8_t i = 0; i < v->names.profile_count; i++) {
        vg_json_text(&j, NULL, v->names.profile[i]);
    }
    vg_json_array_end(&j);
    vg_json_array(&j, "beds");
    for (uint16_t b = 0; b < v->names.bed_count; b++) {
        if (bed == VG_BED_NONE || bed == b) {
            show_bed_limits(&j, v, b);
        }
    }
    vg_json_array_end(&j);
    vg_json_object_end(&j);
    vg_snapshot_deliver(v, &j, body, len);
}

/* --- everything ----------------------------------------------------------------------------- */

/* Where the record ends: what a later look at the file can be compared with. */
static void show_head(struct vg_json *j, const struct vigild *v)
{
    const struct vg_outbox_head *h = &v->outbox.head;
    char hex[VG_HEX_MAX(VG_HASH_BYTES)];

    if (h->seq == 0) {
        vg_json_null(j, "head");
        return;
    }
    vg_json_object(j, "head");
    vg_json_uint(j, "seq", h->seq);
    vg_json_text(j, "hash", vg_hex(h->hash.of, VG_HASH_BYTES, hex));
    vg_json_object_end(j);
}

void vg_snapshot_make(struct vigild *v, uint16_t bed, const char **body, size_t *len)
{
    struct vg_json j;
    vg_snapshot_begin(v, &j);
    vg_json_text(&j, "node", v->config.node);
    vg_json_text(&j, "boot", v->journal.boot_id);
    vg_json_uint(&j, "run", v->outbox.run);
    vg_json_text(&j, "version", VIGIL_VERSION);
    vg_json_uint(&j, "seq", v->engine.seq);
    vg_json_int(&j, "mono_ms", v->reactor.now.mono_ns / VG_NS_PER_MS);
    vg_json_int(&j, "utc_ms", v->reactor.now.utc_ns / VG_NS_PER_MS);
    vg_json_bool(&j, "storage_ok", !v->storage_bad);
    show_head(&j, v);
    show_sinks(&j, v);
    vg_json_array(&j, "beds");
    for (uint16_t b = 0; b < v->names.bed_count; b++) {
        if (bed == VG_BED_NONE || bed == b) {
            show_bed(&j, v, b);
        }
    }
    vg_json_array_end(&j);
    vg_json_object_end(&j);
    vg_snapshot_deliver(v, &j, body, len);
}
