/*
 * routing.h -- who is told of an alarm: sinks, roles, and the states of machine R.
 *
 * In quiet mode an alarm goes to the staff first and reaches the room only when nobody takes it. A
 * sink is a program that makes an alarm heard or seen; it says every second that it is well, and
 * confirms what it sounds.
 */
#ifndef VIGIL_ROUTING_H
#define VIGIL_ROUTING_H

#include <stdbool.h>
#include <stdint.h>

#include "vigil/capacity.h"

enum vg_sink_role {
    VG_SINK_REMOTE, /* staff, told first */
    VG_SINK_SECOND, /* another person, told when the first does not react */
    VG_SINK_ROOM,   /* the room itself */
    VG_SINK_ROLES
};

/* States of machine R, one for each open instance. */
enum vg_route_state {
    VG_RS_DONE,      /* nobody is to be told (any more) */
    VG_RS_SENT,      /* R0: told the staff */
    VG_RS_CONFIRMED, /* R1: a sink says it sounds */
    VG_RS_ESCALATED, /* R2: told the second person */
    VG_RS_LOCAL,     /* R3: sounds in the room, and everywhere */
    VG_RS_COUNT
};

enum vg_route_what {
    VG_RW_SENT,
    VG_RW_CONFIRMED,
    VG_RW_ESCALATED,
    VG_RW_LOCAL_ON,
    VG_RW_DONE,
    VG_RW_COUNT
};

#define VG_SINK_NONE UINT8_C(0xff)

/* One move of machine R. */
struct vg_route_event {
    uint64_t instance;
    uint8_t condition; /* enum vg_condition */
    uint8_t priority;  /* enum vg_priority */
    uint8_t what;      /* enum vg_route_what */
    uint8_t from, to;  /* enum vg_route_state */
    uint8_t row;       /* n of row Qn */
    uint8_t sink;      /* which one confirmed, or VG_SINK_NONE */
};

enum vg_sink_what { VG_SW_OK, VG_SW_LOST, VG_SW_RECEIPT, VG_SW_COUNT };

struct vg_sink_event {
    uint64_t instance; /* RECEIPT */
    uint16_t telling;  /* RECEIPT: which, 0 = not said */
    uint8_t sink;
    uint8_t what; /* enum vg_sink_what */
};

/* What configuration says of sinks and times. */
struct vg_sink_row {
    uint16_t bed; /* the one bed it serves, or VG_BED_NONE for all */
    uint8_t role; /* enum vg_sink_role */
};

struct vg_routing {
    int64_t second_ns[3]; /* by enum vg_priority: unacknowledged so long calls the second person */
    int64_t local_ns[3];  /* ... and so long the room; LOW never */
    int64_t presence_ns;  /* quiet mode ends when nobody renews it for so long; 0 = never */
    uint8_t sink_count;
    struct vg_sink_row sinks[VG_SINKS_MAX];
};

const char *vg_sink_role_name(enum vg_sink_role r);
bool vg_sink_role_find(const char *name, enum vg_sink_role *out);
const char *vg_route_state_name(enum vg_route_state s);
const char *vg_route_what_name(enum vg_route_what w);
const char *vg_sink_what_name(enum vg_sink_what w);

#endif
