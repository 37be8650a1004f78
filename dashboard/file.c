/*
 * file.c -- see file.h.
 */
#include "dashboard/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 512

static bool write_part(const char *part, const char *folder, const void *bytes, size_t len,
                       mode_t mode)
{
    struct stat owner;
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    bool ok = fd >= 0 && stat(folder, &owner) == 0 &&
              (geteuid() != 0 || fchown(fd, owner.st_uid, owner.st_gid) == 0) &&
              write(fd, bytes, len) == (ssize_t)len && fsync(fd) == 0;
    int fault = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        fault = errno;
    }
    errno = fault;
    return ok;
}

enum vg_status dash_file_replace(const char *file, const void *bytes, size_t len, mode_t mode)
{
    char path[PATH_BYTES];
    char part[PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s", file);
    int m = snprintf(part, sizeof part, "%s.new", file);
    if (n < 0 || m < 0 || (size_t)m >= sizeof part) {
        errno = ENAMETOOLONG;
        return VG_ERR_IO;
    }
    const char *folder = dirname(path);
    if (!write_part(part, folder, bytes, len, mode) || rename(part, file) != 0) {
        int fault = errno;
        (void)unlink(part);
        errno = fault;
        return VG_ERR_IO;
    }
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
        (void)fsync(dir);
        (void)close(dir);
    }
    return VG_OK;
}
