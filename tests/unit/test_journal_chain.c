/*
 * test_journal_chain.c -- the chain over the record: what is hashed is what is written, whatever
 * happened to the transactions; checkpoints stand where they must; keys are made once and never
 * replaced.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/record_file.h"
#include "vigil/compiler.h"

static struct vg_journal j;
static struct vg_journal_job jobs[VG_JOURNAL_RING];
static struct vg_wire_names names;
static char dir[RECORD_DIR_MAX];
static struct vg_now now;
static uint64_t seq;
static uint64_t failures;
static uint64_t duplicates;
static uint64_t refused;
static struct vg_journal_done last_done;
static uint64_t protocol_seq; /* the row that uses the protocol; 0 = none */
static struct vg_protocol_row protocol;

/* --- bench ------------------------------------------------------------------------------------ */

static void read_clock(void *state, struct vg_now *out)
{
    (void)state;
    *out = now;
}

static void on_done(void *state, const struct vg_journal_done *done)
{
    (void)state;
    failures += done->status != VG_OK ? 1u : 0u;
    refused += done->refused ? 1u : 0u;
    duplicates += done->duplicate != 0 ? 1u : 0u;
    if (done->status == VG_OK && !done->refused && done->duplicate == 0) {
        last_done = *done;
    }
}

static const struct vg_protocol_row *protocol_of(void *state, const struct vg_event *ev)
{
    (void)state;
    return protocol_seq != 0 && ev->seq >= protocol_seq ? &protocol : NULL;
}

static int64_t ask(const char *sql)
{
    return record_ask(dir, sql);
}

static void open_record(void)
{
    struct vg_clock clock = { read_clock, NULL };
    memset(&j, 0, sizeof j);
    j.names = &names;
    j.on_done = on_done;
    j.protocol_of = protocol_of;
    j.jobs = jobs;
    j.worker.clock.read = read_clock;
    enum vg_status st = vg_journal_open(&j, dir);
    assert_true(st == VG_OK || st == VG_ERR_STORE);
    assert_int_equal(vg_journal_start(&j, &clock, true), VG_OK);
}

static int set_up(void **state)
{
    (void)state;
    faulty_vfs_install();
    faulty_vfs.fast = true;
    memset(&names, 0, sizeof names);
    names.node = "node-1";
    names.boot = "boot";
    names.bed_count = 1;
    names.bed[0] = "bed-1";
    names.device_count = 1;
    names.device[0] = "ox-1";
    now.mono_ns = 500 * VG_NS_PER_S;
    now.utc_ns = INT64_C(1795503600000000000);
    seq = failures = duplicates = refused = protocol_seq = 0;
    return record_dir_make(dir);
}

static int tear_down(void **state)
{
    (void)state;
    vg_journal_stop(&j);
    return record_dir_remove(dir);
}

static void pass(int64_t seconds)
{
    now.mono_ns += seconds * VG_NS_PER_S;
    now.utc_ns += seconds * VG_NS_PER_S;
}

static struct vg_event event(enum vg_event_kind kind)
{
    struct vg_event ev;
    memset(&ev, 0, sizeof ev);
    ev.kind = (uint16_t)kind;
    ev.seq = ++seq;
    ev.mono_ns = now.mono_ns;
    ev.utc_ns = now.utc_ns;
    return ev;
}

static struct vg_event reading(void)
{
    struct vg_event ev = event(VG_EV_READING);
    ev.u.reading.vital = VG_VITAL_SPO2;
    ev.u.reading.value_milli = 97000;
    ev.u.reading.age_ns = 5;
    return ev;
}

static struct vg_event dose(const char *request_id)
{
    struct vg_event ev = event(VG_EV_DOSE);
    ev.session = 1;
    ev.u.dose.amount_ug = 35000;
    ev.u.dose.given_utc_ns = now.utc_ns;
    ev.u.dose.route = VG_ROUTE_IM;
    (void)snprintf(ev.u.dose.request_id, sizeof ev.u.dose.request_id, "%s", request_id);
    (void)snprintf(ev.u.dose.operator_id, sizeof ev.u.dose.operator_id, "nurse");
    (void)snprintf(ev.u.dose.drug, sizeof ev.u.dose.drug, "ketamine");
    return ev;
}

static void post(struct vg_event ev)
{
    assert_true(vg_journal_post(&j, &ev, true) != 0);
}

/* --- the chain, followed a second time -------------------------------------------------------- */

