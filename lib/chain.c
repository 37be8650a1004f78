/*
 * chain.c -- see chain.h.
 *
 * The cells of a row are gathered in a buffer before they are hashed: a call for every eight bytes
 * costs more than the hash.
 */
#include "lib/chain.h"

#include <sodium.h>
#include <string.h>

#include "vigil/compiler.h"

/* What a signature of ours says, whatever else the key may sign one day. */
static const char domain[] = "vigil checkpoint 1";

_Static_assert(VG_HASH_BYTES == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(VG_PUBLIC_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(VG_SECRET_KEY_BYTES == crypto_sign_SECRETKEYBYTES, "Ed25519");
_Static_assert(VG_SIGNATURE_BYTES == crypto_sign_BYTES, "Ed25519");

/* --- cells ------------------------------------------------------------------------------------ */

struct vg_cell vg_cell_null(void)
{
    return (struct vg_cell){ .type = VG_CELL_NULL };
}

struct vg_cell vg_cell_int(int64_t number)
{
    return (struct vg_cell){ .type = VG_CELL_INT, .number = number };
}

struct vg_cell vg_cell_text(const char *text)
{
    if (text == NULL || text[0] == '\0') {
        return vg_cell_null();
    }
    return vg_cell_bytes(VG_CELL_TEXT, text, strlen(text));
}

struct vg_cell vg_cell_bytes(enum vg_cell_type type, const void *bytes, size_t len)
{
    return (struct vg_cell){ .type = type, .bytes = bytes, .len = len };
}

/* --- hashes ----------------------------------------------------------------------------------- */

static void put_be64(uint8_t *out, uint64_t v)
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(v >> (56 - 8 * i));
    }
}

struct gather {
    crypto_hash_sha256_state state;
    size_t used;
    uint8_t buf[512];
};

static void flush(struct gather *g)
{
    (void)crypto_hash_sha256_update(&g->state, g->buf, g->used);
    g->used = 0;
}

static void add(struct gather *g, const void *bytes, size_t len)
{
    if (len > sizeof g->buf - g->used) {
        flush(g);
    }
    if (len > sizeof g->buf) {
        (void)crypto_hash_sha256_update(&g->state, bytes, len);
    } else if (len > 0) {
        memcpy(g->buf + g->used, bytes, len);
        g->used += len;
    }
}

static void add_cell(struct gather *g, const struct vg_cell *c)
{
    uint8_t head[9] = { (uint8_t)c->type };

    if (c->type == VG_CELL_NULL) {
        add(g, head, 1);
        return;
    }
    put_be64(head + 1, c->type == VG_CELL_INT ? (uint64_t)c->number : (uint64_t)c->len);
    add(g, head, sizeof head);
    if (c->type != VG_CELL_INT) {
        add(g, c->bytes, c->len);
    }
}

struct vg_hash vg_chain_digest(const struct vg_cells *parts, size_t count)
{
    struct gather g = { .used = 0 };
    struct vg_hash out;

    (void)crypto_hash_sha256_init(&g.state);
    for (size_t p = 0; p < count; p++) {
        for (size_t i = 0; i < parts[p].count; i++) {
            add_cell(&g, &parts[p].of[i]);
        }
    }
    flush(&g);
    (void)crypto_hash_sha256_final(&g.state, out.of);
    return out;
}

void vg_chain_link(int64_t session, const struct vg_hash *digest, uint8_t out[VG_CHAIN_LINK_BYTES])
{
    for (int i = 0; i < 8; i++) {
        out[i] = (uint8_t)((uint64_t)session >> (56 - 8 * i));
    }
    memcpy(out + 8, digest->of, VG_HASH_BYTES);
}

int64_t vg_chain_link_session(const uint8_t link[VG_CHAIN_LINK_BYTES])
{
    uint64_t session = 0;
    for (int i = 0; i < 8; i++) {
        session = session << 8 | link[i];
    }
    return (int64_t)session;
}

