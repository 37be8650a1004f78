/*
 * stream.h -- hours of a Nonin oximeter as bytes in memory, and the least code that reads them.
 *
 * The patient falls below 90 % for 40 s every ten minutes, so that a replay has alarms to decide.
 */
#ifndef VIGIL_TESTS_BENCH_STREAM_H
#define VIGIL_TESTS_BENCH_STREAM_H

#include <stdlib.h>

#include "common.h"

#define STREAM_FPS 75

static inline uint8_t *bench_stream(double hours, size_t *len)
{
    size_t frames = (size_t)(hours * 3600 * STREAM_FPS);
    uint8_t *bytes = malloc(frames * BENCH_FRAME_BYTES);
    if (bytes == NULL) {
        bench_die("no memory for %.1f hours", hours);
    }
    for (size_t i = 0; i < frames; i++) {
        size_t second = i / STREAM_FPS;
        unsigned spo2 = second % 600 >= 560 ? 86u : 95u + (unsigned)(second / 3 % 4);
        bench_frame(bytes + i * BENCH_FRAME_BYTES, (unsigned)(i % BENCH_FRAMES),
                    (uint8_t)(60 + i % 62), 66u + (unsigned)(second / 7 % 20), spo2);
    }
    *len = frames * BENCH_FRAME_BYTES;
    return bytes;
}

/* Kept in registers by every loop over it. */
struct bench_parser {
    unsigned k, rate_high, rate, spo2;
    size_t frames, values, bad;
};

static inline void bench_parse(struct bench_parser *p, const uint8_t *f)
{
    p->k = (f[1] & 1) != 0 ? 1 : p->k + 1;
    p->frames++;
    if (p->k == 1) {
        p->rate_high = f[3] & 3u;
    } else if (p->k == 2) {
        p->rate = (p->rate_high << 7) | (f[3] & 127u);
        p->values++;
    } else if (p->k == 3) {
        p->spo2 = f[3] & 127u;
        p->values++;
    } else {
        /* not used */
    }
}

#endif
