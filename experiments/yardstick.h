/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * yardstick -- what theory says, held beside what a run found: the exact values of the
 * oracle where it knows the queue, and bounds that hold for every system.
 *
 *     mean latency of a type   at least that of a request which is alone
 *     users who wait           answered at most, mean response at least: asymptotic
 *                              bounds of the utilisation law
 *     offered load             what asks for more than there is cannot all be answered
 *
 * Bounds speak of systems in which nothing fails and caches keep to their odds; where a
 * run does not, they are left out. Steady runs only: a window has no long-run average.
 *
 * Units:     s, 1/s, fractions.
 * Ownership: arrays live in the arena given; names belong to the model's facts.
 */
#ifndef EXPERIMENTS_YARDSTICK_H
#define EXPERIMENTS_YARDSTICK_H

#include "experiments/findings.h"
#include "models/spec.h"

enum yardstick_number {
    YARDSTICK_MEAN, /* of latency */
    YARDSTICK_WAIT, /* of the time before service */
    YARDSTICK_P50,
    YARDSTICK_P95,
    YARDSTICK_P99,
    YARDSTICK_THROUGHPUT, /* of what is answered */
    YARDSTICK_LOST,       /* part that finds no place */
};

extern const char *const yardstick_number_names[]; /* "mean", …, as JSON has them */

enum yardstick_relation { YARDSTICK_IS, YARDSTICK_AT_LEAST, YARDSTICK_AT_MOST };

struct yardstick_line {
    enum yardstick_number number;
    enum yardstick_relation relation;
    const char *of; /* a type or a workload; NULL: of all */
    double theory;
    struct estimate found;
    bool agrees;
};

struct yardstick {
    const char *queue;           /* "M/M/4"; NULL: no exact values, bounds at most */
    struct yardstick_line *line; /* exact ones first */
    int count, exact, broken;
};

struct yardstick *yardstick_of(const struct system_spec *system,
                               const struct model *model, const struct sample *sample,
                               const struct findings *findings, struct arena *arena);

#endif
