/*
 * ring.h -- single-producer single-consumer ring of fixed-size elements, C11 atomics.
 *
 * The consumer may look at elements without taking them: the journal keeps its batch in the ring
 * until it is on disk, so a failed commit has lost nothing.
 */
#ifndef VIGIL_LIB_RING_H
#define VIGIL_LIB_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vg_ring {
    unsigned char *storage; /* the caller's, capacity * size bytes */
    size_t size;            /* of one element */
    size_t capacity;        /* a power of two */
    _Atomic uint64_t head;  /* next to write: producer's */
    _Atomic uint64_t tail;  /* next to read: consumer's */
};

/* vg_ring_init -- storage is retained until the ring is no longer used. */
void vg_ring_init(struct vg_ring *r, void *storage, size_t size, size_t capacity);

/* Producer: false when full; nothing is written then. */
bool vg_ring_push(struct vg_ring *r, const void *element);
/* Either side: elements inside, as of now. */
size_t vg_ring_count(const struct vg_ring *r);
/* Consumer: the i-th oldest element, i < count; stays valid until taken. */
const void *vg_ring_peek(const struct vg_ring *r, size_t i);
/* Consumer: forget the n oldest, n <= count. */
void vg_ring_drop(struct vg_ring *r, size_t n);
/* Consumer: copy out and forget the oldest; false when empty. */
bool vg_ring_pop(struct vg_ring *r, void *element);

#endif
