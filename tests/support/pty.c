/* pty.c -- see pty.h. */
#include "tests/support/pty.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "vigil/compiler.h"

void pty_open(struct pty *p)
{
    struct termios t;
    memset(p, 0, sizeof *p);
    p->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    VG_ASSERT(p->fd >= 0 && grantpt(p->fd) == 0 && unlockpt(p->fd) == 0);
    VG_ASSERT(ptsname_r(p->fd, p->path, sizeof p->path) == 0);
    VG_ASSERT(tcgetattr(p->fd, &t) == 0);
    cfmakeraw(&t);
    VG_ASSERT(tcsetattr(p->fd, TCSANOW, &t) == 0);
}

void pty_close(struct pty *p)
{
    if (p->fd >= 0) {
        (void)close(p->fd);
        p->fd = -1;
    }
}

void pty_say(const struct pty *p, const void *bytes, size_t len)
{
    ssize_t n = write(p->fd, bytes, len);
    VG_ASSERT(n == (ssize_t)len);
}

size_t pty_hear(const struct pty *p, void *bytes, size_t len, int ms)
{
    size_t got = 0;
    struct pollfd w = { .fd = p->fd, .events = POLLIN };
    while (got < len && poll(&w, 1, ms) > 0) {
        ssize_t n = read(p->fd, (uint8_t *)bytes + got, len - got);
        if (n <= 0) {
            break;
        }
        got += (size_t)n;
    }
    return got;
}
