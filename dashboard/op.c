/*
 * op.c -- see op.h. What is not in the table cannot be asked for: sinks speak for themselves
 * (sink_alive, receipt), and an operation of a later daemon waits for a row here.
 */
#include "dashboard/op.h"

#include <stddef.h>
#include <string.h>

#include "dashboard/people.h"

/* clang-format off */
#define QUESTION(word) { word, DASH_VIEWER, DASH_SURE_SIGNED_IN, false, false }
#define COMMAND(word, role, sure) { word, role, sure, true, true }
static const struct dash_op ops[] = {
    QUESTION("snapshot"),
    QUESTION("range"),
    QUESTION("history"),
    QUESTION("limits"),
    QUESTION("plan"),
    { "notes", DASH_NURSE, DASH_SURE_WARM, true, false },
    COMMAND("ack",            DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("audio_pause",    DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("alarm_pause",    DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("alarm_on",       DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("alarm_off",      DASH_CLINICIAN, DASH_SURE_PIN),
    COMMAND("test_alarm",     DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("quiet_on",       DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("quiet_off",      DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("nibp_start",     DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("nibp_abort",     DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("session_open",   DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("session_close",  DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("dose",           DASH_NURSE,     DASH_SURE_PIN),
    COMMAND("dose_amend",     DASH_NURSE,     DASH_SURE_PIN),
    COMMAND("dose_void",      DASH_NURSE,     DASH_SURE_PIN),
    COMMAND("limit_set",      DASH_NURSE,     DASH_SURE_PIN),
    COMMAND("limits_profile", DASH_NURSE,     DASH_SURE_PIN),
    COMMAND("limits_formula", DASH_NURSE,     DASH_SURE_PIN),
    COMMAND("override",       DASH_CLINICIAN, DASH_SURE_PIN),
    COMMAND("score",          DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("sedation",       DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("fact",           DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("weight",         DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("reading",        DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("baseline",       DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("schedule",       DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("defer",          DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("symptom",        DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("intervention",   DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("marker",         DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("note",           DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("handover",       DASH_NURSE,     DASH_SURE_WARM),
    COMMAND("care_void",      DASH_NURSE,     DASH_SURE_WARM),
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
