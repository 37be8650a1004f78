/*
 * op.c -- see op.h. What is not in the table cannot be asked for: sinks speak for themselves
 * (sink_alive, receipt), and an operation of a later daemon waits for a row here.
 */
#include "dashboard/op.h"

#include <stddef.h>
#include <string.h>

#include "dashboard/people.h"

/* clang-format off */
static const struct dash_op ops[] = {
    { "snapshot",       DASH_VIEWER,    DASH_SURE_SIGNED_IN, false },
    { "range",          DASH_VIEWER,    DASH_SURE_SIGNED_IN, false },
    { "history",        DASH_VIEWER,    DASH_SURE_SIGNED_IN, false },
    { "limits",         DASH_VIEWER,    DASH_SURE_SIGNED_IN, false },
    { "plan",           DASH_VIEWER,    DASH_SURE_SIGNED_IN, false },
    { "notes",          DASH_NURSE,     DASH_SURE_SIGNED_IN, true },
    { "ack",            DASH_NURSE,     DASH_SURE_WARM,      true },
    { "audio_pause",    DASH_NURSE,     DASH_SURE_WARM,      true },
    { "alarm_pause",    DASH_NURSE,     DASH_SURE_WARM,      true },
    { "alarm_on",       DASH_NURSE,     DASH_SURE_WARM,      true },
    { "alarm_off",      DASH_CLINICIAN, DASH_SURE_PIN,       true },
    { "test_alarm",     DASH_NURSE,     DASH_SURE_WARM,      true },
    { "quiet_on",       DASH_NURSE,     DASH_SURE_WARM,      true },
    { "quiet_off",      DASH_NURSE,     DASH_SURE_WARM,      true },
    { "nibp_start",     DASH_NURSE,     DASH_SURE_WARM,      true },
    { "nibp_abort",     DASH_NURSE,     DASH_SURE_WARM,      true },
    { "session_open",   DASH_NURSE,     DASH_SURE_WARM,      true },
    { "session_close",  DASH_NURSE,     DASH_SURE_WARM,      true },
    { "dose",           DASH_NURSE,     DASH_SURE_PIN,       true },
    { "dose_amend",     DASH_NURSE,     DASH_SURE_PIN,       true },
    { "dose_void",      DASH_NURSE,     DASH_SURE_PIN,       true },
    { "limit_set",      DASH_NURSE,     DASH_SURE_PIN,       true },
    { "limits_profile", DASH_NURSE,     DASH_SURE_PIN,       true },
    { "limits_formula", DASH_NURSE,     DASH_SURE_PIN,       true },
    { "override",       DASH_CLINICIAN, DASH_SURE_PIN,       true },
    { "score",          DASH_NURSE,     DASH_SURE_WARM,      true },
    { "sedation",       DASH_NURSE,     DASH_SURE_WARM,      true },
    { "fact",           DASH_NURSE,     DASH_SURE_WARM,      true },
    { "weight",         DASH_NURSE,     DASH_SURE_WARM,      true },
    { "reading",        DASH_NURSE,     DASH_SURE_WARM,      true },
    { "baseline",       DASH_NURSE,     DASH_SURE_WARM,      true },
    { "schedule",       DASH_NURSE,     DASH_SURE_WARM,      true },
    { "defer",          DASH_NURSE,     DASH_SURE_WARM,      true },
    { "symptom",        DASH_NURSE,     DASH_SURE_WARM,      true },
    { "intervention",   DASH_NURSE,     DASH_SURE_WARM,      true },
    { "marker",         DASH_NURSE,     DASH_SURE_WARM,      true },
    { "note",           DASH_NURSE,     DASH_SURE_WARM,      true },
    { "handover",       DASH_NURSE,     DASH_SURE_WARM,      true },
    { "care_void",      DASH_NURSE,     DASH_SURE_WARM,      true },
};
/* clang-format on */

const struct dash_op *dash_op_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < VG_COUNT(ops); i++) {
        if (strcmp(ops[i].name, name) == 0) {
            return &ops[i];
        }
    }
    return NULL;
}
