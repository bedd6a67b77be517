/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/commands/draw.h"

#include "experiments/commands/command.h"
#include "experiments/datadir.h"
#include "sim/check.h"

#include <stdio.h>

enum { ERROR_SIZE = 500 };

static int status_of(const char *verb, enum figure_result result, const char *error,
                     struct arena *arena)
{
    if (result == FIGURE_DRAWN)
        return COMMAND_DONE;
    fprintf(stderr, "headroom %s: %s%s\n", verb, where_safe(arena, error),
            result == FIGURE_EXISTS ? " (--force replaces it)" : "");
    return result == FIGURE_EXISTS || result == FIGURE_NO_FORMAT ? COMMAND_INPUT
                                                                 : COMMAND_MACHINE;
}

int draw_check(const char *verb, const char *path, bool force, struct arena *arena)
{
    char error[ERROR_SIZE];
    if (!path)
        return COMMAND_DONE;
    enum figure_result result = figure_check(path, force, error, sizeof error);
    return status_of(verb, result, error, arena);
}

int draw_figure(const char *verb, struct figure figure, const char *path,
                struct arena *arena)
{
    char error[ERROR_SIZE];
    const char *folder = datadir(arena);
    if (!folder)
        die("the figure scripts are nowhere to be found; set HEADROOM_DATA");
    figure.scripts = arena_format(arena, "%s/plots", folder);
    enum figure_result result = figure_draw(&figure, path, error, sizeof error);
    return status_of(verb, result, error, arena);
}
