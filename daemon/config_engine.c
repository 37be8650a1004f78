/*
 * config_engine.c -- from a configuration to an empty engine and the names behind its indices: for
 * the daemon, and for whoever plays a record again.
 */
#include "daemon/config.h"

void vg_config_names(const struct vg_config *c, struct vg_wire_names *out)
{
    out->node = c->node;
    out->bed_count = c->bed_count;
    out->device_count = c->device_count;
    out->sink_count = c->routing.sink_count;
    out->profile_count = c->profile_count;
    for (uint16_t b = 0; b < c->bed_count; b++) {
        out->bed[b] = c->beds[b].id;
    }
    for (uint16_t d = 0; d < c->device_count; d++) {
        out->device[d] = c->devices[d].id;
    }
    out->scale_count = c->scales.count;
    for (uint16_t i = 0; i < c->scales.count; i++) {
        out->scale[i] = c->scales.of[i].id;
    }
    out->protocols = c->protocols;
    out->protocol_count = c->protocol_count;
    out->protocol_offered = c->protocol_offered;
    for (uint8_t i = 0; i < VG_PROTOCOLS_MAX; i++) {
        out->protocol[i] = c->protocols[i].id;
    }
    for (uint8_t i = 0; i < VG_SINKS_MAX; i++) {
        out->sink[i] = c->sink_name[i];
    }
    for (uint8_t i = 0; i < VG_PROFILES_MAX; i++) {
        out->profile[i] = c->profile_name[i];
    }
}

void vg_config_engine(const struct vg_config *c, struct vg_engine *e, int64_t now_ns)
{
    vg_engine_init(e, c->bed_count, &c->profiles[0]);
    for (uint8_t i = 1; i < c->profile_count; i++) {
        vg_engine_add_profile(e, &c->profiles[i]);
    }
    vg_engine_set_routing(e, &c->routing);
    vg_engine_set_scales(e, &c->scales);
    for (uint8_t i = 0; i < c->protocol_count; i++) {
        vg_engine_add_protocol(e, &c->protocols[i]);
    }
    for (uint16_t d = 0; d < c->device_count; d++) {
        const struct vg_device_config *dev = &c->devices[d];
        bool modbus = dev->driver->link == VG_LINK_MODBUS;
        const struct vg_regmap *map = modbus ? &c->maps[dev->map] : NULL;
        vg_engine_add_device(e, dev->bed, modbus ? vg_regmap_vitals(map) : dev->driver->vitals,
                             modbus ? vg_regmap_is_cuff(map) : dev->driver->is_cuff, dev->test,
                             now_ns);
    }
}
