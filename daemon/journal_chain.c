/*
 * journal_chain.c -- the worker's chain: which hash the next row has, and when a checkpoint is due.
 *
 * The head of the chain lives twice, as it is on disk and as the open transaction makes it, so a
 * transaction that is rolled back and tried again begins where the file ends.
 *
 * A checkpoint is written in the transaction of the rows it covers: at the first batch of a run, with
 * every move of a session and the last row of a run, and so often that no two minutes pass without
 * one. vigilctl verify counts on each of these.
 */
#include "daemon/journal_chain.h"

#include <string.h>

#include "daemon/journal.h"
#include "lib/log.h"
#include "vigil_version.h"

#define CHECKPOINT_NS (60 * VG_NS_PER_S)

/* --- where the chain ends --------------------------------------------------------------------- */

static bool take_hash(sqlite3_stmt *st, int at, struct vg_hash *out)
{
    if (sqlite3_column_type(st, at) != SQLITE_BLOB ||
        sqlite3_column_bytes(st, at) != VG_HASH_BYTES) {
        return false;
    }
    memcpy(out->of, sqlite3_column_blob(st, at), VG_HASH_BYTES);
    return true;
}

/* The last checkpoint that can be one: what somebody else put behind the rows must not keep ours
 * from being written. */
static bool load_signed(sqlite3 *db, struct vg_chain_head *h)
{
    static const char sql[] =
        "WITH last AS (SELECT seq, rows FROM checkpoint WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1)"
        " SELECT coalesce((SELECT seq FROM last), 0), coalesce((SELECT rows FROM last), 0)"
        " + (SELECT count(*) FROM event WHERE seq > coalesce((SELECT seq FROM last), 0))";
    sqlite3_stmt *st = NULL;
    bool ok = false;

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_bind_int64(st, 1, h->seq) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        h->signed_seq = sqlite3_column_int64(st, 0);
        h->rows = sqlite3_column_int64(st, 1);
        ok = true;
    }
    (void)sqlite3_finalize(st);
    return ok;
}

static bool load_head(struct vg_journal *j)
{
    struct vg_chain_head *h = &j->chain.head;
    sqlite3_stmt *st = NULL;
    int rc;

    memset(h, 0, sizeof *h);
    h->signed_mono_ns = VG_TIME_NONE;
    h->loose_mono_ns = VG_TIME_NONE;
    rc = sqlite3_prepare_v2(j->db,
                            "SELECT seq, boot, hash, EXISTS (SELECT 1 FROM checkpoint c"
                            " WHERE c.seq = e.seq AND c.hash = zeroblob(32))"
                            " FROM event e ORDER BY seq DESC LIMIT 1",
                            -1, &st, NULL);
    rc = rc == SQLITE_OK ? sqlite3_step(st) : rc;
    if (rc == SQLITE_ROW) {
        h->seq = sqlite3_column_int64(st, 0);
        h->boot = sqlite3_column_int64(st, 1);
        if (sqlite3_column_int(st, 3) != 0) {
            h->boot = 0; /* the chain begins behind this row */
        } else if (!take_hash(st, 2, &h->hash)) {
            vg_log(VG_LOG_ERROR,
                   "journal: row %lld has no hash, the chain of the record is broken "
                   "there; ask vigilctl verify, and keep a copy",
                   (long long)h->seq);
        }
    }
    (void)sqlite3_finalize(st);
    return (rc == SQLITE_ROW || rc == SQLITE_DONE) && load_signed(j->db, h);
}

bool vg_journal_chain_open(struct vg_journal *j)
{
    struct vg_journal_chain *c = &j->chain;
    return sqlite3_prepare_v3(j->db, "INSERT INTO checkpoint VALUES (?1,?2,?3,?4,?5,?6)", -1,
                              SQLITE_PREPARE_PERSISTENT, &c->add, NULL) == SQLITE_OK &&
           sqlite3_prepare_v3(j->db, "INSERT INTO protocol VALUES (?1,?2,?3,?4)", -1,
                              SQLITE_PREPARE_PERSISTENT, &c->add_protocol, NULL) == SQLITE_OK &&
           sqlite3_prepare_v3(j->db, "SELECT 1 FROM protocol WHERE hash = ?1", -1,
                              SQLITE_PREPARE_PERSISTENT, &c->find_protocol, NULL) == SQLITE_OK &&
           load_head(j);
}

