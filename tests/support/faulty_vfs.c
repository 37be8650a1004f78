/* faulty_vfs.c -- a shim: every call goes on to the system's VFS unless a fault is due. */
#include "tests/support/faulty_vfs.h"

#include <sqlite3.h>
#include <string.h>

#include "vigil/compiler.h"

struct faulty_vfs faulty_vfs;

static sqlite3_vfs *parent;
static sqlite3_vfs shim;

struct shim_file {
    sqlite3_file base;
    sqlite3_file *real; /* in the memory behind this struct */
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct shim_file *)(void *)f)->real;
}

/* SQLITE_OK, or the fault that is due for this operation. */
static int fault(bool writes)
{
    faulty_vfs.ops++;
    if (faulty_vfs.full && writes) {
        return SQLITE_FULL;
    }
    if (faulty_vfs.fail_at != 0 && faulty_vfs.ops >= faulty_vfs.fail_at &&
        faulty_vfs.ops <= faulty_vfs.fail_to) {
        return faulty_vfs.error;
    }
    return SQLITE_OK;
}

static int do_close(sqlite3_file *f)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods != NULL ? r->pMethods->xClose(r) : SQLITE_OK;
}

static int do_read(sqlite3_file *f, void *buf, int n, sqlite3_int64 at)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xRead(r, buf, n, at);
}

static int do_write(sqlite3_file *f, const void *buf, int n, sqlite3_int64 at)
{
    sqlite3_file *r = real_of(f);
    int rc = fault(true);
    return rc == SQLITE_OK ? r->pMethods->xWrite(r, buf, n, at) : rc;
}

static int do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    sqlite3_file *r = real_of(f);
    int rc = fault(false);
    return rc == SQLITE_OK ? r->pMethods->xTruncate(r, size) : rc;
}

static int do_sync(sqlite3_file *f, int flags)
{
    sqlite3_file *r = real_of(f);
    int rc = fault(false);
    if (rc != SQLITE_OK || faulty_vfs.fast) {
        return rc;
    }
    return r->pMethods->xSync(r, flags);
}

static int do_size(sqlite3_file *f, sqlite3_int64 *size)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xFileSize(r, size);
}

static int do_lock(sqlite3_file *f, int lock)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xLock(r, lock);
}

static int do_unlock(sqlite3_file *f, int lock)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xUnlock(r, lock);
}

static int do_check(sqlite3_file *f, int *out)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xCheckReservedLock(r, out);
}

static int do_control(sqlite3_file *f, int op, void *arg)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xFileControl(r, op, arg);
}

static int do_sector(sqlite3_file *f)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xSectorSize(r);
}

static int do_traits(sqlite3_file *f)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xDeviceCharacteristics(r);
}

static int do_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xShmMap(r, page, size, extend, out);
}

static int do_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xShmLock(r, offset, n, flags);
}

static void do_shm_barrier(sqlite3_file *f)
{
    sqlite3_file *r = real_of(f);
    r->pMethods->xShmBarrier(r);
}

static int do_shm_unmap(sqlite3_file *f, int remove)
{
    sqlite3_file *r = real_of(f);
    return r->pMethods->xShmUnmap(r, remove);
}

/* Version 2: write-ahead logs, no memory mapping. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check,
    .xFileControl = do_control,
    .xSectorSize = do_sector,
    .xDeviceCharacteristics = do_traits,
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap,
};

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    struct shim_file *file = (struct shim_file *)(void *)f;
    (void)vfs;
    file->real = (sqlite3_file *)(void *)(file + 1);
    int rc = parent->xOpen(parent, name, file->real, flags, out_flags);
    file->base.pMethods = file->real->pMethods != NULL ? &methods : NULL;
    return rc;
}

static int do_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    (void)vfs;
    return parent->xDelete(parent, name, faulty_vfs.fast ? 0 : sync_dir);
}

static int do_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    return parent->xAccess(parent, name, flags, out);
}

static int do_full_name(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    return parent->xFullPathname(parent, name, n, out);
}

void faulty_vfs_install(void)
{
    memset(&faulty_vfs, 0, sizeof faulty_vfs);
    if (parent != NULL) {
        return;
    }
    parent = sqlite3_vfs_find(NULL);
    VG_ASSERT(parent != NULL);
    shim = *parent;
    shim.pNext = NULL;
    shim.zName = "faulty";
    shim.szOsFile = (int)sizeof(struct shim_file) + parent->szOsFile;
    shim.xOpen = do_open;
    shim.xDelete = do_delete;
    shim.xAccess = do_access;
    shim.xFullPathname = do_full_name;
    int rc = sqlite3_vfs_register(&shim, 1);
    VG_ASSERT(rc == SQLITE_OK);
}
