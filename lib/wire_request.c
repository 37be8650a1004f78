/*
 * wire_request.c -- bytes of a request to a typed event. Everything ambiguous is refused.
 *
 * Each operation has a list of its members; a member that is not on the list is an error, so a
 * client's spelling mistake never becomes a silent default. "0,5" and "0.5 " are not numbers;
 * "mcg", "units" and "ml" are not units.
 */
#include <stdio.h>
#include <string.h>

#include "lib/wire_take.h"

#define MEMBERS_MAX 24
#define WHO "request_id", "bed", "operator"
#define WHEN "at", "note"
#define WHAT_WAS_GIVEN                                                                             \
    "kind", "drug", "amount", "unit", "route", "given_at", "weight", "concentration", "confirm",   \
        "checked_by", "lot", "site", "outcome", "note"

struct op_row {
    const char *name;
    enum vg_op op;
    bool operate;
    const char *members[MEMBERS_MAX];
};

/* clang-format off */
static const struct op_row ops[] = {
    { "snapshot", VG_OP_SNAPSHOT, false, { "bed" } },
    { "range", VG_OP_RANGE, false, { "bed", "from_seq", "limit" } },
    { "history", VG_OP_HISTORY, false, { "bed", "from_seq", "limit", "session" } },
    { "limits", VG_OP_LIMITS, false, { "bed" } },
    { "plan", VG_OP_PLAN, false, { "bed" } },
    { "notes", VG_OP_NOTES, true, { "bed", "from_seq", "limit", "session" } },
    { "session_open", VG_OP_SESSION_OPEN, true,
      { WHO, "patient_ref", "kind", "course", "protocol" } },
    { "session_close", VG_OP_SESSION_CLOSE, true, { WHO, "reason" } },
    { "dose", VG_OP_DOSE, true, { WHO, WHAT_WAS_GIVEN } },
    { "dose_amend", VG_OP_DOSE_AMEND, true, { WHO, WHAT_WAS_GIVEN, "target", "reason" } },
    { "dose_void", VG_OP_DOSE_VOID, true, { WHO, "target", "reason" } },
    { "ack", VG_OP_ACK, true, { WHO, "instance" } },
    { "nibp_start", VG_OP_NIBP_START, true, { WHO, "device" } },
    { "nibp_abort", VG_OP_NIBP_ABORT, true, { WHO, "device" } },
    { "audio_pause", VG_OP_AUDIO_PAUSE, true, { WHO } },
    { "alarm_pause", VG_OP_ALARM_PAUSE, true, { WHO, "vital", "reason" } },
    { "alarm_off", VG_OP_ALARM_OFF, true, { WHO, "vital", "reason" } },
    { "alarm_on", VG_OP_ALARM_ON, true, { WHO, "vital" } },
    { "limit_set", VG_OP_LIMIT_SET, true, { WHO, "condition", "limit", "reason" } },
    { "limits_profile", VG_OP_LIMITS_PROFILE, true, { WHO, "profile", "reason" } },
    { "limits_formula", VG_OP_LIMITS_FORMULA, true, { WHO, "reason" } },
    { "sedation", VG_OP_SEDATION, true, { WHO, "score", WHEN } },
    { "score", VG_OP_SCORE, true, { WHO, "scale", "score", WHEN } },
    { "baseline", VG_OP_BASELINE, true, { WHO } },
    { "schedule", VG_OP_SCHEDULE, true, { WHO, "vital", "every_s" } },
    { "defer", VG_OP_DEFER, true, { WHO, "seconds", "reason" } },
    { "fact", VG_OP_FACT, true, { WHO, "fact", "answer", "document", WHEN } },
    { "weight", VG_OP_WEIGHT, true,
      { WHO, "weight", "measured_days", "method", "confirm", WHEN } },
    { "reading", VG_OP_READING, true,
      { WHO, "sys", "dia", "mean", "pulse_rate", "spo2", "unit", "position", "limb", WHEN } },
    { "symptom", VG_OP_SYMPTOM, true, { WHO, "symptom", "severity", "serious", WHEN } },
    { "intervention", VG_OP_INTERVENTION, true, { WHO, "what", WHEN } },
    { "marker", VG_OP_MARKER, true, { WHO, "tag", "theme", "quote", WHEN } },
    { "note", VG_OP_NOTE, true, { WHO, WHEN } },
    { "handover", VG_OP_HANDOVER, true, { WHO, "to", WHEN } },
    { "override", VG_OP_OVERRIDE, true, { WHO, "item", "reason" } },
    { "care_void", VG_OP_CARE_VOID, true, { WHO, "target", "reason" } },
    { "quiet_on", VG_OP_QUIET_ON, true, { WHO } },
    { "quiet_off", VG_OP_QUIET_OFF, true, { WHO } },
    { "test_alarm", VG_OP_TEST_ALARM, true, { WHO, "priority" } },
    { "sink_alive", VG_OP_SINK_ALIVE, true, { "sink", "healthy" } },
    { "receipt", VG_OP_RECEIPT, true, { "sink", "bed", "instance", "telling" } },
};
/* clang-format on */

