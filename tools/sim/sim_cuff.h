/*
 * sim_cuff.h -- a cuff module with the SunTech OEM NIBP protocol.
 */
#ifndef VIGIL_TOOLS_SIM_CUFF_H
#define VIGIL_TOOLS_SIM_CUFF_H

#include "determination.h"
#include "patient.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VG_CUFF_IN_BYTES 64
#define VG_CUFF_RESULT_BYTES 24

struct vg_sim_device;

struct vg_sim_cuff {
    struct vg_patient patient;
    struct vg_determination determination;
    bool is_aborting; /* the K that ends an abort is still to come */
    int64_t abort_ns; /* moment of the last abort */
    int initial_mmhg; /* set by the host for the next start; 0: default of the mode */
    uint8_t result[VG_CUFF_RESULT_BYTES];
    uint8_t in[VG_CUFF_IN_BYTES];
    size_t in_len;
    int64_t in_ns; /* arrival of the last byte */
};

void vg_sim_cuff_init(struct vg_sim_device *d);
void vg_sim_cuff_receive(struct vg_sim_device *d, const uint8_t *buf, size_t buf_len,
                         int64_t now_ns);
int64_t vg_sim_cuff_step(struct vg_sim_device *d, int64_t now_ns);

#endif
