/*
 * prop_alarm_sound.c -- properties of alarms, by number: who hears what, and what may be silent
 * (P1, P9, P10, P11, P13, P14).
 *
 * What is audible is computed a second time here, from the states alone and without the functions of
 * core/alarm_view.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "daemon/outbox.h"
#include "tests/support/prop_world.h"
#include "vigil/compiler.h"

#define S(n) ((n)*VG_NS_PER_S)

/* --- what should be heard ------------------------------------------------------------------- */

static bool vital_is_on(const struct vg_bed *b, const struct vg_slot *s)
{
    const struct vg_condition_row *row = vg_condition_get((enum vg_condition)s->condition);
    unsigned v = row->subject == VG_SUBJ_VITAL ? s->subject : row->vital;
    return v >= VG_VITAL_COUNT || b->vital[v].state == VG_IS_ON;
}

/* Open, not acknowledged, not inhibited, and of a kind that has a sound. */
static bool wants_to_be_heard(const struct vg_bed *b, const struct vg_slot *s)
{
    bool full = b->limits.of[s->condition].latch == VG_LATCH_FULL;
    bool speaks = s->state == VG_CS_ACTIVE || (s->state == VG_CS_LATCHED && full);
    return speaks && !s->ack && !s->paused && vital_is_on(b, s);
}

static bool is_routed_to(const struct vg_slot *s, enum vg_sink_role role)
{
    switch ((enum vg_route_state)s->route.state) {
    case VG_RS_SENT:
    case VG_RS_CONFIRMED:
        return role == VG_SINK_REMOTE;
    case VG_RS_ESCALATED:
        return role != VG_SINK_ROOM;
    case VG_RS_LOCAL:
        return true;
    case VG_RS_DONE:
    case VG_RS_COUNT:
        break;
    }
    return false;
}

static bool serves(const struct vg_engine *e, uint8_t sink, uint16_t bed)
{
    return e->routing.sinks[sink].bed == VG_BED_NONE || e->routing.sinks[sink].bed == bed;
}

/* --- P1: bounded silence -------------------------------------------------------------------- */

/* Sinks that stop are silent at once; the daemon notices 3 s later, or when it is told. */
static struct {
    bool dead[WORLD_SINKS];
    int64_t since_ns[WORLD_SINKS];
    int64_t last_ns[WORLD_BEDS];
    int64_t silent_ns[WORLD_BEDS][PROP_SLOTS];
    int64_t longest_ns;
    struct core *core;
} life;

static bool works(const struct core *c, uint16_t bed, enum vg_sink_role role)
{
    for (uint8_t i = 0; i < WORLD_SINKS; i++) {
        if (!life.dead[i] && c->engine->routing.sinks[i].role == role &&
            serves(c->engine, i, bed)) {
            return true;
        }
    }
    return false;
}

/* Heard: it reaches a sink that works, and what that sink sounds is not less urgent. */
static bool is_heard(const struct core *c, uint16_t bed, const struct vg_slot *s)
{
    for (unsigned r = 0; r < VG_SINK_ROLES; r++) {
        enum vg_sink_role role = (enum vg_sink_role)r;
        const struct vg_slot *voiced = vg_engine_audible(c->engine, bed, role);
        if (is_routed_to(s, role) && works(c, bed, role) && voiced != NULL &&
            voiced->priority >= s->priority) {
            return true;
        }
    }
    return false;
}

static void count_silence(const struct core *c, uint16_t bed)
{
    const struct vg_bed *b = &c->engine->beds[bed];
    int64_t dt_ns = c->now_ns - life.last_ns[bed];
    bool any = works(c, bed, VG_SINK_REMOTE) || works(c, bed, VG_SINK_SECOND) ||
               works(c, bed, VG_SINK_ROOM);

    life.last_ns[bed] = c->now_ns;
    dt_ns = dt_ns < VG_TICK_NS ? dt_ns : VG_TICK_NS; /* while it stood still it could tell nobody */
    for (uint16_t i = 0; i < b->slot_count; i++) {
        const struct vg_slot *s = &b->slots[i];
        int64_t *silent_ns = &life.silent_ns[bed][i];
        bool high = s->state == VG_CS_ACTIVE && s->priority == VG_PRIO_HIGH &&
                    wants_to_be_heard(b, s);
        prop_met += high ? 1u : 0u;
        *silent_ns = high && any && !is_heard(c, bed, s) ? *silent_ns + dt_ns : 0;
        life.longest_ns = *silent_ns > life.longest_ns ? *silent_ns : life.longest_ns;
        if (*silent_ns > S(15)) {
            fail_msg("bed %u: %s is not heard for 15 s (route %s)", bed,
                     vg_condition_name((enum vg_condition)s->condition),
                     vg_route_state_name((enum vg_route_state)s->route.state));
        }
    }
}

