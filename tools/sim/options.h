/*
 * options.h -- what the command line of vigil-sim asks for.
 */
#ifndef VIGIL_TOOLS_SIM_OPTIONS_H
#define VIGIL_TOOLS_SIM_OPTIONS_H

#include "fault.h"
#include "patient.h"
#include "transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VG_SIM_DEVICE_MAX 512 /* the most devices one daemon can be built for */
#define VG_SIM_UNIT_MAX 32    /* more Modbus units than a 9600 baud line can poll in time */

enum vg_sim_kind { VG_SIM_OXIMETER, VG_SIM_CUFF, VG_SIM_MODBUS };

enum vg_sim_map { VG_SIM_MAP_VM2, VG_SIM_MAP_DFROBOT };

struct vg_sim_options {
    enum vg_sim_kind kind;
    enum vg_transport_kind line;
    bool has_line;
    const char *path; /* of argv; "%d" stands for the device index */
    uint16_t port;
    size_t device_count;
    bool is_quiet;
    int64_t run_ns; /* 0: until a signal */
    struct vg_patient_setup patient;
    int64_t determination_ns; /* 0: as long as the pressure asks for */
    enum vg_sim_map map;
    uint8_t units[VG_SIM_UNIT_MAX];
    size_t units_len;
    int64_t reply_delay_ns;
    bool has_zero_holes; /* reserved registers read 0 instead of exception 02 */
    struct vg_fault_list script;
};

/*
 * vg_sim_options_read -- parse the command line.
 *
 * Errors: false: one line on stderr tells what is wrong. --help prints and exits.
 */
bool vg_sim_options_read(struct vg_sim_options *o, int argc, char *const argv[]);

#endif
