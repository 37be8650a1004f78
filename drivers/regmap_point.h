/*
 * regmap_point.h -- what the regmap files share among themselves. Nobody else includes it.
 */
#ifndef VIGIL_DRIVERS_REGMAP_POINT_H
#define VIGIL_DRIVERS_REGMAP_POINT_H

#include "drivers/regmap.h"

/* Registers (or bits) a point occupies. */
static inline uint32_t vg_point_width(const struct vg_point *p)
{
    bool is_wide = p->type == VG_RT_U32 || p->type == VG_RT_S32 || p->type == VG_RT_F32;

    return is_wide ? 2u : 1u;
}

static inline bool vg_point_is_bits(const struct vg_point *p)
{
    return p->area == VG_AREA_COIL || p->area == VG_AREA_DISCRETE;
}

/* Written on request, never read. */
static inline bool vg_point_is_write(const struct vg_point *p)
{
    return p->role == VG_ROLE_NIBP_START || p->role == VG_ROLE_NIBP_ABORT ||
           p->role == VG_ROLE_ENABLE;
}

static inline bool vg_point_is_nibp(const struct vg_point *p)
{
    bool is_vital = p->role == VG_ROLE_VITAL &&
                    (p->vital == VG_VITAL_NIBP_SYS || p->vital == VG_VITAL_NIBP_DIA ||
                     p->vital == VG_VITAL_NIBP_MEAN || p->vital == VG_VITAL_NIBP_PULSE_RATE ||
                     p->vital == VG_VITAL_CUFF_PRESSURE);

    return is_vital || p->role == VG_ROLE_NIBP_STATE || p->role == VG_ROLE_NIBP_ERROR ||
           p->role == VG_ROLE_NIBP_SEQ || p->role == VG_ROLE_NIBP_AGE;
}

/* A vital that the unit renews by itself. */
static inline bool vg_point_is_continuous_vital(const struct vg_point *p)
{
    return p->role == VG_ROLE_VITAL && !vg_point_is_nibp(p);
}

/* Everything one parse looks at. */
struct vg_regmap_view {
    const struct vg_regmap *map;
    const struct vg_blocks *blocks;
    const struct vg_poll *poll;
    const struct vg_sink *sink;
};

/* vg_point_fetch -- the raw value, in the type's own unsigned width. False when the point's block
 * did not arrive; *raw is then untouched. */
bool vg_point_fetch(const struct vg_regmap_view *w, const struct vg_point *p, uint32_t *raw);

/* vg_point_decode -- raw to thousandths of the unit. False when the raw value means nothing or
 * lies outside the point's range; *milli is then not to be used. */
bool vg_point_decode(const struct vg_point *p, uint32_t raw, int32_t *milli);

/* vg_point_say -- speak a vital with quality q, or invalid when it has no number. Says nothing
 * when its block did not arrive. */
void vg_point_say(const struct vg_regmap_view *w, const struct vg_point *p, enum vg_quality q);

/* vg_round_div -- a * b / divisor to nearest, halves away from zero. The product must fit. */
int64_t vg_round_div(int64_t a, int64_t b, int64_t divisor);

/* vg_regmap_say_cuff -- cuff pressure, result and words of one poll. */
void vg_regmap_say_cuff(const struct vg_regmap_view *w, struct vg_regmap_state *st);

/* NULL when the map has none. */
static inline const struct vg_point *vg_point_of_role(const struct vg_regmap *map,
                                                      enum vg_role role)
{
    for (uint32_t i = 0; i < map->point_count; i++) {
        if (map->points[i].role == role) {
            return &map->points[i];
        }
    }
    return NULL;
}

static inline const struct vg_point *vg_point_of_vital(const struct vg_regmap *map,
                                                       enum vg_vital vital)
{
    for (uint32_t i = 0; i < map->point_count; i++) {
        if (map->points[i].role == VG_ROLE_VITAL && map->points[i].vital == vital) {
            return &map->points[i];
        }
    }
    return NULL;
}

#endif
