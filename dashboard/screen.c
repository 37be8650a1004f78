/*
 * screen.c -- the pages that are open, as the daemon's alarm sink sees them.
 *
 * The dashboard is well while at least one page of the right role says that it lives and can sound.
 * An alarm is confirmed when a page says that it sounds it. What a page once said is worth three
 * seconds.
 */
#include <stdio.h>
#include <string.h>

#include "dashboard/dashboard.h"

#define LIVES_NS (3 * VG_NS_PER_S)
#define HEARD_MAX 64

static struct dash_screen *place_of(struct dashboard *d, const char *id)
{
    struct dash_screen *oldest = &d->screen[0];
    for (size_t i = 0; i < DASH_SCREENS_MAX; i++) {
        struct dash_screen *s = &d->screen[i];
        if (strcmp(s->id, id) == 0) {
            return s;
        }
        oldest = s->heard_ns < oldest->heard_ns ? s : oldest;
    }
    memset(oldest, 0, sizeof *oldest);
    (void)snprintf(oldest->id, sizeof oldest->id, "%s", id);
    return oldest;
}

static struct dash_node *node_of(struct dashboard *d, const json_t *from)
{
    const char *id = json_string_value(json_object_get(from, "node"));
    for (size_t i = 0; id != NULL && i < d->node_count; i++) {
        if (strcmp(d->node[i].options->id, id) == 0) {
            return &d->node[i];
        }
    }
    return NULL;
}

static bool take_role(const char *word, uint8_t *role)
{
    for (uint8_t i = 0; word != NULL && i < VG_SINK_ROLES; i++) {
        if (strcmp(word, vg_sink_role_name((enum vg_sink_role)i)) == 0) {
            *role = i;
            return true;
        }
    }
    return false;
}

/* One alarm that a page says it sounds. */
static void take_heard(struct dashboard *d, const struct dash_screen *s, const json_t *heard)
{
    struct dash_node *n = node_of(d, heard);
    const char *bed = json_string_value(json_object_get(heard, "bed"));
    const json_t *instance = json_object_get(heard, "instance");
    const json_t *telling = json_object_get(heard, "telling");
    if (n == NULL || !n->is_sink || s->role != n->options->role || bed == NULL ||
        strlen(bed) >= VG_ID_MAX || !json_is_integer(instance) || !json_is_integer(telling) ||
        json_integer_value(instance) <= 0 || json_integer_value(telling) < 0 ||
        json_integer_value(telling) > UINT16_MAX) {
        return;
    }
    struct vg_voice v = { .kind = VG_VOICE_ALARM,
                          .instance = (uint64_t)json_integer_value(instance),
                          .telling = (uint16_t)json_integer_value(telling) };
    (void)snprintf(v.bed, sizeof v.bed, "%s", bed);
    vg_asink_begun(&n->sink, &v);
}

static void take_wave(struct dashboard *d, const struct dash_screen *screen, const json_t *wave)
{
    const struct dash_node *n = node_of(d, wave);
    const char *bed = json_string_value(json_object_get(wave, "bed"));
    for (size_t i = 0; i < DASH_STREAMS_MAX; i++) {
        struct dash_stream *s = &d->stream[i];
        if (s->connection != NULL && s->serial == screen->serial &&
            strcmp(s->screen, screen->id) == 0) {
            s->reader.wave = n != NULL && bed != NULL ? dash_feed_bed(n->index, bed) : 0;
        }
    }
}

/* Does this page take its events? One stalled by its network, or refused, does not. */
static bool is_fed(const struct dashboard *d, const struct dash_screen *s)
{
    for (size_t i = 0; i < DASH_STREAMS_MAX; i++) {
        const struct dash_stream *one = &d->stream[i];
        if (one->connection != NULL && !one->reader.dead && one->serial == s->serial &&
            strcmp(one->screen, s->id) == 0) {
            return d->reactor.now.mono_ns - one->taken_ns < LIVES_NS;
        }
    }
    return false;
}

enum vg_status dash_screen_report(struct dashboard *d, uint32_t serial, const json_t *report)
{
    const char *id = json_string_value(json_object_get(report, "screen"));
    const json_t *heard = json_object_get(report, "heard");
    uint8_t role = 0;
    size_t i;
    json_t *one;

    if (id == NULL || *id == '\0' || strlen(id) >= DASH_SCREEN_ID_MAX ||
        !take_role(json_string_value(json_object_get(report, "role")), &role) ||
        json_array_size(heard) > HEARD_MAX) {
        return VG_ERR_FORMAT;
    }
    struct dash_screen *s = place_of(d, id);
    s->heard_ns = d->reactor.now.mono_ns;
    s->role = role;
    s->serial = serial;
    s->can_sound = json_is_true(json_object_get(report, "can_sound"));
    take_wave(d, s, json_object_get(report, "wave"));
    if (s->can_sound && is_fed(d, s)) {
        json_array_foreach(heard, i, one)
        {
            take_heard(d, s, one);
        }
    }
    dash_screen_look(d);
    return VG_OK;
}

void dash_screen_look(struct dashboard *d)
{
    for (size_t n = 0; n < d->node_count; n++) {
        bool well = false;
        for (size_t i = 0; i < DASH_SCREENS_MAX; i++) {
            const struct dash_screen *s = &d->screen[i];
            well = well || (s->id[0] != '\0' && s->can_sound && is_fed(d, s) &&
                            s->role == d->node[n].options->role &&
                            d->reactor.now.mono_ns - s->heard_ns < LIVES_NS);
        }
        if (d->node[n].is_sink) {
            vg_asink_healthy(&d->node[n].sink, well);
        }
    }
}
