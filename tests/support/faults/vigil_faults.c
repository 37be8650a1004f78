/*
 * vigil_faults.c -- a preload library that makes the disk and the wall clock of one process fail
 * as a test says, while it runs.
 *
 * The file named in VIGIL_FAULTS holds one struct control; tests/system/vigil_system.py writes it
 * and knows its layout. Only paths below `prefix` are touched, so that sockets, logs and devices
 * stay as they are. Trap: each function exists twice in glibc, with and without 64 in its name,
 * and a library may have been compiled against either.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define PREFIX_BYTES 256

struct control {
    _Atomic int64_t offset_ns;     /* added to CLOCK_REALTIME */
    _Atomic int32_t sync_delay_ms; /* before fsync and fdatasync */
    _Atomic int32_t sync_errno;    /* 0: they work */
    _Atomic int32_t write_errno;   /* 0: write, pwrite, ftruncate and posix_fallocate work */
    _Atomic int32_t syncs;         /* counted here, for the test to read */
    _Atomic int32_t refused;       /* calls that were made to fail */
    char prefix[PREFIX_BYTES];     /* the state directory */
};

static struct control none;
static struct control *control = &none;

__attribute__((constructor)) static void open_control(void)
{
    const char *path = getenv("VIGIL_FAULTS");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) {
        return;
    }
    void *at = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) {
        control = at;
    }
    (void)close(fd);
}

static int is_below(int fd)
{
    char name[64];
    char path[PREFIX_BYTES * 2];
    size_t len = strnlen(control->prefix, PREFIX_BYTES);

    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(name, path, sizeof path - 1);
    return len > 0 && n >= (ssize_t)len && memcmp(path, control->prefix, len) == 0;
}

/* The errno this write must fail with, or 0. */
static int write_fault(int fd)
{
    int err = atomic_load(&control->write_errno);
    if (err == 0 || !is_below(fd)) {
        return 0;
    }
    atomic_fetch_add(&control->refused, 1);
    return err;
}

static int sync_fault(int fd)
{
    int delay_ms = atomic_load(&control->sync_delay_ms);
    if (!is_below(fd)) {
        return 0;
    }
    atomic_fetch_add(&control->syncs, 1);
    if (delay_ms > 0) {
        struct timespec ts = { delay_ms / 1000, delay_ms % 1000 * 1000000L };
        (void)nanosleep(&ts, NULL);
    }
    int err = atomic_load(&control->sync_errno);
    if (err != 0) {
        atomic_fetch_add(&control->refused, 1);
    }
    return err;
}

/* The next definition of a function; ISO C has no cast between the two kinds of pointer. */
#define REAL(name)                                                                                 \
    static _Atomic(void *) found;                                                                  \
    void *at = atomic_load(&found);                                                                \
    if (at == NULL) {                                                                              \
        at = dlsym(RTLD_NEXT, #name);                                                              \
        atomic_store(&found, at);                                                                  \
    }                                                                                              \
    __typeof__(&name) real;                                                                        \
    memcpy(&real, &at, sizeof real)

#define FAIL_IF(fault)                                                                             \
    do {                                                                                           \
        int err = (fault);                                                                         \
        if (err != 0) {                                                                            \
            errno = err;                                                                           \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)

int clock_gettime(clockid_t id, struct timespec *ts)
{
    REAL(clock_gettime);
    int rc = real(id, ts);
    int64_t offset_ns = atomic_load(&control->offset_ns);
    if (rc == 0 && id == CLOCK_REALTIME && offset_ns != 0) {
        int64_t t_ns = (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec + offset_ns;
        ts->tv_sec = (time_t)(t_ns / 1000000000);
        ts->tv_nsec = (long)(t_ns % 1000000000);
    }
    return rc;
}

int fsync(int fd)
{
    REAL(fsync);
    FAIL_IF(sync_fault(fd));
    return real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    FAIL_IF(sync_fault(fd));
    return real(fd);
}

ssize_t write(int fd, const void *buf, size_t n)
{
    REAL(write);
    FAIL_IF(write_fault(fd));
    return real(fd, buf, n);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t at_byte)
{
    REAL(pwrite);
    FAIL_IF(write_fault(fd));
    return real(fd, buf, n, at_byte);
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t at_byte)
{
    REAL(pwrite64);
    FAIL_IF(write_fault(fd));
    return real(fd, buf, n, at_byte);
}

int ftruncate(int fd, off_t len)
{
    REAL(ftruncate);
    FAIL_IF(write_fault(fd));
    return real(fd, len);
}

int ftruncate64(int fd, off64_t len)
{
    REAL(ftruncate64);
    FAIL_IF(write_fault(fd));
    return real(fd, len);
}

/* These two return the error instead of setting errno. */
int posix_fallocate(int fd, off_t from, off_t len)
{
    REAL(posix_fallocate);
    int err = write_fault(fd);
    return err != 0 ? err : real(fd, from, len);
}

int posix_fallocate64(int fd, off64_t from, off64_t len)
{
    REAL(posix_fallocate64);
    int err = write_fault(fd);
    return err != 0 ? err : real(fd, from, len);
}
