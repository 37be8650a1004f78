/*
 * print.c -- text out. What came from outside never moves the cursor: control characters go.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/vigilctl/ctl.h"

void ctl_say(const struct ctl *c, const char *fmt, ...)
{
    va_list ap;
    (void)fflush(stdout);
    (void)fprintf(stderr, "vigilctl: %s%s", c->verb != NULL ? c->verb : "",
                  c->verb != NULL ? ": " : "");
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fputc('\n', stderr);
}

void ctl_print_json(const json_t *value)
{
    (void)json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    (void)fputc('\n', stdout);
}

const char *ctl_text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "";
}

long long ctl_int(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

bool ctl_true(const json_t *o, const char *key)
{
    return json_is_true(json_object_get(o, key));
}

const char *ctl_clean(const char *text, char *out, size_t cap)
{
    size_t n = 0;
    for (const char *p = text; *p != '\0' && n + 1 < cap; p++) {
        unsigned char ch = (unsigned char)*p;
        out[n++] = ch < 0x20 || ch == 0x7f ? '?' : *p;
    }
    while (n > 0 && n + 1 == cap && ((unsigned char)out[n - 1] & 0x80) != 0) {
        n--; /* a cut may not end inside a character */
    }
    out[n] = '\0';
    return out;
}
