/*
 * device.h -- one simulated device: its cable, its faults, its waiting replies and the state of its
 * kind. The kinds are dispatched by three calls: init, step and receive.
 */
#ifndef VIGIL_TOOLS_SIM_DEVICE_H
#define VIGIL_TOOLS_SIM_DEVICE_H

#include "fault.h"
#include "options.h"
#include "patient.h"
#include "sim_cuff.h"
#include "sim_modbus.h"
#include "sim_oximeter.h"
#include "transport.h"

#include <stddef.h>
#include <stdint.h>

#define VG_SIM_REPLY_BYTES 264 /* longest Modbus frame: 256 (RTU), 260 (TCP) */
#define VG_SIM_REPLY_MAX 8     /* a host sends one request at a time; more is dropped */
#define VG_SIM_NEVER INT64_MAX

struct vg_sim_reply {
    int64_t due_ns;
    size_t channel;
    size_t check_at; /* index of the byte that bad_checksum spoils */
    size_t bytes_len;
    uint8_t bytes[VG_SIM_REPLY_BYTES];
};

struct vg_sim_device {
    const struct vg_sim_options *options;
    unsigned index;
    struct vg_transport line;
    struct vg_fault_list faults;
    struct vg_pcg noise; /* garbage */
    struct vg_sim_reply replies[VG_SIM_REPLY_MAX];
    size_t replies_len;
    union {
        struct vg_sim_oximeter oximeter;
        struct vg_sim_cuff cuff;
        struct vg_sim_modbus modbus;
    } as;
};

/* vg_sim_device_init -- retains options until the end of the program. */
void vg_sim_device_init(struct vg_sim_device *d, const struct vg_sim_options *options,
                        unsigned index);

/*
 * vg_sim_device_step -- do what is due.
 *
 * Returns the time of the next thing to do, VG_SIM_NEVER if only the host can cause one.
 */
int64_t vg_sim_device_step(struct vg_sim_device *d, int64_t now_ns);

void vg_sim_device_receive(struct vg_sim_device *d, size_t channel, const uint8_t *buf,
                           size_t buf_len, int64_t now_ns);

/* vg_sim_device_connected -- a new peer on this channel must not inherit from the last one. */
void vg_sim_device_connected(struct vg_sim_device *d, size_t channel);

/* vg_sim_device_unplugged -- the cable is out: waiting replies and half requests are lost. */
void vg_sim_device_unplugged(struct vg_sim_device *d);

/* vg_sim_send -- write one frame now, with the faults drop, garbage and bad_checksum applied. */
void vg_sim_send(struct vg_sim_device *d, size_t channel, const uint8_t *frame, size_t frame_len,
                 size_t check_at, int64_t now_ns);

/*
 * vg_sim_reply_later -- queue one frame behind the ones that wait already.
 *
 *   delay_ns  in   not before this time from now; the faults slow and late are added here
 */
struct vg_sim_frame {
    const uint8_t *bytes;
    size_t len;
    size_t check_at; /* byte that the fault bad_checksum spoils */
};
void vg_sim_reply_later(struct vg_sim_device *d, size_t channel, const struct vg_sim_frame *frame,
                        int64_t delay_ns, int64_t now_ns);

/* vg_sim_event -- one line on standard output, flushed; unit 0 when the device has only one. */
void vg_sim_event(const struct vg_sim_device *d, unsigned unit, const char *text);

/* vg_sim_event_rx -- "rx HH HH ..." */
void vg_sim_event_rx(const struct vg_sim_device *d, unsigned unit, const uint8_t *buf,
                     size_t buf_len);

#endif
