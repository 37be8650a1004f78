/*
 * fuzz_regmap.c -- any register map that passes the check, any registers, any requests.
 *
 * The input is read as a script: first the map, field by field or as a change to a shipped one,
 * then polls and requests. A map that vg_regmap_check() lets through must build within its
 * limits, read every point once, and never say a number outside a point's range, nor a result that
 * was not asked for.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "drivers/regmap.h"
#include "tests/support/plausible.h"
#include "tests/support/test_maps.h"
#include "vigil/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
    const uint8_t *at;
    size_t left;
};

struct heard {
    const struct vg_regmap *map;
    uint32_t results;
    bool may_be_ok; /* a determination was started and not yet answered */
};

static uint32_t take(struct script *s, uint32_t bytes)
{
    uint32_t v = 0;

    while (bytes > 0 && s->left > 0) {
        v = (v << 8) | *s->at;
        s->at++;
        s->left--;
        bytes--;
    }
    return v;
}

static void on_reading(void *state, enum vg_vital vital, int32_t value_milli, enum vg_quality q)
{
    const struct heard *h = state;

    VG_ASSERT(q == VG_QUALITY_OK || q == VG_QUALITY_QUESTIONABLE || q == VG_QUALITY_INVALID);
    VG_ASSERT(q != VG_QUALITY_INVALID || value_milli == 0);
    for (uint32_t i = 0; i < h->map->point_count; i++) {
        const struct vg_point *p = &h->map->points[i];

        if (p->role == VG_ROLE_VITAL && p->vital == vital) {
            VG_ASSERT(q == VG_QUALITY_INVALID || !p->has_range ||
                      (value_milli >= p->min_milli && value_milli <= p->max_milli));
            return;
        }
    }
    VG_TRAP(); /* a vital that the map does not have */
}

static void on_wave(void *state, enum vg_vital vital, uint32_t rate_millihz, uint16_t sample)
{
    (void)state;
    (void)vital;
    (void)rate_millihz;
    (void)sample;
    VG_TRAP();
}

static void on_gap(void *state, enum vg_vital vital)
{
    (void)state;
    (void)vital;
    VG_TRAP();
}

static void on_nibp(void *state, const struct vg_nibp *n)
{
    struct heard *h = state;

    VG_ASSERT(is_plausible_nibp(n));
    VG_ASSERT(n->error == VG_NIBP_FOREIGN || h->may_be_ok);
    h->results++;
    h->may_be_ok = false;
}

static void on_cuff(void *state, enum vg_cuff_word word)
{
    (void)state;
    VG_ASSERT(word == VG_CUFF_RUNNING || word == VG_CUFF_IDLE || word == VG_CUFF_ABORTED ||
              word == VG_CUFF_COMPLETED);
}

static void on_signal(void *state, uint32_t bits)
{
    (void)state;
    (void)bits;
}

static void take_point(struct script *s, struct vg_point *p)
{
    uint32_t flags = take(s, 1);

    memset(p, 0, sizeof(*p));
    p->role = (uint8_t)(take(s, 1) % (VG_ROLE_COUNT + 1u));
    p->vital = (uint8_t)(take(s, 1) % (VG_VITAL_COUNT + 1u));
    p->area = (uint8_t)(take(s, 1) % (VG_AREA_COUNT + 1u));
    p->type = (uint8_t)(take(s, 1) % (VG_RT_COUNT + 1u));
    p->order = (flags & 1u) != 0 ? (uint8_t)(take(s, 1) % (VG_ORDER_COUNT + 1u)) : 0;
    p->bit = (flags & 2u) != 0 ? (uint8_t)(take(s, 1) % 17u) : 0;
    p->addr = (uint16_t)((flags & 4u) != 0 ? take(s, 2) : take(s, 1) % 32u);
    p->scale_micro = (flags & 8u) != 0 ? (int64_t)take(s, 4) - INT64_C(0x80000000) : 1000000;
    p->offset_milli = (flags & 16u) != 0 ? (int64_t)take(s, 4) - INT64_C(0x80000000) : 0;
    if ((flags & 32u) != 0) {
        p->has_range = true;
        p->min_milli = (int32_t)take(s, 3);
        p->max_milli = (int32_t)take(s, 3);
    }
    if ((flags & 64u) != 0) {
        p->invalid_count = 1;
        p->invalid[0] = take(s, 2);
    }
    p->signal_bit = take(s, 1);
    p->write_value = (uint16_t)take(s, 1);
}

/* A shipped map with a few points replaced: what chance does not build in a lifetime. */
static void take_shipped(struct script *s, struct vg_regmap *map, bool is_vm2)
{
    uint32_t changes = take(s, 1) % 4u;

    if (is_vm2) {
        test_map_vm2(map);
    } else {
        test_map_dfrobot(map);
    }
    for (uint32_t i = 0; i < changes; i++) {
        take_point(s, &map->points[take(s, 1) % map->point_count]);
    }
}

