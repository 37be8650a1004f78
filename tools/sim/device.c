/*
 * What all simulated devices have in common: dispatch by kind, the way out (faults applied to whole
 * frames) and the events tests follow on standard output.
 *
 * Trap: replies leave in the order of their requests even when one is late; a serial device does
 * not overtake itself, and hosts must cope with exactly that shift.
 */
#include "device.h"

#include <stdio.h>
#include <string.h>

#define GARBAGE_MAX 12
#define RX_TEXT_BYTES (8 + 3 * 260)

void vg_sim_device_init(struct vg_sim_device *d, const struct vg_sim_options *options,
                        unsigned index)
{
    d->options = options;
    d->index = index;
    d->replies_len = 0;
    d->faults.items_len = 0;
    vg_pcg_init(&d->noise, options->patient.seed + 7919ULL * (index + 1ULL));
    for (size_t i = 0; i < options->script.items_len; i++) {
        const struct vg_fault *fault = &options->script.items[i];

        if (fault->device == VG_FAULT_ALL_DEVICES || fault->device == (int)index) {
            (void)vg_fault_add(&d->faults, fault); /* both lists have the same capacity */
        }
    }
    switch (options->kind) {
    case VG_SIM_OXIMETER:
        vg_sim_oximeter_init(d);
        break;
    case VG_SIM_CUFF:
        vg_sim_cuff_init(d);
        break;
    case VG_SIM_MODBUS:
        vg_sim_modbus_init(d);
        break;
    }
}

/* Sends what is due; returns when the next waiting reply is. */
static int64_t send_replies(struct vg_sim_device *d, int64_t now_ns)
{
    size_t sent = 0;

    while (sent < d->replies_len && d->replies[sent].due_ns <= now_ns) {
        const struct vg_sim_reply *reply = &d->replies[sent];

        vg_sim_send(d, reply->channel, reply->bytes, reply->bytes_len, reply->check_at, now_ns);
        sent++;
    }
    if (sent > 0) {
        d->replies_len -= sent;
        memmove(&d->replies[0], &d->replies[sent], d->replies_len * sizeof d->replies[0]);
    }
    return d->replies_len > 0 ? d->replies[0].due_ns : VG_SIM_NEVER;
}

int64_t vg_sim_device_step(struct vg_sim_device *d, int64_t now_ns)
{
    int64_t next_ns = VG_SIM_NEVER;
    int64_t reply_ns = 0;

    switch (d->options->kind) {
    case VG_SIM_OXIMETER:
        next_ns = vg_sim_oximeter_step(d, now_ns);
        break;
    case VG_SIM_CUFF:
        next_ns = vg_sim_cuff_step(d, now_ns);
        break;
    case VG_SIM_MODBUS:
        next_ns = vg_sim_modbus_step(d, now_ns);
        break;
    }
    reply_ns = send_replies(d, now_ns);
    return reply_ns < next_ns ? reply_ns : next_ns;
}

void vg_sim_device_receive(struct vg_sim_device *d, size_t channel, const uint8_t *buf,
                           size_t buf_len, int64_t now_ns)
{
    switch (d->options->kind) {
    case VG_SIM_OXIMETER:
        break; /* it streams from power-on and takes no commands */
    case VG_SIM_CUFF:
        vg_sim_cuff_receive(d, buf, buf_len, now_ns);
        break;
    case VG_SIM_MODBUS:
        vg_sim_modbus_receive(d, channel, buf, buf_len, now_ns);
        break;
    }
}

void vg_sim_device_connected(struct vg_sim_device *d, size_t channel)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->replies_len; i++) {
        if (d->replies[i].channel != channel) {
            d->replies[kept] = d->replies[i];
            kept++;
        }
    }
    d->replies_len = kept;
    if (d->options->kind == VG_SIM_MODBUS) {
        d->as.modbus.in[channel].bytes_len = 0;
    }
}

void vg_sim_device_unplugged(struct vg_sim_device *d)
{
    d->replies_len = 0;
    switch (d->options->kind) {
    case VG_SIM_OXIMETER:
        break;
    case VG_SIM_CUFF:
        d->as.cuff.in_len = 0;
        break;
    case VG_SIM_MODBUS:
        for (size_t i = 0; i < VG_TRANSPORT_CHANNEL_MAX; i++) {
            d->as.modbus.in[i].bytes_len = 0;
        }
        break;
    }
}

