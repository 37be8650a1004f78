/*
 * nibp.c -- the determination machine as a table [state][input].
 *
 * Limits: STARTING 3 s (then nobody knows whether the cuff inflates: abort, never a second start);
 * INFLATING and MEASURING together 180 s, the adult bound for pressure above 15 mmHg that cuff
 * standards set for one determination; RESULT asked three times, a second apart; ABORTING 5 s,
 * the abort repeated once a second, then it is said that the cuff does not answer and repeated every
 * ten until it does or the longest determination is over; COOLDOWN 30 s deflated.
 * Trap: a link that breaks while inflated is reported at once, and the abort is kept and sent as
 * the first word after the link is back. The same holds after a restart of the daemon.
 */
#include "core/nibp.h"

#include <assert.h>
#include <string.h>

#include "vigil/compiler.h"

#define START_NS (3 * VG_NS_PER_S)
#define DETERMINATION_NS (180 * VG_NS_PER_S)
#define RESULT_NS VG_NS_PER_S
#define RESULT_TRIES 3
#define ABORT_REPEAT_NS VG_NS_PER_S
#define ABORT_TRIES 5
#define ABORT_SLOW_NS (10 * VG_NS_PER_S)
#define FALLING_MILLI 10000

/* One cell: next state + 1 (0 = the pair changes nothing), request, error. */
struct cell {
    uint8_t next_plus_1;
    uint8_t request;
    uint8_t error;
};

#define TO(state) (VG_NS_##state + 1)
#define GO(state)                                                                                  \
    {                                                                                              \
        TO(state), VG_REQ_NONE, VG_NIBP_OK                                                         \
    }
#define ASK(state, what)                                                                           \
    {                                                                                              \
        TO(state), VG_REQ_NIBP_##what, VG_NIBP_OK                                                  \
    }
#define FAIL(state, err)                                                                           \
    {                                                                                              \
        TO(state), VG_REQ_NONE, VG_NIBP_##err                                                      \
    }
#define FAIL_ABORT(err)                                                                            \
    {                                                                                              \
        TO(ABORTING), VG_REQ_NIBP_ABORT, VG_NIBP_##err                                             \
    }

/* clang-format off */
static const struct cell table[VG_NS_COUNT][VG_NI_COUNT] = {
    [VG_NS_IDLE] = {
        [VG_NI_START] = ASK(STARTING, START),
        [VG_NI_ABORT] = ASK(ABORTING, ABORT),
    },
    [VG_NS_STARTING] = {
        [VG_NI_ABORT] = FAIL_ABORT(USER_ABORT),
        [VG_NI_ACCEPTED] = GO(INFLATING),
        [VG_NI_BUSY] = FAIL(COOLDOWN, NOT_READY_BUSY),
        [VG_NI_RUNNING] = GO(INFLATING),
        [VG_NI_REFUSED] = FAIL(COOLDOWN, START_FAILED),
        [VG_NI_COMPLETED] = ASK(RESULT, RESULT),
        [VG_NI_LINK_DOWN] = FAIL(ABORTING, COMM_LOST),
        [VG_NI_RESULT] = GO(COOLDOWN),
        [VG_NI_TIMEOUT] = FAIL_ABORT(START_FAILED),
    },
    [VG_NS_INFLATING] = {
        [VG_NI_ABORT] = FAIL_ABORT(USER_ABORT),
        [VG_NI_FALLING] = GO(MEASURING),
        [VG_NI_COMPLETED] = ASK(RESULT, RESULT),
        [VG_NI_ABORTED] = FAIL(COOLDOWN, USER_ABORT),
        [VG_NI_LINK_DOWN] = FAIL(ABORTING, COMM_LOST),
        [VG_NI_RESULT] = GO(COOLDOWN),
        [VG_NI_TIMEOUT] = FAIL_ABORT(MEAS_TIMEOUT),
    },
    [VG_NS_MEASURING] = {
        [VG_NI_ABORT] = FAIL_ABORT(USER_ABORT),
        [VG_NI_COMPLETED] = ASK(RESULT, RESULT),
        [VG_NI_ABORTED] = FAIL(COOLDOWN, USER_ABORT),
        [VG_NI_LINK_DOWN] = FAIL(ABORTING, COMM_LOST),
        [VG_NI_RESULT] = GO(COOLDOWN),
        [VG_NI_TIMEOUT] = FAIL_ABORT(MEAS_TIMEOUT),
    },
    [VG_NS_RESULT] = {
        [VG_NI_ABORT] = FAIL_ABORT(USER_ABORT),
        [VG_NI_RESULT] = GO(COOLDOWN),
        [VG_NI_LINK_DOWN] = FAIL(COOLDOWN, COMM_LOST),
        [VG_NI_TIMEOUT] = FAIL(COOLDOWN, NO_RESULT),
    },
    [VG_NS_ABORTING] = {
        [VG_NI_ABORT] = ASK(ABORTING, ABORT),
        [VG_NI_ABORTED] = GO(COOLDOWN),
        [VG_NI_COMPLETED] = GO(COOLDOWN),
        [VG_NI_IDLE] = GO(COOLDOWN),
        [VG_NI_LINK_UP] = ASK(ABORTING, ABORT),
        [VG_NI_TIMEOUT] = GO(COOLDOWN),
    },
    [VG_NS_COOLDOWN] = {
        [VG_NI_ABORT] = ASK(ABORTING, ABORT),
        [VG_NI_TIMEOUT] = GO(IDLE),
    },
};
/* clang-format on */

