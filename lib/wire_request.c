/*
 * wire_request.c -- bytes of a request to a typed event. Everything ambiguous is refused.
 *
 * Each operation has a list of its members; a member that is not on the list is an error, so a
 * client's spelling mistake never becomes a silent default. "0,5" and "0.5 " are not numbers;
 * "mcg", "units" and "ml" are not units.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/wire.h"
#include "vigil/compiler.h"
#include "vigil/condition.h"

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
    { "receipt", VG_OP_RECEIPT, true, { "sink", "bed", "instance" } },
};
/* clang-format on */

struct parse {
    const struct vg_wire_names *names;
    const json_t *root;
    char *why;
    size_t why_cap;
    enum vg_status status;
};

static enum vg_status fail(struct parse *p, enum vg_status st, const char *fmt, ...)
    VG_PRINTF(3, 4);

static enum vg_status fail(struct parse *p, enum vg_status st, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(p->why, p->why_cap, fmt, ap);
    va_end(ap);
    /* What was quoted may be cut inside a character; the reply must stay UTF-8. */
    for (char *s = p->why; *s != '\0'; s++) {
        *s = (unsigned char)*s >= 0x80 ? '?' : *s;
    }
    p->status = st;
    return st;
}

/* --- numbers -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int64_t ug;
    int64_t per_hour; /* 0 = an amount, not a rate */
} units[] = {
    { "ug", 1, 0 },      { "mg", 1000, 0 },   { "g", 1000000, 0 },    { "ug/h", 1, 1 },
    { "mg/h", 1000, 1 }, { "ug/min", 1, 60 }, { "mg/min", 1000, 60 },
};

/* Plain decimal text as whole / scale: "0.5" is 5 / 10. No sign, no exponent, no leading zero. */
static enum vg_status take_decimal(const char *p, int64_t max, int64_t *number, int64_t *scale)
{
    *number = 0;
    *scale = 1;
    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9')) {
        return VG_ERR_FORMAT;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        *number = *number * 10 + (*p - '0');
        if (*number > max) {
            return VG_ERR_RANGE;
        }
    }
    if (*p == '.') {
        p++;
        if (*p < '0' || *p > '9') {
            return VG_ERR_FORMAT;
        }
        for (; *p >= '0' && *p <= '9'; p++) {
            *number = *number * 10 + (*p - '0');
            *scale *= 10;
            if (*scale > 1000000) {
                return VG_ERR_RANGE; /* finer than a microgram of a gram: cannot be meant */
            }
        }
    }
    return *p == '\0' ? VG_OK : VG_ERR_FORMAT;
}

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
    enum vg_status st = take_decimal(number, VG_DOSE_MAX_UG, &n, &scale);
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

/* --- members -------------------------------------------------------------------------------- */

/* Text of 1..cap-1 bytes without control characters into a zero-padded array. */
static bool take_text(struct parse *p, const char *key, char *out, size_t cap, bool required)
{
    const json_t *v = json_object_get(p->root, key);
    memset(out, 0, cap);
    if (v == NULL) {
        if (required) {
            (void)fail(p, VG_ERR_ARG, "member '%s' is missing; add it", key);
        }
        return !required;
    }
    const char *s = json_string_value(v);
    size_t len = json_string_length(v);
    if (s == NULL || len == 0 || strlen(s) != len) {
        (void)fail(p, VG_ERR_ARG, "member '%s' must be text that is not empty", key);
        return false;
    }
    if (len >= cap) {
        (void)fail(p, VG_ERR_RANGE, "member '%s' has %zu bytes; at most %zu fit, shorten it", key,
                   len, cap - 1);
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f) {
            (void)fail(p, VG_ERR_ARG, "member '%s' holds a control character; remove it", key);
            return false;
        }
    }
    memcpy(out, s, len);
    return true;
}

