/*
 * test_journal.c -- the record: what was reported as written is there, whatever write failed, and
 * what it says at start is what was decided before.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/record_file.h"

#define BOOT_UTC INT64_C(1795503600000000000)

static struct vg_journal j;
static struct vg_journal other;
static struct vg_journal_job jobs[VG_JOURNAL_RING];
static struct vg_wire_names names;
static char dir[RECORD_DIR_MAX];
static struct vg_now now;
static uint64_t seq;
static uint64_t failures;
static uint64_t duplicate_of; /* of the last duplicate reported */
static uint64_t duplicate_number;
static uint64_t refused_number;
static bool check_reports;
static struct vg_event replayed[64];
static size_t replayed_count;

/* --- bench ------------------------------------------------------------------------------------ */

static void read_clock(void *state, struct vg_now *out)
{
    (void)state;
    *out = now;
}

static int64_t ask(const char *sql)
{
    return record_ask(dir, sql);
}

static void on_done(void *state, const struct vg_journal_done *done)
{
    (void)state;
    if (done->status != VG_OK) {
        failures++;
    } else if (done->refused) {
        refused_number = done->upto;
    } else if (done->duplicate != 0) {
        duplicate_of = done->duplicate;
        duplicate_number = done->upto;
    } else if (check_reports) {
        assert_int_equal(ask("SELECT count(*) FROM event"), done->upto);
    }
}

static void on_replay(void *state, const struct vg_event *ev)
{
    (void)state;
    assert_true(replayed_count < 64);
    replayed[replayed_count++] = *ev;
}

static void prepare(struct vg_journal *x)
{
    memset(x, 0, sizeof *x);
    x->names = &names;
    x->on_done = on_done;
    x->jobs = jobs;
    x->worker.clock.read = read_clock;
}

static void start(bool inline_run)
{
    struct vg_clock clock = { read_clock, NULL };
    assert_int_equal(vg_journal_start(&j, &clock, inline_run), VG_OK);
}

static void open_record(void)
{
    prepare(&j);
    assert_int_equal(vg_journal_open(&j, dir), VG_OK);
    start(true);
}

static int set_up(void **state)
{
    (void)state;
    faulty_vfs_install();
    faulty_vfs.fast = true;
    names.node = "node-1";
    names.boot = "boot";
    names.bed_count = 1;
    names.bed[0] = "bed-1";
    names.device_count = 1;
    names.device[0] = "ox-1";
    now.mono_ns = 500 * VG_NS_PER_S;
    now.utc_ns = BOOT_UTC;
    seq = 0;
    failures = 0;
    duplicate_of = 0;
    refused_number = 0;
    check_reports = false;
    replayed_count = 0;
    return record_dir_make(dir);
}

static int tear_down(void **state)
{
    (void)state;
    vg_journal_stop(&j);
    return record_dir_remove(dir);
}

/* --- events ----------------------------------------------------------------------------------- */

static struct vg_event event(enum vg_event_kind kind)
{
    struct vg_event ev;
    memset(&ev, 0, sizeof ev);
    ev.kind = (uint16_t)kind;
    ev.seq = ++seq;
    ev.mono_ns = now.mono_ns;
    ev.utc_ns = now.utc_ns;
    ev.device = VG_DEVICE_NONE;
    return ev;
}

static struct vg_event reading(int32_t milli)
{
    struct vg_event ev = event(VG_EV_READING);
    ev.device = 0;
    ev.u.reading.vital = VG_VITAL_SPO2;
    ev.u.reading.value_milli = milli;
    return ev;
}

static struct vg_event dose(const char *request_id, uint64_t session)
{
    struct vg_event ev = event(VG_EV_DOSE);
    ev.session = session;
    ev.u.dose.amount_ug = 35000;
    ev.u.dose.given_utc_ns = now.utc_ns;
    ev.u.dose.route = VG_ROUTE_IM;
    (void)snprintf(ev.u.dose.request_id, sizeof ev.u.dose.request_id, "%s", request_id);
    (void)snprintf(ev.u.dose.operator_id, sizeof ev.u.dose.operator_id, "nurse");
    (void)snprintf(ev.u.dose.drug, sizeof ev.u.dose.drug, "ketamine");
    return ev;
}

