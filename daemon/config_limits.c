/*
 * config_limits.c -- limits: built-in defaults, then the profile, then what vigil.yaml says itself.
 *
 * A profile is a file with the same keys as `limits:`. What vigil.yaml sets wins over its profile;
 * further profiles are whole sets a session may change to. Each set is judged by the same rules.
 */
#include <stdlib.h>
#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/alarm_limits.h"
#include "daemon/config_internal.h"

/* The key of a condition's limit, as it stands in the file. */
static void limit_path(enum vg_condition c, const char *member, char *buf, size_t buf_len)
{
    (void)snprintf(buf, buf_len, "limits.%s.%s", vg_limit_key(c), member);
}

/* Floor and ceiling of each limit by itself, so that all are reported and not only the first. */
static bool check_ranges(struct vg_yaml *y, const struct vg_limits *l)
{
    bool sound = true;
    for (size_t i = 0; i < VG_COND_COUNT; i++) {
        const struct vg_condition_row *row = vg_condition_get((enum vg_condition)i);
        int32_t limit = l->of[i].limit_milli;
        if (row->side == VG_SIDE_NONE ||
            (limit >= row->floor_milli && limit <= row->ceiling_milli)) {
            continue;
        }
        char path[VG_YAML_PATH_MAX];
        limit_path((enum vg_condition)i, "limit", path, sizeof path);
        vg_yaml_error(y, path, "'%g' is outside what this alarm allows; write %g to %g",
                      limit / 1000.0, row->floor_milli / 1000.0, row->ceiling_milli / 1000.0);
        sound = false;
    }
    return sound;
}

static void check(struct vg_yaml *y, const struct vg_limits *l)
{
    enum vg_condition bad = VG_COND_COUNT;
    const char *why = NULL;
    if (check_ranges(y, l) && vg_limits_check(l, &bad, &why) != VG_OK) {
        char path[VG_YAML_PATH_MAX];
        limit_path(bad, "limit", path, sizeof path);
        vg_yaml_error(y, path, "%s", why);
    }
}

/* Read limits/NAME.yaml into out. at: where the name stands, for messages. */
static bool read_profile(struct vg_config_reader *r, const char *name, const char *at,
                         struct vg_limits *out)
{
    char file[VG_CONFIG_FILE_MAX];
    struct stat st;
    struct vg_yaml y;
    uint32_t before = r->log.count;

    if (!vg_config_find(r, "limits", name, file, &st)) {
        vg_yaml_error(&r->y, at,
                      "there is no limit profile '%s'; put it as limits/NAME.yaml beside this file "
                      "or into /etc/vigil/limits",
                      name);
        return false;
    }
    struct vg_raw_config *raw = calloc(1, sizeof *raw);
    if (raw == NULL) {
        vg_yaml_error(&r->y, at, "out of memory; free some and try again");
        return false;
    }
    vg_limits_default(&raw->limits);
    if (vg_yaml_open(&y, file, &r->log) == VG_OK &&
        vg_yaml_read(&y, &vg_profile_table, raw) == VG_OK) {
        check(&y, &raw->limits);
        *out = raw->limits;
    }
    vg_yaml_close(&y);
    free(raw);
    return r->log.count == before;
}

/* What vigil.yaml does not say itself comes from the profile. */
static void put_beneath(struct vg_config_reader *r, const struct vg_limits *profile)
{
    for (size_t i = 0; i < VG_COND_COUNT; i++) {
        static const char *const members[] = { "limit", "delay",   "clear",
                                               "latch", "enabled", "sat_seconds" };
        struct vg_limit *l = &r->raw.limits.of[i];
        struct vg_limit own = *l;
        bool said[VG_COUNT(members)];
        for (size_t m = 0; m < VG_COUNT(members); m++) {
            char path[VG_YAML_PATH_MAX];
            limit_path((enum vg_condition)i, members[m], path, sizeof path);
            said[m] = vg_yaml_has(&r->y, path);
        }
        *l = profile->of[i];
        l->limit_milli = said[0] ? own.limit_milli : l->limit_milli;
        l->delay_ns = said[1] ? own.delay_ns : l->delay_ns;
        l->clear_ns = said[2] ? own.clear_ns : l->clear_ns;
        l->latch = said[3] ? own.latch : l->latch;
        l->enabled = said[4] ? own.enabled : l->enabled;
        l->sat_seconds = said[5] ? own.sat_seconds : l->sat_seconds;
    }
}

/* A session changes limits; what else a condition has is the same for all of them. */
static void check_further(struct vg_config_reader *r, const char *at, const char *name,
                          const struct vg_limits *l)
{
    for (size_t i = 0; i < VG_COND_COUNT; i++) {
        const struct vg_limit *usual = &vg_condition_get((enum vg_condition)i)->defaults;
        const struct vg_limit *own = &l->of[i];
        if (own->delay_ns != usual->delay_ns || own->clear_ns != usual->clear_ns ||
            own->latch != usual->latch || own->enabled != usual->enabled) {
            vg_yaml_error(&r->y, at,
                          "'%s' sets more of %s than limit and sat_seconds, which is all a session "
                          "changes; set delay, clear, latch and enabled under limits",
                          name, vg_limit_key((enum vg_condition)i));
            return;
        }
    }
}

void vg_config_limits(struct vg_config_reader *r)
{
    struct vg_config *out = r->out;
    struct vg_limits base;

    if (r->raw.profile[0] != '\0' && read_profile(r, r->raw.profile, "profile", &base)) {
        put_beneath(r, &base);
    }
    check(&r->y, &r->raw.limits);
    out->profiles[0] = r->raw.limits;
    (void)snprintf(out->profile_name[0], VG_ID_MAX, "%s",
                   r->raw.profile[0] != '\0' ? r->raw.profile : "adult");
    out->profile_count = 1;
    for (uint16_t i = 0; i < r->raw.profile_count; i++) {
        char at[VG_YAML_PATH_MAX];
        const char *name = r->raw.profiles[i].name;
        (void)snprintf(at, sizeof at, "profiles[%u].name", (unsigned)i);
        for (uint8_t k = 0; k < out->profile_count; k++) {
            if (strcmp(out->profile_name[k], name) == 0) {
                vg_yaml_error(&r->y, at, "'%s' is named already; name each profile once", name);
            }
        }
        if (read_profile(r, name, at, &out->profiles[out->profile_count])) {
            check_further(r, at, name, &out->profiles[out->profile_count]);
        }
        memcpy(out->profile_name[out->profile_count], name, VG_ID_MAX);
        out->profile_count++;
    }
}
