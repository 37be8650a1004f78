/*
 * tty.h -- open a terminal device raw, non-blocking, locked.
 */
#ifndef VIGIL_LIB_TTY_H
#define VIGIL_LIB_TTY_H

#include <stdbool.h>

#include "vigil/driver.h"
#include "vigil/status.h"

/*
 * vg_tty_open -- open path with termios: raw, 8-bit clean, no flow control, close-on-exec.
 *
 * The path may be a symlink (/dev/serial/by-id/...). Errors: VG_ERR_DENIED when another program
 * holds the port or permission is missing, VG_ERR_LOST when it is not there, VG_ERR_IO, and
 * VG_ERR_RANGE for line settings the port does not take. *fd is -1 on failure.
 */
enum vg_status vg_tty_open(const char *path, const struct vg_line *line, int *fd);

/* vg_tty_lock -- exclusive use against other users (TIOCEXCL, real ports only) and our own programs
 * (flock). */
enum vg_status vg_tty_lock(int fd);

/* vg_tty_is_pty -- does the descriptor belong to a pseudo-terminal? (A simulator, not a device.) */
bool vg_tty_is_pty(int fd);

/* vg_tty_status -- errno of a failed open as a status. */
enum vg_status vg_tty_status(int err);

#endif
