/*
 * yaml.c -- open a YAML file strictly, name places in it, and say what is wrong there.
 *
 * libyaml parses; yaml_scan.c refuses what YAML allows but a monitor's configuration must not
 * hold; this file keeps the document and turns a path of keys ("devices[0].link") into line and
 * column. What the values mean is yaml_read.c's business.
 *
 * Trap: libyaml counts lines and columns from 0; people and editors count from 1.
 */
#include "lib/yaml_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct vg_yaml_mark vg_yaml_mark_of(const yaml_node_t *node)
{
    return (struct vg_yaml_mark){ node->start_mark.line + 1, node->start_mark.column + 1 };
}

/* ---- errors ---- */

static void print_error(struct vg_yaml *y, struct vg_yaml_mark at, const char *path,
                        const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void print_error(struct vg_yaml *y, struct vg_yaml_mark at, const char *path,
                        const char *format, va_list args)
{
    struct vg_yaml_log *log = y->log;
    log->count++;
    if (log->count == VG_YAML_ERRORS_MAX + 1) {
        (void)fprintf(log->out,
                      "%s:%zu:%zu: file: there are more than %d errors; cure these first\n",
                      y->file, at.line, at.column, VG_YAML_ERRORS_MAX);
    }
    if (log->count > VG_YAML_ERRORS_MAX) {
        return;
    }
    (void)fprintf(log->out, "%s:%zu:%zu: %s: ", y->file, at.line, at.column,
                  path[0] != '\0' ? path : "file");
    (void)vfprintf(log->out, format, args);
    (void)fputc('\n', log->out);
}

void vg_yaml_error_at(struct vg_yaml *y, struct vg_yaml_mark at, const char *path,
                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_error(y, at, path, format, args);
    va_end(args);
}

const char *vg_yaml_quote(const char *text, size_t text_len, char buf[VG_YAML_QUOTE_MAX])
{
    size_t n = 0;
    while (n < text_len && n < VG_YAML_QUOTE_MAX - 4) {
        unsigned char c = (unsigned char)text[n];
        buf[n] = text[n];
        if (c < 0x20 || c == 0x7f) {
            buf[n] = '?';
        }
        n++;
    }
    if (n < text_len) {
        /* Never end inside a UTF-8 character: go back over its continuation bytes. */
        while (n > 0 && ((unsigned char)text[n] & 0xc0u) == 0x80u) {
            n--;
        }
        memcpy(buf + n, "...", 3);
        n += 3;
    }
    buf[n] = '\0';
    return buf;
}

/* ---- places ---- */

yaml_node_t *vg_yaml_child(struct vg_yaml *y, const yaml_node_t *mapping, const char *key)
{
    if (mapping->type != YAML_MAPPING_NODE) {
        return NULL;
    }
    size_t len = strlen(key);
    for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start;
         p < mapping->data.mapping.pairs.top; p++) {
        yaml_node_t *k = yaml_document_get_node(&y->doc, p->key);
        if (k->type == YAML_SCALAR_NODE && k->data.scalar.length == len &&
            memcmp(k->data.scalar.value, key, len) == 0) {
            return yaml_document_get_node(&y->doc, p->value);
        }
    }
    return NULL;
}

yaml_node_t *vg_yaml_item(struct vg_yaml *y, const yaml_node_t *sequence, size_t index)
{
    if (sequence->type != YAML_SEQUENCE_NODE) {
        return NULL;
    }
    yaml_node_item_t *start = sequence->data.sequence.items.start;
    size_t count = (size_t)(sequence->data.sequence.items.top - start);
    return index < count ? yaml_document_get_node(&y->doc, start[index]) : NULL;
}

/* One step along a path, "[3]" or ".key"; *path moves past it. */
static const yaml_node_t *step(struct vg_yaml *y, const yaml_node_t *node, const char **path)
{
    const char *p = *path;
    if (*p == '[') {
        char *end = NULL;
        size_t index = strtoul(p + 1, &end, 10);
        *path = *end == ']' ? end + 1 : end;
        return vg_yaml_item(y, node, index);
    }
    char key[VG_YAML_PATH_MAX];
    p += *p == '.' ? 1 : 0;
    size_t n = strcspn(p, ".[");
    VG_ASSERT(n > 0 && n < sizeof key);
    memcpy(key, p, n);
    key[n] = '\0';
    *path = p + n;
    return vg_yaml_child(y, node, key);
}

