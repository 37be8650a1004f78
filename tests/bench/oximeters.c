/*
 * oximeters.c -- N oximeters on pseudo-terminals, and the subscriber that times what comes of them.
 *
 *   bench-oximeters -n DEVICES -s SECONDS -w WARM_UP_S -l LIST -e ENDPOINT [-a]
 *
 * Device i is ox-i on bed b-i. The list gets a line "i PATH" for each; after READY the process under
 * test is started and its number written to standard input. Latency is counted from the moment
 * before the write of frame 3, which completes SpO2, to the arrival of the frame that carries it.
 * With -a every sixth packet is below 90 and the alarm is timed as well.
 * The trap: the value is its own sequence number, so a subscriber that lost frames must not take a
 * later packet for an earlier one: 8 values, and the next packet in order.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "common.h"

#define FRAME_NS (VG_NS_PER_S / 75)
#define SLOTS 13 /* writes of one frame time are spread over so many milliseconds */
#define LOW_EVERY 6
#define LOW_SPO2 87u

struct device {
    int master;
    int64_t *sent_ns;     /* frame 3 of packet i */
    _Atomic long packets; /* whose frame 3 was sent */
    long value_at;        /* next packet whose value is expected; -1 = none seen yet */
    long alarm_at;
};

static struct {
    long devices;
    double seconds, warm_s;
    const char *list, *endpoint;
    bool alarms;
} opt = { .devices = 1, .seconds = 5, .warm_s = 2, .list = "ptys", .endpoint = "" };

static struct device device[BENCH_DEVICES_MAX];
static long packets_max;
static _Atomic bool stopping;
static int64_t from_ns, to_ns; /* the window; set before the threads start */
static long overruns, lost, frames;
static struct bench_samples values, alarms;

static bool is_low(long packet, long d)
{
    return opt.alarms && (packet + d) % LOW_EVERY == 0;
}

static unsigned spo2_of(long packet, long d)
{
    return is_low(packet, d) ? LOW_SPO2 : 91u + (unsigned)(packet % 8);
}

/* --- the devices ---------------------------------------------------------------------------- */

static void write_frame(long d, long n)
{
    struct device *dev = &device[d];
    uint8_t frame[BENCH_FRAME_BYTES];
    long packet = n / BENCH_FRAMES;
    unsigned k = (unsigned)(n % BENCH_FRAMES);

    bench_frame(frame, k, (uint8_t)n, 60u + (unsigned)(packet % 40), spo2_of(packet, d));
    if (k == 2) {
        dev->sent_ns[packet] = bench_now_ns();
        atomic_store_explicit(&dev->packets, packet + 1, memory_order_release);
    }
    if (write(dev->master, frame, sizeof frame) != (ssize_t)sizeof frame) {
        overruns++;
    }
}

static void *feed(void *arg)
{
    int64_t start_ns = bench_now_ns() + 50 * VG_NS_PER_MS;
    (void)arg;
    bench_be_punctual();
    for (long n = 0; n < packets_max * BENCH_FRAMES; n++) {
        for (long slot = 0, d = 0; slot < SLOTS; slot++) {
            long last = (slot + 1) * opt.devices / SLOTS;
            if (d == last) {
                continue;
            }
            bench_sleep_until(start_ns + n * FRAME_NS + slot * VG_NS_PER_MS);
            if (atomic_load(&stopping)) {
                return NULL;
            }
            for (; d < last; d++) {
                /* Packets of different devices begin at different frames. */
                write_frame(d, n + d * 7 % BENCH_FRAMES);
            }
        }
    }
    return NULL;
}

/* --- the subscriber ------------------------------------------------------------------------- */

static void note(struct bench_samples *s, int64_t sent_ns, int64_t now_ns)
{
    if (sent_ns >= from_ns && sent_ns < to_ns) {
        bench_push(s, now_ns - sent_ns);
    }
}

static void take_value(long d, unsigned spo2, int64_t now_ns)
{
    struct device *dev = &device[d];
    long sent = atomic_load_explicit(&dev->packets, memory_order_acquire);
    long at = dev->value_at >= 0 ? dev->value_at : sent - 1;

    while (at < sent && spo2_of(at, d) != spo2) {
        at++;
    }
    if (at < 0 || at >= sent) {
        return; /* not one of ours: a snapshot, or older than the subscription */
    }
    lost += dev->value_at >= 0 ? at - dev->value_at : 0;
    dev->value_at = at + 1;
    note(&values, dev->sent_ns[at], now_ns);
}

static void take_alarm(long d, int64_t now_ns)
{
    struct device *dev = &device[d];
    long at = atomic_load_explicit(&dev->packets, memory_order_acquire) - 1;
    while (at >= dev->alarm_at && !is_low(at, d)) {
        at--;
    }
    if (at >= dev->alarm_at) {
        dev->alarm_at = at + 1;
        note(&alarms, dev->sent_ns[at], now_ns);
    }
}

/* topic: v1.b-N.rest; body: the JSON, which may stand behind the topic in one part. */
static void take_frame(const char *topic, const char *body, int64_t now_ns)
{
    static const char prefix[] = "v1.b-";
    static const char key[] = "\"value\":";
    char *rest = NULL;

    frames += now_ns >= from_ns && now_ns < to_ns ? 1 : 0;
    if (strncmp(topic, prefix, sizeof prefix - 1) != 0) {
        return;
    }
    long d = strtol(topic + sizeof prefix - 1, &rest, 10);
    if (d < 0 || d >= opt.devices) {
        return;
    }
    if (strncmp(rest, ".vital.spo2", 11) == 0 && strstr(body, "\"snapshot\"") == NULL) {
        const char *value = strstr(body, key);
        if (value != NULL) {
            take_value(d, (unsigned)strtoul(value + sizeof key - 1, NULL, 10), now_ns);
        }
    } else if (strncmp(rest, ".alarm", 6) == 0 && rest[6] != 's' &&
               strstr(body, "\"event\":\"open\"") != NULL && strstr(body, "\"SPO2_LOW\"") != NULL) {
        take_alarm(d, now_ns);
    }
}

