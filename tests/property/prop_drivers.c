/*
 * prop_drivers.c -- what must hold for every driver in the table, on thousands of random streams.
 *
 *   any cut of the bytes gives the same calls
 *   after any garbage two good passes of a capture give a reading
 *   nothing outside its range is called good
 *   a frame with one wrong bit is no frame
 *
 * Good bytes come from the captures of the driver, so a new driver is tested without a line here;
 * a generator in `makers` adds random numbers with fitting checksums. VG_SEED repeats a run,
 * VG_CASES sets how many cases each property gets, VG_GOLDEN says where the captures are.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/pump.h"
#include "tests/support/plausible.h"
#include "tests/support/sink_log.h"
#include "vigil/compiler.h"

#ifdef VG_SOURCE_DIR
#define VG_GOLDEN_DIR VG_SOURCE_DIR "/tests/golden"
#else
#define VG_GOLDEN_DIR "tests/golden"
#endif
#define BYTES_MAX 16384
#define OPS_MAX 2048
#define CAPTURES_MAX 64

/* ---- random numbers: splitmix64 ---- */

static uint64_t rng_state;

static uint64_t rng(void)
{
    uint64_t z = 0;

    rng_state += UINT64_C(0x9e3779b97f4a7c15);
    z = rng_state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t below(uint32_t n)
{
    return (uint32_t)(rng() % n);
}

static uint8_t any_byte(void)
{
    return (uint8_t)(rng() & 0xffu);
}

/* ---- a stream: bytes from the device, and requests between them ---- */

struct op {
    enum vg_request_what ask; /* VG_REQ_NONE: bytes */
    size_t at, len;
};

struct stream {
    size_t n;
    size_t count;
    struct op ops[OPS_MAX];
    uint8_t bytes[BYTES_MAX];
};

struct capture {
    const struct vg_driver *drv;
    struct stream s;
};

static struct capture captures[CAPTURES_MAX];
static size_t capture_count;
static uint32_t cases;

static void clear(struct stream *s)
{
    s->n = 0;
    s->count = 0;
}

static void add_bytes(struct stream *s, const uint8_t *b, size_t n)
{
    struct op *last = s->count > 0 ? &s->ops[s->count - 1] : NULL;

    if (s->n + n > BYTES_MAX || s->count == OPS_MAX) {
        return;
    }
    memcpy(s->bytes + s->n, b, n);
    if (last != NULL && last->ask == VG_REQ_NONE) {
        last->len += n;
    } else {
        s->ops[s->count] = (struct op){ .ask = VG_REQ_NONE, .at = s->n, .len = n };
        s->count++;
    }
    s->n += n;
}

static void add_ask(struct stream *s, enum vg_request_what ask)
{
    if (s->count < OPS_MAX) {
        s->ops[s->count] = (struct op){ .ask = ask };
        s->count++;
    }
}

static void add_stream(struct stream *s, const struct stream *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (from->ops[i].ask == VG_REQ_NONE) {
            add_bytes(s, from->bytes + from->ops[i].at, from->ops[i].len);
        } else {
            add_ask(s, from->ops[i].ask);
        }
    }
}

/* ---- captures ---- */

/* The request that these bytes are, whatever the patient mode. */
static enum vg_request_what request_of(const struct vg_driver *drv, const uint8_t *b, size_t n)
{
    for (uint32_t what = VG_REQ_NONE + 1; what < VG_REQ_COUNT; what++) {
        for (uint32_t patient = 0; patient < VG_PATIENT_COUNT; patient++) {
            const struct vg_driver_options options = { .patient = (uint8_t)patient };
            _Alignas(max_align_t) uint8_t state[VG_DRIVER_STATE_MAX] = { 0 };
            uint8_t buf[VG_REQUEST_BYTES_MAX];
            size_t len = 0;

            if (drv->init != NULL) {
                drv->init(state, &options);
            }
            len = drv->request(state, (enum vg_request_what)what, buf, sizeof(buf));
            if (len == n && memcmp(buf, b, n) == 0) {
                return (enum vg_request_what)what;
            }
        }
    }
    return VG_REQ_NONE;
}

