/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * walk -- over the steps of a bound system, for those who want to know what is in it
 * without simulating. Steps inside of steps are visited after the step that holds them.
 */
#ifndef EXPERIMENTS_WALK_H
#define EXPERIMENTS_WALK_H

#include "models/kind.h"
#include "models/spec.h"

typedef void walk_visit(void *context, const struct param_variant *step);

void walk_steps(const struct param_list *steps, walk_visit *visit, void *context);

/* The lists of steps right inside of one step, for those who go further themselves. */
typedef void walk_list(void *context, const struct param_list *steps);

void walk_lists(const struct param_variant *step, walk_list *visit, void *context);

/* What the n-th service is, of a system that compiles. */
struct part walk_part(const struct system_spec *system, int service);

/* The keys that the n-th service has like every other; NULL: a pool. */
const struct service_common *walk_common(const struct system_spec *system, int service);

#endif
