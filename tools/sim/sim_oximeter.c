/*
 * Nonin data format 2, as the OEM III and Xpod specifications describe it: frames of five bytes
 * (01, status, pleth, float, sum), 75 a second, 25 to a packet. Frame k leaves at start + k/75 s;
 * the grid is absolute, so a late wake-up never shifts later frames.
 *
 * Trap: standard values become missing at once when the finger goes, display values are held for
 * another 10 s while the sensor alarm bit is set. A host that shows the display values without
 * looking at that bit shows a number for a finger that is not there.
 */
#include "sim_oximeter.h"

#include "device.h"

#define SPO2_MISSING 127
#define RATE_MISSING 511
#define FIRMWARE_REVISION 48
#define DISPLAY_HOLD_NS (10 * VG_NS_PER_S)
#define ACQUIRE_NS (3 * VG_NS_PER_S)
#define OUT_OF_TRACK_NS (3 * VG_NS_PER_S)
#define ARTIFACT_MISSING_NS (10 * VG_NS_PER_S)
#define BEAT_FRAMES 12
#define SKIP_NS VG_NS_PER_S /* frames later than this are not sent: the process was stopped */

#define STATUS_ALWAYS 0x80U
#define STATUS_SENSOR_DISCONNECTED 0x40U
#define STATUS_ARTIFACT 0x20U
#define STATUS_OUT_OF_TRACK 0x10U
#define STATUS_SENSOR_ALARM 0x08U
#define STATUS_RED 0x04U
#define STATUS_GREEN 0x02U
#define STATUS_SYNC 0x01U

static const struct vg_oximeter_pair missing = { RATE_MISSING, SPO2_MISSING };

static int64_t frame_ns(uint64_t index)
{
    return (int64_t)(index * 40000000U / 3U); /* index * 1e9 / 75 */
}

static bool has_fault(const struct vg_sim_device *d, enum vg_fault_name name, int64_t at_ns)
{
    return vg_fault_is_active(&d->faults, NULL, name, at_ns);
}

void vg_sim_oximeter_init(struct vg_sim_device *d)
{
    struct vg_sim_oximeter *o = &d->as.oximeter;
    struct vg_patient_setup setup = d->options->patient;

    *o = (struct vg_sim_oximeter){ .artifact_ns = -1, .rate_bpm = setup.pulse_rate_bpm };
    setup.seed += d->index;
    vg_patient_init(&o->patient, &setup);
    o->display = missing;
    o->display_average = missing;
}

/* Finger and artifact, with the moments they began. */
static void follow_sensor(struct vg_sim_device *d, int64_t at_ns)
{
    struct vg_sim_oximeter *o = &d->as.oximeter;
    bool is_off = has_fault(d, VG_FAULT_SENSOR_OFF, at_ns) ||
                  has_fault(d, VG_FAULT_SENSOR_UNPLUGGED, at_ns);

    if (is_off && !o->is_off) {
        o->off_since_ns = at_ns;
    }
    if (!is_off && o->is_off) {
        o->ready_ns = at_ns + ACQUIRE_NS;
        o->display = missing;
        o->display_average = missing;
    }
    o->is_off = is_off;
    if (!has_fault(d, VG_FAULT_ARTIFACT, at_ns)) {
        o->artifact_ns = -1;
    } else if (o->artifact_ns < 0) {
        o->artifact_ns = at_ns;
    }
}

static struct vg_oximeter_pair standard_values(struct vg_sim_device *d, int64_t at_ns)
{
    struct vg_sim_oximeter *o = &d->as.oximeter;
    struct vg_oximeter_pair pair;
    struct vg_vitals vitals;
    int64_t arg = 0;

    vg_patient_vitals(&o->patient, &vitals, at_ns);
    pair.pulse_rate = vitals.pulse_rate_bpm;
    pair.spo2 = vitals.spo2_percent;
    if (vg_fault_is_active(&d->faults, &arg, VG_FAULT_PR, at_ns)) {
        pair.pulse_rate = (int)(arg < 1 ? 1 : arg % RATE_MISSING);
    }
    if (vg_fault_is_active(&d->faults, &arg, VG_FAULT_SPO2, at_ns)) {
        pair.spo2 = (int)(arg % SPO2_MISSING);
    }
    o->rate_bpm = pair.pulse_rate;
    if (o->is_off || at_ns < o->ready_ns ||
        (o->artifact_ns >= 0 && at_ns - o->artifact_ns >= ARTIFACT_MISSING_NS)) {
        return missing;
    }
    return pair;
}

/* The extended average: over the last packets, begun anew after every gap. */
static struct vg_oximeter_pair extended_values(struct vg_sim_oximeter *o,
                                               struct vg_oximeter_pair pair)
{
    struct vg_oximeter_pair sum = { 0, 0 };
    int count = 1;

    if (pair.spo2 == SPO2_MISSING) {
        o->average_count = 0;
        return missing;
    }
    o->average_ring[o->average_count % VG_DF2_AVERAGE_PACKETS] = pair;
    o->average_count++;
    if (o->average_count > 1) {
        count = o->average_count < VG_DF2_AVERAGE_PACKETS ? (int)o->average_count
                                                          : VG_DF2_AVERAGE_PACKETS;
    }
    for (int i = 0; i < count; i++) {
        sum.pulse_rate += o->average_ring[i].pulse_rate;
        sum.spo2 += o->average_ring[i].spo2;
    }
    return (struct vg_oximeter_pair){ (sum.pulse_rate + count / 2) / count,
                                      (sum.spo2 + count / 2) / count };
}

/* Display values change every 1.5 s, that is on every 4.5th packet. */
static void refresh_display(struct vg_sim_device *d, struct vg_oximeter_pair standard,
                            struct vg_oximeter_pair extended, int64_t at_ns)
{
    struct vg_sim_oximeter *o = &d->as.oximeter;