static void load_line(struct capture *c, const char *text)
{
    uint8_t b[512];
    size_t n = 0;
    const char *hex = strpbrk(text, "<>");
    unsigned v = 0;
    int used = 0;

    if (text[0] != '+' || hex == NULL) {
        return;
    }
    for (const char *p = hex + 1; n < sizeof(b) && sscanf(p, "%2x%n", &v, &used) == 1; p += used) {
        b[n] = (uint8_t)v;
        n++;
    }
    if (*hex == '<') {
        add_bytes(&c->s, b, n);
    } else {
        enum vg_request_what what = request_of(c->drv, b, n);

        assert_int_not_equal(what, VG_REQ_NONE);
        add_ask(&c->s, what);
    }
}

static size_t load_captures(const struct vg_driver *drv)
{
    const char *dir = getenv("VG_GOLDEN");
    char pattern[512];
    char text[2048];
    glob_t found;
    size_t count = 0;

    snprintf(pattern, sizeof(pattern), "%s/%s/*.cap", dir != NULL ? dir : VG_GOLDEN_DIR, drv->name);
    if (glob(pattern, 0, NULL, &found) != 0) {
        return 0;
    }
    for (size_t i = 0; i < found.gl_pathc && capture_count < CAPTURES_MAX; i++) {
        struct capture *c = &captures[capture_count];
        FILE *f = fopen(found.gl_pathv[i], "r");

        assert_non_null(f);
        c->drv = drv;
        clear(&c->s);
        while (fgets(text, sizeof(text), f) != NULL) {
            load_line(c, text);
        }
        fclose(f);
        capture_count++;
        count++;
    }
    globfree(&found);
    return count;
}

static const struct capture *any_capture(const struct vg_driver *drv)
{
    const struct capture *c = NULL;

    do {
        c = &captures[below((uint32_t)capture_count)];
    } while (c->drv != drv);
    return c;
}

/* ---- generators of frames with random numbers and fitting checksums ---- */

static uint8_t sum_of(const uint8_t *b, size_t n)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += b[i];
    }
    return (uint8_t)(sum & 0xffu);
}

static void make_nonin(struct stream *s)
{
    uint32_t often = below(3); /* statuses: quiet, some, wild */

    for (uint32_t i = 0; i < 25; i++) {
        uint8_t f[5] = { 0x01, 0x80, any_byte(), any_byte(), 0 };

        f[1] = (uint8_t)(0x80u | (i == 0 ? 1u : 0u));
        if (often > 0 && below(often == 1 ? 40 : 2) == 0) {
            f[1] = (uint8_t)(f[1] | (any_byte() & 0x7eu));
        }
        f[4] = sum_of(f, 4);
        add_bytes(s, f, sizeof(f));
    }
}

static void make_suntech(struct stream *s)
{
    static const char letters[] = "OKABENDST";
    uint8_t f[24] = { 0x3e };

    switch (below(6)) {
    case 0:
        add_ask(s, (enum vg_request_what)(1 + below(VG_REQ_COUNT - 1)));
        return;
    case 1:
    case 2:
        f[1] = 4;
        f[2] = (uint8_t)letters[below(sizeof(letters) - 1)];
        break;
    case 3:
    case 4:
        f[1] = 5;
        f[2] = any_byte();
        f[3] = below(2) == 0 ? 0 : any_byte();
        break;
    default:
        f[1] = 24;
        for (size_t i = 2; i < 23; i++) {
            f[i] = any_byte();
        }
        f[3] = below(2) == 0 ? 0 : f[3];
        f[5] = 0;
        f[19] = 0;
        f[20] = below(2) == 0 ? 0 : f[20];
        add_ask(s, VG_REQ_NIBP_RESULT);
        break;
    }
    f[f[1] - 1] = (uint8_t)(0x100u - sum_of(f, f[1] - 1u));
    add_bytes(s, f, f[1]);
}

static const struct {
    const char *driver;
    void (*make)(struct stream *s);
} makers[] = { { "nonin", make_nonin }, { "suntech", make_suntech } };

/* Bytes that look like beginnings are likelier than in plain noise. */
static void add_garbage(struct stream *s, const struct vg_driver *drv, uint32_t max)
{
    const struct capture *c = any_capture(drv);
    uint32_t n = below(max + 1);

    for (uint32_t i = 0; i < n; i++) {
        uint8_t b = below(2) == 0 ? any_byte() : c->s.bytes[below((uint32_t)c->s.n)];

        add_bytes(s, &b, 1);
    }
}

