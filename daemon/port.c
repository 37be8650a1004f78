/*
 * port.c -- a port reads its link, feeds the pump, keeps the connection's state.
 *
 * Any read error, hang-up or end-of-file closes the link at once and touches no other port. Silence
 * on an open serial line is announced and waited out: opening it again would not help. Over TCP it
 * is opened again after 10 s, since the connection may be half-open.
 *
 * Trap: a request is sent while the engine's list of effects is being carried out, perhaps from
 * inside a frame of this very port. A link found broken there is closed by the next tick: its event
 * would overwrite that list, and the frames behind this one would bring a closed port online.
 */
#include "daemon/port.h"

#include <string.h>
#include <sys/epoll.h>

#include "daemon/ingest.h"
#include "daemon/vigild.h"

#define READ_BYTES 4096
/* A device of 230400 baud fills one buffer in 170 ms. What floods faster has to wait its turn like
 * everybody else. */
#define READS_MAX 8
#define TCP_REOPEN_NS (10 * VG_NS_PER_S)
/* To a network server, or to an adapter that does not answer its driver. */
#define CONNECT_NS (3 * VG_NS_PER_S)

static void on_ready(void *state, uint32_t events);

static void move(struct vg_port *p, enum vg_port_state to, enum vg_status cause)
{
    struct vg_device_event dev;
    if (vg_conn_move(&p->conn, to, cause, p->v->reactor.now.mono_ns, p->pump.dropped, &dev)) {
        vg_ingest_device(p->v, p->device, &dev);
        vg_conn_log(&p->conn, p->cfg, to, cause, p->v->reactor.now.mono_ns);
    }
}

/* A whole frame: the device is there. Announced before anything the frame says. */
static void on_frame(void *state)
{
    struct vg_device_io *io = state;
    struct vg_port *p = &io->v->ports[io->device];
    vg_conn_heard(&p->conn, p->v->reactor.now.mono_ns);
    if (p->conn.state != VG_PORT_ONLINE) {
        move(p, VG_PORT_ONLINE, VG_OK);
    }
}

void vg_port_init(struct vg_port *p, struct vigild *v, uint16_t device)
{
    memset(p, 0, sizeof *p);
    p->v = v;
    p->device = device;
    p->cfg = &v->config.devices[device];
    p->link.ops = v->test_link != NULL ? v->test_link
                                       : vg_link_ops_of((enum vg_link_scheme)p->cfg->link.scheme);
    p->link.fd = -1;
    p->sink = vg_ingest_sink(v, device);
    p->sink.frame = on_frame;
    vg_conn_init(&p->conn, v->reactor.now.mono_ns);
    vg_pump_init(&p->pump);
}

static void lose(struct vg_port *p, enum vg_status cause)
{
    if (p->link.fd >= 0) {
        vg_reactor_remove(&p->v->reactor, p->link.fd);
        p->link.ops->close(&p->link);
    }
    p->out_len = 0;
    p->broken = false;
    move(p, VG_PORT_BACKOFF, cause);
}

/* The link can carry bytes from here on: the driver starts with nothing remembered. */
static void begin(struct vg_port *p)
{
    const struct vg_driver *drv = p->cfg->driver;
    memset(p->state, 0, sizeof p->state);
    if (drv->init != NULL) {
        drv->init(p->state, &p->cfg->options);
    }
    vg_pump_reset(&p->pump);
    vg_ingest_mark_test(p->v, p->device, p->link.simulated || p->cfg->test);
    p->keepalive_ns = p->v->reactor.now.mono_ns;
    vg_reactor_watch_write(&p->v->reactor, p->link.fd, false);
    move(p, VG_PORT_SYNCING, VG_OK);
}

static void open_link(struct vg_port *p)
{
    enum vg_status st = p->link.ops->open(&p->link, &p->cfg->link);
    if (st == VG_OK) {
        st = vg_reactor_add(&p->v->reactor, p->link.fd, on_ready, p);
        if (st != VG_OK) {
            p->link.ops->close(&p->link);
        }
    }
    if (st != VG_OK) {
        move(p, VG_PORT_BACKOFF, st);
        return;
    }
    if (p->link.connecting) {
        vg_reactor_watch_write(&p->v->reactor, p->link.fd, true);
        p->conn.due_ns = p->v->reactor.now.mono_ns + CONNECT_NS;
        move(p, VG_PORT_OPENING, VG_OK);
        return;
    }
    begin(p);
}

static void write_out(struct vg_port *p)
{
    if (p->out_len == 0) {
        return;
    }
    ssize_t n = p->link.ops->write(&p->link, p->out, p->out_len);
    if (n < 0) {
        p->broken = true;
        return;
    }
    p->out_len -= (size_t)n;
    memmove(p->out, p->out + n, p->out_len);
    vg_reactor_watch_write(&p->v->reactor, p->link.fd, p->out_len > 0);
}

