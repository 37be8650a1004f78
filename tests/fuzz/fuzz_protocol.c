/*
 * fuzz_protocol.c -- any bytes as a protocol file. The corpus is config/protocols.
 *
 * Beyond "no crash": a refusal says at least one line with a cure, an acceptance says nothing; what was
 * accepted keeps the floor, can be shown, and has a phase at any time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/protocol.h"
#include "vigil/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vg_protocol_text text;

static void look_at(const struct vg_protocol *p, const struct vg_scales *scales)
{
    const char *where = NULL;
    const char *why = NULL;
    char *shown = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&shown, &len);

    VG_ASSERT(out != NULL);
    VG_ASSERT(vg_protocol_check(p, &where, &why) == VG_OK);
    for (int64_t at_s = -7200; at_s < 72000; at_s += 600) {
        const struct vg_phase_row *row = vg_protocol_phase(p, at_s);
        VG_ASSERT(row >= p->phases && row < p->phases + p->phase_count);
    }
    vg_protocol_show(out, p, scales);
    (void)fclose(out);
    VG_ASSERT(len > 0 && strlen(p->hash) == VG_PROTOCOL_HASH_MAX - 1);
    free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vg_yaml_log log = { .count = 0 };
    struct vg_protocol p;
    struct vg_scales scales;
    char *errors = NULL;
    size_t errors_len = 0;

    if (size >= sizeof text.bytes) {
        return 0; /* vg_protocol_open refuses it */
    }
    memcpy(text.bytes, data, size);
    text.len = size;
    vg_scales_default(&scales);
    log.out = open_memstream(&errors, &errors_len);
    VG_ASSERT(log.out != NULL);
    enum vg_status st = vg_protocol_read("p.yaml", &text, &scales, &log, &p);
    (void)fclose(log.out);
    VG_ASSERT((st == VG_OK) == (errors_len == 0));
    VG_ASSERT(st == VG_OK || strstr(errors, "; ") != NULL);
    if (st == VG_OK) {
        look_at(&p, &scales);
    }
    free(errors);
    return 0;
}
