/*
 * link_tcp.c -- a serial-to-network server in raw mode: the bytes of the line, over TCP.
 *
 * The host is an address, never a name (config_link.c refuses names): opening happens on the loop's
 * thread, where nothing may wait for a name server. A half-open connection is noticed by keep-alive and by the port's own
 * silence.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/link.h"

bool vg_link_is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "localhost") == 0 ||
           strcmp(host, "::1") == 0;
}

static void set_options(int fd)
{
    int on = 1;
    int idle_s = 5;
    int interval_s = 2;
    int probes = 3;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

static enum vg_status open_tcp(struct vg_link *l, const struct vg_link_config *cfg)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
    struct addrinfo *list = NULL;
    char port[8];
    enum vg_status st = VG_ERR_LOST;
    int rc = -1;

    (void)snprintf(port, sizeof port, "%u", (unsigned)cfg->port);
    const char *address = strcmp(cfg->target, "localhost") == 0 ? "127.0.0.1" : cfg->target;
    if (getaddrinfo(address, port, &hints, &list) != 0) {
        return VG_ERR_LOST;
    }
    l->fd = socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0) {
        st = VG_ERR_IO;
        goto done;
    }
    set_options(l->fd);
    rc = connect(l->fd, list->ai_addr, list->ai_addrlen);
    if (rc == 0 || errno == EINPROGRESS) {
        l->connecting = rc != 0;
        l->simulated = vg_link_is_loopback(cfg->target);
        st = VG_OK;
    } else {
        (void)close(l->fd);
        l->fd = -1;
    }
done:
    freeaddrinfo(list);
    return st;
}

static enum vg_status connected(struct vg_link *l)
{
    int err = 0;
    socklen_t len = sizeof err;
    if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0 || err != 0) {
        return VG_ERR_LOST;
    }
    l->connecting = false;
    return VG_OK;
}

static void close_tcp(struct vg_link *l)
{
    (void)close(l->fd);
    l->fd = -1;
}

const struct vg_link_ops vg_link_tcp = {
    .name = "tcp",
    .open = open_tcp,
    .connected = connected,
    .read = vg_link_fd_read,
    .write = vg_link_fd_write,
    .close = close_tcp,
};
