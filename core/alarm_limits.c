/*
 * alarm_limits.c -- the rules limits must keep, and the formulas on a baseline.
 *
 * Formulas: systolic high = baseline + 40 within 140..160, diastolic high = baseline + 25 within
 * 90..100, systolic low = 0.75 of baseline within 90..100, pulse rate high = baseline + 40 within
 * 110..130, pulse rate low 50 (45 under a baseline of 55), SpO2 low 90, or baseline - 4 under a
 * baseline of 94, never under 88. The steps of 40 and 25 mmHg are those the prescribing information of
 * esketamine calls a substantial rise. Severe tiers never move with a baseline.
 * Trap: a formula narrows or widens what a person is warned of; so its result is shown first, and
 * the rules below hold for it as for anything typed.
 */
#include "core/alarm_limits.h"

#include <string.h>

#include "core/alarm_catalogue.h"
#include "vigil/compiler.h"

void vg_limits_default(struct vg_limits *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < VG_COND_COUNT; i++) {
        out->of[i] = vg_condition_get((enum vg_condition)i)->defaults;
    }
}

/* Pairs of which the first must lie below the second. */
static const struct {
    uint8_t low, high;
    const char *why;
} pairs[] = {
    { VG_COND_SPO2_DESAT, VG_COND_SPO2_LOW,
      "spo2_desat must lie at least 3 below spo2_low; lower it or raise spo2_low" },
    { VG_COND_PR_LOW, VG_COND_PR_HIGH, "pr_low must lie below pr_high; swap or change one" },
    { VG_COND_PR_XLOW, VG_COND_PR_LOW, "pr_xlow must not lie above pr_low; lower it" },
    { VG_COND_PR_HIGH, VG_COND_PR_XHIGH, "pr_high must not lie above pr_xhigh; lower it" },
    { VG_COND_SYS_LOW, VG_COND_SYS_HIGH, "sys_low must lie below sys_high; swap or change one" },
    { VG_COND_SYS_XLOW, VG_COND_SYS_LOW, "sys_xlow must not lie above sys_low; lower it" },
    { VG_COND_SYS_HIGH, VG_COND_SYS_XHIGH, "sys_high must not lie above sys_xhigh; lower it" },
    { VG_COND_DIA_HIGH, VG_COND_DIA_XHIGH, "dia_high must not lie above dia_xhigh; lower it" },
};

static bool is_within(const struct vg_limits *l, enum vg_condition c)
{
    const struct vg_condition_row *row = vg_condition_get(c);
    return row->side == VG_SIDE_NONE ||
           (l->of[c].limit_milli >= row->floor_milli && l->of[c].limit_milli <= row->ceiling_milli);
}

enum vg_status vg_limits_check(const struct vg_limits *l, enum vg_condition *bad, const char **why)
{
    for (size_t i = 0; i < VG_COND_COUNT; i++) {
        if (!is_within(l, (enum vg_condition)i)) {
            *bad = (enum vg_condition)i;
            *why = "limit is outside what this condition allows; see vigil.yaml(5) for its range";
            return VG_ERR_RANGE;
        }
    }
    for (size_t i = 0; i < VG_COUNT(pairs); i++) {
        enum vg_condition first = (enum vg_condition)pairs[i].low;
        enum vg_condition second = (enum vg_condition)pairs[i].high;
        int32_t low = l->of[first].limit_milli;
        int32_t high = l->of[second].limit_milli;
        int32_t gap = first == VG_COND_SPO2_DESAT ? 3000 : 0;
        /* A tier and its severe twin may be equal; a low and a high limit may not. */
        bool opposite = vg_condition_get(first)->side != vg_condition_get(second)->side;
        if (low + gap > high || (opposite && low >= high)) {
            *bad = first;
            *why = pairs[i].why;
            return VG_ERR_RANGE;
        }
    }
    return VG_OK;
}

/* --- formulas ------------------------------------------------------------------------------- */

/* limit = clamp(baseline * percent / 100 + plus, low, high), in whole units. */
static const struct vg_formula formulas[] = {
    { VG_COND_SYS_HIGH, VG_BASE_SYS, 100, 40000, 140000, 160000 },
    { VG_COND_DIA_HIGH, VG_BASE_DIA, 100, 25000, 90000, 100000 },
    { VG_COND_SYS_LOW, VG_BASE_SYS, 75, 0, 90000, 100000 },
    { VG_COND_PR_HIGH, VG_BASE_PR, 100, 40000, 110000, 130000 },
};

static int32_t whole(int64_t milli)
{
    return (int32_t)((milli + 500) / 1000 * 1000);
}

static void apply(struct vg_limits *l, const struct vg_formula *f, size_t count,
                  const int32_t base[VG_BASE_COUNT])
{
    for (size_t i = 0; i < count; i++) {
        if (base[f[i].base] < 0) {
            continue;
        }
        int64_t v = (int64_t)base[f[i].base] * f[i].percent / 100 + f[i].plus_milli;
        v = v < f[i].low_milli ? f[i].low_milli : v;
        v = v > f[i].high_milli ? f[i].high_milli : v;
        l->of[f[i].condition].limit_milli = whole(v);
    }
}

void vg_limits_formula(struct vg_limits *l, const int32_t base[VG_BASE_COUNT],
                       const struct vg_protocol *p)
{
    apply(l, formulas, VG_COUNT(formulas), base);
    if (base[VG_BASE_PR] >= 0) {
        l->of[VG_COND_PR_LOW].limit_milli = base[VG_BASE_PR] < 55000 ? 45000 : 50000;
    }
    if (base[VG_BASE_SPO2] >= 0) {
        int32_t low = base[VG_BASE_SPO2] < 94000 ? whole(base[VG_BASE_SPO2] - 4000) : 90000;
        l->of[VG_COND_SPO2_LOW].limit_milli = low < 88000 ? 88000 : low;
    }
    if (p != NULL) { /* its own instead of these */
        apply(l, p->formulas, p->formula_count, base);
    }
}
