/*
 * replay.c -- vigil-replay: what a driver makes of a recorded conversation.
 *
 * Reads a capture (docs/testing.md), feeds its bytes to the driver its header names, and prints one
 * line for each thing the driver says. Beside x.cap stands x.expected: --check compares, --accept
 * writes it anew. What was sent to the device is asked of the driver as well, so that it remembers
 * what is outstanding; a command that the driver would not have written shows as "unknown". The
 * trap is to add anything of this program's own to the text: it must be the same on every machine.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/pump.h"
#include "vigil/compiler.h"

#define LINE_MAX_BYTES 2048
#define CHUNK_MAX_BYTES 512
#define PATH_MAX_BYTES 1024

enum outcome { SAME = 0, DIFFERENT = 1, BROKEN = 2 };
enum mode { MODE_PRINT, MODE_CHECK, MODE_ACCEPT };

struct replay {
    const char *path;
    FILE *out;
    const struct vg_driver *drv;
    struct vg_driver_options options;
    struct vg_pump pump;
    uint64_t now_us;
    unsigned line;
    bool is_open; /* the header is over */
    _Alignas(max_align_t) uint8_t state[VG_DRIVER_STATE_MAX];
};

/* ---- what the driver says ---- */

static FILE *begin_line(void *state, const char *word)
{
    const struct replay *r = state;

    fprintf(r->out, "%llu.%03llu %s", (unsigned long long)(r->now_us / 1000000u),
            (unsigned long long)(r->now_us / 1000u % 1000u), word);
    return r->out;
}

static void on_reading(void *state, enum vg_vital vital, int32_t value_milli, enum vg_quality q)
{
    fprintf(begin_line(state, "reading"), " %s %d %s\n", vg_vital_get(vital)->name, value_milli,
            vg_quality_name(q));
}

static void on_wave(void *state, enum vg_vital vital, uint32_t rate_millihz, uint16_t sample)
{
    fprintf(begin_line(state, "wave"), " %s %u %u\n", vg_vital_get(vital)->name, rate_millihz,
            (unsigned)sample);
}

static void on_gap(void *state, enum vg_vital vital)
{
    fprintf(begin_line(state, "gap"), " %s\n", vg_vital_get(vital)->name);
}

static void on_nibp(void *state, const struct vg_nibp *n)
{
    fprintf(begin_line(state, "nibp"), " %s sys=%d dia=%d mean=%d%s pulse_rate=%d native=%u\n",
            vg_nibp_error_name(n->error), n->sys_milli, n->dia_milli, n->mean_milli,
            n->mean_computed ? " computed" : "", n->pulse_rate_milli, (unsigned)n->native_code);
}

static void on_cuff(void *state, enum vg_cuff_word word)
{
    fprintf(begin_line(state, "cuff"), " %s\n", vg_cuff_word_name(word));
}

static void on_signal(void *state, uint32_t bits)
{
    static const char *const names[] = {
        "sensor_unplugged", "sensor_off", "artifact",    "out_of_track",
        "low_perfusion",    "searching",  "low_battery", "hw_fault",
    };
    FILE *out = begin_line(state, "signal");

    if (bits == 0) {
        fprintf(out, " none");
    }
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        if ((bits & (1u << i)) != 0) {
            fprintf(out, " %s", names[i]);
        }
    }
    fprintf(out, "\n");
}

/* ---- reading a capture ---- */

static bool complain(const struct replay *r, const char *what)
{
    fprintf(stderr, "%s:%u: %s\n", r->path, r->line, what);
    return false;
}

/* "# key: value" -> value, or NULL when the line has another key. */
static const char *header_value(const char *text, const char *key)
{
    size_t len = strlen(key);

    if (strncmp(text, "# ", 2) != 0 || strncmp(text + 2, key, len) != 0 ||
        strncmp(text + 2 + len, ": ", 2) != 0) {
        return NULL;
    }
    return text + 2 + len + 2;
}

/* Index of a name, or count when there is none. */
static uint8_t find_name(const char *const *names, uint8_t count, const char *name)
{
    uint8_t i = 0;

    while (i < count && strcmp(names[i], name) != 0) {
        i++;
    }
    return i;
}

static bool take_header(struct replay *r, const char *text)
{
    static const char *const variants[VG_VARIANT_COUNT] = { "standard", "extended", "fast" };
    static const char *const patients[VG_PATIENT_COUNT] = { "adult", "paediatric", "neonate" };
    const char *driver = header_value(text, "driver");
    const char *variant = header_value(text, "variant");
    const char *patient = header_value(text, "patient");

    if (driver != NULL) {
        r->drv = vg_driver_find(driver);
        if (r->drv == NULL || r->drv->link != VG_LINK_BYTES) {
            return complain(r, "no driver of that name takes bytes");
        }
    }
    if (variant != NULL) {
        r->options.variant = find_name(variants, VG_VARIANT_COUNT, variant);
        if (r->options.variant == VG_VARIANT_COUNT) {
            return complain(r, "variant is standard, extended or fast");
        }
    }
    if (patient != NULL) {
        r->options.patient = find_name(patients, VG_PATIENT_COUNT, patient);
        if (r->options.patient == VG_PATIENT_COUNT) {
            return complain(r, "patient is adult, paediatric or neonate");
        }
    }
    return true;
}

