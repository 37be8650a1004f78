/*
 * protocol.c -- the floor under every protocol, and the phase at a time.
 *
 * Whoever writes a protocol may ask for more than this, never for less. Blood pressure peaks 30 to
 * 40 min after an infusion begins or a spray is taken, and sedation is over by 90 min in most: hence
 * the intervals to the expected peak plus 20 min, and the hour of observation after the last dose.
 * By spray and by lozenge the effect develops slowly, so 20 min are allowed there.
 */
#include "vigil/protocol.h"

#include <assert.h>
#include <string.h>

#include "core/alarm_catalogue.h"
#include "vigil/compiler.h"

#define MIN(n) ((n)*60)
#define DENSE_S MIN(15)
#define SLOW_ROUTE_S MIN(20)
#define SPARSE_S MIN(30)
#define AFTER_PEAK_S MIN(20)
#define OBSERVED_S MIN(60)

/* --- formulas ------------------------------------------------------------------------------- */

static const struct {
    uint8_t condition;
    int32_t low_milli, high_milli;
} bounds[] = {
    { VG_COND_SPO2_LOW, 85000, 96000 },  { VG_COND_SPO2_DESAT, 80000, 90000 },
    { VG_COND_PR_LOW, 35000, 180000 },   { VG_COND_PR_HIGH, 35000, 180000 },
    { VG_COND_PR_XLOW, 35000, 180000 },  { VG_COND_PR_XHIGH, 35000, 180000 },
    { VG_COND_SYS_LOW, 70000, 200000 },  { VG_COND_SYS_HIGH, 70000, 200000 },
    { VG_COND_SYS_XLOW, 70000, 200000 }, { VG_COND_SYS_XHIGH, 70000, 200000 },
    { VG_COND_DIA_HIGH, 35000, 120000 }, { VG_COND_DIA_XHIGH, 35000, 120000 },
    { VG_COND_MAP_LOW, 50000, 125000 },
};

static bool is_formula_sound(const struct vg_formula *f)
{
    for (size_t i = 0; i < VG_COUNT(bounds); i++) {
        if (bounds[i].condition == f->condition) {
            return f->low_milli <= f->high_milli && f->low_milli >= bounds[i].low_milli &&
                   f->high_milli <= bounds[i].high_milli;
        }
    }
    return false;
}

/* --- readings ------------------------------------------------------------------------------- */

static bool is_pressure(const struct vg_plan_row *r)
{
    return r->scales == 0 && !r->optional && !r->further;
}

/* The first pressure after a time; INT32_MAX when there is none. */
static int32_t next_pressure(const struct vg_protocol *p, int32_t after_s)
{
    int32_t next_s = INT32_MAX;
    for (uint16_t i = 0; i < p->plan_count; i++) {
        if (is_pressure(&p->plan[i]) && p->plan[i].at_s > after_s && p->plan[i].at_s < next_s) {
            next_s = p->plan[i].at_s;
        }
    }
    return next_s;
}

/* No gap of readings is longer than allowed where it begins. */
static bool is_dense_enough(const struct vg_protocol *p, bool to_the_peak)
{
    bool slow = p->route != VG_ROUTE_IV && p->route != VG_ROUTE_IM && p->route != VG_ROUTE_SC;
    int32_t dense_end_s = (p->infusion_s > p->peak_s ? p->infusion_s : p->peak_s) + AFTER_PEAK_S;
    int32_t end_s = p->floor_first_s > p->floor_last_s ? p->floor_first_s : p->floor_last_s;
    int32_t at_s = 0;

    while (at_s < end_s) {
        bool dense = at_s < dense_end_s;
        int32_t next_s = next_pressure(p, at_s);
        int32_t allowed_s = dense ? (slow ? SLOW_ROUTE_S : DENSE_S) : SPARSE_S;
        int32_t until_s = next_s < end_s ? next_s : end_s;
        if (dense == to_the_peak && until_s - at_s > allowed_s) {
            return false;
        }
        at_s = until_s;
    }
    return true;
}