static void add_anything(struct stream *s, const struct vg_driver *drv)
{
    const struct capture *c = any_capture(drv);

    switch (below(4)) {
    case 0:
        add_garbage(s, drv, 40);
        break;
    case 1:
        add_stream(s, &c->s);
        break;
    case 2: {
        /* a piece of a capture, perhaps with a wrong byte */
        size_t from = below((uint32_t)c->s.n);
        size_t len = 1 + below((uint32_t)(c->s.n - from));
        size_t at = s->n;

        add_bytes(s, c->s.bytes + from, len);
        if (s->n > at && below(2) == 0) {
            s->bytes[at + below((uint32_t)len)] = any_byte();
        }
        break;
    }
    default:
        for (size_t i = 0; i < VG_COUNT(makers); i++) {
            if (strcmp(makers[i].driver, drv->name) == 0) {
                makers[i].make(s);
            }
        }
        break;
    }
}

/* ---- running a stream ---- */

struct run {
    struct vg_pump pump;
    struct sink_log log;
    _Alignas(max_align_t) uint8_t state[VG_DRIVER_STATE_MAX];
};

static void begin(struct run *r, const struct vg_driver *drv, uint8_t variant)
{
    const struct vg_driver_options options = { .variant = variant, .patient = VG_PATIENT_ADULT };

    memset(r->state, 0, sizeof(r->state));
    if (drv->init != NULL) {
        drv->init(r->state, &options);
    }
    vg_pump_init(&r->pump);
    sink_log_init(&r->log);
}

/* cut_max 0: each piece whole; else in random pieces of 1..cut_max bytes. */
static void play(struct run *r, const struct vg_driver *drv, const struct stream *s,
                 uint32_t cut_max)
{
    uint8_t buf[VG_REQUEST_BYTES_MAX];

    for (size_t i = 0; i < s->count; i++) {
        const struct op *op = &s->ops[i];
        size_t done = 0;

        if (op->ask != VG_REQ_NONE) {
            assert_true(drv->request(r->state, op->ask, buf, sizeof(buf)) <= sizeof(buf));
        }
        while (done < op->len) {
            size_t part = cut_max == 0 ? op->len : 1 + below(cut_max);

            part = part > op->len - done ? op->len - done : part;
            vg_pump_feed(&r->pump, drv, r->state, s->bytes + op->at + done, part, &r->log.sink);
            done += part;
        }
    }
}

static void expect_plausible(const struct sink_log *log)
{
    for (uint32_t i = 0; i < log->count; i++) {
        const struct said *s = &log->of[i];

        if (s->kind == SAID_READING) {
            assert_true(is_plausible_reading((enum vg_vital)s->a, s->value, s->b));
        } else if (s->kind == SAID_NIBP) {
            assert_true(is_plausible_nibp(&s->nibp));
        } else if (s->kind == SAID_CUFF) {
            assert_true(s->a < VG_CUFF_WORD_COUNT);
        } else {
            /* waves, gaps and signals have no range */
        }
    }
}

/* ---- the properties, for each driver that takes bytes ---- */

static struct run whole;
static struct run cut;
static struct stream stream;

static void for_each_driver(void (*property)(const struct vg_driver *drv))
{
    for (size_t i = 0; vg_drivers[i] != NULL; i++) {
        if (vg_drivers[i]->link == VG_LINK_BYTES) {
            property(vg_drivers[i]);
        }
    }
}

/* A property that holds because nothing was ever said proves nothing. */
static uint64_t said;

static void same_calls(const struct vg_driver *drv)
{
    for (uint32_t i = 0; i < cases; i++) {
        uint8_t variant = (uint8_t)below(VG_VARIANT_COUNT);
        uint32_t pieces = 1 + below(6);

        clear(&stream);
        for (uint32_t k = 0; k < pieces; k++) {
            add_anything(&stream, drv);
        }
        begin(&whole, drv, variant);
        play(&whole, drv, &stream, 0);
        begin(&cut, drv, variant);
        play(&cut, drv, &stream, below(4) == 0 ? 1 : 1 + below(64));
        assert_int_equal(whole.log.total, cut.log.total);
        assert_true(whole.log.hash == cut.log.hash);
        assert_true(whole.pump.frames == cut.pump.frames);
        assert_true(whole.pump.dropped == cut.pump.dropped);
        assert_memory_equal(whole.state, cut.state, drv->state_size);
        expect_plausible(&whole.log);
        /* Every byte is in a frame, thrown away, or waits. */
        assert_true(whole.pump.dropped + whole.pump.len <= stream.n);
        said += whole.log.total;
    }
}