static void tell_both(uint8_t sink, enum vg_sink_what what)
{
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        core_sink(life.core, b, sink, what, 0);
    }
}

/* The daemon's watch over sinks. */
static void watch_sinks(const struct core *c)
{
    for (uint8_t i = 0; i < WORLD_SINKS; i++) {
        if (life.dead[i] && c->engine->sink_ok[i] && c->now_ns - life.since_ns[i] >= S(3)) {
            tell_both(i, VG_SW_LOST);
        } else if (!life.dead[i] && !c->engine->sink_ok[i]) {
            tell_both(i, VG_SW_OK);
        }
    }
}

static void world_p01(const struct core *c)
{
    if (c->in.kind == VG_EV_SINK && c->in.u.sink.what != VG_SW_RECEIPT) {
        life.dead[c->in.u.sink.sink] = c->in.u.sink.what == VG_SW_LOST;
        life.since_ns[c->in.u.sink.sink] = c->now_ns;
    } else if (c->in.kind == VG_EV_TICK) {
        uint16_t bed = c->in.bed;
        count_silence(c, bed);
        watch_sinks(c);
    }
}

static struct core *another_clinic(struct core *c, bool empty)
{
    c = empty ? world_new(0, c->now_ns) : prop_restart(c);
    memset(life.silent_ns, 0, sizeof life.silent_ns);
    life.core = c;
    return c;
}

/* A session in quiet mode in which somebody's saturation falls: what acts alone seldom make. */
static void quiet_night(struct core *c)
{
    int32_t percent = 70 + (int32_t)core_below(12);

    (void)core_open_session(c, 0, "p-1");
    (void)core_care(c, 0, VG_CW_QUIET_ON, 0, 0);
    for (uint32_t seconds = core_below(30); seconds > 0; seconds--) {
        for (uint32_t t = 0; t < 4; t++) {
            core_jump(c, VG_TICK_NS);
            for (uint16_t b = 0; b < WORLD_BEDS; b++) {
                core_tick(c, b);
                world_p01(c);
            }
        }
        core_spo2(c, WORLD_OXI_A, percent);
        world_p01(c);
    }
}

static void prop_alarm__p01_bounded_silence(void **state)
{
    unsigned acts = core_cases(PROP_ACTS);
    struct core *c = world_new(0, S(1000));
    (void)state;
    memset(&life, 0, sizeof life);
    life.core = c;
    for (unsigned n = 0; n < acts; n++) {
        if (n % 1000 == 999 || core_below(150) == 0) {
            c = another_clinic(c, n % 1000 == 999);
        }
        if (core_below(12) == 0) {
            uint8_t sink = (uint8_t)core_below(WORLD_SINKS);
            life.dead[sink] = core_below(2) == 0;
            life.since_ns[sink] = c->now_ns;
        }
        core_forget(c);
        if (core_below(12) == 0) {
            quiet_night(c);
        }
        world_act(c, world_p01);
    }
    (void)printf("[  silence ] at most %lld ms, %llu times looked at\n",
                 (long long)(life.longest_ns / VG_NS_PER_MS), (unsigned long long)prop_met);
    assert_true(prop_met > 0 || acts < PROP_ACTS);
}

/* --- P9: a pause does not cover what is new ------------------------------------------------- */

static uint64_t
    paused_at[WORLD_BEDS]; /* last number given when the pause began; 0: there is none */

static void expect_heard_in_pause(const struct core *c, uint16_t bed, const struct vg_slot *s)
{
    const struct vg_bed *b = &c->engine->beds[bed];

    assert_false(s->paused);
    if (!wants_to_be_heard(b, s)) {
        return;
    }
    for (unsigned r = 0; r < VG_SINK_ROLES; r++) {
        const struct vg_slot *voiced = vg_engine_audible(c->engine, bed, (enum vg_sink_role)r);
        if (is_routed_to(s, (enum vg_sink_role)r)) {
            assert_non_null(voiced);
            assert_true(voiced->priority >= s->priority);
            prop_met++;
        }
    }
}

