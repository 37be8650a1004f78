/*
 * yaml_read.c -- walk a document and a tree of field tables side by side.
 *
 * The walk follows the tables, not the file: a key the table does not know, or knows twice, is
 * found when a mapping is entered; a key that is missing gets its default or an error. The depth
 * is that of the tables, held in an explicit stack, so no file can make the walk recurse.
 */
#include "lib/yaml_parts.h"

#include <string.h>

/* The tables nest four deep; the scan bounds the file at 16. */
#define STACK_MAX 8

/* One mapping under way. */
struct frame {
    const yaml_node_t *node;
    const struct vg_yaml_table *table;
    char *base;      /* the struct this mapping fills */
    size_t field;    /* next field */
    size_t item;     /* next item, when that field is a list */
    size_t path_len; /* length of the mapping's own path */
};

struct walk {
    struct vg_yaml *y;
    size_t depth;
    struct frame stack[STACK_MAX];
    char path[VG_YAML_PATH_MAX];
};

/* ---- did you mean ---- */

#define GUESS_MAX 40

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Letters to change, add, drop or swap with their neighbour, without regard to case; texts of at
 * most GUESS_MAX bytes. Three rows of the usual table: a swap looks two rows back. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][GUESS_MAX + 1];
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            int x = lower(a[i - 1]);
            int y = lower(b[j - 1]);
            now[j] = min3(last[j - 1] + (x == y ? 0 : 1), now[j - 1] + 1, last[j] + 1);
            bool swapped = i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]);
            if (swapped && before[j - 2] + 1 < now[j]) {
                now[j] = before[j - 2] + 1;
            }
        }
    }
    return rows[a_len % 3][b_len];
}

void vg_yaml_guess_start(struct vg_yaml_guess *g, const char *word)
{
    *g = (struct vg_yaml_guess){ word, NULL, SIZE_MAX };
}

void vg_yaml_guess_offer(struct vg_yaml_guess *g, const char *candidate)
{
    size_t word_len = strlen(g->word);
    size_t len = strlen(candidate);
    if (word_len > GUESS_MAX || len > GUESS_MAX) {
        return;
    }
    size_t d = edit_distance(g->word, word_len, candidate, len);
    if (d < g->distance) {
        g->best = candidate;
        g->distance = d;
    }
}

const char *vg_yaml_guess_best(const struct vg_yaml_guess *g)
{
    /* A third of the letters may be wrong, and always one: `bawd` is near `baud`. */
    size_t limit = strlen(g->word) / 3;
    return g->best != NULL && g->distance <= (limit > 1 ? limit : 1) ? g->best : NULL;
}

/* ---- entering a mapping ---- */

static void set_path(struct walk *w, size_t keep, const char *key)
{
    (void)snprintf(w->path + keep, sizeof w->path - keep, "%s%s", keep > 0 ? "." : "", key);
}

static void unknown_key(struct walk *w, const struct frame *f, const yaml_node_t *key)
{
    char quoted[VG_YAML_QUOTE_MAX];
    struct vg_yaml_guess guess;
    if (key->type != YAML_SCALAR_NODE) {
        vg_yaml_error_at(w->y, vg_yaml_mark_of(key), w->path,
                         "a key is not a word; write KEY: value");
        return;
    }
    vg_yaml_quote((const char *)key->data.scalar.value, key->data.scalar.length, quoted);
    vg_yaml_guess_start(&guess, quoted);
    for (size_t i = 0; i < f->table->count; i++) {
        vg_yaml_guess_offer(&guess, f->table->fields[i].key);
    }
    const char *best = vg_yaml_guess_best(&guess);
    set_path(w, f->path_len, quoted);
    if (best != NULL) {
        vg_yaml_error_at(w->y, vg_yaml_mark_of(key), w->path, "unknown key; did you mean '%s'?",
                         best);
    } else {
        vg_yaml_error_at(w->y, vg_yaml_mark_of(key), w->path,
                         "unknown key; remove it, vigil.yaml(5) lists the keys");
    }
}

static bool is_key(const yaml_node_t *node, const char *key)
{
    size_t len = strlen(key);
    return node->type == YAML_SCALAR_NODE && node->data.scalar.length == len &&
           memcmp(node->data.scalar.value, key, len) == 0;
}

static size_t find_field(const struct vg_yaml_table *table, const yaml_node_t *key)
{
    size_t i = 0;
    while (i < table->count && !is_key(key, table->fields[i].key)) {
        i++;
    }
    return i;
}

/* Unknown and duplicate keys; libyaml keeps both. */
static void check_keys(struct walk *w, const struct frame *f)
{
    uint64_t seen = 0;
    const yaml_node_pair_t *end = f->node->data.mapping.pairs.top;
    for (const yaml_node_pair_t *p = f->node->data.mapping.pairs.start;
         p < end && w->y->log->count <= VG_YAML_ERRORS_MAX; p++) {
        const yaml_node_t *key = yaml_document_get_node(&w->y->doc, p->key);
        size_t i = find_field(f->table, key);
        if (i == f->table->count) {
            unknown_key(w, f, key);
        } else if ((seen & (UINT64_C(1) << i)) != 0) {
            set_path(w, f->path_len, f->table->fields[i].key);
            vg_yaml_error_at(w->y, vg_yaml_mark_of(key), w->path,
                             "is given twice; remove one of them");
        } else {
            seen |= UINT64_C(1) << i;
        }
    }
    w->path[f->path_len] = '\0';
}

