/*
 * test_pump.c -- the pump with a made-up protocol: AA len data..., len counting all bytes of the
 * frame (0 = 256), so that a corrupted length can swallow what follows, and a full window occurs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "drivers/pump.h"
#include "vigil/compiler.h"

struct heard {
    uint32_t frames;
    uint32_t resyncs;
    uint32_t frames_at_resync;
    uint8_t second[64]; /* last byte of each frame */
};

static enum vg_frame_result toy_frame(const uint8_t *bytes, size_t n, size_t *frame_len)
{
    size_t len = 0;

    if (bytes[0] != 0xaa) {
        return VG_FRAME_BAD;
    }
    if (n < 2) {
        return VG_FRAME_NEED_MORE;
    }
    len = bytes[1] == 0 ? 256 : bytes[1];
    if (len < 3) {
        return VG_FRAME_BAD;
    }
    if (n < len) {
        return VG_FRAME_NEED_MORE;
    }
    *frame_len = len;
    return VG_FRAME_OK;
}

static enum vg_frame_result never_frame(const uint8_t *bytes, size_t n, size_t *frame_len)
{
    (void)n;
    (void)frame_len;
    return bytes[0] == 0xaa ? VG_FRAME_NEED_MORE : VG_FRAME_BAD;
}

static void toy_parse(void *state, const uint8_t *frame, size_t frame_len,
                      const struct vg_sink *sink)
{
    struct heard *h = state;

    (void)sink;
    assert_true(h->frames < VG_COUNT(h->second));
    h->second[h->frames] = frame[frame_len - 1];
    h->frames++;
}

static void toy_resync(void *state, const struct vg_sink *sink)
{
    struct heard *h = state;

    (void)sink;
    h->resyncs++;
    h->frames_at_resync = h->frames;
}

static const struct vg_driver toy = {
    .name = "toy", .frame = toy_frame, .parse = toy_parse, .resync = toy_resync
};
static const struct vg_driver toy_without_resync = { .name = "toy",
                                                     .frame = toy_frame,
                                                     .parse = toy_parse };
static const struct vg_driver never = {
    .name = "never", .frame = never_frame, .parse = toy_parse, .resync = toy_resync
};
static const struct vg_sink no_sink = { .state = NULL };

static uint32_t feed(struct vg_pump *p, const struct vg_driver *drv, struct heard *h,
                     const uint8_t *b, size_t n)
{
    return vg_pump_feed(p, drv, h, b, n, &no_sink);
}

static void test_pump__cuts_glued_and_split_frames(void **state)
{
    static const uint8_t two[] = { 0xaa, 3, 1, 0xaa, 5, 9, 9, 2 };

    (void)state;
    for (size_t cut = 0; cut <= sizeof(two); cut++) {
        struct vg_pump p;
        struct heard h = { 0 };
        uint32_t n = 0;

        vg_pump_init(&p);
        n += feed(&p, &toy, &h, two, cut);
        n += feed(&p, &toy, &h, two + cut, sizeof(two) - cut);
        assert_int_equal(n, 2);
        assert_int_equal(h.frames, 2);
        assert_int_equal(h.second[0], 1);
        assert_int_equal(h.second[1], 2);
        assert_int_equal(p.frames, 2);
        assert_int_equal(p.dropped, 0);
        assert_int_equal(p.len, 0);
        assert_true(p.in_sync);
    }
}

static void test_pump__drops_one_byte_not_the_candidate(void **state)
{
    /* AA 01 is bad; the good frame begins inside what a decoder might throw away. */
    static const uint8_t b[] = { 0xaa, 0x01, 0xaa, 0x03, 0x07 };
    struct vg_pump p;
    struct heard h = { 0 };

    (void)state;
    vg_pump_init(&p);
    assert_int_equal(feed(&p, &toy, &h, b, sizeof(b)), 1);
    assert_int_equal(h.second[0], 7);
    assert_int_equal(p.dropped, 2);
}

