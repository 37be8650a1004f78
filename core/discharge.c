/*
 * discharge.c -- the checks before a session may close, from data and from what somebody signed.
 *
 * Sources: the observation floors of the protocols; "values near baseline" is within 10 %, or under
 * the gate value. As in the gate, what is not there does not hold.
 */
#include "core/step.h"
#include "vigil/compiler.h"

/* Ten minutes apart, give or take what a cuff needs to measure. */
#define APART_NS (540 * VG_NS_PER_S)
/* A value that was measured longer ago says nothing about leaving now. */
#define RECENT_NS (1800 * VG_NS_PER_S)
#define SPO2_LEAST_MILLI 92000
#define SPO2_DROP_MILLI 2000

int64_t vg_discharge_earliest_ns(const struct vg_engine *e, uint16_t bed)
{
    const struct vg_protocol *p = vg_engine_protocol(e, bed);
    const struct vg_dose_clock *c = &e->beds[bed].session.clock;

    if (p == NULL || c->first_ns == VG_TIME_NONE) {
        return VG_TIME_NONE;
    }
    if (c->end_ns == INT64_MAX) {
        return INT64_MAX;
    }
    int64_t after_first = c->first_ns + p->floor_first_s * VG_NS_PER_S;
    int64_t after_last = c->end_ns + p->floor_last_s * VG_NS_PER_S;
    return after_first > after_last ? after_first : after_last;
}

static bool is_near(int32_t milli, int32_t base_milli, int32_t gate_milli)
{
    return milli <= gate_milli || (base_milli >= 0 && milli <= base_milli + base_milli / 10);
}

/* The newest one that is far enough before the last; NULL when there is none. */
static const struct vg_pressure *apart(const struct vg_pressure p[VG_PRESSURES_MAX])
{
    for (size_t i = 1; i < VG_PRESSURES_MAX && p[i].at_ns != VG_TIME_NONE; i++) {
        if (p[0].at_ns - p[i].at_ns >= APART_NS) {
            return &p[i];
        }
    }
    return NULL;
}

static bool is_pressure_good(const struct vg_session *s, const struct vg_gate_rules *g,
                             int64_t now_ns)
{
    const struct vg_pressure *two[] = { &s->pressure[0], apart(s->pressure) };

    if (two[1] == NULL || now_ns - two[0]->at_ns > RECENT_NS) {
        return false;
    }
    for (size_t i = 0; i < VG_COUNT(two); i++) {
        if (!is_near(two[i]->sys_milli, s->base[VG_BASE_SYS], g->sys_milli) ||
            !is_near(two[i]->dia_milli, s->base[VG_BASE_DIA], g->dia_milli)) {
            return false;
        }
    }
    return true;
}

static bool is_oxygen_good(const struct vg_engine *e, const struct vg_bed *bed, int64_t now_ns)
{
    const struct vg_session *s = &bed->session;
    uint16_t d = bed->speaker[VG_VITAL_SPO2];
    int32_t least = s->base[VG_BASE_SPO2] - SPO2_DROP_MILLI;

    if (s->fact[VG_FACT_ROOM_AIR] != 1 || d == VG_DEVICE_NONE) {
        return false;
    }
    const struct vg_fresh *f = &e->devices[d].fresh[VG_VITAL_SPO2];
    return vg_fresh_state(f, VG_VITAL_SPO2, now_ns) == VG_FRESH_FRESH &&
           f->value_milli >= (least > SPO2_LEAST_MILLI ? least : SPO2_LEAST_MILLI);
}

static bool is_score_good(const struct vg_session *s, const struct vg_check_row *c, int64_t now_ns)
{
    const struct vg_score *score = &s->score[c->index];
    return score->at_ns != VG_TIME_NONE && now_ns - score->at_ns <= RECENT_NS &&
           (c->kind == VG_CHECK_AT_LEAST ? score->value >= c->value : score->value <= c->value);
}

static bool holds(const struct vg_engine *e, uint16_t bed, const struct vg_check_row *c,
                  int64_t now_ns)
{
    const struct vg_bed *b = &e->beds[bed];

    switch ((enum vg_check_kind)c->kind) {
    case VG_CHECK_TIME:
        return now_ns >= vg_discharge_earliest_ns(e, bed);
    case VG_CHECK_BP:
        return is_pressure_good(&b->session, &vg_engine_protocol(e, bed)->gate, now_ns);
    case VG_CHECK_SPO2:
        return is_oxygen_good(e, b, now_ns);
    case VG_CHECK_AT_LEAST:
    case VG_CHECK_AT_MOST:
        return is_score_good(&b->session, c, now_ns);
    case VG_CHECK_NO_ALARM:
        return vg_alarm_open_count(b) == 0;
    case VG_CHECK_FACT:
        return b->session.fact[c->index] == 1;
    case VG_CHECK_KIND_COUNT:
        break;
    }
    return false;
}

uint32_t vg_discharge_judge(const struct vg_engine *e, uint16_t bed, int64_t now_ns)
{
    const struct vg_protocol *p = vg_engine_protocol(e, bed);
    uint32_t unmet = 0;

    if (e->beds[bed].session.protocol == VG_PROTOCOL_LOST) {
        return 1; /* what it asks is not known, so it does not hold */
    }
    /* Nothing was given: there is nothing to recover from. */
    if (p == NULL || e->beds[bed].session.clock.first_ns == VG_TIME_NONE) {
        return 0;
    }
    for (uint16_t i = 0; i < p->check_count; i++) {
        unmet |= holds(e, bed, &p->checks[i], now_ns) ? 0 : 1u << i;
    }
    return unmet;
}
