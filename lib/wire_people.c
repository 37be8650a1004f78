/*
 * wire_people.c -- members of what people do about alarms, and of who was told: inhibitions, limits,
 * routes, sinks, scores.
 */
#include "lib/wire_internal.h"

void vg_wire_inhibit_members(struct vg_json *j, const struct vg_inhibit_event *i)
{
    vg_json_text(j, "event", vg_inhibit_what_name((enum vg_inhibit_what)i->what));
    vg_json_text(j, "scope",
                 i->vital < VG_VITAL_COUNT ? vg_vital_get((enum vg_vital)i->vital)->name : "audio");
    if (i->what == VG_IW_MOVED) {
        vg_json_text(j, "state", vg_inhibit_state_name((enum vg_inhibit_state)i->to));
        vg_json_text(j, "was", vg_inhibit_state_name((enum vg_inhibit_state)i->from));
        vg_json_uint(j, "row", i->row);
    }
    vg_json_text(j, "reason", i->reason);
    vg_json_text(j, "operator", i->operator_id);
    vg_json_text(j, "request_id", i->request_id);
}

void vg_wire_limits_members(struct vg_json *j, const struct vg_wire_names *n,
                            const struct vg_limits_event *l)
{
    vg_json_text(j, "event", vg_limits_what_name((enum vg_limits_what)l->what));
    if (l->what == VG_LW_SET) {
        vg_json_text(j, "condition", vg_condition_name((enum vg_condition)l->index));
        vg_json_int(j, "limit_milli", l->limit_milli);
    } else if (l->what == VG_LW_PROFILE && l->index < n->profile_count) {
        vg_json_text(j, "profile", n->profile[l->index]);
    } else {
        /* the formula has no member */
    }
    vg_json_text(j, "reason", l->reason);
    vg_json_text(j, "operator", l->operator_id);
    vg_json_text(j, "request_id", l->request_id);
}

void vg_wire_limit_members(struct vg_json *j, const struct vg_limit_event *l)
{
    vg_json_text(j, "event", "limit");
    vg_json_text(j, "cause", vg_limit_cause_name((enum vg_limit_cause)l->cause));
    vg_json_text(j, "condition", vg_condition_name((enum vg_condition)l->condition));
    vg_json_int(j, "old_milli", l->old_milli);
    vg_json_int(j, "limit_milli", l->new_milli);
    vg_json_int(j, "sat_seconds", l->sat_seconds);
    vg_json_text(j, "operator", l->operator_id);
}

void vg_wire_route_members(struct vg_json *j, const struct vg_wire_names *n,
                           const struct vg_route_event *r)
{
    vg_json_text(j, "event", vg_route_what_name((enum vg_route_what)r->what));
    vg_json_text(j, "alarm", vg_condition_name((enum vg_condition)r->condition));
    vg_json_uint(j, "instance", r->instance);
    vg_json_text(j, "priority", vg_priority_name((enum vg_priority)r->priority));
    vg_json_text(j, "route", vg_route_state_name((enum vg_route_state)r->to));
    vg_json_text(j, "was", vg_route_state_name((enum vg_route_state)r->from));
    vg_json_uint(j, "row", r->row);
    if (r->sink < n->sink_count) {
        vg_json_text(j, "sink", n->sink[r->sink]);
    }
}

void vg_wire_sink_members(struct vg_json *j, const struct vg_wire_names *n,
                          const struct vg_sink_event *s)
{
    vg_json_text(j, "event", vg_sink_what_name((enum vg_sink_what)s->what));
    vg_json_text(j, "sink", s->sink < n->sink_count ? n->sink[s->sink] : "unknown");
    if (s->what == VG_SW_RECEIPT) {
        vg_json_uint(j, "instance", s->instance);
        vg_json_uint(j, "telling", s->telling);
    }
}

