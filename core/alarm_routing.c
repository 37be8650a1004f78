/*
 * alarm_routing.c -- machine R as a table of rows; the first row that fits is taken.
 *
 * Traps: a restored instance goes to the room at once and never through SENT, or a daemon that keeps
 * crashing would restart the wait for a receipt for ever and nobody would hear anything (Q13). An
 * instance that has reached the room never goes back (Q9): only an acknowledgement ends it, and what
 * begins after its expiry is a new way. LOW is not for the room while it is quiet: it neither goes
 * there for want of a receipt nor when the link is lost.
 */
#include "core/alarm_routing.h"

#include <assert.h>

#include "core/machine.h"
#include "vigil/compiler.h"

typedef bool (*guard_fn)(const struct vg_routed *r, const struct vg_route_ctx *ctx);

/* --- guards ------------------------------------------------------------------------------- */

static bool is_urgent(const struct vg_routed *r, const struct vg_route_ctx *ctx)
{
    (void)r;
    return ctx->priority != VG_PRIO_LOW;
}

static bool staff_only(const struct vg_routed *r, const struct vg_route_ctx *ctx)
{
    return ctx->quiet && !is_urgent(r, ctx);
}

static bool staff_first(const struct vg_routed *r, const struct vg_route_ctx *ctx)
{
    return ctx->quiet && (ctx->link || staff_only(r, ctx));
}

static bool waited(const struct vg_routed *r, const struct vg_route_ctx *ctx, int64_t limit_ns)
{
    return is_urgent(r, ctx) && ctx->now_ns - r->sent_ns >= limit_ns;
}

static bool no_receipt(const struct vg_routed *r, const struct vg_route_ctx *ctx)
{
    return waited(r, ctx, VG_RECEIPT_NS);
}

static bool second_due(const struct vg_routed *r, const struct vg_route_ctx *ctx)
{
    return waited(r, ctx, ctx->times->second_ns[ctx->priority]);
}

static bool room_due(const struct vg_routed *r, const struct vg_route_ctx *ctx)
{
    return waited(r, ctx, ctx->times->local_ns[ctx->priority]);
}

/* --- the table ---------------------------------------------------------------------------- */

#define IN(i) (1u << VG_RI_##i)
#define FROM(s) (1u << VG_RS_##s)
#define ON_THE_WAY (FROM(SENT) | FROM(CONFIRMED) | FROM(ESCALATED))
#define QUIET VG_RW_COUNT /* the move is not worth a record */
#define STAY VG_RS_COUNT
#define IF(fn) fn, #fn
#define ALWAYS NULL, NULL

struct row {
    uint8_t number;
    uint8_t to;
    uint8_t what;
    uint32_t from;
    uint32_t inputs;
    guard_fn guard;
    const char *guard_name;
};

/* clang-format off */
static const struct row rows[] = {
    { 13, VG_RS_SENT,      VG_RW_SENT,      FROM(DONE) | ON_THE_WAY,     IN(RESTORED),
      IF(staff_only) },
    { 13, VG_RS_LOCAL,     VG_RW_LOCAL_ON,  FROM(DONE) | ON_THE_WAY,     IN(RESTORED),  ALWAYS },
    { 1,  VG_RS_SENT,      VG_RW_SENT,      FROM(DONE),                  IN(OPEN) | IN(WORSE),
      IF(staff_first) },
    { 2,  VG_RS_LOCAL,     VG_RW_LOCAL_ON,  FROM(DONE),                  IN(OPEN) | IN(WORSE),
      ALWAYS },
    { 15, VG_RS_ESCALATED, VG_RW_ESCALATED, FROM(ESCALATED),             IN(WORSE),     IF(staff_first) },
    { 15, VG_RS_SENT,      VG_RW_SENT,      FROM(SENT) | FROM(CONFIRMED),                  IN(WORSE),     IF(staff_first) },
    { 15, VG_RS_LOCAL,     VG_RW_LOCAL_ON,  ON_THE_WAY,                  IN(WORSE),     ALWAYS },
    { 3,  VG_RS_CONFIRMED, VG_RW_CONFIRMED, FROM(SENT),                  IN(RECEIPT),   ALWAYS },
    { 3,  STAY,            VG_RW_CONFIRMED, FROM(CONFIRMED) | FROM(ESCALATED) | FROM(LOCAL),
      IN(RECEIPT), ALWAYS },
    { 4,  VG_RS_LOCAL,     VG_RW_LOCAL_ON,  FROM(SENT),                  IN(TICK),      IF(no_receipt) },
    { 6,  VG_RS_LOCAL,     VG_RW_LOCAL_ON,  FROM(CONFIRMED) | FROM(ESCALATED), IN(TICK),
      IF(room_due) },
    { 5,  VG_RS_ESCALATED, VG_RW_ESCALATED, FROM(CONFIRMED),             IN(TICK),      IF(second_due) },
    { 7,  VG_RS_LOCAL,     VG_RW_LOCAL_ON,  ON_THE_WAY,                  IN(LINK_LOST), IF(is_urgent) },
    { 14, VG_RS_ESCALATED, VG_RW_ESCALATED, FROM(CONFIRMED),             IN(ROOM_LOST), IF(is_urgent) },
    { 10, VG_RS_LOCAL,     VG_RW_LOCAL_ON,  ON_THE_WAY,                  IN(QUIET_OFF), ALWAYS },
    { 9,  STAY,            QUIET,           FROM(LOCAL),                 IN(QUIET_ON) | IN(LINK_OK),
      ALWAYS },
    { 12, VG_RS_DONE,      VG_RW_DONE,      ON_THE_WAY | FROM(LOCAL),    IN(PAST),      ALWAYS },
    { 8,  VG_RS_DONE,      VG_RW_DONE,      ON_THE_WAY | FROM(LOCAL),    IN(ENDED),     ALWAYS },
};

