/*
 * watch_model.c -- frames and snapshots into what is known of each bed.
 *
 * A snapshot replaces everything it speaks of; a frame replaces its one fact. Nothing here decides
 * whether a value may still be shown: that depends on the time of looking (watch_age.c).
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"
#include "tools/vigilctl/watch.h"

static void copy(const json_t *o, const char *key, char *out, size_t cap)
{
    (void)ctl_clean(ctl_text(o, key), out, cap);
}

static struct watch_bed *find_bed(struct watch *w, const char *id)
{
    for (size_t i = 0; i < w->bed_count; i++) {
        if (strcmp(w->bed[i].id, id) == 0) {
            return &w->bed[i];
        }
    }
    return NULL;
}

static struct watch_device *find_device(struct watch_bed *b, const char *id)
{
    for (size_t i = 0; i < b->device_count; i++) {
        if (strcmp(b->device[i].id, id) == 0) {
            return &b->device[i];
        }
    }
    return NULL;
}

/* --- values --------------------------------------------------------------------------------- */

static bool is_current(const struct watch *w, const struct watch_bed *b, enum vg_vital v)
{
    return watch_look(w, b, v) != LOOK_NONE;
}

/* from_now_ms: the daemon's clock when this was sent. */
static void take_vital(struct watch *w, struct watch_bed *b, const json_t *o, bool speaks,
                       int64_t received_ns, int64_t from_now_ms)
{
    enum vg_vital v;
    const char *device = ctl_text(o, "dev");

    if (!vg_vital_find(ctl_text(o, "vital"), &v)) {
        return; /* a vital of a later version */
    }
    struct watch_reading *r = &b->vital[v];
    bool same = strcmp(r->device, device) == 0;
    if (!speaks && r->known && !same && is_current(w, b, v)) {
        return; /* another device speaks for the bed */
    }
    memset(r, 0, sizeof *r);
    r->known = true;
    r->has_value = json_is_integer(json_object_get(o, "value"));
    r->value = (int32_t)ctl_int(o, "value");
    r->questionable = strcmp(ctl_text(o, "quality"), "questionable") == 0;
    r->test = ctl_true(o, "test");
    r->age_ms = ctl_int(o, "age_ms");
    r->received_ns = received_ns;
    r->daemon_ms = from_now_ms;
    r->utc_ms = ctl_int(o, "utc_ms");
    copy(o, "dev", r->device, sizeof r->device);
}

/* --- devices and session -------------------------------------------------------------------- */

static void take_signals(struct watch_device *d, const json_t *list)
{
    size_t i;
    json_t *s;
    size_t n = 0;

    d->signals[0] = '\0';
    json_array_foreach(list, i, s)
    {
        char one[32];
        const char *text = json_string_value(s);
        int len = snprintf(d->signals + n, sizeof d->signals - n, "%s%s", n > 0 ? "," : "",
                           ctl_clean(text != NULL ? text : "", one, sizeof one));
        if (len < 0 || (size_t)len >= sizeof d->signals - n) {
            break;
        }
        n += (size_t)len;
    }
}

static void take_device(struct watch *w, struct watch_bed *b, const json_t *o)
{
    const char *event = ctl_text(o, "event");
    struct watch_device *d = find_device(b, ctl_text(o, "dev"));

    if (d == NULL) {
        w->ask = true;
        return;
    }
    if (strcmp(event, "state") == 0) {
        copy(o, "state", d->state, sizeof d->state);
        d->online = ctl_true(o, "online");
        if (!d->online) {
            d->signals[0] = '\0';
        }
    } else if (strcmp(event, "determination") == 0) {
        copy(o, "state", d->determination, sizeof d->determination);
    } else if (strcmp(event, "signal") == 0) {
        take_signals(d, json_object_get(o, "signals"));
    } else if (strcmp(event, "nibp") == 0) {
        bool good = strcmp(ctl_text(o, "error"), "ok") == 0;
        copy(o, "error", b->nibp_error, good ? 1 : sizeof b->nibp_error);
        b->nibp_error_utc_ms = ctl_int(o, "utc_ms");
    }
}

static void take_session(struct watch *w, struct watch_bed *b, const json_t *o)
{
    const char *event = ctl_text(o, "event");
    if (strcmp(event, "open") == 0) {
        b->session = true;
        copy(o, "patient_ref", b->patient, sizeof b->patient);
    } else if (strcmp(event, "close") == 0) {
        b->session = false;
        b->patient[0] = '\0';
        for (size_t i = 0; i < VG_VITAL_COUNT; i++) {
            b->vital[i].known = false; /* the next person starts with nothing of this one */
        }
        b->nibp_error[0] = '\0';
    }
    w->ask = true; /* the daemon's view of the bed changed as a whole */
}

/* An unsaved command is told again when it is on disk; the snapshot then says whether all are. */
static void take_unsaved(struct watch *w, struct watch_bed *b, const json_t *o)
{
    bool unsaved = ctl_true(o, "unsaved");
    w->ask = w->ask || (b->unsaved && !unsaved);
    b->unsaved = b->unsaved || unsaved;
}

