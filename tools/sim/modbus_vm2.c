/*
 * The VM-2 map: input registers 0 to 6 oximeter, 16 to 24 cuff, 26 and 27 a temperature as a float
 * with the words swapped; coils, discrete inputs and three holding registers.
 *
 * Trap: this is the reference for "does the number belong to my request?". Results become FFFF at
 * the start, result_seq moves only on success, and nothing here starts a determination except a
 * write to coil 0 or an automatic interval the host has enabled.
 */
#include "device.h"
#include "modbus_units.h"

#include <stdio.h>

#define NO_VALUE 0xFFFFU
#define REST_NS (30 * VG_NS_PER_S) /* cuff deflated this long before the next start */
#define MINUTE_NS (60 * VG_NS_PER_S)
#define TEMPERATURE_QUARTERS 147U /* 36.75 degrees Celsius */

enum vm2_input {
    IN_SPO2 = 0,
    IN_PR = 1,
    IN_PI = 2,
    IN_SPO2_STATUS = 3,
    IN_COUNT_HIGH = 4,
    IN_COUNT_LOW = 5,
    IN_SPO2_AGE = 6,
    IN_STATE = 16,
    IN_SYS = 17,
    IN_DIA = 18,
    IN_MEAN = 19,
    IN_NIBP_PR = 20,
    IN_CUFF = 21,
    IN_RESULT_AGE = 22,
    IN_ERROR = 23,
    IN_SEQ = 24,
    IN_TEMPERATURE_LOW = 26,
    IN_TEMPERATURE_HIGH = 27
};

struct pressure_range {
    uint16_t low;
    uint16_t high;
    uint16_t preset;
};

static const struct pressure_range initial_ranges[3] = { { 120, 280, 160 },
                                                         { 80, 250, 140 },
                                                         { 60, 140, 90 } };

void vg_vm2_init(struct vg_sim_unit *u)
{
    u->as.vm2 = (struct vg_vm2){ .is_spo2_enabled = true,
                                 .auto_ns = VG_SIM_NEVER,
                                 .initial_mmhg = initial_ranges[0].preset };
    vg_sim_unit_vitals(u, &u->as.vm2.sample, 0);
}

static void event(const struct vg_sim_unit *u, const char *text)
{
    vg_sim_event(u->device, u->address, text);
}

static enum vg_mb_exception start(struct vg_sim_unit *u, int64_t now_ns)
{
    struct vg_vm2 *v = &u->as.vm2;
    int limit = v->patient_type == 2 ? 150 : 280;

    if (vg_determination_is_busy(&v->determination) ||
        vg_determination_is_dumping(&v->determination, now_ns) ||
        (v->has_ended && now_ns - v->end_ns < REST_NS) ||
        vg_sim_unit_has_fault(u, VG_FAULT_BUSY, now_ns)) {
        return VG_MB_BUSY;
    }
    struct vg_determination_setup setup = { u->device->options->determination_ns, v->initial_mmhg,
                                            limit };
    vg_determination_start(&v->determination, &u->device->faults, &u->patient, &setup, now_ns);
    v->has_new_result = false;
    event(u, "cuff start");
    return VG_MB_NONE;
}

static void abort_determination(struct vg_sim_unit *u, int64_t now_ns)
{
    struct vg_vm2 *v = &u->as.vm2;

    if (vg_determination_is_busy(&v->determination)) {
        vg_determination_abort(&v->determination, now_ns);
        v->has_ended = true;
        v->end_ns = now_ns;
        event(u, "cuff abort");
    }
}

static void finish(struct vg_sim_unit *u)
{
    struct vg_vm2 *v = &u->as.vm2;
    const struct vg_determination *n = &v->determination;
    char text[48];

    v->has_ended = true;
    v->end_ns = n->end_ns;
    if (n->state == VG_DETERMINATION_DONE) {
        v->result_seq = (uint16_t)((v->result_seq + 1U) & 0xFFFFU);
        v->has_new_result = true;
        (void)snprintf(text, sizeof text, "cuff done %d %d", n->vitals.nibp_sys_mmhg,
                       n->vitals.nibp_dia_mmhg);
    } else {
        (void)snprintf(text, sizeof text, "cuff failed %d", n->error);
    }
    event(u, text);
}

