/*
 * config_device.c -- one entry of `devices`: names to indices, words to a link.
 *
 * Each rule that concerns one device alone is here. A rule is skipped when what it needs is
 * missing, because that was already reported; so one mistake makes one message.
 */
#include <string.h>

#include "daemon/config_internal.h"
#include "vigil/time.h"

static const struct vg_line modbus_line = { 9600, 8, 1, 'N' };

/* The device being resolved, and where it stands. */
struct device {
    struct vg_config_reader *r;
    const struct vg_raw_device *raw;
    struct vg_device_config *out;
    uint16_t index;
    bool link_ok;
};

static void device_path(const struct device *d, const char *key, char *buf, size_t buf_len)
{
    (void)snprintf(buf, buf_len, "devices[%u].%s", (unsigned)d->index, key);
}

#define FAULT(d, key, ...)                                                                         \
    do {                                                                                           \
        char fault_path[VG_YAML_PATH_MAX];                                                         \
        device_path(d, key, fault_path, sizeof fault_path);                                        \
        vg_yaml_error(&(d)->r->y, fault_path, __VA_ARGS__);                                        \
    } while (0)

static void resolve_id(struct device *d)
{
    memcpy(d->out->id, d->raw->id, sizeof d->out->id);
    for (uint16_t i = 0; i < d->index && d->raw->id[0] != '\0'; i++) {
        if (strcmp(d->r->raw.devices[i].id, d->raw->id) == 0) {
            FAULT(d, "id", "'%s' is already the id of devices[%u]; give each device its own",
                  d->raw->id, (unsigned)i);
            return;
        }
    }
}

static void resolve_bed(struct device *d)
{
    const struct vg_raw_config *raw = &d->r->raw;
    struct vg_yaml_guess guess;
    vg_yaml_guess_start(&guess, d->raw->bed);
    for (uint16_t i = 0; i < raw->bed_count; i++) {
        if (raw->beds[i].id[0] == '\0') {
            return; /* a bed's id was refused; it may be the one meant */
        }
        if (strcmp(raw->beds[i].id, d->raw->bed) == 0) {
            d->out->bed = i;
            return;
        }
        vg_yaml_guess_offer(&guess, raw->beds[i].id);
    }
    const char *best = vg_yaml_guess_best(&guess);
    if (d->raw->bed[0] == '\0' || raw->bed_count == 0) {
        return;
    }
    if (best != NULL) {
        FAULT(d, "bed", "'%s' is not a bed of this file; did you mean '%s'?", d->raw->bed, best);
    } else {
        FAULT(d, "bed", "'%s' is not a bed of this file; add it under beds, or name another",
              d->raw->bed);
    }
}

static void unknown_driver(struct device *d)
{
    struct vg_yaml_guess guess;
    vg_yaml_guess_start(&guess, d->raw->driver);
    for (size_t i = 0; vg_drivers[i] != NULL; i++) {
        vg_yaml_guess_offer(&guess, vg_drivers[i]->name);
    }
    const char *best = vg_yaml_guess_best(&guess);
    if (best != NULL) {
        FAULT(d, "driver", "'%s' is not a driver; did you mean '%s'?", d->raw->driver, best);
    } else {
        FAULT(d, "driver", "'%s' is not a driver; vigild(8) lists the drivers", d->raw->driver);
    }
}

static void unknown_model(struct device *d)
{
    struct vg_yaml_guess guess;
    vg_yaml_guess_start(&guess, d->raw->model);
    for (size_t i = 0; vg_models[i].name != NULL; i++) {
        vg_yaml_guess_offer(&guess, vg_models[i].name);
    }
    const char *best = vg_yaml_guess_best(&guess);
    if (best != NULL) {
        FAULT(d, "model", "'%s' is not a known model; did you mean '%s'?", d->raw->model, best);
    } else {
        FAULT(d, "model",
              "'%s' is not a known model; name its driver instead, vigild(8) lists "
              "them",
              d->raw->model);
    }
}

static void resolve_driver(struct device *d)
{
    bool has_driver = d->raw->driver[0] != '\0';
    bool has_model = d->raw->model[0] != '\0';
    char path[VG_YAML_PATH_MAX];
    if (has_driver && has_model) {
        FAULT(d, "driver", "is given together with model; keep one of them");
        return;
    }
    if (has_driver) {
        d->out->driver = vg_driver_find(d->raw->driver);
        if (d->out->driver == NULL) {
            unknown_driver(d);
        }
        return;
    }
    if (has_model) {
        memcpy(d->out->model, d->raw->model, sizeof d->out->model);
        d->out->driver = vg_driver_find_model(d->raw->model);
        if (d->out->driver == NULL) {
            unknown_model(d);
        }
        return;
    }
    /* Given but refused already? Then there is nothing to add. */
    device_path(d, "model", path, sizeof path);
    bool given = vg_yaml_has(&d->r->y, path);
    device_path(d, "driver", path, sizeof path);
    if (!given && !vg_yaml_has(&d->r->y, path)) {
        FAULT(d, "driver", "neither driver nor model is given; add one of them");
    }
}

