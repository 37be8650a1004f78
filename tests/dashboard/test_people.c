/*
 * test_people.c -- the accounts file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dashboard/people.h"

static char folder[32];
static char file[64];
static struct dash_people people;

static int begin(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/vigil-people.XXXXXX");
    memset(&people, 0, sizeof people);
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(file, sizeof file, "%s/people.json", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    (void)unlink(file);
    return rmdir(folder);
}

static void write_file(const char *text)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    (void)fputs(text, out);
    (void)fclose(out);
}

static void test_people__written_and_read_again(void **state)
{
    static struct dash_people again;
    struct stat s;
    (void)state;
    struct dash_person *p = dash_people_add(&people, "anna.b");
    p->role = DASH_CLINICIAN;
    (void)snprintf(p->name, sizeof p->name, "Anna Béla");
    (void)snprintf(p->password, sizeof p->password, "$argon2id$x");
    assert_int_equal(dash_people_save(&people, file), VG_OK);
    assert_int_equal(stat(file, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
    assert_int_equal(dash_people_load(&again, file), VG_OK);
    assert_memory_equal(&people, &again, sizeof people);
}

static void test_people__what_is_not_text_is_not_written(void **state)
{
    (void)state;
    struct dash_person *p = dash_people_add(&people, "anna");
    assert_int_equal(dash_people_save(&people, file), VG_OK);
    (void)snprintf(p->name, sizeof p->name, "J\xfcrgen");
    assert_int_equal(dash_people_save(&people, file), VG_ERR_IO);
    assert_int_equal(dash_people_load(&people, file), VG_OK);
    assert_string_equal(dash_people_find(&people, "anna")->name, ""); /* as it was */
}

static void test_people__a_bad_file_names_nobody(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"version\":2,\"people\":[]}",
        "{\"version\":1}",
        "{\"version\":1,\"people\":[{\"id\":\"a\"}]}",
        "{\"version\":1,\"people\":[{\"id\":\"A\",\"role\":\"nurse\",\"name\":\"\",\"password\":"
        "\"\",\"pin\":\"\"}]}",
        "{\"version\":1,\"people\":[{\"id\":\"a\",\"role\":\"king\",\"name\":\"\",\"password\":"
        "\"\",\"pin\":\"\"}]}",
        "{\"version\":1,\"version\":1,\"people\":[]}",
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        write_file(bad[i]);
        assert_int_equal(dash_people_load(&people, file), VG_ERR_FORMAT);
        assert_int_equal(people.count, 0);
    }
    (void)unlink(file);
    assert_int_equal(dash_people_load(&people, file), VG_ERR_LOST);
}

static void test_people__ids_and_pins(void **state)
{
    (void)state;
    assert_true(dash_is_person_id("anna-2"));
    assert_false(dash_is_person_id("Anna"));
    assert_false(dash_is_person_id("-anna"));
    assert_false(dash_is_person_id(""));
    assert_false(dash_is_person_id("abcdefghijklmnopqrstuvwx")); /* 24: no room in the record */
    assert_true(dash_is_pin("2468"));
    assert_false(dash_is_pin("123"));
    assert_false(dash_is_pin("1111"));
    assert_false(dash_is_pin("12a4"));
    assert_false(dash_is_pin("1234567890123"));
}

static void test_people__like_an_account(void **state)
{
    (void)state;
    struct dash_person *p = dash_people_add(&people, "carl");
    (void)snprintf(p->name, sizeof p->name, "Dr. Carl Wu");
    static const char *const like[] = { "carl",    "Carl",       " carl ",
                                        "c.a.r.l", "dr carl wu", "DR. CARL WU" };
    for (size_t i = 0; i < VG_COUNT(like); i++) {
        assert_ptr_equal(dash_people_like(&people, like[i]), p);
    }
    assert_null(dash_people_like(&people, "carla"));
    assert_null(dash_people_like(&people, "dr wu"));
}

static void test_people__a_hash_fits_its_secret_only(void **state)
{
    char hash[DASH_HASH_MAX];
    (void)state;
    assert_int_equal(dash_hash(hash, "correct horse"), VG_OK);
    assert_true(dash_hash_fits(hash, "correct horse"));
    assert_false(dash_hash_fits(hash, "correct horsf"));
    memset(hash, 0, sizeof hash);
    assert_false(dash_hash_fits(hash, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_people__written_and_read_again, begin, end),
        cmocka_unit_test_setup_teardown(test_people__what_is_not_text_is_not_written, begin, end),
        cmocka_unit_test_setup_teardown(test_people__a_bad_file_names_nobody, begin, end),
        cmocka_unit_test(test_people__ids_and_pins),
        cmocka_unit_test_setup_teardown(test_people__like_an_account, begin, end),
        cmocka_unit_test(test_people__a_hash_fits_its_secret_only),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
