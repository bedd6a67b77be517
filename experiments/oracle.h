/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle -- the exact answer where the scenario is a queue that theory has solved: one
 * request type, one service on one instance whose handler is one step of its own.
 *
 *     open, Poisson   exponential time on c slots   M/M/c; with a limit M/M/c/K (means)
 *                     any time on 1 slot            M/G/1 (means)
 *                     any CPU on c shared cores     means as of M/M/c
 *     open, others    any time on c slots           GI/G/c: a bound of the waiting
 *     closed          exponential time on c slots   M/M/c//N, the machine repairman
 *                     any CPU on c shared cores     means as of M/M/c//N
 *
 * Units: s, 1/s, fractions. What theory does not give is NaN.
 */
#ifndef EXPERIMENTS_ORACLE_H
#define EXPERIMENTS_ORACLE_H

#include "models/model.h"

enum { ORACLE_LEVELS = 3 };
extern const double oracle_levels[ORACLE_LEVELS]; /* 0.5, 0.95, 0.99 */

struct oracle {
    const char *queue; /* "M/M/4"; NULL: theory does not know this scenario */
    double mean, wait; /* response, and waiting before service */
    double quantile[ORACLE_LEVELS]; /* of the response */
    double throughput;              /* of answered requests */
    double lost;                    /* fraction that finds no place */
    double most_wait; /* a bound of the waiting where that is all theory knows */
};

struct oracle oracle_of(const struct system_spec *system, const struct model *model,
                        struct arena *arena);

#endif