void watch_apply(struct watch *w, const struct vg_client_update *u)
{
    static const char alarms[] = ".alarms";
    struct watch_bed *b = u->bed != NULL ? find_bed(w, u->bed) : NULL;
    size_t len = strlen(u->topic);
    int64_t sent_ms = ctl_int(u->body, "mono_ms");

    w->heard_ns = u->received_ns;
    if (u->restarted) {
        w->daemon_ms = sent_ms; /* another boot may count from zero */
    }
    w->daemon_ms = sent_ms > w->daemon_ms ? sent_ms : w->daemon_ms;
    w->ask = w->ask || u->gap || u->restarted;
    if (b == NULL) {
        return;
    }
    if (len > sizeof alarms - 1 && strcmp(u->topic + len - (sizeof alarms - 1), alarms) == 0) {
        b->heartbeat_ns = u->received_ns;
        b->test = ctl_true(u->body, "test");
        w->storage_bad = watch_is_storage_bad(json_object_get(u->body, "instances"));
        watch_take_alarms(b, json_object_get(u->body, "instances"),
                          (size_t)ctl_int(u->body, "open"));
        watch_take_signals(b, u->body, u->received_ns);
    } else if (strstr(u->topic, ".vital.") != NULL) {
        /* In a repeat the times are those of the sample; its age brings them to now. */
        sent_ms += u->snapshot ? ctl_int(u->body, "age_ms") : 0;
        take_vital(w, b, u->body, false, u->received_ns, sent_ms);
    } else if (strstr(u->topic, ".device.") != NULL) {
        take_device(w, b, u->body);
    } else if (strstr(u->topic, ".session") != NULL) {
        take_session(w, b, u->body);
        take_unsaved(w, b, u->body);
    } else if (strstr(u->topic, ".dose") != NULL) {
        take_unsaved(w, b, u->body);
    }
}

/* --- snapshot ------------------------------------------------------------------------------- */

static void take_bed_devices(struct watch_bed *b, const json_t *list)
{
    struct watch_bed before = { .device_count = 0 };
    size_t i;
    json_t *o;

    memcpy(before.device, b->device, sizeof before.device);
    before.device_count = b->device_count;
    b->device_count = 0;
    json_array_foreach(list, i, o)
    {
        if (b->device_count == WATCH_DEVICES_MAX) {
            break;
        }
        struct watch_device *d = &b->device[b->device_count++];
        const struct watch_device *old = find_device(&before, ctl_text(o, "dev"));
        memset(d, 0, sizeof *d);
        copy(o, "dev", d->id, sizeof d->id);
        copy(o, "state", d->state, sizeof d->state);
        copy(o, "determination", d->determination, sizeof d->determination);
        d->online = ctl_true(o, "online");
        if (old != NULL && d->online) {
            memcpy(d->signals, old->signals, sizeof d->signals); /* not part of a snapshot */
        }
        b->test = b->test || ctl_true(o, "test");
    }
}

static void take_bed(struct watch *w, const json_t *o, int64_t daemon_ms)
{
    struct watch_bed *b = find_bed(w, ctl_text(o, "bed"));
    const json_t *session = json_object_get(o, "session");
    json_t *v;
    size_t i;

    if (b == NULL && w->bed_count == VG_BEDS_MAX) {
        return;
    }
    if (b == NULL) {
        b = &w->bed[w->bed_count++];
        memset(b, 0, sizeof *b);
        copy(o, "bed", b->id, sizeof b->id);
        b->heartbeat_ns = w->now_ns; /* it has three seconds to be heard */
    }
    b->gone = false;
    b->unsaved = b->unsaved && w->storage_bad;
    copy(o, "name", b->name, sizeof b->name);
    b->session = json_is_object(session);
    copy(session, "patient_ref", b->patient, sizeof b->patient);
    take_bed_devices(b, json_object_get(o, "devices"));
    for (i = 0; i < VG_VITAL_COUNT; i++) {
        b->vital[i].known = false;
    }
    json_array_foreach(json_object_get(o, "vitals"), i, v)
    {
        take_vital(w, b, v, ctl_true(v, "speaks"), w->now_ns, daemon_ms);
    }
    watch_take_alarms(b, json_object_get(o, "alarms"), (size_t)ctl_int(o, "open"));
    watch_take_signals(b, o, w->now_ns);
}

void watch_snapshot(struct watch *w, const json_t *reply)
{
    int64_t daemon_ms = ctl_int(reply, "mono_ms");
    size_t i;
    json_t *o;

    w->storage_bad = !ctl_true(reply, "storage_ok");
    w->daemon_ms = daemon_ms;
    w->ask = false;
    for (i = 0; i < w->bed_count; i++) {
        w->bed[i].gone = true;
    }
    json_array_foreach(json_object_get(reply, "beds"), i, o)
    {
        take_bed(w, o, daemon_ms);
    }
}