static void world_p09(const struct core *c)
{
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        const struct vg_bed *bed = &c->engine->beds[b];
        if (bed->audio.state != VG_IS_AUDIO_PAUSED) {
            paused_at[b] = 0;
            continue;
        }
        if (prop_past.audio[b] != VG_IS_AUDIO_PAUSED || paused_at[b] == 0) {
            paused_at[b] = c->engine->seq;
        }
        for (uint16_t i = 0; i < bed->slot_count; i++) {
            if (prop_is_open(&bed->slots[i]) && bed->slots[i].instance > paused_at[b]) {
                expect_heard_in_pause(c, b, &bed->slots[i]);
            }
        }
    }
}

static void prop_alarm__p09_what_opens_in_a_pause_is_heard(void **state)
{
    (void)state;
    memset(paused_at, 0, sizeof paused_at);
    prop_run_world(world_p09);
}

/* --- P10: pauses end, off is never where it is needed --------------------------------------- */

/* When the pause of a scope began; the last scope is the sound. */
static int64_t began_ns[WORLD_BEDS][VG_VITAL_COUNT + 1];

static void check_pause(const struct core *c, uint16_t bed, unsigned scope, uint8_t was, uint8_t is)
{
    bool paused = is == VG_IS_AUDIO_PAUSED || is == VG_IS_ALARM_PAUSED;

    if (paused && was != is) {
        began_ns[bed][scope] = c->now_ns;
        prop_met++;
    }
    if (paused && c->in.kind == VG_EV_TICK && c->in.bed == bed) {
        assert_true(c->now_ns - began_ns[bed][scope] < S(120));
    }
}

static void world_p10(const struct core *c)
{
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        const struct vg_bed *bed = &c->engine->beds[b];
        check_pause(c, b, VG_VITAL_COUNT, prop_past.audio[b], bed->audio.state);
        for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
            uint8_t is = bed->vital[v].state;
            check_pause(c, b, v, prop_past.vital[b][v], is);
            assert_false(is == VG_IS_ALARM_OFF && (bed->phase.required & (1u << v)) != 0);
            assert_false(is == VG_IS_ALARM_PAUSED && (bed->phase.unpausable & (1u << v)) != 0);
            prop_met += is == VG_IS_ALARM_OFF ? 1u : 0u;
        }
        /* What the phase asks for, from the session alone. */
        uint32_t needed = bed->session.seq != 0 ? 1u << VG_VITAL_SPO2 | 1u << VG_VITAL_PULSE_RATE
                                                : 0;
        assert_int_equal(bed->phase.required & needed, needed);
    }
}

static void prop_alarm__p10_pauses_end_by_themselves(void **state)
{
    (void)state;
    prop_run_world(world_p10);
}

/* --- P11: inhibition has a sign ------------------------------------------------------------- */

static const struct vg_wire_names wire_names = {
    .node = "test",
    .boot = "boot",
    .bed_count = WORLD_BEDS,
    .device_count = WORLD_DEVICES,
    .sink_count = WORLD_SINKS,
    .bed = { "bed-0", "bed-1" },
    .device = { "oxi-a", "oxi-b", "cuff", "other" },
    .sink = { "desk", "pager", "second", "room", "room-other" },
};

static json_t *sign_of(json_t *list, const char *scope)
{
    size_t i;
    json_t *sign;
    json_array_foreach(list, i, sign)
    {
        if (strcmp(json_string_value(json_object_get(sign, "scope")), scope) == 0) {
            return sign;
        }
    }
    return NULL;
}

static void expect_sign(json_t *list, const char *scope, const struct vg_inhibit *m, int64_t now_ns)
{
    json_t *sign = sign_of(list, scope);

    if (m->state == VG_IS_ON) {
        assert_null(sign);
        return;
    }
    assert_non_null(sign);
    assert_string_equal(json_string_value(json_object_get(sign, "state")),
                        vg_inhibit_state_name((enum vg_inhibit_state)m->state));
    assert_string_equal(json_string_value(json_object_get(sign, "operator")), "nurse");
    json_t *left = json_object_get(sign, "left_ms");
    if (m->state == VG_IS_ALARM_OFF) {
        assert_true(json_is_null(left));
    } else {
        int64_t left_ns = m->until_ns > now_ns ? m->until_ns - now_ns : 0;
        assert_int_equal(json_integer_value(left), left_ns / VG_NS_PER_MS);
        assert_true(json_integer_value(left) <= 120000);
    }
    prop_met++;
}

