/*
 * conn.h -- the connection machine of one device, shared by byte ports and Modbus units.
 *
 * CLOSED, OPENING, SYNCING, ONLINE, SILENT, BACKOFF. It decides when to try again and which moves
 * are news; it owns no descriptor. Every loss is reported at once; a port that keeps failing is
 * reported once.
 */
#ifndef VIGIL_DAEMON_CONN_H
#define VIGIL_DAEMON_CONN_H

#include "daemon/config.h"
#include "lib/log.h"
#include "vigil/event.h"
#include "vigil/status.h"

struct vg_conn {
    int64_t due_ns;   /* BACKOFF: when to open again */
    int64_t heard_ns; /* last valid frame or answer, or the opening */
    int64_t backoff_ns;
    uint64_t dropped_seen; /* dropped bytes already reported */
    uint8_t state;         /* enum vg_port_state */
    uint8_t reported;      /* state last told to the world */
    struct vg_log_limit lost_limit, online_limit;
};

/* Back-off 0.25 s doubling to 1 s: first reading within 3 s of the cable coming back, and a
 * missing path costs one failing open a second. */
#define VG_CONN_BACKOFF_MIN_NS (250 * VG_NS_PER_MS)
#define VG_CONN_BACKOFF_MAX_NS VG_NS_PER_S

void vg_conn_init(struct vg_conn *c, int64_t now_ns);

/* vg_conn_move -- enter a state. True when the move is to be announced: *out is filled then. */
bool vg_conn_move(struct vg_conn *c, enum vg_port_state to, enum vg_status cause, int64_t now_ns,
                  uint64_t dropped, struct vg_device_event *out);

/* A valid frame or answer arrived. */
void vg_conn_heard(struct vg_conn *c, int64_t now_ns);

/* vg_conn_log -- one line for the engineer about an announced move; repeats are held back, losses
 * and returns each on their own. */
void vg_conn_log(struct vg_conn *c, const struct vg_device_config *cfg, enum vg_port_state to,
                 enum vg_status cause, int64_t now_ns);

#endif
