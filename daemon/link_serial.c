/*
 * link_serial.c -- a real serial port by libserialport: opened and configured by the library, then
 * read and written as a plain descriptor.
 *
 * The library (0.1.1) finds ports by their name below /sys/class/tty, so links such as
 * /dev/serial/by-id/... are resolved first, at each opening: the stable name may point to another
 * node after a replug. It neither locks the port nor sets close-on-exec, leaves XON/XOFF on after
 * opening, and answers 0 both for "nothing" and for "gone": hence the plain read, and VMIN 1.
 * It refuses pseudo-terminals; those are `tty:` links.
 *
 * Trap: setting up a USB adapter is a conversation with it, and the driver waits 5 s for each answer.
 * An adapter that hangs, or is pulled just then, would stop the loop and with it every other bed:
 * hence each opening has a thread of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/link.h"
#include "lib/tty.h"

/* The thread's from its start to its end, else the loop's. */
struct opening {
    char path[PATH_MAX];
    struct vg_line line;
    pthread_t thread;
    int said_fd; /* a pipe: its hang-up says that the thread has ended */
    int say_fd;
    enum vg_status status;
    struct sp_port *port;
    int fd;
};

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

/* What the library leaves unfit for us. With its VMIN of 0 a read of an empty line gives 0, as one of
 * a line that is gone does: bytes that another program took would pass for a pulled cable. And
 * closing must not drop DTR: some modules reset on it. */
static void settle(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t) == 0) {
        t.c_cc[VMIN] = 1;
        t.c_cc[VTIME] = 0;
        t.c_cflag &= ~(tcflag_t)HUPCL;
        (void)tcsetattr(fd, TCSANOW, &t);
    }
}

static enum vg_status prepare(struct opening *o)
{
    if (sp_get_port_handle(o->port, &o->fd) != SP_OK) {
        return VG_ERR_IO;
    }
    enum vg_status st = vg_tty_lock(o->fd);
    if (st == VG_OK) {
        st = configure(o->port, &o->line);
    }
    if (st != VG_OK) {
        return st;
    }
    (void)fcntl(o->fd, F_SETFD, FD_CLOEXEC);
    settle(o->fd);
    (void)sp_flush(o->port, SP_BUF_BOTH);
    return VG_OK;
}

static enum vg_status open_port(struct opening *o)
{
    if (sp_get_port_by_name(o->path, &o->port) != SP_OK) {
        return VG_ERR_LOST;
    }
    enum vg_status st;
    if (sp_open(o->port, SP_MODE_READ_WRITE) != SP_OK) {
        st = vg_tty_status(errno);
    } else {
        st = prepare(o);
        if (st == VG_OK) {
            return VG_OK;
        }
        (void)sp_close(o->port);
    }
    sp_free_port(o->port);
    return st;
}

static void *thread_main(void *arg)
{
    struct opening *o = arg;
    o->status = open_port(o);
    (void)close(o->say_fd);
    return NULL;
}

static enum vg_status start_thread(struct opening *o)
{
    int ends[2];
    sigset_t all;
    pthread_attr_t attr;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return VG_ERR_IO;
    }
    o->said_fd = ends[0];
    o->say_fd = ends[1];
    (void)sigfillset(&all);
    int err = pthread_attr_init(&attr);
    if (err == 0) {
        (void)pthread_attr_setsigmask_np(&attr, &all);
        err = pthread_create(&o->thread, &attr, thread_main, o);
        (void)pthread_attr_destroy(&attr);
    }
    if (err != 0) {
        (void)close(o->said_fd);
        (void)close(o->say_fd);
        return VG_ERR_IO;
    }
    return VG_OK;
}

static enum vg_status begin(struct vg_link *l, const struct vg_link_config *cfg)
{
    struct opening *o = calloc(1, sizeof *o);
    enum vg_status st = VG_ERR_IO;

    if (o != NULL) {
        o->line = cfg->line;
        /* An absent port, the usual failure, costs no thread. */
        st = realpath(cfg->target, o->path) == NULL ? vg_tty_status(errno) : start_thread(o);
    }
    if (st != VG_OK) {
        free(o);
        return st;
    }
    l->handle = o;
    return VG_OK;
}

/* An opening that was given up goes on in its thread; the next one waits for it again. */
static enum vg_status open_serial(struct vg_link *l, const struct vg_link_config *cfg)
{
    if (l->handle == NULL) {
        enum vg_status st = begin(l, cfg);
        if (st != VG_OK) {
            return st;
        }
    }
    l->fd = ((struct opening *)l->handle)->said_fd;
    l->connecting = true;
    return VG_OK;
}

static enum vg_status connected(struct vg_link *l)
{
    struct opening *o = l->handle;
    enum vg_status st;

    (void)pthread_join(o->thread, NULL);
    (void)close(o->said_fd);
    l->connecting = false;
    l->fd = -1;
    st = o->status;
    if (st != VG_OK) {
        free(o);
        l->handle = NULL;
        return st;
    }
    l->fd = o->fd;
    l->simulated = vg_tty_is_pty(l->fd);
    return VG_OK;
}

static void close_serial(struct vg_link *l)
{
    struct opening *o = l->handle;
    if (!l->connecting) {
        (void)sp_close(o->port);
        sp_free_port(o->port);
        free(o);
        l->handle = NULL;
    }
    l->connecting = false;
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
