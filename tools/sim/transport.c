/*
 * Pseudo-terminal and TCP cables.
 *
 * Trap one: the master of a pty reports EIO for ever once no slave is open, so one slave descriptor
 * is kept; "unplug" must close both. Trap two: the kernel buffers tens of kilobytes towards a
 * reader that does not read. A real port nobody has opened keeps nothing, so a frame is dropped as
 * a whole once more than VG_BACKLOG_BYTES wait.
 */
#include "transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define VG_BACKLOG_BYTES 2048 /* about 5 s of an oximeter; below the line discipline's 4095 */

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

void vg_transport_init(struct vg_transport *t, enum vg_transport_kind kind, const char *path,
                       uint16_t port)
{
    *t = (struct vg_transport){ .kind = kind, .port = port, .listen_fd = -1, .slave_fd = -1 };
    (void)snprintf(t->path, sizeof t->path, "%s", path);
    for (size_t i = 0; i < VG_TRANSPORT_CHANNEL_MAX; i++) {
        t->channel_fd[i] = -1;
    }
}

/* The link appears in one step: a reader sees the old target or the new one, never none. */
static bool publish_link(const struct vg_transport *t)
{
    char temporary[VG_TRANSPORT_PATH_BYTES + 32];
    struct stat st;

    if (lstat(t->path, &st) == 0 && !S_ISLNK(st.st_mode)) {
        errno = EEXIST;
        return false;
    }
    (void)snprintf(temporary, sizeof temporary, "%s.%ld.new", t->path, (long)getpid());
    (void)unlink(temporary);
    if (symlink(t->slave, temporary) != 0) {
        return false;
    }
    if (rename(temporary, t->path) != 0) {
        int saved = errno;

        (void)unlink(temporary);
        errno = saved;
        return false;
    }
    return true;
}

static bool make_raw(int fd)
{
    struct termios line;

    if (tcgetattr(fd, &line) != 0) {
        return false;
    }
    cfmakeraw(&line);
    (void)cfsetispeed(&line, B9600);
    (void)cfsetospeed(&line, B9600);
    return tcsetattr(fd, TCSANOW, &line) == 0;
}

static bool plug_pty(struct vg_transport *t)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

    if (master < 0) {
        return false;
    }
    t->channel_fd[0] = master;
    if (grantpt(master) != 0 || unlockpt(master) != 0 ||
        ptsname_r(master, t->slave, sizeof t->slave) != 0) {
        return false;
    }
    t->slave_fd = open(t->slave, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    return t->slave_fd >= 0 && make_raw(t->slave_fd) && publish_link(t);
}

static bool plug_tcp(struct vg_transport *t)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(t->port) };
    socklen_t address_len = sizeof address;
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    t->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (t->listen_fd < 0) {
        return false;
    }
    (void)setsockopt(t->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(t->listen_fd, (struct sockaddr *)&address, address_len) != 0 ||
        listen(t->listen_fd, VG_TRANSPORT_CHANNEL_MAX) != 0 ||
        getsockname(t->listen_fd, (struct sockaddr *)&address, &address_len) != 0) {
        return false;
    }
    t->port = ntohs(address.sin_port);
    return true;
}

bool vg_transport_plug(struct vg_transport *t)
{
    bool is_done = t->kind == VG_TRANSPORT_PTY ? plug_pty(t) : plug_tcp(t);

    if (!is_done) {
        int saved = errno;

        vg_transport_unplug(t);
        errno = saved;
        return false;
    }
    t->is_plugged = true;
    return true;
}

/* Only our own link is removed: somebody may have pointed the path elsewhere meanwhile. */
static void retract_link(const struct vg_transport *t)
{
    char target[VG_TRANSPORT_PATH_BYTES];
    ssize_t len = readlink(t->path, target, sizeof target - 1);

    if (len < 0) {
        return;
    }
    target[len] = '\0';
    if (strcmp(target, t->slave) == 0) {
        (void)unlink(t->path);
    }
}

void vg_transport_unplug(struct vg_transport *t)
{
    if (t->kind == VG_TRANSPORT_PTY && t->slave_fd >= 0) {
        retract_link(t);
    }
    close_fd(&t->slave_fd);
    close_fd(&t->listen_fd);
    for (size_t i = 0; i < VG_TRANSPORT_CHANNEL_MAX; i++) {
        close_fd(&t->channel_fd[i]);
    }
    t->is_plugged = false;
}

size_t vg_transport_accept(struct vg_transport *t)
{
    int on = 1;
    int fd = accept4(t->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) {
        return VG_TRANSPORT_CHANNEL_ALL;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (size_t i = 0; i < VG_TRANSPORT_CHANNEL_MAX; i++) {
        if (t->channel_fd[i] < 0) {
            t->channel_fd[i] = fd;
            return i;
        }
    }
    close_fd(&t->channel_fd[0]);
    t->channel_fd[0] = fd;
    return 0;
}

size_t vg_transport_read(struct vg_transport *t, size_t channel, uint8_t *buf, size_t buf_len)
{
    ssize_t got = read(t->channel_fd[channel], buf, buf_len);

    if (got > 0) {
        return (size_t)got;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    vg_transport_close_channel(t, channel);
    return 0;
}

static bool has_room(const struct vg_transport *t)
{
    int waiting = 0;

    if (t->kind == VG_TRANSPORT_TCP) {
        return true;
    }
    return ioctl(t->slave_fd, FIONREAD, &waiting) != 0 || waiting <= VG_BACKLOG_BYTES;
}

static void write_channel(struct vg_transport *t, size_t channel, const uint8_t *buf,
                          size_t buf_len)
{
    ssize_t put = 0;

    if (t->channel_fd[channel] < 0) {
        return;
    }
    if (!has_room(t)) {
        t->dropped_count++;
        return;
    }
    if (t->kind == VG_TRANSPORT_TCP) {
        put = send(t->channel_fd[channel], buf, buf_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else {
        put = write(t->channel_fd[channel], buf, buf_len);
    }
    if (put < 0 || (size_t)put < buf_len) {
        t->dropped_count++;
    }
}

void vg_transport_write(struct vg_transport *t, size_t channel, const uint8_t *buf, size_t buf_len)
{
    if (channel < VG_TRANSPORT_CHANNEL_MAX) {
        write_channel(t, channel, buf, buf_len);
        return;
    }
    for (size_t i = 0; i < VG_TRANSPORT_CHANNEL_MAX; i++) {
        write_channel(t, i, buf, buf_len);
    }
}

void vg_transport_close_channel(struct vg_transport *t, size_t channel)
{
    if (t->kind == VG_TRANSPORT_TCP) {
        close_fd(&t->channel_fd[channel]);
    }
}
