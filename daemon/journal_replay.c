/*
 * journal_replay.c -- the record, read again: what a start needs of it, and all of it for a proof.
 *
 * Rows of another boot are moved to this one's axis, a boot at a time. A row that is not understood
 * is said and passed over: it was right when it was written.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/journal.h"
#include "lib/log.h"
#include "lib/wire_decode.h"
#include "vigil/compiler.h"

/* Of sessions without a close comes all that was decided, said and measured by cuffs (their doses may
 * be older than the last start), of cuffs the starts of the last hour (they are counted), of the rest
 * only what was decided since a start: its restored alarms were recorded again then. That start is a
 * minute old, or a daemon that crashes every ten seconds would forget that a limit was violated three
 * times. The ranges repeat those of the indexes: without them the whole record is read. */
#define LAST_OF_BOOT                                                                               \
    "first_value(e.mono_ns) OVER (PARTITION BY b.boot_id ORDER BY e.seq DESC),"                    \
    "first_value(e.utc_ns) OVER (PARTITION BY b.boot_id ORDER BY e.seq DESC)"
static const char replay_sql[] =
    "WITH last AS (SELECT utc_ns FROM event WHERE seq < ?1 ORDER BY seq DESC LIMIT 1),"
    " start AS (SELECT coalesce(max(payload ->> 'first_seq'), 0) AS seq FROM event"
    "           WHERE kind = 14 AND payload ->> 'event' = 'started' AND seq < ?1"
    "           AND utc_ns < (SELECT utc_ns FROM last) - 60000000000),"
    " open AS (SELECT o.session FROM event o"
    "          WHERE o.kind >= 7 AND o.kind <= 8 AND o.kind = 7 AND o.payload ->> 'event' = 'open'"
    "          AND NOT EXISTS (SELECT 1 FROM event c"
    "                          WHERE c.kind >= 7 AND c.kind <= 8 AND c.session = o.session"
    "                          AND c.kind = 7 AND c.payload ->> 'event' = 'close' AND c.seq < ?1)),"
    " wanted AS (SELECT seq FROM event WHERE kind > 5 AND kind <> 12"
    "            AND seq >= (SELECT seq FROM start)"
    "            AND (kind <= 11 OR kind IN (16, 17, 18, 21, 22, 23))"
    "            UNION SELECT e.seq FROM open o JOIN event e ON e.session = o.session"
    "            WHERE e.kind >= 7 AND e.kind <= 8"
    "            UNION SELECT e.seq FROM open o JOIN event e ON e.session = o.session"
    "            WHERE e.kind >= 21 AND e.kind <= 23"
    "            UNION SELECT e.seq FROM open o JOIN event e ON e.session = o.session"
    "            WHERE e.kind = 2"
    "            UNION SELECT seq FROM event WHERE kind = 6"
    "            AND seq >= coalesce((SELECT seq FROM event WHERE kind = 6"
    "                                 ORDER BY seq DESC LIMIT 1 OFFSET 400), 0)"
    "            AND utc_ns > (SELECT utc_ns FROM last) - 3600000000000)"
    " SELECT e.seq, e.mono_ns, e.utc_ns, e.kind, e.flags, e.bed, e.device, e.session, e.payload,"
    "        b.boot_id, e.operator, " LAST_OF_BOOT
    " FROM wanted w JOIN event e ON e.seq = w.seq JOIN boot b ON b.id = e.boot"
    " WHERE e.seq < ?1 ORDER BY e.seq";

