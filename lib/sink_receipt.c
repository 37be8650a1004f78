/*
 * sink_receipt.c -- see sink_receipt.h.
 */
#include "lib/sink_receipt.h"

#include <string.h>

#include "vigil/compiler.h"

static struct vg_asink_receipt *find(struct vg_asink_receipts *r, const char *bed,
                                     uint64_t instance)
{
    for (size_t i = 0; i < VG_RECEIPTS_KEPT; i++) {
        if (r->of[i].instance == instance && strcmp(r->of[i].bed, bed) == 0) {
            return &r->of[i];
        }
    }
    return NULL;
}

/* A free place, else the oldest. */
static struct vg_asink_receipt *place(struct vg_asink_receipts *r)
{
    struct vg_asink_receipt *best = &r->of[0];
    for (size_t i = 0; i < VG_RECEIPTS_KEPT; i++) {
        struct vg_asink_receipt *e = &r->of[i];
        if (e->instance == 0) {
            return e;
        }
        best = e->age < best->age ? e : best;
    }
    return best;
}

void vg_asink_receipt_begun(struct vg_asink_receipts *r, const struct vg_voice *v, int64_t run,
                            int64_t now_ns)
{
    struct vg_asink_receipt *e = find(r, v->bed, v->instance);

    VG_ASSERT(v->instance != 0);
    if (e != NULL && e->run == run && e->telling == v->telling) {
        return;
    }
    if (e == NULL) {
        e = place(r);
    }
    memset(e, 0, sizeof *e);
    memcpy(e->bed, v->bed, sizeof e->bed);
    e->instance = v->instance;
    e->telling = v->telling;
    e->run = run;
    e->due_ns = now_ns;
    e->age = ++r->ages;
}

struct vg_asink_receipt *vg_asink_receipt_next(struct vg_asink_receipts *r, int64_t run,
                                               int64_t now_ns)
{
    struct vg_asink_receipt *best = NULL;
    for (size_t i = 0; i < VG_RECEIPTS_KEPT; i++) {
        struct vg_asink_receipt *e = &r->of[i];
        bool due = e->instance != 0 && e->run == run && !e->ok && e->due_ns <= now_ns &&
                   e->refusals < VG_RECEIPT_REFUSALS;
        if (due && (best == NULL || e->due_ns < best->due_ns)) {
            best = e;
        }
    }
    return best;
}

void vg_asink_receipt_sent(struct vg_asink_receipt *e, int64_t now_ns)
{
    e->due_ns = now_ns + VG_RECEIPT_AGAIN_NS;
}

void vg_asink_receipt_answer(struct vg_asink_receipt *e, bool ok)
{
    e->ok = ok;
    if (!ok) {
        e->refusals++;
    }
}
