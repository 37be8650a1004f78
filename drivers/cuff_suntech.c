/*
 * cuff_suntech.c -- SunTech Advantage blood-pressure modules: bytes to words, wishes to bytes.
 *
 *   to the module    3A cmd [data...] sum
 *   from the module  3E len data...   sum     len counts the whole packet; all bytes add to 0
 *
 * This driver never decides to inflate a cuff: it only writes down what it was asked for, once.
 * Replies do not name their question and are told apart by length, so the state here is nothing
 * but a memory of what is open. The trap is the letter K, which ends a determination, an abort and
 * several commands alike. Only the lengths this driver asks for are frames: a length byte that was
 * corrupted to that of a long text packet would otherwise hide everything behind it for seconds.
 */
#include "drivers/bits.h"
#include "drivers/nibp_gate.h"
#include "drivers/registry.h"

#include <string.h>

#define HEAD 0x3eu
#define LEN_LETTER 0x04u
#define LEN_VALUE 0x05u
#define LEN_RESULT 0x18u

#define PRESSURE_NONE 0xffffu
#define PRESSURE_MIN_MMHG (-30)
#define PRESSURE_MAX_MMHG 350 /* above the limit of a cuff in single fault, IEC 80601-2-30 */
/* Above this a cuff counts as inflated, IEC 80601-2-30. */
#define RESIDUAL_MMHG 15

struct suntech {
    uint8_t patient;     /* enum vg_patient_mode */
    bool asked_pressure; /* a question is open; there is only one of each reply length */
    bool asked_result;
    bool starting; /* start sent, no letter yet */
    bool running;  /* O came to our start: the next K is its end */
    bool aborting; /* abort sent or A seen: the next K is its end */
};
static_assert(sizeof(struct suntech) <= VG_DRIVER_STATE_MAX, "state of one cuff");

struct code {
    uint8_t native; /* decimal in the vendor's table */
    uint8_t error;  /* enum vg_nibp_error */
};

static const struct code codes[] = {
    { 1, VG_NIBP_WEAK_SIGNAL },    { 2, VG_NIBP_MOTION },           { 3, VG_NIBP_OUT_OF_RANGE },
    { 4, VG_NIBP_MEAS_TIMEOUT },   { 85, VG_NIBP_PNEUMATIC_BLOCK }, { 86, VG_NIBP_USER_ABORT },
    { 87, VG_NIBP_LOOSE_OR_LEAK }, { 88, VG_NIBP_SAFETY_TIMEOUT },  { 89, VG_NIBP_OVERPRESSURE },
    { 90, VG_NIBP_HW_FAULT },      { 91, VG_NIBP_HW_FAULT },        { 97, VG_NIBP_HW_FAULT },
    { 99, VG_NIBP_CAL_FAULT },
};

static void suntech_init(void *state, const struct vg_driver_options *options)
{
    struct suntech *st = state;

    st->patient = options->patient;
}

/* A sum of 8 bits is weak: one wrong bit in the length of a pressure of 190 mmHg leaves a packet
 * with a fitting sum and a letter nobody has published. So the letter is part of the frame. */
static bool is_letter(uint8_t b)
{
    static const uint8_t letters[] = { 'O', 'K', 'A', 'B', 'E', 'N', 'D', 'S', 'T' };

    for (size_t i = 0; i < sizeof(letters); i++) {
        if (letters[i] == b) {
            return true;
        }
    }
    return false;
}

static enum vg_frame_result suntech_frame(const uint8_t *bytes, size_t n, size_t *frame_len)
{
    if (bytes[0] != HEAD) {
        return VG_FRAME_BAD;
    }
    if (n < 2) {
        return VG_FRAME_NEED_MORE;
    }
    if (bytes[1] != LEN_LETTER && bytes[1] != LEN_VALUE && bytes[1] != LEN_RESULT) {
        return VG_FRAME_BAD;
    }
    if (n >= 3 && bytes[1] == LEN_LETTER && !is_letter(bytes[2])) {
        return VG_FRAME_BAD;
    }
    if (n < bytes[1]) {
        return VG_FRAME_NEED_MORE;
    }
    if (vg_sum8(bytes, bytes[1]) != 0) {
        return VG_FRAME_BAD;
    }
    *frame_len = bytes[1];
    return VG_FRAME_OK;
}

