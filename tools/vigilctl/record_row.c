/*
 * record_row.c -- one row of a record: types, order, and its place in the chain.
 */
#include <string.h>

#include "tools/vigilctl/record.h"

/* Types a column may have, as bits. The schema is STRICT, but whoever changes a file can change that. */
#define T(type) (1u << (type))
#define I T(SQLITE_INTEGER)
#define TEXT_OR_NONE (T(SQLITE_TEXT) | T(SQLITE_NULL))
#define INT_OR_NONE (I | T(SQLITE_NULL))

static const struct {
    const char *name;
    unsigned types;
} columns[REC_COLUMNS] = {
    [VG_ROW_SEQ] = { "seq", I },
    [VG_ROW_BOOT] = { "boot", I },
    [VG_ROW_MONO] = { "mono_ns", I },
    [VG_ROW_UTC] = { "utc_ns", I },
    [VG_ROW_CLOCK_STATE] = { "clock_state", I },
    [VG_ROW_KIND] = { "kind", I },
    [VG_ROW_FLAGS] = { "flags", I },
    [VG_ROW_BED] = { "bed", TEXT_OR_NONE },
    [VG_ROW_DEVICE] = { "device", TEXT_OR_NONE },
    [VG_ROW_SESSION] = { "session", I },
    [VG_ROW_OPERATOR] = { "operator", TEXT_OR_NONE },
    [VG_ROW_REQUEST] = { "request_id", TEXT_OR_NONE },
    [VG_ROW_VITAL] = { "vital", INT_OR_NONE },
    [VG_ROW_VALUE] = { "value_milli", INT_OR_NONE },
    [VG_ROW_QUALITY] = { "quality", INT_OR_NONE },
    [VG_ROW_PAYLOAD] = { "payload", INT_OR_NONE | T(SQLITE_TEXT) | T(SQLITE_BLOB) },
    [VG_ROW_HASH] = { "hash", T(SQLITE_BLOB) | T(SQLITE_NULL) },
};

static struct vg_cell cell_of(sqlite3_stmt *st, int at, int type)
{
    switch (type) {
    case SQLITE_INTEGER:
        return vg_cell_int(sqlite3_column_int64(st, at));
    case SQLITE_TEXT: {
        const void *text = sqlite3_column_text(st, at); /* before its length is asked */
        return vg_cell_bytes(VG_CELL_TEXT, text, (size_t)sqlite3_column_bytes(st, at));
    }
    case SQLITE_BLOB: {
        const void *blob = sqlite3_column_blob(st, at);
        return vg_cell_bytes(VG_CELL_BLOB, blob, (size_t)sqlite3_column_bytes(st, at));
    }
    default:
        return vg_cell_null();
    }
}

static bool read_cells(struct rec *r, sqlite3_stmt *st, struct rec_row *row)
{
    for (int i = 0; i < REC_COLUMNS; i++) {
        int type = sqlite3_column_type(st, i);
        if ((columns[i].types & T(type)) == 0) {
            return rec_wrong(r, sqlite3_column_int64(st, 0), "column %s is of a wrong type",
                             columns[i].name);
        }
        row->cell[i] = cell_of(st, i, type);
    }
    const struct vg_cell *hash = &row->cell[VG_ROW_HASH];
    row->has_hash = hash->type == VG_CELL_BLOB;
    if (row->has_hash && hash->len != VG_HASH_BYTES) {
        return rec_wrong(r, row->cell[VG_ROW_SEQ].number, "its hash has %zu bytes instead of %d",
                         hash->len, VG_HASH_BYTES);
    }
    return true;
}

static struct rec_boot *find_boot(struct rec *r, int64_t id)
{
    if (r->boot != NULL && r->boot->cells[0].number == id) {
        return r->boot;
    }
    for (size_t i = 0; i < r->boot_count; i++) {
        if (r->boots[i].cells[0].number == id) {
            return &r->boots[i];
        }
    }
    return NULL;
}

static bool check_order(struct rec *r, const struct rec_row *row)
{
    int64_t seq = row->cell[VG_ROW_SEQ].number;
    int64_t mono_ns = row->cell[VG_ROW_MONO].number;
    struct rec_boot *boot = find_boot(r, row->cell[VG_ROW_BOOT].number);

    if (seq <= r->at.seq) {
        return rec_wrong(r, seq, "its number is not above the one before it, %lld",
                         (long long)r->at.seq);
    }
    if (boot == NULL) {
        return rec_wrong(r, seq, "it belongs to boot %lld, which is not in the table of boots",
                         (long long)row->cell[VG_ROW_BOOT].number);
    }
    if (boot->wrong != NULL) {
        return rec_wrong(r, seq, "column %s of its boot, %lld, is of a wrong type", boot->wrong,
                         (long long)boot->cells[0].number);
    }
    /* Rows older than the chain were not always posted in order. */
    if (row->has_hash && boot == r->boot && r->at.mono_ns != VG_TIME_NONE &&
        mono_ns < r->at.mono_ns) {
        return rec_wrong(r, seq,
                         "its monotonic time, %lld ms, lies before that of row %lld, %lld ms",
                         (long long)(mono_ns / VG_NS_PER_MS), (long long)r->at.seq,
                         (long long)(r->at.mono_ns / VG_NS_PER_MS));
    }
    r->boot = boot;
    boot->used = true;
    return true;
}

