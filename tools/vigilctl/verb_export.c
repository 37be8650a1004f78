/*
 * verb_export.c -- the record as CSV, straight from the file, read-only; no daemon is needed.
 *
 * One table for all kinds, in order of seq; columns that a kind does not have are empty. The
 * columns are documented in vigilctl(1). Waveforms are not exported. Cells follow RFC 4180.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/wire.h"
#include "tools/vigilctl/ctl.h"

/* Columns of the query; those the code turns into text come first. */
enum {
    COL_SEQ,
    COL_UTC,
    COL_MONO,
    COL_KIND,
    COL_FLAGS,
    COL_VITAL,
    COL_VALUE,
    COL_QUALITY,
    COL_REST
};

/* ?1 session or 0, ?2 bed or empty, ?3 the largest number. A row that carries no session belongs
 * to one when it lies between its open and its close on the same bed. */
static const char query[] =
    "SELECT seq, utc_ns, mono_ns, kind, flags, vital,"
    " CASE kind WHEN 1 THEN value_milli WHEN 11 THEN payload ->> 'value_milli' END, quality,"
    " bed, device, coalesce (nullif (session, 0), nullif (?1, 0)), operator,"
    " CASE kind WHEN 8 THEN trim (coalesce (payload ->> 'event', '') || ' ' ||"
    " coalesce (payload ->> 'kind', '')) ELSE payload ->> 'event' END,"
    " payload ->> 'state', payload ->> 'was', payload ->> 'error', payload ->> 'sys',"
    " payload ->> 'dia', payload ->> 'mean', payload ->> 'pulse_rate', payload ->> 'drug',"
    " payload ->> 'amount_ug', payload ->> 'rate_ug_h', payload ->> 'route',"
    " payload ->> 'given_at', payload ->> 'alarm', payload ->> 'instance', payload ->> 'priority',"
    " payload ->> 'limit_milli', payload ->> 'ack', payload ->> 'patient_ref',"
    " payload ->> 'reason', payload ->> 'cause', request_id,"
    " CASE WHEN kind IN (8, 16, 17, 18, 21, 23) THEN payload END"
    " FROM event WHERE kind IN (1, 2, 4, 7, 8, 11, 16, 17, 18, 21, 23)"
    " AND (?1 = 0 OR session = ?1 OR (session = 0 AND seq > ?1"
    "      AND bed = (SELECT bed FROM event WHERE seq = ?1)"
    "      AND seq < coalesce ((SELECT min (seq) FROM event"
    "                           WHERE kind = 7 AND session = ?1 AND seq > ?1), ?3)))"
    " AND (?2 = '' OR bed = ?2) ORDER BY seq";

static const char header[] =
    "seq,utc,local,mono_ns,kind,test,vital,value,unit,value_milli,quality,bed,device,session,"
    "operator,"
    "event,state,was,error,sys_mmhg,dia_mmhg,mean_mmhg,pulse_rate,drug,amount_ug,rate_ug_h,route,"
    "given_at,condition,instance,priority,limit_milli,ack,patient_ref,reason,cause,request_id,"
    "data\r\n";

static void cell(const char *s)
{
    (void)fputc(',', stdout);
    if (s == NULL) {
        return;
    }
    if (strpbrk(s, ",\"\r\n") == NULL) {
        (void)fputs(s, stdout);
        return;
    }
    (void)fputc('"', stdout);
    for (; *s != '\0'; s++) {
        if (*s == '"') {
            (void)fputc('"', stdout);
        }
        (void)fputc(*s, stdout);
    }
    (void)fputc('"', stdout);
}

/* vital, value in the wire unit, unit, value_milli, quality: empty where the kind has none. */
static void reading_cells(sqlite3_stmt *st, bool reading)
{
    int vital = sqlite3_column_int(st, COL_VITAL);
    bool has = sqlite3_column_type(st, COL_VALUE) != SQLITE_NULL;
    const struct vg_vital_info *info = reading && vital >= 0 && vital < VG_VITAL_COUNT
                                           ? vg_vital_get((enum vg_vital)vital)
                                           : NULL;
    char value[24] = "";

    cell(info != NULL ? info->name : NULL);
    if (info != NULL && has) {
        long long milli = sqlite3_column_int64(st, COL_VALUE);
        long long half = milli < 0 ? -(info->wire_milli / 2) : info->wire_milli / 2;
        (void)snprintf(value, sizeof value, "%lld", (milli + half) / info->wire_milli);
    }
    cell(value);
    cell(info != NULL ? info->unit : NULL);
    cell((const char *)sqlite3_column_text(st, COL_VALUE));
    cell(reading ? vg_quality_name((enum vg_quality)sqlite3_column_int(st, COL_QUALITY)) : NULL);
}

