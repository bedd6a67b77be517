/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * draw -- figures that a verb draws: the scripts are found, what goes wrong is told on
 * stderr in the verb's name.
 *
 * Both return the status to leave with, COMMAND_DONE when all is well.
 */
#ifndef EXPERIMENTS_COMMANDS_DRAW_H
#define EXPERIMENTS_COMMANDS_DRAW_H

#include "plots/figure.h"
#include "sim/arena.h"

/* A figure that cannot be written is better known before a minute of simulation. No
 * path: no figure is wished for. */
int draw_check(const char *verb, const char *path, bool force, struct arena *arena);

/* Draws into `path`; `figure.scripts` is filled in here. */
int draw_figure(const char *verb, struct figure figure, const char *path,
                struct arena *arena);

#endif
