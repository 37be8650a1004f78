/*
 * verb_verify.c -- is a record what the node wrote, all of it and nothing else? Offline, read-only.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/wire.h"
#include "tools/vigilctl/ctl.h"
#include "tools/vigilctl/verify.h"

/* --- what was given --------------------------------------------------------------------------- */

/* A key from a file of one line. */
static bool key_from(const char *path, uint8_t key[VG_PUBLIC_KEY_BYTES])
{
    char text[VG_HEX_MAX(VG_PUBLIC_KEY_BYTES) + 4] = "";
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return false;
    }
    size_t n = fread(text, 1, sizeof text - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    return vg_unhex(text, key, VG_PUBLIC_KEY_BYTES);
}

/* vigil.pub in the folder of the record. */
static bool key_beside(const char *path, uint8_t key[VG_PUBLIC_KEY_BYTES])
{
    char beside[1024];
    const char *slash = strrchr(path, '/');
    int folder = slash != NULL ? (int)(slash - path) + 1 : 0;
    (void)snprintf(beside, sizeof beside, "%.*svigil.pub", folder, path);
    return key_from(beside, key);
}

/* How the key was found, for the summary; NULL after a message. */
static const char *choose_key(struct ctl *c, struct verify *v)
{
    const char *given = c->option[OPT_KEY];
    if (given != NULL) {
        v->have_key = vg_unhex(given, v->key, sizeof v->key) || key_from(given, v->key);
        if (!v->have_key) {
            (void)fprintf(stderr,
                          "vigilctl: --key '%.80s': neither a key of %d hexadecimal digits nor a "
                          "file with one\n",
                          given, 2 * VG_PUBLIC_KEY_BYTES);
            return NULL;
        }
        return "the key that was given";
    }
    v->have_key = key_beside(c->word[0], v->key);
    return v->have_key ? "vigil.pub beside the file; compare it with one kept elsewhere"
                       : "taken from the file itself: WHOSE KEY IT IS WAS NOT CHECKED (--key)";
}

/* --- the summary ------------------------------------------------------------------------------ */

static void print_time(const char *what, int64_t utc_ns)
{
    char utc[VG_WIRE_UTC_MAX];
    char local[40] = "";
    time_t t = (time_t)(utc_ns / VG_NS_PER_S);
    struct tm tm;

    vg_wire_utc(utc_ns, utc);
    if (localtime_r(&t, &tm) != NULL) {
        (void)strftime(local, sizeof local, "%Y-%m-%d %H:%M:%S %z", &tm);
    }
    (void)printf("%s %s (%s)\n", what, utc, local);
}

static void print_notes(const struct verify *v)
{
    for (size_t i = 0; i < v->notes.count && i < VERIFY_NOTES_MAX; i++) {
        (void)printf("note    %s\n", v->notes.text[i]);
    }
    if (v->notes.count > VERIFY_NOTES_MAX) {
        (void)printf("note    and %zu more\n", v->notes.count - VERIFY_NOTES_MAX);
    }
}

static void print_summary(const struct verify *v, const char *whose)
{
    char hex[VG_HEX_MAX(VG_HASH_BYTES)];
    const struct rec_place *at = &v->r.at;

    if (v->r.is_archive) {
        (void)printf(
            "archive of session %lld: sound. %lld rows of other beds and of the node stand "
            "in only as digests\n",
            (long long)v->r.session, (long long)v->others);
    } else {
        (void)printf("record: sound%s\n", v->r.live ? " (as far as it is written by now)" : "");
    }
    (void)printf("rows    %lld, %lld checkpoints, the last at row %lld\n", (long long)at->rows,
                 (long long)v->mark_count, (long long)v->signed_seq);
    if (v->base_seq != 0) {
        (void)printf(
            "older   %lld rows, up to %lld, are older than the chain: nothing is proven of "
            "them\n",
            (long long)v->base_rows, (long long)v->base_seq);
    }
    if (v->first_seq != 0) {
        print_time("first  ", v->first_utc_ns);
        print_time("last   ", v->last_utc_ns);
    }
    (void)printf("boots   %lld, clock steps %lld\n", (long long)v->boots,
                 (long long)v->clock.steps);
    (void)printf("head    row %lld, hash %s\n", (long long)at->seq,
                 vg_hex(at->hash.of, VG_HASH_BYTES, hex));
    if (v->have_key) {
        (void)printf("key     %s\n        %s\n", vg_hex(v->key, sizeof v->key, hex), whose);
    }
    if (v->unsigned_count > 0) {
        (void)printf(
            "note    %lld checkpoints were written without a key; a later signature covers "
            "their rows\n",
            (long long)v->unsigned_count);
    }
    print_notes(v);
}

/* Is the hash that somebody kept the last one? */
static int compare_head(const struct verify *v)
{
    char hex[VG_HEX_MAX(VG_HASH_BYTES)];

    if (!v->have_head) {
        return CTL_DONE;
    }
    if (v->head_rows == 0) {
        (void)fprintf(
            stderr,
            "vigilctl: verify: %s: no row has the hash %s: the end was cut off, or this is "
            "another record\n",
            v->r.path, vg_hex(v->head.of, VG_HASH_BYTES, hex));
        return CTL_REFUSED;
    }
    if (v->head_rows == v->r.at.rows) {
        (void)printf("compared: the record ends with the hash that was given\n");
    } else {
        (void)printf("compared: the hash that was given is that of row %lld; %lld rows follow it\n",
                     (long long)v->head_seq, (long long)(v->r.at.rows - v->head_rows));
    }
    return CTL_DONE;
}

static int report(const struct verify *v, bool sound, const char *whose)
{
    if (sound) {
        print_summary(v, whose);
        return compare_head(v);
    }
    if (v->r.bad_seq != REC_FILE) {
        (void)fprintf(stderr, "vigilctl: verify: %s: NOT SOUND. row %lld: %s\n", v->r.path,
                      (long long)v->r.bad_seq, v->r.bad);
    } else {
        (void)fprintf(stderr, "vigilctl: verify: %s: %s\n", v->r.path, v->r.bad);
    }
    return CTL_REFUSED;
}

int verb_verify(struct ctl *c)
{
    static struct verify v;
    const char *whose;

    v.have_head = c->option[OPT_HEAD] != NULL;
    if (v.have_head && !vg_unhex(c->option[OPT_HEAD], v.head.of, VG_HASH_BYTES)) {
        (void)fprintf(stderr, "vigilctl: --head '%.80s': must be %d hexadecimal digits\n",
                      c->option[OPT_HEAD], 2 * VG_HASH_BYTES);
        return CTL_USAGE;
    }
    whose = choose_key(c, &v);
    if (whose == NULL) {
        return CTL_USAGE;
    }
    bool sound = rec_open(&v.r, c->word[0]) && verify_walk(&v);
    int rc = report(&v, sound, whose);
    rec_close(&v.r);
    return rc;
}
