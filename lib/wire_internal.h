/*
 * wire_internal.h -- what the parts of the encoder (wire*.c) share. Nobody else includes it.
 */
#ifndef VIGIL_LIB_WIRE_INTERNAL_H
#define VIGIL_LIB_WIRE_INTERNAL_H

#include "lib/wire.h"

/* "age_ms": null when not known (negative). */
void vg_wire_age(struct vg_json *j, int64_t age_ns);

/* The bit of enum vg_signal_bit with that name, 0 when there is none. */
uint32_t vg_wire_signal_bit(const char *name);

/* key: what the condition's name is called. */
void vg_wire_alarm_members(struct vg_json *j, const struct vg_wire_names *n,
                           const struct vg_alarm_event *a, const char *key);
void vg_wire_inhibit_members(struct vg_json *j, const struct vg_inhibit_event *i);
void vg_wire_limits_members(struct vg_json *j, const struct vg_wire_names *n,
                            const struct vg_limits_event *l);
void vg_wire_limit_members(struct vg_json *j, const struct vg_limit_event *l);
void vg_wire_route_members(struct vg_json *j, const struct vg_wire_names *n,
                           const struct vg_route_event *r);
void vg_wire_sink_members(struct vg_json *j, const struct vg_wire_names *n,
                          const struct vg_sink_event *s);
void vg_wire_care_members(struct vg_json *j, const struct vg_wire_names *n,
                          const struct vg_care *c);
/* lib/wire_session.c */
void vg_wire_session_members(struct vg_json *j, const struct vg_wire_names *n,
                             const struct vg_event *ev);
void vg_wire_dose_members(struct vg_json *j, const struct vg_dose *d, int64_t recorded_utc_ns);
void vg_wire_plan_members(struct vg_json *j, const struct vg_wire_names *n,
                          const struct vg_plan_event *p);
/* Names of the bits of a gate that are missing, and of deviations, as arrays. */
void vg_wire_gate_list(struct vg_json *j, const char *key, uint32_t bits);
void vg_wire_deviation_list(struct vg_json *j, const char *key, uint32_t bits);

#endif
