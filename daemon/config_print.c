/*
 * config_print.c -- the effective settings, every default filled in, as a file that reads back.
 *
 * The typed structs are turned back into the raw struct and printed by the same tables that read.
 * A map is printed by its name; one that was given as a path must then lie where maps are looked
 * for, or be given as a path again.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/config_internal.h"

static int64_t parity_index(char letter)
{
    return letter == 'E' ? 1 : letter == 'O' ? 2 : 0;
}

static void raw_device(const struct vg_config *c, const struct vg_device_config *d,
                       struct vg_raw_device *raw)
{
    memcpy(raw->id, d->id, sizeof raw->id);
    memcpy(raw->bed, c->beds[d->bed].id, sizeof raw->bed);
    memcpy(raw->model, d->model, sizeof raw->model);
    if (d->model[0] == '\0') {
        (void)snprintf(raw->driver, sizeof raw->driver, "%s", d->driver->name);
    }
    vg_link_print(&d->link, raw->link, sizeof raw->link);
    if (vg_link_has_line(&d->link)) {
        const struct vg_line *line = &d->link.line;
        raw->line = (struct vg_raw_line){ line->baud, parity_index(line->parity), line->stop_bits,
                                          line->data_bits };
    }
    raw->options = d->options;
    raw->test = d->test;
    if (d->driver->link == VG_LINK_MODBUS) {
        raw->unit = d->unit;
        raw->poll_ns = d->poll_ns;
        raw->timeout_ns = d->timeout_ns;
        memcpy(raw->map, c->maps[d->map].name, sizeof c->maps[d->map].name);
    }
}

void vg_config_print(const struct vg_config *c, FILE *out)
{
    struct vg_raw_config *raw = calloc(1, sizeof *raw);
    if (raw == NULL) {
        (void)fputs("# out of memory\n", out);
        return;
    }
    vg_raw_config_init(raw);
    raw->version = 1;
    memcpy(raw->node, c->node, sizeof raw->node);
    memcpy(raw->state_dir, c->state_dir, sizeof raw->state_dir);
    memcpy(raw->stream, c->stream, sizeof raw->stream);
    memcpy(raw->view, c->view, sizeof raw->view);
    memcpy(raw->operate, c->operate, sizeof raw->operate);
    raw->limits = c->profiles[0];
    raw->require_clock_sync = c->require_clock_sync;
    if (strcmp(c->profile_name[0], "adult") != 0) { /* the limits above hold either way */
        memcpy(raw->profile, c->profile_name[0], sizeof raw->profile);
    }
    for (uint8_t i = 1; i < c->profile_count; i++) {
        memcpy(raw->profiles[raw->profile_count++].name, c->profile_name[i], VG_ID_MAX);
    }
    raw->scale_count = (uint16_t)(c->scales.count - VG_SCALE_BUILTIN_COUNT);
    memcpy(raw->scales, &c->scales.of[VG_SCALE_BUILTIN_COUNT],
           raw->scale_count * sizeof raw->scales[0]);
    for (uint8_t i = 0; i < c->protocol_offered; i++) {
        memcpy(raw->protocols[raw->protocol_count++].name, c->protocol_file[i], VG_ID_MAX);
    }
    raw->routing = c->routing;
    raw->sink_count = c->routing.sink_count;
    for (uint8_t i = 0; i < c->routing.sink_count; i++) {
        memcpy(raw->sinks[i].id, c->sink_name[i], VG_ID_MAX);
        raw->sinks[i].role = c->routing.sinks[i].role;
        if (c->routing.sinks[i].bed != VG_BED_NONE) {
            memcpy(raw->sinks[i].bed, c->beds[c->routing.sinks[i].bed].id, VG_ID_MAX);
        }
    }
    raw->bed_count = c->bed_count;
    memcpy(raw->beds, c->beds, c->bed_count * sizeof c->beds[0]);
    raw->device_count = c->device_count;
    for (uint16_t i = 0; i < c->device_count; i++) {
        raw_device(c, &c->devices[i], &raw->devices[i]);
    }
    vg_yaml_print(out, &vg_config_table, raw);
    free(raw);
}
