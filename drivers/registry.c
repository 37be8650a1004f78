/*
 * registry.c -- which drivers exist, and which models speak them.
 *
 * One constant table each, sorted by name in byte order: a build names its drivers exactly, and
 * nothing registers itself. The modbus row lives here because its driver is not two functions but
 * a register map (regmap.c); what a Modbus unit really can do is known only from its map, so the
 * row promises the most any map may promise.
 */
#include "drivers/registry.h"

#include "drivers/regmap.h"
#include "vigil/compiler.h"

#include <string.h>

/* A Modbus unit is asked through registers; there are never bytes to send. */
static size_t modbus_request(void *state, enum vg_request_what what, uint8_t *buf, size_t buf_cap)
{
    (void)state;
    (void)what;
    (void)buf;
    (void)buf_cap;
    return 0;
}

static const struct vg_driver driver_modbus = {
    .name = "modbus",
    .title = "Modbus unit described by a register map",
    .link = VG_LINK_MODBUS,
    .line = { .baud = 9600, .data_bits = 8, .stop_bits = 1, .parity = 'N' },
    .vitals = ((1u << VG_VITAL_COUNT) - 1u) & ~(1u << VG_VITAL_PLETH),
    .is_cuff = true,
    /* Three polls lost, and a half for the bus to be shared. */
    .silent_after_ns = 3500 * VG_NS_PER_MS,
    .keepalive_ns = 1000 * VG_NS_PER_MS,
    .state_size = sizeof(struct vg_regmap_state),
    .request = modbus_request,
    .source = "Modbus Application Protocol Specification V1.1b3, chapters 4 to 7",
};

const struct vg_driver *const vg_drivers[] = {
    &driver_modbus,
    &vg_driver_nonin,
    &vg_driver_suntech,
    NULL,
};

const struct vg_model vg_models[] = {
    { "Nonin OEM III", "nonin" },           { "Nonin Xpod 3011", "nonin" },
    { "Nonin Xpod 3012", "nonin" },         { "Nonin iPod 3211", "nonin" },
    { "SunTech Advantage A+", "suntech" },  { "SunTech Advantage Mini", "suntech" },
    { "SunTech Advantage OEM", "suntech" }, { NULL, NULL },
};

static_assert(sizeof(struct vg_regmap_state) <= VG_DRIVER_STATE_MAX, "state of one unit");

static bool is_same(const char *a, const char *b)
{
    size_t len = strlen(a);

    return len == strlen(b) && memcmp(a, b, len) == 0;
}

const struct vg_driver *vg_driver_find(const char *name)
{
    for (size_t i = 0; vg_drivers[i] != NULL; i++) {
        if (is_same(vg_drivers[i]->name, name)) {
            return vg_drivers[i];
        }
    }
    return NULL;
}

const struct vg_driver *vg_driver_find_model(const char *model)
{
    for (size_t i = 0; vg_models[i].name != NULL; i++) {
        if (is_same(vg_models[i].name, model)) {
            return vg_driver_find(vg_models[i].driver);
        }
    }
    return NULL;
}
