/*
 * verb_plan.c -- what a session asks for and has: the gate, what is due, doses, discharge checks; and
 * the private notes.
 */
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"

#define TEXT 96

static const char *shown(const json_t *o, const char *key, char out[TEXT])
{
    return ctl_shown(o, key, out, TEXT);
}

/* "in 4:30", "12:00 ago" */
static const char *when(long long s, char out[TEXT])
{
    long long a = s < 0 ? -s : s;
    (void)snprintf(out, TEXT, s < 0 ? "%lld:%02lld ago" : "in %lld:%02lld", a / 60, a % 60);
    return out;
}

/* 07:31:43 of "2026-11-24T07:31:43.120Z", UTC */
static const char *clock_of(const json_t *o, const char *key, char out[TEXT])
{
    const char *text = ctl_text(o, key);
    (void)snprintf(out, TEXT, "%.8s", strlen(text) > 19 ? text + 11 : "--:--:--");
    return out;
}

static void print_names(const json_t *list)
{
    size_t i;
    json_t *o;
    char name[TEXT];
    json_array_foreach(list, i, o)
    {
        const char *text = json_string_value(o);
        (void)printf("%s%s", i > 0 ? ", " : "",
                     ctl_clean(text != NULL ? text : "", name, sizeof name));
    }
}

static void print_gate(const json_t *bed)
{
    const json_t *gate = json_object_get(bed, "gate");
    size_t i;
    json_t *o;
    char a[TEXT];
    char b[TEXT];

    (void)printf("  gate: %s\n", ctl_true(gate, "open") ? "open" : "CLOSED");
    json_array_foreach(json_object_get(gate, "items"), i, o)
    {
        if (!ctl_true(o, "holds")) {
            (void)printf("    %-18s %s%s\n", shown(o, "item", a),
                         ctl_true(o, "overridden") ? "(overridden) "
                         : ctl_true(o, "hard")     ? ""
                                                   : "(may be overridden) ",
                         shown(o, "cure", b));
        }
    }
}

static void print_marks(const json_t *bed)
{
    size_t i;
    json_t *o;
    char a[TEXT];
    char b[TEXT];
    char t[TEXT];

    json_array_foreach(json_object_get(bed, "marks"), i, o)
    {
        bool made = json_object_get(o, "off_s") != NULL;
        (void)printf("  %s UTC  %-14s ", clock_of(o, "due_at", t),
                     strcmp(ctl_text(o, "due"), "nibp") == 0 ? "blood pressure" : "score");
        (void)printf("%-9s %s", shown(o, "state", a), made ? "" : when(ctl_int(o, "due_in_s"), b));
        if (made) {
            long long off = ctl_int(o, "off_s");
            (void)printf("%lld s %s", off < 0 ? -off : off, off < 0 ? "early" : "after its time");
        }
        if (json_object_get(o, "scales") != NULL) {
            (void)printf("  ");
            print_names(json_object_get(o, "scales"));
        }
        (void)printf("%s\n", ctl_true(o, "optional") ? "  (optional)" : "");
    }
}

static void print_doses(const json_t *bed)
{
    size_t i;
    json_t *o;
    char a[TEXT];
    char b[TEXT];
    char t[TEXT];
    char n[CTL_MILLI_MAX];

    json_array_foreach(json_object_get(bed, "doses"), i, o)
    {
        bool rate = json_object_get(o, "rate_ug_h") != NULL;
        (void)printf("  %s UTC  row %lld  %s %s", clock_of(o, "given_at", t), ctl_int(o, "row"),
                     shown(o, "kind", a), shown(o, "drug", b));
        if (rate || json_object_get(o, "amount_ug") != NULL) {
            (void)printf(" %s %s", ctl_milli(ctl_int(o, rate ? "rate_ug_h" : "amount_ug"), n),
                         rate ? "mg/h" : "mg");
        }
        (void)printf("%s\n", ctl_true(o, "void") ? "  VOID" : "");
    }
    json_array_foreach(json_object_get(bed, "totals"), i, o)
    {
        char m[4][CTL_MILLI_MAX];
        (void)printf("  %s in all: given %s mg", shown(o, "drug", a),
                     ctl_milli(ctl_int(o, "given_ug"), m[0]));
        if (ctl_int(o, "drawn_ug") > 0) { /* else nobody keeps the balance */
            (void)printf(", drawn %s, wasted %s, remaining %s",
                         ctl_milli(ctl_int(o, "drawn_ug"), m[1]),
                         ctl_milli(ctl_int(o, "wasted_ug"), m[2]),
                         ctl_milli(ctl_int(o, "remaining_ug"), m[3]));
        }
        (void)printf("\n");
    }
    if (!ctl_true(bed, "totals_complete")) {
        (void)printf("  TOTALS ARE INCOMPLETE: more doses than Vigil adds up\n");
    }
}

static void print_discharge(const json_t *bed)
{
    const json_t *d = json_object_get(bed, "discharge");
    size_t i;
    json_t *o;
    char a[TEXT];

    (void)printf("  discharge: %s", ctl_true(d, "ready") ? "all checks hold" : "NOT YET");
    if (json_is_integer(json_object_get(d, "earliest_in_s"))) {
        (void)printf(", earliest %s", when(ctl_int(d, "earliest_in_s"), a));
    }
    (void)printf("\n");
    json_array_foreach(json_object_get(d, "checks"), i, o)
    {
        if (!ctl_true(o, "holds")) {
            (void)printf("    %s\n", shown(o, "check", a));
        }
    }
}