static void test_pump__tells_the_driver_once_before_the_next_frame(void **state)
{
    static const uint8_t good[] = { 0xaa, 3, 1 };
    static const uint8_t noise[] = { 1, 2, 3, 4 };
    struct vg_pump p;
    struct heard h = { 0 };

    (void)state;
    vg_pump_init(&p);
    feed(&p, &toy, &h, good, sizeof(good));
    assert_int_equal(h.resyncs, 1); /* what came before the first frame is unknown */
    feed(&p, &toy, &h, good, sizeof(good));
    assert_int_equal(h.resyncs, 1);
    feed(&p, &toy, &h, noise, sizeof(noise));
    feed(&p, &toy, &h, noise, sizeof(noise));
    assert_int_equal(h.resyncs, 1); /* not for every byte, and not before a frame */
    assert_false(p.in_sync);
    feed(&p, &toy, &h, good, sizeof(good));
    assert_int_equal(h.resyncs, 2);
    assert_int_equal(h.frames_at_resync, 2);
    assert_int_equal(p.dropped, 8);
}

static void test_pump__resync_may_be_absent(void **state)
{
    static const uint8_t b[] = { 9, 0xaa, 3, 1 };
    struct vg_pump p;
    struct heard h = { 0 };

    (void)state;
    vg_pump_init(&p);
    assert_int_equal(feed(&p, &toy_without_resync, &h, b, sizeof(b)), 1);
}

static void test_pump__takes_a_frame_as_long_as_the_window(void **state)
{
    uint8_t b[256 + 3] = { 0xaa, 0 };
    struct vg_pump p;
    struct heard h = { 0 };

    (void)state;
    b[255] = 0x55;
    b[256] = 0xaa;
    b[257] = 3;
    b[258] = 0x66;
    vg_pump_init(&p);
    assert_int_equal(feed(&p, &toy, &h, b, sizeof(b)), 2);
    assert_int_equal(h.second[0], 0x55);
    assert_int_equal(h.second[1], 0x66);
}

static void test_pump__a_full_window_cannot_stall(void **state)
{
    uint8_t b[1000];
    struct vg_pump p;
    struct heard h = { 0 };

    (void)state;
    memset(b, 0xaa, sizeof(b));
    vg_pump_init(&p);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(feed(&p, &never, &h, b, sizeof(b)), 0);
        assert_true(p.len < VG_PUMP_WINDOW);
    }
    assert_int_equal(p.dropped + p.len, 10 * sizeof(b));
    assert_int_equal(h.resyncs, 0);
}

static void test_pump__reset_forgets_bytes_but_not_counts(void **state)
{
    static const uint8_t good[] = { 0xaa, 3, 1 };
    static const uint8_t half[] = { 0x00, 0xaa, 200 };
    struct vg_pump p;
    struct heard h = { 0 };

    (void)state;
    vg_pump_init(&p);
    feed(&p, &toy, &h, good, sizeof(good));
    feed(&p, &toy, &h, half, sizeof(half));
    assert_int_equal(p.len, 2);
    vg_pump_reset(&p);
    assert_int_equal(p.len, 0);
    assert_int_equal(p.frames, 1);
    assert_int_equal(p.dropped, 1);
    assert_int_equal(feed(&p, &toy, &h, good, sizeof(good)), 1);
    assert_int_equal(h.resyncs, 2);
    vg_pump_init(&p);
    assert_int_equal(p.frames, 0);
    assert_int_equal(p.dropped, 0);
}

static void test_pump__takes_nothing(void **state)
{
    struct vg_pump p;
    struct heard h = { 0 };
    const uint8_t b = 0;

    (void)state;
    vg_pump_init(&p);
    assert_int_equal(feed(&p, &toy, &h, &b, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pump__cuts_glued_and_split_frames),
        cmocka_unit_test(test_pump__drops_one_byte_not_the_candidate),
        cmocka_unit_test(test_pump__tells_the_driver_once_before_the_next_frame),
        cmocka_unit_test(test_pump__resync_may_be_absent),
        cmocka_unit_test(test_pump__takes_a_frame_as_long_as_the_window),
        cmocka_unit_test(test_pump__a_full_window_cannot_stall),
        cmocka_unit_test(test_pump__reset_forgets_bytes_but_not_counts),
        cmocka_unit_test(test_pump__takes_nothing),
    };

    return cmocka_run_group_tests_name("pump", tests, NULL, NULL);
}
