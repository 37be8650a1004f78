/*
 * snapshot.c -- the present state as one object, from the engine alone.
 */
#include "daemon/snapshot.h"

#include <string.h>

#include "daemon/vigild.h"
#include "vigil/compiler.h"
#include "vigil_version.h"

static void show_session(struct vg_json *j, const struct vg_session *s)
{
    char utc[VG_WIRE_UTC_MAX];
    if (s->seq == 0) {
        vg_json_null(j, "session");
        return;
    }
    vg_json_object(j, "session");
    vg_json_uint(j, "id", s->seq);
    vg_json_text(j, "patient_ref", s->patient_ref);
    vg_json_text(j, "operator", s->operator_id);
    vg_wire_utc(s->opened_utc_ns, utc);
    vg_json_text(j, "opened_at", utc);
    vg_json_uint(j, "doses", s->dose_count);
    vg_json_int(j, "bolus_total_ug", s->bolus_total_ug);
    vg_json_int(j, "rate_ug_h", s->rate_ug_h);
    if (s->last_dose_utc_ns != VG_TIME_NONE) {
        vg_wire_utc(s->last_dose_utc_ns, utc);
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

static void show_bed(struct vg_json *j, struct vigild *v, uint16_t bed)
{
    struct vg_event alarms[VG_WIRE_ALARMS_MAX];
    size_t open = vg_engine_open_alarms(&v->engine, bed, v->reactor.now.mono_ns, alarms,
                                        VG_WIRE_ALARMS_MAX);
    vg_json_object(j, NULL);
    vg_json_text(j, "bed", v->names.bed[bed]);
    vg_json_text(j, "name", v->config.beds[bed].name);
    show_session(j, &v->engine.beds[bed].session);
    show_devices(j, v, bed);
    show_vitals(j, v, bed);
    vg_json_uint(j, "open", open);
    vg_json_array(j, "alarms");
    for (size_t i = 0; i < open && i < VG_WIRE_ALARMS_MAX; i++) {
        vg_wire_alarm_entry(j, &v->names, &alarms[i]);
    }
    vg_json_array_end(j);
    vg_json_object_end(j);
}

void vg_snapshot_make(struct vigild *v, uint16_t bed, const char **body, size_t *len)
{
    struct vg_json j;
    vg_json_begin(&j, v->snapshot, sizeof v->snapshot);
    vg_json_object(&j, NULL);
    vg_json_uint(&j, "v", VG_WIRE_VERSION);
    vg_json_bool(&j, "ok", true);
    vg_json_text(&j, "node", v->config.node);
    vg_json_text(&j, "boot", v->journal.boot_id);
    vg_json_uint(&j, "run", v->outbox.run);
    vg_json_text(&j, "version", VIGIL_VERSION);
    vg_json_uint(&j, "seq", v->engine.seq);
    vg_json_int(&j, "mono_ms", v->reactor.now.mono_ns / VG_NS_PER_MS);
    vg_json_int(&j, "utc_ms", v->reactor.now.utc_ns / VG_NS_PER_MS);
    vg_json_bool(&j, "storage_ok", !v->storage_bad);
    vg_json_array(&j, "beds");
    for (uint16_t b = 0; b < v->names.bed_count; b++) {
        if (bed == VG_BED_NONE || bed == b) {
            show_bed(&j, v, b);
        }
    }
    vg_json_array_end(&j);
    vg_json_object_end(&j);
    *body = v->snapshot;
    *len = j.len;
    if (j.overflow) {
        static const char too_big[] =
            "{\"v\":1,\"ok\":false,\"status\":\"FULL\",\"error\":\"too_large\","
            "\"text\":\"ask for one bed at a time\"}";
        *body = too_big;
        *len = sizeof too_big - 1;
    }
}
