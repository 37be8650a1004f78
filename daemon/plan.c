/*
 * plan.c -- what a session asks for and what it has, as one object: the gate with every fact, what is
 * due, doses and totals, discharge checks.
 *
 * Everything is computed from the engine at the time of the question. Times stand twice: by the wall
 * clock for people, and as seconds from now, which no step of the clock can move.
 */
#include <string.h>

#include "daemon/snapshot.h"
#include "daemon/vigild.h"
#include "vigil/compiler.h"
#include "vigil/quantity.h"

struct shown {
    struct vg_json *j;
    const struct vigild *v;
    const struct vg_session *s;
    const struct vg_protocol *p; /* NULL: none */
    uint16_t bed;
    struct vg_now now;
};

/* A moment of the monotonic axis: "key_at" and "key_in_s". */
static void moment(const struct shown *x, const char *at_key, const char *in_key, int64_t at_ns)
{
    char utc[VG_WIRE_UTC_MAX];
    if (at_ns == VG_TIME_NONE || at_ns == INT64_MAX) {
        vg_json_null(x->j, at_key);
        vg_json_null(x->j, in_key);
        return;
    }
    vg_wire_utc(x->now.utc_ns - (x->now.mono_ns - at_ns), utc);
    vg_json_text(x->j, at_key, utc);
    vg_json_int(x->j, in_key, (at_ns - x->now.mono_ns) / VG_NS_PER_S);
}

static void show_gate(const struct shown *x)
{
    struct vg_gate_answer g = vg_gate_judge(&x->v->engine, x->bed, x->now.mono_ns);

    vg_json_object(x->j, "gate");
    vg_json_bool(x->j, "open", g.deviating == 0);
    vg_json_array(x->j, "items");
    for (unsigned i = 0; x->p != NULL && i < VG_GATE_COUNT; i++) {
        uint32_t bit = 1u << i;
        if (x->p->gate.strength[i] == VG_STRENGTH_OFF) {
            continue;
        }
        vg_json_object(x->j, NULL);
        vg_json_text(x->j, "item", vg_gate_item_name((enum vg_gate_item)i));
        vg_json_bool(x->j, "holds", (g.missing & bit) == 0);
        vg_json_bool(x->j, "hard", x->p->gate.strength[i] == VG_STRENGTH_HARD);
        vg_json_bool(x->j, "overridden", (x->s->overridden & bit) != 0);
        if ((g.missing & bit) != 0) {
            vg_json_text(x->j, "cure", vg_gate_item_cure((enum vg_gate_item)i));
        }
        vg_json_object_end(x->j);
    }
    vg_json_array_end(x->j);
    vg_json_object_end(x->j);
}

static void show_marks(const struct shown *x)
{
    vg_json_array(x->j, "marks");
    for (uint16_t i = 0; i < x->s->mark_count; i++) {
        const struct vg_mark *m = &x->s->marks[i];
        vg_json_object(x->j, NULL);
        vg_json_uint(x->j, "index", i);
        vg_json_text(x->j, "due", m->scales == 0 ? "nibp" : "score");
        if (m->scales != 0) {
            vg_wire_scales(x->j, &x->v->names, "scales", m->scales);
            vg_wire_scales(x->j, &x->v->names, "missing", m->missing);
        }
        vg_json_text(x->j, "state", vg_mark_state_name((enum vg_mark_state)m->state));
        moment(x, "due_at", "due_in_s", m->due_ns);
        vg_json_int(x->j, "window_s", m->window_ns / VG_NS_PER_S);
        if (m->state == VG_MS_MET || m->state == VG_MS_MET_LATE) {
            vg_json_int(x->j, "off_s", m->off_ns / VG_NS_PER_S);
        }
        vg_json_bool(x->j, "optional", m->optional);
        vg_json_bool(x->j, "deferred", m->deferred);
        vg_json_object_end(x->j);
    }
    vg_json_array_end(x->j);
}

/* The drug of dose i, the first time it is seen; NULL later. */
static const char *new_drug(const struct vg_session *s, uint16_t i)
{
    for (uint16_t k = 0; k < i; k++) {
        if (memcmp(s->doses[k].drug, s->doses[i].drug, sizeof s->doses[k].drug) == 0) {
            return NULL;
        }
    }
    return s->doses[i].drug;
}