static void take_map(struct script *s, struct vg_regmap *map)
{
    memset(map, 0, sizeof(*map));
    map->point_count = (uint16_t)(take(s, 1) % (VG_POINTS_MAX + 1u));
    map->max_regs = (uint16_t)(take(s, 1) % 127u);
    map->max_fill = (uint16_t)take(s, 1);
    map->unproven_polls = (uint16_t)take(s, 1);
    map->age_max_milli = (int32_t)take(s, 2);
    map->state_count = 8;
    map->error_count = 8;
    for (uint16_t i = 0; i < 8; i++) {
        map->states[i].raw = i;
        map->states[i].means = (uint8_t)(i % VG_MNS_COUNT);
        map->errors[i].raw = i;
        map->errors[i].means = (uint8_t)i;
    }
    for (uint32_t i = 0; i < map->point_count; i++) {
        take_point(s, &map->points[i]);
    }
}

/* Every point that is read lies in exactly one block, and no block is larger than allowed. */
static void check_blocks(const struct vg_regmap *map, const struct vg_blocks *b)
{
    uint32_t total = 0;

    VG_ASSERT(b->count >= 1 && b->count <= VG_BLOCKS_MAX && b->total <= VG_POLL_REGS_MAX);
    for (uint32_t k = 0; k < b->count; k++) {
        VG_ASSERT(b->of[k].count >= 1 && b->of[k].count <= map->max_regs);
        VG_ASSERT(b->of[k].at == total);
        total += b->of[k].count;
    }
    VG_ASSERT(total == b->total);
    for (uint32_t i = 0; i < map->point_count; i++) {
        const struct vg_point *p = &map->points[i];
        uint32_t wide = p->type == VG_RT_U32 || p->type == VG_RT_S32 || p->type == VG_RT_F32;
        uint32_t in = 0;

        if (p->role == VG_ROLE_NIBP_START || p->role == VG_ROLE_NIBP_ABORT ||
            p->role == VG_ROLE_ENABLE) {
            continue;
        }
        for (uint32_t k = 0; k < b->count; k++) {
            const struct vg_block *o = &b->of[k];

            in += o->area == p->area && p->addr >= o->addr &&
                  p->addr + wide < (uint32_t)o->addr + o->count;
        }
        VG_ASSERT(in == 1);
    }
}

/* One poll: a few registers change, a few blocks are missing; and sometimes a request. */
static void step(struct script *s, const struct vg_regmap *map, const struct vg_blocks *blocks,
                 struct vg_regmap_state *st, struct vg_poll *poll, const struct vg_sink *sink)
{
    struct heard *h = sink->state;
    uint32_t what = take(s, 1);
    uint32_t before = h->results;
    enum vg_area area = VG_AREA_COIL;
    uint16_t addr = 0;
    uint16_t value = 0;

    for (uint32_t i = 0; i < (what & 7u); i++) {
        uint32_t at = take(s, 1) % blocks->total;

        poll->regs[at] = (uint16_t)((what & 8u) != 0 ? take(s, 2) : take(s, 1) % 8u);
    }
    poll->ok = (what & 16u) != 0 ? take(s, 1) : UINT32_MAX;
    if ((what & 32u) != 0) {
        enum vg_request_what any = (enum vg_request_what)(take(s, 1) % VG_REQ_COUNT);
        enum vg_request_what ask = (what & 64u) != 0 ? VG_REQ_NONE : any;

        if (vg_regmap_write(map, st, ask, &area, &addr, &value) == VG_OK) {
            VG_ASSERT(area == VG_AREA_COIL || area == VG_AREA_HOLDING);
            h->may_be_ok = h->may_be_ok || st->started;
        }
    }
    vg_regmap_parse(map, blocks, st, poll, sink);
    VG_ASSERT(h->results - before <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vg_regmap map;
    static struct vg_poll poll;
    struct script s = { .at = data, .left = size };
    struct vg_blocks blocks;
    struct vg_regmap_state st;
    struct heard heard = { .map = &map };
    const struct vg_sink sink = {
        .reading = on_reading,
        .wave = on_wave,
        .wave_gap = on_gap,
        .nibp = on_nibp,
        .cuff = on_cuff,
        .signal = on_signal,
        .state = &heard,
    };
    const char *why = NULL;
    uint32_t line = 0;

    switch (take(&s, 1) % 4u) {
    case 0:
        take_map(&s, &map);
        break;
    case 1:
        take_shipped(&s, &map, false);
        break;
    default:
        take_shipped(&s, &map, true);
        break;
    }
    if (vg_regmap_check(&map, &why, &line) != VG_OK) {
        VG_ASSERT(why != NULL);
        return 0;
    }
    VG_ASSERT(why == NULL);
    vg_regmap_blocks(&map, false, &blocks);
    check_blocks(&map, &blocks);
    vg_regmap_blocks(&map, true, &blocks);
    check_blocks(&map, &blocks);
    memset(&st, 0, sizeof(st));
    memset(&poll, 0, sizeof(poll));
    while (s.left > 0) {
        step(&s, &map, &blocks, &st, &poll, &sink);
    }
    return 0;
}
