/*
 * duty.c -- see duty.h.
 */
#include "tools/exec_sink/duty.h"

#include <string.h>

static struct duty *find(struct duties *d, const char *bed)
{
    for (size_t i = 0; i < d->count; i++) {
        if (strcmp(d->bed[i], bed) == 0) {
            return &d->of[i];
        }
    }
    return NULL;
}

static struct duty *find_or_add(struct duties *d, const char *bed)
{
    struct duty *e = find(d, bed);
    if (e == NULL && d->count < VG_COUNT(d->of)) {
        memcpy(d->bed[d->count], bed, strlen(bed) + 1); /* an id: it fits */
        e = &d->of[d->count++];
        memset(e, 0, sizeof *e);
    }
    return e;
}

static const struct duty_done *find_done(const struct duty *e)
{
    for (size_t i = 0; i < e->done_count; i++) {
        if (e->done[i].instance == e->voice.instance && e->done[i].telling == e->voice.telling) {
            return &e->done[i];
        }
    }
    return NULL;
}

bool duties_is_done(const struct duty *e)
{
    const struct duty_done *done = find_done(e);
    return done != NULL && done->priority >= e->voice.priority;
}

static void set_voice(struct duty *e, const struct vg_voice *v, int64_t now_ns)
{
    e->seen = true;
    if (vg_voice_same(v, &e->voice)) {
        return;
    }
    if (v->kind == VG_VOICE_NONE || v->kind != e->voice.kind) {
        e->done_count = 0;
    }
    e->voice = *v;
    e->due_ns = now_ns;
    e->backoff_ns = DUTY_FIRST_NS;
}

/* What one bed has to say; a test only when there is nothing real. */
static const struct vg_voice *voice_of(const struct vg_asink_bed *b, int64_t now_ns)
{
    bool test = b->last.alarm.kind == VG_VOICE_NONE && now_ns < b->test_until_ns;
    return test ? &b->last.test : &b->last.alarm;
}

/* Beds that are no longer watched make room. */
static void drop_unseen(struct duties *d, const struct vg_asink_state *s)
{
    for (uint16_t i = d->count; i-- > 0;) {
        if (!d->of[i].seen && vg_asink_find(s, d->bed[i]) == NULL) {
            d->count--;
            d->of[i] = d->of[d->count];
            memmove(d->bed[i], d->bed[d->count], sizeof d->bed[i]);
        }
    }
}

void duties_update(struct duties *d, const struct vg_asink_state *s, int64_t now_ns)
{
    struct vg_voice link = { .kind = VG_VOICE_NONE };
    for (size_t i = 0; i < d->count; i++) {
        d->of[i].seen = false;
    }
    for (size_t i = 0; i < s->count; i++) {
        const struct vg_asink_bed *b = &s->bed[i];
        struct duty *e = find_or_add(d, b->last.bed);
        if (e != NULL && !vg_asink_bed_is_lost(b, now_ns)) {
            set_voice(e, voice_of(b, now_ns), now_ns);
        }
    }
    if (vg_asink_is_lost(s, now_ns)) {
        link.kind = VG_VOICE_LINK_LOST;
        link.priority = VG_PRIO_HIGH;
        link.category = VG_CAT_EQUIPMENT;
    }
    struct duty *e = find_or_add(d, "");
    if (e != NULL) {
        set_voice(e, &link, now_ns);
    }
    drop_unseen(d, s);
}

const struct vg_voice *duties_next(const struct duties *d, int64_t now_ns)
{
    const struct vg_voice *best = NULL;
    for (size_t i = 0; i < d->count; i++) {
        const struct duty *e = &d->of[i];
        bool due = e->seen && e->voice.kind != VG_VOICE_NONE && e->due_ns <= now_ns &&
                   !duties_is_done(e);
        if (due && (best == NULL || vg_voice_worse(&e->voice, best))) {
            best = &e->voice;
        }
    }
    return best;
}

void duties_result(struct duties *d, const struct vg_voice *v, bool ok, int64_t now_ns)
{
    struct duty *e = find(d, v->bed);
    if (e == NULL || e->voice.kind != v->kind) {
        return; /* silent meanwhile: if it comes again, it is to be done again */
    }
    if (ok) {
        size_t keep = e->done_count < DUTY_DONE_KEPT ? e->done_count : DUTY_DONE_KEPT - 1;
        memmove(e->done + 1, e->done, keep * sizeof e->done[0]);
        e->done[0] = (struct duty_done){ v->instance, v->telling, v->priority };
        e->done_count = (uint8_t)(keep + 1);
    } else if (e->voice.instance == v->instance) {
        e->due_ns = now_ns + e->backoff_ns;
        e->backoff_ns = 2 * e->backoff_ns < DUTY_LAST_NS ? 2 * e->backoff_ns : DUTY_LAST_NS;
    }
}
