/*
 * fault.h -- the fault script of a simulated device.
 *
 * One line of a script is  [#DEVICE] AT_S NAME [DURATION_S] [ARG]; the interactive form has no AT_S
 * and begins at once. Seconds may have decimals. For a name that needs ARG, a single number is ARG
 * and the fault lasts until it is used, cleared or the program ends.
 */
#ifndef VIGIL_TOOLS_SIM_FAULT_H
#define VIGIL_TOOLS_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VG_FAULT_LIST_MAX 64 /* per device; a script longer than this is refused */
#define VG_FAULT_FOREVER INT64_MAX
#define VG_FAULT_ALL_DEVICES (-1)

enum vg_fault_name {
    VG_FAULT_DROP,             /* say nothing */
    VG_FAULT_GARBAGE,          /* random bytes mixed in */
    VG_FAULT_FREEZE,           /* the same values for ever, counters stand still */
    VG_FAULT_SENSOR_OFF,       /* no finger; cuff: loose */
    VG_FAULT_SENSOR_UNPLUGGED, /* sensor or hose not connected */
    VG_FAULT_LOW_PERFUSION,    /* ARG 1: marginal instead of low */
    VG_FAULT_ARTIFACT,
    VG_FAULT_SPO2,         /* ARG: percent held */
    VG_FAULT_PR,           /* ARG: beats per minute held */
    VG_FAULT_SYS,          /* ARG: mmHg of the readings begun meanwhile; no duration: of the next */
    VG_FAULT_SLOW,         /* ARG: ms added to every reply */
    VG_FAULT_LATE,         /* ARG: ms added to one reply */
    VG_FAULT_EXCEPTION,    /* ARG: Modbus exception code of every reply */
    VG_FAULT_BUSY,         /* starts are refused */
    VG_FAULT_FAIL,         /* ARG: error code of the next determination */
    VG_FAULT_NO_ACK,       /* commands are obeyed but not acknowledged */
    VG_FAULT_UNPLUG,       /* the port disappears; with a duration it comes back */
    VG_FAULT_REPLUG,       /* ends every unplug */
    VG_FAULT_BAD_CHECKSUM, /* frames carry a wrong check value */
    VG_FAULT_CLEAR,        /* ends every fault */
    VG_FAULT_NAME_COUNT
};

struct vg_fault {
    enum vg_fault_name name;
    int device; /* VG_FAULT_ALL_DEVICES or an index */
    int64_t from_ns;
    int64_t until_ns;
    int64_t arg;
};

struct vg_fault_list {
    struct vg_fault items[VG_FAULT_LIST_MAX];
    size_t items_len;
};

/*
 * vg_fault_parse -- read one line.
 *
 *   out      out  the fault; undefined when false is returned
 *   line     in   text without the line end
 *   has_at   in   true: script form, the line carries its own time; false: interactive form
 *   now_ns   in   begin of an interactive fault
 *
 * Errors: false: unknown name, bad number, missing ARG or text left over.
 */
bool vg_fault_parse(struct vg_fault *out, const char *line, bool has_at, int64_t now_ns);

/* vg_fault_is_comment -- empty, or "#" not followed by a digit. */
bool vg_fault_is_comment(const char *line);

/* vg_fault_add -- append a copy; false when the list is full. */
bool vg_fault_add(struct vg_fault_list *list, const struct vg_fault *fault);

/*
 * vg_fault_is_active -- does this fault hold at now_ns? Where two overlap, the later entry wins.
 *
 *   arg  out  its argument; left alone when false is returned; may be NULL
 */
bool vg_fault_is_active(const struct vg_fault_list *list, int64_t *arg, enum vg_fault_name name,
                        int64_t now_ns);

/* vg_fault_consume -- as vg_fault_is_active, and the fault ends by being used. */
bool vg_fault_consume(struct vg_fault_list *list, int64_t *arg, enum vg_fault_name name,
                      int64_t now_ns);

/* vg_fault_consume_open -- end this fault if it holds and has no end of its own. */
void vg_fault_consume_open(struct vg_fault_list *list, enum vg_fault_name name, int64_t now_ns);

/* vg_fault_settle -- carry out due replug and clear entries and forget what is over. */
void vg_fault_settle(struct vg_fault_list *list, int64_t now_ns);

/* vg_fault_next_edge_ns -- when the next fault begins or ends; VG_FAULT_FOREVER if none. */
int64_t vg_fault_next_edge_ns(const struct vg_fault_list *list, int64_t now_ns);

#endif
