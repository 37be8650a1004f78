/*
 * main.c -- vigil-exec-sink: runs a command for each alarm that is its to voice.
 *
 * The command gets the instance as one JSON object on its standard input. Exit code 0 is the
 * receipt to the daemon; anything else is a failure that is tried again and that heartbeats tell
 * until a command succeeds. What the command does (a pager, a message, a lamp) is not known here.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/notify.h"
#include "lib/signals.h"
#include "tools/exec_sink/exec_sink.h"

struct exec_sink {
    struct exec_options options;
    struct vg_reactor reactor;
    struct vg_asink sink;
    struct duties duties;
    struct child child;
    struct vg_voice running; /* what the child was started for */
    int64_t fed_ns;
    int signal_fd;
};

static void look(void *state);

static void on_ended(void *state, enum child_end how, int code)
{
    static const char *const words[] = { "exit code", "killed by signal", "time-out, killed" };
    struct exec_sink *x = state;
    int64_t now_ns = vg_asink_now(&x->sink);
    bool ok = how == CHILD_EXITED && code == 0;

    duties_result(&x->duties, &x->running, ok, now_ns);
    vg_asink_healthy(&x->sink, ok);
    if (!ok) {
        vg_log(VG_LOG_ERROR, "exec-sink: %s: %s %d, bed=%s instance=%llu; it is tried again",
               x->options.command[0], words[how], code, x->running.bed,
               (unsigned long long)x->running.instance);
    }
    look(x);
}

/* Killed, but perhaps not dead: whatever comes of it, nobody is being told now. */
static void on_hang(void *state)
{
    struct exec_sink *x = state;
    vg_asink_healthy(&x->sink, false);
}

static void start_next(struct exec_sink *x)
{
    char text[CHILD_INPUT_MAX];
    int64_t now_ns = vg_asink_now(&x->sink);
    const struct vg_voice *v = x->child.pid == 0 ? duties_next(&x->duties, now_ns) : NULL;
    if (v == NULL) {
        return;
    }
    x->running = *v;
    size_t len = exec_message(&x->sink, v, text, sizeof text);
    if (child_start(&x->child, x->options.command, text, len, x->options.timeout_ns) != VG_OK) {
        duties_result(&x->duties, &x->running, false, now_ns);
        vg_asink_healthy(&x->sink, false);
    }
}

static void confirm(struct exec_sink *x)
{
    for (size_t i = 0; i < x->duties.count; i++) {
        const struct duty *e = &x->duties.of[i];
        if (e->seen && e->voice.kind == VG_VOICE_ALARM && duties_is_done(e)) {
            vg_asink_begun(&x->sink, &e->voice);
        }
    }
}

static void look(void *state)
{
    struct exec_sink *x = state;
    int64_t now_ns = vg_asink_now(&x->sink);
    duties_update(&x->duties, &x->sink.state, now_ns);
    start_next(x);
    confirm(x);
    if (now_ns - x->fed_ns >= VG_NS_PER_S) {
        x->fed_ns = now_ns;
        vg_notify("WATCHDOG=1");
    }
}

static void on_signal(void *state, uint32_t events)
{
    struct exec_sink *x = state;
    int number = vg_signals_take(x->signal_fd);
    (void)events;
    if (number == SIGTERM || number == SIGINT) {
        x->reactor.stop = true;
    }
}

static enum vg_status start(struct exec_sink *x)
{
    struct vg_reactor_env env = vg_reactor_env_real();
    x->options.sink.look = look;
    x->options.sink.look_state = x;
    if (vg_signals_open(&x->signal_fd) != VG_OK || vg_reactor_init(&x->reactor, &env) != VG_OK ||
        vg_reactor_add(&x->reactor, x->signal_fd, on_signal, x) != VG_OK) {
        vg_log(VG_LOG_ERROR, "exec-sink: the system gives no descriptors; look at its limits");
        return VG_ERR_IO;
    }
    child_init(&x->child, &x->reactor, on_ended, x);
    x->child.hangs = on_hang;
    return vg_asink_open(&x->sink, &x->options.sink, &x->reactor);
}

int main(int argc, char **argv)
{
    /* Large, and the program's only state. */
    static struct exec_sink x;
    int rc = exec_options_read(&x.options, argc, argv);
    if (rc != EXEC_GO_ON) {
        return rc;
    }
    if (start(&x) != VG_OK) {
        return EXEC_FAULT;
    }
    vg_log(VG_LOG_INFO, "exec-sink: %s: listening, role=%s command=%s", x.options.sink.id,
           vg_sink_role_name(x.options.sink.role), x.options.command[0]);
    vg_notify("READY=1\nSTATUS=listening");
    while (!x.reactor.stop) {
        vg_reactor_turn(&x.reactor);
    }
    vg_notify("STOPPING=1");
    child_stop(&x.child);
    vg_asink_close(&x.sink);
    vg_reactor_fini(&x.reactor);
    (void)close(x.signal_fd);
    return EXEC_DONE;
}
