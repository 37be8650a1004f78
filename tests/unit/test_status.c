/*
 * test_status.c -- the words for enum vg_status.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/status.h"

static const struct {
    int st;
    const char *name;
} all[] = {
    { VG_OK, "OK" },
    { VG_ERR_ARG, "ARG" },
    { VG_ERR_RANGE, "RANGE" },
    { VG_ERR_FULL, "FULL" },
    { VG_ERR_FORMAT, "FORMAT" },
    { VG_ERR_CHECKSUM, "CHECKSUM" },
    { VG_ERR_TIMEOUT, "TIMEOUT" },
    { VG_ERR_IO, "IO" },
    { VG_ERR_LOST, "LOST" },
    { VG_ERR_STATE, "STATE" },
    { VG_ERR_DENIED, "DENIED" },
    { VG_ERR_STORE, "STORE" },
    { VG_ERR_BUG, "BUG" },
};

static void test_status__every_status_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(all); i++) {
        assert_int_equal(all[i].st, -(int)i);
        assert_string_equal(vg_status_name((enum vg_status)all[i].st), all[i].name);
        assert_true(strlen(vg_status_text((enum vg_status)all[i].st)) > 3);
    }
}

static void test_status__an_unknown_number_is_said_to_be_unknown(void **state)
{
    static const int strangers[] = { 1, -13, 1000, -1000 };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(strangers); i++) {
        assert_string_equal(vg_status_name((enum vg_status)strangers[i]), "UNKNOWN");
        assert_string_equal(vg_status_text((enum vg_status)strangers[i]), "unknown status");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status__every_status_has_its_words),
        cmocka_unit_test(test_status__an_unknown_number_is_said_to_be_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
