/*
 * regmap_build.c -- before the first poll: is the map sound, which reads does it need, and which
 * write carries out a wish.
 *
 * A read should bring as many points as the unit allows, but some points mean something only
 * together: a value and its counter, a result and its number. Those are one span that is never
 * split, and a map in which it does not fit one request is refused here rather than read in parts.
 * The trap is filler: a block may run over registers no point uses, and some units answer that
 * with exception 02; so every block says whether it has filler, and can be built without.
 */
#include "drivers/regmap_point.h"

#include "vigil/compiler.h"

#include <string.h>

/* Larger factors and offsets would not fit the arithmetic of regmap.c, nor any vital. */
#define SCALE_MAX_MICRO INT64_C(1000000000)
#define OFFSET_MAX_MILLI INT64_C(1000000000)

/* Registers first..last of one area that one request must bring. */
struct span {
    uint32_t area, first, last;
};

struct spans {
    uint32_t count;
    struct span of[VG_POINTS_MAX];
};

/* Which points must come from one reply. Signals stand alone. */
enum group { GROUP_CONTINUOUS, GROUP_NIBP, GROUP_COUNT };

static bool is_in_group(const struct vg_point *p, enum group g)
{
    if (vg_point_is_write(p) || p->role == VG_ROLE_SIGNAL) {
        return false;
    }
    return vg_point_is_nibp(p) == (g == GROUP_NIBP);
}

static uint32_t last_register(const struct vg_point *p)
{
    return p->addr + vg_point_width(p) - 1u;
}

/* The span of one group in one area, when it has points there. */
static void add_group(const struct vg_regmap *map, enum group g, uint32_t area, struct spans *out)
{
    struct span s = { .area = area, .first = UINT32_MAX, .last = 0 };

    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct vg_point *p = &map->points[i];

        if (p->area != area || !is_in_group(p, g)) {
            continue;
        }
        if (p->addr < s.first) {
            s.first = p->addr;
        }
        if (last_register(p) > s.last) {
            s.last = last_register(p);
        }
    }
    if (s.first != UINT32_MAX) {
        out->of[out->count] = s;
        out->count++;
    }
}

static bool is_before(const struct span *a, const struct span *b)
{
    return a->area != b->area ? a->area < b->area : a->first < b->first;
}

/* Insertion sort: at most 48 spans, once per map. */
static void sort_spans(struct spans *s)
{
    for (uint32_t i = 1; i < s->count; i++) {
        struct span moving = s->of[i];
        uint32_t at = i;

        while (at > 0 && is_before(&moving, &s->of[at - 1u])) {
            s->of[at] = s->of[at - 1u];
            at--;
        }
        s->of[at] = moving;
    }
}

/* Overlapping spans become one, so that no group is cut by another's edge. */
static void merge_spans(struct spans *s)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < s->count; i++) {
        struct span *prev = kept > 0 ? &s->of[kept - 1u] : NULL;
        const struct span *now = &s->of[i];

        if (prev != NULL && prev->area == now->area && now->first <= prev->last) {
            prev->last = now->last > prev->last ? now->last : prev->last;
        } else {
            s->of[kept] = *now;
            kept++;
        }
    }
    s->count = kept;
}

static void collect_spans(const struct vg_regmap *map, struct spans *out)
{
    out->count = 0;
    for (uint32_t area = 0; area < VG_AREA_COUNT; area++) {
        add_group(map, GROUP_CONTINUOUS, area, out);
        add_group(map, GROUP_NIBP, area, out);
    }
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct vg_point *p = &map->points[i];

        if (p->role == VG_ROLE_SIGNAL) {
            struct span s = { .area = p->area, .first = p->addr, .last = last_register(p) };

            out->of[out->count] = s;
            out->count++;
        }
    }
    sort_spans(out);
    merge_spans(out);
}

static bool is_used(const struct vg_regmap *map, uint32_t area, uint32_t addr)
{
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct vg_point *p = &map->points[i];

        if (!vg_point_is_write(p) && p->area == area && p->addr <= addr &&
            addr <= last_register(p)) {
            return true;
        }
    }
    return false;
}

static bool has_filler(const struct vg_regmap *map, const struct span *s)
{
    for (uint32_t addr = s->first; addr <= s->last; addr++) {
        if (!is_used(map, s->area, addr)) {
            return true;
        }
    }
    return false;
}

static enum vg_status add_block(const struct vg_regmap *map, const struct span *s,
                                struct vg_blocks *out)
{
    uint32_t count = s->last - s->first + 1u;
    struct vg_block *b = NULL;

