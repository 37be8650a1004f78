/*
 * connect.c -- which sockets, and what to say when nobody answers there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "tools/vigilctl/ctl.h"

static const char *const socket_names[] = { "stream", "view", "operate" };
/* As the service lays them: two folders, one for each group. */
static const char *const default_endpoints[] = {
    "ipc:///run/vigil/view/stream.sock",
    "ipc:///run/vigil/view/view.sock",
    "ipc:///run/vigil/operate/operate.sock",
};

static int endpoint_of(const struct ctl *c, const char *dir, size_t i, char *out)
{
    const char *given = c->option[(size_t)OPT_STREAM + i];
    if (given == NULL && dir != NULL) {
        return snprintf(out, CTL_PATH_MAX, "ipc://%s/%s.sock", dir, socket_names[i]);
    }
    return snprintf(out, CTL_PATH_MAX, "%s", given != NULL ? given : default_endpoints[i]);
}

int ctl_endpoints(struct ctl *c)
{
    long long seconds = 3;
    const char *dir = c->option[OPT_SOCKET_DIR];

    if (!ctl_number(c, OPT_TIMEOUT, 1, 3600, &seconds)) {
        return CTL_USAGE;
    }
    c->timeout_ms = (long)seconds * 1000;
    if (dir == NULL) {
        dir = getenv("VIGIL_SOCKET_DIR");
    }
    if (dir != NULL && *dir == '\0') {
        dir = NULL;
    }
    for (size_t i = 0; i < VG_COUNT(socket_names); i++) {
        int n = endpoint_of(c, dir, i, c->endpoint[i]);
        if (n < 0 || n >= CTL_PATH_MAX) {
            ctl_say(c, "endpoint of %s is too long; use a shorter folder", socket_names[i]);
            return CTL_USAGE;
        }
    }
    return CTL_DONE;
}

/* An ipc endpoint whose file is missing or closed to this user will never answer; say it at once,
 * but give a daemon that is just starting the time of one attempt. */
static int wait_for_file(const struct ctl *c, size_t which)
{
    const char *path = c->endpoint[which] + strlen("ipc://");
    long waited_ms = 0;

    if (strncmp(c->endpoint[which], "ipc://", strlen("ipc://")) != 0 || *path == '@') {
        return CTL_DONE;
    }
    while (access(path, F_OK) != 0 && errno == ENOENT && waited_ms < c->timeout_ms) {
        (void)usleep(50 * 1000);
        waited_ms += 50;
    }
    if (access(path, R_OK | W_OK) == 0) {
        return CTL_DONE;
    }
    if (errno == EACCES) {
        ctl_say(c, "%s: permission denied; this user must be in the group %s", path,
                which == 2 ? "vigil-operate" : "vigil-view");
    } else {
        ctl_say(c,
                "%s: %s; is vigild running? 'systemctl status vigild', or name the folder with "
                "--socket-dir",
                path, strerror(errno));
    }
    return CTL_NO_ANSWER;
}

int ctl_connect(struct ctl *c, bool stream, bool view, bool operate)
{
    bool wanted[] = { stream, view, operate };
    struct vg_client_options o = {
        .stream = stream ? c->endpoint[0] : NULL,
        .door = { view ? c->endpoint[1] : NULL, operate ? c->endpoint[2] : NULL },
        .timeout_ms = c->timeout_ms,
        .clock = vg_clock_real(),
    };
    vg_client_close(&c->client); /* of an earlier question of the same verb */
    for (size_t i = 0; i < VG_COUNT(wanted); i++) {
        int rc = wanted[i] ? wait_for_file(c, i) : CTL_DONE;
        if (rc != CTL_DONE) {
            return rc;
        }
    }
    if (vg_client_open(&c->client, &o) != VG_OK) {
        ctl_say(c, "an endpoint cannot be used; write it as ipc:///path or tcp://host:port");
        return CTL_NO_ANSWER;
    }
    return CTL_DONE;
}

int ctl_no_answer(struct ctl *c, enum vg_client_door door, enum vg_status st,
                  const char *request_id)
{
    const char *endpoint = c->endpoint[door == VG_DOOR_VIEW ? 1 : 2];
    if (st == VG_ERR_TIMEOUT) {
        ctl_say(c, "%s: no answer in %ld s, asked twice; is vigild running there?", endpoint,
                c->timeout_ms / 1000);
    } else {
        ctl_say(c, "%s: %s", endpoint, vg_status_text(st));
    }
    if (request_id != NULL) {
        ctl_say(c,
                "it is NOT known whether the command was taken; 'vigilctl status' shows the "
                "present state, or repeat it with --request-id %s, which does it at most once",
                request_id);
    }
    return CTL_NO_ANSWER;
}

int ctl_refused(const struct ctl *c, const json_t *reply)
{
    char error[64];
    char text[256];
    ctl_say(c, "refused: %s: %s", ctl_clean(ctl_text(reply, "error"), error, sizeof error),
            ctl_clean(ctl_text(reply, "text"), text, sizeof text));
    return CTL_REFUSED;
}

int ctl_snapshot(struct ctl *c, const char *bed, json_t **reply)
{
    enum vg_status st = vg_client_snapshot(&c->client, bed, reply);
    if (st == VG_OK) {
        return CTL_DONE;
    }
    if (st != VG_ERR_STATE) {
        return ctl_no_answer(c, VG_DOOR_VIEW, st, NULL);
    }
    int rc = ctl_refused(c, *reply);
    json_decref(*reply);
    *reply = NULL;
    return rc;
}

int ctl_look(struct ctl *c, const char *bed, json_t **reply)
{
    int rc = ctl_connect(c, false, true, false);
    return rc == CTL_DONE ? ctl_snapshot(c, bed, reply) : rc;
}
