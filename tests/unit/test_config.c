/*
 * test_config.c -- vigil.yaml as a whole: every broken file is refused at the line and with the
 * words it says itself; good files load, mean what they say, and read back as printed; the tables
 * agree with the words used elsewhere and with the manual page.
 *
 * A broken file begins with `# expect: LINE substring`. When the fault is in the register map it
 * names, LINE is the map's. A file without a first line (empty.yaml) expects "is empty" at 1.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alarm_catalogue.h"
#include "core/alarm_limits.h"
#include "daemon/config_internal.h"
#include "vigil/compiler.h"
#include "vigil/time.h"
#include "vigil/vital.h"

#ifndef VG_SOURCE_DIR
#define VG_SOURCE_DIR "."
#endif
#define BAD_DIR VG_SOURCE_DIR "/tests/config/bad"
#define GOOD_DIR VG_SOURCE_DIR "/tests/config/good"

static struct vg_config config;
static struct vg_config config_again;

/* Load FILE; the messages are left in *errors, which the caller frees. */
static enum vg_status load(struct vg_config *out, const char *file, char **errors)
{
    size_t len = 0;
    FILE *errs = open_memstream(errors, &len);
    assert_non_null(errs);
    enum vg_status st = vg_config_load(out, file, errs);
    (void)fclose(errs);
    return st;
}

static void load_good(struct vg_config *out, const char *file)
{
    char *errors = NULL;
    if (load(out, file, &errors) != VG_OK) {
        fail_msg("%s", errors);
    }
    assert_string_equal(errors, "");
    free(errors);
}

/* The text of a file up to a limit, ended by NUL. */
static char *slurp(const char *file)
{
    FILE *in = fopen(file, "r");
    char *text = calloc(1, 65536);
    assert_non_null(in);
    assert_non_null(text);
    (void)fread(text, 1, 65535, in);
    (void)fclose(in);
    return text;
}

/* ---- broken files ---- */

/* Is there a message at LINE that holds WANT and has a cure behind ';'? */
static bool has_message(const char *errors, unsigned long line, const char *want)
{
    char place[32];
    (void)snprintf(place, sizeof place, ".yaml:%lu:", line);
    for (const char *p = errors; *p != '\0'; p = strchr(p, '\n') + 1) {
        char one[1024] = "";
        size_t n = strcspn(p, "\n");
        assert_true(p[n] == '\n');
        memcpy(one, p, n < sizeof one ? n : sizeof one - 1);
        const char *at = strstr(one, want);
        if (strstr(one, place) != NULL && at != NULL && strstr(one, "; ") != NULL) {
            return true;
        }
    }
    return false;
}

static void check_bad(const char *file)
{
    static const char mark[] = "# expect: ";
    char *text = slurp(file);
    char *errors = NULL;
    unsigned long line = 1;
    const char *want = "is empty";
    if (text[0] != '\0') {
        char *end = NULL;
        text[strcspn(text, "\n")] = '\0';
        if (strncmp(text, mark, strlen(mark)) != 0) {
            fail_msg("%s: the first line is not `# expect: LINE substring`", file);
        }
        line = strtoul(text + strlen(mark), &end, 10);
        want = end + 1;
    }
    enum vg_status st = load(&config, file, &errors);
    if (st != VG_ERR_FORMAT || !has_message(errors, line, want)) {
        fail_msg("%s: status %d, wanted %lu `%s`, got:\n%s", file, st, line, want, errors);
    }
    free(errors);
    free(text);
}

static void test_config__refuses_every_broken_file(void **state)
{
    (void)state;
    DIR *dir = opendir(BAD_DIR);
    assert_non_null(dir);
    size_t count = 0;
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        char path[512];
        size_t len = strlen(e->d_name);
        if (len > 5 && strcmp(e->d_name + len - 5, ".yaml") == 0) {
            (void)snprintf(path, sizeof path, "%s/%s", BAD_DIR, e->d_name);
            check_bad(path);
            count++;
        }
    }
    (void)closedir(dir);
    assert_true(count >= 66);
}

