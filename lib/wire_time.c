/*
 * wire_time.c -- ISO 8601 text to and from nanoseconds since 1970, by integer arithmetic.
 *
 * The civil-calendar arithmetic is the usual one of days since 0000-03-01 in 400-year eras, so no
 * time-zone table and no wall clock is consulted.
 */
#include <stdio.h>
#include <string.h>

#include "lib/wire.h"

#define DAY_S INT64_C(86400)

static void civil_from_days(int64_t days, int64_t *y, int *m, int *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = yoe + era * 400 + (*m <= 2 ? 1 : 0);
}

static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2 ? 1 : 0;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void vg_wire_utc(int64_t utc_ns, char out[VG_WIRE_UTC_MAX])
{
    int64_t s = utc_ns / VG_NS_PER_S;
    int64_t ns = utc_ns % VG_NS_PER_S;
    int64_t y;
    int m;
    int d;

    if (ns < 0) {
        ns += VG_NS_PER_S;
        s--;
    }
    int64_t days = s / DAY_S;
    int64_t sec = s % DAY_S;
    if (sec < 0) {
        sec += DAY_S;
        days--;
    }
    civil_from_days(days, &y, &m, &d);
    (void)snprintf(out, VG_WIRE_UTC_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)y, m, d,
                   (int)(sec / 3600), (int)(sec / 60 % 60), (int)(sec % 60),
                   (int)(ns / VG_NS_PER_MS));
}

/* Exactly n digits at *p; moves on. */
static bool digits(const char **p, int n, int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        char c = (*p)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        v = v * 10 + (c - '0');
    }
    *p += n;
    *out = v;
    return true;
}

static bool literal(const char **p, char c)
{
    if (**p != c) {
        return false;
    }
    (*p)++;
    return true;
}

static bool fraction(const char **p, int64_t *ns)
{
    int64_t unit = VG_NS_PER_S / 10;
    *ns = 0;
    if (**p != '.') {
        return true;
    }
    (*p)++;
    if (**p < '0' || **p > '9') {
        return false;
    }
    while (**p >= '0' && **p <= '9') {
        *ns += (int64_t)(**p - '0') * unit;
        unit /= 10;
        (*p)++;
    }
    return true;
}

/* "Z" or "+hh:mm": a local time without its offset is ambiguous and refused. */
static bool zone(const char **p, int64_t *offset_s)
{
    int h;
    int m;
    int sign = **p == '-' ? -1 : 1;
    *offset_s = 0;
    if (literal(p, 'Z')) {
        return true;
    }
    if (**p != '+' && **p != '-') {
        return false;
    }
    (*p)++;
    if (!digits(p, 2, &h) || !literal(p, ':') || !digits(p, 2, &m) || h > 14 || m > 59) {
        return false;
    }
    *offset_s = sign * (h * 3600 + m * 60);
    return true;
}

bool vg_wire_parse_utc(const char *text, int64_t *utc_ns)
{
    static const int month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const char *p = text;
    int y;
    int mo;
    int d;
    int h;
    int mi;
    int s;
    int64_t ns;
    int64_t offset_s;

    if (!digits(&p, 4, &y) || !literal(&p, '-') || !digits(&p, 2, &mo) || !literal(&p, '-') ||
        !digits(&p, 2, &d) || !literal(&p, 'T') || !digits(&p, 2, &h) || !literal(&p, ':') ||
        !digits(&p, 2, &mi) || !literal(&p, ':') || !digits(&p, 2, &s) || !fraction(&p, &ns) ||
        !zone(&p, &offset_s) || *p != '\0') {
        return false;
    }
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    if (y < 1970 || y > 2200 || mo < 1 || mo > 12 || d < 1 || d > month_days[mo - 1] ||
        (mo == 2 && d == 29 && !leap) || h > 23 || mi > 59 || s > 59) {
        return false;
    }
    int64_t t = days_from_civil(y, mo, d) * DAY_S + h * 3600 + mi * 60 + s - offset_s;
    *utc_ns = t * VG_NS_PER_S + ns;
    return true;
}
