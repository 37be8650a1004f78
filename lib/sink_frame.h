/*
 * sink_frame.h -- one .alarms frame as JSON into what a sink of one role reads of it.
 *
 * Members it does not need are not looked at. A frame that does not say what the role has to voice
 * is refused: to take it for silence would make a daemon of another version a quiet one.
 */
#ifndef VIGIL_LIB_SINK_FRAME_H
#define VIGIL_LIB_SINK_FRAME_H

#include <jansson.h>

#include "lib/sink_state.h"

/* vg_asink_frame_read -- VG_ERR_FORMAT when bed, run or the role's entry of `sounds` is missing or
 * not of its form. */
VG_NODISCARD enum vg_status vg_asink_frame_read(const json_t *body, enum vg_sink_role role,
                                                struct vg_asink_frame *out);

#endif
