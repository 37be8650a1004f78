/*
 * options.c -- see options.h: one field table, and what concerns several keys.
 */
#include "dashboard/options.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/yaml.h"
#include "vigil/routing.h"

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define TABLE(rows)                                                                                \
    {                                                                                              \
        rows, VG_COUNT(rows)                                                                       \
    }

static const char *const role_words[] = { "remote", "second", "room", NULL };

/* clang-format off */
static const struct vg_yaml_field node_rows[] = {
    { .key = "id", .type = VG_YAML_ID, .required = true, AT(struct dash_node_options, id),
      .doc = "what people call this daemon, for example clinic-a" },
    { .key = "stream", .type = VG_YAML_STRING, AT(struct dash_node_options, stream),
      .fallback = "ipc:///run/vigil/view/stream.sock", .doc = "its stream socket" },
    { .key = "view", .type = VG_YAML_STRING, AT(struct dash_node_options, view),
      .fallback = "ipc:///run/vigil/view/view.sock", .doc = "its view socket" },
    { .key = "operate", .type = VG_YAML_STRING, AT(struct dash_node_options, operate),
      .fallback = "ipc:///run/vigil/operate/operate.sock", .doc = "its operate socket" },
    { .key = "sink", .type = VG_YAML_ID, AT(struct dash_node_options, sink),
      .doc = "the sink of the daemon's configuration that this dashboard is; without it screens "
             "sound, but the daemon does not count on them" },
    { .key = "role", .type = VG_YAML_ENUM, AT(struct dash_node_options, role), .names = role_words,
      .fallback = "remote", .doc = "the role that sink has there" },
};
static const struct vg_yaml_table node_table = TABLE(node_rows);

static const struct vg_yaml_field root_rows[] = {
    { .key = "version", .type = VG_YAML_INT, .required = true, AT(struct dash_options, version),
      .min = 1, .max = 1, .doc = "form of this file, always 1" },
    { .key = "title", .type = VG_YAML_STRING, AT(struct dash_options, title), .fallback = "Vigil",
      .doc = "what stands at the top of the page" },
    { .key = "address", .type = VG_YAML_STRING, AT(struct dash_options, address),
      .fallback = "127.0.0.1",
      .doc = "numeric address to listen on; one that other machines reach is served with TLS only" },
    { .key = "port", .type = VG_YAML_INT, AT(struct dash_options, port), .fallback = "8470",
      .min = 1, .max = 65535, .doc = "TCP port to listen on" },
    { .key = "state_dir", .type = VG_YAML_STRING, AT(struct dash_options, state_dir),
      .fallback = "/var/lib/vigil-dashboard",
      .doc = "folder of the accounts, and of the certificate that is made" },
    { .key = "tones", .type = VG_YAML_STRING, AT(struct dash_options, tones),
      .fallback = "iec-60601-1-8", .doc = "tone set: iec-60601-1-8, soft, or a path with a slash" },
    { .key = "certificate", .type = VG_YAML_STRING, AT(struct dash_options, certificate),
      .doc = "PEM file; without it a self-signed one is made on the first start" },
    { .key = "key", .type = VG_YAML_STRING, AT(struct dash_options, key),
      .doc = "PEM file of its private key" },
    { .key = "nodes", .type = VG_YAML_LIST, .required = true, .table = &node_table,
      .offset = offsetof(struct dash_options, node), .size = sizeof(struct dash_node_options),
      .count_offset = offsetof(struct dash_options, node_count), .items_max = DASH_NODES_MAX,
      .doc = "the daemons whose beds are shown" },
};
/* clang-format on */
static const struct vg_yaml_table root_table = TABLE(root_rows);

void dash_options_keys(void)
{
    vg_yaml_describe(stdout, &root_table);
}

bool dash_is_loopback(const struct dash_options *o)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, o->address, &four) == 1) {
        return (ntohl(four.s_addr) >> 24) == 127;
    }
    return inet_pton(AF_INET6, o->address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static bool is_address(const char *text)
{
    struct in6_addr room;
    return inet_pton(AF_INET, text, &room) == 1 || inet_pton(AF_INET6, text, &room) == 1;
}

static void check_nodes(const struct dash_options *o, struct vg_yaml *y)
{
    char path[48];
    if (o->node_count == 0) {
        vg_yaml_error(y, "nodes", "is empty; name at least one daemon");
    }
    for (uint16_t i = 0; i < o->node_count; i++) {
        for (uint16_t k = 0; k < i; k++) {
            (void)snprintf(path, sizeof path, "nodes[%u].id", i);
            if (strcmp(o->node[i].id, o->node[k].id) == 0) {
                vg_yaml_error(y, path, "'%s' is there twice; give each daemon its own",
                              o->node[i].id);
            }
            (void)snprintf(path, sizeof path, "nodes[%u].stream", i);
            if (strcmp(o->node[i].stream, o->node[k].stream) == 0) {
                vg_yaml_error(y, path, "is that of nodes[%u]; a bed would be shown twice", k);
            }
        }
    }
}

static void check(const struct dash_options *o, struct vg_yaml *y)
{
    if (!is_address(o->address)) {
        vg_yaml_error(y, "address", "'%s' is not a numeric address; 127.0.0.1 is this machine only",
                      o->address);
    }
    if (o->state_dir[0] != '/') {
        vg_yaml_error(y, "state_dir", "'%s' does not begin with /; give the whole path",
                      o->state_dir);
    }
    if ((o->certificate[0] == '\0') != (o->key[0] == '\0')) {
        vg_yaml_error(y, "certificate", "and key belong together; give both, or none");
    }
    check_nodes(o, y);
}

enum vg_status dash_options_load(struct dash_options *o, const char *file)
{
    struct vg_yaml_log log = { .out = stderr };
    struct vg_yaml y;
    memset(o, 0, sizeof *o);
    enum vg_status st = vg_yaml_open(&y, file, &log);
    if (st == VG_OK) {
        st = vg_yaml_read(&y, &root_table, o);
    }
    if (st == VG_OK) {
        check(o, &y);
        st = log.count == 0 ? VG_OK : VG_ERR_FORMAT;
    }
    vg_yaml_close(&y);
    return st;
}
