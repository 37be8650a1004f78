/*
 * record_file.h -- a record of one test: a folder for it, SQL asked of it, and its way back to what an
 * older program left behind.
 */
#ifndef VIGIL_TESTS_SUPPORT_RECORD_FILE_H
#define VIGIL_TESTS_SUPPORT_RECORD_FILE_H

#include <sqlite3.h>
#include <stdint.h>

#define RECORD_DIR_MAX 64

/* A new folder; record_dir_remove() ends it. Both return 0, else the test cannot run. */
int record_dir_make(char dir[RECORD_DIR_MAX]);
int record_dir_remove(const char *dir);

/* The record in it, opened for writing. */
sqlite3 *record_open(const char *dir);

/* The first number a statement says, 0 when it says none, -1 when it fails. */
int64_t record_ask(const char *dir, const char *sql);

/* The record as schema version 3 had it. Nobody else has it open. */
void record_back_to_3(const char *dir);

#endif