static bool take_index(struct parse *p, const char *key, const char *const *names, uint16_t count,
                       uint16_t *out)
{
    char id[VG_ID_MAX];
    if (!take_text(p, key, id, sizeof id, true)) {
        return false;
    }
    for (uint16_t i = 0; i < count; i++) {
        if (strcmp(names[i], id) == 0) {
            *out = i;
            return true;
        }
    }
    (void)fail(p, VG_ERR_ARG, "there is no %s '%s'; 'vigilctl status' lists them", key, id);
    return false;
}

static bool take_uint(struct parse *p, const char *key, uint64_t max, bool required, uint64_t *out)
{
    const json_t *v = json_object_get(p->root, key);
    if (v == NULL && !required) {
        return true;
    }
    if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) > max) {
        (void)fail(p, VG_ERR_RANGE, "member '%s' must be an integer from 0 to %llu", key,
                   (unsigned long long)max);
        return false;
    }
    *out = (uint64_t)json_integer_value(v);
    return true;
}

/* --- operations ----------------------------------------------------------------------------- */

static bool take_amount(struct parse *p, struct vg_dose *d)
{
    char number[24];
    char unit[16];
    bool rate = d->kind != VG_DOSE_BOLUS;
    const json_t *v = json_object_get(p->root, "amount");

    if (json_is_integer(v)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(v));
    } else if (!take_text(p, "amount", number, sizeof number, true)) {
        return false;
    }
    if (!take_text(p, "unit", unit, sizeof unit, true)) {
        return false;
    }
    enum vg_status st = vg_wire_amount(number, unit, rate, &d->amount_ug);
    if (st == VG_ERR_ARG) {
        (void)fail(p, st, "unit '%s' is not one of %s; convert and say it again", unit,
                   rate ? "ug/h, mg/h, ug/min, mg/min" : "ug, mg, g");
    } else if (st == VG_ERR_RANGE) {
        (void)fail(p, st, "amount '%s %s' is outside 1 ug to 1 kg; check it", number, unit);
    } else if (st != VG_OK) {
        (void)fail(p, st, "amount '%s' is not a plain decimal number like 35 or 0.5", number);
    }
    return st == VG_OK;
}

static bool take_dose(struct parse *p, struct vg_request *r)
{
    struct vg_dose *d = &r->ev.u.dose;
    char word[VG_WIRE_UTC_MAX]; /* also for given_at, with all the decimals somebody may send */
    enum vg_dose_kind kind;
    enum vg_route route;

    r->ev.kind = VG_EV_DOSE;
    if (!take_text(p, "request_id", d->request_id, sizeof d->request_id, true) ||
        !take_text(p, "operator", d->operator_id, sizeof d->operator_id, true) ||
        !take_text(p, "drug", d->drug, sizeof d->drug, true) ||
        !take_text(p, "kind", word, sizeof word, true)) {
        return false;
    }
    if (!vg_dose_kind_find(word, &kind)) {
        (void)fail(p, VG_ERR_ARG, "kind '%s' is not bolus, infusion_start, rate_change or stop",
                   word);
        return false;
    }
    d->kind = (uint8_t)kind;
    if (!take_text(p, "route", word, sizeof word, true)) {
        return false;
    }
    if (!vg_route_find(word, &route)) {
        (void)fail(p, VG_ERR_ARG, "route '%s' is not iv, im, sc, sl, buccal, nasal or oral", word);
        return false;
    }
    d->route = (uint8_t)route;
    if (kind == VG_DOSE_STOP &&
        (json_object_get(p->root, "amount") != NULL || json_object_get(p->root, "unit") != NULL)) {
        (void)fail(p, VG_ERR_ARG, "a stop has no amount; leave amount and unit out");
        return false;
    }
    if (kind != VG_DOSE_STOP && !take_amount(p, d)) {
        return false;
    }
    r->has_given_at = json_object_get(p->root, "given_at") != NULL;
    if (r->has_given_at && (!take_text(p, "given_at", word, sizeof word, true) ||
                            !vg_wire_parse_utc(word, &d->given_utc_ns))) {
        (void)fail(p, VG_ERR_FORMAT,
                   "given_at must look like 2026-11-24T14:02:00Z or with an offset +01:00");
        return false;
    }
    return true;
}

