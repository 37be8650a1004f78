/*
 * schedule_cuff.c -- cuffs that are asked by the plan: when, how often, and when a person said no.
 *
 * A mark asks for a cuff twice at most; a person's abort leaves it to people, and a person may put it
 * off once.
 */
#include "core/schedule.h"

/* The pressure a cuff could be asked for now; mark_count when there is none. */
static uint16_t cuff_mark(const struct vg_step *st)
{
    const struct vg_session *s = &st->bed->session;
    uint16_t i = 0;
    for (; i < s->mark_count; i++) {
        const struct vg_mark *m = &s->marks[i];
        if (m->scales == 0 && vg_mark_is_open(m) && m->state >= VG_MS_DUE &&
            st->in->mono_ns >= m->cuff_ns) {
            break;
        }
    }
    return i;
}

void vg_schedule_cuff(struct vg_step *st)
{
    const struct vg_protocol *p = vg_engine_protocol(st->e, st->in->bed);
    struct vg_session *s = &st->bed->session;
    uint16_t i = p != NULL && p->auto_cuff && !st->e->as_recorded ? cuff_mark(st) : s->mark_count;

    if (i == s->mark_count || s->marks[i].tries >= VG_CUFF_TRIES) {
        return;
    }
    for (uint16_t d = st->bed->first; d != VG_DEVICE_NONE; d = st->e->devices[d].next) {
        if (st->e->devices[d].is_cuff && vg_cuff_may_start(st, d) == VG_REFUSED_NOT) {
            s->marks[i].tries++;
            vg_mark_say(st, i, s->marks[i].state); /* a restart must not ask once more */
            vg_cuff_start(st, d);
            return;
        }
    }
}

void vg_schedule_cuff_aborted(struct vg_step *st)
{
    struct vg_session *s = &st->bed->session;
    uint16_t i = cuff_mark(st);
    if (i < s->mark_count) {
        s->marks[i].tries = VG_CUFF_TRIES; /* a person did not want it: a person measures */
        vg_mark_say(st, i, s->marks[i].state);
    }
}

enum vg_refusal vg_schedule_defer(struct vg_step *st, int32_t by_s)
{
    struct vg_session *s = &st->bed->session;

    for (uint16_t i = 0; i < s->mark_count; i++) {
        struct vg_mark *m = &s->marks[i];
        if (m->scales != 0 || !vg_mark_is_open(m) || m->state == VG_MS_WAITING || m->tries > 0) {
            continue;
        }
        if (m->deferred) {
            return VG_REFUSED_DEFERRED;
        }
        m->deferred = true;
        m->cuff_ns = (st->in->mono_ns > m->due_ns ? st->in->mono_ns : m->due_ns) +
                     by_s * VG_NS_PER_S;
        return VG_REFUSED_NOT;
    }
    return VG_REFUSED_NO_PLAN;
}
