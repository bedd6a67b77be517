/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remember -- replications that were simulated before in this process are not simulated
 * again: many questions are asked of the same points.
 *
 *     struct remember *remember = remember_new();
 *     effort.remember = remember;     point_run looks there first
 *     remember_free(remember);
 *
 * Answers are the same with and without it.
 *
 * Ownership: keeps packed copies, up to a limit; what does not fit is forgotten.
 * Threads:   one owner at a time.
 */
#ifndef EXPERIMENTS_REMEMBER_H
#define EXPERIMENTS_REMEMBER_H

#include "experiments/procedure.h"
#include "experiments/sha256.h"

struct remember;

struct remember *remember_new(void);
void remember_free(struct remember *remember);

/* A point whose outcomes are remembered; must live as long as its runner is used. */
struct remember_point {
    struct remember *remember;
    struct runner simulator;
    struct digest simulation;
    const struct model_facts *facts;
};

/* Brings what is remembered of a point, and has the rest simulated. */
struct runner remember_runner(struct remember_point *known, struct remember *remember,
                              const struct runner *simulator, struct digest simulation,
                              const struct model_facts *facts);

#endif
