/*
 * ring.c -- head and tail count for ever (2^64 never wraps in practice); the index is the count
 * modulo capacity. Release on publishing, acquire on looking: the usual pair.
 */
#include "lib/ring.h"

#include <string.h>

#include "vigil/compiler.h"

void vg_ring_init(struct vg_ring *r, void *storage, size_t size, size_t capacity)
{
    VG_ASSERT(capacity > 0 && (capacity & (capacity - 1)) == 0);
    r->storage = storage;
    r->size = size;
    r->capacity = capacity;
    atomic_init(&r->head, 0);
    atomic_init(&r->tail, 0);
}

static unsigned char *slot(const struct vg_ring *r, uint64_t i)
{
    return r->storage + (size_t)(i & (r->capacity - 1)) * r->size;
}

bool vg_ring_push(struct vg_ring *r, const void *element)
{
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    if (head - tail >= r->capacity) {
        return false;
    }
    memcpy(slot(r, head), element, r->size);
    atomic_store_explicit(&r->head, head + 1, memory_order_release);
    return true;
}

size_t vg_ring_count(const struct vg_ring *r)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);
    return (size_t)(head - tail);
}

const void *vg_ring_peek(const struct vg_ring *r, size_t i)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    return slot(r, tail + i);
}

void vg_ring_drop(struct vg_ring *r, size_t n)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    atomic_store_explicit(&r->tail, tail + n, memory_order_release);
}

bool vg_ring_pop(struct vg_ring *r, void *element)
{
    if (vg_ring_count(r) == 0) {
        return false;
    }
    memcpy(element, vg_ring_peek(r, 0), r->size);
    vg_ring_drop(r, 1);
    return true;
}
