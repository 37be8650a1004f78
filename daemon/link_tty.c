/*
 * link_tty.c -- a terminal by termios, and the reading and writing all descriptor links share.
 *
 * Trap: on a raw terminal read() = 0 after a readiness report means that the device is gone, not
 * that there is nothing; who ignores it spins.
 */
#include <errno.h>
#include <unistd.h>

#include "daemon/link.h"
#include "lib/tty.h"

ssize_t vg_link_fd_read(struct vg_link *l, uint8_t *buf, size_t cap)
{
    ssize_t n = read(l->fd, buf, cap);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    return n > 0 ? n : -1;
}

ssize_t vg_link_fd_write(struct vg_link *l, const uint8_t *buf, size_t len)
{
    ssize_t n = write(l->fd, buf, len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    return n;
}

static enum vg_status open_tty(struct vg_link *l, const struct vg_link_config *cfg)
{
    enum vg_status st = vg_tty_open(cfg->target, &cfg->line, &l->fd);
    if (st == VG_OK) {
        l->connecting = false;
        l->simulated = vg_tty_is_pty(l->fd);
    }
    return st;
}

static enum vg_status connected(struct vg_link *l)
{
    (void)l;
    return VG_OK;
}

static void close_tty(struct vg_link *l)
{
    (void)close(l->fd);
    l->fd = -1;
}

const struct vg_link_ops vg_link_tty = {
    .name = "tty",
    .open = open_tty,
    .connected = connected,
    .read = vg_link_fd_read,
    .write = vg_link_fd_write,
    .close = close_tty,
};

const struct vg_link_ops *vg_link_ops_of(enum vg_link_scheme s)
{
    switch (s) {
    case VG_SCHEME_SERIAL:
        return &vg_link_serial;
    case VG_SCHEME_TTY:
        return &vg_link_tty;
    case VG_SCHEME_TCP:
        return &vg_link_tcp;
    case VG_SCHEME_MODBUS_RTU:
    case VG_SCHEME_MODBUS_TCP:
    case VG_SCHEME_COUNT:
        break;
    }
    return NULL;
}
