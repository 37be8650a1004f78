/*
 * regmap_cuff.c -- the cuff behind a register map: what runs, what ended, and whose result it is.
 *
 * Numbers in a result register prove nothing: they may be another patient's. A determination is
 * ours when its number advanced by exactly one since we started it, or, on units without a number,
 * when the age of the result fell. The trap is the state register after a start: until the unit
 * begins, it still shows how the determination before ended. An end counts only when the run was
 * seen, or when the state was another at the poll before.
 */
#include "drivers/nibp_gate.h"
#include "drivers/regmap_point.h"

/* Polls for which a cuff may be at its end without a result before there is none: 2 s. */
#define DONE_POLLS_MAX 4u

/* What one poll says of the cuff. */
struct cuff_poll {
    enum vg_map_nibp_state state;
    uint16_t seq;
    bool has_seq_point;
    bool is_first;   /* nothing was known before */
    bool is_younger; /* the result's age fell: there is a new one */
};

static bool is_busy(uint8_t state)
{
    return state == VG_MNS_BUSY_INFLATING || state == VG_MNS_BUSY_MEASURING;
}

static bool find_code(const struct vg_code *codes, uint32_t count, uint32_t raw, uint8_t *means)
{
    for (uint32_t i = 0; i < count; i++) {
        if (codes[i].raw == raw) {
            *means = codes[i].means;
            return true;
        }
    }
    return false;
}

static bool take_state(const struct vg_regmap_view *w, enum vg_map_nibp_state *state)
{
    const struct vg_point *p = vg_point_of_role(w->map, VG_ROLE_NIBP_STATE);
    uint32_t raw = 0;
    uint8_t means = VG_MNS_IDLE;

    *state = VG_MNS_IDLE;
    if (p == NULL) {
        return true; /* a cuff that can only be listened to */
    }
    if (!vg_point_fetch(w, p, &raw) ||
        !find_code(w->map->states, w->map->state_count, raw, &means)) {
        return false;
    }
    *state = means;
    return true;
}

static bool take_seq(const struct vg_regmap_view *w, struct cuff_poll *now)
{
    const struct vg_point *p = vg_point_of_role(w->map, VG_ROLE_NIBP_SEQ);
    uint32_t raw = 0;

    now->has_seq_point = p != NULL;
    if (p != NULL && !vg_point_fetch(w, p, &raw)) {
        return false;
    }
    now->seq = (uint16_t)(raw & 0xffffu);
    return true;
}

static bool take_age(const struct vg_regmap_view *w, struct vg_regmap_state *st,
                     struct cuff_poll *now)
{
    const struct vg_point *p = vg_point_of_role(w->map, VG_ROLE_NIBP_AGE);
    uint32_t raw = 0;
    int32_t age_milli = 0;
    bool has_age = false;

    if (p == NULL) {
        return true;
    }
    if (!vg_point_fetch(w, p, &raw)) {
        return false;
    }
    has_age = vg_point_decode(p, raw, &age_milli);
    now->is_younger = !now->is_first && has_age &&
                      (!st->has_nibp_age || age_milli < st->nibp_age_milli);
    st->has_nibp_age = has_age;
    st->nibp_age_milli = age_milli;
    return true;
}

static uint16_t native_error(const struct vg_regmap_view *w, uint8_t *means)
{
    const struct vg_point *p = vg_point_of_role(w->map, VG_ROLE_NIBP_ERROR);
    uint32_t raw = 0;

    *means = VG_NIBP_UNKNOWN;
    if (p == NULL || !vg_point_fetch(w, p, &raw)) {
        return 0;
    }
    if (!find_code(w->map->errors, w->map->error_count, raw, means) || *means == VG_NIBP_OK) {
        *means = VG_NIBP_UNKNOWN; /* it failed, and says that nothing was wrong */
    }
    return (uint16_t)(raw & 0xffffu);
}

static bool take_number(const struct vg_regmap_view *w, enum vg_vital vital, int32_t *milli)
{
    const struct vg_point *p = vg_point_of_vital(w->map, vital);
    uint32_t raw = 0;

    return p != NULL && vg_point_fetch(w, p, &raw) && vg_point_decode(p, raw, milli);
}

