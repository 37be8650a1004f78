/*
 * yaml.h -- a YAML file read strictly into a struct through field tables.
 *
 * One table describes one mapping: key, type, unit, range, default and a sentence for people. The
 * same table reads the file, prints the effective settings and lists the keys for the manual.
 * Nothing is guessed: what is not exactly the promised form is an error with file, line, column,
 * key and cure. All errors of a file are collected before anybody decides.
 *
 * Limits: files up to 1 MiB, nesting up to 16, no anchors, aliases, tags, tabs or second document.
 */
#ifndef VIGIL_LIB_YAML_H
#define VIGIL_LIB_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <yaml.h>

#include "vigil/compiler.h"
#include "vigil/status.h"

#define VG_YAML_BYTES_MAX ((size_t)1024 * 1024)
#define VG_YAML_DEPTH_MAX 16
#define VG_YAML_ERRORS_MAX 100
#define VG_YAML_PATH_MAX 160
/* Keys of one mapping: the set of keys already seen is one 64-bit word. */
#define VG_YAML_KEYS_MAX 64
/* An optional 8-byte field that was not given, when its row has no default: the caller writes it
 * before reading, and printing leaves the key out. */
#define VG_YAML_UNSET INT64_MIN

enum vg_yaml_type {
    VG_YAML_INT,      /* whole number */
    VG_YAML_DECIMAL,  /* number with at most `places` decimals, stored times 10^places */
    VG_YAML_DURATION, /* 15s, 500ms, 2min; stored in nanoseconds */
    VG_YAML_BOOL,     /* yes, no, true, false */
    VG_YAML_STRING,   /* text, one line, into char[size] */
    VG_YAML_ID,       /* [a-z0-9][a-z0-9-]*, into char[size] */
    VG_YAML_ENUM,     /* one of `names` (ended by NULL), stored as its index */
    VG_YAML_INTS,     /* sequence of whole numbers, each of `size` bytes */
    VG_YAML_MAP,      /* mapping described by `table`, in the same struct at `offset` */
    VG_YAML_LIST,     /* sequence of mappings; `size` is the distance between two items */
    VG_YAML_TYPE_COUNT
};

struct vg_yaml_table;

struct vg_yaml_field {
    const char *key;
    const char *doc;      /* one sentence for people */
    const char *unit;     /* of the number; NULL when it has none */
    const char *fallback; /* default in the words of the file; NULL leaves the struct alone */
    const char *const *names;
    const struct vg_yaml_table *table;
    size_t offset;
    size_t size;         /* bytes of the value: 1, 2, 4, 8; capacity of a text; size of an item */
    size_t count_offset; /* INTS, LIST: where the uint16_t number of items goes */
    int64_t min, max;    /* of numbers (scaled); of items for INTS (values) */
    uint16_t items_max;  /* INTS, LIST */
    uint8_t type;        /* enum vg_yaml_type */
    uint8_t places;      /* DECIMAL */
    bool required;
    bool hex; /* INT, INTS: 0x1F is allowed */
};

struct vg_yaml_table {
    const struct vg_yaml_field *fields;
    size_t count; /* <= VG_YAML_KEYS_MAX */
};

/* Where errors go. Shared by all files of one load. */
struct vg_yaml_log {
    FILE *out;
    uint32_t count; /* errors found, also those past VG_YAML_ERRORS_MAX that were not printed */
};

/* One open document. Storage is the caller's; `file` and `log` are retained until close. */
struct vg_yaml {
    const char *file; /* name for messages */
    struct vg_yaml_log *log;
    yaml_document_t doc;
    bool has_doc;
};

/*
 * vg_yaml_open -- read FILE, refuse what YAML allows and Vigil does not, keep the document.
 * vg_yaml_open_text -- the same with bytes in memory; `file` is only a name.
 *
 * Errors: VG_ERR_IO (cannot be read), VG_ERR_FORMAT; at least one line went to the log. Either
 * way vg_yaml_close() is safe.
 */
VG_NODISCARD enum vg_status vg_yaml_open(struct vg_yaml *y, const char *file,
                                         struct vg_yaml_log *log);
VG_NODISCARD enum vg_status vg_yaml_open_text(struct vg_yaml *y, const char *file, const char *text,
                                              size_t text_len, struct vg_yaml_log *log);
void vg_yaml_close(struct vg_yaml *y);

/* vg_yaml_read -- the whole document into BASE through TABLE. VG_OK, or VG_ERR_FORMAT with every
 * error in the log; BASE then holds what could be read. */
VG_NODISCARD enum vg_status vg_yaml_read(struct vg_yaml *y, const struct vg_yaml_table *table,
                                         void *base);

/*
 * vg_yaml_error -- one line about the value at PATH ("devices[0].link").
 *
 * The text is "what is wrong; the cure". Line and column are those of the deepest part of PATH
 * that exists in the document.
 */
void vg_yaml_error(struct vg_yaml *y, const char *path, const char *format, ...) VG_PRINTF(3, 4);

/* vg_yaml_line -- line of the value at PATH, counted from 1. vg_yaml_has -- is PATH there? */
uint32_t vg_yaml_line(struct vg_yaml *y, const char *path);
bool vg_yaml_has(struct vg_yaml *y, const char *path);

/* vg_yaml_print -- the struct as YAML that vg_yaml_read reads back to the same. */
void vg_yaml_print(FILE *out, const struct vg_yaml_table *table, const void *base);

/* vg_yaml_describe -- one line per key: PATH TAB KIND TAB DEFAULT TAB SENTENCE. */
void vg_yaml_describe(FILE *out, const struct vg_yaml_table *table);

/* "Did you mean": offer candidates, then ask for the best; NULL when none is near. */
struct vg_yaml_guess {
    const char *word;
    const char *best;
    size_t distance;
};
void vg_yaml_guess_start(struct vg_yaml_guess *g, const char *word);
void vg_yaml_guess_offer(struct vg_yaml_guess *g, const char *candidate);
const char *vg_yaml_guess_best(const struct vg_yaml_guess *g);

#endif
