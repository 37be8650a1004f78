/*
 * yaml_parts.h -- what the parts of the YAML reader (yaml*.c) share and nobody else needs.
 */
#ifndef VIGIL_LIB_YAML_PARTS_H
#define VIGIL_LIB_YAML_PARTS_H

#include "lib/yaml.h"

/* Position in the file, counted from 1. */
struct vg_yaml_mark {
    size_t line, column;
};

/* The text of a scalar and how it was written. */
struct vg_yaml_word {
    const char *text;
    size_t len;
    bool plain; /* without quotes */
};

/* ---- yaml.c: errors and places ---- */

void vg_yaml_error_at(struct vg_yaml *y, struct vg_yaml_mark at, const char *path,
                      const char *format, ...) VG_PRINTF(4, 5);
struct vg_yaml_mark vg_yaml_mark_of(const yaml_node_t *node);
/* The value of KEY in a mapping, or NULL; item INDEX of a sequence, or NULL. */
yaml_node_t *vg_yaml_child(struct vg_yaml *y, const yaml_node_t *mapping, const char *key);
yaml_node_t *vg_yaml_item(struct vg_yaml *y, const yaml_node_t *sequence, size_t index);
/* A piece of text from the file, safe and short enough for one line of a message. */
#define VG_YAML_QUOTE_MAX 48
const char *vg_yaml_quote(const char *text, size_t text_len, char buf[VG_YAML_QUOTE_MAX]);

/* ---- yaml_scan.c: refuse before a document is built ---- */

bool vg_yaml_scan_bytes(struct vg_yaml *y, const char *text, size_t text_len);
bool vg_yaml_scan_events(struct vg_yaml *y, const char *text, size_t text_len);
void vg_yaml_syntax_error(struct vg_yaml *y, const yaml_parser_t *p, const char *text,
                          size_t text_len);

/* ---- yaml_number.c: text to number and back ---- */

bool vg_yaml_word_is(const struct vg_yaml_word *w, const char *text);
/* What is wrong with the number, duration or bool; NULL and *value when nothing is. */
const char *vg_yaml_parse_number(const struct vg_yaml_field *f, const struct vg_yaml_word *w,
                                 int64_t *value);
/* A number in the form the field reads ("15s", "2.5", "yes"). Returns buf. */
const char *vg_yaml_number(const struct vg_yaml_field *f, int64_t value, char *buf, size_t buf_len);
/* Range of a row for people: "1 to 247", "0s to 60s". Returns buf. */
const char *vg_yaml_range(const struct vg_yaml_field *f, char *buf, size_t buf_len);

/* ---- yaml_value.c: scalar to field ---- */

/* Convert the scalar NODE into the field at AT; reports its own error. */
void vg_yaml_scalar(struct vg_yaml *y, const struct vg_yaml_field *f, const yaml_node_t *node,
                    const char *path, void *at);
/* The default of a field; a default that does not fit its own row is a programmer's fault. */
void vg_yaml_fallback(const struct vg_yaml_field *f, void *at);
int64_t vg_yaml_load(const void *at, size_t size, bool is_signed);

#endif
