/*
 * registry.h -- the driver rows that other files of this folder define. Only registry.c and the
 * drivers themselves include it; everybody else asks vg_driver_find().
 */
#ifndef VIGIL_DRIVERS_REGISTRY_H
#define VIGIL_DRIVERS_REGISTRY_H

#include "vigil/driver.h"

extern const struct vg_driver vg_driver_nonin;
extern const struct vg_driver vg_driver_suntech;

#endif