static bool has_command(const struct suntech *st)
{
    return st->starting || st->running || st->aborting;
}

/* K: told apart by what is open. A K while a start still waits for its O belongs to something
 * older and is not the end of a determination. */
static void take_done(struct suntech *st, const struct vg_sink *sink)
{
    if (st->aborting) {
        st->aborting = false;
        st->starting = false;
        st->running = false;
        sink->cuff(sink->state, VG_CUFF_ABORTED);
    } else if (st->running) {
        st->running = false;
        sink->cuff(sink->state, VG_CUFF_COMPLETED);
    } else {
        /* the end of nothing of ours */
    }
}

/* Error, not defined, unknown, asleep, timed out. While a question is open the letter may be its
 * answer (noise on the line makes a question unknown), so nothing is said: a start that was really
 * refused then ends by its time-out, which sends an abort. The other mistake, a start taken for
 * refused while the cuff inflates, would be unwatched. */
static void take_refusal(struct suntech *st, const struct vg_sink *sink)
{
    if (st->asked_pressure || st->asked_result) {
        st->asked_pressure = false;
        st->asked_result = false;
        return;
    }
    st->starting = false;
    st->aborting = false;
    sink->cuff(sink->state, VG_CUFF_REFUSED);
}

static void take_letter(struct suntech *st, uint8_t letter, const struct vg_sink *sink)
{
    switch (letter) {
    case 'O':
        if (st->starting) {
            st->starting = false;
            st->running = true;
            sink->cuff(sink->state, VG_CUFF_ACCEPTED);
        }
        break;
    case 'K':
        take_done(st, sink);
        break;
    case 'A':
        st->aborting = true;
        sink->cuff(sink->state, VG_CUFF_ABORTED);
        break;
    case 'B':
        st->starting = false;
        sink->cuff(sink->state, VG_CUFF_BUSY);
        break;
    case 'E':
    case 'N':
    case 'D':
    case 'S':
    case 'T':
        take_refusal(st, sink);
        break;
    default: /* not reached: frame() lets no other letter through */
        break;
    }
}

static void take_pressure(struct suntech *st, uint16_t raw, const struct vg_sink *sink)
{
    int32_t mmhg = vg_s16(raw);

    st->asked_pressure = false;
    if (raw == PRESSURE_NONE || mmhg < PRESSURE_MIN_MMHG || mmhg > PRESSURE_MAX_MMHG) {
        sink->reading(sink->state, VG_VITAL_CUFF_PRESSURE, 0, VG_QUALITY_INVALID);
        return;
    }
    sink->reading(sink->state, VG_VITAL_CUFF_PRESSURE, mmhg * 1000, VG_QUALITY_OK);
    if (mmhg > RESIDUAL_MMHG && (st->starting || st->running) && !st->aborting) {
        sink->cuff(sink->state, VG_CUFF_RUNNING);
    } else if (mmhg < RESIDUAL_MMHG && !has_command(st)) {
        sink->cuff(sink->state, VG_CUFF_IDLE);
    } else {
        /* deflating after an abort, or inflated by somebody else */
    }
}

static enum vg_nibp_error error_of(uint8_t native)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].native == native) {
            return codes[i].error;
        }
    }
    return VG_NIBP_UNKNOWN;
}

/* The module keeps its last result, perhaps another patient's, until the next start: it is spoken
 * only as the answer to a question. */
static void take_result(struct suntech *st, const uint8_t *f, const struct vg_sink *sink)
{
    struct vg_nibp n = {
        .sys_milli = vg_le16(f + 2) * 1000,
        .dia_milli = vg_le16(f + 4) * 1000,
        .mean_milli = vg_le16(f + 18) * 1000,
        .pulse_rate_milli = f[16] * 1000,
        .error = VG_NIBP_OK,
    };

    if (!st->asked_result) {
        return;
    }
    st->asked_result = false;
    if (f[20] != 0) {
        n = vg_nibp_failed(error_of(f[20]), f[20]);
    } else if (!vg_nibp_is_plausible(&n)) {
        n = vg_nibp_failed(VG_NIBP_IMPLAUSIBLE, 0);
    } else {
        /* good */
    }
    sink->nibp(sink->state, &n);
}

