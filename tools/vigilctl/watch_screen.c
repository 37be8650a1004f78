/*
 * watch_screen.c -- the live view on a terminal: quiet colours for a dim room, redrawn in place.
 *
 * Only an alarm of high priority that nobody acknowledged, and a lost link, have a background. The
 * picture is built in memory and written at once, so it does not flicker. A line is cut at the
 * width of the terminal by counting what is visible; what does not fit below is said, not hidden.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lib/wire.h"
#include "tools/vigilctl/ctl.h"
#include "tools/vigilctl/watch.h"

#define PLAIN "\033[0m"
#define DIM "\033[2m"
#define BOLD "\033[1m"
#define CYAN "\033[36m"
#define YELLOW "\033[33m"
#define ON_RED "\033[1;97;41m"
#define RED "\033[31m"

struct picture {
    size_t len;
    unsigned columns, rows; /* of the terminal */
    unsigned column, row;   /* where we are */
    char text[64 * 1024];
};

/* --- writing -------------------------------------------------------------------------------- */

static void put_bytes(struct picture *p, const char *s, size_t n)
{
    if (n <= sizeof p->text - p->len) {
        memcpy(p->text + p->len, s, n);
        p->len += n;
    }
}

static void style(struct picture *p, const char *code)
{
    put_bytes(p, code, strlen(code));
}

static void text(struct picture *p, const char *fmt, ...) VG_PRINTF(2, 3);

/* Visible text; what lies past the right edge is left out, never half a character. */
static void text(struct picture *p, const char *fmt, ...)
{
    char buf[256];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    for (const char *s = buf; *s != '\0'; s++) {
        bool starts = ((unsigned char)*s & 0xc0) != 0x80;
        if (starts && p->column >= p->columns) {
            return;
        }
        p->column += starts ? 1 : 0;
        put_bytes(p, s, 1);
    }
}

static void end_line(struct picture *p)
{
    style(p, PLAIN "\033[K\r\n");
    p->column = 0;
    p->row++;
}

/* --- parts ---------------------------------------------------------------------------------- */

static void clock_text(int64_t utc_ms, char out[16])
{
    time_t t = (time_t)(utc_ms / 1000);
    struct tm tm;
    out[0] = '\0';
    if (localtime_r(&t, &tm) != NULL) {
        (void)strftime(out, 16, "%H:%M", &tm);
    }
}

/* An own line, and above the values: at the end of theirs a narrow terminal would cut it off. */
static void nibp_failure(struct picture *p, const struct watch_bed *b)
{
    char at[16];

    if (b->nibp_error[0] != '\0') {
        clock_text(b->nibp_error_utc_ms, at);
        style(p, YELLOW);
        text(p, "  NIBP failed at %s: %s", at, b->nibp_error);
        end_line(p);
    }
}

static void value(struct picture *p, const struct watch *w, const struct watch_bed *b,
                  enum vg_vital v, const char *label, const char *unit)
{
    const struct watch_reading *r = &b->vital[v];
    enum watch_look look = watch_look(w, b, v);
    char age[16];

    style(p, PLAIN);
    text(p, "%s ", label);
    if (look == LOOK_NONE) {
        text(p, " -- %s      ", unit);
        return;
    }
    style(p, look == LOOK_OLD ? DIM : BOLD CYAN);
    text(p, "%3d", r->value);
    style(p, look == LOOK_OLD ? DIM : PLAIN);
    text(p, "%s%s ", r->questionable ? "?" : " ", unit);
    style(p, DIM);
    text(p, "%-4s ", watch_age_text(watch_age_ms(w, r), age));
    style(p, PLAIN);
}

static void nibp(struct picture *p, const struct watch *w, const struct watch_bed *b)
{
    const struct watch_reading *sys = &b->vital[VG_VITAL_NIBP_SYS];
    const struct watch_reading *dia = &b->vital[VG_VITAL_NIBP_DIA];
    const struct watch_reading *mean = &b->vital[VG_VITAL_NIBP_MEAN];
    enum watch_look look = watch_look(w, b, VG_VITAL_NIBP_SYS);
    char age[16];
    char at[16];

    text(p, "NIBP ");
    if (look == LOOK_NONE || watch_look(w, b, VG_VITAL_NIBP_DIA) == LOOK_NONE ||
        sys->utc_ms != dia->utc_ms) {
        text(p, "--/-- mmHg");
    } else {
        style(p, look == LOOK_OLD ? DIM : BOLD CYAN);
        text(p, "%d/%d", sys->value, dia->value);
        if (watch_look(w, b, VG_VITAL_NIBP_MEAN) != LOOK_NONE && mean->utc_ms == sys->utc_ms) {
            text(p, " (%d)", mean->value);
        }
        style(p, look == LOOK_OLD ? DIM : PLAIN);
        clock_text(sys->utc_ms, at);
        text(p, " mmHg at %s, ", at);
        text(p, "%s ago", watch_age_text(watch_age_ms(w, sys), age));
    }
    style(p, PLAIN);
}

