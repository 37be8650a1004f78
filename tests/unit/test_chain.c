/*
 * test_chain.c -- the canonical form of a row, the chain, and signed places in it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chain.h"
#include "vigil/compiler.h"

static struct vg_hash digest_of(const struct vg_cell *cells, size_t count)
{
    const struct vg_cells part = { cells, count };
    return vg_chain_digest(&part, 1);
}

static void is_hex(const struct vg_hash *h, const char *wanted)
{
    char hex[VG_HEX_MAX(VG_HASH_BYTES)];
    assert_string_equal(vg_hex(h->of, VG_HASH_BYTES, hex), wanted);
}

/* Values of hashlib over the description in chain.h. */
static void test_chain__has_the_form_of_its_description(void **state)
{
    const struct vg_cell cells[] = {
        vg_cell_int(1),
        vg_cell_int(-2),
        vg_cell_null(),
        vg_cell_text("bed-1"),
        vg_cell_bytes(VG_CELL_BLOB, "\0\xff", 2),
    };
    const struct vg_hash zero = { { 0 } };
    (void)state;
    struct vg_hash d = digest_of(cells, VG_COUNT(cells));
    is_hex(&d, "8e7ec89bb0800641bcfc8fa5b35dbe63cfa4b672f8e3954f04519644dd8b3035");
    uint8_t link[VG_CHAIN_LINK_BYTES];
    vg_chain_link(0x0102030405060708, &d, link);
    assert_int_equal(vg_chain_link_session(link), 0x0102030405060708);
    struct vg_hash h = vg_chain_next(&zero, link);
    is_hex(&h, "334fef019e1f8085254a1473b2735b979a9678194962eb12fcf77431b2537b13");
    struct vg_hash s = vg_chain_sha256("abc", 3);
    is_hex(&s, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_chain__parts_are_one_row(void **state)
{
    const struct vg_cell cells[] = { vg_cell_int(1), vg_cell_text("a"), vg_cell_null() };
    const struct vg_cells parts[] = { { cells, 1 }, { cells, 0 }, { cells + 1, 2 } };
    (void)state;
    struct vg_hash whole = digest_of(cells, 3);
    struct vg_hash joined = vg_chain_digest(parts, 3);
    assert_true(vg_hash_is(&whole, &joined));
}

static void test_chain__tells_types_and_borders_apart(void **state)
{
    const struct vg_cell rows[][2] = {
        { vg_cell_text("ab"), vg_cell_text("c") },
        { vg_cell_text("a"), vg_cell_text("bc") },
        { vg_cell_text("abc"), vg_cell_null() },
        { vg_cell_null(), vg_cell_text("abc") },
        { vg_cell_bytes(VG_CELL_BLOB, "ab", 2), vg_cell_text("c") },
        { vg_cell_bytes(VG_CELL_TEXT, "", 0), vg_cell_null() },
        { vg_cell_bytes(VG_CELL_BLOB, "", 0), vg_cell_null() },
        { vg_cell_null(), vg_cell_null() },
        { vg_cell_int(0), vg_cell_null() },
        { vg_cell_int(1), vg_cell_null() },
        { vg_cell_text("1"), vg_cell_null() },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        for (size_t k = i + 1; k < VG_COUNT(rows); k++) {
            struct vg_hash a = digest_of(rows[i], 2);
            struct vg_hash b = digest_of(rows[k], 2);
            assert_false(vg_hash_is(&a, &b));
        }
    }
}

/* Cells of every length around the buffer they are gathered in give the digest of their bytes. */
static void test_chain__length_does_not_matter(void **state)
{
    static char text[1200];
    static uint8_t flat[2 * 9 + 1200];
    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t len = 480; len < sizeof text; len++) {
        const struct vg_cell cells[] = { vg_cell_bytes(VG_CELL_TEXT, text, len), vg_cell_int(7) };
        memset(flat, 0, sizeof flat);
        flat[0] = VG_CELL_TEXT;
        flat[7] = (uint8_t)(len >> 8);
        flat[8] = (uint8_t)len;
        memcpy(flat + 9, text, len);
        flat[9 + len] = VG_CELL_INT;
        flat[9 + len + 8] = 7;
        struct vg_hash got = digest_of(cells, 2);
        struct vg_hash wanted = vg_chain_sha256(flat, len + 18);
        assert_true(vg_hash_is(&got, &wanted));
    }
}

static void test_chain__hex_is_exact(void **state)
{
    uint8_t bytes[2];
    char text[VG_HEX_MAX(2)];
    (void)state;
    assert_true(vg_unhex("0aFf", bytes, 2));
    assert_string_equal(vg_hex(bytes, 2, text), "0aff");
    assert_true(vg_unhex("0aff\n", bytes, 2));
    assert_false(vg_unhex("0aff0", bytes, 2));
    assert_false(vg_unhex("0af", bytes, 2));
    assert_false(vg_unhex("", bytes, 2));
    assert_false(vg_unhex("0agf", bytes, 2));
    assert_false(vg_unhex("0aff x", bytes, 2));
}

static void test_checkpoint__is_signed_over_all_of_it(void **state)
{
    uint8_t secret[VG_SECRET_KEY_BYTES];
    uint8_t public_key[VG_PUBLIC_KEY_BYTES];
    uint8_t again[VG_PUBLIC_KEY_BYTES];
    struct vg_checkpoint c = { .seq = 7, .rows = 5, .utc_ns = 9, .hash = { { 1, 2, 3 } } };
    (void)state;
    assert_int_equal(vg_key_make(secret, public_key), VG_OK);
    assert_true(vg_key_public(secret, again));
    assert_memory_equal(again, public_key, sizeof again);
    vg_checkpoint_sign(&c, secret);
    assert_memory_equal(c.public_key, public_key, sizeof public_key);
    assert_true(vg_checkpoint_check(&c));
    for (size_t i = 0; i < sizeof c; i++) {
        uint8_t *byte = (uint8_t *)&c + i; /* there is no padding in it */
        *byte ^= 1;
        assert_false(vg_checkpoint_check(&c));
        *byte ^= 1;
    }
    assert_true(vg_checkpoint_check(&c));
    secret[3] ^= 1;
    assert_false(vg_key_public(secret, again));
    vg_key_forget(secret);
    assert_int_equal(secret[40], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain__has_the_form_of_its_description),
        cmocka_unit_test(test_chain__parts_are_one_row),
        cmocka_unit_test(test_chain__tells_types_and_borders_apart),
        cmocka_unit_test(test_chain__length_does_not_matter),
        cmocka_unit_test(test_chain__hex_is_exact),
        cmocka_unit_test(test_checkpoint__is_signed_over_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
