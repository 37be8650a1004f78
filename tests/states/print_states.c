/*
 * print_states.c -- the tables of the alarm system as the parts of docs/alarm-states.md that are made.
 *
 * Each part begins with a line "=== name"; tests/states/states.py puts them between the markers of the
 * document. Guards are functions: each has its phrase here, and one without a phrase fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alarm_catalogue.h"
#include "core/alarm_routing.h"
#include "core/machine.h"
#include "core/schedule.h"
#include "vigil/compiler.h"
#include "vigil/inhibit.h"
#include "vigil/vital.h"

/* --- guards as phrases ---------------------------------------------------------------------- */

static const struct {
    const char *guard;
    const char *phrase;
    unsigned seconds; /* for the %u of the phrase */
} phrases[] = {
    { "no_delay", "the condition has no delay", 0 },
    { "third_start", "it is the third start of a violation within %u s", 60 },
    { "delay_over", "the delay is over, or the area beyond the limit is full", 0 },
    { "sat_left", "some of the area beyond the limit is left", 0 },
    { "clear_time_over", "the clear time is over", 0 },
    { "may_close", "the clear time is over, and it does not latch or is acknowledged", 0 },
    { "ok_starts", "it is the first good one in a row", 0 },
    { "same_instance", "the number is that of this instance", 0 },
    { "same_unacked", "the number is that of this instance, and it is not acknowledged", 0 },
    { "ack_expired", "the acknowledgement has lasted its time", 0 },
    { "is_too_old", "the value is too old", 0 },
    { "is_lost", "the value is so old that it is lost", 0 },
    { "enough_in_a_row", "it is the third valid one in a row, or the value comes one at a time",
      0 },
    { "is_missed", "somebody has needed the value for %u s", 60 },
    { "is_urgent", "the priority is not low", 0 },
    { "staff_only", "quiet mode is on and the priority is low", 0 },
    { "staff_first", "quiet mode is on, and a remote sink is well or the priority is low", 0 },
    { "no_receipt", "sent %u s ago, and the priority is not low",
      (unsigned)(VG_RECEIPT_NS / VG_NS_PER_S) },
    { "second_due", "sent so long ago that the second person is due, and not low", 0 },
    { "room_due", "sent so long ago that the room is due, and not low", 0 },
    { "may_pause", "the phase allows to pause this vital", 0 },
    { "may_off", "the phase does not require this vital", 0 },
    { "is_required", "the phase requires this vital", 0 },
    { "time_is_up", "%u s are over", VG_AUDIO_PAUSE_S },
    { "remind_due", "%u s after the last reminder", VG_OFF_REMINDER_S },
};
_Static_assert(VG_AUDIO_PAUSE_S == VG_ALARM_PAUSE_S, "one phrase for both pauses");

static void print_guard(const char *guard)
{
    if (guard == NULL) {
        return;
    }
    for (size_t i = 0; i < VG_COUNT(phrases); i++) {
        if (strcmp(phrases[i].guard, guard) == 0) {
            char text[160];
            const char *mark = strstr(phrases[i].phrase, "%u");
            if (mark == NULL) {
                (void)printf("%s", phrases[i].phrase);
                return;
            }
            (void)snprintf(text, sizeof text, "%.*s%u%s", (int)(mark - phrases[i].phrase),
                           phrases[i].phrase, phrases[i].seconds, mark + 2);
            (void)printf("%s", text);
            return;
        }
    }
    (void)fprintf(stderr, "print_states: guard %s has no phrase; add one\n", guard);
    exit(1);
}

/* --- machines ------------------------------------------------------------------------------- */

static void print_set(uint32_t set, size_t count, const char *(*name)(size_t))
{
    const char *between = "";
    for (size_t i = 0; i < count; i++) {
        if ((set & (1u << i)) != 0) {
            (void)printf("%s%s", between, name(i));
            between = ", ";
        }
    }
}

static void print_machine(const char *part, const struct vg_machine *m)
{
    (void)printf("=== %s\n| Row | From | On | If | To | Recorded as |\n|---|---|---|---|---|---|\n",
                 part);
    for (size_t i = 0; i < m->row_count; i++) {
        struct vg_machine_row r = m->row(i);
        (void)printf("| %s%u | ", m->letter, r.number);
        print_set(r.from, m->state_count, m->state_name);
        (void)printf(" | ");
        print_set(r.inputs, m->input_count, m->input_name);
        (void)printf(" | ");
        print_guard(r.guard);
        (void)printf(" | %s | %s |\n", r.to < m->state_count ? m->state_name(r.to) : "stays",
                     r.what != NULL ? r.what : "");
    }
}

/* Machine S has no guards: time and corrections come as inputs of their own. */
static void print_marks(void)
{
    static const char *const inputs[VG_SI_COUNT] = {
        [VG_SI_ANNOUNCE] = "ANNOUNCE", [VG_SI_COME] = "COME",           [VG_SI_LATE] = "LATE",
        [VG_SI_MADE] = "MADE",         [VG_SI_MADE_LATE] = "MADE_LATE", [VG_SI_NEXT] = "NEXT",
        [VG_SI_DROP] = "DROP",         [VG_SI_MOVED] = "MOVED",
    };
    (void)printf("=== machine S\n| From |");
    for (unsigned i = 0; i < VG_SI_COUNT; i++) {
        (void)printf(" %s |", inputs[i]);
    }
    (void)printf("\n|---|---|---|---|---|---|---|---|---|\n");
    for (unsigned s = 0; s < VG_MARK_STATE_COUNT; s++) {
        (void)printf("| %s |", vg_mark_state_name((enum vg_mark_state)s));
        for (unsigned i = 0; i < VG_SI_COUNT; i++) {
            uint8_t to = vg_mark_next((uint8_t)s, (enum vg_mark_input)i);
            (void)printf(" %s |", to != s ? vg_mark_state_name((enum vg_mark_state)to) : "");
        }
        (void)printf("\n");
    }
}
_Static_assert(VG_SI_COUNT == 8, "the line under the head has a cell too few");

