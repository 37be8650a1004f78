/*
 * certificate.c -- the key pair that TLS is served with.
 *
 * Without one of the clinic's own, a self-signed pair is made once and kept. Browsers warn of it;
 * its fingerprint in the log is what a person compares.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dashboard/dashboard.h"
#include "dashboard/file.h"

#define YEARS 10
#define PEM_MAX ((size_t)64 * 1024)

/* A whole small file as text, by malloc (MHD keeps pointers); NULL: errno says why. */
static char *read_text(const char *path)
{
    FILE *in = fopen(path, "re");
    char *text = in != NULL ? calloc(1, PEM_MAX + 1) : NULL;
    if (text != NULL && fread(text, 1, PEM_MAX, in) == 0) {
        free(text);
        text = NULL;
        errno = EINVAL;
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    return text;
}

static bool is_there(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && s.st_size > 0;
}

static bool is_any(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static int add_address(gnutls_x509_crt_t crt, const char *address)
{
    unsigned char bytes[16];
    bool four = inet_pton(AF_INET, address, bytes) == 1;
    return four || inet_pton(AF_INET6, address, bytes) == 1
               ? gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, bytes,
                                                      four ? 4 : 16, GNUTLS_FSAN_APPEND)
               : 0;
}

static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *address)
{
    unsigned char serial[16];
    char host[256] = "vigil";
    time_t now = time(NULL);
    (void)gethostname(host, sizeof host - 1);
    randombytes_buf(serial, sizeof serial);
    serial[0] &= 0x7f; /* positive */
    int rc = gnutls_x509_crt_set_version(crt, 3);
    rc = rc < 0 ? rc : gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
    rc = rc < 0 ? rc : gnutls_x509_crt_set_activation_time(crt, now - 86400);
    rc = rc < 0 ? rc : gnutls_x509_crt_set_expiration_time(crt, now + YEARS * INT64_C(31557600));
    rc = rc < 0 ? rc
                : gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, host,
                                                (unsigned)strlen(host));
    rc = rc < 0 ? rc
                : gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, host,
                                                       (unsigned)strlen(host), GNUTLS_FSAN_SET);
    rc = rc < 0 || is_any(address) ? rc : add_address(crt, address);
    rc = rc < 0 ? rc : gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
    rc = rc < 0 ? rc : gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
    rc = rc < 0 ? rc : gnutls_x509_crt_set_key(crt, key);
    return rc < 0 ? rc : gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
}

static int make(const char *address, gnutls_datum_t *crt_pem, gnutls_datum_t *key_pem)
{
    gnutls_x509_crt_t crt = NULL;
    gnutls_x509_privkey_t key = NULL;
    int rc = gnutls_x509_privkey_init(&key);
    rc = rc < 0 ? rc
                : gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                               GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    rc = rc < 0 ? rc : gnutls_x509_crt_init(&crt);
    rc = rc < 0 ? rc : fill(crt, key, address);
    rc = rc < 0 ? rc : gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, crt_pem);
    rc = rc < 0 ? rc : gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, key_pem);
    if (crt != NULL) {
        gnutls_x509_crt_deinit(crt);
    }
    if (key != NULL) {
        gnutls_x509_privkey_deinit(key);
    }
    return rc;
}

static enum vg_status make_files(const char *address, const char *crt_path, const char *key_path)
{
    gnutls_datum_t crt = { NULL, 0 };
    gnutls_datum_t key = { NULL, 0 };
    int rc = make(address, &crt, &key);
    bool ok = rc >= 0 && dash_file_replace(key_path, key.data, key.size, 0600) == VG_OK &&
              dash_file_replace(crt_path, crt.data, crt.size, 0644) == VG_OK;
    if (!ok) {
        vg_log(VG_LOG_ERROR, "certificate: %s: cannot be made: %s", crt_path,
               rc < 0 ? gnutls_strerror(rc) : strerror(errno));
    }
    gnutls_free(crt.data);
    gnutls_free(key.data);
    return ok ? VG_OK : VG_ERR_IO;
}

static void say_fingerprint(const char *pem, const char *path)
{
    unsigned char hash[32];
    size_t size = sizeof hash;
    char text[3 * sizeof hash + 1] = "";
    gnutls_x509_crt_t crt = NULL;
    union {
        const char *in;
        unsigned char *out;
    } bytes = { .in = pem };
    gnutls_datum_t datum = { bytes.out, (unsigned)strlen(pem) };
    if (gnutls_x509_crt_init(&crt) < 0) {
        return;
    }
    if (gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_PEM) >= 0 &&
        gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, hash, &size) >= 0) {
        for (size_t i = 0; i < size; i++) {
            (void)snprintf(text + 3 * i, 4, "%02X%s", hash[i], i + 1 < size ? ":" : "");
        }
        vg_log(VG_LOG_INFO, "certificate: %s: SHA-256 %s", path, text);
    }
    gnutls_x509_crt_deinit(crt);
}

enum vg_status dash_certificate_load(struct dashboard *d)
{
    char crt_path[DASH_PATH_MAX + 16];
    char key_path[DASH_PATH_MAX + 16];
    bool own = d->options.certificate[0] != '\0';
    (void)snprintf(crt_path, sizeof crt_path, "%s%s",
                   own ? d->options.certificate : d->options.state_dir, own ? "" : "/cert.pem");
    (void)snprintf(key_path, sizeof key_path, "%s%s", own ? d->options.key : d->options.state_dir,
                   own ? "" : "/key.pem");
    if (!own && !(is_there(key_path) && is_there(crt_path)) &&
        make_files(d->options.address, crt_path, key_path) != VG_OK) {
        return VG_ERR_IO;
    }
    d->certificate = read_text(crt_path);
    d->key = read_text(key_path);
    if (d->certificate == NULL || d->key == NULL) {
        vg_log(VG_LOG_ERROR, "certificate: %s: %s", d->certificate == NULL ? crt_path : key_path,
               strerror(errno));
        return VG_ERR_IO;
    }
    say_fingerprint(d->certificate, crt_path);
    return VG_OK;
}
