/*
 * replay.c -- a whole session through pump, driver and engine in virtual time; and the same session
 * as a record on disk.
 *
 *   bench-replay run HOURS REPEATS     how fast, beside the shortest parser with two limits
 *   bench-replay record HOURS DIR      leave a record of bed b-0 with an open session in DIR
 *
 * What stands here between driver and engine is what daemon/ingest.c does, without its sockets.
 */
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "core/alarm_catalogue.h"
#include "core/alarm_limits.h"
#include "core/engine.h"
#include "daemon/journal.h"
#include "drivers/pump.h"
#include "drivers/registry.h"
#include "lib/clock.h"
#include "stream.h"
#include "vigil/quantity.h"

#define FRAME_NS (VG_NS_PER_S / STREAM_FPS)
#define COMMIT_NS (60 * VG_NS_PER_S) /* a minute a transaction: building it is not measured */
#define DOSE_NS (600 * VG_NS_PER_S)

static struct vg_engine engine;
static struct vg_effects effects;
static struct vg_journal journal;
static struct vg_journal_job ring[VG_JOURNAL_RING];
static struct vg_wave live, archive;
static struct vg_now now;
static bool records;
static size_t events, frames_out, rows_out, alarms_out;

static void take(struct vg_event *ev)
{
    ev->mono_ns = now.mono_ns;
    ev->utc_ns = now.utc_ns;
    if (ev->kind != VG_EV_TICK) {
        ev->seq = vg_engine_next_seq(&engine);
    }
    vg_engine_step(&engine, ev, &effects);
    events++;
    for (size_t i = 0; i < effects.count; i++) {
        const struct vg_effect *fx = &effects.of[i];
        frames_out += (fx->verbs & VG_DO_SEND) != 0 ? 1 : 0;
        alarms_out += fx->ev.kind == VG_EV_ALARM ? 1 : 0;
        if ((fx->verbs & VG_DO_RECORD) != 0) {
            rows_out++;
            if (records && vg_journal_post(&journal, &fx->ev, false) == 0) {
                bench_die("the journal is full");
            }
        }
    }
}

/* --- the sink ------------------------------------------------------------------------------- */

static struct vg_event of_device(enum vg_event_kind kind)
{
    struct vg_event ev;
    memset(&ev, 0, sizeof ev);
    ev.kind = (uint16_t)kind;
    return ev;
}

static void on_reading(void *state, enum vg_vital v, int32_t milli, enum vg_quality q)
{
    struct vg_event ev = of_device(VG_EV_READING);
    (void)state;
    ev.u.reading.vital = (uint8_t)v;
    ev.u.reading.value_milli = milli;
    ev.u.reading.quality = (uint8_t)q;
    take(&ev);
}

static void append(struct vg_wave *w, uint8_t block, uint16_t flag, uint16_t sample)
{
    if (w->count == 0) {
        w->first_mono_ns = now.mono_ns;
        w->rate_millihz = STREAM_FPS * 1000;
        w->vital = VG_VITAL_PLETH;
        w->width_bytes = 1;
    }
    w->data[w->count++] = (uint8_t)sample;
    if (w->count == block) {
        struct vg_event ev = of_device(VG_EV_WAVE);
        ev.flags = flag;
        ev.u.wave = *w;
        w->count = 0;
        take(&ev);
    }
}

static void on_wave(void *state, enum vg_vital v, uint32_t rate, uint16_t sample)
{
    (void)state;
    (void)v;
    (void)rate;
    append(&live, VG_WAVE_BLOCK, 0, sample);
    append(&archive, STREAM_FPS, VG_FLAG_ARCHIVE, sample);
}

static void on_gap(void *state, enum vg_vital v)
{
    (void)state;
    (void)v;
}

static void on_signal(void *state, uint32_t bits)
{
    struct vg_event ev = of_device(VG_EV_SIGNAL);
    (void)state;
    ev.u.signal.bits = bits;
    take(&ev);
}

/* --- what people do ------------------------------------------------------------------------- */

