/*
 * slowsync.c -- preloaded: fsync and fdatasync take BENCH_SYNC_MS longer, as on a worn SD card.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef int (*sync_fn)(int);

static int slow(const char *name, int fd)
{
    const char *text = getenv("BENCH_SYNC_MS");
    long ms = text != NULL ? strtol(text, NULL, 10) : 0;
    struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    sync_fn real;
    /* POSIX's own way of turning the result into a function. */
    *(void **)(&real) = dlsym(RTLD_NEXT, name);
    (void)nanosleep(&ts, NULL);
    return real(fd);
}

int fdatasync(int fd)
{
    return slow("fdatasync", fd);
}

int fsync(int fd)
{
    return slow("fsync", fd);
}