static void test_config__says_when_the_file_is_missing(void **state)
{
    (void)state;
    char *errors = NULL;
    assert_int_equal(load(&config, "/nonexistent/vigil.yaml", &errors), VG_ERR_IO);
    assert_non_null(strstr(errors, "/nonexistent/vigil.yaml:1:1: file: cannot be read"));
    free(errors);
}

/* ---- good files ---- */

static char *printed(const struct vg_config *c)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    vg_config_print(c, out);
    (void)fclose(out);
    return text;
}

/* A link NAME in DIR to a folder of the sources. */
static void link_beside(const char *dir, const char *name, const char *folder, char path[64])
{
    char to[512];
    char *here = realpath(VG_SOURCE_DIR, NULL);
    assert_non_null(here);
    (void)snprintf(path, 64, "%s/%s", dir, name);
    (void)snprintf(to, sizeof to, "%s/%s", here, folder);
    assert_int_equal(symlink(to, path), 0);
    free(here);
}

static void check_same(const struct vg_config *a, const struct vg_config *b)
{
    assert_int_equal(a->profile_count, b->profile_count);
    assert_memory_equal(a->profiles, b->profiles, sizeof a->profiles);
    assert_memory_equal(a->profile_name, b->profile_name, sizeof a->profile_name);
    assert_memory_equal(&a->routing, &b->routing, sizeof a->routing);
    assert_memory_equal(a->sink_name, b->sink_name, sizeof a->sink_name);
    assert_memory_equal(a->devices, b->devices, sizeof a->devices);
    assert_memory_equal(a->maps, b->maps, sizeof a->maps);
    assert_memory_equal(&a->scales, &b->scales, sizeof a->scales);
    assert_int_equal(a->protocol_count, b->protocol_count);
    assert_int_equal(a->protocol_offered, b->protocol_offered);
    assert_memory_equal(a->protocol_file, b->protocol_file, sizeof a->protocol_file);
    assert_memory_equal(a->protocols, b->protocols, sizeof a->protocols);
}

/* Print, read the print, print again: the same. Maps, profiles and protocols are found beside the
 * print. */
static void check_round_trip(const char *file)
{
    char dir[] = "/tmp/vigil-test-config-XXXXXX";
    char path[64], maps[64], profiles[64], protocols[64];
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/vigil.yaml", dir);
    link_beside(dir, "modbus", "config/modbus", maps);
    link_beside(dir, "limits", "tests/config/good/limits", profiles);
    link_beside(dir, "protocols", "config/protocols", protocols);

    load_good(&config, file);
    char *first = printed(&config);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    (void)fputs(first, out);
    assert_int_equal(fclose(out), 0);
    load_good(&config_again, path);
    char *second = printed(&config_again);
    assert_string_equal(first, second);
    check_same(&config, &config_again);

    free(first);
    free(second);
    (void)unlink(path);
    (void)unlink(maps);
    (void)unlink(profiles);
    (void)unlink(protocols);
    (void)rmdir(dir);
}

static void test_config__reads_back_what_it_prints(void **state)
{
    (void)state;
    DIR *dir = opendir(GOOD_DIR);
    assert_non_null(dir);
    size_t count = 0;
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        char path[512];
        if (strstr(e->d_name, ".yaml") != NULL) {
            (void)snprintf(path, sizeof path, "%s/%s", GOOD_DIR, e->d_name);
            check_round_trip(path);
            count++;
        }
    }
    (void)closedir(dir);
    assert_true(count >= 4);
    check_round_trip(VG_SOURCE_DIR "/config/vigil.yaml");
    check_round_trip(VG_SOURCE_DIR "/config/simulation.yaml");
}

