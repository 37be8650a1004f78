/*
 * The fault script: parsing, and the question "does this fault hold now?". What a fault does is
 * each device's own affair.
 *
 * Trap: a fault is a span of time, not an event; devices ask at the time of the frame they build,
 * so that a late wake-up cannot shift the script.
 */
#include "fault.h"

#include <string.h>

#define NS_PER_S 1000000000LL
#define NUMBER_MAX 1000000000LL

struct fault_form {
    const char *word;
    bool needs_arg;
    bool has_default; /* ARG may be left out */
    int64_t default_arg;
};

static const struct fault_form forms[] = {
    [VG_FAULT_DROP] = { "drop", false, true, 0 },
    [VG_FAULT_GARBAGE] = { "garbage", false, true, 0 },
    [VG_FAULT_FREEZE] = { "freeze", false, true, 0 },
    [VG_FAULT_SENSOR_OFF] = { "sensor_off", false, true, 0 },
    [VG_FAULT_SENSOR_UNPLUGGED] = { "sensor_unplugged", false, true, 0 },
    [VG_FAULT_LOW_PERFUSION] = { "low_perfusion", false, true, 0 },
    [VG_FAULT_ARTIFACT] = { "artifact", false, true, 0 },
    [VG_FAULT_SPO2] = { "spo2", true, false, 0 },
    [VG_FAULT_PR] = { "pr", true, false, 0 },
    [VG_FAULT_SYS] = { "sys", true, false, 0 },
    [VG_FAULT_SLOW] = { "slow", true, true, 1000 },
    [VG_FAULT_LATE] = { "late", true, true, 1000 },
    [VG_FAULT_EXCEPTION] = { "exception", true, true, 4 },
    [VG_FAULT_BUSY] = { "busy", false, true, 0 },
    [VG_FAULT_FAIL] = { "fail", true, true, 1 },
    [VG_FAULT_NO_ACK] = { "no_ack", false, true, 0 },
    [VG_FAULT_UNPLUG] = { "unplug", false, true, 0 },
    [VG_FAULT_REPLUG] = { "replug", false, true, 0 },
    [VG_FAULT_BAD_CHECKSUM] = { "bad_checksum", false, true, 0 },
    [VG_FAULT_CLEAR] = { "clear", false, true, 0 },
};
_Static_assert(sizeof forms / sizeof forms[0] == VG_FAULT_NAME_COUNT, "one form per fault");

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r') {
        at++;
    }
    return at;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_end(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\r';
}

/* A decimal number in thousandths of a millionth: 12.5 -> 12500000000. Moves *at behind it. */
static bool read_nano(int64_t *out, const char **at)
{
    const char *c = *at;
    int64_t whole = 0;
    int64_t nano = 0;
    int64_t place = NS_PER_S / 10;

    if (!is_digit(*c)) {
        return false;
    }
    while (is_digit(*c)) {
        whole = whole * 10 + (*c - '0');
        if (whole > NUMBER_MAX) {
            return false;
        }
        c++;
    }
    if (*c == '.') {
        c++;
        while (is_digit(*c)) {
            nano += (*c - '0') * place;
            place /= 10;
            c++;
        }
    }
    if (!is_word_end(*c)) {
        return false;
    }
    *out = whole * NS_PER_S + nano;
    *at = skip_blanks(c);
    return true;
}

static bool read_name(enum vg_fault_name *out, const char **at)
{
    size_t len = 0;

    while (!is_word_end((*at)[len])) {
        len++;
    }
    for (int i = 0; i < VG_FAULT_NAME_COUNT; i++) {
        if (strlen(forms[i].word) == len && strncmp(forms[i].word, *at, len) == 0) {
            *out = (enum vg_fault_name)i;
            *at = skip_blanks(*at + len);
            return true;
        }
    }
    return false;
}

/* [DURATION_S] [ARG] */
static bool read_span(struct vg_fault *out, const char **at)
{
    const struct fault_form *form = &forms[out->name];
    int64_t number[2] = { 0, 0 };
    int count = 0;

    while (count < 2 && **at != '\0') {
        if (!read_nano(&number[count], at)) {
            return false;
        }
        count++;
    }
    out->until_ns = VG_FAULT_FOREVER;
    out->arg = form->default_arg;
    if (count == 2) {
        out->until_ns = out->from_ns + number[0];
        out->arg = number[1] / NS_PER_S;
    } else if (count == 1 && form->needs_arg) {
        out->arg = number[0] / NS_PER_S;
    } else if (count == 1) {
        out->until_ns = out->from_ns + number[0];
    }
    return **at == '\0' && (count > 0 || form->has_default);
}

