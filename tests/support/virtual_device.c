/* virtual_device.c -- see virtual_device.h. */
#include "tests/support/virtual_device.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vigil/compiler.h"
#include "vigil/time.h"

#define REPLY_NS (30 * VG_NS_PER_MS)

static struct {
    struct vdev *devices;
    size_t count;
    const int64_t *now_ns;
} world;

void vdev_set_world(struct vdev *devices, size_t count, const int64_t *now_ns)
{
    world.devices = devices;
    world.count = count;
    world.now_ns = now_ns;
}

void vdev_init(struct vdev *d, const char *id, enum vdev_kind kind)
{
    memset(d, 0, sizeof *d);
    size_t len = strlen(id);
    VG_ASSERT(len < sizeof d->id);
    memcpy(d->id, id, len);
    d->kind = kind;
    d->plugged = true;
    d->fd = -1;
    d->due_ns = INT64_MAX;
    d->period_ns = VG_NS_PER_S / 3;
    d->spo2 = 97;
    d->pr = 72;
    d->started_ns = VG_TIME_NONE;
    d->duration_ns = 20 * VG_NS_PER_S;
    d->sys = 120;
    d->dia = 80;
    d->mean = 93;
    d->rate = 70;
}

void vdev_say(struct vdev *d, const uint8_t *bytes, size_t len)
{
    if (d->fd >= 0) {
        (void)send(d->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

/* --- oximeter -------------------------------------------------------------------------------- */

static uint8_t packet_value(const struct vdev *d, unsigned frame)
{
    unsigned rate = d->pr == VDEV_NONE || d->off ? 511u : (unsigned)d->pr;
    unsigned spo2 = d->spo2 == VDEV_NONE || d->off ? 127u : (unsigned)d->spo2;

    switch (frame) {
    case 1:
    case 20:
        return (uint8_t)((rate >> 7) & 3u);
    case 2:
    case 21:
        return (uint8_t)(rate & 0x7fu);
    case 3:
    case 9:
        return (uint8_t)spo2;
    default:
        return 0;
    }
}

static void say_packet(struct vdev *d)
{
    uint8_t out[125];
    for (unsigned k = 1; k <= 25; k++) {
        uint8_t *f = &out[(k - 1) * 5];
        unsigned status = 0x80u | (k == 1 ? 0x01u : 0u) | (d->off ? 0x08u : 0u) |
                          (d->unplugged ? 0x48u : 0u) | (d->artifact ? 0x20u : 0u);
        if (k == 2 && !d->off) {
            status |= d->weak ? 0x04u : 0x02u; /* perfusion bits: once a beat */
        }
        f[0] = 0x01;
        f[1] = (uint8_t)status;
        f[2] = (uint8_t)(k * 7u);
        f[3] = packet_value(d, k);
        f[4] = (uint8_t)(f[0] + f[1] + f[2] + f[3]);
    }
    vdev_say(d, out, sizeof out);
}

/* --- cuff ------------------------------------------------------------------------------------ */

static void say_later(struct vdev *d, int64_t due_ns, const uint8_t *data, size_t len)
{
    VG_ASSERT(d->queue_count < VDEV_QUEUE_MAX && len + 3 <= sizeof d->queue[0].bytes);
    struct vdev_say *s = &d->queue[d->queue_count++];
    uint8_t sum = 0;
    s->due_ns = due_ns;
    s->bytes[0] = 0x3e;
    s->bytes[1] = (uint8_t)(len + 3);
    memcpy(&s->bytes[2], data, len);
    for (size_t i = 0; i < len + 2; i++) {
        sum = (uint8_t)(sum + s->bytes[i]);
    }
    s->bytes[len + 2] = (uint8_t)(0x100u - sum);
    s->len = len + 3;
    d->due_ns = due_ns < d->due_ns ? due_ns : d->due_ns;
}

static void say_letter(struct vdev *d, int64_t due_ns, char letter)
{
    uint8_t b = (uint8_t)letter;
    say_later(d, due_ns, &b, 1);
}

/* Up to 180 mmHg in 4 s, then down to nothing at the end. */
static unsigned pressure(const struct vdev *d, int64_t now_ns)
{
    if (d->started_ns == VG_TIME_NONE) {
        return 0;
    }
    int64_t t_ms = (now_ns - d->started_ns) / VG_NS_PER_MS;
    int64_t all_ms = d->duration_ns / VG_NS_PER_MS;
    if (t_ms < 4000) {
        return (unsigned)(t_ms * 180 / 4000);
    }
    return t_ms < all_ms ? (unsigned)(40 + 140 * (all_ms - t_ms) / (all_ms - 4000)) : 0;
}

static void put16(uint8_t *to, int v)
{
    to[0] = (uint8_t)((unsigned)v & 0xffu);
    to[1] = (uint8_t)((unsigned)v >> 8);
}

static void say_result(struct vdev *d, int64_t now_ns)
{
    uint8_t data[21];
    memset(data, 0, sizeof data);
    put16(&data[0], d->sys);
    put16(&data[2], d->dia);
    data[14] = (uint8_t)d->rate;
    put16(&data[16], d->mean);
    data[18] = d->code;
    say_later(d, now_ns + REPLY_NS, data, sizeof data);
}

static void note(struct vdev *d, char what, int64_t now_ns)
{
    if (d->told_count < VDEV_LOG_MAX) {
        d->told[d->told_count].at_ns = now_ns;
        d->told[d->told_count].what = what;
        d->told_count++;
    }
}

static void take_start(struct vdev *d, int64_t now_ns)
{
    note(d, 's', now_ns);
    if (d->busy) {
        say_letter(d, now_ns + REPLY_NS, 'B');
        return;
    }
    d->started_ns = now_ns;
    if (!d->deaf) {
        say_letter(d, now_ns + REPLY_NS, 'O');
        say_letter(d, now_ns + d->duration_ns, 'K');
    }
}

static void take_abort(struct vdev *d, int64_t now_ns)
{
    note(d, 'a', now_ns);
    d->started_ns = VG_TIME_NONE;
    d->queue_count = 0; /* the end of the determination will not be said */
    say_letter(d, now_ns + REPLY_NS, 'K');
}

static void take_command(struct vdev *d, const uint8_t *b, size_t len, int64_t now_ns)
{
    if (len == 3 && (b[1] == 0x20 || b[1] == 0x87 || b[1] == 0x28)) {
        take_start(d, now_ns);
    } else if (len == 5 && b[1] == 0x79 && b[2] == 0x01) {
        take_abort(d, now_ns);
    } else if (len == 5 && b[1] == 0x79 && b[2] == 0x03) {
        note(d, 'r', now_ns);
        say_result(d, now_ns);
    } else if (len == 5 && b[1] == 0x79 && b[2] == 0x05) {
        uint8_t data[2];
        put16(data, (int)pressure(d, now_ns));
        say_later(d, now_ns + REPLY_NS, data, sizeof data);
    } else {
        say_letter(d, now_ns + REPLY_NS, 'N');
    }
}

static bool step_cuff(struct vdev *d, int64_t now_ns)
{
    bool said = false;
    size_t kept = 0;

    if (d->started_ns != VG_TIME_NONE && now_ns >= d->started_ns + d->duration_ns) {
        d->started_ns = VG_TIME_NONE;
    }
    d->due_ns = INT64_MAX;
    for (size_t i = 0; i < d->queue_count; i++) {
        struct vdev_say s = d->queue[i];
        if (s.due_ns > now_ns) {
            d->queue[kept++] = s;
            d->due_ns = s.due_ns < d->due_ns ? s.due_ns : d->due_ns;
        } else if (!d->mute) {
            vdev_say(d, s.bytes, s.len);
            said = d->fd >= 0;
        }
    }
    d->queue_count = kept;
    return said;
}

/* --- life ------------------------------------------------------------------------------------ */

bool vdev_step(struct vdev *d, int64_t now_ns)
{
    if (now_ns < d->due_ns) {
        return false;
    }
    if (d->kind == VDEV_CUFF) {
        return step_cuff(d, now_ns);
    }
    d->due_ns += d->period_ns;
    if (d->mute || d->fd < 0) {
        return false;
    }
    say_packet(d);
    return true;
}

void vdev_unplug(struct vdev *d)
{
    d->plugged = false;
    if (d->fd >= 0) {
        (void)close(d->fd);
        d->fd = -1;
    }
}

void vdev_replug(struct vdev *d, int64_t now_ns)
{
    d->plugged = true;
    if (d->kind == VDEV_OXIMETER) {
        d->due_ns = now_ns + d->period_ns;
    }
}

size_t vdev_told(const struct vdev *d, char what)
{
    size_t n = 0;
    for (size_t i = 0; i < d->told_count; i++) {
        n += d->told[i].what == what ? 1u : 0u;
    }
    return n;
}

/* --- the link -------------------------------------------------------------------------------- */

static struct vdev *find(const char *id)
{
    for (size_t i = 0; i < world.count; i++) {
        if (strcmp(world.devices[i].id, id) == 0) {
            return &world.devices[i];
        }
    }
    return NULL;
}

static enum vg_status open_fake(struct vg_link *l, const struct vg_link_config *cfg)
{
    int pair[2];
    struct vdev *d = find(cfg->target);
    VG_ASSERT(d != NULL);
    if (!d->plugged) {
        return VG_ERR_LOST;
    }
    if (d->refuse) {
        return VG_ERR_DENIED;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        return VG_ERR_IO;
    }
    l->fd = pair[0];
    d->fd = pair[1];
    l->handle = d;
    l->connecting = d->torn;
    l->simulated = false;
    d->queue_count = 0;
    d->due_ns = d->kind == VDEV_OXIMETER ? *world.now_ns + d->period_ns : INT64_MAX;
    return VG_OK;
}

static enum vg_status connected(struct vg_link *l)
{
    struct vdev *d = l->handle;
    if (d->mute) {
        return VG_ERR_LOST;
    }
    l->connecting = false;
    return VG_OK;
}

static ssize_t write_fake(struct vg_link *l, const uint8_t *buf, size_t len)
{
    struct vdev *d = l->handle;
    if (d->fd < 0) {
        return -1;
    }
    if (!d->mute) {
        take_command(d, buf, len, *world.now_ns);
    }
    return (ssize_t)len;
}

static void close_fake(struct vg_link *l)
{
    struct vdev *d = l->handle;
    (void)close(l->fd);
    l->fd = -1;
    if (d->fd >= 0) {
        (void)close(d->fd);
        d->fd = -1;
    }
}

const struct vg_link_ops vdev_link = {
    .name = "fake",
    .open = open_fake,
    .connected = connected,
    .read = vg_link_fd_read,
    .write = write_fake,
    .close = close_fake,
};