static void test_config__fills_in_defaults(void **state)
{
    (void)state;
    load_good(&config, GOOD_DIR "/minimal.yaml");
    assert_string_equal(config.node, "vigil");
    assert_string_equal(config.state_dir, "/var/lib/vigil");
    assert_string_equal(config.stream, "ipc:///run/vigil/view/stream.sock");
    assert_string_equal(config.view, "ipc:///run/vigil/view/view.sock");
    assert_string_equal(config.operate, "ipc:///run/vigil/operate/operate.sock");
    assert_int_equal(config.bed_count, 1);
    assert_string_equal(config.beds[0].name, "bed-1");
    assert_int_equal(config.device_count, 1);
    const struct vg_device_config *d = &config.devices[0];
    assert_string_equal(d->link.target, "/dev/ttyUSB0");
    assert_int_equal(d->link.scheme, VG_SCHEME_SERIAL);
    assert_memory_equal(&d->link.line, &d->driver->line, sizeof d->link.line);
    assert_false(d->test);
    assert_int_equal(d->poll_ns, VG_NS_PER_S);
    assert_int_equal(d->timeout_ns, vg_ms(300));
    struct vg_limits defaults;
    vg_limits_default(&defaults);
    assert_memory_equal(&config.profiles[0], &defaults, sizeof defaults);
    assert_int_equal(config.profile_count, 1);
    assert_string_equal(config.profile_name[0], "adult");
    assert_int_equal(config.routing.sink_count, 0);
    assert_int_equal(config.routing.second_ns[VG_PRIO_HIGH], 10 * VG_NS_PER_S);
    assert_int_equal(config.routing.local_ns[VG_PRIO_HIGH], 15 * VG_NS_PER_S);
    assert_int_equal(config.routing.second_ns[VG_PRIO_MED], 30 * VG_NS_PER_S);
    assert_int_equal(config.routing.local_ns[VG_PRIO_MED], 60 * VG_NS_PER_S);
    assert_int_equal(config.routing.presence_ns, 600 * VG_NS_PER_S);
}

static void check_everything_devices(void)
{
    const struct vg_device_config *d = config.devices;
    assert_int_equal(config.device_count, 4);
    assert_string_equal(d[0].model, "Nonin Xpod 3012");
    assert_string_equal(d[0].driver->name, "nonin");
    assert_true(d[0].test);
    assert_int_equal(d[0].link.line.baud, 19200);
    assert_int_equal(d[0].link.line.parity, 'E');
    assert_int_equal(d[0].link.line.stop_bits, 2);
    assert_int_equal(d[0].link.line.data_bits, 7);
    assert_int_equal(d[0].options.variant, VG_VARIANT_FAST);
    assert_int_equal(d[0].options.patient, VG_PATIENT_NEONATE);
    assert_int_equal(d[1].bed, 1);
    assert_int_equal(d[1].link.scheme, VG_SCHEME_TCP);
    assert_string_equal(d[1].link.target, "2001:db8::7");
    assert_int_equal(d[1].link.port, 4001);
    assert_int_equal(d[2].link.scheme, VG_SCHEME_MODBUS_TCP);
    assert_int_equal(d[2].unit, 0);
    assert_int_equal(d[2].poll_ns, 2 * VG_NS_PER_S);
    assert_int_equal(d[2].timeout_ns, vg_ms(1500));
    assert_string_equal(config.maps[d[2].map].name, "vm2");
    assert_int_equal(d[3].link.scheme, VG_SCHEME_MODBUS_RTU);
    assert_int_equal(d[3].unit, 32);
    assert_string_equal(config.maps[d[3].map].name, "dfrobot-sen0344");
    assert_int_equal(config.map_count, 2);
}

static void test_config__reads_every_key(void **state)
{
    (void)state;
    load_good(&config, GOOD_DIR "/everything.yaml");
    assert_string_equal(config.node, "node-7");
    assert_string_equal(config.stream, "tcp://127.0.0.1:5501");
    assert_string_equal(config.view, "tcp://[::1]:5502");
    assert_string_equal(config.beds[0].name, "Zimmer \"S\xc3\xbc"
                                             "d\" \\ 1");
    assert_string_equal(config.beds[1].id, "2");
    check_everything_devices();
    const struct vg_limit *low = &config.profiles[0].of[VG_COND_SPO2_LOW];
    assert_int_equal(low->limit_milli, 92500);
    assert_int_equal(low->delay_ns, 20 * VG_NS_PER_S);
    assert_int_equal(low->clear_ns, 2 * VG_NS_PER_S);
    assert_int_equal(low->latch, VG_LATCH_FULL);
    const struct vg_limit *storage = &config.profiles[0].of[VG_COND_STORAGE];
    assert_int_equal(storage->latch, VG_LATCH_NONE);
    assert_false(storage->enabled);
    /* Not mentioned: the default stays. */
    assert_int_equal(config.profiles[0].of[VG_COND_PR_LOW].limit_milli, 50000);
    assert_int_equal(config.profiles[0].of[VG_COND_PR_LOW].delay_ns, 60 * VG_NS_PER_S);
}

