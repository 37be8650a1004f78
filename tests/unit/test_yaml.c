/*
 * test_yaml.c -- the strict YAML reader against a table of its own, with no configuration around
 * it: what each type takes and refuses, how the places of errors are counted, and that what is
 * printed reads back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/yaml.h"
#include "vigil/compiler.h"

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

struct inner {
    int16_t small;
    char id[8];
};

struct outer {
    uint8_t whole;
    int32_t milli;
    int64_t ns;
    bool flag;
    uint8_t word;
    char text[12];
    uint16_t int_count, item_count;
    uint32_t ints[3];
    int64_t optional;
    struct inner inner;
    struct inner items[2];
};

static const char *const words[] = { "red", "green", "blue", NULL };

static const struct vg_yaml_field inner_rows[] = {
    { .key = "small",
      .type = VG_YAML_INT,
      AT(struct inner, small),
      .min = -5,
      .max = 300,
      .fallback = "-1",
      .doc = "a small number" },
    { .key = "id", .type = VG_YAML_ID, AT(struct inner, id), .doc = "an identifier" },
};
static const struct vg_yaml_table inner_table = { inner_rows, VG_COUNT(inner_rows) };

static const struct vg_yaml_field outer_rows[] = {
    { .key = "whole",
      .type = VG_YAML_INT,
      .required = true,
      AT(struct outer, whole),
      .min = 0,
      .max = 250,
      .hex = true,
      .doc = "a whole number" },
    { .key = "milli",
      .type = VG_YAML_DECIMAL,
      .places = 3,
      AT(struct outer, milli),
      .min = -100000,
      .max = 100000,
      .unit = "mmHg",
      .fallback = "1.5",
      .doc = "a decimal" },
    { .key = "ns",
      .type = VG_YAML_DURATION,
      AT(struct outer, ns),
      .min = 0,
      .max = 600 * INT64_C(1000000000),
      .fallback = "15s",
      .doc = "a duration" },
    { .key = "flag",
      .type = VG_YAML_BOOL,
      AT(struct outer, flag),
      .fallback = "yes",
      .doc = "a flag" },
    { .key = "word",
      .type = VG_YAML_ENUM,
      AT(struct outer, word),
      .names = words,
      .fallback = "green",
      .doc = "a word" },
    { .key = "text",
      .type = VG_YAML_STRING,
      AT(struct outer, text),
      .fallback = "hello",
      .doc = "a text" },
    { .key = "ints",
      .type = VG_YAML_INTS,
      .offset = offsetof(struct outer, ints),
      .size = sizeof(uint32_t),
      .count_offset = offsetof(struct outer, int_count),
      .items_max = 3,
      .min = 0,
      .max = UINT32_MAX,
      .hex = true,
      .doc = "numbers" },
    { .key = "optional",
      .type = VG_YAML_INT,
      AT(struct outer, optional),
      .min = 0,
      .max = 9,
      .doc = "a number that may be missing" },
    { .key = "inner",
      .type = VG_YAML_MAP,
      .offset = offsetof(struct outer, inner),
      .table = &inner_table,
      .doc = "a mapping" },
    { .key = "items",
      .type = VG_YAML_LIST,
      .offset = offsetof(struct outer, items),
      .size = sizeof(struct inner),
      .count_offset = offsetof(struct outer, item_count),
      .items_max = 2,
      .table = &inner_table,
      .doc = "a list" },
};
static const struct vg_yaml_table outer_table = { outer_rows, VG_COUNT(outer_rows) };

/* Read TEXT; the messages are left in *errors, which the caller frees. */
static enum vg_status read_bytes(const char *text, size_t len, struct outer *out, char **errors)
{
    size_t errors_len = 0;
    FILE *log_out = open_memstream(errors, &errors_len);
    assert_non_null(log_out);
    struct vg_yaml_log log = { log_out, 0 };
    struct vg_yaml y;
    memset(out, 0, sizeof *out);
    out->optional = VG_YAML_UNSET;
    enum vg_status st = vg_yaml_open_text(&y, "t", text, len, &log);
    if (st == VG_OK) {
        st = vg_yaml_read(&y, &outer_table, out);
    }
    vg_yaml_close(&y);
    (void)fclose(log_out);
    assert_int_equal(st == VG_OK, log.count == 0);
    return st;
}

