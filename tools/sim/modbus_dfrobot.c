/*
 * DFRobot SEN0344/SEN0518, holding registers as in the vendor's public library (which counts bytes,
 * so its addresses are twice these). Values appear every 4 s once a 1 was written to register 16.
 *
 * Trap: the board has no counter and no age. Unchanged values are normal, and 0 means "none".
 */
#include "device.h"
#include "modbus_units.h"

#define REFRESH_NS (4 * VG_NS_PER_S)
#define LAST_REGISTER 16U
#define TEMPERATURE 0x2432 /* 36.50: degrees in the high byte, hundredths in the low one */

void vg_dfrobot_init(struct vg_sim_unit *u)
{
    u->as.dfrobot = (struct vg_dfrobot){ .baud_code = 3, .sample_ns = VG_SIM_NEVER };
}

int64_t vg_dfrobot_step(struct vg_sim_unit *u, int64_t now_ns)
{
    struct vg_dfrobot *b = &u->as.dfrobot;
    struct vg_vitals vitals;

    while (b->is_started && b->sample_ns <= now_ns) {
        bool is_off = vg_sim_unit_has_fault(u, VG_FAULT_SENSOR_OFF, b->sample_ns) ||
                      vg_sim_unit_has_fault(u, VG_FAULT_SENSOR_UNPLUGGED, b->sample_ns);

        if (!vg_sim_unit_has_fault(u, VG_FAULT_FREEZE, b->sample_ns)) {
            vg_sim_unit_vitals(u, &vitals, b->sample_ns);
            b->spo2_percent = is_off ? 0 : vitals.spo2_percent;
            b->pulse_rate_bpm = is_off ? 0 : vitals.pulse_rate_bpm;
        }
        b->sample_ns += REFRESH_NS;
    }
    return VG_SIM_NEVER; /* values are brought up to date when they are read */
}

static enum vg_mb_exception dfrobot_read(void *unit, uint16_t *value, enum vg_mb_table table,
                                         unsigned address, int64_t now_ns)
{
    const struct vg_sim_unit *u = unit;
    const struct vg_dfrobot *b = &u->as.dfrobot;

    (void)now_ns;
    if (table != VG_MB_HOLDING_REGISTERS) {
        return VG_MB_ILLEGAL_FUNCTION;
    }
    switch (address) {
    case 2:
        *value = u->address;
        return VG_MB_NONE;
    case 3:
    case 14: /* the vendor's two libraries disagree on the register */
        *value = b->baud_code;
        return VG_MB_NONE;
    case 6: /* high byte percent, low byte valid */
        *value = (uint16_t)((unsigned)b->spo2_percent << 8U | (b->spo2_percent > 0 ? 1U : 0U));
        return VG_MB_NONE;
    case 7: /* high word of the pulse rate */
        *value = 0;
        return VG_MB_NONE;
    case 8:
        *value = (uint16_t)b->pulse_rate_bpm;
        return VG_MB_NONE;
    case 9:
        *value = b->pulse_rate_bpm > 0 ? 1 : 0;
        return VG_MB_NONE;
    case 10:
        *value = TEMPERATURE;
        return VG_MB_NONE;
    default:
        *value = 0;
        return u->device->options->has_zero_holes && address <= LAST_REGISTER
                   ? VG_MB_NONE
                   : VG_MB_ILLEGAL_ADDRESS;
    }
}

static enum vg_mb_exception start_or_stop(struct vg_dfrobot *b, uint16_t value, int64_t now_ns)
{
    if (value == 1 && !b->is_started) {
        b->is_started = true;
        b->sample_ns = now_ns + REFRESH_NS;
    } else if (value == 2) {
        b->is_started = false;
        b->spo2_percent = 0;
        b->pulse_rate_bpm = 0;
    }
    return value == 1 || value == 2 ? VG_MB_NONE : VG_MB_ILLEGAL_VALUE;
}

static enum vg_mb_exception dfrobot_write(void *unit, enum vg_mb_table table, unsigned address,
                                          uint16_t value, int64_t now_ns)
{
    struct vg_sim_unit *u = unit;
    struct vg_dfrobot *b = &u->as.dfrobot;

    if (table != VG_MB_HOLDING_REGISTERS) {
        return VG_MB_ILLEGAL_FUNCTION;
    }
    switch (address) {
    case 3:
    case 14:
        if (value > 8) {
            return VG_MB_ILLEGAL_VALUE;
        }
        b->baud_code = value;
        return VG_MB_NONE;
    case 13: /* apply the baud rate; a pseudo-terminal has none */
        return VG_MB_NONE;
    case 16:
        return start_or_stop(b, value, now_ns);
    default:
        return VG_MB_ILLEGAL_ADDRESS;
    }
}

const struct vg_mb_map vg_dfrobot_map = { dfrobot_read, dfrobot_write };