/* What the file says itself wins over its profile, key by key; a further profile is whole in itself. */
static void test_config__lays_limits_over_the_profile(void **state)
{
    (void)state;
    load_good(&config, GOOD_DIR "/everything.yaml");
    assert_int_equal(config.profile_count, 2);
    assert_string_equal(config.profile_name[0], "night");
    assert_string_equal(config.profile_name[1], "frail");
    const struct vg_limits *l = &config.profiles[0];
    assert_int_equal(l->of[VG_COND_SPO2_LOW].limit_milli, 92500); /* 93 in night */
    assert_int_equal(l->of[VG_COND_SPO2_LOW].sat_seconds, 50);
    assert_int_equal(l->of[VG_COND_PR_HIGH].limit_milli, 130000); /* of night alone */
    assert_false(l->of[VG_COND_BATTERY].enabled);
    assert_int_equal(l->of[VG_COND_BATTERY].latch, VG_LATCH_VISUAL); /* of the file */
    assert_int_equal(l->of[VG_COND_MAP_LOW].limit_milli, 55000);
    l = &config.profiles[1];
    assert_int_equal(l->of[VG_COND_MAP_LOW].limit_milli, 65000);
    assert_int_equal(l->of[VG_COND_SPO2_LOW].limit_milli, 90000);
    assert_int_equal(l->of[VG_COND_SPO2_LOW].sat_seconds, 0);
    assert_true(l->of[VG_COND_BATTERY].enabled);
}

static void test_config__reads_sinks_and_their_times(void **state)
{
    const struct vg_routing *r = &config.routing;
    static const struct {
        const char *id;
        enum vg_sink_role role;
        uint16_t bed;
    } want[] = { { "desk", VG_SINK_REMOTE, VG_BED_NONE },
                 { "pager", VG_SINK_SECOND, VG_BED_NONE },
                 { "room-2", VG_SINK_ROOM, 1 } };
    (void)state;
    load_good(&config, GOOD_DIR "/everything.yaml");
    assert_int_equal(r->sink_count, VG_COUNT(want));
    for (size_t i = 0; i < VG_COUNT(want); i++) {
        assert_string_equal(config.sink_name[i], want[i].id);
        assert_int_equal(r->sinks[i].role, want[i].role);
        assert_int_equal(r->sinks[i].bed, want[i].bed);
    }
    assert_int_equal(r->second_ns[VG_PRIO_HIGH], 5 * VG_NS_PER_S);
    assert_int_equal(r->local_ns[VG_PRIO_HIGH], 9 * VG_NS_PER_S);
    assert_int_equal(r->second_ns[VG_PRIO_MED], 20 * VG_NS_PER_S);
    assert_int_equal(r->local_ns[VG_PRIO_MED], 20 * VG_NS_PER_S); /* at once after: as good */
    assert_int_equal(r->presence_ns, 0);
}

