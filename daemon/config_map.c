/*
 * config_map.c -- find a Modbus register map, read it, and ask the driver whether it makes sense.
 *
 * Several units may use one map; it is read once and known by its file, not by its spelling. A map
 * that is broken is reported once, at its own lines, and keeps its slot so that the next unit that
 * names it adds no second message. Whether points fit together is vg_regmap_check()'s business.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/config_internal.h"
#include "vigil/time.h"

#ifndef VG_DATADIR
#define VG_DATADIR "/usr/share/vigil"
#endif

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Is it a file? A pipe or a device would hold up the start. */
static bool is_file(const char *path, struct stat *st)
{
    return stat(path, st) == 0 && S_ISREG(st->st_mode);
}

bool vg_config_find(const struct vg_config_reader *r, const char *subdir, const char *name,
                    char buf[VG_CONFIG_FILE_MAX], struct stat *st)
{
    const char *file = r->y.file;
    int dir_len = (int)(base_name(file) - file);
    if (strchr(name, '/') != NULL) {
        /* A relative path starts at the file that names it, not where the daemon was started. */
        int n = snprintf(buf, VG_CONFIG_FILE_MAX, "%.*s%s", name[0] == '/' ? 0 : dir_len, file,
                         name);
        return n < VG_CONFIG_FILE_MAX && is_file(buf, st);
    }
    int n = snprintf(buf, VG_CONFIG_FILE_MAX, "%.*s%s/%s.yaml", dir_len, file, subdir, name);
    if (n < VG_CONFIG_FILE_MAX && is_file(buf, st)) {
        return true;
    }
    static const char *const dirs[] = { "/etc/vigil", VG_DATADIR };
    for (size_t i = 0; i < VG_COUNT(dirs); i++) {
        n = snprintf(buf, VG_CONFIG_FILE_MAX, "%s/%s/%s.yaml", dirs[i], subdir, name);
        if (n < VG_CONFIG_FILE_MAX && is_file(buf, st)) {
            return true;
        }
    }
    return false;
}

/* ---- one point ---- */

static void point_error(struct vg_yaml *y, uint16_t i, const char *what)
{
    char path[VG_YAML_PATH_MAX];
    (void)snprintf(path, sizeof path, "points[%u]", (unsigned)i);
    vg_yaml_error(y, path, "%s", what);
}

/* Keys that belong to a role are there when it is that role, and only then. */
static void check_role_keys(struct vg_yaml *y, const struct vg_raw_point *raw, uint16_t i)
{
    bool has_vital = raw->vital != VG_YAML_UNSET;
    bool has_signal = raw->signal != VG_YAML_UNSET;
    char path[VG_YAML_PATH_MAX];
    (void)snprintf(path, sizeof path, "points[%u].write", (unsigned)i);
    if (has_vital != (raw->role == VG_ROLE_VITAL)) {
        point_error(y, i,
                    has_vital ? "vital is only for role vital; remove it"
                              : "role vital does not say which; add vital");
    }
    if (has_signal != (raw->role == VG_ROLE_SIGNAL)) {
        point_error(y, i,
                    has_signal ? "signal is only for role signal; remove it"
                               : "role signal does not say which; add signal");
    }
    if (raw->role != VG_ROLE_ENABLE && vg_yaml_has(y, path)) {
        point_error(y, i, "write is only for role enable; remove it");
    }
}

static void fill_range(const struct vg_raw_point *raw, struct vg_point *p)
{
    p->has_range = raw->min_milli != VG_YAML_UNSET || raw->max_milli != VG_YAML_UNSET;
    p->min_milli = raw->min_milli != VG_YAML_UNSET ? (int32_t)raw->min_milli : INT32_MIN;
    p->max_milli = raw->max_milli != VG_YAML_UNSET ? (int32_t)raw->max_milli : INT32_MAX;
}

static void fill_point(struct vg_yaml *y, const struct vg_raw_point *raw, uint16_t i,
                       struct vg_point *p)
{
    bool bits = raw->area == VG_AREA_COIL || raw->area == VG_AREA_DISCRETE;
    char path[VG_YAML_PATH_MAX];
    (void)snprintf(path, sizeof path, "points[%u]", (unsigned)i);
    p->line = vg_yaml_line(y, path);
    p->role = (uint8_t)raw->role;
    p->area = (uint8_t)raw->area;
    p->type = raw->type != VG_YAML_UNSET ? (uint8_t)raw->type : bits ? VG_RT_BIT : VG_RT_U16;
    p->order = (uint8_t)raw->order;
    p->bit = (uint8_t)raw->bit;
    p->addr = (uint16_t)raw->addr;
    p->vital = raw->vital != VG_YAML_UNSET ? (uint8_t)raw->vital : 0;
    p->signal_bit = raw->signal != VG_YAML_UNSET ? 1u << raw->signal : 0;
    p->write_value = (uint16_t)raw->write;
    p->scale_micro = raw->scale_micro;
    p->offset_milli = raw->offset_milli;
    p->invalid_count = (uint8_t)raw->invalid_count;
    memcpy(p->invalid, raw->invalid, sizeof p->invalid);
    fill_range(raw, p);
    check_role_keys(y, raw, i);
}

/* ---- codes ---- */

