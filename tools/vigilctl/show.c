/*
 * show.c -- words for what happens to an alarm on its way to people: routes, pauses, quiet mode.
 *
 * A word that is not known is shown as it is: a later daemon may know more of them.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"

const char *ctl_route_text(const char *route)
{
    static const char *const words[][2] = {
        { "done", "" },
        { "sent", "told staff, not confirmed" },
        { "confirmed", "told staff, confirmed" },
        { "escalated", "told staff and a second person" },
        { "local", "in the room" },
    };
    for (size_t i = 0; i < VG_COUNT(words); i++) {
        if (strcmp(route, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return route;
}

static long long left_of(const json_t *o)
{
    return json_is_integer(json_object_get(o, "left_ms")) ? ctl_int(o, "left_ms") : -1;
}

static void show_quiet(const json_t *quiet)
{
    char who[64];
    char left[CTL_LEFT_MAX];
    if (json_is_object(quiet)) {
        (void)printf("  QUIET    staff is told first; %s watches, %s\n",
                     ctl_shown(quiet, "operator", who, sizeof who), ctl_left(left_of(quiet), left));
    }
}

static void show_inhibition(const json_t *o)
{
    char scope[64];
    char state[64];
    char who[64];
    char reason[64];
    char left[CTL_LEFT_MAX];
    bool sound = strcmp(ctl_text(o, "scope"), "audio") == 0;
    bool off = strcmp(ctl_text(o, "state"), "alarm_off") == 0;

    (void)printf("  %-8s %s%s (%s), %s, by %s", off ? "OFF" : "PAUSED",
                 sound ? "sound of the bed" : "alarms of ",
                 sound ? "" : ctl_shown(o, "scope", scope, sizeof scope),
                 ctl_shown(o, "state", state, sizeof state), ctl_left(left_of(o), left),
                 ctl_shown(o, "operator", who, sizeof who));
    (void)ctl_clean(ctl_text(o, "reason"), reason, sizeof reason);
    (void)printf("%s%s\n", reason[0] != '\0' ? ": " : "", reason);
}

void ctl_show_inhibitions(const json_t *o)
{
    size_t i;
    json_t *x;
    show_quiet(json_object_get(o, "quiet"));
    json_array_foreach(json_object_get(o, "inhibited"), i, x)
    {
        show_inhibition(x);
    }
}
