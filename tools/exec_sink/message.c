/*
 * message.c -- a voice as the JSON object a command reads.
 *
 * Of an alarm: the members of its instance in `.alarms` as the daemon sent them, and what a command
 * has to know besides: bed, sink, role. The daemon lists at most 24 instances; of one that is not
 * listed there is less to say, never nothing.
 */
#include <jansson.h>
#include <string.h>

#include "tools/exec_sink/exec_sink.h"

static const char *const conditions[] = {
    [VG_VOICE_NONE] = "NONE",
    [VG_VOICE_TEST] = "TEST_SIGNAL",
    [VG_VOICE_ALARM] = "UNKNOWN",
    [VG_VOICE_LINK_LOST] = "MONITOR_LINK_LOST",
};
static const char *const priorities[] = { "low", "medium", "high" };

static void set_text(json_t *o, const char *key, const char *text)
{
    (void)json_object_set_new(o, key, json_string(text));
}

static void add_lost_beds(const struct vg_asink *a, json_t *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->state.count; i++) {
        if (vg_asink_bed_is_lost(&a->state.bed[i], vg_asink_now(a))) {
            (void)json_array_append_new(list, json_string(a->state.bed[i].last.bed));
        }
    }
    (void)json_object_set_new(o, "beds", list);
}

static json_t *begin(const struct vg_asink *a, const struct vg_voice *v)
{
    const struct vg_asink_bed *b = vg_asink_find(&a->state, v->bed);
    json_t *o = NULL;
    if (v->kind == VG_VOICE_ALARM && b != NULL && b->last.alarm.instance == v->instance) {
        o = json_loads(b->last.detail, 0, NULL);
    }
    if (!json_is_object(o)) {
        json_decref(o);
        o = json_object();
        set_text(o, "condition", conditions[v->kind]);
    }
    return o;
}

size_t exec_message(const struct vg_asink *a, const struct vg_voice *v, char *out, size_t cap)
{
    json_t *o = begin(a, v);
    set_text(o, "priority", priorities[v->priority]);
    set_text(o, "category", vg_category_name((enum vg_category)v->category));
    set_text(o, "sink", a->options.id);
    set_text(o, "role", vg_sink_role_name(a->options.role));
    (void)json_object_set_new(o, "test", json_boolean(v->kind == VG_VOICE_TEST));
    (void)json_object_set_new(o, "bed", v->bed[0] != '\0' ? json_string(v->bed) : json_null());
    if (v->kind == VG_VOICE_ALARM) {
        (void)json_object_set_new(o, "instance", json_integer((json_int_t)v->instance));
    }
    if (v->kind == VG_VOICE_LINK_LOST) {
        add_lost_beds(a, o);
    }
    size_t len = json_dumpb(o, out, cap - 1, JSON_COMPACT);
    if (len > cap - 1) { /* hundreds of beds: without their names */
        (void)json_object_del(o, "beds");
        len = json_dumpb(o, out, cap - 1, JSON_COMPACT);
    }
    json_decref(o);
    VG_ASSERT(len <= cap - 1);
    out[len] = '\n';
    return len + 1;
}
