/*
 * scale.c -- the built-in scales, in the order of enum vg_scale_builtin.
 */
#include "vigil/scale.h"

#include <assert.h>
#include <string.h>

#include "vigil/compiler.h"

static const struct vg_scale builtin[] = {
    [VG_SCALE_MOAAS] = { "moaas", "MOAA/S", 0, 5 },
    [VG_SCALE_RASS] = { "rass", "RASS", -5, 4 },
    [VG_SCALE_DISSOCIATION] = { "dissociation", "dissociation 0-10", 0, 10 },
    [VG_SCALE_NAUSEA] = { "nausea", "nausea 0-3", 0, 3 },
    [VG_SCALE_ANXIETY] = { "anxiety", "anxiety 0-10", 0, 10 },
    [VG_SCALE_PAIN] = { "pain", "pain 0-10", 0, 10 },
    [VG_SCALE_ALDRETE] = { "aldrete", "modified Aldrete 0-10", 0, 10 },
};
static_assert(VG_COUNT(builtin) == VG_SCALE_BUILTIN_COUNT, "a scale has no row");

void vg_scales_default(struct vg_scales *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->of, builtin, sizeof builtin);
    out->count = VG_SCALE_BUILTIN_COUNT;
}

size_t vg_scale_find(const struct vg_scales *s, const char *id)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strlen(s->of[i].id) == strlen(id) && memcmp(s->of[i].id, id, strlen(id)) == 0) {
            return i;
        }
    }
    return VG_SCALES_MAX;
}
