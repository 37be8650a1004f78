/*
 * test_signin.c -- sessions and tries, with time given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dashboard/signin.h"

#define S VG_NS_PER_S
#define START (1000 * S)

static struct dash_signin signin;
static struct dash_people people;

static int begin(void **state)
{
    (void)state;
    dash_signin_init(&signin);
    memset(&people, 0, sizeof people);
    for (const char **id = (const char *[]){ "anna", "bert", "wall", NULL }; *id != NULL; id++) {
        struct dash_person *p = dash_people_add(&people, *id);
        (void)snprintf(p->password, sizeof p->password, "$of-%s", *id);
        p->role = DASH_NURSE;
    }
    return 0;
}

static struct dash_session *sign_in(const char *id, bool shared, int64_t now_ns,
                                    char token[DASH_TOKEN_TEXT])
{
    return dash_session_begin(&signin, dash_people_find(&people, id), shared, now_ns, token);
}

static struct dash_session *find(const char *token, int64_t now_ns)
{
    struct dash_person *who;
    return dash_session_find(&signin, &people, token, now_ns, &who);
}

static void test_signin__a_token_finds_its_session_and_no_other(void **state)
{
    char a[DASH_TOKEN_TEXT], b[DASH_TOKEN_TEXT];
    (void)state;
    struct dash_session *first = sign_in("anna", false, START, a);
    struct dash_session *second = sign_in("bert", false, START, b);
    assert_ptr_equal(find(a, START), first);
    assert_ptr_equal(find(b, START), second);
    assert_string_not_equal(first->csrf, second->csrf);
    assert_false(dash_csrf_fits(first, second->csrf));
    a[0] = a[0] == '0' ? '1' : '0';
    assert_null(find(a, START));
    assert_null(find("", START));
    assert_null(find(NULL, START));
}

static void test_signin__ends_with_its_time_its_account_and_its_password(void **state)
{
    char own[DASH_TOKEN_TEXT], shared[DASH_TOKEN_TEXT], b[DASH_TOKEN_TEXT];
    (void)state;
    sign_in("anna", false, START, own);
    sign_in("wall", true, START, shared);
    sign_in("bert", false, START, b);
    assert_non_null(find(own, START + DASH_SESSION_NS));
    assert_null(find(own, START + DASH_SESSION_NS + 1));
    assert_non_null(find(shared, START + DASH_SESSION_NS + 1));
    (void)snprintf(dash_people_find(&people, "bert")->password, 10, "$new");
    assert_null(find(b, START));
    dash_people_remove(&people, dash_people_find(&people, "wall"));
    assert_null(find(shared, START));
}

static void test_signin__many_sign_ins_of_one_do_not_end_a_wall_screen(void **state)
{
    char wall[DASH_TOKEN_TEXT], other[DASH_TOKEN_TEXT];
    (void)state;
    sign_in("wall", true, START, wall);
    for (int64_t i = 0; i < 1000; i++) {
        sign_in("anna", false, START + i * S, other);
    }
    assert_non_null(find(wall, START + 1000 * S));
    assert_non_null(find(other, START + 1000 * S));
}

static void test_signin__survives_a_restart_but_cold(void **state)
{
    char token[DASH_TOKEN_TEXT], gone[DASH_TOKEN_TEXT];
    char file[] = "/tmp/vigil-sessions.XXXXXX";
    struct vg_now now = { .mono_ns = START, .utc_ns = 1700000000 * S };
    (void)state;
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    (void)close(fd);
    sign_in("anna", true, START, token);
    dash_session_end(sign_in("bert", false, START, gone));
    char *text = dash_signin_text(&signin, &now);
    assert_null(strstr(text, token)); /* hashes only */
    dash_signin_write(text, file);
    free(text);
    dash_signin_init(&signin);
    now.mono_ns = 50 * S; /* another boot */
    now.utc_ns += 3600 * S;
    dash_signin_load(&signin, file, &now);
    struct dash_session *s = find(token, now.mono_ns);
    assert_non_null(s);
    assert_true(s->shared);
    assert_true(now.mono_ns - s->acted_ns > DASH_WARM_NS);
    assert_null(find(gone, now.mono_ns));
    assert_non_null(find(token, now.mono_ns + DASH_SHARED_NS - 3700 * S));
    assert_null(find(token, now.mono_ns + DASH_SHARED_NS - 3500 * S));
    (void)unlink(file);
}

static void test_signin__five_tries_are_free_then_waits_double(void **state)
{
    uint32_t key = dash_try_key(&signin, "password", "anna", "127.0.0.1");
    int64_t now = START;
    (void)state;
    for (int i = 0; i < DASH_TRIES_FREE - 1; i++) {
        dash_try_failed(&signin, key, now);
        assert_int_equal(dash_try_wait_s(&signin, key, now), 0);
    }
    static const int64_t waits[] = { 60, 120, 240, 480, 900, 900 };
    for (size_t i = 0; i < VG_COUNT(waits); i++) {
        dash_try_failed(&signin, key, now);
        assert_int_equal(dash_try_wait_s(&signin, key, now), waits[i]);
        now += waits[i] * S;
        assert_int_equal(dash_try_wait_s(&signin, key, now), 0);
    }
    dash_try_succeeded(&signin, key);
    dash_try_failed(&signin, key, now);
    assert_int_equal(dash_try_wait_s(&signin, key, now), 0);
    uint32_t other = dash_try_key(&signin, "password", "anna", "127.0.0.2");
    assert_int_not_equal(key, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_signin__a_token_finds_its_session_and_no_other, begin),
        cmocka_unit_test_setup(test_signin__ends_with_its_time_its_account_and_its_password, begin),
        cmocka_unit_test_setup(test_signin__many_sign_ins_of_one_do_not_end_a_wall_screen, begin),
        cmocka_unit_test_setup(test_signin__survives_a_restart_but_cold, begin),
        cmocka_unit_test_setup(test_signin__five_tries_are_free_then_waits_double, begin),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
