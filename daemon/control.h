/*
 * control.h -- the ROUTER sockets `view` and `operate`: requests in, replies out.
 */
#ifndef VIGIL_DAEMON_CONTROL_H
#define VIGIL_DAEMON_CONTROL_H

#include "daemon/effects.h"
#include "vigil/event.h"

struct vigild;

struct vg_control {
    void *view;
    void *operate;
    char body[VG_WIRE_MAX];
};

/* vg_control_open -- bind both sockets and hand them to the reactor. */
enum vg_status vg_control_open(struct vigild *v);
void vg_control_close(struct vigild *v);

/* Answer a waiting command: recorded, or "not yet". */
void vg_control_confirm(struct vigild *v, const struct vg_pending *p, bool recorded);
/* Answer a command that was not carried out. */
void vg_control_refuse(struct vigild *v, const struct vg_pending *p, enum vg_refusal why,
                       const char *text, const struct vg_event *ev);

#endif
