/*
 * prop_alarm_session.c -- properties of alarms, by number: whose value, and of when
 * (P12, P17, P18, P20).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/prop_world.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)

/* --- P12: stale is never live --------------------------------------------------------------- */

static void expect_young_effects(const struct core *c)
{
    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_event *out = &c->fx.of[i].ev;
        if (out->kind == VG_EV_READING && out->u.reading.fresh == VG_FRESH_FRESH &&
            out->u.reading.quality <= VG_QUALITY_QUESTIONABLE) {
            assert_true(out->u.reading.age_ns <=
                        vg_vital_get((enum vg_vital)out->u.reading.vital)->stale_ns);
            prop_met++;
        }
    }
}

static void expect_not_compared(const struct core *c)
{
    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_event *out = &c->fx.of[i].ev;
        assert_false(out->kind == VG_EV_ALARM &&
                     vg_condition_get((enum vg_condition)out->u.alarm.condition)->kind ==
                         VG_ALARM_PHYS);
    }
}

static void world_p12(const struct core *c)
{
    struct vg_event ev;

    expect_young_effects(c);
    for (uint16_t d = 0; d < WORLD_DEVICES; d++) {
        for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
            /* As somebody would see it who asks a moment before the next tick. */
            int64_t at_ns = c->now_ns + VG_TICK_NS - 1;
            if (vg_engine_vital(c->engine, d, (enum vg_vital)v, at_ns, &ev) &&
                ev.u.reading.fresh == VG_FRESH_FRESH) {
                assert_true(ev.u.reading.age_ns <= vg_vital_get((enum vg_vital)v)->stale_ns);
            }
        }
    }
    /* A reading that was too old when it came moved no condition about the patient. */
    if (c->in.kind == VG_EV_READING &&
        c->in.u.reading.age_ns > vg_vital_get((enum vg_vital)c->in.u.reading.vital)->stale_ns) {
        expect_not_compared(c);
    }
}

static void prop_alarm__p12_stale_is_never_live(void **state)
{
    (void)state;
    prop_run_world(world_p12);
}

/* --- P17: no silent end of a session -------------------------------------------------------- */

static size_t named_closings(const struct core *c)
{
    size_t named = 0;
    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_event *out = &c->fx.of[i].ev;
        if (out->kind == VG_EV_ALARM && out->u.alarm.what == VG_AW_CLOSED) {
            assert_string_equal(out->u.alarm.operator_id, "nurse");
            assert_true((c->fx.of[i].verbs & VG_DO_RECORD) != 0);
            named++;
        }
    }
    return named;
}

static void world_p17(const struct core *c)
{
    const struct vg_session_event *move = &c->in.u.session_move;
    uint16_t b = c->in.bed;

    if (c->in.kind != VG_EV_SESSION || move->move != VG_SESSION_CLOSE ||
        prop_past.session[b] == 0) {
        assert_true(prop_past.session[b] == 0 ||
                    c->engine->beds[b].session.seq == prop_past.session[b]);
        return;
    }
    size_t open = 0;
    for (uint16_t i = 0; i < prop_past.slot_count[b]; i++) {
        open += prop_is_open(&prop_past.slots[b][i]) ? 1u : 0u;
    }
    bool closed = c->engine->beds[b].session.seq == 0;
    assert_int_equal(closed, open == 0 || move->text[0] != '\0');
    assert_int_equal(named_closings(c), closed ? open : 0);
    prop_met += open;
}

static void prop_alarm__p17_no_session_ends_silently(void **state)
{
    (void)state;
    prop_run_world(world_p17);
}

/* --- P18: identity -------------------------------------------------------------------------- */

static void world_p18(const struct core *c)
{
    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_event *out = &c->fx.of[i].ev;
        uint64_t now = c->engine->beds[c->in.bed].session.seq;
        assert_int_equal(out->bed, c->in.bed);
        if (out->kind != VG_EV_READING || out->session != 0) { /* a sample passes as it came */
            assert_true(out->session == now || out->session == prop_past.session[c->in.bed]);
        }
        if (out->device != VG_DEVICE_NONE && out->kind != VG_EV_NIBP_COMMAND) {
            assert_int_equal(c->engine->devices[out->device].bed, out->bed);
        }
        prop_met++;
    }
}