static void *subscribe(void *arg)
{
    static char part[2][8192];
    int high_water = 0;
    int timeout_ms = 100;
    int again_ms = 20;
    void *zmq = zmq_ctx_new();
    void *s = zmq_socket(zmq, ZMQ_SUB);

    (void)arg;
    (void)zmq_setsockopt(s, ZMQ_RCVHWM, &high_water, sizeof high_water);
    (void)zmq_setsockopt(s, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
    (void)zmq_setsockopt(s, ZMQ_RECONNECT_IVL, &again_ms, sizeof again_ms);
    (void)zmq_setsockopt(s, ZMQ_SUBSCRIBE, "v1.", 3);
    if (zmq_connect(s, opt.endpoint) != 0) {
        bench_die("%s", opt.endpoint);
    }
    while (!atomic_load(&stopping)) {
        int more = 1;
        int n = zmq_recv(s, part[0], sizeof part[0] - 1, 0);
        if (n < 0) {
            continue;
        }
        int64_t now_ns = bench_now_ns();
        size_t size = sizeof more;
        part[0][n < (int)sizeof part[0] ? n : (int)sizeof part[0] - 1] = '\0';
        (void)zmq_getsockopt(s, ZMQ_RCVMORE, &more, &size);
        if (more != 0) {
            n = zmq_recv(s, part[1], sizeof part[1] - 1, 0);
            part[1][n < 0 ? 0 : n < (int)sizeof part[1] ? n : (int)sizeof part[1] - 1] = '\0';
        }
        take_frame(part[0], part[more != 0], now_ns);
    }
    (void)zmq_close(s);
    (void)zmq_ctx_term(zmq);
    return NULL;
}

/* --- main ----------------------------------------------------------------------------------- */

static void read_options(int argc, char **argv)
{
    int o;
    while ((o = getopt(argc, argv, "n:s:w:l:e:a")) != -1) {
        switch (o) {
        case 'n':
            opt.devices = strtol(optarg, NULL, 10);
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
        case 'e':
            opt.endpoint = optarg;
            break;
        case 'a':
            opt.alarms = true;
            break;
        default:
            exit(2);
        }
    }
    if (opt.devices < 1 || opt.devices > BENCH_DEVICES_MAX) {
        errno = EINVAL;
        bench_die("-n must be 1 to %d", BENCH_DEVICES_MAX);
    }
}

static void make_devices(void)
{
    char path[64];
    FILE *list = fopen(opt.list, "we");
    if (list == NULL) {
        bench_die("%s", opt.list);
    }
    packets_max = (long)((opt.seconds + opt.warm_s + 5) * 3) + 2;
    for (long d = 0; d < opt.devices; d++) {
        device[d].master = bench_pty(path, sizeof path);
        device[d].sent_ns = calloc((size_t)packets_max + 2, sizeof device[d].sent_ns[0]);
        device[d].value_at = -1;
        if (device[d].sent_ns == NULL) {
            bench_die("no memory");
        }
        (void)fprintf(list, "%ld %s\n", d, path);
    }
    (void)fclose(list);
}

static long expected(void)
{
    long n = 0;
    for (long d = 0; d < opt.devices; d++) {
        for (long i = 0; i < atomic_load(&device[d].packets); i++) {
            n += device[d].sent_ns[i] >= from_ns && device[d].sent_ns[i] < to_ns ? 1 : 0;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    pthread_t feeder;
    pthread_t subscriber;

    read_options(argc, argv);
    make_devices();
    pid_t pid = bench_rendezvous();
    from_ns = bench_now_ns() + (int64_t)(opt.warm_s * 1e9);
    to_ns = from_ns + (int64_t)(opt.seconds * 1e9);
    if (pthread_create(&subscriber, NULL, subscribe, NULL) != 0 ||
        pthread_create(&feeder, NULL, feed, NULL) != 0) {
        bench_die("no thread");
    }
    bench_sleep_until(from_ns);
    int64_t cpu_ns = bench_cpu_ns(pid);
    int64_t own_ns = bench_cpu_ns(getpid());
    bench_sleep_until(to_ns);
    cpu_ns = bench_cpu_ns(pid) - cpu_ns;
    own_ns = bench_cpu_ns(getpid()) - own_ns;
    long rss_kb = bench_rss_kb(pid);
    bench_sleep_until(to_ns + 500 * VG_NS_PER_MS);
    atomic_store(&stopping, true);
    (void)pthread_join(feeder, NULL);
    (void)pthread_join(subscriber, NULL);

    long want = expected();
    (void)printf("{\"expected\":%ld,\"missing\":%ld,\"lost\":%ld,\"overruns\":%ld,"
                 "\"frames_per_s\":%.1f,\"cpu_pct\":%.2f,\"load_cpu_pct\":%.1f,\"rss_kb\":%ld,",
                 want, want - (long)values.count, lost, overruns, (double)frames / opt.seconds,
                 (double)cpu_ns / 1e7 / opt.seconds, (double)own_ns / 1e7 / opt.seconds, rss_kb);
    bench_print(stdout, "value", &values);
    (void)printf(",");
    bench_print(stdout, "alarm", &alarms);
    (void)printf("}\n");
    return 0;
}