/* Walk PATH as far as the document goes. Returns the deepest node; *whole = all of it exists. */
static const yaml_node_t *look_up(struct vg_yaml *y, const char *path, bool *whole)
{
    const yaml_node_t *node = yaml_document_get_root_node(&y->doc);
    *whole = false;
    while (node != NULL && *path != '\0') {
        const yaml_node_t *next = step(y, node, &path);
        if (next == NULL) {
            return node;
        }
        node = next;
    }
    *whole = node != NULL;
    return node;
}

void vg_yaml_error(struct vg_yaml *y, const char *path, const char *format, ...)
{
    bool whole = false;
    const yaml_node_t *node = look_up(y, path, &whole);
    struct vg_yaml_mark at = { 1, 1 };
    if (node != NULL) {
        at = vg_yaml_mark_of(node);
    }
    va_list args;
    va_start(args, format);
    print_error(y, at, path, format, args);
    va_end(args);
}

uint32_t vg_yaml_line(struct vg_yaml *y, const char *path)
{
    bool whole = false;
    const yaml_node_t *node = look_up(y, path, &whole);
    return node == NULL ? 0 : (uint32_t)vg_yaml_mark_of(node).line;
}

bool vg_yaml_has(struct vg_yaml *y, const char *path)
{
    bool whole = false;
    (void)look_up(y, path, &whole);
    return whole;
}

/* ---- opening ---- */

enum vg_status vg_yaml_open_text(struct vg_yaml *y, const char *file, const char *text,
                                 size_t text_len, struct vg_yaml_log *log)
{
    memset(y, 0, sizeof *y);
    y->file = file;
    y->log = log;
    if (text_len > VG_YAML_BYTES_MAX) {
        vg_yaml_error_at(y, (struct vg_yaml_mark){ 1, 1 }, "",
                         "is larger than 1 MiB; this cannot be a configuration, name another file");
        return VG_ERR_FORMAT;
    }
    if (!vg_yaml_scan_bytes(y, text, text_len) || !vg_yaml_scan_events(y, text, text_len)) {
        return VG_ERR_FORMAT;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        vg_yaml_error_at(y, (struct vg_yaml_mark){ 1, 1 }, "", "out of memory; free some");
        return VG_ERR_IO;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, text_len);
    y->has_doc = yaml_parser_load(&parser, &y->doc) != 0;
    if (!y->has_doc) {
        vg_yaml_syntax_error(y, &parser, text, text_len);
    }
    yaml_parser_delete(&parser);
    return y->has_doc ? VG_OK : VG_ERR_FORMAT;
}

/* The one allocation: a configuration is read once at start, and a megabyte is no stack object. */
enum vg_status vg_yaml_open(struct vg_yaml *y, const char *file, struct vg_yaml_log *log)
{
    memset(y, 0, sizeof *y);
    y->file = file;
    y->log = log;
    struct vg_yaml_mark top = { 1, 1 };
    FILE *in = fopen(file, "re");
    struct stat st;
    char *text = malloc(VG_YAML_BYTES_MAX + 1);
    enum vg_status result = VG_ERR_IO;
    if (in == NULL || fstat(fileno(in), &st) != 0) {
        vg_yaml_error_at(y, top, "", "cannot be read: %s; check name and permissions",
                         strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        vg_yaml_error_at(y, top, "", "is a directory; name a file");
    } else if (text == NULL) {
        vg_yaml_error_at(y, top, "", "out of memory; free some and try again");
    } else {
        size_t n = fread(text, 1, VG_YAML_BYTES_MAX + 1, in);
        if (ferror(in)) {
            vg_yaml_error_at(y, top, "", "cannot be read: %s; check the disk", strerror(errno));
        } else {
            result = vg_yaml_open_text(y, file, text, n, log);
        }
    }
    free(text);
    if (in != NULL) {
        (void)fclose(in);
    }
    return result;
}

void vg_yaml_close(struct vg_yaml *y)
{
    if (y->has_doc) {
        yaml_document_delete(&y->doc);
        y->has_doc = false;
    }
}
