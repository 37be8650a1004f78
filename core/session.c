/*
 * session.c -- opening and closing a session, and the receipts of every command of a bed.
 *
 * A receipt is the sequence number under which a command stands in the record. The same
 * request id gets the same receipt and nothing is done again; ids older than the ring are still
 * caught by the unique index of the record. Trap: a client that numbers its requests from 1 again
 * repeats an id, not a command. To confirm that would lose a dose, so it is refused aloud.
 */
#include <string.h>

#include "core/step.h"
#include "vigil/compiler.h"

/* --- receipts ------------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t hash_more(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ b[i]) * UINT64_C(1099511628211);
    }
    return h;
}

static uint64_t id_of(const char *request_id)
{
    return hash_more(UINT64_C(14695981039346656037), request_id, VG_REQUEST_ID_MAX);
}

static const struct vg_receipt *find_receipt(const struct vg_bed *bed, const char *request_id)
{
    uint64_t id = id_of(request_id);
    for (size_t i = 0; i < VG_RECEIPTS_MAX; i++) {
        const struct vg_receipt *r = &bed->receipts[i];
        if (r->seq == 0) {
            break; /* the ring fills from the front: nothing beyond */
        }
        if (r->id == id) {
            return r;
        }
    }
    return NULL;
}

#define HASH(h, member) hash_more(h, &(member), sizeof(member))

/* What a command asks for. Not when: a client that repeats itself may leave given_at to us again.
 * Not of which device: its index changes with the configuration. */
static uint64_t content_of(const struct vg_event *ev)
{
    const char *operator_id = vg_event_operator(ev);
    uint64_t h = hash_more(UINT64_C(14695981039346656037), &ev->kind, sizeof ev->kind);

    if (operator_id != NULL) { /* a damaged record may not say who it was */
        h = hash_more(h, operator_id, VG_NAME_MAX);
    }
    switch (ev->kind) {
    case VG_EV_SESSION:
        h = HASH(h, ev->u.session_move.move);
        h = HASH(h, ev->u.session_move.text);
        h = HASH(h, ev->u.session_move.course);
        h = HASH(h, ev->u.session_move.kind);
        h = HASH(h, ev->u.session_move.protocol);
        break;
    case VG_EV_DOSE: /* what was typed: the amount follows from it */
        h = HASH(h, ev->u.dose.kind);
        h = HASH(h, ev->u.dose.what);
        h = HASH(h, ev->u.dose.target);
        h = HASH(h, ev->u.dose.route);
        h = HASH(h, ev->u.dose.typed_number);
        h = HASH(h, ev->u.dose.places);
        h = HASH(h, ev->u.dose.unit);
        h = HASH(h, ev->u.dose.conc_ug_ml);
        h = HASH(h, ev->u.dose.drug);
        h = HASH(h, ev->u.dose.extra_sum);
        break;
    case VG_EV_ACK:
        h = HASH(h, ev->u.ack.instance);
        break;
    case VG_EV_INHIBIT:
        h = HASH(h, ev->u.inhibit.what);
        h = HASH(h, ev->u.inhibit.vital);
        break;
    case VG_EV_LIMITS:
        h = HASH(h, ev->u.limits.what);
        h = HASH(h, ev->u.limits.index);
        h = HASH(h, ev->u.limits.limit_milli);
        break;
    case VG_EV_CARE:
        h = HASH(h, ev->u.care.what);
        h = hash_more(h, ev->u.care.value, /* what is confirmed is the same as what was asked */
                      (ev->u.care.what == VG_CW_WEIGHT ? 2 : VG_BASE_COUNT) * sizeof(int32_t));
        h = HASH(h, ev->u.care.target);
        h = HASH(h, ev->u.care.to);
        h = HASH(h, ev->u.care.extra_sum);
        break;
    default:
        h = HASH(h, ev->u.command.what);
        break;
    }
    return h;
}

