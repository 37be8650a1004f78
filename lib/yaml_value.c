/*
 * yaml_value.c -- one scalar of a YAML file into one field of a struct.
 *
 * A text that does not fit is refused, never cut. A value that is not there (`link:` or `~`) is an
 * error of its own, because YAML would make it an empty text. Every refusal names the cure.
 */
#include "lib/yaml_parts.h"

#include <string.h>

#define CURE_MAX 256

/* ---- storing ---- */

static void store(void *at, size_t size, int64_t value)
{
    /* Two's complement of the wanted width; the range was checked against the row. */
    uint64_t bits = (uint64_t)value;
    uint8_t b1 = (uint8_t)(bits & 0xffu);
    uint16_t b2 = (uint16_t)(bits & 0xffffu);
    uint32_t b4 = (uint32_t)(bits & 0xffffffffu);
    const void *from = size == 1   ? (const void *)&b1
                       : size == 2 ? (const void *)&b2
                       : size == 4 ? (const void *)&b4
                                   : (const void *)&bits;
    VG_ASSERT(size == 1 || size == 2 || size == 4 || size == 8);
    memcpy(at, from, size);
}

int64_t vg_yaml_load(const void *at, size_t size, bool is_signed)
{
    uint64_t bits = 0;
    uint8_t b1 = 0;
    uint16_t b2 = 0;
    uint32_t b4 = 0;
    VG_ASSERT(size == 1 || size == 2 || size == 4 || size == 8);
    if (size == 1) {
        memcpy(&b1, at, 1);
        bits = b1;
    } else if (size == 2) {
        memcpy(&b2, at, 2);
        bits = b2;
    } else if (size == 4) {
        memcpy(&b4, at, 4);
        bits = b4;
    } else {
        memcpy(&bits, at, 8);
    }
    if (is_signed && size < 8 && (bits >> (size * 8 - 1)) != 0) {
        bits |= ~UINT64_C(0) << (size * 8);
    }
    int64_t value = 0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- converting: each returns what is wrong and writes the cure, or NULL ---- */

static const char *convert_number(const struct vg_yaml_field *f, const struct vg_yaml_word *w,
                                  void *at, char cure[CURE_MAX])
{
    int64_t value = 0;
    const char *wrong = vg_yaml_parse_number(f, w, &value);
    if (f->type == VG_YAML_BOOL) {
        (void)snprintf(cure, CURE_MAX, "write yes or no, without quotes");
    } else {
        char range[96];
        (void)snprintf(cure, CURE_MAX, "write %s%s%s", f->min == f->max ? "" : "a value from ",
                       vg_yaml_range(f, range, sizeof range),
                       f->type == VG_YAML_DURATION ? ", in the form 15s, 500ms or 2min" : "");
        if (wrong == NULL && (value < f->min || value > f->max)) {
            wrong = "is outside the allowed range";
        }
    }
    if (wrong == NULL) {
        store(at, f->size, value);
    }
    return wrong;
}

static const char *convert_enum(const struct vg_yaml_field *f, const struct vg_yaml_word *w,
                                void *at, char cure[CURE_MAX])
{
    struct vg_yaml_guess guess;
    char quoted[VG_YAML_QUOTE_MAX];
    vg_yaml_guess_start(&guess, vg_yaml_quote(w->text, w->len, quoted));
    size_t n = (size_t)snprintf(cure, CURE_MAX, "write one of");
    for (size_t i = 0; f->names[i] != NULL; i++) {
        if (vg_yaml_word_is(w, f->names[i])) {
            store(at, f->size, (int64_t)i);
            return NULL;
        }
        vg_yaml_guess_offer(&guess, f->names[i]);
        if (n + strlen(f->names[i]) + 3 < CURE_MAX) {
            n += (size_t)snprintf(cure + n, CURE_MAX - n, " %s%s", f->names[i],
                                  f->names[i + 1] != NULL ? "," : "");
        }
    }
    const char *best = vg_yaml_guess_best(&guess);
    if (best != NULL) {
        (void)snprintf(cure, CURE_MAX, "did you mean '%s'?", best);
    }
    return "is not a word known here";
}

/* Control characters of ASCII and Unicode, and what YAML takes for a line break. */
static bool is_control(const unsigned char *c, size_t left)
{
    return c[0] < 0x20 || c[0] == 0x7f || (left > 1 && c[0] == 0xc2 && c[1] < 0xa0) ||
           (left > 2 && c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9));
}

