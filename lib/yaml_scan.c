/*
 * yaml_scan.c -- refuse what YAML allows but a monitor's configuration must not hold.
 *
 * The events are scanned before the document is built: libyaml builds cyclic documents from
 * anchors, keeps any depth and forgets the tags. Bytes are checked before libyaml sees them,
 * because it would decode UTF-16 silently and accepts tabs between a key and its value.
 *
 * Trap: an error of libyaml's reader (encoding) carries a byte offset only, no line.
 */
#include "lib/yaml_parts.h"

static struct vg_yaml_mark mark_from(yaml_mark_t m)
{
    return (struct vg_yaml_mark){ m.line + 1, m.column + 1 };
}

static struct vg_yaml_mark mark_of_offset(const char *text, size_t offset)
{
    struct vg_yaml_mark m = { 1, 1 };
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            m.line++;
            m.column = 1;
        } else {
            m.column++;
        }
    }
    return m;
}

/* Bytes that must not occur. Tabs are allowed in comments, where they mean nothing. */
bool vg_yaml_scan_bytes(struct vg_yaml *y, const char *text, size_t text_len)
{
    uint32_t before = y->log->count;
    struct vg_yaml_mark at = { 1, 1 };
    bool comment = false;
    for (size_t i = 0; i < text_len; i++, at.column++) {
        if (text[i] == '\0') {
            vg_yaml_error_at(y, at, "", "holds a NUL byte; save the file as plain UTF-8 text");
            return false;
        }
        if (text[i] == '\n') {
            at.line++;
            at.column = 0;
            comment = false;
        } else if (text[i] == '#' &&
                   (at.column == 1 || text[i - 1] == ' ' || text[i - 1] == '\t')) {
            comment = true;
        } else if (text[i] == '\t' && !comment) {
            vg_yaml_error_at(y, at, "", "holds a tab character; use spaces");
            comment = true; /* one message a line is enough */
        }
    }
    return y->log->count == before;
}

void vg_yaml_syntax_error(struct vg_yaml *y, const yaml_parser_t *p, const char *text,
                          size_t text_len)
{
    const char *problem = p->problem != NULL ? p->problem : "not YAML";
    if (p->error == YAML_READER_ERROR) {
        size_t offset = p->problem_offset < text_len ? p->problem_offset : text_len;
        vg_yaml_error_at(y, mark_of_offset(text, offset), "", "%s; save the file as UTF-8 text",
                         problem);
        return;
    }
    if (p->error == YAML_MEMORY_ERROR) {
        vg_yaml_error_at(y, mark_from(p->mark), "", "out of memory; free some and try again");
        return;
    }
    vg_yaml_error_at(y, mark_from(p->problem_mark), "",
                     "%s%s%s; check indentation, brackets, quotes and colons here and above",
                     problem, p->context != NULL ? " " : "", p->context != NULL ? p->context : "");
}

/* What the scan remembers between events. */
struct scan {
    size_t depth;
    size_t documents;
    bool done, stop;
};

static void refuse(struct vg_yaml *y, const yaml_event_t *e, const char *what)
{
    vg_yaml_error_at(y, mark_from(e->start_mark), "", "%s", what);
}

static void scan_properties(struct vg_yaml *y, const yaml_event_t *e, const yaml_char_t *anchor,
                            const yaml_char_t *tag)
{
    if (anchor != NULL) {
        refuse(y, e, "an anchor (&name) is not allowed; write the value where it is used");
    }
    if (tag != NULL) {
        refuse(y, e, "a tag (!name) is not allowed; remove it");
    }
}

static void scan_open(struct vg_yaml *y, struct scan *s, const yaml_event_t *e)
{
    s->depth++;
    if (s->depth > VG_YAML_DEPTH_MAX) {
        refuse(y, e, "nested too deeply; nothing here needs more than 16 levels, check brackets");
        s->stop = true;
    }
}

static void scan_event(struct vg_yaml *y, struct scan *s, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        s->documents++;
        if (s->documents == 2) {
            refuse(y, e, "a second document begins; remove it, one file holds one document");
            s->stop = true;
        }
        break;
    case YAML_ALIAS_EVENT:
        refuse(y, e, "an alias (*name) is not allowed; write the value again");
        break;
    case YAML_SCALAR_EVENT:
        scan_properties(y, e, e->data.scalar.anchor, e->data.scalar.tag);
        /* A lone "!" leaves no tag behind, only a plain scalar that is not implicitly plain. */
        if (e->data.scalar.tag == NULL && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
            !e->data.scalar.plain_implicit) {
            refuse(y, e, "a tag (!) is not allowed; remove it");
        }
        break;
    case YAML_SEQUENCE_START_EVENT:
        scan_properties(y, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
        scan_open(y, s, e);
        break;
    case YAML_MAPPING_START_EVENT:
        scan_properties(y, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
        scan_open(y, s, e);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        s->depth--;
        break;
    case YAML_STREAM_END_EVENT:
        s->done = true;
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
}

/* Look at every event before a document is built. */
bool vg_yaml_scan_events(struct vg_yaml *y, const char *text, size_t text_len)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        vg_yaml_error_at(y, (struct vg_yaml_mark){ 1, 1 }, "", "out of memory; free some");
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, text_len);
    uint32_t before = y->log->count;
    struct scan s = { 0, 0, false, false };
    while (!s.done && !s.stop && y->log->count <= VG_YAML_ERRORS_MAX) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            vg_yaml_syntax_error(y, &parser, text, text_len);
            break;
        }
        scan_event(y, &s, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (s.done && s.documents == 0) {
        vg_yaml_error_at(y, (struct vg_yaml_mark){ 1, 1 }, "",
                         "is empty; write the settings, see vigil.yaml(5)");
    }
    return y->log->count == before;
}
