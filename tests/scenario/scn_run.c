/*
 * scn_run.c -- runs every scenario file of this folder: the whole daemon in virtual time.
 *
 * The form of a file is in tests/support/scenario.h, the actions in scenario_act.h.
 *
 * Lines of the state: open CONDITION PRIORITY STATE acked|unacked held|live #N BED [DEV];
 * quiet BED; session REF BED doses=N total=UG rate=UG; vital NAME FRESH QUALITY VALUE DEV speaks;
 * device DEV STATE; determination DEV STATE; disk ok|bad; sounds ROLE CONDITION|nothing BED;
 * inhibited SCOPE STATE BED; mode quiet|loud BED; limit CONDITION N BED; those of a plan are in
 * tests/support/scenario_session.h.
 * Besides what was expected each run must hold: what the stream told of alarms is in the record, the
 * record played again makes the same alarms,
 * and the daemon keeps neither descriptors nor memory (checked where it runs for hours).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alarm_limits.h"
#include "daemon/review.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/scenario.h"
#include "tests/support/scenario_act.h"
#include "tests/support/scenario_session.h"
#include "tests/support/virtual_daemon.h"
#include "vigil/compiler.h"

#define FOLDER VG_SOURCE_DIR "/tests/scenario"
#define FILES_MAX 192
#define TOLD_MAX 4096
#define LONG_NS (6 * 3600 * VG_NS_PER_S)

static struct scn script;
static struct vd daemon_run;
static struct scn_lines happened;
static struct scn_lines state;
static uint64_t told_seq[TOLD_MAX];
static size_t told_count;
static unsigned killed;

/* --- what the stream says --------------------------------------------------------------------- */

static void on_frame(void *unused, const char *topic, const char *body)
{
    (void)unused;
    size_t len = strlen(topic);
    const char *seq = strstr(body, "\"seq\":");
    if (strcmp(topic + len - 6, ".alarm") == 0 && seq != NULL && told_count < TOLD_MAX) {
        told_seq[told_count++] = strtoull(seq + 6, NULL, 10);
    }
    if (strstr(body, "\"unsaved\":true") != NULL) {
        scn_say(&happened, vd_now(&daemon_run), "stream unsaved %s", topic);
    }
}

static size_t missing_from_record(void)
{
    char sql[96];
    size_t missing = 0;
    for (size_t i = 0; i < told_count; i++) {
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM event WHERE seq = %" PRIu64,
                       told_seq[i]);
        missing += vd_record(&daemon_run, sql) == 1 ? 0u : 1u;
    }
    return missing;
}

/* --- state ------------------------------------------------------------------------------------ */

static void show_alarms(const struct vigild *v, uint16_t bed)
{
    static struct vg_event alarms[VG_WIRE_ALARMS_MAX];
    const char *name = v->names.bed[bed];
    size_t open = vg_engine_open_alarms(&v->engine, bed, v->reactor.now.mono_ns, alarms,
                                        VG_WIRE_ALARMS_MAX);
    if (open == 0) {
        scn_say(&state, 0, "quiet %s", name);
    }
    for (size_t i = 0; i < open; i++) {
        const struct vg_alarm_event *a = &alarms[i].u.alarm;
        const char *dev = vg_wire_device(&v->names, alarms[i].device);
        scn_say(&state, 0, "open %s %s %s %s %s #%" PRIu64 " %s %s",
                vg_condition_name((enum vg_condition)a->condition),
                vg_priority_name((enum vg_priority)a->priority),
                vg_cond_state_name((enum vg_cond_state)a->to), a->ack ? "acked" : "unacked",
                a->held ? "held" : "live", a->instance, name, dev != NULL ? dev : "-");
    }
}