/* --- operations ----------------------------------------------------------------------------- */

static bool take_ack(struct vg_wire_parse *p, struct vg_request *r)
{
    struct vg_ack *a = &r->ev.u.ack;
    r->ev.kind = VG_EV_ACK;
    return vg_wire_take_text(p, "request_id", a->request_id, sizeof a->request_id, true) &&
           vg_wire_take_text(p, "operator", a->operator_id, sizeof a->operator_id, true) &&
           vg_wire_take_uint(p, "instance", INT64_MAX, true, &a->instance);
}

static bool take_nibp(struct vg_wire_parse *p, struct vg_request *r)
{
    struct vg_nibp_command *c = &r->ev.u.command;
    r->ev.kind = VG_EV_NIBP_COMMAND;
    c->what = r->op == VG_OP_NIBP_START ? VG_REQ_NIBP_START : VG_REQ_NIBP_ABORT;
    return vg_wire_take_text(p, "request_id", c->request_id, sizeof c->request_id, true) &&
           vg_wire_take_text(p, "operator", c->operator_id, sizeof c->operator_id, true) &&
           vg_wire_take_index(p, "device", p->names->device, p->names->device_count, &r->ev.device);
}

static bool take_range(struct vg_wire_parse *p, struct vg_request *r)
{
    uint64_t limit = 100;
    bool ok = vg_wire_take_uint(p, "from_seq", INT64_MAX, false, &r->from_seq) &&
              vg_wire_take_uint(p, "limit", 500, false, &limit) &&
              vg_wire_take_uint(p, "session", INT64_MAX, false, &r->session);
    r->limit = (uint32_t)(limit == 0 ? 1 : limit);
    return ok;
}

static bool take_nothing(struct vg_wire_parse *p, struct vg_request *r)
{
    (void)p;
    (void)r;
    return true;
}

static bool take_body(struct vg_wire_parse *p, struct vg_request *r)
{
    static bool (*const of[VG_OP_COUNT])(struct vg_wire_parse * p, struct vg_request * r) = {
        [VG_OP_SNAPSHOT] = take_nothing,
        [VG_OP_LIMITS] = take_nothing,
        [VG_OP_RANGE] = take_range,
        [VG_OP_HISTORY] = take_range,
        [VG_OP_PLAN] = take_nothing,
        [VG_OP_NOTES] = take_range,
        [VG_OP_SESSION_OPEN] = vg_wire_take_session,
        [VG_OP_SESSION_CLOSE] = vg_wire_take_session,
        [VG_OP_DOSE] = vg_wire_take_dose,
        [VG_OP_DOSE_AMEND] = vg_wire_take_dose,
        [VG_OP_DOSE_VOID] = vg_wire_take_dose,
        [VG_OP_ACK] = take_ack,
        [VG_OP_NIBP_START] = take_nibp,
        [VG_OP_NIBP_ABORT] = take_nibp,
        [VG_OP_AUDIO_PAUSE] = vg_wire_take_inhibit,
        [VG_OP_ALARM_PAUSE] = vg_wire_take_inhibit,
        [VG_OP_ALARM_OFF] = vg_wire_take_inhibit,
        [VG_OP_ALARM_ON] = vg_wire_take_inhibit,
        [VG_OP_LIMIT_SET] = vg_wire_take_limits,
        [VG_OP_LIMITS_PROFILE] = vg_wire_take_limits,
        [VG_OP_LIMITS_FORMULA] = vg_wire_take_limits,
        [VG_OP_SEDATION] = vg_wire_take_care,
        [VG_OP_BASELINE] = vg_wire_take_care,
        [VG_OP_SCHEDULE] = vg_wire_take_care,
        [VG_OP_QUIET_ON] = vg_wire_take_care,
        [VG_OP_QUIET_OFF] = vg_wire_take_care,
        [VG_OP_TEST_ALARM] = vg_wire_take_care,
        [VG_OP_SCORE] = vg_wire_take_care,
        [VG_OP_DEFER] = vg_wire_take_care,
        [VG_OP_FACT] = vg_wire_take_care,
        [VG_OP_WEIGHT] = vg_wire_take_care,
        [VG_OP_READING] = vg_wire_take_care,
        [VG_OP_SYMPTOM] = vg_wire_take_care,
        [VG_OP_INTERVENTION] = vg_wire_take_care,
        [VG_OP_MARKER] = vg_wire_take_care,
        [VG_OP_NOTE] = vg_wire_take_care,
        [VG_OP_HANDOVER] = vg_wire_take_care,
        [VG_OP_OVERRIDE] = vg_wire_take_care,
        [VG_OP_CARE_VOID] = vg_wire_take_care,
        [VG_OP_SINK_ALIVE] = vg_wire_take_sink,
        [VG_OP_RECEIPT] = vg_wire_take_sink,
    };
    return of[r->op](p, r);
}

