/*
 * regmap_value.c -- one point of a register map: from registers to thousandths of its unit.
 *
 * All arithmetic is on integers, so that a float in a register gives the same number on every
 * machine. The order of steps matters: the raw value is compared with the list of values that mean
 * "nothing" before it is scaled, and the range is checked after. The trap is the word order: two
 * registers have four of them in the field, and a wrong one gives numbers, not errors; the range
 * is what catches it.
 */
#include "drivers/bits.h"
#include "drivers/regmap_point.h"

static uint32_t swap16(uint32_t v)
{
    return ((v & 0xffu) << 8) | (v >> 8);
}

/* Two registers in the order of the wire, each high byte first: bytes A B C D. */
static uint32_t join(uint8_t order, uint32_t first, uint32_t second)
{
    uint32_t v = 0;

    if (order == VG_ORDER_ABCD) {
        v = (first << 16) | second;
    } else if (order == VG_ORDER_CDAB) {
        v = (second << 16) | first;
    } else if (order == VG_ORDER_BADC) {
        v = (swap16(first) << 16) | swap16(second);
    } else {
        v = (swap16(second) << 16) | swap16(first);
    }
    return v;
}

/* The raw value in the type's own unsigned width. False when its block did not arrive. */
bool vg_point_fetch(const struct vg_regmap_view *w, const struct vg_point *p, uint32_t *raw)
{
    for (uint32_t i = 0; i < w->blocks->count; i++) {
        const struct vg_block *b = &w->blocks->of[i];
        uint32_t end = (uint32_t)b->addr + b->count;
        const uint16_t *r = NULL;

        if (b->area != p->area || p->addr < b->addr || p->addr + vg_point_width(p) > end) {
            continue;
        }
        r = &w->poll->regs[b->at + (p->addr - b->addr)];
        if (vg_point_width(p) == 2u) {
            *raw = join(p->order, r[0], r[1]);
        } else if (p->type == VG_RT_U8H) {
            *raw = (uint32_t)r[0] >> 8;
        } else if (p->type == VG_RT_U8L) {
            *raw = r[0] & 0xffu;
        } else if (p->type == VG_RT_BIT) {
            *raw = vg_point_is_bits(p) ? (r[0] != 0 ? 1u : 0u) : ((uint32_t)r[0] >> p->bit) & 1u;
        } else {
            *raw = r[0];
        }
        return (w->poll->ok & (1u << i)) != 0;
    }
    return false;
}

/* IEEE 754 single to thousandths, rounded to nearest. False for NaN, infinity and numbers that
 * do not fit 32 bits in thousandths: none of them is a vital sign. */
static bool float_milli(uint32_t raw, int64_t *milli)
{
    uint32_t biased = (raw >> 23) & 0xffu;
    int64_t v = (int64_t)(raw & 0x7fffffu);

    if (biased >= 127u + 31u) {
        return false;
    }
    if (biased != 0) {
        v |= INT64_C(1) << 23;
    } else {
        biased = 1;
    }
    /* value = v * 2^(biased - 150); v * 1000 has at most 34 bits */
    v *= 1000;
    if (biased >= 150u) {
        v *= INT64_C(1) << (biased - 150u);
    } else if (150u - biased < 40u) {
        v = (v + (INT64_C(1) << (149u - biased))) >> (150u - biased);
    } else {
        v = 0;
    }
    *milli = (raw >> 31) != 0 ? -v : v;
    return v <= INT32_MAX;
}

static bool bcd(uint32_t raw, int64_t *value)
{
    int64_t v = 0;

    for (uint32_t shift = 16; shift > 0; shift -= 4) {
        uint32_t digit = (raw >> (shift - 4u)) & 0xfu;

        if (digit > 9) {
            return false;
        }
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

/* a * b / divisor, to nearest, halves away from zero. regmap_build.c bounds the scale, so the
 * product is below 2^63. */
int64_t vg_round_div(int64_t a, int64_t b, int64_t divisor)
{
    int64_t product = a * b;
    int64_t half = divisor / 2;

    return (product < 0 ? product - half : product + half) / divisor;
}

/* Raw to thousandths of the unit. False when the raw value means nothing. */
bool vg_point_decode(const struct vg_point *p, uint32_t raw, int32_t *milli)
{
    int64_t v = raw;
    int64_t divisor = 1000; /* scale is in millionths, the result in thousandths */
    bool ok = true;

    for (uint32_t i = 0; i < p->invalid_count; i++) {
        if (p->invalid[i] == raw) {
            return false;
        }
    }
    if (p->type == VG_RT_F32) {
        ok = float_milli(raw, &v);
        divisor = 1000000;
    } else if (p->type == VG_RT_BCD16) {
        ok = bcd(raw, &v);
    } else if (p->type == VG_RT_S16) {
        v = vg_s16((uint16_t)(raw & 0xffffu));
    } else if (p->type == VG_RT_S32 && raw >= 0x80000000u) {
        v -= INT64_C(0x100000000);
    } else {
        /* unsigned as it is */
    }
    if (!ok) {
        return false;
    }
    v = vg_round_div(v, p->scale_micro, divisor) + p->offset_milli;
    if (v < INT32_MIN || v > INT32_MAX) {
        return false;
    }
    *milli = (int32_t)v;
    return !p->has_range || (*milli >= p->min_milli && *milli <= p->max_milli);
}

void vg_point_say(const struct vg_regmap_view *w, const struct vg_point *p, enum vg_quality q)
{
    uint32_t raw = 0;
    int32_t milli = 0;

    if (!vg_point_fetch(w, p, &raw)) {
        return;
    }
    if (!vg_point_decode(p, raw, &milli)) {
        q = VG_QUALITY_INVALID;
    }
    w->sink->reading(w->sink->state, p->vital, q == VG_QUALITY_INVALID ? 0 : milli, q);
}
