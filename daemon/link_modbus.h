/*
 * link_modbus.h -- one Modbus bus as its worker thread sees it: a libmodbus context and the rules
 * that keep one register's value from becoming another's.
 *
 * An RTU reply names neither address nor quantity, so a late reply is taken for the answer to the
 * next request. Hence: one block read each, input discarded before every request, silence and
 * draining after every fault, and after a fault a probe read whose length no block of the unit
 * has: its answer cannot be mistaken, and replies come in order, so whatever was late is then gone.
 * Over TCP the library checks the transaction number; the connection is closed after any fault.
 */
#ifndef VIGIL_DAEMON_LINK_MODBUS_H
#define VIGIL_DAEMON_LINK_MODBUS_H

#include <modbus.h>

#include "daemon/config.h"
#include "drivers/regmap.h"

enum vg_bus_work { VG_BUS_POLL, VG_BUS_WRITE };

/* One job, by value. */
struct vg_bus_job {
    uint16_t index; /* unit on its bus, for the loop */
    uint8_t work;   /* enum vg_bus_work */
    uint8_t unit;
    uint8_t what;               /* WRITE: enum vg_request_what, for the loop */
    bool probe;                 /* the unit must first answer a probe */
    uint16_t probe_len;         /* registers; no block of the unit is that long */
    uint16_t area, addr, value; /* WRITE */
    int64_t timeout_ns;
    struct vg_blocks blocks; /* POLL */
};

struct vg_bus_done {
    uint16_t index;
    uint8_t work;
    uint8_t what;
    int8_t status;     /* enum vg_status: OK, TIMEOUT, CHECKSUM (line fault), LOST, DENIED */
    uint8_t exception; /* Modbus exception of the write or the last refused block, 0 = none */
    uint32_t refused;  /* blocks answered by an exception */
    bool simulated;
    int64_t sent_ns; /* mono time the first request left */
    struct vg_poll poll;
};

/* The worker's own. */
struct vg_modbus_link {
    struct vg_link_config cfg;
    modbus_t *ctx;         /* NULL = closed */
    int64_t quiet_from_ns; /* no request before this */
    uint8_t last_unit;
    bool dirty; /* a fault: drain before the next request */
    bool simulated;
};

/* vg_modbus_run -- carry out one job; blocks at most
 * (blocks + 2) * (time-out + transmission) + draining. */
void vg_modbus_run(struct vg_modbus_link *l, const struct vg_bus_job *job,
                   struct vg_bus_done *done);
void vg_modbus_close(struct vg_modbus_link *l);

#endif
