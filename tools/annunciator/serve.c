/*
 * serve.c -- the sounder at work: what the sink says is to be voiced, the player voices.
 *
 * The loop never touches the sound system. Trap: when the player's thread hangs in it, heartbeats
 * say unhealthy at once; when it does not come back, the watchdog is no longer fed, and the service
 * manager makes a new program.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/notify.h"
#include "lib/signals.h"
#include "tools/annunciator/annunciator.h"

#define HANGS_NS VG_NS_PER_S
#define LOST_NS (10 * VG_NS_PER_S)

struct serve {
    struct vg_reactor reactor;
    struct vg_asink sink;
    struct player player;
    struct vg_voice voice;
    uint32_t number; /* of the voice; grows */
    uint32_t cause;  /* number of the first voice of this instance */
    int64_t fed_ns;
    int signal_fd;
};

static void log_voice(const struct vg_voice *v)
{
    static const char *const kinds[] = { "nothing", "a test", "an alarm", "MONITOR LINK LOST" };
    static const char *const priorities[] = { "low", "medium", "high" };
    if (v->kind == VG_VOICE_NONE) {
        vg_log(VG_LOG_INFO, "annunciator: nothing to voice any more");
        return;
    }
    vg_log(VG_LOG_INFO, "annunciator: voicing %s, bed=%s instance=%llu priority=%s category=%s",
           kinds[v->kind], v->bed, (unsigned long long)v->instance, priorities[v->priority],
           vg_category_name((enum vg_category)v->category));
}

static void choose(struct serve *s)
{
    struct vg_voice v;
    vg_asink_top(&s->sink.state, vg_asink_now(&s->sink), &v);
    if (vg_voice_same(&v, &s->voice)) {
        return;
    }
    bool worse = v.kind == s->voice.kind && v.instance == s->voice.instance &&
                 strcmp(v.bed, s->voice.bed) == 0;
    s->voice = v;
    s->number++;
    s->cause = worse ? s->cause : s->number;
    struct sequence_voice want = { v.kind != VG_VOICE_NONE ? s->number : 0, s->cause, v.priority,
                                   v.category };
    player_want(&s->player, &want);
    log_voice(&v);
}

static void watch_player(struct serve *s)
{
    int64_t now_ns = vg_asink_now(&s->sink);
    struct player_status p = player_status(&s->player);
    vg_asink_healthy(&s->sink, p.healthy && now_ns - p.progress_ns < HANGS_NS);
    if (p.heard != 0 && p.heard == s->number) {
        vg_asink_begun(&s->sink, &s->voice);
    }
    if (now_ns - p.progress_ns < LOST_NS && now_ns - s->fed_ns >= VG_NS_PER_S) {
        s->fed_ns = now_ns;
        vg_notify("WATCHDOG=1");
    }
}

static void look(void *state)
{
    struct serve *s = state;
    choose(s);
    watch_player(s);
}

static void on_signal(void *state, uint32_t events)
{
    struct serve *s = state;
    int number = vg_signals_take(s->signal_fd);
    (void)events;
    if (number == SIGTERM || number == SIGINT) {
        s->reactor.stop = true;
    }
}

static enum vg_status start(struct serve *s, struct ann_options *o, const struct tone_set *set)
{
    struct vg_reactor_env env = vg_reactor_env_real();
    o->sink.look = look;
    o->sink.look_state = s;
    device_quiet_library();
    if (vg_signals_open(&s->signal_fd) != VG_OK || vg_reactor_init(&s->reactor, &env) != VG_OK ||
        vg_reactor_add(&s->reactor, s->signal_fd, on_signal, s) != VG_OK) {
        vg_log(VG_LOG_ERROR, "annunciator: the system gives no descriptors; look at its limits");
        return VG_ERR_IO;
    }
    sequence_init(&s->player.sequence, set, DEVICE_RATE, o->volume, o->volume_max);
    enum vg_status st = vg_asink_open(&s->sink, &o->sink, &s->reactor);
    return st == VG_OK ? player_start(&s->player, o->device) : st;
}

int ann_serve(struct ann_options *o, const struct tone_set *set)
{
    /* Large, and the program's only state. */
    static struct serve s;
    if (start(&s, o, set) != VG_OK) {
        return ANN_FAULT;
    }
    vg_log(VG_LOG_INFO, "annunciator: %s: listening, role=%s device=%s", o->sink.id,
           vg_sink_role_name(o->sink.role), o->device);
    vg_notify("READY=1\nSTATUS=listening");
    while (!s.reactor.stop) {
        vg_reactor_turn(&s.reactor);
    }
    vg_notify("STOPPING=1");
    if (!player_stop(&s.player)) {
        vg_log(VG_LOG_WARNING, "annunciator: the sound system does not let go; left as it is");
    }
    vg_asink_close(&s.sink);
    vg_reactor_fini(&s.reactor);
    (void)close(s.signal_fd);
    return ANN_DONE;
}
