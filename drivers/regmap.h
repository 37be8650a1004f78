/*
 * regmap.h -- a Modbus register map as data: points -> blocks -> readings.
 *
 * A map describes one kind of unit: which register holds which vital, in which type, word order
 * and scale, which raw values mean "nothing", what proves that a value is fresh, and how a cuff
 * behind it is started and known to have finished. Maps are files in config/modbus/; daemon/config.c
 * fills struct vg_regmap from them and asks vg_regmap_check() whether it makes sense.
 *
 * Pure: the caller reads the blocks (daemon/link_modbus.c) and hands over the registers.
 * Source of the rules: Modbus Application Protocol V1.1b3.
 */
#ifndef VIGIL_DRIVERS_REGMAP_H
#define VIGIL_DRIVERS_REGMAP_H

#include "vigil/driver.h"
#include "vigil/status.h"

enum vg_area { VG_AREA_COIL, VG_AREA_DISCRETE, VG_AREA_INPUT, VG_AREA_HOLDING, VG_AREA_COUNT };

enum vg_reg_type {
    VG_RT_BIT, /* coil or discrete input, or bit `bit` of a register */
    VG_RT_U8H, /* high byte of the register */
    VG_RT_U8L,
    VG_RT_U16,
    VG_RT_S16,
    VG_RT_U32,
    VG_RT_S32,
    VG_RT_F32,
    VG_RT_BCD16,
    VG_RT_COUNT
};

enum vg_word_order { VG_ORDER_ABCD, VG_ORDER_CDAB, VG_ORDER_BADC, VG_ORDER_DCBA, VG_ORDER_COUNT };

enum vg_role {
    VG_ROLE_VITAL,      /* value of `vital`; nibp_* vitals are reported as one result */
    VG_ROLE_SIGNAL,     /* a bit that sets `signal_bit` when it reads 1 */
    VG_ROLE_VALID,      /* a bit that must be 1 for the continuous vitals to count */
    VG_ROLE_COUNTER,    /* changes with every new continuous sample: proves freshness */
    VG_ROLE_AGE,        /* age of the continuous sample; scale gives seconds */
    VG_ROLE_NIBP_STATE, /* enum through state_map */
    VG_ROLE_NIBP_ERROR, /* enum through error_map */
    VG_ROLE_NIBP_SEQ,   /* +1 per successful determination */
    VG_ROLE_NIBP_AGE,   /* age of the last result; scale gives seconds */
    VG_ROLE_NIBP_START, /* write 1 to start (coil or holding register) */
    VG_ROLE_NIBP_ABORT, /* write 1 to abort */
    VG_ROLE_ENABLE,     /* write `write_value` once after connecting (for example: collect) */
    VG_ROLE_COUNT
};

#define VG_INVALID_MAX 4
#define VG_ENUM_MAX 16

struct vg_point {
    uint8_t role; /* enum vg_role */
    uint8_t vital;
    uint8_t area; /* enum vg_area */
    uint8_t type; /* enum vg_reg_type */
    uint8_t order;
    uint8_t bit; /* for VG_RT_BIT inside a register: 0..15 */
    uint8_t invalid_count;
    bool has_range;
    uint16_t addr;        /* zero-based, as on the wire */
    uint16_t write_value; /* VG_ROLE_ENABLE */
    uint32_t signal_bit;  /* enum vg_signal_bit */
    int64_t scale_micro;  /* value in the vital's unit = raw * scale; 1000000 = 1 */
    int64_t offset_milli;
    uint32_t invalid[VG_INVALID_MAX]; /* raw values that mean "nothing"; F32 NaN/Inf always do */
    int32_t min_milli, max_milli;     /* after scaling; outside is invalid */
    uint32_t line;                    /* line in the map file, for messages */
};

/* One raw code and what it means. */
struct vg_code {
    uint16_t raw;
    uint8_t means; /* enum vg_map_nibp_state or enum vg_nibp_error */
};

enum vg_map_nibp_state {
    VG_MNS_IDLE,
    VG_MNS_BUSY_INFLATING,
    VG_MNS_BUSY_MEASURING,
    VG_MNS_DONE,
    VG_MNS_FAILED,
    VG_MNS_ABORTED,
    VG_MNS_COUNT
};

