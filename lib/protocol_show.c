/*
 * protocol_show.c -- a protocol in words: what a nurse reads before a session begins.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/protocol.h"
#include "vigil/compiler.h"
#include "vigil/quantity.h"

/* One moment of the timeline. */
struct moment {
    int32_t at_s;
    const struct vg_phase_row *phase; /* that begins */
    const struct vg_plan_row *row;    /* that is due */
};

static int by_time(const void *a, const void *b)
{
    const struct moment *x = a;
    const struct moment *y = b;
    if (x->at_s != y->at_s) {
        return x->at_s < y->at_s ? -1 : 1;
    }
    return (y->phase != NULL) - (x->phase != NULL);
}

static void show_row(FILE *out, const struct vg_plan_row *row, const struct vg_scales *scales)
{
    (void)fprintf(out, "  +%3d min  ", row->at_s / 60);
    if (row->scales == 0) {
        (void)fprintf(out, "blood pressure");
    }
    for (unsigned k = 0, shown = 0; k < VG_SCALES_MAX; k++) {
        if ((row->scales & (1u << k)) != 0) {
            (void)fprintf(out, "%s%s", shown++ > 0 ? ", " : "score ", scales->of[k].title);
        }
    }
    (void)fprintf(out, " (on time within %d min)%s\n", row->window_s / 60,
                  row->optional ? ", if wanted" : "");
}

static void show_timeline(FILE *out, const struct vg_protocol *p, const struct vg_scales *scales)
{
    struct moment all[VG_PLAN_ROWS_MAX + VG_PHASES_MAX];
    size_t n = 0;

    for (uint16_t i = 0; i < p->phase_count; i++) {
        all[n++] = (struct moment){ p->phases[i].from_s, &p->phases[i], NULL };
    }
    for (uint16_t i = 0; i < p->plan_count; i++) {
        if (!p->plan[i].further) {
            all[n++] = (struct moment){ p->plan[i].at_s, NULL, &p->plan[i] };
        }
    }
    qsort(all, n, sizeof all[0], by_time);
    (void)fprintf(out, "\nTimeline, from the first dose:\n");
    for (size_t i = 0; i < n; i++) {
        const struct vg_phase_row *phase = all[i].phase;
        if (phase != NULL) {
            (void)fprintf(out, "%+4d min  %s: %s%s%s\n", phase->from_s / 60, phase->name,
                          phase->required != 0 ? "SpO2 and pulse live" : "nothing need be live",
                          phase->dosing ? ", the drug acts" : "",
                          phase->relaxes ? ", until awake (MOAA/S 5 twice)" : "");
        } else {
            show_row(out, all[i].row, scales);
        }
    }
    for (uint16_t i = 0, any = 0; i < p->plan_count; i++) {
        if (p->plan[i].further) {
            if (any++ == 0) {
                (void)fprintf(out, "\nAfter each further dose:\n");
            }
            show_row(out, &p->plan[i], scales);
        }
    }
}

static void show_bound(FILE *out, const char *word, int64_t ug, bool per_kg)
{
    char text[VG_QUANTITY_TEXT_MAX];
    if (ug > 0) {
        (void)fprintf(out, "  %s %s%s\n", word, vg_ug_text(ug, false, text), per_kg ? "/kg" : "");
    }
}

static void show_dose(FILE *out, const struct vg_protocol *p)
{
    const struct vg_dose_range *r = &p->range;
    (void)fprintf(out, "\nDoses of %s, %s:\n", p->drug, vg_route_name((enum vg_route)p->route));
    show_bound(out, "asked back under", r->soft_low_ug, r->per_kg);
    show_bound(out, "asked back over ", r->soft_high_ug, r->per_kg);
    show_bound(out, "a deviation over", r->hard_ug, r->per_kg);
    show_bound(out, "in all at most  ", r->total_ug, false);
    if (p->device_count > 0) {
        char text[VG_QUANTITY_TEXT_MAX];
        (void)fprintf(out, "  %d devices of %s\n", p->device_count,
                      vg_ug_text(p->device_ug, false, text));
    }
    if (p->dose_gap_s > 0) {
        (void)fprintf(out, "  at least %d min between two\n", p->dose_gap_s / 60);
    }
    if (p->infusion_s > 0) {
        (void)fprintf(out, "  infusion over %d min\n", p->infusion_s / 60);
    }
    if (p->second_check) {
        (void)fprintf(out, "  a second person checks each\n");
    }
}

static void show_gate(FILE *out, const struct vg_protocol *p)
{
    const struct vg_gate_rules *g = &p->gate;
    (void)fprintf(out, "\nBefore a dose:\n");
    for (unsigned i = 0; i < VG_GATE_COUNT; i++) {
        if (g->strength[i] != VG_STRENGTH_OFF) {
            (void)fprintf(out, "  %-18s %s\n", vg_gate_item_name((enum vg_gate_item)i),
                          g->strength[i] == VG_STRENGTH_HARD ? "must hold"
                                                             : "must hold, or a reason is given");
        }
    }
    (void)fprintf(out,
                  "  blood pressure at most %d/%d (%d from 65 years), hold at %d/%d; SpO2 at least "
                  "%d %%; baseline of %d readings within %d min\n",
                  g->sys_milli / 1000, g->dia_milli / 1000, g->sys_65_milli / 1000,
                  g->hold_sys_milli / 1000, g->hold_dia_milli / 1000, g->spo2_milli / 1000,
                  g->baseline_count, g->baseline_age_s / 60);
}

static void show_discharge(FILE *out, const struct vg_protocol *p, const struct vg_scales *scales)
{
    (void)fprintf(out,
                  "\nBefore leaving: at least %d min after the first dose and %d min after the "
                  "last\n",
                  p->floor_first_s / 60, p->floor_last_s / 60);
    for (uint16_t i = 0; i < p->check_count; i++) {
        const struct vg_check_row *c = &p->checks[i];
        char text[96];
        vg_check_text(c, scales, text, sizeof text);
        (void)fprintf(out, "  %s\n", text);
    }
}

void vg_check_text(const struct vg_check_row *c, const struct vg_scales *scales, char *out,
                   size_t cap)
{
    const char *scale = c->index < scales->count ? scales->of[c->index].title : "unknown scale";
    switch ((enum vg_check_kind)c->kind) {
    case VG_CHECK_TIME:
        (void)snprintf(out, cap, "the time has passed");
        break;
    case VG_CHECK_BP:
        (void)snprintf(out, cap, "two blood pressures, 10 min apart, near baseline");
        break;
    case VG_CHECK_SPO2:
        (void)snprintf(out, cap, "SpO2 good on room air");
        break;
    case VG_CHECK_AT_LEAST:
        (void)snprintf(out, cap, "%s at least %d", scale, c->value);
        break;
    case VG_CHECK_AT_MOST:
        (void)snprintf(out, cap, "%s at most %d", scale, c->value);
        break;
    case VG_CHECK_NO_ALARM:
        (void)snprintf(out, cap, "no alarm open");
        break;
    case VG_CHECK_FACT:
        (void)snprintf(out, cap, "%s", vg_fact_name((enum vg_fact)c->index));
        break;
    case VG_CHECK_KIND_COUNT:
        break;
    }
}

void vg_protocol_show(FILE *out, const struct vg_protocol *p, const struct vg_scales *scales)
{
    (void)fprintf(out, "%s: %s\nrevision %s, author %s, approved by %s\nsha256 %s\n", p->id,
                  p->title, p->revision, p->author, p->approver, p->hash);
    show_timeline(out, p, scales);
    show_dose(out, p);
    show_gate(out, p);
    show_discharge(out, p, scales);
}