static struct vg_event session(enum vg_session_move move, const char *request_id, uint64_t id)
{
    struct vg_event ev = event(VG_EV_SESSION);
    ev.session = id != 0 ? id : ev.seq;
    ev.u.session_move.move = (uint8_t)move;
    (void)snprintf(ev.u.session_move.text, sizeof ev.u.session_move.text, "P1");
    (void)snprintf(ev.u.session_move.request_id, sizeof ev.u.session_move.request_id, "%s",
                   request_id);
    (void)snprintf(ev.u.session_move.operator_id, sizeof ev.u.session_move.operator_id, "nurse");
    return ev;
}

static struct vg_event alarm_open(uint64_t instance)
{
    struct vg_event ev = event(VG_EV_ALARM);
    ev.device = 0;
    ev.u.alarm.instance = instance;
    ev.u.alarm.condition = VG_COND_SPO2_DESAT;
    ev.u.alarm.what = VG_AW_OPEN;
    ev.u.alarm.from = VG_CS_NORMAL;
    ev.u.alarm.to = VG_CS_ACTIVE;
    ev.u.alarm.priority = VG_PRIO_HIGH;
    ev.u.alarm.row = 2;
    ev.u.alarm.has_value = true;
    ev.u.alarm.value_milli = 80000;
    ev.u.alarm.limit_milli = 85000;
    ev.u.alarm.since_ns = now.mono_ns;
    ev.u.alarm.subject = VG_SUBJECT_NONE;
    return ev;
}

static struct vg_event started(uint64_t first_seq)
{
    struct vg_event ev = event(VG_EV_DAEMON);
    ev.bed = VG_BED_NONE;
    ev.u.daemon.what = VG_DAEMON_STARTED;
    ev.u.daemon.first_seq = first_seq;
    return ev;
}

static uint64_t post(struct vg_event ev)
{
    return vg_journal_post(&j, &ev, false);
}

