/*
 * fuzz_driver.c -- any bytes, in any cut, with any requests between, into any serial driver.
 *
 * Byte 0 chooses the driver, byte 1 the options, byte 2 the size of the pieces; the rest is the
 * stream. With an odd piece size, the first byte of each piece asks the driver something instead
 * of reaching it. What is called good must be plausible; a signal must have changed.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "drivers/pump.h"
#include "tests/support/plausible.h"
#include "vigil/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    uint32_t signals;
    bool has_signals;
};

static void on_reading(void *state, enum vg_vital vital, int32_t value_milli, enum vg_quality q)
{
    (void)state;
    VG_ASSERT(vital < VG_VITAL_COUNT && is_plausible_reading(vital, value_milli, q));
}

static void on_wave(void *state, enum vg_vital vital, uint32_t rate_millihz, uint16_t sample)
{
    (void)state;
    (void)sample;
    VG_ASSERT(vital == VG_VITAL_PLETH && rate_millihz > 0);
}

static void on_gap(void *state, enum vg_vital vital)
{
    (void)state;
    VG_ASSERT(vital == VG_VITAL_PLETH);
}

static void on_nibp(void *state, const struct vg_nibp *n)
{
    (void)state;
    VG_ASSERT(is_plausible_nibp(n));
}

static void on_cuff(void *state, enum vg_cuff_word word)
{
    (void)state;
    VG_ASSERT(word < VG_CUFF_WORD_COUNT);
}

static void on_signal(void *state, uint32_t bits)
{
    struct heard *h = state;

    VG_ASSERT(!h->has_signals || bits != h->signals);
    h->has_signals = true;
    h->signals = bits;
}

/* The n-th serial driver, counting round. */
static const struct vg_driver *choose(uint32_t n)
{
    const struct vg_driver *serial[16];
    uint32_t count = 0;

    for (size_t i = 0; vg_drivers[i] != NULL && count < VG_COUNT(serial); i++) {
        if (vg_drivers[i]->link == VG_LINK_BYTES) {
            serial[count] = vg_drivers[i];
            count++;
        }
    }
    return serial[n % count];
}

static void play(const struct vg_driver *drv, void *state, const struct vg_sink *sink,
                 uint32_t piece, const uint8_t *bytes, size_t n)
{
    struct vg_pump pump;
    uint8_t buf[VG_REQUEST_BYTES_MAX];

    vg_pump_init(&pump);
    while (n > 0) {
        size_t part = piece < n ? piece : n;
        size_t skip = 0;

        if (piece % 2 == 1) {
            enum vg_request_what what = (enum vg_request_what)(bytes[0] % VG_REQ_COUNT);

            VG_ASSERT(drv->request(state, what, buf, bytes[0] % (sizeof(buf) + 1u)) <= sizeof(buf));
            skip = 1;
        }
        if (part > 128) {
            vg_pump_reset(&pump);
        }
        vg_pump_feed(&pump, drv, state, bytes + skip, part - skip, sink);
        VG_ASSERT(pump.len < VG_PUMP_WINDOW);
        bytes += part;
        n -= part;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard heard = { .has_signals = false };
    const struct vg_sink sink = {
        .reading = on_reading,
        .wave = on_wave,
        .wave_gap = on_gap,
        .nibp = on_nibp,
        .cuff = on_cuff,
        .signal = on_signal,
        .state = &heard,
    };
    _Alignas(max_align_t) uint8_t state[VG_DRIVER_STATE_MAX] = { 0 };
    struct vg_driver_options options = { .variant = 0 };
    const struct vg_driver *drv = NULL;

    if (size < 4) {
        return 0;
    }
    drv = choose(data[0]);
    options.variant = data[1] & 7u;
    options.patient = (data[1] >> 3) & 7u;
    if (drv->init != NULL) {
        drv->init(state, &options);
    }
    play(drv, state, &sink, data[2] + 1u, data + 3, size - 3);
    return 0;
}
