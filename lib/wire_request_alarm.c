/*
 * wire_request_alarm.c -- requests about alarms: pauses, limits, and the words of sinks.
 */
#include <stdio.h>

#include "lib/wire_take.h"
#include "vigil/condition.h"

/* Is there an alarm about it? */
static bool is_watched(enum vg_vital v)
{
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        const struct vg_condition_row *row = vg_condition_get((enum vg_condition)c);
        if (row->kind == VG_ALARM_PHYS && row->vital == v) {
            return true;
        }
    }
    return false;
}

bool vg_wire_take_vital(struct vg_wire_parse *p, uint8_t *out)
{
    char name[VG_ID_MAX];
    enum vg_vital v;
    if (!vg_wire_take_text(p, "vital", name, sizeof name, true)) {
        return false;
    }
    if (!vg_vital_find(name, &v) || !is_watched(v)) {
        (void)vg_wire_fail(p, VG_ERR_ARG,
                           "no alarm is about '%s'; take spo2, pulse_rate, nibp_sys, nibp_dia or "
                           "nibp_mean",
                           name);
        return false;
    }
    *out = (uint8_t)v;
    return true;
}

bool vg_wire_take_inhibit(struct vg_wire_parse *p, struct vg_request *r)
{
    static const uint8_t what_of[] = {
        [VG_OP_AUDIO_PAUSE] = VG_IW_AUDIO_PAUSE,
        [VG_OP_ALARM_PAUSE] = VG_IW_ALARM_PAUSE,
        [VG_OP_ALARM_OFF] = VG_IW_ALARM_OFF,
        [VG_OP_ALARM_ON] = VG_IW_ALARM_ON,
    };
    struct vg_inhibit_event *i = &r->ev.u.inhibit;
    bool needs_reason = r->op == VG_OP_ALARM_PAUSE || r->op == VG_OP_ALARM_OFF;

    r->ev.kind = VG_EV_INHIBIT;
    i->what = what_of[r->op];
    i->vital = VG_VITAL_COUNT;
    return vg_wire_take_who(p, i->request_id, i->operator_id) &&
           (r->op == VG_OP_AUDIO_PAUSE || vg_wire_take_vital(p, &i->vital)) &&
           vg_wire_take_text(p, "reason", i->reason, sizeof i->reason, needs_reason);
}

static bool take_limit_value(struct vg_wire_parse *p, int32_t *out)
{
    char number[24];
    int64_t n = 0;
    int64_t scale = 1;
    const json_t *v = json_object_get(p->root, "limit");

    if (json_is_integer(v)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(v));
    } else if (!vg_wire_take_text(p, "limit", number, sizeof number, true)) {
        return false;
    }
    if (vg_wire_take_decimal(number, 1000, &n, &scale) != VG_OK || n * 1000 % scale != 0) {
        (void)vg_wire_fail(p, VG_ERR_FORMAT, "limit '%s' is not a plain number like 88 or 92.5",
                           number);
        return false;
    }
    *out = (int32_t)(n * 1000 / scale);
    return true;
}

static bool take_condition(struct vg_wire_parse *p, uint8_t *out)
{
    char name[VG_ID_MAX];
    enum vg_condition c;
    if (!vg_wire_take_text(p, "condition", name, sizeof name, true)) {
        return false;
    }
    if (!vg_condition_find(name, &c) || vg_condition_get(c)->side == VG_SIDE_NONE) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "condition '%s' has no limit; take SPO2_LOW, PR_HIGH ...",
                           name);
        return false;
    }
    *out = (uint8_t)c;
    return true;
}

static bool take_profile(struct vg_wire_parse *p, uint8_t *out)
{
    uint16_t at = 0;
    bool ok = vg_wire_take_index(p, "profile", p->names->profile, p->names->profile_count, &at);
    *out = (uint8_t)at;
    return ok;
}

bool vg_wire_take_limits(struct vg_wire_parse *p, struct vg_request *r)
{
    struct vg_limits_event *l = &r->ev.u.limits;

    r->ev.kind = VG_EV_LIMITS;
    if (!vg_wire_take_who(p, l->request_id, l->operator_id) ||
        !vg_wire_take_text(p, "reason", l->reason, sizeof l->reason, true)) {
        return false;
    }
    if (r->op == VG_OP_LIMIT_SET) {
        l->what = VG_LW_SET;
        return take_condition(p, &l->index) && take_limit_value(p, &l->limit_milli);
    }
    l->what = r->op == VG_OP_LIMITS_PROFILE ? VG_LW_PROFILE : VG_LW_FORMULA;
    return l->what == VG_LW_FORMULA || take_profile(p, &l->index);
}

bool vg_wire_take_sink(struct vg_wire_parse *p, struct vg_request *r)
{
    struct vg_sink_event *s = &r->ev.u.sink;
    const json_t *healthy = json_object_get(p->root, "healthy");
    uint16_t at = 0;

    r->ev.kind = VG_EV_SINK;
    if (!vg_wire_take_index(p, "sink", p->names->sink, p->names->sink_count, &at)) {
        return false;
    }
    s->sink = (uint8_t)at;
    s->what = r->op == VG_OP_RECEIPT ? VG_SW_RECEIPT : VG_SW_OK;
    if (r->op == VG_OP_RECEIPT) {
        uint64_t telling = 0;
        bool ok = vg_wire_take_uint(p, "instance", INT64_MAX, true, &s->instance) &&
                  vg_wire_take_uint(p, "telling", UINT16_MAX, false, &telling);
        s->telling = (uint16_t)telling;
        return ok;
    }
    if (healthy != NULL && !json_is_boolean(healthy)) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "member 'healthy' must be true or false");
        return false;
    }
    r->healthy = healthy == NULL || json_is_true(healthy);
    return true;
}
