/*
 * common.c -- see common.h.
 */
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

void bench_die(const char *format, ...)
{
    int err = errno;
    va_list ap;
    va_start(ap, format);
    (void)vfprintf(stderr, format, ap);
    va_end(ap);
    (void)fprintf(stderr, " (%s)\n", strerror(err));
    exit(2);
}

int64_t bench_now_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * VG_NS_PER_S + ts.tv_nsec;
}

void bench_sleep_until(int64_t when_ns)
{
    struct timespec ts = { .tv_sec = (time_t)(when_ns / VG_NS_PER_S),
                           .tv_nsec = (long)(when_ns % VG_NS_PER_S) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR) {
    }
}

void bench_be_punctual(void)
{
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
}

/* --- samples -------------------------------------------------------------------------------- */

void bench_push(struct bench_samples *s, int64_t value_ns)
{
    if (s->count == s->cap) {
        s->cap = s->cap == 0 ? 4096 : s->cap * 2;
        int64_t *more = realloc(s->of, s->cap * sizeof s->of[0]);
        if (more == NULL) {
            bench_die("no memory for samples");
        }
        s->of = more;
    }
    s->of[s->count++] = value_ns;
}

void bench_free(struct bench_samples *s)
{
    free(s->of);
    *s = (struct bench_samples){ 0 };
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void bench_sort(struct bench_samples *s)
{
    if (s->count > 0) {
        qsort(s->of, s->count, sizeof s->of[0], compare);
    }
}

int64_t bench_quantile(const struct bench_samples *s, double q)
{
    return s->count == 0 ? -1 : s->of[(size_t)(q * (double)(s->count - 1) + 0.5)];
}

void bench_print(FILE *out, const char *key, struct bench_samples *s)
{
    bench_sort(s);
    (void)fprintf(out, "\"%s\":{\"n\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}", key,
                  s->count, (double)bench_quantile(s, 0.5) / 1e3,
                  (double)bench_quantile(s, 0.99) / 1e3, (double)bench_quantile(s, 1.0) / 1e3);
}

/* --- /proc ---------------------------------------------------------------------------------- */

int64_t bench_cpu_ns(pid_t pid)
{
    char path[512];
    int64_t sum_ns = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return 0;
    }
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        unsigned long long ns = 0;
        (void)snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
        if (f != NULL) {
            char text[64] = "";
            if (fgets(text, (int)sizeof text, f) != NULL) {
                ns = strtoull(text, NULL, 10);
            }
            (void)fclose(f);
        }
        sum_ns += (int64_t)ns;
    }
    (void)closedir(dir);
    return sum_ns;
}

long bench_rss_kb(pid_t pid)
{
    char line[256];
    long kb = -1;
    (void)snprintf(line, sizeof line, "/proc/%d/status", (int)pid);
    FILE *f = fopen(line, "re");
    while (f != NULL && fgets(line, (int)sizeof line, f) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kb = strtol(line + 6, NULL, 10);
        }
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return kb;
}

pid_t bench_rendezvous(void)
{
    char line[64];
    (void)puts("READY");
    (void)fflush(stdout);
    if (fgets(line, (int)sizeof line, stdin) == NULL) {
        exit(0); /* the orchestrator gave up */
    }
    return (pid_t)strtol(line, NULL, 10);
}

/* --- a Nonin device ------------------------------------------------------------------------- */

int bench_pty(char *path, size_t path_cap)
{
    struct termios t;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
        ptsname_r(master, path, path_cap) != 0) {
        bench_die("no pseudo-terminal");
    }
    /* Kept open, so that the master never sees a hang-up while nobody else has it. */
    int slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0 || tcgetattr(slave, &t) != 0) {
        bench_die("%s", path);
    }
    cfmakeraw(&t);
    (void)tcsetattr(slave, TCSANOW, &t);
    (void)fcntl(master, F_SETFL, O_NONBLOCK);
    return master;
}

void bench_frame(uint8_t frame[BENCH_FRAME_BYTES], unsigned k, uint8_t pleth, unsigned rate,
                 unsigned spo2)
{
    static const char field[] = "ML3r....SSS..MLSS..MLML.."; /* from the frame with SYNC on */
    uint8_t value = 0;
    switch (field[k]) {
    case 'M':
        value = (uint8_t)((rate >> 7) & 3u);
        break;
    case 'L':
        value = (uint8_t)(rate & 127u);
        break;
    case 'S':
    case '3':
        value = (uint8_t)spo2;
        break;
    case 'r':
        value = 48; /* firmware revision */
        break;
    default:
        break;
    }
    frame[0] = 1;
    frame[1] = k == 0 ? 0x81 : 0x80;
    frame[2] = pleth;
    frame[3] = value;
    frame[4] = (uint8_t)(frame[0] + frame[1] + frame[2] + frame[3]);
}