    if (o->is_off) {
        if (at_ns - o->off_since_ns >= DISPLAY_HOLD_NS ||
            has_fault(d, VG_FAULT_SENSOR_UNPLUGGED, at_ns)) {
            o->display = missing;
            o->display_average = missing;
        }
        return;
    }
    if ((o->packet_count * 2U) % 9U < 2U || o->display.spo2 == SPO2_MISSING) {
        o->display = standard;
        o->display_average = extended;
    }
}

static uint8_t high_bits(int value)
{
    return (uint8_t)(((unsigned)value >> 7U) & 0x7FU);
}

static uint8_t low_bits(int value)
{
    return (uint8_t)((unsigned)value & 0x7FU);
}

/* Fill the float bytes of a whole packet; slot 0 is frame 1 of the specification. */
static void latch_packet(struct vg_sim_device *d, int64_t at_ns)
{
    struct vg_sim_oximeter *o = &d->as.oximeter;
    struct vg_oximeter_pair standard = standard_values(d, at_ns);
    struct vg_oximeter_pair extended = extended_values(o, standard);
    uint8_t *slots = o->float_slots;

    refresh_display(d, standard, extended, at_ns);
    slots[0] = high_bits(standard.pulse_rate);
    slots[1] = low_bits(standard.pulse_rate);
    slots[2] = low_bits(standard.spo2);
    slots[3] = FIRMWARE_REVISION;
    slots[5] = high_bits(o->packet_count);
    slots[6] = low_bits(o->packet_count);
    slots[7] = 0; /* no low battery, no spot reading */
    slots[8] = low_bits(o->display.spo2);
    slots[9] = low_bits(standard.spo2);
    slots[10] = low_bits(standard.spo2);
    slots[13] = high_bits(extended.pulse_rate);
    slots[14] = low_bits(extended.pulse_rate);
    slots[15] = low_bits(extended.spo2);
    slots[16] = low_bits(o->display_average.spo2);
    slots[19] = high_bits(o->display.pulse_rate);
    slots[20] = low_bits(o->display.pulse_rate);
    slots[21] = high_bits(o->display_average.pulse_rate);
    slots[22] = low_bits(o->display_average.pulse_rate);
    o->packet_count = (uint16_t)((o->packet_count + 1U) & 0x3FFFU);
}

/* The perfusion bits of this frame, and the pleth sample. */
static unsigned step_pulse(struct vg_sim_device *d, int64_t at_ns)
{
    struct vg_sim_oximeter *o = &d->as.oximeter;
    int64_t marginal = 0;
    bool is_low = vg_fault_is_active(&d->faults, &marginal, VG_FAULT_LOW_PERFUSION, at_ns);
    bool is_beat = vg_patient_step_pleth(&o->patient, &o->pleth, o->rate_bpm, is_low ? 24 : 200);

    if (o->is_off) {
        o->pleth = has_fault(d, VG_FAULT_SENSOR_UNPLUGGED, at_ns) ? 0 : 0x7F;
        o->beat_frames = 0;
        return 0;
    }
    if (o->artifact_ns >= 0) {
        o->pleth = (uint8_t)vg_pcg_below(&d->noise, 256U);
    }
    if (is_beat) {
        o->beat_frames = BEAT_FRAMES;
    }
    if (o->beat_frames == 0) {
        return 0;
    }
    o->beat_frames--;
    if (is_low) {
        return marginal == 1 ? STATUS_RED | STATUS_GREEN : STATUS_RED;
    }
    return STATUS_GREEN;
}

static unsigned sensor_status(const struct vg_sim_device *d, int64_t at_ns)
{
    const struct vg_sim_oximeter *o = &d->as.oximeter;
    unsigned status = STATUS_ALWAYS;

    if (o->is_off) {
        status |= STATUS_SENSOR_ALARM;
        if (has_fault(d, VG_FAULT_SENSOR_UNPLUGGED, at_ns)) {
            status |= STATUS_SENSOR_DISCONNECTED;
        }
    } else if (o->artifact_ns >= 0) {
        status |= STATUS_ARTIFACT;
        if (at_ns - o->artifact_ns >= OUT_OF_TRACK_NS) {
            status |= STATUS_OUT_OF_TRACK;
        }
    }
    return status;
}

int64_t vg_sim_oximeter_step(struct vg_sim_device *d, int64_t now_ns)
{
    struct vg_sim_oximeter *o = &d->as.oximeter;

    while (frame_ns(o->frame_count) <= now_ns) {
        int64_t at_ns = frame_ns(o->frame_count);
        unsigned slot = (unsigned)(o->frame_count % VG_DF2_PACKET_FRAMES);
        bool is_frozen = has_fault(d, VG_FAULT_FREEZE, at_ns);
        unsigned status = 0;
        uint8_t frame[5] = { 1, 0, 0, 0, 0 };

        follow_sensor(d, at_ns);
        if (slot == 0 && !is_frozen) {
            latch_packet(d, at_ns);
        }
        if (!is_frozen) {
            status = step_pulse(d, at_ns);
        }
        status |= sensor_status(d, at_ns) | (slot == 0 ? STATUS_SYNC : 0U);
        frame[1] = (uint8_t)(status & 0xFFU);
        frame[2] = o->pleth;
        frame[3] = o->float_slots[slot];
        frame[4] = (uint8_t)((1U + frame[1] + frame[2] + frame[3]) & 0xFFU);
        if (now_ns - at_ns < SKIP_NS) {
            vg_sim_send(d, VG_TRANSPORT_CHANNEL_ALL, frame, sizeof frame, 4, at_ns);
        }
        o->frame_count++;
    }
    return frame_ns(o->frame_count);
}
