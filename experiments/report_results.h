/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report_results -- the parts of the report of a results file. Of use to report_*.c
 * alone.
 */
#ifndef EXPERIMENTS_REPORT_RESULTS_H
#define EXPERIMENTS_REPORT_RESULTS_H

#include "experiments/reach.h"
#include "experiments/report_parts.h"

/* A results file while it is reported. */
struct results {
    struct report report;
    struct store *store;
    const struct chart *chart;
    const struct reach *reach, *best; /* of each line */
    int equal;                        /* other lines that carry as much as the best */
    struct sitter sitter;
};

/* What carries how much, in a sentence and three numbers; the other lines likewise, of
 * a brief report, or as a table. */
void report_answer(struct results *s, bool brief);

/* A section: the points as tables, and all of them as a file. */
void report_points(struct results *s);

#endif