static void devices(struct picture *p, const struct watch *w, const struct watch_bed *b)
{
    const struct watch_device *cuff = watch_cuff(b);
    text(p, "  ");
    for (size_t i = 0; i < b->device_count; i++) {
        const struct watch_device *d = &b->device[i];
        style(p, d->online && d->signals[0] == '\0' ? DIM : YELLOW);
        text(p, "%s %s", d->id, d->state);
        text(p, "%s%s   ", d->signals[0] != '\0' ? " " : "", d->signals);
        style(p, PLAIN);
    }
    if (cuff != NULL) {
        text(p, "cuff %s", cuff->determination);
        if (watch_look(w, b, VG_VITAL_CUFF_PRESSURE) != LOOK_NONE) {
            text(p, " %d mmHg", b->vital[VG_VITAL_CUFF_PRESSURE].value);
        }
    }
    end_line(p);
}

static void alarms(struct picture *p, const struct watch_bed *b)
{
    static const char *const words[VG_PRIO_COUNT] = { "low", "MEDIUM", "HIGH" };
    static const char *const loud[VG_PRIO_COUNT] = { CYAN, YELLOW, ON_RED };
    static const char *const seen[VG_PRIO_COUNT] = { DIM, YELLOW, RED };
    char limit[40];

    for (size_t i = 0; i < b->listed; i++) {
        const struct watch_alarm *a = &b->alarm[i];
        text(p, "  ");
        style(p, a->ack ? seen[a->priority] : loud[a->priority]);
        text(p, " %-6s %s %s ", words[a->priority], a->condition, a->about);
        text(p, "%s%s", a->over ? "over" : "", a->over && a->has_value ? ", was " : "");
        text(p, "%s%s", watch_limit_text(a, limit), a->held ? " (no value now)" : "");
        text(p, "  #%llu %s", (unsigned long long)a->instance,
             a->ack ? "acknowledged" : "not acknowledged");
        const char *route = ctl_route_text(a->route);
        text(p, "%s%s%s%s ", route[0] != '\0' ? ", " : "", route,
             a->inhibited[0] != '\0' ? ", NOT HEARD: " : "", a->inhibited);
        end_line(p);
    }
    if (b->open > b->listed) {
        style(p, YELLOW);
        text(p, "   and %zu more alarms", b->open - b->listed);
        end_line(p);
    }
}

/* Also when nothing is open: who comes in must see that a room is silent, and why. */
static void signals(struct picture *p, const struct watch *w, const struct watch_bed *b)
{
    char line[WATCH_SIGNAL_LINE_MAX];
    for (size_t i = 0; watch_signal_line(w, b, i, line); i++) {
        style(p, YELLOW);
        text(p, "  %s", line);
        end_line(p);
    }
}

static unsigned signal_lines(const struct watch *w, const struct watch_bed *b)
{
    char line[WATCH_SIGNAL_LINE_MAX];
    unsigned n = 0;
    while (watch_signal_line(w, b, n, line)) {
        n++;
    }
    return n;
}

static void bed(struct picture *p, const struct watch *w, const struct watch_bed *b)
{
    char age[16];

    style(p, BOLD);
    text(p, "%s", b->id);
    /* First what must not be cut off at the right edge. */
    style(p, YELLOW);
    text(p, "%s%s", b->test ? "  TEST, not a patient" : "", b->unsaved ? "  UNSAVED" : "");
    style(p, PLAIN);
    text(p, "  %s  ", b->name);
    text(p, b->session ? "session %s" : "no session%s", b->patient);
    end_line(p);
    if (watch_is_lost(w, b)) {
        style(p, ON_RED);
        text(p, "  MONITOR LINK LOST for %s. Look at the patient and the bedside devices.  ",
             watch_age_text((w->now_ns - b->heartbeat_ns) / VG_NS_PER_MS, age));
        end_line(p);
        end_line(p);
        return;
    }
    signals(p, w, b);
    nibp_failure(p, b);
    text(p, "  ");
    value(p, w, b, VG_VITAL_SPO2, "SpO2", "%");
    value(p, w, b, VG_VITAL_PULSE_RATE, "PR", "/min");
    nibp(p, w, b);
    end_line(p);
    devices(p, w, b);
    alarms(p, b);
    end_line(p);
}