static void baseline_members(struct vg_json *j, const int32_t value[VG_BASE_COUNT])
{
    static const char *const keys[VG_BASE_COUNT] = {
        [VG_BASE_SYS] = "sys_milli", [VG_BASE_DIA] = "dia_milli",   [VG_BASE_MEAN] = "mean_milli",
        [VG_BASE_PR] = "pr_milli",   [VG_BASE_SPO2] = "spo2_milli",
    };
    for (size_t i = 0; i < VG_BASE_COUNT; i++) {
        if (value[i] >= 0) {
            vg_json_int(j, keys[i], value[i]);
        } else {
            vg_json_null(j, keys[i]);
        }
    }
}

static void hand_members(struct vg_json *j, const int32_t value[VG_HAND_COUNT])
{
    static const char *const keys[VG_HAND_COUNT] = {
        [VG_HAND_SYS] = "sys_milli", [VG_HAND_DIA] = "dia_milli",   [VG_HAND_MEAN] = "mean_milli",
        [VG_HAND_PR] = "pr_milli",   [VG_HAND_SPO2] = "spo2_milli",
    };
    vg_json_text(j, "source", "manual");
    for (size_t i = 0; i < VG_HAND_COUNT; i++) {
        if (value[i] >= 0) {
            vg_json_int(j, keys[i], value[i]);
        }
    }
}

/* What people say and do in a session. */
static void said(struct vg_json *j, const struct vg_wire_names *n, const struct vg_care *c)
{
    switch (c->what) {
    case VG_CW_SCORE:
        if ((unsigned)c->value[0] < n->scale_count) {
            vg_json_text(j, "scale", n->scale[c->value[0]]);
        }
        vg_json_int(j, "score", c->value[1]);
        break;
    case VG_CW_FACT:
        vg_json_text(j, "fact", vg_fact_name((enum vg_fact)c->value[0]));
        vg_json_text(j, "answer", c->value[1] != 0 ? "yes" : "no");
        break;
    case VG_CW_WEIGHT:
        vg_json_int(j, "weight_g", c->value[0]);
        vg_json_int(j, "measured_days", c->value[1]);
        vg_json_bool(j, "confirmed", c->value[2] != 0);
        break;
    case VG_CW_READING:
        hand_members(j, c->value);
        break;
    case VG_CW_SYMPTOM:
        vg_json_int(j, "severity", c->value[0]);
        vg_json_bool(j, "serious", c->value[1] != 0);
        break;
    case VG_CW_HANDOVER:
        vg_json_text(j, "to", c->to);
        break;
    case VG_CW_DEFER:
        vg_json_int(j, "seconds", c->value[0]);
        break;
    case VG_CW_OVERRIDE:
        vg_json_text(j, "item", vg_gate_item_name((enum vg_gate_item)c->value[0]));
        break;
    case VG_CW_VOID:
        vg_json_uint(j, "target", c->target);
        break;
    default:
        break; /* text only */
    }
}

static void numbers(struct vg_json *j, const struct vg_wire_names *n, const struct vg_care *c)
{
    switch (c->what) {
    case VG_CW_SEDATION:
        vg_json_int(j, "score", c->value[0]);
        break;
    case VG_CW_BASELINE:
        if (c->request_id[0] == '\0') {
            baseline_members(j, c->value);
            vg_json_uint(j, "readings", c->target);
        }
        break;
    case VG_CW_SCHEDULE:
        vg_json_text(j, "vital", vg_vital_get((enum vg_vital)c->value[0])->name);
        vg_json_int(j, "every_s", c->value[1]);
        vg_json_int(j, "next_s", c->value[2]);
        break;
    case VG_CW_QUIET_ON:
        vg_json_int(j, "left_s", c->value[0]);
        break;
    case VG_CW_TEST:
        vg_json_text(j, "priority", vg_priority_name((enum vg_priority)c->value[0]));
        break;
    default:
        said(j, n, c);
        break;
    }
}

void vg_wire_care_members(struct vg_json *j, const struct vg_wire_names *n, const struct vg_care *c)
{
    char utc[VG_WIRE_UTC_MAX];

    vg_json_text(j, "event", vg_care_what_name((enum vg_care_what)c->what));
    numbers(j, n, c);
    vg_wire_utc(c->at_utc_ns, utc);
    vg_json_text(j, "at", utc);
    vg_json_text(j, "operator", c->operator_id);
    vg_json_text(j, "request_id", c->request_id);
}