/* Begin with the mapping NODE at the present path; NODE may be NULL: everything is missing. */
static void enter(struct walk *w, const yaml_node_t *node, const struct vg_yaml_table *table,
                  char *base, const char *doc)
{
    VG_ASSERT(w->depth < STACK_MAX && table->count <= VG_YAML_KEYS_MAX);
    if (node != NULL && node->type != YAML_MAPPING_NODE) {
        vg_yaml_error_at(w->y, vg_yaml_mark_of(node), w->path,
                         "is not a mapping; write KEY: value lines below it: %s", doc);
        return;
    }
    struct frame *f = &w->stack[w->depth];
    *f = (struct frame){ node, table, base, 0, 0, strlen(w->path) };
    w->depth++;
    if (node != NULL) {
        check_keys(w, f);
    }
}

/* ---- fields ---- */

static void read_ints(struct walk *w, const struct vg_yaml_field *f, const yaml_node_t *node,
                      char *base)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        vg_yaml_error_at(w->y, vg_yaml_mark_of(node), w->path, "is not a list; write [1, 2]: %s",
                         f->doc);
        return;
    }
    uint16_t count = 0;
    size_t path_len = strlen(w->path);
    const yaml_node_t *item = vg_yaml_item(w->y, node, 0);
    for (; item != NULL && count < f->items_max; item = vg_yaml_item(w->y, node, count)) {
        (void)snprintf(w->path + path_len, sizeof w->path - path_len, "[%u]", (unsigned)count);
        vg_yaml_scalar(w->y, f, item, w->path, base + f->offset + count * f->size);
        count++;
    }
    w->path[path_len] = '\0';
    if (item != NULL) {
        vg_yaml_error_at(w->y, vg_yaml_mark_of(item), w->path,
                         "has too many values; at most %u are allowed", (unsigned)f->items_max);
    }
    memcpy(base + f->count_offset, &count, sizeof count);
}

/* One step into a list: enter the next item, or finish the field. */
static void read_list(struct walk *w, struct frame *top, const struct vg_yaml_field *f,
                      const yaml_node_t *node)
{
    uint16_t count = (uint16_t)top->item;
    memcpy(top->base + f->count_offset, &count, sizeof count);
    if (node->type != YAML_SEQUENCE_NODE) {
        vg_yaml_error_at(w->y, vg_yaml_mark_of(node), w->path,
                         "is not a list; begin each entry with '- ': %s", f->doc);
        top->field++;
        return;
    }
    const yaml_node_t *item = vg_yaml_item(w->y, node, top->item);
    if (item == NULL && top->item == 0 && f->required) {
        vg_yaml_error_at(w->y, vg_yaml_mark_of(node), w->path, "is empty; add an entry: %s",
                         f->doc);
    }
    if (item != NULL && top->item == f->items_max) {
        vg_yaml_error_at(w->y, vg_yaml_mark_of(item), w->path,
                         "has too many entries; at most %u are allowed", (unsigned)f->items_max);
        item = NULL;
    }
    if (item == NULL) {
        top->field++;
        top->item = 0;
        return;
    }
    size_t len = strlen(w->path);
    (void)snprintf(w->path + len, sizeof w->path - len, "[%zu]", top->item);
    char *base = top->base + f->offset + top->item * f->size;
    top->item++;
    enter(w, item, f->table, base, f->doc);
}

static void read_missing(struct walk *w, struct frame *top, const struct vg_yaml_field *f)
{
    if (f->required) {
        struct vg_yaml_mark at = { 1, 1 };
        vg_yaml_error_at(w->y, top->node != NULL ? vg_yaml_mark_of(top->node) : at, w->path,
                         "is missing; add it: %s", f->doc);
    } else if (f->type == VG_YAML_MAP) {
        /* Its defaults still apply. */
        enter(w, NULL, f->table, top->base + f->offset, f->doc);
    } else if (f->fallback != NULL) {
        vg_yaml_fallback(f, top->base + f->offset);
    }
}

static void read_field(struct walk *w, struct frame *top)
{
    const struct vg_yaml_field *f = &top->table->fields[top->field];
    set_path(w, top->path_len, f->key);
    const yaml_node_t *node = top->node != NULL ? vg_yaml_child(w->y, top->node, f->key) : NULL;
    if (node != NULL && f->type == VG_YAML_LIST) {
        read_list(w, top, f, node); /* moves on by itself */
        return;
    }
    top->field++;
    if (node == NULL) {
        read_missing(w, top, f);
    } else if (f->type == VG_YAML_MAP) {
        enter(w, node, f->table, top->base + f->offset, f->doc);
    } else if (f->type == VG_YAML_INTS) {
        read_ints(w, f, node, top->base);
    } else {
        vg_yaml_scalar(w->y, f, node, w->path, top->base + f->offset);
    }
}

enum vg_status vg_yaml_read(struct vg_yaml *y, const struct vg_yaml_table *table, void *base)
{
    VG_ASSERT(y->has_doc);
    struct walk w;
    memset(&w, 0, sizeof w);
    w.y = y;
    uint32_t before = y->log->count;
    const yaml_node_t *root = yaml_document_get_root_node(&y->doc);
    VG_ASSERT(root != NULL); /* the scan refuses a file without a document */
    enter(&w, root, table, base, "see vigil.yaml(5)");
    while (w.depth > 0 && y->log->count <= VG_YAML_ERRORS_MAX) {
        struct frame *top = &w.stack[w.depth - 1];
        if (top->field == top->table->count) {
            w.depth--;
        } else {
            read_field(&w, top);
        }
    }
    return y->log->count == before ? VG_OK : VG_ERR_FORMAT;
}
