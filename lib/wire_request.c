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

#define MEMBERS_MAX 12

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
    { "session_open",
      VG_OP_SESSION_OPEN,
      true,
      { "request_id", "bed", "operator", "patient_ref" } },
    { "session_close", VG_OP_SESSION_CLOSE, true, { "request_id", "bed", "operator", "reason" } },
    { "dose",
      VG_OP_DOSE,
      true,
      { "request_id", "bed", "operator", "kind", "drug", "amount", "unit", "route", "given_at" } },
    { "ack", VG_OP_ACK, true, { "request_id", "bed", "operator", "instance" } },
    { "nibp_start", VG_OP_NIBP_START, true, { "request_id", "bed", "operator", "device" } },
    { "nibp_abort", VG_OP_NIBP_ABORT, true, { "request_id", "bed", "operator", "device" } },
    { "audio_pause", VG_OP_AUDIO_PAUSE, true, { "request_id", "bed", "operator" } },
    { "alarm_pause", VG_OP_ALARM_PAUSE, true, { "request_id", "bed", "operator", "vital", "reason" } },
    { "alarm_off", VG_OP_ALARM_OFF, true, { "request_id", "bed", "operator", "vital", "reason" } },
    { "alarm_on", VG_OP_ALARM_ON, true, { "request_id", "bed", "operator", "vital" } },
    { "limit_set", VG_OP_LIMIT_SET, true,
      { "request_id", "bed", "operator", "condition", "limit", "reason" } },
    { "limits_profile", VG_OP_LIMITS_PROFILE, true,
      { "request_id", "bed", "operator", "profile", "reason" } },
    { "limits_formula", VG_OP_LIMITS_FORMULA, true, { "request_id", "bed", "operator", "reason" } },
    { "sedation", VG_OP_SEDATION, true, { "request_id", "bed", "operator", "score" } },
    { "baseline", VG_OP_BASELINE, true, { "request_id", "bed", "operator" } },
    { "schedule", VG_OP_SCHEDULE, true, { "request_id", "bed", "operator", "vital", "every_s" } },
    { "quiet_on", VG_OP_QUIET_ON, true, { "request_id", "bed", "operator" } },
    { "quiet_off", VG_OP_QUIET_OFF, true, { "request_id", "bed", "operator" } },
    { "test_alarm", VG_OP_TEST_ALARM, true, { "request_id", "bed", "operator", "priority" } },
    { "sink_alive", VG_OP_SINK_ALIVE, true, { "sink", "healthy" } },
    { "receipt", VG_OP_RECEIPT, true, { "sink", "bed", "instance", "telling" } },
};
/* clang-format on */

/* --- doses ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int64_t ug;
    int64_t per_hour; /* 0 = an amount, not a rate */
} units[] = {
    { "ug", 1, 0 },      { "mg", 1000, 0 },   { "g", 1000000, 0 },    { "ug/h", 1, 1 },
    { "mg/h", 1000, 1 }, { "ug/min", 1, 60 }, { "mg/min", 1000, 60 },
};

enum vg_status vg_wire_amount(const char *number, const char *unit, bool rate, int64_t *out)
{
    int64_t n;
    int64_t scale;
    size_t u = 0;

    while (u < VG_COUNT(units) && strcmp(units[u].name, unit) != 0) {
        u++;
    }
    if (u == VG_COUNT(units) || (units[u].per_hour != 0) != rate) {
        return VG_ERR_ARG;
    }
    enum vg_status st = vg_wire_take_decimal(number, VG_DOSE_MAX_UG, &n, &scale);
    if (st != VG_OK) {
        return st;
    }
    int64_t factor = units[u].ug * (rate ? units[u].per_hour : 1);
    if ((n % scale * factor) % scale != 0) {
        return VG_ERR_FORMAT;
    }
    *out = n / scale * factor + n % scale * factor / scale;
    return *out > 0 && *out <= VG_DOSE_MAX_UG ? VG_OK : VG_ERR_RANGE;
}

/* --- operations ----------------------------------------------------------------------------- */

