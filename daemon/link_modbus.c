/*
 * link_modbus.c -- see link_modbus.h. Runs on the bus's worker thread only.
 *
 * libmodbus 3.1.6 facts this file lives with: the byte time-out set to zero makes the response
 * time-out a hard cap for the whole reply; its own error recovery stays off (one mode sleeps
 * without end); the echo of a write is not compared, so a start is believed only when the state
 * register shows it; select() inside cannot take descriptors past FD_SETSIZE.
 */
#include "daemon/link_modbus.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "daemon/link.h"
#include "lib/log.h"
#include "lib/tty.h"

#define GAP_NS (5 * VG_NS_PER_MS)
#define UNIT_SWITCH_NS (20 * VG_NS_PER_MS)
#define QUIET_MS 20
#define FD_MARGIN 16

static int64_t mono_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_BOOTTIME, &ts);
    return (int64_t)ts.tv_sec * VG_NS_PER_S + ts.tv_nsec;
}

static void sleep_until(int64_t when_ns)
{
    int64_t left_ns = when_ns - mono_ns();
    if (left_ns > 0) {
        struct timespec ts = { .tv_sec = (time_t)(left_ns / VG_NS_PER_S),
                               .tv_nsec = (long)(left_ns % VG_NS_PER_S) };
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
    }
}

static bool is_rtu(const struct vg_modbus_link *l)
{
    return l->cfg.scheme == VG_SCHEME_MODBUS_RTU;
}

/* --- open and close -------------------------------------------------------------------------- */

void vg_modbus_close(struct vg_modbus_link *l)
{
    if (l->ctx != NULL) {
        modbus_close(l->ctx);
        modbus_free(l->ctx);
        l->ctx = NULL;
    }
    l->dirty = false;
}

/* select() writes past its set for larger descriptors; ask the system what the next one would be. */
static bool descriptors_left(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)close(fd);
    }
    return fd >= 0 && fd < FD_SETSIZE - FD_MARGIN;
}

static modbus_t *new_context(const struct vg_modbus_link *l)
{
    char port[8];
    if (is_rtu(l)) {
        return modbus_new_rtu(l->cfg.target, (int)l->cfg.line.baud, l->cfg.line.parity,
                              l->cfg.line.data_bits, l->cfg.line.stop_bits);
    }
    (void)snprintf(port, sizeof port, "%u", (unsigned)l->cfg.port);
    return modbus_new_tcp_pi(l->cfg.target, port);
}

/* The opened line is ours alone, empty, and known as real or simulated. */
static enum vg_status take_line(struct vg_modbus_link *l)
{
    int fd = modbus_get_socket(l->ctx);
    if (!is_rtu(l)) {
        l->simulated = vg_link_is_loopback(l->cfg.target);
        return VG_OK;
    }
    l->simulated = vg_tty_is_pty(fd);
    (void)tcflush(fd, TCIOFLUSH);
    return vg_tty_lock(fd);
}

