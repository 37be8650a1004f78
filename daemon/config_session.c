/*
 * config_session.c -- scales and protocols: what sessions are made of.
 *
 * The bytes of a protocol are kept as they are: a session that begins with it keeps them in the
 * record, so that a later reader knows what was asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_internal.h"
#include "lib/log.h"

static void at_key(const char *list, uint16_t i, const char *key, char path[VG_YAML_PATH_MAX])
{
    (void)snprintf(path, VG_YAML_PATH_MAX, "%s[%u].%s", list, (unsigned)i, key);
}

static void take_scales(struct vg_config_reader *r)
{
    struct vg_scales *out = &r->out->scales;
    char path[VG_YAML_PATH_MAX];

    vg_scales_default(out);
    for (uint16_t i = 0; i < r->raw.scale_count; i++) {
        const struct vg_scale *in = &r->raw.scales[i];
        if (vg_scale_find(out, in->id) != VG_SCALES_MAX) {
            at_key("scales", i, "id", path);
            vg_yaml_error(&r->y, path, "'%s' is a scale already; take another id", in->id);
        }
        if (in->min >= in->max) {
            at_key("scales", i, "max", path);
            vg_yaml_error(&r->y, path, "the highest score is not above the lowest; raise it");
        }
        out->of[out->count++] = *in;
    }
}

static void take_protocol(struct vg_config_reader *r, uint16_t i)
{
    struct vg_config *out = r->out;
    const char *name = r->raw.protocols[i].name;
    char file[VG_CONFIG_FILE_MAX];
    char path[VG_YAML_PATH_MAX];
    struct stat st;

    at_key("protocols", i, "name", path);
    if (!vg_config_find(r, "protocols", name, file, &st)) {
        vg_yaml_error(
            &r->y, path,
            "there is no protocol '%s'; put it as protocols/NAME.yaml beside this file or "
            "into /etc/vigil/protocols",
            name);
        return;
    }
    struct vg_protocol *p = &out->protocols[out->protocol_count];
    if (vg_protocol_open(file, &r->log, &out->protocol_text[out->protocol_count]) != VG_OK ||
        vg_protocol_read(file, &out->protocol_text[out->protocol_count], &out->scales, &r->log,
                         p) != VG_OK) {
        return;
    }
    for (uint8_t k = 0; k < out->protocol_count; k++) {
        if (strcmp(out->protocols[k].id, p->id) == 0) {
            vg_yaml_error(&r->y, path, "a protocol with the id '%s' is named already", p->id);
        }
    }
    memcpy(out->protocol_file[out->protocol_count], name, VG_ID_MAX);
    out->protocol_count++;
}

void vg_config_sessions(struct vg_config_reader *r)
{
    take_scales(r);
    for (uint16_t i = 0; i < r->raw.protocol_count; i++) {
        take_protocol(r, i);
    }
    r->out->protocol_offered = r->out->protocol_count;
}

void vg_config_add_protocol(void *config, const char *id, const char *text, size_t len)
{
    struct vg_config *c = config;
    struct vg_yaml_log log = { .out = stderr };
    struct vg_protocol_text *bytes = calloc(1, sizeof *bytes);
    struct vg_protocol *p = &c->protocols[c->protocol_count];
    bool known = false;

    if (bytes == NULL || len >= sizeof bytes->bytes || c->protocol_count == VG_PROTOCOLS_MAX) {
        vg_log(VG_LOG_ERROR,
               "config: protocol %s of the record cannot be taken; its session goes on "
               "without it",
               id);
        free(bytes);
        return;
    }
    memcpy(bytes->bytes, text, len);
    bytes->len = len;
    if (vg_protocol_read(id, bytes, &c->scales, &log, p) != VG_OK) {
        vg_log(VG_LOG_ERROR,
               "config: protocol %s of the record is not understood; its session goes "
               "on without it",
               id);
        known = true;
    }
    for (uint8_t i = 0; i < c->protocol_count; i++) {
        known = known || strcmp(c->protocols[i].hash, p->hash) == 0;
    }
    c->protocol_count = (uint8_t)(c->protocol_count + (known ? 0 : 1));
    free(bytes);
}
