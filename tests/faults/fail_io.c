/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fail_io -- a disk and a clock that misbehave, loaded before the C library:
 *
 *     FAIL_AT=7 FAIL_WITH=28 LD_PRELOAD=…/libfaults_io.so headroom batch …
 *
 * The FAIL_AT-th call that writes to or syncs a results file (or its journal) fails
 * with errno FAIL_WITH; with FAIL_ON=1 all after it too, as on a full disk. With
 * CLOCK_JUMPS=1 the wall clock goes to and fro by days.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static atomic_long calls, looks;

static long setting(const char *name)
{
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static int is_results(int fd)
{
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    return strstr(path, ".hdb") != NULL && strstr(path, "-lock") == NULL;
}

/* Is it this call's turn to fail? */
static int fails(int fd)
{
    long at = setting("FAIL_AT");
    if (!at || !is_results(fd))
        return 0;
    long call = ++calls;
    if (call != at && !(call > at && setting("FAIL_ON")))
        return 0;
    errno = (int)setting("FAIL_WITH");
    return 1;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *bytes, size_t length)
{
    REAL(write);
    return fails(fd) ? -1 : real(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    REAL(pwrite);
    return fails(fd) ? -1 : real(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at)
{
    REAL(pwrite64);
    return fails(fd) ? -1 : real(fd, bytes, length, at);
}

int ftruncate(int fd, off_t length)
{
    REAL(ftruncate);
    return fails(fd) ? -1 : real(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    REAL(ftruncate64);
    return fails(fd) ? -1 : real(fd, length);
}

int fsync(int fd)
{
    REAL(fsync);
    return fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return fails(fd) ? -1 : real(fd);
}

/* Days to and fro, differently each time. */
static time_t jump(void)
{
    return setting("CLOCK_JUMPS") ? (time_t)((++looks * 7919) % 21 - 10) * 86400 : 0;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    REAL(clock_gettime);
    int result = real(clock, t);
    if (clock == CLOCK_REALTIME)
        t->tv_sec += jump();
    return result;
}

time_t time(time_t *t)
{
    REAL(time);
    time_t now = real(NULL) + jump();
    if (t)
        *t = now;
    return now;
}
