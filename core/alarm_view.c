/*
 * alarm_view.c -- the alarm state of a bed as others see it: what is open, what sounds where.
 *
 * Nothing in here changes anything. What is audible follows from the states of the machines alone,
 * so a restarted program, a replay and a second reader all come to the same answer.
 */
#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/step.h"
#include "vigil/compiler.h"

/* Order of display: priority first, then the older instance. */
static bool comes_before(const struct vg_slot *a, const struct vg_slot *b)
{
    if (a->priority != b->priority) {
        return a->priority > b->priority;
    }
    /* A damaged record can give one number twice; both are shown. */
    return a->instance != b->instance ? a->instance < b->instance : a < b;
}

static void open_alarm_event(const struct vg_bed *b, uint16_t bed, const struct vg_slot *s,
                             int64_t now_ns, struct vg_event *ev)
{
    bool about_device = vg_condition_get((enum vg_condition)s->condition)->subject ==
                        VG_SUBJ_DEVICE;
    memset(ev, 0, sizeof *ev);
    ev->kind = VG_EV_ALARM;
    ev->bed = bed;
    ev->session = b->session.seq;
    ev->mono_ns = now_ns;
    ev->flags = s->flags;
    ev->device = about_device ? s->subject : s->device;
    vg_alarm_fill(&ev->u.alarm, s, now_ns);
    ev->u.alarm.from = s->state;
}

/* The open slot that is shown after `last`, the first one after NULL; NULL at the end. */
static const struct vg_slot *next_open(const struct vg_bed *b, const struct vg_slot *last)
{
    const struct vg_slot *next = NULL;
    for (uint16_t i = 0; i < b->slot_count; i++) {
        const struct vg_slot *s = &b->slots[i];
        if (vg_slot_is_open(s) && (last == NULL || comes_before(last, s)) &&
            (next == NULL || comes_before(s, next))) {
            next = s;
        }
    }
    return next;
}

size_t vg_engine_open_alarms(const struct vg_engine *e, uint16_t bed, int64_t now_ns,
                             struct vg_event *out, size_t cap)
{
    const struct vg_bed *b = &e->beds[bed];
    const struct vg_slot *at = next_open(b, NULL);

    for (size_t n = 0; at != NULL && n < cap; n++) {
        open_alarm_event(b, bed, at, now_ns, &out[n]);
        at = next_open(b, at);
    }
    return vg_alarm_open_count(b);
}

/* --- what sounds ---------------------------------------------------------------------------- */

/* The vital whose signals a person may pause or switch off, or COUNT. */
static enum vg_vital vital_of(const struct vg_slot *s)
{
    const struct vg_condition_row *row = vg_condition_get((enum vg_condition)s->condition);
    return (enum vg_vital)(row->subject == VG_SUBJ_VITAL ? s->subject : row->vital);
}

static enum vg_inhibit_state inhibited(const struct vg_bed *b, const struct vg_slot *s)
{
    enum vg_vital v = vital_of(s);
    if (v < VG_VITAL_COUNT && b->vital[v].state != VG_IS_ON) {
        return (enum vg_inhibit_state)b->vital[v].state;
    }
    return s->paused ? VG_IS_AUDIO_PAUSED : VG_IS_ON;
}

const struct vg_slot *vg_engine_audible(const struct vg_engine *e, uint16_t bed,
                                        enum vg_sink_role role)
{
    const struct vg_bed *b = &e->beds[bed];
    const struct vg_slot *best = NULL;

    for (uint16_t i = 0; i < b->slot_count; i++) {
        const struct vg_slot *s = &b->slots[i];
        if (!vg_slot_wants_sound(s, b->limits.of[s->condition].latch) ||
            inhibited(b, s) != VG_IS_ON ||
            !vg_route_reaches((enum vg_route_state)s->route.state, role)) {
            continue;
        }
        if (best == NULL || s->priority > best->priority ||
            (s->priority == best->priority && s->instance > best->instance)) {
            best = s;
        }
    }
    return best;
}

bool vg_engine_alarm_more(const struct vg_engine *e, uint16_t bed, uint64_t instance,
                          struct vg_alarm_more *out)
{
    const struct vg_bed *b = &e->beds[bed];
    for (uint16_t i = 0; i < b->slot_count; i++) {
        const struct vg_slot *s = &b->slots[i];
        if (vg_slot_is_open(s) && s->instance == instance) {
            out->slot = s;
            out->inhibit = (uint8_t)inhibited(b, s);
            return true;
        }
    }
    return false;
}