/* Lines a bed will take. */
static unsigned height(const struct watch *w, const struct watch_bed *b)
{
    unsigned lines = 4 + (unsigned)b->listed + (b->open > b->listed ? 1 : 0);
    return watch_is_lost(w, b) ? 3
                               : lines + signal_lines(w, b) + (b->nibp_error[0] != '\0' ? 1 : 0);
}

/* Beds that had no room: their alarms are not visible, so they are at least counted. */
struct hidden {
    size_t beds, open, lost, silenced;
    bool high; /* one of high priority that nobody acknowledged */
};

static void hide(struct hidden *h, const struct watch *w, const struct watch_bed *b)
{
    h->beds++;
    if (watch_is_lost(w, b)) {
        h->lost++;
        return;
    }
    h->open += b->open;
    h->silenced += b->signals.quiet || b->signals.count > 0 || b->signals.sinks_lost > 0 ? 1 : 0;
    for (size_t i = 0; i < b->listed; i++) {
        h->high = h->high || (b->alarm[i].priority == VG_PRIO_HIGH && !b->alarm[i].ack);
    }
}

static void say_hidden(struct picture *p, const struct hidden *h)
{
    style(p, h->high || h->lost > 0 ? ON_RED : YELLOW);
    text(p,
         "NOT SHOWN: %zu bed%s, open alarms %zu%s, links lost %zu, quiet, paused or without a sink "
         "%zu. ",
         h->beds, h->beds == 1 ? "" : "s", h->open, h->high ? " (HIGH)" : "", h->lost, h->silenced);
    style(p, PLAIN);
    text(p, "Taller window, or --bed ID");
    style(p, PLAIN "\033[K");
}

static void head(struct picture *p, const struct watch *w)
{
    char now[40] = "";
    time_t t = (time_t)(w->utc_ns / VG_NS_PER_S);
    struct tm tm;
    size_t open = 0;
    size_t lost = 0;

    for (size_t i = 0; i < w->bed_count; i++) {
        bool is_lost = watch_is_lost(w, &w->bed[i]);
        open += w->bed[i].gone || is_lost ? 0 : w->bed[i].open;
        lost += !w->bed[i].gone && is_lost ? 1 : 0;
    }
    if (localtime_r(&t, &tm) != NULL) {
        (void)strftime(now, sizeof now, "%Y-%m-%d %H:%M:%S", &tm);
    }
    style(p, DIM);
    text(p, "vigil  %s  beds %zu  open alarms %zu%s", now, w->bed_count, open,
         lost > 0 ? " or more" : "");
    style(p, YELLOW);
    if (lost > 0) {
        text(p, "  links lost %zu", lost);
    }
    if (w->storage_bad) {
        text(p, "  THE RECORD CANNOT BE WRITTEN");
    }
    end_line(p);
    end_line(p);
}

void watch_screen(const struct watch *w, bool first)
{
    /* One picture; too large for a stack. */
    static struct picture p;
    struct winsize size = { .ws_row = 0 };
    struct hidden hidden = { .beds = 0 };

    p.len = 0;
    p.row = 0;
    p.column = 0;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    p.columns = known ? size.ws_col : 80;
    p.rows = known && size.ws_row > 4 ? size.ws_row : 24;
    style(&p, first ? "\033[?25l\033[2J\033[H" : "\033[H");
    head(&p, w);
    for (size_t i = 0; i < w->bed_count; i++) {
        const struct watch_bed *b = &w->bed[i];
        if (!b->gone && p.row + height(w, b) < p.rows && hidden.beds == 0) {
            bed(&p, w, b);
        } else if (!b->gone) {
            hide(&hidden, w, b);
        }
    }
    if (hidden.beds > 0) {
        say_hidden(&p, &hidden);
    }
    style(&p, PLAIN "\033[J");
    (void)fwrite(p.text, 1, p.len, stdout);
}

void watch_screen_end(void)
{
    (void)fputs(PLAIN "\033[?25h\r\n", stdout);
}
