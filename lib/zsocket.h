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

/* vg_zsocket_set_group -- give an ipc socket file to a group, mode 0660. Without that group on the
 * system it stays the owner's, mode 0600 ... and a log line says so. */
void vg_zsocket_set_group(const char *endpoint, const char *group);

#endif