static enum vg_status read_text(const char *text, struct outer *out, char **errors)
{
    return read_bytes(text, strlen(text), out, errors);
}

static void test_yaml__reads_every_type(void **state)
{
    (void)state;
    struct outer o;
    char *errors = NULL;
    static const char text[] = "whole: 0x1F\nmilli: -2.25\nns: 500ms\nflag: no\nword: blue\n"
                               "text: 'a: b'\nints: [0xFFFFFFFF, 0, 7]\noptional: 9\n"
                               "inner: {small: -5, id: a-1}\nitems:\n- {id: x}\n- small: 300\n";
    assert_int_equal(read_text(text, &o, &errors), VG_OK);
    assert_int_equal(o.whole, 31);
    assert_int_equal(o.milli, -2250);
    assert_int_equal(o.ns, 500000000);
    assert_false(o.flag);
    assert_int_equal(o.word, 2);
    assert_string_equal(o.text, "a: b");
    assert_int_equal(o.int_count, 3);
    assert_true(o.ints[0] == UINT32_MAX && o.ints[2] == 7);
    assert_int_equal(o.optional, 9);
    assert_int_equal(o.inner.small, -5);
    assert_string_equal(o.inner.id, "a-1");
    assert_int_equal(o.item_count, 2);
    assert_int_equal(o.items[0].small, -1);
    assert_int_equal(o.items[1].small, 300);
    free(errors);
}

static void test_yaml__fills_in_defaults(void **state)
{
    (void)state;
    struct outer o;
    char *errors = NULL;
    assert_int_equal(read_text("whole: 1\n", &o, &errors), VG_OK);
    assert_int_equal(o.milli, 1500);
    assert_int_equal(o.ns, INT64_C(15000000000));
    assert_true(o.flag);
    assert_int_equal(o.word, 1);
    assert_string_equal(o.text, "hello");
    assert_true(o.optional == VG_YAML_UNSET);
    assert_int_equal(o.inner.small, -1);
    assert_int_equal(o.item_count, 0);
    free(errors);
}

struct refusal {
    const char *text;
    const char *message; /* exactly what begins the first line */
};

static void check_refusals(const struct refusal *r, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct outer o;
        char *errors = NULL;
        assert_int_equal(read_text(r[i].text, &o, &errors), VG_ERR_FORMAT);
        if (strncmp(errors, r[i].message, strlen(r[i].message)) != 0) {
            fail_msg("%s\n  gave  %s  not  %s", r[i].text, errors, r[i].message);
        }
        assert_non_null(strchr(errors, ';'));
        free(errors);
    }
}