static const char *convert_text(const struct vg_yaml_field *f, const struct vg_yaml_word *w,
                                void *at, char cure[CURE_MAX])
{
    if (w->len >= f->size) {
        (void)snprintf(cure, CURE_MAX, "use at most %zu bytes", f->size - 1);
        return "is too long";
    }
    for (size_t i = 0; i < w->len; i++) {
        const unsigned char *at_char = (const unsigned char *)w->text + i;
        unsigned char c = *at_char;
        bool in_id = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && i > 0);
        if (f->type == VG_YAML_ID && !in_id) {
            (void)snprintf(cure, CURE_MAX,
                           "use lower-case letters, digits and '-', not beginning with '-'");
            return "is not an identifier";
        }
        if (is_control(at_char, w->len - i)) {
            (void)snprintf(cure, CURE_MAX, "write one line of plain text");
            return "holds a control character";
        }
    }
    memcpy(at, w->text, w->len);
    memset((char *)at + w->len, 0, f->size - w->len);
    return NULL;
}

static const char *convert(const struct vg_yaml_field *f, const struct vg_yaml_word *w, void *at,
                           char cure[CURE_MAX])
{
    switch ((enum vg_yaml_type)f->type) {
    case VG_YAML_INT:
    case VG_YAML_INTS:
    case VG_YAML_DECIMAL:
    case VG_YAML_DURATION:
    case VG_YAML_BOOL:
        return convert_number(f, w, at, cure);
    case VG_YAML_STRING:
    case VG_YAML_ID:
        return convert_text(f, w, at, cure);
    case VG_YAML_ENUM:
        return convert_enum(f, w, at, cure);
    case VG_YAML_MAP:
    case VG_YAML_LIST:
    case VG_YAML_TYPE_COUNT:
        break;
    }
    VG_ASSERT(false);
    return NULL;
}

/* ---- the two doors ---- */

void vg_yaml_fallback(const struct vg_yaml_field *f, void *at)
{
    char cure[CURE_MAX];
    struct vg_yaml_word w = { f->fallback, strlen(f->fallback), true };
    const char *wrong = convert(f, &w, at, cure);
    VG_ASSERT(wrong == NULL);
}

static bool is_nothing(const struct vg_yaml_word *w)
{
    return w->len == 0 || (w->plain && (vg_yaml_word_is(w, "~") || vg_yaml_word_is(w, "null") ||
                                        vg_yaml_word_is(w, "Null") || vg_yaml_word_is(w, "NULL")));
}

void vg_yaml_scalar(struct vg_yaml *y, const struct vg_yaml_field *f, const yaml_node_t *node,
                    const char *path, void *at)
{
    struct vg_yaml_mark mark = vg_yaml_mark_of(node);
    if (node->type != YAML_SCALAR_NODE) {
        vg_yaml_error_at(y, mark, path, "is a %s; write a single value: %s",
                         node->type == YAML_MAPPING_NODE ? "mapping" : "list", f->doc);
        return;
    }
    struct vg_yaml_word w = { (const char *)node->data.scalar.value, node->data.scalar.length,
                              node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE };
    char cure[CURE_MAX], quoted[VG_YAML_QUOTE_MAX];
    if (is_nothing(&w)) {
        vg_yaml_error_at(y, mark, path, "has no value; write it: %s", f->doc);
        return;
    }
    const char *wrong = convert(f, &w, at, cure);
    if (wrong != NULL) {
        vg_yaml_error_at(y, mark, path, "'%s' %s; %s", vg_yaml_quote(w.text, w.len, quoted), wrong,
                         cure);
    }
}
