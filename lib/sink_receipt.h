/*
 * sink_receipt.h -- which instances are to be confirmed to the daemon, and when again. Pure.
 *
 * A receipt is due once for each telling of an instance that sounds, again when no ok came, and again
 * in each new run of the daemon in which it still sounds. Trap: a run that is over takes its receipts with it;
 * the sink says what still sounds, and only that becomes due again.
 */
#ifndef VIGIL_LIB_SINK_RECEIPT_H
#define VIGIL_LIB_SINK_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/sink_state.h"
#include "vigil/capacity.h"
#include "vigil/time.h"

/* More than sound at once anywhere; the oldest makes room. */
#define VG_RECEIPTS_KEPT 64
/* A receipt without an answer is sent again after this; one that was refused, at most so often. */
#define VG_RECEIPT_AGAIN_NS (2 * VG_NS_PER_S)
#define VG_RECEIPT_REFUSALS 5

struct vg_asink_receipt {
    uint64_t instance; /* 0 = free */
    uint16_t telling;
    int64_t run;
    int64_t due_ns;
    uint32_t age; /* order of coming */
    uint8_t refusals;
    bool ok;
    char bed[VG_ID_MAX];
};

/* Zero it before first use. */
struct vg_asink_receipts {
    uint32_t ages;
    struct vg_asink_receipt of[VG_RECEIPTS_KEPT];
};

/* vg_asink_receipt_begun -- the instance sounds, in this run; may be said any number of times. */
void vg_asink_receipt_begun(struct vg_asink_receipts *r, const struct vg_voice *v, int64_t run,
                            int64_t now_ns);
/* vg_asink_receipt_next -- one that is to be sent now, or NULL. Sending it moves due_ns. */
struct vg_asink_receipt *vg_asink_receipt_next(struct vg_asink_receipts *r, int64_t run,
                                               int64_t now_ns);
void vg_asink_receipt_sent(struct vg_asink_receipt *e, int64_t now_ns);
void vg_asink_receipt_answer(struct vg_asink_receipt *e, bool ok);

#endif