/* The profiles that are installed are sound, and the first of them is what is built in. */
static void test_config__installed_profiles_are_sound(void **state)
{
    (void)state;
    char dir[] = "/tmp/vigil-test-config-XXXXXX";
    char path[64], profiles[64];
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/vigil.yaml", dir);
    link_beside(dir, "limits", "config/limits", profiles);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    (void)fputs("version: 1\nprofile: adult\nprofiles: [{name: cautious}, {name: hypertensive}]\n"
                "beds: [{id: bed-1}]\n"
                "devices: [{id: ox, bed: bed-1, driver: nonin, link: tty:/dev/pts/9}]\n",
                out);
    assert_int_equal(fclose(out), 0);
    load_good(&config, path);
    assert_int_equal(config.profile_count, 3);
    struct vg_limits defaults;
    vg_limits_default(&defaults);
    assert_memory_equal(&config.profiles[0], &defaults, sizeof defaults);
    (void)unlink(path);
    (void)unlink(profiles);
    (void)rmdir(dir);
}

static void test_config__shares_one_map_among_units(void **state)
{
    (void)state;
    load_good(&config, GOOD_DIR "/bus-seven-units.yaml");
    assert_int_equal(config.device_count, 7);
    assert_int_equal(config.map_count, 1);
    const struct vg_regmap *map = &config.maps[0];
    struct vg_line line = { 9600, 8, 1, 'N' };
    double load_share = vg_bus_unit_load(map, &line, VG_NS_PER_S);
    /* 85 ms for registers 0..6 and 16..24, and 20 ms to switch units. */
    assert_true(load_share > 0.1045 && load_share < 0.1055);
    assert_true(vg_regmap_is_cuff(map));
    assert_true(map->points[0].line > 1);
    assert_int_equal(map->points[1].line, map->points[0].line + 1);
    assert_int_equal(map->age_max_milli, 3000);
    assert_int_equal(map->state_count, 8);
    assert_int_equal(map->error_count, 11);
}

/* ---- links ---- */

static void test_config__parses_links(void **state)
{
    (void)state;
    static const struct {
        const char *text, *target;
        uint16_t port;
        uint8_t scheme;
        bool ok;
    } cases[] = {
        { "serial:ttyUSB0", "/dev/ttyUSB0", 0, VG_SCHEME_SERIAL, true },
        { "serial:/dev/serial/by-id/a:b", "/dev/serial/by-id/a:b", 0, VG_SCHEME_SERIAL, true },
        { "tty:/dev/pts/4", "/dev/pts/4", 0, VG_SCHEME_TTY, true },
        { "tcp:localhost:1", "localhost", 1, VG_SCHEME_TCP, true },
        { "tcp:box:1", "", 0, 0, false }, /* a name would be looked up on the loop */
        { "modbus-tcp:box:1", "box", 1, VG_SCHEME_MODBUS_TCP, true },
        { "tcp:192.0.2.7:65535", "192.0.2.7", 65535, VG_SCHEME_TCP, true },
        { "modbus-tcp:[::1]:502", "::1", 502, VG_SCHEME_MODBUS_TCP, true },
        { "modbus-rtu:ttyS1", "/dev/ttyS1", 0, VG_SCHEME_MODBUS_RTU, true },
        { "tcp:[::g]:502", "", 0, 0, false },
        { "tcp:[]:502", "", 0, 0, false },
        { "tcp:[::1:502", "", 0, 0, false },
        { "tcp:[::1]502", "", 0, 0, false },
        { "tcp:a b:502", "", 0, 0, false },
        { "tcp:.a:502", "", 0, 0, false },
        { "tcp:a:", "", 0, 0, false },
        { "tcp:a:+1", "", 0, 0, false },
        { "tcp:", "", 0, 0, false },
        { "serial:", "", 0, 0, false },
        { "serial:..", "", 0, 0, false },
        { "serial:/dev/", "", 0, 0, false },
        { "serial:./tty", "", 0, 0, false },
        { "Serial:ttyUSB0", "", 0, 0, false },
        { "", "", 0, 0, false },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_link_config link;
        memset(&link, 0, sizeof link);
        const char *wrong = vg_link_parse(cases[i].text, &link);
        if ((wrong == NULL) != cases[i].ok) {
            fail_msg("%s: %s", cases[i].text, wrong != NULL ? wrong : "accepted");
        }
        if (wrong != NULL) {
            assert_non_null(strstr(wrong, "; "));
            continue;
        }
        assert_string_equal(link.target, cases[i].target);
        assert_int_equal(link.port, cases[i].port);
        assert_int_equal(link.scheme, cases[i].scheme);
    }
}

