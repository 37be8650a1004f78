/*
 * sink_frame.c -- see sink_frame.h.
 */
#include "lib/sink_frame.h"

#include <string.h>

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void copy_bed(char out[VG_ID_MAX], const char *bed)
{
    size_t len = strlen(bed);
    VG_ASSERT(len < VG_ID_MAX); /* checked by the caller */
    memcpy(out, bed, len + 1);
}

static void read_sound(const json_t *o, const char *bed, struct vg_voice *v)
{
    v->priority = (uint8_t)vg_asink_priority(text_of(o, "priority"));
    v->category = (uint8_t)vg_asink_category(text_of(o, "category"));
    copy_bed(v->bed, bed);
}

/* null: nothing. false: neither null nor one instance. */
static bool read_alarm(const json_t *o, const char *bed, struct vg_voice *v)
{
    const json_t *instance = json_object_get(o, "instance");
    if (json_is_null(o)) {
        return true;
    }
    if (!json_is_integer(instance) || json_integer_value(instance) <= 0) {
        return false;
    }
    v->kind = VG_VOICE_ALARM;
    v->instance = (uint64_t)json_integer_value(instance);
    v->telling = (uint16_t)json_integer_value(json_object_get(o, "telling"));
    read_sound(o, bed, v);
    return true;
}

static void read_test(const json_t *o, struct vg_asink_frame *f)
{
    json_int_t ms = json_integer_value(json_object_get(o, "remaining_ms"));
    if (json_is_object(o) && ms > 0) {
        f->test.kind = VG_VOICE_TEST;
        f->test_ms = ms < 3600000 ? ms : 3600000;
        read_sound(o, f->bed, &f->test);
    }
}

static void read_detail(const json_t *list, struct vg_asink_frame *f)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
    {
        const json_t *n = json_object_get(o, "instance");
        if (json_is_integer(n) && (uint64_t)json_integer_value(n) == f->alarm.instance) {
            size_t len = json_dumpb(o, f->detail, sizeof f->detail, JSON_COMPACT);
            f->detail[len < sizeof f->detail ? len : 0] = '\0';
            return;
        }
    }
}

enum vg_status vg_asink_frame_read(const json_t *body, enum vg_sink_role role,
                                   struct vg_asink_frame *out)
{
    const char *bed = text_of(body, "bed");
    const json_t *run = json_object_get(body, "run");
    const json_t *sound = json_object_get(json_object_get(body, "sounds"), vg_sink_role_name(role));

    memset(out, 0, sizeof *out);
    if (bed == NULL || strlen(bed) >= sizeof out->bed || !json_is_integer(run)) {
        return VG_ERR_FORMAT;
    }
    copy_bed(out->bed, bed);
    out->run = json_integer_value(run);
    if (sound == NULL || !read_alarm(sound, out->bed, &out->alarm)) {
        return VG_ERR_FORMAT;
    }
    read_test(json_object_get(body, "test_signal"), out);
    if (out->alarm.kind == VG_VOICE_ALARM) {
        read_detail(json_object_get(body, "instances"), out);
    }
    return VG_OK;
}
