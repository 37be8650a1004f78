/*
 * chain.h -- what makes a record trustworthy: one canonical form of a row, the hash chain over the
 * rows, and signed checkpoints of it. The only file that knows libsodium.
 *
 * Two levels: a row has a digest of its cells, and the hash of a row is that of the hash before it, its
 * session and its digest. So a digest can stand in for a row that is somebody else's, and nobody can
 * hide a row of a session among the others.
 *
 *   digest = SHA-256 of the cells; of each: its type byte, then its number (8 bytes, big endian), or
 *            its length (8 bytes, big endian) and its bytes; of a null nothing more
 *   hash_i = SHA-256 (hash_(i-1) || session_i || digest_i), the session as 8 bytes, big endian; before
 *            the first row stand 32 zero bytes
 *
 * No function here keeps anything; all may be called from any thread.
 */
#ifndef VIGIL_LIB_CHAIN_H
#define VIGIL_LIB_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vigil/status.h"

#define VG_HASH_BYTES 32
#define VG_PUBLIC_KEY_BYTES 32
#define VG_SECRET_KEY_BYTES 64
#define VG_SIGNATURE_BYTES 64
/* Bytes as hexadecimal text with its NUL. */
#define VG_HEX_MAX(bytes) (2 * (bytes) + 1)

/* Cells of a row, in the order of the columns of the schema: of `event` all but hash, the others
 * whole. */
enum vg_event_cell {
    VG_ROW_SEQ,
    VG_ROW_BOOT,
    VG_ROW_MONO,
    VG_ROW_UTC,
    VG_ROW_CLOCK_STATE,
    VG_ROW_KIND,
    VG_ROW_FLAGS,
    VG_ROW_BED,
    VG_ROW_DEVICE,
    VG_ROW_SESSION,
    VG_ROW_OPERATOR,
    VG_ROW_REQUEST,
    VG_ROW_VITAL,
    VG_ROW_VALUE,
    VG_ROW_QUALITY,
    VG_ROW_PAYLOAD,
    VG_EVENT_CELLS,
    VG_ROW_HASH = VG_EVENT_CELLS /* behind them in the table; no part of the digest */
};
#define VG_BOOT_CELLS 4
#define VG_PROTOCOL_CELLS 4

enum vg_cell_type { VG_CELL_NULL = 0, VG_CELL_INT = 1, VG_CELL_TEXT = 2, VG_CELL_BLOB = 3 };

/* One cell. bytes are the owner's, and are not read for VG_CELL_NULL and VG_CELL_INT. */
struct vg_cell {
    enum vg_cell_type type;
    int64_t number;
    const void *bytes;
    size_t len;
};

/* Some cells in a row. */
struct vg_cells {
    const struct vg_cell *of;
    size_t count;
};

struct vg_hash {
    uint8_t of[VG_HASH_BYTES];
};

struct vg_cell vg_cell_null(void);
struct vg_cell vg_cell_int(int64_t number);
/* vg_cell_text -- text is retained; NULL and "" are the null cell, as names are in the record. */
struct vg_cell vg_cell_text(const char *text);
/* vg_cell_bytes -- bytes are retained. Range: VG_CELL_TEXT or VG_CELL_BLOB. */
struct vg_cell vg_cell_bytes(enum vg_cell_type type, const void *bytes, size_t len);

/* vg_chain_digest -- digest of the cells of all parts, one after the other. */
struct vg_hash vg_chain_digest(const struct vg_cells *parts, size_t count);
/* A session and a digest: what stands in for a row. */
#define VG_CHAIN_LINK_BYTES (8 + VG_HASH_BYTES)
void vg_chain_link(int64_t session, const struct vg_hash *digest, uint8_t out[VG_CHAIN_LINK_BYTES]);
int64_t vg_chain_link_session(const uint8_t link[VG_CHAIN_LINK_BYTES]);
/* vg_chain_next -- hash of a row from the hash before it and what stands in for it. */
struct vg_hash vg_chain_next(const struct vg_hash *before, const uint8_t link[VG_CHAIN_LINK_BYTES]);
bool vg_hash_is(const struct vg_hash *a, const struct vg_hash *b);
bool vg_hash_is_zero(const struct vg_hash *h);
/* vg_chain_sha256 -- plain SHA-256, of the text of a protocol. */
struct vg_hash vg_chain_sha256(const void *bytes, size_t len);

/* vg_hex -- bytes as lower-case hexadecimal text; out has VG_HEX_MAX (count). Returns out. */
const char *vg_hex(const uint8_t *bytes, size_t count, char *out);
/* vg_unhex -- exactly `count` bytes from text; what follows them may be a line end only. False
 * otherwise, out is then undefined. */
bool vg_unhex(const char *text, uint8_t *out, size_t count);

/* A place in the chain that somebody stands for. */
struct vg_checkpoint {
    int64_t seq;  /* last row it covers */
    int64_t rows; /* rows of the record up to that one */
    int64_t utc_ns;
    struct vg_hash hash; /* of that row */
    uint8_t public_key[VG_PUBLIC_KEY_BYTES];
    uint8_t signature[VG_SIGNATURE_BYTES];
};

/* vg_key_make -- a new pair of keys (Ed25519). VG_ERR_IO: the system gives no random numbers. */
enum vg_status vg_key_make(uint8_t secret[VG_SECRET_KEY_BYTES],
                           uint8_t public_key[VG_PUBLIC_KEY_BYTES]);
/* vg_key_public -- the public key of a secret one; false when the secret one is damaged. */
bool vg_key_public(const uint8_t secret[VG_SECRET_KEY_BYTES],
                   uint8_t public_key[VG_PUBLIC_KEY_BYTES]);
/* vg_key_forget -- overwrite it. */
void vg_key_forget(uint8_t secret[VG_SECRET_KEY_BYTES]);

/* vg_checkpoint_sign -- fill in public_key and signature. Range: a sound secret key. */
void vg_checkpoint_sign(struct vg_checkpoint *c, const uint8_t secret[VG_SECRET_KEY_BYTES]);
/* vg_checkpoint_check -- is the signature that of public_key over the rest? */
bool vg_checkpoint_check(const struct vg_checkpoint *c);

#endif