struct vg_regmap {
    char name[VG_ID_MAX];
    uint16_t max_regs; /* registers in one request, 1..125 */
    uint16_t max_fill; /* unused registers a merged block may include */
    uint16_t point_count;
    uint16_t state_count;
    uint16_t error_count;
    uint16_t unproven_polls; /* no counter and no age: unchanged for so many polls = questionable */
    int32_t age_max_milli;   /* age point above this: the sample is not taken; in seconds*1000 */
    struct vg_point points[VG_POINTS_MAX];
    struct vg_code states[VG_ENUM_MAX];
    struct vg_code errors[VG_ENUM_MAX];
};

struct vg_block {
    uint16_t area, addr, count; /* count registers (or bits) from addr; one request */
    uint16_t at;                /* where the block's values begin in vg_poll.regs */
    bool has_fill;              /* includes registers no point uses */
};

struct vg_blocks {
    uint16_t count;
    uint16_t total; /* registers of all blocks, <= VG_POLL_REGS_MAX */
    struct vg_block of[VG_BLOCKS_MAX];
};

/* What one poll brought: block i is present when bit i of ok is set. Bits occupy one element. */
struct vg_poll {
    uint32_t ok;
    uint16_t regs[VG_POLL_REGS_MAX];
};

/* Memory of one unit between polls; zeroed at start. */
struct vg_regmap_state {
    uint32_t counter; /* last counter value */
    uint32_t signal_bits;
    uint32_t fingerprint; /* of the continuous vitals' raw values, for unproven freshness */
    uint16_t unchanged_polls;
    uint16_t seq;           /* last nibp sequence number seen */
    uint16_t seq_at_start;  /* when VG_REQ_NIBP_START was sent */
    uint8_t nibp_state;     /* last enum vg_map_nibp_state, +1; 0 = none seen */
    uint8_t done_polls;     /* ended without a result of ours, so many polls */
    int32_t nibp_age_milli; /* last age of the result, when has_nibp_age; in seconds*1000 */
    bool has_counter, has_seq, has_signal, has_fingerprint;
    bool started;   /* a determination of ours is under way */
    bool seen_busy; /* ... and was seen to run */
    bool aborting;  /* ... and was told to stop */
    bool has_nibp_age;
    bool age_dropped; /* ... and a younger result appeared */
};

/*
 * vg_regmap_check -- does the map make sense?  VG_OK, or the first fault.
 *
 *   why  out  static sentence naming the cure; line = the point's line in the file, 0 = whole map
 * Refuses: point past register 65535; 16-bit type with a 32-bit order other than ABCD; block that
 * cannot fit max_regs; nibp start without abort, state and a proof of completion (seq or age);
 * duplicate role/vital; too many blocks.
 */
enum vg_status vg_regmap_check(const struct vg_regmap *map, const char **why, uint32_t *line);

/* vg_regmap_blocks -- the reads of one poll, lowest area and address first. Map must be checked.
 * fill = false builds blocks without unused registers (a unit answered exception 02). The nibp
 * points form one atomic group, the continuous points another: a group is never split. */
void vg_regmap_blocks(const struct vg_regmap *map, bool fill, struct vg_blocks *out);

/* vg_regmap_vitals -- bit set of the vitals the map can produce. */
uint32_t vg_regmap_vitals(const struct vg_regmap *map);
bool vg_regmap_is_cuff(const struct vg_regmap *map);

/*
 * vg_regmap_parse -- say what one poll means.
 *
 * A value leaves only with a proof of freshness where the map has one (counter changed, or age
 * below age_max_milli); without a proof it leaves questionable after unproven_polls unchanged
 * polls. A missing block says nothing. The result of a determination leaves once, when state,
 * sequence number and numbers agree that it is ours (started); otherwise VG_NIBP_FOREIGN or
 * VG_NIBP_NO_RESULT as documented in docs/devices/modbus.md. A result present at the first poll
 * is never reported.
 */
void vg_regmap_parse(const struct vg_regmap *map, const struct vg_blocks *blocks,
                     struct vg_regmap_state *st, const struct vg_poll *poll,
                     const struct vg_sink *sink);

/*
 * vg_regmap_write -- the write that carries out a request.
 *
 * VG_OK and the write; VG_ERR_STATE when the map has no such point. Marks `started` for START and
 * remembers seq_at_start. VG_REQ_NONE asks for the ENABLE write.
 */
enum vg_status vg_regmap_write(const struct vg_regmap *map, struct vg_regmap_state *st,
                               enum vg_request_what what, enum vg_area *area, uint16_t *addr,
                               uint16_t *value);

#endif
