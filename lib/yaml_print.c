/*
 * yaml_print.c -- a field table shown to people: as settings that read back, and as a list of keys.
 *
 * Both follow the tables only, with an explicit stack, so what the reader knows and what is
 * printed cannot differ. Texts are always quoted; a value in quotes is text everywhere else, too.
 */
#include "lib/yaml_parts.h"

#include <string.h>

#define STACK_MAX 8

struct level {
    const struct vg_yaml_table *table;
    const char *base;
    size_t field, item;
    size_t path_len;
    int indent;
    bool dash; /* the next line begins a list entry */
};

/* A text in double quotes; YAML escapes are those of JSON for what can occur here. */
static void print_text(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void print_number(FILE *out, const struct vg_yaml_field *f, const char *at)
{
    char buf[40];
    int64_t value = vg_yaml_load(at, f->size, f->min < 0);
    (void)fputs(vg_yaml_number(f, value, buf, sizeof buf), out);
}

static uint16_t count_of(const struct vg_yaml_field *f, const char *base)
{
    uint16_t n = 0;
    memcpy(&n, base + f->count_offset, sizeof n);
    return n;
}

static void print_ints(FILE *out, const struct vg_yaml_field *f, const char *base)
{
    uint16_t n = count_of(f, base);
    for (uint16_t i = 0; i < n; i++) {
        (void)fputs(i == 0 ? "[" : ", ", out);
        print_number(out, f, base + f->offset + i * f->size);
    }
    (void)fputs(n == 0 ? "[]" : "]", out);
}

/* Was the optional value given at all? Mappings are asked through is_set(). */
static bool is_leaf_set(const struct vg_yaml_field *f, const char *base)
{
    switch ((enum vg_yaml_type)f->type) {
    case VG_YAML_STRING:
    case VG_YAML_ID:
        return base[f->offset] != '\0';
    case VG_YAML_INTS:
    case VG_YAML_LIST:
        return count_of(f, base) > 0;
    case VG_YAML_INT:
    case VG_YAML_DECIMAL:
    case VG_YAML_DURATION:
    case VG_YAML_BOOL:
    case VG_YAML_ENUM:
        return f->size < 8 || vg_yaml_load(base + f->offset, 8, true) != VG_YAML_UNSET;
    case VG_YAML_MAP:
        return true; /* mappings two deep hold settings with defaults */
    case VG_YAML_TYPE_COUNT:
        break;
    }
    return false;
}

static bool is_set(const struct vg_yaml_field *f, const char *base)
{
    if (f->type != VG_YAML_MAP) {
        return is_leaf_set(f, base);
    }
    for (size_t i = 0; i < f->table->count; i++) {
        if (is_leaf_set(&f->table->fields[i], base + f->offset)) {
            return true;
        }
    }
    return false;
}

static void print_key(FILE *out, struct level *l, const char *key)
{
    int indent = l->indent - (l->dash ? 2 : 0);
    (void)fprintf(out, "%*s%s%s:", indent, "", l->dash ? "- " : "", key);
    l->dash = false;
}

static void print_value(FILE *out, const struct vg_yaml_field *f, const char *base)
{
    const char *at = base + f->offset;
    (void)fputc(' ', out);
    if (f->type == VG_YAML_STRING || f->type == VG_YAML_ID) {
        print_text(out, at);
    } else if (f->type == VG_YAML_INTS) {
        print_ints(out, f, base);
    } else if (f->type == VG_YAML_ENUM) {
        (void)fputs(f->names[vg_yaml_load(at, f->size, false)], out);
    } else {
        print_number(out, f, at);
    }
    (void)fputc('\n', out);
}

/* One step of printing; returns the level to enter, or one with a NULL table. */
static struct level print_step(FILE *out, struct level *top)
{
    struct level sub = { NULL, NULL, 0, 0, 0, top->indent + 2, false };
    const struct vg_yaml_field *f = &top->table->fields[top->field];
    if (!is_set(f, top->base)) {
        top->field++;
        return sub;
    }
    if (f->type == VG_YAML_LIST) {
        if (top->item == 0) {
            print_key(out, top, f->key);
            (void)fputc('\n', out);
        }
        if (top->item < count_of(f, top->base)) {
            sub.table = f->table;
            sub.base = top->base + f->offset + top->item * f->size;
            sub.indent = top->indent + 4;
            sub.dash = true;
            top->item++;
        } else {
            top->item = 0;
            top->field++;
        }
        return sub;
    }
    print_key(out, top, f->key);
    top->field++;
    if (f->type == VG_YAML_MAP) {
        (void)fputc('\n', out);
        sub.table = f->table;
        sub.base = top->base + f->offset;
    } else {
        print_value(out, f, top->base);
    }
    return sub;
}

void vg_yaml_print(FILE *out, const struct vg_yaml_table *table, const void *base)
{
    struct level stack[STACK_MAX];
    size_t depth = 1;
    stack[0] = (struct level){ table, base, 0, 0, 0, 0, false };
    while (depth > 0) {
        struct level *top = &stack[depth - 1];
        if (top->field == top->table->count) {
            depth--;
            continue;
        }
        struct level sub = print_step(out, top);
        if (sub.table != NULL) {
            VG_ASSERT(depth < STACK_MAX);
            stack[depth] = sub;
            depth++;
        }
    }
}

/* ---- the list of keys ---- */

static const char *kind_of(const struct vg_yaml_field *f, char *buf, size_t buf_len)
{
    char range[96];
    switch ((enum vg_yaml_type)f->type) {
    case VG_YAML_INT:
    case VG_YAML_DECIMAL:
    case VG_YAML_DURATION:
        return vg_yaml_range(f, buf, buf_len);
    case VG_YAML_INTS:
        (void)snprintf(buf, buf_len, "list of %s", vg_yaml_range(f, range, sizeof range));
        return buf;
    case VG_YAML_BOOL:
        return "yes or no";
    case VG_YAML_STRING:
        (void)snprintf(buf, buf_len, "text of at most %zu bytes", f->size - 1);
        return buf;
    case VG_YAML_ID:
        (void)snprintf(buf, buf_len, "identifier of at most %zu bytes", f->size - 1);
        return buf;
    case VG_YAML_ENUM: {
        size_t n = 0;
        for (size_t i = 0; f->names[i] != NULL && n < buf_len; i++) {
            n += (size_t)snprintf(buf + n, buf_len - n, "%s%s", i > 0 ? ", " : "", f->names[i]);
        }
        return buf;
    }
    case VG_YAML_MAP:
        return "mapping";
    case VG_YAML_LIST:
        (void)snprintf(buf, buf_len, "list of at most %u mappings", (unsigned)f->items_max);
        return buf;
    case VG_YAML_TYPE_COUNT:
        break;
    }
    return "";
}

/* The line of one key; its path is left behind the level's own. */
static void describe_key(FILE *out, const struct level *l, const struct vg_yaml_field *f,
                         char path[VG_YAML_PATH_MAX])
{
    char kind[512];
    const char *fallback = f->fallback != NULL ? f->fallback : "-";
    (void)snprintf(path + l->path_len, VG_YAML_PATH_MAX - l->path_len, "%s%s%s",
                   l->path_len > 0 ? "." : "", f->key, f->type == VG_YAML_LIST ? "[]" : "");
    (void)fprintf(out, "%s\t%s\t%s\t%s\n", path, kind_of(f, kind, sizeof kind),
                  f->required ? "required" : fallback, f->doc);
}

void vg_yaml_describe(FILE *out, const struct vg_yaml_table *table)
{
    struct level stack[STACK_MAX];
    char path[VG_YAML_PATH_MAX] = "";
    size_t depth = 1;
    stack[0] = (struct level){ table, NULL, 0, 0, 0, 0, false };
    while (depth > 0) {
        struct level *top = &stack[depth - 1];
        if (top->field == top->table->count) {
            depth--;
            continue;
        }
        const struct vg_yaml_field *f = &top->table->fields[top->field];
        top->field++;
        describe_key(out, top, f, path);
        if (f->table != NULL) {
            VG_ASSERT(depth < STACK_MAX);
            stack[depth] = (struct level){ f->table, NULL, 0, 0, strlen(path), 0, false };
            depth++;
        }
    }
}
