/*
 * pump.c -- cuts frames out of a stream of bytes that arrives in pieces of any size.
 *
 * Every serial decoder fails in the same places: a piece ends inside a frame, two frames come
 * glued, a corrupted length swallows the good frame behind it. So this is written once. The rule
 * that makes it correct is that after a failed candidate exactly one byte goes, never the
 * candidate. The trap is the cursor: within one call bytes are judged in place and moved to the
 * front only when more room is needed, so that garbage does not cost a move for every byte.
 */
#include "drivers/pump.h"

#include "vigil/compiler.h"

#include <string.h>

void vg_pump_init(struct vg_pump *p)
{
    memset(p, 0, sizeof(*p));
}

void vg_pump_reset(struct vg_pump *p)
{
    p->len = 0;
    p->in_sync = false;
}

/* What a pump works for during one call. */
struct outlet {
    const struct vg_driver *drv;
    void *state;
    const struct vg_sink *sink;
};

static void speak(struct vg_pump *p, const struct outlet *out, const uint8_t *frame, size_t len)
{
    if (out->sink->frame != NULL) {
        out->sink->frame(out->sink->state);
    }
    /* Also true before the first frame: what came before it is unknown. */
    if (!p->in_sync && out->drv->resync != NULL) {
        out->drv->resync(out->state, out->sink);
    }
    p->in_sync = true;
    p->frames++;
    out->drv->parse(out->state, frame, len, out->sink);
}

/* Judge the window until it needs more bytes. Returns the number of frames spoken. */
static uint32_t judge(struct vg_pump *p, const struct outlet *out)
{
    uint32_t frames = 0;
    size_t at = 0;

    while (at < p->len) {
        size_t have = p->len - at;
        size_t frame_len = 0;
        enum vg_frame_result r = out->drv->frame(p->window + at, have, &frame_len);

        if (r == VG_FRAME_NEED_MORE && have < VG_PUMP_WINDOW) {
            break;
        }
        if (r == VG_FRAME_OK) {
            /* A driver that finds a frame outside the bytes it was shown is a fault in it. */
            VG_ASSERT(frame_len >= 1 && frame_len <= have);
            speak(p, out, p->window + at, frame_len);
            at += frame_len;
            frames++;
        } else {
            /* Bad, or a full window that still waits: the first byte starts nothing. */
            at++;
            p->dropped++;
            p->in_sync = false;
        }
    }
    p->len -= at;
    memmove(p->window, p->window + at, p->len);
    return frames;
}

uint32_t vg_pump_feed(struct vg_pump *p, const struct vg_driver *drv, void *state,
                      const uint8_t *bytes, size_t bytes_len, const struct vg_sink *sink)
{
    const struct outlet out = { .drv = drv, .state = state, .sink = sink };
    uint32_t frames = 0;
    size_t taken = 0;

    while (taken < bytes_len) {
        size_t room = VG_PUMP_WINDOW - p->len;
        size_t part = bytes_len - taken;

        if (part > room) {
            part = room;
        }
        memcpy(p->window + p->len, bytes + taken, part);
        p->len += part;
        taken += part;
        frames += judge(p, &out);
    }
    return frames;
}
