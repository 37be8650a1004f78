/*
 * ingest.c -- see ingest.h. Every event of the program passes through take(): there is no other
 * way to the engine.
 *
 * A value outside the plausible range of its vital is marked invalid here, whatever the driver
 * thought of it. Waveform samples are gathered: eight for the stream, a second for the record; a
 * gap ends both blocks, so samples of a block are always consecutive.
 */
#include "daemon/ingest.h"

#include <string.h>

#include "daemon/effects.h"
#include "daemon/vigild.h"
#include "vigil/compiler.h"

static void tick_all(struct vigild *v, int64_t at_ns)
{
    struct vg_event ev;
    memset(&ev, 0, sizeof ev);
    ev.kind = VG_EV_TICK;
    ev.device = VG_DEVICE_NONE;
    ev.mono_ns = at_ns;
    ev.utc_ns = v->reactor.now.utc_ns - (v->reactor.now.mono_ns - at_ns);
    for (uint16_t b = 0; b < v->engine.bed_count; b++) {
        ev.bed = b;
        vg_engine_step(&v->engine, &ev, &v->effects);
        vg_effects_run(v, &v->effects, VG_PENDING_NONE);
    }
}

/* The engine's ticks lie on a grid of the monotonic clock and come before whatever happens at or
 * after them, however late the loop is: so a record, which has no ticks, can be played again. */
static void catch_up(struct vigild *v)
{
    int64_t now_ns = v->reactor.now.mono_ns;

    if (now_ns - v->next_tick_ns > VG_LATE_TICKS_MAX * VG_TICK_NS) {
        v->next_tick_ns = now_ns / VG_TICK_NS * VG_TICK_NS;
    }
    /* What a tick finds out about the disk is an event of now, and comes after all of them. */
    v->effects_depth++;
    while (v->next_tick_ns <= now_ns) {
        int64_t at_ns = v->next_tick_ns;
        v->next_tick_ns += VG_TICK_NS;
        tick_all(v, at_ns);
    }
    v->effects_depth--;
    vg_effects_settle(v);
}

/* Number, stamp, decide, carry out. */
static void take(struct vigild *v, struct vg_event *ev, uint16_t pending)
{
    catch_up(v);
    ev->seq = vg_engine_next_seq(&v->engine);
    ev->mono_ns = v->reactor.now.mono_ns;
    ev->utc_ns = v->reactor.now.utc_ns;
    vg_engine_step(&v->engine, ev, &v->effects);
    vg_effects_run(v, &v->effects, pending);
}

static struct vg_event from_device(struct vigild *v, uint16_t device, enum vg_event_kind kind)
{
    struct vg_event ev;
    memset(&ev, 0, sizeof ev);
    ev.kind = (uint16_t)kind;
    ev.device = device;
    ev.bed = v->config.devices[device].bed;
    ev.flags = v->engine.devices[device].flags;
    return ev;
}

/* --- the sink ------------------------------------------------------------------------------- */

static void on_reading(void *state, enum vg_vital vital, int32_t value_milli, enum vg_quality q)
{
    struct vg_device_io *io = state;
    struct vg_event ev = from_device(io->v, io->device, VG_EV_READING);
    const struct vg_vital_info *info = vg_vital_get(vital);

    if (q <= VG_QUALITY_QUESTIONABLE &&
        (value_milli < info->min_milli || value_milli > info->max_milli)) {
        q = VG_QUALITY_INVALID;
    }
    ev.u.reading.vital = (uint8_t)vital;
    ev.u.reading.value_milli = q <= VG_QUALITY_QUESTIONABLE ? value_milli : 0;
    ev.u.reading.quality = (uint8_t)q;
    ev.u.reading.age_ns = io->age_ns;
    take(io->v, &ev, VG_PENDING_NONE);
}

static void flush(struct vg_device_io *io, struct vg_wave *w, uint16_t flag)
{
    if (w->count == 0) {
        return;
    }
    struct vg_event ev = from_device(io->v, io->device, VG_EV_WAVE);
    ev.flags |= flag;
    ev.u.wave = *w;
    w->count = 0;
    take(io->v, &ev, VG_PENDING_NONE);
}

static void append(struct vg_device_io *io, struct vg_wave *w, uint16_t flag, size_t block,
                   const struct vg_wave *one)
{
    size_t room = VG_WAVE_BYTES / one->width_bytes;
    if (w->count > 0 && w->width_bytes != one->width_bytes) {
        flush(io, w, flag); /* a block has one width */
    }
    if (w->count == 0) {
        *w = *one;
        w->count = 0;
    }
    memcpy(&w->data[(size_t)w->count * w->width_bytes], one->data, one->width_bytes);
    w->count++;
    if (w->count >= block || w->count >= room) {
        flush(io, w, flag);
    }
}

