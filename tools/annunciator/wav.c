/*
 * wav.c -- a signal into a file that every player knows: RIFF, PCM, 16 bit, one channel.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/annunciator/annunciator.h"

#define HEADER 44
#define CHUNK 1024u

static void put(unsigned char *to, uint32_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        to[i] = (unsigned char)(v >> (8 * i));
    }
}

static void make_header(unsigned char h[HEADER], uint32_t samples)
{
    memcpy(h, "RIFF....WAVEfmt ", 16);
    put(h + 4, HEADER - 8 + 2 * samples, 4);
    put(h + 16, 16, 4);
    put(h + 20, 1, 2); /* PCM */
    put(h + 22, 1, 2); /* channels */
    put(h + 24, DEVICE_RATE, 4);
    put(h + 28, 2 * DEVICE_RATE, 4);
    put(h + 32, 2, 2);
    put(h + 34, 16, 2);
    memcpy(h + 36, "data", 4);
    put(h + 40, 2 * samples, 4);
}

static bool write_chunk(FILE *f, struct sequence *q, size_t n)
{
    int16_t made[CHUNK];
    unsigned char bytes[2 * CHUNK];
    sequence_make(q, made, n);
    for (size_t i = 0; i < n; i++) {
        put(bytes + 2 * i, (uint16_t)made[i], 2);
    }
    return fwrite(bytes, 2, n, f) == n;
}

static bool write_all(FILE *f, struct sequence *q, uint32_t samples)
{
    unsigned char header[HEADER];
    make_header(header, samples);
    bool ok = fwrite(header, 1, sizeof header, f) == sizeof header;
    for (uint32_t left = samples; ok && left > 0;) {
        uint32_t n = left < CHUNK ? left : CHUNK;
        ok = write_chunk(f, q, n);
        left -= n;
    }
    return ok;
}

int ann_wav(struct ann_options *o, const struct tone_set *set)
{
    struct sequence q;
    struct sequence_voice v = { 1, 1, (uint8_t)o->priority, (uint8_t)o->category };
    FILE *f = fopen(o->wav, "wbe");
    bool ok = f != NULL;

    if (ok) {
        sequence_init(&q, set, DEVICE_RATE, o->volume, o->volume_max);
        sequence_want(&q, &v);
        ok = write_all(f, &q, o->seconds * DEVICE_RATE);
        ok = fclose(f) == 0 && ok;
    }
    if (!ok) {
        (void)fprintf(stderr, "vigil-annunciator: %s: %s\n", o->wav, strerror(errno));
    }
    return ok ? ANN_DONE : ANN_FAULT;
}