static void show_alerts(const struct vigild *v, uint16_t bed)
{
    const struct vg_bed *b = &v->engine.beds[bed];
    const char *name = v->names.bed[bed];

    for (size_t r = 0; r < VG_SINK_ROLES; r++) {
        const struct vg_slot *s = vg_engine_audible(&v->engine, bed, (enum vg_sink_role)r);
        scn_say(&state, 0, "sounds %s %s %s", vg_sink_role_name((enum vg_sink_role)r),
                s != NULL ? vg_condition_name((enum vg_condition)s->condition) : "nothing", name);
    }
    for (size_t i = 0; i <= VG_VITAL_COUNT; i++) {
        const struct vg_inhibit *m = i < VG_VITAL_COUNT ? &b->vital[i] : &b->audio;
        if (m->state != VG_IS_ON) {
            scn_say(&state, 0, "inhibited %s %s %s",
                    i < VG_VITAL_COUNT ? vg_vital_get((enum vg_vital)i)->name : "audio",
                    vg_inhibit_state_name((enum vg_inhibit_state)m->state), name);
        }
    }
    scn_say(&state, 0, "mode %s %s", b->quiet.on ? "quiet" : "loud", name);
    for (size_t c = 0; c < VG_COND_COUNT; c++) {
        scn_say(&state, 0, "limit %s %d %s", vg_condition_name((enum vg_condition)c),
                b->limits.of[c].limit_milli / 1000, name);
    }
}

static void show_device(const struct vigild *v, uint16_t d)
{
    const struct vg_member *m = &v->engine.devices[d];
    const char *dev = v->names.device[d];
    struct vg_event ev;

    scn_say(&state, 0, "device %s %s", dev, vg_port_state_name((enum vg_port_state)m->port));
    if (m->is_cuff) {
        scn_say(&state, 0, "determination %s %s", dev,
                vg_nibp_state_name((enum vg_nibp_state)m->nibp.state));
    }
    for (uint16_t i = 0; i < VG_VITAL_COUNT; i++) {
        if ((m->vitals & (1u << i)) == 0) {
            continue;
        }
        bool has = vg_engine_vital(&v->engine, d, (enum vg_vital)i, v->reactor.now.mono_ns, &ev);
        bool speaks = v->engine.beds[m->bed].speaker[i] == d;
        scn_say(&state, 0, "vital %s %s %s %d %s %s", vg_vital_get((enum vg_vital)i)->name,
                vg_freshness_name((enum vg_freshness)m->fresh[i].state),
                vg_quality_name((enum vg_quality)m->fresh[i].quality),
                has ? ev.u.reading.value_milli / 1000 : 0, dev, speaks ? "speaks" : "silent");
    }
}

static void show_state(void)
{
    const struct vigild *v = daemon_run.v;
    state.count = 0;
    if (v == NULL) {
        scn_say(&state, 0, "down");
        return;
    }
    scn_say(&state, 0, "disk %s", v->storage_bad ? "bad" : "ok");
    for (uint16_t b = 0; b < v->names.bed_count; b++) {
        const struct vg_session *s = &v->engine.beds[b].session;
        show_alarms(v, b);
        show_alerts(v, b);
        struct vg_totals t;
        vg_dose_totals(s, NULL, v->reactor.now.mono_ns, &t);
        scn_say(&state, 0, "session %s %s doses=%u total=%" PRId64 " rate=%" PRId64,
                s->seq != 0 ? s->patient_ref : "none", v->names.bed[b], t.count,
                t.given_ug - t.infused_ug, s->rate_ug_h);
        scn_show_plan(&state, v, b);
    }
    for (uint16_t d = 0; d < v->names.device_count; d++) {
        show_device(v, d);
    }
}

/* --- one scenario ----------------------------------------------------------------------------- */

static bool set_limit(struct vd *d, const struct scn_step *st)
{
    enum vg_condition c;
    int64_t ns = 0;
    if (st->count != 4 || !vg_condition_find(st->words[1], &c)) {
        return false;
    }
    struct vg_limit *l = &d->config.profiles[0].of[c];
    if (strcmp(st->words[2], "latch") == 0) {
        enum vg_latch latch;
        bool known = vg_latch_find(st->words[3], &latch);
        l->latch = known ? (uint8_t)latch : l->latch;
        return known;
    }
    if (!scn_time(st->words[3], &ns)) {
        return false;
    }
    if (strcmp(st->words[2], "delay") == 0) {
        l->delay_ns = ns;
    } else if (strcmp(st->words[2], "clear") == 0) {
        l->clear_ns = ns;
    } else if (strcmp(st->words[2], "sat") == 0) {
        l->sat_seconds = (int32_t)(ns / VG_NS_PER_S);
    } else {
        l->limit_milli = (int32_t)(ns / VG_NS_PER_MS);
    }
    return true;
}

