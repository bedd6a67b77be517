/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log_io -- every write and sync of a results file in the order they happen, loaded
 * before the C library:
 *
 *     IO_LOG=/tmp/log LD_PRELOAD=…/libfaults_log.so headroom batch … 2>told
 *
 * power.c makes of the log what a disk may hold when the power goes. A record says how
 * long standard error was at that moment: what had been told by then.
 */
#define _GNU_SOURCE
#include "faults/log_io.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int log_fd = -1;

static int ends(const char *path, const char *end)
{
    size_t length = strlen(path), tail = strlen(end);
    return length >= tail && strcmp(path + length - tail, end) == 0;
}

static int file_of(const char *path)
{
    return ends(path, ".hdb")           ? LOG_DATABASE
           : ends(path, ".hdb-wal")     ? LOG_WAL
           : ends(path, ".hdb-journal") ? LOG_JOURNAL
                                        : -1;
}

static int file_behind(int fd)
{
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return -1;
    path[length] = '\0';
    return file_of(path);
}

static void put(const void *bytes, size_t length)
{
    REAL(write);
    if (real(log_fd, bytes, length) != (ssize_t)length)
        abort();
}

static void note(enum log_what what, int file, const void *bytes, int64_t length,
                 int64_t at)
{
    struct stat told = {0};
    const char *path = getenv("IO_LOG");
    if (file < 0 || !path)
        return;
    if (log_fd < 0)
        log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    fstat(STDERR_FILENO, &told);
    struct log_record record = {what, file, at, length, told.st_size};
    put(&record, sizeof record);
    if (what == LOG_WRITE)
        put(bytes, (size_t)length);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    REAL(write);
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t done = real(fd, bytes, length);
    note(LOG_WRITE, file_behind(fd), bytes, done, at);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    REAL(pwrite);
    ssize_t done = real(fd, bytes, length, at);
    note(LOG_WRITE, file_behind(fd), bytes, done, at);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at)
{
    REAL(pwrite64);
    ssize_t done = real(fd, bytes, length, at);
    note(LOG_WRITE, file_behind(fd), bytes, done, at);
    return done;
}

int ftruncate(int fd, off_t length)
{
    REAL(ftruncate);
    note(LOG_TRUNCATE, file_behind(fd), NULL, length, 0);
    return real(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    REAL(ftruncate64);
    note(LOG_TRUNCATE, file_behind(fd), NULL, length, 0);
    return real(fd, length);
}

int fsync(int fd)
{
    REAL(fsync);
    note(LOG_SYNC, file_behind(fd), NULL, 0, 0);
    return real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    note(LOG_SYNC, file_behind(fd), NULL, 0, 0);
    return real(fd);
}

int unlink(const char *path)
{
    REAL(unlink);
    note(LOG_REMOVE, file_of(path), NULL, 0, 0);
    return real(path);
}
