/*
 * modbus_slave.h -- a Modbus unit on a thread, over a pseudo-terminal (RTU) or a loopback socket
 * (TCP), that can answer late, wrong, twice or not at all. It answers for every unit address.
 *
 * Every register says where it is from: slave_value() of unit, function and address. A reader that
 * ever gets another number for a register took somebody else's answer for its own.
 */
#ifndef VIGIL_TESTS_SUPPORT_MODBUS_SLAVE_H
#define VIGIL_TESTS_SUPPORT_MODBUS_SLAVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum slave_fault {
    SLAVE_GOOD,
    SLAVE_SILENT,
    SLAVE_LATE, /* after late_ms */
    SLAVE_WRONG_UNIT,
    SLAVE_BAD_CRC,     /* TCP: wrong transaction */
    SLAVE_TRAILING,    /* bytes after the answer */
    SLAVE_NOISE_FIRST, /* bytes before it */
    SLAVE_LONGER,      /* one register more than asked */
    SLAVE_OTHER_FUNCTION,
    SLAVE_CUT, /* half of it */
    SLAVE_EXCEPTION_2,
    SLAVE_EXCEPTION_6,
    SLAVE_CLOSE, /* TCP: closes instead of answering */
    SLAVE_FAULT_COUNT
};

struct modbus_slave {
    int fd;   /* pty end, or listening socket */
    int peer; /* TCP: the connection */
    bool tcp;
    uint16_t port; /* TCP */
    int late_ms;
    pthread_t thread;
    _Atomic bool stop;
    _Atomic int next;        /* fault of the next request, then good again */
    _Atomic int always;      /* fault of every request */
    _Atomic uint32_t chance; /* in 256: a fault of the seed's choice */
    _Atomic uint32_t requests;
    _Atomic uint32_t writes;
    _Atomic uint32_t last_write; /* address << 16 | value */
    _Atomic uint32_t seed;
};

uint16_t slave_value(uint8_t unit, uint8_t function, uint16_t addr);

/* fd of the device's end of a pty; -1: TCP, the port is chosen and told in s->port. */
void slave_start(struct modbus_slave *s, int fd);
void slave_stop(struct modbus_slave *s);

#endif
