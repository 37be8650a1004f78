/*
 * names.c -- the words of every enumeration that leaves the program.
 *
 * One table per enumeration, sized by it: a new value without a name does not compile. The names
 * are part of the wire and of the record; they are never changed, only added to.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/event.h"
#include "vigil/protocol.h"

#define NAME_TABLE(type, fn, count, ...)                                                           \
    static const char *const fn##_table[] = { __VA_ARGS__ };                                       \
    static_assert(VG_COUNT(fn##_table) == (count), "a value has no name");                         \
    const char *fn(type v)                                                                         \
    {                                                                                              \
        return (size_t)v < VG_COUNT(fn##_table) ? fn##_table[(size_t)v] : "unknown";               \
    }

NAME_TABLE(enum vg_quality, vg_quality_name, VG_QUALITY_COUNT, "ok", "questionable", "invalid",
           "unavailable")
NAME_TABLE(enum vg_freshness, vg_freshness_name, VG_FRESH_COUNT, "never", "fresh", "stale", "lost")
NAME_TABLE(enum vg_session_move, vg_session_move_name, VG_SESSION_MOVE_COUNT, "open", "close")
NAME_TABLE(enum vg_dose_kind, vg_dose_kind_name, VG_DOSE_KIND_COUNT, "bolus", "infusion_start",
           "rate_change", "stop", "pause", "resume", "device", "lozenge", "lozenge_end", "drawn",
           "waste")
NAME_TABLE(enum vg_dose_what, vg_dose_what_name, VG_DW_COUNT, "given", "amend", "void")
NAME_TABLE(unsigned, vg_deviation_name, VG_DEVIATION_BITS, "gate_closed", "soft_range",
           "hard_range", "unchecked", "too_soon", "late_entry", "other_drug", "uncounted",
           "nothing_runs")
NAME_TABLE(enum vg_session_kind, vg_session_kind_name, VG_SESSION_KIND_COUNT, "dosing",
           "preparation", "integration")
NAME_TABLE(enum vg_fact, vg_fact_name, VG_FACT_COUNT, "identity", "consent", "fasting", "escort",
           "contraindications", "equipment", "pregnancy_asked", "over_65", "prescriber", "rems",
           "alarm_test", "room_air", "oriented", "walks", "advice", "contact", "line_out",
           "released")
NAME_TABLE(enum vg_mark_state, vg_mark_state_name, VG_MARK_STATE_COUNT, "waiting", "announced",
           "due", "late", "met", "met_late", "missed", "dropped")
NAME_TABLE(enum vg_plan_what, vg_plan_what_name, VG_PW_COUNT, "mark", "phase")
NAME_TABLE(enum vg_route, vg_route_name, VG_ROUTE_COUNT, "iv", "im", "sc", "sl", "buccal", "nasal",
           "oral")
NAME_TABLE(enum vg_priority, vg_priority_name, VG_PRIO_COUNT, "low", "medium", "high")
NAME_TABLE(enum vg_cond_state, vg_cond_state_name, VG_CS_COUNT, "disarmed", "normal", "pending",
           "active", "latched")
NAME_TABLE(enum vg_latch, vg_latch_name, VG_LATCH_COUNT, "none", "visual", "full")
NAME_TABLE(enum vg_alarm_what, vg_alarm_what_name, VG_AW_COUNT, "armed", "pending",
           "suppressed_by_delay", "open", "worsen", "ack", "ack_expired", "cond_end", "closed",
           "restored")
NAME_TABLE(enum vg_category, vg_category_name, VG_CAT_COUNT, "general", "oxygen", "cardiovascular",
           "drug", "equipment")
NAME_TABLE(enum vg_limits_what, vg_limits_what_name, VG_LW_COUNT, "set", "profile", "formula")
NAME_TABLE(enum vg_limit_cause, vg_limit_cause_name, VG_LC_COUNT, "begin", "changed", "restored",
           "ended")
NAME_TABLE(enum vg_inhibit_state, vg_inhibit_state_name, VG_IS_COUNT, "on", "audio_paused",
           "alarm_paused", "alarm_off")
NAME_TABLE(enum vg_inhibit_what, vg_inhibit_what_name, VG_IW_COUNT, "audio_pause", "alarm_pause",
           "alarm_off", "alarm_on", "moved")
NAME_TABLE(enum vg_sink_role, vg_sink_role_name, VG_SINK_ROLES, "remote", "second", "room")
NAME_TABLE(enum vg_route_state, vg_route_state_name, VG_RS_COUNT, "done", "sent", "confirmed",
           "escalated", "local")
NAME_TABLE(enum vg_route_what, vg_route_what_name, VG_RW_COUNT, "sent", "confirmed", "escalated",
           "local_on", "done")
NAME_TABLE(enum vg_sink_what, vg_sink_what_name, VG_SW_COUNT, "ok", "lost", "receipt")
NAME_TABLE(enum vg_care_what, vg_care_what_name, VG_CW_COUNT, "sedation", "baseline", "schedule",
           "quiet_on", "quiet_off", "test_signal", "score", "fact", "weight", "reading", "symptom",
           "intervention", "marker", "note", "handover", "defer", "override", "void")
NAME_TABLE(enum vg_event_kind, vg_event_kind_name, VG_EV_KIND_COUNT, "none", "reading", "nibp",
           "wave", "device", "signal", "cuff", "session", "dose", "ack", "nibp_command", "alarm",
           "freshness", "clock", "daemon", "tick", "inhibit", "limits", "limit", "route", "sink",
           "care", "bind", "plan")
NAME_TABLE(enum vg_port_state, vg_port_state_name, VG_PORT_STATE_COUNT, "closed", "opening",
           "syncing", "online", "silent", "backoff")
NAME_TABLE(enum vg_nibp_state, vg_nibp_state_name, VG_NS_COUNT, "idle", "starting", "inflating",
           "measuring", "result", "aborting", "cooldown")
NAME_TABLE(enum vg_nibp_error, vg_nibp_error_name, VG_NIBP_ERROR_COUNT, "ok", "weak_signal",
           "motion", "out_of_range", "meas_timeout", "loose_or_leak", "pneumatic_block",
           "overpressure", "safety_timeout", "wrong_cuff_or_mode", "user_abort", "not_ready_busy",
           "hw_fault", "cal_fault", "device_reset", "unknown", "start_failed", "no_result",
           "foreign", "comm_lost", "implausible")
NAME_TABLE(enum vg_cuff_word, vg_cuff_word_name, VG_CUFF_WORD_COUNT, "accepted", "busy", "running",
           "completed", "aborted", "refused", "idle")
NAME_TABLE(enum vg_daemon_what, vg_daemon_what_name, VG_DAEMON_WHAT_COUNT, "started", "restarted",
           "stopping", "storage_bad", "storage_good", "clock_bad", "clock_good")
static bool find(const char *const *table, size_t n, const char *name, size_t *out)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(table[i]);
        if (strlen(name) == len && memcmp(table[i], name, len) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

#define FIND_IN_TABLE(type, fn, names, count)                                                      \
    bool fn(const char *name, type *out)                                                           \
    {                                                                                              \
        size_t i;                                                                                  \
        bool found = find(names, count, name, &i);                                                 \
        if (found) {                                                                               \
            *out = (type)i;                                                                        \
        }                                                                                          \
        return found;                                                                              \
    }

FIND_IN_TABLE(enum vg_dose_kind, vg_dose_kind_find, vg_dose_kind_name_table, VG_DOSE_KIND_COUNT)
FIND_IN_TABLE(enum vg_session_kind, vg_session_kind_find, vg_session_kind_name_table,
              VG_SESSION_KIND_COUNT)
FIND_IN_TABLE(enum vg_fact, vg_fact_find, vg_fact_name_table, VG_FACT_COUNT)
FIND_IN_TABLE(enum vg_route, vg_route_find, vg_route_name_table, VG_ROUTE_COUNT)
FIND_IN_TABLE(enum vg_sink_role, vg_sink_role_find, vg_sink_role_name_table, VG_SINK_ROLES)
FIND_IN_TABLE(enum vg_category, vg_category_find, vg_category_name_table, VG_CAT_COUNT)
FIND_IN_TABLE(enum vg_priority, vg_priority_find, vg_priority_name_table, VG_PRIO_COUNT)
FIND_IN_TABLE(enum vg_latch, vg_latch_find, vg_latch_name_table, VG_LATCH_COUNT)

const char *vg_event_request_id(const struct vg_event *ev)
{
    switch ((enum vg_event_kind)ev->kind) {
    case VG_EV_SESSION:
        return ev->u.session_move.request_id;
    case VG_EV_DOSE:
        return ev->u.dose.request_id;
    case VG_EV_ACK:
        return ev->u.ack.request_id;
    case VG_EV_NIBP_COMMAND:
        return ev->u.command.request_id;
    case VG_EV_INHIBIT:
        return ev->u.inhibit.request_id;
    case VG_EV_LIMITS:
        return ev->u.limits.request_id;
    case VG_EV_CARE:
        return ev->u.care.request_id;
    case VG_EV_NONE:
    case VG_EV_READING:
    case VG_EV_NIBP:
    case VG_EV_WAVE:
    case VG_EV_DEVICE:
    case VG_EV_SIGNAL:
    case VG_EV_CUFF:
    case VG_EV_ALARM:
    case VG_EV_FRESHNESS:
    case VG_EV_CLOCK:
    case VG_EV_DAEMON:
    case VG_EV_TICK:
    case VG_EV_LIMIT:
    case VG_EV_ROUTE:
    case VG_EV_SINK:
    case VG_EV_BIND:
    case VG_EV_PLAN:
    case VG_EV_KIND_COUNT:
        break;
    }
    return NULL;
}

static const char *said(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

const char *vg_event_operator(const struct vg_event *ev)
{
    switch ((enum vg_event_kind)ev->kind) {
    case VG_EV_SESSION:
        return ev->u.session_move.operator_id;
    case VG_EV_DOSE:
        return ev->u.dose.operator_id;
    case VG_EV_ACK:
        return ev->u.ack.operator_id;
    case VG_EV_NIBP_COMMAND:
        return ev->u.command.operator_id;
    case VG_EV_ALARM:
        return said(ev->u.alarm.operator_id);
    case VG_EV_INHIBIT:
        return said(ev->u.inhibit.operator_id);
    case VG_EV_LIMITS:
        return ev->u.limits.operator_id;
    case VG_EV_LIMIT:
        return said(ev->u.limit.operator_id);
    case VG_EV_CARE:
        return said(ev->u.care.operator_id);
    case VG_EV_NONE:
    case VG_EV_READING:
    case VG_EV_NIBP:
    case VG_EV_WAVE:
    case VG_EV_DEVICE:
    case VG_EV_SIGNAL:
    case VG_EV_CUFF:
    case VG_EV_FRESHNESS:
    case VG_EV_CLOCK:
    case VG_EV_DAEMON:
    case VG_EV_TICK:
    case VG_EV_ROUTE:
    case VG_EV_SINK:
    case VG_EV_BIND:
    case VG_EV_PLAN:
    case VG_EV_KIND_COUNT:
        break;
    }
    return NULL;
}
