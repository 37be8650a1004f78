/*
 * sim_oximeter.h -- a pulse oximeter that streams Nonin data format 2.
 */
#ifndef VIGIL_TOOLS_SIM_OXIMETER_H
#define VIGIL_TOOLS_SIM_OXIMETER_H

#include "patient.h"

#include <stdbool.h>
#include <stdint.h>

#define VG_DF2_PACKET_FRAMES 25
#define VG_DF2_AVERAGE_PACKETS 20 /* 6.7 s: eight beats at 72 per minute */

struct vg_sim_device;

/* One pair of values as the device reports them, the missing markers included. */
struct vg_oximeter_pair {
    int pulse_rate;
    int spo2;
};

struct vg_sim_oximeter {
    struct vg_patient patient;
    uint64_t frame_count;  /* also the index of the next frame */
    uint16_t packet_count; /* TMR */
    uint8_t float_slots[VG_DF2_PACKET_FRAMES];
    uint8_t pleth;
    int beat_frames; /* perfusion bits stay up this much longer */
    bool is_off;     /* finger or sensor missing */
    int64_t off_since_ns;
    int64_t ready_ns;    /* after a return of the finger: values from here on */
    int64_t artifact_ns; /* since when; -1: none */
    int rate_bpm;        /* true rate, drives the pleth */
    struct vg_oximeter_pair average_ring[VG_DF2_AVERAGE_PACKETS];
    unsigned average_count;
    struct vg_oximeter_pair display;
    struct vg_oximeter_pair display_average;
};

void vg_sim_oximeter_init(struct vg_sim_device *d);

/* vg_sim_oximeter_step -- send every frame that is due; returns the time of the next. */
int64_t vg_sim_oximeter_step(struct vg_sim_device *d, int64_t now_ns);

#endif
