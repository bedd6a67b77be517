/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dial -- one number of a scenario that is turned: the load of a search, an axis of a
 * grid. What stands in the file says how it is written: "200/s", "5%", 12.
 *
 * Ownership: texts live in the arena given.
 */
#ifndef EXPERIMENTS_DIAL_H
#define EXPERIMENTS_DIAL_H

#include "experiments/scenario.h"

struct dial {
    const char *pointer; /* "/workloads/visitors/open/rate" */
    const char *unit;    /* what follows the number: "/s", "%", "" */
    double value;        /* in the file */
    bool whole;          /* turned in whole numbers: users, replicas */
};

/* The number at `pointer`; false with `*why` when there is none. */
bool dial_at(struct dial *dial, const struct scenario *scenario, const char *pointer,
             struct arena *arena, const char **why);

/* The first open rate, else number of users, else rate of sessions. */
bool dial_of_load(struct dial *dial, const struct scenario *scenario,
                  struct arena *arena, const char **why);

/* The nearest value the dial can have. */
double dial_round(const struct dial *dial, double value);

/* "241/s" */
const char *dial_text(const struct dial *dial, double value, struct arena *arena);

/* "POINTER=VALUE", as --set takes it. */
const char *dial_set(const struct dial *dial, double value, struct arena *arena);

#endif
