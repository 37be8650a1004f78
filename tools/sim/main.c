/*
 * vigil-sim -- simulated oximeters, cuffs and Modbus units for tests and demonstrations.
 *
 * One loop: every device does what is due and says when it wants to be called again; the loop
 * sleeps until the earliest of those times, the next edge of the fault script, or input. Time is
 * counted from the start of the program, so scripts and waveforms repeat exactly.
 *
 * Trap: nothing here may block on a peer that does not read; see transport.c.
 */
#include "device.h"
#include "options.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define POLL_PER_DEVICE (VG_TRANSPORT_CHANNEL_MAX + 1)
#define POLL_FIXED 2
#define COMMAND_BYTES 256
#define EXIT_USAGE 2

struct poll_owner {
    size_t device;
    size_t channel; /* VG_TRANSPORT_CHANNEL_ALL: the listener */
};

struct simulator {
    struct vg_sim_options options;
    struct vg_sim_device devices[VG_SIM_DEVICE_MAX];
    struct pollfd polls[POLL_FIXED + VG_SIM_DEVICE_MAX * POLL_PER_DEVICE];
    struct poll_owner owners[POLL_FIXED + VG_SIM_DEVICE_MAX * POLL_PER_DEVICE];
    size_t polls_len;
    struct timespec start;
    int signal_fd;
    bool has_input;
    char command[COMMAND_BYTES];
    size_t command_len;
};

static int64_t since_start_ns(const struct simulator *s)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - s->start.tv_sec) * VG_NS_PER_S + now.tv_nsec - s->start.tv_nsec;
}

/* Writes the path of one device: the first %d becomes its index. */
static void expand_path(char *out, size_t out_len, const char *path, unsigned index)
{
    const char *mark = strstr(path, "%d");

    if (mark == NULL) {
        (void)snprintf(out, out_len, "%s", path);
        return;
    }
    (void)snprintf(out, out_len, "%.*s%u%s", (int)(mark - path), path, index, mark + 2);
}

static bool open_device(struct simulator *s, unsigned index)
{
    const struct vg_sim_options *o = &s->options;
    struct vg_sim_device *d = &s->devices[index];
    char path[VG_TRANSPORT_PATH_BYTES] = "";
    unsigned port = o->port == 0 ? 0 : o->port + index;

    if (o->line == VG_TRANSPORT_PTY) {
        expand_path(path, sizeof path, o->path, index);
    }
    vg_transport_init(&d->line, o->line, path, (uint16_t)(port & 0xFFFFU));
    vg_sim_device_init(d, o, index);
    if (!vg_transport_plug(&d->line)) {
        (void)fprintf(stderr, "vigil-sim: device %u: %s\n", index, strerror(errno));
        return false;
    }
    if (o->line == VG_TRANSPORT_PTY) {
        (void)printf("ready %s\n", d->line.path);
    } else {
        (void)printf("ready %u\n", (unsigned)d->line.port);
    }
    (void)fflush(stdout);
    return true;
}

/* Makes the cable follow the script. A port that cannot come back yet is tried again. */
static void follow_plug(struct vg_sim_device *d, int64_t now_ns)
{
    bool is_wanted = true;

    vg_fault_settle(&d->faults, now_ns);
    is_wanted = !vg_fault_is_active(&d->faults, NULL, VG_FAULT_UNPLUG, now_ns);
    if (!is_wanted && d->line.is_plugged) {
        vg_transport_unplug(&d->line);
        vg_sim_device_unplugged(d);
        vg_sim_event(d, 0, "unplugged");
    } else if (is_wanted && !d->line.is_plugged && vg_transport_plug(&d->line)) {
        vg_sim_event(d, 0, "replugged");
    }
}

static int64_t step_devices(struct simulator *s, int64_t now_ns)
{
    int64_t next_ns = s->options.run_ns > 0 ? s->options.run_ns : VG_SIM_NEVER;

    for (size_t i = 0; i < s->options.device_count; i++) {
        struct vg_sim_device *d = &s->devices[i];
        int64_t edge_ns = 0;
        int64_t due_ns = vg_sim_device_step(d, now_ns);

        follow_plug(d, now_ns);
        edge_ns = vg_fault_next_edge_ns(&d->faults, now_ns);
        due_ns = edge_ns < due_ns ? edge_ns : due_ns;
        next_ns = due_ns < next_ns ? due_ns : next_ns;
    }
    return next_ns;
}

static void watch(struct simulator *s, int fd, size_t device, size_t channel)
{
    if (fd >= 0) {
        s->polls[s->polls_len] = (struct pollfd){ .fd = fd, .events = POLLIN };
        s->owners[s->polls_len] = (struct poll_owner){ device, channel };
        s->polls_len++;
    }
}

