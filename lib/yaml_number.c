/*
 * yaml_number.c -- text to number, duration or yes/no and back, with nothing guessed.
 *
 * YAML itself reads 010 as 8, 1e3 and .nan as numbers; a limit that is read differently from how
 * it looks is dangerous. So numbers here have one form: digits, one optional minus, decimals only
 * where the row allows them, 0x only where registers are meant. A duration has a unit.
 */
#include "lib/yaml_parts.h"

#include <string.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MIN (60 * NS_PER_S)

bool vg_yaml_word_is(const struct vg_yaml_word *w, const char *text)
{
    return strlen(text) == w->len && memcmp(text, w->text, w->len) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits as a value; false when there are none or it passes 18 digits' worth. */
static bool take_digits(const char **p, const char *end, int64_t *value)
{
    const char *start = *p;
    while (*p < end && is_digit(**p)) {
        if (*value > (INT64_MAX - 9) / 10) {
            return false;
        }
        *value = *value * 10 + (**p - '0');
        (*p)++;
    }
    return *p > start;
}

static int64_t power_of_ten(unsigned n)
{
    int64_t v = 1;
    for (unsigned i = 0; i < n; i++) {
        v *= 10;
    }
    return v;
}

/* What is wrong with a number, or NULL. */
static const char *parse_hex(const char *p, const char *end, int64_t *value)
{
    if (p == end || end - p > 8) {
        return "is not a hexadecimal number of 1 to 8 digits";
    }
    for (; p < end; p++) {
        int64_t digit = 0;
        if (is_digit(*p)) {
            digit = *p - '0';
        } else if (*p >= 'a' && *p <= 'f') {
            digit = *p - 'a' + 10;
        } else if (*p >= 'A' && *p <= 'F') {
            digit = *p - 'A' + 10;
        } else {
            return "is not a hexadecimal number";
        }
        *value = *value * 16 + digit;
    }
    return NULL;
}

static const char *parse_fraction(const char *p, const char *end, unsigned places, int64_t *value)
{
    int64_t scale = power_of_ten(places);
    if (*value > INT64_MAX / scale - 1) {
        return "is too large";
    }
    *value *= scale;
    if (p == end) {
        return NULL;
    }
    if (*p != '.' || places == 0) {
        return places == 0 ? "is not a whole number" : "is not a plain number";
    }
    int64_t fraction = 0;
    const char *start = ++p;
    if (!take_digits(&p, end, &fraction) || p != end) {
        return "is not a plain number";
    }
    size_t digits = (size_t)(p - start);
    if (digits > places) {
        return "has too many decimals";
    }
    *value += fraction * power_of_ten(places - (unsigned)digits);
    return NULL;
}

static const char *parse_number(const struct vg_yaml_field *f, const struct vg_yaml_word *w,
                                int64_t *value)
{
    const char *p = w->text;
    const char *end = p + w->len;
    *value = 0;
    if (!w->plain) {
        return "is quoted, which makes it text and not a number";
    }
    bool minus = p < end && *p == '-';
    p += minus ? 1 : 0;
    if (end - p > 1 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        return f->hex && !minus ? parse_hex(p + 2, end, value) : "is hexadecimal";
    }
    if (end - p > 1 && p[0] == '0' && is_digit(p[1])) {
        return "has a leading zero";
    }
    if (!take_digits(&p, end, value)) {
        return p < end && is_digit(*p) ? "is too large" : "is not a plain number";
    }
    const char *wrong = parse_fraction(p, end, f->type == VG_YAML_DECIMAL ? f->places : 0, value);
    *value = minus ? -*value : *value;
    return wrong;
}

static const char *parse_duration(const struct vg_yaml_word *w, int64_t *value)
{
    static const struct {
        const char *unit;
        int64_t ns;
    } units[] = { { "ms", NS_PER_MS }, { "s", NS_PER_S }, { "min", NS_PER_MIN } };
    const char *p = w->text;
    const char *end = p + w->len;
    *value = 0;
    if (!w->plain) {
        return "is quoted, which makes it text and not a duration";
    }
    if (end - p > 1 && p[0] == '0' && is_digit(p[1])) {
        return "has a leading zero";
    }
    if (p < end && *p == '-') {
        return "is negative";
    }
    if (!take_digits(&p, end, value)) {
        return p < end && is_digit(*p) ? "is too large" : "is not a duration";
    }
    struct vg_yaml_word unit = { p, (size_t)(end - p), true };
    if (unit.len == 0) {
        return "has no unit";
    }
    for (size_t i = 0; i < VG_COUNT(units); i++) {
        if (vg_yaml_word_is(&unit, units[i].unit)) {
            if (*value > INT64_MAX / units[i].ns) {
                return "is too large";
            }
            *value *= units[i].ns;
            return NULL;
        }
    }
    return "is not a whole number followed by ms, s or min";
}

static const char *parse_bool(const struct vg_yaml_word *w, int64_t *value)
{
    *value = vg_yaml_word_is(w, "yes") || vg_yaml_word_is(w, "true");
    if (*value == 1 || vg_yaml_word_is(w, "no") || vg_yaml_word_is(w, "false")) {
        return w->plain ? NULL : "is quoted, which makes it text";
    }
    return "is neither yes nor no";
}

const char *vg_yaml_parse_number(const struct vg_yaml_field *f, const struct vg_yaml_word *w,
                                 int64_t *value)
{
    if (f->type == VG_YAML_BOOL) {
        return parse_bool(w, value);
    }
    return f->type == VG_YAML_DURATION ? parse_duration(w, value) : parse_number(f, w, value);
}

/* ---- numbers for people ---- */

static const char *print_duration(int64_t ns, char *buf, size_t buf_len)
{
    if (ns % NS_PER_MIN == 0 && ns >= 2 * NS_PER_MIN) {
        (void)snprintf(buf, buf_len, "%lldmin", (long long)(ns / NS_PER_MIN));
    } else if (ns % NS_PER_S == 0) {
        (void)snprintf(buf, buf_len, "%llds", (long long)(ns / NS_PER_S));
    } else {
        (void)snprintf(buf, buf_len, "%lldms", (long long)(ns / NS_PER_MS));
    }
    return buf;
}

static const char *print_decimal(int64_t value, unsigned places, char *buf, size_t buf_len)
{
    uint64_t magnitude = value < 0 ? (uint64_t)-value : (uint64_t)value;
    uint64_t scale = (uint64_t)power_of_ten(places);
    uint64_t fraction = magnitude % scale;
    while (places > 0 && fraction % 10 == 0) {
        fraction /= 10;
        places--;
    }
    const char *sign = value < 0 ? "-" : "";
    unsigned long long whole = magnitude / scale;
    if (places == 0) {
        (void)snprintf(buf, buf_len, "%s%llu", sign, whole);
    } else {
        (void)snprintf(buf, buf_len, "%s%llu.%0*llu", sign, whole, (int)places,
                       (unsigned long long)fraction);
    }
    return buf;
}

const char *vg_yaml_number(const struct vg_yaml_field *f, int64_t value, char *buf, size_t buf_len)
{
    if (f->type == VG_YAML_DURATION) {
        return print_duration(value, buf, buf_len);
    }
    if (f->type == VG_YAML_BOOL) {
        (void)snprintf(buf, buf_len, "%s", value != 0 ? "yes" : "no");
        return buf;
    }
    return print_decimal(value, f->type == VG_YAML_DECIMAL ? f->places : 0, buf, buf_len);
}

const char *vg_yaml_range(const struct vg_yaml_field *f, char *buf, size_t buf_len)
{
    char low[32], high[32];
    const char *unit = f->unit != NULL ? f->unit : "";
    vg_yaml_number(f, f->min, low, sizeof low);
    vg_yaml_number(f, f->max, high, sizeof high);
    if (f->min == f->max) {
        (void)snprintf(buf, buf_len, "%s", low);
    } else {
        (void)snprintf(buf, buf_len, "%s to %s%s%s", low, high, unit[0] != '\0' ? " " : "", unit);
    }
    return buf;
}
