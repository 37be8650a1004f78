/*
 * Framing and dispatch of the Modbus simulator (Modbus over Serial Line V1.02, Messaging on TCP/IP
 * V1.0b). RTU requests are told apart by the length their function implies and by the CRC; an
 * unknown function ends with the silence behind it.
 *
 * Trap: an answer that comes late is still an answer, and nothing in an RTU frame says to which
 * request. The faults slow and late exist to show what a host makes of that.
 */
#include "sim_modbus.h"

#include "device.h"

#include <string.h>

#define SILENCE_NS (20 * VG_NS_PER_MS) /* generous 3.5 characters: a host's bytes may be split */
#define MBAP_BYTES 6
#define RTU_OVERHEAD 3 /* unit and CRC */

bool vg_sim_unit_has_fault(const struct vg_sim_unit *u, enum vg_fault_name name, int64_t now_ns)
{
    return vg_fault_is_active(&u->device->faults, NULL, name, now_ns);
}

void vg_sim_unit_vitals(const struct vg_sim_unit *u, struct vg_vitals *out, int64_t now_ns)
{
    int64_t arg = 0;

    vg_patient_vitals(&u->patient, out, now_ns);
    if (vg_fault_is_active(&u->device->faults, &arg, VG_FAULT_SPO2, now_ns)) {
        out->spo2_percent = (int)arg;
    }
    if (vg_fault_is_active(&u->device->faults, &arg, VG_FAULT_PR, now_ns)) {
        out->pulse_rate_bpm = (int)arg;
    }
}

void vg_sim_modbus_init(struct vg_sim_device *d)
{
    struct vg_sim_modbus *m = &d->as.modbus;
    const struct vg_sim_options *options = d->options;

    memset(m, 0, sizeof *m);
    m->units_len = options->units_len;
    for (size_t i = 0; i < m->units_len; i++) {
        struct vg_sim_unit *u = &m->units[i];
        struct vg_patient_setup setup = options->patient;

        setup.seed += (uint64_t)d->index * VG_SIM_UNIT_MAX + i;
        vg_patient_init(&u->patient, &setup);
        u->device = d;
        u->address = options->units[i];
        if (options->map == VG_SIM_MAP_VM2) {
            vg_vm2_init(u);
        } else {
            vg_dfrobot_init(u);
        }
    }
}

static int64_t step_unit(struct vg_sim_unit *u, int64_t now_ns)
{
    return u->device->options->map == VG_SIM_MAP_VM2 ? vg_vm2_step(u, now_ns)
                                                     : vg_dfrobot_step(u, now_ns);
}

static struct vg_sim_unit *find_unit(struct vg_sim_modbus *m, uint8_t address, bool is_tcp)
{
    for (size_t i = 0; i < m->units_len; i++) {
        if (m->units[i].address == address) {
            return &m->units[i];
        }
    }
    /* On TCP 0 and 255 mean the host itself. */
    return is_tcp && (address == 0 || address == 255) ? &m->units[0] : NULL;
}

static size_t answer(struct vg_sim_unit *u, uint8_t *reply, const uint8_t *pdu, size_t pdu_len,
                     int64_t now_ns)
{
    struct vg_sim_device *d = u->device;
    const struct vg_mb_map *map = d->options->map == VG_SIM_MAP_VM2 ? &vg_vm2_map : &vg_dfrobot_map;
    int64_t code = 0;

    (void)step_unit(u, now_ns);
    if (vg_mb_is_write(pdu[0])) {
        vg_sim_event_rx(d, u->address, pdu, pdu_len);
    }
    if (vg_fault_is_active(&d->faults, &code, VG_FAULT_EXCEPTION, now_ns)) {
        return vg_mb_exception_reply(reply, pdu[0], (unsigned)code);
    }
    return vg_mb_execute(map, u, reply, pdu, pdu_len, now_ns);
}

static bool is_unanswered(const struct vg_sim_device *d, const uint8_t *pdu, int64_t now_ns)
{
    return vg_mb_is_write(pdu[0]) && vg_fault_is_active(&d->faults, NULL, VG_FAULT_NO_ACK, now_ns);
}

/* A broadcast is carried out by every unit and answered by none. */
static void broadcast(struct vg_sim_device *d, const uint8_t *pdu, size_t pdu_len, int64_t now_ns)
{
    uint8_t reply[VG_MB_PDU_BYTES + 7];

    for (size_t i = 0; i < d->as.modbus.units_len && vg_mb_is_write(pdu[0]); i++) {
        (void)answer(&d->as.modbus.units[i], reply, pdu, pdu_len, now_ns);
    }
}

static void serve_rtu(struct vg_sim_device *d, const uint8_t *frame, size_t frame_len,
                      int64_t now_ns)
{
    struct vg_sim_unit *u = find_unit(&d->as.modbus, frame[0], false);
    const uint8_t *pdu = &frame[1];
    size_t pdu_len = frame_len - RTU_OVERHEAD;
    uint8_t reply[VG_SIM_REPLY_BYTES];
    size_t reply_len = 0;
    unsigned crc = 0;

    if (frame[0] == 0) {
        broadcast(d, pdu, pdu_len, now_ns);
        return;
    }
    if (u == NULL) {
        return;
    }
    reply[0] = frame[0];
    reply_len = 1 + answer(u, &reply[1], pdu, pdu_len, now_ns);
    crc = vg_mb_crc(reply, reply_len);
    reply[reply_len] = (uint8_t)(crc & 0xFFU);
    reply[reply_len + 1] = (uint8_t)(crc >> 8U);
    if (!is_unanswered(d, pdu, now_ns)) {
        struct vg_sim_frame out = { reply, reply_len + 2, reply_len };
        vg_sim_reply_later(d, 0, &out, d->options->reply_delay_ns, now_ns);
    }
}

