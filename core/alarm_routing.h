/*
 * alarm_routing.h -- machine R: who is told of one open instance, as a table.
 *
 * The machine knows no sink and no sound: it is told whether quiet mode is on and whether a remote
 * sink is well, and says how far the instance has got on its way to the room.
 */
#ifndef VIGIL_CORE_ALARM_ROUTING_H
#define VIGIL_CORE_ALARM_ROUTING_H

#include <stdbool.h>

#include "vigil/alarm.h"
#include "vigil/routing.h"
#include "vigil/time.h"

#define VG_RECEIPT_NS (3 * VG_NS_PER_S)

enum vg_route_input {
    VG_RI_OPEN,      /* an instance opened, is violated again, or its acknowledgement expired */
    VG_RI_WORSE,     /* its priority rose */
    VG_RI_RESTORED,  /* it was open before a restart */
    VG_RI_RECEIPT,   /* a sink says that it sounds */
    VG_RI_TICK,      /* time passed */
    VG_RI_LINK_LOST, /* no remote sink is well any more */
    VG_RI_LINK_OK,   /* one is well again */
    VG_RI_ROOM_LOST, /* the room's sounder is gone */
    VG_RI_QUIET_ON,
    VG_RI_QUIET_OFF,
    VG_RI_PAST,  /* the condition ended and only a message stays */
    VG_RI_ENDED, /* acknowledged or closed */
    VG_RI_COUNT
};

/* What one input meets. */
struct vg_route_ctx {
    const struct vg_routing *times;
    int64_t now_ns;
    uint8_t priority; /* enum vg_priority of the instance */
    bool quiet;       /* quiet mode is on */
    bool link;        /* a remote sink of the bed is well */
};

/* The part of an instance that machine R owns. */
struct vg_routed {
    int64_t sent_ns;
    uint8_t state; /* enum vg_route_state */
};

/* What an input did; row = n of row Qn, 0 = no row. moved: worth a record. */
struct vg_route_result {
    bool moved;
    uint8_t row;
    uint8_t what; /* enum vg_route_what */
    uint8_t from;
};

/* vg_route_step -- one input to one instance. Nanoseconds of mono time. Errors: none; a pair
 * without a row changes nothing. Source: rows Q1 to Q15 of docs/alarm-states.md. */
struct vg_route_result vg_route_step(struct vg_routed *r, enum vg_route_input in,
                                     const struct vg_route_ctx *ctx);

/* Does an instance in this state reach sinks of this role? */
bool vg_route_reaches(enum vg_route_state s, enum vg_sink_role role);

const char *vg_route_input_name(enum vg_route_input in);

#endif
