/*
 * file.h -- a small file replaced as a whole: a reader, and a start after a crash, find the old one
 * or the new one, never half of either.
 */
#ifndef VIGIL_DASHBOARD_FILE_H
#define VIGIL_DASHBOARD_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "vigil/compiler.h"
#include "vigil/status.h"

/*
 * dash_file_replace -- written beside FILE, synced, renamed, and the folder synced. What root makes
 * belongs to the owner of the folder, who will have to read it.
 *
 * Errors: VG_ERR_IO, errno says why, and FILE is as it was. No log line: the caller knows what it
 * means. It takes as long as the disk takes.
 */
VG_NODISCARD enum vg_status dash_file_replace(const char *file, const void *bytes, size_t len,
                                              mode_t mode);

#endif