static void watch_all(struct simulator *s)
{
    s->polls[0] = (struct pollfd){ .fd = s->signal_fd, .events = POLLIN };
    s->polls[1] = (struct pollfd){ .fd = s->has_input ? STDIN_FILENO : -1, .events = POLLIN };
    s->polls_len = POLL_FIXED;
    for (size_t i = 0; i < s->options.device_count; i++) {
        const struct vg_transport *line = &s->devices[i].line;

        watch(s, line->listen_fd, i, VG_TRANSPORT_CHANNEL_ALL);
        for (size_t channel = 0; channel < VG_TRANSPORT_CHANNEL_MAX; channel++) {
            watch(s, line->channel_fd[channel], i, channel);
        }
    }
}

static void run_command(struct simulator *s, int64_t now_ns)
{
    struct vg_fault fault;

    if (vg_fault_is_comment(s->command)) {
        return;
    }
    if (!vg_fault_parse(&fault, s->command, false, now_ns)) {
        (void)fprintf(stderr, "vigil-sim: not a command: %s\n", s->command);
        return;
    }
    for (size_t i = 0; i < s->options.device_count; i++) {
        struct vg_sim_device *d = &s->devices[i];

        if ((fault.device == VG_FAULT_ALL_DEVICES || fault.device == (int)i) &&
            !vg_fault_add(&d->faults, &fault)) {
            (void)fprintf(stderr, "vigil-sim: device %zu: too many faults\n", i);
        }
    }
}

static void read_commands(struct simulator *s, int64_t now_ns)
{
    char buf[COMMAND_BYTES];
    ssize_t got = read(STDIN_FILENO, buf, sizeof buf);

    if (got <= 0) {
        s->has_input = got < 0 && errno == EINTR;
        return;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (buf[i] == '\n') {
            s->command[s->command_len] = '\0';
            run_command(s, now_ns);
            s->command_len = 0;
        } else if (s->command_len + 1 < sizeof s->command) {
            s->command[s->command_len] = buf[i];
            s->command_len++;
        }
    }
}

static void serve_polls(struct simulator *s)
{
    uint8_t buf[512];
    int64_t now_ns = since_start_ns(s);

    if (s->polls[1].revents != 0) {
        read_commands(s, now_ns);
    }
    for (size_t i = POLL_FIXED; i < s->polls_len; i++) {
        struct vg_sim_device *d = &s->devices[s->owners[i].device];
        size_t channel = s->owners[i].channel;
        size_t got = 0;

        if (s->polls[i].revents == 0) {
            continue;
        }
        if (channel == VG_TRANSPORT_CHANNEL_ALL) {
            channel = vg_transport_accept(&d->line);
            if (channel != VG_TRANSPORT_CHANNEL_ALL) {
                vg_sim_device_connected(d, channel);
            }
            continue;
        }
        got = vg_transport_read(&d->line, channel, buf, sizeof buf);
        if (got > 0) {
            vg_sim_device_receive(d, channel, buf, got, now_ns);
        }
    }
}

static bool open_signals(struct simulator *s)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTTIN, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return false;
    }
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signal_fd >= 0;
}

/* Two descriptors a device: 512 devices pass the usual soft limit of 1024. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run(struct simulator *s)
{
    for (;;) {
        int64_t now_ns = since_start_ns(s);
        int64_t due_ns = step_devices(s, now_ns);
        int64_t wait_ns = 0;
        struct timespec wait;

        if (s->options.run_ns > 0 && now_ns >= s->options.run_ns) {
            return 0;
        }
        now_ns = since_start_ns(s);
        wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
        wait = (struct timespec){ wait_ns / VG_NS_PER_S, wait_ns % VG_NS_PER_S };
        watch_all(s);
        if (ppoll(s->polls, s->polls_len, due_ns == VG_SIM_NEVER ? NULL : &wait, NULL) < 0 &&
            errno != EINTR) {
            (void)fprintf(stderr, "vigil-sim: poll: %s\n", strerror(errno));
            return 1;
        }
        if (s->polls[0].revents != 0) {
            return 0;
        }
        serve_polls(s);
    }
}

int main(int argc, char *argv[])
{
    static struct simulator sim;
    unsigned opened = 0;
    int code = 1;

    if (!vg_sim_options_read(&sim.options, argc, argv)) {
        return EXIT_USAGE;
    }
    raise_file_limit();
    if (!open_signals(&sim)) {
        (void)fprintf(stderr, "vigil-sim: signals: %s\n", strerror(errno));
        return 1;
    }
    sim.has_input = true;
    while (opened < sim.options.device_count && open_device(&sim, opened)) {
        opened++;
    }
    if (opened == sim.options.device_count) {
        (void)clock_gettime(CLOCK_MONOTONIC, &sim.start);
        code = run(&sim);
    }
    for (unsigned i = 0; i < opened; i++) {
        vg_transport_unplug(&sim.devices[i].line);
    }
    return code;
}