/* The state as it is published, read back. */
static json_t *published(const struct core *c, uint16_t bed)
{
    static struct vg_alarm_state st;
    static char body[VG_WIRE_ALARMS_BYTES];
    struct vg_now now = { .mono_ns = c->now_ns, .utc_ns = c->now_ns + c->utc_offset_ns };
    size_t len = 0;

    vg_alarm_state_fill(&st, c->engine, bed, &now);
    assert_int_equal(vg_wire_alarms(&wire_names, &st.a, body, sizeof body, &len), VG_OK);
    json_t *j = json_loadb(body, len, 0, NULL);
    assert_non_null(j);
    return j;
}

static bool is_published(const struct core *c)
{
    for (size_t i = 0; i < c->fx.count; i++) {
        if ((c->fx.of[i].verbs & VG_DO_STATE) != 0) {
            return true;
        }
    }
    return false;
}

static void expect_signs(const struct core *c, uint16_t b)
{
    const struct vg_bed *bed = &c->engine->beds[b];
    json_t *state = published(c, b);
    json_t *list = json_object_get(state, "inhibited");

    expect_sign(list, "audio", &bed->audio, c->now_ns);
    for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
        expect_sign(list, vg_vital_get((enum vg_vital)v)->name, &bed->vital[v], c->now_ns);
    }
    json_decref(state);
}

static void world_p11(const struct core *c)
{
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        const struct vg_bed *bed = &c->engine->beds[b];
        bool any = bed->audio.state != VG_IS_ON;
        bool moved = bed->audio.state != prop_past.audio[b];
        for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
            any = any || bed->vital[v].state != VG_IS_ON;
            moved = moved || bed->vital[v].state != prop_past.vital[b][v];
        }
        /* No instance is kept silent by a pause that is not shown. */
        for (uint16_t i = 0; i < bed->slot_count; i++) {
            assert_false(bed->slots[i].paused && bed->audio.state != VG_IS_AUDIO_PAUSED);
        }
        if (moved) {
            assert_true(is_published(c));
        }
        if (any || moved) {
            expect_signs(c, b);
        }
    }
}

static void prop_alarm__p11_inhibition_has_a_sign(void **state)
{
    (void)state;
    prop_run_world(world_p11);
}

/* --- P13: quiet mode fails loud ------------------------------------------------------------- */

static struct {
    int64_t last_ns;
    int64_t waiting_ns[PROP_SLOTS];
} quiet[WORLD_BEDS];

static bool any_remote(const struct core *c, uint16_t bed)
{
    for (uint8_t i = 0; i < WORLD_SINKS; i++) {
        if (c->engine->sink_ok[i] && c->engine->routing.sinks[i].role == VG_SINK_REMOTE &&
            serves(c->engine, i, bed)) {
            return true;
        }
    }
    return false;
}

/* Was the instance heard of anew in this step: its acknowledgement expired, or it got worse? */
static bool begins_anew(const struct core *c, uint64_t instance)
{
    for (size_t i = 0; i < c->fx.count; i++) {
        const struct vg_event *ev = &c->fx.of[i].ev;
        if (ev->kind == VG_EV_ALARM && ev->u.alarm.instance == instance &&
            (ev->u.alarm.what == VG_AW_ACK_EXPIRED || ev->u.alarm.what == VG_AW_WORSEN ||
             ev->u.alarm.what == VG_AW_RESTORED)) {
            return true;
        }
    }
    return false;
}

static void check_way_back(const struct core *c, const struct vg_slot *was,
                           const struct vg_slot *is)
{
    if (!prop_is_open(was) || !prop_is_open(is) || was->instance != is->instance) {
        return;
    }
    if (was->route.state == VG_RS_LOCAL && is->route.state != VG_RS_LOCAL) {
        /* It ends only by a person, or because only a message stays; never a step back. */
        bool message = is->state == VG_CS_LATCHED && was->state == VG_CS_ACTIVE;
        assert_int_equal(is->route.state, VG_RS_DONE);
        assert_true(is->ack || message);
        prop_met++;
    }
    if (was->route.state == VG_RS_DONE && is->route.state != VG_RS_DONE) {
        assert_true(begins_anew(c, is->instance));
    }
}