/* --- protocols -------------------------------------------------------------------------------- */

bool rec_open_protocols(struct rec *r, int64_t from_seq)
{
    if (!rec_prepare(r,
                     "SELECT hash, id, text, first_seq FROM protocol WHERE first_seq >= ?1"
                     " ORDER BY first_seq",
                     &r->protocols)) {
        return false;
    }
    (void)sqlite3_bind_int64(r->protocols, 1, from_seq);
    int rc = sqlite3_step(r->protocols);
    r->have_protocol = rc == SQLITE_ROW;
    return r->have_protocol || rec_end(r, rc);
}

/* The one that comes next: its text must be what its hash says. */
static bool check_protocol(struct rec *r, struct vg_cell cells[VG_PROTOCOL_CELLS])
{
    char hex[VG_HEX_MAX(VG_HASH_BYTES)];
    int64_t seq = sqlite3_column_int64(r->protocols, 3);

    for (int i = 0; i < VG_PROTOCOL_CELLS; i++) {
        int type = sqlite3_column_type(r->protocols, i);
        if (type != (i == 3 ? SQLITE_INTEGER : SQLITE_TEXT)) {
            return rec_wrong(r, seq, "the protocol that came with it: column %s is of a wrong type",
                             sqlite3_column_name(r->protocols, i));
        }
        cells[i] = cell_of(r->protocols, i, type);
    }
    struct vg_hash hash = vg_chain_sha256(cells[2].bytes, cells[2].len);
    (void)vg_hex(hash.of, VG_HASH_BYTES, hex);
    if (cells[0].len != strlen(hex) || memcmp(cells[0].bytes, hex, cells[0].len) != 0) {
        return rec_wrong(r, seq, "the protocol that came with it is not what its hash says");
    }
    return true;
}

static bool next_protocol(struct rec *r)
{
    int rc = sqlite3_step(r->protocols);
    r->have_protocol = rc == SQLITE_ROW;
    return r->have_protocol || rec_end(r, rc);
}

/* Protocols whose row is not there. An archive has not the rows of others. */
static bool pass_protocols(struct rec *r, int64_t below)
{
    struct vg_cell cells[VG_PROTOCOL_CELLS] = { { .len = 0 } };
    while (r->have_protocol && sqlite3_column_int64(r->protocols, 3) < below) {
        if (!check_protocol(r, cells)) {
            return false;
        }
        if (!r->is_archive) {
            return rec_wrong(r, cells[3].number,
                             "a protocol came with it, and there is no such row");
        }
        if (!next_protocol(r)) {
            return false;
        }
    }
    return true;
}

bool rec_end_protocols(struct rec *r)
{
    return pass_protocols(r, INT64_MAX);
}

/* --- the chain -------------------------------------------------------------------------------- */

bool rec_read_row(struct rec *r, sqlite3_stmt *st, struct rec_row *row)
{
    struct vg_cell protocol[VG_PROTOCOL_CELLS];
    struct vg_cells parts[3];
    size_t count = 0;

    if (!read_cells(r, st, row) || !check_order(r, row)) {
        return false;
    }
    int64_t seq = row->cell[VG_ROW_SEQ].number;
    if (!pass_protocols(r, seq)) {
        return false;
    }
    if (r->at.boot != row->cell[VG_ROW_BOOT].number) {
        parts[count++] = (struct vg_cells){ r->boot->cells, VG_BOOT_CELLS };
        r->boot->covered = row->has_hash;
    }
    bool joins = r->have_protocol && sqlite3_column_int64(r->protocols, 3) == seq;
    if (joins) {
        if (!check_protocol(r, protocol)) {
            return false;
        }
        parts[count++] = (struct vg_cells){ protocol, VG_PROTOCOL_CELLS };
    }
    parts[count++] = (struct vg_cells){ row->cell, VG_EVENT_CELLS };
    if (row->has_hash) {
        struct vg_hash digest = vg_chain_digest(parts, count);
        vg_chain_link(row->cell[VG_ROW_SESSION].number, &digest, row->link);
    }
    return !joins || next_protocol(r);
}

bool rec_step(struct rec *r, const struct rec_row *row)
{
    struct rec_place *at = &r->at;
    int64_t seq = row->cell[VG_ROW_SEQ].number;

    if (row->has_hash) {
        struct vg_hash hash = vg_chain_next(&at->hash, row->link);
        if (memcmp(row->cell[VG_ROW_HASH].bytes, hash.of, VG_HASH_BYTES) != 0) {
            return rec_wrong(r, seq,
                             "its hash does not follow from row %lld and its own cells: it was "
                             "changed, or rows between the two are missing",
                             (long long)at->seq);
        }
        at->hash = hash;
        at->boot = row->cell[VG_ROW_BOOT].number;
    }
    at->seq = seq;
    at->rows++;
    at->mono_ns = row->cell[VG_ROW_MONO].number;
    return true;
}

bool rec_step_link(struct rec *r, const uint8_t link[VG_CHAIN_LINK_BYTES])
{
    if (vg_chain_link_session(link) == r->session) {
        return rec_wrong(r, r->at.seq, "after it a row of this session is left out");
    }
    r->at.hash = vg_chain_next(&r->at.hash, link);
    r->at.rows++;
    return true;
}