    if (count > map->max_regs) {
        return VG_ERR_RANGE;
    }
    if (out->count == VG_BLOCKS_MAX || out->total + count > VG_POLL_REGS_MAX) {
        return VG_ERR_FULL;
    }
    b = &out->of[out->count];
    b->area = (uint16_t)s->area;
    b->addr = (uint16_t)s->first;
    b->count = (uint16_t)count;
    b->at = out->total;
    b->has_fill = has_filler(map, s);
    out->count++;
    out->total = (uint16_t)(out->total + count);
    return VG_OK;
}

/* May the block that ends with a go on over b? */
static bool may_join(const struct vg_regmap *map, bool fill, const struct span *a,
                     const struct span *b)
{
    uint32_t max_fill = fill ? map->max_fill : 0u;

    return a->area == b->area && b->first - a->last - 1u <= max_fill &&
           b->last - a->first + 1u <= map->max_regs;
}

static enum vg_status build(const struct vg_regmap *map, bool fill, struct vg_blocks *out)
{
    struct spans spans;
    uint32_t i = 0;

    memset(out, 0, sizeof(*out));
    collect_spans(map, &spans);
    while (i < spans.count) {
        struct span block = spans.of[i];
        enum vg_status st = VG_OK;

        i++;
        while (i < spans.count && may_join(map, fill, &block, &spans.of[i])) {
            block.last = spans.of[i].last;
            i++;
        }
        st = add_block(map, &block, out);
        if (st != VG_OK) {
            return st;
        }
    }
    return VG_OK;
}

void vg_regmap_blocks(const struct vg_regmap *map, bool fill, struct vg_blocks *out)
{
    enum vg_status st = build(map, fill, out);

    VG_ASSERT(st == VG_OK); /* a map that was checked can be built */
}

uint32_t vg_regmap_vitals(const struct vg_regmap *map)
{
    uint32_t set = 0;

    for (uint32_t i = 0; i < map->point_count; i++) {
        if (map->points[i].role == VG_ROLE_VITAL) {
            set |= 1u << map->points[i].vital;
        }
    }
    return set;
}

bool vg_regmap_is_cuff(const struct vg_regmap *map)
{
    return vg_point_of_role(map, VG_ROLE_NIBP_START) != NULL;
}

/* What is wrong with the shape of a point, or NULL. */
static const char *shape_fault(const struct vg_point *p)
{
    bool is_bit_role = p->role == VG_ROLE_SIGNAL || p->role == VG_ROLE_VALID;

    if (p->role >= VG_ROLE_COUNT || p->area >= VG_AREA_COUNT || p->type >= VG_RT_COUNT ||
        p->order >= VG_ORDER_COUNT) {
        return "the point has an unknown role, area, type or order";
    }
    if (last_register(p) > UINT16_MAX) {
        return "the point runs past register 65535: give a lower address or a 16-bit type";
    }
    if (vg_point_width(p) == 1u && p->order != VG_ORDER_ABCD) {
        return "a word order is only for 32-bit types: remove it";
    }
    if (vg_point_is_bits(p) && p->type != VG_RT_BIT) {
        return "a coil or discrete input holds one bit: use type bit";
    }
    if (p->bit > 15 || (vg_point_is_bits(p) && p->bit != 0)) {
        return "bit is 0 to 15 inside a register, and absent for coils and discrete inputs";
    }
    if (is_bit_role && p->type != VG_RT_BIT) {
        return "signal and valid points are one bit: use type bit";
    }
    if (vg_point_is_write(p) && p->area != VG_AREA_COIL && p->area != VG_AREA_HOLDING) {
        return "only coils and holding registers can be written";
    }
    return NULL;
}

/* What is wrong with the numbers of a point, or NULL. */
static const char *number_fault(const struct vg_point *p)
{
    bool is_scaled = p->role == VG_ROLE_VITAL || p->role == VG_ROLE_AGE ||
                     p->role == VG_ROLE_NIBP_AGE;

    if (is_scaled && (p->scale_micro == 0 || p->scale_micro > SCALE_MAX_MICRO ||
                      p->scale_micro < -SCALE_MAX_MICRO || p->offset_milli > OFFSET_MAX_MILLI ||
                      p->offset_milli < -OFFSET_MAX_MILLI)) {
        return "scale must not be 0 and at most 1000, offset at most 1000000";
    }
    if (p->invalid_count > VG_INVALID_MAX) {
        return "at most four invalid values";
    }
    if (p->has_range && p->min_milli > p->max_milli) {
        return "min is above max";
    }
    if (p->role == VG_ROLE_VITAL && (p->vital >= VG_VITAL_COUNT || p->vital == VG_VITAL_PLETH)) {
        return "no such vital, or a waveform: registers are polled too slowly for waveforms";
    }
    if (p->role == VG_ROLE_SIGNAL && p->signal_bit == 0) {
        return "the signal point does not say which signal it sets";
    }
    return NULL;
}