static bool take_session(struct parse *p, struct vg_request *r)
{
    struct vg_session_event *s = &r->ev.u.session_move;
    bool open = r->op == VG_OP_SESSION_OPEN;

    r->ev.kind = VG_EV_SESSION;
    s->move = open ? VG_SESSION_OPEN : VG_SESSION_CLOSE;
    return take_text(p, "request_id", s->request_id, sizeof s->request_id, true) &&
           take_text(p, "operator", s->operator_id, sizeof s->operator_id, true) &&
           (open ? take_text(p, "patient_ref", s->text, VG_NAME_MAX, true)
                 : take_text(p, "reason", s->text, sizeof s->text, false));
}

static bool take_ack(struct parse *p, struct vg_request *r)
{
    struct vg_ack *a = &r->ev.u.ack;
    r->ev.kind = VG_EV_ACK;
    return take_text(p, "request_id", a->request_id, sizeof a->request_id, true) &&
           take_text(p, "operator", a->operator_id, sizeof a->operator_id, true) &&
           take_uint(p, "instance", INT64_MAX, true, &a->instance);
}

static bool take_nibp(struct parse *p, struct vg_request *r)
{
    struct vg_nibp_command *c = &r->ev.u.command;
    r->ev.kind = VG_EV_NIBP_COMMAND;
    c->what = r->op == VG_OP_NIBP_START ? VG_REQ_NIBP_START : VG_REQ_NIBP_ABORT;
    return take_text(p, "request_id", c->request_id, sizeof c->request_id, true) &&
           take_text(p, "operator", c->operator_id, sizeof c->operator_id, true) &&
           take_index(p, "device", p->names->device, p->names->device_count, &r->ev.device);
}

static bool take_range(struct parse *p, struct vg_request *r)
{
    uint64_t limit = 100;
    bool ok = take_uint(p, "from_seq", INT64_MAX, false, &r->from_seq) &&
              take_uint(p, "limit", 500, false, &limit) &&
              take_uint(p, "session", INT64_MAX, false, &r->session);
    r->limit = (uint32_t)(limit == 0 ? 1 : limit);
    return ok;
}

/* Who asks, and the name of the asking. */
static bool take_who(struct parse *p, char *request_id, char *operator_id)
{
    return take_text(p, "request_id", request_id, VG_REQUEST_ID_MAX, true) &&
           take_text(p, "operator", operator_id, VG_NAME_MAX, true);
}

static bool take_vital(struct parse *p, uint8_t *out)
{
    char name[VG_ID_MAX];
    enum vg_vital v;
    if (!take_text(p, "vital", name, sizeof name, true)) {
        return false;
    }
    if (!vg_vital_find(name, &v)) {
        (void)fail(p, VG_ERR_ARG, "there is no vital '%s'; take spo2, pulse_rate, nibp_sys ...",
                   name);
        return false;
    }
    *out = (uint8_t)v;
    return true;
}

static bool take_inhibit(struct parse *p, struct vg_request *r)
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
    return take_who(p, i->request_id, i->operator_id) &&
           (r->op == VG_OP_AUDIO_PAUSE || take_vital(p, &i->vital)) &&
           take_text(p, "reason", i->reason, sizeof i->reason, needs_reason);
}

static bool take_limit_value(struct parse *p, int32_t *out)
{
    char number[24];
    int64_t n = 0;
    int64_t scale = 1;
    const json_t *v = json_object_get(p->root, "limit");

    if (json_is_integer(v)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(v));
    } else if (!take_text(p, "limit", number, sizeof number, true)) {
        return false;
    }
    if (take_decimal(number, 1000, &n, &scale) != VG_OK || n * 1000 % scale != 0) {
        (void)fail(p, VG_ERR_FORMAT, "limit '%s' is not a plain number like 88 or 92.5", number);
        return false;
    }
    *out = (int32_t)(n * 1000 / scale);
    return true;
}