static void on_wave(void *state, enum vg_vital vital, uint32_t rate, uint16_t sample)
{
    struct vg_device_io *io = state;
    struct vg_wave one = {
        .first_mono_ns = io->v->reactor.now.mono_ns,
        .rate_millihz = rate,
        .vital = (uint8_t)vital,
        .width_bytes = sample > 255 ? 2 : 1,
        .data = { (uint8_t)(sample & 0xff), (uint8_t)(sample >> 8) },
    };
    append(io, &io->wave.live, 0, VG_WAVE_BLOCK, &one);
    append(io, &io->wave.archive, VG_FLAG_ARCHIVE, rate / 1000, &one);
}

static void on_wave_gap(void *state, enum vg_vital vital)
{
    struct vg_device_io *io = state;
    (void)vital;
    flush(io, &io->wave.live, 0);
    flush(io, &io->wave.archive, VG_FLAG_ARCHIVE);
}

static void on_nibp(void *state, const struct vg_nibp *result)
{
    struct vg_device_io *io = state;
    struct vg_event ev = from_device(io->v, io->device, VG_EV_NIBP);
    ev.u.nibp = *result;
    take(io->v, &ev, VG_PENDING_NONE);
}

static void on_cuff(void *state, enum vg_cuff_word word)
{
    struct vg_device_io *io = state;
    struct vg_event ev = from_device(io->v, io->device, VG_EV_CUFF);
    ev.u.cuff.word = (uint8_t)word;
    take(io->v, &ev, VG_PENDING_NONE);
}

static void on_signal(void *state, uint32_t bits)
{
    struct vg_device_io *io = state;
    struct vg_event ev = from_device(io->v, io->device, VG_EV_SIGNAL);
    ev.u.signal.bits = bits;
    take(io->v, &ev, VG_PENDING_NONE);
}

struct vg_sink vg_ingest_sink(struct vigild *v, uint16_t device)
{
    struct vg_device_io *io = &v->io[device];
    io->v = v;
    io->device = device;
    struct vg_sink sink = {
        .reading = on_reading,
        .wave = on_wave,
        .wave_gap = on_wave_gap,
        .nibp = on_nibp,
        .cuff = on_cuff,
        .signal = on_signal,
        .state = io,
    };
    return sink;
}

/* --- the other origins ---------------------------------------------------------------------- */

void vg_ingest_mark_test(struct vigild *v, uint16_t device, bool test)
{
    v->engine.devices[device].flags = test ? VG_FLAG_TEST : 0;
}

void vg_ingest_device(struct vigild *v, uint16_t device, const struct vg_device_event *dev)
{
    struct vg_event ev = from_device(v, device, VG_EV_DEVICE);
    if (dev->to != VG_PORT_ONLINE) {
        on_wave_gap(&v->io[device], VG_VITAL_PLETH);
    }
    ev.u.dev = *dev;
    take(v, &ev, VG_PENDING_NONE);
}

void vg_ingest_command(struct vigild *v, const struct vg_event *ev, uint16_t pending)
{
    struct vg_event copy = *ev;
    take(v, &copy, pending);
}

void vg_ingest_restart(struct vigild *v, const struct vg_event *ev)
{
    struct vg_event copy = *ev;
    take(v, &copy, VG_PENDING_NONE);
}

void vg_ingest_daemon(struct vigild *v, const struct vg_event *ev)
{
    struct vg_event copy = *ev;
    catch_up(v);
    copy.device = VG_DEVICE_NONE;
    copy.bed = VG_BED_NONE;
    copy.seq = vg_engine_next_seq(&v->engine);
    copy.mono_ns = v->reactor.now.mono_ns;
    copy.utc_ns = v->reactor.now.utc_ns;
    (void)vg_effects_record(v, &copy, false, NULL);
    for (uint16_t b = 0; b < v->engine.bed_count; b++) {
        copy.bed = b;
        vg_engine_step(&v->engine, &copy, &v->effects);
        vg_effects_run(v, &v->effects, VG_PENDING_NONE);
    }
    vg_journal_commit(&v->journal);
}

void vg_ingest_receipt(struct vigild *v, const struct vg_event *ev)
{
    struct vg_event copy = *ev;
    catch_up(v);
    copy.seq = vg_engine_next_seq(&v->engine);
    copy.mono_ns = v->reactor.now.mono_ns;
    copy.utc_ns = v->reactor.now.utc_ns;
    vg_engine_step(&v->engine, &copy, &v->effects);
    if (v->effects.count > 0) { /* a word that confirms nothing is not worth a row */
        (void)vg_effects_record(v, &copy, false, NULL);
    }
    vg_effects_run(v, &v->effects, VG_PENDING_NONE);
}

void vg_ingest_tick(struct vigild *v)
{
    catch_up(v);
}