static void test_yaml__refuses_what_only_looks_like_a_number(void **state)
{
    (void)state;
    static const struct refusal r[] = {
        { "whole: 9O\n", "t:1:8: whole: '9O' is not a whole number; write a value from 0 to 250" },
        { "whole: 010\n", "t:1:8: whole: '010' has a leading zero" },
        { "whole: \"9\"\n", "t:1:8: whole: '9' is quoted" },
        { "whole: +9\n", "t:1:8: whole: '+9' is not a plain number" },
        { "whole: 1e2\n", "t:1:8: whole: '1e2' is not a whole number" },
        { "whole: 1_0\n", "t:1:8: whole: '1_0' is not a whole number" },
        { "whole: 0x\n", "t:1:8: whole: '0x' is not a hexadecimal number" },
        { "whole: 0xG\n", "t:1:8: whole: '0xG' is not a hexadecimal number" },
        { "whole: 0x123456789\n", "t:1:8: whole: '0x123456789' is not a hexadecimal" },
        { "whole: 251\n", "t:1:8: whole: '251' is outside the allowed range" },
        { "whole: -\n", "t:1:" },
        { "whole: 1000ms\n", "t:1:8: whole: '1000ms' is not a whole number" },
        { "whole: 9223372036854775808\n", "t:1:8: whole: '9223372036854775808' is too large" },
        { "whole: 1\nmilli: nan\n", "t:2:8: milli: 'nan' is not a plain number" },
        { "whole: 1\nmilli: .inf\n", "t:2:8: milli: '.inf' is not a plain number" },
        { "whole: 1\nmilli: 0x10\n", "t:2:8: milli: '0x10' is hexadecimal" },
        { "whole: 1\nmilli: 1.0001\n", "t:2:8: milli: '1.0001' has too many decimals" },
        { "whole: 1\nmilli: 1.\n", "t:2:8: milli: '1.' is not a plain number" },
        { "whole: 1\nmilli: .5\n", "t:2:8: milli: '.5' is not a plain number" },
        { "whole: 1\nmilli: 1,5\n", "t:2:8: milli: '1,5' is not a plain number" },
        { "whole: 1\nmilli: -100.001\n", "t:2:8: milli: '-100.001' is outside" },
        { "whole: 1\nmilli: 9223372036854775807\n", "t:2:8: milli: '9223372036854775807' is too" },
        { "whole: 1\nns: 15\n", "t:2:5: ns: '15' has no unit" },
        { "whole: 1\nns: 15 s\n", "t:2:5: ns: '15 s' is not a whole number followed by" },
        { "whole: 1\nns: -1s\n", "t:2:5: ns: '-1s' is negative" },
        { "whole: 1\nns: 011s\n", "t:2:5: ns: '011s' has a leading zero" },
        { "whole: 1\nns: s\n", "t:2:5: ns: 's' is not a duration" },
        { "whole: 1\nns: 1h\n", "t:2:5: ns: '1h' is not a whole number followed by" },
        { "whole: 1\nns: 11min\n", "t:2:5: ns: '11min' is outside the allowed range" },
        { "whole: 1\nns: 9223372036854775807s\n", "t:2:5: ns: '9223372036854775807s' is too" },
        { "whole: 1\nns: '15s'\n", "t:2:5: ns: '15s' is quoted" },
        { "whole: 1\nflag: on\n", "t:2:7: flag: 'on' is neither yes nor no" },
        { "whole: 1\nflag: 'yes'\n", "t:2:7: flag: 'yes' is quoted" },
    };
    check_refusals(r, VG_COUNT(r));
}

static void test_yaml__refuses_wrong_words_and_kinds(void **state)
{
    (void)state;
    static const struct refusal r[] = {
        { "whole: 1\nword: gren\n", "t:2:7: word: 'gren' is not a word known here; did you mean" },
        { "whole: 1\nword: x\n", "t:2:7: word: 'x' is not a word known here; write one of red, " },
        { "whole: 1\ntext: 123456789012\n", "t:2:7: text: '123456789012' is too long; use" },
        { "whole: 1\ntext: \"a\\nb\"\n", "t:2:7: text: 'a?b' holds a control character" },
        { "whole: 1\ntext: \"a\\0b\"\n", "t:2:7: text: 'a?b' holds a control character" },
        { "whole: 1\ntext: \"a\\Lb\"\n", "t:2:7: text: 'a" },
        { "whole: 1\ntext:\n", "t:2:6: text: has no value" },
        { "whole: 1\ntext: ~\n", "t:2:7: text: has no value" },
        { "whole: 1\ntext: [a]\n", "t:2:7: text: is a list" },
        { "whole: {a: 1}\n", "t:1:8: whole: is a mapping" },
        { "whole: 1\nints: 5\n", "t:2:7: ints: is not a list" },
        { "whole: 1\nints: [1, 2, 3, 4]\n", "t:2:17: ints: has too many values" },
        { "whole: 1\nints: [1, x]\n", "t:2:11: ints[1]: 'x' is not a plain number" },
        { "whole: 1\ninner: 5\n", "t:2:8: inner: is not a mapping" },
        { "whole: 1\ninner: {id: A}\n", "t:2:13: inner.id: 'A' is not an identifier" },
        { "whole: 1\nitems: {id: a}\n", "t:2:8: items: is not a list" },
        { "whole: 1\nitems: [5]\n", "t:2:9: items[0]: is not a mapping" },
        { "whole: 1\nitems: [{}, {}, {}]\n", "t:2:17: items: has too many entries" },
        { "whole: 1\nitems: [{}, {smal: 1}]\n", "t:2:14: items[1].smal: unknown key; did you" },
        { "whole: 1\nwhole: 2\n", "t:2:1: whole: is given twice" },
        { "milli: 1\n", "t:1:1: whole: is missing" },
        { "[1]: 2\n", "t:1:1: file: a key is not a word" },
        { "- 1\n", "t:1:1: file: is not a mapping" },
    };
    check_refusals(r, VG_COUNT(r));
}

