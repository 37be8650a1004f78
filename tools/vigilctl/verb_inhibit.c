/*
 * verb_inhibit.c -- pauses, off, and quiet mode: what keeps an alarm from being heard in the room.
 *
 * A pause is pressed in a hurry, and the second press ends it. So each of these verbs says what is in
 * force afterwards, as the daemon sees it.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"

static bool sound_is_paused(const json_t *bed)
{
    size_t i;
    json_t *o;
    json_array_foreach(json_object_get(bed, "inhibited"), i, o)
    {
        if (strcmp(ctl_text(o, "scope"), "audio") == 0) {
            return true;
        }
    }
    return false;
}

static void say_state(const struct ctl *c, const json_t *bed)
{
    if (strcmp(c->verb, "pause") == 0 && c->option[OPT_VITAL] == NULL) {
        (void)printf(sound_is_paused(bed) ? "audio pause is ON; the same again ends it\n"
                                          : "audio pause is ENDED; alarms sound\n");
    }
    bool usual = json_array_size(json_object_get(bed, "inhibited")) == 0 &&
                 !json_is_object(json_object_get(bed, "quiet"));
    if (usual) {
        (void)printf("  nothing is paused or off, and quiet mode is off\n");
    }
    ctl_show_inhibitions(bed);
}

static void add_state(json_t *reply, const json_t *bed, const char *key)
{
    json_t *value = json_object_get(bed, key);
    if (value != NULL) {
        (void)json_object_set(reply, key, value);
    }
}

static void state_after(struct ctl *c, const struct ctl_command *k, json_t *reply)
{
    json_t *snapshot = NULL;

    if (ctl_connect(c, false, true, false) != CTL_DONE ||
        ctl_snapshot(c, k->bed, &snapshot) != CTL_DONE) {
        ctl_say(c, "done, but what is in force now cannot be asked; look at the screen of the bed");
        return;
    }
    const json_t *bed = json_array_get(json_object_get(snapshot, "beds"), 0);
    if (c->option[OPT_JSON] != NULL) {
        add_state(reply, bed, "inhibited");
        add_state(reply, bed, "quiet");
    } else {
        say_state(c, bed);
    }
    json_decref(snapshot);
}

static int inhibit(struct ctl *c, const char *op)
{
    struct ctl_command k;
    char bed[VG_ID_MAX];
    int rc = ctl_choose_bed(c, bed);

    if (rc == CTL_DONE) {
        rc = ctl_command_begin(c, &k, op, bed);
    }
    if (rc != CTL_DONE) {
        return rc;
    }
    if (c->option[OPT_VITAL] != NULL) {
        vg_json_text(&k.j, "vital", c->option[OPT_VITAL]);
    }
    if (c->option[OPT_REASON] != NULL) {
        vg_json_text(&k.j, "reason", c->option[OPT_REASON]);
    }
    return ctl_command_send_then(c, &k, state_after);
}

int verb_pause(struct ctl *c)
{
    bool vital = c->option[OPT_VITAL] != NULL;
    bool reason = c->option[OPT_REASON] != NULL;

    if (vital != reason) {
        ctl_say(c, vital ? "why are the alarms of that vital paused? say it with --reason"
                         : "a pause of the sound has no reason; name the vital with --vital, or "
                           "leave --reason out");
        return CTL_USAGE;
    }
    return inhibit(c, vital ? "alarm_pause" : "audio_pause");
}

int verb_off(struct ctl *c)
{
    return inhibit(c, "alarm_off");
}

int verb_on(struct ctl *c)
{
    return inhibit(c, "alarm_on");
}

int verb_quiet_on(struct ctl *c)
{
    return inhibit(c, "quiet_on");
}

int verb_quiet_off(struct ctl *c)
{
    return inhibit(c, "quiet_off");
}