/* Did the other end close a TCP connection since the last request? */
static bool is_hung_up(const struct vg_modbus_link *l)
{
    uint8_t byte;
    return !is_rtu(l) &&
           recv(modbus_get_socket(l->ctx), &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static enum vg_status open_bus(struct vg_modbus_link *l)
{
    enum vg_status st = VG_ERR_IO;

    if (l->ctx != NULL && is_hung_up(l)) {
        vg_modbus_close(l); /* a gateway that closes after each answer is no lost device */
    }
    if (l->ctx != NULL) {
        return VG_OK;
    }
    if (!descriptors_left()) {
        return VG_ERR_FULL;
    }
    l->ctx = new_context(l);
    if (l->ctx == NULL) {
        return VG_ERR_IO;
    }
    (void)modbus_set_response_timeout(l->ctx, 1, 0);
    (void)modbus_set_byte_timeout(l->ctx, 0, 0);
    (void)modbus_set_slave(l->ctx, 1); /* RTU insists on one before connecting */
    if (modbus_connect(l->ctx) != 0) {
        st = vg_tty_status(errno);
        st = st == VG_ERR_IO ? VG_ERR_LOST : st;
        goto fail;
    }
    st = take_line(l);
    if (st != VG_OK) {
        goto fail;
    }
    l->dirty = false;
    l->quiet_from_ns = mono_ns();
    return VG_OK;
fail:
    vg_modbus_close(l);
    return st;
}

/* --- one request ----------------------------------------------------------------------------- */

/* Throw away what is there until the line was quiet for QUIET_MS, at most cap_ns long. */
static void drain(struct vg_modbus_link *l, int64_t cap_ns)
{
    int64_t end_ns = mono_ns() + cap_ns;
    int fd = modbus_get_socket(l->ctx);
    uint8_t bin[256];
    struct pollfd p = { .fd = fd, .events = POLLIN };

    while (mono_ns() < end_ns && poll(&p, 1, QUIET_MS) > 0) {
        if ((p.revents & POLLIN) == 0 || read(fd, bin, sizeof bin) <= 0) {
            break;
        }
    }
    l->dirty = false;
}

/* The whole reply must be in within this: the unit's time-out and the characters on the wire. */
static int64_t reply_timeout_ns(const struct vg_modbus_link *l, const struct vg_bus_job *job,
                                uint32_t reply_bytes)
{
    if (!is_rtu(l)) {
        return job->timeout_ns;
    }
    int64_t bits = (int64_t)(8 + reply_bytes) * 11;
    return job->timeout_ns + bits * VG_NS_PER_S / (int64_t)l->cfg.line.baud;
}

static void prepare(struct vg_modbus_link *l, const struct vg_bus_job *job, uint32_t reply_bytes)
{
    int64_t t_ns = reply_timeout_ns(l, job, reply_bytes);

    if (is_rtu(l)) {
        if (l->dirty) {
            drain(l, job->timeout_ns);
        }
        sleep_until(l->quiet_from_ns +
                    (l->last_unit != 0 && l->last_unit != job->unit ? UNIT_SWITCH_NS : GAP_NS));
    }
    (void)modbus_flush(l->ctx); /* over TCP: a second answer to the request before */
    l->last_unit = job->unit;
    (void)modbus_set_slave(l->ctx, job->unit);
    (void)modbus_set_response_timeout(l->ctx, (uint32_t)(t_ns / VG_NS_PER_S),
                                      (uint32_t)(t_ns % VG_NS_PER_S / VG_NS_PER_US));
}

/* What an errno of libmodbus means for the bus. Exceptions leave the line in step. */
static enum vg_status judge(struct vg_modbus_link *l, int err, uint8_t *exception)
{
    l->quiet_from_ns = mono_ns();
    if (err == EMBXGPATH || err == EMBXGTAR) {
        return VG_ERR_TIMEOUT; /* the gateway's words: it got no answer from the unit */
    }
    if (err > MODBUS_ENOBASE && err < EMBXGPATH) {
        *exception = (uint8_t)(err - MODBUS_ENOBASE);
        return VG_ERR_STATE;
    }
    bool fault = err == ETIMEDOUT || err > MODBUS_ENOBASE;
    enum vg_status st = err == ETIMEDOUT ? VG_ERR_TIMEOUT : fault ? VG_ERR_CHECKSUM : VG_ERR_LOST;
    if (fault && is_rtu(l)) {
        l->dirty = true;
    } else {
        vg_modbus_close(l);
    }
    return st;
}

static int read_area(modbus_t *ctx, enum vg_area area, uint16_t addr, uint16_t count,
                     uint16_t *regs)
{
    uint8_t bits[VG_REGS_MAX];
    int rc = -1;

    switch (area) {
    case VG_AREA_INPUT:
        return modbus_read_input_registers(ctx, addr, count, regs);
    case VG_AREA_HOLDING:
        return modbus_read_registers(ctx, addr, count, regs);
    case VG_AREA_COIL:
        rc = modbus_read_bits(ctx, addr, count, bits);
        break;
    case VG_AREA_DISCRETE:
        rc = modbus_read_input_bits(ctx, addr, count, bits);
        break;
    case VG_AREA_COUNT:
        break;
    }
    for (int i = 0; i < rc; i++) {
        regs[i] = bits[i];
    }
    return rc;
}

static enum vg_status read_block(struct vg_modbus_link *l, const struct vg_bus_job *job,
                                 const struct vg_block *b, uint16_t *regs, uint8_t *exception)
{
    prepare(l, job, 5u + 2u * b->count);
    errno = 0;
    int rc = read_area(l->ctx, (enum vg_area)b->area, b->addr, b->count, regs);
    int err = errno;
    if (rc == b->count) {
        l->quiet_from_ns = mono_ns();
        return VG_OK;
    }
    return judge(l, rc < 0 ? err : EMBBADDATA, exception);
}

/* --- jobs ------------------------------------------------------------------------------------ */

/* Any answer of the unit to the odd-length read will do, an exception included. */
static enum vg_status probe(struct vg_modbus_link *l, const struct vg_bus_job *job)
{
    uint16_t regs[VG_REGS_MAX];
    uint8_t exception = 0;
    struct vg_block b = job->blocks.of[0];
    b.count = job->probe_len;
    enum vg_status st = read_block(l, job, &b, regs, &exception);
    return st == VG_ERR_STATE ? VG_OK : st;
}

static enum vg_status poll_once(struct vg_modbus_link *l, const struct vg_bus_job *job,
                                bool needs_probe, struct vg_bus_done *done)
{
    enum vg_status st = VG_OK;

    done->poll.ok = 0;
    done->refused = 0;
    if (needs_probe && is_rtu(l)) {
        st = probe(l, job);
    }
    for (uint16_t i = 0; i < job->blocks.count && st == VG_OK; i++) {
        const struct vg_block *b = &job->blocks.of[i];
        if (i == 0) {
            done->sent_ns = mono_ns();
        }
        st = read_block(l, job, b, &done->poll.regs[b->at], &done->exception);
        if (st == VG_OK) {
            done->poll.ok |= 1u << i;
        } else if (st == VG_ERR_STATE) {
            done->refused |= 1u << i; /* this block only; the line is in step */
            st = VG_OK;
        }
    }
    return st;
}

static enum vg_status write_once(struct vg_modbus_link *l, const struct vg_bus_job *job,
                                 struct vg_bus_done *done)
{
    prepare(l, job, 8);
    errno = 0;
    int rc = job->area == VG_AREA_COIL ? modbus_write_bit(l->ctx, job->addr, job->value != 0)
                                       : modbus_write_register(l->ctx, job->addr, job->value);
    int err = errno;
    if (rc == 1) {
        l->quiet_from_ns = mono_ns();
        return VG_OK;
    }
    return judge(l, err, &done->exception);
}

void vg_modbus_run(struct vg_modbus_link *l, const struct vg_bus_job *job, struct vg_bus_done *done)
{
    enum vg_status st = open_bus(l);

    done->index = job->index;
    done->work = job->work;
    done->what = job->what;
    done->exception = 0;
    done->refused = 0;
    done->poll.ok = 0;
    done->sent_ns = mono_ns();
    if (st == VG_OK && job->work == VG_BUS_WRITE) {
        st = write_once(l, job, done); /* a trigger is never repeated */
    } else if (st == VG_OK) {
        st = poll_once(l, job, job->probe, done);
        if (st == VG_ERR_CHECKSUM && l->ctx != NULL) {
            st = poll_once(l, job, true, done); /* a late or damaged reply: once more, in step */
        }
    }
    if (st != VG_OK && job->work == VG_BUS_POLL) {
        done->poll.ok = 0; /* half a poll proves nothing */
    }
    done->status = (int8_t)st;
    done->simulated = l->simulated;
}
