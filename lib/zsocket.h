/*
 * zsocket.h -- a ZeroMQ socket bound the way all of Vigil's are.
 */
#ifndef VIGIL_LIB_ZSOCKET_H
#define VIGIL_LIB_ZSOCKET_H

/*
 * vg_zsocket_open -- make and bind (or connect) a socket: no linger, finite high-water mark,
 * heartbeats so that a frozen peer is noticed.
 *
 * Returns NULL after one log line that names the endpoint and the reason.
 */
void *vg_zsocket_open(void *zmq, int type, const char *endpoint, int high_water);
void *vg_zsocket_connect(void *zmq, int type, const char *endpoint);

/* vg_zsocket_restrict -- an ipc socket file for its owner and group only, mode 0660. The group is
 * the folder's: a set-group-id folder hands its group down (systemd/vigild.service makes them). */
void vg_zsocket_restrict(const char *endpoint);

#endif
