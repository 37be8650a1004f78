/* modbus_slave.c -- see modbus_slave.h. */
#include "tests/support/modbus_slave.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "vigil/compiler.h"

#define PDU_MAX 260

struct message {
    uint8_t unit;
    uint16_t transaction;
    size_t len; /* of the PDU: function code and data */
    uint8_t pdu[PDU_MAX];
};

uint16_t slave_value(uint8_t unit, uint8_t function, uint16_t addr)
{
    if (function <= 2) {
        return (uint16_t)((unit + addr) & 1);
    }
    return (uint16_t)(unit * 1000 + function * 100 + addr);
}

static uint16_t be16(const uint8_t *b)
{
    return (uint16_t)(((unsigned)b[0] << 8) | b[1]);
}

static void put_be16(uint8_t *b, unsigned v)
{
    b[0] = (uint8_t)(v >> 8);
    b[1] = (uint8_t)(v & 0xffu);
}

static uint16_t crc16(const uint8_t *b, size_t n)
{
    uint16_t crc = 0xffff;
    for (size_t i = 0; i < n; i++) {
        crc = (uint16_t)(crc ^ b[i]);
        for (int k = 0; k < 8; k++) {
            crc = (crc & 1) != 0 ? (uint16_t)((crc >> 1) ^ 0xa001u) : (uint16_t)(crc >> 1);
        }
    }
    return crc;
}

static void wait_ms(int ms)
{
    struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&ts, NULL);
}

/* --- questions -------------------------------------------------------------------------------- */

static bool read_some(struct modbus_slave *s, int fd, uint8_t *b, size_t want)
{
    size_t got = 0;
    while (got < want && !atomic_load(&s->stop)) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, 20) <= 0) {
            if (got > 0 && !s->tcp) {
                return false; /* half a question: silence ends it */
            }
            continue;
        }
        ssize_t n = read(fd, b + got, want - got);
        if (n <= 0) {
            if (!s->tcp) {
                wait_ms(5); /* nobody has the line open */
            }
            return false;
        }
        got += (size_t)n;
    }
    return got == want;
}

static bool take_question(struct modbus_slave *s, struct message *q)
{
    uint8_t b[12];
    if (!read_some(s, s->tcp ? s->peer : s->fd, b, s->tcp ? 12 : 8)) {
        return false;
    }
    const uint8_t *body = s->tcp ? &b[6] : b;
    q->transaction = s->tcp ? be16(b) : 0;
    q->unit = body[0];
    q->len = 5;
    memcpy(q->pdu, &body[1], 5);
    return s->tcp || crc16(b, 6) == (uint16_t)(b[6] | ((unsigned)b[7] << 8));
}

/* --- answers ---------------------------------------------------------------------------------- */

static void fill(struct message *a, const struct message *q, unsigned count)
{
    uint8_t f = q->pdu[0];
    uint16_t addr = be16(&q->pdu[1]);

    a->pdu[0] = f;
    if (f <= 2) {
        size_t bytes = (count + 7) / 8;
        memset(&a->pdu[2], 0, bytes);
        for (unsigned i = 0; i < count; i++) {
            if (slave_value(a->unit, f, (uint16_t)(addr + i)) != 0) {
                a->pdu[2 + i / 8] = (uint8_t)(a->pdu[2 + i / 8] | (1u << (i % 8)));
            }
        }
        a->pdu[1] = (uint8_t)bytes;
        a->len = 2 + bytes;
    } else if (f <= 4) {
        for (unsigned i = 0; i < count; i++) {
            put_be16(&a->pdu[2 + 2 * i], slave_value(a->unit, f, (uint16_t)(addr + i)));
        }
        a->pdu[1] = (uint8_t)(2 * count);
        a->len = 2 + 2 * (size_t)count;
    } else {
        memcpy(a->pdu, q->pdu, 5);
        a->len = 5;
    }
}

static void make_answer(struct message *a, const struct message *q, enum slave_fault fault)
{
    *a = *q;
    if (fault == SLAVE_WRONG_UNIT) {
        a->unit = (uint8_t)(q->unit + 1);
    }
    fill(a, q, be16(&q->pdu[3]) + (fault == SLAVE_LONGER && q->pdu[0] <= 4 ? 1u : 0u));
    if (fault == SLAVE_OTHER_FUNCTION) {
        a->pdu[0] = q->pdu[0] == 3 ? 4 : 3;
    }
    if (fault == SLAVE_EXCEPTION_2 || fault == SLAVE_EXCEPTION_6) {
        a->pdu[0] = q->pdu[0] | 0x80;
        a->pdu[1] = fault == SLAVE_EXCEPTION_2 ? 2 : 6;
        a->len = 2;
    }
}

