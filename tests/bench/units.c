/*
 * units.c -- N Modbus TCP units, each on a port of its own, that note when they are asked.
 *
 *   bench-units -n UNITS -s SECONDS -w WARM_UP_S -l LIST [-y DELAY_MS] [-x SILENT]
 *
 * The list gets a line "i PORT" for each. Units 0..SILENT-1 keep their connections but stop to
 * answer when the window begins. A poll is a read that starts at address 0; registers count up, so
 * that every answer is news. All replies are delayed alike, so they wait in one queue in order.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"

#define PERIOD_NS VG_NS_PER_S
#define QUEUE 8192
#define ENDPOINTS_MAX 8192 /* listeners, and every connection there ever was */
#define REGS_MAX 125
#define HEAD 12 /* transaction, protocol, length, unit, function, address, count */

struct endpoint {
    long unit;
    size_t have;
    int fd;
    bool listens;
    uint8_t in[260];
};

struct reply {
    int64_t due_ns;
    struct endpoint *to;
    int fd; /* as it was: the connection may be another's by now */
    uint8_t request[HEAD];
};

static struct {
    long units, silent;
    double seconds, warm_s, delay_ms;
    const char *list;
} opt = { .units = 1, .seconds = 5, .warm_s = 2, .list = "units" };

static struct bench_samples polls[BENCH_DEVICES_MAX];
static struct endpoint endpoints[ENDPOINTS_MAX];
static size_t endpoint_count;
static struct reply queue[QUEUE];
static size_t queue_head, queue_tail;
static int64_t from_ns = INT64_MAX, to_ns = INT64_MAX;
static int epoll_fd;
static uint16_t counter;

static void watch(struct endpoint *p)
{
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = p };
    (void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, p->fd, &e);
}

static struct endpoint *new_endpoint(int fd, long unit, bool listens)
{
    if (endpoint_count == ENDPOINTS_MAX) {
        bench_die("too many connections");
    }
    struct endpoint *p = &endpoints[endpoint_count++];
    p->fd = fd;
    p->unit = unit;
    p->listens = listens;
    watch(p);
    return p;
}

static void make_units(void)
{
    FILE *list = fopen(opt.list, "we");
    if (list == NULL) {
        bench_die("%s", opt.list);
    }
    for (long i = 0; i < opt.units; i++) {
        struct sockaddr_in a = { .sin_family = AF_INET };
        socklen_t len = sizeof a;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 8) != 0 ||
            getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
            bench_die("no port for unit %ld", i);
        }
        (void)new_endpoint(fd, i, true);
        (void)fprintf(list, "%ld %u\n", i, (unsigned)ntohs(a.sin_port));
    }
    (void)fclose(list);
}

/* --- answering ------------------------------------------------------------------------------ */

static void answer(const struct reply *r)
{
    uint8_t out[9 + 2 * REGS_MAX];
    const uint8_t *q = r->request;
    unsigned count = ((unsigned)q[10] << 8) | q[11];
    bool known = (q[7] == 3 || q[7] == 4) && count >= 1 && count <= REGS_MAX;
    size_t len = known ? 9 + 2 * (size_t)count : 9;

    if (r->fd != r->to->fd) {
        return;
    }
    memcpy(out, q, 8);
    out[4] = (uint8_t)((len - 6) >> 8);
    out[5] = (uint8_t)(len - 6);
    out[8] = known ? (uint8_t)(2 * count) : 1;
    out[7] = known ? q[7] : (uint8_t)(q[7] | 0x80);
    counter++;
    for (size_t i = 0; known && i < count; i++) {
        /* Small enough for every vital sign; register 3 always changes. */
        unsigned value = i == 3 ? counter : 90u + counter % 8u;
        out[9 + 2 * i] = (uint8_t)(value >> 8);
        out[10 + 2 * i] = (uint8_t)value;
    }
    (void)send(r->fd, out, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void take_request(struct endpoint *p, int64_t now_ns)
{
    struct reply r = { .due_ns = now_ns + (int64_t)(opt.delay_ms * 1e6), .to = p, .fd = p->fd };
    bool polled = p->in[7] >= 3 && p->in[7] <= 4 && p->in[8] == 0 && p->in[9] == 0;

    memcpy(r.request, p->in, HEAD);
    if (polled) {
        bench_push(&polls[p->unit], now_ns);
    }
    if (p->unit < opt.silent && now_ns >= from_ns) {
        return;
    }
    if (opt.delay_ms <= 0) {
        answer(&r);
    } else if (queue_tail - queue_head < QUEUE) {
        queue[queue_tail++ % QUEUE] = r;
    } else {
        /* as a unit that has no room: it does not answer */
    }
}

static void drop(struct endpoint *p)
{
    (void)close(p->fd);
    p->fd = -1; /* the queue may still hold it: never used again, there are few */
}

static void take_bytes(struct endpoint *p, int64_t now_ns)
{
    ssize_t n = read(p->fd, p->in + p->have, sizeof p->in - p->have);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            drop(p);
        }
        return;
    }
    p->have += (size_t)n;
    while (p->have >= HEAD) {
        size_t len = 6 + (((size_t)p->in[4] << 8) | p->in[5]);
        if (len < HEAD || len > sizeof p->in) {
            drop(p);
            return;
        }
        if (p->have < len) {
            return;
        }
        take_request(p, now_ns);
        p->have -= len;
        memmove(p->in, p->in + len, p->have);
    }
}