/* ---- words ---- */

static const struct vg_yaml_table *sub_table(const struct vg_yaml_table *t, const char *key)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->fields[i].key, key) == 0) {
            return t->fields[i].table;
        }
    }
    static const struct vg_yaml_table none = { NULL, 0 };
    fail_msg("no key %s", key);
    return &none;
}

static void test_config__uses_the_words_of_the_rest(void **state)
{
    (void)state;
    const struct vg_yaml_table *limits = sub_table(&vg_config_table, "limits");
    assert_int_equal(limits->count, VG_COND_COUNT);
    for (size_t i = 0; i < VG_COND_COUNT; i++) {
        const char *upper = vg_condition_name((enum vg_condition)i);
        const char *key = limits->fields[i].key;
        assert_int_equal(strlen(upper), strlen(key));
        for (size_t k = 0; key[k] != '\0'; k++) {
            assert_int_equal(tolower((unsigned char)upper[k]), key[k]);
        }
        bool has_limit = strcmp(limits->fields[i].table->fields[0].key, "limit") == 0;
        assert_int_equal(has_limit, vg_condition_get((enum vg_condition)i)->side != VG_SIDE_NONE);
    }
    for (size_t i = 0; i < VG_VITAL_COUNT; i++) {
        assert_string_equal(vg_map_vital_words[i], vg_vital_get((enum vg_vital)i)->name);
    }
    const struct vg_yaml_table *errors = sub_table(&vg_map_table, "nibp_errors");
    for (size_t i = 0; i < errors->count; i++) {
        assert_string_equal(errors->fields[i].key, vg_nibp_error_name((enum vg_nibp_error)i));
    }
}

/* Every word of every key path stands in TEXT between the marks. */
static void check_keys_in(const struct vg_yaml_table *table, const char *text, const char *before,
                          const char *after)
{
    char *keys = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&keys, &len);
    assert_non_null(out);
    vg_yaml_describe(out, table);
    (void)fclose(out);
    for (char *line = keys; *line != '\0'; line = strchr(line, '\n') + 1) {
        char path[VG_YAML_PATH_MAX], want[VG_YAML_PATH_MAX + 8];
        size_t n = strcspn(line, "\t");
        assert_true(n < sizeof path);
        memcpy(path, line, n);
        path[n] = '\0';
        char *save = NULL;
        for (char *word = strtok_r(path, ".[]", &save); word != NULL;
             word = strtok_r(NULL, ".[]", &save)) {
            (void)snprintf(want, sizeof want, "%s%s%s", before, word, after);
            if (strstr(text, want) == NULL) {
                fail_msg("key `%s` of %.*s is not explained", word, (int)n, line);
            }
        }
    }
    free(keys);
}

static void test_config__explains_every_key(void **state)
{
    (void)state;
    char *manual = slurp(VG_SOURCE_DIR "/docs/man/vigil.yaml.5.scd");
    check_keys_in(&vg_config_table, manual, "*", "*");
    check_keys_in(&vg_map_table, manual, "*", "*");
    free(manual);
    char *sample = slurp(VG_SOURCE_DIR "/config/vigil.yaml");
    check_keys_in(&vg_config_table, sample, "", ":");
    free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config__refuses_every_broken_file),
        cmocka_unit_test(test_config__says_when_the_file_is_missing),
        cmocka_unit_test(test_config__reads_back_what_it_prints),
        cmocka_unit_test(test_config__fills_in_defaults),
        cmocka_unit_test(test_config__reads_every_key),
        cmocka_unit_test(test_config__lays_limits_over_the_profile),
        cmocka_unit_test(test_config__reads_sinks_and_their_times),
        cmocka_unit_test(test_config__installed_profiles_are_sound),
        cmocka_unit_test(test_config__shares_one_map_among_units),
        cmocka_unit_test(test_config__parses_links),
        cmocka_unit_test(test_config__uses_the_words_of_the_rest),
        cmocka_unit_test(test_config__explains_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