void vg_receipt_remember(struct vg_bed *bed, const struct vg_event *ev)
{
    struct vg_receipt *r = &bed->receipts[bed->receipt_next];
    r->id = id_of(vg_event_request_id(ev));
    r->seq = ev->seq;
    r->content = content_of(ev);
    bed->receipt_next = (uint16_t)((bed->receipt_next + 1u) % VG_RECEIPTS_MAX);
}

static struct vg_effect *answer(struct vg_step *st, uint8_t verbs, enum vg_status status)
{
    VG_ASSERT(vg_step_has_room(st, 1));
    struct vg_effect *fx = &st->out->of[st->out->count++];
    memset(fx, 0, sizeof *fx);
    fx->ev = *st->in;
    fx->ev.session = st->bed->session.seq;
    fx->verbs = (uint8_t)(verbs | VG_DO_REPLY);
    fx->status = (int8_t)status;
    fx->receipt = st->in->seq;
    return fx;
}

bool vg_receipt_answer_known(struct vg_step *st, const char *request_id)
{
    const struct vg_receipt *known = find_receipt(st->bed, request_id);
    if (known == NULL) {
        return false;
    }
    if (known->content != content_of(st->in)) {
        vg_receipt_refuse(st, VG_REFUSED_ID_REUSED);
        return true;
    }
    struct vg_effect *fx = answer(st, VG_DO_HOLD, VG_OK);
    fx->receipt = known->seq;
    fx->duplicate = true;
    return true;
}

void vg_receipt_accept(struct vg_step *st, uint8_t more_verbs)
{
    vg_receipt_remember(st->bed, st->in);
    answer(st, (uint8_t)(VG_DO_RECORD | VG_DO_COMMIT | VG_DO_HOLD | more_verbs), VG_OK);
}

void vg_receipt_refuse_why(struct vg_step *st, enum vg_refusal why, const char *text)
{
    struct vg_effect *fx = answer(st, 0, VG_ERR_STATE);
    fx->refusal = (uint8_t)why;
    fx->why = text;
}

void vg_receipt_refuse(struct vg_step *st, enum vg_refusal why)
{
    vg_receipt_refuse_why(st, why, NULL);
}

/* --- session -------------------------------------------------------------------------------- */

static void begin(struct vg_bed *bed, const struct vg_event *ev)
{
    struct vg_session *s = &bed->session;
    memset(s, 0, sizeof *s);
    s->seq = ev->seq;
    s->opened_ns = ev->mono_ns;
    s->opened_utc_ns = ev->utc_ns;
    s->test = (ev->flags & VG_FLAG_TEST) != 0;
    s->clock = (struct vg_dose_clock){ VG_TIME_NONE, VG_TIME_NONE, VG_TIME_NONE, VG_TIME_NONE };
    s->beyond_ns = VG_TIME_NONE;
    s->base_ns = VG_TIME_NONE;
    for (size_t i = 0; i < VG_BASE_COUNT; i++) {
        s->base[i] = -1;
    }
    for (size_t i = 0; i < VG_COUNT(s->pressure); i++) {
        s->pressure[i].at_ns = VG_TIME_NONE;
    }
    for (size_t i = 0; i < VG_SCALES_MAX; i++) {
        s->score[i].at_ns = VG_TIME_NONE;
        s->score[i].before_ns = VG_TIME_NONE;
    }
    memset(s->fact, -1, sizeof s->fact);
    s->kind = ev->u.session_move.kind;
    s->protocol = ev->u.session_move.protocol;
    memcpy(s->course, ev->u.session_move.course, sizeof s->course);
    memcpy(s->patient_ref, ev->u.session_move.text, sizeof s->patient_ref - 1);
    memcpy(s->operator_id, ev->u.session_move.operator_id, sizeof s->operator_id);
}

