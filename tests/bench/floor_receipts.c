/*
 * floor_receipts.c -- the least program that gives a durable receipt over ZeroMQ: take what is
 * there, one write and one fdatasync for all of it, then answer each. It knows no session, parses
 * nothing and keeps no table. usage: bench-floor-receipts ENDPOINT DIR
 *
 * Between floor_sync and this lies what ZeroMQ and the threads of both ends cost on this machine.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "common.h"

#define RECORD_BYTES 4096
#define FILE_BYTES ((off_t)4 * 1024 * 1024)
#define PEERS_MAX 64
#define ID_BYTES 16

static const char reply[] =
    "{\"v\":1,\"ok\":true,\"request_id\":\"bench-00000-000000\",\"receipt\":1,"
    "\"recorded\":true,\"duplicate\":false}";

struct peer {
    char id[ID_BYTES];
    size_t id_len;
};

/* One request, [identity][""][body]; 0 when there is none. */
static int take(void *socket, struct peer *p, int flags)
{
    char body[RECORD_BYTES];
    int n = zmq_recv(socket, p->id, sizeof p->id, flags);
    if (n <= 0 || (size_t)n > sizeof p->id) {
        return 0;
    }
    p->id_len = (size_t)n;
    (void)zmq_recv(socket, body, sizeof body, 0);
    return zmq_recv(socket, body, sizeof body, 0) >= 0;
}

static int open_file(const char *dir)
{
    uint8_t record[RECORD_BYTES];
    char path[512];
    (void)snprintf(path, sizeof path, "%s/floor.receipts", dir);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    memset(record, 7, sizeof record);
    for (off_t at = 0; fd >= 0 && at < FILE_BYTES; at += RECORD_BYTES) {
        if (pwrite(fd, record, sizeof record, at) != (ssize_t)sizeof record) {
            bench_die("%s", path);
        }
    }
    if (fd < 0 || fsync(fd) != 0) {
        bench_die("%s", path);
    }
    return fd;
}

int main(int argc, char **argv)
{
    uint8_t record[RECORD_BYTES] = { 7 };
    struct peer peer[PEERS_MAX];
    off_t at = 0;

    if (argc != 3) {
        bench_die("usage: bench-floor-receipts ENDPOINT DIR");
    }
    int fd = open_file(argv[2]);
    void *socket = zmq_socket(zmq_ctx_new(), ZMQ_ROUTER);
    if (zmq_bind(socket, argv[1]) != 0) {
        bench_die("%s", argv[1]);
    }
    for (;;) {
        int n = take(socket, &peer[0], 0);
        while (n > 0 && n < PEERS_MAX && take(socket, &peer[n], ZMQ_DONTWAIT)) {
            n++;
        }
        if (pwrite(fd, record, sizeof record, at) != (ssize_t)sizeof record || fdatasync(fd) != 0) {
            bench_die("floor.receipts");
        }
        at = (at + RECORD_BYTES) % FILE_BYTES;
        for (int i = 0; i < n; i++) {
            (void)zmq_send(socket, peer[i].id, peer[i].id_len, ZMQ_SNDMORE);
            (void)zmq_send(socket, "", 0, ZMQ_SNDMORE);
            (void)zmq_send(socket, reply, sizeof reply - 1, 0);
        }
    }
}
