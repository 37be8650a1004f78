/*
 * config_link.c -- the syntax of links and endpoints.
 *
 * The scheme says what kind of link it is; nothing is found out by trying. Whether the target
 * exists is not asked here: a device may be unplugged when the daemon starts.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include <sys/un.h>

#include "daemon/config_internal.h"

static const struct {
    const char *prefix;
    bool is_path, has_line, is_modbus;
} schemes[] = {
    [VG_SCHEME_SERIAL] = { "serial:", true, true, false },
    [VG_SCHEME_TTY] = { "tty:", true, true, false },
    [VG_SCHEME_TCP] = { "tcp:", false, false, false },
    [VG_SCHEME_MODBUS_RTU] = { "modbus-rtu:", true, true, true },
    [VG_SCHEME_MODBUS_TCP] = { "modbus-tcp:", false, false, true },
};
static_assert(VG_COUNT(schemes) == VG_SCHEME_COUNT, "a scheme has no row");

bool vg_link_is_modbus(const struct vg_link_config *link)
{
    return schemes[link->scheme].is_modbus;
}

bool vg_link_has_line(const struct vg_link_config *link)
{
    return schemes[link->scheme].has_line;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A TCP port in plain decimal; the whole text must be it. */
static bool parse_port(const char *text, uint16_t *out)
{
    uint32_t value = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 5 || text[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    if (value > UINT16_MAX) {
        return false;
    }
    *out = (uint16_t)value;
    return true;
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

static bool is_host(const char *host, bool bracketed)
{
    struct in6_addr address;
    if (bracketed) {
        return inet_pton(AF_INET6, host, &address) == 1;
    }
    size_t n = 0;
    while (is_host_char(host[n])) {
        n++;
    }
    return n > 0 && host[n] == '\0' && host[0] != '-' && host[0] != '.';
}

/* HOST:PORT, or [V6]:PORT; the host is stored without brackets. */
static const char *parse_host_port(const char *text, struct vg_link_config *out)
{
    const char *colon = strrchr(text, ':');
    bool bracketed = text[0] == '[';
    if (colon == NULL || colon == text || (bracketed && colon[-1] != ']')) {
        return "has no port; write HOST:PORT, an IPv6 address in brackets";
    }
    size_t skip = bracketed ? 1 : 0;
    size_t len = (size_t)(colon - text) - 2 * skip;
    if (len >= sizeof out->target) {
        return "has a host name that is too long; use a shorter name or the address";
    }
    memcpy(out->target, text + skip, len);
    out->target[len] = '\0';
    if (!is_host(out->target, bracketed)) {
        return "has no valid host; write a name, 192.0.2.7 or [2001:db8::7] before the port";
    }
    if (!parse_port(colon + 1, &out->port)) {
        return "has no valid port; write a number from 1 to 65535 after the last colon";
    }
    return NULL;
}

static const char *parse_path(const char *text, struct vg_link_config *out)
{
    const char *prefix = text[0] == '/' ? "" : "/dev/";
    size_t prefix_len = strlen(prefix);
    size_t len = strlen(text);
    if (len == 0 || (prefix_len > 0 && strchr(text, '/') != NULL) || strcmp(text, ".") == 0 ||
        strcmp(text, "..") == 0) {
        return "has no usable path; write an absolute path or a bare name such as ttyUSB0";
    }
    if (text[len - 1] == '/') {
        return "names a directory; write the path of the device itself";
    }
    if (prefix_len + len >= sizeof out->target) {
        return "has a path that is too long; use a shorter link to the device";
    }
    memcpy(out->target, prefix, prefix_len);
    memcpy(out->target + prefix_len, text, len + 1);
    return NULL;
}

/* A byte link is opened on the loop's thread, where nothing may wait for a name server. */
static bool needs_no_lookup(const struct vg_link_config *link)
{
    struct in6_addr v6;
    struct in_addr v4;
    return link->scheme != VG_SCHEME_TCP || strcmp(link->target, "localhost") == 0 ||
           inet_pton(AF_INET, link->target, &v4) == 1 ||
           inet_pton(AF_INET6, link->target, &v6) == 1;
}

const char *vg_link_parse(const char *text, struct vg_link_config *out)
{
    for (size_t i = 0; i < VG_SCHEME_COUNT; i++) {
        if (starts_with(text, schemes[i].prefix)) {
            const char *rest = text + strlen(schemes[i].prefix);
            out->scheme = (uint8_t)i;
            out->port = 0;
            const char *why = schemes[i].is_path ? parse_path(rest, out)
                                                 : parse_host_port(rest, out);
            if (why == NULL && !needs_no_lookup(out)) {
                why = "names a host, which would have to be looked up at every reconnection; write "
                      "its address, like 192.0.2.7 or [2001:db8::7]";
            }
            return why;
        }
    }
    if (strchr(text, ':') == NULL || text[0] == '/') {
        return "has no scheme; write serial:PATH for a port, tty:PATH, tcp:HOST:PORT, "
               "modbus-rtu:PATH or modbus-tcp:HOST:PORT";
    }
    return "has an unknown scheme; write serial:, tty:, tcp:, modbus-rtu: or modbus-tcp:";
}

void vg_link_print(const struct vg_link_config *link, char *buf, size_t buf_len)
{
    const char *prefix = schemes[link->scheme].prefix;
    if (schemes[link->scheme].is_path) {
        (void)snprintf(buf, buf_len, "%s%s", prefix, link->target);
    } else if (strchr(link->target, ':') != NULL) {
        (void)snprintf(buf, buf_len, "%s[%s]:%u", prefix, link->target, (unsigned)link->port);
    } else {
        (void)snprintf(buf, buf_len, "%s%s:%u", prefix, link->target, (unsigned)link->port);
    }
}

static const char *check_ipc(const char *path)
{
    struct sockaddr_un address;
    if (path[0] != '/' || path[1] == '\0' || path[strlen(path) - 1] == '/') {
        return "has no absolute path; write ipc:///run/vigil/NAME.sock";
    }
    if (strlen(path) >= sizeof address.sun_path) {
        return "is longer than a socket path may be; use a path of at most 107 bytes";
    }
    return NULL;
}

static const char *check_tcp(const char *address)
{
    static const char *const loopback[] = { "127.0.0.1:", "[::1]:" };
    for (size_t i = 0; i < VG_COUNT(loopback); i++) {
        if (starts_with(address, loopback[i])) {
            uint16_t port = 0;
            return parse_port(address + strlen(loopback[i]), &port)
                       ? NULL
                       : "has no valid port; write a number from 1 to 65535 after the last colon";
        }
    }
    return "is not a loopback address, and nothing here is encrypted; "
           "write tcp://127.0.0.1:PORT or tcp://[::1]:PORT";
}

const char *vg_endpoint_check(const char *text, bool tcp)
{
    if (starts_with(text, "ipc://")) {
        return check_ipc(text + strlen("ipc://"));
    }
    if (starts_with(text, "tcp://")) {
        return tcp ? check_tcp(text + strlen("tcp://"))
                   : "is refused: operate has no authentication over TCP; use ipc";
    }
    return tcp ? "is not an endpoint; write ipc:///PATH or tcp://127.0.0.1:PORT"
               : "is not an endpoint; write ipc:///PATH";
}