void vg_nibp_init(struct vg_nibp_machine *m)
{
    memset(m, 0, sizeof *m);
    m->state = VG_NS_IDLE;
}

bool vg_nibp_is_measuring(const struct vg_nibp_machine *m)
{
    return m->state == VG_NS_STARTING || m->state == VG_NS_INFLATING ||
           m->state == VG_NS_MEASURING || m->state == VG_NS_ABORTING;
}

bool vg_nibp_may_hold(const struct vg_nibp_machine *m, int64_t now_ns)
{
    return vg_nibp_is_measuring(m) &&
           now_ns - m->started_ns < DETERMINATION_NS + VG_NIBP_COOLDOWN_NS;
}

enum vg_refusal vg_nibp_may_start(const struct vg_nibp_machine *m)
{
    if (!m->link_up) {
        return VG_REFUSED_CUFF_OFFLINE;
    }
    if (m->state == VG_NS_COOLDOWN) {
        return VG_REFUSED_CUFF_COOLDOWN;
    }
    return m->state == VG_NS_IDLE ? VG_REFUSED_NOT : VG_REFUSED_CUFF_BUSY;
}

static void enter(struct vg_nibp_machine *m, enum vg_nibp_state to, int64_t now_ns)
{
    if (to == VG_NS_STARTING) {
        m->started_ns = now_ns;
        m->peak_milli = 0;
    } else if (to == VG_NS_ABORTING && !vg_nibp_is_measuring(m)) {
        m->started_ns = now_ns; /* somebody sees it inflate: by its own button, at the latest now */
    } else {
        /* the determination goes on, or is over */
    }
    if (m->state != (uint8_t)to || to == VG_NS_ABORTING) {
        m->retries = 0;
        m->since_ns = now_ns;
    }
    m->state = (uint8_t)to;
}

struct vg_nibp_step vg_nibp_step(struct vg_nibp_machine *m, enum vg_nibp_input in, int64_t now_ns)
{
    struct vg_nibp_step out = { .from = m->state, .request = VG_REQ_NONE, .error = VG_NIBP_OK };
    const struct cell *c = &table[m->state][in];

    if (in == VG_NI_LINK_UP || in == VG_NI_LINK_DOWN) {
        m->link_up = in == VG_NI_LINK_UP;
    }
    /* An owed abort is said first: a cuff that has no pressure yet may be about to inflate. */
    if (c->next_plus_1 == 0 || (in == VG_NI_IDLE && !m->link_up)) {
        return out;
    }
    out.accept = in == VG_NI_RESULT;
    out.error = c->error;
    out.request = c->request;
    enter(m, (enum vg_nibp_state)(c->next_plus_1 - 1), now_ns);
    out.moved = m->state != out.from;
    /* An abort that cannot be said now stays owed: LINK_UP in ABORTING says it first. */
    if (!m->link_up) {
        out.request = VG_REQ_NONE;
    }
    return out;
}

