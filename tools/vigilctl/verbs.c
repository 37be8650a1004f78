/*
 * verbs.c -- the verb table of vigilctl: a row a verb, in the order of the help.
 *
 * A verb of two words stands before one that is its first word.
 */
#include "tools/vigilctl/ctl.h"

#define WHO OPT(OPT_OPERATOR) | OPT(OPT_REQUEST_ID)
#define DOSE (WHO | OPT(OPT_DRUG) | OPT(OPT_ROUTE) | OPT(OPT_GIVEN_AT))
#define AMOUNT (OPT(OPT_AMOUNT) | OPT(OPT_UNIT))
#define DRUG (OPT(OPT_DRUG) | OPT(OPT_ROUTE))
#define CHANGE (WHO | OPT(OPT_BED) | OPT(OPT_REASON))

const struct ctl_verb ctl_verbs[] = {
    { "status", "[--bed ID]", 0, 0, OPT(OPT_BED), 0, verb_status,
      "beds, devices, sessions, open alarms, storage, versions" },
    { "watch", "[--seconds N] [--bed ID] [--plain]", 0, 0,
      OPT(OPT_SECONDS) | OPT(OPT_BED) | OPT(OPT_PLAIN), 0, verb_watch,
      "live values with their age, and alarms" },
    { "session open", "BED --patient REF", 1, 0, WHO | OPT(OPT_PATIENT), OPT(OPT_PATIENT),
      verb_session_open, "bind a patient reference to a bed" },
    { "session close", "BED [--reason TEXT]", 1, 0, WHO | OPT(OPT_REASON), 0, verb_session_close,
      "end the session; with alarms open only with a reason" },
    { "dose bolus", "BED --drug D --amount N --unit ug|mg|g --route R [--given-at T]", 1, 0,
      DOSE | AMOUNT, DRUG | AMOUNT, verb_dose_bolus, "record a dose that was given" },
    { "dose infusion-start", "BED --drug D --amount N --unit mg/h --route R [--given-at T]", 1, 0,
      DOSE | AMOUNT, DRUG | AMOUNT, verb_dose_infusion_start,
      "record that an infusion was started, with its rate" },
    { "dose rate-change", "BED --drug D --amount N --unit mg/h --route R [--given-at T]", 1, 0,
      DOSE | AMOUNT, DRUG | AMOUNT, verb_dose_rate_change, "record the new rate of an infusion" },
    { "dose stop", "BED --drug D --route R [--given-at T]", 1, 0, DOSE, DRUG, verb_dose_stop,
      "record that an infusion was stopped" },
    { "ack", "BED INSTANCE", 2, 0, WHO, 0, verb_ack, "acknowledge one alarm instance" },
    { "nibp start", "BED DEVICE", 2, 0, WHO, 0, verb_nibp_start, "ask a cuff to measure" },
    { "nibp abort", "BED DEVICE", 2, 0, WHO, 0, verb_nibp_abort,
      "stop a cuff and let the air out" },
    { "alarms", "[--bed ID] [--history | --session [NUMBER|current]] [--from SEQ]", 0, 0,
      OPT(OPT_BED) | OPT(OPT_HISTORY) | OPT(OPT_SESSION) | OPT(OPT_FROM), 0, verb_alarms,
      "open alarms and why; or the alarm log, all of it or of one session" },
    { "pause", "[--bed ID] [--vital V --reason TEXT]", 0, 0,
      WHO | OPT(OPT_BED) | OPT(OPT_VITAL) | OPT(OPT_REASON), 0, verb_pause,
      "pause the sound of the bed, or end that pause; with --vital all signals of one vital" },
    { "off", "--vital V --reason TEXT [--bed ID]", 0, 0,
      WHO | OPT(OPT_BED) | OPT(OPT_VITAL) | OPT(OPT_REASON), OPT(OPT_VITAL) | OPT(OPT_REASON),
      verb_off, "switch the signals of one vital off, until somebody ends it" },
    { "on", "--vital V [--bed ID]", 0, 0, WHO | OPT(OPT_BED) | OPT(OPT_VITAL), OPT(OPT_VITAL),
      verb_on, "end the pause or the off of one vital" },
    { "quiet on", "[--bed ID]", 0, 0, WHO | OPT(OPT_BED), 0, verb_quiet_on,
      "staff is told first, the room when nobody reacts; again: still watching" },
    { "quiet off", "[--bed ID]", 0, 0, WHO | OPT(OPT_BED), 0, verb_quiet_off,
      "alarms sound in the room at once" },
    { "limits set", "CONDITION VALUE --reason TEXT [--bed ID]", 2, 0, CHANGE, OPT(OPT_REASON),
      verb_limits_set, "one limit of the session" },
    { "limits profile", "NAME --reason TEXT [--bed ID]", 1, 0, CHANGE, OPT(OPT_REASON),
      verb_limits_profile, "all limits of the session from a profile of the configuration" },
    { "limits formula", "--reason TEXT [--yes] [--bed ID]", 0, 0, CHANGE | OPT(OPT_YES),
      OPT(OPT_REASON), verb_limits_formula,
      "limits from the baseline of the session; shows them first and asks" },
    { "limits", "[--bed ID]", 0, 0, OPT(OPT_BED), 0, verb_limits,
      "limits in force, profiles, and what the formula proposes" },
    { "sedation", "SCORE [--bed ID]", 1, 0, WHO | OPT(OPT_BED), 0, verb_sedation,
      "record a MOAA/S score, 0 to 5; 3 and less is an alarm" },
    { "baseline", "[--bed ID]", 0, 0, WHO | OPT(OPT_BED), 0, verb_baseline,
      "record what is measured now as the baseline of the session" },
    { "schedule", "--vital V --every 5min|off [--bed ID]", 0, 0,
      WHO | OPT(OPT_BED) | OPT(OPT_VITAL) | OPT(OPT_EVERY), OPT(OPT_VITAL) | OPT(OPT_EVERY),
      verb_schedule, "an alarm when a reading of that vital is late" },
    { "test-alarm", "[low|medium|high] [--bed ID]", 0, 1, WHO | OPT(OPT_BED), 0, verb_test_alarm,
      "let every sink of the bed sound a test signal for ten seconds (medium)" },
    { "sinks", "", 0, 0, 0, 0, verb_sinks,
      "programs that make alarms heard, and whether they are well" },
    { "range", "[--from SEQ] [--limit N] [--bed ID]", 0, 0,
      OPT(OPT_FROM) | OPT(OPT_LIMIT) | OPT(OPT_BED), 0, verb_range,
      "rows of the record, asked from the daemon" },
    { "export csv", "--db FILE [--session ID] [--bed ID]", 0, 0,
      OPT(OPT_DB) | OPT(OPT_SESSION) | OPT(OPT_BED), OPT(OPT_DB), verb_export_csv,
      "the record as CSV, read from the file" },
    { "verify", "FILE [--key HEX|FILE] [--head HASH]", 1, 0, OPT(OPT_KEY) | OPT(OPT_HEAD), 0,
      verb_verify, "is the record, or an archive, what the node wrote? names the first bad row" },
    { "archive", "FILE OUT --session N", 2, 0, OPT(OPT_SESSION), OPT(OPT_SESSION), verb_archive,
      "one closed session as a file of its own, which verify accepts" },
};

const size_t ctl_verb_count = VG_COUNT(ctl_verbs);