static size_t take_cells(sqlite3_stmt *st, int from, struct vg_cell *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int at = from + (int)i;
        int type = sqlite3_column_type(st, at);
        if (type == SQLITE_INTEGER) {
            out[i] = vg_cell_int(sqlite3_column_int64(st, at));
        } else if (type == SQLITE_NULL) {
            out[i] = vg_cell_null();
        } else {
            const void *bytes = sqlite3_column_blob(st, at);
            out[i] = vg_cell_bytes(type == SQLITE_TEXT ? VG_CELL_TEXT : VG_CELL_BLOB, bytes,
                                   (size_t)sqlite3_column_bytes(st, at));
        }
    }
    return count;
}

/* Rows whose hash does not follow; the rest is as if it did. */
static int64_t broken_rows(void)
{
    static const char sql[] =
        "SELECT e.*, b.id, b.boot_id, b.started_utc_ns, b.version, p.hash, p.id, p.text, "
        "p.first_seq"
        " FROM event e JOIN boot b ON b.id = e.boot LEFT JOIN protocol p ON p.first_seq = e.seq"
        " WHERE e.hash IS NOT NULL ORDER BY e.seq";
    sqlite3 *db = record_open(dir);
    sqlite3_stmt *st = NULL;
    struct vg_hash before = { { 0 } };
    int64_t boot = 0;
    int64_t broken = 0;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        struct vg_cell cells[VG_EVENT_CELLS];
        struct vg_cell boots[VG_BOOT_CELLS];
        struct vg_cell protocols[VG_PROTOCOL_CELLS];
        size_t rows = take_cells(st, 0, cells, VG_EVENT_CELLS);
        struct vg_cells parts[] = {
            { boots, take_cells(st, VG_EVENT_CELLS + 1, boots, VG_BOOT_CELLS) },
            { protocols,
              take_cells(st, VG_EVENT_CELLS + 1 + VG_BOOT_CELLS, protocols, VG_PROTOCOL_CELLS) },
            { cells, rows },
        };
        parts[0].count = cells[1].number != boot ? VG_BOOT_CELLS : 0;
        parts[1].count = protocols[3].type != VG_CELL_NULL ? VG_PROTOCOL_CELLS : 0;
        boot = cells[1].number;
        struct vg_hash digest = vg_chain_digest(parts, VG_COUNT(parts));
        uint8_t link[VG_CHAIN_LINK_BYTES];
        vg_chain_link(cells[VG_ROW_SESSION].number, &digest, link);
        before = vg_chain_next(&before, link);
        const void *stored = sqlite3_column_blob(st, VG_EVENT_CELLS);
        assert_int_equal(sqlite3_column_bytes(st, VG_EVENT_CELLS), VG_HASH_BYTES);
        broken += memcmp(stored, before.of, VG_HASH_BYTES) != 0 ? 1 : 0;
        memcpy(before.of, stored, VG_HASH_BYTES);
    }
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return broken;
}

/* Checkpoints that are signed, and fit their row. */
static int64_t good_marks(void)
{
    static const char sql[] = "SELECT c.* FROM checkpoint c LEFT JOIN event e ON e.seq = c.seq"
                              " WHERE (c.hash = e.hash OR c.hash = zeroblob(32))"
                              " AND c.rows = (SELECT count(*) FROM event n WHERE n.seq <= c.seq)";
    sqlite3 *db = record_open(dir);
    sqlite3_stmt *st = NULL;
    int64_t good = 0;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        struct vg_checkpoint c = { .seq = sqlite3_column_int64(st, 0),
                                   .rows = sqlite3_column_int64(st, 1),
                                   .utc_ns = sqlite3_column_int64(st, 3) };
        if (sqlite3_column_bytes(st, 4) == VG_PUBLIC_KEY_BYTES &&
            sqlite3_column_bytes(st, 5) == VG_SIGNATURE_BYTES) {
            memcpy(c.hash.of, sqlite3_column_blob(st, 2), VG_HASH_BYTES);
            memcpy(c.public_key, sqlite3_column_blob(st, 4), VG_PUBLIC_KEY_BYTES);
            memcpy(c.signature, sqlite3_column_blob(st, 5), VG_SIGNATURE_BYTES);
            good += vg_checkpoint_check(&c) ? 1 : 0;
        }
    }
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return good;
}

/* --- rows ------------------------------------------------------------------------------------- */

