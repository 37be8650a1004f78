/*
 * oximeter_nonin.c -- Nonin serial data format 2: 75 frames of 5 bytes a second, 25 to a packet.
 *
 *   01 STATUS PLETH FLOAT SUM    STATUS bit 7 is always 1; SUM = first four bytes modulo 256
 *
 * What FLOAT means depends on the number of the frame since the one with SYNC, so the work of this
 * file is to know that number or to know that it does not know it. The display values (names
 * ending in -D in the document) are not used on purpose: they hold the last number for ten seconds
 * after the finger has left. The trap is the perfusion bits: they are set for 160 ms at each beat
 * and are both 0 in between, so a frame without them says nothing.
 */
#include "drivers/bits.h"
#include "drivers/registry.h"

#include <string.h>

#define FRAME_LEN 5u
#define PACKET_FRAMES 25u
/* Up to this frame a value leaves at once; what comes later waits for the end of the packet. The
 * count from SYNC is proven only there: one frame lost on the way would make the next number,
 * perhaps a saturation, a pulse rate. That close to SYNC it is very unlikely. */
#define PROMPT_FRAMES 3u
#define WAVE_RATE_MILLIHZ 75000u

/* STATUS */
#define ST_ALWAYS 0x80u
#define ST_SNSD 0x40u /* sensor unplugged */
#define ST_ARTF 0x20u /* artefact during this pulse */
#define ST_OOT 0x10u  /* out of track: no good pulses in a row */
#define ST_SNSA 0x08u /* data unusable, finger removed */
#define ST_RPRF 0x04u
#define ST_GPRF 0x02u
#define ST_SYNC 0x01u

#define STAT2_NOT_STAT2 0x80u
#define STAT2_LOW_BATTERY 0x01u

#define RATE_MIN 18u
#define RATE_MAX 321u
#define SPO2_MIN 1u
#define SPO2_MAX 100u

/* Signals that hold for a whole packet; the two of the sensor are said at once. */
#define SIGNALS_OF_SENSOR ((uint32_t)(VG_SIGNAL_SENSOR_UNPLUGGED | VG_SIGNAL_SENSOR_OFF))

/* Numbers of the frames that a variant reads. */
struct variant {
    uint8_t rate_msb; /* LSB is the next frame */
    uint8_t spo2;
};

static const struct variant variants[VG_VARIANT_COUNT] = {
    [VG_VARIANT_STANDARD] = { .rate_msb = 1, .spo2 = 3 },
    [VG_VARIANT_EXTENDED] = { .rate_msb = 14, .spo2 = 16 },
    [VG_VARIANT_FAST] = { .rate_msb = 1, .spo2 = 10 },
};

/* A number that waits for the end of its packet. */
struct held {
    uint16_t value;
    uint8_t status; /* of the frames it came in */
    bool has;
};

struct nonin {
    uint32_t signals; /* last set said */
    uint8_t variant;
    uint8_t frame_no;        /* 1..25 within the packet; 0 = not known */
    uint8_t rate_msb;        /* FLOAT of the frame with the rate's high bits */
    uint8_t rate_msb_status; /* its STATUS: a rate is as good as its worse half */
    uint8_t packet_status;   /* all STATUS bits seen since SYNC */
    struct held rate, spo2;
    uint8_t battery_votes; /* newest in bit 0: did STAT2 say low? */
    bool seen_one;         /* one good frame, not yet enough to believe */
    bool locked;
    bool is_low_perfusion; /* of the last beat */
    bool is_battery_low;
    bool has_signals;
};
static_assert(sizeof(struct nonin) <= VG_DRIVER_STATE_MAX, "state of one oximeter");

static void nonin_init(void *state, const struct vg_driver_options *options)
{
    struct nonin *st = state;

    st->variant = options->variant < VG_VARIANT_COUNT ? options->variant : VG_VARIANT_STANDARD;
}

static enum vg_frame_result nonin_frame(const uint8_t *bytes, size_t n, size_t *frame_len)
{
    if (bytes[0] != 0x01u) {
        return VG_FRAME_BAD;
    }
    if (n >= 2 && (bytes[1] & ST_ALWAYS) == 0) {
        return VG_FRAME_BAD;
    }
    if (n < FRAME_LEN) {
        return VG_FRAME_NEED_MORE;
    }
    if (vg_sum8(bytes, FRAME_LEN - 1) != bytes[FRAME_LEN - 1]) {
        return VG_FRAME_BAD;
    }
    *frame_len = FRAME_LEN;
    return VG_FRAME_OK;
}