bool vg_fault_is_comment(const char *line)
{
    const char *at = skip_blanks(line);

    return *at == '\0' || *at == '\n' || (*at == '#' && !is_digit(at[1]));
}

bool vg_fault_parse(struct vg_fault *out, const char *line, bool has_at, int64_t now_ns)
{
    const char *at = skip_blanks(line);
    int64_t number = 0;

    out->device = VG_FAULT_ALL_DEVICES;
    out->from_ns = now_ns;
    if (*at == '#') {
        at++;
        if (!read_nano(&number, &at)) {
            return false;
        }
        out->device = (int)(number / NS_PER_S);
    }
    if (has_at && !read_nano(&out->from_ns, &at)) {
        return false;
    }
    return read_name(&out->name, &at) && read_span(out, &at);
}

bool vg_fault_add(struct vg_fault_list *list, const struct vg_fault *fault)
{
    if (list->items_len == VG_FAULT_LIST_MAX) {
        return false;
    }
    list->items[list->items_len] = *fault;
    list->items_len++;
    return true;
}

static bool holds(const struct vg_fault *fault, int64_t now_ns)
{
    return fault->from_ns <= now_ns && now_ns < fault->until_ns;
}

bool vg_fault_is_active(const struct vg_fault_list *list, int64_t *arg, enum vg_fault_name name,
                        int64_t now_ns)
{
    for (size_t i = list->items_len; i > 0; i--) {
        const struct vg_fault *fault = &list->items[i - 1];

        if (fault->name == name && holds(fault, now_ns)) {
            if (arg != NULL) {
                *arg = fault->arg;
            }
            return true;
        }
    }
    return false;
}

static void end_fault(struct vg_fault_list *list, enum vg_fault_name name, int64_t now_ns,
                      bool only_open)
{
    for (size_t i = list->items_len; i > 0; i--) {
        struct vg_fault *fault = &list->items[i - 1];

        if (fault->name == name && holds(fault, now_ns)) {
            if (!only_open || fault->until_ns == VG_FAULT_FOREVER) {
                fault->until_ns = now_ns;
            }
            return;
        }
    }
}

bool vg_fault_consume(struct vg_fault_list *list, int64_t *arg, enum vg_fault_name name,
                      int64_t now_ns)
{
    if (!vg_fault_is_active(list, arg, name, now_ns)) {
        return false;
    }
    end_fault(list, name, now_ns, false);
    return true;
}

void vg_fault_consume_open(struct vg_fault_list *list, enum vg_fault_name name, int64_t now_ns)
{
    end_fault(list, name, now_ns, true);
}

/* A due replug ends unplugs begun before it, a due clear ends everything begun before it. */
static void carry_out(struct vg_fault_list *list, struct vg_fault *order)
{
    for (size_t i = 0; i < list->items_len; i++) {
        struct vg_fault *fault = &list->items[i];
        bool is_meant = order->name == VG_FAULT_CLEAR || fault->name == VG_FAULT_UNPLUG;

        if (fault != order && is_meant && holds(fault, order->from_ns)) {
            fault->until_ns = order->from_ns;
        }
    }
    order->until_ns = order->from_ns;
}

void vg_fault_settle(struct vg_fault_list *list, int64_t now_ns)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->items_len; i++) {
        struct vg_fault *fault = &list->items[i];
        bool is_order = fault->name == VG_FAULT_REPLUG || fault->name == VG_FAULT_CLEAR;

        if (is_order && holds(fault, now_ns)) {
            carry_out(list, fault);
        }
    }
    for (size_t i = 0; i < list->items_len; i++) {
        if (list->items[i].until_ns > now_ns) {
            list->items[kept] = list->items[i];
            kept++;
        }
    }
    list->items_len = kept;
}

int64_t vg_fault_next_edge_ns(const struct vg_fault_list *list, int64_t now_ns)
{
    int64_t next_ns = VG_FAULT_FOREVER;

    for (size_t i = 0; i < list->items_len; i++) {
        const struct vg_fault *fault = &list->items[i];
        int64_t edge_ns = fault->from_ns > now_ns ? fault->from_ns : fault->until_ns;

        if (edge_ns > now_ns && edge_ns < next_ns) {
            next_ns = edge_ns;
        }
    }
    return next_ns;
}