/* Everything that is there, in one go: at real device counts the wake-ups are the cost. */
static void read_in(struct vg_port *p)
{
    uint8_t buf[READ_BYTES];
    ssize_t n = (ssize_t)sizeof buf;

    for (int i = 0; i < READS_MAX && n == (ssize_t)sizeof buf; i++) {
        n = p->link.ops->read(&p->link, buf, sizeof buf);
        if (n < 0) {
            lose(p, VG_ERR_LOST);
            return;
        }
        if (n > 0) {
            (void)vg_pump_feed(&p->pump, p->cfg->driver, p->state, buf, (size_t)n, &p->sink);
        }
    }
}

/* The descriptor that said so may be another than the one that carries the bytes. */
static void finish_opening(struct vg_port *p)
{
    vg_reactor_remove(&p->v->reactor, p->link.fd);
    enum vg_status st = p->link.ops->connected(&p->link);
    if (st == VG_OK) {
        st = vg_reactor_add(&p->v->reactor, p->link.fd, on_ready, p);
    }
    if (st != VG_OK) {
        lose(p, st);
        return;
    }
    begin(p);
}

static void on_ready(void *state, uint32_t events)
{
    struct vg_port *p = state;

    if (p->link.connecting) {
        finish_opening(p);
        return;
    }
    if ((events & (uint32_t)EPOLLIN) != 0) {
        read_in(p); /* what was sent before the hang-up still counts */
    }
    if (p->link.fd >= 0 && (events & (uint32_t)(EPOLLHUP | EPOLLERR)) != 0) {
        lose(p, VG_ERR_LOST);
    }
    if (p->link.fd >= 0 && (events & (uint32_t)EPOLLOUT) != 0) {
        write_out(p);
    }
}

enum vg_status vg_port_request(struct vg_port *p, enum vg_request_what what)
{
    if (p->link.fd < 0 || p->link.connecting || p->broken) {
        return VG_ERR_LOST;
    }
    if (p->out_len + VG_REQUEST_BYTES_MAX > sizeof p->out || p->cfg->driver->request == NULL) {
        return VG_ERR_STATE;
    }
    size_t n = p->cfg->driver->request(p->state, what, p->out + p->out_len, VG_REQUEST_BYTES_MAX);
    if (n == 0) {
        return VG_ERR_STATE;
    }
    p->out_len += n;
    write_out(p);
    return p->broken ? VG_ERR_LOST : VG_OK;
}

static void tick_open(struct vg_port *p, int64_t now_ns)
{
    const struct vg_driver *drv = p->cfg->driver;
    int64_t silent_ns = now_ns - p->conn.heard_ns;
    bool tcp = p->cfg->link.scheme == VG_SCHEME_TCP;

    if (p->broken) {
        lose(p, VG_ERR_LOST);
        return;
    }
    if (silent_ns > drv->silent_after_ns && p->conn.state != VG_PORT_SILENT) {
        move(p, VG_PORT_SILENT, VG_ERR_TIMEOUT);
    }
    if (tcp && silent_ns > TCP_REOPEN_NS) {
        vg_reactor_remove(&p->v->reactor, p->link.fd);
        p->link.ops->close(&p->link);
        p->out_len = 0;
        open_link(p);
        return;
    }
    if (drv->keepalive_ns > 0 && now_ns >= p->keepalive_ns) {
        p->keepalive_ns = now_ns + drv->keepalive_ns;
        (void)vg_port_request(p, VG_REQ_KEEPALIVE);
    }
}

void vg_port_tick(struct vg_port *p)
{
    int64_t now_ns = p->v->reactor.now.mono_ns;

    switch ((enum vg_port_state)p->conn.state) {
    case VG_PORT_BACKOFF:
        if (now_ns >= p->conn.due_ns) {
            open_link(p);
        }
        break;
    case VG_PORT_OPENING:
        if (now_ns >= p->conn.due_ns) {
            lose(p, VG_ERR_TIMEOUT);
        }
        break;
    case VG_PORT_SYNCING:
    case VG_PORT_ONLINE:
    case VG_PORT_SILENT:
        tick_open(p, now_ns);
        break;
    case VG_PORT_CLOSED:
    case VG_PORT_STATE_COUNT:
        break;
    }
}

void vg_port_close(struct vg_port *p)
{
    if (p->link.fd >= 0) {
        vg_reactor_remove(&p->v->reactor, p->link.fd);
        p->link.ops->close(&p->link);
    }
    p->conn.state = VG_PORT_CLOSED;
}
