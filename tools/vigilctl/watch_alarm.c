/*
 * watch_alarm.c -- the open instances of a bed, as a list of .alarms or of a snapshot says them.
 *
 * What is not understood is shown as the worst it could be, never left out.
 */
#include <string.h>

#include "tools/vigilctl/ctl.h"
#include "tools/vigilctl/watch.h"

static uint8_t priority_of(const json_t *o)
{
    for (unsigned p = 0; p < VG_PRIO_COUNT; p++) {
        if (strcmp(ctl_text(o, "priority"), vg_priority_name((enum vg_priority)p)) == 0) {
            return (uint8_t)p;
        }
    }
    return VG_PRIO_HIGH; /* not understood: the careful reading */
}

void watch_take_alarms(struct watch_bed *b, const json_t *list, size_t open)
{
    size_t i;
    json_t *o;

    b->open = open;
    b->listed = 0;
    json_array_foreach(list, i, o)
    {
        if (b->listed == VG_WIRE_ALARMS_MAX) {
            break;
        }
        struct watch_alarm *a = &b->alarm[b->listed++];
        memset(a, 0, sizeof *a);
        a->instance = (uint64_t)ctl_int(o, "instance");
        a->priority = priority_of(o);
        a->ack = ctl_true(o, "ack");
        a->held = ctl_true(o, "held");
        a->over = strcmp(ctl_text(o, "state"), vg_cond_state_name(VG_CS_LATCHED)) == 0;
        a->test = ctl_true(o, "test");
        a->has_value = json_is_integer(json_object_get(o, "value_milli"));
        a->value_milli = (int32_t)ctl_int(o, "value_milli");
        a->limit_milli = (int32_t)ctl_int(o, "limit_milli");
        (void)ctl_clean(ctl_text(o, "condition"), a->condition, sizeof a->condition);
        (void)ctl_clean(ctl_text(o, "route"), a->route, sizeof a->route);
        (void)ctl_clean(ctl_text(o, "inhibited"), a->inhibited, sizeof a->inhibited);
        const char *about = json_object_get(o, "vital") != NULL  ? "vital"
                            : json_object_get(o, "sink") != NULL ? "sink"
                                                                 : "source";
        (void)ctl_clean(ctl_text(o, about), a->about, sizeof a->about);
    }
}

/* Every bed carries the condition while the disk refuses; a latched one is over. */
bool watch_is_storage_bad(const json_t *list)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
    {
        if (strcmp(ctl_text(o, "condition"), vg_condition_name(VG_COND_STORAGE)) == 0 &&
            strcmp(ctl_text(o, "state"), vg_cond_state_name(VG_CS_ACTIVE)) == 0) {
            return true;
        }
    }
    return false;
}
