/* scenario_alarm.c -- see scenario_alarm.h. */
#include "tests/support/scenario_alarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "vigil/compiler.h"

/* The bed a step names as its last word, or the first one. */
static const char *bed_of(const struct vd *d, const struct scn_step *st)
{
    for (uint16_t b = 0; b < d->config.bed_count; b++) {
        if (strcmp(d->config.beds[b].id, st->words[st->count - 1]) == 0) {
            return d->config.beds[b].id;
        }
    }
    return d->config.beds[0].id;
}

static bool is_vital(const struct scn_step *st)
{
    enum vg_vital v;
    return st->count > 1 && vg_vital_find(st->words[1], &v);
}

static bool do_inhibit(struct vd *d, const struct scn_step *st)
{
    static const char reason[] = ",\"vital\":\"%s\",\"reason\":\"said so\"";
    const char *w = st->words[0];
    const char *bed = bed_of(d, st);

    if (strcmp(w, "pause") == 0 && !is_vital(st)) {
        scn_request(d, "audio_pause", bed, "%s", "");
    } else if (!is_vital(st)) {
        return false;
    } else if (strcmp(w, "pause") == 0) {
        scn_request(d, "alarm_pause", bed, reason, st->words[1]);
    } else if (strcmp(w, "off") == 0) {
        scn_request(d, "alarm_off", bed, reason, st->words[1]);
    } else {
        scn_request(d, "alarm_on", bed, ",\"vital\":\"%s\"", st->words[1]);
    }
    return true;
}

static bool do_limits(struct vd *d, const struct scn_step *st)
{
    static const char because[] = ",\"reason\":\"said so\"";
    const char *bed = bed_of(d, st);

    if (strcmp(st->words[0], "formula") == 0) {
        scn_request(d, "limits_formula", bed, "%s", because);
    } else if (st->count > 1 && strcmp(st->words[0], "profile") == 0) {
        scn_request(d, "limits_profile", bed, ",\"profile\":\"%s\"%s", st->words[1], because);
    } else if (st->count > 2) {
        scn_request(d, "limit_set", bed, ",\"condition\":\"%s\",\"limit\":%s%s", st->words[1],
                    st->words[2], because);
    } else {
        return false;
    }
    return true;
}

static bool do_care(struct vd *d, const struct scn_step *st)
{
    const char *w = st->words[0];
    const char *bed = bed_of(d, st);

    if (strcmp(w, "baseline") == 0) {
        scn_request(d, "baseline", bed, "%s", "");
    } else if (st->count < 2) {
        return false;
    } else if (strcmp(w, "quiet") == 0) {
        scn_request(d, st->words[1][1] == 'n' ? "quiet_on" : "quiet_off", bed, "%s", "");
    } else if (strcmp(w, "sedation") == 0) {
        scn_request(d, w, bed, ",\"score\":%s", st->words[1]);
    } else if (strcmp(w, "test") == 0) {
        scn_request(d, "test_alarm", bed, ",\"priority\":\"%s\"", st->words[1]);
    } else if (st->count > 2) {
        scn_request(d, w, bed, ",\"vital\":\"%s\",\"every_s\":%s", st->words[1], st->words[2]);
    } else {
        return false;
    }
    return true;
}

static bool do_sink(struct vd *d, const struct scn_step *st)
{
    for (size_t i = 0; st->count == 3 && i < d->config.routing.sink_count; i++) {
        struct vd_sink *s = &d->sink[i];
        const char *how = st->words[2];
        if (strcmp(d->config.sink_name[i], st->words[1]) != 0) {
            continue;
        }
        s->due_ns = d->now.mono_ns;
        if (strcmp(how, "alive") == 0 || strcmp(how, "dead") == 0) {
            s->alive = how[0] == 'a';
        } else if (strcmp(how, "ill") == 0) {
            s->alive = false;
            char text[96];
            int n = snprintf(text, sizeof text,
                             "{\"op\":\"sink_alive\",\"sink\":\"%s\",\"healthy\":false}",
                             st->words[1]);
            (void)zmq_send(d->sinks, text, (size_t)n, 0);
            d->touched = true;
        } else {
            s->deaf = strcmp(how, "deaf") == 0;
        }
        return true;
    }
    return false;
}

bool scn_act_alarm(struct vd *d, const struct scn_step *st)
{
    static const struct {
        const char *word;
        bool (*act)(struct vd *d, const struct scn_step *st);
    } acts[] = {
        { "pause", do_inhibit }, { "off", do_inhibit },    { "on", do_inhibit },
        { "limit", do_limits },  { "profile", do_limits }, { "formula", do_limits },
        { "baseline", do_care }, { "sedation", do_care },  { "schedule", do_care },
        { "quiet", do_care },    { "test", do_care },      { "sink", do_sink },
    };
    for (size_t i = 0; i < VG_COUNT(acts); i++) {
        if (strcmp(acts[i].word, st->words[0]) == 0) {
            return acts[i].act(d, st);
        }
    }
    return false;
}
