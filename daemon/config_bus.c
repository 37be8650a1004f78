/*
 * config_bus.c -- rules between devices: who shares a line with whom, and is there time for all.
 *
 * Two byte devices never share a target. Modbus units share a bus when their target is the same;
 * then their addresses differ and their line settings agree. Targets are compared by text and, if
 * they exist, by what the path leads to, because a by-id name and a ttyUSB name may be one port.
 * Time on a serial bus: characters at the line's speed, two silences of 3.5 characters and a
 * turnaround for each request. Source: Modbus over Serial Line V1.02, 2.5.1.
 */
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "daemon/config_internal.h"
#include "vigil/time.h"

#define TURNAROUND_S 0.005  /* a unit's usual time to think */
#define UNIT_SWITCH_S 0.020 /* silence before another unit is asked */
#define LOAD_MAX 0.80       /* the rest is for cuff commands and repeats */

#define FAULT(r, i, key, ...)                                                                      \
    do {                                                                                           \
        char fault_path[VG_YAML_PATH_MAX];                                                         \
        (void)snprintf(fault_path, sizeof fault_path, "devices[%u].%s", (unsigned)(i), key);       \
        vg_yaml_error(&(r)->y, fault_path, __VA_ARGS__);                                           \
    } while (0)

static bool is_path(const struct vg_link_config *link)
{
    return vg_link_has_line(link);
}

static bool same_target(const struct vg_config_reader *r, uint16_t a, uint16_t b)
{
    const struct vg_link_config *x = &r->out->devices[a].link;
    const struct vg_link_config *y = &r->out->devices[b].link;
    if (is_path(x) != is_path(y)) {
        return false;
    }
    if (!is_path(x)) {
        return x->port == y->port && strcasecmp(x->target, y->target) == 0;
    }
    const struct vg_file_id *p = &r->targets[a];
    const struct vg_file_id *q = &r->targets[b];
    return strcmp(x->target, y->target) == 0 ||
           (p->known && q->known && p->dev == q->dev && p->ino == q->ino);
}

static bool same_line(const struct vg_line *a, const struct vg_line *b)
{
    return a->baud == b->baud && a->data_bits == b->data_bits && a->stop_bits == b->stop_bits &&
           a->parity == b->parity;
}

/* Device i leads to the same target as the earlier device first. FALSE when that is a fault. */
static bool check_pair(struct vg_config_reader *r, uint16_t first, uint16_t i)
{
    const struct vg_device_config *a = &r->out->devices[first];
    const struct vg_device_config *b = &r->out->devices[i];
    if (!vg_link_is_modbus(&a->link) || !vg_link_is_modbus(&b->link)) {
        FAULT(r, i, "link", "leads to the same port as devices[%u] (%s); give each its own port",
              (unsigned)first, a->id);
        return false;
    }
    if (a->link.scheme != b->link.scheme) {
        FAULT(r, i, "link", "leads to the bus of devices[%u] (%s) by another scheme; use the same",
              (unsigned)first, a->id);
        return false;
    }
    if (a->unit == b->unit) {
        FAULT(r, i, "unit",
              "'%u' is already the unit of devices[%u] (%s) on this bus; "
              "give each unit its own address",
              (unsigned)b->unit, (unsigned)first, a->id);
        return false;
    }
    if (is_path(&a->link) && !same_line(&a->link.line, &b->link.line)) {
        FAULT(r, i, "line", "differs from devices[%u] (%s) on the same bus; use equal settings",
              (unsigned)first, a->id);
        return false;
    }
    return true;
}

static double block_seconds(const struct vg_block *b, const struct vg_line *line)
{
    bool bits = b->area == VG_AREA_COIL || b->area == VG_AREA_DISCRETE;
    double char_s = (1.0 + line->data_bits + (line->parity == 'N' ? 0.0 : 1.0) + line->stop_bits) /
                    (double)line->baud;
    double silence_s = line->baud > 19200 ? 0.00175 : 3.5 * char_s;
    uint32_t request = 8;
    uint32_t reply = 5u + (bits ? (b->count + 7u) / 8u : 2u * b->count);
    return (request + reply) * char_s + TURNAROUND_S + 2.0 * silence_s;
}

double vg_bus_unit_load(const struct vg_regmap *map, const struct vg_line *line, int64_t poll_ns)
{
    struct vg_blocks blocks;
    double busy_s = UNIT_SWITCH_S;
    vg_regmap_blocks(map, true, &blocks);
    for (uint16_t i = 0; i < blocks.count; i++) {
        busy_s += block_seconds(&blocks.of[i], line);
    }
    return busy_s * (double)VG_NS_PER_S / (double)poll_ns;
}

/* Add device i to the load of the bus whose first device is `first`. */
static void add_load(struct vg_config_reader *r, uint16_t first, uint16_t i)
{
    const struct vg_device_config *d = &r->out->devices[i];
    double before = r->bus_load[first];
    double load = before + vg_bus_unit_load(&r->out->maps[d->map], &d->link.line, d->poll_ns);
    r->bus_load[first] = load;
    if (before <= LOAD_MAX && load > LOAD_MAX) {
        FAULT(r, i, "link",
              "with this unit the bus would be busy %.0f %% of the time, more than "
              "80 %%; poll its units less often, raise baud, or use a second bus",
              load * 100.0);
    }
}

/* Compare device i with the earlier ones; one fault is enough. Returns the first of its bus. */
static uint16_t check_device(struct vg_config_reader *r, uint16_t i)
{
    uint16_t first = i;
    for (uint16_t k = 0; k < i; k++) {
        if (same_target(r, k, i)) {
            first = first == i ? k : first;
            if (!check_pair(r, k, i)) {
                break;
            }
        }
    }
    return first;
}

void vg_config_buses(struct vg_config_reader *r)
{
    for (uint16_t i = 0; i < r->out->device_count; i++) {
        const struct vg_link_config *link = &r->out->devices[i].link;
        struct stat st;
        if (is_path(link) && stat(link->target, &st) == 0) {
            r->targets[i] = (struct vg_file_id){ st.st_dev, st.st_ino, true };
        }
        uint16_t first = check_device(r, i);
        if (link->scheme == VG_SCHEME_MODBUS_RTU &&
            r->out->devices[first].link.scheme == VG_SCHEME_MODBUS_RTU) {
            add_load(r, first, i);
        }
    }
}