static uint16_t index_of(const char *const *names, uint16_t count, const char *name, uint16_t none)
{
    for (uint16_t i = 0; name != NULL && i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return none;
}

static const char *column_text(sqlite3_stmt *st, int at)
{
    return (const char *)sqlite3_column_text(st, at);
}

/* Columns 0 to 7 of every statement that reads whole rows. */
static void read_head(const struct vg_wire_names *names, sqlite3_stmt *st, struct vg_event *ev)
{
    memset(ev, 0, sizeof *ev);
    ev->seq = (uint64_t)sqlite3_column_int64(st, 0);
    ev->mono_ns = sqlite3_column_int64(st, 1);
    ev->utc_ns = sqlite3_column_int64(st, 2);
    ev->kind = (uint16_t)sqlite3_column_int(st, 3);
    ev->flags = (uint16_t)(sqlite3_column_int(st, 4) | VG_FLAG_REPLAY);
    ev->bed = index_of(names->bed, names->bed_count, column_text(st, 5), VG_BED_NONE);
    ev->device = index_of(names->device, names->device_count, column_text(st, 6), VG_DEVICE_NONE);
    ev->session = (uint64_t)sqlite3_column_int64(st, 7);
}

/* Another boot's axis means nothing here; the wall clock is the only bridge, and it may have been set
 * during that boot or since. So a boot is moved as a whole, by its last row: distances stay, and what
 * happened is never in the future. */
static int64_t shift_of(const struct vg_journal *j, const struct vg_now *now, sqlite3_stmt *st)
{
    const char *boot = column_text(st, 9);
    int64_t ago_ns = now->utc_ns - sqlite3_column_int64(st, 12);

    if (boot != NULL && strcmp(boot, j->boot_id) == 0) {
        return 0;
    }
    return now->mono_ns - (ago_ns > 0 ? ago_ns : 0) - sqlite3_column_int64(st, 11);
}

static bool read_row(const struct vg_journal *j, const struct vg_now *now, sqlite3_stmt *st,
                     struct vg_event *ev)
{
    const char *operator_id = column_text(st, 10);
    int64_t shift_ns = shift_of(j, now, st);

    read_head(j->names, st, ev);
    ev->mono_ns += shift_ns;
    const char *payload = column_text(st, 8);
    if (payload == NULL ||
        vg_wire_decode(j->names, payload, (size_t)sqlite3_column_bytes(st, 8), ev) != VG_OK) {
        vg_log(VG_LOG_ERROR, "journal: row %llu cannot be understood and was not restored",
               (unsigned long long)ev->seq);
        return false;
    }
    if (ev->kind == VG_EV_ALARM) {
        ev->u.alarm.since_ns += shift_ns;
        (void)snprintf(ev->u.alarm.operator_id, sizeof ev->u.alarm.operator_id, "%s",
                       operator_id != NULL ? operator_id : "");
    }
    if (ev->bed == VG_BED_NONE) {
        vg_log(VG_LOG_WARNING, "journal: row %llu is of a bed that is no longer configured",
               (unsigned long long)ev->seq);
    }
    return ev->bed != VG_BED_NONE;
}

static void read_last(struct vg_journal *j, uint64_t *last_seq, int64_t *last_utc_ns)
{
    sqlite3_stmt *st = NULL;
    *last_seq = 0;
    *last_utc_ns = VG_TIME_NONE;
    if (sqlite3_prepare_v2(j->db, "SELECT seq, utc_ns FROM event ORDER BY seq DESC LIMIT 1", -1,
                           &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        *last_seq = (uint64_t)sqlite3_column_int64(st, 0);
        *last_utc_ns = sqlite3_column_int64(st, 1);
    }
    (void)sqlite3_finalize(st);
}

/* Who is told of each row. */
struct replay_to {
    vg_replay_fn fn;
    void *state;
};

/* Column for column as replay_sql. */
static const char receipts_sql[] =
    "SELECT e.seq, e.mono_ns, e.utc_ns, e.kind, e.flags, e.bed, e.device, e.session, e.payload,"
    "       b.boot_id, e.operator, " LAST_OF_BOOT " FROM event e JOIN boot b ON b.id = e.boot"
    " WHERE e.kind > 5 AND e.kind <> 12 AND e.request_id IS NOT NULL AND e.seq >= ?1"
    " ORDER BY e.seq";
/* Where the last ones begin; they are spread over all beds. */
static const char receipts_from_sql[] =
    "SELECT coalesce(min(seq), 0) FROM (SELECT seq FROM event WHERE kind > 5 AND kind <> 12"
    " AND request_id IS NOT NULL ORDER BY seq DESC LIMIT ?1)";

static int64_t receipts_from(struct vg_journal *j)
{
    sqlite3_stmt *st = NULL;
    int64_t from = INT64_MAX;

    if (sqlite3_prepare_v2(j->db, receipts_from_sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_bind_int(st, 1, VG_RECEIPTS_MAX) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        from = sqlite3_column_int64(st, 0);
    }
    (void)sqlite3_finalize(st);
    return from;
}

static enum vg_status each_row(struct vg_journal *j, const struct vg_now *now, const char *sql,
                               int64_t bound, struct replay_to to)
{
    sqlite3_stmt *st = NULL;
    struct vg_event ev;
    int rc = SQLITE_ERROR;

    if (sqlite3_prepare_v2(j->db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_bind_int64(st, 1, bound) == SQLITE_OK) {
        rc = sqlite3_step(st);
        while (rc == SQLITE_ROW) {
            if (read_row(j, now, st, &ev)) {
                to.fn(to.state, &ev);
            }
            rc = sqlite3_step(st);
        }
    }
    (void)sqlite3_finalize(st);
    return rc == SQLITE_DONE ? VG_OK : VG_ERR_STORE;
}

enum vg_status vg_journal_receipts(struct vg_journal *j, const struct vg_now *now, vg_replay_fn fn,
                                   void *state)
{
    if (j->db == NULL) {
        return VG_ERR_STORE;
    }
    return each_row(j, now, receipts_sql, receipts_from(j), (struct replay_to){ fn, state });
}

enum vg_status vg_journal_replay_before(struct vg_journal *j, const struct vg_now *now,
                                        uint64_t bound, vg_replay_fn fn, void *state)
{
    return each_row(j, now, replay_sql, (int64_t)bound, (struct replay_to){ fn, state });
}

static const char protocols_sql[] =
    "SELECT id, text FROM protocol WHERE ?1 OR hash IN (SELECT o.payload ->> 'protocol_hash'"
    " FROM event o WHERE o.kind >= 7 AND o.kind <= 8 AND o.kind = 7"
    " AND o.payload ->> 'event' = 'open' AND NOT EXISTS (SELECT 1 FROM event c"
    "  WHERE c.kind >= 7 AND c.kind <= 8 AND c.session = o.session"
    "  AND c.kind = 7 AND c.payload ->> 'event' = 'close'))";

enum vg_status vg_journal_protocols(sqlite3 *db, bool all, vg_protocol_text_fn fn, void *state)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, protocols_sql, -1, &st, NULL);

    (void)sqlite3_bind_int(st, 1, all ? 1 : 0);
    rc = rc == SQLITE_OK ? sqlite3_step(st) : rc;
    for (; rc == SQLITE_ROW; rc = sqlite3_step(st)) {
        fn(state, column_text(st, 0), column_text(st, 1), (size_t)sqlite3_column_bytes(st, 1));
    }
    (void)sqlite3_finalize(st);
    return rc == SQLITE_DONE ? VG_OK : VG_ERR_STORE;
}

enum vg_status vg_journal_replay(struct vg_journal *j, const struct vg_now *now, vg_replay_fn fn,
                                 void *state, uint64_t *last_seq, int64_t *last_utc_ns)
{
    *last_seq = 0;
    *last_utc_ns = VG_TIME_NONE;
    if (j->db == NULL) {
        return VG_ERR_STORE;
    }
    read_last(j, last_seq, last_utc_ns);
    if (vg_journal_replay_before(j, now, INT64_MAX, fn, state) != VG_OK) {
        int rc = sqlite3_errcode(j->db);
        vg_log(VG_LOG_ERROR, "journal: replay stopped: %s", sqlite3_errmsg(j->db));
        vg_store_give_up(j, rc);
        return VG_ERR_STORE;
    }
    return VG_OK;
}

/* --- the whole record ------------------------------------------------------------------------ */

static const char each_sql[] =
    "SELECT seq, mono_ns, utc_ns, kind, flags, bed, device, session, payload, vital, value_milli,"
    "       quality FROM event WHERE kind <> 3 AND kind <> 12 ORDER BY seq";

static bool read_reading(sqlite3_stmt *st, struct vg_event *ev)
{
    int vital = sqlite3_column_int(st, 9);
    ev->u.reading.vital = (uint8_t)vital;
    ev->u.reading.value_milli = sqlite3_column_int(st, 10);
    ev->u.reading.quality = (uint8_t)sqlite3_column_int(st, 11);
    ev->u.reading.age_ns = sqlite3_column_int64(st, 8);
    return vital >= 0 && vital < VG_VITAL_COUNT && ev->device != VG_DEVICE_NONE;
}

static bool read_any(const struct vg_wire_names *names, sqlite3_stmt *st, struct vg_event *ev)
{
    read_head(names, st, ev);
    if (ev->kind == VG_EV_READING) {
        return read_reading(st, ev);
    }
    if (ev->kind == VG_EV_ROUTE) {
        return true; /* told, not decided: nobody reads it again */
    }
    const char *payload = column_text(st, 8);
    return payload != NULL &&
           vg_wire_decode(names, payload, (size_t)sqlite3_column_bytes(st, 8), ev) == VG_OK;
}

enum vg_status vg_journal_each(sqlite3 *db, const struct vg_wire_names *names, vg_each_fn fn,
                               void *state, uint64_t *unread)
{
    sqlite3_stmt *st = NULL;
    struct vg_event ev;
    int rc = sqlite3_prepare_v2(db, each_sql, -1, &st, NULL);
    bool go_on = true;

    *unread = 0;
    rc = rc == SQLITE_OK ? sqlite3_step(st) : rc;
    while (rc == SQLITE_ROW && go_on) {
        if (read_any(names, st, &ev)) {
            go_on = fn(state, &ev);
        } else {
            ++*unread;
        }
        rc = sqlite3_step(st);
    }
    (void)sqlite3_finalize(st);
    return rc == SQLITE_DONE || !go_on ? VG_OK : VG_ERR_STORE;
}
