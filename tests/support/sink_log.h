/*
 * sink_log.h -- a sink that remembers what a driver said, in order, for tests to compare.
 *
 * Header only, so that unit, property and fuzz programs take it without a library. When the log is
 * full further calls are counted and hashed but not kept: two long runs are compared by hash.
 */
#ifndef VIGIL_TESTS_SUPPORT_SINK_LOG_H
#define VIGIL_TESTS_SUPPORT_SINK_LOG_H

#include <string.h>

#include "vigil/driver.h"

#define SINK_LOG_MAX 4096

enum said_kind {
    SAID_READING,
    SAID_WAVE,
    SAID_GAP,
    SAID_NIBP,
    SAID_CUFF,
    SAID_SIGNAL,
    SAID_NOTHING /* no such call was made */
};

struct said {
    enum said_kind kind;
    int32_t a;     /* vital, or cuff word */
    int32_t value; /* value_milli, or sample */
    uint32_t b;    /* quality, rate or signal bits */
    struct vg_nibp nibp;
};

struct sink_log {
    struct vg_sink sink;
    uint64_t hash;
    uint32_t total; /* calls made */
    uint32_t count; /* calls kept */
    struct said of[SINK_LOG_MAX];
};

static inline void sink_log_add(struct sink_log *log, const struct said *s)
{
    const uint32_t words[] = { (uint32_t)s->kind,
                               (uint32_t)s->a,
                               (uint32_t)s->value,
                               s->b,
                               (uint32_t)s->nibp.sys_milli,
                               (uint32_t)s->nibp.dia_milli,
                               (uint32_t)s->nibp.mean_milli,
                               (uint32_t)s->nibp.pulse_rate_milli,
                               s->nibp.native_code,
                               s->nibp.error };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        log->hash = (log->hash ^ words[i]) * UINT64_C(1099511628211);
    }
    log->total++;
    if (log->count < SINK_LOG_MAX) {
        log->of[log->count] = *s;
        log->count++;
    }
}

static inline void sink_log_reading(void *state, enum vg_vital vital, int32_t value_milli,
                                    enum vg_quality q)
{
    const struct said s = {
        .kind = SAID_READING, .a = (int32_t)vital, .value = value_milli, .b = (uint32_t)q
    };

    sink_log_add(state, &s);
}

static inline void sink_log_wave(void *state, enum vg_vital vital, uint32_t rate_millihz,
                                 uint16_t sample)
{
    const struct said s = {
        .kind = SAID_WAVE, .a = (int32_t)vital, .value = sample, .b = rate_millihz
    };

    sink_log_add(state, &s);
}

static inline void sink_log_gap(void *state, enum vg_vital vital)
{
    const struct said s = { .kind = SAID_GAP, .a = (int32_t)vital };

    sink_log_add(state, &s);
}

static inline void sink_log_nibp(void *state, const struct vg_nibp *result)
{
    const struct said s = { .kind = SAID_NIBP, .nibp = *result };

    sink_log_add(state, &s);
}

static inline void sink_log_cuff(void *state, enum vg_cuff_word word)
{
    const struct said s = { .kind = SAID_CUFF, .a = (int32_t)word };

    sink_log_add(state, &s);
}

static inline void sink_log_signal(void *state, uint32_t bits)
{
    const struct said s = { .kind = SAID_SIGNAL, .b = bits };

    sink_log_add(state, &s);
}

/* Forget everything said so far. */
static inline void sink_log_clear(struct sink_log *log)
{
    log->hash = UINT64_C(14695981039346656037);
    log->total = 0;
    log->count = 0;
}

static inline void sink_log_init(struct sink_log *log)
{
    const struct vg_sink sink = {
        .reading = sink_log_reading,
        .wave = sink_log_wave,
        .wave_gap = sink_log_gap,
        .nibp = sink_log_nibp,
        .cuff = sink_log_cuff,
        .signal = sink_log_signal,
        .state = log,
    };

    log->sink = sink;
    sink_log_clear(log);
}

/* The n-th call (from 0) of a kind about a vital or word. a < 0: any. Never NULL: a call that was
 * not made is SAID_NOTHING. */
static inline const struct said *sink_log_find(const struct sink_log *log, enum said_kind kind,
                                               int32_t a, uint32_t n)
{
    static const struct said nothing = { .kind = SAID_NOTHING, .a = -1 };

    for (uint32_t i = 0; i < log->count; i++) {
        const struct said *s = &log->of[i];

        if (s->kind != kind || (a >= 0 && s->a != a)) {
            continue;
        }
        if (n == 0) {
            return s;
        }
        n--;
    }
    return &nothing;
}

static inline uint32_t sink_log_count(const struct sink_log *log, enum said_kind kind, int32_t a)
{
    uint32_t n = 0;

    while (sink_log_find(log, kind, a, n)->kind != SAID_NOTHING) {
        n++;
    }
    return n;
}

#endif
