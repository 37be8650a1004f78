/*
 * status.h -- the one way a function of Vigil says that it failed.
 *
 * Values travel through out parameters; a function returns a status or nothing.
 */
#ifndef VIGIL_STATUS_H
#define VIGIL_STATUS_H

enum vg_status {
    VG_OK = 0,
    VG_ERR_ARG = -1,      /* the request itself is malformed */
    VG_ERR_RANGE = -2,    /* a number lies outside its legal range */
    VG_ERR_FULL = -3,     /* a fixed capacity is used up */
    VG_ERR_FORMAT = -4,   /* bytes or text do not have the promised form */
    VG_ERR_CHECKSUM = -5, /* a checksum or CRC does not fit */
    VG_ERR_TIMEOUT = -6,  /* no answer in time */
    VG_ERR_IO = -7,       /* the operating system refused */
    VG_ERR_LOST = -8,     /* the device or peer is gone */
    VG_ERR_STATE = -9,    /* not possible in the present state */
    VG_ERR_DENIED = -10,  /* not permitted, or locked by another */
    VG_ERR_STORE = -11,   /* the record could not be written */
    VG_ERR_BUG = -12      /* a programmer's fault that was contained */
};

/*
 * vg_status_name -- the short upper-case name of a status, for records and scripts ("TIMEOUT").
 * vg_status_text -- one sentence for people.
 *
 * Errors: an unknown number gives "UNKNOWN". Owner: static text.
 */
const char *vg_status_name(enum vg_status st);
const char *vg_status_text(enum vg_status st);

#endif
