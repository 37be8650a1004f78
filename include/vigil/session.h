/*
 * session.h -- a session: the time one patient reference is bound to one bed.
 *
 * Identity of a session is the sequence number of the event that opened it, so it is unique for
 * ever within one record.
 */
#ifndef VIGIL_SESSION_H
#define VIGIL_SESSION_H

#include <stdint.h>

#include "vigil/capacity.h"

enum vg_session_move { VG_SESSION_OPEN, VG_SESSION_CLOSE, VG_SESSION_MOVE_COUNT };

/* An operator opens or closes a session. `text` is the patient reference when opening and the
 * reason of an override when closing with alarms open. */
struct vg_session_event {
    char request_id[VG_REQUEST_ID_MAX];
    char operator_id[VG_NAME_MAX];
    char text[VG_REASON_MAX];
    uint8_t move; /* enum vg_session_move */
};

const char *vg_session_move_name(enum vg_session_move m);

#endif
