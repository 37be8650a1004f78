/*
 * verb_protocol.c -- a protocol file, checked and shown. Needs no daemon.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/protocol.h"
#include "tools/vigilctl/ctl.h"

static int read_file(struct ctl *c, struct vg_protocol *out, struct vg_scales *scales)
{
    struct vg_yaml_log log = { .out = stderr };
    struct vg_protocol_text *text = calloc(1, sizeof *text);
    enum vg_status st = VG_ERR_FULL;

    vg_scales_default(scales);
    if (text != NULL) {
        st = vg_protocol_open(c->word[0], &log, text);
    }
    if (st == VG_OK) {
        st = vg_protocol_read(c->word[0], text, scales, &log, out);
    }
    free(text);
    return st == VG_OK ? CTL_DONE : CTL_REFUSED;
}

int verb_protocol_check(struct ctl *c)
{
    struct vg_protocol p;
    struct vg_scales scales;
    int rc = read_file(c, &p, &scales);

    if (rc == CTL_DONE) {
        (void)printf("%s: sound, %s revision %s, sha256 %s\n", c->word[0], p.id, p.revision,
                     p.hash);
    }
    return rc;
}

int verb_protocol_show(struct ctl *c)
{
    struct vg_protocol p;
    struct vg_scales scales;
    int rc = read_file(c, &p, &scales);

    if (rc == CTL_DONE) {
        vg_protocol_show(stdout, &p, &scales);
    }
    return rc;
}
