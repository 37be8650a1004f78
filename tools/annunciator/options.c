/*
 * options.c -- the command line of vigil-annunciator.
 *
 * Trap: a volume of nothing is refused. A room sounder that cannot be heard is a fault that looks
 * like calm.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/annunciator/annunciator.h"
#include "vigil_version.h"

static const char usage_text[] =
    "usage: vigil-annunciator [OPTIONS]                      sound the alarms of vigild\n"
    "       vigil-annunciator --self-test [--device NAME]    one burst of each priority\n"
    "       vigil-annunciator --wav FILE --priority P --category C [--seconds N]\n"
    "\n"
    "  --device NAME        ALSA device (default 'default')\n"
    "  --volume N           1 to 100, of the first burst of an alarm (default 60)\n"
    "  --volume-max N       of the third and all later ones (default 100)\n"
    "  --tones NAME         tone set: iec-60601-1-8, soft, or a path with a slash\n"
    "  --sink ID            who this sounder is to the daemon (default room-1)\n"
    "  --role ROLE          room, second or remote: whose alarms (default room)\n"
    "  --bed ID             follow this bed; may be repeated (default all)\n"
    "  --stream ENDPOINT    (default " VG_ASINK_STREAM ")\n"
    "  --operate ENDPOINT   (default " VG_ASINK_OPERATE ")\n"
    "  --priority P         low, medium, high\n"
    "  --category C         general, oxygen, cardiovascular, drug, equipment\n"
    "  --help, --version\n"
    "\n"
    "exit: 0 done, 1 a fault that was named, 2 usage\n";

static const char version_text[] =
    "vigil-annunciator " VIGIL_VERSION "\n"
    "It makes alarms heard. It is not a certified medical device and must not be the only alarm\n"
    "path: the bedside devices keep their own alarms on.\n";

/* clang-format off */
static const struct option long_options[] = {
    { "device", required_argument, NULL, 'd' },
    { "volume", required_argument, NULL, 'v' },
    { "volume-max", required_argument, NULL, 'm' },
    { "tones", required_argument, NULL, 't' },
    { "sink", required_argument, NULL, 'i' },
    { "role", required_argument, NULL, 'r' },
    { "bed", required_argument, NULL, 'b' },
    { "stream", required_argument, NULL, 's' },
    { "operate", required_argument, NULL, 'o' },
    { "wav", required_argument, NULL, 'w' },
    { "priority", required_argument, NULL, 'p' },
    { "category", required_argument, NULL, 'c' },
    { "seconds", required_argument, NULL, 'n' },
    { "self-test", no_argument, NULL, 'T' },
    { "version", no_argument, NULL, 'V' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};
/* clang-format on */

static int number(const char *name, const char *text, unsigned min, unsigned max, unsigned *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || n < min || n > max) {
        (void)fprintf(stderr,
                      "vigil-annunciator: --%s '%.40s': must be a whole number from %u to %u\n",
                      name, text, min, max);
        return ANN_USAGE;
    }
    *out = (unsigned)n;
    return ANN_GO_ON;
}

static int volume(struct ann_options *o, const char *value)
{
    if (strcmp(value, "0") == 0) {
        (void)fputs("vigil-annunciator: --volume 0: a sounder that cannot be heard is a fault; to "
                    "be quiet, stop the program\n",
                    stderr);
        return ANN_USAGE;
    }
    return number("volume", value, 1, 100, &o->volume);
}

static int word(bool known, const char *name, const char *text, const char *words)
{
    if (!known) {
        (void)fprintf(stderr, "vigil-annunciator: --%s '%.40s': must be %s\n", name, text, words);
    }
    return known ? ANN_GO_ON : ANN_USAGE;
}

static int add_bed(struct ann_options *o, const char *bed)
{
    if (o->sink.bed_count == VG_BEDS_MAX || strlen(bed) >= VG_ID_MAX || *bed == '\0') {
        (void)fprintf(stderr,
                      "vigil-annunciator: --bed '%.40s': at most %d beds, each of 1 to %d "
                      "characters\n",
                      bed, VG_BEDS_MAX, VG_ID_MAX - 1);
        return ANN_USAGE;
    }
    o->beds[o->sink.bed_count++] = bed;
    return ANN_GO_ON;
}

/* What only sets a text. */
static const char **text_of(struct ann_options *o, int id)
{
    switch (id) {
    case 'd':
        return &o->device;
    case 't':
        return &o->tones;
    case 'i':
        return &o->sink.id;
    case 's':
        return &o->sink.stream;
    case 'o':
        return &o->sink.operate;
    case 'w':
        return &o->wav;
    default:
        return NULL;
    }
}

static int take(struct ann_options *o, int id, const char *value)
{
    const char **text = text_of(o, id);
    if (text != NULL) {
        *text = value;
        return ANN_GO_ON;
    }
    switch (id) {
    case 'v':
        return volume(o, value);
    case 'm':
        return number("volume-max", value, 1, 100, &o->volume_max);
    case 'n':
        return number("seconds", value, 1, 600, &o->seconds);
    case 'b':
        return add_bed(o, value);
    case 'r':
        return word(vg_sink_role_find(value, &o->sink.role), "role", value,
                    "room, second or remote");
    case 'p':
        return word(vg_priority_find(value, &o->priority), "priority", value,
                    "low, medium or high");
    case 'c':
        return word(vg_category_find(value, &o->category), "category", value,
                    "general, oxygen, cardiovascular, drug or equipment");
    case 'T':
        o->mode = ANN_SELF_TEST;
        return ANN_GO_ON;
    case 'V':
        (void)fputs(version_text, stdout);
        return ANN_DONE;
    case 'h':
        (void)fputs(usage_text, stdout);
        return ANN_DONE;
    default:
        (void)fputs(usage_text, stderr);
        return ANN_USAGE;
    }
}

static int check(struct ann_options *o)
{
    if (o->volume > o->volume_max) {
        (void)fprintf(stderr,
                      "vigil-annunciator: --volume %u is above --volume-max %u; an alarm "
                      "gets louder, never softer\n",
                      o->volume, o->volume_max);
        return ANN_USAGE;
    }
    if (strlen(o->sink.id) >= VG_ID_MAX || *o->sink.id == '\0') {
        (void)fprintf(stderr, "vigil-annunciator: --sink '%.40s': must have 1 to %d characters\n",
                      o->sink.id, VG_ID_MAX - 1);
        return ANN_USAGE;
    }
    o->mode = o->wav != NULL ? ANN_WAV : o->mode;
    o->sink.beds = o->beds;
    return ANN_GO_ON;
}

int ann_options_read(struct ann_options *o, int argc, char **argv)
{
    int id;
    *o = (struct ann_options){
        .sink = { .id = "room-1",
                  .stream = VG_ASINK_STREAM,
                  .operate = VG_ASINK_OPERATE,
                  .role = VG_SINK_ROOM },
        .device = "default",
        .tones = "iec-60601-1-8",
        .priority = VG_PRIO_HIGH,
        .category = VG_CAT_GENERAL,
        .seconds = 20,
        .volume = 60,
        .volume_max = 100,
    };
    while ((id = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        int rc = take(o, id, optarg);
        if (rc != ANN_GO_ON) {
            return rc;
        }
    }
    if (optind != argc) {
        (void)fprintf(stderr, "vigil-annunciator: unexpected argument '%.60s'\n%s", argv[optind],
                      usage_text);
        return ANN_USAGE;
    }
    return check(o);
}