static bool take_condition(struct parse *p, uint8_t *out)
{
    char name[VG_ID_MAX];
    enum vg_condition c;
    if (!take_text(p, "condition", name, sizeof name, true)) {
        return false;
    }
    if (!vg_condition_find(name, &c) || vg_condition_get(c)->side == VG_SIDE_NONE) {
        (void)fail(p, VG_ERR_ARG, "condition '%s' has no limit; take SPO2_LOW, PR_HIGH ...", name);
        return false;
    }
    *out = (uint8_t)c;
    return true;
}

static bool take_profile(struct parse *p, uint8_t *out)
{
    uint16_t at = 0;
    bool ok = take_index(p, "profile", p->names->profile, p->names->profile_count, &at);
    *out = (uint8_t)at;
    return ok;
}

static bool take_limits(struct parse *p, struct vg_request *r)
{
    struct vg_limits_event *l = &r->ev.u.limits;

    r->ev.kind = VG_EV_LIMITS;
    if (!take_who(p, l->request_id, l->operator_id) ||
        !take_text(p, "reason", l->reason, sizeof l->reason, true)) {
        return false;
    }
    if (r->op == VG_OP_LIMIT_SET) {
        l->what = VG_LW_SET;
        return take_condition(p, &l->index) && take_limit_value(p, &l->limit_milli);
    }
    l->what = r->op == VG_OP_LIMITS_PROFILE ? VG_LW_PROFILE : VG_LW_FORMULA;
    return l->what == VG_LW_FORMULA || take_profile(p, &l->index);
}

static bool take_score(struct parse *p, struct vg_care *c)
{
    uint64_t score = 0;
    bool ok = take_uint(p, "score", 5, true, &score);
    c->value[0] = (int32_t)score;
    return ok;
}

static bool take_schedule(struct parse *p, struct vg_care *c)
{
    uint64_t every = 0;
    uint8_t v = 0;
    bool ok = take_vital(p, &v) && take_uint(p, "every_s", 86400, true, &every);
    c->value[0] = v;
    c->value[1] = (int32_t)every;
    return ok;
}

static bool take_priority(struct parse *p, struct vg_care *c)
{
    char word[VG_ID_MAX];
    enum vg_priority prio;
    if (!take_text(p, "priority", word, sizeof word, true)) {
        return false;
    }
    if (!vg_priority_find(word, &prio)) {
        (void)fail(p, VG_ERR_ARG, "priority '%s' is not low, medium or high", word);
        return false;
    }
    c->value[0] = (int32_t)prio;
    return true;
}

static bool take_care(struct parse *p, struct vg_request *r)
{
    static const struct {
        uint8_t what;
        bool (*take)(struct parse *p, struct vg_care *c);
    } of[VG_OP_COUNT] = {
        [VG_OP_SEDATION] = { VG_CW_SEDATION, take_score },
        [VG_OP_BASELINE] = { VG_CW_BASELINE, NULL },
        [VG_OP_SCHEDULE] = { VG_CW_SCHEDULE, take_schedule },
        [VG_OP_QUIET_ON] = { VG_CW_QUIET_ON, NULL },
        [VG_OP_QUIET_OFF] = { VG_CW_QUIET_OFF, NULL },
        [VG_OP_TEST_ALARM] = { VG_CW_TEST, take_priority },
    };
    struct vg_care *c = &r->ev.u.care;

    r->ev.kind = VG_EV_CARE;
    c->what = of[r->op].what;
    return take_who(p, c->request_id, c->operator_id) &&
           (of[r->op].take == NULL || of[r->op].take(p, c));
}

