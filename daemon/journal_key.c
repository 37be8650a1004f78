/*
 * journal_key.c -- the node's key: vigil.key, for nobody else, and vigil.pub, for everybody.
 *
 * Both are hexadecimal text. The secret one appears under its name only when it is whole on disk, so a
 * power cut in the first second leaves no half of a key. A file that is there is never written again: a
 * new key would make all that was signed with the old one look like somebody else's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal_chain.h"
#include "lib/log.h"

#define PATH_MAX_BYTES 320

/* --- files ------------------------------------------------------------------------------------ */

/* The first cap - 1 bytes of a file, as text. errno says why not. */
static bool read_text(const char *path, char *out, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, out, cap - 1);
    int error = errno;
    (void)close(fd);
    errno = error;
    out[n > 0 ? n : 0] = '\0';
    return n >= 0;
}

/* A whole new file of one line under its name, on disk; false with errno when it is there already. */
static bool write_new(const char *path, const char *text, mode_t mode)
{
    char part[PATH_MAX_BYTES + 8];
    size_t len = strlen(text);

    (void)snprintf(part, sizeof part, "%s.new", path);
    (void)unlink(part); /* of a start that was cut off */
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        return false;
    }
    bool ok = fchmod(fd, mode) == 0 && write(fd, text, len) == (ssize_t)len &&
              write(fd, "\n", 1) == 1 && fsync(fd) == 0 &&
              link(part, path) == 0; /* not rename(): that would replace */
    int error = errno;
    (void)close(fd);
    (void)unlink(part);
    errno = error;
    return ok;
}

static void sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

/* --- the pair --------------------------------------------------------------------------------- */

struct paths {
    char secret[PATH_MAX_BYTES];
    char open[PATH_MAX_BYTES];
};

static struct paths paths_of(const char *state_dir)
{
    struct paths p;
    (void)snprintf(p.secret, sizeof p.secret, "%s/vigil.key", state_dir);
    (void)snprintf(p.open, sizeof p.open, "%s/vigil.pub", state_dir);
    return p;
}

static void bad(struct vg_journal_key *k, const char *path, const char *what, const char *cure)
{
    vg_log(VG_LOG_ERROR, "journal: %s: %s; checkpoints are not signed. %s", path, what, cure);
    vg_key_forget(k->secret);
    k->state = VG_KEY_BAD;
}

static void write_public(const struct vg_journal_key *k, const char *path)
{
    char text[VG_HEX_MAX(VG_PUBLIC_KEY_BYTES) + 1];
    (void)vg_hex(k->public_key, VG_PUBLIC_KEY_BYTES, text);
    if (!write_new(path, text, 0644)) {
        vg_log(VG_LOG_ERROR, "journal: %s: %s; whoever checks the record needs it", path,
               strerror(errno));
    }
}

static void make(struct vg_journal_key *k, const struct paths *p)
{
    char text[VG_HEX_MAX(VG_SECRET_KEY_BYTES) + 1];

    if (vg_key_make(k->secret, k->public_key) != VG_OK) {
        bad(k, p->secret, "no random numbers for a key", "Start vigild again.");
        return;
    }
    (void)vg_hex(k->secret, VG_SECRET_KEY_BYTES, text);
    bool ok = write_new(p->secret, text, 0600);
    int error = errno;
    vg_key_forget((uint8_t *)text);
    vg_key_forget((uint8_t *)text + VG_SECRET_KEY_BYTES);
    if (!ok) {
        bad(k, p->secret, strerror(error), "Give state_dir to this user, and start vigild again.");
        return;
    }
    write_public(k, p->open);
    k->state = VG_KEY_GOOD;
}

static void load(struct vg_journal_key *k, const struct paths *p)
{
    static const char cure[] =
        "Put the file back from a backup and start vigild again; if there is "
        "none, move it away with vigil.pub and vigil.db, and a new record "
        "begins.";
    char text[VG_HEX_MAX(VG_SECRET_KEY_BYTES) + 2];
    uint8_t said[VG_PUBLIC_KEY_BYTES];

    if (!read_text(p->secret, text, sizeof text)) {
        bad(k, p->secret, strerror(errno), cure);
        return;
    }
    bool sound = vg_unhex(text, k->secret, VG_SECRET_KEY_BYTES) &&
                 vg_key_public(k->secret, k->public_key);
    vg_key_forget((uint8_t *)text);
    vg_key_forget((uint8_t *)text + VG_SECRET_KEY_BYTES);
    if (!sound) {
        bad(k, p->secret, "is damaged", cure);
        return;
    }
    k->state = VG_KEY_GOOD;
    if (!read_text(p->open, text, sizeof text)) {
        write_public(k, p->open);
    } else if (!vg_unhex(text, said, sizeof said) ||
               memcmp(said, k->public_key, sizeof said) != 0) {
        vg_log(VG_LOG_ERROR,
               "journal: %s is not the public key of %s; if the key is the right one, "
               "remove it and start vigild again",
               p->open, p->secret);
    }
}

void vg_journal_key_load(struct vg_journal_key *k, const char *state_dir)
{
    struct paths p = paths_of(state_dir);
    char text[VG_HEX_MAX(VG_PUBLIC_KEY_BYTES)];
    struct stat st;

    if (k->state != VG_KEY_UNKNOWN || stat(state_dir, &st) != 0) {
        return;
    }
    /* A public key without its secret one: the secret one was lost, which is no first start. */
    if (lstat(p.secret, &st) == 0 || lstat(p.open, &st) == 0) {
        load(k, &p);
    } else {
        make(k, &p);
        sync_dir(state_dir);
    }
    if (k->state == VG_KEY_GOOD) {
        vg_log(VG_LOG_INFO, "journal: the record is signed, public_key=%s",
               vg_hex(k->public_key, VG_PUBLIC_KEY_BYTES, text));
    }
}

enum vg_status vg_journal_key_read_public(const char *state_dir,
                                          uint8_t public_key[VG_PUBLIC_KEY_BYTES])
{
    struct paths p = paths_of(state_dir);
    char text[VG_HEX_MAX(VG_PUBLIC_KEY_BYTES) + 2];

    if (!read_text(p.open, text, sizeof text) || !vg_unhex(text, public_key, VG_PUBLIC_KEY_BYTES)) {
        return VG_ERR_STORE;
    }
    return VG_OK;
}
