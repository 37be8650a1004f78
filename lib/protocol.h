/*
 * protocol.h -- a protocol file: YAML to struct vg_protocol, checked against the floor.
 */
#ifndef VIGIL_LIB_PROTOCOL_H
#define VIGIL_LIB_PROTOCOL_H

#include <stdio.h>

#include "lib/yaml.h"
#include "vigil/protocol.h"

/* Longest protocol file: it is kept whole in the record. */
#define VG_PROTOCOL_BYTES_MAX ((size_t)16 * 1024)

struct vg_protocol_text {
    size_t len;
    char bytes[VG_PROTOCOL_BYTES_MAX];
};

/*
 * vg_protocol_read -- the bytes of a protocol into *out.
 *
 *   file    name for messages
 *   scales  what scores may be by
 * Errors: VG_ERR_FORMAT or VG_ERR_RANGE; each in the log with file, line, key and cure. *out->hash is
 * the SHA-256 of the bytes.
 */
enum vg_status vg_protocol_read(const char *file, const struct vg_protocol_text *text,
                                const struct vg_scales *scales, struct vg_yaml_log *log,
                                struct vg_protocol *out);

/* vg_protocol_open -- the file's bytes. VG_ERR_IO, VG_ERR_RANGE (too long); said in the log. */
enum vg_status vg_protocol_open(const char *file, struct vg_yaml_log *log,
                                struct vg_protocol_text *out);

/* vg_check_text -- one discharge check in words. */
void vg_check_text(const struct vg_check_row *c, const struct vg_scales *scales, char *out,
                   size_t cap);

/* vg_protocol_show -- the timeline and the rules in words a nurse understands. */
void vg_protocol_show(FILE *out, const struct vg_protocol *p, const struct vg_scales *scales);

#endif
