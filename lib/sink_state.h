/*
 * sink_state.h -- what an alarm sink has to voice: frames and time in, one voice out. Pure.
 *
 * The daemon decides for each bed and role what is to be heard; here several beds become one voice,
 * and the daemon's own silence becomes an alarm. A sink never judges a value, never pauses anything
 * and never drops an alarm by itself.
 *
 * Trap: what a bed said before it fell silent is the past and is not voiced; the lost link is. When
 * one bed is lost and another has a live alarm of the same priority, the live one goes first.
 *
 * (vg_asink, an alarm sink; vg_sink is where a driver puts its readings.)
 */
#ifndef VIGIL_LIB_SINK_STATE_H
#define VIGIL_LIB_SINK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vigil/alarm.h"
#include "vigil/capacity.h"
#include "vigil/compiler.h"
#include "vigil/routing.h"
#include "vigil/status.h"
#include "vigil/time.h"

/* The daemon speaks of every bed once a second: three frames missing are no accident. */
#define VG_ASINK_LOST_NS (3 * VG_NS_PER_S)
/* One alarm instance as text. */
#define VG_ASINK_DETAIL_MAX 768

enum vg_voice_kind { VG_VOICE_NONE, VG_VOICE_TEST, VG_VOICE_ALARM, VG_VOICE_LINK_LOST };

struct vg_voice {
    uint64_t instance;   /* ALARM; else 0 */
    uint16_t telling;    /* ALARM: grows when it is told anew */
    uint8_t kind;        /* enum vg_voice_kind */
    uint8_t priority;    /* enum vg_priority */
    uint8_t category;    /* enum vg_category */
    char bed[VG_ID_MAX]; /* ALARM, TEST; else empty */
};

/* What one .alarms frame says to a sink of one role. */
struct vg_asink_frame {
    int64_t run;
    int64_t test_ms; /* how long the test signal lasts from now */
    struct vg_voice alarm, test;
    char bed[VG_ID_MAX];
    char detail[VG_ASINK_DETAIL_MAX]; /* the instance as a JSON object; empty when not listed */
};

struct vg_asink_bed {
    int64_t heard_ns;
    int64_t test_until_ns;
    struct vg_asink_frame last;
};

/* Zeroed by vg_asink_state_init. */
struct vg_asink_state {
    bool all;  /* whichever beds are heard; else the given ones */
    bool told; /* at least one frame came */
    uint16_t count;
    int64_t start_ns;
    int64_t run; /* of the newest frame */
    struct vg_asink_bed bed[VG_BEDS_MAX];
};

/* vg_asink_state_init -- begin to listen at now_ns. bed_count = 0: to all beds. */
void vg_asink_state_init(struct vg_asink_state *s, int64_t now_ns, const char *const *beds,
                         size_t bed_count);

/*
 * vg_asink_state_frame -- take one frame. In a new run of the daemon beds of an older one that were
 * not asked for by name are forgotten: its configuration may have fewer.
 *
 * Errors: VG_ERR_STATE (a bed that is not followed), VG_ERR_FULL.
 */
VG_NODISCARD enum vg_status vg_asink_state_frame(struct vg_asink_state *s,
                                                 const struct vg_asink_frame *f, int64_t now_ns);

/* vg_asink_is_lost -- has the daemon been silent about any bed for too long? */
bool vg_asink_is_lost(const struct vg_asink_state *s, int64_t now_ns);
bool vg_asink_bed_is_lost(const struct vg_asink_bed *b, int64_t now_ns);

/* vg_asink_top -- the one voice now; kind NONE: silence. */
void vg_asink_top(const struct vg_asink_state *s, int64_t now_ns, struct vg_voice *out);

/* vg_asink_find -- a bed by its id, or NULL. */
const struct vg_asink_bed *vg_asink_find(const struct vg_asink_state *s, const char *bed);

/* vg_voice_same -- would it sound the same to go on? vg_voice_worse -- does a go before b? */
bool vg_voice_same(const struct vg_voice *a, const struct vg_voice *b);
bool vg_voice_worse(const struct vg_voice *a, const struct vg_voice *b);

/* Words of the wire. A priority of a later version is taken as high, a category as general: an
 * alarm nobody knows is still an alarm. */
enum vg_priority vg_asink_priority(const char *word);
enum vg_category vg_asink_category(const char *word);

#endif
