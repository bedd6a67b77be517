/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lint_plan -- what lint finds in the points of an experiment: each rule once, with how
 * many points it is about and the text of the first.
 *
 * Ownership: everything lives in the arena given.
 */
#ifndef EXPERIMENTS_LINT_PLAN_H
#define EXPERIMENTS_LINT_PLAN_H

#include "experiments/lint.h"
#include "experiments/plan.h"

struct lint_in_points {
    const char *name, *text, *label; /* the latter two of the first point */
    int points, last;
};

struct lint_plan {
    struct lint_in_points *rule;
    int count, looked; /* points looked at: of many, evenly spread ones */
};

struct lint_plan *lint_plan(const struct plan *plan, struct arena *arena);
void lint_plan_print(const struct lint_plan *found, FILE *out);
void lint_plan_json(cJSON *object, const struct lint_plan *found);

#endif