static void send_garbage(struct vg_sim_device *d, size_t channel)
{
    uint8_t junk[GARBAGE_MAX];
    size_t junk_len = 1U + vg_pcg_below(&d->noise, GARBAGE_MAX);

    for (size_t i = 0; i < junk_len; i++) {
        junk[i] = (uint8_t)vg_pcg_below(&d->noise, 256U);
    }
    vg_transport_write(&d->line, channel, junk, junk_len);
}

void vg_sim_send(struct vg_sim_device *d, size_t channel, const uint8_t *frame, size_t frame_len,
                 size_t check_at, int64_t now_ns)
{
    uint8_t copy[VG_SIM_REPLY_BYTES];
    bool has_garbage = vg_fault_is_active(&d->faults, NULL, VG_FAULT_GARBAGE, now_ns);

    if (!d->line.is_plugged || frame_len > sizeof copy ||
        vg_fault_is_active(&d->faults, NULL, VG_FAULT_DROP, now_ns)) {
        return;
    }
    memcpy(copy, frame, frame_len);
    if (vg_fault_is_active(&d->faults, NULL, VG_FAULT_BAD_CHECKSUM, now_ns)) {
        copy[check_at] = (uint8_t)((copy[check_at] + 1U) & 0xFFU);
    }
    if (has_garbage && vg_pcg_below(&d->noise, 4U) == 0U) {
        send_garbage(d, channel);
    }
    if (has_garbage && vg_pcg_below(&d->noise, 8U) == 0U) {
        copy[vg_pcg_below(&d->noise, (uint32_t)frame_len)] ^= 0x10U;
    }
    vg_transport_write(&d->line, channel, copy, frame_len);
}

void vg_sim_reply_later(struct vg_sim_device *d, size_t channel, const struct vg_sim_frame *frame,
                        int64_t delay_ns, int64_t now_ns)
{
    struct vg_sim_reply *reply = NULL;
    int64_t due = now_ns + delay_ns;
    int64_t extra_ms = 0;

    if (d->replies_len == VG_SIM_REPLY_MAX || frame->len > sizeof reply->bytes) {
        return;
    }
    if (vg_fault_is_active(&d->faults, &extra_ms, VG_FAULT_SLOW, now_ns)) {
        due += extra_ms * VG_NS_PER_MS;
    }
    if (vg_fault_consume(&d->faults, &extra_ms, VG_FAULT_LATE, now_ns)) {
        due += extra_ms * VG_NS_PER_MS;
    }
    if (d->replies_len > 0 && due < d->replies[d->replies_len - 1].due_ns) {
        due = d->replies[d->replies_len - 1].due_ns;
    }
    reply = &d->replies[d->replies_len];
    reply->due_ns = due;
    reply->channel = channel;
    reply->check_at = frame->check_at;
    reply->bytes_len = frame->len;
    memcpy(reply->bytes, frame->bytes, frame->len);
    d->replies_len++;
}

void vg_sim_event(const struct vg_sim_device *d, unsigned unit, const char *text)
{
    if (d->options->is_quiet) {
        return;
    }
    if (d->options->device_count > 1) {
        (void)printf("#%u ", d->index);
    }
    if (unit != 0 && d->options->units_len > 1) {
        (void)printf("@%u ", unit);
    }
    (void)printf("%s\n", text);
    (void)fflush(stdout);
}

void vg_sim_event_rx(const struct vg_sim_device *d, unsigned unit, const uint8_t *buf,
                     size_t buf_len)
{
    char text[RX_TEXT_BYTES] = "rx";
    size_t text_len = 2;

    if (buf_len == 0) {
        return;
    }
    for (size_t i = 0; i < buf_len && text_len + 4 < sizeof text; i++) {
        (void)snprintf(&text[text_len], sizeof text - text_len, " %02X", (unsigned)buf[i]);
        text_len += 3;
    }
    vg_sim_event(d, unit, text);
}