/* --- the catalogue -------------------------------------------------------------------------- */

static void print_seconds(int64_t ns, const char *zero)
{
    if (ns == 0) {
        (void)printf("%s", zero);
    } else {
        (void)printf("%lld s", (long long)(ns / VG_NS_PER_S));
    }
}

static void print_compared(const struct vg_condition_row *r)
{
    static const char *const subjects[] = {
        [VG_SUBJ_NONE] = "",
        [VG_SUBJ_DEVICE] = "each device",
        [VG_SUBJ_VITAL] = "each vital",
        [VG_SUBJ_SINK] = "each sink",
    };
    if (r->kind != VG_ALARM_PHYS) {
        (void)printf("%s | | ", subjects[r->subject]);
        return;
    }
    const struct vg_vital_info *v = vg_vital_get((enum vg_vital)r->vital);
    (void)printf("%s %s %d %s", v->name, r->side == VG_SIDE_LOW ? "<" : ">",
                 r->defaults.limit_milli / 1000, v->unit);
    if (r->confirm > 1) {
        (void)printf(", %u in a row", r->confirm);
    }
    if (r->rapid != VG_COND_COUNT) {
        (void)printf("; RAPID below %s", vg_condition_name((enum vg_condition)r->rapid));
    }
    (void)printf(" | %d to %d | ", r->floor_milli / 1000, r->ceiling_milli / 1000);
}

static void print_condition(enum vg_condition c)
{
    const struct vg_condition_row *r = vg_condition_get(c);
    bool phys = r->kind == VG_ALARM_PHYS;

    (void)printf("| %s | %s | %s | %s | ", r->name, r->text,
                 vg_category_name((enum vg_category)r->category),
                 vg_priority_name((enum vg_priority)r->priority));
    print_compared(r);
    print_seconds(r->defaults.delay_ns, "none");
    (void)printf(" | ");
    if (phys) {
        print_seconds(r->defaults.clear_ns, "next reading");
        (void)printf(", %d inside", r->hysteresis_milli / 1000);
    }
    (void)printf(" | %s |\n", vg_latch_name((enum vg_latch)r->defaults.latch));
}

static void print_catalogue(void)
{
    (void)printf(
        "=== catalogue\n| Condition | For people | Category | Priority | Compared | Limit may "
        "be | Delay | Clears after | Latch |\n|---|---|---|---|---|---|---|---|---|\n");
    for (unsigned c = 0; c < VG_COND_COUNT; c++) {
        print_condition((enum vg_condition)c);
    }
}

static void print_ages(void)
{
    (void)printf("=== ages\n| Vital | Dimmed after | STALE after | LOST after | Arrives |\n"
                 "|---|---|---|---|---|\n");
    for (unsigned v = 0; v < VG_VITAL_COUNT; v++) {
        const struct vg_vital_info *i = vg_vital_get((enum vg_vital)v);
        (void)printf("| %s | ", i->name);
        print_seconds(i->aging_ns, "never");
        (void)printf(" | ");
        print_seconds(i->stale_ns, "never");
        (void)printf(" | ");
        print_seconds(i->lost_ns, "never");
        (void)printf(" | %s |\n", i->continuous ? "by itself" : "one at a time");
    }
}

static void print_acks(void)
{
    (void)printf("=== acknowledgement\n| Priority | An acknowledgement lasts |\n|---|---|\n");
    for (unsigned p = VG_PRIO_COUNT; p > 0; p--) {
        (void)printf("| %s | ", vg_priority_name((enum vg_priority)(p - 1)));
        print_seconds(vg_ack_expiry_ns((enum vg_priority)(p - 1)), "as long as the instance");
        (void)printf(" |\n");
    }
}

static void print_roles(void)
{
    (void)printf("=== reached\n| State |");
    for (unsigned r = 0; r < VG_SINK_ROLES; r++) {
        (void)printf(" %s |", vg_sink_role_name((enum vg_sink_role)r));
    }
    (void)printf("\n|---|---|---|---|\n");
    for (unsigned s = 0; s < VG_RS_COUNT; s++) {
        (void)printf("| %s |", vg_route_state_name((enum vg_route_state)s));
        for (unsigned r = 0; r < VG_SINK_ROLES; r++) {
            bool yes = vg_route_reaches((enum vg_route_state)s, (enum vg_sink_role)r);
            (void)printf(" %s |", yes ? "sounds" : "");
        }
        (void)printf("\n");
    }
}

int main(void)
{
    print_machine("machine C", &vg_machine_condition);
    print_machine("machine F", &vg_machine_freshness);
    print_machine("machine R", &vg_machine_routing);
    print_machine("machine I", &vg_machine_inhibition);
    print_marks();
    print_catalogue();
    print_ages();
    print_acks();
    print_roles();
    return 0;
}