/* One sample a second; a frozen module keeps its last one, its counter and its age. */
static void take_samples(struct vg_sim_unit *u, int64_t now_ns)
{
    struct vg_vm2 *v = &u->as.vm2;
    bool is_frozen = vg_sim_unit_has_fault(u, VG_FAULT_FREEZE, now_ns);

    if (is_frozen && !v->is_frozen) {
        v->frozen_age_ns = now_ns - v->sample_ns;
    }
    v->is_frozen = is_frozen;
    if (is_frozen || !v->is_spo2_enabled) {
        v->sample_ns = now_ns - (is_frozen ? v->frozen_age_ns : 0);
        return;
    }
    while (now_ns - v->sample_ns >= VG_NS_PER_S) {
        v->sample_ns += VG_NS_PER_S;
        v->sample_count++;
        vg_sim_unit_vitals(u, &v->sample, v->sample_ns);
    }
}

int64_t vg_vm2_step(struct vg_sim_unit *u, int64_t now_ns)
{
    struct vg_vm2 *v = &u->as.vm2;
    int64_t next_ns = 0;

    take_samples(u, now_ns);
    if (vg_determination_step(&v->determination, now_ns)) {
        finish(u);
    }
    if (v->auto_ns <= now_ns) {
        v->auto_ns = now_ns + v->auto_interval_min * MINUTE_NS;
        (void)start(u, now_ns); /* refused: this turn is left out */
    }
    next_ns = v->auto_ns;
    if (vg_determination_is_busy(&v->determination) &&
        vg_determination_next_ns(&v->determination) < next_ns) {
        next_ns = vg_determination_next_ns(&v->determination);
    }
    return next_ns;
}

static uint16_t spo2_status(const struct vg_sim_unit *u, int64_t now_ns)
{
    unsigned status = 0x0003; /* valid, pulse found */

    if (!u->as.vm2.is_spo2_enabled) {
        return 0;
    }
    if (vg_sim_unit_has_fault(u, VG_FAULT_SENSOR_UNPLUGGED, now_ns)) {
        return 0x0004;
    }
    if (vg_sim_unit_has_fault(u, VG_FAULT_SENSOR_OFF, now_ns)) {
        return 0x0008;
    }
    if (vg_sim_unit_has_fault(u, VG_FAULT_LOW_PERFUSION, now_ns)) {
        status |= 0x0020U;
    }
    if (vg_sim_unit_has_fault(u, VG_FAULT_ARTIFACT, now_ns)) {
        status |= 0x0040U;
    }
    return (uint16_t)status;
}

static uint16_t spo2_register(const struct vg_sim_unit *u, unsigned address, int64_t now_ns)
{
    const struct vg_vm2 *v = &u->as.vm2;
    bool is_valid = (spo2_status(u, now_ns) & 1U) != 0;
    bool is_low = vg_sim_unit_has_fault(u, VG_FAULT_LOW_PERFUSION, now_ns);
    int64_t age_ns = now_ns > v->sample_ns ? now_ns - v->sample_ns : 0;

    switch (address) {
    case IN_SPO2:
        return is_valid ? (uint16_t)v->sample.spo2_percent : NO_VALUE;
    case IN_PR:
        return is_valid ? (uint16_t)v->sample.pulse_rate_bpm : NO_VALUE;
    case IN_PI:
        return is_valid ? (uint16_t)(is_low ? 20 : v->sample.perfusion_index_centi) : NO_VALUE;
    case IN_SPO2_STATUS:
        return spo2_status(u, now_ns);
    case IN_COUNT_HIGH:
        return (uint16_t)(v->sample_count >> 16U);
    case IN_COUNT_LOW:
        return (uint16_t)(v->sample_count & 0xFFFFU);
    default: /* IN_SPO2_AGE */
        return (uint16_t)(age_ns / (100 * VG_NS_PER_MS));
    }
}

