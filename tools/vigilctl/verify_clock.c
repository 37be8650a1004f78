/*
 * verify_clock.c -- does what the record says of clock steps fit the times of its rows?
 *
 * It is told, never judged: a clock may step for many reasons. Within a boot the difference of wall
 * clock and monotonic clock is constant but for steps; each of them should have a row of its own soon
 * after it.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/vigilctl/verify.h"
#include "vigil/event.h"

/* Less than this is drift and the daemon's own tolerance. */
#define STEP_NS VG_NS_PER_S

/* Is the difference longer than a step? Halves, because numbers of a file may have any size. */
static bool is_far(int64_t a_ns, int64_t b_ns)
{
    int64_t half_ns = a_ns / 2 - b_ns / 2;
    return half_ns > STEP_NS / 2 || half_ns < -STEP_NS / 2;
}

/* The number behind "step_ms": of a payload that is not ours to trust. */
static int64_t step_of(const struct vg_cell *payload)
{
    static const char key[] = "\"step_ms\":";
    char text[128] = "";
    if (payload->type != VG_CELL_TEXT || payload->len >= sizeof text) {
        return 0;
    }
    memcpy(text, payload->bytes, payload->len);
    const char *at = strstr(text, key);
    long long ms = at != NULL ? strtoll(at + sizeof key - 1, NULL, 10) : 0;
    return ms > -INT64_C(1000000000000) && ms < INT64_C(1000000000000) ? ms * VG_NS_PER_MS : 0;
}

void verify_clock_end(struct verify *v)
{
    struct verify_clock *c = &v->clock;
    if (is_far(c->jump_ns, 0)) {
        verify_note(v, "row %lld: the wall clock moved by %lld ms, and no row says a step",
                    (long long)c->jump_seq, (long long)(c->jump_ns / VG_NS_PER_MS));
    }
    c->jump_ns = 0;
}

static void check_step(struct verify *v, const struct rec_row *row)
{
    struct verify_clock *c = &v->clock;
    int64_t said_ns = step_of(&row->cell[VG_ROW_PAYLOAD]);

    c->steps++;
    if (is_far(said_ns, c->jump_ns)) {
        verify_note(
            v, "row %lld: says a clock step of %lld ms, the times of the rows moved by %lld ms",
            (long long)row->cell[VG_ROW_SEQ].number, (long long)(said_ns / VG_NS_PER_MS),
            (long long)(c->jump_ns / VG_NS_PER_MS));
    }
    c->jump_ns = 0;
}

void verify_clock_row(struct verify *v, const struct rec_row *row, bool new_boot)
{
    struct verify_clock *c = &v->clock;
    uint64_t difference = (uint64_t)row->cell[VG_ROW_UTC].number -
                          (uint64_t)row->cell[VG_ROW_MONO].number;
    int64_t offset_ns = (int64_t)difference;

    if (new_boot) {
        verify_clock_end(v);
    } else if (is_far(offset_ns, c->offset_ns)) {
        if (c->jump_ns == 0) {
            c->jump_seq = row->cell[VG_ROW_SEQ].number;
        }
        c->jump_ns = (int64_t)((uint64_t)c->jump_ns + difference - (uint64_t)c->offset_ns);
    }
    c->offset_ns = offset_ns;
    if (row->cell[VG_ROW_KIND].number == VG_EV_CLOCK) {
        check_step(v, row);
    }
}
