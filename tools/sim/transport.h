/*
 * transport.h -- the cable of a simulated device: a pseudo-terminal behind a stable symbolic link,
 * or a TCP listener on 127.0.0.1. It can be pulled out and put back.
 */
#ifndef VIGIL_TOOLS_SIM_TRANSPORT_H
#define VIGIL_TOOLS_SIM_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VG_TRANSPORT_PATH_BYTES 256
#define VG_TRANSPORT_CHANNEL_MAX 4 /* TCP peers at once; a pseudo-terminal uses channel 0 */
#define VG_TRANSPORT_CHANNEL_ALL VG_TRANSPORT_CHANNEL_MAX

enum vg_transport_kind { VG_TRANSPORT_PTY, VG_TRANSPORT_TCP };

struct vg_transport {
    enum vg_transport_kind kind;
    bool is_plugged;
    char path[VG_TRANSPORT_PATH_BYTES];  /* pty: the link others open */
    char slave[VG_TRANSPORT_PATH_BYTES]; /* pty: what it points to */
    uint16_t port;                       /* TCP; 0 before the first plug lets the kernel choose */
    int listen_fd;
    int slave_fd; /* kept open: without it a peer's close would hang up the master */
    int channel_fd[VG_TRANSPORT_CHANNEL_MAX];
    uint64_t dropped_count; /* writes nobody had room for */
};

/* vg_transport_init -- fill in a transport that is not plugged yet; path is copied. */
void vg_transport_init(struct vg_transport *t, enum vg_transport_kind kind, const char *path,
                       uint16_t port);

/*
 * vg_transport_plug -- make the cable available under its path or port.
 *
 * Errors: false: errno tells why; the transport stays unplugged. A path that exists and is not a
 *         symbolic link is refused with EEXIST.
 */
bool vg_transport_plug(struct vg_transport *t);

/* vg_transport_unplug -- close everything and remove the link. Harmless when unplugged. */
void vg_transport_unplug(struct vg_transport *t);

/*
 * vg_transport_accept -- take one waiting TCP peer; channel 0 makes room when all are used.
 *
 * Returns its channel, VG_TRANSPORT_CHANNEL_ALL when there was none.
 */
size_t vg_transport_accept(struct vg_transport *t);

/*
 * vg_transport_read -- bytes of one channel.
 *
 * Returns the number of bytes, 0 when there are none now or the peer has gone (its channel is then
 * closed).
 */
size_t vg_transport_read(struct vg_transport *t, size_t channel, uint8_t *buf, size_t buf_len);

/* vg_transport_write -- to one channel or to all; never blocks, drops what does not fit. */
void vg_transport_write(struct vg_transport *t, size_t channel, const uint8_t *buf, size_t buf_len);

/* vg_transport_close_channel -- hang up on one TCP peer; no effect on a pseudo-terminal. */
void vg_transport_close_channel(struct vg_transport *t, size_t channel);

#endif
