/*
 * SunTech OEM NIBP protocol, as seen in public drivers. Host to module: 3A, command, data, check;
 * module to host: 3E, length of the whole packet, data, check; the sum of a packet is 0 modulo 256.
 *
 * Trap: the K that ends a determination is not asked for and says nothing about success, and
 * replies carry no command code. The result stays until the next start: a host that reads it
 * without having seen its own start end reads an old patient.
 */
#include "sim_cuff.h"

#include "device.h"

#include <stdio.h>
#include <string.h>

#define START_REPLY_NS (30 * VG_NS_PER_MS)
#define REPLY_NS (10 * VG_NS_PER_MS)
#define IDLE_NS (50 * VG_NS_PER_MS)          /* an unfinished command is given up */
#define ABORT_SETTLE_NS (500 * VG_NS_PER_MS) /* 17 within this time loses the abort's reply */

#define ERROR_ARTEFACT 2
#define ERROR_WEAK_SIGNAL 1
#define ERROR_ABORTED 86
#define ERROR_LOOSE_CUFF 87

enum cuff_mode { MODE_ADULT, MODE_PAEDIATRIC, MODE_NEONATE };

struct mode_limits {
    int initial_mmhg;
    int limit_mmhg;
};

static const struct mode_limits modes[] = {
    [MODE_ADULT] = { 160, 280 }, [MODE_PAEDIATRIC] = { 140, 280 }, [MODE_NEONATE] = { 90, 150 }
};

static uint8_t low_byte(int value)
{
    return (uint8_t)((unsigned)value & 0xFFU);
}

static uint8_t high_byte(int value)
{
    return (uint8_t)(((unsigned)value >> 8U) & 0xFFU);
}

/* 3E, length, payload, check. */
static size_t build_packet(uint8_t *packet, const uint8_t *payload, size_t payload_len)
{
    unsigned sum = 0;
    size_t len = payload_len + 3;

    packet[0] = 0x3E;
    packet[1] = (uint8_t)(len & 0xFFU);
    memcpy(&packet[2], payload, payload_len);
    for (size_t i = 0; i < len - 1; i++) {
        sum += packet[i];
    }
    packet[len - 1] = (uint8_t)((0x100U - (sum & 0xFFU)) & 0xFFU);
    return len;
}

static void reply(struct vg_sim_device *d, const uint8_t *payload, size_t payload_len,
                  int64_t delay_ns, int64_t now_ns)
{
    uint8_t packet[80];
    size_t len = build_packet(packet, payload, payload_len);

    struct vg_sim_frame frame = { packet, len, len - 1 };

    vg_sim_reply_later(d, VG_TRANSPORT_CHANNEL_ALL, &frame, delay_ns, now_ns);
}

static void acknowledge(struct vg_sim_device *d, char letter, int64_t delay_ns, int64_t now_ns)
{
    uint8_t payload = (uint8_t)letter;

    if (!vg_fault_is_active(&d->faults, NULL, VG_FAULT_NO_ACK, now_ns)) {
        reply(d, &payload, 1, delay_ns, now_ns);
    }
}

/* The unsolicited K. It is not an acknowledgement, so no_ack does not touch it. */
static void announce_end(struct vg_sim_device *d, int64_t now_ns)
{
    static const uint8_t payload = 'K';

    reply(d, &payload, 1, 0, now_ns);
}

static void store_result(struct vg_sim_cuff *c, int error)
{
    const struct vg_vitals *v = &c->determination.vitals;
    uint8_t payload[VG_CUFF_RESULT_BYTES - 3] = { 0 };

    if (error == 0) {
        payload[0] = low_byte(v->nibp_sys_mmhg);
        payload[1] = high_byte(v->nibp_sys_mmhg);
        payload[2] = low_byte(v->nibp_dia_mmhg);
        payload[3] = high_byte(v->nibp_dia_mmhg);
        payload[4] = low_byte(v->pulse_rate_bpm * 25 / 60); /* beats in 25 s of deflation */
        payload[14] = low_byte(v->pulse_rate_bpm > 255 ? 255 : v->pulse_rate_bpm);
        payload[16] = low_byte(v->nibp_mean_mmhg);
        payload[17] = high_byte(v->nibp_mean_mmhg);
    }
    payload[18] = low_byte(error);
    (void)build_packet(c->result, payload, sizeof payload);
}

void vg_sim_cuff_init(struct vg_sim_device *d)
{
    struct vg_sim_cuff *c = &d->as.cuff;
    struct vg_patient_setup setup = d->options->patient;
    static const uint8_t nothing[VG_CUFF_RESULT_BYTES - 3] = { 0 };

    memset(c, 0, sizeof *c);
    setup.seed += d->index;
    vg_patient_init(&c->patient, &setup);
    c->abort_ns = -ABORT_SETTLE_NS;
    (void)build_packet(c->result, nothing, sizeof nothing);
}

static bool is_occupied(const struct vg_sim_cuff *c)
{
    return vg_determination_is_busy(&c->determination) || c->is_aborting;
}

