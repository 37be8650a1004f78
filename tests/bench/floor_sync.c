/*
 * floor_sync.c -- how often this disk says that something is on it: write and fdatasync, nothing
 * else. usage: bench-floor-sync DIR SECONDS
 *
 * It writes into space that exists, as a database's log does once it has grown: a file that grows
 * costs the file system a second write.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

#define RECORD_BYTES 4096
#define FILE_BYTES ((off_t)4 * 1024 * 1024)

int main(int argc, char **argv)
{
    uint8_t record[RECORD_BYTES];
    char path[512];
    struct bench_samples took = { 0 };

    if (argc != 3) {
        bench_die("usage: bench-floor-sync DIR SECONDS");
    }
    (void)snprintf(path, sizeof path, "%s/floor.sync", argv[1]);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        bench_die("%s", path);
    }
    memset(record, 7, sizeof record);
    for (off_t at = 0; at < FILE_BYTES; at += RECORD_BYTES) {
        if (pwrite(fd, record, sizeof record, at) != (ssize_t)sizeof record) {
            bench_die("%s", path);
        }
    }
    (void)fsync(fd);
    int64_t start_ns = bench_now_ns();
    int64_t end_ns = start_ns + (int64_t)(strtod(argv[2], NULL) * 1e9);
    int64_t now_ns = start_ns;
    while (now_ns < end_ns) {
        off_t at = (off_t)took.count * RECORD_BYTES % FILE_BYTES;
        if (pwrite(fd, record, sizeof record, at) != (ssize_t)sizeof record || fdatasync(fd) != 0) {
            bench_die("%s", path);
        }
        int64_t after_ns = bench_now_ns();
        bench_push(&took, after_ns - now_ns);
        now_ns = after_ns;
    }
    (void)unlink(path);
    (void)printf("{\"per_s\":%.1f,", (double)took.count * 1e9 / (double)(now_ns - start_ns));
    bench_print(stdout, "took", &took);
    (void)printf("}\n");
    return 0;
}
