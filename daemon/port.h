/*
 * port.h -- one byte device: its link, its driver's state, its connection.
 */
#ifndef VIGIL_DAEMON_PORT_H
#define VIGIL_DAEMON_PORT_H

#include "daemon/conn.h"
#include "daemon/link.h"
#include "drivers/pump.h"

struct vigild;

struct vg_port {
    struct vigild *v;
    const struct vg_device_config *cfg;
    uint16_t device;
    struct vg_conn conn;
    struct vg_link link;
    struct vg_pump pump;
    struct vg_sink sink;
    int64_t keepalive_ns;                  /* when the next harmless question is due */
    uint8_t out[VG_REQUEST_BYTES_MAX * 4]; /* bytes the link has not taken yet */
    size_t out_len;
    bool broken; /* a write failed: the next tick closes the link */
    _Alignas(8) uint8_t state[VG_DRIVER_STATE_MAX];
};

/* vg_port_init -- bind to a device of the configuration; nothing is opened yet. */
void vg_port_init(struct vg_port *p, struct vigild *v, uint16_t device);
/* vg_port_tick -- open when due, notice silence, ask what is due to be asked. Every 50 ms. */
void vg_port_tick(struct vg_port *p);
/* vg_port_request -- send the driver's bytes for a request; VG_ERR_LOST when not connected,
 * VG_ERR_STATE when the driver has no bytes for it. */
enum vg_status vg_port_request(struct vg_port *p, enum vg_request_what what);
void vg_port_close(struct vg_port *p);

#endif