static void start(struct vg_sim_device *d, enum cuff_mode mode, int64_t now_ns)
{
    struct vg_sim_cuff *c = &d->as.cuff;
    int initial = c->initial_mmhg > 0 ? c->initial_mmhg : modes[mode].initial_mmhg;
    uint8_t nothing[VG_CUFF_RESULT_BYTES - 3] = { 0 };

    if (is_occupied(c) || vg_fault_is_active(&d->faults, NULL, VG_FAULT_BUSY, now_ns)) {
        acknowledge(d, 'B', START_REPLY_NS, now_ns);
        return;
    }
    struct vg_determination_setup setup = { d->options->determination_ns, initial,
                                            modes[mode].limit_mmhg };
    vg_determination_start(&c->determination, &d->faults, &c->patient, &setup, now_ns);
    c->initial_mmhg = 0;
    (void)build_packet(c->result, nothing, sizeof nothing);
    acknowledge(d, 'O', START_REPLY_NS, now_ns);
    vg_sim_event(d, 0, "cuff start");
}

static void abort_determination(struct vg_sim_device *d, int64_t now_ns)
{
    struct vg_sim_cuff *c = &d->as.cuff;

    acknowledge(d, 'A', REPLY_NS, now_ns);
    c->abort_ns = now_ns;
    if (c->is_aborting) {
        return;
    }
    if (!vg_determination_is_busy(&c->determination)) {
        acknowledge(d, 'K', 5 * REPLY_NS, now_ns);
        return;
    }
    vg_determination_abort(&c->determination, now_ns);
    c->is_aborting = true;
    store_result(c, ERROR_ABORTED);
    vg_sim_event(d, 0, "cuff abort");
}

static void set_initial(struct vg_sim_device *d, int mmhg, int64_t now_ns)
{
    struct vg_sim_cuff *c = &d->as.cuff;

    if (now_ns - c->abort_ns < ABORT_SETTLE_NS) {
        d->replies_len = 0;
    }
    if (is_occupied(c)) {
        acknowledge(d, 'B', REPLY_NS, now_ns);
        return;
    }
    if (mmhg < 60 || mmhg > 280) {
        acknowledge(d, 'E', REPLY_NS, now_ns);
        return;
    }
    c->initial_mmhg = mmhg;
    acknowledge(d, 'K', REPLY_NS, now_ns);
}

static void reply_pressure(struct vg_sim_device *d, int64_t now_ns)
{
    const struct vg_sim_cuff *c = &d->as.cuff;
    int mmhg = vg_determination_pressure_mmhg(&c->determination, now_ns);
    uint8_t payload[2];

    if (vg_fault_is_active(&d->faults, NULL, VG_FAULT_SENSOR_UNPLUGGED, now_ns)) {
        mmhg = -1; /* FFFF: no value */
    }
    payload[0] = low_byte(mmhg);
    payload[1] = high_byte(mmhg);
    reply(d, payload, sizeof payload, REPLY_NS, now_ns);
}

static void reply_version(struct vg_sim_device *d, int64_t now_ns)
{
    uint8_t payload[64] = { 0 };
    static const char first[] = "LX02.10";
    static const char second[] = "VIGIL-SIM";

    memcpy(payload, first, sizeof first);
    memcpy(&payload[8], second, sizeof second);
    reply(d, payload, sizeof payload, REPLY_NS, now_ns);
}

/* The queries all begin with 79; two bytes say which. */
static void run_query(struct vg_sim_device *d, unsigned query, int64_t now_ns)
{
    static const uint8_t zeros[3] = { 0, 0, 0 };
    const struct vg_sim_cuff *c = &d->as.cuff;

    switch (query) {
    case 0x0100:
        abort_determination(d, now_ns);
        break;
    case 0x0500:
        reply_pressure(d, now_ns);
        break;
    case 0x0300:
        reply(d, &c->result[2], VG_CUFF_RESULT_BYTES - 3, REPLY_NS, now_ns);
        break;
    case 0x0240:
        reply_version(d, now_ns);
        break;
    case 0x0203:
        reply(d, zeros, 3, REPLY_NS, now_ns);
        break;
    case 0x1003: /* self-test, Mini */
    case 0x1100: /* self-test, Advantage */
        reply(d, zeros, 2, REPLY_NS, now_ns);
        break;
    default:
        acknowledge(d, 'D', REPLY_NS, now_ns);
        break;
    }
}

static void run_command(struct vg_sim_device *d, const uint8_t *frame, int64_t now_ns)
{
    switch (frame[1]) {
    case 0x20:
        start(d, MODE_ADULT, now_ns);
        break;
    case 0x87:
        start(d, MODE_PAEDIATRIC, now_ns);
        break;
    case 0x28:
        start(d, MODE_NEONATE, now_ns);
        break;
    case 0x79:
        run_query(d, (unsigned)frame[2] << 8U | frame[3], now_ns);
        break;
    case 0x17:
        set_initial(d, frame[2] + 256 * frame[3], now_ns);
        break;
    case 0x00:
        acknowledge(d, 'K', REPLY_NS, now_ns);
        break;
    default:
        acknowledge(d, 'N', REPLY_NS, now_ns); /* service commands: known, not offered */
        break;
    }
}