static void serve_tcp(struct vg_sim_device *d, size_t channel, const uint8_t *frame,
                      size_t frame_len, int64_t now_ns)
{
    struct vg_sim_unit *u = find_unit(&d->as.modbus, frame[MBAP_BYTES], true);
    const uint8_t *pdu = &frame[MBAP_BYTES + 1];
    uint8_t reply[VG_SIM_REPLY_BYTES];
    size_t reply_len = 0;

    if (u == NULL) {
        return;
    }
    reply_len = 1 + answer(u, &reply[MBAP_BYTES + 1], pdu, frame_len - MBAP_BYTES - 1, now_ns);
    memcpy(reply, frame, 4); /* transaction and protocol */
    reply[4] = (uint8_t)((reply_len >> 8U) & 0xFFU);
    reply[5] = (uint8_t)(reply_len & 0xFFU);
    reply[MBAP_BYTES] = frame[MBAP_BYTES];
    if (!is_unanswered(d, pdu, now_ns)) {
        /* Here bad_checksum spoils the transaction number: TCP frames carry no check value. */
        struct vg_sim_frame out = { reply, MBAP_BYTES + reply_len, 1 };
        vg_sim_reply_later(d, channel, &out, d->options->reply_delay_ns, now_ns);
    }
}

static void drop_front(struct vg_modbus_input *in, size_t len)
{
    in->bytes_len -= len;
    memmove(in->bytes, &in->bytes[len], in->bytes_len);
}

static bool has_good_crc(const uint8_t *frame, size_t frame_len)
{
    unsigned crc = vg_mb_crc(frame, frame_len - 2);

    return frame[frame_len - 2] == (crc & 0xFFU) && frame[frame_len - 1] == crc >> 8U;
}

/* Takes one RTU request; false when more bytes or a silence are needed. */
static bool take_rtu(struct vg_sim_device *d, struct vg_modbus_input *in, int64_t now_ns)
{
    size_t len = in->bytes_len < 2 ? 0 : vg_mb_request_bytes(&in->bytes[1], in->bytes_len - 1);

    if (len == 0 || len == SIZE_MAX || in->bytes_len < len + RTU_OVERHEAD) {
        return false;
    }
    if (!has_good_crc(in->bytes, len + RTU_OVERHEAD)) {
        drop_front(in, 1);
        return true;
    }
    serve_rtu(d, in->bytes, len + RTU_OVERHEAD, now_ns);
    drop_front(in, len + RTU_OVERHEAD);
    return true;
}

static bool take_tcp(struct vg_sim_device *d, size_t channel, int64_t now_ns)
{
    struct vg_modbus_input *in = &d->as.modbus.in[channel];
    size_t len = 0;

    if (in->bytes_len < MBAP_BYTES) {
        return false;
    }
    len = (size_t)in->bytes[4] << 8U | in->bytes[5];
    if (in->bytes[2] != 0 || in->bytes[3] != 0 || len < 2 || len > VG_MB_PDU_BYTES + 1) {
        in->bytes_len = 0;
        vg_transport_close_channel(&d->line, channel);
        return false;
    }
    if (in->bytes_len < MBAP_BYTES + len) {
        return false;
    }
    serve_tcp(d, channel, in->bytes, MBAP_BYTES + len, now_ns);
    drop_front(in, MBAP_BYTES + len);
    return true;
}

void vg_sim_modbus_receive(struct vg_sim_device *d, size_t channel, const uint8_t *buf,
                           size_t buf_len, int64_t now_ns)
{
    struct vg_modbus_input *in = &d->as.modbus.in[channel];
    bool is_tcp = d->options->line == VG_TRANSPORT_TCP;
    bool is_more = false;
    size_t room = sizeof in->bytes - in->bytes_len;
    size_t taken = buf_len < room ? buf_len : room;

    memcpy(&in->bytes[in->bytes_len], buf, taken);
    in->bytes_len += taken;
    in->last_ns = now_ns;
    do {
        is_more = is_tcp ? take_tcp(d, channel, now_ns) : take_rtu(d, in, now_ns);
    } while (is_more);
}

/* Silence ends a frame: what has no known length is served if its CRC fits, the rest is noise. */
static int64_t end_by_silence(struct vg_sim_device *d, int64_t now_ns)
{
    struct vg_modbus_input *in = &d->as.modbus.in[0];

    if (in->bytes_len == 0 || d->options->line == VG_TRANSPORT_TCP) {
        return VG_SIM_NEVER;
    }
    if (now_ns - in->last_ns < SILENCE_NS) {
        return in->last_ns + SILENCE_NS;
    }
    if (in->bytes_len > RTU_OVERHEAD && in->bytes_len <= VG_MB_PDU_BYTES + RTU_OVERHEAD &&
        has_good_crc(in->bytes, in->bytes_len)) {
        serve_rtu(d, in->bytes, in->bytes_len, now_ns);
    }
    in->bytes_len = 0;
    return VG_SIM_NEVER;
}

int64_t vg_sim_modbus_step(struct vg_sim_device *d, int64_t now_ns)
{
    struct vg_sim_modbus *m = &d->as.modbus;
    int64_t next_ns = end_by_silence(d, now_ns);

    for (size_t i = 0; i < m->units_len; i++) {
        int64_t unit_ns = step_unit(&m->units[i], now_ns);

        if (unit_ns < next_ns) {
            next_ns = unit_ns;
        }
    }
    return next_ns;
}