void vg_journal_chain_close(struct vg_journal *j)
{
    struct vg_journal_chain *c = &j->chain;
    (void)sqlite3_finalize(c->add);
    (void)sqlite3_finalize(c->add_protocol);
    (void)sqlite3_finalize(c->find_protocol);
    memset(c, 0, sizeof *c);
}

/* --- checkpoints ------------------------------------------------------------------------------ */

static bool write_checkpoint(struct vg_journal *j, sqlite3_stmt *st, struct vg_checkpoint *c)
{
    (void)sqlite3_bind_int64(st, 1, c->seq);
    (void)sqlite3_bind_int64(st, 2, c->rows);
    (void)sqlite3_bind_blob(st, 3, c->hash.of, VG_HASH_BYTES, SQLITE_STATIC);
    (void)sqlite3_bind_int64(st, 4, c->utc_ns);
    if (j->key.state == VG_KEY_GOOD) {
        vg_checkpoint_sign(c, j->key.secret);
        (void)sqlite3_bind_blob(st, 5, c->public_key, VG_PUBLIC_KEY_BYTES, SQLITE_STATIC);
        (void)sqlite3_bind_blob(st, 6, c->signature, VG_SIGNATURE_BYTES, SQLITE_STATIC);
    }
    int rc = sqlite3_step(st);
    (void)sqlite3_reset(st);
    (void)sqlite3_clear_bindings(st);
    if (rc == SQLITE_CONSTRAINT) {
        /* Somebody else wrote into the file. The rows go on; verify will say it. */
        vg_log(VG_LOG_ERROR, "journal: checkpoint at row %lld refused: %s", (long long)c->seq,
               sqlite3_errmsg(j->db));
    }
    return rc == SQLITE_DONE || rc == SQLITE_CONSTRAINT;
}

static bool checkpoint(struct vg_journal *j, int64_t utc_ns)
{
    struct vg_chain_head *h = &j->chain.next;
    struct vg_checkpoint c = { .seq = h->seq, .rows = h->rows, .utc_ns = utc_ns, .hash = h->hash };
    if (h->seq <= h->signed_seq) {
        return true;
    }
    if (!write_checkpoint(j, j->chain.add, &c)) {
        return false;
    }
    h->signed_seq = h->seq;
    h->loose_mono_ns = VG_TIME_NONE;
    return true;
}

bool vg_journal_chain_base(struct vg_journal *j)
{
    struct vg_checkpoint c = { .seq = 0 };
    struct vg_now now;
    sqlite3_stmt *st = NULL;
    bool ok = false;

    if (sqlite3_prepare_v2(j->db, "SELECT max(seq), count(*) FROM event", -1, &st, NULL) ==
            SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        c.seq = sqlite3_column_int64(st, 0);
        c.rows = sqlite3_column_int64(st, 1);
        ok = true;
    }
    (void)sqlite3_finalize(st);
    if (!ok || c.rows == 0) {
        return ok;
    }
    j->worker.clock.read(j->worker.clock.state, &now);
    c.utc_ns = now.utc_ns;
    st = NULL;
    ok = sqlite3_prepare_v2(j->db, "INSERT INTO checkpoint VALUES (?1,?2,?3,?4,?5,?6)", -1, &st,
                            NULL) == SQLITE_OK &&
         write_checkpoint(j, st, &c);
    (void)sqlite3_finalize(st);
    return ok;
}

/* --- a transaction ---------------------------------------------------------------------------- */

void vg_journal_chain_begin(struct vg_journal *j)
{
    j->chain.next = j->chain.head;
    j->chain.due = false;
}

void vg_journal_chain_commit(struct vg_journal *j)
{
    j->chain.head = j->chain.next;
}

bool vg_journal_chain_room(struct vg_journal *j, const struct vg_event *ev, int64_t utc_ns)
{
    const struct vg_chain_head *h = &j->chain.next;
    if (h->loose_mono_ns == VG_TIME_NONE || ev->mono_ns - h->loose_mono_ns < CHECKPOINT_NS) {
        return true;
    }
    return checkpoint(j, utc_ns);
}

