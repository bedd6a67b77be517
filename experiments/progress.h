/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress -- how far a batch is, on stderr: one line that is written over on a
 * terminal, a line a minute elsewhere.
 */
#ifndef EXPERIMENTS_PROGRESS_H
#define EXPERIMENTS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum progress_form { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_LIVE };

/* Counted by the batch. */
struct progress {
    enum progress_form form;
    int64_t points, done, failed, unstable; /* unstable: of those done, cut short */
    int64_t jobs;                           /* simulated now */
    uint64_t events;                        /* likewise */
    double worst;  /* half-width by the width asked for, of points done; 0: none yet */
    double left;   /* s until all is done, as far as one can know; NaN: unknown */
    double begun, shown; /* monotonic s */
};

double progress_now(void); /* monotonic s */

/* Shows what there is to show, if it is time to. */
void progress_show(struct progress *progress);

/* Clears the line. */
void progress_clear(struct progress *progress);

#endif