static void test_yaml__refuses_what_a_configuration_must_not_hold(void **state)
{
    (void)state;
    static const struct refusal r[] = {
        { "", "t:1:1: file: is empty" },
        { "# only\n", "t:1:1: file: is empty" },
        { "whole: &a 1\n", "t:1:8: file: an anchor" },
        { "whole: 1\ninner: &a {}\n", "t:2:8: file: an anchor" },
        { "whole: &x [*x]\n", "t:1:8: file: an anchor" },
        { "whole: *a\n", "t:1:8: file: an alias" },
        { "whole: !!int 1\n", "t:1:8: file: a tag" },
        { "whole: ! 1\n", "t:1:8: file: a tag" },
        { "--- !!map\nwhole: 1\n", "t:1:5: file: a tag" },
        { "whole: 1\n---\nwhole: 2\n", "t:2:1: file: a second document" },
        { "whole: [1\n", "t:2:1: file: did not find" },
        { "\twhole: 1\n", "t:1:1: file: holds a tab" },
        { "whole:\t1\n", "t:1:7: file: holds a tab" },
        { "text: \xff\n", "t:1:7: file: invalid" },
        { "whole: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]\n", "t:1:23: file: nested too deeply" },
    };
    check_refusals(r, VG_COUNT(r));
    struct outer o;
    char *errors = NULL;
    assert_int_equal(read_bytes("whole: 1\n\0", 10, &o, &errors), VG_ERR_FORMAT);
    assert_non_null(strstr(errors, "t:2:1: file: holds a NUL byte; "));
    free(errors);
    /* A tab in a comment means nothing. */
    assert_int_equal(read_text("whole: 1 #\ta\n#\tb\n", &o, &errors), VG_OK);
    free(errors);
}

static void test_yaml__refuses_a_file_over_one_mebibyte(void **state)
{
    (void)state;
    char *big = malloc(VG_YAML_BYTES_MAX + 1);
    assert_non_null(big);
    memset(big, '#', VG_YAML_BYTES_MAX + 1);
    memcpy(big, "whole: 1\n", 9);
    struct outer o;
    char *errors = NULL;
    assert_int_equal(read_bytes(big, VG_YAML_BYTES_MAX, &o, &errors), VG_OK);
    free(errors);
    assert_int_equal(read_bytes(big, VG_YAML_BYTES_MAX + 1, &o, &errors), VG_ERR_FORMAT);
    assert_non_null(strstr(errors, "larger than 1 MiB"));
    free(errors);
    free(big);
}

static void test_yaml__collects_errors_up_to_a_hundred(void **state)
{
    (void)state;
    char text[2048] = "";
    size_t n = 0;
    for (unsigned i = 0; i < 150; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "k%u: 1\n", i);
    }
    struct outer o;
    char *errors = NULL;
    assert_int_equal(read_text(text, &o, &errors), VG_ERR_FORMAT);
    size_t lines = 0;
    for (const char *p = strchr(errors, '\n'); p != NULL; p = strchr(p + 1, '\n')) {
        lines++;
    }
    assert_int_equal(lines, VG_YAML_ERRORS_MAX + 1);
    assert_non_null(strstr(errors, "more than 100 errors; "));
    free(errors);
    assert_int_equal(read_text("whol: 1\nmilli: x\nword: y\n", &o, &errors), VG_ERR_FORMAT);
    assert_non_null(strstr(errors, "t:1:1: whol: unknown key; did you mean 'whole'?\n"));
    assert_non_null(strstr(errors, "t:1:1: whole: is missing"));
    assert_non_null(strstr(errors, "t:2:8: milli: "));
    assert_non_null(strstr(errors, "t:3:7: word: "));
    free(errors);
}

static char *printed(const struct outer *o)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    vg_yaml_print(out, &outer_table, o);
    (void)fclose(out);
    return text;
}

