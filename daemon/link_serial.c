/*
 * link_serial.c -- a real serial port by libserialport: opened and configured by the library, then
 * read and written as a plain descriptor.
 *
 * The library (0.1.1) finds ports by their name below /sys/class/tty, so links such as
 * /dev/serial/by-id/... are resolved first, at each opening: the stable name may point to another
 * node after a replug. It neither locks the port nor sets close-on-exec, leaves XON/XOFF on after
 * opening, and answers 0 both for "nothing" and for "gone": hence the plain read.
 * It refuses pseudo-terminals; those are `tty:` links.
 */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/link.h"
#include "lib/tty.h"

static enum sp_parity parity_of(char c)
{
    return c == 'E' ? SP_PARITY_EVEN : c == 'O' ? SP_PARITY_ODD : SP_PARITY_NONE;
}

static enum vg_status configure(struct sp_port *port, const struct vg_line *line)
{
    if (sp_set_baudrate(port, (int)line->baud) != SP_OK ||
        sp_set_bits(port, line->data_bits) != SP_OK ||
        sp_set_parity(port, parity_of(line->parity)) != SP_OK ||
        sp_set_stopbits(port, line->stop_bits) != SP_OK ||
        sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE) != SP_OK) {
        return VG_ERR_RANGE;
    }
    return VG_OK;
}

/* Closing must not drop DTR: some modules reset on it. */
static void keep_lines_on_close(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t) == 0) {
        t.c_cflag &= ~(tcflag_t)HUPCL;
        (void)tcsetattr(fd, TCSANOW, &t);
    }
}

static enum vg_status open_serial(struct vg_link *l, const struct vg_link_config *cfg)
{
    char path[PATH_MAX];
    struct sp_port *port = NULL;
    enum vg_status st = VG_ERR_LOST;

    if (realpath(cfg->target, path) == NULL) {
        return vg_tty_status(errno);
    }
    if (sp_get_port_by_name(path, &port) != SP_OK) {
        return VG_ERR_LOST;
    }
    if (sp_open(port, SP_MODE_READ_WRITE) != SP_OK) {
        st = vg_tty_status(errno);
        goto free_port;
    }
    if (sp_get_port_handle(port, &l->fd) != SP_OK) {
        st = VG_ERR_IO;
        goto close_port;
    }
    st = vg_tty_lock(l->fd);
    if (st != VG_OK) {
        goto close_port;
    }
    st = configure(port, &cfg->line);
    if (st != VG_OK) {
        goto close_port;
    }
    (void)fcntl(l->fd, F_SETFD, FD_CLOEXEC);
    keep_lines_on_close(l->fd);
    (void)sp_flush(port, SP_BUF_BOTH);
    l->handle = port;
    l->connecting = false;
    l->simulated = vg_tty_is_pty(l->fd);
    return VG_OK;
close_port:
    (void)sp_close(port);
free_port:
    sp_free_port(port);
    l->fd = -1;
    return st;
}

static enum vg_status connected(struct vg_link *l)
{
    (void)l;
    return VG_OK;
}

static void close_serial(struct vg_link *l)
{
    (void)sp_close(l->handle);
    sp_free_port(l->handle);
    l->handle = NULL;
    l->fd = -1;
}

const struct vg_link_ops vg_link_serial = {
    .name = "serial",
    .open = open_serial,
    .connected = connected,
    .read = vg_link_fd_read,
    .write = vg_link_fd_write,
    .close = close_serial,
};