static void check_waiting(const struct core *c, uint16_t b, uint16_t i, int64_t dt_ns)
{
    const struct vg_slot *s = prop_slot(c, b, i);
    int64_t *waiting_ns = &quiet[b].waiting_ns[i];
    bool calls = s->priority >= VG_PRIO_MED && !s->ack &&
                 (s->state == VG_CS_ACTIVE ||
                  (s->state == VG_CS_LATCHED && s->route.state != VG_RS_DONE));

    *waiting_ns = calls && !any_remote(c, b) && s->route.state != VG_RS_LOCAL ? *waiting_ns + dt_ns
                                                                              : 0;
    assert_true(*waiting_ns <= S(4));
}

static void world_p13(const struct core *c)
{
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        const struct vg_bed *bed = &c->engine->beds[b];
        int64_t dt_ns = c->now_ns - quiet[b].last_ns;
        quiet[b].last_ns = c->now_ns;
        for (uint16_t i = 0; i < bed->slot_count; i++) {
            check_waiting(c, b, i, dt_ns < VG_TICK_NS ? dt_ns : VG_TICK_NS);
            if (i < prop_past.slot_count[b]) {
                check_way_back(c, &prop_past.slots[b][i], &bed->slots[i]);
            }
        }
    }
}

static void prop_alarm__p13_quiet_mode_fails_loud(void **state)
{
    (void)state;
    memset(quiet, 0, sizeof quiet);
    prop_run_world(world_p13);
}

/* --- P14: order ----------------------------------------------------------------------------- */

static void check_voiced(const struct core *c, uint16_t b, enum vg_sink_role role)
{
    const struct vg_bed *bed = &c->engine->beds[b];
    const struct vg_slot *voiced = vg_engine_audible(c->engine, b, role);
    bool found = false;

    for (uint16_t i = 0; i < bed->slot_count; i++) {
        const struct vg_slot *s = &bed->slots[i];
        if (!wants_to_be_heard(bed, s) || !is_routed_to(s, role)) {
            assert_true(voiced != s);
            continue;
        }
        assert_non_null(voiced);
        assert_true(voiced->priority > s->priority ||
                    (voiced->priority == s->priority && voiced->instance >= s->instance));
        found = true;
    }
    assert_int_equal(voiced != NULL, found);
    prop_met += found ? 1u : 0u;
}

static void world_p14(const struct core *c)
{
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        for (unsigned r = 0; r < VG_SINK_ROLES; r++) {
            check_voiced(c, b, (enum vg_sink_role)r);
        }
    }
}

static void prop_alarm__p14_the_worst_is_voiced(void **state)
{
    (void)state;
    prop_run_world(world_p14);
}

static void world_p14_list(const struct core *c)
{
    static struct vg_event list[PROP_SLOTS];
    for (uint16_t b = 0; b < WORLD_BEDS; b++) {
        size_t n = vg_engine_open_alarms(c->engine, b, c->now_ns, list, VG_COUNT(list));
        size_t open = 0;
        for (uint16_t i = 0; i < c->engine->beds[b].slot_count; i++) {
            open += prop_is_open(prop_slot(c, b, i)) ? 1u : 0u;
        }
        assert_int_equal(n, open);
        prop_met += open;
        for (size_t i = 1; i < n; i++) {
            const struct vg_alarm_event *x = &list[i - 1].u.alarm;
            const struct vg_alarm_event *y = &list[i].u.alarm;
            assert_true(x->priority > y->priority ||
                        (x->priority == y->priority && x->instance < y->instance));
        }
    }
}

static void prop_alarm__p14_the_list_is_by_priority_then_age(void **state)
{
    (void)state;
    prop_run_world(world_p14_list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROP_TEST(prop_alarm__p01_bounded_silence),
        PROP_TEST(prop_alarm__p09_what_opens_in_a_pause_is_heard),
        PROP_TEST(prop_alarm__p10_pauses_end_by_themselves),
        PROP_TEST(prop_alarm__p11_inhibition_has_a_sign),
        PROP_TEST(prop_alarm__p13_quiet_mode_fails_loud),
        PROP_TEST(prop_alarm__p14_the_worst_is_voiced),
        PROP_TEST(prop_alarm__p14_the_list_is_by_priority_then_age),
    };
    prop_begin(UINT64_C(20260113));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
