/*
 * signals.h -- signals as bytes of a descriptor instead of interruptions.
 */
#ifndef VIGIL_LIB_SIGNALS_H
#define VIGIL_LIB_SIGNALS_H

#include "vigil/status.h"

/* vg_signals_open -- block SIGTERM, SIGINT and SIGHUP and deliver them through *fd; ignore SIGPIPE.
 * Call before any thread is started. VG_ERR_IO when the system refuses. */
enum vg_status vg_signals_open(int *fd);
/* vg_signals_take -- the next signal number, 0 when there is none. */
int vg_signals_take(int fd);

#endif
