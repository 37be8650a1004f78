/*
 * sinks.c -- see sinks.h.
 */
#include "daemon/sinks.h"

#include "daemon/vigild.h"
#include "lib/log.h"

static void tell(struct vigild *v, uint8_t sink, bool ok, const char *why)
{
    struct vg_sink_life *s = &v->sinks.of[sink];
    struct vg_event ev = { .kind = VG_EV_SINK };

    s->ok = ok;
    s->told = true;
    ev.u.sink.sink = sink;
    ev.u.sink.what = ok ? VG_SW_OK : VG_SW_LOST;
    vg_log(ok ? VG_LOG_INFO : VG_LOG_WARNING, "sinks: %s: %s", v->names.sink[sink], why);
    vg_ingest_daemon(v, &ev);
}

void vg_sinks_start(struct vigild *v)
{
    v->sinks.ticked_ns = v->reactor.now.mono_ns;
    for (uint8_t i = 0; i < VG_SINKS_MAX; i++) {
        v->sinks.of[i] = (struct vg_sink_life){ .heard_ns = v->reactor.now.mono_ns };
    }
}

void vg_sinks_heard(struct vigild *v, uint8_t sink, bool healthy)
{
    struct vg_sink_life *s = &v->sinks.of[sink];

    s->heard_ns = v->reactor.now.mono_ns;
    if (healthy != s->ok || !s->told) {
        tell(v, sink, healthy, healthy ? "is well" : "says that it cannot make itself heard");
    }
}

/* While the loop stood still the words of sinks waited in the socket: that time is not theirs. */
static void excuse(struct vigild *v)
{
    int64_t now_ns = v->reactor.now.mono_ns;
    int64_t stood_ns = now_ns - v->sinks.ticked_ns;

    v->sinks.ticked_ns = now_ns;
    for (uint8_t i = 0; stood_ns > VG_NS_PER_S / 2 && i < v->names.sink_count; i++) {
        v->sinks.of[i].heard_ns += stood_ns;
    }
}

void vg_sinks_tick(struct vigild *v)
{
    excuse(v);
    for (uint8_t i = 0; i < v->names.sink_count; i++) {
        struct vg_sink_life *s = &v->sinks.of[i];
        if ((s->ok || !s->told) &&
            v->reactor.now.mono_ns - s->heard_ns >= VG_SINK_SILENCE_S * VG_NS_PER_S) {
            tell(v, i, false, "has not been heard for 3 s");
        }
    }
}
