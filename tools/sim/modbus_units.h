/*
 * modbus_units.h -- the two register maps of the Modbus simulator.
 *
 * VM-2 is an invented module with oximeter and cuff (docs/devices); DFRobot SEN0344/SEN0518 is a
 * real oximeter board with the map of its vendor's public library.
 */
#ifndef VIGIL_TOOLS_SIM_MODBUS_UNITS_H
#define VIGIL_TOOLS_SIM_MODBUS_UNITS_H

#include "determination.h"
#include "modbus_pdu.h"
#include "patient.h"

#include <stdbool.h>
#include <stdint.h>

struct vg_sim_device;

struct vg_vm2 {
    struct vg_determination determination;
    bool has_new_result;
    bool has_ended; /* a determination has ended at end_ns: the 30 s rule applies */
    int64_t end_ns;
    int64_t auto_ns; /* next automatic start; VG_SIM_NEVER: none */
    bool is_auto_enabled;
    bool is_spo2_enabled;
    uint16_t auto_interval_min;
    uint16_t patient_type;
    uint16_t initial_mmhg;
    uint16_t result_seq;
    uint32_t sample_count;
    int64_t sample_ns; /* when the last sample was taken */
    int64_t frozen_age_ns;
    bool is_frozen;
    struct vg_vitals sample;
};

struct vg_dfrobot {
    bool is_started;
    uint16_t baud_code;
    int64_t sample_ns; /* when the next values appear */
    int spo2_percent;
    int pulse_rate_bpm;
};

struct vg_sim_unit {
    struct vg_sim_device *device; /* retained for the life of the program */
    uint8_t address;
    struct vg_patient patient;
    union {
        struct vg_vm2 vm2;
        struct vg_dfrobot dfrobot;
    } as;
};

extern const struct vg_mb_map vg_vm2_map;
extern const struct vg_mb_map vg_dfrobot_map;

void vg_vm2_init(struct vg_sim_unit *u);

/* vg_vm2_step -- samples, determinations and automatic starts up to now; returns the next time. */
int64_t vg_vm2_step(struct vg_sim_unit *u, int64_t now_ns);

void vg_dfrobot_init(struct vg_sim_unit *u);
int64_t vg_dfrobot_step(struct vg_sim_unit *u, int64_t now_ns);

/* vg_sim_unit_vitals -- the patient's vitals with the faults spo2 and pr applied. */
void vg_sim_unit_vitals(const struct vg_sim_unit *u, struct vg_vitals *out, int64_t now_ns);

bool vg_sim_unit_has_fault(const struct vg_sim_unit *u, enum vg_fault_name name, int64_t now_ns);

#endif