/* profile NAME CONDITION VALUE ...: the defaults but for these. */
static bool add_profile(struct vd *d, const struct scn_step *st)
{
    uint8_t at = d->config.profile_count++;
    vg_limits_default(&d->config.profiles[at]);
    (void)snprintf(d->config.profile_name[at], VG_ID_MAX, "%s", st->words[1]);
    bool ok = st->count % 2 == 0;
    for (int i = 2; i + 1 < st->count && ok; i += 2) {
        enum vg_condition c;
        ok = vg_condition_find(st->words[i], &c);
        d->config.profiles[at].of[ok ? c : 0].limit_milli = atoi(st->words[i + 1]) * 1000;
    }
    return ok;
}

static bool set_up(struct vd *d, const struct scn_step *st)
{
    const char *w = st->words[0];
    bool oximeter = strcmp(w, "oximeter") == 0;

    if (strcmp(w, "run") == 0 || strcmp(w, "kills") == 0) {
        return true;
    }
    if (strcmp(w, "limit") == 0) {
        return set_limit(d, st);
    }
    if (strcmp(w, "profile") == 0) {
        return add_profile(d, st);
    }
    if (strcmp(w, "protocol") == 0 && st->count == 2) {
        return scn_add_protocol(d, st->words[1]);
    }
    if (st->count < 2) {
        return false;
    }
    if (strcmp(w, "bed") == 0) {
        (void)vd_add_bed(d, st->words[1]);
        return true;
    }
    if (d->config.bed_count == 0) {
        (void)vd_add_bed(d, "bed-1");
    }
    uint16_t bed = 0;
    while (st->count > 2 && strcmp(w, "sink") != 0 &&
           strcmp(d->config.beds[bed].id, st->words[2]) != 0) {
        bed++;
        if (bed == d->config.bed_count) {
            return false;
        }
    }
    if (strcmp(w, "sink") == 0) {
        enum vg_sink_role role;
        if (st->count < 3 || !vg_sink_role_find(st->words[2], &role)) {
            return false;
        }
        vd_add_sink(d, st->words[1], role, VG_BED_NONE);
        return true;
    }
    if (oximeter || strcmp(w, "cuff") == 0) {
        (void)vd_add_device(d, st->words[1], oximeter ? "nonin" : "suntech", bed);
        return true;
    }
    return false;
}

/* Actions and looks at the state in order of time; lines of the same time in order of the file. */
static const struct scn_step *next_step(const struct scn *s, bool *done)
{
    const struct scn_step *best = NULL;
    for (size_t i = 0; i < s->step_count; i++) {
        const struct scn_step *st = &s->steps[i];
        if ((st->kind == SCN_ACTION || st->kind == SCN_STATE) && !done[i] &&
            (best == NULL || st->from_ns < best->from_ns)) {
            best = st;
        }
    }
    if (best != NULL) {
        done[best - s->steps] = true;
    }
    return best;
}

static int complain(const struct scn_step *st, const char *what)
{
    (void)printf("%s:%d: %s:", script.file, st->number, what);
    for (int i = 0; i < st->count; i++) {
        (void)printf(" %s", st->words[i]);
    }
    (void)printf("\n");
    return 1;
}

static int look(const struct scn_step *st)
{
    show_state();
    bool found = scn_count(&state, 0, 0, st->words, st->count) > 0;
    if (found != st->negated) {
        return 0;
    }
    (void)complain(st, st->negated ? "is there" : "is not there");
    scn_print(&state);
    return 1;
}