static void recovers(const struct vg_driver *drv)
{
    for (uint32_t i = 0; i < cases; i++) {
        const struct capture *c = any_capture(drv);
        uint8_t variant = (uint8_t)below(VG_VARIANT_COUNT);

        begin(&whole, drv, variant);
        clear(&stream);
        add_garbage(&stream, drv, 200);
        add_stream(&stream, &c->s);
        play(&whole, drv, &stream, 0);
        expect_plausible(&whole.log);
        sink_log_clear(&whole.log);
        play(&whole, drv, &c->s, 0);
        assert_true(sink_log_count(&whole.log, SAID_READING, -1) +
                        sink_log_count(&whole.log, SAID_NIBP, -1) >
                    0);
        expect_plausible(&whole.log);
    }
}

/* Flip each bit of each frame of a stream, with what follows it left in place. */
static void flip_frames(const struct vg_driver *drv, struct stream *s)
{
    size_t at = 0;

    while (at < s->n) {
        size_t len = 0;

        if (drv->frame(s->bytes + at, s->n - at, &len) != VG_FRAME_OK) {
            at++;
            continue;
        }
        for (size_t bit = 0; bit < len * 8; bit++) {
            uint8_t mask = (uint8_t)(1u << (bit % 8));
            size_t other = 0;

            s->bytes[at + bit / 8] ^= mask;
            assert_int_not_equal(drv->frame(s->bytes + at, s->n - at, &other), VG_FRAME_OK);
            assert_int_not_equal(drv->frame(s->bytes + at, len, &other), VG_FRAME_OK);
            s->bytes[at + bit / 8] ^= mask;
        }
        at += len;
    }
}

static void refuses_flips(const struct vg_driver *drv)
{
    for (size_t i = 0; i < capture_count; i++) {
        if (captures[i].drv == drv) {
            stream = captures[i].s;
            flip_frames(drv, &stream);
        }
    }
    for (uint32_t i = 0; i < cases / 100; i++) {
        clear(&stream);
        for (size_t k = 0; k < VG_COUNT(makers); k++) {
            if (strcmp(makers[k].driver, drv->name) == 0) {
                makers[k].make(&stream);
            }
        }
        flip_frames(drv, &stream);
    }
}

static void prop_drivers__any_cut_gives_the_same_calls(void **state)
{
    (void)state;
    said = 0;
    for_each_driver(same_calls);
    print_message("%llu calls compared\n", (unsigned long long)said);
    assert_true(said > cases);
}

static void prop_drivers__two_good_packets_after_garbage_give_a_reading(void **state)
{
    (void)state;
    for_each_driver(recovers);
}

static void prop_drivers__single_bit_flips_are_refused(void **state)
{
    (void)state;
    for_each_driver(refuses_flips);
}

static int load_all(void **state)
{
    (void)state;
    for (size_t i = 0; vg_drivers[i] != NULL; i++) {
        if (vg_drivers[i]->link == VG_LINK_BYTES && load_captures(vg_drivers[i]) == 0) {
            print_error("no captures for driver %s\n", vg_drivers[i]->name);
            return -1;
        }
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_drivers__any_cut_gives_the_same_calls),
        cmocka_unit_test(prop_drivers__two_good_packets_after_garbage_give_a_reading),
        cmocka_unit_test(prop_drivers__single_bit_flips_are_refused),
    };
    const char *seed = getenv("VG_SEED");
    const char *count = getenv("VG_CASES");

    rng_state = seed != NULL ? strtoull(seed, NULL, 0) : 20261124u;
    cases = count != NULL ? (uint32_t)strtoul(count, NULL, 0) : 10000u;
    print_message("VG_SEED=%llu VG_CASES=%u\n", (unsigned long long)rng_state, cases);
    return cmocka_run_group_tests_name("drivers", tests, load_all, NULL);
}
