/*
 * watch_plain.c -- one line for each bed and second, for logs, checks and narrow links.
 *
 * Form: TIME BED [TEST] key=value ... ; a lost link leaves no values on the line at all.
 */
#include <stdio.h>
#include <string.h>

#include "lib/wire.h"
#include "tools/vigilctl/ctl.h"
#include "tools/vigilctl/watch.h"

static void put_value(const struct watch *w, const struct watch_bed *b, enum vg_vital v,
                      const char *key)
{
    char age[16];
    const struct watch_reading *r = &b->vital[v];
    if (watch_look(w, b, v) == LOOK_NONE) {
        (void)printf(" %s=--", key);
    } else {
        (void)printf(" %s=%d%s(%s)", key, r->value, r->questionable ? "?" : "",
                     watch_age_text(watch_age_ms(w, r), age));
    }
}

static void put_nibp(const struct watch *w, const struct watch_bed *b)
{
    char age[16];
    char utc[VG_WIRE_UTC_MAX];
    const struct watch_reading *sys = &b->vital[VG_VITAL_NIBP_SYS];
    const struct watch_reading *dia = &b->vital[VG_VITAL_NIBP_DIA];
    const struct watch_reading *mean = &b->vital[VG_VITAL_NIBP_MEAN];

    if (watch_look(w, b, VG_VITAL_NIBP_SYS) == LOOK_NONE ||
        watch_look(w, b, VG_VITAL_NIBP_DIA) == LOOK_NONE || sys->utc_ms != dia->utc_ms) {
        (void)printf(" nibp=--");
    } else {
        bool has_mean = watch_look(w, b, VG_VITAL_NIBP_MEAN) != LOOK_NONE &&
                        mean->utc_ms == sys->utc_ms;
        vg_wire_utc(sys->utc_ms * VG_NS_PER_MS, utc);
        (void)printf(" nibp=%d/%d", sys->value, dia->value);
        if (has_mean) {
            (void)printf("(%d)", mean->value);
        }
        (void)printf("@%.8sZ(%s)", utc + 11, watch_age_text(watch_age_ms(w, sys), age));
    }
    if (b->nibp_error[0] != '\0') {
        (void)printf(" nibp_error=%s", b->nibp_error);
    }
}

static void put_devices(const struct watch *w, const struct watch_bed *b)
{
    for (size_t i = 0; i < b->device_count; i++) {
        const struct watch_device *d = &b->device[i];
        (void)printf(" %s=%s%s%s", d->id, d->state, d->signals[0] != '\0' ? "," : "", d->signals);
    }
    const struct watch_device *cuff = watch_cuff(b);
    if (cuff != NULL) {
        (void)printf(" cuff=%s", cuff->determination);
        put_value(w, b, VG_VITAL_CUFF_PRESSURE, "cuff_pressure");
    }
}

/* 120s, or "-" without end. */
static void put_left(const struct watch *w, const struct watch_bed *b, int64_t left_ms)
{
    int64_t left = watch_left_ms(w, b, left_ms);
    if (left < 0) {
        (void)printf("-");
    } else {
        (void)printf("%llds", (long long)((left + 999) / 1000));
    }
}

/* Also when nothing is open: who comes in must see that a room is silent, and why. */
static void put_signals(const struct watch *w, const struct watch_bed *b)
{
    const struct watch_signals *s = &b->signals;

    if (s->quiet) {
        (void)printf(" QUIET(%s,", s->watcher);
        put_left(w, b, s->quiet_left_ms);
        (void)printf(")");
    }
    for (size_t i = 0; i < s->count; i++) {
        (void)printf(" INHIBITED(%s,%s,", s->of[i].scope, s->of[i].state);
        put_left(w, b, s->of[i].left_ms);
        (void)printf(",%s)", s->of[i].operator_id);
    }
    for (size_t i = 0; i < s->sinks_lost; i++) {
        (void)printf(" SINK-LOST(%s)", s->sink_lost[i]);
    }
    if (watch_left_ms(w, b, s->test_left_ms) > 0) {
        (void)printf(" TEST-SIGNAL");
    }
}

static void put_alarms(const struct watch_bed *b)
{
    static const char *const words[VG_PRIO_COUNT] = { "LOW", "MEDIUM", "HIGH" };
    char limit[40];

    (void)printf(" alarms=%zu", b->open);
    for (size_t i = 0; i < b->listed; i++) {
        const struct watch_alarm *a = &b->alarm[i];
        (void)printf(" [%s %s%s%s #%llu%s%s%s%s%s", words[a->priority], a->condition,
                     a->about[0] != '\0' ? " " : "", a->about, (unsigned long long)a->instance,
                     a->has_value ? " " : "", watch_limit_text(a, limit), a->held ? " held" : "",
                     a->over ? " over" : "", a->ack ? " ack" : " UNACK");
        (void)printf("%s%s%s%s]", a->route[0] != '\0' ? " route=" : "", a->route,
                     a->inhibited[0] != '\0' ? " inhibited=" : "", a->inhibited);
    }
}