static void reopen(void)
{
    uint64_t last_seq = 0;
    int64_t last_utc_ns = 0;
    vg_journal_stop(&j);
    prepare(&j);
    assert_int_equal(vg_journal_open(&j, dir), VG_OK);
    replayed_count = 0;
    assert_int_equal(vg_journal_replay(&j, &now, on_replay, NULL, &last_seq, &last_utc_ns), VG_OK);
    assert_int_equal(last_seq, seq);
    start(true);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void test_journal__writes_every_kind_of_row(void **state)
{
    (void)state;
    open_record();
    check_reports = true;
    struct vg_event first = reading(97000);
    struct vg_event wave = event(VG_EV_WAVE);
    wave.device = 0;
    wave.u.wave = (struct vg_wave){ .vital = VG_VITAL_PLETH,
                                    .count = 3,
                                    .width_bytes = 1,
                                    .rate_millihz = 75000,
                                    .data = { 1, 2, 3 } };
    struct vg_event invalid = reading(0);
    invalid.u.reading.quality = VG_QUALITY_INVALID;
    assert_int_equal(post(first), 1);
    assert_int_equal(post(wave), 2);
    assert_int_equal(post(invalid), 3);
    assert_int_equal(post(session(VG_SESSION_OPEN, "r-1", 0)), 4);
    assert_int_equal(post(dose("r-2", seq)), 5);
    assert_int_equal(post(alarm_open(77)), 6);
    assert_int_equal(j.committed, 0);
    vg_journal_commit(&j);
    assert_int_equal(j.committed, 6);
    assert_int_equal(ask("SELECT value_milli FROM event WHERE seq = 1"), 97000);
    assert_int_equal(ask("SELECT count(*) FROM event WHERE kind = 1 AND value_milli IS NULL"), 1);
    assert_int_equal(ask("SELECT length(payload) FROM event WHERE kind = 3"), 3);
    assert_int_equal(ask("SELECT amount_ug FROM dose WHERE operator = 'nurse'"), 35000);
    assert_int_equal(ask("SELECT instance FROM alarm WHERE condition = 'SPO2_DESAT'"), 77);
    assert_int_equal(ask("SELECT count(*) FROM boot"), 1);
}

static void test_journal__cannot_be_changed(void **state)
{
    (void)state;
    open_record();
    (void)post(dose("r-1", 1));
    vg_journal_commit(&j);
    assert_int_equal(ask("UPDATE event SET kind = 0"), -1);
    assert_int_equal(ask("DELETE FROM event"), -1);
    assert_int_equal(ask("DELETE FROM boot"), -1);
    assert_int_equal(ask("SELECT count(*) FROM event WHERE kind = 8"), 1);
}

static void test_journal__reports_a_repeated_request_with_its_first_receipt(void **state)
{
    (void)state;
    open_record();
    struct vg_event first = dose("r-1", 1);
    (void)post(first);
    vg_journal_commit(&j);
    uint64_t number = post(dose("r-1", 1));
    vg_journal_commit(&j);
    assert_int_equal(duplicate_of, first.seq);
    assert_int_equal(duplicate_number, number);
    assert_int_equal(ask("SELECT count(*) FROM event"), 1);
    assert_int_equal(j.committed, number);
}

/* A row with a number that is taken would be our own fault; it must not stop the record. */
static void test_journal__skips_a_row_the_schema_refuses(void **state)
{
    (void)state;
    open_record();
    (void)post(reading(97000));
    seq--;
    (void)post(reading(96000));
    (void)post(reading(95000));
    vg_journal_commit(&j);
    assert_int_equal(failures, 0);
    assert_int_equal(j.committed, 3);
    assert_int_equal(ask("SELECT count(*) FROM event"), 2);
    assert_int_equal(ask("SELECT value_milli FROM event WHERE seq = 2"), 95000);
}

static void test_journal__samples_give_way_first_and_commands_last(void **state)
{
    uint32_t samples = 0;
    uint32_t alarms = 0;
    uint32_t commands = 0;
    (void)state;
    open_record();
    faulty_vfs.full = true;
    while (post(reading(97000)) != 0) {
        samples++;
    }
    while (post(alarm_open(1)) != 0) {
        alarms++;
    }
    while (post(dose("", 1)) != 0) {
        commands++;
    }
    assert_int_equal(samples, VG_JOURNAL_RING - VG_JOURNAL_RING / 4);
    assert_int_equal(samples + alarms, VG_JOURNAL_RING - VG_JOURNAL_RING / 16);
    assert_int_equal(samples + alarms + commands, VG_JOURNAL_RING);
    assert_int_equal(j.dropped, 3);
    vg_journal_commit(&j);
    assert_int_equal(failures, 1);
    assert_int_equal(j.committed, 0);
}

/* --- trouble with the disk -------------------------------------------------------------------- */

static void workload(void)
{
    char id[16];
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 5; i++) {
            (void)post(reading(97000 - i));
        }
        (void)snprintf(id, sizeof id, "r-%d", round);
        (void)post(dose(id, 1));
        (void)post(alarm_open((uint64_t)round + 1));
        vg_journal_commit(&j);
    }
}

/* One run with the n-th operation failing (and the next ones up to `until`): false when there is no
 * n-th operation any more. */
static bool run_with_fault(uint64_t n, uint64_t until, int error)
{
    void *state = NULL;
    assert_int_equal(set_up(&state), 0);
    faulty_vfs.fail_at = n;
    faulty_vfs.fail_to = until;
    faulty_vfs.error = error;
    prepare(&j);
    enum vg_status st = vg_journal_open(&j, dir);
    assert_true(st == VG_OK || st == VG_ERR_STORE);
    start(true);
    check_reports = true;
    workload();
    bool hit = faulty_vfs.ops >= n;
    faulty_vfs.fail_at = 0;
    vg_journal_commit(&j);
    if (j.committed != j.posted || j.posted != 28 || ask("SELECT count(*) FROM event") != 28 ||
        ask("SELECT count(DISTINCT request_id) FROM event") != 4 ||
        ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") != 1) {
        fail_msg("operation %" PRIu64 " failing with %d: %" PRIu64 " of %" PRIu64 " on disk", n,
                 error, j.committed, j.posted);
    }
    assert_int_equal(tear_down(&state), 0);
    return hit;
}