static void prop_alarm__p18_everything_is_of_its_session(void **state)
{
    (void)state;
    prop_run_world(world_p18);
}

/* The same clinic after somebody moved an oximeter and the cuff to bed 1 in the configuration. */
static struct core *moved(const struct core *dead)
{
    uint32_t spo2 = (1u << VG_VITAL_SPO2) | (1u << VG_VITAL_PULSE_RATE);
    struct core *c = core_new(1, WORLD_BEDS, NULL, dead->now_ns);

    (void)core_add_oximeter(c, 1);
    (void)core_add_oximeter(c, 0);
    (void)core_add_cuff(c, 1);
    (void)core_add(c, 1, spo2, false, true);
    core_replay(c, dead);
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        core_daemon(c, b, VG_DAEMON_RESTARTED);
    }
    return c;
}

/* While the session of bed 0 is open, what these two measure is nobody's on bed 1. */
static void check_blocked(const struct core *c)
{
    const uint32_t of_a_person = 1u << VG_EV_READING | 1u << VG_EV_NIBP | 1u << VG_EV_WAVE |
                                 1u << VG_EV_SIGNAL | 1u << VG_EV_FRESHNESS;
    if (c->engine->beds[0].session.seq == 0) {
        return;
    }
    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_event *out = &c->fx.of[i].ev;
        bool bound = out->device == WORLD_OXI_A || out->device == WORLD_CUFF;
        bool phys = out->kind == VG_EV_ALARM && out->bed == 1 &&
                    vg_condition_get((enum vg_condition)out->u.alarm.condition)->kind ==
                        VG_ALARM_PHYS;
        /* That values are lost, or that a cuff does not answer its abort, is no measurement. */
        bool lost = (out->kind == VG_EV_FRESHNESS && out->u.fresh.to == VG_FRESH_LOST) ||
                    (out->kind == VG_EV_NIBP && out->u.nibp.error != VG_NIBP_OK);
        assert_false(bound && (phys || ((of_a_person & (1u << out->kind)) != 0 && !lost)));
        assert_false(bound && c->fx.of[i].request == VG_REQ_NIBP_START);
    }
    prop_met += c->in.device == WORLD_OXI_A && c->in.kind == VG_EV_READING ? 1u : 0u;
}

static void expect_identity(const struct core *c)
{
    assert_int_equal(core_state(c, 1, VG_COND_IDENTITY, WORLD_OXI_A), VG_CS_ACTIVE);
    assert_int_equal(core_state(c, 1, VG_COND_IDENTITY, WORLD_CUFF), VG_CS_ACTIVE);
    assert_int_equal(core_slot(c, 1, VG_COND_IDENTITY, WORLD_CUFF)->priority, VG_PRIO_HIGH);
}

static void prop_alarm__p18_a_moved_device_is_blocked(void **state)
{
    unsigned runs = core_cases(PROP_ACTS) / 100;
    (void)state;
    for (unsigned run = 0; run < runs; run++) {
        struct core *c = world_new(0, S(1000));
        (void)core_open_session(c, 0, "p-0");
        for (unsigned n = core_below(50); n > 0 && c->engine->beds[0].session.seq != 0; n--) {
            world_act(c, NULL);
        }
        if (c->engine->beds[0].session.seq == 0) {
            continue;
        }
        c = moved(c);
        core_port(c, WORLD_CUFF, VG_PORT_ONLINE);
        core_wait(c, VG_TICK_NS);
        expect_identity(c);
        const struct vg_effect *fx = core_command(c, 1, WORLD_CUFF, VG_REQ_NIBP_START);
        assert_int_equal(fx->refusal, VG_REFUSED_BOUND);
        for (unsigned n = 0; n < 200 && c->engine->beds[0].session.seq != 0; n++) {
            world_act(c, check_blocked);
            core_forget(c);
        }
        /* The session ends: now they are bed 1's. */
        (void)core_close_session(c, 0, "moved");
        core_wait(c, VG_TICK_NS);
        core_spo2(c, WORLD_OXI_A, 97);
        assert_non_null(core_effect(c, VG_EV_READING));
        assert_int_equal(core_effect(c, VG_EV_READING)->ev.session, c->engine->beds[1].session.seq);
    }
    assert_true(prop_met > 0 || runs == 0);
}