void watch_plain(const struct watch *w)
{
    char utc[VG_WIRE_UTC_MAX];
    char age[16];

    vg_wire_utc(w->utc_ns, utc);
    for (size_t i = 0; i < w->bed_count; i++) {
        const struct watch_bed *b = &w->bed[i];
        if (b->gone) {
            continue;
        }
        (void)printf("%.19sZ %s%s", utc, b->id, b->test ? " TEST" : "");
        if (watch_is_lost(w, b)) {
            (void)printf(" MONITOR LINK LOST for %s\n",
                         watch_age_text((w->now_ns - b->heartbeat_ns) / VG_NS_PER_MS, age));
            continue;
        }
        (void)printf(" session=%s", b->session ? b->patient : "-");
        put_value(w, b, VG_VITAL_SPO2, "spo2");
        put_value(w, b, VG_VITAL_PULSE_RATE, "pr");
        put_nibp(w, b);
        put_devices(w, b);
        if (w->storage_bad) {
            (void)printf(" RECORD-NOT-WRITTEN");
        }
        if (b->unsaved) {
            (void)printf(" UNSAVED");
        }
        put_signals(w, b);
        put_alarms(b);
        (void)fputc('\n', stdout);
    }
}

/* --- JSON ----------------------------------------------------------------------------------- */

static json_t *vital_json(const struct watch *w, const struct watch_bed *b, enum vg_vital v)
{
    static const char *const looks[] = { "none", "old", "current" };
    const struct watch_reading *r = &b->vital[v];
    enum watch_look look = watch_is_lost(w, b) ? LOOK_NONE : watch_look(w, b, v);
    return json_pack("{s:o,s:o,s:s,s:b,s:s}", "value",
                     look == LOOK_NONE ? json_null() : json_integer(r->value), "age_ms",
                     look == LOOK_NONE ? json_null() : json_integer(watch_age_ms(w, r)), "look",
                     looks[look], "questionable", r->questionable ? 1 : 0, "dev", r->device);
}

static json_t *alarms_json(const struct watch_bed *b)
{
    json_t *list = json_array();
    for (size_t i = 0; i < b->listed; i++) {
        const struct watch_alarm *a = &b->alarm[i];
        (void)json_array_append_new(
            list,
            json_pack("{s:s,s:s,s:I,s:b,s:b,s:o,s:o,s:s,s:s}", "condition", a->condition,
                      "priority", vg_priority_name((enum vg_priority)a->priority), "instance",
                      (json_int_t)a->instance, "ack", a->ack ? 1 : 0, "held", a->held ? 1 : 0,
                      "value_milli", a->has_value ? json_integer(a->value_milli) : json_null(),
                      "limit_milli", a->has_value ? json_integer(a->limit_milli) : json_null(),
                      "route", a->route, "inhibited", a->inhibited));
    }
    return list;
}

static json_t *left_json(const struct watch *w, const struct watch_bed *b, int64_t left_ms)
{
    int64_t left = watch_left_ms(w, b, left_ms);
    return left < 0 ? json_null() : json_integer(left);
}

static json_t *inhibited_json(const struct watch *w, const struct watch_bed *b)
{
    json_t *list = json_array();
    for (size_t i = 0; i < b->signals.count; i++) {
        const struct watch_inhibition *x = &b->signals.of[i];
        (void)json_array_append_new(list,
                                    json_pack("{s:s,s:s,s:o,s:s,s:s}", "scope", x->scope, "state",
                                              x->state, "left_ms", left_json(w, b, x->left_ms),
                                              "operator", x->operator_id, "reason", x->reason));
    }
    return list;
}

static json_t *quiet_json(const struct watch *w, const struct watch_bed *b)
{
    const struct watch_signals *s = &b->signals;
    return s->quiet ? json_pack("{s:s,s:o}", "operator", s->watcher, "left_ms",
                                left_json(w, b, s->quiet_left_ms))
                    : json_null();
}

static json_t *sinks_lost_json(const struct watch_bed *b)
{
    json_t *list = json_array();
    for (size_t i = 0; i < b->signals.sinks_lost; i++) {
        (void)json_array_append_new(list, json_string(b->signals.sink_lost[i]));
    }
    return list;
}

void watch_json(const struct watch *w)
{
    for (size_t i = 0; i < w->bed_count; i++) {
        const struct watch_bed *b = &w->bed[i];
        bool lost = watch_is_lost(w, b);
        json_t *vitals = json_object();
        if (b->gone) {
            json_decref(vitals);
            continue;
        }
        for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
            if (b->vital[v].known) {
                (void)json_object_set_new(vitals, vg_vital_get((enum vg_vital)v)->name,
                                          vital_json(w, b, (enum vg_vital)v));
            }
        }
        json_t *o = json_pack("{s:I,s:s,s:s,s:b,s:o,s:b,s:b,s:o,s:I,s:o,s:o,s:o,s:o}", "utc_ms",
                              (json_int_t)(w->utc_ns / VG_NS_PER_MS), "bed", b->id, "link",
                              lost ? "lost" : "ok", "test", b->test ? 1 : 0, "patient_ref",
                              b->session ? json_string(b->patient) : json_null(), "storage_ok",
                              w->storage_bad ? 0 : 1, "unsaved", b->unsaved ? 1 : 0, "vitals",
                              vitals, "open", (json_int_t)b->open, "alarms", alarms_json(b),
                              "inhibited", inhibited_json(w, b), "quiet", quiet_json(w, b),
                              "sinks_lost", sinks_lost_json(b));
        ctl_print_json(o);
        json_decref(o);
    }
}