/* Length of a whole command, 0 when the command is not known. */
static size_t command_len(uint8_t command)
{
    switch (command) {
    case 0x00:
    case 0x20:
    case 0x28:
    case 0x87:
    case 0x8A:
        return 3;
    case 0x04:
        return 4;
    case 0x17:
    case 0x79:
        return 5;
    case 0x0C:
    case 0x86:
        return 6;
    case 0x81:
        return 7;
    default:
        return 0;
    }
}

static void drop_input(struct vg_sim_device *d, size_t len)
{
    struct vg_sim_cuff *c = &d->as.cuff;

    vg_sim_event_rx(d, 0, c->in, len);
    c->in_len -= len;
    memmove(c->in, &c->in[len], c->in_len);
}

/* Takes one command from the front; false when more bytes are needed. */
static bool take_command(struct vg_sim_device *d, int64_t now_ns)
{
    struct vg_sim_cuff *c = &d->as.cuff;
    uint8_t frame[8] = { 0 };
    unsigned sum = 0;
    size_t stray = 0;
    size_t len = 0;

    while (stray < c->in_len && c->in[stray] != 0x3A) {
        stray++;
    }
    if (stray > 0) {
        drop_input(d, stray);
    }
    if (c->in_len < 2) {
        return false;
    }
    len = command_len(c->in[1]);
    if (len == 0 || c->in_len < len) {
        return false; /* an unknown command ends with the silence behind it */
    }
    for (size_t i = 0; i < len; i++) {
        frame[i] = c->in[i];
        sum += c->in[i];
    }
    drop_input(d, len);
    if ((sum & 0xFFU) != 0) {
        acknowledge(d, 'D', REPLY_NS, now_ns);
    } else {
        run_command(d, frame, now_ns);
    }
    return true;
}

void vg_sim_cuff_receive(struct vg_sim_device *d, const uint8_t *buf, size_t buf_len,
                         int64_t now_ns)
{
    struct vg_sim_cuff *c = &d->as.cuff;
    bool is_more = false;

    for (size_t i = 0; i < buf_len; i++) {
        if (c->in_len == VG_CUFF_IN_BYTES) {
            drop_input(d, c->in_len);
        }
        c->in[c->in_len] = buf[i];
        c->in_len++;
    }
    c->in_ns = now_ns;
    do {
        is_more = take_command(d, now_ns);
    } while (is_more);
}

/* Errors that the surroundings cause while the cuff is on the arm. */
static int error_of_surroundings(const struct vg_sim_device *d, int64_t now_ns)
{
    if (vg_fault_is_active(&d->faults, NULL, VG_FAULT_SENSOR_OFF, now_ns) ||
        vg_fault_is_active(&d->faults, NULL, VG_FAULT_SENSOR_UNPLUGGED, now_ns)) {
        return ERROR_LOOSE_CUFF;
    }
    if (vg_fault_is_active(&d->faults, NULL, VG_FAULT_ARTIFACT, now_ns)) {
        return ERROR_ARTEFACT;
    }
    if (vg_fault_is_active(&d->faults, NULL, VG_FAULT_LOW_PERFUSION, now_ns)) {
        return ERROR_WEAK_SIGNAL;
    }
    return 0;
}

static void finish(struct vg_sim_device *d, int64_t now_ns)
{
    struct vg_sim_cuff *c = &d->as.cuff;
    const struct vg_vitals *v = &c->determination.vitals;
    int error = c->determination.error;
    char text[48];

    if (error == 0) {
        error = error_of_surroundings(d, now_ns);
    }
    store_result(c, error);
    announce_end(d, now_ns);
    if (error == 0) {
        (void)snprintf(text, sizeof text, "cuff done %d %d", v->nibp_sys_mmhg, v->nibp_dia_mmhg);
    } else {
        (void)snprintf(text, sizeof text, "cuff failed %d", error);
    }
    vg_sim_event(d, 0, text);
}

int64_t vg_sim_cuff_step(struct vg_sim_device *d, int64_t now_ns)
{
    struct vg_sim_cuff *c = &d->as.cuff;
    int64_t next_ns = VG_SIM_NEVER;

    if (vg_determination_step(&c->determination, now_ns)) {
        finish(d, now_ns);
    }
    if (c->is_aborting && !vg_determination_is_dumping(&c->determination, now_ns)) {
        c->is_aborting = false;
        announce_end(d, now_ns);
    }
    if (vg_determination_is_busy(&c->determination) || c->is_aborting) {
        next_ns = vg_determination_next_ns(&c->determination);
    }
    if (c->in_len > 0 && now_ns - c->in_ns >= IDLE_NS) {
        bool is_unknown = c->in_len >= 2 && command_len(c->in[1]) == 0;

        drop_input(d, c->in_len);
        if (is_unknown) {
            acknowledge(d, 'D', 0, now_ns);
        }
    } else if (c->in_len > 0 && c->in_ns + IDLE_NS < next_ns) {
        next_ns = c->in_ns + IDLE_NS;
    }
    return next_ns;
}
