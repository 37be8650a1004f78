/*
 * nibp.h -- the determination machine: one for every cuff, whatever its protocol.
 *
 * A determination inflates a cuff on a person. The machine starts one only on a person's command,
 * never sends a start twice, aborts when it does not know what the cuff is doing, and believes a
 * result only when a determination of its own has ended.
 */
#ifndef VIGIL_CORE_NIBP_H
#define VIGIL_CORE_NIBP_H

#include "vigil/event.h"

#define VG_NIBP_COOLDOWN_NS (30 * VG_NS_PER_S)

enum vg_nibp_input {
    VG_NI_START,    /* a person asks; the caller has checked vg_nibp_may_start() */
    VG_NI_ABORT,    /* a person asks */
    VG_NI_ACCEPTED, /* words of the cuff */
    VG_NI_BUSY,
    VG_NI_RUNNING,
    VG_NI_FALLING, /* cuff pressure is falling: measuring */
    VG_NI_COMPLETED,
    VG_NI_ABORTED,
    VG_NI_REFUSED,
    VG_NI_IDLE,
    VG_NI_RESULT, /* numbers or an error arrived */
    VG_NI_LINK_DOWN,
    VG_NI_LINK_UP,
    VG_NI_TIMEOUT, /* the present state lasted too long */
    VG_NI_COUNT
};

struct vg_nibp_machine {
    int64_t since_ns;   /* when the state was entered */
    int64_t started_ns; /* when the determination was asked for */
    int32_t peak_milli; /* highest cuff pressure of this determination */
    uint8_t state;      /* enum vg_nibp_state */
    uint8_t retries;    /* of the request for a result, or of the abort */
    bool link_up;
};

/* What one input asks for. */
struct vg_nibp_step {
    bool moved;
    uint8_t from;
    uint8_t request; /* enum vg_request_what, VG_REQ_NONE = none */
    uint8_t error;   /* enum vg_nibp_error to report as the result, VG_NIBP_OK = none */
    bool accept;     /* RESULT: the numbers belong to our determination */
};

void vg_nibp_init(struct vg_nibp_machine *m);

/* vg_nibp_may_start -- VG_REFUSED_NOT, or why not. */
enum vg_refusal vg_nibp_may_start(const struct vg_nibp_machine *m);

/* vg_nibp_step -- one input at one time. Errors: none; a pair without a row changes nothing. */
struct vg_nibp_step vg_nibp_step(struct vg_nibp_machine *m, enum vg_nibp_input in, int64_t now_ns);

/* vg_nibp_pressure -- a cuff pressure reading; steps with FALLING when the peak is passed. */
struct vg_nibp_step vg_nibp_pressure(struct vg_nibp_machine *m, int32_t milli, int64_t now_ns);

/* vg_nibp_tick -- steps with TIMEOUT when the state has lasted too long. */
struct vg_nibp_step vg_nibp_tick(struct vg_nibp_machine *m, int64_t now_ns);

/* vg_nibp_restore -- the recorded state before a restart: a determination that may still be
 * running is aborted as soon as the link is up. */
void vg_nibp_restore(struct vg_nibp_machine *m, enum vg_nibp_state last, int64_t now_ns);

/* True while the cuff may be inflated. */
bool vg_nibp_is_measuring(const struct vg_nibp_machine *m);

/* vg_nibp_may_hold -- may it still hold pressure? False once the longest determination and its pause
 * are over, whatever the cuff says or does not. */
bool vg_nibp_may_hold(const struct vg_nibp_machine *m, int64_t now_ns);

#endif
