/* scenario_act.c -- see scenario_act.h. */
#include "tests/support/scenario_act.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/faulty_vfs.h"
#include "tests/support/scenario_alarm.h"
#include "tests/support/scenario_session.h"
#include "vigil/compiler.h"

static struct vd *run; /* of the present call */
static unsigned request_number;
static char last_request[1024];

/* --- requests --------------------------------------------------------------------------------- */

static void request(const char *op, const char *bed, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void request(const char *op, const char *bed, const char *fmt, ...)
{
    char more[768];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(more, sizeof more, fmt, ap);
    va_end(ap);
    (void)snprintf(
        last_request, sizeof last_request,
        "{\"op\":\"%s\",\"request_id\":\"r-%u\",\"operator\":\"nurse\",\"bed\":\"%s\"%s}", op,
        ++request_number, bed, more);
    vd_send(run, last_request);
    vd_settle(run);
}

void scn_request(struct vd *d, const char *op, const char *bed, const char *more, ...)
{
    char text[768];
    va_list ap;
    run = d;
    va_start(ap, more);
    (void)vsnprintf(text, sizeof text, more, ap);
    va_end(ap);
    request(op, bed, "%s", text);
}

/* The word at i, if it names a bed; else the first bed. */
static const char *bed_at(const struct scn_step *st, int i)
{
    const struct vg_config *c = &run->config;
    for (uint16_t b = 0; i < st->count && b < c->bed_count; b++) {
        if (strcmp(c->beds[b].id, st->words[i]) == 0) {
            return st->words[i];
        }
    }
    return c->beds[0].id;
}

static const char *bed_of(const char *device)
{
    const struct vg_config *c = &run->config;
    for (uint16_t d = 0; d < c->device_count; d++) {
        if (strcmp(c->devices[d].id, device) == 0) {
            return c->beds[c->devices[d].bed].id;
        }
    }
    return c->beds[0].id;
}

static bool do_session(const struct scn_step *st)
{
    if (st->count >= 3 && strcmp(st->words[1], "open") == 0) {
        request("session_open", bed_at(st, 3), ",\"patient_ref\":\"%s\"", st->words[2]);
        return true;
    }
    const char *last = st->words[st->count - 1];
    bool because = st->count >= 4 && strcmp(st->words[st->count - 2], "because") == 0;
    request("session_close", bed_at(st, 2), because ? ",\"reason\":\"%s\"" : "%.0s", last);
    return strcmp(st->words[1], "close") == 0;
}

static bool do_dose(const struct scn_step *st)
{
    if (st->count >= 3 && strcmp(st->words[1], "stop") == 0) {
        request("dose", bed_at(st, 3), ",\"kind\":\"stop\",\"drug\":\"ketamine\",\"route\":\"%s\"",
                st->words[2]);
        return true;
    }
    if (st->count < 5) {
        return false;
    }
    request("dose", bed_at(st, 5),
            ",\"kind\":\"%s\",\"drug\":\"ketamine\",\"amount\":\"%s\",\"unit\":\"%s\",\"route\":"
            "\"%s\"",
            st->words[1], st->words[2], st->words[3], st->words[4]);
    return true;
}

static bool do_ack(const struct scn_step *st)
{
    static struct vg_event alarms[VG_WIRE_ALARMS_MAX];
    const struct vigild *v = run->v;
    const char *bed = bed_at(st, 2);
    uint64_t instance = 999999;

    for (uint16_t b = 0; b < v->names.bed_count; b++) {
        size_t n = vg_engine_open_alarms(&v->engine, b, 0, alarms, VG_WIRE_ALARMS_MAX);
        for (size_t i = 0; i < n && strcmp(v->names.bed[b], bed) == 0; i++) {
            const struct vg_alarm_event *a = &alarms[i].u.alarm;
            if (strcmp(vg_condition_name((enum vg_condition)a->condition), st->words[1]) == 0) {
                instance = a->instance;
            }
        }
    }
    request("ack", bed, ",\"instance\":%" PRIu64, instance);
    return true;
}

/* --- other actions ---------------------------------------------------------------------------- */

static bool do_restart(const struct scn_step *st, bool kill)
{
    int64_t down_ns = VG_NS_PER_S;
    if (st->count > 1 && !scn_time(st->words[1], &down_ns)) {
        return false;
    }
    if (kill) {
        vd_kill(run);
    } else {
        vd_stop(run);
    }
    vd_run_until(run, vd_now(run) + down_ns);
    if (vd_start(run) != VG_OK) {
        return false;
    }
    vd_settle(run);
    return true;
}

static bool do_garbage(struct vdev *d, int n)
{
    uint8_t bytes[512];
    uint32_t x = 12345;
    for (size_t i = 0; i < sizeof bytes; i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(x >> 24);
    }
    if (n < 0 || (size_t)n > sizeof bytes) {
        return false;
    }
    vdev_say(d, bytes, (size_t)n);
    run->touched = true;
    return true;
}

static bool set_number(struct vdev *d, const char *what, const char *word)
{
    int64_t ns = 0;
    int n = (int)strtol(word, NULL, 10);
    if (strcmp(what, "period") == 0 || strcmp(what, "lasts") == 0) {
        bool ok = scn_time(word, &ns);
        *(what[0] == 'p' ? &d->period_ns : &d->duration_ns) = ns;
        return ok;
    }
    if (strcmp(what, "garbage") == 0) {
        return do_garbage(d, n);
    }
    if (strcmp(what, "fail") == 0) {
        d->code = (uint8_t)n;
        return true;
    }
    int *field = strcmp(what, "spo2") == 0   ? &d->spo2
                 : strcmp(what, "pr") == 0   ? &d->pr
                 : strcmp(what, "sys") == 0  ? &d->sys
                 : strcmp(what, "dia") == 0  ? &d->dia
                 : strcmp(what, "mean") == 0 ? &d->mean
                                             : NULL;
    if (field != NULL) {
        *field = n;
    }
    return field != NULL;
}

static bool set_flag(struct vdev *d, const char *what)
{
    static const struct {
        const char *word;
        size_t offset;
        bool value;
    } flags[] = {
        { "off", offsetof(struct vdev, off), true },
        { "on", offsetof(struct vdev, off), false },
        { "unplugged", offsetof(struct vdev, unplugged), true },
        { "artifact", offsetof(struct vdev, artifact), true },
        { "weak", offsetof(struct vdev, weak), true },
        { "mute", offsetof(struct vdev, mute), true },
        { "speak", offsetof(struct vdev, mute), false },
        { "refuse", offsetof(struct vdev, refuse), true },
        { "allow", offsetof(struct vdev, refuse), false },
        { "deaf", offsetof(struct vdev, deaf), true },
        { "busy", offsetof(struct vdev, busy), true },
    };
    for (size_t i = 0; i < VG_COUNT(flags); i++) {
        if (strcmp(flags[i].word, what) == 0) {
            memcpy((char *)d + flags[i].offset, &flags[i].value, sizeof flags[i].value);
            return true;
        }
    }
    if (strcmp(what, "clear") == 0) {
        d->artifact = d->weak = d->unplugged = false;
    } else if (strcmp(what, "good") == 0) {
        d->code = 0;
    } else if (strcmp(what, "hears") == 0) {
        d->deaf = d->busy = false;
    } else {
        return false;
    }
    return true;
}

static bool do_device(struct vdev *d, const struct scn_step *st)
{
    if (st->count == 2 && strcmp(st->words[1], "unplug") == 0) {
        vdev_unplug(d);
        run->touched = true;
        return true;
    }
    if (st->count == 2 && strcmp(st->words[1], "replug") == 0) {
        vdev_replug(d, run->now.mono_ns);
        return true;
    }
    if (st->count == 2) {
        return set_flag(d, st->words[1]);
    }
    bool ok = st->count % 2 == 1;
    for (int i = 1; i + 1 < st->count && ok; i += 2) {
        ok = set_number(d, st->words[i], st->words[i + 1]);
    }
    return ok;
}

bool scn_act(struct vd *d_run, const struct scn_step *st)
{
    run = d_run;
    const char *w = st->words[0];
    int64_t by_ns = 0;
    struct vdev *d = vd_device(run, w);

    if (d != NULL) {
        return do_device(d, st);
    }
    if (strcmp(w, "restart") == 0 || strcmp(w, "kill") == 0) {
        return do_restart(st, w[0] == 'k');
    }
    if (strcmp(w, "again") == 0) {
        vd_send(run, last_request);
        vd_settle(run);
        return true;
    }
    if (scn_act_alarm(run, st) || scn_act_session(run, st)) {
        return true;
    }
    if (st->count < 2) {
        return false;
    }
    if (strcmp(w, "session") == 0) {
        return do_session(st);
    }
    if (strcmp(w, "dose") == 0) {
        return do_dose(st);
    }
    if (strcmp(w, "ack") == 0) {
        return do_ack(st);
    }
    if (strcmp(w, "nibp") == 0 && st->count == 3) {
        request(st->words[1][0] == 's' ? "nibp_start" : "nibp_abort", bed_of(st->words[2]),
                ",\"device\":\"%s\"", st->words[2]);
        return true;
    }
    if (strcmp(w, "disk") == 0) {
        faulty_vfs.full = strcmp(st->words[1], "full") == 0;
        return true;
    }
    if (strcmp(w, "clock") == 0 && scn_time(st->words[1], &by_ns)) {
        vd_step_wall_clock(run, by_ns);
        return true;
    }
    return false;
}
