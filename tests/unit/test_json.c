/* test_json.c -- the bounded writer: form, escapes, edges of integers, and never a cut text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "lib/json.h"

/* Everything the writer can do, once. */
static void write_all(struct vg_json *j)
{
    vg_json_object(j, NULL);
    vg_json_uint(j, "u", UINT64_MAX);
    vg_json_int(j, "i", INT64_MIN);
    vg_json_int(j, "z", 0);
    vg_json_text(j, "t", "a\"b\\c\n\x01\x7f");
    vg_json_bool(j, "yes", true);
    vg_json_bool(j, "no", false);
    vg_json_null(j, "none");
    vg_json_raw(j, "raw", "{\"x\":1}");
    vg_json_array(j, "list");
    vg_json_int(j, NULL, -1);
    vg_json_text(j, NULL, "");
    vg_json_object(j, NULL);
    vg_json_object_end(j);
    vg_json_array_end(j);
    vg_json_array(j, "empty");
    vg_json_array_end(j);
    vg_json_object_end(j);
}

static const char all[] =
    "{\"u\":18446744073709551615,\"i\":-9223372036854775808,\"z\":0,"
    "\"t\":\"a\\\"b\\\\c\\u000a\\u0001\\u007f\",\"yes\":true,\"no\":false,\"none\":null,"
    "\"raw\":{\"x\":1},\"list\":[-1,\"\",{}],\"empty\":[]}";

static void test_json__writes_exactly_this(void **state)
{
    char buf[512];
    struct vg_json j;

    (void)state;
    vg_json_begin(&j, buf, sizeof buf);
    write_all(&j);
    assert_false(j.overflow);
    assert_int_equal(j.len, sizeof all - 1);
    assert_memory_equal(buf, all, j.len);
}

/* With every capacity that is too small the writer says so and stays inside. */
static void test_json__every_smaller_buffer_overflows_and_keeps_its_end(void **state)
{
    char buf[sizeof all + 8];
    struct vg_json j;

    (void)state;
    for (size_t cap = 0; cap < sizeof all - 1; cap++) {
        memset(buf, '#', sizeof buf);
        vg_json_begin(&j, buf, cap);
        write_all(&j);
        assert_true(j.overflow);
        assert_true(j.len <= cap);
        for (size_t i = cap; i < sizeof buf; i++) {
            assert_int_equal(buf[i], '#');
        }
    }
    vg_json_begin(&j, buf, sizeof all - 1);
    write_all(&j);
    assert_false(j.overflow);
}

static void test_json__every_byte_of_text_comes_back(void **state)
{
    char text[128];
    char buf[1024];
    struct vg_json j;

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        text[i] = (char)(i + 1);
    }
    text[sizeof text - 1] = '\0';
    vg_json_begin(&j, buf, sizeof buf);
    vg_json_object(&j, NULL);
    vg_json_text(&j, "t", text);
    vg_json_text(&j, "utf8", "\xc3\xa4\xe2\x82\xac");
    vg_json_object_end(&j);
    assert_false(j.overflow);
    json_t *o = json_loadb(buf, j.len, 0, NULL);
    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "t")), text);
    assert_string_equal(json_string_value(json_object_get(o, "utf8")), "\xc3\xa4\xe2\x82\xac");
    json_decref(o);
}

static void test_json__integers_at_their_edges(void **state)
{
    static const int64_t values[] = { INT64_MIN, INT64_MIN + 1, -1000,    -10, -9, -1, 0, 1, 9, 10,
                                      99,        100,           INT64_MAX };
    char buf[64];
    struct vg_json j;

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        vg_json_begin(&j, buf, sizeof buf);
        vg_json_array(&j, NULL);
        vg_json_int(&j, NULL, values[i]);
        vg_json_int(&j, NULL, 7);
        vg_json_array_end(&j);
        json_t *a = json_loadb(buf, j.len, 0, NULL);
        assert_int_equal(json_integer_value(json_array_get(a, 0)), values[i]);
        assert_int_equal(json_integer_value(json_array_get(a, 1)), 7);
        json_decref(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__writes_exactly_this),
        cmocka_unit_test(test_json__every_smaller_buffer_overflows_and_keeps_its_end),
        cmocka_unit_test(test_json__every_byte_of_text_comes_back),
        cmocka_unit_test(test_json__integers_at_their_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