static bool take_amount(struct vg_wire_parse *p, struct vg_dose *d)
{
    char number[24];
    char unit[16];
    bool rate = d->kind != VG_DOSE_BOLUS;
    const json_t *v = json_object_get(p->root, "amount");

    if (json_is_integer(v)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(v));
    } else if (!vg_wire_take_text(p, "amount", number, sizeof number, true)) {
        return false;
    }
    if (!vg_wire_take_text(p, "unit", unit, sizeof unit, true)) {
        return false;
    }
    enum vg_status st = vg_wire_amount(number, unit, rate, &d->amount_ug);
    if (st == VG_ERR_ARG) {
        (void)vg_wire_fail(p, st, "unit '%s' is not one of %s; convert and say it again", unit,
                           rate ? "ug/h, mg/h, ug/min, mg/min" : "ug, mg, g");
    } else if (st == VG_ERR_RANGE) {
        (void)vg_wire_fail(p, st, "amount '%s %s' is outside 1 ug to 1 kg; check it", number, unit);
    } else if (st != VG_OK) {
        (void)vg_wire_fail(p, st, "amount '%s' is not a plain decimal number like 35 or 0.5",
                           number);
    }
    return st == VG_OK;
}

static bool take_dose(struct vg_wire_parse *p, struct vg_request *r)
{
    struct vg_dose *d = &r->ev.u.dose;
    char word[VG_WIRE_UTC_MAX]; /* also for given_at, with all the decimals somebody may send */
    enum vg_dose_kind kind;
    enum vg_route route;

    r->ev.kind = VG_EV_DOSE;
    if (!vg_wire_take_text(p, "request_id", d->request_id, sizeof d->request_id, true) ||
        !vg_wire_take_text(p, "operator", d->operator_id, sizeof d->operator_id, true) ||
        !vg_wire_take_text(p, "drug", d->drug, sizeof d->drug, true) ||
        !vg_wire_take_text(p, "kind", word, sizeof word, true)) {
        return false;
    }
    if (!vg_dose_kind_find(word, &kind)) {
        (void)vg_wire_fail(p, VG_ERR_ARG,
                           "kind '%s' is not bolus, infusion_start, rate_change or stop", word);
        return false;
    }
    d->kind = (uint8_t)kind;
    if (!vg_wire_take_text(p, "route", word, sizeof word, true)) {
        return false;
    }
    if (!vg_route_find(word, &route)) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "route '%s' is not iv, im, sc, sl, buccal, nasal or oral",
                           word);
        return false;
    }
    d->route = (uint8_t)route;
    if (kind == VG_DOSE_STOP &&
        (json_object_get(p->root, "amount") != NULL || json_object_get(p->root, "unit") != NULL)) {
        (void)vg_wire_fail(p, VG_ERR_ARG, "a stop has no amount; leave amount and unit out");
        return false;
    }
    if (kind != VG_DOSE_STOP && !take_amount(p, d)) {
        return false;
    }
    r->has_given_at = json_object_get(p->root, "given_at") != NULL;
    if (r->has_given_at && (!vg_wire_take_text(p, "given_at", word, sizeof word, true) ||
                            !vg_wire_parse_utc(word, &d->given_utc_ns))) {
        (void)vg_wire_fail(p, VG_ERR_FORMAT,
                           "given_at must look like 2026-11-24T14:02:00Z or with an offset +01:00");
        return false;
    }
    return true;
}

static bool take_session(struct vg_wire_parse *p, struct vg_request *r)
{
    struct vg_session_event *s = &r->ev.u.session_move;
    bool open = r->op == VG_OP_SESSION_OPEN;

    r->ev.kind = VG_EV_SESSION;
    s->move = open ? VG_SESSION_OPEN : VG_SESSION_CLOSE;
    return vg_wire_take_text(p, "request_id", s->request_id, sizeof s->request_id, true) &&
           vg_wire_take_text(p, "operator", s->operator_id, sizeof s->operator_id, true) &&
           (open ? vg_wire_take_text(p, "patient_ref", s->text, VG_NAME_MAX, true)
                 : vg_wire_take_text(p, "reason", s->text, sizeof s->text, false));
}

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
        [VG_OP_SESSION_OPEN] = take_session,
        [VG_OP_SESSION_CLOSE] = take_session,
        [VG_OP_DOSE] = take_dose,
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
    bool needs_bed = (operate && row->op != VG_OP_SINK_ALIVE) ||
                     json_object_get(p->root, "bed") != NULL;
    if (needs_bed && !vg_wire_take_index(p, "bed", p->names->bed, p->names->bed_count, &out->bed)) {
        return;
    }
    out->ev.bed = out->bed;
    if (!take_body(p, out) && p->status == VG_OK) {
        p->status = VG_ERR_ARG;
    }
}

enum vg_status vg_wire_request(const struct vg_wire_names *n, const char *bytes, size_t len,
                               bool operate, struct vg_request *out)
{
    struct vg_wire_parse p = {
        .names = n, .why = out->why, .why_cap = sizeof out->why, .status = VG_OK
    };
    json_error_t err;

    memset(out, 0, sizeof *out);
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