static void suntech_parse(void *state, const uint8_t *frame, size_t frame_len,
                          const struct vg_sink *sink)
{
    if (frame_len == LEN_LETTER) {
        take_letter(state, frame[2], sink);
    } else if (frame_len == LEN_VALUE) {
        take_pressure(state, vg_le16(frame + 2), sink);
    } else {
        take_result(state, frame, sink);
    }
}

/* The command with its sum, or 0 when it does not fit: half a command is never sent. */
static size_t put(uint8_t *buf, size_t buf_cap, const uint8_t *cmd, size_t cmd_len)
{
    if (cmd_len + 1 > buf_cap) {
        return 0;
    }
    memcpy(buf, cmd, cmd_len);
    buf[cmd_len] = vg_low8(0x100u - vg_sum8(cmd, cmd_len));
    return cmd_len + 1;
}

/* Patient mode is the start command itself. No mode, no start. */
static size_t put_start(struct suntech *st, uint8_t *buf, size_t buf_cap)
{
    static const uint8_t start_of[VG_PATIENT_COUNT] = {
        [VG_PATIENT_ADULT] = 0x20,
        [VG_PATIENT_PAEDIATRIC] = 0x87,
        [VG_PATIENT_NEONATE] = 0x28,
    };
    uint8_t cmd[2] = { 0x3a, 0 };
    size_t len = 0;

    if (st->patient < VG_PATIENT_COUNT) {
        cmd[1] = start_of[st->patient];
        len = put(buf, buf_cap, cmd, sizeof(cmd));
    }
    if (len > 0) {
        st->starting = true;
        st->running = false;
        st->aborting = false;
        st->asked_result = false; /* what comes late is the result before this one */
    }
    return len;
}

/*
 * One question exists for each reply length, so an answer is never taken for another's, and a
 * question may be repeated as soon as its asker comes again: the keep-alive after 500 ms, the
 * result after 1 s, where an answer takes 30 ms. To wait any longer for a lost answer would make
 * the module silent because of one byte, and end a determination.
 */
static size_t suntech_request(void *state, enum vg_request_what what, uint8_t *buf, size_t buf_cap)
{
    static const uint8_t get_pressure[] = { 0x3a, 0x79, 0x05, 0x00 };
    static const uint8_t get_result[] = { 0x3a, 0x79, 0x03, 0x00 };
    static const uint8_t abort_now[] = { 0x3a, 0x79, 0x01, 0x00 };
    struct suntech *st = state;
    size_t len = 0;

    switch (what) {
    case VG_REQ_KEEPALIVE:
        len = put(buf, buf_cap, get_pressure, sizeof(get_pressure));
        st->asked_pressure = st->asked_pressure || len > 0;
        break;
    case VG_REQ_NIBP_START:
        len = put_start(st, buf, buf_cap);
        break;
    case VG_REQ_NIBP_ABORT:
        len = put(buf, buf_cap, abort_now, sizeof(abort_now));
        st->aborting = st->aborting || len > 0;
        break;
    case VG_REQ_NIBP_RESULT:
        len = put(buf, buf_cap, get_result, sizeof(get_result));
        st->asked_result = st->asked_result || len > 0;
        break;
    case VG_REQ_NONE:
    case VG_REQ_COUNT:
        break;
    }
    return len;
}

const struct vg_driver vg_driver_suntech = {
    .name = "suntech",
    .title = "SunTech Advantage blood-pressure module",
    .link = VG_LINK_BYTES,
    .line = { .baud = 9600, .data_bits = 8, .stop_bits = 1, .parity = 'N' },
    .vitals = (1u << VG_VITAL_NIBP_SYS) | (1u << VG_VITAL_NIBP_DIA) | (1u << VG_VITAL_NIBP_MEAN) |
              (1u << VG_VITAL_NIBP_PULSE_RATE) | (1u << VG_VITAL_CUFF_PRESSURE),
    .is_cuff = true,
    .silent_after_ns = 1500 * VG_NS_PER_MS,
    .keepalive_ns = 500 * VG_NS_PER_MS,
    .state_size = sizeof(struct suntech),
    .init = suntech_init,
    .frame = suntech_frame,
    .parse = suntech_parse,
    .request = suntech_request,
    .source = "public host ak-git/DesktopFX, package suntech, with its test vectors",
};
