#include "tests/support/record_file.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vigil/compiler.h"

int record_dir_make(char dir[RECORD_DIR_MAX])
{
    (void)snprintf(dir, RECORD_DIR_MAX, "/tmp/vigil-record-XXXXXX");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

int record_dir_remove(const char *dir)
{
    char command[RECORD_DIR_MAX + 8];
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

sqlite3 *record_open(const char *dir)
{
    char path[RECORD_DIR_MAX + 16];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/vigil.db", dir);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    return db;
}

int64_t record_ask(const char *dir, const char *sql)
{
    sqlite3 *db = record_open(dir);
    sqlite3_stmt *st = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK) {
        int rc = sqlite3_step(st);
        value = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : rc == SQLITE_DONE ? 0 : -1;
    }
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return value;
}

void record_back_to_3(const char *dir)
{
    static const char *const newer[] = {
        "DROP TRIGGER event_no_update",
        "ALTER TABLE event DROP COLUMN hash",
        "CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE (ABORT, ''); END",
        "DROP VIEW dose",
        "DROP TABLE checkpoint",
        "DROP TABLE protocol",
        "DROP INDEX event_plan",
        "DROP INDEX event_cuff",
        "DROP INDEX event_nibp",
        "CREATE VIEW dose AS SELECT seq FROM event WHERE kind = 8",
        "PRAGMA user_version = 3",
    };
    for (size_t i = 0; i < VG_COUNT(newer); i++) {
        assert_int_equal(record_ask(dir, newer[i]), 0);
    }
}
