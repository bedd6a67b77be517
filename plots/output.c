/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* renameat2 */

#include "plots/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 64 };

/* The folder of `path`, opened; `*name` is the rest. */
static int open_parent(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!slash)
        return open(".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);

    char folder[4096];
    size_t length = slash == path ? 1 : (size_t)(slash - path);
    if (length >= sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(folder, path, length);
    folder[length] = '\0';
    return open(folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
}

static int create_temporary(int folder, char name[NAME_SIZE])
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        return -1;
    snprintf(name, NAME_SIZE, ".headroom-%016llx.tmp", (unsigned long long)number);
    return openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0666);
}

static bool write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return fsync(file) == 0;
}

/* Some file systems know no "rename unless it exists"; there a file that appears
 * between the look and the rename is replaced. */
static bool take_name(int folder, const char *from, const char *to, bool force)
{
    if (force)
        return renameat(folder, from, folder, to) == 0;
    if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;

    struct stat status;
    if (fstatat(folder, to, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return false;
    }
    return renameat(folder, from, folder, to) == 0;
}

/* True when all of it is on the disk under its name; else errno tells why not. */
static bool write_in(int folder, const char *name, const void *bytes, size_t length,
                     bool force)
{
    char temporary[NAME_SIZE];
    int file = create_temporary(folder, temporary);
    if (file < 0)
        return false;

    bool written = write_all(file, bytes, length);
    int reason = errno;
    if (close(file) != 0 && written) {
        written = false;
        reason = errno;
    }
    if (written && take_name(folder, temporary, name, force))
        return fsync(folder) == 0 || errno == EINVAL; /* not every folder can */
    if (written)
        reason = errno;
    unlinkat(folder, temporary, 0);
    errno = reason;
    return false;
}

static enum output_result refuse(const char *path, bool force, int reason, char *error,
                                 size_t size)
{
    if (reason == EEXIST && !force) {
        snprintf(error, size, "%s: exists already", path);
        return OUTPUT_EXISTS;
    }
    snprintf(error, size, "%s: cannot be written: %s", path, strerror(reason));
    return OUTPUT_FAILED;
}

enum output_result output_check(const char *path, bool force, char *error, size_t size)
{
    const char *name;
    struct stat status;
    int folder = open_parent(path, &name), reason = 0;
    if (folder < 0)
        return refuse(path, force, errno, error, size);
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        reason = !force ? EEXIST : S_ISDIR(status.st_mode) ? EISDIR : 0;
    if (!reason && faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) != 0)
        reason = errno;
    close(folder);
    return reason ? refuse(path, force, reason, error, size) : OUTPUT_WRITTEN;
}

enum output_result output_write(const char *path, const void *bytes, size_t length,
                                bool force, char *error, size_t size)
{
    const char *name;
    int folder = open_parent(path, &name);
    bool written = folder >= 0 && write_in(folder, name, bytes, length, force);
    int reason = errno;
    if (folder >= 0)
        close(folder);
    return written ? OUTPUT_WRITTEN : refuse(path, force, reason, error, size);
}
