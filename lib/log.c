/*
 * log.c -- see log.h. A line is written with one write so that lines of threads do not mix.
 *
 * Trap: whoever reads the other end may have stopped reading. A line that does not fit is thrown
 * away: the alarm path never waits for a log.
 */
#include "lib/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512
#define PERIOD_NS INT64_C(10000000000)

/* A pipe is writable when a page is free, more than a few lines of a few threads. */
static void write_line(const char *line, size_t n)
{
    struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
    if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0) {
        ssize_t written = write(STDERR_FILENO, line, n);
        (void)written; /* nowhere left to complain */
    }
}

static void put_line(enum vg_log_level level, uint32_t held, const char *fmt, va_list ap)
    VG_PRINTF(3, 0);

static void put_line(enum vg_log_level level, uint32_t held, const char *fmt, va_list ap)
{
    char line[LINE_MAX_BYTES];
    size_t n = 0;
    int r = snprintf(line, sizeof line, "<%d>", (int)level);
    n = r > 0 ? (size_t)r : 0;
    r = vsnprintf(line + n, sizeof line - n, fmt, ap);
    if (r > 0) {
        n += (size_t)r < sizeof line - n ? (size_t)r : sizeof line - n - 1;
    }
    if (held > 0 && n + 40 < sizeof line) {
        r = snprintf(line + n, sizeof line - n, " (and %u more like it)", held);
        n += r > 0 ? (size_t)r : 0;
    }
    if (n > sizeof line - 1) {
        n = sizeof line - 1;
    }
    line[n++] = '\n';
    write_line(line, n);
}

void vg_log(enum vg_log_level level, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_line(level, 0, fmt, ap);
    va_end(ap);
}

void vg_log_limited(struct vg_log_limit *lim, int64_t now_ns, enum vg_log_level level,
                    const char *fmt, ...)
{
    if (lim->used != 0 && now_ns - lim->last_ns < PERIOD_NS) {
        lim->held++;
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    put_line(level, lim->held, fmt, ap);
    va_end(ap);
    lim->used = 1;
    lim->last_ns = now_ns;
    lim->held = 0;
}