static bool take_sink(struct parse *p, struct vg_request *r)
{
    struct vg_sink_event *s = &r->ev.u.sink;
    const json_t *healthy = json_object_get(p->root, "healthy");
    uint16_t at = 0;

    r->ev.kind = VG_EV_SINK;
    if (!take_index(p, "sink", p->names->sink, p->names->sink_count, &at)) {
        return false;
    }
    s->sink = (uint8_t)at;
    s->what = r->op == VG_OP_RECEIPT ? VG_SW_RECEIPT : VG_SW_OK;
    if (r->op == VG_OP_RECEIPT) {
        return take_uint(p, "instance", INT64_MAX, true, &s->instance);
    }
    if (healthy != NULL && !json_is_boolean(healthy)) {
        (void)fail(p, VG_ERR_ARG, "member 'healthy' must be true or false");
        return false;
    }
    r->healthy = healthy == NULL || json_is_true(healthy);
    return true;
}

static bool take_nothing(struct parse *p, struct vg_request *r)
{
    (void)p;
    (void)r;
    return true;
}

static bool take_body(struct parse *p, struct vg_request *r)
{
    static bool (*const of[VG_OP_COUNT])(struct parse * p, struct vg_request * r) = {
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
        [VG_OP_AUDIO_PAUSE] = take_inhibit,
        [VG_OP_ALARM_PAUSE] = take_inhibit,
        [VG_OP_ALARM_OFF] = take_inhibit,
        [VG_OP_ALARM_ON] = take_inhibit,
        [VG_OP_LIMIT_SET] = take_limits,
        [VG_OP_LIMITS_PROFILE] = take_limits,
        [VG_OP_LIMITS_FORMULA] = take_limits,
        [VG_OP_SEDATION] = take_care,
        [VG_OP_BASELINE] = take_care,
        [VG_OP_SCHEDULE] = take_care,
        [VG_OP_QUIET_ON] = take_care,
        [VG_OP_QUIET_OFF] = take_care,
        [VG_OP_TEST_ALARM] = take_care,
        [VG_OP_SINK_ALIVE] = take_sink,
        [VG_OP_RECEIPT] = take_sink,
    };
    return of[r->op](p, r);
}

/* --- the request ---------------------------------------------------------------------------- */

static const struct op_row *find_op(struct parse *p, bool operate)
{
    char name[VG_ID_MAX];
    if (!take_text(p, "op", name, sizeof name, true)) {
        return NULL;
    }
    for (size_t i = 0; i < VG_COUNT(ops); i++) {
        if (strcmp(ops[i].name, name) == 0) {
            if (ops[i].operate != operate) {
                (void)fail(p, VG_ERR_DENIED, "'%s' belongs to the %s socket; send it there", name,
                           ops[i].operate ? "operate" : "view");
                return NULL;
            }
            return &ops[i];
        }
    }
    (void)fail(p, VG_ERR_ARG, "there is no operation '%s'; see the wire specification", name);
    return NULL;
}

static bool only_known_members(struct parse *p, const struct op_row *row)
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
            (void)fail(p, VG_ERR_ARG, "'%s' has no member '%.40s'; remove it", row->name, key);
            ok = false;
            break;
        }
    }
    json_decref(root);
    return ok;
}

static void parse_root(struct parse *p, bool operate, struct vg_request *out)
{
    const struct op_row *row = find_op(p, operate);
    if (row == NULL || !only_known_members(p, row)) {
        return;
    }
    out->op = row->op;
    bool needs_bed = (operate && row->op != VG_OP_SINK_ALIVE) ||
                     json_object_get(p->root, "bed") != NULL;
    if (needs_bed && !take_index(p, "bed", p->names->bed, p->names->bed_count, &out->bed)) {
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
    struct parse p = { .names = n, .why = out->why, .why_cap = sizeof out->why, .status = VG_OK };
    json_error_t err;

    memset(out, 0, sizeof *out);
    out->bed = VG_BED_NONE;
    out->ev.device = VG_DEVICE_NONE;
    json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &err);
    if (root == NULL) {
        return fail(&p, VG_ERR_FORMAT, "not a JSON object: %.80s at byte %d", err.text,
                    err.position);
    }
    p.root = root;
    if (json_is_object(root)) {
        parse_root(&p, operate, out);
    } else {
        (void)fail(&p, VG_ERR_FORMAT, "a request must be a JSON object");
    }
    json_decref(root);
    return p.status;
}