/* --- the request ---------------------------------------------------------------------------- */

static const struct op_row *find_op(struct vg_wire_parse *p, bool operate)
{
    char name[VG_ID_MAX];
    if (!vg_wire_take_text(p, "op", name, sizeof name, true)) {
        return NULL;
    }
    for (size_t i = 0; i < VG_COUNT(ops); i++) {
        if (strcmp(ops[i].name, name) == 0) {
            if (ops[i].operate != operate) {
                (void)vg_wire_fail(p, VG_ERR_DENIED, "'%s' belongs to the %s socket; send it there",
                                   name, ops[i].operate ? "operate" : "view");
                return NULL;
            }
            return &ops[i];
        }
    }
    (void)vg_wire_fail(p, VG_ERR_ARG, "there is no operation '%s'; see the wire specification",
                       name);
    return NULL;
}

static bool only_known_members(struct vg_wire_parse *p, const struct op_row *row)
{
    const char *key;
    json_t *value;
    /* jansson's iteration macro needs a mutable pointer; nothing is changed through it. */
    json_t *root = json_incref((json_t *)(uintptr_t)p->root);
    bool ok = true;

    json_object_foreach(root, key, value)
    {
        bool known = strcmp(key, "op") == 0;
        for (size_t i = 0; i < MEMBERS_MAX && row->members[i] != NULL; i++) {
            known = known || strcmp(key, row->members[i]) == 0;
        }
        if (!known) {
            (void)vg_wire_fail(p, VG_ERR_ARG, "'%s' has no member '%.40s'; remove it", row->name,
                               key);
            ok = false;
            break;
        }
    }
    json_decref(root);
    return ok;
}

static void parse_root(struct vg_wire_parse *p, bool operate, struct vg_request *out)
{
    const struct op_row *row = find_op(p, operate);
    if (row == NULL || !only_known_members(p, row)) {
        return;
    }
    out->op = row->op;
    bool needs_bed = (operate && row->op != VG_OP_SINK_ALIVE && row->op != VG_OP_NOTES) ||
                     json_object_get(p->root, "bed") != NULL;
    if (needs_bed && !vg_wire_take_index(p, "bed", p->names->bed, p->names->bed_count, &out->bed)) {
        return;
    }
    out->ev.bed = out->bed;
    if (!take_body(p, out) && p->status == VG_OK) {
        p->status = VG_ERR_ARG;
    }
    if (p->extra.overflow && p->status == VG_OK) {
        (void)vg_wire_fail(p, VG_ERR_RANGE, "the texts are too long together; shorten them");
    }
    vg_wire_sum_extra(&out->ev, out->extra);
}

enum vg_status vg_wire_request(const struct vg_wire_names *n, const char *bytes, size_t len,
                               bool operate, struct vg_request *out)
{
    struct vg_wire_parse p = {
        .names = n, .why = out->why, .why_cap = sizeof out->why, .status = VG_OK
    };
    json_error_t err;

    memset(out, 0, sizeof *out);
    vg_json_begin(&p.extra, out->extra, sizeof out->extra - 1);
    out->bed = VG_BED_NONE;
    out->ev.device = VG_DEVICE_NONE;
    json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &err);
    if (root == NULL) {
        return vg_wire_fail(&p, VG_ERR_FORMAT, "not a JSON object: %.80s at byte %d", err.text,
                            err.position);
    }
    p.root = root;
    if (json_is_object(root)) {
        parse_root(&p, operate, out);
    } else {
        (void)vg_wire_fail(&p, VG_ERR_FORMAT, "a request must be a JSON object");
    }
    json_decref(root);
    return p.status;
}