struct vg_hash vg_journal_chain_hash(struct vg_journal *j,
                                     const struct vg_cell cells[VG_EVENT_CELLS],
                                     const struct vg_protocol_row *protocol)
{
    const struct vg_cell boot[VG_BOOT_CELLS] = {
        vg_cell_int(j->boot_row),
        vg_cell_bytes(VG_CELL_TEXT, j->boot_id, strlen(j->boot_id)),
        vg_cell_int(j->boot_utc_ns),
        vg_cell_text(VIGIL_VERSION),
    };
    struct vg_cell used[VG_PROTOCOL_CELLS];
    struct vg_cells parts[3];
    size_t count = 0;

    if (j->chain.next.boot != j->boot_row) {
        parts[count++] = (struct vg_cells){ boot, VG_BOOT_CELLS };
    }
    if (protocol != NULL) {
        used[0] = vg_cell_bytes(VG_CELL_TEXT, protocol->hash, strlen(protocol->hash));
        used[1] = vg_cell_bytes(VG_CELL_TEXT, protocol->id, strlen(protocol->id));
        used[2] = vg_cell_bytes(VG_CELL_TEXT, protocol->text, strlen(protocol->text));
        used[3] = cells[VG_ROW_SEQ];
        parts[count++] = (struct vg_cells){ used, VG_PROTOCOL_CELLS };
    }
    parts[count++] = (struct vg_cells){ cells, VG_EVENT_CELLS };
    struct vg_hash digest = vg_chain_digest(parts, count);
    uint8_t link[VG_CHAIN_LINK_BYTES];
    vg_chain_link(cells[VG_ROW_SESSION].number, &digest, link);
    return vg_chain_next(&j->chain.next.hash, link);
}

static bool add_protocol(struct vg_journal *j, const struct vg_protocol_row *p, int64_t seq)
{
    sqlite3_stmt *st = j->chain.add_protocol;
    (void)sqlite3_bind_text(st, 1, p->hash, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(st, 2, p->id, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(st, 3, p->text, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(st, 4, seq);
    int rc = sqlite3_step(st);
    (void)sqlite3_reset(st);
    return rc == SQLITE_DONE;
}

bool vg_journal_chain_add(struct vg_journal *j, const struct vg_event *ev,
                          const struct vg_hash *hash, const struct vg_protocol_row *protocol)
{
    struct vg_chain_head *h = &j->chain.next;
    h->seq = (int64_t)ev->seq;
    h->rows++;
    h->boot = j->boot_row;
    h->hash = *hash;
    if (h->loose_mono_ns == VG_TIME_NONE) {
        h->loose_mono_ns = ev->mono_ns;
    }
    j->chain.due = j->chain.due || ev->kind == VG_EV_SESSION ||
                   (ev->kind == VG_EV_DAEMON && ev->u.daemon.what == VG_DAEMON_STOPPING);
    return protocol == NULL || add_protocol(j, protocol, h->seq);
}

const struct vg_protocol_row *vg_journal_chain_protocol(struct vg_journal *j,
                                                        const struct vg_event *ev)
{
    const struct vg_protocol_row *p = j->protocol_of != NULL ? j->protocol_of(j->state, ev) : NULL;
    if (p == NULL) {
        return NULL;
    }
    (void)sqlite3_bind_text(j->chain.find_protocol, 1, p->hash, -1, SQLITE_STATIC);
    bool known = sqlite3_step(j->chain.find_protocol) == SQLITE_ROW;
    (void)sqlite3_reset(j->chain.find_protocol);
    return known ? NULL : p;
}

bool vg_journal_chain_end(struct vg_journal *j, const struct vg_now *now)
{
    struct vg_chain_head *h = &j->chain.next;
    if (h->signed_mono_ns != VG_TIME_NONE && !j->chain.due &&
        now->mono_ns - h->signed_mono_ns < CHECKPOINT_NS) {
        return true;
    }
    if (!checkpoint(j, now->utc_ns)) {
        return false;
    }
    h->signed_mono_ns = now->mono_ns;
    return true;
}

void vg_journal_chain_stop(struct vg_journal *j)
{
    struct vg_now now;
    const struct vg_chain_head *h = &j->chain.head;

    if (j->db == NULL || h->signed_mono_ns == VG_TIME_NONE || h->seq <= h->signed_seq) {
        return; /* nothing written in this run, or all of it covered */
    }
    j->worker.clock.read(j->worker.clock.state, &now);
    vg_journal_chain_begin(j);
    if (sqlite3_exec(j->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
        checkpoint(j, now.utc_ns) && sqlite3_exec(j->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK) {
        vg_journal_chain_commit(j);
        return;
    }
    vg_log(VG_LOG_ERROR, "journal: the last rows, %lld to %lld, were not signed: %s",
           (long long)h->signed_seq + 1, (long long)h->seq, sqlite3_errmsg(j->db));
}