static void show_totals(const struct shown *x)
{
    vg_json_array(x->j, "totals");
    for (uint16_t i = 0; i < x->s->dose_count; i++) {
        const char *drug = new_drug(x->s, i);
        struct vg_totals t;
        if (drug == NULL) {
            continue;
        }
        vg_dose_totals(x->s, drug, x->now.mono_ns, &t);
        vg_json_object(x->j, NULL);
        vg_json_text(x->j, "drug", drug);
        vg_json_int(x->j, "given_ug", t.given_ug);
        vg_json_int(x->j, "infused_ug", t.infused_ug);
        vg_json_int(x->j, "rate_ug_h", t.rate_ug_h);
        vg_json_int(x->j, "drawn_ug", t.drawn_ug);
        vg_json_int(x->j, "wasted_ug", t.wasted_ug);
        vg_json_int(x->j, "remaining_ug", t.remaining_ug);
        vg_json_object_end(x->j);
    }
    vg_json_array_end(x->j);
    vg_json_bool(x->j, "totals_complete", !x->s->uncounted);
}

static void show_doses(const struct shown *x)
{
    vg_json_array(x->j, "doses");
    for (uint16_t i = 0; i < x->s->dose_count; i++) {
        const struct vg_dose_entry *d = &x->s->doses[i];
        enum vg_dose_form form = vg_dose_form((enum vg_dose_kind)d->kind);
        vg_json_object(x->j, NULL);
        vg_json_uint(x->j, "row", d->seq);
        vg_json_uint(x->j, "first_row", d->first_seq);
        vg_json_text(x->j, "kind", vg_dose_kind_name((enum vg_dose_kind)d->kind));
        vg_json_text(x->j, "drug", d->drug);
        vg_json_text(x->j, "route", vg_route_name((enum vg_route)d->route));
        if (d->amount_ug > 0) {
            vg_json_int(x->j, form == VG_FORM_AMOUNT ? "amount_ug" : "rate_ug_h", d->amount_ug);
        }
        moment(x, "given_at", "given_in_s", d->given_ns);
        vg_json_bool(x->j, "void", d->is_void);
        vg_json_object_end(x->j);
    }
    vg_json_array_end(x->j);
    show_totals(x);
}

static void show_discharge(const struct shown *x)
{
    uint32_t unmet = vg_discharge_judge(&x->v->engine, x->bed, x->now.mono_ns);

    vg_json_object(x->j, "discharge");
    vg_json_bool(x->j, "ready", unmet == 0);
    moment(x, "earliest_at", "earliest_in_s", vg_discharge_earliest_ns(&x->v->engine, x->bed));
    vg_json_array(x->j, "checks");
    for (uint16_t i = 0; x->p != NULL && i < x->p->check_count; i++) {
        char text[96];
        vg_check_text(&x->p->checks[i], &x->v->config.scales, text, sizeof text);
        vg_json_object(x->j, NULL);
        vg_json_text(x->j, "check", text);
        vg_json_bool(x->j, "holds", (unmet & (1u << i)) == 0);
        vg_json_object_end(x->j);
    }
    vg_json_array_end(x->j);
    vg_json_object_end(x->j);
}

static void show_facts(const struct shown *x)
{
    vg_json_object(x->j, "facts");
    for (unsigned f = 0; f < VG_FACT_COUNT; f++) {
        const char *name = vg_fact_name((enum vg_fact)f);
        if (x->s->fact[f] < 0) {
            vg_json_null(x->j, name);
        } else {
            vg_json_bool(x->j, name, x->s->fact[f] == 1);
        }
    }
    vg_json_object_end(x->j);
    vg_json_object(x->j, "scores");
    for (uint16_t k = 0; k < x->v->config.scales.count; k++) {
        if (x->s->score[k].at_ns == VG_TIME_NONE) {
            continue;
        }
        vg_json_object(x->j, x->v->config.scales.of[k].id);
        vg_json_int(x->j, "score", x->s->score[k].value);
        moment(x, "at", "in_s", x->s->score[k].at_ns);
        vg_json_object_end(x->j);
    }
    vg_json_object_end(x->j);
}