static const char *const input_names[] = {
    "OPEN",    "WORSE",     "RESTORED", "RECEIPT",   "TICK", "LINK_LOST",
    "LINK_OK", "ROOM_LOST", "QUIET_ON", "QUIET_OFF", "PAST", "ENDED",
};
/* clang-format on */
static_assert(VG_COUNT(input_names) == VG_RI_COUNT, "an input has no name");

const char *vg_route_input_name(enum vg_route_input in)
{
    return (unsigned)in < VG_RI_COUNT ? input_names[in] : "unknown";
}

struct vg_route_result vg_route_step(struct vg_routed *r, enum vg_route_input in,
                                     const struct vg_route_ctx *ctx)
{
    struct vg_route_result res = { .moved = false, .from = r->state };

    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        if ((row->from & (1u << r->state)) == 0 || (row->inputs & (1u << in)) == 0 ||
            (row->guard != NULL && !row->guard(r, ctx))) {
            continue;
        }
        if (row->to == VG_RS_SENT || in == VG_RI_WORSE ||
            (row->to == VG_RS_LOCAL && r->state == VG_RS_DONE)) {
            r->sent_ns = ctx->now_ns;
        }
        if (row->to != STAY) {
            r->state = row->to;
        }
        res.row = row->number;
        res.what = row->what;
        res.moved = row->what != QUIET;
        break;
    }
    return res;
}

bool vg_route_reaches(enum vg_route_state s, enum vg_sink_role role)
{
    static const uint8_t reached[VG_RS_COUNT] = {
        [VG_RS_DONE] = 0,
        [VG_RS_SENT] = 1u << VG_SINK_REMOTE,
        [VG_RS_CONFIRMED] = 1u << VG_SINK_REMOTE,
        [VG_RS_ESCALATED] = 1u << VG_SINK_REMOTE | 1u << VG_SINK_SECOND,
        [VG_RS_LOCAL] = 1u << VG_SINK_REMOTE | 1u << VG_SINK_SECOND | 1u << VG_SINK_ROOM,
    };
    return (reached[s] & (1u << role)) != 0;
}

/* --- the description ---------------------------------------------------------------------- */

static struct vg_machine_row describe(size_t i)
{
    const struct row *r = &rows[i];
    struct vg_machine_row out = { r->number, r->to, r->from, r->inputs, r->guard_name, NULL };
    out.what = r->what != QUIET ? vg_route_what_name((enum vg_route_what)r->what) : NULL;
    return out;
}

static const char *state_name(size_t s)
{
    return vg_route_state_name((enum vg_route_state)s);
}

static const char *input_name(size_t i)
{
    return vg_route_input_name((enum vg_route_input)i);
}

const struct vg_machine vg_machine_routing = {
    "routing", "Q", VG_COUNT(rows), VG_RS_COUNT, VG_RI_COUNT, describe, state_name, input_name,
};