struct vg_nibp_step vg_nibp_pressure(struct vg_nibp_machine *m, int32_t milli, int64_t now_ns)
{
    if (milli > m->peak_milli) {
        m->peak_milli = milli;
    }
    if (m->state == VG_NS_INFLATING && milli < m->peak_milli - FALLING_MILLI) {
        return vg_nibp_step(m, VG_NI_FALLING, now_ns);
    }
    struct vg_nibp_step none = { .from = m->state, .request = VG_REQ_NONE, .error = VG_NIBP_OK };
    return none;
}

/* Ask once more, if tries are left; else the state has timed out. */
static struct vg_nibp_step again(struct vg_nibp_machine *m, enum vg_request_what what,
                                 uint8_t tries, int64_t now_ns)
{
    struct vg_nibp_step out = { .from = m->state, .request = VG_REQ_NONE, .error = VG_NIBP_OK };
    if (++m->retries >= tries) {
        return vg_nibp_step(m, VG_NI_TIMEOUT, now_ns);
    }
    m->since_ns = now_ns;
    out.request = (uint8_t)what;
    return out;
}

/* While the link is down there is nobody to tell; the abort stays owed. After five without a word it
 * is said, once, that nobody knows whether the arm is free. */
static struct vg_nibp_step abort_again(struct vg_nibp_machine *m, int64_t now_ns)
{
    struct vg_nibp_step out = { .from = m->state, .request = VG_REQ_NONE, .error = VG_NIBP_OK };
    bool said = m->retries >= ABORT_TRIES;

    if (said && m->link_up && now_ns - m->started_ns >= DETERMINATION_NS) {
        return vg_nibp_step(m, VG_NI_TIMEOUT, now_ns);
    }
    if (!m->link_up || now_ns - m->since_ns < (said ? ABORT_SLOW_NS : ABORT_REPEAT_NS)) {
        return out;
    }
    m->since_ns = now_ns;
    m->retries = said ? m->retries : (uint8_t)(m->retries + 1);
    out.error = !said && m->retries == ABORT_TRIES ? VG_NIBP_COMM_LOST : VG_NIBP_OK;
    out.request = out.error == VG_NIBP_OK ? VG_REQ_NIBP_ABORT : VG_REQ_NONE;
    return out;
}

struct vg_nibp_step vg_nibp_tick(struct vg_nibp_machine *m, int64_t now_ns)
{
    struct vg_nibp_step none = { .from = m->state, .request = VG_REQ_NONE, .error = VG_NIBP_OK };
    int64_t lasted_ns = now_ns - m->since_ns;

    switch ((enum vg_nibp_state)m->state) {
    case VG_NS_STARTING:
        return lasted_ns >= START_NS ? vg_nibp_step(m, VG_NI_TIMEOUT, now_ns) : none;
    case VG_NS_INFLATING:
    case VG_NS_MEASURING:
        return now_ns - m->started_ns >= DETERMINATION_NS ? vg_nibp_step(m, VG_NI_TIMEOUT, now_ns)
                                                          : none;
    case VG_NS_RESULT:
        return lasted_ns >= RESULT_NS ? again(m, VG_REQ_NIBP_RESULT, RESULT_TRIES, now_ns) : none;
    case VG_NS_ABORTING:
        return abort_again(m, now_ns);
    case VG_NS_COOLDOWN:
        return lasted_ns >= VG_NIBP_COOLDOWN_NS ? vg_nibp_step(m, VG_NI_TIMEOUT, now_ns) : none;
    case VG_NS_IDLE:
    case VG_NS_COUNT:
        break;
    }
    return none;
}

void vg_nibp_restore(struct vg_nibp_machine *m, enum vg_nibp_state last, int64_t now_ns)
{
    m->since_ns = now_ns;
    m->started_ns = now_ns; /* at the latest */
    m->retries = 0;
    if (last == VG_NS_STARTING || last == VG_NS_INFLATING || last == VG_NS_MEASURING ||
        last == VG_NS_ABORTING) {
        m->state = VG_NS_ABORTING;
    } else if (last == VG_NS_COOLDOWN || last == VG_NS_RESULT) {
        m->state = VG_NS_COOLDOWN;
    } else {
        m->state = VG_NS_IDLE;
    }
}
