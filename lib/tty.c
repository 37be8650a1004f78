/*
 * tty.c -- terminal devices by termios. Used for pseudo-terminals and for terminals that
 * libserialport refuses (it insists on an entry below /sys/class/tty and on modem lines).
 *
 * Trap: without IXON off, bytes 11 and 13 of a measurement vanish; without HUPCL off, closing
 * drops DTR and some modules reset.
 */
#include "lib/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "vigil/compiler.h"

static const struct {
    uint32_t baud;
    speed_t speed;
} speeds[] = {
    { 110, B110 },     { 300, B300 },     { 600, B600 },       { 1200, B1200 },
    { 2400, B2400 },   { 4800, B4800 },   { 9600, B9600 },     { 19200, B19200 },
    { 38400, B38400 }, { 57600, B57600 }, { 115200, B115200 }, { 230400, B230400 },
};

static bool find_speed(uint32_t baud, speed_t *out)
{
    for (size_t i = 0; i < VG_COUNT(speeds); i++) {
        if (speeds[i].baud == baud) {
            *out = speeds[i].speed;
            return true;
        }
    }
    return false;
}

enum vg_status vg_tty_status(int err)
{
    switch (err) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return VG_ERR_LOST;
    case EACCES:
    case EPERM:
    case EBUSY:
    case EWOULDBLOCK:
        return VG_ERR_DENIED;
    default:
        return VG_ERR_IO;
    }
}

bool vg_tty_is_pty(int fd)
{
    struct stat st;
    /* Majors 136 to 143 are the slave sides of Unix98 pseudo-terminals. */
    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) >= 136 &&
           major(st.st_rdev) <= 143;
}

enum vg_status vg_tty_lock(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return VG_ERR_DENIED;
    }
    /* The mark goes away when the last user closes. A simulator keeps its pseudo-terminal open:
     * there it would outlive a killed daemon and keep the next one out. */
    if (!vg_tty_is_pty(fd)) {
        (void)ioctl(fd, TIOCEXCL); /* not every tty has it; the flock stands */
    }
    return VG_OK;
}

static enum vg_status set_line(int fd, const struct vg_line *line)
{
    struct termios t;
    speed_t speed;

    if (!find_speed(line->baud, &speed)) {
        return VG_ERR_RANGE;
    }
    if (tcgetattr(fd, &t) != 0) {
        return vg_tty_status(errno);
    }
    cfmakeraw(&t);
    t.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | PARODD | CSTOPB | HUPCL | CRTSCTS);
    t.c_cflag |= CLOCAL | CREAD | (line->data_bits == 7 ? CS7 : CS8);
    if (line->parity != 'N') {
        t.c_cflag |= PARENB | (line->parity == 'O' ? PARODD : 0u);
    }
    if (line->stop_bits == 2) {
        t.c_cflag |= CSTOPB;
    }
    t.c_iflag &= ~(tcflag_t)(IXON | IXOFF | IXANY);
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    if (cfsetspeed(&t, speed) != 0 || tcsetattr(fd, TCSANOW, &t) != 0) {
        return VG_ERR_RANGE;
    }
    (void)tcflush(fd, TCIOFLUSH); /* what came before belongs to nobody */
    return VG_OK;
}

enum vg_status vg_tty_open(const char *path, const struct vg_line *line, int *fd)
{
    enum vg_status st;

    *fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0) {
        return vg_tty_status(errno);
    }
    st = vg_tty_lock(*fd);
    if (st == VG_OK) {
        st = set_line(*fd, line);
    }
    if (st != VG_OK) {
        (void)close(*fd);
        *fd = -1;
    }
    return st;
}
