/*
 * sink_state.c -- see sink_state.h.
 */
#include "lib/sink_state.h"

#include <string.h>

/* --- words ---------------------------------------------------------------------------------- */

enum vg_priority vg_asink_priority(const char *word)
{
    enum vg_priority p = VG_PRIO_HIGH;
    return word != NULL && vg_priority_find(word, &p) ? p : VG_PRIO_HIGH;
}

enum vg_category vg_asink_category(const char *word)
{
    enum vg_category c = VG_CAT_GENERAL;
    return word != NULL && vg_category_find(word, &c) ? c : VG_CAT_GENERAL;
}

/* --- frames --------------------------------------------------------------------------------- */

void vg_asink_state_init(struct vg_asink_state *s, int64_t now_ns, const char *const *beds,
                         size_t bed_count)
{
    VG_ASSERT(bed_count <= VG_BEDS_MAX);
    memset(s, 0, sizeof *s);
    s->all = bed_count == 0;
    s->start_ns = now_ns;
    s->count = (uint16_t)bed_count;
    for (size_t i = 0; i < bed_count; i++) {
        struct vg_asink_bed *b = &s->bed[i];
        size_t len = strlen(beds[i]);
        VG_ASSERT(len < sizeof b->last.bed);
        memcpy(b->last.bed, beds[i], len + 1);
        b->heard_ns = now_ns;
    }
}

static struct vg_asink_bed *find(struct vg_asink_state *s, const char *id)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->bed[i].last.bed, id) == 0) {
            return &s->bed[i];
        }
    }
    return NULL;
}

const struct vg_asink_bed *vg_asink_find(const struct vg_asink_state *s, const char *bed)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->bed[i].last.bed, bed) == 0) {
            return &s->bed[i];
        }
    }
    return NULL;
}

static void forget_other_runs(struct vg_asink_state *s, int64_t run)
{
    uint16_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->bed[i].last.run == run) {
            s->bed[kept++] = s->bed[i];
        }
    }
    s->count = kept;
}

enum vg_status vg_asink_state_frame(struct vg_asink_state *s, const struct vg_asink_frame *f,
                                    int64_t now_ns)
{
    if (s->all && s->told && f->run != s->run) {
        forget_other_runs(s, f->run);
    }
    struct vg_asink_bed *b = find(s, f->bed);
    if (b == NULL && !s->all) {
        return VG_ERR_STATE;
    }
    if (b == NULL && s->count == VG_BEDS_MAX) {
        return VG_ERR_FULL;
    }
    if (b == NULL) {
        b = &s->bed[s->count++];
    }
    s->told = true;
    s->run = f->run;
    b->last = *f;
    b->heard_ns = now_ns;
    b->test_until_ns = now_ns + f->test_ms * VG_NS_PER_MS;
    return VG_OK;
}

/* --- the voice ------------------------------------------------------------------------------ */

bool vg_asink_bed_is_lost(const struct vg_asink_bed *b, int64_t now_ns)
{
    return now_ns - b->heard_ns >= VG_ASINK_LOST_NS;
}

bool vg_asink_is_lost(const struct vg_asink_state *s, int64_t now_ns)
{
    if (s->count == 0) {
        return now_ns - s->start_ns >= VG_ASINK_LOST_NS;
    }
    for (size_t i = 0; i < s->count; i++) {
        if (vg_asink_bed_is_lost(&s->bed[i], now_ns)) {
            return true;
        }
    }
    return false;
}

bool vg_voice_same(const struct vg_voice *a, const struct vg_voice *b)
{
    return a->kind == b->kind && a->instance == b->instance && a->telling == b->telling &&
           a->priority == b->priority && a->category == b->category && strcmp(a->bed, b->bed) == 0;
}

bool vg_voice_worse(const struct vg_voice *a, const struct vg_voice *b)
{
    bool a_real = a->kind >= VG_VOICE_ALARM;
    bool b_real = b->kind >= VG_VOICE_ALARM;
    if (a_real != b_real || a->kind == VG_VOICE_NONE || b->kind == VG_VOICE_NONE) {
        return a->kind > b->kind;
    }
    return a->priority != b->priority ? a->priority > b->priority : a->instance > b->instance;
}

static void offer(struct vg_voice *best, const struct vg_voice *v)
{
    if (vg_voice_worse(v, best)) {
        *best = *v;
    }
}

void vg_asink_top(const struct vg_asink_state *s, int64_t now_ns, struct vg_voice *out)
{
    static const struct vg_voice none = { .kind = VG_VOICE_NONE };
    static const struct vg_voice lost = { .kind = VG_VOICE_LINK_LOST,
                                          .priority = VG_PRIO_HIGH,
                                          .category = VG_CAT_EQUIPMENT };
    *out = none;
    for (size_t i = 0; i < s->count; i++) {
        const struct vg_asink_bed *b = &s->bed[i];
        if (vg_asink_bed_is_lost(b, now_ns)) {
            continue;
        }
        offer(out, &b->last.alarm);
        if (now_ns < b->test_until_ns) {
            offer(out, &b->last.test);
        }
    }
    if (vg_asink_is_lost(s, now_ns)) {
        offer(out, &lost);
    }
}