static void post_some(void)
{
    post(reading());
    struct vg_event wave = event(VG_EV_WAVE);
    wave.u.wave = (struct vg_wave){
        .vital = VG_VITAL_PLETH, .count = 3, .width_bytes = 1, .data = { 1, 0, 3 }
    };
    post(wave);
    struct vg_event none = reading();
    none.u.reading.quality = VG_QUALITY_INVALID;
    none.bed = VG_BED_NONE;
    none.device = VG_DEVICE_NONE;
    post(none);
    post(dose("r-1"));
    vg_journal_commit(&j);
}

static void test_chain__goes_through_every_row_and_every_start(void **state)
{
    (void)state;
    open_record();
    post_some();
    assert_int_equal(broken_rows(), 0);
    vg_journal_stop(&j);
    open_record();
    post(reading());
    vg_journal_commit(&j);
    assert_int_equal(ask("SELECT count(*) FROM event"), 5);
    assert_int_equal(ask("SELECT count(*) FROM boot"), 2);
    assert_int_equal(broken_rows(), 0);
    assert_int_equal(last_done.head_seq, seq);
    assert_true(vg_hash_is(&last_done.head, &j.chain.head.hash));
    assert_int_equal(good_marks(), ask("SELECT count(*) FROM checkpoint"));
}

