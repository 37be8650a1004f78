/*
 * floor_units.c -- the loop everybody writes first: libmodbus, one unit after the other, 12
 * registers, once a second, 300 ms time-out. usage: bench-floor-units LIST
 */
#include <errno.h>
#include <modbus.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common.h"

#define REGS 12

struct unit {
    modbus_t *ctx;
    bool connected;
};

static struct unit unit[BENCH_DEVICES_MAX];

static int make_units(const char *path)
{
    char line[64];
    int n = 0;
    FILE *list = fopen(path, "re");
    if (list == NULL) {
        bench_die("%s", path);
    }
    while (fgets(line, (int)sizeof line, list) != NULL && n < BENCH_DEVICES_MAX) {
        char *port = NULL;
        (void)strtol(line, &port, 10);
        unit[n].ctx = modbus_new_tcp("127.0.0.1", (int)strtol(port, NULL, 10));
        if (unit[n].ctx == NULL) {
            bench_die("no context");
        }
        (void)modbus_set_slave(unit[n].ctx, 1);
        (void)modbus_set_response_timeout(unit[n].ctx, 0, 300000);
        n++;
    }
    (void)fclose(list);
    return n;
}

static void poll_one(struct unit *u)
{
    uint16_t regs[REGS];
    if (!u->connected && modbus_connect(u->ctx) != 0) {
        return;
    }
    u->connected = true;
    if (modbus_read_input_registers(u->ctx, 0, REGS, regs) != REGS) {
        modbus_close(u->ctx); /* a late reply must not answer the next question */
        u->connected = false;
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        bench_die("usage: bench-floor-units LIST");
    }
    int n = make_units(argv[1]);
    for (int64_t due_ns = bench_now_ns();; due_ns += VG_NS_PER_S) {
        int64_t now_ns = bench_now_ns();
        if (due_ns + VG_NS_PER_S < now_ns) {
            due_ns = now_ns; /* a round took longer than its second */
        }
        bench_sleep_until(due_ns);
        for (int i = 0; i < n; i++) {
            poll_one(&unit[i]);
        }
    }
}
