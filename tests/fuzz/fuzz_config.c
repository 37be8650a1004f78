/*
 * fuzz_config.c -- any bytes as vigil.yaml and as a register map.
 *
 * Beyond "no crash": a refusal says at least one line with a cure, an acceptance says nothing, and
 * what was accepted reads back as printed. The corpus is tests/config and config.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/config_internal.h"
#include "vigil/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vg_config config;

/* Load bytes through a file that exists only in memory. */
static enum vg_status load(const char *bytes, size_t size)
{
    char path[48];
    char *errors = NULL;
    size_t errors_len = 0;
    int fd = memfd_create("vigil.yaml", MFD_CLOEXEC);
    VG_ASSERT(fd >= 0);
    VG_ASSERT(write(fd, bytes, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    FILE *errs = open_memstream(&errors, &errors_len);
    VG_ASSERT(errs != NULL);
    enum vg_status st = vg_config_load(&config, path, errs);
    (void)fclose(errs);
    (void)close(fd);
    VG_ASSERT(st == VG_OK || st == VG_ERR_FORMAT);
    VG_ASSERT((st == VG_OK) == (errors_len == 0));
    VG_ASSERT(st == VG_OK || strstr(errors, "; ") != NULL);
    free(errors);
    return st;
}

static void round_trip(void)
{
    char *first = NULL;
    char *second = NULL;
    size_t first_len = 0, second_len = 0;
    FILE *out = open_memstream(&first, &first_len);
    VG_ASSERT(out != NULL);
    vg_config_print(&config, out);
    (void)fclose(out);
    enum vg_status st = load(first, first_len);
    VG_ASSERT(st == VG_OK);
    out = open_memstream(&second, &second_len);
    VG_ASSERT(out != NULL);
    vg_config_print(&config, out);
    (void)fclose(out);
    VG_ASSERT(first_len == second_len && memcmp(first, second, first_len) == 0);
    free(first);
    free(second);
}

static void read_map(const char *text, size_t size)
{
    static struct vg_raw_map raw;
    static struct vg_regmap map;
    char *errors = NULL;
    size_t errors_len = 0;
    FILE *errs = open_memstream(&errors, &errors_len);
    VG_ASSERT(errs != NULL);
    struct vg_yaml_log log = { errs, 0 };
    struct vg_yaml y;
    bool sound = vg_yaml_open_text(&y, "map.yaml", text, size, &log) == VG_OK &&
                 vg_map_read(&y, &raw, &map);
    vg_yaml_close(&y);
    (void)fclose(errs);
    VG_ASSERT(sound == (log.count == 0));
    free(errors);
    if (sound) {
        struct vg_blocks blocks;
        vg_regmap_blocks(&map, true, &blocks);
        vg_regmap_blocks(&map, false, &blocks);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Copied, so that a read past the end is seen. */
    char *text = malloc(size + 1);
    VG_ASSERT(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    /* A map is printed by its name and need not be found by it. */
    if (load(text, size) == VG_OK && config.map_count == 0) {
        round_trip();
    }
    read_map(text, size);
    free(text);
    return 0;
}
