/*
 * test_ring.c -- the ring between two threads: order, capacity, looking without taking.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "lib/ring.h"

#define CAP 8

static void test_ring__gives_back_in_order(void **state)
{
    uint32_t storage[CAP];
    struct vg_ring r;
    uint32_t out = 0;
    (void)state;
    vg_ring_init(&r, storage, sizeof storage[0], CAP);
    assert_false(vg_ring_pop(&r, &out));
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < 5; i++) {
            uint32_t v = round * 100 + i;
            assert_true(vg_ring_push(&r, &v));
        }
        for (uint32_t i = 0; i < 5; i++) {
            assert_true(vg_ring_pop(&r, &out));
            assert_int_equal(out, round * 100 + i);
        }
    }
    assert_int_equal(vg_ring_count(&r), 0);
}

static void test_ring__refuses_when_full_and_keeps_what_it_has(void **state)
{
    uint32_t storage[CAP];
    struct vg_ring r;
    uint32_t v = 0;
    (void)state;
    vg_ring_init(&r, storage, sizeof storage[0], CAP);
    for (v = 0; v < CAP; v++) {
        assert_true(vg_ring_push(&r, &v));
    }
    v = 99;
    assert_false(vg_ring_push(&r, &v));
    assert_int_equal(vg_ring_count(&r), CAP);
    assert_true(vg_ring_pop(&r, &v));
    assert_int_equal(v, 0);
    v = 99;
    assert_true(vg_ring_push(&r, &v));
    assert_int_equal(*(const uint32_t *)vg_ring_peek(&r, CAP - 1), 99);
}

static void test_ring__peek_does_not_take_and_drop_does(void **state)
{
    uint32_t storage[CAP];
    struct vg_ring r;
    (void)state;
    vg_ring_init(&r, storage, sizeof storage[0], CAP);
    for (uint32_t v = 0; v < 6; v++) {
        assert_true(vg_ring_push(&r, &v));
    }
    assert_int_equal(*(const uint32_t *)vg_ring_peek(&r, 0), 0);
    assert_int_equal(*(const uint32_t *)vg_ring_peek(&r, 5), 5);
    assert_int_equal(vg_ring_count(&r), 6);
    vg_ring_drop(&r, 4);
    assert_int_equal(vg_ring_count(&r), 2);
    assert_int_equal(*(const uint32_t *)vg_ring_peek(&r, 0), 4);
    vg_ring_drop(&r, 2);
    assert_int_equal(vg_ring_count(&r), 0);
}

#define MANY 100000u

static void *produce(void *arg)
{
    struct vg_ring *r = arg;
    for (uint64_t v = 1; v <= MANY;) {
        uint64_t pair[2] = { v, ~v };
        if (vg_ring_push(r, pair)) {
            v++;
        } else {
            (void)sched_yield();
        }
    }
    return NULL;
}

static void test_ring__two_threads_lose_and_mix_nothing(void **state)
{
    static uint64_t storage[64][2];
    struct vg_ring r;
    pthread_t thread;
    uint64_t got[2];
    (void)state;
    vg_ring_init(&r, storage, sizeof storage[0], 64);
    assert_int_equal(pthread_create(&thread, NULL, produce, &r), 0);
    for (uint64_t want = 1; want <= MANY;) {
        if (!vg_ring_pop(&r, got)) {
            (void)sched_yield();
            continue;
        }
        assert_true(got[0] == want && got[1] == ~want);
        want++;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(vg_ring_count(&r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring__gives_back_in_order),
        cmocka_unit_test(test_ring__refuses_when_full_and_keeps_what_it_has),
        cmocka_unit_test(test_ring__peek_does_not_take_and_drop_does),
        cmocka_unit_test(test_ring__two_threads_lose_and_mix_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