static void change(sqlite3 *db, const char *table, const char *column, const char *value)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql, "UPDATE %s SET %s = %s", table, column, value);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* One column of all rows is changed, and put back. */
static void test_chain__covers_every_column(void **state)
{
    static const struct {
        const char *table, *column, *value, *back;
        int64_t broken;
    } cases[] = {
        { "event", "mono_ns", "mono_ns + 1", "mono_ns - 1", 4 },
        { "event", "utc_ns", "utc_ns + 1", "utc_ns - 1", 4 },
        { "event", "clock_state", "1 - clock_state", "1 - clock_state", 4 },
        { "event", "kind", "kind + 1", "kind - 1", 4 },
        { "event", "flags", "flags + 1", "flags - 1", 4 },
        { "event", "bed", "bed || 'x'", "rtrim(bed, 'x')", 3 },
        { "event", "device", "device || 'x'", "rtrim(device, 'x')", 3 },
        { "event", "session", "session + 1", "session - 1", 4 },
        { "event", "operator", "operator || 'x'", "rtrim(operator, 'x')", 1 },
        { "event", "request_id", "request_id || 'x'", "rtrim(request_id, 'x')", 1 },
        { "event", "vital", "vital + 1", "vital - 1", 3 },
        { "event", "value_milli", "value_milli + 1", "value_milli - 1", 2 },
        { "event", "quality", "quality + 1", "quality - 1", 3 },
        { "boot", "boot_id", "boot_id || 'x'", "rtrim(boot_id, 'x')", 1 },
        { "boot", "started_utc_ns", "started_utc_ns + 1", "started_utc_ns - 1", 1 },
        { "boot", "version", "version || 'x'", "rtrim(version, 'x')", 1 },
        { "event", "seq", "seq + 1000", "seq - 1000", 4 },
    };
    (void)state;
    open_record();
    post_some();
    vg_journal_stop(&j);
    sqlite3 *db = record_open(dir);
    assert_int_equal(sqlite3_exec(db, "DROP TRIGGER event_no_update; DROP TRIGGER boot_no_update",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        change(db, cases[i].table, cases[i].column, cases[i].value);
        if (broken_rows() != cases[i].broken) {
            fail_msg("%s.%s: %" PRId64 " rows broken", cases[i].table, cases[i].column,
                     broken_rows());
        }
        change(db, cases[i].table, cases[i].column, cases[i].back);
        assert_int_equal(broken_rows(), 0);
    }
    change(db, "event", "payload", "payload || '1'");
    assert_int_equal(broken_rows(), 4);
    (void)sqlite3_close(db);
}

static void test_chain__a_repeat_and_a_row_out_of_order_do_not_move_it(void **state)
{
    (void)state;
    open_record();
    post(dose("r-1"));
    post(dose("r-1"));
    struct vg_event old = dose("r-2");
    post(reading());
    old.seq = 1;
    post(old);
    vg_journal_commit(&j);
    post(reading());
    vg_journal_commit(&j);
    assert_int_equal(duplicates, 1);
    assert_int_equal(refused, 1);
    assert_int_equal(ask("SELECT count(*) FROM event"), 3);
    assert_int_equal(j.chain.head.rows, 3);
    assert_int_equal(broken_rows(), 0);
}

/* The n-th operation of the disk fails, with a file that is closed and opened again in between. */
static bool run_with_fault(uint64_t n, int error)
{
    void *state = NULL;
    char id[16];
    assert_int_equal(set_up(&state), 0);
    faulty_vfs.fail_at = n;
    faulty_vfs.fail_to = n;
    faulty_vfs.error = error;
    open_record();
    for (int round = 0; round < 3; round++) {
        (void)snprintf(id, sizeof id, "r-%d", round);
        post(dose(id));
        post(dose(id));
        post(reading());
        pass(61);
        vg_journal_commit(&j);
    }
    bool hit = faulty_vfs.ops >= n;
    faulty_vfs.fail_at = 0;
    vg_journal_commit(&j);
    vg_journal_stop(&j);
    assert_int_equal(ask("SELECT count(*) FROM event"), 6);
    if (broken_rows() != 0 || good_marks() != ask("SELECT count(*) FROM checkpoint")) {
        fail_msg("operation %" PRIu64 " failing with %d: the chain is broken", n, error);
    }
    assert_int_equal(tear_down(&state), 0);
    return hit;
}

static void test_chain__is_right_whichever_operation_fails(void **state)
{
    static const int errors[] = { SQLITE_IOERR_WRITE, SQLITE_FULL, SQLITE_IOERR_FSYNC,
                                  SQLITE_READONLY };
    (void)state;
    for (size_t e = 0; e < VG_COUNT(errors); e++) {
        uint64_t n = 1;
        while (run_with_fault(n, errors[e])) {
            n++;
        }
        assert_true(n > 20);
    }
}

static void test_chain__takes_a_protocol_in_with_its_first_row(void **state)
{
    static char hex[VG_HEX_MAX(VG_HASH_BYTES)];
    static const char text[] = "{\"id\":\"p-1\"}";
    (void)state;
    struct vg_hash hash = vg_chain_sha256(text, sizeof text - 1);
    protocol = (struct vg_protocol_row){ vg_hex(hash.of, VG_HASH_BYTES, hex), "p-1", text };
    open_record();
    post(reading());
    protocol_seq = 2;
    post(dose("r-1"));
    post(dose("r-2"));
    vg_journal_commit(&j);
    vg_journal_stop(&j);
    open_record();
    post(dose("r-3"));
    vg_journal_commit(&j);
    assert_int_equal(ask("SELECT first_seq FROM protocol WHERE id = 'p-1'"), 2);
    assert_int_equal(ask("SELECT count(*) FROM protocol"), 1);
    assert_int_equal(broken_rows(), 0);
    assert_int_equal(ask("UPDATE protocol SET id = 'p-2'"), -1);
    assert_int_equal(ask("DELETE FROM protocol"), -1);
    assert_int_equal(ask("DELETE FROM checkpoint"), -1);
    assert_int_equal(ask("DROP TRIGGER protocol_no_update"), 0);
    assert_int_equal(ask("UPDATE protocol SET id = 'p-2'"), 0);
    assert_int_equal(broken_rows(), 1);
}

/* --- checkpoints ------------------------------------------------------------------------------ */

static int64_t mark_at(int64_t at)
{
    char sql[96];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM checkpoint WHERE seq = %" PRId64, at);
    return ask(sql);
}

static void test_checkpoint__stands_at_start_session_minute_and_stop(void **state)
{
    (void)state;
    open_record();
    post(reading());
    vg_journal_commit(&j);
    assert_int_equal(mark_at(1), 1); /* the first batch */
    pass(30);
    post(reading());
    vg_journal_commit(&j);
    assert_int_equal(mark_at(2), 0);
    pass(31);
    post(reading());
    vg_journal_commit(&j);
    assert_int_equal(mark_at(3), 1); /* a minute */
    post(event(VG_EV_SESSION));
    post(reading());
    vg_journal_commit(&j);
    assert_int_equal(mark_at(5), 1); /* the batch of a session's move */
    post(reading());
    vg_journal_commit(&j);
    assert_int_equal(mark_at(6), 0);
    struct vg_event stopping = event(VG_EV_DAEMON);
    stopping.u.daemon.what = VG_DAEMON_STOPPING;
    post(stopping);
    vg_journal_commit(&j);
    assert_int_equal(mark_at(7), 1);
    post(reading());
    vg_journal_stop(&j);
    assert_int_equal(mark_at(8), 1); /* the stop */
    assert_int_equal(good_marks(), 5);
}

/* After an hour without a disk all of it comes at once; still no two minutes without a checkpoint. */
static void test_checkpoint__stands_within_a_batch_that_spans_long(void **state)
{
    (void)state;
    open_record();
    for (int i = 0; i < 60; i++) {
        post(reading());
        pass(10);
    }
    vg_journal_commit(&j);
    assert_int_equal(ask("SELECT count(*) FROM checkpoint"), 10);
    assert_int_equal(good_marks(), 10);
    assert_int_equal(broken_rows(), 0);
}

static void test_checkpoint__says_where_an_older_record_ends(void **state)
{
    (void)state;
    open_record();
    post_some();
    vg_journal_stop(&j);
    record_back_to_3(dir);
    open_record();
    assert_int_equal(ask("SELECT seq FROM checkpoint WHERE rows = 4 AND hash = zeroblob(32)"), 4);
    vg_journal_stop(&j);
    open_record(); /* nothing written since */
    post(reading());
    vg_journal_commit(&j);
    assert_int_equal(ask("SELECT count(*) FROM event WHERE hash IS NOT NULL"), 1);
    assert_int_equal(broken_rows(), 0); /* it begins with zeros and its boot */
    assert_int_equal(good_marks(), 2);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void in_dir(const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", dir, name);
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    in_dir(name, path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

static size_t read_file(const char *name, char *out, size_t cap)
{
    char path[128];
    in_dir(name, path);
    FILE *f = fopen(path, "r");
    size_t n = f != NULL ? fread(out, 1, cap - 1, f) : 0;
    if (f != NULL) {
        (void)fclose(f);
    }
    out[n] = '\0';
    return n;
}

static void test_key__is_made_once_and_kept(void **state)
{
    char path[128];
    char first[256];
    char again[256];
    uint8_t public_key[VG_PUBLIC_KEY_BYTES];
    struct stat st;
    (void)state;
    assert_int_equal(vg_journal_key_read_public(dir, public_key), VG_ERR_STORE);
    open_record();
    in_dir("vigil.key", path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    in_dir("vigil.pub", path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(read_file("vigil.key", first, sizeof first), 129);
    assert_int_equal(vg_journal_key_read_public(dir, public_key), VG_OK);
    assert_memory_equal(public_key, j.key.public_key, sizeof public_key);
    vg_journal_stop(&j);
    assert_int_equal(unlink(path), 0); /* only the public one: it can be told from the other */
    open_record();
    assert_int_equal(read_file("vigil.key", again, sizeof again), 129);
    assert_string_equal(first, again);
    assert_int_equal(vg_journal_key_read_public(dir, public_key), VG_OK);
}

static void goes_on_unsigned(void)
{
    open_record();
    post(reading());
    vg_journal_commit(&j);
    assert_int_equal(failures, 0);
    assert_int_equal(ask("SELECT count(*) FROM checkpoint WHERE signature IS NULL"
                         " AND public_key IS NULL"),
                     1);
    assert_int_equal(broken_rows(), 0);
}

static void test_key__a_damaged_one_is_left_alone(void **state)
{
    char text[256];
    (void)state;
    open_record();
    vg_journal_stop(&j);
    assert_int_equal(read_file("vigil.key", text, sizeof text), 129);
    text[5] = text[5] == '0' ? '1' : '0';
    write_file("vigil.key", text);
    goes_on_unsigned();
    char now_there[256];
    (void)read_file("vigil.key", now_there, sizeof now_there);
    assert_string_equal(now_there, text);
}

static void test_key__a_lost_one_is_not_replaced(void **state)
{
    char path[128];
    struct stat st;
    (void)state;
    open_record();
    vg_journal_stop(&j);
    in_dir("vigil.key", path);
    assert_int_equal(unlink(path), 0);
    goes_on_unsigned();
    assert_int_equal(stat(path, &st), -1);
}

static void test_key__half_a_file_is_no_key(void **state)
{
    (void)state;
    write_file("vigil.key", "abcd\n");
    goes_on_unsigned();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_chain__goes_through_every_row_and_every_start),
        T(test_chain__covers_every_column),
        T(test_chain__a_repeat_and_a_row_out_of_order_do_not_move_it),
        cmocka_unit_test(test_chain__is_right_whichever_operation_fails),
        T(test_chain__takes_a_protocol_in_with_its_first_row),
        T(test_checkpoint__stands_at_start_session_minute_and_stop),
        T(test_checkpoint__stands_within_a_batch_that_spans_long),
        T(test_checkpoint__says_where_an_older_record_ends),
        T(test_key__is_made_once_and_kept),
        T(test_key__a_damaged_one_is_left_alone),
        T(test_key__a_lost_one_is_not_replaced),
        T(test_key__half_a_file_is_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
