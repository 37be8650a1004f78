/*
 * floor_oximeters.c -- the least that does an oximeter daemon's work: epoll, read, parse, zmq_send,
 * and a thread that writes one row a device and second to SQLite.
 *
 *   bench-floor-oximeters LIST ENDPOINT DATABASE
 *
 * It sends what vigild sends: a frame for each value and one for eight samples, the same topics. It
 * checks nothing else, knows no sessions, no freshness, no lost device.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "common.h"

#define BLOCK 8
#define SECOND_MAX 96
#define LOW 90

struct device {
    int fd, id;
    unsigned have, k, samples, block, rate, spo2, rate_high;
    unsigned long seq;
    bool low;
    uint8_t frame[BENCH_FRAME_BYTES];
    uint8_t pleth[SECOND_MAX];
    uint8_t live[BLOCK];
};

struct row {
    int id;
    unsigned rate, spo2, samples;
    int64_t utc_ms;
    uint8_t pleth[SECOND_MAX];
};

static struct device device[BENCH_DEVICES_MAX];
static int device_count;
static void *publisher;
static sqlite3 *db;
static sqlite3_stmt *insert;
static struct row rows[2][BENCH_DEVICES_MAX];
static int filling, row_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;

static int64_t utc_ms(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- the record ----------------------------------------------------------------------------- */

static void commit(const struct row *r, int n)
{
    (void)sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    for (int i = 0; i < n; i++) {
        (void)sqlite3_bind_int(insert, 1, r[i].id);
        (void)sqlite3_bind_int64(insert, 2, r[i].utc_ms);
        (void)sqlite3_bind_int(insert, 3, (int)r[i].rate);
        (void)sqlite3_bind_int(insert, 4, (int)r[i].spo2);
        (void)sqlite3_bind_blob(insert, 5, r[i].pleth, (int)r[i].samples, SQLITE_STATIC);
        (void)sqlite3_step(insert);
        (void)sqlite3_reset(insert);
    }
    (void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
}

static void *write_rows(void *arg)
{
    (void)arg;
    for (;;) {
        (void)pthread_mutex_lock(&lock);
        while (row_count == 0) {
            (void)pthread_cond_wait(&filled, &lock);
        }
        const struct row *mine = rows[filling];
        int n = row_count;
        filling = 1 - filling;
        row_count = 0;
        (void)pthread_mutex_unlock(&lock);
        commit(mine, n);
    }
    return NULL;
}

static void open_record(const char *path)
{
    pthread_t thread;
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
                     "CREATE TABLE s(dev INT,utc_ms INT,rate INT,spo2 INT,pleth BLOB)",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO s VALUES(?,?,?,?,?)", -1, &insert, NULL) != SQLITE_OK ||
        pthread_create(&thread, NULL, write_rows, NULL) != 0) {
        bench_die("%s", path);
    }
}

static void on_second(int timer)
{
    uint64_t expired;
    int64_t now_ms = utc_ms();
    if (read(timer, &expired, sizeof expired) < 0) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    for (int i = 0; i < device_count && row_count < BENCH_DEVICES_MAX; i++) {
        struct device *d = &device[i];
        struct row *r = &rows[filling][row_count++];
        r->id = d->id;
        r->utc_ms = now_ms;
        r->rate = d->rate;
        r->spo2 = d->spo2;
        r->samples = d->samples;
        memcpy(r->pleth, d->pleth, d->samples);
        d->samples = 0;
    }
    (void)pthread_cond_signal(&filled);
    (void)pthread_mutex_unlock(&lock);
}

/* --- the stream ----------------------------------------------------------------------------- */

static void say_value(struct device *d, const char *vital, unsigned value)
{
    char b[256];
    int n = snprintf(b, sizeof b,
                     "v1.b-%d.vital.%s {\"seq\":%lu,\"dev\":\"ox-%d\",\"vital\":\"%s\","
                     "\"value\":%u,\"utc_ms\":%lld}",
                     d->id, vital, ++d->seq, d->id, vital, value, (long long)utc_ms());
    (void)zmq_send(publisher, b, (size_t)n, ZMQ_DONTWAIT);
}

