/*
 * print_machines.c -- every row of the four machines, as the model writes it.
 *
 * check_rows.py compares these lines with the ROW lines of the model.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/machine.h"

struct words {
    const struct vg_machine *m;
    const char *state, *input, *what; /* prefixes */
};

static void put(const char *prefix, const char *name)
{
    printf("%s_", prefix);
    for (const char *p = name; *p != '\0'; p++) {
        putchar(toupper((unsigned char)*p));
    }
}

static void put_set(const char *prefix, uint32_t set, size_t count, const char *(*name)(size_t))
{
    const char *between = "";
    for (size_t i = 0; i < count; i++) {
        if ((set & (1u << i)) != 0) {
            fputs(between, stdout);
            put(prefix, name(i));
            between = " | ";
        }
    }
    if ((set >> count) != 0) {
        printf("%sUNKNOWN_BITS", between);
    }
}

static void put_row(const struct words *w, const struct vg_machine_row *r)
{
    printf("ROW(%s, %u, ", w->m->letter, (unsigned)r->number);
    put_set(w->state, r->from, w->m->state_count, w->m->state_name);
    printf(", ");
    put_set(w->input, r->inputs, w->m->input_count, w->m->input_name);
    printf(", %s, ", r->guard != NULL ? r->guard : "ALWAYS");
    if (r->to == w->m->state_count) {
        printf("STAY");
    } else {
        put(w->state, w->m->state_name(r->to));
    }
    printf(", ");
    if (r->what == NULL) {
        printf("QUIET");
    } else {
        put(w->what, r->what);
    }
    printf(")\n");
}

int main(void)
{
    static const struct words all[] = {
        { &vg_machine_condition, "cs", "ci", "aw" },
        { &vg_machine_freshness, "fs", "fi", "fs" },
        { &vg_machine_routing, "rs", "ri", "rw" },
        { &vg_machine_inhibition, "is", "ii", "iw" },
    };
    for (size_t m = 0; m < sizeof all / sizeof all[0]; m++) {
        for (size_t i = 0; i < all[m].m->row_count; i++) {
            struct vg_machine_row r = all[m].m->row(i);
            put_row(&all[m], &r);
        }
    }
    return 0;
}
