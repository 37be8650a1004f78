/*
 * scenario_act.h -- the actions of a scenario, after `at TIME`:
 *
 *   DEV spo2 N | pr N | off | on | unplugged | artifact | weak | clear | period S
 *   DEV mute | speak | garbage N | unplug | replug | refuse | allow
 *   CUFF sys N dia N mean N | fail CODE | good | deaf | busy | hears | lasts S
 *   session open REF [BED] | session close [BED] [because WORD]
 *   dose KIND AMOUNT UNIT ROUTE [BED] | dose stop ROUTE | ack CONDITION [BED]
 *   nibp start CUFF | nibp abort CUFF | again          (the last request, letter by letter)
 *   restart [S] | kill [S]          down for S seconds (1 unless said)
 *   disk full | disk ok | clock +S | clock -S
 */
#ifndef VIGIL_TESTS_SUPPORT_SCENARIO_ACT_H
#define VIGIL_TESTS_SUPPORT_SCENARIO_ACT_H

#include "tests/support/scenario.h"
#include "tests/support/virtual_daemon.h"

/* scn_act -- false when the step is no action, or the daemon did not start again. */
bool scn_act(struct vd *d, const struct scn_step *st);

#endif