static void collect_happened(void)
{
    char db[96];
    for (size_t i = 0; i < daemon_run.reply_count; i++) {
        const struct vd_reply *r = &daemon_run.replies[i];
        const char *error = strstr(r->text, "\"error\":\"");
        scn_say(&happened, r->at_ns, "reply %s %.*s %s %s",
                strstr(r->text, "\"ok\":true") != NULL ? "ok" : "refused",
                error != NULL ? (int)strcspn(error + 9, "\"") : 1, error != NULL ? error + 9 : "-",
                strstr(r->text, "\"recorded\":true") != NULL ? "recorded" : "unrecorded",
                strstr(r->text, "\"duplicate\":true") != NULL ? "duplicate" : "first");
    }
    for (size_t i = 0; i < daemon_run.device_count; i++) {
        const struct vdev *d = &daemon_run.devices[i];
        for (size_t k = 0; k < d->told_count; k++) {
            const struct vdev_told *t = &d->told[k];
            scn_say(&happened, t->at_ns - VD_MONO0_NS, "told %s %s", d->id,
                    t->what == 's'   ? "start"
                    : t->what == 'a' ? "abort"
                                     : "result");
        }
    }
    (void)snprintf(db, sizeof db, "%s/vigil.db", daemon_run.dir);
    assert_true(scn_add_record(&happened, db, VD_MONO0_NS));
    scn_sort(&happened);
}

/* Of a run with kills: the plan alone. What a crash adds to everything else is its own. */
static int judge(bool plan_only)
{
    int bad = 0;
    for (size_t i = 0; i < script.step_count; i++) {
        const struct scn_step *st = &script.steps[i];
        if (st->kind != SCN_EVENTS || (plan_only && strcmp(st->words[0], "plan") != 0)) {
            continue;
        }
        size_t n = scn_count(&happened, st->from_ns, st->to_ns, st->words, st->count);
        if (st->times < 0 ? n == 0 : n != (size_t)st->times) {
            bad += complain(st, st->times < 0 ? "did not happen" : "wrong number of times");
            (void)printf("    happened %zu times\n", n);
        }
    }
    return bad;
}

/* --- flat ------------------------------------------------------------------------------------- */

struct footprint {
    int fds;
    long resident_kb;
};

static struct footprint footprint(void)
{
    struct footprint f = { 0, 0 };
    long pages = 0;
    DIR *list = opendir("/proc/self/fd");
    while (list != NULL && readdir(list) != NULL) {
        f.fds++;
    }
    (void)closedir(list);
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm != NULL && fscanf(statm, "%*d %ld", &pages) == 1) {
        f.resident_kb = pages * (sysconf(_SC_PAGESIZE) / 1024);
    }
    if (statm != NULL) {
        (void)fclose(statm);
    }
    return f;
}

/* After six hours the journal's ring has been used once all over and everything has its size; from
 * there on nothing may grow. A megabyte is noise. */
static int run_flat(int64_t until_ns)
{
    if (until_ns - vd_now(&daemon_run) <= LONG_NS) {
        vd_run_until(&daemon_run, until_ns);
        return 0;
    }
    vd_run_until(&daemon_run, vd_now(&daemon_run) + LONG_NS);
    struct footprint before = footprint();
    vd_run_until(&daemon_run, until_ns);
    struct footprint after = footprint();
    if (after.fds == before.fds && after.resident_kb <= before.resident_kb + 1024) {
        return 0;
    }
    (void)printf("%s: grew from %d to %d descriptors, from %ld to %ld kB\n", script.file,
                 before.fds, after.fds, before.resident_kb, after.resident_kb);
    return 1;
}

/* The next of so many kills before a time, spread over the run at moments that no line names. */
static void kill_until(int64_t until_ns, unsigned kills)
{
    while (killed < kills) {
        int64_t at_ns = script.run_ns / (kills + 1) * (killed + 1) + killed * 7 * VG_NS_PER_S +
                        370 * VG_NS_PER_MS;
        if (at_ns >= until_ns) {
            return;
        }
        killed++;
        vd_run_until(&daemon_run, at_ns);
        vd_kill(&daemon_run);
        vd_run_until(&daemon_run, at_ns + VG_NS_PER_S / 2);
        assert_int_equal(vd_start(&daemon_run), VG_OK);
        vd_settle(&daemon_run);
    }
}

