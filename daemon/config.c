/*
 * config.c -- vigil.yaml as a whole: read, resolve, check across.
 *
 * Three steps. The field tables read the file into a raw struct (config_table.c). Every device is
 * resolved by itself (config_device.c, config_link.c, config_map.c). Then come the rules between
 * parts: limits against each other, devices on one bus. A step after a failed one looks only at
 * what it can judge, so a mistake makes one message and not five.
 *
 * It never starts with part of a configuration: one error, and the load fails.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/config_internal.h"

static void copy_text(char *to, size_t to_size, const char *from)
{
    size_t len = strlen(from);
    VG_ASSERT(len < to_size);
    memcpy(to, from, len + 1);
}

static void check_endpoints(struct vg_config_reader *r)
{
    const struct {
        const char *path;
        const char *text;
        bool tcp;
    } of[] = {
        { "endpoints.stream", r->raw.stream, true },
        { "endpoints.view", r->raw.view, true },
        { "endpoints.operate", r->raw.operate, false },
    };
    for (size_t i = 0; i < VG_COUNT(of); i++) {
        const char *wrong = of[i].text[0] != '\0' ? vg_endpoint_check(of[i].text, of[i].tcp) : NULL;
        if (wrong != NULL) {
            vg_yaml_error(&r->y, of[i].path, "'%s' %s", of[i].text, wrong);
        }
        for (size_t k = 0; k < i; k++) {
            if (of[i].text[0] != '\0' && strcmp(of[i].text, of[k].text) == 0) {
                vg_yaml_error(&r->y, of[i].path, "is the same as %s; give each its own",
                              of[k].path);
            }
        }
    }
}

static void check_state_dir(struct vg_config_reader *r)
{
    if (r->raw.state_dir[0] != '\0' && r->raw.state_dir[0] != '/') {
        vg_yaml_error(&r->y, "state_dir", "'%s' is not an absolute path; begin it with /",
                      r->raw.state_dir);
    }
}

static void resolve_beds(struct vg_config_reader *r)
{
    for (uint16_t i = 0; i < r->raw.bed_count; i++) {
        struct vg_bed_config *bed = &r->raw.beds[i];
        if (bed->name[0] == '\0') {
            memcpy(bed->name, bed->id, sizeof bed->name);
        }
        for (uint16_t k = 0; k < i && bed->id[0] != '\0'; k++) {
            if (strcmp(r->raw.beds[k].id, bed->id) == 0) {
                char path[VG_YAML_PATH_MAX];
                (void)snprintf(path, sizeof path, "beds[%u].id", (unsigned)i);
                vg_yaml_error(&r->y, path,
                              "'%s' is already the id of beds[%u]; "
                              "give each bed its own",
                              bed->id, (unsigned)k);
                break;
            }
        }
        r->out->beds[i] = *bed;
    }
    r->out->bed_count = r->raw.bed_count;
}

static void resolve(struct vg_config_reader *r)
{
    copy_text(r->out->node, sizeof r->out->node, r->raw.node);
    copy_text(r->out->state_dir, sizeof r->out->state_dir, r->raw.state_dir);
    copy_text(r->out->stream, sizeof r->out->stream, r->raw.stream);
    copy_text(r->out->view, sizeof r->out->view, r->raw.view);
    copy_text(r->out->operate, sizeof r->out->operate, r->raw.operate);
    r->out->require_clock_sync = r->raw.require_clock_sync;
    check_state_dir(r);
    check_endpoints(r);
    vg_config_limits(r);
    vg_config_sessions(r);
    resolve_beds(r);
    vg_config_sinks(r);
    r->out->device_count = r->raw.device_count;
    for (uint16_t i = 0; i < r->raw.device_count; i++) {
        vg_config_device(r, i);
    }
    if (r->log.count == 0) {
        vg_config_buses(r);
    }
}

enum vg_status vg_config_load(struct vg_config *out, const char *file, FILE *errs)
{
    /* Half a megabyte for the time of the load: too large for the stack, not worth keeping. */
    struct vg_config_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        (void)fprintf(errs, "%s:1:1: file: out of memory; free some and try again\n", file);
        return VG_ERR_IO;
    }
    memset(out, 0, sizeof *out);
    r->out = out;
    r->log.out = errs;
    vg_raw_config_init(&r->raw);
    enum vg_status st = vg_yaml_open(&r->y, file, &r->log);
    if (st == VG_OK) {
        /* What could be read is judged even after an error: all errors at once. */
        st = vg_yaml_read(&r->y, &vg_config_table, &r->raw);
        resolve(r);
        st = st == VG_OK && r->log.count > 0 ? VG_ERR_FORMAT : st;
    }
    vg_yaml_close(&r->y);
    free(r);
    return st;
}
