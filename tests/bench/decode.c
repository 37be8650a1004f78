/*
 * decode.c -- megabytes a second through pump and driver, beside copying the bytes and beside the
 * shortest parser. usage: bench-decode HOURS REPEATS
 */
#include <string.h>

#include "drivers/pump.h"
#include "drivers/registry.h"
#include "stream.h"

#define PIECE 4096 /* as the daemon reads */

struct heard {
    size_t values, samples;
    uint8_t *pleth;
};

static void on_reading(void *state, enum vg_vital v, int32_t milli, enum vg_quality q)
{
    struct heard *h = state;
    (void)v;
    (void)q;
    h->values += milli > 0 ? 1 : 0;
}

static void on_wave(void *state, enum vg_vital v, uint32_t rate, uint16_t sample)
{
    struct heard *h = state;
    (void)v;
    (void)rate;
    h->pleth[h->samples++] = (uint8_t)sample;
}

static void on_gap(void *state, enum vg_vital v)
{
    (void)state;
    (void)v;
}

static void on_signal(void *state, uint32_t bits)
{
    (void)state;
    (void)bits;
}

static void run_driver(const uint8_t *bytes, size_t len, size_t piece, struct heard *h)
{
    static struct vg_pump pump;
    static _Alignas(16) uint8_t state[VG_DRIVER_STATE_MAX];
    const struct vg_driver *drv = vg_driver_find("nonin");
    struct vg_sink sink = {
        .reading = on_reading, .wave = on_wave, .wave_gap = on_gap, .signal = on_signal, .state = h
    };
    struct vg_driver_options options = { 0 };

    memset(state, 0, sizeof state);
    vg_pump_init(&pump);
    drv->init(state, &options);
    for (size_t at = 0; at < len; at += piece) {
        size_t n = len - at < piece ? len - at : piece;
        (void)vg_pump_feed(&pump, drv, state, bytes + at, n, &sink);
    }
}

static void run_parser(const uint8_t *bytes, size_t len, struct heard *h)
{
    struct bench_parser p = { 0 };
    for (size_t at = 0; at + BENCH_FRAME_BYTES <= len;) {
        if (bench_frame_is_good(bytes + at)) {
            bench_parse(&p, bytes + at);
            h->pleth[h->samples++] = bytes[at + 2];
            at += BENCH_FRAME_BYTES;
        } else {
            p.bad++;
            at++;
        }
    }
    h->values = p.values;
}

enum what { DRIVER, DRIVER_FRAMES, PARSER, COPY, WHAT_COUNT };

static void run(enum what what, const uint8_t *bytes, size_t len, struct heard *h)
{
    switch (what) {
    case DRIVER:
        run_driver(bytes, len, PIECE, h);
        break;
    case DRIVER_FRAMES:
        run_driver(bytes, len, BENCH_FRAME_BYTES, h);
        break;
    case PARSER:
        run_parser(bytes, len, h);
        break;
    case COPY:
    case WHAT_COUNT:
        memcpy(h->pleth, bytes, len);
        break;
    }
    /* Nobody reads the result: without this the copy is not made. */
    __asm__ volatile("" : : "r"(h->pleth) : "memory");
}

int main(int argc, char **argv)
{
    struct bench_samples took[WHAT_COUNT] = { 0 };
    double mb_s[WHAT_COUNT];
    size_t values[WHAT_COUNT] = { 0 };
    size_t len = 0;

    if (argc != 3) {
        bench_die("usage: bench-decode HOURS REPEATS");
    }
    uint8_t *bytes = bench_stream(strtod(argv[1], NULL), &len);
    struct heard h = { .pleth = malloc(len) };
    if (h.pleth == NULL) {
        bench_die("no memory");
    }
    memset(h.pleth, 1, len);
    for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
        for (int w = 0; w < WHAT_COUNT; w++) {
            h.values = 0;
            h.samples = 0;
            int64_t start_ns = bench_now_ns();
            run((enum what)w, bytes, len, &h);
            bench_push(&took[w], bench_now_ns() - start_ns);
            values[w] = h.values;
        }
    }
    if (values[DRIVER] != values[PARSER] || values[DRIVER] != values[DRIVER_FRAMES]) {
        bench_die("the driver heard %zu values, the parser %zu", values[DRIVER], values[PARSER]);
    }
    for (int w = 0; w < WHAT_COUNT; w++) {
        bench_sort(&took[w]);
        mb_s[w] = (double)len * 1e3 / (double)bench_quantile(&took[w], 0.5);
        bench_free(&took[w]);
    }
    (void)printf("{\"bytes\":%zu,\"values\":%zu,\"driver_mb_s\":%.1f,\"driver_by_frame_mb_s\":%.1f,"
                 "\"parser_mb_s\":%.1f,\"memcpy_mb_s\":%.1f}\n",
                 len, values[DRIVER], mb_s[DRIVER], mb_s[DRIVER_FRAMES], mb_s[PARSER], mb_s[COPY]);
    free(h.pleth);
    free(bytes);
    return 0;
}