static int play(unsigned kills)
{
    bool done[SCN_STEPS_MAX] = { false };
    int bad = 0;
    killed = 0;
    for (const struct scn_step *st = next_step(&script, done); st != NULL;
         st = next_step(&script, done)) {
        kill_until(st->from_ns, kills);
        bad += run_flat(st->from_ns);
        if (st->kind == SCN_STATE) {
            bad += look(st);
        } else if (!scn_act(&daemon_run, st)) {
            bad += complain(st, "is no action");
        }
        vd_settle(&daemon_run);
    }
    return bad + run_flat(script.run_ns);
}

/* Every alarm must follow from the record alone. */
static int play_again(void)
{
    char db[96];
    struct vg_review r;

    (void)snprintf(db, sizeof db, "%s/vigil.db", daemon_run.dir);
    enum vg_status st = vg_review_record(&daemon_run.config, db, stdout, &r);
    if (st == VG_OK && r.unread == 0) {
        return 0;
    }
    (void)printf("%s: played again: %s, %" PRIu64 " differences, %" PRIu64 " alike, %" PRIu64
                 " not understood\n",
                 script.file, vg_status_name(st), r.differences, r.transitions, r.unread);
    return 1;
}

static void run_once(const char *file, unsigned kills)
{
    int bad = 0;
    happened.count = 0;
    told_count = 0;
    assert_true(scn_read(&script, file));
    vd_init(&daemon_run);
    for (size_t i = 0; i < script.step_count; i++) {
        if (script.steps[i].kind == SCN_SETUP && !set_up(&daemon_run, &script.steps[i])) {
            bad += complain(&script.steps[i], "is no setup");
        }
    }
    daemon_run.on_frame = on_frame;
    daemon_run.subscription = script.run_ns > LONG_NS ? "v1.bed-1.alarm" : "v1.";
    assert_int_equal(bad, 0);
    assert_int_equal(vd_start(&daemon_run), VG_OK);
    vd_settle(&daemon_run);
    bad += play(kills);
    faulty_vfs.full = false;
    vd_stop(&daemon_run);
    collect_happened();
    bad += judge(kills > 0);
    bad += play_again();
    if (missing_from_record() != 0) {
        (void)printf("%s: the stream told of alarms the record does not know\n", script.file);
        bad++;
    }
    if (bad != 0 && kills > 0) {
        (void)printf("%s: with %u kills\n", script.file, kills);
    }
    if (bad != 0) {
        scn_print(&happened);
    }
    vd_fini(&daemon_run);
    assert_int_equal(bad, 0);
}

/* A file with a line `kills N` runs a second time, with so many kills on the way. */
static void run_scenario(void **test_state)
{
    unsigned kills = 0;
    run_once(*test_state, 0);
    for (size_t i = 0; i < script.step_count; i++) {
        if (script.steps[i].kind == SCN_SETUP && strcmp(script.steps[i].words[0], "kills") == 0) {
            kills = (unsigned)strtoul(script.steps[i].words[1], NULL, 10);
        }
    }
    if (kills > 0) {
        run_once(*test_state, kills);
    }
}

/* --- all of them ------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    const struct CMUnitTest *x = a;
    const struct CMUnitTest *y = b;
    return strcmp(x->name, y->name);
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[FILES_MAX];
    static char paths[FILES_MAX][512];
    size_t n = 0;
    DIR *list = opendir(FOLDER);
    for (const struct dirent *e = list != NULL ? readdir(list) : NULL; e != NULL;
         e = readdir(list)) {
        size_t len = strlen(e->d_name);
        if (len < 5 || strcmp(e->d_name + len - 4, ".scn") != 0 ||
            (argc > 1 && strstr(e->d_name, argv[1]) == NULL)) {
            continue;
        }
        VG_ASSERT(n < FILES_MAX);
        (void)snprintf(paths[n], sizeof paths[n], "%s/%s", FOLDER, e->d_name);
        tests[n].name = paths[n] + sizeof FOLDER;
        tests[n].test_func = run_scenario;
        tests[n].initial_state = paths[n];
        n++;
    }
    (void)closedir(list);
    qsort(tests, n, sizeof tests[0], by_name);
    if (n == 0) {
        (void)printf("no scenario in %s\n", FOLDER);
        return 1;
    }
    return _cmocka_run_group_tests("scenario", tests, n, NULL, NULL);
}