/* What the clock on the wall of this machine's zone said, with its offset: an hour that comes twice
 * in autumn is told apart. */
static void local_cell(int64_t utc_ns)
{
    char text[48] = "";
    time_t t = (time_t)(utc_ns / VG_NS_PER_S);
    struct tm tm;

    if (localtime_r(&t, &tm) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &tm);
    }
    cell(text);
}

/* The members of a row as JSON, without what is private. */
static void data_cell(sqlite3_stmt *st, int at)
{
    const char *payload = (const char *)sqlite3_column_text(st, at);
    char public[VG_WIRE_MAX];
    size_t len = payload != NULL ? vg_wire_private_at(payload) : 0;

    if (payload == NULL || payload[len] == '\0') {
        cell(payload);
    } else if (len + 2 < sizeof public) {
        memcpy(public, payload, len);
        memcpy(public + len, "}", 2);
        cell(public);
    } else {
        cell("");
    }
}

static void print_row(sqlite3_stmt *st)
{
    char utc[VG_WIRE_UTC_MAX];
    int kind = sqlite3_column_int(st, COL_KIND);

    vg_wire_utc(sqlite3_column_int64(st, COL_UTC), utc);
    (void)fputs((const char *)sqlite3_column_text(st, COL_SEQ), stdout);
    cell(utc);
    local_cell(sqlite3_column_int64(st, COL_UTC));
    cell((const char *)sqlite3_column_text(st, COL_MONO));
    cell(vg_event_kind_name((enum vg_event_kind)kind));
    cell((sqlite3_column_int(st, COL_FLAGS) & VG_FLAG_TEST) != 0 ? "1" : "0");
    reading_cells(st, kind == VG_EV_READING);
    int last = sqlite3_column_count(st) - 1;
    for (int i = COL_REST; i < last; i++) {
        cell((const char *)sqlite3_column_text(st, i));
    }
    data_cell(st, last);
    (void)fputs("\r\n", stdout);
}

static int fail(const struct ctl *c, sqlite3 *db)
{
    ctl_say(c,
            "%s: %s; name the record with --db (vigil.db in state_dir of the configuration), "
            "as a user who may read its folder",
            c->option[OPT_DB], db != NULL ? sqlite3_errmsg(db) : "no memory");
    return CTL_REFUSED;
}

int verb_export_csv(struct ctl *c)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    long long session = 0;
    int rc;

    if (c->option[OPT_JSON] != NULL) {
        ctl_say(c, "CSV is not JSON; use 'vigilctl range --json' for that");
        return CTL_USAGE;
    }
    if (!ctl_number(c, OPT_SESSION, 1, INT64_MAX, &session)) {
        return CTL_USAGE;
    }
    int result = CTL_DONE;
    rc = sqlite3_open_v2(c->option[OPT_DB], &db, SQLITE_OPEN_READONLY, NULL);
    if (rc != SQLITE_OK || sqlite3_busy_timeout(db, (int)c->timeout_ms) != SQLITE_OK ||
        sqlite3_prepare_v2(db, query, -1, &st, NULL) != SQLITE_OK) {
        result = fail(c, db);
        goto done;
    }
    (void)sqlite3_bind_int64(st, 1, session);
    (void)sqlite3_bind_text(st, 2, c->option[OPT_BED] != NULL ? c->option[OPT_BED] : "", -1,
                            SQLITE_STATIC);
    (void)sqlite3_bind_int64(st, 3, INT64_MAX);
    (void)fputs(header, stdout);
    for (rc = sqlite3_step(st); rc == SQLITE_ROW; rc = sqlite3_step(st)) {
        print_row(st);
    }
    if (rc != SQLITE_DONE) {
        result = fail(c, db);
    }
done:
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return result;
}