static void test_journal__loses_nothing_whichever_operation_fails(void **state)
{
    static const int errors[] = { SQLITE_IOERR_WRITE, SQLITE_FULL, SQLITE_IOERR_FSYNC };
    (void)state;
    for (size_t e = 0; e < 3; e++) {
        uint64_t n = 1;
        while (run_with_fault(n, n, errors[e])) {
            n++;
        }
        assert_true(n > 20); /* the workload is worth it */
    }
}

static void test_journal__loses_nothing_when_all_fail_from_there_on(void **state)
{
    uint64_t n = 1;
    (void)state;
    while (run_with_fault(n, UINT64_MAX, SQLITE_IOERR_WRITE)) {
        n += 3;
    }
}

static void test_journal__gives_up_its_ballast_when_the_disk_is_full(void **state)
{
    struct stat st;
    (void)state;
    open_record();
    (void)post(reading(97000));
    vg_journal_commit(&j);
    assert_int_equal(stat(j.ballast, &st), 0);
    assert_int_equal(st.st_size, 4 * 1024 * 1024);
    faulty_vfs.full = true;
    (void)post(dose("r-1", 1));
    vg_journal_commit(&j);
    assert_int_equal(failures, 1);
    assert_int_equal(stat(j.ballast, &st), -1);
    faulty_vfs.full = false;
    vg_journal_commit(&j);
    assert_int_equal(ask("SELECT count(*) FROM dose"), 1);
    assert_int_equal(stat(j.ballast, &st), 0);
}

static void test_journal__begins_when_its_folder_appears(void **state)
{
    char parent[96];
    char sub[128];
    (void)state;
    (void)snprintf(parent, sizeof parent, "%s/not-yet", dir);
    (void)snprintf(sub, sizeof sub, "%s/state", parent);
    prepare(&j);
    assert_int_equal(vg_journal_open(&j, sub), VG_ERR_STORE);
    start(true);
    (void)post(dose("r-1", 1));
    vg_journal_commit(&j);
    assert_int_equal(failures, 1);
    assert_int_equal(mkdir(parent, 0700), 0);
    assert_int_equal(mkdir(sub, 0700), 0);
    vg_journal_commit(&j);
    assert_int_equal(j.committed, 1);
}

/* An open file takes every row after somebody removed it, and all would be gone with the process. */
static void test_journal__sees_that_its_file_was_removed(void **state)
{
    char command[160];
    (void)state;
    open_record();
    (void)post(dose("r-1", 1));
    vg_journal_commit(&j);
    (void)snprintf(command, sizeof command, "rm -f %s/vigil.db*", dir);
    assert_int_equal(system(command), 0);
    (void)post(dose("r-2", 1));
    vg_journal_commit(&j);
    assert_int_equal(failures, 1);
    assert_int_equal(j.committed, 1);
    vg_journal_commit(&j);
    assert_int_equal(j.committed, 2);
    assert_int_equal(ask("SELECT count(*) FROM dose WHERE request_id = 'r-2'"), 1);
}

static void test_journal__a_command_whose_number_is_taken_is_not_confirmed(void **state)
{
    (void)state;
    open_record();
    (void)post(dose("r-1", 1));
    vg_journal_commit(&j);
    seq = 0;
    (void)post(dose("r-2", 1));
    (void)post(dose("r-3", 1));
    vg_journal_commit(&j);
    assert_int_equal(refused_number, 2);
    assert_int_equal(j.committed, 3); /* the rows behind it are not held up */
    assert_int_equal(ask("SELECT count(*) FROM dose"), 2);
}

static void test_journal__does_not_write_into_a_record_that_is_ahead(void **state)
{
    char sql[] = "PRAGMA user_version";
    (void)state;
    open_record();
    seq = 1000000;
    (void)post(dose("r-1", 1));
    vg_journal_commit(&j);
    vg_journal_stop(&j);
    assert_int_equal(ask(sql), 4);
    prepare(&j);
    (void)snprintf(j.path, sizeof j.path, "%s/vigil.db", dir); /* as if not there at the start */
    start(true);
    seq = 5;
    (void)post(dose("r-2", 1));
    vg_journal_commit(&j);
    assert_int_equal(failures, 1);
    assert_int_equal(ask("SELECT count(*) FROM dose"), 1);
}