/* The next person starts with nothing of this one: no value, no armed condition. */
static void forget_values(struct vg_step *st, bool continuous_too)
{
    for (size_t v = 0; v < VG_VITAL_COUNT; v++) {
        if (!continuous_too && vg_vital_get((enum vg_vital)v)->continuous) {
            continue;
        }
        for (uint16_t d = st->bed->first; d != VG_DEVICE_NONE; d = st->e->devices[d].next) {
            vg_fresh_init(&st->e->devices[d].fresh[v]);
        }
        st->bed->speaker[v] = VG_DEVICE_NONE;
    }
    memset(st->bed->recent, 0, sizeof st->bed->recent); /* no baseline of nobody */
    for (uint16_t d = st->bed->first; d != VG_DEVICE_NONE; d = st->e->devices[d].next) {
        struct vg_member *m = &st->e->devices[d];
        m->fails = 0;
        m->foreign = m->nibp.state != VG_NS_IDLE;
    }
}

static void close_session(struct vg_step *st)
{
    const struct vg_session_event *move = &st->in->u.session_move;
    bool override = move->text[0] != '\0';

    if (st->bed->session.seq == 0) {
        vg_receipt_refuse(st, VG_REFUSED_NO_SESSION);
        return;
    }
    if (vg_alarm_open_count(st->bed) > 0 && !override) {
        vg_receipt_refuse(st, VG_REFUSED_ALARMS_OPEN);
        return;
    }
    uint32_t unmet = vg_discharge_judge(st->e, st->in->bed, st->in->mono_ns);
    if (unmet != 0 && !override) {
        vg_receipt_refuse(st, VG_REFUSED_DISCHARGE);
        return;
    }
    struct vg_event ev = *st->in; /* what is recorded says what did not hold */
    ev.u.session_move.unmet = unmet;
    struct vg_step as_judged = *st;
    as_judged.in = &ev;
    vg_schedule_end(st);
    vg_alarm_session_end(st, override ? move->operator_id : NULL);
    vg_limits_end(st);
    vg_inhibit_all(st, VG_II_SESSION);
    vg_care_end(st);
    vg_receipt_accept(&as_judged, VG_DO_SEND | VG_DO_STATE);
    forget_values(st, true);
    memset(&st->bed->session, 0, sizeof st->bed->session);
    vg_phase_judge(st);
}

void vg_session_bind(struct vg_step *st)
{
    for (uint16_t d = 0; d < st->e->device_count; d++) {
        const struct vg_member *m = &st->e->devices[d];
        if (m->owner == st->in->bed || (m->bed == st->in->bed && m->owner == VG_BED_NONE)) {
            (void)vg_step_emit(st, VG_EV_BIND, d, VG_DO_RECORD);
        }
    }
}

void vg_session_step(struct vg_step *st)
{
    const struct vg_session_event *move = &st->in->u.session_move;

    if (vg_receipt_answer_known(st, move->request_id)) {
        return;
    }
    if (move->move == VG_SESSION_CLOSE) {
        close_session(st);
        return;
    }
    if (st->bed->session.seq != 0) {
        vg_receipt_refuse(st, VG_REFUSED_SESSION_OPEN);
        return;
    }
    /* A cuff's reading stays for a quarter of an hour; one from between two sessions is nobody's. */
    forget_values(st, false);
    begin(st->bed, st->in);
    vg_receipt_accept(st, VG_DO_SEND | VG_DO_STATE);
    vg_inhibit_all(st, VG_II_SESSION);
    vg_limits_begin(st);
    vg_phase_judge(st);
    vg_session_bind(st);
}

void vg_session_replay(struct vg_engine *e, struct vg_bed *bed, const struct vg_event *ev)
{
    vg_receipt_remember(bed, ev);
    bed->limits = e->profiles[0];
    bed->quiet.on = false;
    if (ev->u.session_move.move == VG_SESSION_OPEN) {
        begin(bed, ev);
        for (size_t i = 0; i < VG_BASE_COUNT; i++) {
            bed->recent[i].count = 0;
        }
    } else {
        memset(&bed->session, 0, sizeof bed->session);
    }
}