/* Does an earlier point hold the same thing? Signals may be set by several bits. */
static bool is_repeated(const struct vg_regmap *map, uint32_t index)
{
    const struct vg_point *p = &map->points[index];

    for (uint32_t i = 0; i < index; i++) {
        const struct vg_point *q = &map->points[i];

        if (p->role != VG_ROLE_SIGNAL && q->role == p->role &&
            (p->role != VG_ROLE_VITAL || q->vital == p->vital)) {
            return true;
        }
    }
    return false;
}

static const char *codes_fault(const struct vg_regmap *map)
{
    for (uint32_t i = 0; i < map->state_count; i++) {
        if (map->states[i].means >= VG_MNS_COUNT) {
            return "a cuff state maps to an unknown word";
        }
    }
    for (uint32_t i = 0; i < map->error_count; i++) {
        if (map->errors[i].means >= VG_NIBP_ERROR_COUNT) {
            return "a cuff error maps to an unknown word";
        }
    }
    if (vg_point_of_role(map, VG_ROLE_NIBP_STATE) != NULL && map->state_count == 0) {
        return "the cuff state point needs a list of states";
    }
    if (vg_point_of_role(map, VG_ROLE_NIBP_ERROR) != NULL && map->error_count == 0) {
        return "the cuff error point needs a list of errors";
    }
    return NULL;
}

/* A cuff that can be started must be one that can be stopped, watched and believed. */
static const char *cuff_fault(const struct vg_regmap *map)
{
    bool has_sys = vg_point_of_vital(map, VG_VITAL_NIBP_SYS) != NULL;
    bool has_dia = vg_point_of_vital(map, VG_VITAL_NIBP_DIA) != NULL;

    if (has_sys != has_dia) {
        return "systolic and diastolic belong together: give both points";
    }
    if (!vg_regmap_is_cuff(map)) {
        return NULL;
    }
    if (vg_point_of_role(map, VG_ROLE_NIBP_ABORT) == NULL) {
        return "a cuff that can be started needs an abort point";
    }
    if (vg_point_of_role(map, VG_ROLE_NIBP_STATE) == NULL) {
        return "a cuff that can be started needs a state point";
    }
    if (vg_point_of_role(map, VG_ROLE_NIBP_SEQ) == NULL &&
        vg_point_of_role(map, VG_ROLE_NIBP_AGE) == NULL) {
        return "a cuff that can be started needs a proof of completion: nibp seq or nibp age";
    }
    if (!has_sys) {
        return "a cuff that can be started needs systolic and diastolic points";
    }
    return NULL;
}

static const char *head_fault(const struct vg_regmap *map)
{
    if (map->point_count == 0 || map->point_count > VG_POINTS_MAX) {
        return "a map has 1 to 48 points";
    }
    if (map->max_regs == 0 || map->max_regs > VG_REGS_MAX) {
        return "max_regs is 1 to 125";
    }
    if (map->state_count > VG_ENUM_MAX || map->error_count > VG_ENUM_MAX) {
        return "at most 16 states and 16 errors";
    }
    return NULL;
}

static const char *blocks_fault(const struct vg_regmap *map, enum vg_status *st)
{
    struct vg_blocks blocks;

    *st = build(map, true, &blocks);
    if (*st == VG_OK) {
        *st = build(map, false, &blocks);
    }
    if (*st == VG_ERR_RANGE) {
        return "points that belong together do not fit one request of max_regs registers";
    }
    if (*st == VG_ERR_FULL) {
        return "too many blocks: place points closer together, raise max_fill or drop points";
    }
    return blocks.count == 0 ? "the map has nothing to read" : NULL;
}

enum vg_status vg_regmap_check(const struct vg_regmap *map, const char **why, uint32_t *line)
{
    enum vg_status st = VG_OK;

    *line = 0;
    *why = head_fault(map);
    if (*why != NULL) {
        return VG_ERR_RANGE;
    }
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct vg_point *p = &map->points[i];

        *line = p->line;
        *why = shape_fault(p);
        if (*why != NULL) {
            return VG_ERR_FORMAT;
        }
        *why = number_fault(p);
        if (*why != NULL) {
            return VG_ERR_RANGE;
        }
        if (is_repeated(map, i)) {
            *why = "another point already has this role or vital";
            return VG_ERR_FORMAT;
        }
    }
    *line = 0;
    *why = codes_fault(map);
    if (*why == NULL) {
        *why = cuff_fault(map);
    }
    if (*why != NULL) {
        return VG_ERR_FORMAT;
    }
    *why = blocks_fault(map, &st);
    return *why != NULL && st == VG_OK ? VG_ERR_FORMAT : st;
}
