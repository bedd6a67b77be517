/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * workspace -- a private folder for one picture, made fresh and removed with everything
 * in it. Files in it are reached through the opened folder, never by a path that
 * someone else could have replaced.
 */
#ifndef PLOTS_WORKSPACE_H
#define PLOTS_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct workspace {
    int folder; /* opened */
    char path[4096];
};

/* False with errno set. The folder is in $TMPDIR or /tmp. */
bool workspace_open(struct workspace *space);
void workspace_close(struct workspace *space);

/* A new file in the workspace, NULL with errno set; the caller closes it. */
FILE *workspace_create(const struct workspace *space, const char *name);

/* Copy folder/name to the workspace's name; false with errno set. */
bool workspace_import(const struct workspace *space, const char *folder,
                      const char *name);

/* The bytes of a regular file of at most `most` bytes, with a zero behind; the caller
 * frees them. NULL with errno set. */
char *workspace_read(const struct workspace *space, const char *name, size_t most,
                     size_t *length);

#endif
