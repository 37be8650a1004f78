/*
 * regmap_bench.h -- one Modbus unit on the table: its map, its blocks, its registers, and what the
 * register-map driver said. Shared by the tests of the regmap files.
 */
#ifndef VIGIL_TESTS_SUPPORT_REGMAP_BENCH_H
#define VIGIL_TESTS_SUPPORT_REGMAP_BENCH_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "drivers/bits.h"
#include "tests/support/sink_log.h"
#include "tests/support/test_maps.h"
#include "vigil/compiler.h"

struct unit {
    struct vg_regmap map;
    struct vg_blocks blocks;
    struct vg_regmap_state st;
    struct vg_poll poll;
    struct sink_log log;
};

static struct unit unit;

/* Check the map, build its blocks, forget everything. */
static inline struct unit *open_unit(void)
{
    const char *why = NULL;
    uint32_t line = 0;

    assert_int_equal(vg_regmap_check(&unit.map, &why, &line), VG_OK);
    assert_null(why);
    vg_regmap_blocks(&unit.map, true, &unit.blocks);
    memset(&unit.st, 0, sizeof(unit.st));
    memset(&unit.poll, 0, sizeof(unit.poll));
    sink_log_init(&unit.log);
    return &unit;
}

static inline struct unit *open_vm2(void)
{
    test_map_vm2(&unit.map);
    return open_unit();
}

static inline void set_reg(struct unit *u, uint16_t area, uint16_t addr, uint16_t value)
{
    for (uint32_t i = 0; i < u->blocks.count; i++) {
        const struct vg_block *b = &u->blocks.of[i];

        if (b->area == area && addr >= b->addr && addr < b->addr + b->count) {
            u->poll.regs[b->at + addr - b->addr] = value;
            u->poll.ok |= 1u << i;
            return;
        }
    }
    fail_msg("no block has register %u", addr);
}

static inline void set_in(struct unit *u, uint16_t addr, uint16_t value)
{
    set_reg(u, VG_AREA_INPUT, addr, value);
}

/* A read reply as on the wire: unit, function, byte count, data, CRC. */
static inline void set_reply(struct unit *u, uint16_t area, uint16_t addr, const uint8_t *f,
                             size_t n)
{
    assert_int_equal(vg_crc16_modbus(f, n), 0);
    assert_int_equal(f[2] + 5u, n);
    for (size_t i = 0; i < f[2] / 2u; i++) {
        set_reg(u, area, (uint16_t)(addr + i), vg_be16(f + 3 + 2 * i));
    }
}

static inline void parse(struct unit *u)
{
    vg_regmap_parse(&u->map, &u->blocks, &u->st, &u->poll, &u->log.sink);
}

static inline enum vg_status ask(struct unit *u, enum vg_request_what what)
{
    enum vg_area area = VG_AREA_COIL;
    uint16_t addr = 0;
    uint16_t value = 0;

    return vg_regmap_write(&u->map, &u->st, what, &area, &addr, &value);
}

/* Only the cuff registers of the VM-2, with this state and sequence number and a good result. */
static inline void poll_cuff(struct unit *u, uint16_t state, uint16_t seq)
{
    static const uint16_t good[] = { 120, 80, 93, 71, 2, 0, 0 };

    u->poll.ok = 0;
    set_in(u, 16, state);
    for (uint16_t i = 0; i < VG_COUNT(good); i++) {
        set_in(u, (uint16_t)(17 + i), good[i]);
    }
    set_in(u, 24, seq);
    sink_log_clear(&u->log);
    parse(u);
}

static inline void expect_reading(const struct unit *u, enum vg_vital vital, int32_t milli,
                                  enum vg_quality q)
{
    const struct said *s = sink_log_find(&u->log, SAID_READING, (int32_t)vital, 0);

    assert_int_equal(s->kind, SAID_READING);
    assert_int_equal(s->value, milli);
    assert_int_equal(s->b, q);
}

static inline uint32_t readings(const struct unit *u, int32_t vital)
{
    return sink_log_count(&u->log, SAID_READING, vital);
}

static inline uint32_t words(const struct unit *u, enum vg_cuff_word word)
{
    return sink_log_count(&u->log, SAID_CUFF, (int32_t)word);
}

static inline void expect_nibp(const struct unit *u, enum vg_nibp_error error, uint16_t native)
{
    const struct said *s = sink_log_find(&u->log, SAID_NIBP, -1, 0);

    assert_int_equal(sink_log_count(&u->log, SAID_NIBP, -1), 1);
    assert_int_equal(s->nibp.error, error);
    assert_int_equal(s->nibp.native_code, native);
    assert_int_equal(s->nibp.sys_milli, error == VG_NIBP_OK ? 120000 : 0);
    assert_int_equal(s->nibp.mean_milli, error == VG_NIBP_OK ? 93000 : 0);
}

static inline void expect_no_nibp(const struct unit *u)
{
    assert_int_equal(sink_log_count(&u->log, SAID_NIBP, -1), 0);
}

#endif