static void nonin_resync(void *state, const struct vg_sink *sink)
{
    struct nonin *st = state;

    if (st->locked) {
        sink->wave_gap(sink->state, VG_VITAL_PLETH);
    }
    st->locked = false;
    st->seen_one = false;
    st->frame_no = 0;
}

/* One match can be chance, since 01 is also a legal PLETH and FLOAT: believe a SYNC frame, or the
 * second of two adjacent good frames. */
static bool has_lock(struct nonin *st, uint32_t status)
{
    if (!st->locked) {
        st->locked = st->seen_one || (status & ST_SYNC) != 0;
        st->seen_one = true;
    }
    return st->locked;
}

/* Count the frame. When the count and SYNC disagree, frames were lost in between without a trace
 * in the bytes: the position is unknown again, and the wave has a hole. */
static void count_frame(struct nonin *st, uint32_t status, const struct vg_sink *sink)
{
    bool is_sync = (status & ST_SYNC) != 0;

    if (is_sync) {
        if (st->frame_no != 0 && st->frame_no != PACKET_FRAMES) {
            sink->wave_gap(sink->state, VG_VITAL_PLETH);
        }
        st->frame_no = 1;
        st->packet_status = 0;
        st->rate.has = false;
        st->spo2.has = false;
    } else if (st->frame_no == PACKET_FRAMES) {
        sink->wave_gap(sink->state, VG_VITAL_PLETH);
        st->frame_no = 0;
    } else if (st->frame_no != 0) {
        st->frame_no++;
    } else {
        /* position unknown: wait for SYNC */
    }
}

static void say_signals(struct nonin *st, uint32_t bits, const struct vg_sink *sink)
{
    if (st->has_signals && bits == st->signals) {
        return;
    }
    st->has_signals = true;
    st->signals = bits;
    sink->signal(sink->state, bits);
}

/* What the frame says of the sensor leaves at once: it decides whether there is a value at all. */
static void say_sensor(struct nonin *st, uint32_t status, const struct vg_sink *sink)
{
    uint32_t bits = st->signals & ~SIGNALS_OF_SENSOR;

    if ((status & ST_SNSD) != 0) {
        bits |= VG_SIGNAL_SENSOR_UNPLUGGED;
    }
    if ((status & ST_SNSA) != 0) {
        bits |= VG_SIGNAL_SENSOR_OFF;
    }
    if ((bits & SIGNALS_OF_SENSOR) != 0) {
        st->is_low_perfusion = false; /* the last beat was another finger's, or none */
    }
    say_signals(st, bits, sink);
}

static enum vg_quality quality_of(const struct nonin *st, uint32_t status, bool is_number)
{
    if (!is_number || (status & (ST_SNSA | ST_SNSD)) != 0) {
        return VG_QUALITY_INVALID;
    }
    if ((status & (ST_OOT | ST_ARTF)) != 0 || st->is_low_perfusion) {
        return VG_QUALITY_QUESTIONABLE;
    }
    return VG_QUALITY_OK;
}

static void say_number(const struct nonin *st, enum vg_vital vital, const struct held *h,
                       const struct vg_sink *sink)
{
    bool is_rate = vital == VG_VITAL_PULSE_RATE;
    uint32_t min = is_rate ? RATE_MIN : SPO2_MIN;
    uint32_t max = is_rate ? RATE_MAX : SPO2_MAX;
    /* The markers for "no value", 511 and 127, are out of range like any other rubbish. */
    enum vg_quality q = quality_of(st, h->status, h->value >= min && h->value <= max);
    int32_t milli = q == VG_QUALITY_INVALID ? 0 : h->value * 1000;

    sink->reading(sink->state, vital, milli, q);
}

/* On some models frame 8 is reserved and holds anything, so one low battery is not believed; nor
 * is one good one after two bad. */
static void take_stat2(struct nonin *st, uint32_t stat2)
{
    uint32_t is_low = (stat2 & STAT2_NOT_STAT2) == 0 ? stat2 & STAT2_LOW_BATTERY : 0u;

    st->battery_votes = (uint8_t)((((uint32_t)st->battery_votes << 1) | is_low) & 3u);
    if (st->battery_votes == 3u) {
        st->is_battery_low = true;
    } else if (st->battery_votes == 0u) {
        st->is_battery_low = false;
    } else {
        /* the last two packets disagree: as it was */
    }
}

