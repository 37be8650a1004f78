/*
 * test_log.c -- one line, one write, with its priority; repeats are counted and not written.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

static int saved_fd;
static int read_fd;
static char said[4096];

static void listen_to_it(void)
{
    int p[2];
    assert_int_equal(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
    read_fd = p[0];
    saved_fd = dup(STDERR_FILENO);
    assert_true(dup2(p[1], STDERR_FILENO) >= 0);
    (void)close(p[1]);
}

/* Everything said since, and the end of listening. */
static const char *heard(void)
{
    assert_true(dup2(saved_fd, STDERR_FILENO) >= 0);
    (void)close(saved_fd);
    ssize_t n = read(read_fd, said, sizeof said - 1);
    (void)close(read_fd);
    said[n > 0 ? n : 0] = '\0';
    return said;
}

static void test_log__writes_priority_and_line(void **state)
{
    (void)state;
    listen_to_it();
    vg_log(VG_LOG_ERROR, "journal: %s: full, left=%d", "disk", 3);
    vg_log(VG_LOG_INFO, "x");
    assert_string_equal(heard(), "<3>journal: disk: full, left=3\n<6>x\n");
}

static void test_log__cuts_what_is_longer_than_a_line(void **state)
{
    char text[2000];
    (void)state;
    memset(text, 'y', sizeof text);
    text[sizeof text - 1] = '\0';
    listen_to_it();
    vg_log(VG_LOG_WARNING, "%s", text);
    (void)heard();
    assert_int_equal(strlen(said), 512);
    assert_int_equal(said[strlen(said) - 1], '\n');
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void test_log__says_a_repeat_once_in_ten_seconds_with_its_count(void **state)
{
    struct vg_log_limit lim = { 0, 0, 0 };
    const int64_t s = INT64_C(1000000000);
    (void)state;
    listen_to_it();
    vg_log_limited(&lim, 0, VG_LOG_WARNING, "port: %d", 1);
    vg_log_limited(&lim, 1 * s, VG_LOG_WARNING, "port: %d", 2);
    vg_log_limited(&lim, 10 * s - 1, VG_LOG_WARNING, "port: %d", 3);
    vg_log_limited(&lim, 10 * s, VG_LOG_WARNING, "port: %d", 4);
    vg_log_limited(&lim, 30 * s, VG_LOG_WARNING, "port: %d", 5);
    assert_string_equal(heard(), "<4>port: 1\n<4>port: 4 (and 2 more like it)\n<4>port: 5\n");
}

static void test_log__leaves_the_count_out_when_there_is_no_room(void **state)
{
    struct vg_log_limit lim = { 0, 5, 0 };
    char text[500];
    (void)state;
    memset(text, 'z', sizeof text);
    text[sizeof text - 1] = '\0';
    listen_to_it();
    vg_log_limited(&lim, 0, VG_LOG_WARNING, "%s", text);
    (void)heard();
    assert_null(strstr(said, "more like it"));
    assert_int_equal(said[strlen(said) - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log__writes_priority_and_line),
        cmocka_unit_test(test_log__cuts_what_is_longer_than_a_line),
        cmocka_unit_test(test_log__says_a_repeat_once_in_ten_seconds_with_its_count),
        cmocka_unit_test(test_log__leaves_the_count_out_when_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