static bool take_time(struct replay *r, char **text)
{
    char *end = NULL;
    unsigned long long seconds = 0;
    unsigned long long micros = 0;
    char *point = NULL;

    if (**text != '+' || (*text)[1] < '0' || (*text)[1] > '9') {
        return complain(r, "a line is '# text' or '+seconds.micros < bytes'");
    }
    seconds = strtoull(*text + 1, &point, 10);
    if (*point != '.') {
        return complain(r, "the time is seconds.micros, with six digits of micros");
    }
    micros = strtoull(point + 1, &end, 10);
    if (end - point != 7 || seconds > 1000000000u) {
        return complain(r, "the time is seconds.micros, with six digits of micros");
    }
    if (seconds * 1000000u + micros < r->now_us) {
        return complain(r, "time runs backwards");
    }
    r->now_us = seconds * 1000000u + micros;
    *text = end;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes as pairs of hex digits with blanks between. Sets *n; false when something else stands
 * there or the chunk is too long. */
static bool take_bytes(const char *text, uint8_t *bytes, size_t *n)
{
    *n = 0;
    while (*text != '\0') {
        int high = 0;
        int low = 0;

        if (*text == ' ') {
            text++;
            continue;
        }
        high = hex_digit(text[0]);
        low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0 || *n == CHUNK_MAX_BYTES) {
            return false;
        }
        bytes[*n] = (uint8_t)(high * 16 + low);
        (*n)++;
        text += 2;
    }
    return *n > 0;
}

/* The request that gives these bytes is the one that was made: let the driver remember it. */
static void take_sent(struct replay *r, const uint8_t *bytes, size_t n)
{
    static const struct {
        enum vg_request_what what;
        const char *name;
    } requests[] = {
        { VG_REQ_KEEPALIVE, "keepalive" },
        { VG_REQ_NIBP_START, "nibp_start" },
        { VG_REQ_NIBP_ABORT, "nibp_abort" },
        { VG_REQ_NIBP_RESULT, "nibp_result" },
    };

    for (size_t i = 0; i < VG_COUNT(requests); i++) {
        _Alignas(max_align_t) uint8_t trial[VG_DRIVER_STATE_MAX];
        uint8_t buf[VG_REQUEST_BYTES_MAX];
        size_t len = 0;

        memcpy(trial, r->state, sizeof(trial));
        len = r->drv->request(trial, requests[i].what, buf, sizeof(buf));
        if (len == n && memcmp(buf, bytes, n) == 0) {
            memcpy(r->state, trial, sizeof(trial));
            fprintf(begin_line(r, "request"), " %s\n", requests[i].name);
            return;
        }
    }
    fprintf(begin_line(r, "request"), " unknown\n");
}

static bool take_chunk(struct replay *r, char *text)
{
    const struct vg_sink sink = {
        .reading = on_reading,
        .wave = on_wave,
        .wave_gap = on_gap,
        .nibp = on_nibp,
        .cuff = on_cuff,
        .signal = on_signal,
        .state = r,
    };
    uint8_t bytes[CHUNK_MAX_BYTES];
    size_t n = 0;

    if (r->drv == NULL) {
        return complain(r, "the header has no '# driver: name'");
    }
    if (!take_time(r, &text)) {
        return false;
    }
    if (strncmp(text, " < ", 3) != 0 && strncmp(text, " > ", 3) != 0) {
        return complain(r, "after the time comes < (from the device) or > (to it)");
    }
    if (!take_bytes(text + 3, bytes, &n)) {
        return complain(r, "bytes are pairs of hex digits, at most 512 in a chunk");
    }
    if (!r->is_open && r->drv->init != NULL) {
        r->drv->init(r->state, &r->options);
    }
    r->is_open = true;
    if (text[1] == '<') {
        vg_pump_feed(&r->pump, r->drv, r->state, bytes, n, &sink);
    } else {
        take_sent(r, bytes, n);
    }
    return true;
}

static bool run(struct replay *r, FILE *in)
{
    char text[LINE_MAX_BYTES];

    vg_pump_init(&r->pump);
    while (fgets(text, sizeof(text), in) != NULL) {
        size_t len = strcspn(text, "\r\n");
        bool ok = true;

        r->line++;
        if (text[len] == '\0' && len == sizeof(text) - 1) {
            return complain(r, "the line is too long");
        }
        text[len] = '\0';
        if (text[0] == '#') {
            ok = r->is_open || take_header(r, text);
        } else if (text[0] != '\0') {
            ok = take_chunk(r, text);
        } else {
            continue;
        }
        if (!ok) {
            return false;
        }
    }
    fprintf(r->out, "end frames=%llu dropped=%llu waiting=%zu\n",
            (unsigned long long)r->pump.frames, (unsigned long long)r->pump.dropped, r->pump.len);
    return ferror(in) == 0 || complain(r, "cannot be read");
}