static bool is_watched(const struct vg_protocol *p)
{
    const uint32_t live = 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE;
    for (uint16_t i = 0; i < p->phase_count; i++) {
        if ((p->phases[i].required & live) != live) {
            return false;
        }
    }
    return p->phase_count >= 2;
}

static bool is_in_order(const struct vg_protocol *p)
{
    for (uint16_t i = 1; i < p->phase_count; i++) {
        int32_t before_s = i == 1 ? -1 : p->phases[i - 1].from_s;
        if (p->phases[i].from_s <= before_s) {
            return false;
        }
    }
    return p->phase_count >= 2 && p->phases[1].from_s == 0;
}

static bool has_check(const struct vg_protocol *p, enum vg_check_kind kind, uint8_t index)
{
    for (uint16_t i = 0; i < p->check_count; i++) {
        if (p->checks[i].kind == kind && p->checks[i].index == index) {
            return true;
        }
    }
    return false;
}

static bool has_awake(const struct vg_protocol *p)
{
    for (uint16_t i = 0; i < p->check_count; i++) {
        const struct vg_check_row *c = &p->checks[i];
        if (c->kind == VG_CHECK_AT_LEAST && c->index == VG_SCALE_MOAAS &&
            c->value >= VG_MOAAS_AWAKE) {
            return true;
        }
    }
    return false;
}

static bool has_all_checks(const struct vg_protocol *p)
{
    return has_check(p, VG_CHECK_TIME, 0) && has_check(p, VG_CHECK_BP, 0) &&
           has_check(p, VG_CHECK_SPO2, 0) && has_awake(p) &&
           has_check(p, VG_CHECK_FACT, VG_FACT_ESCORT);
}

static bool is_range_sound(const struct vg_dose_range *r)
{
    return r->soft_low_ug <= r->soft_high_ug && r->soft_high_ug <= r->hard_ug && r->hard_ug > 0;
}

static bool has_gate(const struct vg_protocol *p)
{
    static const uint8_t needed[] = { VG_GATE_IDENTITY, VG_GATE_CONSENT, VG_GATE_BASELINE };
    for (size_t i = 0; i < VG_COUNT(needed); i++) {
        if (p->gate.strength[needed[i]] != VG_STRENGTH_HARD) {
            return false;
        }
    }
    return !p->range.per_kg || p->gate.strength[VG_GATE_WEIGHT] == VG_STRENGTH_HARD;
}

enum vg_status vg_protocol_check(const struct vg_protocol *p, const char **where, const char **why)
{
    bool formulas = true;
    for (uint16_t i = 0; i < p->formula_count; i++) {
        formulas = formulas && is_formula_sound(&p->formulas[i]);
    }
    const struct {
        bool holds;
        const char *where, *why;
    } rules[] = {
        { p->author[0] != '\0' && p->approver[0] != '\0' && p->revision[0] != '\0', "approver",
          "a protocol says who wrote it, who approved it and which revision it is; fill in author, "
          "approver and revision" },
        { is_in_order(p), "phases",
          "phases begin with the one before the first dose, then one from minute 0, each later "
          "than "
          "the one before; put them in order" },
        { is_watched(p), "phases",
          "spo2 and pulse_rate must be live in every phase; add them to required, relaxes says "
          "when they may go" },
        { has_gate(p), "gate",
          "identity, consent and baseline are hard in every gate, weight too where doses are per "
          "kilogram; set them to hard" },
        { p->gate.baseline_count >= 1, "gate.baseline_readings",
          "a baseline has at least one blood pressure; write 1 or more" },
        { is_range_sound(&p->range), "dose",
          "soft_low, soft_high and hard must rise, and hard must be given; check them" },
        { is_dense_enough(p, true), "readings",
          "blood pressure is taken at least every 15 min (20 min by spray or lozenge) until 20 min "
          "after the peak and the end of an infusion; add a reading" },
        { is_dense_enough(p, false), "readings",
          "blood pressure is taken at least every 30 min until the earliest discharge; add a "
          "reading" },
        { p->floor_last_s >= OBSERVED_S, "discharge.after_last_min",
          "people are observed for at least 60 min after the last dose; write 60 or more" },
        { formulas, "formulas",
          "limits lie within SpO2 85-96, desaturation 80-90, pulse 35-180, systolic 70-200, "
          "diastolic 35-120; change low and high" },
        { has_all_checks(p), "checks",
          "discharge checks at least time, bp, spo2, a moaas score at_least and the fact escort; "
          "add what is missing" },
    };
    for (size_t i = 0; i < VG_COUNT(rules); i++) {
        if (!rules[i].holds) {
            *where = rules[i].where;
            *why = rules[i].why;
            return VG_ERR_RANGE;
        }
    }
    return VG_OK;
}

