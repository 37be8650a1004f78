/*
 * config_sink.c -- alarm sinks and the times of quiet mode: names become indices.
 */
#include <string.h>

#include "daemon/config_internal.h"

/* The place of a key of one sink. */
static const char *place(uint16_t i, const char *key, char path[VG_YAML_PATH_MAX])
{
    (void)snprintf(path, VG_YAML_PATH_MAX, "sinks[%u].%s", (unsigned)i, key);
    return path;
}

static uint16_t bed_of(struct vg_config_reader *r, uint16_t i)
{
    const char *name = r->raw.sinks[i].bed;
    char path[VG_YAML_PATH_MAX];

    if (name[0] == '\0') {
        return VG_BED_NONE;
    }
    for (uint16_t b = 0; b < r->raw.bed_count; b++) {
        if (strcmp(r->raw.beds[b].id, name) == 0) {
            return b;
        }
    }
    vg_yaml_error(&r->y, place(i, "bed", path),
                  "there is no bed '%s'; take an id of beds, or leave it out for all", name);
    return VG_BED_NONE;
}

/* The room is told when nobody else reacts, so not before the second person. */
static void check_times(struct vg_config_reader *r)
{
    static const struct {
        uint8_t prio;
        const char *path;
    } of[] = { { VG_PRIO_HIGH, "quiet_room.high_local" },
               { VG_PRIO_MED, "quiet_room.medium_local" } };

    for (size_t i = 0; i < VG_COUNT(of); i++) {
        if (r->raw.routing.local_ns[of[i].prio] < r->raw.routing.second_ns[of[i].prio]) {
            vg_yaml_error(&r->y, of[i].path,
                          "the room would sound before the second person is called; raise it");
        }
    }
}

void vg_config_sinks(struct vg_config_reader *r)
{
    struct vg_routing *out = &r->out->routing;

    *out = r->raw.routing;
    out->sink_count = (uint8_t)r->raw.sink_count;
    for (uint16_t i = 0; i < r->raw.sink_count; i++) {
        const struct vg_raw_sink *s = &r->raw.sinks[i];
        for (uint16_t k = 0; k < i && s->id[0] != '\0'; k++) {
            if (strcmp(r->raw.sinks[k].id, s->id) == 0) {
                char path[VG_YAML_PATH_MAX];
                vg_yaml_error(&r->y, place(i, "id", path),
                              "'%s' is the id of another sink; give each its own", s->id);
            }
        }
        out->sinks[i].bed = bed_of(r, i);
        out->sinks[i].role = s->role;
        memcpy(r->out->sink_name[i], s->id, VG_ID_MAX);
    }
    check_times(r);
}