static uint16_t result_age(const struct vg_vm2 *v, int64_t now_ns)
{
    int64_t age_s = (now_ns - v->end_ns) / VG_NS_PER_S;

    if (v->determination.state != VG_DETERMINATION_DONE) {
        return NO_VALUE;
    }
    return age_s > 0xFFFE ? 0xFFFE : (uint16_t)age_s;
}

static uint16_t nibp_state(const struct vg_vm2 *v, int64_t now_ns)
{
    bool is_waiting = v->auto_ns != VG_SIM_NEVER && !vg_determination_is_busy(&v->determination);

    /* The end state can be seen for 10 s before the wait hides it. */
    if (is_waiting && (!v->has_ended || now_ns - v->end_ns > 10 * VG_NS_PER_S)) {
        return 7;
    }
    return (uint16_t)v->determination.state;
}

static uint16_t nibp_register(struct vg_sim_unit *u, unsigned address, int64_t now_ns)
{
    struct vg_vm2 *v = &u->as.vm2;
    const struct vg_determination *n = &v->determination;
    bool is_done = n->state == VG_DETERMINATION_DONE;

    switch (address) {
    case IN_STATE:
        return nibp_state(v, now_ns);
    case IN_SYS:
        return is_done ? (uint16_t)n->vitals.nibp_sys_mmhg : NO_VALUE;
    case IN_DIA:
        return is_done ? (uint16_t)n->vitals.nibp_dia_mmhg : NO_VALUE;
    case IN_MEAN:
        return is_done ? (uint16_t)n->vitals.nibp_mean_mmhg : NO_VALUE;
    case IN_NIBP_PR:
        return is_done ? (uint16_t)n->vitals.pulse_rate_bpm : NO_VALUE;
    case IN_CUFF:
        return (uint16_t)((unsigned)vg_determination_pressure_mmhg(n, now_ns) & 0xFFFFU);
    case IN_RESULT_AGE:
        return result_age(v, now_ns);
    case IN_ERROR:
        return n->state == VG_DETERMINATION_FAILED ? (uint16_t)n->error : 0;
    default: /* IN_SEQ; reading it takes the result */
        v->has_new_result = false;
        return v->result_seq;
    }
}

/* A quarter of a degree is exact in binary32; CDAB order: the low word comes first. */
static uint16_t temperature_register(unsigned address)
{
    unsigned top = 0;
    uint32_t bits = 0;

    while ((TEMPERATURE_QUARTERS >> (top + 1U)) != 0) {
        top++;
    }
    bits = (127U + top - 2U) << 23U;
    bits |= (TEMPERATURE_QUARTERS << (23U - top)) & 0x7FFFFFU;
    return (uint16_t)(address == IN_TEMPERATURE_LOW ? bits & 0xFFFFU : bits >> 16U);
}

static enum vg_mb_exception read_input(struct vg_sim_unit *u, uint16_t *value, unsigned address,
                                       int64_t now_ns)
{
    if (address <= IN_SPO2_AGE) {
        *value = spo2_register(u, address, now_ns);
    } else if (address >= IN_STATE && address <= IN_SEQ) {
        *value = nibp_register(u, address, now_ns);
    } else if (address == IN_TEMPERATURE_LOW || address == IN_TEMPERATURE_HIGH) {
        *value = temperature_register(address);
    } else if (address < IN_TEMPERATURE_LOW && u->device->options->has_zero_holes) {
        *value = 0;
    } else {
        return VG_MB_ILLEGAL_ADDRESS;
    }
    return VG_MB_NONE;
}

static enum vg_mb_exception read_bit(const struct vg_sim_unit *u, uint16_t *value,
                                     enum vg_mb_table table, unsigned address, int64_t now_ns)
{
    const struct vg_vm2 *v = &u->as.vm2;
    const struct vg_determination *n = &v->determination;
    const bool coils[4] = { n->state == VG_DETERMINATION_ZEROING, false, v->is_auto_enabled,
                            v->is_spo2_enabled };
    const bool inputs[4] = { vg_determination_is_busy(n), v->has_new_result,
                             n->state == VG_DETERMINATION_FAILED,
                             vg_determination_pressure_mmhg(n, now_ns) > 15 };

