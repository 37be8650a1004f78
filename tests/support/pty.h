/*
 * pty.h -- a pseudo-terminal pair for tests: the device's end and the path of the other.
 */
#ifndef VIGIL_TESTS_SUPPORT_PTY_H
#define VIGIL_TESTS_SUPPORT_PTY_H

#include <stddef.h>
#include <stdint.h>

struct pty {
    int fd;        /* the device's end, raw and non-blocking */
    char path[64]; /* what a link opens */
};

void pty_open(struct pty *p);
void pty_close(struct pty *p);
/* Write all, or fail the test by trap. */
void pty_say(const struct pty *p, const void *bytes, size_t len);
/* Read until len bytes came or ms passed; how many came. */
size_t pty_hear(const struct pty *p, void *bytes, size_t len, int ms);

#endif
