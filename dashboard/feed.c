/*
 * feed.c -- see feed.h. Records stand in a circle, none across its end: what does not fit there is
 * filled up by a record that is for nobody.
 */
#include "dashboard/feed.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What is left at the end of the circle always has room for a record without text. */
#define ALIGN sizeof(struct record)
#define FILLER UINT8_MAX

struct record {
    uint64_t asked;
    uint32_t size; /* of record and text, rounded up */
    uint32_t len;  /* of the text */
    uint32_t bed;
    uint8_t kind;
    uint8_t node;
    uint8_t unused[10]; /* the size divides that of the circle */
};

static_assert(DASH_FEED_BYTES % ALIGN == 0, "the circle ends unaligned");

static const char *const names[] = {
    [DASH_FEED_SNAPSHOT] = "snapshot", [DASH_FEED_PLAN] = "plan",  [DASH_FEED_LIMITS] = "limits",
    [DASH_FEED_FRAME] = "frame",       [DASH_FEED_WAVE] = "frame", [DASH_FEED_ALIVE] = "alive",
};

uint32_t dash_feed_bed(size_t node, const char *bed)
{
    uint32_t h = 2166136261u + (uint32_t)node;
    for (; *bed != '\0'; bed++) {
        h = (h ^ (unsigned char)*bed) * 16777619u;
    }
    return h == 0 ? 1 : h;
}

static void load(const struct dash_feed *f, uint64_t at, struct record *r)
{
    memcpy(r, f->bytes + at % DASH_FEED_BYTES, sizeof *r);
}

/* Forget old records until `size` more bytes fit. */
static void make_room(struct dash_feed *f, size_t size)
{
    struct record old;
    while (f->head + size - f->tail > DASH_FEED_BYTES) {
        load(f, f->tail, &old);
        f->tail += old.size;
    }
}

static void fill_to_end(struct dash_feed *f, size_t left)
{
    struct record filler = { .size = (uint32_t)left, .kind = FILLER };
    make_room(f, left);
    memcpy(f->bytes + f->head % DASH_FEED_BYTES, &filler, sizeof filler);
    f->head += left;
}

void dash_feed_init(struct dash_feed *f)
{
    /* A place of 0 would look like "not wanted". */
    f->head = f->tail = DASH_FEED_BYTES;
}

static void write(struct dash_feed *f, const struct record *r, const char *head, const char *data)
{
    char *to = f->bytes + f->head % DASH_FEED_BYTES;
    size_t n = strlen(head);
    memcpy(to, r, sizeof *r);
    memcpy(to + sizeof *r, head, n);
    memcpy(to + sizeof *r + n, data, r->len - n - 2);
    memcpy(to + sizeof *r + r->len - 2, "\n\n", 2);
    f->head += r->size;
}

enum vg_status dash_feed_put(struct dash_feed *f, const struct dash_event *e)
{
    char head[48];
    int n = snprintf(head, sizeof head, "event: %s\ndata: ", names[e->kind]);
    size_t text = (size_t)n + e->len + 2;
    size_t size = (sizeof(struct record) + text + ALIGN - 1) / ALIGN * ALIGN;

    if (memchr(e->data, '\n', e->len) != NULL || memchr(e->data, '\r', e->len) != NULL) {
        return VG_ERR_FORMAT;
    }
    if (size > DASH_FEED_BYTES / 4) {
        return VG_ERR_FULL;
    }
    size_t left = DASH_FEED_BYTES - f->head % DASH_FEED_BYTES;
    if (left < size) {
        fill_to_end(f, left);
    }
    make_room(f, size);
    struct record r = { .asked = e->asked,
                        .size = (uint32_t)size,
                        .len = (uint32_t)text,
                        .bed = e->bed,
                        .kind = (uint8_t)e->kind,
                        .node = (uint8_t)e->node };
    write(f, &r, head, e->data);
    return VG_OK;
}

void dash_feed_join(const struct dash_feed *f, struct dash_reader *r)
{
    memset(r, 0, sizeof *r);
    r->at = f->head;
    for (size_t node = 0; node < DASH_NODES_MAX; node++) {
        for (size_t k = 0; k < DASH_FEED_ANSWERS; k++) {
            r->wants[node][k] = f->head;
        }
    }
}

void dash_feed_renew(const struct dash_feed *f, struct dash_reader *r, size_t node,
                     enum dash_feed_kind kind)
{
    r->wants[node][kind] = f->head;
}

static bool is_for(const struct dash_reader *r, const struct record *rec)
{
    if (rec->kind < DASH_FEED_ANSWERS && rec->bed == 0) {
        uint64_t since = r->wants[rec->node][rec->kind];
        return since != 0 && rec->asked >= since;
    }
    return rec->kind != FILLER && (rec->kind != DASH_FEED_WAVE || rec->bed == r->wave);
}

/* The record the reader stands at, once what is not for it is passed over; false: none. */
static bool current(const struct dash_feed *f, struct dash_reader *r, struct record *rec)
{
    if (r->at < f->tail) {
        r->dead = true;
    }
    while (!r->dead && r->at < f->head) {
        load(f, r->at, rec);
        if (r->done > 0 || is_for(r, rec)) {
            return true;
        }
        r->at += rec->size;
    }
    return false;
}

bool dash_feed_has(const struct dash_feed *f, struct dash_reader *r)
{
    struct record rec;
    return current(f, r, &rec);
}

static void finish(struct dash_reader *r, const struct record *rec)
{
    r->at += rec->size;
    r->done = 0;
    /* While this was being taken, a newer one may have become wanted. */
    if (rec->kind < DASH_FEED_ANSWERS && rec->bed == 0 &&
        rec->asked >= r->wants[rec->node][rec->kind]) {
        r->wants[rec->node][rec->kind] = 0;
    }
}

size_t dash_feed_take(const struct dash_feed *f, struct dash_reader *r, char *to, size_t cap)
{
    struct record rec;
    size_t got = 0;
    while (got < cap && current(f, r, &rec)) {
        size_t n = rec.len - r->done < cap - got ? rec.len - r->done : cap - got;
        memcpy(to + got, f->bytes + r->at % DASH_FEED_BYTES + sizeof rec + r->done, n);
        got += n;
        r->done += (uint32_t)n;
        if (r->done == rec.len) {
            finish(r, &rec);
        }
    }
    return got;
}