    if (address > 3) {
        return VG_MB_ILLEGAL_ADDRESS;
    }
    *value = (table == VG_MB_COILS ? coils[address] : inputs[address]) ? 1 : 0;
    return VG_MB_NONE;
}

static enum vg_mb_exception read_holding(const struct vg_vm2 *v, uint16_t *value, unsigned address)
{
    const uint16_t registers[3] = { v->auto_interval_min, v->patient_type, v->initial_mmhg };

    if (address > 2) {
        return VG_MB_ILLEGAL_ADDRESS;
    }
    *value = registers[address];
    return VG_MB_NONE;
}

static enum vg_mb_exception vm2_read(void *unit, uint16_t *value, enum vg_mb_table table,
                                     unsigned address, int64_t now_ns)
{
    struct vg_sim_unit *u = unit;

    switch (table) {
    case VG_MB_COILS:
    case VG_MB_DISCRETE_INPUTS:
        return read_bit(u, value, table, address, now_ns);
    case VG_MB_HOLDING_REGISTERS:
        return read_holding(&u->as.vm2, value, address);
    case VG_MB_INPUT_REGISTERS:
        return read_input(u, value, address, now_ns);
    }
    return VG_MB_ILLEGAL_FUNCTION;
}

static void plan_auto(struct vg_vm2 *v, int64_t now_ns)
{
    v->auto_ns = VG_SIM_NEVER;
    if (v->is_auto_enabled && v->auto_interval_min > 0) {
        v->auto_ns = now_ns + v->auto_interval_min * MINUTE_NS;
    }
}

static enum vg_mb_exception write_coil(struct vg_sim_unit *u, unsigned address, uint16_t value,
                                       int64_t now_ns)
{
    struct vg_vm2 *v = &u->as.vm2;

    switch (address) {
    case 0:
        return value != 0 ? start(u, now_ns) : VG_MB_NONE;
    case 1:
        if (value != 0) {
            abort_determination(u, now_ns);
        }
        return VG_MB_NONE;
    case 2:
        v->is_auto_enabled = value != 0;
        plan_auto(v, now_ns);
        return VG_MB_NONE;
    case 3:
        v->is_spo2_enabled = value != 0;
        return VG_MB_NONE;
    default:
        return VG_MB_ILLEGAL_ADDRESS;
    }
}

static enum vg_mb_exception set_patient_type(struct vg_vm2 *v, uint16_t value)
{
    if (vg_determination_is_busy(&v->determination)) {
        return VG_MB_BUSY;
    }
    if (value > 2) {
        return VG_MB_ILLEGAL_VALUE;
    }
    v->patient_type = value;
    if (v->initial_mmhg < initial_ranges[value].low ||
        v->initial_mmhg > initial_ranges[value].high) {
        v->initial_mmhg = initial_ranges[value].preset;
    }
    return VG_MB_NONE;
}

static enum vg_mb_exception write_holding(struct vg_vm2 *v, unsigned address, uint16_t value,
                                          int64_t now_ns)
{
    const struct pressure_range *range = &initial_ranges[v->patient_type];

    switch (address) {
    case 0:
        if (value > 5 && value != 10 && value != 15 && value != 30 && value != 60 && value != 90) {
            return VG_MB_ILLEGAL_VALUE;
        }
        v->auto_interval_min = value;
        plan_auto(v, now_ns);
        return VG_MB_NONE;
    case 1:
        return set_patient_type(v, value);
    case 2:
        if (value < range->low || value > range->high) {
            return VG_MB_ILLEGAL_VALUE;
        }
        v->initial_mmhg = value;
        return VG_MB_NONE;
    default:
        return VG_MB_ILLEGAL_ADDRESS;
    }
}

static enum vg_mb_exception vm2_write(void *unit, enum vg_mb_table table, unsigned address,
                                      uint16_t value, int64_t now_ns)
{
    struct vg_sim_unit *u = unit;

    if (table == VG_MB_COILS) {
        return write_coil(u, address, value, now_ns);
    }
    return write_holding(&u->as.vm2, address, value, now_ns);
}

const struct vg_mb_map vg_vm2_map = { vm2_read, vm2_write };