static void test_yaml__prints_what_it_reads_back(void **state)
{
    (void)state;
    struct outer a, b;
    char *errors = NULL;
    static const char text[] = "whole: 31\nmilli: -0.05\nns: 90s\nflag: no\nword: red\n"
                               "text: \"\\\"\\\\ \xc3\xa9\"\nints: [1, 4294967295]\n"
                               "items:\n  - {small: -5, id: x}\n  - {small: 7}\n";
    assert_int_equal(read_text(text, &a, &errors), VG_OK);
    free(errors);
    char *first = printed(&a);
    assert_int_equal(read_text(first, &b, &errors), VG_OK);
    free(errors);
    char *second = printed(&b);
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "milli: -0.05\n"));
    assert_non_null(strstr(first, "ns: 90s\n"));
    assert_null(strstr(first, "optional"));
    assert_memory_equal(a.ints, b.ints, sizeof a.ints);
    assert_string_equal(a.text, b.text);
    free(first);
    free(second);
}

static void test_yaml__describes_every_key(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    vg_yaml_describe(out, &outer_table);
    (void)fclose(out);
    assert_non_null(strstr(text, "whole\t0 to 250\trequired\ta whole number\n"));
    assert_non_null(strstr(text, "milli\t-100 to 100 mmHg\t1.5\ta decimal\n"));
    assert_non_null(strstr(text, "ns\t0s to 10min\t15s\ta duration\n"));
    assert_non_null(strstr(text, "word\tred, green, blue\tgreen\ta word\n"));
    assert_non_null(strstr(text, "inner.id\tidentifier of at most 7 bytes\t-\tan identifier\n"));
    assert_non_null(strstr(text, "items[].small\t-5 to 300\t-1\ta small number\n"));
    free(text);
}

static void test_yaml__guesses_near_words_only(void **state)
{
    (void)state;
    static const struct {
        const char *word, *best;
    } cases[] = { { "baud", "baud" }, { "bawd", "baud" }, { "buad", "baud" },
                  { "LINK", "link" }, { "x", NULL },      { "colour", NULL },
                  { "", NULL },       { "lnik", "link" }, { "timeuot", "timeout" } };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_yaml_guess g;
        vg_yaml_guess_start(&g, cases[i].word);
        vg_yaml_guess_offer(&g, "baud");
        vg_yaml_guess_offer(&g, "link");
        vg_yaml_guess_offer(&g, "timeout");
        const char *best = vg_yaml_guess_best(&g);
        if (cases[i].best == NULL) {
            assert_null(best);
        } else {
            assert_non_null(best);
            assert_string_equal(best, cases[i].best);
        }
    }
}

static void test_yaml__says_when_a_file_cannot_be_read(void **state)
{
    (void)state;
    char *errors = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&errors, &len);
    assert_non_null(out);
    struct vg_yaml_log log = { out, 0 };
    struct vg_yaml y;
    assert_int_equal(vg_yaml_open(&y, "/nonexistent/x.yaml", &log), VG_ERR_IO);
    vg_yaml_close(&y);
    assert_int_equal(vg_yaml_open(&y, "/", &log), VG_ERR_IO);
    vg_yaml_close(&y);
    (void)fclose(out);
    assert_non_null(strstr(errors, "/nonexistent/x.yaml:1:1: file: cannot be read: No such file"));
    assert_non_null(strstr(errors, "/:1:1: file: is a directory; "));
    free(errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml__reads_every_type),
        cmocka_unit_test(test_yaml__fills_in_defaults),
        cmocka_unit_test(test_yaml__refuses_what_only_looks_like_a_number),
        cmocka_unit_test(test_yaml__refuses_wrong_words_and_kinds),
        cmocka_unit_test(test_yaml__refuses_what_a_configuration_must_not_hold),
        cmocka_unit_test(test_yaml__refuses_a_file_over_one_mebibyte),
        cmocka_unit_test(test_yaml__collects_errors_up_to_a_hundred),
        cmocka_unit_test(test_yaml__prints_what_it_reads_back),
        cmocka_unit_test(test_yaml__describes_every_key),
        cmocka_unit_test(test_yaml__guesses_near_words_only),
        cmocka_unit_test(test_yaml__says_when_a_file_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
