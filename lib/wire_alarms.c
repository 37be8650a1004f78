/*
 * wire_alarms.c -- an alarm instance, and the whole alarm state of a bed.
 */
#include "lib/wire_internal.h"

void vg_wire_alarm_members(struct vg_json *j, const struct vg_wire_names *n,
                           const struct vg_alarm_event *a, const char *key)
{
    enum vg_condition c = (enum vg_condition)a->condition;
    vg_json_text(j, key, vg_condition_name(c));
    vg_json_uint(j, "instance", a->instance);
    vg_json_text(j, "state", vg_cond_state_name((enum vg_cond_state)a->to));
    vg_json_text(j, "priority", vg_priority_name((enum vg_priority)a->priority));
    vg_json_bool(j, "ack", a->ack);
    vg_json_bool(j, "held", a->held);
    if (a->has_value) {
        vg_json_int(j, "value_milli", a->value_milli);
        vg_json_int(j, "limit_milli", a->limit_milli);
    } else {
        vg_json_null(j, "value_milli");
        vg_json_null(j, "limit_milli");
    }
    if ((c == VG_COND_DATA_LOST || c == VG_COND_VITAL_DUE) && a->subject < VG_VITAL_COUNT) {
        vg_json_text(j, "vital", vg_vital_get((enum vg_vital)a->subject)->name);
    }
    if (c == VG_COND_SINK_LOST && a->subject < n->sink_count) {
        vg_json_text(j, "sink", n->sink[a->subject]);
    }
    vg_wire_age(j, a->age_ns);
    vg_json_int(j, "since_mono_ms", a->since_ns / VG_NS_PER_MS);
}

/* --- alarm state ---------------------------------------------------------------------------- */

void vg_wire_alarm_entry(struct vg_json *j, const struct vg_wire_names *n,
                         const struct vg_event *ev, const struct vg_wire_alarm_more *more,
                         bool explain)
{
    const char *device = vg_wire_device(n, ev->device);
    vg_json_object(j, NULL);
    vg_wire_alarm_members(j, n, &ev->u.alarm, "condition");
    vg_json_text(j, "category", vg_category_name((enum vg_category)more->category));
    vg_json_text(j, "route", vg_route_state_name((enum vg_route_state)more->route));
    if (more->inhibit != VG_IS_ON) {
        vg_json_text(j, "inhibited", vg_inhibit_state_name((enum vg_inhibit_state)more->inhibit));
    }
    if (device != NULL) {
        vg_json_text(j, "source", device);
    }
    if (explain) {
        char why[VG_EXPLAIN_MAX];
        vg_wire_explain(n, ev, more, why, sizeof why);
        vg_json_text(j, "why", why);
    }
    if ((ev->flags & VG_FLAG_TEST) != 0) {
        vg_json_bool(j, "test", true);
    }
    vg_json_object_end(j);
}

static void sound_members(struct vg_json *j, const struct vg_wire_sound sound[VG_SINK_ROLES])
{
    vg_json_object(j, "sounds");
    for (size_t r = 0; r < VG_SINK_ROLES; r++) {
        const char *role = vg_sink_role_name((enum vg_sink_role)r);
        if (sound[r].instance == 0) {
            vg_json_null(j, role);
            continue;
        }
        vg_json_object(j, role);
        vg_json_uint(j, "instance", sound[r].instance);
        vg_json_uint(j, "telling", sound[r].telling);
        vg_json_text(j, "priority", vg_priority_name((enum vg_priority)sound[r].priority));
        vg_json_text(j, "category", vg_category_name((enum vg_category)sound[r].category));
        vg_json_object_end(j);
    }
    vg_json_object_end(j);
}

void vg_wire_inhibitions(struct vg_json *j, const struct vg_wire_alarms *a)
{
    vg_json_array(j, "inhibited");
    for (size_t i = 0; i < a->inhibition_count; i++) {
        const struct vg_wire_inhibition *x = &a->inhibition[i];
        vg_json_object(j, NULL);
        vg_json_text(j, "scope",
                     x->vital < VG_VITAL_COUNT ? vg_vital_get((enum vg_vital)x->vital)->name
                                               : "audio");
        vg_json_text(j, "state", vg_inhibit_state_name((enum vg_inhibit_state)x->state));
        if (x->left_ns >= 0) {
            vg_json_int(j, "left_ms", x->left_ns / VG_NS_PER_MS);
        } else {
            vg_json_null(j, "left_ms");
        }
        vg_json_text(j, "operator", x->operator_id);
        vg_json_text(j, "reason", x->reason);
        vg_json_object_end(j);
    }
    vg_json_array_end(j);
    if (!a->quiet.on) {
        vg_json_null(j, "quiet");
        return;
    }
    vg_json_object(j, "quiet");
    vg_json_text(j, "operator", a->quiet.operator_id);
    if (a->quiet.left_ns >= 0) {
        vg_json_int(j, "left_ms", a->quiet.left_ns / VG_NS_PER_MS);
    } else {
        vg_json_null(j, "left_ms");
    }
    vg_json_object_end(j);
}

static void test_signal_members(struct vg_json *j, const struct vg_wire_alarms *a)
{
    if (a->test_left_ns <= 0) {
        vg_json_null(j, "test_signal");
        return;
    }
    vg_json_object(j, "test_signal");
    vg_json_text(j, "priority", vg_priority_name((enum vg_priority)a->test_priority));
    vg_json_text(j, "category", vg_category_name(VG_CAT_GENERAL));
    vg_json_int(j, "remaining_ms", a->test_left_ns / VG_NS_PER_MS);
    vg_json_object_end(j);
}

enum vg_status vg_wire_alarms(const struct vg_wire_names *n, const struct vg_wire_alarms *a,
                              char *body, size_t cap, size_t *len)
{
    struct vg_json j;
    vg_json_begin(&j, body, cap);
    vg_json_object(&j, NULL);
    vg_json_uint(&j, "v", VG_WIRE_VERSION);
    vg_json_uint(&j, "n", a->count);
    vg_json_text(&j, "node", n->node);
    vg_json_text(&j, "boot", n->boot);
    vg_json_uint(&j, "run", a->run);
    vg_json_text(&j, "bed", vg_wire_bed(n, a->bed));
    vg_json_uint(&j, "open", a->open_count);
    sound_members(&j, a->sound);
    vg_json_array(&j, "instances");
    for (size_t i = 0; i < a->listed; i++) {
        vg_wire_alarm_entry(&j, n, &a->alarm[i], &a->more[i], false);
    }
    vg_json_array_end(&j);
    vg_wire_inhibitions(&j, a);
    test_signal_members(&j, a);
    vg_json_int(&j, "mono_ms", a->now->mono_ns / VG_NS_PER_MS);
    vg_json_int(&j, "utc_ms", a->now->utc_ns / VG_NS_PER_MS);
    if (a->session != 0) {
        vg_json_uint(&j, "session", a->session);
    }
    if (a->test) {
        vg_json_bool(&j, "test", true);
    }
    vg_json_object_end(&j);
    *len = j.len;
    return j.overflow ? VG_ERR_FULL : VG_OK;
}
