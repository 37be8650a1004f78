/*
 * common.h -- what the programs of ./dev bench share: time, samples, /proc, a Nonin device.
 *
 * Each program prints one JSON object on its last line and nothing else on standard output but
 * "READY"; bench.py puts them together. A failure is one line on standard error and exit 2.
 */
#ifndef VIGIL_TESTS_BENCH_COMMON_H
#define VIGIL_TESTS_BENCH_COMMON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "vigil/compiler.h"
#include "vigil/time.h"

#define BENCH_DEVICES_MAX 512
#define BENCH_FRAMES 25 /* of a packet; three packets a second */
#define BENCH_FRAME_BYTES 5

_Noreturn void bench_die(const char *format, ...) VG_PRINTF(1, 2);

/* CLOCK_MONOTONIC: sender and receiver are on one machine. */
int64_t bench_now_ns(void);
void bench_sleep_until(int64_t when_ns);
/* Timers of this thread without slack: the load generator must not be what is measured. */
void bench_be_punctual(void);

/* Samples in nanoseconds; grows. */
struct bench_samples {
    int64_t *of;
    size_t count, cap;
};
void bench_push(struct bench_samples *s, int64_t value_ns);
void bench_sort(struct bench_samples *s);
void bench_free(struct bench_samples *s);
/* Quantile 0..1 of sorted samples; -1 without samples. */
int64_t bench_quantile(const struct bench_samples *s, double q);
/* ,"key":{"n":..,"p50_us":..,"p99_us":..,"max_us":..} without the comma; sorts the samples. */
void bench_print(FILE *out, const char *key, struct bench_samples *s);

/* On-CPU time of all threads of a process; 0 when it is gone. Resident memory in KiB. */
int64_t bench_cpu_ns(pid_t pid);
long bench_rss_kb(pid_t pid);

/* "READY" to standard output, then wait for a line that holds the process under test. */
pid_t bench_rendezvous(void);

/* A raw pseudo-terminal; the master is non-blocking, the slave stays open. */
int bench_pty(char *path, size_t path_cap);

/* Frame k (0..24) of a packet of Nonin data format 2. */
void bench_frame(uint8_t frame[BENCH_FRAME_BYTES], unsigned k, uint8_t pleth, unsigned rate,
                 unsigned spo2);

/* What a parser cannot do without: the frame's form and its sum. */
static inline int bench_frame_is_good(const uint8_t *f)
{
    return f[0] == 1 && (f[1] & 0x80) != 0 && (uint8_t)(f[0] + f[1] + f[2] + f[3]) == f[4];
}

#endif
