/*
 * child.c -- see child.h. Between fork and exec only what is safe there is called: other threads
 * (of ZeroMQ) may have held any lock.
 */
#include "tools/exec_sink/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"

static void forget(struct child *c)
{
    vg_reactor_remove(c->reactor, c->pidfd);
    (void)close(c->pidfd);
    c->pid = 0;
    c->pidfd = -1;
    vg_timer_arm(c->limit, VG_TIME_NONE);
}

static void on_end(void *state, uint32_t events)
{
    struct child *c = state;
    int status = 0;
    (void)events;
    if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) != c->pid) {
        return;
    }
    bool late = c->timed_out;
    forget(c);
    if (late) {
        c->ended(c->state, CHILD_TIMED_OUT, 0);
    } else if (WIFEXITED(status)) {
        c->ended(c->state, CHILD_EXITED, WEXITSTATUS(status));
    } else {
        c->ended(c->state, CHILD_SIGNALLED, WTERMSIG(status));
    }
}

static void on_limit(void *state)
{
    struct child *c = state;
    if (c->pid != 0) {
        c->timed_out = true;
        (void)kill(-c->pid, SIGKILL);
        if (c->hangs != NULL) {
            c->hangs(c->state);
        }
    }
}

void child_init(struct child *c, struct vg_reactor *r,
                void (*ended)(void *state, enum child_end how, int code), void *state)
{
    memset(c, 0, sizeof *c);
    c->reactor = r;
    c->pidfd = -1;
    c->ended = ended;
    c->state = state;
    c->limit = vg_reactor_add_timer(r, on_limit, c);
}

/* In the new process. */
static _Noreturn void become(char *const *argv, int input)
{
    sigset_t none;
    (void)setpgid(0, 0);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(input, STDIN_FILENO) == STDIN_FILENO && close_range(STDERR_FILENO + 1, ~0U, 0) == 0) {
        (void)execv(argv[0], argv);
    }
    _exit(127);
}

static enum vg_status watch(struct child *c, pid_t pid, int64_t timeout_ns)
{
    (void)setpgid(pid, pid); /* whoever is first */
    c->pid = pid;
    c->timed_out = false;
    c->pidfd = pidfd_open(pid, 0);
    if (c->pidfd < 0 || fcntl(c->pidfd, F_SETFD, FD_CLOEXEC) != 0 ||
        vg_reactor_add(c->reactor, c->pidfd, on_end, c) != VG_OK) {
        child_stop(c);
        return VG_ERR_IO;
    }
    vg_timer_arm(c->limit, c->reactor->now.mono_ns + timeout_ns);
    return VG_OK;
}

enum vg_status child_start(struct child *c, char *const *argv, const char *input, size_t len,
                           int64_t timeout_ns)
{
    int ends[2];
    VG_ASSERT(c->pid == 0 && len <= CHILD_INPUT_MAX);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        vg_log(VG_LOG_ERROR, "exec-sink: no pipe: %s", strerror(errno));
        return VG_ERR_IO;
    }
    ssize_t written = write(ends[1], input, len);
    (void)close(ends[1]);
    pid_t pid = written == (ssize_t)len ? fork() : -1;
    if (pid == 0) {
        become(argv, ends[0]);
    }
    (void)close(ends[0]);
    if (pid < 0) {
        vg_log(VG_LOG_ERROR, "exec-sink: no process: %s", strerror(errno));
        return VG_ERR_IO;
    }
    return watch(c, pid, timeout_ns);
}

void child_stop(struct child *c)
{
    int status;
    if (c->pid == 0) {
        return;
    }
    (void)kill(-c->pid, SIGKILL);
    (void)kill(c->pid, SIGKILL); /* should it not yet have its group */
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {
    }
    forget(c);
}