const struct vg_phase_row *vg_protocol_phase(const struct vg_protocol *p, int64_t at_s)
{
    const struct vg_phase_row *row = &p->phases[0];
    for (uint16_t i = 1; i < p->phase_count && at_s >= 0; i++) {
        if (at_s >= p->phases[i].from_s) {
            row = &p->phases[i];
        }
    }
    return row;
}

/* --- names ---------------------------------------------------------------------------------- */

static const struct {
    const char *name, *cure;
} items[] = {
    [VG_GATE_IDENTITY] = { "identity", "compare two identifiers, then record the fact identity" },
    [VG_GATE_CONSENT] = { "consent", "record the fact consent with its document" },
    [VG_GATE_WEIGHT] = { "weight", "weigh the person and record it" },
    [VG_GATE_BASELINE] = { "baseline",
                           "measure the blood pressures it needs, then record baseline" },
    [VG_GATE_SPO2_LIVE] = { "spo2_live", "put the probe on and wait for a live value" },
    [VG_GATE_NIBP_READY] = { "nibp_ready", "connect the cuff, or enter a reading by hand" },
    [VG_GATE_ALARM_TEST] = { "alarm_test", "sound the test alarm and record that it was heard" },
    [VG_GATE_SINK] = { "sink", "start an alarm sink; in quiet mode say who is watching" },
    [VG_GATE_NO_HIGH_ALARM] = { "no_high_alarm",
                                "an alarm of high priority is open; treat it first" },
    [VG_GATE_CLOCK] = { "clock", "the wall clock is not kept right; look at the time service" },
    [VG_GATE_BP] = { "bp", "blood pressure is over the gate value or not measured; measure again" },
    [VG_GATE_BP_HOLD] = { "bp_hold", "blood pressure is at the hold value; a prescriber must be "
                                     "present (fact prescriber)" },
    [VG_GATE_SPO2] = { "spo2", "SpO2 is under the gate value, or room_air is not recorded" },
    [VG_GATE_SPO2_HOLD] = { "spo2_hold", "SpO2 is under the hold value" },
    [VG_GATE_PULSE_RATE] = { "pulse_rate", "the pulse rate is outside the gate values" },
    [VG_GATE_ESCORT] = { "escort", "ask for the escort and record the answer" },
    [VG_GATE_FASTING] = { "fasting", "ask when the person ate and record the answer" },
    [VG_GATE_CONTRAINDICATIONS] = { "contraindications", "go through the list and record it" },
    [VG_GATE_EQUIPMENT] = { "equipment", "check the emergency equipment and record it" },
    [VG_GATE_REMS] = { "rems", "confirm the enrolment and record it" },
};
static_assert(VG_COUNT(items) == VG_GATE_COUNT, "an item of the gate has no name");

const char *vg_gate_item_name(enum vg_gate_item i)
{
    return (unsigned)i < VG_GATE_COUNT ? items[i].name : "unknown";
}

const char *vg_gate_item_cure(enum vg_gate_item i)
{
    return (unsigned)i < VG_GATE_COUNT ? items[i].cure : "";
}

bool vg_gate_item_find(const char *name, enum vg_gate_item *out)
{
    for (size_t i = 0; i < VG_GATE_COUNT; i++) {
        if (strlen(items[i].name) == strlen(name) &&
            memcmp(items[i].name, name, strlen(name)) == 0) {
            *out = (enum vg_gate_item)i;
            return true;
        }
    }
    return false;
}