/* The numbers of a result; false while they are not all there. */
static bool take_result(const struct vg_regmap_view *w, struct vg_nibp *out)
{
    struct vg_nibp n = { .error = VG_NIBP_OK };

    if (!take_number(w, VG_VITAL_NIBP_SYS, &n.sys_milli) ||
        !take_number(w, VG_VITAL_NIBP_DIA, &n.dia_milli)) {
        return false;
    }
    if (vg_point_of_vital(w->map, VG_VITAL_NIBP_MEAN) == NULL) {
        int64_t sum = (int64_t)n.sys_milli + 2 * (int64_t)n.dia_milli;

        n.mean_milli = (int32_t)vg_round_div(sum, 1, 3);
        n.mean_computed = true;
    } else if (!take_number(w, VG_VITAL_NIBP_MEAN, &n.mean_milli)) {
        return false;
    } else {
        /* the unit's own */
    }
    if (!take_number(w, VG_VITAL_NIBP_PULSE_RATE, &n.pulse_rate_milli)) {
        n.pulse_rate_milli = 0;
    }
    *out = vg_nibp_is_plausible(&n) ? n : vg_nibp_failed(VG_NIBP_IMPLAUSIBLE, 0);
    return true;
}

static void end_ours(const struct vg_regmap_view *w, struct vg_regmap_state *st,
                     const struct vg_nibp *n)
{
    st->started = false;
    w->sink->nibp(w->sink->state, n);
}

static void fail_ours(const struct vg_regmap_view *w, struct vg_regmap_state *st,
                      enum vg_nibp_error error, uint16_t native)
{
    struct vg_nibp n = vg_nibp_failed(error, native);

    end_ours(w, st, &n);
}

/* The unit is at its end, or idle after a run: is there a result, and is it ours? */
static void judge_end(const struct vg_regmap_view *w, struct vg_regmap_state *st,
                      const struct cuff_poll *now)
{
    uint32_t advance = ((uint32_t)now->seq - st->seq_at_start) & 0xffffu;
    bool is_proven = now->has_seq_point ? advance == 1u : st->age_dropped;
    struct vg_nibp n;

    if (now->has_seq_point && advance > 1u) {
        /* Ours ended too, and its numbers are lost among others. A foreign result moves no
         * determination, so the end is said first. */
        w->sink->cuff(w->sink->state, VG_CUFF_COMPLETED);
        fail_ours(w, st, VG_NIBP_FOREIGN, 0);
    } else if (is_proven && take_result(w, &n)) {
        end_ours(w, st, &n);
    } else {
        st->done_polls++;
        if (st->done_polls >= DONE_POLLS_MAX) {
            fail_ours(w, st, VG_NIBP_NO_RESULT, 0);
        }
    }
}

/* Did the determination run, perhaps between two polls? */
static bool has_run(const struct vg_regmap_state *st, const struct cuff_poll *now)
{
    bool is_new_state = st->nibp_state != (uint8_t)now->state + 1u;
    bool has_advanced = now->has_seq_point ? now->seq != st->seq_at_start : st->age_dropped;

    return st->seen_busy || (now->state != VG_MNS_IDLE && is_new_state) ||
           (now->state == VG_MNS_DONE && has_advanced);
}

/* Follow the determination we started. */
static void follow_ours(const struct vg_regmap_view *w, struct vg_regmap_state *st,
                        const struct cuff_poll *now)
{
    uint8_t means = VG_NIBP_UNKNOWN;
    uint16_t native = 0;

    if (is_busy((uint8_t)now->state)) {
        st->seen_busy = true;
        st->done_polls = 0;
        return;
    }
    if (st->aborting) {
        /* At rest after our abort. Who aborted has reported that already. */
        st->started = false;
        w->sink->cuff(w->sink->state, VG_CUFF_ABORTED);
        return;
    }
    st->seen_busy = has_run(st, now);
    if (!st->seen_busy) {
        return; /* not begun: what the state shows is the end of an older one */
    }
    if (now->state == VG_MNS_FAILED) {
        native = native_error(w, &means);
        fail_ours(w, st, means, native);
    } else if (now->state == VG_MNS_ABORTED) {
        native = native_error(w, &means);
        fail_ours(w, st, VG_NIBP_USER_ABORT, native); /* at the unit's own button */
    } else {
        judge_end(w, st, now);
    }
}

