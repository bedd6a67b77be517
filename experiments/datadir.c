/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L /* readlink */

#include "experiments/datadir.h"

#include "sim/arena.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef HEADROOM_DATA_FROM_BIN
#define HEADROOM_DATA_FROM_BIN "../share/headroom"
#endif

const char *datadir(struct arena *arena)
{
    const char *given = getenv("HEADROOM_DATA");
    if (given && *given)
        return given;

    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return NULL;
    program[length] = '\0';

    char *slash = strrchr(program, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    const char *found = arena_format(arena, "%s/%s", program, HEADROOM_DATA_FROM_BIN);
    return access(found, R_OK | X_OK) == 0 ? found : NULL;
}
