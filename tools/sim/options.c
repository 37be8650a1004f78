/*
 * The command line. getopt_long is enough here: every option has a value or is a switch.
 *
 * Trap: --script and --fault feed the same list, so a script longer than the list is an error at
 * the start and never a fault that silently does not happen.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 256

enum option_id {
    OPT_PTY = 256,
    OPT_TCP,
    OPT_COUNT,
    OPT_SEED,
    OPT_FAULT,
    OPT_SCRIPT,
    OPT_SPO2,
    OPT_PR,
    OPT_SYS,
    OPT_DIA,
    OPT_COURSE_AT,
    OPT_SECONDS,
    OPT_QUIET,
    OPT_DETERMINATION,
    OPT_MAP,
    OPT_UNIT,
    OPT_DELAY,
    OPT_HOLES,
    OPT_HELP
};

static const struct option long_options[] = {
    { "pty", required_argument, NULL, OPT_PTY },
    { "rtu", required_argument, NULL, OPT_PTY },
    { "tcp", required_argument, NULL, OPT_TCP },
    { "count", required_argument, NULL, OPT_COUNT },
    { "seed", required_argument, NULL, OPT_SEED },
    { "fault", required_argument, NULL, OPT_FAULT },
    { "script", required_argument, NULL, OPT_SCRIPT },
    { "spo2", required_argument, NULL, OPT_SPO2 },
    { "pr", required_argument, NULL, OPT_PR },
    { "sys", required_argument, NULL, OPT_SYS },
    { "dia", required_argument, NULL, OPT_DIA },
    { "course-at", required_argument, NULL, OPT_COURSE_AT },
    { "seconds", required_argument, NULL, OPT_SECONDS },
    { "quiet", no_argument, NULL, OPT_QUIET },
    { "determination-s", required_argument, NULL, OPT_DETERMINATION },
    { "map", required_argument, NULL, OPT_MAP },
    { "unit", required_argument, NULL, OPT_UNIT },
    { "delay-ms", required_argument, NULL, OPT_DELAY },
    { "holes", required_argument, NULL, OPT_HOLES },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static const char help[] =
    "usage: vigil-sim oximeter|cuff|modbus (--pty LINK | --tcp PORT) [options]\n"
    "\n"
    "  --pty LINK, --rtu LINK   pseudo-terminal behind the symbolic link LINK\n"
    "  --tcp PORT               listen on 127.0.0.1 (modbus: Modbus TCP); 0 = any free port\n"
    "  --count N                N devices; %d in LINK is 0..N-1, ports count up\n"
    "  --seed N                 same seed, same patient and same garbage (default 1)\n"
    "  --fault \"SPEC\"           [#DEVICE] AT_S NAME [DURATION_S] [ARG]; repeatable\n"
    "  --script FILE            one SPEC per line; a line starting with '# ' is a comment\n"
    "  --spo2 N --pr N --sys N --dia N   baseline of the patient (97 72 122 78)\n"
    "  --course-at S            a dose S seconds after the start (negative: before it)\n"
    "  --seconds N              exit after N seconds\n"
    "  --quiet                  print only the ready lines\n"
    "  --determination-s N      cuff, modbus: whole length of a determination (about 30)\n"
    "  --map vm2|dfrobot        modbus: register map (vm2)\n"
    "  --unit N                 modbus: unit address, repeatable (vm2 17, dfrobot 32)\n"
    "  --delay-ms N             modbus: reply delay (2)\n"
    "  --holes exception|zero   modbus: what reserved registers answer (exception)\n"
    "\n"
    "Faults: drop garbage freeze sensor_off sensor_unplugged low_perfusion artifact spo2 pr sys\n"
    "slow late exception busy fail no_ack unplug replug bad_checksum clear. The same words, "
    "without\n"
    "AT_S, are read from standard input.\n";

static bool complain(const char *what, const char *value)
{
    (void)fprintf(stderr, "vigil-sim: %s: %s\n", what, value);
    return false;
}

static bool read_number(long long *out, const char *text, long long low, long long high)
{
    char *end = NULL;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *out < low || *out > high) {
        (void)fprintf(stderr, "vigil-sim: number from %lld to %lld expected: %s\n", low, high,
                      text);
        return false;
    }
    return true;
}

static bool read_int(int *out, const char *text, int low, int high)
{
    long long number = 0;

    if (!read_number(&number, text, low, high)) {
        return false;
    }
    *out = (int)number;
    return true;
}

static bool read_span(int64_t *out_ns, const char *text, long long low, long long high,
                      int64_t unit_ns)
{
    long long number = 0;

    if (!read_number(&number, text, low, high)) {
        return false;
    }
    *out_ns = number * unit_ns;
    return true;
}

static bool add_fault(struct vg_sim_options *o, const char *spec)
{
    struct vg_fault fault;

    if (!vg_fault_parse(&fault, spec, true, 0)) {
        return complain("not a fault", spec);
    }
    if (!vg_fault_add(&o->script, &fault)) {
        return complain("too many faults at", spec);
    }
    return true;
}

static bool read_script(struct vg_sim_options *o, const char *path)
{
    char line[LINE_BYTES];
    bool is_good = true;
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return complain(strerror(errno), path);
    }
    while (is_good && fgets(line, (int)sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        is_good = vg_fault_is_comment(line) || add_fault(o, line);
    }
    (void)fclose(file);
    return is_good;
}

static bool choose(bool *is_second, const char *text, const char *first, const char *second)
{
    *is_second = strcmp(text, second) == 0;
    if (!*is_second && strcmp(text, first) != 0) {
        return complain("unknown word", text);
    }
    return true;
}

static bool take_line(struct vg_sim_options *o, int id, const char *value)
{
    int number = 0;

    if (o->has_line) {
        return complain("only one of --pty, --rtu and --tcp", value);
    }
    o->has_line = true;
    if (id == OPT_PTY) {
        o->line = VG_TRANSPORT_PTY;
        o->path = value;
        return true;
    }
    o->line = VG_TRANSPORT_TCP;
    if (!read_int(&number, value, 0, 65535)) {
        return false;
    }
    o->port = (uint16_t)number;
    return true;
}

static bool take_patient(struct vg_sim_options *o, int id, const char *value)
{
    long long number = 0;

    switch (id) {
    case OPT_SEED:
        if (!read_number(&number, value, 0, INT64_MAX)) {
            return false;
        }
        o->patient.seed = (uint64_t)number;
        return true;
    case OPT_SPO2:
        return read_int(&o->patient.spo2_percent, value, 1, 100);
    case OPT_PR:
        return read_int(&o->patient.pulse_rate_bpm, value, 20, 300);
    case OPT_SYS:
        return read_int(&o->patient.nibp_sys_mmhg, value, 40, 260);
    case OPT_DIA:
        return read_int(&o->patient.nibp_dia_mmhg, value, 20, 200);
    case OPT_COURSE_AT:
        o->patient.has_course = true;
        return read_span(&o->patient.dose_ns, value, -86400, 86400, VG_NS_PER_S);
    default:
        return false;
    }
}

static bool take_modbus(struct vg_sim_options *o, int id, const char *value)
{
    bool is_second = false;
    int number = 0;

    switch (id) {
    case OPT_MAP:
        if (!choose(&is_second, value, "vm2", "dfrobot")) {
            return false;
        }
        o->map = is_second ? VG_SIM_MAP_DFROBOT : VG_SIM_MAP_VM2;
        return true;
    case OPT_UNIT:
        if (o->units_len == VG_SIM_UNIT_MAX) {
            return complain("too many units at", value);
        }
        if (!read_int(&number, value, 1, 247)) {
            return false;
        }
        o->units[o->units_len] = (uint8_t)number;
        o->units_len++;
        return true;
    case OPT_DELAY:
        return read_span(&o->reply_delay_ns, value, 0, 60000, VG_NS_PER_MS);
    case OPT_HOLES:
        return choose(&o->has_zero_holes, value, "exception", "zero");
    default:
        return false;
    }
}

static bool take_option(struct vg_sim_options *o, int id, const char *value)
{
    int number = 0;

    switch (id) {
    case OPT_PTY:
    case OPT_TCP:
        return take_line(o, id, value);
    case OPT_COUNT:
        if (!read_int(&number, value, 1, VG_SIM_DEVICE_MAX)) {
            return false;
        }
        o->device_count = (size_t)number;
        return true;
    case OPT_FAULT:
        return add_fault(o, value);
    case OPT_SCRIPT:
        return read_script(o, value);
    case OPT_SECONDS:
        return read_span(&o->run_ns, value, 1, 10000000, VG_NS_PER_S);
    case OPT_QUIET:
        o->is_quiet = true;
        return true;
    case OPT_DETERMINATION:
        return read_span(&o->determination_ns, value, 1, 600, VG_NS_PER_S);
    case OPT_MAP:
    case OPT_UNIT:
    case OPT_DELAY:
    case OPT_HOLES:
        return take_modbus(o, id, value);
    default:
        return take_patient(o, id, value);
    }
}

static bool read_kind(struct vg_sim_options *o, const char *word)
{
    static const char *const words[] = { "oximeter", "cuff", "modbus" };

    for (int i = 0; i < 3; i++) {
        if (strcmp(word, words[i]) == 0) {
            o->kind = (enum vg_sim_kind)i;
            return true;
        }
    }
    return complain("oximeter, cuff or modbus expected", word);
}

static bool check(struct vg_sim_options *o)
{
    if (!o->has_line) {
        return complain("missing", "--pty, --rtu or --tcp");
    }
    if (o->line == VG_TRANSPORT_PTY && o->device_count > 1 && strstr(o->path, "%d") == NULL) {
        return complain("--count needs %d in the path", o->path);
    }
    if (o->line == VG_TRANSPORT_PTY && strlen(o->path) + 8 > VG_TRANSPORT_PATH_BYTES) {
        return complain("path too long", o->path);
    }
    if (o->patient.nibp_dia_mmhg + 8 > o->patient.nibp_sys_mmhg) {
        return complain("--sys must exceed --dia by", "8");
    }
    if (o->units_len == 0) {
        o->units[0] = o->map == VG_SIM_MAP_VM2 ? 17 : 32;
        o->units_len = 1;
    }
    return true;
}

bool vg_sim_options_read(struct vg_sim_options *o, int argc, char *const argv[])
{
    *o = (struct vg_sim_options){
        .device_count = 1,
        .patient = { .seed = 1,
                     .spo2_percent = 97,
                     .pulse_rate_bpm = 72,
                     .nibp_sys_mmhg = 122,
                     .nibp_dia_mmhg = 78 },
        .reply_delay_ns = 2 * VG_NS_PER_MS,
    };
    if (argc < 2) {
        return complain("oximeter, cuff or modbus expected; try", "--help");
    }
    for (;;) {
        int id = getopt_long(argc, argv, "", long_options, NULL);

        if (id < 0) {
            break;
        }
        if (id == OPT_HELP) {
            (void)fputs(help, stdout);
            exit(0);
        }
        if (id == '?' || !take_option(o, id, optarg)) {
            return false;
        }
    }
    if (optind != argc - 1) {
        return complain("expected one device kind and options; try", "--help");
    }
    return read_kind(o, argv[optind]) && check(o);
}