static void take_number(struct nonin *st, enum vg_vital vital, uint32_t value, uint32_t status,
                        const struct vg_sink *sink)
{
    const struct held h = { .value = (uint16_t)value, .status = vg_low8(status), .has = true };

    if (st->frame_no <= PROMPT_FRAMES) {
        say_number(st, vital, &h, sink);
    } else if (vital == VG_VITAL_PULSE_RATE) {
        st->rate = h;
    } else {
        st->spo2 = h;
    }
}

static void take_float(struct nonin *st, uint32_t status, uint8_t value, const struct vg_sink *sink)
{
    const struct variant *v = &variants[st->variant];

    if (st->frame_no == v->rate_msb) {
        st->rate_msb = value;
        st->rate_msb_status = vg_low8(status);
    } else if (st->frame_no == v->rate_msb + 1u) {
        /* Bits 2 to 6 of the high byte are undefined. */
        uint32_t rate = (((uint32_t)st->rate_msb & 3u) << 7) | (value & 0x7fu);

        take_number(st, VG_VITAL_PULSE_RATE, rate, status | st->rate_msb_status, sink);
    } else if (st->frame_no == v->spo2) {
        take_number(st, VG_VITAL_SPO2, value & 0x7fu, status, sink);
    } else if (st->frame_no == 8u) {
        take_stat2(st, value);
    } else {
        /* not used, or position unknown */
    }
}

/* Speak what waited. A finger removed since then takes the value with it. */
static void say_held(const struct nonin *st, enum vg_vital vital, const struct held *h,
                     const struct vg_sink *sink)
{
    struct held now = *h;

    if (h->has) {
        now.status = vg_low8(now.status | (st->packet_status & (ST_SNSA | ST_SNSD)));
        say_number(st, vital, &now, sink);
    }
}

/* What comes and goes with each beat leaves once in a whole packet. */
static void end_packet(struct nonin *st, const struct vg_sink *sink)
{
    uint32_t bits = st->signals & SIGNALS_OF_SENSOR;

    if ((st->packet_status & ST_ARTF) != 0) {
        bits |= VG_SIGNAL_ARTIFACT;
    }
    if ((st->packet_status & ST_OOT) != 0) {
        bits |= VG_SIGNAL_OUT_OF_TRACK;
    }
    if (st->is_low_perfusion) {
        bits |= VG_SIGNAL_LOW_PERFUSION;
    }
    if (st->is_battery_low) {
        bits |= VG_SIGNAL_LOW_BATTERY;
    }
    say_signals(st, bits, sink);
    say_held(st, VG_VITAL_PULSE_RATE, &st->rate, sink);
    say_held(st, VG_VITAL_SPO2, &st->spo2, sink);
}

static void nonin_parse(void *state, const uint8_t *frame, size_t frame_len,
                        const struct vg_sink *sink)
{
    struct nonin *st = state;
    uint32_t status = frame[1];
    uint32_t beat = status & (ST_RPRF | ST_GPRF);

    (void)frame_len;
    if (!has_lock(st, status)) {
        return;
    }
    count_frame(st, status, sink);
    st->packet_status = vg_low8(st->packet_status | status);
    if (beat != 0) {
        st->is_low_perfusion = beat == ST_RPRF;
    }
    say_sensor(st, status, sink);
    sink->wave(sink->state, VG_VITAL_PLETH, WAVE_RATE_MILLIHZ, frame[2]);
    take_float(st, status, frame[3], sink);
    if (st->frame_no == PACKET_FRAMES) {
        end_packet(st, sink);
    }
}

/* The device talks by itself; there is nothing to ask. */
static size_t nonin_request(void *state, enum vg_request_what what, uint8_t *buf, size_t buf_cap)
{
    (void)state;
    (void)what;
    (void)buf;
    (void)buf_cap;
    return 0;
}

const struct vg_driver vg_driver_nonin = {
    .name = "nonin",
    .title = "Nonin oximeter, serial data format 2",
    .link = VG_LINK_BYTES,
    .line = { .baud = 9600, .data_bits = 8, .stop_bits = 1, .parity = 'N' },
    .vitals = (1u << VG_VITAL_SPO2) | (1u << VG_VITAL_PULSE_RATE) | (1u << VG_VITAL_PLETH),
    .is_cuff = false,
    .silent_after_ns = 1500 * VG_NS_PER_MS,
    .keepalive_ns = 0,
    .state_size = sizeof(struct nonin),
    .init = nonin_init,
    .frame = nonin_frame,
    .parse = nonin_parse,
    .resync = nonin_resync,
    .request = nonin_request,
    .source = "Nonin Medical, OEM specification 6470-000-01, serial data format 2",
};