static void say_alarm(struct device *d)
{
    char b[256];
    bool low = d->spo2 < LOW;
    if (low == d->low) {
        return;
    }
    d->low = low;
    int n = snprintf(b, sizeof b,
                     "v1.b-%d.alarm {\"seq\":%lu,\"dev\":\"ox-%d\",\"alarm\":\"SPO2_LOW\","
                     "\"event\":\"%s\",\"value\":%u,\"limit\":%d,\"utc_ms\":%lld}",
                     d->id, ++d->seq, d->id, low ? "open" : "closed", d->spo2, LOW,
                     (long long)utc_ms());
    (void)zmq_send(publisher, b, (size_t)n, ZMQ_DONTWAIT);
}

static void say_block(struct device *d)
{
    char b[256];
    int n = snprintf(b, sizeof b,
                     "v1.b-%d.wave.pleth {\"seq\":%lu,\"dev\":\"ox-%d\",\"utc_ms\":%lld,"
                     "\"pleth\":[%u,%u,%u,%u,%u,%u,%u,%u]}",
                     d->id, ++d->seq, d->id, (long long)utc_ms(), d->live[0], d->live[1],
                     d->live[2], d->live[3], d->live[4], d->live[5], d->live[6], d->live[7]);
    (void)zmq_send(publisher, b, (size_t)n, ZMQ_DONTWAIT);
}

static void on_frame(struct device *d)
{
    const uint8_t *f = d->frame;
    d->k = (f[1] & 1) != 0 ? 1 : d->k + 1;
    if (d->k == 1) {
        d->rate_high = f[3] & 3u;
    } else if (d->k == 2) {
        d->rate = (d->rate_high << 7) | (f[3] & 127u);
        say_value(d, "pulse_rate", d->rate);
    } else if (d->k == 3) {
        d->spo2 = f[3] & 127u;
        say_value(d, "spo2", d->spo2);
        say_alarm(d);
    } else {
        /* not used */
    }
    if (d->samples < SECOND_MAX) {
        d->pleth[d->samples++] = f[2];
    }
    d->live[d->block++] = f[2];
    if (d->block == BLOCK) {
        d->block = 0;
        say_block(d);
    }
}

static void on_bytes(struct device *d)
{
    uint8_t b[512];
    ssize_t n = read(d->fd, b, sizeof b);
    for (ssize_t i = 0; i < n; i++) {
        d->frame[d->have++] = b[i];
        if (d->have < BENCH_FRAME_BYTES) {
            continue;
        }
        if (bench_frame_is_good(d->frame)) {
            on_frame(d);
            d->have = 0;
        } else {
            memmove(d->frame, d->frame + 1, BENCH_FRAME_BYTES - 1);
            d->have = BENCH_FRAME_BYTES - 1;
        }
    }
}

/* --- main ----------------------------------------------------------------------------------- */

static int open_devices(const char *list_path)
{
    char line[160];
    int ep = epoll_create1(EPOLL_CLOEXEC);
    FILE *list = fopen(list_path, "re");
    if (list == NULL) {
        bench_die("%s", list_path);
    }
    while (fgets(line, (int)sizeof line, list) != NULL && device_count < BENCH_DEVICES_MAX) {
        struct device *d = &device[device_count];
        char *path = NULL;
        d->id = (int)strtol(line, &path, 10);
        path[strcspn(path, "\n")] = '\0';
        d->fd = open(path + 1, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        struct epoll_event e = { .events = EPOLLIN, .data.ptr = d };
        if (d->fd < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, d->fd, &e) != 0) {
            bench_die("%s", path + 1);
        }
        device_count++;
    }
    (void)fclose(list);
    return ep;
}

int main(int argc, char **argv)
{
    int high_water = 4096;
    struct itimerspec second = { { 1, 0 }, { 1, 0 } };
    struct epoll_event ready[64];

    if (argc != 4) {
        bench_die("usage: bench-floor-oximeters LIST ENDPOINT DATABASE");
    }
    publisher = zmq_socket(zmq_ctx_new(), ZMQ_XPUB);
    (void)zmq_setsockopt(publisher, ZMQ_SNDHWM, &high_water, sizeof high_water);
    if (zmq_bind(publisher, argv[2]) != 0) {
        bench_die("%s", argv[2]);
    }
    open_record(argv[3]);
    int ep = open_devices(argv[1]);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
    (void)timerfd_settime(timer, 0, &second, NULL);
    (void)epoll_ctl(ep, EPOLL_CTL_ADD, timer, &e);
    for (;;) {
        int n = epoll_wait(ep, ready, 64, -1);
        for (int i = 0; i < n; i++) {
            struct device *d = ready[i].data.ptr;
            if (d == NULL) {
                on_second(timer);
            } else {
                on_bytes(d);
            }
        }
    }
}
