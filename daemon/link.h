/*
 * link.h -- a link moves bytes: how one is opened, read, written and closed.
 *
 * Every link is a non-blocking descriptor; what differs is how it comes into being. Modbus is not
 * a byte link: its library blocks, so it lives on a worker (link_modbus.h).
 */
#ifndef VIGIL_DAEMON_LINK_H
#define VIGIL_DAEMON_LINK_H

#include <sys/types.h>

#include "daemon/config.h"

struct vg_link;

struct vg_link_ops {
    const char *name;
    /* Begin to open. VG_OK: l->fd is set; l->connecting says that it is not usable yet. */
    enum vg_status (*open)(struct vg_link *l, const struct vg_link_config *cfg);
    /* fd became ready while connecting: VG_OK when it is usable now, as the same or another fd. */
    enum vg_status (*connected)(struct vg_link *l);
    /* > 0 bytes; 0 nothing now; < 0 the link is gone (end-of-file, hang-up, error). */
    ssize_t (*read)(struct vg_link *l, uint8_t *buf, size_t cap);
    /* Bytes taken, possibly fewer than len; < 0 gone. */
    ssize_t (*write)(struct vg_link *l, const uint8_t *buf, size_t len);
    void (*close)(struct vg_link *l);
};

struct vg_link {
    const struct vg_link_ops *ops;
    void *handle; /* link_serial.c: its opening */
    int fd;       /* -1 = closed */
    bool connecting;
    bool simulated; /* a pseudo-terminal or a loopback address: not a real device */
};

extern const struct vg_link_ops vg_link_serial;
extern const struct vg_link_ops vg_link_tty;
extern const struct vg_link_ops vg_link_tcp;

/* The ops of a scheme; NULL for Modbus schemes. */
const struct vg_link_ops *vg_link_ops_of(enum vg_link_scheme s);

/* Read and write of a plain descriptor with the meaning above. */
ssize_t vg_link_fd_read(struct vg_link *l, uint8_t *buf, size_t cap);
ssize_t vg_link_fd_write(struct vg_link *l, const uint8_t *buf, size_t len);

/* Is this host the machine itself (127.0.0.0/8, ::1, localhost)? */
bool vg_link_is_loopback(const char *host);

#endif