static void open_session(void)
{
    struct vg_event ev = of_device(VG_EV_SESSION);
    ev.u.session_move.move = VG_SESSION_OPEN;
    ev.u.session_move.protocol = VG_PROTOCOL_NONE;
    (void)snprintf(ev.u.session_move.request_id, VG_REQUEST_ID_MAX, "bench-open");
    (void)snprintf(ev.u.session_move.operator_id, VG_NAME_MAX, "bench");
    (void)snprintf(ev.u.session_move.text, VG_REASON_MAX, "BENCH-0");
    take(&ev);
}

static void give_dose(unsigned i)
{
    struct vg_event ev = of_device(VG_EV_DOSE);
    struct vg_dose *d = &ev.u.dose;
    d->typed_number = 10;
    d->unit = VG_UNIT_MG;
    d->given_utc_ns = now.utc_ns;
    d->kind = VG_DOSE_BOLUS;
    d->route = VG_ROUTE_IV;
    (void)snprintf(d->request_id, sizeof d->request_id, "bench-dose-%u", i);
    (void)snprintf(d->operator_id, sizeof d->operator_id, "bench");
    (void)snprintf(d->drug, sizeof d->drug, "ketamine");
    take(&ev);
}

static void tick(void)
{
    struct vg_event ev = of_device(VG_EV_TICK);
    ev.device = VG_DEVICE_NONE;
    take(&ev);
}

/* --- one session ---------------------------------------------------------------------------- */

static void begin(void)
{
    struct vg_limits limits;
    struct vg_event ev = of_device(VG_EV_DEVICE);
    const struct vg_driver *drv = vg_driver_find("nonin");

    vg_limits_default(&limits);
    memset(&engine, 0, sizeof engine);
    memset(&live, 0, sizeof live);
    memset(&archive, 0, sizeof archive);
    events = frames_out = rows_out = alarms_out = 0;
    vg_engine_init(&engine, 1, &limits);
    engine.seq = 1; /* the number of the daemon's start */
    vg_engine_add_device(&engine, 0, drv->vitals, false, false, now.mono_ns);
    ev.u.dev.to = VG_PORT_ONLINE;
    take(&ev);
    open_session();
}

static void run(const uint8_t *bytes, size_t len)
{
    static struct vg_pump pump;
    static _Alignas(16) uint8_t state[VG_DRIVER_STATE_MAX];
    const struct vg_driver *drv = vg_driver_find("nonin");
    struct vg_sink sink = {
        .reading = on_reading, .wave = on_wave, .wave_gap = on_gap, .signal = on_signal
    };
    struct vg_driver_options options = { 0 };
    int64_t start_ns = now.mono_ns;
    int64_t ticked = 0;
    int64_t dosed = 0;
    int64_t committed = 0;

    memset(state, 0, sizeof state);
    vg_pump_init(&pump);
    drv->init(state, &options);
    for (size_t at = 0; at < len; at += BENCH_FRAME_BYTES) {
        int64_t in_ns = (int64_t)(at / BENCH_FRAME_BYTES) * FRAME_NS;
        now.utc_ns += start_ns + in_ns - now.mono_ns;
        now.mono_ns = start_ns + in_ns;
        (void)vg_pump_feed(&pump, drv, state, bytes + at, BENCH_FRAME_BYTES, &sink);
        if (in_ns / VG_TICK_NS != ticked) {
            ticked = in_ns / VG_TICK_NS;
            tick();
        }
        if (in_ns / DOSE_NS != dosed) {
            dosed = in_ns / DOSE_NS;
            give_dose((unsigned)dosed);
        }
        if (records && in_ns / COMMIT_NS != committed) {
            committed = in_ns / COMMIT_NS;
            vg_journal_commit(&journal);
        }
    }
}

/* The floor: the values and two limits. */
static size_t run_floor(const uint8_t *bytes, size_t len, uint8_t *pleth)
{
    struct bench_parser p = { 0 };
    size_t crossings = 0;
    bool low = false;
    for (size_t at = 0; at + BENCH_FRAME_BYTES <= len;) {
        if (!bench_frame_is_good(bytes + at)) {
            at++;
            continue;
        }
        bench_parse(&p, bytes + at);
        pleth[p.frames - 1] = bytes[at + 2];
        if (p.k == 3 && (p.spo2 < 90 || p.rate > 120) != low) {
            low = !low;
            crossings++;
        }
        at += BENCH_FRAME_BYTES;
    }
    return crossings;
}