/* --- P20: time independence ----------------------------------------------------------------- */

static char text[131072];

static const char *read_core_file(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/core/%s", VG_SOURCE_DIR, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    assert_true(n > 0 && n < sizeof text - 1);
    (void)fclose(f);
    text[n] = '\0';
    return text;
}

/* Whatever moves C, F, R or I does not even know the wall time. Machine F keeps the one of a sample,
 * for whoever shows it, in one line. */
static void prop_alarm__p20_no_machine_reads_the_wall_clock(void **state)
{
    static const char *const words[] = { "utc",           "<time.h>",     "<sys/time.h>",
                                         "clock_gettime", "gettimeofday", "vg_clock " };
    static const char *const files[] = {
        "alarm.c",         "alarm_catalogue.c", "alarm_condition.c",
        "alarm_inhibit.c", "alarm_limits.c",    "alarm_routing.c",
        "alarm_view.c",    "alert.c",           "nibp.c",
        "cuff.c",          "vitals.c",
    };
    static const char kept[] = "    f->valid_utc_ns = ev->utc_ns - ev->u.reading.age_ns;\n";
    (void)state;
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        const char *t = read_core_file(files[i]);
        for (size_t w = 0; w < VG_COUNT(words); w++) {
            if (strstr(t, words[w]) != NULL) {
                fail_msg("core/%s mentions %s", files[i], words[w]);
            }
        }
    }
    char *at = strstr(read_core_file("freshness.c"), kept);
    assert_non_null(at);
    memset(at, ' ', sizeof kept - 1);
    for (size_t w = 0; w < VG_COUNT(words); w++) {
        assert_null(strstr(text, words[w]));
    }
}

/* The same run with a wall clock that jumps about: the same transitions at the same moments. */
static size_t run_with_wall_clock(bool jumping, uint64_t from, struct vg_event *out, size_t cap)
{
    struct core *c = NULL;
    (void)core_seed(from);
    c = world_new(0, S(1000));
    for (unsigned n = 0; n < 3000; n++) {
        if (jumping) {
            c->utc_offset_ns = S(1700000000) + (n % 7) * S(86400) - (n % 3) * S(3600);
        }
        world_act(c, NULL);
    }
    size_t count = c->alarm_count < cap ? c->alarm_count : cap;
    memcpy(out, c->alarms, count * sizeof out[0]);
    return count;
}

static void prop_alarm__p20_the_wall_clock_moves_nothing(void **state)
{
    static struct vg_event first[CORE_ALARMS_MAX];
    static struct vg_event second[CORE_ALARMS_MAX];
    uint64_t from = core_random();
    (void)state;
    size_t n = run_with_wall_clock(false, from, first, VG_COUNT(first));
    assert_true(n > 500);
    assert_int_equal(run_with_wall_clock(true, from, second, VG_COUNT(second)), n);
    for (size_t i = 0; i < n; i++) {
        first[i].utc_ns = 0;
        second[i].utc_ns = 0;
        assert_memory_equal(&first[i], &second[i], sizeof first[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROP_TEST(prop_alarm__p12_stale_is_never_live),
        PROP_TEST(prop_alarm__p17_no_session_ends_silently),
        PROP_TEST(prop_alarm__p18_everything_is_of_its_session),
        PROP_TEST(prop_alarm__p18_a_moved_device_is_blocked),
        PROP_TEST(prop_alarm__p20_no_machine_reads_the_wall_clock),
        PROP_TEST(prop_alarm__p20_the_wall_clock_moves_nothing),
    };
    prop_begin(UINT64_C(20260112));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