/* ---- comparing ---- */

/* The whole file in memory the caller frees, or NULL. */
static char *read_whole(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t len = 0;
    FILE *mem = f == NULL ? NULL : open_memstream(&text, &len);
    int c = 0;

    if (mem != NULL) {
        for (c = getc(f); c != EOF; c = getc(f)) {
            putc(c, mem);
        }
        fclose(mem);
    }
    if (f != NULL) {
        fclose(f);
    }
    return text;
}

static size_t line_len(const char *text)
{
    size_t len = strcspn(text, "\n");

    return text[len] == '\n' ? len + 1 : len;
}

/* Every line where the two part, with its number; enough to see what moved. */
static void print_difference(const char *expected, const char *actual)
{
    unsigned line = 1;

    while (*expected != '\0' || *actual != '\0') {
        size_t e = line_len(expected);
        size_t a = line_len(actual);

        if (e != a || memcmp(expected, actual, e) != 0) {
            if (e > 0) {
                printf("%u - %.*s\n", line, (int)strcspn(expected, "\n"), expected);
            }
            if (a > 0) {
                printf("%u + %.*s\n", line, (int)strcspn(actual, "\n"), actual);
            }
        }
        expected += e;
        actual += a;
        line++;
    }
}

/* x.cap -> x.expected */
static bool expected_path(const char *path, char *out, size_t out_len)
{
    size_t len = strlen(path);
    int n = 0;

    if (len < 5 || strcmp(path + len - 4, ".cap") != 0) {
        fprintf(stderr, "%s: the name of a capture ends in .cap\n", path);
        return false;
    }
    n = snprintf(out, out_len, "%.*s.expected", (int)(len - 4), path);
    return n > 0 && (size_t)n < out_len;
}

static enum outcome check(const char *path, const char *actual)
{
    char beside[PATH_MAX_BYTES];
    char *expected = NULL;
    enum outcome result = SAME;

    if (!expected_path(path, beside, sizeof(beside))) {
        return BROKEN;
    }
    expected = read_whole(beside);
    if (expected == NULL) {
        fprintf(stderr, "%s: cannot be read; write it with --accept\n", beside);
        return BROKEN;
    }
    if (strcmp(expected, actual) != 0) {
        printf("%s differs from %s:\n", path, beside);
        print_difference(expected, actual);
        result = DIFFERENT;
    }
    free(expected);
    return result;
}

static enum outcome accept(const char *path, const char *actual)
{
    char beside[PATH_MAX_BYTES];
    FILE *f = NULL;
    bool ok = false;

    if (!expected_path(path, beside, sizeof(beside))) {
        return BROKEN;
    }
    f = fopen(beside, "w");
    if (f == NULL) {
        perror(beside);
        return BROKEN;
    }
    ok = fputs(actual, f) >= 0;
    if (fclose(f) != 0 || !ok) {
        perror(beside);
        return BROKEN;
    }
    return SAME;
}

static enum outcome replay_file(const char *path, enum mode mode)
{
    struct replay r;
    char *text = NULL;
    size_t len = 0;
    enum outcome result = BROKEN;
    FILE *in = fopen(path, "r");

    if (in == NULL) {
        perror(path);
        return BROKEN;
    }
    memset(&r, 0, sizeof(r));
    r.path = path;
    r.out = open_memstream(&text, &len);
    if (r.out != NULL) {
        bool ok = run(&r, in);

        ok = fclose(r.out) == 0 && ok;
        if (mode == MODE_PRINT) {
            fputs(text, stdout);
            result = ok ? SAME : BROKEN;
        } else if (ok) {
            result = mode == MODE_CHECK ? check(path, text) : accept(path, text);
        } else {
            result = BROKEN;
        }
    }
    free(text);
    fclose(in);
    return result;
}

static int usage(FILE *out, int code)
{
    fputs("usage: vigil-replay [--check | --accept] FILE.cap...\n"
          "  feeds recorded bytes to their driver and prints what it says\n"
          "  --check   compare with FILE.expected; exit 1 when it differs\n"
          "  --accept  write FILE.expected anew\n",
          out);
    return code;
}

int main(int argc, char **argv)
{
    enum mode mode = MODE_PRINT;
    enum outcome worst = SAME;
    int first = 1;

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        return usage(stdout, 0);
    }
    if (argc > 1 && strcmp(argv[1], "--check") == 0) {
        mode = MODE_CHECK;
        first++;
    } else if (argc > 1 && strcmp(argv[1], "--accept") == 0) {
        mode = MODE_ACCEPT;
        first++;
    }
    if (first >= argc || argv[first][0] == '-') {
        return usage(stderr, BROKEN);
    }
    for (int i = first; i < argc; i++) {
        enum outcome one = replay_file(argv[i], mode);

        worst = one > worst ? one : worst;
    }
    return (int)worst;
}
