/*
 * driver.h -- the contract of a device driver: two functions and a row.
 *
 * A driver finds a frame in bytes and says what a frame means. It has no descriptor, no clock, no
 * device number, no log and no heap; its state is a zeroed block owned by the port. What it has to
 * say leaves through the sink and nowhere else. Resynchronisation is not its business: the pump
 * (drivers/pump.h) keeps the window and drops exactly one byte after VG_FRAME_BAD.
 */
#ifndef VIGIL_DRIVER_H
#define VIGIL_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#include "vigil/event.h"

struct vg_regmap; /* drivers/regmap.h: a Modbus register map */

enum vg_frame_result {
    VG_FRAME_NEED_MORE, /* the bytes so far may become a frame */
    VG_FRAME_BAD,       /* no frame starts at the first byte */
    VG_FRAME_OK         /* a frame of *frame_len bytes starts at the first byte */
};

/*
 * The only way out of a driver. The calls may be made any number of times per frame; they
 * are made in the order the device said it. `state` is the caller's.
 */
struct vg_sink {
    void (*reading)(void *state, enum vg_vital vital, int32_t value_milli, enum vg_quality q);
    void (*wave)(void *state, enum vg_vital vital, uint32_t rate_millihz, uint16_t sample);
    void (*wave_gap)(void *state, enum vg_vital vital); /* samples are missing here */
    void (*nibp)(void *state, const struct vg_nibp *result);
    void (*cuff)(void *state, enum vg_cuff_word word);
    void (*signal)(void *state, uint32_t bits); /* enum vg_signal_bit; only when it changed */
    /* The pump's, not the driver's: a whole frame is about to be spoken. May be NULL. */
    void (*frame)(void *state);
    void *state;
};

enum vg_link_kind {
    VG_LINK_BYTES, /* serial, tty or tcp: frame() and parse() */
    VG_LINK_MODBUS /* registers: the register map */
};

struct vg_line {
    uint32_t baud;
    uint8_t data_bits; /* 7 or 8 */
    uint8_t stop_bits; /* 1 or 2 */
    char parity;       /* 'N', 'E' or 'O' */
};

/* Options a device may be given in the configuration; a driver ignores what it does not use. */
enum vg_nonin_variant {
    VG_VARIANT_STANDARD,
    VG_VARIANT_EXTENDED,
    VG_VARIANT_FAST,
    VG_VARIANT_COUNT
};
enum vg_patient_mode {
    VG_PATIENT_ADULT,
    VG_PATIENT_PAEDIATRIC,
    VG_PATIENT_NEONATE,
    VG_PATIENT_COUNT
};

struct vg_driver_options {
    uint8_t variant; /* enum vg_nonin_variant */
    uint8_t patient; /* enum vg_patient_mode */
};

struct vg_driver {
    const char *name;
    const char *title; /* for people */
    enum vg_link_kind link;
    struct vg_line line;     /* default line settings */
    uint32_t vitals;         /* bit set of 1u << enum vg_vital it can produce */
    bool is_cuff;            /* understands VG_REQ_NIBP_START */
    int64_t silent_after_ns; /* no valid frame for this long: SILENT */
    int64_t keepalive_ns;    /* period of VG_REQ_KEEPALIVE; 0 = the device talks by itself */
    size_t state_size;       /* <= VG_DRIVER_STATE_MAX */

    /* Prepare zeroed state. May be NULL. */
    void (*init)(void *state, const struct vg_driver_options *options);
    /* Look at n >= 1 bytes. Sets *frame_len only with VG_FRAME_OK, to 1..VG_FRAME_MAX. */
    enum vg_frame_result (*frame)(const uint8_t *bytes, size_t n, size_t *frame_len);
    /* Say what one whole frame means. */
    void (*parse)(void *state, const uint8_t *frame, size_t frame_len, const struct vg_sink *sink);
    /* Bytes were lost between frames (garbage, reopened port). May be NULL. */
    void (*resync)(void *state, const struct vg_sink *sink);
    /* Bytes to send for a request; 0 when the device has none or must not be asked now. */
    size_t (*request)(void *state, enum vg_request_what what, uint8_t *buf, size_t buf_cap);

    const char *source; /* document and page the bytes come from */
};

/* A model: a name people find on the case, the driver that speaks to it. */
struct vg_model {
    const char *name; /* "Nonin Xpod 3012" */
    const char *driver;
};

/* drivers/registry.c: tables end with a NULL name; sorted by name. */
extern const struct vg_driver *const vg_drivers[];
extern const struct vg_model vg_models[];
const struct vg_driver *vg_driver_find(const char *name);
const struct vg_driver *vg_driver_find_model(const char *model);

#endif
