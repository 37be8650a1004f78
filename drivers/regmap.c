/*
 * regmap.c -- what the registers of one poll mean: signals and continuous values; the cuff is in
 * regmap_cuff.c, single points are in regmap_value.c.
 *
 * A register holds its last number for ever, and a gateway may answer from memory for a unit that
 * died an hour ago. So this file hardly decodes, it asks for proof: a value leaves when a counter
 * moved or an age is small. The trap is to take silence for bad news: a block that did not arrive
 * says nothing at all, and a sample that is not new is not spoken again; age is judged elsewhere.
 */
#include "drivers/regmap_point.h"

#define SIGNALS_NO_VALUE                                                                           \
    ((uint32_t)(VG_SIGNAL_SENSOR_UNPLUGGED | VG_SIGNAL_SENSOR_OFF | VG_SIGNAL_HW_FAULT))
#define SIGNALS_DOUBT                                                                              \
    ((uint32_t)(VG_SIGNAL_ARTIFACT | VG_SIGNAL_OUT_OF_TRACK | VG_SIGNAL_LOW_PERFUSION |            \
                VG_SIGNAL_SEARCHING))

/* Bits of a block that did not arrive stay as they were. */
static void say_signals(const struct vg_regmap_view *w, struct vg_regmap_state *st)
{
    uint32_t bits = 0;
    bool has_any = false;

    for (uint32_t i = 0; i < w->map->point_count; i++) {
        const struct vg_point *p = &w->map->points[i];
        uint32_t raw = 0;

        if (p->role != VG_ROLE_SIGNAL) {
            continue;
        }
        if (!vg_point_fetch(w, p, &raw)) {
            bits |= st->signal_bits & p->signal_bit;
            continue;
        }
        has_any = true;
        bits |= raw != 0 ? p->signal_bit : 0u;
    }
    if (has_any && (!st->has_signal || bits != st->signal_bits)) {
        st->has_signal = true;
        st->signal_bits = bits;
        w->sink->signal(w->sink->state, bits);
    }
}

/* The continuous vitals as one number (FNV-1a), to see whether anything changed. False when one
 * of them did not arrive. */
static bool fingerprint(const struct vg_regmap_view *w, uint32_t *out)
{
    uint32_t hash = 2166136261u;

    for (uint32_t i = 0; i < w->map->point_count; i++) {
        const struct vg_point *p = &w->map->points[i];
        uint32_t raw = 0;

        if (!vg_point_is_continuous_vital(p)) {
            continue;
        }
        if (!vg_point_fetch(w, p, &raw)) {
            return false;
        }
        for (uint32_t shift = 0; shift < 32; shift += 8) {
            hash = (hash ^ ((raw >> shift) & 0xffu)) * 16777619u;
        }
    }
    *out = hash;
    return true;
}

/* Without counter and age nothing proves that a number is new. Numbers that move are believed;
 * numbers that stand still for too long are doubted. */
static bool take_unproven(const struct vg_regmap_view *w, struct vg_regmap_state *st,
                          enum vg_quality *q)
{
    uint32_t now = 0;

    if (!fingerprint(w, &now)) {
        return false;
    }
    if (!st->has_fingerprint || now != st->fingerprint) {
        st->unchanged_polls = 0;
    } else if (st->unchanged_polls < UINT16_MAX) {
        st->unchanged_polls++;
    } else {
        /* saturated */
    }
    st->has_fingerprint = true;
    st->fingerprint = now;
    *q = st->unchanged_polls >= w->map->unproven_polls ? VG_QUALITY_QUESTIONABLE : VG_QUALITY_OK;
    return true;
}

/* May the continuous values leave, and how good can they be at best? A map with both proofs needs
 * both: the age of a frozen unit stays small for ever. */
static bool take_sample(const struct vg_regmap_view *w, struct vg_regmap_state *st,
                        enum vg_quality *q)
{
    const struct vg_point *counter = vg_point_of_role(w->map, VG_ROLE_COUNTER);
    const struct vg_point *age = vg_point_of_role(w->map, VG_ROLE_AGE);
    uint32_t raw = 0;
    int32_t age_milli = 0;

    *q = VG_QUALITY_OK;
    if (counter == NULL && age == NULL) {
        return take_unproven(w, st, q);
    }
    if (counter != NULL) {
        bool moved = false;

        if (!vg_point_fetch(w, counter, &raw)) {
            return false;
        }
        moved = st->has_counter && raw != st->counter;
        st->has_counter = true;
        st->counter = raw;
        if (!moved) {
            return false;
        }
    }
    return age == NULL || (vg_point_fetch(w, age, &raw) && vg_point_decode(age, raw, &age_milli) &&
                           age_milli >= 0 && age_milli <= w->map->age_max_milli);
}

static enum vg_quality worse(enum vg_quality a, enum vg_quality b)
{
    return a > b ? a : b;
}

static void say_continuous(const struct vg_regmap_view *w, struct vg_regmap_state *st)
{
    const struct vg_point *valid = vg_point_of_role(w->map, VG_ROLE_VALID);
    enum vg_quality q = VG_QUALITY_OK;
    uint32_t is_valid = 1;

    if (!take_sample(w, st, &q) || (valid != NULL && !vg_point_fetch(w, valid, &is_valid))) {
        return;
    }
    if ((st->signal_bits & SIGNALS_DOUBT) != 0) {
        q = worse(q, VG_QUALITY_QUESTIONABLE);
    }
    if (is_valid == 0 || (st->signal_bits & SIGNALS_NO_VALUE) != 0) {
        q = VG_QUALITY_INVALID;
    }
    for (uint32_t i = 0; i < w->map->point_count; i++) {
        if (vg_point_is_continuous_vital(&w->map->points[i])) {
            vg_point_say(w, &w->map->points[i], q);
        }
    }
}

void vg_regmap_parse(const struct vg_regmap *map, const struct vg_blocks *blocks,
                     struct vg_regmap_state *st, const struct vg_poll *poll,
                     const struct vg_sink *sink)
{
    const struct vg_regmap_view w = { .map = map, .blocks = blocks, .poll = poll, .sink = sink };

    say_signals(&w, st);
    say_continuous(&w, st);
    vg_regmap_say_cuff(&w, st);
}
