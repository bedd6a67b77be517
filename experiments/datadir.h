/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * datadir -- where the files that come with the program are: the shipped scenarios in
 * library/, the figure scripts in plots/.
 *
 * The folder is found from the place of the running program, so that an installed tree
 * may be moved and a build tree works without installing. HEADROOM_DATA overrides it.
 */
#ifndef EXPERIMENTS_DATADIR_H
#define EXPERIMENTS_DATADIR_H

struct arena;

/* The data folder, in the arena; NULL when there is none. */
const char *datadir(struct arena *arena);

#endif
