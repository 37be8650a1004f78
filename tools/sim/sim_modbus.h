/*
 * sim_modbus.h -- one Modbus line (RTU) or host (TCP) with several units on it.
 */
#ifndef VIGIL_TOOLS_SIM_MODBUS_H
#define VIGIL_TOOLS_SIM_MODBUS_H

#include "modbus_units.h"
#include "options.h"
#include "transport.h"

#include <stddef.h>
#include <stdint.h>

#define VG_MODBUS_IN_BYTES 512 /* the longest frame twice */

struct vg_sim_device;

struct vg_modbus_input {
    uint8_t bytes[VG_MODBUS_IN_BYTES];
    size_t bytes_len;
    int64_t last_ns; /* arrival of the last byte */
};

struct vg_sim_modbus {
    struct vg_modbus_input in[VG_TRANSPORT_CHANNEL_MAX];
    struct vg_sim_unit units[VG_SIM_UNIT_MAX];
    size_t units_len;
};

void vg_sim_modbus_init(struct vg_sim_device *d);
void vg_sim_modbus_receive(struct vg_sim_device *d, size_t channel, const uint8_t *buf,
                           size_t buf_len, int64_t now_ns);
int64_t vg_sim_modbus_step(struct vg_sim_device *d, int64_t now_ns);

#endif
