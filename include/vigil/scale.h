/*
 * scale.h -- scales people score by. The built-in ones come first; configuration adds to them.
 *
 * Sources: MOAA/S Chernik 1990; RASS Sessler 2002; modified Aldrete score 1995. Dissociation, anxiety
 * and pain are numeric ratings of 0 to 10, nausea of 0 to 3. A record names the scale beside the
 * score: there are variants that end differently.
 */
#ifndef VIGIL_SCALE_H
#define VIGIL_SCALE_H

#include <stddef.h>
#include <stdint.h>

/* Bits of a word. */
#define VG_SCALES_MAX 32
#define VG_SCALE_ID_MAX 16
#define VG_SCALE_TITLE_MAX 48

enum vg_scale_builtin {
    VG_SCALE_MOAAS, /* 5 awake .. 0 no response: 3 and under is deep sedation */
    VG_SCALE_RASS,
    VG_SCALE_DISSOCIATION,
    VG_SCALE_NAUSEA,
    VG_SCALE_ANXIETY,
    VG_SCALE_PAIN,
    VG_SCALE_ALDRETE,
    VG_SCALE_BUILTIN_COUNT
};
#define VG_MOAAS_AWAKE 5

struct vg_scale {
    char id[VG_SCALE_ID_MAX];
    char title[VG_SCALE_TITLE_MAX];
    int32_t min, max;
};

struct vg_scales {
    uint16_t count;
    struct vg_scale of[VG_SCALES_MAX];
};

/* vg_scales_default -- the built-in ones. */
void vg_scales_default(struct vg_scales *out);
/* vg_scale_find -- index, or VG_SCALES_MAX when there is none of that id. */
size_t vg_scale_find(const struct vg_scales *s, const char *id);

#endif