static void say(struct modbus_slave *s, const uint8_t *b, size_t len)
{
    ssize_t n = s->tcp ? send(s->peer, b, len, MSG_NOSIGNAL) : write(s->fd, b, len);
    (void)n; /* a reader that left is its own affair */
}

static void give_answer(struct modbus_slave *s, const struct message *a, enum slave_fault fault)
{
    static const uint8_t noise[] = { 0x00, 0xa5, 0x03, 0x02, 0x7f, 0x11, 0x04 };
    uint8_t b[PDU_MAX + 16];
    size_t head = s->tcp ? 7 : 1;
    size_t len = head + a->len;

    if (s->tcp) {
        put_be16(b, a->transaction + (fault == SLAVE_BAD_CRC ? 1u : 0u));
        put_be16(&b[2], 0);
        put_be16(&b[4], (unsigned)a->len + 1);
    }
    b[head - 1] = a->unit;
    memcpy(&b[head], a->pdu, a->len);
    if (!s->tcp) {
        uint16_t crc = crc16(b, len);
        b[len] = (uint8_t)(crc & 0xffu);
        b[len + 1] = (uint8_t)((crc >> 8) ^ (fault == SLAVE_BAD_CRC ? 0x40 : 0));
        len += 2;
    }
    if (fault == SLAVE_NOISE_FIRST) {
        say(s, noise, 3);
    }
    say(s, b, fault == SLAVE_CUT ? len / 2 : len);
    if (fault == SLAVE_TRAILING) {
        say(s, noise, sizeof noise);
    }
}

/* --- life ------------------------------------------------------------------------------------- */

static enum slave_fault choose(struct modbus_slave *s)
{
    int fault = atomic_exchange(&s->next, SLAVE_GOOD);
    if (fault == SLAVE_GOOD) {
        fault = atomic_load(&s->always);
    }
    uint32_t seed = atomic_load(&s->seed) * 1664525u + 1013904223u;
    if (fault == SLAVE_GOOD && (seed >> 24) < atomic_load(&s->chance)) {
        seed = seed * 1664525u + 1013904223u;
        fault = (int)((seed >> 16) % SLAVE_FAULT_COUNT);
    }
    atomic_store(&s->seed, seed);
    return (enum slave_fault)fault;
}

static void hang_up(struct modbus_slave *s)
{
    if (s->tcp && s->peer >= 0) {
        (void)close(s->peer);
        s->peer = -1;
    }
}

static void serve_one(struct modbus_slave *s)
{
    struct message q;
    struct message a;
    if (!take_question(s, &q)) {
        hang_up(s);
        return;
    }
    (void)atomic_fetch_add(&s->requests, 1);
    enum slave_fault fault = choose(s);
    if (q.pdu[0] >= 5 && fault < SLAVE_EXCEPTION_2) {
        atomic_store(&s->last_write, ((uint32_t)be16(&q.pdu[1]) << 16) | be16(&q.pdu[3]));
        (void)atomic_fetch_add(&s->writes, 1);
    }
    if (fault == SLAVE_CLOSE) {
        hang_up(s);
    }
    if (fault == SLAVE_SILENT || fault == SLAVE_CLOSE) {
        return;
    }
    if (fault == SLAVE_LATE) {
        wait_ms(s->late_ms);
    }
    make_answer(&a, &q, fault);
    give_answer(s, &a, fault);
}

static void *serve(void *arg)
{
    struct modbus_slave *s = arg;
    while (!atomic_load(&s->stop)) {
        if (s->tcp && s->peer < 0) {
            struct pollfd p = { .fd = s->fd, .events = POLLIN };
            s->peer = poll(&p, 1, 20) > 0 ? accept(s->fd, NULL, NULL) : -1;
            continue;
        }
        serve_one(s);
    }
    hang_up(s);
    return NULL;
}

static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t len = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    VG_ASSERT(fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0);
    VG_ASSERT(listen(fd, 4) == 0 && getsockname(fd, (struct sockaddr *)&a, &len) == 0);
    *port = ntohs(a.sin_port);
    return fd;
}

void slave_start(struct modbus_slave *s, int fd)
{
    memset(s, 0, sizeof *s);
    s->tcp = fd < 0;
    s->fd = s->tcp ? listen_somewhere(&s->port) : fd;
    s->peer = -1;
    s->late_ms = 170;
    atomic_store(&s->seed, 1u);
    int rc = pthread_create(&s->thread, NULL, serve, s);
    VG_ASSERT(rc == 0);
}

void slave_stop(struct modbus_slave *s)
{
    atomic_store(&s->stop, true);
    (void)pthread_join(s->thread, NULL);
    if (s->tcp) {
        (void)close(s->fd);
    }
}