/* Somebody measured at the unit's own panel: true, but not ours, so without numbers. A jump by
 * more than one is as likely a unit that was switched on again. */
static void watch_foreign(const struct vg_regmap_view *w, const struct vg_regmap_state *st,
                          const struct cuff_poll *now)
{
    uint32_t advance = ((uint32_t)now->seq - st->seq) & 0xffffu;
    bool is_new = now->has_seq_point ? st->has_seq && advance == 1u : now->is_younger;

    if (is_new) {
        struct vg_nibp n = vg_nibp_failed(VG_NIBP_FOREIGN, 0);

        w->sink->nibp(w->sink->state, &n);
    }
}

void vg_regmap_say_cuff(const struct vg_regmap_view *w, struct vg_regmap_state *st)
{
    const struct vg_point *pressure = vg_point_of_vital(w->map, VG_VITAL_CUFF_PRESSURE);
    bool has_state = vg_point_of_role(w->map, VG_ROLE_NIBP_STATE) != NULL;
    struct cuff_poll now = { .is_first = st->nibp_state == 0 };

    if (pressure != NULL) {
        vg_point_say(w, pressure, VG_QUALITY_OK);
    }
    if (!take_state(w, &now.state) || !take_seq(w, &now) || !take_age(w, st, &now)) {
        return;
    }
    st->age_dropped = st->age_dropped || (st->started && now.is_younger);
    if (st->started) {
        follow_ours(w, st, &now);
    } else if (!now.is_first) {
        watch_foreign(w, st, &now);
    } else {
        /* what is there at the first poll may be another patient's */
    }
    st->nibp_state = (uint8_t)(now.state + 1u);
    st->has_seq = now.has_seq_point;
    st->seq = now.seq;
    if (has_state && is_busy((uint8_t)now.state)) {
        w->sink->cuff(w->sink->state, VG_CUFF_RUNNING);
    } else if (has_state && !st->started) {
        w->sink->cuff(w->sink->state, VG_CUFF_IDLE);
    } else {
        /* ended, but not yet proven */
    }
}

/* A start needs to know what was there before it, or the result could never be proven; and a unit
 * seen to run is not told to start. */
static bool may_start(const struct vg_regmap *map, const struct vg_regmap_state *st)
{
    bool needs_seq = vg_point_of_role(map, VG_ROLE_NIBP_SEQ) != NULL;

    return st->nibp_state != 0 && !is_busy((uint8_t)(st->nibp_state - 1u)) &&
           (st->has_seq || !needs_seq);
}

/* Beyond the header's words: START is VG_ERR_STATE also while the unit is busy or before the first
 * poll. When the unit refuses the write (exceptions 01 to 04 and 06), nothing of ours runs: the
 * caller clears `started`. */
enum vg_status vg_regmap_write(const struct vg_regmap *map, struct vg_regmap_state *st,
                               enum vg_request_what what, enum vg_area *area, uint16_t *addr,
                               uint16_t *value)
{
    const struct vg_point *p = NULL;
    bool enable = what == VG_REQ_NONE;

    if (enable) {
        p = vg_point_of_role(map, VG_ROLE_ENABLE);
    } else if (what == VG_REQ_NIBP_START && may_start(map, st)) {
        p = vg_point_of_role(map, VG_ROLE_NIBP_START);
    } else if (what == VG_REQ_NIBP_ABORT) {
        p = vg_point_of_role(map, VG_ROLE_NIBP_ABORT);
    } else {
        /* nothing to write: values and results are polled */
    }
    if (p == NULL) {
        return VG_ERR_STATE;
    }
    if (what == VG_REQ_NIBP_START) {
        st->started = true;
        st->seen_busy = false;
        st->aborting = false;
        st->age_dropped = false;
        st->done_polls = 0;
        st->seq_at_start = st->seq;
    } else if (!enable) {
        st->aborting = st->started;
    } else {
        /* enabling changes nothing we remember */
    }
    *area = p->area;
    *addr = p->addr;
    *value = enable ? p->write_value : 1u;
    return VG_OK;
}
