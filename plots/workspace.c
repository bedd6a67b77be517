/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* mkdtemp, openat and their kin */

#include "plots/workspace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool workspace_open(struct workspace *space)
{
    const char *parent = getenv("TMPDIR");
    if (!parent || parent[0] != '/')
        parent = "/tmp";
    int length =
        snprintf(space->path, sizeof space->path, "%s/headroom-XXXXXX", parent);
    if (length < 0 || (size_t)length >= sizeof space->path) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (!mkdtemp(space->path))
        return false;
    space->folder = open(space->path, O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC);
    if (space->folder < 0)
        rmdir(space->path);
    return space->folder >= 0;
}

void workspace_close(struct workspace *space)
{
    DIR *list = fdopendir(space->folder); /* takes the descriptor */
    if (list) {
        for (struct dirent *entry; (entry = readdir(list));)
            unlinkat(space->folder, entry->d_name, 0); /* "." and ".." refuse */
        closedir(list);
    } else {
        close(space->folder);
    }
    rmdir(space->path);
}

FILE *workspace_create(const struct workspace *space, const char *name)
{
    int file = openat(space->folder, name,
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return file < 0 ? NULL : fdopen(file, "w");
}

bool workspace_import(const struct workspace *space, const char *folder,
                      const char *name)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path) {
        errno = ENAMETOOLONG;
        return false;
    }
    FILE *in = fopen(path, "re");
    if (!in)
        return false;
    FILE *out = workspace_create(space, name);
    bool copied = out != NULL;
    char bytes[4096];
    for (size_t n; copied && (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
        copied = fwrite(bytes, 1, n, out) == n;
    copied = copied && !ferror(in);
    if (out && fclose(out) != 0)
        copied = false;
    fclose(in);
    return copied;
}

static char *read_all(int file, size_t length)
{
    char *bytes = malloc(length + 1);
    size_t have = 0;
    while (bytes && have < length) {
        ssize_t n = read(file, bytes + have, length - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) { /* it shrank while being read: not ours any more */
            free(bytes);
            errno = n < 0 ? errno : EIO;
            return NULL;
        }
        have += (size_t)n;
    }
    if (bytes)
        bytes[length] = '\0';
    return bytes;
}

char *workspace_read(const struct workspace *space, const char *name, size_t most,
                     size_t *length)
{
    int file =
        openat(space->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return NULL;
    char *bytes = NULL;
    struct stat status;
    if (fstat(file, &status) == 0) {
        if (!S_ISREG(status.st_mode) || (size_t)status.st_size > most) {
            errno = EFBIG;
        } else {
            *length = (size_t)status.st_size;
            bytes = read_all(file, *length);
        }
    }
    close(file);
    return bytes;
}
