/*
 * doses.c -- clients that record doses as fast as receipts come back.
 *
 *   bench-doses ENDPOINT CLIENTS SECONDS
 *
 * Each client has one request under way. Client i works on bed b-i modulo the number of beds, of
 * which there is one for each client; sessions are opened first, unless an earlier run left them
 * open. Only a receipt that says "recorded": true is counted.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "common.h"

#define CLIENTS_MAX 64
#define TIMEOUT_MS 5000

struct client {
    void *socket;
    int64_t sent_ns;
};

static struct client client[CLIENTS_MAX];
static unsigned long serial;
static struct bench_samples took;
static long refused;

static void send_dose(struct client *c, int bed)
{
    char b[512];
    int n = snprintf(b, sizeof b,
                     "{\"op\":\"dose\",\"request_id\":\"bench-%d-%lu\",\"bed\":\"b-%d\","
                     "\"operator\":\"bench\",\"kind\":\"bolus\",\"drug\":\"ketamine\","
                     "\"amount\":10,\"unit\":\"mg\",\"route\":\"iv\"}",
                     (int)getpid(), ++serial, bed);
    c->sent_ns = bench_now_ns();
    if (zmq_send(c->socket, b, (size_t)n, 0) < 0) {
        bench_die("dose not sent");
    }
}

static void receive(struct client *c, char *b, size_t cap)
{
    int n = zmq_recv(c->socket, b, cap - 1, 0);
    if (n < 0) {
        bench_die("no receipt within %d ms", TIMEOUT_MS);
    }
    b[n < (int)cap ? n : (int)cap - 1] = '\0';
}

static bool is_recorded(struct client *c)
{
    char b[1024];
    receive(c, b, sizeof b);
    bool recorded = strstr(b, "\"recorded\":true") != NULL;
    if (!recorded && refused++ == 0) {
        (void)fprintf(stderr, "bench-doses: %s\n", b);
    }
    return recorded;
}

static void open_session(struct client *c, int bed)
{
    char b[1024];
    int n = snprintf(b, sizeof b,
                     "{\"op\":\"session_open\",\"request_id\":\"open-%d-%d\",\"bed\":\"b-%d\","
                     "\"operator\":\"bench\",\"patient_ref\":\"BENCH-%d\"}",
                     (int)getpid(), bed, bed, bed);
    (void)zmq_send(c->socket, b, (size_t)n, 0);
    receive(c, b, sizeof b);
    if (strstr(b, "\"recorded\":true") == NULL && strstr(b, "\"session_open\"") == NULL) {
        errno = 0;
        bench_die("session not opened: %s", b);
    }
}

int main(int argc, char **argv)
{
    zmq_pollitem_t items[CLIENTS_MAX];
    int timeout_ms = TIMEOUT_MS;
    int zero = 0;

    if (argc != 4) {
        bench_die("usage: bench-doses ENDPOINT CLIENTS SECONDS");
    }
    int n = (int)strtol(argv[2], NULL, 10);
    if (n < 1 || n > CLIENTS_MAX) {
        errno = EINVAL;
        bench_die("clients must be 1 to %d", CLIENTS_MAX);
    }
    void *zmq = zmq_ctx_new();
    for (int i = 0; i < n; i++) {
        client[i].socket = zmq_socket(zmq, ZMQ_REQ);
        (void)zmq_setsockopt(client[i].socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
        (void)zmq_setsockopt(client[i].socket, ZMQ_LINGER, &zero, sizeof zero);
        if (zmq_connect(client[i].socket, argv[1]) != 0) {
            bench_die("%s", argv[1]);
        }
        open_session(&client[i], i);
        items[i] = (zmq_pollitem_t){ .socket = client[i].socket, .events = ZMQ_POLLIN };
    }
    int64_t start_ns = bench_now_ns();
    int64_t end_ns = start_ns + (int64_t)(strtod(argv[3], NULL) * 1e9);
    int64_t now_ns = start_ns;
    for (int i = 0; i < n; i++) {
        send_dose(&client[i], i);
    }
    while (now_ns < end_ns) {
        if (zmq_poll(items, n, TIMEOUT_MS) <= 0) {
            bench_die("no receipt within %d ms", TIMEOUT_MS);
        }
        now_ns = bench_now_ns();
        for (int i = 0; i < n; i++) {
            if ((items[i].revents & ZMQ_POLLIN) == 0) {
                continue;
            }
            if (is_recorded(&client[i])) {
                bench_push(&took, now_ns - client[i].sent_ns);
            }
            send_dose(&client[i], i);
        }
    }
    (void)printf("{\"per_s\":%.1f,\"refused\":%ld,",
                 (double)took.count * 1e9 / (double)(now_ns - start_ns), refused);
    bench_print(stdout, "receipt", &took);
    (void)printf("}\n");
    return 0;
}