static void print_bed(const json_t *bed)
{
    char a[TEXT];
    char b[TEXT];
    char d[TEXT];

    (void)printf("\n%s  ", shown(bed, "bed", a));
    if (!json_is_integer(json_object_get(bed, "session"))) {
        (void)printf("no session\n");
        return;
    }
    (void)printf("%s session %lld of %s, %s responsible\n", shown(bed, "kind", b),
                 ctl_int(bed, "session"), shown(bed, "patient_ref", a),
                 shown(bed, "responsible", d));
    if (json_is_string(json_object_get(bed, "protocol"))) {
        (void)printf("  protocol %s, phase %s", shown(bed, "protocol", a), shown(bed, "phase", b));
    } else if (ctl_true(bed, "protocol_lost")) {
        (void)printf("  its PROTOCOL IS LOST: nobody knows what it asks");
    } else {
        (void)printf("  no protocol");
    }
    if (json_is_integer(json_object_get(bed, "t0_in_s"))) {
        (void)printf(", first dose %s", when(ctl_int(bed, "t0_in_s"), a));
    }
    (void)printf("\n");
    print_gate(bed);
    print_doses(bed);
    print_marks(bed);
    if (!ctl_true(bed, "marks_complete")) {
        (void)printf("  MORE IS DUE than can be kept: the list is not complete\n");
    }
    print_discharge(bed);
}

static int ask(struct ctl *c, json_t **reply)
{
    char body[256];
    struct vg_json j;
    int rc = ctl_connect(c, false, true, false);

    vg_json_begin(&j, body, sizeof body);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "op", "plan");
    if (c->option[OPT_BED] != NULL) {
        vg_json_text(&j, "bed", c->option[OPT_BED]);
    }
    vg_json_object_end(&j);
    return rc == CTL_DONE ? ctl_ask(c, &j, reply) : rc;
}

int verb_plan(struct ctl *c)
{
    json_t *reply = NULL;
    size_t i;
    json_t *o;
    char a[TEXT];
    int rc = ask(c, &reply);

    if (rc != CTL_DONE) {
        return rc;
    }
    if (c->option[OPT_JSON] != NULL) {
        ctl_print_json(reply);
    } else {
        (void)printf("protocols:");
        json_array_foreach(json_object_get(reply, "protocols"), i, o)
        {
            (void)printf(" %s", shown(o, "protocol", a));
        }
        (void)printf("\nscales:");
        json_array_foreach(json_object_get(reply, "scales"), i, o)
        {
            (void)printf(" %s", shown(o, "scale", a));
        }
        (void)printf("\n");
        json_array_foreach(json_object_get(reply, "beds"), i, o)
        {
            print_bed(o);
        }
    }
    json_decref(reply);
    return CTL_DONE;
}

/* --- notes ---------------------------------------------------------------------------------- */

static void print_note(const json_t *row)
{
    const json_t *data = json_object_get(row, "data");
    const json_t *private = json_object_get(data, "private");
    const char *key;
    json_t *value;
    char a[TEXT];
    char text[512];

    if (private == NULL) {
        return;
    }
    (void)printf("row %lld  %s  %s, %s:\n", ctl_int(row, "seq"), ctl_text(data, "at"),
                 shown(data, "event", text), shown(data, "operator", a));
    /* jansson's iteration macro needs a mutable pointer; nothing is changed through it. */
    json_t *open = json_incref((json_t *)(uintptr_t) private);
    json_object_foreach(open, key, value)
    {
        const char *said = json_string_value(value);
        (void)printf("  %s: %s\n", key, ctl_clean(said != NULL ? said : "", text, sizeof text));
    }
    json_decref(open);
}

/* One page of the record from the operate door; next = 0 when it was the last. */
static int note_page(struct ctl *c, long long from, long long *next, bool json)
{
    char body[256];
    struct vg_json j;
    json_t *reply = NULL;
    size_t i;
    json_t *row;
    long long session = 0;

    if (!ctl_number(c, OPT_SESSION, 1, INT64_MAX, &session)) {
        return CTL_USAGE;
    }
    vg_json_begin(&j, body, sizeof body);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "op", "notes");
    vg_json_int(&j, "from_seq", from);
    vg_json_int(&j, "session", session);
    vg_json_int(&j, "limit", 200);
    if (c->option[OPT_BED] != NULL) {
        vg_json_text(&j, "bed", c->option[OPT_BED]);
    }
    vg_json_object_end(&j);
    enum vg_status st = vg_client_request(&c->client, VG_DOOR_OPERATE, body, j.len, NULL, &reply);
    if (st != VG_OK) {
        return ctl_no_answer(c, VG_DOOR_OPERATE, st, NULL);
    }
    int rc = ctl_true(reply, "ok") ? CTL_DONE : ctl_refused(c, reply);
    json_array_foreach(json_object_get(reply, "rows"), i, row)
    {
        if (json) {
            ctl_print_json(row);
        } else {
            print_note(row);
        }
    }
    *next = ctl_int(reply, "next");
    json_decref(reply);
    return rc;
}

int verb_notes(struct ctl *c)
{
    long long from = 1;
    int rc = ctl_connect(c, false, false, true);

    while (rc == CTL_DONE && from > 0) {
        rc = note_page(c, from, &from, c->option[OPT_JSON] != NULL);
    }
    return rc;
}
