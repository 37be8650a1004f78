/*
 * session.h -- a session: the time one patient reference is bound to one bed.
 *
 * Identity of a session is the sequence number of the event that opened it, so it is unique for
 * ever within one record.
 */
#ifndef VIGIL_SESSION_H
#define VIGIL_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "vigil/capacity.h"

enum vg_session_move { VG_SESSION_OPEN, VG_SESSION_CLOSE, VG_SESSION_MOVE_COUNT };

/* A treatment is a course of sessions of one patient reference. Only a dosing session holds doses. */
enum vg_session_kind {
    VG_SESSION_DOSING,
    VG_SESSION_PREPARATION,
    VG_SESSION_INTEGRATION,
    VG_SESSION_KIND_COUNT
};

#define VG_PROTOCOL_NONE UINT8_C(0xff)
/* The session has one, and neither configuration nor record know it any more. */
#define VG_PROTOCOL_LOST UINT8_C(0xfe)

/* An operator opens or closes a session. `text` is the patient reference when opening and the
 * reason of an override when closing with alarms open or before the discharge checks hold. */
struct vg_session_event {
    char request_id[VG_REQUEST_ID_MAX];
    char operator_id[VG_NAME_MAX];
    char text[VG_REASON_MAX];
    char course[VG_NAME_MAX];
    uint32_t unmet;   /* CLOSE: bit set of discharge checks that did not hold */
    uint8_t move;     /* enum vg_session_move */
    uint8_t kind;     /* OPEN: enum vg_session_kind */
    uint8_t protocol; /* OPEN: index, or VG_PROTOCOL_NONE */
};

const char *vg_session_move_name(enum vg_session_move m);
const char *vg_session_kind_name(enum vg_session_kind k);
bool vg_session_kind_find(const char *name, enum vg_session_kind *out);

#endif