static int measure(double hours, long repeats)
{
    struct bench_samples took = { 0 };
    struct bench_samples floor_took = { 0 };
    size_t len = 0;
    size_t crossings = 0;
    uint8_t *bytes = bench_stream(hours, &len);
    uint8_t *pleth = calloc(len, 1);
    if (pleth == NULL) {
        bench_die("no memory");
    }
    for (long i = 0; i < repeats; i++) {
        int64_t start_ns = bench_now_ns();
        crossings = run_floor(bytes, len, pleth);
        __asm__ volatile("" : : "r"(pleth) : "memory");
        bench_push(&floor_took, bench_now_ns() - start_ns);
        now = (struct vg_now){ .mono_ns = VG_NS_PER_S, .utc_ns = VG_NS_PER_S };
        start_ns = bench_now_ns();
        begin();
        run(bytes, len);
        bench_push(&took, bench_now_ns() - start_ns);
    }
    bench_sort(&took);
    bench_sort(&floor_took);
    double ms = (double)bench_quantile(&took, 0.5) / 1e6;
    (void)printf("{\"ms\":%.2f,\"events\":%zu,\"events_per_s\":%.0f,\"frames\":%zu,\"rows\":%zu,"
                 "\"alarms\":%zu,\"floor_ms\":%.3f,\"floor_crossings\":%zu}\n",
                 ms, events, (double)events * 1e3 / ms, frames_out, rows_out, alarms_out,
                 (double)bench_quantile(&floor_took, 0.5) / 1e6, crossings);
    bench_free(&took);
    bench_free(&floor_took);
    free(bytes);
    free(pleth);
    return 0;
}

/* --- the record ----------------------------------------------------------------------------- */

static void on_done(void *state, const struct vg_journal_done *done)
{
    (void)state;
    if (done->status != VG_OK) {
        bench_die("the record cannot be written");
    }
}

static int record(double hours, const char *dir)
{
    static struct vg_wire_names names = { .node = "bench",
                                          .boot = "",
                                          .bed_count = 1,
                                          .device_count = 1,
                                          .bed = { "b-0" },
                                          .device = { "ox-0" } };
    struct vg_clock clock = vg_clock_real();
    struct vg_event started = of_device(VG_EV_DAEMON);
    size_t len = 0;
    uint8_t *bytes = bench_stream(hours, &len);

    clock.read(clock.state, &now);
    now.mono_ns -= (int64_t)(hours * 3600e9);
    now.utc_ns -= (int64_t)(hours * 3600e9);
    journal.names = &names;
    journal.on_done = on_done;
    journal.jobs = ring;
    journal.worker.clock = clock;
    if (vg_journal_open(&journal, dir) != VG_OK ||
        vg_journal_start(&journal, &clock, true) != VG_OK) {
        bench_die("%s", dir);
    }
    started.bed = VG_BED_NONE;
    started.device = VG_DEVICE_NONE;
    started.seq = 1; /* what begin() numbers from comes behind it */
    started.mono_ns = now.mono_ns;
    started.utc_ns = now.utc_ns;
    started.u.daemon.what = VG_DAEMON_STARTED;
    started.u.daemon.first_seq = 1;
    (void)vg_journal_post(&journal, &started, false);
    records = true;
    begin();
    run(bytes, len);
    vg_journal_stop(&journal);
    (void)printf("{\"rows\":%zu,\"alarms\":%zu,\"doses\":%d}\n", rows_out + 1, alarms_out,
                 (int)(hours * 6));
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "run") == 0) {
        return measure(strtod(argv[2], NULL), strtol(argv[3], NULL, 10));
    }
    if (argc == 4 && strcmp(argv[1], "record") == 0) {
        return record(strtod(argv[2], NULL), argv[3]);
    }
    bench_die("usage: bench-replay run HOURS REPEATS | record HOURS DIR");
}