static void take_connection(struct endpoint *p)
{
    int one = 1;
    int fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        (void)new_endpoint(fd, p->unit, false);
    }
}

/* Answer what is due; how long to wait for the rest, in ns. */
static int64_t run_queue(int64_t now_ns)
{
    while (queue_head != queue_tail && queue[queue_head % QUEUE].due_ns <= now_ns) {
        answer(&queue[queue_head++ % QUEUE]);
    }
    int64_t wait_ns = 20 * VG_NS_PER_MS;
    if (queue_head != queue_tail && queue[queue_head % QUEUE].due_ns - now_ns < wait_ns) {
        wait_ns = queue[queue_head % QUEUE].due_ns - now_ns;
    }
    return wait_ns;
}

static void serve_until(int64_t end_ns)
{
    struct epoll_event ready[64];
    int64_t now_ns = bench_now_ns();
    while (now_ns < end_ns) {
        struct timespec wait = { .tv_nsec = (long)run_queue(now_ns) };
        int n = epoll_pwait2(epoll_fd, ready, 64, &wait, NULL);
        now_ns = bench_now_ns();
        for (int i = 0; i < n; i++) {
            struct endpoint *p = ready[i].data.ptr;
            if (p->listens) {
                take_connection(p);
            } else if (p->fd >= 0) {
                take_bytes(p, now_ns);
            } else {
                /* closed a moment ago */
            }
        }
        now_ns = bench_now_ns();
    }
}

/* --- report --------------------------------------------------------------------------------- */

struct tally {
    long polls, missed, never;
    int64_t longest_ns;
};

static void count_gap(struct tally *t, int64_t gap_ns)
{
    if (gap_ns > PERIOD_NS + PERIOD_NS / 2) {
        t->missed += (long)((gap_ns + PERIOD_NS / 2) / PERIOD_NS) - 1;
    }
    t->longest_ns = gap_ns > t->longest_ns ? gap_ns : t->longest_ns;
}

static void count_unit(struct tally *t, const struct bench_samples *s)
{
    int64_t last_ns = -1;
    for (size_t i = 0; i < s->count; i++) {
        if (s->of[i] < from_ns || s->of[i] >= to_ns) {
            continue;
        }
        t->polls++;
        count_gap(t, s->of[i] - (last_ns < 0 ? from_ns : last_ns));
        last_ns = s->of[i];
    }
    if (last_ns < 0) {
        t->never++;
        t->missed += (long)opt.seconds;
        t->longest_ns = to_ns - from_ns;
    } else {
        count_gap(t, to_ns - last_ns);
    }
}

static void read_options(int argc, char **argv)
{
    int o;
    while ((o = getopt(argc, argv, "n:s:w:l:y:x:")) != -1) {
        switch (o) {
        case 'n':
            opt.units = strtol(optarg, NULL, 10);
            break;
        case 's':
            opt.seconds = strtod(optarg, NULL);
            break;
        case 'w':
            opt.warm_s = strtod(optarg, NULL);
            break;
        case 'l':
            opt.list = optarg;
            break;
        case 'y':
            opt.delay_ms = strtod(optarg, NULL);
            break;
        case 'x':
            opt.silent = strtol(optarg, NULL, 10);
            break;
        default:
            exit(2);
        }
    }
    if (opt.units < 1 || opt.units > BENCH_DEVICES_MAX) {
        errno = EINVAL;
        bench_die("-n must be 1 to %d", BENCH_DEVICES_MAX);
    }
}

int main(int argc, char **argv)
{
    struct tally healthy = { 0 };
    long all = 0;

    read_options(argc, argv);
    bench_be_punctual();
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    make_units();
    pid_t pid = bench_rendezvous();
    int64_t start_ns = bench_now_ns() + (int64_t)(opt.warm_s * 1e9);
    serve_until(start_ns);
    from_ns = start_ns;
    to_ns = start_ns + (int64_t)(opt.seconds * 1e9);
    int64_t cpu_ns = bench_cpu_ns(pid);
    serve_until(to_ns);
    cpu_ns = bench_cpu_ns(pid) - cpu_ns;
    for (long i = 0; i < opt.units; i++) {
        if (i >= opt.silent) {
            count_unit(&healthy, &polls[i]);
        }
        for (size_t k = 0; k < polls[i].count; k++) {
            all += polls[i].of[k] >= from_ns && polls[i].of[k] < to_ns ? 1 : 0;
        }
    }
    (void)printf("{\"healthy\":%ld,\"polls\":%ld,\"missed\":%ld,\"never_polled\":%ld,"
                 "\"longest_gap_ms\":%.1f,\"cpu_pct\":%.2f,\"cpu_us_per_poll\":%.1f,"
                 "\"rss_kb\":%ld}\n",
                 opt.units - opt.silent, healthy.polls, healthy.missed, healthy.never,
                 (double)healthy.longest_ns / 1e6, (double)cpu_ns / 1e7 / opt.seconds,
                 all > 0 ? (double)cpu_ns / 1e3 / (double)all : -1.0, bench_rss_kb(pid));
    return 0;
}
