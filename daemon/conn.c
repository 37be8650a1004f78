/*
 * conn.c -- see conn.h.
 *
 * What is news: reaching ONLINE, leaving it, and a change of the reason for being away. OPENING is
 * never news, and SYNCING is not while the device was SILENT before: a half-dead device would fill
 * the record with its own retries.
 */
#include "daemon/conn.h"

#include <string.h>

void vg_conn_init(struct vg_conn *c, int64_t now_ns)
{
    memset(c, 0, sizeof *c);
    c->state = VG_PORT_BACKOFF;
    c->reported = VG_PORT_CLOSED;
    c->due_ns = now_ns;
    c->heard_ns = now_ns;
    c->backoff_ns = VG_CONN_BACKOFF_MIN_NS;
}

static bool is_news(const struct vg_conn *c, enum vg_port_state to)
{
    if (to == VG_PORT_OPENING || (uint8_t)to == c->reported) {
        return false;
    }
    return to != VG_PORT_SYNCING || c->reported == VG_PORT_CLOSED || c->reported == VG_PORT_BACKOFF;
}

bool vg_conn_move(struct vg_conn *c, enum vg_port_state to, enum vg_status cause, int64_t now_ns,
                  uint64_t dropped, struct vg_device_event *out)
{
    c->state = (uint8_t)to;
    if (to == VG_PORT_BACKOFF) {
        c->due_ns = now_ns + c->backoff_ns;
        c->backoff_ns *= 2;
        if (c->backoff_ns > VG_CONN_BACKOFF_MAX_NS) {
            c->backoff_ns = VG_CONN_BACKOFF_MAX_NS;
        }
    }
    if (to == VG_PORT_SYNCING) {
        c->heard_ns = now_ns;
    }
    if (to == VG_PORT_ONLINE) {
        c->backoff_ns = VG_CONN_BACKOFF_MIN_NS;
    }
    if (!is_news(c, to)) {
        return false;
    }
    memset(out, 0, sizeof *out);
    out->from = c->reported;
    out->to = (uint8_t)to;
    out->cause = (int8_t)cause;
    out->dropped = (uint32_t)(dropped - c->dropped_seen);
    c->dropped_seen = dropped;
    c->reported = (uint8_t)to;
    return true;
}

void vg_conn_heard(struct vg_conn *c, int64_t now_ns)
{
    c->heard_ns = now_ns;
}

void vg_conn_log(struct vg_conn *c, const struct vg_device_config *cfg, enum vg_port_state to,
                 enum vg_status cause, int64_t now_ns)
{
    if (to == VG_PORT_ONLINE) {
        vg_log_limited(&c->online_limit, now_ns, VG_LOG_INFO, "device: %s: online, link=%s unit=%u",
                       cfg->id, cfg->link.target, (unsigned)cfg->unit);
    } else if (to != VG_PORT_SYNCING) {
        vg_log_limited(&c->lost_limit, now_ns, VG_LOG_WARNING,
                       "device: %s: %s, cause=%s link=%s unit=%u", cfg->id, vg_port_state_name(to),
                       vg_status_name(cause), cfg->link.target, (unsigned)cfg->unit);
    }
}