static void resolve_link(struct device *d)
{
    if (d->raw->link[0] == '\0') {
        return;
    }
    const char *wrong = vg_link_parse(d->raw->link, &d->out->link);
    if (wrong != NULL) {
        FAULT(d, "link", "'%s' %s", d->raw->link, wrong);
        return;
    }
    d->link_ok = true;
    if (d->out->driver == NULL) {
        return;
    }
    bool modbus = vg_link_is_modbus(&d->out->link);
    if (d->out->driver->link == VG_LINK_MODBUS && !modbus) {
        FAULT(d, "link", "driver %s speaks Modbus; use modbus-rtu:PATH or modbus-tcp:HOST:PORT",
              d->out->driver->name);
    }
    if (d->out->driver->link == VG_LINK_BYTES && modbus) {
        FAULT(d, "link",
              "driver %s does not speak Modbus; use serial:PATH, tty:PATH or "
              "tcp:HOST:PORT",
              d->out->driver->name);
    }
}

static bool is_known_baud(int64_t baud)
{
    static const int64_t known[] = { 110,  300,   600,   1200,  2400,   4800,
                                     9600, 19200, 38400, 57600, 115200, 230400 };
    for (size_t i = 0; i < VG_COUNT(known); i++) {
        if (known[i] == baud) {
            return true;
        }
    }
    return false;
}

static void resolve_line(struct device *d)
{
    static const char letters[] = { 'N', 'E', 'O' };
    const struct vg_raw_line *raw = &d->raw->line;
    struct vg_line *line = &d->out->link.line;
    bool modbus = d->link_ok && vg_link_is_modbus(&d->out->link);
    *line = d->out->driver != NULL && d->out->driver->line.baud != 0 ? d->out->driver->line
                                                                     : modbus_line;
    if (raw->baud != VG_YAML_UNSET) {
        line->baud = (uint32_t)raw->baud;
        if (!is_known_baud(raw->baud)) {
            FAULT(d, "line.baud",
                  "'%lld' is not a usual speed; write one of 110, 300, 600, 1200, "
                  "2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400",
                  (long long)raw->baud);
        }
    }
    if (raw->parity != VG_YAML_UNSET) {
        line->parity = letters[raw->parity];
    }
    line->stop_bits = raw->stop_bits != VG_YAML_UNSET ? (uint8_t)raw->stop_bits : line->stop_bits;
    line->data_bits = raw->data_bits != VG_YAML_UNSET ? (uint8_t)raw->data_bits : line->data_bits;
    if (modbus && line->data_bits != 8) {
        FAULT(d, "line.data_bits", "is 7, but Modbus RTU needs 8; write 8 or remove it");
    }
    char path[VG_YAML_PATH_MAX];
    device_path(d, "line", path, sizeof path);
    if (d->link_ok && !vg_link_has_line(&d->out->link) && vg_yaml_has(&d->r->y, path)) {
        FAULT(d, "line",
              "has no effect on a TCP link; set the line at the serial server and "
              "remove it");
    }
}

/* Keys that only a Modbus unit has. */
static void refuse_modbus_keys(struct device *d)
{
    static const char *const keys[] = { "unit", "poll", "timeout", "options.map" };
    for (size_t i = 0; i < VG_COUNT(keys); i++) {
        char path[VG_YAML_PATH_MAX];
        device_path(d, keys[i], path, sizeof path);
        if (vg_yaml_has(&d->r->y, path)) {
            FAULT(d, keys[i], "belongs to Modbus units only; remove it, driver %s does not use it",
                  d->out->driver->name);
        }
    }
}

static void resolve_unit(struct device *d)
{
    bool tcp = d->link_ok && d->out->link.scheme == VG_SCHEME_MODBUS_TCP;
    int64_t unit = d->raw->unit;
    if (unit == VG_YAML_UNSET) {
        char path[VG_YAML_PATH_MAX];
        device_path(d, "unit", path, sizeof path);
        if (!vg_yaml_has(&d->r->y, path)) {
            FAULT(d, "unit", "is missing; add the Modbus address of the unit, 1 to 247");
        }
        return;
    }
    d->out->unit = (uint8_t)unit;
    bool gateway_itself = tcp && (unit == 0 || unit == 255);
    if ((unit < 1 || unit > 247) && !gateway_itself) {
        FAULT(d, "unit", "'%lld' is not a unit address; write 1 to 247%s", (long long)unit,
              tcp ? ", over TCP also 0 or 255" : "");
    }
}

static void resolve_map(struct device *d)
{
    char path[VG_YAML_PATH_MAX];
    device_path(d, "options.map", path, sizeof path);
    if (d->raw->map[0] != '\0') {
        (void)vg_config_map(d->r, d->raw->map, path, &d->out->map);
    } else if (!vg_yaml_has(&d->r->y, path)) {
        FAULT(d, "options.map", "is missing; name the register map of the unit, for example vm2");
    }
}

void vg_config_device(struct vg_config_reader *r, uint16_t i)
{
    struct device d = { r, &r->raw.devices[i], &r->out->devices[i], i, false };
    d.out->options = d.raw->options;
    d.out->test = d.raw->test;
    d.out->poll_ns = d.raw->poll_ns != VG_YAML_UNSET ? d.raw->poll_ns : VG_NS_PER_S;
    d.out->timeout_ns = d.raw->timeout_ns != VG_YAML_UNSET ? d.raw->timeout_ns : vg_ms(300);
    resolve_id(&d);
    resolve_bed(&d);
    resolve_driver(&d);
    resolve_link(&d);
    resolve_line(&d);
    if (d.out->driver == NULL) {
        return;
    }
    if (d.out->driver->link == VG_LINK_MODBUS) {
        resolve_unit(&d);
        resolve_map(&d);
    } else {
        refuse_modbus_keys(&d);
    }
}
