/*
 * verify.c -- a long record for vigilctl verify, and the floor: reading every cell of it.
 *
 *   bench-verify record ROWS DIR    a record of two oximeters and a pressure now and then
 *   bench-verify floor FILE         every cell read once; prints {"ms": ..., "rows": ...}
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "daemon/journal.h"

static struct vg_journal journal;
static struct vg_journal_job jobs[VG_JOURNAL_RING];
static struct vg_now now = { .mono_ns = VG_NS_PER_S, .utc_ns = INT64_C(1795503600000000000) };

static void read_clock(void *state, struct vg_now *out)
{
    (void)state;
    *out = now;
}

static void on_done(void *state, const struct vg_journal_done *done)
{
    (void)state;
    if (done->status != VG_OK || done->refused) {
        bench_die("the journal did not take it");
    }
}

static struct vg_event row(uint64_t seq)
{
    struct vg_event ev;
    memset(&ev, 0, sizeof ev);
    ev.seq = seq;
    ev.mono_ns = now.mono_ns;
    ev.utc_ns = now.utc_ns;
    ev.session = 1;
    ev.kind = VG_EV_READING;
    ev.u.reading.vital = (uint8_t)(seq % 3);
    ev.u.reading.value_milli = 97000 - (int32_t)(seq % 7) * 1000;
    if (seq % 8 == 0) { /* a second of a waveform for seven values */
        ev.kind = VG_EV_WAVE;
        ev.u.wave = (struct vg_wave){ .vital = VG_VITAL_PLETH, .count = 75, .width_bytes = 1 };
        memset(ev.u.wave.data, (int)(seq % 251), 75);
    } else if (seq % 50 == 0) {
        ev.kind = VG_EV_CUFF;
        ev.u.cuff.is_state = true;
        ev.u.cuff.state = VG_NS_INFLATING;
    }
    return ev;
}

static void make_record(uint64_t rows, const char *dir)
{
    static struct vg_wire_names names = {
        .node = "bench", .bed_count = 1, .device_count = 1, .bed = { "bed-1" }, .device = { "ox-1" }
    };
    struct vg_clock clock = { read_clock, NULL };

    names.boot = journal.boot_id;
    journal.names = &names;
    journal.on_done = on_done;
    journal.jobs = jobs;
    journal.worker.clock = clock;
    if (vg_journal_open(&journal, dir) != VG_OK ||
        vg_journal_start(&journal, &clock, true) != VG_OK) {
        bench_die("%s", dir);
    }
    for (uint64_t seq = 1; seq <= rows; seq++) {
        struct vg_event ev = row(seq);
        if (vg_journal_post(&journal, &ev, true) == 0) {
            bench_die("the ring is full");
        }
        now.mono_ns += 125 * VG_NS_PER_MS;
        now.utc_ns += 125 * VG_NS_PER_MS;
        if (seq % 400 == 0) { /* of a minute, so that the record has its checkpoints */
            vg_journal_commit(&journal);
        }
    }
    vg_journal_stop(&journal);
}

static void read_all(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    long long rows = 0;
    size_t bytes = 0;
    int64_t start_ns = bench_now_ns();

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT * FROM event ORDER BY seq", -1, &st, NULL) != SQLITE_OK) {
        bench_die("%s", path);
    }
    while (sqlite3_step(st) == SQLITE_ROW) {
        rows++;
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            if (sqlite3_column_type(st, i) == SQLITE_INTEGER) {
                bytes += (size_t)sqlite3_column_int64(st, i) & 1;
            } else {
                bytes += (size_t)sqlite3_column_bytes(st, i);
            }
        }
    }
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    (void)printf("{\"ms\":%.1f,\"rows\":%lld,\"bytes\":%zu}\n",
                 (double)(bench_now_ns() - start_ns) / 1e6, rows, bytes);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "record") == 0) {
        make_record(strtoull(argv[2], NULL, 10), argv[3]);
        (void)printf("{\"rows\":%s}\n", argv[2]);
    } else if (argc == 3 && strcmp(argv[1], "floor") == 0) {
        read_all(argv[2]);
    } else {
        bench_die("usage: bench-verify record ROWS DIR | floor FILE");
    }
    return 0;
}