static void show_baseline(const struct shown *x)
{
    static const char *const keys[VG_BASE_COUNT] = {
        [VG_BASE_SYS] = "sys_milli", [VG_BASE_DIA] = "dia_milli",   [VG_BASE_MEAN] = "mean_milli",
        [VG_BASE_PR] = "pr_milli",   [VG_BASE_SPO2] = "spo2_milli",
    };
    if (x->s->base_ns == VG_TIME_NONE) {
        vg_json_null(x->j, "baseline");
        return;
    }
    vg_json_object(x->j, "baseline");
    for (size_t i = 0; i < VG_BASE_COUNT; i++) {
        if (x->s->base[i] >= 0) {
            vg_json_int(x->j, keys[i], x->s->base[i]);
        } else {
            vg_json_null(x->j, keys[i]);
        }
    }
    vg_json_int(x->j, "readings", x->s->base_pressures);
    moment(x, "at", "in_s", x->s->base_ns);
    vg_json_object_end(x->j);
}

static void show_session(const struct shown *x)
{
    vg_json_uint(x->j, "session", x->s->seq);
    vg_json_text(x->j, "patient_ref", x->s->patient_ref);
    vg_json_text(x->j, "kind", vg_session_kind_name((enum vg_session_kind)x->s->kind));
    vg_json_text(x->j, "course", x->s->course);
    vg_json_text(x->j, "responsible", x->s->operator_id);
    if (x->s->weight_g > 0) {
        vg_json_int(x->j, "weight_g", x->s->weight_g);
    } else {
        vg_json_null(x->j, "weight_g");
    }
    if (x->p != NULL) {
        vg_json_text(x->j, "protocol", x->p->id);
        vg_json_text(x->j, "protocol_title", x->p->title);
        vg_json_text(x->j, "protocol_hash", x->p->hash);
        vg_json_text(x->j, "phase", x->p->phases[x->v->engine.beds[x->bed].phase.row].name);
    } else {
        vg_json_null(x->j, "protocol");
    }
    if (x->s->protocol == VG_PROTOCOL_LOST) {
        vg_json_bool(x->j, "protocol_lost", true);
    }
    vg_json_bool(x->j, "marks_complete", !x->s->unplanned);
    moment(x, "t0_at", "t0_in_s", x->s->clock.first_ns);
    moment(x, "last_dose_at", "last_dose_in_s", x->s->clock.last_ns);
}

static void show_bed(struct vg_json *j, const struct vigild *v, uint16_t bed)
{
    struct shown x = {
        .j = j,
        .v = v,
        .s = &v->engine.beds[bed].session,
        .p = vg_engine_protocol(&v->engine, bed),
        .bed = bed,
        .now = v->reactor.now,
    };
    vg_json_object(j, NULL);
    vg_json_text(j, "bed", v->names.bed[bed]);
    if (x.s->seq == 0) {
        vg_json_null(j, "session");
    } else {
        show_session(&x);
        show_gate(&x);
        show_facts(&x);
        show_baseline(&x);
        show_marks(&x);
        show_doses(&x);
        show_discharge(&x);
    }
    vg_json_object_end(j);
}

void vg_snapshot_plan(struct vigild *v, uint16_t bed, const char **body, size_t *len)
{
    struct vg_json j;
    vg_snapshot_begin(v, &j);
    vg_json_array(&j, "protocols");
    for (uint8_t i = 0; i < v->names.protocol_offered; i++) {
        vg_json_object(&j, NULL);
        vg_json_text(&j, "protocol", v->names.protocol[i]);
        vg_json_text(&j, "title", v->config.protocols[i].title);
        vg_json_text(&j, "hash", v->config.protocols[i].hash);
        vg_json_object_end(&j);
    }
    vg_json_array_end(&j);
    vg_json_array(&j, "scales");
    for (uint16_t k = 0; k < v->config.scales.count; k++) {
        const struct vg_scale *s = &v->config.scales.of[k];
        vg_json_object(&j, NULL);
        vg_json_text(&j, "scale", s->id);
        vg_json_text(&j, "title", s->title);
        vg_json_int(&j, "min", s->min);
        vg_json_int(&j, "max", s->max);
        vg_json_object_end(&j);
    }
    vg_json_array_end(&j);
    vg_json_array(&j, "beds");
    for (uint16_t b = 0; b < v->names.bed_count; b++) {
        if (bed == VG_BED_NONE || bed == b) {
            show_bed(&j, v, b);
        }
    }
    vg_json_array_end(&j);
    vg_json_object_end(&j);
    vg_snapshot_deliver(v, &j, body, len);
}
