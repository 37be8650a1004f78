/*
 * notify.h -- words to the service manager: READY=1, WATCHDOG=1, STATUS=...
 *
 * The protocol of sd_notify(3), one datagram, by hand: programs outside daemon/ do not link
 * libsystemd. Without a service manager it does nothing.
 */
#ifndef VIGIL_LIB_NOTIFY_H
#define VIGIL_LIB_NOTIFY_H

/* vg_notify -- one datagram to $NOTIFY_SOCKET. Never blocks; a loss is the manager's to notice. */
void vg_notify(const char *words);

#endif
