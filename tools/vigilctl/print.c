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

const char *ctl_shown(const json_t *o, const char *key, char *out, size_t cap)
{
    const char *s = ctl_clean(ctl_text(o, key), out, cap);
    return *s != '\0' ? s : "-";
}

const char *ctl_milli(long long milli, char out[CTL_MILLI_MAX])
{
    const char *sign = milli < 0 ? "-" : "";
    unsigned long long m = milli < 0 ? 0ull - (unsigned long long)milli : (unsigned long long)milli;
    if (m % 1000 == 0) {
        (void)snprintf(out, CTL_MILLI_MAX, "%s%llu", sign, m / 1000);
    } else {
        (void)snprintf(out, CTL_MILLI_MAX, "%s%llu.%02llu", sign, m / 1000, m % 1000 / 10);
    }
    return out;
}

const char *ctl_unit(enum vg_vital v)
{
    const char *unit = vg_vital_get(v)->unit;
    return strcmp(unit, "mm[Hg]") == 0 ? "mmHg" : unit;
}

const char *ctl_left(long long ms, char out[CTL_LEFT_MAX])
{
    long long s = (ms + 999) / 1000;
    if (ms < 0) {
        (void)snprintf(out, CTL_LEFT_MAX, "until somebody ends it");
    } else if (s <= 120) {
        (void)snprintf(out, CTL_LEFT_MAX, "%lld s left", s);
    } else {
        (void)snprintf(out, CTL_LEFT_MAX, "%lld min %lld s left", s / 60, s % 60);
    }
    return out;
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
