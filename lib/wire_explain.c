/*
 * wire_explain.c -- why is this alarm open? One line for people, from the same event as the frame.
 *
 * "SpO2 low: 88 below 90 %, open for 12 s; told: desk (confirmed), room". It repeats what stands in
 * the members; a reader that has them needs no line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/wire.h"
#include "vigil/compiler.h"
#include "vigil/condition.h"

struct line {
    char *out;
    size_t cap, len;
};

static void put(struct line *l, const char *fmt, ...) VG_PRINTF(2, 3);

static void put(struct line *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(l->out + l->len, l->cap - l->len, fmt, ap);
    va_end(ap);
    if (n > 0) {
        l->len = l->len + (size_t)n < l->cap ? l->len + (size_t)n : l->cap - 1;
    }
}

/* 88 for 88000, 88.5 for 88500, 89.95 for 89950: never rounded, or a value could look like its limit. */
static void put_milli(struct line *l, int32_t milli)
{
    put(l, "%.*f",
        milli % 1000 == 0  ? 0
        : milli % 100 == 0 ? 1
        : milli % 10 == 0  ? 2
                           : 3,
        (double)milli / 1000.0);
}

static void put_cause(struct line *l, const struct vg_condition_row *row,
                      const struct vg_wire_names *n, const struct vg_event *ev)
{
    const struct vg_alarm_event *a = &ev->u.alarm;

    put(l, "%s", row->text);
    if (row->side != VG_SIDE_NONE && a->has_value) {
        put(l, ": worst ");
        put_milli(l, a->value_milli);
        put(l, row->side == VG_SIDE_LOW ? ", alarm below " : ", alarm above ");
        put_milli(l, a->limit_milli);
        put(l, " %s", vg_vital_get((enum vg_vital)row->vital)->unit);
    } else if (row->subject == VG_SUBJ_VITAL && a->subject < VG_VITAL_COUNT) {
        put(l, ": %s", vg_vital_get((enum vg_vital)a->subject)->name);
    } else if (row->subject == VG_SUBJ_SINK && a->subject < n->sink_count) {
        put(l, ": %s", n->sink[a->subject]);
    } else if (vg_wire_device(n, ev->device) != NULL) {
        put(l, ": %s", vg_wire_device(n, ev->device));
    } else {
        /* about the bed */
    }
}

static void put_told(struct line *l, const struct vg_wire_names *n,
                     const struct vg_wire_alarm_more *more)
{
    static const char *const way[VG_RS_COUNT] = {
        [VG_RS_DONE] = "nobody is being told",
        [VG_RS_SENT] = "sent to staff, not yet confirmed",
        [VG_RS_CONFIRMED] = "staff",
        [VG_RS_ESCALATED] = "staff and a second person",
        [VG_RS_LOCAL] = "everybody, in the room too",
    };
    put(l, "; told: %s", way[more->route]);
    const char *before = "; confirmed by ";
    for (uint8_t i = 0; i < n->sink_count; i++) {
        if ((more->told & (1u << i)) != 0) {
            put(l, "%s%s", before, n->sink[i]);
            before = ", ";
        }
    }
}

void vg_wire_explain(const struct vg_wire_names *n, const struct vg_event *ev,
                     const struct vg_wire_alarm_more *more, char *out, size_t cap)
{
    const struct vg_alarm_event *a = &ev->u.alarm;
    struct line l = { .out = out, .cap = cap, .len = 0 };

    out[0] = '\0';
    put_cause(&l, vg_condition_get((enum vg_condition)a->condition), n, ev);
    put(&l, "; open for %lld s", (long long)((ev->mono_ns - a->since_ns) / VG_NS_PER_S));
    if (a->to == VG_CS_LATCHED) {
        put(&l, ", over by itself, waits to be acknowledged");
    } else if (a->held) {
        put(&l, ", no value now");
    } else {
        /* as it was when it opened */
    }
    if (a->ack) {
        put(&l, ", acknowledged");
    }
    put_told(&l, n, more);
}