/* The pieces of a text stand before their row, and are as new as it is. */
static void test_journal__a_text_comes_first_into_a_record_that_turned_up(void **state)
{
    (void)state;
    open_record();
    seq = 1000000;
    (void)post(dose("r-1", 1));
    vg_journal_commit(&j);
    vg_journal_stop(&j);
    prepare(&j);
    (void)snprintf(j.path, sizeof j.path, "%s/vigil.db", dir); /* as if not there at the start */
    start(true);
    seq += VG_EFFECTS_MAX;
    struct vg_event ev = dose("r-2", 1);
    assert_int_not_equal(vg_journal_post_with(&j, &ev, "\"lot\":\"L7\""), 0);
    vg_journal_commit(&j);
    assert_int_equal(failures, 0);
    assert_int_equal(ask("SELECT count(*) FROM dose"), 2);
    assert_int_equal(ask("SELECT count(*) FROM event WHERE payload ->> 'lot' = 'L7'"), 1);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* Make the record what a program of schema version 1, 2 or 3 left behind. */
static void go_back_to_version(int version)
{
    char sql[32];
    vg_journal_stop(&j);
    record_back_to_3(dir);
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", version);
    assert_int_equal(ask(sql), 0);
    if (version == 3) {
        return;
    }
    assert_int_equal(ask("DROP INDEX event_story"), 0);
    assert_int_equal(ask("CREATE INDEX event_decision ON event (seq)"
                         " WHERE kind >= 6 AND kind <= 11"),
                     0);
    assert_int_equal(ask("DROP VIEW inhibition"), 0);
    assert_int_equal(ask("DROP VIEW limit_change"), 0);
    assert_int_equal(ask("DROP VIEW route"), 0);
    if (version == 1) {
        assert_int_equal(ask("DROP INDEX event_request"), 0);
        assert_int_equal(ask("CREATE UNIQUE INDEX event_request ON event (request_id)"
                             " WHERE request_id IS NOT NULL"),
                         0);
    }
}

static void test_journal__two_beds_may_use_one_request_id(void **state)
{
    (void)state;
    names.bed_count = 2;
    names.bed[1] = "bed-2";
    open_record();
    go_back_to_version(1); /* which did not allow it */
    open_record();
    struct vg_event ev = dose("r-1", 1);
    (void)post(ev);
    ev.bed = 1;
    ev.seq = ++seq;
    (void)post(ev);
    ev.seq = ++seq;
    (void)post(ev);
    vg_journal_commit(&j);
    assert_int_equal(ask("SELECT count(*) FROM dose WHERE request_id = 'r-1'"), 2);
    assert_int_equal(duplicate_number, 3);
    assert_int_equal(ask("PRAGMA user_version"), 4);
}

/* The indexes and views of a record that was brought up are those of a new one, and what stood in it
 * still does. */
static void test_journal__an_older_record_is_brought_up(void **state)
{
    static const char objects[] =
        "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite%'";
    (void)state;
    open_record();
    int64_t in_a_new_one = ask(objects);
    for (int version = 3; version >= 1; version--) {
        char id[8];
        (void)snprintf(id, sizeof id, "r-%d", version);
        (void)post(dose(id, 1));
        vg_journal_commit(&j);
        go_back_to_version(version);
        open_record();
        assert_int_equal(ask("PRAGMA user_version"), 4);
        assert_int_equal(ask(objects), in_a_new_one);
        assert_int_equal(ask("SELECT count(*) FROM sqlite_master WHERE name = 'event_story'"), 1);
        assert_int_equal(ask("SELECT count(*) FROM sqlite_master WHERE name = 'event_decision'"),
                         0);
        assert_int_equal(ask("SELECT count(*) FROM inhibition"), 0);
        assert_int_equal(ask("SELECT count(*) FROM limit_change"), 0);
        assert_int_equal(ask("SELECT count(*) FROM route"), 0);
        assert_int_equal(ask("SELECT count(*) FROM dose"), 4 - version);
        assert_int_equal(ask("SELECT count(*) FROM checkpoint WHERE hash = zeroblob(32)"
                             " AND seq = (SELECT max(seq) FROM event) AND rows = seq"),
                         1);
    }
}

static void test_journal__belongs_to_one_daemon(void **state)
{
    (void)state;
    open_record();
    prepare(&other);
    assert_int_equal(vg_journal_open(&other, dir), VG_ERR_DENIED);
    vg_journal_stop(&j);
    assert_int_equal(vg_journal_open(&other, dir), VG_OK);
    vg_journal_stop(&other);
    prepare(&j);
}

static void test_journal__keeps_a_damaged_file_and_begins_a_new_one(void **state)
{
    char path[96];
    int kept = 0;
    (void)state;
    (void)snprintf(path, sizeof path, "%s/vigil.db", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 1000; i++) {
        (void)fputs("this is no database at all\n", f);
    }
    (void)fclose(f);
    prepare(&j);
    assert_int_equal(vg_journal_open(&j, dir), VG_ERR_STORE);
    start(true);
    (void)post(dose("r-1", 1));
    vg_journal_commit(&j);
    assert_int_equal(ask("SELECT count(*) FROM dose"), 1);
    DIR *list = opendir(dir);
    for (const struct dirent *e = readdir(list); e != NULL; e = readdir(list)) {
        kept += strncmp(e->d_name, "vigil.db.damaged-", 17) == 0 ? 1 : 0;
    }
    (void)closedir(list);
    assert_int_equal(kept, 1);
}

static void test_journal__leaves_a_newer_record_alone(void **state)
{
    uint64_t last_seq = 0;
    int64_t last_utc_ns = 0;
    (void)state;
    open_record();
    vg_journal_stop(&j);
    assert_int_equal(ask("PRAGMA user_version = 99"), 0);
    prepare(&j);
    assert_int_equal(vg_journal_open(&j, dir), VG_ERR_STORE);
    assert_int_equal(vg_journal_replay(&j, &now, on_replay, NULL, &last_seq, &last_utc_ns),
                     VG_ERR_STORE);
    start(true);
    (void)post(dose("r-1", 1));
    vg_journal_commit(&j);
    assert_int_equal(failures, 1);
    assert_int_equal(ask("PRAGMA user_version"), 99);
}

/* --- replay ----------------------------------------------------------------------------------- */

static void post_one_of_each(void)
{
    struct vg_event open = session(VG_SESSION_OPEN, "r-1", 0);

    (void)post(open);
    (void)post(reading(97000));
    (void)post(dose("r-2", open.seq));
    struct vg_event ack = event(VG_EV_ACK);
    ack.u.ack.instance = 77;
    (void)snprintf(ack.u.ack.request_id, sizeof ack.u.ack.request_id, "r-3");
    (void)snprintf(ack.u.ack.operator_id, sizeof ack.u.ack.operator_id, "nurse");
    (void)post(ack);
    struct vg_event command = event(VG_EV_NIBP_COMMAND);
    command.device = 0;
    command.u.command.what = VG_REQ_NIBP_START;
    (void)snprintf(command.u.command.request_id, sizeof command.u.command.request_id, "r-4");
    (void)post(command);
    struct vg_event cuff = event(VG_EV_CUFF);
    cuff.device = 0;
    cuff.u.cuff.is_state = true;
    cuff.u.cuff.state = VG_NS_INFLATING;
    (void)post(cuff);
    (void)post(alarm_open(77));
    vg_journal_commit(&j);
}

static const struct vg_event *replayed_of(enum vg_event_kind kind)
{
    for (size_t i = 0; i < replayed_count; i++) {
        if (replayed[i].kind == kind) {
            return &replayed[i];
        }
    }
    fail_msg("no %s was replayed", vg_event_kind_name(kind));
    abort(); /* not reached */
}

static void test_journal__replays_what_was_decided(void **state)
{
    (void)state;
    open_record();
    post_one_of_each();
    reopen();
    assert_int_equal(replayed_count, 6); /* not the sample */
    for (size_t i = 1; i < replayed_count; i++) {
        assert_true(replayed[i].seq > replayed[i - 1].seq);
    }
    const struct vg_event *a = replayed_of(VG_EV_ALARM);
    assert_int_equal(a->u.alarm.instance, 77);
    assert_int_equal(a->u.alarm.condition, VG_COND_SPO2_DESAT);
    assert_int_equal(a->u.alarm.to, VG_CS_ACTIVE);
    assert_int_equal(a->u.alarm.value_milli, 80000);
    assert_int_equal(a->mono_ns, now.mono_ns);
    assert_true((a->flags & VG_FLAG_REPLAY) != 0);
    assert_int_equal(a->bed, 0);
    assert_int_equal(a->device, 0);
    const struct vg_event *d = replayed_of(VG_EV_DOSE);
    assert_int_equal(d->u.dose.amount_ug, 35000);
    assert_string_equal(d->u.dose.request_id, "r-2");
    assert_string_equal(replayed_of(VG_EV_SESSION)->u.session_move.text, "P1");
    assert_int_equal(replayed_of(VG_EV_ACK)->u.ack.instance, 77);
    assert_int_equal(replayed_of(VG_EV_NIBP_COMMAND)->u.command.what, VG_REQ_NIBP_START);
    assert_int_equal(replayed_of(VG_EV_CUFF)->u.cuff.state, VG_NS_INFLATING);
}

/* Of the time before the last start only open sessions with their doses. */
static void test_journal__replays_old_times_only_of_open_sessions(void **state)
{
    (void)state;
    open_record();
    struct vg_event closed = session(VG_SESSION_OPEN, "r-1", 0);
    (void)post(closed);
    (void)post(dose("r-2", closed.seq));
    (void)post(session(VG_SESSION_CLOSE, "r-3", closed.seq));
    struct vg_event open = session(VG_SESSION_OPEN, "r-4", 0);
    (void)post(open);
    (void)post(dose("r-5", open.seq));
    (void)post(alarm_open(5));
    (void)post(started(seq + 1));
    struct vg_event late = dose("r-6", open.seq);
    late.utc_ns += 120 * VG_NS_PER_S; /* the start is more than a minute old */
    (void)post(late);
    vg_journal_commit(&j);
    reopen();
    assert_int_equal(replayed_count, 3);
    assert_string_equal(vg_event_request_id(&replayed[0]), "r-4");
    assert_string_equal(vg_event_request_id(&replayed[1]), "r-5");
    assert_string_equal(vg_event_request_id(&replayed[2]), "r-6");
}

static void test_journal__moves_times_of_another_boot_to_this_ones_axis(void **state)
{
    (void)state;
    open_record();
    (void)snprintf(j.boot_id, sizeof j.boot_id, "another-boot");
    (void)post(alarm_open(77));
    vg_journal_commit(&j);
    now.mono_ns = 20 * VG_NS_PER_S; /* since the new boot */
    now.utc_ns += 60 * VG_NS_PER_S;
    reopen();
    const struct vg_event *a = replayed_of(VG_EV_ALARM);
    assert_int_equal(a->mono_ns, -40 * VG_NS_PER_S);
    assert_int_equal(a->u.alarm.since_ns, -40 * VG_NS_PER_S);
}

/* A boot whose clock was set while it ran: what was between two rows stays between them. */
static void test_journal__a_boot_is_moved_as_a_whole(void **state)
{
    (void)state;
    open_record();
    (void)snprintf(j.boot_id, sizeof j.boot_id, "another-boot");
    now.utc_ns -= 3600 * VG_NS_PER_S; /* an hour slow, until somebody saw it */
    (void)post(dose("r-1", 1));
    now.mono_ns += 100 * VG_NS_PER_S;
    now.utc_ns += 3700 * VG_NS_PER_S;
    (void)post(dose("r-2", 1));
    vg_journal_commit(&j);
    now.mono_ns = 20 * VG_NS_PER_S;
    now.utc_ns += 60 * VG_NS_PER_S;
    reopen();
    assert_int_equal(replayed_count, 2);
    assert_int_equal(replayed[1].mono_ns, -40 * VG_NS_PER_S);
    assert_int_equal(replayed[0].mono_ns, -140 * VG_NS_PER_S);
}

/* Set back since: what happened is not in the future, and keeps its distances. */
static void test_journal__nothing_of_another_boot_is_ahead_of_now(void **state)
{
    (void)state;
    open_record();
    (void)snprintf(j.boot_id, sizeof j.boot_id, "another-boot");
    (void)post(dose("r-1", 1));
    now.mono_ns += 100 * VG_NS_PER_S;
    now.utc_ns += 100 * VG_NS_PER_S;
    (void)post(dose("r-2", 1));
    vg_journal_commit(&j);
    now.mono_ns = 20 * VG_NS_PER_S;
    now.utc_ns -= 3600 * VG_NS_PER_S;
    reopen();
    assert_int_equal(replayed[1].mono_ns, 20 * VG_NS_PER_S);
    assert_int_equal(replayed[0].mono_ns, -80 * VG_NS_PER_S);
}

static void test_journal__passes_over_rows_it_cannot_place(void **state)
{
    (void)state;
    open_record();
    (void)post(dose("r-1", 1));
    vg_journal_commit(&j);
    assert_int_equal(ask("INSERT INTO event VALUES (50,1,0,0,0,8,0,'bed-1',NULL,0,NULL,NULL,NULL,"
                         "NULL,NULL,'{\"kind\":\"nonsense\"}',NULL)"),
                     0);
    assert_int_equal(ask("INSERT INTO event VALUES (51,1,0,0,0,8,0,'bed-1',NULL,0,NULL,NULL,NULL,"
                         "NULL,NULL,NULL,NULL)"),
                     0);
    assert_int_equal(ask("INSERT INTO event SELECT 52,boot,0,0,0,kind,0,'bed-9',NULL,0,NULL,NULL,"
                         "NULL,NULL,NULL,payload,NULL FROM event WHERE seq = 1"),
                     0);
    seq = 52;
    reopen();
    assert_int_equal(replayed_count, 1);
}

/* --- with its thread -------------------------------------------------------------------------- */

static void test_journal__thread_writes_while_the_loop_goes_on(void **state)
{
    char id[16];
    (void)state;
    prepare(&j);
    assert_int_equal(vg_journal_open(&j, dir), VG_OK);
    start(false);
    for (int i = 0; i < 200; i++) {
        (void)snprintf(id, sizeof id, "r-%d", i);
        (void)post(reading(97000));
        (void)post(dose(id, 1));
        vg_journal_commit(&j);
        atomic_store(&j.clock_synchronised, i % 2 == 0);
        vg_worker_collect(&j.worker);
    }
    while (j.committed < 400) {
        struct pollfd p = { .fd = j.worker.done_fd, .events = POLLIN };
        assert_true(poll(&p, 1, 10000) > 0);
        vg_worker_collect(&j.worker);
    }
    (void)post(dose("last", 1));
    vg_journal_stop(&j); /* writes what is left */
    assert_int_equal(j.committed, 401);
    assert_int_equal(ask("SELECT count(*) FROM event"), 401);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_journal__writes_every_kind_of_row),
        T(test_journal__cannot_be_changed),
        T(test_journal__reports_a_repeated_request_with_its_first_receipt),
        T(test_journal__skips_a_row_the_schema_refuses),
        T(test_journal__samples_give_way_first_and_commands_last),
        cmocka_unit_test(test_journal__loses_nothing_whichever_operation_fails),
        cmocka_unit_test(test_journal__loses_nothing_when_all_fail_from_there_on),
        T(test_journal__gives_up_its_ballast_when_the_disk_is_full),
        T(test_journal__begins_when_its_folder_appears),
        T(test_journal__sees_that_its_file_was_removed),
        T(test_journal__a_command_whose_number_is_taken_is_not_confirmed),
        T(test_journal__does_not_write_into_a_record_that_is_ahead),
        T(test_journal__a_text_comes_first_into_a_record_that_turned_up),
        T(test_journal__two_beds_may_use_one_request_id),
        T(test_journal__an_older_record_is_brought_up),
        T(test_journal__belongs_to_one_daemon),
        T(test_journal__keeps_a_damaged_file_and_begins_a_new_one),
        T(test_journal__leaves_a_newer_record_alone),
        T(test_journal__replays_what_was_decided),
        T(test_journal__replays_old_times_only_of_open_sessions),
        T(test_journal__moves_times_of_another_boot_to_this_ones_axis),
        T(test_journal__a_boot_is_moved_as_a_whole),
        T(test_journal__nothing_of_another_boot_is_ahead_of_now),
        T(test_journal__passes_over_rows_it_cannot_place),
        T(test_journal__thread_writes_while_the_loop_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
