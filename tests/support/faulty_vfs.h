/*
 * faulty_vfs.h -- the system's SQLite files with a fault to order: the n-th write, or a full disk.
 *
 * Installed once per program as SQLite's default, so the code under test opens its files as ever.
 * Counted are xWrite, xSync and xTruncate of every file. One thread at a time uses the settings.
 */
#ifndef VIGIL_TESTS_SUPPORT_FAULTY_VFS_H
#define VIGIL_TESTS_SUPPORT_FAULTY_VFS_H

#include <stdbool.h>
#include <stdint.h>

struct faulty_vfs {
    uint64_t ops;     /* operations so far */
    uint64_t fail_at; /* this one fails, counted from 1; 0 = none */
    uint64_t fail_to; /* ... and all up to this one */
    int error;        /* the SQLite code it fails with */
    bool full;        /* no write succeeds, as on a full disk */
    bool fast;        /* xSync says yes and does nothing */
};

/* The settings in force. */
extern struct faulty_vfs faulty_vfs;

/* Make it the default VFS (once), and forget all faults. */
void faulty_vfs_install(void);

#endif