/* Add the codes of one meaning; a code means one thing only. */
static void add_codes(struct vg_yaml *y, const char *path, const struct vg_raw_codes *raw,
                      uint8_t means, struct vg_code *codes, uint16_t *count)
{
    for (uint16_t i = 0; i < raw->count; i++) {
        for (uint16_t k = 0; k < *count; k++) {
            if (codes[k].raw == raw->raw[i]) {
                vg_yaml_error(y, path, "code %u is given twice; a code means one thing",
                              (unsigned)raw->raw[i]);
                return;
            }
        }
        if (*count == VG_ENUM_MAX) {
            vg_yaml_error(y, path, "there are more than %d codes; leave out the unused ones",
                          VG_ENUM_MAX);
            return;
        }
        codes[*count].raw = raw->raw[i];
        codes[*count].means = means;
        (*count)++;
    }
}

static void fill_codes(struct vg_yaml *y, const struct vg_raw_map *raw, struct vg_regmap *out)
{
    for (unsigned i = 0; i < VG_MNS_COUNT; i++) {
        add_codes(y, "nibp_states", &raw->states[i], (uint8_t)i, out->states, &out->state_count);
    }
    for (unsigned i = 0; i < VG_NIBP_ERROR_COUNT; i++) {
        add_codes(y, "nibp_errors", &raw->errors[i], (uint8_t)i, out->errors, &out->error_count);
    }
}

/* ---- the map ---- */

static void check_whole(struct vg_yaml *y, const struct vg_regmap *map)
{
    const char *why = NULL;
    uint32_t line = 0;
    if (vg_regmap_check(map, &why, &line) == VG_OK) {
        return;
    }
    const char *cure = strchr(why, ';') == NULL ? "; see docs/devices/modbus.md" : "";
    for (uint16_t i = 0; i < map->point_count; i++) {
        if (line != 0 && map->points[i].line == line) {
            char path[VG_YAML_PATH_MAX];
            (void)snprintf(path, sizeof path, "points[%u]", (unsigned)i);
            vg_yaml_error(y, path, "%s%s", why, cure);
            return;
        }
    }
    vg_yaml_error(y, "points", "%s%s", why, cure);
}

bool vg_map_read(struct vg_yaml *y, struct vg_raw_map *raw, struct vg_regmap *out)
{
    memset(raw, 0, sizeof *raw);
    vg_raw_map_init(raw);
    if (vg_yaml_read(y, &vg_map_table, raw) != VG_OK) {
        return false;
    }
    uint32_t before = y->log->count;
    memset(out, 0, sizeof *out);
    memcpy(out->name, raw->name, sizeof out->name);
    out->max_regs = raw->max_regs;
    out->max_fill = raw->max_fill;
    out->unproven_polls = raw->unproven_after;
    out->age_max_milli = (int32_t)(raw->age_max_ns / VG_NS_PER_MS);
    out->point_count = raw->point_count;
    for (uint16_t i = 0; i < raw->point_count; i++) {
        fill_point(y, &raw->points[i], i, &out->points[i]);
    }
    fill_codes(y, raw, out);
    if (y->log->count == before) {
        check_whole(y, out);
    }
    return y->log->count == before;
}

/* The name inside the file is the name of the file: else a message could name the wrong map. */
static void check_name(struct vg_yaml *y, const struct vg_config_reader *r, uint16_t index)
{
    const struct vg_regmap *map = &r->out->maps[index];
    const char *base = base_name(y->file);
    size_t len = strlen(map->name);
    if (strncmp(base, map->name, len) != 0 || strcmp(base + len, ".yaml") != 0) {
        vg_yaml_error(y, "name", "'%s' is not the name of the file; rename one, name NAME.yaml",
                      map->name);
    }
    for (uint16_t i = 0; i < index; i++) {
        if (strcmp(r->out->maps[i].name, map->name) == 0) {
            vg_yaml_error(y, "name", "'%s' is the name of another map in use; rename this one",
                          map->name);
        }
    }
}

static bool read_file(struct vg_config_reader *r, const char *file, uint16_t index)
{
    struct vg_yaml y;
    bool sound = false;
    if (vg_yaml_open(&y, file, &r->log) == VG_OK) {
        uint32_t before = r->log.count;
        if (vg_map_read(&y, &r->raw_map, &r->out->maps[index])) {
            check_name(&y, r, index);
        }
        sound = r->log.count == before;
    }
    vg_yaml_close(&y);
    return sound;
}

bool vg_config_map(struct vg_config_reader *r, const char *name, const char *path, uint16_t *index)
{
    char file[VG_CONFIG_FILE_MAX];
    struct stat st;
    if (!vg_config_find(r, "modbus", name, file, &st)) {
        vg_yaml_error(&r->y, path,
                      "there is no map '%s'; put it as modbus/NAME.yaml beside this "
                      "file, into /etc/vigil/modbus or " VG_DATADIR "/modbus",
                      name);
        return false;
    }
    struct vg_config *out = r->out;
    for (uint16_t i = 0; i < out->map_count; i++) {
        if (r->map_ids[i].dev == st.st_dev && r->map_ids[i].ino == st.st_ino) {
            *index = i;
            return true;
        }
    }
    if (out->map_count == VG_MAPS_MAX) {
        vg_yaml_error(&r->y, path, "there are more than %d different maps; use fewer", VG_MAPS_MAX);
        return false;
    }
    *index = out->map_count;
    r->map_ids[*index] = (struct vg_file_id){ st.st_dev, st.st_ino, true };
    out->map_count++;
    return read_file(r, file, *index);
}