struct vg_hash vg_chain_next(const struct vg_hash *before, const uint8_t link[VG_CHAIN_LINK_BYTES])
{
    uint8_t both[VG_HASH_BYTES + VG_CHAIN_LINK_BYTES];
    memcpy(both, before->of, VG_HASH_BYTES);
    memcpy(both + VG_HASH_BYTES, link, VG_CHAIN_LINK_BYTES);
    return vg_chain_sha256(both, sizeof both);
}

struct vg_hash vg_chain_sha256(const void *bytes, size_t len)
{
    struct vg_hash out;
    (void)crypto_hash_sha256(out.of, bytes, len);
    return out;
}

bool vg_hash_is(const struct vg_hash *a, const struct vg_hash *b)
{
    return memcmp(a->of, b->of, VG_HASH_BYTES) == 0;
}

bool vg_hash_is_zero(const struct vg_hash *h)
{
    static const struct vg_hash zero;
    return vg_hash_is(h, &zero);
}

/* --- text ------------------------------------------------------------------------------------- */

const char *vg_hex(const uint8_t *bytes, size_t count, char *out)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = digit[bytes[i] >> 4];
        out[2 * i + 1] = digit[bytes[i] & 15];
    }
    out[2 * count] = '\0';
    return out;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool vg_unhex(const char *text, uint8_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int high = nibble(text[2 * i]);
        int low = high < 0 ? -1 : nibble(text[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    const char *rest = text + 2 * count;
    return rest[strspn(rest, "\r\n")] == '\0';
}

/* --- keys and checkpoints --------------------------------------------------------------------- */

enum vg_status vg_key_make(uint8_t secret[VG_SECRET_KEY_BYTES],
                           uint8_t public_key[VG_PUBLIC_KEY_BYTES])
{
    if (sodium_init() < 0 || crypto_sign_keypair(public_key, secret) != 0) {
        return VG_ERR_IO;
    }
    return VG_OK;
}

bool vg_key_public(const uint8_t secret[VG_SECRET_KEY_BYTES],
                   uint8_t public_key[VG_PUBLIC_KEY_BYTES])
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    uint8_t again[VG_SECRET_KEY_BYTES];
    bool sound;

    /* The second half is the public key: it must be that of the first. */
    (void)crypto_sign_ed25519_sk_to_seed(seed, secret);
    (void)crypto_sign_seed_keypair(public_key, again, seed);
    sound = sodium_memcmp(again, secret, sizeof again) == 0;
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(again, sizeof again);
    return sound;
}

void vg_key_forget(uint8_t secret[VG_SECRET_KEY_BYTES])
{
    sodium_memzero(secret, VG_SECRET_KEY_BYTES);
}

#define MESSAGE_BYTES (sizeof domain + 3 * 8 + VG_HASH_BYTES + VG_PUBLIC_KEY_BYTES)

static void make_message(const struct vg_checkpoint *c, uint8_t out[MESSAGE_BYTES])
{
    memcpy(out, domain, sizeof domain); /* with its NUL */
    out += sizeof domain;
    put_be64(out, (uint64_t)c->seq);
    put_be64(out + 8, (uint64_t)c->rows);
    memcpy(out + 16, c->hash.of, VG_HASH_BYTES);
    put_be64(out + 16 + VG_HASH_BYTES, (uint64_t)c->utc_ns);
    memcpy(out + 24 + VG_HASH_BYTES, c->public_key, VG_PUBLIC_KEY_BYTES);
}

void vg_checkpoint_sign(struct vg_checkpoint *c, const uint8_t secret[VG_SECRET_KEY_BYTES])
{
    uint8_t message[MESSAGE_BYTES];
    int rc = crypto_sign_ed25519_sk_to_pk(c->public_key, secret);
    VG_ASSERT(rc == 0);
    make_message(c, message);
    rc = crypto_sign_detached(c->signature, NULL, message, sizeof message, secret);
    VG_ASSERT(rc == 0);
}

bool vg_checkpoint_check(const struct vg_checkpoint *c)
{
    uint8_t message[MESSAGE_BYTES];
    make_message(c, message);
    return crypto_sign_verify_detached(c->signature, message, sizeof message, c->public_key) == 0;
}
