/*
 * journal_row.c -- an event as the cells of a row. They are bound, and they are hashed: what is hashed is
 * what is written.
 */
#include "daemon/journal.h"
#include "lib/wire_decode.h"

static void fill_content(const struct vg_journal *j, const struct vg_event *ev,
                         struct vg_cell c[VG_EVENT_CELLS], char *buf, size_t cap)
{
    size_t len = 0;

    for (size_t i = VG_ROW_VITAL; i < VG_EVENT_CELLS; i++) {
        c[i] = vg_cell_null();
    }
    if (ev->kind == VG_EV_READING) {
        c[VG_ROW_VITAL] = vg_cell_int(ev->u.reading.vital);
        if (ev->u.reading.quality <= VG_QUALITY_QUESTIONABLE) {
            c[VG_ROW_VALUE] = vg_cell_int(ev->u.reading.value_milli);
        }
        c[VG_ROW_QUALITY] = vg_cell_int(ev->u.reading.quality);
        if (ev->u.reading.age_ns != 0) {
            c[VG_ROW_PAYLOAD] = vg_cell_int(ev->u.reading.age_ns);
        }
    } else if (ev->kind == VG_EV_WAVE) {
        const struct vg_wave *w = &ev->u.wave;
        c[VG_ROW_VITAL] = vg_cell_int(w->vital);
        c[VG_ROW_VALUE] = vg_cell_int(w->rate_millihz);
        c[VG_ROW_QUALITY] = vg_cell_int(w->width_bytes);
        c[VG_ROW_PAYLOAD] = vg_cell_bytes(VG_CELL_BLOB, w->data, (size_t)w->count * w->width_bytes);
    } else if (vg_wire_payload(j->names, ev, j->extra, buf, cap, &len) == VG_OK) {
        c[VG_ROW_PAYLOAD] = vg_cell_bytes(VG_CELL_TEXT, buf, len);
    }
}

void vg_journal_row_cells(const struct vg_journal *j, const struct vg_event *ev,
                          struct vg_cell c[VG_EVENT_CELLS], char *buf, size_t cap)
{
    c[VG_ROW_SEQ] = vg_cell_int((int64_t)ev->seq);
    c[VG_ROW_BOOT] = vg_cell_int(j->boot_row);
    c[VG_ROW_MONO] = vg_cell_int(ev->mono_ns);
    c[VG_ROW_UTC] = vg_cell_int(ev->utc_ns);
    c[VG_ROW_CLOCK_STATE] = vg_cell_int(atomic_load(&j->clock_synchronised) ? 1 : 0);
    c[VG_ROW_KIND] = vg_cell_int(ev->kind);
    c[VG_ROW_FLAGS] = vg_cell_int(ev->flags & VG_FLAG_TEST);
    c[VG_ROW_BED] = vg_cell_text(vg_wire_bed(j->names, ev->bed));
    c[VG_ROW_DEVICE] = vg_cell_text(vg_wire_device(j->names, ev->device));
    c[VG_ROW_SESSION] = vg_cell_int((int64_t)ev->session);
    c[VG_ROW_OPERATOR] = vg_cell_text(vg_event_operator(ev));
    c[VG_ROW_REQUEST] = vg_cell_text(vg_event_request_id(ev));
    fill_content(j, ev, c, buf, cap);
}

void vg_journal_row_bind(sqlite3_stmt *st, int at, const struct vg_cell *c)
{
    switch (c->type) {
    case VG_CELL_NULL:
        (void)sqlite3_bind_null(st, at);
        break;
    case VG_CELL_INT:
        (void)sqlite3_bind_int64(st, at, c->number);
        break;
    case VG_CELL_TEXT:
        (void)sqlite3_bind_text(st, at, c->bytes, (int)c->len, SQLITE_STATIC);
        break;
    case VG_CELL_BLOB:
        (void)sqlite3_bind_blob(st, at, c->bytes, (int)c->len, SQLITE_STATIC);
        break;
    }
}
