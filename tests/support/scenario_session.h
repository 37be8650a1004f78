/*
 * scenario_session.h -- protocols, the actions of a session, and the lines of its plan.
 *
 *   protocol iv-40                      (set-up) config/protocols/iv-40.yaml may be asked for
 *   at 5 say OP [BED] key=value ...     any request; a number or true and false as such, ~ is a space
 *   at 5 correct void REASON            the last dose of the first bed; or: amend key=value ...
 *   at 5 forget protocols               the next start finds none in the configuration
 *   at 5 ready [BED]                    weight of 70 kg, and yes to every fact before a dose
 *   at 5 awake [BED]                    MOAA/S 5, dissociation 0, nausea 0
 *   at 5 signed [BED]                   yes to every fact before leaving
 *
 * Lines of the state: mark nibp|score +MINUTES STATE [off=SECONDS] BED; gate open|closed [MISSING ...]
 * BED; phase NAME BED; total DRUG given=UG infused=UG remaining=UG BED; discharge ready|not BED;
 * responsible WHO BED.
 */
#ifndef VIGIL_TESTS_SUPPORT_SCENARIO_SESSION_H
#define VIGIL_TESTS_SUPPORT_SCENARIO_SESSION_H

#include "tests/support/scenario.h"
#include "tests/support/virtual_daemon.h"

bool scn_add_protocol(struct vd *d, const char *name);
bool scn_act_session(struct vd *d, const struct scn_step *st);
void scn_show_plan(struct scn_lines *state, const struct vigild *v, uint16_t bed);

#endif
