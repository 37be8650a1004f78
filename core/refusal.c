/*
 * refusal.c -- why a command was not carried out: a word for programs, a sentence with the cure for
 * people.
 */
#include <assert.h>
#include <stddef.h>

#include "vigil/compiler.h"
#include "vigil/event.h"

/* clang-format off */
static const struct {
    const char *name, *text;
} rows[] = {
    [VG_REFUSED_NOT] = { "none",
        "" },
    [VG_REFUSED_NO_SESSION] = { "no_session",
        "no session is open on this bed; open one first (session open)" },
    [VG_REFUSED_SESSION_OPEN] = { "session_open",
        "a session is already open on this bed; close it first" },
    [VG_REFUSED_ALARMS_OPEN] = { "alarms_open",
        "alarms are open on this bed; acknowledge them, or close with a reason" },
    [VG_REFUSED_NO_INSTANCE] = { "no_instance",
        "no alarm instance with that number is open on this bed; ask for a snapshot" },
    [VG_REFUSED_ACKED] = { "already_acknowledged",
        "that alarm instance is already acknowledged" },
    [VG_REFUSED_NOT_A_CUFF] = { "not_a_cuff",
        "that device cannot measure blood pressure; name the cuff" },
    [VG_REFUSED_CUFF_OFFLINE] = { "cuff_offline",
        "the cuff does not answer; check its cable and power" },
    [VG_REFUSED_CUFF_BUSY] = { "cuff_busy",
        "the cuff is measuring; wait for it to end, or abort it" },
    [VG_REFUSED_CUFF_COOLDOWN] = { "cuff_cooldown",
        "the cuff must stay deflated for 30 s between determinations; wait" },
    [VG_REFUSED_ID_REUSED] = { "request_id_reused",
        "that request_id already stands for another command of this bed; nothing was "
        "done, send it again with a new one" },
    [VG_REFUSED_NOTHING_SOUNDS] = { "nothing_sounds",
        "no alarm sounds on this bed now, so there is nothing to pause" },
    [VG_REFUSED_INHIBITED] = { "inhibited",
        "the signals of that vital are paused or off already; end that first" },
    [VG_REFUSED_NOT_INHIBITED] = { "not_inhibited",
        "the signals of that vital are neither paused nor off" },
    [VG_REFUSED_REQUIRED] = { "required",
        "this phase of the session needs the alarms of that vital; they stay on" },
    [VG_REFUSED_LIMIT] = { "limit",
        "the limits would be outside their range or cross each other" },
    [VG_REFUSED_NO_BASELINE] = { "no_baseline",
        "no baseline is recorded in this session; measure, then record it (baseline)" },
    [VG_REFUSED_NO_SINK] = { "no_sink",
        "no remote alarm sink is well, so nobody outside would be told; start one "
        "first" },
    [VG_REFUSED_BOUND] = { "bound_elsewhere",
        "the device belongs to the open session of another bed; close that session "
        "first" },
    [VG_REFUSED_SESSION_KIND] = { "session_kind",
        "this session is for preparation or integration and holds no doses; open a "
        "dosing session" },
    [VG_REFUSED_FUTURE] = { "in_the_future",
        "that time is in the future; check the clock you read it from" },
    [VG_REFUSED_BEFORE_SESSION] = { "before_session",
        "that time is before the session was opened; open it first, or check the time" },
    [VG_REFUSED_NO_DOSE] = { "no_dose",
        "no dose in force stands under that number: it was corrected since, or never was one; see the plan" },
    [VG_REFUSED_CORRECTED] = { "already_corrected",
        "that row was corrected already; name the row that is in force now" },
    [VG_REFUSED_NO_WEIGHT] = { "no_weight",
        "an amount per kilogram needs the weight, one in mL the concentration; record "
        "or add it" },
    [VG_REFUSED_WEIGHT] = { "weight_differs",
        "the weight is not the one recorded in this session; record the right one "
        "first" },
    [VG_REFUSED_AMOUNT] = { "amount",
        "the amount is outside 1 ug to 1 kg; check number and unit" },
    [VG_REFUSED_CONFIRM] = { "confirm",
        "look at the result of the conversion and send it again with confirm" },
    [VG_REFUSED_DISCHARGE] = { "discharge",
        "discharge checks do not hold; see the plan, or close with a reason" },
    [VG_REFUSED_NO_SCALE] = { "no_scale",
        "there is no such scale; see the configuration" },
    [VG_REFUSED_SCORE] = { "score",
        "the score is outside its scale" },
    [VG_REFUSED_NOT_SOFT] = { "not_soft",
        "that fact of the gate is not one a person may override" },
    [VG_REFUSED_ANSWER_FIRST] = { "answer_first",
        "answer the question first, then override it with a reason" },
    [VG_REFUSED_NO_PLAN] = { "nothing_due",
        "nothing is due that could be put off" },
    [VG_REFUSED_DEFERRED] = { "already_deferred",
        "that reading was put off once already; measure now" },
    [VG_REFUSED_CUFF_HOUR] = { "cuff_hour",
        "this person had 30 cuff inflations within an hour; measure by hand" },
    [VG_REFUSED_READING] = { "reading",
        "a reading has systolic above diastolic, both or none, and values a person can "
        "have; check what was typed" },
    [VG_REFUSED_NO_ROW] = { "no_row",
        "no row of this session stands under that number, or it is of a dose (dose void)" },
    [VG_REFUSED_WEIGHT_RANGE] = { "weight_range",
        "a weight is 30 to 250 kg; check number and unit" },
    [VG_REFUSED_BASELINE_GIVEN] = { "baseline_given",
        "a drug was given: a baseline is from before it, and one is recorded" },
};
/* clang-format on */
static_assert(VG_COUNT(rows) == VG_REFUSED_COUNT, "a refusal has no words");

const char *vg_refusal_name(enum vg_refusal r)
{
    return (unsigned)r < VG_REFUSED_COUNT ? rows[r].name : "unknown";
}

const char *vg_refusal_text(enum vg_refusal r)
{
    return (unsigned)r < VG_REFUSED_COUNT ? rows[r].text : "unknown";
}
